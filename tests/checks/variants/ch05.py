"""Chapter 05: right answers written in other ways."""

from __future__ import annotations

import math
from functools import reduce

import numpy as np


def _sigmoid(a):
    return 1 / (1 + np.exp(-a))


def slope_by_square(a):
    return 0.25 - (_sigmoid(a) - 0.5) ** 2


def slope_by_exponential(a):
    e = np.exp(-a)
    return e / (1 + e) ** 2


def slope_by_cosh(a):
    return 0.25 / np.cosh(a / 2) ** 2


def slope_by_tanh(a):
    return (1 - np.tanh(a / 2) ** 2) / 4


def slope_by_loops(a):
    slope = np.empty(a.shape)
    for place, number in np.ndenumerate(a):
        p = 1 / (1 + math.exp(-number))
        slope[place] = p * (1 - p)
    return slope


def slope_by_both_sides(a):
    return _sigmoid(a) * _sigmoid(-a)


def slope_in_float32(a):
    p = _sigmoid(a.astype(np.float32))
    return p - p * p


def slope_by_differences(a):
    return (_sigmoid(a + 1e-5) - _sigmoid(a - 1e-5)) / 2e-5


def dead_not_any(a):
    return ~(a > 0).any(axis=0)


def dead_by_maximum(a):
    return a.max(axis=0) <= 0


def dead_by_relu(a):
    return np.maximum(a, 0).sum(axis=0) == 0


def dead_by_loops(a):
    dead = np.ones(a.shape[1], dtype=bool)
    for row in a:
        for unit, number in enumerate(row):
            if number > 0:
                dead[unit] = False
    return dead


def dead_by_counting(a):
    return (a <= 0).sum(axis=0) == len(a)


def dead_by_columns(a):
    return np.array([all(column <= 0) for column in a.T])


def jacobian_by_diagonal(W_hh, a_t):
    return W_hh @ np.diag(1 - np.tanh(a_t) ** 2)


def jacobian_by_loops(W_hh, a_t):
    J = np.zeros_like(W_hh)
    for j in range(len(W_hh)):
        for k in range(len(a_t)):
            J[j, k] = W_hh[j, k] * (1 - math.tanh(a_t[k]) ** 2)
    return J


def jacobian_by_einsum(W_hh, a_t):
    return np.einsum("jk,k->jk", W_hh, 1 / np.cosh(a_t) ** 2)


def jacobian_by_columns(W_hh, a_t):
    h_t = np.tanh(a_t)
    return np.stack([W_hh[:, k] * (1 - h_t[k] * h_t[k]) for k in range(len(h_t))], axis=1)


def jacobian_the_way_back(W_hh, a_t):
    return (np.diag(1 - np.tanh(a_t) ** 2) @ W_hh.T).T


def jacobian_in_float32(W_hh, a_t):
    return (W_hh * (1 - np.tanh(a_t) ** 2)).astype(np.float32)


def gains_by(jacobian):
    def gains(W_hh, a):
        J, found = np.eye(len(W_hh)), [1.0]
        for t in reversed(range(len(a))):
            J = jacobian(W_hh, a[t]) @ J
            found.append(np.linalg.norm(J) / np.sqrt(len(J)))
        return np.array(found)

    gains.__name__ = f"gains_by_{jacobian.__name__}"
    return gains


def gains_the_way_back(W_hh, a):
    back, found = np.eye(len(W_hh)), np.ones(len(a) + 1)
    for lag in range(1, len(a) + 1):
        back = back * (1 - np.tanh(a[-lag]) ** 2) @ W_hh.T  # a gradient of each unit, as backward carries it
        found[lag] = math.sqrt((back**2).sum() / len(W_hh))
    return found


def gains_from_scratch(W_hh, a):
    factors = [jacobian_by_einsum(W_hh, a_t) for a_t in a]
    T, H = a.shape
    products = [reduce(np.matmul, factors[T - lag :], np.eye(H)) for lag in range(T + 1)]
    return np.array([np.sqrt(np.trace(J @ J.T) / H) for J in products])


def gains_as_rms(W_hh, a):
    J, found = np.identity(len(W_hh)), []
    for slope in [*(1 - np.tanh(a) ** 2)[::-1], None]:
        found.append(np.sqrt((J**2).sum(axis=0).mean()))
        if slope is not None:
            J = (W_hh * slope) @ J
    return np.array(found)


def gains_in_float32(W_hh, a):
    return gains_as_rms(W_hh.astype(np.float32), a.astype(np.float32)).astype(np.float32)


def radius_divided_first(W_hh, radius):
    return radius * (W_hh / np.max(np.abs(np.linalg.eigvals(W_hh))))


def radius_by_eig(W_hh, radius):
    values, _ = np.linalg.eig(W_hh.T)
    return W_hh * radius / np.sqrt((values * values.conj()).real.max())


def radius_by_loop(W_hh, radius):
    largest = 0.0
    for value in np.linalg.eigvals(W_hh):
        largest = max(largest, math.hypot(value.real, value.imag))
    return W_hh * (radius / largest)


def radius_by_powers(W_hh, radius):
    W, log, n = W_hh.copy(), 0.0, 1
    for _ in range(24):  # norm(W^n)^(1/n) goes to the spectral radius
        size = np.linalg.norm(W)
        W, log, n = (W / size) @ (W / size), 2 * (log + math.log(size)), 2 * n
    return W_hh * (radius / math.exp((log + math.log(np.linalg.norm(W))) / n))


def radius_by_polynomial(W_hh, radius):
    return W_hh * (radius / np.abs(np.roots(np.poly(W_hh))).max())


def radius_in_float32(W_hh, radius):
    W_hh = W_hh.astype(np.float32)
    return W_hh * np.float32(radius) / np.abs(np.linalg.eigvals(W_hh)).max()


STEEPEST = {"sigmoid": 0.25, "tanh": 1.0, "relu": 1.0, "leaky_relu": 1.0}


def bound_by_norm(W_hh, activation, steps):
    return (STEEPEST[activation] * np.linalg.norm(W_hh, ord=2)) ** steps


def bound_by_svd(W_hh, activation, steps):
    return STEEPEST[activation] ** steps * np.linalg.svd(W_hh, compute_uv=False).max() ** steps


def bound_by_eigenvalues(W_hh, activation, steps):
    largest = np.linalg.eigvalsh(W_hh.T @ W_hh)[-1]
    return (STEEPEST[activation] ** 2 * largest) ** (steps / 2)


def bound_by_loop(W_hh, activation, steps):
    bound = 1.0
    for _ in range(steps):
        bound *= np.linalg.svd(W_hh)[1][0] * (0.25 if activation == "sigmoid" else 1)
    return bound


def bound_by_logarithm(W_hh, activation, steps):
    return math.exp(steps * (math.log(STEEPEST[activation]) + math.log(np.linalg.norm(W_hh, 2))))


def bound_in_float32(W_hh, activation, steps):
    return np.float32(bound_by_norm(W_hh.astype(np.float32), activation, steps))


VARIANTS = {
    "sigmoid_prime": (
        slope_by_square,
        slope_by_exponential,
        slope_by_cosh,
        slope_by_tanh,
        slope_by_loops,
        slope_by_both_sides,
        slope_in_float32,
        slope_by_differences,
    ),
    "dead_units": (
        dead_not_any,
        dead_by_maximum,
        dead_by_relu,
        dead_by_loops,
        dead_by_counting,
        dead_by_columns,
    ),
    "step_jacobian": (
        jacobian_by_diagonal,
        jacobian_by_loops,
        jacobian_by_einsum,
        jacobian_by_columns,
        jacobian_the_way_back,
        jacobian_in_float32,
    ),
    "gain_by_lag": (
        gains_by(jacobian_by_diagonal),
        gains_by(jacobian_by_loops),
        gains_the_way_back,
        gains_from_scratch,
        gains_as_rms,
        gains_in_float32,
    ),
    "with_radius": (
        radius_divided_first,
        radius_by_eig,
        radius_by_loop,
        radius_by_powers,
        radius_by_polynomial,
        radius_in_float32,
    ),
    "gain_bound": (
        bound_by_norm,
        bound_by_svd,
        bound_by_eigenvalues,
        bound_by_loop,
        bound_by_logarithm,
        bound_in_float32,
    ),
}
