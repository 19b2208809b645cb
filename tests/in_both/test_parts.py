"""Activations, losses, optimizers and clipping, against torch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from in_both.engines import furthest

from rnncourse import in_numpy, in_torch
from rnncourse.errors import InputError

A = np.concatenate([np.linspace(-6, 6, 41), [-1e3, 1e3]]).reshape(-1, 1)
F = torch.nn.functional
TORCH = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": F.relu, "leaky_relu": F.leaky_relu}


@pytest.mark.parametrize("engine", [in_numpy, in_torch], ids=["numpy", "torch"])
@pytest.mark.parametrize("name", TORCH)
def test_activations_and_slopes_equal_torch(name, engine):
    a = torch.tensor(A, requires_grad=True)
    expected = TORCH[name](a)
    expected.sum().backward()
    phi, phi_prime = engine.ACTIVATIONS[name]
    given = torch.tensor(A) if engine is in_torch else A
    assert furthest(phi(given), expected) <= 1e-12
    assert furthest(phi_prime(given), a.grad) <= 1e-12
    assert phi(given.reshape(-1)[:4]).shape == (4,)


@pytest.mark.parametrize("name", TORCH)
def test_activations_keep_float32(name):
    phi, phi_prime = in_numpy.ACTIVATIONS[name]
    assert phi(A.astype("f4")).dtype == phi_prime(A.astype("f4")).dtype == np.float32


def scores(seed=0, shape=(5, 3, 4)):
    rng = np.random.default_rng(seed)
    mask = (rng.random(shape[:-1]) < 0.6).astype(float)
    return rng.standard_normal(shape) * 3, rng.integers(0, shape[-1], shape[:-1]), mask


@pytest.mark.parametrize("masked", [False, True])
def test_cross_entropy_equals_torch(masked):
    s, y, mask = scores()
    s_t = torch.tensor(s, requires_grad=True)
    kept = mask != 0 if masked else np.ones_like(mask, dtype=bool)
    expected = F.cross_entropy(s_t[kept], torch.tensor(y)[kept])
    expected.backward()
    loss, ds = in_numpy.softmax_cross_entropy(s, y, mask if masked else None)
    assert loss == pytest.approx(float(expected.detach()), abs=1e-12)
    assert furthest(ds, s_t.grad) <= 1e-12
    mask_t = torch.tensor(mask) if masked else None
    of_torch, ds_t = in_torch.softmax_cross_entropy(torch.tensor(s), torch.tensor(y), mask_t)
    assert float(of_torch) == pytest.approx(loss, abs=1e-12)
    assert furthest(ds, ds_t) <= 1e-12


@pytest.mark.parametrize("masked", [False, True])
def test_mse_equals_torch(masked):
    s, _, mask = scores()
    y = np.random.default_rng(1).standard_normal(s.shape)
    s_t = torch.tensor(s, requires_grad=True)
    kept = mask != 0 if masked else np.ones_like(mask, dtype=bool)
    expected = F.mse_loss(s_t[kept], torch.tensor(y)[kept])
    expected.backward()
    loss, ds = in_numpy.mse(s, y, mask if masked else None)
    assert loss == pytest.approx(float(expected.detach()), abs=1e-12)
    assert furthest(ds, s_t.grad) <= 1e-12
    of_torch, ds_t = in_torch.mse(torch.tensor(s), torch.tensor(y), torch.tensor(mask) if masked else None)
    assert float(of_torch) == pytest.approx(loss, abs=1e-12) and furthest(ds, ds_t) <= 1e-12


def test_losses_are_stable():
    s = np.array([[1e4, 0.0, -1e4], [-1e4, -1e4, -1e4]])
    loss, ds = in_numpy.softmax_cross_entropy(s, np.array([2, 1]))
    assert loss == pytest.approx((2e4 + np.log(3)) / 2)
    assert np.isfinite(ds).all() and ds[0, 0] == pytest.approx(0.5)
    assert furthest(in_numpy.softmax(s), np.array([[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]])) <= 1e-12
    assert furthest(np.exp(in_numpy.log_softmax(s[1])), np.full(3, 1 / 3)) <= 1e-12


def test_wrong_targets_are_named():
    s, y, mask = scores()
    for call, said in [
        (lambda: in_numpy.softmax_cross_entropy(s, y[0]), "y must have shape"),
        (lambda: in_numpy.softmax_cross_entropy(s, y + 4), "y must hold indices from 0 to 3"),
        (lambda: in_numpy.softmax_cross_entropy(s, y * 0 + 4), "from 0 to 3, but it holds 4 to 4"),
        (lambda: in_numpy.softmax_cross_entropy(s, y * 0 - 1), "from 0 to 3, but it holds -1 to -1"),
        (lambda: in_numpy.softmax_cross_entropy(np.array(1.0), np.array(0)), "s needs at least one axis"),
        (lambda: in_numpy.mse(np.array(1.0), np.array(0.0)), "s needs at least one axis"),
        (
            lambda: in_numpy.mse(np.ma.masked_array(s), s),
            "s must be a plain NumPy array, but got a MaskedArray of float64",
        ),
        (lambda: in_numpy.softmax_cross_entropy(s, y.astype(float)), "y must hold whole numbers"),
        (lambda: in_numpy.softmax_cross_entropy(s, y, mask[0]), "mask must have shape"),
        (lambda: in_numpy.softmax_cross_entropy(s, y, mask * 0), "0 everywhere"),
        (lambda: in_numpy.mse(s, s[0], None), "y must have shape .* like s"),
        (lambda: in_numpy.mse(s, s, mask + 0.5), "only 0"),
    ]:
        with pytest.raises(InputError, match=said):
            call()


def test_wrong_targets_of_torch_are_named():
    s, y, mask = (torch.from_numpy(a) for a in scores())
    cross_entropy, mse = in_torch.softmax_cross_entropy, in_torch.mse
    for call, said in [
        (lambda: cross_entropy(None, y), "s must be a torch tensor, but got None"),
        (lambda: cross_entropy(s.numpy(), y), "s must be a torch tensor, but got an array of float64"),
        (lambda: cross_entropy(s, y.tolist()), "y must be a torch tensor, but got list"),
        (lambda: cross_entropy(s, y.double()), "y must hold whole numbers"),
        (lambda: cross_entropy(s, y > 1), "y must hold whole numbers"),
        (lambda: cross_entropy(s[:0], y[:0]), "s is empty"),
        (lambda: cross_entropy(s / 0, y), "s must hold finite numbers"),
        (lambda: cross_entropy(s, y[0]), "y must have shape"),
        (lambda: cross_entropy(s, y + 4), "y must hold indices from 0 to 3"),
        (lambda: cross_entropy(s, y * 0 + 4), "from 0 to 3, but it holds 4 to 4"),
        (lambda: cross_entropy(s, y * 0 - 1), "from 0 to 3, but it holds -1 to -1"),
        (lambda: cross_entropy(torch.tensor(1.0), torch.tensor(0)), "s needs at least one axis"),
        (lambda: mse(torch.tensor(1.0), torch.tensor(0.0)), "s needs at least one axis"),
        (
            lambda: mse(s.to("meta"), s),
            "s must be a tensor that stores every number, but got one .* on meta",
        ),
        (
            lambda: mse(s.to_sparse(), s),
            "s must be a tensor that stores every number, but got one of layout torch.sparse",
        ),
        (lambda: cross_entropy(s, y, mask[0]), "mask must have shape"),
        (lambda: cross_entropy(s, y, mask * 0), "0 everywhere"),
        (lambda: mse(s, None), "y must be a torch tensor, but got None"),
        (lambda: mse(s, s * np.nan), "y must hold finite numbers"),
        (lambda: mse([1.0], s), "s must be a torch tensor, but got list"),
        (lambda: mse(s, s[0]), "y must have shape .* like s"),
        (lambda: mse(s, s, mask + 0.5), "only 0"),
    ]:
        with pytest.raises(InputError, match=said):
            call()


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "int64"])
def test_targets_may_be_whole_numbers_of_any_width(dtype):
    s, y, mask = scores()
    expected = in_numpy.softmax_cross_entropy(s, y, mask)
    for found in (
        in_numpy.softmax_cross_entropy(s, y.astype(dtype), mask),
        in_torch.softmax_cross_entropy(*map(torch.from_numpy, (s, y.astype(dtype), mask))),
        in_torch.softmax_cross_entropy(torch.from_numpy(s), y.astype(dtype), mask),
    ):
        assert float(found[0]) == pytest.approx(expected[0], abs=1e-14)
        assert furthest(found[1], expected[1]) <= 1e-14


def test_a_mask_of_numpy_counts_for_tensors_too():
    s, y, mask = scores()
    loss, _ = in_torch.softmax_cross_entropy(torch.from_numpy(s), torch.from_numpy(y), mask)
    assert float(loss) == pytest.approx(in_numpy.softmax_cross_entropy(s, y, mask)[0], abs=1e-12)


def test_learning_rates_may_be_numbers_of_numpy():
    for one in (np.float32(0.5), np.float64(0.5), np.int64(1)):
        params = {"W": np.ones(3)}
        in_numpy.SGD(lr=one).step(params, {"W": np.full(3, 2.0)})
        assert params["W"].tolist() == [1 - 2 * float(one)] * 3


OPTIMIZERS = {
    "SGD": lambda p: torch.optim.SGD(p, lr=0.1),
    "Momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "Adagrad": lambda p: torch.optim.Adagrad(p, lr=0.1),
    "Adam": lambda p: torch.optim.Adam(p, lr=0.1),
}


@pytest.mark.parametrize("clip", [None, 0.7])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_equal_torch_step_by_step(name, clip):
    rng = np.random.default_rng(0)
    shapes = {"W": (3, 4), "b": (4,)}
    arrays = {key: rng.standard_normal(shape) for key, shape in shapes.items()}
    twins = {key: torch.tensor(a) for key, a in arrays.items()}
    judges = {key: torch.tensor(a, requires_grad=True) for key, a in arrays.items()}
    judge = OPTIMIZERS[name](judges.values())
    by_hand = getattr(in_numpy, name)(lr=0.1, clip=clip)
    in_tensors = getattr(in_torch, name)(lr=0.1, clip=clip)
    for _ in range(12):
        grads = {key: rng.standard_normal(shape) for key, shape in shapes.items()}
        for key, tensor in judges.items():
            tensor.grad = torch.tensor(grads[key])
        if clip:
            torch.nn.utils.clip_grad_norm_(judges.values(), clip)
        in_tensors.step(twins, {key: torch.tensor(g) for key, g in grads.items()})
        by_hand.step(arrays, grads)
        judge.step()
        assert furthest(arrays, judges) <= 1e-6 if clip else furthest(arrays, judges) <= 1e-12
        assert furthest(arrays, twins) <= 1e-12


def test_clipping_scales_all_gradients_by_one_factor():
    grads = {"W": np.array([[3.0, 0.0]]), "b": np.array([4.0])}
    assert in_numpy.clip_by_norm(grads, 10.0) == 5
    assert grads["b"][0] == 4
    assert in_numpy.clip_by_norm(grads, 1.0) == 5
    assert furthest(grads, {"W": np.array([[0.6, 0.0]]), "b": np.array([0.8])}) <= 1e-12


@pytest.mark.parametrize("infinity", [np.inf, np.float64(np.inf)])
def test_an_infinite_limit_only_measures(infinity):
    grads = {"W": np.array([[3.0, 0.0]]), "b": np.array([4.0])}
    tensors = {name: torch.from_numpy(g.copy()) for name, g in grads.items()}
    assert in_numpy.clip_by_norm(grads, infinity) == in_torch.clip_by_norm(tensors, infinity) == 5
    assert grads["W"][0, 0] == tensors["W"][0, 0] == 3


def test_optimizers_name_what_is_wrong():
    for call, said in [
        (lambda: in_numpy.Adam(lr=0), "lr must be a number above 0"),
        (lambda: in_numpy.Adam(lr=np.inf), "lr must be a number above 0, but got float inf"),
        (lambda: in_torch.SGD(lr=np.ones(1)), "lr must be a number above 0, but got an array of float64"),
        (lambda: in_torch.Adam(0.1, eps=None), "eps must be a number above 0, but got None"),
        (lambda: in_numpy.clip_by_norm({}, np.nan), "max_norm must be a number above 0"),
        (lambda: in_numpy.SGD(lr=0.1, clip=-1), "clip must be"),
        (lambda: in_numpy.Momentum(0.1, momentum=0), "momentum must be"),
        (lambda: in_numpy.SGD(0.1).step({"W": np.ones(2)}, {}), "was backward called"),
        (
            lambda: in_numpy.clip_by_norm({"W": np.ones(2, int)}, 1.0),
            "the gradient of W must hold floating-point",
        ),
        (
            lambda: in_numpy.clip_by_norm({"W": np.broadcast_to(1.0, 3)}, 1.0),
            "of W .* that may be changed, but got an array",
        ),
    ]:
        with pytest.raises(InputError, match=said):
            call()


@pytest.mark.parametrize("engine", [in_numpy, in_torch], ids=["numpy", "torch"])
def test_optimizers_refuse_gradients_of_another_shape_and_impossible_averages(engine):
    ones = np.ones if engine is in_numpy else torch.ones
    params = {"W": ones((3, 4))}
    for optimizer in (engine.SGD(0.1), engine.Momentum(0.1), engine.Adagrad(0.1), engine.Adam(0.1)):
        with pytest.raises(
            InputError, match=r"gradient of W must have the shape of the parameter, \(3, 4\), but got \(4,\)"
        ):
            optimizer.step(params, {"W": ones((4,))})
        assert furthest(params["W"], np.ones((3, 4))) == 0 and optimizer.steps == 0
    for betas, said in [
        ((1.0, 0.999), "betas must be a number of at least 0 and below 1, but got float 1.0"),
        ((0.9, 1.0), "betas must be a number of at least 0 and below 1, but got float 1.0"),
        ((-0.1, 0.9), "betas must be a number of at least 0"),
        (0.9, r"betas must be a pair \(beta_1, beta_2\), but got float 0.9"),
        ((0.9,), "betas must be a pair"),
    ]:
        with pytest.raises(InputError, match=said):
            engine.Adam(0.1, betas=betas)


def test_torch_optimizers_make_their_memory_once(monkeypatch):
    made, zeros_like = [], torch.zeros_like
    monkeypatch.setattr(torch, "zeros_like", lambda *a, **k: made.append(1) or zeros_like(*a, **k))
    for kind, count in (("SGD", 0), ("Momentum", 1), ("Adagrad", 1), ("Adam", 2)):
        made.clear()
        optimizer = getattr(in_torch, kind)(0.1)
        for _ in range(3):
            optimizer.step({"W": torch.ones(2)}, {"W": torch.ones(2)})
        assert len(made) == count, kind


@pytest.mark.parametrize("engine", [in_numpy, in_torch], ids=["numpy", "torch"])
def test_clipping_survives_gradients_whose_squares_overflow(engine):
    large = np.full((2, 2), 1e30, dtype=np.float32)
    grads = {"W": large if engine is in_numpy else torch.from_numpy(large)}
    assert engine.clip_by_norm(grads, 1.0) == pytest.approx(2e30, rel=1e-6)
    assert engine.clip_by_norm({}, 1.0) == 0.0
    assert furthest(grads["W"], np.full((2, 2), 0.5)) <= 1e-6
