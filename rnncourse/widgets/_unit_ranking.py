"""Which units follow something in a text? Signals of a text, one number for each character, and correlations."""

from __future__ import annotations

import numpy as np

SIGNALS = {
    "capitals": "capital letters",
    "quotes": "quotation marks (inside or not)",
    "word": "the place in the word",
    "vowels": "vowels",
}


def signal(name: str, text: str) -> np.ndarray:
    """Return what a unit is to follow, one of SIGNALS, as a number for each character (n,)."""
    return np.array(_OF[name](text), dtype=np.float64)


def _capitals(text: str) -> list[float]:
    return [one != one.lower() for one in text]


def _quotes(text: str) -> list[float]:
    """An apostrophe opens a quotation if no letter precedes it, and closes it if no letter follows."""
    inside, found = False, []
    for k, one in enumerate(text):
        before, after = text[k - 1 : k], text[k + 1 : k + 2]
        if one == '"':
            inside = not inside
        elif one == "'" and not _is_letter(before):
            inside = True
        elif one == "'" and not _is_letter(after):
            inside = False
        found.append(inside)
    return found


def _word(text: str) -> list[float]:
    place, found = 0, []
    for one in text:
        place = place + 1 if _is_letter(one) else 0
        found.append(place)
    return found


def _vowels(text: str) -> list[float]:
    return [one in "aeiouAEIOU" for one in text]


def _is_letter(one: str) -> bool:
    return one.lower() != one.upper()


_OF = {"capitals": _capitals, "quotes": _quotes, "word": _word, "vowels": _vowels}


def correlations(memory: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the correlation (H,) of each unit's memory (n, H) with a signal (n,); 0 where one of them is constant."""
    units, aim = memory - memory.mean(axis=0), wanted - wanted.mean()
    size = np.sqrt((units**2).sum(axis=0) * (aim**2).sum())
    return np.where(size > 1e-12, (units * aim[:, None]).sum(axis=0) / np.where(size > 1e-12, size, 1), 0.0)
