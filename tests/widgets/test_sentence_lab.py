"""The sentence lab without a browser: tokens, indices and vectors of a text, and what is shown before it runs."""

from __future__ import annotations

import re

import numpy as np
import pytest

from rnncourse.data import Vocabulary, one_hot
from rnncourse.errors import InputError
from rnncourse.widgets import sentence_lab
from rnncourse.widgets._sentence_picture import picture

TOKENS = ["Doug", "saw", "Jane", ".", "Spot"]
W = np.arange(15.0).reshape(5, 3) / 10


def test_a_text_becomes_tokens_indices_and_vectors():
    lab = sentence_lab(Vocabulary(TOKENS), W, "Spot saw Doug.")
    assert lab.tokens == ["Spot", "saw", "Doug", "."]
    assert lab.indices == [4, 1, 0, 3]
    assert np.array_equal(lab.x, one_hot([4, 1, 0, 3], V=5))
    lab.text = "  "
    assert (lab.tokens, lab.indices, lab.x.shape) == ([], [], (0, 5))


def test_what_is_out_of_vocabulary_has_no_index_or_that_of_unknown():
    lab = sentence_lab(Vocabulary(TOKENS), text="Rex saw")
    assert lab.indices == [None, 1]
    assert np.array_equal(lab.x, [[0, 0, 0, 0, 0], [0, 1, 0, 0, 0]])
    assert sentence_lab(Vocabulary(TOKENS, unknown="<unk>"), text="Rex saw").indices == [0, 2]


def test_only_so_many_tokens_are_shown_as_fit():
    assert len(sentence_lab(Vocabulary(TOKENS), text="saw " * 20).tokens) == 14


def test_the_picture_has_a_dark_cell_for_every_1_and_frames_the_first_row():
    drawn = picture(["saw", "Rex", "."], [1, None, 3], TOKENS, W)
    tops = re.findall(r'y="(\d+)" width="40" height="21" rx="4" fill="#0072B2" fill-opacity="1"', drawn)
    assert [(int(top) - 74) // 24 for top in tops] == [1, 3]
    assert drawn.count('width="40"') == 15
    [frame] = re.findall(r'y="(\d+)" width="174"', drawn)
    assert (int(frame) + 1 - 74) // 24 == 1
    assert ">0.30<" in drawn and "–" in drawn


def test_it_reads_without_a_kernel():
    lab = sentence_lab(Vocabulary(TOKENS), W, "Jane saw Rex")
    assert "Tokens and their indices: Jane 2, saw 1, Rex –." in lab.static_text()
    assert re.search(r'<img src="data:image/svg[^>]*alt="Tokens and their indices', lab.static_html())
    assert lab.tasks == {"twice": False, "unknown": False, "diagonal": False}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda: sentence_lab(TOKENS), "vocabulary must be a Vocabulary of at most 12 tokens"),
        (
            lambda: sentence_lab(Vocabulary(list("abcdefghijklm"))),
            "vocabulary must be a Vocabulary of at most 12",
        ),
        (lambda: sentence_lab(Vocabulary(TOKENS), W[:4]), "W must have V = 5 rows and at most 5 columns"),
        (
            lambda: sentence_lab(Vocabulary(TOKENS), np.ones((5, 6))),
            "W must have V = 5 rows and at most 5 columns",
        ),
        (lambda: sentence_lab(Vocabulary(TOKENS), text=7), "text must be a text of at most 120 characters"),
        (
            lambda: sentence_lab(Vocabulary(TOKENS), text="a" * 121),
            "text must be a text of at most 120 characters",
        ),
    ],
)
def test_refuses(change, said):
    with pytest.raises(InputError, match=said):
        change()
