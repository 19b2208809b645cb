"""Chapter 03: a step, a sequence, PyTorch's layout, counting, padded sequences, a repair, Jordan's net."""

from __future__ import annotations

import numpy as np

from rnncourse.checks.bank.inputs import normal, readout_parameters, rnn_parameters
from rnncourse.checks.bank.statements import task
from rnncourse.checks.task import ENGINES, Case
from rnncourse.in_numpy import RNN, sigmoid, softmax
from rnncourse.in_numpy import rnn_step as reference_step

# ---------------------------------------------------------------- one step


def _step_cases(rng):
    return [
        Case((normal(rng, B, D), normal(rng, B, H), rnn_parameters(rng, D, H)))
        for B, D, H in ((3, 4, 5), (2, 6, 3))
    ]


RNN_STEP = task("rnn_step", reference=reference_step, cases=_step_cases, forbidden=ENGINES)


@RNN_STEP.mistake
def transposed_W_hh(x_t, h_prev, p):
    """The old state meets `W_hh` the wrong way round. `W_hh` is square, so both ways fit, but only one goes
    from the old state (rows) to the new one (columns). States are rows here: what stands to their right?
    """
    return np.tanh(x_t @ p["W_xh"] + h_prev @ p["W_hh"].T + p["b_h"])


@RNN_STEP.mistake
def forgot_bias(x_t, h_prev, p):
    """The input and the old state are in, but something that `p` holds is never used. Three things are added
    before the tanh.
    """
    return np.tanh(x_t @ p["W_xh"] + h_prev @ p["W_hh"])


@RNN_STEP.mistake
def forgot_tanh(x_t, h_prev, p):
    """This is the sum `a_t`, and it is right. The state is what becomes of it: some of your entries lie
    outside of −1 to 1.
    """
    return x_t @ p["W_xh"] + h_prev @ p["W_hh"] + p["b_h"]


@RNN_STEP.mistake
def forgot_state(x_t, h_prev, p):
    """Your step does not look at `h_prev`. A net like that has no memory: tomorrow it knows nothing of today."""
    return np.tanh(x_t @ p["W_xh"] + p["b_h"])


@RNN_STEP.mistake
def unweighted_state(x_t, h_prev, p):
    """The old state is added as it is. In the equation it passes through a matrix of its own first."""
    return np.tanh(x_t @ p["W_xh"] + h_prev + p["b_h"])


@RNN_STEP.mistake
def bias_outside(x_t, h_prev, p):
    """The bias comes too late. Look at the equation: is it inside or outside of the tanh?"""
    return np.tanh(x_t @ p["W_xh"] + h_prev @ p["W_hh"]) + p["b_h"]


@RNN_STEP.mistake
def sigmoid_for_tanh(x_t, h_prev, p):
    """The sum is right, but it is squashed to lie between 0 and 1. The state of this net lies between −1 and
    1.
    """
    return sigmoid(x_t @ p["W_xh"] + h_prev @ p["W_hh"] + p["b_h"])


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


RNN_FORWARD = task("rnn_forward", reference=_forward, cases=_forward_cases, forbidden=ENGINES)


@RNN_FORWARD.mistake
def state_not_carried(x, h0, p):
    """Every step starts from `h0` again, so only the first one is right. What one step makes is what the next
    one has to start from.
    """
    return np.stack([reference_step(x_t, h0, p) for x_t in x])


@RNN_FORWARD.mistake
def ignores_h0(x, h0, p):
    """Your sequence starts from a blank note. Here a first note is handed over: the argument `h0`."""
    return _forward(x, np.zeros_like(h0), p)


@RNN_FORWARD.mistake
def stored_before_the_step(x, h0, p):
    """You store the state that a step starts from, not the one it makes. So `h0` is in your result and the
    last state is lost.
    """
    return np.concatenate([h0[None], _forward(x, h0, p)[:-1]])


@RNN_FORWARD.mistake
def reads_backwards(x, h0, p):
    """The sequence is read from its end. The first axis is time; a `for` loop over `x` goes along it in
    order.
    """
    return _forward(x[::-1], h0, p)


@RNN_FORWARD.mistake
def only_the_last(x, h0, p):
    """This is the last state alone, and it is right. Asked for are all of them, one for each step: collect
    them on the way.
    """
    return _forward(x, h0, p)[-1]


@RNN_FORWARD.mistake
def loops_over_the_batch(x, h0, p):
    """Your loop goes along the batch, and hands the state of one sequence to the next. Sequences of a batch
    know nothing of each other. Time is the first axis.
    """
    # Goes along the second axis: every sequence of the batch taken for a step.
    T, B, _ = x.shape
    h_t, h = np.resize(h0, (T, h0.shape[1])), []
    for b in range(B):
        h_t = reference_step(x[:, b], h_t, p)
        h.append(h_t)
    return np.stack(h, axis=1)


# ---------------------------------------------------------------- PyTorch's layout


def _pytorch_cases(rng):
    return [
        Case((normal(rng, H, D), normal(rng, H, H), normal(rng, H) + 2, normal(rng, H) - 1))
        for D, H in ((3, 5), (6, 4))
    ]


def _from_pytorch(weight_ih, weight_hh, bias_ih, bias_hh):
    return {"W_xh": weight_ih.T, "W_hh": weight_hh.T, "b_h": bias_ih + bias_hh}


FROM_PYTORCH = task("from_pytorch", reference=_from_pytorch, cases=_pytorch_cases)


@FROM_PYTORCH.mistake
def one_bias_forgotten(weight_ih, weight_hh, bias_ih, bias_hh):
    """Your `b_h` is `bias_ih` alone. PyTorch has another bias, and it stands inside the same tanh."""
    return {"W_xh": weight_ih.T, "W_hh": weight_hh.T, "b_h": bias_ih}


@FROM_PYTORCH.mistake
def other_bias_forgotten(weight_ih, weight_hh, bias_ih, bias_hh):
    """Your `b_h` is `bias_hh` alone. PyTorch has another bias, and it stands inside the same tanh."""
    return {"W_xh": weight_ih.T, "W_hh": weight_hh.T, "b_h": bias_hh}


@FROM_PYTORCH.mistake
def W_hh_not_transposed(weight_ih, weight_hh, bias_ih, bias_hh):
    """`W_hh` is still as PyTorch keeps it. It is square, so its shape does not give that away: what holds for
    the other matrix holds for this one.
    """
    return {"W_xh": weight_ih.T, "W_hh": weight_hh, "b_h": bias_ih + bias_hh}


@FROM_PYTORCH.mistake
def nothing_transposed(weight_ih, weight_hh, bias_ih, bias_hh):
    """Both matrices are still as PyTorch keeps them, with a row for each unit of the new state. In our
    equation the row stands on the left, so a matrix leads from its rows to its columns.
    """
    return {"W_xh": weight_ih, "W_hh": weight_hh, "b_h": bias_ih + bias_hh}


@FROM_PYTORCH.mistake
def reshaped(weight_ih, weight_hh, bias_ih, bias_hh):
    """The shapes fit, but the numbers stand in other places: `reshape` reads row by row and fills row by row.
    Asked for is that rows become columns.
    """
    W_xh = weight_ih.reshape(weight_ih.shape[::-1])
    return {"W_xh": W_xh, "W_hh": weight_hh, "b_h": bias_ih + bias_hh}


@FROM_PYTORCH.mistake
def mean_of_the_biases(weight_ih, weight_hh, bias_ih, bias_hh):
    """Your `b_h` is the mean of the two biases. Both are added to the same pre-activation, in full."""
    return {"W_xh": weight_ih.T, "W_hh": weight_hh.T, "b_h": (bias_ih + bias_hh) / 2}


# ---------------------------------------------------------------- counting


def _sizes(rng):
    return [Case(tuple(int(n) for n in rng.permutation(np.arange(2, 12))[:3])) for _ in range(3)]


def _count_numbers(D, H, K):
    return (D * H + H * H + H * K, H + K)


COUNT_NUMBERS = task("count_numbers", reference=_count_numbers, cases=_sizes, outputs=("weights", "biases"))


@COUNT_NUMBERS.mistake
def units_not_pairs(D, H, K):
    """You have counted units. A weight belongs to a pair: one unit it comes from and one it leads to."""
    return (D + H + K, H + K)


@COUNT_NUMBERS.mistake
def no_W_hh(D, H, K):
    """This is a net without recurrence: in and out are counted, the way from the old state to the new is not."""
    return (D * H + H * K, H + K)


@COUNT_NUMBERS.mistake
def one_loop_per_unit(D, H, K):
    """You have given every unit of the state one weight back to itself. Every unit hears of all the old ones."""
    return (D * H + H + H * K, H + K)


@COUNT_NUMBERS.mistake
def pytorch_biases(D, H, K):
    """You have counted a bias for each block, as PyTorch keeps them. In our two equations there is one for
    the state and one for the scores.
    """
    return (D * H + H * H + H * K, 2 * H + K)


@COUNT_NUMBERS.mistake
def biases_among_the_weights(D, H, K):
    """The biases are in both numbers. Count them on their own: the first number is of the matrices only."""
    return (D * H + H * H + H * K + H + K, H + K)


@COUNT_NUMBERS.mistake
def no_bias_for_the_scores(D, H, K):
    """The readout has a bias too, one number for each score."""
    return (D * H + H * H + H * K, H)


# ---------------------------------------------------------------- padded sequences


def _padded_cases(rng):
    return [
        Case((normal(rng, T, B, H), rng.permutation(np.arange(2, 2 + B))))
        for T, B, H in ((6, 3, 2), (7, 4, 5))
    ]


def _last_states(h, lengths):
    return h[lengths - 1, np.arange(len(lengths))]


LAST_STATES = task("last_states", reference=_last_states, cases=_padded_cases)


@LAST_STATES.mistake
def end_of_the_padding(h, lengths):
    """You take the state after the last row of the array for all sequences. Most of them have ended before;
    what came after their end was padding.
    """
    return h[-1]


@LAST_STATES.mistake
def one_too_late(h, lengths):
    """Each state is that after one step of padding. A sequence of length 1 has its only state at index 0."""
    return h[lengths, np.arange(len(lengths))]


@LAST_STATES.mistake
def one_too_early(h, lengths):
    """Each state is that after the last step but one. A sequence of length 1 has its only state at index 0."""
    return h[lengths - 2, np.arange(len(lengths))]


@LAST_STATES.mistake
def same_for_all(h, lengths):
    """You take the end of the longest sequence for all of them. Each one has a length of its own."""
    return h[lengths.max() - 1]


@LAST_STATES.mistake
def every_pair(h, lengths):
    """Your result has an axis too many: for every length the states of all sequences. Of each sequence, asked
    for is the one state at its own length.
    """
    return h[lengths - 1]


@LAST_STATES.mistake
def mean_over_steps(h, lengths):
    """This is the mean of the states of each sequence. Asked for is the last one of them."""
    return np.stack([h[:n, b].mean(axis=0) for b, n in enumerate(lengths)])


# ---------------------------------------------------------------- find the bug


def _broken_states(x, h0, p):
    h_t, h = h0, []
    for x_t in x:
        h_t[:] = np.tanh(x_t @ p["W_xh"] + h_t @ p["W_hh"] + p["b_h"])
        h.append(h_t)
    return np.stack(h)


MENDED_STATES = task("mended_states", reference=_forward, cases=_forward_cases, forbidden=ENGINES)


@MENDED_STATES.mistake
def still_broken(x, h0, p):
    """This still does what the broken function does. Print `h` after every step of the loop: what happens to
    the entries that are in it already? And look at `h0` after the call.
    """
    return _broken_states(x, h0, p)


@MENDED_STATES.mistake
def only_h0_saved(x, h0, p):
    """`h0` is safe now, but the list still holds the same array T times, and every step writes into it."""
    return _broken_states(x, h0.copy(), p)


@MENDED_STATES.mistake
def only_the_list_saved(x, h0, p):
    """The states are right now, but `h0` is not what it was: whoever calls your function twice with the same
    `h0` gets two answers. The first line of the function gives the same array a second name.
    """
    h_t, h = h0, []
    for x_t in x:
        h_t[:] = reference_step(x_t, h_t, p)
        h.append(h_t.copy())
    return np.stack(h)


@MENDED_STATES.mistake
def starts_from_zeros(x, h0, p):
    """No array is overwritten any more, but now the sequence starts from zeros instead of `h0`."""
    return _forward(x, np.zeros_like(h0), p)


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


def _jordan(x, p, *, back=softmax, first=0.0, kept=softmax):
    fed, given = np.full((x.shape[1], p["W_hy"].shape[1]), first), []
    for x_t in x:
        h_t = np.tanh(x_t @ p["W_xh"] + fed @ p["W_yh"] + p["b_h"])
        s_t = h_t @ p["W_hy"] + p["b_y"]
        fed = back(s_t)
        given.append(kept(s_t))
    return np.stack(given)


def _softmax_over_the_batch(s_t):
    return softmax(s_t.T).T


JORDAN_FORWARD = task("jordan_forward", reference=_jordan, cases=_jordan_cases, forbidden=ENGINES)


@JORDAN_FORWARD.mistake
def scores_fed_back(x, p):
    """You feed back the scores. In this net it is their softmax that goes back, the answer as it is said."""
    return _jordan(x, p, back=np.copy)


@JORDAN_FORWARD.mistake
def nothing_fed_back(x, p):
    """Every step starts from zeros, as if nothing had been said before. What one step answers has to reach
    the next one.
    """
    return _jordan(x, p, back=np.zeros_like)


@JORDAN_FORWARD.mistake
def scores_returned(x, p):
    """The feedback is right, but you return the scores. Asked for are the probabilities."""
    return _jordan(x, p, kept=np.copy)


@JORDAN_FORWARD.mistake
def starts_from_even_odds(x, p):
    """Before the first step you feed in equal probabilities. Nothing has been said yet: a row of zeros."""
    return _jordan(x, p, first=1 / p["W_hy"].shape[1])


@JORDAN_FORWARD.mistake
def softmax_over_the_batch(x, p):
    """Your probabilities add up to 1 down the columns, over the sequences of the batch. Each row is an answer
    of its own and must add up to 1.
    """
    return _jordan(x, p, back=_softmax_over_the_batch, kept=_softmax_over_the_batch)
