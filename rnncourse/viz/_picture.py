"""From a drawing to a picture of the page: as SVG, in the page's font and colors, in one of three widths.

A picture is shown by an `<img>`, which hands neither its font nor its colors on. So the picture asks the browser for
both: its text is text in the system's font, and its theme is the one that the element around it has.
"""

from __future__ import annotations

import io
import re

import matplotlib
from matplotlib.figure import Figure

from rnncourse.viz._style import AXIS, CSS_DPI, FONT, GRID, INK, PAPER, QUIET, WIDTHS

SVG_SIZE = re.compile(r'<svg[^>]*?\bwidth="(\d+)" height="(\d+)"')

THEME = (
    "svg{color:#1a1a1a;--quiet:#555;--axis:#c8c8c8;--grid:#e6e6e6;--paper:#fff}#paper{fill:none}"
    "@media (prefers-color-scheme:dark){svg{color:#e6e6e6;--quiet:#aaa;--axis:#6a6a6a;--grid:#333;--paper:#111}"
    "#paper{fill:#111}}"
)
"""The inks on a light and on a dark page. A dark picture brings JupyterLab's dark background with it: a page that says
nothing of its theme may be a light one."""

_INKS = {
    INK: "currentColor",
    "#000000": "currentColor",  # what a figure of the reader's own is drawn in
    QUIET: "var(--quiet)",
    AXIS: "var(--axis)",
    GRID: "var(--grid)",
    PAPER: "var(--paper)",
}
_MATPLOTLIB = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "rnncourse",  # ids that do not change from run to run
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # Matplotlib's own, by which it measures
}
# Matplotlib would store its own version and the time, and the picture would change with them.
_NO_METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}
_NOISE = re.compile(r"""(?s)<metadata>.*?</metadata>|<!--.*?-->|font-family: [^;"]*;? ?|'DejaVu Sans'(, )?""")
_OPENING = re.compile(r'<svg[^>]*?viewBox="([^"]*)"[^>]*>')
_USE = r'<use xlink:href="[^"]*" x="[^"]*" y="[^"]*" style="{style}"/>\s*'
_ALIKE = re.compile(_USE.format(style='([^"]*)') + "(?:" + _USE.format(style=r"\1") + ")+")
_MARKER = re.compile(r"\bm[0-9a-f]{10}\b")
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")


def matplotlib_svg(figure: Figure) -> str:
    """Return a figure as SVG in CSS pixels: text as text, and the course's inks in the page's colors."""
    file = io.StringIO()
    with matplotlib.rc_context(_MATPLOTLIB):
        figure.savefig(file, format="svg", dpi=2 * CSS_DPI, transparent=True, metadata=_NO_METADATA)
    drawn = file.getvalue()
    drawn = re.sub(r"\n\s*", "\n", _NOISE.sub("", drawn[drawn.index("<svg") :]))
    drawn = re.sub(r"<[^>]+>", lambda tag: _LONG_NUMBER.sub(_shorter, tag[0]), drawn)
    for ink, of_the_page in _INKS.items():
        drawn = drawn.replace(ink, of_the_page)
    drawn = _with_short_markers(_ALIKE.sub(_with_one_style, drawn))
    width, height = (round(inches * CSS_DPI) for inches in figure.get_size_inches())
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    opening = f'<svg {names} width="{width}" height="{height}" viewBox="\\1" fill="currentColor" font-family="{FONT}">'
    return _OPENING.sub(opening, drawn, count=1)


def on_the_page(svg: str) -> tuple[str, int]:
    """Return an SVG in the page's colors, in the middle of the narrowest of the widths that holds it, and that width.

    What is wider than the widest is made smaller.
    """
    width, height = (int(size) for size in SVG_SIZE.search(svg).groups())
    wide = next((one for one in WIDTHS if one >= width), WIDTHS[-1])
    drawn = min(width, wide)
    tall = round(height * drawn / width)
    inner = svg.strip().replace(
        f'width="{width}" height="{height}"',
        f'x="{(wide - drawn) // 2}" width="{drawn}" height="{tall}"',
        1,
    )
    size = f'width="{wide}" height="{tall}"'
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {wide} {tall}" fill="currentColor">'
    )
    return f'{opening}<style>{THEME}</style><rect id="paper" {size}/>{inner}</svg>', wide


def _with_one_style(markers: re.Match) -> str:
    """Return markers in a row with their style written once: of a thousand dots it is most of the bytes."""
    style = f' style="{markers[1]}"'
    return f"<g{style}>{markers[0].replace(style, '')}</g>\n"


def _with_short_markers(svg: str) -> str:
    """Return the SVG with its markers called m0, m1, …"""
    names: dict[str, str] = {}
    return _MARKER.sub(lambda name: names.setdefault(name[0], f"m{len(names)}"), svg)


def _shorter(number: re.Match) -> str:
    """Return a coordinate with two decimals, so that the last bits of a CPU never show."""
    return f"{round(float(number[0]), 2):g}"
