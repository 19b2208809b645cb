"""The course's own notebooks in a JupyterLab or Notebook 7 that `rnncourse lab` did not start."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import pytest
from browser.lab_browser import Lab, Server
from browser.lab_server import ROOT, TOKEN, course_command, running_lab
from playwright.sync_api import Browser, BrowserContext

CHAPTER = "chapters/00_start_here.ipynb"


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> Iterator[Server]:
    """Run `jupyter lab` in a folder with one chapter as the repository stores it."""
    root, scratch = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("jupyter")
    (root / "chapters").mkdir()
    shutil.copy(ROOT / CHAPTER, root / CHAPTER)
    (scratch / "config").mkdir()
    # Containers often know no user but root.
    config = {"ServerApp": {"allow_root": True}}
    (scratch / "config" / "jupyter_server_config.json").write_text(json.dumps(config), encoding="utf-8")
    jupyter = course_command().removesuffix("rnncourse") + "jupyter"
    with running_lab(jupyter, root, scratch) as running:
        yield Server(root, running.url)


@pytest.fixture(scope="module")
def pages(browser: Browser) -> Iterator[BrowserContext]:
    """Return what all pages are opened in, so that JupyterLab's scripts are compiled once."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    yield context
    context.close()


@pytest.fixture
def lab(plain: Server, pages: BrowserContext) -> Iterator[Lab]:
    yield Lab(pages.new_page(), plain)
    for one in pages.pages:
        one.close()


def test_in_jupyterlab_a_source_that_is_only_looked_at_does_not_change(lab: Lab):
    before = (lab.server.root / CHAPTER).read_bytes()
    page = lab.open(CHAPTER)
    page.wait_for_timeout(8000)
    assert page.locator(".lm-TabBar-tab.jp-mod-dirty").count() == 0
    page.locator("#jp-main-dock-panel .lm-TabBar-tab.lm-mod-current .lm-TabBar-tabCloseIcon").click()
    page.wait_for_timeout(1000)
    assert page.locator(".jp-Dialog").count() == 0
    assert page.locator(".jp-NotebookPanel").count() == 0
    assert (lab.server.root / CHAPTER).read_bytes() == before


def test_in_jupyterlab_a_source_that_is_saved_names_no_version(lab: Lab):
    lab.open(CHAPTER)
    lab.page.locator(".jp-Notebook .jp-MarkdownCell").first.click()
    lab.save_and_stop()
    stored = json.loads((lab.server.root / CHAPTER).read_text(encoding="utf-8"))
    assert stored["metadata"]["language_info"] == {"name": "python"}


def test_in_notebook_7_a_source_that_is_only_looked_at_does_not_change(lab: Lab):
    pytest.importorskip("notebook", reason="Notebook 7 is not installed")
    before = (lab.server.root / CHAPTER).read_bytes()
    lab.path = CHAPTER
    lab.page.goto(f"{lab.server.url}/notebooks/{CHAPTER}?token={TOKEN}")
    lab.page.wait_for_selector(".jp-Notebook .jp-MarkdownCell h1")
    lab._until(lab._kernel_idle, 90, "no kernel in Notebook 7")
    lab.page.wait_for_timeout(5000)
    asked = []
    lab.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    lab.page.close(run_before_unload=True)
    lab.page.context.new_page().wait_for_timeout(1000)
    assert asked == []
    assert (lab.server.root / CHAPTER).read_bytes() == before
