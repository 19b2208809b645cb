"""A class graded with the command: killed and taken up again, a roster, points by hand, private tasks and seeds."""

from __future__ import annotations

import contextlib
import csv
import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from browser.lab_server import course_command
from grading.classroom import (
    hand_in,
    notebook,
    reason_without_sandbox,
    require_sandbox,
    rows,
    running_with,
    write_spec,
)
from typer.testing import CliRunner

from rnncourse.cli import app
from rnncourse.files import write_whole
from rnncourse.grading import run
from rnncourse.grading.sandbox.limits import Limits

RIGHT = {"scaled": "2", "running": "3", "largest": "4"}
ADDED = "def scaled(x, factor):\n    return x + factor"


@pytest.fixture(scope="module", autouse=True)
def sandbox() -> None:
    require_sandbox()


@pytest.fixture
def room(tmp_path):
    """A folder with the private spec and three submissions."""
    write_spec(tmp_path / "spec")
    hand_in(tmp_path / "class", "ana", notebook())
    hand_in(tmp_path / "class", "bo", notebook(scaled=ADDED))
    hand_in(tmp_path / "class", "cy", b"no notebook")
    return tmp_path


def words(room: Path, *more: str) -> list[str]:
    return [
        "grade", str(room / "class"), "--assignment", "04", "--out", str(room / "out"), "--spec", str(room / "spec"),
        "--jobs", "2", *more,
    ]  # fmt: skip


def graded(room: Path, *more: str, status: int = 0):
    done = CliRunner().invoke(app, words(room, *more))
    assert done.exit_code == status, done.output
    return done


def points(room: Path) -> dict[tuple[str, str], str]:
    return {(row["student"], row["task"]): row["points"] for row in rows(room / "out" / "gradebook.csv")}


def test_a_class_is_graded(room):
    done = graded(room)
    assert "3 students, 3 of them graded now" in done.output
    found = points(room)
    assert {task: found["ana", task] for task in RIGHT} == RIGHT
    assert (found["bo", "scaled"], found["bo", "running"], found["cy", "scaled"]) == ("0", "3", "0")
    [row] = [r for r in rows(room / "out" / "gradebook.csv") if (r["student"], r["task"]) == ("bo", "scaled")]
    assert row["summary"] == "added: You add where you should multiply by `factor`."
    for name in ("class.html", "log.json", "moodle.csv", "canvas.csv", "nbgrader.csv", "feedback/ana.html"):
        assert (room / "out" / name).stat().st_size > 50, name


def test_who_is_graded_already_is_not_graded_again_but_a_new_version_is(room):
    graded(room)
    before = (room / "out" / "gradebook.csv").read_text()
    assert json.loads(graded(room, "--json").stdout)["graded_now"] == 0
    assert (room / "out" / "gradebook.csv").read_text() == before, "even the seconds stay"
    hand_in(room / "class", "bo", notebook())
    outcome = json.loads(graded(room, "--json").stdout)
    assert (outcome["graded_now"], outcome["points"]["bo"]) == (1, 9)


def test_the_roster_marks_the_missing_and_names_strangers(room):
    (room / "roster.csv").write_text("student,email\nana,ana@x\ndi,di@x\nbo,\n")
    done = graded(room, "--students", str(room / "roster.csv"), status=3)
    assert "note: cy is not on the roster" in done.output
    assert re.search(
        r"Could not be matched .*:\n  cy  nobody on the roster has that name or number", done.output
    )
    assert rows(room / "out" / "unmatched.csv") == [
        {"submission": "cy", "why": "nobody on the roster has that name or number"}
    ]
    for table in ("moodle.csv", "canvas.csv", "nbgrader.csv"):
        assert ",cy," not in (room / "out" / table).read_text(), "what is imported is the roster's only"
    missing = [row for row in rows(room / "out" / "gradebook.csv") if row["student"] == "di"]
    assert [row["status"] for row in missing] == ["missing"] * 4
    assert missing[0]["summary"] == "Nothing was handed in."


def test_a_terminal_that_lacks_letters_ends_nothing(room):
    hand_in(room / "class", "王美玲", notebook())
    command = [course_command(), *words(room)]
    done = subprocess.run(command, env={**os.environ, "PYTHONIOENCODING": "latin-1"}, capture_output=True)
    assert (done.returncode, done.stderr.count(b"Traceback")) == (0, 0)
    (room / "roster.csv").write_text("student\nana\nbo\ncy\n")
    command += ["--students", str(room / "roster.csv")]
    done = subprocess.run(command, env={**os.environ, "PYTHONIOENCODING": "latin-1"}, capture_output=True)
    assert done.returncode == 3, done.stderr
    assert rb"\u738b\u7f8e\u73b2 is not on the roster" in done.stdout


def test_points_by_hand_are_merged(room):
    graded(room)
    table = room / "out" / "points_by_hand.csv"
    with open(table, newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["student"] for line in lines] == ["ana", "bo"]
    filled = table.read_text().replace("ana,why,,3,", "ana,why,2.5,3,Good.")
    table.write_text(filled)
    graded(room)
    assert table.read_text() == filled, "points that are not merged yet are never overwritten"
    graded(room, "--manual", str(table))
    assert points(room)["ana", "why"] == "2.5"
    assert "Good." in (room / "out" / "feedback" / "ana.html").read_text()
    assert points(room)["bo", "why"] == ""
    assert "7 of 12 points so far" in (room / "out" / "feedback" / "bo.html").read_text()
    assert table.read_text() == filled


def test_points_by_hand_do_not_pass_to_another_text(room):
    graded(room)
    table = room / "out" / "points_by_hand.csv"
    table.write_text(table.read_text().replace("ana,why,,3,", "ana,why,3,3,"))
    graded(room, "--manual", str(table))
    assert points(room)["ana", "why"] == "3"
    hand_in(room / "class", "ana", notebook(why="Something that nobody has read."))
    done = graded(room, "--manual", str(table))
    assert points(room)["ana", "why"] == ""
    assert "ana has handed in a different text for why since points were given to it" in done.output
    assert "it has no line for ana (why)" in done.output


def test_a_table_that_excel_saved_stops_nothing_and_stays(room):
    graded(room)
    table = room / "out" / "points_by_hand.csv"
    lines = table.read_text(encoding="utf-8").replace("ana,why,,3,", "ana,why,3/4,3,sch\u00f6n").splitlines()
    saved = "\r\n".join(lines).replace(",", ";").encode("cp1252")
    table.write_bytes(saved)
    hand_in(room / "class", "di", notebook())
    (room / "out" / "log.json").unlink()
    done = graded(room)
    assert "points_by_hand.csv was left as it is, and it has no line for di (why)" in done.output
    assert table.read_bytes() == saved
    assert "no line for di (why)" in json.loads((room / "out" / "log.json").read_text())["notes"][0]
    table.write_bytes(b"student\x81")
    assert "points_by_hand.csv was left as it is: the table for points by hand must be" in graded(room).output
    assert table.read_bytes() == b"student\x81"


def test_points_go_into_nbgraders_gradebook(room):
    api = pytest.importorskip("nbgrader.api")
    (room / "roster.csv").write_text("student,first_name\nana,Ana\nbo,Bo\ncy,Cy\ndi,Di\n")
    book = room / "gradebook.db"
    graded(room, "--nbgrader", str(book), "--students", str(room / "roster.csv"))
    manual = room / "points.csv"
    manual.write_text("student,task,points\nana,why,2\n")
    graded(room, "--nbgrader", str(book), "--students", str(room / "roster.csv"), "--manual", str(manual))
    with api.Gradebook(f"sqlite:///{book}") as records:
        scores = {s.student.id: (s.score, s.max_score) for s in records.assignment_submissions("04_trial")}
        assert scores == {"ana": (11, 12), "bo": (7, 12), "cy": (0, 12)}
        assert sorted(student.id for student in records.students) == ["ana", "bo", "cy", "di"]
        assert records.find_student("di").first_name == "Di"
        assert records.find_grade("why", "04_trial", "04_trial", "bo").needs_manual_grade
    (room / "text.db").write_text("no database")
    done = CliRunner().invoke(app, words(room, "--nbgrader", str(room / "text.db")))
    assert (done.exit_code, "cannot be used as nbgrader's gradebook" in done.stderr) == (1, True), done.output


def test_other_tasks_need_another_folder(room):
    graded(room)
    tasks = room / "spec" / "tasks.py"
    tasks.write_text(tasks.read_text().replace("* factor", "* factor * 2"))
    done = CliRunner().invoke(app, words(room))
    assert done.exit_code == 1
    assert "other settings (master and spec)" in done.stderr


def test_a_master_that_fails_its_own_tasks_grades_nobody(room):
    tasks = room / "spec" / "tasks.py"
    tasks.write_text(
        tasks.read_text().replace("lambda x, factor: x * factor,", "lambda x, factor: x * factor + 1,")
    )
    done = CliRunner().invoke(app, words(room))
    assert done.exit_code == 1
    assert "the master's own answers do not earn all points" in done.stderr
    assert not (room / "out" / "gradebook.csv").exists()


def test_seeds_by_student_give_the_same_marks(room):
    graded(room, "--seed-by-student")
    assert {task: points(room)["ana", task] for task in RIGHT} == RIGHT


def test_a_full_disk_is_said_in_a_sentence_and_nothing_is_lost(room, monkeypatch):
    from rnncourse.grading.results import store

    written = []

    def full(path, data):
        written.append(path)
        if len(written) > 3:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return write_whole(path, data)

    monkeypatch.setattr(store, "write_whole", full)
    done = CliRunner().invoke(app, words(room))
    assert (done.exit_code, "No space left on device" in done.stderr) == (1, True), done.output
    assert "What is finished is kept; run the same command again." in done.stderr
    assert isinstance(done.exception, SystemExit), "no traceback"
    monkeypatch.undo()
    graded(room)
    assert {task: points(room)["ana", task] for task in RIGHT} == RIGHT


@pytest.mark.skipif(
    signal.getsignal(signal.SIGINT) == signal.SIG_IGN,
    reason="started in the background, children ignore Ctrl-C",
)
def test_ctrl_c_takes_effect_at_once(tmp_path):
    """Five notebooks would keep two workers for a minute; two seconds are allowed, and Python's own start and end."""
    write_spec(tmp_path / "spec")
    for i in range(5):
        hand_in(tmp_path / "class", f"student{i}", notebook(scaled="import time\ntime.sleep(50)"))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-c", "from rnncourse.cli import app; app()", *words(tmp_path)]
    grader = subprocess.Popen(command, env={**os.environ, "TMPDIR": str(scratch)}, stderr=subprocess.PIPE)
    run_file = tmp_path / "out" / "state" / "run.json"
    deadline = time.monotonic() + 60
    while not run_file.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    while sum("worker.py" in line for line in running_with(str(scratch))) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(2)  # the trial of the master is over, and both workers sleep
    os.kill(grader.pid, signal.SIGINT)
    began = time.monotonic()
    grader.communicate(timeout=30)
    assert time.monotonic() - began < 20, "far below the 40 seconds for which the first cells would go on"
    assert running_with(str(scratch)) == []


def test_a_worker_that_is_starting_when_the_run_is_stopped_is_ended_too(monkeypatch):
    ended = []

    class Late:
        def __init__(self, sandbox, slot):
            workers.stop()

        def end(self):
            ended.append(self)

    monkeypatch.setattr(run, "Worker", Late)
    workers = run._Workers(None, 1)
    with pytest.raises(run._Stopped):
        workers.start()
    assert len(ended) == 1


def test_a_worker_that_the_kernel_ends_is_started_once_more(room, monkeypatch):
    """Every first worker of a notebook is killed from outside, as the kernel does when memory runs out."""
    started = []

    class Killed(run.Worker):
        def call(self, *args, **fields):
            if fields["function"] == "scaled" and len(started) < 1:
                started.append(self)
                self.end()
            return super().call(*args, **fields)

    monkeypatch.setattr(run, "Worker", Killed)
    monkeypatch.setattr(run, "_preflight", lambda *_: None)
    graded(room, "--jobs", "1")
    assert {task: points(room)["ana", task] for task in RIGHT} == RIGHT and len(started) == 1


def test_bad_arguments_are_named(room):
    for more, said in (
        (["--students", str(room / "none.csv")], "students must be a CSV"),
        (["--manual", str(room / "none.csv")], "manual must be a CSV"),
    ):
        done = CliRunner().invoke(app, words(room, *more))
        assert (done.exit_code, said in done.stderr) == (1, True), done.output
    done = CliRunner().invoke(
        app, ["grade", str(room / "none"), "--assignment", "99", "--out", str(room / "out")]
    )
    assert (done.exit_code, "assignment must be one of" in done.stderr) == (1, True)


def test_killed_in_the_middle_and_taken_up_again(tmp_path):
    write_spec(tmp_path / "spec")
    for i in range(12):
        answers = {"scaled": ADDED} if i % 3 == 0 else {}
        what = b"{" if i % 5 == 4 else notebook(**answers)
        hand_in(tmp_path / "class", f"student{i:02}", what)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-c", "from rnncourse.cli import app; app()", *words(tmp_path)]
    environment = {**os.environ, "TMPDIR": str(scratch)}
    first = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    state = tmp_path / "out" / "state"
    deadline = time.monotonic() + 60
    while len(list(state.glob("student*.json"))) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    finished = {path.name: path.read_bytes() for path in state.glob("student*.json")}
    assert 4 <= len(finished) < 12
    assert not (tmp_path / "out" / "gradebook.csv").exists()
    for _ in range(100):
        if not running_with(str(scratch)):
            break
        time.sleep(0.02)
    assert running_with(str(scratch)) == [], "no worker outlives the grader"

    done = subprocess.run([*command, "--json"], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["graded_now"] == 12 - len(finished)
    assert {name: (state / name).read_bytes() for name in finished} == finished, "nobody is graded twice"
    resumed = rows(tmp_path / "out" / "gradebook.csv")

    whole = words(tmp_path)
    whole[whole.index("--out") + 1] = str(tmp_path / "whole")
    assert CliRunner().invoke(app, whole).exit_code == 0
    assert resumed == rows(tmp_path / "whole" / "gradebook.csv")
    assert len(resumed) == 12 * 4
    assert {row["status"] for row in resumed} == {"graded", "missing", "unreadable"}


ROUNDS = 4
PHASES = ("reading", "master", "grading", "writing")


def moments_of_a_round(rng: np.random.Generator) -> list[dict[str, object]]:
    """Return five moments: in each phase, and before a result is put in its place."""
    return [
        {"phase": "reading", "step": int(rng.integers(1, 5))},
        {"phase": "master", "share": float(rng.uniform(0.05, 0.9))},
        {"phase": "grading", "step": int(rng.integers(1, 3))},
        {"phase": "grading", "share": float(rng.uniform(0.0, 0.4))},  # there is less to grade than at first
        {"phase": "writing", "step": int(rng.integers(1, 12))},
    ]


def test_killed_at_twenty_moments_the_gradebook_is_the_same(tmp_path):
    """Four times a class is killed while it is read, tried out, graded, stored and written, and each time taken up."""
    write_spec(tmp_path / "spec")
    for name, what in (("0", notebook()), ("1", notebook(scaled=ADDED)), ("2", b"{"), ("3", notebook())):
        hand_in(tmp_path / "class", f"student{name}", what)
    (tmp_path / "scratch").mkdir()
    (tmp_path / "words.json").write_text(json.dumps(words(tmp_path)), encoding="utf-8")
    rng = np.random.default_rng(5)
    moments = [moments_of_a_round(rng) for _ in range(ROUNDS)]
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("killed.py")), str(tmp_path / "words.json")],
        input=json.dumps(moments),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TMPDIR": str(tmp_path / "scratch")},
    )
    hit = json.loads(done.stdout)["killed"]
    print(hit)
    assert len(hit) == 20
    for k, moment in enumerate(m for some in moments for m in some):
        if "step" in moment:
            assert hit[k] == f"{moment['phase']}, step {moment['step']}", hit
    assert all(sum(one.startswith(phase) for one in hit) >= 3 for phase in PHASES), hit
    assert len(set(hit)) >= 8 and hit.count("done") <= 2, hit
    whole = tmp_path / "whole"
    for number in range(ROUNDS):
        out = tmp_path / f"round{number}"
        assert rows(out / "gradebook.csv") == rows(whole / "gradebook.csv")
        names = [{str(path.relative_to(one)) for path in one.rglob("*")} for one in (out, whole)]
        assert names[0] == names[1], "nothing half written is left"
    assert not running_with(str(tmp_path / "scratch")), "no worker outlives its grader"


@pytest.mark.parametrize("home", ["empty", "around", "elsewhere"])
def test_python_may_lie_in_home_but_nothing_else_of_it_is_seen(tmp_path, monkeypatch, home):
    from rnncourse.grading.sandbox.bubblewrap import visible

    homes = {"empty": tmp_path, "around": visible()[-1].parent, "elsewhere": Path("/usr")}
    monkeypatch.setattr(Path, "home", lambda: homes[home])
    reason = reason_without_sandbox()
    assert (reason is None) == (home != "elsewhere"), reason


def test_unsafe_means_without_a_sandbox_but_nothing_stays(room, monkeypatch):
    """What is handed in here is harmless; the tests may be run by root, to whom the option is refused."""
    child = "import subprocess\ndef scaled(x, factor):\n    subprocess.Popen(['sleep', 'SECONDS'])\n"
    child += "    while True: pass"
    seconds = f"4321.{os.getpid()}"  # no other run of the tests waits as long
    hand_in(room / "class", "di", notebook(scaled=child.replace("SECONDS", seconds)))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    asked = run.Request(
        room / "class", "04", room / "out", spec=room / "spec", unsafe=True, limits=Limits(call=0.3)
    )
    run.grade(asked)
    found = {(row["student"], row["task"]): row["status"] for row in rows(room / "out" / "gradebook.csv")}
    assert (found["ana", "scaled"], found["di", "scaled"], found["di", "running"]) == (
        "graded",
        "timeout",
        "graded",
    )
    assert {task: points(room)["ana", task] for task in RIGHT} == RIGHT
    deadline = time.monotonic() + 10
    while (left := sleeping(seconds)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left


def sleeping(seconds: str) -> list[str]:
    """Return the processes that sleep for exactly that long."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it may have ended meanwhile
            if f"sleep\0{seconds}".encode() in path.read_bytes():
                found.append(str(path))
    return found


def test_without_a_sandbox_the_command_refuses(room, monkeypatch):
    from rnncourse.grading.sandbox import bubblewrap as sandbox

    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    done = CliRunner().invoke(app, words(room))
    assert done.exit_code == 1
    assert "sudo apt install bubblewrap" in done.stderr
    assert not list((room / "out").rglob("ana*"))
