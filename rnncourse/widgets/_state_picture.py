"""The picture of the state lab for readers who have not run it: the plane with the states, and their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rnncourse.notation import PALETTE, colour
from rnncourse.viz._areas import REACH, area
from rnncourse.viz._diagrams import signed

WIDTH, SIDE, MARGIN = 720, 300, 14
MOST_ROWS = 9
FILLS = (PALETTE["blue"], PALETTE["orange"], PALETTE["green"], PALETTE["grey"])


def picture(
    p: Mapping[str, np.ndarray],
    labels: Sequence[str | None],
    h: np.ndarray,
    readout: Mapping[str, list] | None,
    names: Sequence[str],
) -> str:
    """Return an SVG of the states h (T, 2) as dots in the plane, joined in order, and of the first of them in numbers.

    labels: what was read at each step, None for nothing. readout: W and b of a readout, or None; names: its answers.
    """
    height = SIDE + 2 * MARGIN
    areas = "" if readout is None else _areas(np.array(readout["W"]), np.array(readout["b"]), names)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="system-ui, sans-serif" font-size="14">{areas}{_axes()}{_path(h)}{_table(labels, h)}</svg>'
    )


def _place(point: np.ndarray) -> tuple[float, float]:
    """Return where a point of the plane is in the picture."""
    x, y = (float(one) for one in point)
    return MARGIN + SIDE * (x + REACH) / (2 * REACH), MARGIN + SIDE * (REACH - y) / (2 * REACH)


def _areas(W: np.ndarray, b: np.ndarray, names: Sequence[str]) -> str:
    parts = []
    for k, name in enumerate(names):
        corners = area(W, b, k)
        if not len(corners):
            continue
        points = " ".join("{:.1f},{:.1f}".format(*_place(corner)) for corner in corners)
        x, y = _place(corners.mean(axis=0))
        parts.append(f'<polygon points="{points}" fill="{FILLS[k]}" fill-opacity="0.14"/>')
        parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" opacity="0.7">{name}</text>')
    return "".join(parts)


def _axes() -> str:
    (left, top), (right, bottom) = _place(np.array([-REACH, REACH])), _place(np.array([REACH, -REACH]))
    x, y = _place(np.zeros(2))
    return (
        f'<rect x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" fill="none" '
        f'stroke="{PALETTE["grey"]}"/><path d="M{left} {y}H{right}M{x} {top}V{bottom}" stroke="{PALETTE["grey"]}" '
        f'stroke-width="0.7"/>'
    )


def _path(h: np.ndarray) -> str:
    places = [_place(point) for point in h]
    line = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour("h_t")}"/>' for x, y in places[:-1]
    )
    x, y = places[-1]
    return (
        f'<path d="M{line}" fill="none" stroke="{colour("h_t")}" stroke-opacity="0.4"/>{dots}'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="9" fill="{colour("h_t")}" stroke="#1a1a1a" stroke-width="2"/>'
    )


def _table(labels: Sequence[str | None], h: np.ndarray) -> str:
    """Return the first steps as rows: step, input, and the two numbers of the state."""
    left = SIDE + 2 * MARGIN + 30
    columns = [left, left + 60, left + 210, left + 290]
    head = zip(columns, ("step", "input", "state", ""), strict=True)
    parts = [f'<text x="{x}" y="34" font-weight="600">{word}</text>' for x, word in head]
    for t, (label, state) in enumerate(zip(labels[:MOST_ROWS], h[:MOST_ROWS], strict=True), start=1):
        y = 34 + 28 * t
        cells = [str(t), label or "nothing", signed(float(state[0])), signed(float(state[1]))]
        tones = ["currentColor", colour("x_t"), colour("h_t"), colour("h_t")]
        parts += [
            f'<text x="{x}" y="{y}" fill="{tone}">{cell}</text>'
            for x, cell, tone in zip(columns, cells, tones, strict=True)
        ]
    if len(h) > MOST_ROWS:
        parts.append(f'<text x="{left}" y="{34 + 28 * (MOST_ROWS + 0.8):.0f}">… {len(h)} steps</text>')
    return "".join(parts)
