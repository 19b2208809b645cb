"""Text that is shown as HTML."""

from __future__ import annotations

import html
import re

_CODE = re.compile(r"`([^`]+)`")


def rich_text(text: str, *, code: bool = True) -> str:
    """Return `text` as HTML: everything escaped and, unless code is False, `code` in backticks set as code."""
    escaped = html.escape(text)
    return _CODE.sub(r"<code>\1</code>", escaped) if code else escaped
