"""Each check sees its own fault; faults are made on purpose here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from browser.lab_server import course_command
from typer.testing import CliRunner

from rnncourse.cli import app
from rnncourse.environment import shipped
from rnncourse.lab import doctor

TESTED = {"numpy": "2.4.6", "jupyterlab-widgets": "3.0.17"}


def write_kernel(folder: Path, argv: list[str]) -> Path:
    spec = {"argv": argv, "display_name": "Python 3", "language": "python"}
    (folder / "kernels/python3").mkdir(parents=True)
    (folder / "kernels/python3/kernel.json").write_text(json.dumps(spec))
    return folder / "kernels"


def write_labextension(folder: Path, name: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "package.json").write_text("{}")


@pytest.mark.parametrize(("version", "ok"), [((3, 10, 14), False), ((3, 11, 0), True), ((3, 13, 1), True)])
def test_python_must_be_recent(version, ok):
    check = doctor.check_python(version)
    assert check.ok is ok
    assert check.detail.startswith(".".join(map(str, version)))
    assert check.fix == ("" if ok else "make a new virtual environment with Python 3.11 or newer")


@pytest.mark.parametrize(
    ("installed", "ok", "said"),
    [
        ("2.4.6", True, "2.4.6"),
        ("2.4.6+cpu", True, "2.4.6+cpu"),
        ("2.4.60", True, "2.4.60 (tested with 2.4.6)"),
        ("2.3.1", True, "2.3.1 (tested with 2.4.6)"),
        ("1.26.4", False, "1.26.4, but the course needs >=2.0"),
        ("", False, "is installed, but its version information is damaged"),
        (None, False, "is not installed"),
    ],
)
def test_a_package_is_compared_with_what_can_be_used_and_what_was_tested(installed, ok, said):
    check = doctor.check_package("numpy", installed, TESTED, ">=2.0")
    assert check.differs is (ok and "tested" in said)
    assert (check.ok, check.detail) == (ok, said)
    again = "--force-reinstall " if installed == "" else ""
    assert check.fix == ("" if ok else f'python -m pip install {again}"numpy==2.4.6"')


def test_names_are_compared_as_pip_compares_them():
    assert doctor.check_package("jupyterlab_widgets", "3.0.16", TESTED).differs is True
    assert doctor.check_package("jupyterlab_widgets", "3.0.17", TESTED).differs is False


def test_a_package_without_a_tested_version_must_be_there():
    assert doctor.check_package("tqdm", "4.1", TESTED).ok is True
    assert doctor.check_package("tqdm", None, TESTED).fix == "python -m pip install tqdm"


def test_constraints_are_read_and_comments_left_out(tmp_path):
    file = tmp_path / "constraints.txt"
    file.write_text("# torch==1.0\nnumpy==2.4.6  # exact\nJupyterLab_Widgets==3.0.17\n\n")
    assert doctor.read_constraints(file) == TESTED
    assert doctor.read_constraints(tmp_path / "missing.txt") == {}


def test_packages_are_those_of_a_plain_install_and_of_the_extras_named():
    lines = [
        "numpy>=2.0",
        "torch>=2.6,<3; python_version >= '3.11'",
        "jupyterlab>=4.5; extra == 'lab'",
        'ruff>=0.9; extra == "test"',
        "tqdm",
    ]
    plain = {"numpy": ">=2.0", "torch": ">=2.6,<3", "tqdm": ""}
    assert doctor.requirements(lines) == plain
    assert doctor.requirements(lines, ("", "lab")) == {**plain, "jupyterlab": ">=4.5"}


def test_without_jupyterlab_the_extra_is_explained_and_nothing_is_called_broken(monkeypatch):
    real = doctor.installed_version
    of_the_extra = {"jupyterlab", "nbconvert", "nbclient", "latex2mathml"}
    monkeypatch.setattr(
        doctor, "installed_version", lambda name: None if name in of_the_extra else real(name)
    )
    monkeypatch.setattr(doctor, "check_kernel", lambda folders: doctor.Check("kernel", True, ""))
    monkeypatch.setattr(doctor, "check_imports", lambda needed: [])
    checks = {check.name: check for check in doctor.examine()}
    assert [name for name, check in checks.items() if not check.ok] == []
    assert of_the_extra.isdisjoint(checks)
    assert checks["extra [lab]"].differs is True
    assert checks["extra [lab]"].detail.endswith('python -m pip install "rnncourse[lab]"')


def test_with_jupyterlab_the_whole_extra_is_expected(monkeypatch):
    real = doctor.installed_version
    monkeypatch.setattr(doctor, "installed_version", lambda name: None if name == "nbconvert" else real(name))
    monkeypatch.setattr(doctor, "check_kernel", lambda folders: doctor.Check("kernel", True, ""))
    monkeypatch.setattr(doctor, "check_imports", lambda needed: [])
    broken = [check.name for check in doctor.examine() if not check.ok]
    assert broken == ["nbconvert"]


def test_it_is_said_where_messages_are_slow(tmp_path):
    assert doctor.check_quick_messages([tmp_path]).differs is True
    (tmp_path / "b" / "jupyter_server_config.d").mkdir(parents=True)
    (tmp_path / "b" / "jupyter_server_config.d" / "rnncourse.json").touch()
    check = doctor.check_quick_messages([tmp_path, tmp_path / "b"])
    assert (check.ok, check.differs) == (True, False)


def test_an_installed_package_is_found_and_a_missing_one_is_not():
    assert doctor.installed_version("numpy")
    assert doctor.installed_version("no-such-package-anywhere") is None


def test_a_package_that_cannot_be_imported_is_named(monkeypatch):
    for name, check in [("numpy", doctor.check_blas), ("torch", doctor.check_torch_device)]:
        monkeypatch.setitem(sys.modules, name, None)
        found = check()
        assert found.ok is False
        assert found.detail.startswith(f"import {name} fails: ")
        assert found.fix == f"python -m pip install --force-reinstall {name}"


def test_numpy_names_its_blas_and_torch_its_device():
    assert doctor.check_blas().ok
    assert "blas" in doctor.check_blas().detail.lower()
    device = doctor.check_torch_device()
    assert device.ok
    assert device.detail.startswith(("CPU; no GPU was found", "GPU found: "))


def test_a_missing_front_end_is_named(tmp_path, monkeypatch):
    check = doctor.check_widgets([tmp_path])
    assert check.ok is False
    assert check.detail == (
        "missing: JupyterLab extension @jupyter-widgets/jupyterlab-manager, JupyterLab extension anywidget"
    )
    write_labextension(tmp_path, "anywidget")
    assert "anywidget" not in doctor.check_widgets([tmp_path]).detail
    write_labextension(tmp_path / "other", "@jupyter-widgets/jupyterlab-manager")
    assert doctor.check_widgets([tmp_path, tmp_path / "other"]).ok is True
    monkeypatch.setattr(doctor, "installed_version", {"ipywidgets": "8.1.9"}.get)
    assert doctor.check_widgets([tmp_path, tmp_path / "other"]).detail == "missing: anywidget"


def test_a_kernel_that_starts_is_this_python():
    check = doctor.check_kernel(doctor.jupyter_folders("kernels"))
    assert check.ok is True, check.detail
    assert check.detail.endswith(sys.prefix)


def test_a_kernel_specification_that_points_nowhere_is_named(tmp_path):
    folder = write_kernel(
        tmp_path, ["/nowhere/bin/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    )
    check = doctor.check_kernel([folder])
    assert check.ok is False
    assert f"python3 ({folder / 'python3'}) does not start: FileNotFoundError" in check.detail
    assert check.fix == "python -m pip install --force-reinstall --no-deps ipykernel"


def test_a_kernel_that_dies_is_named(tmp_path):
    folder = write_kernel(tmp_path, [sys.executable, "-c", "raise SystemExit(3)", "{connection_file}"])
    check = doctor.check_kernel([folder])
    assert check.ok is False
    assert "does not start: RuntimeError: Kernel died" in check.detail


def test_a_kernel_of_another_python_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "ask_kernel", lambda code, folders: f"2 {tmp_path}\n")
    assert doctor.check_kernel([]).detail == f"python3 runs another Python, in {tmp_path}"
    monkeypatch.setattr(doctor, "ask_kernel", lambda code, folders: "3 x\n")
    assert doctor.check_kernel([]).detail == "python3 said that 1 + 1 is '3'"


def test_a_course_without_notebooks_is_named(tmp_path):
    assert doctor.check_course(tmp_path).ok is False
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters/00_start_here.ipynb").touch()
    assert doctor.check_course(tmp_path).detail == f"1 notebooks in {tmp_path}"


def test_chromium_is_a_wish_and_no_need():
    assert doctor.check_chromium([None, "/usr/bin/chromium"]).detail == "/usr/bin/chromium"
    assert doctor.check_chromium([None, None]).ok is True


def test_each_line_says_ok_or_how_to_mend_it():
    good, bad = (
        doctor.Check("numpy", True, "2.4.6"),
        doctor.Check("torch", False, "is not installed", "pip …"),
    )
    assert good.line().split() == ["ok", "numpy", "2.4.6"]
    first, second = bad.line().splitlines()
    assert first.split() == ["FIX", "torch", "is", "not", "installed"]
    assert second.split() == ["->", "pip", "…"]
    assert doctor.report([good]).endswith("\n\nEverything the course needs is in place.")
    assert doctor.report([good, bad]).endswith("\n\nTo fix: torch.")


# The whole command.


def test_this_environment_is_well():
    """The tests run where the course runs, so a fault that the doctor finds here is one to fix."""
    checks = doctor.examine()
    assert [check.line() for check in checks if not check.ok] == []
    wanted = {"Python", "rnncourse", "numpy", "torch", "matrix products", "widgets", "kernel", "Chromium"}
    assert wanted <= {check.name for check in checks}


def test_the_exit_status_is_0_when_all_is_well(monkeypatch):
    monkeypatch.setattr(doctor, "examine", lambda: [doctor.Check("numpy", True, "2.4.6")])
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == 0
    assert "Everything the course needs is in place." in done.stdout


def found(tmp_path: Path, cwd: Path | None = None, **environ: str) -> tuple[list[dict], str]:
    """Return what is not ok when the command examines with other variables or in another folder, and all it printed."""
    done = subprocess.run(
        [course_command(), "doctor", "--json"],
        cwd=cwd or tmp_path,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr, done.stderr
    checks = json.loads(done.stdout)
    broken = [check for check in checks if not check["ok"]]
    assert done.returncode == (1 if broken else 0)
    assert {"kernel", "Chromium", "matrix products"} <= {check["name"] for check in checks}, (
        "all were examined"
    )
    return broken, done.stdout


@pytest.fixture(scope="module")
def hidden_and_homeless(tmp_path_factory) -> tuple[Path, list[dict]]:
    """A folder with a numpy.py of one's own, and what is broken there where the home cannot be written."""
    folder = tmp_path_factory.mktemp("broken")
    (folder / "numpy.py").write_text("raise SystemExit('mine')\n")
    (folder / "home").touch()
    return folder, found(folder, HOME=str(folder / "home"))[0]


def test_a_numpy_of_ones_own_is_named_and_ends_nothing(hidden_and_homeless):
    folder, broken = hidden_and_homeless
    [check] = [one for one in broken if one["name"] == "hidden modules"]
    assert check["detail"] == f"{folder / 'numpy.py'} is imported in place of the real numpy"


@pytest.mark.parametrize("name", ["numpy.py", "torch.py", "random.py", "tqdm/__init__.py"])
def test_a_file_of_ones_own_that_hides_a_module_is_named(tmp_path, name):
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.touch()
    (tmp_path / "numpy.txt").touch()
    (tmp_path / "csv").mkdir()  # without __init__.py it hides nothing
    [check] = doctor.check_hidden([tmp_path], ["numpy", "torch", "tqdm"])
    hiding = tmp_path / name.partition("/")[0]
    assert check.detail == f"{hiding} is imported in place of the real {hiding.stem}"
    assert check.fix.startswith(f"rename {hiding}")


def test_a_copy_of_the_course_is_searched_too(tmp_path):
    (tmp_path / "rnn-course" / "exercises").mkdir(parents=True)
    (tmp_path / "rnn-course" / "exercises" / "numpy.py").touch()
    [check] = doctor.check_hidden(doctor.notebook_folders(tmp_path), ["numpy"])
    assert check.ok is False and "exercises/numpy.py is imported in place" in check.detail


def test_a_foreign_numpy_in_pythonpath_is_named(tmp_path):
    (tmp_path / "theirs" / "numpy").mkdir(parents=True)
    (tmp_path / "theirs" / "numpy" / "__init__.py").write_text("__version__ = '1.0'\n")
    broken, _ = found(tmp_path, PYTHONPATH=str(tmp_path / "theirs"))
    [check] = [one for one in broken if one["name"] == "imports" and "numpy comes from" in one["detail"]]
    assert check["detail"] == f"numpy comes from {tmp_path}/theirs/numpy/__init__.py"
    assert check["fix"] == f"take {tmp_path}/theirs out of the variable PYTHONPATH, or unset it"


def test_a_home_that_cannot_be_written_is_named(hidden_and_homeless):
    said = [one["detail"] for one in hidden_and_homeless[1] if one["name"] == "writing"]
    assert any(
        "JupyterLab's settings" in one and "cannot be written to (Not a directory)" in one for one in said
    )


def test_nothing_stays_where_writing_was_tried(tmp_path):
    assert doctor.check_writing({"x": tmp_path / "a" / "b"})[0].ok is True
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise ImportError('libfoo.so: cannot open')", "ImportError: libfoo.so: cannot open"),
        ("import os; os.abort()", "the process ended with status -6"),
        ("import os; os._exit(3)", "the process ended with status 3"),
        ("raise SystemExit", "SystemExit: "),
        ("print('hello'); 1 / 0", "ZeroDivisionError: division by zero"),
        ("def (", "SyntaxError: "),
        ("while True: pass", "still running after 2 s"),
    ],
)
def test_a_damaged_package_costs_no_other_check(tmp_path, monkeypatch, body, said):
    (tmp_path / "brokenpkg.py").write_text(body)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(doctor, "IMPORT_SECONDS", 2)
    seen = doctor.imported_from(["json", "brokenpkg", "csv"], tmp_path)
    assert seen["brokenpkg"]["error"].startswith(said)
    assert Path(seen["json"]["file"]).name == "__init__.py" and Path(seen["csv"]["file"]).name == "csv.py"


@pytest.mark.parametrize("name", ["check_course", "check_package", "check_imports", "check_hidden", "check_writing",
                                  "check_blas", "check_torch_device", "check_widgets", "check_kernel",
                                  "check_chromium", "requirements", "check_lab_extra", "check_quick_messages",
                                  "read_constraints"])  # fmt: skip
def test_no_check_that_fails_ends_the_examination(monkeypatch, name):
    def fails(*_):
        raise RuntimeError("ill itself")

    monkeypatch.setattr(doctor, "check_kernel", lambda folders: doctor.Check("kernel", True, ""))
    monkeypatch.setattr(doctor, "check_imports", lambda needed: [])
    monkeypatch.setattr(doctor, name, fails)
    checks = doctor.examine()
    assert len(checks) > 10
    if name != "read_constraints":
        assert [one for one in checks if "could not be examined: RuntimeError: ill itself" in one.detail]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"Name: numpy\n"])
def test_damaged_metadata_are_named(tmp_path, monkeypatch, content):
    folder = tmp_path / "damagedpkg-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_bytes(content)
    monkeypatch.syspath_prepend(tmp_path)
    check = doctor.check_package("damagedpkg", doctor.installed_version("damagedpkg"), {})
    assert check.ok is False and "damaged" in check.detail


@pytest.mark.parametrize("fault", ["version", "missing", "kernel"])
def test_the_exit_status_is_1_when_something_is_broken(fault, tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "check_blas", lambda: doctor.Check("matrix products", True, ""))
    monkeypatch.setattr(doctor, "check_imports", lambda needed: [])
    if fault != "kernel":
        monkeypatch.setattr(doctor, "check_kernel", lambda folders: doctor.Check("kernel", True, ""))
    real = doctor.installed_version
    if fault == "version":
        monkeypatch.setattr(
            doctor, "installed_version", lambda name: "1.0" if name == "numpy" else real(name)
        )
        said = "numpy              1.0, but the course needs >=2.0"
    elif fault == "missing":
        monkeypatch.setattr(doctor, "installed_version", lambda name: None if name == "torch" else real(name))
        said = "torch              is not installed"
    else:
        write_kernel(tmp_path, ["/nowhere/python"])
        monkeypatch.setattr(doctor, "OWN_JUPYTER", tmp_path)
        said = f"kernel             python3 ({tmp_path / 'kernels/python3'}) does not start"
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == 1
    assert f"FIX   {said}" in done.stdout
    as_json = CliRunner().invoke(app, ["doctor", "--json"])
    assert as_json.exit_code == 1
    broken = [check["name"] for check in json.loads(as_json.stdout) if not check["ok"]]
    assert {"version": "numpy", "missing": "torch", "kernel": "kernel"}[fault] in broken


def test_the_tested_versions_name_every_core_package():
    tested = doctor.read_constraints(shipped() / "constraints.txt")
    assert {"numpy", "torch", "jupyterlab", "ipykernel", "ipywidgets", "anywidget"} <= set(tested)
    assert tested["torch"] == "2.13.0"
