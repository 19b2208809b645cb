"""The tables of RESULTS.md that are made from stored runs: python benchmarks/stored_tables.py prints them.

Nothing is trained: delay_curves.py, gate_ablation.py and applications.py have stored their runs in rnncourse/data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from rnncourse import data
from rnncourse.data.stored_results import DelayCurve

SEEDS = 3
REACHED = 0.9
"""The score from which a run of the long-range test counts as having learned the task."""

REGULARIZED = ("plain", "dropout", "dropout, also on the state", "layer normalization")
LISTS = (1, 2, 3, 4, 6)


def tables() -> Iterator[str]:
    """Yield every table as Markdown, in the order of RESULTS.md."""
    for task, curves in data.delay_curves().items():
        yield table((f"{task}, delay", *(next(iter(curves.values())).delays)), map(delay_row, curves.items()))
    delays = (5, 10, 20, 40, 80)
    yield table(("delay", *delays), ablation_rows(delays))
    notes = (1000, 3000, 9000)
    yield table(("net", *(f"{n:,} notes" for n in notes), "parameters"), sentiment_rows(notes))
    yield table(("net", *(f"{n} people" if n > 1 else "1 person" for n in LISTS)), list_rows())
    yield table(("writer", "lowest", "after 800 steps"), map(writer_row, REGULARIZED))


def table(head: Sequence[object], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table whose first column is text and whose others are figures."""
    lines = [" | ".join(map(str, head)), ":--|" + "|".join(["--:"] * (len(head) - 1))]
    lines = [f"| {lines[0]} |", f"|{lines[1]}|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines)


def delay_row(curve: tuple[str, DelayCurve]) -> Iterator[str]:
    """Yield the recipe, and for each delay the mean score and how many seeds reached REACHED."""
    recipe, stored = curve
    yield recipe
    for scores in stored.scores:
        learned = int((scores >= REACHED).sum())
        yield f"{scores.mean():.2f}" + (f" ({learned}/{len(scores)})" if learned else "")


def ablation_rows(delays: Sequence[int]) -> Iterator[list[str]]:
    """Yield each variant of the LSTM with its mean right answers in percent."""
    stored = data.gate_ablation()
    runs = dict.fromkeys(name.rpartition(" | delay ")[0] for name in stored if " | delay " in name)
    for run in runs:
        means = [f"{100 * np.mean(stored[f'{run} | delay {delay}']):.0f}" for delay in delays]
        yield [run.replace(" | bias none", "").replace(" | ", ", forget "), *means]


def sentiment_rows(notes: Sequence[int]) -> Iterator[list[str]]:
    """Yield each network with its right answers on the test notes, at the learning rate that validation chose."""
    stored = data.application_results()
    for kind in dict.fromkeys(name.split(" | ")[1] for name in stored if name.startswith("sentiment")):
        best = [best_rate(stored, f"sentiment | {kind} | {n} notes") for n in notes]
        scores = [100 * np.array([run["test"] for run in runs]) for runs in best]
        yield [kind, *(f"{s.mean():.0f} ± {s.std():.0f}" for s in scores), f"{best[0][0]['parameters']:,}"]


def list_rows() -> Iterator[list[str]]:
    """Yield each network with its right answers on lists of birthdays."""
    stored = data.application_results()
    for kind in ("one vector", "attention"):
        right = np.array([run["test"] for run in best_rate(stored, f"birthdays | {kind}")])
        yield [kind, *(f"{100 * share:.0f}" for share in right.mean(axis=0))]


def best_rate(stored: dict[str, dict], name: str) -> list[dict]:
    """Return the runs, one per seed, at the learning rate with the best mean on the validation set."""
    rates = dict.fromkeys(key.split(" | ")[-2] for key in stored if key.startswith(f"{name} | rate"))
    runs = [[stored[f"{name} | {rate} | seed {seed}"] for seed in range(SEEDS)] for rate in rates]
    return max(runs, key=lambda seeds: np.mean([run["validation"] for run in seeds]))


def writer_row(kind: str) -> list[str]:
    """Return the writer's perplexity on unseen text, lowest and last, means over the seeds."""
    stored = data.application_results()
    curves = np.exp([stored[f"regularization | {kind} | seed {seed}"]["validation"] for seed in range(SEEDS)])
    return [kind, f"{curves.min(axis=1).mean():.1f}", f"{curves[:, -1].mean():.1f}"]


if __name__ == "__main__":
    print("\n\n".join(tables()))
