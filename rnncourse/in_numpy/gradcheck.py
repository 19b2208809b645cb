"""Is a backward pass right? Compare it with central differences, entry by entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.arguments import require_array, require_number, require_that
from rnncourse.errors import InputError
from rnncourse.in_both.gradcheck import Entry, GradientReport, compare

__all__ = ["Entry", "GradientReport", "gradcheck", "numerical_gradient"]


def gradcheck(
    model: Any,
    x: np.ndarray,
    y: np.ndarray,
    loss: Callable,
    mask: np.ndarray | None = None,
    eps: float = 1e-5,
) -> GradientReport:
    """Compare model.grads after one backward with central differences of the loss, for every parameter.

    Raises InputError unless all parameters and x are float64: float32 differences are too coarse to prove anything.
    """
    if x.dtype != np.float64 or any(a.dtype != np.float64 for a in model.params.values()):
        raise InputError(
            'gradcheck needs float64: make the model with dtype="float64" and pass x.astype(np.float64)'
        )
    _, ds = loss(model.forward(x), y, mask)
    model.backward(ds)
    by_hand = {name: model.grads[name].copy() for name in model.params}

    def value() -> float:
        return loss(model.forward(x), y, mask)[0]

    by_differences = {name: numerical_gradient(value, array, eps) for name, array in model.params.items()}
    return compare(by_hand, by_differences, value(), eps)


def numerical_gradient(f: Callable[[], float], array: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    """Return the gradient of f() with respect to `array` (any shape) by central differences.

    f takes no argument and reads `array`, which is changed in place one entry at a time and put back.
    Raises InputError unless `array` is float64 and `eps` a number above 0.
    """
    require_array("array", array)
    require_that("array", array, array.dtype == np.float64, "float64, where small differences survive")
    require_number("eps", eps, above=0)
    gradient = np.zeros_like(array)
    for where in np.ndindex(array.shape):
        kept = array[where]
        try:
            array[where] = kept + eps
            above = f()
            array[where] = kept - eps
            below = f()
        finally:
            array[where] = kept
        gradient[where] = (above - below) / (2 * eps)
    return gradient
