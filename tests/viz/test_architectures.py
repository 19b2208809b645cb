"""One function draws every pattern: the right boxes and arrows, words, and refusals."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from rnncourse.errors import InputError
from rnncourse.notation import colour
from rnncourse.viz import (
    ARCHITECTURES,
    answer_table,
    architecture,
    architecture_text,
    figure_html,
    picture_grid,
)
from rnncourse.viz._diagrams import arrowhead

# pattern -> boxes for inputs, states, scores; arrows from below, along the states, up to the scores, fed back
EXPECTED = {
    "one-to-one": (1, 1, 1, 1, 0, 1, 0),
    "one-to-many": (1, 4, 4, 1, 3, 4, 3),
    "many-to-one": (4, 4, 1, 4, 3, 1, 0),
    "many-to-many aligned": (4, 4, 4, 4, 3, 4, 0),
    "many-to-many unaligned": (4, 7, 3, 4, 9, 3, 2),  # the encoder's last state also goes to all 3 steps
    "stacked": (4, 8, 4, 8, 6, 4, 0),
    "bidirectional": (4, 8, 4, 8, 6, 8, 0),
}


def elements(svg: str, tag: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(svg)
    return [one for one in root.iter() if one.tag.rpartition("}")[2] == tag]


def coloured(svg: str, tag: str, *names: str) -> list[ElementTree.Element]:
    colours = {colour(name) for name in names}
    attribute = "fill" if tag == "polygon" else "stroke"
    return [one for one in elements(svg, tag) if one.get(attribute) in colours]


def words(svg: str) -> list[str]:
    return ["".join(one.itertext()) for one in elements(svg, "text")]


@pytest.mark.parametrize("pattern", ARCHITECTURES)
def test_boxes_and_arrows(pattern):
    svg = architecture(pattern)
    counts = [len(coloured(svg, "rect", *names)) for names in (("x_t",), ("h_t", "c_t"), ("s_t",))]
    counts += [len(coloured(svg, "polygon", name)) for name in ("W_xh", "W_hh", "W_hy", "y_t")]
    # x_t and W_xh, h_t and W_hh share a colour: boxes are rectangles, arrows end in a polygon
    assert tuple(counts) == EXPECTED[pattern]


def test_all_patterns_of_the_course_are_there():
    assert list(ARCHITECTURES) == list(EXPECTED)


def tips(svg: str, name: str) -> list[tuple[float, float]]:
    points = [one.get("points").split()[0] for one in coloured(svg, "polygon", name)]
    return [tuple(float(number) for number in point.split(",")) for point in points]


def test_backward_reader_points_backwards():
    svg = architecture("bidirectional", 3)
    rects = {(float(one.get("x")), float(one.get("y"))) for one in coloured(svg, "rect", "h_t")}
    upper, lower = min(y for _, y in rects), max(y for _, y in rects)
    ends = tips(svg, "W_hh")
    for x, y in ends:
        starts = [left for left, top in rects if abs(top + 19 - y) < 1]
        if abs(y - 19 - lower) < 1:
            assert any(abs(x - left) < 0.2 for left in starts)  # the left edge of a box: from left to right
        else:
            assert abs(y - 19 - upper) < 1
            assert any(abs(x - left - 52) < 0.2 for left in starts)  # the right edge: from right to left
    assert len(ends) == 4


@pytest.mark.parametrize("pattern", ARCHITECTURES)
def test_no_two_boxes_overlap_and_all_lie_on_the_page(pattern):
    svg = architecture(pattern)
    root = ElementTree.fromstring(svg)
    width, height = float(root.get("width")), float(root.get("height"))
    boxes = [
        [float(one.get(name)) for name in ("x", "y", "width", "height")] for one in elements(svg, "rect")
    ]
    for k, (x, y, w, h) in enumerate(boxes):
        assert x >= 0 and y >= 0 and x + w <= width and y + h <= height
        for x2, y2, w2, h2 in boxes[:k]:
            assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y


def test_names_and_own_words():
    svg = architecture("many-to-many unaligned", ["march", "the", "third"], ["0", "3", "-", "0", "3"])
    said = words(svg)
    assert [one for one in said if one[0] == "x"] == ["x1", "x2", "x3"]
    assert [one for one in said if one[0] == "d" and one[1:].isdigit()] == ["d1", "d2", "d3", "d4", "d5"]
    assert [one for one in said if re.fullmatch(r"s\d", one)] == ["s1", "s2", "s3", "s4", "s5"]
    assert {"march", "the", "third", "0", "-", "encoder", "decoder"} <= set(said)
    assert "s4" in words(architecture("many-to-one")) and "s1" not in words(architecture("many-to-one"))
    assert "<not & a tag>" in words(architecture("one-to-one", ["<not & a tag>"]))


def test_the_letters_are_those_of_the_equations():
    unaligned = words(architecture("many-to-many unaligned", 3, 2))
    assert {"e1", "e2", "e3", "d1", "d2"} <= set(unaligned) and "h1" not in unaligned
    assert {"h1→", "h1←"} <= set(words(architecture("bidirectional", 2)))
    assert {"h1", "h′1"} <= set(words(architecture("stacked", 2)))


def test_the_encoders_last_state_goes_from_its_box_to_every_step_of_the_decoder():
    svg = architecture("many-to-many unaligned", 3, 2)
    last = coloured(svg, "rect", "h_t")[2]
    left, bottom = float(last.get("x")), float(last.get("y")) + float(last.get("height"))
    lines = [
        [float(one.get(end)) for end in ("x1", "y1", "x2", "y2")] for one in coloured(svg, "line", "W_hh")
    ]
    down, across = (one for one in lines if one[1] == bottom or one[1] == one[3] > bottom)
    assert left < down[0] < left + float(last.get("width")) and down[0] == down[2] == across[0]
    assert {one[0] for one in lines if one[1] == across[1] and one[3] < one[1]} <= {
        tip[0] for tip in tips(svg, "W_hh")
    }


def test_attention_draws_a_line_from_every_state_of_the_encoder_to_one_output():
    plain, svg = (architecture("many-to-many unaligned", 4, 3, looks_back=k) for k in (None, 2))
    box = [one for one in coloured(svg, "rect", "s_t")][1]
    to = (float(box.get("x")), float(box.get("y")) + float(box.get("height")) / 2)
    at_it = [tip for tip in tips(svg, "W_hh") if np.allclose(tip, to, atol=0.2)]
    assert len(at_it) == 4 and not any(np.allclose(tip, to, atol=0.2) for tip in tips(plain, "W_hh"))
    with pytest.raises(InputError, match="a whole number from 1 to 3, but got int 4"):
        architecture("many-to-many unaligned", 4, 3, looks_back=4)
    with pytest.raises(InputError, match="pattern must be"):
        architecture("stacked", looks_back=1)


def test_text_alternative_says_what_is_drawn():
    text = architecture_text("many-to-one", ["not", "bad"], ["positive"])
    assert text == (
        "Many-to-one: a sequence is read, one output at its end. "
        "Drawn with 2 inputs (not, bad) and 1 output (positive)."
    )
    root = ElementTree.fromstring(architecture("many-to-one", ["not", "bad"], ["positive"]))
    assert root.get("role") == "img" and root.get("aria-label") == text
    assert len({architecture_text(pattern) for pattern in ARCHITECTURES}) == len(ARCHITECTURES)


def test_the_drawing_is_readable_on_any_background():
    for pattern in ARCHITECTURES:
        svg = architecture(pattern)
        assert 'fill="currentColor"' in svg
        assert not any(one.get("fill") for one in elements(svg, "text"))  # text takes the page's colour
        assert min(float(one.get("font-size")) for one in elements(svg, "text")) >= 12
        assert architecture(pattern) == svg


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("many-to-few",), "pattern must be one of one-to-one, one-to-many"),
        (("one-to-many", 2), "inputs must hold 1 value for one-to-many, but got 2"),
        (("many-to-one", 3, 2), "outputs must hold 1 value for many-to-one, but got 2"),
        (("stacked", 3, 2), "outputs must hold 3 values for stacked, as many as inputs, but got 2"),
        (("bidirectional", 11), "the number of steps must be a whole number from 1 to 10"),
        (("many-to-many unaligned", 6, 5), "number of steps must be a whole number from 1 to 10"),
        (("stacked", "abc"), "inputs must be a list of texts, but got str 'abc'"),
        (("stacked", ["a", 1]), "inputs must be a list of texts"),
        (("stacked", 0), "inputs must be a whole number of at least 1"),
        (("stacked", 2, []), "outputs must be a list of texts"),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments, said):
    for function in (architecture, architecture_text):
        with pytest.raises(InputError, match=said):
            function(*arguments)


def test_picture_grid():
    pictures = np.linspace(0, 1, 9 * 4 * 3).reshape(9, 4, 3)
    fig = picture_grid(pictures, [f"n{k}" for k in range(9)], marked=[k == 2 for k in range(9)])
    assert len(fig.axes) == 16
    for k, ax in enumerate(fig.axes):
        assert len(ax.images) == (k < 9)
        assert any(spine.get_visible() for spine in ax.spines.values()) == (k == 2)
    assert np.array_equal(fig.axes[5].images[0].get_array(), pictures[5])
    assert fig.axes[8].get_xlabel() == "n8"
    assert "alt=" in figure_html(fig, alt="Nine pictures.")
    for wrong in ((pictures[0], ["a"]), (pictures, ["a"]), (np.zeros((17, 2, 2)), ["a"] * 17)):
        with pytest.raises(InputError):
            picture_grid(*wrong)
    with pytest.raises(InputError, match="marked must hold 9 values"):
        picture_grid(pictures, ["a"] * 9, marked=[True])


def test_answer_table():
    fig = answer_table(
        [("not good", "negative", "positive"), ("fine", "positive", "positive")], "the bag says"
    )
    said = [one.get_text() for one in fig.axes[0].texts]
    assert said[:3] == ["read", "right", "the bag says"]
    assert said[3:7] == ["not good", "negative", "positive", "✗"]
    assert said[7:] == ["fine", "positive", "positive", "✓"]
    for rows in ([], [("a", "b")], [("a", "b", 3)], "abc", [("a", "b", "c")] * 13):
        with pytest.raises(InputError, match=r"rows must be .*1 to 12 triples"):
            answer_table(rows)


@pytest.mark.parametrize("angle", [0.0, 0.7, 2.5, -1.2])
def test_the_head_of_an_arrow_is_symmetric_and_points_its_way(angle):
    way = np.array([np.cos(angle), np.sin(angle)])
    (head,) = elements(f"<svg>{arrowhead((10, 20), angle, 'red')}</svg>", "polygon")
    tip, one, other = np.array([point.split(",") for point in head.get("points").split()], dtype=float)
    assert np.allclose(tip, (10, 20))
    assert np.allclose([np.linalg.norm(one - tip), np.linalg.norm(other - tip)], 11, atol=0.15)
    assert (one - tip) @ way < -9 and np.allclose((one - tip) @ way, (other - tip) @ way, atol=0.15)
    assert np.linalg.norm(one - other) > 8
