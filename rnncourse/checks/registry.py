"""All tasks of the course, by name and by chapter; a chapter's bank is read when it is first asked for."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib import import_module
from operator import index

from rnncourse.checks import forbidden, model
from rnncourse.checks.bank import statements
from rnncourse.checks.task import Task
from rnncourse.errors import InputError, describe


def chapters() -> tuple[int, ...]:
    """Return the numbers of the chapters that have tasks, in order."""
    return tuple(sorted(statements.statements()))


@cache
def _bank(chapter: int) -> tuple[Task, ...]:
    """Return a chapter's tasks in the order of its master; those that a person reads need no code."""
    module = import_module(f"rnncourse.checks.bank.ch{chapter:02}")
    coded = {one.name: one for one in vars(module).values() if isinstance(one, Task)}
    return tuple(coded.get(name) or statements.task(name) for name in statements.statements()[chapter])


def tasks(chapter: int | str | None = None) -> tuple[Task, ...]:
    """Return the tasks of a chapter (3 or "03") in order, or of all; InputError for a chapter without any."""
    if chapter is None:
        return tuple(task for number in chapters() for task in _bank(number))
    return _bank(number_of(chapter))


def number_of(chapter: int | str) -> int:
    """Return 3 for the chapter 3 or "03"; InputError for a chapter without tasks."""
    try:
        number = int(chapter) if isinstance(chapter, str) else index(chapter)
    except (TypeError, ValueError):
        number = -1
    if number not in chapters():
        known = ", ".join(f"{n:02}" for n in chapters())
        raise InputError(f"chapter must be one of {known}, but got {describe(chapter)}")
    return number


def task(name: str) -> Task:
    """Return the task of that name; InputError, with a guess, where there is none. No other chapter is read."""
    chapter = next((number for number in chapters() if name in statements.statements()[number]), None)
    if chapter is None:
        known = [one for number in chapters() for one in statements.statements()[number]]
        near = get_close_matches(str(name), known, n=1)
        guess = f"; did you mean {near[0]}?" if near else ""
        raise InputError(f"there is no task {describe(name)}{guess}")
    return next(one for one in _bank(chapter) if one.name == name)


def chapter_of(name: str) -> int:
    """Return the number of the chapter that a task belongs to."""
    return next(number for number in chapters() if name in statements.statements()[number])


def withheld(task: Task) -> tuple[str, ...]:
    """Return the modules that are withheld in the exercise of a task: what any of the chapter's tasks forbids.

    What the exercise itself imports, in a cell that is not an answer, is there for everybody.
    """
    of_chapter = tasks(chapter_of(task.name))
    forbids = (name for one in of_chapter for name in one.forbidden)
    return forbidden.withheld(forbids, model.imported(task.name, [one.name for one in of_chapter]))
