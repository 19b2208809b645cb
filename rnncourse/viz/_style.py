"""The look of every figure: sizes, fonts, line patterns and the diverging color scale."""

from __future__ import annotations

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter
from numpy.typing import ArrayLike

from rnncourse.arguments import require_count, require_that

CSS_DPI = 96  # one inch of a figure is 96 CSS pixels wide when shown, so 10 pt is 10 pt

# Colors that follow the page's theme: _picture.py puts the page's own in their place. ON_CELL is for text on a color,
# and stays as it is.
INK, QUIET, AXIS, GRID, PAPER = "#1a1a1a", "#555555", "#c8c8c8", "#e6e6e6", "#fefefe"
ON_CELL = "#010101"

FONT = "system-ui, -apple-system, BlinkMacSystemFont, 'Segoe UI', Helvetica, Arial, sans-serif"
"""The fonts of the page, as JupyterLab names them."""

WIDTHS = (420, 680, 900)
"""How wide a figure can be on the page, in CSS pixels: small, as wide as the text, as wide as a lab."""

STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": AXIS,
    "axes.facecolor": "none",
    "axes.grid": False,
    "axes.labelcolor": INK,
    "axes.labelsize": 11,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "figure.facecolor": "none",
    "font.size": 10.5,
    "legend.fontsize": 10.5,
    "legend.frameon": False,
    "lines.linewidth": 2.0,
    "lines.markersize": 6.0,
    "text.color": INK,
    "xtick.color": AXIS,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 10.5,
    "ytick.color": AXIS,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 10.5,
}

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

# Negative blue, zero white, positive vermillion: told apart with every common color blindness. Both ends are
# lighter than in the palette, so that black numbers can be read on every cell.
DIVERGING = LinearSegmentedColormap.from_list("rnncourse_diverging", ["#3E93C3", "#FFFFFF", "#DF8741"], N=255)
ONE_SIDED = LinearSegmentedColormap.from_list("rnncourse_one_sided", ["#FFFFFF", "#66AAD1"], N=255)


def course_style() -> matplotlib.rc_context:
    """Return a context in which Matplotlib draws in the course's style; the reader's comes back after."""
    return matplotlib.rc_context(STYLE)


def figure(width: float = 7.1, height: float = 3.2, rows: int = 1, cols: int = 1):
    """Return a figure and its axes (one Axes, or an array of them) in the course's style.

    width, height: inches; the column of text is 7.1 inches wide. The figure belongs to no window and no
    `pyplot` state: hand it to `viz.show`. Raises InputError for sizes that are not positive.
    """
    for name, size in (("width", width), ("height", height)):
        require_that(
            name,
            size,
            not isinstance(size, bool) and isinstance(size, (int, float)) and 0 < size <= 40,
            "a number of inches between 0 and 40",
        )
    require_count("rows", rows)
    require_count("cols", cols)
    with course_style():
        fig = Figure(figsize=(_fitted(width), height), dpi=CSS_DPI, layout="constrained")
        fig.get_layout_engine().set(w_pad=0.1, h_pad=0.08)
        return fig, fig.subplots(rows, cols)


def _fitted(inches: float) -> float:
    """Return a width in inches without what would be a little too much for the text column, or for the page."""
    for width in WIDTHS[1:]:
        if width < inches * CSS_DPI <= 1.1 * width:
            return width / CSS_DPI
    return inches


def diverging_colour(value: float, limit: float = 1.0) -> str:
    """Return the color of `value` as #rrggbb: blue below zero, white at zero, vermillion above.

    limit: the size at which the scale ends. It has 21 steps, so that the last bits of `value` never show.
    """
    share = max(-1.0, min(1.0, value / limit))
    r, g, b, _ = DIVERGING(0.5 + round(share * 10) / 20)
    return f"#{round(r * 255):02x}{round(g * 255):02x}{round(b * 255):02x}"


def symmetric_limits(values: ArrayLike) -> Normalize:
    """Return color limits that are the same on both sides of zero, so that white means zero."""
    limit = max(float(abs(values).max()), 1e-12)
    return Normalize(-limit, limit)


def legend_above(fig: Figure) -> None:
    """Put the legend of all axes in one line above them, where it hides no data."""
    fig.legend(loc="outside upper left", ncols=4, borderaxespad=0.1)


def power_of_ten(exponent: float) -> str:
    """Return 10 to a whole exponent as text, such as 10⁻⁴; Matplotlib's own exponents are too small to be read."""
    return "1" if exponent == 0 else "10" + f"{exponent:.0f}".translate(_RAISED)


def label_powers(axis: Axis) -> None:
    """Label the powers of ten of a logarithmic axis, and nothing between them."""
    axis.set_major_formatter(
        FuncFormatter(lambda value, _: power_of_ten(np.log10(value)) if value > 0 else "")
    )
    axis.set_minor_formatter(NullFormatter())


def grid(ax: Axes, axis: str = "y") -> None:
    """Draw a light grid behind the data."""
    ax.grid(True, axis=axis, color=GRID, linewidth=0.8)
