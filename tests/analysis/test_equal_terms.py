"""A comparison is fair where initialization, parameters, steps and tuning agree; what differs is named."""

import numpy as np
import pytest

from rnncourse import in_numpy, in_torch
from rnncourse.analysis import equal_terms
from rnncourse.errors import InputError

TERMS = {"initialization": "orthogonal", "steps": 300, "tuning": "learning rate from 0.003, 0.01"}


def test_parameters_of_networks_of_both_engines_are_counted():
    rnn = in_numpy.RNN(3, 5, rng=np.random.default_rng(0))
    gru = in_torch.GRU(3, 5)
    terms = equal_terms({"RNN": rnn, "GRU": gru}, **TERMS)
    assert terms.parameters == {"RNN": 15 + 25 + 5, "GRU": 3 * (15 + 25 + 5) + 5}
    assert terms.differences == ["parameters"]


@pytest.mark.parametrize(("smaller", "equal"), [(950, True), (949, False)])
def test_parameter_counts_within_five_percent_are_equal(smaller, equal):
    assert (equal_terms({"a": 1000, "b": smaller}, **TERMS).differences == []) is equal


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"initialization": {"a": "uniform", "b": "Glorot"}}, ["initialization"]),
        ({"steps": {"a": 300, "b": 301}}, ["training steps"]),
        ({"tuning": {"a": "none", "b": "3 rates"}, "steps": {"a": 1, "b": 2}}, ["training steps", "tuning"]),
        ({"initialization": {"b": "uniform", "a": "uniform"}}, []),
    ],
    ids=["initialization", "steps", "two terms", "the same, by name"],
)
def test_each_term_that_differs_is_named(changed, named):
    terms = equal_terms({"a": 10, "b": 10}, **{**TERMS, **changed})
    assert terms.differences == named


def test_the_printed_table_has_a_row_for_each_network_and_a_verdict():
    terms = equal_terms({"tanh RNN": 5796, "GRU": 17156}, **{**TERMS, "steps": {"tanh RNN": 1, "GRU": 2}})
    lines = str(terms).splitlines()
    assert lines[1].split("  ")[0] == "tanh RNN" and "5,796" in lines[1]
    assert lines[-1] == "Not equal: parameters and training steps."
    assert str(equal_terms({"a": 1, "b": 1}, **TERMS)).endswith("Equal terms.")


@pytest.mark.parametrize(
    ("networks", "changed", "said"),
    [
        ({"a": 1}, {}, "at least two"),
        ({"a": 1, "b": "LSTM"}, {}, "b must be a network with params"),
        ({"a": 1, "b": 1}, {"steps": {"a": 1}}, "steps must have one value for each of a, b"),
        ({"a": 1, "b": 1}, {"steps": 0}, "steps"),
    ],
    ids=["one network", "no network", "a missing name", "no steps"],
)
def test_what_makes_no_comparison_is_refused(networks, changed, said):
    with pytest.raises(InputError, match=said):
        equal_terms(networks, **{**TERMS, **changed})
