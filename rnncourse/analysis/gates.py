"""What the gates of a layer do: look at them, hold them, take them away, for layers of either engine.

`trace_gates` reads every gate at every step. `hold` returns a layer of which some gates or states are held at values
you choose, for some units or all, at some steps or all. `ablate` returns an LSTM that lacks a part, and `ABLATIONS`
lists the parts. What `hold` and `ablate` return shares its parameters with the layer they were given, runs forward
and backward like it, and may be trained: a held gate learns nothing.

Both give the layer another cell. The cells below compute what cells.py computes, with these exceptions, written once
for arrays and tensors: that is why they use only what NumPy and torch have in common. Nothing here imports torch.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rnncourse.arguments import require_choice, require_that
from rnncourse.errors import InputError, describe
from rnncourse.in_both import sampling as decoding
from rnncourse.in_both.cells import Cell
from rnncourse.in_both.sampling import tokens_of_writer
from rnncourse.in_numpy.losses import log_softmax

# what can be held, by the kind of layer: gates and candidates, then states
PARTS = {"RNN": ("h",), "LSTM": ("i", "f", "g", "o", "c", "h"), "GRU": ("r", "z", "n", "h")}
CANDIDATES = ("g", "n")
STATES = ("h", "c")

# a NumPy array or a torch tensor
Array = Any


class Hold(NamedTuple):
    """A gate, candidate or state, held at a value: i, f, g, o, c, h of an LSTM; r, z, n, h of a GRU; h of an RNN.

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

    held: what takes the place of a gate. lacks: "own f" for f_t = 1 - i_t; "tanh of g" for g_t = a_g; "tanh of c"
    for h_t = o_t * c_t.
    """

    held: tuple[Hold, ...] = ()
    lacks: frozenset[str] = frozenset()


ABLATIONS = {
    "intact": Variant(),
    "no input gate": Variant((Hold("i", 1.0),)),
    # the LSTM of 1997
    "no forget gate": Variant((Hold("f", 1.0),)),
    "forget gate frozen at 0.5": Variant((Hold("f", 0.5),)),
    "no output gate": Variant((Hold("o", 1.0),)),
    "f = 1 - i": Variant(lacks=frozenset({"own f"})),
    "no tanh on the candidate": Variant(lacks=frozenset({"tanh of g"})),
    "no tanh on the cell": Variant(lacks=frozenset({"tanh of c"})),
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
    layer = copy.copy(_recurrent(layer))
    if layer.kind == "RNN":
        raise InputError("an LSTM or GRU, or a net of one, is needed, but got an RNN: it has no gates")
    layer.forward(_as_parameters(layer, x), h0)
    return _gate_trace(layer.cell, layer.trace)


def hold(model: Any, *holds: Hold) -> Any:
    """Return an RNN, LSTM or GRU, or a net of one, with gates or states held; it shares its parameters with `model`.

    hold(lstm, Hold("f", 1.0, units=[3], steps=[0, 1])). Where two holds meet, the last one counts.
    Raises InputError for what the layer does not have. Gates lie from 0 to 1, candidates from -1 to 1.
    """
    return _with_cell(model, _held_cell(_recurrent(model), holds))


def ablate(model: Any, part: str) -> Any:
    """Return an LSTM, or a net of one, that lacks a part: a key of ABLATIONS; it shares its parameters with `model`.

    A gate that is taken away is a gate that is always open, 1. Sources: Gers, Schmidhuber and Cummins (2000),
    doi:10.1162/089976600300015015; Greff et al. (2017), doi:10.1109/TNNLS.2016.2582924, whose variants these are,
    but for the frozen gate.
    """
    variant = ABLATIONS[require_choice("part", part, tuple(ABLATIONS))]
    layer = _recurrent(model)
    if layer.kind != "LSTM":
        raise InputError(f"only an LSTM has the parts that ablate takes away, but the layer is: {layer.kind}")
    return _with_cell(model, _held_cell(layer, variant.held, variant.lacks))


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

    net: a RecurrentNet with an RNN, LSTM or GRU, of either engine, that reads and scores the same one-hot tokens.
    holds: as in `hold`; their steps count from the first token of `start`.
    """
    read: list[dict[str, Array]] = []
    step = read_with_holds(net, holds, read)
    indices = decoding.sample(step, start, n, net.readout.K, rng, temperature, end=None)
    made = {name: np.stack([_as_numpy(one[name]) for one in read]) for name in read[0]}
    return indices, _gate_trace(_recurrent(net).cell, made)


def read_with_holds(net: Any, holds: Sequence[Hold], read: list[dict[str, Array]]) -> decoding.Step:
    """Return the function with which `sampling` lets a net write, its gates or states held.

    It adds everything that each step makes to `read`.
    """
    layer = _recurrent(net)
    V = tokens_of_writer(net)
    require_that("holds", holds, isinstance(holds, (list, tuple)), "a list of Hold")
    cell = _held_cell(layer, holds) if holds else layer.cell
    p = {name: _followed_by_nobody(array) for name, array in layer.params.items()}
    like = next(iter(p.values()))

    def step(indices: np.ndarray, state: Any) -> tuple[np.ndarray, Any]:
        if state is None:
            state = tuple(_like(like, np.zeros((len(indices), layer.H))) for _ in cell.states)
        made = cell.step(_like(like, np.eye(V)[indices]), state, p, len(read))
        read.append(made)
        return log_softmax(_as_numpy(net.readout.forward(made["h"]))), tuple(made[k] for k in cell.states)

    return step


# --- Cells with exceptions ------------------------------------------------------------------------------


class HeldCell(Cell):
    """A cell in which parts of each step are held at values; `plain` is the cell without exceptions.

    lacks: what an LSTM does without; see Variant.
    """

    def __init__(self, plain: Cell, holds: Sequence[Hold] = (), lacks: frozenset[str] = frozenset()):
        self.plain, self.holds, self.lacks = plain, tuple(holds), lacks
        self._holds_of = {
            part: [each for each in self.holds if each.gate == part] for part in PARTS[plain.kind]
        }
        self._masks: dict[tuple, tuple[Array, Array]] = {}

    kind = property(lambda self: self.plain.kind, doc="RNN, LSTM or GRU.")
    blocks = property(
        lambda self: self.plain.blocks, doc="The names of the blocks of columns in the weights."
    )
    states = property(lambda self: self.plain.states, doc="What goes from one step to the next.")
    xp = property(lambda self: self.plain.xp, doc="NumPy or torch.")
    activations = property(lambda self: self.plain.activations, doc="The activations of its engine.")

    def shapes(self, D: int, H: int) -> dict[str, tuple[int, ...]]:
        """Return the shape of every parameter."""
        return self.plain.shapes(D, H)

    def held(self, name: str, value: Array, t: int) -> Array:
        """Return what step t computed for a part (B, H), or where that is held, the value it is held at."""
        masks = self._free_and_held(name, value, t)
        return value if masks is None else masks[0] * value + masks[1]

    def let_through(self, name: str, gradient: Array, t: int) -> Array:
        """Undo `held`: what is held passes no gradient on."""
        masks = self._free_and_held(name, gradient, t)
        return gradient if masks is None else masks[0] * gradient

    def _free_and_held(self, name: str, like: Array, t: int) -> tuple[Array, Array] | None:
        """Return which units are free (H,), 1 or 0, and the values (H,) of the others; None where all are free."""
        now = [each for each in self._holds_of[name] if each.steps is None or t in each.steps]
        if not now:
            return None
        key = name, tuple(map(id, now)), like.dtype, getattr(like, "device", None)
        if key not in self._masks:
            free, held = np.ones(like.shape[1]), np.zeros(like.shape[1])
            for each in now:
                free[each.units], held[each.units] = 0, each.value
            self._masks[key] = _like(like, free), _like(like, held)
        return self._masks[key]


class HeldRNN(HeldCell):
    """The cell of an RNN whose state may be held."""

    def step(self, x_t: Array, state: tuple, p: Mapping, t: int) -> dict[str, Array]:
        """Return a_t and h_t (B, H)."""
        made = self.plain.step(x_t, state, p, t)
        return made | {"h": self.held("h", made["h"], t)}

    def step_backward(
        self, d_state: tuple, made: Mapping, x_t: Array, state: tuple, p: Mapping, t: int
    ) -> tuple[Array, tuple, dict[str, Array]]:
        """Return dx_t, (dh_prev,) and the parameters' gradients."""
        dh = self.let_through("h", d_state[0], t)
        return self.plain.step_backward((dh,), made, x_t, state, p, t)


class HeldLSTM(HeldCell):
    """The cell of an LSTM whose gates and states may be held, and which may lack parts; see cells.lstm_step."""

    def step(self, x_t: Array, state: tuple, p: Mapping, t: int) -> dict[str, Array]:
        """Return i_t, f_t, g_t, o_t, c_t and h_t (B, H)."""
        h_prev, c_prev = state
        sigmoid, tanh = self.activations["sigmoid"].phi, self.xp.tanh
        a_i, a_f, a_g, a_o = _blocks(x_t @ p["W_x"] + h_prev @ p["W_h"] + p["b"], 4)
        i = self.held("i", sigmoid(a_i), t)
        f = self.held("f", 1 - i if "own f" in self.lacks else sigmoid(a_f), t)
        g = self.held("g", a_g if "tanh of g" in self.lacks else tanh(a_g), t)
        o = self.held("o", sigmoid(a_o), t)
        c = self.held("c", f * c_prev + i * g, t)
        h = self.held("h", o * self._shown(c), t)
        return {"i": i, "f": f, "g": g, "o": o, "c": c, "h": h}

    def step_backward(
        self, d_state: tuple, made: Mapping, x_t: Array, state: tuple, p: Mapping, t: int
    ) -> tuple[Array, tuple, dict[str, Array]]:
        """Return dx_t, (dh_prev, dc_prev) and the parameters' gradients, undoing `step` line by line."""
        (h_prev, c_prev), (i, f, g, o, c) = state, (made[name] for name in "ifgoc")
        shown = self._shown(c)
        dh, dc = self.let_through("h", d_state[0], t), d_state[1]
        do = self.let_through("o", dh * shown, t)  # undo o * tanh(c), towards o
        dc = dc + dh * o * (1 if "tanh of c" in self.lacks else 1 - shown**2)  # undo o * tanh(c), towards c
        dc = self.let_through("c", dc, t)
        dg = self.let_through("g", dc * i, t)  # undo i * g, towards g
        df = self.let_through("f", dc * c_prev, t)  # undo f * c_prev, towards f
        di = dc * g  # undo i * g, towards i
        if "own f" in self.lacks:
            di, df = di - df, 0 * df  # undo f = 1 - i
        di = self.let_through("i", di, t)
        da_g = dg if "tanh of g" in self.lacks else dg * (1 - g**2)  # undo tanh
        slopes = (di * i * (1 - i), df * f * (1 - f), da_g, do * o * (1 - o))  # undo the sigmoids
        da = self.xp.concat(slopes, axis=1)
        grads = {"W_x": x_t.T @ da, "W_h": h_prev.T @ da, "b": da.sum(0)}
        return da @ p["W_x"].T, (da @ p["W_h"].T, dc * f), grads

    def _shown(self, c: Array) -> Array:
        return c if "tanh of c" in self.lacks else self.xp.tanh(c)


class HeldGRU(HeldCell):
    """The cell of a GRU whose gates, candidate and state may be held; see cells.gru_step."""

    def step(self, x_t: Array, state: tuple, p: Mapping, t: int) -> dict[str, Array]:
        """Return r_t, z_t, n_t, q_t and h_t (B, H)."""
        (h_prev,) = state
        sigmoid = self.activations["sigmoid"].phi
        x_r, x_z, x_n = _blocks(x_t @ p["W_x"] + p["b"], 3)
        h_r, h_z, h_n = _blocks(h_prev @ p["W_h"], 3)
        r = self.held("r", sigmoid(x_r + h_r), t)
        z = self.held("z", sigmoid(x_z + h_z), t)
        q = h_n + p["b_hn"]
        n = self.held("n", self.xp.tanh(x_n + r * q), t)
        h = self.held("h", (1 - z) * n + z * h_prev, t)
        return {"r": r, "z": z, "n": n, "q": q, "h": h}

    def step_backward(
        self, d_state: tuple, made: Mapping, x_t: Array, state: tuple, p: Mapping, t: int
    ) -> tuple[Array, tuple, dict[str, Array]]:
        """Return dx_t, (dh_prev,) and the parameters' gradients, undoing `step` line by line."""
        (h_prev,), (r, z, n, q) = state, (made[name] for name in "rznq")
        dh = self.let_through("h", d_state[0], t)
        dz = self.let_through("z", dh * (h_prev - n), t)  # undo both products, towards z
        dn = self.let_through("n", dh * (1 - z), t)  # undo (1 - z) * n, towards n
        da_n = dn * (1 - n**2)  # undo tanh
        dr = self.let_through("r", da_n * q, t)  # undo r * q, towards r
        da_r, da_z = dr * r * (1 - r), dz * z * (1 - z)  # undo the sigmoids
        for_x = self.xp.concat((da_r, da_z, da_n), axis=1)
        for_h = self.xp.concat((da_r, da_z, da_n * r), axis=1)  # undo r * q, towards q
        grads = {"W_x": x_t.T @ for_x, "W_h": h_prev.T @ for_h, "b": for_x.sum(0), "b_hn": (da_n * r).sum(0)}
        return for_x @ p["W_x"].T, (dh * z + for_h @ p["W_h"].T,), grads


HELD = {"RNN": HeldRNN, "LSTM": HeldLSTM, "GRU": HeldGRU}


def _held_cell(layer: Any, holds: Sequence[Hold], lacks: frozenset[str] = frozenset()) -> HeldCell:
    """Return the layer's cell with these exceptions on top of those it has."""
    inner = layer.cell if isinstance(layer.cell, HeldCell) else HeldCell(layer.cell)
    checked = tuple(_checked(each, layer.kind, layer.H) for each in holds)
    return HELD[layer.kind](inner.plain, (*inner.holds, *checked), inner.lacks | lacks)


def _with_cell(model: Any, cell: Cell) -> Any:
    """Return a layer or net that has another cell and the same parameters."""
    changed = copy.copy(model)
    if hasattr(model, "readout"):
        changed.layer = _with_cell(model.layer, cell)
    else:
        changed.cell = cell
    return changed


def _recurrent(model: Any) -> Any:
    """Return the RNN, LSTM or GRU of a layer or net; raise InputError if there is none, or more than one."""
    layer = getattr(model, "layer", model)
    if getattr(layer, "kind", None) not in HELD or not hasattr(layer, "cell"):
        raise InputError(f"an RNN, LSTM or GRU, or a net of one, is needed, but got {describe(layer)}")
    return layer


def _blocks(a: Array, count: int) -> list[Array]:
    """Return the blocks of equal width that a (B, count H) is made of."""
    H = a.shape[1] // count
    return [a[:, k * H : (k + 1) * H] for k in range(count)]


def _gate_trace(cell: Cell, made: Mapping[str, Array]) -> GateTrace:
    """Return the gates and states of a trace."""
    names = dict.fromkeys((*cell.blocks, *reversed(cell.states)))
    return GateTrace({name: _as_numpy(made[name]) for name in names})


# --- Checks, and what differs between arrays and tensors -----------------------------------------------


def _checked(each: Hold, kind: str, H: int) -> Hold:
    """Return a hold with value and units (n,) as arrays, steps as a set; InputError for what a layer does not have."""
    if not isinstance(each, Hold):
        raise InputError(f'a hold is written Hold("f", 1.0), but got {describe(each)}')
    require_choice("gate", each.gate, PARTS[kind])
    units = (
        np.arange(H) if each.units is None else _indices("units", each.units, f"indices from 0 to {H - 1}", H)
    )
    steps = None if each.steps is None else _indices("steps", each.steps, "whole numbers from 0")
    return Hold(
        each.gate, _value(each, len(units)), units, None if steps is None else frozenset(steps.tolist())
    )


def _value(each: Hold, count: int) -> np.ndarray:
    """Return what is held as an array, () or (count,)."""
    try:
        value = np.asarray(each.value, dtype=float)
    except (TypeError, ValueError):
        value = np.array(np.nan)  # NaN lies in no interval
    low, high = (-np.inf, np.inf) if each.gate in STATES else (-1 if each.gate in CANDIDATES else 0, 1)
    within = (low <= value) & (value <= high) & np.isfinite(value)
    if value.shape not in ((), (count,)) or not within.all():
        where = "be finite" if each.gate in STATES else f"lie from {low} to {high}"
        raise InputError(
            f"value of {each.gate} must {where}, one number or one for each of {count} units, "
            f"but got {describe(each.value)}"
        )
    return value


def _indices(name: str, numbers: Any, wanted: str, below: float = np.inf) -> np.ndarray:
    """Return one index, or those of a list or an iterator, as an array (n,)."""
    one_by_one = isinstance(numbers, Iterable) and not isinstance(numbers, np.ndarray)
    try:
        array = np.atleast_1d(list(numbers) if one_by_one else numbers)
    except ValueError:
        array = np.array([])  # lists of different lengths are no indices
    whole = array.ndim == 1 and array.size > 0 and array.dtype.kind in "iu"
    require_that(name, numbers, whole and array.min() >= 0 and array.max() < below, wanted)
    return array


def _as_numpy(a: Array) -> np.ndarray:
    return a.detach().cpu().numpy().copy() if hasattr(a, "detach") else np.array(a)


def _followed_by_nobody(a: Array) -> Array:
    return a.detach() if hasattr(a, "detach") else a


def _like(a: Array, numbers: np.ndarray) -> Array:
    """Return numbers as an array or tensor of the dtype of `a`, on its device."""
    return a.new_tensor(numbers) if hasattr(a, "new_tensor") else numbers.astype(a.dtype)


def _as_parameters(layer: Any, x: Array) -> Array:
    """Return a NumPy array in the dtype of the layer's parameters, or a wider one that it has; a tensor as it is."""
    if not isinstance(x, np.ndarray) or layer.cell.xp is not np:
        return x
    return x.astype(np.result_type(x, next(iter(layer.params.values()))), copy=False)
