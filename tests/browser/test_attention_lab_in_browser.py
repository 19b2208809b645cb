"""The Attention lab in a browser, without a kernel: keyboard, mouse and touch, and the numbers it shows."""

from __future__ import annotations

import numpy as np
import pytest
from browser.accessibility import dress, violations
from browser.widget_page import start
from playwright.sync_api import Page

from rnncourse.widgets import AttentionLab, attention_lab
from rnncourse.widgets._attention_lab import spread

ROOT = ".rnncourse-attention-lab"
READOUT = f"{ROOT} .rnncourse-readout"
WORDS, TOKENS = ["the", "first", "of", "september", "ninety", "eight"], list("1998-09-01")


def weights(seed: int = 0, n: int = len(WORDS)) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(n, 0.4), size=len(TOKENS))


def lab() -> AttentionLab:
    shorter = (weights(1, 3)[:4], ["may", "two", "three"], list("0523"))
    return attention_lab([(weights(), WORDS, TOKENS), shorter])


def links(page: Page) -> np.ndarray:
    """Return the weights that the widths of the links stand for."""
    widths = page.locator(f"{ROOT} .links path").evaluate_all(
        "all => all.map((one) => Number(one.getAttribute('stroke-width')))"
    )
    return (np.array(widths) - 1) / 13


def assert_shows_row(page: Page, k: int, row: np.ndarray, read: list[str], token: str) -> None:
    assert np.allclose(links(page), row, atol=5e-4)
    best = int(np.argmax(row))
    said = page.inner_text(READOUT)
    assert said.startswith(f"Character {k + 1}, “{token}”, looks at “{read[best]}” {100 * row[best]:.0f} %, ")
    assert said.endswith(f"spread over {spread(row):.1f} of {len(read)} words.")
    shares = page.locator(f"{ROOT} .share").all_text_contents()
    assert shares == [f"{100 * one:.0f} %" for one in row]


def test_keys_walk_through_the_characters(page):
    start(page, lab())
    slider = page.locator(f"{ROOT} [data-slider=step]")
    for k, token in enumerate(TOKENS):
        assert_shows_row(page, k, weights()[k], WORDS, token)
        assert page.inner_text(f"{ROOT} .rnncourse-paper output") == "".join(TOKENS[: k + 1])
        slider.press("ArrowRight")
    page.evaluate("window.close()")
    assert page.evaluate("window.listening()") == 0


def test_pointing_at_a_character_shows_its_weights_for_as_long_as_the_mouse_is_there(page):
    start(page, lab())
    page.locator(f"{ROOT} .token").nth(7).hover()
    assert_shows_row(page, 7, weights()[7], WORDS, "-")
    page.locator(f"{ROOT} .map rect[data-k='3'][data-column='2']").hover()
    assert_shows_row(page, 3, weights()[3], WORDS, "8")
    page.mouse.move(5, 890)
    assert_shows_row(page, 0, weights()[0], WORDS, "1")
    page.locator(f"{ROOT} .token").nth(4).click()
    assert page.evaluate("state.step") == 5


def test_a_word_says_for_which_characters_it_is_looked_at(page):
    start(page, lab())
    page.locator(f"{ROOT} .word").nth(3).focus()
    column = weights()[:, 3]
    assert np.allclose(links(page), column, atol=5e-4)
    best = int(np.argmax(column))
    wanted = (
        f"“september” is looked at most for “{TOKENS[best]}” at place {best + 1} ({100 * column[best]:.0f} %)"
    )
    assert page.inner_text(READOUT).startswith(wanted)
    page.keyboard.press("Tab")
    assert page.inner_text(READOUT).startswith("“ninety” is looked at most")


def test_another_example_is_chosen_and_the_step_stays_inside(page):
    start(page, lab())
    page.locator(f"{ROOT} [data-slider=step]").press("End")
    page.get_by_label("It reads").select_option("may two three")
    assert page.evaluate("[state.example, state.step, state.steps]") == [2, 4, 4]
    assert_shows_row(page, 3, weights(1, 3)[3], ["may", "two", "three"], "3")
    assert page.locator(f"{ROOT} .map rect").count() == 12
    page.get_by_label("It reads").select_option(" ".join(WORDS))
    assert page.evaluate("[state.step, state.steps]") == [4, 10]


def test_play_writes_the_answer(page):
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    start(page, lab())
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(3100)
    assert page.inner_text(f"{ROOT} .rnncourse-paper output") == "1998"
    page.clock.run_for(9000)
    assert page.inner_text(f"{ROOT} .rnncourse-paper output") == "1998-09-01"


def test_lab_works_by_touch_and_fits(browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.set_content('<meta name="viewport" content="width=device-width">')
    start(page, lab())
    page.locator(f"{ROOT} .token").nth(6).tap()
    assert page.evaluate("state.step") == 7
    page.locator(f"{ROOT} .word").nth(1).tap()
    assert page.inner_text(READOUT).startswith("“first” is looked at most")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(ROOT).bounding_box()["height"] < 664
    context.close()


@pytest.mark.parametrize(("width", "theme"), [(900, "light"), (900, "dark"), (400, "light")])
def test_axe_finds_nothing_and_texts_are_large_enough(page, width, theme):
    dress(page, width, theme)
    start(page, lab())
    page.wait_for_timeout(100)
    assert violations(page, ROOT) == []
    box = page.locator(ROOT).bounding_box()
    assert box["width"] <= 900 and box["height"] <= 620
    sizes = page.locator(f"{ROOT} text").evaluate_all(
        "all => all.filter((one) => one.textContent).map((one) => parseFloat(getComputedStyle(one).fontSize))"
    )
    assert min(sizes) >= 11
