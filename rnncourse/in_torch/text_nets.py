"""Nets that read a text of word indices and answer once, at equal numbers of parameters: for comparisons.

All of them begin with an embedding, a row of numbers for each word, and end with the same readout. Between the
two lies what is compared. `text_net` chooses the size so that all nets have the same budget of parameters.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch

from rnncourse.arguments import (
    require_choice,
    require_count,
    require_that,
    require_within,
)
from rnncourse.errors import InputError
from rnncourse.in_both.base import share
from rnncourse.in_torch.attention import attention
from rnncourse.in_torch.base import Layer, check_mask, placed_for, uniform_draw
from rnncourse.in_torch.initial import forget_bias, orthogonal
from rnncourse.in_torch.layers import GRU, LSTM, RNN, Recurrent

# words that a convolution sees at once
WIDTH = 3


class TextNet(Layer):
    """Logits (1, B, K), one answer per text, from word indices (T, B): what all text nets share.

    V, T, E, H, K: words known, words in a text, embedding size, hidden units, classes. A kind of net says in `_middle`
    which parameters it has between embedding and readout, and in `_summary` how it sums a text up.
    """

    kind: str
    batch_axis = 1

    def __init__(
        self,
        V: int,
        T: int,
        E: int,
        H: int,
        K: int,
        rng: np.random.Generator | None = None,
        dtype: str = "float32",
    ):
        super().__init__()
        rng = np.random.default_rng(0) if rng is None else rng
        self.V, self.T, self.E, self.H, self.K = (
            require_count(name, size) for name, size in zip("VTEHK", (V, T, E, H, K), strict=True)
        )
        self.params["W_e"] = uniform_draw(rng, 1.0, dtype)(V, E)
        self._middle(rng, dtype)
        draw = uniform_draw(rng, 1 / np.sqrt(H), dtype)
        self.params |= {"W_hy": draw(H, K), "b_y": draw(K)}

    def _middle(self, rng: np.random.Generator, dtype: str) -> None:
        """Draw the parameters between embedding and readout: of a dense layer that reads this many `features`."""
        draw = uniform_draw(rng, 1 / np.sqrt(self.features), dtype)
        self.params |= {"W_1": draw(self.features, self.H), "b_1": draw(self.H)}

    @property
    def features(self) -> int:
        """How many numbers the dense layer reads."""
        raise NotImplementedError

    def _summary(self, e: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        """Return h (B, H) from embeddings e (T, B, E), which are 0 at padding; real (T, B, 1) is 1 or 0 there."""
        raise NotImplementedError

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Return s (1, B, K) from word indices x (T, B); mask (T, B) is 0 where there is padding."""
        x, real = self._checked(x, mask)
        self._track_parameters()
        p = self.params
        real = real.to(p["W_e"].dtype)
        h = self._summary(p["W_e"][x] * real, real)
        s = (h @ p["W_hy"] + p["b_y"])[None]
        self._outputs = (s,)
        return s

    def backward(self, ds: torch.Tensor) -> None:
        """Fill grads, given ds (1, B, K). Word indices have no gradient, so there is nothing to return."""
        self._differentiate((ds,))

    def _checked(self, x: Any, mask: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """Return x and where it is real (T, B, 1); raise InputError for other things than word indices."""
        x, mask = placed_for(self, x), placed_for(self, mask)
        require_that(
            "x",
            x,
            isinstance(x, torch.Tensor) and x.ndim == 2 and not x.is_floating_point() and 0 not in x.shape,
            "a tensor of word indices (T, B)",
        )
        require_within("x", x, 0, self.V - 1, "word indices")
        real = check_mask(mask, x.shape)
        if real is None:
            return x, torch.ones_like(x, dtype=torch.bool)[:, :, None]
        if not real.any(0).all():
            raise InputError("mask leaves no word of one of the texts: every text needs at least one")
        return x, real.to(x.device)


class Bag(TextNet):
    """The mean of the embeddings, which has no order, and a hidden layer.

    Source: Iyyer et al. (2015), doi:10.3115/v1/P15-1162.
    """

    kind = "bag"

    @property
    def features(self) -> int:
        """The size of the mean: E."""
        return self.E

    def _summary(self, e: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        mean = e.sum(0) / real.sum(0)
        return torch.relu(mean @ self.params["W_1"] + self.params["b_1"])


class Dense(TextNet):
    """A hidden layer that reads all T places of a text side by side."""

    kind = "dense"

    @property
    def features(self) -> int:
        """All places side by side: T E."""
        return self.T * self.E

    def _summary(self, e: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        if len(e) != self.T:
            raise InputError(f"this net reads exactly {self.T} words, but x has {len(e)}; pad or cut it")
        side_by_side = e.swapaxes(0, 1).flatten(1)
        return torch.relu(side_by_side @ self.params["W_1"] + self.params["b_1"])


class Convolution(TextNet):
    """Patterns of three words, of which it keeps the strongest match of each.

    Source: Kim (2014), doi:10.3115/v1/D14-1181.
    """

    kind = "convolution"

    @property
    def features(self) -> int:
        """Three words side by side: 3 E."""
        return WIDTH * self.E

    def _summary(self, e: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        gap = e.new_zeros(WIDTH // 2, *e.shape[1:])
        padded = torch.cat([gap, e, gap])
        windows = torch.cat([padded[k : k + len(e)] for k in range(WIDTH)], dim=2)
        matches = torch.relu(windows @ self.params["W_1"] + self.params["b_1"])
        return (matches * real).amax(0)


class Reader(TextNet):
    """A recurrent layer that reads word by word and answers from its last state; kind: "rnn", "lstm" or "gru".

    Each begins by keeping that state in the way it can: the gates have a forget bias of 1, the plain RNN orthogonal
    state weights.
    """

    def __init__(self, kind: str, *sizes: int, **more: Any):
        self.kind = require_choice("kind", kind, tuple(RECURRENT))
        super().__init__(*sizes, **more)

    def _middle(self, rng: np.random.Generator, dtype: str) -> None:
        self.layer: Recurrent = RECURRENT[self.kind](self.E, self.H, rng=rng, dtype=dtype)
        if self.kind == "rnn":
            orthogonal(self.layer, rng)  # chapter 05: nothing fades by the weights alone
        else:
            forget_bias(self.layer, 1.0)  # chapter 06: begin by keeping
        self.params.update(self.layer.params)
        share(self.layer, self.params, self.grads)

    def share(self, params: dict, grads: dict) -> None:
        """Keep parameters and gradients in these dictionaries from now on, and let the layer see its share of them."""
        super().share(params, grads)
        share(self.layer, params, grads)

    def _summary(self, e: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        _, state = self.layer.forward(e, None, real[:, :, 0])
        return state[0] if self.kind == "lstm" else state


class Attention(TextNet):
    """One layer of self-attention, without recurrence: a small transformer with one layer and one head.

    An embedding of the word and one of its place are added; each word's context is added to it; a hidden layer
    follows, and the mean over the real words is the summary. `trace["weights"]` (T, B, T): what each word attends to.
    Source: Vaswani et al. (2017), arXiv:1706.03762.
    """

    kind = "attention"

    @property
    def features(self) -> int:
        """A word with its context: E."""
        return self.E

    @property
    def trace(self) -> dict[str, torch.Tensor]:
        """The attention weights (T, B, T) of the last forward pass."""
        return self._trace

    def _middle(self, rng: np.random.Generator, dtype: str) -> None:
        self._trace: dict[str, torch.Tensor] = {}
        self.params["W_p"] = uniform_draw(rng, 1.0, dtype)(self.T, self.E)
        draw = uniform_draw(rng, 1 / np.sqrt(self.E), dtype)
        self.params |= {name: draw(self.E, self.E) for name in ("W_q", "W_k", "W_v")}
        super()._middle(rng, dtype)

    def _summary(self, e: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        if len(e) > self.T:
            raise InputError(f"this net knows {self.T} places, but x has {len(e)} words; cut it")
        p = self.params
        e = e + p["W_p"][: len(e), None]
        context, weights = attention(e @ p["W_q"], e @ p["W_k"], e @ p["W_v"], real[:, :, 0])
        self._trace = {"weights": weights.detach()}
        h = torch.relu((e + context) @ p["W_1"] + p["b_1"])
        return (h * real).sum(0) / real.sum(0)


RECURRENT = {"rnn": RNN, "lstm": LSTM, "gru": GRU}
NETS = (
    {net.kind: net for net in (Bag, Dense, Convolution)}
    | {kind: partial(Reader, kind) for kind in RECURRENT}
    | {Attention.kind: Attention}
)
KINDS = tuple(NETS)


def parameters_of(kind: str, V: int, T: int, E: int, H: int, K: int) -> int:
    """Return how many parameters a text net of these sizes has."""
    middle = {
        "bag": (E + 1) * H,
        "dense": (T * E + 1) * H,
        "convolution": (WIDTH * E + 1) * H,
        "rnn": (E + H + 1) * H,
        "lstm": 4 * (E + H + 1) * H,
        "gru": 3 * (E + H + 1) * H + H,
        "attention": T * E + 3 * E * E + (E + 1) * H,
    }[require_choice("kind", kind, KINDS)]
    return V * E + middle + (H + 1) * K


def text_net(
    kind: str,
    V: int,
    T: int,
    budget: int,
    K: int = 2,
    E: int = 16,
    rng: np.random.Generator | None = None,
    dtype: str = "float32",
) -> TextNet:
    """Return the largest text net of a kind, one of KINDS, with at most `budget` parameters, embeddings included.

    Raises InputError where the budget does not even pay for one hidden unit.
    """
    if parameters_of(kind, V, T, E, 1, K) > require_count("budget", budget):
        raise InputError(
            f"budget is {budget}, but the embeddings alone take {V * E} parameters; raise it or lower E"
        )
    H = 1
    while parameters_of(kind, V, T, E, H + 1, K) <= budget:
        H += 1
    return NETS[kind](V, T, E, H, K, rng=rng, dtype=dtype)
