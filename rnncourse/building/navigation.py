"""The lines at the top and the bottom of each notebook that lead to its neighbors, the contents and the exercises."""

from __future__ import annotations

import re
from pathlib import Path

from nbformat import NotebookNode, v4

from rnncourse.building.outputs import read
from rnncourse.files import write_whole
from rnncourse.question_cells import as_text

CONTENTS = "00_start_here.ipynb"
TOP, BOTTOM = "navigation-top", "navigation-bottom"
# A line of links by hand that has the contents among them: the generated one takes its place.
_BY_HAND = re.compile(r"(?m)^(?:-{3}\n+)?(?=.*\]\([^)]*00_start_here\.ipynb)(?=.*·.*·).*(?:\n|\Z)")


def navigate(path: Path, root: Path) -> bool:
    """Write both lines into the notebook at `path` of the course in `root`; say whether the file changed."""
    before = path.read_text(encoding="utf-8")
    notebook, top = read(before, path), line(path, root)
    # A slide type that was set in JupyterLab, for one.
    metadata = {cell.id: cell.metadata for cell in notebook.cells if cell.id in (TOP, BOTTOM)}
    bottom = "\n\n".join([top, *_detours(path, without_navigation(notebook))])
    notebook = with_navigation(notebook, top, bottom)
    for cell in notebook.cells:
        cell.metadata.update(metadata.get(cell.id, {}))
    after = as_text(notebook)
    if after == before:
        return False
    write_whole(path, after.encode())
    return True


def without_navigation(notebook: NotebookNode) -> NotebookNode:
    """Return `notebook` without the generated cells, and without lines of links by hand."""
    cells = [cell for cell in notebook.cells if cell.id not in (TOP, BOTTOM)]
    for cell in cells:
        if cell.cell_type == "markdown":
            cell.source = _BY_HAND.sub("", cell.source).strip("\n")
    notebook.cells = [cell for cell in cells if cell.source or cell.cell_type != "markdown"]
    return notebook


def with_navigation(notebook: NotebookNode, top: str, bottom: str) -> NotebookNode:
    """Return `notebook` with the two texts as cells below its title and at its end."""
    first, *others = notebook.cells
    top_cell, bottom_cell = v4.new_markdown_cell(top, id=TOP), v4.new_markdown_cell(bottom, id=BOTTOM)
    notebook.cells = [first, top_cell, *others, bottom_cell]
    return notebook


def line(path: Path, root: Path) -> str:
    """Return the position of a notebook in the book, and links: back, contents, exercises, on."""
    if path.parent.name == "detours":
        return _detour_line(path, root)
    kind = "chapters" if path.parent.name == "chapters" else "exercises"
    notebooks = sorted((root / kind).glob("[0-9]*.ipynb"))
    last = int(sorted((root / "chapters").glob("[0-9]*.ipynb"))[-1].name[:2])
    place = next(k for k, one in enumerate(notebooks) if one.name == path.name)
    number = int(path.name[:2])
    parts = [
        f"*Chapter {number} of {last}*"
        if kind == "chapters"
        else f"*Exercises of chapter {number} of {last}*"
    ]
    if place > 0:
        parts.append(f"[← {short_title(notebooks[place - 1])}]({notebooks[place - 1].name})")
    parts.append(f"[Contents]({'' if kind == 'chapters' else '../chapters/'}{CONTENTS})")
    parts += _other_half(path, root, kind)
    if place + 1 < len(notebooks):
        parts.append(f"[{short_title(notebooks[place + 1])} →]({notebooks[place + 1].name})")
    return " · ".join(parts)


def _other_half(path: Path, root: Path, kind: str) -> list[str]:
    """Return the link from a chapter to its exercises or back; none where there are none."""
    other = {"chapters": "exercises", "exercises": "chapters"}[kind]
    found = sorted((root / other).glob(f"{path.name[:2]}_*.ipynb"))
    words = "Exercises" if kind == "chapters" else "Chapter"
    return [f"[{words}](../{other}/{found[0].name})"] if found else []


def _detours(path: Path, notebook: NotebookNode) -> list[str]:
    """Return a line with the detours of a chapter that nothing in it leads to; none where there are none."""
    text = "".join(cell.source for cell in notebook.cells)
    found = sorted((path.parent / "detours").glob(f"{path.name[:2]}_*.ipynb"))
    links = [f"[{short_title(one)}](detours/{one.name})" for one in found if one.name not in text]
    return [f"Detours: {' · '.join(links)}"] if links else []


def _detour_line(path: Path, root: Path) -> str:
    [chapter] = (root / "chapters").glob(f"{path.name[:2]}_*.ipynb")
    back = f"[← back to {short_title(chapter)}](../{chapter.name})"
    return f"*A detour from chapter {int(path.name[:2])}* · {back} · [Contents](../{CONTENTS})"


def short_title(path: Path) -> str:
    """Return a notebook's title up to a colon, such as "01 Sequences"."""
    title = read(path.read_text(encoding="utf-8"), path).cells[0].source.partition("\n")[0]
    words = re.sub(r"^Detour(: | — )|[$`*\\{}]", "", title.lstrip("# "))
    return words.partition(":")[0].strip()
