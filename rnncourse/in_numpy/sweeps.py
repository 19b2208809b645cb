"""The time loops: a whole sequence forward, and backpropagation through time.

A forward sweep returns the trace: everything its backward sweep needs, each array (T, B, ·). A backward sweep
returns the gradients of the inputs, of the initial states and of the parameters.
`real` (T, B, 1) says which steps are real: at padding the state stays what it was. None: all of them are.
Backpropagation through time: Werbos (1990), doi:10.1109/5.58337.
"""

from __future__ import annotations

import numpy as np

from rnncourse.in_numpy.activations import Activation, sigmoid
from rnncourse.in_numpy.base import Arrays

Trace = dict[str, np.ndarray]


def rnn_forward(
    x: np.ndarray, h0: np.ndarray, p: Arrays, real: np.ndarray | None, activation: Activation
) -> Trace:
    """Return the trace (a, h) of h_t = phi(x_t @ W_xh + h_prev @ W_hh + b_h)."""
    a = np.asarray(x @ p["W_xh"] + p["b_h"], dtype=_dtype(x, h0, p))  # the inputs' share of all steps at once
    h = np.empty_like(a)
    h_prev = h0
    for t in range(len(x)):
        a[t] += h_prev @ p["W_hh"]
        h[t] = _hold(activation.phi(a[t]), h_prev, real, t)
        h_prev = h[t]
    return {"x": x, "h0": h0, "a": a, "h": h}


def rnn_backward(
    trace: Trace, dh: np.ndarray, dh_T: np.ndarray, p: Arrays, real: np.ndarray | None, activation: Activation
) -> tuple[np.ndarray, np.ndarray, Trace]:
    """Return dx, dh0 and the gradients of W_xh, W_hh and b_h."""
    da = np.empty_like(trace["a"])
    slope = activation.phi_prime(trace["a"])
    for t in reversed(range(len(da))):
        dh_t, held = _release(dh[t] + dh_T, real, t)  # from this step's output and from the step after
        da[t] = dh_t * slope[t]  # undo phi
        dh_T = da[t] @ p["W_hh"].T + held  # undo h_prev @ W_hh
    h_prev = _before(trace["h0"], trace["h"])
    grads = {"W_xh": _over_time(trace["x"], da), "W_hh": _over_time(h_prev, da), "b_h": da.sum(axis=(0, 1))}
    return da @ p["W_xh"].T, dh_T, grads


def lstm_forward(
    x: np.ndarray, h0: np.ndarray, c0: np.ndarray, p: Arrays, real: np.ndarray | None
) -> Trace:
    """Return the trace (i, f, g, o, c, h) of the LSTM's equations; see cells.lstm_step."""
    a = np.asarray(x @ p["W_x"] + p["b"], dtype=_dtype(x, h0, p, c0))
    i, f, g, o = np.split(a, 4, axis=2)
    c, h = np.empty_like(i), np.empty_like(i)
    h_prev, c_prev = h0, c0
    for t in range(len(x)):
        a[t] += h_prev @ p["W_h"]
        i[t], f[t], g[t], o[t] = sigmoid(i[t]), sigmoid(f[t]), np.tanh(g[t]), sigmoid(o[t])
        c[t] = _hold(f[t] * c_prev + i[t] * g[t], c_prev, real, t)
        h[t] = _hold(o[t] * np.tanh(c[t]), h_prev, real, t)
        h_prev, c_prev = h[t], c[t]
    return {"x": x, "h0": h0, "c0": c0, "i": i, "f": f, "g": g, "o": o, "c": c, "h": h}


def lstm_backward(
    trace: Trace, dh: np.ndarray, dh_T: np.ndarray, dc_T: np.ndarray, p: Arrays, real: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, Trace]:
    """Return dx, dh0, dc0 and the gradients of W_x, W_h and b; see cells.lstm_step_backward."""
    x, i, f, g, o, c = (trace[name] for name in ("x", "i", "f", "g", "o", "c"))
    c_prev, h_prev = _before(trace["c0"], c), _before(trace["h0"], trace["h"])
    tanh_c = np.tanh(c)
    through_h = o * (1 - tanh_c**2)
    slope = [g * i * (1 - i), c_prev * f * (1 - f), i * (1 - g**2), tanh_c * o * (1 - o)]
    da = np.empty((*c.shape[:2], 4 * c.shape[2]), dtype=c.dtype)
    da_i, da_f, da_g, da_o = np.split(da, 4, axis=2)
    for t in reversed(range(len(c))):
        dh_t, held_h = _release(dh[t] + dh_T, real, t)
        dc_t, held_c = _release(dc_T, real, t)
        dc_t = dc_t + dh_t * through_h[t]
        da_i[t], da_f[t], da_g[t] = (dc_t * slope[k][t] for k in range(3))
        da_o[t] = dh_t * slope[3][t]
        dc_T = dc_t * f[t] + held_c
        dh_T = da[t] @ p["W_h"].T + held_h
    grads = {"W_x": _over_time(x, da), "W_h": _over_time(h_prev, da), "b": da.sum(axis=(0, 1))}
    return da @ p["W_x"].T, dh_T, dc_T, grads


def gru_forward(x: np.ndarray, h0: np.ndarray, p: Arrays, real: np.ndarray | None) -> Trace:
    """Return the trace (r, z, n, q, h) of the GRU's equations; see cells.gru_step."""
    a = np.asarray(x @ p["W_x"] + p["b"], dtype=_dtype(x, h0, p))
    r, z, n = np.split(a, 3, axis=2)
    q, h = np.empty_like(r), np.empty_like(r)
    h_prev = h0
    for t in range(len(x)):
        h_r, h_z, h_n = np.split(h_prev @ p["W_h"], 3, axis=1)
        r[t], z[t], q[t] = sigmoid(r[t] + h_r), sigmoid(z[t] + h_z), h_n + p["b_hn"]
        n[t] = np.tanh(n[t] + r[t] * q[t])
        h[t] = _hold((1 - z[t]) * n[t] + z[t] * h_prev, h_prev, real, t)
        h_prev = h[t]
    return {"x": x, "h0": h0, "r": r, "z": z, "n": n, "q": q, "h": h}


def gru_backward(
    trace: Trace, dh: np.ndarray, dh_T: np.ndarray, p: Arrays, real: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, Trace]:
    """Return dx, dh0 and the gradients of W_x, W_h, b and b_hn; see cells.gru_step_backward."""
    r, z, n, q = (trace[name] for name in ("r", "z", "n", "q"))
    h_prev = _before(trace["h0"], trace["h"])
    slope_n = (1 - z) * (1 - n**2)
    slope_z = (h_prev - n) * z * (1 - z)
    slope_r = slope_n * q * r * (1 - r)
    slope = np.concatenate([slope_r, slope_z, slope_n * r, slope_n], axis=2)
    da = np.empty_like(slope)  # blocks r, z, q, n: the state's share is the first three
    H = r.shape[2]
    for t in reversed(range(len(r))):
        dh_t, held = _release(dh[t] + dh_T, real, t)
        da[t] = np.tile(dh_t, 4) * slope[t]
        dh_T = dh_t * z[t] + da[t, :, : 3 * H] @ p["W_h"].T + held
    for_h = da[:, :, : 3 * H]
    for_x = np.concatenate([da[:, :, : 2 * H], da[:, :, 3 * H :]], axis=2)
    grads = {
        "W_x": _over_time(trace["x"], for_x),
        "W_h": _over_time(h_prev, for_h),
        "b": for_x.sum(axis=(0, 1)),
        "b_hn": for_h[:, :, 2 * H :].sum(axis=(0, 1)),
    }
    return for_x @ p["W_x"].T, dh_T, grads


def _dtype(x: np.ndarray, h0: np.ndarray, p: Arrays, *states: np.ndarray) -> np.dtype:
    return np.result_type(x, h0, *states, *p.values())


def _hold(new: np.ndarray, old: np.ndarray, real: np.ndarray | None, t: int) -> np.ndarray:
    """Return the new state where step t is real, the old one where it is padding."""
    return new if real is None else np.where(real[t], new, old)


def _release(gradient: np.ndarray, real: np.ndarray | None, t: int) -> tuple[np.ndarray, np.ndarray | float]:
    """Undo _hold: return what goes into step t and what passes it by."""
    if real is None:
        return gradient, 0.0
    return np.where(real[t], gradient, 0), np.where(real[t], 0, gradient)


def _before(first: np.ndarray, states: np.ndarray) -> np.ndarray:
    """Return the state before each step (T, B, H): the initial one, then all but the last."""
    return np.concatenate([first[None], states[:-1]])


def _over_time(before: np.ndarray, da: np.ndarray) -> np.ndarray:
    """Return the gradient of a weight matrix: the same weights at every step, so a sum over steps and batch."""
    return before.reshape(-1, before.shape[2]).T @ da.reshape(-1, da.shape[2])
