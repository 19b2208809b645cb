"""Put points into nbgrader's own gradebook, so that a course that keeps its records there goes on doing so."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rnncourse.errors import InputError
from rnncourse.grading.handed_in.assignment import Assignment
from rnncourse.grading.handed_in.roster import EMAILS, FIRST_NAMES, LAST_NAMES, Student
from rnncourse.grading.results.gradebook import importable
from rnncourse.grading.results.results import StudentResult, TaskResult


def put(
    path: Path, results: Sequence[StudentResult], assignment: Assignment, roster: Mapping[str, Student]
) -> None:
    """Write all points into the database at `path`, made if it is not there; other assignments in it stay.

    Raises InputError where nbgrader is not installed or the file is no gradebook.
    """
    try:
        from nbgrader.api import Gradebook
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError as error:
        raise InputError("nbgrader is not installed: pip install nbgrader") from error
    stem = assignment.stem
    try:
        with _commands_found(), Gradebook(f"sqlite:///{path.resolve()}") as book:
            book.update_or_create_assignment(stem)
            book.update_or_create_notebook(stem, stem)
            for item in assignment.items:
                kind = "markdown" if item.kind == "explanation" else "code"
                cell = f"{item.name}-check" if item.kind == "code" else item.name
                book.update_or_create_grade_cell(cell, stem, stem, max_score=item.points, cell_type=kind)
            for result, who in importable(results, roster):
                _put_student(book, result, stem, who)
            book.db.commit()
    except SQLAlchemyError as error:
        raise InputError(
            f"{path} cannot be used as nbgrader's gradebook: {error.__class__.__name__}"
        ) from error


@contextlib.contextmanager
def _commands_found() -> Iterator[None]:
    """Let nbgrader find the command alembic, which it runs for a new database, and keep its warnings to itself."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{before}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        os.environ["PATH"] = before


def _put_student(book, result: StudentResult, stem: str, who: Student) -> None:
    """Write one student's points; a student who handed in nothing is there without a submission."""
    names = {
        "first_name": who.get(*FIRST_NAMES),
        "last_name": who.get(*LAST_NAMES),
        "email": who.get(*EMAILS),
    }
    book.update_or_create_student(result.student, **{key: value for key, value in names.items() if value})
    if not result.file and all(task.status == "missing" for task in result.tasks):
        return
    book.update_or_create_submission(stem, result.student)
    for task in result.tasks:
        _put_grade(book, task, stem, result.student)


def _put_grade(book, task: TaskResult, stem: str, student: str) -> None:
    by_hand = task.kind == "explanation"
    grade = book.find_grade(task.task if by_hand else f"{task.task}-check", stem, stem, student)
    if by_hand:
        grade.manual_score = task.points
        grade.needs_manual_grade = task.points is None
    else:
        grade.auto_score, grade.manual_score = task.points, None
        grade.needs_manual_grade = False
