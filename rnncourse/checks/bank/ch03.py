"""Chapter 03: a step, a sequence, PyTorch's layout, counting, padded sequences, a repair, Jordan's net."""

from __future__ import annotations

import numpy as np

from rnncourse.checks.bank.inputs import normal, readout_parameters, rnn_parameters
from rnncourse.checks.task import Case, Mistake, Task
from rnncourse.in_numpy import RNN, sigmoid, softmax
from rnncourse.in_numpy import rnn_step as reference_step

BY_HAND = (
    *("rnncourse.in_numpy", "rnncourse.in_torch", "rnncourse.analysis", "torch.nn", "torch._VF"),
    *("torch.rnn_tanh", "torch.rnn_tanh_cell", "torch.rnn_relu", "torch.rnn_relu_cell"),
)

# ---------------------------------------------------------------- one step


def _step_cases(rng):
    return [
        Case((normal(rng, B, D), normal(rng, B, H), rnn_parameters(rng, D, H)))
        for B, D, H in ((3, 4, 5), (2, 6, 3))
    ]


RNN_STEP = Task(
    name="rnn_step",
    title="One step",
    points=2,
    minutes=10,
    section="One step by hand",
    reference=lambda x_t, h_prev, p: reference_step(x_t, h_prev, p),
    cases=_step_cases,
    mistakes=(
        Mistake(
            "transposed_W_hh",
            lambda x_t, h_prev, p: np.tanh(x_t @ p["W_xh"] + h_prev @ p["W_hh"].T + p["b_h"]),
            "The old state meets `W_hh` the wrong way round. `W_hh` is square, so both ways fit, but only one goes "
            "from the old state (rows) to the new one (columns). States are rows here: what stands to their right?",
        ),
        Mistake(
            "forgot_bias",
            lambda x_t, h_prev, p: np.tanh(x_t @ p["W_xh"] + h_prev @ p["W_hh"]),
            "The input and the old state are in, but something that `p` holds is never used. Three things are "
            "added before the tanh.",
        ),
        Mistake(
            "forgot_tanh",
            lambda x_t, h_prev, p: x_t @ p["W_xh"] + h_prev @ p["W_hh"] + p["b_h"],
            "This is the sum `a_t`, and it is right. The state is what becomes of it: some of your entries lie "
            "outside of −1 to 1.",
        ),
        Mistake(
            "forgot_state",
            lambda x_t, h_prev, p: np.tanh(x_t @ p["W_xh"] + p["b_h"]),
            "Your step does not look at `h_prev`. A net like that has no memory: tomorrow it knows nothing of today.",
        ),
        Mistake(
            "unweighted_state",
            lambda x_t, h_prev, p: np.tanh(x_t @ p["W_xh"] + h_prev + p["b_h"]),
            "The old state is added as it is. In the equation it passes through a matrix of its own first.",
        ),
        Mistake(
            "bias_outside",
            lambda x_t, h_prev, p: np.tanh(x_t @ p["W_xh"] + h_prev @ p["W_hh"]) + p["b_h"],
            "The bias comes too late. Look at the equation: is it inside or outside of the tanh?",
        ),
        Mistake(
            "sigmoid_for_tanh",
            lambda x_t, h_prev, p: sigmoid(x_t @ p["W_xh"] + h_prev @ p["W_hh"] + p["b_h"]),
            "The sum is right, but it is squashed to lie between 0 and 1. The state of this net lies between −1 and 1.",
        ),
    ),
    hints=(
        "Three things are added: what the input says, what the old state says, and the bias.",
        "Rows stand on the left of their matrices: a (B, D) array times a (D, H) matrix gives (B, H). Write the "
        "shapes of all three terms on paper; they must all be (B, H), or (H,) for the bias.",
        "Compute the sum `a_t` first and print it for rice and (0.5, −0.5): it must be (0.75, 0.25). Then there is "
        "one function of NumPy left to apply.",
    ),
    praise="The same line works for one sequence and for a thousand: the batch is only a taller `x_t`.",
    forbidden=BY_HAND,
)

# ---------------------------------------------------------------- the whole sequence


def _forward(x, h0, p):
    layer = RNN(x.shape[2], h0.shape[1], dtype="float64")
    layer.params.update(p)
    return layer.forward(x, h0)[0]


def _forward_cases(rng):
    return [
        Case((normal(rng, T, B, D), normal(rng, B, H), rnn_parameters(rng, D, H)))
        for T, B, D, H in ((5, 3, 4, 2), (6, 2, 3, 4))
    ]


def _without_start(x, h0, p):
    return _forward(x, np.zeros_like(h0), p)


def _state_not_carried(x, h0, p):
    return np.stack([reference_step(x_t, h0, p) for x_t in x])


def _stored_before(x, h0, p):
    return np.concatenate([h0[None], _forward(x, h0, p)[:-1]])


def _backwards(x, h0, p):
    return _forward(x[::-1], h0, p)


def _over_the_batch(x, h0, p):
    """Goes along the second axis: every sequence of the batch taken for a step."""
    T, B, _ = x.shape
    h_t, h = np.resize(h0, (T, h0.shape[1])), []
    for b in range(B):
        h_t = reference_step(x[:, b], h_t, p)
        h.append(h_t)
    return np.stack(h, axis=1)


RNN_FORWARD = Task(
    name="rnn_forward",
    title="A whole sequence",
    points=3,
    minutes=15,
    section="A sequence is a for loop",
    reference=_forward,
    cases=_forward_cases,
    mistakes=(
        Mistake(
            "state_not_carried",
            _state_not_carried,
            "Every step starts from `h0` again, so only the first one is right. What one step makes is what the "
            "next one has to start from.",
        ),
        Mistake(
            "ignores_h0",
            _without_start,
            "Your sequence starts from a blank note. Here a first note is handed over: the argument `h0`.",
        ),
        Mistake(
            "stored_before_the_step",
            _stored_before,
            "You store the state that a step starts from, not the one it makes. So `h0` is in your result and the "
            "last state is lost.",
        ),
        Mistake(
            "reads_backwards",
            _backwards,
            "The sequence is read from its end. The first axis is time; a `for` loop over `x` goes along it in order.",
        ),
        Mistake(
            "only_the_last",
            lambda x, h0, p: _forward(x, h0, p)[-1],
            "This is the last state alone, and it is right. Asked for are all of them, one for each step: collect "
            "them on the way.",
        ),
        Mistake(
            "loops_over_the_batch",
            _over_the_batch,
            "Your loop goes along the batch, and hands the state of one sequence to the next. Sequences of a batch "
            "know nothing of each other. Time is the first axis.",
        ),
    ),
    hints=(
        "You have `rnn_step` already. Which of its arguments changes from step to step by itself, and which one do "
        "you have to hand on?",
        "Before the loop: the state is `h0`, and a list is empty. In the loop: make the new state, and keep it in "
        "the list.",
        "`for x_t in x:` gives (B, D) slices in order. After the loop, `np.stack` makes one array (T, B, H) out of "
        "a list of T states.",
    ),
    praise="The products `x_t @ W_xh` do not need the state. `x @ W_xh` does all of them at once before the loop; "
    "the layers of the package do it like that, and are faster for it.",
    forbidden=BY_HAND,
)

# ---------------------------------------------------------------- PyTorch's layout


def _pytorch_cases(rng):
    return [
        Case((normal(rng, H, D), normal(rng, H, H), normal(rng, H) + 2, normal(rng, H) - 1))
        for D, H in ((3, 5), (6, 4))
    ]


def _from_pytorch(weight_ih, weight_hh, bias_ih, bias_hh):
    return {"W_xh": weight_ih.T, "W_hh": weight_hh.T, "b_h": bias_ih + bias_hh}


def _changed(**parts):
    """Return _from_pytorch with some of its parts computed otherwise."""

    def answer(weight_ih, weight_hh, bias_ih, bias_hh):
        given = (weight_ih, weight_hh, bias_ih, bias_hh)
        return {**_from_pytorch(*given), **{name: part(*given) for name, part in parts.items()}}

    return answer


FROM_PYTORCH = Task(
    name="from_pytorch",
    title="PyTorch's weights in our equation",
    points=3,
    minutes=10,
    section="The layer, and PyTorch's",
    reference=_from_pytorch,
    cases=_pytorch_cases,
    mistakes=(
        Mistake(
            "one_bias_forgotten",
            _changed(b_h=lambda w_ih, w_hh, b_ih, b_hh: b_ih),
            "Your `b_h` is `bias_ih` alone. PyTorch has another bias, and it stands inside the same tanh.",
        ),
        Mistake(
            "other_bias_forgotten",
            _changed(b_h=lambda w_ih, w_hh, b_ih, b_hh: b_hh),
            "Your `b_h` is `bias_hh` alone. PyTorch has another bias, and it stands inside the same tanh.",
        ),
        Mistake(
            "W_hh_not_transposed",
            _changed(W_hh=lambda w_ih, w_hh, b_ih, b_hh: w_hh),
            "`W_hh` is still as PyTorch keeps it. It is square, so its shape does not give that away: what holds "
            "for the other matrix holds for this one.",
        ),
        Mistake(
            "nothing_transposed",
            _changed(W_xh=lambda w_ih, *_: w_ih, W_hh=lambda w_ih, w_hh, *_: w_hh),
            "Both matrices are still as PyTorch keeps them, with a row for each unit of the new state. In our "
            "equation the row stands on the left, so a matrix leads from its rows to its columns.",
        ),
        Mistake(
            "reshaped",
            _changed(
                W_xh=lambda w_ih, *_: w_ih.reshape(w_ih.shape[::-1]),
                W_hh=lambda w_ih, w_hh, *_: w_hh,
            ),
            "The shapes fit, but the numbers stand in other places: `reshape` reads row by row and fills row by "
            "row. Asked for is that rows become columns.",
        ),
        Mistake(
            "mean_of_the_biases",
            _changed(b_h=lambda w_ih, w_hh, b_ih, b_hh: (b_ih + b_hh) / 2),
            "Your `b_h` is the mean of the two biases. Both are added to the same pre-activation, in full.",
        ),
    ),
    hints=(
        "Compare shapes: PyTorch's `weight_ih` is (H, D), and our `W_xh` is (D, H).",
        "PyTorch computes with both biases. Where in our equation do they end up?",
        "`.T` turns rows into columns. For the biases ask: two numbers are added one after the other; which one "
        "number does the same?",
    ),
    praise="`.T` copies nothing: it is the same memory, read the other way round.",
)

# ---------------------------------------------------------------- counting


def _sizes(rng):
    return [Case(tuple(int(n) for n in rng.permutation(np.arange(2, 12))[:3])) for _ in range(3)]


COUNT_NUMBERS = Task(
    name="count_numbers",
    title="Counting",
    points=2,
    minutes=8,
    section="Counting the weights",
    reference=lambda D, H, K: (D * H + H * H + H * K, H + K),
    cases=_sizes,
    outputs=("weights", "biases"),
    mistakes=(
        Mistake(
            "units_not_pairs",
            lambda D, H, K: (D + H + K, H + K),
            "You have counted units. A weight belongs to a pair: one unit it comes from and one it leads to.",
        ),
        Mistake(
            "no_W_hh",
            lambda D, H, K: (D * H + H * K, H + K),
            "This is a net without recurrence: in and out are counted, the way from the old state to the new is not.",
        ),
        Mistake(
            "one_loop_per_unit",
            lambda D, H, K: (D * H + H + H * K, H + K),
            "You have given every unit of the state one weight back to itself. Every unit hears of all the old ones.",
        ),
        Mistake(
            "pytorch_biases",
            lambda D, H, K: (D * H + H * H + H * K, 2 * H + K),
            "You have counted a bias for each block, as PyTorch keeps them. In our two equations there is one for "
            "the state and one for the scores.",
        ),
        Mistake(
            "biases_among_the_weights",
            lambda D, H, K: (D * H + H * H + H * K + H + K, H + K),
            "The biases are in both numbers. Count them on their own: the first number is of the matrices only.",
        ),
        Mistake(
            "no_bias_for_the_scores",
            lambda D, H, K: (D * H + H * H + H * K, H),
            "The readout has a bias too, one number for each score.",
        ),
    ),
    hints=(
        "There are three matrices and two biases. Write down the shape of each.",
        "An array of shape (m, n) holds m times n numbers. Try the unit of the chapter, 3 numbers in, a state of 5, "
        "4 scores: 60 weights and 9 biases.",
        "The matrices lead from the input to the state, from the state to the next state, and from the state to the "
        "scores. Each bias is as long as what it is added to.",
    ),
    praise="For a large state one of the three products outgrows the others: twice the units, four times as many.",
)

# ---------------------------------------------------------------- padded sequences


def _padded_cases(rng):
    return [
        Case((normal(rng, T, B, H), rng.permutation(np.arange(2, 2 + B))))
        for T, B, H in ((6, 3, 2), (7, 4, 5))
    ]


def _picked(shift):
    def answer(h, lengths):
        return h[lengths - 1 + shift, np.arange(len(lengths))]

    return answer


LAST_STATES = Task(
    name="last_states",
    title="The end of each sentence",
    points=3,
    minutes=15,
    section="And a longer sequence?",
    reference=_picked(0),
    cases=_padded_cases,
    mistakes=(
        Mistake(
            "end_of_the_padding",
            lambda h, lengths: h[-1],
            "You take the state after the last row of the array for all sequences. Most of them have ended before; "
            "what came after their end was padding.",
        ),
        Mistake(
            "one_too_late",
            _picked(1),
            "Each state is that after one step of padding. A sequence of length 1 has its only state at index 0.",
        ),
        Mistake(
            "one_too_early",
            _picked(-1),
            "Each state is that after the last step but one. A sequence of length 1 has its only state at index 0.",
        ),
        Mistake(
            "same_for_all",
            lambda h, lengths: h[lengths.max() - 1],
            "You take the end of the longest sequence for all of them. Each one has a length of its own.",
        ),
        Mistake(
            "every_pair",
            lambda h, lengths: h[lengths - 1],
            "Your result has an axis too many: for every length the states of all sequences. Of each sequence, "
            "asked for is the one state at its own length.",
        ),
        Mistake(
            "mean_over_steps",
            lambda h, lengths: np.stack([h[:n, b].mean(axis=0) for b, n in enumerate(lengths)]),
            "This is the mean of the states of each sequence. Asked for is the last one of them.",
        ),
    ),
    hints=(
        "Do it for one sequence first: which index of time has the last real state of sequence 0, if its length is "
        "`lengths[0]`?",
        "A loop over the batch with `enumerate(lengths)` gives you, for each sequence, its place in the batch and its "
        "length. Take one row of `h` for each, and stack the rows.",
        "`h[t, b]` is the state (H,) of sequence b after step t. Python counts from 0: after n steps, t is not n.",
    ),
    praise="Without a loop: two arrays as indices, one of steps and one `np.arange(B)`, are taken pair by pair.",
)

# ---------------------------------------------------------------- find the bug


def _broken_states(x, h0, p):
    h_t, h = h0, []
    for x_t in x:
        h_t[:] = np.tanh(x_t @ p["W_xh"] + h_t @ p["W_hh"] + p["b_h"])
        h.append(h_t)
    return np.stack(h)


def _list_mended(x, h0, p):
    h_t, h = h0, []
    for x_t in x:
        h_t[:] = reference_step(x_t, h_t, p)
        h.append(h_t.copy())
    return np.stack(h)


MENDED_STATES = Task(
    name="mended_states",
    title="Find the bug: states that change afterwards",
    points=4,
    minutes=15,
    section='Myth check: "the internal state is a weight"',
    kind="bug",
    reference=_forward,
    cases=_forward_cases,
    mistakes=(
        Mistake(
            "still_broken",
            _broken_states,
            "This still does what the broken function does. Print `h` after every step of the loop: what happens to "
            "the entries that are in it already? And look at `h0` after the call.",
        ),
        Mistake(
            "only_h0_saved",
            lambda x, h0, p: _broken_states(x, h0.copy(), p),
            "`h0` is safe now, but the list still holds the same array T times, and every step writes into it.",
        ),
        Mistake(
            "only_the_list_saved",
            _list_mended,
            "The states are right now, but `h0` is not what it was: whoever calls your function twice with the same "
            "`h0` gets two answers. The first line of the function gives the same array a second name.",
        ),
        Mistake(
            "starts_from_zeros",
            lambda x, h0, p: _forward(x, np.zeros_like(h0), p),
            "No array is overwritten any more, but now the sequence starts from zeros instead of `h0`.",
        ),
    ),
    hints=(
        "Every row of the broken result is the same. Which step do they all show?",
        "`h_t[:] = …` writes into an array that exists already. Which names, and which entries of the list, stand for "
        "that one array?",
        "If every step makes a new array, and only the name `h_t` moves on to it, nothing that was stored can change.",
    ),
    praise="`a = …` gives a name to an array, `a[:] = …` changes the array itself, and every name for it sees that.",
    forbidden=BY_HAND,
)

# ---------------------------------------------------------------- Jordan's net


def _jordan_cases(rng):
    return [
        Case(
            (
                normal(rng, T, B, D),
                {
                    "W_xh": normal(rng, D, H),
                    "W_yh": normal(rng, K, H, scale=2),
                    "b_h": rnn_parameters(rng, D, H)["b_h"],
                    **readout_parameters(rng, H, K),
                },
            )
        )
        for T, B, D, H, K in ((5, 3, 2, 6, 4), (6, 2, 5, 4, 3))
    ]


def _jordan(x, p, *, back=lambda h_t, s_t: softmax(s_t), first=0.0, kept=lambda s_t: softmax(s_t)):
    fed, given = np.full((x.shape[1], p["W_hy"].shape[1]), first), []
    for x_t in x:
        h_t = np.tanh(x_t @ p["W_xh"] + fed @ p["W_yh"] + p["b_h"])
        s_t = h_t @ p["W_hy"] + p["b_y"]
        fed = back(h_t, s_t)
        given.append(kept(s_t))
    return np.stack(given)


def _jordan_from_even_odds(x, p):
    return _jordan(x, p, first=1 / p["W_hy"].shape[1])


def _softmax_over_the_batch(s_t):
    return softmax(s_t.T).T


JORDAN_FORWARD = Task(
    name="jordan_forward",
    title="Jordan's net: feed back the answer",
    points=4,
    minutes=20,
    section="What is fed back: the state, or the answer?",
    reference=lambda x, p: _jordan(x, p),
    cases=_jordan_cases,
    mistakes=(
        Mistake(
            "scores_fed_back",
            lambda x, p: _jordan(x, p, back=lambda h_t, s_t: s_t),
            "You feed back the scores. In this net it is their softmax that goes back, the answer as it is said.",
        ),
        Mistake(
            "nothing_fed_back",
            lambda x, p: _jordan(x, p, back=lambda h_t, s_t: np.zeros_like(s_t)),
            "Every step starts from zeros, as if nothing had been said before. What one step answers has to reach the "
            "next one.",
        ),
        Mistake(
            "scores_returned",
            lambda x, p: _jordan(x, p, kept=lambda s_t: s_t),
            "The feedback is right, but you return the scores. Asked for are the probabilities.",
        ),
        Mistake(
            "starts_from_even_odds",
            _jordan_from_even_odds,
            "Before the first step you feed in equal probabilities. Nothing has been said yet: a row of zeros.",
        ),
        Mistake(
            "softmax_over_the_batch",
            lambda x, p: _jordan(
                x, p, back=lambda h_t, s_t: _softmax_over_the_batch(s_t), kept=_softmax_over_the_batch
            ),
            "Your probabilities add up to 1 down the columns, over the sequences of the batch. Each row is an answer "
            "of its own and must add up to 1.",
        ),
    ),
    hints=(
        "It is the loop of `rnn_forward`. Only what is handed on to the next step has changed, and the matrix that "
        "it meets.",
        "A step has three lines: the hidden state from the input and the last answer, the scores from the hidden "
        "state, the answer from the scores.",
        "Before the loop the last answer is `np.zeros((B, K))`; K is the length of `b_y`. After the three lines of a "
        "step, the new answer takes the place of the last one.",
    ),
    praise="Compare it with `rnn_forward`: the hidden state of the last step is not needed, so it may be thrown away. "
    "That is what makes Jordan's net forget what it does not say.",
    forbidden=("rnncourse.in_torch", "torch.nn"),
)

WHY_NOT_LONGER = Task(
    name="why_not_longer",
    title="Does a longer sequence need a larger net?",
    points=3,
    minutes=10,
    section='Myth check: "unrolled over T steps, it has T times the weights"',
    kind="explanation",
)

TASKS = (
    RNN_STEP,
    RNN_FORWARD,
    FROM_PYTORCH,
    COUNT_NUMBERS,
    WHY_NOT_LONGER,
    LAST_STATES,
    MENDED_STATES,
    JORDAN_FORWARD,
)
