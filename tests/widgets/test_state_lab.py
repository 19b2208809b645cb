"""The state lab without a browser: its states, what can be set, what is shown before it runs."""

from __future__ import annotations

import re

import numpy as np
import pytest

from rnncourse.errors import InputError
from rnncourse.in_numpy import RNN, RecurrentNet
from rnncourse.viz._areas import REACH
from rnncourse.widgets import state_lab
from rnncourse.widgets._state_lab import run_states, turned_further
from rnncourse.widgets._state_picture import MARGIN, SIDE, picture

NAMES = ["bread", "rice", "pizza"]
INPUTS = ["rice", None, "bread", "pizza", None]


def rnn(D: int = 3) -> RNN:
    layer = RNN(D, 2, rng=np.random.default_rng(3), dtype="float64")
    layer.params["b_h"][:] = 0.3, -0.2
    return layer


def net() -> RecurrentNet:
    return RecurrentNet(rnn(), 3, rng=np.random.default_rng(4))


def test_states_are_those_of_the_layer():
    lab = state_lab(rnn(), NAMES, INPUTS)
    x = np.zeros((5, 1, 3))
    x[0, 0, 1] = x[2, 0, 0] = x[3, 0, 2] = 1
    h, _ = rnn().forward(x)
    assert np.allclose(lab.h, h[:, 0], rtol=0, atol=1e-15)


def test_a_note_replaces_the_state_before_its_step():
    lab = state_lab(rnn(), NAMES, INPUTS)
    before = lab.h
    lab.notes = [None, None, None, [0.5, -0.9], None]
    assert np.array_equal(lab.h[:3], before[:3])
    x_t = np.array([[0.0, 0.0, 1.0]])
    p = rnn().params
    wanted = np.tanh(x_t @ p["W_xh"] + np.array([[0.5, -0.9]]) @ p["W_hh"] + p["b_h"])
    assert np.allclose(lab.h[3], wanted, rtol=0, atol=1e-15)
    assert not np.allclose(lab.h[4], before[4])


@pytest.mark.parametrize(
    "W", [[[0.5, -1.0], [1.0, 0.5]], [[0.3, 1.2], [-0.9, 0.4]]], ids=["clockwise", "counter"]
)
def test_turning_goes_on_in_the_direction_of_the_matrix(W):
    W = np.array(W)

    def angle(matrix: np.ndarray) -> float:
        return float(np.degrees(np.abs(np.angle(np.linalg.eigvals(matrix)[0]))))

    assert angle(turned_further(W, 5)) > angle(W) > angle(turned_further(W, -5))
    assert np.allclose(turned_further(turned_further(W, 13), -13), W)
    assert np.linalg.det(turned_further(W, 20)) == pytest.approx(np.linalg.det(W))


def test_turn_changes_the_recurrent_weights_alone():
    lab = state_lab(rnn(), NAMES, INPUTS)
    before = lab.params
    lab.turn = 12.5
    assert np.allclose(lab.params["W_hh"], turned_further(before["W_hh"], 12.5))
    assert all(np.array_equal(lab.params[name], before[name]) for name in ("W_xh", "b_h"))
    assert np.allclose(lab.h, run_states(lab.params, lab.inputs, lab.notes))


def test_the_net_stays_as_it_is():
    layer = rnn()
    kept = {name: array.copy() for name, array in layer.params.items()}
    lab = state_lab(layer, NAMES, INPUTS)
    lab.parameters = {"W_xh": [[1, 2], [3, 4], [5, 6]], "W_hh": [[0, 0], [0, 0]], "b_h": [0, 0]}
    assert all(np.array_equal(layer.params[name], array) for name, array in kept.items())


def test_tasks_depend_on_whether_there_are_right_answers():
    assert list(state_lab(rnn(), NAMES, INPUTS).tasks) == ["steer", "forget"]
    lab = state_lab(net(), NAMES, INPUTS, answers=["rice", "rice", "bread", "pizza", "pizza"])
    assert lab.tasks == {"caught": False, "pushed": False, "four": False}
    assert lab.fixed["right"] == [1, 1, 0, 2, 2]


def test_the_picture_has_a_dot_for_every_state():
    h = np.array([[0.9, -0.5], [-0.2, 0.7], [0.0, 0.1]])
    drawn = picture(rnn().params, ["bread", None, "rice"], h, None, NAMES)
    dots = np.array(re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', drawn), dtype=float)
    x = (dots[:, 0] - MARGIN) / SIDE * 2 * REACH - REACH
    y = REACH - (dots[:, 1] - MARGIN) / SIDE * 2 * REACH
    assert np.allclose(np.stack([x, y], axis=1), h, atol=0.001)
    assert re.findall(r">(bread|nothing|rice)<", drawn) == ["bread", "nothing", "rice"]
    assert ">+0.90<" in drawn and ">\N{MINUS SIGN}0.50<" in drawn


def test_areas_of_the_readout_are_drawn_where_there_is_one():
    lab = state_lab(net(), NAMES, INPUTS)
    drawn = picture(lab.params, INPUTS, lab.h, lab.fixed["readout"], NAMES)
    assert 2 <= drawn.count("<polygon") <= 3


def test_it_reads_without_a_kernel():
    lab = state_lab(rnn(), NAMES, INPUTS)
    assert lab.static_text().startswith(
        "An RNN with two units over 5 steps. Inputs and states at step 1: rice, ("
    )
    assert re.search(r'<img src="data:image/svg[^>]*alt="An RNN with two units', lab.static_html())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda: state_lab(RNN(3, 4), NAMES, INPUTS),
            "net must be an RNN with tanh, 2 units and at most 4 inputs",
        ),
        (lambda: state_lab(RNN(3, 2, phi="relu"), NAMES, INPUTS), "net must be an RNN with tanh"),
        (lambda: state_lab(rnn(), NAMES[:2], INPUTS), "names must"),
        (lambda: state_lab(rnn(), NAMES, ["soup"]), "inputs must be among bread, rice, pizza or None"),
        (lambda: state_lab(rnn(), NAMES, []), "inputs must hold 1 to 80 steps, but got 0"),
        (lambda: state_lab(rnn(), NAMES, INPUTS, answers=NAMES), "answers need a RecurrentNet"),
        (
            lambda: state_lab(net(), NAMES, INPUTS, answers=NAMES),
            "answers must be one name for each of 5 steps",
        ),
        (
            lambda: setattr(state_lab(rnn(), NAMES, INPUTS), "turn", 41),
            "turn must be a number from -40 to 40",
        ),
        (
            lambda: setattr(state_lab(rnn(), NAMES, INPUTS), "step", 6),
            "step must be a whole number from 1 to 5",
        ),
        (
            lambda: setattr(state_lab(rnn(), NAMES, INPUTS), "notes", [None] * 4),
            "notes must be a list of 5 states or None",
        ),
        (
            lambda: setattr(state_lab(rnn(), NAMES, INPUTS), "notes", [[2, 0]] + [None] * 4),
            "a state must be a number from -1 to 1",
        ),
        (
            lambda: setattr(state_lab(rnn(), NAMES, INPUTS), "parameters", {"W_xh": [[1, 2]]}),
            "parameters must be a dict with W_xh, W_hh and b_h",
        ),
        (
            lambda: setattr(
                state_lab(rnn(), NAMES, INPUTS),
                "parameters",
                {"W_xh": [[1, 2]] * 3, "W_hh": [[1, 2]], "b_h": [0, 0]},
            ),
            r"parameters\['W_hh'\] must have shape \(2, 2\)",
        ),
    ],
)
def test_refuses(change, said):
    with pytest.raises(InputError, match=said):
        change()
