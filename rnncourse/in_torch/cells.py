"""One time step on tensors: each line is one equation of the course, and autograd can follow it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch

from rnncourse.errors import InputError
from rnncourse.in_torch.activations import tanh

Parameters = Mapping[str, torch.Tensor]
Function = Callable[[torch.Tensor], torch.Tensor]


def rnn_step(x_t: torch.Tensor, h_prev: torch.Tensor, p: Parameters, phi: Function = tanh) -> torch.Tensor:
    """Return h_t (B, H) from x_t (B, D) and h_prev (B, H).

    p holds W_xh (D, H), W_hh (H, H) and b_h (H,). Raises InputError where shapes do not fit.
    Source: Elman (1990), doi:10.1207/s15516709cog1402_1.
    """
    check_step(x_t, h_prev, p)
    a_t = x_t @ p["W_xh"] + h_prev @ p["W_hh"] + p["b_h"]
    return phi(a_t)


def check_step(x_t: torch.Tensor, h_prev: torch.Tensor, p: Parameters) -> None:
    """Raise InputError unless x_t, h_prev and the parameters of an RNN fit together."""
    missing = {"W_xh", "W_hh", "b_h"} - set(p)
    if missing:
        raise InputError(f"p lacks {', '.join(sorted(missing))}; it holds {', '.join(sorted(p)) or 'nothing'}")
    D, H = p["W_xh"].shape
    if x_t.ndim != 2 or h_prev.ndim != 2:
        raise InputError(
            f"x_t and h_prev need two axes, (B, D) and (B, H), "
            f"but shapes {tuple(x_t.shape)} and {tuple(h_prev.shape)} came"
        )
    if x_t.shape[1] != D:
        raise InputError(f"x_t has {x_t.shape[1]} features but W_xh expects {D}; was it one-hot encoded?")
    if h_prev.shape[1] != H:
        raise InputError(f"h_prev has {h_prev.shape[1]} units but W_xh makes {H}")
    if tuple(p["W_hh"].shape) != (H, H):
        raise InputError(f"W_hh must have shape {(H, H)} to go with W_xh, but {tuple(p['W_hh'].shape)} came")
    if h_prev.shape[0] != x_t.shape[0]:
        raise InputError(f"h_prev holds {h_prev.shape[0]} sequences but x_t holds {x_t.shape[0]}")
