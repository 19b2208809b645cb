"""Pictures of vectors and tokens: one-hot grids, distances, padding, word ranks. Arrays in, figures out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from rnncourse.arguments import (
    require_array,
    require_count,
    require_length,
    require_list,
    require_named,
    require_numbers,
    require_pair,
    require_shape,
    require_texts,
    require_that,
    require_within,
)
from rnncourse.errors import InputError
from rnncourse.notation import PALETTE
from rnncourse.viz._lines import line_styles
from rnncourse.viz._style import INK, ON_CELL, ONE_SIDED, course_style, figure, grid, label_powers

LARGEST_GRID = 40  # more rows or columns than this cannot be read
STRIP_DOTS = 210


def one_hot_grid(x: np.ndarray, row_labels: Sequence[str], col_labels: Sequence[str]) -> Figure:
    """Return x (n, V) as a grid with its numbers: a row a thing, a column a vocabulary entry.

    Raises InputError for labels that do not fit and for grids too large to read.
    """
    x = require_numbers("x", x, ("n", "V"))
    fig, ax = _grid_figure(x.shape, row_labels, col_labels)
    with course_style():
        ax.imshow(x, cmap=ONE_SIDED, vmin=0, vmax=max(1, x.max()), aspect="auto")
        _write(ax, [[f"{value:g}" for value in row] for row in x], bold=x > 0.5)
    return fig


def padding_grid(tokens: Sequence[Sequence[str]], mask: np.ndarray) -> Figure:
    """Return padded tokens as a grid, time-major: T rows, B columns, padding hatched.

    tokens: T rows of B texts. mask: (T, B), 1 where a step is real. Raises InputError where the two differ.
    """
    mask = require_numbers("mask", mask, ("T", "B"))
    T, B = mask.shape
    rows = require_list("tokens", tokens, f"T = {T} rows of B = {B} texts")
    tokens = [require_texts(f"tokens[{t}]", row, B) for t, row in enumerate(rows)]
    require_length("tokens", tokens, T, "to go with mask")
    sequences = [f"sequence {b + 1}" for b in range(B)]
    fig, ax = _grid_figure((T, B), [f"t = {t + 1}" for t in range(T)], sequences)
    with course_style():
        ax.imshow(mask, cmap=ONE_SIDED, vmin=0, vmax=2, aspect="auto")
        for t, b in np.argwhere(mask == 0):
            ax.fill_between(
                [b - 0.5, b + 0.5],
                t - 0.5,
                t + 0.5,
                facecolor="#F2F2F2",
                hatch="///",
                edgecolor="#BBBBBB",
                lw=0,
            )
        _write(ax, tokens, bold=mask > 0)
    return fig


def rank_frequency(counts: ArrayLike, *, named: Sequence[tuple[int, str]] = ()) -> Figure:
    """Return word counts, sorted here, over their rank on two logarithmic axes.

    named: pairs (rank, word) to write beside the curve, rank 1 the most frequent word.
    """
    sizes = require_numbers("counts", counts, ("V",))
    if (sizes <= 0).any():
        raise InputError("counts must be positive, but got a count of 0 or less")
    sizes = np.sort(sizes)[::-1]
    fig, ax = figure(height=3.4)
    with course_style():
        ax.loglog(np.arange(1, len(sizes) + 1), sizes, ".", color=PALETTE["blue"])
        label_powers(ax.xaxis)
        label_powers(ax.yaxis)
        for entry in require_list("named", named, "pairs (rank, word)"):
            rank, word = require_pair("named", entry, "(rank, word)")
            require_count("named", rank, most=len(sizes))
            ax.annotate(word, (rank, sizes[rank - 1]), (6, 6), textcoords="offset points")
        ax.set_xlabel("rank (1 = most frequent)")
        ax.set_ylabel("occurrences in the text")
        grid(ax, "both")
    return fig


def distance_matrices(matrices: Mapping[str, np.ndarray], labels: Sequence[str]) -> Figure:
    """Return named distances, each (n, n), side by side as grids with their numbers; darker is further apart.

    All grids share one scale. Raises InputError where a matrix is not n × n for the n labels.
    """
    require_named("matrices", matrices, most=4)
    labels = require_texts("labels", labels)
    n = len(labels)
    for name, d in matrices.items():
        require_array(f"matrices[{name!r}]", d, axes=("n", "n"))
        require_shape(f"matrices[{name!r}]", d, (n, n), f"for {n} labels")
    largest = max(d.max() for d in matrices.values())
    cell = max(0.46, 0.1 * max(map(len, labels)) + 0.2)
    fig, axes = figure(
        width=min(9.5, len(matrices) * (0.7 + cell * n)), height=0.8 + 0.42 * n, cols=len(matrices)
    )
    with course_style():
        for ax, (name, d) in zip(np.atleast_1d(axes), matrices.items(), strict=True):
            _name_cells(ax, labels, labels)
            ax.imshow(d, cmap=ONE_SIDED, vmin=0, vmax=max(largest, 1e-12), aspect="auto")
            _write(ax, [[f"{value:.1f}" for value in row] for row in d], bold=np.zeros(d.shape, bool))
            ax.set_title(name)
    return fig


def value_strips(tables: Mapping[str, np.ndarray], labels: Sequence[str]) -> Figure:
    """Return named tables (n, D) side by side: a row a measurement, a dot a value, a line at zero.

    Each panel has an axis of its own, all measurements in it share that axis. Of a long table, every second, third, …
    row is drawn, so that there are at most STRIP_DOTS dots in a row.
    Raises InputError where a table has another number of columns than there are labels.
    """
    require_named("tables", tables, most=3)
    labels = require_texts("labels", labels)
    for name, table in tables.items():
        require_array(f"tables[{name!r}]", table, axes=("n", "D"))
        require_length("labels", labels, table.shape[1], f"to go with tables[{name!r}]")
    fig, axes = figure(height=0.9 + 0.4 * len(labels), cols=len(tables))
    rows = np.arange(len(labels))
    with course_style():
        for k, (ax, (name, table)) in enumerate(zip(np.atleast_1d(axes), tables.items(), strict=True)):
            ax.axvline(0, color=INK, linewidth=1)
            drawn = table[:: -(-len(table) // STRIP_DOTS)]
            ax.plot(
                drawn,
                np.broadcast_to(rows, drawn.shape),
                "o",
                color=PALETTE["blue"],
                markersize=5,
                alpha=0.45,
            )
            ax.set_yticks(rows, labels if k == 0 else [""] * len(labels))
            ax.set_ylim(len(labels) - 0.5, -0.5)
            ax.set_title(name)
            grid(ax, "y")
    return fig


def memory_order(layouts: Mapping[str, ArrayLike], *, highlight: int) -> Figure:
    """Return named strips of memory, each a row of cells numbered with the time step that lies there.

    layouts: name -> steps (n,), the step of every place in memory, in order. highlight: the step to fill.
    Raises InputError for strips of different lengths and for a step that is in none.
    """
    strips = {
        name: require_array(f"layouts[{name!r}]", np.asarray(steps), axes=("n",), kind="i")
        for name, steps in require_named("layouts", layouts).items()
    }
    require_count("highlight", highlight, least=0)
    lengths = {len(strip) for strip in strips.values()}
    if len(lengths) != 1 or max(lengths) > LARGEST_GRID:
        raise InputError(
            f"layouts must hold strips of one length, at most {LARGEST_GRID}, "
            f"but got lengths {sorted(lengths)}"
        )
    marked = np.array([strip == highlight for strip in strips.values()])
    require_that("highlight", highlight, marked.any(), "a step that is in layouts")
    n = lengths.pop()
    fig, ax = figure(width=9.0, height=0.7 + 0.5 * len(strips))
    with course_style():
        _name_cells(ax, list(strips), [""] * n)
        ax.imshow(marked, cmap=ONE_SIDED, vmin=0, vmax=1.6, aspect="auto")
        _write(ax, [[str(step) for step in strip] for strip in strips.values()], bold=marked)
        ax.set_xlabel("place in memory, first to last; the number is the time step t stored there")
    return fig


def labelled_points(panels: Mapping[str, np.ndarray], labels: Sequence[str], groups: Sequence[int]) -> Figure:
    """Return named point sets (n, 2), side by side, each on its own scale and each point with its label.

    groups: a number for every point; points of one group have the same color and marker. Points that lie
    too close together to be labeled one by one share a label.
    Raises InputError where points, labels and groups do not agree.
    """
    require_named("panels", panels, most=3)
    labels = require_texts("labels", labels)
    groups = require_array("groups", np.asarray(groups), axes=("n",), kind="i")
    require_length("groups", groups, len(labels), "to go with labels")
    for name, points in panels.items():
        require_array(f"panels[{name!r}]", points, axes=("n", "2"))
        require_shape(f"panels[{name!r}]", points, (len(labels), 2), "(x, y) for each label")
    styles = line_styles(max(groups) + 1)
    fig, axes = figure(width=3.6 * len(panels), height=3.4, cols=len(panels))
    with course_style():
        for ax, (name, points) in zip(np.atleast_1d(axes), panels.items(), strict=True):
            span = 1.35 * float(np.abs(points).max())
            for (x, y), group in zip(points, groups, strict=True):
                ax.plot(x, y, color=styles[group]["color"], marker=styles[group]["marker"], markersize=8)
            for near in clusters(points, within=0.12 * span):
                words = ", ".join(labels[k] for k in near)
                centre = points[near].mean(axis=0)
                ax.annotate(words, centre, (0, 9), textcoords="offset points", ha="center")
            ax.set(xlim=(-span, span), ylim=(-span, span), title=name, aspect="equal")
            ax.set_xlabel("first number of the row")
            grid(ax, "both")
        np.atleast_1d(axes)[0].set_ylabel("second number of the row")
    return fig


def share_curve(sizes: ArrayLike, shares: ArrayLike, *, xlabel: str, ylabel: str) -> Figure:
    """Return shares (n,), each from 0 to 1, over sizes (n,) on a logarithmic axis, written as percentages."""
    x = require_numbers("sizes", sizes)
    y = require_numbers("shares", shares)
    require_that(
        "sizes",
        sizes,
        x.shape == y.shape and not (x <= 0).any(),
        f"{len(y)} positive numbers to go with shares",
    )
    require_within("shares", y, 0, 1)
    fig, ax = figure(height=3.2)
    with course_style():
        ax.semilogx(x, 100 * y, **line_styles(1)[0])
        for size, share in zip(x, y, strict=True):
            ax.annotate(f"{100 * share:.0f} %", (size, 100 * share), (5, 6), textcoords="offset points")
        ax.set_xticks(x, [f"{size:,.0f}" for size in x])
        ax.minorticks_off()
        ax.set_ylim(0, 112 * y.max())
        ax.set_xlabel(xlabel)
        ax.set_ylabel(ylabel)
        grid(ax)
    return fig


def clusters(points: np.ndarray, within: float) -> list[list[int]]:
    """Return the indices of points (n, 2) in groups: a point joins the first group with a member so near."""
    found: list[list[int]] = []
    for k, point in enumerate(points):
        near = (group for group in found if np.linalg.norm(points[group] - point, axis=1).min() < within)
        group = next(near, None)
        if group is None:
            found.append([k])
        else:
            group.append(k)
    return found


def _name_cells(ax: Axes, row_labels: Sequence[str], col_labels: Sequence[str]) -> None:
    """Name the rows and columns of a grid of cells and draw the lines between them."""
    n, m = len(row_labels), len(col_labels)
    ax.set_xticks(range(m), col_labels)
    ax.set_yticks(range(n), row_labels)
    ax.xaxis.tick_top()
    ax.spines[:].set_visible(False)
    ax.set_xticks(np.arange(m + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(n + 1) - 0.5, minor=True)
    ax.grid(True, which="minor", color="#B8B8B8", linewidth=0.8)
    ax.tick_params(which="both", length=0)


def _grid_figure(shape: tuple[int, int], row_labels: Sequence[str], col_labels: Sequence[str]):
    """Return a figure for a labeled grid of cells, rows and columns named, lines between the cells."""
    row_labels, col_labels = (
        require_texts("row_labels", row_labels, shape[0]),
        require_texts("col_labels", col_labels, shape[1]),
    )
    require_count("the grid's longer side", max(shape), most=LARGEST_GRID)
    widest = max(len(label) for label in col_labels)
    cell = min(1.6, max(0.46, 0.1 * widest + 0.2))
    margin = 0.4 + 0.09 * max(len(label) for label in row_labels)
    fig, ax = figure(width=min(9.5, max(2.6, margin + cell * shape[1])), height=0.6 + 0.4 * shape[0])
    with course_style():
        _name_cells(ax, row_labels, col_labels)
    return fig, ax


def _write(ax, words: Sequence[Sequence[str]], bold: np.ndarray) -> None:
    """Write a word in every cell, in bold where the mask `bold` says so."""
    for (row, col), strong in np.ndenumerate(bold):
        weight = "bold" if strong else "normal"
        ax.text(col, row, words[row][col], ha="center", va="center", color=ON_CELL, fontweight=weight)
