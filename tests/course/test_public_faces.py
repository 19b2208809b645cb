"""Chapters and exercises import public faces only: `from rnncourse import …` or `from rnncourse.package import …`."""

from __future__ import annotations

import ast
import importlib
import importlib.util
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(
    file for folder in ("chapters", "solutions", "exercises") for file in (ROOT / folder).rglob("*.ipynb")
)
FACES = (
    "analysis",
    "bridge",
    "checks",
    "data",
    "errors",
    "in_numpy",
    "in_torch",
    "notation",
    "viz",
    "widgets",
)


def behind_the_face(source: str) -> list[str]:
    """Return the imports in a cell that reach past a public face."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "rnncourse":
            found += [
                f"{node.module}.{alias.name}" for alias in node.names if not _public(node.module, alias.name)
            ]
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.startswith("rnncourse.")]
    return found


def _public(module: str, name: str) -> bool:
    parts = module.split(".")
    if len(parts) == 1:
        return name in (*FACES, "__version__")
    # Each module of analysis is a laboratory of its own, and its own face.
    deepest = 3 if parts[1] == "analysis" else 2
    if len(parts) > deepest or parts[1] not in FACES or name.startswith("_"):
        return False
    face = importlib.import_module(module)
    return name in getattr(face, "__all__", dir(face)) or _is_module(f"{module}.{name}")


def _is_module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_notebook_imports_public_faces_only(path):
    notebook = nbformat.read(path, as_version=4)
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    plain = ["\n".join(line for line in s.splitlines() if not line.startswith(("%", "!"))) for s in sources]
    assert [name for source in plain for name in behind_the_face(source)] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from rnncourse import data, viz", []),
        ("from rnncourse.in_numpy import LSTM", []),
        ("from rnncourse.analysis import gates", []),
        ("from rnncourse.analysis.gates import hold", []),
        ("def f():\n    from rnncourse.data.tasks import recall_task", ["rnncourse.data.tasks.recall_task"]),
        ("from rnncourse.in_both import training", ["rnncourse.in_both.training"]),
        ("from rnncourse.viz import _show", ["rnncourse.viz._show"]),
        ("from rnncourse.in_numpy import Layer2", ["rnncourse.in_numpy.Layer2"]),
        ("import rnncourse.viz", ["rnncourse.viz"]),
        ("from rnncourse import cli", ["rnncourse.cli"]),
    ],
)
def test_what_reaches_past_a_face_is_found(source, found):
    assert behind_the_face(source) == found
