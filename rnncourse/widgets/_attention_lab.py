"""The Attention lab: what a decoder looks at while it writes, token by token."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import traitlets

from rnncourse.arguments import require_count, require_list, require_numbers, require_texts, require_that
from rnncourse.errors import InputError
from rnncourse.notation import colour
from rnncourse.viz._diagrams import svg, text
from rnncourse.viz._show import figure_html
from rnncourse.widgets._fallback import ReadableWidget, Setting, read_front_end

MOST_EXAMPLES, MOST_TOKENS, LONGEST_TOKEN = 12, 16, 12

Example = tuple[np.ndarray, Sequence[str], Sequence[str]]


def spread(weights: np.ndarray) -> np.ndarray:
    """Return over how many words each row (…, T) of weights is spread: 1 for a single one, T for all alike (…,)."""
    logs = np.log(np.where(weights > 0, weights, 1.0))
    return np.exp(-(weights * logs).sum(axis=-1))


def attention_lab(examples: Sequence[Example]) -> AttentionLab:
    """Return the Attention lab for 1 to 12 examples (weights (T', T), T words read, T' tokens written).

    Raises InputError for other things, and for weights that are negative or do not sum to 1 in each row.
    """
    return AttentionLab(examples)


class AttentionLab(ReadableWidget):
    """Links from what is written to what was read, as wide as the weights, above the whole map.

    `lab.example` and `lab.step`, both counted from 1, are what is on screen and can be set; `lab.weights` (T',
    T) is the map of the example.
    """

    _esm = read_front_end("panel.js", "vendor/d3.js", "attention_lab.js")
    _css = read_front_end("theme.css", "attention_lab.css")

    example = Setting(lambda lab, value: require_count("example", value, most=len(lab.shown)), 1)
    step = Setting(lambda lab, value: require_count("step", value, most=lab.steps), 1)
    steps = traitlets.Int(1).tag(sync=True)
    shown = traitlets.List(traitlets.Dict()).tag(sync=True)
    tone = traitlets.Unicode(colour("h_t")).tag(sync=True)

    def __init__(self, examples: Sequence[Example]):
        listed = require_list("examples", examples, "triples (weights, read, written)")
        if not 1 <= len(listed) <= MOST_EXAMPLES:
            raise InputError(f"examples must be 1 to {MOST_EXAMPLES}, but got {len(listed)}")
        shown = [_checked(k, one) for k, one in enumerate(listed)]
        super().__init__(shown=shown, steps=len(shown[0]["written"]))
        self.observe(self._keep_inside, "example")

    @property
    def weights(self) -> np.ndarray:
        """The attention map of the example on screen, a row for each token written."""
        return np.array(self.shown[self.example - 1]["weights"])

    def _keep_inside(self, change: object) -> None:
        self.steps = len(self.weights)
        self.step = min(self.step, self.steps)

    def __repr__(self) -> str:
        return f"AttentionLab(example={self.example}, step={self.step})"

    def _strongest(self) -> str:
        """Return the word that each token attends to most, in words."""
        one = self.shown[self.example - 1]
        best = self.weights.argmax(axis=1)
        return ", ".join(
            f"{token} to {one['read'][k]}" for token, k in zip(one["written"], best, strict=True)
        )

    def static_html(self) -> str:
        """Return a picture: links from each token written to the words it attends to."""
        line = (
            "Attention lab. Point at a character to see which words the decoder looks at while it writes it."
        )
        return figure_html(
            _picture(self.shown[self.example - 1]), alt=f"Attention. {self._strongest()}.", caption=line
        )

    def static_text(self) -> str:
        """Return the strongest link of each token in plain text."""
        return f"Attention lab. Strongest for each token written: {self._strongest()}."

    def invitation(self) -> str:
        """Return one line that says what you get by running the cell."""
        return "Run this cell (Shift + Enter) to point at characters and words here and see the weights."


def _checked(k: int, example: object) -> dict[str, object]:
    """Return an example as the front end takes it; raise InputError for something else."""
    triple = isinstance(example, (tuple, list)) and len(example) == 3
    require_that(f"examples[{k}]", example, triple, "(weights, read, written)")
    weights, read, written = example
    name = f"weights of examples[{k}]"
    weights = require_numbers(name, weights, ("tokens", "words"))
    if weights.min() < 0 or np.abs(weights.sum(axis=1) - 1).max() > 1e-3:
        raise InputError(f"{name} must be at least 0 and sum to 1 in each row; were they transposed?")
    return {
        "weights": [[float(one) for one in row] for row in weights],
        "read": _tokens("read", read, weights.shape[1]),
        "written": _tokens("written", written, weights.shape[0]),
    }


def _tokens(name: str, tokens: Sequence[str], n: int) -> list[str]:
    words = require_texts(name, tokens, n)
    if n > MOST_TOKENS or max(map(len, words)) > LONGEST_TOKEN:
        raise InputError(f"{name} must be at most {MOST_TOKENS} tokens of at most {LONGEST_TOKEN} characters")
    return words


def _picture(example: dict[str, object]) -> str:
    """Return the stand-in as SVG: all links at once, each as wide and as dark as its weight."""
    read, written = example["read"], example["written"]
    above, below = ([40 + 680 * (k + 0.5) / len(row) for k in range(len(row))] for row in (written, read))
    parts = []
    for x, row in zip(above, example["weights"], strict=True):
        for to, weight in zip(below, row, strict=True):
            if weight >= 0.03:
                path = f"M{x:.0f} 44C{x:.0f} 100 {to:.0f} 90 {to:.0f} 150"
                look = f'stroke-width="{1 + 9 * weight:.1f}" stroke-opacity="{0.15 + 0.6 * weight:.2f}"'
                parts.append(f'<path d="{path}" fill="none" stroke="{colour("h_t")}" {look}/>')
    parts += [text((x, 28), token, bold=True) for x, token in zip(above, written, strict=True)]
    parts += [text((x, 168), word) for x, word in zip(below, read, strict=True)]
    return svg(760, 186, parts, "links between what was written and what was read")
