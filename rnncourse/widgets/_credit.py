"""Credit assignment in a small RNN: what the loss of each step says about each use of W_hh, whole and truncated."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rnncourse.in_numpy import rnn_step, softmax


def credit(p: Mapping[str, np.ndarray], x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return shares (T, T, H, H) and reaches (T, T) from p, inputs x (T, B, D) and targets y (T, B).

    shares[t, k] is the part of dW_hh that the loss of step t sends to the use of W_hh at step k; reaches[t, k] is
    the length of the gradient of that loss with respect to h_k. The loss is the mean over steps and sequences.
    """
    T, B = y.shape
    h = [p["h0"]]
    for x_t in x:
        h.append(rnn_step(x_t, h[-1], p))
    shares, reaches = np.zeros((T, T, *p["W_hh"].shape)), np.zeros((T, T))
    for t in range(T):
        wanted = np.eye(len(p["b_y"]))[y[t]]
        ds = (softmax(h[t + 1] @ p["W_hy"] + p["b_y"]) - wanted) / (T * B)
        dh = ds @ p["W_hy"].T
        for k in reversed(range(t + 1)):
            reaches[t, k] = np.linalg.norm(dh)
            da = dh * (1 - h[k + 1] ** 2)
            shares[t, k] = h[k].T @ da
            dh = da @ p["W_hh"].T
    return shares, reaches


def first_step(t: int, k1: int, k2: int) -> int:
    """Return the first step, from 1, of the backward pass in which the loss of step t counts.

    A pass over the latest k2 steps is made every k1 steps, the first one after step k2. Each loss counts once.
    """
    late = max(0, t - k2)
    return k1 * -(-late // k1) + 1


def kept(T: int, k1: int, k2: int) -> np.ndarray:
    """Return which pairs (loss of step t, use at step k) truncation keeps: booleans (T, T)."""
    steps = np.arange(1, T + 1)
    first = np.array([first_step(int(t), k1, k2) for t in steps])
    return (steps >= first[:, None]) & (steps <= steps[:, None])


def steps_back(T: int, k1: int, k2: int) -> int:
    """Return how many steps all backward passes take together; the last one may be shorter."""
    firsts = {first_step(t, k1, k2) for t in range(1, T + 1)}
    return sum(min(T, first + k2 - 1) - first + 1 for first in firsts)


def truncation_error(shares: np.ndarray, k1: int, k2: int) -> float:
    """Return how far the truncated gradient of W_hh is from the whole one, relative to the whole one's length."""
    whole = shares.sum(axis=(0, 1))
    cut = shares[kept(len(shares), k1, k2)].sum(axis=0)
    return float(np.linalg.norm(cut - whole) / np.linalg.norm(whole))
