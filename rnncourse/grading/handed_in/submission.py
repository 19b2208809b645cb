"""What a notebook that was handed in says: the answers, the student's own cells, and everything odd, in words.

Answers are found by their grade_id. What happens when something was changed that should not be:

- a cell split in two: the parts are put together again
- a cell twice: the last one that defines the function counts; the texts of an explanation are put together
- a cell deleted: the task is missing, the others count
- a locked cell or a check edited: the master's own is run
- a copy of one, or a part split off, with something else in it: it is one of the student's own
- points, type or locks edited in the metadata: the master's own count
- an answer without its mark: it is not found by guessing, and the task is missing
- no cell has a mark, because an editor has dropped them all: answers are found by the names of their functions
- cells of one's own: they are run where they stand, like an answer
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from rnncourse.grading.handed_in import reading
from rnncourse.grading.handed_in.assignment import Assignment, Item
from rnncourse.grading.handed_in.collect import Unreadable

MOST_CELLS = 2000
LONGEST_ANSWER = 50_000
MOST_OWN = 300_000
"""Characters of all cells of a student's own that are run."""

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

    own: dict[str, str] = field(default_factory=dict)
    """The student's own cells by names that are given to them, in order."""

    steps: tuple[tuple[str, str], ...] = ()
    """The cells to be run in order, as the assignment's steps, with ("own", name) among them."""

    python: str = ""
    """The version of Python that the notebook was written with, as "3.13", or ""."""

    oddities: tuple[str, ...] = ()
    """What the instructor should know, in the same words for everybody it happened to."""

    def code(self, assignment: Assignment) -> dict[str, str]:
        """Return the sources of the answers that are run."""
        return {i.name: self.sources[i.name] for i in assignment.code_items if i.name in self.sources}


@dataclass(frozen=True)
class Cell:
    """A cell as far as grading looks at it."""

    kind: str
    source: str
    grade_id: str
    points: Any = None
    flags: tuple | None = None
    """What the marks say; None where an editor has dropped them."""


def read_notebook(data: bytes, assignment: Assignment) -> Answers:
    """Return the answers in a notebook's bytes; Unreadable, in words for its author, where it is none."""
    notebook, notes = reading.read(data)
    cells = [_cell(cell) for cell in _cells(notebook)]
    python, oddities = _python(notebook), []
    if python and _newer(python):
        here = ".".join(map(str, sys.version_info[:2]))
        oddities.append(f"written with Python {python}, and graded with the older {here}")
    if not any(cell.grade_id for cell in cells):
        cells = _marked_again(cells, assignment)
        notes.append(_LOST)
        oddities.append(
            f"{_editor(notebook)} had dropped the marks of all cells; answers were found by their functions' names"
        )
    cells = _copies_unmarked(cells, assignment)
    by_id: dict[str, list[Cell]] = {}
    for cell in cells:
        if cell.grade_id:
            by_id.setdefault(cell.grade_id, []).append(cell)
    notes += _about_locked(by_id, assignment)
    own, steps = _own_cells(cells, assignment)
    notes += _about_others(cells, assignment, own)
    found = Answers({}, {"": tuple(notes)}, {}, own, steps, python, tuple(oddities))
    for item in assignment.items:
        _take(item, by_id.get(item.name, []), cells, found)
    return found


_LOST = (
    "The hidden marks of all cells are gone; some editors drop them. Your answers were found by the names of their "
    "functions."
)


_EDITORS = {
    "colab": "Google Colab",
    "kaggle": "Kaggle",
    "vscode": "VS Code",
    "pycharm": "PyCharm or DataSpell",
    "deepnote": "Deepnote",
    "databricks": "Databricks",
    "nteract": "nteract",
    "noteable": "Noteable",
    "jupytext": "Jupytext",
}
"""What an editor leaves in a notebook's metadata or in a cell's, and its name."""


def _editor(notebook: Mapping[str, Any]) -> str:
    """Return which editor a notebook was saved with, as far as it left its name in the metadata."""
    cells = _cells(notebook)
    keys = [
        key.lower() for names in (notebook["metadata"], *(cell["names"] for cell in cells)) for key in names
    ]
    keys += ["vscode" for cell in cells if str(cell["id"]).startswith(("#VSC-", "VSC-"))]
    return next((name for sign, name in _EDITORS.items() if any(sign in key for key in keys)), "an editor")


def _python(notebook: Mapping[str, Any]) -> str:
    """Return the version of Python that a notebook says it was written with, as "3.13", or ""."""
    version = notebook["metadata"]["language_info"]["version"]
    found = re.match(r"3\.\d{1,2}(?!\d)", version, re.ASCII) if isinstance(version, str) else None
    return found[0] if found else ""


def _newer(python: str) -> bool:
    return tuple(map(int, python.split("."))) > sys.version_info[:2]


def _marked_again(cells: Sequence[Cell], assignment: Assignment) -> list[Cell]:
    """Return the cells of a notebook without marks with those that their content leads to."""
    names = {_plain(source): name for name, source in assignment.locked.items()}
    asked = {_plain(source): name for name, source in assignment.asked.items()}
    found, before = [], ""
    for cell in cells:
        plain = _plain(cell.source)
        if cell.kind == "code":
            name = names.get(plain) or _checked_by(plain, assignment) or _defined_by(cell.source, assignment)
        else:
            name = asked.get(before, "") if plain not in asked else ""
        found.append(replace(cell, grade_id=name, flags=None))
        before = plain
    return found


def _checked_by(source: str, assignment: Assignment) -> str:
    """Return the grade_id of the check that a cell is, or ""."""
    found = re.match(r"""check\(["'](\w{1,60})["']""", source)
    return f"{found[1]}-check" if found and f"{found[1]}-check" in assignment.known else ""


def _defined_by(source: str, assignment: Assignment) -> str:
    """Return the task whose function a cell defines, or ""."""
    return next(
        (item.name for item in assignment.code_items if _defines(item.task.called).search(source)), ""
    )


def _defines(called: str) -> re.Pattern[str]:
    name = re.escape(called)
    return re.compile(rf"^(?:[ \t]*(?:async[ \t]+)?def[ \t]+{name}\b|{name}[ \t]*=[^=])", re.MULTILINE)


def _copies_unmarked(cells: Sequence[Cell], assignment: Assignment) -> list[Cell]:
    """Return the cells without the marks of those that were split off a locked cell or a check, or copied from one.

    The mark belongs to the cell that is as the course wrote it, else to the first; what another holds is the student's.
    """
    answers = {item.name for item in assignment.items}
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        if cell.kind == "code" and cell.grade_id in assignment.known - answers:
            groups.setdefault(cell.grade_id, []).append(cell)
    strays = set()
    for name, several in groups.items():
        real = next((cell for cell in several if _is_as_given(cell, name, assignment)), several[0])
        strays |= {id(cell) for cell in several if _plain(cell.source) != _plain(real.source)}
    return [replace(cell, grade_id="", flags=None) if id(cell) in strays else cell for cell in cells]


def _is_as_given(cell: Cell, name: str, assignment: Assignment) -> bool:
    plain = _plain(cell.source)
    return plain == _plain(assignment.locked.get(name, "")) or _checked_by(plain, assignment) == name


def _plain(source: str) -> str:
    """Return a cell's text without what no reader sees: kinds of line ends, and blanks at the ends of lines.

    Of a cell that is longer than any of the course, the beginning is enough to tell it from those.
    """
    return "\n".join(line.rstrip() for line in source[:MOST_OWN].strip().splitlines())


def _own_cells(
    cells: Sequence[Cell], assignment: Assignment
) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """Return the student's own cells by name, and all steps in order: each below the cell that it stands below."""
    steps = [[("", "")], *([step] for step in assignment.steps)]
    at = {name: number for number, (_, name) in enumerate(assignment.steps, 1)}
    own, here, room = {}, 0, MOST_OWN
    for cell in cells:
        here = at.get(cell.grade_id, here)
        if cell.kind != "code" or cell.grade_id:
            continue
        # One that is too long is not looked at: its lines would take many times the memory of its text.
        if len(cell.source) > MOST_OWN or _does_something(cell.source):
            room -= len(cell.source)
            if room >= 0:
                name = f"of your own, {len(own) + 1}"
                own[name] = without_magics(cell.source)
                steps[here].append(("own", name))
    return own, tuple(step for some in steps for step in some if step[0])


def _does_something(source: str) -> bool:
    """Say whether a cell holds more than comments and calls of what the course offers in exercises."""
    lines = [line for line in source.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return any(not re.match(r"(?:check|hint|progress)\(.*\)\s*$", line) for line in lines)


def _take(item: Item, given: Sequence[Cell], cells: Sequence[Cell], found: Answers) -> None:
    """Put the answer to one task into `found`, or why there is none."""
    name, kind = item.name, item.kind
    wanted = "markdown" if kind == "explanation" else "code"
    usable = [cell for cell in given if cell.kind == wanted] or ([*given] if kind == "explanation" else [])
    if not usable:
        found.problems[name] = _why_missing(item, given, cells)
        return
    answer, how = _of_several(item, list(dict.fromkeys(cell.source for cell in usable)))
    said = [f"The answer cell is in your notebook {len(usable)} times; {how}."] if len(usable) > 1 else []
    if len(answer) > LONGEST_ANSWER:
        found.problems[name] = (
            f"The answer has {len(answer)} characters, more than the {LONGEST_ANSWER} allowed."
        )
        return
    if any(cell.flags not in (None, _flags(kind)) for cell in usable):
        said.append("The hidden metadata of this cell were changed; those of the course count.")
    if wanted == "code" and (plain := without_magics(answer)) != answer:
        answer = plain
        said.append("Magics and system commands (%, !, ?) are for notebooks only and were not run.")
    found.sources[name] = answer
    if said:
        found.notes[name] = tuple(said)


def _of_several(item: Item, sources: list[str]) -> tuple[str, str]:
    """Return the answer that different cells with its mark make together, and in words how."""
    if len(sources) == 1:
        return sources[0], "they are alike"
    if item.kind == "explanation":
        return "\n\n".join(sources), "their texts are put together"
    whole = [source for source in sources if _defines(item.task.called).search(source)]
    if len(whole) == 1 and sum(map(len, sources)) <= LONGEST_ANSWER:
        together = "\n\n".join(map(without_magics, sources))
        return together, "as only one of them defines the function, all were run"
    return (whole or sources)[-1], "the last one counts"


def _why_missing(item: Item, given: Sequence[Cell], cells: Sequence[Cell]) -> str:
    if given:
        return f"The answer cell is there, but is no longer a code cell ({given[-1].kind})."
    called = item.task.called if item.task else item.name
    if any(_defines(called).search(cell.source) for cell in cells if not cell.grade_id):
        return (
            f"The answer cell was deleted. A cell of your own defines {called}, but lacks the mark by which "
            "answers are found. Copy its content into the answer cell of a fresh exercise notebook."
        )
    return "The answer cell was deleted or has lost its mark."


def _about_locked(by_id: dict[str, list[Cell]], assignment: Assignment) -> list[str]:
    notes = []
    for name, source in assignment.locked.items():
        given = by_id.get(name, [])
        if not given:
            notes.append(f"The locked cell {name} was deleted; the course's own was run.")
        elif any(_plain(cell.source) != _plain(source) for cell in given):
            notes.append(f"The locked cell {name} differs from this edition's; the course's own was run.")
    edited = []
    for name, points in assignment.check_points.items():
        given = by_id.get(name, [])
        marked = [cell for cell in given if cell.flags is not None]
        if any(type(cell.points) not in (int, float) or cell.points != points for cell in marked):
            edited.append(name)
    if edited:
        notes.append(f"Points were changed in the metadata ({', '.join(edited)}); those of the course count.")
    return notes


def _about_others(cells: Sequence[Cell], assignment: Assignment, own: Mapping[str, str]) -> list[str]:
    notes = []
    if own:
        count = "A code cell of your own was" if len(own) == 1 else f"{len(own)} code cells of your own were"
        notes.append(f"{count} run as well.")
    if sum(len(cell.source) for cell in cells if cell.kind == "code" and not cell.grade_id) > MOST_OWN:
        notes.append(f"Your own cells were run only up to {MOST_OWN} characters in all.")
    strange = sorted({c.grade_id for c in cells if c.grade_id} - assignment.known)
    if strange:
        notes.append(
            f"Cells of another notebook were left out: {', '.join(one[:60] for one in strange[:5])}."
        )
    return notes


def _cells(notebook: dict[str, Any]) -> list[Any]:
    major = notebook["nbformat"]
    if major != 4 or isinstance(major, bool):
        said = (
            f"its nbformat is {major!r:.20}, not 4" if major is not None else "it does not state its nbformat"
        )
        raise Unreadable(f"{said}; open it in JupyterLab and save it again")
    cells = notebook["cells"]
    if cells is None:
        raise Unreadable("the notebook has no list of cells")
    if len(cells) > MOST_CELLS:
        raise Unreadable(f"the notebook has {len(cells)} cells, more than {MOST_CELLS}")
    return [cell for cell in cells if cell is not None]


def _cell(cell: dict[str, Any]) -> Cell:
    marks = cell["marks"]
    return Cell(
        kind=str(cell["cell_type"])[:20],
        source=cell["source"],
        grade_id=cell["grade_id"],
        points=marks["points"],
        flags=(marks["solution"], marks["grade"]),
    )


def _flags(kind: str) -> tuple[bool, bool]:
    """Return what nbgrader's metadata of an answer say: solution, grade."""
    return True, kind == "explanation"


def without_magics(source: str) -> str:
    """Return code in which what only a notebook understands does nothing; as it is if there is nothing of the kind."""
    if len(source) > LONGEST_ANSWER:  # Python takes the square of some texts, in this process that all share
        return _MAGIC.sub(r"\1pass  # \2", source) if _MAY_BE_MAGIC.search(source) else source
    try:
        compile(source, "", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
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
        plain = TransformerManager().transform_cell(_TIMED.sub(r"\1", source))
    except SyntaxError:
        return source
    return source if _plain(plain) == _plain(source) else plain
