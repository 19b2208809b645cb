"""The glossary of chapter 00: in order, linked, and every term occurs where the glossary says it is introduced."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
CHAPTERS = ROOT / "chapters"


class Entry(NamedTuple):
    """A row of the glossary: the names of a term, its meaning, and the notebook that introduces it."""

    names: list[str]
    meaning: str
    notebook: str


def glossary() -> list[Entry]:
    cells = nbformat.read(CHAPTERS / "00_start_here.ipynb", as_version=4).cells
    source = next(cell.source for cell in cells if cell.id == "glossary")
    rows = re.findall(r"(?m)^\| (.+?) \| (.+?) \| \[.+?\]\((.+?)\) \|$", source)
    return [Entry(names_of(term), meaning, notebook) for term, meaning, notebook in rows]


def names_of(term: str) -> list[str]:
    """Split "dense network (MLP)" and "vanishing, exploding gradient" into their names."""
    plain = term.replace("*", "")
    inside = re.findall(r"\((.+?)\)", plain)
    return [name.strip() for name in re.sub(r"\(.+?\)", "", plain).split(",")] + inside


def prose_of(notebook: str) -> str:
    """Return a notebook's text, its questions and comments included, in lower case and without emphasis."""
    cells = nbformat.read(CHAPTERS / notebook, as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.id != "glossary").replace("*", "").lower()


ENTRIES = glossary()


def test_the_glossary_is_long_and_in_alphabetical_order():
    terms = [entry.names[0].lower() for entry in ENTRIES]
    assert len(terms) > 80
    assert terms == sorted(terms)


def test_no_term_is_listed_twice():
    names = [name.lower() for entry in ENTRIES for name in entry.names]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.names[0])
def test_a_term_occurs_where_it_is_said_to_be_introduced(entry):
    assert (CHAPTERS / entry.notebook).exists()
    text = prose_of(entry.notebook)
    assert any(stem(name) in text for name in entry.names)


def stem(name: str) -> str:
    """Return the beginning of a name that all its forms share: initialization, initialized."""
    return re.sub(r"(ization|ation|ing|ed|s)$", "", name.lower())


@pytest.mark.parametrize(
    ("term", "names"),
    [
        ("dense network (MLP)", ["dense network", "MLP"]),
        ("*n*-gram", ["n-gram"]),
        ("forward pass, backward pass", ["forward pass", "backward pass"]),
    ],
)
def test_the_names_of_a_term(term, names):
    assert names_of(term) == names
