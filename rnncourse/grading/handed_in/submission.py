"""What a notebook that was handed in says: the answers by grade_id, and everything odd about it, in words.

Answers are found by their grade_id alone. What happens when something was changed that should not be:

- a cell split in two: the parts are put together again
- a cell twice: the last one that defines the function counts; the texts of an explanation are put together
- a cell deleted: the task is missing, the others count
- a locked cell or a check edited: the master's own is run
- points, type or locks edited in the metadata: the master's own count
- an answer without its mark: it is not found by guessing, and the task is missing
- cells of one's own: they are not run
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from rnncourse.grading.handed_in.assignment import Assignment, Item
from rnncourse.grading.handed_in.collect import Unreadable

MOST_CELLS = 2000
LONGEST_ANSWER = 50_000
MOST_LISTS = 1_000_000
_MAGIC = re.compile(r"^([ \t]*)(%|!|\?)", re.MULTILINE)
_MAY_BE_MAGIC = re.compile(r"^[ \t]*[%!?,;/]|=[ \t]*[%!]|\?[ \t]*$", re.MULTILINE)
_TIMED = re.compile(r"^([ \t]*)%time[ \t]+(?=\S)", re.MULTILINE)
_MOST_TO_TRANSLATE = 300_000
"""Lines that may be magics times characters: for each of them, IPython looks through the whole cell again."""

_LONGEST_LINE = 500
"""Characters: IPython's patterns take the square of them."""


@dataclass(frozen=True)
class Answers:
    """By grade_id the source of each answer that is there; notes: by grade_id, "" for the whole notebook."""

    sources: dict[str, str]
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    """Why an answer is missing although something is there."""


@dataclass(frozen=True)
class Cell:
    """A cell as far as grading looks at it."""

    kind: str
    source: str
    grade_id: str
    points: Any
    flags: tuple


def read_notebook(data: bytes, assignment: Assignment) -> Answers:
    """Return the answers in a notebook's bytes; Unreadable, in words for its author, where it is none."""
    text, notes = _text(data)
    cells = [_cell(cell) for cell in _cells(_parsed(text))]
    by_id: dict[str, list[Cell]] = {}
    for cell in cells:
        if cell.grade_id:
            by_id.setdefault(cell.grade_id, []).append(cell)
    notes += _about_locked(by_id, assignment)
    notes += _about_others(cells, assignment)
    found = Answers({}, {"": tuple(notes)}, {})
    for item in assignment.items:
        _take(item, by_id.get(item.name, []), cells, found)
    return found


def _take(item: Item, given: Sequence[Cell], cells: Sequence[Cell], found: Answers) -> None:
    """Put the answer to one task into `found`, or why there is none."""
    name, kind = item.name, item.kind
    wanted = "markdown" if kind == "explanation" else "code"
    usable = [cell for cell in given if cell.kind == wanted] or ([*given] if kind == "explanation" else [])
    if not usable:
        found.problems[name] = _why_missing(name, given, cells)
        return
    answer, how = _of_several(item, list(dict.fromkeys(cell.source for cell in usable)))
    said = [f"The answer cell is in your notebook {len(usable)} times; {how}."] if len(usable) > 1 else []
    if len(answer) > LONGEST_ANSWER:
        found.problems[name] = (
            f"The answer has {len(answer)} characters, more than the {LONGEST_ANSWER} allowed."
        )
        return
    if any(cell.flags != _flags(kind) for cell in usable):
        said.append("The hidden metadata of this cell were changed; those of the course count.")
    if wanted == "code" and (plain := without_magics(answer)) != answer:
        answer = plain
        said.append("Magics and commands to the system (%, !, ?) are for notebooks only and were not run.")
    found.sources[name] = answer
    if said:
        found.notes[name] = tuple(said)


def _of_several(item: Item, sources: list[str]) -> tuple[str, str]:
    """Return the answer that different cells with its mark make together, and in words how."""
    if len(sources) == 1:
        return sources[0], "they are alike"
    if item.kind == "explanation":
        return "\n\n".join(sources), "their texts are put together"
    called = re.escape(item.task.called)
    defines = re.compile(rf"^(?:[ \t]*(?:async[ \t]+)?def[ \t]+{called}\b|{called}[ \t]*=[^=])", re.MULTILINE)
    whole = [source for source in sources if defines.search(source)]
    if len(whole) == 1 and sum(map(len, sources)) <= LONGEST_ANSWER:
        together = "\n\n".join(map(without_magics, sources))
        return together, "as only one of them defines the function, all were run"
    return (whole or sources)[-1], "the last one counts"


def _why_missing(name: str, given: Sequence[Cell], cells: Sequence[Cell]) -> str:
    if given:
        return f"The answer cell is there, but is no longer a code cell ({given[-1].kind})."
    unmarked = any(
        re.search(rf"^def {re.escape(name)}\(", cell.source, re.M) for cell in cells if not cell.grade_id
    )
    if unmarked:
        return (
            f"The answer cell was deleted. A cell of your own defines {name}, but has not the mark by which "
            "answers are found. Copy its content into the answer cell of a fresh exercise notebook."
        )
    return "The answer cell was deleted or has lost its mark."


def _about_locked(by_id: dict[str, list[Cell]], assignment: Assignment) -> list[str]:
    notes = []
    for name, source in assignment.locked.items():
        given = by_id.get(name, [])
        if not given:
            notes.append(f"The locked cell {name} was deleted; the course's own was run.")
        elif any(cell.source.strip() != source.strip() for cell in given):
            notes.append(f"The locked cell {name} was changed; the course's own was run.")
    edited = []
    for name, points in assignment.check_points.items():
        given = by_id.get(name, [])
        if any(type(cell.points) not in (int, float) or cell.points != points for cell in given):
            edited.append(name)
    if edited:
        notes.append(f"Points were changed in the metadata ({', '.join(edited)}); those of the course count.")
    return notes


def _about_others(cells: Sequence[Cell], assignment: Assignment) -> list[str]:
    notes = []
    own = [c for c in cells if c.kind == "code" and not c.grade_id and c.source.strip()]
    if own:
        count = "A code cell" if len(own) == 1 else f"{len(own)} code cells"
        verb = "was" if len(own) == 1 else "were"
        notes.append(
            f"{count} of your own {verb} not run. What an answer needs must stand in the answer's cell."
        )
    strange = sorted({c.grade_id for c in cells if c.grade_id} - assignment.known)
    if strange:
        notes.append(
            f"Cells of another notebook were left out: {', '.join(one[:60] for one in strange[:5])}."
        )
    return notes


def _text(data: bytes) -> tuple[str, list[str]]:
    """Return a notebook's text, read kindly: with a byte order mark, or in Latin-1 if it is no UTF-8."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16"), [
                "The file is in UTF-16 instead of UTF-8; it was read all the same."
            ]
        except UnicodeDecodeError as error:
            raise Unreadable("the file is neither UTF-8 nor UTF-16") from error
    notes = []
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
        notes.append("The file begins with a byte order mark; it was read all the same.")
    try:
        return data.decode("utf-8"), notes
    except UnicodeDecodeError:
        notes.append("The file is not in UTF-8. It was read as Latin-1; letters may be wrong.")
        return data.decode("latin-1"), notes


def _parsed(text: str) -> dict[str, Any]:
    if not text.strip():
        raise Unreadable("the file is empty")
    if text.count("[") + text.count("{") > MOST_LISTS:
        raise Unreadable(f"the file has more than {MOST_LISTS} brackets; clear its outputs and save it again")
    try:
        notebook = json.loads(text, parse_constant=lambda name: None)
    except RecursionError as error:
        raise Unreadable("the file is nested too deeply to be a notebook") from error
    except ValueError as error:
        where = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "a number"
        raise Unreadable(f"the file is not JSON, as a notebook must be ({where})") from error
    if not isinstance(notebook, dict):
        raise Unreadable("the file is JSON, but no notebook")
    return notebook


def _cells(notebook: dict[str, Any]) -> list[Any]:
    major = notebook.get("nbformat")
    if major != 4 or isinstance(major, bool):
        said = f"its nbformat is {major!r:.20}, not 4" if major is not None else "it says no nbformat"
        raise Unreadable(f"{said}; open it in JupyterLab and save it again")
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        raise Unreadable("the notebook has no list of cells")
    if len(cells) > MOST_CELLS:
        raise Unreadable(f"the notebook has {len(cells)} cells, more than {MOST_CELLS}")
    return [cell for cell in cells if isinstance(cell, dict)]


def _cell(cell: dict[str, Any]) -> Cell:
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    marks = marks if isinstance(marks, dict) else {}
    name = marks.get("grade_id")
    flags = tuple(marks.get(key) for key in ("solution", "grade"))
    return Cell(
        kind=str(cell.get("cell_type"))[:20],
        source=source if isinstance(source, str) else "",
        grade_id=name if isinstance(name, str) else "",
        points=marks.get("points"),
        flags=flags,
    )


def _flags(kind: str) -> tuple[bool, bool]:
    """Return what nbgrader's metadata of an answer say: solution, grade."""
    return True, kind == "explanation"


def without_magics(source: str) -> str:
    """Return code in which what only a notebook understands does nothing; as it is if it is Python already."""
    try:
        ast.parse(source)
        return source
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    first, _, rest = source.lstrip().partition("\n")
    if first.startswith("%%"):  # such as %%time, which runs the rest
        return f"pass  # {first}\n{_translated(rest)}"
    return _translated(source)


def _translated(source: str) -> str:
    """Return a notebook's code as Python; magics and commands of the system go to an object that does nothing."""
    longest = max(map(len, source.splitlines()), default=0)
    if longest > _LONGEST_LINE or len(_MAY_BE_MAGIC.findall(source)) * len(source) > _MOST_TO_TRANSLATE:
        return _MAGIC.sub(r"\1pass  # \2", source)
    try:
        return TransformerManager().transform_cell(_TIMED.sub(r"\1", source))
    except SyntaxError:
        return source
