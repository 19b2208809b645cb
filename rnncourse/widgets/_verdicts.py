"""Verdicts on predictions, shown below the cell whose output decides them.

IPython says when a cell has run. The cell that decides a prediction is known in a learner's copy, by its id; elsewhere
it is the first cell after the question that shows something.
"""

from __future__ import annotations

import ast
import weakref
from collections.abc import Iterator
from typing import Any, Protocol

from IPython import get_ipython

from rnncourse import predictions
from rnncourse.markup import Card

_SHOWING = {"print", "show", "display", "your_turn"}
UNCOMMITTED = Card(
    "note",
    "You looked before you committed to a prediction.",
    (
        "That is fine; the question above is still open. Predicting first makes the result easier to remember.",
    ),
)


class Prediction(Protocol):
    """What is known here of a prediction; `results` are the ids of the cells that decide it, where they are known."""

    key: str
    results: tuple[str, ...]

    def decided(self) -> Card | None:
        """Take note that the result is on the page; return the verdict, None if nothing was committed to."""


class Watch:
    """The predictions that wait for their result in one shell, and those that have been told, by cell."""

    def __init__(self, shell: Any):
        self._shell = shell
        self._asking = False
        self._reminded = False
        self._waiting: dict[str, Prediction] = {}
        self._told: dict[str, dict[str, Prediction]] = {}
        shell.events.register("post_run_cell", self.cell_has_run)

    def expect(self, prediction: Prediction) -> None:
        """Wait for the result of a prediction, which the running cell asks for."""
        self._asking = True
        self._waiting[prediction.key] = prediction
        for told in self._told.values():
            told.pop(prediction.key, None)

    def asking_cell(self) -> str | None:
        """Return the id of the running cell, None where the front end does not tell it."""
        try:
            return self._shell.get_parent()["metadata"].get("cellId")
        except (AttributeError, KeyError, TypeError):
            return None

    def cell_has_run(self, result: Any) -> None:
        """Show the verdicts on what the cell that has run decides."""
        if result.info is None or not result.info.store_history:
            return
        if self._asking:
            self._asking = False
            return
        if not result.success:
            return
        cell = getattr(result.info, "cell_id", None)
        decided = dict(self._told.get(cell, {})) if cell else {}
        for key, prediction in list(self._waiting.items()):
            if _decides(cell, result, prediction):
                decided[key] = self._waiting.pop(key)
        for prediction in decided.values():
            self._tell(prediction)
        if cell and decided:
            self._told[cell] = decided

    def _tell(self, prediction: Prediction) -> None:
        verdict = prediction.decided()
        if verdict is not None:
            verdict.show()
        elif not self._reminded and predictions.file() is not None:
            self._reminded = True
            UNCOMMITTED.show()


_watches: weakref.WeakKeyDictionary[Any, Watch] = weakref.WeakKeyDictionary()


def watch() -> Watch | None:
    """Return the watch of the running shell; None outside of IPython."""
    shell = get_ipython()
    if shell is None:
        return None
    if shell not in _watches:
        _watches[shell] = Watch(shell)
    return _watches[shell]


def _decides(cell: str | None, result: Any, prediction: Prediction) -> bool:
    """Say whether the cell that has run decides the prediction."""
    if prediction.results:
        return cell == prediction.results[-1]
    return result.result is not None or shows_something(result.info.raw_cell)


def shows_something(source: str) -> bool:
    """Say whether a cell prints or displays, as far as its text tells."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        # Magic commands: most of them print.
        return True
    return any(getattr(func, "id", getattr(func, "attr", "")) in _SHOWING for func in _called(tree))


def _called(node: ast.AST) -> Iterator[ast.expr]:
    """Yield what is called when the code runs; the bodies of functions do not run yet."""
    if isinstance(node, ast.Call):
        yield node.func
    if not isinstance(node, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
        for child in ast.iter_child_nodes(node):
            yield from _called(child)
