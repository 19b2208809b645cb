"""A class of attackers and unlucky ones, graded in one run: status, points, what leaked, what is left running."""

from __future__ import annotations

import html
import os
import socket
import tempfile
import threading
import time

import pytest
from grading.attacks import BANK
from grading.classroom import SECRET, hand_in, require_sandbox, rows, running_with, write_spec

from rnncourse.grading import run
from rnncourse.grading.results.store import file_name
from rnncourse.grading.sandbox.limits import Limits

POINTS = {"scaled": 2.0, "running": 3.0, "largest": 4.0, "why": 3.0}
CANARY = "canary-in-the-environment"
SHORT = Limits(cell=3, call=0.75, submission=40, memory=1 << 30)


@pytest.fixture(scope="module", autouse=True)
def sandbox() -> None:
    require_sandbox()


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The folder in which the whole bank was graded, and the processes that were left."""
    root = tmp_path_factory.mktemp("bank")
    scratch = root / "scratch"
    scratch.mkdir()
    write_spec(root / "spec")
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_greet, args=(server,), daemon=True).start()
        for name, trial in BANK.items():
            what = trial.what(str(root / "spec"))
            path = hand_in(root / "submissions", name, what)
            path.write_bytes(path.read_bytes().replace(b"PORT", str(server.getsockname()[1]).encode()))
        patch = pytest.MonkeyPatch()
        patch.setenv("GRADERS_SECRET", CANARY)
        patch.setattr(tempfile, "tempdir", str(scratch))
        try:
            request = run.Request(
                root / "submissions", "04", root / "out", spec=root / "spec", limits=SHORT, jobs=4
            )
            began = time.monotonic()
            run.grade(request)
            print(f"the bank took {time.monotonic() - began:.1f} s")
        finally:
            patch.undo()
    return root, _left(str(scratch))


def _greet(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        connection.sendall(CANARY.encode())
        connection.close()


def _left(marker: str) -> list[str]:
    """Return the processes that have to do with the run and are still there after a moment."""
    for _ in range(50):
        found = running_with(marker)
        if not found:
            break
        time.sleep(0.02)
    return found


def test_the_bank_is_large():
    assert len(BANK) >= 40


@pytest.mark.parametrize("name", BANK)
def test_status_points_and_nothing_leaked(graded, name):
    root, _ = graded
    trial = BANK[name]
    got = {row["task"]: row for row in rows(root / "out" / "gradebook.csv") if row["student"] == name}
    page = (root / "out" / "feedback" / f"{file_name(name)}.html").read_text(encoding="utf-8")
    assert list(got) == list(POINTS)
    for task, full in POINTS.items():
        statuses, points = getattr(trial, task)
        assert got[task]["status"] in statuses.split("|"), (task, got[task])
        allowed = {"right": f"{full:g}", "wrong": "0", "none": ""}
        assert got[task]["points"] in [allowed[one] for one in points.split("|")], (task, got[task])
        assert got[task]["summary"], "never a bare 0"
    for text in trial.said:
        assert _escaped(text) in page, text
    for text in (*trial.unsaid, SECRET, CANARY, os.getcwd()):
        assert text not in page, text
    for text in (SECRET, CANARY, os.getcwd()):
        assert not any(text in row["summary"] for row in got.values()), text
    assert "<script" not in page


def _escaped(text: str) -> str:
    return html.escape(text)


def test_nothing_is_left_running(graded):
    assert graded[1] == []


def test_no_table_runs_a_formula(graded):
    root, _ = graded
    for name in ("gradebook", "moodle", "nbgrader", "canvas"):
        for row in rows(root / "out" / f"{name}.csv"):
            for cell in row.values():
                assert not (cell or "").lstrip().startswith(("=", "+", "-", "@")), (name, row)


def test_the_class_page_names_nobody_and_quotes_nobody(graded):
    page = (graded[0] / "out" / "class.html").read_text(encoding="utf-8")
    assert "You divide where you should multiply." in page
    assert "alert(" not in page
    assert not [name for name in BANK if f">{name}<" in page]
