"""Text with `code` and ```blocks```, rendered as HTML and as plain text, and the card that shows it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass

_CODE = re.compile(r"`([^`]+)`")
_BLOCK = re.compile(r"```(?:\w*\n)?(.*?)```", re.DOTALL)
_COLORS = {"right": "#009e73", "wrong": "#d55e00", "note": "#0072b2"}
# Half transparent, so that it is a shade lighter than a dark page and a shade darker than a light one.
_CARD = (
    "max-width: 860px; margin: 4px 0; padding: 8px 14px; border-left: 5px solid {color}; "
    "border-radius: 0 6px 6px 0; background-color: rgba(128, 128, 128, 0.14); line-height: 1.5"
)
_PARAGRAPH = "margin: 0 0 4px"
_FOLD = "margin: 4px 0 0"
_SUMMARY = "cursor: pointer; width: fit-content; padding: 1px 0"
_PRE = "margin: 4px 0 4px 12px; white-space: pre-wrap"


def rich_text(text: str, *, code: bool = True) -> str:
    """Return `text` as HTML: everything escaped and, unless code is False, `code` in backticks set as code."""
    escaped = html.escape(text)
    return _CODE.sub(r"<code>\1</code>", escaped) if code else escaped


@dataclass(frozen=True)
class Card:
    """A short message below a cell: a title and paragraphs, which may hold `code` and ```blocks```.

    status: "right", "wrong" or "note"; it decides the color of the bar at the left. folds: titles and paragraphs that
    the reader may open, each fold inside the one before; they are not in the plain text.
    """

    status: str
    title: str
    paragraphs: tuple[str, ...] = ()
    folds: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def html(self) -> str:
        """Return the card as HTML without scripts or style sheets."""
        title = f'<div style="{_PARAGRAPH}"><strong>{rich_text(self.title)}</strong></div>'
        body = _paragraphs_html(self.paragraphs)
        style = _CARD.format(color=_COLORS[self.status])
        return f'<div class="rnncourse-check" style="{style}">{title}{body}{self._folded()}</div>'

    def _folded(self) -> str:
        """Return the folds from the inside out, so that one is only seen once the one before is open."""
        inner = ""
        for title, paragraphs in reversed(self.folds):
            body = _paragraphs_html(paragraphs)
            summary = f'<summary style="{_SUMMARY}">{rich_text(title)}</summary>'
            inner = f'<details style="{_FOLD}">{summary}{body}{inner}</details>'
        return inner

    def text(self) -> str:
        """Return the card as plain text: code without its backticks, blocks indented."""
        return "\n".join([_paragraph_text(text) for text in (self.title, *self.paragraphs)])

    def show(self) -> None:
        """Display the card below the running cell."""
        from IPython.display import display

        display(self._repr_mimebundle_(), raw=True)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": self.text()}

    def __repr__(self) -> str:
        return self.text()


def _paragraphs_html(paragraphs: Iterable[str]) -> str:
    return "".join(f'<div style="{_PARAGRAPH}">{_paragraph_html(text)}</div>' for text in paragraphs)


def _paragraph_html(text: str) -> str:
    # Splitting gives text, block, text, block …
    return "".join(
        f'<pre style="{_PRE}">{rich_text(piece, code=False).strip()}</pre>' if k % 2 else rich_text(piece)
        for k, piece in enumerate(_BLOCK.split(text))
    )


def _paragraph_text(text: str) -> str:
    pieces = (
        _indented(piece) if k % 2 else _without_marks(piece) for k, piece in enumerate(_BLOCK.split(text))
    )
    return "".join(pieces).strip("\n")


def _indented(block: str) -> str:
    return "\n" + "\n".join(f"    {line}" for line in block.strip("\n").splitlines()) + "\n"


def _without_marks(text: str) -> str:
    return text.replace("`", "").strip()
