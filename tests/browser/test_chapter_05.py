"""Chapter 05 as a learner meets it: open, run its widgets, move the gradient lab by keyboard, read it from Python."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rnncourse.analysis.gradient_flow import gradient_flow
from rnncourse.widgets._gradient_lab import verdict

CHAPTER = "chapters/05_vanishing_and_exploding_gradients.ipynb"
LAB = ".rnncourse-gradient-lab"


@pytest.fixture(scope="module")
def chapter(server, any_lab) -> Iterator:
    """Return JupyterLab with the widgets of chapter 05 open, all cells run."""
    with any_lab() as lab:
        lab.open(server.excerpt_of(CHAPTER, "chapters/widgets_05.ipynb", ["bit-code"]))
        lab.run_all()
        lab.page.wait_for_selector(LAB)
        yield lab


def test_every_widget_appears_without_an_error(chapter):
    assert chapter.errors() == []
    assert all(prompt != "[ ]:" for prompt in chapter.prompts())


def test_a_task_of_the_lab_can_be_solved_by_keyboard_and_read_from_python(chapter):
    chapter.activate(chapter.place_of(LAB))
    before = chapter.shape()
    chapter.tab_to(f"{LAB} [data-setting=scale]")
    for _ in range(21):  # from 1 to 2.05
        chapter.page.keyboard.press("ArrowRight")
    flow = gradient_flow("tanh", scale=2.05, T=100, H=32)
    assert chapter.page.inner_text(f"{LAB} .rnncourse-fate") == verdict(flow)
    assert "survives" in verdict(flow)
    assert chapter.page.inner_text(f"{LAB} .rnncourse-tasks") == "○ ✓ ○ ○ ○ ○"
    assert chapter.shape() == before, "a key reached the notebook"
    reading = chapter.page.locator(".jp-Notebook .jp-Cell").evaluate_all(
        "cells => cells.findIndex((cell) => cell.innerText.includes('def hold_a_bit'))"
    )
    # The chapter does not print the lab, so a learner's line takes the place of one of its cells.
    chapter.activate(reading)
    chapter.page.keyboard.press("Enter")
    chapter.page.keyboard.press("Control+a")
    chapter.page.keyboard.insert_text("print(lab.flow)")
    chapter.page.keyboard.press("Escape")
    assert "tanh, uniform, scale 2.05" in chapter.run_and_read(reading)
