"""The picture of the LSTM cell: every number of a step is on it, and it grows part by part."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from rnncourse import viz
from rnncourse.errors import InputError
from rnncourse.in_numpy.cells import lstm_gates, lstm_step
from rnncourse.notation import colour, dash

SVG = "{http://www.w3.org/2000/svg}"
D, H = 1, 3


@pytest.fixture
def step() -> dict[str, np.ndarray]:
    """Return every array (2, H) of one real step of two sequences."""
    rng = np.random.default_rng(4)
    p = {"W_x": rng.normal(size=(D, 4 * H)), "W_h": rng.normal(size=(H, 4 * H)), "b": rng.normal(size=4 * H)}
    x_t, h_prev, c_prev = rng.normal(size=(2, D)), rng.normal(size=(2, H)), rng.normal(size=(2, H))
    i_t, f_t, g_t, o_t = lstm_gates(x_t, h_prev, p)
    h_t, c_t = lstm_step(x_t, h_prev, c_prev, p)
    gates = {"f_t": f_t, "i_t": i_t, "g_t": g_t, "o_t": o_t}
    return {"x_t": x_t, "h_prev": h_prev, "c_prev": c_prev, "c_t": c_t, "h_t": h_t, **gates}


def numbers(svg: str) -> dict[str, str]:
    """Return what the picture writes, by the number's name."""
    return {one.get("data-value"): one.text or "" for one in ElementTree.fromstring(svg).iter(f"{SVG}text")}


def as_number(written: str) -> float:
    return float(written.replace("\N{MINUS SIGN}", "-"))


@pytest.mark.parametrize("unit", range(H))
def test_every_number_of_the_step_is_written(step, unit):
    shown = numbers(viz.lstm_cell(values=step, unit=unit))
    one = {name: array[0, min(unit, array.shape[1] - 1)] for name, array in step.items()}
    wanted = one | {
        "kept": one["f_t"] * one["c_prev"],
        "added": one["i_t"] * one["g_t"],
        "tanh_c": np.tanh(one["c_t"]),
    }
    for name, value in wanted.items():
        assert as_number(shown[name]) == pytest.approx(value, abs=0.00501), name
    assert as_number(shown["kept"]) + as_number(shown["added"]) == pytest.approx(one["c_t"], abs=0.0151)


def test_text_says_the_same_numbers_as_the_picture(step):
    shown, said = numbers(viz.lstm_cell(values=step, unit=2)), viz.lstm_cell_text(values=step, unit=2)
    for name in ("c_prev", "c_t", "f_t", "i_t", "g_t", "o_t", "h_t", "kept", "added", "tanh_c"):
        assert f"= {shown[name]}" in said, name
    assert ElementTree.fromstring(viz.lstm_cell(values=step, unit=2)).get("aria-label") == said


@pytest.mark.parametrize("n", range(1, 6))
def test_picture_grows_part_by_part(n):
    whole, svg = viz.lstm_cell(), viz.lstm_cell(viz.LSTM_PARTS[:n])
    assert re.findall(r'<g data-part="(\w+)">', svg.replace('"reads"', '""')) == list(viz.LSTM_PARTS[:n])
    assert ElementTree.fromstring(svg).get("viewBox") == ElementTree.fromstring(whole).get("viewBox")
    assert viz.lstm_cell_text(viz.LSTM_PARTS[:n]).startswith(f"LSTM cell, {n} of 5 parts drawn.")
    assert ('data-value="c_t"' in svg) == (n >= 4)  # before, what leaves the belt is not c_t
    assert ('data-value="h_t"' in svg) == (n == 5)


def test_without_values_every_number_has_an_empty_place():
    shown = numbers(viz.lstm_cell())
    named = {name for name in shown if name}
    assert named == {
        *("x_t", "h_prev", "c_prev", "f_t", "i_t", "g_t", "o_t", "c_t", "tanh_c", "h_t", "kept", "added")
    }
    assert all(shown[name] == "" for name in named)


def test_colours_and_dashes_are_those_of_the_notation():
    svg = viz.lstm_cell()
    for part, name in (("forget", "f_t"), ("input", "i_t"), ("candidate", "g_t"), ("output", "o_t")):
        box = re.search(rf'data-part="{part}">.*?(<rect[^>]*>)', svg)[1]
        assert f'stroke="{colour(name)}"' in box
        assert ("stroke-dasharray" in box) == (dash(name) != "solid")
    assert 'fill="currentColor"' in svg
    assert min(float(size) for size in re.findall(r'font-size="([\d.]+)"', svg)) >= 12


def test_highlighted_part_is_bold_and_the_others_are_not():
    def strokes(svg: str, part: str) -> list[float]:
        group = next(g for g in ElementTree.fromstring(svg).iter(f"{SVG}g") if g.get("data-part") == part)
        return [float(one.get("stroke-width")) for one in group.iter() if one.get("stroke-width")]

    plain, bold = viz.lstm_cell(), viz.lstm_cell(highlight="input")
    assert max(strokes(bold, "input")) > max(strokes(plain, "input"))
    assert strokes(bold, "output") == strokes(plain, "output")


def test_input_of_several_features_has_no_number(step):
    assert numbers(viz.lstm_cell(values={"x_t": np.ones(4)}))["x_t"] == ""
    assert numbers(viz.lstm_cell(values={"x_t": 0.5, "f_t": 0.25}, unit=0))["x_t"] == "0.50"


def test_picture_can_be_shown():
    assert "<img" in viz.figure_html(viz.lstm_cell(), alt=viz.lstm_cell_text())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"parts": ("belt", "gate")}, "parts must be one of belt, forget"),
        ({"parts": ()}, "parts must name at least one"),
        ({"highlight": "x"}, "highlight must be one of"),
        ({"values": {"f": 1.0}}, "values must be one of x_t, h_prev"),
        ({"values": [1.0]}, "values must be a dict"),
        ({"values": {"f_t": np.ones((2, 3))}, "unit": 3}, "unit must be below H = 3"),
        ({"values": {"f_t": "open"}}, "must be a number or an array"),
        ({"values": {"f_t": np.array([np.nan])}}, "must be finite"),
        ({"unit": -1}, "unit must be a whole number"),
    ],
)
def test_what_does_not_exist_is_refused(arguments, said):
    with pytest.raises(InputError, match=re.escape(said)):
        viz.lstm_cell(**arguments)
