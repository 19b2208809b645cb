"""One time step, forward and backward: each line is one equation of the course."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from rnncourse.errors import InputError
from rnncourse.in_numpy.activations import tanh, tanh_prime

Parameters = Mapping[str, np.ndarray]
Function = Callable[[np.ndarray], np.ndarray]


def rnn_step(x_t: np.ndarray, h_prev: np.ndarray, p: Parameters, phi: Function = tanh) -> np.ndarray:
    """Return h_t (B, H) from x_t (B, D) and h_prev (B, H).

    p holds W_xh (D, H), W_hh (H, H) and b_h (H,). Raises InputError where shapes do not fit.
    Source: Elman (1990), doi:10.1207/s15516709cog1402_1.
    """
    check_step(x_t, h_prev, p)
    a_t = x_t @ p["W_xh"] + h_prev @ p["W_hh"] + p["b_h"]
    return phi(a_t)


def rnn_step_backward(
    dh_t: np.ndarray,
    x_t: np.ndarray,
    h_prev: np.ndarray,
    p: Parameters,
    phi_prime: Function = tanh_prime,
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Return dx_t (B, D), dh_prev (B, H) and the parameters' gradients of one rnn_step, given dh_t (B, H).

    Source: Werbos (1990), doi:10.1109/5.58337.
    """
    check_step(x_t, h_prev, p)
    a_t = x_t @ p["W_xh"] + h_prev @ p["W_hh"] + p["b_h"]
    da_t = dh_t * phi_prime(a_t)  # undo phi
    dx_t = da_t @ p["W_xh"].T  # undo x_t @ W_xh, towards x_t
    dh_prev = da_t @ p["W_hh"].T  # undo h_prev @ W_hh, towards h_prev
    grads = {"W_xh": x_t.T @ da_t, "W_hh": h_prev.T @ da_t, "b_h": da_t.sum(axis=0)}
    return dx_t, dh_prev, grads


def check_step(x_t: np.ndarray, h_prev: np.ndarray, p: Parameters) -> None:
    """Raise InputError unless x_t, h_prev and the parameters of an RNN fit together."""
    missing = {"W_xh", "W_hh", "b_h"} - set(p)
    if missing:
        raise InputError(f"p lacks {', '.join(sorted(missing))}; it holds {', '.join(sorted(p)) or 'nothing'}")
    D, H = p["W_xh"].shape
    if np.ndim(x_t) != 2 or np.ndim(h_prev) != 2:
        raise InputError(
            f"x_t and h_prev need two axes, (B, D) and (B, H), "
            f"but shapes {np.shape(x_t)} and {np.shape(h_prev)} came"
        )
    if x_t.shape[1] != D:
        raise InputError(f"x_t has {x_t.shape[1]} features but W_xh expects {D}; was it one-hot encoded?")
    if h_prev.shape[1] != H:
        raise InputError(f"h_prev has {h_prev.shape[1]} units but W_xh makes {H}")
    if p["W_hh"].shape != (H, H):
        raise InputError(f"W_hh must have shape {(H, H)} to go with W_xh, but {p['W_hh'].shape} came")
    if h_prev.shape[0] != x_t.shape[0]:
        raise InputError(f"h_prev holds {h_prev.shape[0]} sequences but x_t holds {x_t.shape[0]}")
