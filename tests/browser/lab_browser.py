"""JupyterLab in an installed Chromium, driven the way a learner does it: by menu and by keyboard."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import time
import urllib.request
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import nbformat
from browser import excerpt
from browser.lab_server import ROOT, TOKEN
from nbformat import NotebookNode
from playwright.sync_api import Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
"""The Chromium that is installed, or None; Playwright's own is never downloaded."""

SHELL = shutil.which("chromium-headless-shell") or CHROMIUM
"""What the tests run: the same engine without a window, where it is installed, takes a third less time."""

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
KERNEL_S = 90
PATIENCE_MS = 30_000
"""So long may what a test expects of a page take; a computer that runs other tests as well needs it."""
RUN_ALL_S = 300
NO_STEPS: Mapping[str, int] = MappingProxyType({})
NEAR = 2
"""So many cells may the keyboard be from the one that it goes to; in a long notebook each of its steps is slow."""


@dataclass
class Server:
    """A running JupyterLab and the folder it serves."""

    root: Path
    url: str

    def ask(self, path: str, method: str = "GET") -> bytes:
        """Return what the server answers to a request for `path`."""
        request = urllib.request.Request(f"{self.url}/{path}?token={TOKEN}", method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()

    def excerpt_of(
        self, original: str, name: str, also: Collection[str] = (), steps: Mapping[str, int] = NO_STEPS
    ) -> str:
        """Put a chapter's text and widgets into the folder that is served, with the cells `also`; return its name.

        steps: how many steps a cell takes to train, by its id, where fewer than its own will do.
        """
        chapter = excerpt.of_widgets(nbformat.read(ROOT / original, as_version=4), also)
        nbformat.write(excerpt.train_less(chapter, steps), self.root / name)
        return name

    def write(self, name: str, cells: list[NotebookNode]) -> Path:
        """Write a notebook of these cells into the folder that is served and return its path."""
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        for k, cell in enumerate(cells):
            cell.id = f"cell-{k}"
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), self.root / name)
        return self.root / name


class Lab:
    """JupyterLab in a page, driven the way a learner does it."""

    def __init__(self, page: Page, server: Server):
        self.page, self.server, self.path = page, server, ""
        self.size = page.viewport_size
        page.set_default_timeout(90_000)

    def open(self, path: str) -> Page:
        """Open a notebook, load JupyterLab first if it is not there yet, and wait for a kernel that is idle and new.

        A page that is closed while it connects leaves a kernel with -1 connections, so an earlier page's would not do.
        """
        self.path = path
        self.stop()
        if self.page.url.startswith(f"{self.server.url}/lab"):
            self._choose("File", "Open from Path…")
            self.page.locator(".jp-Dialog input").fill(path)
            self.page.keyboard.press("Enter")
        else:
            self.page.goto(self.address(path, workspace=secrets.token_hex(4)))
        self.page.wait_for_selector(".jp-NotebookPanel .jp-Notebook-ExecutionIndicator", state="attached")
        # The page says "idle" before there is a kernel at all, and cells run then are lost: ask the server.
        self._until(self._kernel_idle, KERNEL_S, f"no idle kernel for {path}")
        self.page.wait_for_timeout(1000)
        return self.page

    def address(self, path: str, workspace: str) -> str:
        """Return where JupyterLab opens a notebook in a workspace."""
        return f"{self.server.url}/lab/workspaces/{workspace}/tree/{path}?token={TOKEN}"

    def close_notebooks(self) -> None:
        """End the notebook's kernel and close every tab, without saving."""
        self.stop()
        self.page.set_viewport_size(self.size)
        self._choose("File", "Close All Tabs")
        self._until(self._all_closed, 30, "a notebook did not close")

    def _all_closed(self) -> bool:
        """Say whether no notebook is open; if one asks what to do with its changes, discard them."""
        discard = self.page.locator(".jp-Dialog").get_by_role("button", name="Discard")
        if discard.count():
            discard.first.click()
        return self.page.locator(".jp-NotebookPanel, .jp-Dialog").count() == 0

    def _kernel_idle(self) -> bool:
        kernels = [session["kernel"] for session in self._sessions()]
        return any(kernel["execution_state"] == "idle" and kernel["connections"] for kernel in kernels)

    def _sessions(self) -> list[dict]:
        return [one for one in json.loads(self.server.ask("api/sessions")) if one["path"] == self.path]

    def _until(self, condition: Callable[[], bool], seconds: float, failure: str) -> None:
        """Wait until `condition` holds; after so many seconds raise AssertionError."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"{failure}; prompts {self.prompts()}")
            self.page.wait_for_timeout(200)

    def run_all(self) -> None:
        """Run all cells from the menu and wait until each has its number; errors end the wait early."""
        self._choose("Edit", "Clear Outputs of All Cells")  # a stored notebook has its numbers already
        self._until(lambda: not self._all_ran(), 10, "the outputs were not cleared")
        self._choose("Run", "Run All Cells")
        self._until(
            lambda: self._all_ran() or bool(self.errors()), RUN_ALL_S, f"not all cells ran in {RUN_ALL_S} s"
        )

    def _choose(self, menu: str, entry: str) -> None:
        for name in (menu, entry):
            self.page.get_by_role("menuitem", name=name, exact=True).click()

    @contextmanager
    def dark(self) -> Iterator[None]:
        """Choose JupyterLab's dark theme, and the light one again at the end: the server remembers it."""
        self._choose_theme("Dark")
        try:
            yield
        finally:
            self._choose_theme("Light")

    def _choose_theme(self, name: str) -> None:
        self.page.get_by_role("menuitem", name="Settings", exact=True).click()
        self.page.locator(".lm-Menu-item[data-type=submenu]", has_text=re.compile("^Theme$")).hover()
        self.page.locator(".lm-Menu-item", has_text=re.compile(f"^JupyterLab {name}$")).click()
        self.page.wait_for_function(
            f"document.body.dataset.jpThemeLight === '{str(name == 'Light').lower()}'"
        )
        self.page.wait_for_timeout(1500)

    def prompts(self) -> list[str]:
        """Return the prompts of the code cells on the page, such as "[3]:"."""
        selector = ".jp-CodeCell .jp-InputPrompt"
        return self.page.eval_on_selector_all(selector, "prompts => prompts.map((one) => one.textContent)")

    def _all_ran(self) -> bool:
        shown = [prompt for prompt in self.prompts() if prompt]  # a cell whose code is folded shows none
        return bool(shown) and all(re.search(r"\[\d+\]", one) for one in shown) and self._kernel_idle()

    def errors(self) -> list[str]:
        """Return what error outputs the page shows, and what widgets failed to appear."""
        kinds = (f"[data-mime-type='application/vnd.jupyter.{kind}']" for kind in ("error", "stderr"))
        texts = "nodes => nodes.map((node) => node.textContent)"
        shown = self.page.eval_on_selector_all(", ".join(kinds), texts)
        text = self.page.inner_text(".jp-Notebook")
        return shown + (["Error displaying widget"] if "Error displaying widget" in text else [])

    def shape(self) -> tuple[int, list[bool]]:
        """Return the place of the active cell, and for each cell whether it is folded away."""
        active, hidden = self.page.eval_on_selector_all(
            ".jp-Notebook .jp-Cell",
            """cells => [cells.findIndex((cell) => cell.classList.contains('jp-mod-active')),
                         cells.map((cell) => cell.classList.contains('lm-mod-hidden'))]""",
        )
        return active, hidden

    def place_of(self, selector: str) -> int:
        """Return the place of the first cell that shows what `selector` names."""
        return self.page.locator(".jp-Notebook .jp-Cell").evaluate_all(
            "(cells, selector) => cells.findIndex((cell) => cell.querySelector(selector))", selector
        )

    def activate(self, cell: int) -> None:
        """Make a cell the active one: with a click where it is far, and with the arrow keys for the rest."""
        self.page.keyboard.press("Escape")
        active, _ = self.shape()
        near = cell - NEAR if active < cell else cell + NEAR
        prompt = self.page.locator(".jp-Notebook .jp-Cell").nth(near).locator(".jp-InputArea-prompt")
        if abs(active - cell) > 2 * NEAR and prompt.is_visible():
            prompt.click()
        for _ in range(200):
            active, _ = self.shape()
            if active == cell:
                return
            self.page.keyboard.press("ArrowDown" if active < cell else "ArrowUp")
        raise AssertionError(f"the keyboard did not reach cell {cell}")

    def save(self) -> None:
        """Save the notebook with Ctrl + S."""
        file = self.server.root / self.path
        before = file.stat().st_mtime_ns
        self.page.keyboard.press("Control+s")
        self._until(lambda: file.stat().st_mtime_ns != before, 30, f"{self.path} was not saved")

    def save_and_stop(self) -> None:
        """Save the notebook, then end its kernel, as closing JupyterLab does."""
        self.save()
        self.stop()

    def stop(self) -> None:
        """End the notebook's kernel."""
        for session in self._sessions():
            self.server.ask(f"api/sessions/{session['id']}", method="DELETE")

    def tab_to(self, selector: str) -> None:
        """Press Tab until an element that matches `selector` has the focus."""
        for _ in range(60):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"the Tab key did not reach {selector}")

    def run(self, cell: int) -> None:
        """Run one cell with Ctrl + Enter and wait until it has a new number."""
        before = self.prompts()
        self.activate(cell)
        self.page.keyboard.press("Control+Enter")
        self._until(lambda: self.prompts() != before and self._all_ran(), 30, f"cell {cell} did not run")

    def run_and_read(self, cell: int) -> str:
        """Run a cell that prints and return what it printed; a verdict may follow that."""
        self.run(cell)
        return (
            self.page.locator(".jp-Notebook .jp-Cell")
            .nth(cell)
            .locator(".jp-OutputArea-output")
            .first.inner_text()
        )
