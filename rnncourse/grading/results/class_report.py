"""A page for the next lecture from graded assignments: what is stuck, why, and what to take up. Nobody is named.

Learners who want to can add what they did on their own: a file without a name, see `rnncourse.grading.results.shared`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnncourse.errors import InputError
from rnncourse.grading.results.layout import html_table, safe, whole_page
from rnncourse.grading.results.results import StudentResult, TaskResult, from_record
from rnncourse.grading.results.shared import Practice
from rnncourse.markup import rich_text

STUCK = 0.5
"""A task is stuck if no more than this share of those who tried have solved it."""

DOMINATES = 1 / 3
"""A mistake dominates if at least this share of those who have not solved the task make it."""

TOPICS = 3


@dataclass(frozen=True)
class TaskReport:
    """How a task went. tried: how many answered it. solved: how many have all points. named: mistakes, most first.

    A named mistake is (name, how many made it, what `check` says about it); others carry no message and are not here.
    """

    assignment: str
    title: str
    tried: int
    solved: int
    named: tuple[tuple[str, int, str], ...]

    @property
    def open(self) -> int:
        """How many tried and have not solved it."""
        return self.tried - self.solved

    @property
    def stuck(self) -> bool:
        """Whether it is to be talked about."""
        return self.tried > 0 and self.solved <= STUCK * self.tried

    @property
    def dominant(self) -> tuple[str, int, str] | None:
        """The mistake that explains many of the wrong answers, None if they differ."""
        first = self.named[0] if self.named else None
        return first if first and first[1] >= DOMINATES * self.open and first[1] > 1 else None


def read(folder: Path) -> tuple[str, list[TaskReport]]:
    """Return the name of the assignment whose results are in `folder`, and how its tasks went.

    Raises InputError where `rnncourse grade` has written nothing there.
    """
    try:
        log = json.loads((folder / "log.json").read_text(encoding="utf-8"))
        results = [from_record(record) for record in log["results"]]
        said = {(one["task"], one["mistake"]): str(one["message"]) for one in log["mistakes"]}
        return str(log["assignment"]), _tasks(str(log["assignment"]), results, said)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"results must be folders that rnncourse grade has written, but {folder} has no log.json of this version"
        ) from error


def _tasks(
    assignment: str, results: Sequence[StudentResult], said: Mapping[tuple[str, str], str]
) -> list[TaskReport]:
    """Return the tasks in the order of the notebook; answers that a person has still to read do not count."""
    by_task: dict[str, list[TaskResult]] = {}
    for result in results:
        for task in result.tasks:
            by_task.setdefault(task.task, []).append(task)
    return [_task(assignment, tasks, said) for tasks in by_task.values()]


def _task(assignment: str, tasks: Sequence[TaskResult], said: Mapping[tuple[str, str], str]) -> TaskReport:
    tried = [
        task for task in tasks if task.points is not None and task.status not in ("missing", "unreadable")
    ]
    wrong = [task for task in tried if task.points != task.possible]
    counts = Counter(task.mistake for task in wrong if said.get((task.task, task.mistake)))
    named = tuple((name, n, said[tasks[0].task, name]) for name, n in counts.most_common())
    return TaskReport(assignment, tasks[0].title, len(tried), len(tried) - len(wrong), named)


def topics(tasks: Sequence[TaskReport]) -> list[TaskReport]:
    """Return the tasks to take up, those first that most learners have tried and not solved."""
    stuck = [task for task in tasks if task.stuck]
    return sorted(stuck, key=lambda task: -task.open)[:TOPICS]


def report(graded: Sequence[tuple[str, Sequence[TaskReport]]], practice: Practice | None = None) -> str:
    """Return the page."""
    tasks = [task for _, some in graded for task in some]
    body = ["<h1>How the class is doing</h1>", _next_lecture(topics(tasks))]
    for assignment, some in graded:
        body.append(f"<h2>{safe(assignment)}</h2>{_table_of_tasks(some)}{_table_of_mistakes(some)}")
    if practice is not None:
        body.append(_practice(practice))
    return whole_page("How the class is doing", "".join(body))


def _next_lecture(chosen: Sequence[TaskReport]) -> str:
    if not chosen:
        return "<h2>Next lecture</h2><p>No task is stuck: more than half of those who tried have solved each one.</p>"
    items = "".join(f"<li>{_topic(task)}</li>" for task in chosen)
    return f"<h2>Next lecture</h2><ol>{items}</ol>"


def _topic(task: TaskReport) -> str:
    where = f"<strong>{safe(task.title)}</strong> ({safe(task.assignment)})"
    unsolved = f"{where}: {task.open} of {task.tried} have not solved it."
    if task.dominant:
        _, n, message = task.dominant
        return f"{unsolved} {n} of them make the same mistake: {rich_text(message)}"
    if task.named:
        return f"{unsolved} Their mistakes differ; the most frequent is made by {task.named[0][1]}."
    return f"{unsolved} None of the usual mistakes explains their answers; look at a few of them."


def _table_of_tasks(tasks: Sequence[TaskReport]) -> str:
    rows = [
        f"<tr><th scope='row'>{safe(task.title)}</th><td class='number'>{task.tried}</td>"
        f"<td class='number'>{task.solved}</td><td>{'stuck' if task.stuck else ''}</td></tr>"
        for task in tasks
    ]
    return html_table(("task", "#tried", "#solved", ""), rows)


def _table_of_mistakes(tasks: Sequence[TaskReport]) -> str:
    found = [(n, task.title, name, said) for task in tasks for name, n, said in task.named]
    rows = [
        f"<tr><td class='number'>{n}</td><td>{safe(title)}</td><td><code>{safe(name)}</code></td>"
        f"<td>{rich_text(said)}</td></tr>"
        for n, title, name, said in sorted(found, key=lambda one: -one[0])[:10]
    ]
    heads = ("#learners", "task", "mistake", "what check says")
    return f"<h3>Named mistakes</h3>{html_table(heads, rows)}" if rows else ""


def _practice(practice: Practice) -> str:
    """Return what those who share their progress have tried on their own."""
    tried = [
        f"<tr><th scope='row'>{safe(one.title)}</th><td class='number'>{one.tried}</td>"
        f"<td class='number'>{one.solved}</td><td class='number'>{one.hints}</td></tr>"
        for one in practice.tasks
    ]
    wrong = [
        f"<tr><td>{rich_text(one.question)}</td><td class='number'>{one.wrong} of {one.answered}</td>"
        f"<td class='number'>{one.certain}</td></tr>"
        for one in practice.predictions
    ]
    parts = [f"<h2>On their own</h2><p>{practice.learners} learners share what they have done.</p>"]
    if tried:
        parts.append(html_table(("task", "#tried", "#solved", "#hints"), tried))
    if wrong:
        heads = ("prediction", "#wrong", "#wrong and certain")
        parts.append(f"<h3>Predictions that were wrong most often</h3>{html_table(heads, wrong)}")
    return "".join(parts)


def as_json(graded: Sequence[tuple[str, Sequence[TaskReport]]]) -> dict[str, Any]:
    """Return the same for machines."""
    tasks = [task for _, some in graded for task in some]
    return {
        "next_lecture": [task.title for task in topics(tasks)],
        "tasks": [
            {
                "assignment": task.assignment,
                "title": task.title,
                "tried": task.tried,
                "solved": task.solved,
                "stuck": task.stuck,
                "mistakes": {name: n for name, n, _ in task.named},
            }
            for task in tasks
        ],
    }
