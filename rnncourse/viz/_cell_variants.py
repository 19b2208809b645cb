"""Relatives of the LSTM cell as small changes of the same picture: what stays is gray, what changes is in color."""

from __future__ import annotations

from collections.abc import Callable

from rnncourse.arguments import require_choice
from rnncourse.notation import colour, dash
from rnncourse.viz import _lstm_cell as cell
from rnncourse.viz._diagrams import svg, symbol, text

TAP = 178.0
"""The height at which wires to the tops of the boxes run sideways."""
TOP = cell.GATES - cell.BOX_H / 2


def cell_variant(name: str) -> str:
    """Return one step of a relative of the LSTM as SVG, in the layout of lstm_cell: a key of CELL_VARIANTS."""
    draw, _ = CELL_VARIANTS[require_choice("name", name, tuple(CELL_VARIANTS))]
    return svg(cell.WIDTH, cell.HEIGHT, draw(), cell_variant_text(name))


def cell_variant_text(name: str) -> str:
    """Return in words what cell_variant shows."""
    return CELL_VARIANTS[require_choice("name", name, tuple(CELL_VARIANTS))][1]


def _peephole() -> list[str]:
    tone, style = colour("c_t"), dash("c_t")
    forget, put, show = (cell.COLUMNS[part] - 26 for part in ("forget", "input", "output"))
    before, after = 104.0, 474.0
    return [
        _grey(cell.LSTM_PARTS),
        cell._wire([(before, cell.BELT), (before, TAP), (forget, TAP), (forget, TOP)], tone, style, width=3),
        cell._wire([(forget, TAP), (put, TAP), (put, TOP)], tone, style, width=3),
        cell._wire([(after, cell.BELT), (after, TAP), (show, TAP), (show, TOP)], tone, style, width=3),
    ]


def _coupled() -> list[str]:
    return [_grey(("belt", "forget", "candidate", "output")), *_rest_of("f_t")]


def _gru() -> list[str]:
    h, belt = colour("h_t"), cell.BELT
    return [
        f'<rect x="66" y="{belt - 22:g}" width="588" height="44" fill="{h}" fill-opacity="0.08"/>',
        f"<g{cell.UNLIT}>{cell._reads({}, ('forget', 'candidate', 'output'))}</g>",
        cell._wire([(66, belt), (660, belt)], h, width=4),
        symbol((34, belt - 4), "h", "t−1", size=17),
        symbol((688, belt - 4), "h", "t", size=17),
        text((76, belt - 34), "the hidden state is the belt", cell.NOTE, anchor="start"),
        *_update_gate(),
        *_rest_of("z_t"),
        *_candidate(),
        *_reset_gate(),
    ]


def _update_gate() -> list[str]:
    x, tone = cell.COLUMNS["forget"], colour("z_t")
    return [
        *_box(x, "z", "σ", "update gate", tone),
        cell._wire([(x, TOP), (x, cell.BELT + cell.RING + 2)], tone, dash("z_t"), width=2.4),
        cell._ring((x, cell.BELT), "×", tone, False),
    ]


def _candidate() -> list[str]:
    x, tone, ring = cell.COLUMNS["candidate"], colour("n_t"), cell.RING
    product, belt = (cell.SUM, cell.PRODUCT), (cell.SUM, cell.BELT)
    return [
        *_box(x, "n", "tanh", "candidate", tone),
        cell._wire([(x, TOP), (x, product[1]), (cell.SUM + ring + 2, product[1])], tone, width=2.4),
        cell._wire([(cell.SUM, product[1] - ring), (cell.SUM, belt[1] + ring + 2)], tone, width=2.4),
        cell._ring(product, "×", tone, False),
        cell._ring(belt, "+", colour("h_t"), False),
    ]


def _reset_gate() -> list[str]:
    x, tone, end = cell.COLUMNS["output"], colour("r_t"), cell.COLUMNS["candidate"] + 30
    return [
        *_box(x, "r", "σ", "reset gate", tone),
        cell._wire([(x, TOP), (x, TAP), (end, TAP), (end, TOP)], tone, dash("r_t"), width=3),
        text((x + 8, TAP - 2), "how much of h it reads", cell.NOTE, anchor="start"),
    ]


def _rest_of(keeps: str) -> list[str]:
    """Return the wire that gives the candidate what the keeping gate leaves: one minus it."""
    x, y, tone = cell.COLUMNS["forget"], cell.PRODUCT, colour(keeps)
    middle = (x + cell.SUM) / 2
    return [
        cell._wire([(x, y), (middle - 26, y)], tone, dash(keeps), width=3),
        cell._ring((middle, y), "", tone, False, words="1 −"),
        cell._wire([(middle + 24, y), (cell.SUM - cell.RING - 2, y)], tone, dash(keeps), width=3),
        cell._ring((cell.SUM, y), "×", tone, False),
    ]


def _box(x: float, letter: str, function: str, name: str, tone: str) -> list[str]:
    """Return a layer's box with its letter, its activation and its name."""
    left, wide, high = x - cell.BOX_W / 2, cell.BOX_W, cell.BOX_H
    return [
        cell._wire([(x, cell.BUS), (x, cell.GATES + high / 2)], cell.GREY, width=1.6),
        f'<rect x="{left:g}" y="{TOP:g}" width="{wide}" height="{high}" rx="9" fill="{tone}" fill-opacity="0.16" '
        f'stroke="{tone}" stroke-width="2"/>',
        symbol((left + 9, cell.GATES - 3), letter, "t", size=17, anchor="start"),
        text((x + wide / 2 - 8, cell.GATES - 10), function, cell.NOTE, anchor="end"),
        text((x + 8, cell.GATES + high / 2 + 14), name, cell.NOTE, anchor="start"),
    ]


def _grey(parts: tuple[str, ...]) -> str:
    """Return parts of the LSTM in gray, with what they read."""
    drawn = "".join("".join(cell._DRAW[part]({}, False, parts)) for part in parts)
    return f"<g{cell.UNLIT}>{cell._reads({}, parts)}{drawn}</g>"


CELL_VARIANTS: dict[str, tuple[Callable[[], list[str]], str]] = {
    "peephole": (
        _peephole,
        "The LSTM cell in gray, with three wires added: the forget and the input gate also read the old cell state, "
        "and the output gate reads the new one.",
    ),
    "coupled": (
        _coupled,
        "The LSTM cell in gray without its input gate; instead a wire takes one minus the forget gate to the "
        "candidate: what is not kept is written.",
    ),
    "GRU": (
        _gru,
        "The same picture with the hidden state on the belt. An update gate keeps the old state, one minus it writes "
        "the candidate, a reset gate says how much of the old state the candidate reads; there is no output gate.",
    ),
}
