"""One time step on tensors, forward and backward: each line is one equation, and autograd can follow it.

A backward step undoes its forward step line by line, in reverse, and returns the gradients of everything that
went in: the input, the state, the parameters. The classes at the end give each kind of step one interface: a cell,
which a layer repeats over time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch

from rnncourse.in_both.cells import (
    GRUParts,
    LSTMParts,
    RNNParts,
    check_biases,
    check_gated_step,
    check_like_state,
    check_step,
)
from rnncourse.in_torch.activations import ACTIVATIONS, sigmoid, tanh, tanh_prime

Parameters = Mapping[str, torch.Tensor]
Gradients = dict[str, torch.Tensor]
State = tuple[torch.Tensor, ...]
Function = Callable[[torch.Tensor], torch.Tensor]


def rnn_step(x_t: torch.Tensor, h_prev: torch.Tensor, p: Parameters, phi: Function = tanh) -> torch.Tensor:
    """Return h_t (B, H) from x_t (B, D) and h_prev (B, H).

    p holds W_xh (D, H), W_hh (H, H) and b_h (H,). Raises InputError where shapes do not fit.
    Source: Elman (1990), doi:10.1207/s15516709cog1402_1.
    """
    check_step(x_t, h_prev, p)
    a_t = x_t @ p["W_xh"] + h_prev @ p["W_hh"] + p["b_h"]
    return phi(a_t)


def rnn_step_backward(
    dh_t: torch.Tensor,
    x_t: torch.Tensor,
    h_prev: torch.Tensor,
    p: Parameters,
    phi_prime: Function = tanh_prime,
) -> tuple[torch.Tensor, torch.Tensor, Gradients]:
    """Return dx_t (B, D), dh_prev (B, H) and the parameters' gradients of one rnn_step, given dh_t (B, H).

    Source: Werbos (1990), doi:10.1109/5.58337.
    """
    check_step(x_t, h_prev, p)
    check_like_state(h_prev, dh_t=dh_t)
    a_t = x_t @ p["W_xh"] + h_prev @ p["W_hh"] + p["b_h"]
    da_t = dh_t * phi_prime(a_t)  # undo phi
    dx_t = da_t @ p["W_xh"].T  # undo x_t @ W_xh, towards x_t
    dh_prev = da_t @ p["W_hh"].T  # undo h_prev @ W_hh, towards h_prev
    grads = {"W_xh": x_t.T @ da_t, "W_hh": h_prev.T @ da_t, "b_h": da_t.sum(dim=0)}
    return dx_t, dh_prev, grads


def lstm_step(
    x_t: torch.Tensor, h_prev: torch.Tensor, c_prev: torch.Tensor, p: Parameters
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return h_t and c_t (B, H) from x_t (B, D), h_prev and c_prev (B, H).

    p holds W_x (D, 4H), W_h (H, 4H) and b (4H,), in blocks i, f, g, o. Raises InputError where shapes do not fit.
    Source: Hochreiter and Schmidhuber (1997), doi:10.1162/neco.1997.9.8.1735, with the forget gate of
    Gers, Schmidhuber and Cummins (2000), doi:10.1162/089976600300015015.
    """
    i_t, f_t, g_t, o_t = lstm_gates(x_t, h_prev, p)
    check_like_state(h_prev, c_prev=c_prev)
    c_t = f_t * c_prev + i_t * g_t
    h_t = o_t * torch.tanh(c_t)
    return h_t, c_t


def lstm_gates(x_t: torch.Tensor, h_prev: torch.Tensor, p: Parameters) -> tuple[torch.Tensor, ...]:
    """Return i_t, f_t, g_t and o_t (B, H) of one lstm_step."""
    check_gated_step(x_t, h_prev, p, blocks=4)
    check_biases(h_prev, p, b=4)
    a_t = x_t @ p["W_x"] + h_prev @ p["W_h"] + p["b"]
    a_i, a_f, a_g, a_o = a_t.chunk(4, dim=1)
    i_t = sigmoid(a_i)
    f_t = sigmoid(a_f)
    g_t = torch.tanh(a_g)
    o_t = sigmoid(a_o)
    return i_t, f_t, g_t, o_t


def lstm_step_backward(
    dh_t: torch.Tensor,
    dc_t: torch.Tensor,
    x_t: torch.Tensor,
    h_prev: torch.Tensor,
    c_prev: torch.Tensor,
    p: Parameters,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, Gradients]:
    """Return dx_t (B, D), dh_prev, dc_prev (B, H) and the parameters' gradients of one lstm_step.

    dh_t, dc_t (B, H): the gradients of what the step returned; the path through h_t is added to dc_t here.
    """
    i_t, f_t, g_t, o_t = lstm_gates(x_t, h_prev, p)
    check_like_state(h_prev, c_prev=c_prev, dh_t=dh_t, dc_t=dc_t)
    tanh_c = torch.tanh(f_t * c_prev + i_t * g_t)
    do_t = dh_t * tanh_c  # undo o_t * tanh(c_t), towards o_t
    dc_t = dc_t + dh_t * o_t * (1 - tanh_c**2)  # undo o_t * tanh(c_t), towards c_t
    df_t = dc_t * c_prev  # undo f_t * c_prev, towards f_t
    dc_prev = dc_t * f_t  # undo f_t * c_prev, towards c_prev
    di_t = dc_t * g_t  # undo i_t * g_t, towards i_t
    dg_t = dc_t * i_t  # undo i_t * g_t, towards g_t
    da_i = di_t * i_t * (1 - i_t)  # undo sigmoid
    da_f = df_t * f_t * (1 - f_t)  # undo sigmoid
    da_g = dg_t * (1 - g_t**2)  # undo tanh
    da_o = do_t * o_t * (1 - o_t)  # undo sigmoid
    da_t = torch.cat([da_i, da_f, da_g, da_o], dim=1)  # undo the split
    dx_t = da_t @ p["W_x"].T  # undo x_t @ W_x
    dh_prev = da_t @ p["W_h"].T  # undo h_prev @ W_h
    grads = {"W_x": x_t.T @ da_t, "W_h": h_prev.T @ da_t, "b": da_t.sum(dim=0)}
    return dx_t, dh_prev, dc_prev, grads


def gru_step(x_t: torch.Tensor, h_prev: torch.Tensor, p: Parameters) -> torch.Tensor:
    """Return h_t (B, H) from x_t (B, D) and h_prev (B, H).

    p holds W_x (D, 3H), W_h (H, 3H), b (3H,), in blocks r, z, n, and b_hn (H,), which r_t scales with the
    state's share of the candidate. Raises InputError where shapes do not fit.
    Source: Cho et al. (2014), doi:10.3115/v1/D14-1179, with the reset gate after the product, as in PyTorch.
    """
    _, z_t, n_t, _ = gru_gates(x_t, h_prev, p)
    h_t = (1 - z_t) * n_t + z_t * h_prev
    return h_t


def gru_gates(x_t: torch.Tensor, h_prev: torch.Tensor, p: Parameters) -> tuple[torch.Tensor, ...]:
    """Return r_t, z_t, n_t and q_t (B, H) of one gru_step; q_t is the state's share of n_t before r_t scales it."""
    check_gated_step(x_t, h_prev, p, blocks=3)
    check_biases(h_prev, p, b=3, b_hn=1)
    x_r, x_z, x_n = (x_t @ p["W_x"] + p["b"]).chunk(3, dim=1)
    h_r, h_z, h_n = (h_prev @ p["W_h"]).chunk(3, dim=1)
    r_t = sigmoid(x_r + h_r)
    z_t = sigmoid(x_z + h_z)
    q_t = h_n + p["b_hn"]
    n_t = torch.tanh(x_n + r_t * q_t)
    return r_t, z_t, n_t, q_t


def gru_step_backward(
    dh_t: torch.Tensor, x_t: torch.Tensor, h_prev: torch.Tensor, p: Parameters
) -> tuple[torch.Tensor, torch.Tensor, Gradients]:
    """Return dx_t (B, D), dh_prev (B, H) and the parameters' gradients of one gru_step, given dh_t (B, H)."""
    r_t, z_t, n_t, q_t = gru_gates(x_t, h_prev, p)
    check_like_state(h_prev, dh_t=dh_t)
    dn_t = dh_t * (1 - z_t)  # undo (1 - z_t) * n_t, towards n_t
    dz_t = dh_t * (h_prev - n_t)  # undo both products, towards z_t
    da_n = dn_t * (1 - n_t**2)  # undo tanh
    dq_t = da_n * r_t  # undo r_t * q_t, towards q_t
    dr_t = da_n * q_t  # undo r_t * q_t, towards r_t
    da_z = dz_t * z_t * (1 - z_t)  # undo sigmoid
    da_r = dr_t * r_t * (1 - r_t)  # undo sigmoid
    dx_share = torch.cat([da_r, da_z, da_n], dim=1)  # undo the split of the input's share
    dh_share = torch.cat([da_r, da_z, dq_t], dim=1)  # undo the split of the state's share
    dx_t = dx_share @ p["W_x"].T  # undo x_t @ W_x
    dh_prev = dh_t * z_t + dh_share @ p["W_h"].T  # undo z_t * h_prev and h_prev @ W_h
    grads = {
        "W_x": x_t.T @ dx_share,
        "W_h": h_prev.T @ dh_share,
        "b": dx_share.sum(dim=0),
        "b_hn": dq_t.sum(dim=0),
    }
    return dx_t, dh_prev, grads


class RNNCell(RNNParts):
    """The cell of a vanilla RNN: rnn_step and rnn_step_backward. phi: tanh, sigmoid, relu or leaky_relu."""

    xp, activations = torch, ACTIVATIONS

    def step(self, x_t: torch.Tensor, state: State, p: Parameters, t: int) -> Gradients:
        """Return a_t and h_t (B, H)."""
        (h_prev,) = state
        a_t = x_t @ p["W_xh"] + h_prev @ p["W_hh"] + p["b_h"]
        h_t = ACTIVATIONS[self.phi].phi(a_t)
        return {"a": a_t, "h": h_t}

    def step_backward(
        self, d_state: State, made: Parameters, x_t: torch.Tensor, state: State, p: Parameters, t: int
    ) -> tuple[torch.Tensor, State, Gradients]:
        """Return dx_t, (dh_prev,) and the parameters' gradients."""
        phi_prime = ACTIVATIONS[self.phi].phi_prime
        dx_t, dh_prev, grads = rnn_step_backward(*d_state, x_t, *state, p, phi_prime)
        return dx_t, (dh_prev,), grads


class LSTMCell(LSTMParts):
    """The cell of an LSTM: lstm_step and lstm_step_backward."""

    xp, activations = torch, ACTIVATIONS

    def step(self, x_t: torch.Tensor, state: State, p: Parameters, t: int) -> Gradients:
        """Return i_t, f_t, g_t, o_t, c_t and h_t (B, H)."""
        h_prev, c_prev = state
        i_t, f_t, g_t, o_t = lstm_gates(x_t, h_prev, p)
        c_t = f_t * c_prev + i_t * g_t
        h_t = o_t * torch.tanh(c_t)
        return {"i": i_t, "f": f_t, "g": g_t, "o": o_t, "c": c_t, "h": h_t}

    def step_backward(
        self, d_state: State, made: Parameters, x_t: torch.Tensor, state: State, p: Parameters, t: int
    ) -> tuple[torch.Tensor, State, Gradients]:
        """Return dx_t, (dh_prev, dc_prev) and the parameters' gradients."""
        dx_t, dh_prev, dc_prev, grads = lstm_step_backward(*d_state, x_t, *state, p)
        return dx_t, (dh_prev, dc_prev), grads


class GRUCell(GRUParts):
    """The cell of a GRU: gru_step and gru_step_backward."""

    xp, activations = torch, ACTIVATIONS

    def step(self, x_t: torch.Tensor, state: State, p: Parameters, t: int) -> Gradients:
        """Return r_t, z_t, n_t, q_t and h_t (B, H)."""
        (h_prev,) = state
        r_t, z_t, n_t, q_t = gru_gates(x_t, h_prev, p)
        h_t = (1 - z_t) * n_t + z_t * h_prev
        return {"r": r_t, "z": z_t, "n": n_t, "q": q_t, "h": h_t}

    def step_backward(
        self, d_state: State, made: Parameters, x_t: torch.Tensor, state: State, p: Parameters, t: int
    ) -> tuple[torch.Tensor, State, Gradients]:
        """Return dx_t, (dh_prev,) and the parameters' gradients."""
        dx_t, dh_prev, grads = gru_step_backward(*d_state, x_t, *state, p)
        return dx_t, (dh_prev,), grads
