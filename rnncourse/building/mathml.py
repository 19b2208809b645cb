"""LaTeX as MathML: every current browser sets it by itself, and screen readers read it."""

from __future__ import annotations

import re

from latex2mathml.converter import convert

# What the converter writes and what browsers set well.
_BETTER_MATHML = (
    (' xmlns="http://www.w3.org/1998/Math/MathML"', ""),  # HTML knows; in a heading it would become a prefix
    ("<mo>&#x02016;</mo>", '<mo stretchy="false" lspace="0" rspace="0">&#x02016;</mo>'),  # bars of a norm
    ("<mo>&#x0002F;</mo>", '<mo lspace="0" rspace="0">&#x0002F;</mo>'),
    ("<mo>&#x02202;</mo>", "<mi>&#x02202;</mi>"),
)
_ALIGNED = re.compile(r"\\(begin|end)\{(?:aligned|split|gathered)\}")


def mathml(latex: str, display: str) -> str:
    """Return LaTeX as MathML."""
    # The converter knows lines that are aligned by the name of the environment that needs no mathematics around it.
    written = convert(_ALIGNED.sub(r"\\\1{align*}", latex.strip()), display=display)
    for worse, better in _BETTER_MATHML:
        written = written.replace(worse, better)
    return written
