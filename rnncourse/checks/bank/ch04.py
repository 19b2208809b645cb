"""Chapter 04: differences, one step back, the whole way back, a patient, clipping, windows that cut the gradient."""

from __future__ import annotations

import numpy as np

from rnncourse.checks.bank.inputs import normal, rnn_parameters
from rnncourse.checks.task import Case, Mistake, Named, Task
from rnncourse.in_numpy import rnn_step

BY_HAND = ("rnncourse.in_numpy", "rnncourse.in_torch", "torch")
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


def _not_put_back(f, w, eps):
    slopes = np.zeros_like(w)
    for where in np.ndindex(w.shape):
        w[where] += eps
        above = f(w)
        w[where] -= 2 * eps
        slopes[where] = (above - f(w)) / (2 * eps)
    return slopes


CENTRAL_DIFFERENCES = Task(
    name="central_differences",
    title="An answer key by nudging",
    points=3,
    minutes=15,
    section="What a gradient is, and what it costs to measure",
    reference=lambda f, w, eps: _slopes(f, w, eps, eps, 2 * eps),
    cases=_nudge_cases,
    mistakes=(
        Mistake(
            "one_sided",
            lambda f, w, eps: _slopes(f, w, eps, 0, eps),
            "You nudge up only and compare with where you stand. That slope belongs to a point half a nudge further "
            "up, and it has fewer right digits. A central difference nudges up and down.",
        ),
        Mistake(
            "half_the_distance",
            lambda f, w, eps: _slopes(f, w, eps, eps, eps),
            "Every slope is twice what it should be. You nudge up by `eps` and down by `eps`: how far apart are the "
            "two places at which you measure?",
        ),
        Mistake(
            "brackets_missing",
            lambda f, w, eps: _slopes(f, w, eps, eps, 2) * eps,
            "Your slopes are far too small, all by the same factor. Python works from left to right: `/ 2 * eps` "
            "divides by 2 and then multiplies by `eps`. The distance as a whole is what to divide by.",
        ),
        Mistake(
            "all_at_once",
            lambda f, w, eps: (f(w + eps) - f(w - eps)) / (2 * eps),
            "You nudge all numbers of `w` at once, so what comes out is one number, the sum of all slopes. To see "
            "whose slope is which, nudge one at a time.",
        ),
        Mistake(
            "the_same_array_twice",
            lambda f, w, eps: np.zeros_like(w),
            "Every slope is 0. Did you write something like `up = w`? That is a second name for the same array, not a "
            "copy, so nudging `down` undoes the nudge of `up` before the loss is measured.",
        ),
        Mistake(
            "not_put_back",
            _not_put_back,
            "The first slope is right, and from then on errors creep in: a number that was nudged stays nudged while "
            "the next one is measured. Put each number back before you go on.",
        ),
        Mistake(
            "wrong_way_round",
            lambda f, w, eps: -_slopes(f, w, eps, eps, 2 * eps),
            "Every slope has the wrong sign. Which of the two losses is taken off the other? A slope is positive where "
            "the loss grows with the number.",
        ),
    ),
    hints=(
        "Think of one entry of `w` first. Its slope takes two calls of `f`, one with the entry a little larger, one "
        "with it a little smaller, and everything else as it was.",
        "`for where in np.ndindex(w.shape):` goes through all positions of an array of any shape, and `w[where]` is "
        "the number there. Results go into an array made with `np.zeros_like`.",
        "Work on a copy made with `w.copy()`, keep the number in a variable before you nudge it, and put it back when "
        "you have both losses. The difference of the losses is then divided by the distance of the two nudges.",
    ),
    praise="Two calls for every number: that is why nobody trains with it, and why everybody checks with it.",
    forbidden=BY_HAND,
)

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
        cases.append(Case((normal(rng, B, H), x_t, h_prev, rnn_step(x_t, h_prev, p), p)))
    return cases


def _transposed_weights(dh_t, x_t, h_prev, h_t, p):
    dx_t, _, grads = _back(dh_t, x_t, h_prev, h_t, p)
    return dx_t, dh_t * (1 - h_t**2) @ p["W_hh"], grads


def _transposed_gradient(dh_t, x_t, h_prev, h_t, p):
    dx_t, dh_prev, grads = _back(dh_t, x_t, h_prev, h_t, p)
    return dx_t, dh_prev, {**grads, "W_hh": grads["W_hh"].T}


def _mean_over_the_batch(dh_t, x_t, h_prev, h_t, p):
    dx_t, dh_prev, grads = _back(dh_t, x_t, h_prev, h_t, p)
    return dx_t, dh_prev, {name: g / len(x_t) for name, g in grads.items()}


def _bias_not_summed(dh_t, x_t, h_prev, h_t, p):
    dx_t, dh_prev, grads = _back(dh_t, x_t, h_prev, h_t, p)
    return dx_t, dh_prev, {**grads, "b_h": dh_t * (1 - h_t**2)}


def _bias_as_one_number(dh_t, x_t, h_prev, h_t, p):
    dx_t, dh_prev, grads = _back(dh_t, x_t, h_prev, h_t, p)
    return dx_t, dh_prev, {**grads, "b_h": grads["b_h"].sum()}


RNN_STEP_BACKWARD = Task(
    name="rnn_step_backward",
    title="One step back",
    points=4,
    minutes=20,
    section="Term 5: the recurrent weights",
    reference=lambda dh_t, x_t, h_prev, h_t, p: _back(dh_t, x_t, h_prev, h_t, p),
    cases=_one_step_cases,
    outputs=("dx_t", "dh_prev", "grads"),
    mistakes=(
        Mistake(
            "tanh_not_undone",
            lambda dh_t, x_t, h_prev, h_t, p: _back(dh_t, x_t, h_prev, h_t, p, lambda h: 1),
            "You go from `dh_t` to the weights as if there were no tanh in between. On the way forward tanh came last, "
            "so it is the first thing to undo, and everything else is made from the result.",
        ),
        Mistake(
            "slope_at_the_state",
            lambda dh_t, x_t, h_prev, h_t, p: _back(dh_t, x_t, h_prev, h_t, p, lambda h: 1 - np.tanh(h) ** 2),
            "You take the slope of tanh at the state. The slope belongs to the sum `a_t` that went into tanh, and the "
            "state is the tanh of it already: here tanh is taken twice.",
        ),
        Mistake(
            "square_forgotten",
            lambda dh_t, x_t, h_prev, h_t, p: _back(dh_t, x_t, h_prev, h_t, p, lambda h: 1 - h),
            "Your slope of tanh is larger than 1 where the state is negative, and that cannot be: tanh is never "
            "steeper than 1. Compare your slope with the formula of term 4.",
        ),
        Mistake(
            "sigmoid_slope",
            lambda dh_t, x_t, h_prev, h_t, p: _back(dh_t, x_t, h_prev, h_t, p, lambda h: h * (1 - h)),
            "This is the slope of the sigmoid, written with its output. The state of this net comes out of a tanh.",
        ),
        Mistake(
            "transposed_W_hh",
            _transposed_weights,
            "`W_hh` is square, so it fits both ways round, and this is the wrong one. Rule 1: what goes back through a "
            "product meets the transpose of the matrix.",
        ),
        Mistake(
            "gradient_lies_on_its_side",
            _transposed_gradient,
            "The gradient of `W_hh` lies on its side. Row i of `W_hh` belongs to unit i of the old state, so row i of "
            "its gradient is made with that unit of `h_prev`. Which of the two is transposed in rule 1?",
        ),
        Mistake(
            "state_after_the_step",
            lambda dh_t, x_t, h_prev, h_t, p: _back(dh_t, x_t, h_prev, h_t, p, kept=h_t),
            "You use the state after the step. On the way forward `W_hh` was multiplied with the state before it.",
        ),
        Mistake(
            "bias_not_summed",
            _bias_not_summed,
            "The bias has one number for each unit, and so has its gradient. On the way forward the same bias was "
            "added to every sequence of the batch. What do roads that meet do?",
        ),
        Mistake(
            "bias_summed_over_units",
            _bias_as_one_number,
            "You have added up all of `da_t`, over the batch and over the units, into one number. Each unit has a bias "
            "of its own. Along which axis are its shares?",
        ),
        Mistake(
            "mean_over_the_batch",
            _mean_over_the_batch,
            "You divide by the number of sequences. If the loss is a mean over the batch, that is in `dh_t` already; "
            "here the shares of the sequences are added.",
        ),
    ),
    hints=(
        "Write down the two lines of the step forward and undo them from the last to the first. Between them stands "
        "`a_t`, so `da_t` comes first. All five results are made from it.",
        "The sum `a_t` has two products and a bias. Rule 1 of the chapter gives two gradients for each product, one "
        "towards the left factor and one towards the matrix. The bias gets a sum over the batch.",
        "Let the shapes lead you: a gradient has the shape of its thing. From `x_t` (B, D) and `da_t` (B, H) there is "
        "one product of shape (D, H). With `W_hh` the shapes cannot help you; do as with `W_xh`.",
    ),
    praise="The slope needs no second tanh, because the state is one already. That is why the way forward keeps `h`.",
    forbidden=BY_HAND,
)

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
    h_t, h = h0, []
    for x_t in x:
        h_t = rnn_step(x_t, h_t, p)
        h.append(h_t)
    return Case((normal(rng, T, B, H), x, h0, np.stack(h), p, *more))


def _no_carry(dh, x, h0, h, p):
    return _all_back(dh, x, h0, h, p, carried=lambda t, carry: 0)


def _from_the_front(dh, x, h0, h, p):
    """The sweep runs from the first step to the last, and carries the wrong way."""
    before = np.concatenate([h0[None], h[:-1]])
    carry, dx = np.zeros_like(h0), np.zeros_like(x)
    grads = {name: np.zeros_like(p[name]) for name in NAMES}
    for t in range(len(x)):
        dx[t], carry, share = _back(dh[t] + carry, x[t], before[t], h[t], p)
        grads = {name: grads[name] + share[name] for name in NAMES}
    return dx, carry, grads


def _dx_backwards(dh, x, h0, h, p):
    dx, dh0, grads = _all_back(dh, x, h0, h, p)
    return dx[::-1].copy(), dh0, grads


def _mean_over_steps(dh, x, h0, h, p):
    dx, dh0, grads = _all_back(dh, x, h0, h, p)
    return dx, dh0, {name: g / len(x) for name, g in grads.items()}


def _one_short(dh, x, h0, h, p):
    """dh0 is what arrives at the first state, not what is left of it before the first step."""
    dx, _, grads = _all_back(dh, x, h0, h, p)
    carry = np.zeros_like(h0)
    for t in reversed(range(1, len(x))):
        carry = (dh[t] + carry) * (1 - h[t] ** 2) @ p["W_hh"].T
    return dx, dh[0] + carry, grads


RNN_BACKWARD = Task(
    name="rnn_backward",
    title="All the way back",
    points=4,
    minutes=20,
    section="Term 3: the state, where two roads meet",
    reference=lambda dh, x, h0, h, p: _all_back(dh, x, h0, h, p),
    cases=_sequence_cases,
    outputs=("dx", "dh0", "grads"),
    mistakes=(
        Mistake(
            "forgot_the_carry",
            _no_carry,
            "Every step hears of its own loss only. What comes back from the step after never arrives, although it is "
            "computed. Two roads meet at a state.",
        ),
        Mistake(
            "shares_overwritten",
            lambda dh, x, h0, h, p: _all_back(dh, x, h0, h, p, steps=(0,)),
            "Your gradients of the weights hold the share of one step only, the one that the sweep came to last. The "
            "same weights were used at every step: what happens to the shares?",
        ),
        Mistake(
            "sweep_from_the_front",
            _from_the_front,
            "Your sweep begins at the first step. But a step needs what the step after it sends back, and that must be "
            "there first.",
        ),
        Mistake(
            "wrapped_round",
            lambda dh, x, h0, h, p: _all_back(dh, x, h0, h, p, before=np.roll(h, 1, axis=0)),
            "At the first step your state before it is the last of the sequence: `h[-1]` is a valid index in Python, "
            "and means the end. What stood before the first step came in as an argument.",
        ),
        Mistake(
            "state_after_the_step",
            lambda dh, x, h0, h, p: _all_back(dh, x, h0, h, p, before=h),
            "`h[t]` is the state after step t. `W_hh` met the state before it.",
        ),
        Mistake(
            "dx_backwards",
            _dx_backwards,
            "The gradients of the inputs are right, but in the order in which the sweep came by: the last step first. "
            "Step t belongs at place t.",
        ),
        Mistake(
            "mean_over_the_steps",
            _mean_over_steps,
            "You divide by the number of steps. The mean over the steps is in the loss, and so in `dh` already. The "
            "uses of a weight are not averaged; their shares are added.",
        ),
        Mistake(
            "dh0_one_step_short",
            _one_short,
            "Your `dh0` is the gradient of the first state, `h[0]`. One more step back lies `h0`: through tanh, and "
            "over `W_hh`. That is what your one-step function hands back.",
        ),
    ),
    hints=(
        "Your `rnn_step_backward` does one step. What does it need at step t, and where does each of the five things "
        "come from?",
        "Before the loop: a carry of zeros, since nothing comes back from beyond the end, and gradients of zeros. In "
        "the loop, from the last step to the first: add the two roads, go one step back, keep what came out.",
        "`dh_prev` of step t is the carry for step t − 1. After the last turn of the loop it has arrived at `h0`, so "
        "it is `dh0`. The state before step t is `h[t - 1]`, with one exception.",
    ),
    praise="The sweep has to go step by step, but the gradients of the weights need not: keep all `da_t` in one array, "
    "and one product over time and batch makes each of them. The layers of the package do that.",
    forbidden=BY_HAND,
)

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


MENDED_F = Task(
    name="mended_f",
    title="Find the bugs: patient F",
    points=3,
    minutes=15,
    section="Bug hunt",
    kind="bug",
    reference=lambda p, x, h, dh: _patient(p, x, h, dh, _before(p, h)),
    cases=_patient_cases,
    mistakes=(
        Mistake(
            "still_broken",
            lambda p, x, h, dh: _patient(p, x, h, dh, np.roll(h, 1, axis=0), carry_from_dh=True),
            "Both bugs are still in. One of them does harm at the first step of the sequence alone, and only to "
            "`W_hh`. The other spoils everything but the last step.",
        ),
        Mistake(
            "carry_still_broken",
            lambda p, x, h, dh: _patient(p, x, h, dh, _before(p, h), carry_from_dh=True),
            "One bug is mended: the first step now meets the right state. The other is still in. With a single step "
            "everything is right but `h0`, so follow what goes from one step to the step before.",
        ),
        Mistake(
            "start_still_broken",
            lambda p, x, h, dh: _patient(p, x, h, dh, np.roll(h, 1, axis=0)),
            "One bug is mended: what goes back through time is right. The other is still in, and shows in `W_hh` "
            "alone. Which state does `W_hh` meet when t is 0? Python will not complain about that index.",
        ),
        Mistake(
            "start_from_zeros",
            lambda p, x, h, dh: _patient(p, x, h, dh, np.concatenate([np.zeros((1, *h.shape[1:])), h[:-1]])),
            "Both bugs are found. But the state before the first step is not zero: it is one of the parameters.",
        ),
        Mistake(
            "first_share_dropped",
            lambda p, x, h, dh: _patient(
                p, x, h, dh, np.concatenate([np.zeros((1, *h.shape[1:])), h[:-1]]), carry_from_dh=True
            ),
            "You leave out the share of the first step, or let it meet zeros. The state before it is one of the "
            "parameters. And one bug is still in: look at what goes from one step to the step before.",
        ),
        Mistake(
            "transpose_lost",
            lambda p, x, h, dh: _patient(p, x, h, dh, _before(p, h), transpose=False),
            "Both bugs are found, but a new one has come in: on the way back the carry meets `W_hh` the wrong way "
            "round. The matrix is square, so the shapes say nothing.",
        ),
        Mistake(
            "state_after_the_step",
            lambda p, x, h, dh: _patient(p, x, h, dh, h),
            "The carry is right now. But `W_hh` meets the state after each step, at every step; that is patient D's "
            "illness.",
        ),
    ),
    hints=(
        "Two lines are ill. Compare with the five terms of the chapter, one line at a time, and for each line ask: "
        "does it use what the formula says, at every t from the last to 0?",
        "One illness is about time, the carry: is it made from what it should be made from? The other is about one "
        "index, and does harm at a single step only.",
        "The carry goes back over `W_hh` from `a_t`, not from `h_t`: between the two lies tanh. And `h[t - 1]` is not "
        "an error for t = 0. It is the last state.",
    ),
    praise="With one step the first bug shows in `h0` alone, the second in `W_hh` alone. Check with one step first.",
    forbidden=BY_HAND,
)

# ---------------------------------------------------------------- explanation

PASSES_WITH_ONE_STEP = Task(
    name="passes_with_one_step",
    title="It passes with one step",
    points=3,
    minutes=10,
    section="Fingerprints",
    kind="explanation",
)

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


CLIP_GRADIENTS = Task(
    name="clip_gradients",
    title="A limit for the length",
    points=3,
    minutes=12,
    section="Clipping: one exploding run, with and without",
    reference=_clip,
    cases=_clip_cases,
    mistakes=(
        Mistake(
            "each_array_by_itself",
            lambda grads, max_norm: {
                name: g * min(1, max_norm / np.linalg.norm(g)) for name, g in grads.items()
            },
            "You clip every array by its own length, each with a factor of its own. Then the arrow turns, and it is "
            "still too long. All arrays together are one arrow, with one length and one factor.",
        ),
        Mistake(
            "each_number_by_itself",
            lambda grads, max_norm: {name: np.clip(g, -max_norm, max_norm) for name, g in grads.items()},
            "You cut off every number by itself. In the chapter that turned the gradient, to a cosine of 0.86. Asked "
            "for is one factor for all numbers.",
        ),
        Mistake(
            "always_scaled",
            lambda grads, max_norm: _scaled(grads, max_norm / _norm(grads)),
            "A gradient that is shorter than the limit comes out longer. Clipping only ever shortens; what is short "
            "enough stays as it is.",
        ),
        Mistake(
            "root_forgotten",
            lambda grads, max_norm: _scaled(grads, min(1, max_norm / _norm(grads) ** 2)),
            "Your factor uses the sum of the squares. The length of an arrow is the root of it.",
        ),
        Mistake(
            "lengths_added",
            lambda grads, max_norm: _scaled(
                grads, min(1, max_norm / sum(np.linalg.norm(g) for g in grads.values()))
            ),
            "You add up the lengths of the arrays. Lengths do not add like that: to go 3 east and 4 north is to be 5 "
            "away. It is the squares that are added.",
        ),
        Mistake(
            "largest_number",
            lambda grads, max_norm: _scaled(
                grads, min(1, max_norm / max(np.abs(g).max() for g in grads.values()))
            ),
            "You limit the largest number of the gradient. The direction is kept, but it is the length of the whole "
            "arrow that has the limit.",
        ),
    ),
    hints=(
        "Think of all the numbers in all the arrays as one long vector. It has one length, and there is one question: "
        "is that more than `max_norm`?",
        "Go through the arrays twice: once to add up the squares of everything, and once, if need be, to multiply "
        "everything by the same factor.",
        "The factor is the one that makes the long length equal to `max_norm`; if the gradient is short enough, it is "
        "1. `{name: … for name, g in grads.items()}` makes a new dictionary of new arrays.",
    ),
    praise="`min(1, max_norm / norm)` is both cases in one. Deep learning libraries change the arrays in place and "
    "return the norm, so that you can watch it, as `in_numpy.clip_by_norm` does.",
    forbidden=BY_HAND,
)

# ---------------------------------------------------------------- truncation


def _cut(window, late=0):
    """Return what of the carry reaches step t when the last step of every window gets none; late: of cuts misplaced."""
    return lambda t, carry: 0 if (t + 1 - late) % window == 0 else carry


def _truncated(dh, x, h0, h, p, window):
    return _all_back(dh, x, h0, h, p, carried=_cut(window))[2]


def _other_start(first):
    """Return a sweep with the right cuts and another state before the first step of every later window."""

    def started(dh, x, h0, h, p, window):
        before = np.concatenate([h0[None], h[:-1]])
        before[window::window] = first(h0)
        return _all_back(dh, x, h0, h, p, before=before, carried=_cut(window))[2]

    return started


def _only_the_last(dh, x, h0, h, p, window):
    start = (len(x) - 1) // window * window
    return _all_back(dh[start:], x[start:], h[start - 1], h[start:], p)[2]


def _each_reaches_back(dh, x, h0, h, p, window):
    """Every loss reaches back `window` steps, wherever it stands."""
    total = {name: np.zeros_like(p[name]) for name in NAMES}
    before = np.concatenate([h0[None], h[:-1]])
    for t in range(len(x)):
        first = max(t - window + 1, 0)
        alone = np.zeros_like(dh[first : t + 1])
        alone[-1] = dh[t]
        grads = _all_back(alone, x[first : t + 1], before[first], h[first : t + 1], p)[2]
        total = {name: total[name] + grads[name] for name in NAMES}
    return total


TRUNCATED_BACKWARD = Task(
    name="truncated_backward",
    title="The gradient is cut, the state is not",
    points=4,
    minutes=20,
    section="Truncation: the state is carried, the gradient is cut",
    reference=_truncated,
    cases=lambda rng: [_sequence_case(rng, *sizes) for sizes in ((7, 3, 4, 2, 3), (8, 2, 3, 5, 3))],
    mistakes=(
        Mistake(
            "never_cut",
            lambda dh, x, h0, h, p, window: _all_back(dh, x, h0, h, p)[2],
            "Your gradient is the full one: it travels from the last step to the first without a cut. What has to be "
            "thrown away at the edge of a window?",
        ),
        Mistake(
            "cut_too_late",
            lambda dh, x, h0, h, p, window: _all_back(dh, x, h0, h, p, carried=_cut(window, 1))[2],
            "Your cut lies one step too late in time: a window's first step gets nothing from the window's own later "
            "steps, and sends its gradient to the window before. The steps 0 to `window` − 1 belong together.",
        ),
        Mistake(
            "cut_too_early",
            lambda dh, x, h0, h, p, window: _all_back(dh, x, h0, h, p, carried=_cut(window, -1))[2],
            "Your cut lies one step too early in time: the last step of each window is cut off from the steps before "
            "it. The steps 0 to `window` − 1 belong together.",
        ),
        Mistake(
            "state_cut_too",
            _other_start(np.zeros_like),
            "The gradient is cut in the right places, and so is the state: your windows begin with a blank one. Going "
            "forward nothing is lost at a cut. Which state stood before the first step of the second window?",
        ),
        Mistake(
            "starts_from_h0_again",
            _other_start(np.copy),
            "Every window begins with `h0` in your sweep. That is the state before the very first step. Later windows "
            "began with the last state of the window before.",
        ),
        Mistake(
            "only_the_last_window",
            _only_the_last,
            "Your gradient comes from the last window alone. Every window has a sweep of its own, and their shares are "
            "added.",
        ),
        Mistake(
            "every_loss_reaches_back",
            _each_reaches_back,
            "You let every loss reach back `window` steps, wherever it stands. That is another kind of truncation, and "
            "costs far more. Here the cuts stand still: the sequence is laid out in windows, and no gradient leaves "
            "its own.",
        ),
    ),
    hints=(
        "There are two ways. Either run one sweep over everything and drop the carry at the right moments, or run a "
        "sweep for each window and add up. In both, the states are those that you are given.",
        "If you go window by window: its part of `dh`, `x` and `h` are slices with the same two ends. The state it "
        "starts from is `h0` for the first window; for a later one it stands in `h`.",
        "`range(0, len(x), window)` gives the starts. The last window may be shorter, and slices do not mind. Your "
        "`rnn_backward` does the sweep of a window; of what it returns, the gradient of its first state is dropped.",
    ),
    praise="In PyTorch the same cut is `h.detach()` at the start of each window: the numbers go on, their history does "
    "not.",
    forbidden=BY_HAND,
)

TASKS = (
    CENTRAL_DIFFERENCES,
    RNN_STEP_BACKWARD,
    RNN_BACKWARD,
    MENDED_F,
    PASSES_WITH_ONE_STEP,
    CLIP_GRADIENTS,
    TRUNCATED_BACKWARD,
)
