"""The pictures of gates show the numbers they are given, and refuse what does not fit."""

from __future__ import annotations

import re

import numpy as np
import pytest
from matplotlib.colors import to_hex

from rnncourse import viz
from rnncourse.errors import InputError
from rnncourse.notation import colour
from rnncourse.viz._style import diverging_colour

TEXT = "Ab c"
VALUES = np.array([0.5, -2.0, 0.0, 1.0])


def test_gate_curve_marks_what_a_gate_lets_through():
    ax = viz.gate_curve({"shut": -6, "half": 0, "open": 4}).axes[0]
    assert [note.get_text() for note in ax.texts] == ["shut: 0.002", "half: 0.500", "open: 0.982"]
    a, opening = ax.lines[0].get_data()
    assert np.allclose(opening, 1 / (1 + np.exp(-a)))


def test_text_trace_colours_every_character_by_its_value():
    svg = viz.text_trace(TEXT, VALUES)
    assert re.findall(r"<text[^>]*>([^<]*)</text>", svg) == ["A", "b", "·", "c"]
    assert re.findall(r'<rect[^>]*fill="(#\w+)"', svg) == [diverging_colour(v, 2.0) for v in VALUES]
    narrow = viz.text_trace(TEXT, VALUES, limit=1.0, per_line=3)
    assert re.findall(r'<rect[^>]*fill="(#\w+)"', narrow) == [diverging_colour(v, 1.0) for v in VALUES]
    assert re.findall(r'<rect x="(\d+)" y="(\d+)"', narrow)[-1] == ("4", "38")  # the second line begins


def test_text_trace_of_nothing_but_zeros_is_white_and_escapes_what_html_would_read():
    svg = viz.text_trace("<&", np.zeros(2))
    assert re.findall(r'<rect[^>]*fill="(#\w+)"', svg) == ["#ffffff"] * 2
    assert re.findall(r"<text[^>]*>([^<]*)</text>", svg) == ["&lt;", "&amp;"]


def test_gate_lines_draw_gates_above_and_states_below_in_the_colours_of_the_notation():
    gates = {"f": np.array([0.1, 0.9, 1.0, 0.0]), "c": VALUES, "i": np.array([0.2, 0.3, 0.4, 0.5])}
    above, below = viz.gate_lines(TEXT, gates).axes
    drawn = {
        line.get_label(): line for ax in (above, below) for line in ax.lines if line.get_label().endswith("ₜ")
    }
    assert np.array_equal(drawn["fₜ"].get_ydata(), gates["f"])
    assert np.array_equal(drawn["cₜ"].get_ydata(), VALUES)
    assert drawn["cₜ"].axes is below
    assert drawn["iₜ"].axes is above
    assert to_hex(drawn["iₜ"].get_color()) == colour("i_t").lower()
    assert len({(line.get_linestyle(), line.get_marker()) for line in drawn.values()}) == 3
    assert [label.get_text() for label in below.get_xticklabels()] == list(TEXT)
    assert len(viz.gate_lines(TEXT, {"f": gates["f"]}).axes) == 1


def test_gate_heat_map_has_a_row_for_each_unit():
    values = np.arange(12.0).reshape(4, 3) - 4
    image = viz.gate_heat_map(TEXT, values, label="cell").axes[0].images[0]
    assert np.array_equal(image.get_array(), values.T)
    assert image.get_clim() == (-7, 7)
    gate = viz.gate_heat_map(TEXT, np.full((4, 3), 0.25), label="gate", one_sided=True).axes[0].images[0]
    assert gate.get_clim() == (0, 1)


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (
            lambda: viz.gate_curve({"far": 9}),
            r"marks\['far'\] must be a number from -8 to 8",
        ),
        (lambda: viz.text_trace("", VALUES), "written must be a text"),
        (lambda: viz.text_trace("abc", VALUES), "values must hold 3 values"),
        (lambda: viz.text_trace("a", [np.nan]), "must hold finite numbers"),
        (lambda: viz.gate_lines(TEXT, {"z": VALUES}), "gates must name some of i, f"),
        (lambda: viz.gate_lines(TEXT, {}), "gates must name some of"),
        (lambda: viz.gate_lines(TEXT, {"f": VALUES[:2]}), "must hold 4 values"),
        (lambda: viz.gate_lines("a" * 101, {"f": np.zeros(101)}), "written must hold 1 to 100"),
        (
            lambda: viz.gate_heat_map("abc", np.zeros((4, 2)), label="x"),
            "values must hold 3 values, but got 4",
        ),
    ],
)
def test_what_does_not_fit_is_refused(draw, said):
    with pytest.raises(InputError, match=said):
        draw()
