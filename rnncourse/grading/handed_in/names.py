"""When two spellings are the same name: what is compared of a name, from strict to kind."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher
from functools import lru_cache

_MOODLE_DROPS = re.compile(r"[\x00-\x1f\x7f&<>\"`|':\\/]")
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ß": "ss", "ħ": "h"}
)
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae", "ß": "ss"})
_ALIKE = 0.75


def as_moodle_writes(name: str) -> str:
    """Return what Moodle leaves of a name in the name of a folder."""
    kept = _MOODLE_DROPS.sub("", name.replace("_", " "))
    return " ".join(re.sub(r"\.{2,}", ".", kept).split()).casefold()


def words(name: str) -> list[str]:
    """Return the words of a name in small letters, without anything that is no letter, mark or digit."""
    parts = re.split(r"[\s,;_./-]+", unicodedata.normalize("NFC", name).casefold())
    return [word for part in parts if (word := "".join(filter(_counts, part)))]


def in_any_order(name: str) -> tuple[str, ...]:
    """Return what is the same for "Ana Bo" and "Bo, Ana"."""
    return tuple(sorted(words(name)))


def turned(name: str) -> set[str]:
    """Return the letters of a name in one piece, for each word with which it may begin.

    A platform that leaves out blanks writes the last name first or the first.
    """
    parts = words(re.sub(r"['’ʼ`]", " ", name))
    return {"".join(parts[k:] + parts[:k]) for k in range(len(parts))}


def without_accents(name: str) -> str:
    """Return a name in which letters with accents are plain."""
    apart = unicodedata.normalize("NFKD", name.casefold().translate(_PLAIN))
    return "".join(one for one in apart if not unicodedata.combining(one))


def with_umlauts_in_two(name: str) -> str:
    """Return a name in which ä, ö, ü, å and ø are ae, oe, ue, aa and oe."""
    return without_accents(unicodedata.normalize("NFC", name).casefold().translate(_UMLAUTS))


def readings(name: str) -> set[str]:
    """Return the ways in which a name is written without accents."""
    return {without_accents(name), with_umlauts_in_two(name)}


KINDS: tuple[Callable[[str], set], ...] = (
    lambda name: {name},
    lambda name: {name.casefold()},
    lambda name: {as_moodle_writes(name)} - {""},
    lambda name: {in_any_order(name)} - {()},
    turned,
    lambda name: {in_any_order(one) for one in readings(name)} - {()},
    lambda name: set().union(*map(turned, readings(name))),
)
"""From strict to kind, what two spellings of one name share."""


def akin(one: str, other: str) -> bool:
    """Say whether two names may be one student's though they are not the same: a word in common, or nearly alike."""
    mine, theirs = _plain_words(one), _plain_words(other)
    if any(len(word) > 1 for word in mine & theirs):
        return True
    a, b = _letters(one), _letters(other)
    shared = sum(min(a.count(letter), b.count(letter)) for letter in set(a))  # a bound, and cheap to have
    enough = min(len(a), len(b)) > 3 and 2 * shared > _ALIKE * (len(a) + len(b))
    return enough and SequenceMatcher(None, a, b, autojunk=False).ratio() > _ALIKE


@lru_cache(maxsize=4096)
def _plain_words(name: str) -> frozenset[str]:
    return frozenset(words(without_accents(name)))


@lru_cache(maxsize=4096)
def _letters(name: str) -> str:
    """Return the letters of a name whose words are sorted."""
    return "".join(sorted(_plain_words(name)))


def number(text: str) -> str:
    """Return a number without leading zeros, "" for what is none."""
    plain = text.strip()
    return (plain.lstrip("0") or "0") if plain.isascii() and plain.isdigit() else ""


def groups(text: str) -> Iterable[str]:
    """Return the groups that a cell names."""
    return (one for part in re.split(r"[,;|]", text) if (one := part.strip()))


def _counts(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"
