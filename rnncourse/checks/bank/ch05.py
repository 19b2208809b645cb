"""Chapter 05: slopes, dead units, the Jacobian of a step, gains by lag, the spectral radius, a broken bound."""

from __future__ import annotations

import numpy as np

from rnncourse.checks.bank.inputs import edge, normal
from rnncourse.checks.bank.statements import task
from rnncourse.checks.task import ENGINES, Case
from rnncourse.in_numpy import sigmoid, tanh_prime
from rnncourse.in_numpy import sigmoid_prime as reference_sigmoid_prime

# ---------------------------------------------------------------- the slope of the sigmoid


def _slope_cases(rng):
    cases = [Case((normal(rng, *shape, scale=2.0),)) for shape in ((3, 5), (4, 2, 6), (7,))]
    return [*cases, edge("with an axis of length 1", normal(rng, 2, 1, 4, scale=2.0))]


SIGMOID_PRIME = task(
    "sigmoid_prime", reference=reference_sigmoid_prime, cases=_slope_cases, forbidden=ENGINES
)


@SIGMOID_PRIME.mistake
def slope_at_the_value(a):
    """The sigmoid is applied twice: this is its slope at `sigmoid(a)`, not at `a`. All your results are
    between 0.19 and 0.25; far from 0 the slope should be almost 0.
    """
    return reference_sigmoid_prime(sigmoid(a))


@SIGMOID_PRIME.mistake
def pre_activation_for_value(a):
    """The formula is right, but it takes the value p of the sigmoid. You put in the pre-activation `a`
    instead, so some of your slopes are negative, and a sigmoid never falls.
    """
    return a * (1 - a)


@SIGMOID_PRIME.mistake
def value_for_slope(a):
    """This is the sigmoid itself: how high the curve is. The task asks how steep it is there."""
    return sigmoid(a)


@SIGMOID_PRIME.mistake
def squared(a):
    """This is the formula for tanh with a sigmoid put in. The table in the chapter has a row for each of
    them.
    """
    return 1 - sigmoid(a) ** 2


@SIGMOID_PRIME.mistake
def one_factor(a):
    """This is 1 − p, one of two factors. At a = 0 it gives 0.5, and the slope of a sigmoid is never above a
    quarter.
    """
    return 1 - sigmoid(a)


@SIGMOID_PRIME.mistake
def slope_of_tanh(a):
    """This is the slope of tanh: it reaches 1 at a = 0. The sigmoid is a flatter curve."""
    return tanh_prime(a)


@SIGMOID_PRIME.mistake
def squared_value(a):
    """This is p squared. The slope is a product of two different numbers; they sum to 1."""
    return sigmoid(a) ** 2


@SIGMOID_PRIME.mistake
def sign(a):
    """The size is right and the sign is wrong. A sigmoid rises everywhere."""
    return -reference_sigmoid_prime(a)


@SIGMOID_PRIME.mistake
def plus_for_minus(a):
    """Your second factor is 1 + p. Then the slope would be largest where the curve is flat."""
    return sigmoid(a) * (1 + sigmoid(a))


@SIGMOID_PRIME.mistake
def times_the_input(a):
    """You multiply by `a` once too often. `p` alone tells you all about the slope."""
    return a * reference_sigmoid_prime(a)


@SIGMOID_PRIME.mistake
def inverse(a):
    """This is the logarithm of p to 1 − p, the inverse of the sigmoid, not its slope."""
    return np.log(sigmoid(a) / (1 - sigmoid(a)))


@SIGMOID_PRIME.mistake
def half_the_slope_of_tanh(a):
    """This is half the slope of tanh. A sigmoid is a tanh of half the input, moved up, so its slope is
    smaller still.
    """
    return tanh_prime(a) / 2


# ---------------------------------------------------------------- dead units


def _dead(a):
    return (a <= 0).all(axis=0)


def _dead_cases(rng):
    cases = [_dead_case(rng, 6, "ddz0-ms+", 4), _dead_case(rng, 4, "0zdmms+p", 7)]
    last = -rng.uniform(0.5, 2, size=(5, 4))
    last[-1, rng.permutation(4)[:2]] *= -1
    return [
        *cases,
        edge("with a single unit", *_dead_case(rng, 5, "", 1).args),
        edge("with a single example", *_dead_case(rng, 1, "dp", 3).args),
        edge("when only the last example is above 0", last),
        edge("with as many examples as units", *_dead_case(rng, 4, "dm", 2).args),
    ]


def _dead_case(rng, N, kinds, more):
    """Columns of these kinds, and more whose kind is drawn: which units are dead cannot be guessed."""
    return Case((_pre_activations(rng, N, [*kinds, *rng.choice([*"dz-+p"], size=more)]),))


def _pre_activations(rng, N, kinds):
    """Return (N, H) with a column of each kind, in random order.

    d: all below 0. 0: all 0. z: below 0 but for one 0. m, -: below 0 but for one, so that the mean is negative.
    +: above 0 but for one. p: all above 0, and all the same. s: below 0 but for one that is hardly above it.
    """
    a = np.stack([_column(rng, N, kind) for kind in kinds], axis=1)
    return rng.permuted(a, axis=0)[:, rng.permutation(len(kinds))]


def _column(rng, N, kind):
    column = rng.uniform(0.5, 2.0, size=N) * (1 if kind in "+p" else -1)
    if kind == "z":
        column[0] = 0.0
    elif kind == "0":
        column[:] = 0.0
    elif kind == "s":
        column[0] = 1e-9
    elif kind == "p":
        column[:] = column[0]
    elif kind != "d":
        column[0] *= -0.3
    return column


DEAD_UNITS = task("dead_units", reference=_dead, cases=_dead_cases, forbidden=ENGINES)


@DEAD_UNITS.mistake
def silent_once(a):
    """You find units that are silent for at least one example. Nearly every ReLU is; that is how it works. A
    unit is dead if no example activates it.
    """
    return (a <= 0).any(axis=0)


@DEAD_UNITS.mistake
def alive(a):
    """This is the opposite of the right answer: True where a unit is alive."""
    return (a > 0).any(axis=0)


@DEAD_UNITS.mistake
def zero_counts_as_alive(a):
    """Almost. One unit reaches exactly 0 and never gets above it. What is the slope of a ReLU at 0, according
    to the chapter's table?
    """
    return (a < 0).all(axis=0)


@DEAD_UNITS.mistake
def examples_for_units(a):
    """Your answer has one entry for each example. A row of `a` is an example, and a column is a unit. Reduce
    over the examples and keep the units.
    """
    return (a <= 0).all(axis=1)


@DEAD_UNITS.mistake
def on_average(a):
    """You look at the average, or at how active a unit is overall. A unit that is silent most of the time may
    still be active for a single example, and one example is enough to give it a gradient.
    """
    return a.mean(axis=0) <= 0


@DEAD_UNITS.mistake
def how_many(a):
    """The count is right. Return which units they are: True or False for each. `.sum()` of that is the count."""
    return int(_dead(a).sum())


@DEAD_UNITS.mistake
def numbers_of_the_dead(a):
    """You found the dead units and return their indices. Return True or False for each of the H units
    instead.
    """
    return np.flatnonzero(_dead(a))


@DEAD_UNITS.mistake
def all_units_at_once(a):
    """This is one answer for the whole layer: is everything silent? Return one answer for each unit: reduce
    over the examples only.
    """
    return bool((a <= 0).all())


@DEAD_UNITS.mistake
def entry_by_entry(a):
    """This says for each example and each unit whether the unit is silent. What must be true of a whole
    column, so that its unit is dead?
    """
    return a <= 0


@DEAD_UNITS.mistake
def silent_for_the_first(a):
    """You look at the first example only. A unit is dead if it is silent for all of them."""
    return a[0] <= 0


@DEAD_UNITS.mistake
def slope_on_the_wrong_side(a):
    """You find the units that are above 0 for every example. Those are never silent."""
    return (a > 0).all(axis=0)


@DEAD_UNITS.mistake
def counts(a):
    """These are counts of silent examples. Return True or False for each unit: is the count the number of all
    examples?
    """
    return (a <= 0).sum(axis=0)


@DEAD_UNITS.mistake
def zeros_and_ones(a):
    """The right units, as 0 and 1. Return True and False."""
    return _dead(a).astype(int)


@DEAD_UNITS.mistake
def exactly_zero(a):
    """You look for pre-activations of exactly 0. They are what comes before the ReLU; everything up to 0 is
    silenced.
    """
    return (a == 0).all(axis=0)


# ---------------------------------------------------------------- one step's Jacobian


def _jacobian(W_hh, a_t):
    return W_hh * tanh_prime(a_t)


def _jacobian_cases(rng):
    cases = [Case((normal(rng, H, H), normal(rng, H))) for H in (4, 3)]
    return [*cases, edge("with a single unit", normal(rng, 1, 1), rng.uniform(-1, 1, size=1))]


STEP_JACOBIAN = task("step_jacobian", reference=_jacobian, cases=_jacobian_cases, forbidden=ENGINES)


@STEP_JACOBIAN.mistake
def slopes_along_rows(W_hh, a_t):
    """Your slopes scale the rows. A row belongs to a unit of the previous state; the slope belongs to the
    unit of the new state.
    """
    return W_hh * tanh_prime(a_t)[:, None]


@STEP_JACOBIAN.mistake
def transposed(W_hh, a_t):
    """This is the transpose. It is right in books that write states as columns. Here they are rows, and entry
    [j, k] says how unit k of the new state depends on unit j of the previous one.
    """
    return _jacobian(W_hh, a_t).T


@STEP_JACOBIAN.mistake
def transposed_W_hh(W_hh, a_t):
    """The slopes are in the right place, but `W_hh` is transposed. In the backward pass a gradient is
    multiplied by the transpose; the Jacobian itself is from (row) to (column), like `W_hh`.
    """
    return W_hh.T * tanh_prime(a_t)


@STEP_JACOBIAN.mistake
def without_slope(W_hh, a_t):
    """This is `W_hh` alone, the Jacobian of a network without an activation. What does tanh do to a small
    change?
    """
    return W_hh.copy()


@STEP_JACOBIAN.mistake
def value_for_slope(W_hh, a_t):
    """You scale by tanh itself. How much of a small change is passed on depends on how steep the curve is,
    not on how high.
    """
    return W_hh * np.tanh(a_t)


@STEP_JACOBIAN.mistake
def slope_at_the_state(W_hh, a_t):
    """You apply tanh twice. `a_t` is the pre-activation, so its tanh is the state, and the slope can be
    written with that state alone.
    """
    return W_hh * tanh_prime(np.tanh(a_t))


@STEP_JACOBIAN.mistake
def state_for_pre_activation(W_hh, a_t):
    """You square `a_t` as if it were the state. It is the pre-activation, before the tanh."""
    return W_hh * (1 - a_t**2)


@STEP_JACOBIAN.mistake
def summed_over_columns(W_hh, a_t):
    """This is a vector: the product `@` with the slopes has summed over the new units. In the equation the
    slopes are the diagonal of a matrix, and nothing is summed.
    """
    return W_hh @ tanh_prime(a_t)


@STEP_JACOBIAN.mistake
def slope_of_a_sigmoid(W_hh, a_t):
    """You use the slope of a sigmoid. The network is a tanh network."""
    return W_hh * reference_sigmoid_prime(a_t)


@STEP_JACOBIAN.mistake
def slope_not_squared(W_hh, a_t):
    """Your slope is 1 − tanh. The table in the chapter has a square in it."""
    return W_hh * (1 - np.tanh(a_t))


@STEP_JACOBIAN.mistake
def slopes_alone(W_hh, a_t):
    """These are the slopes on a diagonal, without the weights."""
    return np.diag(tanh_prime(a_t))


@STEP_JACOBIAN.mistake
def slopes_on_both_sides(W_hh, a_t):
    """You multiply by the slopes twice, along rows and along columns. Only the new unit has a slope in this
    step.
    """
    return W_hh * tanh_prime(a_t) * tanh_prime(a_t)[:, None]


@STEP_JACOBIAN.mistake
def slopes_added(W_hh, a_t):
    """You add the slopes. By the chain rule a weight and a slope are multiplied."""
    return W_hh + tanh_prime(a_t)


@STEP_JACOBIAN.mistake
def diagonal_of_the_product(W_hh, a_t):
    """You keep only the diagonal. Every unit depends on every previous unit."""
    return np.diag(np.diag(_jacobian(W_hh, a_t)))


@STEP_JACOBIAN.mistake
def divided(W_hh, a_t):
    """You divide by the slope where you should multiply."""
    return W_hh / tanh_prime(a_t)


@STEP_JACOBIAN.mistake
def slope_squared(W_hh, a_t):
    """You multiply by the square of the slope. One step has one tanh."""
    return W_hh * tanh_prime(a_t) ** 2


@STEP_JACOBIAN.mistake
def one_slope_for_all(W_hh, a_t):
    """You multiply by the mean of the slopes. Each unit has a slope of its own."""
    return W_hh * tanh_prime(a_t).mean()


@STEP_JACOBIAN.mistake
def slope_of_a_relu(W_hh, a_t):
    """This is the slope of a ReLU, 0 or 1. Write it for a tanh network."""
    return W_hh * (a_t > 0)


@STEP_JACOBIAN.mistake
def root_of_the_slope(W_hh, a_t):
    """You multiply by the root of the slope of tanh. Compare your formula with the chapter's."""
    return W_hh * np.sqrt(tanh_prime(a_t))


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
    """Gains that mostly shrink, and gains that begin above 1."""
    wide = normal(rng, 3, 3)
    wide *= 3 / np.linalg.norm(wide)
    a = normal(rng, 6, 4), rng.uniform(-0.8, 0.8, size=(5, 3))
    return [
        Case((normal(rng, 4, 4, scale=0.7), a[0])),
        Case((wide, a[1])),
        edge("with as many steps as units", normal(rng, 3, 3, scale=0.7), normal(rng, 3, 3)),
        edge("with a single step", normal(rng, 3, 3), normal(rng, 1, 3)),
        edge("with a single unit", normal(rng, 1, 1), normal(rng, 4, 1)),
    ]


GAIN_BY_LAG = task("gain_by_lag", reference=_gains, cases=_gain_cases, forbidden=ENGINES, timed=("result",))


@GAIN_BY_LAG.mistake
def starts_at_the_first_step(W_hh, a):
    """Your product starts with the first step and grows forward. Lag 1 is one step back from the last state:
    begin with the last factor.
    """
    return _gains(W_hh, a[::-1], product=lambda J, factor: J @ factor)


@GAIN_BY_LAG.mistake
def factor_on_the_wrong_side(W_hh, a):
    """Lags 0 and 1 are right. From lag 2 on, the factors are in the wrong order: in the equation, an earlier
    step is further to the left.
    """
    return _gains(W_hh, a, product=lambda J, factor: J @ factor)


@GAIN_BY_LAG.mistake
def one_step_only(W_hh, a):
    """Each of your gains is that of a single step. What is left after 3 steps has been through all three:
    keep multiplying the same product.
    """
    return _gains(W_hh, a, product=lambda J, factor: factor)


@GAIN_BY_LAG.mistake
def gains_multiplied(W_hh, a):
    """You multiply the gains of the single steps. Norms of matrices do not multiply like that: multiply the
    matrices first, then take the norm of the product.
    """
    return np.cumprod(_gains(W_hh, a, product=lambda J, factor: factor))


@GAIN_BY_LAG.mistake
def not_per_unit(W_hh, a):
    """This is the Frobenius norm. It gives √H for the identity, which changes no length at all. What turns
    that into a gain of 1?
    """
    return _gains(W_hh, a, gain=np.linalg.norm)


@GAIN_BY_LAG.mistake
def largest_stretch(W_hh, a):
    """This is the most that any gradient is stretched, the largest singular value. The gain is the average
    over random gradients, from the sum of all squared entries.
    """
    return _gains(W_hh, a, gain=lambda J: np.linalg.norm(J, 2))


@GAIN_BY_LAG.mistake
def without_slopes(W_hh, a):
    """These are the powers of `W_hh`. The factor of each step also contains the slopes of that step."""
    return _gains(W_hh, a, slope=np.ones_like)


@GAIN_BY_LAG.mistake
def same_factor(W_hh, a):
    """All your factors are those of the last step. `W_hh` is the same at every step; the slopes are not."""
    return _gains(W_hh, np.broadcast_to(a[-1], a.shape))


@GAIN_BY_LAG.mistake
def divided_by_the_size(W_hh, a):
    """You divide by H. The identity has a norm of √H, and its gain must be 1."""
    gains = _gains(W_hh, a) / np.sqrt(len(W_hh))
    gains[0] = 1.0
    return gains


@GAIN_BY_LAG.mistake
def divided_by_the_steps(W_hh, a):
    """You divide by the root of the number of steps. Divide by the root of the number of units."""
    return _gains(W_hh, a, gain=lambda J: np.linalg.norm(J) / np.sqrt(len(a)))


@GAIN_BY_LAG.mistake
def value_for_slope(W_hh, a):
    """Your factors contain tanh itself. How much of a small change is passed on depends on the slope."""
    return _gains(W_hh, a, slope=np.tanh)


@GAIN_BY_LAG.mistake
def state_for_pre_activation(W_hh, a):
    """You square `a` as if it held states. It holds pre-activations, before the tanh."""
    return _gains(W_hh, a, slope=lambda a_t: 1 - a_t**2)


@GAIN_BY_LAG.mistake
def elementwise_product(W_hh, a):
    """You multiply the factors number by number. Jacobians are multiplied as matrices, with `@`."""
    factors = [W_hh * tanh_prime(a_t) for a_t in a[::-1]]
    return np.array([1.0, *map(_gain, np.cumprod(factors, axis=0))])


@GAIN_BY_LAG.mistake
def elementwise_with_the_identity(W_hh, a):
    """You multiply the factors number by number, so everything off the diagonal is lost. Jacobians are
    multiplied as matrices, with `@`.
    """
    return _gains(W_hh, a, product=lambda J, factor: factor * J)


@GAIN_BY_LAG.mistake
def transposed_weights(W_hh, a):
    """Your factors use the transpose of `W_hh`. The Jacobian is [from, to], like `W_hh` itself."""
    return _gains(W_hh.T, a)


@GAIN_BY_LAG.mistake
def slopes_along_rows(W_hh, a):
    """Your slopes scale the rows of `W_hh`. The slope belongs to the new unit, a column."""
    return _gains(W_hh, a, product=lambda J, factor: factor @ J, slope=lambda a_t: tanh_prime(a_t)[:, None])


@GAIN_BY_LAG.mistake
def spectral_radius(W_hh, a):
    """This is the spectral radius of each product. The gain is its Frobenius norm, divided by √H."""
    return _gains(W_hh, a, gain=lambda J: np.abs(np.linalg.eigvals(J)).max())


@GAIN_BY_LAG.mistake
def oldest_first(W_hh, a):
    """The gains are right, but in reverse order: lag 0 comes first."""
    return _gains(W_hh, a)[::-1]


@GAIN_BY_LAG.mistake
def mean_square(W_hh, a):
    """The root is missing: this is the mean of the squares."""
    return _gains(W_hh, a) ** 2


@GAIN_BY_LAG.mistake
def logarithms(W_hh, a):
    """These are the logarithms of the gains. Return the gains."""
    return np.log10(_gains(W_hh, a))


@GAIN_BY_LAG.mistake
def identity_left_out(W_hh, a):
    """The gain for lag 0 is missing. Nothing has happened there, and it is 1."""
    return _gains(W_hh, a)[1:]


@GAIN_BY_LAG.mistake
def first_step_left_out(W_hh, a):
    """The last lag is missing: it goes back through the first step as well."""
    return _gains(W_hh, a)[:-1]


@GAIN_BY_LAG.mistake
def mean_of_the_entries(W_hh, a):
    """You take the mean of the entries. The gain is the Frobenius norm, divided by √H."""
    return np.append(1.0, _gains(W_hh, a, gain=lambda J: np.abs(J).mean())[1:])


@GAIN_BY_LAG.mistake
def stretch_per_root(W_hh, a):
    """You take the largest singular value. The norm in the gain is the Frobenius norm, the root of the sum of all
    squares.
    """
    return np.append(1.0, _gains(W_hh, a, gain=lambda J: np.linalg.norm(J, 2) / np.sqrt(len(J)))[1:])


@GAIN_BY_LAG.mistake
def determinants(W_hh, a):
    """You take the determinant. It says by how much a volume changes; the gain is about a length."""
    return np.append(1.0, _gains(W_hh, a, gain=lambda J: abs(np.linalg.det(J)))[1:])


@GAIN_BY_LAG.mistake
def starts_with_ones(W_hh, a):
    """Your product starts with a matrix full of ones. What changes nothing when it is multiplied in?"""
    H = len(W_hh)
    J, gains = np.ones((H, H)), [1.0]
    for a_t in a[::-1]:
        J = (W_hh * tanh_prime(a_t)) @ J
        gains.append(np.linalg.norm(J) / np.sqrt(H))
    return np.array(gains)


@GAIN_BY_LAG.mistake
def relu_slopes(W_hh, a):
    """Your slopes are those of a ReLU, 0 or 1. This is a tanh network."""
    return _gains(W_hh, a, slope=lambda a_t: (a_t > 0) * 1.0)


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
    """In one case the largest eigenvalue is a pair with a negative real part, in another a negative number.

    One case makes the radius smaller, another larger. At the edge there is a single unit.
    """
    u = rng.uniform
    others = lambda: (-u(1.4, 1.5), (u(1.2, 1.4), u(1.9, 2.2)), (u(1.0, 1.2), u(0.5, 0.9)), 0.4)  # noqa: E731
    pair = _hidden(rng, lambda: ((u(1.6, 1.9), u(2.0, 2.6)), *others()))
    single = _hidden(rng, lambda: (-u(1.6, 1.9), *others()))
    alone = edge("with a single unit", np.array([[-u(1.6, 1.9)]]), u(0.5, 0.7))
    return [Case((pair, u(0.8, 0.95))), Case((single, u(2.1, 2.4))), alone]


def _hidden(rng, blocks):
    """Return a matrix with these eigenvalues, drawn until every mistake shows.

    The first in NumPy's list, the largest real part, the smallest and the largest absolute value all differ.
    """
    while True:
        W_hh = _matrix(rng, *blocks())
        listed = np.linalg.eigvals(W_hh)
        sizes = np.abs([listed[0], listed.max(), min(listed, key=abs), max(listed, key=abs)])
        if np.diff(np.sort(sizes)).min() > 0.01:
            return W_hh


def _with_radius(W_hh, radius):
    return W_hh * (radius / _radius(W_hh))


WITH_RADIUS = task("with_radius", reference=_with_radius, cases=_radius_cases, forbidden=ENGINES)


@WITH_RADIUS.mistake
def singular_value(W_hh, radius):
    """In your matrix, `radius` is the largest singular value: the most by which it stretches a vector in one
    step. In the long run the eigenvalues decide.
    """
    return W_hh * (radius / np.linalg.norm(W_hh, 2))


@WITH_RADIUS.mistake
def frobenius_norm(W_hh, radius):
    """You divide by the root of the sum of squares. That is what `np.linalg.norm` of a matrix means by
    default; the spectral radius is about eigenvalues.
    """
    return W_hh * (radius / np.linalg.norm(W_hh))


@WITH_RADIUS.mistake
def not_divided(W_hh, radius):
    """You multiply by `radius`, whatever radius the matrix already has. A matrix with radius 2 then ends up
    with twice the radius it should have.
    """
    return W_hh * radius


@WITH_RADIUS.mistake
def upside_down(W_hh, radius):
    """Your fraction is upside down: where the matrix should shrink, yours grows."""
    return W_hh * (_radius(W_hh) / radius)


@WITH_RADIUS.mistake
def radius_one(W_hh, radius):
    """Your matrix always has spectral radius 1: `radius` is not used."""
    return W_hh / _radius(W_hh)


@WITH_RADIUS.mistake
def real_part(W_hh, radius):
    """You take the largest real part. Eigenvalues of −2 and of 2i stretch by 2 as well: what counts is the
    absolute value.
    """
    return W_hh * (radius / np.linalg.eigvals(W_hh).real.max())


@WITH_RADIUS.mistake
def absolute_value_too_late(W_hh, radius):
    """You look for the largest eigenvalue first and take its absolute value afterward. Of −3 and 2, that
    finds the 2. What should come first?
    """
    return W_hh * (radius / abs(np.linalg.eigvals(W_hh).max()))


@WITH_RADIUS.mistake
def largest_entry(W_hh, radius):
    """You divide by the largest entry. A matrix of small entries can have a large radius: an 8 by 8 matrix
    full of halves has radius 4.
    """
    return W_hh * (radius / np.abs(W_hh).max())


@WITH_RADIUS.mistake
def first_eigenvalue(W_hh, radius):
    """You take the first eigenvalue of the list. NumPy does not sort them: the largest may be anywhere."""
    return W_hh * (radius / np.abs(np.linalg.eigvals(W_hh))[0])


@WITH_RADIUS.mistake
def smallest(W_hh, radius):
    """You divide by the smallest eigenvalue. In the long run the direction that grows most, or shrinks least, wins."""
    return W_hh * (radius / np.abs(np.linalg.eigvals(W_hh)).min())


@WITH_RADIUS.mistake
def average(W_hh, radius):
    """You divide by the average of all eigenvalues. Only one of them is the spectral radius."""
    return W_hh * (radius / np.abs(np.linalg.eigvals(W_hh)).mean())


@WITH_RADIUS.mistake
def for_symmetric_matrices(W_hh, radius):
    """`np.linalg.eigvalsh` is for symmetric matrices: it reads the lower triangle and ignores the rest."""
    return W_hh * (radius / np.abs(np.linalg.eigvalsh(W_hh)).max())


@WITH_RADIUS.mistake
def squares_of_singular_values(W_hh, radius):
    """These are the eigenvalues of `W_hh` times its transpose, the squares of the singular values. Here the
    eigenvalues of `W_hh` itself count.
    """
    return W_hh * (radius / np.linalg.norm(W_hh, 2) ** 2)


@WITH_RADIUS.mistake
def imaginary_part(W_hh, radius):
    """You take the largest imaginary part. A complex eigenvalue has two parts, and its absolute value needs both."""
    return W_hh * (radius / np.linalg.eigvals(W_hh).imag.max())


@WITH_RADIUS.mistake
def largest_row_sum(W_hh, radius):
    """You divide by the largest sum over a row. That is a norm too, but it says nothing exact about the eigenvalues."""
    return W_hh * (radius / np.linalg.norm(W_hh, np.inf))


@WITH_RADIUS.mistake
def largest_column_sum(W_hh, radius):
    """You divide by the largest sum over a column. That is a norm too, but it says nothing exact about the
    eigenvalues.
    """
    return W_hh * (radius / np.linalg.norm(W_hh, 1))


@WITH_RADIUS.mistake
def each_row_scaled(W_hh, radius):
    """You scale every row by a number of its own. Multiply the whole matrix by a single number."""
    return W_hh / np.linalg.norm(W_hh, axis=1, keepdims=True) * radius


@WITH_RADIUS.mistake
def each_column_scaled(W_hh, radius):
    """You scale every column by a number of its own. Multiply the whole matrix by a single number."""
    return W_hh / np.linalg.norm(W_hh, axis=0) * radius


@WITH_RADIUS.mistake
def orthogonal_instead(W_hh, radius):
    """Your matrix has the right radius, but it is a different one: an orthogonal matrix, scaled. Keep `W_hh`
    and make it larger or smaller.
    """
    return np.linalg.qr(W_hh)[0] * radius


@WITH_RADIUS.mistake
def determinant(W_hh, radius):
    """You divide by the determinant. It is the product of all eigenvalues, and only the largest counts here."""
    return W_hh * (radius / abs(np.linalg.det(W_hh)))


@WITH_RADIUS.mistake
def sum_of_all(W_hh, radius):
    """You divide by the sum of all absolute values. Only the largest one is the spectral radius."""
    return W_hh * (radius / np.abs(np.linalg.eigvals(W_hh)).sum())


@WITH_RADIUS.mistake
def divided_twice(W_hh, radius):
    """You divide by the radius twice. Once makes the radius 1; then multiply by the one you want."""
    return W_hh * (radius / _radius(W_hh) ** 2)


@WITH_RADIUS.mistake
def root_of_the_ratio(W_hh, radius):
    """You take a root of the ratio. Twice the matrix has twice the eigenvalues: no root is needed."""
    return W_hh * np.sqrt(radius / _radius(W_hh))


@WITH_RADIUS.mistake
def difference_for_ratio(W_hh, radius):
    """You multiply by the difference of the two radii. What do you have to multiply one by to get the other?"""
    return W_hh * (radius - _radius(W_hh))


@WITH_RADIUS.mistake
def difference_added(W_hh, radius):
    """You add a number to every entry. That moves the eigenvalues in ways nobody can foresee; multiplying
    scales them all.
    """
    return W_hh + (radius - _radius(W_hh))


@WITH_RADIUS.mistake
def radius_added(W_hh, radius):
    """You make the radius 1 and then add `radius`. Multiply by it."""
    return W_hh / _radius(W_hh) + radius


@WITH_RADIUS.mistake
def trace(W_hh, radius):
    """You divide by the trace. It is the sum of the eigenvalues, and only the largest counts here."""
    return W_hh * (radius / np.trace(W_hh))


@WITH_RADIUS.mistake
def clipped(W_hh, radius):
    """You clip the entries. That does more to the matrix than make it larger or smaller."""
    return np.clip(W_hh, -radius, radius)


@WITH_RADIUS.mistake
def scaled_identity(W_hh, radius):
    """Your matrix has the right radius, but it has nothing to do with `W_hh`. Keep `W_hh` and make it larger
    or smaller.
    """
    return radius * np.eye(len(W_hh))


@WITH_RADIUS.mistake
def transposed(W_hh, radius):
    """The size is right, but the matrix is transposed. A transpose has the same eigenvalues, but it is a
    different matrix.
    """
    return _with_radius(W_hh, radius).T


@WITH_RADIUS.mistake
def radius_squared(W_hh, radius):
    """The radius comes out squared: it is multiplied in twice."""
    return W_hh * (radius**2 / _radius(W_hh))


@WITH_RADIUS.mistake
def root_of_the_radius(W_hh, radius):
    """The radius comes out as its root. The eigenvalues grow as the matrix does: multiply by the radius itself."""
    return W_hh * (np.sqrt(radius) / _radius(W_hh))


@WITH_RADIUS.mistake
def real_parts_only(W_hh, radius):
    """You take the largest absolute value among the real parts. A complex eigenvalue has two parts, and its absolute
    value needs both.
    """
    return W_hh * (radius / np.abs(np.linalg.eigvals(W_hh).real).max())


@WITH_RADIUS.mistake
def only_made_smaller(W_hh, radius):
    """A matrix whose radius is too small stays as it is. It has to grow as well."""
    return W_hh * min(1.0, radius / _radius(W_hh))


# ---------------------------------------------------------------- a broken bound


def _bound(W_hh, activation, steps, sigmoid_slope=0.25, stretch=lambda W: np.linalg.norm(W, 2)):
    steepest = {"sigmoid": sigmoid_slope, "tanh": 1.0, "relu": 1.0, "leaky_relu": 1.0}
    return float((steepest[activation] * stretch(W_hh)) ** steps)


def _bound_cases(rng):
    return [
        Case((normal(rng, 3, 3, scale=0.5), "sigmoid", 4)),
        Case((normal(rng, 4, 4, scale=0.5), "leaky_relu", 2)),
        Case((normal(rng, 5, 5, scale=0.5), "tanh", 3)),
        Case((normal(rng, 6, 6, scale=0.5), "relu", 5)),
        edge("with a single unit", normal(rng, 1, 1), "tanh", 3),
    ]


GAIN_BOUND = task("gain_bound", reference=_bound, cases=_bound_cases, forbidden=ENGINES)


@GAIN_BOUND.mistake
def still_broken(W_hh, activation, steps):
    """This is the broken bound, unchanged. It is wrong in two places: you see one with tanh and a lopsided
    matrix, the other only with a sigmoid.
    """
    return _bound(W_hh, activation, steps, 0.2, _radius)


@GAIN_BOUND.mistake
def slope_still_wrong(W_hh, activation, steps):
    """The matrix is right now: with tanh and the two ReLUs the bound holds. With a sigmoid it is still too
    small. What is the largest slope of a sigmoid?
    """
    return _bound(W_hh, activation, steps, 0.2)


@GAIN_BOUND.mistake
def matrix_still_wrong(W_hh, activation, steps):
    """The slopes are right now. But the spectral radius says what happens in the long run, not the most that
    a single step can do. Which number of a matrix does?
    """
    return _bound(W_hh, activation, steps, stretch=_radius)


@GAIN_BOUND.mistake
def frobenius_norm(W_hh, activation, steps):
    """Nothing exceeds this bound, but it is larger than necessary: the norm adds up all directions, and a
    vector points in one. The chapter's theorem is sharper.
    """
    return _bound(W_hh, activation, steps, stretch=np.linalg.norm)


@GAIN_BOUND.mistake
def slope_once(W_hh, activation, steps):
    """The slope appears only once, however many steps there are. Every step goes through an activation."""
    return _bound(np.eye(2), activation, 1) * _bound(W_hh, "tanh", steps)


@GAIN_BOUND.mistake
def times_steps(W_hh, activation, steps):
    """You multiply by the number of steps. Each step multiplies what the step before it has left."""
    return steps * _bound(W_hh, activation, 1)


@GAIN_BOUND.mistake
def slope_of_the_leak(W_hh, activation, steps):
    """For leaky ReLU you take the slope of its flat side. A bound must also hold for a unit on the steep
    side.
    """
    return _bound(W_hh, activation, steps) * (0.01**steps if activation == "leaky_relu" else 1)


@GAIN_BOUND.mistake
def one_step(W_hh, activation, steps):
    """This is the bound for a single step, and it is right. What happens when `steps` of them follow one
    another?
    """
    return _bound(W_hh, activation, 1)


@GAIN_BOUND.mistake
def matrix_once(W_hh, activation, steps):
    """The slope is there once per step, but the matrix comes in only once. Every step multiplies by it."""
    return _bound(np.eye(2), activation, steps) * _bound(W_hh, "tanh", 1)


@GAIN_BOUND.mistake
def norm_of_the_power(W_hh, activation, steps):
    """You measure the power of the matrix. Between two multiplications the slopes of a step come in, and they
    can turn a gradient back into the direction that is stretched most. So a bound must assume the worst at every
    single step.
    """
    power = np.linalg.norm(np.linalg.matrix_power(W_hh, steps), 2)
    return float(_bound(np.eye(2), activation, steps) * power)


@GAIN_BOUND.mistake
def sigmoid_as_steep_as_tanh(W_hh, activation, steps):
    """With tanh and the two ReLUs your bound is right. With a sigmoid it is too large: its slope is never 1."""
    return _bound(W_hh, activation, steps, 1.0)


@GAIN_BOUND.mistake
def sigmoid_by_half(W_hh, activation, steps):
    """With a sigmoid your bound is too large. A half is the value of the sigmoid at 0, not its slope."""
    return _bound(W_hh, activation, steps, 0.5)


@GAIN_BOUND.mistake
def one_step_more(W_hh, activation, steps):
    """The factor of a step is right, but you multiply it in one time too many."""
    return _bound(W_hh, activation, steps + 1)


@GAIN_BOUND.mistake
def one_step_less(W_hh, activation, steps):
    """The factor of a step is right, but you multiply it in one time too few."""
    return _bound(W_hh, activation, steps - 1)


@GAIN_BOUND.mistake
def stretch_squared(W_hh, activation, steps):
    """You use the square of the largest singular value. The eigenvalues of `W_hh` times its transpose are
    squares; what is missing after that?
    """
    return _bound(W_hh, activation, steps, stretch=lambda W: np.linalg.norm(W, 2) ** 2)


@GAIN_BOUND.mistake
def largest_entry(W_hh, activation, steps):
    """You take the largest entry of the matrix. Many small entries can stretch a vector more than that."""
    return _bound(W_hh, activation, steps, stretch=lambda W: np.abs(W).max())


@GAIN_BOUND.mistake
def largest_row_sum(W_hh, activation, steps):
    """You take the largest sum over a row. It bounds another kind of length: here the length of a vector is the
    root of its sum of squares.
    """
    return _bound(W_hh, activation, steps, stretch=lambda W: np.linalg.norm(W, np.inf))


@GAIN_BOUND.mistake
def largest_column_sum(W_hh, activation, steps):
    """You take the largest sum over a column. It bounds another kind of length: here the length of a vector is
    the root of its sum of squares.
    """
    return _bound(W_hh, activation, steps, stretch=lambda W: np.linalg.norm(W, 1))


@GAIN_BOUND.mistake
def smallest_singular_value(W_hh, activation, steps):
    """You take the smallest singular value, the least that the matrix stretches. A bound asks for the most."""
    return _bound(W_hh, activation, steps, stretch=lambda W: np.linalg.norm(W, -2))


@GAIN_BOUND.mistake
def sum_of_singular_values(W_hh, activation, steps):
    """You add up all singular values. Nothing exceeds that, but it is larger than necessary: one direction is
    stretched most, and only that one counts.
    """
    return _bound(W_hh, activation, steps, stretch=lambda W: np.linalg.norm(W, "nuc"))


@GAIN_BOUND.mistake
def slope_added(W_hh, activation, steps):
    """You add the slope to the stretch. A step multiplies by both, one after the other."""
    slope = _bound(np.eye(2), activation, 1)
    return float((slope + np.linalg.norm(W_hh, 2)) ** steps)


@GAIN_BOUND.mistake
def per_unit(W_hh, activation, steps):
    """This is the chapter's gain, the average over random gradients. A bound holds for every gradient, so it is
    about the worst one.
    """
    return _bound(W_hh, activation, steps, stretch=lambda W: np.linalg.norm(W) / np.sqrt(len(W)))


@GAIN_BOUND.mistake
def never_below_one(W_hh, activation, steps):
    """Your bound is never below 1. A bound below 1 is the interesting case: then the gradient must vanish."""
    return max(1.0, _bound(W_hh, activation, steps))


@GAIN_BOUND.mistake
def slope_wrong_and_frobenius(W_hh, activation, steps):
    """The norm adds up all directions, so it is larger than necessary, and the slope of the sigmoid is still
    too small.
    """
    return _bound(W_hh, activation, steps, 0.2, np.linalg.norm)


@GAIN_BOUND.mistake
def mean_singular_value(W_hh, activation, steps):
    """You take the mean of the singular values. A bound must hold for the direction that is stretched most."""
    return _bound(W_hh, activation, steps, stretch=lambda W: np.linalg.svd(W)[1].mean())


@GAIN_BOUND.mistake
def determinant(W_hh, activation, steps):
    """You take the determinant, the product of all singular values. Only the largest counts."""
    return _bound(W_hh, activation, steps, stretch=lambda W: abs(np.linalg.det(W)))


@GAIN_BOUND.mistake
def symmetric_part(W_hh, activation, steps):
    """You make the matrix symmetric first. That changes how far it can stretch a vector."""
    return _bound(W_hh, activation, steps, stretch=lambda W: np.abs(np.linalg.eigvalsh((W + W.T) / 2)).max())


@GAIN_BOUND.mistake
def lower_triangle(W_hh, activation, steps):
    """`eigvalsh` is for symmetric matrices: it reads the lower triangle and ignores the rest. And eigenvalues
    do not tell you how much a single step can do.
    """
    return _bound(W_hh, activation, steps, stretch=lambda W: np.abs(np.linalg.eigvalsh(W)).max())


# ---------------------------------------------------------------- in words
