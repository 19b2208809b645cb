"""Sentences whose next word depends on a word nearby, or on one that is long gone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rnncourse.arguments import require_count, require_generator
from rnncourse.data.encoding import Vocabulary, one_hot

LANGUAGES = {"France": "French", "Spain": "Spanish", "Italy": "Italian", "Poland": "Polish"}
PLACES = {"clouds": "sky", "fish": "sea", "cows": "field", "cars": "street"}

_FIRST, _CLAUSE, _LAST = "I grew up in {} .", "the {} are in the {} .", "I speak fluent {}"
CONTEXT_WORDS = Vocabulary.from_tokens(
    " ".join([_FIRST, _CLAUSE, _LAST]).replace("{}", "").split()
    + [word for pairs in (LANGUAGES, PLACES) for pair in pairs.items() for word in pair]
)


class Contexts(NamedTuple):
    """Texts as a net reads them: x (T, B, V) one-hot, y (T, B) the next word's index, near and far (T, B).

    near and far are masks: 1 where the next word is a place, 1 where it is a language, which is the last word.
    """

    x: np.ndarray
    y: np.ndarray
    near: np.ndarray
    far: np.ndarray


def far_gap(clauses: int) -> int:
    """Return how many steps lie between reading the country and being asked for the language."""
    return 4 + 7 * require_count("clauses", clauses, least=0)


def context_texts(clauses: int, B: int, rng: np.random.Generator) -> list[list[str]]:
    """Return B texts as lists of words: a country, then `clauses` clauses about other things, then its language.

    "I grew up in France . the clouds are in the sky . I speak fluent French" has one clause.
    """
    require_count("clauses", clauses, least=0)
    require_count("B", B)
    require_generator("rng", rng)
    countries, things = list(LANGUAGES), list(PLACES)
    texts = []
    for country, chosen in zip(
        rng.integers(len(countries), size=B), rng.integers(len(things), size=(B, clauses)), strict=True
    ):
        middle = [_CLAUSE.format(things[k], PLACES[things[k]]) for k in chosen]
        home = countries[country]
        texts.append(" ".join([_FIRST.format(home), *middle, _LAST.format(LANGUAGES[home])]).split())
    return texts


def contexts(clauses: int, B: int, rng: np.random.Generator) -> Contexts:
    """Return B texts of `context_texts` as arrays; T is 7 clauses + 9, since the last word is never read.

    A place follows its thing after 4 words (3 steps); the language follows its country after far_gap(clauses)
    steps. All things and all countries are equally frequent, so guessing among the four gets 1/4.
    """
    words = np.array([CONTEXT_WORDS.encode(text) for text in context_texts(clauses, B, rng)]).T
    read, y = words[:-1], words[1:]
    places, languages = (CONTEXT_WORDS.encode(list(pairs.values())) for pairs in (PLACES, LANGUAGES))
    near, far = (np.isin(y, asked).astype(np.float32) for asked in (places, languages))
    return Contexts(one_hot(read, len(CONTEXT_WORDS)), y, near, far)
