"""The Gate lab: one LSTM unit whose gates are computed by the cell or held by the reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from rnncourse.analysis import gates
from rnncourse.arguments import (
    require_array,
    require_choice,
    require_count,
    require_length,
    require_number,
    require_shape,
    require_that,
)
from rnncourse.data.encoding import Vocabulary
from rnncourse.errors import InputError, describe
from rnncourse.in_both.cells import Cell, check_gated_step
from rnncourse.in_numpy.layers import LSTM
from rnncourse.notation import colour
from rnncourse.viz._lstm_cell import written
from rnncourse.viz._show import figure_html
from rnncourse.widgets._fallback import Setting, read_front_end
from rnncourse.widgets._gate_picture import picture
from rnncourse.widgets._network_tab import NetworkTab
from rnncourse.widgets._writing_net import Net

GATES = ("i", "f", "g", "o")  # in the order of the blocks of W_x, W_h and b
LIMITS = {"i": (0.0, 1.0), "f": (0.0, 1.0), "g": (-1.0, 1.0), "o": (0.0, 1.0)}
INPUT_LIMIT = 2.0
WEIGHT_LIMIT = 100.0
SHORTEST, LONGEST = 2, 50

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
        "One number is written onto the belt. Which steps can see it in h, and which gate decides that?",
        _NOISE,
        i=_AT_FIRST,
        f=_OPEN,
        o=(0.0,) * 7 + (1.0,),
    ),
    "forget": Preset(
        "Forget",
        "A number is written and kept, and then it is gone. When, and through which gate?",
        _NOISE,
        i=_AT_FIRST,
        f=(1.0,) * 4 + (0.0,) + (1.0,) * 3,
        o=_OPEN,
    ),
    "count": Preset(
        "Count",
        "The input sends pulses. Watch c, and ask why h cannot follow.",
        (1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0),
        i=_OPEN,
        f=_OPEN,
        o=_OPEN,
    ),
    "latch": Preset(
        "Latch",
        "The belt always carries one of the inputs. Which one, and when does it change?",
        _SET,
        i=tuple(abs(one) for one in _SET),
        f=tuple(1.0 - abs(one) for one in _SET),
        o=_OPEN,
    ),
}


@dataclass(frozen=True)
class Mission:
    """A task: what to reach, and the settings with which it starts."""

    title: str
    goal: str
    start: Preset


GATE_MISSIONS: dict[str, Mission] = {
    "remember": Mission(
        "Remember",
        "Write the first input onto the belt, and let nothing that comes later disturb it: |c₁| is at least 0.5, "
        "and c₈ within 0.05 of c₁.",
        Preset("", "", _NOISE),
    ),
    "forget": Mission(
        "Forget",
        "Two numbers are written onto the belt. Keep the first one until the second arrives; from then on the belt "
        "carries the second alone. Change one gate at one step.",
        Preset("", "", _NOISE, i=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0), f=_OPEN, o=_OPEN),
    ),
    "count": Mission(
        "Count in halves",
        "Now c grows by about 1 with each pulse. Make it grow by a half: c₈ is 2, and h may be anything.",
        GATE_PRESETS["count"],
    ),
    "latch": Mission(
        "Latch",
        "Now the belt adds everything up. Make it always carry the latest input that was not 0, and nothing else.",
        Preset("", "", _SET, i=_OPEN, f=_OPEN, o=_OPEN),
    ),
    "keep": Mission(
        "Keep 93 %",
        "Over the seven steps from c₁ to c₈ almost half of the number is lost. Lose 7 % of it: 93 % survives.",
        Preset("", "", _NOISE, i=_AT_FIRST, f=(0.9,) * 8, o=_OPEN),
    ),
    "gradient": Mission(
        "Fifty steps",
        "Nothing is held, and nothing may be. Change the cell itself so that at least half of the gradient of c₅₀ "
        "makes it back to c₁.",
        Preset("", "", (_NOISE * 7)[:50], *[(None,) * 50] * 4),
    ),
}

# One unit that a reader can follow: a large x opens the input gate, and what is shown helps to keep it.
GATE_WEIGHTS: dict[str, np.ndarray] = {
    "W_x": np.array([[4.0, 0.0, 3.0, 0.0]]),
    "W_h": np.array([[-1.0, 1.0, 0.0, 1.0]]),
    "b": np.array([-2.0, 2.0, 0.0, 1.0]),
}


def mission_met(
    mission: str,
    x: Sequence[float],
    held: Mapping[str, Sequence[float | None]],
    run: Mapping[str, np.ndarray],
) -> bool:
    """Return whether a run of run_gates, with its inputs and held gates, reaches the goal of a mission."""
    if len(x) != len(GATE_MISSIONS[mission].start.x):
        return False
    return bool(_GOALS[mission](np.array(x), held, run))


def _remembers(x: np.ndarray, held: Mapping, run: Mapping[str, np.ndarray]) -> bool:
    return np.array_equal(x, _NOISE) and abs(run["c"][0]) >= 0.5 and abs(run["c"][-1] - run["c"][0]) <= 0.05


def _forgets(x: np.ndarray, held: Mapping, run: Mapping[str, np.ndarray]) -> bool:
    c, written_at = run["c"], 4
    first, second = run["g"][0], run["g"][written_at]
    kept = np.abs(c[:written_at] - first).max() <= 0.01 and abs(first) >= 0.5
    alone = np.abs(c[written_at:] - second).max() <= 0.01 and abs(second) >= 0.5
    start = GATE_MISSIONS["forget"].start.holds()
    changed = sum(a != b for gate in GATES for a, b in zip(held[gate], start[gate], strict=True))
    return np.array_equal(x, _NOISE) and kept and alone and changed == 1


def _counts_in_halves(x: np.ndarray, held: Mapping, run: Mapping[str, np.ndarray]) -> bool:
    return np.array_equal(x, GATE_PRESETS["count"].x) and np.abs(run["c"] - 0.5 * np.cumsum(x)).max() <= 0.05


def _latches(x: np.ndarray, held: Mapping, run: Mapping[str, np.ndarray]) -> bool:
    latest = np.array([next((one for one in x[t::-1] if one), 0.0) for t in range(len(x))])
    return np.array_equal(x, _SET) and np.abs(run["c"] - latest).max() <= 0.05


def _keeps(x: np.ndarray, held: Mapping, run: Mapping[str, np.ndarray]) -> bool:
    return abs(run["c"][0]) >= 0.5 and abs(run["c"][-1] / run["c"][0] - 0.93) <= 0.005


def _brings_the_gradient_home(x: np.ndarray, held: Mapping, run: Mapping[str, np.ndarray]) -> bool:
    free = all(one is None for gate in GATES for one in held[gate])
    return free and 0.5 <= abs(run["survives"][0]) <= 2


_GOALS = {
    "remember": _remembers,
    "forget": _forgets,
    "count": _counts_in_halves,
    "latch": _latches,
    "keep": _keeps,
    "gradient": _brings_the_gradient_home,
}


def gate_lab(
    preset: str = "cell",
    x: ArrayLike | None = None,
    weights: Mapping[str, np.ndarray] | None = None,
    *,
    network: Net | None = None,
    vocabulary: Vocabulary | None = None,
    prompt: str = "",
    unit: int = 0,
) -> GateLab:
    """Return the Gate lab: one LSTM unit over a short sequence, its gates computed or held.

    preset: cell, remember, forget, count or latch. x: 2 to 50 numbers from -2 to 2 in the place of the preset's
    sequence (8 where gates are held). weights: the parameters W_x (1, 4), W_h (1, 4), b (4,) of an in_numpy.LSTM(1, 1).
    network: a RecurrentNet with an LSTM, of either engine, that reads and scores the tokens of `vocabulary`. The lab
    copies it and opens at a second tab, in which the network writes on from `prompt` while one `unit` is held.
    Raises InputError for anything else.
    """
    return GateLab(preset, x, weights, network=network, vocabulary=vocabulary, prompt=prompt, unit=unit)


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


def rnn_survives(x: Sequence[float], w_h: float) -> np.ndarray:
    """Return dh_T/dh_t (T,) of the vanilla RNN h_t = tanh(x_t + w_h h_{t-1}) on the same inputs, from h_0 = 0."""
    h, kept = 0.0, []
    for x_t in x:
        h = np.tanh(x_t + w_h * h)
        kept.append(w_h * (1 - h**2))
    later = np.array([*kept[1:], 1.0])
    return np.cumprod(later[::-1])[::-1]


def _gate(gate: str) -> property:
    """Return the property of a gate: read what is on screen, set what is held."""

    def read(lab: GateLab) -> np.ndarray:
        return lab.run()[gate]

    def write(lab: GateLab, value: object) -> None:
        lab.holds = lab.holds | {gate: _held_at(gate, value, lab.T, lab.holds[gate][lab.T :])}

    return property(read, write, doc=f"{gate} (T,) on screen; set a number, T numbers or None to hold it.")


def _state(name: str) -> property:
    return property(lambda lab: lab.run()[name], doc=f"{name} (T,) on screen.")


class GateLab(NetworkTab):
    """One LSTM unit over a short sequence: f, i, g and o are computed by the cell or held by the reader.

    `lab.f`, `lab.i`, `lab.g`, `lab.o`, `lab.x`, `lab.c`, `lab.h` and `lab.survives` are what is on screen, arrays
    (T,). Setting a gate holds it: a number holds all steps, a list holds each step at its own value and leaves it to
    the cell where the list has None, and None lets go of all. `lab.x`, `lab.T` (2 to 50), `lab.step` (1 to T),
    `lab.weights`, `lab.w_hh` (of the vanilla RNN beside it, whose gradients are `lab.rnn_survives`) and `lab.preset`
    can be set, too. `lab.start("latch")` begins a mission, and `lab.missions` says which ones have been
    accomplished. What cannot be shown raises InputError, and nothing changes.

    A lab with a network has a second tab (`lab.tab`, "cell" or "network"), with settings of its own: `lab.prompt`,
    `lab.seed`, `lab.unit`, `lab.unit_holds` (such as {"f": 1, "i": 0}: from the end of the prompt on, the unit keeps
    what it has) and `lab.character`, the place that is looked at. `lab.text` is what the network writes with them,
    `lab.free_text` what it writes when left alone, and `lab.unit_trace` the unit's i, f, g, o, c and h on the way.

    Everything is computed in the browser, so the lab also answers in a saved page; Python computes the same from
    the settings that both share.
    """

    _esm = read_front_end(
        "panel.js",
        "vendor/d3.js",
        "activations.js",
        "gate_math.js",
        "gate_diagram.js",
        "gate_timeline.js",
        "gate_cell.js",
        "writer_math.js",
        "writing.js",
        "gate_network.js",
        "gate_lab.js",
    )
    _css = read_front_end("theme.css", "gate_lab.css")

    # Inputs and held gates are stored for LONGEST steps: what lies beyond T comes back when T grows again.
    inputs = Setting(lambda lab, value: _checked_inputs(value, LONGEST))
    holds = Setting(lambda lab, value: _checked_holds(value))
    steps = Setting(lambda lab, value: require_count("T", value, SHORTEST, LONGEST), 8)
    step = Setting(lambda lab, value: require_count("step", value, most=lab.steps), 1)
    parameters = Setting(lambda lab, value: _checked_parameters(value))
    w_hh = Setting(lambda lab, value: _checked_weight("w_hh", value), 0.9)
    mission = Setting(lambda lab, value: _checked_mission(value), "")
    done = Setting(lambda lab, value: [_checked_mission(one) for one in value], [])
    everywhere = traitlets.Bool(True).tag(sync=True, echo_update=False)  # a slider moves all steps
    backward = traitlets.Bool(False).tag(sync=True, echo_update=False)  # the gradient's way home is on screen
    fixed = traitlets.Dict().tag(sync=True)

    i, f, g, o = (_gate(gate) for gate in GATES)
    c, h, survives = (_state(name) for name in ("c", "h", "survives"))

    def __init__(
        self,
        preset: str = "cell",
        x: ArrayLike | None = None,
        weights: Mapping[str, np.ndarray] | None = None,
        *,
        network: Net | None = None,
        vocabulary: Vocabulary | None = None,
        prompt: str = "",
        unit: int = 0,
    ):
        chosen = GATE_PRESETS[require_choice("preset", preset, tuple(GATE_PRESETS))]
        p = _checked_weights(GATE_WEIGHTS if weights is None else weights)
        if network is None and (vocabulary is not None or prompt or unit):
            raise InputError("vocabulary, prompt and unit belong to a network, but network is None")
        inputs = list(chosen.x) if x is None else _checked_inputs(x)
        if preset != "cell":
            require_length("x", inputs, len(chosen.x), f"for the preset {preset}")
        super().__init__(
            inputs=_padded(inputs, 0.0),
            holds=_stored(chosen),
            steps=len(inputs),
            parameters=_by_gate(p),
            fixed=_fixed(),
            **({} if network is None else self._with_network(network, vocabulary, prompt, unit)),
        )
        self.observe(self._note_mission, ["inputs", "holds", "steps", "parameters", "mission"])
        self.observe(self._stay_inside, ["steps", "step"])

    @property
    def T(self) -> int:
        """The number of steps; can be set."""
        return self.steps

    @T.setter
    def T(self, value: int) -> None:
        self.steps = value

    @property
    def x(self) -> np.ndarray:
        """The inputs (T,); can be set."""
        return np.array(self.inputs[: self.T], dtype=float)

    @x.setter
    def x(self, value: ArrayLike) -> None:
        self.inputs = _checked_inputs(value, self.T) + self.inputs[self.T :]

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """The parameters W_x (1, 4), W_h (1, 4) and b (4,); can be set."""
        W_x, W_h, b = np.array([self.parameters[gate] for gate in GATES]).T
        return {"W_x": W_x[None], "W_h": W_h[None], "b": b}

    @weights.setter
    def weights(self, value: Mapping[str, np.ndarray]) -> None:
        self.parameters = _by_gate(_checked_weights(value))

    @property
    def rnn_survives(self) -> np.ndarray:
        """What survives (T,) of the gradient in the vanilla RNN that reads the same inputs."""
        return rnn_survives(self.x, self.w_hh)

    @property
    def missions(self) -> dict[str, bool]:
        """The missions by name, and whether each has been accomplished."""
        return {name: name in self.done for name in GATE_MISSIONS}

    def start(self, mission: str) -> None:
        """Begin a mission: the lab takes its settings, and ticks it off once its goal is reached."""
        start = GATE_MISSIONS[require_choice("mission", mission, tuple(GATE_MISSIONS))].start
        self._take(start, mission=mission, parameters=_by_gate(GATE_WEIGHTS))

    def _take(self, start: Preset, **more: object) -> None:
        with self.hold_sync(), self.hold_trait_notifications():  # the browser gets all at once
            self.inputs, self.holds = _padded(list(start.x), 0.0), _stored(start)
            self.steps, self.step = len(start.x), 1
            for name, value in more.items():
                setattr(self, name, value)

    def _note_mission(self, change: object) -> None:
        name = self.mission
        if name and name not in self.done and mission_met(name, self.x, self._held_now(), self.run()):
            self.done = [*self.done, name]

    def _stay_inside(self, change: object) -> None:
        self.step = min(self.step, self.steps)

    def _held_now(self) -> dict[str, list[float | None]]:
        return {gate: self.holds[gate][: self.T] for gate in GATES}

    @property
    def held(self) -> dict[str, np.ndarray]:
        """Where each gate is held: gate -> booleans (T,)."""
        return {gate: np.array([one is not None for one in held]) for gate, held in self._held_now().items()}

    @property
    def preset(self) -> str | None:
        """The preset that is on screen, None once anything of it was changed; can be set."""
        for name, preset in GATE_PRESETS.items():
            if (self.x.tolist(), self._held_now()) == (list(preset.x), preset.holds()):
                return name
        return None

    @preset.setter
    def preset(self, name: str) -> None:
        self._take(GATE_PRESETS[require_choice("preset", name, tuple(GATE_PRESETS))], mission="")

    def run(self) -> dict[str, np.ndarray]:
        """Return everything that is on screen: i, f, g, o, c, h and survives, each (T,)."""
        return run_gates(self.x, self._held_now(), self.weights)

    def __repr__(self) -> str:
        if self.tab == "network":
            return f"GateLab({self._network_caption()})"
        return f"GateLab({self.preset or 'own settings'}, T={self.T}, step={self.step})"

    def static_html(self) -> str:
        """Return a picture of the belt, the gates and the numbers, step by step, or what the network writes."""
        if self.tab == "network":
            return self._network_html()
        drawn = picture(self.run() | {"x": self.x}, self.held)
        about = f"The Gate lab. {self._caption()} {self._in_words()}"
        line = (
            "Gate lab. Open and close the gates of an LSTM cell and watch what the belt keeps, "
            "send a gradient back, and accomplish six missions."
        )
        return figure_html(drawn, alt=about, caption=line)

    def _in_words(self) -> str:
        """Return the states over time as a sentence."""
        run = self.run()
        lists = (f"{name}: {', '.join(written(float(one)) for one in run[name])}" for name in ("c", "h"))
        return f"Over {self.T} steps {'; '.join(lists)}."

    def static_text(self) -> str:
        """Return all numbers as a table in plain text, one column per step; or what its network writes."""
        if self.tab == "network":
            return self._network_text()
        table = [("step t", [str(t) for t in range(1, self.T + 1)]), *self._rows()]
        lines = [name.ljust(12) + "".join(value.rjust(8) for value in values) for name, values in table]
        return "\n".join([f"Gate lab: {self._caption()}", *lines])

    def invitation(self) -> str:
        """Return one line that says what you get by running the cell."""
        if self.tab == "network":
            return "Run this cell (Shift + Enter) to hold a unit here while the network writes."
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


def _padded(values: list, beyond: object) -> list:
    """Return the values for LONGEST steps."""
    return values + [beyond] * (LONGEST - len(values))


def _stored(preset: Preset) -> dict[str, list[float | None]]:
    """Return what a preset holds, for LONGEST steps: beyond its last step each gate goes on as it was there."""
    return {gate: _padded(values, values[-1]) for gate, values in preset.holds().items()}


def _by_gate(p: Mapping[str, np.ndarray]) -> dict[str, list[float]]:
    """Return the parameters as the front end takes them: gate -> [of x, of h, bias]."""
    W_x, W_h, b = (np.ravel(p[name]) for name in ("W_x", "W_h", "b"))
    return {gate: [float(W_x[k]), float(W_h[k]), float(b[k])] for k, gate in enumerate(GATES)}


def _fixed() -> dict[str, Any]:
    """Return what the front end needs once: presets, missions, limits, colors and the weights to begin with."""
    return {
        "presets": [
            {"name": name, "title": one.title, "says": one.says, "x": list(one.x), "holds": one.holds()}
            for name, one in GATE_PRESETS.items()
        ],
        "missions": [
            {
                "name": name,
                "title": one.title,
                "goal": one.goal,
                "x": list(one.start.x),
                "holds": one.start.holds(),
            }
            for name, one in GATE_MISSIONS.items()
        ],
        "weights": _by_gate(GATE_WEIGHTS),
        "longest": LONGEST,
        "limits": {gate: list(limits) for gate, limits in LIMITS.items()}
        | {"x": [-INPUT_LIMIT, INPUT_LIMIT]},
        "colours": {name: colour(f"{name}_t") for name in ("x", "f", "i", "g", "o", "c", "h")},
    }


def _checked_weights(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the parameters of one unit as float64; raise InputError for those of another layer."""
    require_that("weights", weights, isinstance(weights, Mapping), "the params of an LSTM(1, 1)")
    p = {name: require_array(f"weights[{name!r}]", array) for name, array in weights.items()}
    one = np.zeros((1, 1))
    check_gated_step(one, one, p, blocks=4)
    require_shape("weights['b']", p["b"], (4,))
    return {name: p[name].astype(np.float64) for name in ("W_x", "W_h", "b")}


def _checked_inputs(value: object, T: int | None = None) -> list[float]:
    """Return the inputs as a list of T numbers, each one the sliders can show."""
    numbers = _numbers("x", value, none_too=False)
    wanted = f"{T} numbers" if T else f"{SHORTEST} to {LONGEST} numbers"
    if len(numbers) != T if T else not SHORTEST <= len(numbers) <= LONGEST:
        raise InputError(f"x must hold {wanted}, but got {len(numbers)}")
    _require_between("x", numbers, -INPUT_LIMIT, INPUT_LIMIT)
    return numbers


def _checked_holds(value: object) -> dict[str, list[float | None]]:
    """Return what each gate is held at, gate -> LONGEST numbers or None."""
    _require_all_gates("holds", value)
    return {gate: _held_at(gate, value[gate], LONGEST, []) for gate in GATES}


def _require_all_gates(name: str, value: object) -> None:
    whole = isinstance(value, Mapping) and set(value) == set(GATES)
    require_that(name, value, whole, "a dict with the keys i, f, g and o")


def _checked_mission(value: object) -> str:
    return value if value == "" else require_choice("mission", value, tuple(GATE_MISSIONS))


def _checked_parameters(value: object) -> dict[str, list[float]]:
    """Return the parameters as gate -> [of x, of h, bias]."""
    _require_all_gates("parameters", value)
    for gate, three in value.items():
        fits = isinstance(three, (list, tuple)) and len(three) == 3
        require_that(f"parameters[{gate!r}]", three, fits, "the weights of x and h, and the bias")
    return {gate: [_checked_weight(f"parameters[{gate!r}]", one) for one in value[gate]] for gate in GATES}


def _checked_weight(name: str, value: object) -> float:
    return require_number(name, value, least=-WEIGHT_LIMIT, most=WEIGHT_LIMIT)


def _held_at(gate: str, value: object, T: int, beyond: list[float | None]) -> list[float | None]:
    """Return what a gate is held at for LONGEST steps: a list counts for T of them, a number or None for all."""
    if value is None or _is_number(value):
        numbers, beyond = [None if value is None else float(value)] * LONGEST, []
    else:
        numbers = _numbers(gate, value, none_too=True)
        if len(numbers) != T:
            raise InputError(
                f"{gate} must be a number, None or a list of T = {T} of them, but got a list of {len(numbers)}"
            )
    _require_between(gate, numbers, *LIMITS[gate])
    return numbers + beyond


def _numbers(name: str, value: object, none_too: bool) -> list[float | None]:
    listed = isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim == 1)
    if not listed or not all((one is None and none_too) or _is_number(one) for one in value):
        alone = "" if name == "x" else "a number, None or "
        raise InputError(f"{name} must be {alone}a list of numbers, but got {describe(value)}")
    return [None if one is None else float(one) for one in value]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def _require_between(name: str, numbers: Sequence[float | None], low: float, high: float) -> None:
    for t, one in enumerate(numbers, start=1):
        if one is not None and not low <= one <= high:  # NaN is between nothing
            raise InputError(f"{name} must lie from {low:g} to {high:g}, but it is {one:g} at step {t}")
