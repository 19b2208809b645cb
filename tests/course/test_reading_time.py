"""Nobody needs more than 45 minutes for a chapter, and a recurrent network writes within the reader's first hour.

The time is computed from what a chapter holds: words of prose, questions, and the seconds that its cells take.
Those are read from benchmarks/chapter_seconds.csv, which `python benchmarks/chapter_seconds.py --store` writes;
they are the smallest part, so that it does not matter much on which computer they were measured.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode, v4

from rnncourse.question_cells import asking_source

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
SECONDS_FILE = ROOT / "benchmarks" / "chapter_seconds.csv"

WORDS_A_MINUTE = 180
MINUTES_A_QUESTION = 0.5
BUDGET, BUDGET_LONG = 45, 60
LONG = ("04", "06")
FIRST_HOUR = 60
# Cells that are looked things up in, such as the glossary, and what comes after the end of a chapter.
NOT_READ = "reference"
AFTER_THE_END = r"(?m)^## Further reading\b"

# Chapters that are still too long. Nothing is added here, and the tuple ends empty.
EXEMPT: tuple[str, ...] = ()


def words(markdown: str) -> int:
    """Count the words of Markdown that are read: no formulas, tags, link targets or table rules."""
    text = re.sub(r"\$\$.*?\$\$", " formula ", markdown, flags=re.DOTALL)
    text = re.sub(r"\]\([^)]*\)|<[^>\n]*>", "", text)
    return len(re.findall(r"\w[\w'’-]*", text))


def questions(source: str) -> int:
    """Count the questions in a code cell."""
    return len(re.findall(r"(?m)^\s*(?:Question|predict)\(", source))


def minutes(cells: list[NotebookNode], seconds: float = 0) -> float:
    """Return how long the cells take a reader."""
    prose = "\n".join(
        cell.source
        for cell in cells
        if cell.cell_type == "markdown" and NOT_READ not in cell.metadata.get("tags", [])
    )
    asked = sum(questions(asking_source(cell)) for cell in cells if cell.cell_type == "code")
    read = words(re.split(AFTER_THE_END, prose)[0])
    return read / WORDS_A_MINUTE + asked * MINUTES_A_QUESTION + seconds / 60


def measured_seconds() -> dict[str, float]:
    """Return the seconds that the cells of each chapter take, by the name of its notebook."""
    with SECONDS_FILE.open(encoding="utf-8", newline="") as file:
        return {row["chapter"]: float(row["seconds"]) for row in csv.DictReader(file)}


def cells_of(path: Path) -> list[NotebookNode]:
    return nbformat.read(path, as_version=4).cells


@pytest.mark.parametrize("path", [path for path in CHAPTERS if path.stem not in EXEMPT], ids=lambda p: p.stem)
def test_a_chapter_is_read_within_its_budget(path):
    budget = BUDGET_LONG if path.stem[:2] in LONG else BUDGET
    assert minutes(cells_of(path), measured_seconds()[path.stem]) <= budget


def test_a_recurrent_network_writes_within_the_first_hour():
    passed = 0.0
    for path in CHAPTERS:
        cells = cells_of(path)
        writes = [k for k, cell in enumerate(cells) if re.search(r"\.(sample|greedy)\(", cell.source)]
        if writes:
            assert passed + minutes(cells[: writes[0] + 1]) <= FIRST_HOUR
            return
        passed += minutes(cells, measured_seconds()[path.stem])
    raise AssertionError("no chapter lets a network write")


def test_the_reader_trains_a_recurrent_network_after_an_hour():
    """Chapter 03 is the first to train one, at its beginning."""
    assert sum(minutes(cells_of(path), measured_seconds()[path.stem]) for path in CHAPTERS[:3]) <= FIRST_HOUR


def test_seconds_are_measured_for_every_chapter():
    assert sorted(measured_seconds()) == [path.stem for path in CHAPTERS]


def test_minutes_are_added_up_from_words_questions_and_seconds():
    cells = [
        v4.new_markdown_cell("word " * 179 + "$$ a + b $$"),
        v4.new_code_cell('predict(\n    "Which?",\n)'),
        v4.new_code_cell(
            "quiz(\n    [\n        Question(\n        ),\n        Question(\n        ),\n    ]\n)"
        ),
        v4.new_markdown_cell("word " * 900, metadata={"tags": [NOT_READ]}),
        v4.new_markdown_cell("## Further reading\n\n" + "word " * 900),
    ]
    assert minutes(cells, seconds=30) == pytest.approx(1 + 3 * 0.5 + 0.5)


def test_link_targets_and_tags_are_no_words():
    assert words("[two words](../a/long/path.ipynb#and-more) <span class='x'>three</span>, isn't") == 4
