"""Activations and their slopes, tasks with a delay, success against delay. Arrays in, figures out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter, NullLocator
from numpy.typing import ArrayLike

from rnncourse.arguments import (
    require_array,
    require_named,
    require_numbers,
    require_shape,
    require_texts,
    require_that,
)
from rnncourse.errors import InputError
from rnncourse.notation import PALETTE
from rnncourse.viz._diagrams import on_cell, svg, text
from rnncourse.viz._lines import series_styles
from rnncourse.viz._style import (
    DIVERGING,
    INK,
    QUIET,
    course_style,
    figure,
    grid,
    legend_above,
    symmetric_limits,
)

MOST_PANELS = 4
MOST_ROWS = 14
GRID_CELL_W, GRID_CELL_H = 52, 27


def activation_curves(
    a: np.ndarray, values: Mapping[str, np.ndarray], slopes: Mapping[str, np.ndarray]
) -> Figure:
    """Return named activations (n,) over pre-activations a (n,), and their slopes (n,) beside them.

    Raises InputError where values and slopes do not have the same names, or not the length of a.
    """
    require_array("a", a, axes=("n",))
    if list(require_named("values", values)) != list(require_named("slopes", slopes)):
        raise InputError(f"values and slopes must have the same names, but got {[*values]} and {[*slopes]}")
    fig, axes = figure(height=3.2, cols=2)
    with course_style():
        for ax, curves, title in zip(axes, (values, slopes), ("activation φ(a)", "slope φ′(a)"), strict=True):
            for (name, curve), style in zip(curves.items(), series_styles([*curves]), strict=True):
                require_shape(f"{name!r}", curve, a.shape, "like a")
                label = name if ax is axes[0] else None
                ax.plot(a, curve, label=label, markevery=(0.05, 0.15), markersize=5, **style)
            ax.axvline(0, color=INK, linewidth=0.6)
            ax.set(title=title, xlabel="pre-activation a")
            grid(ax)
        axes[0].set_ylim(-1.2, 2.2)
        legend_above(fig)
    return fig


def task_pictures(tasks: Mapping[str, tuple[np.ndarray, np.ndarray, Sequence[str]]]) -> Figure:
    """Return title -> (x (T, D), asked (T,), names of the D rows) as heat maps, one below the other.

    A column is a step. asked: 1 at the steps where an answer is wanted; they carry an arrow.
    """
    titles = list(require_named("tasks", tasks, MOST_PANELS))
    fig, axes = figure(height=0.3 + 1.15 * len(titles), rows=len(titles))
    with course_style():
        for ax, (title, (x, asked, rows)) in zip(np.atleast_1d(axes), tasks.items(), strict=True):
            require_array(f"x of {title!r}", x, axes=("T", "D"))
            rows = require_texts(f"rows of {title!r}", rows, x.shape[1])
            require_shape(f"asked of {title!r}", asked, x.shape[:1])
            ax.imshow(x.T, cmap=DIVERGING, norm=symmetric_limits(x), aspect="auto", interpolation="nearest")
            steps = np.flatnonzero(asked)
            above = {"transform": ax.get_xaxis_transform(), "clip_on": False}
            ax.plot(steps, np.full(len(steps), 1.1), "v", color=PALETTE["vermillion"], markersize=7, **above)
            ax.set_title(title)
            ax.set_yticks(range(len(rows)), rows, fontsize=9)
            ax.set_xticks(np.arange(len(x) + 1) - 0.5, minor=True)
            ax.grid(which="minor", axis="x", color="white", linewidth=1.2)
            ax.tick_params(which="both", length=0)
            ax.xaxis.set_major_locator(MaxNLocator(integer=True))
            ax.spines[:].set_visible(True)
        ax.set_xlabel("step t, counted from 0")
    return fig


def delay_curves(
    panels: Mapping[str, Mapping[str, tuple[ArrayLike, ArrayLike]]],
    *,
    chance: Mapping[str, float] | None = None,
    xlabel: str = "delay in steps",
    ylabel: str = "score",
    height: float = 3.4,
) -> Figure:
    """Return title -> {name -> (delays (n,), scores (n, seeds))} as panels: the mean as a line, each seed a dot.

    The names must be the same in all panels, at most 7. chance: title -> the score of guessing, a dashed line.
    Delays stand on a logarithmic axis. Raises InputError for other names and shapes.
    """
    titles = list(require_named("panels", panels, MOST_PANELS))
    names = list(require_named(f"panels[{titles[0]!r}]", panels[titles[0]]))
    guessing = {} if chance is None else require_named("chance", chance)
    fig, axes = figure(width=min(9.5, 3.0 + 2.6 * len(titles)), height=height, cols=len(titles))
    with course_style():
        for ax, (title, curves) in zip(np.atleast_1d(axes), panels.items(), strict=True):
            if list(curves) != names:
                raise InputError(f"all panels must have the curves {names}, but {title!r} has {[*curves]}")
            ticks: set[float] = set()
            for (name, pair), style in zip(curves.items(), series_styles(names), strict=True):
                delays, scores = _curve(name, pair)
                label = name if title == titles[0] else None
                ax.plot(delays, scores.mean(axis=1), label=label, **style)
                ax.plot(delays, scores, ".", color=style["color"], markersize=5, alpha=0.55)
                ticks |= {*delays}
            if title in guessing:
                ax.axhline(guessing[title], color=INK, linestyle=(0, (1, 2)), linewidth=1.2)
                place = {"xycoords": ax.get_yaxis_transform(), "textcoords": "offset points"}
                ax.annotate(
                    "guessing", (0, guessing[title]), (3, -3), va="top", fontsize=9, color=QUIET, **place
                )
            ax.set_xscale("log")
            ax.set_xticks(sorted(ticks), [f"{tick:g}" for tick in sorted(ticks)])
            ax.xaxis.set_minor_locator(NullLocator())
            ax.xaxis.set_minor_formatter(NullFormatter())
            ax.set(title=title, xlabel=xlabel, ylim=(-0.12, 1.08))
            grid(ax)
        np.atleast_1d(axes)[0].set_ylabel(ylabel)
        legend_above(fig)
    return fig


def learned_grid(panels: Mapping[str, Mapping[str, tuple[ArrayLike, ArrayLike]]], passed: float = 0.9) -> str:
    """Return title -> {name -> (delays (n,), scores (n, seeds))} as grids side by side, as SVG: who learned what.

    A cell says how many of the seeds scored at least `passed`, and is the darker the more there are. All panels
    must have the same names and delays. Raises InputError for other names and shapes.
    """
    titles = list(require_named("panels", panels, MOST_PANELS))
    names = list(require_named(f"panels[{titles[0]!r}]", panels[titles[0]], MOST_ROWS))
    delays = _curve(names[0], panels[titles[0]][names[0]])[0]
    left, width = 9 * max(map(len, names)) + 16, GRID_CELL_W * len(delays) + 26
    parts = []
    for column, (title, curves) in enumerate(panels.items()):
        if list(curves) != names:
            raise InputError(f"all panels must have the curves {names}, but {title!r} has {[*curves]}")
        x0 = left + width * column
        parts.append(text((x0, 14), title, size=15, anchor="start", bold=True))
        parts += [
            text((x0 + GRID_CELL_W * (k + 0.5), 38), f"{delay:g}", size=13) for k, delay in enumerate(delays)
        ]
        for row, (name, pair) in enumerate(curves.items()):
            found, scores = _curve(name, pair)
            if not np.array_equal(found, delays):
                raise InputError(f"{name!r} of {title!r} must have the delays {delays}, but got {found}")
            y = 54 + GRID_CELL_H * row
            if column == 0:
                parts.append(text((left - 10, y + GRID_CELL_H / 2), name, size=14, anchor="end"))
            for k, count in enumerate((scores >= passed).sum(axis=1)):
                parts.append(_count_cell((x0 + GRID_CELL_W * k, y), int(count), scores.shape[1]))
    height = 54 + GRID_CELL_H * len(names) + 6
    label = f"{len(names)} networks by {len(delays)} delays on {len(titles)} tasks: how many seeds learned it"
    return svg(left + width * len(titles), height, parts, label)


def _count_cell(corner: tuple[float, float], count: int, most: int) -> str:
    """Return a cell of the grid: "2 of 3", filled in proportion; nothing but a dot where no seed learned it."""
    x, y = corner
    middle = (x + GRID_CELL_W / 2, y + GRID_CELL_H / 2)
    words = text(middle, f"{count} of {most}" if count else "·", size=13, bold=count == most)
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{GRID_CELL_W}" height="{GRID_CELL_H}" fill="{PALETTE["sky"]}" '
        f'fill-opacity="{0.8 * count / most:.2f}" stroke="{PALETTE["grey"]}" stroke-width="0.7"/>'
        f"{on_cell(words, 0.8 * count / most)}"
    )


def _curve(name: str, pair: tuple) -> tuple[np.ndarray, np.ndarray]:
    require_that(f"{name!r}", pair, isinstance(pair, tuple) and len(pair) >= 2, "a pair (delays, scores)")
    delays = require_numbers(f"delays of {name!r}", pair[0])
    scores = require_numbers(f"scores of {name!r}", pair[1], ("n", "seeds"))
    if len(delays) != len(scores) or (delays <= 0).any():
        raise InputError(
            f"{name!r} needs one positive delay for each row of scores, "
            f"but got {delays} for scores {scores.shape}"
        )
    return delays, scores
