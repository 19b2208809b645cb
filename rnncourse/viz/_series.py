"""Pictures of sequences (lines, windows, sound, video) and of results over seeds. Arrays in, figures out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from rnncourse.arguments import require_count, require_named, require_number, require_numbers, require_pair
from rnncourse.errors import InputError
from rnncourse.notation import PALETTE
from rnncourse.viz._lines import bar_colours, series_styles
from rnncourse.viz._style import INK, ON_CELL, PAPER, course_style, figure, grid, label_powers, legend_above

MARKED_POINTS = 16  # a line with more points carries a marker only here and there


def line_plot(
    x: ArrayLike,
    lines: Mapping[str, ArrayLike],
    *,
    xlabel: str,
    ylabel: str,
    title: str | None = None,
) -> Figure:
    """Return up to 7 named lines (n,) over x (n,), each with its own color, dash and marker.

    Raises InputError for lines of other lengths than x.
    """
    x = require_numbers("x", x)
    lines = require_named("lines", lines)
    series = {name: require_numbers(f"lines[{name!r}]", y, n=len(x)) for name, y in lines.items()}
    fig, ax = figure(height=3.2)
    with course_style():
        for (name, values), style in zip(series.items(), series_styles([*series]), strict=True):
            if len(series) == 1:
                style["marker"] = ""  # markers tell lines apart; on a single one they look like events
            ax.plot(x, values, label=name, markevery=_marker_step(len(x)), **style)
        _finish(ax, xlabel, ylabel, title)
        if len(series) > 1:
            legend_above(fig)
    return fig


def loss_plot(losses: Mapping[str, ArrayLike], *, ylabel: str = "loss", log: bool = False) -> Figure:
    """Return named loss curves, each (steps,) and of its own length, over the training step.

    log: draw the losses on a logarithmic axis; they must then be positive. Raises InputError otherwise.
    """
    curves = {
        name: require_numbers(f"losses[{name!r}]", values)
        for name, values in require_named("losses", losses).items()
    }
    if log and any((values <= 0).any() for values in curves.values()):
        raise InputError("losses must be positive to be drawn with log=True, but got a loss of 0 or less")
    fig, ax = figure(height=2.8)
    with course_style():
        for (name, values), style in zip(curves.items(), series_styles([*curves]), strict=True):
            ax.plot(
                np.arange(1, len(values) + 1),
                values,
                label=name,
                markevery=_marker_step(len(values)),
                **style,
            )
        if log:
            ax.set_yscale("log")
            label_powers(ax.yaxis)
        _finish(ax, "training step", ylabel)
        if len(curves) > 1:
            legend_above(fig)
    return fig


def training_curves(runs: Mapping[str, tuple[ArrayLike, ArrayLike]], *, every: int = 10) -> Figure:
    """Return a panel for each of up to 4 runs, title -> (training losses (steps,), validation losses (checks,)).

    every: how many training steps there are from one check to the next, the first before step 1; `fit` checks every
    tenth. Each panel has its own loss axis. Raises InputError for more runs, other shapes, and a check after the end.
    """
    require_count("every", every)
    pairs = {title: _losses(title, pair, every) for title, pair in require_named("runs", runs, 4).items()}
    rows, cols = -(-len(pairs) // 2), min(len(pairs), 2)
    fig, axes = figure(height=0.5 + 2.1 * rows, rows=rows, cols=cols)
    panels = np.atleast_1d(axes).ravel()
    training, validation = series_styles(["training", "validation"])
    with course_style():
        for ax in panels[len(pairs) :]:
            ax.set_axis_off()
        for ax, (title, (losses, checks)) in zip(panels, pairs.items(), strict=False):
            named = ax is panels[0]
            steps, checked = np.arange(len(losses)), every * np.arange(len(checks))
            ax.plot(
                steps,
                losses,
                label="training" if named else None,
                **training | {"marker": "", "linewidth": 1.2},
            )
            ax.plot(
                checked,
                checks,
                label="validation" if named else None,
                markevery=_marker_step(len(checks)),
                **validation,
            )
            _finish(ax, "training step", "loss" if ax in panels[::2] else None, title)
        legend_above(fig)
    return fig


def _losses(title: str, pair: tuple[ArrayLike, ArrayLike], every: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the training and the validation losses of a run; raise InputError where they do not fit together."""
    training, validation = require_pair(f"runs[{title!r}]", pair, "(training losses, validation losses)")
    training = require_numbers(f"training losses of {title!r}", training)
    validation = require_numbers(f"validation losses of {title!r}", validation)
    if (last := every * (len(validation) - 1)) > len(training):
        raise InputError(
            f"the {len(validation)} validation losses of {title!r}, one every {every} steps, reach step {last}, "
            f"but got only {len(training)} training losses"
        )
    return training, validation


def forecast_plot(
    t: ArrayLike,
    actual: ArrayLike,
    forecasts: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    xlabel: str,
    ylabel: str,
    split: float | None = None,
) -> Figure:
    """Return what happened (n,) over t (n,), and named forecasts, each a pair (times, values).

    split: the time where training ends and testing begins, drawn as a vertical line.
    Raises InputError for lengths that differ.
    """
    t = require_numbers("t", t)
    actual = require_numbers("actual", actual, n=len(t))
    pairs = {}
    for name, given in require_named("forecasts", forecasts).items():
        times, values = require_pair(f"forecasts[{name!r}]", given, "(times, values)")
        times = require_numbers(f"times of {name!r}", times)
        pairs[name] = times, require_numbers(f"values of {name!r}", values, n=len(times))
    if split is not None:
        split = require_number("split", split)
    fig, ax = figure(height=3.2)
    with course_style():
        ax.plot(t, actual, color=PALETTE["grey"], linewidth=2.5, label="measured")
        for (name, (times, values)), style in zip(pairs.items(), series_styles([*pairs]), strict=True):
            ax.plot(times, values, label=name, markevery=_marker_step(len(times)), **style)
        if split is not None:
            ax.axvline(split, color=INK, linewidth=1, linestyle=":")
            ax.annotate("test →", (split, 1.02), xycoords=("data", "axes fraction"))
        _finish(ax, xlabel, ylabel)
        legend_above(fig)
    return fig


def bars_with_seeds(
    groups: Mapping[str, ArrayLike],
    *,
    ylabel: str,
    reference: tuple[str, float] | None = None,
    levels: ArrayLike | None = None,
    digits: int = 2,
) -> Figure:
    """Return a bar at the mean of each group, one dot for each of its runs, and the mean as a number.

    groups: name -> results, one per seed. reference: a name and a level, drawn as a dashed line across all bars.
    levels: a baseline for each group, drawn as a dashed line across its own bar.
    """
    groups = require_named("groups", groups, most=12)
    results = {name: require_numbers(f"groups[{name!r}]", values) for name, values in groups.items()}
    require_count("digits", digits, least=0)
    own = (
        [[]] * len(results)
        if levels is None
        else [[one] for one in require_numbers("levels", levels, n=len(results))]
    )
    if reference is not None:
        name, level = require_pair("reference", reference, "(name, level)")
        level = require_number("level of reference", level)
        own = [[*lines, level] for lines in own]
    means = [values.mean() for values in results.values()]
    tops = [max(mean, values.max()) for mean, values in zip(means, results.values(), strict=True)]
    fig, ax = figure(width=min(9.5, 2.2 + 1.3 * len(results)), height=3.2)
    with course_style():
        tones = bar_colours([*results])
        ax.bar(range(len(results)), means, width=0.6, color=[(tone, 0.38) for tone in tones], edgecolor=tones)
        for k, values in enumerate(results.values()):
            spread = np.linspace(-0.18, 0.18, len(values)) if len(values) > 1 else [0.0]
            ax.plot(k + np.asarray(spread), values, "o", color=INK, markersize=4.5, alpha=0.75)
            top = _above_lines(tops[k], own[k], max(tops))
            label = ax.annotate(
                f"{means[k]:.{digits}f}", (k, top), (0, 8), textcoords="offset points", ha="center"
            )
            label.set(weight="bold", bbox={"boxstyle": "square,pad=0", "fc": PAPER, "ec": "none"})
            if levels is not None:
                ax.plot([k - 0.4, k + 0.4], [own[k][0]] * 2, color=PALETTE["vermillion"], linestyle="--")
        if reference is not None:
            ax.axhline(level, color=PALETTE["vermillion"], linestyle="--", linewidth=1.5)
            words, right_end = f"{name}\n{level:.{digits}f}", ("axes fraction", "data")
            ax.annotate(
                words, (1, level), (4, 0), xycoords=right_end, textcoords="offset points", va="center"
            )
        longest = max(len(part) for name in results for part in name.split("\n"))
        ax.set_xticks(range(len(results)), results)
        if longest > 14:
            ax.tick_params(axis="x", labelrotation=15)
        ax.margins(y=0.18)
        _finish(ax, None, ylabel)
    return fig


def _above_lines(top: float, lines: Sequence[float], highest: float) -> float:
    """Return above what a bar's number is written: above its top, and above a line that would cross the number."""
    room = 0.16 * highest  # what a number and its distance from the bar take up
    return max([top, *(line for line in lines if top < line < top + room)])


def curve_with_seeds(x: ArrayLike, curves: Mapping[str, np.ndarray], *, xlabel: str, ylabel: str) -> Figure:
    """Return named curves (n, seeds) over x (n,): the mean as a line, every seed as a small dot."""
    x = require_numbers("x", x)
    fig, ax = figure(height=3.2)
    named = require_named("curves", curves)
    with course_style():
        for (name, values), style in zip(named.items(), series_styles([*named]), strict=True):
            values = require_numbers(f"curves[{name!r}]", values, ("n", "seeds"), len(x))
            ax.plot(x, values.mean(axis=1), label=name, **style)
            ax.plot(x, values, ".", color=style["color"], markersize=4, alpha=0.6)
        _finish(ax, xlabel, ylabel)
        if len(named) > 1:
            legend_above(fig)
    return fig


def windows_picture(series: ArrayLike, width: int, *, windows: int = 4) -> Figure:
    """Return the first windows of a series (n,) as rows of numbered cells that overlap, each with its target.

    width: values in a window; the value after it is the target. Raises InputError for a series too short.
    """
    series = require_numbers("series", series)
    require_count("width", width)
    require_count("windows", windows)
    shown = width + windows
    if len(series) < shown:
        raise InputError(
            f"series needs at least {shown} values for {windows} windows of {width} + 1, but got {len(series)}"
        )
    written = [f"{value:.0f}" for value in series[:shown]]
    fig, ax = figure(width=min(9.5, 1.7 + 0.75 * shown), height=0.8 + 0.46 * (windows + 1))
    with course_style():
        for col in range(shown):
            _cell(ax, col, 0, written[col], "#EFEFEF", "#9A9A9A")
        for row in range(windows):
            for col in range(row, row + width):
                _cell(ax, col, row + 1, written[col], "#CDE4F2", PALETTE["blue"])
            target = row + width
            _cell(ax, target, row + 1, written[target], "#F8DCC8", PALETTE["vermillion"], dashed=True)
        labels = ["series", *(f"window {k + 1}" for k in range(windows))]
        ax.set_yticks(range(windows + 1), labels)
        ax.set_xticks([])
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        ax.set_xlim(-0.6, shown - 0.4)
        ax.set_ylim(windows + 0.6, -0.6)
        ax.set_title("inputs: solid frame\N{EM SPACE}\N{EM SPACE}target: dashed frame")
    return fig


def frames_strip(video: np.ndarray, *, times: Sequence[float] | None = None, count: int = 8) -> Figure:
    """Return `count` evenly spaced frames of video (n, rows, columns), dark where it is large, with their times below.

    times: n times in seconds; the frame number is written where they are missing.
    """
    video = require_numbers("video", video, ("n", "rows", "columns"))
    if times is not None:
        times = require_numbers("times", times, n=len(video))
    chosen = (
        np.linspace(0, len(video) - 1, min(require_count("count", count), len(video))).round().astype(int)
    )
    fig, axes = figure(width=7.5, height=0.5 + 6.6 / max(len(chosen), 5), cols=len(chosen))
    with course_style():
        for ax, k in zip(np.atleast_1d(axes), chosen, strict=True):
            ax.imshow(video[k], cmap="gray_r", vmin=video.min(), vmax=video.max(), interpolation="nearest")
            ax.set_xticks([])
            ax.set_yticks([])
            ax.set_xlabel(f"frame {k}" if times is None else f"{times[k]:.2f} s")
    return fig


def sound_plot(wave: ArrayLike, rate: int, *, zoom: int = 60) -> Figure:
    """Return a sound (n,), sampled `rate` times a second: all of it, and its first `zoom` samples as dots."""
    wave = require_numbers("wave", wave)
    require_count("rate", rate)
    require_count("zoom", zoom)
    fig, (whole, close) = figure(height=2.8, cols=2)
    with course_style():
        whole.plot(np.arange(len(wave)) / rate, wave, color=PALETTE["blue"], linewidth=0.8)
        whole.set_title("all of it")
        _finish(whole, "time in s", "air pressure")
        near = wave[:zoom]
        close.plot(
            1000 * np.arange(len(near)) / rate, near, color=PALETTE["blue"], marker="o", markersize=3.5
        )
        close.set_title(f"its first {len(near)} numbers")
        _finish(close, "time in ms", None)
    return fig


def _cell(ax: Axes, col: int, row: int, words: str, fill: str, edge: str, dashed: bool = False) -> None:
    """Draw one numbered cell at a place in a grid whose rows run downwards."""
    style = (0, (3, 2)) if dashed else "-"
    ax.add_patch(
        Rectangle((col - 0.45, row - 0.4), 0.9, 0.8, facecolor=fill, edgecolor=edge, linestyle=style, lw=1.5)
    )
    ax.text(col, row, words, ha="center", va="center", color=ON_CELL)


def _finish(ax: Axes, xlabel: str | None, ylabel: str | None, title: str | None = None) -> None:
    """Name the axes and lay a light grid behind the data."""
    if xlabel is not None:
        ax.set_xlabel(xlabel)
    if ylabel is not None:
        ax.set_ylabel(ylabel)
    if title is not None:
        ax.set_title(title)
    grid(ax)


def _marker_step(n: int) -> int:
    return -(-n // MARKED_POINTS)
