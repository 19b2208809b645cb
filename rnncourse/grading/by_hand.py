"""Points that a person gives: the table that comes back is read, and merged into the results."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rnncourse.errors import InputError
from rnncourse.grading import tables
from rnncourse.grading.results.results import StudentResult, TaskResult
from rnncourse.grading.untrusted_text import plain_name


@dataclass(frozen=True)
class Given:
    """What a line of the table gives. digest: of the text that was read, "" where the table does not say."""

    points: float
    comment: str
    line: int
    digest: str = ""


def digest(text: str) -> str:
    """Return what tells one text from another in the table."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def to_read(result: StudentResult) -> list[TaskResult]:
    """Return the answers of a student that a person reads."""
    return [task for task in result.tasks if task.kind == "explanation" and task.code]


def read(path: Path) -> dict[tuple[str, str], Given]:
    """Return what is given by student and task; lines without points are passed over."""
    found: dict[tuple[str, str], Given] = {}
    for line, row in tables.rows(path, "manual", ("student", "task", "points")):
        if not row["points"]:
            continue
        key = _key(row)
        if key in found:
            raise InputError(f"{path}, line {line}: {key[0]}, {key[1]} appears twice")
        comment = tables.as_it_was(row.get("comment", ""))
        found[key] = Given(_points(path, line, row["points"]), comment, line, row.get("digest", ""))
    return found


def _points(path: Path, line: int, text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise InputError(f"{path}, line {line}: points must be a number, but got {text!r}") from None


def _key(row: Mapping[str, str]) -> tuple[str, str]:
    return plain_name(tables.as_it_was(row["student"])), row["task"]


def merge(
    results: Sequence[StudentResult], path: Path | None, given: Mapping[tuple[str, str], Given]
) -> tuple[list[StudentResult], list[str]]:
    """Return the results with points by hand, and notes on those that were given to a text handed in before.

    Raises InputError, with the line, where points do not fit.
    """
    tasks = {(result.student, task.task): task for result in results for task in result.tasks}
    for key, one in given.items():
        _require_fitting(path, key, one, tasks.get(key))
    stale = {key for key, one in given.items() if one.digest and one.digest != digest(tasks[key].code)}
    notes = [
        f"{student} has handed in a different text for {task} since points were given to it; read it again"
        for student, task in sorted(stale)
    ]
    fresh = {key: one for key, one in given.items() if key not in stale}
    merged = [
        replace(
            result,
            tasks=tuple(_merged(task, fresh.get((result.student, task.task))) for task in result.tasks),
        )
        for result in results
    ]
    return merged, notes


def _require_fitting(path: Path | None, key: tuple[str, str], given: Given, task: TaskResult | None) -> None:
    if task is None:
        raise InputError(f"{path}, line {given.line}: there is no student {key[0]} with a task {key[1]}")
    if task.kind != "explanation":
        raise InputError(f"{path}, line {given.line}: {key[1]} is not graded by hand")
    if not 0 <= given.points <= task.possible:
        raise InputError(
            f"{path}, line {given.line}: points must be from 0 to {task.possible:g}, but got {given.points:g}"
        )


def _merged(task: TaskResult, given: Given | None) -> TaskResult:
    if given is None:
        return task
    said = (given.comment,) if given.comment else ("Read and graded.",)
    return replace(task, points=given.points, status="graded", headline="Read by a person.", details=said)


def lacking(path: Path, results: Iterable[StudentResult]) -> list[str]:
    """Return the answers to be read that a table for points by hand has no line for, as "student (task)"."""
    lines = tables.rows(path, "the table for points by hand", ("student", "task"))
    there = {(*_key(row), row.get("digest", "")) for _, row in lines}
    return [
        f"{result.student} ({task.task})"
        for result in results
        for task in to_read(result)
        if not {(result.student, task.task, digest(task.code)), (result.student, task.task, "")} & there
    ]
