"""The kinds of error the course raises, and how a received value is described in their messages."""

from __future__ import annotations

import numpy as np


class InputError(ValueError):
    """An argument has the wrong type, shape or content; the message names it."""


class NotFiniteError(InputError):
    """An array holds NaN or infinity."""


class TrainingError(RuntimeError):
    """Training cannot go on; the message names the step and a remedy, `history` holds what happened until then."""

    def __init__(self, message: str, history: object = None):
        super().__init__(message, history)
        self.history = history

    def __str__(self) -> str:
        return self.args[0]


def describe(value: object) -> str:
    """Return a short description of what came in: type and, for arrays, dtype and shape."""
    if isinstance(value, np.ndarray) and not isinstance(value, (np.ma.MaskedArray, np.matrix)):
        return f"an array of {value.dtype} with shape {value.shape}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"a {type(value).__name__} of {value.dtype} with shape {tuple(value.shape)}"
    if value is None:
        return "None"
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"
