"""The picture of the sentence lab for readers who have not run it."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np

from rnncourse.notation import PALETTE, colour
from rnncourse.viz._lstm_cell import written

LEFT, WIDE, CELL, TOP = 84, 62, 24, 74
NUMBER = 58  # width of a number of the matrix


def picture(
    tokens: Sequence[str], indices: Sequence[int | None], vocabulary: Sequence[str], W: np.ndarray | None
) -> str:
    """Return an SVG with a column for each token: its index, its one-hot vector, and the row that the first one picks.

    W (V, H): a matrix whose rows are drawn beside the vocabulary, or None.
    """
    V = len(vocabulary)
    columns = "".join(_column(t, *pair, V) for t, pair in enumerate(zip(tokens, indices, strict=True)))
    names = "".join(
        f'<text x="{LEFT - 10}" y="{TOP + CELL * k + 17}" text-anchor="end">{html.escape(name)}</text>'
        for k, name in enumerate(vocabulary)
    )
    right = LEFT + WIDE * max(1, len(tokens)) + 40
    matrix = "" if W is None else _matrix(right, W, indices[0] if indices else None)
    width = right + (0 if W is None else NUMBER * W.shape[1] + 20)
    height = TOP + CELL * V + 14
    words = "".join(
        f'<text x="{LEFT - 10}" y="{y}" text-anchor="end">{word}</text>'
        for word, y in (("token", 26), ("index", 54))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="system-ui, sans-serif" font-size="14">{words}{names}{columns}{matrix}</svg>'
    )


def _column(t: int, token: str, index: int | None, V: int) -> str:
    """Return a token, its index and its vector, from top to bottom."""
    middle, tone = LEFT + WIDE * (t + 0.5), colour("x_t")
    cells = "".join(
        f'<rect x="{middle - 20:g}" y="{TOP + CELL * k}" width="40" height="{CELL - 3}" rx="4" '
        f'fill="{tone if k == index else PALETTE["grey"]}" fill-opacity="{1 if k == index else 0.14}"/>'
        for k in range(V)
    )
    return (
        f'<text x="{middle:g}" y="26" text-anchor="middle" font-weight="600">{html.escape(token)}</text>'
        f'<text x="{middle:g}" y="54" text-anchor="middle" fill="{tone}">{"–" if index is None else index}</text>'
        f"{cells}"
    )


def _matrix(left: float, W: np.ndarray, picked: int | None) -> str:
    """Return the numbers of a matrix, with a frame around the row that is picked."""
    tone = colour("h_t")
    parts = [
        f'<text x="{left + NUMBER * W.shape[1] / 2}" y="54" text-anchor="middle" font-style="italic">W</text>'
    ]
    for k, row in enumerate(W):
        y = TOP + CELL * k
        if k == picked:
            parts.append(
                f'<rect x="{left}" y="{y - 1}" width="{NUMBER * len(row)}" height="{CELL - 1}" rx="4" '
                f'fill="{tone}" fill-opacity="0.2" stroke="{tone}" stroke-width="2"/>'
            )
        parts += [
            f'<text x="{left + NUMBER * (n + 1) - 8}" y="{y + 16}" text-anchor="end">{written(float(one))}</text>'
            for n, one in enumerate(row)
        ]
    return "".join(parts)
