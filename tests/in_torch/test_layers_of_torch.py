"""The torch engine: the NumPy engine's numbers and gradients, its names and signatures, and autograd's graph."""

from __future__ import annotations

import copy
import inspect
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
from rnncourse.errors import InputError
from rnncourse.in_both.base import flatten


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
            InputError, match=f"the parameter W_1 must be a floating-point tensor, but {came}"
        ):
            mlp.forward(torch.ones(2, 4))


def test_wrong_input_is_named():
    lstm = make("LSTM", in_torch)
    x = torch.zeros(T, B, D, dtype=torch.float64)
    for call, said in [
        (lambda: make("LSTM", in_torch).backward(x), "forward first"),
        (lambda: lstm.forward(x.numpy()), "x must be a torch tensor"),
        (lambda: lstm.forward(x[0]), r"x needs 3 axes \(T, B, D\)"),
        (lambda: lstm.forward(x[:, :, :2]), "x has 2 features but W_x expects 4"),
        (lambda: lstm.forward(x.long()), "floating-point"),
        (lambda: lstm.forward(x / 0), "NaN or infinite"),
        (lambda: lstm.forward(x, x), r"a pair \(h0, c0\)"),
        (lambda: lstm.forward(x, (x[0], None)), r"h0 must have shape \(3, 6\)"),
        (lambda: lstm.forward(x, mask=torch.ones(2, 2)), r"mask must have shape \(5, 3\)"),
        (lambda: lstm.forward(x, mask=torch.full((T, B), 0.5)), "only 0"),
        (lambda: lstm.forward(x) and lstm.backward(x[1:]), "the gradient must have the shape"),
        (
            lambda: lstm.forward(x) and lstm.backward(x.numpy()),
            "the gradient must be a torch tensor, but an array",
        ),
        (lambda: lstm.forward(x) and lstm.backward([1.0]), "the gradient must be a torch tensor, but list"),
        (lambda: lstm.forward(x, (x[0].numpy(), None)), "h0 must be a torch tensor, but an array of float64"),
        (lambda: make("GRU", in_torch).forward(x, "h"), "h0 must be a torch tensor, but str 'h' came"),
        (lambda: make("Stack", in_torch).forward(x[0]), r"x needs 3 axes"),
        (lambda: make("Bidirectional", in_torch).forward(x[0]), r"x needs 3 axes"),
    ]:
        with pytest.raises(InputError, match=said):
            call()


PACKAGE = Path(in_numpy.__file__).parents[1]


def test_the_engines_have_the_same_files():
    names = [{file.name for file in (PACKAGE / engine).glob("*.py")} for engine in ("in_numpy", "in_torch")]
    assert names[1] - names[0] == {"device.py", "text_nets.py"}
    assert names[0] - names[1] == {"fast.py"}


def test_the_engines_have_the_same_names_and_signatures():
    assert set(in_torch.__all__) - {"best_device"} == set(in_numpy.__all__)
    for name in in_numpy.__all__:
        ours, twin = getattr(in_numpy, name), getattr(in_torch, name)
        assert _interface(twin).items() >= _interface(ours).items(), name


def _interface(thing):
    """Return the parameters' names, kinds and defaults of a function, or of every public method of a class."""
    if inspect.isclass(thing):
        methods = [n for n in dir(thing) if not n.startswith("_") or n == "__init__"]
        return {n: _parameters(getattr(thing, n)) for n in methods if callable(getattr(thing, n))}
    return {"": _parameters(thing)} if callable(thing) else {}


def _parameters(function):
    found = inspect.signature(function).parameters.values()
    return [(p.name, p.kind, getattr(p.default, "__name__", p.default)) for p in found]
