"""Questions to answer before the answer is shown.

A learner chooses an option and commits to it; only then the verdict and the reason appear. The choice is
stored first: the front end shows the verdict because the stored history has changed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import traitlets

from rnncourse.errors import InputError, describe
from rnncourse.markup import rich_text
from rnncourse.widgets._fallback import ReadableWidget, read_front_end

Option = str | tuple[str, str]
_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

# What was committed to in this kernel, by key: running a cell again must not wipe out the learner's answer.
_committed: dict[str, str] = {}


@dataclass(frozen=True)
class Question:
    """A question with options of which one is right.

    options: at least two texts; a pair (text, feedback) also says what is wrong, or good, about that option.
    answer: the text of the right option. because: the reason, shown after the commitment. key: a name of its
    own, such as "unit-weights". `code` may stand in backticks. Raises InputError for options that repeat or
    lack the answer, and for empty texts.
    """

    question: str
    options: Sequence[Option]
    answer: str
    because: str
    key: str

    def __post_init__(self) -> None:
        for name in ("question", "answer", "because"):
            _require_text(name, getattr(self, name))
        if not isinstance(self.key, str) or not _KEY.fullmatch(self.key):
            raise InputError(f'key must be small letters, digits and "-", but {describe(self.key)} came')
        if not isinstance(self.options, (list, tuple)) or len(self.options) < 2:
            raise InputError(f"options must be at least two texts, but {describe(self.options)} came")
        for option in self.options:
            if isinstance(option, tuple) and len(option) != 2:
                raise InputError(
                    f"options may be texts or pairs (text, feedback), but {describe(option)} came"
                )
            for text in option if isinstance(option, tuple) else (option,):
                _require_text("options", text)
        if len(set(self.texts)) != len(self.texts):
            raise InputError(f"options must differ from one another, but {describe(self.texts)} came")
        if self.answer not in self.texts:
            raise InputError(f"answer must be one of the options {self.texts}, but {self.answer!r} came")

    @property
    def texts(self) -> list[str]:
        """The options without their feedback."""
        return [option[0] if isinstance(option, tuple) else option for option in self.options]

    @property
    def feedback(self) -> list[str]:
        """The feedback of each option, "" where it has none."""
        return [option[1] if isinstance(option, tuple) else "" for option in self.options]


class Quiz(ReadableWidget):
    """Some questions, each answered once: `chosen` holds the answers by key, `score` counts the right."""

    _esm = read_front_end("panel.js", "quiz.js")
    _css = read_front_end("theme.css", "quiz.css")

    title = traitlets.Unicode("Quiz").tag(sync=True)
    questions = traitlets.List(traitlets.Dict()).tag(sync=True)
    # {"key", "chosen": index}, in order of commitment
    history = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(self, questions: Sequence[Question], **kwargs: str):
        whole = isinstance(questions, Sequence) and all(isinstance(one, Question) for one in questions)
        if not whole or not questions:
            raise InputError(f"questions must be a list of Question, but {describe(questions)} came")
        keys = [question.key for question in questions]
        if len(set(keys)) != len(keys):
            raise InputError(f"key must differ from question to question, but {keys} came")
        self._asked = {question.key: question for question in questions}
        super().__init__(questions=[_front_end(q) for q in questions], history=_earlier(questions), **kwargs)

    @traitlets.observe("history")
    def _remember(self, _: traitlets.Bunch) -> None:
        _committed.update(self._answers())

    def _answers(self) -> dict[str, str]:
        return {entry["key"]: self._asked[entry["key"]].texts[entry["chosen"]] for entry in self.history}

    @property
    def chosen(self) -> dict[str, str]:
        """The text of the option committed to, by the key of its question."""
        return self._answers()

    @property
    def score(self) -> int:
        """The number of right answers so far."""
        return sum(self._asked[key].answer == text for key, text in self._answers().items())

    def __repr__(self) -> str:
        return f"Quiz({len(self._asked)} questions, {len(self.history)} answered, {self.score} right)"

    def static_html(self) -> str:
        """Return questions and options, each answer folded away."""
        return "".join(_static_html(question) for question in self._asked.values())

    def static_text(self) -> str:
        """Return questions and options without the answers."""
        return "\n\n".join(_static_text(question) for question in self._asked.values())

    def invitation(self) -> str:
        """Return one line that says what running the cell brings."""
        return "Run this cell (Shift + Enter) to answer here before you unfold the answer."


class Prediction(Quiz):
    """One question. `chosen` is the text of the option committed to, None before."""

    @property
    def chosen(self) -> str | None:
        """The text of the option committed to, None before."""
        return next(iter(self._answers().values()), None)

    def __repr__(self) -> str:
        return f"Prediction({next(iter(self._asked))!r}, chosen={self.chosen!r})"


def predict(question: str, options: Sequence[Option], answer: str, because: str, key: str) -> Prediction:
    """Return a question to commit to before the answer is shown; the arguments are those of Question."""
    return Prediction([Question(question, options, answer, because, key)], title="Prediction")


def quiz(questions: Sequence[Question]) -> Quiz:
    """Return several questions with a score. Raises InputError for keys that repeat."""
    return Quiz(questions)


def _front_end(question: Question) -> dict:
    """Return a question as the front end wants it: safe HTML, and the answer's place among the options."""
    options = zip(question.texts, question.feedback, strict=True)
    return {
        "key": question.key,
        "html": rich_text(question.question),
        "options": [{"html": rich_text(text), "feedback": rich_text(said)} for text, said in options],
        "answer": question.texts.index(question.answer),
        "because": rich_text(question.because),
    }


def _earlier(questions: Sequence[Question]) -> list[dict]:
    """Return the history that this kernel already holds for these questions."""
    return [
        {"key": question.key, "chosen": question.texts.index(_committed[question.key])}
        for question in questions
        if _committed.get(question.key) in question.texts
    ]


def _static_html(question: Question) -> str:
    options = "".join(f"<li>{rich_text(text)}</li>" for text in question.texts)
    notes = "".join(
        f"<li>{rich_text(text)}: {rich_text(said)}</li>"
        for text, said in zip(question.texts, question.feedback, strict=True)
        if said
    )
    return (
        f"<p><strong>{rich_text(question.question)}</strong></p><ul>{options}</ul>"
        f"<details><summary>Answer</summary><p><strong>{rich_text(question.answer)}</strong></p>"
        f"<p>{rich_text(question.because)}</p>{f'<ul>{notes}</ul>' if notes else ''}</details>"
    )


def _static_text(question: Question) -> str:
    return "\n".join([question.question, *(f"( ) {text}" for text in question.texts)])


def _require_text(name: str, value: object) -> None:
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{name} must be a text that is not empty, but {describe(value)} came")
