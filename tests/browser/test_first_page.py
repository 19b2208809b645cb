"""The notebook that an address names is there at once, and once."""

from __future__ import annotations

import pytest
from browser.lab_browser import Lab
from playwright.sync_api import Page, Route, expect

CHAPTER, OTHER = "chapters/00_start_here.ipynb", "chapters/03_recurrence.ipynb"
PANEL = ".jp-NotebookPanel"
TITLE = f"{PANEL}:not(.lm-mod-hidden) .jp-RenderedMarkdown h1"


def go(lab: Lab, path: str, workspace: str) -> Page:
    lab.page.goto(lab.address(path, workspace))
    return lab.page


def stored(lab: Lab) -> str:
    """Return what the server has stored of the workspace that was left, as text."""
    return lab.server.ask("lab/api/workspaces/left").decode()


@pytest.fixture
def lab(own_lab: Lab) -> Lab:
    """Return a JupyterLab that is not loaded yet, for its start is what this is about."""
    return own_lab


@pytest.fixture
def left(lab: Lab) -> Lab:
    """Return JupyterLab in a workspace that was left with a notebook open."""
    go(lab, OTHER, "left")
    expect(lab.page.locator(TITLE).first).to_contain_text("Recurrence")
    lab._until(lambda: OTHER in stored(lab), 30, "the workspace was not stored")
    return lab


def test_it_does_not_wait_until_the_workspace_is_stored(lab: Lab):
    def never(route: Route) -> None:
        if route.request.method != "PUT":
            route.continue_()

    lab.page.route("**/lab/api/workspaces/**", never)
    page = go(lab, CHAPTER, "never-stored")
    expect(page.locator(TITLE).first).to_be_visible()
    lab.page.unroute_all(behavior="ignoreErrors")


def test_it_is_opened_once_and_stays_in_front(left: Lab):
    page = go(left, CHAPTER, "left")
    expect(page.locator(TITLE).first).to_contain_text("Start here")
    page.wait_for_timeout(4000)  # until JupyterLab has read the address, too
    expect(page.locator(TITLE).first).to_contain_text("Start here")
    open_now = page.locator("#jp-main-dock-panel .lm-TabBar-tabLabel").all_inner_texts()
    assert sorted(open_now) == ["00_start_here.ipynb", "03_recurrence.ipynb"]


def test_one_that_does_not_exist_is_complained_of_once(lab: Lab):
    page = go(lab, "chapters/99_missing.ipynb", "missing")
    page.locator(".jp-Dialog").first.wait_for()
    page.wait_for_timeout(3000)
    assert page.locator(".jp-Dialog").count() == 1
    assert page.locator(PANEL).count() == 0
