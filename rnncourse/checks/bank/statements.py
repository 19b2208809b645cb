"""What a task says about itself, as `rnncourse build exercises` took it from the masters in solutions/."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from rnncourse.checks.task import Task
from rnncourse.errors import InputError, describe

FILE = Path(__file__).with_name("statements.json")


@cache
def statements() -> dict[int, dict[str, dict[str, Any]]]:
    """Return by chapter and by name the fields of `Task` that a master states: title, points, hints and so on."""
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    return {int(chapter): tasks for chapter, tasks in stored.items()}


def task(name: str, **code: Any) -> Task:
    """Return the course's task of that name: its statement is in the master, `code` is the rest of `Task`."""
    stated = next((tasks[name] for tasks in statements().values() if name in tasks), None)
    if stated is None:
        raise InputError(
            f"no master states the task {describe(name)}; write its cells and run `rnncourse build exercises`"
        )
    return Task(name=name, **stated, **code)
