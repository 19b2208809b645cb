"""Chapter 07 as a learner meets it: run its widgets, choose patterns by keyboard, read it unrun."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser.accessibility import violations

from rnncourse.widgets._architecture_picker import CARDS

CHAPTER = "chapters/07_architectures.ipynb"
PICKER = ".rnncourse-architectures"


@pytest.fixture(scope="module")
def chapter(server, new_lab) -> Iterator:
    """Return JupyterLab with the widgets of chapter 07 open, all cells run."""
    with new_lab() as lab:
        lab.open(server.excerpt_of(CHAPTER, "chapters/widgets_07.ipynb"))
        lab.run_all()
        lab.page.wait_for_selector(PICKER)
        yield lab


def test_every_widget_appears_without_an_error(chapter):
    assert chapter.errors() == []
    assert all(prompt != "[ ]:" for prompt in chapter.prompts())


def test_patterns_are_chosen_by_keyboard_alone(chapter):
    page = chapter.page
    chapter.activate(chapter.place_of(PICKER))
    before = chapter.shape()
    chapter.tab_to(f"{PICKER} [type=radio]")
    assert page.evaluate("document.activeElement.value") == "many-to-one"
    for name in list(CARDS)[3:]:
        page.keyboard.press("ArrowDown")
        page.wait_for_function(
            "([root, task]) => document.querySelector(`${root} [data-part=task]`).textContent === task",
            arg=[PICKER, CARDS[name].task],
        )
    page.wait_for_timeout(300)
    assert chapter.shape() == before, "a key reached the notebook"
    assert page.inner_text(f"{PICKER} [data-part=wrong]") == CARDS["bidirectional"].wrong
    assert violations(page, PICKER) == []
    page.keyboard.press("Escape")


def test_chapter_can_be_read_without_running_it(lab):
    untouched = lab.server.copy_of(CHAPTER, "chapters/untouched_07.ipynb")
    assert "rnncourse-fallback" in untouched.read_text(encoding="utf-8")
    lab.open("chapters/untouched_07.ipynb")
    lab.page.wait_for_selector(".rnncourse-fallback")
    assert lab.page.locator(".rnncourse-live").count() == 0
    assert lab.errors() == []
