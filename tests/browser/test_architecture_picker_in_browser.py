"""The architecture picker in a browser, without a kernel: its keys, what it shows, and what axe-core says."""

from __future__ import annotations

import pytest
from browser.accessibility import dress, violations
from browser.widget_page import start
from playwright.sync_api import Page

from rnncourse.widgets import architecture_picker
from rnncourse.widgets._architecture_picker import CARDS

ROOT = ".rnncourse-architectures"


def shapes(page: Page) -> list[list[str]]:
    rows = page.locator(f"{ROOT} tbody tr").all()
    return [row.locator("th, td").all_text_contents() for row in rows]


@pytest.mark.parametrize("name", CARDS)
def test_a_choice_brings_its_card_without_a_kernel(page, name):
    start(page, architecture_picker("stacked" if name == "one-to-one" else "one-to-one"))
    page.get_by_label(name, exact=True).check()
    assert page.evaluate("state.pattern") == name
    card = CARDS[name]
    assert page.inner_text(f"{ROOT} [data-part=task]") == card.task
    assert page.inner_text(f"{ROOT} [data-part=wrong]") == card.wrong
    assert shapes(page) == [list(row) for row in card.shapes]
    assert name in page.locator(f"{ROOT} svg").get_attribute("aria-label").lower()
    page.evaluate("window.close()")
    assert page.evaluate("window.listening()") == 0


def test_arrow_keys_walk_through_the_patterns(page):
    start(page, architecture_picker("one-to-one"))
    page.get_by_label("one-to-one", exact=True).focus()
    for name in list(CARDS)[1:]:
        page.keyboard.press("ArrowDown")
        assert page.evaluate("state.pattern") == name
    page.keyboard.press("ArrowUp")
    assert page.evaluate("state.pattern") == list(CARDS)[-2]


def test_only_rest_is_announced(page):
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    start(page, architecture_picker("one-to-one"))
    page.get_by_label("one-to-one", exact=True).focus()
    page.keyboard.press("ArrowDown")
    page.clock.run_for(200)
    page.keyboard.press("ArrowDown")
    page.clock.run_for(400)
    assert page.inner_text(f"{ROOT} [aria-live]") == ""
    page.clock.run_for(200)
    assert page.inner_text(f"{ROOT} [aria-live]").startswith("Many-to-one: a sequence is read")


@pytest.mark.parametrize(("width", "theme"), [(900, "light"), (900, "dark"), (400, "light")])
def test_axe_finds_nothing(page, width, theme):
    dress(page, width, theme)
    start(page, architecture_picker("many-to-many unaligned"))
    page.wait_for_timeout(100)
    assert violations(page, ROOT) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
