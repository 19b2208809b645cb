"""The tables that grading leaves behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rnncourse.grading.by_hand import digest, to_read
from rnncourse.grading.handed_in.assignment import Assignment
from rnncourse.grading.handed_in.roster import EMAILS, FIRST_NAMES, LAST_NAMES, Student, Unmatched
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


def unmatched_table(unmatched: Iterable[Unmatched]) -> str:
    """Return unmatched.csv: what was given to nobody on the roster, and why."""
    return table(("submission", "why"), [(neutral(one.submission), neutral(one.why)) for one in unmatched])


def importable(
    results: Iterable[StudentResult], roster: Mapping[str, Student]
) -> list[tuple[StudentResult, Student]]:
    """Return what a platform can import: only students on the roster if there is one, each with their own line."""
    return [
        (result, roster.get(result.student, Student(result.student)))
        for result in results
        if not roster or result.student in roster
    ]


def nbgrader_table(
    results: Iterable[StudentResult], assignment: Assignment, roster: Mapping[str, Student]
) -> str:
    """Return a table with the columns of `nbgrader export`."""
    rows = []
    for result, who in importable(results, roster):
        points, possible = number(result.points), number(result.possible)
        named = (who.get(*LAST_NAMES), who.get(*FIRST_NAMES), who.get(*EMAILS))
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
    for result, who in importable(results, roster):
        identity = who.get("id number", "idnumber", "id")
        name = who.full_name or result.student
        said = "; ".join(
            f"{task.task}: {number(task.points) or 'to come'}/{number(task.possible)}"
            for task in result.tasks
        )
        rows.append(tuple(map(neutral, (who.get(*EMAILS), identity, name, number(result.points), said))))
    return table(("Email address", "ID number", "Full name", assignment.stem, "Feedback comments"), rows)


def canvas_table(
    results: Sequence[StudentResult], assignment: Assignment, roster: Mapping[str, Student]
) -> str:
    """Return a table for Canvas's grade import, whose second line says the points possible."""
    numbers = _canvas_numbers(results) if not roster else {}
    rows = [("    Points Possible", "", "", "", "", number(assignment.total))]
    for result, who in importable(results, roster):
        identity = who.get("id") or numbers.get(result.student, "")
        user, login = who.get("sis user id", "sis_user_id"), who.get("sis login id", "sis_login_id")
        name = who.full_name or who.get("student") or result.student
        rows.append((*map(neutral, (name, identity, user, login, who.get("section"))), number(result.points)))
    return table(("Student", "ID", "SIS User ID", "SIS Login ID", "Section", assignment.stem), rows)


def _canvas_numbers(results: Iterable[StudentResult]) -> dict[str, str]:
    """Return by student the number in the name of the file, where no other student has the same."""
    numbers = {r.student: next((a for a in r.aliases if a.isdigit()), "") for r in results}
    counts = Counter(numbers.values())
    return {student: number for student, number in numbers.items() if counts[number] == 1}


def by_hand_table(results: Iterable[StudentResult]) -> str:
    """Return the table to be filled in with points by hand and handed back with --manual."""
    rows = []
    for result in results:
        for task in to_read(result):
            comment = neutral(task.details[0]) if task.points is not None and task.details else ""
            points, possible = number(task.points), number(task.possible)
            rows.append((neutral(result.student), task.task, points, possible, comment, digest(task.code)))
    return table(("student", "task", "points", "max", "comment", "digest"), rows)
