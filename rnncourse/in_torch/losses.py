"""Losses on tensors: each returns the loss and its gradient with respect to s, the net's output.

A loss is a mean over the positions that count. `mask` says which those are: 1 counts, 0 (padding) does not.
"""

from __future__ import annotations

import torch

from rnncourse.arguments import require_mask_values, require_shape, require_within
from rnncourse.errors import InputError
from rnncourse.in_torch.base import placed, require_indices, require_tensor


def softmax(s: torch.Tensor) -> torch.Tensor:
    """Return probabilities p (..., K) from logits s (..., K)."""
    return torch.softmax(s, dim=-1)


def log_softmax(s: torch.Tensor) -> torch.Tensor:
    """Return log p (..., K) from logits s (..., K), without the overflow and the zeros of log(softmax(s))."""
    return torch.log_softmax(s, dim=-1)


def softmax_cross_entropy(
    s: torch.Tensor, y: torch.Tensor, mask: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the mean of -log p[y] in nats, and ds (..., K), from logits s (..., K) and target indices y (...).

    Raises InputError where shapes differ, an index is out of range, or the mask leaves nothing.
    """
    _require_scores(s)
    y, mask = placed(y, s), placed(mask, s)
    require_indices("y", y)
    require_shape("y", y, s.shape[:-1], "to go with s")
    K = s.shape[-1]
    require_within("y", y, 0, K - 1, "indices")
    weight = _weights(mask, y.shape, s)
    log_p = log_softmax(s)
    loss = -(weight * log_p.gather(-1, y[..., None].long())[..., 0]).sum()
    target = torch.nn.functional.one_hot(y.long(), K).to(s.dtype)
    return loss, (log_p.detach().exp() - target) * weight[..., None]


def mse(
    s: torch.Tensor, y: torch.Tensor, mask: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the mean of (s - y)² and ds (..., K), from predictions s (..., K) and targets y (..., K)."""
    _require_scores(s)
    y, mask = placed(y, s), placed(mask, s)
    require_tensor("y", y)
    require_shape("y", y, s.shape, "like s")
    weight = _weights(mask, s.shape[:-1], s)[..., None] / s.shape[-1]
    difference = s - y
    return (weight * difference**2).sum(), 2 * weight * difference.detach()


def _require_scores(s: torch.Tensor) -> None:
    require_tensor("s", s)
    if not s.ndim:
        raise InputError("s needs at least one axis (..., K), but got a single number")


def _weights(mask: torch.Tensor | None, shape: torch.Size, like: torch.Tensor) -> torch.Tensor:
    """Return what each position weighs in the mean: 1 / (number that count), or 0."""
    if mask is None:
        mask = torch.ones(shape, dtype=like.dtype, device=like.device)
    mask = torch.as_tensor(mask)
    require_shape("mask", mask, shape, "one entry per position")
    mask = mask.to(like.dtype)
    require_mask_values(mask, "counts")
    if not mask.any():
        raise InputError("mask is 0 everywhere: no position is left to take a mean over")
    return mask / mask.sum()
