"""Grade a class again and again and kill the grader at given moments: python killed.py WORDS.json < moments.json

Each grader is a fork of this process, which has loaded everything. It notes in a pipe which phase it enters and which
steps of it it takes, waits where it is to be killed before a step, and is killed from outside. The report is JSON: for
each moment the last note, or "done" if the grader was faster.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any

from rnncourse.cli import app
from rnncourse.grading import run

FOREVER = 3600


class Notes:
    """What a grader tells about itself. stop: before which step it waits, as (phase, number), None for never."""

    def __init__(self, descriptor: int, stop: tuple[str, int] | None):
        self.descriptor, self.stop, self.phase = descriptor, stop, ""
        self.steps = itertools.count(1)

    def enter(self, phase: str) -> None:
        """Note that a phase begins."""
        self.phase, self.steps = phase, itertools.count(1)
        self._write(phase)

    def step(self, phase: str) -> None:
        """Count a step of a phase, and wait before it to be killed if that is wanted."""
        if phase == self.phase and (phase, next(self.steps)) == self.stop:
            self._write(f"{phase}, step {self.stop[1]}")
            time.sleep(FOREVER)

    def _write(self, text: str) -> None:
        os.write(self.descriptor, f"{text}\n".encode())


def watched(notes: Notes) -> None:
    """Let the grader of this process note its phases: reading, master, grading, writing.

    A step is a submission that is looked up, or a file that is about to be put in its place.
    """
    replace, get = os.replace, run.Store.get

    def entering(phase: str, name: str) -> None:
        function = getattr(run, name)

        def entered(*args: Any) -> Any:
            notes.enter(phase)
            return function(*args)

        setattr(run, name, entered)

    def moved(part: Any, path: Any) -> None:
        notes.step(notes.phase)  # the part is written, and not in its place yet
        replace(part, path)

    def looked_up(*args: Any) -> Any:
        notes.step("reading")
        return get(*args)

    for phase, name in (("reading", "collect"), ("master", "_preflight"), ("grading", "_mark_all")):
        entering(phase, name)
    entering("writing", "_write_by_hand")
    os.replace, run.Store.get = moved, looked_up


def start(words: list[str], stop: tuple[str, int] | None) -> tuple[int, int]:
    """Start a grader; return its process number and the end of the pipe with its notes."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    watched(Notes(writing, stop))
    try:
        app(words, standalone_mode=False)
    finally:
        os._exit(0)


def killed(words: list[str], moment: dict[str, Any]) -> str:
    """Run a grader and kill it: in a phase after some seconds, or before a step of it. Return its last note."""
    step = moment.get("step")
    child, pipe = start(words, (moment["phase"], step) if step else None)
    wanted = f"{moment['phase']}, step {step}" if step else moment["phase"]
    notes = ""
    while not notes.endswith(f"{wanted}\n") and (more := os.read(pipe, 4096).decode()):
        notes += more
    if not step:
        select.select([], [], [], moment["seconds"])
    done, _ = os.waitpid(child, os.WNOHANG)
    if not done:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    while more := os.read(pipe, 4096).decode():
        notes += more
    os.close(pipe)
    return "done" if done else notes.splitlines()[-1]


def times(words: list[str]) -> dict[str, float]:
    """Let a grader run to its end; return by phase how many seconds it took."""
    child, pipe = start(words, None)
    began: list[tuple[str, float]] = []
    while more := os.read(pipe, 4096).decode():
        began += [(phase, time.monotonic()) for phase in more.split()]
    os.waitpid(child, 0)
    os.close(pipe)
    ends = [*(moment for _, moment in began[1:]), time.monotonic()]
    return {phase: end - moment for (phase, moment), end in zip(began, ends, strict=True)}


def main() -> None:
    """Read the moments of several rounds, each of which begins with nothing but the seed, and write the report."""
    words = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    out = Path(words[words.index("--out") + 1])
    whole, report = out.with_name("whole"), []
    took = times(words)
    out.rename(whole)
    for number, moments in enumerate(json.load(sys.stdin)):
        (out / "state").mkdir(parents=True)
        (out / "state" / "run.json").write_bytes((whole / "state" / "run.json").read_bytes())
        for moment in moments:
            seconds = moment.pop("share", 0) * took[moment["phase"]]
            report.append(killed(words, {**moment, "seconds": seconds}))
        for part in out.rglob(".*.part"):
            os.utime(part, (0, 0))  # as if it had been left an hour ago
        with contextlib.suppress(KeyError):
            times(words)
        out.rename(out.with_name(f"round{number}"))
    json.dump({"took": took, "killed": report}, sys.stdout)


if __name__ == "__main__":
    main()
