"""The wheel carries the course: built, installed into a new environment, used from an empty directory.

The new environment has what the wheel asks for, taken from the environment of the tests, and nothing else: a dependency
that pyproject.toml forgets is not found there. The build itself runs without isolation, with the hatchling that
constraints.txt names.
"""

from __future__ import annotations

import email
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from browser.lab_server import ROOT, running_lab
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from rnncourse.lab.workspace import course_files, learners_file

COURSE = [path.relative_to(ROOT).as_posix() for path in course_files(ROOT)]
BIN = "Scripts" if os.name == "nt" else "bin"


def clean_environment() -> dict[str, str]:
    """Return the environment without what would let the tests' own packages shine through."""
    hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "JUPYTER_PATH", "JUPYTER_CONFIG_PATH")
    return {name: value for name, value in os.environ.items() if name not in hidden}


def run(*command: object, cwd: Path, check: bool = True) -> subprocess.CompletedProcess:
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=clean_environment(), capture_output=True, text=True)
    assert not check or done.returncode == 0, f"{' '.join(words)}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def dist(tmp_path_factory) -> Path:
    """A source distribution, and the wheel built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(dist) -> Path:
    [wheel] = dist.glob("*.whl")
    return wheel


def asked_for(wheel: Path) -> set[str]:
    """Return the names of the packages that `pip install WHEEL[lab]` brings, those of its own packages included."""
    with zipfile.ZipFile(wheel) as archive:
        [about] = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        lines = email.message_from_bytes(archive.read(about)).get_all("Requires-Dist")
    found, todo = set(), [(line, {"", "lab"}) for line in lines]
    while todo:
        line, extras = todo.pop()
        one = Requirement(line)
        wanted = one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in extras)
        if wanted and (canonicalize_name(one.name), *one.extras) not in found:
            found.add((canonicalize_name(one.name), *one.extras))
            todo += [(below, {"", *one.extras}) for below in metadata.requires(one.name) or ()]
    return {name for name, *_ in found}


def borrow(package: str, venv: Path, site_packages: Path) -> None:
    """Put a package of the tests' environment into another one; its commands stay, as they start this Python."""
    for file in metadata.distribution(package).files:
        target = Path(os.path.normpath(site_packages / file))
        if target.is_relative_to(venv / BIN) or not file.locate().is_file():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            target.hardlink_to(file.locate())
        except OSError:  # another file system
            shutil.copyfile(file.locate(), target)


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The folder of commands of a new environment into which the wheel was installed."""
    venv = tmp_path_factory.mktemp("installed") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", venv, cwd=venv.parent)
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site_packages = Path(run(venv / BIN / "python", "-c", code, cwd=venv).stdout.strip())
    for package in asked_for(wheel):
        borrow(package, venv, site_packages)
    pip = [sys.executable, "-m", "pip", "--python", venv / BIN / "python"]
    # --no-index: whatever is missing is an error.
    run(*pip, "install", "-q", "--no-compile", "--no-index", f"{wheel}[lab]", cwd=venv.parent)
    run(*pip, "check", cwd=venv.parent)
    yield venv / BIN
    # Over a gigabyte where it could not be linked, and pytest keeps the folders of three runs.
    shutil.rmtree(venv)


@pytest.fixture
def empty(tmp_path) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def test_the_wheel_carries_the_course_and_no_leftovers(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    shipped = {name.removeprefix("rnncourse/_shipped/") for name in names if "/_shipped/" in name}
    assert {*COURSE, "constraints.txt"} == shipped
    package = [
        path for path in (ROOT / "rnncourse").rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ]
    assert {path.relative_to(ROOT).as_posix() for path in package} <= names
    assert not [name for name in names if "checkpoint" in name or "__pycache__" in name]
    assert not [name for name in names if name.startswith(("tests/", "chapters/", "benchmarks/"))]
    assert [name for name in names if name.endswith("licenses/LICENSE-text")]


def test_the_source_distribution_can_be_tested(dist):
    [file] = dist.glob("*.tar.gz")
    with tarfile.open(file) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {
        "conftest.py",
        "hatch_build.py",
        "constraints.txt",
        "README.md",
        "LICENSE",
        "LICENSE-text",
        ".ci/run",
    }
    assert {*wanted, *COURSE, "tests/test_wheel.py", "tests/nbval_sanitize.cfg"} <= names
    assert not [name for name in names if name.startswith((".git/", "dist/")) or "__pycache__" in name]


def test_the_doctor_finds_the_new_environment_well(installed, empty):
    done = run(installed / "rnncourse", "doctor", "--json", cwd=empty, check=False)
    checks = {check["name"]: check for check in json.loads(done.stdout)}
    assert [check for check in checks.values() if not check["ok"]] == []
    assert done.returncode == 0
    environment = installed.parent
    notebooks = sum(name.endswith(".ipynb") for name in COURSE)
    assert checks["rnncourse"]["detail"].startswith(f"{notebooks} notebooks in {environment}")
    assert checks["kernel"]["detail"].endswith(str(environment))
    assert checks["torch"]["detail"].split("+")[0] == "2.13.0"


def test_the_package_comes_from_the_wheel(installed, empty):
    code = "import rnncourse, rnncourse.in_numpy; print(rnncourse.__file__)"
    where = run(installed / "python", "-c", code, cwd=empty).stdout.strip()
    assert Path(where).is_relative_to(installed.parent)


def test_lab_copies_the_notebooks_into_an_empty_directory_and_opens_them(installed, empty, tmp_path):
    scratch = tmp_path / "jupyter"
    scratch.mkdir()
    with running_lab(str(installed / "rnncourse"), empty, scratch, clean_environment()) as lab:
        assert lab.landing() == "/lab/tree/chapters/00_start_here.ipynb"
        listed = {entry["path"] for entry in lab.get("/api/contents/chapters?content=1")["content"]}
        assert listed - {"chapters/detours"} == {
            name for name in COURSE if re.match(r"chapters/[^/]+$", name)
        }
        assert "chapters/00_start_here.ipynb" in listed
    for name in COURSE:
        assert (empty / "rnn-course" / name).read_bytes() == learners_file(ROOT / name, name)[0]
    assert f"copied {len(COURSE)} files" in lab.log.read_text()
