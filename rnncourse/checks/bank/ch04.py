"""Chapter 04: differences, one step back, a whole sequence, bugs to find, clipping, truncation, a PyTorch loop."""

from __future__ import annotations

import numpy as np

from rnncourse.checks.bank.inputs import SAME_SIZES, edge, normal, rnn_parameters, states
from rnncourse.checks.bank.statements import task
from rnncourse.checks.task import ENGINES, Case, Named
from rnncourse.in_numpy import rnn_step, softmax

NAMES = ("W_xh", "W_hh", "b_h")

# ---------------------------------------------------------------- central differences


def loss_at(w):
    """Return a loss that is not linear, for w of any shape; the notebook defines the same."""
    return np.sum(w**3) + np.log(np.sum(np.exp(w)))


def wavy_loss(w):
    """Return a loss that depends on each entry in its own way; the notebook defines the same."""
    return np.sum(np.sin(w) * np.arange(1, w.size + 1).reshape(w.shape)) + w.flat[0] * w.flat[-1] ** 2


def _nudge_cases(rng):
    """The slopes of wavy_loss are negative at one entry at least, those of loss_at never."""
    tall, wide = normal(rng, 5, 2), normal(rng, 2, 6)
    tall[2, 1], wide[0, 3] = rng.uniform(2.0, 4.0, size=2)
    return [
        Case((Named("loss_at", loss_at), normal(rng, 3, 4), 0.02)),
        Case((Named("wavy_loss", wavy_loss), tall, 0.01)),
        Case((Named("wavy_loss", wavy_loss), wide, 0.1)),
        edge("with a single row", Named("loss_at", loss_at), normal(rng, 1, 5), 0.05),
        edge("with as many rows as columns", Named("loss_at", loss_at), normal(rng, 3, 3), 0.05),
        edge("with a single column", Named("loss_at", loss_at), normal(rng, 4, 1), 0.05),
        edge("with a single number", Named("loss_at", loss_at), normal(rng, 1, 1), 0.05),
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
    """You nudge up only and compare with the loss at `w` itself. That is the slope half a nudge further up, and it
    has fewer correct digits. A central difference nudges up and down.
    """
    return _slopes(f, w, eps, 0, eps)


@CENTRAL_DIFFERENCES.mistake
def one_sided_down(f, w, eps):
    """You nudge down only and compare with the loss at `w` itself. That is the slope half a nudge further down. A
    central difference nudges up and down.
    """
    return _slopes(f, w, 0, eps, eps)


@CENTRAL_DIFFERENCES.mistake
def half_a_difference(f, w, eps):
    """Every slope is about half of what it should be. You nudge in one direction only, but divide by the distance
    of two nudges.
    """
    return _slopes(f, w, eps, 0, 2 * eps)


@CENTRAL_DIFFERENCES.mistake
def half_the_distance(f, w, eps):
    """Every slope is twice what it should be. You nudge up by `eps` and down by `eps`: how far apart are the two
    places at which you measure?
    """
    return _slopes(f, w, eps, eps, eps)


@CENTRAL_DIFFERENCES.mistake
def brackets_missing(f, w, eps):
    """Your slopes are far too small, all by the same factor. Python works from left to right: `/ 2 * eps` divides
    by 2 and then multiplies by `eps`. Put the distance in parentheses.
    """
    return _slopes(f, w, eps, eps, 2) * eps


@CENTRAL_DIFFERENCES.mistake
def not_divided(f, w, eps):
    """These are the differences of the losses. A slope is a difference divided by a distance."""
    return _slopes(f, w, eps, eps, 1)


@CENTRAL_DIFFERENCES.mistake
def eps_of_its_own(f, w, eps):
    """You use a nudge of your own instead of `eps`, so your slopes are close, but not equal to the expected
    ones.
    """
    return _slopes(f, w, 1e-5, 1e-5, 2e-5)


@CENTRAL_DIFFERENCES.mistake
def nudges_twice_as_long(f, w, eps):
    """You nudge by 2 `eps` on each side. A nudge is `eps` long; the distance between the two places is 2 `eps`."""
    return _slopes(f, w, 2 * eps, 2 * eps, 4 * eps)


@CENTRAL_DIFFERENCES.mistake
def nudges_half_as_long(f, w, eps):
    """You nudge by half of `eps` on each side. Each nudge is `eps` long."""
    return _slopes(f, w, eps / 2, eps / 2, eps)


@CENTRAL_DIFFERENCES.mistake
def all_at_once(f, w, eps):
    """You nudge all numbers of `w` at once, so you get a single number, the sum of all slopes. To see whose slope
    is which, nudge one at a time.
    """
    return (f(w + eps) - f(w - eps)) / (2 * eps)


@CENTRAL_DIFFERENCES.mistake
def all_at_once_everywhere(f, w, eps):
    """All your slopes are the same: every number of `w` is nudged each time. Nudge one at a time."""
    return np.full_like(w, (f(w + eps) - f(w - eps)) / (2 * eps))


@CENTRAL_DIFFERENCES.mistake
def whole_rows(f, w, eps):
    """You nudge a whole row of `w` at once. `w` has two axes, and every single number has a slope of its own."""
    slopes = np.zeros_like(w)
    for i in range(len(w)):
        nudge = np.zeros_like(w)
        nudge[i] = eps
        slopes[i] = (f(w + nudge) - f(w - nudge)) / (2 * eps)
    return slopes


@CENTRAL_DIFFERENCES.mistake
def only_the_first_row(f, w, eps):
    """Only the first row has slopes; the others are 0. `w` has two axes: do your loops reach all positions?"""
    slopes = np.zeros_like(w)
    slopes[0] = _slopes(f, w, eps, eps, 2 * eps)[0]
    return slopes


@CENTRAL_DIFFERENCES.mistake
def only_the_first_entry(f, w, eps):
    """Only the first slope is there. A `return` inside a loop ends the function the first time around."""
    slopes = np.zeros_like(w)
    slopes[0, 0] = _slopes(f, w, eps, eps, 2 * eps)[0, 0]
    return slopes


@CENTRAL_DIFFERENCES.mistake
def one_long_row(f, w, eps):
    """The slopes are right, but they are in one long row. Return them in the shape of `w`."""
    return _slopes(f, w, eps, eps, 2 * eps).ravel()


@CENTRAL_DIFFERENCES.mistake
def notebooks_loss(f, w, eps):
    """You measure `loss_at`, whatever loss is handed over. The loss is the argument `f`."""
    return _slopes(loss_at, w, eps, eps, 2 * eps)


@CENTRAL_DIFFERENCES.mistake
def the_same_array_twice(f, w, eps):
    """Every slope is 0. Did you write something like `up = w`? That is a second name for the same array, not a
    copy, so nudging `down` undoes the nudge of `up` before the loss is measured.
    """
    return np.zeros_like(w)


@CENTRAL_DIFFERENCES.mistake
def not_put_back(f, w, eps):
    """The first slope is right, and from then on errors creep in: a number that was nudged stays nudged while the
    next one is measured. Put each number back before you go on.
    """
    slopes = np.zeros_like(w)
    for where in np.ndindex(w.shape):
        w[where] += eps
        above = f(w)
        w[where] -= 2 * eps
        slopes[where] = (above - f(w)) / (2 * eps)
    return slopes


@CENTRAL_DIFFERENCES.mistake
def wrong_sign(f, w, eps):
    """Every slope has the wrong sign. Which of the two losses is subtracted from the other? A slope is positive
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
    for B, D, H in ((3, 4, 5), (2, 6, 3), (4, 2, 6), (1, 5, 7), (3, 3, 3)):
        x_t, h_prev, p = normal(rng, B, D), states(rng, B, H), rnn_parameters(rng, D, H)
        cases.append(Case((normal(rng, B, H), x_t, h_prev, states(rng, B, H), p)))
    *cases, single, same = cases
    return [*cases, edge("with a single sequence", *single.args), edge(SAME_SIZES, *same.args)]


RNN_STEP_BACKWARD = task(
    "rnn_step_backward",
    reference=_back,
    cases=_one_step_cases,
    outputs=("dx_t", "dh_prev", "grads"),
    forbidden=ENGINES,
)


@RNN_STEP_BACKWARD.mistake
def tanh_not_undone(dh_t, x_t, h_prev, h_t, p):
    """You go from `dh_t` to the weights as if there were no tanh in between. In the forward pass tanh came last,
    so it is undone first, and everything else is computed from the result.
    """
    return _back(dh_t, x_t, h_prev, h_t, p, lambda h: 1)


@RNN_STEP_BACKWARD.mistake
def tanh_not_undone_for_the_state(dh_t, x_t, h_prev, h_t, p):
    """For `dh_prev` you go from `dh_t` through `W_hh` as if there were no tanh in between. Start from `da_t`."""
    dx_t, _, grads = _back(dh_t, x_t, h_prev, h_t, p)
    return dx_t, dh_t @ p["W_hh"].T, grads


@RNN_STEP_BACKWARD.mistake
def tanh_not_undone_for_the_input(dh_t, x_t, h_prev, h_t, p):
    """For `dx_t` you go from `dh_t` through `W_xh` as if there were no tanh in between. Start from `da_t`."""
    _, dh_prev, grads = _back(dh_t, x_t, h_prev, h_t, p)
    return dh_t @ p["W_xh"].T, dh_prev, grads


@RNN_STEP_BACKWARD.mistake
def tanh_not_undone_for_the_bias(dh_t, x_t, h_prev, h_t, p):
    """The gradient of the bias is summed from `dh_t`, as if there were no tanh in between. Start from `da_t`."""
    dx_t, dh_prev, grads = _back(dh_t, x_t, h_prev, h_t, p)
    return dx_t, dh_prev, {**grads, "b_h": dh_t.sum(axis=0)}


@RNN_STEP_BACKWARD.mistake
def tanh_undone_twice(dh_t, x_t, h_prev, h_t, p):
    """You multiply by the slope of tanh twice. There is one tanh in the step."""
    return _back(dh_t, x_t, h_prev, h_t, p, lambda h: (1 - h**2) ** 2)


@RNN_STEP_BACKWARD.mistake
def slope_at_the_state(dh_t, x_t, h_prev, h_t, p):
    """You take the slope of tanh at the state. The slope belongs to the pre-activation `a_t`, and the state is
    already the tanh of it: here tanh is taken twice.
    """
    return _back(dh_t, x_t, h_prev, h_t, p, lambda h: 1 - np.tanh(h) ** 2)


@RNN_STEP_BACKWARD.mistake
def square_forgotten(dh_t, x_t, h_prev, h_t, p):
    """Your slope of tanh is larger than 1 where the state is negative, and that cannot be: tanh is never steeper
    than 1. Compare your slope with the formula of the chapter.
    """
    return _back(dh_t, x_t, h_prev, h_t, p, lambda h: 1 - h)


@RNN_STEP_BACKWARD.mistake
def slope_with_a_plus(dh_t, x_t, h_prev, h_t, p):
    """Your slope of tanh is never below 1. Tanh is steepest at 0 and gets flatter from there: check the sign."""
    return _back(dh_t, x_t, h_prev, h_t, p, lambda h: 1 + h**2)


@RNN_STEP_BACKWARD.mistake
def slope_of_the_wrong_state(dh_t, x_t, h_prev, h_t, p):
    """You take the slope of tanh from the previous state. The tanh of this step made `h_t`."""
    return _back(dh_t, x_t, h_prev, h_t, p, lambda h: 1 - h_prev**2)


@RNN_STEP_BACKWARD.mistake
def sigmoid_slope(dh_t, x_t, h_prev, h_t, p):
    """This is the slope of the sigmoid, written with its output. The state of this network comes from a tanh."""
    return _back(dh_t, x_t, h_prev, h_t, p, lambda h: h * (1 - h))


@RNN_STEP_BACKWARD.mistake
def transposed_W_hh(dh_t, x_t, h_prev, h_t, p):
    """`W_hh` is square, so its transpose fits as well as the matrix itself, and you have picked the wrong one.
    Rule 1: a gradient that goes back through a product meets the transpose of the matrix.
    """
    dx_t, _, grads = _back(dh_t, x_t, h_prev, h_t, p)
    return dx_t, dh_t * (1 - h_t**2) @ p["W_hh"], grads


@RNN_STEP_BACKWARD.mistake
def gradient_transposed(dh_t, x_t, h_prev, h_t, p):
    """The gradient of `W_hh` is transposed. Row i of `W_hh` belongs to unit i of the previous state, so row i of
    its gradient comes from that unit of `h_prev`. Which of the two factors is transposed in rule 1?
    """
    dx_t, dh_prev, grads = _back(dh_t, x_t, h_prev, h_t, p)
    return dx_t, dh_prev, {**grads, "W_hh": grads["W_hh"].T}


@RNN_STEP_BACKWARD.mistake
def state_after_the_step(dh_t, x_t, h_prev, h_t, p):
    """For the gradient of `W_hh` you use the state after the step. In the forward pass, `W_hh` was multiplied by
    the state before it.
    """
    return _back(dh_t, x_t, h_prev, h_t, p, kept=h_t)


@RNN_STEP_BACKWARD.mistake
def bias_not_summed(dh_t, x_t, h_prev, h_t, p):
    """The bias has one number for each unit, and so has its gradient. In the forward pass, the same bias was added
    to every sequence of the batch. What happens to gradients that meet?
    """
    dx_t, dh_prev, grads = _back(dh_t, x_t, h_prev, h_t, p)
    return dx_t, dh_prev, {**grads, "b_h": dh_t * (1 - h_t**2)}


@RNN_STEP_BACKWARD.mistake
def bias_summed_over_units(dh_t, x_t, h_prev, h_t, p):
    """You have added up all of `da_t`, over the batch and over the units, into one number. Each unit has a bias of
    its own. Along which axis are its contributions?
    """
    dx_t, dh_prev, grads = _back(dh_t, x_t, h_prev, h_t, p)
    return dx_t, dh_prev, {**grads, "b_h": grads["b_h"].sum()}


@RNN_STEP_BACKWARD.mistake
def bias_per_sequence(dh_t, x_t, h_prev, h_t, p):
    """The gradient of the bias has a number for each sequence. It needs one for each unit: sum along the other
    axis.
    """
    dx_t, dh_prev, grads = _back(dh_t, x_t, h_prev, h_t, p)
    return dx_t, dh_prev, {**grads, "b_h": (dh_t * (1 - h_t**2)).sum(axis=1)}


@RNN_STEP_BACKWARD.mistake
def bias_averaged(dh_t, x_t, h_prev, h_t, p):
    """The gradient of the bias is a mean over the batch. The contributions of the sequences are added up."""
    dx_t, dh_prev, grads = _back(dh_t, x_t, h_prev, h_t, p)
    return dx_t, dh_prev, {**grads, "b_h": grads["b_h"] / len(x_t)}


@RNN_STEP_BACKWARD.mistake
def mean_over_the_batch(dh_t, x_t, h_prev, h_t, p):
    """You divide by the number of sequences. If the loss is a mean over the batch, that is in `dh_t` already; here
    the contributions of the sequences are added up.
    """
    dx_t, dh_prev, grads = _back(dh_t, x_t, h_prev, h_t, p)
    return dx_t, dh_prev, {name: g / len(x_t) for name, g in grads.items()}


@RNN_STEP_BACKWARD.mistake
def first_two_swapped(dh_t, x_t, h_prev, h_t, p):
    """`dx_t` and `dh_prev` are in the wrong order. Return the gradient of the input first."""
    dx_t, dh_prev, grads = _back(dh_t, x_t, h_prev, h_t, p)
    return dh_prev, dx_t, grads


@RNN_STEP_BACKWARD.mistake
def gradients_of_the_weights_only(dh_t, x_t, h_prev, h_t, p):
    """You return the gradients of the parameters only. Return `dx_t` and `dh_prev` as well, in front of them."""
    return _back(dh_t, x_t, h_prev, h_t, p)[2]


@RNN_STEP_BACKWARD.mistake
def state_computed_again(dh_t, x_t, h_prev, h_t, p):
    """You run the step forward once more, and do not use the `h_t` you are given. The backward pass takes the states
    as they are given; the random ones here were not computed by any network. Write the slope with `h_t` itself.
    """
    return _back(dh_t, x_t, h_prev, rnn_step(x_t, h_prev, p), p)


# ---------------------------------------------------------------- a whole sequence


def _all_back(dh, x, h0, h, p, before=None, carried=lambda t, carry: carry, steps=None):
    """Return dx, dh0 and grads of a whole sequence.

    before: the states taken as previous states. carried: what of the carry reaches step t. steps: those that
    contribute to the gradients of the parameters.
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
    cases = [_sequence_case(rng, T, B, D, H) for T, B, D, H in ((5, 3, 4, 2), (6, 2, 3, 4), (3, 4, 2, 5))]
    return [
        *cases,
        edge("with a single sequence", *_sequence_case(rng, 4, 1, 3, 6).args),
        edge("with a single step", *_sequence_case(rng, 1, 3, 4, 2).args),
        edge(SAME_SIZES, *_sequence_case(rng, 3, 3, 3, 3).args),
    ]


def _sequence_case(rng, T, B, D, H, *more):
    """Return a case with random states: the backward pass does not ask where they came from."""
    x, h0, p = normal(rng, T, B, D), states(rng, B, H), rnn_parameters(rng, D, H)
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
    """You run the network forward once more, and do not use the states `h` you are given. The backward pass takes
    the states as they are; these random ones were not computed by any network.
    """
    forward = [h0]
    for x_t in x:
        forward.append(rnn_step(x_t, forward[-1], p))
    return _all_back(dh, x, h0, np.stack(forward[1:]), p)


@RNN_BACKWARD.mistake
def forgot_the_carry(dh, x, h0, h, p):
    """Every step uses its own loss only. What comes back from the next step never arrives, although it is
    computed. Two paths meet at a state.
    """
    return _all_back(dh, x, h0, h, p, carried=lambda t, carry: 0)


@RNN_BACKWARD.mistake
def carry_instead_of_the_loss(dh, x, h0, h, p):
    """Only the last step uses `dh`. At every earlier step, its own `dh[t]` and what comes back from the next step
    are added.
    """
    return _all_back(np.concatenate([np.zeros_like(dh[:-1]), dh[-1:]]), x, h0, h, p)


@RNN_BACKWARD.mistake
def carries_added_up(dh, x, h0, h, p):
    """You add every `dh_prev` to a running sum. What comes back from one step goes to the step before it, and then
    it has done its job: the carry is replaced, not added to.
    """
    before = np.concatenate([h0[None], h[:-1]])
    carry, dx = np.zeros_like(h0), np.zeros_like(x)
    grads = {name: np.zeros_like(p[name]) for name in NAMES}
    for t in reversed(range(len(x))):
        dx[t], back, share = _back(dh[t] + carry, x[t], before[t], h[t], p)
        carry = carry + back
        grads = {name: grads[name] + share[name] for name in NAMES}
    return dx, carry, grads


@RNN_BACKWARD.mistake
def gradients_overwritten(dh, x, h0, h, p):
    """Your gradients of the parameters come from one step only, the last one that the backward pass visited. Every
    step used the same parameters: what happens to their contributions?
    """
    return _all_back(dh, x, h0, h, p, steps=(0,))


@RNN_BACKWARD.mistake
def last_step_only(dh, x, h0, h, p):
    """Your gradients of the parameters come from the last step only. Every step used the same parameters: what
    happens to their contributions?
    """
    return _all_back(dh, x, h0, h, p, steps=(len(x) - 1,))


@RNN_BACKWARD.mistake
def first_step_left_out(dh, x, h0, h, p):
    """The first step does not contribute to the gradients of the parameters. Does your loop end too early?"""
    return _all_back(dh, x, h0, h, p, steps=range(1, len(x)))


@RNN_BACKWARD.mistake
def from_first_to_last(dh, x, h0, h, p):
    """Your loop begins at the first step. But a step needs what the step after it sends back, and that must be
    computed first.
    """
    # The loop runs from the first step to the last, and carries the wrong way.
    before = np.concatenate([h0[None], h[:-1]])
    carry, dx = np.zeros_like(h0), np.zeros_like(x)
    grads = {name: np.zeros_like(p[name]) for name in NAMES}
    for t in range(len(x)):
        dx[t], carry, share = _back(dh[t] + carry, x[t], before[t], h[t], p)
        grads = {name: grads[name] + share[name] for name in NAMES}
    return dx, carry, grads


@RNN_BACKWARD.mistake
def wrapped_around(dh, x, h0, h, p):
    """At the first step your previous state is the last one of the sequence: `h[-1]` is a valid index in Python,
    and means the end. The state before the first step is an argument.
    """
    return _all_back(dh, x, h0, h, p, before=np.roll(h, 1, axis=0))


@RNN_BACKWARD.mistake
def zeros_before_the_first_step(dh, x, h0, h, p):
    """At the first step your previous state is zero. The state before the first step is the argument `h0`."""
    return _all_back(dh, x, h0, h, p, before=np.concatenate([np.zeros_like(h0)[None], h[:-1]]))


@RNN_BACKWARD.mistake
def h0_always(dh, x, h0, h, p):
    """You take `h0` for the previous state at every step. Only the first step started from it."""
    return _all_back(dh, x, h0, h, p, before=np.repeat(h0[None], len(x), axis=0))


@RNN_BACKWARD.mistake
def state_after_the_step(dh, x, h0, h, p):
    """`h[t]` is the state after step t. `W_hh` met the state before it."""
    return _all_back(dh, x, h0, h, p, before=h)


@RNN_BACKWARD.mistake
def dx_backwards(dh, x, h0, h, p):
    """The gradients of the inputs are right, but in the order in which the loop visited them: the last step
    first. Step t belongs at index t.
    """
    dx, dh0, grads = _all_back(dh, x, h0, h, p)
    return dx[::-1].copy(), dh0, grads


@RNN_BACKWARD.mistake
def mean_over_the_steps(dh, x, h0, h, p):
    """You divide by the number of steps. If the loss is a mean over the steps, that is in `dh` already. The uses
    of a parameter are not averaged; their contributions are added up.
    """
    dx, dh0, grads = _all_back(dh, x, h0, h, p)
    return dx, dh0, {name: g / len(x) for name, g in grads.items()}


@RNN_BACKWARD.mistake
def first_dx_only(dh, x, h0, h, p):
    """`dx` has one step only. Return the gradients of the inputs of all steps, (T, B, D)."""
    dx, dh0, grads = _all_back(dh, x, h0, h, p)
    return dx[0], dh0, grads


@RNN_BACKWARD.mistake
def outputs_swapped(dh, x, h0, h, p):
    """`dx` and `dh0` are in the wrong order. Return the gradients of the inputs first."""
    dx, dh0, grads = _all_back(dh, x, h0, h, p)
    return dh0, dx, grads


@RNN_BACKWARD.mistake
def dh0_one_step_short(dh, x, h0, h, p):
    """Your `dh0` is the gradient of the first state, `h[0]`. `h0` is one more step back: through tanh, and
    through `W_hh`. That is what your one-step function returns.
    """
    # dh0 is what arrives at the first state, not what is left of it before the first step.
    dx, _, grads = _all_back(dh, x, h0, h, p)
    carry = np.zeros_like(h0)
    for t in reversed(range(1, len(x))):
        carry = (dh[t] + carry) * (1 - h[t] ** 2) @ p["W_hh"].T
    return dx, dh[0] + carry, grads


# ---------------------------------------------------------------- a patient with two bugs


def _patient(p, x, h, dh, before, carry_from_dh=False, transpose=True):
    """Return the gradients of a tanh network's backward pass, correct or not."""
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
    for T, B, D, H in ((5, 3, 2, 4), (4, 2, 5, 3), (3, 4, 6, 2), (4, 1, 3, 6), (1, 3, 4, 2), (3, 3, 3, 3)):
        dh, x, h0, h, p = _sequence_case(rng, T, B, D, H).args
        cases.append(Case(({**p, "h0": h0}, x, h, dh)))
    abouts = ("with a single sequence", "with a single step", SAME_SIZES)
    return [*cases[:3], *(edge(about, *one.args) for about, one in zip(abouts, cases[3:], strict=True))]


def _mended_f(p, x, h, dh):
    return _patient(p, x, h, dh, _before(p, h))


MENDED_F = task("mended_f", reference=_mended_f, cases=_patient_cases, forbidden=ENGINES)


@MENDED_F.mistake
def still_broken(p, x, h, dh):
    """Both bugs are still in. One of them does harm only at the first step of the sequence, and only to `W_hh`.
    The other spoils everything but the last step.
    """
    return _patient(p, x, h, dh, np.roll(h, 1, axis=0), carry_from_dh=True)


@MENDED_F.mistake
def carry_still_broken(p, x, h, dh):
    """One bug is fixed: the first step now meets the right state. The other is still in. With a single step
    everything is right but `h0`, so follow what goes from one step to the step before.
    """
    return _patient(p, x, h, dh, _before(p, h), carry_from_dh=True)


@MENDED_F.mistake
def first_step_still_broken(p, x, h, dh):
    """One bug is fixed: what goes back through time is right. The other is still in, and shows in `W_hh` alone.
    Which state does `W_hh` meet when t is 0? Python does not complain about that index.
    """
    return _patient(p, x, h, dh, np.roll(h, 1, axis=0))


@MENDED_F.mistake
def zeros_before_the_first_step(p, x, h, dh):
    """You have found both bugs. But the state before the first step is not zero: it is one of the parameters."""
    return _patient(p, x, h, dh, np.concatenate([np.zeros((1, *h.shape[1:])), h[:-1]]))


@MENDED_F.mistake
def first_step_dropped(p, x, h, dh):
    """You leave out what the first step contributes to `W_hh`, or let it meet zeros. The state before it is one of
    the parameters. And one bug is still in: look at what goes from one step to the step before.
    """
    return _patient(p, x, h, dh, np.concatenate([np.zeros((1, *h.shape[1:])), h[:-1]]), carry_from_dh=True)


@MENDED_F.mistake
def transpose_lost(p, x, h, dh):
    """You have found both bugs, but introduced another: on its way back the carry meets `W_hh` without the
    transpose. The matrix is square, so the shapes do not give it away.
    """
    return _patient(p, x, h, dh, _before(p, h), transpose=False)


@MENDED_F.mistake
def state_after_the_step(p, x, h, dh):
    """The carry is right now. But `W_hh` meets the state after each step, at every step."""
    return _patient(p, x, h, dh, h)


@MENDED_F.mistake
def state_after_the_step_and_carry(p, x, h, dh):
    """`W_hh` now meets the state after each step, at every step; it should meet the state before. And one bug is
    still in: look at what goes from one step to the step before.
    """
    return _patient(p, x, h, dh, h, carry_from_dh=True)


@MENDED_F.mistake
def h0_at_every_step(p, x, h, dh):
    """`W_hh` meets `h0` at every step. Only the first step started from it."""
    return _patient(p, x, h, dh, np.repeat(p["h0"][None], len(h), axis=0))


@MENDED_F.mistake
def carry_lost(p, x, h, dh):
    """The carry no longer reaches the step before: every step uses its own loss only."""
    before = _before(p, h)
    alone = [_patient(p, x[[t]], h[[t]], dh[[t]], before[[t]]) for t in range(len(h))]
    return {**{name: sum(one[name] for one in alone) for name in NAMES}, "h0": alone[0]["h0"]}


@MENDED_F.mistake
def h0_missing(p, x, h, dh):
    """The gradient of `h0` is missing from your dictionary. It is what the carry has become after the first step."""
    return {name: g for name, g in _mended_f(p, x, h, dh).items() if name != "h0"}


@MENDED_F.mistake
def carry_added_up(p, x, h, dh):
    """You have found both bugs, but now the carry is added to what it was before. What comes back from one step
    goes to the step before it, and then it has done its job.
    """
    grads = {name: np.zeros_like(p[name]) for name in ("W_xh", "W_hh", "b_h")}
    carry = np.zeros_like(p["h0"])
    for t in reversed(range(len(dh))):
        da_t = (dh[t] + carry) * (1 - h[t] ** 2)
        grads["W_xh"] += x[t].T @ da_t
        grads["W_hh"] += (h[t - 1] if t > 0 else p["h0"]).T @ da_t
        grads["b_h"] += da_t.sum(axis=0)
        carry = carry + da_t @ p["W_hh"].T
    return {**grads, "h0": carry}


# ---------------------------------------------------------------- explanation


# ---------------------------------------------------------------- clipping


def _norm(grads):
    return np.sqrt(sum((g**2).sum() for g in grads.values()))


def _scaled(grads, factor):
    return {name: g * factor for name, g in grads.items()}


def _clip(grads, max_norm):
    return _scaled(grads, max_norm / max(max_norm, _norm(grads)))


def _gradients(rng, lengths, names=NAMES, shapes=((4, 3), (3, 3), (3,))):
    grads = {name: normal(rng, *shape) for name, shape in zip(names, shapes, strict=True)}
    return {
        name: g * (length / np.linalg.norm(g))
        for length, (name, g) in zip(lengths, grads.items(), strict=True)
    }


def _clip_cases(rng):
    """Too long, short enough, too long for a larger limit and under other names, very short, and all zero."""
    others = ("b_n", "U", "W_out"), ((5,), (1, 4), (4, 2))
    return [
        Case((_gradients(rng, (1.5, 2.4, 1.0)), 0.6), about="with a gradient that is too long"),
        Case((_gradients(rng, (1.2, 0.9, 0.6)), 1.8), about="with a gradient that is short enough already"),
        Case(
            (_gradients(rng, (1.2, 0.9, 2.0), *others), 2.4),
            about="with arrays under other names",
        ),
        Case((_gradients(rng, (3e-7, 2e-7, 1e-7)), 0.9), about="with a very short gradient"),
        Case(({"b_y": np.zeros(5), "W_hy": np.zeros((2, 5))}, 1.5), about="with a gradient of zeros"),
    ]


CLIP_GRADIENTS = task(
    "clip_gradients", reference=_clip, cases=_clip_cases, forbidden=ENGINES, new_arrays=True
)


@CLIP_GRADIENTS.mistake
def each_array_by_itself(grads, max_norm):
    """You clip every array by its own length, each with a factor of its own. That changes the direction, and the
    whole is still too long. All arrays together are one long vector, with one length and one factor.
    """
    return {name: g * min(1, max_norm / max(np.linalg.norm(g), 1e-12)) for name, g in grads.items()}


@CLIP_GRADIENTS.mistake
def each_number_by_itself(grads, max_norm):
    """You clip every number by itself. That changes the direction of the gradient, as the chapter showed. All
    numbers are multiplied by one factor.
    """
    return {name: np.clip(g, -max_norm, max_norm) for name, g in grads.items()}


@CLIP_GRADIENTS.mistake
def only_the_positive_side(grads, max_norm):
    """You cut off the large positive numbers. Clipping by norm multiplies all numbers by one factor."""
    return {name: np.minimum(g, max_norm) for name, g in grads.items()}


@CLIP_GRADIENTS.mistake
def always_scaled(grads, max_norm):
    """A gradient that is shorter than the limit comes out longer. Clipping only ever shortens; what is short
    enough stays as it is.
    """
    return _scaled(grads, max_norm / max(_norm(grads), 1e-12))


@CLIP_GRADIENTS.mistake
def to_length_one(grads, max_norm):
    """Your gradients come out with length 1, whatever `max_norm` is. A gradient that is too long is shortened to
    `max_norm`.
    """
    return _scaled(grads, 1 / max(_norm(grads), 1e-12))


@CLIP_GRADIENTS.mistake
def divided_without_the_limit(grads, max_norm):
    """A gradient that is too long comes out with length 1. It should have the length `max_norm`."""
    norm = _norm(grads)
    return _scaled(grads, 1 / norm if norm > max_norm else 1.0)


@CLIP_GRADIENTS.mistake
def multiplied_by_the_limit(grads, max_norm):
    """You multiply a gradient that is too long by `max_norm`, but do not divide it by its length."""
    return _scaled(grads, max_norm if _norm(grads) > max_norm else 1.0)


@CLIP_GRADIENTS.mistake
def upside_down(grads, max_norm):
    """Your factor is upside down: a long gradient gets longer."""
    return _scaled(grads, max(1, _norm(grads) / max_norm))


@CLIP_GRADIENTS.mistake
def never_clipped(grads, max_norm):
    """Nothing is clipped. If all arrays together are longer than `max_norm`, multiply them by one factor."""
    return _scaled(grads, 1.0)


@CLIP_GRADIENTS.mistake
def set_to_zero(grads, max_norm):
    """A gradient that is too long becomes zero. It should keep its direction and get the length `max_norm`."""
    return _scaled(grads, float(_norm(grads) <= max_norm))


@CLIP_GRADIENTS.mistake
def root_forgotten(grads, max_norm):
    """Your factor uses the sum of the squares. The length is the square root of it."""
    return _scaled(grads, max_norm / max(max_norm, _norm(grads) ** 2))


@CLIP_GRADIENTS.mistake
def lengths_added(grads, max_norm):
    """You add up the lengths of the arrays. Lengths do not add like that: 3 steps east and 4 steps north take you
    5 away. Add up the squares.
    """
    total = sum(np.linalg.norm(g) for g in grads.values())
    return _scaled(grads, max_norm / max(max_norm, total))


@CLIP_GRADIENTS.mistake
def absolute_values_added(grads, max_norm):
    """You add up the absolute values. The length is the root of the sum of the squares."""
    total = sum(np.abs(g).sum() for g in grads.values())
    return _scaled(grads, max_norm / max(max_norm, total))


@CLIP_GRADIENTS.mistake
def mean_square(grads, max_norm):
    """Your length is the root of the *mean* square. It is the root of the sum of the squares."""
    size = sum(g.size for g in grads.values())
    return _scaled(grads, max_norm / max(max_norm, _norm(grads) / np.sqrt(size)))


@CLIP_GRADIENTS.mistake
def largest_number(grads, max_norm):
    """You limit the largest number of the gradient. The direction is kept, but the limit is for the length of the
    whole vector.
    """
    largest = max(np.abs(g).max() for g in grads.values())
    return _scaled(grads, max_norm / max(max_norm, largest))


@CLIP_GRADIENTS.mistake
def longest_array(grads, max_norm):
    """You use the length of the longest array. All arrays together are one long vector."""
    longest = max(np.linalg.norm(g) for g in grads.values())
    return _scaled(grads, max_norm / max(max_norm, longest))


@CLIP_GRADIENTS.mistake
def first_array_only(grads, max_norm):
    """You use the length of the first array only. All arrays together are one long vector."""
    first = np.linalg.norm(next(iter(grads.values())))
    return _scaled(grads, max_norm / max(max_norm, first))


@CLIP_GRADIENTS.mistake
def last_array_only(grads, max_norm):
    """You use the length of the last array only. Does your sum of squares start over for each array?"""
    last = np.linalg.norm(list(grads.values())[-1])
    return _scaled(grads, max_norm / max(max_norm, last))


@CLIP_GRADIENTS.mistake
def mean_of_squares(grads, max_norm):
    """In each array you take the mean of the squares. The length is the root of their sum."""
    norm = np.sqrt(sum((g**2).mean() for g in grads.values()))
    return _scaled(grads, max_norm / max(max_norm, norm))


@CLIP_GRADIENTS.mistake
def mean_over_the_arrays(grads, max_norm):
    """You divide by the number of arrays before you take the root. The length is the root of the sum of all
    squares, and nothing is divided.
    """
    norm = _norm(grads) / np.sqrt(len(grads))
    return _scaled(grads, max_norm / max(max_norm, norm))


@CLIP_GRADIENTS.mistake
def mean_of_lengths(grads, max_norm):
    """You take the mean of the lengths of the arrays. All arrays together are one long vector with one length."""
    norm = np.mean([np.linalg.norm(g) for g in grads.values()])
    return _scaled(grads, max_norm / max(max_norm, norm))


@CLIP_GRADIENTS.mistake
def factor_upside_down(grads, max_norm):
    """Your factor is upside down: it should be below 1 where the vector is too long."""
    norm = _norm(grads)
    return _scaled(grads, min(1.0, norm / max_norm) if norm > 0 else 1.0)


@CLIP_GRADIENTS.mistake
def only_made_longer(grads, max_norm):
    """What is too long stays as it is, and what is short is made longer. It is the other way around."""
    norm = _norm(grads)
    return _scaled(grads, max(1.0, max_norm / norm) if norm > 0 else 1.0)


@CLIP_GRADIENTS.mistake
def largest_stretch(grads, max_norm):
    """You use the 2-norm of each matrix, its largest singular value. The length of an array as a vector is the root
    of the sum of all its squares.
    """
    norm = np.sqrt(sum(np.linalg.norm(np.atleast_2d(g), 2) ** 2 for g in grads.values()))
    return _scaled(grads, max_norm / max(max_norm, norm))


# ---------------------------------------------------------------- truncation


def _cut(window, late=0):
    """Return what of the carry reaches step t: nothing at the last step of a window; late: of cuts misplaced."""
    return lambda t, carry: 0 if (t + 1 - late) % window == 0 else carry


def _truncated(dh, x, h0, h, p, window):
    return _all_back(dh, x, h0, h, p, carried=_cut(window))[2]


def _from_other_states(dh, x, h0, h, p, window, first):
    """Cut in the right places, but begin every later window from the state `first`."""
    before = np.concatenate([h0[None], h[:-1]])
    before[window::window] = first
    return _all_back(dh, x, h0, h, p, before=before, carried=_cut(window))[2]


def _truncated_backward_cases(rng):
    sizes = ((7, 3, 4, 2, 3), (8, 2, 3, 5, 3), (9, 4, 2, 3, 4), (4, 5, 3, 2, 1))
    whole = edge("when one window holds more than all steps", *_sequence_case(rng, 4, 2, 3, 5, 6).args)
    narrow = edge("with inputs of a single number", *_sequence_case(rng, 5, 2, 1, 3, 2).args)
    single = edge("with a single step", *_sequence_case(rng, 1, 2, 3, 4, 2).args)
    same = edge(SAME_SIZES, *_sequence_case(rng, 4, 4, 4, 4, 4).args)
    return [*(_sequence_case(rng, *some) for some in sizes), whole, narrow, single, same]


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
def cut_at_every_step(dh, x, h0, h, p, window):
    """Your gradient is cut at every step. Within a window it travels back, step by step."""
    return _all_back(dh, x, h0, h, p, carried=_cut(1))[2]


@TRUNCATED_BACKWARD.mistake
def cut_too_late(dh, x, h0, h, p, window):
    """Your cut is one step too late in time: a window's first step gets nothing from the window's own later
    steps, and sends its gradient to the window before. Steps 0 to `window` − 1 belong together.
    """
    return _all_back(dh, x, h0, h, p, carried=_cut(window, 1))[2]


@TRUNCATED_BACKWARD.mistake
def cut_too_early(dh, x, h0, h, p, window):
    """Your cut is one step too early in time: the last step of each window is cut off from the steps before
    it. Steps 0 to `window` − 1 belong together.
    """
    return _all_back(dh, x, h0, h, p, carried=_cut(window, -1))[2]


@TRUNCATED_BACKWARD.mistake
def windows_from_the_end(dh, x, h0, h, p, window):
    """You lay out the windows from the end of the sequence. They begin at step 0, and the last one may be
    shorter.
    """
    return _all_back(
        dh, x, h0, h, p, carried=lambda t, carry: 0 if (len(x) - 1 - t) % window == 0 else carry
    )[2]


@TRUNCATED_BACKWARD.mistake
def state_cut_too(dh, x, h0, h, p, window):
    """The gradient is cut in the right places, and so is the state: your windows begin with zeros. In the forward
    pass nothing is lost at a cut. Which state came before the first step of the second window?
    """
    return _from_other_states(dh, x, h0, h, p, window, np.zeros_like(h0))


@TRUNCATED_BACKWARD.mistake
def starts_from_h0_again(dh, x, h0, h, p, window):
    """Every window begins with `h0` in your backward pass. That is the state before the very first step. Later
    windows began with the last state of the window before.
    """
    return _from_other_states(dh, x, h0, h, p, window, h0)


@TRUNCATED_BACKWARD.mistake
def starts_from_its_own_first_state(dh, x, h0, h, p, window):
    """Your later windows begin with the state *after* their own first step. They began with the last state of the
    window before, one index earlier.
    """
    return _from_other_states(dh, x, h0, h, p, window, h[window::window])


@TRUNCATED_BACKWARD.mistake
def starts_from_the_end(dh, x, h0, h, p, window):
    """The first window begins with the last state of the sequence: an index of −1 means the end. It begins with
    `h0`.
    """
    return _all_back(dh, x, h0, h, p, before=np.roll(h, 1, axis=0), carried=_cut(window))[2]


@TRUNCATED_BACKWARD.mistake
def only_the_last_window(dh, x, h0, h, p, window):
    """Your gradient comes from the last window alone. Every window has a backward pass of its own, and their
    gradients are added up.
    """
    start = (len(x) - 1) // window * window
    return _all_back(dh[start:], x[start:], h[start - 1], h[start:], p)[2]


@TRUNCATED_BACKWARD.mistake
def only_the_first_window(dh, x, h0, h, p, window):
    """Your gradient comes from the first window alone. Every window has a backward pass of its own, and their
    gradients are added up.
    """
    return _all_back(dh[:window], x[:window], h0, h[:window], p)[2]


@TRUNCATED_BACKWARD.mistake
def short_window_dropped(dh, x, h0, h, p, window):
    """The last window, which is shorter than the others, is left out. It counts as well."""
    end = len(x) // window * window
    return _truncated(dh[:end], x[:end], h0, h[:end], p, window)


@TRUNCATED_BACKWARD.mistake
def mean_of_the_windows(dh, x, h0, h, p, window):
    """You divide by the number of windows. Their gradients are added up."""
    return _scaled(_truncated(dh, x, h0, h, p, window), 1 / -(-len(x) // window))


@TRUNCATED_BACKWARD.mistake
def every_loss_reaches_back(dh, x, h0, h, p, window):
    """You let every loss reach back `window` steps, wherever it is. That is another kind of truncation, and costs
    far more. Here the cuts are fixed: the sequence is laid out in windows, and no gradient leaves its own.
    """
    # Every loss reaches back `window` steps, wherever it is.
    total = {name: np.zeros_like(p[name]) for name in NAMES}
    before = np.concatenate([h0[None], h[:-1]])
    for t in range(len(x)):
        first = max(t - window + 1, 0)
        alone = np.zeros_like(dh[first : t + 1])
        alone[-1] = dh[t]
        grads = _all_back(alone, x[first : t + 1], before[first], h[first : t + 1], p)[2]
        total = {name: total[name] + grads[name] for name in NAMES}
    return total


@TRUNCATED_BACKWARD.mistake
def everything_returned(dh, x, h0, h, p, window):
    """You return several things. Return the gradients of the parameters only, a dictionary."""
    dx, dh0, grads = _all_back(dh, x, h0, h, p, carried=_cut(window))
    return dx, dh0, grads


@TRUNCATED_BACKWARD.mistake
def zero_state_at_the_cuts(dh, x, h0, h, p, window):
    """Every window begins with a state of zeros in your backward pass. The state was carried over the cut: only the
    gradient is thrown away there.
    """
    before = np.concatenate([h0[None], h[:-1]])
    before[::window] = 0
    return _all_back(dh, x, h0, h, p, before=before, carried=_cut(window))[2]


@TRUNCATED_BACKWARD.mistake
def overlapping_windows(dh, x, h0, h, p, window):
    """Your windows overlap: there is one for every step. The next window begins where the last one ends."""
    total = {name: np.zeros_like(array) for name, array in p.items()}
    for start, first in enumerate([h0, *h[:-1]]):
        now = slice(start, start + window)
        for name, share in _all_back(dh[now], x[now], first, h[now], p)[2].items():
            total[name] += share
    return total


@TRUNCATED_BACKWARD.mistake
def one_step_of_the_last_window(dh, x, h0, h, p, window):
    """Your gradients come from a single step of the last window. Every step has used the parameters, and all its
    contributions are added up.
    """
    start, carry, last = (len(x) - 1) // window * window, 0.0, {}
    for t in reversed(range(start, len(x))):
        da = (dh[t] + carry) * (1 - h[t] ** 2)
        carry = da @ p["W_hh"].T
        last = {"W_xh": x[t].T @ da, "W_hh": (h[t - 1] if t > 0 else h0).T @ da, "b_h": da.sum(axis=0)}
    return last


@TRUNCATED_BACKWARD.mistake
def windows_one_longer(dh, x, h0, h, p, window):
    """Your windows have one step too many. The first one has steps 0 to `window` − 1."""
    return _truncated(dh, x, h0, h, p, window + 1)


@TRUNCATED_BACKWARD.mistake
def state_after_each_step(dh, x, h0, h, p, window):
    """For the gradient of W_hh you use the state after each step. In the forward pass, W_hh met the state before
    it.
    """
    return _all_back(dh, x, h0, h, p, before=h, carried=_cut(window))[2]


# ---------------------------------------------------------------- a PyTorch training loop

RNN_NAMES = ("rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.bias_ih_l0", "rnn.bias_hh_l0")
READOUT_NAMES = ("readout.weight", "readout.bias")


def _gradients_of_a_window(x, y, p, h0):
    """Return the loss, the final state and the gradients of a window, in PyTorch's layout."""
    ours = {"W_xh": p[RNN_NAMES[0]].T, "W_hh": p[RNN_NAMES[1]].T, "b_h": p[RNN_NAMES[2]] + p[RNN_NAMES[3]]}
    h_t, h = h0, []
    for x_t in x:
        h_t = rnn_step(x_t, h_t, ours)
        h.append(h_t)
    h = np.stack(h)
    probabilities = softmax(h @ p["readout.weight"].T + p["readout.bias"])
    hit = np.take_along_axis(probabilities, y[..., None], axis=-1)
    ds = (probabilities - (np.arange(probabilities.shape[-1]) == y[..., None])) / y.size
    _, _, grads = _all_back(ds @ p["readout.weight"], x, h0, h, ours)
    values = (grads["W_xh"].T, grads["W_hh"].T, grads["b_h"], grads["b_h"])
    readout = (np.einsum("tbk,tbh->kh", ds, h), ds.sum(axis=(0, 1)))
    named = dict(zip((*RNN_NAMES, *READOUT_NAMES), (*values, *readout), strict=True))
    return -np.log(hit).mean(), h_t, named


def _clip_as_torch(grads, max_norm):
    """Scale as clip_grad_norm_ does, which adds a millionth to the norm."""
    return _scaled(grads, min(1.0, max_norm / (_norm(grads) + 1e-6)))


def _trained(
    x,
    y,
    p,
    window,
    lr,
    max_norm,
    *,
    clip=_clip_as_torch,
    added=False,
    carried=np.copy,
    moved=1.0,
    windows=None,
):
    """Return the losses and the trained parameters of a loop, correct or not.

    clip: what is done to the gradients. added: whether they are added to those of earlier windows. carried: what of
    the state goes on. moved: how many updates a window makes. windows: the number of windows, None for all.
    """
    p, state, losses, kept = dict(p), None, [], None
    for start in list(range(0, len(x), window))[:windows]:
        now = slice(start, start + window)
        first = np.zeros((x.shape[1], p[RNN_NAMES[1]].shape[0])) if state is None else state
        loss, state, grads = _gradients_of_a_window(x[now], y[now], p, first)
        if added and kept is not None:
            grads = {name: grads[name] + kept[name] for name in grads}
        kept = clip(grads, max_norm)
        p = {name: p[name] - moved * lr * kept[name] for name in p}
        state = carried(state)
        losses.append(loss)
    return np.array(losses), p


def _torch_cases(rng):
    """A limit that most gradients exceed, one that none does, and one in between."""
    cases = []
    for T, B, D, H, K, window, lr, max_norm in (
        (9, 2, 4, 5, 3, 3, 0.8, 0.05),
        (8, 5, 2, 3, 4, 2, 0.5, 9.0),
        (10, 3, 3, 4, 2, 5, 1.2, 0.11),
    ):
        p = {
            "rnn.weight_ih_l0": normal(rng, H, D, scale=0.6),
            "rnn.weight_hh_l0": normal(rng, H, H, scale=0.6),
            "rnn.bias_ih_l0": normal(rng, H, scale=0.5),
            "rnn.bias_hh_l0": normal(rng, H, scale=0.5),
            "readout.weight": normal(rng, K, H),
            "readout.bias": normal(rng, K, scale=0.5),
        }
        cases.append(Case((normal(rng, T, B, D), rng.integers(K, size=(T, B)), p, window, lr, max_norm)))
    return cases


TRAIN_IN_TORCH = task(
    "train_in_torch",
    reference=_trained,
    cases=_torch_cases,
    outputs=("losses", "parameters"),
    forbidden=("rnncourse.in_numpy", "rnncourse.in_torch", "rnncourse.in_both"),
    seconds=10.0,
    # Whoever clips by hand, without PyTorch's millionth, is off by up to 1.5e-6.
    tolerance=1e-5,
)


@TRAIN_IN_TORCH.mistake
def zero_grad_forgotten(x, y, p, window, lr, max_norm):
    """The first window is right; from the second on, each update contains the gradients of earlier windows too.
    PyTorch *adds* to `.grad`: what has to happen before each backward pass?
    """
    return _trained(x, y, p, window, lr, max_norm, added=True)


@TRAIN_IN_TORCH.mistake
def nothing_learned(x, y, p, window, lr, max_norm):
    """The parameters have not moved at all. Is there a backward pass *and* an update in the loop, and are the
    gradients still there when the update is made? Clearing them comes before the backward pass.
    """
    return _trained(x, y, p, window, lr, max_norm, moved=0.0)


@TRAIN_IN_TORCH.mistake
def not_clipped(x, y, p, window, lr, max_norm):
    """The gradients are not clipped when the update is made. Clipping needs the gradients, so it comes after the
    backward pass, and it has to come before the update.
    """
    return _trained(x, y, p, window, lr, max_norm, clip=lambda grads, limit: grads)


@TRAIN_IN_TORCH.mistake
def clipped_by_value(x, y, p, window, lr, max_norm):
    """You clip every number by itself. Clip by the norm of all gradients together: the function has `norm` in its
    name.
    """
    return _trained(x, y, p, window, lr, max_norm, clip=each_number_by_itself)


@TRAIN_IN_TORCH.mistake
def each_parameter_clipped_by_itself(x, y, p, window, lr, max_norm):
    """You clip the gradient of each parameter by its own norm. All of them together have one norm: clip once,
    outside of any loop over the parameters.
    """
    return _trained(x, y, p, window, lr, max_norm, clip=each_array_by_itself)


@TRAIN_IN_TORCH.mistake
def only_the_layer_clipped(x, y, p, window, lr, max_norm):
    """You clip the gradients of the recurrent layer only. The readout's gradients belong to the same long vector."""

    def clip(grads, limit):
        return {**grads, **_clip_as_torch({name: grads[name] for name in RNN_NAMES}, limit)}

    return _trained(x, y, p, window, lr, max_norm, clip=clip)


@TRAIN_IN_TORCH.mistake
def limit_of_one(x, y, p, window, lr, max_norm):
    """You clip at 1, or at some other number of your own. The limit is the argument `max_norm`."""
    return _trained(x, y, p, window, lr, 0.2 if max_norm > 1 else 1.0)


@TRAIN_IN_TORCH.mistake
def always_at_the_limit(x, y, p, window, lr, max_norm):
    """Gradients that are shorter than the limit are made longer. Clipping only ever shortens."""
    return _trained(x, y, p, window, lr, max_norm, clip=always_scaled)


@TRAIN_IN_TORCH.mistake
def state_dropped(x, y, p, window, lr, max_norm):
    """Every window starts from zeros. Carry the state over, and cut only its history: which method of a tensor
    keeps its numbers and forgets how they were computed?
    """
    return _trained(x, y, p, window, lr, max_norm, carried=lambda state: None)


@TRAIN_IN_TORCH.mistake
def two_updates(x, y, p, window, lr, max_norm):
    """Each window makes two updates. One is enough: is `step` called twice?"""
    return _trained(x, y, p, window, lr, max_norm, moved=2.0)


@TRAIN_IN_TORCH.mistake
def uphill(x, y, p, window, lr, max_norm):
    """Every update goes uphill. The optimizer subtracts the gradient by itself; leave the sign alone."""
    return _trained(x, y, p, window, lr, max_norm, moved=-1.0)


@TRAIN_IN_TORCH.mistake
def first_window_only(x, y, p, window, lr, max_norm):
    """Only the first window is trained on. Is `return` inside the loop?"""
    return _trained(x, y, p, window, lr, max_norm, windows=1)
