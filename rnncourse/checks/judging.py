"""From answers to a verdict. Never calls a learner's function: it sees what came back, and the task."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np

from rnncourse.checks.comparing import Finding, Leaf, WrongStructure, as_array, equal, leaves, start
from rnncourse.checks.failure import Failure, in_words, steady
from rnncourse.checks.findings import findings
from rnncourse.checks.task import Case, Mistake, Named, Task, Value
from rnncourse.checks.verdict import Verdict

__all__ = ["Failure", "ReferenceFailed", "alike", "fresh", "judge", "outcome"]

_AT_ONCE = ("forbidden", "not written", "missing", "timeout", "unusable")


class ReferenceFailed(RuntimeError):
    """A task's own code cannot be run: the task is at fault, not the answer."""


@dataclass(frozen=True)
class Outcome:
    """What one call gave back, and its arguments afterwards (None where they are not known)."""

    value: Value | Failure
    after: tuple | None


def judge(
    task: Task,
    cases: Sequence[Case],
    answers: Sequence[Value | Failure],
    after: Sequence[tuple | None] | None = None,
) -> Verdict:
    """Return the verdict on what a learner's function gave back for `cases`.

    answers: for each case the value returned, plain data, or a Failure. after: for each case its arguments as
    they were after the call, or None where that is not known. ReferenceFailed where the task's own answer fails.
    """
    given = [Outcome(a, b) for a, b in zip(answers, after or [None] * len(cases), strict=True)]
    failure = next((one.value for one in given if _failed(one) and one.value.kind in _AT_ONCE), None)
    if failure is not None:
        status = "not written" if failure.kind in ("not written", "missing") else "wrong"
        return _verdict(task, status, in_words(failure, task.called), failure.kind)
    expected = [outcome(task.reference, case) for case in cases]
    broken = [one for one in expected if _failed(one)]
    if broken:
        raise ReferenceFailed(f"the reference of {task.name} failed: {broken[0].value.text}")
    right = [alike(task, e, g) for e, g in zip(expected, given, strict=True)]
    if all(right):
        return _praise(task, expected, given)
    return _named(task, cases, expected, given) or _generic(task, cases, expected, given, right)


def outcome(function: Callable, case: Case) -> Outcome:
    """Call a function of the course's own, silently, on fresh copies of a case's arguments."""
    args, kwargs = fresh(case.args), fresh(case.kwargs)
    try:
        with quiet(), contextlib.redirect_stdout(io.StringIO()):
            value = function(*args, **kwargs)
    except Exception as error:
        return Outcome(Failure("raised", f"{type(error).__name__}: {error}"), None)
    return Outcome(value, args)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep NumPy's warnings off the page: what they warn of is found in the answer."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def fresh(value: Any) -> Any:
    """Return a deep copy of plain data in which every Named stands as its function."""
    if isinstance(value, Named):
        return value.function
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, dict):
        return {key: fresh(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(fresh(one) for one in value)
    return value


def _failed(one: Outcome) -> bool:
    return isinstance(one.value, Failure)


def alike(task: Task, one: Outcome, other: Outcome) -> bool:
    """Say whether two outcomes cannot be told apart: same value, or same error, and same traces in the arguments."""
    if _failed(one) or _failed(other):
        both = _failed(one) and _failed(other)
        return both and steady(one.value.text) == steady(other.value.text)
    if one.after is not None and other.after is not None and not _same_data(one.after, other.after):
        return False
    return equal(one.value, other.value, task.tolerance, task.outputs)


def _same_data(one: Value, other: Value) -> bool:
    """Say whether arguments are the same after two calls; functions among them are passed over."""
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and one.keys() == other.keys()
            and all(_same_data(one[key], other[key]) for key in one)
        )
    if isinstance(one, (list, tuple)):
        return (
            isinstance(other, (list, tuple)) and len(one) == len(other) and all(map(_same_data, one, other))
        )
    if callable(one) or callable(other) or isinstance(one, Named) or isinstance(other, Named):
        return True
    return equal(one, other, 1e-6)


def _praise(task: Task, expected: Sequence[Outcome], given: Sequence[Outcome]) -> Verdict:
    details = [task.praise] if task.praise else []
    if any(_lost_digits(task, e, g) for e, g in zip(expected, given, strict=True)):
        details.append(
            "Your answer is float32 where float64 came in. That is exact enough to train with; to check "
            "gradients, keep float64."
        )
    return _verdict(task, "right", tuple(details))


def _lost_digits(task: Task, expected: Outcome, given: Outcome) -> bool:
    pairs = [
        (as_array(leaf.expected), as_array(leaf.answer))
        for leaf in leaves(expected.value, given.value, task.outputs)
    ]
    return any(a is not None and e.dtype == np.float64 and a.dtype == np.float32 for e, a in pairs)


def _named(
    task: Task, cases: Sequence[Case], expected: Sequence[Outcome], given: Sequence[Outcome]
) -> Verdict | None:
    """Return the verdict of the mistake that gives these very answers, as a whole or in one part; or None."""
    known = [(mistake, [outcome(mistake.answer, case) for case in cases]) for mistake in task.mistakes]
    for mistake, outcomes in known:
        if all(alike(task, made, one) for made, one in zip(outcomes, given, strict=True)):
            return _verdict(task, "wrong", (mistake.message,), mistake.name)
    if any(map(_failed, given)):
        return None
    parts = _wrong_parts(task, expected, given)
    found = {}
    for name in parts:
        mistake = next((m for m, outcomes in known if _explains(task, name, outcomes, expected, given)), None)
        if mistake is not None:
            found.setdefault(mistake.name, (mistake, []))[1].append(name)
    return _partly_named(task, found, parts, expected) if found else None


def _wrong_parts(task: Task, expected: Sequence[Outcome], given: Sequence[Outcome]) -> list[str]:
    """Return the names of the parts that are wrong in some case; none where the answer is built differently."""
    wrong: dict[str, None] = {}
    for e, g in zip(expected, given, strict=True):
        try:
            found = leaves(e.value, g.value, task.outputs)
        except WrongStructure:
            return []
        wrong |= {leaf.name: None for leaf in found if not _right(leaf, task)}
    return list(wrong)


def _explains(
    task: Task, name: str, made: Sequence[Outcome], expected: Sequence[Outcome], given: Sequence[Outcome]
) -> bool:
    """Say whether a mistake gives the learner's part `name` in every case, and a wrong one in at least one."""
    differs = False
    for m, e, g in zip(made, expected, given, strict=True):
        if _failed(m):
            return False
        try:
            by_mistake = _part(name, m.value, g.value, task)
            truth = _part(name, e.value, m.value, task)
        except WrongStructure:
            return False
        if by_mistake is None or truth is None or not _right(by_mistake, task):
            return False
        differs = differs or not _right(truth, task)
    return differs


def _right(leaf: Leaf, task: Task) -> bool:
    return equal(leaf.expected, leaf.answer, task.tolerance)


def _part(name: str, expected: Value, answer: Value, task: Task) -> Leaf | None:
    return next((leaf for leaf in leaves(expected, answer, task.outputs) if leaf.name == name), None)


def _partly_named(
    task: Task, found: dict[str, tuple[Mistake, list[str]]], wrong: list[str], expected: Sequence[Outcome]
) -> Verdict:
    several = len(_names(task, expected)) > 1
    details = []
    for mistake, names in list(found.values())[:2]:
        listed = ", ".join(f"`{name}`" for name in names)
        details.append(f"{listed}: {mistake.message}" if several else mistake.message)
    return _verdict(task, "wrong", (*details, *_standing(task, wrong, expected)), next(iter(found)))


def _generic(
    task: Task,
    cases: Sequence[Case],
    expected: Sequence[Outcome],
    given: Sequence[Outcome],
    right: Sequence[bool],
) -> Verdict:
    raised = next((one.value for one in given if _failed(one)), None)
    if raised is not None:
        about = _where(cases, [not _failed(one) for one in given])
        return _verdict(task, "wrong", (*in_words(raised, task.called), *about), "raised")
    changed = _changed(task, cases, given)
    wrong = [(e, g) for e, g, fine in zip(expected, given, right, strict=True) if not fine]
    found = _common(task, wrong)
    if changed and (not wrong or found is None or not _wrong_parts(task, expected, given)):
        return _verdict(task, "wrong", (changed.text,), changed.key)
    found = found or Finding("values", _differs(task, expected, given))
    parts = _wrong_parts(task, expected, given)
    details = (found.text, *_standing(task, parts, expected), *_where(cases, right))
    if changed:
        details = (*details, changed.text)
    return _verdict(task, "wrong", details, found.key)


def _common(task: Task, wrong: Sequence[tuple[Outcome, Outcome]]) -> Finding | None:
    """Return the first finding that holds in every wrong case, about the first part that is wrong."""
    every: list[dict[tuple[str, str], Finding]] = []
    for e, g in wrong:
        try:
            parts = leaves(e.value, g.value, task.outputs)
        except WrongStructure as mismatch:
            return mismatch.finding
        here = {}
        for leaf in parts:
            if not _right(leaf, task):
                for one in findings(leaf, leaf.name in task.timed or "result" in task.timed, task.tolerance):
                    here.setdefault((leaf.name, one.key), one)
        every.append(here)
    return next((one for key, one in every[0].items() if all(key in here for here in every)), None)


def _differs(task: Task, expected: Sequence[Outcome], given: Sequence[Outcome]) -> str:
    wrong = _wrong_parts(task, expected, given)
    e = as_array(_part(wrong[0], expected[0].value, expected[0].value, task).expected) if wrong else None
    if e is None or not e.ndim:
        return f"{start(wrong[0] if wrong else '')} is not what is asked for."
    fits = "has the right shape" if e.dtype.kind in "fiub" else "has the right length"
    return f"{start(wrong[0])} {fits}, but what it holds is not right."


def _changed(task: Task, cases: Sequence[Case], given: Sequence[Outcome]) -> Finding | None:
    """Return a finding if the learner's function changed an argument that it should leave alone."""
    if task.may_modify:
        return None
    names = list(signature(task.reference).parameters)
    for case, one in zip(cases, given, strict=True):
        for i, argument in enumerate(case.args):
            if one.after is not None and not _same_data(argument, one.after[i]):
                which = f"`{names[i]}`" if i < len(names) else "an argument"
                text = (
                    f"Your function changes {which}, which belongs to the caller. `+=`, `*=` and `a[...] = ` "
                    "work in place; make a copy first, or compute a new array."
                )
                return Finding("modified", text)
    return None


def _standing(task: Task, wrong: Sequence[str], expected: Sequence[Outcome]) -> tuple[str, ...]:
    """Return a sentence on which parts are right already, where there are several."""
    names = _names(task, expected)
    right = [name for name in names if name not in wrong]
    if len(names) < 2 or not wrong or not right:
        return ()
    are = "is" if len(right) == 1 else "are"
    return (f"{', '.join(f'`{name}`' for name in right)} {are} right.",)


def _names(task: Task, expected: Sequence[Outcome]) -> list[str]:
    return [leaf.name for leaf in leaves(expected[0].value, expected[0].value, task.outputs)]


def _where(cases: Sequence[Case], right: Sequence[bool]) -> tuple[str, ...]:
    """Return a sentence on the special inputs that alone went wrong, if the cases have names."""
    wrong = [case.about for case, fine in zip(cases, right, strict=True) if not fine]
    if not any(right) or not all(wrong):
        return ()
    return (f"With other inputs it works, but not {' or '.join(dict.fromkeys(wrong))}.",)


def _verdict(task: Task, status: str, details: tuple[str, ...], mistake: str = "") -> Verdict:
    earned = task.points if status == "right" else 0
    return Verdict(status, task.name, tuple(details), mistake, earned, task.points)
