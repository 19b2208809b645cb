"""Chapter 07 as a learner meets it: run its widgets, wire a network by keyboard, read it unrun."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser.accessibility import violations

CHAPTER = "chapters/07_architectures.ipynb"
STEPS = {"train": 4, "encoder-decoder-train": 4, "attention-dates-looking": 2}
LAB = ".rnncourse-wiring-lab"


@pytest.fixture(scope="module")
def chapter(server, any_lab) -> Iterator:
    """Return JupyterLab with the widgets of chapter 07 open, all cells run."""
    with any_lab() as lab:
        lab.open(server.excerpt_of(CHAPTER, "chapters/widgets_07.ipynb", steps=STEPS))
        lab.run_all()
        lab.page.wait_for_selector(LAB)
        yield lab


def test_every_widget_appears_without_an_error(chapter):
    assert chapter.errors() == []
    assert all(prompt != "[ ]:" for prompt in chapter.prompts())


def test_network_is_wired_by_keyboard_alone(chapter):
    page = chapter.page
    chapter.activate(chapter.place_of(LAB))
    before = chapter.shape()
    chapter.tab_to(f"{LAB} .switch")
    assert page.inner_text(f"{LAB} .rnncourse-name") == "many-to-one"
    for key in ("ArrowUp", "Space", "ArrowRight", "Space", "ArrowRight", "Space"):
        page.keyboard.press(key)
    assert page.inner_text(f"{LAB} .rnncourse-name") == "no usual name"
    for _ in range(2):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Space")
    assert page.inner_text(f"{LAB} .rnncourse-name") == "many-to-many aligned"
    page.wait_for_timeout(300)
    assert chapter.shape() == before, "a key reached the notebook"
    assert violations(page, LAB) == []
    page.keyboard.press("Escape")
