"""Optimizers on tensors: `step(params, grads)` changes the parameters in place.

With `clip`, the gradients are first scaled down so that their common norm is at most `clip`.
"""

from __future__ import annotations

import torch

from rnncourse.errors import InputError, describe

Tensors = dict[str, torch.Tensor]


@torch.no_grad()
def clip_by_norm(grads: Tensors, max_norm: float) -> float:
    """Scale all gradients in place by one factor so that their common norm is at most max_norm; return the norm before.

    Source: Pascanu, Mikolov and Bengio (2013), algorithm 1, arXiv:1211.5063.
    """
    _positive("max_norm", max_norm)
    norm = float(torch.stack([g.double().square().sum() for g in grads.values()]).sum().sqrt())
    if norm > max_norm:
        for g in grads.values():
            g *= max_norm / norm
    return norm


class SGD:
    """Gradient descent: parameter ← parameter - lr × gradient."""

    def __init__(self, lr: float, clip: float | None = None):
        self.lr = _positive("lr", lr)
        self.clip = None if clip is None else _positive("clip", clip)

    @torch.no_grad()
    def step(self, params: Tensors, grads: Tensors) -> None:
        """Change every parameter in place."""
        _check_keys(params, grads)
        if self.clip is not None:
            clip_by_norm(grads, self.clip)
        for name, tensor in params.items():
            tensor -= self.lr * grads[name]


class Adam:
    """Adam with its usual constants. Source: Kingma and Ba (2015), algorithm 1, arXiv:1412.6980."""

    def __init__(
        self, lr: float, clip: float | None = None, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8
    ):
        self.lr = _positive("lr", lr)
        self.clip = None if clip is None else _positive("clip", clip)
        self.betas, self.eps = betas, eps
        self.steps = 0
        self.mean: Tensors = {}
        self.square: Tensors = {}

    @torch.no_grad()
    def step(self, params: Tensors, grads: Tensors) -> None:
        """Change every parameter in place."""
        _check_keys(params, grads)
        if self.clip is not None:
            clip_by_norm(grads, self.clip)
        self.steps += 1
        beta_1, beta_2 = self.betas
        for name, tensor in params.items():
            m = self.mean.setdefault(name, torch.zeros_like(tensor))
            v = self.square.setdefault(name, torch.zeros_like(tensor))
            m += (1 - beta_1) * (grads[name] - m)
            v += (1 - beta_2) * (grads[name] ** 2 - v)
            m_hat = m / (1 - beta_1**self.steps)  # the averages start at 0: undo that bias
            v_hat = v / (1 - beta_2**self.steps)
            tensor -= self.lr * m_hat / (v_hat.sqrt() + self.eps)


def _positive(name: str, value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise InputError(f"{name} must be a number above 0, but {describe(value)} came")
    return float(value)


def _check_keys(params: Tensors, grads: Tensors) -> None:
    if set(params) != set(grads):
        raise InputError(
            f"grads must have the keys of params, {', '.join(sorted(params))}, "
            f"but {', '.join(sorted(grads)) or 'none'} came; was backward called?"
        )
