"""How long each chapter takes to run from top to bottom, its kernel's start included.

    python benchmarks/chapter_seconds.py [NOTEBOOK ...]

Prints one table: the seconds, the target, and whether it is kept. The notebooks themselves are not changed.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from rnncourse.building.outputs import find_notebooks, read, run
from rnncourse.environment import checkout_above

TARGET_SECONDS = 60
TARGET_SECONDS_LATE = 90
"""For chapters 07 and 08, which train more."""

CELL_TIMEOUT = 600


def seconds_to_run(path: Path) -> float:
    """Return how long the notebook at `path` takes; NotebookFailed if a cell raises."""
    notebook = read(path.read_text(encoding="utf-8"), path)
    start = time.perf_counter()
    run(notebook, path, CELL_TIMEOUT)
    return time.perf_counter() - start


def target(path: Path) -> int:
    """Return the target in seconds for the chapter at `path`."""
    return TARGET_SECONDS_LATE if path.stem[:2] in ("07", "08") else TARGET_SECONDS


def main(arguments: list[str]) -> None:
    chapters = [Path(argument) for argument in arguments] or [checkout_above(Path(__file__)) / "chapters"]
    print(f"{'chapter':<38} {'seconds':>8} {'target':>8}")
    for path in find_notebooks(chapters):
        taken = seconds_to_run(path)
        verdict = "" if taken < target(path) else "  too slow"
        print(f"{path.stem:<38} {taken:>8.1f} {f'< {target(path)}':>8}{verdict}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
