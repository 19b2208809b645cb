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


def pin() -> None:
    """Keep this process, and torch, to one core."""
    torch.set_num_threads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def medians(
    contenders: Mapping[str, Callable[[], object]], seconds: float, rounds: int = 3
) -> dict[str, float]:
    """Return each contender's median seconds; at least `rounds` rounds, more until `seconds` are over."""
    for run in contenders.values():
        run()
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    started = time.process_time()
    while time.process_time() - started < seconds or len(next(iter(taken.values()))) < rounds:
        for name, run in contenders.items():
            before = time.process_time()
            run()
            taken[name].append(time.process_time() - before)
    return {name: float(np.median(times)) for name, times in taken.items()}


def geometric_mean(ratios: list[float]) -> float:
    """Return the mean of ratios, in which 2 and 1/2 cancel."""
    return float(np.exp(np.mean(np.log(ratios))))
