"""LaTeX as MathML: which letters of a formula carry the color of their symbol."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from rnncourse.building.mathml import mathml
from rnncourse.notation import ink


def colored(latex: str, display: str = "block") -> list[tuple[str, str]]:
    """Return the colored parts of a formula as (text, style), from left to right."""
    parts = ElementTree.fromstring(mathml(latex, display)).iter()
    return [("".join(part.itertext()), part.get("style")) for part in parts if part.get("style")]


def style(symbol: str) -> str:
    return "color: light-dark({}, {})".format(*ink(symbol))


@pytest.mark.parametrize(
    ("latex", "parts"),
    [
        (r"h_t = \tanh(x_t\,W_{xh} + h_{t-1}\,W_{hh} + b_h)", {"ht": "h_t", "xt": "x_t", "ht−1": "h_t"}),
        (r"s_t = h_t\,W_{hy} + b_y", {"st": "s_t", "ht": "h_t"}),
        (
            r"c_t = f_t \odot c_{t-1} + i_t \odot g_t",
            {"ct": "c_t", "ft": "f_t", "ct−1": "c_t", "it": "i_t", "gt": "g_t"},
        ),
        (r"\begin{aligned} o_t &= \sigma(a_o) \\ y_t &> p_t \end{aligned}",
         {"ot": "o_t", "ao": "a_t", "yt": "y_t", "pt": "p_t"}),
        (r"(1 - z_t) \odot n_t + r_t", {"zt": "z_t", "nt": "n_t", "rt": "r_t"}),
        (r"dh_t \odot (1 - h_t^2)", {"d": "dh_t", "ht": "dh_t", "ht2": "h_t"}),
        (r"dW = u^\top dz", {"d": "dh_t", "W": "dh_t", "z": "dh_t"}),
        (r"\sum_t \frac{\partial L_s}{\partial a_{s-k}}", {"∂Ls∂as−k": "dh_t"}),
        (r"\frac{\partial h_T}{\partial h_t}", {"hT": "h_t", "ht": "h_t"}),
        (r"d_k\,W_{hy} + \mathrm{diag}(x) + \sum_{i} m_t + e_t", {}),
    ],
)  # fmt: skip
def test_letters_with_a_subscript_and_gradients_are_colored_and_nothing_else(latex, parts):
    assert dict(colored(latex)) == {text: style(symbol) for text, symbol in parts.items()}


def test_formulas_in_a_line_of_text_keep_the_color_of_the_text():
    assert colored("h_t", "inline") == []


def test_a_colored_formula_is_the_same_formula():
    latex = r"\lVert h_t \rVert < \text{a & b} / c_t"
    plain, block = mathml(latex, "inline"), mathml(latex, "block")
    without = ElementTree.fromstring(block)
    for part in without.iter():
        part.attrib.pop("style", None)
    without.set("display", "inline")
    assert ElementTree.tostring(without) == ElementTree.tostring(ElementTree.fromstring(plain))
