"""Wrong answers made by machine: every task's model answer with one thing changed, and a judge that only says right.

The model answers are those of the masters, in plain NumPy. Some mutants compute the same as before; those are
listed, with the reason, in `equivalents.py`.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from rnncourse.checks import model, registry, variations
from rnncourse.checks.calling import call
from rnncourse.checks.failure import TimedOut
from rnncourse.checks.judging import alike, outcome
from rnncourse.checks.task import Case, Task

DRAWS = 40
SECONDS = 0.5
"""The time limit of one call; a mutant that loops for ever is caught by it."""
PATIENT = 20.0
"""That of one call of a right answer, which a busy computer must not stop."""


@dataclass(frozen=True)
class Mutant:
    """A wrong answer and what was changed in it. kind: the first word of the change.

    A part of an argument that is ignored may be right for some inputs: the part need not decide. So may one name
    that stands for another.
    """

    kind: str
    change: str
    answer: Callable

    @property
    def may_be_right(self) -> bool:
        """Whether it is only wrong for some inputs."""
        return self.kind == "part"


# ---------------------------------------------------------------- changes of the arguments and of the answer


def _call_changes(task: Task, answer: Callable) -> Iterator[tuple[str, str, Callable]]:
    """Yield the model answer with an argument that it does not look at, and with an answer that it keeps."""
    first = task.cases(np.random.default_rng(1000))[0]
    for i, name in enumerate(model.arguments(task)[: len(first.args)]):
        for part, ignore in _ignoring(name, first.args[i]):
            kind = "part" if " of axis " in part else "ignored"
            yield kind, part, _with_argument(answer, i, ignore)
    kept: list = []

    def remembers(*args: Any) -> Any:
        if not kept:
            kept.append(answer(*args))
        return copy.deepcopy(kept[0])

    yield "kept", "the first answer, for ever", remembers


def _ignoring(name: str, value: Any) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """Yield functions that put something fixed in the place of an argument or of a part of it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            for part, ignore in _ignoring(f"{name}[{key!r}]", inner):
                yield part, lambda d, key=key, ignore=ignore: {**d, key: ignore(d[key])}
    elif isinstance(value, np.ndarray):
        yield name, np.zeros_like
        for axis in range(value.ndim):
            for end, where in (("first", 0), ("last", -1)):
                yield f"{name}, {end} of axis {axis}", _zero_at(axis, where)
    elif isinstance(value, (int, float, str, np.generic)):
        yield name, lambda _: value


def _zero_at(axis: int, where: int) -> Callable[[np.ndarray], np.ndarray]:
    def zeroed(array: np.ndarray) -> np.ndarray:
        array = array.copy()
        array[(slice(None),) * axis + (where,)] = 0
        return array

    return zeroed


def _with_argument(right: Callable, i: int, ignore: Callable[[Any], Any]) -> Callable:
    def answer(*args: Any) -> Any:
        return right(*args[:i], ignore(args[i]), *args[i + 1 :])

    return answer


def _aliasing(task: Task, right: Callable) -> Iterator[tuple[str, str, Callable]]:
    """Yield the model answer that gives back an argument itself where it has the very numbers asked for."""
    if not task.new_arrays:
        return

    def answer(*args: Any) -> Any:
        return _swap_in(right(*args), args)

    yield "copy", "an argument itself for a copy of it", answer


def _swap_in(value: Any, args: tuple) -> Any:
    if isinstance(value, dict):
        pools = [*args, *(one for one in args if isinstance(one, dict))]
        pool = [x for one in pools for x in (one.values() if isinstance(one, dict) else (one,))]
        return {key: _swap_in(one, tuple(pool)) for key, one in value.items()}
    if isinstance(value, tuple):
        return tuple(_swap_in(one, args) for one in value)
    same = (one for one in args if isinstance(one, np.ndarray) and np.array_equal(one, value))
    return next(same, value)


def mutants(task: Task) -> list[Mutant]:
    """Return the mutants of a task's model answer; changes that read alike are numbered."""
    answer, seen, made = model.function(task), Counter(), []
    called = [*_call_changes(task, answer), *_aliasing(task, answer)]
    # What is done to a whole argument is no slip at one place: `_call_changes` has those that say something.
    varied = [
        one
        for one in variations.variations(task)
        if one.function == task.called and one.kind != "argument" and not one.everywhere
    ]
    changes = [(one.kind, one.change, one.answer) for one in varied]
    for kind, change, one in (*changes, *((kind, f"{kind}: {change}", one) for kind, change, one in called)):
        seen[change] += 1
        made.append(Mutant(kind, change if seen[change] == 1 else f"{change} ({seen[change]})", one))
    return made


# ---------------------------------------------------------------- right or wrong, and nothing else


@cache
def drawn(name: str) -> tuple[tuple[list[Case], list], ...]:
    """Return the inputs of all draws of a task, with what its reference gives back."""
    task, draws = registry.task(name), []
    for seed in range(DRAWS):
        cases = task.cases(np.random.default_rng(seed))
        draws.append((cases, [outcome(task.reference, case) for case in cases]))
    return tuple(draws)


def passes(task: Task, answer: Callable, seconds: float = SECONDS) -> int:
    """Return in how many of the draws an answer is taken for right.

    seconds: the time limit of one call, or a quarter of the task's own if that is more.
    """
    return sum(_taken_for_right(task, answer, seconds))


def too_often(task: Task, mutant: Mutant) -> int:
    """Return in how many draws a mutant passes, 0 where that is allowed: what may be right may pass in all but one."""
    found = _taken_for_right(task, mutant.answer, SECONDS)
    if mutant.may_be_right:
        return DRAWS if all(found) else 0
    return sum(found)


def _taken_for_right(task: Task, answer: Callable, seconds: float) -> Iterator[bool]:
    """Yield for one draw after another whether an answer is right there; that in which it is stopped is the last."""
    for cases, expected in drawn(task.name):
        right, stopped = True, False
        for case, e in zip(cases, expected, strict=True):
            given = call(answer, case, max(seconds, task.seconds / 4))
            stopped = isinstance(given.value, TimedOut)
            if (task.new_arrays and given.shared) or not alike(task, e, given):
                right = False
                break
        yield right
        if stopped:
            return
