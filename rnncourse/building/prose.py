"""The course's own prose as one plain text: what the character writer of chapter 08 learns from.

    python -m rnncourse.building.prose

writes rnncourse/data/prose.txt afresh from the chapters before 08. It is a snapshot on purpose: if the writer
learned from the chapters as they are, a comma changed in chapter 01 would change what chapter 08 prints. Chapter 08
itself is left out, for it quotes what the writer writes. After a new snapshot, train the writer again: delete
"writer" from rnncourse/data/applications.json, run `python benchmarks/applications.py writer`, and refresh chapter 08.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat

from rnncourse.environment import shipped
from rnncourse.errors import InputError

FILE = Path(__file__).parents[1] / "data" / "prose.txt"

_PLAIN = str.maketrans(
    {"–": "-", "—": "-", "−": "-", "“": '"', "”": '"', "’": "'", "…": "...", "\u00a0": " "}
)
_KEPT = re.compile(r"[A-Za-z0-9 .,;:?!'\"()%/\-]+")
_CHAPTERS = "0[0-7]_*.ipynb"
_STOP = re.compile(r"(?m)^## (Further reading|Summary|Where to go next)\b")


def prose_of(folder: Path) -> str:
    """Return the paragraphs of the chapters 00 to 07 in `folder`, one a line, in reading order.

    Only plain sentences are kept: no headings, tables, lists, code, formulas or references, and no characters
    that are rare. Raises InputError where there are no chapters.
    """
    chapters = sorted(folder.glob(_CHAPTERS))
    if not chapters:
        raise InputError(f"{folder} holds no chapters such as 01_sequences.ipynb")
    lines = [line for chapter in chapters for line in paragraphs(nbformat.read(chapter, as_version=4))]
    return "".join(f"{line}\n" for line in lines)


def paragraphs(notebook: nbformat.NotebookNode) -> list[str]:
    """Return the plain paragraphs of a notebook's Markdown cells, up to its summary."""
    found: list[str] = []
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            continue
        if _STOP.search(cell.source):
            break
        found += [plain for part in re.split(r"\n\s*\n", cell.source) if (plain := plain_text(part))]
    return found


def plain_text(paragraph: str) -> str:
    """Return a Markdown paragraph as plain text, "" where it is no plain prose."""
    text = paragraph.strip()
    if not text or (text[0] in "#|<>-*`$" and not text.startswith("**")) or "$" in text or "|" in text:
        return ""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)  # a link's words
    text = re.sub(r"[*`_]", "", text).translate(_PLAIN)
    text = " ".join(text.split())
    return text if _KEPT.fullmatch(text) and len(text) > 40 else ""


def main(folder: Path | None = None, file: Path = FILE) -> None:
    """Write the prose of the chapters in `folder` (the course's own) to `file`."""
    text = prose_of(folder or shipped() / "chapters")
    file.write_text(text, encoding="utf-8")
    print(f"{file.name}: {len(text)} characters, {len(set(text))} different ones", file=sys.stderr)


if __name__ == "__main__":
    main()
