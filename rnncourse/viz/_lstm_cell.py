"""The LSTM cell as SVG, drawn part by part, with the numbers of one step on its lines.

Every number stands in a `<text data-value="…">` of its own and every part in a `<g data-part="…">`: the Gate lab
draws this picture once and then only writes new numbers into it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from rnncourse.arguments import require_choice, require_count, require_list, require_that
from rnncourse.errors import InputError
from rnncourse.notation import PALETTE, colour, dash
from rnncourse.viz._diagrams import Point, arrowhead, signed, svg, symbol, text

LSTM_PARTS = ("belt", "forget", "input", "candidate", "output")
GIVEN = ("x_t", "h_prev", "c_prev", "f_t", "i_t", "g_t", "o_t", "c_t", "tanh_c", "h_t")

WIDTH, HEIGHT = 720, 336
BELT, GATES, BUS = 62.0, 222.0, 290.0  # heights of the cell state, of the four boxes and of what they read
COLUMNS = {"forget": 178.0, "input": 296.0, "candidate": 414.0, "output": 532.0}
LETTERS = {"forget": "f", "input": "i", "candidate": "g", "output": "o"}
NAMES = {"forget": "forget gate", "input": "input gate", "candidate": "candidate", "output": "output gate"}
SUM, PRODUCT, SHOWN = 355.0, 152.0, 634.0  # where i * g meets the belt, where it is made, where o lets c out
BOX_W, BOX_H, RING = 92, 46, 15
NUMBER, NOTE = 15, 13  # sizes of the text
GREY = PALETTE["grey"]
UNLIT = ' opacity="0.3" style="filter:grayscale(1)"'
_DASHES = {"solid": "", "dashed": "7 4", "dotted": "2 4", "dashdot": "9 4 2 4"}
_SAYS = {
    "belt": "The cell state runs along the belt",
    "forget": "The forget gate multiplies what is on the belt",
    "input": "The input gate decides how much of the candidate is added",
    "candidate": "The candidate, times the input gate, is added to the belt",
    "output": "The output gate decides how much of tanh of the cell state is shown as the hidden state",
}


def lstm_cell(
    parts: Sequence[str] = LSTM_PARTS,
    values: Mapping[str, ArrayLike] | None = None,
    highlight: str | Sequence[str] | None = None,
    unit: int = 0,
    lit: Sequence[str] | None = None,
) -> str:
    """Return one step of an LSTM cell as SVG: the belt of the cell state above, the gates and the candidate below.

    parts: which of LSTM_PARTS to draw; a longer and longer prefix is a growing picture. values: numbers for x_t,
    h_prev, c_prev, f_t, i_t, g_t, o_t, c_t, tanh_c and h_t, or arrays (H,) or (B, H), of which the first sequence's
    `unit` is written; what is missing stays blank. highlight: parts to draw bold. lit: the parts to draw in color,
    the others in gray and without numbers, so that the picture keeps its shape while it is explained; None: all.
    Raises InputError for parts, values and units that do not exist.
    """
    drawn, bold = _parts("parts", parts), _parts("highlight", () if highlight is None else highlight)
    numbers = lstm_cell_numbers(values, unit)
    bright = drawn if lit is None else _parts("lit", lit)
    dark = [
        _group(part, {}, False, drawn, UNLIT) for part in LSTM_PARTS if part in drawn and part not in bright
    ]
    groups = [_group(part, numbers, part in bold, bright) for part in LSTM_PARTS if part in bright]
    reads = (
        [f"<g{UNLIT}>{_reads({}, drawn)}</g>", _reads(numbers, bright)] if dark else [_reads(numbers, drawn)]
    )
    return svg(WIDTH, HEIGHT, [*dark, *reads, *groups], lstm_cell_text(parts, values, unit, lit))


def _group(
    part: str, numbers: Mapping[str, float], bold: bool, drawn: Sequence[str], attributes: str = ""
) -> str:
    """Return one part of the picture as a group."""
    return f'<g data-part="{part}"{attributes}>{"".join(_DRAW[part](numbers, bold, drawn))}</g>'


def lstm_cell_text(
    parts: Sequence[str] = LSTM_PARTS,
    values: Mapping[str, ArrayLike] | None = None,
    unit: int = 0,
    lit: Sequence[str] | None = None,
) -> str:
    """Return in words what `lstm_cell` shows, with the same numbers; the arguments are those of lstm_cell."""
    drawn = _parts("parts", parts) if lit is None else _parts("lit", lit)
    state = "drawn" if lit is None else "lit, the others gray"
    numbers = lstm_cell_numbers(values, unit)

    def said(*names: str) -> str:
        words = [f"{_SPOKEN[name]} = {written(numbers[name])}" for name in names if name in numbers]
        return f" ({', '.join(words)})" if words else ""

    told = {
        "belt": said("c_prev", *(("c_t",) if set(drawn) >= {"forget", "input", "candidate"} else ())),
        "forget": said("f_t", "kept"),
        "input": said("i_t"),
        "candidate": said("g_t", "added"),
        "output": said("o_t", "tanh_c", "h_t"),
    }
    sentences = [f"{_SAYS[part]}{told[part]}." for part in LSTM_PARTS if part in drawn]
    return f"LSTM cell, {len(drawn)} of {len(LSTM_PARTS)} parts {state}. " + " ".join(sentences)


def lstm_cell_numbers(values: Mapping[str, ArrayLike] | None, unit: int = 0) -> dict[str, float]:
    """Return the numbers of one unit by name, with kept = f_t c_prev, added = i_t g_t and tanh_c where they follow."""
    require_count("unit", unit, least=0)
    require_that(
        "values", values, values is None or isinstance(values, Mapping), 'a dict such as {"f_t": 0.9}'
    )
    found = {}
    for name, value in (values or {}).items():
        require_choice("values", name, GIVEN)
        number = _one(name, value, unit)
        if number is not None:
            found[name] = number
    if "c_t" in found:
        found.setdefault("tanh_c", float(np.tanh(found["c_t"])))
    if {"f_t", "c_prev"} <= found.keys():
        found["kept"] = found["f_t"] * found["c_prev"]
    if {"i_t", "g_t"} <= found.keys():
        found["added"] = found["i_t"] * found["g_t"]
    return found


def written(value: float) -> str:
    """Return a number as the picture writes it: two decimals, a sign where it is negative."""
    return signed(value).removeprefix("+")


def _one(name: str, value: ArrayLike, unit: int) -> float | None:
    """Return the number of one unit; None for an input of several features, which no single number stands for."""
    array = np.asarray(value)
    require_that(
        f"values[{name!r}]",
        value,
        array.dtype.kind in "fiu" and array.ndim <= 2 and array.size != 0,
        "a number or an array (H,) or (B, H)",
    )
    row = np.atleast_1d(array if array.ndim < 2 else array[0])
    if name == "x_t":
        return float(row[0]) if row.size == 1 else None
    if array.ndim and unit >= row.size:
        raise InputError(f"unit must be below H = {row.size}, the units of values[{name!r}], but got {unit}")
    number = float(row[unit if array.ndim else 0])
    if not np.isfinite(number):
        raise InputError(f"values[{name!r}] must be finite, but unit {unit} is {number}")
    return number


def _parts(name: str, parts: str | Iterable[str]) -> tuple[str, ...]:
    listed = (parts,) if isinstance(parts, str) else tuple(require_list(name, parts, "parts of the cell"))
    for part in listed:
        require_choice(name, part, LSTM_PARTS)
    if name == "parts" and not listed:
        raise InputError(f"parts must name at least one of {', '.join(LSTM_PARTS)}")
    return listed


def _wire(
    points: Sequence[Point], stroke: str, style: str = "solid", *, width: float = 2, tip: bool = True
) -> str:
    """Return a line through points, straight pieces, with an arrow's head at its end."""
    *_, (x0, y0), (x1, y1) = points
    angle = float(np.arctan2(y1 - y0, x1 - x0))
    neck = (x1 - 7 * np.cos(angle), y1 - 7 * np.sin(angle)) if tip else (x1, y1)
    way = "L".join(f"{x:g} {y:g}" for x, y in [*points[:-1], neck])
    path = f'<path d="M{way}" fill="none" stroke="{stroke}" stroke-width="{width:g}"{_dashes(style)}/>'
    return path + (arrowhead((x1, y1), angle, stroke) if tip else "")


def _dashes(style: str) -> str:
    """Return the attribute that draws a line in one of the notation's dash patterns."""
    return f' stroke-dasharray="{_DASHES[style]}"' if _DASHES[style] else ""


def _value(name: str, at: Point, numbers: Mapping[str, float], anchor: str = "middle") -> str:
    """Return a number's own text element, empty where there is no number yet."""
    words = written(numbers[name]) if name in numbers else ""
    return (
        f'<text data-value="{name}" x="{at[0]:g}" y="{at[1]:g}" font-size="{NUMBER}" '
        f'font-weight="bold" text-anchor="{anchor}">{words}</text>'
    )


def _ring(at: Point, sign: str, stroke: str, bold: bool, words: str = "") -> str:
    """Return a place where two numbers meet: × or +, or tanh in an oval."""
    wide = 24 if words else RING
    label = text(at, words or sign, NOTE if words else 19, bold=not words)
    return (
        f'<ellipse cx="{at[0]:g}" cy="{at[1]:g}" rx="{wide}" ry="{RING}" fill="#ffffff" '
        f'stroke="{stroke}" stroke-width="{3.5 if bold else 2}"/>'
        f'<g fill="#000000">{label}</g>'
    )


def _gate(part: str, numbers: Mapping[str, float], bold: bool) -> list[str]:
    """Return a gate's or the candidate's box, its name, and the line on which it reads x_t and h_prev."""
    x, letter = COLUMNS[part], LETTERS[part]
    tone, dashes = colour(f"{letter}_t"), _dashes(dash(f"{letter}_t"))
    return [
        _wire([(x, BUS), (x, GATES + BOX_H / 2)], GREY, width=1.6),
        f'<rect x="{x - BOX_W / 2:g}" y="{GATES - BOX_H / 2:g}" width="{BOX_W}" height="{BOX_H}" rx="9" '
        f'fill="{tone}" fill-opacity="{0.38 if bold else 0.16}" stroke="{tone}" stroke-width="{4 if bold else 2}"'
        f"{dashes}/>",
        _letter((x - BOX_W / 2 + 9, GATES - 3), letter, "t", anchor="start"),
        text((x + BOX_W / 2 - 8, GATES - 10), "tanh" if letter == "g" else "σ", NOTE, anchor="end"),
        _value(f"{letter}_t", (x + 8, GATES + 17), numbers),
        text((x + 8, GATES + BOX_H / 2 + 14), NAMES[part], NOTE, anchor="start"),
    ]


def _letter(at: Point, letter: str, index: str, anchor: str = "middle") -> str:
    return symbol(at, letter, index, size=17, anchor=anchor)


def _reads(numbers: Mapping[str, float], drawn: Sequence[str]) -> str:
    """Return the line that brings x_t and h_prev to every box that is drawn; nothing for the belt alone."""
    boxes = [COLUMNS[part] for part in drawn if part in COLUMNS]
    if not boxes:
        return ""
    tone_x, tone_h = colour("x_t"), colour("h_prev")
    return (
        '<g data-part="reads">'
        + "".join(
            [
                _wire([(64, BUS), (max(boxes), BUS)], GREY, width=1.6, tip=False),
                _wire([(28, BUS), (70, BUS)], tone_h, dash("h_prev")),
                _wire([(100, BUS + 34), (100, BUS + 3)], tone_x),
                _letter((34, BUS - 18), "h", "t−1"),
                _value("h_prev", (30, BUS + 22), numbers),
                _letter((84, BUS + 32), "x", "t", anchor="end"),
                _value("x_t", (112, BUS + 38), numbers, anchor="start"),
            ]
        )
        + "</g>"
    )


def _draw_belt(numbers: Mapping[str, float], bold: bool, drawn: Sequence[str]) -> list[str]:
    """Return the belt: two rails with the cell state running between them, from c_prev to c_t."""
    tone, wide = colour("c_t"), 4.5 if bold else 3
    rails = "".join(
        f'<path d="M66 {y:g}H654" stroke="{tone}" stroke-opacity="0.45" stroke-width="1.5"/>'
        for y in (BELT - 22, BELT + 22)
    )
    whole = set(drawn) >= {"forget", "input", "candidate"}
    return [
        f'<rect x="66" y="{BELT - 22:g}" width="588" height="44" fill="{tone}" fill-opacity="0.10"/>{rails}',
        _wire([(66, BELT), (660, BELT)], tone, dash("c_t"), width=wide),
        _letter((34, BELT - 10), "c", "t−1"),
        _value("c_prev", (34, BELT + 20), numbers),
        _letter((688, BELT - 10), "c", "t"),
        _value("c_t", (688, BELT + 20), numbers) if whole else "",
        text((76, BELT - 34), "cell state: the conveyor belt", NOTE, anchor="start"),
    ]


def _draw_forget(numbers: Mapping[str, float], bold: bool, drawn: Sequence[str]) -> list[str]:
    """Return the forget gate, which multiplies what is on the belt."""
    x, tone = COLUMNS["forget"], colour("f_t")
    return [
        *_gate("forget", numbers, bold),
        _wire([(x, GATES - BOX_H / 2), (x, BELT + RING + 2)], tone, dash("f_t"), width=4 if bold else 2.4),
        _ring((x, BELT), "×", tone, bold),
        _value("kept", ((x + SUM) / 2, BELT - 6), numbers),
        text(((x + SUM) / 2, BELT + 11), "kept", NOTE),
    ]


def _draw_input(numbers: Mapping[str, float], bold: bool, drawn: Sequence[str]) -> list[str]:
    """Return the input gate up to the product with the candidate."""
    x, tone = COLUMNS["input"], colour("i_t")
    way = [(x, GATES - BOX_H / 2), (x, PRODUCT), (SUM - RING - 2, PRODUCT)]
    ring = [_ring((SUM, PRODUCT), "×", tone, bold)]
    return [*_gate("input", numbers, bold), _wire(way, tone, dash("i_t"), width=4 if bold else 2.4), *ring]


def _draw_candidate(numbers: Mapping[str, float], bold: bool, drawn: Sequence[str]) -> list[str]:
    """Return the candidate, its product with the input gate, and the sum on the belt."""
    x, tone = COLUMNS["candidate"], colour("g_t")
    way = [(x, GATES - BOX_H / 2), (x, PRODUCT), (SUM + RING + 2, PRODUCT)]
    wide = 4 if bold else 2.4
    return [
        *_gate("candidate", numbers, bold),
        _wire(way, tone, dash("g_t"), width=wide),
        _wire([(SUM, PRODUCT - RING), (SUM, BELT + RING + 2)], tone, width=wide),
        _ring((SUM, PRODUCT), "×", tone, bold),
        _ring((SUM, BELT), "+", colour("c_t"), bold),
        _value("added", (SUM + 10, (BELT + 22 + PRODUCT) / 2), numbers, anchor="start"),
        text((SUM + 10, (BELT + 22 + PRODUCT) / 2 + 14), "added", NOTE, anchor="start"),
    ]


def _draw_output(numbers: Mapping[str, float], bold: bool, drawn: Sequence[str]) -> list[str]:
    """Return the output gate, which lets out a share of tanh(c_t): the hidden state."""
    x, tone, wide = COLUMNS["output"], colour("o_t"), 4 if bold else 2.4
    tanh_at = 116.0
    return [
        *_gate("output", numbers, bold),
        _wire([(SHOWN, BELT), (SHOWN, tanh_at - RING - 2)], colour("c_t"), dash("c_t"), width=wide),
        _ring((SHOWN, tanh_at), "", colour("c_t"), bold, words="tanh"),
        _wire([(SHOWN, tanh_at + RING), (SHOWN, GATES - RING - 2)], colour("c_t"), dash("c_t"), width=wide),
        _value("tanh_c", (SHOWN + 10, (tanh_at + GATES) / 2 + 5), numbers, anchor="start"),
        _wire([(x + BOX_W / 2, GATES), (SHOWN - RING - 2, GATES)], tone, dash("o_t"), width=wide),
        _ring((SHOWN, GATES), "×", tone, bold),
        _wire([(SHOWN, GATES + RING), (SHOWN, BUS), (662, BUS)], colour("h_t"), width=wide),
        _letter((688, BUS - 10), "h", "t"),
        _value("h_t", (688, BUS + 20), numbers),
    ]


_DRAW = {
    "belt": _draw_belt,
    "forget": _draw_forget,
    "input": _draw_input,
    "candidate": _draw_candidate,
    "output": _draw_output,
}
_SPOKEN = {
    "c_prev": "before: c_(t−1)",
    "c_t": "after: c_t",
    "f_t": "f_t",
    "kept": "kept: f_t × c_(t−1)",
    "i_t": "i_t",
    "g_t": "g_t",
    "added": "added: i_t × g_t",
    "o_t": "o_t",
    "tanh_c": "tanh(c_t)",
    "h_t": "h_t",
}
