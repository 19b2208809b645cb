"""The stored word embeddings: the most frequent tokens of Alice, with rows in which similar words are close."""

from collections import Counter

import numpy as np
import pytest

from rnncourse import data


def test_the_vocabulary_holds_the_most_frequent_tokens_in_order():
    vocabulary, rows = data.alice_rows()
    counts = Counter(data.tokenize(data.alice().lower())).most_common(500)
    assert vocabulary.tokens == ("<unk>", *(token for token, _ in counts))
    assert rows.shape == (3, 501, 32) and rows.dtype == np.float32


def test_seeds_give_different_rows():
    _, rows = data.alice_rows()
    assert np.linalg.norm(rows[0] - rows[1]) > 1


@pytest.mark.parametrize(("word", "nearest"), [("she", "he"), ("his", "its"), ("could", "did"), ("i", "we")])
def test_similar_words_have_close_rows_with_every_seed(word, nearest):
    vocabulary, rows = data.alice_rows()
    unit = rows / np.linalg.norm(rows, axis=2, keepdims=True)
    for of_seed in unit:
        similarity = of_seed @ of_seed[vocabulary.index(word)]
        assert vocabulary.index(nearest) in np.argsort(-similarity)[1:4]
