"""The learner's edition of a notebook: what a prediction is about is neither shown nor explained beforehand.

Outputs between a question and its explanation are left out, explanations are folded, and a question's cell holds only
its key. The texts of the questions go into a file of the copy.
"""

from __future__ import annotations

import platform
import re
from typing import Any

from rnncourse.lab.links import split_at_headings
from rnncourse.question_cells import (
    ABOVE,
    ASKS,
    LIVE,
    UNFOLD,
    QuestionCell,
    entries,
    is_explanation,
    question_cells,
    result_keys,
    source_of,
    split_explanation,
)

SUMMARY = "What happened, and why"
LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
    "version": platform.python_version(),
}
"""What a kernel of this environment says about its language, and a front end then stores in the notebook."""


def learners_edition(notebook: dict[str, Any]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the learner's edition of a chapter, and its questions by key; `notebook` itself is changed."""
    cells = notebook["cells"]
    questions, results = entries(cells), result_keys(cells)
    for asked in question_cells(cells):
        _hide_question(cells[asked.place], asked)
    for cell in cells:
        for output in cell.get("outputs", []):
            output.get("metadata", {}).pop(LIVE, None)
        if cell["cell_type"] == "code" and cell["id"] in results:
            cell["outputs"], cell["execution_count"] = [], None
        if is_explanation(cell):
            cell["source"] = folded(source_of(cell))
    notebook["cells"] = split_at_headings(cells)
    return with_language(notebook), questions


def with_language(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return the notebook with the language that its kernel will tell, so that opening it changes nothing."""
    notebook["metadata"]["language_info"] = LANGUAGE
    return notebook


def folded(markdown: str) -> str:
    """Return an explanation folded away up to its first heading, which begins something new."""
    explanation, rest = split_explanation(markdown)
    if not explanation:
        return markdown
    fold = f"<details>\n<summary>{SUMMARY}</summary>\n\n{explanation}\n\n</details>"
    return f"{fold}\n\n{rest}" if rest else fold


def _hide_question(cell: dict[str, Any], asked: QuestionCell) -> None:
    """Leave the keys in a question's cell, and the question without its answer in the output."""
    cell["source"] = f"{ABOVE}\nfrom rnncourse.widgets import {asked.kind}\n\n{asked.by_key}"
    cell["metadata"].pop(ASKS, None)
    cell["execution_count"] = None
    for output in cell["outputs"]:
        for kind, text in output.get("data", {}).items():
            if kind in ("text/html", "text/plain"):
                output["data"][kind] = _without_answers("".join(text))


def _without_answers(shown: str) -> str:
    """Return what a question shows without its folded answers, and without a word of them."""
    return re.sub(r"(?s)<details><summary>Answer</summary>.*?</details>", "", shown).replace(UNFOLD, "")
