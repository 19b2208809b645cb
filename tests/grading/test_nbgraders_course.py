"""A course folder of nbgrader's: which assignment is meant, whose pages they are, and what release_feedback finds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from grading.classroom import STEM, hand_in, notebook, write_spec

pytest.importorskip("nbgrader", reason="no nbgrader")

from nbgrader.api import Gradebook

from rnncourse.errors import InputError
from rnncourse.grading.handed_in.assignment import load
from rnncourse.grading.handed_in.roster import Student
from rnncourse.grading.results import nbgrader
from rnncourse.grading.results.results import StudentResult, TaskResult

WEEK = "week 04"
WHEN = "2026-11-02 09:30:00.123456 UTC"


@pytest.fixture
def trial(tmp_path):
    return load(STEM, write_spec(tmp_path / "spec"))


def collected(folder: Path, student: str, secret: str = "s3") -> nbgrader.Course:
    """Return the course after `nbgrader collect` has brought one submission."""
    place = folder / "submitted" / student / WEEK
    place.mkdir(parents=True)
    (hand_in(folder / "tmp", student, notebook())).rename(place / f"{STEM}.ipynb")
    (place / "timestamp.txt").write_text(WHEN)
    (place / "submission_secret.txt").write_text(secret)
    return nbgrader.find_course(folder, STEM)


def result(student: str, points: float = 2.0, **more) -> StudentResult:
    task = TaskResult("scaled", "Scaled", "code", points, 2.0, "graded", 0.1, "Right.")
    return StudentResult(student, f"{STEM}.ipynb", (task,), digest="d", **more)


def test_the_assignment_is_found_by_its_notebook(tmp_path):
    assert collected(tmp_path, "ana").assignment == WEEK
    (tmp_path / "release" / "again").mkdir(parents=True)
    (tmp_path / "release" / "again" / f"{STEM}.ipynb").touch()
    with pytest.raises(InputError, match=r"but has 2 assignments \(again, week 04\)"):
        nbgrader.find_course(tmp_path, STEM)
    with pytest.raises(
        InputError, match=r"one assignment with a notebook other\.ipynb, but has no assignment"
    ):
        nbgrader.find_course(tmp_path, "other")
    with pytest.raises(InputError, match="has no folder submitted; collect first"):
        nbgrader.find_course(tmp_path / "release", STEM)


def test_points_and_pages_go_where_nbgrader_looks(tmp_path, trial):
    course = collected(tmp_path / "rnn101", "ana")
    assert nbgrader.put_course(course, [result("ana")], trial, {}, lambda one: f"page of {one.student}") == []
    folder = tmp_path / "rnn101" / "feedback" / "ana" / WEEK
    written = {path.name: path.read_text() for path in folder.iterdir()}
    assert written == {
        "timestamp.txt": WHEN,
        "submission_secret.txt": "s3",
        f"{STEM}.html": "page of ana",
    }
    with Gradebook(f"sqlite:///{tmp_path}/rnn101/gradebook.db") as book:
        submission = book.find_submission(WEEK, "ana")
        assert submission.score == 2
        assert submission.timestamp.isoformat() == "2026-11-02T09:30:00.123456"


def test_a_student_whom_the_roster_calls_otherwise_is_found_by_the_folder(tmp_path, trial):
    course = collected(tmp_path, "u4711")
    roster = {"Ana Bo": Student("Ana Bo", {"student": "Ana Bo"})}
    ana = result("Ana Bo", aliases=("u4711",))
    nbgrader.put_course(course, [ana], trial, roster, lambda one: one.student)
    assert (tmp_path / "feedback" / "u4711" / WEEK / f"{STEM}.html").read_text() == "Ana Bo"
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as book:
        assert [one.id for one in book.students] == ["u4711"]


@pytest.mark.parametrize("name", ["timestamp.txt", "submission_secret.txt"])
def test_what_cannot_be_released_is_said_and_not_written(tmp_path, trial, name):
    course = collected(tmp_path, "ana")
    (course.submission("ana") / name).unlink()
    [said] = nbgrader.put_course(course, [result("ana")], trial, {}, lambda one: "page")
    assert said.startswith(f"ana: nbgrader cannot release the feedback, {name} missing in ")
    assert not (tmp_path / "feedback").exists()


def test_who_handed_in_nothing_gets_no_page(tmp_path, trial):
    course = collected(tmp_path, "ana")
    missing = replace(result("ben", 0.0), file="")
    assert nbgrader.put_course(course, [missing], trial, {}, lambda one: "page") == []
    assert not (tmp_path / "feedback").exists()


@pytest.mark.parametrize("name", ["..", "a/b", "."])
def test_a_name_never_leads_out_of_the_course(tmp_path, trial, name):
    course = collected(tmp_path / "deep" / "course", "ana")
    nbgrader.put_course(course, [result("ana", aliases=(name,))], trial, {}, lambda one: "page")
    assert (tmp_path / "deep" / "course" / "feedback" / "ana" / WEEK / f"{STEM}.html").is_file()
    assert {path.name for path in tmp_path.iterdir()} == {"deep", "spec"}
