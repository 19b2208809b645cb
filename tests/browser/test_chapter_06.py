"""Chapter 06 as a learner meets it: run its widgets, move the gate lab by keyboard, freeze a unit of the network."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

CHAPTER = "chapters/06_lstm_gates.ipynb"
LAB = ".rnncourse-gate-lab"


@pytest.fixture(scope="module")
def chapter(server, any_lab) -> Iterator:
    """Return JupyterLab with the widgets of chapter 06 open, all cells run."""
    with any_lab() as lab:
        lab.open(server.excerpt_of(CHAPTER, "chapters/widgets_06.ipynb", ["lab-set"]))
        lab.run_all()
        lab.page.wait_for_selector(LAB)
        yield lab


def shown(chapter, name: str) -> float:
    """Return a number that the formulas of the gate lab show."""
    text = chapter.page.locator(f"{LAB} [data-number='{name}']").first.text_content()
    return float(text.replace("\N{MINUS SIGN}", "-"))


def test_every_widget_appears_without_an_error(chapter):
    assert chapter.errors() == []
    assert all(prompt != "[ ]:" for prompt in chapter.prompts())


def test_keyboard_moves_the_lab_and_the_next_cell_moves_it_back(chapter):
    page, place = chapter.page, chapter.place_of(LAB)
    chapter.activate(place)
    before = chapter.shape()
    chapter.tab_to(f"{LAB} [data-slider=f]")
    assert shown(chapter, "f") == 1.0  # the preset "remember"
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(300)
    assert chapter.shape() == before, "a key reached the notebook"
    assert shown(chapter, "f") == 0.96
    assert shown(chapter, "survives") == pytest.approx(0.96**7, abs=0.006)
    printed = chapter.run_and_read(place + 2)
    survives = {float(f): float(share) for f, share in re.findall(r"f = ([\d.]+).*: ([\d.]+)", printed)}
    assert survives == {f: round(f**7, 3) for f in (1.0, 0.9, 0.5)}
    page.wait_for_function(f"document.querySelector('{LAB} [data-preset]').value === 'remember'")
    assert shown(chapter, "f") == 1.0
    page.keyboard.press("Escape")


def test_a_unit_of_the_trained_network_is_frozen_by_keyboard(chapter):
    page, tab = chapter.page, f"{LAB} [data-panel=network]"
    chapter.activate(chapter.place_of(tab))
    before = chapter.shape()
    prompt = page.locator(f"{tab} [data-writing=prompt]").input_value()
    chapter.tab_to(f"{tab} [data-do=freeze]")
    page.keyboard.press("Space")
    whole = "text => document.querySelector(text).textContent.length === 120"
    page.wait_for_function(whole, arg=f"{tab} [data-text=held]")
    free, held = (
        page.locator(f"{tab} [data-text={name}]").text_content().removeprefix(prompt)
        for name in ("free", "held")
    )
    assert held == held.upper() and free != free.upper(), "the network shouts on"
    chapter.tab_to(f"{tab} [data-slider=step]")
    page.keyboard.press("ArrowLeft")
    assert page.locator(f"{tab} [data-slider=step]").input_value() == "20"
    assert chapter.shape() == before, "a key reached the notebook"
    page.keyboard.press("Escape")
