"""The report of a gradient check: two gradients of each parameter side by side, from either engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

TOLERANCE = 1e-7  # what central differences in float64 can resolve
ROUNDING = 8 * 2.0**-52  # how exactly a loss is known, relative to its size


@dataclass(frozen=True)
class Entry:
    """One entry of one parameter: where it is and its two gradients, with the largest error of the parameter."""

    name: str
    where: tuple[int, ...]
    by_hand: float
    by_differences: float
    relative_error: float


@dataclass(frozen=True)
class GradientReport:
    """An entry of every parameter: the worst one where the gradients differ, else the one with the largest gradient.

    Wrong parameters come first, the worst at the top.
    """

    entries: tuple[Entry, ...]

    @property
    def worst(self) -> Entry:
        """The entry with the largest relative error of all."""
        return max(self.entries, key=lambda e: e.relative_error)

    @property
    def ok(self) -> bool:
        """True if every relative error is at most 1e-7."""
        return self.worst.relative_error <= TOLERANCE

    def __repr__(self) -> str:
        head = f"{'parameter':<10} {'entry':<12} {'by hand':>12} {'differences':>12} {'error ≤ 1e-7':>13}"
        rows = [
            f"{e.name:<10} {e.where!s:<12} {e.by_hand:>12.5f} {e.by_differences:>12.5f} {_verdict(e):>13}"
            for e in self.entries
        ]
        return "\n".join([head, *rows])


def compare(
    by_hand: Mapping[str, np.ndarray], by_differences: Mapping[str, np.ndarray], loss: float, eps: float
) -> GradientReport:
    """Return the report on two sets of gradients of `loss`, the second by central differences of width 2 eps.

    The relative error is |by hand - by differences| / size of the larger. An entry so small that the rounding
    of the loss alone could make that error is measured against what can be resolved instead.
    """
    smallest = ROUNDING * max(abs(loss), 1.0) / eps / TOLERANCE
    entries = [_entry(name, by_hand[name], by_differences[name], smallest) for name in by_hand]
    return GradientReport(tuple(sorted(entries, key=lambda e: -max(e.relative_error, TOLERANCE))))


def _entry(name: str, by_hand: np.ndarray, by_differences: np.ndarray, smallest: float) -> Entry:
    size = np.maximum(np.abs(by_hand), np.abs(by_differences))
    error = np.abs(by_hand - by_differences) / np.maximum(size, smallest)
    error[np.isnan(error)] = np.inf
    shown = error if error.max() > TOLERANCE else size
    where = tuple(int(i) for i in np.unravel_index(shown.argmax(), shown.shape))
    return Entry(name, where, float(by_hand[where]), float(by_differences[where]), float(error.max()))


def _verdict(entry: Entry) -> str:
    return "yes" if entry.relative_error <= TOLERANCE else f"no: {entry.relative_error:.0e}"
