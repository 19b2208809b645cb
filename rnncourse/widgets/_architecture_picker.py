"""The architecture picker: choose a pattern and see its drawing, its shapes and a task that needs it."""

from __future__ import annotations

import html
from dataclasses import dataclass

import traitlets

from rnncourse.arguments import require_choice
from rnncourse.viz._architectures import ARCHITECTURES, architecture, architecture_text
from rnncourse.widgets._fallback import ReadableWidget, read_front_end


@dataclass(frozen=True)
class Card:
    """What is said about a pattern: a task that needs it, with its inputs and outputs, its shapes, and its limits."""

    task: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    shapes: tuple[tuple[str, str, str], ...]  # name, shape, what it is
    wrong: str

    def drawing(self, pattern: str) -> str:
        """Return the SVG of the pattern with this task's inputs and outputs."""
        return architecture(pattern, self.inputs, self.outputs)


_STATES = ("h", "(T, B, H)", "a state for each input")
_SEQUENCE = ("x", "(T, B, D)", "an input at each step")
_EACH_STEP = ("s", "(T, B, K)", "scores at each step")

CARDS: dict[str, Card] = {
    "one-to-one": Card(
        "Say which digit is on a picture.",
        ("picture",),
        ("three",),
        (
            ("x", "(B, D)", "one input"),
            ("h", "(B, H)", "hidden units, no time"),
            ("s", "(B, K)", "one answer"),
        ),
        "If the order of things matters, there is nothing here that could see it.",
    ),
    "one-to-many": Card(
        "Spell the name of the digit on a picture; caption a photograph.",
        ("picture",),
        ("s", "i", "x", "."),
        (
            ("x", "(1, B, D)", "one input, at the first step"),
            ("h", "(T′, B, H)", "a state for each output"),
            ("s", "(T′, B, K)", "scores until the end mark"),
        ),
        "If the answer is one of a few names, one-to-one is enough: a net that spells can misspell.",
    ),
    "many-to-one": Card(
        "Say whether a review is a good one.",
        ("not", "bad", "but", "good"),
        ("positive",),
        (_SEQUENCE, _STATES, ("s", "(B, K)", "scores at the last real step")),
        "If the order does not matter, a bag of words is faster and needs less data.",
    ),
    "many-to-many aligned": Card(
        "Mark persons and places in a sentence, word by word.",
        ("in", "paris", "tom", "sang"),
        ("–", "place", "person", "–"),
        (_SEQUENCE, _STATES, _EACH_STEP),
        "If the output has another length or another order, no step has its own answer.",
    ),
    "many-to-many unaligned": Card(
        "Write a date in words as digits; translate.",
        ("june", "the", "first"),
        ("0", "6", "-", "0", "1"),
        (
            ("x", "(T, B, D)", "an input at each of T steps"),
            ("h", "(T, B, H)", "states of the encoder; only the last one goes on"),
            ("d", "(T′, B, H)", "states of the decoder"),
            ("s", "(T′, B, K)", "scores at each of T′ steps"),
        ),
        "If every input has its own output, aligned is easier to learn; one vector must hold everything here.",
    ),
    "stacked": Card(
        "Combine two findings: a denial before a gap, a judgment after it. Each layer may read both ways.",
        ("not", "___", "was", "bad"),
        ("–", "like", "–", "–"),
        (
            _SEQUENCE,
            ("h of layer 1", "(T, B, H)", "what layer 2 reads"),
            ("h of layer 2", "(T, B, H)", "what the scores are made of"),
            _EACH_STEP,
        ),
        "Two layers cost twice the steps. They see no input that one layer does not see.",
    ),
    "bidirectional": Card(
        "Mark persons and places where the words after a name decide.",
        ("paris", "sang", "a", "song"),
        ("person", "–", "–", "–"),
        (
            _SEQUENCE,
            ("h", "(T, B, 2H)", "both directions side by side"),
            _EACH_STEP,
        ),
        "For a forecast, or wherever an answer is due before the end: the second reader starts at the end.",
    ),
}


def architecture_picker(pattern: str = "many-to-one") -> ArchitecturePicker:
    """Return the picker with `pattern` chosen, one of viz.ARCHITECTURES; raise InputError for another."""
    return ArchitecturePicker(pattern)


class ArchitecturePicker(ReadableWidget):
    """Choose a pattern by radio button (arrow keys) and see its drawing, shapes, a task, and when it is wrong.

    `pattern` can be read and set from Python. All pictures are made in Python, so it also works in a saved page.
    """

    _esm = read_front_end("panel.js", "architecture_picker.js")
    _css = read_front_end("theme.css", "architecture_picker.css")

    pattern = traitlets.Unicode("many-to-one").tag(sync=True)
    cards = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(self, pattern: str = "many-to-one"):
        require_choice("pattern", pattern, tuple(ARCHITECTURES))
        super().__init__(pattern=pattern, cards=[_card(name) for name in ARCHITECTURES])

    @traitlets.validate("pattern")
    def _check(self, proposal: traitlets.Bunch) -> str:
        return require_choice("pattern", proposal.value, tuple(ARCHITECTURES))

    def __repr__(self) -> str:
        return f"ArchitecturePicker({self.pattern})"

    def static_html(self) -> str:
        """Return a table with a line for each pattern."""
        head = "".join(
            f'<th scope="col">{word}</th>' for word in ("pattern", "task", "shapes", "wrong where")
        )
        rows = "".join(
            f'<tr style="text-align: left"><th scope="row">{name}</th><td>{html.escape(card.task)}</td>'
            f"<td>{'<br>'.join(f'{a} {html.escape(b)}' for a, b, _ in card.shapes)}</td>"
            f"<td>{html.escape(card.wrong)}</td></tr>"
            for name, card in CARDS.items()
        )
        head = f'<thead><tr style="text-align: left">{head}</tr></thead>'
        return f"<p><strong>The patterns</strong></p><table>{head}<tbody>{rows}</tbody></table>"

    def static_text(self) -> str:
        """Return a line for each pattern."""
        lines = [
            f"{name}: {card.task} Shapes: {', '.join(f'{a} {b}' for a, b, _ in card.shapes)}."
            for name, card in CARDS.items()
        ]
        return "\n".join(["The patterns", *lines])

    def invitation(self) -> str:
        """Return one line that says what running the cell brings."""
        return "Run this cell (Shift + Enter) to choose a pattern here and see it drawn."


def _card(name: str) -> dict[str, object]:
    """Return all that the front end shows of a pattern."""
    card = CARDS[name]
    return {
        "name": name,
        "says": ARCHITECTURES[name].says,
        "drawing": card.drawing(name),
        "task": card.task,
        "shapes": [list(row) for row in card.shapes],
        "wrong": card.wrong,
        "heard": f"{architecture_text(name, card.inputs, card.outputs)} A task: {card.task}",
    }
