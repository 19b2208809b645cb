"""Who gets how much credit: matrices that add up, and shares by step of loss and step of use, as SVG."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnncourse.arguments import (
    require_array,
    require_count,
    require_list,
    require_shape,
    require_texts,
    require_within,
)
from rnncourse.errors import InputError
from rnncourse.notation import PALETTE
from rnncourse.viz._diagrams import Point, on_cell, signed, svg, text
from rnncourse.viz._style import diverging_colour

CELL = 26  # height of a number's cell in a matrix, and its width where no number is written
SHARE = 46  # size of a cell in the grid of shares
GREY = PALETTE["grey"]


def sum_of_matrices(parts: Sequence[np.ndarray], titles: Sequence[str], *, digits: int = 0) -> str:
    """Return matrices (n, m), side by side with + between them and their sum behind =, as SVG.

    titles: one text for each part and one for the sum. digits: decimals to print, 0 for colors only.
    Raises InputError for parts of different shapes and titles that do not fit.
    """
    listed = require_list("parts", parts, "matrices (n, m)")
    parts = [require_array(f"parts[{k}]", part, axes=("n", "m")) for k, part in enumerate(listed)]
    if not parts or len({part.shape for part in parts}) != 1:
        raise InputError(f"parts must be matrices of one shape, but got {[part.shape for part in parts]}")
    titles = require_texts("titles", titles, len(parts) + 1)  # one a part and one for the sum
    require_count("digits", digits, least=0)
    n, m = parts[0].shape
    total = sum(parts)
    limit = max(float(np.abs(matrix).max()) for matrix in (*parts, total)) or 1.0
    cell = CELL + 16 * bool(digits)
    gap, top, drawn = 34, 28, []
    for k, matrix in enumerate((*parts, total)):
        left = 6 + k * (m * cell + gap)
        drawn.append(text((left + m * cell / 2, 12), titles[k], size=14, bold=k == len(parts)))
        drawn.append(_matrix((left, top), matrix, limit, cell, digits))
        if k:
            sign = "=" if k == len(parts) else "+"
            drawn.append(text((left - gap / 2, top + n * CELL / 2), sign, size=20))
    label = " + ".join(titles[:-1]) + " = " + titles[-1]
    return svg(6 + len(titles) * (m * cell + gap) - gap + 6, top + n * CELL + 8, drawn, label)


def _matrix(corner: Point, matrix: np.ndarray, limit: float, cell: float, digits: int) -> str:
    drawn = []
    for row, column in np.ndindex(matrix.shape):
        x, y, value = corner[0] + column * cell, corner[1] + row * CELL, float(matrix[row, column])
        drawn.append(
            f'<rect x="{x:g}" y="{y:g}" width="{cell:g}" height="{CELL}" stroke="{GREY}" stroke-width="0.5" '
            f'fill="{diverging_colour(value, limit)}"/>'
        )
        if digits:
            number = text((x + cell / 2, y + CELL / 2), signed(value, digits), size=12)
            # Black: the cells are light in every theme.
            drawn.append(number.replace("<text ", '<text fill="#000000" ', 1))
    return "".join(drawn)


def credit_grid(shares: np.ndarray) -> str:
    """Return shares (T, T) as a grid as SVG: a row for each step's loss, a column for each step of use.

    Shares are numbers from 0 to 100; those above the diagonal (a use after the loss) must be 0. Raises InputError
    for other shapes and values.
    """
    require_array("shares", shares, axes=("T", "T"))
    T = len(shares)
    require_shape("shares", shares, (T, T))
    require_within("shares", shares.round(9), 0, 100)
    if np.triu(shares, 1).any():
        raise InputError("shares must be 0 above the diagonal: no loss depends on a later use")
    left, top, drawn = 96, 46, [text((96 + SHARE * T / 2, 10), "used at step", size=14)]
    for t in range(T):
        drawn.append(text((left + SHARE * (t + 0.5), 32), str(t + 1), size=14))
        drawn.append(text((left - 10, top + SHARE * (t + 0.5)), f"loss {t + 1}", size=14, anchor="end"))
        for tau in range(t + 1):
            drawn.append(_share((left + SHARE * tau, top + SHARE * t), float(shares[t, tau])))
    label = f"Shares of the gradient by step of the loss and step of use, {T} steps"
    return svg(left + SHARE * T + 6, top + SHARE * T + 6, drawn, label)


def _share(corner: Point, value: float) -> str:
    """Return one cell, filled by its value."""
    x, y = corner
    strength = 0.08 + 0.0072 * round(value)
    cell = (
        f'<rect x="{x + 1:g}" y="{y + 1:g}" width="{SHARE - 2}" height="{SHARE - 2}" fill="{PALETTE["sky"]}" '
        f'fill-opacity="{strength:.2f}" stroke="{PALETTE["blue"]}"/>'
    )
    return cell + on_cell(text((x + SHARE / 2, y + SHARE / 2), f"{value:.0f}", size=14), strength)
