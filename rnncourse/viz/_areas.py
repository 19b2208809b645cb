"""Where in the plane of a state with two units which answer has the highest logit."""

from __future__ import annotations

import numpy as np

REACH = 1.12  # how far the plane of two tanh units is drawn


def area(W_hy: np.ndarray, b_y: np.ndarray, k: int) -> np.ndarray:
    """Return the corners (n, 2) of the part of the square where logit k is the highest; n is 0 if nowhere."""
    corners = REACH * np.array([(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)])
    for j in range(len(b_y)):
        if j != k and len(corners):
            corners = _cut_off(corners, W_hy[:, k] - W_hy[:, j], b_y[k] - b_y[j])
    return corners


def _cut_off(corners: np.ndarray, normal: np.ndarray, offset: float) -> np.ndarray:
    """Return the part of a convex polygon where corners @ normal + offset >= 0."""
    heights = corners @ normal + offset
    kept = []
    for here, there, low, high in zip(
        corners, np.roll(corners, -1, axis=0), heights, np.roll(heights, -1), strict=True
    ):
        if low >= 0:
            kept.append(here)
        if (low >= 0) != (high >= 0):
            kept.append(here + (there - here) * low / (low - high))
    return np.array(kept).reshape(-1, 2)
