"""The learner's copy of the notebooks, and JupyterLab beside the user's own configuration."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import signal
import sys
from pathlib import Path

import pytest
from browser.lab_server import ROOT, course_command, running_lab
from nbformat import v4
from typer.testing import CliRunner

from rnncourse.cli import app
from rnncourse.environment import checkout_above, is_checkout, own_jupyter_first, shipped
from rnncourse.errors import InputError
from rnncourse.lab import workspace
from rnncourse.lab.edition import LANGUAGE
from rnncourse.question_cells import as_text

START = "chapters/00_start_here.ipynb"
SECOND = "chapters/01_second.ipynb"


def write_notebook(path: Path, text: str, output: str = "") -> None:
    code = v4.new_code_cell(f"print({text!r})", id="code")
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": LANGUAGE}
    if output:
        code.outputs = [v4.new_output("stream", text=output)]
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell(f"# {text}", id="title"), code], metadata=metadata)
    path.write_text(as_text(notebook), encoding="utf-8")


@pytest.fixture
def release(tmp_path) -> Path:
    """What a wheel ships: two chapters, a picture and an editor's leftover."""
    folder = tmp_path / "shipped"
    write_notebook(folder / START, "start")
    write_notebook(folder / SECOND, "second")
    write_notebook(folder / "chapters/.ipynb_checkpoints/00_start_here-checkpoint.ipynb", "old")
    (folder / "solutions").mkdir()
    (folder / "solutions/data.csv").write_text("1,2\n")
    return folder


@pytest.fixture
def copy(release, tmp_path) -> Path:
    """A learner's copy of the release."""
    target = tmp_path / "home" / "rnn-course"
    workspace.copy_notebooks(release, target)
    return target


def test_a_first_copy_holds_every_file_and_nothing_else(release, tmp_path):
    target = tmp_path / "rnn-course"
    report = workspace.copy_notebooks(release, target)
    assert report.new == [START, SECOND, "solutions/data.csv"]
    assert report.lines() == ["copied 3 files"]
    found = sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file())
    assert found == [workspace.MANIFEST, START, SECOND, "solutions/data.csv"]
    for name in report.new:
        assert (target / name).read_bytes() == (release / name).read_bytes()


def test_a_second_copy_has_nothing_to_do(release, copy):
    manifest = (copy / workspace.MANIFEST).read_bytes()
    report = workspace.copy_notebooks(release, copy)
    assert report == workspace.Report()
    assert report.lines() == []
    assert (copy / workspace.MANIFEST).read_bytes() == manifest


def test_a_changed_notebook_is_never_overwritten(release, copy):
    write_notebook(copy / START, "my own notes")
    mine = (copy / START).read_bytes()
    write_notebook(release / START, "start, second edition")
    write_notebook(release / SECOND, "second, second edition")
    for _ in range(2):  # neither at the first update nor at a later start
        report = workspace.copy_notebooks(release, copy)
        assert report.kept == [START]
        assert (copy / START).read_bytes() == mine
    assert "kept your version of chapters/00_start_here.ipynb" in report.lines()[0]
    assert (copy / SECOND).read_bytes() == (release / SECOND).read_bytes()


def test_a_changed_notebook_follows_once_the_change_is_undone(release, copy):
    original = (copy / START).read_bytes()
    write_notebook(copy / START, "my own notes")
    write_notebook(release / START, "start, second edition")
    assert workspace.copy_notebooks(release, copy).kept == [START]
    (copy / START).write_bytes(original)
    assert workspace.copy_notebooks(release, copy).updated == [START]


def test_a_notebook_that_was_only_run_follows_the_release(release, copy):
    write_notebook(copy / START, "start", output="start\n")
    write_notebook(release / START, "start, second edition")
    report = workspace.copy_notebooks(release, copy)
    assert report.updated == [START]
    assert report.lines() == ["updated 1 file that you had not changed"]
    assert (copy / START).read_bytes() == (release / START).read_bytes()


def test_a_notebook_that_was_run_keeps_its_outputs_while_the_release_is_the_same(release, copy):
    write_notebook(copy / START, "start", output="start\n")
    mine = (copy / START).read_bytes()
    assert workspace.copy_notebooks(release, copy) == workspace.Report()
    assert (copy / START).read_bytes() == mine


@pytest.mark.parametrize("change", ["1,3\n", "1,2\n\n"])
def test_every_byte_of_another_file_counts(release, copy, change):
    (copy / "solutions/data.csv").write_text(change)
    (release / "solutions/data.csv").write_text("9,9\n")
    assert workspace.copy_notebooks(release, copy).kept == ["solutions/data.csv"]
    assert (copy / "solutions/data.csv").read_text() == change


def test_a_deleted_file_comes_back(release, copy):
    (copy / START).unlink()
    shutil.rmtree(copy / "solutions")
    assert workspace.copy_notebooks(release, copy).new == [START, "solutions/data.csv"]
    assert (copy / START).read_bytes() == (release / START).read_bytes()


def test_a_spoilt_notebook_of_the_learner_is_kept(release, copy):
    (copy / START).write_text("{ half a notebook")
    write_notebook(release / START, "start, second edition")
    assert workspace.copy_notebooks(release, copy).kept == [START]
    assert (copy / START).read_text() == "{ half a notebook"


@pytest.mark.parametrize("content", ["", "[]", '{"files": 3}', "\x00"])
def test_without_a_manifest_whatever_differs_is_kept(release, copy, content):
    (copy / workspace.MANIFEST).write_text(content)
    write_notebook(release / START, "start, second edition")
    report = workspace.copy_notebooks(release, copy)
    assert (report.new, report.updated, report.kept) == ([], [], [START])


def test_files_beside_the_course_are_left_alone(release, copy):
    (copy / "chapters/mine.ipynb").write_text("mine")
    workspace.copy_notebooks(release, copy)
    assert (copy / "chapters/mine.ipynb").read_text() == "mine"


def test_the_manifest_says_nothing_about_person_time_or_place(copy):
    text = (copy / workspace.MANIFEST).read_text()
    manifest = json.loads(text)
    assert set(manifest) == {"rnncourse", "files"}
    assert set(manifest["files"]) == {START, SECOND, "solutions/data.csv"}
    assert all(len(value) == 64 for value in manifest["files"].values())
    assert str(copy.parent) not in text


OLD, NEW = "exercises/03_recurrence.ipynb", "exercises/03_recurrence_exercises.ipynb"


@pytest.fixture
def old_copy(release, tmp_path) -> Path:
    """A learner's copy made when exercises were called like their chapters; the release calls them otherwise now."""
    write_notebook(release / OLD, "step")
    target = tmp_path / "home" / "rnn-course"
    workspace.copy_notebooks(release, target)
    (release / OLD).unlink()
    write_notebook(release / NEW, "step, second edition")
    return target


def test_an_exercise_that_was_renamed_follows_under_its_new_name(release, old_copy):
    report = workspace.copy_notebooks(release, old_copy)
    assert (report.renamed, report.updated, report.new) == ([NEW], [NEW], [])
    assert not (old_copy / OLD).exists()
    assert (old_copy / NEW).read_bytes() == (release / NEW).read_bytes()


@pytest.mark.parametrize("manifest", [True, False])
def test_an_exercise_with_answers_keeps_them_under_its_new_name(release, old_copy, manifest):
    write_notebook(old_copy / OLD, "my answer")
    mine = (old_copy / OLD).read_bytes()
    if not manifest:
        (old_copy / workspace.MANIFEST).unlink()
    for _ in range(2):
        report = workspace.copy_notebooks(release, old_copy)
        assert report.kept[-1] == NEW
        assert (old_copy / NEW).read_bytes() == mine
    assert not (old_copy / OLD).exists()


def test_an_exercise_whose_new_name_is_taken_stays_beside(release, old_copy):
    write_notebook(old_copy / OLD, "my answer")
    write_notebook(old_copy / NEW, "another answer")
    mine, other = (old_copy / OLD).read_bytes(), (old_copy / NEW).read_bytes()
    report = workspace.copy_notebooks(release, old_copy)
    assert (report.beside, report.renamed) == ([OLD], [])
    assert f"kept {OLD} beside its successor; what you wrote is still there" in report.lines()
    assert ((old_copy / OLD).read_bytes(), (old_copy / NEW).read_bytes()) == (mine, other)


def test_a_file_of_the_learners_own_keeps_its_name(release, old_copy):
    write_notebook(old_copy / "exercises/notes.ipynb", "mine")
    workspace.copy_notebooks(release, old_copy)
    assert (old_copy / "exercises/notes.ipynb").exists()


QUESTION = 'predict("Which?", ["a", "b"], answer="b", because="So.", key="{}")'


def test_questions_of_an_earlier_release_stay_for_the_notebooks_that_ask_them(release, tmp_path):
    target = tmp_path / "rnn-course"
    for key in ("old", "new"):
        cell = v4.new_code_cell(QUESTION.format(key), id="ask")
        (release / START).write_text(as_text(v4.new_notebook(cells=[cell])))
        workspace.copy_notebooks(release, target)
    asked = json.loads((target / ".questions.json").read_text())
    assert set(asked) == {"old", "new"}
    assert "because" not in (target / START).read_text()


def test_a_kernel_of_another_version_leaves_the_learners_notebook_unchanged_on_opening(release, copy):
    write_notebook(copy / START, "my own notes", output="ran\n")
    notebook = json.loads((copy / START).read_text())
    notebook["metadata"]["language_info"] = {"name": "python", "version": "3.0"}
    (copy / START).write_text(json.dumps(notebook))
    workspace.copy_notebooks(release, copy)
    after = json.loads((copy / START).read_text())
    assert after["metadata"]["language_info"] == LANGUAGE
    assert after["cells"] == notebook["cells"]


def test_a_file_in_the_way_is_named(release, tmp_path):
    (tmp_path / "rnn-course").write_text("")
    with pytest.raises(InputError, match="rnn-course is a file, but the course needs a folder"):
        workspace.copy_notebooks(release, tmp_path / "rnn-course")


def test_an_empty_release_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no notebooks"):
        workspace.copy_notebooks(tmp_path, tmp_path / "rnn-course")
    assert not (tmp_path / "rnn-course").exists()


# Which folder is opened.


@pytest.fixture
def repo(tmp_path) -> Path:
    """A checkout with one chapter."""
    folder = tmp_path / "repo"
    write_notebook(folder / START, "start")
    (folder / "pyproject.toml").write_text('[project]\nname = "rnncourse"\n')
    return folder.resolve()


def test_in_a_checkout_its_notebooks_are_copied_from_whatever_folder(repo):
    below = repo / "rnncourse" / "data"
    below.mkdir(parents=True)
    root, report = workspace.course_root(below)
    assert (root, report.new) == (repo / "rnn-course", [START])
    write_notebook(repo / START, "start, second edition")
    inside, again = workspace.course_root(root / "chapters")
    assert (inside, again.updated) == (root, [START])


def test_to_edit_a_checkout_is_opened_as_it_is(repo, tmp_path):
    assert workspace.course_root(repo / "chapters", edit=True) == (repo, workspace.Report())
    assert not (repo / "rnn-course").exists()
    with pytest.raises(InputError, match="--edit opens the notebooks of a checkout"):
        workspace.course_root(tmp_path, edit=True)


def test_a_folder_without_chapters_is_no_checkout(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "rnncourse"\n')
    assert checkout_above(tmp_path) is None


@pytest.mark.parametrize("project", ['[project]\nname = "other"\n', "not toml [", "[tool.ruff]\n"])
def test_other_projects_are_no_checkout(tmp_path, project):
    (tmp_path / "pyproject.toml").write_text(project)
    (tmp_path / "chapters").mkdir()
    assert not is_checkout(tmp_path)


def test_elsewhere_the_notebooks_are_copied_once(release, tmp_path, monkeypatch):
    monkeypatch.setattr(workspace, "shipped", lambda: release)
    home = tmp_path / "home"
    home.mkdir()
    root, report = workspace.course_root(home)
    assert root == (home / "rnn-course").resolve()
    assert report.new == [START, SECOND, "solutions/data.csv"]
    inside, again = workspace.course_root(root / "chapters")  # no rnn-course inside rnn-course
    assert inside == root
    assert again == workspace.Report()


def test_a_wheel_ships_its_own_files_and_a_checkout_those_beside_the_package(tmp_path):
    package = tmp_path / "rnncourse"
    package.mkdir()
    assert shipped(package) == tmp_path
    (package / "_shipped").mkdir()
    assert shipped(package) == package / "_shipped"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EROFS, "(Read-only file system); change to a folder that you can write to"),
        (errno.EACCES, "(Permission denied); change to a folder that you can write to"),
        (errno.ENOSPC, "because the disk is full; free some space"),
    ],
)
def test_a_copy_that_cannot_be_written_is_said_in_a_sentence(release, tmp_path, monkeypatch, number, said):
    def full(path, data):
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(workspace, "shipped", lambda: release)
    monkeypatch.setattr(workspace, "write_whole", full)
    with pytest.raises(InputError) as stopped:
        workspace.course_root(tmp_path)
    assert said in str(stopped.value) and "\n" not in str(stopped.value)


def test_a_place_that_is_no_folder_stops_lab_with_a_sentence(release, monkeypatch, tmp_path):
    monkeypatch.setattr(workspace, "shipped", lambda: release)
    monkeypatch.chdir("/proc/self")
    done = CliRunner().invoke(app, ["lab"])
    assert done.exit_code == 1
    assert re.fullmatch(r"The course cannot be copied to /proc/\d+/rnn-course \(.+\n", done.output), (
        done.output
    )


def test_a_home_that_cannot_be_written_stops_lab_with_a_sentence(release, monkeypatch, tmp_path):
    monkeypatch.setattr(workspace, "shipped", lambda: release)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "file" / "runtime"))
    monkeypatch.setattr(workspace, "open_lab", lambda root, arguments: pytest.fail("it must not start"))
    done = CliRunner().invoke(app, ["lab"])
    assert done.exit_code == 1
    assert "JupyterLab cannot write to" in done.output and "JUPYTER_RUNTIME_DIR" in done.output


@pytest.mark.parametrize(
    ("folder", "address"),
    [
        ("home/ana/rnn-course", "/user/ana/lab/tree/rnn-course/chapters/00_start_here.ipynb"),
        ("home/ana/a b/rnn-course", "/user/ana/lab/tree/a%20b/rnn-course/chapters/00_start_here.ipynb"),
        ("srv/rnn-course", "/user/ana/lab, and the folder {}/srv/rnn-course there"),
    ],
)
def test_in_a_hub_the_course_is_copied_and_nothing_started(release, tmp_path, monkeypatch, folder, address):
    target = tmp_path / folder
    target.parent.mkdir(parents=True)
    (tmp_path / "home" / "ana").mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(workspace, "shipped", lambda: release)
    monkeypatch.setattr(workspace, "open_lab", lambda root, arguments: pytest.fail("it must not start"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home" / "ana")
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ana/")
    monkeypatch.chdir(target.parent)
    done = CliRunner().invoke(app, ["lab"])
    assert done.exit_code == 0, done.output
    assert (target / START).is_file()
    assert f"open {address.format(tmp_path)}\n" in done.output


# How JupyterLab is started.


def test_arguments_are_passed_on_and_the_working_directory_is_not_searched_for_modules():
    command = workspace.lab_command(["--no-browser", "--port", "9999"])
    assert command == [sys.executable, "-P", "-m", "jupyterlab", "--no-browser", "--port", "9999"]


def test_the_users_own_paths_are_kept(tmp_path):
    environ = {"JUPYTER_CONFIG_PATH": "/theirs", "JUPYTER_PATH": "/their/data", "OTHER": "1"}
    changed = workspace.lab_environment(tmp_path, environ)
    assert changed["JUPYTER_CONFIG_PATH"].split(os.pathsep) == [str(workspace.LAB_SETTINGS), "/theirs"]
    assert changed["JUPYTER_PATH"].split(os.pathsep) == [f"{sys.prefix}/share/jupyter", "/their/data"]
    assert changed["OTHER"] == "1"
    assert own_jupyter_first(own_jupyter_first(environ)) == own_jupyter_first(environ)
    assert own_jupyter_first({})["JUPYTER_PATH"] == f"{sys.prefix}/share/jupyter"


def test_kernels_run_on_one_thread_unless_the_user_chose_otherwise(tmp_path):
    changed = workspace.lab_environment(tmp_path, {"OMP_NUM_THREADS": "4"})
    assert changed["OMP_NUM_THREADS"] == "4"
    assert workspace.lab_environment(tmp_path, {})["OMP_NUM_THREADS"] == "1"
    assert workspace.lab_environment(tmp_path, {})["OPENBLAS_NUM_THREADS"] == "1"
    assert workspace.lab_environment(tmp_path, {})["MALLOC_ARENA_MAX"] == "1"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """`rnncourse lab` below a small checkout, for a user who has a configuration of their own."""
    folder = tmp_path_factory.mktemp("repo")
    shutil.copy(ROOT / "pyproject.toml", folder)
    write_notebook(folder / START, "start")
    scratch = tmp_path_factory.mktemp("jupyter")
    config = scratch / "config"
    (config / "labconfig").mkdir(parents=True)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    server = {"root_dir": str(elsewhere), "default_url": "/lab/tree/mine.ipynb", "max_body_size": 12_345}
    (config / "jupyter_server_config.json").write_text(json.dumps({"ServerApp": server}))
    (config / "jupyter_server_config.py").write_text(
        f"c = get_config()\nc.FileContentsManager.preferred_dir = {str(elsewhere)!r}\n"
        "c.ServerApp.preferred_dir = '/gone'\nc.AsyncLargeFileManager.preferred_dir = '/gone'\n"
    )
    (config / "jupyter_lab_config.json").write_text('{"LabApp": {"default_url": "/lab/tree/mine.ipynb"}}')
    theirs = {
        "@jupyterlab/apputils-extension:themes": {"theme": "JupyterLab Dark"},
        "@jupyterlab/apputils-extension:notification": {"fetchNews": "none"},
    }
    (config / "labconfig/default_setting_overrides.json").write_text(json.dumps(theirs))
    # A python3 kernel of another environment, registered for the whole account.
    kernel = scratch / "data/kernels/python3/kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text(
        '{"argv": ["/elsewhere/python", "{connection_file}"], "display_name": "x", "language": "y"}'
    )
    with running_lab(course_command(), folder / "chapters", scratch) as lab:
        yield lab


def test_lab_opens_chapter_00_with_the_whole_course_as_root(lab):
    assert lab.landing() == f"/lab/tree/{START}"
    names = {entry["name"] for entry in lab.get("/api/contents?content=1")["content"]}
    assert names == {"chapters"}
    assert lab.get(f"/api/contents/{START}?content=0")["type"] == "notebook"


def test_lab_asks_nothing_about_news_and_keeps_the_users_settings(lab):
    def default(plugin: str, key: str) -> object:
        schema = lab.get(f"/lab/api/settings/@jupyterlab/apputils-extension:{plugin}")["schema"]
        return schema["properties"][key]["default"]

    assert default("notification", "fetchNews") == "false"
    assert default("notification", "checkForUpdates") is False
    assert default("themes", "theme") == "JupyterLab Dark"


def test_lab_loads_nothing_that_a_lone_learner_does_not_use(lab):
    """nbgrader takes longer to load than JupyterLab, and the hub is where it is used."""
    said = lab.log.read_text(errors="replace")
    assert "jupyterlab | extension was successfully loaded" in said
    assert "nbgrader" not in said and "jupyter_lsp" not in said


@pytest.mark.parametrize("copy", [True, False])
def test_only_a_learners_copy_does_without_nbgrader(tmp_path, copy):
    if copy:
        (tmp_path / workspace.MANIFEST).touch()
    folders = workspace.quick_environment(tmp_path, {})["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert (str(workspace.QUICK_SETTINGS) in folders) is copy
    assert folders[-1] == str(workspace.LAB_SETTINGS)


def test_lab_runs_the_kernel_of_its_own_environment(lab):
    specs = lab.get("/api/kernelspecs")
    assert specs["default"] == "python3"
    assert specs["kernelspecs"]["python3"]["spec"]["argv"][0] != "/elsewhere/python"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send")
@pytest.mark.skipif(
    signal.getsignal(signal.SIGINT) == signal.SIG_IGN,
    reason="started in the background, children ignore Ctrl-C",
)
def test_ctrl_c_ends_it_without_a_traceback(tmp_path_factory):
    folder = tmp_path_factory.mktemp("repo")
    shutil.copy(ROOT / "pyproject.toml", folder)
    write_notebook(folder / START, "start")
    with running_lab(course_command(), folder, tmp_path_factory.mktemp("jupyter")) as lab:
        lab.process.send_signal(signal.SIGINT)
        assert lab.process.wait(timeout=60) == 0
        assert "Traceback" not in lab.log.read_text(errors="replace")
