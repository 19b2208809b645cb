"""What the layers are timed against: a loop as textbooks write it, a torch loop with autograd, and the floor."""

from __future__ import annotations

import numpy as np
import torch

from rnncourse.in_torch import ACTIVATIONS, gru_step, lstm_step, rnn_step

Arrays = dict[str, np.ndarray]


def textbook_rnn(p: Arrays, x: np.ndarray, dh: np.ndarray) -> tuple[np.ndarray, Arrays]:
    """Return dx and the gradients of an RNN, one NumPy line after the other."""
    T, B, _ = x.shape
    hs = {-1: np.zeros((B, len(p["W_hh"])), x.dtype)}
    for t in range(T):
        hs[t] = np.tanh(x[t] @ p["W_xh"] + hs[t - 1] @ p["W_hh"] + p["b_h"])
    grads = {name: np.zeros_like(array) for name, array in p.items()}
    dx, dh_next = np.zeros_like(x), np.zeros_like(hs[0])
    for t in reversed(range(T)):
        da = (dh[t] + dh_next) * (1 - hs[t] ** 2)
        grads["W_xh"] += x[t].T @ da
        grads["W_hh"] += hs[t - 1].T @ da
        grads["b_h"] += da.sum(axis=0)
        dx[t] = da @ p["W_xh"].T
        dh_next = da @ p["W_hh"].T
    return dx, grads


def textbook_lstm(p: Arrays, x: np.ndarray, dh: np.ndarray) -> tuple[np.ndarray, Arrays]:
    """Return dx and the gradients of an LSTM, one NumPy line after the other, each gate with its own weights.

    p: the weights of by_gate.
    """
    T, B, _ = x.shape
    hs, cs, gates = {-1: np.zeros((B, len(p["W_hi"])), x.dtype)}, {}, {}
    cs[-1] = np.zeros_like(hs[-1])
    for t in range(T):
        i = 1 / (1 + np.exp(-(x[t] @ p["W_xi"] + hs[t - 1] @ p["W_hi"] + p["b_i"])))
        f = 1 / (1 + np.exp(-(x[t] @ p["W_xf"] + hs[t - 1] @ p["W_hf"] + p["b_f"])))
        g = np.tanh(x[t] @ p["W_xg"] + hs[t - 1] @ p["W_hg"] + p["b_g"])
        o = 1 / (1 + np.exp(-(x[t] @ p["W_xo"] + hs[t - 1] @ p["W_ho"] + p["b_o"])))
        cs[t] = f * cs[t - 1] + i * g
        hs[t] = o * np.tanh(cs[t])
        gates[t] = i, f, g, o
    grads = {name: np.zeros_like(array) for name, array in p.items()}
    dx, dh_next, dc_next = np.zeros_like(x), np.zeros_like(hs[0]), np.zeros_like(hs[0])
    for t in reversed(range(T)):
        i, f, g, o = gates[t]
        dh_t = dh[t] + dh_next
        tanh_c = np.tanh(cs[t])
        dc = dc_next + dh_t * o * (1 - tanh_c**2)
        da = {
            "i": dc * g * i * (1 - i),
            "f": dc * cs[t - 1] * f * (1 - f),
            "g": dc * i * (1 - g**2),
            "o": dh_t * tanh_c * o * (1 - o),
        }
        dh_next, dc_next = np.zeros_like(dh_t), dc * f
        for gate, da_gate in da.items():
            grads["W_x" + gate] += x[t].T @ da_gate
            grads["W_h" + gate] += hs[t - 1].T @ da_gate
            grads["b_" + gate] += da_gate.sum(axis=0)
            dx[t] += da_gate @ p["W_x" + gate].T
            dh_next += da_gate @ p["W_h" + gate].T
    return dx, grads


def by_gate(p: Arrays) -> Arrays:
    """Return copies of an LSTM's parameters, cut into those of its gates."""
    parts = {name: np.split(p[name], 4, axis=-1) for name in ("W_x", "W_h", "b")}
    return {
        (f"{name}_{gate}" if name == "b" else name + gate): np.ascontiguousarray(parts[name][k])
        for name in parts
        for k, gate in enumerate("ifgo")
    }


def packed_lstm(p: Arrays, x: np.ndarray, dh: np.ndarray) -> tuple[np.ndarray, Arrays]:
    """Return what textbook_lstm does, with the four gates in one product: fewer and larger products."""
    T, B, _ = x.shape
    H = len(p["W_h"])
    hs, cs, gates = {-1: np.zeros((B, H), x.dtype)}, {-1: np.zeros((B, H), x.dtype)}, {}
    for t in range(T):
        a = x[t] @ p["W_x"] + hs[t - 1] @ p["W_h"] + p["b"]
        i, f, o = (1 / (1 + np.exp(-a[:, k * H : (k + 1) * H])) for k in (0, 1, 3))
        g = np.tanh(a[:, 2 * H : 3 * H])
        cs[t] = f * cs[t - 1] + i * g
        hs[t] = o * np.tanh(cs[t])
        gates[t] = i, f, g, o
    grads = {name: np.zeros_like(array) for name, array in p.items()}
    dx, dh_next, dc_next = np.zeros_like(x), np.zeros_like(hs[0]), np.zeros_like(hs[0])
    for t in reversed(range(T)):
        i, f, g, o = gates[t]
        dh_t = dh[t] + dh_next
        tanh_c = np.tanh(cs[t])
        dc = dc_next + dh_t * o * (1 - tanh_c**2)
        da_i = dc * g * i * (1 - i)
        da_f = dc * cs[t - 1] * f * (1 - f)
        da_g = dc * i * (1 - g**2)
        da_o = dh_t * tanh_c * o * (1 - o)
        da = np.concatenate([da_i, da_f, da_g, da_o], axis=1)
        grads["W_x"] += x[t].T @ da
        grads["W_h"] += hs[t - 1].T @ da
        grads["b"] += da.sum(axis=0)
        dx[t] = da @ p["W_x"].T
        dh_next, dc_next = da @ p["W_h"].T, dc * f
    return dx, grads


def textbook_gru(p: Arrays, x: np.ndarray, dh: np.ndarray) -> tuple[np.ndarray, Arrays]:
    """Return dx and the gradients of a GRU, one NumPy line after the other."""
    T, B, _ = x.shape
    H = len(p["W_h"])
    hs, gates = {-1: np.zeros((B, H), x.dtype)}, {}
    for t in range(T):
        a_x, a_h = x[t] @ p["W_x"] + p["b"], hs[t - 1] @ p["W_h"]
        r, z = (1 / (1 + np.exp(-(a_x + a_h)[:, k * H : (k + 1) * H])) for k in (0, 1))
        q = a_h[:, 2 * H :] + p["b_hn"]
        n = np.tanh(a_x[:, 2 * H :] + r * q)
        hs[t] = (1 - z) * n + z * hs[t - 1]
        gates[t] = r, z, n, q
    grads = {name: np.zeros_like(array) for name, array in p.items()}
    dx, dh_next = np.zeros_like(x), np.zeros_like(hs[0])
    for t in reversed(range(T)):
        r, z, n, q = gates[t]
        dh_t = dh[t] + dh_next
        da_n = dh_t * (1 - z) * (1 - n**2)
        da_z = dh_t * (hs[t - 1] - n) * z * (1 - z)
        da_r = da_n * q * r * (1 - r)
        for_x = np.concatenate([da_r, da_z, da_n], axis=1)
        for_h = np.concatenate([da_r, da_z, da_n * r], axis=1)
        grads["W_x"] += x[t].T @ for_x
        grads["W_h"] += hs[t - 1].T @ for_h
        grads["b"] += for_x.sum(axis=0)
        grads["b_hn"] += (da_n * r).sum(axis=0)
        dx[t] = for_x @ p["W_x"].T
        dh_next = for_h @ p["W_h"].T + dh_t * z
    return dx, grads


TEXTBOOK = {"RNN": textbook_rnn, "LSTM": textbook_lstm, "GRU": textbook_gru}


def torch_loop(kind: str, p: dict[str, torch.Tensor], x: torch.Tensor, dh: torch.Tensor) -> torch.Tensor:
    """Run cells from scratch one after the other and let autograd go back; return dx."""
    B, H = dh.shape[1:]
    h_t = torch.zeros(B, H)
    c_t, h = h_t, []
    for x_t in x:
        if kind == "LSTM":
            h_t, c_t = lstm_step(x_t, h_t, c_t, p)
        else:
            h_t = gru_step(x_t, h_t, p) if kind == "GRU" else rnn_step(x_t, h_t, p, ACTIVATIONS["tanh"].phi)
        h.append(h_t)
    torch.stack(h).backward(dh)
    return x.grad


class Floor:
    """The matrix products of a layer alone, and its tanhs, in buffers that are there already."""

    def __init__(self, kind: str, B: int, T: int, D: int, H: int):
        self.T = T
        blocks, self.tanhs = {"RNN": (1, 1), "LSTM": (4, 5), "GRU": (3, 3)}[kind]
        draw = np.random.default_rng(0)
        self.rows = draw.random((T * B, H + D + 1), dtype=np.float32)
        self.W = draw.random((blocks, H + D + 1, H), dtype=np.float32) / (H + D)
        self.W_back = draw.random((blocks, H, H), dtype=np.float32) / H
        self.W_inputs = draw.random((blocks * H, D), dtype=np.float32) / H
        self.da = draw.random((blocks, T * B, H), dtype=np.float32)
        self.da_rows = draw.random((T * B, blocks * H), dtype=np.float32)
        self.a = np.zeros((max(blocks, self.tanhs), B, H), dtype=np.float32)
        self.first, self.da_t = self.rows[:B], self.da[:, :B]
        self.to_inputs = np.empty((T * B, D), dtype=np.float32)
        self.dW = np.empty(self.W.shape, dtype=np.float32)

    def run(self) -> None:
        """Do the products of one forward and one backward."""
        a, blocks = self.a, len(self.W)
        into, tanhs = a[:blocks], a[: self.tanhs]
        for _ in range(self.T):
            np.matmul(self.first, self.W, out=into)
            np.tanh(tanhs, out=tanhs)
        for _ in range(self.T):
            np.matmul(self.da_t, self.W_back, out=into)
        np.matmul(self.rows.T, self.da, out=self.dW)
        np.matmul(self.da_rows, self.W_inputs, out=self.to_inputs)
