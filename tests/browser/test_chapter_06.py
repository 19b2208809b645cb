"""Chapter 06 as a learner meets it: run all cells, move the gate lab by keyboard, read it in the next cell."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest

CHAPTER = "chapters/06_lstm_gates.ipynb"
LAB = ".rnncourse-gate-lab"


@pytest.fixture(scope="module")
def chapter(new_lab) -> Iterator:
    """Return JupyterLab with chapter 06 open and all its cells run."""
    with new_lab() as lab:
        lab.open(CHAPTER)
        lab.run_all()
        lab.page.wait_for_selector(LAB)
        yield lab


def shown(chapter, name: str) -> float:
    """Return a number that the formulas of the gate lab show."""
    text = chapter.page.locator(f"{LAB} [data-number='{name}']").first.text_content()
    return float(text.replace("\N{MINUS SIGN}", "-"))


def read_back(chapter, cell: int) -> dict[str, np.ndarray]:
    """Run the cell that prints what the lab holds, and return its numbers by name."""
    printed = chapter.run_and_read(cell)
    return {
        name: np.array(numbers.split(), dtype=float)
        for name, numbers in re.findall(r"(\w+):\s*\[(.*?)\]", printed)
    }


def test_every_cell_runs_without_an_error(chapter):
    assert chapter.errors() == []
    assert all(prompt != "[ ]:" for prompt in chapter.prompts())


def test_next_cell_reads_what_the_keyboard_did_to_the_lab(chapter):
    page, place = chapter.page, chapter.place_of(LAB)
    chapter.activate(place)
    before = chapter.shape()
    chapter.tab_to(f"{LAB} [data-slider=f]")
    first = shown(chapter, "f")
    assert first == 1.0  # the preset "remember"
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(300)
    assert chapter.shape() == before, "a key reached the notebook"
    now = shown(chapter, "f")
    assert now < first
    read = read_back(chapter, place + 2)
    held = np.flatnonzero(read["f"] != 1)
    assert held.size
    assert np.all(np.abs(read["f"][held] - now) < 0.006)  # two decimals on the page and in the cell
    kept = np.array([np.prod(read["f"][t + 1 :]) for t in range(len(read["f"]))])
    # all later gates are held: the product of the later f
    assert np.abs(read["survives"] - kept).max() < 0.02
    page.keyboard.press("Escape")


def test_chapter_can_be_read_without_running_it(lab):
    untouched = lab.server.copy_of(CHAPTER, "chapters/untouched_06.ipynb")
    assert "rnncourse-fallback" in untouched.read_text(encoding="utf-8")
    lab.open("chapters/untouched_06.ipynb")
    lab.page.wait_for_selector(".rnncourse-fallback")
    assert lab.page.locator(".rnncourse-live").count() == 0
    assert lab.errors() == []
