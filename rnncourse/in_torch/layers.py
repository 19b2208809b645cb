"""Recurrent layers over whole sequences on tensors, on any device: the twin of rnncourse.in_numpy.layers.

The same names, arguments and, for the same rng, initial numbers. What forward returns is part of autograd's
graph, so `loss.backward()` works as well as `backward`; either way the gradient is the loop written by hand.
`forward` also takes NumPy arrays: they become tensors with the dtype and on the device of the parameters.

`forward_loop` and `backward_loop` are what a recurrent layer is: a cell repeated over time, and its backward pass. They
run with any cell. For the plain cells of cells.py, a layer takes the sweeps in fast/, which compute the same in
less time.

Every layer keeps its numbers in `params`, fills `grads` (same keys) in `backward`, and remembers what the
last `forward` computed in `trace`. `params` belongs to the caller: an array replaced or changed in place is
what the next `forward` uses.

A mask (T, B) marks padding with 0: there the state stays what it was, so the last state is that of the last
real step, and a layer that reads backward starts at the last real step.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
import torch

from rnncourse.arguments import require_count
from rnncourse.errors import InputError, describe
from rnncourse.in_both.base import (
    as_parts,
    check_directions,
    check_stack,
    share,
    with_suffix,
)
from rnncourse.in_both.cells import Cell
from rnncourse.in_torch.base import (
    Layer,
    Tensors,
    check_mask,
    check_params,
    check_sequence,
    check_state,
    placed,
    placed_for,
    tracked,
    uniform_draw,
)
from rnncourse.in_torch.cells import GRUCell, LSTMCell, RNNCell
from rnncourse.in_torch.fast.sweeps import FastLoop, fast_loop

Array = torch.Tensor
States = tuple[torch.Tensor, ...]
Trace = dict[str, torch.Tensor]


def forward_loop(cell: Cell, x: Array, first: States, p: Tensors, real: Array | None = None) -> Trace:
    """Return the trace of a cell over x (T, B, D): x, the initial states, and all that the steps make, (T, B, H).

    first: the initial states, each (B, H). real (T, B, 1): False at padding; None where every step is real.
    """
    state, steps = first, []
    for t, x_t in enumerate(x):
        made = cell.step(x_t, state, p, t)
        if real is not None:  # at padding the state stays what it was
            for name, before in zip(cell.states, state, strict=True):
                made[name] = torch.where(real[t], made[name], before)
        state = tuple(made[name] for name in cell.states)
        steps.append(made)
    initial = {f"{name}0": array for name, array in zip(cell.states, first, strict=True)}
    return {"x": x, **initial, **{name: torch.stack([made[name] for made in steps]) for name in steps[0]}}


def backward_loop(
    cell: Cell, trace: Trace, dh: Array, d_last: States, p: Tensors, real: Array | None = None
) -> tuple[Array, States, Trace]:
    """Return dx (T, B, D), the gradients of the initial states and those of the parameters, undoing forward_loop.

    dh (T, B, H) comes from what reads the states, d_last from what reads the last ones.
    Backpropagation through time: Werbos (1990), doi:10.1109/5.58337.
    """
    steps = [name for name in trace if name != "x" and not name.endswith("0")]
    dx, d_state, grads = torch.empty_like(trace["x"]), d_last, {}
    for t in reversed(range(len(dh))):
        made = {name: trace[name][t] for name in steps}
        before = tuple(trace[name][t - 1] if t else trace[f"{name}0"] for name in cell.states)
        d_state = (d_state[0] + dh[t], *d_state[1:])  # h_t was read twice: above the layer, and by step t + 1
        if real is not None:  # the gradient of padding bypasses step t
            past = [torch.where(real[t], 0, d) for d in d_state]
            d_state = tuple(torch.where(real[t], d, 0) for d in d_state)
        dx[t], d_state, d_p = cell.step_backward(d_state, made, trace["x"][t], before, p, t)
        if real is not None:
            d_state = tuple(d + d_past for d, d_past in zip(d_state, past, strict=True))
        for name, gradient in d_p.items():  # the same weights at every step: a sum over all steps
            grads[name] = grads[name] + gradient if name in grads else gradient
    return dx, d_state, grads


class _Loop:
    """The two loops with the interface of a fast loop: for cells that fast/ does not handle."""

    def __init__(self, cell: Cell):
        self.cell = cell

    def forward(self, x: Array, first: States, p: Tensors, real: Array | None) -> Trace:
        """Return the trace: x, the initial states and all that the steps make."""
        return forward_loop(self.cell, x, first, p, real)

    def backward(
        self, trace: Trace, dh: Array, d_last: States, p: Tensors, real: Array | None
    ) -> tuple[Array, States, Trace]:
        """Return dx, the gradients of the initial states and those of the parameters."""
        return backward_loop(self.cell, trace, dh, d_last, p, real)


class _Node(torch.autograd.Function):
    """A loop over time as one node of autograd's graph: its gradient is the loop's own backward pass.

    One node is far fewer than one for every operation of every step.
    """

    @staticmethod
    def forward(
        ctx: Any,
        loop: _Loop | FastLoop,
        names: tuple[str, ...],
        trace: Trace,
        real: Array | None,
        x: Array,
        *rest: Array,
    ) -> tuple[Array, ...]:
        """Return h and the last states; fill `trace`. rest: the initial states, then the parameters named."""
        first, p = rest[: -len(names)], rest[-len(names) :]
        trace.update(loop.forward(x, first, dict(zip(names, p, strict=True)), real))
        ctx.loop, ctx.names, ctx.made = loop, names, tuple(trace)
        ctx.save_for_backward(real, *trace.values(), *p)
        return trace["h"], *(trace[name][-1].clone() for name in loop.cell.states)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, dh: Array, *d_last: Array) -> tuple[Any, ...]:
        """Return the gradients of x, the initial states and the parameters."""
        real, *kept = ctx.saved_tensors
        trace = dict(zip(ctx.made, kept, strict=False))
        p = dict(zip(ctx.names, kept[len(trace) :], strict=True))
        dx, d_first, grads = ctx.loop.backward(trace, dh, d_last, p, real)
        return None, None, None, None, dx, *d_first, *(grads[name] for name in ctx.names)


class Recurrent(Layer):
    """A layer that repeats a cell over time: checks of what comes in, parameters, and the loop over the steps.

    D, H: input and hidden size. `cell` may be replaced at any time by another of the same parameters.
    """

    # how an LSTM's loop runs on a GPU; see LSTM
    way = "step"

    def __init__(
        self, cell: Cell, D: int, H: int, rng: np.random.Generator | None = None, dtype: str = "float32"
    ):
        super().__init__()
        self.cell = cell
        self.D, self.H = require_count("D", D), require_count("H", H)
        draw = uniform_draw(rng, 1 / np.sqrt(H), dtype)
        self.params = {name: draw(*shape) for name, shape in self.shapes.items()}
        self._trace: Trace = {}

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

        Autograd follows none of them.
        """
        return {name: tensor.detach() for name, tensor in self._trace.items()}

    def forward(self, x: Array, h0: Any = None, mask: Array | None = None) -> tuple[Array, Any]:
        """Return all states h (T, B, H) and the last one h_T (B, H), from x (T, B, D) and h0 (B, H), zeros if None.

        The state of an LSTM is a pair: (h0, c0) goes in, (h_T, c_T) comes out. mask (T, B): 0 marks padding.
        Raises InputError for wrong axes, sizes or dtypes, and for NaN.
        """
        first = self._parts("the initial state", h0, *(f"{name}0" for name in self.cell.states))
        shapes = self.shapes
        check_params(self.params, shapes)
        self._track_parameters()
        x = placed_for(self, x)
        check_sequence(x, self.D, next(iter(shapes)))
        x, (T, B, _) = tracked(x), x.shape
        given = [check_state(name, placed(state, x), (B, self.H)) for name, state in first.items()]
        states = tuple(tracked(x.new_zeros(B, self.H) if state is None else state) for state in given)
        self._inputs = (x, states if len(states) > 1 else states[0])
        real = check_mask(placed(mask, x), (T, B))
        real = None if real is None else real.to(x.device)
        p = [self.params[name] for name in shapes]
        x, *rest = _in_one_dtype(x, *states, *p)
        loop = fast_loop(self.cell, self.way, rest[0]) or _Loop(self.cell)
        trace: Trace = {}
        h, *last = _Node.apply(loop, tuple(shapes), trace, real, x, *rest)
        self._trace = trace
        self._outputs = (h, tuple(last) if len(last) > 1 else last[0])
        return self._outputs

    def backward(self, dh: Array, dh_T: Any = None) -> tuple[Array, Any]:
        """Return dx (T, B, D) and the initial state's gradient, given dh (T, B, H); fill grads.

        dh_T is what comes back through the second result of `forward`, if the loss uses it: of an LSTM, a pair.
        """
        return self._differentiate((dh, dh_T))

    def _parts(self, what: str, state: Any, *names: str) -> dict[str, Array | None]:
        """Return the tensors of a state by name; None for all of them where there is no state."""
        if len(names) == 1:
            return {names[0]: state}
        parts = as_parts(what, state, len(names), f"a pair ({', '.join(names)})")
        return dict(zip(names, parts, strict=True))

    def forget(self) -> None:
        """Give back the memory that the last `forward` takes: its trace, and what `backward` would need."""
        self._trace, self._inputs, self._outputs = {}, (), ()


def _in_one_dtype(*tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Return the tensors in one dtype that holds all of them: float64 if any of them is."""
    dtypes = {tensor.dtype for tensor in tensors}
    if len(dtypes) == 1:
        return tensors
    widest = reduce(torch.promote_types, dtypes)
    return tuple(tensor.to(widest) for tensor in tensors)


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

    `way` says how the loop runs on a GPU that has Triton: "step", one kernel per step besides the product with W_h;
    "sequence", one launch for all steps, where W_h fits on the chip (H up to 128; with exact float32, up to 64);
    "plain", PyTorch's operations. Where a way is not available, the next one is taken: see ways.lstm_way.
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

    def share(self, params: Tensors, grads: Tensors) -> None:
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
        x = placed_for(self, x)
        check_sequence(x, self.D, "the first layer")
        h = x = tracked(x)
        for layer, state in zip(self.layers, states, strict=True):
            h, state_T = layer.forward(h, state, mask)
            last.append(state_T)
        self._inputs, self._outputs = (x, tuple(layer._inputs[1] for layer in self.layers)), (h, tuple(last))
        return self._outputs

    @property
    def trace(self) -> Trace:
        """What every layer computed, and the top layer's h."""
        if not self.layers[-1].trace:
            return {}
        found = {"h": self.layers[-1].trace["h"]}
        for suffix, layer in self.parts.items():
            found |= with_suffix(layer.trace, suffix)
        return found

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

    kind = "Bidirectional"

    def __init__(self, fwd: Layer, bwd: Layer):
        check_directions(fwd, bwd)
        super().__init__({"_fwd": fwd, "_bwd": bwd})
        self.fwd, self.bwd = fwd, bwd
        self.D, self.H = fwd.D, fwd.H + bwd.H

    def forward(self, x: Array, h0: Sequence | None = None, mask: Array | None = None) -> tuple[Array, tuple]:
        """Return h (T, B, H) and both last states, from x (T, B, D) and both initial states."""
        fwd_0, bwd_0 = as_parts("the initial state", h0, 2, "a pair of states, one per direction")
        x = placed_for(self, x)
        check_sequence(x, self.D, "each direction")
        x = tracked(x)
        check_mask(placed(mask, x), x.shape[:2])
        mask_back = None if mask is None else placed(mask, x).flip(0)
        h_fwd, fwd_T = self.fwd.forward(x, fwd_0, mask)
        h_bwd, bwd_T = self.bwd.forward(x.flip(0), bwd_0, mask_back)
        h = torch.cat([h_fwd, h_bwd.flip(0)], dim=2)
        self._inputs, self._outputs = (x, (self.fwd._inputs[1], self.bwd._inputs[1])), (h, (fwd_T, bwd_T))
        return self._outputs

    @property
    def trace(self) -> Trace:
        """What both directions computed, in the order of time, and h with both side by side."""
        if not self.bwd.trace:
            return {}
        back = {name: a.flip(0) if a.ndim == 3 else a for name, a in self.bwd.trace.items()}
        h = torch.cat([self.fwd.trace["h"], back["h"]], dim=2)
        return {"h": h, **with_suffix(self.fwd.trace, "_fwd"), **with_suffix(back, "_bwd")}

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
    raise InputError(f"a recurrent layer or net is needed, but got {describe(layer)}")
