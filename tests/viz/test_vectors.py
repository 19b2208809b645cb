"""Pictures of vectors: what is written in their cells, where their points lie, what they refuse."""

import numpy as np
import pytest

from rnncourse import viz
from rnncourse.errors import InputError
from rnncourse.viz._vectors import clusters


def words(ax) -> list[str]:
    """Return the texts written inside the axes."""
    return [text.get_text() for text in ax.texts]


def tick_words(axis) -> list[str]:
    return [label.get_text() for label in axis.get_ticklabels()]


def test_distance_matrices_write_every_distance_on_one_scale():
    near, far = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.0, 2.5], [2.5, 0.0]])
    fig = viz.distance_matrices({"near": near, "far": far}, ["a", "b"])
    left, right = fig.axes
    assert words(left) == ["0.0", "1.0", "1.0", "0.0"]
    assert words(right) == ["0.0", "2.5", "2.5", "0.0"]
    assert [ax.get_title(loc="left") for ax in fig.axes] == ["near", "far"]
    assert tick_words(left.xaxis) == tick_words(right.yaxis) == ["a", "b"]
    assert [ax.images[0].get_clim() for ax in fig.axes] == [(0, 2.5), (0, 2.5)]


def test_value_strips_put_column_k_in_row_k():
    table = np.array([[1.0, 20.0, 300.0], [2.0, 30.0, 500.0]])
    fig = viz.value_strips({"raw": table, "scaled": table - 2}, ["small", "middle", "large"])
    raw, scaled = fig.axes
    dots = {
        float(line.get_ydata()[0]): list(line.get_xdata()) for line in raw.lines if len(line.get_xdata()) == 2
    }
    assert dots[1.0] == [20.0, 30.0]
    assert dots[2.0] == [300.0, 500.0]
    assert tick_words(raw.yaxis) == ["small", "middle", "large"]
    assert tick_words(scaled.yaxis) == ["", "", ""]
    assert raw.get_ylim()[0] > raw.get_ylim()[1]  # the first measurement stands on top


def test_memory_order_marks_the_step():
    steps = np.repeat(np.arange(1, 4)[:, None], 2, axis=1)  # T = 3, B = 2
    fig = viz.memory_order({"time": steps.ravel(), "batch": steps.T.ravel()}, highlight=2)
    (ax,) = fig.axes
    assert words(ax) == ["1", "1", "2", "2", "3", "3", "1", "2", "3", "1", "2", "3"]
    assert [text.get_text() for text in ax.texts if text.get_fontweight() == "bold"] == ["2"] * 4
    assert np.argwhere(ax.images[0].get_array()).tolist() == [[0, 2], [0, 3], [1, 1], [1, 4]]


def test_labelled_points_share_a_label_where_they_meet():
    apart = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, -3.0]])
    together = np.array([[1.0, 1.0], [1.01, 1.0], [-2.0, 2.0]])
    fig = viz.labelled_points({"apart": apart, "together": together}, ["Doug", "Jane", "saw"], [0, 0, 1])
    left, right = fig.axes
    assert words(left) == ["Doug", "Jane", "saw"]
    assert words(right) == ["Doug, Jane", "saw"]
    doug, jane, saw = (line.get_marker() for line in left.lines)
    assert doug == jane != saw


def testclusters_join_chains_of_near_points():
    points = np.array([[0.0, 0.0], [5.0, 5.0], [0.9, 0.0], [1.7, 0.0]])
    assert clusters(points, within=1.0) == [[0, 2, 3], [1]]


def test_share_curve_writes_percentages():
    fig = viz.share_curve([10, 100], [0.5, 0.123], xlabel="words", ylabel="unknown (%)")
    (ax,) = fig.axes
    assert list(ax.lines[0].get_ydata()) == [50.0, 12.3]
    assert words(ax) == ["50 %", "12 %"]
    assert tick_words(ax.xaxis) == ["10", "100"]
    assert ax.get_xscale() == "log"


SQUARE, TABLE = np.zeros((2, 2)), np.ones((4, 3))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: viz.distance_matrices({}, ["a"]), "matrices must be a dict of 1 to 4"),
        (lambda: viz.distance_matrices({"m": SQUARE}, ["a", "b", "c"]), r"shape \(3, 3\) for 3 labels"),
        (lambda: viz.distance_matrices({"m": SQUARE * np.nan}, ["a", "b"]), "finite"),
        (lambda: viz.value_strips({"t": TABLE}, ["a", "b"]), "labels must hold 3 values to go with"),
        (lambda: viz.value_strips(TABLE, ["a", "b", "c"]), "tables must be a dict"),
        (lambda: viz.memory_order({"a": [1, 2], "b": [1]}, highlight=1), "strips of one length"),
        (lambda: viz.memory_order({"a": [1, 2]}, highlight=3), "highlight must be a step that is in layouts"),
        (lambda: viz.memory_order({"a": np.arange(41)}, highlight=3), "at most 40"),
        (
            lambda: viz.labelled_points({"p": SQUARE}, ["a", "b", "c"], [0, 0, 0]),
            r"panels\[\'p\'\] must have shape \(3, 2\) \(x, y\) for each label",
        ),
        (
            lambda: viz.labelled_points({"p": SQUARE}, ["a", "b"], [0]),
            "groups must hold 2 values to go with labels, but got 1",
        ),
        (lambda: viz.share_curve([1, 2], [0.5], xlabel="", ylabel=""), "sizes must be 1 positive numbers"),
        (lambda: viz.share_curve([0, 2], [0.5, 0.1], xlabel="", ylabel=""), "sizes must be 2 positive"),
        (
            lambda: viz.share_curve([1, 2], [50, 10], xlabel="", ylabel=""),
            "shares must hold numbers from 0 to 1",
        ),
    ],
)
def test_what_does_not_fit_is_named(call, said):
    with pytest.raises(InputError, match=said):
        call()


def test_of_a_long_table_every_second_row_is_drawn():
    table = np.arange(422.0).reshape(211, 2)
    fig = viz.value_strips({"long": table, "short": table[:210]}, ["a", "b"])
    drawn = [[line.get_xdata() for line in ax.lines if line.get_marker() == "o"] for ax in fig.axes]
    assert [len(values) for values in drawn[0]] == [106, 106] and drawn[0][1].tolist() == table[
        ::2, 1
    ].tolist()
    assert [len(values) for values in drawn[1]] == [210, 210]
