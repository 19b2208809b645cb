"""The instructor guide names sections that exist, fills 90 minutes a lesson, and says what the chapters say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "instructor_guide.md").read_text(encoding="utf-8")
CHAPTERS = {path.stem[:2]: path for path in sorted((ROOT / "chapters").glob("*.ipynb"))}
DETOURS = sorted((ROOT / "chapters" / "detours").glob("*.ipynb"))


def text_of(path: Path) -> str:
    cells = nbformat.read(path, as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def headings(path: Path) -> list[str]:
    return re.findall(r"(?m)^#+ (.*)$", text_of(path))


def section(title: str) -> str:
    return re.search(rf"(?ms)^## {title}\n(.*?)^## ", GUIDE).group(1)


def rows(title: str) -> list[list[str]]:
    """Return the cells of the rows of the table in a section of the guide, without its head."""
    lines = re.findall(r"(?m)^\| (.*) \|$", section(title))
    return [line.split(" | ") for line in lines[1:]]


LESSONS = rows("A term in eight lessons")
READING = rows("How a session runs")
BELIEFS = rows("What learners get wrong, and where it is dealt with")


def named(text: str, number: str = "") -> Iterator[tuple[str, str]]:
    """Yield (chapter, heading) for each heading in quotation marks; the chapter's number comes before it."""
    for chapter, detour, heading in re.findall(r'\b(0\d)\b|(detour )?"([^"]+)"', text):
        number = chapter or number
        if heading:
            yield ("detour" if detour else number), heading


def all_named() -> list[tuple[str, str]]:
    found = [pair for lesson in LESSONS for pair in named(lesson[1])]
    found += [pair for lesson in LESSONS for pair in named(lesson[2], f"0{lesson[0][0]}")]
    found += [pair for row in READING for pair in named(f"{row[0]} {row[2]}")]
    found += [pair for _, where in BELIEFS for pair in named(where)]
    return found


def test_sections_that_are_named_exist():
    known = {number: headings(path) for number, path in CHAPTERS.items()}
    known["detour"] = [headings(path)[0] for path in DETOURS]
    found = all_named()
    assert len(found) > 100
    assert [one for one in found if one[1] not in known[one[0]]] == []


def test_the_plan_has_a_lesson_for_each_chapter_that_follows_the_first():
    assert [f"0{lesson[0][0]}" for lesson in LESSONS] == list(CHAPTERS)[1:]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson[0])
def test_a_lesson_takes_90_minutes(lesson):
    minutes = [int(re.search(r" (\d+)$", activity).group(1)) for activity in lesson[2].split(" · ")]
    assert sum(minutes) == 90


@pytest.mark.parametrize("row", READING, ids=lambda row: row[0])
def test_a_chapter_gives_the_same_minutes_to_read(row):
    stated = re.search(r"[Aa]bout (\d+) minutes", text_of(CHAPTERS[row[0][:2]]))
    assert stated.group(1) == row[1]


def test_every_chapter_has_its_minutes():
    assert [row[0][:2] for row in READING] == list(CHAPTERS)
