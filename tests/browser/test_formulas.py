"""The formulas of all chapters carry the same colors in JupyterLab, where MathJax sets them, and in MathML."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter

import pytest
from browser.accessibility import dress
from browser.lab_browser import Lab, Server
from browser.lab_server import ROOT, TOKEN
from nbformat.v4 import new_markdown_cell
from playwright.sync_api import Page, expect

from rnncourse.building.mathml import mathml
from rnncourse.notation import ink

DISPLAY = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
DISPLAYED = ".jp-Notebook mjx-container[display=true]:has(mjx-c)"

# A letter of MathJax is an empty element; its class, or the text inside it, says which one.
LETTERS = """formulas => formulas.map((formula) =>
  [...formula.querySelectorAll('mjx-c, mjx-utext, mi, mn, mtext')]
    .filter((one) => !one.closest('mjx-assistive-mml') && !one.querySelector('mjx-c'))
    .map((one) => {
      const code = /mjx-c([0-9A-F]+)/.exec(one.className);
      return [code ? String.fromCodePoint(parseInt(code[1], 16)) : one.textContent, getComputedStyle(one).color];
    }))"""


def formulas() -> list[str]:
    """Return the formulas of their own in all chapters and detours, each once."""
    found = []
    for file in sorted((ROOT / "chapters").rglob("*.ipynb")):
        cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
        found += [one.strip() for one in DISPLAY.findall(text)]
    return list(dict.fromkeys(found))


@pytest.fixture(scope="module")
def notebook(server: Server) -> str:
    server.write("formulas.ipynb", [new_markdown_cell(f"$${one}$$") for one in formulas()])
    return "formulas.ipynb"


def rgb(tone: str) -> str:
    return "rgb({}, {}, {})".format(*(int(tone[k : k + 2], 16) for k in (1, 3, 5)))


def colored(page: Page, formula: str, plain: str) -> list[Counter]:
    """Return for each formula how often it has each letter in each color other than that of the text."""
    return [
        Counter(
            (letter, color)
            for text, color in letters
            for letter in unicodedata.normalize("NFKC", text)
            if letter.isalnum() and color != plain
        )
        for letters in page.locator(formula).evaluate_all(LETTERS)
    ]


def in_mathml(page: Page, theme: str) -> list[Counter]:
    body = "".join(mathml(one, "block") for one in formulas())
    page.set_content(f'<body style="color: #102030; color-scheme: {theme}">{body}</body>')
    return colored(page, "math", rgb("#102030"))


@pytest.mark.parametrize("front_end", ["lab", "notebook"])
def test_mathjax_and_mathml_color_the_same_letters(own_lab: Lab, page: Page, notebook: str, front_end: str):
    if front_end == "notebook":
        pytest.importorskip("notebook", reason="Notebook 7 is not installed")
        own_lab.page.goto(f"{own_lab.server.url}/notebooks/{notebook}?token={TOKEN}")
    else:
        own_lab.open(notebook)
    # They are set one after the other.
    expect(own_lab.page.locator(DISPLAYED)).to_have_count(len(formulas()), timeout=60_000)
    for theme in ("light", "dark"):
        dress(own_lab.page, 1366, theme)
        assert_same_colors(own_lab.page, page, theme)


def assert_same_colors(lab: Page, page: Page, theme: str) -> None:
    """Compare the formulas in JupyterLab or Notebook 7 with those of a bare page, letter by letter."""
    expected = in_mathml(page, theme)
    assert sum(bool(one) for one in expected) >= 25, "hardly a formula has colors"
    plain = lab.locator(".jp-RenderedMarkdown").first.evaluate("one => getComputedStyle(one).color")
    found = colored(lab, DISPLAYED, plain)
    differing = {
        formula: (theirs, ours)
        for formula, ours, theirs in zip(formulas(), expected, found, strict=True)
        if theirs != ours
    }
    assert differing == {}
    # The RNN's step: two letters of h and one of x, each with its subscript.
    step = formulas().index(r"h_t = \tanh(x_t\,W_{xh} + h_{t-1}\,W_{hh} + b_h)")
    tones = {name: rgb(ink(name)[theme == "dark"]) for name in ("x_t", "h_t")}
    assert set(found[step]) == {
        ("h", tones["h_t"]),
        ("t", tones["h_t"]),
        ("1", tones["h_t"]),
        ("x", tones["x_t"]),
        ("t", tones["x_t"]),
    }


def test_letters_in_a_line_of_text_have_no_color(lab: Lab, server: Server):
    server.write("inline.ipynb", [new_markdown_cell("The state $h_t$ and the input $x_t$.")])
    page = lab.open("inline.ipynb")
    page.wait_for_selector("mjx-container mjx-c")
    plain = page.locator(".jp-RenderedMarkdown").first.evaluate("one => getComputedStyle(one).color")
    assert colored(page, "mjx-container", plain) == [Counter(), Counter()]
