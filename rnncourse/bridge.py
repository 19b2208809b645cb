"""Parameters and states between torch.nn's recurrent modules and this course's layers.

PyTorch keeps the transposes and two biases where one is enough: W_x = weight_ih_l0.T, b = bias_ih_l0 + bias_hh_l0.
The GRU's second bias of block n stays apart, as b_hn, because r_t scales it. Going to PyTorch, b becomes
bias_ih and the rest of bias_hh zero, so that ours -> PyTorch -> ours gives the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import nn

from rnncourse import in_numpy, in_torch
from rnncourse.arguments import require_that
from rnncourse.errors import InputError
from rnncourse.in_both.base import flatten, unflatten

KINDS = {nn.RNN: "RNN", nn.LSTM: "LSTM", nn.GRU: "GRU"}


def from_torch(module: nn.RNNBase, engine: ModuleType = in_numpy) -> Any:
    """Return a layer of `engine` (in_numpy or in_torch) that computes what an nn.RNN, nn.LSTM or nn.GRU computes.

    Several layers become a Stack, two directions a Bidirectional. Ours is time-major, (T, B, D), also where
    the module is batch_first. Raises InputError for modules with dropout or projections.
    """
    if type(module) not in KINDS:
        raise InputError(f"module must be an nn.RNN, nn.LSTM or nn.GRU, but got {type(module).__name__}")
    if module.dropout or module.proj_size:
        raise InputError("module must have neither dropout between its layers nor projections (proj_size)")
    numbers = {name: tensor.detach().cpu().numpy() for name, tensor in module.state_dict().items()}
    layers = [_layer_from(module, engine, numbers, k) for k in range(module.num_layers)]
    return layers[0] if len(layers) == 1 else engine.Stack(*layers)


def to_torch(layer: Any, batch_first: bool = False) -> nn.RNNBase:
    """Return the nn.RNN, nn.LSTM or nn.GRU that computes what a layer of either engine computes.

    Raises InputError where PyTorch has no such module: an RNN with sigmoid or leaky_relu, layers of different
    kinds or sizes in one Stack.
    """
    rows = [_directions(part) for part in (layer.layers if _is(layer, "Stack") else [layer])]
    singles = [single for row in rows for single in row]
    first = singles[0]
    _check_alike(rows, singles)
    kind = getattr(nn, first.kind)
    extra = {"nonlinearity": first.phi} if _is(first, "RNN") else {}
    dtype = getattr(torch, np.dtype(_array(next(iter(first.params.values()))).dtype).name)
    module = kind(
        first.D,
        first.H,
        len(rows),
        batch_first=batch_first,
        bidirectional=len(rows[0]) == 2,
        dtype=dtype,
        **extra,
    )
    state = {}
    for k, row in enumerate(rows):
        for single, end in zip(row, (f"l{k}", f"l{k}_reverse"), strict=False):
            state |= _to_names(single, end)
    module.load_state_dict(state)
    return module


def state_to_torch(state: Any, layer: Any) -> Any:
    """Return PyTorch's form of a state: h_n (layers × directions, B, H), for an LSTM the pair (h_n, c_n)."""
    tensors = [torch.as_tensor(array) for array in flatten(state)]
    if _is(_singles(layer)[0], "LSTM"):
        return torch.stack(tensors[::2]), torch.stack(tensors[1::2])
    return torch.stack(tensors)


def state_from_torch(state: Any, layer: Any) -> Any:
    """Return a state of `layer` from PyTorch's form of it; NumPy arrays for layers of in_numpy."""
    rows = (
        state
        if not isinstance(state, tuple)
        else [part for pair in zip(*state, strict=True) for part in pair]
    )
    tensors = isinstance(layer, in_torch.base.Layer)
    arrays = [row if tensors else row.detach().cpu().numpy() for row in rows]
    return unflatten(_state_form(layer), iter(arrays))


def _layer_from(module: nn.RNNBase, engine: ModuleType, numbers: Mapping[str, np.ndarray], k: int) -> Any:
    ends = (f"l{k}", f"l{k}_reverse") if module.bidirectional else (f"l{k}",)
    directions = [_single_from(module, engine, numbers, end) for end in ends]
    return directions[0] if len(directions) == 1 else engine.Bidirectional(*directions)


def _single_from(module: nn.RNNBase, engine: ModuleType, numbers: Mapping[str, np.ndarray], end: str) -> Any:
    W_x, W_h = numbers[f"weight_ih_{end}"].T, numbers[f"weight_hh_{end}"].T
    kind = KINDS[type(module)]
    extra = {"phi": module.nonlinearity} if kind == "RNN" else {}
    layer = getattr(engine, kind)(W_x.shape[0], W_h.shape[0], dtype=W_x.dtype.name, **extra)
    zeros = np.zeros(W_x.shape[1], dtype=W_x.dtype)
    b_x, b_h = (numbers.get(f"bias_{side}_{end}", zeros) for side in ("ih", "hh"))
    b = b_x + b_h
    values = [W_x, W_h, b]
    if kind == "GRU":
        n = slice(2 * layer.H, None)
        b[n] = b_x[n]
        values.append(b_h[n])
    for name, value in zip(layer.shapes, values, strict=True):
        target = layer.params[name]
        (target.detach().numpy() if isinstance(target, torch.Tensor) else target)[...] = value
    return layer


def _to_names(single: Any, end: str) -> dict[str, torch.Tensor]:
    """Return one layer's numbers under PyTorch's names."""
    W_x, W_h, b, *rest = (torch.from_numpy(_array(single.params[name]).copy()) for name in single.shapes)
    b_h = torch.zeros_like(b)
    if rest:
        b_h[2 * single.H :] = rest[0]
    return {f"weight_ih_{end}": W_x.T, f"weight_hh_{end}": W_h.T, f"bias_ih_{end}": b, f"bias_hh_{end}": b_h}


def _directions(layer: Any) -> list[Any]:
    parts = [layer.fwd, layer.bwd] if _is(layer, "Bidirectional") else [layer]
    for part in parts:
        known = any(_is(part, kind) for kind in KINDS.values())
        require_that("layer", part, known, "made of RNN, LSTM or GRU")
    return parts


def _singles(layer: Any) -> list[Any]:
    return [
        single for part in (layer.layers if _is(layer, "Stack") else [layer]) for single in _directions(part)
    ]


def _check_alike(rows: list[list[Any]], singles: list[Any]) -> None:
    if len({(single.kind, single.H, getattr(single, "phi", None)) for single in singles}) > 1:
        raise InputError("torch.nn has one module only for layers of the same kind, size and activation")
    if len({len(row) for row in rows}) > 1:
        raise InputError("torch.nn has one module only for layers that all read in the same directions")
    if getattr(singles[0], "phi", "tanh") not in ("tanh", "relu"):
        raise InputError(f"torch.nn.RNN knows tanh and relu, but phi is {singles[0].phi}")


def _state_form(layer: Any) -> Any:
    """Return a state's nesting, with placeholders for arrays."""
    if _is(layer, "Stack"):
        return tuple(_state_form(part) for part in layer.layers)
    if _is(layer, "Bidirectional"):
        return _state_form(layer.fwd), _state_form(layer.bwd)
    return (0, 0) if _is(layer, "LSTM") else 0


def _is(layer: Any, kind: str) -> bool:
    return getattr(layer, "kind", None) == kind


def _array(value: Any) -> np.ndarray:
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else value
