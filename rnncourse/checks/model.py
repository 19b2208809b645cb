"""The model answers of the masters: their source, and the functions they define."""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import json
from collections.abc import Callable, Collection
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from rnncourse.checks import forbidden
from rnncourse.checks.task import Task

FILE = Path(__file__).parent / "bank" / "answers.json"


@cache
def _cells() -> dict[str, list[list[str]]]:
    """Return by chapter the names and sources of a master's code cells, in order, without set-up and checks."""
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}


def _chapter(name: str) -> list[list[str]]:
    """Return the cells of the chapter that a task belongs to, up to the task's own; [] where there is none."""
    for cells in _cells().values():
        names = [cell for cell, _ in cells]
        if name in names:
            return cells[: names.index(name) + 1]
    return []


def source(name: str) -> str:
    """Return the cell of a task's model answer, "" where there is none."""
    cells = _chapter(name)
    return cells[-1][1] if cells else ""


def imported(name: str, answers: Collection[str]) -> set[str]:
    """Return the modules that the cells of a task's chapter import, but for those of the `answers`."""
    chapter = next((cells for cells in _cells().values() if name in dict(cells)), [])
    given = [code for cell, code in chapter if cell not in answers]
    return {module for code in given for module in forbidden.imported(ast.parse(code)).values()}


@cache
def names(name: str) -> dict[str, Any]:
    """Return the notebook's names as they are when the learner's cell of a task has run with the model answer."""
    defined: dict[str, Any] = {"np": np}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell, code in _chapter(name):
            exec(compile(code, f"<{cell}>", "exec"), defined)
    return defined


def function(task: Task) -> Callable | None:
    """Return the function of a task's model answer, None where there is none."""
    return names(task.name).get(task.called)


def definition(name: str, called: str) -> ast.FunctionDef | None:
    """Return the syntax tree of the function `called` in a model answer, without its docstring; None without one."""
    return _defined(source(name), called)


def helpers(name: str, called: str) -> list[ast.FunctionDef]:
    """Return the trees of the model answers to earlier tasks that a model answer calls, directly or not.

    A learner may have written their lines once more instead of calling them.
    """
    earlier = {cell: code for cell, code in _chapter(name)[:-1]}
    found: dict[str, ast.FunctionDef] = {}
    waiting = [definition(name, called)]
    while waiting:
        tree = waiting.pop()
        calls = (n.func for n in ast.walk(tree) if isinstance(n, ast.Call)) if tree else ()
        for callee in (one.id for one in calls if isinstance(one, ast.Name)):
            if callee in earlier and callee not in found:
                found[callee] = _defined(earlier[callee], callee)
                waiting.append(found[callee])
    return [one for one in found.values() if one is not None]


def _defined(code: str, called: str) -> ast.FunctionDef | None:
    found = next(
        (n for n in ast.parse(code).body if isinstance(n, ast.FunctionDef) and n.name == called), None
    )
    if found is not None and ast.get_docstring(found):
        found.body = found.body[1:]
    return found


def arguments(task: Task) -> list[str]:
    """Return the names of the arguments as the exercise writes them."""
    return list(inspect.signature(function(task) or task.reference).parameters)
