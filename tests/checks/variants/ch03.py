"""Chapter 03: right answers written in other ways."""

from __future__ import annotations

import math

import numpy as np


def by_names(x_t, h_prev, p):
    return np.tanh(
        np.einsum("bd,dh->bh", x_t, p["W_xh"]) + np.einsum("bk,kh->bh", h_prev, p["W_hh"]) + p["b_h"]
    )


def by_loops(x_t, h_prev, p):
    B, H = h_prev.shape
    h_t = np.empty((B, H))
    for b in range(B):
        for j in range(H):
            a = p["b_h"][j]
            for d in range(x_t.shape[1]):
                a += x_t[b, d] * p["W_xh"][d, j]
            for k in range(H):
                a += h_prev[b, k] * p["W_hh"][k, j]
            h_t[b, j] = math.tanh(a)
    return h_t


def stacked(x_t, h_prev, p):
    both = np.concatenate([x_t, h_prev], axis=1) @ np.concatenate([p["W_xh"], p["W_hh"]])
    return np.tanh(both + p["b_h"])


def by_columns(x_t, h_prev, p):
    return np.tanh(p["W_xh"].T @ x_t.T + p["W_hh"].T @ h_prev.T + p["b_h"][:, None]).T


def half(x_t, h_prev, p):
    p = {name: array.astype(np.float32) for name, array in p.items()}
    return by_names(x_t.astype(np.float32), h_prev.astype(np.float32), p)


def by_exp(x_t, h_prev, p):
    e = np.exp(2 * (x_t @ p["W_xh"] + h_prev @ p["W_hh"] + p["b_h"]))
    return 1 - 2 / (e + 1)


def over_steps(step):
    def forward(x, h0, p):
        h = np.empty((len(x), *h0.shape))
        for t in range(len(x)):
            h[t] = step(x[t], h[t - 1] if t else h0, p)
        return h

    return forward


def projected_first(x, h0, p):
    a, h = x @ p["W_xh"] + p["b_h"], [h0]
    for a_t in a:
        h.append(np.tanh(a_t + h[-1] @ p["W_hh"]))
    return np.array(h[1:])


def recursive(x, h0, p):
    if len(x) == 1:
        return stacked(x[0], h0, p)[None]
    before = recursive(x[:-1], h0, p)
    return np.concatenate([before, stacked(x[-1], before[-1], p)[None]])


def sequence_by_sequence(x, h0, p):
    alone = [projected_first(x[:, [b]], h0[[b]], p) for b in range(x.shape[1])]
    return np.concatenate(alone, axis=1)


def in_float32(x, h0, p):
    return over_steps(half)(x.astype(np.float32), h0, p).astype(np.float32)


def torch_transposed(weight_ih, weight_hh, bias_ih, bias_hh):
    return {"b_h": np.add(bias_hh, bias_ih), "W_hh": np.transpose(weight_hh), "W_xh": np.transpose(weight_ih)}


def by_swapaxes(weight_ih, weight_hh, bias_ih, bias_hh):
    W = np.concatenate([weight_ih, weight_hh], axis=1).swapaxes(0, 1)
    D = weight_ih.shape[1]
    return dict(W_xh=W[:D].copy(), W_hh=W[D:].copy(), b_h=sum([bias_ih, bias_hh]))


def by_einsum(weight_ih, weight_hh, bias_ih, bias_hh):
    W_xh, W_hh = (np.einsum("ij->ji", W) for W in (weight_ih, weight_hh))
    return {"W_xh": W_xh, "W_hh": W_hh, "b_h": np.stack([bias_ih, bias_hh]).sum(axis=0)}


def entry_by_entry(weight_ih, weight_hh, bias_ih, bias_hh):
    H, D = weight_ih.shape
    W_xh, W_hh = np.zeros((D, H)), np.zeros((H, H))
    for j in range(H):
        for d in range(D):
            W_xh[d, j] = weight_ih[j, d]
        for k in range(H):
            W_hh[k, j] = weight_hh[j, k]
    return {"W_xh": W_xh, "W_hh": W_hh, "b_h": bias_ih + bias_hh}


def smaller_floats(weight_ih, weight_hh, bias_ih, bias_hh):
    found = torch_transposed(weight_ih, weight_hh, bias_ih, bias_hh)
    return {name: array.astype(np.float32) for name, array in found.items()}


def by_arrays(D, H, K):
    weights = [np.zeros((D, H)), np.zeros((H, H)), np.zeros((H, K))]
    return sum(W.size for W in weights), sum(b.size for b in (np.zeros(H), np.zeros(K)))


def by_prod(D, H, K):
    return np.prod([D, H]) + np.prod([H, H]) + np.prod([H, K]), np.add(H, K)


def as_a_list(D, H, K):
    return [H * (D + H + K), K + H]


def by_units(D, H, K):
    heard = sum(D + H for _ in range(H))
    return heard + sum(H for _ in range(K)), len([*range(H), *range(K)])


def as_numpy_numbers(D, H, K):
    weights, biases = as_a_list(D, H, K)
    return int(float(weights)), np.int32(biases)


def by_enumerate(h, lengths):
    return np.stack([h[n - 1, b] for b, n in enumerate(lengths)])


def by_take_along(h, lengths):
    return np.take_along_axis(h, (lengths - 1)[None, :, None], axis=0)[0]


def by_mask(h, lengths):
    last = np.arange(len(h))[:, None] == lengths - 1
    return (h * last[..., None]).sum(axis=0)


def by_slices(h, lengths):
    found = np.zeros(h.shape[1:])
    for b in range(h.shape[1]):
        found[b] = h[: lengths[b], b][-1]
    return found


def by_one_hot(h, lengths):
    return np.einsum("tbh,bt->bh", h.astype(np.float32), np.eye(len(h), dtype=np.float32)[lengths - 1])


def softmax(s):
    e = np.exp(s)
    return e / e.sum(axis=1, keepdims=True)


def three_lines(x, p):
    said = np.zeros((x.shape[1], len(p["b_y"])))
    all_said = []
    for x_t in x:
        h_t = np.tanh(x_t @ p["W_xh"] + said @ p["W_yh"] + p["b_h"])
        said = softmax(h_t @ p["W_hy"] + p["b_y"])
        all_said.append(said)
    return np.array(all_said)


def filled(x, p):
    T, B, K = len(x), x.shape[1], p["b_y"].size
    y = np.zeros((T + 1, B, K))
    for t in range(T):
        h_t = np.tanh(
            np.concatenate([x[t], y[t - 1 if t else T]], axis=1) @ np.vstack([p["W_xh"], p["W_yh"]])
            + p["b_h"]
        )
        y[t] = softmax(h_t @ p["W_hy"] + p["b_y"])
    return y[:T]


def one_by_one(x, p):
    return np.concatenate([three_lines(x[:, [b]], p) for b in range(x.shape[1])], axis=1)


def jordan_recursive(x, p):
    def said(t):
        before = said(t - 1) if t else np.zeros((x.shape[1], len(p["b_y"])))
        h_t = np.tanh(x[t] @ p["W_xh"] + before @ p["W_yh"] + p["b_h"])
        return softmax(h_t @ p["W_hy"] + p["b_y"])

    return np.stack([said(t) for t in range(len(x))])


def jordan_float32(x, p):
    return three_lines(x.astype(np.float32), {name: array.astype(np.float32) for name, array in p.items()})


def chosen_by_where(x, h0, mask, p):
    h = [h0]
    for t in range(len(x)):
        h.append(np.where(mask[t][:, None] == 1, by_names(x[t], h[-1], p), h[-1]))
    return np.array(h[1:])


def written_where_real(x, h0, mask, p):
    h = np.empty((len(x), *h0.shape))
    h_t = h0.copy()
    for t, real in enumerate(mask.astype(bool)):
        h_t[real] = by_names(x[t][real], h_t[real], p)
        h[t] = h_t
    return h


def each_sequence_alone(x, h0, mask, p):
    h = np.empty((len(x), *h0.shape))
    for b in range(x.shape[1]):
        h_t = h0[b : b + 1]
        for t in range(len(x)):
            if mask[t, b]:
                h_t = by_names(x[t, b : b + 1], h_t, p)
            h[t, b] = h_t[0]
    return h


def moved_by_the_difference(x, h0, mask, p):
    h_t, h = h0, []
    for x_t, m_t in zip(x, mask, strict=True):
        h_t = h_t + m_t[:, None] * (by_names(x_t, h_t, p) - h_t)
        h.append(h_t)
    return np.array(h, order="F")


def masked_in_float32(x, h0, mask, p):
    p = {name: array.astype(np.float32) for name, array in p.items()}
    return chosen_by_where(x.astype(np.float32), h0.astype(np.float32), mask.astype(np.float32), p)


def masked_recursive(x, h0, mask, p):
    def state(t):
        if t < 0:
            return h0
        before, m_t = state(t - 1), mask[t].reshape(-1, 1)
        return m_t * by_names(x[t], before, p) + (1 - m_t) * before

    return np.stack([state(t) for t in range(len(x))])


VARIANTS = {
    "rnn_step": (by_names, by_loops, stacked, by_columns, half, by_exp),
    "rnn_forward": (
        over_steps(by_names),
        over_steps(by_loops),
        projected_first,
        recursive,
        sequence_by_sequence,
        in_float32,
    ),
    "from_pytorch": (torch_transposed, by_swapaxes, by_einsum, entry_by_entry, smaller_floats),
    "count_numbers": (by_arrays, by_prod, as_a_list, by_units, as_numpy_numbers),
    "last_states": (by_enumerate, by_take_along, by_mask, by_slices, by_one_hot),
    "masked_forward": (
        chosen_by_where,
        written_where_real,
        each_sequence_alone,
        moved_by_the_difference,
        masked_in_float32,
        masked_recursive,
    ),
    "mended_states": (
        over_steps(stacked),
        projected_first,
        recursive,
        sequence_by_sequence,
        in_float32,
    ),
    "jordan_forward": (three_lines, filled, one_by_one, jordan_recursive, jordan_float32),
}
