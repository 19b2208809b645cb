"""The tables that grading leaves behind, and points by hand that come back in one.

What a spreadsheet would take for a formula gets an apostrophe in front, also after a semicolon, at which Excel divides
cells in half of Europe: names and error texts come from students.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rnncourse.errors import InputError
from rnncourse.grading.handed_in.assignment import Assignment
from rnncourse.grading.results.results import StudentResult, TaskResult
from rnncourse.grading.untrusted_text import one_line, plain_name

COLUMNS = ("student", "task", "points", "max", "status", "seconds", "summary")
_FORMULA = re.compile(r"""(^|;)([\s"']*[=+\-@＝＋－＠])""")
_NEUTRAL = re.compile(r"""(^|;)'([\s"']*[=+\-@＝＋－＠])""")
_NBGRADER = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score",
    "late_submission_penalty", "score", "max_score",
)  # fmt: skip


@dataclass(frozen=True)
class Student:
    """A line of the roster: the name under which submissions are looked for, and all its columns."""

    student: str
    columns: Mapping[str, str] = field(default_factory=dict)

    def get(self, *names: str) -> str:
        """Return the first of those columns that is filled, or ""."""
        return next((self.columns[name] for name in names if self.columns.get(name)), "")


def neutral(text: str) -> str:
    """Return `text` as a cell that no spreadsheet runs: on one line, with an apostrophe before each formula."""
    return _FORMULA.sub(r"\1'\2", one_line(text))


def _as_it_was(cell: str) -> str:
    """Undo `neutral` for a cell on one line."""
    return _NEUTRAL.sub(r"\1\2", cell)


def number(points: float | None) -> str:
    """Return points without needless decimals; nothing for points that are still to come."""
    return "" if points is None else f"{points:g}"


def gradebook(results: Iterable[StudentResult]) -> str:
    """Return gradebook.csv: a line for each student and task."""
    rows = [
        (
            neutral(result.student),
            neutral(task.task),
            number(task.points),
            number(task.possible),
            task.status,
            f"{task.seconds:.2f}",
            neutral(task.summary),
        )
        for result in results
        for task in result.tasks
    ]
    return _table(COLUMNS, rows)


def nbgrader_table(
    results: Iterable[StudentResult], assignment: Assignment, roster: Mapping[str, Student]
) -> str:
    """Return a table with the columns of `nbgrader export`."""
    rows = []
    for result in results:
        who = roster.get(result.student, Student(result.student))
        points, possible = number(result.points), number(result.possible)
        named = (who.get("last_name", "lastname"), who.get("first_name", "firstname"), who.get("email"))
        rows.append(
            (
                assignment.stem,
                "",
                "",
                neutral(result.student),
                *map(neutral, named),
                points,
                "0",
                points,
                possible,
            )
        )
    return _table(_NBGRADER, rows)


def moodle_table(
    results: Iterable[StudentResult], assignment: Assignment, roster: Mapping[str, Student]
) -> str:
    """Return a table for Moodle's grade import (Grades, Import, CSV file)."""
    rows = []
    for result in results:
        who = roster.get(result.student, Student(result.student))
        number_ = who.get("id number", "idnumber", "id")
        name = who.get("full name", "name") or result.student
        said = "; ".join(
            f"{task.task}: {number(task.points) or 'to come'}/{number(task.possible)}"
            for task in result.tasks
        )
        rows.append(
            tuple(
                map(neutral, (who.get("email address", "email"), number_, name, number(result.points), said))
            )
        )
    return _table(("Email address", "ID number", "Full name", assignment.stem, "Feedback comments"), rows)


def canvas_table(
    results: Iterable[StudentResult], assignment: Assignment, roster: Mapping[str, Student]
) -> str:
    """Return a table for Canvas's grade import, whose second line says the points possible."""
    rows = [("    Points Possible", "", "", "", "", number(assignment.total))]
    for result in results:
        who = roster.get(result.student, Student(result.student))
        identity = who.get("id") or next((a for a in result.aliases if a.isdigit()), "")
        user, login = who.get("sis user id", "sis_user_id"), who.get("sis login id", "sis_login_id")
        name = who.get("name", "student name", "full name") or result.student
        rows.append((*map(neutral, (name, identity, user, login, who.get("section"))), number(result.points)))
    return _table(("Student", "ID", "SIS User ID", "SIS Login ID", "Section", assignment.stem), rows)


def by_hand_table(results: Iterable[StudentResult]) -> str:
    """Return the table to be filled in with points by hand and handed back with --manual."""
    rows = []
    for result in results:
        for task in _to_read(result):
            comment = neutral(task.details[0]) if task.points is not None and task.details else ""
            points, possible = number(task.points), number(task.possible)
            rows.append((neutral(result.student), task.task, points, possible, comment))
    return _table(("student", "task", "points", "max", "comment"), rows)


def lacking(path: Path, results: Iterable[StudentResult]) -> list[str]:
    """Return the answers to be read that a table for points by hand has no line for, as "student (task)"."""
    rows = _rows(path, "the table for points by hand", ("student", "task"))
    there = {(plain_name(_as_it_was(row["student"])), row["task"]) for _, row in rows}
    return [
        f"{result.student} ({task.task})"
        for result in results
        for task in _to_read(result)
        if (result.student, task.task) not in there
    ]


def _to_read(result: StudentResult) -> list[TaskResult]:
    """Return the answers of a student that a person reads."""
    return [task for task in result.tasks if task.kind == "explanation" and task.code]


def read_roster(path: Path) -> dict[str, Student]:
    """Return the students of a CSV by name; its column `student` says who, other columns go into the exports."""
    rows = _rows(path, "students", ("student",))
    roster: dict[str, Student] = {}
    for line, row in rows:
        if not row["student"]:
            raise InputError(f"{path}, line {line}: the column student is empty")
        name = plain_name(row["student"])
        if name in roster:
            raise InputError(f"{path}, line {line}: {name} is there twice")
        columns = {column: one_line(unicodedata.normalize("NFC", cell)) for column, cell in row.items()}
        roster[name] = Student(name, columns)
    return roster


def read_manual(path: Path) -> dict[tuple[str, str], tuple[float, str, int]]:
    """Return points, comment and line by student and task; lines without points are passed over."""
    found: dict[tuple[str, str], tuple[float, str, int]] = {}
    for line, row in _rows(path, "manual", ("student", "task", "points")):
        if not row["points"]:
            continue
        try:
            points = float(row["points"].replace(",", "."))
        except ValueError:
            raise InputError(
                f"{path}, line {line}: points must be a number, but {row['points']!r} came"
            ) from None
        key = (plain_name(_as_it_was(row["student"])), row["task"])
        if key in found:
            raise InputError(f"{path}, line {line}: {key[0]}, {key[1]} is there twice")
        found[key] = (points, _as_it_was(row.get("comment", "")), line)
    return found


def merge_manual(
    results: Sequence[StudentResult], path: Path, manual: Mapping[tuple[str, str], tuple[float, str, int]]
) -> list[StudentResult]:
    """Return the results with points by hand; InputError, with the line, where they do not fit."""
    tasks = {(result.student, task.task): task for result in results for task in result.tasks}
    for key, (points, _, line) in manual.items():
        task = tasks.get(key)
        if task is None:
            raise InputError(f"{path}, line {line}: there is no task {key[1]} of a student {key[0]}")
        if task.kind != "explanation":
            raise InputError(f"{path}, line {line}: {key[1]} is not graded by hand")
        if not 0 <= points <= task.possible:
            raise InputError(
                f"{path}, line {line}: points must be from 0 to {task.possible:g}, but {points:g} came"
            )
    return [
        replace(
            result,
            tasks=tuple(_by_hand(task, manual.get((result.student, task.task))) for task in result.tasks),
        )
        for result in results
    ]


def _by_hand(task: TaskResult, given: tuple[float, str, int] | None) -> TaskResult:
    if given is None:
        return task
    points, comment, _ = given
    said = (comment,) if comment else ("Read and graded.",)
    return replace(task, points=points, status="graded", headline="Read by a person.", details=said)


def _rows(path: Path, argument: str, wanted: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """Return the lines of a CSV with their numbers, by column in small letters; commas, semicolons or tabs."""
    text = _text(path, argument)
    mark = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=mark)
    try:
        columns = [(name or "").strip().lower() for name in reader.fieldnames or []]
        missing = [name for name in wanted if name not in columns]
        if missing:
            raise InputError(
                f"{path} must have the column {', '.join(missing)}; it has {', '.join(columns) or 'none'}"
            )
        reader.fieldnames = columns
        return [(reader.line_num, _stripped(row)) for row in reader]
    except csv.Error as error:
        raise InputError(f"{path}, after line {reader.line_num}: this is no CSV any more ({error})") from None


def _stripped(row: Mapping[str | None, str | None]) -> dict[str, str]:
    """Return a line without the spaces around its cells, and without cells that no column is named for."""
    return {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}


def _text(path: Path, argument: str) -> str:
    """Return what is in a CSV: in UTF-8, as Excel's "Unicode text", or as Excel saves it on Windows."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{argument} must be a CSV file, but {path} cannot be read: {error.strerror}"
        ) from error
    encodings = ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(
        f"{argument} must be a CSV file, but the bytes of {path} are not text; save it as CSV UTF-8"
    )


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()
