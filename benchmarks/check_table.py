"""How well `check` knows wrong answers: a table with one row per chapter, printed as Markdown.

    python benchmarks/check_table.py [CHAPTER ...]

Wrong answers are the named mistakes of the banks and some mutants of the model answers, each with one thing changed.
accepted: right in at least one of forty draws of the inputs. false: a mistake that is called by the name of another,
or a right answer that is rejected. named: the name of a
mistake. pointed at: a finding about the values, the shape or the arguments, or Python's own error with its line.
general: nothing but "its values are wrong". unnamed: how many of the named mistakes would still be pointed at if
they had no names. Latency is that of one verdict, in milliseconds: of the processor, which is what it takes on a core
that does nothing else, and by the clock of this machine as busy as it was. A mutant is often pointed at because `check`
compares with the same changes of the model answer; the column "unnamed" owes nothing to that.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from checks import equivalents, mutants  # noqa: E402
from checks.variants import all_variants  # noqa: E402

from rnncourse.checks import examine, registry  # noqa: E402
from rnncourse.checks.task import Task  # noqa: E402
from rnncourse.checks.verdict import Verdict  # noqa: E402

COLUMNS = ("mistakes", "mutants", "accepted", "false", "named", "pointed at", "general")

LATENCY = ("median ms", "95 % ms", "median by the clock", "95 % by the clock")

MUTANTS = 40
"""At most so many mutants of each task are judged; the tests run them all."""


@dataclass
class Row:
    """The counts of one chapter, the milliseconds of its verdicts, and what a developer wants to look at."""

    counts: Counter = field(default_factory=Counter)
    milliseconds: list[tuple[float, float]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def __add__(self, other: Row) -> Row:
        return Row(
            self.counts + other.counts,
            self.milliseconds + other.milliseconds,
            self.remarks + other.remarks,
        )

    def cells(self) -> list[str]:
        """Return the row's cells as text."""
        shown = [str(self.counts[name]) for name in COLUMNS[:4]]
        known = sum(self.counts[name] for name in COLUMNS[4:]) or 1
        shown += [f"{100 * self.counts[name] / known:.0f} %" for name in COLUMNS[4:]]
        times = np.array(self.milliseconds or [(np.nan, np.nan)])
        shown.append(f"{100 * self.counts['unnamed'] / (self.counts['mistakes'] or 1):.0f} %")
        return [*shown, *(f"{np.quantile(one, q):.0f}" for one in times.T for q in (0.5, 0.95))]


def judged(task: Task, answer: Callable, row: Row) -> Verdict:
    """Return the verdict on one answer and keep how long it took."""
    used, start = time.thread_time(), time.perf_counter()
    verdict = examine(replace(task, forbidden=()), answer, np.random.default_rng(7))
    row.milliseconds.append((1000 * (time.thread_time() - used), 1000 * (time.perf_counter() - start)))
    return verdict


def of_task(task: Task, ways: tuple[Callable, ...]) -> Row:
    """Return the counts of one task."""
    row = Row()
    for mistake in task.mistakes:
        row.counts["mistakes"] += 1
        verdict = _counted(task, mistake.name, mistake.answer, row)
        if verdict.mistake != mistake.name:
            _false(row, f"{task.name}: {mistake.name} is called {verdict.mistake}")
        nameless = judged(replace(task, mistakes=()), mistake.answer, Row())
        row.counts["unnamed"] += nameless.mistake != "values"
        if nameless.mistake == "values":
            row.remarks.append(f"without names: {task.name}: {mistake.name}")
    wrong = [one for one in mutants.mutants(task) if not equivalents.reason(task.name, one.change)]
    for mutant in wrong[:: len(wrong) // MUTANTS + 1]:
        row.counts["mutants"] += 1
        _counted(task, mutant.change, mutant.answer, row, mutant.may_be_right)
    for way in (task.reference, *ways):
        verdict = judged(task, way, Row())
        if verdict.status != "right":
            _false(row, f"{task.name}: {way.__name__} is right, but: {verdict.details[0]}")
    return row


def _counted(task: Task, name: str, answer: Callable, row: Row, may_be_right: bool = False) -> Verdict:
    times, verdict = mutants.passes(task, answer), judged(task, answer, row)
    if times > (mutants.DRAWS - 1 if may_be_right else 0):
        row.counts["accepted"] += 1
        row.remarks.append(f"accepted in {times} of {mutants.DRAWS}: {task.name}: {name}")
    elif verdict.status != "right":
        kind = _kind(task, verdict)
        row.counts[kind] += 1
        if kind == "general":
            row.remarks.append(f"general: {task.name}: {name}")
    return verdict


def _kind(task: Task, verdict: Verdict) -> str:
    if verdict.mistake in {mistake.name for mistake in task.mistakes}:
        return "named"
    return "general" if verdict.mistake == "values" else "pointed at"


def _false(row: Row, remark: str) -> None:
    row.counts["false"] += 1
    row.remarks.append(f"false: {remark}")


def main(chapters: list[str]) -> None:
    """Print the table, and below it every answer that was accepted, judged falsely or only in general."""
    variants, rows = all_variants(), {}
    for number in map(int, chapters) if chapters else registry.chapters():
        checked = [task for task in registry.tasks(number) if task.checked]
        rows[f"{number:02}"] = sum((of_task(t, variants.get(t.name, ())) for t in checked), Row())
    rows["all"] = sum(rows.values(), Row())
    print("| chapter |", " | ".join((*COLUMNS, "unnamed", *LATENCY)), "|")
    print("|:--|" + "--:|" * (len(COLUMNS) + 1 + len(LATENCY)))
    for name, row in rows.items():
        print("|", " | ".join((name, *row.cells())), "|")
    print("", *sorted(rows["all"].remarks), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
