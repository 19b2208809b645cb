"""The generators make what they promise: exact ceilings for whoever cannot see what decides."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date

import numpy as np
import pytest

from rnncourse.data.generated_text import (
    ALWAYS,
    BAD,
    DATE_FORMATS,
    FILLERS,
    GAP,
    GOOD,
    KEPT_ASIDE,
    LISTED_PEOPLE,
    MONTHS,
    PERSON_OR_PLACE,
    PERSON_OR_WORD,
    TAGS,
    birthday_lists,
    birthday_words,
    cafe_reviews,
    gap_sentences,
    spell,
    spelled_dates,
    tagged_sentences,
)
from rnncourse.errors import InputError


def best_share(keys, answers) -> float:
    """Return the share of right answers of the best possible table from keys to answers, made on these very data."""
    counts = defaultdict(Counter)
    for key, answer in zip(keys, answers, strict=True):
        counts[key][answer] += 1
    return sum(max(one.values()) for one in counts.values()) / len(answers)


def bags(texts):
    return [tuple(sorted(words)) for words in texts]


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_no_bag_of_words_is_right_in_more_than_three_of_four_reviews(seed):
    reviews = cafe_reviews(400, np.random.default_rng(seed))
    assert best_share(bags(reviews.texts), reviews.label) == 0.75
    # the order decides all
    assert best_share([tuple(words) for words in reviews.texts], reviews.label) == 1.0
    for start in range(0, 400, 40):  # any whole groups of four, so any split at a multiple of 4
        part = slice(start, start + 4)
        assert best_share(bags(reviews.texts[part]), reviews.label[part]) == 0.75


def test_reviews_are_different_balanced_and_paired():
    reviews = cafe_reviews(400, np.random.default_rng(3))
    assert len({tuple(words) for words in reviews.texts}) == 400
    assert reviews.label.dtype == np.int64 and reviews.label.mean() == 0.5
    assert np.all(reviews.label[::2] + reviews.label[1::2] == 1)
    assert reviews.classes == ("negative", "positive")
    same_bag = [sorted(a) == sorted(b) for a, b in zip(reviews.texts[::2], reviews.texts[1::2], strict=True)]
    assert same_bag[::2] == [True] * 100
    assert not any(same_bag[1::2])


def test_label_of_a_review_is_what_the_words_say():
    """Read each review by its own grammar, not by the code that wrote it."""
    reviews = cafe_reviews(800, np.random.default_rng(5))
    for words, label in zip(reviews.texts, reviews.label, strict=True):
        votes, denied = [], False
        for word in words:
            if word in ("not", "nobody"):
                denied = True
            elif word in ("but", "everybody") or (word == "i" and votes):
                denied = False
            elif word in GOOD + BAD:
                votes.append((word in GOOD) != denied)
        if len(votes) == 2 and words[-2] == "not" and "but" not in words:
            assert votes == [bool(label), bool(label)]
        assert set(votes) == {bool(label)}, words


@pytest.mark.parametrize("seed", [0, 2])
def test_a_word_table_is_right_in_half_of_the_asked_words(seed):
    found = tagged_sentences(400, np.random.default_rng(seed))
    asked = [
        (words[at], tags[at]) for words, tags, at in zip(found.texts, found.tags, found.asked, strict=True)
    ]
    assert best_share(*zip(*asked, strict=True)) == 0.5
    assert {word for word, _ in asked} == set(PERSON_OR_PLACE + PERSON_OR_WORD)


@pytest.mark.parametrize("seed", [0, 2])
def test_who_reads_from_left_to_right_is_right_in_three_of_four(seed):
    found = tagged_sentences(400, np.random.default_rng(seed))
    rows = list(zip(found.texts, found.tags, found.asked, found.early, strict=True))
    prefixes = [tuple(words[: at + 1]) for words, _, at, _ in rows]
    answers = [tags[at] for _, tags, at, _ in rows]
    late = ~found.early
    assert found.early.mean() == 0.5
    assert (
        best_share([p for p, one in zip(prefixes, late, strict=True) if one], np.array(answers)[late]) == 0.5
    )
    assert best_share(prefixes, answers) == 0.75
    assert best_share([tuple(words) for words in found.texts], answers) == 1.0


def test_every_other_word_has_one_tag():
    found = tagged_sentences(400, np.random.default_rng(4))
    seen = defaultdict(set)
    for words, tags, at in zip(found.texts, found.tags, found.asked, strict=True):
        assert len(words) == len(tags) and tags.dtype == np.int64
        for place, (word, tag) in enumerate(zip(words, tags, strict=True)):
            if place != at:
                seen[word].add(TAGS[tag])
    assert all(len(tags) == 1 for tags in seen.values())
    assert {word: next(iter(seen[word])) for word in ALWAYS} == ALWAYS
    assert not set(seen) & set(PERSON_OR_PLACE + PERSON_OR_WORD)
    assert len({tuple(words) for words in found.texts}) == 400


def halves(found):
    """Return what stands before and after the gap of each sentence."""
    pairs = zip(found.texts, found.gap, strict=True)
    return list(zip(*((tuple(words[:at]), tuple(words[at + 1 :])) for words, at in pairs), strict=True))


def test_one_side_of_a_gap_says_nothing_and_both_say_all():
    found = gap_sentences(400, np.random.default_rng(0))
    before, after = halves(found)
    assert all(
        words[at] == GAP and words.count(GAP) == 1 for words, at in zip(found.texts, found.gap, strict=True)
    )
    fours = np.repeat(np.arange(100), 4)
    for side in (before, after):
        assert best_share(list(zip(fours, side, strict=True)), found.filler) == 0.5
    assert best_share(list(zip(before, after, strict=True)), found.filler) == 1.0
    assert len({tuple(words) for words in found.texts}) == 400


def test_adding_up_what_each_side_says_is_right_in_three_of_four_at_most():
    """If left says a or b and right says c or d, a+c and b+d cannot exceed 0 while a+d and b+c are below it."""
    found = gap_sentences(40, np.random.default_rng(0))
    rng = np.random.default_rng(1)
    shares = []
    for _ in range(2000):
        a, b, c, d = rng.normal(size=4)
        scores = np.tile([a + c, a + d, b + c, b + d], 10)  # the order within a four
        shares.append(((scores > 0) == found.filler).mean())
    assert max(shares) == 0.75
    assert min(shares) == 0.25
    assert [FILLERS[k] for k in found.filler[:4]] == ["like", "dislike", "dislike", "like"]


@pytest.mark.parametrize(
    ("day", "form", "words"),
    [
        (date(1984, 3, 3), "day first", "the third of march nineteen eighty four"),
        (date(2007, 12, 21), "month first", "december the twenty first , two thousand and seven"),
        (date(2000, 1, 30), "in the year", "the thirtieth day of january in the year two thousand"),
        (date(1900, 2, 20), "day first", "the twentieth of february nineteen hundred"),
        (date(1905, 5, 12), "year first", "nineteen oh five , may the twelfth"),
        (date(2026, 11, 21), "with weekday", "saturday , november the twenty first , twenty twenty six"),
        (date(2010, 7, 31), "month first", "july the thirty first , twenty ten"),
    ],
)
def test_a_date_is_spelled_as_it_is_said(day, form, words):
    assert " ".join(spell(day, (DATE_FORMATS | KEPT_ASIDE)[form])) == words


def test_every_day_has_words_of_its_own():
    days = [date.fromordinal(k) for k in range(date(1900, 1, 1).toordinal(), date(2030, 1, 1).toordinal())]
    for form in (*DATE_FORMATS.values(), *KEPT_ASIDE.values()):
        assert len({tuple(spell(day, form)) for day in days}) == len(days)


def test_no_date_comes_twice_so_a_neighbour_is_never_right():
    dates = spelled_dates(3000, np.random.default_rng(0))
    assert len(set(dates.iso)) == 3000
    train, test = set(dates.iso[:2500]), dates.iso[2500:]
    assert not train & set(test)
    assert all(date.fromisoformat(one).isoformat() == one for one in dates.iso)
    assert all("1990-01-01" <= one <= "2029-12-31" for one in dates.iso)


def test_formats_kept_aside_are_not_in_the_draw():
    rng = np.random.default_rng(0)
    years = {"nineteen", "twenty", "two"}
    starts = {words[0] for words in spelled_dates(2000, rng).texts}
    assert not starts & years
    assert {words[0] for words in spelled_dates(300, rng, tuple(KEPT_ASIDE)).texts} <= years
    known = {word for words in spelled_dates(3000, rng).texts for word in words}
    aside = {word for words in spelled_dates(3000, rng, tuple(KEPT_ASIDE)).texts for word in words}
    assert aside <= known  # a new format, not new words


@pytest.mark.parametrize("make", [cafe_reviews, tagged_sentences, gap_sentences, spelled_dates])
def test_the_same_generator_state_makes_the_same_sentences(make):
    first, again, other = (make(200, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert first.texts == again.texts
    assert first.texts != other.texts


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda rng: cafe_reviews(6, rng), "n must be divisible by 4 and at most 4000, .*, but got 6"),
        (lambda rng: cafe_reviews(8000, rng), "at most 4000"),
        (lambda rng: tagged_sentences(4000, rng), "at most 2000"),
        (lambda rng: gap_sentences(0, rng), "n must be a whole number of at least 4, but got int 0"),
        (lambda rng: gap_sentences(8, 3), "rng must be a NumPy random generator"),
        (lambda rng: spelled_dates(10**6, rng), "n must be a whole number from 1 to"),
        (lambda rng: spelled_dates(3, rng, "day first"), "formats must be a list of names"),
        (lambda rng: spelled_dates(3, rng, None), "formats must be a list of names, but got None"),
        (lambda rng: spelled_dates(3, rng, []), "formats must be a list of names"),
        (lambda rng: spelled_dates(3, rng, ["upside down"]), "formats must be one of day first"),
    ],
)
def test_what_cannot_be_made_is_refused(call, said):
    with pytest.raises(InputError, match=said):
        call(np.random.default_rng(0))


@pytest.mark.parametrize("make", [cafe_reviews, tagged_sentences, gap_sentences])
def test_the_largest_draw_ends(make):
    most = 2000 if make is tagged_sentences else 4000
    assert len(make(most, np.random.default_rng(0)).texts) == most


def test_no_format_says_the_year_in_its_first_four_words():
    """So a net that writes the year at steps 1 to 4, one character a word, has to guess it."""
    for form in DATE_FORMATS.values():
        for month in range(1, 13):
            for day in range(1, 29):
                beginnings = {tuple(spell(date(year, month, day), form)[1:4]) for year in range(1990, 2030)}
                # the weekday comes first in one format, and says little of the year
                assert len(beginnings) == 1


def test_a_birthday_list_ends_with_the_question_and_holds_its_answer():
    lists = birthday_lists(200, 4, np.random.default_rng(0))
    for words, iso in zip(lists.texts, lists.iso, strict=True):
        assert words[-2] == "?" and sum(word in LISTED_PEOPLE for word in words[:-2]) == 4
        month, day = (int(part) for part in iso.split("-"))
        k = words.index(words[-1])
        entry = words[k + 1 : k + 3 + (day > 20)]
        assert entry == [*spell(date(2000, 1, day), "{day}"), MONTHS[month - 1]]
        assert 1 <= day <= 28 and all(word in birthday_words() for word in words)
    asked = [words.index(words[-1]) for words in lists.texts]
    assert min(asked) == 0 and max(asked) >= 9  # any of the people is asked for


def test_birthday_lists_refuse_more_people_than_there_are():
    with pytest.raises(InputError, match="people must be a whole number from 1 to 12"):
        birthday_lists(1, 13, np.random.default_rng(0))
