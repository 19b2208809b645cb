"""What an exercise notebook imports: check an answer, ask for a hint, see the progress."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rnncourse.checks import forbidden, hints, notebook, progress_file, registry, written
from rnncourse.checks.calling import call
from rnncourse.checks.failure import Failure, Forbidden
from rnncourse.checks.judging import judge
from rnncourse.checks.outcomes import Outcome
from rnncourse.checks.probing import look_closer
from rnncourse.checks.task import Case, Task
from rnncourse.checks.verdict import Verdict
from rnncourse.errors import InputError
from rnncourse.markup import Card

__all__ = ["check", "examine", "hint", "progress"]

_IN_THE_NOTEBOOK = object()
_MARKED = ("validate", "autograde")
"""What nbgrader sets NBGRADER_EXECUTION to when it wants an exception from an answer that is not right."""


def check(name: str, answer: Callable | object = _IN_THE_NOTEBOOK) -> None:
    """Say below the cell whether a function does what the task `name` asks for, and what is wrong if not.

    answer: the function; without it, the one that the notebook defines. For an answer in words, which a person reads,
    show a model answer to compare with once something is written.
    """
    try:
        task = registry.task(name)
    except InputError as error:
        return Card("note", "No such task", (f"{str(error)[0].upper()}{str(error)[1:]}",)).show()
    if not task.checked:
        noted = written.note(Path.cwd())
        card = written.card(task, Path.cwd(), revealed=not _graded())
        return replace(card, paragraphs=(*card.paragraphs, *filter(None, [noted]))).show()
    verdict = _verdict(task, answer)
    if verdict.status != "right" and _graded():
        raise AssertionError(verdict.text())
    card = replace(verdict, notes=_notes(task, verdict)).card
    return replace(card, folds=hints.folds(task) if verdict.status == "wrong" else ()).show()


def _graded() -> bool:
    """Say whether nbgrader runs the notebook, and not a learner."""
    return os.environ.get("NBGRADER_EXECUTION") in _MARKED


def _verdict(task: Task, answer: Callable | object) -> Verdict:
    """Return the verdict on a function, or say that the cell that defines it has not run."""
    if answer is _IN_THE_NOTEBOOK:
        answer = notebook.defined(task.called)
        if answer is None:
            why = notebook.unreadable(task.called) or (
                f"There is no function `{task.called}` yet. Run the cell that defines it first, then this one."
            )
            return Verdict("not written", task.name, (why,), "missing", 0, task.points)
    why = notebook.did_not_run(task.called, answer)
    if why:
        return Verdict("not written", task.name, (why,), "not run", 0, task.points)
    return examine(task, answer, withheld=registry.withheld(task))


def examine(
    task: Task,
    answer: Callable,
    rng: np.random.Generator | None = None,
    withheld: Sequence[str] | None = None,
) -> Verdict:
    """Return the verdict on a function, called on random inputs; nothing is shown or kept.

    withheld: modules of which no code may run in the calls; those that the task itself forbids if there are none given.
    """
    if not callable(answer):
        return Verdict("wrong", task.name, (_no_function(task, answer),), "no function", 0, task.points)
    if withheld is None:
        withheld = forbidden.withheld(task.forbidden)
    named = forbidden.named_in(answer, forbidden.single_functions(task.forbidden, withheld))
    if named:
        said = Forbidden(named[0]).in_words(task.called)
        return Verdict("wrong", task.name, said, "forbidden", 0, task.points)
    cases = task.cases(rng or np.random.default_rng())
    answers = []
    for case in cases:
        answers.append(call(answer, case, task.seconds, withheld))
        if isinstance(answers[-1].value, Failure) and answers[-1].value.final:
            cases = cases[: len(answers)]
            break
    verdict = judge(
        task,
        cases,
        [one.value for one in answers],
        [one.after for one in answers],
        lambda: look_closer(
            task, lambda case: call(answer, case, task.seconds).value, notebook.source_of(answer)
        ),
        [one.shared for one in answers],
        lambda case: _called(answer, case, task.seconds),
        lambda: call(answer, cases[0], task.seconds).value,
    )
    return replace(verdict, printed=next((one.printed for one in answers if one.printed), ""))


def _called(answer: Callable, case: Case, seconds: float) -> Outcome:
    made = call(answer, case, seconds)
    return Outcome(made.value, made.after)


def hint(name: str) -> None:
    """Show a task's hints, one more each time, and after the third the model answer."""
    try:
        task = registry.task(name)
    except InputError as error:
        return Card("note", "No such task", (f"{str(error)[0].upper()}{str(error)[1:]}",)).show()
    card = hints.next_card(task)
    said = progress_file.record(task, hint=True)
    return replace(card, paragraphs=(*card.paragraphs, *([said] if said else []))).show()


def progress(chapter: int | str) -> None:
    """Show how many tasks of a chapter are right so far."""
    try:
        number = registry.number_of(chapter)
    except InputError as error:
        return Card("note", "No such chapter", (str(error),)).show()
    noted = written.note(Path.cwd())
    kept = progress_file.load()
    if not kept.known:
        return Card("note", "Your progress", (kept.said,)).show()
    tasks = registry.tasks(number)
    where = f"Chapter {number:02}: {progress_file.line(tasks, kept)}."
    done = [f"`{task.name}`" for task in tasks if task.checked and kept.right(task.name)]
    right = (f"Right so far: {', '.join(done)}.",) if done else ()
    return Card("note", where, (*right, *filter(None, [noted or kept.said]))).show()


def _notes(task: Task, verdict: Verdict) -> tuple[str, ...]:
    """Return what is said below a verdict: where to get help, or how far the chapter is done."""
    if verdict.status == "not written":
        return ()
    said = progress_file.record(task, right=verdict.status == "right")
    written.note(Path.cwd())
    notes = [said] if said else []
    if verdict.status != "right":
        notes.append(f'Stuck? Open the hints below, or run `hint("{task.name}")` in a cell of its own.')
    elif progress_file.file() is not None and (kept := progress_file.load()).known:
        number = registry.chapter_of(task.name)
        notes.append(f"Chapter {number:02}: {progress_file.line(registry.tasks(number), kept)}.")
    return tuple(notes)


def _no_function(task: Task, answer: Any) -> str:
    return (
        f"`check` needs the function itself, so that it can call it on inputs of its own: "
        f'`check("{task.name}", {task.called})`, without parentheses after `{task.called}`.'
    )
