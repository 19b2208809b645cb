"""The architecture picker without a browser: its cards, what Python may set, and its stand-in."""

from __future__ import annotations

import pytest

from rnncourse.errors import InputError
from rnncourse.viz import ARCHITECTURES, architecture
from rnncourse.widgets import ArchitecturePicker, architecture_picker
from rnncourse.widgets._architecture_picker import CARDS


def test_every_pattern_has_a_card_with_its_drawing():
    picker = architecture_picker()
    assert list(CARDS) == list(ARCHITECTURES) == [card["name"] for card in picker.cards]
    for card in picker.cards:
        source = CARDS[card["name"]]
        assert card["drawing"] == architecture(card["name"], source.inputs, source.outputs)
        assert card["task"] == source.task and card["wrong"] == source.wrong
        assert card["heard"].startswith(card["name"][:1].upper() + card["name"][1:])
        assert source.task in card["heard"]
        assert card["shapes"][0][0] == "x"


def test_shapes_say_what_differs():
    shapes = {name: {row[0]: row[1] for row in card.shapes} for name, card in CARDS.items()}
    assert shapes["one-to-one"]["x"] == "(B, D)"
    assert shapes["one-to-many"] == {"x": "(1, B, D)", "h": "(T′, B, H)", "s": "(T′, B, K)"}
    assert shapes["many-to-one"]["s"] == "(B, K)"
    assert shapes["many-to-many aligned"]["s"] == "(T, B, K)"
    assert shapes["many-to-many unaligned"]["s"] == "(T′, B, K)"
    assert shapes["bidirectional"]["h"] == "(T, B, 2H)"


def test_pattern_can_be_read_and_set():
    picker = architecture_picker("stacked")
    assert isinstance(picker, ArchitecturePicker) and picker.pattern == "stacked"
    picker.pattern = "bidirectional"
    assert repr(picker) == "ArchitecturePicker(bidirectional)"
    with pytest.raises(InputError, match="pattern must be one of one-to-one"):
        picker.pattern = "few-to-few"
    assert picker.pattern == "bidirectional"
    with pytest.raises(InputError, match="pattern must be one of"):
        architecture_picker("few-to-few")


def test_stand_in_tells_all_patterns():
    picker = architecture_picker()
    page, text = picker.static_html(), picker.static_text()
    assert page.count('<th scope="row">') == len(CARDS)
    assert "script" not in page
    for name, card in CARDS.items():
        assert name in page and name in text
        assert card.task in text
        assert all(shape in page and shape in text for _, shape, _ in card.shapes)
    assert "Shift + Enter" in picker.invitation()
