"""What learners share of their own accord: which tasks they tried, and how their predictions came out; no names.

Files come from learners, so nothing in them is believed: only tasks and questions that the course has are counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnncourse.checks import registry
from rnncourse.environment import shipped
from rnncourse.errors import InputError
from rnncourse.question_cells import entries

_LARGEST = 1_000_000
_SHOWN = 10


@dataclass(frozen=True)
class Tried:
    """A task. hints: how many of those who tried it asked for one."""

    title: str
    tried: int
    solved: int
    hints: int


@dataclass(frozen=True)
class Predicted:
    """A prediction. certain: how many were wrong and had said that they were certain."""

    question: str
    answered: int
    wrong: int
    certain: int


@dataclass(frozen=True)
class Practice:
    """What the files of one folder say. tasks: those tried. predictions: those wrong most often first."""

    learners: int
    tasks: tuple[Tried, ...]
    predictions: tuple[Predicted, ...]


def read(folder: Path) -> Practice:
    """Return what is shared in `folder`; files that are not understood are passed over. InputError for no folder."""
    if not folder.is_dir():
        raise InputError(
            f"shared must be a folder that learners share their progress in, but {folder} is not one"
        )
    files = list(_files(folder))
    return Practice(len(files), tuple(_tasks(files)), tuple(_predictions(files)))


def _files(folder: Path) -> Iterator[Mapping[str, Mapping[str, Any]]]:
    """Yield the content of each file that looks right."""
    for path in sorted(folder.glob("*.json")):
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
            continue
        try:
            content = json.loads(path.read_bytes())
            yield {
                "tasks": {str(name): _task(one) for name, one in content["tasks"].items()},
                "predictions": {str(key): _prediction(one) for key, one in content["predictions"].items()},
            }
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError):
            continue


def _task(one: Mapping[str, Any]) -> dict[str, bool]:
    return {"right": one["right"] is True, "hints": int(one["hints"]) > 0}


def _prediction(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"right": one["right"] is True, "certain": one["sure"] == "certain"}


def _tasks(files: Sequence[Mapping[str, Any]]) -> Iterator[Tried]:
    """Yield the tasks that somebody has tried, in the order of the course."""
    for task in registry.tasks():
        mine = [file["tasks"][task.name] for file in files if task.name in file["tasks"]]
        if mine:
            solved = sum(one["right"] for one in mine)
            yield Tried(task.title, len(mine), solved, sum(one["hints"] for one in mine))


def _predictions(files: Sequence[Mapping[str, Any]]) -> list[Predicted]:
    """Return the predictions of the chapters that were wrong most often."""
    found = []
    for key, question in _questions().items():
        answers = [file["predictions"][key] for file in files if key in file["predictions"]]
        wrong = [one for one in answers if not one["right"]]
        if wrong:
            certain = sum(one["certain"] for one in wrong)
            found.append(Predicted(question, len(answers), len(wrong), certain))
    return sorted(found, key=lambda one: (-one.wrong / one.answered, -one.wrong))[:_SHOWN]


def _questions() -> dict[str, str]:
    """Return the questions of all chapters by key."""
    found = {}
    for path in sorted((shipped() / "chapters").rglob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        found |= {key: entry["arguments"]["question"] for key, entry in entries(cells).items()}
    return found
