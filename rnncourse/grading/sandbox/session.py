"""A student's notebook in a worker: cells run in order, each function called after its own, a dead worker replaced."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from rnncourse.checks.failure import Failure
from rnncourse.checks.task import Case
from rnncourse.grading.handed_in.assignment import Assignment
from rnncourse.grading.sandbox.limits import Limits
from rnncourse.grading.sandbox.process import Worker, WorkerDied, WorkerTimeout
from rnncourse.grading.sandbox.protocol import Reply


@dataclass(frozen=True)
class Lost:
    """A task that cost the worker, or for which there was no time left.

    status: "timeout" or "crashed". text: the seconds that it had, "" where the whole submission had had its time;
    or how the worker ended. in_cell: lost while the answer's cell ran, before anything was called.
    """

    status: str
    text: str
    in_cell: bool = False


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
        self._done = 0  # steps that this worker has behind it
        self._end = time.monotonic() + limits.submission
        self._skipped: dict[str, Lost] = {}  # by cell
        self.raised: dict[str, Failure] = {}
        """By the answer's name, what stopped its cell before any call."""

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def again(self, only: Collection[str] | None = None) -> Session:
        """Return a session of the same notebook with a worker of its own, in the time that is left.

        A cell that was stopped for its time is not run again; one that crashed may, for others may be to blame.
        """
        other = Session(self._start, self._assignment, self.answers, self._limits, only)
        other._end = self._end
        other._skipped = {cell: lost for cell, lost in self._skipped.items() if lost.status == "timeout"}
        return other

    def call(self, name: str, last: str, function: str, case: Case, seconds: float) -> Reply | Lost:
        """Return what a function of the answer `name` gave back, or how the worker was lost over it.

        last: the answer whose cell is the last that is run before.
        """
        try:
            self._run_up_to(name, last)
            if name in self._skipped:
                return self._skipped[name]
            return self._worker.call(function, case.args, case.kwargs, self._seconds(seconds))
        except WorkerTimeout:
            return self._lose("timeout", "" if self._spent() else f"{seconds:g}")
        except WorkerDied as error:
            return self._lose("crashed", str(error))

    def _run_up_to(self, name: str, last: str) -> None:
        """Run the cells that have not been run yet, up to and including the answer `last`, in a living worker.

        Ends without one where the cell of `name` cost it. WorkerTimeout where the submission's time ends: no cell is
        to blame for that, and no master.
        """
        end = self._assignment.steps.index(("answer", last)) + 1
        while name not in self._skipped and (self._worker is None or self._done < end):
            if self._spent():
                raise WorkerTimeout
            if self._worker is None:
                self._worker, self._done = self._start(), 0
            else:
                self._step(self._done)

    def _step(self, number: int) -> None:
        """Run the next cell, unless it cost a worker before."""
        kind, cell = self._assignment.steps[number]
        self._done = number + 1
        source = self._assignment.locked[cell] if kind == "locked" else self.answers.get(cell)
        if source is None or cell in self._skipped:
            return
        # A locked cell below an answer uses what the student wrote: when it fails, that is not the master's fault.
        by_student = any(kind == "answer" for kind, _ in self._assignment.steps[: self._done])
        limit = self._limits.cell if by_student else self._limits.locked
        try:
            reply = self._worker.ask("run", self._seconds(limit), cell=cell, source=source)
        except WorkerTimeout:
            if self._spent():
                raise
            self._skip(cell, self._lose("timeout", f"{limit:g}", in_cell=True), by_student)
        except WorkerDied as error:
            self._skip(cell, self._lose("crashed", str(error)), by_student)
        else:
            if reply.failure is not None:
                self._failed(kind, cell, reply.failure, by_student)

    def _skip(self, cell: str, lost: Lost, by_student: bool) -> None:
        if not by_student:
            raise MasterFailed(f"the locked cells of {self._assignment.stem} cannot be run in the sandbox")
        self._skipped[cell] = lost

    def _failed(self, kind: str, cell: str, failure: Failure, by_student: bool) -> None:
        if kind == "answer":
            self.raised[cell] = failure
        elif not by_student:
            raise MasterFailed(f"the locked cell {cell} of {self._assignment.stem} fails: {failure.text}")

    def _spent(self) -> bool:
        """Say whether the submission as a whole has had its time."""
        return time.monotonic() >= self._end

    def _seconds(self, wanted: float) -> float:
        """Return a time limit, cut where the submission as a whole has had its time."""
        return max(0.05, min(wanted, self._end - time.monotonic()))

    def _lose(self, status: str, text: str, in_cell: bool = False) -> Lost:
        self._close()
        return Lost(status, text, in_cell)

    def _close(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None
