"""Chapter 03: a step, a sequence, PyTorch's layout, counting, padding, a bug to find, a net that feeds back answers."""

from __future__ import annotations

import numpy as np

from rnncourse.checks.bank.inputs import (
    SAME_SIZES,
    edge,
    normal,
    padding_mask,
    readout_parameters,
    rnn_parameters,
)
from rnncourse.checks.bank.statements import task
from rnncourse.checks.task import ENGINES, Case
from rnncourse.in_numpy import RNN, sigmoid, softmax
from rnncourse.in_numpy import rnn_step as reference_step

# ---------------------------------------------------------------- one step


def _step_cases(rng):
    drawn = [
        (normal(rng, B, D), normal(rng, B, H), rnn_parameters(rng, D, H))
        for B, D, H in ((3, 4, 5), (2, 6, 3), (1, 2, 4), (3, 3, 3))
    ]
    return [*map(Case, drawn[:-1]), edge(SAME_SIZES, *drawn[-1])]


RNN_STEP = task("rnn_step", reference=reference_step, cases=_step_cases, forbidden=ENGINES)


@RNN_STEP.mistake
def transposed_W_hh(x_t, h_prev, p):
    """The previous state meets `W_hh` transposed. `W_hh` is square, so both ways fit, but only one leads from the
    previous state (rows) to the new one (columns). States are rows here: what is on their right?
    """
    return np.tanh(x_t @ p["W_xh"] + h_prev @ p["W_hh"].T + p["b_h"])


@RNN_STEP.mistake
def forgot_bias(x_t, h_prev, p):
    """The input and the previous state are in, but one array of `p` is never used. Three things are added before
    the tanh.
    """
    return np.tanh(x_t @ p["W_xh"] + h_prev @ p["W_hh"])


@RNN_STEP.mistake
def subtracted_bias(x_t, h_prev, p):
    """The bias has the wrong sign. It is added."""
    return np.tanh(x_t @ p["W_xh"] + h_prev @ p["W_hh"] - p["b_h"])


@RNN_STEP.mistake
def bias_twice(x_t, h_prev, p):
    """The bias is added twice. PyTorch has two biases; this equation has one."""
    return np.tanh(x_t @ p["W_xh"] + h_prev @ p["W_hh"] + 2 * p["b_h"])


@RNN_STEP.mistake
def forgot_tanh(x_t, h_prev, p):
    """This is the pre-activation `a_t`, and it is right. One function is still missing: some of your entries lie
    outside −1 to 1.
    """
    return x_t @ p["W_xh"] + h_prev @ p["W_hh"] + p["b_h"]


@RNN_STEP.mistake
def tanh_twice(x_t, h_prev, p):
    """You apply tanh twice. Once is enough."""
    return np.tanh(np.tanh(x_t @ p["W_xh"] + h_prev @ p["W_hh"] + p["b_h"]))


@RNN_STEP.mistake
def tanh_of_each_term(x_t, h_prev, p):
    """You apply tanh to the terms before you add them up. It comes after the sum, once."""
    return np.tanh(x_t @ p["W_xh"]) + np.tanh(h_prev @ p["W_hh"]) + np.tanh(p["b_h"])


@RNN_STEP.mistake
def forgot_state(x_t, h_prev, p):
    """Your step does not look at `h_prev`. Such a network has no memory: tomorrow it knows nothing of today."""
    return np.tanh(x_t @ p["W_xh"] + p["b_h"])


@RNN_STEP.mistake
def forgot_input(x_t, h_prev, p):
    """Your step does not look at `x_t`. Whatever the network reads, its state moves in the same way."""
    return np.tanh(h_prev @ p["W_hh"] + p["b_h"])


@RNN_STEP.mistake
def unweighted_state(x_t, h_prev, p):
    """The previous state is added as it is. In the equation it is first multiplied by a matrix of its own."""
    return np.tanh(x_t @ p["W_xh"] + h_prev + p["b_h"])


@RNN_STEP.mistake
def state_outside(x_t, h_prev, p):
    """The previous state is added after the tanh. Look at the equation: which terms are inside?"""
    return np.tanh(x_t @ p["W_xh"] + p["b_h"]) + h_prev @ p["W_hh"]


@RNN_STEP.mistake
def terms_multiplied(x_t, h_prev, p):
    """You multiply what the input and the previous state contribute. The two are added."""
    return np.tanh((x_t @ p["W_xh"]) * (h_prev @ p["W_hh"]) + p["b_h"])


@RNN_STEP.mistake
def elementwise_state(x_t, h_prev, p):
    """You multiply the previous state by the diagonal of `W_hh` only. Every unit hears from every unit, which
    takes a matrix product.
    """
    return np.tanh(x_t @ p["W_xh"] + h_prev * np.diag(p["W_hh"]) + p["b_h"])


@RNN_STEP.mistake
def bias_outside(x_t, h_prev, p):
    """The bias comes too late. Look at the equation: is it inside the tanh or outside?"""
    return np.tanh(x_t @ p["W_xh"] + h_prev @ p["W_hh"]) + p["b_h"]


@RNN_STEP.mistake
def sigmoid_for_tanh(x_t, h_prev, p):
    """The sum is right, but it is squashed into 0 to 1. The state of this network lies between −1 and 1."""
    return sigmoid(x_t @ p["W_xh"] + h_prev @ p["W_hh"] + p["b_h"])


@RNN_STEP.mistake
def relu_for_tanh(x_t, h_prev, p):
    """The sum is right, but then you use a ReLU, or something like it. The activation in the equation is tanh."""
    return np.maximum(x_t @ p["W_xh"] + h_prev @ p["W_hh"] + p["b_h"], 0)


# ---------------------------------------------------------------- the whole sequence


def _forward(x, h0, p):
    layer = RNN(x.shape[2], h0.shape[1], dtype="float64")
    layer.params.update(p)
    return layer.forward(x, h0)[0]


def _forward_cases(rng):
    *drawn, single, same = [
        (normal(rng, T, B, D), normal(rng, B, H), rnn_parameters(rng, D, H))
        for T, B, D, H in ((5, 3, 4, 2), (6, 2, 3, 4), (4, 1, 2, 3), (1, 3, 2, 4), (3, 3, 3, 3))
    ]
    return [*map(Case, drawn), edge("with a single step", *single), edge(SAME_SIZES, *same)]


RNN_FORWARD = task("rnn_forward", reference=_forward, cases=_forward_cases, forbidden=ENGINES)


@RNN_FORWARD.mistake
def state_not_carried(x, h0, p):
    """Every step starts from `h0` again, so only the first one is right. What one step returns is what the next
    one has to start from.
    """
    return np.stack([reference_step(x_t, h0, p) for x_t in x])


@RNN_FORWARD.mistake
def ignores_h0(x, h0, p):
    """Your sequence starts from a blank note. Here the note may have something on it already: the argument `h0`."""
    return _forward(x, np.zeros_like(h0), p)


@RNN_FORWARD.mistake
def stored_before_the_step(x, h0, p):
    """You store the state that a step starts from, not the one it returns. So `h0` is in your result and the last
    state is lost.
    """
    return np.concatenate([h0[None], _forward(x, h0, p)[:-1]])


@RNN_FORWARD.mistake
def first_state_too(x, h0, p):
    """Your result begins with `h0`, so it has one state too many. Return the states after each step."""
    return np.concatenate([h0[None], _forward(x, h0, p)])


@RNN_FORWARD.mistake
def reads_backwards(x, h0, p):
    """The sequence is read from its end. The first axis is time; a `for` loop over `x` goes along it in order."""
    return _forward(x[::-1], h0, p)


@RNN_FORWARD.mistake
def stored_backwards(x, h0, p):
    """The states are right, but the last comes first. `h[t]` is the state after step t."""
    return _forward(x, h0, p)[::-1].copy()


@RNN_FORWARD.mistake
def only_the_last(x, h0, p):
    """This is the last state alone, and it is right. Return all of them, one for each step: collect them in the
    loop.
    """
    return _forward(x, h0, p)[-1]


@RNN_FORWARD.mistake
def only_the_first(x, h0, p):
    """There is only one state in your result, the first. A `return` inside a loop ends the function the first
    time around.
    """
    return _forward(x, h0, p)[:1]


@RNN_FORWARD.mistake
def last_step_missed(x, h0, p):
    """The state after the last step is missing. Does your loop end one step too early?"""
    return _forward(x, h0, p)[:-1]


@RNN_FORWARD.mistake
def first_step_missed(x, h0, p):
    """Your loop begins with the second step, so the first input is never read."""
    return _forward(x[1:], h0, p)


@RNN_FORWARD.mistake
def first_input_always(x, h0, p):
    """Every step reads the first input. Step t reads `x[t]`."""
    return _forward(np.repeat(x[:1], len(x), axis=0), h0, p)


@RNN_FORWARD.mistake
def batch_first(x, h0, p):
    """The states are right, but the sequences come first. Time is the first axis: (T, B, H)."""
    return _forward(x, h0, p).swapaxes(0, 1).copy()


@RNN_FORWARD.mistake
def one_array_for_all(x, h0, p):
    """All your states are the same, the last one. The list holds one array T times, and each step overwrites it.
    Does every step make an array of its own?
    """
    h = _forward(x, h0, p)
    return np.repeat(h[-1:], len(x), axis=0)


@RNN_FORWARD.mistake
def state_kept_and_added(x, h0, p):
    """You add the new state to the previous one. The new state replaces it."""
    h_t, h = h0, []
    for x_t in x:
        h_t = h_t + reference_step(x_t, h_t, p)
        h.append(h_t)
    return np.stack(h)


@RNN_FORWARD.mistake
def loops_over_the_batch(x, h0, p):
    """Your loop goes along the batch, and hands the state of one sequence to the next. Sequences of a batch know
    nothing of each other. Time is the first axis.
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
    """Sometimes one bias is larger, sometimes the other."""
    cases = []
    for D, H in ((3, 5), (6, 4), (4, 4), (3, 1)):
        apart = np.where(np.arange(H) % 2, 3.0, -3.0)
        cases.append(Case((normal(rng, H, D), normal(rng, H, H), normal(rng, H) + apart, normal(rng, H) + 1)))
    *cases, same, single = cases
    return [*cases, edge("when D and H are the same", *same.args), edge("with a single unit", *single.args)]


def _from_pytorch(weight_ih, weight_hh, bias_ih, bias_hh):
    return {"W_xh": weight_ih.T, "W_hh": weight_hh.T, "b_h": bias_ih + bias_hh}


FROM_PYTORCH = task("from_pytorch", reference=_from_pytorch, cases=_pytorch_cases)


@FROM_PYTORCH.mistake
def one_bias_forgotten(weight_ih, weight_hh, bias_ih, bias_hh):
    """Your `b_h` is `bias_ih` alone. PyTorch has another bias inside the same tanh."""
    return {"W_xh": weight_ih.T, "W_hh": weight_hh.T, "b_h": bias_ih}


@FROM_PYTORCH.mistake
def other_bias_forgotten(weight_ih, weight_hh, bias_ih, bias_hh):
    """Your `b_h` is `bias_hh` alone. PyTorch has another bias inside the same tanh."""
    return {"W_xh": weight_ih.T, "W_hh": weight_hh.T, "b_h": bias_hh}


@FROM_PYTORCH.mistake
def W_hh_not_transposed(weight_ih, weight_hh, bias_ih, bias_hh):
    """`W_hh` is still as PyTorch keeps it. It is square, so its shape does not give that away: what holds for the
    other matrix holds for this one.
    """
    return {"W_xh": weight_ih.T, "W_hh": weight_hh, "b_h": bias_ih + bias_hh}


@FROM_PYTORCH.mistake
def W_xh_not_transposed(weight_ih, weight_hh, bias_ih, bias_hh):
    """`W_xh` is still as PyTorch keeps it, (H, D). Our input is a row on the left of a (D, H) matrix."""
    return {"W_xh": weight_ih, "W_hh": weight_hh.T, "b_h": bias_ih + bias_hh}


@FROM_PYTORCH.mistake
def nothing_transposed(weight_ih, weight_hh, bias_ih, bias_hh):
    """Both matrices are still as PyTorch keeps them, with a row for each unit of the new state. In our equation
    the row vector is on the left, so a matrix leads from its rows to its columns.
    """
    return {"W_xh": weight_ih, "W_hh": weight_hh, "b_h": bias_ih + bias_hh}


@FROM_PYTORCH.mistake
def reshaped(weight_ih, weight_hh, bias_ih, bias_hh):
    """The shapes fit, but the numbers are in the wrong places: `reshape` reads row by row and fills row by row.
    Rows have to become columns.
    """
    W_xh = weight_ih.reshape(weight_ih.shape[::-1])
    return {"W_xh": W_xh, "W_hh": weight_hh, "b_h": bias_ih + bias_hh}


@FROM_PYTORCH.mistake
def reshaped_W_xh(weight_ih, weight_hh, bias_ih, bias_hh):
    """`W_xh` has the right shape, but its numbers are in the wrong places: `reshape` reads row by row and fills
    row by row. Rows have to become columns.
    """
    return {"W_xh": weight_ih.reshape(weight_ih.shape[::-1]), "W_hh": weight_hh.T, "b_h": bias_ih + bias_hh}


@FROM_PYTORCH.mistake
def mean_of_the_biases(weight_ih, weight_hh, bias_ih, bias_hh):
    """Your `b_h` is the mean of the two biases. Both are added to the same pre-activation, in full."""
    return {"W_xh": weight_ih.T, "W_hh": weight_hh.T, "b_h": (bias_ih + bias_hh) / 2}


@FROM_PYTORCH.mistake
def difference_of_the_biases(weight_ih, weight_hh, bias_ih, bias_hh):
    """Your `b_h` is the difference of the two biases. Both are added to the same pre-activation."""
    return {"W_xh": weight_ih.T, "W_hh": weight_hh.T, "b_h": bias_ih - bias_hh}


@FROM_PYTORCH.mistake
def biases_in_a_row(weight_ih, weight_hh, bias_ih, bias_hh):
    """Your `b_h` has the two biases one after the other, so it is too long. Each unit needs one number that does
    what the two did.
    """
    return {"W_xh": weight_ih.T, "W_hh": weight_hh.T, "b_h": np.concatenate([bias_ih, bias_hh])}


@FROM_PYTORCH.mistake
def a_tuple(weight_ih, weight_hh, bias_ih, bias_hh):
    """The three arrays are right. Return them in a dictionary, with the names of our equation as keys."""
    return weight_ih.T, weight_hh.T, bias_ih + bias_hh


@FROM_PYTORCH.mistake
def pytorch_keys(weight_ih, weight_hh, bias_ih, bias_hh):
    """Your dictionary uses PyTorch's names, or others. The keys are `"W_xh"`, `"W_hh"` and `"b_h"`."""
    return {"weight_ih": weight_ih.T, "weight_hh": weight_hh.T, "bias": bias_ih + bias_hh}


# ---------------------------------------------------------------- counting


def _sizes(rng):
    """Every size differs from case to case."""
    sizes = rng.permutation(np.arange(2, 12))[:9].reshape(3, 3)
    return [Case(tuple(int(n) for n in row)) for row in sizes]


def _count_numbers(D, H, K):
    return (D * H + H * H + H * K, H + K)


COUNT_NUMBERS = task("count_numbers", reference=_count_numbers, cases=_sizes, outputs=("weights", "biases"))


@COUNT_NUMBERS.mistake
def readout_from_the_input_too(D, H, K):
    """Your readout reads the input as well as the state. It reads the state alone: what is the shape of `W_hy`?"""
    return (D * H + H * H + (D + H) * K, H + K)


@COUNT_NUMBERS.mistake
def units_not_pairs(D, H, K):
    """You have counted units. A weight belongs to a pair: the unit it comes from and the unit it leads to."""
    return (D + H + K, H + K)


@COUNT_NUMBERS.mistake
def no_W_hh(D, H, K):
    """This is a network without recurrence: you have counted the weights in and out, but not those from the
    previous state to the new one.
    """
    return (D * H + H * K, H + K)


@COUNT_NUMBERS.mistake
def no_readout(D, H, K):
    """The readout is missing: its matrix leads from the state to the logits, and it has a bias as well."""
    return (D * H + H * H, H)


@COUNT_NUMBERS.mistake
def readout_weights_missing(D, H, K):
    """One of the three matrices is missing, the one that leads from the state to the logits."""
    return (D * H + H * H, H + K)


@COUNT_NUMBERS.mistake
def readout_from_the_input(D, H, K):
    """Your readout leads from the input to the logits. It reads the state: what is the shape of `W_hy`?"""
    return (D * H + H * H + D * K, H + K)


@COUNT_NUMBERS.mistake
def one_loop_per_unit(D, H, K):
    """You have given every unit of the state one weight back to itself. Every unit hears from every unit of the
    previous state.
    """
    return (D * H + H + H * K, H + K)


@COUNT_NUMBERS.mistake
def pairs_counted_once(D, H, K):
    """In `W_hh` you count each pair of units once. The weight from unit 1 to unit 2 is not the one from 2 to 1."""
    return (D * H + H * (H + 1) // 2 + H * K, H + K)


@COUNT_NUMBERS.mistake
def W_hh_twice(D, H, K):
    """You count `W_hh` twice. One matrix leads from the previous state to the new one."""
    return (D * H + 2 * H * H + H * K, H + K)


@COUNT_NUMBERS.mistake
def pytorch_biases(D, H, K):
    """You have counted a bias for the input and one for the state, as PyTorch has them. Our two equations have
    one bias each.
    """
    return (D * H + H * H + H * K, 2 * H + K)


@COUNT_NUMBERS.mistake
def a_bias_for_the_input(D, H, K):
    """You have given the input a bias. A bias is added to a pre-activation or to the logits, never to the input."""
    return (D * H + H * H + H * K, D + H + K)


@COUNT_NUMBERS.mistake
def two_biases(D, H, K):
    """You have counted bias vectors. How many numbers does each of them have?"""
    return (D * H + H * H + H * K, 2)


@COUNT_NUMBERS.mistake
def biases_among_the_weights(D, H, K):
    """The biases are in both counts. The first count is for the matrices only."""
    return (D * H + H * H + H * K + H + K, H + K)


@COUNT_NUMBERS.mistake
def one_sum(D, H, K):
    """This is the number of all parameters. Return two counts, the weights and the biases."""
    return D * H + H * H + H * K + H + K


@COUNT_NUMBERS.mistake
def swapped_counts(D, H, K):
    """The two counts are in the wrong order. Return the weights first."""
    return (H + K, D * H + H * H + H * K)


@COUNT_NUMBERS.mistake
def no_bias_for_the_logits(D, H, K):
    """The readout has a bias too, one number for each logit."""
    return (D * H + H * H + H * K, H)


@COUNT_NUMBERS.mistake
def no_bias_for_the_state(D, H, K):
    """The state has a bias too, one number for each unit."""
    return (D * H + H * H + H * K, K)


@COUNT_NUMBERS.mistake
def four_gates(D, H, K):
    """You have counted four blocks of weights, as an LSTM has them. This is a plain network: each matrix once."""
    return 4 * (D * H + H * H) + H * K, 4 * H + K


@COUNT_NUMBERS.mistake
def recurrence_from_the_input(D, H, K):
    """Your recurrent matrix has the size of the input. It leads from the previous state to the new one: what is
    the shape of W_hh?
    """
    return D * H + D * D + H * K, H + K


# ---------------------------------------------------------------- padded sequences


def _padded_cases(rng):
    """In the first case one sequence has a single step, and one fills the whole array, but is not the last."""
    cases = []
    for (T, B, H), some in (((6, 4, 2), (1, 6)), ((7, 3, 5), (2, 6)), ((5, 2, 4), (4, 2))):
        lengths = rng.permutation([*some, *rng.integers(3, T - 1, size=B - 2)])
        if lengths[-1] == T:
            lengths = np.roll(lengths, 1)
        cases.append(Case((normal(rng, T, B, H), lengths)))
    zeros = normal(rng, 4, 2, 3)
    zeros[2, 0] = 0.0
    return [
        *cases,
        edge("when two sequences are equally long", normal(rng, 5, 3, 4), rng.permutation([4, 2, 4])),
        edge("with a single sequence", normal(rng, 5, 1, 3), np.array([4])),
        edge("with a single step", normal(rng, 1, 3, 4), np.ones(3, dtype=int)),
        edge("with a single unit", normal(rng, 5, 3, 1), rng.permutation([5, 2, 3])),
        edge("without padding", normal(rng, 3, 4, 2), np.full(4, 3)),
        edge("when a last state is all zeros", zeros, np.array([3, 2])),
        edge(SAME_SIZES, normal(rng, 4, 4, 4), np.array([2, 3, 4, 1])),
    ]


def _last_states(h, lengths):
    return h[lengths - 1, np.arange(len(lengths))]


LAST_STATES = task("last_states", reference=_last_states, cases=_padded_cases)


@LAST_STATES.mistake
def end_of_the_padding(h, lengths):
    """You take the state in the last row of the array for all sequences. Most of them ended earlier; what
    came after that was padding.
    """
    return h[-1]


@LAST_STATES.mistake
def first_states(h, lengths):
    """You take the first state of each sequence."""
    return h[0]


@LAST_STATES.mistake
def one_too_late(h, lengths):
    """Each state is the one after a step of padding. A sequence of length 1 has its only state at index 0."""
    return h[lengths % len(h), np.arange(len(lengths))]


@LAST_STATES.mistake
def one_too_late_and_held(h, lengths):
    """Most of your states come after a step of padding. A sequence of length 1 has its only state at index 0."""
    return h[np.minimum(lengths, len(h) - 1), np.arange(len(lengths))]


@LAST_STATES.mistake
def one_too_early(h, lengths):
    """Each state comes one step too early. A sequence of length 1 has its only state at index 0."""
    return h[lengths - 2, np.arange(len(lengths))]


@LAST_STATES.mistake
def counted_from_the_end(h, lengths):
    """You count the steps from the end of the array. The sequences begin at step 0."""
    return h[-lengths, np.arange(len(lengths))]


@LAST_STATES.mistake
def same_for_all(h, lengths):
    """You take the length of the first sequence for all of them. Each one has its own."""
    return h[lengths[0] - 1]


@LAST_STATES.mistake
def shortest_for_all(h, lengths):
    """You take the length of the shortest sequence for all of them. Each one has its own."""
    return h[lengths.min() - 1]


@LAST_STATES.mistake
def every_pair(h, lengths):
    """Your result has one axis too many: for every length it has the states of all sequences. Each sequence needs
    one state, the one at its own length.
    """
    return h[lengths - 1]


@LAST_STATES.mistake
def mean_over_steps(h, lengths):
    """This is the mean of the states of each sequence. Return the last of them."""
    return np.stack([h[:n, b].mean(axis=0) for b, n in enumerate(lengths)])


@LAST_STATES.mistake
def sum_over_steps(h, lengths):
    """This is the sum of the states of each sequence. Return the last of them."""
    return np.stack([h[:n, b].sum(axis=0) for b, n in enumerate(lengths)])


@LAST_STATES.mistake
def units_first(h, lengths):
    """The states are right, but each is a column. Return (B, H): a row for each sequence."""
    return _last_states(h, lengths).T.copy()


@LAST_STATES.mistake
def only_the_first_sequence(h, lengths):
    """This is the state of the first sequence alone. A `return` inside a loop ends the function the first time
    around.
    """
    return h[lengths[0] - 1, 0]


@LAST_STATES.mistake
def from_the_first_sequence(h, lengths):
    """The steps are right, but you take them all from the first sequence. Which index of `h` is the batch?"""
    return h[lengths - 1, 0]


@LAST_STATES.mistake
def lengths_as_indices(h, lengths):
    """You use the lengths themselves as indices. A sequence of n steps has its last state at index n − 1; for the
    longest one your index lies outside of the array.
    """
    return h[lengths, np.arange(len(lengths))]


# ---------------------------------------------------------------- a state that padding does not move


def _held(x, h0, mask, p, *, carried=None, stored=None):
    """Return all states; carried, stored: what of (new, previous, m_t) is carried on, and what is returned."""
    carried = carried or (lambda new, previous, m_t: m_t * new + (1 - m_t) * previous)
    h_t, h = h0, []
    for x_t, m_t in zip(x, mask[:, :, None], strict=True):
        new = reference_step(x_t, h_t, p)
        previous, h_t = h_t, carried(new, h_t, m_t)
        h.append(stored(new, previous, m_t) if stored else h_t)
    return np.stack(h)


def _masked_cases(rng):
    """Padding comes at the end, in front and in between; one sequence has no real step, one has no padding.

    In two other cases there is a step that is padding in all sequences, once in the middle and once at the end.
    """
    cases = []
    for T, B, D, H in ((6, 4, 2, 3), (7, 3, 4, 2), (5, 6, 3, 4)):
        mask = np.ones((T, B))
        mask[-2:, 0] = 0
        mask[[0, 3], 1] = 0
        mask[:, 2:3] = mask[:, 2:3] if T == 7 else 0
        if T != 6:
            mask[4] = 0
        mask = mask[:, rng.permutation(B)]
        cases.append(Case((normal(rng, T, B, D), normal(rng, B, H), mask, rnn_parameters(rng, D, H))))
    single = np.array([[1.0], [0.0], [1.0], [1.0], [0.0]])
    x, h0, p = normal(rng, 5, 1, 3), normal(rng, 1, 2), rnn_parameters(rng, 3, 2)
    same = padding_mask(4, rng.permutation([4, 1, 3, 2]))
    zeros = normal(rng, 3, 2, 3)
    zeros[1] = 0.0
    return [
        *cases,
        edge("with a single sequence", x, h0, single, p),
        edge("with a single step", normal(rng, 1, 3, 3), normal(rng, 3, 2), np.array([[1.0, 0.0, 1.0]]), p),
        edge("without padding", normal(rng, 4, 3, 3), normal(rng, 3, 2), np.ones((4, 3)), p),
        edge(
            "when a real input is all zeros",
            zeros,
            normal(rng, 2, 2),
            np.array([[1.0, 1], [1, 1], [1, 0]]),
            p,
        ),
        edge(SAME_SIZES, normal(rng, 4, 4, 4), normal(rng, 4, 4), same, rnn_parameters(rng, 4, 4)),
    ]


MASKED_FORWARD = task("masked_forward", reference=_held, cases=_masked_cases, forbidden=ENGINES)


@MASKED_FORWARD.mistake
def mask_not_used(x, h0, mask, p):
    """The mask is not used, so padding moves the state. Where the mask is 0, the previous state is kept."""
    return _forward(x, h0, p)


@MASKED_FORWARD.mistake
def state_set_to_zero(x, h0, mask, p):
    """At padding your state becomes 0, so everything it knew is gone. The previous state should be kept there."""
    return _held(x, h0, mask, p, carried=lambda new, previous, m_t: m_t * new)


@MASKED_FORWARD.mistake
def input_set_to_zero(x, h0, mask, p):
    """You set the inputs at padding to 0. But zeros are an input like any other: the step is still made, and
    `W_hh` and the bias move the state.
    """
    return _forward(x * mask[:, :, None], h0, p)


@MASKED_FORWARD.mistake
def mask_inverted(x, h0, mask, p):
    """The mask works in reverse: your state moves at padding and stands still at real steps."""
    return _held(x, h0, 1 - mask, p)


@MASKED_FORWARD.mistake
def back_to_h0(x, h0, mask, p):
    """At padding your state goes back to `h0`. It should stay what it was one step before."""
    return _held(x, h0, mask, p, carried=lambda new, previous, m_t: m_t * new + (1 - m_t) * h0)


@MASKED_FORWARD.mistake
def only_the_result_masked(x, h0, mask, p):
    """What you return looks masked, but the state that goes on to the next step is not: after padding, a real
    step starts from a state that padding has moved. The mask belongs inside the loop, before the state is
    carried on.
    """
    return _held(
        x,
        h0,
        mask,
        p,
        carried=lambda new, previous, m_t: new,
        stored=lambda new, previous, m_t: m_t * new + (1 - m_t) * previous,
    )


@MASKED_FORWARD.mistake
def result_set_to_zero(x, h0, mask, p):
    """The state is carried correctly, but you return zeros at padding. Return the state that was kept."""
    return _held(x, h0, mask, p, stored=lambda new, previous, m_t: m_t * new)


@MASKED_FORWARD.mistake
def forward_then_zero(x, h0, mask, p):
    """You run the ordinary forward pass and set the result to 0 at padding. By then the padding has already moved
    the state. The mask belongs inside the loop.
    """
    return _forward(x, h0, p) * mask[:, :, None]


@MASKED_FORWARD.mistake
def unmasked_state_returned(x, h0, mask, p):
    """The state is carried correctly, but at padding you return the state that the ordinary step would give."""
    return _held(x, h0, mask, p, stored=lambda new, previous, m_t: new)


@MASKED_FORWARD.mistake
def previous_state_added(x, h0, mask, p):
    """At real steps you add the previous state to the new one. It is kept only where the mask is 0."""
    return _held(x, h0, mask, p, carried=lambda new, previous, m_t: m_t * new + previous)


@MASKED_FORWARD.mistake
def one_mask_for_all(x, h0, mask, p):
    """All sequences follow the mask of the first one. Column b of the mask belongs to sequence b."""
    return _held(x, h0, np.repeat(mask[:, :1], mask.shape[1], axis=1), p)


@MASKED_FORWARD.mistake
def first_mask_always(x, h0, mask, p):
    """Every step uses the first row of the mask. Row t belongs to step t."""
    return _held(x, h0, np.repeat(mask[:1], len(mask), axis=0), p)


@MASKED_FORWARD.mistake
def stops_at_the_first_padding(x, h0, mask, p):
    """After the first padding of a sequence your state never moves again. A real step may follow: look at the
    mask of each step.
    """
    return _held(x, h0, np.minimum.accumulate(mask, axis=0), p)


@MASKED_FORWARD.mistake
def ignores_h0_at_the_start(x, h0, mask, p):
    """Your sequences start from zeros. The first state is `h0`, and padding in front should leave it alone."""
    return _held(x, np.zeros_like(h0), mask, p)


@MASKED_FORWARD.mistake
def only_the_final_states(x, h0, mask, p):
    """These are the states after the last step. Return the states after all steps, (T, B, H)."""
    return _held(x, h0, mask, p)[-1]


@MASKED_FORWARD.mistake
def stored_before_the_step(x, h0, mask, p):
    """You store the state that a step starts from. Store the one it ends with."""
    return _held(x, h0, mask, p, stored=lambda new, previous, m_t: previous)


@MASKED_FORWARD.mistake
def state_not_carried(x, h0, mask, p):
    """Every step starts from `h0` again. What one step ends with is what the next one has to start from."""
    return _held(
        x,
        h0,
        mask,
        p,
        carried=lambda new, previous, m_t: h0,
        stored=lambda new, previous, m_t: m_t * new + (1 - m_t) * h0,
    )


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
    """This still does what the broken function does. Print `h` after every step of the loop: what happens to the
    entries that are already in it? And look at `h0` after the call.
    """
    return _broken_states(x, h0, p)


@MENDED_STATES.mistake
def only_h0_saved(x, h0, p):
    """`h0` is safe now, but the list still holds the same array T times, and every step writes into it."""
    return _broken_states(x, h0.copy(), p)


@MENDED_STATES.mistake
def only_the_list_saved(x, h0, p):
    """The states are right now, but `h0` is not what it was: whoever calls your function twice with the same `h0`
    gets two answers. The first line of the function gives the same array a second name.
    """
    h_t, h = h0, []
    for x_t in x:
        h_t[:] = reference_step(x_t, h_t, p)
        h.append(h_t.copy())
    return np.stack(h)


@MENDED_STATES.mistake
def starts_from_zeros(x, h0, p):
    """No array is overwritten anymore, but now the sequence starts from zeros instead of `h0`."""
    return _forward(x, np.zeros_like(h0), p)


@MENDED_STATES.mistake
def no_carry_any_more(x, h0, p):
    """No array is overwritten anymore, but now every step starts from `h0`. The state has to be carried on."""
    return np.stack([reference_step(x_t, h0, p) for x_t in x])


@MENDED_STATES.mistake
def copied_too_early(x, h0, p):
    """You store the state before the step, so `h0` is in your result and the last state is missing."""
    return np.concatenate([h0[None], _forward(x, h0, p)[:-1]])


@MENDED_STATES.mistake
def first_state_in_the_list(x, h0, p):
    """Your result begins with `h0`. Return the T states after the steps."""
    return np.concatenate([h0[None], _forward(x, h0, p)])


@MENDED_STATES.mistake
def only_the_last_one(x, h0, p):
    """This is the last state alone. Return all of them, stacked."""
    return _forward(x, h0, p)[-1]


@MENDED_STATES.mistake
def tanh_lost(x, h0, p):
    """No array is overwritten anymore, but the tanh has been lost on the way. Change as little as you can."""
    h_t, h = h0, []
    for x_t in x:
        h_t = x_t @ p["W_xh"] + h_t @ p["W_hh"] + p["b_h"]
        h.append(h_t)
    return np.stack(h)


@MENDED_STATES.mistake
def bias_lost(x, h0, p):
    """No array is overwritten anymore, but the bias has been lost on the way. Change as little as you can."""
    return _forward(x, h0, {**p, "b_h": np.zeros_like(p["b_h"])})


# ---------------------------------------------------------------- the answer fed back


def _jordan_cases(rng):
    sizes = ((5, 3, 2, 6, 4), (6, 2, 5, 4, 3), (4, 5, 3, 2, 6))
    return [
        *(Case(_jordan_arguments(rng, *some)) for some in sizes),
        edge("with a single sequence", *_jordan_arguments(rng, 4, 1, 2, 3, 5)),
        edge("with a single step", *_jordan_arguments(rng, 1, 3, 2, 4, 5)),
        edge(SAME_SIZES, *_jordan_arguments(rng, 3, 3, 3, 3, 3)),
    ]


def _jordan_arguments(rng, T, B, D, H, K):
    p = {
        "W_xh": normal(rng, D, H),
        "W_yh": normal(rng, K, H, scale=2),
        "b_h": rnn_parameters(rng, D, H)["b_h"],
        **readout_parameters(rng, H, K),
    }
    return normal(rng, T, B, D), p


def _jordan(x, p, *, back=softmax, first=0.0, kept=softmax, phi=np.tanh):
    """Return what `kept` makes of the logits of each step; back: what is fed back; first: what is fed in first."""
    fed, given = np.full((x.shape[1], p["W_hy"].shape[1]), first), []
    for x_t in x:
        h_t = phi(x_t @ p["W_xh"] + fed @ p["W_yh"] + p["b_h"])
        s_t = h_t @ p["W_hy"] + p["b_y"]
        fed = back(s_t)
        given.append(kept(s_t))
    return np.stack(given)


def _softmax_over_the_batch(s_t):
    return softmax(s_t.T).T


def _one_hot_answer(s_t):
    return (s_t == s_t.max(axis=1, keepdims=True)).astype(float)


def _without(p, name):
    return {**p, name: np.zeros_like(p[name])}


def _hidden(x, p):
    """Return the hidden states of Jordan's net."""
    fed, h = np.zeros((x.shape[1], p["W_hy"].shape[1])), []
    for x_t in x:
        h.append(np.tanh(x_t @ p["W_xh"] + fed @ p["W_yh"] + p["b_h"]))
        fed = softmax(h[-1] @ p["W_hy"] + p["b_y"])
    return np.stack(h)


JORDAN_FORWARD = task("jordan_forward", reference=_jordan, cases=_jordan_cases, forbidden=ENGINES)


@JORDAN_FORWARD.mistake
def logits_fed_back(x, p):
    """You feed back the logits. In this network their softmax is fed back, the answer itself."""
    return _jordan(x, p, back=np.copy)


@JORDAN_FORWARD.mistake
def likeliest_answer_fed_back(x, p):
    """You feed back a one-hot vector, or something like it, for the likeliest answer. All the probabilities are
    fed back.
    """
    return _jordan(x, p, back=_one_hot_answer)


@JORDAN_FORWARD.mistake
def nothing_fed_back(x, p):
    """Every step starts from zeros, as if there had been no answer before. What one step answers has to reach the
    next one.
    """
    return _jordan(x, p, back=np.zeros_like)


@JORDAN_FORWARD.mistake
def logits_returned(x, p):
    """The feedback is right, but you return the logits. Return the probabilities."""
    return _jordan(x, p, kept=np.copy)


@JORDAN_FORWARD.mistake
def no_softmax_at_all(x, p):
    """The softmax is missing, both in what is returned and in what is fed back."""
    return _jordan(x, p, back=np.copy, kept=np.copy)


@JORDAN_FORWARD.mistake
def states_returned(x, p):
    """These are the hidden states, and they are right. Return the answers that the network reads from them."""
    return _hidden(x, p)


@JORDAN_FORWARD.mistake
def likeliest_answers_returned(x, p):
    """These are the indices of the likeliest answers. Return all the probabilities, (T, B, K)."""
    return _jordan(x, p).argmax(axis=-1)


@JORDAN_FORWARD.mistake
def only_the_last_answer(x, p):
    """This is the last answer alone. Return the answers of all steps."""
    return _jordan(x, p)[-1]


@JORDAN_FORWARD.mistake
def starts_from_even_odds(x, p):
    """Before the first step you feed in equal probabilities. There has been no answer yet: a row of zeros."""
    return _jordan(x, p, first=1 / p["W_hy"].shape[1])


@JORDAN_FORWARD.mistake
def starts_from_ones(x, p):
    """Before the first step you feed in ones. There has been no answer yet: a row of zeros."""
    return _jordan(x, p, first=1.0)


@JORDAN_FORWARD.mistake
def softmax_over_the_batch(x, p):
    """Your probabilities add up to 1 down the columns, over the sequences of the batch. Each row is an answer of
    its own and must add up to 1.
    """
    return _jordan(x, p, back=_softmax_over_the_batch, kept=_softmax_over_the_batch)


@JORDAN_FORWARD.mistake
def no_tanh(x, p):
    """The hidden state goes into the readout without the tanh."""
    return _jordan(x, p, phi=np.copy)


@JORDAN_FORWARD.mistake
def sigmoid_in_the_hidden_layer(x, p):
    """The hidden state is squashed into 0 to 1. The equation has tanh."""
    return _jordan(x, p, phi=sigmoid)


@JORDAN_FORWARD.mistake
def no_bias_in_the_hidden_layer(x, p):
    """`b_h` is never used. It is added before the tanh."""
    return _jordan(x, _without(p, "b_h"))


@JORDAN_FORWARD.mistake
def no_bias_in_the_readout(x, p):
    """`b_y` is never used. The logits have a bias."""
    return _jordan(x, _without(p, "b_y"))


@JORDAN_FORWARD.mistake
def input_ignored(x, p):
    """`x` is never read. The input of the step is added inside the tanh, as in `rnn_step`."""
    return _jordan(np.zeros_like(x), p)


@JORDAN_FORWARD.mistake
def stored_before_the_step(x, p):
    """You store the previous answer, not the one that a step gives. So zeros are in your result, and the last
    answer is missing.
    """
    y = _jordan(x, p)
    return np.concatenate([np.zeros_like(y[:1]), y[:-1]])


@JORDAN_FORWARD.mistake
def answers_added_up(x, p):
    """You add up the answers and feed back the sum. Only the previous answer is fed back."""
    total = np.zeros((x.shape[1], p["W_hy"].shape[1]))
    given = []
    for x_t in x:
        h_t = np.tanh(x_t @ p["W_xh"] + total @ p["W_yh"] + p["b_h"])
        given.append(softmax(h_t @ p["W_hy"] + p["b_y"]))
        total = total + given[-1]
    return np.stack(given)


@JORDAN_FORWARD.mistake
def first_answer_always(x, p):
    """Every step is fed the first answer. After each step the new answer takes its place."""
    fed, given = np.zeros((x.shape[1], p["W_hy"].shape[1])), []
    for x_t in x:
        h_t = np.tanh(x_t @ p["W_xh"] + fed @ p["W_yh"] + p["b_h"])
        given.append(softmax(h_t @ p["W_hy"] + p["b_y"]))
        fed = given[0]
    return np.stack(given)


@JORDAN_FORWARD.mistake
def batch_first(x, p):
    """The answers are right, but the sequences come first. Time is the first axis: (T, B, K)."""
    return _jordan(x, p).swapaxes(0, 1).copy()
