"""The Attention lab without a browser: what it takes, what Python reads and sets, and its stand-in."""

from __future__ import annotations

import numpy as np
import pytest

from rnncourse.errors import InputError
from rnncourse.widgets import AttentionLab, attention_lab
from rnncourse.widgets._attention_lab import spread


def example(words: str, tokens: str, seed: int = 0):
    read, written = words.split(), list(tokens)
    weights = np.random.default_rng(seed).dirichlet(np.ones(len(read)), size=len(written))
    return weights, read, written


def lab() -> AttentionLab:
    return attention_lab([example("june the first", "06-01"), example("may third", "05-03!", 1)])


def test_spread_is_the_number_of_words_that_share_the_weight():
    rows = np.array([[1.0, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4, [0.7, 0.1, 0.1, 0.1]])
    mixed = np.exp(-(0.7 * np.log(0.7) + 0.3 * np.log(0.1)))
    assert np.allclose(spread(rows), [1, 2, 4, mixed], rtol=0, atol=1e-12)


def test_example_and_step_are_set_from_python():
    shown = lab()
    assert (shown.example, shown.step, shown.steps) == (1, 1, 5)
    shown.example, shown.step = 2, 6
    assert np.allclose(shown.weights, example("may third", "05-03!", 1)[0])
    assert repr(shown) == "AttentionLab(example=2, step=6)"
    shown.example = 1
    assert (shown.step, shown.steps) == (5, 5)
    with pytest.raises(InputError, match="step must be a whole number from 1 to 5"):
        shown.step = 6
    with pytest.raises(InputError, match="example must be"):
        shown.example = 3


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        ([], "examples must be 1 to 12, but got 0"),
        ([(np.ones((2, 2)), ["a"])], r"examples\[0\] must be \(weights, read, written\)"),
        ([(np.full((2, 3), 0.5), list("abc"), list("de"))], "sum to 1 in each row; were they transposed"),
        ([(np.eye(2), list("abc"), list("de"))], "read must"),
        ([(np.eye(2), list("ab"), list("def"))], "written must"),
        ([(np.eye(2), ["a", "b" * 13], list("de"))], "at most 12 characters"),
    ],
)
def test_what_cannot_be_shown_is_refused(examples, message):
    with pytest.raises(InputError, match=message):
        attention_lab(examples)


def test_stand_in_is_a_picture_that_names_the_strongest_links():
    weights = np.array([[0.9, 0.1], [0.2, 0.8]])
    shown = attention_lab([(weights, ["left", "right"], ["a", "b"])])
    assert "a to left, b to right" in shown.static_text()
    assert "a to left, b to right" in shown.static_html() and "<img" in shown.static_html()
    assert "Shift + Enter" in shown.invitation()
