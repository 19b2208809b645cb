"""Chapter 05: slopes, dead units, the Jacobian of a step, gains by lag, the spectral radius, a bound that is "
"none."""

from __future__ import annotations

import numpy as np

from rnncourse.checks.bank.inputs import normal
from rnncourse.checks.task import Case, Mistake, Task
from rnncourse.in_numpy import sigmoid, tanh_prime
from rnncourse.in_numpy import sigmoid_prime as reference_sigmoid_prime

_BY_HAND = ("rnncourse.in_numpy", "rnncourse.in_torch", "rnncourse.analysis", "torch")

# ---------------------------------------------------------------- the slope of the sigmoid


def _slope_cases(rng):
    return [Case((normal(rng, 3, 5, scale=2.0),)), Case((normal(rng, 4, 2, scale=2.0),))]


SIGMOID_PRIME = Task(
    name="sigmoid_prime",
    title="The slope of the sigmoid",
    points=2,
    minutes=8,
    section="Four activations and their slopes",
    reference=lambda a: reference_sigmoid_prime(a),
    cases=_slope_cases,
    mistakes=(
        Mistake(
            "slope_at_the_value",
            lambda a: reference_sigmoid_prime(sigmoid(a)),
            "The sigmoid is applied twice: this is its slope at `sigmoid(a)`, not at `a`. Your results all lie "
            "between 0.19 and 0.25; far from 0 the slope should be next to nothing.",
        ),
        Mistake(
            "pre_activation_for_value",
            lambda a: a * (1 - a),
            "The rule is the right one, but it is about the value of the sigmoid, p. You put the pre-activation "
            "`a` in its place, so some of your slopes are negative, and a sigmoid never falls.",
        ),
        Mistake(
            "value_for_slope",
            lambda a: sigmoid(a),
            "This is the sigmoid itself, how high the curve is. Asked for is how steep it is there.",
        ),
        Mistake(
            "squared",
            lambda a: 1 - sigmoid(a) ** 2,
            "This is the rule of the tanh, with a sigmoid put in. The table in the chapter has a row for each "
            "of the two.",
        ),
        Mistake(
            "one_factor",
            lambda a: 1 - sigmoid(a),
            "This is 1 − p, one of two factors. At a = 0 it gives 0.5, and the sigmoid is never steeper than a "
            "quarter.",
        ),
        Mistake(
            "slope_of_tanh",
            lambda a: tanh_prime(a),
            "This is the slope of the tanh: it reaches 1 at a = 0. The sigmoid is a flatter curve.",
        ),
    ),
    hints=(
        "Draw the sigmoid and lay a ruler on it at a = 0 and at a = 5. Where is it steep, and where is it flat?",
        "The slope can be written with the value p of the sigmoid alone. Compute p first and give it a name.",
        "The slope is a product of two numbers between 0 and 1. One is p; the other is large where p is small. "
        "Check a = 0: p is 0.5, so the slope must be 0.25.",
    ),
    praise="On the way back, a net has p at hand already, from the way forward. It never computes the "
    "exponential again.",
    forbidden=_BY_HAND,
)

# ---------------------------------------------------------------- dead units


def _dead(a):
    return (a <= 0).all(axis=0)


def _dead_cases(rng):
    return [Case((_pre_activations(rng, 6, "ddz-m+"),)), Case((_pre_activations(rng, 4, "zdmm+++"),))]


def _pre_activations(rng, N, kinds):
    """Return (N, H) with a column of each kind, in random order.

    d: all below 0. z: below 0 but for one 0. m, -: below 0 but for one, so that the mean is negative. +: above 0
    but for one.
    """
    a = np.stack([_column(rng, N, kind) for kind in kinds], axis=1)
    return rng.permuted(a, axis=0)[:, rng.permutation(len(kinds))]


def _column(rng, N, kind):
    column = rng.uniform(0.5, 2.0, size=N) * (1 if kind == "+" else -1)
    if kind == "z":
        column[0] = 0.0
    elif kind != "d":
        column[0] *= -0.3
    return column


DEAD_UNITS = Task(
    name="dead_units",
    title="Which units are dead?",
    points=2,
    minutes=8,
    section="Dead units",
    reference=_dead,
    cases=_dead_cases,
    mistakes=(
        Mistake(
            "silent_once",
            lambda a: (a <= 0).any(axis=0),
            "You find units that are silent for at least one example. Nearly every ReLU is; that is its work. "
            "Dead is "
            "one that no example wakes.",
        ),
        Mistake(
            "alive",
            lambda a: (a > 0).any(axis=0),
            "This is the right answer upside down: True where a unit is alive.",
        ),
        Mistake(
            "zero_counts_as_alive",
            lambda a: (a < 0).all(axis=0),
            "Nearly. One unit reaches exactly 0 and never gets above it. Which slope does a ReLU have at 0, by the "
            "chapter's table?",
        ),
        Mistake(
            "examples_for_units",
            lambda a: (a <= 0).all(axis=1),
            "Your answer has an entry for each example. A row of `a` is an example, a column is a unit: go "
            "along the "
            "examples, and leave the units.",
        ),
        Mistake(
            "on_average",
            lambda a: a.mean(axis=0) <= 0,
            "You look at the average. A unit with a low average may still be woken by a single example, and one "
            "example is enough to bring it a gradient.",
        ),
        Mistake(
            "how_many",
            lambda a: int(_dead(a).sum()),
            "The count is right. Asked for is which units they are: True or False for each. `.sum()` of that is "
            "the count.",
        ),
        Mistake(
            "numbers_of_the_dead",
            lambda a: np.flatnonzero(_dead(a)),
            "You found the dead ones, and return their numbers. Asked for is True or False for each of the H "
            "units.",
        ),
        Mistake(
            "all_units_at_once",
            lambda a: bool((a <= 0).all()),
            "This is one answer for the whole layer: is everything silent? Asked for is an answer for each "
            "unit, so the examples must go and the units must stay.",
        ),
        Mistake(
            "entry_by_entry",
            lambda a: a <= 0,
            "This says for each example and each unit whether the unit is silent. What makes a column of it a "
            "dead unit?",
        ),
    ),
    hints=(
        "Take one unit, one column. Which of its numbers must you see before you may call it dead?",
        "First make an array of True and False: where is the slope 0? Then one True or False must come of each "
        "column.",
        "NumPy arrays have `.all()` and `.any()`, and both take an `axis`. The axis you name is the one that "
        "goes away.",
    ),
    praise="`.sum()` of an array of True and False counts, and `.mean()` gives the share: two numbers worth a "
    "look in "
    "every net with ReLUs.",
    forbidden=_BY_HAND,
)

# ---------------------------------------------------------------- one step's Jacobian


def _jacobian(W_hh, a_t):
    return W_hh * tanh_prime(a_t)


def _jacobian_cases(rng):
    return [Case((normal(rng, H, H), normal(rng, H))) for H in (4, 3)]


STEP_JACOBIAN = Task(
    name="step_jacobian",
    title="The Jacobian of one step",
    points=3,
    minutes=12,
    section="Through time: the same matrix, again and again",
    reference=_jacobian,
    cases=_jacobian_cases,
    mistakes=(
        Mistake(
            "slopes_along_rows",
            lambda W_hh, a_t: W_hh * tanh_prime(a_t)[:, None],
            "Your slopes scale the rows. A row says from which unit of the old state; the slope belongs to the "
            "unit "
            "that is reached, in the new one.",
        ),
        Mistake(
            "transposed",
            lambda W_hh, a_t: _jacobian(W_hh, a_t).T,
            "This is the transpose. It is right in books that write states as columns; here they are rows, and the "
            "entry [j, k] says how unit k of the new state follows unit j of the old one.",
        ),
        Mistake(
            "transposed_W_hh",
            lambda W_hh, a_t: W_hh.T * tanh_prime(a_t),
            "The slopes are where they belong, but `W_hh` is turned round. On the way back a gradient meets the "
            "transpose; the Jacobian itself is told the way forward, from (row) to (column).",
        ),
        Mistake(
            "without_slope",
            lambda W_hh, a_t: W_hh.copy(),
            "This is `W_hh` alone, the Jacobian of a net without any activation. What does a tanh do to a small "
            "nudge?",
        ),
        Mistake(
            "value_for_slope",
            lambda W_hh, a_t: W_hh * np.tanh(a_t),
            "You scale with the tanh itself. A nudge is passed on by how steep the curve is, not by how high.",
        ),
        Mistake(
            "slope_at_the_state",
            lambda W_hh, a_t: W_hh * tanh_prime(np.tanh(a_t)),
            "The tanh is applied twice. `a_t` is the pre-activation, so its tanh is the state; the slope can be "
            "written "
            "with that state alone.",
        ),
        Mistake(
            "state_for_pre_activation",
            lambda W_hh, a_t: W_hh * (1 - a_t**2),
            "You square `a_t` as if it were the state. It is the pre-activation, from before the tanh.",
        ),
        Mistake(
            "summed_over_columns",
            lambda W_hh, a_t: W_hh @ tanh_prime(a_t),
            "This is a vector: the product `@` with the slopes has summed over the new units. In the equation the "
            "slopes stand on the diagonal of a matrix, and nothing is summed away.",
        ),
    ),
    hints=(
        "If unit j of the old state grows by a tiny bit, by how much does the sum `a_t` of unit k grow? And "
        "then its tanh?",
        "There is one number for each pair (from j, to k): a weight, and a slope. The slope is that of the unit to "
        "which the pair leads.",
        "`np.diag(v)` makes a matrix with `v` on its diagonal. To multiply a matrix by it from the right scales "
        "the "
        "columns, and NumPy's `*` with a vector does the same without building the diagonal.",
    ),
    praise="A `*` with the row of slopes scales each column and costs H² products; with `np.diag` and `@` it is "
    "H³.",
    forbidden=_BY_HAND,
)

# ---------------------------------------------------------------- gains by lag


def _gain(J):
    return np.linalg.norm(J) / np.sqrt(len(J))


def _gains(W_hh, a, product=lambda J, factor: factor @ J, gain=_gain, slope=tanh_prime):
    """Return the gains by lag; `product` says how one more factor is multiplied in."""
    J, gains = np.eye(len(W_hh)), [1.0]
    for a_t in a[::-1]:
        J = product(J, W_hh * slope(a_t))
        gains.append(gain(J))
    return np.array(gains)


def _gain_cases(rng):
    return [Case((normal(rng, H, H, scale=0.7), normal(rng, T, H))) for T, H in ((6, 4), (5, 3))]


GAIN_BY_LAG = Task(
    name="gain_by_lag",
    title="What is left, lag by lag",
    points=4,
    minutes=18,
    section="Through time: the same matrix, again and again",
    reference=lambda W_hh, a: _gains(W_hh, a),
    cases=_gain_cases,
    mistakes=(
        Mistake(
            "starts_at_the_first_step",
            lambda W_hh, a: _gains(W_hh, a[::-1], product=lambda J, factor: J @ factor),
            "Your product starts with the first step and grows forwards. Lag 1 is one step back from the last "
            "state: "
            "begin with the last factor.",
        ),
        Mistake(
            "factor_on_the_wrong_side",
            lambda W_hh, a: _gains(W_hh, a, product=lambda J, factor: J @ factor),
            "Lags 0 and 1 are right. From lag 2 on the factors stand in the wrong order: an earlier step stands "
            "further "
            "left in the equation.",
        ),
        Mistake(
            "one_step_only",
            lambda W_hh, a: _gains(W_hh, a, product=lambda J, factor: factor),
            "Each of your gains is that of a single step. What is left after 3 steps has been through all "
            "three: the "
            "product must be carried on.",
        ),
        Mistake(
            "gains_multiplied",
            lambda W_hh, a: np.cumprod(_gains(W_hh, a, product=lambda J, factor: factor)),
            "You multiply the gains of the single steps. The lengths of matrices do not multiply like that: "
            "multiply "
            "the matrices, then take the length of the product.",
        ),
        Mistake(
            "not_per_unit",
            lambda W_hh, a: _gains(W_hh, a, gain=np.linalg.norm),
            "This is the Frobenius norm. It gives √H for the identity, which changes no length at all. What "
            "makes it a "
            "gain of 1?",
        ),
        Mistake(
            "largest_stretch",
            lambda W_hh, a: _gains(W_hh, a, gain=lambda J: np.linalg.norm(J, 2)),
            "This is the most that any gradient is stretched, the largest singular value. Asked for is the average "
            "over random gradients, from the sum of all squared entries.",
        ),
        Mistake(
            "without_slopes",
            lambda W_hh, a: _gains(W_hh, a, slope=np.ones_like),
            "These are the powers of `W_hh`. Each step has slopes of its own in its factor, too.",
        ),
        Mistake(
            "same_factor",
            lambda W_hh, a: _gains(W_hh, np.broadcast_to(a[-1], a.shape)),
            "Every factor of yours is that of the last step. `W_hh` is the same at all steps; the slopes are not.",
        ),
    ),
    hints=(
        "Write the product for lag 1, 2 and 3 on paper. Which factor is new in each, and on which side does it "
        "stand?",
        "Start with the identity matrix, whose gain is 1. Go through the steps from the last to the first, take "
        "one more "
        "factor in, and note the gain each time.",
        "`reversed(range(T))` counts down; your `step_jacobian` gives the factor of a step. The gain divides "
        "`np.linalg.norm(J)`, the root of the sum of squares, by the same of an identity of that size.",
    ),
    praise="To follow one gradient, carry a vector in place of a matrix: H² products a step and not H³. That is "
    "what "
    "`backward` does. For 1,000 steps, take care that the product does not underflow: rescale it and add up "
    "logarithms.",
    forbidden=_BY_HAND,
    timed=("result",),
)

# ---------------------------------------------------------------- a given spectral radius


def _radius(W_hh):
    return np.abs(np.linalg.eigvals(W_hh)).max()


def _matrix(rng, *blocks):
    """Return a matrix with the given eigenvalues, (modulus, angle) for a pair and a number for a single one."""
    H = sum(2 if isinstance(block, tuple) else 1 for block in blocks)
    inner, k = np.zeros((H, H)), 0
    for block in blocks:
        if isinstance(block, tuple):
            r, angle = block
            c, s = r * np.cos(angle), r * np.sin(angle)
            inner[k : k + 2, k : k + 2] = ((c, -s), (s, c))
            k += 2
        else:
            inner[k, k] = block
            k += 1
    left, right = (np.linalg.qr(normal(rng, H, H))[0] for _ in range(2))
    skew = left * rng.uniform(0.5, 2.0, size=H) @ right
    return skew @ inner @ np.linalg.inv(skew)


def _radius_cases(rng):
    """The largest eigenvalue is once a pair with a negative real part, once a negative number."""
    u = rng.uniform
    pairs = _matrix(rng, (u(1.6, 1.9), u(2.0, 2.6)), (u(1.0, 1.2), u(0.5, 0.9)), u(-0.4, -0.2))
    single = _matrix(rng, -u(1.6, 1.9), (u(1.0, 1.2), u(0.5, 0.9)), u(0.2, 0.4))
    return [Case((pairs, u(0.8, 0.95))), Case((single, u(1.05, 1.2)))]


WITH_RADIUS = Task(
    name="with_radius",
    title="Set the spectral radius",
    points=3,
    minutes=12,
    section="Which number decides: the spectral radius",
    reference=lambda W_hh, radius: W_hh * (radius / _radius(W_hh)),
    cases=_radius_cases,
    mistakes=(
        Mistake(
            "singular_value",
            lambda W_hh, radius: W_hh * (radius / np.linalg.norm(W_hh, 2)),
            "Your matrix has `radius` as its largest singular value, the most by which it stretches in one "
            "step. In "
            "the long run the eigenvalues decide.",
        ),
        Mistake(
            "frobenius_norm",
            lambda W_hh, radius: W_hh * (radius / np.linalg.norm(W_hh)),
            "You divide by the root of the sum of squares. `np.linalg.norm` of a matrix is that if you do not say "
            "otherwise; the spectral radius is about eigenvalues.",
        ),
        Mistake(
            "not_divided",
            lambda W_hh, radius: W_hh * radius,
            "You multiply by `radius`, whatever radius the matrix has already. Of a matrix with radius 2 this "
            "makes "
            "one with twice what was asked for.",
        ),
        Mistake(
            "upside_down",
            lambda W_hh, radius: W_hh * (_radius(W_hh) / radius),
            "The fraction is upside down: where the matrix should shrink, yours grows.",
        ),
        Mistake(
            "radius_one",
            lambda W_hh, radius: W_hh / _radius(W_hh),
            "Your matrix has spectral radius 1, whatever was asked for: `radius` is not used.",
        ),
        Mistake(
            "real_part",
            lambda W_hh, radius: W_hh * (radius / np.linalg.eigvals(W_hh).real.max()),
            "You take the largest real part. An eigenvalue of −2 or of 2i turns as well as it stretches, and "
            "stretches "
            "by 2: what counts is its absolute value.",
        ),
        Mistake(
            "absolute_value_too_late",
            lambda W_hh, radius: W_hh * (radius / abs(np.linalg.eigvals(W_hh).max())),
            "You look for the largest eigenvalue first and take its absolute value then. Of −3 and 2, that "
            "finds the 2. "
            "Which of the two comes first?",
        ),
        Mistake(
            "largest_entry",
            lambda W_hh, radius: W_hh * (radius / np.abs(W_hh).max()),
            "You divide by the largest entry. A matrix of small entries can have a large radius: an 8 by 8 "
            "matrix full of "
            "halves has radius 4.",
        ),
    ),
    hints=(
        "If every entry of a matrix is doubled, what happens to its eigenvalues? So which single number do you "
        "need?",
        "Compute the radius it has now: the largest absolute value among the eigenvalues. They may be complex "
        "numbers, but their absolute values are not.",
        "`np.linalg.eigvals` gives the eigenvalues and `np.abs` their sizes. Then multiply all of `W_hh` by one "
        "number: "
        "it is 1 if the matrix has the asked-for radius already.",
    ),
    praise="For large matrices all eigenvalues cost about 10 H³ operations. An orthogonal matrix has radius 1 by "
    "construction, so it only has to be multiplied.",
    forbidden=_BY_HAND,
)

# ---------------------------------------------------------------- a bound that is none


def _bound(W_hh, activation, steps, sigmoid_slope=0.25, stretch=lambda W: np.linalg.norm(W, 2)):
    steepest = {"sigmoid": sigmoid_slope, "tanh": 1.0, "relu": 1.0, "leaky_relu": 1.0}
    return float((steepest[activation] * stretch(W_hh)) ** steps)


def _bound_cases(rng):
    return [
        Case((normal(rng, 3, 3), "sigmoid", 3)),
        Case((normal(rng, 4, 4, scale=0.5), "leaky_relu", 2)),
        Case((normal(rng, 5, 5, scale=0.5), "tanh", 4)),
    ]


GAIN_BOUND = Task(
    name="gain_bound",
    title="Find the bug: a bound that is none",
    points=4,
    minutes=15,
    section="Which number decides: the spectral radius",
    kind="bug",
    reference=lambda W_hh, activation, steps: _bound(W_hh, activation, steps),
    cases=_bound_cases,
    mistakes=(
        Mistake(
            "still_broken",
            lambda W_hh, activation, steps: _bound(W_hh, activation, steps, 0.2, _radius),
            "This is the broken bound, unchanged. It goes wrong in two places: one you see with a tanh and a "
            "lopsided "
            "matrix, the other with a sigmoid only.",
        ),
        Mistake(
            "slope_still_wrong",
            lambda W_hh, activation, steps: _bound(W_hh, activation, steps, 0.2),
            "The matrix is right now: with tanh and leaky ReLU the bound holds. With a sigmoid it is still too "
            "small. You "
            "have met that number in a myth check.",
        ),
        Mistake(
            "matrix_still_wrong",
            lambda W_hh, activation, steps: _bound(W_hh, activation, steps, stretch=_radius),
            "The slopes are right now. But the spectral radius says what happens in the long run, not the most "
            "that a "
            "single step can do. Which number of a matrix says that?",
        ),
        Mistake(
            "frobenius_norm",
            lambda W_hh, activation, steps: _bound(W_hh, activation, steps, stretch=np.linalg.norm),
            "Nothing exceeds this bound, but it is larger than need be: the norm adds up all directions, and a "
            "vector "
            "points in one. The theorem of the chapter is sharper.",
        ),
        Mistake(
            "slope_once",
            lambda W_hh, activation, steps: _bound(np.eye(2), activation, 1) * _bound(W_hh, "tanh", steps),
            "The slope comes in once only, however many steps there are. Every step goes through an activation.",
        ),
        Mistake(
            "times_steps",
            lambda W_hh, activation, steps: steps * _bound(W_hh, activation, 1),
            "You multiply by the number of steps. Each step multiplies what the step before has left.",
        ),
        Mistake(
            "slope_of_the_leak",
            lambda W_hh, activation, steps: (
                _bound(W_hh, activation, steps) * (0.01**steps if activation == "leaky_relu" else 1)
            ),
            "For leaky ReLU you take the slope of its flat side. A bound must hold for a unit on the steep "
            "side, too.",
        ),
        Mistake(
            "one_step",
            lambda W_hh, activation, steps: _bound(W_hh, activation, 1),
            "This is the bound for a single step, and it is right. `steps` of them follow one another.",
        ),
    ),
    hints=(
        "The bound has two ingredients, a slope and a number for the matrix. Test them one at a time: with "
        "`tanh`, only "
        "the matrix can be at fault.",
        "A bound must hold in the worst case. How steep is each activation at its steepest? And by how much can "
        "the "
        "matrix stretch one vector, once, if the vector is chosen well?",
        "The worst that a matrix does to a vector in one step is its largest singular value; look up what the "
        "second "
        "argument of `np.linalg.norm` does to a matrix. For the slope, look at σ′(0).",
    ),
    praise="If this bound falls below 1 a step, the gradient must vanish. Above 1 it promises nothing, and the "
    "spectral "
    "radius is the better guide.",
    forbidden=_BY_HAND,
)

# ---------------------------------------------------------------- in words

LEAKY_IN_TIME = Task(
    name="leaky_in_time",
    title="Does a leak cure a memory?",
    points=3,
    minutes=10,
    section='Myth check: "leaky ReLU still multiplies small numbers, so it ends at 0"',
    kind="explanation",
)

TASKS = (SIGMOID_PRIME, DEAD_UNITS, STEP_JACOBIAN, GAIN_BY_LAG, WITH_RADIUS, GAIN_BOUND, LEAKY_IN_TIME)
