"""The picture of the window lab for readers who have not run it."""

from __future__ import annotations

import numpy as np

from rnncourse.notation import PALETTE, colour

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 250, 44, 12, 16, 30
BEFORE, AFTER = 14, 20  # years shown around the window
HIGHEST = 200


def picture(
    years: np.ndarray, series: np.ndarray, start: int, window: np.ndarray, forecast: np.ndarray
) -> str:
    """Return an SVG of the series around a window that begins at `start`, and the forecast after it."""
    width = len(window)
    first, last = max(0, start - BEFORE), min(len(series), start + width + AFTER)
    wide = (WIDTH - LEFT - RIGHT) / (BEFORE + width + AFTER)

    def place(k: int, value: float) -> str:
        x = LEFT + wide * (k - start + BEFORE + 0.5)
        y = HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(max(value, 0), HIGHEST) / HIGHEST
        return f"{x:.1f} {y:.1f}"

    band = f'x="{LEFT + wide * BEFORE:.1f}" y="{TOP}" width="{wide * width:.1f}" height="{HEIGHT - TOP - BOTTOM}"'
    line = "L".join(place(k, series[k]) for k in range(first, last))
    said = "L".join(
        [place(start + width - 1, window[-1])]
        + [place(start + width + k, one) for k, one in enumerate(forecast)]
    )
    dots = "".join(
        _dot(place(start + width + k, one), 4, colour("s_t")) for k, one in enumerate(forecast)
    ) + "".join(_dot(place(start + k, one), 6, colour("x_t")) for k, one in enumerate(window))
    marks = "".join(
        f'<text x="{place(k, 0).split()[0]}" y="{HEIGHT - 10}" text-anchor="middle">{years[k]}</text>'
        for k in range(first, last)
        if years[k] % 10 == 0
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="system-ui, sans-serif" font-size="13"><rect {band} fill="{colour("x_t")}" fill-opacity="0.12"/>'
        f'<path d="M{line}" fill="none" stroke="{PALETTE["grey"]}" stroke-width="2"/>'
        f'<path d="M{said}" fill="none" stroke="{colour("s_t")}" stroke-width="2.5" stroke-dasharray="6 4"/>'
        f'<text x="{WIDTH - RIGHT}" y="{TOP + 12}" text-anchor="end" fill="{colour("s_t")}">'
        f"network, 16 years ahead</text>"
        f'<text x="{LEFT}" y="{TOP + 12}">sunspots</text>{dots}{marks}</svg>'
    )


def _dot(place: str, radius: int, tone: str) -> str:
    x, y = place.split()
    return f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{tone}"/>'
