"""Hints, one after the other, three for each task; after the third, the model answer."""

from __future__ import annotations

from rnncourse.checks import model
from rnncourse.checks.task import Task
from rnncourse.markup import Card

NAMES = ("First hint", "Second hint", "Third hint")
ANSWER = "Model answer"
_PRACTICE = (
    "This is one way to do it. Once you have read it, count this task as practice only; nothing is "
    "reported anywhere. Close it, and write the answer from memory."
)
_IN_WORDS = (
    "There are no hints for this task: it is read by a person, and any honest attempt is worth writing. Once yours is "
    'written and saved, `check("{name}")` shows a model answer to compare it with.'
)
_given: dict[str, int] = {}  # in this kernel


def folds(task: Task) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return title and paragraphs of a task's hints and its model answer, in the order in which they are opened."""
    answer = model.source(task.name)
    shown = ((ANSWER, (f"{_PRACTICE}```{answer}```",)),) if answer else ()
    return (*((name, (text,)) for name, text in zip(NAMES, task.hints, strict=False)), *shown)


def next_card(task: Task) -> Card:
    """Return a card with one more hint than before, the others to be opened; after the last, the same card again."""
    every = folds(task)
    if not every:
        return Card("note", f"`{task.name}`", (_IN_WORDS.format(name=task.name),))
    n = min(_given.get(task.name, 0) + 1, len(every))
    _given[task.name] = n
    said = tuple(f"{title}: {' '.join(paragraphs)}" for title, paragraphs in every[:n])
    return Card("note", f"`{task.name}`: {_title(n, every)}", said, every[n:])


def _title(n: int, every: tuple[tuple[str, str], ...]) -> str:
    hints = sum(title != ANSWER for title, _ in every)
    shown = f"{min(n, hints)} of {hints} hints"
    return f"{shown} and the model answer" if n > hints else shown


def forget() -> None:
    """Begin with the first hint again."""
    _given.clear()
