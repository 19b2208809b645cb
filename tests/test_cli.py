"""The `rnncourse` command: what it passes on, what it says and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from browser.lab_server import ROOT, course_command
from nbformat import v4
from typer.testing import CliRunner

from rnncourse import predictions
from rnncourse.building import outputs
from rnncourse.cli import app
from rnncourse.lab import workspace

runner = CliRunner()


@pytest.fixture
def opened(monkeypatch) -> list:
    """What would have been opened, with which arguments; the exit status of JupyterLab is 7."""
    calls = []
    monkeypatch.setattr(workspace, "open_lab", lambda root, arguments: calls.append((root, arguments)) or 7)
    return calls


def write_notebook(path: Path, code: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(v4.writes(v4.new_notebook(cells=[v4.new_code_cell(code, id="code")])), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--no-browser", "--port", "9999"],
        ["--port=9999", "-y", "--ServerApp.token=x", "chapters/01_sequences.ipynb"],
        ["--", "--debug"],
    ],
)
def test_lab_passes_all_arguments_on(opened, monkeypatch, arguments):
    monkeypatch.chdir(ROOT / "tests")
    done = runner.invoke(app, ["lab", "--edit", *arguments])
    assert opened == [(ROOT, [argument for argument in arguments if argument != "--"])]
    assert done.exit_code == 7
    assert done.stdout == f"Opening the course in {ROOT}\n"


def test_lab_says_what_it_copied(opened, monkeypatch, tmp_path):
    release = tmp_path / "shipped"
    write_notebook(release / "chapters/00_start_here.ipynb", "1")
    monkeypatch.setattr(workspace, "shipped", lambda: release)
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    done = runner.invoke(app, ["lab"])
    root = tmp_path / "home/rnn-course"
    assert done.stdout == f"copied 1 file\nOpening the course in {root}\n"
    assert (root / "chapters/00_start_here.ipynb").is_file()
    assert opened == [(root, [])]


def test_progress_tells_how_predictions_came_out(monkeypatch, tmp_path):
    monkeypatch.setenv("RNNCOURSE_PROGRESS", str(tmp_path / "progress.json"))
    assert "predictions" not in runner.invoke(app, ["progress"]).stdout
    predictions.record("jar", "3", False, "certain")
    predictions.record("way", "up", True)
    said = runner.invoke(app, ["progress"]).stdout.splitlines()
    assert said[-2:] == ["predictions 1 of 2 right (50%)", "  certain     0 of 1 right (0%)"]


def test_lab_names_a_file_in_the_way(opened, monkeypatch, tmp_path):
    (tmp_path / "rnn-course").touch()
    monkeypatch.chdir(tmp_path)
    done = runner.invoke(app, ["lab"])
    assert (done.exit_code, opened) == (1, [])
    assert "rnn-course is a file" in done.stderr


def test_build_outputs_writes_good_notebooks_and_names_bad_ones(tmp_path):
    good = write_notebook(tmp_path / "good.ipynb", "print(6 * 7)")
    bad = write_notebook(tmp_path / "bad.ipynb", "unknown_name")
    before = bad.read_bytes()
    done = runner.invoke(app, ["build", "outputs", str(bad), str(good)])
    assert done.exit_code == 1
    assert f"{bad}: cell code: NameError: name 'unknown_name' is not defined" in done.stderr
    assert bad.read_bytes() == before
    assert v4.reads(good.read_text()).cells[0].outputs[0].text == "42\n"
    again = runner.invoke(app, ["build", "outputs", str(good)])
    assert (again.exit_code, again.stdout) == (0, f"{good}: unchanged\n")


def test_build_outputs_names_what_is_no_notebook(tmp_path):
    done = runner.invoke(app, ["build", "outputs", str(tmp_path / "none.ipynb")])
    assert done.exit_code == 1
    assert "none.ipynb is neither a folder nor a notebook (.ipynb) that exists" in done.stderr


def test_build_outputs_takes_the_checkouts_notebooks_by_itself(tmp_path, monkeypatch):
    chapter = write_notebook(tmp_path / "chapters/00_start_here.ipynb", "1")
    master = write_notebook(tmp_path / "solutions/00_start_here.ipynb", "2")
    write_notebook(tmp_path / "exercises/00_start_here.ipynb", "3")  # generated, never run in place
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "rnncourse"\n')
    ran = []
    monkeypatch.setattr(outputs, "refresh", lambda path, timeout: bool(ran.append((path, timeout))))
    monkeypatch.chdir(tmp_path / "chapters")
    assert runner.invoke(app, ["build", "outputs", "--timeout", "9"]).exit_code == 0
    assert ran == [(chapter, 9), (master, 9)]


def test_build_outputs_outside_a_checkout_asks_for_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = runner.invoke(app, ["build", "outputs"])
    assert done.exit_code == 1
    assert "not in a checkout of the course" in done.stderr


def test_the_installed_command_lists_what_it_can_do():
    done = subprocess.run([course_command(), "--help"], capture_output=True, text=True, check=True)
    assert all(name in done.stdout for name in ("lab", "doctor", "build"))


@pytest.mark.skipif(os.name == "nt", reason="Windows starts JupyterLab as a child instead")
def test_the_process_becomes_jupyterlab(monkeypatch, tmp_path):
    calls = []
    monkeypatch.setattr(os, "execve", lambda *arguments: calls.append(arguments))
    workspace.open_lab(tmp_path, ["--no-browser"])
    [(program, command, environ)] = calls
    assert (program, command[-1]) == (sys.executable, "--no-browser")
    assert environ["RNNCOURSE_ROOT"] == str(tmp_path)


def test_where_it_cannot_become_jupyterlab_it_outlives_ctrl_c(monkeypatch):
    monkeypatch.setattr(workspace.subprocess, "Popen", _FakeLab)
    assert workspace.wait_for_lab(["jupyter", "lab"], {}) == 5


class _FakeLab:
    """A JupyterLab that is interrupted twice before it ends."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        self.interruptions = 2

    def __enter__(self) -> _FakeLab:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def wait(self) -> int:
        if self.interruptions:
            self.interruptions -= 1
            raise KeyboardInterrupt
        return 5


# Benchmarks.


def test_bench_lists_what_can_be_run_and_nothing_else(monkeypatch):
    monkeypatch.chdir(ROOT / "docs")
    listed = runner.invoke(app, ["bench"]).stdout.splitlines()
    names = {line.split()[0] for line in listed}
    assert {"cpu_layers", "gpu_layers", "grading", "lab_start"} <= names
    assert not names & {"contenders", "timing"}
    assert "cpu_layers        Layers on one CPU core" in "\n".join(listed)


def test_bench_passes_arguments_on_and_returns_the_status(monkeypatch, capfd):
    monkeypatch.chdir(ROOT)
    assert runner.invoke(app, ["bench", "cpu_layers", "--shapes", "none"]).exit_code == 2
    assert "--shapes: invalid int value: 'none'" in capfd.readouterr().err


def test_bench_names_what_there_is(monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    done = runner.invoke(app, ["bench", "nothing"])
    assert done.exit_code == 1
    assert "There is no benchmark nothing. There are alice_rows, applications" in done.stderr
    monkeypatch.chdir(tmp_path)
    assert "not in a checkout" in runner.invoke(app, ["bench"]).stderr
