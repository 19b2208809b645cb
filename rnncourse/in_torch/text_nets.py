"""Nets that read a text of word indices and answer once, at equal numbers of parameters: for comparisons.

All of them begin with an embedding, a row of numbers for each word, and end with the same readout. Between the
two lies what is compared. `text_net` chooses the size so that all nets have the same budget of parameters.
"""

from __future__ import annotations

import numpy as np
import torch

from rnncourse.arguments import require_choice, require_count
from rnncourse.errors import InputError, describe
from rnncourse.in_both.base import share
from rnncourse.in_torch.attention import attention
from rnncourse.in_torch.base import Layer, uniform_draw
from rnncourse.in_torch.initial import forget_bias, orthogonal
from rnncourse.in_torch.layers import GRU, LSTM, RNN

WIDTH = 3  # words that a convolution sees at once
KINDS = ("bag", "dense", "convolution", "rnn", "lstm", "gru", "attention")
RECURRENT = {"rnn": RNN, "lstm": LSTM, "gru": GRU}


class TextNet(Layer):
    """Scores (1, B, K), one answer a text, from word indices (T, B).

    kind: "bag" takes the mean of the embeddings, which has no order, and a hidden layer; "dense" reads all T
    places side by side; "convolution" looks for patterns of three words and keeps the strongest match of each;
    "rnn", "lstm" and "gru" read word by word and answer from their last state. Each begins by keeping that state
    in the way it can: the gates have a forget bias of 1, the plain RNN orthogonal state weights.
    Sources: Iyyer et al. (2015), doi:10.3115/v1/P15-1162 (bag); Kim (2014), doi:10.3115/v1/D14-1181 (convolution).
    """

    batch_axis = 1

    def __init__(
        self,
        kind: str,
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
        self.kind = require_choice("kind", kind, tuple(k for k in KINDS if k != "attention"))
        for name, size in (("V", V), ("T", T), ("E", E), ("H", H), ("K", K)):
            require_count(name, size)
        self.V, self.T, self.E, self.H = V, T, E, H
        self.params["W_e"] = uniform_draw(rng, 1.0, dtype)(V, E)
        if kind in RECURRENT:
            self.layer = RECURRENT[kind](E, H, rng=rng, dtype=dtype)
            if kind == "rnn":
                orthogonal(self.layer, rng)  # chapter 05: nothing fades by the weights alone
            else:
                forget_bias(self.layer, 1.0)  # chapter 06: begin by keeping
            self.params.update(self.layer.params)
            share(self.layer, self.params, self.grads)
        else:
            features = {"bag": E, "dense": T * E, "convolution": WIDTH * E}[kind]
            draw = uniform_draw(rng, 1 / np.sqrt(features), dtype)
            self.params |= {"W_1": draw(features, H), "b_1": draw(H)}
        draw = uniform_draw(rng, 1 / np.sqrt(H), dtype)
        self.params |= {"W_hy": draw(H, K), "b_y": draw(K)}

    def share(self, params: dict, grads: dict) -> None:
        """Keep parameters and gradients in these dictionaries from now on."""
        super().share(params, grads)
        if self.kind in RECURRENT:
            share(self.layer, params, grads)

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Return s (1, B, K) from word indices x (T, B); mask (T, B) is 0 where there is padding."""
        if not isinstance(x, torch.Tensor) or x.ndim != 2 or x.is_floating_point():
            raise InputError(f"x must be a tensor of word indices (T, B), but {describe(x)} came")
        if self.kind == "dense" and len(x) != self.T:
            raise InputError(f"this net reads exactly {self.T} words, but x has {len(x)}; pad or cut it")
        self._track_parameters()
        p = self.params
        real = torch.ones_like(x, dtype=p["W_e"].dtype) if mask is None else mask.to(p["W_e"].dtype)
        e = p["W_e"][x] * real[:, :, None]
        if self.kind in RECURRENT:
            state = self.layer.forward(e, None, mask)[1]
            h = state[0] if self.kind == "lstm" else state
        elif self.kind == "convolution":
            gap = e.new_zeros(WIDTH // 2, *e.shape[1:])
            e = torch.cat([gap, e, gap])
            seen = torch.cat([e[k : k + len(x)] for k in range(WIDTH)], dim=2)
            h = (torch.relu(seen @ p["W_1"] + p["b_1"]) * real[:, :, None]).amax(0)
        else:
            seen = e.sum(0) / real.sum(0)[:, None] if self.kind == "bag" else e.swapaxes(0, 1).flatten(1)
            h = torch.relu(seen @ p["W_1"] + p["b_1"])
        s = (h @ p["W_hy"] + p["b_y"])[None]
        self._outputs = (s,)
        return s

    def backward(self, ds: torch.Tensor) -> None:
        """Fill grads, given ds (1, B, K). Word indices have no gradient, so there is nothing to return."""
        self._differentiate((ds,))


class AttentionText(Layer):
    """Scores (1, B, K) from word indices (T, B) by one layer of self-attention, without recurrence.

    An embedding of the word and one of its place are added; each word's context is added to it; a hidden layer
    follows, and the mean over the real words goes to the readout: a small transformer with one layer and one head.
    Source: Vaswani et al. (2017), arXiv:1706.03762. `trace["weights"]` (T, B, T): whom each word attends to.
    """

    batch_axis = 1
    kind = "attention"

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
        for name, size in (("V", V), ("T", T), ("E", E), ("H", H), ("K", K)):
            require_count(name, size)
        self.V, self.T, self.E, self.H = V, T, E, H
        wide, draw = uniform_draw(rng, 1.0, dtype), uniform_draw(rng, 1 / np.sqrt(E), dtype)
        self.params |= {"W_e": wide(V, E), "W_p": wide(T, E)}
        self.params |= {name: draw(E, E) for name in ("W_q", "W_k", "W_v")}
        self.params |= {"W_1": draw(E, H), "b_1": draw(H)}
        draw = uniform_draw(rng, 1 / np.sqrt(H), dtype)
        self.params |= {"W_hy": draw(H, K), "b_y": draw(K)}

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Return s (1, B, K) from word indices x (T, B); mask (T, B) is 0 where there is padding."""
        if not isinstance(x, torch.Tensor) or x.ndim != 2 or x.is_floating_point():
            raise InputError(f"x must be a tensor of word indices (T, B), but {describe(x)} came")
        if len(x) > self.T:
            raise InputError(f"this net knows {self.T} places, but x has {len(x)} words; cut it")
        self._track_parameters()
        p = self.params
        real = torch.ones_like(x, dtype=p["W_e"].dtype) if mask is None else mask.to(p["W_e"].dtype)
        e = p["W_e"][x] + p["W_p"][: len(x), None]
        context, weights = attention(e @ p["W_q"], e @ p["W_k"], e @ p["W_v"], mask)
        h = torch.relu((e + context) @ p["W_1"] + p["b_1"]) * real[:, :, None]
        s = (h.sum(0) / real.sum(0)[:, None] @ p["W_hy"] + p["b_y"])[None]
        self.trace, self._outputs = {"weights": weights.detach()}, (s,)
        return s

    def backward(self, ds: torch.Tensor) -> None:
        """Fill grads, given ds (1, B, K). Word indices have no gradient, so there is nothing to return."""
        self._differentiate((ds,))


def parameters_of(kind: str, V: int, T: int, E: int, H: int, K: int) -> int:
    """Return how many parameters a TextNet has."""
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
) -> TextNet | AttentionText:
    """Return the largest net of this kind that has at most `budget` parameters, embeddings included.

    Raises InputError where the budget does not even pay for one hidden unit.
    """
    if parameters_of(kind, V, T, E, 1, K) > require_count("budget", budget):
        raise InputError(
            f"budget is {budget}, but the embeddings alone take {V * E} parameters; raise it or lower E"
        )
    H = 1
    while parameters_of(kind, V, T, E, H + 1, K) <= budget:
        H += 1
    if kind == "attention":
        return AttentionText(V, T, E, H, K, rng, dtype)
    return TextNet(kind, V, T, E, H, K, rng, dtype)
