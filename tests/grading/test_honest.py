"""Honest notebooks in the sandbox: what `check` calls right, cell by cell in order, the grader calls right too."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from grading.classroom import ANSWERS, STEM, TASKS, cell_of, hand_in, notebook, require_sandbox, rows

from rnncourse.grading import run
from rnncourse.grading.sandbox.limits import Limits

MORE = """
TASKS += (
    task("parts", lambda x, p: {"low": float(x.min()), "high": float(x.max())},
         lambda rng: [Case((rng.normal(size=5), {"scale": 2.0})) for _ in range(2)], (
        Mistake("swapped", lambda x, p: {"low": x.max(), "high": x.min()}, "Low and high are swapped."),
        Mistake("none", lambda x, p: {}, "The dictionary is empty."),
        Mistake("kept", lambda x, p: p, "You give back what came in."),
    )),
)
"""
PARTS = 'def parts(x, p):\n    return {"low": x.min(), "high": x.max()}\n'
SHORT = Limits(cell=5.0, call=1.0, submission=60)
FULL = {"scaled": "2", "running": "3", "largest": "4", "parts": "5"}


def whole(**answers: str) -> dict[str, Any]:
    """Return a notebook of the spec below: the trial, a locked demonstration below `scaled`, and `parts`."""
    book = notebook(**{name: source for name, source in answers.items() if name != "parts"})
    at = [cell["id"] for cell in book["cells"]]
    demo = copy.deepcopy(book["cells"][at.index("given")])
    demo["metadata"]["nbgrader"]["grade_id"] = "demo"
    demo |= {"id": "demo", "source": "print(scaled(np.ones(3), 2.0) + 1)"}
    last = [copy.deepcopy(book["cells"][at.index(name)]) for name in ("largest", "largest-check")]
    for cell, name in zip(last, ("parts", "parts-check"), strict=True):
        cell["metadata"]["nbgrader"]["grade_id"] = cell["id"] = name
    last[1]["metadata"]["nbgrader"]["points"] = 5
    last[0]["source"] = answers.get("parts", PARTS)
    last[1]["source"] = 'check("parts", parts)'
    book["cells"].insert(at.index("scaled-check") + 1, demo)
    book["cells"] += last
    return book


def split(source: str, second: str) -> dict[str, Any]:
    """Return a notebook in which the cell of `scaled` was split in two."""
    book = whole(scaled=source)
    second = copy.deepcopy(cell_of(book, "scaled")) | {"id": "half", "source": second}
    book["cells"].insert(book["cells"].index(cell_of(book, "scaled")) + 1, second)
    return book


def without_scaled() -> dict[str, Any]:
    book = whole(largest="def largest(x, offset):\n    return float(x.max()) + offset\n")
    book["cells"].remove(cell_of(book, "scaled"))
    return book


def before(line: str) -> dict[str, Any]:
    return whole(scaled=f"{line}\n{ANSWERS['scaled']}")


SCALED, RUNNING = ANSWERS["scaled"], ANSWERS["running"]
ALONE = "def largest(x, offset):\n    return float(x.max()) + offset\n"

RIGHT = {
    "plain": whole(),
    "help_behind": before("np.tanh?"),
    "help_before": before("?np.tanh"),
    "listing": before("files = !ls"),
    "timed_and_kept": before("t = %timeit -o sum(range(9))"),
    "timed": whole(scaled="%time one = 1\ndef scaled(x, factor):\n    return x * factor * one\n"),
    "timed_cell": before("%%time"),
    "line_of_percent": whole(
        scaled="%matplotlib inline\nindex = (17\n         % 5)\n"
        "def scaled(x, factor):\n    return x * factor * index / 2\n"
    ),
    "display": whole(scaled="def scaled(x, factor):\n    display(x)\n    return x * factor\ndisplay(np.ones(2))\n"),
    "get_ipython": before("get_ipython().run_line_magic('matplotlib', 'inline')"),
    "future_annotations": whole(
        scaled=f"from __future__ import annotations\n{SCALED}",
        running=RUNNING.replace("(x)", "(x: Array) -> Array", 1),
    ),
    "numpy_keys": whole(
        parts="def parts(x, p):\n    return dict(zip(np.array(['low', 'high']), (x.min(), x.max())))\n"
    ),
    "split": split(SCALED, "print(scaled(np.ones(1), 2.0))"),
    "split_below_a_helper": split(
        "def product(a, b):\n    return a * b\n", "def scaled(x, factor):\n    return product(x, factor)"
    ),
    "warnings_are_errors": whole(
        scaled="import warnings\nwarnings.simplefilter('error')\n"
        "def scaled(x, factor):\n    warnings.warn('slow')\n    return x * factor\n",
    ),
    "helper_below": whole(
        scaled="def scaled(x, factor):\n    return product(x, factor)\n",
        largest=f"def product(a, b):\n    return a * b\n{ANSWERS['largest']}",
    ),
    "wrong_cells": whole(scaled=RUNNING, running=SCALED),
    "name_used_again": whole(running=f"{RUNNING}\nscaled = scaled(np.ones(2), 3.0)\n", largest=ALONE),
    "defined_again": whole(
        running=f"def scaled(x, factor):\n    raise ValueError('an experiment')\n{RUNNING}", largest=ALONE
    ),
}  # fmt: skip

# By student: the notebook, the tasks that are lost, and what must be said about the first of them.
LOST = {
    "demo_deleted": (without_scaled(), ("scaled",), "deleted"),
    "demo_crashes": (
        whole(scaled="import os\ndef scaled(x, factor):\n    os._exit(3)\n", largest=ALONE),
        ("scaled",),
        "ended while it was working on this task",
    ),
    "demo_loops": (
        whole(scaled="def scaled(x, factor):\n    while True: pass\n", largest=ALONE),
        ("scaled",),
        "`scaled` had not finished after",
    ),
    "cell_loops": (whole(scaled="while True: pass\n", largest=ALONE), ("scaled",), "Your cell had not finished after"),
    "written_later": (
        whole(scaled="def scaled(x, factor):\n    raise NotImplementedError\n", largest=f"{SCALED}\n{ALONE}"),
        ("scaled",),
        "NotImplementedError",
    ),
    "changes_and_hides_it": (
        whole(parts="def parts(x, p):\n    x *= 1\n    p['seen'] = object()\n" + PARTS.split("\n", 1)[1]),
        ("parts",),
        "Your function changes `x`",
    ),
    "texts": (whole(parts="def parts(x, p):\n    return ['x' * 100_000] + [''] * 9_999\n"), ("parts",), ""),
    "line_number": (
        whole(
            scaled="error = SyntaxError('odd')\nerror.lineno = 2**40\n"
            "def scaled(x, factor):\n    raise error\n",
            largest=ALONE,
        ),
        ("scaled",),
        "SyntaxError",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The lines of the gradebook by student and task."""
    require_sandbox()
    root = tmp_path_factory.mktemp("honest")
    (root / "spec").mkdir()
    (root / "spec" / f"{STEM}.ipynb").write_text(json.dumps(whole()), encoding="utf-8")
    (root / "spec" / "tasks.py").write_text(TASKS + MORE, encoding="utf-8")
    for student, book in {**RIGHT, **{name: lost[0] for name, lost in LOST.items()}}.items():
        hand_in(root / "class", student, book)
    run.grade(run.Request(root / "class", "04", root / "out", spec=root / "spec", limits=SHORT))
    found = rows(root / "out" / "gradebook.csv")
    return {(row["student"], row["task"]): row for row in found}


@pytest.mark.parametrize("student", RIGHT)
def test_what_check_calls_right_earns_its_points(graded, student):
    for task, points in FULL.items():
        assert graded[student, task]["points"] == points, graded[student, task]


@pytest.mark.parametrize("student", LOST)
def test_an_answer_costs_its_own_task_only(graded, student):
    _, lost, said = LOST[student]
    for task, points in FULL.items():
        assert graded[student, task]["points"] == ("0" if task in lost else points), graded[student, task]
    assert said in graded[student, lost[0]]["summary"]


def test_an_answer_is_run_once_more_with_other_inputs_when_it_is_handed_in_anew(tmp_path):
    """What one version carries out about its inputs is of no use to the next."""
    require_sandbox()
    (tmp_path / "spec").mkdir()
    (tmp_path / "spec" / f"{STEM}.ipynb").write_text(json.dumps(whole()), encoding="utf-8")
    (tmp_path / "spec" / "tasks.py").write_text(TASKS + MORE, encoding="utf-8")
    telling = "def scaled(x, factor):\n    raise ValueError(x[0, 0])\n"
    for student, source in (("ana", telling), ("bo", f"{telling}# another version")):
        hand_in(tmp_path / "class", student, whole(scaled=source))
    run.grade(run.Request(tmp_path / "class", "04", tmp_path / "out", spec=tmp_path / "spec"))
    said = [row["summary"] for row in rows(tmp_path / "out" / "gradebook.csv") if row["task"] == "scaled"]
    assert all("ValueError" in one for one in said) and said[0] != said[1]
