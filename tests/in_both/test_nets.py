"""Nets: gradients proved, parameters shared, and the gradient check that proves them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from in_both.engines import MAKERS, B, D, T, furthest, make, padding_mask

from rnncourse import in_numpy, in_torch
from rnncourse.errors import InputError

K = 7


def net(kind="LSTM", engine=in_numpy):
    return engine.RecurrentNet(make(kind, engine, D=3, H=2), K, rng=np.random.default_rng(9))


def examples(D=3):
    rng = np.random.default_rng(2)
    return rng.standard_normal((T, B, D)), rng.integers(0, K, (T, B)), padding_mask(T, B)


@pytest.mark.parametrize("kind", MAKERS)
def test_gradcheck_passes_every_net(kind):
    x, y, mask = examples()
    report = in_numpy.gradcheck(net(kind), x, y, in_numpy.softmax_cross_entropy, mask)
    assert report.ok, report
    assert {entry.name for entry in report.entries} == set(net(kind).params)
    assert min(abs(entry.by_hand) for entry in report.entries) > 1e-6


@pytest.mark.parametrize("wrong", ["W_x", "W_h", "b", "W_hy", "b_y"])
def test_gradcheck_finds_a_planted_bug_and_names_the_parameter(wrong):
    class Buggy(in_numpy.RecurrentNet):
        def backward(self, ds):
            gradients = super().backward(ds)
            self.grads[wrong] = self.grads[wrong] * 1.001
            return gradients

    x, y, _ = examples()
    model = Buggy(make("LSTM", D=3, H=2), K)
    report = in_numpy.gradcheck(model, x, y, in_numpy.softmax_cross_entropy)
    assert not report.ok
    assert report.worst.name == report.entries[0].name == wrong
    assert 1e-4 < report.worst.relative_error < 1.1e-3
    assert f"{wrong}" in str(report).splitlines()[1] and "no: " in str(report).splitlines()[1]
    assert sum("yes" in line for line in str(report).splitlines()) == len(model.params) - 1


def test_gradcheck_finds_a_transposed_weight_and_a_nan():
    class Transposed(in_numpy.RNN):
        def backward(self, dh, dh_T=None):
            gradients = super().backward(dh, dh_T)
            self.grads["W_hh"] = self.grads["W_hh"].T
            return gradients

    x, y, _ = examples()
    model = in_numpy.RecurrentNet(Transposed(3, 4, dtype="float64"), K)
    assert in_numpy.gradcheck(model, x, y, in_numpy.softmax_cross_entropy).entries[0].name == "W_hh"

    class Lost(in_numpy.RNN):
        def backward(self, dh, dh_T=None):
            gradients = super().backward(dh, dh_T)
            self.grads["b_h"] = np.full_like(self.grads["b_h"], np.nan)
            return gradients

    report = in_numpy.gradcheck(
        in_numpy.RecurrentNet(Lost(3, 4, dtype="float64"), K), x, y, in_numpy.softmax_cross_entropy
    )
    assert not report.ok and report.entries[0].name == "b_h"


def test_gradcheck_works_on_tensors():
    x, y, mask = (torch.from_numpy(a) for a in examples())
    report = in_torch.gradcheck(net("GRU", in_torch), x, y, in_torch.softmax_cross_entropy, mask)
    assert report.ok, report
    same = in_numpy.gradcheck(net("GRU"), x.numpy(), y.numpy(), in_numpy.softmax_cross_entropy, mask.numpy())
    for a, b in zip(report.entries, same.entries, strict=True):
        assert (a.name, a.where) == (b.name, b.where) and a.by_hand == pytest.approx(b.by_hand, abs=1e-12)


def test_gradcheck_wants_float64():
    x, y, _ = examples()
    with pytest.raises(InputError, match="gradcheck needs float64"):
        in_numpy.gradcheck(net(), x.astype("f4"), y, in_numpy.softmax_cross_entropy)


def test_numerical_gradient_of_a_known_function():
    a = np.array([[1.0, -2.0], [0.5, 3.0]])
    found = in_numpy.numerical_gradient(lambda: float((a**3).sum()), a)
    assert furthest(found, 3 * a**2) < 1e-8
    assert a[0, 1] == -2.0


@pytest.mark.parametrize("engine", [in_numpy, in_torch], ids=["numpy", "torch"])
def test_numerical_gradient_wants_float64_and_a_width(engine):
    for array in (np.array([3, 4]), np.array([3.0, 4.0], dtype=np.float32), np.array([3.0, np.nan])):
        given = array.copy() if engine is in_numpy else torch.from_numpy(array.copy())
        with pytest.raises(InputError, match="array must"):
            engine.numerical_gradient(lambda given=given: float((given**2).sum()), given)
        assert np.array_equal(np.asarray(given), array, equal_nan=True)
    good = np.ones(2) if engine is in_numpy else torch.ones(2, dtype=torch.float64)
    with pytest.raises(InputError, match="eps must be a number above 0"):
        engine.numerical_gradient(lambda: 0.0, good, 0)


@pytest.mark.parametrize("engine", [in_numpy, in_torch], ids=["numpy", "torch"])
def test_numerical_gradient_puts_the_array_back_when_f_fails(engine):
    array = np.array([3.0, 4.0])
    given = array.copy() if engine is in_numpy else torch.from_numpy(array.copy())
    for works in range(4):
        calls = iter(range(works))
        with pytest.raises(StopIteration):
            engine.numerical_gradient(lambda calls=calls: float(next(calls)), given)
        assert np.array_equal(np.asarray(given), array)


def test_net_equals_torch_linear_on_torch_lstm():
    from rnncourse.bridge import to_torch

    model = net()
    x, y, _ = examples()
    lstm, linear = to_torch(model.layer), torch.nn.Linear(2, K, dtype=torch.float64)
    linear.weight.data = torch.from_numpy(model.params["W_hy"].T)
    linear.bias.data = torch.from_numpy(model.params["b_y"])
    s = linear(lstm(torch.from_numpy(x))[0])
    assert furthest(model.forward(x), s) <= 1e-12
    torch.nn.functional.cross_entropy(s.flatten(0, 1), torch.from_numpy(y).flatten()).backward()
    model.backward(in_numpy.softmax_cross_entropy(model.forward(x), y)[1])
    assert furthest(model.grads["W_hy"], linear.weight.grad.T) <= 1e-12
    assert furthest(model.grads["W_h"], lstm.weight_hh_l0.grad.T) <= 1e-12


def test_one_dictionary_for_all_parts():
    model = net("Stack of Bidirectional")
    x, *_ = examples()
    before = model.forward(x)
    model.params["W_hh_bwd_1"] = np.zeros_like(model.params["W_hh_bwd_1"])
    model.params["b_y"] += 1
    assert not model.layer.layers[0].bwd.params["W_hh"].any()
    assert not model.layer.params["W_hh_bwd_1"].any()
    assert furthest(model.readout.params["b_y"], model.params["b_y"]) == 0
    assert np.abs(model.forward(x) - before - 1).max() > 1e-6
    assert in_numpy.count_parameters(model) == sum(a.size for a in model.params.values())


def test_state_can_be_carried_on():
    model = net()
    x, *_ = examples()
    whole = model.forward(x)
    first = model.forward(x[:2])
    second = model.forward(x[2:], model.state_T)
    assert furthest(np.concatenate([first, second]), whole) <= 1e-12
    assert furthest(model.trace["h"][-1], model.state_T[0]) == 0


def test_mlp_equals_torch():
    rng = np.random.default_rng(0)
    mlp = in_numpy.MLP((5, 4, 3), phi="sigmoid", rng=rng, dtype="float64")
    twin = in_torch.MLP((5, 4, 3), phi="sigmoid", rng=np.random.default_rng(0), dtype="float64")
    x, ds = rng.standard_normal((6, 5)), rng.standard_normal((6, 3))
    x_t = torch.tensor(x, requires_grad=True)
    p = {name: torch.tensor(a, requires_grad=True) for name, a in mlp.params.items()}
    s = torch.sigmoid(x_t @ p["W_1"] + p["b_1"]) @ p["W_2"] + p["b_2"]
    s.backward(torch.from_numpy(ds))
    assert furthest(mlp.forward(x), s) <= 1e-12
    assert furthest(mlp.backward(ds), x_t.grad) <= 1e-12
    assert furthest(mlp.grads, {name: t.grad for name, t in p.items()}) <= 1e-12
    assert furthest(twin.forward(torch.from_numpy(x)), s) <= 1e-12
    twin.backward(torch.from_numpy(ds))
    assert furthest(mlp.grads, twin.grads) <= 1e-12


def test_wrong_input_is_named():
    readout = in_numpy.Readout(4, 3)
    for call, said in [
        (lambda: readout.forward(np.ones((2, D + 1))), "h has 5 units but W_hy expects 4"),
        (lambda: readout.backward(np.ones((2, 3))), "forward pass first"),
        (lambda: in_numpy.MLP((3,)), "at least an input and an output size"),
        (lambda: in_numpy.MLP((3, 2)).forward(np.ones((4, 2))), "x has 2 features but W_1 expects 3"),
    ]:
        with pytest.raises(InputError, match=said):
            call()


ENGINES = pytest.mark.parametrize("engine", [in_numpy, in_torch], ids=["numpy", "torch"])


@ENGINES
def test_without_an_rng_no_part_repeats_another(engine):
    nets = [
        engine.MLP((4, 8, 8, 8, 8)),
        engine.RecurrentNet(engine.RNN(4, 8), 8),
        engine.EncoderDecoder(4, 8, 8),
    ]
    for net in nets:
        drawn = np.concatenate([a.ravel() for a in _arrays(net.params).values()])
        assert len(np.unique(drawn)) > 0.99 * drawn.size  # float32: a few of a thousand numbers may coincide


def _arrays(params):
    return {n: a.detach().numpy() if isinstance(a, torch.Tensor) else a for n, a in params.items()}


def test_without_an_rng_both_engines_begin_alike():
    for name, sizes in (("MLP", [(4, 8, 8, 1)]), ("EncoderDecoder", [3, 5, 8])):
        ours, twin = getattr(in_numpy, name)(*sizes), getattr(in_torch, name)(*sizes)
        assert furthest(ours.params, twin.params) == 0
    ours, twin = (engine.RecurrentNet(engine.GRU(3, 4), 5) for engine in (in_numpy, in_torch))
    assert furthest(ours.params, twin.params) == 0


@ENGINES
@pytest.mark.parametrize("kind", ["LSTM", "Stack", "Stack of Bidirectional"])
def test_a_layer_in_a_net_keeps_its_own_names(engine, kind, tmp_path):
    alone, model = make(kind, engine, D=3, H=2), net(kind, engine)
    assert list(model.layer.params) == list(alone.params)
    assert engine.count_parameters(model.layer) == engine.count_parameters(alone)
    assert set(model.params) == {*alone.params, "W_hy", "b_y"}
    for name in alone.params:
        assert model.layer.params[name] is model.params[name]

    x, _, _ = examples()
    x = x if engine is in_numpy else torch.from_numpy(x)
    model.forward(x)
    h, _ = model.layer.forward(x)
    dh = h * 0 + 1
    model.grads["W_hy"] = "as it was"
    model.layer.backward(dh)
    alone.forward(x)
    alone.backward(dh)
    assert furthest(dict(model.layer.grads), alone.grads) == 0
    assert model.grads["W_hy"] == "as it was"

    engine.save_parameters(model.layer, tmp_path / "layer.npz")
    other = make(kind, engine, seed=5, D=3, H=2)
    engine.load_parameters(other, tmp_path / "layer.npz")
    assert furthest(other.params, alone.params) == 0


@ENGINES
def test_a_view_is_written_through_and_shown_as_a_dictionary(engine):
    model = net("RNN tanh", engine)
    model.layer.params["b_h"] = model.params["b_h"] * 0 + 3
    assert model.params["b_h"].tolist() == [3, 3]
    assert repr(model.readout.params) == repr({name: model.params[name] for name in ("W_hy", "b_y")})
    with pytest.raises(KeyError):
        model.layer.params["W_hy"]


def test_a_net_is_made_of_recurrent_layers():
    for call, came in [
        (lambda: in_numpy.RecurrentNet(None, 3), "got None"),
        (lambda: in_numpy.RecurrentNet(in_numpy.MLP((2, 3)), 3), "got .*MLP"),
        (lambda: in_numpy.Stack(3), "got int 3"),
        (lambda: in_torch.Bidirectional(in_torch.RNN(2, 3), None), "got None"),
        (lambda: in_torch.MLP(None), "sizes must be a list of at least .* got None"),
    ]:
        with pytest.raises(InputError, match=came):
            call()


@ENGINES
def test_a_layer_is_in_a_net_only_once(engine):
    a, b = engine.GRU(4, 4), engine.GRU(4, 2)
    for call in (
        lambda: engine.Stack(a, a),
        lambda: engine.Bidirectional(a, a),
        lambda: engine.Stack(a, engine.Bidirectional(a, b)),
    ):
        with pytest.raises(InputError, match="the same layer is there twice"):
            call()
