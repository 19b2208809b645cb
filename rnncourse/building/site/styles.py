"""One style sheet for all pages, without the rules of classes that nothing on the site has."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

SHEETS = ("basic", "styles/pydata-sphinx-theme", "pygments", "styles/sphinx-book-theme", "mystnb*", "site")
"""What is joined, in the order in which one sheet overrules another: Sphinx's, the themes', and the site's own."""

_RULE = re.compile(r"([^{}@;]+)\{([^{}]*)\}")
_EMPTY = re.compile(r"@(?:media|supports)[^{}]*\{\s*\}")
_COMMA = re.compile(r",(?![^(]*\))")
_CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
_INSIDE = re.compile(r"\([^()]*\)")
_FONT = re.compile(r"@font-face\s*\{[^}]*\}")
_COMMENT = re.compile(r"(?s)/\*.*?\*/")
_COMPOSED = "bs-"
"""Bootstrap puts names that begin so together while it runs."""


def joined(static: Path) -> str:
    """Return the sheets of a built site's folder `static` as one."""
    files = [file for name in SHEETS for file in sorted(static.glob(f"{name}.css"))]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def classes_on(made: Path) -> set[str]:
    """Return the classes of the elements of all pages in a folder, and every word in a script, which may set one."""
    found: set[str] = set()
    for page in made.rglob("*.html"):
        for listed in re.findall(r'\bclass="([^"]*)"', page.read_text(encoding="utf-8")):
            found.update(listed.split())
    for script in made.rglob("*.js"):
        found.update(re.findall(r"[A-Za-z_][\w-]*", script.read_text(encoding="utf-8")))
    return found


def without_unused(style: str, classes: Collection[str]) -> str:
    """Return a style sheet without fonts, and without selectors that need a class which is not among `classes`.

    The only fonts are those of the theme's icons, which the site writes with characters instead.
    """

    def can_match(selector: str) -> bool:
        while _INSIDE.search(selector):  # what is in brackets need not match, as in :not(.x)
            selector = _INSIDE.sub("", selector)
        return all(name in classes or name.startswith(_COMPOSED) for name in _CLASS.findall(selector))

    def kept(rule: re.Match[str]) -> str:
        selectors = [one for one in _COMMA.split(rule[1]) if can_match(one)]
        return f"{','.join(selectors)}{{{rule[2]}}}" if selectors else ""

    return _EMPTY.sub("", _RULE.sub(kept, _FONT.sub("", _COMMENT.sub("", style))))
