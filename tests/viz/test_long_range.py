"""The pictures of long ranges show the numbers they are given, and refuse what does not fit."""

from __future__ import annotations

import re

import numpy as np
import pytest

from rnncourse import viz
from rnncourse.errors import InputError

A = np.linspace(-2, 2, 9)
ROWS = ["a", "b", "noise"]


def test_activation_curves_draw_values_and_slopes():
    fig = viz.activation_curves(A, {"square": A**2, "cube": A**3}, {"square": 2 * A, "cube": 3 * A**2})
    left, right = fig.axes
    assert [line.get_label() for line in left.lines[:2]] == ["square", "cube"]
    assert np.array_equal(left.lines[1].get_ydata(), A**3)
    assert np.array_equal(right.lines[1].get_ydata(), 3 * A**2)
    looks = {(line.get_color(), line.get_linestyle(), line.get_marker()) for line in left.lines[:2]}
    assert len(looks) == 2 and left.lines[0].get_color() == right.lines[0].get_color()


def test_activation_curves_refuse_what_does_not_fit():
    with pytest.raises(InputError, match="must have the same names"):
        viz.activation_curves(A, {"square": A**2}, {"cube": A})
    with pytest.raises(InputError, match="'square' must have shape"):
        viz.activation_curves(A, {"square": A[:3]}, {"square": A[:3]})
    with pytest.raises(InputError, match="a must be a NumPy array"):
        viz.activation_curves([1.0], {"s": A}, {"s": A})


def test_task_pictures_show_inputs_and_mark_where_an_answer_is_asked():
    x, asked = np.arange(12.0).reshape(4, 3) - 5, np.array([0, 1, 0, 1])
    fig = viz.task_pictures({"one": (x, asked, ROWS), "two": (x[:2], asked[:2], ROWS)})
    first, second = fig.axes
    assert np.array_equal(first.images[0].get_array(), x.T)
    assert np.array_equal(first.lines[0].get_xdata(), [1, 3])
    assert np.array_equal(second.lines[0].get_xdata(), [1])
    assert [ax.get_title(loc="left") for ax in fig.axes] == ["one", "two"]
    assert [label.get_text() for label in first.get_yticklabels()] == ROWS
    first.figure.canvas.draw()
    assert all(tick == int(tick) for ax in fig.axes for tick in ax.get_xticks()), "steps are whole"
    limits = first.images[0].norm
    assert limits.vmin == -limits.vmax == -6.0
    with pytest.raises(InputError, match="asked of 'one' must have shape"):
        viz.task_pictures({"one": (x, asked[:2], ROWS)})
    with pytest.raises(InputError, match="rows of 'one' must be a list of 3 texts"):
        viz.task_pictures({"one": (x, asked, ["a"])})
    with pytest.raises(InputError, match="tasks must be a dict"):
        viz.task_pictures({})


def test_delay_curves_draw_means_dots_and_the_score_of_guessing():
    scores = np.array([[1.0, 0.5], [0.2, 0.4], [0.0, 0.1]])
    curves = {"tanh": ((10, 20, 200), scores), "lstm": ((10, 20, 200), scores[::-1])}
    fig = viz.delay_curves({"recall": curves, "copy": curves}, chance={"recall": 0.25})
    recall, copy = fig.axes
    assert np.allclose(recall.lines[0].get_ydata(), [0.75, 0.3, 0.05])
    assert np.allclose([line.get_ydata() for line in recall.lines[1:3]], scores.T)
    assert [tick.get_text() for tick in recall.get_xticklabels()] == ["10", "20", "200"]
    assert [note.get_text() for note in recall.texts] == ["guessing"] and not copy.texts
    assert np.allclose(recall.lines[-1].get_ydata(), 0.25)
    assert recall.get_xscale() == "log" and recall.get_title(loc="left") == "recall"
    assert fig.legends and len(fig.legends[0].get_texts()) == 2


@pytest.mark.parametrize(
    ("panels", "said"),
    [
        ({}, "panels must be a dict of 1 to 4"),
        ({"a": {"x": ((1, 2), [[1.0]])}}, "needs one positive delay for each row"),
        ({"a": {"x": ((0,), [[1.0]])}}, "needs one positive delay"),
        ({"a": {"x": [1, 2]}}, "'x' must be a pair"),
        ({"a": {"x": ((1,), [[1.0]])}, "b": {"y": ((1,), [[1.0]])}}, "all panels must have the curves"),
        ({"a": {"x": ((1,), [1.0])}}, "scores of 'x' needs 2 axes"),
    ],
)
def test_delay_curves_refuse_what_does_not_fit(panels, said):
    with pytest.raises(InputError, match=said):
        viz.delay_curves(panels)


def test_the_grid_counts_the_seeds_that_learned():
    scores = np.array([[0.95, 0.9, 0.2], [0.0, 0.5, 0.89]])
    svg = viz.learned_grid({"copy": {"tanh": ([10, 20], scores), "LSTM": ([10, 20], 0 * scores + 1)}})
    shown = re.findall(r">([^<>]+)</text>", svg)
    assert shown == ["copy", "10", "20", "tanh", "2 of 3", "·", "LSTM", "3 of 3", "3 of 3"]
    assert re.findall(r'fill-opacity="([^"]+)"', svg) == ["0.53", "0.00", "0.80", "0.80"]


def test_the_grid_refuses_panels_that_do_not_match():
    good = {"tanh": ([10, 20], np.ones((2, 3)))}
    with pytest.raises(InputError, match="all panels must have the curves"):
        viz.learned_grid({"copy": good, "recall": {"LSTM": ([10, 20], np.ones((2, 3)))}})
    with pytest.raises(InputError, match="must have the delays"):
        viz.learned_grid({"copy": good, "recall": {"tanh": ([10, 30], np.ones((2, 3)))}})
