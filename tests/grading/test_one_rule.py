"""What an exercise withholds cannot be used, in the notebook or when graded, and honest answers lose nothing by it."""

from __future__ import annotations

import pytest
from grading.classroom import require_sandbox
from grading.exercise import checked, graded
from grading.workarounds import HONEST, KEPT, SHARED, WAYS


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """What `check` says, and the lines of the gradebook."""
    require_sandbox()
    everything = {**WAYS, **{f"honest_{name}": one for name, one in HONEST.items()}}
    everything |= {f"shared_{name}": one for name, one in SHARED.items()}
    everything |= {f"kept_{name}": one for name, one in KEPT.items()}
    return checked(everything), graded(everything, tmp_path_factory.mktemp("one_rule"))


def test_the_banks_are_large():
    assert len(WAYS) >= 90 and len(HONEST) >= 30


@pytest.mark.parametrize("name", WAYS)
def test_what_is_withheld_earns_nothing_and_check_says_so_too(judged, name):
    way = WAYS[name]
    row = judged[1][name, way.task]
    assert (row["points"], row["status"] in ("forbidden", "graded")) == ("0", True), row
    said = judged[0][name].get(way.task, "no verdict")
    if way.home:
        assert said.startswith(way.home)
    else:
        assert said == "wrong: forbidden"


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_answer_is_right_for_both(judged, name):
    row = judged[1][f"honest_{name}", HONEST[name].task]
    assert judged[0][f"honest_{name}"].get(HONEST[name].task) == "right"
    assert (row["points"], row["status"]) == (row["max"], "graded"), row


@pytest.mark.parametrize("name", SHARED)
def test_where_new_arrays_are_wanted_both_refuse_those_that_came_in(judged, name):
    row = judged[1][f"shared_{name}", SHARED[name].task]
    assert judged[0][f"shared_{name}"].get(SHARED[name].task) == "wrong: shared"
    assert (row["points"], row["status"]) == ("0", "graded"), row
    assert "what you return shares memory with an argument" in row["summary"]


@pytest.mark.parametrize("name", KEPT)
def test_both_refuse_what_answers_the_same_input_differently_once_more(judged, name):
    row = judged[1][f"kept_{name}", KEPT[name].task]
    assert judged[0][f"kept_{name}"].get(KEPT[name].task) == "wrong: twice"
    assert (row["points"], row["status"]) == ("0", "graded"), row
    assert "called again with the same input" in row["summary"]


@pytest.mark.parametrize("name", [name for name, way in WAYS.items() if not way.home])
def test_the_reason_is_said(judged, name):
    """The stub explains itself even where a name was never bound."""
    row = judged[1][name, WAYS[name].task]
    assert (
        "is not available: this task is to write it yourself" in row["summary"] or row["status"] == "graded"
    )
