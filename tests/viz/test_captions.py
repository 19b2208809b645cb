"""The words of the chapters' figures: each cell finds its own, each is used, and numbers are put in."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import numpy as np
import pytest

from rnncourse import viz
from rnncourse.errors import InputError
from rnncourse.question_cells import asking_source
from rnncourse.viz import _captions
from rnncourse.viz._captions import WORDS, Words

CHAPTERS = sorted((Path(__file__).parents[2] / "chapters").rglob("[0-9]*.ipynb"))
SHOWS = {"show", "show_architecture", "moving_clip"}
DRAWINGS = {"architecture", "lstm_cell", "cell_variant"}
"""What says itself what it shows."""


def cells(path: Path) -> Iterator[dict]:
    """Yield the code cells of a notebook."""
    stored = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return (cell for cell in stored if cell["cell_type"] == "code")


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Yield the name that a cell's words have, and the call that shows its figure."""
    chapter = path.stem if path.parent.name == "detours" else path.stem[:2]
    for cell in cells(path):
        yield from ((f"{chapter}/{cell['id']}", call) for call in shown(asking_source(cell)))


def shown(source: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SHOWS
    ]


def words_of(call: ast.Call) -> str | None:
    """Return the name of the words that a call asks for."""
    given = [one.value for one in call.keywords if one.arg == "words"]
    given += call.args[1:2] if call.func.attr != "show_architecture" else []
    return given[0].value if given and isinstance(given[0], ast.Constant) else None


def fields(words: Words) -> set[str]:
    return {name for text in (words.caption, words.alt) for _, name, *_ in Formatter().parse(text) if name}


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_each_figure_of_a_chapter_finds_its_words_and_hands_over_their_numbers(path):
    for name, call in calls(path):
        assert words_of(call) == name
        assert not {one.arg for one in call.keywords} & {"alt", "caption"}, name
        if call.func.attr == "show":
            assert {one.arg for one in call.keywords} == fields(WORDS[name]), name


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_code_that_shows_a_figure_is_folded(path):
    seen = [one for one in cells(path) if not one["metadata"].get("jupyter", {}).get("source_hidden")]
    assert [one["id"] for one in seen if shown(asking_source(one))] == []


def test_no_words_are_left_over():
    used = [name for path in CHAPTERS for name, _ in calls(path)]
    assert sorted(used) == sorted(WORDS)


def test_every_figure_has_a_caption_and_says_what_it_shows():
    assert all(words.caption.strip().endswith((".", "”.")) for words in WORDS.values())
    for path in CHAPTERS:
        for name, call in calls(path):
            drawn = call if call.func.attr == "show_architecture" else call.args[0]
            itself = isinstance(drawn, ast.Call) and drawn.func.attr.removeprefix("show_") in DRAWINGS
            assert bool(WORDS[name].alt.strip()) is not itself, name


@pytest.fixture
def stored(monkeypatch) -> list[dict]:
    """What is displayed, with two figures of which the words are known."""
    import rnncourse.viz._media as media
    import rnncourse.viz._show as show

    found = []
    for module in (media, show):
        monkeypatch.setattr(module, "display", lambda data, raw: found.append(data))
    words = {
        "09/bars": Words("Bars: {most} are most.", "{n} bars."),
        "09/drawing": Words("A drawing."),
        "09/clip": Words("A clip.", "A line."),
    }
    monkeypatch.setattr(_captions, "WORDS", words)
    return found


def test_the_words_of_a_figure_are_shown_with_its_numbers(stored):
    viz.show(viz.folded_network(), "09/bars", n=3, most="five & a half")
    viz.moving_clip(np.eye(4)[None].repeat(2, axis=0), "09/clip")
    assert [one["text/plain"] for one in stored] == ["3 bars.", "A line."]
    assert 'alt="3 bars."' in stored[0]["text/html"]
    assert "<figcaption>Bars: five &amp; a half are most.</figcaption>" in stored[0]["text/html"]
    assert "<figcaption>A clip.</figcaption>" in stored[1]["text/html"]


def test_a_drawing_without_an_alt_of_its_own_says_what_it_shows(stored):
    viz.show(viz.lstm_cell(lit=["belt"]), "09/drawing")
    viz.show_architecture("stacked", words="09/drawing")
    assert stored[0]["text/plain"] == viz.lstm_cell_text(lit=["belt"])
    assert stored[1]["text/plain"] == viz.architecture_text("stacked")
    assert all("<figcaption>A drawing.</figcaption>" in one["text/html"] for one in stored)


def test_an_alt_is_asked_for_where_nobody_gives_one(stored):
    with pytest.raises(InputError, match="alt must be a text"):
        viz.show(viz.figure()[0], "09/drawing")


@pytest.mark.parametrize(
    ("words", "numbers", "said"),
    [
        (
            "09/bar",
            {},
            "words must name a figure of the course, but got str '09/bar'; did you mean '09/bars'",
        ),
        (3, {}, "words must name a figure of the course, but got int 3"),
        ("09/bars", {"n": 3}, "the words of '09/bars' need most=..., which is missing"),
    ],
)
def test_words_and_numbers_that_are_missing_are_named(stored, words, numbers, said):
    with pytest.raises(InputError) as raised:
        viz.show(viz.folded_network(), words, **numbers)
    assert said in str(raised.value)
