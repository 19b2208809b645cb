"""What is graded: the master's locked cells, its tasks in order, and its points. Nothing of it from a student."""

from __future__ import annotations

import ast
import hashlib
import json
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from rnncourse.checks import forbidden, registry
from rnncourse.checks.task import Task
from rnncourse.environment import checkout_above, shipped
from rnncourse.errors import InputError

_MOST_POINTS = 1_000_000
_PACKAGE = Path(registry.__file__).resolve().parents[1]


@dataclass(frozen=True)
class Item:
    """A task with the points that the master gives it. kind: "code", or "explanation" for points by hand."""

    name: str
    kind: str
    points: float
    task: Task | None = None
    model: str = ""
    """The master's own answer: for the trial of the whole, and the rubric of an explanation. Never sent out."""

    @property
    def title(self) -> str:
        """What the task is called in feedback."""
        return self.task.title if self.task else self.name


@dataclass(frozen=True)
class Assignment:
    """One master, read. steps: the cells to be run in order, ("locked" | "answer" | "check", grade_id).

    Nothing is run in the place of a check: there the function is called.
    """

    stem: str
    steps: tuple[tuple[str, str], ...]
    locked: Mapping[str, str]
    items: tuple[Item, ...]
    check_points: Mapping[str, float]
    known: frozenset[str]
    fingerprint: str
    asked: Mapping[str, str] = field(default_factory=dict)
    """By explanation, the text of the cell before it."""

    notes: tuple[str, ...] = field(default=())

    @property
    def code_items(self) -> tuple[Item, ...]:
        """The tasks that code is run for."""
        return tuple(item for item in self.items if item.kind == "code")

    @property
    def total(self) -> float:
        """All points that can be earned."""
        return sum(item.points for item in self.items)

    @cached_property
    def withheld(self) -> tuple[str, ...]:
        """The modules that some task forbids and no locked cell imports: no answer can use them."""
        names = [name for item in self.items if item.task for name in item.task.forbidden]
        return forbidden.withheld(names, _imported(self.locked.values()))

    def single_functions(self, task: Task) -> tuple[str, ...]:
        """Return what a task forbids besides the modules withheld."""
        return forbidden.single_functions(task.forbidden, self.withheld)

    def item(self, name: str) -> Item | None:
        """Return the task of that name, or None."""
        return next((item for item in self.items if item.name == name), None)


def load(assignment: str, spec: Path | None = None) -> Assignment:
    """Return the assignment of that number or name: "04" or "04_backpropagation_through_time".

    spec: an instructor's own folder. A notebook in it replaces the master; its tasks.py, which exports TASKS,
    replaces tasks of the same name and adds others. Raises InputError where something is missing or does not fit.
    """
    master = _master(assignment, spec)
    own, source = _own_tasks(spec)
    try:
        data = master.read_bytes()
        cells = json.loads(data)["cells"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{master} is not a notebook: {error}") from error
    fingerprint = hashlib.sha256(b"\0".join([data, source, *_course_sources()])).hexdigest()[:16]
    return read_master(master.stem, cells, own, fingerprint)


def _course_sources() -> list[bytes]:
    """Return the files that decide with the master what is right: the tasks, what they call, and the comparison."""
    folders = (_PACKAGE / name for name in ("checks", "in_both", "in_numpy"))
    files = [file for folder in folders for file in sorted(folder.rglob("*.*"))]
    return [file.read_bytes() for file in files if file.suffix in (".py", ".json")]


def _imported(sources: Iterable[str]) -> set[str]:
    """Return the dotted names that cells import."""
    return {name for source in sources for name in forbidden.imported(ast.parse(source)).values()}


def read_master(
    stem: str, cells: list[dict[str, Any]], own: Mapping[str, Task], fingerprint: str
) -> Assignment:
    """Return the assignment that a master's cells describe; own: tasks that come before the course's."""
    steps, locked, answers, points, manual = [], {}, {}, {}, {}
    marked = _marked(stem, cells)
    for name, marks, kind, source in marked:
        if marks.get("solution") and marks.get("grade"):
            manual[name] = (_points(stem, name, marks), source)
        elif marks.get("solution"):
            answers[name] = source
            steps.append(("answer", name))
        elif marks.get("grade"):
            points[name] = _points(stem, name, marks)
            steps.append(("check", name))
        elif marks.get("locked") and kind == "code" and name.removesuffix("-check") not in manual:
            locked[name] = source
            steps.append(("locked", name))
    items = []
    for name, *_ in marked:
        if name in answers:
            items.append(_code_item(stem, name, answers[name], points, own))
        elif name in manual:
            items.append(
                Item(name, "explanation", manual[name][0], _task(name, own, quiet=True), manual[name][1])
            )
    if not items:
        raise InputError(
            f"{stem} has no answer cells with nbgrader's metadata; is it a master from solutions/?"
        )
    known = frozenset(name for name, *_ in marked)
    asked = _asked(cells, manual)
    return Assignment(stem, tuple(steps), locked, tuple(items), points, known, fingerprint, asked)


def _asked(cells: Sequence[Mapping[str, Any]], explanations: Iterable[str]) -> dict[str, str]:
    """Return, by explanation, the text of the cell before it."""
    names = [cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in cells]
    places = {name: names.index(name) for name in explanations}
    return {name: "".join(cells[place - 1]["source"]) for name, place in places.items() if place}


def _marked(stem: str, cells: Any) -> list[tuple[str, Mapping[str, Any], str, str]]:
    """Return (grade_id, marks, kind, source) of the cells with nbgrader's metadata, each grade_id once."""
    if not isinstance(cells, list):
        raise InputError(f"{stem}.ipynb is not a notebook: it has no list of cells")
    marked = []
    for number, cell in enumerate(cells, 1):
        try:
            marks, kind = cell["metadata"].get("nbgrader"), cell["cell_type"]
            if not marks:
                continue
            name, source = marks.get("grade_id"), "".join(cell["source"])
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"{stem}.ipynb, cell {number}: this is not a notebook's cell ({error})"
            ) from error
        if not isinstance(name, str) or not name:
            raise InputError(f"{stem}.ipynb, cell {number}: nbgrader's metadata have no grade_id")
        if any(name == other for other, *_ in marked):
            raise InputError(f"{stem}.ipynb: two cells of the master have the grade_id {name}")
        marked.append((name, marks, kind, source))
    return marked


def _points(stem: str, name: str, marks: Mapping[str, Any]) -> float:
    given = marks.get("points")
    if type(given) not in (int, float) or not 0 <= given <= _MOST_POINTS:
        said = "there are none" if given is None else f"{given!r:.40} was given"
        raise InputError(
            f"{stem}.ipynb, cell {name}: points must be a number from 0 to {_MOST_POINTS}, but {said}"
        )
    return float(given)


def _code_item(
    stem: str, name: str, model: str, points: Mapping[str, float], own: Mapping[str, Task]
) -> Item:
    task = _task(name, own)
    if not task.checked:
        raise InputError(f"{stem}: {name} is an explanation, but its cell is not one that is graded by hand")
    if f"{name}-check" not in points:
        raise InputError(f"{stem}: the task {name} has no check cell {name}-check with points")
    return Item(name, "code", points[f"{name}-check"], task, model)


def _task(name: str, own: Mapping[str, Task], quiet: bool = False) -> Task | None:
    if name in own:
        return own[name]
    try:
        return registry.task(name)
    except InputError:
        if quiet:
            return None
        raise


def _master(assignment: str, spec: Path | None) -> Path:
    """Return the notebook that is the master: the instructor's own if there is one, else the course's."""
    if spec is not None:
        if not spec.is_dir():
            raise InputError(f"spec must be a folder with a master or tasks.py, but {spec} is not a folder")
        found = _matching(spec, assignment)
        if found:
            return _single(found, assignment, spec)
        if not (spec / "tasks.py").is_file():
            raise InputError(f"{spec} holds neither a master {assignment}*.ipynb nor a file tasks.py")
    root = checkout_above(Path.cwd()) or shipped()
    return _single(_matching(root / "solutions", assignment), assignment, root / "solutions")


def _matching(folder: Path, assignment: str) -> list[Path]:
    wanted = assignment.removesuffix(".ipynb")
    padded = wanted.zfill(2) if wanted.isdigit() else wanted
    files = sorted(folder.glob("*.ipynb"))
    return [f for f in files if f.stem == wanted] or [f for f in files if f.stem.startswith(f"{padded}_")]


def _single(found: list[Path], assignment: str, folder: Path) -> Path:
    if len(found) == 1:
        return found[0]
    known = ", ".join(file.stem for file in sorted(folder.glob("*.ipynb"))) or "nothing"
    many = "names several" if found else "is not one"
    raise InputError(f"assignment must be one of {known}, but {assignment!r} {many} of them")


def _own_tasks(spec: Path | None) -> tuple[dict[str, Task], bytes]:
    """Return the tasks of an instructor's tasks.py by name, and its bytes."""
    path = spec / "tasks.py" if spec else None
    if path is None or not path.is_file():
        return {}, b""
    description = spec_from_file_location("rnncourse_private_tasks", path)
    module = module_from_spec(description)
    try:
        description.loader.exec_module(module)
    except Exception as error:
        raise InputError(
            f"{path} cannot be run{_line(error, path)}: {type(error).__name__}: {error}"
        ) from error
    tasks = getattr(module, "TASKS", None)
    if not isinstance(tasks, (tuple, list)) or not all(isinstance(task, Task) for task in tasks):
        raise InputError(f"{path} must define TASKS, a tuple of rnncourse.checks.task.Task")
    return {task.name: task for task in tasks}, path.read_bytes()


def _line(error: Exception, path: Path) -> str:
    """Return where in the file an error arose, "" where that cannot be told or the error says it itself."""
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
    ]
    return f", line {lines[-1]}" if lines else ""
