"""The Gate lab without a browser: what it computes, what it accepts, what its stand-in says."""

from __future__ import annotations

import base64
import re

import numpy as np
import pytest

from rnncourse.analysis.gates import Hold, hold
from rnncourse.errors import InputError
from rnncourse.in_numpy import LSTM
from rnncourse.viz._lstm_cell import written
from rnncourse.widgets import GATE_PRESETS, GATE_WEIGHTS, gate_lab
from rnncourse.widgets._gate_lab import (
    GATE_MISSIONS,
    GATES,
    LIMITS,
    mission_met,
    rnn_survives,
    run_gates,
)

T = 7
FREE = {gate: [None] * T for gate in GATES}


def random_weights(rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {"W_x": rng.normal(size=(1, 4)), "W_h": rng.normal(size=(1, 4)), "b": rng.normal(size=4)}


def random_holds(rng: np.random.Generator, share: float) -> dict[str, list[float | None]]:
    return {
        gate: [float(rng.uniform(*LIMITS[gate])) if rng.random() < share else None for _ in range(T)]
        for gate in GATES
    }


def reference(x, held, p) -> LSTM:
    """Return an LSTM of in_numpy, held by analysis.gates, after its forward pass over x."""
    lstm = LSTM(1, 1, rng=np.random.default_rng(0), dtype="float64")
    lstm.params.update(p)
    holds = [
        Hold(gate, value, steps=[t])
        for gate in GATES
        for t, value in enumerate(held[gate])
        if value is not None
    ]
    held = hold(lstm, *holds) if holds else lstm
    held.forward(np.reshape(x, (-1, 1, 1)), (np.zeros((1, 1)), np.zeros((1, 1))))
    return held


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_states_are_those_of_the_layer_with_the_same_gates_held(seed, share):
    rng = np.random.default_rng(seed)
    p, held, x = random_weights(rng), random_holds(rng, share), rng.normal(size=T)
    run, layer = run_gates(x, held, p), reference(x, held, p)
    for name in (*GATES, "c", "h"):
        assert np.allclose(run[name], np.ravel(layer.trace[name]), rtol=0, atol=1e-12), name


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_what_survives_is_the_whole_derivative(seed, share):
    rng = np.random.default_rng(seed)
    p, held, x = random_weights(rng), random_holds(rng, share), rng.normal(size=T)
    survives = run_gates(x, held, p)["survives"]
    eps = 1e-6
    for t in range(T):
        up, down = (last_c(x, held, p, t, way * eps) for way in (1, -1))
        assert survives[t] == pytest.approx((up - down) / (2 * eps), abs=1e-8), t


def last_c(x, held, p, at: int, nudge: float) -> float:
    """Return c_T when c at one step is nudged, by going through the steps once more."""
    W_x, W_h, b = (np.ravel(p[name]) for name in ("W_x", "W_h", "b"))
    c = h = 0.0
    for t in range(T):
        a = dict(zip(GATES, x[t] * W_x + h * W_h + b, strict=True))
        gate = {name: 1 / (1 + np.exp(-a[name])) if name != "g" else np.tanh(a[name]) for name in GATES}
        gate |= {name: held[name][t] for name in GATES if held[name][t] is not None}
        c = gate["f"] * c + gate["i"] * gate["g"] + (nudge if t == at else 0.0)
        h = gate["o"] * np.tanh(c)
    return c


def test_where_all_gates_are_held_the_product_of_f_survives():
    held = random_holds(np.random.default_rng(5), share=1.0)
    run = run_gates(np.ones(T), held, GATE_WEIGHTS)
    assert np.allclose(run["survives"], [np.prod(run["f"][t + 1 :]) for t in range(T)], atol=1e-15)


def test_the_way_through_h_counts_where_gates_are_computed():
    run = run_gates(np.ones(T), FREE, GATE_WEIGHTS)
    assert abs(run["survives"][0] - np.prod(run["f"][1:])) > 1e-3


def test_presets_do_what_they_say():
    remember, forget, count, latch = (gate_lab(name) for name in ("remember", "forget", "count", "latch"))
    assert np.allclose(remember.c, remember.c[0]) and abs(remember.c[0]) > 0.9
    assert np.all(remember.h[:-1] == 0) and remember.h[-1] == np.tanh(remember.c[-1])
    assert np.all(remember.survives == 1)
    assert np.all(forget.c[:4] > 0.9) and np.all(forget.c[4:] == 0)
    assert forget.survives.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert np.allclose(count.c, np.cumsum(count.x), atol=0.03) and count.c[-1] > 3.9
    assert np.all(count.h < 1)
    assert np.round(latch.c).tolist() == [0, 1, 1, 1, -1, -1, 1, 1]
    assert not np.any([mark for marks in gate_lab("cell").held.values() for mark in marks])


def test_a_number_holds_all_steps_a_list_each_its_own_and_none_lets_go():
    lab = gate_lab()
    computed = lab.f
    lab.f = 0.25
    assert lab.f.tolist() == [0.25] * 8 and lab.held["f"].all() and not lab.held["i"].any()
    lab.f = [1, None, 0.5, None, None, None, None, None]
    assert lab.held["f"].tolist() == [True, False, True, False, False, False, False, False]
    assert lab.f[[0, 2]].tolist() == [1.0, 0.5] and 0 < lab.f[1] < 1
    lab.g = np.linspace(-1, 1, 8)
    assert np.allclose(lab.g, np.linspace(-1, 1, 8))
    lab.f = lab.g = None
    assert np.array_equal(lab.f, computed)


def test_setting_anything_changes_the_states():
    lab = gate_lab()
    before = lab.c
    lab.f = 0.0
    assert np.allclose(lab.c, lab.i * lab.g) and not np.allclose(lab.c, before)
    lab.x = [0.0] * 7 + [2.0]
    assert np.allclose(lab.c[:7], 0) and lab.c[7] > 0.5
    assert lab.x.dtype == lab.c.dtype == float and lab.c.shape == (8,) == lab.survives.shape


def test_preset_is_named_until_something_is_changed():
    lab = gate_lab("count")
    assert lab.preset == "count"
    lab.o = 0.5
    assert lab.preset is None
    lab.preset = "latch"
    assert lab.preset == "latch" and lab.x.tolist() == list(GATE_PRESETS["latch"].x)


def test_own_sequence_and_weights():
    rng = np.random.default_rng(2)
    p, x = random_weights(rng), [0.5, -1.0, 2.0]
    lab = gate_lab(x=x, weights=p)
    assert lab.T == 3 and lab.preset is None
    assert np.allclose(lab.h, np.ravel(reference(x, {gate: [None] * 3 for gate in GATES}, p).trace["h"]))
    lab.preset = "count"
    assert (lab.T, lab.preset) == (8, "count")
    assert np.allclose(lab.weights["W_x"], p["W_x"]) and np.allclose(lab.weights["b"], p["b"])


def test_a_longer_lab_goes_on_and_a_shorter_one_loses_nothing():
    lab = gate_lab("remember")
    lab.step = 8
    lab.T = 20
    assert lab.c.shape == lab.x.shape == lab.survives.shape == (20,)
    assert np.allclose(lab.c, lab.c[0]) and lab.f.tolist() == [1.0] * 20
    lab.T = 3
    assert (lab.T, lab.step, lab.preset) == (3, 3, None)
    lab.T = 8
    assert lab.preset == "remember"


def test_weights_can_be_set_and_change_the_gates():
    lab = gate_lab()
    p = lab.weights
    p["b"] = p["b"] + [0, 3, 0, 0]
    kept = lab.survives[0]
    lab.weights = p
    assert lab.survives[0] > kept + 0.1
    assert np.allclose(lab.c, run_gates(lab.x, {gate: [None] * 8 for gate in GATES}, p)["c"])


def test_gradient_of_the_rnn_is_that_of_finite_differences():
    x, w, eps = np.random.default_rng(4).normal(size=T), 0.7, 1e-6

    def last(at, nudge):
        h = 0.0
        for t in range(T):
            h = np.tanh(x[t] + w * h) + (nudge if t == at else 0.0)
        return h

    wanted = [(last(t, eps) - last(t, -eps)) / (2 * eps) for t in range(T)]
    assert np.allclose(rnn_survives(x, w), wanted, atol=1e-8)


SOLUTIONS = {
    "remember": lambda lab: (setattr(lab, "i", [1] + [0] * 7), setattr(lab, "f", 1.0)),
    "forget": lambda lab: setattr(lab, "f", [1] * 4 + [0] + [1] * 3),
    "count": lambda lab: setattr(lab, "i", 0.5),
    "latch": lambda lab: (setattr(lab, "i", np.abs(lab.x)), setattr(lab, "f", 1 - np.abs(lab.x))),
    "keep": lambda lab: setattr(lab, "f", 0.99),
    "gradient": lambda lab: setattr(lab, "weights", GATE_WEIGHTS | {"b": np.array([-2.0, 5.0, 0.0, 1.0])}),
}


@pytest.mark.parametrize("name", GATE_MISSIONS)
def test_a_mission_is_ticked_off_once_its_goal_is_reached(name):
    lab = gate_lab()
    lab.start(name)
    assert lab.missions == dict.fromkeys(GATE_MISSIONS, False), "not by starting it"
    SOLUTIONS[name](lab)
    assert lab.missions == {one: one == name for one in GATE_MISSIONS}
    lab.preset = "cell"
    assert lab.missions[name], "what was done stays done"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("remember", lambda lab: (setattr(lab, "i", 0.0), setattr(lab, "f", 1.0))),
        ("remember", lambda lab: setattr(lab, "x", [0.8] + [0.0] * 7)),
        ("forget", lambda lab: setattr(lab, "f", [1] * 3 + [0] + [1] * 4)),
        ("forget", lambda lab: setattr(lab, "f", 0.0)),
        ("count", lambda lab: setattr(lab, "x", lab.x / 2)),
        ("count", lambda lab: setattr(lab, "f", 0.5)),
        ("latch", lambda lab: setattr(lab, "f", 0.0)),
        ("keep", lambda lab: setattr(lab, "f", 1.0)),
        ("keep", lambda lab: setattr(lab, "f", 0.98)),
        ("gradient", lambda lab: setattr(lab, "f", 1.0)),
        ("gradient", lambda lab: setattr(lab, "T", 8)),
    ],
)
def test_near_misses_do_not_count(name, change):
    lab = gate_lab()
    lab.start(name)
    change(lab)
    assert not any(lab.missions.values())


def test_only_the_mission_that_was_begun_counts():
    lab = gate_lab("latch")
    assert mission_met("latch", lab.x, lab.holds, lab.run())
    assert not any(lab.missions.values())


def test_no_text_of_the_lab_gives_an_answer_away():
    texts = [one.goal for one in GATE_MISSIONS.values()] + [one.says for one in GATE_PRESETS.values()]
    assert not [text for text in texts if re.search(r"0\.99|[fiog] = |step [2-8]|bias|forget gate", text)]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("f", 1.5, "f must lie from 0 to 1, but it is 1.5 at step 1"),
        ("g", [0] * 7 + [-2], "g must lie from -1 to 1, but it is -2 at step 8"),
        ("i", [0.5] * 3, "i must be a number, None or a list of T = 8 of them, but got a list of 3"),
        ("i", [0.5] * 9, "i must be a number, None or a list of T = 8 of them, but got a list of 9"),
        ("o", "open", "o must be a number, None or a list of numbers, but got str 'open'"),
        ("f", float("nan"), "f must lie from 0 to 1, but it is nan"),
        ("f", True, "f must be a number, None or a list"),
        ("x", [0.0] * 5, "x must hold 8 numbers, but got 5"),
        ("x", [0.0] * 9, "x must hold 8 numbers, but got 9"),
        ("x", None, "x must be a list of numbers, but got None"),
        ("inputs", None, "x must be a list of numbers, but got None"),
        ("x", [9.0] * 8, "x must lie from -2 to 2, but it is 9 at step 1"),
        ("x", [None] * 8, "x must be a list of numbers"),
        ("x", 1.0, "x must be a list of numbers"),
        ("step", 0, "step must be a whole number from 1 to 8, but got int 0"),
        ("step", 9, "step must be a whole number from 1 to 8"),
        ("preset", "sing", "preset must be one of cell, remember, forget, count, latch"),
        ("step", None, "step must be a whole number from 1 to 8, but got None"),
        ("preset", None, "preset must be one of cell, remember, forget, count, latch"),
        ("holds", None, "holds must be a dict with the keys i, f, g and o, but got None"),
        ("holds", {"f": [1.0]}, "holds must be a dict with the keys i, f, g and o"),
        ("T", 1, "T must be a whole number from 2 to 50, but got int 1"),
        ("T", 51, "T must be a whole number from 2 to 50"),
        ("weights", 3, "weights must be the params of an LSTM(1, 1)"),
        ("parameters", {"f": [1.0]}, "parameters must be a dict with the keys i, f, g and o"),
        (
            "parameters",
            dict.fromkeys("ifgo", [1.0] * 4),
            "parameters['i'] must be the weights of x and h, and the bias, but got list [1.0, 1.0, 1.0, 1.0]",
        ),
        ("w_hh", "big", "w_hh must be a number from -100 to 100, but got str 'big'"),
        ("mission", "sing", "mission must be one of remember, forget, count, latch, keep, gradient"),
    ],
)
def test_what_cannot_be_shown_is_refused_and_nothing_changes(name, value, said):
    lab = gate_lab("latch")
    before = (lab.inputs, lab.holds, lab.step)
    with pytest.raises(InputError, match=re.escape(said)):
        setattr(lab, name, value)
    assert (lab.inputs, lab.holds, lab.step) == before
    assert np.array_equal(lab.c, gate_lab("latch").c)


def test_a_browser_that_sends_nonsense_changes_nothing():
    lab = gate_lab("latch")
    for state in ({"step": None}, {"inputs": None}, {"holds": None}, {"step": 99}):
        with pytest.raises(InputError):
            lab.set_state(state)
    assert (lab.preset, lab.step) == ("latch", 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"preset": "sing"}, "preset must be one of"),
        ({"x": [1.0]}, "x must hold 2 to 50 numbers, but got 1"),
        ({"x": [1.0] * 5, "preset": "count"}, "x must hold 8 values for the preset count, but got 5"),
        ({"weights": {"W_x": np.ones((1, 4))}}, "p lacks W_h, b"),
        ({"weights": {**GATE_WEIGHTS, "W_x": np.ones((2, 4))}}, "x_t has 1 features but W_x expects 2"),
        ({"weights": {**GATE_WEIGHTS, "b": np.ones(8)}}, "weights['b'] must have shape (4,)"),
        ({"weights": 3}, "weights must be the params of an LSTM(1, 1)"),
    ],
)
def test_labs_that_cannot_be_made(arguments, said):
    with pytest.raises(InputError, match=re.escape(said)):
        gate_lab(**arguments)


def test_c_and_h_can_only_be_read():
    lab = gate_lab()
    for name in ("c", "h", "survives"):
        with pytest.raises(AttributeError):
            setattr(lab, name, 0.0)


def test_stand_in_is_a_picture_and_its_text_has_every_number():
    lab = gate_lab("forget")
    text, page = lab.static_text(), lab.static_html()
    rows = {line.split()[0]: line.split()[1:] for line in text.splitlines()[1:]}
    assert rows["f_t"] == ["[1.00]"] * 4 + ["[0.00]"] + ["[1.00]"] * 3
    assert [float(one.replace("\N{MINUS SIGN}", "-")) for one in rows["c_t"]] == lab.c.round(2).tolist()
    assert [float(one) for one in rows["∂c_T/∂c_t"]] == lab.survives.tolist()
    assert page.startswith("<figure") and "script" not in page
    drawn = base64.b64decode(re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', page)[1]).decode()
    numbers = [one.replace("\N{MINUS SIGN}", "-") for one in re.findall(r">(\S*\d\.\d\d)</text>", drawn)]
    wanted = [f"{one + 0:.2f}" for name in ("c", *"xfigoh") for one in getattr(lab, name)]
    assert numbers == wanted
    said = ", ".join(written(one) for one in lab.c)
    assert f"c: {said}; h: " in page


def test_repr_is_stable():
    lab = gate_lab("latch")
    assert repr(lab) == "GateLab(latch, T=8, step=1)"
    lab.o = 0.0
    lab.step = 3
    assert repr(lab) == "GateLab(own settings, T=8, step=3)"
