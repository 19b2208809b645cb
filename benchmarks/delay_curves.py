"""Which network learns across which delay: the full grid of chapter 05.

    python benchmarks/delay_curves.py [FOLDER]

First the learning rates: every recipe runs on every task at one delay with each rate of the same short list and
with two seeds that the grid does not use (delay_tuning.csv). The best of each recipe is the one in
rnncourse.analysis.long_range.RECIPES. Then the grid itself: three tasks, ten recipes, four delays, three seeds
(delay_curves.csv), 360 short training runs. A line is written as soon as its run ends, and what is there already is
not run again; delete a file to start afresh. One core, about half an hour. FOLDER: rnncourse/data by default.
"""

from __future__ import annotations

import csv
import itertools
import os
import sys
from collections.abc import Iterator
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy is loaded

from tqdm import tqdm  # noqa: E402

from rnncourse.analysis import long_range  # noqa: E402
from rnncourse.data.stored_results import DELAY_CURVES  # noqa: E402
from rnncourse.data.tasks import TASKS  # noqa: E402

FIELDS = ("task", "recipe", "delay", "seed", "lr", "score", "steps")
DELAYS = (10, 20, 50, 100)
SEEDS = (0, 1, 2)
TUNING_DELAY = 20
TUNING_SEEDS = (100, 101)
STEPS = 1000

HEADER = f"""\
# Made by benchmarks/delay_curves.py: rnncourse.analysis.long_range.learn_task(recipe, task, delay, seed, {STEPS}, lr).
# Batches of {long_range.B}, Adam, gradients clipped at {long_range.CLIP:g}.
# RNNs have {long_range.UNITS["RNN"]} units, LSTMs {long_range.UNITS["LSTM"]}: equal numbers of parameters.
# score: share of right answers (adding: share of the variance explained) on {long_range.CHECK_SIZE} fresh sequences.
# steps: a run ends early once it scores {long_range.SOLVED:g}; one that blows up ends with a score of 0.
{",".join(FIELDS)}
"""

Cell = tuple[str, str, int, int, float]


def tuning() -> Iterator[Cell]:
    """Give (task, recipe, delay, seed, learning rate) of the runs that choose the learning rates."""
    return itertools.product(
        TASKS, long_range.RECIPES, (TUNING_DELAY,), TUNING_SEEDS, long_range.LEARNING_RATES
    )


def grid() -> Iterator[Cell]:
    """Give (task, recipe, delay, seed, learning rate) of all runs, each recipe with its own learning rate."""
    for cell in itertools.product(TASKS, long_range.RECIPES, DELAYS, SEEDS):
        yield (*cell, long_range.RECIPES[cell[1]].lr)


def read(file: Path) -> list[dict[str, str]]:
    """Return the rows of a file of results."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def best_rates(file: Path) -> dict[str, float]:
    """Return recipe -> the learning rate with the highest mean score over tasks and seeds."""
    scores: dict[str, dict[float, list[float]]] = {}
    for row in read(file):
        scores.setdefault(row["recipe"], {}).setdefault(float(row["lr"]), []).append(float(row["score"]))
    return {
        recipe: max(rates, key=lambda lr: sum(rates[lr]) / len(rates[lr])) for recipe, rates in scores.items()
    }


def fill(file: Path, cells: list[Cell]) -> None:
    """Run what is missing in `file`."""
    if not file.exists():
        file.write_text(HEADER, encoding="utf-8")
    done = {
        (row["task"], row["recipe"], int(row["delay"]), int(row["seed"]), float(row["lr"]))
        for row in read(file)
    }
    for cell in tqdm([cell for cell in cells if cell not in done]):
        task, recipe, delay, seed, lr = cell
        run = long_range.learn_task(recipe, task, delay, seed, STEPS, lr)
        with file.open("a", encoding="utf-8", newline="") as out:
            csv.writer(out, lineterminator="\n").writerow([*cell, f"{run.score:.3f}", run.steps])


def main(folder: Path) -> None:
    """Tune the learning rates, then run the grid."""
    fill(folder / "delay_tuning.csv", list(tuning()))
    for recipe, lr in best_rates(folder / "delay_tuning.csv").items():
        if lr != long_range.RECIPES[recipe].lr:
            raise SystemExit(f"{recipe}: the best learning rate is {lr:g}; set it in RECIPES and run again")
    fill(folder / "delay_curves.csv", list(grid()))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DELAY_CURVES.parent)
