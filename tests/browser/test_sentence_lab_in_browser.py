"""The sentence lab in a browser: its tokens are those of data.tokenize; texts are typed, tokens chosen by any means."""

from __future__ import annotations

import numpy as np
import pytest
from browser.accessibility import dress, violations
from browser.widget_page import start
from playwright.sync_api import Page

from rnncourse.data import CHILDRENS_BOOK, Vocabulary, alice, tokenize
from rnncourse.viz._lstm_cell import written
from rnncourse.widgets import SentenceLab, sentence_lab
from rnncourse.widgets._fallback import read_front_end

ROOT = ".rnncourse-sentence-lab"
BOOK = Vocabulary.from_tokens(tokenize(CHILDRENS_BOOK))
W = np.random.default_rng(0).normal(size=(5, 3))


def assert_shows(page: Page, lab: SentenceLab) -> None:
    """Compare tokens, indices and the grid with those of Python for the same text."""
    lab.text = page.evaluate("state.text")
    assert page.locator(f"{ROOT} .tokens button").all_inner_texts() == lab.tokens
    shown = page.locator(f"{ROOT} .indices td").all_inner_texts()
    assert shown == ["–" if k is None else str(k) for k in lab.indices]
    cells = page.locator(f"{ROOT} [data-place]").evaluate_all(
        "rows => rows.map((row) => [...row.querySelectorAll('td')].map((one) => Number(one.textContent)))"
    )
    assert np.array_equal(np.array(cells).T, lab.x)
    assert page.locator(f"{ROOT} [data-hot]").count() == lab.x.sum()


def test_tokens_of_the_browser_are_those_of_python(page):
    page.add_script_tag(content=read_front_end("sentence_lab.js").split("export default")[0])
    story = alice()
    texts = [story[k : k + 120] for k in range(0, 100_000, 997)]
    texts += [
        "Doug's dog_cat – 3½ §5, o’clock!",
        "naïve Ωmega 漢字 ’tis rock'n'roll '",
        "a__b\t\n 12.5%",
        "日本 🐕 x²",
    ]
    for text in texts:
        assert page.evaluate("text => tokensOf(text)", text) == tokenize(text), text


def test_a_text_is_typed_and_the_latest_token_is_explained(page):
    lab = sentence_lab(BOOK, W)
    start(page, lab)
    assert_shows(page, lab)
    field = page.get_by_label("Type a text")
    field.fill("")
    assert page.inner_text(f"{ROOT} .rnncourse-readout") == "No token yet."
    field.press_sequentially("Spot saw Jane, Rex")
    assert_shows(page, lab)
    assert "“Rex” is out of vocabulary" in page.inner_text(f"{ROOT} .rnncourse-readout")
    assert page.locator(f"{ROOT} [data-picked]").count() == 0
    field.press("Backspace")
    assert_shows(page, lab)
    page.evaluate("window.close()")
    assert page.evaluate("window.listening()") == 0


@pytest.mark.parametrize("how", ["mouse", "keys"])
def test_a_chosen_token_picks_its_row(page, how):
    start(page, sentence_lab(BOOK, W, "Spot saw Jane."))
    for t, token in ((2, "Jane"), (0, "Spot")):
        button = page.locator(f"{ROOT} .tokens button").nth(t)
        if how == "mouse":
            button.hover()
        else:
            button.press("Enter")
        [row] = page.locator(f"{ROOT} [data-picked]").all()
        k = BOOK.index(token)
        assert row.locator("th").inner_text() == token
        assert row.locator("td").all_inner_texts() == [written(one) for one in W[k]]
        said = page.inner_text(f"{ROOT} .rnncourse-readout")
        assert said.startswith(f"“{token}” has index {k}") and f"row {k}: ({written(W[k, 0])}, " in said


def test_unknown_words_get_the_index_of_the_special_token(page):
    lab = sentence_lab(Vocabulary(BOOK.tokens, unknown="<unk>"), text="Rex saw <b>")
    start(page, lab)
    assert_shows(page, lab)
    assert "gets index 0, that of <unk>" in page.inner_text(f"{ROOT} .rnncourse-readout")


def test_tasks_tick_themselves_off(page):
    start(page, sentence_lab(BOOK))
    field = page.get_by_label("Type a text")
    for text, done in (
        ("Doug saw Doug", []),
        ("Doug saw Doug. Doug", ["twice"]),
        (" ".join(BOOK.tokens), ["twice", "diagonal"]),
        ("doug", ["twice", "diagonal", "unknown"]),
    ):
        field.fill(text)
        assert page.evaluate("state.done") == done, text
    assert page.inner_text(f"{ROOT} .rnncourse-tasks") == "✓ ✓ ✓"


def test_a_token_is_chosen_by_touch_on_a_phone(browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    lab = sentence_lab(BOOK, W, "Spot saw Jane. Jane saw Doug")
    start(page, lab)
    page.locator(f"{ROOT} .tokens button").nth(2).tap()
    assert page.evaluate("state.chosen") == 2
    assert_shows(page, lab)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator(ROOT).bounding_box()["height"] < 664
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [900, 390])
def test_axe_finds_nothing_and_the_lab_fits(page, width, theme):
    dress(page, width, theme)
    start(page, sentence_lab(BOOK, W, CHILDRENS_BOOK + " Rex"))
    assert violations(page, "[data-widget='0']") == []
    box = page.locator(ROOT).bounding_box()
    assert box["width"] <= 900 and (width < 900 or box["height"] <= 620)
