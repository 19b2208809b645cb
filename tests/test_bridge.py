"""Parameters and states to and from torch.nn, exact."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from in_both.engines import B, D, H, T, furthest, make, to_tensors

from rnncourse import in_numpy, in_torch
from rnncourse.bridge import from_torch, state_from_torch, state_to_torch, to_torch
from rnncourse.errors import InputError

ENGINES = pytest.mark.parametrize("engine", [in_numpy, in_torch], ids=["numpy", "torch"])
MODULES = [
    (name, layers, both, batch_first)
    for name in ("RNN", "LSTM", "GRU")
    for layers in (1, 2)
    for both in (False, True)
    for batch_first in (False, True)
]


def forward(layer, x, state=None):
    if isinstance(layer, in_torch.base.Layer):
        return layer.forward(torch.from_numpy(x), None if state is None else to_tensors(state))
    return layer.forward(x, state)


@ENGINES
@pytest.mark.parametrize(("name", "layers", "both", "batch_first"), MODULES)
def test_there_and_back(name, layers, both, batch_first, engine):
    torch.manual_seed(1)
    module = getattr(torch.nn, name)(
        D, H, layers, bidirectional=both, batch_first=batch_first, dtype=torch.float64
    )
    layer = from_torch(module, engine)
    x = np.random.default_rng(0).standard_normal((T, B, D))
    x_t = torch.from_numpy(x.swapaxes(0, 1) if batch_first else x)
    ways = layers * (2 if both else 1)
    first = [torch.randn(ways, B, H, dtype=torch.float64) for _ in range(2)]
    first = tuple(first) if name == "LSTM" else first[0]
    h, last = forward(layer, x, state_from_torch(first, from_torch(module)))
    expected, expected_last = module(x_t, first)
    assert furthest(h, expected.transpose(0, 1) if batch_first else expected) <= 1e-12
    assert furthest(state_to_torch(last, layer), expected_last) <= 1e-12
    again = to_torch(layer, batch_first=batch_first)
    assert type(again) is type(module)
    assert again.batch_first == batch_first
    assert again.state_dict().keys() == module.state_dict().keys()
    assert furthest(again(x_t, first), (expected, expected_last)) <= 1e-12
    for key, tensor in again.state_dict().items():
        if key.startswith("weight"):
            assert torch.equal(tensor, module.state_dict()[key])


@ENGINES
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["RNN tanh", "RNN relu", "LSTM", "GRU"])
def test_ours_come_back_bit_by_bit(kind, dtype, engine):
    for layer in (
        make(kind, engine, dtype=dtype),
        engine.Bidirectional(make(kind, engine, 1, dtype=dtype), make(kind, engine, 2, dtype=dtype)),
        engine.Stack(make(kind, engine, 1, dtype=dtype), make(kind, engine, 2, D=H, dtype=dtype)),
    ):
        back = from_torch(to_torch(layer), engine)
        assert type(back) is type(layer)
        assert furthest(back.params, layer.params) == 0
        assert {str(a.dtype) for a in back.params.values()} == {str(a.dtype) for a in layer.params.values()}


def test_b_hn_stays_apart():
    module = torch.nn.GRU(D, H, dtype=torch.float64)
    gru = from_torch(module)
    assert furthest(gru.params["b_hn"], module.bias_hh_l0[2 * H :]) == 0
    assert furthest(gru.params["b"][2 * H :], module.bias_ih_l0[2 * H :]) == 0
    assert furthest(gru.params["b"][:H], (module.bias_ih_l0 + module.bias_hh_l0)[:H]) == 0


def test_a_module_without_bias():
    module = torch.nn.LSTM(D, H, bias=False, dtype=torch.float64)
    x = np.random.default_rng(0).standard_normal((T, B, D))
    assert furthest(from_torch(module).forward(x)[0], module(torch.from_numpy(x))[0]) <= 1e-12


def test_the_bridge_copies():
    layer = make("LSTM")
    module = to_torch(layer)
    layer.params["W_x"] += 1
    assert np.abs(module.weight_ih_l0.detach().numpy().T - layer.params["W_x"]).min() > 0.5


def test_what_cannot_cross_is_named():
    for call, said in [
        (
            lambda: from_torch(torch.nn.Linear(2, 3)),
            "module must be an nn.RNN, nn.LSTM or nn.GRU, but got Linear",
        ),
        (lambda: from_torch(torch.nn.LSTM(2, 3, 2, dropout=0.5)), "dropout"),
        (lambda: from_torch(torch.nn.LSTM(2, 3, proj_size=2)), "projections"),
        (lambda: to_torch(make("RNN sigmoid")), "phi is sigmoid"),
        (lambda: to_torch(make("Stack")), "same kind, size and activation"),
        (
            lambda: to_torch(
                in_numpy.Stack(
                    in_numpy.Bidirectional(in_numpy.GRU(2, 3), in_numpy.GRU(2, 3)), in_numpy.GRU(6, 3)
                )
            ),
            "same directions",
        ),
        (lambda: to_torch(in_numpy.Readout(2, 3)), "made of RNN, LSTM or GRU"),
    ]:
        with pytest.raises(InputError, match=said):
            call()
