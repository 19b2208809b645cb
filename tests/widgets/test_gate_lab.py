"""The Gate lab without a browser: what it computes, what it accepts, what its stand-in says."""

from __future__ import annotations

import re

import numpy as np
import pytest

from rnncourse.analysis.gates import Hold, hold
from rnncourse.errors import InputError
from rnncourse.in_numpy import LSTM
from rnncourse.widgets import GATE_PRESETS, GATE_WEIGHTS, gate_lab
from rnncourse.widgets._gate_lab import GATES, LIMITS, run_gates

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
    with pytest.raises(InputError, match="preset needs a lab of 8 steps, but this one has 3"):
        lab.preset = "count"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("f", 1.5, "f must lie from 0 to 1, but it is 1.5 at step 1"),
        ("g", [0] * 7 + [-2], "g must lie from -1 to 1, but it is -2 at step 8"),
        ("i", [0.5] * 3, "i must be a number, None or a list of T = 8 of them, but 3 came"),
        ("i", [0.5] * 9, "i must be a number, None or a list of T = 8 of them, but 9 came"),
        ("o", "open", "o must be a number, None or a list of numbers, but str 'open' came"),
        ("f", float("nan"), "f must lie from 0 to 1, but it is nan"),
        ("f", True, "f must be a number, None or a list"),
        ("x", [0.0] * 5, "x must hold 8 numbers, but 5 came"),
        ("x", [0.0] * 9, "x must hold 8 numbers, but 9 came"),
        ("x", None, "x must be a list of numbers, but None came"),
        ("inputs", None, "x must be a list of numbers, but None came"),
        ("x", [9.0] * 8, "x must lie from -2 to 2, but it is 9 at step 1"),
        ("x", [None] * 8, "x must be a list of numbers"),
        ("x", 1.0, "x must be a list of numbers"),
        ("step", 0, "step must be a whole number from 1 to 8, but int 0 came"),
        ("step", 9, "step must be a whole number from 1 to 8"),
        ("preset", "sing", "preset must be one of cell, remember, forget, count, latch"),
        ("step", None, "step must be a whole number from 1 to 8, but None came"),
        ("preset", None, "preset must be one of cell, remember, forget, count, latch"),
        ("clamps", None, "clamps must be a dict with the keys i, f, g and o, but None came"),
        ("clamps", {"f": [1.0]}, "clamps must be a dict with the keys i, f, g and o"),
    ],
)
def test_what_cannot_be_shown_is_refused_and_nothing_changes(name, value, said):
    lab = gate_lab("latch")
    before = (lab.inputs, lab.clamps, lab.step)
    with pytest.raises(InputError, match=re.escape(said)):
        setattr(lab, name, value)
    assert (lab.inputs, lab.clamps, lab.step) == before
    assert np.array_equal(lab.c, gate_lab("latch").c)


def test_a_browser_that_sends_nonsense_changes_nothing():
    lab = gate_lab("latch")
    for state in ({"step": None}, {"inputs": None}, {"clamps": None}, {"step": 99}):
        with pytest.raises(InputError):
            lab.set_state(state)
    assert (lab.preset, lab.step) == ("latch", 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"preset": "sing"}, "preset must be one of"),
        ({"x": [1.0]}, "x must hold 2 to 12 numbers, but 1 came"),
        ({"x": [1.0] * 5, "preset": "count"}, "x must hold 8 numbers for the preset count, but 5 came"),
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


def test_stand_in_shows_every_number_and_marks_what_is_held():
    lab = gate_lab("forget")
    text, page = lab.static_text(), lab.static_html()
    rows = {line.split()[0]: line.split()[1:] for line in text.splitlines()[1:]}
    assert rows["f_t"] == ["[1.00]"] * 4 + ["[0.00]"] + ["[1.00]"] * 3
    assert [float(one.replace("\N{MINUS SIGN}", "-")) for one in rows["c_t"]] == lab.c.round(2).tolist()
    assert [float(one) for one in rows["∂c_T/∂c_t"]] == lab.survives.tolist()
    assert page.count("<tr>") == 9 and page.count("<td>") == 64
    assert all(f"<td>{one}</td>" in page for one in rows["g_t"])
    assert "script" not in page


def test_repr_is_stable():
    lab = gate_lab("latch")
    assert repr(lab) == "GateLab(latch, T=8, step=1)"
    lab.o = 0.0
    lab.step = 3
    assert repr(lab) == "GateLab(own settings, T=8, step=3)"
