"""Step through a game of pairs, card by card, and see what the player remembers."""

from __future__ import annotations

from string import ascii_uppercase

from rnncourse.arguments import require_that
from rnncourse.data import Card, GameLog
from rnncourse.errors import InputError
from rnncourse.viz._strips import memory_table
from rnncourse.widgets._player import Frame, FramePlayer

MOST_CARDS = 20  # a larger table cannot be taken in at a glance


def memory_stepper(game: GameLog) -> FramePlayer:
    """Return a widget that steps through a game: the table, the card turned, and the state after it.

    Raises InputError for what is no game of data.memory_game, and for more than 20 cards.
    """
    title = f"A game of {len(game.deck) // 2} pairs, card by card" if isinstance(game, GameLog) else ""
    return FramePlayer(memory_frames(game), title=title, step_name="Card t", first=1)


def memory_frames(game: GameLog) -> list[Frame]:
    """Return a frame for each card turned. Arguments and errors are those of memory_stepper."""
    require_that("game", game, isinstance(game, GameLog), "the log of a data.memory_game")
    if len(game.deck) > MOST_CARDS:
        raise InputError(f"game has {len(game.deck)} cards, but at most {MOST_CARDS} can be drawn")
    deck = [ascii_uppercase[picture] for picture in game.deck]
    slots = max(1, *(len(state) for state in game.states))
    gone = game.gone
    frames = []
    for t, (card, state) in enumerate(zip(game.cards, game.states, strict=True)):
        face_up = {card.position} if t % 2 == 0 else {card.position, game.cards[t - 1].position}
        picture = memory_table(deck, face_up, gone[t], [c.position for c in state], slots)
        said = f"Card {t + 1}: {_named(card)}.{' A pair, taken.' if game.taken[t] else ''}"
        remembered = ", ".join(map(_named, state)) or "nothing"
        summary = f"{said} In memory: {remembered}."
        frames.append(Frame(f"{picture}<p>{summary}</p>", f"{t + 1} of {len(game.cards)}", summary))
    return frames


def _named(card: Card) -> str:
    return f"{ascii_uppercase[card.picture]} at place {card.position + 1}"
