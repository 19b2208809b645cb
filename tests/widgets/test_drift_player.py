"""The frames of drifting words show each point where the path has it, and say so."""

import re

import numpy as np
import pytest

from rnncourse.errors import InputError
from rnncourse.viz import drift_picture
from rnncourse.widgets import drift_frames, drift_player

PATH = np.array([[[0.0, 1.0], [2.0, -1.0]], [[-2.0, 0.5], [2.0, -0.5]], [[-1.9, 0.5], [-2.0, 0.4]]])


def circles(picture):
    return [(float(x), float(y)) for x, y in re.findall(r'cx="([-\d.]+)" cy="([-\d.]+)"', picture)]


def test_a_point_is_drawn_at_its_place():
    middle, scale = 200, (200 - 48) / 2
    expected = [(middle + x * scale, middle - y * scale) for x, y in PATH[1]]
    assert np.allclose(circles(drift_picture(PATH[:2], ["a", "b"], reach=2)), expected, atol=0.06)


def test_the_way_of_each_point_is_drawn():
    lines = drift_picture(PATH, ["a", "b"], reach=2).count("<line")
    assert lines == 2 + 2 * (len(PATH) - 1)


def test_points_that_meet_share_a_label():
    assert ">a, b<" in drift_picture(PATH, ["a", "b"], reach=2)
    assert ">a, b<" not in drift_picture(PATH[:2], ["a", "b"], reach=2)


def test_frames_say_when_and_where():
    frames = drift_frames(PATH, ["a", "b"], [0, 40, 1000])
    assert [frame.label for frame in frames] == ["0 updates", "40 updates", "1,000 updates"]
    assert frames[1].summary == "After 40 updates: a at (-2.0, 0.5), b at (2.0, -0.5)."


def test_all_frames_have_the_same_scale():
    first, later = (circles(frame.html) for frame in drift_frames(PATH, ["a", "b"], [0, 1, 2])[:2])
    assert first[1][0] == later[1][0]  # x stayed at 2


@pytest.mark.parametrize(
    ("path", "labels"),
    [(PATH[:, :, :1], ["a", "b"]), (PATH, ["a"]), (np.zeros((2, 1, 2)), ["a"]), (PATH * np.nan, ["a", "b"])],
    ids=["one coordinate", "a missing label", "no movement", "not finite"],
)
def test_what_cannot_be_drawn_is_refused(path, labels):
    with pytest.raises(InputError):
        drift_player(path, labels, range(len(path)))


def test_each_moment_needs_its_number_of_updates():
    with pytest.raises(InputError, match="updates must have one number for each of 3"):
        drift_player(PATH, ["a", "b"], [0, 1])
