"""A link from a task into a chapter leads to the section it names, whether or not the chapter is open."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from browser.lab_browser import Lab, Server
from browser.lab_server import ROOT, TOKEN, course_command, running_lab
from playwright.sync_api import Browser, BrowserContext, Page

from rnncourse.lab.workspace import COPY

EXERCISE = "exercises/03_recurrence_exercises.ipynb"
CHAPTER = "chapters/03_recurrence.ipynb"
SECTIONS = ["One step by hand", "Counting the weights"]


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Iterator[Server]:
    """Run `rnncourse lab` on a learner's copy of one chapter and its exercise."""
    root = tmp_path_factory.mktemp("checkout")
    for file in ("pyproject.toml", EXERCISE, CHAPTER):
        (root / file).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / file, root / file)
    with running_lab(course_command(), root, tmp_path_factory.mktemp("jupyter")) as running:
        yield Server(root / COPY, running.url)


@pytest.fixture(scope="module")
def pages(browser: Browser) -> Iterator[BrowserContext]:
    """Return what all pages are opened in, so that JupyterLab's scripts are compiled once."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    yield context
    context.close()


@pytest.fixture(scope="module")
def loaded(course: Server, pages: BrowserContext) -> Lab:
    """Return JupyterLab, which all tests of it open notebooks in."""
    return Lab(pages.new_page(), course)


@pytest.fixture
def lab(loaded: Lab) -> Iterator[Lab]:
    yield loaded
    loaded.close_notebooks()


@pytest.fixture
def page(pages: BrowserContext) -> Iterator[Page]:
    before = [*pages.pages]
    yield pages.new_page()
    for one in pages.pages:
        if one not in before:
            one.close()


def link(page: Page, section: str):
    return page.locator(".jp-MarkdownCell a", has_text=section).first


def place(page: Page, section: str) -> tuple[float, float]:
    """Return how far below the upper edge of its notebook a heading is, and how high the notebook is, in pixels."""
    heading = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) h2", has_text=section)
    return tuple(
        heading.evaluate(
            """heading => {
              const notebook = heading.closest('.jp-WindowedPanel-outer').getBoundingClientRect();
              return [heading.getBoundingClientRect().top - notebook.top, notebook.height];
            }"""
        )
    )


def arrived(page: Page, section: str) -> bool:
    down, high = place(page, section)
    return -5 <= down <= high / 3


def assert_arrives(page: Page, section: str) -> None:
    """Wait until the heading is in the upper third of the notebook, and look again when all of the page has settled."""
    heading = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) h2", has_text=section)
    heading.wait_for()
    for _ in range(30):  # a busy computer takes longer to lay out what is above
        if arrived(page, section):
            break
        page.wait_for_timeout(1000)
    page.wait_for_timeout(6000)
    assert arrived(page, section), f"pixels below the upper edge, and height: {place(page, section)}"


@pytest.mark.parametrize("section", SECTIONS)
def test_a_link_into_a_chapter_that_is_not_open_ends_at_its_section(lab: Lab, section: str):
    page = lab.open(EXERCISE)
    assert page.locator(".jp-NotebookPanel").count() == 1
    link(page, section).click()
    page.locator(".jp-NotebookPanel").nth(1).wait_for(state="attached")
    assert_arrives(page, section)


def test_a_link_into_a_chapter_that_is_open_elsewhere_ends_at_its_section(lab: Lab):
    page = lab.open(EXERCISE)
    for section in reversed(SECTIONS):
        link(page, section).click()
        assert_arrives(page, section)
        page.locator("#jp-main-dock-panel .lm-TabBar-tab", has_text="exercises").first.click()


@pytest.mark.parametrize("section", SECTIONS)
def test_in_notebook_7_a_link_opens_a_page_at_its_section(course: Server, page: Page, section: str):
    pytest.importorskip("notebook", reason="Notebook 7 is not installed")
    page.goto(f"{course.url}/notebooks/{EXERCISE}?token={TOKEN}")
    link(page, section).wait_for()
    page.wait_for_timeout(2000)
    with page.expect_popup() as opened:
        link(page, section).click()
    assert_arrives(opened.value, section)
