"""A small notebook with everything that `rnncourse build html` has to bring into a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from rnncourse.widgets import Sampler

if TYPE_CHECKING:
    from playwright.sync_api import Page

MATHEMATICS = r"""# Gates $f_t$ in a page

The cell keeps $c_t = f_t \odot c_{t-1} + i_t \odot g_t$; a price of 5 dollars is no formula, nor is `$x$`.

$$h_t = o_t \odot \tanh(c_t), \qquad \lVert \partial c_T/\partial c_t \rVert$$

$$\begin{aligned} a &= b \\ c &= d \end{aligned}$$

| | meaning |
|:--|:--|
| $W_{xh}$ | weights |

A line with a link in it: [the next chapter](07_next.ipynb#here), and [an exercise](../exercises/06.ipynb)
"""
LAB = """import numpy as np
from rnncourse import data, in_numpy, notation, viz
from rnncourse.widgets import *

lab = gate_lab('latch')
lab"""
PREDICT = 'predict("Which </script> gate?", ["left", "right"], "right", "Read it.", "which")'
PLAYER = 'FramePlayer([Frame("<p>one</p>", "1", "First."), Frame("<p>two</p>", "2", "Second.")], title="Two")'
SAMPLER = """rng = np.random.default_rng(1)
net = in_numpy.RecurrentNet(in_numpy.LSTM(5, 6, rng=rng), 5, rng=rng)
net.params["b_y"] += 1 / 3
writes = sampler(net, data.Vocabulary(list("\\n ab.")), "ab", characters=40)
writes"""
FIGURE = 'print("said aloud")\nviz.show(viz.lstm_cell(), alt="The cell.")\nnotation.table("h_t")'


def sampler_of_the_page() -> Sampler:
    """Return the notebook's sampler in this process, to say what the page must show."""
    scope: dict[str, object] = {}
    exec(f"{LAB}\n{SAMPLER}", scope)
    return scope["writes"]


def write(folder: Path) -> Path:
    """Write the notebook to `folder` and return its path; nothing in it has been run."""
    cells = [
        new_markdown_cell(MATHEMATICS, id="mathematics"),
        new_code_cell(LAB, id="lab"),
        new_code_cell(PREDICT, id="question", metadata={"tags": ["hide-input"]}),
        new_code_cell("x = 1", id="preparing"),
        new_code_cell("print('The right one.')", id="result"),
        new_markdown_cell(
            "**Why.** It is read.\n\n## Two frames", id="why", metadata={"tags": ["explanation"]}
        ),
        new_code_cell(PLAYER, id="player"),
        new_code_cell(SAMPLER, id="writes"),
        new_code_cell(FIGURE, id="figure"),
        new_code_cell("import ipywidgets\nipywidgets.IntSlider()", id="not-ours"),
        new_code_cell("lab.step = 4\nlab", id="lab-again"),
    ]
    path = folder / "06_page.ipynb"
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(new_notebook(cells=cells, metadata=kernel), path)
    return path


def reopen(page: Page) -> None:
    """Load the page again once an answer has been stored.

    Chromium hands what is stored on to the next page's process a moment later than it says. A page that is loaded
    before, as no reader can, sees none of it until it is loaded once more.
    """
    # hardly a reader is faster; after 500 ms a busy computer lost two answers altogether
    page.wait_for_timeout(1500)
    for _ in range(20):
        page.reload()
        if page.evaluate("localStorage.getItem('rnncourse-answers')"):
            return
        page.wait_for_timeout(100)
    raise AssertionError("no answer was stored")
