"""Activation functions and their derivatives, entry by entry: any shape in, the same shape out."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

LEAK = 0.01  # slope of leaky_relu left of zero


class Activation(NamedTuple):
    """An activation function and its derivative, both functions of the pre-activation."""

    phi: Callable[[np.ndarray], np.ndarray]
    phi_prime: Callable[[np.ndarray], np.ndarray]


def sigmoid(a: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-a)), between 0 and 1.

    It is computed as (1 + tanh(a/2)) / 2, which never overflows.
    """
    return 0.5 * (1 + np.tanh(0.5 * a))


def sigmoid_prime(a: np.ndarray) -> np.ndarray:
    """Return the slope of sigmoid at a: at most 0.25, reached at a = 0."""
    s = sigmoid(a)
    return s * (1 - s)


def tanh(a: np.ndarray) -> np.ndarray:
    """Return the hyperbolic tangent, between -1 and 1."""
    return np.tanh(a)


def tanh_prime(a: np.ndarray) -> np.ndarray:
    """Return the slope of tanh at a: at most 1, reached at a = 0."""
    return 1 - np.tanh(a) ** 2


def relu(a: np.ndarray) -> np.ndarray:
    """Return a where it is positive, 0 elsewhere."""
    return np.maximum(a, 0)


def relu_prime(a: np.ndarray) -> np.ndarray:
    """Return 1 where a is positive, 0 elsewhere (0 at a = 0, as PyTorch has it)."""
    return (a > 0).astype(np.asarray(a).dtype)


def leaky_relu(a: np.ndarray) -> np.ndarray:
    """Return a where it is positive, 0.01 a elsewhere."""
    return np.where(a > 0, a, LEAK * a)


def leaky_relu_prime(a: np.ndarray) -> np.ndarray:
    """Return 1 where a is positive, 0.01 elsewhere."""
    return np.where(a > 0, 1.0, LEAK).astype(np.asarray(a).dtype)


ACTIVATIONS: dict[str, Activation] = {
    "tanh": Activation(tanh, tanh_prime),
    "sigmoid": Activation(sigmoid, sigmoid_prime),
    "relu": Activation(relu, relu_prime),
    "leaky_relu": Activation(leaky_relu, leaky_relu_prime),
}
