"""The links at the top and the bottom of each notebook."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbformat import v4
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from rnncourse.building.navigation import BOTTOM, TOP, navigate
from rnncourse.building.outputs import tidy
from rnncourse.question_cells import as_text

CHAPTERS = {"00_start_here": "00 Start here", "01_one": "01 One $x_t$: a question", "02_two": "02 Two"}


def write(path: Path, title: str, *texts: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = [
        new_markdown_cell(f"# {title}\n\nText.", id="title"),
        new_code_cell("1", id="code", execution_count=1),
    ]
    cells += [new_markdown_cell(text, id=f"text-{k}") for k, text in enumerate(texts)]
    path.write_text(as_text(tidy(new_notebook(cells=cells))), encoding="utf-8")


@pytest.fixture
def root(tmp_path) -> Path:
    """A course of three chapters, two with exercises, and a detour."""
    for stem, title in CHAPTERS.items():
        write(tmp_path / f"chapters/{stem}.ipynb", title)
    for stem in ("01_one", "02_two"):
        for folder in ("exercises", "solutions"):
            write(tmp_path / f"{folder}/{stem}_exercises.ipynb", f"Exercises {stem}")
    write(tmp_path / "chapters/detours/01_more.ipynb", "Detour: more of it")
    return tmp_path


def read(path: Path):
    return v4.reads(path.read_text(encoding="utf-8")).cells


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "chapters/00_start_here",
            "*Chapter 0 of 2* · [Contents](00_start_here.ipynb) · [01 One x_t →](01_one.ipynb)",
        ),
        (
            "chapters/01_one",
            "*Chapter 1 of 2* · [← 00 Start here](00_start_here.ipynb) · [Contents](00_start_here.ipynb) · "
            "[Exercises](../exercises/01_one_exercises.ipynb) · [02 Two →](02_two.ipynb)",
        ),
        (
            "solutions/01_one_exercises",
            "*Exercises of chapter 1 of 2* · [Contents](../chapters/00_start_here.ipynb) · "
            "[Chapter](../chapters/01_one.ipynb) · [Exercises 02_two →](02_two_exercises.ipynb)",
        ),
        (
            "chapters/detours/01_more",
            "*A detour from chapter 1* · [← back to 01 One x_t](../01_one.ipynb) · [Contents](../00_start_here.ipynb)",
        ),
    ],
)
def test_each_notebook_says_where_it_stands_and_leads_on(root, name, line):
    path = root / f"{name}.ipynb"
    before = [cell.id for cell in read(path)]
    assert navigate(path, root)
    cells = read(path)
    assert [cell.id for cell in cells] == [before[0], TOP, *before[1:], BOTTOM]
    assert cells[1].source == line
    assert cells[-1].source.startswith(line)
    assert not navigate(path, root), "the second time nothing is to be done"


def test_links_by_hand_make_way_and_other_text_stays(root):
    path = root / "chapters/02_two.ipynb"
    by_hand = "[← 01](01_one.ipynb) · [contents](00_start_here.ipynb#x) · [all](../exercises/02_two_exercises.ipynb)"
    near = "See [chapter 00](00_start_here.ipynb)."
    write(path, "02 Two", f"## Where to go next\n\n{near}\n\n---\n\n{by_hand}", by_hand)
    navigate(path, root)
    assert [cell.id for cell in read(path)] == ["title", TOP, "code", "text-0", BOTTOM]
    assert read(path)[3].source == f"## Where to go next\n\n{near}"


@pytest.mark.parametrize(("text", "listed"), [("Text.", True), ("[more](detours/01_more.ipynb)", False)])
def test_a_detour_that_nothing_leads_to_is_listed(root, text, listed):
    path = root / "chapters/01_one.ipynb"
    write(path, "01 One", text)
    navigate(path, root)
    assert read(path)[-1].source.endswith("\n\nDetours: [more of it](detours/01_more.ipynb)") is listed


def test_a_slide_type_of_the_links_is_kept(root):
    path = root / "chapters/01_one.ipynb"
    navigate(path, root)
    notebook = v4.reads(path.read_text(encoding="utf-8"))
    for cell in notebook.cells:
        if cell.id in (TOP, BOTTOM):
            cell.metadata["slideshow"] = {"slide_type": "skip"}
    path.write_text(as_text(notebook), encoding="utf-8")
    assert not navigate(path, root)
    kept = [cell.metadata for cell in read(path) if cell.id in (TOP, BOTTOM)]
    assert kept == [{"slideshow": {"slide_type": "skip"}}] * 2
