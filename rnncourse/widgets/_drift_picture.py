"""The picture of the drift lab for readers who have not run it: where the words ended up, and how they came there."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np

from rnncourse.notation import PALETTE
from rnncourse.viz._vectors import clusters

SIDE, PAD = 380, 34  # of the plane
SMALL, SMALL_PAD, GAP = 96, 10, 8  # of the other seeds' planes
GREY = PALETTE["grey"]
TONES = tuple(PALETTE[name] for name in ("blue", "vermillion", "green", "purple", "orange", "sky"))
MARKS = (  # paths around 0, at most 8 from it
    "M6 0A6 6 0 1 1 -6 0A6 6 0 1 1 6 0Z",
    "M-5.4 -5.4H5.4V5.4H-5.4Z",
    "M0 -7L6.6 5H-6.6Z",
    "M0 -7.5L6.5 0L0 7.5L-6.5 0Z",
    "M0 7L6.6 -5H-6.6Z",
    "M-2.4 -7H2.4V-2.4H7V2.4H2.4V7H-2.4V2.4H-7V-2.4H-2.4Z",
)


def picture(paths: Sequence[np.ndarray], labels: Sequence[str], reach: float) -> str:
    """Return an SVG of paths, each (S, n, 2): the first one large, with its labels, and the ends of all side by side.

    reach: the largest coordinate that fits.
    """
    shown = paths if len(paths) > 1 else []
    width = SIDE + (24 + 3 * (SMALL + GAP) if shown else 0)
    small = "".join(_small(k, path[-1], reach) for k, path in enumerate(shown))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{SIDE}" viewBox="0 0 {width} {SIDE}" '
        f'font-family="system-ui, sans-serif" font-size="15">{_large(paths[0], labels, reach)}{small}</svg>'
    )


def _place(points: np.ndarray, reach: float, side: float, pad: float) -> np.ndarray:
    """Return where points (…, 2) are in a square of that side."""
    return side / 2 + points / reach * (side / 2 - pad) * (1, -1)


def _axes(side: float) -> str:
    return (
        f'<path d="M0 {side / 2:g}H{side}M{side / 2:g} 0V{side}" stroke="{GREY}" stroke-width="0.7"/>'
        f'<rect width="{side}" height="{side}" fill="none" stroke="{GREY}"/>'
    )


def _marks(places: np.ndarray, scale: float = 1) -> str:
    return "".join(
        f'<path transform="translate({x:.1f} {y:.1f}) scale({scale:g})" d="{mark}" fill="{tone}" '
        f'stroke="currentColor"/>'
        for (x, y), mark, tone in zip(places, MARKS, TONES, strict=False)
    )


def _large(path: np.ndarray, labels: Sequence[str], reach: float) -> str:
    """Return the plane with trails, marks and labels; words that are close together share a label."""
    places = _place(path, reach, SIDE, PAD)
    trails = "".join(
        f'<path d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in trail)}" fill="none" stroke="{tone}" stroke-width="2" '
        f'stroke-opacity="0.6"/>'
        for trail, tone in zip(np.swapaxes(places, 0, 1), TONES, strict=False)
    )
    words = []
    for near in clusters(places[-1], within=30):
        x, heights = places[-1][near, 0].mean(), places[-1][near, 1]
        # trails come from the middle: the label is on the other side
        y = heights.min() - 14 if heights.mean() < SIDE / 2 else heights.max() + 24
        name = html.escape(", ".join(labels[k] for k in near))
        words.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" font-weight="600">{name}</text>')
    return f"{_axes(SIDE)}{trails}{_marks(places[-1])}{''.join(words)}"


def _small(k: int, points: np.ndarray, reach: float) -> str:
    x, y = SIDE + 24 + k % 3 * (SMALL + GAP), k // 3 * (SMALL + 34)
    return (
        f'<g transform="translate({x} {y})">{_axes(SMALL)}{_marks(_place(points, reach, SMALL, SMALL_PAD), 0.62)}'
        f'<text x="{SMALL / 2:g}" y="{SMALL + 18}" text-anchor="middle">seed {k}</text></g>'
    )
