"""Starts: what each one promises about the numbers."""

from __future__ import annotations

import numpy as np
import pytest
from in_both.engines import furthest, make

from rnncourse import in_numpy, in_torch
from rnncourse.errors import InputError

H = 40


def rng():
    return np.random.default_rng(3)


def blocks(layer, name):
    return np.split(layer.params[name], len(layer.blocks), axis=-1)


@pytest.mark.parametrize("kind", ["RNN tanh", "LSTM", "GRU"])
def test_orthogonal_keeps_lengths(kind):
    layer = in_numpy.orthogonal(make(kind, D=7, H=H), rng())
    _, W_h, *_ = layer.shapes
    for W in blocks(layer, W_h):
        assert furthest(W @ W.T, np.eye(H)) <= 1e-12
    assert len({W.tobytes() for W in blocks(layer, W_h)}) == len(layer.blocks)


def test_identity_is_the_identity():
    rnn = in_numpy.identity(make("RNN relu", D=7, H=H), rng())
    assert np.array_equal(rnn.params["W_hh"], np.eye(H)) and not rnn.params["b_h"].any()
    lstm = in_numpy.identity(make("LSTM", D=7, H=H), rng())
    assert all(np.array_equal(W, np.eye(H)) for W in blocks(lstm, "W_h"))


def test_glorot_has_its_bounds_and_spread():
    lstm = in_numpy.glorot(make("LSTM", D=20, H=H), rng())
    for name, rows in (("W_x", 20), ("W_h", H)):
        bound = np.sqrt(6 / (rows + H))
        assert 0.98 * bound < np.abs(lstm.params[name]).max() <= bound
        assert lstm.params[name].std() == pytest.approx(bound / np.sqrt(3), rel=0.05)


def test_uniform_equals_a_new_layer():
    new, old = make("GRU", seed=3), make("GRU", seed=8)
    assert furthest(in_numpy.uniform(old, rng()).params, new.params) == 0


def test_forget_bias_touches_the_keeping_gate_alone():
    lstm, before = make("LSTM", H=H), make("LSTM", H=H)
    in_numpy.forget_bias(lstm, 1.5)
    assert (blocks(lstm, "b")[1] == 1.5).all()
    for k in (0, 2, 3):
        assert np.array_equal(blocks(lstm, "b")[k], blocks(before, "b")[k])
    gru = in_numpy.forget_bias(make("GRU", H=H), 2.0)
    assert (blocks(gru, "b")[1] == 2.0).all()


def test_chrono_spreads_memories():
    lstm = in_numpy.chrono(make("LSTM", H=2000), 50, rng())
    i, f, _, _ = blocks(lstm, "b")
    times = np.exp(f)
    assert times.min() >= 1 and times.max() <= 49 and times.mean() == pytest.approx(25, rel=0.05)
    assert np.array_equal(i, -f)
    z = blocks(in_numpy.chrono(make("GRU", H=2000), 50, rng()), "b")[1]
    assert np.exp(z).mean() == pytest.approx(25, rel=0.05)


@pytest.mark.parametrize("engine", [in_numpy, in_torch], ids=["numpy", "torch"])
@pytest.mark.parametrize("kind", ["GRU", "Stack", "Stack of Bidirectional"])
def test_starts_reach_every_layer_of_a_net_and_its_readout_stays(engine, kind):
    net, twin = (e.RecurrentNet(make(kind, e), 5, rng=rng()) for e in (engine, in_numpy))
    kept = {name: in_torch.to_numpy(a).copy() for name, a in net.params.items()}
    assert engine.orthogonal(net, rng()) is net
    changed = {name for name in kept if not np.array_equal(kept[name], in_torch.to_numpy(net.params[name]))}
    assert changed == set(kept) - {"W_hy", "b_y"}
    assert furthest(dict(net.params), dict(in_numpy.orthogonal(twin, rng()).params)) == 0
    assert engine.identity(net.layer, rng()) is net.layer
    assert furthest(dict(net.params), dict(in_numpy.identity(twin, rng()).params)) == 0


@pytest.mark.parametrize("name", ["uniform", "glorot", "orthogonal", "identity"])
def test_both_engines_start_alike(name):
    for kind in ("RNN tanh", "LSTM", "GRU", "Bidirectional"):
        a = getattr(in_numpy, name)(make(kind), rng())
        b = getattr(in_torch, name)(make(kind, in_torch), rng())
        assert furthest(a.params, b.params) == 0
    a = in_numpy.chrono(in_numpy.forget_bias(make("LSTM")), 9, rng())
    b = in_torch.chrono(in_torch.forget_bias(make("LSTM", in_torch)), 9, rng())
    assert furthest(a.params, b.params) == 0


def test_a_bias_that_is_no_number_leaves_the_layer_as_it_was():
    lstm, before = make("LSTM"), make("LSTM")
    with pytest.raises(InputError):
        in_numpy.forget_bias(lstm, None)
    assert furthest(lstm.params, before.params) == 0


def test_numbers_of_numpy_count():
    same = in_numpy.chrono(make("LSTM"), 200, rng()), in_numpy.chrono(make("LSTM"), np.int64(200), rng())
    assert furthest(same[0].params, same[1].params) == 0
    assert (blocks(in_numpy.forget_bias(make("GRU"), np.float32(1.5)), "b")[1] == 1.5).all()


def test_wrong_input_is_named():
    for call, said in [
        (lambda: in_numpy.forget_bias(make("RNN tanh")), "only an LSTM or a GRU"),
        (lambda: in_numpy.chrono(make("LSTM"), 2, rng()), "T_max must be a number above 2"),
        (
            lambda: in_numpy.chrono(make("LSTM"), np.inf, rng()),
            "T_max must be a number above 2, but got float inf",
        ),
        (lambda: in_torch.forget_bias(make("LSTM", in_torch), None), "value must be a number, but got None"),
        (lambda: in_numpy.forget_bias(make("GRU"), None), "value must be a number, but got None"),
        (lambda: in_numpy.forget_bias(make("GRU"), np.nan), "value must be a number, but got float nan"),
        (lambda: in_numpy.orthogonal(make("LSTM"), 0), "rng must be"),
        (lambda: in_numpy.orthogonal(in_numpy.MLP((2, 3)), rng()), "a recurrent layer or net is needed"),
    ]:
        with pytest.raises(InputError, match=said):
            call()
