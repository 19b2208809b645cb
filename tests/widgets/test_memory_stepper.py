"""The memory game's frames follow its log, card by card."""

from __future__ import annotations

import re

import numpy as np
import pytest

from rnncourse import data
from rnncourse.errors import InputError
from rnncourse.widgets import memory_frames, memory_stepper


@pytest.fixture
def game():
    return data.memory_game(pairs=4, remembered=3, rng=np.random.default_rng(3))


def test_a_frame_for_every_card(game):
    frames = memory_frames(game)
    assert len(frames) == len(game.cards) == 2 * game.moves
    assert [frame.label for frame in frames] == [f"{t} of 12" for t in range(1, 13)]


def test_the_sentences_say_what_the_log_says(game):
    for t, frame in enumerate(memory_frames(game)):
        card = game.cards[t]
        assert frame.summary.startswith(f"Card {t + 1}: {'ABCD'[card.picture]} at place {card.position + 1}.")
        assert ("A pair, taken." in frame.summary) == bool(game.taken[t])
        told = re.findall(r"([A-D]) at place (\d)", frame.summary.split("In memory:")[1])
        assert told == [("ABCD"[c.picture], str(c.position + 1)) for c in game.states[t]]


def test_an_empty_memory_is_called_so(game):
    assert memory_frames(game)[-1].summary.endswith("In memory: nothing.")
    without = memory_frames(data.memory_game(2, 0, np.random.default_rng(1)))
    assert all(frame.summary.endswith("In memory: nothing.") for frame in without)


def test_the_picture_shows_both_cards_of_a_move(game):
    first, second = memory_frames(game)[:2]

    def face_up(frame):
        return re.findall(r'font-size="19"[^>]*>([A-D])<', frame.html)

    assert face_up(first) == ["B"] and sorted(face_up(second)) == ["B", "C"]
    assert first.summary in first.html


def test_the_widget_counts_cards_from_one_and_reads_without_a_kernel(game):
    widget = memory_stepper(game)
    assert (widget.t, widget.first, len(widget.frames)) == (1, 1, 12)
    assert "4 pairs" in widget.title
    assert widget.static_text().splitlines()[1] == "Card 1: B at place 3. In memory: B at place 3."


def test_refuses():
    with pytest.raises(InputError, match=r"game must be the log of a data\.memory_game, but got None"):
        memory_stepper(None)
    with pytest.raises(InputError, match="game has 22 cards, but at most 20"):
        memory_stepper(data.memory_game(11, 4, np.random.default_rng(0)))
