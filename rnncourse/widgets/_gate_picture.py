"""The picture of the Gate lab for readers who have not run it: the belt, the gates and the numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rnncourse.notation import colour
from rnncourse.viz._lstm_cell import written

WIDTH, LEFT, RIGHT = 720, 60, 708
BELT, HALF = 72, 40  # the middle of the belt, and half of what it can be wide
TOP, ROW = 132, 26
ROWS = ("x", "f", "i", "g", "o", "h")
MOST_NUMBERS = 12  # of more steps, the numbers would not fit side by side


def picture(run: Mapping[str, np.ndarray], held: Mapping[str, np.ndarray]) -> str:
    """Return an SVG of a run: a belt as wide as |c|, with a shutter at each step for f, and a row for each value."""
    T = len(run["c"])
    wide = (RIGHT - LEFT) / T
    height = TOP + ROW * len(ROWS) + 12
    rows = "".join(
        _row(name, run[name], held.get(name, np.zeros(T, bool)), k, wide) for k, name in enumerate(ROWS)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="system-ui, sans-serif" font-size="13">{_belt(run, wide)}{rows}</svg>'
    )


def _belt(run: Mapping[str, np.ndarray], wide: float) -> str:
    """Return the belt: a stretch for each step, narrowed by its forget gate, with the number above it."""
    c, f = run["c"], run["f"]
    scale = HALF / max(1.0, float(np.abs(c).max()))
    before = np.append(0.0, c[:-1])
    parts = [f'<text x="8" y="{BELT + 5}" font-style="italic" font-size="17">c</text>']
    for t, (old, new, gate) in enumerate(zip(before, c, f, strict=True)):
        x = LEFT + t * wide
        a, b = abs(old) * scale, abs(new) * scale
        shape = (
            f"M{x:.1f} {BELT - a:.1f}L{x + wide * 0.5:.1f} {BELT - b:.1f}H{x + wide:.1f}V{BELT + b:.1f}"
            f"H{x + wide * 0.5:.1f}L{x:.1f} {BELT + a:.1f}Z"
        )
        parts.append(f'<path d="{shape}" fill="{colour("c_t")}" fill-opacity="{1 if new >= 0 else 0.5}"/>')
        gap = HALF * gate
        shutter = f'x="{x + wide * 0.25 - 2:.1f}" width="4" fill="{colour("f_t")}"'
        parts.append(f'<rect {shutter} y="{BELT - HALF - 4}" height="{HALF + 4 - gap:.1f}"/>')
        parts.append(f'<rect {shutter} y="{BELT + gap:.1f}" height="{HALF + 4 - gap:.1f}"/>')
        if len(c) <= MOST_NUMBERS:
            parts.append(
                f'<text x="{x + wide * 0.6:.1f}" y="18" text-anchor="middle">{written(float(new))}</text>'
            )
    return "".join(parts)


def _row(name: str, values: np.ndarray, held: np.ndarray, k: int, wide: float) -> str:
    """Return a row of boxes, more colorful where the value is larger; an outline says that it is held."""
    y = TOP + k * ROW
    tone = colour(f"{name}_t")
    parts = [
        f'<text x="8" y="{y + 17}" font-style="italic" font-size="15">{name}'
        '<tspan dy="4" font-size="11">t</tspan></text>'
    ]
    for t, (value, hold) in enumerate(zip(values, held, strict=True)):
        x = LEFT + t * wide
        opacity = 0.08 + 0.5 * min(1.0, abs(float(value)))
        outline = 'stroke="#1a1a1a" stroke-width="1.5"' if hold else ""
        parts.append(
            f'<rect x="{x + 1:.1f}" y="{y + 1}" width="{wide - 2:.1f}" height="{ROW - 4}" rx="3" fill="{tone}" '
            f'fill-opacity="{opacity:.2f}" {outline}/>'
        )
        if len(values) <= MOST_NUMBERS:
            parts.append(
                f'<text x="{x + wide / 2:.1f}" y="{y + 16}" text-anchor="middle">{written(float(value))}</text>'
            )
    return "".join(parts)
