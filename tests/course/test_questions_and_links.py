"""What the learner's copy and the reader's way through the book need of the notebooks."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from rnncourse.building.navigation import BOTTOM, TOP, line
from rnncourse.lab.links import dead_links, link_by_cells
from rnncourse.question_cells import question_cells, source_of

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted((ROOT / "chapters").rglob("[0-9]*.ipynb"))
EXERCISES = sorted((ROOT / "exercises").glob("*.ipynb"))


def cells_of(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_question_can_be_read_without_running_it(path):
    """Otherwise its answer would stand in the learner's copy."""
    cells = cells_of(path)
    asking = [cell["id"] for cell in cells if cell["cell_type"] == "code" and _asks(source_of(cell))]
    assert [cells[asked.place]["id"] for asked in question_cells(cells)] == asking


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_prediction_is_explained_before_something_new_begins(path):
    asked = [one for one in question_cells(cells_of(path)) if one.kind == "predict"]
    assert [one.keys[0] for one in asked if not one.explained] == []


def test_no_two_questions_have_one_key():
    """A learner's answers are kept by key."""
    places: dict[str, list[str]] = {}
    for path in CHAPTERS:
        for asked in question_cells(cells_of(path)):
            for key in asked.keys:
                places.setdefault(key, []).append(path.stem)
    assert len(places) > 100
    assert {key: where for key, where in places.items() if len(where) > 1} == {}


@pytest.mark.parametrize("path", CHAPTERS + EXERCISES, ids=lambda path: path.stem)
def test_links_to_sections_arrive(path):
    assert dead_links({"cells": cells_of(path)}, path.parent) == []
    linked = link_by_cells({"cells": cells_of(path)}, path.parent)
    fragments = re.findall(r"\.ipynb#([^)\s]*)", "".join(source_of(cell) for cell in linked["cells"]))
    assert [one for one in fragments if not re.fullmatch(r"cell-id=[a-z0-9-]+", one)] == []


@pytest.mark.parametrize("path", CHAPTERS + EXERCISES, ids=lambda path: path.stem)
def test_every_notebook_leads_back_and_on(path):
    """`rnncourse build navigation` writes both lines."""
    cells = cells_of(path)
    assert (cells[1]["id"], source_of(cells[1])) == (TOP, line(path, ROOT))
    assert cells[-1]["id"] == BOTTOM
    assert source_of(cells[-1]).partition("\n")[0] == line(path, ROOT)


def _asks(source: str) -> bool:
    return re.search(r"(?m)^(predict|quiz)\(", source) is not None
