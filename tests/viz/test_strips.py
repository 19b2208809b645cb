"""The strips and grids say what their arrays hold, and refuse what does not fit."""

from __future__ import annotations

import re

import numpy as np
import pytest

from rnncourse import viz
from rnncourse.errors import InputError
from rnncourse.notation import colour

# Three places; place 2 is turned first, then 0, and both are taken at the second card.
DECK = ["A", "B", "A"]
TURNED = np.array([2, 0])
REMEMBERED = np.array([[0, 0, 1], [0, 0, 0]], dtype=bool)
GONE = np.array([[0, 0, 0], [1, 0, 1]], dtype=bool)


def words(svg: str) -> list[str]:
    """Return the texts of an SVG picture in the order in which they are drawn."""
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def says(call, *parts: str) -> None:
    with pytest.raises(InputError) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)


def test_token_strip_numbers_the_tokens_and_marks_some():
    svg = viz.token_strip(["It", "is", "<empty>"], marked=[3])
    assert words(svg) == ["It", "1", "is", "2", "&lt;empty&gt;", "3"]
    bold = re.findall(r'font-weight="bold">([^<]*)<', svg)
    assert bold == ["&lt;empty&gt;"]


def test_token_strip_refuses():
    says(lambda: viz.token_strip("It is"), "tokens", "'It is'")
    says(lambda: viz.token_strip([]), "tokens")
    says(lambda: viz.token_strip(["a", 1]), "tokens")


def test_memory_strip_shows_what_is_turned_remembered_and_gone():
    svg = viz.memory_strip(DECK, TURNED, REMEMBERED, GONE)
    # card numbers, then place by place: its name and what stands in its two columns
    assert words(svg) == [
        *("card t", "1", "2"),
        *("place 1: A", "A"),  # untouched at card 1, turned at card 2
        *("place 2: B",),  # never seen: no letter is given away
        *("place 3: A", "A", "·"),  # turned and remembered at card 1, gone at card 2
    ]
    frames = re.findall(r'stroke="([^"]+)" stroke-width="3.5"', svg)
    assert frames == [colour("x_t"), colour("x_t")]
    assert svg.count(f'fill="{colour("h_t")}"') == 1


def test_the_number_of_a_card_is_above_its_column():
    svg = viz.memory_strip(DECK, TURNED, REMEMBERED, GONE)
    numbers = [float(x) for x in re.findall(r'<text x="([\d.]+)"[^>]*>[12]<', svg)]
    turned = re.findall(r'<rect x="(\d+)" y="(\d+)" width="(\d+)"[^>]*stroke-width="3.5"', svg)
    by_card = sorted(float(x) + float(width) / 2 for x, _, width in turned)
    assert numbers == by_card


def test_memory_strip_refuses():
    says(lambda: viz.memory_strip(DECK, TURNED, REMEMBERED[:, :2], GONE), "remembered", "(2, 3)", "(2, 2)")
    says(lambda: viz.memory_strip(DECK, TURNED, REMEMBERED, GONE[:1]), "gone", "(1, 3)")
    says(
        lambda: viz.memory_strip(DECK, np.array([2, 3]), REMEMBERED, GONE), "turned", "from 0 to 2", "2 to 3"
    )
    says(lambda: viz.memory_strip(DECK, TURNED.astype(float), REMEMBERED, GONE), "turned")
    long = np.zeros((31, 3), dtype=bool)
    says(lambda: viz.memory_strip(DECK, np.zeros(31, int), long, long), "turned", "31", "30")


@pytest.mark.parametrize("slots", [3, 8])
def test_all_boxes_of_the_memory_table_are_in_the_picture(slots):
    svg = viz.memory_table(["A", "B"], set(), np.array([False, False]), [1], slots=slots)
    boxes = [float(x) for x in re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="66"', svg)]
    assert len(boxes) == slots and len(set(boxes)) == slots
    assert max(boxes) + 66 < float(re.search(r' width="(\d+)"', svg)[1]) <= max(*boxes, boxes[0] + 320) + 90


def test_memory_table_shows_cards_face_up_and_the_state_in_order():
    svg = viz.memory_table(["A", "B", "B", "A"], {1}, np.array([True, False, False, True]), [2, 1], slots=3)
    assert words(svg) == [
        *("the table", "1", "B", "2", "3", "4"),
        "the state: what is remembered, oldest first",
        *("B", "place 3", "B", "place 2"),
    ]
    assert svg.count("<rect") == 2 + 3  # two cards are left on the table; three slots, one of them empty


def test_memory_table_keeps_a_pair_visible_that_was_just_taken():
    taken = viz.memory_table(["A", "A"], {0, 1}, np.array([True, True]), [], slots=1)
    assert words(taken)[1:5] == ["A", "1", "A", "2"]


def test_memory_table_refuses():
    gone = np.zeros(4, dtype=bool)
    deck = ["A", "B", "B", "A"]
    says(lambda: viz.memory_table(deck, {0}, gone, [0, 1, 2], slots=2), "slots is 2", "3 places")
    says(lambda: viz.memory_table(deck, {4}, gone, [], slots=2), "from 0 to 3", "4")
    says(lambda: viz.memory_table(deck, {0}, gone[:3], [], slots=2), "gone", "4 values", "got 3")


def test_share_grid_prints_whole_percentages():
    shares = np.array([[1.0, 0.0, 0.25], [0.496, 0.005, 0.999]])
    svg = viz.share_grid(shares, ["first", "second"], ["x", "y", "z"])
    assert words(svg) == [
        *("x", "y", "z"),
        *("first", "100 %", "0 %", "25 %"),
        *("second", "50 %", "0 %", "100 %"),
    ]
    darkness = [float(d) for d in re.findall(r'fill-opacity="([\d.]+)"', svg)]
    assert darkness == pytest.approx([0.8, 0.0, 0.2, 0.4, 0.0, 0.8], abs=0.01)


def test_share_grid_refuses():
    shares = np.array([[1.0, 0.0, 0.25], [0.5, 0.0, 1.0]])
    says(lambda: viz.share_grid(shares, ["first"], ["x", "y", "z"]), "row_labels", "2")
    says(lambda: viz.share_grid(shares, ["a", "b"], "xyz"), "col_labels", "3")
    says(lambda: viz.share_grid(100 * shares, ["a", "b"], ["x", "y", "z"]), "0 to 1", "100")
    says(lambda: viz.share_grid(np.array([[np.nan]]), ["a"], ["x"]), "shares", "finite")


def test_a_single_line_carries_no_markers():
    """On a single line, markers tell nothing apart and look like events."""
    [alone] = viz.line_plot([0, 1, 2], {"a": [3.0, 1.0, 2.0]}, xlabel="t", ylabel="a").axes[0].lines
    pair = viz.line_plot([0, 1], {"a": [3.0, 1.0], "b": [1.0, 2.0]}, xlabel="t", ylabel="a").axes[0].lines
    assert alone.get_marker() in ("", "None", None)
    assert all(line.get_marker() not in ("", "None", None) for line in pair)
