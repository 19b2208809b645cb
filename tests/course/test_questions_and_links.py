"""What the learner's copy and the reader's way through the book need of the notebooks."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
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


MOST = 0.4
"""Of the questions of a chapter, the largest share in which the answer may be told without reading the question."""


def lengths(path: Path) -> list[tuple[int, list[int]]]:
    """Return for each question of a chapter the place of its answer, and the lengths of its options."""
    found = []
    for asked in question_cells(cells_of(path)):
        for question in asked.questions:
            options = [one if isinstance(one, str) else one[0] for one in question["options"]]
            found.append((options.index(question["answer"]), [len(option) for option in options]))
    return found


def guessed(questions: list[tuple[int, list[int]]], wanted: Callable[[list[int]], int]) -> float:
    """Return the share of questions whose answer alone has the wanted length, such as the largest."""
    told = [sizes[right] == wanted(sizes) and sizes.count(sizes[right]) == 1 for right, sizes in questions]
    return sum(told) / len(told)


@pytest.mark.parametrize(
    "path", [path for path in CHAPTERS if path.parent.name != "detours"], ids=lambda path: path.stem
)
def test_an_answer_is_not_told_by_its_length_or_its_place(path):
    questions = lengths(path)
    places = Counter(right for right, _ in questions)
    assert guessed(questions, max) <= MOST, "the longest option is the answer"
    assert guessed(questions, min) <= MOST, "the shortest option is the answer"
    # Chapter 00 has five questions, and three in one place are no habit yet.
    assert max(places.values()) / len(questions) <= (0.6 if len(questions) < 10 else 0.5), places


def test_neither_the_longest_nor_the_shortest_option_is_a_better_guess_than_chance():
    questions = [question for path in CHAPTERS for question in lengths(path)]
    chance = sum(1 / len(sizes) for _, sizes in questions) / len(questions)
    assert len(questions) > 150
    assert max(guessed(questions, max), guessed(questions, min)) <= chance


def test_answers_that_are_told_by_their_length_are_counted():
    questions = [(0, [5, 3, 2]), (1, [4, 4, 1]), (2, [9, 8, 1]), (1, [2, 7])]
    assert (guessed(questions, max), guessed(questions, min)) == (0.5, 0.25)


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
