"""Pictures of states: the numbers that are drawn, not only that something is drawn."""

import re

import numpy as np
import pytest

from rnncourse import viz
from rnncourse.errors import InputError
from rnncourse.notation import PALETTE


def texts(ax):
    return [text.get_text() for text in ax.texts]


RUNS = {
    "first": np.array([[0.1, -0.2], [0.3, 0.4], [-0.5, 0.0]]),
    "second": np.array([[2.0, 0.25], [-0.75, 1.0], [0.5, -1.5]]),
}


class TestStateHeatMaps:
    def test_each_run_has_its_numbers_unit_below_unit(self):
        upper, lower = viz.state_heat_maps(RUNS).axes[:2]
        assert texts(upper) == ["+0.10", "+0.30", "−0.50", "−0.20", "+0.40", "0.00"]
        assert texts(lower) == ["+2.00", "−0.75", "+0.50", "+0.25", "+1.00", "−1.50"]
        assert [upper.get_title(loc="left"), lower.get_title(loc="left")] == ["first", "second"]

    def test_one_colour_scale_for_all_runs_with_zero_in_the_middle(self):
        upper, lower = viz.state_heat_maps(RUNS).axes[:2]
        assert upper.images[0].get_clim() == lower.images[0].get_clim() == (-2.0, 2.0)

    def test_labels_belong_to_their_run(self):
        fig = viz.state_heat_maps(RUNS, {"second": ["dog", "pie", "dark"]})
        upper, lower = fig.axes[:2]
        assert [label.get_text() for label in upper.get_xticklabels()] == ["1", "2", "3"]
        assert [label.get_text() for label in lower.get_xticklabels()] == ["dog", "pie", "dark"]

    def test_the_picture_is_as_wide_as_its_steps_need_but_fits_the_page(self):
        widths = [viz.state_heat_maps({"run": np.ones((T, 2))}).get_figwidth() for T in (1, 4, 6, 20, 30)]
        assert widths[0] == 4.0 and 4.0 < widths[1] < widths[2] < widths[3] == widths[4] <= 9.5

    def test_one_run(self):
        assert texts(viz.state_heat_maps({"only": RUNS["first"]}).axes[0])[0] == "+0.10"

    @pytest.mark.parametrize(
        ("runs", "labels", "message"),
        [
            ({}, None, "runs must be a dict of 1 to 7"),
            ([np.zeros((3, 2))], None, "runs must be a dict of 1 to 7"),
            ({"a": np.zeros((3, 2)), "b": np.zeros((2, 3))}, None, "b (2, 3)"),
            ({"a": np.zeros((3, 1, 2))}, None, "h[:, 0]"),
            ({"a": np.full((3, 2), np.nan)}, None, "NaN"),
            ({"a": np.zeros((3, 2))}, {"a": ["only", "two"]}, "step_labels must be a list of 3"),
        ],
    )
    def test_wrong_input(self, runs, labels, message):
        with pytest.raises(InputError, match=re.escape(message)):
            viz.state_heat_maps(runs, labels)


class TestEvidencePlot:
    labels = ("dog", "pie", "dark")
    trained = np.array([[0.3, 0.3], [0.1, 0.1], [0.9, 0.9]])
    other = np.array([[0.2, 0.7], [0.4, -0.1], [0.8, 0.6]])

    def test_every_net_is_a_dot_near_its_evidence(self):
        fig = viz.evidence_plot(self.labels, {"trained": self.trained, "other": self.other}, ylabel="rain")
        ax = fig.axes[0]
        first, second = ax.lines
        assert first.get_ydata() == pytest.approx([0.3, 0.3, 0.1, 0.1, 0.9, 0.9])
        assert second.get_ydata() == pytest.approx([0.2, 0.7, 0.4, -0.1, 0.8, 0.6])
        for line, left in ((first, True), (second, False)):
            offset = line.get_xdata() - np.repeat(np.arange(3), 2)
            assert (abs(offset) < 0.5).all() and ((offset < 0) == left).all()
        assert first.get_marker() != second.get_marker()
        assert [label.get_text() for label in ax.get_xticklabels()] == list(self.labels)
        assert ax.get_ylabel() == "rain"

    def test_what_is_wanted_is_a_bar_across_its_evidence(self):
        wanted = [0.3, 0.1, 0.9]
        fig = viz.evidence_plot(self.labels, {"trained": self.trained}, ylabel="rain", wanted=wanted)
        segments = fig.axes[0].collections[0].get_segments()
        assert [segment[0][1] for segment in segments] == wanted
        assert all(start[0] < k < end[0] for k, (start, end) in enumerate(segments))

    @pytest.mark.parametrize(
        ("labels", "answers", "wanted", "message"),
        [
            (labels, {}, None, "answers must be a dict of 1 to 3"),
            (labels, {"a": [0.1, 0.2, 0.3]}, None, "answers['a'] needs 2 axes"),
            (labels, {"a": [[0.1], [0.2]]}, None, "answers['a'] must hold 3 values, but got 2"),
            (labels, {"a": [[0.1], [np.nan], [0.2]]}, None, "NaN"),
            (labels, {"a": trained}, [0.1, 0.2], "wanted must hold 3 values"),
            ("dog", {"a": trained}, None, "labels must be a list"),
        ],
    )
    def test_wrong_input(self, labels, answers, wanted, message):
        with pytest.raises(InputError, match=re.escape(message)):
            viz.evidence_plot(labels, answers, ylabel="rain", wanted=wanted)


class TestStatePlanes:
    h = np.array([[0.9, 0.1], [-0.8, 0.5], [-0.7, -0.6], [0.8, 0.2]])
    W_hy = np.array([[2.0, -1.0, -1.0], [0.0, 1.5, -1.5]])
    b_y = np.array([0.1, 0.0, -0.2])
    truth = np.array([0, 1, 2, 0])
    names = ("bread", "rice", "pizza")

    def draw(self, **changed):
        one = {"h": self.h, "W_hy": self.W_hy, "b_y": self.b_y, "truth": self.truth} | changed
        return viz.state_planes({"net": (one["h"], one["W_hy"], one["b_y"])}, self.names, one["truth"])

    def test_points_stand_at_their_state_with_the_marker_of_the_truth(self):
        ax = self.draw().axes[0]
        path, *points, ring = ax.lines
        assert path.get_xydata() == pytest.approx(self.h)
        assert [len(line.get_xydata()) for line in points] == [2, 1, 1]
        assert points[0].get_xydata() == pytest.approx(self.h[[0, 3]])
        assert points[2].get_xydata() == pytest.approx(self.h[[2]])
        assert len({line.get_marker() for line in points}) == 3
        assert ring.get_xydata() == pytest.approx(self.h[:1])

    @pytest.mark.parametrize("state", [(0.9, 0.1), (-0.8, 0.5), (-0.7, -0.6), (0.02, -0.9), (0.3, 0.95)])
    def test_the_colour_of_the_plane_is_the_highest_score(self, state):
        image = self.draw().axes[0].images[0]
        left, right, bottom, top = image.get_extent()
        answers = image.get_array()
        row = round((state[1] - bottom) / (top - bottom) * (len(answers) - 1))
        col = round((state[0] - left) / (right - left) * (len(answers) - 1))
        assert answers[row, col] == (np.array(state) @ self.W_hy + self.b_y).argmax()
        assert image.origin == "lower"

    def test_the_legend_names_every_answer_once(self):
        nets = {name: (self.h, self.W_hy, self.b_y) for name in ("net 0", "net 9")}
        fig = viz.state_planes(nets, self.names, self.truth)
        assert [text.get_text() for text in fig.legends[0].get_texts()] == list(self.names)
        assert [ax.get_title(loc="left") for ax in fig.axes] == ["net 0", "net 9"]

    @pytest.mark.parametrize(
        ("changed", "message"),
        [
            ({"h": np.zeros((4, 3))}, "h of 'net' must have shape (4, 2)"),
            ({"W_hy": np.zeros((2, 2))}, "W_hy of 'net' must have shape (2, 3)"),
            ({"b_y": np.zeros(2)}, "b_y of 'net' must have shape (3,)"),
            ({"truth": np.array([0, 1, 3, 0])}, "from 0 to 2"),
            ({"truth": np.array([0.0, 1.0, 2.0, 0.0])}, "truth must hold whole numbers"),
            ({"truth": np.array([0, 1, 2])}, "h of 'net' must have shape (3, 2)"),
        ],
    )
    def test_wrong_input(self, changed, message):
        with pytest.raises(InputError, match=re.escape(message)):
            self.draw(**changed)


class TestFeedbackNetworks:
    def test_one_feedback_arrow_between_each_two_steps(self):
        svg = viz.feedback_networks(4)
        assert svg.count(">hh</tspan>") == svg.count(">yh</tspan>") == 3
        assert svg.count("<rect") == 2 * 3 * 4
        assert 'role="img"' in svg and "over 4 steps" in svg

    def test_elman_feeds_back_between_states_and_jordan_from_answer_to_state(self):
        lines = re.findall(
            r'<line x1="([^"]+)" y1="([^"]+)" x2="([^"]+)" y2="([^"]+)" stroke="[^"]+" stroke-width="3.5"',
            viz.feedback_networks(2),
        )
        (x1, y1, x2, y2), (u1, v1, u2, v2) = (map(float, line) for line in lines)
        assert x1 < x2 and y1 == y2  # state to state, level
        assert u1 < u2 and v1 < v2  # answer (above) down to the next state

    @pytest.mark.parametrize("T", [1, 6, 2.0, "3"])
    def test_wrong_input(self, T):
        with pytest.raises(InputError, match="T must be"):
            viz.feedback_networks(T)


def test_tints_are_light_enough_for_black_marks():
    from rnncourse.viz._states import _tint

    assert _tint(PALETTE["blue"]) == pytest.approx((0.7, 0.7 + 0.3 * 0x72 / 255, 0.7 + 0.3 * 0xB2 / 255))
