"""Questions to answer before the answer is shown.

A learner chooses an option and commits to it; only then comes the verdict. That of a quiz comes at once, that of a
prediction below the cell whose output decides it. What was committed to is kept, see `rnncourse.predictions`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import traitlets

from rnncourse import predictions
from rnncourse.arguments import require_text, require_that
from rnncourse.environment import shipped
from rnncourse.errors import InputError, describe
from rnncourse.markup import Card, rich_text
from rnncourse.question_cells import UNFOLD, read_questions, sealed_questions
from rnncourse.widgets._fallback import ReadableWidget, read_front_end
from rnncourse.widgets._verdicts import watch

Option = str | tuple[str, str]
_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

# What was committed to, and what was only picked, in this kernel, by key: running a cell again must not wipe it out.
_committed: dict[str, dict[str, str]] = {}
_picked: dict[str, dict[str, str]] = {}


@dataclass(frozen=True)
class Question:
    """A question with options of which one is right.

    options: at least two texts; a pair (text, feedback) also says what is wrong, or good, about that option.
    answer: the text of the right option. because: the reason, shown after the commitment. key: a name of its
    own, such as "unit-weights". confidence: whether learners are asked how sure they are. `code` may stand in
    backticks. Raises InputError for options that repeat or lack the answer, and for empty texts.
    """

    question: str
    options: Sequence[Option]
    answer: str
    because: str
    key: str
    confidence: bool = False

    def __post_init__(self) -> None:
        for name in ("question", "answer", "because"):
            require_text(name, getattr(self, name))
        require_that(
            "key",
            self.key,
            isinstance(self.key, str) and _KEY.fullmatch(self.key),
            'small letters, digits and "-"',
        )
        require_that(
            "options",
            self.options,
            isinstance(self.options, (list, tuple)) and len(self.options) >= 2,
            "at least two texts",
        )
        for option in self.options:
            if isinstance(option, tuple) and len(option) != 2:
                raise InputError(
                    f"options may be texts or pairs (text, feedback), but got {describe(option)}"
                )
            for text in option if isinstance(option, tuple) else (option,):
                require_text("options", text)
        if len(set(self.texts)) != len(self.texts):
            raise InputError(f"options must differ from one another, but got {describe(self.texts)}")
        if self.answer not in self.texts:
            raise InputError(f"answer must be one of the options {self.texts}, but got {self.answer!r}")

    @property
    def texts(self) -> list[str]:
        """The options without their feedback."""
        return [option[0] if isinstance(option, tuple) else option for option in self.options]

    @property
    def feedback(self) -> list[str]:
        """The feedback of each option, "" where it has none."""
        return [option[1] if isinstance(option, tuple) else "" for option in self.options]

    def verdict(self, chosen: str) -> Card:
        """Return what is said about an option once it has been committed to."""
        said = dict(zip(self.texts, self.feedback, strict=True))
        if chosen == self.answer:
            return Card("right", f"Right: you said “{chosen}”.", _said(said[chosen], self.because))
        title = f"You said “{chosen}”. The answer is “{self.answer}”."
        mine, right = said[chosen], said[self.answer]
        if mine and right:  # each begins with its option, so that an "it" in one is not taken for the other
            mine, right = f"“{chosen}”: {mine}", f"“{self.answer}”: {right}"
        return Card("wrong", title, _said(mine, right, self.because))


class Quiz(ReadableWidget):
    """Some questions, each answered once: `chosen` holds the answers by key, `score` counts the right.

    An entry of the history, and of what is picked but not committed to, is {"key", "chosen": index of the option as it
    is shown, "sure"}. verdict: where it comes; "here", in the question, or for a prediction "ahead", below a cell that
    has not run yet, or "below", where it is to be read by now.
    """

    _esm = read_front_end("panel.js", "quiz.js")
    _css = read_front_end("theme.css", "quiz.css")

    title = traitlets.Unicode("Quiz").tag(sync=True)
    questions = traitlets.List(traitlets.Dict()).tag(sync=True)
    history = traitlets.List(traitlets.Dict()).tag(sync=True)
    picked = traitlets.List(traitlets.Dict()).tag(sync=True)
    verdict = traitlets.Unicode("here").tag(sync=True)
    notice = traitlets.Unicode("").tag(sync=True)

    def __init__(self, questions: Sequence[Question], **kwargs: str):
        whole = isinstance(questions, Sequence) and all(isinstance(one, Question) for one in questions)
        require_that("questions", questions, whole and questions, "a list of Question")
        keys = [question.key for question in questions]
        if len(set(keys)) != len(keys):
            raise InputError(f"key must differ from question to question, but got {keys}")
        kept, seed = predictions.load(), predictions.seed()
        self._shown = {question.key: _Shown(question, seed) for question in questions}
        super().__init__(
            questions=[shown.front_end() for shown in self._shown.values()],
            history=self._entries(kept.answers | _committed),
            picked=self._entries(_picked),
            notice=kept.said,
            **kwargs,
        )
        self.on_msg(self._heard)

    @traitlets.observe("history")
    def _remember(self, _: traitlets.Bunch) -> None:
        for entry in self.history:
            shown, text = self._shown[entry["key"]], self._answers()[entry["key"]]
            sure = entry.get("sure", "")
            _committed[entry["key"]] = {"chosen": text, "sure": sure}
            self.notice = predictions.record(entry["key"], text, text == shown.question.answer, sure)

    def _heard(self, _: Any, content: dict, __: Any) -> None:
        """Take what the front end says at once; a trait that changes often would be held back there."""
        if entry := content.get("commit"):
            if entry["key"] not in self._answers():
                self.history = [*self.history, entry]
        elif entry := content.get("pick"):
            shown = self._shown[entry["key"]]
            text = shown.texts[entry["chosen"]] if entry["chosen"] >= 0 else ""
            _picked[entry["key"]] = {"chosen": text, "sure": entry["sure"]}

    def _entries(self, answers: dict[str, dict[str, str]]) -> list[dict]:
        """Return answers to these questions as the front end counts them; none for an option that is gone."""
        return [
            {"key": key, "chosen": shown.texts.index(answer["chosen"]), "sure": answer["sure"]}
            for key, shown in self._shown.items()
            if (answer := answers.get(key)) and answer["chosen"] in shown.texts
        ]

    def _answers(self) -> dict[str, str]:
        return {entry["key"]: self._shown[entry["key"]].texts[entry["chosen"]] for entry in self.history}

    @property
    def chosen(self) -> dict[str, str]:
        """The text of the option committed to, by the key of its question."""
        return self._answers()

    @property
    def score(self) -> int:
        """The number of right answers so far."""
        return sum(self._shown[key].question.answer == text for key, text in self._answers().items())

    def __repr__(self) -> str:
        return f"Quiz({len(self._shown)} questions, {len(self.history)} answered, {self.score} right)"

    def static_html(self) -> str:
        """Return questions and options; each answer folded away, or the learner's own marked where it is kept."""
        own = None if predictions.file() is None else self._answers()
        return "".join(shown.static_html(own) for shown in self._shown.values())

    def static_text(self) -> str:
        """Return questions and options without the answers."""
        return "\n\n".join(shown.static_text() for shown in self._shown.values())

    def invitation(self) -> str:
        """Return one line that says what you get by running the cell."""
        folded = UNFOLD if predictions.file() is None else ""
        return f"Run this cell (Shift + Enter) to answer here{folded}."


class Prediction(Quiz):
    """One question, decided by the output of a later cell. `chosen` is the text committed to, None before.

    results: the ids of the cells whose output decides it, where they are known.
    """

    def __init__(self, question: Question, results: Sequence[str] = ()):
        self.key, self.results = question.key, tuple(results)
        super().__init__([question], title="Prediction", verdict="ahead")

    @property
    def chosen(self) -> str | None:
        """The text of the option committed to, None before."""
        return self._answers().get(self.key)

    def decided(self) -> Card | None:
        """Take note that the result is on the page; return the verdict, None if nothing was committed to."""
        if self.chosen is None:
            self.verdict = "here"
            return None
        self.verdict = "below"
        return self._shown[self.key].question.verdict(self.chosen)

    def __repr__(self) -> str:
        return f"Prediction({self.key!r}, chosen={self.chosen!r})"


class _Shown:
    """A question with its options in the order in which this learner sees them."""

    def __init__(self, question: Question, seed: str):
        self.question = question
        self.texts = [question.texts[k] for k in predictions.shuffled(question.key, question.texts, seed)]

    def front_end(self) -> dict:
        """Return the question as the front end wants it: safe HTML, and the answer's place among the options."""
        return {
            "key": self.question.key,
            "html": rich_text(self.question.question),
            "options": [
                {"html": rich_text(text), "verdict": self.question.verdict(text).html()}
                for text in self.texts
            ],
            "answer": self.texts.index(self.question.answer),
            "sure": predictions.SURE if self.question.confidence else {},
        }

    def static_html(self, own: dict[str, str] | None) -> str:
        """Return question and options; the answer is folded away, or the learner's own answers are marked."""
        mine = (own or {}).get(self.question.key)
        marks = [" <em>← your answer</em>" if text == mine else "" for text in self.texts]
        items = zip(self.texts, marks, strict=True)
        options = "".join(f"<li>{rich_text(text)}{mark}</li>" for text, mark in items)
        asked = f"<p><strong>{rich_text(self.question.question)}</strong></p><ul>{options}</ul>"
        return asked + (self._folded_answer() if own is None else "")

    def _folded_answer(self) -> str:
        question = self.question
        notes = "".join(
            f"<li>{rich_text(text)}: {rich_text(said)}</li>"
            for text, said in zip(question.texts, question.feedback, strict=True)
            if said
        )
        return (
            f"<details><summary>Answer</summary><p><strong>{rich_text(question.answer)}</strong></p>"
            f"<p>{rich_text(question.because)}</p>{f'<ul>{notes}</ul>' if notes else ''}</details>"
        )

    def static_text(self) -> str:
        """Return question and options as plain text."""
        return "\n".join([self.question.question, *(f"( ) {text}" for text in self.texts)])


def predict(
    question: str | None = None,
    options: Sequence[Option] | None = None,
    answer: str | None = None,
    because: str | None = None,
    key: str | None = None,
    *,
    confidence: bool = True,
) -> Prediction:
    """Return a question to commit to; the verdict comes below the cell that shows the result.

    The arguments are those of Question. In a learner's copy of the course the key is enough: the question is in a
    file of the copy, out of sight.
    """
    if question is None:
        asked, entry = _looked_up(key)
    else:
        asked, entry = Question(question, options, answer, because, key, confidence), {}
    return _expected(asked, entry)


def quiz(questions: Sequence[Question | str]) -> Quiz:
    """Return several questions with a score; in a learner's copy of the course, keys will do.

    Raises InputError for keys that repeat.
    """
    if not isinstance(questions, (list, tuple)):
        return Quiz(questions)
    return Quiz([_looked_up(one)[0] if isinstance(one, str) else one for one in questions])


def _expected(question: Question, entry: dict[str, Any]) -> Prediction:
    """Return a prediction whose verdict is waited for, unless its explanation follows at once."""
    observer = watch()
    known = observer is not None and observer.asking_cell() == entry.get("cell", "")
    prediction = Prediction(question, entry["results"] if known else ())
    if observer is None or entry.get("results") == []:
        prediction.verdict = "here"
    else:
        observer.expect(prediction)
    return prediction


def _looked_up(key: str | None) -> tuple[Question, dict[str, Any]]:
    """Return a question and its entry: of the learner's copy around the working directory, or of a chapter."""
    here, name = Path.cwd(), key if isinstance(key, str) else ""
    entry = read_questions(here).get(name) or sealed_questions(name, [here, *_chapters()]).get(name)
    require_that("key", key, entry is not None, "that of a question of this copy of the course")
    arguments = dict(entry["arguments"])
    arguments["options"] = [tuple(one) if isinstance(one, list) else one for one in arguments["options"]]
    return Question(**arguments), entry


def _chapters() -> list[Path]:
    """Return the folders of the chapters that belong to the installed package."""
    chapters = shipped() / "chapters"
    return [chapters, chapters / "detours"]


def _said(*paragraphs: str) -> tuple[str, ...]:
    return tuple(text for text in paragraphs if text)
