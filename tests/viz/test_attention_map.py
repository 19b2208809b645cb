"""The attention map shows the weights that it is given, in words too."""

from __future__ import annotations

import numpy as np
import pytest

from rnncourse import viz
from rnncourse.errors import InputError

WEIGHTS = np.array([[0.7, 0.2, 0.1], [0.05, 0.05, 0.9]])


def test_rows_are_written_and_columns_are_read():
    ax = viz.attention_map(WEIGHTS, ["march", "the", "third"], ["0", "3"]).axes[0]
    assert np.array_equal(ax.images[0].get_array(), WEIGHTS)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["march", "the", "third"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["0", "3"]
    assert [text.get_text() for text in ax.texts] == ["0.7", "0.2", "0.9"]


def test_the_text_alternative_names_the_strongest_word(capsys):
    viz.show_attention_map(WEIGHTS, ["march", "the", "third"], ["0", "3"])
    assert "0 to march, 3 to third" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (WEIGHTS[:, :2], "read must"),
        (WEIGHTS[:1], "written must"),
        (2 * WEIGHTS, "sum to 1"),
    ],
    ids=["a column is missing", "a row is missing", "too large"],
)
def test_what_is_no_map_is_refused(weights, said):
    with pytest.raises(InputError, match=said):
        viz.attention_map(weights, ["march", "the", "third"], ["0", "3"])
