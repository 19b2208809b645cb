"""The phrases that docs/style.md bans occur nowhere in the prose of the course."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

from rnncourse.question_cells import asking_source

ROOT = Path(__file__).parents[2]
STYLE = ROOT / "docs" / "style.md"

FOLDERS = ("chapters", "chapters/detours", "solutions")
NOTEBOOKS = sorted(file for folder in FOLDERS for file in (ROOT / folder).glob("*.ipynb"))
PAGES = sorted({ROOT / "README.md", *(ROOT / "docs").glob("*.md")} - {STYLE})
MODULES = sorted((ROOT / "rnncourse").rglob("*.py"))
FILES = [*NOTEBOOKS, *PAGES, *MODULES]


class Banned(NamedTuple):
    """One row of the table: what is never written, an example, and what to write instead."""

    pattern: re.Pattern
    example: str
    instead: str


def banned_phrases(text: str) -> list[Banned]:
    """Read the table of docs/style.md; in it, "|" inside a regular expression is written "\\|"."""
    rows = re.findall(r"(?m)^\| `(.+?)` \| (.+?) \| (.+?) \|$", text.split("## Phrases we do not use")[1])
    return [
        Banned(re.compile(pattern.replace(r"\|", "|"), re.IGNORECASE), example, instead)
        for pattern, example, instead in rows
    ]


BANNED = banned_phrases(STYLE.read_text(encoding="utf-8"))


def prose(markdown: str) -> str:
    """Return Markdown without fenced blocks, code, formulas, tags, link targets, and titles of linked works."""
    markdown = re.sub(r"(?ms)^ {0,3}(```+|~~~+).*?^ {0,3}\1\s*$", "", markdown)
    markdown = re.sub(r"(`+)[^`\n]*\1", "", markdown)
    markdown = re.sub(r"\$\$.*?\$\$|\$[^$\n]*\$", "", markdown, flags=re.DOTALL)
    markdown = re.sub(r"<[^>\n]*>", "", markdown)
    markdown = re.sub(r'(?m)"[^"\n]*"(?=.*\]\(http)', "", markdown)
    return re.sub(r"\]\([^)]*\)", "]", markdown)


def strings_and_comments(source: str) -> Iterator[str]:
    """Yield what a reader reads of Python code: string literals, docstrings included, and comments."""
    source = re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", source)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.value
    yield from re.findall(r"(?m)(?:^|\s)# (.*)$", source)


def texts(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (where, text) for every piece of prose in a notebook, a page or a module."""
    if path.suffix == ".ipynb":
        for cell in nbformat.read(path, as_version=4).cells:
            pieces = (
                [cell.source] if cell.cell_type == "markdown" else strings_and_comments(asking_source(cell))
            )
            on_its_slide = cell.metadata.get("slideshow", {}).get("text", "")
            yield from ((f"cell {cell.id}", prose(piece)) for piece in [*pieces, on_its_slide])
    elif path.suffix == ".md":
        yield "", prose(path.read_text(encoding="utf-8"))
    else:
        for piece in strings_and_comments(path.read_text(encoding="utf-8")):
            yield "", prose(piece)


def violations(path: Path) -> list[str]:
    """Return one line for each banned phrase in a file: the cell, the phrase in its surroundings, the cure."""
    found = []
    for where, text in texts(path):
        text = " ".join(text.split())
        for banned in BANNED:
            for match in banned.pattern.finditer(text):
                around = text[max(0, match.start() - 30) : match.end() + 30]
                found.append(f"{where}: “{match[0]}” in “…{around}…”; such as “{banned.instead}”")
    return found


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_banned_phrase(path):
    assert violations(path) == []


def test_all_kinds_of_prose_are_searched():
    """Empty lists of files would let every phrase pass."""
    assert {path.stem[:2] for path in NOTEBOOKS} >= {f"{number:02}" for number in range(9)}
    assert len(PAGES) >= 2 and len(MODULES) > 50


@pytest.mark.parametrize("banned", BANNED, ids=lambda banned: banned.example)
def test_a_banned_phrase_is_found_and_its_cure_is_not(banned):
    assert banned.pattern.search(banned.example)
    assert [other.example for other in BANNED if other.pattern.search(banned.instead)] == []


def test_every_row_of_the_table_is_read():
    rows = [line for line in STYLE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert len(rows) == len(BANNED) > 50


@pytest.mark.parametrize(
    ("file", "content", "where"),
    [
        ("page.md", "One\n\nline: the way\nforward keeps it.", ""),
        ("module.py", 'def f():\n    """Return it.\n\n    The way forward keeps it.\n    """', ""),
        ("module.py", 'raise ValueError(f"{name} shows the way forward")', ""),
        ("module.py", "x = 1  # the way forward", ""),
        ("markdown.ipynb", "The way forward.", "cell saw"),
        ("slide.ipynb", "The way forward.", "cell saw"),
        ("code.ipynb", 'predict("Which way forward?", [("the way forward", "b"), ("c d", "e")])', "cell saw"),
    ],
    ids=["page", "docstring", "message", "comment", "markdown cell", "slide", "question"],
)
def test_a_planted_phrase_is_found(tmp_path, file, content, where):
    path = tmp_path / file
    if path.suffix == ".ipynb":
        new = nbformat.v4.new_markdown_cell if path.stem == "markdown" else nbformat.v4.new_code_cell
        cell = new(content, id="saw")
        if path.stem == "slide":
            cell.source, cell.metadata = "", {"slideshow": {"text": content}}
        content = nbformat.writes(nbformat.v4.new_notebook(cells=[cell]))
    path.write_text(content, encoding="utf-8")
    assert [line.split(":")[0] for line in violations(path)] == [where]


@pytest.mark.parametrize(
    "harmless",
    [
        "`mend(the way forward)`",
        "[text](the way forward)",
        "$\\text{mend}$",
        "<span class='the way forward'>",
        '- A. Author (1990), "The way forward", [doi:10.1](https://doi.org/10.1).',
    ],
    ids=["code", "link target", "formula", "tag", "title of a reference"],
)
def test_what_is_no_prose_is_not_searched(tmp_path, harmless):
    path = tmp_path / "page.md"
    path.write_text(harmless, encoding="utf-8")
    assert violations(path) == []
