"""The check of a "Your turn" cell: the learner completes a line, and the next cell says whether it is right."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.arguments import require_number
from rnncourse.markup import Card

OPEN = "Replace the `...` above, run that cell, then run this one again."


def your_turn(
    value: Any, expected: Any, *, hint: str, done: str = "Well done.", tolerance: float = 1e-6
) -> None:
    """Say below the cell whether `value` is what was to be found; nothing is raised or recorded.

    value: the learner's number, array, text or bool, or `...` while the line is still open. expected: the right
    value. hint: shown when it is wrong. done: shown when it is right. tolerance: how far numbers may be off,
    relative to the largest entry. Raises InputError for a tolerance below 0.
    """
    require_number("tolerance", tolerance, least=0)
    if value is ... or value is None:
        card = Card("note", "Your turn", (OPEN,))
    elif _equal(value, expected, tolerance):
        card = Card("right", "Right.", (done,))
    else:
        card = Card("wrong", "Not yet.", (_difference(value, expected), hint))
    card.show()


def _equal(value: Any, expected: Any, tolerance: float) -> bool:
    if isinstance(expected, (str, bool)):
        return type(value) is type(expected) and value == expected
    found, wanted = _numbers(value), _numbers(expected)
    if found is None or wanted is None:
        return bool(value == expected)
    scale = max(1.0, float(np.abs(wanted).max(initial=0.0)))
    return found.shape == wanted.shape and bool(np.allclose(found, wanted, rtol=0, atol=tolerance * scale))


def _numbers(value: Any) -> np.ndarray | None:
    """Return the value as an array of floats, None if it is not made of numbers."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return None


def _difference(value: Any, expected: Any) -> str:
    """Say what was received; where only the shape is wrong, say so."""
    found, wanted = _numbers(value), _numbers(expected)
    if found is not None and wanted is not None and found.shape != wanted.shape:
        return f"Your value has shape {found.shape}; it should have shape {wanted.shape}."
    if found is None:
        shown = repr(value)
    else:
        shown = (
            f"{found.item():.6g}" if found.ndim == 0 else np.array2string(found, precision=4, threshold=12)
        )
    return f"Your value is `{shown if len(shown) <= 200 else shown[:197].rpartition(' ')[0] + ' …'}`."
