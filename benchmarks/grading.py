"""How long does a class of 500 take? Honest submissions of one assignment, right and wrong answers mixed.

    python benchmarks/grading.py                     500 students, assignment 03, as many workers as cores
    python benchmarks/grading.py --students 50 --assignment 04

Each student gets every answer of the master, but some of them wrong or not written, by a fixed random draw; the marks
that must come out are known beforehand, and every one is compared. Processor seconds, of the grader and all workers,
hardly depend on what else the machine does: divided by the workers at a time they are what an idle one takes at least.
Needs bubblewrap (docs/instructor_guide.md).
"""

from __future__ import annotations

import argparse
import ast
import csv
import json
import os
import platform
import random
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

from rnncourse.environment import checkout_above
from rnncourse.grading import run
from rnncourse.grading.handed_in.assignment import Assignment, load

TARGET = 150.0
SHARE_WRONG = 0.15


def spoilt(source: str, rng: random.Random) -> str:
    """Return an answer's cell with its function emptied: it returns None, or is not written yet."""
    [function] = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)][-1:]
    head = f"def {function.name}({ast.unparse(function.args)}):\n"
    return head + rng.choice(("    return None\n", "    raise NotImplementedError  # your lines go here\n"))


def needed(sources: dict[str, str], task: str) -> set[str]:
    """Return the tasks whose functions an answer calls, itself or through others, and its own."""
    trees = {name: ast.parse(source) for name, source in sources.items()}
    made = {
        node.name: name
        for name, tree in trees.items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }
    found, todo = set(), [task]
    while todo:
        if (one := todo.pop()) not in found:
            found.add(one)
            named = {node.id for node in ast.walk(trees[one]) if isinstance(node, ast.Name)}
            todo += [made[name] for name in named & made.keys()]
    return found


def expected(assignment: Assignment, sources: dict[str, str], wrong: set[str]) -> dict[str, float]:
    """Return the points by task: none for a wrong answer and for those that call it."""
    return {
        item.name: 0.0 if needed(sources, item.name) & wrong else item.points
        for item in assignment.code_items
    }


def write_class(
    folder: Path, assignment: Assignment, master: dict[str, Any], students: int
) -> dict[tuple, float]:
    """Write the submissions; return the points that each must get."""
    rng, points = random.Random(0), {}
    for number in range(students):
        name, notebook = f"student{number:03}", json.loads(json.dumps(master))
        sources = {item.name: item.model for item in assignment.code_items}
        wrong = {task for task in sources if rng.random() < SHARE_WRONG}
        sources |= {task: spoilt(sources[task], rng) for task in wrong}
        for cell in notebook["cells"]:
            task = cell.get("metadata", {}).get("nbgrader", {}).get("grade_id")
            if task in sources:
                cell["source"] = sources[task]
        path = folder / name / f"{assignment.stem}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(notebook), encoding="utf-8")
        points |= {(name, task): p for task, p in expected(assignment, sources, wrong).items()}
    return points


def processor() -> float:
    """Return the processor seconds of this process and of all that it has started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=500)
    parser.add_argument("--assignment", default="03")
    parser.add_argument("--jobs", type=int, default=0)
    asked = parser.parse_args()
    assignment = load(asked.assignment)
    root = checkout_above(Path.cwd())
    master = json.loads((root / "solutions" / f"{assignment.stem}.ipynb").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        points = write_class(folder / "class", assignment, master, asked.students)
        began, used = time.perf_counter(), processor()
        run.grade(run.Request(folder / "class", asked.assignment, folder / "out", jobs=asked.jobs))
        seconds, used = time.perf_counter() - began, processor() - used
        with open(folder / "out" / "gradebook.csv", encoding="utf-8", newline="") as file:
            found = {(row["student"], row["task"]): row["points"] for row in csv.DictReader(file)}
    off = [key for key, want in points.items() if float(found[key] or -1) != want]
    target = TARGET * asked.students / 500
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print("| assignment | students | marks | as expected | seconds | a student | processor | target |")
    print("|:--|--:|--:|--:|--:|--:|--:|--:|")
    print(
        f"| {assignment.stem} | {asked.students} | {len(points)} | {len(points) - len(off)} | {seconds:.0f} "
        f"| {seconds / asked.students:.2f} | {used:.0f} | {target:.0f} |"
    )
    for key in off[:10]:
        print(f"not as expected: {key}, {found[key]} instead of {points[key]:g}")


if __name__ == "__main__":
    main()
