"""No wrong answer passes: every named mistake and every mutant of every model answer, on forty draws of the inputs."""

from __future__ import annotations

import re

import pytest
from checks import equivalents, mutants

from rnncourse.checks import model, registry

CHECKED = {task.name: task for task in registry.tasks() if task.checked}


@pytest.mark.parametrize("name", CHECKED)
def test_the_model_answer_is_right_in_every_draw(name):
    task = CHECKED[name]
    assert mutants.passes(task, model.function(task), mutants.PATIENT) == mutants.DRAWS


@pytest.mark.parametrize("name", CHECKED)
def test_no_named_mistake_passes(name):
    task = CHECKED[name]
    passed = {one.name: mutants.passes(task, one.answer) for one in task.mistakes}
    assert {which: times for which, times in passed.items() if times} == {}


@pytest.mark.parametrize("name", CHECKED)
def test_no_mutant_passes(name):
    task, let_through = CHECKED[name], {}
    for mutant in mutants.mutants(task):
        known = equivalents.reason(name, mutant.change)
        if not known and (times := mutants.too_often(task, mutant)):
            let_through[mutant.change] = f"{times} of {mutants.DRAWS}"
    assert let_through == {}


@pytest.mark.parametrize("name", equivalents.EQUIVALENT)
def test_what_is_listed_as_right_exists_and_passes(name):
    """Each pattern fits a mutant, and each mutant that it fits is right in every draw."""
    task = CHECKED[name]
    made = mutants.mutants(task)
    for pattern in equivalents.EQUIVALENT[name]:
        fitting = [one for one in made if re.fullmatch(pattern, one.change)]
        assert fitting, pattern
        for one in fitting:
            assert mutants.passes(task, one.answer, mutants.PATIENT) == mutants.DRAWS, one.change


def test_a_changed_function_really_changes():
    """Every kind of change is made somewhere, and no task goes without."""
    made = {name: mutants.mutants(task) for name, task in CHECKED.items()}
    kinds = {one.kind for some in made.values() for one in some}
    wanted = {
        "loop",
        "bound",
        "term",
        "sign",
        "comparison",
        "branch",
        "number",
        "mask",
        "copy",
        "call",
        "axis",
    }
    wanted |= {"sides", "power", "reduction", "condition", "sequence", "anew", "return"}
    assert wanted | {"swap", "kept", "statement", "ignored", "part"} <= kinds
    assert min(len(some) for some in made.values()) >= 9
