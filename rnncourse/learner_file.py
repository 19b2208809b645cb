"""A small JSON file of the learner's own, on this computer only: never overwritten unread, and never lost.

The variable RNNCOURSE_PROGRESS names where it lies; an empty value keeps none, which is how the course's own notebooks
are run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from rnncourse.files import write_whole

VARIABLE = "RNNCOURSE_PROGRESS"

Content = TypeVar("Content")


class PutAside(Exception):
    """The file could not be understood; it is kept under `name`, and a new one begins."""

    def __init__(self, name: str):
        super().__init__(name)
        self.name = name


def path() -> Path | None:
    """Return where the progress is kept; None where nothing is."""
    named = os.environ.get(VARIABLE)
    if named == "":
        return None
    try:
        return Path(named).expanduser() if named else Path.home() / ".rnncourse" / "progress.json"
    except RuntimeError:
        # An account without a home.
        return None


def read(file: Path, understood: Callable[[Any], Content]) -> Content | None:
    """Return what `understood` makes of a file's JSON, None where there is no file.

    Raises PutAside for a file that it cannot make anything of, once that has another name, and OSError for one that
    cannot be read just now, as while another program holds it; that one stays as it is.
    """
    try:
        return understood(json.loads(file.read_bytes().decode("utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise PutAside(_aside(file)) from None


def write(file: Path, content: dict[str, Any]) -> None:
    """Write `content` whole, with the version of its form; OSError where that fails."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = json.dumps({"version": 1, **content}, indent=1, sort_keys=True) + "\n"
    write_whole(file, text.encode())


def exactly(kind: type, value: Any) -> Any:
    """Return `value` if it is of that kind, else raise TypeError."""
    if not isinstance(value, kind):
        raise TypeError(value)
    return value


def _aside(file: Path) -> str:
    """Give a damaged file another name, so that nothing in it is lost, and return that."""
    number = 1
    while (other := file.with_name(f"{file.stem}.damaged-{number}{file.suffix}")).exists():
        number += 1
    os.replace(file, other)
    return other.name
