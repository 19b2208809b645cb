"""Strips and grids of labeled cells as SVG: a sentence, a game's memory step by step, a table of shares."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from rnncourse.arguments import (
    require_array,
    require_count,
    require_length,
    require_list,
    require_shape,
    require_texts,
    require_within,
)
from rnncourse.errors import InputError
from rnncourse.notation import PALETTE, colour
from rnncourse.viz._diagrams import CHARACTER, box, on_cell, svg, text

GREY = PALETTE["grey"]
CELL = 34  # height of a cell
LONGEST_GAME = 30  # more cards than this make a strip too wide to read


def token_strip(tokens: Sequence[str], *, marked: Collection[int] = ()) -> str:
    """Return tokens as a row of boxes as SVG, each with its step t = 1 … T below.

    marked: the steps to draw bold. Raises InputError for one string instead of a list, and for no tokens.
    """
    tokens, marked = require_texts("tokens", tokens), require_list("marked", marked, "steps")
    parts, left = [], 6.0
    for t, token in enumerate(tokens, start=1):
        width = max(30.0, CHARACTER * len(token) + 12)
        middle = (left + width / 2, 28.0)
        bold = t in marked
        parts.append(box(middle, colour("x_t"), width=width, bold=bold))
        parts.append(text(middle, token, bold=bold))
        parts.append(text((middle[0], 64), str(t), size=13))
        left += width + 6
    return svg(left, 78, parts, "Tokens in order: " + " ".join(tokens))


def memory_strip(deck: Sequence[str], turned: np.ndarray, remembered: np.ndarray, gone: np.ndarray) -> str:
    """Return one memory game as SVG: a row for each place on the table, a column for each card turned.

    deck: the picture at each of n places, a short text. turned (T,): the place whose card was turned.
    remembered, gone (T, n): which places the player remembers, and which are empty, after that card.
    A card that is turned has a blue frame, a place that is remembered is filled. Raises InputError where
    shapes differ or the game is too long to be read.
    """
    deck = require_texts("deck", deck)
    n = len(deck)
    require_array("turned", turned, axes=("T",), kind="i")
    T = require_count("the number of cards in turned", len(turned), most=LONGEST_GAME)
    for name, array in (("remembered", remembered), ("gone", gone)):
        require_array(name, array, axes=("T", "n"), kind="any")
        require_shape(name, array, (T, n), "(cards, places)")
    require_within("turned", turned, 0, n - 1, "places")
    left, top = 118, 34
    parts = [text((left - 8, 14), "card t", size=13, anchor="end")]
    parts += [text((left + CELL * (t + 0.5), 14), str(t + 1), size=13) for t in range(T)]
    for place, picture in enumerate(deck):
        y = top + CELL * place
        parts.append(text((left - 8, y + CELL / 2), f"place {place + 1}: {picture}", size=13, anchor="end"))
        for t in range(T):
            x = left + CELL * t
            parts.append(_card((x, y), picture, turned[t] == place, remembered[t, place], gone[t, place]))
    label = f"A memory game of {n} cards over {T} cards turned"
    return svg(left + CELL * T + 6, top + CELL * n + 6, parts, label)


def memory_table(
    deck: Sequence[str], face_up: Collection[int], gone: np.ndarray, state: Sequence[int], slots: int
) -> str:
    """Return one moment of a memory game as SVG: the table on the left, the player's memory on the right.

    deck: the picture at each of n places. face_up: the places whose cards lie face up. gone (n,): which are
    empty. state: the places remembered, the oldest first, drawn in `slots` boxes.
    Raises InputError for places that do not exist and for more of them than there are boxes.
    """
    deck = require_texts("deck", deck)
    n, columns = len(deck), -(-len(deck) // 2)
    face_up, state = (
        [require_count(name, place, least=0, most=n - 1) for place in require_list(name, places, "places")]
        for name, places in (("face_up", face_up), ("state", state))
    )
    require_count("slots", slots)
    require_array("gone", gone, axes=("n",), kind="any")
    require_length("gone", gone, n, "for as many places")
    if len(state) > slots:
        raise InputError(f"slots is {slots}, but the state holds {len(state)} places")
    wide, tall, top = 56, 66, 34
    parts = [text((8, 14), "the table", size=14, anchor="start")]
    for place, picture in enumerate(deck):
        row, column = divmod(place, columns)
        middle = (8 + wide * (column + 0.5), top + tall * (row + 0.5))
        parts.append(_table_card(middle, place, picture, place in face_up, bool(gone[place])))
    left = 8 + wide * columns + 56
    parts.append(text((left, 14), "the state: what is remembered, oldest first", size=14, anchor="start"))
    for slot in range(slots):
        middle = (left + 34 + 76 * slot, top + 36)
        filled = slot < len(state)
        parts.append(box(middle, colour("h_t") if filled else GREY, width=66, bold=filled))
        if filled:
            parts.append(text((middle[0], middle[1] - 6), deck[state[slot]], size=17, bold=True))
            parts.append(text((middle[0], middle[1] + 12), f"place {state[slot] + 1}", size=12))
    width = left + max(76 * slots, 320)
    return svg(width, top + 2 * tall + 8, parts, "A memory game: the table and what the player remembers")


def share_grid(shares: np.ndarray, row_labels: Sequence[str], col_labels: Sequence[str]) -> str:
    """Return shares (n, m), each from 0 to 1, as a grid of whole percentages as SVG; darker is more.

    Raises InputError for labels that do not fit and for shares outside 0 … 1.
    """
    require_array("shares", shares, axes=("n", "m"))
    require_within("shares", shares, 0, 1)
    n, m = shares.shape
    row_labels, col_labels = (
        require_texts("row_labels", row_labels, n),
        require_texts("col_labels", col_labels, m),
    )
    width = max(64.0, CHARACTER * max(map(len, col_labels)) + 10)
    left, top = CHARACTER * max(map(len, row_labels)) + 20, 30
    parts = [text((left + width * (k + 0.5), 14), label, size=14) for k, label in enumerate(col_labels)]
    for row, label in enumerate(row_labels):
        y = top + CELL * row
        parts.append(text((left - 10, y + CELL / 2), label, size=14, anchor="end"))
        for k, share in enumerate(shares[row]):
            x = left + width * k
            fill = f'fill="{PALETTE["sky"]}" fill-opacity="{0.8 * float(share):.2f}"'
            parts.append(
                f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{CELL}" {fill} stroke="{GREY}"/>'
            )
            number = f"{100 * share:.0f} %"
            words = text((x + width / 2, y + CELL / 2), number, size=14, bold=share > 0.5)
            parts.append(on_cell(words, 0.8 * share))
    return svg(left + width * m + 8, top + CELL * n + 8, parts, f"A grid of {n} × {m} percentages")


def _card(corner: tuple[float, float], picture: str, turned: bool, remembered: bool, gone: bool) -> str:
    """Return one place at one moment: turned in a blue frame, remembered filled, gone crossed out."""
    x, y = corner
    middle = (x + CELL / 2, y + CELL / 2)
    side = CELL - 6
    fill, opacity = (colour("h_t"), 0.45) if remembered else (GREY, 0.0 if gone else 0.12)
    stroke, width = (colour("x_t"), 3.5) if turned else (GREY, 0 if gone else 1)
    parts = [
        f'<rect x="{x + 3:g}" y="{y + 3:g}" width="{side}" height="{side}" rx="5" fill="{fill}" '
        f'fill-opacity="{opacity:g}" stroke="{stroke}" stroke-width="{width:g}"/>'
    ]
    if turned or remembered:
        parts.append(on_cell(text(middle, picture, size=14, bold=bool(turned)), opacity))
    elif gone:
        parts.append(text(middle, "·", size=14))
    return "".join(parts)


def _table_card(middle: tuple[float, float], place: int, picture: str, face_up: bool, gone: bool) -> str:
    """Return a card on the table: face up, face down, or an empty place with its number."""
    x, y = middle
    number = text((x, y + 25), str(place + 1), size=12)
    if gone and not face_up:
        return number
    edge, strength = (colour("x_t"), 0.12) if face_up else (GREY, 0.35)
    card = (
        f'<rect x="{x - 20:g}" y="{y - 30:g}" width="40" height="44" rx="5" fill="{edge}" '
        f'fill-opacity="{strength}" stroke="{edge}" stroke-width="{3 if face_up else 1}"/>'
    )
    return card + (text((x, y - 8), picture, size=19, bold=True) if face_up else "") + number
