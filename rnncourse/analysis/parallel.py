"""Runs that do not depend on one another, such as the same training with several seeds, on all cores."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from itertools import product
from typing import Any

from rnncourse.arguments import require_that
from rnncourse.errors import InputError

# A bar of a helper would be drawn into the notebook's output, and a helper has one core.
HELPER_ENVIRONMENT = {"TQDM_DISABLE": "1", "LOKY_MAX_CPU_COUNT": "1"}


def in_parallel(run: Callable, *choices: Iterable) -> list:
    """Return [run(a) for a in A]; given A and B, [[run(a, b) for b in B] for a in A], and so on.

    The runs are shared out among all cores, this process's included. The results and their order are those of the
    plain loop, provided that no run depends on another one: give each its own seed. `run` may be defined in a
    notebook. Results are copies, and what a run changes outside itself may be lost. On one core this is the loop.
    """
    require_that("run", run, callable(run), "a function")
    if not choices:
        raise InputError("after the function, in_parallel expects what to call it with, such as range(3)")
    lists = [list(choice) for choice in choices]
    results = _computed(run, list(product(*lists)))
    return _nested([len(choice) for choice in lists], iter(results))


def _computed(run: Callable, jobs: list[tuple]) -> list:
    """Return run(*job) for every job. Whoever is free takes the next one: a helper, or this process itself."""
    results: list[Any] = [None] * len(jobs)
    waiting = iter(enumerate(jobs))  # may be shared by threads: taking the next item cannot be interrupted

    def here(*job: Any) -> Any:
        return copy.deepcopy(run(*job))  # as from a helper, so that it does not matter where a run took place

    helpers = min(_cores(), len(jobs)) - 1
    if helpers < 1:
        _work_through(waiting, here, results)
        return results

    def elsewhere(*job: Any) -> Any:
        try:
            return pool.submit(run, *job).result()
        except BrokenExecutor:  # the helper was ended from outside, by an interrupt or for lack of memory
            return here(*job)

    with _pool(helpers) as pool, ThreadPoolExecutor(helpers) as threads:
        helping = [threads.submit(_work_through, waiting, elsewhere, results) for _ in range(helpers)]
        try:
            _work_through(waiting, here, results)
        finally:
            list(waiting)  # after an error nobody takes another job
    for helped in helping:
        helped.result()  # raises what went wrong there
    return results


def _work_through(waiting: Iterator, run: Callable, results: list) -> None:
    """Run one job after the other while there are any, and put each result in its place."""
    for k, job in waiting:
        results[k] = run(*job)


def _cores() -> int:
    """Return how many cores this process may use; 1 where no other process can be started."""
    try:
        from loky import cpu_count
    except ImportError:  # some platforms have no processes or no semaphores
        return 1
    return cpu_count()


def _pool(helpers: int) -> Any:
    """Return helper processes, which end with the block: they would keep what they have imported and computed."""
    from loky import ProcessPoolExecutor

    return ProcessPoolExecutor(helpers, env=HELPER_ENVIRONMENT)


def _nested(lengths: list[int], results: Iterator) -> Any:
    """Return lists in lists, of these lengths from the outside in, filled with the next results."""
    if not lengths:
        return next(results)
    return [_nested(lengths[1:], results) for _ in range(lengths[0])]
