"""Attention on tensors: a decoder looks back at all states of the encoder, and at every step weighs them again."""

from __future__ import annotations

import numpy as np
import torch

from rnncourse.arguments import require_count, require_shape
from rnncourse.errors import InputError
from rnncourse.in_torch.base import check_mask, placed, placed_for, require_tensor
from rnncourse.in_torch.encoder_decoder import check_tokens
from rnncourse.in_torch.layers import GRU, Composed
from rnncourse.in_torch.losses import softmax
from rnncourse.in_torch.nets import Readout


def attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return contexts (T', B, H), weights (T', B, T) from queries q (T', B, D), keys k (T, B, D), values v (T, B, H).

    mask (T, B): 0 marks padding, which gets weight 0. Scaled dot products: Vaswani et al. (2017).
    """
    _check(q, k, v)
    scores = torch.einsum("sbd,tbd->sbt", q, k) / q.shape[2] ** 0.5
    real = check_mask(mask, k.shape[:2])
    if real is not None:
        if not real.any(dim=0).all():
            raise InputError("mask is 0 for a whole sequence: there is nothing left to attend to")
        scores = scores.masked_fill(~real[:, :, 0].T, -torch.inf)
    weights = softmax(scores)
    return torch.einsum("sbt,tbh->sbh", weights, v), weights


def attention_backward(
    dcontext: torch.Tensor, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, weights: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return dq (T', B, D), dk (T, B, D) and dv (T, B, H), given dcontext (T', B, H) and what attention was given."""
    dweights = torch.einsum("sbh,tbh->sbt", dcontext, v)  # undo weights @ v
    dv = torch.einsum("sbt,sbh->tbh", weights, dcontext)
    dscores = weights * (dweights - (weights * dweights).sum(dim=2, keepdim=True))  # undo softmax
    dscores = dscores / q.shape[2] ** 0.5
    dq = torch.einsum("sbt,tbd->sbd", dscores, k)  # undo q @ k
    dk = torch.einsum("sbt,sbd->tbd", dscores, q)
    return dq, dk, dv


class AttentionEncoderDecoder(Composed):
    """An encoder–decoder whose decoder attends to all states of the encoder before it answers.

    D: input size. K: tokens that can be written. H: state size of both GRUs. The decoder starts from the encoder's
    last state; at every step its state d_k is the query, and the readout sees d_k and the context side by side.
    Parameters end in _enc, _dec and _out; `trace["weights"]` (T', B, T) is the attention map.
    Source: Luong, Pham and Manning (2015), doi:10.18653/v1/D15-1166, with scaled dot products.
    """

    batch_axis = 1

    def __init__(
        self, D: int, K: int, H: int, rng: np.random.Generator | None = None, dtype: str = "float32"
    ):
        require_count("K", K)
        rng = np.random.default_rng(0) if rng is None else rng
        self.encoder = GRU(D, H, rng=rng, dtype=dtype)
        self.decoder = GRU(K, H, rng=rng, dtype=dtype)
        self.readout = Readout(2 * H, K, rng=rng, dtype=dtype)
        self.D, self.K, self.H = D, K, H
        self._trace: dict[str, torch.Tensor] = {}
        super().__init__({"_enc": self.encoder, "_dec": self.decoder, "_out": self.readout})

    @property
    def trace(self) -> dict[str, torch.Tensor]:
        """The encoder's states e (T, B, H), the decoder's d (T', B, H), and the weights (T', B, T)."""
        return self._trace

    def forward(
        self, x: torch.Tensor, before: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return logits s (T', B, K) from x (T, B, D) and the tokens before each step, one-hot, (T', B, K).

        In training, `before` holds the right answer, one step late: teacher forcing. mask (T, B): 0 marks padding of x.
        """
        x, before = placed_for(self, x), placed_for(self, before)
        require_tensor("before", before, axes=("T'", "B", "K"))
        e, e_T = self.encoder.forward(x, None, mask)
        check_tokens(before, x, self.K)
        d, _ = self.decoder.forward(before.to(e.dtype), e_T)
        context, weights = attention(d, e, e, placed(mask, e))
        self._trace = {"e": e.detach(), "d": d.detach(), "weights": weights.detach()}
        s = self.readout.forward(torch.cat([d, context], dim=2))
        self._inputs, self._outputs = self.encoder._inputs, (s,)
        return s

    def backward(self, ds: torch.Tensor) -> None:
        """Fill grads, given ds (T', B, K): every state of the encoder gets its share, not only the last one."""
        self._differentiate((ds,))

    def write(self, x: torch.Tensor, start: int, n: int, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Return n tokens (n, B), each the likeliest at its step and the input of the next step.

        start: the token before the first one. `trace["weights"]` is the map of all n steps.
        """
        require_count("start", start, least=0, most=self.K - 1)
        x = placed_for(self, x)
        token = torch.full((1, x.shape[1]), start, device=x.device)
        written = token[:0]
        with torch.no_grad():
            for _ in range(require_count("n", n)):
                before = torch.nn.functional.one_hot(torch.cat([token, written]), self.K).to(x.dtype)
                written = torch.cat([written, self.forward(x, before, mask)[-1:].argmax(dim=2)])
        return written


def _check(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> None:
    require_tensor("q", q, axes=("T'", "B", "D"))
    require_tensor("k", k, axes=("T", "B", "D"))
    require_tensor("v", v, axes=("T", "B", "H"))
    require_shape("q", q, (len(q), *k.shape[1:]), "to go with k")
    require_shape("v", v, (*k.shape[:2], v.shape[2]), "to go with k")
