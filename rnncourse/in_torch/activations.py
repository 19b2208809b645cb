"""Activation functions and their derivatives on tensors: any shape in, the same shape out."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch

LEAK = 0.01  # slope of leaky_relu left of zero


class Activation(NamedTuple):
    """An activation function and its derivative, both functions of the pre-activation."""

    phi: Callable[[torch.Tensor], torch.Tensor]
    phi_prime: Callable[[torch.Tensor], torch.Tensor]


def sigmoid(a: torch.Tensor) -> torch.Tensor:
    """Return 1 / (1 + exp(-a)), between 0 and 1."""
    return torch.sigmoid(a)


def sigmoid_prime(a: torch.Tensor) -> torch.Tensor:
    """Return the slope of sigmoid at a: at most 0.25, reached at a = 0."""
    s = sigmoid(a)
    return s * (1 - s)


def tanh(a: torch.Tensor) -> torch.Tensor:
    """Return the hyperbolic tangent, between -1 and 1."""
    return torch.tanh(a)


def tanh_prime(a: torch.Tensor) -> torch.Tensor:
    """Return the slope of tanh at a: at most 1, reached at a = 0."""
    return 1 - torch.tanh(a) ** 2


def relu(a: torch.Tensor) -> torch.Tensor:
    """Return a where it is positive, 0 elsewhere."""
    return torch.relu(a)


def relu_prime(a: torch.Tensor) -> torch.Tensor:
    """Return 1 where a is positive, 0 elsewhere (0 at a = 0, as PyTorch has it)."""
    return (a > 0).to(a.dtype)


def leaky_relu(a: torch.Tensor) -> torch.Tensor:
    """Return a where it is positive, 0.01 a elsewhere."""
    return torch.where(a > 0, a, LEAK * a)


def leaky_relu_prime(a: torch.Tensor) -> torch.Tensor:
    """Return 1 where a is positive, 0.01 elsewhere."""
    return torch.where(a > 0, torch.ones_like(a), torch.full_like(a, LEAK))


ACTIVATIONS: dict[str, Activation] = {
    "tanh": Activation(tanh, tanh_prime),
    "sigmoid": Activation(sigmoid, sigmoid_prime),
    "relu": Activation(relu, relu_prime),
    "leaky_relu": Activation(leaky_relu, leaky_relu_prime),
}
