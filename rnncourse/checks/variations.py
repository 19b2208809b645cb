"""The model answer with one thing changed: what learners write who are right but for one thing.

A learner's answers that agree with a variation on every input are wrong in just that way, whatever the code looks
like. Tests run every variation to see that none is taken for right.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

from rnncourse.checks import model
from rnncourse.checks.task import Task

_COMPARISONS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq}
_COMPARISONS |= {ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In}
_OPPOSITE = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult,),
}
_SIGNS = {ast.Add: "`+`", ast.Sub: "`-`", ast.Mult: "`*`", ast.Div: "`/`"}
_SIGMOID = "1 / (1 + np.exp(-({})))"
_SQUASHING = {
    "np.tanh": {"sigmoid": _SIGMOID, "ReLU": "np.maximum({}, 0)"},
    "sigmoid": {"tanh": "np.tanh({})", "ReLU": "np.maximum({}, 0)"},
    "softmax": {"sigmoid": _SIGMOID, "exp": "np.exp({})"},
}


VAGUE = ("number", "name", "kept")
"""Kinds of changes of which little can be said but that there is one."""


@dataclass(frozen=True)
class _Change:
    """An expression or a statement of the tree, what to put in its place, and what is said about that."""

    kind: str
    old: ast.AST
    new: ast.AST
    text: str


@dataclass(frozen=True)
class Variation:
    """A wrong answer. kind and change: what was changed, for developers; text: what is said about it.

    function: the one that was changed, the task's own or one that it calls.
    """

    kind: str
    text: str
    answer: Callable
    function: str
    _change: _Change

    @property
    def change(self) -> str:
        """The change itself."""
        return f"{self.kind}: {_line(self._change.old)} → {_line(self._change.new)}"


def variations(task: Task) -> tuple[Variation, ...]:
    """Return the variations of a task's model answer; none where there is no model answer."""
    return _variations(task.name, task.called)


@cache
def _variations(name: str, called: str) -> tuple[Variation, ...]:
    tree = model.definition(name, called)
    if tree is None:
        return ()
    trees = [tree, *model.helpers(name, called)]
    for one in trees:
        _spell_out_bounds(one)
    # In each function, those of which little can be said come last.
    found = [(c, one.name) for one in trees for c in sorted(_changes(one), key=lambda c: c.kind in VAGUE)]
    changes = [change for change, _ in found]
    names = dict(model.names(name))
    whole = ast.Module([_switched(one, changes) for one in trees], [])
    exec(compile(ast.fix_missing_locations(whole), "<variation>", "exec"), names)
    turned = [_turned(names, called, i) for i in range(len(changes))]
    return tuple(Variation(c.kind, c.text, f, name, c) for (c, name), f in zip(found, turned, strict=True))


def _turned(names: dict[str, Any], called: str, i: int) -> Callable:
    """Return the function with change number `i` switched on and a memory of its own."""
    kept: dict[str, Any] = {}

    def answer(*args: Any, **kwargs: Any) -> Any:
        names["_on"], names["_kept"] = i, lambda key, make: _keep(kept, key, make)
        return names[called](*args, **kwargs)

    return answer


def _spell_out_bounds(tree: ast.AST) -> None:
    """Give every slice that begins at the start the lower bound None, so that it can be moved."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Slice) and node.lower is None:
            node.lower = ast.Constant(None)


def _switched(tree: ast.AST, changes: list[_Change]) -> ast.AST:
    """Return one tree that holds all changes, each behind a test of the name `_on`: compiled once, not for each."""
    at: dict[int, list[tuple[int, ast.AST]]] = {}
    for i, change in enumerate(changes):
        at.setdefault(id(change.old), []).append((i, change.new))

    def visit(node: Any) -> Any:
        if isinstance(node, list):
            return [visit(one) for one in node]
        if not isinstance(node, ast.AST):
            return node
        made = _with(node, **{name: visit(value) for name, value in ast.iter_fields(node)})
        for i, new in at.get(id(node), ()):
            test = _expr(f"_on == {i}")
            made = ast.IfExp(test, new, made) if isinstance(new, ast.expr) else ast.If(test, [new], [made])
        return made

    return visit(tree)


def _keep(kept: dict[str, Any], key: str, make: Callable[[], Any]) -> Any:
    return kept[key] if key in kept else kept.setdefault(key, make())


def _line(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).splitlines()[0].split())


def _expr(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _with(node: ast.AST, **fields: Any) -> ast.AST:
    """Return a copy of a node with other fields."""
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


# ---------------------------------------------------------------- what is changed


def _spell_out_arguments(function: ast.FunctionDef) -> None:
    """Note at each call of one name what that name stands for, if it is given a value only once."""
    given: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            given.setdefault(node.targets[0].id, []).append(node.value)
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and len(node.args) == 1 and isinstance(node.args[0], ast.Name):
            values = given.get(node.args[0].id, [])
            if len(values) == 1:
                node.spelled_out = values[0]


def _changes(function: ast.FunctionDef) -> Iterator[_Change]:
    _spell_out_arguments(function)
    for node in ast.walk(function):
        for look in _LOOKS.get(type(node), ()):
            yield from look(node)
    yield from _kept(function)
    yield from _dropped(function)
    yield from _mistaken(function)


def _loops(node: ast.For | ast.comprehension) -> Iterator[_Change]:
    text = ast.unparse(node.iter)
    for cut, which in (("[:-1]", "last"), ("[1:]", "first")):
        said = f"A loop leaves out its {which} iteration."
        yield _Change("loop", node.iter, _expr(f"list({text}){cut}"), said)
    if isinstance(node, ast.For):
        yield _Change("order", node.iter, _expr(f"list({text})[::-1]"), "A loop runs the wrong way around.")


def _slices(node: ast.Slice) -> Iterator[_Change]:
    for end, verb in (("lower", "begins"), ("upper", "ends")):
        old = getattr(node, end)
        start = isinstance(old, ast.Constant) and old.value is None
        for sign, way in (("+", "late"), ("-", "early")):
            if old is None or (start and sign == "-"):
                continue
            moved = _expr("1" if start else f"{ast.unparse(old)} {sign} 1")
            yield _Change("bound", old, moved, f"A slice {verb} one place too {way}.")
        if old is not None and not start:
            where = "begins at the very beginning" if end == "lower" else "goes on to the very end"
            yield _Change("bound", old, ast.Constant(None), f"A slice {where}.")


def _indices(node: ast.Subscript) -> Iterator[_Change]:
    """Yield an index that is one too large or too small."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    for part in parts:
        if isinstance(part, (ast.Slice, ast.Starred)) or (
            isinstance(part, ast.Constant) and type(part.value) is not int
        ):
            continue
        if isinstance(node.value, ast.Name) and node.value.id == "p":
            continue
        for sign in ("-", "+"):
            said = "An index is one place off: what is read or written is a neighbor of what is meant."
            yield _Change("index", part, _expr(f"{ast.unparse(part)} {sign} 1"), said)


def _terms(node: ast.BinOp) -> Iterator[_Change]:
    yield _Change("term", node, node.left, _missing(node.op, node.right, "right"))
    yield _Change("term", node, node.right, _missing(node.op, node.left, "left"))
    if isinstance(node.op, ast.MatMult):
        yield from _transposed(node)
    if isinstance(node.op, ast.Mult):
        for side in (node.left, node.right):
            if _named(side) and not isinstance(side, ast.BinOp):
                said = f"1 minus something is used where the thing itself belongs: {_named(side)}."
                yield _Change("complement", side, _expr(f"(1 - {ast.unparse(side)})"), said)
    for other in _OPPOSITE.get(type(node.op), ()):
        said = f"At one place, there is {_SIGNS[other]} where {_SIGNS[type(node.op)]} belongs."
        yield _Change("sign", node, ast.BinOp(node.left, other(), node.right), said)
    if isinstance(node.op, (ast.Add, ast.Mult)):
        for side in (node.left, node.right):
            if _named(side):
                twice = ast.BinOp(node, type(node.op)(), copy.deepcopy(side))
                word = "added" if isinstance(node.op, ast.Add) else "multiplied in"
                yield _Change("twice", node, twice, f"{_capital(_named(side))} is {word} twice.")


def _transposed(node: ast.BinOp) -> Iterator[_Change]:
    for side in (node.left, node.right):
        plain = side.value if isinstance(side, ast.Attribute) and side.attr == "T" else None
        new = plain or ast.Attribute(side, "T", ast.Load())
        about = f": {_named(plain or side)}" if _named(plain or side) else ""
        yield _Change(
            "transpose", side, new, f"In one product, a `.T` is missing, or is there without need{about}."
        )


def _missing(op: ast.operator, gone: ast.expr, side: str) -> str:
    """Return what is said about a term or factor that is left out."""
    named = _named(gone)
    about = f": {named}" if named else ""
    if isinstance(op, (ast.Add, ast.Sub)):
        return f"One term of a sum or difference is missing{about}."
    if isinstance(op, ast.Div):
        return (
            f"A division is missing{about}."
            if side == "right"
            else f"What should be divided is missing{about}."
        )
    if isinstance(op, ast.Pow):
        return "A power is missing." if side == "right" else f"The base of a power is missing{about}."
    if isinstance(op, ast.MatMult):
        return f"A matrix product is missing{about}."
    return f"One factor is missing{about}."


def _named(node: ast.expr) -> str:
    """Return in words what an expression is about: a name, or the names in it; "" for numbers alone."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return f"`{_line(node)}`"
    callees = {id(one.func) for one in ast.walk(node) if isinstance(one, ast.Call)}
    found = dict.fromkeys(
        f"`{one.id}`"
        for one in ast.walk(node)
        if isinstance(one, ast.Name) and id(one) not in callees and one.id != "np"
    )
    if isinstance(node, ast.Name) or not found:
        return "".join(found)
    return f"the part with {' and '.join(list(found)[:2])}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _comparisons(node: ast.Compare) -> Iterator[_Change]:
    if len(node.ops) != 1 or type(node.ops[0]) not in _COMPARISONS:
        return
    new = _COMPARISONS[type(node.ops[0])]()
    said = "A comparison decides wrongly where both sides are equal."
    if not isinstance(new, (ast.Lt, ast.LtE, ast.Gt, ast.GtE)):
        said = "A condition is the wrong way around."
    yield _Change("comparison", node, ast.Compare(node.left, [new], node.comparators), said)


def _branches(node: ast.IfExp) -> Iterator[_Change]:
    for taken in (node.body, node.orelse):
        yield _Change("branch", node, taken, "Two cases must be told apart, but one of them never comes up.")


def _conditions(node: ast.If) -> Iterator[_Change]:
    for value in ("True", "False"):
        said = "Two cases must be told apart, but one of them never comes up."
        yield _Change("branch", node.test, _expr(value), said)


def _numbers(node: ast.Constant) -> Iterator[_Change]:
    if type(node.value) in (int, float):
        for by, word in ((1, "large"), (-1, "small")):
            said = f"A number or a position is one too {word}."
            yield _Change("number", node, ast.Constant(node.value + by), said)


def _calls(node: ast.Call) -> Iterator[_Change]:
    name = ast.unparse(node.func)
    said = f"`{name.removeprefix('np.')}` is missing at one place."
    if name.endswith("where") and len(node.args) == 3:
        for kept in node.args[1:]:
            yield _Change("mask", node, kept, "What should depend on a condition is the same everywhere.")
    elif name.endswith(".copy"):
        yield _Change("copy", node, node.func.value, "A copy is missing.")
    elif len(node.args) == 1 and not node.keywords:
        yield _Change("call", node, node.args[0], said)
    elif not node.args and isinstance(node.func, ast.Attribute):
        yield _Change("call", node, node.func.value, f"`{node.func.attr}` is missing at one place.")
    for keyword in node.keywords:
        if keyword.arg == "axis":
            rest = [one for one in node.keywords if one is not keyword]
            said = "Something is computed over all axes at once that should be computed along one."
            yield _Change("axis", node, _with(node, keywords=rest), said)
    if name in _SQUASHING and len(node.args) == 1:
        yield from _squashed(node, name)


def _squashed(node: ast.Call, name: str) -> Iterator[_Change]:
    plain, inner = name.removeprefix("np."), ast.unparse(node.args[0])
    for other, form in _SQUASHING[name].items():
        what = other if other == "ReLU" else f"`{other}`"
        yield _Change("squash", node, _expr(form.format(inner)), f"{what} is used where `{plain}` belongs.")
    twice = _expr(f"{name}({name}({inner}))")
    yield _Change("squash", node, twice, f"`{plain}` is applied twice at one place.")
    yield from _only_a_part(node, name, plain)


def _only_a_part(node: ast.Call, name: str, plain: str) -> Iterator[_Change]:
    """Yield a function of a sum that is taken of some of its terms only, or of each by itself."""
    terms = _summed(getattr(node, "spelled_out", node.args[0]))
    if len(terms) < 2:
        return
    said = (
        f"`{plain}` is taken of a part of a sum, or of its terms one by one. It belongs around the whole sum."
    )
    texts = [f"({ast.unparse(one)})" for one in terms]
    for inside in product((True, False), repeat=len(terms)):
        inner, outer = (
            [t for t, i in zip(texts, inside, strict=True) if i is which] for which in (True, False)
        )
        if inner and outer:
            yield _Change("squash", node, _expr(" + ".join([f"{name}({' + '.join(inner)})", *outer])), said)
            each = [f"{name}({' + '.join(some)})" for some in (inner, outer)]
            yield _Change("squash", node, _expr(" + ".join(each)), said)
    yield _Change("squash", node, _expr(" + ".join(f"{name}({one})" for one in texts)), said)
    for i in range(len(texts)):
        also = [f"{name}({one})" if i == k else one for k, one in enumerate(texts)]
        said = f"One term of a sum goes through a `{plain}` of its own before the one around the whole sum."
        yield _Change("squash", node, _expr(f"{name}({' + '.join(also)})"), said)


def _summed(node: ast.expr) -> list[ast.expr]:
    """Return the terms of a sum; the node alone if it is none."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*_summed(node.left), *_summed(node.right)]
    return [node]


def _returns(node: ast.Return) -> Iterator[_Change]:
    """Yield every pair of outputs that is swapped."""
    if not isinstance(node.value, ast.Tuple):
        return
    for i in range(len(node.value.elts)):
        for j in range(i):
            order = list(node.value.elts)
            order[i], order[j] = order[j], order[i]
            said = f"Output {j + 1} and output {i + 1} are the wrong way around."
            yield _Change("swap", node.value, ast.Tuple(order, ast.Load()), said)


_LOOKS: dict[type, tuple[Callable[[Any], Iterator[_Change]], ...]] = {
    ast.For: (_loops,),
    ast.comprehension: (_loops,),
    ast.Subscript: (_indices,),
    ast.Slice: (_slices,),
    ast.BinOp: (_terms,),
    ast.Compare: (_comparisons,),
    ast.IfExp: (_branches,),
    ast.If: (_conditions,),
    ast.Constant: (_numbers,),
    ast.Call: (_calls,),
    ast.Return: (_returns,),
}


def _kept(function: ast.FunctionDef) -> Iterator[_Change]:
    """Yield what a function makes at its top, made only once, in its first call."""
    for statement in function.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, (ast.Call, ast.List, ast.Tuple)):
            text = ast.unparse(statement.value)
            new = _expr(f"_kept({text!r}, lambda: {text})")
            yield _Change("kept", statement.value, new, "Something is kept from one call to the next.")


def _dropped(function: ast.FunctionDef) -> Iterator[_Change]:
    """Yield statements that are left out: assignments into what exists already, and calls for their effect."""
    for node in ast.walk(function):
        effect = isinstance(node, (ast.AugAssign, ast.Expr, ast.Break))
        if effect or (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)):
            yield _Change(
                "statement", node, ast.Pass(), "A step that changes or stores something is missing."
            )
        if isinstance(node, ast.AugAssign):
            new = ast.Assign([node.target], node.value, lineno=1)
            yield _Change("statement", node, new, "What should be added up is overwritten each time.")


def _mistaken(function: ast.FunctionDef) -> Iterator[_Change]:
    """Yield one of the function's own names in the place of another.

    Not in what a loop runs over: a list that grows while a loop runs over it has no end. Nor a list for what is put
    into it, which NumPy would follow for ever.
    """
    arguments = [one.arg for one in function.args.args]
    stored = (n for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    own = [*arguments, *(name.id for name in stored)]
    loops = [n.iter for n in ast.walk(function) if isinstance(n, (ast.For, ast.comprehension))]
    over = {id(inner) for loop in loops for inner in ast.walk(loop)}
    into = _put_into(function)
    for node in ast.walk(function):
        if id(node) in over:
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in own:
            for other in dict.fromkeys(own):
                if other not in (node.id, into.get(id(node))):
                    look = f" Look at each place where you use `{node.id}`." if node.id in arguments else ""
                    said = f"One quantity is taken for another.{look}"
                    yield _Change("name", node, ast.Name(other, ast.Load()), said)


def _put_into(function: ast.FunctionDef) -> dict[int, str]:
    """Return by node the name of the list that it is put into by a method."""
    calls = [n for n in ast.walk(function) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
    owned = [one for one in calls if isinstance(one.func.value, ast.Name)]
    return {id(n): one.func.value.id for one in owned for argument in one.args for n in ast.walk(argument)}
