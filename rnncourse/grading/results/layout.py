"""What all pages have in common: one file, no script, nothing fetched, everything escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from rnncourse.grading.untrusted_text import shown

_STYLE = """
body { max-width: 900px; margin: 0 auto; padding: 16px 16px 60px; color: #1f2328; background: #fff;
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6em; } h2 { font-size: 1.2em; margin: 1.6em 0 0.3em; }
table { border-collapse: collapse; margin: 12px 0; } th, td { padding: 4px 12px; text-align: left;
  border-bottom: 1px solid #c9d1d9; vertical-align: top; } td.number, th.number { text-align: right; }
pre { padding: 10px 14px; background: #f3f5f7; border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere;
  font: 14px/1.45 ui-monospace, monospace; }
code { font-family: ui-monospace, monospace; font-size: 0.93em; }
.note { margin: 4px 0; padding-left: 12px; border-left: 3px solid #8a5a00; color: #5c3d00; }
.total { font-size: 1.15em; } figure { margin: 12px 0; }
@media (prefers-color-scheme: dark) {
  body { color: #e6e8eb; background: #16181c; } pre { background: #22252b; } th, td { border-color: #3b4048; }
  .note { color: #ffd68a; border-color: #ffd68a; } a { color: #8ab8ff; }
}
@media print { pre { border: 1px solid #c9d1d9; } }
"""


def safe(text: str) -> str:
    """Return a text as HTML in which nothing is code and nothing is hidden."""
    return escape(shown(text.replace("\r\n", "\n")))


def html_table(heads: Sequence[str], rows: Sequence[str]) -> str:
    """Return a table of rows that are HTML already; a head that begins with # stands above numbers."""
    cells = "".join(
        f"<th scope='col' class='number'>{head[1:]}</th>"
        if head.startswith("#")
        else f"<th scope='col'>{head}</th>"
        for head in heads
    )
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def whole_page(title: str, body: str) -> str:
    """Return a page whose body is HTML already."""
    return (
        "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{safe(title)}</title><style>{_STYLE}</style></head>\n<body><main>{body}</main></body></html>\n"
    )
