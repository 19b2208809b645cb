"""Links between the course's files, as the site follows them."""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable, Collection
from posixpath import normpath
from urllib.parse import unquote

_LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^()\s]+(?:\([^()\s]*\)[^()\s]*)*)\)")
_ELSEWHERE = re.compile(r"(?:[a-z][a-z0-9+.-]*:|//|#)", re.IGNORECASE)


def anchor(title: str) -> str:
    """Return the anchor of a heading, as JupyterLab names it: its text with hyphens for spaces."""
    return title.strip().replace(" ", "-")


def relink(markdown: str, place: str, change: Callable[[str, str], str | None]) -> str:
    """Return Markdown whose relative links lead where `change(path, fragment)` says; None leaves only the words.

    place: the path of the text's file in the course, such as chapters/03_recurrence.ipynb. `change` is asked with the
    linked file's path in the course and its fragment, with the # or "".
    """

    def changed(found: re.Match[str]) -> str:
        words, address = found[1], found[2]
        if _ELSEWHERE.match(address):
            return found[0]
        path, hash_sign, fragment = address.partition("#")
        target = normpath(os.path.join(os.path.dirname(place), unquote(path)))
        leads = change(target, hash_sign + fragment)
        return words if leads is None else f"[{words}]({leads})"

    return _LINK.sub(changed, markdown)


def to_pages(
    place: str, pages: Collection[str], source: Callable[[str], str]
) -> Callable[[str, str], str | None]:
    """Return what leads from `place` to the sources of other pages, or else to the repository.

    pages: the paths of the course that are pages. source: returns the address of another file, "" where there is none.
    """

    def change(target: str, fragment: str) -> str | None:
        if target in pages:
            return os.path.relpath(target, os.path.dirname(place) or ".") + _as_anchor(fragment)
        return source(target) or None

    return change


def absolute(
    pages: Collection[str], address: str, source: Callable[[str], str]
) -> Callable[[str, str], str | None]:
    """Return what leads from anywhere to the published site, or else to the repository."""

    def change(target: str, fragment: str) -> str | None:
        if address and target in pages:
            return f"{address}{page_of(target)}{_as_anchor(fragment)}"
        return source(target) or None

    return change


def page_of(path: str) -> str:
    """Return the page of a notebook or a text, such as chapters/03_recurrence.html."""
    return re.sub(r"\.(ipynb|md)$", ".html", path)


def _as_anchor(fragment: str) -> str:
    return f"#{unquote(fragment[1:])}" if fragment else ""
