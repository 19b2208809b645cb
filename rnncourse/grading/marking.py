"""One submission to one result, task by task. The comparison happens here, where no code of a student runs."""

from __future__ import annotations

import hashlib
import re
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rnncourse.checks.failure import (
    Absent,
    Failure,
    Forbidden,
    Missing,
    NotWritten,
    Raised,
    TimedOut,
    Unusable,
    steady,
)
from rnncourse.checks.judging import ReferenceFailed, judge
from rnncourse.checks.task import Case, Task
from rnncourse.checks.verdict import Verdict
from rnncourse.grading.handed_in.assignment import Assignment, Item
from rnncourse.grading.handed_in.collect import HandedIn, Unreadable
from rnncourse.grading.handed_in.submission import Answers, read_notebook
from rnncourse.grading.results.results import StudentResult, TaskResult
from rnncourse.grading.sandbox.limits import Limits
from rnncourse.grading.sandbox.process import Worker
from rnncourse.grading.sandbox.protocol import Reply
from rnncourse.grading.sandbox.session import Crashed, Lost, NoTimeLeft, Session, Stopped

# References print into a stream of this whole process, and its warnings are switched off meanwhile.
_JUDGING = threading.Lock()

UNGRADED = "not graded"
"""The digest of a result that is not kept."""

_MOST_ALONE = 5
"""Answers that are put beside one that is run alone, more or less; each time a worker is started."""

_TOO_LONG = "Stopped: it took too long."
_STUBS = ("", "your answer here", "write your answer here")


@dataclass(frozen=True)
class Marker:
    """What marks submissions of one assignment. start: starts a worker in which the notebook is run."""

    assignment: Assignment
    start: Callable[[], Worker]
    limits: Limits

    def mark(self, handed_in: HandedIn, seed: str) -> StudentResult:
        """Return the result of one student's submission. seed: what the random inputs are drawn from."""
        digest = ""
        try:
            name, data = handed_in.notebook(self.assignment.stem)
            digest = hashlib.sha256(data).hexdigest()
            answers = read_notebook(data, self.assignment)
        except Unreadable as error:
            return replace(unreadable(handed_in, self.assignment, str(error)), digest=digest)
        # Inputs that an error's text carries out are of no use in another version, nor to others.
        tasks = self.mark_answers(answers, f"{seed}/{digest}")
        notes = answers.notes.get("", ())
        return StudentResult(
            handed_in.student, name, tuple(tasks), notes, handed_in.aliases, digest, answers.oddities
        )

    def mark_answers(self, answers: Answers, seed: str) -> list[TaskResult]:
        """Return the results of all tasks in the master's order."""
        with Session(self.start, self.assignment, answers, self.limits) as session:
            return [
                _by_hand(item, answers)
                if item.kind == "explanation"
                else self._code(item, answers, session, seed)
                for item in self.assignment.items
            ]

    def _code(self, item: Item, answers: Answers, session: Session, seed: str) -> TaskResult:
        began = time.monotonic()
        source = session.sources.get(item.name)
        notes = answers.notes.get(item.name, ())
        if source is None:
            return _result(
                item, "missing", 0.0, "Missing.", details=(answers.problems[item.name],), notes=notes
            )
        result = _about_python(self._run(item, session, seed), answers.python)
        seconds = round(time.monotonic() - began, 2)
        if session.unrun and result.points != item.points:
            notes = (*notes, _about_unrun(len(session.unrun), self.limits.own))
        return replace(result, code=source, notes=(*notes, *result.notes), seconds=seconds)

    def _run(self, item: Item, session: Session, seed: str) -> TaskResult:
        cases = _cases(item.task, seed)
        # Each function is called right after its own cell, as by the notebook's check: cells below change nothing.
        replies = self._call(item, cases, session)
        if isinstance(replies, Crashed):
            # Another answer may have left a thread that ends the worker: once more, with what this one needs.
            return self._alone(item, cases, session)
        result = _judged(item, cases, replies, session)
        if not _lacks_a_name(replies):
            return result
        # It may stand in another cell, and the student have gone back to the check of this one.
        with session.again() as whole:
            at_the_end = _judged(item, cases, self._call(item, cases, whole, whole=True), whole)
        return at_the_end if at_the_end.points else result

    def _alone(self, item: Item, cases: Sequence[Case], session: Session) -> TaskResult:
        """Return the result of an answer that is run without the others, but for those that define what it lacks."""
        only = {item.name}
        while True:
            with session.again(only) as alone:
                replies = self._call(item, cases, alone, whole=len(only) > 1)
                wanted = defining(session.sources, _lacking(replies)) - only
                if not wanted or len(only) > _MOST_ALONE:
                    return _judged(item, cases, replies, alone)
            only |= wanted

    def _call(
        self, item: Item, cases: Sequence[Case], session: Session, whole: bool = False
    ) -> list[Reply] | Lost:
        """Return the replies to the calls of a task, fewer where more would say the same, or how it was lost.

        The first case is asked once more at the end: a function that keeps something answers it differently.
        """
        replies = []
        for case in (*cases, cases[0]):
            reply = session.call(item, case, whole)
            if isinstance(reply, Lost):
                return reply
            replies.append(reply)
            if reply.failure is not None and reply.failure.final:
                break
        return replies


def _lacks_a_name(replies: list[Reply] | Lost) -> bool:
    """Say whether a function, or a name that it uses, was not defined when it was called."""
    return any(isinstance(one, Missing) or _is_name_error(one) for one in _failures(replies))


def _lacking(replies: list[Reply] | Lost) -> str:
    """Return the name that was not defined when a function was called, or ""."""
    said = (one.said for one in _failures(replies) if _is_name_error(one))
    found = (re.match(r"name '(\w+)' is not defined", text) for text in said)
    return next((one[1] for one in found if one), "")


def _failures(replies: list[Reply] | Lost) -> list[Failure]:
    return [] if isinstance(replies, Lost) else [one.failure for one in replies if one.failure is not None]


def _is_name_error(failure: Failure) -> bool:
    return isinstance(failure, Raised) and failure.error == "NameError"


def defining(sources: Mapping[str, str], name: str) -> set[str]:
    """Return the answers whose text gives `name` a meaning at the beginning of a line."""
    return {cell for cell, source in sources.items() if name and _gives_a_meaning(source, name)}


def _gives_a_meaning(source: str, name: str) -> bool:
    """Say so of a cell's text, in a time that grows with its length alone: students write both."""
    word = re.escape(name)
    defines = re.compile(rf"(?:(?:async )?def|class) {word}\b|{word}\s*[=:,]")
    named, imports = re.compile(rf"\b{word}\b"), re.compile(r"\bimport\b")
    for line in source.split("\n"):
        found = imports.search(line)
        if defines.match(line) or (found and named.search(line, found.end())):
            return True
    return False


def unreadable(handed_in: HandedIn, assignment: Assignment, why: str) -> StudentResult:
    """Return the result of a submission that cannot be read at all."""
    said = f"Your submission could not be read: {why}."
    tasks = [_result(item, "unreadable", 0.0, "Unreadable.", details=(said,)) for item in assignment.items]
    return StudentResult(handed_in.student, "", tuple(tasks), (said,), handed_in.aliases)


def missing(student: str, assignment: Assignment) -> StudentResult:
    """Return the result of a student of the roster who handed in nothing."""
    said = "Nothing was handed in."
    tasks = [_result(item, "missing", 0.0, "Missing.", details=(said,)) for item in assignment.items]
    return StudentResult(student, "", tuple(tasks), (said,))


def ungraded(handed_in: HandedIn, assignment: Assignment, why: str) -> StudentResult:
    """Return the result of a submission over which the grader itself failed."""
    said = f"The grader failed on this submission ({why}); that is not the student's fault."
    tasks = [_result(item, "crashed", 0.0, "Not graded.", details=(said,)) for item in assignment.items]
    return StudentResult(handed_in.student, "", tuple(tasks), (said,), handed_in.aliases, UNGRADED)


def generator(seed: str, task: str) -> np.random.Generator:
    """Return the generator that the random inputs of a task come from."""
    return np.random.default_rng(list(hashlib.sha256(f"{seed}/{task}".encode()).digest()))


def _cases(task: Task, seed: str) -> Sequence[Case]:
    """Return the inputs of a task; ReferenceFailed where its own function does not make any."""
    try:
        cases = list(task.cases(generator(seed, task.name)))
    except Exception as error:
        raise ReferenceFailed(
            f"the inputs of {task.name} cannot be made: {type(error).__name__}: {error}"
        ) from error
    if not cases or not all(isinstance(case, Case) for case in cases):
        raise ReferenceFailed(f"the inputs of {task.name} must be a list of Case, with one or more")
    return cases


def _by_hand(item: Item, answers: Answers) -> TaskResult:
    """Return the result of a task that is graded by hand: no points yet, unless there is nothing to read."""
    text = answers.sources.get(item.name)
    notes = answers.notes.get(item.name, ())
    if text is None:
        return _result(item, "missing", 0.0, "Missing.", details=(answers.problems[item.name],), notes=notes)
    if text.strip("*_. \n").casefold() in _STUBS:
        return _result(item, "missing", 0.0, "Not written.", details=("No answer was written.",), notes=notes)
    said = ("This answer is read by a person; its points are still to come.",)
    return _result(item, "missing", None, "Not graded yet.", details=said, code=text, notes=notes)


def _judged(item: Item, cases: Sequence[Case], replies: list[Reply] | Lost, session: Session) -> TaskResult:
    if isinstance(replies, Lost):
        return _lost(item, replies)
    code, stopped = session.sources, session.raised.get(item.name)
    if stopped is not None and isinstance(replies[0].failure, Missing):
        return _stopped(item, stopped, code[item.name])
    if isinstance(failure := replies[-1].failure, (Forbidden, TimedOut)):
        return _by_failure(item, failure)
    asked = (*cases, cases[0])[: len(replies)]
    answers = [_answer(reply, case, code) for reply, case in zip(replies, asked, strict=True)]
    try:
        verdict = _verdict(item.task, cases[: len(replies)], answers)
    except ReferenceFailed:
        raise
    except Exception as error:  # an answer so odd that the comparison stumbles over it is not a right one
        details = (f"Your function returned something that cannot be compared ({type(error).__name__}).",)
        return _result(item, "graded", 0.0, "Not yet.", "unusable", details)
    earned = item.points if verdict.status == "right" else 0.0
    notes = (_about_cell(item, stopped),) if stopped is not None else ()
    headline = "Right." if verdict.status == "right" else verdict.headline
    return _result(item, "graded", earned, headline, verdict.mistake, verdict.details, notes=notes)


def _by_failure(item: Item, failure: Forbidden | TimedOut) -> TaskResult:
    """Return the result of an answer whose failure is a status of its own."""
    headline = "Not allowed." if isinstance(failure, Forbidden) else _TOO_LONG
    return _result(item, failure.name, 0.0, headline, failure.name, failure.in_words(item.task.called))


def _verdict(task: Task, cases: Sequence[Case], answers: Sequence[tuple]) -> Verdict:
    """Return what `check` would say; the reference is tried first, so that its own fault is never a student's.

    answers: one for each of `cases`, and one more for the first of them if all were called.
    """
    with _JUDGING:
        once, again = answers[: len(cases)], answers[len(cases) :]
        values, after, shared = zip(*once, strict=True)
        once_more = (lambda: again[0][0]) if again else None
        return judge(task, cases, values, after, shared=shared, again=once_more)


def _answer(reply: Reply, case: Case, code: Mapping[str, str]) -> tuple:
    """Return the value, or the Failure with the student's own line, the arguments after the call, and if they share
    memory.
    """
    if reply.failure is not None:
        return _with_line(reply.failure, reply.cell, code), None, False
    value = reply.value
    if not isinstance(value, list) or len(value) != 3:
        return Unusable("nothing that can be read"), None, False
    returned, after, shared = value
    if not isinstance(after, list) or len(after) != len(case.args):  # they are plain data no longer
        return returned, tuple("changed" for _ in case.args), shared is True
    # A function among the arguments comes back as None: put the original in its place.
    kept = tuple(old if new is None else new for old, new in zip(case.args, after, strict=True))
    return returned, kept, shared is True


def _with_line(failure: Failure, cell: str, code: Mapping[str, str]) -> Failure:
    """Return a failure with the text of its line, which is looked up here and not believed."""
    if not isinstance(failure, Raised):
        return failure
    lines = code.get(cell.removeprefix("<cell ").removesuffix(">"), "").splitlines()
    if failure.line is None or not 1 <= failure.line <= len(lines):
        return replace(failure, line=None)
    return replace(failure, source=steady(lines[failure.line - 1].strip()))


def _lost(item: Item, lost: Lost) -> TaskResult:
    if isinstance(lost, NoTimeLeft):
        said = (
            "The time for your whole notebook was used up before this answer was done, which may not be its fault. "
            "Look first at the answers that were stopped or took a long time.",
        )
        return _result(item, "timeout", 0.0, "Not run to its end.", "no time left", said)
    if isinstance(lost, Stopped):
        return (_cell_too_long if lost.in_cell else _by_failure)(item, TimedOut(lost.seconds))
    said = (
        f"The program that ran your answer ended while it was working on this task: {lost.how}. "
        "An answer returns its result; it does not end the program, start others, or write to the system.",
    )
    return _result(item, "crashed", 0.0, "Crashed.", "crashed", said)


def _cell_too_long(item: Item, failure: TimedOut) -> TaskResult:
    said = (
        f"Your cell had not finished after {failure.seconds:g} seconds and was stopped, before `{item.task.called}` "
        "could be called. Is there a loop that never ends? Remove experiments and imports that take a long time.",
    )
    return _result(item, "timeout", 0.0, _TOO_LONG, "timeout", said)


def _about_python(result: TaskResult, python: str) -> TaskResult:
    """Return the result with a word on versions of Python, where the answer may be right in a newer one."""
    here = ".".join(map(str, sys.version_info[:2]))
    if "SyntaxError" not in " ".join(result.details) or not python or python == here:
        return result
    said = f"Your notebook was written with Python {python}, and it was graded with Python {here}, which may not know "
    return replace(result, details=(*result.details, f"{said}what you wrote. If so, tell your instructor."))


def _about_unrun(n: int, seconds: float) -> str:
    many = "A code cell of your own was" if n == 1 else f"{n} code cells of your own were"
    return f"{many} not run: together they may take {seconds:g} seconds, and those above had used them up."


def _about_cell(item: Item, failure: Failure) -> str:
    """Return a note on a cell that stopped, or left something out, although the function could be called."""
    if isinstance(failure, Absent):
        return f"`{failure.module}` is not available here; the lines of your cell that need it were left out."
    if isinstance(failure, TimedOut):
        return f"The cell was stopped after {failure.seconds:g} seconds; it had defined {item.task.called} by then."
    return f"The cell stopped after it had defined {item.task.called}: {steady(failure.text)}"


def _stopped(item: Item, failure: Failure, source: str) -> TaskResult:
    """Return the result of an answer whose cell did not come as far as defining the function."""
    if isinstance(failure, TimedOut):
        return _cell_too_long(item, failure)
    if isinstance(failure, (NotWritten, Absent)):
        headline = "Not written yet." if isinstance(failure, NotWritten) else "Not yet."
        return _result(item, "graded", 0.0, headline, failure.name, failure.in_words(item.task.called))
    said = (
        f"Your cell stopped before `{item.task.called}` was defined{_in_line(failure, source)}: "
        f"{steady(failure.text)}",
        "Restart the kernel and run all cells before you hand in: then you will see it too.",
    )
    return _result(item, "graded", 0.0, "Not yet.", "raised", said)


def _in_line(failure: Failure, source: str) -> str:
    """Return in which line of its cell an exception was raised, with its text; "" where that is not known."""
    if not isinstance(failure, Raised) or not failure.line:
        return ""
    lines = source.splitlines()
    quoted = f", `{steady(lines[failure.line - 1].strip())}`" if failure.line <= len(lines) else ""
    return f" in line {failure.line}{quoted}"


def _result(
    item: Item,
    status: str,
    points: float | None,
    headline: str,
    mistake: str = "",
    details: Sequence[str] = (),
    code: str = "",
    notes: Sequence[str] = (),
) -> TaskResult:
    return TaskResult(
        task=item.name,
        title=item.title,
        kind=item.kind,
        points=points,
        possible=item.points,
        status=status,
        seconds=0.0,
        headline=headline,
        mistake=mistake,
        details=tuple(details),
        code=code,
        notes=tuple(notes),
    )
