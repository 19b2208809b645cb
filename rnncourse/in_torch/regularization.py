"""What keeps a recurrent net from learning its text by heart: dropout and layer normalization, in one LSTM step."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from rnncourse.arguments import require_number

Pair = tuple[torch.Tensor, torch.Tensor]


def layer_norm(a: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
    """Return a (B, N) with mean 0 and standard deviation 1 in every row, times gain (N,).

    Source: Ba, Kiros and Hinton (2016), arXiv:1607.06450.
    """
    mean, spread = a.mean(dim=1, keepdim=True), a.std(dim=1, keepdim=True, unbiased=False)
    return gain * (a - mean) / (spread + 1e-5)


def dropout_mask(
    shape: tuple[int, ...], rate: float, generator: torch.Generator | None = None
) -> torch.Tensor:
    """Return a mask: 0 with probability `rate`, otherwise 1 / (1 - rate), so that its mean is 1."""
    require_number("rate", rate, least=0, below=1)
    return (torch.rand(shape, generator=generator) >= rate).float() / (1 - rate)


def regularized_step(
    a_x: torch.Tensor, state: Pair, p: Mapping[str, torch.Tensor], mask: torch.Tensor | float = 1.0
) -> Pair:
    """Return (h_t, c_t), each (B, H), of an LSTM, from a_x = x_t @ W_x + b (B, 4H) and the previous state.

    mask (B, H) multiplies the h_prev that is read: keep one mask for a whole sequence. Where p has a "gain" (4H,),
    the pre-activations are normalized. With neither, this is the ordinary LSTM step.
    """
    h_prev, c_prev = state
    a_t = a_x + (mask * h_prev) @ p["W_h"]
    if "gain" in p:
        a_t = layer_norm(a_t, p["gain"]) + p["b_norm"]
    i, f, g, o = a_t.chunk(4, dim=1)
    c_t = torch.sigmoid(f) * c_prev + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c_t), c_t
