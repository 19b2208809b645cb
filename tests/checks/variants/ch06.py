"""Chapter 06: right answers written in other ways."""

from __future__ import annotations

import math

import numpy as np


def _sigmoid(a):
    return 1 / (1 + np.exp(-a))


def gate_by_tanh(a, values):
    return 0.5 * (1 + np.tanh(a / 2)) * values


def gate_by_division(a, values):
    return values / (1 + np.exp(-a))


def gate_by_loops(a, values):
    passed = np.zeros_like(values)
    for b in range(len(a)):
        for j in range(a.shape[1]):
            passed[b, j] = values[b, j] / (1 + math.exp(-a[b, j]))
    return passed


def gate_by_einsum(a, values):
    return np.einsum("bh,bh->bh", _sigmoid(a), values)


def gate_by_what_is_held_back(a, values):
    return values - _sigmoid(-a) * values


def gate_in_float32(a, values):
    return np.multiply(_sigmoid(a.astype(np.float32)), values.astype(np.float32))


def lstm_block_by_block(x_t, h_prev, c_prev, p):
    H = h_prev.shape[1]

    def block(k, phi):
        part = slice(k * H, (k + 1) * H)
        return phi(x_t @ p["W_x"][:, part] + h_prev @ p["W_h"][:, part] + p["b"][part])

    c_t = block(1, _sigmoid) * c_prev + block(0, _sigmoid) * block(2, np.tanh)
    return block(3, _sigmoid) * np.tanh(c_t), c_t


def lstm_stacked(x_t, h_prev, c_prev, p):
    both = np.concatenate([x_t, h_prev], axis=1) @ np.concatenate([p["W_x"], p["W_h"]]) + p["b"]
    B, H = h_prev.shape
    a = both.reshape(B, 4, H).transpose(1, 0, 2)
    c_t = _sigmoid(a[1]) * c_prev + _sigmoid(a[0]) * np.tanh(a[2])
    h_t = _sigmoid(a[3]) * np.tanh(c_t)
    return h_t, c_t


def lstm_by_einsum(x_t, h_prev, c_prev, p):
    a_t = np.einsum("bd,dk->bk", x_t, p["W_x"]) + np.einsum("bh,hk->bk", h_prev, p["W_h"]) + p["b"]
    i_t, f_t, g_t, o_t = np.hsplit(a_t, 4)
    c_t = c_prev / (1 + np.exp(-f_t)) + np.tanh(g_t) / (1 + np.exp(-i_t))
    return [np.tanh(c_t) / (1 + np.exp(-o_t)), c_t]


def lstm_by_loops(x_t, h_prev, c_prev, p):
    (B, H), D = h_prev.shape, x_t.shape[1]
    h_t, c_t = np.empty((B, H)), np.empty((B, H))
    for b in range(B):
        a = [
            p["b"][k]
            + sum(x_t[b, d] * p["W_x"][d, k] for d in range(D))
            + sum(h_prev[b, j] * p["W_h"][j, k] for j in range(H))
            for k in range(4 * H)
        ]
        for j in range(H):
            i, f, o = (1 / (1 + math.exp(-a[k * H + j])) for k in (0, 1, 3))
            c_t[b, j] = f * c_prev[b, j] + i * math.tanh(a[2 * H + j])
            h_t[b, j] = o * math.tanh(c_t[b, j])
    return h_t, c_t


def lstm_scaled_sigmoids(x_t, h_prev, c_prev, p):
    """All four blocks through one tanh: sigmoid(a) = (1 + tanh(a/2)) / 2."""
    a_t, H = x_t @ p["W_x"] + h_prev @ p["W_h"] + p["b"], h_prev.shape[1]
    scale = np.repeat([0.5, 0.5, 1.0, 0.5], H)
    out = np.tanh(a_t * scale)
    i_t, f_t, o_t = (0.5 + 0.5 * out[:, k * H : (k + 1) * H] for k in (0, 1, 3))
    c_t = f_t * c_prev
    c_t += i_t * out[:, 2 * H : 3 * H]
    return o_t * np.tanh(c_t), c_t


def lstm_in_float32(x_t, h_prev, c_prev, p):
    p = {name: array.astype(np.float32) for name, array in p.items()}
    return lstm_stacked(*(a.astype(np.float32) for a in (x_t, h_prev, c_prev)), p)


def survival_by_sweep(f):
    left, found = np.ones_like(f[0]), []
    for f_t in f[::-1]:
        found.append(left)
        left = left * f_t
    return np.stack(found[::-1])


def survival_by_products(f):
    return np.stack([f[t + 1 :].prod(axis=0) for t in range(len(f))])


def survival_by_loops(f):
    T, B, H = f.shape
    left = np.ones((T, B, H))
    for t in range(T):
        for later in range(t + 1, T):
            for b in range(B):
                for j in range(H):
                    left[t, b, j] *= f[later, b, j]
    return left


def survival_by_logarithms(f):
    log = np.log(f)
    return np.exp(log.sum(axis=0) - log.cumsum(axis=0))


def survival_by_division(f):
    return f.prod(axis=0) / np.cumprod(f, axis=0)


def survival_by_shift(f):
    return np.cumprod(np.concatenate([f[1:], np.ones_like(f[:1])])[::-1], axis=0)[::-1]


def survival_in_float32(f):
    return survival_by_sweep(f.astype(np.float32))


def bias_by_slice(b, left, steps):
    H, f = len(b) // 4, left ** (1 / steps)
    b = b.copy()
    b[H : 2 * H] = -math.log(1 / f - 1)
    return b


def bias_by_split(b, left, steps):
    b_i, b_f, b_g, b_o = np.split(b, 4)
    f = np.power(left, 1 / steps)
    return np.concatenate([b_i, np.full_like(b_f, np.log(f) - np.log1p(-f)), b_g, b_o])


def bias_by_rows(b, left, steps):
    rows, f = b.reshape(4, -1).copy(), math.exp(math.log(left) / steps)
    rows[1] = 2 * math.atanh(2 * f - 1)
    return rows.ravel()


def bias_by_where(b, left, steps):
    f, block = left ** (1.0 / steps), np.arange(len(b)) // (len(b) // 4)
    return np.where(block == 1, np.log(f / (1 - f)), b)


def bias_by_bisection(b, left, steps):
    low, high = -20.0, 20.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if (1 / (1 + math.exp(-middle))) ** steps < left else (low, middle)
    found = np.array(b)
    found[len(b) // 4 : len(b) // 2] = low
    return found


def bias_in_float32(b, left, steps):
    return bias_by_split(b, left, steps).astype(np.float32)


def gru_from_candidate(x_t, h_prev, p):
    x_r, x_z, x_n = np.split(x_t @ p["W_x"] + p["b"], 3, axis=1)
    h_r, h_z, h_n = np.split(h_prev @ p["W_h"], 3, axis=1)
    n_t = np.tanh(x_n + _sigmoid(x_r + h_r) * (h_n + p["b_hn"]))
    return n_t + _sigmoid(x_z + h_z) * (h_prev - n_t)


def gru_block_by_block(x_t, h_prev, p):
    H = h_prev.shape[1]
    (Wr, Wz, Wn), (Ur, Uz, Un) = (np.hsplit(p[name], 3) for name in ("W_x", "W_h"))
    b_r, b_z, b_n = p["b"][:H], p["b"][H : 2 * H], p["b"][2 * H :]
    r_t = _sigmoid(x_t @ Wr + h_prev @ Ur + b_r)
    z_t = _sigmoid(x_t @ Wz + h_prev @ Uz + b_z)
    n_t = np.tanh(x_t @ Wn + b_n + r_t * (h_prev @ Un + p["b_hn"]))
    return (1 - z_t) * n_t + z_t * h_prev


def gru_by_einsum(x_t, h_prev, p):
    H, D = h_prev.shape[1], x_t.shape[1]
    x = np.einsum("bd,dkh->kbh", x_t, p["W_x"].reshape(D, 3, H)) + p["b"].reshape(3, 1, H)
    h = np.einsum("bj,jkh->kbh", h_prev, p["W_h"].reshape(H, 3, H))
    r_t, z_t = _sigmoid(x[:2] + h[:2])
    return (1 - z_t) * np.tanh(x[2] + r_t * h[2] + r_t * p["b_hn"]) + z_t * h_prev


def gru_by_loops(x_t, h_prev, p):
    (B, H), h_t = h_prev.shape, np.empty(h_prev.shape)
    for b in range(B):
        x, h = x_t[b] @ p["W_x"] + p["b"], h_prev[b] @ p["W_h"]
        for j in range(H):
            r, z = (1 / (1 + math.exp(-x[k * H + j] - h[k * H + j])) for k in (0, 1))
            n = math.tanh(x[2 * H + j] + r * (h[2 * H + j] + p["b_hn"][j]))
            h_t[b, j] = n - z * n + z * h_prev[b, j]
    return h_t


def gru_gates_together(x_t, h_prev, p):
    H = h_prev.shape[1]
    x, h = x_t @ p["W_x"] + p["b"], h_prev @ p["W_h"]
    gates = 0.5 + 0.5 * np.tanh((x + h)[:, : 2 * H] / 2)
    n_t = np.tanh(x[:, 2 * H :] + gates[:, :H] * (h[:, 2 * H :] + p["b_hn"]))
    return (1 - gates[:, H:]) * n_t + gates[:, H:] * h_prev


def gru_in_float32(x_t, h_prev, p):
    p = {name: array.astype(np.float32) for name, array in p.items()}
    return gru_from_candidate(x_t.astype(np.float32), h_prev.astype(np.float32), p)


def padded_by_where(step):
    def read(x, mask, h0, c0, p):
        h_t, c_t = h0, c0
        for t in range(len(x)):
            h_new, c_new = step(x[t], h_t, c_t, p)
            real = mask[t][:, None] == 1
            h_t, c_t = np.where(real, h_new, h_t), np.where(real, c_new, c_t)
        return h_t, c_t

    return read


def padded_by_mixing(x, mask, h0, c0, p):
    h_t, c_t = h0, c0
    for x_t, m_t in zip(x, mask, strict=True):
        h_new, c_new = lstm_stacked(x_t, h_t, c_t, p)
        m_t = m_t.reshape(-1, 1)
        h_t, c_t = m_t * h_new + (1 - m_t) * h_t, m_t * c_new + (1 - m_t) * c_t
    return h_t, c_t


def padded_one_by_one(x, mask, h0, c0, p):
    ends = []
    for b, length in enumerate(mask.sum(axis=0).astype(int)):
        state = h0[[b]], c0[[b]]
        for x_t in x[:length, [b]]:
            state = lstm_stacked(x_t, *state, p)
        ends.append(np.concatenate(state))
    h_T, c_T = np.stack(ends, axis=1)
    return h_T, c_T


def padded_rows_that_go_on(x, mask, h0, c0, p):
    h_t, c_t = h0.copy(), c0.copy()
    for x_t, m_t in zip(x, mask.astype(bool), strict=True):
        h_t[m_t], c_t[m_t] = lstm_stacked(x_t[m_t], h_t[m_t], c_t[m_t], p)
    return h_t, c_t


def padded_looked_up(x, mask, h0, c0, p):
    h, c = [h0], [c0]
    for x_t in x:
        h_t, c_t = lstm_by_einsum(x_t, h[-1], c[-1], p)
        h.append(h_t)
        c.append(c_t)
    last, rows = mask.sum(axis=0).astype(int), np.arange(mask.shape[1])
    return np.array(h)[last, rows], np.array(c)[last, rows]


def padded_in_float32(x, mask, h0, c0, p):
    p = {name: array.astype(np.float32) for name, array in p.items()}
    return padded_by_where(lstm_stacked)(*(a.astype(np.float32) for a in (x, mask, h0, c0)), p)


def undo_in_a_row(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    shown = np.tanh(c_t)
    dc = dc_t + dh_t * o_t * (1 - shown * shown)
    pieces = (
        dc * g_t * i_t * (1 - i_t),
        dc * c_prev * f_t * (1 - f_t),
        dc * i_t * (1 - g_t**2),
        dh_t * shown * o_t * (1 - o_t),
    )
    return np.hstack(pieces), dc * f_t


def undo_into_an_array(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    B, H = c_t.shape
    da_t, dc = np.empty((B, 4 * H)), dc_t + dh_t * o_t / np.cosh(c_t) ** 2
    da_t[:, :H] = dc * g_t * (i_t - i_t**2)
    da_t[:, H : 2 * H] = dc * c_prev * (f_t - f_t**2)
    da_t[:, 2 * H : 3 * H] = dc * i_t * (1 + g_t) * (1 - g_t)
    da_t[:, 3 * H :] = dh_t * np.tanh(c_t) * (o_t - o_t**2)
    return da_t, f_t * dc


def undo_by_loops(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    B, H = c_t.shape
    da_t, dc_prev = np.zeros((B, 4 * H)), np.zeros((B, H))
    for b in range(B):
        for j in range(H):
            i, f, g, o, shown = i_t[b, j], f_t[b, j], g_t[b, j], o_t[b, j], math.tanh(c_t[b, j])
            dc = dc_t[b, j] + dh_t[b, j] * o * (1 - shown**2)
            da_t[b, j] = dc * g * i * (1 - i)
            da_t[b, H + j] = dc * c_prev[b, j] * f * (1 - f)
            da_t[b, 2 * H + j] = dc * i * (1 - g**2)
            da_t[b, 3 * H + j] = dh_t[b, j] * shown * o * (1 - o)
            dc_prev[b, j] = dc * f
    return da_t, dc_prev


def undo_by_stack(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    dc = dc_t + dh_t * o_t * (1 - np.tanh(c_t) ** 2)
    values = np.stack([i_t, f_t, g_t, o_t])
    slopes = values * (1 - values)
    slopes[2] = 1 - g_t**2
    da = np.stack([dc * g_t, dc * c_prev, dc * i_t, dh_t * np.tanh(c_t)]) * slopes
    return da.transpose(1, 0, 2).reshape(len(c_t), -1), dc * f_t


def undo_in_float32(*arrays):
    return undo_in_a_row(*(a.astype(np.float32) for a in arrays))


VARIANTS = {
    "apply_gate": (
        gate_by_tanh,
        gate_by_division,
        gate_by_loops,
        gate_by_einsum,
        gate_by_what_is_held_back,
        gate_in_float32,
    ),
    "lstm_step": (
        lstm_block_by_block,
        lstm_stacked,
        lstm_by_einsum,
        lstm_by_loops,
        lstm_scaled_sigmoids,
        lstm_in_float32,
    ),
    "belt_survival": (
        survival_by_sweep,
        survival_by_products,
        survival_by_loops,
        survival_by_logarithms,
        survival_by_division,
        survival_by_shift,
        survival_in_float32,
    ),
    "remembering_bias": (
        bias_by_slice,
        bias_by_split,
        bias_by_rows,
        bias_by_where,
        bias_by_bisection,
        bias_in_float32,
    ),
    "gru_step": (
        gru_from_candidate,
        gru_block_by_block,
        gru_by_einsum,
        gru_by_loops,
        gru_gates_together,
        gru_in_float32,
    ),
    "read_padded": (
        padded_by_where(lstm_block_by_block),
        padded_by_where(lstm_by_loops),
        padded_by_mixing,
        padded_one_by_one,
        padded_rows_that_go_on,
        padded_looked_up,
        padded_in_float32,
    ),
    "undo_step": (
        undo_in_a_row,
        undo_into_an_array,
        undo_by_loops,
        undo_by_stack,
        undo_in_float32,
    ),
}
