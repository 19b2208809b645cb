"""The picture of the cookie jar for readers who have not run it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rnncourse.notation import PALETTE, colour
from rnncourse.viz._lstm_cell import written

WIDTH, HEIGHT = 720, 258
# where jars stand; a cookie's height and width; how many fit in
FLOOR, ROW, COOKIE, CAPACITY = 226, 16, 76, 12
CHART = {"left": 330, "right": 52, "top": 20}


def picture(keep: float, x: np.ndarray, h: np.ndarray, day: int, pins: Mapping[str, np.ndarray]) -> str:
    """Return an SVG of the jar before and after a day, and of its contents h (T,) over all days.

    pins: name -> contents (T,) of other jars to compare with.
    """
    before = h[day - 2] if day > 1 else 0.0
    yesterday = _stack(28, 0, keep * before, 1, colour("h_t")) + _stack(
        28, keep * before, before, 0.2, colour("h_t")
    )
    today = _stack(168, 0, keep * before, 1, colour("h_t")) + _stack(
        168, keep * before, h[day - 1], 1, colour("x_t")
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="system-ui, sans-serif" font-size="13">{_jar(20, f"day {day - 1}")}{_jar(160, f"day {day}")}'
        f"{yesterday}{today}{_chart(h, day, pins, f'keep {keep:g}')}</svg>"
    )


def _jar(left: int, name: str) -> str:
    top = FLOOR - ROW * CAPACITY - 8
    right = left + COOKIE + 16
    return (
        f'<path d="M{left} {top}V{FLOOR + 2}H{right}V{top}" fill="none" stroke="{PALETTE["grey"]}" stroke-width="3" '
        f'stroke-linejoin="round"/><text x="{(left + right) / 2}" y="{FLOOR + 22}" text-anchor="middle">{name}</text>'
    )


def _stack(left: int, low: float, high: float, strength: float, tone: str) -> str:
    """Return cookies from `low` to `high`, one on the other; part of a cookie is narrower."""
    parts = []
    for k in range(int(low), CAPACITY):
        begin, end = max(low - k, 0.0), min(high - k, 1.0)
        if end <= begin:
            continue
        parts.append(
            f'<rect x="{left + COOKIE * begin:.1f}" y="{FLOOR - ROW * (k + 1)}" width="{COOKIE * (end - begin):.1f}" '
            f'height="{ROW - 2}" rx="5" fill="{tone}" fill-opacity="{strength:g}"/>'
        )
    return "".join(parts)


def _chart(h: np.ndarray, day: int, pins: Mapping[str, np.ndarray], name: str) -> str:
    curves = {**{one: values for one, values in pins.items() if one != name}, name: h}
    lines = "".join(_curve(values, one, one == name) for one, values in curves.items())
    base = FLOOR
    axis = (
        f'<path d="M{CHART["left"]} {CHART["top"]}V{base}H{WIDTH - CHART["right"]}" fill="none" '
        f'stroke="{PALETTE["grey"]}"/><text x="{CHART["left"] + 6}" y="{CHART["top"] - 4}">cookies</text>'
    )
    marks = "".join(
        f'<text x="{_x(t, len(h)):.1f}" y="{base + 22}" text-anchor="middle">{t}</text>'
        for t in (1, 5, 10, 15, 20)
    )
    dot = f'<circle cx="{_x(day, len(h)):.1f}" cy="{_y(h[day - 1]):.1f}" r="6" fill="{colour("h_t")}"/>'
    return axis + marks + lines + dot


def _curve(h: np.ndarray, name: str, bold: bool) -> str:
    line = "L".join(f"{_x(t, len(h)):.1f} {_y(value):.1f}" for t, value in enumerate(h, start=1))
    tone = colour("h_t") if bold else PALETTE["grey"]
    more = f": {written(float(h[-1]))}" if h[-1] > CAPACITY else ""
    return (
        f'<path d="M{line}" fill="none" stroke="{tone}" stroke-width="{3 if bold else 1.5}"/>'
        f'<text x="{WIDTH - 2}" y="{max(_y(h[-1]) - 6, 14):.1f}" text-anchor="end" fill="{tone}">{name}{more}</text>'
    )


def _x(day: int, T: int) -> float:
    return CHART["left"] + (WIDTH - CHART["left"] - CHART["right"]) * (day - 0.5) / T


def _y(value: float) -> float:
    return FLOOR - ROW * float(value)
