"""Answers in words, which a person reads: whether they have been written, as the notebooks' files tell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from rnncourse.checks import progress_file, registry

TEXT_STUB = "*Write your answer here.*"
"""What is in the cell of such an answer before anybody has written."""


def note(folder: Path) -> None:
    """Remember which answers are written in the exercises that `folder` holds."""
    in_words = {task.name for task in registry.tasks() if not task.checked}
    progress_file.remember_written(in_words.intersection(answers(folder)))


def answers(folder: Path) -> Iterator[str]:
    """Yield the name of each text cell of an answer in a folder's exercises that is not as it was handed out."""
    for file in sorted(folder.glob("[0-9][0-9]_*_exercises.ipynb")):
        try:
            cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
            yield from (name for cell in cells if (name := _written(cell)))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            # Not a notebook, or one that cannot be read just now.
            continue


def _written(cell: dict) -> str:
    """Return the name of the answer that a cell holds, "" where it holds none."""
    marks = cell["metadata"].get("nbgrader", {})
    text = "".join(cell["source"]).strip()
    is_answer = cell["cell_type"] == "markdown" and marks.get("solution")
    return marks["grade_id"] if is_answer and text not in ("", TEXT_STUB) else ""
