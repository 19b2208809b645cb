"""Put points into nbgrader's own gradebook, so that a course that keeps its records there goes on doing so.

For a whole course folder of nbgrader's, the pages of feedback go where `nbgrader release_feedback` looks for them.
"""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rnncourse.errors import InputError
from rnncourse.grading.handed_in.assignment import Assignment
from rnncourse.grading.handed_in.roster import EMAILS, FIRST_NAMES, LAST_NAMES, Student
from rnncourse.grading.results.gradebook import importable
from rnncourse.grading.results.results import StudentResult, TaskResult
from rnncourse.grading.results.store import write

TIMESTAMP, SECRET = "timestamp.txt", "submission_secret.txt"
"""What `nbgrader submit` leaves beside a notebook; `release_feedback` names a page after the secret."""


@dataclass(frozen=True)
class Course:
    """A course folder of nbgrader's, with its default subfolders. assignment: as nbgrader calls it."""

    folder: Path
    assignment: str

    @property
    def submitted(self) -> Path:
        """Where `nbgrader collect` puts what was handed in."""
        return self.folder / "submitted"

    def submission(self, student: str) -> Path:
        """Where one student's files are."""
        return self.submitted / student / self.assignment


def find_course(folder: Path, stem: str) -> Course:
    """Return the course in `folder`, with the assignment whose notebook is called `stem`.

    Raises InputError where nothing was collected, or where not exactly one assignment has such a notebook.
    """
    if not (folder / "submitted").is_dir():
        raise InputError(f"{folder} has no folder submitted; collect first: nbgrader collect ASSIGNMENT")
    places = ("source/*", "release/*", "submitted/*/*")
    found = {path.parent.name for place in places for path in folder.glob(f"{place}/{stem}.ipynb")}
    if len(found) != 1:
        said = f"{len(found)} assignments ({', '.join(sorted(found))})" if found else "no assignment"
        raise InputError(f"{folder} must have one assignment with a notebook {stem}.ipynb, but has {said}")
    return Course(folder, found.pop())


def put_course(
    course: Course,
    results: Sequence[StudentResult],
    assignment: Assignment,
    roster: Mapping[str, Student],
    page: Callable[[StudentResult], str],
) -> list[str]:
    """Write points into the course's gradebook and pages into its folder feedback; return what could not be written.

    page: returns the page of a result. Afterward `nbgrader release_feedback ASSIGNMENT` gives the pages back.
    """
    by_folder = {result.student: _folder_of(course, result) for result in results}
    known = [
        (replace(result, student=by_folder[result.student]), who)
        for result, who in importable(results, roster)
    ]
    _put(course.folder / "gradebook.db", known, assignment, course.assignment, _timestamps(course, known))
    lacking = []
    for result in results:
        student = by_folder[result.student]
        if course.submission(student).is_dir():
            lacking += _put_page(course, student, result, assignment.stem, page(result))
    return lacking


def _folder_of(course: Course, result: StudentResult) -> str:
    """Return a student's name in nbgrader: that of the folder of what was handed in."""
    names = (name for name in (*result.aliases, result.student) if _is_name(name))
    return next((name for name in names if course.submission(name).is_dir()), result.student)


def _is_name(name: str) -> bool:
    return bool(name) and name not in (".", "..") and "/" not in name and os.sep not in name


def _left_by_submit(course: Course, student: str, name: str) -> str:
    """Return the text of one of the files that `nbgrader submit` leaves; "" where it is missing."""
    path = course.submission(student) / name
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _timestamps(course: Course, known: Sequence[tuple[StudentResult, Student]]) -> dict[str, str]:
    """Return by student when the work was handed in."""
    said = {result.student: _left_by_submit(course, result.student, TIMESTAMP).strip() for result, _ in known}
    return {student: timestamp for student, timestamp in said.items() if timestamp}


def _put_page(course: Course, student: str, result: StudentResult, stem: str, page: str) -> list[str]:
    """Write a page with what `release_feedback` needs beside it; return what is lacking."""
    left = {name: _left_by_submit(course, student, name) for name in (TIMESTAMP, SECRET)}
    lacking = [name for name, text in left.items() if not text]
    if lacking:
        where = course.submission(student)
        return [
            f"{student}: nbgrader cannot release the feedback, {' and '.join(lacking)} missing in {where}"
        ]
    folder = course.folder / "feedback" / student / course.assignment
    for name, text in left.items():
        write(folder / name, text)
    own = Path(result.file).stem if result.file else stem
    write(folder / f"{own}.html", page)
    return []


def put(
    path: Path, results: Sequence[StudentResult], assignment: Assignment, roster: Mapping[str, Student]
) -> None:
    """Write all points into the database at `path`, made if it is not there; other assignments in it stay.

    Raises InputError where nbgrader is not installed or the file is no gradebook.
    """
    _put(path, importable(results, roster), assignment, assignment.stem, {})


def _put(
    path: Path,
    known: Sequence[tuple[StudentResult, Student]],
    assignment: Assignment,
    name: str,
    timestamps: Mapping[str, str],
) -> None:
    """Write points under the assignment's name in nbgrader. timestamps: by student, where it is known."""
    try:
        from nbgrader.api import Gradebook
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError as error:
        raise InputError("nbgrader is not installed: pip install nbgrader") from error
    stem = assignment.stem
    try:
        with _commands_found(), Gradebook(f"sqlite:///{path.resolve()}") as book:
            book.update_or_create_assignment(name)
            book.update_or_create_notebook(stem, name)
            for item in assignment.items:
                kind = "markdown" if item.kind == "explanation" else "code"
                cell = f"{item.name}-check" if item.kind == "code" else item.name
                book.update_or_create_grade_cell(cell, stem, name, max_score=item.points, cell_type=kind)
            for result, who in known:
                when = timestamps.get(result.student)
                _put_student(book, result, stem, name, who, {"timestamp": when} if when else {})
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


def _put_student(
    book, result: StudentResult, stem: str, name: str, who: Student, when: Mapping[str, str]
) -> None:
    """Write one student's points; a student who handed in nothing is there without a submission."""
    names = {
        "first_name": who.get(*FIRST_NAMES),
        "last_name": who.get(*LAST_NAMES),
        "email": who.get(*EMAILS),
    }
    book.update_or_create_student(result.student, **{key: value for key, value in names.items() if value})
    if not result.file and all(task.status == "missing" for task in result.tasks):
        return
    book.update_or_create_submission(name, result.student, **when)
    for task in result.tasks:
        _put_grade(book, task, stem, name, result.student)


def _put_grade(book, task: TaskResult, stem: str, name: str, student: str) -> None:
    by_hand = task.kind == "explanation"
    grade = book.find_grade(task.task if by_hand else f"{task.task}-check", stem, name, student)
    if by_hand:
        grade.manual_score = task.points
        grade.needs_manual_grade = task.points is None
    else:
        grade.auto_score, grade.manual_score = task.points, None
        grade.needs_manual_grade = False
