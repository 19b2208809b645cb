"""Answers in words, which a person reads: whether they have been written, as the notebooks' files tell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from rnncourse.checks import progress_file, registry
from rnncourse.checks.task import Task
from rnncourse.markup import Card

TEXT_STUB = "*Write your answer here.*"
"""What is in the cell of such an answer before anybody has written."""


ONLY_READ = "This answer is read by a person; there is nothing to run."
_SAVE = (
    "Write your answer into the cell above, save the notebook (Ctrl + S, on a Mac ⌘ + S), and run this cell again. It "
    "will then have a model answer for you to compare yours with."
)
_COMPARE = (
    f"{ONLY_READ} That person can be you. Open the points that a good answer makes and look for each of them in your "
    "own text; then read the model answer."
)
_UNSEEN = (
    f"{ONLY_READ} There is no telling from here whether you have written yours: the file of this notebook is not "
    "in the folder that it runs in. Write it first, then open what is below."
)
POINTS, ANSWER = "The points that a good answer makes", "Model answer"


def card(task: Task, folder: Path, *, revealed: bool = True) -> Card:
    """Return what is said about an answer in words: once it is written, what to compare it with, to be opened.

    folder: where the exercise is. revealed: whether anything to compare with may be shown at all.
    """
    if not (revealed and task.answer):
        return Card("note", task.title, (ONLY_READ,))
    here = dict(_cells(folder)).get(task.name)
    there = here or progress_file.load().written(task.name)
    if here is not None and not there:
        return Card("note", f"`{task.name}`: Not written yet.", (_SAVE,))
    points = tuple(f"{number}. {text}" for number, text in enumerate(task.criteria, 1))
    folds = ((POINTS, points), (ANSWER, (task.answer,)))
    title = f"`{task.name}`: Written." if there else f"`{task.name}`"
    return Card("note", title, (_COMPARE if there else _UNSEEN,), folds)


def note(folder: Path) -> str:
    """Remember which answers are written in the exercises that `folder` holds; return what to tell the learner."""
    in_words = {task.name for task in registry.tasks() if not task.checked}
    return progress_file.remember_written(in_words.intersection(answers(folder)))


def answers(folder: Path) -> Iterator[str]:
    """Yield the name of each text cell of an answer in a folder's exercises that is not as it was handed out."""
    return (name for name, is_written in _cells(folder) if is_written)


def _cells(folder: Path) -> Iterator[tuple[str, bool]]:
    """Yield the name of each text cell of an answer in a folder's exercises, and whether there is an answer in it."""
    for file in sorted(folder.glob("[0-9][0-9]_*_exercises.ipynb")):
        try:
            cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
            yield from (found for cell in cells if (found := _in_words(cell)))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            # Not a notebook, or one that cannot be read just now.
            continue


def _in_words(cell: dict) -> tuple[str, bool] | None:
    """Return the name of the answer that a text cell is for, and whether it holds one; None for any other cell."""
    marks = cell["metadata"].get("nbgrader", {})
    text = "".join(cell["source"]).strip()
    if cell["cell_type"] != "markdown" or not marks.get("solution"):
        return None
    return marks["grade_id"], text not in ("", TEXT_STUB)
