"""Random inputs for the banks: nothing zero, nothing symmetric, sizes that cannot be taken for one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnncourse.checks.task import Case

Arrays = dict[str, np.ndarray]


def normal(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> np.ndarray:
    """Return normally distributed float64 numbers."""
    return rng.normal(scale=scale, size=shape)


SAME_SIZES = "when all sizes are the same"
"""An axis that was found by its size is then another one."""


def edge(about: str, *args: Any) -> Case:
    """Return a case for answers that are right in all others; about: "with a single sequence" and the like."""
    return Case(args, about=about, edge=True)


def padding_mask(T: int, lengths: Sequence[int]) -> np.ndarray:
    """Return the mask (T, B), floats: 1 for the first steps of each sequence, as many as its length."""
    return (np.arange(T)[:, None] < np.array(lengths)).astype(np.float64)


def states(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Return numbers in (-1, 1), as states are, that no net has computed.

    A backward pass takes the states as they come. A slope that is measured by running the net forward once more does
    not know them, so that measuring does not replace the derivation.
    """
    return rng.uniform(-1, 1, size=shape)


def rnn_parameters(rng: np.random.Generator, D: int, H: int) -> Arrays:
    """Return W_xh (D, H), W_hh (H, H) and b_h (H,), small enough that tanh is not saturated."""
    return {"W_xh": normal(rng, D, H, scale=0.6), "W_hh": normal(rng, H, H, scale=0.6), "b_h": _bias(rng, H)}


def lstm_parameters(rng: np.random.Generator, D: int, H: int) -> Arrays:
    """Return W_x (D, 4H), W_h (H, 4H) and b (4H,), in blocks i, f, g, o."""
    return _gated(rng, D, H, 4)


def gru_parameters(rng: np.random.Generator, D: int, H: int) -> Arrays:
    """Return W_x (D, 3H), W_h (H, 3H), b (3H,), in blocks r, z, n, and b_hn (H,)."""
    return {**_gated(rng, D, H, 3), "b_hn": _bias(rng, H)}


def readout_parameters(rng: np.random.Generator, H: int, K: int) -> Arrays:
    """Return W_hy (H, K) and b_y (K,)."""
    return {"W_hy": normal(rng, H, K, scale=0.6), "b_y": _bias(rng, K)}


def _gated(rng: np.random.Generator, D: int, H: int, blocks: int) -> Arrays:
    n = blocks * H
    return {"W_x": normal(rng, D, n, scale=0.6), "W_h": normal(rng, H, n, scale=0.6), "b": _bias(rng, n)}


def _bias(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return a bias whose entries are all at least 0.2 away from zero: to leave it out must be seen."""
    return rng.choice([-1.0, 1.0], size=n) * rng.uniform(0.2, 0.9, size=n)
