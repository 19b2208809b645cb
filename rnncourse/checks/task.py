"""What a task is: a reference, an input generator, and the wrong answers that learners really give."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnncourse.arguments import require_that
from rnncourse.errors import InputError

Value = Any
"""Nested plain data: np.ndarray, float, int, bool, str, None, list, tuple, dict. No objects, no functions."""

ENGINES = ("rnncourse.in_numpy", "rnncourse.in_torch", "rnncourse.in_both", "rnncourse.analysis", "torch")
"""The modules that do what the tasks ask the learner to write."""

KINDS = ("function", "bug", "explanation")
_NAME = re.compile(r"[a-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*")


@dataclass(frozen=True)
class Named:
    """An argument that is a function which the notebook defines in a locked cell under `name`."""

    name: str
    function: Callable


@dataclass(frozen=True)
class Case:
    """The arguments of one call.

    about: what is special about it, to end the sentence "but not …". edge: whether it is there only for answers that
    are right in all ordinary cases, such as a batch of one: nothing else that is wrong shows more clearly in it.
    """

    args: tuple
    kwargs: dict = field(default_factory=dict)
    about: str = ""
    edge: bool = False


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that learners give, and what to tell them: where to look, never the line itself."""

    name: str
    answer: Callable
    message: str


@dataclass(eq=False)
class Task:
    """One graded task; `name` is also the grade_id of its answer cell.

    Its mistakes are functions with a decorator, see `mistake`.

    section: the heading in the chapter. kind: "function" or "bug" are checked by code, "explanation" is read
    by a person. cases: from a random generator, 2 to 10 inputs whose sizes are always the same. outputs: names
    for the parts of a tuple. timed: those outputs whose first axis is time though they have not three axes
    (with three axes it is taken to be time). forbidden: dotted names the answer may not use. function: what the
    learner's function is called, the task's name if empty. tolerance: how far a float64 answer may be off,
    relative to the largest entry. may_modify: whether the function is meant to change its arguments.
    new_arrays: whether the answer must not share memory with the arguments. answer: for an explanation, a model
    answer in words; criteria: what it is marked by.
    Raises InputError where something is missing.
    """

    name: str
    title: str
    points: int
    minutes: int
    section: str
    kind: str = "function"
    reference: Callable | None = None
    cases: Callable[[np.random.Generator], list[Case]] | None = None
    outputs: tuple[str, ...] = ("result",)
    mistakes: tuple[Mistake, ...] = ()
    hints: tuple[str, ...] = ()
    praise: str = ""
    forbidden: tuple[str, ...] = ()
    seconds: float = 2.0
    function: str = ""
    timed: tuple[str, ...] = ()
    tolerance: float = 1e-6
    may_modify: bool = False
    new_arrays: bool = False
    answer: str = ""
    criteria: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_that("name", self.name, _NAME.fullmatch(self.name), "a Python name in small letters")
        if self.kind not in KINDS:
            raise InputError(f"{self.name}: kind must be one of {', '.join(KINDS)}, but got {self.kind!r}")
        if self.points < 1 or self.minutes < 1:
            raise InputError(f"{self.name}: points and minutes must be at least 1")
        if not self.title or not self.section:
            raise InputError(f"{self.name}: a task has a title and belongs to a section of the chapter")
        if self.kind != "explanation":
            self._check_code()

    def _check_code(self) -> None:
        if self.reference is None or self.cases is None:
            raise InputError(f"{self.name}: a task that is checked needs a reference and cases")
        self._check_mistakes()
        if len(self.hints) != 3 or not all(self.hints):
            raise InputError(f"{self.name}: three hints are needed, but got {len(self.hints)}")

    def _check_mistakes(self) -> None:
        names = [mistake.name for mistake in self.mistakes]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InputError(
                f"{self.name}: mistakes need different names, but {', '.join(twice)} appears twice"
            )

    def mistake(self, answer: Callable) -> Callable:
        """Add a wrong answer, as a decorator: the function's name is the mistake's, its docstring the message.

        Line breaks in the docstring are only for the eye: the message is one paragraph.
        """
        message = " ".join((answer.__doc__ or "").split())
        if not message:
            raise InputError(
                f"{self.name}: the mistake {answer.__name__} needs a docstring, which is its message"
            )
        self.mistakes = (*self.mistakes, Mistake(answer.__name__, answer, message))
        self._check_mistakes()
        return answer

    @property
    def called(self) -> str:
        """The name of the function that the learner writes."""
        return self.function or self.name

    @property
    def checked(self) -> bool:
        """Whether code can judge the answer."""
        return self.kind != "explanation"
