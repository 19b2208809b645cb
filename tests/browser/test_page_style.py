"""The pages in JupyterLab and Notebook 7: the column, the figures, the folded code, light and dark."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import numpy as np
import pytest
from browser.accessibility import violations
from browser.lab_browser import Lab, Server
from browser.lab_server import TOKEN
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from playwright.sync_api import Page

from rnncourse import viz

TEXT = (
    "A network with a fixed number of weights reads a sequence of any length, and still knows how it began. "
    * 4
)
TABLE = "| Letter | Shape |\n|:--|:--|\n| x | (T, B, D) |\n| h | (T, B, H) |"
WIDE_TABLE = (
    "| one | two | three |\n|:--|:--|:--|\n"
    + f"| {' | '.join(['`h_t = rnn_step(x_t, h_t, p)`'] * 3)} |\n" * 2
)
LONG = 'names = ["Doug", "Jane", "Spot", "Tom", "Grandma", "Alice", "the Rabbit"]'
EXAMPLE = "```python\npersistence_error(np.array([10.0,20,35,25]),n_train=2)\n```"
SIZES = (3.0, 7.1, 9.3)
NewLab = Callable[[], AbstractContextManager[Lab]]
FOLDED = {"jupyter": {"source_hidden": True}}


def figure_cell(inches: float):
    """Return a cell with folded code that shows a figure of this width."""
    fig, ax = viz.figure(width=inches, height=1.5)
    ax.plot(np.arange(3), label="x")
    html = viz.figure_html(fig, alt="a rising line", caption=TEXT)
    cell = new_code_cell(
        "fig", outputs=[new_output("display_data", {"text/html": html, "text/plain": "a line"})]
    )
    cell.metadata = FOLDED
    return cell


@pytest.fixture(scope="module")
def notebook(server: Server) -> str:
    cells = [
        new_markdown_cell("# A title"),
        new_markdown_cell(f"{TEXT}\n\n{TABLE}"),
        new_code_cell("x = 1", outputs=[new_output("stream", text="1\n")]),
        new_code_cell("import math", metadata=FOLDED),
        new_markdown_cell(WIDE_TABLE),
        new_markdown_cell(EXAMPLE),
        new_code_cell(LONG, metadata=FOLDED),
        *map(figure_cell, SIZES),
    ]
    server.write("page.ipynb", cells)
    return "page.ipynb"


def settle(page: Page) -> None:
    """Wait until all cells are drawn in the course's style and nothing has moved for a second."""
    page.wait_for_function(
        """count => {
          const shown = [...document.querySelectorAll('.jp-Notebook .rnncourse-figure img')];
          const notebook = document.querySelector('.jp-Notebook');
          return shown.length === count && shown.every((image) => image.complete && image.naturalWidth)
            && getComputedStyle(notebook).getPropertyValue('--rnn-wide');
        }""",
        arg=len(SIZES),
    )
    page.wait_for_function(
        """() => {
          const cells = [...document.querySelectorAll('.jp-Notebook .jp-Cell')];
          const places = JSON.stringify(cells.map((cell) => cell.getBoundingClientRect()));
          const now = performance.now();
          if (window.placesBefore !== places) [window.placesBefore, window.unmovedSince] = [places, now];
          return now - window.unmovedSince > 1000;
        }"""
    )


@pytest.fixture(scope="module")
def in_lab(new_lab: NewLab, notebook: str) -> Iterator[Lab]:
    """Return JupyterLab with the notebook open, for all tests that leave the page as they found it."""
    with new_lab() as lab:
        lab.open(notebook)
        yield lab


@pytest.fixture(scope="module")
def in_notebook(new_lab: NewLab, notebook: str) -> Iterator[Lab]:
    """Return Notebook 7 with the notebook open."""
    pytest.importorskip("notebook", reason="Notebook 7 is not installed")
    with new_lab() as lab:
        lab.page.goto(f"{lab.server.url}/notebooks/{notebook}?token={TOKEN}")
        yield lab


@pytest.fixture(params=["in_lab", "in_notebook"])
def opened(request) -> Page:
    """Return the page of JupyterLab, and that of Notebook 7, on a laptop's screen."""
    page = request.getfixturevalue(request.param).page
    page.set_viewport_size({"width": 1366, "height": 768})
    settle(page)
    return page


def box(page: Page, selector: str) -> dict:
    """Return the place and the size of the first element that is shown."""
    return page.locator(f".jp-Notebook {selector}:visible").first.bounding_box()


def lines(page: Page, selector: str) -> list[int]:
    """Return how many characters each full line of a paragraph holds."""
    return page.locator(selector).first.evaluate(
        """paragraph => {
          const range = document.createRange();
          const text = paragraph.firstChild;
          const counts = [];
          let top = null;
          for (let k = 0; k < text.length; k += 1) {
            range.setStart(text, k);
            range.setEnd(text, k + 1);
            const { y, width } = range.getBoundingClientRect();
            if (!width) continue;
            if (top === null || y > top + 4) { counts.push(0); top = y; }
            counts[counts.length - 1] += 1;
          }
          return counts.slice(0, -1);
        }"""
    )


def test_text_has_readable_lines_and_everything_begins_on_one_edge(opened: Page):
    counts = lines(opened, ".jp-MarkdownCell p")
    assert 62 <= np.mean(counts) <= 75 and max(counts) <= 80
    assert opened.locator(".jp-MarkdownCell p").first.evaluate("p => getComputedStyle(p).fontSize") == "17px"
    left = box(opened, ".jp-MarkdownCell p")["x"]
    table = box(opened, ".jp-MarkdownCell table")
    assert abs(table["x"] - left) <= 1
    for selector in (".jp-InputArea-editor .cm-line", ".jp-OutputArea-output pre", "figcaption"):
        assert abs(box(opened, selector)["x"] - left) <= 9, selector
    aligned = "cells => cells.map((cell) => getComputedStyle(cell).textAlign)"
    assert set(opened.locator(".jp-MarkdownCell :is(th, td)").evaluate_all(aligned)) == {"left"}
    assert box(opened, ".jp-InputArea-editor")["width"] >= 850


def test_figures_have_three_widths_and_those_in_the_column_are_in_its_middle(opened: Page):
    images = opened.locator(".rnncourse-figure img")
    boxes = [images.nth(k).bounding_box() for k in range(len(SIZES))]
    assert [round(one["width"]) for one in boxes] == [420, 680, 900]
    small, column, wide = boxes
    assert abs((small["x"] + 210) - (column["x"] + 340)) <= 1
    assert abs(column["x"] - wide["x"]) <= 1
    caption = box(opened, "figcaption")
    assert caption["width"] <= 681 and caption["y"] >= small["y"] + small["height"]


def test_folded_code_leaves_no_bar_and_opens_by_a_click(opened: Page):
    cell = opened.locator(".jp-CodeCell", has=opened.locator("figure")).first
    bar = cell.locator(".jp-InputPlaceholder")
    before, figure = cell.bounding_box(), cell.locator("figure").bounding_box()
    assert figure["y"] - before["y"] <= 20, "the folded code takes room above the figure"
    assert cell.locator(".jp-PlaceholderText").is_hidden()
    cell.hover()
    bar.click()
    assert cell.locator(".cm-content").inner_text() == "fig"
    cell.locator(".jp-InputCollapser").click()
    assert cell.locator(".cm-content").is_hidden()


def test_a_folded_cell_without_outputs_keeps_a_line(opened: Page):
    cell = opened.locator(".jp-CodeCell.jp-mod-noOutputs", has=opened.locator(".jp-InputPlaceholder")).first
    assert cell.locator(".jp-PlaceholderText").inner_text() == "import math"
    assert cell.bounding_box()["height"] >= 24


def ink(page: Page) -> tuple[int, int]:
    """Return how bright the page is behind a figure, and the most different pixel of the figure, 0 to 255."""
    from io import BytesIO

    from PIL import Image

    shot = page.locator(".rnncourse-figure img").nth(1).screenshot()
    pixels = np.asarray(Image.open(BytesIO(shot)).convert("L")).astype(int)
    ground = int(np.median(pixels))
    return ground, int(pixels.flat[np.abs(pixels - ground).argmax()])


def test_figures_follow_the_theme(in_lab: Lab):
    page = in_lab.page
    page.set_viewport_size({"width": 1366, "height": 768})
    settle(page)
    ground, text = ink(page)
    assert ground == 255 and text < 60
    with in_lab.dark():
        ground, text = ink(page)
    assert ground == 17 and text > 200


@pytest.mark.parametrize("width", [1366, 390])
def test_the_page_is_accessible(in_lab: Lab, width: int):
    page = in_lab.page
    page.set_viewport_size({"width": width, "height": 844})
    settle(page)
    for part in (".jp-Notebook .jp-MarkdownCell .jp-RenderedMarkdown", ".rnncourse-figure"):
        # A browser gives the keyboard what scrolls and holds nothing else to reach; axe-core does not know.
        assert [one for one in violations(page, part) if "scrollable-region" not in one] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_text_of_a_figure_can_be_read_on_a_phone(in_lab: Lab):
    page = in_lab.page
    page.set_viewport_size({"width": 390, "height": 844})
    settle(page)
    wide = page.locator(".rnncourse-wide img")
    assert 14 * wide.bounding_box()["width"] / 900 >= 11
    scrolls = page.locator(".rnncourse-wide").evaluate("one => one.scrollWidth > one.clientWidth")
    assert scrolls


def test_rows_of_a_table_have_lines_and_no_zebra(opened: Page):
    grounds = "rows => rows.map((row) => getComputedStyle(row).backgroundColor)"
    assert set(opened.locator(".jp-MarkdownCell tbody tr").evaluate_all(grounds)) == {"rgba(0, 0, 0, 0)"}


def test_only_what_is_too_wide_scrolls_on_a_phone(in_lab: Lab):
    page = in_lab.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.keyboard.press("Control+b")  # the list of files leaves a phone no room for the page
    settle(page)
    whole = "one => [getComputedStyle(one).overflowX === 'visible' ? 0 : one.scrollWidth, one.clientWidth]"
    parts = (".jp-Notebook table", ".jp-MarkdownCell pre", ".jp-WindowedPanel-outer")
    table, example, column = (page.locator(one).last.evaluate(whole) for one in parts)
    page.keyboard.press("Control+b")
    assert table[0] > table[1], "the wide table does not scroll"
    assert example[0] > example[1], "the long line of code does not scroll"
    assert column[1] > 290 and column[0] <= column[1], "the page scrolls sideways"


def test_sources_that_are_only_looked_at_do_not_change(own_lab: Lab, server: Server):
    file = server.root / "chapters" / "00_start_here.ipynb"
    before = file.read_bytes()
    page = own_lab.open("chapters/00_start_here.ipynb")
    page.wait_for_timeout(6000)
    assert page.locator(".lm-TabBar-tab.jp-mod-dirty").count() == 0
    keyword = page.locator(".jp-CodeCell .cm-line span", has_text="import").first
    plain = page.locator(".jp-CodeCell .cm-line").first
    color = "one => getComputedStyle(one).color"
    assert keyword.evaluate(color) != plain.evaluate(color), "the code has lost its colors"
    assert file.read_bytes() == before
    assert json.loads(before)["metadata"]["language_info"] == {"name": "python"}
