"""The torch engine: the NumPy engine's numbers and gradients, its names and signatures, and autograd's graph."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from in_both.engines import (
    MAKERS,
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

from rnncourse import in_numpy, in_torch
from rnncourse.errors import InputError, NotFiniteError
from rnncourse.in_both.base import flatten, map_state
from rnncourse.in_torch.base import require_tensor


def setting(layer, T, B, seed=1):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((T, B, layer.D))
    return x, state_like(layer, B, rng), (rng.standard_normal((T, B, layer.H)), state_like(layer, B, rng))


def compare_engines(kind, T, B, D, H, masked, seed=1):
    ours, twin = make(kind, D=D, H=H, seed=seed), make(kind, in_torch, D=D, H=H, seed=seed)
    assert furthest(ours.params, twin.params) == 0
    x, h0, weights = setting(ours, T, B, seed)
    mask = padding_mask(T, B) if masked else None
    expected = ours.forward(x, h0, mask)
    d_expected = ours.backward(*weights)
    mask_t = None if mask is None else torch.from_numpy(mask)
    found = twin.forward(torch.from_numpy(x), to_tensors(h0), mask_t)
    assert furthest(found, expected) <= 1e-10
    assert furthest(twin.backward(*to_tensors(weights)), d_expected) <= 1e-10
    assert furthest(twin.grads, ours.grads) <= 1e-10
    assert furthest(twin.trace, ours.trace) <= 1e-10


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "padded"])
@pytest.mark.parametrize(("T", "B"), [(T, B), (1, B), (T, 1)])
@pytest.mark.parametrize("kind", MAKERS)
def test_the_engines_agree(kind, T, B, masked):
    compare_engines(kind, T, B, D, H, masked)


@settings(max_examples=30, deadline=None)
@given(
    kind=st.sampled_from(sorted(MAKERS)),
    shape=st.tuples(*(st.integers(1, 7) for _ in range(4))),
    masked=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_the_engines_agree_at_any_shape(kind, shape, masked, seed):
    compare_engines(kind, *shape, masked, seed)


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "padded"])
@pytest.mark.parametrize("kind", MAKERS)
def test_the_node_by_hand_equals_autograd_over_cells(kind, masked):
    """`loss.backward()` goes through the sweep written by hand; the reference has only single cells."""
    layer = make(kind, in_torch)
    x, h0, weights = setting(layer, T, B)
    mask = padding_mask(T, B) if masked else None
    gradients = []
    for forward in (
        lambda x, h0: layer.forward(x, h0, None if mask is None else torch.from_numpy(mask)),
        lambda x, h0: by_cells(layer, layer.params, x, h0, mask),
    ):
        x_t, h0_t = to_tensors(x, track=True), to_tensors(h0, track=True)
        outputs = forward(x_t, h0_t)
        leaves = [*layer.params.values(), x_t, *flatten(h0_t)]
        gradients.append(torch.autograd.grad(weighted(outputs, to_tensors(weights)), leaves))
    assert furthest(*gradients) <= 1e-10


def test_a_loss_on_part_of_the_outputs():
    layer = make("LSTM", in_torch)
    x, h0, weights = setting(layer, T, B)
    layer.forward(torch.from_numpy(x), to_tensors(h0))
    dx, (dh0, dc0) = layer.backward(torch.from_numpy(weights[0]))
    same, _ = layer.backward(torch.from_numpy(weights[0]), (None, torch.zeros(B, H, dtype=torch.float64)))
    assert furthest(dx, same) == 0 and dh0.abs().min() > 0 and dc0.abs().min() > 0


def test_float64_wherever_something_is():
    for x_type, p_type, expected in [
        (torch.float32, "float32", torch.float32),
        (torch.float64, "float32", torch.float64),
        (torch.float32, "float64", torch.float64),
    ]:
        for kind in MAKERS:
            layer = make(kind, in_torch, dtype=p_type)
            h, _ = layer.forward(torch.randn(T, B, D).to(x_type))
            assert h.dtype == expected, kind
            layer.backward(torch.ones_like(h))


@pytest.mark.parametrize("kind", MAKERS)
def test_a_copy_lives_by_itself(kind):
    layer = make(kind, in_torch)
    x = torch.from_numpy(setting(layer, T, B)[0])
    twin = copy.deepcopy(layer)
    expected, _ = layer.forward(x)
    with torch.no_grad():
        for tensor in layer.params.values():
            tensor += 1
    assert furthest(twin.forward(x)[0], expected) == 0


def test_to_moves_every_part_and_keeps_one_dictionary():
    net = in_torch.RecurrentNet(make("Stack", in_torch), 5)
    assert net.to("cpu") is net
    assert all(t.requires_grad and t.is_leaf for t in net.params.values())
    assert net.layer.layers[0].params["W_x"] is net.params["W_x_1"]


def _replaced(model):
    """Put a plain tensor of other numbers in place of every parameter; return them as arrays."""
    for name, tensor in list(model.params.items()):
        model.params[name] = tensor.detach() * 0.5 - 0.1
    return {name: tensor.numpy().copy() for name, tensor in model.params.items()}


@pytest.mark.parametrize("kind", MAKERS)
def test_a_replaced_parameter_goes_forward_and_backward(kind):
    layer, twin = make(kind, in_torch), make(kind)
    twin.params.update(_replaced(layer))
    x, h0, weights = setting(twin, T, B)
    expected, d_expected = twin.forward(x, h0), twin.backward(*weights)
    given = layer.params[next(iter(layer.params))]
    assert furthest(layer.forward(torch.from_numpy(x), to_tensors(h0)), expected) <= 1e-10
    assert furthest(layer.backward(*to_tensors(weights)), d_expected) <= 1e-10
    assert furthest(layer.grads, twin.grads) <= 1e-10
    assert layer.params[next(iter(layer.params))] is given  # the caller's tensor itself, no copy of it


def test_a_replaced_parameter_of_a_net_learns():
    x, ds = np.random.default_rng(0).standard_normal((6, 4)), np.ones((6, 3))
    for ours, twin in [
        [engine.MLP((4, 5, 3), dtype="float64") for engine in (in_numpy, in_torch)],
        [engine.Readout(4, 3, dtype="float64") for engine in (in_numpy, in_torch)],
    ]:
        ours.params.update(_replaced(twin))
        assert furthest(twin.forward(torch.from_numpy(x)), ours.forward(x)) <= 1e-12
        assert furthest(twin.backward(torch.from_numpy(ds)), ours.backward(ds)) <= 1e-12
        assert furthest(twin.grads, ours.grads) <= 1e-12
        before = {name: array.copy() for name, array in ours.params.items()}
        in_torch.SGD(0.1).step(twin.params, twin.grads)
        assert furthest(twin.params, {n: before[n] - 0.1 * ours.grads[n] for n in before}) <= 1e-12


def test_a_parameter_that_is_no_tensor_is_named():
    mlp = in_torch.MLP((4, 3))
    for wrong, came in (
        (np.ones((4, 3)), "an array of float64"),
        (torch.ones(4, 3).long(), "a Tensor of torch.int64"),
    ):
        mlp.params["W_1"] = wrong
        with pytest.raises(
            InputError, match=f"the parameter W_1 must be a floating-point tensor, but got {came}"
        ):
            mlp.forward(torch.ones(2, 4))


def test_wrong_input_is_named():
    lstm = make("LSTM", in_torch)
    x = torch.zeros(T, B, D, dtype=torch.float64)
    for call, said in [
        (lambda: make("LSTM", in_torch).backward(x), "forward pass first"),
        (lambda: lstm.forward(x.tolist()), "x must be a torch tensor, but got list"),
        (lambda: lstm.forward(x[0]), r"x needs 3 axes \(T, B, D\)"),
        (lambda: lstm.forward(x[:, :, :2]), "x has 2 features but W_x expects 4"),
        (lambda: lstm.forward(x.long()), "floating-point"),
        (lambda: lstm.forward(x / 0), "NaN or infinite"),
        (lambda: lstm.forward(x, x), r"a pair \(h0, c0\)"),
        (lambda: lstm.forward(x, (x[0], None)), r"h0 must have shape \(3, 6\)"),
        (lambda: lstm.forward(x, mask=torch.ones(2, 2)), r"mask must have shape \(5, 3\)"),
        (lambda: lstm.forward(x, mask=torch.full((T, B), 0.5)), "only 0"),
        (
            lambda: lstm.forward(x) and lstm.backward(x[1:]),
            "the gradient must have shape .* like what forward returned",
        ),
        (
            lambda: lstm.forward(x) and lstm.backward(x.numpy()),
            "the gradient must be a torch tensor, but got an array",
        ),
        (
            lambda: lstm.forward(x) and lstm.backward([1.0]),
            "the gradient must be a torch tensor, but got list",
        ),
        (lambda: lstm.forward(x, ([[0.0]], None)), r"h0 must be a torch tensor, but got list \[\[0.0\]\]"),
        (lambda: make("GRU", in_torch).forward(x, "h"), "h0 must be a torch tensor, but got str 'h'"),
        (lambda: make("Stack", in_torch).forward(x[0]), r"x needs 3 axes"),
        (lambda: make("Bidirectional", in_torch).forward(x[0]), r"x needs 3 axes"),
    ]:
        with pytest.raises(InputError, match=said):
            call()


@pytest.mark.parametrize("engine", [in_numpy, in_torch], ids=["numpy", "torch"])
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda e: e.Stack(e.GRU(2, 3), e.GRU(2, 3)), "layer 2 reads 2 features, but layer 1 gives 3"),
        (lambda e: e.Stack(), "Stack needs at least one layer"),
        (lambda e: e.Stack(e.GRU(2, 3), "GRU"), "layer must be an RNN, LSTM, GRU, .* but got str 'GRU'"),
        (lambda e: e.Bidirectional(e.GRU(2, 3), e.GRU(4, 3)), "they expect 2 and 4 features"),
        (lambda e: e.Stack(*[e.GRU(3, 3)] * 2), "the same layer is there twice"),
        (
            lambda e: e.LSTM(2, np.timedelta64(3)),
            "H must be a whole number of at least 1, but got a timedelta64",
        ),
        (lambda e: e.MLP((2,)), "sizes must be a list of at least an input and an output size"),
        (lambda e: e.RecurrentNet(e.Readout(2, 3), 4), "layer must be an RNN"),
        (
            lambda e: e.LSTM(2, 3).to("moon") if e is in_numpy else e.LSTM(0, 1),
            "device must be one of cpu|D must be",
        ),
    ],
)
def test_layers_that_do_not_fit_are_refused(engine, wrong, said):
    with pytest.raises(InputError, match=said):
        wrong(engine)


@pytest.mark.parametrize("engine", [in_numpy, in_torch], ids=["numpy", "torch"])
@pytest.mark.parametrize("kind", ["GRU", "Bidirectional", "Stack"])
@pytest.mark.parametrize(
    ("mask", "said"),
    [
        (1.0, r"mask must have shape \(5, 3\) \(T, B\) to go with x, but got \(\)"),
        ([[1, 1], [1]], r"mask must be an array \(T, B\), but got list"),
        (np.ones((B, T)), r"mask must have shape \(5, 3\) \(T, B\) to go with x, but got \(3, 5\)"),
    ],
)
def test_masks_that_are_none_are_named(engine, kind, mask, said):
    with pytest.raises(InputError, match=said):
        make(kind, engine).forward(
            np.ones((T, B, D)) if engine is in_numpy else torch.ones(T, B, D), mask=mask
        )


def test_numpy_arrays_become_tensors_of_the_parameters_dtype_and_come_back():
    rng = np.random.default_rng(0)
    x, mask = rng.standard_normal((T, B, D)), padding_mask(T, B)
    for kind in MAKERS:
        layer = make(kind, in_torch, dtype="float32")
        h0 = state_like(layer, B, rng)
        h, last = layer.forward(x[::-1], h0, mask)
        expected = layer.forward(
            torch.from_numpy(x[::-1].astype(np.float32)),
            map_state(lambda a: torch.from_numpy(a.astype(np.float32)), h0),
            torch.from_numpy(mask),
        )
        assert h.dtype == torch.float32 and torch.equal(h, expected[0])
        assert furthest(in_torch.to_numpy(last), expected[1]) == 0
    big_endian, read_only = x.astype(">f8"), np.broadcast_to(x[:, :1], x.shape)
    gru = make("GRU", in_torch)
    assert torch.equal(gru.forward(big_endian)[0], gru.forward(torch.from_numpy(x))[0])
    assert torch.equal(gru.forward(read_only)[0], gru.forward(torch.from_numpy(read_only.copy()))[0])
    nested = {"a": (torch.ones(2, requires_grad=True), [torch.zeros(1)]), "n": 3}
    back = in_torch.to_numpy(nested)
    assert back["a"][0].tolist() == [1, 1] and back["a"][1][0].tolist() == [0] and back["n"] == 3
    assert in_numpy.to_numpy(x) is x and make("GRU").to("cpu").kind == "GRU"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64], ids=str)
def test_numbers_are_finite_even_where_their_sum_is_not(dtype):
    x = torch.full((3,), torch.finfo(dtype).max, dtype=dtype, requires_grad=True)
    assert require_tensor("x", x) is x
    for lost in ([torch.inf, 1, 2], [1, -torch.inf, 2], [torch.inf, -torch.inf, 0], [0, 0, torch.nan]):
        with pytest.raises(NotFiniteError, match="x must hold finite numbers, but some of its 3 are"):
            require_tensor("x", torch.tensor(lost, dtype=dtype))


PACKAGE = Path(in_numpy.__file__).parents[1]


def test_the_engines_have_the_same_files():
    names = [{file.name for file in (PACKAGE / engine).glob("*.py")} for engine in ("in_numpy", "in_torch")]
    assert names[1] - names[0] == {"device.py", "regularization.py", "text_nets.py"}
    assert names[0] - names[1] == {"fast.py"}
