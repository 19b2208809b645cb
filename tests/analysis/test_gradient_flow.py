"""Gradients on their way back through time: Jacobians, their norms far below 1e-308, splits by lag."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse import in_numpy, in_torch
from rnncourse.analysis import flow_by_autograd
from rnncourse.analysis.gates import Hold, hold
from rnncourse.analysis.gradient_flow import (
    CELLS,
    INITS,
    dead_units,
    gradient_by_lag,
    gradient_flow,
    log10_jacobian_norms,
    measure_flow,
)
from rnncourse.errors import InputError
from rnncourse.in_numpy import GRU, LSTM, RNN
from rnncourse.viz import _flow as viz_flow

T, B, D, H = 7, 3, 4, 5
KINDS = ("tanh", "sigmoid", "relu", "leaky_relu", "lstm", "gru")
seeds = st.integers(0, 10**6)


def make(kind: str, engine=in_numpy, seed: int = 1):
    """Return a layer with non-zero biases, x (T, B, D) and a non-zero initial state."""
    rng = np.random.default_rng(seed)
    gated = {"lstm": engine.LSTM, "gru": engine.GRU}.get(kind)
    layer = gated(D, H, rng, dtype="float64") if gated else engine.RNN(D, H, kind, rng, dtype="float64")
    x, h0, c0 = (rng.normal(size=size) for size in ((T, B, D), (B, H), (B, H)))
    if engine is in_torch:
        x, h0, c0 = map(torch.from_numpy, (x, h0, c0))
    return layer, x, (h0, c0) if kind == "lstm" else h0


def run(layer, x: np.ndarray, state):
    """Return the last state as one row (B, S * H)."""
    _, last = layer.forward(x, state)
    return np.concatenate(last, axis=1) if isinstance(last, tuple) else last


def jacobian(layer, x: np.ndarray, state, b: int) -> np.ndarray:
    """Return ∂(last state)/∂(first state) of sequence b, rows "from": what small changes of each unit do."""
    parts = state if isinstance(state, tuple) else (state,)
    rows = []
    for part, k in np.ndindex(len(parts), H):
        moved = []
        for change in (1e-6, -1e-6):
            changed = [each.copy() for each in parts]
            changed[part][b, k] += change
            moved.append(run(layer, x, tuple(changed) if len(parts) > 1 else changed[0])[b])
        rows.append((moved[0] - moved[1]) / 2e-6)
    return np.array(rows)


# Jacobians


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("norm", ["rms", "spectral", "frobenius"])
def test_norms_are_those_of_what_a_small_change_of_a_state_does(kind, norm):
    layer, x, state = make(kind)
    for part in ("h", "c", "both") if kind == "lstm" else ("h",):
        rows = {"h": slice(0, H), "c": slice(H, 2 * H), "both": slice(0, 2 * H)}[part]
        found = log10_jacobian_norms(layer, x, state, state=part, norm=norm, b=2)
        assert (
            len(found) == T + 1
            and abs(found[0] - np.log10(_norm(np.eye(len(range(2 * H)[rows])), norm))) < 1e-12
        )
        for lag in range(1, T + 1):
            middle = state if lag == T else layer.forward(x[: T - lag], state)[1]
            J = jacobian(layer, x[T - lag :], middle, b=2)[rows, rows]
            assert np.isclose(10 ** found[lag], _norm(J, norm), rtol=1e-5)


def _norm(J: np.ndarray, norm: str) -> float:
    size = np.linalg.norm(J, 2) if norm == "spectral" else np.linalg.norm(J)
    return size / np.sqrt(len(J)) if norm == "rms" else size


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("norm", ["rms", "spectral", "frobenius"])
def test_numpy_and_torch_agree(kind, norm):
    for part in ("h", "c", "both") if kind == "lstm" else ("h", None):
        ours = log10_jacobian_norms(*make(kind), state=part, norm=norm, b=1)
        theirs = flow_by_autograd.log10_jacobian_norms(*make(kind, in_torch), state=part, norm=norm, b=1)
        assert ours.shape == theirs.shape == (T + 1,)
        assert np.allclose(10**ours, 10**theirs, rtol=1e-10, atol=0)


def test_torch_twin_starts_from_zeros_too():
    layer, x, _ = make("gru")
    twin, tensor, _ = make("gru", in_torch)
    assert np.allclose(
        log10_jacobian_norms(layer, x), flow_by_autograd.log10_jacobian_norms(twin, tensor), atol=1e-10
    )


def test_float32_layers_are_measured_in_float64_and_left_alone():
    layer = RNN(D, H, rng=np.random.default_rng(0))
    x = np.random.default_rng(1).normal(size=(T, B, D)).astype(np.float32)
    layer.forward(x[:2])
    trace = {name: array.copy() for name, array in layer.trace.items()}
    before = {name: array.copy() for name, array in layer.params.items()}
    exact = RNN(D, H, rng=np.random.default_rng(0), dtype="float64")
    exact.params = {name: array.astype(np.float64) for name, array in before.items()}
    assert np.array_equal(log10_jacobian_norms(layer, x), log10_jacobian_norms(exact, x.astype(np.float64)))
    assert all(np.array_equal(array, trace[name]) for name, array in layer.trace.items())
    assert len(trace["h"]) == 2
    assert all(
        array.dtype == np.float32 and np.array_equal(array, before[name])
        for name, array in layer.params.items()
    )


# Laws


@given(seed=seeds, scale=st.floats(1e-6, 0.25))
@settings(max_examples=25, deadline=None)
def test_orthogonal_weights_change_every_length_alike_where_units_are_linear(seed, scale):
    """ReLU units that a large bias keeps positive are linear: J is (scale Q)^k, and its norms are scale^k."""
    rng = np.random.default_rng(seed)
    layer = in_numpy.orthogonal(RNN(D, H, "relu", rng, dtype="float64"), rng)
    layer.params["W_hh"] *= scale
    layer.params["b_h"][:] = 1e6
    x = rng.normal(size=(T, 1, D))
    for norm in ("rms", "spectral"):
        found = log10_jacobian_norms(layer, x, norm=norm)
        assert np.allclose(found, np.arange(T + 1) * np.log10(scale), atol=1e-9)


@given(seed=seeds, scale=st.floats(0.01, 20), cell=st.sampled_from(["relu", "leaky_relu"]))
@settings(max_examples=25, deadline=None)
def test_scaled_inputs_change_nothing_for_piecewise_linear_units_without_bias(seed, scale, cell):
    rng = np.random.default_rng(seed)
    layer = in_numpy.glorot(RNN(D, H, cell, rng, dtype="float64"), rng)
    x = rng.normal(size=(T, 1, D))
    once, scaled = log10_jacobian_norms(layer, x), log10_jacobian_norms(layer, scale * x)
    assert np.allclose(once, scaled, atol=1e-9)


@given(seed=seeds, cell=st.sampled_from(["tanh", "relu", "sigmoid"]), init=st.sampled_from(INITS))
@settings(max_examples=25, deadline=None)
def test_rms_norm_lies_below_the_spectral_norm_and_that_below_the_bound(seed, cell, init):
    rng = np.random.default_rng(seed)
    layer = getattr(in_numpy, init)(RNN(D, H, cell, rng, dtype="float64"), rng)
    x = rng.normal(size=(T, 1, D))
    rms, spectral = (log10_jacobian_norms(layer, x, norm=norm) for norm in ("rms", "spectral"))
    steepest = 0.25 if cell == "sigmoid" else 1.0
    bound = np.arange(T + 1) * np.log10(steepest * np.linalg.norm(layer.params["W_hh"], 2))
    assert (rms <= spectral + 1e-9).all()
    assert (spectral <= bound + 1e-9).all()


def test_norms_far_below_what_a_float64_holds():
    """A sigmoid at rest has slope 1/4: W_hh = I / 100 loses a factor of exactly 400 a step."""
    layer = RNN(D, H, "sigmoid", dtype="float64")
    for array in layer.params.values():
        array[...] = 0
    layer.params["W_hh"][...] = np.eye(H) / 100
    layer.params["b_h"][:] = -0.005  # so that a_t is 0 once h is 1/2
    steps = 1000
    found = log10_jacobian_norms(layer, np.zeros((steps, 1, D)), np.full((1, H), 0.5))
    assert np.allclose(found, -np.log10(400) * np.arange(steps + 1), rtol=1e-12)
    assert found[-1] < -2600
    flow = measure_flow(layer, np.zeros((steps, 1, D)), np.full((1, H), 0.5))
    assert np.allclose(flow.log10_norms, found, rtol=1e-12)


def test_exact_zero_is_minus_infinity():
    layer, x, h0 = make("relu")
    layer.params["b_h"][:] = -1e6
    found = log10_jacobian_norms(layer, x, h0)
    assert found[0] == 0
    assert np.isneginf(found[1:]).all()
    flow = measure_flow(layer, x, h0)
    assert flow.dead_units.all()
    assert (flow.factor, flow.reach(), flow.norms[-1]) == (0.0, 1, 0.0)
    assert np.array_equal(flow.factors, np.zeros(T))


# The gradient split by lag


@pytest.mark.parametrize("kind", KINDS)
def test_lags_add_up_to_the_gradient_of_the_weights(kind):
    layer, x, state = make(kind)
    dh = np.random.default_rng(3).normal(size=(T, B, H))
    layer.forward(x, state)
    layer.backward(dh)
    split = gradient_by_lag(layer, x, dh, state)
    assert np.allclose(split.weights.sum(axis=0), layer.grads[list(layer.shapes)[1]], rtol=1e-10)
    assert np.allclose(split.weight_norms, [np.linalg.norm(share) for share in split.weights])


@pytest.mark.parametrize("kind", KINDS)
def test_each_lag_is_a_cut_of_that_many_steps(kind):
    """Only the last step has a loss: its gradient at lag k comes from a run that starts k steps before."""
    layer, x, state = make(kind)
    dh = np.zeros((T, B, H))
    dh[-1] = np.random.default_rng(4).normal(size=(B, H))
    split = gradient_by_lag(layer, x, dh, state)
    assert np.isclose(split.state_norms[0], np.linalg.norm(dh))
    for lag in range(1, T):
        _, middle = layer.forward(x[: T - lag], state)
        layer.forward(x[T - lag :], middle)
        _, d_state = layer.backward(dh[T - lag :])
        d_state = d_state[0] if kind == "lstm" else d_state
        assert np.isclose(split.state_norms[lag], np.linalg.norm(d_state), rtol=1e-10)


# Untrained layers


@pytest.mark.parametrize(
    ("cell", "decades", "spread"),
    [("sigmoid", -41, 3), ("tanh", -12, 2), ("relu", -19, 3), ("leaky_relu", -19, 3)],
)
def test_what_is_left_after_50_steps_of_uniform_weights(cell, decades, spread):
    left = [gradient_flow(cell, T=50, seed=seed).log10_norms[-1] for seed in range(5)]
    assert abs(np.median(left) - decades) < 1
    assert max(abs(np.array(left) - decades)) < spread


def test_identity_relu_keeps_half_of_its_units_after_a_pulse():
    left = [
        gradient_flow("relu", "identity", T=100, seed=seed, inputs="pulse").norms[-1] for seed in range(8)
    ]
    assert abs(np.mean(left) - 0.7) < 0.05
    noise = [gradient_flow("relu", "identity", T=100, seed=seed).norms[-1] for seed in range(8)]
    assert max(noise) < 0.5


def test_lstm_without_forget_bias_loses_more_than_a_glorot_rnn():
    lstm = [gradient_flow("lstm", T=50, seed=seed).factor for seed in range(6)]
    rnn = [gradient_flow("tanh", "glorot", T=50, seed=seed).factor for seed in range(6)]
    assert abs(np.mean(lstm) - 0.62) < 0.02
    assert abs(np.mean(rnn) - 0.88) < 0.03
    assert max(lstm) < min(rnn)
    factors = [gradient_flow("lstm", T=50, forget_bias=bias).factor for bias in (0.0, 1.0, 3.0)]
    assert factors == sorted(factors) and factors[2] > 1


def test_flow_says_what_its_arrays_say():
    flow = gradient_flow("lstm", "orthogonal", 0.8, T=12, seed=3, H=6, D=3, forget_bias=1.5)
    rng = np.random.default_rng(3)
    layer = LSTM(3, 6, rng, dtype="float64")
    in_numpy.orthogonal(layer, rng)
    layer.params["W_h"] *= 0.8
    in_numpy.forget_bias(layer, 1.5)
    x = np.random.default_rng([3, 1]).normal(size=(12, 1, 3))
    layer.forward(x)
    assert np.allclose(flow.log10_norms, log10_jacobian_norms(layer, x))
    assert np.isclose(flow.mean_forget, layer.trace["f"].mean())
    assert (flow.T, flow.H, flow.state, flow.spectral_radius) == (12, 6, "c", None)
    assert np.allclose(np.cumprod(flow.factors), flow.norms[1:])
    assert np.isclose(flow.factor, flow.norms[-1] ** (1 / 12))
    assert repr(flow) == f"GradientFlow({flow.title}: T=12, H=6, factor {flow.factor:.2f} a step)"
    assert flow.title == "lstm, orthogonal, scale 0.8, forget bias 1.5"


def test_gradients_are_the_random_gradient_sent_through_the_jacobians():
    flow = gradient_flow("tanh", "glorot", 1.3, T=9, seed=2, H=5)
    rng = np.random.default_rng(2)
    layer = in_numpy.glorot(RNN(2, 5, "tanh", rng, dtype="float64"), rng)
    layer.params["W_hh"] *= 1.3
    layer.forward(np.random.default_rng([2, 1]).normal(size=(9, 1, 2)))
    steps = [layer.params["W_hh"] * (1 - h_t**2) for h_t in layer.trace["h"][:, 0]]
    g = 10 ** flow.log10_gradients[9]
    drawn = np.random.default_rng([2, 2]).normal(size=5)
    assert np.allclose(g, abs(drawn) * np.sqrt(5 / (drawn @ drawn)))
    for t in range(10):
        through = np.linalg.multi_dot([np.eye(5), np.eye(5), *steps[t:]]) @ (np.sign(drawn) * g)
        assert np.allclose(10 ** flow.log10_gradients[t], abs(through), rtol=1e-9)


def test_spectral_radius_and_reach():
    flow = gradient_flow("tanh", scale=0.7, T=40, seed=4, H=8)
    rng = np.random.default_rng(4)
    layer = in_numpy.uniform(RNN(2, 8, rng=rng, dtype="float64"), rng)
    radius = max(abs(np.linalg.eigvals(0.7 * layer.params["W_hh"])))
    assert np.isclose(flow.spectral_radius, radius)
    assert flow.norms[flow.reach()] < 1e-3 <= flow.norms[flow.reach() - 1]
    assert gradient_flow("relu", "identity", T=20, inputs="pulse").reach() is None
    by_tens = dataclasses.replace(flow, log10_norms=np.array([0.0, 0.0, -1.0, -1.0, -2.0]))
    assert by_tens.reach(1.0) == 2  # all of it is not less than all of it
    assert by_tens.reach(0.1) == 4  # nor a tenth less than a tenth
    assert np.isclose(gradient_flow("tanh", "orthogonal", 1.4, H=8).spectral_radius, 1.4)


def test_inputs_are_the_same_for_every_cell():
    for cell in CELLS:
        assert gradient_flow(cell, T=3, H=4).T == 3
    sure = [gradient_flow("tanh", "identity", T=30, H=4, seed=s).norms[-1] for s in (0, 0, 1)]
    assert sure[0] == sure[1] != sure[2]


def test_dead_units_are_dead_in_every_sequence():
    layer, x, h0 = make("relu")
    layer.params["b_h"][:] = [-1e6, 0, 0, -1e6, 1e6]
    assert dead_units(layer, x, h0).tolist()[::3] == [True, True]
    h, _ = layer.forward(x, h0)
    assert np.array_equal(dead_units(layer, x, h0), (h == 0).all(axis=(0, 1)))
    assert not dead_units(*make("leaky_relu")).any()


def test_a_unit_that_lives_in_one_sequence_alone_is_not_dead():
    layer, x, h0 = make("relu")
    assert x.shape[1] > 1
    layer.params["W_xh"][...] = 0
    layer.params["W_hh"][...] = np.diag([1.0, 1.0, 0, 0, 0])
    layer.params["b_h"][...] = -1e-3
    h0[...] = -1.0
    h0[-1, 1] = 50.0  # unit 1 of the last sequence begins far above 0 and stays there
    assert dead_units(layer, x, h0).tolist() == [True, False, True, True, True]


# Wrong input


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"cell": "elu"}, "cell must be one of sigmoid, tanh"),
        ({"init": "zeros"}, "init must be one of uniform"),
        ({"inputs": "silence"}, "inputs must be one of noise, pulse"),
        ({"T": 0}, "T must be a whole number of at least 1"),
        ({"T": 2.5}, "T must be a whole number"),
        ({"seed": -1}, "seed must be"),
        ({"scale": -0.5}, "scale must be a number of at least 0"),
        ({"scale": float("nan")}, "scale must be a number of at least 0"),
        ({"scale": "big"}, "scale must be a number of at least 0"),
        ({"forget_bias": None}, "forget_bias must be a number, but got None"),
        ({"H": 0}, "H must be"),
        ({"cell": "relu", "scale": 1e200, "T": 9}, "the states of this RNN overflow"),
    ],
)
def test_gradient_flow_names_what_is_wrong(arguments, said):
    with pytest.raises(InputError, match=said):
        gradient_flow(**arguments)


def test_wrong_layers_and_arrays_are_named():
    layer, x, state = make("lstm")
    net = in_numpy.RecurrentNet(layer, 3)
    for call, said in [
        (lambda: log10_jacobian_norms(net, x), "pass net.layer"),
        (
            lambda: log10_jacobian_norms(hold(layer, Hold("f", 1.0)), x),
            "layer must have its plain cell, but its cell is a HeldLSTM",
        ),
        (
            lambda: flow_by_autograd.log10_jacobian_norms(hold(make("gru", in_torch)[0], Hold("z", 1.0)), x),
            "layer must have its plain cell, but its cell is a HeldGRU",
        ),
        (lambda: log10_jacobian_norms(layer, x, state="cell"), "state must be one of h, c, both"),
        (lambda: log10_jacobian_norms(layer, x, norm="max"), "norm must be one of rms"),
        (lambda: log10_jacobian_norms(layer, x, b=B), "b must be a whole number from 0 to 2, but got int 3"),
        (lambda: log10_jacobian_norms(*make("gru")[:2], state="c"), "state must be one of h"),
        (lambda: log10_jacobian_norms(layer, x[0]), "x needs 3 axes"),
        (lambda: log10_jacobian_norms(layer, x[:, :, :2]), "x has 2 features but W_x expects 4"),
        (lambda: gradient_by_lag(layer, x, x, state), r"dh must have shape \(7, 3, 5\)"),
        (
            lambda: measure_flow(layer, x, seed=-1),
            "seed must be a whole number of at least 0, but got int -1",
        ),
        (
            lambda: measure_flow(layer, x, seed=None),
            "seed must be a whole number of at least 0, but got None",
        ),
        (lambda: gradient_flow(T=5).reach(2), "share must be a number above 0 and of at most 1"),
        (lambda: flow_by_autograd.log10_jacobian_norms(layer, x), "rnncourse.in_torch, but got LSTM"),
        (
            lambda: flow_by_autograd.log10_jacobian_norms(*make("gru", in_torch), b=9),
            "b must be a whole number from 0 to 2, but got int 9",
        ),
    ]:
        with pytest.raises(InputError, match=said):
            call()


# Pictures


def test_colors_are_brightest_where_a_gradient_keeps_its_size():
    powers = np.linspace(-13, 13, 521).reshape(1, 521)
    colours = viz_flow.survival_colours(powers)
    assert colours.shape == (1, 521, 3) and colours.dtype == np.uint8
    brightness = colours[0].astype(int).sum(axis=1)
    assert abs(powers[0, brightness.argmax()]) < 0.1
    assert (np.diff(brightness[:258]) >= 0).all() and (np.diff(brightness[263:]) <= 0).all()
    ends = viz_flow.survival_colours(np.array([-np.inf, -40.0, -12.0, 12.0, 300.0]))
    assert ends.tolist() == [[11, 16, 38]] * 3 + [[74, 0, 18]] * 2
    with pytest.raises(InputError, match="without NaN"):
        viz_flow.survival_colours(np.array([np.nan]))


def test_heat_maps_show_the_logarithms():
    flows = {cell: gradient_flow(cell, T=6, H=4).log10_gradients for cell in ("tanh", "relu", "sigmoid")}
    figure = viz_flow.gradient_heat_maps(flows, cols=2)
    drawn = [ax for ax in figure.axes if ax.images]
    assert [ax.get_title(loc="left") for ax in drawn] == list(flows)
    for ax, gradients in zip(drawn, flows.values(), strict=True):
        assert np.allclose(ax.images[0].get_array(), np.clip(gradients.T, -12, 12))


def test_norm_curves_show_the_logarithms_and_leave_the_picture_at_the_floor():
    curves = {"kept": np.zeros(5), "dies": -np.arange(5.0) * 10, "gone": np.array([0, -np.inf, -np.inf])}
    ax = viz_flow.norm_curves(curves, floor=-20).axes[0]
    lines = {line.get_label(): line.get_ydata() for line in ax.lines}
    assert lines["dies"].tolist() == [0, -10, -20, -30, -40]
    assert lines["gone"].tolist() == [0, -200, -200]
    assert ax.get_ylim()[0] == -20
    with pytest.raises(InputError, match="dict of 1 to 7"):
        viz_flow.norm_curves({})
    with pytest.raises(InputError, match="without NaN"):
        viz_flow.norm_curves({"a": np.array([np.nan])})
    with pytest.raises(InputError, match="needs 2 axes"):
        viz_flow.gradient_heat_maps({"a": np.zeros(3)})
    with pytest.raises(InputError, match="dict of 1 to 12"):
        viz_flow.gradient_heat_maps([])


def test_every_layer_can_be_measured():
    for layer in (RNN(D, H), LSTM(D, H), GRU(D, H)):
        x = np.random.default_rng(0).normal(size=(T, B, D))
        flow = measure_flow(layer, x)
        assert flow.log10_gradients.shape == (T + 1, H)
        assert flow.log10_norms[0] == 0
        assert (flow.W_hh is None) == (flow.mean_forget is not None)
