"""What all layers and nets share: parameters, gradients, trace, and the checks of what comes in."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

import numpy as np
import torch

from rnncourse.arguments import (
    require_axes,
    require_choice,
    require_generator,
    require_mask_values,
    require_shape,
    require_that,
)
from rnncourse.errors import InputError, NotFiniteError, describe
from rnncourse.in_both.base import (
    as_parts,
    check_features,
    flatten,
    need_forward,
    unflatten,
)

Tensors = MutableMapping[str, torch.Tensor]


class Layer:
    """A layer or net: numbers in `params`, gradients in `grads` (same keys), the last forward pass in `trace`."""

    def __init__(self) -> None:
        self.params: Tensors = {}
        self.grads: Tensors = {}
        self._inputs: Any = ()
        self._outputs: Any = ()

    @property
    def trace(self) -> dict[str, torch.Tensor]:
        """What the last forward pass computed, by name."""
        raise NotImplementedError

    def share(self, params: Tensors, grads: Tensors) -> None:
        """Keep parameters and gradients in these dictionaries from now on; others may hold them too."""
        self.params, self.grads = params, grads

    def _track_parameters(self) -> None:
        """Let autograd follow every parameter, also one that the caller has put in place of the old one."""
        for name, tensor in self.params.items():
            require_that(
                f"the parameter {name}",
                tensor,
                isinstance(tensor, torch.Tensor) and tensor.is_floating_point(),
                "a floating-point tensor",
            )
            if not tensor.requires_grad:
                tensor.requires_grad_()

    def to(self, device: torch.device | str) -> Layer:
        """Return self, with all parameters on `device`."""
        for name, tensor in list(self.params.items()):
            self.params[name] = tensor.detach().to(device).requires_grad_()
        return self

    def _differentiate(self, gradients: Any) -> Any:
        """Fill grads and return the inputs' gradients, given the gradients of the last forward pass's outputs.

        Inputs and outputs are tensors or tuples of them, tuples in tuples too; None is a gradient of zeros.
        """
        need_forward(self._outputs or None)
        known = list(_matched(self._outputs, gradients))
        flat = list(flatten(self._inputs))
        found = torch.autograd.grad(
            [output for output, _ in known],
            [*self.params.values(), *flat],
            [gradient for _, gradient in known],
            retain_graph=True,
            materialize_grads=True,
        )
        self.grads.update(zip(self.params, found, strict=False))
        rest = iter(found[len(self.params) :])
        return unflatten(self._inputs, rest)


def placed(value: Any, like: torch.Tensor) -> Any:
    """Return a NumPy array as a tensor on the device of `like`, floats in its dtype; anything else as it is."""
    if not isinstance(value, np.ndarray):
        return value
    own = np.array(value, dtype=value.dtype.newbyteorder("="), order="C")
    return torch.from_numpy(own).to(like.device, like.dtype if own.dtype.kind == "f" else None)


def placed_for(model: Layer, value: Any) -> Any:
    """Return an array ready for `model`; anything else comes back as it is.

    A NumPy array becomes a tensor on the device of the parameters, floats in their dtype; see `placed`.
    """
    return placed(value, next(iter(model.params.values())))


def to_numpy(value: Any) -> Any:
    """Return NumPy arrays on the CPU: of one array of this engine, or of a tuple, list or dictionary of them."""
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().numpy()
    if isinstance(value, Mapping):
        return {name: to_numpy(part) for name, part in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(to_numpy(part) for part in value)
    return value


def number(value: Any) -> float:
    """Return the number that a loss holds."""
    return value.item() if hasattr(value, "item") else value


def detached(array: torch.Tensor) -> torch.Tensor:
    """Return the same numbers, not tracked by autograd."""
    return array.detach()


def copy_of(array: torch.Tensor) -> torch.Tensor:
    """Return a copy that autograd does not track."""
    return array.detach().clone()


def count_parameters(model: Layer) -> int:
    """Return how many numbers the parameters of a layer or net hold."""
    return sum(tensor.numel() for tensor in model.params.values())


def uniform_draw(rng: np.random.Generator | None, bound: float, dtype: str) -> Callable[..., torch.Tensor]:
    """Return a function that draws numbers of the given sizes from U(-bound, bound), the same in both engines."""
    rng = np.random.default_rng(0) if rng is None else require_generator("rng", rng)
    require_choice("dtype", dtype, ("float32", "float64"))
    return lambda *shape: torch.from_numpy(rng.uniform(-bound, bound, shape).astype(dtype)).requires_grad_()


def check_params(params: Tensors, shapes: dict[str, tuple[int, ...]]) -> None:
    """Raise InputError unless every parameter holds floating-point numbers and has its shape."""
    for name, shape in shapes.items():
        tensor = params.get(name)
        require_that(
            f"the parameter {name}",
            tensor,
            isinstance(tensor, torch.Tensor) and tensor.is_floating_point() and tensor.shape == shape,
            f"a floating-point tensor of shape {shape}",
        )


def require_tensor(name: str, value: object, axes: tuple[str, ...] | None = None) -> torch.Tensor:
    """Return `value` if it is a non-empty, finite floating-point tensor with the named axes."""
    _check_tensor(name, value)
    if not value.is_floating_point():
        raise InputError(
            f"{name} must hold floating-point numbers, but got {describe(value)}; write {name}.float()"
        )
    if axes is not None:
        require_axes(name, value, axes)
    if value.numel() == 0:
        raise InputError(
            f"{name} is empty: got shape {tuple(value.shape)}, and every axis needs at least one entry"
        )
    if not _all_finite(value):
        raise NotFiniteError(
            f"{name} must hold finite numbers, but some of its {value.numel()} are NaN or infinite"
        )
    return value


def _all_finite(tensor: torch.Tensor) -> bool:
    """Say whether all numbers are finite: certainly if their sum is, which is quicker to ask on a GPU."""
    return math.isfinite(tensor.detach().sum().item()) or bool(torch.isfinite(tensor).all())


def require_indices(name: str, value: object) -> torch.Tensor:
    """Return `value` if it is a non-empty tensor of whole numbers."""
    _check_tensor(name, value)
    if value.is_floating_point() or value.is_complex() or value.dtype == torch.bool:
        raise InputError(f"{name} must hold whole numbers, but got {describe(value)}")
    if value.numel() == 0:
        raise InputError(f"{name} is empty: got shape {tuple(value.shape)}")
    return value


def _check_tensor(name: str, value: object) -> None:
    if not isinstance(value, torch.Tensor):
        raise InputError(
            f"{name} must be a torch tensor, but got {describe(value)}; torch.from_numpy turns an array into one"
        )
    if value.layout != torch.strided or value.device.type == "meta":
        raise InputError(
            f"{name} must be a tensor that stores every number, but got one of layout "
            f"{value.layout} on {value.device}"
        )


def check_sequence(x: torch.Tensor, D: int, weights: str) -> None:
    """Raise InputError unless x is finite and (T, B, D); `weights` names the matrix that it meets."""
    require_tensor("x", x, axes=("T", "B", "D"))
    check_features("x", x, D, weights, hint="; was it one-hot encoded?")


def check_state(name: str, state: torch.Tensor | None, shape: tuple[int, int]) -> torch.Tensor | None:
    """Return the initial state if it fits, or None where there is none."""
    if state is None:
        return None
    require_tensor(name, state, axes=("B", "H"))
    require_shape(name, state, shape, "(B, H) to go with x")
    return state


def check_mask(mask: torch.Tensor | None, shape: tuple[int, int]) -> torch.Tensor | None:
    """Return the mask as booleans (T, B, 1), or None where no step is padding."""
    if mask is None:
        return None
    try:
        mask = torch.as_tensor(mask)
    except (TypeError, ValueError, RuntimeError):
        raise InputError(f"mask must be an array (T, B), but got {describe(mask)}") from None
    require_shape("mask", mask, shape, "(T, B) to go with x")
    require_mask_values(mask)
    return None if mask.all() else (mask != 0)[:, :, None]


def tracked(tensor: torch.Tensor) -> torch.Tensor:
    """Return the tensor itself if autograd follows it already, else a copy that it follows."""
    return tensor if tensor.requires_grad else tensor.detach().requires_grad_()


def _matched(outputs: Any, gradients: Any) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield each output with its gradient, leaving out those whose gradient is None."""
    if gradients is None:
        return
    if isinstance(outputs, tuple):
        parts = as_parts("the gradient", gradients, len(outputs), "nested as the state is")
        for output, gradient in zip(outputs, parts, strict=True):
            yield from _matched(output, gradient)
    else:
        require_that("the gradient", gradients, isinstance(gradients, torch.Tensor), "a torch tensor")
        require_shape("the gradient", gradients, outputs.shape, "like what forward returned")
        yield outputs, gradients
