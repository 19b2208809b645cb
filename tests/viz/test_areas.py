"""The areas of the plane in which an answer has the highest logit, against the readout itself."""

from __future__ import annotations

import numpy as np

from rnncourse.viz._areas import REACH, area

W_HY = np.array([[1.5, -0.5, -1.0], [0.2, 1.0, -1.2]])
B_Y = np.array([0.1, -0.3, 0.2])


def size_of(corners: np.ndarray) -> float:
    """Return the area of a polygon (shoelace formula)."""
    x, y = corners.T
    return abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def test_the_areas_hold_what_the_readout_answers():
    points = np.random.default_rng(0).uniform(-REACH, REACH, size=(40_000, 2))
    answers = (points @ W_HY + B_Y).argmax(axis=1)
    sizes = [size_of(area(W_HY, B_Y, k)) for k in range(3)]
    shares = [(answers == k).mean() for k in range(3)]
    assert np.allclose(np.array(sizes) / (2 * REACH) ** 2, shares, atol=0.01)
    assert min(shares) > 0.1


def test_an_answer_that_never_wins_has_no_area():
    assert len(area(W_HY, np.array([0.0, 0.0, -99.0]), 2)) == 0
