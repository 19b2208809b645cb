"""What all layers and nets share: parameters, gradients, trace, and the checks of what comes in."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any

import numpy as np

from rnncourse.arguments import (
    require_array,
    require_choice,
    require_generator,
    require_mask_values,
    require_shape,
    require_that,
)
from rnncourse.errors import InputError, describe
from rnncourse.in_both.base import check_features

Arrays = MutableMapping[str, np.ndarray]


class Layer:
    """A layer or net: numbers in `params`, gradients in `grads` (same keys), the last forward pass in `trace`."""

    def __init__(self) -> None:
        self.params: Arrays = {}
        self.grads: Arrays = {}

    @property
    def trace(self) -> dict[str, np.ndarray]:
        """What the last forward pass computed, by name."""
        raise NotImplementedError

    def share(self, params: Arrays, grads: Arrays) -> None:
        """Keep parameters and gradients in these dictionaries from now on; others may hold them too."""
        self.params, self.grads = params, grads

    def to(self, device: object) -> Layer:
        """Return self, with all parameters on `device`.

        NumPy computes on the CPU: InputError for any other device.
        """
        require_choice("device", str(device), ("cpu",))
        return self


def to_numpy(value: Any) -> Any:
    """Return NumPy arrays on the CPU: of one array of this engine, or of a tuple, list or dictionary of them.

    Here they are that already.
    """
    return value


def placed_for(model: Layer, value: Any) -> Any:
    """Return an array ready for `model`; anything else comes back as it is.

    NumPy computes where an array is, in the widest dtype that takes part: nothing to do.
    """
    return value


def number(value: Any) -> float:
    """Return the number that a loss holds."""
    return value.item() if hasattr(value, "item") else value


def detached(array: np.ndarray) -> np.ndarray:
    """Return the same numbers, not tracked by autograd."""
    return array


def copy_of(array: np.ndarray) -> np.ndarray:
    """Return a copy that autograd does not track."""
    return array.copy()


def count_parameters(model: Layer) -> int:
    """Return how many numbers the parameters of a layer or net hold."""
    return sum(array.size for array in model.params.values())


def uniform_draw(rng: np.random.Generator | None, bound: float, dtype: str) -> Callable[..., np.ndarray]:
    """Return a function that draws numbers of the given sizes from U(-bound, bound), the same in both engines."""
    rng = np.random.default_rng(0) if rng is None else require_generator("rng", rng)
    require_choice("dtype", dtype, ("float32", "float64"))
    return lambda *shape: rng.uniform(-bound, bound, shape).astype(dtype)


def check_params(params: Arrays, shapes: dict[str, tuple[int, ...]]) -> None:
    """Raise InputError unless every parameter holds floating-point numbers and has its shape."""
    for name, shape in shapes.items():
        array = params.get(name)
        require_that(
            f"the parameter {name}",
            array,
            isinstance(array, np.ndarray) and array.dtype.kind == "f" and array.shape == shape,
            f"a floating-point array of shape {shape}",
        )


def check_sequence(x: np.ndarray, D: int, weights: str) -> None:
    """Raise InputError unless x is finite and (T, B, D); `weights` names the matrix that it meets."""
    require_array("x", x, axes=("T", "B", "D"))
    check_features("x", x, D, weights, hint="; was it one-hot encoded?")


def check_state(name: str, state: np.ndarray | None, shape: tuple[int, int]) -> np.ndarray | None:
    """Return the initial state if it fits, or None where there is none."""
    if state is None:
        return None
    require_array(name, state, axes=("B", "H"))
    require_shape(name, state, shape, "(B, H) to go with x")
    return state


def check_mask(mask: np.ndarray | None, shape: tuple[int, int]) -> np.ndarray | None:
    """Return the mask as booleans (T, B, 1), or None where no step is padding."""
    if mask is None:
        return None
    try:
        mask = np.asarray(mask)
    except ValueError:
        raise InputError(f"mask must be an array (T, B), but got {describe(mask)}") from None
    require_shape("mask", mask, shape, "(T, B) to go with x")
    require_mask_values(mask)
    return None if mask.all() else (mask != 0)[:, :, None]


def check_gradient(name: str, gradient: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return the gradient if it is an array with the shape of what it is the gradient of."""
    require_that(name, gradient, isinstance(gradient, np.ndarray), "a NumPy array")
    require_that(name, gradient, gradient.dtype.kind in "fiu", "an array of numbers")
    require_shape(name, gradient, shape, "like what forward returned")
    return gradient
