"""Attention by hand: a decoder looks back at all states of the encoder, and at every step weighs them again."""

from __future__ import annotations

import numpy as np

from rnncourse.arguments import require_array, require_count, require_shape
from rnncourse.errors import InputError
from rnncourse.in_both.base import need_forward
from rnncourse.in_numpy.base import check_gradient, check_mask
from rnncourse.in_numpy.encoder_decoder import check_tokens
from rnncourse.in_numpy.layers import GRU, Composed
from rnncourse.in_numpy.losses import softmax
from rnncourse.in_numpy.nets import Readout


def attention(
    q: np.ndarray, k: np.ndarray, v: np.ndarray, mask: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return contexts (T', B, H), weights (T', B, T) from queries q (T', B, D), keys k (T, B, D), values v (T, B, H).

    mask (T, B): 0 marks padding, which gets weight 0. Scaled dot products: Vaswani et al. (2017).
    """
    _check(q, k, v)
    scores = np.einsum("sbd,tbd->sbt", q, k) / np.sqrt(q.shape[2])
    real = check_mask(mask, k.shape[:2])
    if real is not None:
        if not real.any(axis=0).all():
            raise InputError("mask is 0 for a whole sequence: there is nothing left to attend to")
        scores = np.where(real[:, :, 0].T, scores, -np.inf)
    weights = softmax(scores)
    return np.einsum("sbt,tbh->sbh", weights, v), weights


def attention_backward(
    dcontext: np.ndarray, q: np.ndarray, k: np.ndarray, v: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return dq (T', B, D), dk (T, B, D) and dv (T, B, H), given dcontext (T', B, H) and what attention was given."""
    dweights = np.einsum("sbh,tbh->sbt", dcontext, v)  # undo weights @ v
    dv = np.einsum("sbt,sbh->tbh", weights, dcontext)
    dscores = weights * (dweights - (weights * dweights).sum(axis=2, keepdims=True))  # undo softmax
    dscores = dscores / np.sqrt(q.shape[2])
    dq = np.einsum("sbt,tbd->sbd", dscores, k)  # undo q @ k
    dk = np.einsum("sbt,sbd->tbd", dscores, q)
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
        self._trace: dict[str, np.ndarray] = {}
        super().__init__({"_enc": self.encoder, "_dec": self.decoder, "_out": self.readout})

    @property
    def trace(self) -> dict[str, np.ndarray]:
        """The encoder's states e (T, B, H), the decoder's d (T', B, H), and the weights (T', B, T)."""
        return self._trace

    def forward(self, x: np.ndarray, before: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Return logits s (T', B, K) from x (T, B, D) and the tokens before each step, one-hot, (T', B, K).

        In training, `before` holds the right answer, one step late: teacher forcing. mask (T, B): 0 marks padding of x.
        """
        require_array("before", before, axes=("T'", "B", "K"))
        e, e_T = self.encoder.forward(x, None, mask)
        check_tokens(before, x, self.K)
        d, _ = self.decoder.forward(before.astype(e.dtype), e_T)
        context, weights = attention(d, e, e, mask)
        self._trace = {"e": e, "d": d, "weights": weights}
        return self.readout.forward(np.concatenate([d, context], axis=2))

    def backward(self, ds: np.ndarray) -> None:
        """Fill grads, given ds (T', B, K): every state of the encoder gets its share, not only the last one."""
        need_forward(self._trace or None)
        e, d, weights = (self._trace[name] for name in ("e", "d", "weights"))
        check_gradient("ds", ds, (*d.shape[:2], self.K))
        dboth = self.readout.backward(ds)
        dq, dk, dv = attention_backward(dboth[:, :, self.H :], d, e, e, weights)
        _, de_T = self.decoder.backward(dboth[:, :, : self.H] + dq)
        self.encoder.backward(dk + dv, de_T)

    def write(self, x: np.ndarray, start: int, n: int, mask: np.ndarray | None = None) -> np.ndarray:
        """Return n tokens (n, B), each the likeliest at its step and the input of the next step.

        start: the token before the first one. `trace["weights"]` is the map of all n steps.
        """
        require_count("start", start, least=0, most=self.K - 1)
        token = np.full((1, x.shape[1]), start)
        written = np.empty((0, x.shape[1]), dtype=np.int64)
        for _ in range(require_count("n", n)):
            before = np.eye(self.K, dtype=self.params["b_y_out"].dtype)[np.concatenate([token, written])]
            written = np.concatenate([written, self.forward(x, before, mask)[-1:].argmax(axis=2)])
        for reader in (self.encoder, self.decoder):
            reader.forget()  # a whole test set may have been read
        return written


def _check(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> None:
    require_array("q", q, axes=("T'", "B", "D"))
    require_array("k", k, axes=("T", "B", "D"))
    require_array("v", v, axes=("T", "B", "H"))
    require_shape("q", q, (len(q), *k.shape[1:]), "to go with k")
    require_shape("v", v, (*k.shape[:2], v.shape[2]), "to go with k")
