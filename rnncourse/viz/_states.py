"""Pictures of hidden states over time. Arrays in, figures out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from rnncourse.arguments import (
    require_array,
    require_count,
    require_named,
    require_numbers,
    require_shape,
    require_texts,
    require_within,
)
from rnncourse.errors import InputError
from rnncourse.viz._diagrams import signed
from rnncourse.viz._lines import line_styles
from rnncourse.viz._style import (
    DIVERGING,
    INK,
    ON_CELL,
    course_style,
    figure,
    grid,
    legend_above,
    symmetric_limits,
)

NUMBERED_CELLS = 120  # up to this many cells a heat map prints its numbers
PLANE = 1.12  # how far a picture of the plane of two tanh units reaches


def state_heat_map(
    h: np.ndarray,
    *,
    step_labels: Sequence[str] | None = None,
    unit_labels: Sequence[str] | None = None,
    title: str | None = None,
) -> Figure:
    """Return h (T, H) as a figure: one column a step, one row a unit, blue below zero, vermillion above.

    step_labels: T texts, such as the words read. unit_labels: H texts. Small maps print every number.
    Raises InputError for other axes, for labels that do not fit and for NaN.
    """
    h = _require_states(h)
    T, H = h.shape
    width = min(9.5, max(4.0, 1.9 + 0.62 * T))
    fig, ax = figure(width=width, height=min(7.0, 1.2 + 0.42 * H))
    with course_style():
        image = _draw_heat_map(ax, h, symmetric_limits(h), step_labels, unit_labels)
        if step_labels is not None and max(map(len, step_labels)) > 6:
            ax.tick_params(axis="x", labelrotation=30)
        ax.set_xlabel("step t")
        if title is not None:
            ax.set_title(title)
        fig.colorbar(image, ax=ax, label="state", pad=0.02).outline.set_visible(False)
    return fig


def state_heat_maps(
    runs: Mapping[str, np.ndarray],
    step_labels: Mapping[str, Sequence[str]] | None = None,
) -> Figure:
    """Return several runs of one net, name -> h (T, H), as heat maps below one another with one color scale.

    step_labels: name -> T texts. Raises InputError for runs that are not all of one shape, and for labels
    that do not fit.
    """
    states = {name: _require_states(h) for name, h in require_named("runs", runs).items()}
    labels = {} if step_labels is None else require_named("step_labels", step_labels)
    if len({h.shape for h in states.values()}) > 1:
        shapes = ", ".join(f"{name} {h.shape}" for name, h in states.items())
        raise InputError(f"runs must all have the same shape (T, H), but: {shapes}")
    T, H = next(iter(states.values())).shape
    norm = symmetric_limits(np.stack(list(states.values())))
    width = min(9.5, max(4.0, 2.3 + 0.85 * T))
    fig, axes = figure(width=width, height=min(9.0, len(states) * (1.0 + 0.4 * H)), rows=len(states))
    with course_style():
        for ax, (name, h) in zip(np.atleast_1d(axes), states.items(), strict=True):
            image = _draw_heat_map(ax, h, norm, labels.get(name), None)
            ax.set_title(name)
        fig.colorbar(image, ax=axes, label="state", pad=0.02).outline.set_visible(False)
    return fig


def evidence_plot(
    labels: Sequence[str], answers: Mapping[str, ArrayLike], *, ylabel: str, wanted: ArrayLike | None = None
) -> Figure:
    """Return what several nets say about n pieces of evidence: name -> (n, nets), each net a dot of its own.

    labels: n texts. wanted: (n,) what should be said, a black bar. The groups are next to each other above each
    piece of evidence. Raises InputError for answers that do not fit the labels.
    """
    labels = require_texts("labels", labels)
    n = len(labels)
    groups = {
        name: require_numbers(f"answers[{name!r}]", values, ("n", "nets"), n)
        for name, values in require_named("answers", answers, most=3).items()
    }
    if wanted is not None:
        wanted = require_numbers("wanted", wanted, n=n)
    fig, ax = figure(height=3.4)
    room = 0.72 / len(groups)  # of the width between two labels
    with course_style():
        for k, ((name, values), style) in enumerate(zip(groups.items(), line_styles(3), strict=False)):
            nets = values.shape[1]
            offset = room * (k - (len(groups) - 1) / 2)
            spread = np.linspace(-0.3, 0.3, nets) * room if nets > 1 else np.zeros(1)
            ax.plot(
                (np.arange(n)[:, None] + offset + spread).ravel(),
                values.ravel(),
                linestyle="none",
                marker=style["marker"],
                color=style["color"],
                alpha=0.85,
                label=name,
            )
        if wanted is not None:
            ax.hlines(wanted, np.arange(n) - 0.42, np.arange(n) + 0.42, color=INK, label="wanted")
        ax.set_xticks(range(n), labels)
        ax.set_ylabel(ylabel)
        ax.tick_params(axis="x", length=0)
        grid(ax)
        legend_above(fig)
    return fig


def state_planes(
    runs: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]], names: Sequence[str], truth: np.ndarray
) -> Figure:
    """Return runs of nets with two units as points in the plane: title -> (h (T, 2), W_hy (2, K), b_y (K,)).

    The color of the plane says which answer has the highest score there, of K ≤ 4 called `names`. A point is
    the state after one step, its marker the right answer, truth (T,); the first state is ringed, and a thin
    line joins a state to the next. Raises InputError for other shapes.
    """
    require_named("runs", runs, most=3)
    names = require_texts("names", names)
    K = require_count("the number of names", len(names), most=4)
    truth = require_array("truth", truth, axes=("T",), kind="i")
    require_within("truth", truth, 0, K - 1, "indices of names")
    fig, axes = figure(width=3.6 * len(runs) + 0.3, height=3.9, cols=len(runs))
    styles = line_styles(K)
    tints = ListedColormap([_tint(style["color"]) for style in styles])
    axis = np.linspace(-PLANE, PLANE, 281)
    plane = np.stack(np.meshgrid(axis, axis), axis=-1)
    with course_style():
        for ax, (title, (h, W_hy, b_y)) in zip(np.atleast_1d(axes), runs.items(), strict=True):
            h = _require_states(h)
            require_shape(f"h of {title!r}", h, (len(truth), 2))
            require_shape(f"W_hy of {title!r}", W_hy, (2, K))
            require_shape(f"b_y of {title!r}", b_y, (K,))
            answer = (plane @ W_hy + b_y).argmax(axis=-1)
            ax.imshow(answer, cmap=tints, vmin=-0.5, vmax=K - 0.5, origin="lower", extent=[-PLANE, PLANE] * 2)
            ax.plot(*h.T, color=ON_CELL, linewidth=0.5, alpha=0.35)
            for k, style in enumerate(styles):
                points = style | {"linestyle": "none", "markeredgecolor": ON_CELL}
                ax.plot(*h[truth == k].T, **points)
            ax.plot(*h[0], "o", markersize=15, markerfacecolor="none", markeredgecolor=ON_CELL)
            ax.set(title=title, xlabel="unit 0", ylabel="unit 1", xticks=(-1, 0, 1), yticks=(-1, 0, 1))
        marks = [line for line in np.atleast_1d(axes)[0].lines if line.get_marker() != "None"][:K]
        fig.legend(marks, names, loc="outside upper left", ncols=K, borderaxespad=0.1)
    return fig


def _tint(colour: str) -> tuple[float, float, float]:
    """Return a light tint of a color, for areas behind points."""
    return tuple(1 - 0.3 * (1 - int(colour[k : k + 2], 16) / 255) for k in (1, 3, 5))


def _print_in_cells(ax: Axes, values: np.ndarray) -> None:
    """Print each value (rows, columns) in its cell."""
    for (row, col), value in np.ndenumerate(values):
        ax.text(col, row, signed(value), ha="center", va="center", color=ON_CELL, fontsize=10)


def _draw_heat_map(ax: Axes, h: np.ndarray, norm, step_labels, unit_labels):
    """Draw h (T, H) into ax, with its numbers where they fit, and return the image."""
    T, H = h.shape
    image = ax.imshow(h.T, cmap=DIVERGING, norm=norm, aspect="auto")
    _name_ticks(ax.set_xticks, "step_labels", step_labels, T, [str(t + 1) for t in range(T)])
    _name_ticks(ax.set_yticks, "unit_labels", unit_labels, H, [f"unit {k}" for k in range(H)])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    if T * H <= NUMBERED_CELLS and T <= 16:
        _print_in_cells(ax, h.T)
    return image


def _require_states(h: np.ndarray) -> np.ndarray:
    hint = "choose one sequence of the batch: h[:, 0]" if np.ndim(h) == 3 else ""
    return require_array("h", h, axes=("T", "H"), hint=hint)


def _name_ticks(set_ticks, name: str, labels: Sequence[str] | None, n: int, default: list[str]) -> None:
    """Put n labels on an axis; the numbered default is thinned out where it would not fit."""
    names = default if labels is None else require_texts(name, labels, n)
    every = 1 if labels is not None else -(-n // 24)
    set_ticks(np.arange(n)[::every], names[::every])
