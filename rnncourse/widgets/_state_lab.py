"""A vanilla RNN with two units, every number of which can be changed, and its state as a moving dot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import traitlets

from rnncourse.arguments import (
    require_count,
    require_items,
    require_list,
    require_number,
    require_numbers,
    require_shape,
    require_texts,
    require_that,
    require_within,
)
from rnncourse.errors import InputError, describe
from rnncourse.in_numpy import RNN, RecurrentNet, rnn_step
from rnncourse.notation import colour
from rnncourse.viz._diagrams import signed
from rnncourse.viz._show import figure_html
from rnncourse.widgets._fallback import ReadableWidget, Setting, read_front_end
from rnncourse.widgets._state_picture import picture

MOST_INPUTS, MOST_ANSWERS, LONGEST = 4, 4, 80
WEIGHT_LIMIT = 100.0
FURTHEST_TURN = 40.0  # degrees
NAMES = ("W_xh", "W_hh", "b_h")
TASKS = {"steps": ("steer", "forget"), "long run": ("caught", "pushed", "four")}


def state_lab(
    net: RNN | RecurrentNet,
    names: Sequence[str],
    inputs: Sequence[str | None],
    answers: Sequence[str] | None = None,
) -> StateLab:
    """Return a lab with an RNN of two units: step through it, change its numbers, and watch its state move.

    net: an RNN(D, 2) with tanh, or a RecurrentNet with one; its parameters are copied. names: D texts, what its
    one-hot inputs are called, and its answers. inputs: T names, or None for a row of zeros. answers: T names, the
    right answer at each step. Raises InputError for arguments that do not fit together.
    """
    return StateLab(net, names, inputs, answers)


def run_states(
    p: Mapping[str, np.ndarray], inputs: Sequence[int | None], notes: Sequence[Sequence[float] | None]
) -> np.ndarray:
    """Return h (T, 2) from h_0 = 0. inputs: an index or None; notes: None, or what replaces the state before a step."""
    h, states = np.zeros((1, 2)), []
    for k, note in zip(inputs, notes, strict=True):
        x_t = np.zeros((1, len(p["W_xh"])))
        if k is not None:
            x_t[0, k] = 1
        h = rnn_step(x_t, h if note is None else np.array([note], dtype=float), p)
        states.append(h[0])
    return np.array(states)


def turned_further(W: np.ndarray, degrees: float) -> np.ndarray:
    """Return W (2, 2) times a rotation by that many degrees, in the direction in which W turns."""
    angle = np.radians(degrees) * (-1 if W[0, 1] < W[1, 0] else 1)
    c, s = np.cos(angle), np.sin(angle)
    return W @ np.array([[c, s], [-s, c]])


class StateLab(ReadableWidget):
    """An RNN with two units, step by step: weights, inputs and states can be changed, and W_hh can be turned.

    `lab.params` are the parameters on screen, `lab.h` (T, 2) the states; `lab.turn` is by how many degrees W_hh is
    turned further, from -40 to 40, `lab.step` the step on screen, 1 to T; the last two can be set. `lab.inputs` and
    `lab.notes` hold what is read at each step, and what the reader has put in the place of the state before it.
    `lab.tasks` tells which of the lab's tasks are done. Everything is computed in the browser.
    """

    _esm = read_front_end("panel.js", "vendor/d3.js", "state_math.js", "state_plane.js", "state_lab.js")
    _css = read_front_end("theme.css", "state_lab.css")

    parameters = Setting(lambda lab, value: _checked_parameters(value, len(lab.names)))
    turn = Setting(
        lambda lab, value: require_number("turn", value, least=-FURTHEST_TURN, most=FURTHEST_TURN), 0.0
    )
    inputs = Setting(lambda lab, value: _checked_inputs(value, len(lab.names), lab.T))
    notes = Setting(lambda lab, value: _checked_notes(value, lab.T))
    step = Setting(lambda lab, value: require_count("step", value, most=lab.T), 1)
    done = traitlets.List(traitlets.Unicode()).tag(sync=True)
    fixed = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        net: RNN | RecurrentNet,
        names: Sequence[str],
        inputs: Sequence[str | None],
        answers: Sequence[str] | None,
    ):
        layer = _readable_layer(net)
        self.names = require_texts("names", names, layer.D)
        indices = _indices("inputs", inputs, self.names)
        self.T = len(indices)
        readout = _readout(net, len(self.names)) if isinstance(net, RecurrentNet) else None
        right = None if answers is None else _right(answers, self.names, self.T, readout)
        start = {name: np.asarray(layer.params[name], dtype=float).tolist() for name in NAMES}
        self.kind = "steps" if right is None else "long run"
        super().__init__(
            parameters=start,
            inputs=indices,
            notes=[None] * self.T,
            fixed=self._fixed(start, readout, right),
        )

    def _fixed(self, start: dict, readout: dict | None, right: list[int] | None) -> dict[str, Any]:
        """Return what the front end needs once: names, the readout, the parameters to begin with, and colors."""
        return {
            "names": self.names,
            "readout": readout,
            "right": right,
            "start": start,
            "tasks": list(TASKS[self.kind]),
            "furthest": FURTHEST_TURN,
            "colours": {"x": colour("x_t"), "h": colour("h_t"), "a": colour("a_t")},
        }

    @property
    def params(self) -> dict[str, np.ndarray]:
        """The parameters on screen: W_xh (D, 2), W_hh (2, 2), turned as it is, and b_h (2,)."""
        p = {name: np.array(self.parameters[name]) for name in NAMES}
        return p | {"W_hh": turned_further(p["W_hh"], self.turn)}

    @property
    def h(self) -> np.ndarray:
        """The states (T, 2) on screen."""
        return run_states(self.params, self.inputs, self.notes)

    @property
    def tasks(self) -> dict[str, bool]:
        """The lab's tasks by name, and whether each is done."""
        return {name: name in self.done for name in TASKS[self.kind]}

    def __repr__(self) -> str:
        return f"StateLab(T={self.T}, step={self.step}, turn={self.turn:g})"

    def static_html(self) -> str:
        """Return a picture of the lab: the states as dots in the plane, and the numbers of a step."""
        labels = [None if k is None else self.names[k] for k in self.inputs]
        drawn = picture(self.params, labels, self.h, self.fixed["readout"], self.names)
        line = (
            "A state on the move. Change the weights, the inputs or the state itself, turn the matrix W_hh, "
            "and watch where the state goes."
        )
        return figure_html(drawn, alt=self.static_text(), caption=line)

    def static_text(self) -> str:
        """Return the first states as a sentence."""
        first = [
            f"{t}: {'nothing' if k is None else self.names[k]}, ({signed(h[0])}, {signed(h[1])})"
            for t, (k, h) in enumerate(zip(self.inputs[:6], self.h[:6], strict=True), start=1)
        ]
        return f"An RNN with two units over {self.T} steps. Inputs and states at step {'; '.join(first)}."

    def invitation(self) -> str:
        """Return one line that says what you get by running the cell."""
        return "Run this cell (Shift + Enter) to step through it and to change its numbers."


def _readable_layer(net: object) -> RNN:
    layer = net.layer if isinstance(net, RecurrentNet) else net
    if not isinstance(layer, RNN) or layer.phi != "tanh" or layer.H != 2 or layer.D > MOST_INPUTS:
        raise InputError(
            f"net must be an RNN with tanh, 2 units and at most {MOST_INPUTS} inputs, or a RecurrentNet with one, "
            f"but got {describe(net)}"
        )
    return layer


def _readout(net: RecurrentNet, D: int) -> dict[str, Any] | None:
    """Return the readout of a net that answers with its inputs' names, None for one that answers otherwise."""
    W, b = (np.asarray(net.params[name], dtype=float) for name in ("W_hy", "b_y"))
    return {"W": W.tolist(), "b": b.tolist()} if len(b) == D <= MOST_ANSWERS else None


def _indices(name: str, values: Sequence[str | None], names: list[str]) -> list[int | None]:
    """Return the index of each name, None for None."""
    listed = require_list(name, values, "names")
    if not 1 <= len(listed) <= LONGEST:
        raise InputError(f"{name} must hold 1 to {LONGEST} steps, but got {len(listed)}")
    for one in listed:
        require_that(name, one, one is None or one in names, f"among {', '.join(names)} or None")
    return [None if one is None else names.index(one) for one in listed]


def _right(answers: Sequence[str], names: list[str], T: int, readout: dict | None) -> list[int]:
    if readout is None:
        raise InputError(
            "answers need a RecurrentNet whose answers are its inputs, but net has no such readout"
        )
    right = _indices("answers", answers, names)
    complete = len(right) == T and None not in right
    require_that("answers", answers, complete, f"one name for each of {T} steps")
    return right


def _checked_parameters(value: object, D: int) -> dict[str, Any]:
    shapes = {"W_xh": (D, 2), "W_hh": (2, 2), "b_h": (2,)}
    complete = isinstance(value, Mapping) and set(value) == set(shapes)
    require_that("parameters", value, complete, "a dict with W_xh, W_hh and b_h")
    arrays = {}
    for name, shape in shapes.items():
        argument = f"parameters[{name!r}]"
        arrays[name] = require_numbers(argument, value[name], ("units",) * len(shape))
        require_shape(argument, arrays[name], shape)
        require_within(argument, arrays[name], -WEIGHT_LIMIT, WEIGHT_LIMIT)
    return {name: array.tolist() for name, array in arrays.items()}


def _checked_inputs(value: object, D: int, T: int) -> list[int | None]:
    listed = require_items("inputs", value, T, "steps")
    return [None if one is None else require_count("inputs", one, least=0, most=D - 1) for one in listed]


def _checked_notes(value: object, T: int) -> list[list[float] | None]:
    listed = require_items("notes", value, T, "states or None")
    return [None if one is None else _checked_note(one) for one in listed]


def _checked_note(value: object) -> list[float]:
    listed = require_items("a state", value, 2, "numbers")
    return [require_number("a state", one, least=-1, most=1) for one in listed]
