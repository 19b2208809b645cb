"""The moving picture of a state in the plane: areas, dots and sentences against the readout itself."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from rnncourse import viz
from rnncourse.errors import InputError
from rnncourse.viz._turning import REACH, area

SVG = "{http://www.w3.org/2000/svg}"
NAMES = ("bread", "rice", "pizza")
W_HY = np.array([[1.5, -0.5, -1.0], [0.2, 1.0, -1.2]])
B_Y = np.array([0.1, -0.3, 0.2])


def size_of(corners: np.ndarray) -> float:
    """Return the area of a polygon (shoelace formula)."""
    x, y = corners.T
    return abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def orbit(T: int = 6) -> np.ndarray:
    angle = np.radians(120 * np.arange(T))
    return 0.8 * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def test_the_areas_hold_what_the_readout_answers():
    points = np.random.default_rng(0).uniform(-REACH, REACH, size=(40_000, 2))
    answers = (points @ W_HY + B_Y).argmax(axis=1)
    sizes = [size_of(area(W_HY, B_Y, k)) for k in range(3)]
    shares = [(answers == k).mean() for k in range(3)]
    assert np.allclose(np.array(sizes) / (2 * REACH) ** 2, shares, atol=0.01)
    assert min(shares) > 0.1


def test_an_answer_that_never_wins_has_no_area():
    assert len(area(W_HY, np.array([0.0, 0.0, -99.0]), 2)) == 0


def test_one_picture_for_each_step_with_the_state_as_its_last_dot():
    h, truth = orbit(), np.arange(6) % 3
    pictures = viz.turning_state({"network 0": (h, W_HY, B_Y)}, NAMES, truth)
    assert len(pictures) == 6
    for t, (svg, _) in enumerate(pictures):
        dots = list(ET.fromstring(svg).iter(f"{SVG}circle"))
        assert len(dots) == t + 2
        x, y = float(dots[-1].get("cx")), float(dots[-1].get("cy"))
        assert np.allclose([(x - 8 - 150) / 150, (34 + 150 - y) / 150], h[t] / REACH, atol=1e-3)


def test_the_sentences_say_who_is_wrong():
    h, truth = orbit(), np.array([0, 1, 2, 1, 1, 2])
    answers = (h @ W_HY + B_Y).argmax(axis=1)
    said = [words for _, words in viz.turning_state({"A": (h, W_HY, B_Y)}, NAMES, truth)]
    assert ["which is wrong" in words for words in said] == (answers != truth).tolist()
    assert any(answers != truth) and any(answers == truth)
    assert [re.search(r"A says (\w+)", words)[1] for words in said] == [NAMES[k] for k in answers]


def test_shapes_are_checked():
    with pytest.raises(InputError, match=r"runs\['A'\] must hold h with at least \(6, 2\)"):
        viz.turning_state({"A": (orbit(5), W_HY, B_Y)}, NAMES, np.zeros(6, dtype=int))
