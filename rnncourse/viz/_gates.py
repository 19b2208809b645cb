"""Pictures of gates: what a gate lets through, and what every gate does over a text. Arrays in, pictures out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from rnncourse.arguments import (
    require_count,
    require_named,
    require_number,
    require_numbers,
    require_texts,
    require_that,
)
from rnncourse.errors import InputError, describe
from rnncourse.notation import PALETTE, colour, dash
from rnncourse.viz._diagrams import svg, text
from rnncourse.viz._style import AXIS, DIVERGING, ONE_SIDED, course_style, diverging_colour, figure, grid

LONGEST_LINES = 100  # characters side by side in a picture of lines; more cannot be read
CELL_W, CELL_H = 14, 28

# The letters of the LSTM as keys of the pictures, and the symbols of the notation behind them.
_LETTERS = {"i": "i_t", "f": "f_t", "o": "o_t", "g": "g_t", "c": "c_t", "h": "h_t"}


def gate_curve(marks: Mapping[str, float]) -> Figure:
    """Return the sigmoid from -8 to 8 as a figure, with marks at named pre-activations and what they let through.

    marks: name -> pre-activation. Raises InputError for one that is not on the picture.
    """
    for name, at in require_named("marks", marks).items():
        require_number(f"marks[{name!r}]", at, least=-8, most=8)
    fig, ax = figure(height=2.9)
    a = np.linspace(-8, 8, 321)
    with course_style():
        ax.plot(a, _sigmoid(a), color=PALETTE["blue"])
        for level in (0, 1):
            ax.axhline(level, color=AXIS, linewidth=1)
        for name, at in marks.items():
            opening = float(_sigmoid(np.array(float(at))))
            ax.plot(at, opening, "o", color=PALETTE["vermillion"])
            offset, side = _beside(at)
            words = f"{name}: {opening:.3f}"
            ax.annotate(words, (at, opening), offset, textcoords="offset points", ha=side, fontsize=10.5)
        ax.set(
            xlabel="pre-activation",
            ylabel="the gate: share let through",
            ylim=(-0.08, 1.2),
            xlim=(-8.4, 8.4),
        )
        ax.set_yticks([0, 0.25, 0.5, 0.75, 1])
        grid(ax)
    return fig


def text_trace(written: str, values: ArrayLike, *, limit: float | None = None, per_line: int = 64) -> str:
    """Return a text as SVG, the background of every character colored by its value: blue below 0, vermillion above.

    values: (T,), one for each character. limit: the size at which the colors end; None: the largest value.
    Raises InputError for values that do not fit the text.
    """
    require_that("written", written, isinstance(written, str) and written, "a text that is not empty")
    values = require_numbers("values", values, ("T",), len(written))
    per_line = require_count("per_line", per_line)
    limit = float(np.abs(values).max()) or 1.0 if limit is None else require_number("limit", limit, above=0)
    parts = []
    for t, (character, value) in enumerate(zip(written, values, strict=True)):
        row, column = divmod(t, per_line)
        x, y = 4 + CELL_W * column, 4 + (CELL_H + 6) * row
        fill = diverging_colour(float(value), limit)
        parts.append(f'<rect x="{x}" y="{y}" width="{CELL_W}" height="{CELL_H}" fill="{fill}"/>')
        shown = "·" if character == " " else character
        parts.append(f'<g fill="#000000">{text((x + CELL_W / 2, y + CELL_H / 2), shown, size=16)}</g>')
    rows, columns = -(-len(written) // per_line), min(per_line, len(written))
    label = f"A text of {len(written)} characters, each colored by a number"
    return svg(8 + CELL_W * columns, 2 + (CELL_H + 6) * rows, parts, label)


def gate_lines(written: Sequence[str], gates: Mapping[str, ArrayLike]) -> Figure:
    """Return one unit's gates and state over a text as a figure: gates (0 … 1) above, g, c and h below.

    written: T characters or words. gates: letters of i, f, o, g, c, h -> (T,), in the colors of the notation.
    Raises InputError for other letters, values that do not fit the text, and a text too long to be read.
    """
    written = _characters(written)
    T = len(written)
    if not isinstance(gates, Mapping) or not gates or not set(gates) <= set(_LETTERS):
        raise InputError(f"gates must name some of {', '.join(_LETTERS)}, but got {describe(gates)}")
    values = {name: require_numbers(f"gates[{name!r}]", each, ("T",), T) for name, each in gates.items()}
    panels = [
        names for names in ([n for n in values if n in "ifo"], [n for n in values if n in "gch"]) if names
    ]
    fig, axes = figure(width=9.5, height=0.8 + 1.7 * len(panels), rows=len(panels))
    with course_style():
        for ax, names in zip(np.atleast_1d(axes), panels, strict=True):
            for name in names:
                symbol = _LETTERS[name]
                ax.plot(
                    values[name],
                    color=colour(symbol),
                    linestyle=dash(symbol),
                    marker="os^Dv*"["ifogch".index(name)],
                    markersize=3.5,
                    linewidth=1.6,
                    label=f"{name}ₜ",
                )
            if names[0] in "ifo":
                ax.set(ylim=(-0.06, 1.06), yticks=[0, 0.5, 1], ylabel="gates")
            else:
                ax.axhline(0, color=AXIS, linewidth=1)
                ax.set_ylabel("state")
            ax.set_xticks(range(T), written, fontsize=9 if T > 60 else 10.5)
            ax.tick_params(axis="x", length=0)
            ax.set_xlim(-0.6, T - 0.4)
            grid(ax)
            ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return fig


def gate_heat_map(
    written: Sequence[str], values: np.ndarray, *, label: str, one_sided: bool = False
) -> Figure:
    """Return values (T, H) over a text as a figure: a column for each character, a row for each unit.

    label: what the colors mean. one_sided: values from 0 to 1, such as gates, white to blue; else blue below 0
    and vermillion above. Raises InputError for values that do not fit the text.
    """
    written = _characters(written)
    values = require_numbers("values", values, ("T", "H"), len(written))
    T, H = values.shape
    fig, ax = figure(width=9.5, height=min(6.0, 1.1 + 0.2 * H))
    limit = max(float(np.abs(values).max()), 1e-12)
    with course_style():
        image = ax.imshow(
            values.T,
            cmap=ONE_SIDED if one_sided else DIVERGING,
            vmin=0 if one_sided else -limit,
            vmax=1 if one_sided else limit,
            aspect="auto",
            interpolation="nearest",
        )
        ax.set_xticks(range(T), written, fontsize=9 if T > 60 else 10.5)
        ax.set_yticks(range(0, H, 2 if H > 8 else 1))
        ax.set_ylabel("unit")
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        fig.colorbar(image, ax=ax, pad=0.01, label=label).outline.set_visible(False)
    return fig


def _characters(written: Sequence[str]) -> list[str]:
    """Return a text as its characters, or a list of characters or words as it is, if there are not too many."""
    listed = list(written) if isinstance(written, str) else require_texts("written", written)
    if not 0 < len(listed) <= LONGEST_LINES:
        raise InputError(f"written must hold 1 to {LONGEST_LINES} characters, but got {len(listed)}")
    return listed


def _beside(at: float) -> tuple[tuple[int, int], str]:
    """Return where to write beside a point of the sigmoid, as an offset and an alignment, so that both can be read."""
    if abs(at) > 4:
        return (0, 8), "center"
    return ((-9, 5), "right") if at <= 0 else ((9, -13), "left")


def _sigmoid(a: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-a))
