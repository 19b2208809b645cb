"""Take what a task says about itself out of the masters: the package reads it from one file, not from notebooks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from rnncourse.errors import InputError
from rnncourse.files import write_whole

HEADING = re.compile(
    r"## \d+\. (?P<title>.+)\n\n"
    r"\*(?P<points>\d+) points? · about (?P<minutes>\d+) minutes · chapter \d\d, "
    r"\[(?P<section>.+)\]\(.+\)\*\n"
)
"""How the cell of a task begins."""

HINTS = re.compile(
    r"<details><summary>Hints and praise</summary>\n\n"
    r"1\. (?P<first>.+)\n2\. (?P<second>.+)\n3\. (?P<third>.+)\n\n"
    r"(?:\*\*When it is right:\*\* (?P<praise>.+)\n\n)?"
    r"</details>"
)
"""The cell of hints, which stays in the master."""


ANSWER = re.compile(
    r"(?P<answer>[^|]+?)\n\n\| points \| for \|\n\|:--\|:--\|\n(?P<criteria>(?:\| \d+ \| .+ \|\n?)+)"
)
"""The cell of an answer in words: a model answer, and the table of what it is marked by."""


def is_hints(cell: NotebookNode) -> bool:
    """Say whether a cell holds the hints of a task."""
    return cell.cell_type == "markdown" and cell.source.startswith("<details><summary>Hints")


def statements(master: NotebookNode, path: Path) -> dict[str, dict[str, Any]]:
    """Return by name the fields of `Task` that a master states, in its order; InputError for a cell that cannot
    be understood.
    """
    return {
        answer.metadata.nbgrader.grade_id: _statement(cells, answer, path) for answer, cells in _tasks(master)
    }


def write(masters: Mapping[Path, NotebookNode], file: Path) -> bool:
    """Write the statements of all masters to `file` and say whether it changed."""
    return _write({path.name[:2]: statements(master, path) for path, master in masters.items()}, file)


def answers(master: NotebookNode) -> list[list[str]]:
    """Return the names and sources of a master's code cells in order, without the set-up and the checks."""
    found = []
    for cell in master.cells:
        marks = _marks(cell)
        name = marks.get("grade_id", cell.get("id", ""))
        if cell.cell_type == "code" and name != "setup" and not name.endswith("-check"):
            found.append([name, _without_marks(cell.source)])
    return found


def write_answers(masters: Mapping[Path, NotebookNode], file: Path) -> bool:
    """Write the model answers of all masters to `file` and say whether it changed."""
    return _write({path.name[:2]: answers(master) for path, master in masters.items()}, file)


def _write(stated: dict[str, Any], file: Path) -> bool:
    text = json.dumps(stated, indent=1, ensure_ascii=False) + "\n"
    if file.exists() and file.read_text(encoding="utf-8") == text:
        return False
    write_whole(file, text.encode())
    return True


def _without_marks(source: str) -> str:
    """Return an answer's cell without the comments that begin and end the solution."""
    return "\n".join(line for line in source.splitlines() if not line.lstrip().startswith("### "))


def _tasks(master: NotebookNode) -> Iterator[tuple[NotebookNode, list[NotebookNode]]]:
    """Yield each task's answer cell, and the task's cells: from its heading to the next."""
    cells: list[NotebookNode] = []
    for cell in [*master.cells, None]:
        if cell is None or (cell.cell_type == "markdown" and cell.source.startswith("## ")):
            answer = next((one for one in cells if _marks(one).get("solution")), None)
            if answer is not None:
                yield answer, cells
            cells = []
        cells.append(cell)


def _statement(cells: list[NotebookNode], answer: NotebookNode, path: Path) -> dict[str, Any]:
    name = answer.metadata.nbgrader.grade_id
    heading = HEADING.match(cells[0].source)
    if heading is None:
        raise InputError(
            f"{path}: the cell of {name} must begin with a heading `## 1. Title` and, below it, a line "
            "`*2 points · about 10 minutes · chapter 03, [Section](link)*`"
        )
    stated = {
        "title": heading["title"],
        "points": int(heading["points"]),
        "minutes": int(heading["minutes"]),
        "section": heading["section"],
        "kind": _kind(heading["title"], answer),
    }
    graded = [one.metadata.nbgrader.points for one in cells if _marks(one).get("grade")]
    if graded != [stated["points"]]:
        raise InputError(f"{path}: {name} promises {stated['points']} points, but its cells give {graded}")
    if stated["kind"] == "explanation":
        return stated | _in_words(answer, name, path)
    return stated | _hints(cells, name, path)


def _kind(title: str, answer: NotebookNode) -> str:
    if answer.cell_type == "markdown":
        return "explanation"
    return "bug" if title.startswith("Find the bug") else "function"


def _hints(cells: list[NotebookNode], name: str, path: Path) -> dict[str, Any]:
    found = next(
        (match for cell in cells if is_hints(cell) and (match := HINTS.fullmatch(cell.source))), None
    )
    if found is None:
        raise InputError(
            f"{path}: {name} needs a cell `<details><summary>Hints and praise</summary>` with a list of three "
            "hints, a line each, a paragraph `**When it is right:** …`, and `</details>`"
        )
    return {"hints": [found["first"], found["second"], found["third"]], "praise": found["praise"] or ""}


def _in_words(answer: NotebookNode, name: str, path: Path) -> dict[str, Any]:
    found = ANSWER.fullmatch(answer.source.strip())
    if found is None:
        raise InputError(
            f"{path}: {name} needs a model answer in words and, below it, a table `| points | for |` with a line "
            "`| 1 | what earns it |` for each criterion"
        )
    criteria = [line.split(" | ", 1)[1].removesuffix(" |") for line in found["criteria"].splitlines()]
    return {"answer": found["answer"], "criteria": criteria}


def _marks(cell: NotebookNode) -> dict[str, Any]:
    return cell.metadata.get("nbgrader", {})
