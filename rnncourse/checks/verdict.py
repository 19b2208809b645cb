"""A verdict on one answer, and the card that shows it."""

from __future__ import annotations

from dataclasses import dataclass

from rnncourse.markup import Card

_HEADLINES = {"right": "Right.", "wrong": "Not yet.", "not written": "Not written yet."}


@dataclass(frozen=True)
class Verdict:
    """What is said about one answer.

    status: "right", "wrong" or "not written". mistake: the name of the mistake that was recognized, or the key
    of a generic finding ("shape", "raised" …), or "". points: earned, of `possible`. printed: what the function
    printed. notes: about the learner's progress, not about the answer.
    """

    status: str
    task: str
    details: tuple[str, ...] = ()
    mistake: str = ""
    points: int = 0
    possible: int = 0
    printed: str = ""
    notes: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        """The verdict in a few words, with the points of a right answer."""
        if self.mistake == "not run":
            return "Your cell did not run."
        if self.status != "right":
            return _HEADLINES[self.status]
        return f"{_HEADLINES['right']} {self.points} of {self.possible} point{'s' if self.possible != 1 else ''}."

    @property
    def card(self) -> Card:
        """The verdict as a card."""
        status = "note" if self.status == "not written" else self.status
        paragraphs = (*self.details, *self._printed(), *self.notes)
        return Card(status, f"`{self.task}`: {self.headline}", paragraphs)

    def text(self) -> str:
        """Return the verdict as plain text."""
        return self.card.text()

    def html(self) -> str:
        """Return the verdict as HTML without scripts or style sheets."""
        return self.card.html()

    def __repr__(self) -> str:
        return self.text()

    def _printed(self) -> tuple[str, ...]:
        return (f"It printed: ```{self.printed}```",) if self.printed and self.status != "right" else ()
