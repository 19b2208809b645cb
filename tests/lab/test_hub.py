"""The learner's server on a hub, and copies that leave something out."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from browser.lab_server import ROOT
from typer.testing import CliRunner

from rnncourse.cli import app
from rnncourse.errors import InputError
from rnncourse.lab import hub, workspace
from rnncourse.lab.workspace import LAB_SETTINGS

runner = CliRunner()
SOLVED = "solutions/01_sequences_exercises.ipynb"
EXERCISE = "exercises/01_sequences_exercises.ipynb"


@pytest.fixture
def started(monkeypatch, tmp_path) -> list:
    """What the process would have become; home is an empty folder."""
    calls = []
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(hub, "become_singleuser", lambda *how: calls.append(how))
    return calls


def test_the_hubs_variables_are_kept_but_for_its_root():
    theirs = {
        "JUPYTERHUB_ROOT_DIR": "/elsewhere",
        "JUPYTERHUB_API_TOKEN": "x",
        "JUPYTER_CONFIG_PATH": "/etc/ours",
        "OMP_NUM_THREADS": "4",
    }
    environ = hub.singleuser_environment(Path("/home/ana/rnn-course"), theirs)
    assert environ["JUPYTERHUB_API_TOKEN"] == "x" and "JUPYTERHUB_ROOT_DIR" not in environ
    assert environ["JUPYTERHUB_DEFAULT_URL"] == "/lab/tree/chapters/00_start_here.ipynb"
    assert environ["RNNCOURSE_ROOT"] == "/home/ana/rnn-course"
    folders = [str(hub.LEARNER_SETTINGS), str(LAB_SETTINGS), "/etc/ours"]
    assert environ["JUPYTER_CONFIG_PATH"].split(os.pathsep) == folders
    assert (environ["OMP_NUM_THREADS"], environ["MKL_NUM_THREADS"]) == ("4", "1")


def test_the_hub_may_choose_the_first_page_and_an_instructor_keeps_the_menus():
    theirs = {"JUPYTERHUB_DEFAULT_URL": "/lab"}
    environ = hub.singleuser_environment(Path("/x"), theirs, instructor=True)
    assert environ["JUPYTERHUB_DEFAULT_URL"] == "/lab"
    assert environ["JUPYTER_CONFIG_PATH"] == str(LAB_SETTINGS)


def test_singleuser_copies_what_the_hub_wants_and_passes_the_rest_on(started, tmp_path):
    arguments = ["--without", "solutions", "--port=4711", "--ServerApp.x=1"]
    done = runner.invoke(app, ["singleuser", *arguments])
    assert done.exit_code == 0, done.output
    [(folder, _, passed)] = started
    assert folder == tmp_path / "rnn-course"
    assert passed == ["--port=4711", "--ServerApp.x=1"]
    assert (folder / EXERCISE).is_file() and not (folder / SOLVED).exists()
    runner.invoke(app, ["singleuser"])
    assert not (folder / SOLVED).exists()


def test_a_home_that_takes_no_copy_still_gets_a_server(started, tmp_path):
    (tmp_path / "rnn-course").touch()
    done = runner.invoke(app, ["singleuser"])
    assert done.exit_code == 0
    assert "rnn-course is a file" in done.stderr
    assert started[0][0] == tmp_path


def test_without_jupyterhub_the_extra_is_named(started, monkeypatch):
    monkeypatch.setattr(hub, "find_spec", lambda name: None)
    done = runner.invoke(app, ["singleuser"])
    assert (done.exit_code, started) == (1, [])
    assert 'python -m pip install "rnncourse[hub]"' in done.stderr


def test_the_process_becomes_the_server_in_the_courses_folder(monkeypatch, tmp_path):
    calls = []
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(os, "execve", lambda *how: calls.append((Path.cwd(), *how)))
    hub.become_singleuser(tmp_path, {"A": "1"}, ["--port=1"])
    [(cwd, program, command, environ)] = calls
    assert (cwd, environ) == (tmp_path, {"A": "1"})
    assert command == [program, "-P", "-m", "jupyterhub.singleuser", "--port=1"]


# rnncourse copy


def test_copy_leaves_out_what_is_named_and_keeps_to_it(tmp_path):
    target = tmp_path / "class"
    done = runner.invoke(app, ["copy", str(target), "--without", "solutions"])
    assert done.exit_code == 0, done.output
    assert done.stdout.endswith(f"The course is in {target}\n")
    assert (target / EXERCISE).is_file() and not (target / "solutions").exists()
    workspace.copy_notebooks(ROOT, target)
    assert not (target / "solutions").exists()
    workspace.copy_notebooks(ROOT, target, ())
    assert (target / SOLVED).is_file()


def test_links_to_what_is_left_out_become_words(tmp_path):
    link = r"\]\(\.\./solutions/"
    workspace.copy_notebooks(ROOT, tmp_path, ["solutions"])
    text = (tmp_path / EXERCISE).read_text()
    assert not re.search(link, text)
    assert "in solutions/01_sequences_exercises.ipynb (which your teacher has)" in text
    assert workspace.copy_notebooks(ROOT, tmp_path, ()).kept == []
    assert re.search(link, (tmp_path / EXERCISE).read_text())


def test_a_folder_that_the_course_lacks_cannot_be_left_out(tmp_path):
    with pytest.raises(
        InputError, match="without must be among chapters, exercises, solutions, but got answers"
    ):
        workspace.copy_notebooks(ROOT, tmp_path, ["answers"])
    done = runner.invoke(app, ["copy", str(tmp_path / "x"), "--without", "answers"])
    assert done.exit_code == 1 and not (tmp_path / "x").exists()


def test_copy_takes_the_usual_name_where_none_is_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert runner.invoke(app, ["copy"]).exit_code == 0
    assert (tmp_path / "rnn-course" / "chapters" / "00_start_here.ipynb").is_file()
