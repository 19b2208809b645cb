"""Pages for students and for the lecture: one file each, no script, nothing fetched, everything escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rnncourse.grading.handed_in.assignment import Assignment
from rnncourse.grading.results.layout import html_table, safe, whole_page
from rnncourse.grading.results.results import STATUSES, StudentResult, TaskResult
from rnncourse.grading.tables import number
from rnncourse.grading.untrusted_text import shown
from rnncourse.markup import Card, rich_text


def feedback_page(result: StudentResult, assignment: Assignment) -> str:
    """Return the page that goes back to a student: each task's points, the reason, and the student's own answer."""
    so_far = " so far" if result.waiting else ""
    total = f"<p class='total'><strong>{number(result.points)} of {number(result.possible)} points{so_far}</strong></p>"
    notes = "".join(f"<p class='note'>{safe(note)}</p>" for note in result.notes)
    rows = [
        f"<tr><td><a href='#{safe(task.task)}'>{safe(task.title)}</a></td>"
        f"<td class='number'>{number(task.points) or '–'} / {number(task.possible)}</td><td>{_word(task)}</td></tr>"
        for task in result.tasks
    ]
    table = html_table(("task", "#points", "result"), rows)
    file = f"<p>Graded from <code>{safe(result.file)}</code>.</p>" if result.file else ""
    body = f"<h1>{safe(result.student)}</h1>{total}{file}{notes}{table}{''.join(map(_task, result.tasks))}"
    return whole_page(f"{assignment.stem}: {result.student}", f"<p>{safe(assignment.stem)}</p>{body}")


def class_page(results: Sequence[StudentResult], assignment: Assignment) -> str:
    """Return the page for the next lecture, on which nobody is named: points, tasks, and the mistakes made most."""
    handed_in = [r for r in results if any(task.status != "missing" or task.code for task in r.tasks)]
    body = (
        f"<h1>{safe(assignment.stem)}: how it went</h1>"
        f"<p>{len(results)} students, {len(handed_in)} of whom handed something in.</p>"
        f"{_distribution(handed_in, assignment)}{_tasks_table(handed_in, assignment)}"
        f"{_mistakes(handed_in, assignment)}{_statuses(results)}{_oddities(handed_in)}"
    )
    return whole_page(f"{assignment.stem}: the class", body)


def reading_page(results: Sequence[StudentResult], assignment: Assignment) -> str:
    """Return the page for those who give points by hand: task by task the rubric and every answer."""
    parts = [f"<h1>{safe(assignment.stem)}: answers to be read</h1>"]
    for item in assignment.items:
        if item.kind != "explanation":
            continue
        parts.append(f"<h2>{safe(item.title)} ({number(item.points)} points)</h2>")
        parts.append(
            f"<details><summary>Model answer and rubric</summary><pre>{safe(item.model)}</pre></details>"
        )
        for result in results:
            for task in result.tasks:
                if task.task == item.name and task.code:
                    given = f", {number(task.points)} points" if task.points is not None else ""
                    parts.append(f"<h3>{safe(result.student)}{given}</h3><pre>{safe(task.code)}</pre>")
    return whole_page(f"{assignment.stem}: answers to be read", "".join(parts))


def common_mistakes(results: Sequence[StudentResult]) -> list[tuple[str, str, int]]:
    """Return task, name and count of what went wrong, the most frequent first."""
    counts = Counter(
        (task.task, task.mistake)
        for result in results
        for task in result.tasks
        if task.mistake and task.points != task.possible
    )
    return [(task, name, n) for (task, name), n in sorted(counts.items(), key=lambda kv: (-kv[1], kv[0]))]


def _task(task: TaskResult) -> str:
    points = f"{number(task.points) or '–'} of {number(task.possible)} points"
    verdict = "right" if task.points == task.possible else "note" if task.points is None else "wrong"
    card = Card(verdict, f"{shown(task.headline)} {points}", tuple(map(shown, task.details))).html()
    notes = "".join(f"<p class='note'>{safe(note)}</p>" for note in task.notes)
    code = f"<p>Your answer:</p><pre>{safe(task.code)}</pre>" if task.code.strip() else ""
    title = f"{safe(task.title)} <small><code>{safe(task.task)}</code></small>"
    return f"<section id='{safe(task.task)}'><h2>{title}</h2>{card}{notes}{code}</section>"


def _word(task: TaskResult) -> str:
    """Return the result of a task in a word or two."""
    if task.points is None:
        return "to be read"
    if task.status == "graded" and task.points == task.possible:
        return "right"
    return "not yet" if task.status == "graded" else task.status


def _distribution(results: Sequence[StudentResult], assignment: Assignment) -> str:
    """Return a picture of how many students have how many points, with the same numbers as text."""
    if not results:
        return ""
    total = assignment.total or 1
    counts = Counter(min(9, int(10 * result.points / total)) for result in results)
    most = max(counts.values())
    bars, said = [], []
    for k in range(10):
        n, height = counts[k], 150 * counts[k] / most
        x = 40 + 60 * k
        bars.append(f"<rect x='{x}' y='{170 - height:.1f}' width='50' height='{height:.1f}' fill='#0072b2'/>")
        bars.append(f"<text x='{x + 25}' y='{164 - height:.1f}' text-anchor='middle'>{n or ''}</text>")
        bars.append(f"<text x='{x + 25}' y='188' text-anchor='middle'>{10 * k}–{10 * k + 10}</text>")
        if n:
            said.append(f"{n} with {10 * k} to {10 * k + 10} %")
    points = sorted(result.points for result in results)
    middle = (points[(len(points) - 1) // 2] + points[len(points) // 2]) / 2
    caption = (
        f"Students by points in percent of {number(assignment.total)}. Half have {number(middle)} or more; "
        f"the mean is {sum(points) / len(points):.1f}."
    )
    waiting = " Points by hand are still to come." if any(result.waiting for result in results) else ""
    svg = (
        f"<svg viewBox='0 0 660 200' role='img' aria-label='{safe('; '.join(said))}' width='660' "
        f"style='max-width: 100%' font-size='13' fill='currentColor'>{''.join(bars)}"
        "<line x1='36' y1='170' x2='640' y2='170' stroke='currentColor'/></svg>"
    )
    return f"<h2>Points</h2><figure>{svg}<figcaption>{caption}{waiting}</figcaption></figure>"


def _tasks_table(results: Sequence[StudentResult], assignment: Assignment) -> str:
    rows = []
    for item in assignment.items:
        tasks = [task for result in results for task in result.tasks if task.task == item.name]
        given = [task for task in tasks if task.points is not None]
        right = sum(task.points == task.possible for task in given)
        share = f"{100 * right / len(given):.0f} %" if given else "–"
        mean = f"{sum(task.points for task in given) / len(given):.1f}" if given else "–"
        cells = f"<td class='number'>{mean} / {number(item.points)}</td><td class='number'>{share}</td>"
        rows.append(f"<tr><th scope='row'>{safe(item.title)}</th>{cells}</tr>")
    return f"<h2>Tasks</h2>{html_table(('task', '#mean points', '#all points'), rows)}"


def _mistakes(results: Sequence[StudentResult], assignment: Assignment) -> str:
    """Return the mistakes made most, those with a name first, each with what `check` says about it."""
    found = [
        (task, name, n, said_by_check(assignment, task, name)) for task, name, n in common_mistakes(results)
    ]
    named = [
        f"<tr><td class='number'>{n}</td><td>{safe(_title(assignment, task))}</td>"
        f"<td><code>{safe(name)}</code></td><td>{rich_text(message)}</td></tr>"
        for task, name, n, message in found
        if message
    ]
    others = [
        f"<tr><td class='number'>{n}</td><td>{safe(_title(assignment, task))}</td><td>{safe(name)}</td></tr>"
        for task, name, n, message in found
        if not message
    ]
    table = (
        html_table(("#students", "task", "mistake", "what check says"), named[:10])
        if named
        else "<p>None.</p>"
    )
    rest = f"<h2>Also found</h2>{html_table(('#students', 'task', 'finding'), others[:10])}" if others else ""
    return f"<h2>Most frequent mistakes</h2>{table}{rest}"


def _title(assignment: Assignment, task: str) -> str:
    item = assignment.item(task)
    return item.title if item else task


def said_by_check(assignment: Assignment, task: str, name: str) -> str:
    """Return the message of a named mistake: of the task's own, never text that came from a student."""
    item = assignment.item(task)
    known = item.task.mistakes if item and item.task else ()
    return next((mistake.message for mistake in known if mistake.name == name), "")


def _statuses(results: Sequence[StudentResult]) -> str:
    counts = statuses(results)
    rows = [
        f"<tr><th scope='row'>{status}</th><td class='number'>{counts[status]}</td></tr>"
        for status in STATUSES
        if counts[status]
    ]
    return f"<h2>Answers by status</h2>{html_table(('status', '#answers'), rows)}"


def oddities(results: Sequence[StudentResult]) -> list[tuple[str, int]]:
    """Return what happened to notebooks, and to how many of them."""
    return sorted(Counter(oddity for result in results for oddity in result.oddities).items())


def _oddities(results: Sequence[StudentResult]) -> str:
    rows = [
        f"<tr><td class='number'>{n} of {len(results)}</td><td>{safe(oddity)}</td></tr>"
        for oddity, n in oddities(results)
    ]
    return f"<h2>About the notebooks</h2>{html_table(('#notebooks', 'what happened'), rows)}" if rows else ""


def statuses(results: Sequence[StudentResult]) -> Mapping[str, int]:
    """Return how many answers have each status."""
    return Counter(task.status for result in results for task in result.tasks)
