"""The list of faults fits the code, and plant_faults.py tells a fault that is caught from one that is not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from plant_faults import Fault, caught, copy_of, faults

ROOT = Path(__file__).parents[1]


def test_the_list_is_long_and_covers_every_package():
    listed = faults()
    assert len(listed) >= 150 and len(set(listed)) == len(listed)
    packages = {
        path.name for path in (ROOT / "rnncourse").iterdir() if path.is_dir() and path.name[0] not in "_."
    }
    assert packages - {Path(fault.file).parts[1] for fault in listed} <= {"_shipped"}


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: f"{fault.file}: {fault.before[:40]}")
def test_each_fault_changes_one_line_that_is_there(fault):
    source = (ROOT / fault.file).read_text(encoding="utf-8")
    planted = fault.planted(source)
    compile(planted, fault.file, "exec")
    changed = [(a, b) for a, b in zip(source.split("\n"), planted.split("\n"), strict=True) if a != b]
    assert [(a.strip(), b.strip()) for a, b in changed] == [(fault.before, fault.after)]


@pytest.fixture
def checkout(tmp_path):
    """A checkout of one module with one test."""
    (tmp_path / "rnncourse").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "rnncourse/__init__.py").write_text("")
    (tmp_path / "rnncourse/sums.py").write_text(
        "def add(a, b):\n    return a + b\n\n\ndef unused(a):\n    return -a\n"
    )
    (tmp_path / "tests/test_sums.py").write_text(
        "from rnncourse.sums import add\n\n\ndef test_add():\n    assert add(2, 3) == 5\n"
    )
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    return tmp_path


def test_a_fault_is_caught_if_a_test_fails_and_the_file_is_put_back(checkout, tmp_path_factory):
    root = copy_of(checkout, tmp_path_factory.mktemp("copy"))
    before = (root / "rnncourse/sums.py").read_text()
    assert caught(Fault("rnncourse/sums.py", "return a + b", "return a - b"), root)
    assert not caught(Fault("rnncourse/sums.py", "return -a", "return a"), root)
    assert (root / "rnncourse/sums.py").read_text() == before


def test_a_line_that_is_not_there_asks_for_an_update():
    with pytest.raises(ValueError, match="0 lines read"):
        Fault("x.py", "gone", "there").planted("x = 1\n")
