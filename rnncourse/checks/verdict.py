"""A verdict, and what it looks like: a card that suits light and dark pages, with a twin in plain text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rnncourse.markup import rich_text

_COLOURS = {"right": "#009e73", "wrong": "#d55e00", "not written": "#0072b2", "note": "#0072b2"}
_HEADLINES = {"right": "Right.", "wrong": "Not yet.", "not written": "Not written yet."}
# Half transparent, so that it is a shade lighter than a dark page and a shade darker than a light one.
_CARD = (
    "max-width: 860px; margin: 4px 0; padding: 8px 14px; border-left: 5px solid {colour}; "
    "border-radius: 0 6px 6px 0; background-color: rgba(128, 128, 128, 0.14); line-height: 1.5"
)
_PARAGRAPH = "margin: 0 0 4px"
_BLOCK = re.compile(r"```(?:\w*\n)?(.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Verdict:
    """What is said about one answer.

    status: "right", "wrong" or "not written". mistake: the name of the mistake that was recognised, or the key
    of a generic finding ("shape", "raised" …), or "". points: earned, of `possible`. printed: what the function
    printed. notes: about the learner's progress, not about the answer.
    """

    status: str
    task: str
    details: tuple[str, ...] = ()
    mistake: str = ""
    points: int = 0
    possible: int = 0
    printed: str = ""
    notes: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        """The verdict in a few words, with the points of a right answer."""
        if self.status != "right":
            return _HEADLINES[self.status]
        return f"{_HEADLINES['right']} {self.points} of {self.possible} point{'s' if self.possible != 1 else ''}."

    def text(self) -> str:
        """Return the verdict as plain text."""
        return as_text(f"{self.task}: {self.headline}", (*self.details, *self._printed(), *self.notes))

    def html(self) -> str:
        """Return the verdict as HTML without scripts or style sheets."""
        title = f"<code>{self.task}</code>: {rich_text(self.headline)}"
        return as_html(self.status, title, (*self.details, *self._printed(), *self.notes))

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": self.text()}

    def __repr__(self) -> str:
        return self.text()

    def _printed(self) -> tuple[str, ...]:
        return (f"It printed: ```{self.printed}```",) if self.printed and self.status != "right" else ()


def as_html(status: str, title: str, paragraphs: tuple[str, ...]) -> str:
    """Return a card of a title, which is HTML, and paragraphs of text with `code` and ```blocks```."""
    body = "".join(f'<div style="{_PARAGRAPH}">{_html(text)}</div>' for text in paragraphs)
    card = _CARD.format(colour=_COLOURS[status])
    head = f'<div style="{_PARAGRAPH}"><strong>{title}</strong></div>'
    return f'<div class="rnncourse-check" style="{card}">{head}{body}</div>'


def as_text(title: str, paragraphs: tuple[str, ...]) -> str:
    """Return the same in plain text: code without its backticks, blocks indented."""
    return "\n".join([title, *map(_plain, paragraphs)])


def _html(text: str) -> str:
    pieces = _BLOCK.split(text)  # text, block, text, block …
    return "".join(
        f'<pre style="margin: 4px 0 4px 12px; white-space: pre-wrap">{rich_text(piece, code=False).strip()}</pre>'
        if i % 2
        else rich_text(piece)
        for i, piece in enumerate(pieces)
    )


def _plain(text: str) -> str:
    pieces = _BLOCK.split(text)
    shown = [
        "\n" + "\n".join(f"    {line}" for line in piece.strip("\n").splitlines()) + "\n"
        if i % 2
        else piece.replace("`", "").strip()
        for i, piece in enumerate(pieces)
    ]
    return "".join(shown).strip("\n")
