"""Notes on films: what they mean is what is said, single words decide nothing, and no bag beats its ceiling."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import product

import numpy as np
import pytest

from rnncourse import data
from rnncourse.data.film_notes import BAD, DENYING, GOOD, SAYING, SINGLE, Judgement, note
from rnncourse.errors import InputError

JUDGEMENT = re.compile("|".join(re.escape(words) for words in (*DENYING, *SAYING)))


def understood(words: list[str]) -> bool:
    """Say whether the writer liked the film, read from the words alone, as a person would."""
    text = " ".join(words)
    starts = [match.start() for match in JUDGEMENT.finditer(text)]
    halves = [text[a:b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]
    decides = halves[1 if words[0] == "although" else 0]
    denied = any(decides.startswith(words) for words in DENYING)
    (adjective,) = [word for word in decides.split() if word in GOOD + BAD]
    return (adjective in GOOD) != denied


def judgements(denied=(False, True), good=(False, True)) -> list[Judgement]:
    """Return all judgements over a part of the words: three sayings, two nouns, two adjectives of each kind."""
    return [
        Judgement(d, saying, noun, "", degree, g, adjective)
        for d, g, saying, noun, degree, adjective in product(
            denied, good, range(3), ("plot", "cast"), ("", "so"), range(2)
        )
    ]


def best_bag(notes: list[tuple[list[str], bool]]) -> float:
    """Return the share of right answers of the best rule that sees words and their numbers, but no order."""
    answers: dict[tuple, Counter] = defaultdict(Counter)
    for words, liked in notes:
        answers[tuple(sorted(words))][liked] += 1
    return sum(max(counter.values()) for counter in answers.values()) / len(notes)


def test_a_note_means_what_it_says():
    notes = data.film_notes(3000, np.random.default_rng())
    assert [understood(words) for words in notes.texts] == list(notes.liked == 1)
    assert notes.liked.dtype == np.int64 and notes.liked.shape == (3000,)


def test_no_bag_of_words_is_right_in_more_than_13_of_16():
    """Counted over every note that some of the words allow, each as likely: 100 % of singles, 62.5 % of pairs."""
    all_judgements = judgements()
    singles = [(one.words(), one.liked) for one in all_judgements]
    pairs = [note(a, b, first) for a, b in product(all_judgements, repeat=2) for first in (False, True)]
    assert best_bag(singles) == 1
    assert best_bag(pairs) == 5 / 8
    assert SINGLE * 1 + (1 - SINGLE) * 5 / 8 == 13 / 16


def test_three_in_four_pairs_have_a_twin_of_opposite_meaning():
    all_judgements = judgements()
    meanings: dict[tuple, set] = defaultdict(set)
    bags = []
    for a, b, first in product(all_judgements, all_judgements, (False, True)):
        words, liked = note(a, b, first)
        bags.append(tuple(sorted(words)))
        meanings[bags[-1]].add(liked)
    assert np.mean([len(meanings[bag]) == 2 for bag in bags]) == 3 / 4


def test_order_decides_everything():
    """A reader of words in order can be right always: the same words in the same order never mean two things."""
    meanings: dict[tuple, set] = defaultdict(set)
    for a, b, first in product(judgements(), judgements(), (False, True)):
        words, liked = note(a, b, first)
        meanings[tuple(words)].add(liked)
    assert all(len(found) == 1 for found in meanings.values())


def test_no_single_word_tells_the_answer():
    notes = data.film_notes(30_000, np.random.default_rng())
    assert abs(notes.liked.mean() - 1 / 2) < 0.015
    liked, seen = Counter(), Counter()
    for words, yes in zip(notes.texts, notes.liked, strict=True):
        seen.update(set(words))
        liked.update(set(words) if yes else ())
    assert set(GOOD + BAD) <= set(seen)
    assert max(abs(liked[word] / seen[word] - 1 / 2) for word in seen) < 0.06


def test_what_denies_may_be_far_from_what_it_denies():
    far = 0
    for words in data.film_notes(2000, np.random.default_rng()).texts:
        text = " ".join(words)
        for match in JUDGEMENT.finditer(text):
            rest = text[match.end() :].split()
            far = max(far, next(k for k, word in enumerate(rest) if word in GOOD + BAD))
    assert far >= 10  # words between the denial and the adjective: no pattern of three words spans it


def test_half_of_the_notes_have_two_judgements():
    notes = data.film_notes(4000, np.random.default_rng())
    assert abs(np.mean(["although" in words for words in notes.texts]) - 1 / 2) < 0.04


def test_the_seed_decides():
    first, second, other = (data.film_notes(20, np.random.default_rng(k)) for k in (1, 1, 2))
    assert first.texts == second.texts and np.array_equal(first.liked, second.liked)
    assert first.texts != other.texts


@pytest.mark.parametrize(
    ("n", "rng"), [(0, np.random.default_rng(0)), (True, np.random.default_rng(0)), (3, 7)]
)
def test_wrong_numbers_are_refused(n, rng):
    with pytest.raises(InputError, match=r"n must be|rng must be"):
        data.film_notes(n, rng)
