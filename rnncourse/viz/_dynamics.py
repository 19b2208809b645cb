"""Pictures of what a matrix does when it is applied again and again, and of states under noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnncourse.arguments import require_array, require_count, require_list, require_named, require_numbers
from rnncourse.errors import InputError
from rnncourse.notation import PALETTE
from rnncourse.viz._lines import line_styles
from rnncourse.viz._style import AXIS, INK, course_style, figure

MOST_PANELS = 4
_AROUND = np.linspace(0, 2 * np.pi, 121)
CIRCLE = np.stack([np.cos(_AROUND), np.sin(_AROUND)], axis=1)


def eigenvalue_planes(matrices: Mapping[str, np.ndarray]) -> Figure:
    """Return title -> matrix (n, n) as panels: its eigenvalues as dots in the complex plane, with the unit circle.

    Raises InputError for more than four matrices and for a matrix that is not square.
    """
    require_named("matrices", matrices, MOST_PANELS)
    fig, axes = figure(width=2.9 * len(matrices), height=3.0, cols=len(matrices))
    with course_style():
        for ax, (title, W) in zip(np.atleast_1d(axes), matrices.items(), strict=True):
            values = np.linalg.eigvals(_square(title, W))
            ax.plot(*CIRCLE.T, color=INK, linewidth=1)
            ax.plot(values.real, values.imag, "o", color=PALETTE["blue"], markersize=4.5)
            _center(ax, title, max(1.15, 1.08 * float(np.abs(values).max())))
            ax.set_xlabel("real part")
        np.atleast_1d(axes)[0].set_ylabel("imaginary part")
    return fig


def circles_to_ellipses(matrices: Mapping[str, np.ndarray], steps: Sequence[int] = (1, 2, 4)) -> Figure:
    """Return title -> matrix (2, 2) as panels: the unit circle, and what it becomes after so many multiplications.

    Row vectors: a point p becomes p @ W. A bar marks the same point on every curve, so that turning is seen too.
    Raises InputError for more than four matrices, other shapes and steps that are not positive.
    """
    require_named("matrices", matrices, MOST_PANELS)
    listed = [require_count("steps", step) for step in require_list("steps", steps, "numbers of steps")]
    fig, axes = figure(width=2.9 * len(matrices), height=3.3, cols=len(matrices))
    with course_style():
        for ax, (title, W) in zip(np.atleast_1d(axes), matrices.items(), strict=True):
            if _square(title, W).shape != (2, 2):
                raise InputError(f"matrices[{title!r}] must have shape (2, 2), but got {W.shape}")
            ax.plot(*CIRCLE.T, color=INK, linewidth=1.2, label="the circle")
            largest = 1.0
            for step, style in zip(listed, line_styles(len(listed)), strict=True):
                points = CIRCLE @ np.linalg.matrix_power(W, step)
                largest = max(largest, float(np.abs(points).max()))
                ax.plot(*points.T, label=f"after {step}", **{**style, "marker": ""})
                ax.plot(*points[0], style["marker"], color=style["color"])
            _center(ax, title, 1.1 * largest)
        handles, labels = np.atleast_1d(axes)[0].get_legend_handles_labels()
        fig.legend(handles, labels, loc="outside upper left", ncols=len(labels))
    return fig


def state_paths(paths: Mapping[str, np.ndarray], *, ylabel: str = "state") -> Figure:
    """Return title -> states (T, n) as panels that share their axes: n thin lines over the steps, and the line at 0.

    Raises InputError for more than four panels and for other axes.
    """
    require_named("paths", paths, MOST_PANELS)
    fig, axes = figure(width=9.0, height=3.0, cols=len(paths))
    with course_style():
        panels = np.atleast_1d(axes)
        largest = max(
            float(np.abs(require_numbers(f"paths[{k!r}]", h, ("T", "n"))).max()) for k, h in paths.items()
        )
        for ax, (title, h) in zip(panels, paths.items(), strict=True):
            ax.axhline(0, color=INK, linewidth=1)
            ax.plot(h, color=PALETTE["vermillion"], linewidth=1, alpha=0.6)
            ax.set(title=title, xlabel="step t", ylim=(-1.1 * largest, 1.1 * largest))
        panels[0].set_ylabel(ylabel)
    return fig


def _square(title: str, W: np.ndarray) -> np.ndarray:
    require_array(f"matrices[{title!r}]", W, axes=("n", "n"))
    if W.shape[0] != W.shape[1]:
        raise InputError(f"matrices[{title!r}] must be square, but its shape is {W.shape}")
    return W


def _center(ax: Axes, title: str, limit: float) -> None:
    """Put the origin in the middle, with the same scale on both axes."""
    for draw in (ax.axhline, ax.axvline):
        draw(0, color=AXIS, linewidth=0.8, zorder=0)
    ax.set(title=title, xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
