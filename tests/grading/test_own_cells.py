"""Cells of a student's own: which they are, and what is said of those that could not be run."""

from __future__ import annotations

import json
import time

import pytest
from grading.classroom import cell_of, notebook, write_spec

from rnncourse.checks.failure import Raised
from rnncourse.grading.handed_in.assignment import load
from rnncourse.grading.handed_in.submission import read_notebook
from rnncourse.grading.marking import Marker
from rnncourse.grading.sandbox import protocol
from rnncourse.grading.sandbox.limits import Limits


@pytest.fixture
def trial(tmp_path):
    return load("04", write_spec(tmp_path / "spec"))


@pytest.mark.parametrize("first", [True, False], ids=["copy below", "copy above"])
def test_a_copy_of_a_locked_cell_is_the_students_own(trial, first):
    book = notebook()
    copied = json.loads(json.dumps(cell_of(book, "given"))) | {"source": "def helper(x):\n    return x"}
    book["cells"].insert(book["cells"].index(cell_of(book, "given")) + first, copied)
    found = read_notebook(json.dumps(book).encode(), trial)
    assert list(found.own.values()) == [copied["source"]]
    assert found.notes[""] == ("A code cell of your own was run as well.",)


def test_what_was_split_off_a_check_is_the_students_own(trial):
    book = notebook()
    check = cell_of(book, "scaled-check")
    half = json.loads(json.dumps(check)) | {"source": "def helper(x):\n    return x"}
    book["cells"].insert(book["cells"].index(check), half)
    found = read_notebook(json.dumps(book).encode(), trial)
    assert list(found.own.values()) == [half["source"]]


def test_a_locked_cell_that_was_edited_is_not_run(trial):
    book = notebook()
    cell_of(book, "given")["source"] = "raise SystemExit"
    found = read_notebook(json.dumps(book).encode(), trial)
    assert not found.own and "given differs from this edition's" in found.notes[""][0]


class Slow:
    """A worker in which cells of the student's own take a little time, and no function is defined."""

    def run(self, cell, *_, **__):
        time.sleep(0.2 if cell.startswith("of your own") else 0)
        return protocol.Reply(None, None)

    def call(self, *_, **__):
        return protocol.Reply(Raised("NameError", "name 'helper' is not defined"), None)

    def close(self):
        pass


def test_cells_that_were_not_run_for_want_of_time_are_told(trial):
    book = notebook()
    for number in range(3):
        book["cells"].insert(3, {"cell_type": "code", "metadata": {}, "source": f"x{number} = 1"})
    answers = read_notebook(json.dumps(book).encode(), trial)
    scaled, *_ = Marker(trial, Slow, Limits(own=0.1)).mark_answers(answers, "seed")
    assert "2 code cells of your own were not run: together they may take 0.1 seconds" in scaled.notes[-1]
