"""Timing on a noisy machine: all contenders in turn, in one process, on one core; medians of rounds.

Processor time is counted, not time on the wall: what other programs take in between does not show.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy and torch are loaded

import numpy as np  # noqa: E402
import torch  # noqa: E402

TURN_SECONDS = 0.02


def pin() -> None:
    """Keep this process, and torch, to one core."""
    torch.set_num_threads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def medians(
    contenders: Mapping[str, Callable[[], object]], seconds: float, rounds: int = 3
) -> dict[str, float]:
    """Return each contender's median seconds; at least `rounds` rounds, more until `seconds` are over.

    A contender's turn lasts TURN_SECONDS or one call: in training, too, a layer finds the caches as it left them.
    """
    for run in contenders.values():
        run()
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    started = time.process_time()
    while time.process_time() - started < seconds or len(next(iter(taken.values()))) < rounds:
        for name, run in contenders.items():
            taken[name].append(_one_turn(run))
    return {name: float(np.median(times)) for name, times in taken.items()}


def _one_turn(run: Callable[[], object]) -> float:
    """Return the mean seconds of a call, over one turn."""
    calls, before = 0, time.process_time()
    while True:
        run()
        calls += 1
        spent = time.process_time() - before
        if spent >= TURN_SECONDS:
            return spent / calls


def geometric_mean(ratios: list[float]) -> float:
    """Return the mean of ratios, in which 2 and 1/2 cancel."""
    return float(np.exp(np.mean(np.log(ratios))))
