"""Relatives of the LSTM are small changes of its picture."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from rnncourse import viz
from rnncourse.errors import InputError

SVG = "{http://www.w3.org/2000/svg}"


def words(svg: str) -> set[str]:
    """Return all texts of a picture."""
    return {"".join(one.itertext()) for one in ElementTree.fromstring(svg).iter(f"{SVG}text")}


def bright(svg: str) -> int:
    """Return how many lines, boxes and rings are not grey."""
    root = ElementTree.fromstring(svg)
    return sum(1 for one in root if one.tag != f"{SVG}g")


@pytest.mark.parametrize(
    ("name", "has", "lacks"),
    [
        ("peephole", {"forget gate", "input gate", "candidate", "output gate"}, {"1 −"}),
        ("coupled", {"forget gate", "candidate", "output gate", "1 −"}, {"input gate"}),
        (
            "GRU",
            {"update gate", "reset gate", "candidate", "1 −", "zt", "nt", "rt"},
            {"output gate", "tanhc"},
        ),
    ],
)
def test_each_relative_shows_its_parts(name, has, lacks):
    shown = words(viz.cell_variant(name))
    assert has <= shown and not lacks & shown


def test_the_size_is_that_of_the_lstm_and_the_words_are_its_label():
    whole = ElementTree.fromstring(viz.lstm_cell())
    for name in viz.CELL_VARIANTS:
        picture = ElementTree.fromstring(viz.cell_variant(name))
        assert picture.get("viewBox") == whole.get("viewBox")
        assert picture.get("aria-label") == viz.cell_variant_text(name)


def test_peepholes_add_three_wires_and_nothing_else():
    assert bright(viz.cell_variant("peephole")) == 2 * 3  # a line and its tip each


def test_other_names_are_refused():
    with pytest.raises(InputError, match="name must be"):
        viz.cell_variant("lstm")


def test_unlit_parts_stay_in_grey_without_numbers():
    values = {"c_prev": 1.5, "f_t": 0.5, "i_t": 0.25, "g_t": -1.0}
    root = ElementTree.fromstring(viz.lstm_cell(values=values, lit=("belt", "forget")))
    groups = {group.get("data-part"): group for group in root if group.get("data-part")}
    assert set(groups) >= set(viz.LSTM_PARTS)
    assert {name for name, group in groups.items() if group.get("opacity")} == {
        "input",
        "candidate",
        "output",
    }
    shown = {one.get("data-value"): one.text for one in root.iter(f"{SVG}text") if one.text}
    assert shown["f_t"] == "0.50" and shown["kept"] == "0.75"
    assert "i_t" not in shown and "added" not in shown
    assert viz.lstm_cell_text(lit=("belt",)).startswith("LSTM cell, 1 of 5 parts lit, the others gray.")
