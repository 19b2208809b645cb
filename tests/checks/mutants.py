"""Wrong answers made by machine: every task's model answer with one thing changed, and a judge that only says right.

The model answers are those of the masters, in plain NumPy. Some mutants compute the same as before; those are
listed, with the reason, in `equivalents.py`.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import numpy as np

from rnncourse.checks import registry
from rnncourse.checks.calling import call
from rnncourse.checks.failure import Failure
from rnncourse.checks.judging import alike, outcome
from rnncourse.checks.task import Case, Task

MASTERS = Path(__file__).parents[2] / "solutions"
DRAWS = 40
SECONDS = 0.5
"""The time limit of one call; a mutant that loops for ever is caught by it."""


@dataclass(frozen=True)
class Mutant:
    """A wrong answer and what was changed in it. kind: the first word of the change.

    A part of an argument that is ignored may be right for some inputs: the part need not decide.
    """

    kind: str
    change: str
    answer: Callable

    @property
    def may_be_right(self) -> bool:
        """Whether it is only wrong for some inputs."""
        return self.kind == "part"


# ---------------------------------------------------------------- the model answers


@cache
def _cells(chapter: int) -> tuple[tuple[str, str, bool], ...]:
    """Return name, source and whether it is an answer, for the code cells of a master that are not checks."""
    path = next(MASTERS.glob(f"{chapter:02}_*.ipynb"))
    found = []
    for cell in nbformat.read(path, as_version=4).cells:
        marks = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and not (marks.get("grade") and marks.get("locked")):
            found.append((marks.get("grade_id", ""), cell.source, bool(marks.get("solution"))))
    return tuple(found)


def _without_progress(source: str) -> str:
    return "\n".join(line for line in source.splitlines() if not line.startswith("progress("))


@cache
def namespace(name: str) -> dict[str, Any]:
    """Return the notebook's names as they are when the learner's cell for a task has run with the model answer."""
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell, source, _ in _cells(registry.chapter_of(name)):
            exec(compile(_without_progress(source), f"<{cell}>", "exec"), names)
            if cell == name:
                break
    return names


def model_source(task: Task) -> str:
    """Return the source of the model answer's function."""
    source = next(s for name, s, _ in _cells(registry.chapter_of(task.name)) if name == task.name)
    tree = ast.parse(source)
    found = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == task.called)
    if ast.get_docstring(found):
        found.body = found.body[1:]
    return ast.unparse(found)


# ---------------------------------------------------------------- changes of the source

_LESS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq}
_LESS |= {ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In}


def _expr(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _shorter(node: ast.expr) -> Iterator[ast.expr]:
    """Yield what a loop runs over without its last and without its first step."""
    text = ast.unparse(node)
    yield _expr(f"list({text})[:-1]")
    yield _expr(f"list({text})[1:]")


def _alternatives(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Yield the kind of change and what to put in the place of a node of the tree."""
    if isinstance(node, (ast.For, ast.comprehension)):
        for iterated in _shorter(node.iter):
            changed = copy.copy(node)
            changed.iter = iterated
            yield "loop", changed
    elif isinstance(node, ast.Slice):
        for end in ("lower", "upper"):
            for sign in ("+", "-"):
                changed = copy.copy(node)
                old = ast.unparse(getattr(node, end)) if getattr(node, end) else ""
                if old or (end == "lower" and sign == "+"):
                    setattr(changed, end, _expr(f"{old or 0} {sign} 1"))
                    yield "bound", changed
    elif isinstance(node, ast.BinOp):
        yield "term", node.left
        yield "term", node.right
        flipped = {ast.Add: ast.Sub(), ast.Sub: ast.Add(), ast.Mult: ast.Div(), ast.Div: ast.Mult()}
        if type(node.op) in flipped:
            yield "sign", ast.BinOp(node.left, flipped[type(node.op)], node.right)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _LESS:
        yield "comparison", ast.Compare(node.left, [_LESS[type(node.ops[0])]()], node.comparators)
    elif isinstance(node, ast.IfExp):
        yield "branch", node.body
        yield "branch", node.orelse
    elif isinstance(node, ast.If):
        yield "branch", ast.If(_expr("True"), node.body, node.orelse)
        yield "branch", ast.If(_expr("False"), node.body, node.orelse)
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield "number", ast.Constant(node.value + 1)
        yield "number", ast.Constant(node.value - 1)
    elif isinstance(node, ast.Call):
        yield from _of_calls(node)
    elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
        yield from _swapped(node.value)


def _of_calls(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    """Yield a call left out, a mask that decides nothing, another axis, and a start that is one off."""
    name = ast.unparse(node.func)
    if name.endswith("where") and len(node.args) == 3:
        yield "mask", node.args[1]
        yield "mask", node.args[2]
    elif name.endswith(".copy"):
        yield "copy", node.func.value
    elif len(node.args) == 1 and not node.keywords:
        yield "call", node.args[0]
    elif not node.args and isinstance(node.func, ast.Attribute):
        yield "call", node.func.value
    for i, keyword in enumerate(node.keywords):
        if keyword.arg == "axis":
            changed = copy.copy(node)
            changed.keywords = [k for j, k in enumerate(node.keywords) if j != i]
            yield "axis", changed


def _swapped(value: ast.Tuple) -> Iterator[tuple[str, ast.AST]]:
    for i in range(len(value.elts)):
        for j in range(i):
            order = list(value.elts)
            order[i], order[j] = order[j], order[i]
            yield "swap", ast.Return(ast.Tuple(order, ast.Load()))


def _kept(function: ast.FunctionDef) -> Iterator[tuple[str, ast.AST, ast.AST]]:
    """Yield assignments that make something new at the top of a function, made once and for all instead."""
    for statement in function.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, (ast.Call, ast.List, ast.Tuple)):
            text = ast.unparse(statement.value)
            changed = ast.Assign(statement.targets, _expr(f"_kept({text!r}, lambda: {text})"), lineno=1)
            yield "kept", statement, changed


def _dropped(function: ast.FunctionDef) -> Iterator[tuple[str, ast.AST, ast.AST]]:
    """Yield statements that are left out: assignments to what exists already, and calls for their effect."""
    for node in ast.walk(function):
        effect = isinstance(node, (ast.AugAssign, ast.Expr, ast.Break))
        if effect or (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)):
            yield "statement", node, ast.Pass()


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST):
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


def _source_changes(source: str) -> Iterator[tuple[str, str, str]]:
    """Yield kind, change and new source for every change of one function's source."""
    count = len(list(_sites(ast.parse(source).body[0])))
    for i in range(count):
        tree = ast.parse(source)
        kind, old, new = list(_sites(tree.body[0]))[i]
        before = _short(old)
        changed = ast.fix_missing_locations(_Replace(old, new).visit(tree))
        yield kind, f"{before} → {_short(new)}", ast.unparse(changed)


def _sites(function: ast.FunctionDef) -> Iterator[tuple[str, ast.AST, ast.AST]]:
    for node in ast.walk(function):
        for kind, new in _alternatives(node):
            yield kind, node, new
    yield from _kept(function)
    yield from _dropped(function)


def _short(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).splitlines()[0].split())


def _compiled(source: str, task: Task) -> Callable:
    names, kept = dict(namespace(task.name)), {}
    names["_kept"] = lambda key, make: kept[key] if key in kept else kept.setdefault(key, make())
    exec(compile(source, "<mutant>", "exec"), names)
    return names[task.called]


# ---------------------------------------------------------------- changes of the arguments and of the answer


def _call_changes(task: Task, model: Callable) -> Iterator[tuple[str, str, Callable]]:
    """Yield the model answer with an argument that it does not look at, and with an answer that it keeps."""
    first = task.cases(np.random.default_rng(1000))[0]
    names = list(model.__code__.co_varnames[: model.__code__.co_argcount])
    for i, name in enumerate(names[: len(first.args)]):
        for part, ignore in _ignoring(name, first.args[i]):
            kind = "part" if " of axis " in part else "ignored"
            yield kind, part, _with_argument(model, i, ignore)
    kept: list = []

    def remembers(*args: Any) -> Any:
        if not kept:
            kept.append(model(*args))
        return copy.deepcopy(kept[0])

    yield "kept", "the first answer, for ever", remembers


def _ignoring(name: str, value: Any) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """Yield functions that put something fixed in the place of an argument or of a part of it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            for part, ignore in _ignoring(f"{name}[{key!r}]", inner):
                yield part, lambda d, key=key, ignore=ignore: {**d, key: ignore(d[key])}
    elif isinstance(value, np.ndarray):
        yield name, np.zeros_like
        for axis in range(value.ndim):
            for end, where in (("first", 0), ("last", -1)):
                yield f"{name}, {end} of axis {axis}", _zero_at(axis, where)
    elif isinstance(value, (int, float, str, np.generic)):
        yield name, lambda _: value


def _zero_at(axis: int, where: int) -> Callable[[np.ndarray], np.ndarray]:
    def zeroed(array: np.ndarray) -> np.ndarray:
        array = array.copy()
        array[(slice(None),) * axis + (where,)] = 0
        return array

    return zeroed


def _with_argument(model: Callable, i: int, ignore: Callable[[Any], Any]) -> Callable:
    def answer(*args: Any) -> Any:
        return model(*args[:i], ignore(args[i]), *args[i + 1 :])

    return answer


def _aliasing(task: Task, model: Callable) -> Iterator[tuple[str, str, Callable]]:
    """Yield the model answer that gives back an argument itself where it has the very numbers asked for."""
    if not task.new_arrays:
        return

    def answer(*args: Any) -> Any:
        return _swap_in(model(*args), args)

    yield "copy", "an argument itself for a copy of it", answer


def _swap_in(value: Any, args: tuple) -> Any:
    if isinstance(value, dict):
        pools = [*args, *(one for one in args if isinstance(one, dict))]
        pool = [x for one in pools for x in (one.values() if isinstance(one, dict) else (one,))]
        return {key: _swap_in(one, tuple(pool)) for key, one in value.items()}
    if isinstance(value, tuple):
        return tuple(_swap_in(one, args) for one in value)
    same = (one for one in args if isinstance(one, np.ndarray) and np.array_equal(one, value))
    return next(same, value)


def mutants(task: Task) -> list[Mutant]:
    """Return the mutants of a task's model answer; changes that read alike are numbered."""
    source, made, seen = model_source(task), [], {}
    model = _compiled(source, task)
    changes = [(kind, change, _compiled(text, task)) for kind, change, text in _source_changes(source)]
    for kind, change, answer in (*changes, *_call_changes(task, model), *_aliasing(task, model)):
        seen[kind, change] = seen.get((kind, change), 0) + 1
        again = f" ({seen[kind, change]})" if seen[kind, change] > 1 else ""
        made.append(Mutant(kind, f"{kind}: {change}{again}", answer))
    return made


# ---------------------------------------------------------------- right or wrong, and nothing else


@cache
def drawn(name: str) -> tuple[tuple[list[Case], list], ...]:
    """Return the inputs of all draws of a task, with what its reference gives back."""
    task, draws = registry.task(name), []
    for seed in range(DRAWS):
        cases = task.cases(np.random.default_rng(seed))
        draws.append((cases, [outcome(task.reference, case) for case in cases]))
    return tuple(draws)


def passes(task: Task, answer: Callable) -> int:
    """Return in how many of the draws a wrong answer is taken for right."""
    count = 0
    for cases, expected in drawn(task.name):
        wrong, stopped = False, False
        for case, e in zip(cases, expected, strict=True):
            given = call(answer, case, SECONDS)
            stopped = isinstance(given.value, Failure) and given.value.kind == "timeout"
            if (task.new_arrays and given.shared) or not alike(task, e, given):
                wrong = True
                break
        if stopped:
            return count
        count += not wrong
    return count
