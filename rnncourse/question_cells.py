"""Notebooks and their cells: those that ask a question, that show its result, and that explain it.

Notebooks are plain dictionaries here, as they are in the file or as nbformat reads them.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

EXPLANATION = "explanation"
"""The tag of a text cell that says what was seen after a prediction, and why."""

LIVE = "rnncourse"
"""The key in an output's metadata under which the state of a widget is stored, answers included."""

QUESTIONS_FILE = ".questions.json"
"""In a learner's copy: the questions of its notebooks by key, so that no cell shows its answer."""

ASKS = "rnncourse_asks"
"""The key in a cell's metadata under which a sealed cell keeps the code that asks."""

ABOVE = "# A question: run this cell (Shift + Enter) to answer it."
"""The line of a question's cell that is seen while its code is folded."""

UNFOLD = " before you unfold the answer"
"""What the invitation to answer ends with where the answer is folded below the question."""

_NAMES = ("question", "options", "answer", "because", "key", "confidence")


@dataclass
class QuestionCell:
    """A cell that asks.

    kind: "predict" or "quiz". questions: for each the arguments of Question, by name. place: of the cell in the
    notebook. results: the ids of the code cells that show what happens, empty where the explanation follows at once.
    explained: whether there is an explanation after them.
    """

    kind: str
    questions: list[dict[str, Any]]
    place: int
    results: list[str] = field(default_factory=list)
    explained: bool = False

    @property
    def keys(self) -> list[str]:
        """The names of its questions."""
        return [question["key"] for question in self.questions]

    @property
    def by_key(self) -> str:
        """The code that asks the same by name."""
        keys = json.dumps(self.keys)
        return f"predict(key={keys[1:-1]})" if self.kind == "predict" else f"quiz({keys})"


def question_cells(cells: Sequence[Mapping[str, Any]]) -> list[QuestionCell]:
    """Return the cells of a notebook that ask, in order."""
    found = []
    for place, cell in enumerate(cells):
        asked = _asked(cell)
        if asked is None:
            continue
        one = QuestionCell(*asked, place)
        if one.kind == "predict":
            one.results, one.explained = _results(cells[place + 1 :])
        found.append(one)
    return found


def result_keys(cells: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return, by id of a code cell, the keys of the predictions whose result it shows."""
    keys: dict[str, list[str]] = {}
    for asked in question_cells(cells):
        for name in asked.results:
            keys.setdefault(name, []).extend(asked.keys)
    return keys


def is_explanation(cell: Mapping[str, Any]) -> bool:
    """Say whether this is a text cell that explains a result."""
    return cell["cell_type"] == "markdown" and EXPLANATION in cell["metadata"].get("tags", [])


def split_explanation(markdown: str) -> tuple[str, str]:
    """Return an explanation up to its first heading, and the rest, which begins something new."""
    heading = re.search(r"(?m)^#{1,6}\s", markdown)
    end = heading.start() if heading else len(markdown)
    return markdown[:end].strip(), markdown[end:].strip()


def source_of(cell: Mapping[str, Any]) -> str:
    """Return a cell's text, which the file may hold as a list of lines."""
    return "".join(cell["source"])


def _results(following: Sequence[Mapping[str, Any]]) -> tuple[list[str], bool]:
    """Return the ids of the code cells up to the explanation; without one, of the first that shows something."""
    code: list[Mapping[str, Any]] = []
    for cell in following:
        if is_explanation(cell):
            return [one["id"] for one in code], True
        asks = _asked(cell) is not None
        if _is_heading(cell) or (asks and code):
            break
        if cell["cell_type"] == "code" and not asks:
            code.append(cell)
    shows = (cell["id"] for cell in following if cell.get("outputs") and _asked(cell) is None)
    return list(islice(shows, 1)), False


def _is_heading(cell: Mapping[str, Any]) -> bool:
    return cell["cell_type"] == "markdown" and re.match(r"#{1,6}\s", source_of(cell)) is not None


def asking_source(cell: Mapping[str, Any]) -> str:
    """Return a cell's text with its questions, which a sealed cell keeps out of sight."""
    return "".join(cell["metadata"].get(ASKS) or cell["source"])


def seal(cells: Sequence[dict[str, Any]]) -> None:
    """Leave only the keys in the cells that ask: no front end then shows the answers in the code."""
    for asked in question_cells(cells):
        cell = cells[asked.place]
        cell["metadata"][ASKS] = asking_source(cell).splitlines(keepends=True)
        cell["source"] = f"{ABOVE}\n{asked.by_key}"


def unseal(cells: Sequence[dict[str, Any]]) -> None:
    """Put the questions back into the cells that ask, where their authors can edit them."""
    for cell in cells:
        if cell["cell_type"] == "code":
            cell["source"] = asking_source(cell)
            cell["metadata"].pop(ASKS, None)


def _asked(cell: Mapping[str, Any]) -> tuple[str, list[dict[str, Any]]] | None:
    """Return which of the two functions a cell calls, and its questions; None where it does anything else."""
    source = asking_source(cell) if cell["cell_type"] == "code" else ""
    if not re.search(r"\b(predict|quiz)\(", source):
        return None
    try:
        [statement] = ast.parse(source).body
        call = statement.value
        if call.func.id == "predict":
            return "predict", [_arguments(call)]
        if call.func.id == "quiz" and not call.keywords:
            [listed] = call.args
            return "quiz", [_arguments(one) for one in _calls_of_question(listed)]
    except (SyntaxError, ValueError, AttributeError, TypeError):
        # More than one statement, or arguments that are computed.
        pass
    return None


def _calls_of_question(listed: ast.expr) -> Iterator[ast.Call]:
    for one in listed.elts:
        if one.func.id != "Question":
            raise ValueError(one.func.id)
        yield one


def _arguments(call: ast.Call) -> dict[str, Any]:
    """Return the arguments of a call by name; ValueError where one is computed or missing."""
    given = dict(zip(_NAMES, call.args, strict=False)) | {one.arg: one.value for one in call.keywords}
    values = {name: ast.literal_eval(value) for name, value in given.items()}
    if not set(_NAMES[:5]) <= set(values) <= set(_NAMES):
        raise ValueError(sorted(values))
    return values


def read_questions(start: Path) -> dict[str, dict[str, Any]]:
    """Return the questions of the learner's copy that `start` lies in, by key; none outside of a copy."""
    folder = next((one for one in (start, *start.parents) if (one / QUESTIONS_FILE).is_file()), start)
    return questions_of(folder)


def sealed_questions(key: str, folders: Sequence[Path]) -> dict[str, dict[str, Any]]:
    """Return the questions of the first notebook in these folders that asks the one called `key`; none if none does."""
    for path in (path for folder in folders for path in sorted(folder.glob("*.ipynb"))):
        try:
            text = path.read_text(encoding="utf-8")
            found = entries(json.loads(text)["cells"]) if key in text else {}
        except (OSError, ValueError, KeyError, TypeError):
            # No notebook, or none that can be read.
            continue
        if key in found:
            return found
    return {}


def questions_of(copy: Path) -> dict[str, dict[str, Any]]:
    """Return the questions of the learner's copy in the folder `copy`; none where their file is missing or damaged."""
    try:
        return dict(json.loads((copy / QUESTIONS_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def entries(cells: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what a learner's copy keeps of the questions in these cells, by key.

    An entry holds the arguments of Question, the id of the cell that asks, and the ids of those that show the result.
    """
    return {
        question["key"]: {
            "arguments": {"confidence": asked.kind == "predict"} | question,
            "cell": cells[asked.place]["id"],
            "results": asked.results,
        }
        for asked in question_cells(cells)
        for question in asked.questions
    }


def as_text(notebook: Mapping[str, Any]) -> str:
    """Return the notebook file's text: sorted keys, one space of indent, a newline at its end."""
    # Loaded here: it takes long, and who asks questions does not write notebooks. Not nbformat.writes, which would
    # replace an id used twice with a random one and say so only in a warning.
    from nbformat import from_dict, v4

    return v4.writes(from_dict(notebook)).rstrip("\n") + "\n"
