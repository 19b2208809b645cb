"""Walks through a talk and measures what is on each slide."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

SHOW = """(number) => {
    const { h, v } = Reveal.getIndices(Reveal.getSlides()[number]);
    Reveal.slide(h, v, 1000);
}"""
SIZE = {"width": 1920, "height": 1080}

MEASURE = Path(__file__).with_name("measure_slide.js").read_text(encoding="utf-8").strip().removesuffix(";")


def open_talk(browser: Browser, file: Path, **options: Any) -> Page:
    """Return a talk's first slide, with the network cut. page.said: what it asked for and said on the console."""
    page = browser.new_context(offline=True, **{"viewport": SIZE, **options}).new_page()
    page.said = []
    page.on("request", lambda request: _note(page, request.url, file))
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.goto(file.as_uri())
    page.wait_for_function("document.body.dataset.ready")
    page.evaluate("Reveal.configure({ hash: false })")  # a late change of the address would turn a slide back
    page.add_style_tag(content=".fragment { transition: none !important; }")
    return page


def each_slide(page: Page) -> Iterator[dict[str, Any]]:
    """Show each slide with all of its fragments, one after the other, and yield what is measured on it."""
    for number in range(page.evaluate("Reveal.getTotalSlides()")):
        page.evaluate(SHOW, number)
        yield page.evaluate(MEASURE)


def _note(page: Page, address: str, file: Path) -> None:
    if not address.startswith(("blob:", "data:", "about:", file.as_uri())):
        page.said.append(address)
