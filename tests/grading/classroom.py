"""A small assignment and submissions of it, for the tests of grading: its tasks are the instructor's own (--spec)."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

STEM = "04_trial"
ANSWERS = {
    "scaled": "def scaled(x, factor):\n    return x * factor\n",
    "running": "def running(x):\n    h = []\n    for x_t in x:\n        h.append(x_t + (h[-1] if h else 0))\n"
    "    return np.stack(h)\n",
    "largest": "def largest(x, offset):\n    scaled(x, 1.0)\n    return float(x.max()) + offset\n",
}
WHY = "Because each state is made from the one before it."
SECRET = "canary-in-the-reference"
TASKS = f'''
import numpy as np
from rnncourse.checks.task import Case, Mistake, Task

KEY = "{SECRET}"


def _cases(rng):
    return [Case((rng.normal(size=(4, 3)), 2.5)), Case((rng.normal(size=(2, 5)), -0.5))]


def _sequences(rng):
    return [Case((rng.normal(size=(5, 2, 3)),)), Case((rng.normal(size=(4, 1, 2)),))]


def task(name, reference, cases, mistakes, **more):
    return Task(name=name, title=name.title(), points=7, minutes=5, section="A section", reference=reference,
                cases=cases, mistakes=mistakes, hints=("one", "two", "three"), seconds=2.0, **more)


TASKS = (
    task("scaled", lambda x, factor: x * factor, _cases, (
        Mistake("added", lambda x, factor: x + factor, "You add where you should multiply by `factor`."),
        Mistake("divided", lambda x, factor: x / factor, "You divide where you should multiply."),
        Mistake("squared", lambda x, factor: x * factor**2, "You multiply twice."),
    )),
    task("running", lambda x: np.cumsum(x, axis=0), _sequences, (
        Mistake("along_features", lambda x: np.cumsum(x, axis=2), "You sum along the features."),
        Mistake("along_batch", lambda x: np.cumsum(x, axis=1), "You sum along the batch."),
        Mistake("mean", lambda x: np.cumsum(x, axis=0) / len(x), "You divide by the length."),
    ), forbidden=("numpy.cumsum", "numpy.add.accumulate", "torch.nn.LSTM")),
    task("largest", lambda x, offset: float(x.max()) + offset, _cases, (
        Mistake("smallest", lambda x, offset: float(x.min()) + offset, "That is the smallest."),
        Mistake("no_offset", lambda x, offset: float(x.max()), "The offset is missing."),
        Mistake("minus", lambda x, offset: float(x.max()) - offset, "The offset has the wrong sign."),
    )),
)
'''


def _cell(kind: str, name: str, source: str, **marks: Any) -> dict[str, Any]:
    whole = {
        "grade": False,
        "grade_id": name,
        "locked": False,
        "schema_version": 3,
        "solution": False,
        "task": False,
    }
    cell = {
        "cell_type": kind,
        "id": name.replace("_", "-"),
        "metadata": {"nbgrader": whole | marks},
        "source": source,
    }
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def notebook(**answers: str) -> dict[str, Any]:
    """Return a notebook with the right answers, but for those that are given."""
    code = {**ANSWERS, **answers}
    cells = [
        {"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# A trial"},
        _cell(
            "code",
            "setup",
            "import numpy as np\n\nfrom rnncourse.checks import check, hint, progress",
            locked=True,
        ),
        _cell("code", "given", "def given(x):\n    return 2 * x", locked=True),
    ]
    for name, points in (("scaled", 2), ("running", 3), ("largest", 4)):
        cells.append(_cell("code", name, code[name], solution=True))
        check = f'check("{name}", {name})'
        cells.append(_cell("code", f"{name}-check", check, grade=True, locked=True, points=points))
    cells.append(_cell("markdown", "why", code.get("why", WHY), solution=True, grade=True, points=3))
    cells.append(_cell("code", "why-check", 'check("why")  # to compare', locked=True))
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def changed(name: str, **fields: Any) -> dict[str, Any]:
    """Return a notebook of right answers in which the marks of one cell are changed."""
    whole = notebook()
    cell_of(whole, name)["metadata"]["nbgrader"].update(fields)
    return whole


def cell_of(whole: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the cell with that grade_id."""
    return next(c for c in whole["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name)


def without(name: str) -> dict[str, Any]:
    """Return a notebook of right answers in which one cell is deleted."""
    whole = notebook()
    whole["cells"].remove(cell_of(whole, name))
    return whole


def twice(name: str, second: str) -> dict[str, Any]:
    """Return a notebook in which one cell stands twice, the second time with another source."""
    whole = notebook()
    copied = copy.deepcopy(cell_of(whole, name))
    whole["cells"].append(copied | {"source": second})
    return whole


def write_spec(folder: Path) -> Path:
    """Write the master and its tasks into a folder, to be given as --spec."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{STEM}.ipynb").write_text(json.dumps(notebook()), encoding="utf-8")
    (folder / "tasks.py").write_text(TASKS, encoding="utf-8")
    return folder


def hand_in(folder: Path, student: str, what: dict[str, Any] | bytes) -> Path:
    """Write what a student hands in, a notebook or the bytes of a file; return the file."""
    path = folder / student / f"{STEM}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(what if isinstance(what, bytes) else json.dumps(what).encode())
    return path


def rows(gradebook: Path) -> list[dict[str, str]]:
    """Return the lines of a gradebook by column, without the seconds."""
    import csv

    with open(gradebook, encoding="utf-8", newline="") as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def running_with(marker: str) -> list[str]:
    """Return the command lines of all processes, sandboxed or not, that have to do with the folder `marker`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            mounts = (process / "mountinfo").read_text()
            state = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ours = "bwrap" in command or "worker.py" in command
        mine = state[0] == "Z" and state[1] == str(os.getpid())
        if (marker in mounts or (marker in command and ours)) or mine:
            found.append(f"{process.name} {state[0]} {command[:200]}")
    return found


def reason_without_sandbox() -> str | None:
    """Return why no sandbox can be had here, None where one works."""
    from rnncourse.grading.sandbox.bubblewrap import NoSandbox, find_sandbox, shared
    from rnncourse.grading.sandbox.limits import Limits
    from rnncourse.grading.sandbox.process import probe

    try:
        with shared() as common:
            find_sandbox(Limits(), common, probe)
    except NoSandbox as error:
        return str(error).splitlines()[0]
    return None


def require_sandbox() -> None:
    """Skip where bubblewrap itself cannot work; fail where it can, and the sandbox built from it does not."""
    if reason := reason_without_sandbox():
        (pytest.fail if _bubblewrap_works() else pytest.skip)(reason)


def _bubblewrap_works() -> bool:
    if sys.platform != "linux" or not all(map(shutil.which, ("bwrap", "prlimit"))):
        return False
    apart = ("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts")
    inside = ("--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp")
    return subprocess.run(["bwrap", *apart, *inside, "true"], capture_output=True).returncode == 0
