"""The small worlds of the course, made to be looked at: dinner, a children's book, rain, weather, a game.

Whatever is random takes an explicit generator; the same generator gives the same story.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rnncourse.arguments import require_count, require_generator, require_that

# --- What is for dinner? ------------------------------------------------------------------------------

DINNERS = ("bread", "rice", "pizza")


@dataclass(frozen=True, eq=False)
class DinnerDiary:
    """n days, each field an array (n,): what one might write down about a day, and what was for dinner."""

    weekday: np.ndarray  # int64, 0 … 6, the number of the day modulo 7
    mood: np.ndarray  # float32, -1 (awful) … 1 (wonderful)
    energy: np.ndarray  # float32, -1 (worn out) … 1 (full of energy)
    sleep: np.ndarray  # float32, hours, 5 … 10
    dinner: np.ndarray  # int64, 0 … 2, the index into DINNERS

    def __len__(self) -> int:
        return len(self.dinner)

    @property
    def dinner_names(self) -> np.ndarray:
        """The dinners (n,) as words."""
        return np.array(DINNERS)[self.dinner]


def dinner_diary(n: int, rng: np.random.Generator) -> DinnerDiary:
    """Return a diary of n days in which dinner goes bread, rice, pizza, bread, … whatever else happens.

    Mood, energy and sleep are drawn evenly from their ranges and have nothing to do with dinner. Nor does
    the weekday: 7 and 3 share no factor, so in any 21 days every weekday meets every dinner exactly once.
    """
    n = require_count("n", n)
    require_generator("rng", rng)
    day = np.arange(n)
    return DinnerDiary(
        weekday=day % 7,
        mood=rng.uniform(-1, 1, n).astype(np.float32),
        energy=rng.uniform(-1, 1, n).astype(np.float32),
        sleep=rng.uniform(5, 10, n).astype(np.float32),
        dinner=day % len(DINNERS),
    )


# --- The children's book ------------------------------------------------------------------------------

CHILDRENS_BOOK = "Doug saw Jane. Jane saw Spot. Spot saw Doug."


CHILDRENS_NAMES = ("Doug", "Jane", "Spot")


def childrens_sentences(n: int, rng: np.random.Generator) -> list[list[str]]:
    """Return n more sentences for the book, each a list of tokens: "Doug saw Jane." or "Doug and Jane saw Spot."

    One or two of the three see the one who is left, or one of the two who are left: nobody is named twice. Both
    forms are equally frequent, and so are the names. There are 12 different sentences.
    """
    require_generator("rng", rng)
    sentences = []
    for _ in range(require_count("n", n)):
        first, second, third = (str(name) for name in rng.permutation(CHILDRENS_NAMES))
        one_sees = rng.random() < 0.5
        sentences.append(
            [first, "saw", second, "."] if one_sees else [first, "and", second, "saw", third, "."]
        )
    return sentences


def is_possible(sentence: Sequence[str]) -> bool:
    """Say whether the book could hold this list of tokens: one of the 12 sentences, nobody in it named twice."""
    require_that("sentence", sentence, isinstance(sentence, (list, tuple)), "a list of tokens")
    seers = list(sentence[:-3])
    wanted = [[sentence[0]], [sentence[0], "and", sentence[2]]] if len(sentence) > 3 else []
    named = [*seers[::2], *sentence[-2:-1]]
    return (
        seers in wanted
        and sentence[-3] == "saw"
        and sentence[-1] == "."
        and set(named) <= set(CHILDRENS_NAMES)
        and len(set(named)) == len(named)
    )


def loud_book(n: int, rng: np.random.Generator) -> str:
    """Return a text of n characters in which people shout: Doug saw Jane. "JANE SAW SPOT." Spot saw Doug.

    What stands between quotation marks is one to three sentences in capitals, the rest is in small letters; both
    are equally frequent. The mark that opens a shout is the mark that closes it, so that only what came before
    says which of the two it is. The text is cut off after n characters.
    """
    require_generator("rng", rng)
    n = require_count("n", n)
    pieces: list[str] = []
    while sum(map(len, pieces)) < n:
        aloud = rng.random() < 0.5
        said = " ".join(_somebody_saw(rng) for _ in range(rng.integers(1, 4) if aloud else 1))
        pieces.append(f'"{said.upper()}" ' if aloud else f"{said} ")
    return "".join(pieces)[:n]


def _somebody_saw(rng: np.random.Generator) -> str:
    seer, seen, _ = rng.permutation(CHILDRENS_NAMES)
    return f"{seer} saw {seen}."


def shouted(text: str) -> np.ndarray:
    """Return True (n,) for each character of a loud_book that lies between quotation marks, the first one included."""
    require_that("text", text, isinstance(text, str), "a string")
    return np.cumsum([character == '"' for character in text], dtype=int) % 2 == 1


# --- What does "it" mean? -----------------------------------------------------------------------------

_MOVERS = ("Doug", "Jane", "Grandma", "Tom")
_THINGS = ("ball", "kitten", "apple", "key")
_PLACES = ("box", "bag", "drawer", "basket", "bucket")
_SECOND_SENTENCE = ("It", "is", "empty", "now", ".")


@dataclass(frozen=True, eq=False)
class PronounTexts:
    """n texts of L tokens that all end in the same sentence, and what "It" means in each.

    tokens: (n, L) words. pronoun: the position of "It", the same in all. answer: (n,) the word that "It"
    stands for.
    """

    tokens: np.ndarray
    pronoun: int
    answer: np.ndarray

    def __len__(self) -> int:
        return len(self.answer)


def pronoun_texts(n: int, rng: np.random.Generator) -> PronounTexts:
    """Return n texts such as "Doug moved the ball from the box to the bag. It is empty now."

    The second sentence never changes. What is empty is the place that the first sentence names after
    "from", early or late in the sentence ("… to the bag from the box."), so neither the last sentence
    nor the set of words nor a fixed position gives the answer: an earlier word and its neighbor do.
    """
    n = require_count("n", n)
    require_generator("rng", rng)
    texts, answers = [], []
    for _ in range(n):
        mover, thing = rng.choice(_MOVERS), rng.choice(_THINGS)
        emptied, filled = rng.choice(_PLACES, size=2, replace=False)
        away, towards = ("from", "the", emptied), ("to", "the", filled)
        path = away + towards if rng.random() < 0.5 else towards + away
        texts.append([mover, "moved", "the", thing, *path, ".", *_SECOND_SENTENCE])
        answers.append(emptied)
    return PronounTexts(np.array(texts), texts[0].index("It"), np.array(answers))


# --- Will it rain? ------------------------------------------------------------------------------------


class Evidence(NamedTuple):
    """One thing noticed on one day, and how likely rain then is."""

    text: str
    probability: float


RAIN_EVIDENCE = (
    Evidence("a dog barks", 0.3),
    Evidence("someone wears a white shirt", 0.1),
    Evidence("there is apple pie", 0.1),
    Evidence("a knee is sore", 0.6),
    Evidence("it gets dark", 0.9),
)


def rain_days() -> tuple[np.ndarray, np.ndarray]:
    """Return x (5, 1, 5) and y (5, 1, 1), float32: five days, one piece of evidence a day as a one-hot
    vector in the order of RAIN_EVIDENCE, and the probability of rain to be said on that day."""
    x = np.eye(len(RAIN_EVIDENCE), dtype=np.float32)[:, None, :]
    y = np.array([piece.probability for piece in RAIN_EVIDENCE], dtype=np.float32)[:, None, None]
    return x, y


# --- Weather ------------------------------------------------------------------------------------------


class Measurement(NamedTuple):
    """One number that was measured, with its unit."""

    name: str
    value: float
    unit: str


def weather_day() -> tuple[Measurement, ...]:
    """Return one hot day's weather: five numbers whose units, and so whose sizes, have nothing in common."""
    return (
        Measurement("highest temperature", 38.0, "°C"),
        Measurement("lowest temperature", 24.0, "°C"),
        Measurement("wind speed", 13.0, "km/h"),
        Measurement("rainfall", 0.15, "mm"),
        Measurement("relative humidity", 84.0, "%"),
    )


def weather_week(rng: np.random.Generator) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return made-up weather (7, 5) float32 of seven days, and the 5 units; columns as in weather_day()."""
    require_generator("rng", rng)
    highest = rng.normal(35, 3, 7).round()
    lowest = highest - rng.integers(8, 16, 7)
    wind = rng.gamma(4, 4, 7).round()
    rain = rng.gamma(0.5, 2, 7).round(2)  # most days hardly any, some days a shower
    humidity = rng.integers(45, 96, 7)
    values = np.stack([highest, lowest, wind, rain, humidity], axis=1).astype(np.float32)
    return values, tuple(measurement.unit for measurement in weather_day())


# --- The memory game ----------------------------------------------------------------------------------


class Card(NamedTuple):
    """A card on the table: where it lies and which picture it shows when it is turned."""

    position: int
    picture: int


@dataclass(frozen=True, eq=False)
class GameLog:
    """One game, card by card: n = 2 * moves cards were turned.

    moves: how often the player turned two cards. cards: the n cards in the order in which they were
    turned. states: n tuples, states[t] is what the player remembers after card t, oldest card first.
    taken: (n,) bool, True where card t completed a pair. deck: (2 * pairs,) the picture at each position.
    """

    moves: int
    states: tuple[tuple[Card, ...], ...]
    cards: tuple[Card, ...]
    taken: np.ndarray
    deck: np.ndarray

    @property
    def turned(self) -> np.ndarray:
        """The position (n,) of each card that was turned."""
        return np.array([card.position for card in self.cards])

    @property
    def remembered(self) -> np.ndarray:
        """True (n, 2 * pairs) where a position was in the player's memory after a card."""
        remembered = np.zeros((len(self.cards), len(self.deck)), dtype=bool)
        for t, state in enumerate(self.states):
            remembered[t, [card.position for card in state]] = True
        return remembered

    @property
    def gone(self) -> np.ndarray:
        """True (n, 2 * pairs) where a position was empty after a card, its pair being taken."""
        gone = np.zeros((len(self.cards), len(self.deck)), dtype=bool)
        for t in np.flatnonzero(self.taken):
            gone[t:, self.turned[[t - 1, t]]] = True
        return gone


def memory_game(pairs: int, remembered: int, rng: np.random.Generator) -> GameLog:
    """Play the game of pairs alone with a memory of at most `remembered` cards, and log every card.

    The 2 * pairs cards lie face down. A move turns two of them; if their pictures agree, they are taken,
    else they are turned back. The game ends when the table is empty. The player's rules:

    1. If both cards of a pair are remembered, take that pair.
    2. Else turn a card that is not remembered. If its partner is remembered, turn the partner and take both.
    3. Else turn another card that is not remembered. It may be the partner, by luck.

    The player looks at a card with what is remembered *before* it, then updates the memory with it: a new
    card is added as the newest, and if there are now more than `remembered`, the oldest is forgotten (first
    in, first out). Cards that are taken leave the memory. That is all that passes from one card to the
    next: a state. remembered = 0 is guessing, which takes pairs² moves on average; remembered = 2 * pairs
    forgets nothing and takes about 1.61 * pairs (Velleman & Warrington 2013, who play by the same rules,
    doi:10.4169/amer.math.monthly.120.09.787). InputError if `remembered` is more than there are cards.
    """
    pairs = require_count("pairs", pairs)
    remembered = require_count("remembered", remembered, least=0, most=2 * pairs)
    require_generator("rng", rng)
    deck = rng.permutation(np.repeat(np.arange(pairs), 2))
    table = [Card(position, int(picture)) for position, picture in enumerate(deck)]
    state: tuple[Card, ...] = ()
    cards, states, taken = [], [], []
    while table:
        first, partner = _first_card(table, state, rng)
        second = partner or _unknown_card(table, (*state, first), rng)
        paired = first.picture == second.picture
        state = _keep(state, first, remembered)
        cards.append(first)
        states.append(state)
        taken.append(False)
        state = _keep(state, second, remembered)
        if paired:
            table = [card for card in table if card not in (first, second)]
            state = tuple(card for card in state if card not in (first, second))
        cards.append(second)
        states.append(state)
        taken.append(paired)
    return GameLog(len(cards) // 2, tuple(states), tuple(cards), np.array(taken), deck)


def _first_card(
    table: list[Card], state: tuple[Card, ...], rng: np.random.Generator
) -> tuple[Card, Card | None]:
    """Return the first card of a move, and its partner if that one is remembered (rules 1 and 2)."""
    for card in state:
        if partner := _partner(card, state):
            return card, partner
    card = _unknown_card(table, state, rng)
    return card, _partner(card, state)


def _partner(card: Card, state: tuple[Card, ...]) -> Card | None:
    return next((other for other in state if other.picture == card.picture and other != card), None)


def _unknown_card(table: list[Card], known: tuple[Card, ...], rng: np.random.Generator) -> Card:
    unknown = [card for card in table if card not in known]
    return unknown[rng.integers(len(unknown))]


def _keep(state: tuple[Card, ...], card: Card, remembered: int) -> tuple[Card, ...]:
    """Return the memory after `card`: first in, first out, at most `remembered` cards."""
    if card in state:
        return state
    kept = (*state, card)
    return kept[max(len(kept) - remembered, 0) :]
