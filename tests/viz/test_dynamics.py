"""The pictures of repeated matrices draw the eigenvalues, ellipses and paths they are given."""

from __future__ import annotations

import numpy as np
import pytest

from rnncourse import viz
from rnncourse.errors import InputError

QUARTER_TURN = np.array([[0.0, 1.0], [-1.0, 0.0]])
STRETCH = np.diag([2.0, 0.5])


def test_eigenvalues_are_dots_in_the_complex_plane():
    left, right = viz.eigenvalue_planes({"turn": QUARTER_TURN, "stretch": STRETCH}).axes
    dots = next(line for line in left.lines if line.get_linestyle() == "None")
    assert sorted(np.round(dots.get_ydata(), 9)) == [-1, 1] and np.allclose(dots.get_xdata(), 0)
    dots = next(line for line in right.lines if line.get_linestyle() == "None")
    assert sorted(dots.get_xdata()) == [0.5, 2] and np.allclose(dots.get_ydata(), 0)


def test_a_circle_becomes_the_ellipse_of_the_power():
    ax = viz.circles_to_ellipses({"stretch": STRETCH}, steps=(1, 3)).axes[0]
    curves = {line.get_label(): line.get_xydata() for line in ax.lines if len(line.get_xdata()) > 2}
    circle, cubed = curves["the circle"], curves["after 3"]
    assert np.allclose(np.linalg.norm(circle, axis=1), 1)
    assert np.allclose(cubed, circle * [8, 1 / 8])
    turned = viz.circles_to_ellipses({"turn": QUARTER_TURN}, steps=[1]).axes[0]
    mark = next(line for line in turned.lines if len(line.get_xdata()) == 1)
    assert np.allclose(mark.get_xydata(), [[0, 1]])  # (1, 0) @ W


def test_paths_are_drawn_one_line_each_on_one_scale():
    h = np.arange(12.0).reshape(4, 3)
    first, second = viz.state_paths({"a": h, "b": -2 * h}).axes
    assert [list(line.get_ydata()) for line in first.lines[1:]] == h.T.tolist()
    assert first.get_ylim() == second.get_ylim() and second.get_ylim()[1] > 22


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda: viz.eigenvalue_planes({"a": np.ones((2, 3))}), r"matrices\['a'\] must be square"),
        (lambda: viz.circles_to_ellipses({"a": np.eye(3)}), r"matrices\['a'\] must have shape \(2, 2\)"),
        (lambda: viz.circles_to_ellipses({"a": np.eye(2)}, steps=[0]), "steps must be"),
        (lambda: viz.state_paths({"a": np.ones(3)}), "paths"),
    ],
)
def test_what_cannot_be_drawn_is_named(draw, said):
    with pytest.raises(InputError, match=said):
        draw()
