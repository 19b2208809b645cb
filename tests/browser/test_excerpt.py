"""An excerpt of a chapter holds what its widgets need, and nothing that takes long."""

from __future__ import annotations

import pytest
from browser import excerpt
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

WIDGET = [new_output("display_data", {"text/html": '<div class="rnncourse-fallback">3</div>'})]


def chapter():
    cells = [
        new_markdown_cell("A chapter.", id="title"),
        new_code_cell("import time", id="setup"),
        new_code_cell("scale = 1", id="replaced-later"),
        new_code_cell("for n in range(3):\n    print(n)", id="loop"),
        new_code_cell("scale, spare = 2, 3\nfor n in range(spare):\n    scale = scale + n", id="scale"),
        new_code_cell("def shift(n):\n    scale_here = n\n    return scale * scale_here", id="function"),
        new_markdown_cell("Text.", id="text"),
        new_code_cell("trained = shift(time.time(), steps=400)", id="training"),
        new_code_cell("lab = show(shift)\nlab", id="widget", outputs=WIDGET),
        new_code_cell("print(lab)", id="reader"),
        new_code_cell("lab = None", id="end"),
        new_markdown_cell("A summary.", id="summary"),
    ]
    return new_notebook(cells=cells)


def kept(*also):
    return [cell.id for cell in excerpt.of_widgets(chapter(), also).cells]


def test_the_widget_and_what_it_needs_is_kept():
    assert kept() == ["scale", "function", "text", "widget"]


def test_a_cell_that_is_asked_for_comes_with_what_it_needs():
    assert kept("reader") == ["scale", "function", "text", "widget", "reader"]
    assert kept("training") == ["title", "setup", "scale", "function", "text", "training", "widget"]


def test_a_cell_that_does_not_exist_is_named():
    with pytest.raises(AssertionError, match="reeder"):
        kept("reeder")


def test_a_cell_trains_as_long_as_it_is_told():
    shorter = excerpt.train_less(chapter(), {"training": 4})
    [trains] = [cell.source for cell in shorter.cells if cell.id == "training"]
    assert trains == "trained = shift(time.time(), steps=4)"


@pytest.mark.parametrize("cell", ["trainig", "scale"])
def test_a_cell_that_does_not_say_how_long_it_trains_is_named(cell):
    with pytest.raises(AssertionError, match=cell):
        excerpt.train_less(chapter(), {cell: 4})
