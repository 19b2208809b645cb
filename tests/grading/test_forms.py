"""Unusual but honest notebooks, in IPython with `check` and in the sandbox: both must call them right."""

from __future__ import annotations

import pytest
from grading.classroom import require_sandbox
from grading.exercise import checked, graded
from grading.forms import FORMS


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """What `check` says, and the lines of the gradebook."""
    require_sandbox()
    return checked(FORMS), graded(FORMS, tmp_path_factory.mktemp("forms"))


def test_the_bank_is_large():
    assert len(FORMS) >= 60


@pytest.mark.parametrize("name", FORMS)
def test_both_call_it_right(judged, name):
    task = FORMS[name].task
    row = judged[1][name, task]
    assert judged[0][name].get(task) == "right"
    assert (row["points"], row["status"]) == (row["max"], "graded"), row
