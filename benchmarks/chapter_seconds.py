"""How long each chapter and each detour takes to run from top to bottom, its kernel's start included.

    python benchmarks/chapter_seconds.py [--cells] [--store] [NOTEBOOK ...]

Prints one table: the seconds, the target, the kernel's peak memory. The notebooks themselves are not changed. With
--cells a second table follows, of the ten slowest cells. With --store the seconds go to
benchmarks/chapter_seconds.csv too, from which the reading time is computed; chapters that were not measured keep
theirs.
"""

from __future__ import annotations

import csv
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

import psutil
from nbformat import NotebookNode

from rnncourse.building.outputs import find_notebooks, read, run
from rnncourse.environment import checkout_above

TARGET_SECONDS = 60
TARGET_SECONDS_LATE = 90
"""For chapters 07 and 08, which train more."""

TARGET_CELL_SECONDS = 5
TARGET_MEGABYTES = 600
SLOWEST = 10
CELL_TIMEOUT = 600
STORED = Path(__file__).with_suffix(".csv")


def measure(path: Path) -> tuple[NotebookNode, float, float]:
    """Run the notebook at `path`; return it, its seconds, and the most megabytes it held at one time."""
    notebook = read(path.read_text(encoding="utf-8"), path)
    start = time.perf_counter()
    with PeakMemory() as memory:
        run(notebook, path, CELL_TIMEOUT, keep_times=True)
    return notebook, time.perf_counter() - start, memory.peak / 1e6


class PeakMemory(threading.Thread):
    """Looks every tenth of a second at how much memory all processes hold that were started from this one.

    Pages that several processes share, such as libraries, count once (Linux; elsewhere, once for each process).
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak, self._over = 0, threading.Event()

    def __enter__(self) -> PeakMemory:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        while not self._over.wait(0.1):
            held = map(_bytes_of, psutil.Process().children(recursive=True))
            self.peak = max(self.peak, sum(held))


def _bytes_of(process: psutil.Process) -> int:
    """Return the memory that `process` holds, 0 if it has just ended."""
    try:
        memory = process.memory_full_info()
    except psutil.Error:
        return 0
    return getattr(memory, "pss", memory.rss)


def cell_seconds(notebook: NotebookNode) -> dict[str, float]:
    """Return the seconds that each code cell of the notebook took, by the cell's id."""
    times = {cell.id: cell.metadata.get("execution", {}) for cell in notebook.cells}
    return {
        cell: (_moment(time["shell.execute_reply"]) - _moment(time["iopub.execute_input"])).total_seconds()
        for cell, time in times.items()
        if "iopub.execute_input" in time
    }


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


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


def print_slowest(cells: dict[tuple[str, str], float]) -> None:
    """Print the slowest cells, given as (chapter, cell): seconds."""
    print(f"\n{'the slowest cells':<64} {'seconds':>8} {'target':>8}")
    for (chapter, cell), seconds in sorted(cells.items(), key=lambda item: -item[1])[:SLOWEST]:
        verdict = "" if seconds < TARGET_CELL_SECONDS else "  too slow"
        print(f"{chapter:<36} {cell:<27} {seconds:>8.1f} {f'< {TARGET_CELL_SECONDS}':>8}{verdict}")


def main(arguments: list[str]) -> None:
    options, named = {"--cells", "--store"} & {*arguments}, [Path(a) for a in arguments if a[:2] != "--"]
    folder = checkout_above(Path(__file__)) / "chapters"
    chapters, detours = sorted(folder.glob("*.ipynb")), sorted(folder.glob("detours/*.ipynb"))
    measured, cells = {}, {}
    print(f"{'chapter':<38} {'seconds':>8} {'target':>8} {'MB':>6} {'target':>8}")
    for path in find_notebooks(named or [*chapters, *detours]):
        notebook, taken, megabytes = measure(path)
        measured[path.stem] = taken
        cells |= {(path.stem, cell): seconds for cell, seconds in cell_seconds(notebook).items()}
        verdict = "" if taken < target(path) and megabytes < TARGET_MEGABYTES else "  too much"
        kept = f"{f'< {target(path)}':>8} {megabytes:>6.0f} {f'< {TARGET_MEGABYTES}':>8}{verdict}"
        print(f"{path.stem:<38} {taken:>8.1f} {kept}", flush=True)
    if "--cells" in options:
        print_slowest(cells)
    if "--store" in options:
        of_chapters = {path.stem for path in chapters}
        store({name: seconds for name, seconds in measured.items() if name in of_chapters})


if __name__ == "__main__":
    main(sys.argv[1:])
