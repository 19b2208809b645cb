"""Pictures of gradients on their way back through time. Arrays in, figures or colors out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from rnncourse.arguments import require_array, require_count, require_named, require_number, require_that
from rnncourse.viz._lines import series_styles
from rnncourse.viz._style import INK, QUIET, course_style, figure, grid, power_of_ten

DECADES = 12  # the colors end at 1e-12 and 1e12: what lies beyond looks the same
LEVELS = 256
COLOR_TICKS = (-12, -6, 0, 6, 12)
HALF_ULP = 2.0**-24  # added to 1 in float32, anything smaller is rounded away

# Bright where the gradient keeps its size; into the dark through blue where it dies, through red where it
# explodes. The lightness falls on both sides, and the hue tells the sides apart with every color blindness.
SURVIVAL_STOPS = (
    (0.0, "#0B1026"),
    (0.25, "#0F4C8A"),
    (0.4, "#56B4E9"),
    (0.5, "#FFF7D0"),
    (0.6, "#F0A830"),
    (0.75, "#C0390B"),
    (1.0, "#4A0012"),
)
SURVIVAL = LinearSegmentedColormap.from_list("rnncourse_survival", SURVIVAL_STOPS, N=LEVELS)


def survival_colours(log10_gradients: np.ndarray) -> np.ndarray:
    """Return the colors of log10 sizes (any shape) as red, green, blue of a byte each (…, 3); -inf is a size of 0.

    Raises InputError for NaN.
    """
    a = log10_gradients
    require_that(
        "log10_gradients",
        a,
        isinstance(a, np.ndarray) and a.dtype.kind == "f" and not np.isnan(a).any(),
        "an array of numbers without NaN",
    )
    share = np.clip(log10_gradients / (2 * DECADES) + 0.5, 0, 1)
    levels = np.round(share * (LEVELS - 1)).astype(int)  # whole numbers: places in the palette
    return np.round(255 * SURVIVAL(levels)[..., :3]).astype(np.uint8)


def gradient_heat_maps(runs: Mapping[str, np.ndarray], *, cols: int = 2) -> Figure:
    """Return several gradients, title -> log10 |∂L/∂h_t| (T+1, H), side by side in one color scale.

    cols: how many in a row. Raises InputError for an empty mapping and for other axes.
    """
    require_named("runs", runs, most=12)
    rows = -(-len(runs) // require_count("cols", cols))
    fig, axes = figure(width=9.0, height=0.5 + 1.7 * rows, rows=rows, cols=cols)
    axes = np.atleast_2d(axes).reshape(rows, cols)
    with course_style():
        for ax in axes.flat[len(runs) :]:
            ax.set_axis_off()
        for ax, (title, gradients) in zip(axes.flat, runs.items(), strict=False):
            image = _draw(ax, gradients)
            ax.set_title(title, fontsize=10.5)
        for ax in axes[-1]:
            ax.set_xlabel("step t")
        for ax in axes[:, 0]:
            ax.set_ylabel("unit")
        _colour_bar(fig, image, axes)
    return fig


def norm_curves(
    curves: Mapping[str, np.ndarray],
    *,
    floor: float = -20.0,
    rounding: bool = True,
) -> Figure:
    """Return curves name -> log10 of a norm (T+1,) by lag as a figure with a logarithmic axis, at most 7.

    floor: the lowest power of 10 that is drawn; a curve that falls below leaves the picture. rounding: mark what
    float32 rounds away beside a gradient of size 1? Raises InputError for more curves and for other axes.
    """
    require_named("curves", curves)
    floor = require_number("floor", floor)
    fig, ax = figure(height=3.6)
    with course_style():
        for (name, log10_norms), style in zip(curves.items(), series_styles([*curves]), strict=True):
            values = _without_nan(name, log10_norms, ("T+1",))
            ax.plot(np.maximum(values, 10 * floor), label=name, markevery=max(1, len(values) // 8), **style)
        top = max(1.0, *(float(curve[np.isfinite(curve)].max(initial=0.0)) for curve in curves.values()))
        ax.set_ylim(floor, top + 0.04 * (top - floor))
        ticks = np.arange(np.ceil(floor / 4) * 4, top + 1, 4 if top - floor <= 32 else 8)
        ax.set_yticks(ticks, [power_of_ten(tick) for tick in ticks])
        ax.axhline(0, color=INK, linewidth=0.8)
        if rounding:
            ax.axhspan(floor, np.log10(HALF_ULP), color=INK, alpha=0.06, linewidth=0)
            words, corner = "added to 1, float32 rounds this away", (0.01, 0.015)
            ax.text(*corner, words, transform=ax.transAxes, color=QUIET)
        ax.set(xlabel="lag: steps back from the last one", ylabel="share of the gradient left")
        ax.margins(x=0.01)
        grid(ax)
        fig.legend(loc="outside right upper")
    return fig


def _draw(ax: Axes, log10_gradients: np.ndarray) -> AxesImage:
    values = _without_nan("log10_gradients", log10_gradients, ("T+1", "H"))
    image = ax.imshow(
        np.clip(values.T, -DECADES, DECADES),
        cmap=SURVIVAL,
        norm=Normalize(-DECADES, DECADES),
        aspect="auto",
        interpolation="nearest",
    )
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    return image


def _colour_bar(fig: Figure, image: AxesImage, axes) -> None:
    bar = fig.colorbar(image, ax=axes, pad=0.02, ticks=COLOR_TICKS)
    bar.ax.set_yticklabels([power_of_ten(exponent) for exponent in COLOR_TICKS])
    bar.set_label("|∂L/∂hₜ|")
    bar.outline.set_visible(False)


def _without_nan(name: str, values: np.ndarray, axes: tuple[str, ...]) -> np.ndarray:
    """Return an array with these axes; -inf, the logarithm of 0, is allowed."""
    require_array(name, values, axes=axes, kind="any")
    known = values.dtype.kind == "f" and not np.isnan(values).any() and not np.isposinf(values).any()
    require_that(name, values, known, "logarithms without NaN or +inf")
    return values
