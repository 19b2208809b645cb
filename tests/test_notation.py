"""The symbols of the course: complete, consistent with the engines, distinguishable without colour."""

import re

import numpy as np
import pytest

from rnncourse import notation
from rnncourse.errors import InputError
from rnncourse.in_numpy import RNN, RecurrentNet

SIZES = {"T": 7, "B": 2, "D": 3, "H": 5, "V": 4}


def shape_in_words(text):
    """Turn "(T, B, H)" into the numbers of SIZES."""
    return tuple(SIZES[letter] for letter in re.findall(r"[A-Z]", text))


def test_shapes_are_those_of_the_engine():
    net = RecurrentNet(RNN(SIZES["D"], SIZES["H"]), SIZES["V"])
    x = np.ones((SIZES["T"], SIZES["B"], SIZES["D"]), dtype=np.float32)
    s = net.forward(x)
    found = {**net.params, "x": x, "x_t": x[0], "h": net.trace["h"], "h_t": net.trace["h"][0], "s_t": s[0]}
    for name, array in found.items():
        assert array.shape == shape_in_words(notation.symbol(name).shape), name


@pytest.mark.parametrize("symbol", notation.SYMBOLS.values(), ids=lambda s: s.name)
def test_every_symbol_is_complete(symbol):
    assert re.fullmatch(r"#[0-9A-F]{6}", symbol.colour)
    assert symbol.colour in notation.PALETTE.values()
    assert symbol.dash in {notation.SOLID, notation.DASHED, notation.DOTTED, notation.DASHDOT}
    assert symbol.meaning and symbol.latex and symbol.code.isidentifier()


def test_symbols_that_share_a_figure_differ_in_colour_and_in_dash_or_kind():
    for together in [("x_t", "h_t", "y_t", "s_t"), ("i_t", "f_t", "o_t", "g_t")]:
        assert len({notation.colour(name) for name in together}) == len(together)
    gates = [notation.dash(name) for name in ("i_t", "f_t", "o_t", "g_t")]
    assert len(set(gates)) == 4


def luminance(tone):
    """Return the relative luminance of #RRGGBB, as WCAG defines it."""
    parts = np.array([int(tone[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("tone", notation.INKS)
def test_letters_can_be_read_on_white_and_on_every_dark_page_of_the_course(tone):
    assert tone in notation.PALETTE.values()
    on_white, on_dark = notation.INKS[tone]
    assert contrast(on_white, "#FFFFFF") >= 4.5
    # The dark pages of JupyterLab, of the slides and of the site.
    for page in ("#111111", "#14171A", "#14181E"):
        assert contrast(on_dark, page) >= 4.5, page


def test_no_single_tone_could_be_read_on_both():
    grays = [f"#{level:02X}{level:02X}{level:02X}" for level in range(256)]
    best = max(min(contrast(gray, "#FFFFFF"), contrast(gray, "#111111")) for gray in grays)
    assert best < 4.4


def test_the_gradient_has_an_ink_of_its_own_and_gray_symbols_have_none():
    others = {notation.ink(name) for name in ("x_t", "h_t", "c_t", "s_t", "a_t", "y_t", "i_t", "f_t", "o_t")}
    assert notation.ink("dh_t") not in others
    assert notation.ink("h_t") == notation.INKS[notation.colour("h_t")]
    with pytest.raises(InputError, match="'b_h' is a symbol that formulas leave"):
        notation.ink("b_h")


def test_table_lists_what_was_asked_for_in_that_order():
    table = notation.table("h_t", "x_t")
    lines = table._repr_markdown_().splitlines()
    assert lines[2] == "| $h_t$ | `h_t` | (B, H) | hidden state after step t |"
    assert lines[3].startswith("| $x_t$ ")
    assert len(lines) == 4
    assert "hidden state after step t" in repr(table)


def test_unknown_symbol_is_named():
    with pytest.raises(InputError, match=r"'q_t' is not a symbol.*x_t"):
        notation.colour("q_t")
