"""Ways to choose the next token, for both engines: probabilities in, token indices out.

A model comes in as a function `step(indices, state)`: it reads one token for each of B sequences and returns
the log-probabilities (B, V) of what comes next and the new state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnncourse.arguments import (
    require_count,
    require_generator,
    require_number,
    require_that,
    require_within,
)
from rnncourse.errors import InputError
from rnncourse.in_both.base import inside

Step = Callable[[np.ndarray, Any], tuple[np.ndarray, Any]]


@dataclass(frozen=True)
class Beam:
    """A continuation that beam search found, and its log-probability."""

    indices: np.ndarray
    log_p: float


def with_temperature(log_p: np.ndarray, temperature: float) -> np.ndarray:
    """Return probabilities p^(1/temperature), made to sum to 1 again, from log p (..., V).

    Below 1 the likely becomes likelier, above 1 the unlikely gets a chance; greedy is the limit at 0.
    """
    z = log_p.astype(np.float64) / require_number("temperature", temperature, above=0)
    p = np.exp(z - z.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True)


def sample(
    step: Step,
    start: Sequence[int],
    n: int,
    V: int,
    rng: np.random.Generator,
    temperature: float,
    end: int | None,
) -> np.ndarray:
    """Return n tokens (fewer if `end` comes up) that follow `start`, each drawn from the model's probabilities."""
    require_generator("rng", rng)
    return _one_by_one(
        step, start, n, V, lambda log_p: rng.choice(V, p=with_temperature(log_p, temperature)), end
    )


def greedy(step: Step, start: Sequence[int], n: int, V: int, end: int | None) -> np.ndarray:
    """Return n tokens (fewer if `end` comes up) that follow `start`, each the likeliest at its place."""
    return _one_by_one(step, start, n, V, np.argmax, end)


def beam_search(
    step: Step,
    start: Sequence[int],
    n: int,
    V: int,
    width: int,
    end: int | None,
    select: Callable[[Any, np.ndarray], Any],
) -> list[Beam]:
    """Return up to `width` continuations of n tokens, likeliest first; one that reaches `end` is left as it is.

    select(state, rows) returns the state of the chosen sequences. Continuations are compared by their whole
    log-probability, so where `end` exists shorter ones have an advantage.
    """
    require_count("n", n)
    require_count("width", width)
    log_p, state = _read(step, start, V)
    beams, finished = [Beam(np.empty(0, dtype=np.int64), 0.0)], []
    for k in range(n):
        total = np.array([beam.log_p for beam in beams])[:, None] + log_p.astype(np.float64)
        best = np.argsort(-total, axis=None, kind="stable")[:width]
        rows, tokens = np.unravel_index(best, total.shape)
        grown = [
            Beam(np.append(beams[r].indices, t), float(total[r, t]))
            for r, t in zip(rows, tokens, strict=True)
        ]
        open_ = [b for b, t in enumerate(tokens) if t != end]
        finished += [grown[b] for b in range(len(grown)) if b not in open_]
        beams = [grown[b] for b in open_]
        if not beams or k == n - 1:
            break
        log_p, state = step(tokens[open_], select(state, rows[open_]))
    return sorted(finished + beams, key=lambda beam: -beam.log_p)[:width]


def _one_by_one(
    step: Step, start: Sequence[int], n: int, V: int, choose: Callable[[np.ndarray], int], end: int | None
) -> np.ndarray:
    require_count("n", n)
    log_p, state = _read(step, start, V)
    found = [int(choose(log_p[0]))]
    while len(found) < n and found[-1] != end:
        log_p, state = step(np.array(found[-1:]), state)
        found.append(int(choose(log_p[0])))
    return np.array(found, dtype=np.int64)


def _read(step: Step, start: Sequence[int], V: int) -> tuple[np.ndarray, Any]:
    """Let the model read the tokens it is to continue."""
    indices = np.asarray(start)
    whole = indices.ndim == 1 and indices.size > 0 and indices.dtype.kind in "iu"
    require_that("start", start, whole, "a list of at least one token index")
    require_within("start", indices, 0, V - 1, "indices")
    state = None
    for index in indices:
        log_p, state = step(np.array([index]), state)
    return log_p, state


def tokens_of_writer(net: Any) -> int:
    """Return how many tokens a net reads; raise InputError unless it scores just those, and reads in one direction."""
    D, K = net.layer.D, net.readout.K
    if D != K:
        raise InputError(f"a net that writes scores the tokens it reads, but it reads {D} and scores {K}")
    if any(layer.kind == "Bidirectional" for layer in inside(net.layer)):
        raise InputError("a net that also reads backward cannot write: it would have to know what follows")
    return D
