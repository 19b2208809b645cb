"""How long each chapter takes to run from top to bottom, its kernel's start included.

    python benchmarks/chapter_seconds.py [--store] [NOTEBOOK ...]

Prints one table: the seconds, the target, and whether it is kept. The notebooks themselves are not changed. With
--store the seconds go to benchmarks/chapter_seconds.csv too, from which the reading time is computed; chapters that
were not measured keep theirs.
"""

from __future__ import annotations

import csv
import sys
import time
from pathlib import Path

from rnncourse.building.outputs import find_notebooks, read, run
from rnncourse.environment import checkout_above

TARGET_SECONDS = 60
TARGET_SECONDS_LATE = 90
"""For chapters 07 and 08, which train more."""

CELL_TIMEOUT = 600
STORED = Path(__file__).with_suffix(".csv")


def seconds_to_run(path: Path) -> float:
    """Return how long the notebook at `path` takes; NotebookFailed if a cell raises."""
    notebook = read(path.read_text(encoding="utf-8"), path)
    start = time.perf_counter()
    run(notebook, path, CELL_TIMEOUT)
    return time.perf_counter() - start


def target(path: Path) -> int:
    """Return the target in seconds for the chapter at `path`."""
    return TARGET_SECONDS_LATE if path.stem[:2] in ("07", "08") else TARGET_SECONDS


def store(measured: dict[str, float]) -> None:
    """Put the seconds of the measured chapters into STORED."""
    rows = {}
    if STORED.exists():
        with STORED.open(encoding="utf-8", newline="") as file:
            rows = {row["chapter"]: row["seconds"] for row in csv.DictReader(file)}
    rows |= {chapter: f"{seconds:.0f}" for chapter, seconds in measured.items()}
    lines = ["chapter,seconds", *(f"{chapter},{rows[chapter]}" for chapter in sorted(rows))]
    STORED.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> None:
    named = [Path(argument) for argument in arguments if argument != "--store"]
    chapters = named or sorted((checkout_above(Path(__file__)) / "chapters").glob("*.ipynb"))
    measured = {}
    print(f"{'chapter':<38} {'seconds':>8} {'target':>8}")
    for path in find_notebooks(chapters):
        taken = measured[path.stem] = seconds_to_run(path)
        verdict = "" if taken < target(path) else "  too slow"
        print(f"{path.stem:<38} {taken:>8.1f} {f'< {target(path)}':>8}{verdict}", flush=True)
    if "--store" in arguments:
        store(measured)


if __name__ == "__main__":
    main(sys.argv[1:])
