"""Short notes on films in which word order decides: the same words in another order may say the opposite."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnncourse.arguments import require_count, require_generator

GOOD = ("good", "fine", "clever", "warm", "bright", "gripping", "honest", "tender")
BAD = ("bad", "dull", "silly", "cold", "grey", "boring", "false", "harsh")
NOUNS = ("plot", "cast", "music", "ending", "dialogue", "camera", "pace", "setting")
SAYING = ("everybody found that", "it was true to me that", "to my eyes")
DENYING = ("nobody found that", "it was not true to me that", "never , to my eyes ,")
ASIDES = ("", "", ", for once ,", ", after all this time ,")
DEGREES = ("", "so", "really", "really very", "quite")

SINGLE = 1 / 2  # share of notes with one judgment


@dataclass(frozen=True, eq=False)
class FilmNotes:
    """n notes as lists of words, and liked (n,) int64: 1 where the writer liked the film, 0 where not."""

    texts: tuple[list[str], ...]
    liked: np.ndarray


@dataclass(frozen=True)
class Judgement:
    """One half of a note: a way to say it, a noun, an aside, a degree and an adjective; denied turns it around."""

    denied: bool
    saying: int
    noun: str
    aside: str
    degree: str
    good: bool
    adjective: int

    @property
    def liked(self) -> bool:
        """Whether this half is a good word."""
        return self.good != self.denied

    def words(self) -> list[str]:
        """Return the half as words."""
        saying = (DENYING if self.denied else SAYING)[self.saying]
        adjective = (GOOD if self.good else BAD)[self.adjective]
        return f"{saying} the {self.noun} {self.aside} was {self.degree} {adjective}".split()


def film_notes(n: int, rng: np.random.Generator) -> FilmNotes:
    """Return n notes of one or two judgments, drawn by rng; of two, the one without "although" decides.

    One note in two is a single judgment. "although A , B" is B's opinion, "A , although B" is A's. A judgment
    may be denied many words before its adjective. All choices are independent, so of the notes with two judgments
    three in four have a twin, as likely, with exactly the same words in another order and the opposite meaning.
    That is 3/8 of all notes, so no bag of words can be right in more than 1 - 3/16, which is 81.25 %.
    """
    require_count("n", n)
    require_generator("rng", rng)
    notes = [_note(rng) for _ in range(n)]
    return FilmNotes(
        tuple(words for words, _ in notes), np.array([liked for _, liked in notes], dtype=np.int64)
    )


def _note(rng: np.random.Generator) -> tuple[list[str], bool]:
    a, b, although_first = _judgement(rng), _judgement(rng), bool(rng.integers(2))
    return (a.words(), a.liked) if rng.random() < SINGLE else note(a, b, although_first)


def note(a: Judgement, b: Judgement, although_first: bool) -> tuple[list[str], bool]:
    """Return the words of a note and whether the writer liked the film."""
    if although_first:
        return ["although", *a.words(), ",", *b.words()], b.liked
    return [*a.words(), ",", "although", *b.words()], a.liked


def _judgement(rng: np.random.Generator) -> Judgement:
    pick = lambda options: options[rng.integers(len(options))]  # noqa: E731
    return Judgement(
        denied=bool(rng.integers(2)),
        saying=int(rng.integers(len(SAYING))),
        noun=pick(NOUNS),
        aside=pick(ASIDES),
        degree=pick(DEGREES),
        good=bool(rng.integers(2)),
        adjective=int(rng.integers(len(GOOD))),
    )
