"""Tasks whose answer lies a known number of steps back: copy, adding, delayed recall.

Every draw is new, so nothing can be learned by heart; what counts is how far a net can carry what it has seen.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rnncourse.arguments import require_choice, require_count, require_generator, require_number


class TaskBatch(NamedTuple):
    """Inputs x (T, B, D), targets y, and mask (T, B): 1 where an answer is asked for.

    y holds indices (T, B) for copy and recall, and numbers (T, B, 1) for adding. Where mask is 0 it says nothing.
    """

    x: np.ndarray
    y: np.ndarray
    mask: np.ndarray


COPY_SYMBOLS, COPY_LENGTH = 4, 3
RECALL_SYMBOLS = 4

SIZES = {  # of inputs and of answers
    "copy": (COPY_SYMBOLS + 1, COPY_SYMBOLS),
    "adding": (2, 1),
    "recall": (RECALL_SYMBOLS + 1, RECALL_SYMBOLS),
}


def copy_task(delay: int, B: int, rng: np.random.Generator) -> TaskBatch:
    """Return a batch of the copy task: three symbols, `delay` silent steps, then the three are asked for.

    x (delay + 6, B, 5): the first four inputs are the symbols, one-hot; the fifth is 1 while answers are asked
    for. y is the first symbol at the first step that asks, and so on: each lies delay + 3 steps back. Guessing
    gets 1/4. Source: Hochreiter and Schmidhuber (1997); after Arjovsky, Shah and Bengio (2016),
    arXiv:1511.06464, who copy ten symbols of eight kinds.
    """
    _require(delay, B, rng)
    n = COPY_LENGTH
    symbols = rng.integers(COPY_SYMBOLS, size=(n, B))
    T = n + delay + n
    x = np.zeros((T, B, COPY_SYMBOLS + 1), dtype=np.float32)
    x[:n, :, :COPY_SYMBOLS] = np.eye(COPY_SYMBOLS, dtype=np.float32)[symbols]
    x[-n:, :, -1] = 1
    y, mask = np.zeros((T, B), dtype=np.int64), np.zeros((T, B), dtype=np.float32)
    y[-n:], mask[-n:] = symbols, 1
    return TaskBatch(x, y, mask)


def adding_task(delay: int, B: int, rng: np.random.Generator) -> TaskBatch:
    """Return a batch of the adding problem: of `delay` numbers, two are marked; their sum is asked for at the end.

    x (delay, B, 2): a number from U(0, 1) at every step, and a mark that is 1 at two steps, one in the first half
    and one in the second. y (delay, B, 1) is the sum, at the last step. Always answering 1 has a mean squared
    error of 1/6. Raises InputError for delay < 2. Source: Hochreiter and Schmidhuber (1997), section 5.4,
    doi:10.1162/neco.1997.9.8.1735; in this form Arjovsky, Shah and Bengio (2016), arXiv:1511.06464.
    """
    _require(delay, B, rng)
    require_count("delay", delay, least=2)
    x = np.zeros((delay, B, 2), dtype=np.float32)
    x[:, :, 0] = rng.random((delay, B))
    each = np.arange(B)
    first, second = rng.integers(delay // 2, size=B), rng.integers(delay // 2, delay, size=B)
    x[first, each, 1] = x[second, each, 1] = 1
    y, mask = np.zeros((delay, B, 1), dtype=np.float32), np.zeros((delay, B), dtype=np.float32)
    y[-1, :, 0] = x[first, each, 0] + x[second, each, 0]
    mask[-1] = 1
    return TaskBatch(x, y, mask)


def recall_task(delay: int, B: int, rng: np.random.Generator, noise: float = 0.2) -> TaskBatch:
    """Return a batch of delayed recall: one symbol, then noise, and `delay` steps later: which symbol was it?

    x (delay + 1, B, 5): at the first step one of four symbols, one-hot; at every later step a number from
    U(-noise, noise) in the fifth place, which means nothing. y holds the symbol at the last step. Guessing gets
    1/4. Raises InputError for a negative noise.
    """
    _require(delay, B, rng)
    noise = require_number("noise", noise, least=0)
    symbols = rng.integers(RECALL_SYMBOLS, size=B)
    x = np.zeros((delay + 1, B, RECALL_SYMBOLS + 1), dtype=np.float32)
    x[0, np.arange(B), symbols] = 1
    x[1:, :, -1] = rng.uniform(-noise, noise, (delay, B))
    y, mask = np.zeros((delay + 1, B), dtype=np.int64), np.zeros((delay + 1, B), dtype=np.float32)
    y[-1], mask[-1] = symbols, 1
    return TaskBatch(x, y, mask)


TASKS = {"copy": copy_task, "adding": adding_task, "recall": recall_task}


def draw(task: str, delay: int, B: int, rng: np.random.Generator) -> TaskBatch:
    """Return a batch of the task of that name: copy, adding or recall."""
    return TASKS[require_choice("task", task, tuple(TASKS))](delay, B, rng)


def _require(delay: int, B: int, rng: np.random.Generator) -> None:
    require_count("delay", delay)
    require_count("B", B)
    require_generator("rng", rng)
