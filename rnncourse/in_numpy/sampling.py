"""Let a trained net write: it reads some tokens, one-hot, and continues them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnncourse.in_both import sampling as decoding
from rnncourse.in_both.base import map_state
from rnncourse.in_both.sampling import Beam, with_temperature
from rnncourse.in_numpy.losses import log_softmax
from rnncourse.in_numpy.nets import RecurrentNet

__all__ = ["Beam", "beam_search", "greedy", "sample", "with_temperature"]


def sample(
    net: RecurrentNet,
    start: Sequence[int],
    n: int,
    rng: np.random.Generator,
    temperature: float = 1.0,
    end: int | None = None,
) -> np.ndarray:
    """Return n token indices (n,) that follow `start`, drawn from p^(1/temperature); it stops after `end`."""
    return decoding.sample(_step(net), start, n, net.layer.D, rng, temperature, end)


def greedy(net: RecurrentNet, start: Sequence[int], n: int, end: int | None = None) -> np.ndarray:
    """Return n token indices (n,) that follow `start`, each the likeliest at its place; it stops after `end`."""
    return decoding.greedy(_step(net), start, n, net.layer.D, end)


def beam_search(
    net: RecurrentNet, start: Sequence[int], n: int, width: int = 4, end: int | None = None
) -> list[Beam]:
    """Return up to `width` continuations of n tokens, likeliest first, keeping the `width` best at every token."""
    return decoding.beam_search(_step(net), start, n, net.layer.D, width, end, _select)


def _step(net: RecurrentNet) -> decoding.Step:
    D = decoding.tokens_of_writer(net)
    tokens = np.eye(D, dtype=net.params["W_hy"].dtype)

    def step(indices: np.ndarray, state: Any) -> tuple[np.ndarray, Any]:
        s = net.forward(tokens[indices][None], state)
        return log_softmax(s[0]), net.state_T

    return step


def _select(state: Any, rows: np.ndarray) -> Any:
    return map_state(lambda array: array[rows], state)
