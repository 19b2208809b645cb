"""Recurrent layers over whole sequences, forward and backward written by hand.

`forward_loop` and `backward_loop` are what a recurrent layer is: a cell repeated over time, and its backward pass. They
run with any cell. For the plain cells of cells.py, a layer takes the sweeps of fast.py, which compute the same in
less time.

Every layer keeps its numbers in `params`, fills `grads` (same keys) in `backward`, and remembers what the
last `forward` computed in `trace`. `params` belongs to the caller: an array replaced or changed in place is
what the next `forward` uses.

A mask (T, B) marks padding with 0: there the state stays what it was, so the last state is that of the last
real step, and a layer that reads backward starts at the last real step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnncourse.arguments import require_count
from rnncourse.errors import InputError, describe
from rnncourse.in_both.base import (
    as_parts,
    check_directions,
    check_stack,
    need_forward,
    share,
    with_suffix,
)
from rnncourse.in_both.cells import Cell
from rnncourse.in_numpy.base import (
    Arrays,
    Layer,
    check_gradient,
    check_mask,
    check_params,
    check_sequence,
    check_state,
    uniform_draw,
)
from rnncourse.in_numpy.cells import GRUCell, LSTMCell, RNNCell
from rnncourse.in_numpy.fast import SWEEPS, Sweep

Array = np.ndarray
States = tuple[np.ndarray, ...]
Trace = dict[str, np.ndarray]


def forward_loop(cell: Cell, x: Array, first: States, p: Arrays, real: Array | None = None) -> Trace:
    """Return the trace of a cell over x (T, B, D): x, the initial states, and all that the steps make, (T, B, H).

    first: the initial states, each (B, H). real (T, B, 1): False at padding; None where every step is real.
    """
    state, steps = first, []
    for t, x_t in enumerate(x):
        made = cell.step(x_t, state, p, t)
        if real is not None:  # at padding the state stays what it was
            for name, before in zip(cell.states, state, strict=True):
                made[name] = np.where(real[t], made[name], before)
        state = tuple(made[name] for name in cell.states)
        steps.append(made)
    initial = {f"{name}0": array for name, array in zip(cell.states, first, strict=True)}
    return {"x": x, **initial, **{name: np.stack([made[name] for made in steps]) for name in steps[0]}}


def backward_loop(
    cell: Cell, trace: Trace, dh: Array, d_last: States, p: Arrays, real: Array | None = None
) -> tuple[Array, States, Trace]:
    """Return dx (T, B, D), the gradients of the initial states and those of the parameters, undoing forward_loop.

    dh (T, B, H) comes from what reads the states, d_last from what reads the last ones.
    Backpropagation through time: Werbos (1990), doi:10.1109/5.58337.
    """
    steps = [name for name in trace if name != "x" and not name.endswith("0")]
    dx, d_state, grads = np.empty_like(trace["x"]), d_last, {}
    for t in reversed(range(len(dh))):
        made = {name: trace[name][t] for name in steps}
        before = tuple(trace[name][t - 1] if t else trace[f"{name}0"] for name in cell.states)
        d_state = (d_state[0] + dh[t], *d_state[1:])  # h_t was read twice: above the layer, and by step t + 1
        if real is not None:  # the gradient of padding bypasses step t
            past = [np.where(real[t], 0, d) for d in d_state]
            d_state = tuple(np.where(real[t], d, 0) for d in d_state)
        dx[t], d_state, d_p = cell.step_backward(d_state, made, trace["x"][t], before, p, t)
        if real is not None:
            d_state = tuple(d + d_past for d, d_past in zip(d_state, past, strict=True))
        for name, gradient in d_p.items():  # the same weights at every step: a sum over all steps
            grads[name] = grads[name] + gradient if name in grads else gradient
    return dx, d_state, grads


class _Loop:
    """The two loops with the interface of a sweep of fast.py: for cells that no sweep handles."""

    def __init__(self, cell: Cell, shape: tuple[int, int, int, int], dtype: np.dtype):
        self.cell, self.shape, self.dtype = cell, shape, dtype

    def forward(self, x: Array, first: States, p: Arrays, real: Array | None) -> tuple[Array, States]:
        """Return h (T, B, H) and the last states."""
        x, *first = (array.astype(self.dtype) for array in (x, *first))
        self.made, self.real = forward_loop(self.cell, x, tuple(first), p, real), real
        return self.made["h"].copy(), tuple(self.made[name][-1].copy() for name in self.cell.states)

    def backward(self, dh: Array, d_last: States, p: Arrays) -> tuple[Array, States, Trace]:
        """Return dx, the gradients of the initial states and those of the parameters."""
        return backward_loop(self.cell, self.made, dh, d_last, p, self.real)

    def trace(self) -> Trace:
        """Return copies of everything forward made."""
        return {name: array.copy() for name, array in self.made.items()}


class Recurrent(Layer):
    """A layer that repeats a cell over time: checks of what comes in, parameters, and the loop over the steps.

    D, H: input and hidden size. `cell` may be replaced at any time by another of the same parameters.
    """

    def __init__(
        self, cell: Cell, D: int, H: int, rng: np.random.Generator | None = None, dtype: str = "float32"
    ):
        super().__init__()
        self.cell = cell
        self.D, self.H = require_count("D", D), require_count("H", H)
        draw = uniform_draw(rng, 1 / np.sqrt(H), dtype)
        self.params = {name: draw(*shape) for name, shape in self.shapes.items()}
        self._loop: Sweep | _Loop | None = None
        self._trace: Trace | None = None

    def __getstate__(self) -> dict[str, Any]:
        """A copy or a pickle of a layer leaves the buffers behind, and with them the last forward pass."""
        return {**self.__dict__, "_loop": None, "_trace": None}

    @property
    def kind(self) -> str:
        """What the layer is: RNN, LSTM or GRU."""
        return self.cell.kind

    @property
    def blocks(self) -> tuple[str, ...]:
        """The names of the blocks of columns in the weights."""
        return self.cell.blocks

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every parameter."""
        return self.cell.shapes(self.D, self.H)

    @property
    def trace(self) -> Trace:
        """What the last forward pass computed: x, the initial state, every gate, the states.

        All of them are copies.
        """
        if self._loop is None:
            return {}
        if self._trace is None:
            self._trace = self._loop.trace()
        return self._trace

    def forward(self, x: Array, h0: Any = None, mask: Array | None = None) -> tuple[Array, Any]:
        """Return all states h (T, B, H) and the last one h_T (B, H), from x (T, B, D) and h0 (B, H), zeros if None.

        The state of an LSTM is a pair: (h0, c0) goes in, (h_T, c_T) comes out. mask (T, B): 0 marks padding.
        Raises InputError for wrong axes, sizes or dtypes, and for NaN.
        """
        first = self._parts("the initial state", h0, *(f"{name}0" for name in self.cell.states))
        shapes = self.shapes
        check_params(self.params, shapes)
        check_sequence(x, self.D, next(iter(shapes)))
        T, B, D = x.shape
        given = [check_state(name, state, (B, self.H)) for name, state in first.items()]
        known = [state for state in given if state is not None]
        dtype = np.result_type(x, *known, *(self.params[name] for name in shapes))
        states = tuple(np.zeros((B, self.H), dtype) if state is None else state for state in given)
        real = check_mask(mask, (T, B))
        h, last = self._loop_for((T, B, D, self.H), dtype).forward(x, states, self.params, real)
        return h, last if len(last) > 1 else last[0]

    def backward(self, dh: Array, dh_T: Any = None) -> tuple[Array, Any]:
        """Return dx (T, B, D) and the initial state's gradient, given dh (T, B, H); fill grads.

        dh_T is what comes back through the second result of `forward`, if the loss uses it: of an LSTM, a pair.
        """
        last = self._parts("the last state's gradient", dh_T, *(f"d{name}_T" for name in self.cell.states))
        loop = need_forward(self._loop)
        T, B, _, H = loop.shape
        check_gradient("dh", dh, (T, B, H))
        zeros = np.zeros((B, H), dtype=loop.dtype)
        d_last = tuple(zeros if d is None else check_gradient(name, d, (B, H)) for name, d in last.items())
        dx, d_first, grads = loop.backward(dh, d_last, self.params)
        self.grads.update(grads)
        return dx, d_first if len(d_first) > 1 else d_first[0]

    def _parts(self, what: str, state: Any, *names: str) -> dict[str, Array | None]:
        """Return the arrays of a state by name; None for all of them where there is no state."""
        if len(names) == 1:
            return {names[0]: state}
        parts = as_parts(what, state, len(names), f"a pair ({', '.join(names)})")
        return dict(zip(names, parts, strict=True))

    def _loop_for(self, shape: tuple[int, int, int, int], dtype: np.dtype) -> Sweep | _Loop:
        """Return the loop over time for the cell: a sweep of fast.py for a plain cell, with its buffers kept."""
        loop, self._trace = self._loop, None
        if loop is None or (loop.cell, loop.shape, loop.dtype) != (self.cell, shape, dtype):
            kind = SWEEPS.get(type(self.cell), _Loop)
            self._loop = loop = None  # its memory is free before the next one takes some
            loop = self._loop = kind(self.cell, shape, dtype)
        return loop

    def forget(self) -> None:
        """Give back the memory that the last `forward` takes: its trace, and what `backward` would need."""
        self._loop = self._trace = None


class RNN(Recurrent):
    """A vanilla recurrent layer: h_t = phi(x_t @ W_xh + h_prev @ W_hh + b_h) at every step.

    D, H: input and hidden size. phi: tanh, sigmoid, relu or leaky_relu. rng draws every parameter from
    U(-1/sqrt(H), 1/sqrt(H)), as torch.nn.RNN does. Source: Elman (1990), doi:10.1207/s15516709cog1402_1.
    """

    def __init__(
        self,
        D: int,
        H: int,
        phi: str = "tanh",
        rng: np.random.Generator | None = None,
        dtype: str = "float32",
    ):
        super().__init__(RNNCell(phi), D, H, rng, dtype)
        self.phi = phi


class LSTM(Recurrent):
    """Long short-term memory: gates i, f, o decide what the cell state c takes in, keeps and shows.

    D, H: input and hidden size. rng draws every parameter from U(-1/sqrt(H), 1/sqrt(H)), as torch.nn.LSTM does;
    see initial.py for others. Each step is cells.lstm_step, with its sources.
    """

    def __init__(self, D: int, H: int, rng: np.random.Generator | None = None, dtype: str = "float32"):
        super().__init__(LSTMCell(), D, H, rng, dtype)


class GRU(Recurrent):
    """Gated recurrent unit: h_t = (1 - z_t) * n_t + z_t * h_prev, where r_t decides what n_t sees of h_prev.

    D, H: input and hidden size. rng draws every parameter from U(-1/sqrt(H), 1/sqrt(H)), as torch.nn.GRU does.
    The bias b_hn stays apart from b because r_t scales it. Each step is cells.gru_step, with its source.
    """

    def __init__(self, D: int, H: int, rng: np.random.Generator | None = None, dtype: str = "float32"):
        super().__init__(GRUCell(), D, H, rng, dtype)


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

    The parameters of layer k end in _k: W_x_1, W_h_1, b_1, W_x_2, … A state is a tuple with one state per layer.
    Give the layers one rng: without any, each of them would draw the same numbers.
    """

    kind = "Stack"

    def __init__(self, *layers: Layer):
        check_stack(*layers)
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

    kind = "Bidirectional"

    def __init__(self, fwd: Layer, bwd: Layer):
        check_directions(fwd, bwd)
        super().__init__({"_fwd": fwd, "_bwd": bwd})
        self.fwd, self.bwd = fwd, bwd
        self._shape: tuple[int, int, int] | None = None  # of what forward returned
        self.D, self.H = fwd.D, fwd.H + bwd.H

    def forward(self, x: Array, h0: Sequence | None = None, mask: Array | None = None) -> tuple[Array, tuple]:
        """Return h (T, B, H) and both last states, from x (T, B, D) and both initial states."""
        fwd_0, bwd_0 = as_parts("the initial state", h0, 2, "a pair of states, one per direction")
        check_sequence(x, self.D, "each direction")
        check_mask(mask, x.shape[:2])
        x_back, mask_back = x[::-1], None if mask is None else np.asarray(mask)[::-1]
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
        fwd_T, bwd_T = as_parts(
            "the last state's gradient", dh_T, 2, "a pair of gradients, one per direction"
        )
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
    raise InputError(f"a recurrent layer or net is needed, but got {describe(layer)}")
