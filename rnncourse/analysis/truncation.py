"""Delayed recall: at every step of a stream, the net must name the symbol of `lag` steps ago."""

from __future__ import annotations

import numpy as np

from rnncourse.arguments import require_count, require_generator, require_that
from rnncourse.in_numpy import RNN, RecurrentNet

SYMBOLS = 2
UNSEEN_STEPS, UNSEEN_STREAMS = 200, 64


def recall_stream(T: int, B: int, lag: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return x (T, B, 2), one-hot coin tosses, and y (T, B): the toss that came `lag` steps before.

    The first `lag` targets lie before the stream begins, so nobody can know them.
    """
    for name, value in (("T", T), ("B", B), ("lag", lag)):
        require_count(name, value)
    require_generator("rng", rng)
    tosses = rng.integers(SYMBOLS, size=(lag + T, B))
    return np.eye(SYMBOLS, dtype=np.float32)[tosses[lag:]], tosses[:T]


def recall_net(H: int, rng: np.random.Generator, phi: str = "tanh") -> RecurrentNet:
    """Return a net for the task, untrained: two symbols in, H units, two logits out."""
    return RecurrentNet(RNN(SYMBOLS, H, phi=phi, rng=rng), SYMBOLS, rng=rng)


def recall_accuracy(net: RecurrentNet, lag: int, rng: np.random.Generator) -> float:
    """Return the share of symbols recalled correctly on unseen streams; guessing gives 1/2."""
    require_that("net", net, isinstance(net, RecurrentNet), "a RecurrentNet of rnncourse.in_numpy")
    x, y = recall_stream(UNSEEN_STEPS, UNSEEN_STREAMS, lag, rng)
    right = net.forward(x).argmax(axis=-1) == y
    return float(right[lag:].mean())
