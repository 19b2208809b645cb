"""The time loops of layers.py again, for the plain cells alone, fast.

A forward sweep returns the trace: everything its backward sweep needs, each tensor (T, B, ·). A backward sweep
returns the gradients of the inputs, of the initial states and of the parameters.
`real` (T, B, 1) says which steps are real: at padding the state stays what it was. None: all of them are.
Backpropagation through time: Werbos (1990), doi:10.1109/5.58337.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch

from rnncourse.arguments import require_choice
from rnncourse.in_both.cells import Cell
from rnncourse.in_torch.activations import ACTIVATIONS, Activation
from rnncourse.in_torch.base import Tensors
from rnncourse.in_torch.cells import GRUCell, LSTMCell, RNNCell
from rnncourse.in_torch.fast.graphs import run
from rnncourse.in_torch.fast.ways import LSTM_WAYS, lstm_way

States = tuple[torch.Tensor, ...]
Trace = dict[str, torch.Tensor]


class Sweeps(NamedTuple):
    """A forward sweep, its backward sweep, and whether they are worth a CUDA graph: many small operations."""

    forward: Callable
    backward: Callable
    record: bool = True


class FastLoop:
    """The sweeps of a plain cell with the face of layers.Loop; on a GPU, each is one CUDA graph for each shape."""

    def __init__(self, cell: Cell, sweeps: Sweeps):
        self.cell, self.sweeps = cell, sweeps

    def forward(self, x: torch.Tensor, first: States, p: Tensors, real: torch.Tensor | None) -> Trace:
        """Return the trace: x, the initial states and all that the steps make."""
        firsts = tuple(f"{name}0" for name in self.cell.states)
        initial = {"x": x, **dict(zip(firsts, first, strict=True))}
        given = {**initial, **p, **({} if real is None else {"real": real})}

        def compute(t: Trace) -> Trace:
            made = self.sweeps.forward(t["x"], *(t[name] for name in firsts), t, t.get("real"))
            return {name: tensor for name, tensor in made.items() if name not in given}

        return initial | run(self.sweeps.forward, compute, given, self.sweeps.record)

    def backward(
        self, trace: Trace, dh: torch.Tensor, d_last: States, p: Tensors, real: torch.Tensor | None
    ) -> tuple[torch.Tensor, States, Trace]:
        """Return dx, the gradients of the initial states and those of the parameters."""
        lasts = tuple(f"d{name}_T" for name in self.cell.states)
        given = {**trace, **p, **({} if real is None else {"real": real}), "dh": dh}
        given |= dict(zip(lasts, d_last, strict=True))

        def compute(t: Trace) -> Trace:
            dx, *states, grads = self.sweeps.backward(
                t, t["dh"], *(t[name] for name in lasts), t, t.get("real")
            )
            return {"dx": dx, **dict(zip(lasts, states, strict=True)), **grads}

        found = run(self.sweeps.backward, compute, given, self.sweeps.record)
        return found["dx"], tuple(found[name] for name in lasts), {name: found[name] for name in p}


def rnn_forward(
    x: torch.Tensor, h0: torch.Tensor, p: Tensors, real: torch.Tensor | None, activation: Activation
) -> Trace:
    """Return the trace (a, h) of h_t = phi(x_t @ W_xh + h_prev @ W_hh + b_h)."""
    a = _from_inputs(x, p["W_xh"], p["b_h"])
    h = torch.empty_like(a)
    h_prev = h0
    for t in range(len(x)):
        a[t].addmm_(h_prev, p["W_hh"])
        h[t] = _hold(activation.phi(a[t]), h_prev, real, t)
        h_prev = h[t]
    return {"x": x, "h0": h0, "a": a, "h": h}


def rnn_backward(
    trace: Trace,
    dh: torch.Tensor,
    dh_T: torch.Tensor,
    p: Tensors,
    real: torch.Tensor | None,
    activation: Activation,
) -> tuple[torch.Tensor, torch.Tensor, Trace]:
    """Return dx, dh0 and the gradients of W_xh, W_hh and b_h."""
    slope = activation.phi_prime(trace["a"])
    da, nothing = torch.empty_like(slope), torch.zeros_like(dh_T)
    for t in reversed(range(len(da))):
        # from this step's output and from the step after
        dh_t, held = _release(dh[t] + dh_T, nothing, real, t)
        torch.mul(dh_t, slope[t], out=da[t])  # undo phi
        dh_T = torch.addmm(held, da[t], p["W_hh"].T)  # undo h_prev @ W_hh
    h_prev = _before(trace["h0"], trace["h"])
    grads = {"W_xh": _over_time(trace["x"], da), "W_hh": _over_time(h_prev, da), "b_h": da.sum(dim=(0, 1))}
    return da @ p["W_xh"].T, dh_T, grads


def lstm_forward(
    x: torch.Tensor, h0: torch.Tensor, c0: torch.Tensor, p: Tensors, real: torch.Tensor | None, way: str
) -> Trace:
    """Return the trace (i, f, g, o, c, h) of the LSTM's equations; see cells.lstm_step."""
    a = _from_inputs(x, p["W_x"], p["b"])  # the gates take the place of their pre-activations
    i, f, g, o = a.chunk(4, dim=2)
    c, h = i.new_empty(i.shape), i.new_empty(i.shape)
    loop, _ = _lstm_loops(way)
    loop(a, p["W_h"], h0, c0, real, c, h)
    return {"x": x, "h0": h0, "c0": c0, "i": i, "f": f, "g": g, "o": o, "c": c, "h": h}


def lstm_backward(
    trace: Trace,
    dh: torch.Tensor,
    dh_T: torch.Tensor,
    dc_T: torch.Tensor,
    p: Tensors,
    real: torch.Tensor | None,
    way: str,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, Trace]:
    """Return dx, dh0, dc0 and the gradients of W_x, W_h and b; see cells.lstm_step_backward."""
    gates, h_prev = tuple(trace[name] for name in "ifgo"), _before(trace["h0"], trace["h"])
    _, loop_back = _lstm_loops(way)
    da, dh0, dc0 = loop_back(gates, p["W_h"], trace["c"], trace["c0"], real, dh, dh_T, dc_T)
    grads = {"W_x": _over_time(trace["x"], da), "W_h": _over_time(h_prev, da), "b": da.sum(dim=(0, 1))}
    return da @ p["W_x"].T, dh0, dc0, grads


def _lstm_loops(way: str) -> tuple[Callable, Callable]:
    """Return the loop over steps and the one back, as one of LSTM_WAYS; kernels.py says what each does."""
    if way == "plain":
        return _lstm_loop, _lstm_loop_back
    from rnncourse.in_torch.fast import kernels  # needs Triton, which not every installation has

    return kernels.LOOPS[way]


def _lstm_loop(
    a: torch.Tensor,
    W_h: torch.Tensor,
    h0: torch.Tensor,
    c0: torch.Tensor,
    real: torch.Tensor | None,
    c: torch.Tensor,
    h: torch.Tensor,
) -> None:
    """Turn the inputs' share a (T, B, 4H) into gates, in place, and fill c and h (T, B, H)."""
    i, f, g, o = a.chunk(4, dim=2)
    i_and_f = a[:, :, : 2 * h.shape[2]]
    h_prev, c_prev = h0, c0
    for t in range(len(a)):
        a[t].addmm_(h_prev, W_h)
        i_and_f[t].sigmoid_()
        g[t].tanh_()
        o[t].sigmoid_()
        c[t] = _hold(torch.addcmul(f[t] * c_prev, i[t], g[t]), c_prev, real, t)
        h[t] = _hold(o[t] * torch.tanh(c[t]), h_prev, real, t)
        h_prev, c_prev = h[t], c[t]


def _lstm_loop_back(
    gates: tuple[torch.Tensor, ...],
    W_h: torch.Tensor,
    c: torch.Tensor,
    c0: torch.Tensor,
    real: torch.Tensor | None,
    dh: torch.Tensor,
    dh_T: torch.Tensor,
    dc_T: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return da (T, B, 4H), dh0 and dc0."""
    T, B, H = c.shape
    (i, f, g, o), c_prev = gates, _before(c0, c)
    tanh_c = torch.tanh(c)
    through_h = o * (1 - tanh_c**2)
    slope_c = torch.stack([g * i * (1 - i), c_prev * f * (1 - f), i * (1 - g**2)], dim=2)
    slope_o = tanh_c * o * (1 - o)
    da, nothing = c.new_empty(T, B, 4, H), torch.zeros_like(dh_T)
    for t in reversed(range(T)):
        dh_t, held_h = _release(dh[t] + dh_T, nothing, real, t)
        dc_t, held_c = _release(dc_T, nothing, real, t)
        dc_t = torch.addcmul(dc_t, dh_t, through_h[t])
        torch.mul(dc_t[:, None], slope_c[t], out=da[t, :, :3])
        torch.mul(dh_t, slope_o[t], out=da[t, :, 3])
        dc_T = torch.addcmul(held_c, dc_t, f[t])
        dh_T = torch.addmm(held_h, da[t].view(B, 4 * H), W_h.T)
    return da.view(T, B, 4 * H), dh_T, dc_T


def gru_forward(x: torch.Tensor, h0: torch.Tensor, p: Tensors, real: torch.Tensor | None) -> Trace:
    """Return the trace (r, z, n, q, h) of the GRU's equations; see cells.gru_step."""
    a = _from_inputs(x, p["W_x"], p["b"])
    r, z, n = a.chunk(3, dim=2)
    q, h = r.new_empty(r.shape), r.new_empty(r.shape)
    H = h.shape[2]
    r_and_z = a[:, :, : 2 * H]
    h_prev = h0
    for t in range(len(x)):
        from_h = h_prev @ p["W_h"]
        r_and_z[t].add_(from_h[:, : 2 * H]).sigmoid_()
        torch.add(from_h[:, 2 * H :], p["b_hn"], out=q[t])
        n[t].addcmul_(r[t], q[t]).tanh_()
        h[t] = _hold(torch.lerp(n[t], h_prev, z[t]), h_prev, real, t)  # (1 - z) * n + z * h_prev
        h_prev = h[t]
    return {"x": x, "h0": h0, "r": r, "z": z, "n": n, "q": q, "h": h}


def gru_backward(
    trace: Trace, dh: torch.Tensor, dh_T: torch.Tensor, p: Tensors, real: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor, Trace]:
    """Return dx, dh0 and the gradients of W_x, W_h, b and b_hn; see cells.gru_step_backward."""
    r, z, n, q = (trace[name] for name in ("r", "z", "n", "q"))
    h_prev = _before(trace["h0"], trace["h"])
    T, B, H = r.shape
    slope_n = (1 - z) * (1 - n**2)
    slope_z = (h_prev - n) * z * (1 - z)
    slope_r = slope_n * q * r * (1 - r)
    slope = torch.stack([slope_r, slope_z, slope_n * r, slope_n], dim=2)
    da = torch.empty_like(slope)  # blocks r, z, q, n: the state's share is the first three
    nothing = torch.zeros_like(dh_T)
    for t in reversed(range(T)):
        dh_t, held = _release(dh[t] + dh_T, nothing, real, t)
        torch.mul(dh_t[:, None], slope[t], out=da[t])
        dh_T = torch.addmm(torch.addcmul(held, dh_t, z[t]), da[t, :, :3].reshape(B, 3 * H), p["W_h"].T)
    da = da.view(T, B, 4 * H)
    for_h = da[:, :, : 3 * H]
    for_x = torch.cat([da[:, :, : 2 * H], da[:, :, 3 * H :]], dim=2)
    grads = {
        "W_x": _over_time(trace["x"], for_x),
        "W_h": _over_time(h_prev, for_h),
        "b": for_x.sum(dim=(0, 1)),
        "b_hn": for_h[:, :, 2 * H :].sum(dim=(0, 1)),
    }
    return for_x @ p["W_x"].T, dh_T, grads


def _from_inputs(x: torch.Tensor, W: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return the inputs' share of all steps' pre-activations, in one product."""
    T, B, D = x.shape
    return torch.addmm(b, x.reshape(T * B, D), W).view(T, B, -1)


def _hold(new: torch.Tensor, old: torch.Tensor, real: torch.Tensor | None, t: int) -> torch.Tensor:
    """Return the new state where step t is real, the old one where it is padding."""
    return new if real is None else torch.where(real[t], new, old)


def _release(
    gradient: torch.Tensor, nothing: torch.Tensor, real: torch.Tensor | None, t: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Undo _hold: return what goes into step t and what passes it by. `nothing`: zeros of the same shape."""
    if real is None:
        return gradient, nothing
    return torch.where(real[t], gradient, nothing), torch.where(real[t], nothing, gradient)


def _before(first: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
    """Return the state before each step (T, B, H): the initial one, then all but the last."""
    return torch.cat([first[None], states[:-1]])


def _over_time(before: torch.Tensor, da: torch.Tensor) -> torch.Tensor:
    """Return the gradient of a weight matrix: the same weights at every step, so a sum over steps and batch."""
    return before.reshape(-1, before.shape[2]).T @ da.reshape(-1, da.shape[2])


RNN_SWEEPS = {
    phi: Sweeps(partial(rnn_forward, activation=activation), partial(rnn_backward, activation=activation))
    for phi, activation in ACTIVATIONS.items()
}
LSTM_SWEEPS = {
    way: Sweeps(partial(lstm_forward, way=way), partial(lstm_backward, way=way), record=way != "sequence")
    for way in LSTM_WAYS
}
GRU_SWEEPS = Sweeps(gru_forward, gru_backward)


def fast_loop(cell: Cell, way: str, h0: torch.Tensor) -> FastLoop | None:
    """Return the fast loop of a plain cell, None for other cells.

    way: one of LSTM_WAYS. h0 (B, H) has the sizes, the dtype and the device.
    """
    if type(cell) is RNNCell:
        return FastLoop(cell, RNN_SWEEPS[cell.phi])
    if type(cell) is LSTMCell:
        way = lstm_way(require_choice("way", way, LSTM_WAYS), h0.shape[1], h0.dtype, h0.device)
        return FastLoop(cell, LSTM_SWEEPS[way])
    return FastLoop(cell, GRU_SWEEPS) if type(cell) is GRUCell else None
