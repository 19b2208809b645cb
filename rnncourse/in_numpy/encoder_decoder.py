"""Two recurrent nets in a row: one reads a sequence, the other writes a sequence of another length."""

from __future__ import annotations

import numpy as np

from rnncourse.arguments import require_array, require_count, require_shape
from rnncourse.in_both.base import need_forward
from rnncourse.in_numpy.layers import GRU, Composed
from rnncourse.in_numpy.nets import RecurrentNet


class EncoderDecoder(Composed):
    """A GRU that reads x and a GRU that writes: between them passes one vector, the encoder's last state.

    D: input size. K: tokens that can be written. H: state size of both. The decoder starts from the vector and
    sees it at every step, beside the previous token. Parameters end in _enc and _dec.
    Source: Cho et al. (2014), doi:10.3115/v1/D14-1179, without the two extra matrices on the way.
    """

    batch_axis = 1

    def __init__(
        self, D: int, K: int, H: int, rng: np.random.Generator | None = None, dtype: str = "float32"
    ):
        require_count("K", K)
        rng = np.random.default_rng(0) if rng is None else rng
        self.encoder = GRU(D, H, rng=rng, dtype=dtype)
        self.decoder = RecurrentNet(GRU(K + H, H, rng=rng, dtype=dtype), K, rng=rng)
        self.D, self.K, self.H = D, K, H
        self._shape: tuple[int, int, int] | None = None  # of the encoder's states
        super().__init__({"_enc": self.encoder, "_dec": self.decoder})

    def forward(self, x: np.ndarray, before: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Return logits s (T', B, K) from x (T, B, D) and the tokens before each step, one-hot, (T', B, K).

        In training, `before` holds the right answer, one step late: teacher forcing. mask (T, B): 0 marks padding of x.
        """
        require_array("before", before, axes=("T'", "B", "K"))
        h, h_T = self.encoder.forward(x, None, mask)
        check_tokens(before, x, self.K)
        self._shape = h.shape
        return self.decoder.forward(_beside(before, h_T), h_T)

    def backward(self, ds: np.ndarray) -> None:
        """Fill grads, given ds (T', B, K): the gradient of the vector goes on into the encoder."""
        T, B, H = need_forward(self._shape)
        dx, dh0 = self.decoder.backward(ds)
        dh_T = dh0 + dx[:, :, self.K :].sum(axis=0)  # it was used at the start and at every step
        self.encoder.backward(np.zeros((T, B, H), dh_T.dtype), dh_T)

    def write(self, x: np.ndarray, start: int, n: int, mask: np.ndarray | None = None) -> np.ndarray:
        """Return n tokens (n, B), each the likeliest at its step and the input of the next step.

        start: the token before the first one.
        """
        require_count("start", start, least=0, most=self.K - 1)
        _, h_T = self.encoder.forward(x, None, mask)
        state, token, written = h_T, np.full(x.shape[1], start), []
        for _ in range(require_count("n", n)):
            before = np.eye(self.K, dtype=h_T.dtype)[token][None]
            token = self.decoder.forward(_beside(before, h_T), state)[0].argmax(axis=1)
            state = self.decoder.state_T
            written.append(token)
        self._shape = None
        self.encoder.forget()  # a whole test set may have been read
        return np.stack(written)


def check_tokens(before: np.ndarray, x: np.ndarray, K: int) -> None:
    """Raise InputError unless the tokens before each step, (T', B, K), go with the sequences x (T, B, D)."""
    require_shape("before", before, (len(before), x.shape[1], K), "(T', B, K) to go with x")


def _beside(before: np.ndarray, h_T: np.ndarray) -> np.ndarray:
    """Return (T', B, K + H): the previous token and, at every step, the same vector h_T (B, H)."""
    again = np.broadcast_to(h_T, (len(before), *h_T.shape))
    return np.concatenate([before.astype(h_T.dtype), again], axis=2)
