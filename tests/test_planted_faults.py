"""The list of faults fits the code, and plant_faults.py tells a fault that is caught from one that is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from plant_faults import Fault, faults, planted

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


FAULTS = """
[[fault]]
file = "rnncourse/sums.py"
before = "return a + b"
after = "return a - b"

[[fault]]
file = "rnncourse/sums.py"
before = "return -a"
after = "return a"

[[fault]]
file = "rnncourse/other.py"
before = "return a * b"
after = "return a / b"
"""
MODULES = {
    "rnncourse/__init__.py": "",
    "rnncourse/environment.py": "REPRODUCIBLE = {}\n",
    "rnncourse/sums.py": "def add(a, b):\n    return a + b\n\n\ndef unused(a):\n    return -a\n",
    "rnncourse/other.py": "def times(a, b):\n    return a * b\n",
    "tests/test_sums.py": "from rnncourse.sums import add\n\n\ndef test_add():\n    assert add(2, 3) == 5\n",
    "tests/test_other.py": "def test_that_fails_anyway():\n    assert False\n",
}


@pytest.mark.skipif(os.name == "nt", reason="the script forks")
def test_a_fault_is_caught_by_a_test_that_passes_without_it(tmp_path):
    """The other two: no test runs the line, and a test fails with or without the fault."""
    checkout, listed = tmp_path / "checkout", tmp_path / "faults.toml"
    listed.write_text(FAULTS)
    for name, text in MODULES.items():
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text(text)
    subprocess.run("git init -q && git add .", cwd=checkout, check=True, shell=True)
    script = [sys.executable, ROOT / "tests/plant_faults.py", "--checkout", checkout, "--list", listed]
    done = subprocess.run([*script, "--workers", "1"], capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        "caught    rnncourse/sums.py: return a + b  →  return a - b",
        "          by tests/test_sums.py::test_add",
        "SURVIVED  rnncourse/sums.py: return -a  →  return a",
        "SURVIVED  rnncourse/other.py: return a * b  →  return a / b",
        "",
        "1 of 3 faults caught",
    ]
    assert done.returncode == 1
    assert (checkout / "rnncourse/sums.py").read_text() == MODULES["rnncourse/sums.py"]


def test_the_fault_is_planted_only_meanwhile(tmp_path):
    (tmp_path / "sums.py").write_text("def add(a, b):\n    return a + b\n")
    with planted(Fault("sums.py", "return a + b", "return a - b"), tmp_path):
        assert (tmp_path / "sums.py").read_text() == "def add(a, b):\n    return a - b\n"
    assert (tmp_path / "sums.py").read_text() == "def add(a, b):\n    return a + b\n"


def test_a_line_that_is_not_there_asks_for_an_update():
    with pytest.raises(ValueError, match="0 lines read"):
        Fault("x.py", "gone", "there").planted("x = 1\n")
