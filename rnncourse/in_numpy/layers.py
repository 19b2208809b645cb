"""Recurrent layers over whole sequences, forward and backward written by hand.

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

from rnncourse.arguments import require_choice, require_count
from rnncourse.errors import InputError, describe
from rnncourse.in_both.base import as_parts, check_layers, share, with_suffix
from rnncourse.in_numpy.activations import ACTIVATIONS
from rnncourse.in_numpy.base import (
    Arrays,
    Layer,
    check_gradient,
    check_mask,
    check_params,
    check_sequence,
    check_state,
    need_forward,
    uniform_draw,
)
from rnncourse.in_numpy.fast import GRUSweep, LSTMSweep, RNNSweep, Sweep

Array = np.ndarray
Pair = tuple[np.ndarray, np.ndarray]


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
        self._sweep: Sweep | None = None
        self._trace: dict[str, Array] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """A copy or a pickle of a layer leaves the buffers behind, and with them the last forward."""
        return {**self.__dict__, "_sweep": None, "_trace": None}

    @property
    def trace(self) -> dict[str, Array]:
        """What the last forward computed, as copies: x, the initial state, every gate, the states."""
        if self._sweep is None:
            return {}
        if self._trace is None:
            self._trace = self._sweep.trace()
        return self._trace

    def _new_sweep(self, shape: tuple[int, int, int, int], dtype: np.dtype) -> Sweep:
        raise NotImplementedError

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every parameter."""
        n = len(self.blocks) * self.H
        return {"W_x": (self.D, n), "W_h": (self.H, n), "b": (n,)}

    def _enter(
        self, x: Array, mask: Array | None, **states: Array | None
    ) -> tuple[Sweep, list[Array], Array | None]:
        """Check what forward was given; return a sweep of the right shape, the initial states and the mask."""
        shapes = self.shapes
        check_params(self.params, shapes)
        check_sequence(x, self.D, next(iter(shapes)))
        T, B, D = x.shape
        given = [state for state in states.values() if isinstance(state, np.ndarray)]
        dtype = np.result_type(x, *given, *(self.params[name] for name in shapes))
        first = [check_state(name, state, (B, self.H), dtype) for name, state in states.items()]
        real = check_mask(mask, (T, B))
        sweep, self._trace = self._sweep, None
        if sweep is None or (sweep.T, sweep.B, sweep.dtype) != (T, B, dtype):
            sweep = self._sweep = self._new_sweep((T, B, D, self.H), dtype)
        return sweep, first, real

    def _re_enter(self, dh: Array, **last: Array | None) -> tuple[Any, list[Array]]:
        """Check what backward was given; return the sweep and the gradients of the last states, zeros for None."""
        sweep = need_forward(self._sweep)
        check_gradient("dh", dh, (sweep.T, sweep.B, self.H))
        zeros = np.zeros((sweep.B, self.H), dtype=sweep.dtype)
        return sweep, [
            zeros if d is None else check_gradient(name, d, zeros.shape) for name, d in last.items()
        ]


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
        sweep, (h0,), real = self._enter(x, mask, h0=h0)
        h = sweep.forward(x, h0, self.params, real)
        return h, h[-1].copy()

    def backward(self, dh: Array, dh_T: Array | None = None) -> Pair:
        """Return dx (T, B, D) and dh0 (B, H), given dh (T, B, H); fill grads.

        dh_T (B, H) is what comes back through the second result of `forward`, if the loss uses it.
        """
        sweep, (dh_T,) = self._re_enter(dh, dh_T=dh_T)
        dx, dh0, grads = sweep.backward(dh, dh_T, self.params)
        self.grads.update(grads)
        return dx, dh0

    def _new_sweep(self, shape: tuple[int, int, int, int], dtype: np.dtype) -> Sweep:
        return RNNSweep(shape, dtype, self.phi)


class LSTM(Recurrent):
    """Long short-term memory: gates i, f, o decide what the cell state c takes in, keeps and shows.

    D, H: input and hidden size. rng draws every parameter from U(-1/sqrt(H), 1/sqrt(H)), as torch.nn.LSTM does;
    see initial.py for other starts. Each step is cells.lstm_step, with its sources.
    """

    blocks = ("i", "f", "g", "o")

    def forward(self, x: Array, h0: Pair | None = None, mask: Array | None = None) -> tuple[Array, Pair]:
        """Return all h (T, B, H) and the last state (h_T, c_T), from x (T, B, D) and the state (h0, c0), zeros if None.

        Raises InputError for wrong axes, sizes or dtypes, and for NaN.
        """
        h0, c0 = as_parts("the initial state", h0, 2, "a pair (h0, c0)")
        sweep, (h0, c0), real = self._enter(x, mask, h0=h0, c0=c0)
        h, c_T = sweep.forward(x, h0, c0, self.params, real)
        return h, (h[-1].copy(), c_T)

    def backward(self, dh: Array, dh_T: Pair | None = None) -> tuple[Array, Pair]:
        """Return dx (T, B, D) and (dh0, dc0), given dh (T, B, H) and perhaps (dh_T, dc_T); fill grads."""
        dh_T, dc_T = as_parts("the last state's gradient", dh_T, 2, "a pair (dh_T, dc_T)")
        sweep, (dh_T, dc_T) = self._re_enter(dh, dh_T=dh_T, dc_T=dc_T)
        dx, dh0, dc0, grads = sweep.backward(dh, dh_T, dc_T, self.params)
        self.grads.update(grads)
        return dx, (dh0, dc0)

    def _new_sweep(self, shape: tuple[int, int, int, int], dtype: np.dtype) -> Sweep:
        return LSTMSweep(shape, dtype)


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
        sweep, (h0,), real = self._enter(x, mask, h0=h0)
        h = sweep.forward(x, h0, self.params, real)
        return h, h[-1].copy()

    def backward(self, dh: Array, dh_T: Array | None = None) -> Pair:
        """Return dx (T, B, D) and dh0 (B, H), given dh (T, B, H) and perhaps dh_T (B, H); fill grads."""
        sweep, (dh_T,) = self._re_enter(dh, dh_T=dh_T)
        dx, dh0, grads = sweep.backward(dh, dh_T, self.params)
        self.grads.update(grads)
        return dx, dh0

    def _new_sweep(self, shape: tuple[int, int, int, int], dtype: np.dtype) -> Sweep:
        return GRUSweep(shape, dtype)


class Composed(Layer):
    """Layers that make one layer; each one's parameters are seen under its own suffix."""

    def __init__(self, parts: dict[str, Layer]):
        super().__init__()
        self.parts = parts
        for suffix, part in parts.items():
            self.params.update(with_suffix(part.params, suffix))
        self.share(self.params, self.grads)

    def share(self, params: Arrays, grads: Arrays) -> None:
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
        h = x
        for layer, state in zip(self.layers, states, strict=True):
            h, state_T = layer.forward(h, state, mask)
            last.append(state_T)
        return h, tuple(last)

    @property
    def trace(self) -> dict[str, Array]:
        """What every layer computed, and the top layer's h."""
        if not self.layers[-1].trace:
            return {}
        found = {"h": self.layers[-1].trace["h"]}
        for suffix, layer in self.parts.items():
            found |= with_suffix(layer.trace, suffix)
        return found

    def backward(self, dh: Array, dh_T: Sequence | None = None) -> tuple[Array, tuple]:
        """Return dx (T, B, D) and the gradient of every layer's initial state, given dh (T, B, H); fill grads."""
        lasts = as_parts("the last state's gradient", dh_T, len(self.layers), "one gradient for each layer")
        first: list[Any] = []
        for layer, last in zip(reversed(self.layers), reversed(lasts), strict=True):
            dh, d_state = layer.backward(dh, last)
            first.insert(0, d_state)
        return dh, tuple(first)


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
        self._shape: tuple[int, int, int] | None = None  # of what forward returned
        self.D, self.H = fwd.D, fwd.H + bwd.H

    def forward(self, x: Array, h0: Sequence | None = None, mask: Array | None = None) -> tuple[Array, tuple]:
        """Return h (T, B, H) and both last states, from x (T, B, D) and both initial states."""
        fwd_0, bwd_0 = as_parts("the initial state", h0, 2, "a pair of states, one a direction")
        x_back = np.flip(x, 0) if isinstance(x, np.ndarray) and x.ndim else x
        mask_back = None if mask is None else np.flip(mask, 0)
        h_fwd, fwd_T = self.fwd.forward(x, fwd_0, mask)
        h_bwd, bwd_T = self.bwd.forward(x_back, bwd_0, mask_back)
        h = np.concatenate([h_fwd, h_bwd[::-1]], axis=2)
        self._shape = h.shape
        return h, (fwd_T, bwd_T)

    @property
    def trace(self) -> dict[str, Array]:
        """What both directions computed, in the order of time, and h with both side by side."""
        if not self.bwd.trace:
            return {}
        back = {name: a[::-1] if a.ndim == 3 else a for name, a in self.bwd.trace.items()}
        h = np.concatenate([self.fwd.trace["h"], back["h"]], axis=2)
        return {"h": h, **with_suffix(self.fwd.trace, "_fwd"), **with_suffix(back, "_bwd")}

    def backward(self, dh: Array, dh_T: Sequence | None = None) -> tuple[Array, tuple]:
        """Return dx (T, B, D) and both gradients of the initial states, given dh (T, B, H); fill grads."""
        fwd_T, bwd_T = as_parts("the last state's gradient", dh_T, 2, "a pair of gradients, one a direction")
        check_gradient("dh", dh, need_forward(self._shape))
        dx_fwd, d_fwd = self.fwd.backward(dh[:, :, : self.fwd.H], fwd_T)
        dx_bwd, d_bwd = self.bwd.backward(dh[::-1, :, self.fwd.H :], bwd_T)
        return dx_fwd + dx_bwd[::-1], (d_fwd, d_bwd)


def single_layers(layer: Layer) -> list[Recurrent]:
    """Return the RNNs, LSTMs and GRUs that a layer or net is made of."""
    if isinstance(layer, Recurrent):
        return [layer]
    if isinstance(layer, Composed):
        return [single for part in layer.parts.values() for single in single_layers(part)]
    if hasattr(layer, "layer"):
        return single_layers(layer.layer)
    raise InputError(f"a recurrent layer or net is needed, but {describe(layer)} came")
