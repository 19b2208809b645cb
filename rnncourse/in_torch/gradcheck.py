"""Is a backward pass right? Compare it with central differences, entry by entry, on tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from rnncourse.arguments import require_number, require_that
from rnncourse.errors import InputError
from rnncourse.in_both.gradcheck import Entry, GradientReport, compare
from rnncourse.in_torch.base import require_tensor

__all__ = ["Entry", "GradientReport", "gradcheck", "numerical_gradient"]


def gradcheck(
    model: Any,
    x: torch.Tensor,
    y: torch.Tensor,
    loss: Callable,
    mask: torch.Tensor | None = None,
    eps: float = 1e-5,
) -> GradientReport:
    """Compare model.grads after one backward with central differences of the loss, for every parameter.

    Raises InputError unless all parameters and x are float64: float32 differences are too coarse to prove anything.
    """
    if x.dtype != torch.float64 or any(t.dtype != torch.float64 for t in model.params.values()):
        raise InputError('gradcheck needs float64: make the model with dtype="float64" and pass x.double()')
    _, ds = loss(model.forward(x), y, mask)
    model.backward(ds)
    by_hand = {name: model.grads[name].clone() for name in model.params}

    def value() -> float:
        return loss(model.forward(x), y, mask)[0].item()

    by_differences = {name: numerical_gradient(value, t, eps) for name, t in model.params.items()}
    return compare(_arrays(by_hand), _arrays(by_differences), value(), eps)


@torch.no_grad()
def numerical_gradient(f: Callable[[], float], array: torch.Tensor, eps: float = 1e-5) -> torch.Tensor:
    """Return the gradient of f() with respect to `array` (any shape) by central differences.

    f takes no argument and reads `array`, which is changed in place one entry at a time and put back.
    Raises InputError unless `array` is float64 and `eps` a number above 0.
    """
    require_tensor("array", array)
    require_that("array", array, array.dtype == torch.float64, "float64, where small differences survive")
    require_number("eps", eps, above=0)
    gradient = torch.zeros_like(array, requires_grad=False)
    for where in np.ndindex(*array.shape):
        kept = array[where].clone()
        try:
            array[where] = kept + eps
            above = f()
            array[where] = kept - eps
            below = f()
        finally:
            array[where] = kept
        gradient[where] = (above - below) / (2 * eps)
    return gradient


def _arrays(tensors: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    return {name: t.cpu().numpy() for name, t in tensors.items()}
