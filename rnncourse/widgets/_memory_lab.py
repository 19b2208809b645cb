"""The memory game to be played: the reader's table beside that of a player with a memory of a fixed size."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets

from rnncourse.arguments import require_count, require_generator, require_that
from rnncourse.data import GameLog, memory_game
from rnncourse.notation import PALETTE, colour
from rnncourse.viz._show import figure_html
from rnncourse.widgets._fallback import ReadableWidget, Setting, read_front_end
from rnncourse.widgets._memory_picture import PICTURES, picture

PAIRS = 8
CARDS = 2 * PAIRS
YOU = -1  # in `results`, in the place of how many cards a player remembers


def memory_lab(remembered: int = 4, rng: np.random.Generator | None = None) -> MemoryLab:
    """Return a table with eight pairs to be played, beside a player who remembers `remembered` cards (0 to 16).

    rng: deals the cards; None: the same deal each time. Raises InputError for anything else.
    """
    return MemoryLab(remembered, np.random.default_rng(0) if rng is None else require_generator("rng", rng))


class MemoryLab(ReadableWidget):
    """The memory game with eight pairs: the reader plays, and so does a player with a memory of a fixed size.

    `lab.deck` (16,) is the picture at each place, `lab.turned` lists the places that the reader has turned, in order,
    and `lab.moves` counts the reader's moves. `lab.remembered`, 0 to 16, is the size of the player's memory and can be
    set. `lab.games(size)` lists the moves of all finished games of players with that memory, `lab.games()` the
    reader's. Everything is computed in the browser, by the rules of `data.memory_game`.
    """

    _esm = read_front_end("panel.js", "vendor/d3.js", "memory_math.js", "memory_lab.js")
    _css = read_front_end("theme.css", "memory_lab.css")

    deck = Setting(lambda lab, value: _checked_deck(value))
    turned = Setting(lambda lab, value: _checked_places(value), [])
    remembered = Setting(lambda lab, value: require_count("remembered", value, least=0, most=CARDS), 4)
    luck = traitlets.Int(1).tag(sync=True)  # the seed of what the player turns when she does not know better
    card = traitlets.Int(0).tag(sync=True)  # how many cards she has turned so far
    steps = traitlets.Int(1).tag(sync=True)  # how many she turns in all; the browser says so
    # [cards remembered or YOU, moves] of every finished game
    results = traitlets.List(traitlets.List(traitlets.Int())).tag(sync=True)
    fixed = traitlets.Dict().tag(sync=True)

    def __init__(self, remembered: int, rng: np.random.Generator):
        deck = rng.permutation(np.repeat(np.arange(PAIRS), 2)).tolist()
        super().__init__(deck=deck, remembered=remembered, fixed=_fixed())

    @property
    def moves(self) -> int:
        """How many moves the reader has made: two cards each."""
        return len(self.turned) // 2

    def games(self, remembered: int | None = None) -> list[int]:
        """Return the moves of every finished game: the reader's, or those of players with that memory."""
        size = YOU if remembered is None else require_count("remembered", remembered, least=0, most=CARDS)
        return [moves for player, moves in self.results if player == size]

    def __repr__(self) -> str:
        return f"MemoryLab(remembered={self.remembered}, moves={self.moves})"

    def _game(self) -> GameLog:
        """Return a game that a player with this memory could have played, to be shown before anything has run."""
        return memory_game(PAIRS, self.remembered, np.random.default_rng(self.luck))

    def static_html(self) -> str:
        """Return a picture of the lab: the reader's table, the player's, and what she remembers."""
        line = (
            "The memory game. Play it against a player who remembers as many cards as you allow her, "
            "and see how much memory is worth."
        )
        return figure_html(picture(self._game()), alt=self.static_text(), caption=line)

    def static_text(self) -> str:
        """Return what the lab is about, in plain text."""
        return (
            f"Two tables of {CARDS} cards, yours and that of a player who remembers {self.remembered} cards. "
            "Beside hers are the cards that she remembers, oldest first."
        )

    def invitation(self) -> str:
        """Return one line that says what you get by running the cell."""
        return "Run this cell (Shift + Enter) to play."


def _fixed() -> dict[str, Any]:
    """Return what the front end needs once: the pictures on the cards, and colors."""
    return {
        "pictures": [{"name": name, "path": path} for name, path in PICTURES.items()],
        "colours": {"h": colour("h_t"), "x": colour("x_t"), "you": PALETTE["green"]},
    }


def _checked_deck(value: object) -> list[int]:
    """Return the deck as a list: each of the pictures twice."""
    known = isinstance(value, (list, tuple, np.ndarray)) and sorted(value) == sorted([*range(PAIRS)] * 2)
    require_that("deck", value, known, f"a list with each of 0 … {PAIRS - 1} twice")
    return [int(one) for one in value]


def _checked_places(value: object) -> list[int]:
    require_that("turned", value, isinstance(value, (list, tuple)), "a list of places")
    return [require_count("turned", one, least=0, most=CARDS - 1) for one in value]
