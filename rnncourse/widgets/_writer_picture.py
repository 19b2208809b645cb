"""The picture of the sampler for readers who have not run it: surprise, and what some units keep, over the text."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rnncourse.notation import PALETTE
from rnncourse.viz._diagrams import svg, text

WIDTH, LEFT, ROW = 760, 84, 34


def picture(surprise: np.ndarray, memory: Mapping[str, np.ndarray], start: int, tone: str) -> str:
    """Return an SVG of bits of surprise (n,) and of units' memory (start + n - 1,), one row each over the text."""
    shown = {name: row[start - 1 :] for name, row in memory.items()}
    parts = _row("surprise", surprise, 0, PALETTE["vermillion"], floor=True)
    for k, (name, row) in enumerate(shown.items(), start=1):
        parts += _row(name, row, k, tone, floor=False)
    return svg(WIDTH, ROW * (1 + len(shown)) + 8, parts, "surprise and memory over the text")


def _row(name: str, values: np.ndarray, k: int, tone: str, *, floor: bool) -> list[str]:
    """Return the bars of a row: from its floor, or up and down from its middle."""
    top, wide = 4 + ROW * k, (WIDTH - LEFT - 8) / len(values)
    base = top + ROW - 4 if floor else top + ROW / 2
    scale = (ROW - 6 if floor else ROW / 2 - 2) / max(1e-9, float(np.abs(values).max()))
    bars = "".join(
        f"M{LEFT + wide * t:.1f} {base:.1f}v{-scale * value:.1f}h{wide:.1f}v{scale * value:.1f}z"
        for t, value in enumerate(map(float, values))
    )
    return [
        text((LEFT - 10, top + ROW / 2), name, size=13, anchor="end"),
        f'<path d="{bars}" fill="{tone}"/>',
    ]
