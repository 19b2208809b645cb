"""A student's notebook in a worker: its cells run in order, its functions called, a dead worker replaced."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from rnncourse.checks.failure import Failure
from rnncourse.checks.task import Case
from rnncourse.grading.assignment import Assignment
from rnncourse.grading.limits import Limits
from rnncourse.grading.process import Worker, WorkerDied, WorkerTimeout
from rnncourse.grading.protocol import Reply


@dataclass(frozen=True)
class Lost:
    """A task that cost the worker, or for which there was no time left.

    status: "timeout" or "crashed". text: the seconds that it had, "" where the whole submission had had its time;
    or how the worker ended.
    """

    status: str
    text: str


class MasterFailed(RuntimeError):
    """A locked cell that comes before any answer fails: the master or the machine is at fault, not the student."""


class Session:
    """One notebook being graded. Cells that cost the worker its life are left out of the next one."""

    def __init__(
        self,
        start: Callable[[], Worker],
        assignment: Assignment,
        answers: Mapping[str, str],
        limits: Limits,
        only: Collection[str] | None = None,
    ):
        """Prepare a session; nothing is started yet. only: the answers that are run, None for all."""
        self._start, self._assignment, self._limits = start, assignment, limits
        self.answers = {name: source for name, source in answers.items() if only is None or name in only}
        self._worker: Worker | None = None
        self._end = time.monotonic() + limits.submission
        self._skipped: dict[str, Lost] = {}  # by cell
        self.raised: dict[str, Failure] = {}
        """By the answer's name, what stopped its cell before any call."""

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def call(self, name: str, function: str, case: Case, seconds: float) -> Reply | Lost:
        """Return what a function of the notebook gave back, or how the worker was lost over it."""
        try:
            while self._worker is None and name not in self._skipped:
                self._begin()
            if name in self._skipped:
                return self._skipped[name]
            return self._worker.call(function, case.args, case.kwargs, self._seconds(seconds))
        except WorkerTimeout:
            return self._lose("timeout", "" if self._spent() else f"{seconds:g}")
        except WorkerDied as error:
            return self._lose("crashed", str(error))

    def _begin(self) -> None:
        """Start a worker and run the cells, leaving out those that cost one before; may end without a worker.

        WorkerTimeout where the submission's time ends: no cell is to blame for that, and no master.
        """
        if self._spent():
            raise WorkerTimeout
        worker = self._worker = self._start()
        answered = False
        for kind, cell in self._assignment.steps:
            source = self._assignment.locked[cell] if kind == "locked" else self.answers.get(cell)
            if source is None or cell in self._skipped:
                continue
            answered = answered or kind == "answer"
            limit = self._limits.cell if answered else self._limits.locked
            try:
                reply = worker.ask("run", self._seconds(limit), cell=cell, source=source)
            except WorkerTimeout:
                if self._spent():
                    raise
                self._skipped[cell] = self._lose("timeout", f"{limit:g}")
                break
            except WorkerDied as error:
                self._skipped[cell] = self._lose("crashed", str(error))
                break
            if reply.failure is not None:
                self._failed(kind, cell, reply, answered)
        if self._worker is None and not answered:
            raise MasterFailed(f"the locked cells of {self._assignment.stem} cannot be run in the sandbox")

    def _failed(self, kind: str, cell: str, reply: Reply, answered: bool) -> None:
        if kind == "answer":
            self.raised[cell] = reply.failure
        elif not answered:
            raise MasterFailed(
                f"the locked cell {cell} of {self._assignment.stem} fails: {reply.failure.text}"
            )

    def _spent(self) -> bool:
        """Say whether the submission as a whole has had its time."""
        return time.monotonic() >= self._end

    def _seconds(self, wanted: float) -> float:
        """Return a time limit, cut where the submission as a whole has had its time."""
        return max(0.05, min(wanted, self._end - time.monotonic()))

    def _lose(self, status: str, text: str) -> Lost:
        self._close()
        return Lost(status, text)

    def _close(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None
