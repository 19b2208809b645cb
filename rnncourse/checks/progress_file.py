"""What the learner has done so far: one small file of their own, on this computer only.

It lies in ~/.rnncourse/progress.json; the variable RNNCOURSE_PROGRESS names another place, and an empty value
keeps none, which is how the course's own notebooks are run. Checks made in the folder solutions/ do not count.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnncourse import learner_file, predictions
from rnncourse.checks import registry
from rnncourse.checks.task import Task
from rnncourse.files import write_whole
from rnncourse.learner_file import VARIABLE, exactly

__all__ = ["VARIABLE", "Kept", "file", "line", "load", "record", "remember_written", "share", "table"]


@dataclass
class Kept:
    """By task: {"right": bool, "checks": int, "hints": int}, and "written" for an answer in words.

    said: what went wrong with the file, for the learner.

    known: False where there is a file that could not be read, so that `tasks` says nothing about what is in it.
    """

    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    said: str = ""
    known: bool = True

    def right(self, name: str) -> bool:
        """Say whether the task was solved at some time."""
        return bool(self.tasks.get(name, {}).get("right"))

    def written(self, name: str) -> bool:
        """Say whether there has been an answer to a task that a person reads."""
        return bool(self.tasks.get(name, {}).get("written"))


def file() -> Path | None:
    """Return where the progress is kept; None where it is not."""
    return learner_file.path()


def load() -> Kept:
    """Return what is kept. A file that cannot be understood is put aside, never overwritten, and that is said.

    One that cannot be read at all, as while another program holds it, stays as it is.
    """
    path = file()
    if path is None:
        return Kept()
    try:
        return Kept(learner_file.read(path, _understood) or {})
    except learner_file.PutAside as damaged:
        return Kept(
            said=f"The progress file was damaged. It is kept as {damaged.name}, and a new one is started."
        )
    except OSError:
        said = f"Your progress is not saved this time: {path.name} cannot be read right now. Its content is unchanged."
        return Kept(said=said, known=False)


def record(task: Task, *, right: bool = False, hint: bool = False) -> str:
    """Remember a check or a hint; return what to tell the learner, mostly nothing. Once right, a task stays right."""
    path = file()
    if path is None or Path.cwd().name == "solutions":
        return ""
    kept = load()
    if not kept.known:  # what would be written holds nothing of what was kept so far
        return kept.said
    entry = kept.tasks.setdefault(task.name, _nothing())
    entry["right"] = entry["right"] or right
    entry["hints" if hint else "checks"] += 1
    return _write(path, kept)


def remember_written(names: Collection[str]) -> str:
    """Remember that these answers in words are there; return what to tell the learner, mostly nothing.

    Once written, an answer counts, whatever becomes of it.
    """
    path, kept = file(), load()
    new = [name for name in sorted(names) if not kept.written(name)]
    if path is None or not kept.known or not new or Path.cwd().name == "solutions":
        return kept.said
    for name in new:
        kept.tasks.setdefault(name, _nothing())["written"] = True
    return _write(path, kept)


def _nothing() -> dict[str, Any]:
    return {"right": False, "checks": 0, "hints": 0}


def _write(path: Path, kept: Kept) -> str:
    """Write the file; return what to tell the learner."""
    try:
        learner_file.write(path, {"tasks": kept.tasks})
    except OSError:
        unwritten = f"Your progress is not saved: {path.name} cannot be written."
        return " ".join(filter(None, [kept.said, unwritten]))
    return kept.said


def line(tasks: Sequence[Task], kept: Kept) -> str:
    """Return in one line how many tasks are right and the points they brought, and how many texts are written.

    A text is read by a person, who alone knows its points.
    """
    checked = [task for task in tasks if task.checked]
    right = [task for task in checked if kept.right(task.name)]
    points, possible = (sum(task.points for task in some) for some in (right, checked))
    done = f"{len(right)} of {len(checked)} tasks right, {points} of {possible} points"
    texts = [task for task in tasks if not task.checked]
    written = sum(kept.written(task.name) for task in texts)
    noun = "text" if len(texts) == 1 else "texts"
    return f"{done}; {written} of {len(texts)} {noun} written" if texts else done


def table(kept: Kept) -> str:
    """Return the progress of all chapters, a line each and one for the whole."""
    rows = [(f"chapter {number:02}", line(registry.tasks(number), kept)) for number in registry.chapters()]
    rows.append(("all", line(registry.tasks(), kept)))
    return "\n".join(f"{name:<12}{said}" for name, said in rows)


def share(folder: Path, kept: Kept, predicted: predictions.Kept, seed: str) -> Path:
    """Put tasks and predictions into `folder` and return the file; OSError where that fails.

    Nothing in the file, its name included, tells whose it is; the same learner's next one takes its place. seed: what
    the learner's options are shuffled by.
    """
    name = (
        hashlib.sha256(f"shared progress {seed}".encode()).hexdigest()[:16] if seed else secrets.token_hex(8)
    )
    told = {key: {"right": one["right"], "sure": one["sure"]} for key, one in predicted.answers.items()}
    file = folder / f"{name}.json"
    write_whole(file, json.dumps({"tasks": kept.tasks, "predictions": told}, sort_keys=True).encode())
    return file


def _understood(stored: dict) -> dict[str, dict[str, Any]]:
    """Return the tasks of a file's content; any other shape raises."""
    return {
        str(name): {
            "right": exactly(bool, entry["right"]),
            "checks": exactly(int, entry["checks"]),
            "hints": exactly(int, entry["hints"]),
        }
        | ({"written": exactly(bool, entry["written"])} if "written" in entry else {})
        for name, entry in stored["tasks"].items()
    }
