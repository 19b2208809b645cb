"""Is a backward pass right? Compare it with central differences, entry by entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnncourse.errors import InputError

TOLERANCE = 1e-7  # what central differences in float64 can resolve


@dataclass(frozen=True)
class Entry:
    """The worst entry of one parameter: where it is, its two gradients and how far apart they are."""

    name: str
    where: tuple[int, ...]
    by_hand: float
    by_differences: float
    relative_error: float


@dataclass(frozen=True)
class GradientReport:
    """The worst entry of every parameter, the worst parameter first."""

    entries: tuple[Entry, ...]

    @property
    def worst(self) -> Entry:
        """The entry with the largest relative error of all."""
        return self.entries[0]

    @property
    def ok(self) -> bool:
        """True if every relative error is at most 1e-7."""
        return self.worst.relative_error <= TOLERANCE

    def __repr__(self) -> str:
        head = f"{'parameter':<10} {'worst entry':<12} {'by hand':>12} {'differences':>12} {'error ≤ 1e-7':>13}"
        rows = [
            f"{e.name:<10} {e.where!s:<12} {e.by_hand:>12.5f} {e.by_differences:>12.5f} {_verdict(e):>13}"
            for e in self.entries
        ]
        return "\n".join([head, *rows])


def gradcheck(
    model: Any, x: np.ndarray, y: np.ndarray, loss: Callable, mask: np.ndarray | None = None, eps: float = 1e-5
) -> GradientReport:
    """Compare model.grads after one backward with central differences of the loss, for every parameter.

    The relative error is |by hand - by differences| / max(1e-3 of the largest gradient of the array, both of
    their sizes), so that entries near zero are not blamed for rounding. Raises InputError unless all
    parameters and x are float64: float32 differences are too coarse to prove anything.
    """
    if x.dtype != np.float64 or any(a.dtype != np.float64 for a in model.params.values()):
        raise InputError('gradcheck needs float64: make the model with dtype="float64" and pass x.astype(np.float64)')
    _, ds = loss(model.forward(x), y, mask)
    model.backward(ds)
    by_hand = {name: g.copy() for name, g in model.grads.items()}

    def value() -> float:
        return loss(model.forward(x), y, mask)[0]

    entries = [
        _worst_entry(name, by_hand[name], numerical_gradient(value, array, eps)) for name, array in model.params.items()
    ]
    return GradientReport(tuple(sorted(entries, key=lambda e: -e.relative_error)))


def numerical_gradient(f: Callable[[], float], array: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    """Return the gradient of f() with respect to `array` (any shape) by central differences.

    f takes no argument and reads `array`, which is changed in place one entry at a time and put back.
    """
    gradient = np.zeros_like(array)
    for where in np.ndindex(array.shape):
        kept = array[where]
        array[where] = kept + eps
        above = f()
        array[where] = kept - eps
        below = f()
        array[where] = kept
        gradient[where] = (above - below) / (2 * eps)
    return gradient


def _worst_entry(name: str, by_hand: np.ndarray, by_differences: np.ndarray) -> Entry:
    size = np.maximum(np.abs(by_hand), np.abs(by_differences))
    scale = np.maximum(size, 1e-3 * size.max() + 1e-12)
    error = np.abs(by_hand - by_differences) / scale
    where = tuple(int(i) for i in np.unravel_index(error.argmax(), error.shape))
    return Entry(name, where, float(by_hand[where]), float(by_differences[where]), float(error[where]))


def _verdict(entry: Entry) -> str:
    return "yes" if entry.relative_error <= TOLERANCE else f"no: {entry.relative_error:.0e}"
