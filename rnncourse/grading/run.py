"""Grade a class: collect, mark whoever has no result yet, write the tables and pages."""

from __future__ import annotations

import hashlib
import json
import os
import queue
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from rnncourse import __version__
from rnncourse.errors import InputError
from rnncourse.grading import by_hand
from rnncourse.grading.handed_in.assignment import Assignment, load
from rnncourse.grading.handed_in.collect import HandedIn, Unreadable, collect
from rnncourse.grading.handed_in.roster import Known, Student, Unmatched, named, read_roster
from rnncourse.grading.handed_in.submission import Answers
from rnncourse.grading.marking import UNGRADED, Marker, ReferenceFailed, missing, ungraded
from rnncourse.grading.results import gradebook, pages
from rnncourse.grading.results import nbgrader as nbgrader_gradebook
from rnncourse.grading.results.results import StudentResult, as_record
from rnncourse.grading.results.store import Store, file_name, write
from rnncourse.grading.sandbox.bubblewrap import Sandbox, find_sandbox, require_hidden, shared
from rnncourse.grading.sandbox.limits import Limits
from rnncourse.grading.sandbox.process import Worker, WorkerNotStarted, probe
from rnncourse.grading.sandbox.session import MasterFailed
from rnncourse.grading.untrusted_text import one_line

_TRIES = 3
_KEPT = "What is finished is kept; run the same command again."


class GradingStopped(RuntimeError):
    """Grading cannot go on, through no student's fault; what is finished is kept. The message says why."""


@dataclass(frozen=True)
class Request:
    """What `rnncourse grade` was asked to do."""

    submissions: Path
    assignment: str
    out: Path
    students: Path | None = None
    spec: Path | None = None
    manual: Path | None = None
    nbgrader: Path | None = None
    seed_by_student: bool = False
    unsafe: bool = False
    jobs: int = 0
    nbgrader_course: Path | None = None
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Outcome:
    """What came of it. graded: how many were marked in this run; the others were finished before."""

    assignment: Assignment
    results: tuple[StudentResult, ...]
    graded: int
    notes: tuple[str, ...]
    unmatched: tuple[Unmatched, ...] = ()
    """Submissions that were given to nobody on the roster, with the reason."""

    def summary(self) -> dict[str, Any]:
        """Return the outcome for machines."""
        return {
            "assignment": self.assignment.stem,
            "students": len(self.results),
            "graded_now": self.graded,
            "statuses": dict(sorted(pages.statuses(self.results).items())),
            "points_possible": self.assignment.total,
            "points": {result.student: result.points for result in self.results},
            "waiting_for_points_by_hand": sum(result.waiting for result in self.results),
            "could_not_be_matched": {one.submission: one.why for one in self.unmatched},
            "notes": list(self.notes),
        }


def grade(request: Request, progress: Callable[[int, int], None] = lambda done, all_: None) -> Outcome:
    """Grade a class and write the results; students who have a result already keep it.

    progress: told how many submissions are done, and of how many. Raises InputError for bad arguments, NoSandbox
    where students' code cannot be run safely, and GradingStopped where the master or the machine fails.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # about students' code, which is read here
            return _grade(request, progress)
    except OSError as error:
        # the file itself, where its new version could not take its place
        path = error.filename2 or error.filename
        where = f" ({path})" if path else ""
        raise GradingStopped(f"{error.strerror or error}{where}. {_KEPT}") from error


def _grade(request: Request, progress: Callable[[int, int], None]) -> Outcome:
    assignment = load(request.assignment, request.spec)
    _require_private(request)
    course = request.nbgrader_course and nbgrader_gradebook.find_course(
        request.nbgrader_course, assignment.stem
    )
    roster = read_roster(request.students) if request.students else {}
    manual = by_hand.read(request.manual) if request.manual else {}
    collected = collect(request.submissions, assignment.stem, request.out, Known(roster).has)
    matched = named(collected.submissions, roster)
    submissions = matched.submissions
    store = Store(request.out, _settings(request, assignment))
    results, todo = _finished(submissions, assignment, store)
    if todo:
        with _workers(request, assignment) as workers:
            _preflight(assignment, workers, request.limits, store.seed)
            # Closed at once where something stops us, so that nobody waits for workers.
            with closing(_mark_all(todo, assignment, workers, request, store.seed)) as marked:
                for result in marked:
                    if result.digest != UNGRADED:
                        store.put(result)
                    results[result.student] = result
                    progress(len(results), len(submissions))
    ordered = [results[handed_in.student] for handed_in in submissions]
    ordered += [missing(name, assignment) for name in roster if name not in results]
    merged, stale = by_hand.merge(sorted(ordered, key=lambda r: r.student), request.manual, manual)
    left = _write_by_hand(store, request.out, assignment, merged)
    notes = (*collected.notes, *matched.notes, *_notes(merged, roster), *stale, *left)
    if course:
        notes += tuple(
            nbgrader_gradebook.put_course(course, merged, assignment, roster, _page_of(assignment))
        )
    outcome = Outcome(assignment, tuple(merged), len(todo), tuple(map(one_line, notes)), matched.unmatched)
    _write(request, outcome, roster)
    return outcome


def _page_of(assignment: Assignment) -> Callable[[StudentResult], str]:
    return lambda result: pages.feedback_page(result, assignment)


def _notes(results: Sequence[StudentResult], roster: Mapping[str, Student]) -> list[str]:
    """Return what the instructor should know about single students and about the notebooks of this class."""
    strangers = [r.student for r in results if roster and r.student not in roster]
    return [
        *(f"{student} is not on the roster" for student in strangers),
        *(f"{r.student}: {r.notes[0]}" for r in results if r.digest == UNGRADED),
        *(f"{n} of {len(results)} notebooks: {oddity}" for oddity, n in pages.oddities(results)),
    ]


def _require_private(request: Request) -> None:
    """Raise InputError if something that students' code must not read lies where it could."""
    if not request.unsafe:
        for name, path in (
            ("submissions", request.submissions),
            ("out", request.out),
            ("spec", request.spec),
            ("nbgrader_course", request.nbgrader_course),
        ):
            if path is not None:
                require_hidden(name, path)


def _settings(request: Request, assignment: Assignment) -> dict[str, Any]:
    """Return what must be the same when a run is taken up again."""
    return {
        "assignment": assignment.stem,
        "master and spec": assignment.fingerprint,
        "seed by student": request.seed_by_student,
        "version": __version__,
    }


def _finished(
    submissions: Sequence[HandedIn], assignment: Assignment, store: Store
) -> tuple[dict[str, StudentResult], list[HandedIn]]:
    """Return the results that are there already, and who has none or has handed in something else since.

    A submission that had no bytes to be read is looked at again: why may have changed.
    """
    results, todo = {}, []
    for handed_in in submissions:
        kept = store.get(handed_in.student)
        if kept is not None and kept.digest and kept.digest == _digest(handed_in, assignment):
            results[handed_in.student] = kept
        else:
            todo.append(handed_in)
    return results, todo


def _digest(handed_in: HandedIn, assignment: Assignment) -> str:
    try:
        return hashlib.sha256(handed_in.notebook(assignment.stem)[1]).hexdigest()
    except Unreadable:
        return ""


class _Stopped(BaseException):
    """The run is being ended: no worker is started anymore."""


class _Workers:
    """Starts workers, as many at a time as there are slots, each in a slot of its own."""

    def __init__(self, sandbox: Sandbox, jobs: int):
        self.sandbox, self.jobs = sandbox, jobs
        self._slots: queue.SimpleQueue[int] = queue.SimpleQueue()
        for slot in range(jobs):
            self._slots.put(slot)
        self._mine = threading.local()
        self._latest: dict[int, Worker] = {}  # by slot
        self._stopped = False

    def start(self) -> Worker:
        """Start a worker in this thread's slot; WorkerNotStarted after several tries."""
        if not hasattr(self._mine, "slot"):
            self._mine.slot = self._slots.get()
        for left in reversed(range(_TRIES)):
            if self._stopped:
                raise _Stopped
            try:
                worker = self._latest[self._mine.slot] = Worker(self.sandbox, self._mine.slot)
            except WorkerNotStarted:
                if not left:
                    raise
                continue
            if self._stopped:  # while it started, so that `stop` may not have known of it
                worker.end()
                raise _Stopped
            return worker
        raise AssertionError

    def stop(self) -> None:
        """End all workers at once, so that no thread waits for one."""
        self._stopped = True
        for worker in list(self._latest.values()):
            worker.end()


@contextmanager
def _workers(request: Request, assignment: Assignment) -> Iterator[_Workers]:
    """Find a sandbox and yield what starts workers in it; the main thread tries out the master in a slot of its own."""
    with shared() as common:
        sandbox = find_sandbox(request.limits, common, probe, request.unsafe)
        sandbox = replace(sandbox, withheld=assignment.withheld)
        yield _Workers(sandbox, (request.jobs or os.cpu_count() or 1) + 1)


def _preflight(assignment: Assignment, workers: _Workers, limits: Limits, seed: str) -> None:
    """Let the master's own answers be graded: whatever is not right there is no student's fault."""
    answers = Answers({item.name: item.model for item in assignment.items})
    try:
        tasks = Marker(assignment, workers.start, limits).mark_answers(answers, seed)
    except (MasterFailed, ReferenceFailed, WorkerNotStarted) as error:
        raise GradingStopped(str(error)) from error
    wrong = [task for task in tasks if task.kind == "code" and task.points != task.possible]
    if wrong:
        said = "; ".join(f"{task.task} ({task.status}: {task.summary})" for task in wrong)
        raise GradingStopped(f"the master's own answers do not earn all points, so nobody is graded: {said}")


def _mark(marker: Marker, handed_in: HandedIn, seed: str) -> StudentResult:
    """Return a student's result; a fault of the grader's own costs this student, who is tried again in the next run."""
    try:
        return marker.mark(handed_in, seed)
    except (MasterFailed, ReferenceFailed, WorkerNotStarted):
        raise
    except Exception as error:
        return ungraded(handed_in, marker.assignment, f"{type(error).__name__}: {error}")


def _mark_all(
    todo: Sequence[HandedIn], assignment: Assignment, workers: _Workers, request: Request, seed: str
) -> Iterator[StudentResult]:
    """Yield results as they are ready."""
    marker = Marker(assignment, workers.start, request.limits)
    waiting = list(reversed(todo))
    with ThreadPoolExecutor(workers.jobs - 1) as pool:
        running = set()
        try:
            while waiting or running:
                while waiting and len(running) < workers.jobs:
                    handed_in = waiting.pop()
                    own = f"{seed}/{handed_in.student}" if request.seed_by_student else seed
                    running.add(pool.submit(_mark, marker, handed_in, own))
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        except (MasterFailed, ReferenceFailed, WorkerNotStarted) as error:
            raise GradingStopped(f"{error}. {_KEPT}") from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            workers.stop()


def _write(request: Request, outcome: Outcome, roster: Mapping[str, Student]) -> None:
    """Write all tables and pages but for those of `_write_by_hand`."""
    out, results, assignment = request.out, outcome.results, outcome.assignment
    write(out / "gradebook.csv", gradebook.gradebook(results))
    write(out / "nbgrader.csv", gradebook.nbgrader_table(results, assignment, roster))
    write(out / "moodle.csv", gradebook.moodle_table(results, assignment, roster))
    write(out / "canvas.csv", gradebook.canvas_table(results, assignment, roster))
    write(out / "unmatched.csv", gradebook.unmatched_table(outcome.unmatched))
    write(out / "class.html", pages.class_page(results, assignment))
    for result in results:
        write(out / "feedback" / f"{file_name(result.student)}.html", pages.feedback_page(result, assignment))
    if request.nbgrader:
        nbgrader_gradebook.put(request.nbgrader, results, assignment, roster)
    log = {
        **outcome.summary(),
        "version": __version__,
        "limits": asdict(request.limits),
        "mistakes": [
            {
                "task": task,
                "mistake": name,
                "students": n,
                "message": pages.said_by_check(assignment, task, name),
            }
            for task, name, n in pages.common_mistakes(results)
        ],
        "results": [as_record(result) for result in results],
    }
    write(out / "log.json", json.dumps(log, indent=1, ensure_ascii=True))


def _write_by_hand(
    store: Store, out: Path, assignment: Assignment, results: Sequence[StudentResult]
) -> tuple[str, ...]:
    """Write what is needed for points by hand; a table in which somebody has worked is left, and what it lacks said."""
    if all(item.kind != "explanation" for item in assignment.items):
        return ()
    write(out / "to_read.html", pages.reading_page(results, assignment))
    table = out / "points_by_hand.csv"
    if store.put_table(table, gradebook.by_hand_table(results)):
        return ()
    try:
        lacking = by_hand.lacking(table, results)
    except InputError as error:
        return (f"{table.name} was left as it is: {error}",)
    if not lacking:
        return ()
    return (f"{table.name} was left as it is, and it has no line for {', '.join(lacking)}",)
