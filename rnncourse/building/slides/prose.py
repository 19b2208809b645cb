"""A text cell, taken apart: headings, formulas, tables and lists, and the one sentence that says what it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 150
"""Characters of a sentence that can be read while somebody is talking."""

MOST = 240
"""Characters of several sentences that belong together."""

SHORTEST = 28
"""Characters of a sentence that says something by itself."""

_FOLDED = re.compile(r"<details>.*?</details>", re.DOTALL)
_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*\s*$")
_ITEM = re.compile(r"\s*(?:[-*+]|\d+\.)\s")
_END = re.compile(r"(?<=[.?!])[”\"*)]*\s+(?=[A-Z“\"$`*(0-9])")
_KEPT = re.compile(r"\$[^$]*\$|`[^`]*`|\[[^\]]*\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_SAID_BOLD = re.compile(r"\*\*(?P<said>[^*]{24,}[.?!:])\*\*")
_TURN = re.compile(r"(?ms)^(?:#+ Your turn|\*\*Your turn).*\Z")
_LEAD_IN = re.compile(r"\*\*[^*]+[.:]\*\*\s+")
_POINTS_ELSEWHERE = re.compile(
    r"(?i)\b(below|above|this chapter|these cells?|the cell|run it|the previous cell)\b"
)


@dataclass
class Piece:
    """A piece of Markdown. kind: heading, formula, table, list, code, quote or paragraph; level: of a heading."""

    kind: str
    text: str
    level: int = 0


@dataclass
class Section:
    """A heading, which may be missing, and what is below it up to the next one."""

    heading: str
    level: int
    pieces: list[Piece]

    @property
    def text(self) -> str:
        """The section without its heading, as Markdown."""
        return "\n\n".join(piece.text for piece in self.pieces)


def sections(markdown: str) -> list[Section]:
    """Return a text cell cut at its headings."""
    found = [Section("", 0, [])]
    for piece in pieces(markdown):
        if piece.kind == "heading":
            found.append(Section(piece.text, piece.level, []))
        else:
            found[-1].pieces.append(piece)
    return [one for one in found if one.heading or one.pieces]


def pieces(markdown: str) -> list[Piece]:
    """Return Markdown in pieces; what is folded in it is left out."""
    return [_piece(block) for block in _blocks(_FOLDED.sub("", markdown))]


def statement(section_pieces: list[Piece]) -> str:
    """Return the sentence to show of these pieces: one in bold, else a question, else the first; "" if all are long."""
    paragraphs = [unlinked(piece.text) for piece in section_pieces if piece.kind == "paragraph"]
    said = [one for text in paragraphs for one in sentences(text)]
    bold = [found["said"] for text in paragraphs if (found := _SAID_BOLD.search(text))]
    asked = [one for one in said if one.endswith("?") and not one.startswith("(") and len(one) >= SHORTEST]
    first = [] if not said or _POINTS_ELSEWHERE.search(said[0]) else [opening(said)]
    for one in [*bold, *asked, *first]:
        if len(one) <= LONGEST:
            return one.rstrip(":")
    return ""


def beginning(section_pieces: list[Piece]) -> list[str]:
    """Return what a section begins with, as far as MOST goes, and the sentence that `statement` picks further on."""
    picked = statement(section_pieces)
    first = next((unlinked(piece.text) for piece in section_pieces if piece.kind == "paragraph"), "")
    said: list[str] = []
    for one in sentences(first):
        if _POINTS_ELSEWHERE.search(one) or len(" ".join([*said, one])) > MOST:
            break
        said.append(one)
    words = " ".join(said).removesuffix(":")
    is_new = picked not in words and not (said and picked.startswith(said[0]))
    return [one for one in (words, picked if is_new else "") if one]


def without_turns(markdown: str) -> str:
    """Return a text cell without what a reader at a computer is to do: the end that begins with “Your turn”."""
    return _TURN.sub("", markdown).strip()


def truth(section_pieces: list[Piece]) -> str:
    """Return the first paragraph that begins with a few words in bold, as far as its first sentence; "" without one."""
    for piece in section_pieces:
        text = unlinked(piece.text)
        if piece.kind == "paragraph" and (found := _LEAD_IN.match(text)):
            first = opening(sentences(text[found.end() :]))
            return f"{found[0].strip()} {first}" if first and len(first) <= 2 * LONGEST else ""
    return ""


def shortened(listed: str) -> str:
    """Return a list whose items are cut after their first sentence."""
    items = re.split(r"\n(?=(?:[-*+]|\d+\.)\s)", listed)
    return "\n".join(opening(sentences(unlinked(item))) for item in items)


def table_pages(table: str, rows: int) -> list[str]:
    """Return a table as several of at most `rows` rows, each with the header."""
    header, line, *others = table.splitlines()
    pages = -(-len(others) // rows) or 1
    most = -(-len(others) // pages) or 1
    starts = range(0, len(others) or 1, most)
    return ["\n".join([header, line, *others[start : start + most]]) for start in starts]


def opening(said: list[str]) -> str:
    """Return the first sentence, and the second one as well where the first is only a few words."""
    first, *others = said or [""]
    both = " ".join([first, *others[:1]])
    return both if len(first) < SHORTEST and len(both) <= LONGEST else first


def sentences(text: str) -> list[str]:
    """Return the sentences of a paragraph; dots inside formulas, code and links end none."""
    kept: list[str] = []

    def hidden(found: re.Match[str]) -> str:
        kept.append(found[0])
        return f"${len(kept) - 1}$"

    flat = _KEPT.sub(hidden, " ".join(text.split()))
    marker = re.match(_ITEM, flat)
    start = marker.end() if marker else 0
    cut = _END.split(flat[start:])
    cut[0] = flat[:start] + cut[0]
    whole = [re.sub(r"\$(\d+)\$", lambda found: kept[int(found[1])], one).strip() for one in cut]
    return [_closed(one) for one in whole if one]


def unlinked(text: str) -> str:
    """Return Markdown whose links are plain words: nobody clicks on a wall."""
    return _LINK.sub(r"\1", text)


def _closed(sentence: str) -> str:
    """Return a sentence with bold type and quotation marks closed that a cut has left open."""
    if sentence.count("**") % 2:
        sentence = sentence.removeprefix("**") if sentence.startswith("**") else sentence + "**"
    return sentence + "”" if sentence.count("“") > sentence.count("”") else sentence


def _blocks(markdown: str) -> Iterator[str]:
    """Yield what blank lines separate, formulas and code whole, headings alone."""
    block: list[str] = []
    inside = ""
    for line in markdown.splitlines():
        mark = next((one for one in ("```", "$$") if line.strip().startswith(one)), "")
        if not inside and (not line.strip() or _HEADING.match(line) or (mark and block)):
            yield from _joined(block)
            block = []
        if not inside and _HEADING.match(line):
            yield line
            continue
        if line.strip() or inside:
            block.append(line)
        if inside and _ends(line, inside):
            inside = ""
        elif not inside and mark and line.strip().count(mark) == 1:
            inside = mark
    yield from _joined(block)


def _ends(line: str, mark: str) -> bool:
    return line.strip().endswith("$$") if mark == "$$" else line.strip().startswith(mark)


def _joined(block: list[str]) -> Iterator[str]:
    if block:
        yield "\n".join(block)


def _piece(block: str) -> Piece:
    if found := _HEADING.match(block):
        return Piece("heading", found[2], len(found[1]))
    for mark, kind in (("$$", "formula"), ("|", "table"), ("```", "code"), (">", "quote"), ("<", "html")):
        if block.lstrip().startswith(mark):
            return Piece(kind, block)
    return Piece("list" if _ITEM.match(block) and not block.startswith("**") else "paragraph", block)
