"""Optimizers: `step(params, grads)` changes the parameters in place.

With `clip`, the gradients are first scaled down so that their common norm is at most `clip`.
"""

from __future__ import annotations

import math

import numpy as np

from rnncourse.arguments import require_number, require_pair
from rnncourse.errors import InputError, describe
from rnncourse.in_both.base import check_gradients

Arrays = dict[str, np.ndarray]


def clip_by_norm(grads: Arrays, max_norm: float) -> float:
    """Scale all gradients in place by one factor so that their common norm is at most max_norm; return the norm before.

    With max_norm infinite the norm is measured and nothing is scaled.
    Source: Pascanu, Mikolov and Bengio (2013), algorithm 1, arXiv:1211.5063.
    """
    if not (isinstance(max_norm, float) and max_norm == math.inf):
        require_number("max_norm", max_norm, above=0)
    for name, g in grads.items():
        if g.dtype.kind != "f" or not g.flags.writeable:
            raise InputError(
                f"the gradient of {name} must hold floating-point numbers that may be changed, but got {describe(g)}"
            )
    with np.errstate(over="ignore"):
        norm = math.sqrt(sum(_sum_of_squares(g) for g in grads.values()))
    if norm > max_norm:
        for g in grads.values():
            g *= max_norm / norm
    return norm


class Optimizer:
    """What all optimizers share: the learning rate, clipping and the walk over the parameters."""

    def __init__(self, lr: float, clip: float | None = None):
        self.lr = require_number("lr", lr, above=0)
        self.clip = None if clip is None else require_number("clip", clip, above=0)
        self.steps = 0

    def step(self, params: Arrays, grads: Arrays) -> None:
        """Change every parameter in place."""
        check_gradients(params, grads)
        if self.clip is not None:
            clip_by_norm(grads, self.clip)
        self.steps += 1
        for name, array in params.items():
            self._update(name, array, grads[name])

    def _update(self, name: str, array: np.ndarray, gradient: np.ndarray) -> None:
        raise NotImplementedError


class SGD(Optimizer):
    """Gradient descent: parameter ← parameter - lr × gradient."""

    def _update(self, name: str, array: np.ndarray, gradient: np.ndarray) -> None:
        array -= self.lr * gradient


class Momentum(Optimizer):
    """Gradient descent that keeps rolling: velocity ← momentum × velocity + gradient.

    Source: Polyak (1964), doi:10.1016/0041-5553(64)90137-5, in the form that torch.optim.SGD uses.
    """

    def __init__(self, lr: float, clip: float | None = None, momentum: float = 0.9):
        super().__init__(lr, clip)
        self.momentum = require_number("momentum", momentum, above=0)
        self.velocity: Arrays = {}

    def _update(self, name: str, array: np.ndarray, gradient: np.ndarray) -> None:
        v = _memory(self.velocity, name, array)
        v *= self.momentum
        v += gradient
        array -= self.lr * v


class Adagrad(Optimizer):
    """Each entry's steps shrink with the gradients that it has seen.

    Source: Duchi, Hazan and Singer (2011), https://jmlr.org/papers/v12/duchi11a.html.
    """

    def __init__(self, lr: float, clip: float | None = None, eps: float = 1e-10):
        super().__init__(lr, clip)
        self.eps = require_number("eps", eps, above=0)
        self.square: Arrays = {}

    def _update(self, name: str, array: np.ndarray, gradient: np.ndarray) -> None:
        total = _memory(self.square, name, array)
        step = gradient * gradient
        total += step
        np.sqrt(total, out=step)
        step += self.eps
        np.divide(gradient, step, out=step)
        step *= self.lr
        array -= step


class Adam(Optimizer):
    """Adam with its usual constants. Source: Kingma and Ba (2015), algorithm 1, arXiv:1412.6980."""

    def __init__(
        self,
        lr: float,
        clip: float | None = None,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ):
        super().__init__(lr, clip)
        self.betas = tuple(
            require_number("betas", beta, least=0, below=1)
            for beta in require_pair("betas", betas, "(beta_1, beta_2)")
        )
        self.eps = require_number("eps", eps, above=0)
        self.mean: Arrays = {}
        self.square: Arrays = {}

    def _update(self, name: str, array: np.ndarray, gradient: np.ndarray) -> None:
        beta_1, beta_2 = self.betas
        m, v = _memory(self.mean, name, array), _memory(self.square, name, array)
        m += (1 - beta_1) * (gradient - m)
        v += (1 - beta_2) * (gradient**2 - v)
        m_hat = m / (1 - beta_1**self.steps)  # the averages start at 0: undo that bias
        v_hat = v / (1 - beta_2**self.steps)
        array -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


def _memory(kept: Arrays, name: str, array: np.ndarray) -> np.ndarray:
    """Return what is remembered about a parameter, zeros at first."""
    if name not in kept:
        kept[name] = np.zeros_like(array)
    return kept[name]


def _sum_of_squares(g: np.ndarray) -> float:
    """Return the sum of squares; if it overflows in float32, it is computed in float64."""
    total = float(np.vdot(g, g))
    return total if math.isfinite(total) else float((g.astype(np.float64) ** 2).sum())
