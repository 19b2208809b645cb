"""One step by hand: the equations, written out a second time, and their gradients by autograd."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from in_both.engines import B, D, H, furthest

from rnncourse import in_numpy, in_torch
from rnncourse.errors import InputError

RNG = np.random.default_rng(0)
X, H_PREV, C_PREV = RNG.standard_normal((B, D)), RNG.standard_normal((B, H)), RNG.standard_normal((B, H))


def parameters(blocks, seed=1):
    rng = np.random.default_rng(seed)
    shapes = {"W_x": (D, blocks * H), "W_h": (H, blocks * H), "b": (blocks * H,), "b_hn": (H,)}
    return {name: 0.5 * rng.standard_normal(shape) for name, shape in shapes.items()}


def rnn_parameters():
    p = parameters(1)
    return {"W_xh": p["W_x"], "W_hh": p["W_h"], "b_h": p["b"]}


def logistic(a):
    return 1 / (1 + np.exp(-a))


def test_lstm_step_is_its_equations():
    p = parameters(4)
    h_t, c_t = in_numpy.lstm_step(X, H_PREV, C_PREV, p)
    for b in range(B):
        for k in range(H):
            i, f, g, o = (
                X[b] @ p["W_x"][:, j] + H_PREV[b] @ p["W_h"][:, j] + p["b"][j] for j in range(k, 4 * H, H)
            )
            c = logistic(f) * C_PREV[b, k] + logistic(i) * np.tanh(g)
            assert c_t[b, k] == pytest.approx(c, abs=1e-12)
            assert h_t[b, k] == pytest.approx(logistic(o) * np.tanh(c), abs=1e-12)


def test_gru_step_is_its_equations():
    p = parameters(3)
    h_t = in_numpy.gru_step(X, H_PREV, p)
    for b in range(B):
        for k in range(H):
            x_r, x_z, x_n = (X[b] @ p["W_x"][:, j] + p["b"][j] for j in range(k, 3 * H, H))
            h_r, h_z, h_n = (H_PREV[b] @ p["W_h"][:, j] for j in range(k, 3 * H, H))
            r, z = logistic(x_r + h_r), logistic(x_z + h_z)
            n = np.tanh(x_n + r * (h_n + p["b_hn"][k]))
            assert h_t[b, k] == pytest.approx((1 - z) * n + z * H_PREV[b, k], abs=1e-12)


def test_rnn_step_is_its_equation():
    p = rnn_parameters()
    h_t = in_numpy.rnn_step(X, H_PREV, p)
    for b in range(B):
        for k in range(H):
            a = X[b] @ p["W_xh"][:, k] + H_PREV[b] @ p["W_hh"][:, k] + p["b_h"][k]
            assert h_t[b, k] == pytest.approx(np.tanh(a), abs=1e-12)


STEPS = {
    "rnn": (rnn_parameters, (X, H_PREV)),
    "lstm": (lambda: parameters(4), (X, H_PREV, C_PREV)),
    "gru": (lambda: parameters(3), (X, H_PREV)),
}


@pytest.mark.parametrize("name", STEPS)
def test_backward_steps_equal_autograd_and_their_twins(name):
    make, inputs = STEPS[name]
    p = make()
    if name == "lstm":
        del p["b_hn"]
    tensors = [torch.tensor(a, requires_grad=True) for a in inputs]
    p_t = {key: torch.tensor(a, requires_grad=True) for key, a in p.items()}
    found = getattr(in_numpy, f"{name}_step")(*inputs, p)
    outputs = getattr(in_torch, f"{name}_step")(*tensors, p_t)
    assert furthest(found, outputs) <= 1e-12
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    weights = [np.random.default_rng(4).standard_normal((B, H)) + k for k in range(len(outputs))]
    sum((o * torch.tensor(w)).sum() for o, w in zip(outputs, weights, strict=True)).backward()

    *by_hand, grads = getattr(in_numpy, f"{name}_step_backward")(*weights, *inputs, p)
    assert furthest(tuple(by_hand), tuple(t.grad for t in tensors)) <= 1e-12
    assert furthest(grads, {key: t.grad for key, t in p_t.items()}) <= 1e-12

    plain = [t.detach() for t in tensors], {key: t.detach() for key, t in p_t.items()}
    *twin, twin_grads = getattr(in_torch, f"{name}_step_backward")(
        *map(torch.tensor, weights), *plain[0], plain[1]
    )
    assert furthest(tuple(by_hand), tuple(twin)) <= 1e-12
    assert furthest(grads, twin_grads) <= 1e-12


@pytest.mark.parametrize("phi", in_numpy.ACTIVATIONS)
def test_rnn_step_backward_with_every_activation(phi):
    p = rnn_parameters()
    phi_t = in_torch.ACTIVATIONS[phi].phi
    x, h = (torch.tensor(a, requires_grad=True) for a in (X, H_PREV))
    in_torch.rnn_step(x, h, {k: torch.tensor(a) for k, a in p.items()}, phi_t).sum().backward()
    slope = in_numpy.ACTIVATIONS[phi].phi_prime
    dx, dh, _ = in_numpy.rnn_step_backward(np.ones((B, H)), X, H_PREV, p, slope)
    assert furthest((dx, dh), (x.grad, h.grad)) <= 1e-12


def test_wrong_shapes_are_named():
    p = parameters(4)
    for call, said in [
        (lambda: in_numpy.lstm_step(X[:, :2], H_PREV, C_PREV, p), "x_t has 2 features but W_x expects 4"),
        (lambda: in_numpy.lstm_step(X, H_PREV[:, :2], C_PREV, p), "h_prev has 2 units but W_x makes 6"),
        (lambda: in_numpy.lstm_step(X[0], H_PREV, C_PREV, p), "need two axes"),
        (lambda: in_numpy.gru_step(X[:1], H_PREV, parameters(3)), "h_prev holds 3 sequences but x_t holds 1"),
        (lambda: in_numpy.lstm_step(X, H_PREV, C_PREV, {"W_x": p["W_x"]}), "p lacks W_h, b"),
        (lambda: in_numpy.lstm_step(X, H_PREV, C_PREV, {**p, "W_h": p["W_h"].T}), "W_h must have shape"),
        (lambda: in_numpy.lstm_step(X, H_PREV, C_PREV[:1], p), "c_prev must have shape .* like h_prev"),
    ]:
        with pytest.raises(InputError, match=said):
            call()


@pytest.mark.parametrize("engine", [in_numpy, in_torch], ids=["numpy", "torch"])
def test_wrong_biases_states_and_gradients_are_named(engine):
    def turn(a):
        return a if engine is in_numpy else torch.from_numpy(a.copy())

    x, h, c = turn(X), turn(H_PREV), turn(C_PREV)
    rnn, lstm, gru = (
        {n: turn(a) for n, a in p.items()} for p in (rnn_parameters(), parameters(4), parameters(3))
    )
    two_rows, one = turn(np.ones((2, 4 * H))), turn(np.ones(1))
    for call, said in [
        (
            lambda: engine.lstm_step(x, h, c, {**lstm, "b": two_rows}),
            r"b must have shape \(24,\).*got \(2, 24\)",
        ),
        (lambda: engine.lstm_step(x, h, c, {**lstm, "b": 0.5}), r"b must have shape \(24,\).*got \(\)"),
        (lambda: engine.gru_step(x, h, {**gru, "b": one}), r"b must have shape \(18,\).*got \(1,\)"),
        (lambda: engine.gru_step(x, h, {**gru, "b_hn": one}), r"b_hn must have shape \(6,\).*got \(1,\)"),
        (lambda: engine.gru_step(x, h, {n: gru[n] for n in ("W_x", "W_h", "b")}), "p lacks b_hn"),
        (lambda: engine.rnn_step(x, h, {**rnn, "b_h": one}), r"b_h must have shape \(6,\).*got \(1,\)"),
        (lambda: engine.rnn_step(x, h, {**rnn, "W_xh": one}), r"W_xh needs two axes, but got shape \(1,\)"),
        (lambda: engine.rnn_step(x, h, None), "p must be a dictionary of parameters, but got None"),
        (lambda: engine.rnn_step(x, None, rnn), "x_t and h_prev need two axes"),
        (
            lambda: engine.lstm_step(x, h, None, lstm),
            r"c_prev must have shape \(3, 6\) like h_prev, but got \(\)",
        ),
        (
            lambda: engine.rnn_step_backward(h[0], x, h, rnn),
            r"dh_t must have shape .* like h_prev.*got \(6,\)",
        ),
        (
            lambda: engine.gru_step_backward(h[:1], x, h, gru),
            r"dh_t must have shape .* like h_prev.*got \(1, 6\)",
        ),
        (lambda: engine.lstm_step_backward(h[0], c, x, h, c, lstm), r"dh_t must have shape .* like h_prev"),
        (lambda: engine.lstm_step_backward(h, c[0], x, h, c, lstm), r"dc_t must have shape .* like h_prev"),
    ]:
        with pytest.raises(InputError, match=said):
            call()
