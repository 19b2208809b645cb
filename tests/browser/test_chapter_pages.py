"""Every chapter as it is stored, in JupyterLab: it can be read unrun, and axe-core finds nothing, light and dark."""

from __future__ import annotations

import json

import pytest
from browser.accessibility import violations
from browser.lab_browser import Lab
from browser.lab_server import ROOT
from playwright.sync_api import expect

CHAPTERS = sorted(file.stem for file in (ROOT / "chapters").glob("*.ipynb"))
OURS = ".jp-Notebook :is(.jp-MarkdownCell .jp-RenderedMarkdown, .jp-OutputArea-output)"


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_can_be_read_without_running_it_and_is_accessible(lab: Lab, chapter: str):
    page = lab.open(f"chapters/{chapter}.ipynb")
    stand_ins = page.locator(".rnncourse-fallback")
    # JupyterLab draws the cells one after the other.
    expect(stand_ins).to_have_count(stored_stand_ins(chapter), timeout=60_000)
    for one in stand_ins.all():
        expect(one).to_be_visible(timeout=60_000)
    assert page.locator(".rnncourse-live").count() == 0
    assert lab.errors() == []
    page.wait_for_timeout(2000)
    assert violations(page, OURS) == []
    with lab.dark():
        assert violations(page, OURS) == []


def test_jupyterlab_starts_without_an_error_in_the_console(own_lab: Lab):
    said: list[str] = []
    own_lab.page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    own_lab.page.on("pageerror", lambda error: said.append(str(error)))
    own_lab.open("chapters/00_start_here.ipynb")
    assert said == []
    own_lab.stop()


def stored_stand_ins(chapter: str) -> int:
    """Return how many widgets have left a stand-in in the chapter; there is one in each."""
    cells = json.loads((ROOT / "chapters" / f"{chapter}.ipynb").read_text(encoding="utf-8"))["cells"]
    outputs = [one for cell in cells for one in cell.get("outputs", ())]
    count = sum(
        "".join(one.get("data", {}).get("text/html", "")).count('rnncourse-fallback"') for one in outputs
    )
    assert count
    return count
