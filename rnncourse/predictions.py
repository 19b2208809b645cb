"""What the learner predicted: one small file of their own, on this computer only.

It lies beside the file of their progress, ~/.rnncourse/predictions.json. The variable RNNCOURSE_PROGRESS names
another place for both, and an empty value keeps neither, which is how the course's own notebooks are run.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnncourse import learner_file
from rnncourse.learner_file import exactly

SURE = {"guess": "guessing", "fairly": "fairly sure", "certain": "certain"}
"""How sure a learner can be of a prediction, and how it is said."""


@dataclass
class Kept:
    """By question: {"chosen": text, "right": bool, "sure": key of SURE or ""}; and what options are shuffled by.

    known: False where there is a file that could not be read, so that nothing may be written over it. said: what
    went wrong, for the learner.
    """

    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    seed: str = ""
    known: bool = True
    said: str = ""


def file() -> Path | None:
    """Return where predictions are kept; None where they are not."""
    progress = learner_file.path()
    if progress is None:
        return None
    other = "predictions" if progress.stem == "progress" else f"{progress.stem}-predictions"
    return progress.with_name(f"{other}.json")


def load() -> Kept:
    """Return what is kept. A file that cannot be understood is put aside, never overwritten."""
    path = file()
    if path is None:
        return Kept()
    try:
        return learner_file.read(path, _understood) or Kept()
    except learner_file.PutAside as damaged:
        return Kept(
            said=f"The file of your predictions was damaged. It is kept as {damaged.name}, and a new one is started."
        )
    except OSError:
        said = (
            f"Your predictions are not saved this time: {path.name} cannot be read. Its content is unchanged."
        )
        return Kept(known=False, said=said)


def record(key: str, chosen: str, right: bool, sure: str = "") -> str:
    """Keep the answer to a question; return what to tell the learner, mostly nothing."""
    path, kept = file(), load()
    if path is None or not kept.known:
        return kept.said
    if kept.answers.get(key, {}).get("chosen") == chosen:
        return kept.said
    kept.answers[key] = {"chosen": chosen, "right": right, "sure": sure}
    return " ".join(filter(None, [kept.said, _write(path, kept)]))


def seed() -> str:
    """Return what this learner's options are shuffled by, "" where nothing is kept; it is made once."""
    path, kept = file(), load()
    if path is None or kept.seed or not kept.known:
        return kept.seed
    kept.seed = secrets.token_hex(8)
    return "" if _write(path, kept) else kept.seed


def shuffled(key: str, texts: Sequence[str], seed: str) -> list[int]:
    """Return the order in which this learner sees a question's options; the author's for the seed ""."""
    places = list(range(len(texts)))
    if not seed:
        return places
    return sorted(places, key=lambda k: hashlib.sha256(f"{seed}\0{key}\0{texts[k]}".encode()).digest())


def calibration(answers: Iterable[dict[str, Any]]) -> list[str]:
    """Return a line for all predictions and one for each degree of sureness; nothing before the first."""
    answers = list(answers)
    if not answers:
        return []
    lines = [f"{'predictions':<12}{_share(answers)}"]
    for degree, words in SURE.items():
        if some := [answer for answer in answers if answer["sure"] == degree]:
            lines.append(f"  {words:<12}{_share(some)}")
    return lines


def _share(answers: Sequence[dict[str, Any]]) -> str:
    right = sum(answer["right"] for answer in answers)
    return f"{right} of {len(answers)} right ({right / len(answers):.0%})"


def _understood(stored: dict) -> Kept:
    """Return a file's content; any other shape raises."""
    answers = {
        str(key): {
            "chosen": exactly(str, entry["chosen"]),
            "right": exactly(bool, entry["right"]),
            "sure": exactly(str, entry["sure"]),
        }
        for key, entry in stored["answers"].items()
    }
    return Kept(answers, exactly(str, stored["seed"]))


def _write(path: Path, kept: Kept) -> str:
    """Write the file; return what to tell the learner where that fails."""
    try:
        learner_file.write(path, {"seed": kept.seed, "answers": kept.answers})
    except OSError:
        return f"Your predictions are not saved: {path.name} cannot be written."
    return ""
