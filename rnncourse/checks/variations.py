"""The model answer with one thing changed: what learners write who are right except for one thing.

A learner's answers that agree with a variation on every input are wrong in just that way, whatever the code looks
like. Tests run every variation to see that none is taken for right.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations, islice, pairwise, permutations, product
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


_REDUCTIONS = {
    "mean": ("sum", "max"),
    "sum": ("mean", "prod", "max"),
    "max": ("min", "mean"),
    "min": ("max", "mean"),
    "argmax": ("argmin",),
    "argmin": ("argmax",),
    "all": ("any",),
    "any": ("all",),
    "std": ("var",),
    "var": ("std",),
    "cumsum": ("cumprod",),
    "cumprod": ("cumsum",),
    "maximum": ("minimum",),
    "minimum": ("maximum",),
    "zeros": ("ones",),
    "ones": ("zeros",),
    "zeros_like": ("ones_like",),
    "ones_like": ("zeros_like",),
}
"""What is written in place of what, by a slip or because the two are mixed up."""

_TAKEN = {
    "{}[::-1]": "in reverse",
    "{}.T": "transposed",
    "-{}": "with the opposite sign",
    "1 - {}": "as 1 minus its value",
    "{} + 1": "with 1 added to it",
    "{} - 1": "with 1 subtracted from it",
    "2 * {}": "with a factor of 2",
    "{} ** 2": "squared",
    "np.sqrt(np.abs({}))": "with a square root around it",
    "np.abs({})": "without its sign",
    "np.tanh({})": "with a `tanh` around it",
    "1 / (1 + np.exp(-{}))": "with a sigmoid around it",
    "0 * {}": "as if it were 0",
    "0 * {} + 1": "as if it were 1",
    "np.roll({}, 1, axis=0)": "one place late, with the last entry in front",
    "np.roll({}, -1, axis=0)": "one place early, with the first entry at the end",
    "0 * {0} + {0}[:1]": "as if its first value were the only one",
    "0 * {0} + {0}[-1:]": "as if its last value were the only one",
    "0 * {0} + {0}[:, :1]": "as if its first column were the only one",
    "0 * {0} + np.sum({0}, axis=0)": "summed over its first axis",
    "0 * {0} + np.max({0})": "as if every entry were the largest one",
    "0 * {0} + np.min({0})": "as if every entry were the smallest one",
    "{0} * np.eye(len({0}))": "as if only its diagonal counted",
    "np.add.accumulate({}, axis=0)": "as a running sum",
    "np.sort({}, axis=0)": "sorted",
}
"""How an argument may be used that should be used as it is."""

_PAIRS = 1300
"""At most this many pairs of changes are tried."""

_WIDE = ("term", "sign")
"""Kinds of changes that leave inner parts as they are, so that those can be changed along with them."""

VAGUE = ("number", "name", "kept")
"""Kinds of changes about which little can be said except that there is one."""


@dataclass(frozen=True)
class _Change:
    """An expression or a statement of the tree, what to put in its place, and what is said about that.

    more: what else is changed along with it.
    """

    kind: str
    old: ast.AST
    new: ast.AST | list[ast.stmt]
    text: str
    more: tuple[tuple[ast.AST, ast.AST], ...] = ()

    @property
    def places(self) -> tuple[tuple[ast.AST, ast.AST | list[ast.stmt]], ...]:
        """All that is changed at once, as (old, new)."""
        return ((self.old, self.new), *self.more)


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
    _number: int

    @property
    def everywhere(self) -> bool:
        """Whether it is made at every place of its kind."""
        return self.text.endswith(_ALL)

    @property
    def change(self) -> str:
        """The change itself."""
        return f"{self.kind}: {_line(self._change.old)} → {_line(self._change.new)}"


def variations(task: Task) -> tuple[Variation, ...]:
    """Return the variations of a task's model answer; none where there is no model answer."""
    return _variations(task.name, task.called)[0]


def pairs(task: Task) -> Iterator[tuple[Variation, Variation, Callable]]:
    """Yield every two variations of which something can be said, and the model answer with both of them."""
    some, turned = _variations(task.name, task.called)
    quiet = (*VAGUE, "argument")
    telling = [
        one for one in some if one.kind not in quiet and one.function == task.called and not one.everywhere
    ]
    for one, other in islice(combinations(telling, 2), _PAIRS):
        yield one, other, turned(one._number, other._number)


@cache
def _variations(name: str, called: str) -> tuple[tuple[Variation, ...], Callable[..., Callable]]:
    """Return the variations, and what makes a function with some of them switched on."""
    tree = model.definition(name, called)
    if tree is None:
        return (), lambda *on: None
    trees = [tree, *model.helpers(name, called)]
    for one in trees:
        _spell_out_bounds(one)
    # In each function, those of which little can be said come last.
    found = [(c, one.name) for one in trees for c in sorted(_changes(one), key=lambda c: c.kind in VAGUE)]
    if len(trees) > 1:
        # What the arguments of a helper are is up to the function that calls it; its dictionary is the learner's.
        found = [(c, of) for c, of in found if of == called or c.kind != "argument" or "[" in c.text]
    changes = [change for change, _ in found]
    names = dict(model.names(name))
    whole = ast.Module([_switched(one, changes) for one in trees], [])
    exec(compile(ast.fix_missing_locations(whole), "<variation>", "exec"), names)

    def turned(*on: int) -> Callable:
        return _turned(names, called, on)

    made = (Variation(c.kind, c.text, turned(i), which, c, i) for i, (c, which) in enumerate(found))
    return tuple(made), turned


def _turned(names: dict[str, Any], called: str, on: tuple[int, ...]) -> Callable:
    """Return the function with the changes of the numbers `on` switched on and a memory of its own."""
    kept: dict[str, Any] = {}

    def answer(*args: Any, **kwargs: Any) -> Any:
        names["_on"], names["_kept"] = on, lambda key, make: _keep(kept, key, make)
        return names[called](*args, **kwargs)

    return answer


def _spell_out_bounds(tree: ast.AST) -> None:
    """Give every slice that begins at the start the lower bound None, so that it can be moved."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Slice) and node.lower is None:
            node.lower = ast.Constant(None)


def _switched(tree: ast.AST, changes: list[_Change]) -> ast.AST:
    """Return one tree that holds all changes, each behind a test of the name `_on`: compiled once, not for each."""
    at: dict[int, list[tuple[int, Any]]] = {}
    for i, change in enumerate(changes):
        for old, new in change.places:
            at.setdefault(id(old), []).append((i, new))

    def visit(node: Any, inside: bool = False) -> Any:
        """inside: whether this is in the place of something already; there, only what is found within is changed."""
        if isinstance(node, list):
            return [visit(one, inside) for one in node]
        if not isinstance(node, ast.AST):
            return node
        made = _with(node, **{name: visit(value, inside) for name, value in ast.iter_fields(node)})
        for i, new in at.get(id(node), ()):
            if inside and changes[i].kind in _WIDE:
                continue
            if not inside and changes[i].kind in _WIDE and not changes[i].more:
                new = visit(new, inside=True)
            test = _expr(f"{i} in _on")
            if isinstance(new, ast.expr):
                made = ast.IfExp(test, new, made)
            else:
                made = ast.If(test, new if isinstance(new, list) else [new], [made])
        return made

    return visit(tree)


def _keep(kept: dict[str, Any], key: str, make: Callable[[], Any]) -> Any:
    return kept[key] if key in kept else kept.setdefault(key, make())


def _line(node: ast.AST | list[ast.stmt]) -> str:
    if isinstance(node, list):
        return "; ".join(map(_line, node))
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
    yield from _everywhere(_single_changes(function))


def _single_changes(function: ast.FunctionDef) -> Iterator[_Change]:
    for node in ast.walk(function):
        for look in _LOOKS.get(type(node), ()):
            yield from look(node)
    yield from _kept(function)
    yield from _dropped(function)
    yield from _unpacked(function)
    yield from _in_another_order(function)
    yield from _started_anew(function)
    yield from _taken(function)
    yield from _mistaken(function)


def _everywhere(changes: Iterator[_Change]) -> Iterator[_Change]:
    """Yield changes, and after them as one what can be changed in the same way at several places."""
    alike: dict[tuple[str, ...], list[_Change]] = {}
    for change in changes:
        yield change
        if not change.more and not isinstance(change.new, list):
            alike.setdefault(_sort(change), []).append(change)
    for some in alike.values():
        places = {id(one.old): one for one in some}
        if len(places) > 1 and not _nested([one.old for one in places.values()]):
            first, *rest = places.values()
            yield replace(first, text=f"{first.text} {_ALL}", more=tuple((one.old, one.new) for one in rest))


_ALL = "The same is true in every place of that kind."


def _sort(change: _Change) -> tuple[str, ...]:
    """Return what two changes must share to be of one kind."""
    if change.kind in ("name", "index", "bound", "number"):
        return change.kind, _line(change.old), _line(change.new)
    return change.kind, change.text.partition(":")[0], type(change.new).__name__


def _nested(nodes: list[ast.AST]) -> bool:
    """Say whether one of the nodes lies inside another."""
    own = {id(one) for one in nodes}
    return any(id(inner) in own for node in nodes for inner in ast.walk(node) if inner is not node)


def _loops(node: ast.For | ast.comprehension) -> Iterator[_Change]:
    text = ast.unparse(node.iter)
    for cut, which in (("[:-1]", "last"), ("[1:]", "first")):
        said = f"A loop leaves out its {which} iteration."
        yield _Change("loop", node.iter, _expr(f"list({text}){cut}"), said)
    if isinstance(node, ast.For):
        yield _Change("order", node.iter, _expr(f"list({text})[::-1]"), "A loop runs backward.")


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
            where = "starts at the very beginning" if end == "lower" else "goes on to the very end"
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
        said = "An entry-by-entry product, `*`, is used where a matrix product belongs."
        yield _Change("sign", node, ast.BinOp(node.left, ast.Mult(), node.right), said)
    if isinstance(node.op, (ast.Sub, ast.Div, ast.MatMult, ast.Pow)):
        what = {ast.Sub: "difference", ast.Div: "quotient", ast.Pow: "power"}.get(type(node.op), "product")
        said = f"The two sides of a {what} are the wrong way around."
        yield _Change("sides", node, ast.BinOp(node.right, node.op, node.left), said)
    if isinstance(node.op, ast.Pow):
        said = "The absolute value is used where a power belongs."
        yield _Change("power", node, _expr(f"np.abs({ast.unparse(node.left)})"), said)
    if isinstance(node.op, ast.FloorDiv):
        yield _Change(
            "sign", node, ast.BinOp(node.left, ast.Div(), node.right), "`/` is used where `//` belongs."
        )
    if isinstance(node.op, ast.Mult):
        for side in (node.left, node.right):
            if _named(side) and not isinstance(side, ast.BinOp):
                said = f"1 minus something is used where the thing itself belongs: {_named(side)}."
                yield _Change("complement", side, _expr(f"(1 - {ast.unparse(side)})"), said)
    for other in _OPPOSITE.get(type(node.op), ()):
        said = f"In one place, there is {_SIGNS[other]} where {_SIGNS[type(node.op)]} belongs."
        yield _Change("sign", node, ast.BinOp(node.left, other(), node.right), said)
    if isinstance(node.op, ast.Add):
        larger = _expr(f"np.maximum({ast.unparse(node.left)}, {ast.unparse(node.right)})")
        yield _Change("sign", node, larger, "The maximum of two things is taken where they should be added.")
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
            "transpose",
            side,
            new,
            f"In one product, a `.T` is missing, or is there but should not be{about}.",
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


def _boolean(node: ast.BoolOp) -> Iterator[_Change]:
    for one in node.values:
        yield _Change("condition", node, one, "Two conditions must be looked at, but one of them is ignored.")
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    yield _Change("condition", node, ast.BoolOp(other, node.values), "`and` and `or` are mixed up.")


def _unary(node: ast.UnaryOp) -> Iterator[_Change]:
    said = "A `not` is missing." if isinstance(node.op, (ast.Not, ast.Invert)) else "A minus sign is missing."
    if not isinstance(node.operand, ast.Constant):
        yield _Change("sign", node, node.operand, said)


def _branches(node: ast.IfExp) -> Iterator[_Change]:
    said = "The two outcomes of a condition are the wrong way around."
    yield _Change("branch", node, ast.IfExp(node.test, node.orelse, node.body), said)
    for taken in (node.body, node.orelse):
        yield _Change("branch", node, taken, "Two cases must be told apart, but one of them never occurs.")


def _conditions(node: ast.If) -> Iterator[_Change]:
    for value in ("True", "False"):
        said = "Two cases must be told apart, but one of them never occurs."
        yield _Change("branch", node.test, _expr(value), said)


def _numbers(node: ast.Constant) -> Iterator[_Change]:
    if type(node.value) in (int, float):
        for by, word in ((1, "large"), (-1, "small")):
            said = f"A number or a position is one too {word}."
            yield _Change("number", node, ast.Constant(node.value + by), said)


def _calls(node: ast.Call) -> Iterator[_Change]:
    name = ast.unparse(node.func)
    said = f"`{name.removeprefix('np.')}` is missing in one place."
    if name.endswith("where") and len(node.args) == 3:
        for kept in node.args[1:]:
            yield _Change("mask", node, kept, "What should depend on a condition is the same everywhere.")
        test, one, other = node.args
        said = "The two outcomes of a condition are the wrong way around."
        yield _Change("mask", node, _with(node, args=[test, other, one]), said)
    elif name.endswith(".copy"):
        yield _Change("copy", node, node.func.value, "A copy is missing.")
    elif len(node.args) == 1 and not node.keywords:
        yield _Change("call", node, node.args[0], said)
    elif not node.args and isinstance(node.func, ast.Attribute):
        yield _Change("call", node, node.func.value, f"`{node.func.attr}` is missing in one place.")
    for keyword in node.keywords:
        if keyword.arg == "axis":
            rest = [one for one in node.keywords if one is not keyword]
            said = "Something is computed over all axes at once that should be computed along one."
            yield _Change("axis", node, _with(node, keywords=rest), said)
            yield from _along_another(node, keyword, rest)
    yield from _reduced(node)
    if name in _SQUASHING and len(node.args) == 1:
        yield from _squashed(node, name)


def _along_another(node: ast.Call, axis: ast.keyword, rest: list[ast.keyword]) -> Iterator[_Change]:
    """Yield what is computed along another axis than it should be."""
    for other in (0, 1, 2):
        if ast.unparse(axis.value) != str(other):
            new = _with(node, keywords=[*rest, ast.keyword("axis", _expr(str(other)))])
            yield _Change("axis", node, new, "Something is computed along the wrong axis.")


def _reduced(node: ast.Call) -> Iterator[_Change]:
    """Yield another function of the same kind: a mean for a sum, a largest for a smallest."""
    plain = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
    for other in _REDUCTIONS.get(plain, ()):
        func = _with(node.func, attr=other) if isinstance(node.func, ast.Attribute) else _expr(f"np.{other}")
        said = f"`{other}` is used where `{plain}` belongs."
        yield _Change("reduction", node, _with(node, func=func), said)
    if plain in ("maximum", "minimum", "max", "min") and len(node.args) == 2:
        for one in node.args:
            yield _Change("call", node, one, f"A limit is missing: `{plain}` never takes effect.")


def _squashed(node: ast.Call, name: str) -> Iterator[_Change]:
    plain, inner = name.removeprefix("np."), ast.unparse(node.args[0])
    for other, form in _SQUASHING[name].items():
        what = other if other == "ReLU" else f"`{other}`"
        yield _Change("squash", node, _expr(form.format(inner)), f"{what} is used where `{plain}` belongs.")
    twice = _expr(f"{name}({name}({inner}))")
    yield _Change("squash", node, twice, f"`{plain}` is applied twice in one place.")
    yield from _only_a_part(node, name, plain)


def _only_a_part(node: ast.Call, name: str, plain: str) -> Iterator[_Change]:
    """Yield a function of a sum that is taken of some of its terms only, or of each by itself."""
    terms = _summed(getattr(node, "spelled_out", node.args[0]))
    if len(terms) < 2:
        return
    said = f"`{plain}` is applied to a part of a sum, or to its terms one by one. It belongs around the whole sum."
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
    ast.BoolOp: (_boolean,),
    ast.UnaryOp: (_unary,),
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
            if isinstance(node.op, ast.Add):
                larger = _expr(f"np.maximum({ast.unparse(node.target)}, {ast.unparse(node.value)})")
                new = ast.Assign([node.target], larger, lineno=1)
                yield _Change(
                    "statement", node, new, "The maximum of two things is kept where they should be added."
                )


def _blocks(function: ast.FunctionDef) -> Iterator[list[ast.stmt]]:
    """Yield the lists of statements that follow one another."""
    for node in ast.walk(function):
        for name in ("body", "orelse"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                yield block


def _unpacked(function: ast.FunctionDef) -> Iterator[_Change]:
    """Yield what is unpacked at once into names in every other order."""
    for node in ast.walk(function):
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if not isinstance(target, ast.Tuple) or isinstance(node.value, ast.Tuple) or len(target.elts) > 4:
            continue
        for order in list(permutations(target.elts))[1:]:
            if list(map(ast.unparse, order)) == list(map(ast.unparse, target.elts)):
                continue
            moved = [n for n, (a, b) in enumerate(zip(order, target.elts, strict=True)) if a is not b]
            some = [f"`{ast.unparse(target.elts[n])}`" for n in moved]
            said = f"Parts that come in a fixed order are unpacked in a different one: {_listed(some)}."
            yield _Change(
                "swap", node, ast.Assign([ast.Tuple(list(order), ast.Store())], node.value, lineno=1), said
            )


def _listed(some: list[str]) -> str:
    return " and ".join([", ".join(some[:-1]), some[-1]]) if len(some) > 1 else "".join(some)


def _in_another_order(function: ast.FunctionDef) -> Iterator[_Change]:
    """Yield two consecutive statements in the opposite order."""
    for block in _blocks(function):
        for one, other in pairwise(block):
            if isinstance(one, ast.Return) or isinstance(other, ast.Return) or _apart(one, other):
                continue
            said = (
                "Two steps come in the wrong order: something is used or stored before or after it should be."
            )
            yield _Change("sequence", one, other, said, ((other, one),))


def _apart(one: ast.stmt, other: ast.stmt) -> bool:
    """Say whether two statements have nothing to do with each other, so that their order does not matter."""
    used = [{_place(n) for n in ast.walk(s)} for s in (one, other)]
    jumps = any(isinstance(n, (ast.Break, ast.Continue)) for s in (one, other) for n in ast.walk(s))
    return not jumps and not (_changed(one) & used[1] or _changed(other) & used[0])


def _changed(statement: ast.stmt) -> set[str]:
    """Return the names that a statement gives values, changes by a method, or writes into."""
    found = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        written = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
        method = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if written:
            found.add(_place(node))
        elif method and node.func.attr in _CHANGING:
            found.add(_place(node.func.value))
    loops = [node.target for node in ast.walk(statement) if isinstance(node, ast.comprehension)]
    return found - {""} - {_place(inner) for target in loops for inner in ast.walk(target)}


_CHANGING = ("append", "extend", "insert", "pop", "remove", "sort", "zero_grad", "backward", "step")
"""Methods that change what they belong to."""


def _place(node: ast.AST) -> str:
    """Return a name, or an entry of a dictionary, as it is written; of other entries the array's name; "" elsewhere."""
    if (
        isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and type(node.slice.value) is str
    ):
        return ast.unparse(node)
    if isinstance(node, ast.Subscript):
        return _place(node.value)
    return node.id if isinstance(node, ast.Name) else ""


def _started_anew(function: ast.FunctionDef) -> Iterator[_Change]:
    """Yield loops in which every iteration begins with what only the first should begin with, or ends the function."""
    last = function.body[-1]
    for block in _blocks(function):
        for i, loop in enumerate(block):
            if not isinstance(loop, ast.For):
                continue
            for start in (one for one in block[:i] if isinstance(one, ast.Assign)):
                for target, value in _assigned(start):
                    if ast.unparse(target) not in set().union(*map(_changed, loop.body)):
                        continue
                    new = _with(loop, body=[ast.Assign([target], value, lineno=1), *loop.body])
                    about = f": {_named(value)}" if _named(value) else ""
                    said = f"Every iteration of a loop starts over, but should continue from the previous one{about}."
                    yield _Change("anew", loop, new, said)
            if isinstance(last, ast.Return):
                new = _with(loop, body=[*loop.body, last])
                yield _Change(
                    "return", loop, new, "A loop ends after its first iteration. Is a `return` inside it?"
                )


def _assigned(node: ast.Assign) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield the names of an assignment with their values, each by itself."""
    target = node.targets[0]
    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
        yield from zip(target.elts, node.value.elts, strict=True)
    elif isinstance(target, ast.Name):
        yield target, node.value


def _taken(function: ast.FunctionDef) -> Iterator[_Change]:
    """Yield arguments, and entries of dictionaries among them, that are used in a way other than as they are."""
    names, first = [one.arg for one in function.args.args], function.body[0]
    for one, other in combinations(names, 2):
        before = ast.parse(f"{one}, {other} = {other}, {one}").body[0]
        said = f"`{one}` and `{other}` are mixed up."
        yield _Change("argument", first, [before, first], said)
    for name, key in dict.fromkeys([*((one, "") for one in names), *_keys(function, names)]):
        entry = f"{name}[{key!r}]" if key else name
        for template, how in _TAKEN.items():
            value = template.format(entry)
            code = f"{name} = {{**{name}, {key!r}: {value}}}" if key else f"{name} = {value}"
            said = f"`{entry}` is used {how}."
            yield _Change("argument", first, [ast.parse(code).body[0], first], said)
    keys = list(dict.fromkeys(_keys(function, names)))
    for (name, one), (other_name, other) in combinations(keys, 2):
        if name == other_name:
            code = f"{name} = {{**{name}, {one!r}: {name}[{other!r}], {other!r}: {name}[{one!r}]}}"
            said = f"`{name}[{one!r}]` and `{name}[{other!r}]` are mixed up."
            yield _Change("argument", first, [ast.parse(code).body[0], first], said)


def _keys(function: ast.FunctionDef, names: list[str]) -> list[tuple[str, str]]:
    """Return the entries that are read of the arguments that are dictionaries."""
    read = [n for n in ast.walk(function) if isinstance(n, ast.Subscript) and isinstance(n.value, ast.Name)]
    return [
        (one.value.id, one.slice.value)
        for one in read
        if one.value.id in names and isinstance(one.slice, ast.Constant) and isinstance(one.slice.value, str)
    ]


def _mistaken(function: ast.FunctionDef) -> Iterator[_Change]:
    """Yield one of the function's own names in the place of another.

    Not in what a loop runs over, nor that for what a method changes: a list that grows while a loop runs over it has
    no end. Nor a list for what is put into it, which NumPy would follow forever.
    """
    arguments = [one.arg for one in function.args.args]
    stored = (n for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    own = [*arguments, *(name.id for name in stored)]
    loops = [n.iter for n in ast.walk(function) if isinstance(n, (ast.For, ast.comprehension))]
    over = {id(inner) for loop in loops for inner in ast.walk(loop)}
    run_over = {inner.id for loop in loops for inner in ast.walk(loop) if isinstance(inner, ast.Name)}
    owners = {
        id(n.func.value)
        for n in ast.walk(function)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)
    }
    into = _put_into(function)
    for node in ast.walk(function):
        if id(node) in over:
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in own:
            for other in dict.fromkeys(own):
                if other not in (node.id, into.get(id(node))) and not (
                    id(node) in owners and other in run_over
                ):
                    # The answer has `other` where the model answer has the node.
                    look = f" Look at each place where you use `{other}`." if other in arguments else ""
                    said = f"One quantity is taken for another.{look}"
                    yield _Change("name", node, ast.Name(other, ast.Load()), said)


def _put_into(function: ast.FunctionDef) -> dict[int, str]:
    """Return by node the name of the list that it is put into by a method."""
    calls = [n for n in ast.walk(function) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
    owned = [one for one in calls if isinstance(one.func.value, ast.Name)]
    return {id(n): one.func.value.id for one in owned for argument in one.args for n in ast.walk(argument)}
