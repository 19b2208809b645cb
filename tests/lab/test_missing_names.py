"""A cell that is run before those above it says what to do."""

from __future__ import annotations

import os

import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from rnncourse.lab import missing_names, workspace


@pytest.fixture(scope="module")
def cells(tmp_path_factory) -> list:
    """Return cells after a kernel of `rnncourse lab` has run them."""
    sources = ['check("rnn_step", rnn_step)', "x = 1\nprint(x)", "dir()", "1 / 0"]
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    environ = {**os.environ}
    environ.pop("PYTHONSTARTUP", None)
    client = NotebookClient(notebook, allow_errors=True, kernel_name="python3")
    client.execute(env=workspace.lab_environment(tmp_path_factory.mktemp("root"), environ))
    return notebook.cells


def test_a_check_before_the_cells_above_it_says_to_run_them(cells):
    error, card = cells[0].outputs
    assert (error.output_type, error.ename) == ("error", "NameError")
    assert card.data["text/plain"].startswith("There is no check yet.")
    assert "Run All Above Selected Cell" in card.data["text/plain"]


def test_other_cells_and_errors_are_as_they_were(cells):
    assert cells[1].outputs[0].text == "1\n"
    assert [output.output_type for output in cells[3].outputs] == ["error"]


def test_the_startup_file_leaves_no_name_behind(cells):
    assert "install" not in cells[2].outputs[0].data["text/plain"]
    assert "missing_names" not in cells[2].outputs[0].data["text/plain"]


def test_outside_of_ipython_nothing_happens():
    missing_names.install()


def test_a_startup_file_of_the_users_own_is_kept(tmp_path):
    assert workspace.lab_environment(tmp_path, {"PYTHONSTARTUP": "mine.py"})["PYTHONSTARTUP"] == "mine.py"
