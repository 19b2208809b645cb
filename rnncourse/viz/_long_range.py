"""Activations and their slopes, tasks with a delay, success against delay. Arrays in, figures out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter, NullLocator
from numpy.typing import ArrayLike

from rnncourse.arguments import require_array, require_named, require_numbers
from rnncourse.errors import InputError, describe
from rnncourse.notation import PALETTE
from rnncourse.viz._style import (
    DIVERGING,
    course_style,
    figure,
    grid,
    legend_above,
    line_styles,
    symmetric_limits,
)

MOST_PANELS = 4


def activation_curves(
    a: np.ndarray, values: Mapping[str, np.ndarray], slopes: Mapping[str, np.ndarray]
) -> Figure:
    """Return named activations (n,) over pre-activations a (n,), and their slopes (n,) beside them.

    Raises InputError where values and slopes do not have the same names, or not the length of a.
    """
    require_array("a", a, axes=("n",))
    if list(require_named("values", values)) != list(require_named("slopes", slopes)):
        raise InputError(f"values and slopes must have the same names, but {[*values]} and {[*slopes]} came")
    fig, axes = figure(height=3.2, cols=2)
    with course_style():
        for ax, curves, title in zip(axes, (values, slopes), ("activation φ(a)", "slope φ′(a)"), strict=True):
            for (name, curve), style in zip(curves.items(), line_styles(len(curves)), strict=True):
                if np.shape(curve) != a.shape:
                    raise InputError(f"{name!r} must have shape {a.shape} like a, but {np.shape(curve)} came")
                label = name if ax is axes[0] else None
                ax.plot(a, curve, label=label, markevery=(0.05, 0.15), markersize=5, **style)
            ax.axvline(0, color="black", linewidth=0.6)
            ax.set(title=title, xlabel="pre-activation a")
            grid(ax)
        axes[0].set_ylim(-1.2, 2.2)
        legend_above(fig)
    return fig


def task_pictures(tasks: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Return title -> (x (T, D), asked (T,)) as heat maps, a column for each step, one below the other.

    asked: 1 at the steps where an answer is wanted; they carry an arrow.
    """
    titles = list(require_named("tasks", tasks, MOST_PANELS))
    fig, axes = figure(height=0.3 + 1.15 * len(titles), rows=len(titles))
    with course_style():
        for ax, (title, (x, asked)) in zip(np.atleast_1d(axes), tasks.items(), strict=True):
            require_array(f"x of {title!r}", x, axes=("T", "D"))
            if np.shape(asked) != x.shape[:1]:
                raise InputError(
                    f"asked of {title!r} must have shape {x.shape[:1]}, but {np.shape(asked)} came"
                )
            ax.imshow(x.T, cmap=DIVERGING, norm=symmetric_limits(x), aspect="auto", interpolation="nearest")
            steps = np.flatnonzero(asked)
            above = {"transform": ax.get_xaxis_transform(), "clip_on": False}
            ax.plot(steps, np.full(len(steps), 1.1), "v", color=PALETTE["vermillion"], markersize=7, **above)
            ax.set(title=title, yticks=[], ylabel="input")
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
            for (name, pair), style in zip(curves.items(), line_styles(len(names)), strict=True):
                delays, scores = _curve(name, pair)
                label = name if title == titles[0] else None
                ax.plot(delays, scores.mean(axis=1), label=label, **style)
                ax.plot(delays, scores, ".", color=style["color"], markersize=5, alpha=0.55)
                ticks |= {*delays}
            if title in guessing:
                ax.axhline(guessing[title], color="black", linestyle=(0, (1, 2)), linewidth=1.2)
                place = {"xycoords": ax.get_yaxis_transform(), "textcoords": "offset points"}
                ax.annotate(
                    "guessing", (0, guessing[title]), (3, -3), va="top", fontsize=9, color="#555555", **place
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


def _curve(name: str, pair: tuple) -> tuple[np.ndarray, np.ndarray]:
    if not isinstance(pair, tuple) or len(pair) < 2:
        raise InputError(f"{name!r} must be a pair (delays, scores), but {describe(pair)} came")
    delays = require_numbers(f"delays of {name!r}", pair[0])
    scores = require_numbers(f"scores of {name!r}", pair[1], ("n", "seeds"))
    if len(delays) != len(scores) or (delays <= 0).any():
        raise InputError(
            f"{name!r} needs one positive delay for each row of scores, "
            f"but {delays} came for scores {scores.shape}"
        )
    return delays, scores
