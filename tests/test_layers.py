"""Every file imports strictly lower layers, siblings not one another, and nothing goes in circles."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "rnncourse"
LAYERS = {
    "__init__": -3,
    "errors": -2,
    "environment": -2,
    "files": -2,
    "arguments": -1,
    "markup": -1,
    "learner_file": -1,
    "question_cells": -1,
    "predictions": 0,
    "notation": 0,
    "in_both": 0,
    "data": 0,
    "in_numpy": 1,
    "in_torch": 1,
    "viz": 1,
    "bridge": 2,
    "analysis": 2,
    "widgets": 3,
    "checks": 3,
    "lab": 4,
    "building": 4,
    "grading": 4,
    "cli": 5,
}
WITHOUT_TORCH = {
    "__init__",
    "errors",
    "environment",
    "files",
    "arguments",
    "markup",
    "learner_file",
    "predictions",
    "question_cells",
    "notation",
    "in_both",
    "data",
    "in_numpy",
    "viz",
}


def violations(package: Path) -> list[str]:
    """Return what is wrong with the imports in `package`, one line each."""
    modules = {_module_name(file, package): file for file in sorted(package.rglob("*.py"))}
    found, inside = [], {}
    for name, file in modules.items():
        unit = _unit(name)
        if unit not in LAYERS:
            found.append(f"{name}: {unit} has no layer; give it one in tests/test_layers.py")
            continue
        imported = imports(ast.parse(file.read_text(encoding="utf-8")), name, file.stem == "__init__")
        if unit in WITHOUT_TORCH and any(target.split(".")[0] == "torch" for target in imported):
            found.append(f"{name} imports torch, but {unit} must work without it")
        own = {_existing(target, modules) for target in imported if target.split(".")[0] == "rnncourse"}
        inside[name] = {target for target in own if _unit(target) == unit and target != name}
        if {"in_numpy", "in_torch"} <= {_unit(target) for target in own} and unit != "bridge":
            found.append(f"{name} imports both engines, which only bridge does")
        found += [line for target in sorted(own) if (line := _against_layers(name, target))]
    try:
        TopologicalSorter(inside).prepare()
    except CycleError as error:
        found.append(f"imports in a circle: {' -> '.join(error.args[1])}")
    return found


def imports(tree: ast.Module, module: str, is_package: bool) -> set[str]:
    """Return the dotted names that the file imports anywhere, functions included."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, module, is_package)
            found |= {f"{base}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__"):
            found |= {arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant)}
    return found


def _absolute(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    if node.level == 0:
        return node.module
    above = node.level - is_package
    base = module.split(".")[: -above or None]
    return ".".join([*base, *([node.module] if node.module else [])])


def _called(node: ast.Call) -> str:
    return getattr(node.func, "id", getattr(node.func, "attr", ""))


def _module_name(file: Path, package: Path) -> str:
    parts = file.relative_to(package).with_suffix("").parts
    return ".".join(["rnncourse", *(part for part in parts if part != "__init__")])


def _existing(target: str, modules: dict) -> str:
    """Return the module that `target` names, which may be a name inside one."""
    while target not in modules and "." in target:
        target = target.rpartition(".")[0]
    return target


def _unit(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def _against_layers(importer: str, target: str) -> str | None:
    unit, other = _unit(importer), _unit(target)
    if unit == other or other not in LAYERS:
        return None
    if LAYERS[other] == LAYERS[unit]:
        return f"{importer} imports {target}: {unit} and {other} are siblings"
    if LAYERS[other] > LAYERS[unit]:
        return f"{importer} (layer {LAYERS[unit]}) imports {target} (layer {LAYERS[other]})"
    return None


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_package_keeps_its_layers():
    assert violations(PACKAGE) == []


def test_all_units_are_found():
    units = {_unit(_module_name(file, PACKAGE)) for file in PACKAGE.rglob("*.py")}
    assert {"errors", "data", "in_numpy", "in_torch", "viz", "widgets", "cli"} <= units


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"data/a.py": "from rnncourse.in_numpy import cells"},
            "rnncourse.data.a (layer 0) imports rnncourse",
        ),
        ({"data/a.py": "def f():\n    from rnncourse import widgets"}, "(layer 0) imports rnncourse"),
        ({"viz/a.py": "from ..in_numpy.cells import x"}, "viz and in_numpy are siblings"),
        ({"in_numpy/cells.py": "def f():\n    import torch.nn"}, "in_numpy must work without it"),
        ({"viz/a.py": "from torch import nn"}, "viz must work without it"),
        ({"data/a.py": "import importlib\nimportlib.import_module('torch')"}, "data must work without it"),
        (
            {"widgets/a.py": "from rnncourse import in_numpy, in_torch"},
            "both engines, which only bridge does",
        ),
        ({"data/a.py": "from . import b", "data/b.py": "from .a import x"}, "circle"),
        ({"data/__init__.py": "from .a import x", "data/a.py": "from rnncourse.data import y"}, "circle"),
        ({"errors.py": "from rnncourse.notation import x"}, "rnncourse.errors (layer -2) imports"),
        ({"stranger.py": "import os"}, "stranger has no layer"),
    ],
)
def test_a_planted_violation_is_named(tmp_path, files, said):
    for name in ("__init__.py", "data/__init__.py", "viz/__init__.py", "widgets/__init__.py", "notation.py"):
        _write(tmp_path / name, "")
    _write(tmp_path / "in_numpy/__init__.py", "from rnncourse.in_numpy.cells import x")
    _write(tmp_path / "in_numpy/cells.py", "x = 1")
    _write(tmp_path / "in_torch/__init__.py", "import torch")
    _write(tmp_path / "bridge.py", "from rnncourse import in_numpy, in_torch")
    assert violations(tmp_path) == []
    for name, source in files.items():
        _write(tmp_path / name, source)
    found = violations(tmp_path)
    assert len(found) == 1
    assert said in found[0]


def _write(file: Path, source: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(source)


def test_importing_rnncourse_loads_nothing_heavy():
    heavy = ("numpy", "torch", "matplotlib", "ipywidgets", "typer")
    assert run(f"import sys, rnncourse; print([name for name in {heavy} if name in sys.modules])") == "[]"


def test_the_command_line_starts_without_numpy_or_torch():
    assert (
        run("import sys, rnncourse.cli; print({'numpy', 'torch', 'jupyterlab'} & {*sys.modules})") == "set()"
    )


def test_units_below_torch_work_where_it_is_absent():
    code = """
import sys
sys.modules["torch"] = None  # every import of torch now raises ImportError
import numpy as np
import rnncourse.data, rnncourse.notation, rnncourse.viz, rnncourse.in_both.training
from rnncourse.in_numpy import RNN
rnn = RNN(3, 5, rng=np.random.default_rng(0))
rnn.params["b_h"] = np.linspace(-1, 1, 5, dtype=np.float32)
x = np.random.default_rng(1).normal(size=(4, 2, 3)).astype(np.float32)
h, h_T = rnn.forward(x)
by_hand = np.tanh(x[0] @ rnn.params["W_xh"] + rnn.params["b_h"])
print(np.allclose(h[0], by_hand, atol=1e-6), np.array_equal(h[-1], h_T), np.ptp(h) > 0.1)
"""
    assert run(code) == "True True True"
