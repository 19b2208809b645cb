"""Sentences made by the course, each kind so that the thing taught is what decides.

They come in groups that differ in nothing but what decides: reviews with the same words in another order, a name
in two contexts. A group always stays together, so whoever cannot see the difference is wrong in a share that
can be counted, whatever they learned. Each function says that share; the tests prove it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from typing import Any

import numpy as np

from rnncourse.arguments import require_choice, require_count, require_generator, require_that
from rnncourse.data.encoding import Vocabulary
from rnncourse.data.reviews import Reviews
from rnncourse.errors import InputError

# Reviews of a café: negation decides.

GOOD = ("good", "fine", "lovely", "fresh", "charming", "excellent")
BAD = ("bad", "dull", "awful", "stale", "gloomy", "terrible")
NOUNS = (
    "soup",
    "bread",
    "coffee",
    "cake",
    "service",
    "music",
    "room",
    "garden",
    "tea",
    "salad",
    "menu",
    "view",
)
ASIDES = ("", ", as i remember ,", ", to be honest ,")
DEGREES = ("", "very", "really", "quite")
# {A} is what the writer says, {B} what the writer denies.
CONTRASTS = (
    "the {N} {S} was {D} {A} , not {B}",
    "the {N} {S} was not {B} but {D} {A}",
    "i would not call the {N} {S} {B} , i would call it {D} {A}",
    "nobody found the {N} {S} {B} , everybody found it {D} {A}",
)
SAYINGS = (
    "the {N} {S} was {D} {A}",
    "i would call the {N} {S} {D} {A}",
    "everybody found the {N} {S} {D} {A}",
)
DENIALS = ("the {N} {S} was not {B}", "i would not call the {N} {S} {B}", "nobody found the {N} {S} {B}")
MOST_REVIEWS = 4000

# Persons and places: the context decides.

TAGS = ("other", "person", "place")
PERSON_OR_PLACE = ("florence", "paris", "austin", "sydney", "victoria", "jordan", "chelsea", "charlotte")
PERSON_OR_WORD = ("rose", "bill", "mark", "penny", "ruby", "daisy", "pearl", "olive")
ALWAYS = {"anna": "person", "tom": "person", "oslo": "place", "london": "place"}
TAILS = ("", ", said tom", ", wrote anna from oslo", ", as anna told us in london")
OPENINGS = (
    "{w}",
    "they say that {w}",
    "i heard that {w}",
    "you know that {w}",
    "we read that {w}",
    "yes , {w}",
)
PAUSES = ("", ", by the way ,", ", of course ,")
# What stands before the word decides: one half for each meaning, and a common end.
BEFORE = {
    "person": ("my friend {w}", "our neighbor {w}", "my sister {w}", "young mister {w}"),
    "place": ("the town of {w}", "a street in {w}", "a house near {w}", "the old port of {w}"),
    "other": ("the word {w}", "an old {w}", "the small {w}", "a picture of a {w}"),
}
ENDS = (
    "came to mind",
    "is on this picture",
    "is in the story",
    "was in my dream",
    "is missing in the text",
    "is not in the film",
)
# What stands after the word decides: the same beginning for both meanings.
AFTER = {
    "person": ("is my cousin", "called me last night", "sings every evening", "has a new bicycle"),
    "place": ("lies on a river", "has two stations", "is far from the sea", "was built long ago"),
    "other": ("is an easy word", "is written on the label", "is a word in this song", "is misspelled here"),
}
MOST_SENTENCES = 2000

# A gap to fill: what stands on both sides decides.

GAP = "___"
FILLERS = ("dislike", "like")
PEOPLE = ("she", "he", "they", "we", "i", "anna", "tom", "everybody")
DENYING = ("did not", "could not", "would never")
AFFIRMING = ("did", "could", "would always")
LINKS = (", it was", "because it was", ", for it was so", ", which was")
MOST_GAPS = 4000

# Dates in words.

ONES = (
    "",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
TENS = {20: "twenty", 30: "thirty", 40: "forty", 50: "fifty", 60: "sixty", 70: "seventy", 80: "eighty"}
TENS[90] = "ninety"
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
ORDINALS += ("eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth")
ORDINALS += ("eighteenth", "nineteenth")
MONTHS = ("january", "february", "march", "april", "may", "june", "july")
MONTHS += ("august", "september", "october", "november", "december")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LISTED_PEOPLE = (
    "anna",
    "ben",
    "clara",
    "daisy",
    "emil",
    "frank",
    "gina",
    "hugo",
    "ida",
    "jack",
    "kate",
    "leo",
)
DATE_FORMATS = {
    "day first": "the {day} of {month} {year}",
    "month first": "{month} the {day} , {year}",
    "with weekday": "{weekday} , {month} the {day} , {year}",
    "in the year": "the {day} day of {month} in the year {year}",
}
KEPT_ASIDE = {"year first": "{year} , {month} the {day}"}
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2029, 12, 31)


@dataclass(frozen=True, eq=False)
class TaggedSentences:
    """n sentences as lists of words, and for each the tag of every word, an index into TAGS.

    asked (n,) int64: the place of the word that can be two things. early (n,) bool: whether words before it say
    which, or only words after it.
    """

    texts: tuple[list[str], ...]
    tags: tuple[np.ndarray, ...]
    asked: np.ndarray
    early: np.ndarray


@dataclass(frozen=True, eq=False)
class GapSentences:
    """n sentences as lists of words, one of them GAP at place gap (n,); filler (n,): its word in FILLERS."""

    texts: tuple[list[str], ...]
    gap: np.ndarray
    filler: np.ndarray


@dataclass(frozen=True, eq=False)
class SpelledDates:
    """n different dates: in words, as lists of words, and as ISO texts such as "1984-03-03"."""

    texts: tuple[list[str], ...]
    iso: tuple[str, ...]


def cafe_reviews(n: int, rng: np.random.Generator) -> Reviews:
    """Return n different short reviews, n divisible by 4; label 1 where the writer liked what they describe.

    Reviews 2k and 2k + 1 are a pair with opposite labels. In every second pair both have exactly the same words
    in another order ("good , not bad", "bad , not good"); a bag of words gives both the same answer, so it is right
    in at most 75 % of any four in a row. In the others one adjective is said or denied.
    """
    _require_groups("n", n, 4, MOST_REVIEWS)
    pairs = _different(n // 2, _review_pair, require_generator("rng", rng))
    texts, label = zip(*(review for pair in pairs for review in pair), strict=True)
    return Reviews(tuple(texts), np.array(label, dtype=np.int64))


def _review_pair(k: int, rng: np.random.Generator) -> list[tuple[list[str], int]]:
    forms = CONTRASTS if k % 2 == 0 else SAYINGS + DENIALS
    form, noun, aside, degree = (_pick(options, rng) for options in (forms, NOUNS, ASIDES, DEGREES))
    good, bad = _pick(GOOD, rng), _pick(BAD, rng)
    said_good = form.format(N=noun, S=aside, D=degree, A=good, B=bad).split()
    said_bad = form.format(N=noun, S=aside, D=degree, A=bad, B=good).split()
    pair = [(said_good, 1), (said_bad, 0)]
    return pair if rng.integers(2) else pair[::-1]


def tagged_sentences(n: int, rng: np.random.Generator) -> TaggedSentences:
    """Return n different sentences, n divisible by 4, in each of which one word can be two things.

    "florence" is a person or a place, "rose" a person or a word like any other; all is in lower case, or capitals
    would give the names away. Sentences 2k and 2k + 1 are a pair: the same word with its two tags. A table that
    gives every word one tag is right in exactly 50 % of these words. In every second pair only words after it
    tell, and both begin alike: whoever reads from left to right is right in at most 75 % of any four in a row.
    """
    _require_groups("n", n, 4, MOST_SENTENCES)
    pairs = _different(n // 2, _tagged_pair, require_generator("rng", rng))
    texts, tags, asked, early = zip(*(one for pair in pairs for one in pair), strict=True)
    return TaggedSentences(texts, tags, np.array(asked, dtype=np.int64), np.array(early))


def _tagged_pair(k: int, rng: np.random.Generator) -> list[tuple[list[str], np.ndarray, int, bool]]:
    early = k % 2 == 0
    names, other = ((PERSON_OR_PLACE, "place"), (PERSON_OR_WORD, "other"))[rng.integers(2)]
    word, tail = _pick(names, rng), _pick(TAILS, rng)
    opening, pause, end = _pick(OPENINGS, rng), _pick(PAUSES, rng), _pick(ENDS, rng)
    pair = []
    for tag in ("person", other):
        side = _pick((BEFORE if early else AFTER)[tag], rng)
        named = opening.replace("{w}", side) if early else opening
        text = f"{named} {pause} {end if early else side} {tail}".split()
        asked = text.index("{w}")
        text[asked] = word
        tags = [ALWAYS.get(token, "other") for token in text]
        tags[asked] = tag
        pair.append((text, np.array([TAGS.index(one) for one in tags], dtype=np.int64), asked, early))
    return pair


def gap_sentences(n: int, rng: np.random.Generator) -> GapSentences:
    """Return n different sentences, n divisible by 4, with a gap where "like" or "dislike" is missing.

    "she did ___ the soup , it was good", "she did not ___ the soup , it was bad": like. Sentences 4k to 4k + 3 are
    the same sentence with and without a denial before the gap, with a good and a bad word after it. Whoever
    reads one side only is right in at most 50 %; whoever adds up what each side says for itself, in at most 75 %.
    """
    _require_groups("n", n, 4, MOST_GAPS)
    fours = _different(n // 4, _gap_four, require_generator("rng", rng))
    texts, filler = zip(*(one for four in fours for one in four), strict=True)
    gap = np.array([text.index(GAP) for text in texts], dtype=np.int64)
    return GapSentences(texts, gap, np.array(filler, dtype=np.int64))


def _gap_four(k: int, rng: np.random.Generator) -> list[tuple[list[str], int]]:
    who, thing, link = (_pick(options, rng) for options in (PEOPLE, NOUNS, LINKS))
    form, good, bad = int(rng.integers(len(DENYING))), _pick(GOOD, rng), _pick(BAD, rng)
    return [
        (f"{who} {verb[form]} {GAP} the {thing} {link} {adjective}".split(), int(denied != liked))
        for denied, verb in ((False, AFFIRMING), (True, DENYING))
        for liked, adjective in ((True, good), (False, bad))
    ]


def spelled_dates(
    n: int, rng: np.random.Generator, formats: Sequence[str] = tuple(DATE_FORMATS)
) -> SpelledDates:
    """Return n different dates from 1990 to 2029, each in one of the formats, drawn by rng.

    formats: keys of DATE_FORMATS; those of KEPT_ASIDE are never used unless they are named here. No date occurs
    twice, so whoever answers with a date of another part of the draw is never right: the nearest neighbor has 0 %.
    """
    days = (LAST_DAY - FIRST_DAY).days + 1
    require_count("n", n, most=days)
    require_generator("rng", rng)
    require_that("formats", formats, isinstance(formats, (list, tuple)) and formats, "a list of names")
    known = DATE_FORMATS | KEPT_ASIDE
    forms = [known[require_choice("formats", name, tuple(known))] for name in formats]
    chosen = [FIRST_DAY + timedelta(days=int(k)) for k in rng.permutation(days)[:n]]
    return SpelledDates(
        tuple(spell(day, _pick(forms, rng)) for day in chosen), tuple(day.isoformat() for day in chosen)
    )


def birthday_lists(n: int, people: int, rng: np.random.Generator) -> SpelledDates:
    """Return n lists of `people` birthdays, each ending with the question whose one is wanted; iso: "07-09".

    "anna third march tom ninth july ? tom": any of the people may be asked for, so all of the list must be kept.
    """
    require_count("n", n)
    require_count("people", people, most=len(LISTED_PEOPLE))
    require_generator("rng", rng)
    texts, iso = zip(*(_birthday_list(people, rng) for _ in range(n)), strict=True)
    return SpelledDates(texts, iso)


def _birthday_list(people: int, rng: np.random.Generator) -> tuple[list[str], str]:
    names = [LISTED_PEOPLE[k] for k in rng.permutation(len(LISTED_PEOPLE))[:people]]
    months, days = rng.integers(12, size=people), rng.integers(1, 29, size=people)
    entries = [
        [name, *_ordinal(int(d)).split(), MONTHS[m]] for name, m, d in zip(names, months, days, strict=True)
    ]
    asked = rng.integers(people)
    return [*chain.from_iterable(entries), "?", names[asked]], f"{months[asked] + 1:02}-{days[asked]:02}"


def birthday_words() -> Vocabulary:
    """Return the words of all birthday lists."""
    ordinals = {word for k in range(1, 29) for word in _ordinal(k).split()}
    return Vocabulary.from_tokens([*LISTED_PEOPLE, "?", *sorted(ordinals), *MONTHS], padding="<pad>")


def spell(day: date, form: str) -> list[str]:
    """Return a date as a list of words, in a form such as "the {day} of {month} {year}"."""
    words = {"day": _ordinal(day.day), "month": MONTHS[day.month - 1], "year": _year(day.year)}
    return form.format(**words, weekday=WEEKDAYS[day.weekday()]).split()


def _ordinal(number: int) -> str:
    if number < 20:
        return ORDINALS[number - 1]
    tens, ones = divmod(number, 10)
    return f"{TENS[10 * tens]} {ORDINALS[ones - 1]}" if ones else ("twentieth", "thirtieth")[tens - 2]


def _year(year: int) -> str:
    """Return a year as it is said: nineteen eighty four, nineteen hundred, two thousand and seven, twenty ten."""
    century, rest = divmod(year, 100)
    if 2000 <= year < 2010:
        return f"two thousand and {ONES[rest]}" if rest else "two thousand"
    said = _number(rest) if rest >= 10 else f"oh {ONES[rest]}" if rest else "hundred"
    return f"{_number(century)} {said}"


def _number(number: int) -> str:
    """Return a number from 1 to 99 in words."""
    if number < 20:
        return ONES[number]
    tens, ones = divmod(number, 10)
    return f"{TENS[10 * tens]} {ONES[ones]}".strip()


def _different(
    count: int, draw: Callable[[int, np.random.Generator], list], rng: np.random.Generator
) -> list:
    """Return `count` groups of which no two share a text; group k is drawn by draw(k, rng)."""
    seen: set[tuple[str, ...]] = set()
    groups: list[Any] = []
    while len(groups) < count:
        group = draw(len(groups), rng)
        texts = {tuple(one[0]) for one in group}
        if not texts & seen:
            seen |= texts
            groups.append(group)
    return groups


def _pick(options: Sequence[Any], rng: np.random.Generator) -> Any:
    return options[rng.integers(len(options))]


def _require_groups(name: str, value: object, size: int, most: int) -> None:
    if require_count(name, value, least=size) % size or value > most:
        raise InputError(
            f"{name} must be divisible by {size} and at most {most}, so that groups stay whole and no text "
            f"occurs twice, but got {value}"
        )
