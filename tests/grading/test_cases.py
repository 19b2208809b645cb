"""Notebooks and downloads of the first edition as they arrive: each earned 21 of 24 before, the rest is read."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from grading.classroom import require_sandbox

from rnncourse.grading import run
from rnncourse.grading.handed_in.assignment import load
from rnncourse.grading.handed_in.submission import read_notebook
from rnncourse.grading.results import pages

CASES = Path(__file__).parent / "cases"
POINTS = {
    "colab_marks_lost": 21,
    "get_ipython_imported": 21,
    "own_import_of_torch": 21,
    "stub_and_copy": 21,
    "missing_colon": 16,  # `rnn_forward` calls the step that is no Python
}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    require_sandbox()
    folder = tmp_path_factory.mktemp("cases")
    for name in POINTS:
        (folder / "class" / name).mkdir(parents=True)
        shutil.copy(CASES / f"{name}.json", folder / "class" / name / "03_recurrence.ipynb")
    return run.grade(run.Request(folder / "class", "03", folder / "out", jobs=2))


@pytest.mark.parametrize("name", POINTS)
def test_they_earn_what_is_right(outcome, name):
    [result] = [one for one in outcome.results if one.student == name]
    assert result.points == POINTS[name], [(task.task, task.summary) for task in result.tasks]


def test_the_feedback_says_only_what_is_so(outcome):
    said = {
        one.student: [*one.notes, *(text for task in one.tasks for text in (*task.details, *task.notes))]
        for one in outcome.results
    }
    # Since these notebooks were made, the course has another locked cell softmax and further tasks.
    lacking = "The answer cell was deleted or has lost its mark."
    texts = [
        text for texts in said.values() for text in texts if "cell softmax" not in text and text != lacking
    ]
    for untrue in ("NotImplementedError", "were not run", "was changed", "was deleted"):
        assert not [text for text in texts if untrue in text]
    assert "The hidden marks of all cells are gone" in said["colab_marks_lost"][0]
    assert any("`pandas` is not available here" in text for text in said["own_import_of_torch"])
    assert any("SyntaxError" in text for text in said["missing_colon"])


def test_the_instructor_is_told_in_how_many_notebooks_the_marks_were_lost(outcome):
    assert [note for note in outcome.notes if note.startswith("1 of 5 notebooks: Google Colab had dropped")]
    page = pages.class_page(outcome.results, outcome.assignment)
    assert "<td class='number'>1 of 5</td><td>Google Colab had dropped the marks of all cells" in page


@pytest.mark.parametrize(
    ("metadata", "cell", "name"),
    [
        ({"colab": {"provenance": []}}, {}, "Google Colab"),
        ({}, {"metadata": {"id": "x", "colab": {}}}, "Google Colab"),
        ({"kaggle": {"accelerator": "none"}}, {}, "Kaggle"),
        ({"vscode": {"interpreter": {}}}, {}, "VS Code"),
        ({}, {"metadata": {"vscode": {"languageId": "python"}}}, "VS Code"),
        ({}, {"id": "#VSC-1a2b3c"}, "VS Code"),
        ({"pycharm": {}}, {}, "PyCharm or DataSpell"),
        ({"deepnote_notebook_id": "1"}, {}, "Deepnote"),
        ({"application/vnd.databricks.v1+notebook": {}}, {}, "Databricks"),
        ({"jupytext": {}}, {}, "Jupytext"),
        ({}, {}, "an editor"),
        ("no metadata", {"metadata": 3}, "an editor"),
    ],
)
def test_the_editor_that_dropped_the_marks_is_named(metadata, cell, name):
    source = "def rnn_step(x_t, h_prev, p):\n    return x_t"
    cell = {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], **cell}
    data = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": [cell]})
    assert read_notebook(data.encode(), load("03")).oddities[0].startswith(f"{name} had dropped the marks")


DOWNLOADS = {
    "a folder around everything": ("week3.zip", "", {"Ana Bo": 21, "Ben Cho": 21}),
    "a folder around everything, and a roster": ("week3.zip", "moodle_flat.csv", {"ab": 21, "bc": 21}),
    "UTF-8 without the flag": ("moodle_utf8_unflagged.zip", "mueller.csv", {"jm": 21, "ab": 21}),
    "names without apostrophes": ("moodle_cleaned.zip", "moodle_cleaned.csv", {"zd": 21, "ro": 21}),
    "names in two columns": ("moodle_two.zip", "first_last.csv", {"ab": 21, "bc": 21}),
    "one folder for all": ("moodle_flat.zip", "moodle_flat.csv", {"ab": 21, "bc": 21}),
    "a group before the name, and Moodle's own list": (
        "moodle_group_39.zip",
        "moodle_participants.csv",
        {"ab@example.org": 21, "bc@example.org": 21},
    ),
    "Canvas": (
        "canvas.zip",
        "canvas_roster.csv",
        {"obrien": 21, "muller": 21, "bo": 21, "cho": 21, "leah": 0},
    ),
}


@pytest.mark.parametrize(("file", "roster", "points"), DOWNLOADS.values(), ids=DOWNLOADS)
def test_a_download_is_graded_as_it_came(tmp_path, file, roster, points):
    require_sandbox()
    students = CASES / roster if roster else None
    outcome = run.grade(run.Request(CASES / file, "03", tmp_path / "out", students, jobs=2))
    assert {one.student: one.points for one in outcome.results} == points
    assert outcome.unmatched == ()
    if "leah" in points:
        [leah] = [one for one in outcome.results if one.student == "leah"]
        assert {task.status for task in leah.tasks} == {"unreadable"}, "she did hand in something"
    for table, column in (("canvas.csv", "ID"), ("moodle.csv", "Email address"), ("moodle.csv", "ID number")):
        with open(tmp_path / "out" / table, encoding="utf-8", newline="") as lines:
            filled = [row[column] for row in csv.DictReader(lines) if row[column]]
        assert len(filled) == len(set(filled)), f"{table} has a {column} twice"
