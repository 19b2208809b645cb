"""Sealed questions: the code that a page shows holds no answer, and everything else stays as it is."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner

from rnncourse.building import outputs
from rnncourse.cli import app
from rnncourse.errors import InputError
from rnncourse.lab.workspace import learners_file
from rnncourse.question_cells import ASKS, entries, question_cells, result_keys, seal, source_of, unseal
from rnncourse.widgets import Question, predict, quiz

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted((ROOT / "chapters").rglob("[0-9]*.ipynb"))
ASK = 'predict(\n    "Which?",\n    ["a", ("b", "No.")],\n    answer="a",\n    because="So.",\n    key="which",\n)'
QUIZ = (
    'quiz([Question("One?", ["c", "d"], "c", "So.", "one"), Question("Two?", ["e", "f"], "f", "So.", "two")])'
)


def cells_of(path: Path) -> list[dict]:
    """Return a chapter's cells with the questions in their places, however the file holds them."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    unseal(cells)
    return cells


def write(path: Path, *sources: str, sealed: bool) -> Path:
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{k}") for k, source in enumerate(sources)]
    if sealed:
        seal(cells)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_sealed_chapter_shows_no_answer_and_asks_the_same(path):
    plain = cells_of(path)
    cells = copy.deepcopy(plain)
    seal(cells)
    assert (entries(cells), result_keys(cells)) == (entries(plain), result_keys(plain))
    for asked in question_cells(cells):
        shown = source_of(cells[asked.place])
        assert all(question["because"] not in shown and question["answer"] not in shown.split('"')
                   for question in asked.questions)  # fmt: skip
        assert all(f'"{key}"' in shown for key in asked.keys)
    unsealed = copy.deepcopy(cells)
    unseal(unsealed)
    assert [source_of(cell) for cell in unsealed] == [source_of(cell) for cell in plain]
    assert [cell["metadata"] for cell in unsealed] == [cell["metadata"] for cell in plain]


def test_learners_get_the_same_file_from_a_sealed_chapter(tmp_path):
    path = ROOT / "chapters" / "01_sequences.ipynb"
    got = []
    for change in (seal, unseal):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        change(notebook["cells"])
        # Beside the real chapters, so that links lead somewhere.
        (tmp_path / change.__name__).mkdir()
        file = tmp_path / change.__name__ / path.name
        file.write_text(json.dumps(notebook), encoding="utf-8")
        got.append(learners_file(file, "chapters/01_sequences.ipynb"))
    assert got[0] == got[1]
    assert ASKS.encode() not in got[0][0]


def test_a_sealed_question_is_found_in_the_notebook_beside_and_asked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a_draft.ipynb", "which = 1", sealed=False)
    (tmp_path / "broken.ipynb").write_text("which, but no notebook")
    write(tmp_path / "my_chapter.ipynb", ASK, QUIZ, sealed=True)
    asked = predict(key="which")
    question = Question(
        "Which?", ["a", ("b", "No.")], answer="a", because="So.", key="which", confidence=True
    )
    assert next(iter(asked._shown.values())).question == question
    assert [one["key"] for one in quiz(["one", "two"]).questions] == ["one", "two"]
    with pytest.raises(InputError, match="key must be that of a question"):
        predict(key="nowhere-asked")


def test_a_chapter_alone_finds_its_questions_in_the_package(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = next(
        path for path in CHAPTERS if any(one.kind == "predict" for one in question_cells(cells_of(path)))
    )
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    key = next(one.keys[0] for one in question_cells(cells) if one.kind == "predict")
    assert predict(key=key).key == key


def test_the_command_seals_the_chapters_and_opens_them_again(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "rnncourse"\n')
    path = write(tmp_path / "chapters" / "01_asks.ipynb", "1 + 1", ASK, sealed=False)
    outputs.rewrite(path, lambda cells: None)
    plain = path.read_bytes()
    monkeypatch.chdir(tmp_path)
    said = [CliRunner().invoke(app, ["build", "questions", *more]).stdout for more in ([], [], ["--open"])]
    assert [line.strip().rpartition(": ")[2] for line in said] == ["written", "unchanged", "written"]
    assert path.read_bytes() == plain
