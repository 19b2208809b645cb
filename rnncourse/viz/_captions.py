"""The words of the chapters' figures: the text alternative and the caption of each, by chapter and cell.

They are here and not in the notebooks, so that a cell holds only what it draws. A detour is named by its file.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from rnncourse.errors import InputError, describe


@dataclass(frozen=True)
class Words:
    """What is said about a figure. {name} stands for what the cell computes and hands to `show` under that name.

    caption: the line below it, with `code` in backticks. alt: what it shows, for readers who do not see it; empty for a
    drawing that says so itself.
    """

    caption: str
    alt: str = ""


def texts(
    words: str | None, alt: str | None, caption: str | None, numbers: dict[str, object]
) -> tuple[str | None, str | None]:
    """Return a figure's alt and caption: the stored ones of the figure called `words`, else those that are given.

    Where the stored words have no alt, the given one is taken. Raises InputError for words that are not stored.
    """
    if words is None:
        return alt, caption
    stored = _told(words, numbers)
    return stored.alt or alt, stored.caption


def _told(words: str, numbers: dict[str, object]) -> Words:
    """Return the words of the figure called `words`, with the numbers put in."""
    if words not in WORDS:
        near = get_close_matches(str(words), WORDS, n=1)
        guess = f"; did you mean {near[0]!r}?" if near else ""
        raise InputError(f"words must name a figure of the course, but got {describe(words)}{guess}")
    try:
        caption, alt = (text.format(**numbers) for text in (WORDS[words].caption, WORDS[words].alt))
    except KeyError as missing:
        raise InputError(f"the words of {words!r} need {missing.args[0]}=..., which is missing") from None
    return Words(caption, alt)


WORDS = {
    "00/unrolled": Words(
        caption="The picture of the course: a state, h, is handed on from step to step.",
        alt="Four states h in a row, joined by arrows. Below each is an input x, above each is an output s.",
    ),
    "01/setup": Words(
        caption="The same 309 numbers, in two orders. Only one of the two can be forecast.",
        alt="Two lines through the same 309 numbers. The upper one swings up and down in waves, the "
        "lower one is a mess of spikes.",
    ),
    "01/dinner-count": Words(
        caption="How often each weekday met each dish in the first 210 days.",
        alt="A table of seven weekdays and three dishes. Every one of its 21 cells says 10.",
    ),
    "01/look-sentence": Words(
        caption="A sentence. From Alice's Adventures in Wonderland, by Lewis Carroll.",
        alt="Thirteen numbered boxes: The rabbit - hole went straight on like a tunnel for some way.",
    ),
    "01/look-sound": Words(
        caption="A sound: a plucked string, 8,000 measurements of air pressure a second.",
        alt="Left: half a second of sound that dies away. Right: its first 60 numbers as dots on a wavy "
        "line.",
    ),
    "01/look-video": Words(
        caption="A video: 24 frames, each with 16 rows and 24 columns.",
        alt="A clip of a ball that falls, bounces and rises on its way to the right.",
    ),
    "01/look-video-frames": Words(
        caption="Six of its frames.",
        alt="Six small pictures in a row: a ball falls, bounces and rises on its way to the right.",
    ),
    "01/look-price": Words(
        caption="A price: one share of Google on each trading day, August 2004 to October 2008.",
        alt="A jagged line, from 100 dollars in 2004 up to more than 700 in 2007 and down below 400 in 2008.",
    ),
    "01/windows-picture": Words(
        caption="The sunspots of 1700 to 1706. Each row below is one example: three values in, the next "
        "one out.",
        alt="The series from 5 to 29. Below it four rows, each one year further on: three inputs, one "
        "target.",
    ),
    "01/ahead-figure": Words(
        caption="Error against steps ahead, with each forecast fed back. The network's curve is the mean of "
        "five seeds.",
        alt="Four curves over 1 to 16 years ahead. The mean is flat at about 40. Persistence rises to 75 "
        "at five years, falls to 22 at ten and rises again. The linear rule climbs to the level of the "
        "mean, the network to about 30.",
    ),
    "01/limit-3-figure": Words(
        caption="Share of the pairs that are noticed, by the days on which they fall. Means of five seeds.",
        alt="Three networks by six pairs of days. First: 100 %, then 0. Second: 100, 100, then 0. "
        "Sliding: all 100.",
    ),
    "01/memory-figure": Words(
        caption="Moves to clear the table, for each size of memory. Each dot is a game, the line is the "
        "mean.",
        alt="A curve that falls steeply from 65 moves at 0 cards to 15 at four, and is flat from 8 cards on.",
    ),
    "01/memory-network": Words(
        caption="Each state comes from the previous one and a new input, with the same weights at every "
        "step.",
        alt="Three states in a row, joined by arrows from left to right. An input enters each from below.",
    ),
    "02/distances-figure": Words(
        caption="How far apart two dinners are. Darker is further.",
        alt="With 1, 2, 3: bread to rice 1.0, rice to pizza 1.0, bread to pizza 2.0. One-hot: always 1.4.",
    ),
    "02/padding-figure": Words(
        caption="Three sentences side by side. Time runs downward. Hatched: padding, mask 0.",
        alt="Six rows, the time steps, and three columns, the sentences. The first fills four rows, the "
        "second three, the third all six. The five cells left over are hatched and say pad.",
    ),
    "03/folded": Words(
        caption="Folded: the arrow that loops back arrives one step later.",
        alt="Input x_t leads to state h_t, and h_t to logits s_t. An arrow loops from h_t back to h_t.",
    ),
    "03/unrolled": Words(
        caption="Unrolled over four steps: the same network, drawn four times.",
        alt="Four copies of the network in a row. Each has an input, logits, and the state of the copy "
        "on its left.",
    ),
    "03/length-figure": Words(
        caption="Parameters against length: 3 numbers a step, 5 hidden units, 4 outputs.",
        alt="The dense network's line climbs from 44 at 1 step to 1,529 at 100. The recurrent one's is "
        "flat at 69.",
    ),
    "03/gap-planes": Words(
        caption="Sixty missing days. The ring marks the first evening: the page said bread, so rice is "
        "right. Thin lines join each day to the next.",
        alt="Network 0: three tight clusters, each in its own area. Network 5: points all around, most "
        "in a wrong area.",
    ),
    "04/opening": Words(
        caption="One of many paths along which blame travels: from the loss at step 3 to what step 1 wrote "
        "into the state.",
        alt="Three columns, one for each step. A lit path leads from the loss of step 3 up to the "
        "logits, the states and the pre-activations, back through steps 2 and 1.",
    ),
    "04/graph-scores": Words(
        caption="The gradient goes from the loss to the logits of every step.",
        alt="Lit arrows run from L to each of L_1, L_2, L_3 and on to s_1, s_2, s_3, where ds is now known.",
    ),
    "04/graph-readout": Words(
        caption="W_hy collects a share at every step; there is one W_hy, so the shares are added.",
        alt="The three places at which W_hy is used, between h_t and s_t, are lit.",
    ),
    "04/graph-last-state": Words(
        caption="The last state, here h_3: one path.",
        alt="One lit arrow leads from s_3 to h_3. No other arrow leads back to h_3.",
    ),
    "04/graph-two-roads": Words(
        caption="At every step but the last, two paths meet, and what they bring is added.",
        alt="Two lit arrows meet at h_2: one from s_2 above it, one from a_3 of the next step.",
    ),
    "04/graph-tanh": Words(
        caption="Through tanh to a_2, then across W_hh to h_1, which is still waiting for its other path.",
        alt="Lit arrows lead from h_2 to a_2 and from there back to h_1.",
    ),
    "04/shares-show": Words(
        caption="The share of every use of W_hh, and the gradient. Blue is negative, orange positive.",
        alt="Four 5 by 5 colored maps with plus signs between them, and after an equals sign their sum.",
    ),
    "04/myth-grid": Words(
        caption="How much the loss of a step says about each use of W_hh. The largest share is 100.",
        alt="A triangle of numbers: losses 1 to 4 in rows, uses at steps 1 to 4 in columns, nothing "
        "above the diagonal.",
    ),
    "04/clip-figure": Words(
        caption="Two runs with the same initialization and the same coins. The axis is logarithmic.",
        alt="Without clipping the loss leaps up by many powers of ten at the second step, comes back and "
        "stays level. With clipping it falls below a hundredth.",
    ),
    "05/opening-figure": Words(
        caption="The gradient of a loss at step 50 on its way back to step 0, in three untrained "
        "networks: a column for each step, a row for each unit. Bright: about 1. Dark blue: almost "
        "nothing. Orange and red: far too much.",
        alt="Three heat maps, 50 steps wide. Left: bright on the right edge and black on the left. "
        "Middle: pale yellow to light blue throughout. Right: it turns from yellow to dark orange toward "
        "the left.",
    ),
    "05/activations-figure": Words(
        caption="Four activations and their slopes. ReLU and leaky ReLU lie almost on top of each other.",
        alt="Left, four activations: sigmoid between 0 and 1, tanh between -1 and 1, ReLU and leaky ReLU "
        "rising without end. Right, their slopes: a low hump for sigmoid, a hump up to 1 for tanh, steps "
        "from near 0 to 1 for ReLU and leaky ReLU.",
    ),
    "05/four-figure": Words(
        caption="What is left of a gradient, by lag, on a logarithmic axis: a constant factor per step "
        "is a straight line.",
        alt="Four nearly straight lines falling from 1 at lag 0. After 50 steps tanh is near 1e-12, ReLU "
        "and leaky ReLU lie on top of each other near 1e-20, sigmoid is near 1e-42.",
    ),
    "05/ellipse-figure": Words(
        caption="A circle after 1, 2 and 4 multiplications. The marked point is the same one on each curve.",
        alt="Three panels. The rotation turns a circle into itself, only the marked point moves. 0.8 "
        "times the rotation gives smaller and smaller circles. The stretch gives ellipses that get "
        "longer along one diagonal and thinner along the other.",
    ),
    "05/eigenvalues-figure": Words(
        caption="Eigenvalues of W_hh. An orthogonal matrix keeps every length, so all its dots lie on "
        "the unit circle.",
        alt="Three complex planes with the unit circle. Uniform: all dots lie well inside. Orthogonal: "
        "all dots lie on the circle. Uniform times 3: many dots lie outside.",
    ),
    "05/bit-figure": Words(
        caption="Twenty of the 1,000 runs. Above the line at 0, the bit is still right.",
        alt="Twenty runs each over 100 steps. The tanh unit stays near 0.96. The linear unit spreads out "
        "like smoke, and many runs cross zero. The linear unit with its input nearly shut stays near 1.",
    ),
    "05/tasks-figure": Words(
        caption="One sequence of each task, with a delay of 20. Orange: above 0, blue: below. Arrows: an "
        "answer is wanted.",
        alt="Three heat maps of inputs over 20 to 26 steps. Recall: one lit cell at step 0, then weak "
        "noise in one row; an arrow at the last step. Copy: three lit cells, silence, a signal at the "
        "last three steps, which carry arrows. Adding: a row of random numbers and a row with two marks; "
        "an arrow at the last step.",
    ),
    "05/grid-figure": Words(
        caption="How many of three seeds scored at least 0.9 after at most 1,000 updates. Stored results "
        "of 360 runs, made by `benchmarks/delay_curves.py`.",
        alt="Three grids, ten networks by delays of 10, 20, 50 and 100: how many of three seeds reached "
        "a score of 0.9. Recall: orthogonal tanh, identity ReLU and the LSTM with chrono learn it at "
        "every delay from every seed. Adding: identity ReLU and the LSTMs with forget bias 1 and more. "
        "Copy: at every delay only orthogonal tanh.",
    ),
    "05/lag-figure": Words(
        caption="Length of the gradient of the state's weights during training: the whole of it, and the "
        "part that comes from lag 46.",
        alt="Four curves over 250 updates. The whole gradients of both networks stay between -2 and 1. "
        "The LSTM's part of lag 46 runs one to two below its whole. The tanh RNN's part of lag 46 starts "
        "at -12, rises to about -3 and falls back to -5.",
    ),
    "06/opening-figure": Words(
        caption="One step of an LSTM cell. By the end of this chapter you will be able to say what every number in "
        "this drawing is and what it does, and you will have moved each of them by hand.",
    ),
    "06/gate-curve": Words(
        caption="A gate as a function of its pre-activation. The four points are the four values of the "
        "gate printed above.",
        alt="The sigmoid curve rises from 0 on the left to 1 on the right; it passes 0.002 at −6, 0.5 at "
        "0, 0.881 at 2 and 0.998 at 6.",
    ),
    "06/diagram-belt": Words(
        caption="Lit: the belt. The drawing stays the same from here on; whatever is being explained lights "
        "up.",
    ),
    "06/diagram-forget": Words(
        caption="Lit: the forget gate. It multiplies what is on the belt. Of the 1.50, 1.32 is kept: the "
        "sponge touches the line lightly.",
    ),
    "06/diagram-input": Words(
        caption="Lit: input gate and candidate. Their product is added to the belt.",
    ),
    "06/diagram-output": Words(
        caption="The whole cell is lit. It is the drawing from the top of the chapter.",
    ),
    "06/survive-curves-show": Words(
        caption="The whole derivative by lag, in untrained layers of 64 units, on a logarithmic scale.",
        alt="Three curves over the lag, 0 to 50. Forget bias 3 stays near 1 and rises a little. Bias 1 "
        "falls to below a thousandth, bias 0 to a ten-billionth.",
    ),
    "06/variant-peephole": Words(
        caption="Peepholes: three new wires.",
    ),
    "06/variant-coupled": Words(
        caption="Coupled gates: the input gate is one minus the forget gate.",
    ),
    "06/variant-gru": Words(
        caption="The GRU in the same drawing.",
    ),
    "06/loud-cell": Words(
        caption="The cell state of unit {unit} after each character. Blue is below 0, orange above; · is a "
        "space.",
        alt="The typed text, each character colored by the cell state of one unit: one color between "
        "the quotation marks, the other outside.",
    ),
    "06/loud-lines": Words(
        caption="Unit {unit}: its forget and output gates (above) and its cell state (below).",
        alt="Two panels over the characters. Above, the gates f and o of one unit. Below, its cell "
        "state c, which changes sign after the opening quotation mark and again after the closing "
        "one.",
    ),
    "07/digits-figure": Words(
        caption="The first eight digits, with their names.",
        alt="Eight small gray pictures of handwritten digits, the digits 0 to 7, each with its name below.",
    ),
    "07/one-to-many-drawing": Words(
        caption="One to many. Dashed: the next step reads the letter that was just written.",
    ),
    "07/one-to-many-figure": Words(
        caption="Wrong answers of one network, invented names first. In parentheses: the right name.",
        alt="Eight digits that one network got wrong. Below each is what it wrote, with the right name "
        "in parentheses; the first ones are names that do not exist.",
    ),
    "07/beam-figure": Words(
        caption="The three likeliest names for the first picture above. Greedy decoding wrote “{greedy}”.",
        alt="Three bars, the probabilities of the names {names}.",
    ),
    "07/sentiment-figure": Words(
        caption="The first eight test reviews, and what the bag of words says.",
        alt="Eight reviews with the right label and that of the bag of words. Of each pair with the same "
        "words, the bag has one right and one wrong; all others are right.",
    ),
    "07/myth-places": Words(
        caption="One RNN, aligned: characters right, place by place, with three seeds. Y year, M month, "
        "D day.",
        alt="Ten bars, one for each character of a date. The first two digits of the year are right in "
        "three of four dates, the third in about a quarter and the fourth in about a tenth; month, day "
        "and dashes nearly always.",
    ),
    "07/unaligned-drawing": Words(
        caption="Encoder and decoder. The encoder gives no logits; the decoder reads no words, only its "
        "own characters and e₃.",
    ),
    "07/new-format-table": Words(
        caption="Four dates in the format that was held out.",
        alt="Four dates with the year first, the right ISO date and what the first network writes: all "
        "are wrong, though most look like dates.",
    ),
    "07/attention-drawing": Words(
        caption="Attention, drawn for one output: its logits see d₁ and a weighted mean of all encoder "
        "states.",
    ),
    "07/lists-figure": Words(
        caption="Stored results: the mean of three seeds as a line, each seed as a dot. 500 test lists "
        "of each length.",
        alt="Share of right answers against the length of the list, for one vector and for attention, "
        "three seeds each.",
    ),
    "07/both-ways-drawing": Words(
        caption="Bidirectional: the upper states are computed from right to left.",
    ),
    "07/stacked-drawing": Words(
        caption="Stacked, drawn for one direction, with the answer at the end: the second layer h′ reads "
        "the states h of the first.",
    ),
    "07/overview-figure": Words(
        caption="Mean and three seeds. The dashed line on each bar is its baseline: nearest neighbor, "
        "most frequent name, bag of words, lookup, one direction, nearest neighbor.",
        alt="Six bars with three dots each and a line for the baseline of each: one-to-one and "
        "one-to-many a little above 0.9, many-to-one 1, aligned left to right 0.75, both ways 1, "
        "unaligned 1.",
    ),
    "08/tones-figure": Words(
        caption="The recording you heard. Dark is loud. A tone is a line at its frequency, with "
        "overtones above it; a knock is a column.",
        alt="A spectrogram of 48 frames with a dark line for each tone and dark columns, the knocks; "
        "below, the tones.",
    ),
    "08/tones-strips": Words(
        caption="The same recording through four pairs of ears. On the right, the transcript that each "
        "strip gives.",
        alt="The spectrogram and five strips. Methods without memory break tones into pieces at the knocks.",
    ),
    "08/video-clip": Words(
        caption="One of the 1,000 test clips, twelve pixels square.",
        alt="A handwritten digit moves by one pixel from frame to frame, again and again.",
    ),
    "08/video-bars": Words(
        caption="Three networks each, on digits that were never seen in training. The dashed line is "
        "guessing.",
        alt="Bars: last frame at guessing, mean frame near 50, all frames, RNN, GRU and the RNN after "
        "1,000 steps.",
    ),
    "08/sun-errors-figure": Words(
        caption="Mean error from 1900 to 2008. Small dots: five seeds of the dense net and of the GRU.",
        alt="Mean error by years ahead for five methods: persistence peaks at five years; at eleven, "
        "most meet.",
    ),
    "08/sun-band-figure": Words(
        caption="One year ahead. Every forecast was made by networks that learned from the years before "
        "1900 only.",
        alt="Sunspot numbers from 1900 as dots around a forecast line with two bands. The narrow band "
        "between the seeds misses most dots; the wide band from past errors holds most of them, but not "
        "the highest peaks.",
    ),
    "08/mood-grid-figure": Words(
        caption="Stored results, 4,000 parameters each: the mean of three seeds as a line, each seed as "
        "a dot.",
        alt="Right answers by number of notes for seven networks: LSTM and GRU on top, the bag flat at 80.",
    ),
    "08/writer-curves": Words(
        caption="The stored writer while it learned. The gap between the curves is what it knows by heart.",
        alt="Perplexity against training steps on the text it learns from and on unseen text. Both fall, "
        "then the gap widens.",
    ),
    "08/regularize-figure": Words(
        caption="Perplexity on text that was not trained on, the mean of three seeds. Early stopping takes "
        "each curve at its lowest point.",
        alt="Validation perplexity against steps for four LSTMs: the plain one falls and then rises again.",
    ),
    "08/temperature-figure": Words(
        caption="What may come after “Alice said, 'Th”, by the stored writer. The order of the bars "
        "never changes.",
        alt="Bars for six characters after Th. At temperature 0.3 one bar holds nearly everything; at 2 "
        "they are more alike.",
    ),
    "01_shuffled_windows/cases-figure": Words(
        caption="Error in sunspots, five seeds in each case, on the test years.",
        alt="Four bars with five dots each: {listed}. A dashed line marks persistence.",
    ),
    "02_feature_scaling/scaler-figure": Words(
        caption="420 days, every second one drawn. Left: the numbers as measured, each in its own unit. "
        "Right: after `scaler.apply`.",
        alt="Two panels, a row of dots for each of five measurements. As measured, humidity lies far to "
        "the right and rainfall is squeezed next to zero. Scaled, all five spread around zero over a "
        "similar width.",
    ),
    "02_feature_scaling/scaling-figure": Words(
        caption="Each dot is one of five seeds, each bar their mean. The dashed line: saying dry every day.",
        alt="Eight bars with five dots each. The four bars of the raw network stay near one half at "
        "every learning rate. Those of the scaled network rise with the learning rate, to nearly one at "
        "rate 1.",
    ),
    "02_memory_order/layout-figure": Words(
        caption="Where the three tokens of step 2 are in memory, in both layouts.",
        alt="Two strips of 18 places. Time first, the three of step 2 lie together; batch first, far apart.",
    ),
    "02_zipf/count-figure": Words(
        caption="Every word and punctuation mark of Alice's Adventures in Wonderland, by rank.",
        alt="Word counts over rank, both axes logarithmic. The points fall from above 2,000 at rank 1 to "
        "1 at rank 2,644, close to a straight line that is flatter at the upper left.",
    ),
    "03_jordan_networks/jordan-figure": Words(
        caption="Left, the note is handed on. Right, only what was said aloud is handed on.",
        alt="Two unrolled networks. Elman: arrows from state to state. Jordan: from each answer to the "
        "next state.",
    ),
    "03_jordan_networks/jordan-results": Words(
        caption="Eight networks each: on missing days (diary), and at the bell (waiter).",
        alt="Diary: both 100. Waiter: Elman 100, Jordan 33, Jordan with logits anything from guessing to "
        "100.",
    ),
    "04_the_echo/echo-bars": Words(
        caption="Lag 5, window 1 throughout, 32 units each. Each bar is the mean of three networks.",
        alt="Forgetful: near 50. Echoing, readout trained: near 100. Echoing, all trained with learning "
        "rate 0.02: near 50. The same with 0.002: near 100.",
    ),
    "06_which_gate_matters/which-table": Words(
        caption="Stored results: share of correct answers after training, mean over the seeds. 25 % is "
        "guessing.",
        alt="A grid of percentages, ten rows by five delays. With the forget gate frozen at 0.5 the "
        "answers fall at delay 10 and are at chance from 40 on. The coupled cell with input bias 0 falls "
        "to chance at 40, with input bias −3 it stays high. The tanh RNN without gates is at 100 % "
        "throughout.",
    ),
    "06_which_gate_matters/bias-table": Words(
        caption="Stored results: share of correct answers after training, mean over the seeds. 25 % is "
        "guessing.",
        alt="A grid of percentages, five rows by five delays. Bias 0 falls to about a half at delay 20, "
        "biases 0 and 1 are at chance from 40 on, the larger biases fall later; chrono is at 100 % "
        "throughout.",
    ),
    "08_choosing_sizes/curves-figure": Words(
        caption="Four runs of 300 steps. Training is the loss of each batch, validation is measured every ten "
        "steps on data that are never trained on. Each panel has its own axis.",
        alt="Four panels with two curves each. A: training falls to about 1, validation falls below 2.5 and then "
        "rises to nearly 3. B: both stay at 1.4 for about seventy steps, then fall to 0. C: both fall slowly and "
        "evenly from 3.3 to 2.5. D: training shoots up to more than 10, then both stay near 3.",
    ),
    "08_ctc/strip": Words(
        caption="A new recording, as it was played and as heard by a network that was told only transcripts.",
        alt="The spectrogram and two strips with the same three letters in the same order. Each letter in the "
        "network's strip overlaps its tone; together they fill fewer frames.",
    ),
}
