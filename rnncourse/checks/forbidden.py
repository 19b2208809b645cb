"""Does an answer use what the task asks the learner to write? Names are looked up, never run."""

from __future__ import annotations

import ast
import types
from collections.abc import Mapping, Sequence
from typing import Any


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
        elif isinstance(value, (type, types.FunctionType)) and value.__module__ != "__main__":
            known[name] = f"{value.__module__}.{value.__qualname__}"
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
