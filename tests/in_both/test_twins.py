"""The two engines are twins: the same names, signatures and first lines of documentation, file by file."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

import pytest

from rnncourse import in_numpy, in_torch

FILES = sorted(
    file.stem for file in Path(in_numpy.__file__).parent.glob("*.py") if file.stem not in ("__init__", "fast")
)
ONLY_IN_TORCH = {"best_device"}
ONLY_IN = {
    # the checks of arrays are shared with all other packages; tensors are checked in their engine alone
    ("base", "in_numpy"): {"check_gradient", "need_forward"},
    ("base", "in_torch"): {"placed", "require_indices", "require_tensor", "tracked"},
}


def public(module):
    """Return the functions and classes that a module defines for others."""
    return {
        name: thing
        for name, thing in vars(module).items()
        if not name.startswith("_")
        and (inspect.isclass(thing) or inspect.isfunction(thing))
        and thing.__module__ == module.__name__
    }


def face(thing):
    """Return names, signatures and first lines of documentation: of a function, or of a class and its members."""
    if not inspect.isclass(thing):
        return {"": (parameters(thing), first_line(thing))}
    found = {"": (None, first_line(thing))}
    for name, member in vars(thing).items():
        if (not name.startswith("_") or name == "__init__") and (
            callable(member) or isinstance(member, property)
        ):
            found[name] = (None if isinstance(member, property) else parameters(member), first_line(member))
    return found


def parameters(function):
    found = inspect.signature(function).parameters.values()
    return [(one.name, one.kind, getattr(one.default, "__name__", one.default)) for one in found]


def first_line(thing):
    return (inspect.getdoc(thing) or "").partition("\n")[0]


def test_the_public_names_are_the_same():
    assert set(in_torch.__all__) - ONLY_IN_TORCH == set(in_numpy.__all__)
    for engine in (in_numpy, in_torch):
        assert sorted(engine.__all__) == sorted(set(engine.__all__))
        assert all(hasattr(engine, name) for name in engine.__all__)


def test_every_file_of_in_numpy_has_its_twin():
    assert len(FILES) > 10
    for stem in FILES:
        assert (Path(in_torch.__file__).parent / f"{stem}.py").is_file(), stem


@pytest.mark.parametrize("stem", FILES)
def test_twins_have_the_same_names_signatures_and_documentation(stem):
    ours, theirs = (
        public(importlib.import_module(f"rnncourse.{engine}.{stem}")) for engine in ("in_numpy", "in_torch")
    )
    assert set(ours) - ONLY_IN.get((stem, "in_numpy"), set()) == set(theirs) - ONLY_IN.get(
        (stem, "in_torch"), set()
    )
    for name in set(ours) & set(theirs):
        assert face(ours[name]) == face(theirs[name]), name


@pytest.mark.parametrize("name", ["fit", "fit_truncated"])
def test_the_training_loops_are_the_same(name):
    ours, theirs = getattr(in_numpy, name), getattr(in_torch, name)
    assert (parameters(ours), first_line(ours)) == (parameters(theirs), first_line(theirs))
