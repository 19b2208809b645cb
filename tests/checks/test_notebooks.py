"""Masters and exercises: they agree with the banks, are made from one another, and open in nbgrader."""

from __future__ import annotations

import ast
import copy
import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import nbformat
import pytest
from course.test_notebook_rules import RULES, _without_code, read_as_it_is
from nbformat import v4
from typer.testing import CliRunner

from rnncourse.building import exercises, outputs, statements
from rnncourse.checks import registry
from rnncourse.cli import app
from rnncourse.errors import InputError
from rnncourse.question_cells import as_text

nbgrader = pytest.importorskip("nbgrader", reason="exercises are made with nbgrader")

ROOT = Path(__file__).parents[2]
MASTERS = sorted((ROOT / "solutions").glob("*.ipynb"))
EXERCISES = sorted((ROOT / "exercises").glob("*.ipynb"))
by_stem = pytest.mark.parametrize("master", MASTERS, ids=lambda path: path.stem)


def exercise_of(master: Path) -> Path:
    return ROOT / "exercises" / master.name


def chapter_of(path: Path) -> int:
    return int(path.name[:2])


def graded(notebook) -> dict[str, dict]:
    """Return the nbgrader metadata of the cells that have some, by grade_id."""
    cells = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    assert len({cell.metadata.nbgrader.grade_id for cell in cells}) == len(cells)
    return {cell.metadata.nbgrader.grade_id: cell for cell in cells}


def test_every_bank_has_a_master_and_every_master_a_bank():
    assert {chapter_of(path) for path in MASTERS} == set(registry.chapters())
    assert [path.name for path in MASTERS] == [path.name for path in EXERCISES]
    chapters = {path.name for path in (ROOT / "chapters").glob("*.ipynb")}
    assert {path.name.replace("_exercises", "") for path in MASTERS} <= chapters


@by_stem
def test_the_exercise_is_made_from_its_master(master, tmp_path):
    """Byte for byte, twice over."""
    notebook = read_as_it_is(master)
    for made in (tmp_path / "a.ipynb", tmp_path / "b.ipynb"):
        assert exercises.release(notebook, master, made)
        assert made.read_bytes() == exercise_of(master).read_bytes(), "run `rnncourse build exercises`"
        assert not exercises.release(notebook, master, made)


@by_stem
def test_cells_points_and_order_agree_with_the_bank(master):
    for path in (master, exercise_of(master)):
        notebook = read_as_it_is(path)
        cells, tasks = graded(notebook), registry.tasks(chapter_of(master))
        for task in tasks:
            answer = cells[task.name]
            assert answer.id == exercises.cell_id(task.name)
            if task.checked:
                assert_nbgrader(answer, solution=True, grade=False, locked=False)
                check = cells[f"{task.name}-check"]
                assert check.source == f'check("{task.name}", {task.called})'
                assert_nbgrader(check, solution=False, grade=True, locked=True, points=task.points)
            else:
                assert answer.cell_type == "markdown"
                assert_nbgrader(answer, solution=True, grade=True, locked=False, points=task.points)
                compare = cells[f"{task.name}-check"]
                assert compare.source.startswith(f'check("{task.name}")  # ')
                assert_nbgrader(compare, solution=False, grade=False, locked=True)
        order = [name for name in cells if name in {task.name for task in tasks}]
        assert order == [task.name for task in tasks]
        known = {name for task in tasks for name in (task.name, f"{task.name}-check")}
        for name in set(cells) - known:
            assert_nbgrader(cells[name], solution=False, grade=False, locked=True)
        assert cells["setup"].source.rstrip().endswith(f'progress("{chapter_of(master):02}")')
        ungraded = [c.id for c in notebook.cells if c.cell_type == "code" and "nbgrader" not in c.metadata]
        assert ungraded == [], "a code cell is locked, an answer or a check"


def assert_nbgrader(cell, **wanted) -> None:
    stored = dict(cell.metadata.nbgrader)
    assert stored.pop("schema_version") == 3 and stored.pop("task") is False
    found = {name: stored[name] for name in ("solution", "grade", "locked", "points") if name in stored}
    assert found == wanted, cell.id


@by_stem
def test_statements_agree_with_the_bank(master):
    """Number, title, points, minutes and a section that is a heading of the chapter or of one of its detours."""
    cells = {cell.id: cell for cell in read_as_it_is(exercise_of(master)).cells}
    number_of_chapter, chapter = master.name[:2], master.name.replace("_exercises", "")
    detours = sorted((ROOT / "chapters" / "detours").glob(f"{number_of_chapter}_*.ipynb"))
    places = {
        heading: page.relative_to(ROOT).as_posix()
        for page in (*detours, ROOT / "chapters" / chapter)
        for heading in headings_of(page)
    }
    for number, task in enumerate(registry.tasks(chapter_of(master)), start=1):
        text = cells[f"{exercises.cell_id(task.name)}-task"].source
        link = f"[{task.section}](../{places[task.section]}#{fragment(task.section)})"
        points = f"{task.points} point{'s' if task.points != 1 else ''}"
        line = f"*{points} · about {task.minutes} minutes · chapter {number_of_chapter}, {link}*"
        assert text.startswith(f"## {number}. {task.title}\n\n{line}\n\n")


def headings_of(page: Path) -> list[str]:
    return [
        match[1].strip()
        for cell in read_as_it_is(page).cells
        if cell.cell_type == "markdown"
        for match in re.finditer(r"(?m)^#{2,4} (.+)$", _without_code(cell.source) + "\n" + cell.source)
    ]


def fragment(heading: str) -> str:
    """Return the end of a link to a heading; JupyterLab does not find one in which a question mark is encoded."""
    return quote(heading.replace(" ", "-"), safe="?")


def test_the_statements_are_taken_from_the_masters(tmp_path):
    """Byte for byte."""
    made, masters = tmp_path / "statements.json", exercises.read_masters(ROOT / "solutions")
    assert statements.write(masters, made)
    stored = ROOT / "rnncourse" / "checks" / "bank" / "statements.json"
    assert made.read_bytes() == stored.read_bytes(), "run `rnncourse build exercises`"
    assert not statements.write(masters, made)


def test_the_model_answers_are_taken_from_the_masters(tmp_path):
    """Byte for byte."""
    made, masters = tmp_path / "answers.json", exercises.read_masters(ROOT / "solutions")
    assert statements.write_answers(masters, made)
    stored = ROOT / "rnncourse" / "checks" / "bank" / "answers.json"
    assert made.read_bytes() == stored.read_bytes(), "run `rnncourse build exercises`"
    assert not statements.write_answers(masters, made)


@by_stem
def test_answers_are_gone_from_the_exercise(master):
    made, original = graded(read_as_it_is(exercise_of(master))), graded(read_as_it_is(master))
    tasks = registry.tasks(chapter_of(master))
    for task in tasks:
        left = made[task.name].source
        if not task.checked:
            assert left == exercises.TEXT_STUB
            rubric = re.findall(r"(?m)^\| (\d+) \|", original[task.name].source)
            assert sum(map(int, rubric)) == task.points, "the points of the rubric"
            told = exercise_of(master).read_text(encoding="utf-8")
            assert not any(json.dumps(text, ensure_ascii=False)[1:-1] in told
                           for text in (*sentences(task.answer), *task.criteria))  # fmt: skip
            continue
        assert original[task.name].source.count("### BEGIN SOLUTION") == 1
        function = next(node for node in ast.parse(left).body if isinstance(node, ast.FunctionDef))
        assert function.name == task.called and ast.get_docstring(function)
        assert [type(node) for node in ast.walk(function)].count(ast.Raise) == 1
        answer = original[task.name].source.partition("### BEGIN SOLUTION")[2].partition("### END")[0]
        assert answer.strip() not in left
    text = exercise_of(master).read_text(encoding="utf-8")
    assert "SOLUTION" not in text and "HIDDEN" not in text
    assert not any(
        json.dumps(hint, ensure_ascii=False)[1:-1] in text for task in tasks for hint in task.hints
    )


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.?!]) (?=[A-Z])", text)


@pytest.mark.parametrize(
    "task", [task for task in registry.tasks() if not task.checked], ids=lambda task: task.name
)
def test_a_model_answer_in_words_is_short_and_can_be_shown_anywhere(task):
    """No formula and no table: it is shown below a cell, by any front end, and to those who mark it as plain text."""
    assert 3 <= len(sentences(task.answer)) <= 6
    assert 2 <= len(task.criteria) <= 3
    assert not set("$|*_") & set(re.sub(r"`[^`]+`", "", task.answer))
    assert all(text[0].isupper() and text.endswith(".") for text in task.criteria)


def test_the_guide_counts_points_and_minutes_right():
    guide = (ROOT / "docs" / "instructor_guide.md").read_text(encoding="utf-8")
    for number in registry.chapters():
        tasks = registry.tasks(number)
        points, minutes = sum(task.points for task in tasks), sum(task.minutes for task in tasks)
        assert f"| {number:02} ({points}, {minutes}) |" in guide, f"chapter {number:02}"


def test_chapters_have_tasks_enough():
    for number in registry.chapters():
        tasks = registry.tasks(number)
        assert len(tasks) >= 5 and sum(task.checked for task in tasks) >= 4, f"chapter {number:02}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", EXERCISES, ids=lambda path: path.stem)
def test_the_exercise_keeps_the_rules(path, rule):
    """All but those about outputs, which it has none of, and metadata, which nbgrader writes."""
    if rule.__name__ in ("outputs_present", "metadata"):
        pytest.skip("another rule for exercises")
    assert rule(read_as_it_is(path), path) == []


@pytest.mark.parametrize("path", EXERCISES, ids=lambda path: path.stem)
def test_the_exercise_holds_no_outputs_and_only_steady_metadata(path):
    notebook = read_as_it_is(path)
    assert notebook.metadata == outputs.METADATA
    for cell in notebook.cells:
        assert cell.get("outputs", []) == [] and cell.get("execution_count") is None
        assert set(cell.metadata) <= {"tags", "nbgrader", "deletable", "editable"}
        if "nbgrader" in cell.metadata:
            assert cell.metadata.deletable is False
            assert cell.metadata.get("editable", True) is bool(cell.metadata.nbgrader.solution)


@pytest.mark.parametrize("path", [*MASTERS, *EXERCISES], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_it_opens_in_nbgrader(path, caplog):
    """nbgrader's own reader accepts it without changing anything, and finds every checksum as it should be."""
    from nbgrader.nbgraderformat import read
    from nbgrader.utils import compute_checksum, is_grade, is_solution

    with caplog.at_level(logging.WARNING):
        notebook = read(str(path), as_version=4)
    assert not [record for record in caplog.records if "nbgrader" in record.name]
    assert notebook == nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if path.parent.name == "exercises" and (is_grade(cell) or is_solution(cell)):
            assert cell.metadata.nbgrader.checksum == compute_checksum(cell)


def test_they_are_what_nbgrader_itself_would_release(tmp_path):
    """`nbgrader generate_assignment`, with its database, makes the same cells, and keeps those of the hints."""
    source = tmp_path / "source" / "ps1"
    source.mkdir(parents=True)
    for master in MASTERS:
        (source / master.name).write_bytes(master.read_bytes())
    (tmp_path / "nbgrader_config.py").write_text(
        f"c = get_config()\n"
        f"c.CourseDirectory.root = {str(tmp_path)!r}\n"
        f"c.ClearSolutions.code_stub = {{'python': {exercises.CODE_STUB!r}}}\n"
        f"c.ClearSolutions.text_stub = {exercises.TEXT_STUB!r}\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "ps1", "--create", "--force"]
    # nbgrader starts `alembic` by its bare name
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environ = {**os.environ, "PATH": path}
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    for master in MASTERS:
        theirs = nbformat.read(tmp_path / "release" / "ps1" / master.name, as_version=4)
        ours = nbformat.read(exercise_of(master), as_version=4)
        released = [strip(cell) for cell in theirs.cells if not statements.is_hints(cell)]
        assert [strip(cell) for cell in ours.cells] == released


def strip(cell) -> dict:
    """Return a cell without its id, which nbgrader keeps as it was."""
    return {key: value for key, value in json.loads(json.dumps(cell)).items() if key != "id"}


@by_stem
def test_run_as_it_is_nothing_is_written_yet(master):
    """From top to bottom without an error, and a kind word at every check."""
    notebook = nbformat.read(exercise_of(master), as_version=4)
    outputs.run(notebook, exercise_of(master), timeout=60)
    said = {cell.id: text_of(cell) for cell in notebook.cells if cell.cell_type == "code"}
    tasks = [task for task in registry.tasks(chapter_of(master)) if task.checked]
    for task in tasks:
        assert said[f"{exercises.cell_id(task.name)}-check"].startswith(f"{task.name}: Not written yet.\n")
    assert f"0 of {len(tasks)} tasks right" in said["setup"]


@by_stem
def test_every_stored_verdict_of_the_master_is_right(master):
    cells = graded(read_as_it_is(master))
    for task in registry.tasks(chapter_of(master)):
        if task.checked:
            full = f"{task.name}: Right. {task.points} of {task.points} point"
            assert text_of(cells[f"{task.name}-check"]).startswith(full)


def text_of(cell) -> str:
    return "".join(
        output.get("data", {}).get("text/plain", output.get("text", "")) for output in cell.outputs
    )


TASK = "## 1. Some task\n\n*2 points · about 10 minutes · chapter 03, [A, and B](../a.ipynb#A%2C-and-B)*\n\nDo it."
HINTS = """<details><summary>Hints and praise</summary>

1. Look at `a`.
2. Look at `b`.
3. Look at both.

**When it is right:** Well done.

</details>"""


def small_master() -> nbformat.NotebookNode:
    def marks(**changed) -> dict:
        return {"nbgrader": {"schema_version": 3, "task": False, **changed}}

    answer = marks(grade_id="some_task", solution=True, grade=False, locked=False)
    check = marks(grade_id="some_task-check", solution=False, grade=True, locked=True, points=2)
    code = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"
    return v4.new_notebook(
        cells=[
            v4.new_markdown_cell(TASK, id="task"),
            v4.new_code_cell(code, id="any", metadata=answer),
            v4.new_code_cell('check("some_task", f)', id="check", metadata=check),
            v4.new_markdown_cell(HINTS, id="hints"),
            v4.new_markdown_cell("## When you are done\n\nRest.", id="done"),
        ]
    )


def test_a_region_becomes_a_stub_and_the_id_comes_from_the_grade_id():
    task, cell, check, done = exercises.without_solutions(small_master(), Path("x.ipynb")).cells
    assert cell.source == f"def f():\n    {exercises.CODE_STUB}"
    assert cell.id == "some-task" and cell.metadata.nbgrader.checksum
    assert (task.source, check.id, done.id) == (TASK, "some-task-check", "done")


def test_a_master_states_its_tasks():
    assert statements.statements(small_master(), Path("x.ipynb")) == {
        "some_task": {
            **{"title": "Some task", "points": 2, "minutes": 10, "section": "A, and B", "kind": "function"},
            "hints": ["Look at `a`.", "Look at `b`.", "Look at both."],
            "praise": "Well done.",
        }
    }


def test_a_model_answer_is_taken_without_the_marks_of_the_solution():
    assert statements.answers(small_master()) == [["some_task", "def f():\n    return 1"]]


@pytest.mark.parametrize(
    ("cell", "old", "new", "kind"),
    [(0, "Some task", "Find the bug: a task", "bug"), (1, "code", "markdown", "explanation")],
)
def test_the_kind_is_seen_in_the_cells(cell, old, new, kind):
    notebook = small_master()
    notebook.cells[cell].source = notebook.cells[cell].source.replace(old, new)
    if kind == "explanation":
        as_explanation(notebook)
    assert statements.statements(notebook, Path("x.ipynb"))["some_task"]["kind"] == kind


RUBRIC = "\n\n| points | for |\n|:--|:--|\n| 1 | The cause. |\n| 1 | The *cure*, with `a`. |"


def as_explanation(notebook) -> None:
    """Turn the task of the small master into one that is answered in words."""
    notebook.cells[1].update(cell_type="markdown", source="Because of `a`. So there." + RUBRIC)
    notebook.cells[1].metadata.nbgrader.update(grade=True, points=2)
    compare = {"grade_id": "some_task-check", "grade": False, "locked": True, "solution": False}
    notebook.cells[2].update(source='check("some_task")', metadata={"nbgrader": compare})
    del notebook.cells[3]


def test_an_explanation_states_its_model_answer_and_what_it_is_marked_by():
    notebook = small_master()
    as_explanation(notebook)
    stated = statements.statements(notebook, Path("x.ipynb"))["some_task"]
    assert stated["answer"] == "Because of `a`. So there."
    assert stated["criteria"] == ["The cause.", "The *cure*, with `a`."]
    assert statements.answers(notebook) == []


@pytest.mark.parametrize(
    "source", ["Because.", RUBRIC.strip(), "Because." + RUBRIC.replace("points", "marks")]
)
def test_an_explanation_without_an_answer_or_criteria_is_refused(source):
    notebook = small_master()
    as_explanation(notebook)
    notebook.cells[1].source = source
    with pytest.raises(
        InputError, match=r"x\.ipynb: some_task needs a model answer in words and, below it, a table"
    ):
        statements.statements(notebook, Path("x.ipynb"))


@pytest.mark.parametrize(
    ("cell", "old", "new", "said"),
    [
        (0, "about 10 minutes", "soon", "the cell of some_task must begin with a heading"),
        (0, "2 points", "3 points", r"some_task promises 3 points, but its cells give \[2\]"),
        (3, "3. Look at both.\n", "", "some_task needs a cell .* three hints"),
        (3, "<details>", "", "some_task needs a cell"),
    ],
)
def test_a_statement_that_cannot_be_understood_is_refused(cell, old, new, said):
    notebook = small_master()
    assert old in notebook.cells[cell].source
    notebook.cells[cell].source = notebook.cells[cell].source.replace(old, new)
    with pytest.raises(InputError, match=f"x.ipynb: {said}"):
        statements.statements(notebook, Path("x.ipynb"))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda nb: nb.cells.append(copy.deepcopy(nb.cells[1])), "Notebook failed to validate"),
        (lambda nb: nb.cells[1].update(source="### BEGIN SOLUTION"), "no end solution"),
        (lambda nb: nb.cells[1].metadata.nbgrader.update(solution=False, locked=True), "non-solution cell"),
    ],
)
def test_an_unsound_master_is_refused(spoil, said):
    notebook = small_master()
    spoil(notebook)
    with pytest.raises(InputError, match=f"x.ipynb: .*{said}"):
        exercises.without_solutions(notebook, Path("x.ipynb"))


def test_masters_are_found_by_chapter(tmp_path):
    for name in ("03_a.ipynb", "10_b.ipynb", "notes.ipynb"):
        (tmp_path / name).touch()
    assert [file.name for file in exercises.find_masters(tmp_path, ())] == ["03_a.ipynb", "10_b.ipynb"]
    assert [file.name for file in exercises.find_masters(tmp_path, ["3"])] == ["03_a.ipynb"]
    with pytest.raises(InputError, match="no master of chapter 4"):
        exercises.find_masters(tmp_path, ["4"])


def checkout(folder: Path) -> Path:
    """Make a folder that looks like a checkout, with one master."""
    (folder / "chapters").mkdir()
    (folder / "solutions").mkdir()
    (folder / "rnncourse" / "checks" / "bank").mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[project]\nname = "rnncourse"\n', encoding="utf-8")
    master = folder / "solutions" / "03_small.ipynb"
    master.write_text(as_text(outputs.tidy(small_master())), encoding="utf-8")
    return master


def test_the_command_makes_the_exercises_of_a_checkout(tmp_path, monkeypatch):
    checkout(tmp_path)
    monkeypatch.chdir(tmp_path)
    made = tmp_path / "exercises" / "03_small.ipynb"
    stated = tmp_path / "rnncourse" / "checks" / "bank" / "statements.json"
    for word in ("written", "unchanged"):
        done = CliRunner().invoke(app, ["build", "exercises"])
        files = (made, stated, stated.with_name("answers.json"))
        assert (done.exit_code, done.output) == (0, "".join(f"{file}: {word}\n" for file in files))
    assert list(json.loads(stated.read_text(encoding="utf-8"))["03"]) == ["some_task"]
    assert exercises.CODE_STUB in made.read_text(encoding="utf-8")


def test_the_command_says_what_is_wrong_and_leaves_the_exercise_as_it_was(tmp_path, monkeypatch):
    master = checkout(tmp_path)
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(app, ["build", "exercises", "3"])
    made = tmp_path / "exercises" / "03_small.ipynb"
    before = made.read_bytes()
    master.write_text(master.read_text(encoding="utf-8").replace("### END SOLUTION", "#"), encoding="utf-8")
    done = CliRunner().invoke(app, ["build", "exercises"])
    assert done.exit_code == 1 and "no end solution statement found" in done.output
    assert made.read_bytes() == before
    assert CliRunner().invoke(app, ["build", "exercises", "7"]).exit_code == 1


def test_the_command_names_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "not in a checkout" in CliRunner().invoke(app, ["build", "exercises"]).output
    checkout(tmp_path)
    monkeypatch.setitem(sys.modules, "nbgrader", None)
    done = CliRunner().invoke(app, ["build", "exercises"])
    assert done.exit_code == 1 and 'pip install "rnncourse[authors]"' in done.output
