"""Chapter 05 as a learner meets it: open, run its widgets, move the gradient lab by keyboard, read it from Python."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rnncourse.analysis.gradient_flow import gradient_flow
from rnncourse.widgets._gradient_lab import numbers

CHAPTER = "chapters/05_vanishing_and_exploding_gradients.ipynb"
LAB = ".rnncourse-gradient-lab"


@pytest.fixture(scope="module")
def chapter(server, new_lab) -> Iterator:
    """Return JupyterLab with the widgets of chapter 05 open, all cells run."""
    with new_lab() as lab:
        lab.open(server.excerpt_of(CHAPTER, "chapters/widgets_05.ipynb", ["bit-code"]))
        lab.run_all()
        lab.page.wait_for_selector(LAB)
        yield lab


def test_every_widget_appears_without_an_error(chapter):
    assert chapter.errors() == []
    assert all(prompt != "[ ]:" for prompt in chapter.prompts())


def test_the_labs_first_task_can_be_solved_by_keyboard_and_read_from_python(chapter):
    chapter.activate(chapter.place_of(LAB))
    before = chapter.shape()
    chapter.tab_to(f"{LAB} [data-setting=scale]")
    for _ in range(14):  # from 1 to 1.7
        chapter.page.keyboard.press("ArrowRight")
    wanted = {name: value for name, _, value in numbers(gradient_flow("tanh", scale=1.7, T=100))}
    chapter.page.wait_for_function(
        """([lab, wanted]) => [...document.querySelectorAll(`${lab} [data-number]`)].every(
            (one) => one.textContent === wanted[one.dataset.number])""",
        arg=[LAB, wanted],
        timeout=15_000,
    )
    assert "survives" in chapter.page.inner_text(f"{LAB} .rnncourse-fate")
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
    assert "tanh, uniform, scale 1.7" in chapter.run_and_read(reading)
