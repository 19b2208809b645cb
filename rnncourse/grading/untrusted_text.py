"""Text that came from students, made safe to show: in a terminal, a table, a page and a file."""

from __future__ import annotations

import unicodedata

_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks that have no ink."""


def shown(text: str) -> str:
    r"""Return `text` with control characters and lone surrogates written out, as `\x1b`; line breaks and tabs stay."""
    return "".join(map(_seen, text))


def one_line(text: str) -> str:
    """Return `text` on one line, with single blanks, and everything else in it to be seen."""
    return shown(" ".join(text.split()))


def plain_name(name: str) -> str:
    """Return a name as tables give it back: accents composed, on one line, and never empty."""
    return one_line(unicodedata.normalize("NFC", name)) or ascii(name)


def _seen(character: str) -> str:
    if character in "\n\t" or (unicodedata.category(character) not in _UNSEEN and character not in _BLANK):
        return character
    return character.encode("unicode_escape").decode("ascii")
