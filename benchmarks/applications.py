"""The larger runs of chapter 08: the character writer, and nets on sentiment with equal parameter budgets.

    python benchmarks/applications.py [writer] [sentiment]

writer: trains an LSTM on the snapshot of the course's prose and stores it in rnncourse/data/writer.npz. sentiment:
trains every net for every number of notes, learning rate and seed, and adds each run to
rnncourse/data/applications.json; what is there is not run again, so it may be stopped at any time. Delete the file
to start afresh. One core, about 20 minutes. Chapter 08 draws what is stored and trains a small part itself.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import sys
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy is loaded

import numpy as np  # noqa: E402
import torch  # noqa: E402

from rnncourse import data, in_numpy, in_torch  # noqa: E402
from rnncourse.files import write_whole  # noqa: E402
from rnncourse.in_torch.text_nets import KINDS, TextNet, text_net  # noqa: E402

FOLDER = Path(data.__file__).parent
RESULTS = FOLDER / "applications.json"
H, T, BATCH, STEPS, PATIENCE, LR = 96, 64, 32, 2400, 300, 0.004

BUDGET, NOTES, RATES, SEEDS = 4000, (1000, 3000, 9000), (0.003, 0.015), (0, 1, 2)
TEXT_STEPS, TEXT_BATCH = 800, 64
UNIFORM = (
    "rnn, uniform start"  # the same plain RNN, its state weights not orthogonal but as a layer draws them
)
CONTENDERS = (*KINDS, UNIFORM)


def windows(indices: np.ndarray, stride: int, V: int) -> tuple[np.ndarray, np.ndarray]:
    """Return one-hot inputs (T, N, V) and the characters that follow them (T, N)."""
    starts = range(0, len(indices) - T, stride)
    cut = np.stack([indices[start : start + T + 1] for start in starts], axis=1)
    return data.one_hot(cut[:-1], V), cut[1:]


def train_writer() -> None:
    """Train on the first 90 % of the prose, choose the best step by the rest, and store the parameters."""
    text = data.course_prose()
    vocabulary = data.Vocabulary(sorted(set(text)))
    indices, V = vocabulary.encode(list(text)), len(vocabulary)
    cut = len(indices) * 9 // 10
    rng = np.random.default_rng(0)
    lstm = in_numpy.forget_bias(in_numpy.LSTM(V, H, rng=rng), 1.0)
    net = in_numpy.RecurrentNet(lstm, V, rng=rng)
    x, y = windows(indices[:cut], T // 2, V)
    held_out = windows(indices[cut:], T, V)
    start = time.process_time()
    history = in_numpy.fit(
        net,
        x,
        y,
        loss=in_numpy.softmax_cross_entropy,
        optimizer=in_numpy.Adam(LR, clip=1.0),
        steps=STEPS,
        batch_size=BATCH,
        rng=rng,
        validation=held_out,
        patience=PATIENCE,
    )
    seconds = time.process_time() - start
    half = {name: array.astype(np.float16) for name, array in net.params.items()}
    np.savez_compressed(FOLDER / "writer.npz", characters=np.array("".join(vocabulary.tokens)), **half)
    store(
        "writer",
        {
            "hidden": H,
            "parameters": in_numpy.count_parameters(net),
            "characters": cut,
            "prose": hashlib.sha256(text.encode()).hexdigest(),
            "steps": len(history.loss),
            "loss": round(min(history.validation), 3),
            "curve": [round(value, 3) for value in history.validation],
            "seconds": round(seconds),
        },
    )


def encoded(notes: data.FilmNotes, words: data.Vocabulary, T: int) -> tuple[torch.Tensor, ...]:
    """Return word indices (T, n), mask (T, n) and the answers (1, n)."""
    indices, real = data.pad_sequences([words.encode(text) for text in notes.texts])
    missing = ((0, T - len(indices)), (0, 0))
    x, mask = (torch.from_numpy(np.pad(array, missing)) for array in (indices, real))
    return x, mask, torch.from_numpy(notes.liked)[None]


def texts() -> tuple[data.FilmNotes, data.FilmNotes, data.FilmNotes]:
    """Return the notes to learn from, those that choose the learning rate, and those that are asked at the end."""
    return tuple(data.film_notes(n, np.random.default_rng(k)) for k, n in enumerate((max(NOTES), 1000, 2000)))


def name_of(kind: str, notes: int, lr: float, seed: int) -> str:
    return f"sentiment | {kind} | {notes} notes | rate {lr} | seed {seed}"


def train_text(
    sets: tuple[data.FilmNotes, ...], kind: str, notes: int, lr: float, seed: int, steps: int = TEXT_STEPS
) -> dict:
    """Train one net on the first so many notes and return how often it is right on the other two sets."""
    learned, validation, test = sets
    words = data.Vocabulary.from_tokens(
        [word for text in learned.texts for word in text], padding="<padding>"
    )
    T = max(len(text) for one in sets for text in one.texts)
    x, mask, y = encoded(learned, words, T)
    rng = np.random.default_rng(seed)
    net = text_net(kind.split(",")[0], len(words), T, BUDGET, rng=rng)
    if kind == UNIFORM:
        in_torch.uniform(net.layer, rng)
    start = time.process_time()
    in_torch.fit(
        net,
        x[:, :notes],
        y[:, :notes],
        padding=mask[:, :notes],
        loss=in_torch.softmax_cross_entropy,
        optimizer=in_torch.Adam(lr, clip=1.0),
        steps=steps,
        batch_size=TEXT_BATCH,
        rng=rng,
        progress=False,
    )
    seconds = time.process_time() - start
    right = {
        part: round(share_right(net, *encoded(one, words, T)), 3)
        for part, one in (("validation", validation), ("test", test))
    }
    return {**right, "parameters": in_torch.count_parameters(net), "seconds": round(seconds, 1)}


def train_texts() -> None:
    """Train every net of the grid that is not stored yet; the short runs first."""
    torch.set_num_threads(1)
    sets = texts()
    for notes, seed, kind, lr in itertools.product(NOTES, SEEDS, CONTENDERS, RATES):
        name = name_of(kind, notes, lr, seed)
        if name not in load():
            store(name, train_text(sets, kind, notes, lr, seed))


def share_right(net: TextNet, x: torch.Tensor, mask: torch.Tensor, y: torch.Tensor) -> float:
    with torch.no_grad():
        return float((net.forward(x, mask).argmax(dim=2) == y).float().mean())


def load() -> dict[str, dict]:
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}


def store(name: str, result: dict) -> None:
    """Add one result to the file."""
    results = load() | {name: result}
    write_whole(RESULTS, (json.dumps(results, indent=0, ensure_ascii=False) + "\n").encode())
    print(name, {key: value for key, value in result.items() if key != "curve"}, flush=True)


def main(arguments: list[str]) -> None:
    wanted = arguments or ["writer", "sentiment"]
    if "writer" in wanted and "writer" not in load():
        train_writer()
    if "sentiment" in wanted:
        train_texts()


if __name__ == "__main__":
    main(sys.argv[1:])
