"""The Credit lab without a browser: its mathematics against a whole backward pass, and what Python may set."""

from __future__ import annotations

import numpy as np
import pytest

from rnncourse.errors import InputError
from rnncourse.in_numpy import RNN, RecurrentNet, softmax_cross_entropy
from rnncourse.widgets import CreditLab, credit_lab
from rnncourse.widgets._credit import credit, first_step, kept, steps_back, truncation_error

T, B, D, H, V = 6, 3, 2, 5, 4


def network(seed: int = 0):
    rng = np.random.default_rng(seed)
    shapes = {"W_xh": (D, H), "W_hh": (H, H), "b_h": (H,), "W_hy": (H, V), "b_y": (V,), "h0": (B, H)}
    p = {name: rng.normal(scale=0.7, size=shape) for name, shape in shapes.items()}
    return p, rng.normal(size=(T, B, D)), rng.integers(V, size=(T, B))


def dW_hh(p, x, y, mask=None, start=0, h0=None) -> np.ndarray:
    """Return the gradient of W_hh of the package's own network; mask (T, B): which losses count, all T dividing."""
    net = RecurrentNet(RNN(D, H, dtype="float64"), V)
    net.params.update({name: array for name, array in p.items() if name != "h0"})
    s = net.forward(x, p["h0"] if h0 is None else h0)
    weights = np.ones(y.shape) if mask is None else mask
    _, ds = softmax_cross_entropy(s, y, weights)
    net.backward(ds * weights.sum() / (T * B))
    return net.grads["W_hh"]


def test_all_shares_together_are_the_gradient_and_each_row_is_that_of_one_loss():
    p, x, y = network()
    shares, _ = credit(p, x, y)
    assert np.allclose(shares.sum(axis=(0, 1)), dW_hh(p, x, y), rtol=0, atol=1e-14)
    for t in range(T):
        mask = np.repeat(np.arange(T)[:, None] == t, B, axis=1).astype(float)
        assert np.allclose(shares[t].sum(axis=0), dW_hh(p, x, y, mask), rtol=0, atol=1e-14)
        assert not shares[t, t + 1 :].any()


def test_a_reach_is_the_slope_of_the_loss_with_respect_to_the_state():
    p, x, y = network(1)
    _, reaches = credit(p, x, y)
    for t in range(T):
        assert reaches[t, t] > 0 and not reaches[t, t + 1 :].any()
    # The share of use k is h_{k-1} times what arrived at h_k, shortened by the slope of tanh.
    last = network(1)[0]
    zeroed = {**last, "W_hh": np.zeros((H, H))}
    assert np.allclose(np.tril(credit(zeroed, x, y)[1], -1), 0)


@pytest.mark.parametrize(("k1", "k2"), [(6, 6), (3, 3), (4, 4), (1, 3), (2, 4), (2, 5), (1, 1)])
def test_truncated_gradient_is_that_of_the_windows(k1, k2):
    """Run every window by itself, from the state that was carried over, and add up what it says."""
    p, x, y = network(2)
    net = RecurrentNet(RNN(D, H, dtype="float64"), V)
    net.params.update({name: array for name, array in p.items() if name != "h0"})
    net.forward(x, p["h0"])
    states = np.concatenate([p["h0"][None], net.trace["h"]])
    total, cost, counted, end = np.zeros((H, H)), 0, 0, k2
    while counted < T:
        first, last = end - k2, min(end, T)
        mask = np.repeat(np.arange(first, last)[:, None] >= counted, B, axis=1).astype(float)
        total += dW_hh(p, x[first:last], y[first:last], mask, h0=states[first])
        cost, counted, end = cost + last - first, last, end + k1
    shares, _ = credit(p, x, y)
    assert np.allclose(shares[kept(T, k1, k2)].sum(axis=0), total, rtol=0, atol=1e-14)
    assert steps_back(T, k1, k2) == cost
    whole = shares.sum(axis=(0, 1))
    assert truncation_error(shares, k1, k2) == pytest.approx(
        np.linalg.norm(total - whole) / np.linalg.norm(whole)
    )


def test_windows_side_by_side_are_those_of_the_chapter():
    assert [first_step(t, 4, 4) for t in range(1, 9)] == [1, 1, 1, 1, 5, 5, 5, 5]
    assert [first_step(t, 1, 3) for t in range(1, 7)] == [1, 1, 1, 2, 3, 4]
    assert kept(8, 4, 4).sum() == 20


def test_settings_are_read_and_set_from_python():
    lab = credit_lab(*network())
    assert isinstance(lab, CreditLab)
    assert (lab.loss, lab.k1, lab.k2, lab.error) == (6, 6, 6, 0)
    lab.k2 = 3
    assert (lab.k1, lab.k2, lab.steps_back) == (3, 3, 6)
    lab.k1 = 1
    assert (lab.k1, lab.k2, lab.steps_back) == (1, 3, 12)
    lab.k1 = 5
    assert (lab.k1, lab.k2) == (5, 5)
    assert np.array_equal(lab.kept, kept(T, 5, 5))
    assert lab.shares.shape == (T, T) and lab.shares[2, 3] == 0
    assert repr(lab) == "CreditLab(T=6, loss=6, k1=5, k2=5)"
    for name, value in (("loss", 7), ("k1", 0), ("k2", 7)):
        with pytest.raises(InputError, match=f"{name} must be a whole number"):
            setattr(lab, name, value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": np.zeros((T, B, 3))}, r"p\['W_xh'\]|W_xh must have shape \(3, 5\)"),
        ({"y": np.full((T, B), V)}, "y must hold indices from 0 to 3"),
        ({"y": np.zeros((T, B))}, "y must hold whole numbers"),
        ({"x": np.zeros((1, B, D)), "y": np.zeros((1, B), int)}, "x must have 2 to 10 steps"),
        ({"p": {}}, "p must be a dict with the keys W_xh"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    given = dict(zip(("p", "x", "y"), network(), strict=True)) | change
    with pytest.raises(InputError, match=message):
        credit_lab(**given)


def test_stand_in_is_the_grid():
    lab = credit_lab(*network())
    assert "<img" in lab.static_html() and "no loss depends on a later use" in lab.static_html()
    assert lab.static_text().count("\nloss ") == T
    assert "Shift + Enter" in lab.invitation()
