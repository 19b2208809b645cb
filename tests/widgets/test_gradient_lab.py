"""The Gradient lab without a browser: its settings, the numbers it writes, the picture it sends."""

from __future__ import annotations

import re

import numpy as np
import pytest

from rnncourse.analysis.gradient_flow import gradient_flow
from rnncourse.errors import InputError
from rnncourse.viz._flow import gradient_levels
from rnncourse.widgets import GradientLab, gradient_lab
from rnncourse.widgets._gradient_lab import fate, neighbours, numbers, power_text, verdict


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
def test_every_setting_changes_the_picture(name, value):
    lab = small()
    before = lab.view
    setattr(lab, name, value)
    assert getattr(lab, name) == value
    assert lab.view["curve"] != before["curve"]
    wanted = gradient_flow(**{"T": 10, "H": 8, name: value})
    assert np.array_equal(lab.flow.log10_norms, wanted.log10_norms)


def test_forget_bias_matters_to_the_lstm_only():
    lab, rnn = small(cell="lstm"), small()
    for one in (lab, rnn):
        one.forget_bias = 3.0
    assert lab.flow.mean_forget > 0.9
    assert np.array_equal(rnn.flow.log10_norms, gradient_flow(T=10, H=8).log10_norms)


def test_what_is_sent_is_what_was_computed():
    lab = small(cell="relu", scale=2.0)
    view, flow = lab.view, lab.flow
    levels = np.frombuffer(view["levels"], dtype=np.uint8).reshape(11, 8)
    assert np.array_equal(levels, gradient_levels(flow.log10_gradients))
    assert (view["steps"], view["units"], view["state"]) == (10, 8, "h")
    assert np.allclose(view["curve"], flow.log10_norms[::-1], atol=5e-4)
    assert view["title"] == "ReLU, uniform, scale 2"


def test_an_exact_zero_is_sent_as_nothing():
    lab = gradient_lab("relu", "identity", seed=0, H=4, T=200)
    gone = np.isinf(lab.flow.log10_norms[::-1])
    assert gone.any()
    assert [value is None for value in lab.view["curve"]] == gone.tolist()
    steps = int(re.search(r"dies: (\d+) steps back, it is exactly 0", lab.view["verdict"])[1])
    assert np.isinf(lab.flow.log10_norms[steps]) and np.isfinite(lab.flow.log10_norms[steps - 1])


def test_numbers_are_those_of_the_flow():
    flow = gradient_flow("tanh", T=40, H=16)
    said = {name: value for name, _, value in numbers(flow)}
    assert said["factor"] == f"{flow.factor:.2f}"
    assert float(said["left"]) == pytest.approx(flow.norms[-1], rel=0.06)
    assert said["reach"] == f"{flow.reach()} steps"
    assert said["radius"] == f"{flow.spectral_radius:.2f}"
    assert said["dead"] == "0 of 16"
    gated = {name: value for name, _, value in numbers(gradient_flow("lstm", T=5, H=4, forget_bias=3.0))}
    assert "radius" not in gated
    assert gated["forget"] == "0.95"
    assert gated["reach"] == "never"


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
    lab = small()
    assert lab.kept is None
    lab.keep()
    curve = lab.view["curve"]
    lab.cell = "sigmoid"
    assert lab.kept == {"title": "tanh, uniform, scale 1", "curve": curve, "state": "h"}
    assert lab.view["curve"] != curve
    lab.drop()
    assert lab.kept is None


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
    before = lab.view
    with pytest.raises(InputError, match=said):
        setattr(lab, name, value)
    assert lab.view is before
    lab.seed = 3  # the lab goes on
    assert lab.view == small(seed=3).view


def test_more_units_than_can_be_computed_at_once_are_refused():
    with pytest.raises(InputError, match="H must be a whole number from 1 to 128"):
        gradient_lab(H=200)


def test_repr_is_stable():
    assert repr(small(seed=7)) == "GradientLab(tanh, uniform, scale 1, T=10, seed=7)"


def test_stand_in_reads_like_the_lab():
    lab = small(cell="lstm", forget_bias=2.0, scale=0.5)
    text, html = lab.static_text(), lab.static_html()
    rows = text.splitlines()[2:]
    assert rows[0].startswith("LSTM, uniform, scale 0.5, forget bias 2")
    assert len(rows) == 9 == html.count("<tr>") - 1
    for row in rows:
        title, factor = re.match(r"(.+?) {2,}(\S+)", row).groups()
        assert f"<td>{title}</td><td>{factor}</td>" in html
    assert "script" not in html
    tanh = gradient_flow("tanh", T=10, H=8)
    assert any(row.startswith("tanh, uniform, scale 1 ") and f" {tanh.factor:.2f} " in row for row in rows)


def test_stand_in_does_not_repeat_the_labs_own_setting():
    assert len(small().static_text().splitlines()) == 2 + 8


def test_neighbours_are_one_press_away():
    settings = {"cell": "tanh", "init": "uniform", "scale": 1.05, "T": 5, "seed": 99, "forget_bias": 0.0}
    near = [one["scale"] for one in neighbours(settings, "scale")]
    assert near == [1.1, 1.0]  # exactly what the slider writes, not 1.0500000000000003
    assert neighbours(settings, "T") == [settings | {"T": 10}]  # 5 is the first
    assert type(neighbours(settings, "T")[0]["T"]) is int
    assert neighbours(settings, "seed") == [settings | {"seed": 98}]
    assert neighbours(settings | {"seed": 1}, "seed") == [settings | {"seed": 2}, settings | {"seed": 0}]
    assert neighbours(settings | {"T": 10}, "T") == [settings | {"T": 15}, settings | {"T": 5}]
    assert [one["scale"] for one in neighbours(settings | {"scale": 2.95}, "scale")] == [3.0, 2.9]
    assert [one["cell"] for one in neighbours(settings, "cell")] == ["relu", "sigmoid"]
    assert [one["init"] for one in neighbours(settings, "init")] == ["glorot"]


def test_the_pictures_of_the_neighbours_are_sent_ahead():
    lab = small()
    lab.in_hand, lab.seed = "seed", 7
    for picture, seed in zip(lab.ahead, (8, 6), strict=True):
        assert picture == small(seed=seed).view
