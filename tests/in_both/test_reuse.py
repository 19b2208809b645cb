"""One object used twice: no buffer, trace or alias of the first time is left in the second."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from in_both.engines import MAKERS, SINGLE, B, D, T, furthest, make, state_like

from rnncourse import in_numpy, in_torch
from rnncourse.errors import InputError
from rnncourse.in_both.base import flatten, map_state

ENGINES = pytest.mark.parametrize("engine", [in_numpy, in_torch], ids=["numpy", "torch"])


def plain(value):
    return (
        {name: in_torch.to_numpy(a) for name, a in value.items()}
        if isinstance(value, dict)
        else map_state(in_torch.to_numpy, value)
    )


@ENGINES
@pytest.mark.parametrize("kind", MAKERS)
def test_the_last_state_is_no_view_of_all_states(engine, kind):
    layer = make(kind, engine)
    h, last = layer.forward(np.random.default_rng(0).standard_normal((T, B, D)))
    kept, trace = plain(h).copy(), {name: a.copy() for name, a in plain(layer.trace).items()}
    for state in flatten(last):
        plain(state)[...] = 99.0
    assert furthest(h, kept) == 0
    assert furthest(plain(layer.trace), trace) == 0


@ENGINES
@pytest.mark.parametrize("kind", SINGLE)
def test_a_layer_that_forgets_keeps_nothing_and_can_be_used_again(engine, kind):
    layer, x = make(kind, engine), np.random.default_rng(0).standard_normal((T, B, D))
    h = plain(layer.forward(x)[0])
    layer.forget()
    assert layer.trace == {}
    with pytest.raises(InputError, match="backward needs a forward pass first"):
        layer.backward(np.ones_like(h))
    assert furthest(plain(layer.forward(x)[0]), h) == 0


@pytest.mark.parametrize("first", ["float32", "float64"])
@pytest.mark.parametrize("kind", MAKERS)
def test_buffers_of_another_dtype_are_not_used_again(kind, first):
    x = np.random.default_rng(0).standard_normal((T, B, D))
    dtypes = ("float32", "float64") if first == "float32" else ("float64", "float32")
    used = make(kind, dtype="float32")
    for dtype in dtypes:
        now, fresh = x.astype(dtype), make(kind, dtype="float32")
        for layer in (used, fresh):
            h, _ = layer.forward(now)
            layer.backward(np.ones_like(h))
        assert h.dtype == dtype
        assert furthest(used.trace, fresh.trace) == 0 and furthest(used.grads, fresh.grads) == 0
        assert {a.dtype for a in (*used.trace.values(), *used.grads.values())} == {np.dtype(dtype)}


@ENGINES
@pytest.mark.parametrize("kind", MAKERS)
def test_the_trace_is_that_of_the_last_forward(engine, kind):
    layer, fresh = make(kind, engine), make(kind, engine)
    x = np.random.default_rng(0).standard_normal((T, B, D))
    layer.forward(x)
    assert layer.trace
    layer.forward(-x)
    fresh.forward(-x)
    assert furthest(plain(layer.trace), plain(fresh.trace)) == 0


@pytest.mark.parametrize("kind", ["RNN tanh", "LSTM", "GRU"])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_gradient_of_one_sign_after_a_long_silence_arrives(kind, sign):
    """A block of steps without gradient is left out; its end must be seen whatever the sign."""
    layer, double = make(kind, dtype="float32"), make(kind)
    double.params.update({name: a.astype(np.float64) for name, a in layer.params.items()})
    x = np.random.default_rng(2).standard_normal((300, 2, D))
    h, _ = layer.forward(x.astype(np.float32))
    double.forward(x.astype(np.float32).astype(np.float64))
    dh = np.zeros_like(h)
    dh[5] = sign
    dx, _ = layer.backward(dh)
    expected, _ = double.backward(dh.astype(np.float64))
    assert np.abs(expected[4]).max() > 1e-4
    assert furthest(dx, expected) < 1e-5 and furthest(layer.grads, double.grads) < 1e-4
    zeros = np.zeros_like(dh)
    last = map_state(lambda a: np.full_like(a, sign), state_like(double, 2, np.random.default_rng(0)))
    small = map_state(lambda a: a.astype(np.float32), last)
    dx, _ = layer.backward(zeros, small)
    expected, _ = double.backward(zeros.astype(np.float64), last)
    assert furthest(dx, expected) < 1e-5 and furthest(layer.grads, double.grads) < 1e-4
    assert np.abs(layer.grads["b" if kind != "RNN tanh" else "b_h"]).max() > 1e-2


@pytest.mark.parametrize("kind", SINGLE)
@pytest.mark.parametrize("wide", ["x", "state", "parameters"])
def test_one_float64_makes_all_float64_in_both_engines(kind, wide):
    """A wide state that is cut to float32 would lose digits without a word."""
    rng = np.random.default_rng(0)
    x, found = rng.standard_normal((T, B, D)).astype("float64" if wide == "x" else "float32"), []
    for engine in (in_numpy, in_torch):
        layer = make(kind, engine, dtype="float64" if wide == "parameters" else "float32")
        h0 = map_state(
            lambda a: a.astype("float64" if wide == "state" else "float32"),
            state_like(layer, B, np.random.default_rng(1)),
        )
        given = (x, h0) if engine is in_numpy else (torch.from_numpy(x), map_state(torch.from_numpy, h0))
        h, last = layer.forward(*given)
        assert {plain(a).dtype for a in (h, *flatten(last))} == {np.dtype("float64")}
        found.append((plain(h), plain(last)))
    assert furthest(found[0], found[1]) <= 1e-13
