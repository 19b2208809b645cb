"""LaTeX as MathML: every current browser sets it by itself, and screen readers read it."""

from __future__ import annotations

import re
from html import unescape
from itertools import pairwise
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element

from rnncourse.notation import ink

# What the converter writes and what browsers set well.
_BETTER_MATHML = (
    (' xmlns="http://www.w3.org/1998/Math/MathML"', ""),  # HTML knows; in a heading it would become a prefix
    ("<mo>‖</mo>", '<mo stretchy="false" lspace="0" rspace="0">‖</mo>'),  # bars of a norm
    ("<mo>/</mo>", '<mo lspace="0" rspace="0">/</mo>'),
    ("<mo>∂</mo>", "<mi>∂</mi>"),
)
_ROWS = ("math", "mrow", "mstyle", "mtd")
"""The elements whose parts are written side by side."""

_ALIGNED = re.compile(r"\\(begin|end)\{(?:aligned|split|gathered)\}")

COLORED = {letter: f"{letter}_t" for letter in "xhcaspyifogrzn"}
"""The letters that, with a subscript, carry the color of their symbol in a formula of its own."""

GRADIENT = "dh_t"
"""The symbol whose color all gradients of the loss carry, dx_t as well as a fraction ∂L/∂x_t."""


def mathml(latex: str, display: str) -> str:
    """Return LaTeX as MathML, display "block" for a formula of its own, whose letters are colored, or "inline"."""
    # The converter knows lines that are aligned by the name of the environment that needs no mathematics around it.
    formula = convert_to_element(_ALIGNED.sub(r"\\\1{align*}", latex.strip()), display=display)
    for part in formula.iter():
        part.text = part.text and unescape(part.text)
    if display == "block":
        _color(formula)
    written = ElementTree.tostring(formula, encoding="unicode")
    for worse, better in _BETTER_MATHML:
        written = written.replace(worse, better)
    return written


def _color(formula: Element) -> None:
    """Color the letters of a formula; custom.css has the same rules for MathJax, in rnncourse/lab/settings."""
    neighbors = pairwise(formula) if formula.tag in _ROWS else ()
    gradients = {one for both in neighbors if _is_gradient(*both) for one in both}
    for part in formula:
        if part in gradients or _is_slope_of_the_loss(part):
            part.set("style", _style(GRADIENT))
        elif part.tag in ("msub", "msubsup") and part[0].text in COLORED:
            part.set("style", _style(COLORED[part[0].text]))
        else:
            _color(part)


def _is_gradient(d: Element, of: Element) -> bool:
    return d.tag == "mi" and d.text == "d" and not d.attrib and of.tag in ("mi", "msub", "msubsup")


def _is_slope_of_the_loss(part: Element) -> bool:
    return part.tag == "mfrac" and {"∂", "L"} <= set("".join(part[0].itertext()))


def _style(symbol: str) -> str:
    return "color: light-dark({}, {})".format(*ink(symbol))
