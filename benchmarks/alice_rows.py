"""Train word embeddings on Alice's Adventures in Wonderland and store them in rnncourse/data/alice_rows.npz.

    python benchmarks/alice_rows.py

A network guesses a word from the two words before it and the two after it. Their rows are added up, and an output
layer turns the sum into logits over the 500 most frequent tokens and `<unk>`. Three seeds, about a minute each on
one core. Chapter 02 looks at the rows.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from rnncourse import data, in_numpy
from rnncourse.environment import checkout_above

MOST_FREQUENT, H, STEPS, BATCH, RATE, SEEDS = 500, 32, 1500, 256, 0.01, 3
FILE = "rnncourse/data/alice_rows.npz"


def text() -> tuple[data.Vocabulary, np.ndarray]:
    """Return the vocabulary and the whole book as indices (T,)."""
    words = data.tokenize(data.alice().lower())
    frequent = [word for word, _ in Counter(words).most_common(MOST_FREQUENT)]
    vocabulary = data.Vocabulary(frequent, unknown="<unk>")
    return vocabulary, vocabulary.encode(words)


def contexts(indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each word the two before it and the two after it, (N, 4), and the word itself, (N,)."""
    around = np.stack([indices[:-4], indices[1:-3], indices[3:-1], indices[4:]], axis=1)
    return around, indices[2:-2]


def train(around: np.ndarray, word: np.ndarray, V: int, seed: int) -> tuple[np.ndarray, float]:
    """Return the rows (V, H) after training and the mean loss of the last 100 steps."""
    rng = np.random.default_rng(seed)
    params = {"rows": 0.1 * rng.normal(size=(V, H)), "W": 0.1 * rng.normal(size=(H, V))}
    adam, losses = in_numpy.Adam(RATE), []
    for _ in range(STEPS):
        batch = rng.integers(len(word), size=BATCH)
        h = params["rows"][around[batch]].sum(axis=1)
        loss, ds = in_numpy.softmax_cross_entropy(h @ params["W"], word[batch])
        grads = {"rows": np.zeros_like(params["rows"]), "W": h.T @ ds}
        np.add.at(grads["rows"], around[batch], (ds @ params["W"].T)[:, np.newaxis])
        adam.step(params, grads)
        losses.append(loss)
    return params["rows"], float(np.mean(losses[-100:]))


def main() -> None:
    vocabulary, indices = text()
    around, word = contexts(indices)
    rows = []
    for seed in range(SEEDS):
        trained, loss = train(around, word, len(vocabulary), seed)
        print(
            f"seed {seed}: loss {loss:.2f}; guessing among {len(vocabulary)} is {np.log(len(vocabulary)):.2f}"
        )
        rows.append(trained)
    target = checkout_above(Path(__file__)) / FILE
    np.savez_compressed(target, tokens=np.array(vocabulary.tokens), rows=np.array(rows, dtype=np.float16))


if __name__ == "__main__":
    main()
