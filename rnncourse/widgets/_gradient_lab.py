"""The Gradient lab: choose a cell and its start, and see whether a gradient survives its way back."""

from __future__ import annotations

import html
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import traitlets

from rnncourse.analysis.gradient_flow import INITS, INPUTS, GradientFlow, gradient_flow
from rnncourse.arguments import require_choice, require_count, require_number
from rnncourse.viz._flow import DECADES, HALF_ULP, gradient_levels, palette
from rnncourse.widgets._fallback import ReadableWidget, Setting, read_front_end

# so that the lab answers at once
MOST_UNITS = 128
CELLS = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU", "leaky_relu": "leaky ReLU", "lstm": "LSTM"}
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
REMEMBERED = 64  # flows, about 0.1 MB each: the one on screen is often a neighbor of the one before

# What the stand-in shows: settings without chaos, so that the numbers are the same on every computer.
SHOWN = (
    {"cell": "sigmoid"},
    {"cell": "tanh"},
    {"cell": "relu"},
    {"cell": "leaky_relu"},
    {"cell": "tanh", "init": "orthogonal"},
    {"cell": "relu", "init": "identity", "inputs": "pulse"},
    {"cell": "lstm"},
    {"cell": "lstm", "forget_bias": 3.0},
)


def gradient_lab(
    cell: str = "tanh",
    init: str = "uniform",
    scale: float = 1.0,
    T: int = 100,
    seed: int = 0,
    forget_bias: float = 0.0,
    inputs: str = "noise",
    H: int = 64,
) -> GradientLab:
    """Return the Gradient lab, set to an untrained layer of H units over T steps.

    cell: sigmoid, tanh, relu, leaky_relu or lstm; the other arguments are those of analysis.gradient_flow.
    Raises InputError for other choices, and for numbers outside the sliders: scale 0.1 … 3, T 5 … 200,
    seed 0 … 99, forget_bias -2 … 6, H up to 128.
    """
    settings = {"cell": cell, "init": init, "scale": scale, "T": T, "seed": seed}
    return GradientLab(H=H, forget_bias=forget_bias, inputs=inputs, **settings)


def _setting(name: str) -> Setting:
    return Setting(lambda _, value: _checked(name, value))


class GradientLab(ReadableWidget):
    """Controls, a heat map of |∂L/∂h_t| and the curve of ‖∂h_T/∂h_t‖; for an LSTM c in the place of h.

    Every setting can be read and set from Python; `flow` is the GradientFlow on screen. `keep()` leaves the
    curve of now in the picture for comparison, `kept` is None again after `drop()`.

    The lab thinks ahead: after each picture it sends those that are one press further and one press back on the
    control in hand, so that the next press is answered in the browser, without waiting for the kernel.
    """

    _esm = read_front_end("panel.js", "gradient_lab.js")
    _css = read_front_end("theme.css", "gradient_lab.css")

    works_without_kernel = traitlets.Bool(False).tag(sync=True)

    _settings = ("cell", "init", "scale", "T", "seed", "forget_bias", "inputs")

    cell = _setting("cell")
    init = _setting("init")
    scale = _setting("scale")
    T = _setting("T")
    seed = _setting("seed")
    forget_bias = _setting("forget_bias")
    inputs = _setting("inputs")
    kept = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    view = traitlets.Dict().tag(sync=True)
    ahead = traitlets.List().tag(sync=True)
    in_hand = traitlets.Enum(_settings, default_value="scale").tag(sync=True)  # the control with the focus
    fixed = traitlets.Dict().tag(sync=True)

    def __init__(self, *, H: int = 64, **settings: Any):
        self.H = require_count("H", H, most=MOST_UNITS)
        checked = {name: _checked(name, value) for name, value in settings.items()}
        self.flow = _flow(H, **checked)
        super().__init__(view=picture(self.flow, checked), fixed=_fixed(), **checked)
        self.observe(self._redraw, names=list(self._settings))
        self.observe(self._think_ahead, names="in_hand")
        self._think_ahead()

    def _redraw(self, _: traitlets.Bunch) -> None:
        settings = self._settings_now()
        self.flow = _flow(self.H, **settings)
        self.view = picture(self.flow, settings)
        self._think_ahead()

    def _think_ahead(self, _: traitlets.Bunch | None = None) -> None:
        near = neighbours(self._settings_now(), self.in_hand)
        self.ahead = [picture(_flow(self.H, **settings), settings) for settings in near]

    def _settings_now(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._settings}

    def keep(self) -> None:
        """Leave the curve that is on screen in the picture, for comparison with what comes."""
        self.kept = {name: self.view[name] for name in ("title", "curve", "state")}

    def drop(self) -> None:
        """Take the kept curve out of the picture."""
        self.kept = None

    def __repr__(self) -> str:
        return f"GradientLab({self.flow.title}, T={self.T}, seed={self.seed})"

    def static_html(self) -> str:
        """Return a table of what the lab shows for some settings, its own first."""
        head = "".join(f"<th>{cell}</th>" for cell in _HEAD)
        rows = "".join(
            f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in self._rows()
        )
        return (
            f"<p><strong>Gradient lab</strong>: {html.escape(self._caption())}</p>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )

    def static_text(self) -> str:
        """Return the table of static_html as plain text."""
        table = [_HEAD, *self._rows()]
        widths = [max(len(row[k]) for row in table) for k in range(len(_HEAD))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in table
        ]
        return "\n".join([f"Gradient lab: {self._caption()}", *lines])

    def invitation(self) -> str:
        """Return one line that says what running the cell brings."""
        return "Run this cell (Shift + Enter) to change the settings here and see the gradient live or die."

    def _caption(self) -> str:
        return f"what is left of a gradient after T = {self.T} steps back, {self.H} units, untrained"

    def _rows(self) -> list[list[str]]:
        flows = [self.flow]
        for settings in SHOWN:
            flow = gradient_flow(T=self.T, seed=self.seed, H=self.H, **settings)
            if flow.title != self.flow.title:
                flows.append(flow)
        return [[_title(flow), *(value for _, _, value in numbers(flow))] for flow in flows]


_HEAD = [
    "setting",
    "factor a step",
    "left at the end",
    "1/1000 left after",
    "spectral radius or mean f",
    "dead units",
]


@lru_cache(maxsize=REMEMBERED)
def _flow(H: int, **settings: Any) -> GradientFlow:
    return gradient_flow(H=H, **settings)


def neighbours(settings: dict[str, Any], moved: str) -> list[dict[str, Any]]:
    """Return the settings one press further and one press back on the control `moved`, where it has them."""
    value = settings[moved]
    if moved in RANGES:
        first, last, step = RANGES[moved]
        near = [type(value)(round(value + way * step, 6)) for way in (1, -1)]  # as the slider writes them
        return [settings | {moved: one} for one in near if first <= one <= last]
    choices = list({"cell": CELLS, "init": STARTS, "inputs": STREAMS}[moved])
    place = choices.index(value)
    return [settings | {moved: choices[k]} for k in (place + 1, place - 1) if 0 <= k < len(choices)]


def picture(flow: GradientFlow, settings: dict[str, Any]) -> dict:
    """Return all that the front end draws and writes: the heat map, the curve, the numbers and words."""
    curve = [float(value) if np.isfinite(value) else None for value in flow.log10_norms[::-1].round(3)]
    return {
        "settings": settings,
        "title": _title(flow),
        "state": flow.state,
        "steps": flow.T,
        "units": flow.H,
        "levels": gradient_levels(flow.log10_gradients).tobytes(),  # (T+1, H): step by step
        "curve": curve,  # by step t = 0 … T, as the heat map's columns; None: exactly 0
        "numbers": [list(entry) for entry in numbers(flow)],
        "verdict": verdict(flow),
        "fate": fate(flow),
        "heard": _heard(flow),
    }


def numbers(flow: GradientFlow) -> list[tuple[str, str, str]]:
    """Return the numbers of the lab as (name, what it is as HTML, value as text)."""
    s = flow.state
    reach = flow.reach(LEFT)
    if flow.mean_forget is None:
        inner = ("radius", "spectral radius of <i>W</i><sub>hh</sub>", f"{flow.spectral_radius:.2f}")
    else:
        inner = ("forget", "mean forget gate <i>f</i><sub>t</sub>", f"{flow.mean_forget:.2f}")
    return [
        ("factor", "factor per step, on average", f"{flow.factor:.2f}"),
        (
            "left",
            f"‖∂<i>{s}</i><sub>{flow.T}</sub>/∂<i>{s}</i><sub>0</sub>‖, what is left",
            power_text(flow.log10_norms[-1]),
        ),
        ("reach", "less than 1/1000 is left after", f"{reach} steps" if reach else "never"),
        inner,
        ("dead", "dead units, slope always 0", f"{flow.dead_units.sum()} of {flow.H}"),
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


def _heard(flow: GradientFlow) -> str:
    """Return what a screen reader says once the settings rest."""
    said = {name: value for name, _, value in numbers(flow)}
    inner = f"Spectral radius {said['radius']}" if "radius" in said else f"Mean forget gate {said['forget']}"
    return f"{verdict(flow)} Factor per step {said['factor']}. {inner}. Dead units {said['dead']}."


def _fixed() -> dict:
    """Return what the front end needs once: the choices, the sliders' ranges and the colors."""
    return {
        "choices": {"cell": CELLS, "init": STARTS, "inputs": STREAMS},
        "ranges": RANGES,
        "palette": palette(),
        "decades": DECADES,
        "rounding": float(np.log10(HALF_ULP)),
    }


def _checked(name: str, value: object) -> Any:
    """Return a setting if the lab's controls have it; raise InputError otherwise."""
    return _CHECKS[name](value)


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
