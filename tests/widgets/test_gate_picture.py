"""The stand-in of the Gate lab: places and sizes in the picture follow the numbers."""

from __future__ import annotations

import re

import numpy as np
import pytest

from rnncourse.notation import colour
from rnncourse.widgets._gate_picture import BELT, HALF, ROWS, picture

C = np.array([0.5, -2.0, 1.0])
RUN = {"c": C, **{name: np.array([0.25, 0.75, 1.0]) for name in ROWS}}


def numbers(pattern: str, text: str) -> np.ndarray:
    return np.array([[float(one) for one in match] for match in re.findall(pattern, text)])


def test_the_belt_is_as_wide_as_the_cell_state():
    """The widest place fills it; each stretch goes from the width of the old state to that of the new one."""
    svg = picture(RUN, {})
    edges = numbers(r'd="M[\d.]+ ([\d.]+)L[\d.]+ ([\d.]+)H[\d.]+V([\d.]+)', svg)
    wide = HALF * np.abs(C) / 2
    assert edges == pytest.approx(
        np.column_stack([BELT - np.append(0, wide[:-1]), BELT - wide, BELT + wide]), abs=0.06
    )


def test_the_shutter_leaves_as_much_of_the_belt_open_as_the_forget_gate():
    shutters = numbers(rf'width="4" fill="{colour("f_t")}" y="([\d.]+)" height="([\d.]+)"', picture(RUN, {}))
    upper, lower = shutters[::2], shutters[1::2]
    assert lower[:, 0] - upper.sum(axis=1) == pytest.approx(2 * HALF * RUN["f"], abs=0.2)


def test_rows_are_below_the_belt_one_below_the_other_and_their_names_beside_them():
    svg = picture(RUN, {})
    boxes = numbers(r'<rect x="([\d.]+)" y="([\d.]+)" width="[\d.]+" height="\d+" rx', svg)
    rows = boxes[:: len(C), 1]
    names = numbers(r'<text x="(8)" y="([\d.]+)" font-style="italic" font-size="15"', svg)[:, 1]
    assert len(rows) == len(names) == len(ROWS)
    assert (np.diff(rows) > 0).all() and rows[0] > BELT + HALF
    assert np.allclose(names - rows, names[0] - rows[0]) and 0 < names[0] - rows[0] < rows[1] - rows[0]
    assert float(re.search(r'height="(\d+)"', svg)[1]) > rows[-1] + (rows[1] - rows[0]) / 2
