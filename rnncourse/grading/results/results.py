"""What grading found out, as plain records that are written to disk and read back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from rnncourse.grading.untrusted_text import shown

STATUSES = ("graded", "timeout", "crashed", "unreadable", "missing", "forbidden")


@dataclass(frozen=True)
class TaskResult:
    """One student's result in one task.

    points: None while points by hand are still to come. mistake: the name that `check` gives what is wrong, or "".
    details: what is said about it, in paragraphs. code: the student's own answer. notes: what was odd about it.
    """

    task: str
    title: str
    kind: str
    points: float | None
    possible: float
    status: str
    seconds: float
    headline: str
    mistake: str = ""
    details: tuple[str, ...] = ()
    code: str = ""
    notes: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """What happened, in one line for a table."""
        first = next((" ".join(text.split()) for text in self.details if text.strip()), "")
        named = f"{self.mistake}: {first}" if self.mistake and first else first or self.mistake
        whole = self.headline if self.points == self.possible or not named else named
        return whole if len(whole) <= 200 else whole[:199] + "…"


@dataclass(frozen=True)
class StudentResult:
    """One student's results in all tasks. notes: what was odd about the whole notebook."""

    student: str
    file: str
    tasks: tuple[TaskResult, ...]
    notes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    digest: str = ""
    """Of what was handed in: a new version is graded again."""

    oddities: tuple[str, ...] = ()
    """What the instructor should know about the notebook, in the same words for everybody it happened to."""

    @property
    def points(self) -> float:
        """The points so far."""
        return sum(task.points or 0 for task in self.tasks)

    @property
    def possible(self) -> float:
        """All points that can be earned."""
        return sum(task.possible for task in self.tasks)

    @property
    def waiting(self) -> bool:
        """Whether points by hand are still to come."""
        return any(task.points is None for task in self.tasks)


def as_record(result: StudentResult) -> dict[str, Any]:
    """Return a result as JSON can hold it, without characters that no file can."""
    return _clean(asdict(result))


def from_record(record: Mapping[str, Any]) -> StudentResult:
    """Return the result that a record holds; KeyError or TypeError for anything else."""
    tasks = tuple(_made(TaskResult, task) for task in record["tasks"])
    return _made(StudentResult, {**record, "tasks": tasks})


def _made(kind: type, record: Mapping[str, Any]) -> Any:
    """Return an object of a kind from its fields, in which lists stand for tuples; TypeError where one does not fit."""
    for one in fields(kind):
        value = record[one.name]
        if not _FITS[one.type](value):
            raise TypeError(f"{one.name} must be {one.type}, but is {value!r:.60}")
    return kind(**{name: tuple(one) if isinstance(one, list) else one for name, one in record.items()})


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


_FITS: dict[str, Callable[[Any], bool]] = {
    "str": lambda value: isinstance(value, str),
    "float": _is_number,
    "float | None": lambda value: value is None or _is_number(value),
    "tuple[str, ...]": lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
    "tuple[TaskResult, ...]": lambda value: isinstance(value, tuple),
}
"""By a field's type, whether a value read from a file is of it."""


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, dict):
        return {key: _clean(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(one) for one in value]
    return value
