"""Hints, one at a time, three for each task."""

from __future__ import annotations

from rnncourse.checks.task import Task

_COUNT = ("first", "second", "third and last")
_given: dict[str, int] = {}  # in this kernel


def next_hint(task: Task) -> tuple[str, str]:
    """Return a title and the next hint of a task; after the third, that one again."""
    if not task.hints:
        return (
            "There are no hints for this task.",
            "It is read by a person: any honest attempt is worth writing.",
        )
    n = min(_given.get(task.name, 0), len(task.hints) - 1)
    _given[task.name] = n + 1
    return f"The {_COUNT[n]} hint", task.hints[n]


def forget() -> None:
    """Begin with the first hint again."""
    _given.clear()
