"""What the gates of an LSTM do: look at them, hold them, take them away, for layers of either engine.

`trace_gates` reads every gate at every step. `hold` returns a layer whose gates are held at values you choose,
for some units or all, at some steps or all. `ablate` returns a layer that lacks a part, and `ABLATIONS` lists the
parts. What `hold` and `ablate` return shares its parameters with the layer they were given, runs forward and
backward like it, and may be trained: a held gate learns nothing.

The sweep below is cells.lstm_step with these exceptions, written once for arrays and tensors; that is why it
uses only what both can do: slices, products, sums. Nothing here imports torch.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from rnncourse.arguments import require_choice
from rnncourse.errors import InputError, describe
from rnncourse.in_both import sampling as decoding
from rnncourse.in_numpy.activations import sigmoid
from rnncourse.in_numpy.losses import log_softmax

BLOCKS = ("i", "f", "g", "o")

Array = Any  # a NumPy array or a torch tensor


class Hold(NamedTuple):
    """One gate (i, f, o) or the candidate (g), held at a value.

    value: a number, or one for each unit held. units: their indices, None for all. steps: t = 0, 1, … counted
    from the first step that is read, None for all.
    """

    gate: str
    value: float | Sequence[float]
    units: int | Iterable[int] | None = None
    steps: int | Iterable[int] | None = None


@dataclass(frozen=True)
class Variant:
    """An LSTM that lacks something.

    held: gate -> the number that stands in its place. coupled: f_t = 1 - i_t. plain_candidate: g_t = a_g,
    without its tanh. plain_cell: h_t = o_t * c_t, without the tanh of the cell.
    """

    held: tuple[Hold, ...] = ()
    coupled: bool = False
    plain_candidate: bool = False
    plain_cell: bool = False


ABLATIONS = {
    "intact": Variant(),
    "no input gate": Variant((Hold("i", 1.0),)),
    "no forget gate": Variant((Hold("f", 1.0),)),  # the LSTM of 1997
    "forget gate frozen at 0.5": Variant((Hold("f", 0.5),)),
    "no output gate": Variant((Hold("o", 1.0),)),
    "f = 1 - i": Variant(coupled=True),
    "no tanh on the candidate": Variant(plain_candidate=True),
    "no tanh on the cell": Variant(plain_cell=True),
}


@dataclass(frozen=True, eq=False)
class GateTrace:
    """Every gate and state of one forward pass, each a NumPy array (T, B, H); i, f, g, o, c, h of an LSTM.

    For a GRU it is r, z, n, h. `trace["f"]` and `trace.f` are the same.
    """

    arrays: dict[str, np.ndarray]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[require_choice("name", name, tuple(self.arrays))]

    def __getattr__(self, name: str) -> np.ndarray:
        if name == "arrays" or name not in self.arrays:
            raise AttributeError(name)
        return self.arrays[name]

    @property
    def kept(self) -> np.ndarray:
        """The share (T, B, H) of each cell that is still there at the end: the product of all later f_t.

        Entry t is ∂c_T/∂c_t with the states h held still: the gradient along the conveyor belt. An LSTM's only.
        """
        later = np.ones_like(self["f"])
        later[:-1] = np.cumprod(self["f"][:0:-1], axis=0)[::-1]
        return later

    def __repr__(self) -> str:
        T, B, H = next(iter(self.arrays.values())).shape
        return f"GateTrace({', '.join(self.arrays)}: {T} steps, {B} sequences, {H} units)"


def trace_gates(layer: Any, x: Array, h0: Any = None) -> GateTrace:
    """Return every gate and state of an LSTM or GRU, or a net of one, over x (T, B, D), as NumPy arrays.

    x may be a NumPy array for layers of either engine. The layer's own trace stays as it is.
    Raises InputError for other layers and for x that does not fit.
    """
    layer = copy.copy(_single(layer))
    layer.forward(_like_parameters(layer, x), h0)
    wanted = (*BLOCKS, "c", "h") if _is_lstm(layer) else (*layer.blocks, "h")
    return GateTrace({name: _as_numpy(layer.trace[name]) for name in wanted})


def hold(model: Any, *holds: Hold) -> Any:
    """Return an LSTM, or a net of one, in which gates are held at values; it shares its parameters with `model`.

    hold(lstm, Hold("f", 1.0, units=[3], steps=[0, 1])). Where two holds meet, the last one counts.
    Raises InputError for gates, units and values that an LSTM does not have: i, f, o lie from 0 to 1.
    """
    return _varied(model, Variant(held=tuple(holds)))


def ablate(model: Any, part: str) -> Any:
    """Return an LSTM, or a net of one, that lacks a part: a key of ABLATIONS; it shares its parameters with `model`.

    A gate that is taken away is a gate that is always open, 1. Sources: Gers, Schmidhuber and Cummins (2000),
    doi:10.1162/089976600300015015; Greff et al. (2017), doi:10.1109/TNNLS.2016.2582924, whose variants these are,
    but for the frozen gate.
    """
    return _varied(model, ABLATIONS[require_choice("part", part, tuple(ABLATIONS))])


def write(
    net: Any,
    start: Sequence[int],
    n: int,
    rng: np.random.Generator,
    *,
    holds: Sequence[Hold] = (),
    temperature: float = 1.0,
) -> tuple[np.ndarray, GateTrace]:
    """Return n token indices (n,) that follow `start`, and the gates over all tokens read on the way, B = 1.

    net: a RecurrentNet with an LSTM, of either engine, that reads and scores the same one-hot tokens. holds: as
    in `hold`; their steps count from the first token of `start`.
    """
    layer = _single(net)
    V = layer.D
    if net.readout.K != V:
        raise InputError(
            f"a net that writes scores the tokens it reads, but it reads {V} and scores {net.readout.K}"
        )
    if not isinstance(holds, (list, tuple)):
        raise InputError(f"holds must be a list of Hold, but {describe(holds)} came")
    holds = [_checked(each, layer.H) for each in holds]
    read: list[GateTrace] = []

    def step(indices: np.ndarray, state: Any) -> tuple[np.ndarray, Any]:
        now = [each._replace(steps=None) for each in holds if _covers(each.steps, len(read))]
        writer = hold(net, *now)
        s = writer.forward(_like_parameters(layer, np.eye(V)[indices][None]), state)
        read.append(_last_trace(writer.layer))
        return log_softmax(_as_numpy(s)[0]), writer.state_T

    indices = decoding.sample(step, start, n, V, rng, temperature, end=None)
    names = read[0].arrays
    return indices, GateTrace({name: np.concatenate([one[name] for one in read]) for name in names})


# --- The sweep ------------------------------------------------------------------------------------------


class _Sweep:
    """The time loop of an LSTM with exceptions, forward and backward; what the variant holds has been checked."""

    def __init__(self, variant: Variant, H: int):
        self.variant, self.H = variant, H

    def forward(self, x: Array, h0: Array, c0: Array, p: Any, real: Array | None = None) -> dict[str, Array]:
        """Return the trace: x, h0, c0 and i, f, g, o, c, h (T, B, H)."""
        a = x @ p["W_x"] + p["b"]
        i, f, g, o = (
            a[:, :, block] for block in self._blocks()
        )  # views: gates replace their pre-activations
        i_and_f = a[:, :, : 2 * self.H]
        c, h = 0 * i, 0 * i
        h_prev, c_prev = h0, c0
        free, held = self._masks(x)
        for t in range(len(x)):
            a[t] += h_prev @ p["W_h"]
            i_and_f[t] = _sigmoid(i_and_f[t])
            o[t] = _sigmoid(o[t])
            if not self.variant.plain_candidate:
                g[t] = _tanh(g[t])
            a[t] = free[t] * a[t] + held[t]
            if self.variant.coupled:
                f[t] = 1 - i[t]
            c[t] = _where(real, t, f[t] * c_prev + i[t] * g[t], c_prev)
            h[t] = _where(real, t, o[t] * self._shown(c[t]), h_prev)
            h_prev, c_prev = h[t], c[t]
        return {"x": x, "h0": h0, "c0": c0, "i": i, "f": f, "g": g, "o": o, "c": c, "h": h}

    def backward(
        self, trace: dict, dh: Array, dh_T: Array, dc_T: Array, p: Any, real: Array | None = None
    ) -> tuple[Array, Array, Array, dict[str, Array]]:
        """Return dx, dh0, dc0 and the gradients of W_x, W_h and b, undoing forward line by line."""
        x, i, f, g, o, c = (trace[name] for name in ("x", *BLOCKS, "c"))
        c_prev, h_prev = _before(trace["c0"], c), _before(trace["h0"], trace["h"])
        da = 0 * (x @ p["W_x"])
        slope = 0 * da
        self._fill_slopes(slope, i, f, g, o, c, c_prev)
        slope = slope * self._masks(x)[0][:, None]  # a held gate passes nothing on
        (di, df, dg, do), (da_i, da_f, da_g, da_o) = (
            [a[:, :, k] for k in self._blocks()] for a in (slope, da)
        )
        through_h = o * self._shown_prime(c)
        for t in reversed(range(len(x))):
            dh_t, dh_past = _split(real, t, dh[t] + dh_T)  # what goes into step t, and what passes padding by
            dc_t, dc_past = _split(real, t, dc_T)
            dc_t = dc_t + dh_t * through_h[t]  # undo o_t * tanh(c_t), towards c_t
            da_o[t] = dh_t * do[t]  # undo o_t * tanh(c_t), towards o_t, and its sigmoid
            da_i[t] = dc_t * di[t]  # undo i_t * g_t, towards i_t, and its sigmoid
            da_f[t] = dc_t * df[t]  # undo f_t * c_prev, towards f_t, and its sigmoid
            da_g[t] = dc_t * dg[t]  # undo i_t * g_t, towards g_t, and its tanh
            dc_T = dc_past + dc_t * f[t]  # undo f_t * c_prev, towards c_prev
            dh_T = dh_past + da[t] @ p["W_h"].T  # undo h_prev @ W_h
        rows = da.reshape(-1, 4 * self.H)
        dW_x, dW_h = (a.reshape(len(rows), -1).T @ rows for a in (x, h_prev))
        return da @ p["W_x"].T, dh_T, dc_T, {"W_x": dW_x, "W_h": dW_h, "b": rows.sum(0)}

    def _fill_slopes(
        self, slope: Array, i: Array, f: Array, g: Array, o: Array, c: Array, c_prev: Array
    ) -> None:
        """Write ∂c_t/∂a_t for i, f, g and ∂h_t/∂a_t for o into slope (T, B, 4H), as if every gate were free."""
        into_i, into_f, into_g, into_o = (slope[:, :, block] for block in self._blocks())
        into_i[...] = (g - c_prev if self.variant.coupled else g) * i * (1 - i)
        into_f[...] = 0 if self.variant.coupled else c_prev * f * (1 - f)
        into_g[...] = i if self.variant.plain_candidate else i * (1 - g**2)
        into_o[...] = self._shown(c) * o * (1 - o)

    def _blocks(self) -> list[slice]:
        return [slice(k * self.H, (k + 1) * self.H) for k in range(4)]

    def _shown(self, c_t: Array) -> Array:
        return c_t if self.variant.plain_cell else _tanh(c_t)

    def _shown_prime(self, c_t: Array) -> Array:
        return 0 * c_t + 1 if self.variant.plain_cell else 1 - _tanh(c_t) ** 2

    def _masks(self, x: Array) -> tuple[Array, Array]:
        """Return which gates are free (T, 4H), 1 or 0, and the values (T, 4H) of those that are not."""
        T = len(x)
        free, held = np.ones((T, 4 * self.H)), np.zeros((T, 4 * self.H))
        for gate, value, units, steps in self.variant.held:
            columns = BLOCKS.index(gate) * self.H + units
            rows = np.array([t for t in range(T) if _covers(steps, t)], dtype=int)
            free[np.ix_(rows, columns)] = 0
            held[np.ix_(rows, columns)] = value
        return _like(x, free), _like(x, held)


class _SweepInNumpy(_Sweep):
    """The sweep as a layer of in_numpy calls it."""

    def __init__(self, shape: tuple[int, int, int, int], dtype: np.dtype, variant: Variant):
        super().__init__(variant, shape[3])
        self.T, self.B, _, _ = shape
        self.dtype = dtype

    def forward(
        self, x: Array, h0: Array, c0: Array, p: Any, real: Array | None = None
    ) -> tuple[Array, Array]:
        """Return h (T, B, H) and c_T."""
        x, h0, c0 = (array.astype(self.dtype) for array in (x, h0, c0))
        self.made, self.real = super().forward(x, h0, c0, p, real), real
        return self.made["h"].copy(), self.made["c"][-1].copy()

    def backward(
        self, dh: Array, dh_T: Array, dc_T: Array, p: Any
    ) -> tuple[Array, Array, Array, dict[str, Array]]:
        """Return dx, dh0, dc0 and the gradients."""
        return super().backward(self.made, dh, dh_T, dc_T, p, self.real)

    def trace(self) -> dict[str, Array]:
        """Return copies of everything forward made."""
        return {name: array.copy() for name, array in self.made.items()}


class _VariedInNumpy:
    """What makes an LSTM of in_numpy one with exceptions."""

    variant: Variant

    def _new_sweep(self, shape: tuple[int, int, int, int], dtype: np.dtype) -> _SweepInNumpy:
        return _SweepInNumpy(shape, dtype, self.variant)


class _VariedInTorch:
    """What makes an LSTM of in_torch one with exceptions: the same sweep, as one node of autograd's graph."""

    variant: Variant

    def _run(self, sweeps: Any, x: Array, states: list[Array], real: Array | None) -> Any:
        sweep = _Sweep(self.variant, self.H)
        mine = sweeps._replace(forward=sweep.forward, backward=sweep.backward, record=False)
        return super()._run(mine, x, states, real)


def _varied(model: Any, variant: Variant) -> Any:
    """Return a copy of an LSTM, or of a net of one, with exceptions and the same parameters."""
    if hasattr(model, "readout"):
        net = copy.copy(model)
        net.layer = _varied(model.layer, variant)
        return net
    layer = copy.copy(_single(model))
    plain = next(base for base in type(layer).__mro__ if base.__name__ == "LSTM") if _is_lstm(layer) else None
    if plain is None:
        raise InputError(f"only an LSTM's gates can be held, but the layer is {type(layer).__name__}")
    kind = _VariedInTorch if _is_tensor(next(iter(layer.params.values()))) else _VariedInNumpy
    layer.__class__ = type("VariedLSTM", (kind, plain), {})
    held = tuple(_checked(each, layer.H) for each in variant.held)
    layer.variant = _both(getattr(layer, "variant", Variant()), replace(variant, held=held))
    return layer


def _both(first: Variant, second: Variant) -> Variant:
    """Return the variant that lacks what either lacks."""
    return Variant(
        held=first.held + second.held,
        coupled=first.coupled or second.coupled,
        plain_candidate=first.plain_candidate or second.plain_candidate,
        plain_cell=first.plain_cell or second.plain_cell,
    )


# --- Checks, and what differs between arrays and tensors -----------------------------------------------


def _checked(each: Hold, H: int) -> Hold:
    """Return a hold with its value, units (n,) and steps as arrays; InputError if an LSTM with H units has no such."""
    if not isinstance(each, Hold):
        raise InputError(f'a hold is written Hold("f", 1.0), but {describe(each)} came')
    require_choice("gate", each.gate, BLOCKS)
    units = np.arange(H) if each.units is None else _listed(each.units)
    if (
        units.ndim != 1
        or units.dtype.kind not in "iu"
        or not units.size
        or units.min() < 0
        or units.max() >= H
    ):
        raise InputError(f"units must be indices from 0 to {H - 1}, but {describe(each.units)} came")
    try:
        value = np.asarray(each.value, dtype=float)
    except (TypeError, ValueError):
        value = np.array(np.nan)  # what is no number lies nowhere
    low = -1 if each.gate == "g" else 0
    if value.shape not in ((), units.shape) or not ((low <= value) & (value <= 1)).all():
        raise InputError(
            f"value of {each.gate} must lie from {low} to 1, one number or one for each of {len(units)} units, "
            f"but {describe(each.value)} came"
        )
    steps = each.steps if each.steps is None else _listed(each.steps)
    if steps is not None and (
        steps.ndim != 1 or steps.dtype.kind not in "iu" or not steps.size or steps.min() < 0
    ):
        raise InputError(f"steps must be whole numbers from 0, but {describe(each.steps)} came")
    return Hold(each.gate, value, units, steps)


def _listed(numbers: Any) -> np.ndarray:
    """Return one number, or those of a list or an iterator, as an array (n,)."""
    one_by_one = isinstance(numbers, Iterable) and not isinstance(numbers, np.ndarray)
    return np.atleast_1d(list(numbers) if one_by_one else numbers)


def _covers(steps: Any, t: int) -> bool:
    return steps is None or t in steps


def _single(model: Any) -> Any:
    """Return the LSTM or GRU of a layer or net; raise InputError if there is none, or more than one."""
    layer = getattr(model, "layer", model)
    if not hasattr(layer, "blocks") or len(layer.blocks) < 3:
        raise InputError(f"an LSTM or GRU, or a net of one, is needed, but {type(layer).__name__} came")
    return layer


def _is_lstm(layer: Any) -> bool:
    return layer.blocks == BLOCKS


def _last_trace(layer: Any) -> GateTrace:
    return GateTrace({name: _as_numpy(layer.trace[name]) for name in (*BLOCKS, "c", "h")})


def _is_tensor(a: Array) -> bool:
    return hasattr(a, "detach")


def _as_numpy(a: Array) -> np.ndarray:
    return a.detach().cpu().numpy().copy() if _is_tensor(a) else np.array(a)


def _like(a: Array, numbers: np.ndarray) -> Array:
    """Return numbers as an array or tensor of the dtype of `a`, on its device."""
    return a.new_tensor(numbers) if _is_tensor(a) else numbers.astype(a.dtype)


def _like_parameters(layer: Any, x: Array) -> Array:
    """Return x as the layer takes it: a NumPy array becomes a tensor if the layer's parameters are tensors."""
    if not isinstance(x, np.ndarray):
        return x
    one = next(iter(layer.params.values()))
    return _like(one.detach(), x) if _is_tensor(one) else x.astype(np.result_type(x, one), copy=False)


def _before(first: Array, states: Array) -> Array:
    """Return the state before each step (T, B, H): the initial one, then all but the last."""
    before = 0 * states
    before[0] = first
    before[1:] = states[:-1]
    return before


def _sigmoid(a: Array) -> Array:
    return a.sigmoid() if _is_tensor(a) else sigmoid(a)


def _tanh(a: Array) -> Array:
    return a.tanh() if _is_tensor(a) else np.tanh(a)


def _where(real: Array | None, t: int, new: Array, old: Array) -> Array:
    """Return the new state where step t is real, the old one where it is padding."""
    return new if real is None else real[t] * new + ~real[t] * old


def _split(real: Array | None, t: int, gradient: Array) -> tuple[Array, Array]:
    """Undo _where: return what goes into step t and what passes it by."""
    return (gradient, 0 * gradient) if real is None else (real[t] * gradient, ~real[t] * gradient)
