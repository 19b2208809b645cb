"""Losses: each returns the loss and its gradient with respect to s, the net's output.

A loss is a mean over the positions that count. `mask` says which those are: 1 counts, 0 (padding) does not.
"""

from __future__ import annotations

import math

import numpy as np

from rnncourse.arguments import (
    require_array,
    require_mask_values,
    require_shape,
    require_within,
)
from rnncourse.errors import InputError


def softmax(s: np.ndarray) -> np.ndarray:
    """Return probabilities p (..., K) from logits s (..., K)."""
    # subtracting the largest first avoids overflow
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def log_softmax(s: np.ndarray) -> np.ndarray:
    """Return log p (..., K) from logits s (..., K), without the overflow and the zeros of log(softmax(s))."""
    shifted = s - s.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def softmax_cross_entropy(
    s: np.ndarray, y: np.ndarray, mask: np.ndarray | None = None
) -> tuple[float, np.ndarray]:
    """Return the mean of -log p[y] in nats, and ds (..., K), from logits s (..., K) and target indices y (...).

    Raises InputError where shapes differ, an index is out of range, or the mask leaves nothing.
    """
    _require_scores(s)
    require_array("y", y, kind="i")
    require_shape("y", y, s.shape[:-1], f"to go with s {s.shape}")
    K = s.shape[-1]
    require_within("y", y, 0, K - 1, "indices")
    weight = _weights(mask, y.shape, s.dtype)
    target = np.arange(y.size), y.ravel()
    shifted = s - s.max(axis=-1, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(axis=-1, keepdims=True)
    log_p = shifted.reshape(-1, K)[target] - np.log(total).ravel()  # only at the targets
    loss = -(weight.ravel() * log_p).sum()
    ds = np.divide(e, total, out=e)  # p; below, 1 is subtracted at the target
    ds.reshape(-1, K)[target] -= 1
    ds *= weight[..., None]
    return float(loss), ds


def mse(s: np.ndarray, y: np.ndarray, mask: np.ndarray | None = None) -> tuple[float, np.ndarray]:
    """Return the mean of (s - y)² and ds (..., K), from predictions s (..., K) and targets y (..., K)."""
    _require_scores(s)
    require_array("y", y)
    require_shape("y", y, s.shape, "like s")
    weight = _weights(mask, s.shape[:-1], s.dtype)[..., None] / s.shape[-1]
    difference = s - y
    return float((weight * difference**2).sum()), 2 * weight * difference


def _require_scores(s: np.ndarray) -> None:
    require_array("s", s)
    if not s.ndim:
        raise InputError("s needs at least one axis (..., K), but got a single number")


def _weights(mask: np.ndarray | None, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Return what each position weighs in the mean: 1 / (number that count), or 0."""
    if mask is None:
        return np.full(shape, 1 / math.prod(shape), dtype=dtype)
    require_shape("mask", mask, shape, "one entry per position")
    mask = np.asarray(mask, dtype=dtype)
    require_mask_values(mask, "counts")
    if not mask.any():
        raise InputError("mask is 0 everywhere: no position is left to take a mean over")
    return mask / mask.sum()
