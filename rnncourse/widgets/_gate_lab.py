"""The Gate lab: one LSTM unit whose gates are computed by the cell or held by the reader."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from rnncourse.analysis import gates
from rnncourse.arguments import require_array, require_choice, require_count
from rnncourse.errors import InputError, describe
from rnncourse.in_both.cells import Cell, check_gated_step
from rnncourse.in_numpy.layers import LSTM
from rnncourse.notation import colour
from rnncourse.viz._lstm_cell import lstm_cell, written
from rnncourse.widgets._fallback import ReadableWidget, Setting, read_front_end

GATES = ("i", "f", "g", "o")  # in the order of the blocks of W_x, W_h and b
LIMITS = {"i": (0.0, 1.0), "f": (0.0, 1.0), "g": (-1.0, 1.0), "o": (0.0, 1.0)}
INPUT_LIMIT = 2.0
SHORTEST, LONGEST = 2, 12  # steps that fit side by side

Held = tuple[float | None, ...]
_FREE: Held = (None,) * 8


@dataclass(frozen=True)
class Preset:
    """A sequence, and for each gate and step the value at which it is held; None: the cell computes it."""

    title: str
    says: str
    x: tuple[float, ...]
    i: Held = _FREE
    f: Held = _FREE
    g: Held = _FREE
    o: Held = _FREE

    def holds(self) -> dict[str, list[float | None]]:
        """Return the held values by gate, as the lab stores them."""
        return {gate: list(getattr(self, gate)) for gate in GATES}


_NOISE = (0.8, -0.5, 0.9, -1.0, 0.3, -0.7, 0.6, -0.2)
_OPEN, _AT_FIRST = (1.0,) * 8, (1.0,) + (0.0,) * 7
_SET = (0.0, 1.0, 0.0, 0.0, -1.0, 0.0, 1.0, 0.0)

GATE_PRESETS: dict[str, Preset] = {
    "cell": Preset(
        "The cell alone",
        "Nothing is held: the cell computes every gate from x and h.",
        (1.0, 0.0, 0.0, 0.5, 0.0, -1.0, 0.0, 0.0),
    ),
    "remember": Preset(
        "Remember",
        "Step 1 is written (i = 1), then the input gate is shut and the forget gate open: c stays. "
        "The output gate hides it until the last step.",
        _NOISE,
        i=_AT_FIRST,
        f=_OPEN,
        o=(0.0,) * 7 + (1.0,),
    ),
    "forget": Preset(
        "Forget",
        "Step 1 is written and kept, until the forget gate is shut once, at step 5: c is 0 from there on, "
        "and of all that came before nothing survives.",
        _NOISE,
        i=_AT_FIRST,
        f=(1.0,) * 4 + (0.0,) + (1.0,) * 3,
        o=_OPEN,
    ),
    "count": Preset(
        "Count",
        "Forget and input gate are open at every step: c adds up, about 1 for each x of 1. "
        "h cannot show it: tanh stays below 1.",
        (1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0),
        i=_OPEN,
        f=_OPEN,
        o=_OPEN,
    ),
    "latch": Preset(
        "Latch",
        "Where x is not 0 the cell is overwritten (i = 1, f = 0), elsewhere it holds (i = 0, f = 1): "
        "c is the last x that was not 0.",
        _SET,
        i=tuple(abs(one) for one in _SET),
        f=tuple(1.0 - abs(one) for one in _SET),
        o=_OPEN,
    ),
}

# One unit that a reader can follow: a large x opens the input gate, and what is shown helps to keep it.
GATE_WEIGHTS: dict[str, np.ndarray] = {
    "W_x": np.array([[4.0, 0.0, 3.0, 0.0]]),
    "W_h": np.array([[-1.0, 1.0, 0.0, 1.0]]),
    "b": np.array([-2.0, 2.0, 0.0, 1.0]),
}


def gate_lab(
    preset: str = "cell", x: ArrayLike | None = None, weights: Mapping[str, np.ndarray] | None = None
) -> GateLab:
    """Return the Gate lab: one LSTM unit over a short sequence, its gates computed or held.

    preset: cell, remember, forget, count or latch. x: 2 to 12 numbers from -2 to 2 in the place of the preset's
    sequence (8 where gates are held). weights: the parameters W_x (1, 4), W_h (1, 4), b (4,) of an in_numpy.LSTM(1, 1).
    Raises InputError for anything else.
    """
    return GateLab(preset, x, weights)


def run_gates(
    x: Sequence[float], held: Mapping[str, Sequence[float | None]], p: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return i, f, g, o, c, h and survives, each (T,), of one unit that starts at h = c = 0.

    held: gate -> T values, None where the cell computes it. survives[t-1] is dc_T/dc_t, the whole derivative:
    along the belt, and through h_t where later gates are computed from it. A gate that is held passes none on.
    """
    holds = [
        gates.Hold(gate, value, steps=t)
        for gate in GATES
        for t, value in enumerate(held[gate])
        if value is not None
    ]
    layer = gates.hold(LSTM(1, 1, dtype="float64"), *holds)
    layer.params.update(p)
    layer.forward(np.array(x, dtype=float)[:, None, None])
    trace = layer.trace
    run = {name: trace[name][:, 0, 0] for name in (*GATES, "c", "h")}
    return run | {"survives": _survives(layer.cell, trace, p)}


def _survives(cell: Cell, trace: Mapping[str, np.ndarray], p: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return dc_T/dc_t (T,): from the last step back, the gradient of c_T with respect to each c_t."""
    T = len(trace["c"])
    survives = np.zeros(T)
    dh, dc = np.zeros((1, 1)), np.ones((1, 1))
    for t in reversed(range(T)):
        made = {name: trace[name][t] for name in (*GATES, "c", "h")}
        before = tuple(trace[name][t - 1] if t else trace[f"{name}0"] for name in ("h", "c"))
        # on the belt and through h_t
        survives[t] = (dc + dh * made["o"] * (1 - np.tanh(made["c"]) ** 2))[0, 0]
        _, (dh, dc), _ = cell.step_backward((dh, dc), made, trace["x"][t], before, p, t)
    return survives


def _gate(gate: str) -> property:
    """Return the property of a gate: read what is on screen, set what is held."""

    def read(lab: GateLab) -> np.ndarray:
        return lab.run()[gate]

    def write(lab: GateLab, value: object) -> None:
        lab.clamps = lab.clamps | {gate: _held_at(gate, value, lab.T)}

    return property(read, write, doc=f"{gate} (T,) on screen; set a number, T numbers or None to hold it.")


def _state(name: str) -> property:
    return property(lambda lab: lab.run()[name], doc=f"{name} (T,) on screen.")


class GateLab(ReadableWidget):
    """One LSTM unit over a short sequence: f, i, g and o are computed by the cell or held by the reader.

    `lab.f`, `lab.i`, `lab.g`, `lab.o`, `lab.x`, `lab.c`, `lab.h` and `lab.survives` are what is on screen, arrays
    (T,). Setting a gate holds it: a number holds all steps, a list holds each step at its own value and leaves it to
    the cell where the list has None, and None lets go of all. `lab.x`, `lab.step` (1 … T) and `lab.preset` can be set,
    too. What cannot be shown raises InputError, and nothing changes.

    Everything is computed in the browser, so the lab also answers in a saved page; Python computes the same from
    the settings that both share.
    """

    _esm = read_front_end("panel.js", "gate_math.js", "gate_lab.js")
    _css = read_front_end("theme.css", "gate_lab.css")

    inputs = Setting(lambda lab, value: _checked_inputs(value, lab.T))
    clamps = Setting(lambda lab, value: _checked_holds(value, lab.T))
    step = Setting(lambda lab, value: _checked_step(value, lab.T), 1)
    everywhere = traitlets.Bool(True).tag(sync=True, echo_update=False)  # a slider moves all steps
    fixed = traitlets.Dict().tag(sync=True)

    i, f, g, o = (_gate(gate) for gate in GATES)
    c, h, survives = (_state(name) for name in ("c", "h", "survives"))

    def __init__(
        self,
        preset: str = "cell",
        x: ArrayLike | None = None,
        weights: Mapping[str, np.ndarray] | None = None,
    ):
        chosen = GATE_PRESETS[require_choice("preset", preset, tuple(GATE_PRESETS))]
        self._weights = _checked_weights(GATE_WEIGHTS if weights is None else weights)
        inputs, holds = list(chosen.x) if x is None else _checked_inputs(x), chosen.holds()
        if len(inputs) != len(chosen.x):
            if preset != "cell":
                raise InputError(
                    f"x must hold {len(chosen.x)} numbers for the preset {preset}, but {len(inputs)} came"
                )
            holds = {gate: [None] * len(inputs) for gate in GATES}
        self._T = len(inputs)
        super().__init__(inputs=inputs, clamps=holds, fixed=_fixed(self._weights))

    @property
    def T(self) -> int:
        """The number of steps."""
        return self._T

    @property
    def x(self) -> np.ndarray:
        """The inputs (T,); can be set."""
        return np.array(self.inputs, dtype=float)

    @x.setter
    def x(self, value: ArrayLike) -> None:
        self.inputs = value

    @property
    def held(self) -> dict[str, np.ndarray]:
        """Where each gate is held: gate -> booleans (T,)."""
        return {gate: np.array([one is not None for one in self.clamps[gate]]) for gate in GATES}

    @property
    def preset(self) -> str | None:
        """The preset that is on screen, None once anything of it was changed; can be set."""
        for name, preset in GATE_PRESETS.items():
            if (self.inputs, self.clamps) == (list(preset.x), preset.holds()):
                return name
        return None

    @preset.setter
    def preset(self, name: str) -> None:
        preset = GATE_PRESETS[require_choice("preset", name, tuple(GATE_PRESETS))]
        if len(preset.x) != self.T:
            raise InputError(f"preset needs a lab of {len(preset.x)} steps, but this one has {self.T}")
        with self.hold_sync():  # the browser gets both at once
            self.inputs, self.clamps = list(preset.x), preset.holds()

    def run(self) -> dict[str, np.ndarray]:
        """Return everything that is on screen: i, f, g, o, c, h and survives, each (T,)."""
        return run_gates(self.inputs, self.clamps, self._weights)

    def __repr__(self) -> str:
        return f"GateLab({self.preset or 'own settings'}, T={self.T}, step={self.step})"

    def static_html(self) -> str:
        """Return what the lab shows as a table, one column a step."""
        steps = "".join(f'<th scope="col">{t}</th>' for t in range(1, self.T + 1))
        rows = "".join(
            f'<tr><th scope="row">{html.escape(name)}</th>{"".join(f"<td>{value}</td>" for value in values)}</tr>'
            for name, values in self._rows()
        )
        return (
            f"<p><strong>Gate lab</strong>: {html.escape(self._caption())}</p>"
            f'<table><thead><tr><th scope="col">step t</th>{steps}</tr></thead><tbody>{rows}</tbody></table>'
        )

    def static_text(self) -> str:
        """Return the table of static_html as plain text."""
        table = [("step t", [str(t) for t in range(1, self.T + 1)]), *self._rows()]
        lines = [name.ljust(12) + "".join(value.rjust(8) for value in values) for name, values in table]
        return "\n".join([f"Gate lab: {self._caption()}", *lines])

    def invitation(self) -> str:
        """Return one line that says what running the cell brings."""
        return "Run this cell (Shift + Enter) to move the gates here and see what the cell keeps."

    def _caption(self) -> str:
        preset = GATE_PRESETS.get(self.preset or "")
        says = preset.says if preset else "gates as set here."
        return f"{says} A value in [brackets] is held, the others are computed by the cell."

    def _rows(self) -> list[tuple[str, list[str]]]:
        run, held_at = self.run() | {"x": self.x}, self.held
        rows = []
        for name, label in _ROWS.items():
            held = held_at.get(name, np.zeros(self.T, bool))
            values = [written(float(value)) for value in run[name]]
            marked = [f"[{one}]" if mark else one for one, mark in zip(values, held, strict=True)]
            rows.append((label, marked))
        return rows


_ROWS = {
    "x": "x_t",
    "f": "f_t",
    "i": "i_t",
    "g": "g_t",
    "o": "o_t",
    "c": "c_t",
    "h": "h_t",
    "survives": "∂c_T/∂c_t",
}


def _fixed(weights: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return what the front end needs once: the weights by gate, the presets, the limits, colours and the picture."""
    W_x, W_h, b = (np.ravel(weights[name]) for name in ("W_x", "W_h", "b"))
    return {
        "weights": {gate: [float(W_x[k]), float(W_h[k]), float(b[k])] for k, gate in enumerate(GATES)},
        "presets": [
            {"name": name, "title": one.title, "says": one.says, "x": list(one.x), "clamps": one.holds()}
            for name, one in GATE_PRESETS.items()
        ],
        "limits": {gate: list(limits) for gate, limits in LIMITS.items()}
        | {"x": [-INPUT_LIMIT, INPUT_LIMIT]},
        "colours": {name: colour(f"{name}_t") for name in ("x", "f", "i", "g", "o", "c", "h")},
        "cell": lstm_cell(),
    }


def _checked_weights(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the parameters of one unit as float64; raise InputError for those of another layer."""
    if not isinstance(weights, Mapping):
        raise InputError(f"weights must be the params of an LSTM(1, 1), but {describe(weights)} came")
    p = {name: require_array(f"weights[{name!r}]", array) for name, array in weights.items()}
    one = np.zeros((1, 1))
    check_gated_step(one, one, p, blocks=4)
    if np.shape(p["b"]) != (4,):
        raise InputError(f"weights['b'] must have shape (4,), but {np.shape(p['b'])} came")
    return {name: p[name].astype(np.float64) for name in ("W_x", "W_h", "b")}


def _checked_inputs(value: object, T: int | None = None) -> list[float]:
    """Return the inputs as a list of T numbers, each one the sliders can show."""
    numbers = _numbers("x", value, none_too=False)
    wanted = f"{T} numbers" if T else f"{SHORTEST} to {LONGEST} numbers"
    if len(numbers) != T if T else not SHORTEST <= len(numbers) <= LONGEST:
        raise InputError(f"x must hold {wanted}, but {len(numbers)} came")
    _require_between("x", numbers, -INPUT_LIMIT, INPUT_LIMIT)
    return numbers


def _checked_holds(value: object, T: int) -> dict[str, list[float | None]]:
    """Return what each gate is held at, gate -> T numbers or None."""
    if not isinstance(value, Mapping) or set(value) != set(GATES):
        raise InputError(f"clamps must be a dict with the keys i, f, g and o, but {describe(value)} came")
    return {gate: _held_at(gate, value[gate], T) for gate in GATES}


def _checked_step(value: object, T: int) -> int:
    return require_count("step", value, most=T)


def _held_at(gate: str, value: object, T: int) -> list[float | None]:
    """Return what a gate is held at as a list of T numbers or None."""
    if value is None or _is_number(value):
        numbers = [None if value is None else float(value)] * T
    else:
        numbers = _numbers(gate, value, none_too=True)
    if len(numbers) != T:
        raise InputError(
            f"{gate} must be a number, None or a list of T = {T} of them, but {len(numbers)} came"
        )
    _require_between(gate, numbers, *LIMITS[gate])
    return numbers


def _numbers(name: str, value: object, none_too: bool) -> list[float | None]:
    listed = isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim == 1)
    if not listed or not all((one is None and none_too) or _is_number(one) for one in value):
        alone = "" if name == "x" else "a number, None or "
        raise InputError(f"{name} must be {alone}a list of numbers, but {describe(value)} came")
    return [None if one is None else float(one) for one in value]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def _require_between(name: str, numbers: Sequence[float | None], low: float, high: float) -> None:
    for t, one in enumerate(numbers, start=1):
        if one is not None and not low <= one <= high:  # NaN is between nothing
            raise InputError(f"{name} must lie from {low:g} to {high:g}, but it is {one:g} at step {t}")
