"""Word embeddings that were trained on Alice's Adventures in Wonderland and stored with the package."""

from __future__ import annotations

from importlib import resources

import numpy as np

from rnncourse.data.encoding import Vocabulary


def alice_rows() -> tuple[Vocabulary, np.ndarray]:
    """Return the 501 tokens and their rows (3, 501, 32) float32, one embedding matrix for each of three seeds.

    Trained by benchmarks/alice_rows.py to guess a word from the two before it and the two after it.
    """
    with (resources.files("rnncourse.data") / "alice_rows.npz").open("rb") as file, np.load(file) as stored:
        tokens = [str(token) for token in stored["tokens"]]
        return Vocabulary(tokens[1:], unknown=tokens[0]), stored["rows"].astype(np.float32)
