"""The tables that grading leaves behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rnncourse.grading.by_hand import digest, to_read
from rnncourse.grading.handed_in.assignment import Assignment
from rnncourse.grading.handed_in.roster import Student
from rnncourse.grading.results.results import StudentResult
from rnncourse.grading.tables import neutral, number, table

COLUMNS = ("student", "task", "points", "max", "status", "seconds", "summary")
_NBGRADER = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score",
    "late_submission_penalty", "score", "max_score",
)  # fmt: skip


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
    return table(COLUMNS, rows)


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
    return table(_NBGRADER, rows)


def moodle_table(
    results: Iterable[StudentResult], assignment: Assignment, roster: Mapping[str, Student]
) -> str:
    """Return a table for Moodle's grade import (Grades, Import, CSV file)."""
    rows = []
    for result in results:
        who = roster.get(result.student, Student(result.student))
        identity = who.get("id number", "idnumber", "id")
        name = who.get("full name", "name") or result.student
        said = "; ".join(
            f"{task.task}: {number(task.points) or 'to come'}/{number(task.possible)}"
            for task in result.tasks
        )
        rows.append(
            tuple(
                map(neutral, (who.get("email address", "email"), identity, name, number(result.points), said))
            )
        )
    return table(("Email address", "ID number", "Full name", assignment.stem, "Feedback comments"), rows)


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
    return table(("Student", "ID", "SIS User ID", "SIS Login ID", "Section", assignment.stem), rows)


def by_hand_table(results: Iterable[StudentResult]) -> str:
    """Return the table to be filled in with points by hand and handed back with --manual."""
    rows = []
    for result in results:
        for task in to_read(result):
            comment = neutral(task.details[0]) if task.points is not None and task.details else ""
            points, possible = number(task.points), number(task.possible)
            rows.append((neutral(result.student), task.task, points, possible, comment, digest(task.code)))
    return table(("student", "task", "points", "max", "comment", "digest"), rows)
