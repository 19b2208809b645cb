"""Chapter 05: slopes, dead units, the Jacobian of a step, gains by lag, the spectral radius, a bound that is "
"none."""

from __future__ import annotations

import numpy as np

from rnncourse.checks.bank.inputs import normal
from rnncourse.checks.bank.statements import task
from rnncourse.checks.task import ENGINES, Case
from rnncourse.in_numpy import sigmoid, tanh_prime
from rnncourse.in_numpy import sigmoid_prime as reference_sigmoid_prime

# ---------------------------------------------------------------- the slope of the sigmoid


def _slope_cases(rng):
    return [Case((normal(rng, 3, 5, scale=2.0),)), Case((normal(rng, 4, 2, scale=2.0),))]


SIGMOID_PRIME = task(
    "sigmoid_prime", reference=reference_sigmoid_prime, cases=_slope_cases, forbidden=ENGINES
)


@SIGMOID_PRIME.mistake
def slope_at_the_value(a):
    """The sigmoid is applied twice: this is its slope at `sigmoid(a)`, not at `a`. Your results all lie
    between 0.19 and 0.25; far from 0 the slope should be next to nothing.
    """
    return reference_sigmoid_prime(sigmoid(a))


@SIGMOID_PRIME.mistake
def pre_activation_for_value(a):
    """The rule is the right one, but it is about the value of the sigmoid, p. You put the pre-activation `a`
    in its place, so some of your slopes are negative, and a sigmoid never falls.
    """
    return a * (1 - a)


@SIGMOID_PRIME.mistake
def value_for_slope(a):
    """This is the sigmoid itself, how high the curve is. Asked for is how steep it is there."""
    return sigmoid(a)


@SIGMOID_PRIME.mistake
def squared(a):
    """This is the rule of the tanh, with a sigmoid put in. The table in the chapter has a row for each of the
    two.
    """
    return 1 - sigmoid(a) ** 2


@SIGMOID_PRIME.mistake
def one_factor(a):
    """This is 1 − p, one of two factors. At a = 0 it gives 0.5, and the sigmoid is never steeper than a
    quarter.
    """
    return 1 - sigmoid(a)


@SIGMOID_PRIME.mistake
def slope_of_tanh(a):
    """This is the slope of the tanh: it reaches 1 at a = 0. The sigmoid is a flatter curve."""
    return tanh_prime(a)


# ---------------------------------------------------------------- dead units


def _dead(a):
    return (a <= 0).all(axis=0)


def _dead_cases(rng):
    return [Case((_pre_activations(rng, 6, "ddz-mm++-"),)), Case((_pre_activations(rng, 4, "zdmm++++"),))]


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


DEAD_UNITS = task("dead_units", reference=_dead, cases=_dead_cases, forbidden=ENGINES)


@DEAD_UNITS.mistake
def silent_once(a):
    """You find units that are silent for at least one example. Nearly every ReLU is; that is its work. Dead
    is one that no example wakes.
    """
    return (a <= 0).any(axis=0)


@DEAD_UNITS.mistake
def alive(a):
    """This is the right answer upside down: True where a unit is alive."""
    return (a > 0).any(axis=0)


@DEAD_UNITS.mistake
def zero_counts_as_alive(a):
    """Nearly. One unit reaches exactly 0 and never gets above it. Which slope does a ReLU have at 0, by the
    chapter's table?
    """
    return (a < 0).all(axis=0)


@DEAD_UNITS.mistake
def examples_for_units(a):
    """Your answer has an entry for each example. A row of `a` is an example, a column is a unit: go along the
    examples, and leave the units.
    """
    return (a <= 0).all(axis=1)


@DEAD_UNITS.mistake
def on_average(a):
    """You look at the average. A unit with a low average may still be woken by a single example, and one
    example is enough to bring it a gradient.
    """
    return a.mean(axis=0) <= 0


@DEAD_UNITS.mistake
def how_many(a):
    """The count is right. Asked for is which units they are: True or False for each. `.sum()` of that is the
    count.
    """
    return int(_dead(a).sum())


@DEAD_UNITS.mistake
def numbers_of_the_dead(a):
    """You found the dead ones, and return their numbers. Asked for is True or False for each of the H units."""
    return np.flatnonzero(_dead(a))


@DEAD_UNITS.mistake
def all_units_at_once(a):
    """This is one answer for the whole layer: is everything silent? Asked for is an answer for each unit, so
    the examples must go and the units must stay.
    """
    return bool((a <= 0).all())


@DEAD_UNITS.mistake
def entry_by_entry(a):
    """This says for each example and each unit whether the unit is silent. What makes a column of it a dead
    unit?
    """
    return a <= 0


# ---------------------------------------------------------------- one step's Jacobian


def _jacobian(W_hh, a_t):
    return W_hh * tanh_prime(a_t)


def _jacobian_cases(rng):
    return [Case((normal(rng, H, H), normal(rng, H))) for H in (4, 3)]


STEP_JACOBIAN = task("step_jacobian", reference=_jacobian, cases=_jacobian_cases, forbidden=ENGINES)


@STEP_JACOBIAN.mistake
def slopes_along_rows(W_hh, a_t):
    """Your slopes scale the rows. A row says from which unit of the old state; the slope belongs to the unit
    that is reached, in the new one.
    """
    return W_hh * tanh_prime(a_t)[:, None]


@STEP_JACOBIAN.mistake
def transposed(W_hh, a_t):
    """This is the transpose. It is right in books that write states as columns; here they are rows, and the
    entry [j, k] says how unit k of the new state follows unit j of the old one.
    """
    return _jacobian(W_hh, a_t).T


@STEP_JACOBIAN.mistake
def transposed_W_hh(W_hh, a_t):
    """The slopes are where they belong, but `W_hh` is turned round. On the way back a gradient meets the
    transpose; the Jacobian itself is told the way forward, from (row) to (column).
    """
    return W_hh.T * tanh_prime(a_t)


@STEP_JACOBIAN.mistake
def without_slope(W_hh, a_t):
    """This is `W_hh` alone, the Jacobian of a net without any activation. What does a tanh do to a small
    nudge?
    """
    return W_hh.copy()


@STEP_JACOBIAN.mistake
def value_for_slope(W_hh, a_t):
    """You scale with the tanh itself. A nudge is passed on by how steep the curve is, not by how high."""
    return W_hh * np.tanh(a_t)


@STEP_JACOBIAN.mistake
def slope_at_the_state(W_hh, a_t):
    """The tanh is applied twice. `a_t` is the pre-activation, so its tanh is the state; the slope can be
    written with that state alone.
    """
    return W_hh * tanh_prime(np.tanh(a_t))


@STEP_JACOBIAN.mistake
def state_for_pre_activation(W_hh, a_t):
    """You square `a_t` as if it were the state. It is the pre-activation, from before the tanh."""
    return W_hh * (1 - a_t**2)


@STEP_JACOBIAN.mistake
def summed_over_columns(W_hh, a_t):
    """This is a vector: the product `@` with the slopes has summed over the new units. In the equation the
    slopes stand on the diagonal of a matrix, and nothing is summed away.
    """
    return W_hh @ tanh_prime(a_t)


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


GAIN_BY_LAG = task("gain_by_lag", reference=_gains, cases=_gain_cases, forbidden=ENGINES, timed=("result",))


@GAIN_BY_LAG.mistake
def starts_at_the_first_step(W_hh, a):
    """Your product starts with the first step and grows forwards. Lag 1 is one step back from the last state:
    begin with the last factor.
    """
    return _gains(W_hh, a[::-1], product=lambda J, factor: J @ factor)


@GAIN_BY_LAG.mistake
def factor_on_the_wrong_side(W_hh, a):
    """Lags 0 and 1 are right. From lag 2 on the factors stand in the wrong order: an earlier step stands
    further left in the equation.
    """
    return _gains(W_hh, a, product=lambda J, factor: J @ factor)


@GAIN_BY_LAG.mistake
def one_step_only(W_hh, a):
    """Each of your gains is that of a single step. What is left after 3 steps has been through all three: the
    product must be carried on.
    """
    return _gains(W_hh, a, product=lambda J, factor: factor)


@GAIN_BY_LAG.mistake
def gains_multiplied(W_hh, a):
    """You multiply the gains of the single steps. The lengths of matrices do not multiply like that: multiply
    the matrices, then take the length of the product.
    """
    return np.cumprod(_gains(W_hh, a, product=lambda J, factor: factor))


@GAIN_BY_LAG.mistake
def not_per_unit(W_hh, a):
    """This is the Frobenius norm. It gives √H for the identity, which changes no length at all. What makes it
    a gain of 1?
    """
    return _gains(W_hh, a, gain=np.linalg.norm)


@GAIN_BY_LAG.mistake
def largest_stretch(W_hh, a):
    """This is the most that any gradient is stretched, the largest singular value. Asked for is the average
    over random gradients, from the sum of all squared entries.
    """
    return _gains(W_hh, a, gain=lambda J: np.linalg.norm(J, 2))


@GAIN_BY_LAG.mistake
def without_slopes(W_hh, a):
    """These are the powers of `W_hh`. Each step has slopes of its own in its factor, too."""
    return _gains(W_hh, a, slope=np.ones_like)


@GAIN_BY_LAG.mistake
def same_factor(W_hh, a):
    """Every factor of yours is that of the last step. `W_hh` is the same at all steps; the slopes are not."""
    return _gains(W_hh, np.broadcast_to(a[-1], a.shape))


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


def _with_radius(W_hh, radius):
    return W_hh * (radius / _radius(W_hh))


WITH_RADIUS = task("with_radius", reference=_with_radius, cases=_radius_cases, forbidden=ENGINES)


@WITH_RADIUS.mistake
def singular_value(W_hh, radius):
    """Your matrix has `radius` as its largest singular value, the most by which it stretches in one step. In
    the long run the eigenvalues decide.
    """
    return W_hh * (radius / np.linalg.norm(W_hh, 2))


@WITH_RADIUS.mistake
def frobenius_norm(W_hh, radius):
    """You divide by the root of the sum of squares. `np.linalg.norm` of a matrix is that if you do not say
    otherwise; the spectral radius is about eigenvalues.
    """
    return W_hh * (radius / np.linalg.norm(W_hh))


@WITH_RADIUS.mistake
def not_divided(W_hh, radius):
    """You multiply by `radius`, whatever radius the matrix has already. Of a matrix with radius 2 this makes
    one with twice what was asked for.
    """
    return W_hh * radius


@WITH_RADIUS.mistake
def upside_down(W_hh, radius):
    """The fraction is upside down: where the matrix should shrink, yours grows."""
    return W_hh * (_radius(W_hh) / radius)


@WITH_RADIUS.mistake
def radius_one(W_hh, radius):
    """Your matrix has spectral radius 1, whatever was asked for: `radius` is not used."""
    return W_hh / _radius(W_hh)


@WITH_RADIUS.mistake
def real_part(W_hh, radius):
    """You take the largest real part. An eigenvalue of −2 or of 2i turns as well as it stretches, and
    stretches by 2: what counts is its absolute value.
    """
    return W_hh * (radius / np.linalg.eigvals(W_hh).real.max())


@WITH_RADIUS.mistake
def absolute_value_too_late(W_hh, radius):
    """You look for the largest eigenvalue first and take its absolute value then. Of −3 and 2, that finds the
    2. Which of the two comes first?
    """
    return W_hh * (radius / abs(np.linalg.eigvals(W_hh).max()))


@WITH_RADIUS.mistake
def largest_entry(W_hh, radius):
    """You divide by the largest entry. A matrix of small entries can have a large radius: an 8 by 8 matrix
    full of halves has radius 4.
    """
    return W_hh * (radius / np.abs(W_hh).max())


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


GAIN_BOUND = task("gain_bound", reference=_bound, cases=_bound_cases, forbidden=ENGINES)


@GAIN_BOUND.mistake
def still_broken(W_hh, activation, steps):
    """This is the broken bound, unchanged. It goes wrong in two places: one you see with a tanh and a
    lopsided matrix, the other with a sigmoid only.
    """
    return _bound(W_hh, activation, steps, 0.2, _radius)


@GAIN_BOUND.mistake
def slope_still_wrong(W_hh, activation, steps):
    """The matrix is right now: with tanh and leaky ReLU the bound holds. With a sigmoid it is still too
    small. You have met that number in a myth check.
    """
    return _bound(W_hh, activation, steps, 0.2)


@GAIN_BOUND.mistake
def matrix_still_wrong(W_hh, activation, steps):
    """The slopes are right now. But the spectral radius says what happens in the long run, not the most that
    a single step can do. Which number of a matrix says that?
    """
    return _bound(W_hh, activation, steps, stretch=_radius)


@GAIN_BOUND.mistake
def frobenius_norm(W_hh, activation, steps):
    """Nothing exceeds this bound, but it is larger than need be: the norm adds up all directions, and a
    vector points in one. The theorem of the chapter is sharper.
    """
    return _bound(W_hh, activation, steps, stretch=np.linalg.norm)


@GAIN_BOUND.mistake
def slope_once(W_hh, activation, steps):
    """The slope comes in once only, however many steps there are. Every step goes through an activation."""
    return _bound(np.eye(2), activation, 1) * _bound(W_hh, "tanh", steps)


@GAIN_BOUND.mistake
def times_steps(W_hh, activation, steps):
    """You multiply by the number of steps. Each step multiplies what the step before has left."""
    return steps * _bound(W_hh, activation, 1)


@GAIN_BOUND.mistake
def slope_of_the_leak(W_hh, activation, steps):
    """For leaky ReLU you take the slope of its flat side. A bound must hold for a unit on the steep side,
    too.
    """
    return _bound(W_hh, activation, steps) * (0.01**steps if activation == "leaky_relu" else 1)


@GAIN_BOUND.mistake
def one_step(W_hh, activation, steps):
    """This is the bound for a single step, and it is right. `steps` of them follow one another."""
    return _bound(W_hh, activation, 1)


# ---------------------------------------------------------------- in words
