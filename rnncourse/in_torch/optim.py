"""Optimizers on tensors: `step(params, grads)` changes the parameters in place.

With `clip`, the gradients are first scaled down so that their common norm is at most `clip`.
"""

from __future__ import annotations

import math

import torch

from rnncourse.arguments import require_number, require_pair
from rnncourse.in_both.base import check_gradients

Tensors = dict[str, torch.Tensor]


@torch.no_grad()
def clip_by_norm(grads: Tensors, max_norm: float) -> float:
    """Scale all gradients in place by one factor so that their common norm is at most max_norm; return the norm before.

    With max_norm infinite the norm is measured and nothing is scaled.
    Source: Pascanu, Mikolov and Bengio (2013), algorithm 1, arXiv:1211.5063.
    """
    if not (isinstance(max_norm, float) and max_norm == math.inf):
        require_number("max_norm", max_norm, above=0)
    squares = [g.double().square().sum() for g in grads.values()]  # float32 would overflow from 1e19 on
    norm = float(torch.stack(squares).sum().sqrt()) if squares else 0.0
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

    @torch.no_grad()
    def step(self, params: Tensors, grads: Tensors) -> None:
        """Change every parameter in place."""
        check_gradients(params, grads)
        if self.clip is not None:
            clip_by_norm(grads, self.clip)
        self.steps += 1
        for name, tensor in params.items():
            self._update(name, tensor, grads[name])

    def _update(self, name: str, tensor: torch.Tensor, gradient: torch.Tensor) -> None:
        raise NotImplementedError


class SGD(Optimizer):
    """Gradient descent: parameter ← parameter - lr × gradient."""

    def _update(self, name: str, tensor: torch.Tensor, gradient: torch.Tensor) -> None:
        tensor -= self.lr * gradient


class Momentum(Optimizer):
    """Gradient descent that keeps rolling: velocity ← momentum × velocity + gradient.

    Source: Polyak (1964), doi:10.1016/0041-5553(64)90137-5, in the form that torch.optim.SGD uses.
    """

    def __init__(self, lr: float, clip: float | None = None, momentum: float = 0.9):
        super().__init__(lr, clip)
        self.momentum = require_number("momentum", momentum, above=0)
        self.velocity: Tensors = {}

    def _update(self, name: str, tensor: torch.Tensor, gradient: torch.Tensor) -> None:
        v = _memory(self.velocity, name, tensor)
        v *= self.momentum
        v += gradient
        tensor -= self.lr * v


class Adagrad(Optimizer):
    """Each entry's steps shrink with the gradients that it has seen.

    Source: Duchi, Hazan and Singer (2011), https://jmlr.org/papers/v12/duchi11a.html.
    """

    def __init__(self, lr: float, clip: float | None = None, eps: float = 1e-10):
        super().__init__(lr, clip)
        self.eps = require_number("eps", eps, above=0)
        self.square: Tensors = {}

    def _update(self, name: str, tensor: torch.Tensor, gradient: torch.Tensor) -> None:
        total = _memory(self.square, name, tensor)
        total += gradient**2
        tensor -= self.lr * gradient / (total.sqrt() + self.eps)


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
        self.mean: Tensors = {}
        self.square: Tensors = {}

    def _update(self, name: str, tensor: torch.Tensor, gradient: torch.Tensor) -> None:
        beta_1, beta_2 = self.betas
        m, v = _memory(self.mean, name, tensor), _memory(self.square, name, tensor)
        m += (1 - beta_1) * (gradient - m)
        v += (1 - beta_2) * (gradient**2 - v)
        m_hat = m / (1 - beta_1**self.steps)  # the averages start at 0: undo that bias
        v_hat = v / (1 - beta_2**self.steps)
        tensor -= self.lr * m_hat / (v_hat.sqrt() + self.eps)


def _memory(kept: Tensors, name: str, tensor: torch.Tensor) -> torch.Tensor:
    """Return what is remembered about a parameter, zeros at first."""
    if name not in kept:
        kept[name] = torch.zeros_like(tensor)
    return kept[name]
