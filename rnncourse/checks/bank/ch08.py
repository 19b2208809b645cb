"""Chapter 08: a spectrogram, a transcript, forecasts by rule, by a line and by feeding back, drawing a character."""

from __future__ import annotations

import numpy as np

from rnncourse.checks.bank.inputs import normal
from rnncourse.checks.task import Case, Mistake, Task

NO_ENGINES = ("rnncourse.in_numpy", "rnncourse.in_torch", "rnncourse.in_both", "torch")

# ---------------------------------------------------------------- a spectrogram


def _frames(sound, width, hop):
    return np.lib.stride_tricks.sliding_window_view(sound, width)[::hop]


def _loudness_frames(sound, fade, hop):
    return np.abs(np.fft.rfft(_frames(sound, len(fade), hop) * fade))


def _sound_cases(rng):
    """Frames that fill the first sound to its last sample, and a rest at the end of the second."""
    return [
        Case((normal(rng, N), rng.uniform(0.2, 1, size=width), hop))
        for N, width, hop in ((46, 10, 4), (60, 12, 7))
    ]


def _no_fade(sound, fade, hop):
    return _loudness_frames(sound, np.ones_like(fade), hop)


def _real_part(sound, fade, hop):
    return np.fft.rfft(_frames(sound, len(fade), hop) * fade).real


def _both_halves(sound, fade, hop):
    return np.abs(np.fft.fft(_frames(sound, len(fade), hop) * fade))


def _one_frame_short(sound, fade, hop):
    """`range(0, len(sound) - width, hop)`: a frame that ends with the last sample is lost."""
    return _loudness_frames(sound[:-1], fade, hop)


def _rest_filled_up(sound, fade, hop):
    """Frames begin as long as there are samples; what is missing is filled up with zeros."""
    starts = np.arange(0, len(sound), hop)
    return _loudness_frames(np.pad(sound, (0, starts[-1] + len(fade) - len(sound))), fade, hop)


def _rest_too_short(sound, fade, hop):
    return np.stack([sound[k : k + len(fade)] for k in range(0, len(sound), hop)])


LOUDNESS_FRAMES = Task(
    name="loudness_frames",
    title="From sound to steps",
    points=3,
    minutes=15,
    section="Five tones in the noise",
    reference=_loudness_frames,
    cases=_sound_cases,
    timed=("result",),
    mistakes=(
        Mistake(
            "not_faded",
            _no_fade,
            "`fade` is never used. Each frame is cut out with sharp edges then, and a sharp edge sounds like a "
            "click, which is spread over all pitches.",
        ),
        Mistake(
            "real_part",
            _real_part,
            "You keep the real part alone. It depends on where in the frame a wave happens to begin, so the same "
            "tone comes out positive, negative or zero. How loud a pitch is, is the *size* of the complex number.",
        ),
        Mistake(
            "squared",
            lambda sound, fade, hop: _loudness_frames(sound, fade, hop) ** 2,
            "These are the squares (people call them the power). Asked for is the size of the complex numbers itself.",
        ),
        Mistake(
            "logarithm",
            lambda sound, fade, hop: np.log(_loudness_frames(sound, fade, hop) + 1),
            "The logarithm comes later. Here the loudness itself is asked for.",
        ),
        Mistake(
            "both_halves",
            _both_halves,
            "`np.fft.fft` returns every pitch twice, the second half as a mirror image of the first. For a sound, "
            "which is made of real numbers, there is a function that returns one half only.",
        ),
        Mistake(
            "no_overlap",
            lambda sound, fade, hop: _loudness_frames(sound, fade, len(fade)),
            "Each of your frames begins where the last one ends. The next frame begins `hop` samples after this "
            "one *began*, so neighbours overlap.",
        ),
        Mistake(
            "last_frame_lost",
            _one_frame_short,
            "One frame is missing: the last one, where it ends with the very last sample. A frame that fits "
            "exactly does fit in. Remember that `range` stops one before its end.",
        ),
        Mistake(
            "rest_filled_up",
            _rest_filled_up,
            "You have frames too many at the end, filled up with zeros. Frames that do not fit in whole are "
            "dropped here.",
        ),
        Mistake(
            "rest_too_short",
            _rest_too_short,
            "Your last frames are shorter than the others, because the sound ends before they do, and so they "
            "cannot be stacked. Only frames that fit in whole count; the samples left over are dropped.",
        ),
    ),
    hints=(
        "First only cut: which samples are in frame 0, in frame 1, in frame 2? Write the numbers of their first "
        "samples for `hop = 4`.",
        "A frame begins at a multiple of `hop` and must fit in whole. So the last possible beginning is "
        "`len(sound) - len(fade)`, and that one counts: `range` stops one before its end.",
        "Stack the frames to (T, width), multiply by `fade`, then call `np.fft.rfft`: it works along the last axis. "
        "It returns complex numbers, and one function of NumPy gives their sizes.",
    ),
    praise="`np.lib.stride_tricks.sliding_window_view(sound, width)[::hop]` cuts all frames at once and copies "
    "nothing. In the chapter the frames do not overlap, so a `reshape` is enough there.",
    forbidden=("scipy.signal",),
)

# ---------------------------------------------------------------- a transcript, to be mended


def _read_labels(labels, silence):
    begins = np.append(True, labels[1:] != labels[:-1])
    return [int(label) for label in labels[begins] if label != silence]


def broken_read_labels(labels, silence):
    """Return what was played, from one label for each frame."""
    heard = [label for label in labels if label != silence]
    played = []
    for label in heard:
        if not played or label != played[-1]:
            played.append(label)
    return played


_PLAYED = (  # 0 for silence, 1, 2 and 3 for the tones; which labels those are is drawn
    (1, 1, 0, 1, 1, 2, 2, 2, 0, 0, 3, 0),
    (0, 2, 2, 1, 0, 0, 1, 1, 0, 2),
    (3, 0, 3, 3, 0, 1, 1, 1, 2, 2, 1),
)


def _label_cases(rng):
    drawn = [rng.permutation(9)[:4] for _ in _PLAYED]
    for names in drawn:
        names[1:] = np.sort(names[1:])[::-1]  # so that to sort the tones is never right by chance
    return [Case((names[list(row)], int(names[0]))) for row, names in zip(_PLAYED, drawn, strict=True)]


def _silence_kept(labels, silence):
    return [int(label) for label in labels[np.append(True, labels[1:] != labels[:-1])]]


def _not_merged(labels, silence):
    return [int(label) for label in labels if label != silence]


def _each_tone_once(labels, silence):
    return list(dict.fromkeys(_not_merged(labels, silence)))


def _first_is_lost(labels, silence):
    changes = labels[1:][labels[1:] != labels[:-1]]
    return [int(label) for label in changes if label != silence]


def _last_of_each(labels, silence):
    """Writes a tone when it is over, so the one that sounds until the end is never written."""
    return [int(label) for label in labels[:-1][labels[1:] != labels[:-1]] if label != silence]


READ_LABELS = Task(
    name="read_labels",
    title="Find the bug: what was played?",
    points=2,
    minutes=10,
    section="Five tones in the noise",
    kind="bug",
    reference=_read_labels,
    cases=_label_cases,
    mistakes=(
        Mistake(
            "still_broken",
            lambda labels, silence: [int(label) for label in broken_read_labels(labels, silence)],
            "The same tone played twice, with a pause between, is still written once. Follow the example through "
            "the function: at the moment when two neighbours are compared, where has the pause gone?",
        ),
        Mistake(
            "silence_kept",
            _silence_kept,
            "Equal neighbours are merged now, but the silences are still in the list. Nobody plays a silence.",
        ),
        Mistake(
            "not_merged",
            _not_merged,
            "The silences are gone, and a tone is written once for every frame it lasts. Equal neighbours should "
            "be merged.",
        ),
        Mistake(
            "each_tone_once",
            _each_tone_once,
            "Every tone comes once at most now, however often it was played. A melody may come back to a tone.",
        ),
        Mistake(
            "sorted_set",
            lambda labels, silence: sorted(set(_not_merged(labels, silence))),
            "These are the tones that occur, each once and sorted by number. `set` and `np.unique` forget what "
            "came when, and how often. A melody is a sequence.",
        ),
        Mistake(
            "first_is_lost",
            _first_is_lost,
            "Where a recording begins with a tone, that tone is lost: you write a label when it differs from the "
            "one before, and the first has none before it.",
        ),
        Mistake(
            "last_is_lost",
            _last_of_each,
            "Where a recording ends with a tone, that tone is lost: you write a tone when it is over, and the last "
            "one is never over.",
        ),
    ),
    hints=(
        "Which two frames lie next to each other in the recording, and which in the list `heard`?",
        "Two things are done, one after the other: silences are dropped, neighbours are merged. Does it matter "
        "which is done first?",
        "Go through `labels` itself and remember the label of the frame before, silence or not. A tone begins "
        "where a frame differs from the one before it; only then ask whether it is silence.",
    ),
    praise="`itertools.groupby(labels)` merges neighbours for you, and the chapter's `transcript` is that and one "
    "`if`. It is also the rule by which CTC collapses its rows.",
)

# ---------------------------------------------------------------- two rules that need no training


def _naive_forecasts(z, k, season):
    return z[season - k : len(z) - k], z[: len(z) - season]


def _series_cases(rng):
    return [Case((normal(rng, N), k, season)) for N, k, season in ((15, 2, 6), (19, 3, 7))]


NAIVE_FORECASTS = Task(
    name="naive_forecasts",
    title="Two rules to beat",
    points=2,
    minutes=12,
    section="How many spots will the Sun have?",
    reference=_naive_forecasts,
    cases=_series_cases,
    outputs=("persistence", "seasonal"),
    timed=("persistence", "seasonal"),
    mistakes=(
        Mistake(
            "the_truth",
            lambda z, k, season: (z[season:], z[: len(z) - season]),
            "This is the series itself, the very numbers that were to be forecast. No rule is that good: a "
            "forecast for a year may use only years at least `k` before it.",
        ),
        Mistake(
            "one_step_before",
            lambda z, k, season: (z[season - 1 : len(z) - 1], z[: len(z) - season]),
            "This is the number of the year before. But the forecast was made `k` years ahead: at that time, last "
            "year's number was not known yet.",
        ),
        Mistake(
            "all_that_there_are",
            lambda z, k, season: (z[: len(z) - k], z[: len(z) - season]),
            "Persistence begins too early here: there is one forecast for each target from `z[k]` on. Asked for "
            "are the targets from `z[season]` on, so that both rules answer for the same years.",
        ),
        Mistake(
            "past_the_end",
            lambda z, k, season: (z[season - k :], z[: len(z) - season]),
            "Persistence begins where it should and has `k` numbers too many at its end: forecasts for years after "
            "the series, of which nobody knows yet whether they are right.",
        ),
        Mistake(
            "swapped",
            lambda z, k, season: _naive_forecasts(z, k, season)[::-1],
            "The two forecasts have changed places. First persistence, then the seasonal one.",
        ),
        Mistake(
            "season_before_today",
            lambda z, k, season: (_naive_forecasts(z, k, season)[0], z[: len(z) - season - k]),
            "The season is counted back from the day on which the forecast is made. It should be counted back "
            "from the *target*: one whole season before the year that is asked about.",
        ),
        Mistake(
            "last_season",
            lambda z, k, season: (_naive_forecasts(z, k, season)[0], z[-season:]),
            "This is the last season of the series, once. Each target needs the number one season before itself.",
        ),
    ),
    hints=(
        "Take a series of ten numbers, `k = 2` and `season = 4`. For the target `z[4]`: which number does each "
        "rule say? And for the last target, `z[9]`?",
        "Both answers have as many numbers as there are targets, `len(z) - season`. Each is one slice of `z`.",
        "For persistence, the first target is `z[season]` and the last is the end of `z`. Move both ends of that "
        "slice `k` places back. For the seasonal rule, move them back by something else.",
    ),
    praise="Both are slices, so they cost nothing. Whatever net you train, put these two lines beside it first.",
)

# ---------------------------------------------------------------- a line through the last years


def _fit(z, P, targets, bias=True, gap=1):
    """Return w (P,), newest first, and b that forecast z[t] from P numbers, the newest `gap` before it."""
    past = np.stack([z[targets - gap - j] for j in range(P)] + [np.ones(len(targets))] * bias, axis=1)
    found = np.linalg.lstsq(past, z[targets], rcond=None)[0]
    return (found[:P], float(found[P])) if bias else (found, 0.0)


def _autoregression(z, P, cut):
    return _fit(z, P, np.arange(P, cut))


def _line_cases(rng):
    return [Case((2 + normal(rng, N), P, cut)) for N, P, cut in ((40, 3, 29), (46, 5, 33))]


def _oldest_first(z, P, cut):
    w, b = _autoregression(z, P, cut)
    return w[::-1], b


AUTOREGRESSION = Task(
    name="autoregression",
    title="A line through the last years",
    points=4,
    minutes=20,
    section="How many spots will the Sun have?",
    reference=_autoregression,
    cases=_line_cases,
    outputs=("w", "b"),
    mistakes=(
        Mistake(
            "learns_from_the_test",
            lambda z, P, cut: _fit(z, P, np.arange(P, len(z))),
            "All targets were used, those from `z[cut]` on among them. Those are the test: what is learned from "
            "them cannot be tested on them any more.",
        ),
        Mistake(
            "one_target_too_many",
            lambda z, P, cut: _fit(z, P, np.arange(P, cut + 1)),
            "One target of the test has slipped in: `z[cut]` itself. The targets end just before it.",
        ),
        Mistake(
            "one_target_too_few",
            lambda z, P, cut: _fit(z, P, np.arange(P, cut - 1)),
            "One target is missing: the last one before `z[cut]`. Count the rows of your table; there should be "
            "`cut - P`.",
        ),
        Mistake(
            "oldest_first",
            _oldest_first,
            "The weights are right, and in the wrong order: yours begin with the oldest year. In the equation "
            "$w_0$ belongs to the year just past.",
        ),
        Mistake(
            "no_bias",
            lambda z, P, cut: _fit(z, P, np.arange(P, cut), bias=False),
            "Your line has to go through 0: there is no bias in it. Least squares finds a bias like any other "
            "weight, if the table has a column for it. What stands in that column?",
        ),
        Mistake(
            "sees_the_target",
            lambda z, P, cut: _fit(z, P, np.arange(P, cut), gap=0),
            "The table holds the very number that is to be forecast. So the first weight is 1 and all others are "
            "0: the line has learned to copy. The newest number in a row is the one *before* its target.",
        ),
        Mistake(
            "skips_a_year",
            lambda z, P, cut: _fit(z, P, np.arange(P + 1, cut), gap=2),
            "There is a gap between the window and its target: you forecast two years ahead. The newest number in "
            "a row is the one just before its target.",
        ),
    ),
    hints=(
        "Least squares needs a table and a list of targets. Write the first two rows of the table for P = 3 on "
        "paper: which numbers of `z` stand in them, and which number is the target of each?",
        "The first target is `z[P]`, the last is `z[cut - 1]`: `cut - P` rows in all. A row has P numbers, newest "
        "first, and a 1 for the bias.",
        "`np.linalg.lstsq(table, targets, rcond=None)[0]` gives P + 1 numbers. Column j of the table is a slice of "
        "`z`, as long as the targets, that begins j + 1 places before them.",
    ),
    praise="`np.linalg.lstsq` needs no learning rate, no seed and no number of steps: it finds the best line at "
    "once. A net that you train on the same windows should at least match it.",
)

# ---------------------------------------------------------------- several steps ahead


def _forecast_ahead(past, w, b, n):
    known = list(past)
    for _ in range(n):
        known.append(float(w @ known[: -len(w) - 1 : -1] + b))
    return np.array(known[len(past) :])


def _ahead_cases(rng):
    return [
        Case((normal(rng, N), normal(rng, P, scale=0.5), float(rng.uniform(0.3, 0.9)), n))
        for N, P, n in ((7, 3, 5), (9, 4, 6))
    ]


def _always_the_same_past(past, w, b, n):
    return np.repeat(_forecast_ahead(past, w, b, 1), n)


def _weights_turned(past, w, b, n):
    return _forecast_ahead(past, w[::-1], b, n)


def _oldest_years(past, w, b, n):
    return _forecast_ahead(past[: len(w)], w, b, n)


def _new_at_the_old_end(past, w, b, n):
    """The window slides the wrong way: the forecast is put before the oldest number."""
    window, said = list(past[-len(w) :]), []
    for _ in range(n):
        said.append(float(w @ window[::-1] + b))
        window = [said[-1], *window[:-1]]
    return np.array(said)


def _bias_once(past, w, b, n):
    """The bias is added to what is returned, but not to what is fed back."""
    return _forecast_ahead(past, w, 0.0, n) + b


FORECAST_AHEAD = Task(
    name="forecast_ahead",
    title="Feeding forecasts back",
    points=3,
    minutes=12,
    section="How many spots will the Sun have?",
    reference=_forecast_ahead,
    cases=_ahead_cases,
    timed=("result",),
    mistakes=(
        Mistake(
            "not_fed_back",
            _always_the_same_past,
            "The first forecast is right, and it is returned `n` times. For the second, the first takes the place "
            "of a number that was measured.",
        ),
        Mistake(
            "weights_turned",
            _weights_turned,
            "The weights meet the years in the wrong order. `w[0]` belongs to the newest year, and in `past` the "
            "newest stands last.",
        ),
        Mistake(
            "no_bias",
            lambda past, w, b, n: _forecast_ahead(past, w, 0.0, n),
            "`b` is never used. The line has a bias, and it is added at every step.",
        ),
        Mistake(
            "bias_not_fed_back",
            _bias_once,
            "The first forecast is right. But what you feed back is the sum before the bias was added; it should "
            "be the forecast itself.",
        ),
        Mistake(
            "oldest_years",
            _oldest_years,
            "You begin with the oldest numbers of `past`. A forecast goes on from the newest, and `past` may be "
            "longer than `w`.",
        ),
        Mistake(
            "window_slides_backwards",
            _new_at_the_old_end,
            "The first forecast is right. Then it is put on the side of the old years, and the newest measured "
            "year is dropped. The window should lose its oldest number and gain a newest one.",
        ),
    ),
    hints=(
        "How would you forecast the year after next, if you could only ever forecast one year ahead?",
        "Keep one list of numbers, at first those of `past`. Each step makes a number from the newest `len(w)` of "
        "the list and appends it.",
        "The newest `P` numbers of a list are `known[-P:]`, oldest first. Turn them round with `[::-1]`, so that "
        "they meet the weights in the right order. At the end, return what was appended.",
    ),
    praise="This is what a net does when it writes: its own output becomes its next input, and errors go round as "
    "well. The chapter's linear rule avoids that: it has weights of its own for every horizon.",
)

# ---------------------------------------------------------------- drawing a character


def _softmax(s, axis=1):
    e = np.exp(s - s.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _drawn(p, u):
    return (np.cumsum(p, axis=1) <= u[:, None]).sum(axis=1)


def _draw_next(s, temperature, u):
    p = _softmax(s / temperature)
    return p, _drawn(p, u)


def _draw_cases(rng):
    return [_draw_case(rng, 9, 5, 0.6, 0), _draw_case(rng, 8, 6, 1.3, 1000, "with scores around 1000")]


def _draw_case(rng, B, V, temperature, centre, about=""):
    """The random numbers u are spread evenly over 0 to 1, so that likely and unlikely tokens are drawn."""
    u = (rng.permutation(B) + rng.uniform(0.1, 0.9, size=B)) / B
    return Case((centre + normal(rng, B, V, scale=1.5), temperature, u), about=about)


def _told_p(p, u):
    return p, _drawn(p, u)


def _divided_after(s, temperature, u):
    return _told_p(_softmax(s) / temperature, u)


def _over_everything(s, temperature, u):
    p = np.exp((s - s.max()) / temperature)
    return _told_p(p / p.sum(), u)


def _overflow(s, temperature, u):
    e = np.exp(s / temperature)
    return _told_p(e / e.sum(axis=1, keepdims=True), u)


def _likeliest(s, temperature, u):
    p = _softmax(s / temperature)
    return p, p.argmax(axis=1)


def _first_above(s, temperature, u):
    p = _softmax(s / temperature)
    return p, (p > u[:, None]).argmax(axis=1)


def _one_before(s, temperature, u):
    p, drawn = _draw_next(s, temperature, u)
    return p, drawn - 1


def _one_after(s, temperature, u):
    p, drawn = _draw_next(s, temperature, u)
    return p, drawn + 1


DRAW_NEXT = Task(
    name="draw_next",
    title="Draw the next character",
    points=4,
    minutes=20,
    section="Temperature",
    reference=_draw_next,
    cases=_draw_cases,
    outputs=("p", "drawn"),
    mistakes=(
        Mistake(
            "multiplied",
            lambda s, temperature, u: _told_p(_softmax(s * temperature), u),
            "The scores are multiplied by the temperature. Then a cold net would be the wild one: at 0.1 all "
            "characters would be nearly equally likely.",
        ),
        Mistake(
            "divided_too_late",
            _divided_after,
            "The probabilities are divided by the temperature, so they no longer add up to 1. It is the scores "
            "that are divided, before the softmax.",
        ),
        Mistake(
            "no_temperature",
            lambda s, temperature, u: _draw_next(s, 1.0, u),
            "`temperature` is never used: these are the probabilities at 1.",
        ),
        Mistake(
            "over_the_batch",
            lambda s, temperature, u: _told_p(_softmax(s / temperature, axis=0), u),
            "Your columns add up to 1. Each *row* is one text and should add up to 1: the sum goes along the last "
            "axis.",
        ),
        Mistake(
            "over_everything",
            _over_everything,
            "All numbers of the array together add up to 1. Each row is a text of its own and should add up to 1.",
        ),
        Mistake(
            "overflow",
            _overflow,
            "With small scores your probabilities are right. With scores around 1000 they are not: `np.exp(1000)` "
            "is more than a computer can hold, and infinity divided by infinity is no number. Only differences "
            "between scores matter; take something off each row first.",
        ),
        Mistake(
            "always_the_likeliest",
            _likeliest,
            "You take the likeliest character every time and never look at `u`. Drawn means: each character as "
            "often as its probability says.",
        ),
        Mistake(
            "not_cumulated",
            _first_above,
            "`u` is compared with the probabilities one by one. Lay them end to end instead, as pieces of a ruler "
            "of length 1: in which piece does `u` fall?",
        ),
        Mistake(
            "one_before",
            _one_before,
            "All your characters are one too early. If `u` is smaller than the first probability, it is character "
            "number 0 that is drawn.",
        ),
        Mistake(
            "one_after",
            _one_after,
            "All your characters are one too late. If `u` is smaller than the first probability, it is character "
            "number 0 that is drawn.",
        ),
    ),
    hints=(
        "Two parts: first the probabilities, a softmax of scores that the temperature has changed; then the draw, "
        "for each row with its own `u`.",
        "For the softmax, take the largest score of each row off that row first; `keepdims=True` keeps the axis. "
        "For the draw, `np.cumsum` along a row gives the right-hand ends of the pieces of the ruler.",
        "Count how many pieces of the ruler lie wholly to the left of `u`: that number is the index of the piece "
        "in which `u` falls. A sum over a comparison counts.",
    ),
    praise="Because the random numbers come in as `u`, the function gives the same answer every time, and can be "
    "checked. In a program of your own, `rng.random(B)` makes them.",
    forbidden=NO_ENGINES,
)

WHEN_SIMPLE_WINS = Task(
    name="when_simple_wins",
    title="When is the simple model the better forecast?",
    points=3,
    minutes=12,
    section="How many spots will the Sun have?",
    kind="explanation",
)

TASKS = (
    LOUDNESS_FRAMES,
    READ_LABELS,
    NAIVE_FORECASTS,
    AUTOREGRESSION,
    FORECAST_AHEAD,
    WHEN_SIMPLE_WINS,
    DRAW_NEXT,
)
