"""Notebooks of the course's own exercises with some answers filled in, and what two judges say about them."""

from __future__ import annotations

import copy
import csv
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnncourse.grading import run
from rnncourse.grading.handed_in.assignment import load
from rnncourse.grading.sandbox.limits import Limits

ROOT = Path(__file__).parents[2]
LOADS_TORCH = "small-model"
"""The cell of exercise 04 with which its last task begins, for which PyTorch and its optimizers are loaded."""


@dataclass(frozen=True)
class Filled:
    """An exercise with answers in it. own: cells of the student's own, each put before the answer cell it names.

    task: the one that matters. home: what `check` says where that differs from the grader, for a reason.
    change: what is done to the notebook besides. written: how it becomes bytes. file: its name, if not its own.
    """

    assignment: str
    task: str
    answers: Mapping[str, str]
    own: Sequence[tuple[str, str]] = field(default=())
    home: str = ""
    change: Callable[[dict[str, Any]], None] = lambda book: None
    written: Callable[[str], bytes] = str.encode
    file: str = ""

    def notebook(self) -> dict[str, Any]:
        """Return the notebook that is handed in, without the task that loads PyTorch: no bank answers it."""
        book = copy.deepcopy(exercise(self.assignment))
        if self.assignment == "04":
            del book["cells"][book["cells"].index(cell_of(book, LOADS_TORCH)) :]
        for name, source in self.answers.items():
            cell_of(book, name)["source"] = source
        for before, source in self.own:
            book["cells"].insert(book["cells"].index(cell_of(book, before)), own_cell(source))
        self.change(book)
        return book


def exercise(assignment: str) -> dict[str, Any]:
    """Return the notebook that learners get."""
    [path] = (ROOT / "exercises").glob(f"{assignment}_*.ipynb")
    return json.loads(path.read_text(encoding="utf-8"))


def cell_of(book: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the cell with that grade_id."""
    return next(c for c in book["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name)


def own_cell(source: str) -> dict[str, Any]:
    """Return a code cell without marks."""
    return {"cell_type": "code", "id": "own", "metadata": {}, "source": source, "outputs": [],
            "execution_count": None}  # fmt: skip


def model(assignment: str, task: str) -> str:
    """Return the master's own answer."""
    return load(assignment).item(task).model


def checked(filled: Mapping[str, Filled]) -> dict[str, dict[str, str]]:
    """Return by name and task what `check` says in a notebook."""
    books = json.dumps({name: one.notebook() for name, one in filled.items()})
    command = [sys.executable, str(Path(__file__).with_name("at_home.py"))]
    with tempfile.TemporaryDirectory() as folder:  # for the files that notebooks write
        done = subprocess.run(
            command, input=books, capture_output=True, text=True, check=True, timeout=600, cwd=folder
        )
    return json.loads(done.stdout)


def graded(filled: Mapping[str, Filled], folder: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Return by name and task the lines of the gradebooks."""
    found = {}
    for assignment in sorted({one.assignment for one in filled.values()}):
        [stem] = [path.stem for path in (ROOT / "exercises").glob(f"{assignment}_*.ipynb")]
        for name, one in filled.items():
            if one.assignment == assignment:
                path = folder / assignment / name / f"{one.file or stem}.ipynb"
                path.parent.mkdir(parents=True)
                path.write_bytes(one.written(json.dumps(one.notebook(), ensure_ascii=False)))
        out = folder / f"out{assignment}"
        run.grade(run.Request(folder / assignment, assignment, out, limits=Limits(cell=6.0), jobs=2))
        with open(out / "gradebook.csv", encoding="utf-8", newline="") as file:
            found |= {(row["student"], row["task"]): row for row in csv.DictReader(file)}
    return found
