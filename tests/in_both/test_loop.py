"""The loop over time that reads, for any cell, and the fast sweeps that plain cells take: the same numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from in_both.engines import SINGLE, B, D, H, T, furthest, make, padding_mask, state_like, weighted

from rnncourse import in_numpy, in_torch
from rnncourse.in_both.base import flatten, map_state
from rnncourse.in_numpy import fast
from rnncourse.in_torch.fast.sweeps import fast_loop
from rnncourse.in_torch.layers import _Loop as LoopInTorch

ENGINES = pytest.mark.parametrize("engine", [in_numpy, in_torch], ids=["numpy", "torch"])


def read_aloud(layer):
    """Return the layer with a cell that computes the same, but that no sweep knows."""
    own = type("Own", (type(layer.cell),), {})
    layer.cell = own(layer.phi) if layer.kind == "RNN" else own()
    return layer


def numbers_of(layer, x, h0, weights, mask):
    """Return everything that a forward and a backward pass give: outputs, trace, gradients."""
    if not isinstance(next(iter(layer.params.values())), np.ndarray):
        weights = map_state(torch.from_numpy, weights)
    outputs = layer.forward(x, h0, mask)
    trace = dict(layer.trace)
    gradients = layer.backward(*weights)
    return {"outputs": outputs, "gradients": gradients, "trace": trace, "grads": dict(layer.grads)}


def distance(found, expected):
    return max(furthest(found[name], expected[name]) for name in expected)


@ENGINES
@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(SINGLE),
    shape=st.tuples(*(st.integers(1, 6) for _ in range(4))),
    dtype=st.sampled_from(["float32", "float64"]),
    masked=st.booleans(),
    with_state=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_the_loop_and_the_sweeps_are_numerically_the_same(
    engine, kind, shape, dtype, masked, with_state, seed
):
    T, B, D, H = shape
    rng = np.random.default_rng(seed)
    sweeping, looping = (make(kind, engine, seed, D, H, dtype) for _ in range(2))
    x, mask = rng.standard_normal((T, B, D)).astype(dtype), padding_mask(T, B) if masked else None

    def cast(state):
        return map_state(lambda array: array.astype(dtype), state)

    h0 = cast(state_like(sweeping, B, rng)) if with_state else None
    weights = cast((rng.standard_normal((T, B, H)), state_like(sweeping, B, rng)))
    found = numbers_of(sweeping, x, h0, weights, mask)
    expected = numbers_of(read_aloud(looping), x, h0, weights, mask)
    assert list(found["trace"]) == list(expected["trace"])
    assert distance(found, expected) <= (1e-13 if dtype == "float64" else 3e-5)
    for part in ("outputs", "trace", "gradients", "grads"):
        flat = [found[part].values() if isinstance(found[part], dict) else flatten(found[part])]
        assert all(str(array.dtype).endswith(dtype) for array in flat[0])


@pytest.mark.parametrize("kind", SINGLE)
def test_plain_cells_are_swept_and_others_looped(kind):
    layer, x = make(kind), np.ones((T, B, D))
    layer.forward(x)
    assert isinstance(layer._loop, fast.Sweep)
    read_aloud(layer).forward(x)
    assert isinstance(layer._loop, in_numpy.layers._Loop)
    layer, h0 = make(kind, in_torch), torch.ones(B, H)
    assert fast_loop(layer.cell, "plain", h0) is not None
    assert fast_loop(read_aloud(layer).cell, "plain", h0) is None
    assert LoopInTorch(layer.cell).cell is layer.cell


@ENGINES
def test_a_layer_runs_with_a_cell_of_ones_own(engine):
    """Two RNN steps in one, written by a learner: twice the cell is the layer that reads every x_t twice."""

    class Twice(type(make("RNN tanh", engine).cell)):
        def step(self, x_t, state, p, t):
            first = super().step(x_t, state, p, t)
            return super().step(x_t, (first["h"],), p, t) | {"between": first["h"]}

        def step_backward(self, d_state, made, x_t, state, p, t):
            dx_2, d_between, grads_2 = super().step_backward(d_state, made, x_t, (made["between"],), p, t)
            dx_1, d_before, grads_1 = super().step_backward(d_between, made, x_t, state, p, t)
            return dx_1 + dx_2, d_before, {name: grads_1[name] + grads_2[name] for name in grads_1}

    layer, plain = make("RNN tanh", engine), make("RNN tanh", engine)
    layer.cell = Twice("tanh")
    rng = np.random.default_rng(1)
    x, dh, d_last = (rng.standard_normal(shape) for shape in ((T, B, D), (T, B, H), (B, H)))
    dh_twice = np.zeros((2 * T, B, H))
    dh_twice[1::2] = dh
    found = numbers_of(layer, x, None, (dh, d_last), None)
    expected = numbers_of(plain, np.repeat(x, 2, axis=0), None, (dh_twice, d_last), None)
    assert furthest(found["outputs"][0], expected["outputs"][0][1::2]) <= 1e-14
    assert furthest(found["grads"], expected["grads"]) <= 1e-12
    dx = expected["gradients"][0]
    assert furthest(found["gradients"][0], dx[::2] + dx[1::2]) <= 1e-12
    assert furthest(found["trace"]["between"], expected["trace"]["h"][::2]) <= 1e-14


@ENGINES
def test_a_cell_replaced_between_two_passes_is_the_one_that_runs(engine):
    layer, relu = make("RNN tanh", engine), make("RNN relu", engine)
    x = np.random.default_rng(0).standard_normal((T, B, D))
    layer.forward(x)
    layer.cell = relu.cell
    assert furthest(layer.forward(x), relu.forward(x)) == 0


@ENGINES
def test_autograd_and_the_loops_own_way_back_agree(engine):
    layer = read_aloud(make("GRU", in_torch))
    rng = np.random.default_rng(3)
    x, h0 = torch.tensor(rng.standard_normal((T, B, D)), requires_grad=True), state_like(layer, B, rng)
    weights = map_state(torch.from_numpy, (rng.standard_normal((T, B, H)), state_like(layer, B, rng)))
    outputs = layer.forward(x, torch.from_numpy(h0), padding_mask(T, B))
    (dx,) = torch.autograd.grad(weighted(outputs, weights), x)
    twin = make("GRU", engine)
    expected, _ = numbers_of(
        twin, x.detach().numpy(), h0, map_state(np.asarray, weights), padding_mask(T, B)
    )["gradients"]
    assert furthest(dx, expected) <= 1e-12
