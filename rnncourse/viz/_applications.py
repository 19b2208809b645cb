"""Pictures for applications: what was heard, how sure a forecast is, what may come next. Arrays in, figures out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from rnncourse.arguments import (
    require_array,
    require_length,
    require_named,
    require_number,
    require_numbers,
    require_pair,
    require_texts,
    require_within,
)
from rnncourse.errors import InputError
from rnncourse.notation import PALETTE
from rnncourse.viz._lines import line_styles
from rnncourse.viz._style import INK, ON_CELL, course_style, figure, grid, legend_above

# Dark at its upper end, so that a tone stands out from the noise.
LOUDNESS = LinearSegmentedColormap.from_list("rnncourse_ink", ["#FFFFFF", "#66AAD1", "#0B3C5D"], N=255)
# A color for each label after the first, which is silence and stays white; every stretch also has its letter.
_LABELS = ("#CDE4F2", "#F8DCC8", "#CBEBDD", "#F3DDEA", "#F7EFB2", "#DDDDDD")


def heard_plot(
    spectrogram: np.ndarray,
    strips: Mapping[str, ArrayLike],
    names: Sequence[str],
    *,
    top: float,
    words: Mapping[str, str] | None = None,
) -> Figure:
    """Return a spectrogram (T, F) and below it named strips of labels (T,), one color and letter a stretch.

    names: what each label means, the first one silence, which stays blank. top: the frequency of the last row in Hz.
    words: what to write at the right end of a strip. Raises InputError for strips of another length.
    """
    spectrogram = require_numbers("spectrogram", spectrogram, ("T", "F"))
    T, names, top = len(spectrogram), require_texts("names", names), require_number("top", top, above=0)
    said = {} if words is None else require_named("words", words)
    rows = {name: np.asarray(labels) for name, labels in require_named("strips", strips).items()}
    for name, labels in rows.items():
        require_array(f"strips[{name!r}]", labels, axes=("T",), kind="i")
        require_length(f"strips[{name!r}]", labels, T)
        require_within(f"strips[{name!r}]", labels, 0, len(names) - 1, "indices of names")
    fig, (above, below) = figure(height=2.5 + 0.36 * len(rows), rows=2)
    above.get_gridspec().set_height_ratios([2.1, 0.36 * len(rows)])
    with course_style():
        above.imshow(
            spectrogram.T,
            aspect="auto",
            origin="lower",
            cmap=LOUDNESS,
            vmin=np.quantile(spectrogram, 0.5),  # what is quieter than half of it is noise, and stays white
            vmax=np.quantile(spectrogram, 0.998),
            extent=(0, T, 0, top),
            interpolation="nearest",
        )
        above.set_ylabel("frequency in Hz")
        above.set_xticks([])
        for row, labels in enumerate(rows.values()):
            _strip(below, row, labels, names)
        below.set_yticks(range(len(rows)), rows)
        below.tick_params(axis="y", length=0)
        below.set_ylim(len(rows) - 0.45, -0.55)
        below.set_xlim(0, T)
        below.set_xlabel("frame")
        below.spines["left"].set_visible(False)
        for row, name in enumerate(rows):
            if name in said:
                below.annotate(
                    said[name],
                    (T, row),
                    (6, 0),
                    textcoords="offset points",
                    va="center",
                    annotation_clip=False,
                )
    return fig


def _strip(ax, row: int, labels: np.ndarray, names: Sequence[str]) -> None:
    """Draw every stretch of equal labels as one box with its letter."""
    edges = [0, *(np.flatnonzero(np.diff(labels)) + 1), len(labels)]
    for first, last in pairwise(edges):
        label = int(labels[first])
        if label == 0:
            continue
        fill = _LABELS[(label - 1) % len(_LABELS)]
        ax.add_patch(
            Rectangle((first, row - 0.4), last - first, 0.8, facecolor=fill, edgecolor="#777777", lw=0.8)
        )
        ax.text((first + last) / 2, row, names[label], ha="center", va="center", color=ON_CELL, fontsize=9.5)


def band_plot(
    t: ArrayLike,
    actual: ArrayLike,
    middle: ArrayLike,
    bands: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    xlabel: str,
    ylabel: str,
) -> Figure:
    """Return what happened (n,) over t (n,), a forecast (n,) and up to two bands around it, each (low, high).

    The first band is the wider one, drawn lightly; the second has an edge. Raises InputError for other lengths.
    """
    t = require_numbers("t", t)
    actual, middle = require_numbers("actual", actual, n=len(t)), require_numbers("middle", middle, n=len(t))
    require_named("bands", bands, most=2)
    fig, ax = figure(height=3.3)
    looks = (
        {"facecolor": "#D5E8F4", "edgecolor": "none"},
        {"facecolor": "#F3B98F", "edgecolor": PALETTE["vermillion"], "linewidth": 0.8},
    )
    with course_style():
        for (name, band), look in zip(bands.items(), looks, strict=False):
            edges = zip(("low", "high"), require_pair(f"bands[{name!r}]", band, "(low, high)"), strict=True)
            low, high = (require_numbers(f"{edge} of {name!r}", values, n=len(t)) for edge, values in edges)
            if (low > high).any():
                raise InputError(f"bands[{name!r}] must be (low, high), but low is above high somewhere")
            ax.fill_between(t, low, high, label=name, **look)
        ax.plot(t, middle, color=PALETTE["blue"], linewidth=1.6, label="forecast")
        ax.plot(t, actual, "o", color=INK, markersize=3.2, label="measured")
        ax.set_xlabel(xlabel)
        ax.set_ylabel(ylabel)
        grid(ax)
        legend_above(fig)
    return fig


def probability_bars(tokens: Sequence[str], shares: Mapping[str, ArrayLike], *, ylabel: str) -> Figure:
    """Return bars side by side: for each token, its probability in each of up to four named cases (n,).

    Raises InputError for numbers that are no probabilities.
    """
    n = len(require_texts("tokens", tokens))
    shares = require_named("shares", shares, most=4)
    rows = {name: require_numbers(f"shares[{name!r}]", p, n=n) for name, p in shares.items()}
    for name, p in rows.items():
        require_within(f"shares[{name!r}]", p, 0, 1, "probabilities")
    fig, ax = figure(height=2.9)
    wide, hatches = 0.8 / len(rows), ("", "///", "...", "xxx")
    with course_style():
        for k, ((name, p), style) in enumerate(zip(rows.items(), line_styles(len(rows)), strict=True)):
            places = np.arange(len(tokens)) + (k - (len(rows) - 1) / 2) * wide
            ax.bar(
                places, p, wide, label=name, facecolor=_LABELS[k], edgecolor=style["color"], hatch=hatches[k]
            )
        ax.set_xticks(range(len(tokens)), tokens)
        ax.set_ylabel(ylabel)
        grid(ax)
        if len(rows) > 1:
            legend_above(fig)
    return fig
