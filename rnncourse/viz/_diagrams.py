"""Diagrams of networks as SVG strings: the same bytes on every machine, text in the page's own color."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from itertools import pairwise

from rnncourse.arguments import (
    require_count,
    require_length,
    require_list,
    require_number,
)
from rnncourse.notation import PALETTE, colour
from rnncourse.viz._style import FONT, ON_CELL

BOX = 52  # width of a box
TALL = 38  # height of a box
GAP = 44  # between rows: room for an arrow and its label
CHARACTER = 8.6  # width of a typical character at the size of a value
SMALLEST = 11  # pixels; smaller text cannot be read
GREY = PALETTE["grey"]

Point = tuple[float, float]
Values = Sequence[str | float]


def unrolled_network(
    T: int = 3,
    inputs: Values | None = None,
    states: Values | None = None,
    outputs: Values | None = None,
    highlight: int | None = None,
    readout: bool = True,
) -> str:
    """Return an RNN unrolled over T steps as SVG: inputs below, states in a row, logits above.

    inputs, states, outputs: T texts or numbers to write at x_t, in the state boxes and at s_t.
    highlight: the step (1 … T) to draw bold. readout: whether to draw the logits s_t.
    Raises InputError for a number of values other than T, and for a step that does not exist.
    """
    require_count("T", T)
    below, inside, above = (
        _texts(name, values, T)
        for name, values in (("inputs", inputs), ("states", states), ("outputs", outputs))
    )
    if highlight is not None:
        require_count("highlight", highlight, most=T)
    longest = max((len(text) for text in (*below, *inside, *above)), default=0)
    box_width = max(BOX, CHARACTER * max(map(len, inside), default=0) + 14)
    roomy = T <= 8  # else the arrows between states are too short for a label each
    pitch = max(box_width + (62 if roomy else 26), CHARACTER * longest + 16)
    left = 100 + box_width / 2  # the first column's middle, right of the initial state
    top = 12 + (18 if above else 0) + TALL / 2 if readout else 0
    y_h = top + GAP + TALL if readout else 12 + TALL / 2
    y_x = y_h + GAP + TALL
    columns = [left + pitch * k for k in range(T)]

    parts = [
        symbol((26, y_h), "h", "0", size=16),
        arrow((40, y_h), (left - box_width / 2, y_h), colour("W_hh"), bold=highlight == 1),
    ]
    for k, x in enumerate(columns):
        step, bold = str(k + 1), highlight == k + 1
        if k:
            parts.append(
                arrow(
                    (columns[k - 1] + box_width / 2, y_h), (x - box_width / 2, y_h), colour("W_hh"), bold=bold
                )
            )
        parts.append(arrow((x, y_x - TALL / 2), (x, y_h + TALL / 2), colour("W_xh"), bold=bold))
        parts.append(symbol((x + 8, y_h + TALL / 2 + GAP / 2), "W", "xh", size=13, anchor="start"))
        parts.append(box((x, y_x), colour("x_t"), bold=bold))
        parts.append(symbol((x, y_x), "x", step))
        parts.append(box((x, y_h), colour("h_t"), width=box_width, bold=bold))
        middle = y_h - 9 if inside else y_h
        parts.append(symbol((x, middle), "h", step))
        before = (x - pitch / 2, y_h - 13) if k else ((40 + x - box_width / 2) / 2, y_h - 13)
        if roomy or k == 0:
            parts.append(symbol(before, "W", "hh", size=13))
        if inside:
            parts.append(text((x, y_h + 11), inside[k], size=13))
        if below:
            parts.append(text((x, y_x + TALL / 2 + 13), below[k], bold=bold))
        if readout:
            parts.append(arrow((x, y_h - TALL / 2), (x, top + TALL / 2), colour("W_hy"), bold=bold))
            parts.append(symbol((x + 8, y_h - TALL / 2 - GAP / 2), "W", "hy", size=13, anchor="start"))
            parts.append(box((x, top), colour("s_t"), bold=bold))
            parts.append(symbol((x, top), "s", step))
            if above:
                parts.append(text((x, top - TALL / 2 - 11), above[k], bold=bold))
    width = columns[-1] + max(box_width, CHARACTER * longest) / 2 + 24
    height = y_x + TALL / 2 + (28 if below else 8)
    label = f"A recurrent network unrolled over {T} steps" + (
        f", step {highlight} marked" if highlight else ""
    )
    return svg(width, height, parts, label)


def folded_network() -> str:
    """Return an RNN as a loop, as SVG: x_t to h_t, h_t back to itself, h_t to the logits s_t."""
    y, x_x, x_h, x_s = 82.0, 60.0, 240.0, 420.0
    loop = (
        f"M {x_h - 14:g} {y - 25:g} C {x_h - 74:g} {y - 92:g} {x_h + 74:g} {y - 92:g} {x_h + 18:g} {y - 30:g}"
    )
    parts = [
        arrow((x_x + BOX / 2, y), (x_h - BOX / 2, y), colour("W_xh")),
        symbol(((x_x + x_h) / 2, y - 14), "W", "xh", size=14),
        arrow((x_h + BOX / 2, y), (x_s - BOX / 2, y), colour("W_hy")),
        symbol(((x_h + x_s) / 2, y - 14), "W", "hy", size=14),
        f'<path d="{loop}" fill="none" stroke="{colour("W_hh")}" stroke-width="2"/>',
        arrowhead((x_h + 13, y - TALL / 2), math.atan2(9, -5), colour("W_hh")),
        symbol((x_h + 46, y - 66), "W", "hh", size=14, anchor="start"),
        text((x_h - 54, y - 66), "one step later", size=13, anchor="end"),
    ]
    for x, letter, name in ((x_x, "x", "x_t"), (x_h, "h", "h_t"), (x_s, "s", "s_t")):
        parts += [box((x, y), colour(name)), symbol((x, y), letter, "t")]
    for x, word in ((x_x, "input"), (x_h, "state"), (x_s, "logits")):
        parts.append(text((x, y + TALL / 2 + 14), word, size=14))
    return svg(480, 132, parts, "A recurrent network drawn as a loop: the state feeds back into itself")


def feedback_networks(T: int = 3) -> str:
    """Return two ways to feed back over T steps side by side, as SVG: the state (Elman), the answer (Jordan).

    Raises InputError for a T that is not 2 to 5.
    """
    require_count("T", T, least=2, most=5)  # two nets must fit on the page
    pitch, y_p, y_h, y_x, half = 104.0, 62.0, 154.0, 246.0, BOX / 2
    elman = [60 + pitch * k for k in range(T)]
    jordan = [x + pitch * T + 56 for x in elman]
    parts = [
        text((elman[0] - half, 16), "Elman: the state is fed back", bold=True, anchor="start"),
        text((jordan[0] - half, 16), "Jordan: the answer is fed back", bold=True, anchor="start"),
    ]
    for before, x in pairwise(elman):
        parts.append(arrow((before + half, y_h), (x - half, y_h), colour("W_hh"), bold=True))
        parts.append(symbol(((before + x) / 2, y_h - 14), "W", "hh", size=13))
    for before, x in pairwise(jordan):
        parts.append(arrow((before + half, y_p + 8), (x - half, y_h - 12), colour("p_t"), bold=True))
        parts.append(symbol(((before + x) / 2 + 16, (y_p + y_h) / 2 - 12), "W", "yh", size=13))
    for x, step in zip(elman + jordan, [*range(1, T + 1)] * 2, strict=True):
        parts.append(arrow((x, y_x - TALL / 2), (x, y_h + TALL / 2), colour("W_xh")))
        parts.append(arrow((x, y_h - TALL / 2), (x, y_p + TALL / 2), colour("W_hy")))
        for y, letter, name in ((y_x, "x", "x_t"), (y_h, "h", "h_t"), (y_p, "p", "p_t")):
            parts += [box((x, y), colour(name)), symbol((x, y), letter, str(step))]
    label = f"Two recurrent networks over {T} steps: Elman's feeds back the state, Jordan's the answer"
    return svg(jordan[-1] + half + 24, y_x + TALL / 2 + 10, parts, label)


def svg(width: float, height: float, parts: Sequence[str], label: str) -> str:
    """Return an SVG picture of the given size around `parts`; `label` names it for screen readers."""
    w, h = math.ceil(width), math.ceil(height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{html.escape(label)}" width="{w}" '
        f'height="{h}" viewBox="0 0 {w} {h}" style="max-width:100%;height:auto" fill="currentColor" '
        f'font-family="{FONT}">' + "".join(parts) + "</svg>"
    )


def box(middle: Point, stroke: str, width: float = BOX, bold: bool = False) -> str:
    """Return a rounded box around a point; bold marks the step that is talked about."""
    x, y = middle
    return (
        f'<rect x="{_n(x - width / 2)}" y="{_n(y - TALL / 2)}" width="{_n(width)}" height="{TALL}" rx="8" '
        f'fill="{stroke}" fill-opacity="{0.32 if bold else 0.12}" stroke="{stroke}" '
        f'stroke-width="{4 if bold else 1.5}"/>'
    )


def line(start: Point, end: Point, stroke: str, width: float = 1) -> str:
    """Return a straight line."""
    (x1, y1), (x2, y2) = start, end
    ends = f'x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"'
    return f'<line {ends} stroke="{stroke}" stroke-width="{width:g}"/>'


def arrow(start: Point, end: Point, stroke: str, bold: bool = False) -> str:
    """Return a straight arrow that ends at `end`."""
    angle = math.atan2(end[1] - start[1], end[0] - start[0])
    neck = (end[0] - 7 * math.cos(angle), end[1] - 7 * math.sin(angle))
    return line(start, neck, stroke, 3.5 if bold else 2) + arrowhead(end, angle, stroke)


def arrowhead(tip: Point, angle: float, fill: str) -> str:
    """Return the head of an arrow; a shared marker would vanish with the picture that defines it."""
    corners = [tip]
    for side in (-1, 1):
        turned = angle + math.pi + side * 0.45
        corners.append((tip[0] + 11 * math.cos(turned), tip[1] + 11 * math.sin(turned)))
    points = " ".join(f"{_n(x)},{_n(y)}" for x, y in corners)
    return f'<polygon points="{points}" fill="{fill}"/>'


def text(at: Point, words: str, size: float = 15, anchor: str = "middle", bold: bool = False) -> str:
    """Return a line of text centered on the height of a point."""
    weight = ' font-weight="bold"' if bold else ""
    place = f'x="{_n(at[0])}" y="{_n(at[1] + size * 0.36)}"'
    return f'<text {place} font-size="{size:g}" text-anchor="{anchor}"{weight}>{html.escape(words)}</text>'


def on_cell(drawn: str, opacity: float) -> str:
    """Return a text as it is written on a colored cell: in black where the color is strong, in every theme."""
    return f'<g fill="{ON_CELL}">{drawn}</g>' if opacity > 0.55 else drawn


def symbol(at: Point, letter: str, index: str, size: float = 17, anchor: str = "middle") -> str:
    """Return a letter with an index below it, such as h_t."""
    below = f'dy="{_n(size * 0.25)}" font-size="{_n(max(SMALLEST, size * 0.75))}"'
    return (
        f'<text x="{_n(at[0])}" y="{_n(at[1] + size * 0.3)}" font-size="{size:g}" text-anchor="{anchor}">'
        f'<tspan font-style="italic">{letter}</tspan><tspan {below}>{html.escape(index)}</tspan></text>'
    )


def _texts(name: str, values: Values | None, T: int) -> list[str]:
    """Return the values as T short texts, or none at all."""
    if values is None:
        return []
    listed = require_list(name, values, f"{T} texts or numbers")
    require_length(name, listed, T)
    return [value if isinstance(value, str) else signed(require_number(name, value)) for value in listed]


def signed(value: float, digits: int = 2) -> str:
    """Return a number with its sign, such as +0.45 or −0.30; 0.00 where it rounds to nothing."""
    rounded = f"{value:+.{digits}f}"
    if float(rounded) == 0:
        return rounded[1:]
    return rounded.replace("-", "\N{MINUS SIGN}")


def _n(value: float) -> str:
    """Return a coordinate with one decimal at most, so that the last bits of a CPU never show."""
    return f"{round(value, 1):g}"
