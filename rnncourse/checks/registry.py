"""All tasks of the course, by name and by chapter; a chapter's bank is read when it is first asked for."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib import import_module
from operator import index
from pathlib import Path

from rnncourse.checks.task import Task
from rnncourse.errors import InputError, describe


@cache
def chapters() -> tuple[int, ...]:
    """Return the numbers of the chapters that have a bank, in order."""
    return tuple(
        sorted(int(file.stem[2:]) for file in (Path(__file__).parent / "bank").glob("ch[0-9][0-9].py"))
    )


@cache
def _bank(chapter: int) -> tuple[Task, ...]:
    return tuple(import_module(f"rnncourse.checks.bank.ch{chapter:02}").TASKS)


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
        raise InputError(f"chapter must be one of {known}, but {describe(chapter)} came")
    return number


def task(name: str) -> Task:
    """Return the task of that name; InputError, with a guess, where there is none."""
    found = next((one for number in chapters() for one in _bank(number) if one.name == name), None)
    if found is None:
        near = get_close_matches(str(name), [one.name for one in tasks()], n=1)
        guess = f"; did you mean {near[0]}?" if near else ""
        raise InputError(f"there is no task {describe(name)}{guess}")
    return found


def chapter_of(name: str) -> int:
    """Return the number of the chapter that a task belongs to."""
    return next(number for number in chapters() if any(one.name == name for one in _bank(number)))
