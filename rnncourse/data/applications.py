"""What chapter 08 loads and does not compute: its text, a trained writer and the results of a larger grid."""

from __future__ import annotations

import json
from importlib import resources

import numpy as np


def course_prose() -> str:
    """Return the course's own prose, one paragraph a line: a snapshot that rnncourse.building.prose writes."""
    return (resources.files("rnncourse.data") / "prose.txt").read_text(encoding="utf-8")


def course_writer() -> tuple[str, dict[str, np.ndarray]]:
    """Return the characters that a writer knows, in the order of its vocabulary, and its parameters, float32.

    A RecurrentNet with an LSTM, trained on the first 90 % of course_prose by benchmarks/applications.py; stored
    with half precision, about three decimal digits.
    """
    with (resources.files("rnncourse.data") / "writer.npz").open("rb") as file, np.load(file) as stored:
        params = {name: stored[name].astype(np.float32) for name in stored.files if name != "characters"}
        return str(stored["characters"]), params


def application_results() -> dict[str, dict]:
    """Return the stored results of benchmarks/applications.py, by the name of the run.

    "sentiment | lstm | 3000 notes | rate 0.005 | seed 0" -> the shares of right answers on "validation" and "test",
    "parameters" and "seconds"; "writer" -> its sizes, the "loss" on unseen text, the "curve" of it, and the
    SHA-256 of the "prose" it learned from.
    """
    return json.loads((resources.files("rnncourse.data") / "applications.json").read_text(encoding="utf-8"))
