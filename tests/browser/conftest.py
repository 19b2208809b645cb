"""A real `rnncourse lab` server on a copy of the chapters, and a real Chromium in front of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="the browser tests need playwright")

from browser.lab_browser import SHELL, Lab, Server
from browser.lab_server import ROOT, course_command, running_lab
from playwright.sync_api import Browser, BrowserContext, Page

HERE = Path(__file__).resolve().parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder; skip them, saying why, where no Chromium is installed."""
    reason = "no Chromium on the PATH (Debian: apt-get install chromium)"
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("browser")
            if not SHELL:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start `rnncourse lab` in a scratch checkout: the notebooks are copies, so the real ones never change."""
    root = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "pyproject.toml", root)
    for folder in ("chapters", "exercises"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    environ = {**os.environ, "RNNCOURSE_PROGRESS": str(root / "progress.json")}
    environ.pop("PYTHONSTARTUP", None)  # the tests have none, a reader has the course's own
    environ.pop("TQDM_DISABLE", None)  # the tests have it, a reader sees progress bars
    scratch = tmp_path_factory.mktemp("jupyter")
    with running_lab(course_command(), root, scratch, environ, edit=True) as running:
        yield Server(root, running.url)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return an empty page, as wide as a notebook."""
    context = browser.new_context(viewport={"width": 900, "height": 1100})
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def lab_pages(browser: Browser) -> Iterator[BrowserContext]:
    """Return what all pages of JupyterLab are opened in, so that its scripts are fetched and compiled once."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture(scope="session")
def new_lab(server: Server, lab_pages: BrowserContext) -> Callable[[], AbstractContextManager[Lab]]:
    """Return a context manager: JupyterLab in a page of its own, not loaded yet."""

    @contextmanager
    def fresh() -> Iterator[Lab]:
        page = lab_pages.new_page()
        yield Lab(page, server)
        page.close()

    return fresh


@pytest.fixture(scope="session")
def any_lab(server: Server, lab_pages: BrowserContext) -> Callable[[], AbstractContextManager[Lab]]:
    """Return a context manager: JupyterLab with no notebook open, in a page that an earlier test may have loaded.

    Loading JupyterLab takes three times as long as opening a notebook in it.
    """
    left: list[Lab] = []

    @contextmanager
    def tidy() -> Iterator[Lab]:
        lab = left.pop() if left else Lab(lab_pages.new_page(), server)
        yield lab
        lab.close_notebooks()
        left.append(lab)

    return tidy


@pytest.fixture
def own_lab(new_lab: Callable[[], AbstractContextManager[Lab]]) -> Iterator[Lab]:
    """Return JupyterLab for one test, in a page of its own."""
    with new_lab() as fresh:
        yield fresh


@pytest.fixture
def lab(any_lab: Callable[[], AbstractContextManager[Lab]]) -> Iterator[Lab]:
    """Return JupyterLab for one test."""
    with any_lab() as tidy:
        yield tidy
