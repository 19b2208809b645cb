"""A student's notebook in a worker: cells run in order, each function called after its own, a dead worker replaced."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from rnncourse.checks.failure import Failure, TimedOut
from rnncourse.checks.task import Case
from rnncourse.grading.handed_in.assignment import Assignment, Item
from rnncourse.grading.handed_in.submission import Answers
from rnncourse.grading.sandbox.limits import Limits
from rnncourse.grading.sandbox.process import Worker, WorkerDied, WorkerTimeout
from rnncourse.grading.sandbox.protocol import Reply


@dataclass(frozen=True)
class Lost:
    """A task that cost the worker, or for which there was no time left."""


@dataclass(frozen=True)
class NoTimeLeft(Lost):
    """The submission as a whole had had its time."""


@dataclass(frozen=True)
class Stopped(Lost):
    """It took longer than its `seconds`. in_cell: the answer's cell did, before anything was called."""

    seconds: float
    in_cell: bool = False


@dataclass(frozen=True)
class Crashed(Lost):
    """The worker came to an end over it. how: in words."""

    how: str


class MasterFailed(RuntimeError):
    """A locked cell that comes before any answer fails: the master or the machine is at fault, not the student."""


class Session:
    """One notebook being graded. Cells that cost the worker its life are left out of the next one."""

    def __init__(
        self,
        start: Callable[[], Worker],
        assignment: Assignment,
        answers: Answers,
        limits: Limits,
        only: Collection[str] | None = None,
    ):
        """Prepare a session; nothing is started yet. only: the student's cells that are run, None for all."""
        self._start, self._assignment, self._limits = start, assignment, limits
        self._answers = answers
        self._steps = answers.steps or assignment.steps
        self.sources = {
            name: source
            for name, source in {**answers.code(assignment), **answers.own}.items()
            if only is None or name in only
        }
        """By name, the cells of the student's that are run."""

        self._worker: Worker | None = None
        self._done = 0  # steps that this worker has behind it
        self._end = time.monotonic() + limits.submission
        self._skipped: dict[str, Lost] = {}  # by cell
        self._slow: set[str] = set()  # cells that were stopped for their time
        self._own_left = limits.own
        self.unrun: set[str] = set()
        """The student's own cells for which there was no time."""

        self.raised: dict[str, Failure] = {}
        """By the cell's name, what stopped it before any call."""

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def again(self, only: Collection[str] | None = None) -> Session:
        """Return a session of the same notebook with a worker of its own, in the time that is left.

        A cell that was stopped for its time gets little of it; one that crashed may not be to blame.
        """
        other = Session(self._start, self._assignment, self._answers, self._limits, only)
        other._end, other._own_left, other._slow = self._end, self._own_left, set(self._slow)
        other._skipped = {cell: lost for cell, lost in self._skipped.items() if isinstance(lost, Stopped)}
        return other

    def call(self, item: Item, case: Case, whole: bool) -> Reply | Lost:
        """Return what the function of a task gave back, or how the worker was lost over it.

        whole: whether all cells are run before, and not only those down to the task's own.
        """
        task, seconds = item.task, item.task.seconds * self._limits.call
        try:
            self._run_up_to(item.name, whole)
            if item.name in self._skipped:
                return self._skipped[item.name]
            may_not = {
                "withheld": self._assignment.withheld,
                "forbidden": self._assignment.single_functions(task),
            }
            reply = self._worker.call(
                case.args, case.kwargs, **self._times(seconds), function=task.called, **may_not
            )
            if isinstance(reply.failure, TimedOut) and self._spent():
                raise WorkerTimeout
            return reply
        except WorkerTimeout:
            return self._lose(NoTimeLeft() if self._spent() else Stopped(seconds))
        except WorkerDied as error:
            return self._lose(Crashed(str(error)))

    def _run_up_to(self, name: str, whole: bool) -> None:
        """Run the cells that have not been run yet, down to the check of `name` or all, in a living worker.

        Ends without one where the cell of `name` cost it. WorkerTimeout where the submission's time ends: no cell is
        to blame for that, and no master.
        """
        end = len(self._steps) if whole else self._steps.index(("check", f"{name}-check"))
        while name not in self._skipped and (self._worker is None or self._done < end):
            if self._spent():
                raise WorkerTimeout
            if self._worker is None:
                self._worker, self._done = self._start(), 0
            else:
                self._step(self._done)

    def _step(self, number: int) -> None:
        """Run the next cell, unless it cost a worker before."""
        kind, cell = self._steps[number]
        self._done = number + 1
        source = self._assignment.locked[cell] if kind == "locked" else self.sources.get(cell)
        if kind == "check" or source is None or cell in self._skipped:
            return
        # A locked cell below one of the student's uses what is written there: its failure is not the master's fault.
        by_student = any(kind in ("answer", "own") for kind, _ in self._steps[: self._done])
        limit = self._limit(kind, cell, by_student)
        if limit <= 0:
            self.unrun.add(cell)
            return
        began = time.monotonic()
        try:
            reply = self._worker.run(cell, source, **self._times(limit))
        except WorkerTimeout:
            if self._spent():
                raise
            self._skip(cell, self._lose(Stopped(limit, in_cell=True)), by_student)
        except WorkerDied as error:
            self._skip(cell, self._lose(Crashed(str(error))), by_student)
        else:
            if isinstance(reply.failure, TimedOut) and self._spent():
                raise WorkerTimeout  # the worker was first to see that the submission's time is over
            if reply.failure is not None:
                self._failed(kind, cell, reply.failure, by_student)
        if kind == "own":
            self._own_left -= time.monotonic() - began

    def _limit(self, kind: str, cell: str, by_student: bool) -> float:
        """Return the seconds that a cell may take."""
        if not by_student:
            return self._limits.locked
        limit = self._limits.again if cell in self._slow else self._limits.cell
        return min(limit, self._own_left) if kind == "own" else limit

    def _skip(self, cell: str, lost: Lost, by_student: bool) -> None:
        if not by_student:
            raise MasterFailed(f"the locked cells of {self._assignment.stem} cannot be run in the sandbox")
        self._skipped[cell] = lost

    def _failed(self, kind: str, cell: str, failure: Failure, by_student: bool) -> None:
        if isinstance(failure, TimedOut):
            self._slow.add(cell)
        if kind != "locked":
            self.raised.setdefault(cell, failure)
        elif not by_student:
            raise MasterFailed(f"the locked cell {cell} of {self._assignment.stem} fails: {failure.text}")

    def _spent(self) -> bool:
        """Say whether the submission as a whole has had its time."""
        return time.monotonic() >= self._end

    def _times(self, seconds: float) -> dict[str, float]:
        """Return a limit for the processor and one for the clock, cut where the submission has had its time."""
        left = max(0.05, self._end - time.monotonic())
        return {"seconds": min(seconds, left), "wall": min(seconds * self._limits.patience, left)}

    def _lose(self, lost: Lost) -> Lost:
        self._close()
        return lost

    def _close(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None
