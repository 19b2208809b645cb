"""What the cells of both engines share: their interface, their parameters, and the checks of one time step."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from rnncourse.arguments import require_choice, require_shape, require_that
from rnncourse.errors import InputError
from rnncourse.in_both.base import check_features


class Cell:
    """One time step, forward and backward. A layer repeats its `cell`; give it another one and the layer changes.

    kind: RNN, LSTM or GRU. blocks: the pre-activations that the columns of the weights belong to. states: what goes
    from one step to the next, h first. xp: the array library, NumPy or torch. activations: those of its engine.
    """

    kind: str
    blocks: tuple[str, ...]
    states: tuple[str, ...] = ("h",)
    xp: ModuleType
    activations: Mapping[str, Any]

    def shapes(self, D: int, H: int) -> dict[str, tuple[int, ...]]:
        """Return the shape of every parameter: the input's weights, the state's weights, the biases."""
        n = len(self.blocks) * H
        return {"W_x": (D, n), "W_h": (H, n), "b": (n,)}

    def step(self, x_t: Any, state: tuple, p: Mapping[str, Any], t: int) -> dict[str, Any]:
        """Return everything that step t makes, by name: the gates, the new states; each (B, H).

        x_t (B, D), the states before, each (B, H), and the parameters are what it is made from.
        """
        raise NotImplementedError

    def step_backward(
        self, d_state: tuple, made: Mapping[str, Any], x_t: Any, state: tuple, p: Mapping[str, Any], t: int
    ) -> tuple[Any, tuple, dict[str, Any]]:
        """Return dx_t (B, D), the gradients of the states before, and those of the parameters.

        d_state: the gradients of the new states. made: what `step` returned for the same x_t, state, p and t.
        """
        raise NotImplementedError


class RNNParts(Cell):
    """What the RNN cells of both engines share."""

    kind = "RNN"
    blocks = ("h",)

    def __init__(self, phi: str = "tanh"):
        self.phi = require_choice("phi", phi, tuple(self.activations))

    def shapes(self, D: int, H: int) -> dict[str, tuple[int, ...]]:
        """Return the shape of every parameter."""
        return {"W_xh": (D, H), "W_hh": (H, H), "b_h": (H,)}


class LSTMParts(Cell):
    """What the LSTM cells of both engines share."""

    kind = "LSTM"
    blocks = ("i", "f", "g", "o")
    states = ("h", "c")


class GRUParts(Cell):
    """What the GRU cells of both engines share."""

    kind = "GRU"
    blocks = ("r", "z", "n")

    def shapes(self, D: int, H: int) -> dict[str, tuple[int, ...]]:
        """Return the shape of every parameter."""
        return {**super().shapes(D, H), "b_hn": (H,)}


def check_step(x_t: Any, h_prev: Any, p: Mapping[str, Any]) -> None:
    """Raise InputError unless x_t, h_prev and the parameters of an RNN fit together."""
    _check_names(p, "W_xh", "W_hh", "b_h")
    _check_shapes(x_t, h_prev, p, "W_xh", "W_hh", blocks=1)
    check_biases(h_prev, p, b_h=1)


def check_gated_step(x_t: Any, h_prev: Any, p: Mapping[str, Any], blocks: int) -> None:
    """Raise InputError unless x_t, h_prev and the weights of an LSTM (4 blocks) or GRU (3) fit together."""
    _check_names(p, "W_x", "W_h", "b")
    _check_shapes(x_t, h_prev, p, "W_x", "W_h", blocks)


def check_biases(h_prev: Any, p: Mapping[str, Any], **blocks: int) -> None:
    """Raise InputError unless each bias named is there, with that many blocks of H entries."""
    _check_names(p, *blocks)
    for name, count in blocks.items():
        require_shape(name, p[name], (count * h_prev.shape[1],), "to go with h_prev")


def check_like_state(h_prev: Any, **arrays: Any) -> None:
    """Raise InputError unless each array has the shape of h_prev."""
    for name, array in arrays.items():
        require_shape(name, array, h_prev.shape, "like h_prev")


def _shape(array: object) -> tuple[int, ...]:
    """Return the shape of an array; what has none counts as a single number."""
    return tuple(getattr(array, "shape", ()))


def _check_names(p: Mapping[str, Any], *names: str) -> None:
    require_that("p", p, isinstance(p, Mapping), "a dictionary of parameters")
    missing = [name for name in names if name not in p]
    if missing:
        raise InputError(f"p lacks {', '.join(missing)}; it holds {', '.join(sorted(p)) or 'nothing'}")


def _check_shapes(x_t: Any, h_prev: Any, p: Mapping[str, Any], from_x: str, from_h: str, blocks: int) -> None:
    if len(_shape(x_t)) != 2 or len(_shape(h_prev)) != 2:
        raise InputError(
            f"x_t and h_prev need two axes, (B, D) and (B, H), "
            f"but got shapes {_shape(x_t)} and {_shape(h_prev)}"
        )
    if len(_shape(p[from_x])) != 2:
        raise InputError(f"{from_x} needs two axes, but got shape {_shape(p[from_x])}")
    D, width = p[from_x].shape
    H = width // blocks
    check_features("x_t", x_t, D, from_x, hint="; was it one-hot encoded?")
    if h_prev.shape[1] != H:
        raise InputError(f"h_prev has {h_prev.shape[1]} units but {from_x} makes {H}")
    require_shape(from_h, p[from_h], (H, blocks * H), f"to go with {from_x}")
    if h_prev.shape[0] != x_t.shape[0]:
        raise InputError(f"h_prev holds {h_prev.shape[0]} sequences but x_t holds {x_t.shape[0]}")
