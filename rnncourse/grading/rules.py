"""What an answer may not use, found in its syntax tree, together with the ways around such a rule.

Nobody can decide from its text what a program does, so this is a rule and not a wall: it finds every use by name,
by another name, and through the usual back doors. The wall is that a forbidden shortcut still has to give the right
answers in a sandbox that holds no answers.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from rnncourse.checks.forbidden import forbidden_in, imported

_BACK_DOORS = frozenset({
    "__import__", "eval", "exec", "compile", "globals", "locals", "vars", "__builtins__", "breakpoint",
    "__loader__", "__spec__",
})  # fmt: skip
_HIDDEN_ATTRIBUTES = frozenset({
    "__dict__", "__globals__", "__builtins__", "__subclasses__", "__mro__", "__bases__", "__base__", "__code__",
    "__closure__", "__loader__", "__getattribute__", "__getattr__", "__import__", "f_globals", "f_locals",
    "f_builtins", "tb_frame", "gi_frame",
})  # fmt: skip
_BACK_DOOR_MODULES = frozenset({
    "importlib", "imp", "runpy", "pkgutil", "sys", "ctypes", "inspect", "gc", "builtins", "code", "codeop", "pickle",
    "marshal", "operator",
})  # fmt: skip


_HARMLESS_ELSEWHERE = _BACK_DOOR_MODULES | {"setattr"}
"""What an answer with a rule may not use, but what does it no harm in an answer that it does not call."""


def used(
    sources: Mapping[str, str], name: str, forbidden: Sequence[str], locked: Sequence[str] = ()
) -> list[str]:
    """Return what the answer `name` uses that it may not, each as it is written there.

    sources: all answers of the student: those whose functions the answer calls count as part of it, and so do
    those that change modules or functions which are not theirs. locked: the cells of the master that come before.
    """
    if not forbidden:
        return []
    if any(_too_deep(source) for source in sources.values()):
        return ["code nested too deeply to be read"]
    known = {}
    for source in locked:
        known |= imported(_tree(source) or ast.Module([], []))
    trees = {one: tree for one, source in sources.items() if (tree := _tree(source)) is not None}
    found: dict[str, None] = {}
    own = _reached(trees, [name])
    others = _reached(trees, [one for one, tree in trees.items() if one not in own and _meddles(tree)])
    names = known | {k: v for tree in trees.values() for k, v in imported(tree).items()}
    names |= _renamed(trees, names)
    for part in dict.fromkeys([*own, *others]):
        found |= dict.fromkeys(forbidden_in(sources[part], forbidden, names))
        found |= dict.fromkeys(_imports(trees[part], forbidden))
        doors = _back_doors(trees[part], forbidden)
        found |= dict.fromkeys(one for one in doors if part in own or one not in _HARMLESS_ELSEWHERE)
    return list(found)


def parts_of(sources: Mapping[str, str], name: str) -> set[str]:
    """Return the answers that the answer `name` calls, itself among them."""
    trees = {one: tree for one, source in sources.items() if (tree := _tree(source)) is not None}
    return set(_reached(trees, [name])) | {name}


def _too_deep(source: str) -> bool:
    """Say whether code cannot be read here, though Python might still run it."""
    try:
        ast.parse(source)
    except (RecursionError, MemoryError):
        return True
    except (SyntaxError, ValueError):
        return False
    return False


def _tree(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _reached(trees: Mapping[str, ast.Module], waiting: list[str]) -> list[str]:
    bound = {one: _bound(tree) for one, tree in trees.items()}
    parts: dict[str, None] = {}
    while waiting:
        one = waiting.pop(0)
        if one in parts or one not in trees:
            continue
        parts[one] = None
        read = {node.id for node in ast.walk(trees[one]) if isinstance(node, ast.Name)}
        waiting += [other for other, names in bound.items() if other != one and names & read]
    return list(parts)


def _bound(tree: ast.Module) -> set[str]:
    """Return the names that a cell gives a meaning to for the cells after it: not those inside of functions."""
    names, waiting = set(), list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
            names |= {one for inner in ast.walk(node) if isinstance(inner, ast.Global) for one in inner.names}
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif not isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            waiting += ast.iter_child_nodes(node)
    return names


def _meddles(tree: ast.Module) -> bool:
    """Say whether a cell changes attributes of, or entries in, something that came from elsewhere."""
    own = {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    own |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return any(_changes(node, own) for node in ast.walk(tree))


def _changes(node: ast.AST, own: set[str]) -> bool:
    if isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store):
        return _root(node) not in own
    if isinstance(node, ast.Name):
        return node.id == "setattr" or node.id in _BACK_DOORS
    return isinstance(node, ast.Attribute) and node.attr in {
        "setdefault",
        "__setattr__",
        "__dict__",
        "modules",
    }


def _root(node: ast.AST) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _renamed(trees: Mapping[str, ast.Module], names: Mapping[str, str]) -> dict[str, str]:
    """Return what names stand for that were given another name by a plain assignment, such as t = torch.nn."""
    found: dict[str, str] = {}
    for _ in range(4):  # a name of a name of a name
        for tree in trees.values():
            for node in ast.walk(tree):
                value = getattr(node, "value", None)
                if not isinstance(node, (ast.Assign, ast.NamedExpr, ast.AnnAssign)) or value is None:
                    continue
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                full = _full(value, {**names, **found})
                if full:
                    found |= {target.id: full for target in targets if isinstance(target, ast.Name)}
    return found


def _full(node: ast.AST, names: Mapping[str, str]) -> str:
    attributes = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in names:
        return ""
    return ".".join([names[node.id], *reversed(attributes)])


def _imports(tree: ast.Module, forbidden: Sequence[str]) -> list[str]:
    """Return the imports that bring a forbidden thing in, whether or not it is used, or everything at once."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if _inside(alias.name, forbidden)]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [name for name in names if _inside(name, forbidden) or _brings_all(name, forbidden)]
    return found


def _brings_all(name: str, forbidden: Sequence[str]) -> bool:
    return name.endswith(".*") and any(one.startswith(name[:-1]) for one in forbidden)


def _inside(full: str, forbidden: Sequence[str]) -> bool:
    return any(full == one or full.startswith(f"{one}.") for one in forbidden)


def _back_doors(tree: ast.Module, forbidden: Sequence[str]) -> list[str]:
    """Return the uses of what could fetch anything by a text."""
    found = []
    ends = {one.rpartition(".")[2] for one in forbidden}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in _BACK_DOORS:
            found.append(node.id)
        elif isinstance(node, ast.Attribute) and node.attr in _HIDDEN_ATTRIBUTES:
            found.append(node.attr)
        elif isinstance(node, ast.Attribute) and node.attr == "modules" and _root(node) == "sys":
            found.append("sys.modules")
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            modules = (
                [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
            )
            found += [one for one in modules if one.partition(".")[0] in _BACK_DOOR_MODULES]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("getattr", "setattr", "delattr"):
            if not _harmless(node, ends):
                found.append(node.func.id)
        elif isinstance(node, ast.Name) and node.id in ("getattr", "setattr") and not _is_called(tree, node):
            found.append(node.id)
    return found


def _harmless(call: ast.Call, ends: set[str]) -> bool:
    """Say whether an attribute is fetched by a text that stands there and is not forbidden."""
    name = call.args[1] if len(call.args) > 1 else None
    if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
        return False
    return name.value not in ends | _HIDDEN_ATTRIBUTES and call.func.id != "setattr"


def _is_called(tree: ast.Module, name: ast.Name) -> bool:
    return any(isinstance(node, ast.Call) and node.func is name for node in ast.walk(tree))
