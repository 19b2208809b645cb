"""Every task of every bank: its reference, its stub, its named mistakes and other ways of being right."""

from __future__ import annotations

import ast
import re
import time
from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from checks.variants import all_variants

from rnncourse.checks import examine, registry
from rnncourse.checks.bank import inputs, statements
from rnncourse.checks.judging import alike, outcome
from rnncourse.checks.task import Task
from rnncourse.errors import InputError

TASKS = {f"ch{registry.chapter_of(task.name):02}-{task.name}": task for task in registry.tasks()}
CHECKED = {key: task for key, task in TASKS.items() if task.checked}
MISTAKES = {f"{key}-{m.name}": (task, m) for key, task in CHECKED.items() for m in task.mistakes}
VARIANTS = all_variants()
RIGHT_WAYS = {
    f"{key}-{i}-{f.__name__}": (task, f)
    for key, task in CHECKED.items()
    for i, f in enumerate(VARIANTS.get(task.name, ()))
}
SEEDS = (0, 1, 2)


def judged(task: Task, function, seed: int):
    """Return the verdict; the bank's own functions may use the package."""
    return examine(replace(task, forbidden=()), function, np.random.default_rng(seed))


def stub(*_args, **_kwargs):
    raise NotImplementedError


def kind_and_steady(text: str) -> bool:
    """No traceback, no address, no number of a random input."""
    return not re.search(r"Traceback|0x[0-9a-f]{4,}|\d\.\d{4,}|<function|<lambda>", text)


@pytest.mark.parametrize("key", TASKS)
def test_names_are_unique_in_the_course(key):
    assert [task.name for task in registry.tasks()].count(TASKS[key].name) == 1


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("key", CHECKED)
def test_the_reference_is_right(key, seed):
    task = CHECKED[key]
    verdict = judged(task, task.reference, seed)
    assert (verdict.status, verdict.points) == ("right", task.points), verdict.text()


@pytest.mark.parametrize("key", CHECKED)
def test_the_stub_is_told_kindly(key):
    verdict = judged(CHECKED[key], stub, 0)
    assert (verdict.status, verdict.points) == ("not written", 0)
    assert "stub, which is not written" in verdict.text() or "NotImplementedError" in verdict.text()


@pytest.mark.parametrize("key", MISTAKES)
def test_a_named_mistake_gets_its_own_message(key):
    task, mistake = MISTAKES[key]
    told = []
    for seed in SEEDS:
        verdict = judged(task, mistake.answer, seed)
        assert (verdict.status, verdict.mistake, verdict.points) == ("wrong", mistake.name, 0), verdict.text()
        assert verdict.details[0] == mistake.message
        told.append(verdict.text())
    assert len(set(told)) == 1 and kind_and_steady(told[0]), told


@cache
def outcomes(name: str):
    """Return what the reference and every mistake of a task give back on the same inputs."""
    task = registry.task(name)
    cases = task.cases(np.random.default_rng(5))
    answers = {"": task.reference, **{m.name: m.answer for m in task.mistakes}}
    return {who: [outcome(f, case) for case in cases] for who, f in answers.items()}


@pytest.mark.parametrize("key", CHECKED)
def test_no_two_mistakes_coincide(key):
    task = CHECKED[key]
    for (one, a), (other, b) in combinations(outcomes(task.name).items(), 2):
        same = all(alike(task, x, y) for x, y in zip(a, b, strict=True))
        assert not same, f"{one or 'the reference'} and {other} give the same answers"


@pytest.mark.parametrize("key", CHECKED)
def test_there_are_three_mistakes(key):
    assert len(CHECKED[key].mistakes) >= 3


@pytest.mark.parametrize("chapter", registry.chapters())
def test_only_mistakes_share_a_name(chapter):
    """Ruff lets names be defined twice in a bank, for its mistakes; a helper must not be hidden by one."""
    path = Path(registry.__file__).parent / "bank" / f"ch{chapter:02}.py"
    helpers, mistakes = [], set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.decorator_list:
            mistakes.add(node.name)
        else:
            helpers += _defined(node)
    assert len(set(helpers)) == len(helpers) and not mistakes & set(helpers)


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [alias.asname or alias.name for alias in node.names]
    if isinstance(node, ast.FunctionDef):
        return [node.name]
    return [one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)]


def test_a_bank_needs_a_statement():
    with pytest.raises(InputError, match=r"no master states the task .*rnn_leap"):
        statements.task("rnn_leap")


@pytest.mark.parametrize("key", CHECKED)
def test_there_are_five_other_ways(key):
    ways = VARIANTS.get(CHECKED[key].name, ())
    assert len(set(ways)) >= 5


@pytest.mark.parametrize("key", RIGHT_WAYS)
def test_another_right_way_passes(key):
    task, way = RIGHT_WAYS[key]
    for seed in SEEDS:
        verdict = examine(task, way, np.random.default_rng(seed))
        assert verdict.status == "right", verdict.text()


@pytest.mark.parametrize("key", CHECKED)
def test_a_right_answer_is_judged_at_once(key):
    task = replace(CHECKED[key], forbidden=())
    rng = np.random.default_rng(0)
    examine(task, task.reference, rng)
    took = []
    for _ in range(5):
        start = time.perf_counter()
        examine(task, task.reference, rng)
        took.append(time.perf_counter() - start)
    assert min(took) < 0.05


@pytest.mark.parametrize("key", CHECKED)
def test_inputs_are_generic(key):
    """Values are drawn, sizes are not: the same mistake is told in the same words every time."""
    task = CHECKED[key]
    one, other = (task.cases(np.random.default_rng(seed)) for seed in (0, 1))
    assert 2 <= len(one) <= 10
    assert [_shapes(case.args) for case in one] == [_shapes(case.args) for case in other]
    arrays = [a for case in one for a in _arrays([*case.args, *case.kwargs.values()])]
    for a in arrays:
        assert not (a.ndim == 2 and a.shape[0] == a.shape[1] > 1 and np.array_equal(a, a.T)), (
            "a symmetric matrix"
        )


@pytest.mark.parametrize("key", CHECKED)
def test_edges_come_last_and_have_names(key):
    """A closer look begins with the first case that is wrong, and a learner is told which edge it was."""
    cases = CHECKED[key].cases(np.random.default_rng(0))
    edges = [case.edge for case in cases]
    assert edges == sorted(edges) and not all(edges)
    assert all(case.about for case in cases if case.edge)


@pytest.mark.parametrize("key", CHECKED)
def test_hints_and_messages_do_not_give_the_line_away(key):
    """No hint and no message holds a line of code that computes with two or more operators."""
    task = CHECKED[key]
    said = [*task.hints, *(m.message for m in task.mistakes)]
    assert len(set(said)) == len(said)
    for text in said:
        for code in re.findall(r"`([^`]+)`", text):
            assert len(re.findall(r"[@*/]|\s[-+]\s", code)) < 2 or len(code) < 12, (
                f"gives the line away: {code}"
            )


MAKERS = {
    "rnn": lambda rng: inputs.rnn_parameters(rng, 4, 5),
    "lstm": lambda rng: inputs.lstm_parameters(rng, 4, 5),
    "gru": lambda rng: inputs.gru_parameters(rng, 4, 5),
    "readout": lambda rng: inputs.readout_parameters(rng, 4, 5),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_to_leave_out_a_bias_is_seen(kind):
    """Every entry of every bias is at least 0.2 away from zero, and both signs are drawn."""
    drawn = [MAKERS[kind](np.random.default_rng(seed)) for seed in range(100)]
    names = [name for name in drawn[0] if name.startswith("b")]
    biases = np.concatenate([parameters[name] for parameters in drawn for name in names])
    assert names and np.abs(biases).min() >= 0.2 and biases.min() < 0 < biases.max()


def _arrays(values) -> list[np.ndarray]:
    found = []
    for value in values:
        if isinstance(value, np.ndarray):
            found.append(value)
        elif isinstance(value, dict):
            found += _arrays(value.values())
        elif isinstance(value, (list, tuple)):
            found += _arrays(value)
    return found


def _shapes(values) -> list[tuple]:
    return [a.shape for a in _arrays(values)]
