"""The page for the next lecture: what it counts, what it proposes, and that it names nobody."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from grading.classroom import ANSWERS, STEM, hand_in, notebook, require_sandbox, write_spec
from typer.testing import CliRunner

from rnncourse import predictions
from rnncourse.cli import app
from rnncourse.errors import InputError
from rnncourse.grading import run
from rnncourse.grading.results import class_report, shared
from rnncourse.grading.results.class_report import TaskReport

runner = CliRunner()
ADDED = "def scaled(x, factor):\n    return x + factor\n"
DIVIDED = "def scaled(x, factor):\n    return x / factor\n"
STUDENTS = {
    "ana-amsel": {},
    "ben-buche": {"scaled": ADDED},
    "cleo-clausen": {"scaled": ADDED, "running": "def running(x):\n    return x\n"},
    "dora-dachs": {"scaled": DIVIDED},
}


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """Return what grading four students leaves behind."""
    require_sandbox()
    folder = tmp_path_factory.mktemp("class")
    for student, answers in STUDENTS.items():
        hand_in(folder / "in", student, notebook(**answers))
    spec = write_spec(folder / "spec")
    run.grade(run.Request(folder / "in", STEM, folder / "out", spec=spec, jobs=2))
    return folder / "out"


def task(**fields) -> TaskReport:
    usual = {"assignment": "03", "title": "A step", "tried": 10, "solved": 4, "named": ()}
    return TaskReport(**{**usual, **fields})


def test_tasks_and_mistakes_are_counted(results):
    assignment, tasks = class_report.read(results)
    assert assignment == STEM
    found = {one.title: (one.tried, one.solved, one.stuck) for one in tasks}
    assert found["Scaled"] == (4, 1, True)
    assert found["Running"] == (4, 3, False)
    assert found["Largest"] == (4, 4, False)
    # An explanation that nobody has read yet counts for nothing.
    assert [one for one in tasks if one.tried == 0]
    [scaled] = [one for one in tasks if one.title == "Scaled"]
    assert scaled.named == (
        ("added", 2, "You add where you should multiply by `factor`."),
        ("divided", 1, "You divide where you should multiply."),
    )
    assert scaled.dominant[0] == "added"


def test_the_page_says_what_to_take_up_and_names_nobody(results, tmp_path):
    out = tmp_path / "report.html"
    done = runner.invoke(app, ["class", "report", str(results), str(results), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0] == f"stuck: Scaled ({STEM}), 1 of 4 solved it"
    page = out.read_text()
    lecture = re.search(r"(?s)<h2>Next lecture</h2>(.*?)</ol>", page)[1]
    assert "<strong>Scaled</strong>" in lecture and "3 of 4 have not solved it." in lecture
    assert "2 of them make the same mistake: You add where you should multiply by" in lecture
    for name in STUDENTS:
        assert not any(part in page for part in (name, *name.split("-")))
    # Nor is any answer on it, for an answer may hold a name.
    assert "return x + factor" not in page and ANSWERS["running"] not in page


@pytest.mark.parametrize(
    ("fields", "stuck"),
    [({"solved": 5}, True), ({"solved": 6}, False), ({"tried": 0, "solved": 0}, False)],
)
def test_a_task_is_stuck_if_half_or_more_of_those_who_tried_have_not_solved_it(fields, stuck):
    assert task(**fields).stuck is stuck


@pytest.mark.parametrize(
    ("named", "dominant"),
    [
        ((("a", 2, "x"), ("b", 1, "y")), "a"),
        ((("a", 1, "x"),), None),
        ((), None),
    ],
)
def test_a_mistake_dominates_if_a_third_make_it_and_more_than_one(named, dominant):
    found = task(tried=6, solved=0, named=named).dominant
    assert (found[0] if found else None) == dominant
    assert task(tried=7, solved=0, named=named).dominant is None


def test_most_learners_come_first_and_three_topics_are_enough():
    tasks = [task(title=str(n), tried=n, solved=0) for n in (2, 9, 4, 7)]
    assert [one.title for one in class_report.topics(tasks)] == ["9", "7", "4"]


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ((("a", 1, "x"),), "Their mistakes differ; the most frequent is made by 1."),
        ((), "None of the usual mistakes explains their answers"),
    ],
)
def test_it_says_where_no_mistake_dominates(named, said):
    assert said in class_report.report([("03", [task(named=named)])])


def test_where_nothing_is_stuck_it_says_so():
    assert "No task is stuck" in class_report.report([("03", [task(solved=9)])])


@pytest.mark.parametrize("content", [None, "", "[]", '{"results": 3}', '{"assignment": "x", "results": []}'])
def test_a_folder_that_grading_did_not_write_is_named(tmp_path, content):
    if content is not None:
        (tmp_path / "log.json").write_text(content)
    with pytest.raises(InputError, match="results must be folders that rnncourse grade has written"):
        class_report.read(tmp_path)
    assert runner.invoke(app, ["class", "report", str(tmp_path)]).exit_code == 1


# What learners share


@pytest.fixture
def learner(tmp_path, monkeypatch):
    """Return a function that makes the progress of a learner and shares it."""

    def share(name: str, tasks: dict, predicted: dict) -> str:
        home = tmp_path / name
        home.mkdir(exist_ok=True)
        monkeypatch.setenv("RNNCOURSE_PROGRESS", str(home / "progress.json"))
        (home / "progress.json").write_text(json.dumps({"version": 1, "tasks": tasks}))
        for key, (right, sure) in predicted.items():
            predictions.record(key, "chosen words", right, sure)
        (tmp_path / "shared").mkdir(exist_ok=True)
        done = runner.invoke(app, ["progress", "--share", str(tmp_path / "shared")])
        assert done.exit_code == 0, done.output
        return done.stdout.splitlines()[-1]

    return share


def entry(right: bool, hints: int = 0) -> dict:
    return {"right": right, "checks": 2, "hints": hints}


def test_shared_progress_is_counted_without_names(learner, tmp_path):
    key = next(iter(shared._questions()))
    learner("ana", {"rnn_step": entry(True), "nothing_known": entry(True)}, {key: (False, "certain")})
    learner(
        "ben", {"rnn_step": entry(False, hints=3)}, {key: (True, "guess"), "no-such-question": (False, "")}
    )
    folder = tmp_path / "shared"
    practice = shared.read(folder)
    assert practice.learners == 2
    assert [(one.tried, one.solved, one.hints) for one in practice.tasks] == [(2, 1, 1)]
    [one] = practice.predictions
    assert (one.answered, one.wrong, one.certain) == (2, 1, 1)
    assert one.question == shared._questions()[key]
    for path in folder.iterdir():
        assert re.fullmatch(r"[0-9a-f]{16}\.json", path.name)
        assert not any(word in path.read_text() for word in ("ana", "ben", "chosen words"))
    page = class_report.report([], practice)
    assert "2 learners share what they have done." in page and "1 of 2" in page


def test_sharing_again_takes_the_place_of_the_time_before(learner, tmp_path):
    first = learner("ana", {"rnn_step": entry(False)}, {"jar": (True, "")})
    second = learner("ana", {"rnn_step": entry(True)}, {})
    assert first == second
    practice = shared.read(tmp_path / "shared")
    assert (practice.learners, practice.tasks[0].solved) == (1, 1)


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"[]", b'{"tasks": {"rnn_step": 3}, "predictions": {}}', b'{"tasks": {}}', b"[" * 100_000],
)
def test_a_file_that_is_not_understood_is_passed_over(learner, tmp_path, content):
    learner("ana", {"rnn_step": entry(True)}, {})
    (tmp_path / "shared" / "x.json").write_bytes(content)
    (tmp_path / "shared" / "link.json").symlink_to("/dev/zero")
    assert shared.read(tmp_path / "shared").learners == 1


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="shared must be a folder"):
        shared.read(tmp_path / "none")
    done = runner.invoke(app, ["progress", "--share", str(tmp_path / "none")])
    assert done.exit_code == 1 and "could not be shared" in done.stderr
