"""What grading found out, as plain records that are written to disk and read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
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
    """What the instructor should know about the notebook, the same words for everybody whom it befell."""

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
    tasks = tuple(
        TaskResult(**{**task, "details": tuple(task["details"]), "notes": tuple(task["notes"])})
        for task in record["tasks"]
    )
    lists = {name: tuple(record[name]) for name in ("notes", "aliases", "oddities")}
    whole = {**record, **lists, "tasks": tasks}
    return StudentResult(**whole)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, dict):
        return {key: _clean(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(one) for one in value]
    return value
