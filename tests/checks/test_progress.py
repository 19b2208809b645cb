"""The progress file, hints, and what check, hint and progress show."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from checks.examples import ZIGZAG, zigzag
from typer.testing import CliRunner

from rnncourse import checks
from rnncourse.checks import hints, progress_file, registry, written
from rnncourse.checks.bank import statements
from rnncourse.checks.judging import ReferenceFailed
from rnncourse.checks.task import Case, Mistake, Task
from rnncourse.checks.verdict import Verdict
from rnncourse.cli import app
from rnncourse.environment import REPRODUCIBLE
from rnncourse.errors import InputError

ESSAY = Task(
    name="essay",
    title="In words",
    points=3,
    minutes=5,
    section="None",
    kind="explanation",
    answer="Because `a < b`. So it is.",
    criteria=("The cause.", "The cure."),
)


@pytest.fixture
def bank(monkeypatch):
    """A course of one chapter with two tasks."""
    monkeypatch.setattr(statements, "statements", lambda: {3: {"zigzag": {}, "essay": {}}})
    monkeypatch.setattr(registry, "_bank", lambda number: (ZIGZAG, ESSAY))
    hints.forget()


@pytest.fixture
def file(monkeypatch, tmp_path) -> Path:
    path = tmp_path / "home" / "progress.json"
    monkeypatch.setenv(progress_file.VARIABLE, str(path))
    return path


@pytest.fixture
def shown(monkeypatch, bank) -> list[dict]:
    """What was displayed, as (plain text, HTML)."""
    import IPython.display

    found = []
    monkeypatch.setattr(
        IPython.display, "display", lambda data, raw: found.append((data["text/plain"], data["text/html"]))
    )
    return found


def stored(file: Path) -> dict:
    return json.loads(file.read_text(encoding="utf-8"))["tasks"]


def test_a_right_answer_is_remembered(file, shown):
    checks.check("zigzag", zigzag)
    assert shown[0][0] == (
        "zigzag: Right. 2 of 2 points.\nIt may be done without a loop.\nChapter 03: 1 of 1 tasks right, 2 of 2 points; "
        "0 of 1 text written."
    )
    assert stored(file) == {"zigzag": {"right": True, "checks": 1, "hints": 0}}


def no_home(*_):
    raise RuntimeError("Could not determine home directory.")


@pytest.mark.parametrize("named", [None, "~nobody-at-all/progress.json"])
def test_an_account_without_a_home_keeps_no_progress(shown, monkeypatch, named):
    monkeypatch.delenv(progress_file.VARIABLE, raising=False)
    if named:
        monkeypatch.setenv(progress_file.VARIABLE, named)
    monkeypatch.setattr(Path, "home", no_home)
    checks.check("zigzag", zigzag)
    assert progress_file.file() is None
    assert shown[0][0] == "zigzag: Right. 2 of 2 points.\nIt may be done without a loop."


def test_once_right_a_task_stays_right(file, shown):
    checks.check("zigzag", zigzag)
    checks.check("zigzag", lambda x, start: None)
    assert stored(file) == {"zigzag": {"right": True, "checks": 2, "hints": 0}}
    assert shown[1][0].startswith("zigzag: Not yet.")
    assert shown[1][0].endswith('Stuck? Open the hints below, or run hint("zigzag") in a cell of its own.')


def test_what_is_not_written_is_no_attempt(file, shown):
    def stub(x, start):
        raise NotImplementedError

    checks.check("zigzag", stub)
    assert shown[0][0].startswith("zigzag: Not written yet.") and not file.exists()


def test_without_a_file_nothing_is_kept_and_the_verdict_is_the_same_every_time(monkeypatch, shown, tmp_path):
    monkeypatch.setenv(progress_file.VARIABLE, "")
    monkeypatch.setenv("HOME", str(tmp_path))
    for _ in range(2):
        checks.check("zigzag", zigzag)
    assert shown[0] == shown[1] and "Chapter" not in shown[0][0]
    assert list(tmp_path.iterdir()) == []
    assert REPRODUCIBLE[progress_file.VARIABLE] == ""


def test_the_solutions_do_not_count(file, shown, monkeypatch, tmp_path):
    (tmp_path / "solutions").mkdir()
    monkeypatch.chdir(tmp_path / "solutions")
    checks.check("zigzag", zigzag)
    assert not file.exists()


def test_the_file_lies_at_home_by_default(monkeypatch, tmp_path):
    monkeypatch.delenv(progress_file.VARIABLE, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert progress_file.file() == tmp_path / ".rnncourse" / "progress.json"


DAMAGED = [
    "",
    "{",
    "[]",
    '{"tasks": 3}',
    '{"tasks": {"zigzag": {"right": "yes"}}}',
    "\x00\x01",
    '{"version": 1}',
]


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_file_is_kept_aside_and_that_is_said(file, shown, text):
    file.parent.mkdir()
    for number in (1, 2):
        file.write_text(text, encoding="utf-8")
        checks.check("zigzag", zigzag)
        assert file.with_name(f"progress.damaged-{number}.json").read_text(encoding="utf-8") == text
        assert f"It is kept as progress.damaged-{number}.json, and a new one is started." in shown[-1][0]
        assert stored(file)["zigzag"]["right"]


def test_a_file_in_another_encoding_is_kept_aside(file, bank):
    file.parent.mkdir()
    file.write_bytes(b"\xff\xfe{")
    assert "damaged-1" in progress_file.load().said
    assert file.with_name("progress.damaged-1.json").read_bytes() == b"\xff\xfe{"


def test_a_write_that_fails_leaves_the_old_file_and_is_said(file, shown, monkeypatch):
    checks.check("zigzag", zigzag)
    before = file.read_bytes()

    def no(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", no)
    checks.check("zigzag", lambda x, start: None)
    assert "Your progress is not saved" in shown[-1][0]
    assert file.read_bytes() == before and [path.name for path in file.parent.iterdir()] == ["progress.json"]


@pytest.fixture
def held(file, shown, monkeypatch) -> bytes:
    """What is in the progress file, with a task solved, while another program does not let it be read."""
    progress_file.record(replace(ZIGZAG, name="earlier"), right=True)
    before = file.read_bytes()

    def no(*_):
        raise PermissionError("the file is used by another process")

    monkeypatch.setattr(Path, "read_bytes", no)
    return before


def test_a_file_that_cannot_be_read_for_once_is_not_written_over(file, shown, held):
    checks.check("zigzag", zigzag)
    checks.hint("zigzag")
    with open(file, "rb") as there:
        assert there.read() == held
    assert [path.name for path in file.parent.iterdir()] == ["progress.json"]
    for text, _ in shown:
        assert (
            "not saved this time: progress.json cannot be read right now. Its content is unchanged." in text
        )
        assert "tasks right" not in text, "nobody knows how many"


def test_what_cannot_be_read_is_not_shown_as_nothing_solved(file, shown, held):
    checks.progress(3)
    assert "cannot be read right now" in shown[0][0] and "0 of" not in shown[0][0]
    done = CliRunner().invoke(app, ["progress"])
    assert (done.exit_code, done.stdout) == (1, "") and "cannot be read right now" in done.stderr


def test_a_damaged_file_that_cannot_be_put_aside_is_not_written_over(file, shown, monkeypatch):
    file.parent.mkdir()
    file.write_text("{", encoding="utf-8")
    replace_, others = os.replace, []

    def no(source, target):
        if Path(source) == file:
            raise PermissionError("the file is used by another process")
        others.append(target)
        replace_(source, target)

    monkeypatch.setattr(os, "replace", no)
    checks.check("zigzag", zigzag)
    assert (file.read_text(encoding="utf-8"), others) == ("{", [])
    assert "not saved this time" in shown[0][0]


def test_a_place_that_cannot_be_written_is_said(monkeypatch, shown, tmp_path):
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv(progress_file.VARIABLE, str(tmp_path / "taken" / "progress.json"))
    checks.check("zigzag", zigzag)
    assert "zigzag: Right." in shown[0][0] and "Your progress is not saved" in shown[0][0]


def test_the_file_is_small_and_tells_nothing_else(file, bank):
    for task in [replace(ZIGZAG, name=f"task_{n}") for n in range(60)]:
        progress_file.record(task, right=True)
    assert file.stat().st_size < 8000
    assert set(stored(file)["task_1"]) == {"right", "checks", "hints"}


def write_exercise(folder: Path, *, essay: str, name: str = "03_recurrence_exercises.ipynb") -> None:
    """Write an exercise with an answer in words, and a cell of the course's own beside it."""
    marks = {"nbgrader": {"grade_id": "essay", "solution": True}}
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Title"]},
        {"cell_type": "markdown", "metadata": marks, "source": essay.splitlines(keepends=True)},
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps({"cells": cells}), encoding="utf-8")


@pytest.mark.parametrize("untouched", [written.TEXT_STUB, "", f"\n{written.TEXT_STUB}\n"])
def test_a_text_counts_once_it_is_written_and_stays_written(file, shown, monkeypatch, tmp_path, untouched):
    monkeypatch.chdir(tmp_path)
    write_exercise(tmp_path, essay=untouched)
    checks.progress(3)
    assert shown[-1][0].endswith("; 0 of 1 text written.") and not file.exists()
    write_exercise(tmp_path, essay="Because the page\nwas blank.")
    checks.progress(3)
    assert shown[-1][0] == "Chapter 03: 0 of 1 tasks right, 0 of 2 points; 1 of 1 text written."
    assert stored(file) == {"essay": {"right": False, "checks": 0, "hints": 0, "written": True}}
    write_exercise(tmp_path, essay=untouched)
    checks.check("zigzag", zigzag)
    assert shown[-1][0].endswith("Chapter 03: 1 of 1 tasks right, 2 of 2 points; 1 of 1 text written.")


def test_the_command_reads_the_texts_in_the_learners_copy(file, shown, monkeypatch, tmp_path):
    write_exercise(tmp_path / "rnn-course" / "exercises", essay="Because.")
    (tmp_path / "rnn-course" / "exercises" / "04_broken_exercises.ipynb").write_text("{", encoding="utf-8")
    (tmp_path / "rnn-course" / ".rnncourse.json").write_text("{}", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert "1 of 1 text written" in CliRunner().invoke(app, ["progress"]).output


def test_model_answers_in_words_do_not_count(file, shown, monkeypatch, tmp_path):
    write_exercise(tmp_path / "solutions", essay="The model answer.")
    monkeypatch.chdir(tmp_path / "solutions")
    checks.progress(3)
    assert shown[-1][0].endswith("; 0 of 1 text written.") and not file.exists()


def test_progress_is_shown_at_the_head_and_by_the_command(file, shown):
    checks.progress("03")
    assert shown[0][0] == "Chapter 03: 0 of 1 tasks right, 0 of 2 points; 0 of 1 text written."
    checks.check("zigzag", zigzag)
    checks.progress(3)
    assert (
        shown[2][0]
        == "Chapter 03: 1 of 1 tasks right, 2 of 2 points; 0 of 1 text written.\nRight so far: zigzag."
    )
    done = CliRunner().invoke(app, ["progress"])
    assert done.stdout.splitlines() == [
        "chapter 03  1 of 1 tasks right, 2 of 2 points; 0 of 1 text written",
        "all         1 of 1 tasks right, 2 of 2 points; 0 of 1 text written",
    ]


@pytest.mark.parametrize("copied", [False, True])
def test_a_damaged_file_is_told_by_the_command_with_and_without_a_copy(
    file, shown, monkeypatch, tmp_path, copied
):
    """With a copy of the course, the answers that are written in it are noted as well."""
    monkeypatch.chdir(tmp_path)
    if copied:
        write_exercise(tmp_path / "rnn-course" / "exercises", essay="Because.")
        (tmp_path / "rnn-course" / ".rnncourse.json").write_text("{}", encoding="utf-8")
    file.parent.mkdir(exist_ok=True)
    file.write_text("{", encoding="utf-8")
    done = CliRunner().invoke(app, ["progress"])
    assert "damaged-1" in done.stderr and f"{int(copied)} of 1 text written" in done.stdout


@pytest.mark.parametrize("tell", [lambda: checks.progress(3), lambda: checks.check("essay")])
def test_a_damaged_file_is_told_in_a_notebook_beside_a_written_answer(
    file, shown, monkeypatch, tmp_path, tell
):
    write_exercise(tmp_path, essay="Because.")
    monkeypatch.chdir(tmp_path)
    file.parent.mkdir(exist_ok=True)
    file.write_text("{", encoding="utf-8")
    tell()
    assert "ritten" in shown[-1][0] and "damaged-1" in shown[-1][0]


def test_hints_come_one_at_a_time(file, shown):
    for _ in range(4):
        checks.hint("zigzag")
    assert [text for text, _ in shown] == [
        "zigzag: 1 of 3 hints\nFirst hint: Look at the states.",
        "zigzag: 2 of 3 hints\nFirst hint: Look at the states.\nSecond hint: Look at the sum.",
        three := "zigzag: 3 of 3 hints\nFirst hint: Look at the states.\nSecond hint: Look at the sum.\n"
        "Third hint: Look at both.",
        three,
    ]
    assert stored(file)["zigzag"] == {"right": False, "checks": 0, "hints": 4}


@pytest.mark.parametrize("chapter", [None, 3.7, 3.0, float("inf"), "three", "3.7", "", [3], 30, b"3"])
def test_what_is_no_chapter_is_told_kindly(file, shown, chapter):
    checks.progress(chapter)
    assert shown[0][0].startswith("No such chapter\nchapter must be one of 03, but ")


@pytest.mark.parametrize("chapter", [3, "3", "03", np.int64(3)])
def test_a_chapter_has_a_number_or_its_text(file, shown, chapter):
    checks.progress(chapter)
    assert shown[0][0].startswith("Chapter 03: 0 of 1 tasks right")


def test_wrong_names_are_told_kindly(file, shown):
    checks.check("zigzak", zigzag)
    checks.hint("zigzak")
    checks.progress("12")
    checks.check("essay", zigzag)
    checks.hint("essay")
    texts = [text for text, _ in shown]
    assert texts[0] == texts[1] == "No such task\nThere is no task str 'zigzak'; did you mean zigzag?"
    assert texts[2].startswith("No such chapter\nchapter must be one of 03")
    assert texts[3].startswith("essay\nThis answer is read by a person") and "no hints" in texts[4]
    assert 'check("essay") shows a model answer' in texts[4]


def shown_to_compare(html: str) -> bool:
    """Say whether what a good answer holds is there to be opened, and nothing of it is seen before."""
    before, fold, opened = html.partition("<details")
    inside = all(
        text in opened for text in ("1. The cause.", "2. The cure.", "<code>a &lt; b</code>. So it is.")
    )
    return bool(fold) and inside and "cause" not in before and "So it is" not in before


def test_a_model_answer_in_words_is_there_once_something_is_written(file, shown, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    write_exercise(tmp_path, essay=written.TEXT_STUB)
    checks.check("essay")
    assert shown[-1][0].startswith(
        "essay: Not written yet.\nWrite your answer into the cell above, save the notebook"
    )
    assert "cause" not in shown[-1][1] and "So it is" not in shown[-1][1]
    write_exercise(tmp_path, essay="Because it rained.")
    checks.check("essay")
    assert shown[-1][0].startswith("essay: Written.\n") and "cause" not in shown[-1][0]
    assert shown_to_compare(shown[-1][1])
    write_exercise(tmp_path, essay="")
    checks.check("essay")
    assert shown[-1][0].startswith("essay: Written."), "once written, an answer stays written"


def test_a_notebook_that_is_not_here_leaves_it_to_the_learner(file, shown, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    checks.check("essay")
    assert shown[-1][0].startswith("essay\n") and "Write it first" in shown[-1][0]
    assert shown_to_compare(shown[-1][1])


def test_without_a_progress_file_the_notebook_alone_tells(monkeypatch, shown, tmp_path):
    monkeypatch.setenv(progress_file.VARIABLE, "")
    monkeypatch.chdir(tmp_path)
    write_exercise(tmp_path, essay="Because.")
    checks.check("essay")
    assert shown[-1][0].startswith("essay: Written.") and shown_to_compare(shown[-1][1])
    write_exercise(tmp_path, essay="")
    checks.check("essay")
    assert shown[-1][0].startswith("essay: Not written yet.")


@pytest.mark.parametrize("by", ["autograde", "validate"])
def test_nothing_to_compare_with_is_put_into_what_nbgrader_runs(file, shown, monkeypatch, tmp_path, by):
    """It would be in the copy that is marked, and in the feedback made from that."""
    monkeypatch.setenv("NBGRADER_EXECUTION", by)
    monkeypatch.chdir(tmp_path)
    write_exercise(tmp_path, essay="Because.")
    checks.check("essay")
    assert shown[-1][0] == "In words\nThis answer is read by a person; there is nothing to run."
    assert "cause" not in shown[-1][1]


def test_a_task_without_a_model_answer_is_only_read(file, shown, monkeypatch, tmp_path):
    monkeypatch.setattr(registry, "_bank", lambda number: (ZIGZAG, replace(ESSAY, answer="", criteria=())))
    checks.check("essay")
    assert shown[-1][0] == "In words\nThis answer is read by a person; there is nothing to run."


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.text, self.open = "", []

    def handle_starttag(self, tag, attributes):
        assert tag not in ("script", "style", "link", "img")
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_verdict_is_sound_html_with_the_same_words():
    verdict = Verdict(
        "wrong", "zigzag", ("Is `a < b` & so?", "Try: ```x = a[1]\ny = `x` ``` or not"), printed="<b>1</b>"
    )
    page = Tags()
    page.feed(verdict.html())
    assert page.open == []
    words = verdict.text().split()
    assert "".join(page.text.split()) == "".join(words).replace("zigzag:", "zigzag:")
    assert "<b>1</b>" not in verdict.html() and "    x = a[1]\n" in verdict.text()
    assert verdict.card._repr_mimebundle_() == {"text/html": verdict.html(), "text/plain": verdict.text()}
    assert repr(verdict) == verdict.text()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "Zig zag"}, "name must be"),
        ({"kind": "quiz"}, "kind must be one of"),
        ({"points": 0}, "at least 1"),
        ({"section": ""}, "belongs to a section"),
        ({"reference": None}, "needs a reference and cases"),
        ({"mistakes": (ZIGZAG.mistakes[0],) * 3}, "different names, but squared appears twice"),
        ({"hints": ("One.",)}, "three hints"),
    ],
)
def test_an_incomplete_task_is_refused(changed, said):
    with pytest.raises(InputError, match=said):
        replace(ZIGZAG, **changed)


def test_tasks_are_found_by_name_and_chapter(bank):
    assert registry.task("zigzag") is ZIGZAG and registry.chapter_of("essay") == 3
    assert registry.tasks("03") == registry.tasks(3) == registry.tasks() == (ZIGZAG, ESSAY)
    assert not ESSAY.checked and ZIGZAG.called == "zigzag" and replace(ZIGZAG, function="f").called == "f"
    with pytest.raises(InputError, match="did you mean zigzag"):
        registry.task("zig_zag")
    with pytest.raises(InputError, match="chapter must be one of 03"):
        registry.tasks("x")


def test_a_broken_reference_is_our_fault_and_not_told_as_the_learners():
    broken = replace(ZIGZAG, reference=lambda x, start: 1 / 0)
    with pytest.raises(ReferenceFailed, match="the reference of zigzag failed: ZeroDivisionError"):
        checks.examine(broken, zigzag)


def test_float32_is_right_and_noted():
    def small(x, start):
        return tuple(one.astype(np.float32) for one in zigzag(x, start))

    verdict = checks.examine(ZIGZAG, small)
    assert verdict.status == "right" and "float32, although float64 came in" in verdict.text()


def test_forbidden_names_are_told(bank):
    def cheating(x, start):
        return np.stack(list(x)), start

    verdict = checks.examine(replace(ZIGZAG, forbidden=("numpy.stack",)), cheating)
    assert (verdict.mistake, verdict.points) == ("forbidden", 0) and "np.stack" in verdict.text()


def test_mistakes_and_cases_are_plain_records():
    assert Case((1,)).kwargs == {} and Mistake("a", zigzag, "b").name == "a"


def test_a_mistake_is_a_function_whose_docstring_is_the_message():
    task = replace(ZIGZAG, mistakes=())

    @task.mistake
    def halved(x, start):
        """The states are halved. Where
        does the factor 2 belong?
        """
        return zigzag(x / 2, start)

    assert task.mistakes == (
        Mistake("halved", halved, "The states are halved. Where does the factor 2 belong?"),
    )
    assert checks.examine(task, halved).details[0] == task.mistakes[0].message
    assert "halved" not in {mistake.name for mistake in ZIGZAG.mistakes}


def test_a_mistake_without_a_message_or_with_a_known_name_is_refused():
    task = replace(ZIGZAG)

    def squared(x, start):
        """Another message."""

    with pytest.raises(InputError, match="different names, but squared appears twice"):
        task.mistake(squared)
    with pytest.raises(InputError, match="zigzag: the mistake zigzag_again needs a docstring"):

        @task.mistake
        def zigzag_again(x, start):
            return zigzag(x, start)
