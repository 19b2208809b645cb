"""Chapter 04: right answers written in other ways."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.utils import clip_grad_norm_

# PyTorch loads its optimizers on first use, which can take longer than a check allows.
torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0).step()

# ---------------------------------------------------------------- central differences


def nudged_copies(f, w, eps):
    slopes = np.empty(w.shape)
    for where in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[where] += eps
        down[where] -= eps
        slopes[where] = (f(up) - f(down)) / (2 * eps)
    return slopes


def nudged_in_place(f, w, eps):
    slopes = np.zeros_like(w)
    for where in np.ndindex(w.shape):
        kept = w[where]
        w[where] = kept + eps
        above = f(w)
        w[where] = kept - eps
        below = f(w)
        w[where] = kept
        slopes[where] = (above - below) / (2 * eps)
    return slopes


def nudged_there_and_back(f, w, eps):
    slopes = np.zeros_like(w)
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            w[i, j] += eps
            above = f(w)
            w[i, j] -= 2 * eps
            below = f(w)
            w[i, j] += eps
            slopes[i, j] = (above / 2 - below / 2) / eps
    return slopes


def nudged_flat(f, w, eps):
    nudges = eps * np.eye(w.size).reshape(w.size, *w.shape)
    return np.array([(f(w + n) - f(w - n)) / (2 * eps) for n in nudges]).reshape(w.shape)


def nudged_mean_of_sides(f, w, eps):
    slopes, here = np.zeros_like(w), f(w)
    for where in np.ndindex(w.shape):
        nudge = np.zeros_like(w)
        nudge[where] = eps
        slopes[where] = ((f(w + nudge) - here) / eps + (here - f(w - nudge)) / eps) / 2
    return slopes


def nudged_float32_result(f, w, eps):
    return nudged_copies(f, w, eps).astype(np.float32)


# ---------------------------------------------------------------- one step back


def step_by_rule(dh_t, x_t, h_prev, h_t, p):
    da_t = dh_t * (1 - h_t**2)
    grads = {"W_xh": x_t.T @ da_t, "W_hh": h_prev.T @ da_t, "b_h": da_t.sum(axis=0)}
    return da_t @ p["W_xh"].T, da_t @ p["W_hh"].T, grads


def step_by_letters(dh_t, x_t, h_prev, h_t, p):
    da_t = dh_t - dh_t * h_t * h_t
    grads = {
        "W_xh": np.einsum("bd,bh->dh", x_t, da_t),
        "W_hh": np.einsum("bk,bh->kh", h_prev, da_t),
        "b_h": np.einsum("bh->h", da_t),
    }
    return np.einsum("bh,dh->bd", da_t, p["W_xh"]), np.einsum("bh,kh->bk", da_t, p["W_hh"]), grads


def step_sequence_by_sequence(dh_t, x_t, h_prev, h_t, p):
    grads = {name: np.zeros_like(p[name]) for name in ("W_xh", "W_hh", "b_h")}
    dx_t, dh_prev = np.zeros_like(x_t), np.zeros_like(h_prev)
    for b in range(len(x_t)):
        da = dh_t[b] * (1 + h_t[b]) * (1 - h_t[b])
        dx_t[b], dh_prev[b] = p["W_xh"] @ da, p["W_hh"] @ da
        grads["W_xh"] += np.outer(x_t[b], da)
        grads["W_hh"] += np.outer(h_prev[b], da)
        grads["b_h"] += da
    return dx_t, dh_prev, grads


def step_stacked(dh_t, x_t, h_prev, h_t, p):
    D = x_t.shape[1]
    da_t = dh_t * (1 - h_t**2)
    both = np.concatenate([x_t, h_prev, np.ones((len(x_t), 1))], axis=1).T @ da_t
    back = da_t @ np.concatenate([p["W_xh"], p["W_hh"]]).T
    return [back[:, :D], back[:, D:], {"W_xh": both[:D], "W_hh": both[D:-1], "b_h": both[-1]}]


def step_in_float32(dh_t, x_t, h_prev, h_t, p):
    dh_t, x_t, h_prev, h_t = (a.astype(np.float32) for a in (dh_t, x_t, h_prev, h_t))
    return step_by_rule(dh_t, x_t, h_prev, h_t, {name: a.astype(np.float32) for name, a in p.items()})


# ---------------------------------------------------------------- the whole way back


def sweep(step):
    def backward(dh, x, h0, h, p):
        grads = {name: np.zeros_like(p[name]) for name in ("W_xh", "W_hh", "b_h")}
        dx, carry = np.zeros_like(x), np.zeros_like(h0)
        for t in reversed(range(len(x))):
            h_prev = h[t - 1] if t > 0 else h0
            dx[t], carry, share = step(dh[t] + carry, x[t], h_prev, h[t], p)
            for name in grads:
                grads[name] += share[name]
        return dx, carry, grads

    return backward


def sums_after_the_sweep(dh, x, h0, h, p):
    da, carry = np.zeros_like(dh), np.zeros_like(h0)
    for t in range(len(x) - 1, -1, -1):
        da[t] = (dh[t] + carry) * (1 - h[t] ** 2)
        carry = da[t] @ p["W_hh"].T
    before = np.concatenate([h0[None], h[:-1]])
    grads = {
        "W_xh": np.einsum("tbd,tbh->dh", x, da),
        "W_hh": np.tensordot(before, da, axes=((0, 1), (0, 1))),
        "b_h": da.sum(axis=(0, 1)),
    }
    return da @ p["W_xh"].T, carry, grads


def listed_and_turned(dh, x, h0, h, p):
    carry, found = 0, []
    for dh_t, x_t, h_prev, h_t in zip(dh[::-1], x[::-1], [*h[-2::-1], h0], h[::-1], strict=True):
        dx_t, carry, share = step_by_letters(dh_t + carry, x_t, h_prev, h_t, p)
        found.append((dx_t, share))
    grads = {name: sum(share[name] for _, share in found) for name in ("W_xh", "W_hh", "b_h")}
    return np.stack([dx_t for dx_t, _ in found[::-1]]), carry, grads


def a_round_for_every_loss(dh, x, h0, h, p):
    """Four rounds in place of one sweep, added up."""
    dx, dh0, grads = np.zeros_like(x), np.zeros_like(h0), {}
    for loss in range(len(x)):
        carry = dh[loss]
        for t in range(loss, -1, -1):
            dx_t, carry, share = step_by_rule(carry, x[t], h[t - 1] if t else h0, h[t], p)
            dx[t] += dx_t
            grads = {name: grads.get(name, 0) + share[name] for name in share}
        dh0 += carry
    return dx, dh0, grads


def recursive_sweep(dh, x, h0, h, p):
    if len(x) == 0:
        return x.copy(), np.zeros_like(h0), {name: np.zeros_like(p[name]) for name in ("W_xh", "W_hh", "b_h")}
    later_dx, carry, later = recursive_sweep(dh[1:], x[1:], h[0], h[1:], p)
    dx_t, dh_prev, share = step_by_rule(dh[0] + carry, x[0], h0, h[0], p)
    return (
        np.concatenate([dx_t[None], later_dx]),
        dh_prev,
        {name: share[name] + later[name] for name in share},
    )


def sweep_in_float32(dh, x, h0, h, p):
    arrays = (a.astype(np.float32) for a in (dh, x, h0, h))
    return sums_after_the_sweep(*arrays, {name: a.astype(np.float32) for name, a in p.items()})


# ---------------------------------------------------------------- patient F


def patient_by(backward):
    def mended(p, x, h, dh):
        _, dh0, grads = backward(dh, x, p["h0"], h, p)
        return {**grads, "h0": dh0}

    return mended


# ---------------------------------------------------------------- clipping


def clipped_by_min(grads, max_norm):
    norm = np.sqrt(sum(np.sum(g**2) for g in grads.values()))
    return {name: g * min(1.0, max_norm / norm) for name, g in grads.items()}


def clipped_by_if(grads, max_norm):
    norm = np.linalg.norm(np.concatenate([g.ravel() for g in grads.values()]))
    if norm <= max_norm:
        return {name: g.copy() for name, g in grads.items()}
    return {name: g / norm * max_norm for name, g in grads.items()}


def clipped_by_loops(grads, max_norm):
    total = 0.0
    for g in grads.values():
        for value in g.ravel():
            total += value * value
    factor = max_norm / total**0.5
    clipped = {}
    for name in grads:
        clipped[name] = grads[name] * factor if factor < 1 else grads[name].copy()
    return clipped


def clipped_by_norm_of_norms(grads, max_norm):
    norm = np.linalg.norm([np.linalg.norm(g) for g in grads.values()])
    return {name: g * max_norm / max(norm, max_norm) for name, g in grads.items()}


def clipped_by_dots(grads, max_norm):
    norm = float(np.sqrt(sum(np.vdot(g, g) for g in grads.values())))
    scale = max_norm / np.maximum(norm, max_norm)
    return dict(zip(grads, (scale * g for g in grads.values()), strict=True))


def clipped_in_float32(grads, max_norm):
    return clipped_by_min({name: g.astype(np.float32) for name, g in grads.items()}, max_norm)


# ---------------------------------------------------------------- truncation


def window_by_window(backward):
    def truncated(dh, x, h0, h, p, window):
        total = {name: np.zeros_like(p[name]) for name in ("W_xh", "W_hh", "b_h")}
        for start in range(0, len(x), window):
            now = slice(start, start + window)
            _, _, grads = backward(dh[now], x[now], h[start - 1] if start else h0, h[now], p)
            total = {name: total[name] + grads[name] for name in total}
        return total

    return truncated


def carry_dropped(dh, x, h0, h, p, window):
    grads = {name: np.zeros_like(p[name]) for name in ("W_xh", "W_hh", "b_h")}
    carry = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        if t % window == window - 1:
            carry = np.zeros_like(h0)
        _, carry, share = step_by_rule(dh[t] + carry, x[t], h[t - 1] if t > 0 else h0, h[t], p)
        grads = {name: grads[name] + share[name] for name in grads}
    return grads


def carry_dropped_after(dh, x, h0, h, p, window):
    da, carry = np.zeros_like(dh), 0.0
    for t in reversed(range(len(x))):
        da[t] = (dh[t] + carry) * (1 - h[t] ** 2)
        carry = da[t] @ p["W_hh"].T * (t % window != 0)
    before = np.concatenate([h0[None], h[:-1]])
    return {
        "W_xh": np.einsum("tbd,tbh->dh", x, da),
        "W_hh": np.einsum("tbk,tbh->kh", before, da),
        "b_h": da.sum((0, 1)),
    }


def cut_in_two(dh, x, h0, h, p, window):
    """The first window, and then the rest in the same way."""
    grads = sums_after_the_sweep(dh[:window], x[:window], h0, h[:window], p)[2]
    if len(x) <= window:
        return grads
    rest = cut_in_two(dh[window:], x[window:], h[window - 1], h[window:], p, window)
    return {name: grads[name] + rest[name] for name in grads}


def _torch_loop(x, y, p, window, lr, max_norm, body):
    """Run the exercise's loop in PyTorch; body(model, optimizer, loss, state) returns the state to go on with."""
    rnn = torch.nn.RNN(x.shape[2], p["rnn.weight_hh_l0"].shape[0])
    readout = torch.nn.Linear(rnn.hidden_size, len(p["readout.bias"]))
    model = torch.nn.ModuleDict({"rnn": rnn, "readout": readout}).double()
    model.load_state_dict({name: torch.tensor(array) for name, array in p.items()})
    optimizer, state, losses = torch.optim.SGD(model.parameters(), lr=lr), None, []
    for x_now, y_now in zip(torch.tensor(x).split(window), torch.tensor(y).split(window), strict=True):
        h, state = rnn(x_now, state)
        loss = torch.nn.functional.cross_entropy(readout(h).flatten(0, 1), y_now.flatten())
        losses.append(loss.item())
        state = body(model, optimizer, loss, state)
    return np.array(losses), {name: tensor.numpy().copy() for name, tensor in model.state_dict().items()}


def in_the_usual_order(x, y, p, window, lr, max_norm):
    def body(model, optimizer, loss, state):
        optimizer.zero_grad()
        loss.backward()
        clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        return state.detach()

    return _torch_loop(x, y, p, window, lr, max_norm, body)


def cleared_after_the_update(x, y, p, window, lr, max_norm):
    def body(model, optimizer, loss, state):
        loss.backward()
        clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        return state.detach().clone()

    return _torch_loop(x, y, p, window, lr, max_norm, body)


def detached_first(x, y, p, window, lr, max_norm):
    def body(model, optimizer, loss, state):
        model.zero_grad()
        carried = state.data
        loss.backward()
        clip_grad_norm_(list(model.parameters()), max_norm=max_norm, norm_type=2)
        optimizer.step()
        return carried

    return _torch_loop(x, y, p, window, lr, max_norm, body)


def clipped_by_hand(x, y, p, window, lr, max_norm):
    def body(model, optimizer, loss, state):
        optimizer.zero_grad()
        loss.backward()
        grads = [parameter.grad for parameter in model.parameters()]
        norm = torch.cat([g.flatten() for g in grads]).norm()
        for g in grads:
            g *= min(1.0, max_norm / norm.item())
        optimizer.step()
        return state.detach()

    return _torch_loop(x, y, p, window, lr, max_norm, body)


def updated_by_hand(x, y, p, window, lr, max_norm):
    def body(model, optimizer, loss, state):
        parameters = list(model.parameters())
        grads = torch.autograd.grad(loss, parameters)
        norm = sum((g**2).sum() for g in grads) ** 0.5
        with torch.no_grad():
            for parameter, g in zip(parameters, grads, strict=True):
                parameter -= lr * g * min(1.0, max_norm / float(norm))
        return state.detach()

    losses, trained = _torch_loop(x, y, p, window, lr, max_norm, body)
    return losses, dict(reversed(trained.items()))


VARIANTS = {
    "central_differences": (
        nudged_copies,
        nudged_in_place,
        nudged_there_and_back,
        nudged_flat,
        nudged_mean_of_sides,
        nudged_float32_result,
    ),
    "rnn_step_backward": (
        step_by_rule,
        step_by_letters,
        step_sequence_by_sequence,
        step_stacked,
        step_in_float32,
    ),
    "rnn_backward": (
        sweep(step_by_rule),
        sweep(step_stacked),
        sums_after_the_sweep,
        listed_and_turned,
        a_round_for_every_loss,
        recursive_sweep,
        sweep_in_float32,
    ),
    "mended_f": (
        patient_by(sweep(step_by_rule)),
        patient_by(sums_after_the_sweep),
        patient_by(a_round_for_every_loss),
        patient_by(recursive_sweep),
        patient_by(sweep_in_float32),
    ),
    "clip_gradients": (
        clipped_by_min,
        clipped_by_if,
        clipped_by_loops,
        clipped_by_norm_of_norms,
        clipped_by_dots,
        clipped_in_float32,
    ),
    "truncated_backward": (
        window_by_window(sweep(step_by_rule)),
        window_by_window(sums_after_the_sweep),
        carry_dropped,
        carry_dropped_after,
        cut_in_two,
        window_by_window(sweep_in_float32),
    ),
    "train_in_torch": (
        in_the_usual_order,
        cleared_after_the_update,
        detached_first,
        clipped_by_hand,
        updated_by_hand,
    ),
}
