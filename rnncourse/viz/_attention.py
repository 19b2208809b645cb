"""The map of what a decoder attends to. Arrays in, figures out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from rnncourse.arguments import require_numbers, require_texts
from rnncourse.errors import InputError
from rnncourse.viz._show import show
from rnncourse.viz._style import ON_CELL, ONE_SIDED, course_style, figure


def attention_map(weights: np.ndarray, read: Sequence[str], written: Sequence[str]) -> Figure:
    """Return weights (T', T) as a figure: a row for each token written, a column for each token read.

    Weights of at least 0.15 are printed. Raises InputError for other sizes and for rows that do not sum to 1.
    """
    weights = require_numbers("weights", weights, ("T'", "T"))
    rows, columns = weights.shape
    require_texts("written", written, rows)
    require_texts("read", read, columns)
    if (weights < 0).any() or not np.allclose(weights.sum(axis=1), 1, atol=1e-4):
        raise InputError("weights must be at least 0 and sum to 1 in every row")
    fig, ax = figure(width=min(9.0, 1.6 + 0.66 * columns), height=1.1 + 0.3 * rows)
    with course_style():
        ax.imshow(weights, cmap=ONE_SIDED, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
        for k, t in zip(*np.nonzero(weights >= 0.15), strict=True):
            ax.text(t, k, f"{weights[k, t]:.1f}", ha="center", va="center", color=ON_CELL, fontsize=9)
        ax.set_xticks(range(columns), read)
        ax.set_yticks(range(rows), written)
        ax.xaxis.tick_top()
        if max(map(len, read)) > 5:
            ax.tick_params(axis="x", labelrotation=35)
        ax.set_ylabel("written")
    return fig


def show_attention_map(
    weights: np.ndarray, read: Sequence[str], written: Sequence[str], *, caption: str | None = None
) -> None:
    """Display the map; its text alternative names the word that each token written attends to most."""
    most = [f"{token} to {read[k]}" for token, k in zip(written, np.argmax(weights, axis=1), strict=True)]
    words = f"Attention map, a row for each character written. Strongest in each row: {', '.join(most)}."
    show(attention_map(weights, read, written), alt=words, caption=caption)
