"""The pictures on the cards of the memory game, and the lab's picture for readers who have not run it."""

from __future__ import annotations

from rnncourse.data import GameLog
from rnncourse.notation import PALETTE, colour

# Shapes of 24 × 24 that differ in outline, so that nobody has to tell colors apart.
PICTURES = {
    "sun": "M12 7a5 5 0 1 0 0 10a5 5 0 1 0 0-10ZM11 1h2v4h-2ZM11 19h2v4h-2ZM1 11h4v2H1ZM19 11h4v2h-4ZM4.2 2.8l3 3"
    "-1.4 1.4-3-3ZM18.2 16.8l3 3-1.4 1.4-3-3ZM19.8 2.8l1.4 1.4-3 3-1.4-1.4ZM5.8 16.8l1.4 1.4-3 3-1.4-1.4Z",
    "moon": "M15 2a10 10 0 1 0 7 14a8.5 8.5 0 0 1-7-14Z",
    "star": "M12 1l3.2 7.4 8 .7-6 5.3 1.8 7.9-7-4.2-7 4.2 1.8-7.9-6-5.3 8-.7Z",
    "heart": "M12 22C4 15.5 1 12 1 8a5.6 5.6 0 0 1 11-1.7A5.6 5.6 0 0 1 23 8c0 4-3 7.5-11 14Z",
    "drop": "M12 1c5 7 8 10.5 8 14.5a8 8 0 0 1-16 0C4 11.5 7 8 12 1Z",
    "house": "M12 2l11 10h-3v10h-6v-6h-4v6H4V12H1Z",
    "fish": "M1 12c4-8 12-8 16-2.5L23 5v14l-6-4.5C13 20 5 20 1 12Z",
    "key": "M7 6a6 6 0 1 0 5.7 8H16v4h3v-4h4v-4H12.7A6 6 0 0 0 7 6Zm0 4a2 2 0 1 1 0 4a2 2 0 1 1 0-4Z",
}

WIDTH, HEIGHT = 720, 268
SHOWN = 9  # the card of her game at which the picture is taken


def picture(game: GameLog) -> str:
    """Return an SVG of two tables side by side: the reader's, all face down, and a moment of `game`."""
    t = min(SHOWN, len(game.cards) - 1)
    face_up = {game.cards[t].position} | ({game.cards[t - 1].position} if t % 2 else set())
    tables = _table(20, 44, 50, game, set(), None) + _table(380, 44, 34, game, face_up, t)
    state = game.states[t]
    slots = "".join(_slot(380 + 42 * k, 226, card.picture) for k, card in enumerate(state[:8]))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="system-ui, sans-serif" font-size="14">'
        f'<text x="20" y="26" font-weight="600">Your table</text>'
        f'<text x="380" y="26" font-weight="600">Her table</text>{tables}'
        f'<text x="380" y="216">What she remembers, oldest first</text>{slots}</svg>'
    )


def _table(left: int, top: int, side: int, game: GameLog, face_up: set[int], t: int | None) -> str:
    """Return four rows of four cards; t: after which card of the game, None before the first."""
    cards = []
    for place, drawn in enumerate(game.deck):
        x, y = left + (side + 6) * (place % 4), top + (side + 6) * (place // 4)
        gone = t is not None and bool(game.gone[t][place]) and place not in face_up
        cards.append("" if gone else _card(x, y, side, int(drawn), place in face_up))
    return "".join(cards)


def _card(x: float, y: float, side: int, drawn: int, up: bool) -> str:
    edge = colour("x_t") if up else PALETTE["grey"]
    inside = _shape(x + side * 0.2, y + side * 0.2, side * 0.6, drawn) if up else ""
    fill = f'fill="{edge}" fill-opacity="{0.12 if up else 0.35}"'
    return (
        f'<rect x="{x}" y="{y}" width="{side}" height="{side}" rx="6" {fill} stroke="{edge}" '
        f'stroke-width="{2.5 if up else 1}"/>{inside}'
    )


def _slot(x: float, y: float, drawn: int) -> str:
    edge = colour("h_t")
    return (
        f'<rect x="{x}" y="{y}" width="36" height="36" rx="6" fill="{edge}" fill-opacity="0.15" stroke="{edge}" '
        f'stroke-width="2"/>{_shape(x + 8, y + 8, 20, drawn)}'
    )


def _shape(x: float, y: float, side: float, drawn: int) -> str:
    path = list(PICTURES.values())[drawn]
    return f'<path transform="translate({x:.1f} {y:.1f}) scale({side / 24:.3f})" d="{path}" fill-rule="evenodd"/>'
