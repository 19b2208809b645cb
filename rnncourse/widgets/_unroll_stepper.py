"""Step through time with a small RNN and see every number of the recurrence."""

from __future__ import annotations

import copy
import html
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from rnncourse.arguments import require_count, require_texts
from rnncourse.errors import InputError
from rnncourse.in_numpy import RNN, RecurrentNet
from rnncourse.notation import colour
from rnncourse.viz._diagrams import signed, unrolled_network
from rnncourse.viz._style import diverging_colour
from rnncourse.widgets._fallback import read_front_end
from rnncourse.widgets._player import Frame, FramePlayer

MOST_INPUTS, MOST_UNITS = 6, 5  # more numbers fit neither the page nor the eye
LONGEST = 12  # steps: more do not fit side by side
UNIT = 0  # the unit whose sum is written out


class Step(NamedTuple):
    """What happens at step t (1 … T) in one sequence: x_t (D,), h_prev, a_t and h_t (H,)."""

    t: int
    label: str | None
    x_t: np.ndarray
    h_prev: np.ndarray
    a_t: np.ndarray
    h_t: np.ndarray


class UnrollStepper(FramePlayer):
    """A FramePlayer whose `t` is the step, 1 … T, as in the equations."""

    _css = read_front_end("theme.css", "player.css", "unroll_stepper.css")

    def __init__(self, frames: Sequence[Frame], table: str):
        super().__init__(frames, title="The recurrence, step by step", step_name="Step t", first=1)
        self._table = table

    def static_html(self) -> str:
        """Return the inputs and states of all steps as a table."""
        return (
            f"<p><strong>{html.escape(self.title)}</strong></p>"
            f"<details open><summary>All {len(self.frames)} steps</summary>{self._table}</details>"
        )


def unroll_stepper(
    rnn: RNN | RecurrentNet,
    x: np.ndarray,
    labels: Sequence[str] | None = None,
    h0: np.ndarray | None = None,
    b: int = 0,
) -> UnrollStepper:
    """Return a widget that steps an RNN through sequence b of x (T, B, D).

    Its frames hold inputs, weights and states, and the equation with the step's numbers. labels: T texts to call
    the inputs by. h0 (B, H): the state before the first step, zeros if None.
    Raises InputError for shapes that do not fit, for other than T labels, and for more than 12 steps,
    6 inputs or 5 units.
    """
    layer = _readable_layer(rnn)
    steps = _run(layer, x, h0, labels, b)
    return UnrollStepper(_frames(layer, steps), _steps_table(steps))


def _readable_layer(rnn: RNN | RecurrentNet) -> RNN:
    """Return a copy of the recurrent layer, so that running it leaves the trace of the original alone."""
    layer = copy.copy(rnn.layer if isinstance(rnn, RecurrentNet) else rnn)
    if not isinstance(layer, RNN):
        raise InputError(
            "rnn must be an RNN of rnncourse.in_numpy, or a RecurrentNet with one, "
            f"but {type(layer).__name__} came"
        )
    if layer.D > MOST_INPUTS or layer.H > MOST_UNITS:
        raise InputError(
            f"rnn may have at most {MOST_INPUTS} inputs and {MOST_UNITS} units, so that its numbers "
            f"can be read, but D = {layer.D} and H = {layer.H} came"
        )
    return layer


def _run(
    layer: RNN, x: np.ndarray, h0: np.ndarray | None, labels: Sequence[str] | None, b: int
) -> list[Step]:
    h, _ = layer.forward(x, h0)
    T, B, _ = x.shape
    if T > LONGEST:
        raise InputError(f"x may have at most {LONGEST} steps, but {T} came; hand over a part, x[:{LONGEST}]")
    require_count("b", b, least=0, most=B - 1)
    texts = [None] * T if labels is None else require_texts("labels", labels, T)
    before = np.concatenate([layer.trace["h0"][None], h[:-1]])
    a = layer.trace["a"]
    return [Step(k + 1, texts[k], x[k, b], before[k, b], a[k, b], h[k, b]) for k in range(T)]


def _frames(layer: RNN, steps: list[Step]) -> list[Frame]:
    shown = [*layer.params.values(), *(numbers for step in steps for numbers in step[2:])]
    limit = max(1.0, *(float(np.abs(numbers).max()) for numbers in shown))  # one color scale for all
    return [_frame(layer, steps, step, limit) for step in steps]


def _frame(layer: RNN, steps: list[Step], step: Step, limit: float) -> Frame:
    T, named = len(steps), step.label is not None
    inputs = [other.label for other in steps] if named else None
    diagram = unrolled_network(T, inputs=inputs, highlight=step.t, readout=False)
    page = (
        f'<div class="rnncourse-unroll-stepper"><div class="rnncourse-diagram">{diagram}</div>'
        f'<div class="rnncourse-step">{_sums(layer, step, limit)}{_written_out(layer, step)}</div></div>'
    )
    said = f", input {step.label}" if named else ""
    summary = f"Step {step.t} of {T}{said}. State before: {_row(step.h_prev)}. State after: {_row(step.h_t)}."
    return Frame(page, f"t = {step.t} of {T}" + (f": {step.label}" if named else ""), summary)


def _sums(layer: RNN, step: Step, limit: float) -> str:
    """Return the products, the bias, their sum and the new state as HTML, each unit in its own column."""
    p, t = layer.params, step.t
    x, before, a, h = (_indexed(*pair) for pair in (("x", t), ("h", t - 1), ("a", t), ("h", t)))
    W_xh, W_hh, b_h = _indexed("W", "xh"), _indexed("W", "hh"), _indexed("b", "h")

    def product(row_name: str, row_caption: str, row: np.ndarray, matrix: str, caption: str) -> str:
        left = _cells(row_name, row[None], limit, row_caption, per_unit=False)
        right = _cells(matrix, p[matrix], limit, caption)
        total = result(f"{row_caption} {caption} =", f"{row_name} {matrix}", row @ p[matrix])
        return f"<div>{left}</div><div>×</div><div>{right}</div>{total}"

    def result(words: str, name: str, numbers: np.ndarray) -> str:
        return f'<div class="rnncourse-words">{words}</div><div>{_cells(name, numbers[None], limit)}</div>'

    return (
        '<div class="rnncourse-sums">'
        + product("x_t", x, step.x_t, "W_xh", W_xh)
        + product("h_prev", before, step.h_prev, "W_hh", W_hh)
        + result(f"the bias {b_h} =", "b_h", p["b_h"])
        + result(f"the sum of the three, {a} =", "a_t", step.a_t)
        + result(f"{h} = {layer.phi}({a}) =", "h_t", step.h_t)
        + "</div>"
    )


def _cells(name: str, numbers: np.ndarray, limit: float, caption: str = "", per_unit: bool = True) -> str:
    """Return a matrix as a table of colored numbers; where its columns are units, that of UNIT is framed."""
    rows = []
    for r, row in enumerate(numbers):
        tds = []
        for k, value in enumerate(row):
            framed = ' class="rnncourse-unit"' if per_unit and k == UNIT else ""
            tds.append(
                f'<td{framed} data-name="{name}" data-row="{r}" data-unit="{k}" '
                f'style="background:{diverging_colour(float(value), limit)}">{signed(float(value))}</td>'
            )
        rows.append(f"<tr>{''.join(tds)}</tr>")
    stripe = colour(name if " " not in name else "a_t")
    above = f"<caption>{caption}</caption>" if caption else ""
    return f'<table style="border-color:{stripe}">{above}<tbody>{"".join(rows)}</tbody></table>'


def _written_out(layer: RNN, step: Step) -> str:
    """Return the recurrence with letters, and with this step's numbers for one unit."""
    p, t = layer.params, step.t
    x, before, a, h = (_indexed(*pair) for pair in (("x", t), ("h", t - 1), ("a", t), ("h", t)))
    W_xh, W_hh, b_h = _indexed("W", "xh"), _indexed("W", "hh"), _indexed("b", "h")
    lines = [
        (f"{a}[{UNIT}]", f"= {_products(step.x_t, p['W_xh'][:, UNIT])}", f"{x} {W_xh}"),
        ("", f"+ {_products(step.h_prev, p['W_hh'][:, UNIT])}", f"{before} {W_hh}"),
        ("", f"+ {_factor(p['b_h'][UNIT])} = <b>{_plain(step.a_t[UNIT])}</b>", b_h),
        (
            f"{h}[{UNIT}]",
            f"= {layer.phi}({_plain(step.a_t[UNIT])}) = <b>{_plain(step.h_t[UNIT])}</b>",
            "new state",
        ),
    ]
    rows = "".join(
        f"<tr>{f'<th>{left}</th>' if left else '<td></td>'}<td>{middle}</td><td>{right}</td></tr>"
        for left, middle, right in lines
    )
    return (
        f'<div class="rnncourse-written"><p>{h} = {layer.phi}( {x} {W_xh} + {before} {W_hh} + {b_h} )</p>'
        f"<table><caption>Unit {UNIT}, the framed column</caption><tbody>{rows}</tbody></table>"
        "<small>Shown with two decimals; computed with all of them.</small></div>"
    )


def _products(row: np.ndarray, column: np.ndarray) -> str:
    return " + ".join(f"{_factor(a)}·{_factor(w)}" for a, w in zip(row, column, strict=True))


def _factor(value: float) -> str:
    """Return a number as it stands in a formula: negative ones in parentheses."""
    written = _plain(value)
    return f"({written})" if written.startswith("\N{MINUS SIGN}") else written


def _plain(value: float) -> str:
    return signed(float(value)).lstrip("+")


def _row(numbers: Iterable[float]) -> str:
    return ", ".join(signed(float(value)) for value in numbers)


def _indexed(letter: str, index: str | int) -> str:
    return f"<i>{letter}</i><sub>{index}</sub>"


def _steps_table(steps: list[Step]) -> str:
    """Return inputs and states of all steps as a plain table."""
    named = steps[0].label is not None
    head = ["t", *(["input"] if named else []), _indexed("x", "t"), _indexed("h", "t")]
    rows = [
        [str(step.t), *([html.escape(step.label)] if named else []), _row(step.x_t), _row(step.h_t)]
        for step in steps
    ]
    top = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
