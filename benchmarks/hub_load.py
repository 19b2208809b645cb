"""Learners who arrive on a JupyterHub together: seconds for each step, failures, and memory.

    python benchmarks/hub_load.py --learners 50 --apart 2 --minutes 15

Starts a hub of its own on this machine, with docs/hub/jupyterhub_config.py, and lets each learner start a server, open
the first page, run chapter 01 and solve exercise 01 with its checks, all through the hub's proxy. It needs what the
hub's test needs: jupyterhub, configurable-http-proxy, bubblewrap. A learner who is not done after --minutes has failed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from hub.class_hub import Hub, Learner, missing, running_hub  # noqa: E402

CHAPTER, EXERCISE = "chapters/01_sequences.ipynb", "exercises/01_sequences_exercises.ipynb"
SOLUTION = ROOT / "solutions" / "01_sequences_exercises.ipynb"
STEPS = ("server ready", "first page", "kernel ready", "chapter 01", "saved", "exercise 01")


@dataclass
class Day:
    """What one learner waited for, in seconds by step, and what went wrong."""

    seconds: dict[str, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - begun

    @contextmanager
    def failures_noted(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.failures.append(f"{type(error).__name__}: {error}"[:300])


def code_cells(notebook: dict) -> list[tuple[str, str]]:
    """Return source and grade_id of the code cells."""
    return [
        ("".join(cell["source"]), cell["metadata"].get("nbgrader", {}).get("grade_id", ""))
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    ]


def run_chapter(learner: Learner, day: Day, cells: int, deadline: float, held: ExitStack) -> None:
    """Open chapter 01 and run its first code cells, 0: all. held: keeps the kernel."""
    notebook = learner.read(CHAPTER)
    with day.step("kernel ready"):
        kernel = held.enter_context(learner.kernel(CHAPTER))
        kernel.run("1")
    with day.step("chapter 01"):
        for source, _ in code_cells(notebook)[: cells or None]:
            in_time(deadline)
            note_errors(day, CHAPTER, kernel.run(source))


def solve_exercise(learner: Learner, day: Day, deadline: float, held: ExitStack) -> None:
    """Type in the answers, save, run everything, and see that each check calls its answer right, or written."""
    notebook = learner.read(EXERCISE)
    type_in_answers(notebook)
    with day.step("saved"):
        learner.save(EXERCISE, notebook)
    kernel = held.enter_context(learner.kernel(EXERCISE))
    with day.step("exercise 01"):
        for source, name in code_cells(notebook):
            in_time(deadline)
            said = kernel.run(source)
            note_errors(day, EXERCISE, said)
            if name.endswith("-check") and not re.search("Right|Written", said):
                day.failures.append(f"{name}: {said[:80]}")


def type_in_answers(notebook: dict) -> None:
    """Put the solution's cells, code and text, into the cells for answers."""
    given = {answer_id(cell): cell["source"] for cell in json.loads(SOLUTION.read_text())["cells"]}
    for cell in notebook["cells"]:
        if answer_id(cell):
            cell["source"] = given[answer_id(cell)]


def answer_id(cell: dict) -> str:
    """Return the name of the answer that a cell is for, or ""."""
    marks = cell["metadata"].get("nbgrader", {})
    return marks["grade_id"] if marks.get("solution") else ""


def note_errors(day: Day, where: str, said: str) -> None:
    if "Error: " in said:
        day.failures.append(f"{where}: {said[:200]}")


def in_time(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise TimeoutError("not done in time")


def spend_a_day(hub: Hub, name: str, wait: float, cells: int, deadline: float, end: threading.Barrier) -> Day:
    """Arrive, work, and keep server and kernels until everybody is done, as in class."""
    time.sleep(wait)
    day = Day()
    with day.failures_noted(), ExitStack() as held:
        with day.failures_noted():
            with day.step("server ready"):
                [learner] = hub.start([name], deadline - time.monotonic())
            with day.step("first page"):
                learner.ask("GET", "/")
            run_chapter(learner, day, cells, deadline, held)
            solve_exercise(learner, day, deadline, held)
        with suppress(threading.BrokenBarrierError):
            end.wait(max(1.0, deadline - time.monotonic()))
    return day


@dataclass(frozen=True)
class Process:
    """A process of the hub. megabytes: pages that several share are divided among them. seconds: of the processor."""

    kind: str
    megabytes: float
    seconds: float


def processes(folder: Path) -> dict[int, Process]:
    """Return the processes that work below `folder`, by number."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            here = Path(os.readlink(place / "cwd"))
            words = (place / "cmdline").read_bytes().decode(errors="replace")
            spent = (place / "stat").read_text().rpartition(")")[2].split()[11:13]
            memory = (place / "smaps_rollup").read_text()
        except OSError:
            continue
        if here.is_relative_to(folder) and "bwrap" not in words.split("\0")[0]:
            server = "server" if "jupyterhub.singleuser" in words else "hub and proxy"
            kind = "kernel" if "ipykernel_launcher" in words else server
            size = sum(int(line.split()[1]) for line in memory.splitlines() if line.startswith("Pss:"))
            ticks = sum(map(int, spent)) / os.sysconf("SC_CLK_TCK")
            found[int(place.name)] = Process(kind, size / 1024, ticks)
    return found


class Peak:
    """Watches the processes below a folder. most: when they held most memory. latest: each when last seen."""

    def __init__(self, folder: Path):
        self.most: list[Process] = []
        self.latest: dict[int, Process] = {}
        self._folder, self._stop = folder, threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        while not self._stop.wait(3):
            now = processes(self._folder)
            self.latest |= now
            self.most = max(
                self.most, list(now.values()), key=lambda some: sum(one.megabytes for one in some)
            )

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def middle_and_high(values: Sequence[float]) -> str:
    """Return median and 95th percentile as two cells of a table."""
    if not values:
        return "– | –"
    ordered = sorted(values)
    return (
        f"{statistics.median(ordered):.1f} | {ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]:.1f}"
    )


def report(days: Sequence[Day], peak: Peak) -> None:
    """Print what everybody waited for, what failed, and what it took."""
    print("| step | median, s | 95th percentile, s |\n|:--|--:|--:|")
    for step in STEPS:
        print(f"| {step} | {middle_and_high([day.seconds[step] for day in days if step in day.seconds])} |")
    failed = [day for day in days if day.failures]
    print(f"\n{len(days)} learners, {len(failed)} with failures")
    for day in failed:
        print(f"  {day.failures[:2]}")
    print(
        "\n| processes | number at the peak | median, MB | all, MB | processor, s, all |\n|:--|--:|--:|--:|--:|"
    )
    for kind in ("server", "kernel", "hub and proxy"):
        sizes = [one.megabytes for one in peak.most if one.kind == kind]
        spent = sum(one.seconds for one in peak.latest.values() if one.kind == kind)
        print(
            f"| {kind} | {len(sizes)} | {statistics.median(sizes or [0]):.0f} | {sum(sizes):.0f} | {spent:.0f} |"
        )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--learners", type=int, default=50)
    parser.add_argument("--apart", type=float, default=2.0, help="seconds between one arrival and the next")
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--cells", type=int, default=0, help="of chapter 01 only so many code cells; 0: all")
    options = parser.parse_args()
    if lacking := missing():
        sys.exit(lacking)
    names = [f"learner{k:03}" for k in range(1, options.learners + 1)]
    deadline = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory(prefix="rnncourse-hub-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        with running_hub(folder) as hub, Peak(folder) as peak, ThreadPoolExecutor(len(names)) as pool:
            load_before, begun = os.getloadavg()[0], time.monotonic()
            waits = [k * options.apart for k in range(len(names))]
            end = threading.Barrier(len(names))
            days = list(
                pool.map(
                    lambda one: spend_a_day(hub, *one, options.cells, deadline, end),
                    zip(names, waits, strict=True),
                )
            )
            wall, load_after = time.monotonic() - begun, os.getloadavg()[0]
    report(days, peak)
    print(
        f"\n{wall:.0f} s in all; load average {load_before:.1f} before, {load_after:.1f} after, {os.cpu_count()} cores"
    )
    return any(day.failures for day in days)


if __name__ == "__main__":
    sys.exit(main())
