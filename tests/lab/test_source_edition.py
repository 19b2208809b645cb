"""The course's own notebooks, opened by `rnncourse lab --edit`: questions work at once."""

from __future__ import annotations

import os
from types import SimpleNamespace

from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from rnncourse.lab import source_edition, workspace

QUESTION = 'predict("Up or down?", ["up", "down"], answer="up", because="It grows.", key="way")'


def executed(root, *sources: str) -> NotebookClient:
    """Run cells in a kernel of `rnncourse lab` that has `root` open."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONSTARTUP"}
    client = NotebookClient(
        new_notebook(cells=[new_code_cell(one) for one in sources]), allow_errors=True, kernel_name="python3"
    )
    client.execute(env=workspace.lab_environment(root, environ))
    return client


def test_a_question_of_the_sources_works_before_any_other_cell(tmp_path):
    asked, other = executed(tmp_path, QUESTION, "try_me = predict").nb.cells
    assert "Up or down?" in asked.outputs[0].data["text/html"]
    assert other.outputs == []


def test_a_learners_copy_gets_no_name_that_is_not_in_its_cells(tmp_path):
    (tmp_path / workspace.MANIFEST).write_text("{}", encoding="utf-8")
    [asked] = executed(tmp_path, QUESTION).nb.cells
    assert asked.outputs[0].ename == "NameError"


def test_names_of_the_readers_own_stay_theirs():
    shell = SimpleNamespace(user_ns={"predict": "mine"})
    source_edition.let_ask(shell, "x = 1  # predict(")
    assert shell.user_ns == {"predict": "mine"}
    source_edition.let_ask(shell, "quiz([])")
    assert shell.user_ns["predict"] == "mine" and shell.user_ns["quiz"].__name__ == "quiz"


def test_outside_of_ipython_nothing_happens(monkeypatch):
    monkeypatch.setenv("RNNCOURSE_SOURCES", "1")
    source_edition.install()
