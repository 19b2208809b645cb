"""Layers by hand: equal to central differences, to autograd over the cells, and to torch.nn."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from in_both.engines import (
    MAKERS,
    SINGLE,
    B,
    D,
    H,
    T,
    by_cells,
    furthest,
    make,
    padding_mask,
    state_like,
    to_tensors,
    weighted,
)

from rnncourse import in_numpy
from rnncourse.errors import InputError
from rnncourse.in_both.base import flatten


def run(layer, x, h0, weights, mask=None):
    """Return all outputs, and all gradients of their weighted sum, by hand."""
    outputs = layer.forward(x, h0, mask)
    dx, dh0 = layer.backward(*weights)
    return outputs, {"x": dx, "h0": dh0}, dict(layer.grads)


def setting(layer, T, B, seed=1):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((T, B, layer.D))
    return x, state_like(layer, B, rng), (rng.standard_normal((T, B, layer.H)), state_like(layer, B, rng))


def reference(layer, x, h0, weights, mask=None):
    """Return the same as `run`, by autograd over single cells."""
    p = {name: torch.tensor(array, requires_grad=True) for name, array in layer.params.items()}
    x, h0 = to_tensors(x, track=True), to_tensors(h0, track=True)
    outputs = by_cells(layer, p, x, h0, mask)
    weighted(outputs, to_tensors(weights)).backward()
    first = [tensor.grad for tensor in flatten(h0)]
    return outputs, {"x": x.grad, "h0": first}, {name: tensor.grad for name, tensor in p.items()}


def compare(layer, x, h0, weights, mask=None, tolerance=1e-10):
    outputs, of_inputs, of_params = run(layer, x, h0, weights, mask)
    expected, expected_of_inputs, expected_of_params = reference(layer, x, h0, weights, mask)
    assert furthest(outputs, expected) <= tolerance
    assert furthest(of_inputs["x"], expected_of_inputs["x"]) <= tolerance
    assert furthest(tuple(flatten(of_inputs["h0"])), tuple(expected_of_inputs["h0"])) <= tolerance
    assert furthest(of_params, expected_of_params) <= tolerance


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "padded"])
@pytest.mark.parametrize(("T", "B"), [(T, B), (1, B), (T, 1), (1, 1)])
@pytest.mark.parametrize("kind", MAKERS)
def test_by_hand_equals_autograd(kind, T, B, masked):
    layer = make(kind)
    compare(layer, *setting(layer, T, B), mask=padding_mask(T, B) if masked else None)


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "padded"])
@pytest.mark.parametrize("kind", MAKERS)
def test_by_hand_equals_central_differences(kind, masked):
    layer = make(kind, D=2, H=3)
    T, B = 4, 2
    x, h0, weights = setting(layer, T, B)
    mask = padding_mask(T, B) if masked else None
    _, of_inputs, of_params = run(layer, x, h0, weights, mask)

    def loss():
        return float(weighted(layer.forward(x, h0, mask), weights))

    assert furthest(of_inputs["x"], in_numpy.numerical_gradient(loss, x)) <= 1e-7
    for found, array in zip(flatten(of_inputs["h0"]), flatten(h0), strict=True):
        assert furthest(found, in_numpy.numerical_gradient(loss, array)) <= 1e-7
    for name, array in layer.params.items():
        assert np.ptp(array) > 0 and np.abs(of_params[name]).max() > 1e-3
        assert furthest(of_params[name], in_numpy.numerical_gradient(loss, array)) <= 1e-7


@settings(max_examples=40, deadline=None)
@given(
    kind=st.sampled_from(sorted(MAKERS)),
    shape=st.tuples(*(st.integers(1, 7) for _ in range(4))),
    masked=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_by_hand_equals_autograd_at_any_shape(kind, shape, masked, seed):
    T, B, D, H = shape
    layer = make(kind, seed=seed, D=D, H=H)
    compare(layer, *setting(layer, T, B, seed), mask=padding_mask(T, B) if masked else None)


STARTS = {
    "uniform": in_numpy.uniform,
    "glorot": in_numpy.glorot,
    "orthogonal": in_numpy.orthogonal,
    "identity": in_numpy.identity,
    "forget_bias": lambda layer, rng: in_numpy.forget_bias(layer, 1.5),
    "chrono": lambda layer, rng: in_numpy.chrono(layer, 20, rng),
}


GATED = ("LSTM", "GRU")


@pytest.mark.parametrize(
    ("kind", "start"),
    [(k, s) for k in SINGLE for s in STARTS if k in GATED or s not in ("forget_bias", "chrono")],
)
def test_every_start_is_differentiated_rightly(kind, start):
    layer = STARTS[start](make(kind), np.random.default_rng(5))
    for name in layer.params:
        if name.startswith("b"):
            layer.params[name] += 0.1  # some starts have zero biases, which would prove less
    compare(layer, *setting(layer, T, B))


@pytest.mark.parametrize("kind", ["RNN tanh", "RNN relu", "LSTM", "GRU"])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("both", [False, True], ids=["forward", "both directions"])
def test_equals_torch_nn(kind, layers, both):
    from rnncourse.bridge import from_torch, state_from_torch, state_to_torch

    name, _, phi = kind.partition(" ")
    torch.manual_seed(0)
    extra = {"nonlinearity": phi} if phi else {}
    module = getattr(torch.nn, name)(D, H, layers, bidirectional=both, dtype=torch.float64, **extra)
    layer = from_torch(module)
    x, h0, weights = setting(layer, T, B)
    outputs, of_inputs, of_params = run(layer, x, h0, weights)

    x_t = torch.tensor(x, requires_grad=True)
    first = state_to_torch(h0, layer)
    first = tuple(s.requires_grad_() for s in first) if name == "LSTM" else first.requires_grad_()
    h, last = module(x_t, first)
    assert furthest(outputs[0], h) <= 1e-12
    assert furthest(outputs[1], state_from_torch(last, layer)) <= 1e-12
    loss = weighted(h, torch.tensor(weights[0])) + weighted(last, state_to_torch(weights[1], layer))
    loss.backward()
    assert furthest(of_inputs["x"], x_t.grad) <= 1e-10
    grads = tuple(s.grad for s in first) if name == "LSTM" else first.grad
    assert furthest(state_to_torch(of_inputs["h0"], layer), grads) <= 1e-10
    for suffix, end in suffixes(layers, both):
        assert (
            furthest(of_params[WEIGHTS[name][0] + suffix], getattr(module, f"weight_ih_{end}").grad.T)
            <= 1e-10
        )
        assert (
            furthest(of_params[WEIGHTS[name][1] + suffix], getattr(module, f"weight_hh_{end}").grad.T)
            <= 1e-10
        )
        assert furthest(of_params[WEIGHTS[name][2] + suffix], getattr(module, f"bias_ih_{end}").grad) <= 1e-10
        if name == "GRU":
            assert (
                furthest(of_params["b_hn" + suffix], getattr(module, f"bias_hh_{end}").grad[2 * H :]) <= 1e-10
            )


WEIGHTS = {"RNN": ("W_xh", "W_hh", "b_h"), "LSTM": ("W_x", "W_h", "b"), "GRU": ("W_x", "W_h", "b")}


def suffixes(layers, both):
    for k in range(layers):
        number = f"_{k + 1}" if layers > 1 else ""
        if both:
            yield f"_fwd{number}", f"l{k}"
            yield f"_bwd{number}", f"l{k}_reverse"
        else:
            yield number, f"l{k}"


@pytest.mark.parametrize("both", [False, True], ids=["forward", "both directions"])
@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_padding_is_handled_as_packed_sequences_are(name, both):
    from rnncourse.bridge import from_torch, state_from_torch

    torch.manual_seed(0)
    module = getattr(torch.nn, name)(D, H, 2, bidirectional=both, dtype=torch.float64)
    layer = from_torch(module)
    lengths = [T, T - 2, 1]
    x = np.random.default_rng(0).standard_normal((T, B, D))
    mask = (np.arange(T)[:, None] < np.array(lengths)).astype(float)
    h, last = layer.forward(x, mask=mask)
    packed = torch.nn.utils.rnn.pack_padded_sequence(torch.from_numpy(x), lengths)
    expected, expected_last = module(packed)
    expected, _ = torch.nn.utils.rnn.pad_packed_sequence(expected)
    assert furthest(h * mask[:, :, None], expected) <= 1e-12
    assert furthest(last, state_from_torch(expected_last, layer)) <= 1e-12


def test_padding_has_no_influence():
    layer = make("LSTM")
    x, h0, weights = setting(layer, T, B)
    mask = padding_mask(T, B)
    first = run(layer, x, h0, weights, mask)
    x = x + 100 * (1 - mask)[:, :, None]
    second = run(layer, x, h0, weights, mask)
    assert furthest(first[0], second[0]) == 0
    assert np.abs(second[1]["x"][mask == 0]).max() == 0


@pytest.mark.parametrize(
    ("kind", "keys"), [("RNN tanh", "x h0 a h"), ("LSTM", "x h0 c0 i f g o c h"), ("GRU", "x h0 r z n q h")]
)
def test_trace_holds_every_gate(kind, keys):
    layer = make(kind)
    x, h0, _ = setting(layer, T, B)
    h, _ = layer.forward(x, h0)
    trace = layer.trace
    assert set(keys.split()) == set(trace)
    assert furthest(trace["h"], h) == 0
    before = np.concatenate([trace["h0"][None], h[:-1]])
    if kind == "LSTM":
        c_before = np.concatenate([trace["c0"][None], trace["c"][:-1]])
        gates = [np.stack(g) for g in zip(*map(gates_of(layer), x, before), strict=True)]
        assert all(furthest(gate, trace[name]) <= 1e-12 for gate, name in zip(gates, "ifgo", strict=True))
        assert furthest(trace["f"] * c_before + trace["i"] * trace["g"], trace["c"]) <= 1e-12
        assert furthest(trace["o"] * np.tanh(trace["c"]), h) <= 1e-12
    if kind == "GRU":
        gates = [np.stack(g) for g in zip(*map(gates_of(layer), x, before), strict=True)]
        assert all(furthest(gate, trace[name]) <= 1e-12 for gate, name in zip(gates, "rznq", strict=True))
        assert furthest((1 - trace["z"]) * trace["n"] + trace["z"] * before, h) <= 1e-12
    if kind == "RNN tanh":
        assert furthest(np.tanh(trace["a"]), h) <= 1e-12


def gates_of(layer):
    from rnncourse.in_numpy.cells import gru_gates, lstm_gates

    gates = lstm_gates if isinstance(layer, in_numpy.LSTM) else gru_gates
    return lambda x_t, h_prev: gates(x_t, h_prev, layer.params)


def test_a_composed_trace_is_in_the_order_of_time():
    layer = make("Bidirectional")
    x, h0, _ = setting(layer, T, B)
    h, (_, (h_T, _)) = layer.forward(x, h0)
    assert furthest(layer.trace["h_bwd"], h[:, :, H:]) == 0
    assert furthest(h[0, :, H:], h_T) == 0  # the backward reader ends at the first step
    stack = make("Stack")
    x, h0, _ = setting(stack, T, B)
    h, last = stack.forward(x, h0)
    assert furthest(stack.trace["h_3"], h) == 0
    assert furthest(stack.trace["c_1"][-1], last[0][1]) == 0


@pytest.mark.parametrize("kind", MAKERS)
def test_what_was_returned_stays_when_forward_runs_again(kind):
    layer = make(kind)
    x, h0, weights = setting(layer, T, B)
    outputs, of_inputs, of_params = run(layer, x, h0, weights)
    trace = layer.trace
    kept = copy.deepcopy((outputs, of_inputs, of_params, trace))
    run(layer, -2 * x, None, weights)
    assert furthest(outputs, kept[0]) == 0
    assert furthest(of_inputs["x"], kept[1]["x"]) == 0
    assert furthest(of_params, kept[2]) == 0
    assert furthest(trace, kept[3]) == 0


@pytest.mark.parametrize("kind", MAKERS)
def test_parameters_belong_to_the_caller(kind):
    layer, other = make(kind), make(kind, seed=7)
    x, h0, weights = setting(layer, T, B)
    run(layer, x, h0, weights)
    for k, (name, array) in enumerate(other.params.items()):
        if k % 2:
            layer.params[name] = array.copy()  # replaced
        else:
            layer.params[name][...] = array  # changed in place
    found, expected = run(layer, x, h0, weights), run(other, x, h0, weights)
    for part in range(3):
        assert furthest(found[part], expected[part]) == 0


@pytest.mark.parametrize("kind", MAKERS)
def test_nobody_changes_what_the_caller_gave(kind):
    layer = make(kind)
    x, h0, weights = setting(layer, T, B)
    kept = copy.deepcopy((x, h0, weights))
    run(layer, x, h0, weights, padding_mask(T, B))
    assert furthest((x, h0, weights), kept) == 0


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
@pytest.mark.parametrize("kind", MAKERS)
def test_a_copy_lives_by_itself(kind, copied):
    layer = make(kind)
    x, h0, weights = setting(layer, T, B)
    expected = run(layer, x, h0, weights)
    twin = copied(layer)
    for array in layer.params.values():
        array += 1
    found = run(twin, x, h0, weights)
    for part in range(3):
        assert furthest(found[part], expected[part]) == 0


def test_dtype_is_float64_wherever_something_is():
    for x_type, p_type, expected in [
        ("f4", "float32", "f4"),
        ("f8", "float32", "f8"),
        ("f4", "float64", "f8"),
    ]:
        for kind in MAKERS:
            layer = make(kind, dtype=p_type)
            x = np.random.default_rng(0).standard_normal((T, B, D)).astype(x_type)
            h, last = layer.forward(x)
            dx, first = layer.backward(np.ones_like(h))
            arrays = [h, dx, *flatten(last), *flatten(first), *layer.grads.values()]
            assert {a.dtype for a in arrays} == {np.dtype(expected)}, kind


def test_float32_agrees_with_float64():
    for kind in MAKERS:
        small, large = make(kind, dtype="float32"), make(kind)
        x, _, weights = setting(large, T, B)
        found, _ = small.forward(x.astype(np.float32))
        expected, _ = large.forward(x)
        assert furthest(found, expected) < 1e-5
        small.backward(weights[0].astype(np.float32))
        large.backward(weights[0])
        assert furthest(small.grads, large.grads) < 1e-4


@pytest.mark.parametrize("kind", ["RNN tanh", "LSTM", "GRU"])
def test_a_long_silence_after_the_loss_changes_nothing(kind):
    """Gradients that have vanished may be left out of the sum, but not before they have."""
    layer = make(kind, dtype="float32")
    rng = np.random.default_rng(2)
    x = rng.standard_normal((300, 2, D)).astype(np.float32)
    h, _ = layer.forward(x)
    dh = np.zeros_like(h)
    dh[-1] = rng.standard_normal(h[-1].shape)
    dx, _ = layer.backward(dh)
    grads = {name: g.copy() for name, g in layer.grads.items()}
    double = make(kind)
    double.params.update({name: a.astype(np.float64) for name, a in layer.params.items()})
    double.forward(x.astype(np.float64))
    expected, _ = double.backward(dh.astype(np.float64))
    assert furthest(dx, expected) < 1e-5
    assert furthest(grads, double.grads) < 1e-4
    dh[5] = 1.0  # a loss near the start as well: the sweep must wake up again
    dx, _ = layer.backward(dh)
    expected, _ = double.backward(dh.astype(np.float64))
    assert furthest(dx, expected) < 1e-5 and np.abs(dx[3]).max() > 1e-3
    assert furthest(layer.grads, double.grads) < 1e-4


def _bad(call, said):
    with pytest.raises(InputError, match=said):
        call()


def test_wrong_input_is_named():
    lstm = make("LSTM")
    x, h0, weights = setting(lstm, T, B)
    _bad(lambda: make("LSTM").backward(weights[0]), "forward pass first")
    _bad(lambda: lstm.forward(x[0]), r"x needs 3 axes \(T, B, D\)")
    _bad(lambda: lstm.forward(x[:, :, :2]), "x has 2 features but W_x expects 4; was it one-hot encoded")
    _bad(lambda: lstm.forward(x.tolist()), "x must be a NumPy array")
    _bad(lambda: lstm.forward(x.astype(int)), "floating-point")
    _bad(lambda: lstm.forward(np.where(x > 1, np.nan, x)), "NaN or infinite")
    _bad(lambda: lstm.forward(x, h0[0]), r"a pair \(h0, c0\)")
    _bad(lambda: lstm.forward(x, (h0[0][:1], h0[1])), r"h0 must have shape \(3, 6\)")
    _bad(lambda: lstm.forward(x, (h0[0], h0[1][:, :2])), r"c0 must have shape \(3, 6\)")
    _bad(lambda: lstm.forward(x, mask=np.ones((B, T))), r"mask must have shape \(5, 3\)")
    _bad(lambda: lstm.forward(x, mask=np.full((T, B), 0.5)), "only 0")
    lstm.forward(x, h0)
    _bad(lambda: lstm.backward(weights[0].tolist()), "dh must be a NumPy array, but got list")
    _bad(
        lambda: lstm.backward(weights[0].astype(str)),
        "dh must be an array of numbers, but got an array of <U",
    )
    _bad(
        lambda: lstm.backward(weights[0].astype(object)),
        "dh must be an array of numbers, but got an array of object",
    )
    _bad(lambda: lstm.forward(x, (h0[0].astype("M8[s]"), None)), "h0 must hold floating-point numbers")
    _bad(lambda: lstm.forward(x, (h0[0].astype(object), None)), "h0 must hold floating-point numbers")
    _bad(
        lambda: lstm.forward(np.ma.masked_array(x)),
        "x must be a plain NumPy array, but got a MaskedArray of float64",
    )
    _bad(lambda: lstm.backward(weights[0][1:]), "dh must have shape .* like what forward returned")
    _bad(lambda: lstm.backward(weights[0], (h0[0][:1], None)), "dh_T must have shape")
    lstm.params["W_h"] = lstm.params["W_h"].T
    _bad(lambda: lstm.forward(x), r"W_h must be a floating-point array of shape \(6, 24\)")
    _bad(lambda: in_numpy.LSTM(0, 3), "D must be a whole number of at least 1")
    _bad(lambda: in_numpy.LSTM(2, 3, rng=5), "rng must be a NumPy random generator")
    _bad(lambda: in_numpy.LSTM(2, 3, dtype="float16"), "dtype must be one of")
    _bad(lambda: in_numpy.RNN(2, 3, phi="cube"), "phi must be one of")
    _bad(
        lambda: in_numpy.Stack(in_numpy.GRU(2, 3), in_numpy.GRU(2, 3)),
        "layer 2 reads 2 features, but layer 1 gives 3",
    )
    _bad(lambda: in_numpy.Stack(), "at least one layer")
    _bad(lambda: in_numpy.Bidirectional(in_numpy.GRU(2, 3), in_numpy.GRU(4, 3)), "expect 2 and 4")
    stack = make("Stack")
    _bad(lambda: stack.forward(x, h0), "a tuple with one state for each layer")


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_gates_that_are_shut_as_far_as_numbers_go_give_no_warning(kind):
    """exp(-a) overflows there; states and gradients are still those of the loop over plain cells."""
    layer = make(kind)
    gates = 2 if kind == "GRU" else 4
    layer.params["b"][: gates * H] = np.tile([-1e4, 1e4], gates * H // 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compare(layer, *setting(layer, T, B))
