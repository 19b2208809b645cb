"""What a task forbids: whole modules, which are withheld, and single functions, which are looked for by their names.

This file stands alone: the worker reads the names of functions with it where students' code is graded.
"""

from __future__ import annotations

import ast
import inspect
import os
import textwrap
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib.machinery import PathFinder
from typing import Any

_NEEDED = "numpy"
"""Every answer uses it, so that only single functions of it can be forbidden."""

_WHOLE = "torch"
"""It cannot be loaded without its parts, so that forbidding one of them withholds all of it."""


def withheld(forbidden: Iterable[str], imported: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the modules that these dotted names forbid, but for those that are `imported` for everybody."""
    found = {_module(name) for name in forbidden} - {""}
    return tuple(sorted(one for one in found if not any(_within(other, one) for other in imported)))


def files(modules: Iterable[str]) -> dict[str, str]:
    """Return, by the beginning of the path, which of `modules` a file belongs to."""
    return {beginning: module for module in modules for beginning in _beginnings(module)}


def single_functions(forbidden: Iterable[str], modules: Sequence[str]) -> tuple[str, ...]:
    """Return the forbidden names that do not lie in one of the withheld `modules`."""
    return tuple(name for name in forbidden if not any(_within(name, one) for one in modules))


def named_in(function: Callable, forbidden: Sequence[str]) -> list[str]:
    """Return the names in a function's source that lead to one of the `forbidden` functions."""
    if not forbidden:
        return []
    return forbidden_in(_source(function), forbidden, known_names(getattr(function, "__globals__", {})))


@cache
def _module(name: str) -> str:
    """Return the module to be withheld for a dotted name: itself, all of torch, or "" for a function."""
    first = name.partition(".")[0]
    if first in (_NEEDED, _WHOLE):
        return "" if first == _NEEDED else first
    package, _, _ = name.rpartition(".")
    return name if _is_module(name) or not _is_module(package) else ""


@cache
def _is_module(name: str) -> bool:
    """Say whether there is a module of that name, without importing anything."""
    package, _, _ = name.rpartition(".")
    if not package:
        return PathFinder.find_spec(name) is not None
    return _is_module(package) and PathFinder.find_spec(name, _places(package)) is not None


@cache
def _beginnings(module: str) -> tuple[str, ...]:
    if not _is_module(module):
        return ()
    package, _, _ = module.rpartition(".")
    origin = PathFinder.find_spec(module, _places(package) if package else None).origin
    return tuple(f"{folder}{os.sep}" for folder in _places(module)) or ((origin,) if origin else ())


def _places(package: str) -> list[str]:
    """Return the folders in which the modules of a package lie."""
    above, _, _ = package.rpartition(".")
    spec = PathFinder.find_spec(package, _places(above) if above else None)
    return list(spec.submodule_search_locations or []) if spec else []


def _within(name: str, module: str) -> bool:
    return f"{name}.".startswith(f"{module}.")


def _source(function: Callable) -> str:
    """Return the source of a function, "" where Python does not know it."""
    try:
        return textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        return ""


def forbidden_in(source: str, forbidden: Sequence[str], known: Mapping[str, str]) -> list[str]:
    """Return the names in `source` that lead to one of the dotted names in `forbidden`, as written there.

    known: what names stand for before the source runs, such as {"nn": "torch.nn"}; imports in the source count too.
    A name that the source gives a meaning of its own, as an argument or in a loop, stands for nothing else.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    own = _own_names(tree)
    names = {name: full for name, full in known.items() if name not in own} | imported(tree)
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Name, ast.Attribute)) and (written := dotted(node)):
            first, _, rest = written.partition(".")
            if first in own and first not in names:
                continue
            full = names.get(first, first) + (f".{rest}" if rest else "")
            if any(_leads_to(full, name) for name in forbidden):
                found[written] = None
    long = list(found)
    return [name for name in long if not any(other.startswith(f"{name}.") for other in long)]


def imported(tree: ast.AST) -> dict[str, str]:
    """Return what the names that a piece of code imports stand for."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _own_names(tree: ast.AST) -> set[str]:
    """Return the names that are arguments or are assigned to."""
    arguments = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return arguments | {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def known_names(namespace: Mapping[str, Any]) -> dict[str, str]:
    """Return what the modules, classes and functions in a namespace are called where they were defined."""
    known = {}
    for name, value in namespace.items():
        if isinstance(value, types.ModuleType):
            known[name] = value.__name__
        elif callable(value) and getattr(value, "__module__", None) not in (None, "__main__"):
            known[name] = f"{value.__module__}.{getattr(value, '__qualname__', name)}"
    return known


def _leads_to(full: str, forbidden: str) -> bool:
    """Say whether a dotted name is the forbidden one, lies inside it, or is where it was really defined."""
    if full == forbidden or full.startswith(f"{forbidden}."):
        return True
    package, _, last = forbidden.rpartition(".")
    return bool(package) and full.endswith(f".{last}") and full.startswith(f"{package}.")


def dotted(node: ast.AST) -> str:
    """Return a name with its attributes, as "nn.LSTM"; "" for what does not begin with a name."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])
