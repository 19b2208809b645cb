"""The learner's edition: nothing in it tells a result before the run, and nothing else is lost."""

from __future__ import annotations

import json
import sys

import pytest
from browser.lab_server import ROOT
from nbformat import read, v4
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from rnncourse.lab.edition import SUMMARY, folded, learners_edition
from rnncourse.question_cells import ABOVE, LIVE, as_text, is_explanation, question_cells

QUESTION = 'predict("Which?", ["a", ("b", "Read.")], answer="b", because="So it is.", key="which")'
STORED = "<p><strong>Which?</strong></p><details><summary>Answer</summary><p>b</p></details>"


def chapter() -> dict:
    def run(name: str, number: int) -> dict:
        output = new_output("stream", text=f"{name} ran\n")
        return new_code_cell(f"print({name!r})", id=name, execution_count=number, outputs=[output])

    asked = new_output("display_data", {"text/html": STORED, "text/plain": "Which?"})
    asked.metadata[LIVE] = {"widget": "Prediction", "model": "1", "state": {"because": "So it is."}}
    return new_notebook(
        cells=[
            new_markdown_cell("# Title", id="title"),
            run("before", 1),
            new_code_cell(
                QUESTION, id="ask", execution_count=2, outputs=[asked], metadata={"tags": ["hide-input"]}
            ),
            run("result", 3),
            new_markdown_cell("**What you saw.** b.", id="saw", metadata={"tags": ["explanation"]}),
            run("after", 4),
        ]
    )


def by_id(notebook: dict) -> dict:
    return {cell["id"]: cell for cell in notebook["cells"]}


def test_results_are_left_out_and_everything_else_stays():
    cells = by_id(learners_edition(chapter())[0])
    assert list(cells) == ["title", "before", "ask", "result", "saw", "after"]
    assert (cells["result"]["outputs"], cells["result"]["execution_count"]) == ([], None)
    assert cells["result"]["source"] == "print('result')"
    assert [cells[name]["outputs"][0]["text"] for name in ("before", "after")] == [
        "before ran\n",
        "after ran\n",
    ]


def test_explanations_are_folded():
    cells = by_id(learners_edition(chapter())[0])
    assert (
        cells["saw"]["source"]
        == f"<details>\n<summary>{SUMMARY}</summary>\n\n**What you saw.** b.\n\n</details>"
    )
    assert folded("It rises.\n\n## Next\n\nMore.").endswith("It rises.\n\n</details>\n\n## Next\n\nMore.")
    assert folded("## Next\n\nMore.") == "## Next\n\nMore."


def test_a_question_shows_no_answer_anywhere_in_the_file():
    notebook, questions = learners_edition(chapter())
    cells = by_id(notebook)
    assert cells["ask"]["source"] == f'{ABOVE}\nfrom rnncourse.widgets import predict\n\npredict(key="which")'
    assert cells["ask"]["metadata"] == {"tags": ["hide-input"]}
    assert cells["ask"]["outputs"][0]["data"]["text/html"] == "<p><strong>Which?</strong></p>"
    assert not any(words in as_text(notebook) for words in ("So it is", "Read.", "answer="))
    assert questions["which"]["arguments"]["because"] == "So it is."


def test_a_quiz_asks_by_its_keys():
    source = 'quiz([Question("One?", ["a", "b"], "a", "So.", "one"), Question("Two?", ["a", "b"], "b", "So.", "two")])'
    notebook = new_notebook(cells=[new_code_cell(source, id="quiz")])
    [cell] = learners_edition(notebook)[0]["cells"]
    assert cell["source"] == f'{ABOVE}\nfrom rnncourse.widgets import quiz\n\nquiz(["one", "two"])'


def test_the_language_is_what_this_kernel_tells():
    from ipykernel.ipkernel import IPythonKernel

    notebook, _ = learners_edition(chapter())
    assert notebook["metadata"]["language_info"] == IPythonKernel.language_info
    assert notebook["metadata"]["language_info"]["version"] == sys.version.split()[0]


@pytest.mark.parametrize(
    "file", sorted((ROOT / "chapters").rglob("[0-9]*.ipynb")), ids=lambda file: file.stem
)
def test_a_chapters_learners_edition_is_sound(file):
    source = json.loads(file.read_text(encoding="utf-8"))
    count = len(question_cells(source["cells"]))
    text = as_text(learners_edition(source)[0])
    edition = v4.reads(text)
    original = read(file, as_version=4)
    ids = [cell.id for cell in edition.cells]
    known = {cell.id for cell in original.cells}
    assert [name for name in ids if name in known] == [cell.id for cell in original.cells]
    assert len(set(ids)) == len(ids)
    assert sum(cell.source.startswith(ABOVE) for cell in edition.cells) == count
    assert "because=" not in text and "<summary>Answer</summary>" not in text
    assert "unfold the answer" not in text, "there is none to unfold"
    for cell in edition.cells:
        assert not is_explanation(cell) or cell.source.startswith(("<details>", "#"))
