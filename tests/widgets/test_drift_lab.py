"""The drift lab without a browser: who is near whom, what Python may set, what is refused, and its picture."""

from __future__ import annotations

import base64
import re

import numpy as np
import pytest

from rnncourse.errors import InputError
from rnncourse.widgets import DriftLab, drift_lab
from rnncourse.widgets._drift_lab import first_together, nearest_neighbors
from rnncourse.widgets._drift_picture import MARKS, PAD, SIDE, picture

LABELS = ["a", "b", "c", "<d>"]
UPDATES = [0, 1, 20, 1000]


def path() -> np.ndarray:
    """Return a path (4, 4, 2) on which a and c become each other's nearest neighbors at its third moment."""
    return np.array(
        [
            [[0.0, 0.0], [1.0, 0.0], [4.0, 1.0], [5.0, 1.0]],
            [[0.0, 0.0], [3.0, 0.0], [2.0, 1.0], [2.0, 1.5]],
            [[0.0, 0.0], [3.0, 0.0], [0.5, 0.5], [-2.0, 1.5]],
            [[0.0, -1.0], [3.0, 0.0], [0.1, -1.0], [3.2, 1.5]],
        ]
    )


def lab() -> DriftLab:
    return drift_lab([path(), -path()], LABELS, UPDATES, together=["a", "c"])


def test_nearest_neighbors_are_those_of_a_search_by_hand():
    points = np.random.default_rng(0).normal(size=(7, 2))
    for k, nearest in enumerate(nearest_neighbors(points)):
        far = {j: np.hypot(*(points[j] - points[k])) for j in range(7) if j != k}
        assert nearest == min(far, key=far.get)


def test_a_group_is_together_once_each_has_its_nearest_neighbor_in_it():
    assert first_together(path(), [0, 2]) == 2
    assert first_together(path(), [0, 1]) == 0
    assert first_together(path()[:2], [0, 2]) is None


def test_what_is_on_screen_is_read_and_set_from_python():
    made = lab()
    assert (made.seed, made.step, made.word, made.update) == (0, 0, 2, 0)
    assert made.neighbors == {"a": "b", "b": "a", "c": "<d>", "<d>": "c"}
    made.step, made.seed, made.word = 2, 1, 3
    assert made.update == 20
    assert np.array_equal(made.points, -path()[2])
    assert made.neighbors["a"] == "c" and made.neighbors["b"] == "c"
    assert repr(made) == "DriftLab(4 words, 2 seeds, seed=1, update=20)"
    for name, value in (("seed", 2), ("step", 4), ("word", -1)):
        with pytest.raises(InputError, match=f"{name} must be a whole number"):
            setattr(made, name, value)


def test_tasks_are_told_by_name_and_one_seed_has_no_others_to_look_at():
    made = lab()
    assert made.tasks == {"meet": False, "opposite": False, "seeds": False}
    made.done = ["opposite"]
    assert made.tasks["opposite"] and not made.tasks["meet"]
    assert set(drift_lab([path()], LABELS, UPDATES, ["a", "c"]).tasks) == {"meet", "opposite"}


def test_rows_are_sent_with_three_decimals_on_one_scale():
    made = drift_lab([path() + 0.00049, 2 * path()], LABELS, UPDATES, ["a", "c"])
    sent = [float(one) for one in made.fixed["paths"][0].split()]
    assert np.array_equal(sent, path().ravel()) and np.array_equal(made.paths[0], path())
    assert made.fixed["reach"] == 10


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"paths": [path()[:3]]}, r"paths\[0\] must have the shape \(4, 4, 2\).*got \(3, 4, 2\)"),
        ({"paths": [path()[:, :, :1]]}, r"paths\[0\] must have the shape"),
        ({"paths": [path(), path() * np.nan]}, r"paths\[1\]"),
        ({"paths": [0 * path()]}, "not all 0"),
        ({"paths": [path()] * 7}, "1 to 6 seeds, but got 7"),
        ({"labels": ["a", "b", "c", "a"]}, "labels must be 2 to 6 different words"),
        ({"labels": ["a"]}, "labels must be 2 to 6 different words"),
        ({"updates": [0, 1, 1, 2]}, "updates must be 2 to 200 increasing numbers"),
        ({"updates": [0, 1, 2.5, 3]}, "updates must be a whole number"),
        ({"together": ["a"]}, "together must name at least 2 of the labels a, b, c, <d>"),
        ({"together": ["a", "e"]}, "together must name at least 2"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    given = {"paths": [path()], "labels": LABELS, "updates": UPDATES, "together": ["a", "c"]} | change
    with pytest.raises(InputError, match=message):
        drift_lab(**given)


def test_the_picture_shows_ends_trails_and_every_seed():
    drawn = picture([path(), -path()], LABELS, reach=5.0)
    marks = re.findall(r'translate\(([-\d.]+) ([-\d.]+)\) scale\(1\)" d="([^"]+)"', drawn)
    places = [(float(x), float(y)) for x, y, _ in marks]
    scale = (SIDE / 2 - PAD) / 5
    wanted = [(SIDE / 2 + scale * x, SIDE / 2 - scale * y) for x, y in path()[-1]]
    assert np.allclose(places, wanted, atol=0.06)
    assert [mark for *_, mark in marks] == list(MARKS[:4])
    assert drawn.count('stroke-opacity="0.6"') == 4
    assert ">a, c<" in drawn and ">&lt;d&gt;<" in drawn
    assert "seed 1" in drawn and "seed" not in picture([path()], LABELS, reach=5.0)


def test_stand_in_says_where_the_words_end():
    made = lab()
    said = made.static_text()
    assert said.startswith(
        "4 words as points after 1,000 updates, seed 0: a at (0.00, −1.00), nearest c; b at"
    )
    source = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', made.static_html())[1]
    assert "seed 1" in base64.b64decode(source).decode()
    assert "Shift + Enter" in made.invitation()
