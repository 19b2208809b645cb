"""Which net learns across which delay: the full grid of chapter 05.

    python benchmarks/delay_curves.py [FILE]

Three tasks, six recipes, five delays, three seeds: 270 short training runs, one line each in FILE
(rnncourse/data/delay_curves.csv). A line is written as soon as its run ends, and what is there already is not
run again; delete the file to start afresh. One core, about half an hour.
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

FIELDS = ("task", "recipe", "delay", "seed", "score", "steps")
DELAYS = (10, 20, 50, 100, 200)
SEEDS = (0, 1, 2)
STEPS = 1000

HEADER = f"""\
# Made by benchmarks/delay_curves.py: rnncourse.analysis.long_range.learn_task(recipe, task, delay, seed, {STEPS}).
# H = {long_range.H}, batches of {long_range.B}, Adam, gradients clipped at {long_range.CLIP:g};
# learning rates and starts: RECIPES and net_for in that file.
# score: share of right answers (adding: share of the variance explained) on {long_range.CHECK_SIZE} fresh sequences.
# steps: a run ends early once it scores {long_range.SOLVED:g}; one that blows up ends with a score of 0.
{",".join(FIELDS)}
"""


def grid() -> Iterator[tuple[str, str, int, int]]:
    """Give (task, recipe, delay, seed) of all runs."""
    return itertools.product(TASKS, long_range.RECIPES, DELAYS, SEEDS)


def main(file: Path) -> None:
    """Run what is missing in `file`."""
    if not file.exists():
        file.write_text(HEADER, encoding="utf-8")
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    done = {
        (row["task"], row["recipe"], int(row["delay"]), int(row["seed"])) for row in csv.DictReader(lines)
    }
    for cell in tqdm([cell for cell in grid() if cell not in done]):
        task, recipe, delay, seed = cell
        run = long_range.learn_task(recipe, task, delay, seed, STEPS)
        with file.open("a", encoding="utf-8", newline="") as out:
            csv.writer(out, lineterminator="\n").writerow([*cell, f"{run.score:.3f}", run.steps])


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DELAY_CURVES)
