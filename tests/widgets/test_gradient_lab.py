"""The Gradient lab without a browser: its settings, the numbers it writes, its picture."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.image import imread

from rnncourse.analysis.gradient_flow import gradient_flow
from rnncourse.errors import InputError
from rnncourse.viz._flow import survival_colours
from rnncourse.widgets import GradientLab, gradient_lab
from rnncourse.widgets._gradient_lab import TASKS, fate, numbers, power_text, verdict
from rnncourse.widgets._gradient_picture import CURVE, HEAT, LEFT, RIGHT, picture


def small(**settings) -> GradientLab:
    return gradient_lab(**{"T": 10, "H": 8, **settings})


def test_the_lab_shows_the_flow_of_its_settings():
    lab = small(cell="lstm", init="orthogonal", scale=0.5, seed=3, forget_bias=1.5, inputs="pulse")
    flow = gradient_flow("lstm", "orthogonal", 0.5, 10, 3, H=8, forget_bias=1.5, inputs="pulse")
    assert np.array_equal(lab.flow.log10_norms, flow.log10_norms)
    assert np.array_equal(lab.flow.log10_gradients, flow.log10_gradients)


@pytest.mark.parametrize(
    ("name", "value"),
    [("cell", "relu"), ("init", "glorot"), ("scale", 1.7), ("T", 15), ("seed", 4), ("inputs", "pulse")],
)
def test_every_setting_changes_the_flow(name, value):
    lab = small()
    setattr(lab, name, value)
    assert getattr(lab, name) == value
    wanted = gradient_flow(**{"T": 10, "H": 8, name: value})
    assert np.array_equal(lab.flow.log10_norms, wanted.log10_norms)
    assert not np.array_equal(wanted.log10_norms, small().flow.log10_norms)


def test_forget_bias_matters_to_the_lstm_only():
    lab, rnn = small(cell="lstm"), small()
    for one in (lab, rnn):
        one.forget_bias = 3.0
    assert lab.flow.mean_forget > 0.9
    assert np.array_equal(rnn.flow.log10_norms, gradient_flow(T=10, H=8).log10_norms)


def test_the_front_end_gets_what_it_computes_with():
    fixed = small(cell="relu", seed=3).fixed
    assert fixed["units"] == 8 and fixed["tasks"] == list(TASKS)
    assert (fixed["start"]["cell"], fixed["start"]["seed"], fixed["start"]["T"]) == ("relu", 3, 10)
    assert fixed["rounding"] == pytest.approx(np.log10(2.0**-24))
    assert len(json.dumps(small().get_state() | {"_esm": "", "_css": "", "layout": ""})) < 3000, (
        "it is in every page"
    )


def test_numbers_are_those_of_the_flow():
    flow = gradient_flow("tanh", T=40, H=16)
    said = dict(numbers(flow))
    assert said["Factor per step"] == f"{flow.factor:.2f}"
    assert said["Below 1/1000 after"] == f"{flow.reach()} steps"
    assert said["Spectral radius of W_hh"] == f"{flow.spectral_radius:.2f}"
    assert said["Largest singular value of W_hh"] == f"{np.linalg.svd(flow.W_hh)[1][0]:.2f}"
    assert said["Dead units"] == "0 of 16"
    gated = dict(numbers(gradient_flow("lstm", T=5, H=4, forget_bias=3.0)))
    assert "Spectral radius of W_hh" not in gated
    assert gated["Mean of the forget gate f_t"] == "0.95"
    assert gated["Below 1/1000 after"] == "never"
    at_once = gradient_flow("sigmoid", scale=0.001, T=3, H=4)
    assert dict(numbers(at_once))["Below 1/1000 after"] == "1 step"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"cell": "sigmoid"}, "The gradient dies: 50 steps back, "),
        ({"cell": "tanh", "init": "identity", "inputs": "pulse"}, "The gradient survives: 50 steps back, "),
        ({"cell": "leaky_relu", "scale": 6.0}, "The gradient explodes: 50 steps back, it is "),
    ],
)
def test_verdict(settings, said):
    flow = gradient_flow(T=50, H=16, **settings)
    assert verdict(flow).startswith(said)
    assert fate(flow) == said.split(":")[0].removeprefix("The gradient ")
    assert ("times as long" in verdict(flow)) == (flow.norms[-1] > 1)


def test_the_verdict_says_when_nothing_is_left():
    flow = gradient_flow("relu", "identity", seed=0, H=4, T=200)
    steps = int(re.search(r"dies: (\d+) steps back, it is exactly 0", verdict(flow))[1])
    assert np.isinf(flow.log10_norms[steps]) and np.isfinite(flow.log10_norms[steps - 1])


@pytest.mark.parametrize(
    ("last", "word"), [(-3.01, "dies"), (-3.0, "survives"), (3.0, "survives"), (3.01, "explodes")]
)
def test_the_limits_are_a_thousandth_and_a_thousand(last, word):
    flow = gradient_flow(T=5, H=4)
    assert fate(replace(flow, log10_norms=np.array([*flow.log10_norms[:-1], last]))) == word


@pytest.mark.parametrize(
    ("log10_value", "text"),
    [
        (0.0, "1"),
        (np.log10(0.685), "0.69"),
        (np.log10(99.4), "99"),
        (np.log10(99.7), "100"),
        (np.log10(129.4), "129"),
        (-2.5, "3.2e-03"),
        (np.log10(9.96e-8), "1.0e-07"),
        (-480.15, "7.1e-481"),
        (23.0, "1.0e+23"),
        (-np.inf, "0"),
    ],
)
def test_powers_are_written_with_two_digits(log10_value, text):
    assert power_text(log10_value) == text


def test_a_kept_curve_stays_until_it_is_dropped():
    lab = small(seed=2)
    assert lab.kept is None
    lab.keep()
    lab.cell = "sigmoid"
    settings = {"cell": "tanh", "init": "uniform", "scale": 1.0, "T": 10, "seed": 2, "inputs": "noise"}
    assert lab.kept == settings | {"forget_bias": 0.0}
    lab.drop()
    assert lab.kept is None


def test_another_T_puts_the_step_at_its_end():
    lab = small()
    assert lab.step == 10
    lab.step = 3
    lab.T = 25
    assert lab.step == 25
    lab.step = 12
    lab.seed = 5
    assert lab.step == 12, "the other settings leave the step alone"


def test_tasks_are_told():
    lab = small()
    assert lab.tasks == dict.fromkeys(TASKS, False)
    lab.done = ["tanh"]
    assert lab.tasks["tanh"] and sum(lab.tasks.values()) == 1


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("cell", "gru", "cell must be one of sigmoid, tanh, relu, leaky_relu, lstm"),
        ("init", "zeros", "init must be one of uniform"),
        ("inputs", None, "inputs must be one of noise, pulse"),
        ("scale", 9, "scale must be a number from 0.1 to 3"),
        ("scale", "1", "scale must be a number"),
        ("T", 2.5, "T must be a whole number from 5 to 200"),
        ("T", 1000, "T must be a whole number from 5 to 200"),
        ("seed", -1, "seed must be a whole number from 0 to 99"),
        ("forget_bias", True, "forget_bias must be a number from -2 to 6"),
        *((name, None, f"{name} must be") for name in GradientLab._settings),
    ],
)
def test_settings_that_the_controls_lack_are_refused(name, value, said):
    with pytest.raises(InputError, match=said):
        small(**{name: value})
    lab = small()
    before = lab._settings_now()
    with pytest.raises(InputError, match=said):
        setattr(lab, name, value)
    assert lab._settings_now() == before


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("step", 11, "step must be a whole number from 0 to 10"),
        ("step", -1, "step must be a whole number from 0 to 10"),
        ("kept", "tanh", "kept must be None or a dict with cell, init, scale"),
        ("kept", {"cell": "tanh"}, "kept must be None or a dict with cell, init, scale"),
        ("kept", small()._settings_now() | {"T": 1}, "T must be a whole number from 5 to 200"),
    ],
)
def test_a_step_and_a_kept_curve_that_cannot_be_are_refused(name, value, said):
    lab = small()
    with pytest.raises(InputError, match=said):
        setattr(lab, name, value)
    assert (lab.step, lab.kept) == (10, None)


@pytest.mark.parametrize(
    ("H", "said"),
    [
        (128, "H must be a whole number from 4 to 64"),
        (0, "H must be a whole number"),
        (30, "H must be a multiple of 4, but got 30"),
    ],
)
def test_units_that_a_browser_cannot_compute_at_once_are_refused(H, said):
    with pytest.raises(InputError, match=said):
        gradient_lab(H=H)


def test_repr_is_stable():
    assert repr(small(seed=7)) == "GradientLab(RNN with tanh, uniform, scale 1, T=10, seed=7)"


def test_stand_in_says_what_the_lab_says():
    lab = small(cell="lstm", forget_bias=2.0, scale=0.5)
    text, html = lab.static_text(), lab.static_html()
    assert text.startswith("Gradient lab: LSTM, uniform, scale 0.5, forget bias 2, 8 units. The gradient ")
    assert verdict(lab.flow) in text and f"Factor per step: {lab.flow.factor:.2f}." in text
    assert "<figure" in html and 'alt="Gradient lab: LSTM' in html and "script" not in html


@pytest.mark.parametrize(
    "settings", [{}, {"cell": "relu", "scale": 3.0}, {"cell": "relu", "init": "identity"}]
)
def test_picture_has_the_heat_map_and_the_curve_of_the_flow(settings):
    flow = gradient_flow(T=60, H=8, **settings)
    drawn = picture(flow, verdict(flow))
    assert verdict(flow) in drawn
    pixels = imread(io.BytesIO(base64.b64decode(re.search(r'image/png;base64,([^"]*)"', drawn)[1])))
    assert np.array_equal(np.round(255 * pixels[:, :, :3]), survival_colours(flow.log10_gradients.T))
    assert f'y="{HEAT[0]}"' in drawn and f'height="{HEAT[1] - HEAT[0]}"' in drawn
    points = re.search(r'<path d="M([^"]*)" fill="none"', drawn)[1].split("L")
    x, y = np.array([point.split() for point in points], dtype=float).T
    assert len(x) == 61 and np.all(np.diff(x) > 0) and x[0] > LEFT and x[-1] < RIGHT
    by_step = flow.log10_norms[::-1]
    left = np.isfinite(by_step)
    slope, _ = np.polyfit(by_step[left], y[left], 1) if np.ptp(by_step[left]) > 1 else (-1.0, 0.0)
    assert slope < 0, "larger is higher"
    if np.ptp(by_step[left]) > 1:
        assert np.allclose(
            np.polyval(np.polyfit(by_step[left], y[left], 1), by_step[left]), y[left], atol=0.1
        )
    assert np.all(y[~left] == CURVE[1]), "exactly 0 is at the bottom"
