"""What grading looks at in a notebook's file: cells, marks and a few names. Outputs and all else are left out.

This file stands alone, for a large notebook is read by a process of its own (see reading.py): what a student's file
needs of memory and time to be read is then no other student's.
"""

import json
import sys

MOST_TEXT = 16_000_000
"""Characters that all cells of a notebook may have together."""

_LONGEST_NAME, _MOST_NAMES = 60, 100


class NoNotebook(Exception):
    """A file is no notebook; the text says why, in words for its author."""


def read(data):
    """Return the notebook in these bytes, without what nobody looks at, and what was odd about the file, in words."""
    text, notes = _text(data)
    notebook = _reduced(_parsed(text))
    size = sum(len(cell["source"]) for cell in notebook["cells"] or () if cell)
    if size > MOST_TEXT:
        raise NoNotebook(f"its cells have {size} characters, more than {MOST_TEXT}")
    return notebook, notes


def _text(data):
    """Return a notebook's text, read kindly: with a byte order mark, or in Latin-1 if it is no UTF-8."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16"), [
                "The file is in UTF-16 instead of UTF-8; it was read all the same."
            ]
        except UnicodeDecodeError as error:
            raise NoNotebook("the file is neither UTF-8 nor UTF-16") from error
    notes = []
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
        notes.append("The file begins with a byte order mark; it was read all the same.")
    try:
        return data.decode("utf-8"), notes
    except UnicodeDecodeError:
        notes.append("The file is not in UTF-8. It was read as Latin-1; letters may be wrong.")
        return data.decode("latin-1"), notes


def _parsed(text):
    if not text.strip():
        raise NoNotebook("the file is empty")
    try:
        notebook = json.loads(text, parse_constant=lambda name: None)
    except RecursionError as error:
        raise NoNotebook("the file is nested too deeply to be a notebook") from error
    except ValueError as error:
        where = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "a number"
        raise NoNotebook(f"the file is not JSON, as a notebook must be ({where})") from error
    if not isinstance(notebook, dict):
        raise NoNotebook("the file is JSON, but not a notebook")
    return notebook


def _reduced(notebook):
    """Return a notebook with those parts alone that grading looks at, each of the kind that it should be."""
    metadata, cells = _dict(notebook.get("metadata")), notebook.get("cells")
    version = _dict(metadata.get("language_info")).get("version")
    return {
        "nbformat": _plain(notebook.get("nbformat")),
        "metadata": {**_names(metadata), "language_info": {"version": _plain(version)}},
        "cells": [_cell(one) for one in cells] if isinstance(cells, list) else None,
    }


def _cell(cell):
    """Return a cell, None for what is none."""
    if not isinstance(cell, dict):
        return None
    source, metadata = cell.get("source", ""), _dict(cell.get("metadata"))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    marks = _dict(metadata.get("nbgrader"))
    name = marks.get("grade_id")
    return {
        "cell_type": _plain(cell.get("cell_type")),
        "id": _plain(cell.get("id")),
        "source": source if isinstance(source, str) else "",
        "names": list(_names(metadata)),
        "grade_id": name[:1000] if isinstance(name, str) else "",
        "marks": {key: _plain(marks.get(key)) for key in ("points", "solution", "grade")},
    }


def _names(metadata):
    """Return the names in metadata, by which editors are known."""
    return {name[:_LONGEST_NAME]: True for name in list(metadata)[:_MOST_NAMES]}


def _dict(value):
    return value if isinstance(value, dict) else {}


def _plain(value):
    """Return a single value, texts cut; of anything else, what kind it is."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return value[:_LONGEST_NAME] if isinstance(value, str) else f"a {type(value).__name__}"


def main(memory, seconds):
    """Read the notebook on standard input within limits, and write what came of it as JSON."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    except (ImportError, ValueError, OSError):  # not Linux
        pass
    try:
        said = {"read": read(sys.stdin.buffer.read()), "why": ""}
    except NoNotebook as error:
        said = {"read": None, "why": str(error)}
    sys.stdout.buffer.write(json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass"))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
