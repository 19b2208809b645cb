"""Chapter 03 as a learner meets it: open, run all cells, move the stepper by keyboard, answer a question."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from rnncourse.in_numpy import rnn_step

CHAPTER = "chapters/03_recurrence.ipynb"
PLAYER = ".rnncourse-state-lab"


@pytest.fixture(scope="module")
def chapter(any_lab) -> Iterator:
    """Return JupyterLab with chapter 03 open and all its cells run."""
    with any_lab() as lab:
        lab.open(CHAPTER)
        lab.run_all()
        lab.page.wait_for_selector(PLAYER)
        yield lab


def numbers(lab, selector: str) -> np.ndarray:
    """Return the numbers that the first lab shows or lets the reader type where `selector` points, in their order."""
    read = (
        lab.page.locator(PLAYER)
        .first.locator(selector)
        .evaluate_all("all => all.map((one) => one.tagName === 'INPUT' ? one.value : one.textContent)")
    )
    return np.array([float(one.replace("\N{MINUS SIGN}", "-")) for one in read])


def test_every_cell_runs_without_an_error(chapter):
    assert chapter.errors() == []
    assert all(prompt != "[ ]:" for prompt in chapter.prompts())


def test_stepper_moved_by_keyboard_shows_the_numbers_of_rnn_step(chapter):
    page = chapter.page
    cell = chapter.place_of(PLAYER)
    chapter.activate(cell)
    before = chapter.shape()
    chapter.tab_to(f"{PLAYER} [data-slider=step]")
    page.keyboard.press("Home")
    p = {name: numbers(chapter, f"[data-weight^='{name} ']") for name in ("W_xh", "W_hh", "b_h")}
    p |= {"W_xh": p["W_xh"].reshape(3, 2), "W_hh": p["W_hh"].reshape(2, 2)}
    states = []
    for step in range(1, 5):
        x_t, h_prev = numbers(chapter, "[data-cell^='x ']"), numbers(chapter, "[data-note]")
        h_t = rnn_step(x_t[None], h_prev[None], p)[0]
        # The page shows two decimals of the new state and three of the previous one.
        assert np.allclose(h_t, numbers(chapter, "[data-cell^='h ']"), rtol=0, atol=0.01), step
        assert step == 1 or np.allclose(h_prev, states[-1], rtol=0, atol=0.001)
        states.append(h_t)
        page.keyboard.press("ArrowRight")
    assert not np.array_equal(states[0], states[1])
    page.wait_for_timeout(300)
    assert chapter.shape() == before, "a key reached the notebook"


def test_first_question_can_be_answered_by_keyboard(chapter):
    page = chapter.page
    cell = chapter.place_of(".rnncourse-quiz")
    chapter.activate(cell - 1)  # JupyterLab's arrow keys pass over a cell whose code is folded
    form = page.locator(".rnncourse-quiz form").first
    chapter.tab_to(f"form[data-key={form.get_attribute('data-key')}] input")
    before = chapter.shape()
    assert before[0] == cell
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    # All cells have been run, so the result is on the page and the verdict comes at once.
    assert form.locator(".rnncourse-verdict").inner_text().startswith(("Right: you said", "You said"))
    assert form.locator("input:enabled").count() == 0
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(300)
    assert chapter.shape() == before, "a key reached the notebook"


def test_stand_ins_give_way_to_live_widgets(chapter):
    stand_ins = chapter.page.locator(".rnncourse-fallback").all()
    assert stand_ins
    assert not any(one.is_visible() for one in stand_ins)
