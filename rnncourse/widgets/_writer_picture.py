"""Pictures for readers who have not run a widget that writes: rows of bars over the text, one row for each value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rnncourse.notation import PALETTE
from rnncourse.viz._diagrams import svg, text

WIDTH, LEFT, ROW = 760, 84, 34


@dataclass(frozen=True, eq=False)
class Row:
    """values (n,) as bars, in a color: from the row's floor, or up and down from its middle."""

    name: str
    values: np.ndarray
    tone: str
    floor: bool


def picture(surprise: np.ndarray, memory: Mapping[str, np.ndarray], start: int, tone: str) -> str:
    """Return an SVG of bits of surprise (n,) and of units' memory (start + n - 1,), one row each over the text."""
    shown = [Row(name, row[start - 1 :], tone, floor=False) for name, row in memory.items()]
    first = Row("surprise", surprise, PALETTE["vermillion"], floor=True)
    return rows_picture([first, *shown], "surprise and memory over the text")


def rows_picture(rows: Sequence[Row], title: str) -> str:
    """Return an SVG of rows of bars, one below the other."""
    parts = [part for k, row in enumerate(rows) for part in _drawn(row, k)]
    return svg(WIDTH, ROW * len(rows) + 8, parts, title)


def _drawn(row: Row, k: int) -> list[str]:
    """Return the name and the bars of row k."""
    top, wide = 4 + ROW * k, (WIDTH - LEFT - 8) / len(row.values)
    base = top + ROW - 4 if row.floor else top + ROW / 2
    scale = (ROW - 6 if row.floor else ROW / 2 - 2) / max(1e-9, float(np.abs(row.values).max()))
    bars = "".join(
        f"M{LEFT + wide * t:.1f} {base:.1f}v{-scale * value:.1f}h{wide:.1f}v{scale * value:.1f}z"
        for t, value in enumerate(map(float, row.values))
    )
    return [
        text((LEFT - 10, top + ROW / 2), row.name, size=13, anchor="end"),
        f'<path d="{bars}" fill="{row.tone}"/>',
    ]
