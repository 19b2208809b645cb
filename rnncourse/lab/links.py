"""Links to a section of another notebook, as JupyterLab follows them.

JupyterLab does not decode a fragment such as #Term-5%3A-the-weights, but it finds a cell by its id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from rnncourse.question_cells import source_of

_LINK = re.compile(r"(\]\()([^()\s#]+\.ipynb)#([^()\s]+(?:\([^()\s]*\)[^()\s]*)*)(\))")
_HEADING = re.compile(r"(?m)^#{1,6}\s+(.+?)\s*#*$")


def without_links_to(folders: Iterable[str], notebook: dict[str, Any]) -> dict[str, Any]:
    """Return the notebook, its links to files of these folders beside its own replaced by their words."""
    for folder in folders:
        link = re.compile(rf"\[([^\[\]]+)\]\(\.\./{re.escape(folder)}/[^()\s]*\)")
        for cell in notebook["cells"]:
            if cell["cell_type"] == "markdown":
                cell["source"] = link.sub(r"\1 (which your teacher has)", source_of(cell))
    return notebook


def split_at_headings(cells: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the cells with each heading at the beginning of one, so that a link to the cell leads to it.

    The first part keeps the id and the tags of the whole.
    """
    return [part for cell in cells for part in (_parts(cell) if cell["cell_type"] == "markdown" else [cell])]


def _parts(cell: dict[str, Any]) -> Iterator[dict[str, Any]]:
    lines = source_of(cell).splitlines(keepends=True)
    starts = [0, *(k for k in _heading_lines(lines) if "".join(lines[:k]).strip())]
    for number, (start, end) in enumerate(pairwise([*starts, len(lines)])):
        text = "".join(lines[start:end]).strip("\n")
        if number == 0:
            yield cell | {"source": text}
        else:
            yield cell | {"source": text, "id": f"{cell['id'][:60]}-{number}", "metadata": {}}


def _heading_lines(lines: Sequence[str]) -> Iterator[int]:
    """Yield the places of lines that are headings: not in a block of code, nor folded away."""
    fenced, depth = False, 0
    for place, line in enumerate(lines):
        fenced ^= line.lstrip().startswith(("```", "~~~"))
        depth += line.count("<details") - line.count("</details>")
        if not fenced and depth == 0 and _HEADING.match(line):
            yield place


def headings(notebook: Mapping[str, Any]) -> dict[str, str]:
    """Return the id of the cell that begins with each heading once cells are split, by the heading's fragment."""
    return {
        fragment_of(match[1]): cell["id"]
        for cell in reversed(split_at_headings(notebook["cells"]))
        if cell["cell_type"] == "markdown" and (match := _HEADING.match(source_of(cell)))
    }


def fragment_of(heading: str) -> str:
    """Return the fragment by which Jupyter names a heading: its text as it reads, with hyphens for spaces."""
    return re.sub(r"[`*]", "", heading).strip().replace(" ", "-")


def dead_links(notebook: Mapping[str, Any], folder: Path) -> list[str]:
    """Return the links of a notebook in `folder` to sections that the other notebook does not have."""
    dead: list[str] = []
    _each_link(notebook, folder, lambda link, cell: dead.append(link[0]) if cell is None else None)
    return dead


def link_by_cells(notebook: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return `notebook`, itself changed, with links to sections that name the section's cell."""

    def by_cell(link: re.Match, cell: str | None) -> str | None:
        return None if cell is None else f"{link[1]}{link[2]}#cell-id={cell}{link[4]}"

    return _each_link(notebook, folder, by_cell)


def _each_link(
    notebook: dict[str, Any], folder: Path, change: Callable[[re.Match, str | None], str | None]
) -> dict[str, Any]:
    """Put what `change` returns, unless that is None, in the place of each link to a section."""

    def changed(link: re.Match) -> str:
        return change(link, _cell_of(folder / unquote(link[2]), unquote(link[3]))) or link[0]

    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown" and ".ipynb#" in (source := source_of(cell)):
            cell["source"] = _LINK.sub(changed, source)
    return notebook


def _cell_of(file: Path, fragment: str) -> str | None:
    """Return the id of the cell in `file` that a fragment names; None where there is none."""
    if not file.is_file():
        return None
    found = _headings_of(file.resolve(), file.stat().st_mtime_ns)
    name = fragment.removeprefix("cell-id=")
    return name if name != fragment and name in found.values() else found.get(fragment)


@cache
def _headings_of(file: Path, _changed: int) -> dict[str, str]:
    return headings(json.loads(file.read_bytes()))
