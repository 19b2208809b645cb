"""Every lab on narrow and wide screens: nothing sticks out or is cut off, no text is small, all can be touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser.accessibility import dress, violations
from browser.labs import LABS
from browser.widget_page import start
from playwright.sync_api import Page

from rnncourse.widgets._fallback import ReadableWidget

ROOT = ".rnncourse-live"
WIDTHS = (300, 390, 700, 900)  # 300: what JupyterLab leaves a lab on a phone of 390
TOUCHED = 700  # the widest that is for fingers
ALSO_BESIDE = {"jar": "Cookies added on day"}  # small, but a control next to them does the same
MEASURE = Path(__file__).with_name("measure_lab.js").read_text(encoding="utf-8").strip().removesuffix(";")


@pytest.fixture(scope="module")
def labs() -> dict[str, ReadableWidget]:
    """Return all labs by name."""
    return {name: make() for name, make in LABS.items()}


def open_lab(page: Page, labs: dict[str, ReadableWidget], name: str, width: int) -> None:
    """Show a lab in a page of this width and without margins; of the Gate lab with two tabs, the second."""
    page.set_content('<html lang="en"><title>Lab</title><body style="margin: 0"></body></html>')
    dress(page, width, "light")
    start(page, labs[name])
    if name == "network":
        page.get_by_role("tab").nth(1).click()
    page.wait_for_timeout(150)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", LABS)
def test_nothing_is_too_wide_too_small_or_cut_off(page, labs, name, width):
    open_lab(page, labs, name, width)
    found = page.locator(ROOT).evaluate(MEASURE)
    tiny = found.pop("tiny")
    assert found == {"wide": [], "cut": [], "small": []}
    assert width > TOUCHED or [one for one in tiny if ALSO_BESIDE.get(name, "no such") not in one] == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("width", [300, 700])
@pytest.mark.parametrize("name", LABS)
def test_axe_finds_nothing_at_the_widths_between(page, labs, name, width):
    open_lab(page, labs, name, width)
    for theme in ("light", "dark"):
        dress(page, width, theme)
        page.wait_for_timeout(150)
        assert violations(page, ROOT) == [], theme


LOOKS = """root => [...root.querySelectorAll(':not([type=range], [type=checkbox], [type=radio])')]
  .filter((one) => one.checkVisibility())
  .map((one) => {
    const { x, y, width, height } = one.getBoundingClientRect();
    const { color, fontSize, fontWeight, borderBottomWidth } = getComputedStyle(one);
    const name = `${one.tagName.toLowerCase()}.${one.getAttribute("class") ?? ""}`;
    return [name, ...[x, y, width, height].map(Math.round), color, fontSize, fontWeight, borderBottomWidth];
})"""


@pytest.mark.parametrize("name", LABS)
def test_a_page_that_dresses_all_elements_does_not_dress_labs(page, labs, name):
    """Bootstrap's rules for elements, which the classic notebook has, change neither size nor color of anything."""
    bootstrap = Path(__file__).with_name("bootstrap.css").read_text(encoding="utf-8")
    page.emulate_media(reduced_motion="reduce")  # the sampler writes all of its text at once
    page.set_content(f'<html lang="en"><head><style>{bootstrap}</style></head><body></body></html>')
    start(page, labs[name])
    shown = []
    for disabled in (True, False):
        page.evaluate("disabled => (document.styleSheets[0].disabled = disabled)", disabled)
        page.wait_for_timeout(150)
        shown.append(page.locator(ROOT).evaluate(LOOKS))
    without, dressed = shown
    assert [pair for pair in zip(without, dressed, strict=True) if pair[0] != pair[1]][:8] == []
