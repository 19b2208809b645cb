"""What is said about wrong answers that nobody had seen when the banks were written, and that right ones pass."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from checks.wrong_answers import CLASSES, answers

from rnncourse.checks import examine, judging, probing, registry
from rnncourse.checks.calling import call
from rnncourse.checks.judging import alike, outcome

TASKS = tuple(dict.fromkeys(one.task for one in answers()))
QUICK = tuple(name for name in TASKS if registry.task(name).seconds <= 2)
LONG = ("rnn_backward", "truncated_backward")
"""Tasks whose model answers have so many variations that only a named mistake is told at once."""

DRAWS = 3
SECONDS = 20.0
"""The time limit of one call: a busy computer must not stop one that ends."""

ENDLESS = ("no_limit",)
"""What is told of answers that run for ever: they have the task's own time limit."""


@pytest.fixture(autouse=True)
def time_enough(monkeypatch):
    """Let a busy computer look as closely as an idle one."""
    monkeypatch.setattr(probing, "SECONDS", 20.0)
    monkeypatch.setattr(judging, "_SECONDS_OF_VARIATIONS", 20.0)
    monkeypatch.setattr(judging, "_SECONDS_AT_MOST", 60.0)
    monkeypatch.setattr(judging, "_SECONDS_BY_THE_CLOCK", 60.0)


@pytest.fixture(autouse=True)
def same_draws():
    """Let an answer that draws numbers of its own draw the same ones in every run."""
    np.random.seed(0)


def of(task: str, right: bool) -> list:
    return [one for one in answers() if one.task == task and (one.kind == "right") is right]


def patient(name: str):
    """Return a task with a time limit that a busy computer keeps."""
    task = registry.task(name)
    if task.seconds > 2:
        pytest.importorskip("torch")
    return replace(task, seconds=SECONDS)


def limited(task, answer):
    """Return a patient task, with its own time limit for an answer that never ends."""
    return registry.task(task.name) if answer.expected in ENDLESS else task


@pytest.mark.parametrize("name", QUICK)
def test_each_wrong_answer_is_told_as_before(name):
    """Not those of which nothing is told: to be sure of that takes longest."""
    task = patient(name)
    some = [
        one for one in of(name, False) if one.kind == "named" or (one.kind != "generic" and name not in LONG)
    ]
    told = {
        one.title: examine(limited(task, one), one.function(), np.random.default_rng(0)).mistake
        for one in some
    }
    assert told == {one.title: one.expected for one in some}


@pytest.mark.parametrize("name", TASKS)
def test_each_right_answer_passes(name):
    task = patient(name)
    for one in of(name, True):
        for seed in range(2):
            verdict = examine(task, one.function(), np.random.default_rng(seed))
            assert verdict.status == "right", f"{one.title}: {verdict.text()}"


@pytest.mark.parametrize("name", TASKS)
def test_no_wrong_answer_passes_in_any_draw(name):
    """The arguments are changed, or the same input gives another answer, or a value is wrong, in every draw."""
    task = patient(name)
    draws = [task.cases(np.random.default_rng(100 + k)) for k in range(DRAWS)]
    known = [[(case, outcome(task.reference, case)) for case in cases] for cases in draws]
    quiet = [one for one in of(name, False) if one.expected not in ("shared", "twice", "timeout")]
    passed = {
        one.title: sum(passes(limited(task, one), one.function(), cases) for cases in known) for one in quiet
    }
    assert {title: times for title, times in passed.items() if times} == {}


def passes(task, function, cases) -> bool:
    return all(alike(task, expected, call(function, case, task.seconds)) for case, expected in cases)


def test_most_wrong_answers_are_named_or_pointed_at():
    kinds = Counter(one.kind for one in answers() if one.kind != "right")
    assert set(kinds) <= set(CLASSES)
    share = {kind: n / kinds.total() for kind, n in kinds.items()}
    # Of those that come to mind it is 88 %; the far-fetched ones at the end of each task are in here, too.
    assert share["named"] + share["pointed"] >= 0.84
    assert share["named"] + share["pointed"] + share["narrowed"] >= 0.95


def test_the_classes_agree_with_the_banks():
    """Only a mistake of the bank has a name."""
    names = {task.name: {one.name for one in task.mistakes} for task in registry.tasks() if task.checked}
    wrong = [one for one in answers() if one.kind != "right"]
    assert [one for one in wrong if (one.kind == "named") is not (one.expected in names[one.task])] == []
