"""The state of a network with two units as a point that moves through the plane, one SVG a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rnncourse.arguments import require_array, require_named, require_texts
from rnncourse.errors import InputError
from rnncourse.viz._diagrams import GREY, Point, line, svg, text
from rnncourse.viz._lines import line_styles

REACH = 1.12  # how far the plane of two tanh units is drawn
SIDE = 300  # of a panel, in pixels
GAP, TOP = 28, 34  # between panels, and above them

Run = tuple[np.ndarray, np.ndarray, np.ndarray]


def turning_state(runs: Mapping[str, Run], names: Sequence[str], truth: np.ndarray) -> list[tuple[str, str]]:
    """Return a picture and a sentence for each of T steps: where the states of some networks are.

    runs: title -> (h (T, 2), W_hy (2, K), b_y (K,)). names: K answers. truth (T,): the right answer at each
    step. The areas show which answer has the highest logit; the dot is the current state, the small dots are
    the earlier ones. The sentence says for each network what it answers and whether that is right.
    Raises InputError for other shapes.
    """
    require_named("runs", runs, most=3)
    names = require_texts("names", names)
    truth = require_array("truth", truth, axes=("T",), kind="i")
    cut = {title: _require_run(title, run, len(truth), len(names)) for title, run in runs.items()}
    pictures = []
    for t in range(len(truth)):
        panels = [_panel(k, title, run, names, t) for k, (title, run) in enumerate(cut.items())]
        words = f"The answer should be {names[truth[t]]}. " + " ".join(
            f"{title} says {names[said]}{'' if said == truth[t] else ', which is wrong'}."
            for title, said in ((title, answer(run, t)) for title, run in cut.items())
        )
        width = len(cut) * (SIDE + GAP)
        pictures.append((svg(width, TOP + SIDE + 8, panels, words), words))
    return pictures


def answer(run: Run, t: int) -> int:
    """Return the index of the highest logit at step t."""
    h, W_hy, b_y = run
    return int((h[t] @ W_hy + b_y).argmax())


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


def _panel(k: int, title: str, run: Run, names: Sequence[str], t: int) -> str:
    """Return one network's plane at step t."""
    h, W_hy, b_y = run
    corner = (8 + k * (SIDE + GAP), TOP)
    styles = line_styles(len(names))
    parts = [text((corner[0] + SIDE / 2, 14), title, bold=True)]
    for j, (name, style) in enumerate(zip(names, styles, strict=True)):
        polygon = area(W_hy, b_y, j)
        if len(polygon):
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (_place(corner, p) for p in polygon))
            parts.append(
                f'<polygon points="{points}" fill="{style["color"]}" fill-opacity="0.25" stroke="{GREY}"/>'
            )
            parts.append(text(_place(corner, polygon.mean(axis=0)), name, size=15))
    for earlier in h[: t + 1]:
        parts.append(_dot(_place(corner, earlier), 2.5, GREY))
    if t:
        parts.append(line(_place(corner, h[t - 1]), _place(corner, h[t]), "currentColor", 1.5))
    style = styles[answer(run, t)]
    parts.append(_dot(_place(corner, h[t]), 9, style["color"], ' stroke="currentColor" stroke-width="2"'))
    return "".join(parts)


def _dot(middle: Point, radius: float, fill: str, more: str = "") -> str:
    x, y = middle
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{fill}"{more}/>'


def _place(corner: Point, point: np.ndarray) -> Point:
    """Return where a point of the plane is in the picture."""
    x, y = (float(value) for value in point)
    half = SIDE / 2
    return corner[0] + half + half * x / REACH, corner[1] + half - half * y / REACH


def _require_run(title: str, run: Run, T: int, K: int) -> Run:
    h, W_hy, b_y = (np.asarray(array, dtype=float) for array in run)
    if h.ndim == 2:
        h = h[:T]
    if h.shape != (T, 2) or W_hy.shape != (2, K) or b_y.shape != (K,):
        raise InputError(
            f"runs[{title!r}] must hold h with at least {(T, 2)}, W_hy {(2, K)} and b_y {(K,)}, but "
            f"{h.shape}, {W_hy.shape} and {b_y.shape} came"
        )
    return h, W_hy, b_y
