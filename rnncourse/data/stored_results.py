"""Results that take too long to compute in a chapter: each names the script in benchmarks/ that stored it."""

from __future__ import annotations

import csv
import json
from importlib import resources
from typing import NamedTuple

import numpy as np

from rnncourse.data.encoding import Vocabulary

_FOLDER = resources.files("rnncourse.data")
DELAY_CURVES = _FOLDER / "delay_curves.csv"


def alice_rows() -> tuple[Vocabulary, np.ndarray]:
    """Return the 501 tokens and their rows (3, 501, 32) float32, one embedding matrix for each of three seeds.

    Trained by benchmarks/alice_rows.py to guess a word from the two before it and the two after it.
    """
    with (_FOLDER / "alice_rows.npz").open("rb") as file, np.load(file) as stored:
        tokens = [str(token) for token in stored["tokens"]]
        return Vocabulary(tokens[1:], unknown=tokens[0]), stored["rows"].astype(np.float32)


def alice_writer() -> tuple[str, dict[str, np.ndarray]]:
    """Return the characters that a writer knows, in the order of its vocabulary, and its parameters, float32.

    A RecurrentNet with an LSTM, trained on the first 90 % of alice_paragraphs by benchmarks/applications.py;
    stored in steps of 1/64, which changes the loss by less than 0.01 and makes the site's copy less than half as large.
    """
    with (_FOLDER / "writer.npz").open("rb") as file, np.load(file) as stored:
        params = {name: stored[name].astype(np.float32) for name in stored.files if name != "characters"}
        return str(stored["characters"]), params


def application_results() -> dict[str, dict]:
    """Return the stored results of benchmarks/applications.py, by the name of the run.

    "sentiment | lstm | 3000 notes | rate 0.003 | seed 0" -> the shares of right answers on "validation" and "test",
    "parameters" and "seconds". "writer" -> its sizes, the lowest "loss" on unseen text, the "curve" of it and of the
    "training" loss every ten steps, and "samples" by the number of steps. "regularization | dropout | seed 0" -> the
    losses on "training" and "validation" text every 20 steps. "birthdays | attention | rate 0.01 | seed 0" -> for
    each length of list, the share of answers that are right.
    """
    return _stored("applications.json")


def gate_ablation() -> dict[str, list]:
    """Return stored results of benchmarks/gate_ablation.py: "part | bias 3 | delay 20" -> a score for each seed.

    A score is the share of right answers on delayed recall after training; guessing gets 1/4. part: a key of
    rnncourse.analysis.gates.ABLATIONS. "loud unit" -> for each seed of chapter 06's character LSTM, the share of
    characters whose loudness one cell tells, and the share of capitals it writes, free and held.
    """
    scores: dict[str, list] = {}
    for name, score in _stored("gate_ablation.json").items():
        run, _, _ = name.rpartition(" | seed ")
        scores.setdefault(run, []).append(score)
    return scores


class DelayCurve(NamedTuple):
    """How one kind of net fared on one task: delays (n,), and scores and training steps (n, seeds)."""

    delays: np.ndarray
    scores: np.ndarray
    steps: np.ndarray


def delay_curves() -> dict[str, dict[str, DelayCurve]]:
    """Return the stored results of the long-range test, task -> recipe -> DelayCurve.

    They were made by benchmarks/delay_curves.py; the first lines of the file say how.
    """
    lines = DELAY_CURVES.read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    found: dict[str, dict[str, DelayCurve]] = {}
    for task, recipe in dict.fromkeys((row["task"], row["recipe"]) for row in rows):
        runs: dict[int, list] = {}
        for row in rows:
            if (row["task"], row["recipe"]) == (task, recipe):
                runs.setdefault(int(row["delay"]), []).append((float(row["score"]), int(row["steps"])))
        delays = np.array(sorted(runs))
        results = np.array([runs[delay] for delay in delays])
        found.setdefault(task, {})[recipe] = DelayCurve(delays, results[..., 0], results[..., 1].astype(int))
    return found


def _stored(name: str) -> dict:
    return json.loads((_FOLDER / name).read_text(encoding="utf-8"))
