"""Layers to prove things about, references to prove them against, and comparisons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from rnncourse import in_numpy, in_torch
from rnncourse.in_both.base import flatten, map_state

T, B, D, H = 5, 3, 4, 6

MAKERS: dict[str, Callable[..., Any]] = {
    "RNN tanh": lambda engine, D, H, **more: engine.RNN(D, H, "tanh", **more),
    "RNN sigmoid": lambda engine, D, H, **more: engine.RNN(D, H, "sigmoid", **more),
    "RNN relu": lambda engine, D, H, **more: engine.RNN(D, H, "relu", **more),
    "RNN leaky_relu": lambda engine, D, H, **more: engine.RNN(D, H, "leaky_relu", **more),
    "LSTM": lambda engine, D, H, **more: engine.LSTM(D, H, **more),
    "GRU": lambda engine, D, H, **more: engine.GRU(D, H, **more),
    "Stack": lambda engine, D, H, **more: engine.Stack(
        engine.LSTM(D, H + 1, **more), engine.GRU(H + 1, H + 2, **more), engine.RNN(H + 2, H, **more)
    ),
    "Bidirectional": lambda engine, D, H, **more: engine.Bidirectional(
        engine.LSTM(D, H, **more), engine.LSTM(D, H + 1, **more)
    ),
    "Stack of Bidirectional": lambda engine, D, H, **more: engine.Stack(
        engine.Bidirectional(engine.GRU(D, H, **more), engine.RNN(D, H + 1, **more)),
        engine.Bidirectional(engine.LSTM(2 * H + 1, H, **more), engine.LSTM(2 * H + 1, H, **more)),
    ),
}
SINGLE = ("RNN tanh", "RNN sigmoid", "RNN relu", "RNN leaky_relu", "LSTM", "GRU")


def make(
    kind: str, engine: Any = in_numpy, seed: int = 0, D: int = D, H: int = H, dtype: str = "float64"
) -> Any:
    """Return a layer of the kind in either engine; the same seed gives the same numbers."""
    return MAKERS[kind](engine, D, H, rng=np.random.default_rng(seed), dtype=dtype)


def state_like(layer: Any, B: int, rng: np.random.Generator) -> Any:
    """Return a state of the layer, made of random numbers none of which is zero."""
    name = type(layer).__name__
    if name == "Stack":
        return tuple(state_like(part, B, rng) for part in layer.layers)
    if name == "Bidirectional":
        return state_like(layer.fwd, B, rng), state_like(layer.bwd, B, rng)
    draw = [rng.standard_normal((B, layer.H)) for _ in range(2)]
    return tuple(draw) if name == "LSTM" else draw[0]


def padding_mask(T: int, B: int) -> np.ndarray:
    """Return a mask (T, B) with a different length in each column, and a hole in the middle of the longest."""
    mask = np.zeros((T, B))
    for b in range(B):
        mask[: max(1, T - b), b] = 1
    if T > 2:
        mask[1, 0] = 0
    return mask


def to_tensors(nested: Any, track: bool = False) -> Any:
    """Return a state with torch tensors in place of its arrays."""
    return map_state(lambda array: torch.tensor(array, requires_grad=track), nested)


def by_cells(
    layer: Any, p: dict, x: torch.Tensor, state: Any, mask: np.ndarray | None
) -> tuple[torch.Tensor, Any]:
    """Return h and the last state, one in_torch cell after the other, for autograd to differentiate.

    The reference: nothing packed, nothing by hand, whatever layers are inside.
    """
    name = type(layer).__name__
    if name == "Stack":
        last = []
        for (suffix, part), first in zip(layer.parts.items(), state, strict=True):
            x, end = by_cells(part, _share(p, suffix), x, first, mask)
            last.append(end)
        return x, tuple(last)
    if name == "Bidirectional":
        back = None if mask is None else mask[::-1]
        h_fwd, fwd = by_cells(layer.fwd, _share(p, "_fwd"), x, state[0], mask)
        h_bwd, bwd = by_cells(layer.bwd, _share(p, "_bwd"), x.flip(0), state[1], back)
        return torch.cat([h_fwd, h_bwd.flip(0)], dim=2), (fwd, bwd)
    states, h = (state if isinstance(state, tuple) else (state,)), []
    for t in range(len(x)):
        new = _step(layer, x[t], states, p)
        if mask is not None:
            real = torch.from_numpy(mask[t] != 0)[:, None]
            new = tuple(torch.where(real, a, b) for a, b in zip(new, states, strict=True))
        states = new
        h.append(states[0])
    return torch.stack(h), states if len(states) > 1 else states[0]


def _step(layer: Any, x_t: torch.Tensor, states: tuple, p: dict) -> tuple:
    if type(layer).__name__ == "LSTM":
        return in_torch.lstm_step(x_t, *states, p)
    if type(layer).__name__ == "GRU":
        return (in_torch.gru_step(x_t, *states, p),)
    return (in_torch.rnn_step(x_t, *states, p, in_torch.ACTIVATIONS[layer.phi].phi),)


def _share(p: dict, suffix: str) -> dict:
    return {name.removesuffix(suffix): value for name, value in p.items() if name.endswith(suffix)}


def weighted(outputs: Any, weights: Any) -> Any:
    """Return the loss of a proof: the sum of all outputs, each times a weight of its own."""
    return sum((o * w).sum() for o, w in zip(flatten(outputs), flatten(weights), strict=True))


def furthest(found: Any, expected: Any) -> float:
    """Return the largest distance between two states, dictionaries or arrays, relative where it is above 1."""
    if isinstance(found, dict):
        assert set(found) == set(expected)
        return max(furthest(found[name], expected[name]) for name in found)
    found, expected = ([_array(a) for a in flatten(part)] for part in (found, expected))
    assert [a.shape for a in found] == [a.shape for a in expected]
    return max(
        float((np.abs(a - b) / np.maximum(1, np.abs(b))).max()) for a, b in zip(found, expected, strict=True)
    )


def _array(value: Any) -> np.ndarray:
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)
