"""From a sentence to vectors: tokens, indices, one-hot vectors and rows of a matrix, as the reader types."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets

from rnncourse.arguments import require_array, require_count
from rnncourse.data import Vocabulary, tokenize
from rnncourse.errors import InputError, describe
from rnncourse.notation import colour
from rnncourse.viz._show import figure_html
from rnncourse.widgets._fallback import ReadableWidget, Setting, read_front_end
from rnncourse.widgets._sentence_picture import picture

MOST_TOKENS, MOST_COLUMNS = 12, 5  # of the vocabulary, and of the matrix: more do not fit
LONGEST = 14  # tokens of a sentence
MOST_CHARACTERS = 120
TASKS = ("twice", "unknown", "diagonal")


def sentence_lab(
    vocabulary: Vocabulary, W: np.ndarray | None = None, text: str = "Doug saw Jane."
) -> SentenceLab:
    """Return a field to type a sentence in, which is turned into indices and one-hot vectors at every key.

    vocabulary: at most 12 tokens. W (V, H), H at most 5: a matrix whose rows are looked up, or None.
    Raises InputError for more, and for a W of another shape.
    """
    return SentenceLab(vocabulary, W, text)


class SentenceLab(ReadableWidget):
    """A sentence on its way to a network: tokens, indices, one-hot vectors, and the rows of W that they pick.

    `lab.text` is the sentence and can be set, `lab.tokens` are its tokens, of which at most 14 are shown, and
    `lab.indices` their indices, None for a token that is out of vocabulary. `lab.x` (T, V) are the one-hot vectors,
    with a row of zeros where there is no index. `lab.tasks` tells which of the lab's tasks are done.
    """

    _esm = read_front_end("panel.js", "sentence_lab.js")
    _css = read_front_end("theme.css", "sentence_lab.css")

    text = Setting(lambda lab, value: _checked_text(value))
    chosen = Setting(lambda lab, value: require_count("chosen", value, least=0, most=LONGEST - 1), 0)
    done = traitlets.List(traitlets.Unicode()).tag(sync=True)
    fixed = traitlets.Dict().tag(sync=True)

    def __init__(self, vocabulary: Vocabulary, W: np.ndarray | None, text: str):
        self.vocabulary = _checked_vocabulary(vocabulary)
        self.W = None if W is None else _checked_matrix(W, len(vocabulary))
        super().__init__(text=text, fixed=self._fixed())

    def _fixed(self) -> dict[str, Any]:
        """Return what the front end needs once: the vocabulary, the matrix and colors."""
        unknown = self.vocabulary.unknown
        return {
            "vocabulary": list(self.vocabulary.tokens),
            "unknown": None if unknown is None else self.vocabulary.index(unknown),
            "W": None if self.W is None else self.W.tolist(),
            "longest": LONGEST,
            "colours": {"x": colour("x_t"), "W": colour("h_t")},
        }

    @property
    def tokens(self) -> list[str]:
        """The tokens of the sentence that are shown."""
        return tokenize(self.text)[:LONGEST] if self.text.strip() else []

    @property
    def indices(self) -> list[int | None]:
        """The index of each token, None where it has none."""
        knows_all = self.vocabulary.unknown is not None
        return [
            self.vocabulary.index(one) if knows_all or one in self.vocabulary else None for one in self.tokens
        ]

    @property
    def x(self) -> np.ndarray:
        """The one-hot vectors (T, V); a row of zeros where a token has no index."""
        x = np.zeros((len(self.tokens), len(self.vocabulary)))
        for t, k in enumerate(self.indices):
            if k is not None:
                x[t, k] = 1
        return x

    @property
    def tasks(self) -> dict[str, bool]:
        """The lab's tasks by name, and whether each is done."""
        return {name: name in self.done for name in TASKS}

    def __repr__(self) -> str:
        return f"SentenceLab({self.text!r}, V={len(self.vocabulary)})"

    def static_html(self) -> str:
        """Return a picture of the lab: the sentence, its indices, its one-hot vectors and the rows."""
        drawn = picture(self.tokens, self.indices, self.vocabulary.tokens, self.W)
        line = "From a sentence to vectors. Type your own and watch every token find its place."
        return figure_html(drawn, alt=self.static_text(), caption=line)

    def static_text(self) -> str:
        """Return tokens and indices as a sentence."""
        pairs = ", ".join(
            f"{token} {'–' if k is None else k}" for token, k in zip(self.tokens, self.indices, strict=True)
        )
        rows = "" if self.W is None else " Each index picks a row of a matrix."
        return f"Tokens and their indices: {pairs}. Each index is the place of a 1 among {len(self.vocabulary)}.{rows}"

    def invitation(self) -> str:
        """Return one line that says what you get by running the cell."""
        return "Run this cell (Shift + Enter) to type a sentence here."


def _checked_vocabulary(vocabulary: object) -> Vocabulary:
    if not isinstance(vocabulary, Vocabulary) or len(vocabulary) > MOST_TOKENS:
        raise InputError(
            f"vocabulary must be a Vocabulary of at most {MOST_TOKENS} tokens, but got {vocabulary!r}"
        )
    return vocabulary


def _checked_matrix(W: object, V: int) -> np.ndarray:
    matrix = require_array("W", W, axes=("V", "H")).astype(float)
    if matrix.shape[0] != V or matrix.shape[1] > MOST_COLUMNS:
        raise InputError(
            f"W must have V = {V} rows and at most {MOST_COLUMNS} columns, but got {matrix.shape}"
        )
    return matrix


def _checked_text(value: object) -> str:
    if not isinstance(value, str) or len(value) > MOST_CHARACTERS:
        raise InputError(
            f"text must be a text of at most {MOST_CHARACTERS} characters, but got {describe(value)}"
        )
    return value
