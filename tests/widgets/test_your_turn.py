"""rnncourse.widgets.your_turn: open, right and wrong answers of every kind get their own card."""

import numpy as np
import pytest

from rnncourse.errors import InputError
from rnncourse.widgets import your_turn


@pytest.fixture
def said(monkeypatch):
    """Return a function that calls your_turn and gives the text that it shows."""
    shown = []
    monkeypatch.setattr("rnncourse.markup.Card.show", lambda card: shown.append(card.text()))

    def call(*args, **options):
        your_turn(*args, **{"hint": "Look at `W_hh`.", "done": "It is a sum."} | options)
        return shown.pop()

    return call


@pytest.mark.parametrize("value", [..., None], ids=["ellipsis", "none"])
def test_an_open_line_asks_to_be_completed(said, value):
    assert said(value, 3).startswith("Your turn\nReplace the ... above")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3.0),
        (np.float32(0.1), 0.1),
        ([1, 2], np.array([1.0, 2.0])),
        ("hello", "hello"),
        (True, True),
        (1e6 + 0.5, 1e6),
    ],
    ids=["int", "float32", "list", "text", "bool", "large numbers"],
)
def test_what_is_equal_is_right(said, value, expected):
    assert said(value, expected) == "Right.\nIt is a sum."


@pytest.mark.parametrize(
    ("value", "expected", "told"),
    [
        (2, 3, "Your value is 2."),
        (np.zeros((2, 3)), np.zeros((3, 2)), "Your value has shape (2, 3); it should have shape (3, 2)."),
        ("help", "hello", "Your value is 'help'."),
        (1, True, "Your value is 1."),
        (np.array([1.0, np.nan]), np.array([1.0, 2.0]), "nan"),
        (1.001, 1.0, "1.001"),
    ],
    ids=["number", "shape", "text", "not a bool", "nan", "just off"],
)
def test_what_differs_is_wrong_and_gets_the_hint(said, value, expected, told):
    text = said(value, expected)
    assert text.startswith("Not yet.") and told in text and text.endswith("Look at W_hh.")


def test_torch_tensors_count_as_numbers(said):
    torch = pytest.importorskip("torch")
    assert said(torch.tensor([1.0, 2.0], requires_grad=True), [1, 2]).startswith("Right.")


def test_the_tolerance_decides_how_close_is_right(said):
    assert said(1.001, 1.0, tolerance=0.01).startswith("Right.")
    with pytest.raises(InputError, match="tolerance"):
        your_turn(1, 1, hint="", tolerance=-1)
