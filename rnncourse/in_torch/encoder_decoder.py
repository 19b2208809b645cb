"""Two recurrent nets in a row: one reads a sequence, the other writes a sequence of another length."""

from __future__ import annotations

import numpy as np
import torch

from rnncourse.arguments import require_count, require_shape
from rnncourse.in_torch.base import placed_for, require_tensor
from rnncourse.in_torch.layers import GRU, Composed
from rnncourse.in_torch.nets import RecurrentNet


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
        super().__init__({"_enc": self.encoder, "_dec": self.decoder})

    def forward(
        self, x: torch.Tensor, before: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return logits s (T', B, K) from x (T, B, D) and the tokens before each step, one-hot, (T', B, K).

        In training, `before` holds the right answer, one step late: teacher forcing. mask (T, B): 0 marks padding of x.
        """
        x, before = placed_for(self, x), placed_for(self, before)
        require_tensor("before", before, axes=("T'", "B", "K"))
        _, h_T = self.encoder.forward(x, None, mask)
        check_tokens(before, x, self.K)
        s = self.decoder.forward(_beside(before, h_T), h_T)
        self._inputs, self._outputs = self.encoder._inputs, (s,)
        return s

    def backward(self, ds: torch.Tensor) -> None:
        """Fill grads, given ds (T', B, K): the gradient of the vector goes on into the encoder."""
        self._differentiate((ds,))

    def write(self, x: torch.Tensor, start: int, n: int, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Return n tokens (n, B), each the likeliest at its step and the input of the next step.

        start: the token before the first one.
        """
        require_count("start", start, least=0, most=self.K - 1)
        with torch.no_grad():
            _, h_T = self.encoder.forward(x, None, mask)
            state, token, written = h_T, torch.full((x.shape[1],), start, device=h_T.device), []
            for _ in range(require_count("n", n)):
                before = torch.nn.functional.one_hot(token, self.K)[None]
                token = self.decoder.forward(_beside(before, h_T), state)[0].argmax(dim=1)
                state = self.decoder.state_T
                written.append(token)
        return torch.stack(written)


def check_tokens(before: torch.Tensor, x: torch.Tensor, K: int) -> None:
    """Raise InputError unless the tokens before each step, (T', B, K), go with the sequences x (T, B, D)."""
    require_shape("before", before, (len(before), x.shape[1], K), "(T', B, K) to go with x")


def _beside(before: torch.Tensor, h_T: torch.Tensor) -> torch.Tensor:
    """Return (T', B, K + H): the previous token and, at every step, the same vector h_T (B, H)."""
    return torch.cat([before.to(h_T.dtype), h_T.expand(len(before), *h_T.shape)], dim=2)
