"""What axe-core says of every chapter's page in JupyterLab, in the light and in the dark theme."""

from __future__ import annotations

import pytest
from browser.accessibility import violations
from browser.lab_browser import Lab
from browser.lab_server import ROOT

CHAPTERS = sorted(file.stem for file in (ROOT / "chapters").glob("*.ipynb"))
OURS = ".jp-Notebook :is(.jp-MarkdownCell .jp-RenderedMarkdown, .jp-OutputArea-output)"


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_contents_of_a_chapter_are_accessible(lab: Lab, chapter: str):
    page = lab.open(f"chapters/{chapter}.ipynb")
    page.wait_for_timeout(2000)
    assert violations(page, OURS) == []
    with lab.dark():
        assert violations(page, OURS) == []
    lab.stop()


def test_jupyterlab_starts_without_an_error_in_the_console(lab: Lab):
    said: list[str] = []
    lab.page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    lab.page.on("pageerror", lambda error: said.append(str(error)))
    lab.open("chapters/00_start_here.ipynb")
    assert said == []
    lab.stop()
