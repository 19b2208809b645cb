"""Plant faults, one at a time, in a copy of the course, and say which of them no test catches.

    python tests/plant_faults.py                    all faults of tests/planted_faults.toml, two at a time
    python tests/plant_faults.py --only grading     those in files whose path contains the word
    python tests/plant_faults.py --checkout PATH    in another checkout
    python tests/plant_faults.py --quick            without the slow tests, which catch a few more

A fault is one line of the package, before and after. It is caught if a test fails that passes without it, or if the
tests do not end. The exit status is 1 if fewer than 95 % are caught. Needs Linux or macOS.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import multiprocessing
import os
import runpy
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import cache_from_source
from multiprocessing.connection import Connection
from pathlib import Path

HERE = Path(__file__).parent
TARGET = 0.95
SECONDS = 1200
OPTIONS = (
    "-x -q -n 0 -p no:nbval -p no:cacheprovider -o addopts=--import-mode=importlib --ignore=tests/browser"
)
ENGINES = ("in_both", "in_numpy", "in_torch")
SLOW = {
    "checks": ("test_banks.py", "test_in_a_notebook.py", "test_mutants.py", "test_notebooks.py"),
    "grading": (
        "test_attacks.py",
        "test_cases.py",
        "test_forms.py",
        "test_honest.py",
        "test_one_rule.py",
        "test_run.py",
    ),
}
"""By package, the tests that are run last."""

LARGE_PACKAGES = (
    "numpy",
    "torch",
    "matplotlib.pyplot",
    "hypothesis",
    "IPython",
    "ipywidgets",
    "nbformat",
    "typer",
)
"""Loaded once: the processes that run tests are forks."""

FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Fault:
    """One line of a file and what it becomes. tests: what is run; by default the tests of the file's package."""

    file: str
    before: str
    after: str
    tests: tuple[str, ...] = ()

    def planted(self, source: str) -> str:
        """Return the source with the fault in it; ValueError where the line is not there exactly once."""
        lines = source.split("\n")
        found = [k for k, line in enumerate(lines) if line.strip() == self.before]
        if len(found) != 1:
            raise ValueError(
                f"{self.file}: {len(found)} lines read {self.before!r}; the list needs an update"
            )
        indent = lines[found[0]][: len(lines[found[0]]) - len(lines[found[0]].lstrip())]
        lines[found[0]] = indent + self.after
        return "\n".join(lines)

    def suites(self, root: Path, quick: bool) -> list[list[str]]:
        """Return the tests to run, a list after the other: those named like the file, its package's, the slow ones."""
        if self.tests:
            return [[*self.tests]]
        package = Path(self.file).parts[1]
        folders = ("in_both", "in_torch") if package in ENGINES else (package,)
        folders = [path for name in folders if (path := root / "tests" / name).is_dir()] or [root / "tests"]
        wanted = f"test_{Path(self.file).stem.lstrip('_')}.py"
        near = [str(path) for folder in folders for path in folder.rglob(wanted)]
        slow = [str(path) for name in SLOW.get(package, ()) for path in folders[0].rglob(name)]
        others = [*map(str, folders), *(f"--ignore={path}" for path in slow)]
        return [tests for tests in (near, others, [] if quick else slow) if tests]


def faults(path: Path = HERE / "planted_faults.toml") -> list[Fault]:
    """Return the faults of the list."""
    stored = tomllib.loads(path.read_text(encoding="utf-8"))["fault"]
    return [Fault(one["file"], one["before"], one["after"], tuple(one.get("tests", ()))) for one in stored]


def copy_of(checkout: Path, target: Path) -> Path:
    """Copy the tracked files of a checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=checkout, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(checkout / name, target / name)
    return target


def caught(fault: Fault, root: Path, quick: bool = False) -> str:
    """Return the test that fails with the fault planted below `root`, or why there is none; "" if all pass.

    Tests that fail without it, too, are left out. The file is put back.
    """
    left_out: list[str] = []
    for suite in fault.suites(root, quick):
        while True:
            with planted(fault, root):
                failed = first_failure(root, [*suite, *left_out])
            if failed and passes(root, failed):
                return failed
            if not failed or f"--deselect={failed}" in left_out:
                break
            left_out += [f"--deselect={failed}", f"--ignore={failed.removesuffix('::')}"]
    return ""


@contextlib.contextmanager
def planted(fault: Fault, root: Path):
    """Plant the fault meanwhile. What Python has compiled of the file is removed, before and afterward."""
    path = root / fault.file
    source = path.read_text(encoding="utf-8")
    compiled = Path(cache_from_source(str(path)))
    compiled.unlink(missing_ok=True)
    path.write_text(fault.planted(source), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(source, encoding="utf-8")
        compiled.unlink(missing_ok=True)


@cache
def passes(root: Path, test: str) -> bool:
    """Say whether a test passes without any fault; what is no test, such as tests that do not end, does."""
    return "::" not in test or not first_failure(root, [test.removesuffix("::")])


def first_failure(root: Path, tests: list[str]) -> str:
    """Run tests in a process of their own; return the first that fails, "" if none does."""
    receiver, sender = FORK.Pipe(duplex=False)
    process = FORK.Process(target=run_pytest, args=(root, tests, sender))
    process.start()
    sender.close()
    process.join(SECONDS)
    if process.is_alive():
        os.killpg(process.pid, signal.SIGKILL)
        process.join()
        return f"no end after {SECONDS} s"
    with contextlib.suppress(EOFError):
        return receiver.recv()
    return f"the tests ended with status {process.exitcode}"


def run_pytest(root: Path, tests: list[str], sender: Connection) -> None:
    """Run pytest below `root`, silently, and send the first test that fails."""
    os.setsid()
    os.chdir(root)
    os.environ["PYTHONPATH"] = str(root)
    sys.path[:0] = [str(root)]
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    import pytest

    watch = FirstFailure()
    status = pytest.main([*OPTIONS.split(), *tests], plugins=[watch])
    passed = status in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    sender.send(watch.test or ("" if passed else f"pytest ended with {status!r}"))


class FirstFailure:
    """A plugin of pytest that keeps the first test, or the first file, that fails."""

    test = ""

    def pytest_runtest_logreport(self, report) -> None:
        if report.failed:
            self.test = self.test or report.nodeid

    def pytest_collectreport(self, report) -> None:
        if report.failed:
            self.test = self.test or f"{report.nodeid}::"


def load_large_packages(root: Path) -> None:
    """Load what most tests need, with the variables that conftest.py would have set before."""
    os.environ.update(runpy.run_path(str(root / "rnncourse" / "environment.py"))["REPRODUCIBLE"])
    for name in LARGE_PACKAGES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def run(roots: multiprocessing.Queue, quick: bool, fault: Fault) -> str:
    """Return what catches the fault, in one of the copies."""
    root = roots.get()
    try:
        found = caught(fault, root, quick)
    finally:
        roots.put(root)
    line = f"{fault.file}: {fault.before}  →  {fault.after}"
    print(f"caught    {line}\n          by {found}" if found else f"SURVIVED  {line}", flush=True)
    return found


def main() -> int:
    """Plant the faults and print a table; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkout", type=Path, default=HERE.parent)
    parser.add_argument("--only", default="")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--list", type=Path, default=HERE / "planted_faults.toml")
    arguments = parser.parse_args()
    chosen = [fault for fault in faults(arguments.list) if arguments.only in fault.file]
    load_large_packages(arguments.checkout)
    with tempfile.TemporaryDirectory() as folder, FORK.Manager() as manager:
        roots = manager.Queue()
        for k in range(arguments.workers):
            roots.put(copy_of(arguments.checkout, Path(folder) / str(k)))
        with ProcessPoolExecutor(arguments.workers, mp_context=FORK) as pool:
            results = list(pool.map(partial(run, roots, arguments.quick), chosen))
    print(f"\n{sum(map(bool, results))} of {len(results)} faults caught")
    return 0 if results and sum(map(bool, results)) >= TARGET * len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
