"""Recurrent layers over whole sequences on tensors, on any device: the twin of rnncourse.in_numpy.layers.

The same names, arguments and, for the same rng, initial numbers. What forward returns is part of autograd's
graph, so `loss.backward()` works as well as `backward`; either way the gradient is the sweep written by hand.

Every layer keeps its numbers in `params`, fills `grads` (same keys) in `backward`, and remembers what the
last `forward` computed in `trace`. `params` belongs to the caller: an array replaced or changed in place is
what the next `forward` uses.

A mask (T, B) marks padding with 0: there the state stays what it was, so the last state is that of the last
real step, and a layer that reads backwards starts at the last real step.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from rnncourse.arguments import require_choice, require_count
from rnncourse.errors import InputError, describe
from rnncourse.in_both.base import as_parts, check_layers, share, with_suffix
from rnncourse.in_torch.activations import ACTIVATIONS
from rnncourse.in_torch.base import (
    Layer,
    Tensors,
    check_mask,
    check_params,
    check_sequence,
    check_state,
    tracked,
    uniform_draw,
)
from rnncourse.in_torch.fast.sweeps import GRU_SWEEPS, LSTM_SWEEPS, RNN_SWEEPS, Sweep, Sweeps
from rnncourse.in_torch.fast.ways import LSTM_WAYS, lstm_way

Array = torch.Tensor
Pair = tuple[torch.Tensor, torch.Tensor]


class Recurrent(Layer):
    """What RNN, LSTM and GRU share: sizes, initial parameters, checks before and after the sweep.

    A subclass names its blocks of pre-activations and the shapes of its parameters.
    """

    blocks: tuple[str, ...]

    def __init__(self, D: int, H: int, rng: np.random.Generator | None = None, dtype: str = "float32"):
        super().__init__()
        self.D, self.H = require_count("D", D), require_count("H", H)
        draw = uniform_draw(rng, 1 / np.sqrt(H), dtype)
        self.params = {name: draw(*shape) for name, shape in self.shapes.items()}

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every parameter."""
        n = len(self.blocks) * self.H
        return {"W_x": (self.D, n), "W_h": (self.H, n), "b": (n,)}

    def _enter(
        self, x: Array, mask: Array | None, **states: Array | None
    ) -> tuple[Array, list[Array], Array | None]:
        """Check what forward was given; return x, the initial states and the mask (T, B, 1).

        Numbers become float64 if any of them is, or any parameter; autograd follows x and the states.
        """
        shapes = self.shapes
        check_params(self.params, shapes)
        self._track_parameters()
        check_sequence(x, self.D, next(iter(shapes)))
        x = tracked(x)
        shape = (x.shape[1], self.H)
        first = [tracked(check_state(name, s, shape, like=x)) for name, s in states.items()]
        dtype = x.dtype
        for tensor in (*(self.params[name] for name in shapes), *first):
            dtype = torch.promote_types(dtype, tensor.dtype)
        self._inputs = (x, tuple(first) if len(first) > 1 else first[0])
        real = check_mask(mask, x.shape[:2])
        return x.to(dtype), [s.to(dtype) for s in first], None if real is None else real.to(x.device)

    def _run(self, sweeps: Sweeps, x: Array, states: list[Array], real: Array | None) -> tuple[Array, Any]:
        """Return h and the last state, and keep the trace."""
        names = tuple(self.shapes)
        trace: dict[str, Array] = {}
        p = [self.params[name].to(x.dtype) for name in names]
        h, *last = Sweep.apply(sweeps, names, trace, real, x, *states, *p)
        self.trace = {name: tensor.detach() for name, tensor in trace.items()}
        self._outputs = (h, tuple(last) if len(last) > 1 else last[0])
        return self._outputs

    def backward(self, dh: Array, dh_T: Any = None) -> tuple[Array, Any]:
        """Return dx (T, B, D) and the initial state's gradient, given dh (T, B, H); fill grads.

        dh_T is what comes back through the second result of `forward`, if the loss uses it.
        """
        return self._differentiate((dh, dh_T))


class RNN(Recurrent):
    """A vanilla recurrent layer: h_t = phi(x_t @ W_xh + h_prev @ W_hh + b_h) at every step.

    D, H: input and hidden size. phi: tanh, sigmoid, relu or leaky_relu. rng draws every parameter from
    U(-1/sqrt(H), 1/sqrt(H)), as torch.nn.RNN does. Source: Elman (1990), doi:10.1207/s15516709cog1402_1.
    """

    blocks = ("h",)

    def __init__(
        self,
        D: int,
        H: int,
        phi: str = "tanh",
        rng: np.random.Generator | None = None,
        dtype: str = "float32",
    ):
        self.phi = require_choice("phi", phi, tuple(ACTIVATIONS))
        super().__init__(D, H, rng, dtype)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every parameter."""
        return {"W_xh": (self.D, self.H), "W_hh": (self.H, self.H), "b_h": (self.H,)}

    def forward(self, x: Array, h0: Array | None = None, mask: Array | None = None) -> Pair:
        """Return all states h (T, B, H) and the last one h_T (B, H), from x (T, B, D) and h0 (B, H), zeros if None.

        Raises InputError for wrong axes, sizes or dtypes, and for NaN.
        """
        x, states, real = self._enter(x, mask, h0=h0)
        return self._run(RNN_SWEEPS[self.phi], x, states, real)


class LSTM(Recurrent):
    """Long short-term memory: gates i, f, o decide what the cell state c takes in, keeps and shows.

    D, H: input and hidden size. rng draws every parameter from U(-1/sqrt(H), 1/sqrt(H)), as torch.nn.LSTM does;
    see initial.py for other starts. Each step is cells.lstm_step, with its sources.

    `way` says how the loop runs on a GPU that has Triton: "step", one kernel a step besides the product with W_h;
    "sequence", one launch for all steps, where W_h fits on the chip (H up to 128; with exact float32, up to 64);
    "plain", PyTorch's operations. Where a way cannot be had, the next one is taken: see ways.lstm_way.
    """

    blocks = ("i", "f", "g", "o")
    way = "step"

    def forward(self, x: Array, h0: Pair | None = None, mask: Array | None = None) -> tuple[Array, Pair]:
        """Return all h (T, B, H) and the last state (h_T, c_T), from x (T, B, D) and the state (h0, c0), zeros if None.

        Raises InputError for wrong axes, sizes or dtypes, and for NaN.
        """
        h0, c0 = as_parts("the initial state", h0, 2, "a pair (h0, c0)")
        x, states, real = self._enter(x, mask, h0=h0, c0=c0)
        way = lstm_way(require_choice("way", self.way, LSTM_WAYS), self.H, x.dtype, x.device)
        return self._run(LSTM_SWEEPS[way], x, states, real)


class GRU(Recurrent):
    """Gated recurrent unit: h_t = (1 - z_t) * n_t + z_t * h_prev, where r_t decides what n_t sees of h_prev.

    D, H: input and hidden size. rng draws every parameter from U(-1/sqrt(H), 1/sqrt(H)), as torch.nn.GRU does.
    The bias b_hn stays apart from b because r_t scales it. Each step is cells.gru_step, with its source.
    """

    blocks = ("r", "z", "n")

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every parameter."""
        return {**super().shapes, "b_hn": (self.H,)}

    def forward(self, x: Array, h0: Array | None = None, mask: Array | None = None) -> Pair:
        """Return all states h (T, B, H) and the last one h_T (B, H), from x (T, B, D) and h0 (B, H), zeros if None.

        Raises InputError for wrong axes, sizes or dtypes, and for NaN.
        """
        x, states, real = self._enter(x, mask, h0=h0)
        return self._run(GRU_SWEEPS, x, states, real)


class Composed(Layer):
    """Layers that make one layer; each one's parameters are seen under its own suffix."""

    def __init__(self, parts: dict[str, Layer]):
        super().__init__()
        self.parts = parts
        for suffix, part in parts.items():
            self.params.update(with_suffix(part.params, suffix))
        self.share(self.params, self.grads)

    def share(self, params: Tensors, grads: Tensors) -> None:
        """Keep parameters and gradients in these dictionaries, and let every part see its share of them."""
        super().share(params, grads)
        for suffix, part in self.parts.items():
            share(part, params, grads, suffix)


class Stack(Composed):
    """Several layers, each reading the states of the one before: Stack(LSTM(D, H), LSTM(H, H)).

    The parameters of layer k end in _k: W_x_1, W_h_1, b_1, W_x_2, … A state is a tuple with one state a layer.
    Give the layers one rng: without any, each of them would draw the same numbers.
    """

    def __init__(self, *layers: Layer):
        if not layers:
            raise InputError("Stack needs at least one layer")
        check_layers(*layers)
        for k, (lower, upper) in enumerate(pairwise(layers), start=1):
            if upper.D != lower.H:
                raise InputError(f"layer {k + 1} reads {upper.D} features, but layer {k} gives {lower.H}")
        super().__init__({f"_{k}": layer for k, layer in enumerate(layers, start=1)})
        self.layers = layers
        self.D, self.H = layers[0].D, layers[-1].H

    def forward(self, x: Array, h0: Sequence | None = None, mask: Array | None = None) -> tuple[Array, tuple]:
        """Return the top layer's h (T, B, H) and all layers' last states, from x (T, B, D) and their initial states."""
        states = as_parts("the initial state", h0, len(self.layers), "a tuple with one state for each layer")
        last: list[Any] = []
        check_sequence(x, self.D, "the first layer")
        h = x = tracked(x)
        for layer, state in zip(self.layers, states, strict=True):
            h, state_T = layer.forward(h, state, mask)
            last.append(state_T)
        self.trace = {"h": h.detach()}
        for suffix, layer in self.parts.items():
            self.trace |= with_suffix(layer.trace, suffix)
        self._inputs, self._outputs = (x, tuple(layer._inputs[1] for layer in self.layers)), (h, tuple(last))
        return self._outputs

    def backward(self, dh: Array, dh_T: Sequence | None = None) -> tuple[Array, tuple]:
        """Return dx (T, B, D) and the gradient of every layer's initial state, given dh (T, B, H); fill grads."""
        return self._differentiate((dh, dh_T))


class Bidirectional(Composed):
    """Two layers, one reading from first to last, one from last to first: Bidirectional(LSTM(D, H), LSTM(D, H)).

    Its h holds both, side by side. Parameters end in _fwd and _bwd; a state is a pair of states, and the
    backward reader's last state is the one at the first step. `trace` is in the order of time for both.
    Give both layers one rng: without any, each of them would draw the same numbers.
    Source: Schuster and Paliwal (1997), doi:10.1109/78.650093.
    """

    def __init__(self, fwd: Layer, bwd: Layer):
        check_layers(fwd, bwd)
        if fwd.D != bwd.D:
            raise InputError(f"both directions read the same x, but they expect {fwd.D} and {bwd.D} features")
        super().__init__({"_fwd": fwd, "_bwd": bwd})
        self.fwd, self.bwd = fwd, bwd
        self.D, self.H = fwd.D, fwd.H + bwd.H

    def forward(self, x: Array, h0: Sequence | None = None, mask: Array | None = None) -> tuple[Array, tuple]:
        """Return h (T, B, H) and both last states, from x (T, B, D) and both initial states."""
        fwd_0, bwd_0 = as_parts("the initial state", h0, 2, "a pair of states, one a direction")
        check_sequence(x, self.D, "each direction")
        x = tracked(x)
        mask_back = None if mask is None else torch.flip(torch.as_tensor(mask), [0])
        h_fwd, fwd_T = self.fwd.forward(x, fwd_0, mask)
        h_bwd, bwd_T = self.bwd.forward(x.flip(0), bwd_0, mask_back)
        h = torch.cat([h_fwd, h_bwd.flip(0)], dim=2)
        back = {name: a.flip(0) if a.ndim == 3 else a for name, a in self.bwd.trace.items()}
        self.trace = {"h": h.detach(), **with_suffix(self.fwd.trace, "_fwd"), **with_suffix(back, "_bwd")}
        self._inputs, self._outputs = (x, (self.fwd._inputs[1], self.bwd._inputs[1])), (h, (fwd_T, bwd_T))
        return self._outputs

    def backward(self, dh: Array, dh_T: Sequence | None = None) -> tuple[Array, tuple]:
        """Return dx (T, B, D) and both gradients of the initial states, given dh (T, B, H); fill grads."""
        return self._differentiate((dh, dh_T))


def single_layers(layer: Layer) -> list[Recurrent]:
    """Return the RNNs, LSTMs and GRUs that a layer or net is made of."""
    if isinstance(layer, Recurrent):
        return [layer]
    if isinstance(layer, Composed):
        return [single for part in layer.parts.values() for single in single_layers(part)]
    if hasattr(layer, "layer"):
        return single_layers(layer.layer)
    raise InputError(f"a recurrent layer or net is needed, but {describe(layer)} came")
