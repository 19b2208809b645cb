"""The Gradient lab: choose a cell and its initialization, and see whether a gradient survives its way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import traitlets

from rnncourse.analysis.gradient_flow import INITS, INPUTS, GradientFlow, gradient_flow
from rnncourse.arguments import require_choice, require_count, require_number
from rnncourse.errors import InputError, describe
from rnncourse.notation import colour
from rnncourse.viz._flow import DECADES, HALF_ULP, SURVIVAL_STOPS
from rnncourse.viz._show import figure_html
from rnncourse.widgets._fallback import ReadableWidget, Setting, read_front_end
from rnncourse.widgets._gradient_picture import picture

# so that a browser draws a change within a frame; it multiplies four columns at a time
UNITS, MOST_UNITS, UNITS_AT_ONCE = 32, 64, 4
CELLS = {
    "sigmoid": "RNN with sigmoid",
    "tanh": "RNN with tanh",
    "relu": "RNN with ReLU",
    "leaky_relu": "RNN with leaky ReLU",
    "lstm": "LSTM",
}
STARTS = {
    "uniform": "uniform ±1/√H",
    "glorot": "Glorot",
    "orthogonal": "orthogonal",
    "identity": "identity",
}
STREAMS = {"noise": "noise", "pulse": "pulse, then silence"}
RANGES = {  # of the sliders: first, last, step
    "scale": (0.1, 3.0, 0.05),
    "T": (5, 200, 5),
    "seed": (0, 99, 1),
    "forget_bias": (-2.0, 6.0, 0.5),
}
DIES, EXPLODES = -3.0, 3.0  # log10 of what is left after all steps
LEFT = 1e-3
TASKS = ("read", "tanh", "sigmoid", "relu", "identity", "lstm")


def gradient_lab(
    cell: str = "tanh",
    init: str = "uniform",
    scale: float = 1.0,
    T: int = 100,
    seed: int = 0,
    forget_bias: float = 0.0,
    inputs: str = "noise",
    H: int = UNITS,
) -> GradientLab:
    """Return the Gradient lab, set to an untrained layer of H units over T steps.

    cell: sigmoid, tanh, relu, leaky_relu or lstm; the other arguments are those of analysis.gradient_flow.
    Raises InputError for other choices, and for numbers outside the sliders: scale 0.1 … 3, T 5 … 200,
    seed 0 … 99, forget_bias -2 … 6, H a multiple of 4 up to 64.
    """
    settings = {"cell": cell, "init": init, "scale": scale, "T": T, "seed": seed}
    return GradientLab(H=H, forget_bias=forget_bias, inputs=inputs, **settings)


def _setting(name: str) -> Setting:
    return Setting(lambda _, value: _checked(name, value))


class GradientLab(ReadableWidget):
    """Controls, a heat map of |∂L/∂h_t|, the curve of ‖∂h_T/∂h_t‖ (for an LSTM c in the place of h), and W_hh alone.

    Every setting can be read and set from Python; `flow` is the GradientFlow on screen, and `step`, 0 to T, the step
    that is looked at. `keep()` leaves the curve of now in the picture for comparison, `drop()` takes it out; `kept` has
    its settings, or None. `lab.tasks` tells which of the lab's tasks are done.

    Everything is computed in the browser, with NumPy's own draws: a seed means there what it means here.
    """

    _esm = read_front_end(
        "panel.js",
        "vendor/d3.js",
        "vendor/ml_matrix.js",
        "vendor/ziggurat.js",
        "numpy_random.js",
        "gradient_math.js",
        "gradient_chart.js",
        "gradient_planes.js",
        "gradient_lab.js",
    )
    _css = read_front_end("theme.css", "gradient_lab.css")

    _settings = ("cell", "init", "scale", "T", "seed", "forget_bias", "inputs")

    cell = _setting("cell")
    init = _setting("init")
    scale = _setting("scale")
    T = _setting("T")
    seed = _setting("seed")
    forget_bias = _setting("forget_bias")
    inputs = _setting("inputs")
    step = Setting(lambda lab, value: require_count("step", value, least=0, most=lab.T), 0)
    kept = Setting(lambda lab, value: _checked_kept(value, lab._settings), None)
    done = traitlets.List(traitlets.Unicode()).tag(sync=True)
    fixed = traitlets.Dict().tag(sync=True)

    def __init__(self, *, H: int = UNITS, **settings: Any):
        self.H = _checked_units(H)
        checked = {name: _checked(name, value) for name, value in settings.items()}
        super().__init__(**checked, step=checked["T"], fixed=_fixed(self.H, checked))
        self.observe(self._look_at_the_end, names="T")

    def _look_at_the_end(self, change: traitlets.Bunch) -> None:
        """The gradient starts at the last step, which T decides."""
        self.step = change.new

    @property
    def flow(self) -> GradientFlow:
        """The GradientFlow on screen."""
        return gradient_flow(**self._settings_now(), H=self.H)

    @property
    def tasks(self) -> dict[str, bool]:
        """The lab's tasks by name, and whether each is done."""
        return {name: name in self.done for name in TASKS}

    def _settings_now(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._settings}

    def keep(self) -> None:
        """Leave the curve that is on screen in the picture, for comparison with what comes."""
        self.kept = self._settings_now()

    def drop(self) -> None:
        """Take the kept curve out of the picture."""
        self.kept = None

    def __repr__(self) -> str:
        return f"GradientLab({_title(self.flow)}, T={self.T}, seed={self.seed})"

    def static_html(self) -> str:
        """Return a picture of the lab: the heat map and the curve of its setting."""
        flow = self.flow
        line = (
            f"{_title(flow)}, {self.H} units, T = {self.T}: what is left of a gradient on its way back. Change the "
            "cell and its weights, and watch the gradient die, survive or explode."
        )
        return figure_html(picture(flow, verdict(flow)), alt=self.static_text(), caption=line)

    def static_text(self) -> str:
        """Return what the lab shows in words."""
        flow = self.flow
        said = " ".join(f"{name}: {value}." for name, value in numbers(flow))
        return f"Gradient lab: {_title(flow)}, {self.H} units. {verdict(flow)} {said}"

    def invitation(self) -> str:
        """Return one line that says what you get by running the cell."""
        return "Run this cell (Shift + Enter) to change the settings here and see the gradient live or die."


def numbers(flow: GradientFlow) -> list[tuple[str, str]]:
    """Return the numbers that the lab writes as (name, value), both as text."""
    reach = flow.reach(LEFT)
    if flow.W_hh is None:
        inner = [("Mean of the forget gate f_t", f"{flow.mean_forget:.2f}")]
    else:
        inner = [
            ("Spectral radius of W_hh", f"{flow.spectral_radius:.2f}"),
            ("Largest singular value of W_hh", f"{np.linalg.norm(flow.W_hh, 2):.2f}"),
        ]
    return [
        ("Factor per step", f"{flow.factor:.2f}"),
        ("Below 1/1000 after", "never" if reach is None else f"{reach} step{'s' if reach > 1 else ''}"),
        *inner,
        ("Dead units", f"{flow.dead_units.sum()} of {flow.H}"),
    ]


def fate(flow: GradientFlow) -> str:
    """Return "dies", "survives" or "explodes", by what is left after all steps."""
    last = flow.log10_norms[-1]
    return "dies" if last < DIES else "explodes" if last > EXPLODES else "survives"


def verdict(flow: GradientFlow) -> str:
    """Return in one sentence what becomes of the gradient."""
    last = flow.log10_norms[-1]
    if np.isinf(last):
        lag = int(np.flatnonzero(np.isinf(flow.log10_norms))[0])
        return f"The gradient dies: {lag} steps back, it is exactly 0."
    left = power_text(last)
    says = f"{left} of it is left" if last < 0 else f"it is {left} times as long"
    return f"The gradient {fate(flow)}: {flow.T} steps back, {says}."


def power_text(log10_value: float) -> str:
    """Return a number from its logarithm, such as 0.62, 3.4e-12 or 7.1e-480; two digits."""
    if np.isinf(log10_value):
        return "0"
    if -2 <= log10_value < 3:
        value = 10**log10_value
        return f"{value:.2g}" if value < 99.5 else f"{value:.0f}"  # .2g would write 99.5 as 1e+02
    exponent = int(np.floor(log10_value))
    mantissa = round(10 ** (log10_value - exponent), 1)
    if mantissa == 10:
        mantissa, exponent = 1.0, exponent + 1
    return f"{mantissa:.1f}e{exponent:+03d}"


def _title(flow: GradientFlow) -> str:
    """Return the flow's title with the cell as it is written in prose."""
    cell, rest = flow.title.split(", ", 1)
    return f"{CELLS[cell]}, {rest}"


def _fixed(H: int, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the front end needs once: choices, ranges, the settings to begin with, tasks and colors."""
    return {
        "units": H,
        "choices": {"cell": CELLS, "init": STARTS, "inputs": STREAMS},
        "ranges": RANGES,
        "start": dict(settings),
        "tasks": list(TASKS),
        "stops": [list(stop) for stop in SURVIVAL_STOPS],
        "decades": DECADES,
        "rounding": float(np.log10(HALF_ULP)),
        "colours": {"h": colour("h_t"), "f": colour("f_t")},
    }


def _checked(name: str, value: object) -> Any:
    """Return a setting if the lab's controls have it; raise InputError otherwise."""
    return _CHECKS[name](value)


def _checked_kept(value: object, names: tuple[str, ...]) -> dict[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or set(value) != set(names):
        raise InputError(f"kept must be None or a dict with {', '.join(names)}, but got {describe(value)}")
    return {name: _checked(name, value[name]) for name in names}


def _checked_units(H: object) -> int:
    units = require_count("H", H, least=UNITS_AT_ONCE, most=MOST_UNITS)
    if units % UNITS_AT_ONCE:
        raise InputError(f"H must be a multiple of {UNITS_AT_ONCE}, but got {units}")
    return units


def _between(name: str, require: Callable) -> Callable[[object], Any]:
    first, last, _ = RANGES[name]
    return lambda value: require(name, value, least=first, most=last)


_CHECKS: dict[str, Callable[[object], Any]] = {
    "cell": lambda value: require_choice("cell", value, tuple(CELLS)),
    "init": lambda value: require_choice("init", value, INITS),
    "inputs": lambda value: require_choice("inputs", value, INPUTS),
    "scale": _between("scale", require_number),
    "forget_bias": _between("forget_bias", require_number),
    "T": _between("T", require_count),
    "seed": _between("seed", require_count),
}
