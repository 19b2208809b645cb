"""Chapter 04: differences, one step back, the whole way back, a patient, clipping, windows that cut the gradient."""

from __future__ import annotations

import numpy as np

from rnncourse.checks.bank.inputs import normal, rnn_parameters, states
from rnncourse.checks.bank.statements import task
from rnncourse.checks.task import ENGINES, Case, Named
from rnncourse.in_numpy import rnn_step

NAMES = ("W_xh", "W_hh", "b_h")

# ---------------------------------------------------------------- central differences


def loss_at(w):
    """Return a loss that is no straight line, for w of any shape; the notebook defines the same."""
    return np.sum(w**3) + np.log(np.sum(np.exp(w)))


def _nudge_cases(rng):
    return [
        Case((Named("loss_at", loss_at), normal(rng, *shape), eps))
        for shape, eps in (((3, 4), 0.02), ((5, 2), 0.01))
    ]


def _slopes(f, w, up, down, distance):
    """Return (f at w + up − f at w − down) / distance, for a nudge of each entry in turn."""
    slopes = np.zeros_like(w)
    for where in np.ndindex(w.shape):
        nudge = np.zeros_like(w)
        nudge[where] = 1
        slopes[where] = (f(w + up * nudge) - f(w - down * nudge)) / distance
    return slopes


def _central_differences(f, w, eps):
    return _slopes(f, w, eps, eps, 2 * eps)


CENTRAL_DIFFERENCES = task(
    "central_differences", reference=_central_differences, cases=_nudge_cases, forbidden=ENGINES
)


@CENTRAL_DIFFERENCES.mistake
def one_sided(f, w, eps):
    """You nudge up only and compare with where you stand. That slope belongs to a point half a nudge further
    up, and it has fewer right digits. A central difference nudges up and down.
    """
    return _slopes(f, w, eps, 0, eps)


@CENTRAL_DIFFERENCES.mistake
def half_the_distance(f, w, eps):
    """Every slope is twice what it should be. You nudge up by `eps` and down by `eps`: how far apart are the
    two places at which you measure?
    """
    return _slopes(f, w, eps, eps, eps)


@CENTRAL_DIFFERENCES.mistake
def brackets_missing(f, w, eps):
    """Your slopes are far too small, all by the same factor. Python works from left to right: `/ 2 * eps`
    divides by 2 and then multiplies by `eps`. The distance as a whole is what to divide by.
    """
    return _slopes(f, w, eps, eps, 2) * eps


@CENTRAL_DIFFERENCES.mistake
def all_at_once(f, w, eps):
    """You nudge all numbers of `w` at once, so what comes out is one number, the sum of all slopes. To see
    whose slope is which, nudge one at a time.
    """
    return (f(w + eps) - f(w - eps)) / (2 * eps)


@CENTRAL_DIFFERENCES.mistake
def the_same_array_twice(f, w, eps):
    """Every slope is 0. Did you write something like `up = w`? That is a second name for the same array, not
    a copy, so nudging `down` undoes the nudge of `up` before the loss is measured.
    """
    return np.zeros_like(w)


@CENTRAL_DIFFERENCES.mistake
def not_put_back(f, w, eps):
    """The first slope is right, and from then on errors creep in: a number that was nudged stays nudged while
    the next one is measured. Put each number back before you go on.
    """
    slopes = np.zeros_like(w)
    for where in np.ndindex(w.shape):
        w[where] += eps
        above = f(w)
        w[where] -= 2 * eps
        slopes[where] = (above - f(w)) / (2 * eps)
    return slopes


@CENTRAL_DIFFERENCES.mistake
def wrong_way_round(f, w, eps):
    """Every slope has the wrong sign. Which of the two losses is taken off the other? A slope is positive
    where the loss grows with the number.
    """
    return -_slopes(f, w, eps, eps, 2 * eps)


# ---------------------------------------------------------------- one step back


def _back(dh_t, x_t, h_prev, h_t, p, slope=lambda h: 1 - h**2, kept=None):
    """Return dx_t, dh_prev and grads; kept: the state that W_hh is said to have met."""
    da_t = dh_t * slope(h_t)
    met = h_prev if kept is None else kept
    grads = {"W_xh": x_t.T @ da_t, "W_hh": met.T @ da_t, "b_h": da_t.sum(axis=0)}
    return da_t @ p["W_xh"].T, da_t @ p["W_hh"].T, grads


def _one_step_cases(rng):
    cases = []
    for B, D, H in ((3, 4, 5), (2, 6, 3)):
        x_t, h_prev, p = normal(rng, B, D), normal(rng, B, H), rnn_parameters(rng, D, H)
        cases.append(Case((normal(rng, B, H), x_t, h_prev, states(rng, B, H), p)))
    return cases


RNN_STEP_BACKWARD = task(
    "rnn_step_backward",
    reference=_back,
    cases=_one_step_cases,
    outputs=("dx_t", "dh_prev", "grads"),
    forbidden=ENGINES,
)


@RNN_STEP_BACKWARD.mistake
def tanh_not_undone(dh_t, x_t, h_prev, h_t, p):
    """You go from `dh_t` to the weights as if there were no tanh in between. On the way forward tanh came
    last, so it is the first thing to undo, and everything else is made from the result.
    """
    return _back(dh_t, x_t, h_prev, h_t, p, lambda h: 1)


@RNN_STEP_BACKWARD.mistake
def slope_at_the_state(dh_t, x_t, h_prev, h_t, p):
    """You take the slope of tanh at the state. The slope belongs to the sum `a_t` that went into tanh, and
    the state is the tanh of it already: here tanh is taken twice.
    """
    return _back(dh_t, x_t, h_prev, h_t, p, lambda h: 1 - np.tanh(h) ** 2)


@RNN_STEP_BACKWARD.mistake
def square_forgotten(dh_t, x_t, h_prev, h_t, p):
    """Your slope of tanh is larger than 1 where the state is negative, and that cannot be: tanh is never
    steeper than 1. Compare your slope with the formula of term 4.
    """
    return _back(dh_t, x_t, h_prev, h_t, p, lambda h: 1 - h)


@RNN_STEP_BACKWARD.mistake
def sigmoid_slope(dh_t, x_t, h_prev, h_t, p):
    """This is the slope of the sigmoid, written with its output. The state of this net comes out of a tanh."""
    return _back(dh_t, x_t, h_prev, h_t, p, lambda h: h * (1 - h))


@RNN_STEP_BACKWARD.mistake
def transposed_W_hh(dh_t, x_t, h_prev, h_t, p):
    """`W_hh` is square, so it fits both ways round, and this is the wrong one. Rule 1: what goes back through
    a product meets the transpose of the matrix.
    """
    dx_t, _, grads = _back(dh_t, x_t, h_prev, h_t, p)
    return dx_t, dh_t * (1 - h_t**2) @ p["W_hh"], grads


@RNN_STEP_BACKWARD.mistake
def gradient_lies_on_its_side(dh_t, x_t, h_prev, h_t, p):
    """The gradient of `W_hh` lies on its side. Row i of `W_hh` belongs to unit i of the old state, so row i
    of its gradient is made with that unit of `h_prev`. Which of the two is transposed in rule 1?
    """
    dx_t, dh_prev, grads = _back(dh_t, x_t, h_prev, h_t, p)
    return dx_t, dh_prev, {**grads, "W_hh": grads["W_hh"].T}


@RNN_STEP_BACKWARD.mistake
def state_after_the_step(dh_t, x_t, h_prev, h_t, p):
    """You use the state after the step. On the way forward `W_hh` was multiplied with the state before it."""
    return _back(dh_t, x_t, h_prev, h_t, p, kept=h_t)


@RNN_STEP_BACKWARD.mistake
def bias_not_summed(dh_t, x_t, h_prev, h_t, p):
    """The bias has one number for each unit, and so has its gradient. On the way forward the same bias was
    added to every sequence of the batch. What do roads that meet do?
    """
    dx_t, dh_prev, grads = _back(dh_t, x_t, h_prev, h_t, p)
    return dx_t, dh_prev, {**grads, "b_h": dh_t * (1 - h_t**2)}


@RNN_STEP_BACKWARD.mistake
def bias_summed_over_units(dh_t, x_t, h_prev, h_t, p):
    """You have added up all of `da_t`, over the batch and over the units, into one number. Each unit has a
    bias of its own. Along which axis are its shares?
    """
    dx_t, dh_prev, grads = _back(dh_t, x_t, h_prev, h_t, p)
    return dx_t, dh_prev, {**grads, "b_h": grads["b_h"].sum()}


@RNN_STEP_BACKWARD.mistake
def mean_over_the_batch(dh_t, x_t, h_prev, h_t, p):
    """You divide by the number of sequences. If the loss is a mean over the batch, that is in `dh_t` already;
    here the shares of the sequences are added.
    """
    dx_t, dh_prev, grads = _back(dh_t, x_t, h_prev, h_t, p)
    return dx_t, dh_prev, {name: g / len(x_t) for name, g in grads.items()}


@RNN_STEP_BACKWARD.mistake
def state_computed_again(dh_t, x_t, h_prev, h_t, p):
    """You run the step forward once more, and do not use the `h_t` that came in. The backward pass takes the states
    as they are given; the random ones here come from no net. Write the derivative with `h_t` itself.
    """
    return _back(dh_t, x_t, h_prev, rnn_step(x_t, h_prev, p), p)


# ---------------------------------------------------------------- the whole way back


def _all_back(dh, x, h0, h, p, before=None, carried=lambda t, carry: carry, steps=None):
    """Return dx, dh0 and grads of a whole sequence.

    before: the states said to have stood before each step. carried: what of the carry reaches step t. steps: those
    that give the weights a share.
    """
    before = np.concatenate([h0[None], h[:-1]]) if before is None else before
    carry, dx = np.zeros_like(h0), np.zeros_like(x)
    grads = {name: np.zeros_like(p[name]) for name in NAMES}
    for t in reversed(range(len(x))):
        dx[t], carry, share = _back(dh[t] + carried(t, carry), x[t], before[t], h[t], p)
        if steps is None or t in steps:
            grads = {name: grads[name] + share[name] for name in NAMES}
    return dx, carry, grads


def _sequence_cases(rng):
    return [_sequence_case(rng, T, B, D, H) for T, B, D, H in ((5, 3, 4, 2), (6, 2, 3, 4))]


def _sequence_case(rng, T, B, D, H, *more):
    x, h0, p = normal(rng, T, B, D), normal(rng, B, H, scale=0.7), rnn_parameters(rng, D, H)
    return Case((normal(rng, T, B, H), x, h0, states(rng, T, B, H), p, *more))


RNN_BACKWARD = task(
    "rnn_backward",
    reference=_all_back,
    cases=_sequence_cases,
    outputs=("dx", "dh0", "grads"),
    forbidden=ENGINES,
)


@RNN_BACKWARD.mistake
def states_computed_again(dh, x, h0, h, p):
    """You run the net forward once more, and do not use the states `h` that came in. The backward pass takes the
    states as they are given; the random ones here come from no net.
    """
    forward = [h0]
    for x_t in x:
        forward.append(rnn_step(x_t, forward[-1], p))
    return _all_back(dh, x, h0, np.stack(forward[1:]), p)


@RNN_BACKWARD.mistake
def forgot_the_carry(dh, x, h0, h, p):
    """Every step hears of its own loss only. What comes back from the step after never arrives, although it
    is computed. Two roads meet at a state.
    """
    return _all_back(dh, x, h0, h, p, carried=lambda t, carry: 0)


@RNN_BACKWARD.mistake
def shares_overwritten(dh, x, h0, h, p):
    """Your gradients of the weights hold the share of one step only, the one that the sweep came to last. The
    same weights were used at every step: what happens to the shares?
    """
    return _all_back(dh, x, h0, h, p, steps=(0,))


@RNN_BACKWARD.mistake
def sweep_from_the_front(dh, x, h0, h, p):
    """Your sweep begins at the first step. But a step needs what the step after it sends back, and that must
    be there first.
    """
    # The sweep runs from the first step to the last, and carries the wrong way.
    before = np.concatenate([h0[None], h[:-1]])
    carry, dx = np.zeros_like(h0), np.zeros_like(x)
    grads = {name: np.zeros_like(p[name]) for name in NAMES}
    for t in range(len(x)):
        dx[t], carry, share = _back(dh[t] + carry, x[t], before[t], h[t], p)
        grads = {name: grads[name] + share[name] for name in NAMES}
    return dx, carry, grads


@RNN_BACKWARD.mistake
def wrapped_round(dh, x, h0, h, p):
    """At the first step your state before it is the last of the sequence: `h[-1]` is a valid index in Python,
    and means the end. What stood before the first step came in as an argument.
    """
    return _all_back(dh, x, h0, h, p, before=np.roll(h, 1, axis=0))


@RNN_BACKWARD.mistake
def state_after_the_step(dh, x, h0, h, p):
    """`h[t]` is the state after step t. `W_hh` met the state before it."""
    return _all_back(dh, x, h0, h, p, before=h)


@RNN_BACKWARD.mistake
def dx_backwards(dh, x, h0, h, p):
    """The gradients of the inputs are right, but in the order in which the sweep came by: the last step
    first. Step t belongs at place t.
    """
    dx, dh0, grads = _all_back(dh, x, h0, h, p)
    return dx[::-1].copy(), dh0, grads


@RNN_BACKWARD.mistake
def mean_over_the_steps(dh, x, h0, h, p):
    """You divide by the number of steps. The mean over the steps is in the loss, and so in `dh` already. The
    uses of a weight are not averaged; their shares are added.
    """
    dx, dh0, grads = _all_back(dh, x, h0, h, p)
    return dx, dh0, {name: g / len(x) for name, g in grads.items()}


@RNN_BACKWARD.mistake
def dh0_one_step_short(dh, x, h0, h, p):
    """Your `dh0` is the gradient of the first state, `h[0]`. One more step back lies `h0`: through tanh, and
    over `W_hh`. That is what your one-step function hands back.
    """
    # dh0 is what arrives at the first state, not what is left of it before the first step.
    dx, _, grads = _all_back(dh, x, h0, h, p)
    carry = np.zeros_like(h0)
    for t in reversed(range(1, len(x))):
        carry = (dh[t] + carry) * (1 - h[t] ** 2) @ p["W_hh"].T
    return dx, dh[0] + carry, grads


# ---------------------------------------------------------------- a patient with two illnesses


def _patient(p, x, h, dh, before, carry_from_dh=False, transpose=True):
    """Return the gradients of a tanh net's sweep, healthy or not."""
    grads = {name: np.zeros_like(p[name]) for name in NAMES}
    carry = np.zeros_like(p["h0"])
    for t in reversed(range(len(dh))):
        dh_t = dh[t] + carry
        da_t = dh_t * (1 - h[t] ** 2)
        grads["W_xh"] += x[t].T @ da_t
        grads["W_hh"] += before[t].T @ da_t
        grads["b_h"] += da_t.sum(axis=0)
        carry = (dh_t if carry_from_dh else da_t) @ (p["W_hh"].T if transpose else p["W_hh"])
    return {**grads, "h0": carry}


def _before(p, h):
    return np.concatenate([p["h0"][None], h[:-1]])


def _patient_cases(rng):
    cases = []
    for T, B, D, H in ((5, 3, 2, 4), (4, 2, 5, 3)):
        dh, x, h0, h, p = _sequence_case(rng, T, B, D, H).args
        cases.append(Case(({**p, "h0": h0}, x, h, dh)))
    return cases


def _mended_f(p, x, h, dh):
    return _patient(p, x, h, dh, _before(p, h))


MENDED_F = task("mended_f", reference=_mended_f, cases=_patient_cases, forbidden=ENGINES)


@MENDED_F.mistake
def still_broken(p, x, h, dh):
    """Both bugs are still in. One of them does harm at the first step of the sequence alone, and only to
    `W_hh`. The other spoils everything but the last step.
    """
    return _patient(p, x, h, dh, np.roll(h, 1, axis=0), carry_from_dh=True)


@MENDED_F.mistake
def carry_still_broken(p, x, h, dh):
    """One bug is mended: the first step now meets the right state. The other is still in. With a single step
    everything is right but `h0`, so follow what goes from one step to the step before.
    """
    return _patient(p, x, h, dh, _before(p, h), carry_from_dh=True)


@MENDED_F.mistake
def start_still_broken(p, x, h, dh):
    """One bug is mended: what goes back through time is right. The other is still in, and shows in `W_hh`
    alone. Which state does `W_hh` meet when t is 0? Python will not complain about that index.
    """
    return _patient(p, x, h, dh, np.roll(h, 1, axis=0))


@MENDED_F.mistake
def start_from_zeros(p, x, h, dh):
    """Both bugs are found. But the state before the first step is not zero: it is one of the parameters."""
    return _patient(p, x, h, dh, np.concatenate([np.zeros((1, *h.shape[1:])), h[:-1]]))


@MENDED_F.mistake
def first_share_dropped(p, x, h, dh):
    """You leave out the share of the first step, or let it meet zeros. The state before it is one of the
    parameters. And one bug is still in: look at what goes from one step to the step before.
    """
    return _patient(p, x, h, dh, np.concatenate([np.zeros((1, *h.shape[1:])), h[:-1]]), carry_from_dh=True)


@MENDED_F.mistake
def transpose_lost(p, x, h, dh):
    """Both bugs are found, but a new one has come in: on the way back the carry meets `W_hh` the wrong way
    round. The matrix is square, so the shapes say nothing.
    """
    return _patient(p, x, h, dh, _before(p, h), transpose=False)


@MENDED_F.mistake
def state_after_the_step(p, x, h, dh):
    """The carry is right now. But `W_hh` meets the state after each step, at every step; that is patient D's
    illness.
    """
    return _patient(p, x, h, dh, h)


# ---------------------------------------------------------------- explanation


# ---------------------------------------------------------------- clipping


def _norm(grads):
    return np.sqrt(sum((g**2).sum() for g in grads.values()))


def _scaled(grads, factor):
    return {name: g * factor for name, g in grads.items()}


def _clip(grads, max_norm):
    return _scaled(grads, min(1, max_norm / _norm(grads)))


def _gradients(rng, lengths):
    grads = {name: normal(rng, *shape) for name, shape in zip(NAMES, ((4, 3), (3, 3), (3,)), strict=True)}
    return {
        name: g * (length / np.linalg.norm(g))
        for length, (name, g) in zip(lengths, grads.items(), strict=True)
    }


def _clip_cases(rng):
    """Three arrays of lengths 2.4, 1.5 and 1 are too long for a limit of 0.6; 0.4, 0.3 and 0.2 are not."""
    return [
        Case((_gradients(rng, (2.4, 1.5, 1.0)), 0.6), about="with a gradient that is too long"),
        Case((_gradients(rng, (0.4, 0.3, 0.2)), 0.6), about="with a gradient that is short enough already"),
    ]


CLIP_GRADIENTS = task("clip_gradients", reference=_clip, cases=_clip_cases, forbidden=ENGINES)


@CLIP_GRADIENTS.mistake
def each_array_by_itself(grads, max_norm):
    """You clip every array by its own length, each with a factor of its own. Then the arrow turns, and it is
    still too long. All arrays together are one arrow, with one length and one factor.
    """
    return {name: g * min(1, max_norm / np.linalg.norm(g)) for name, g in grads.items()}


@CLIP_GRADIENTS.mistake
def each_number_by_itself(grads, max_norm):
    """You cut off every number by itself. In the chapter that turned the gradient, to a cosine of 0.86. Asked
    for is one factor for all numbers.
    """
    return {name: np.clip(g, -max_norm, max_norm) for name, g in grads.items()}


@CLIP_GRADIENTS.mistake
def always_scaled(grads, max_norm):
    """A gradient that is shorter than the limit comes out longer. Clipping only ever shortens; what is short
    enough stays as it is.
    """
    return _scaled(grads, max_norm / _norm(grads))


@CLIP_GRADIENTS.mistake
def root_forgotten(grads, max_norm):
    """Your factor uses the sum of the squares. The length of an arrow is the root of it."""
    return _scaled(grads, min(1, max_norm / _norm(grads) ** 2))


@CLIP_GRADIENTS.mistake
def lengths_added(grads, max_norm):
    """You add up the lengths of the arrays. Lengths do not add like that: to go 3 east and 4 north is to be 5
    away. It is the squares that are added.
    """
    return _scaled(grads, min(1, max_norm / sum(np.linalg.norm(g) for g in grads.values())))


@CLIP_GRADIENTS.mistake
def largest_number(grads, max_norm):
    """You limit the largest number of the gradient. The direction is kept, but it is the length of the whole
    arrow that has the limit.
    """
    return _scaled(grads, min(1, max_norm / max(np.abs(g).max() for g in grads.values())))


# ---------------------------------------------------------------- truncation


def _cut(window, late=0):
    """Return what of the carry reaches step t when the last step of every window gets none; late: of cuts misplaced."""
    return lambda t, carry: 0 if (t + 1 - late) % window == 0 else carry


def _truncated(dh, x, h0, h, p, window):
    return _all_back(dh, x, h0, h, p, carried=_cut(window))[2]


def _from_other_states(dh, x, h0, h, p, window, first):
    """Cut in the right places, but begin every later window from the state `first`."""
    before = np.concatenate([h0[None], h[:-1]])
    before[window::window] = first
    return _all_back(dh, x, h0, h, p, before=before, carried=_cut(window))[2]


def _truncated_backward_cases(rng):
    return [_sequence_case(rng, *sizes) for sizes in ((7, 3, 4, 2, 3), (8, 2, 3, 5, 3))]


TRUNCATED_BACKWARD = task(
    "truncated_backward", reference=_truncated, cases=_truncated_backward_cases, forbidden=ENGINES
)


@TRUNCATED_BACKWARD.mistake
def never_cut(dh, x, h0, h, p, window):
    """Your gradient is the full one: it travels from the last step to the first without a cut. What has to be
    thrown away at the edge of a window?
    """
    return _all_back(dh, x, h0, h, p)[2]


@TRUNCATED_BACKWARD.mistake
def cut_too_late(dh, x, h0, h, p, window):
    """Your cut lies one step too late in time: a window's first step gets nothing from the window's own later
    steps, and sends its gradient to the window before. The steps 0 to `window` − 1 belong together.
    """
    return _all_back(dh, x, h0, h, p, carried=_cut(window, 1))[2]


@TRUNCATED_BACKWARD.mistake
def cut_too_early(dh, x, h0, h, p, window):
    """Your cut lies one step too early in time: the last step of each window is cut off from the steps before
    it. The steps 0 to `window` − 1 belong together.
    """
    return _all_back(dh, x, h0, h, p, carried=_cut(window, -1))[2]


@TRUNCATED_BACKWARD.mistake
def state_cut_too(dh, x, h0, h, p, window):
    """The gradient is cut in the right places, and so is the state: your windows begin with a blank one.
    Going forward nothing is lost at a cut. Which state stood before the first step of the second window?
    """
    return _from_other_states(dh, x, h0, h, p, window, np.zeros_like(h0))


@TRUNCATED_BACKWARD.mistake
def starts_from_h0_again(dh, x, h0, h, p, window):
    """Every window begins with `h0` in your sweep. That is the state before the very first step. Later
    windows began with the last state of the window before.
    """
    return _from_other_states(dh, x, h0, h, p, window, h0)


@TRUNCATED_BACKWARD.mistake
def only_the_last_window(dh, x, h0, h, p, window):
    """Your gradient comes from the last window alone. Every window has a sweep of its own, and their shares
    are added.
    """
    start = (len(x) - 1) // window * window
    return _all_back(dh[start:], x[start:], h[start - 1], h[start:], p)[2]


@TRUNCATED_BACKWARD.mistake
def every_loss_reaches_back(dh, x, h0, h, p, window):
    """You let every loss reach back `window` steps, wherever it stands. That is another kind of truncation,
    and costs far more. Here the cuts stand still: the sequence is laid out in windows, and no gradient leaves
    its own.
    """
    # Every loss reaches back `window` steps, wherever it stands.
    total = {name: np.zeros_like(p[name]) for name in NAMES}
    before = np.concatenate([h0[None], h[:-1]])
    for t in range(len(x)):
        first = max(t - window + 1, 0)
        alone = np.zeros_like(dh[first : t + 1])
        alone[-1] = dh[t]
        grads = _all_back(alone, x[first : t + 1], before[first], h[first : t + 1], p)[2]
        total = {name: total[name] + grads[name] for name in NAMES}
    return total
