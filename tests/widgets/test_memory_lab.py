"""The memory game to be played, without a browser: what is dealt, what can be set, what is shown before it runs."""

from __future__ import annotations

import re

import numpy as np
import pytest

from rnncourse.data import memory_game
from rnncourse.errors import InputError
from rnncourse.widgets import memory_lab
from rnncourse.widgets._memory_picture import PICTURES, SHOWN, picture


def test_the_deal_holds_every_picture_twice_and_depends_on_the_generator():
    first, again, other = memory_lab(), memory_lab(), memory_lab(rng=np.random.default_rng(5))
    assert sorted(first.deck) == sorted([*range(8)] * 2)
    assert first.deck == again.deck != other.deck


def test_moves_are_two_cards_each():
    lab = memory_lab()
    lab.turned = [3, 5, 7]
    assert (lab.moves, repr(lab)) == (1, "MemoryLab(remembered=4, moves=1)")


def test_games_are_told_apart_by_who_played_them():
    lab = memory_lab()
    lab.results = [[4, 15], [-1, 19], [0, 70], [4, 13]]
    assert (lab.games(4), lab.games(0), lab.games(16), lab.games()) == ([15, 13], [70], [], [19])


@pytest.mark.parametrize("remembered", [0, 3, 16])
def test_the_picture_shows_her_memory_and_a_moment_of_her_game(remembered):
    game = memory_game(8, remembered, np.random.default_rng(2))
    drawn = picture(game)
    paths = list(PICTURES.values())
    shown = [paths.index(path) for path in re.findall(r'<path [^>]*d="([^"]*)"', drawn)]
    face_up = [game.cards[SHOWN - 1], game.cards[SHOWN]]
    assert sorted(shown[:2]) == sorted(card.picture for card in face_up)
    assert shown[2:] == [card.picture for card in game.states[SHOWN][:8]]
    down = drawn.count('fill-opacity="0.35"')
    assert down == 16 + (16 - 2 - sum(game.gone[SHOWN]) + sum(game.gone[SHOWN][c.position] for c in face_up))


def test_it_reads_without_a_kernel():
    lab = memory_lab(2)
    assert "a player who remembers 2 cards" in lab.static_text()
    assert re.search(r'<img src="data:image/svg[^>]*alt="[^"]*remembers 2 cards', lab.static_html())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda: memory_lab(17), "remembered must be a whole number from 0 to 16, but got int 17"),
        (lambda: memory_lab(rng=3), "rng must be"),
        (lambda: setattr(memory_lab(), "remembered", 2.5), "remembered must be a whole number from 0 to 16"),
        (lambda: setattr(memory_lab(), "deck", [0] * 16), "deck must be a list with each of 0 … 7 twice"),
        (
            lambda: setattr(memory_lab(), "turned", [16]),
            "turned must be a whole number from 0 to 15, but got int 16",
        ),
        (lambda: setattr(memory_lab(), "turned", None), "turned must be a list of places, but got None"),
        (lambda: memory_lab().games(20), "remembered must be a whole number from 0 to 16, but got int 20"),
    ],
)
def test_refuses(change, said):
    with pytest.raises(InputError, match=said):
        change()
