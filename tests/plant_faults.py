"""Plant faults, one at a time, in a copy of the course, and say which of them no test catches.

    python tests/plant_faults.py                    all faults of tests/planted_faults.toml, two at a time
    python tests/plant_faults.py --only grading     those in files whose path contains the word
    python tests/plant_faults.py --checkout PATH    in another checkout

A fault is one line of the package, before and after. It is caught if a test fails or takes longer than ten minutes.
The exit status is 1 if fewer than 95 % are caught.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

HERE = Path(__file__).parent
TARGET = 0.95
SECONDS = 600
OPTIONS = (
    "-x -q -n 0 -p no:nbval -p no:cacheprovider -o addopts=--import-mode=importlib --ignore=tests/browser"
)
ENGINES = ("in_both", "in_numpy", "in_torch")


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

    def suite(self, root: Path) -> list[str]:
        """Return the tests to run: those named like the file first, then those of its package."""
        parts = Path(self.file).parts[1:]
        folders = ("in_both", "in_torch") if parts[0] in ENGINES else (parts[0],)
        folders = [root / "tests" / name for name in folders if (root / "tests" / name).is_dir()]
        wanted = f"test_{Path(self.file).stem.lstrip('_')}.py"
        near = [str(path) for folder in (folders or [root / "tests"]) for path in folder.rglob(wanted)]
        return [*self.tests] or [*near, *map(str, folders)] or [str(root / "tests")]


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


def caught(fault: Fault, root: Path) -> bool:
    """Say whether a test fails, or never ends, with the fault planted below `root`; the file is put back."""
    path = root / fault.file
    source = path.read_text(encoding="utf-8")
    path.write_text(fault.planted(source), encoding="utf-8")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *OPTIONS.split(), *fault.suite(root)],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return True
    finally:
        path.write_text(source, encoding="utf-8")
    return done.returncode != 0


def main() -> int:
    """Plant the faults and print a table; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkout", type=Path, default=HERE.parent)
    parser.add_argument("--only", default="")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    chosen = [fault for fault in faults() if arguments.only in fault.file]
    with tempfile.TemporaryDirectory() as folder:
        copies: Queue[Path] = Queue()
        for k in range(arguments.workers):
            copies.put(copy_of(arguments.checkout, Path(folder) / str(k)))

        def run(fault: Fault) -> bool:
            root = copies.get()
            try:
                result = caught(fault, root)
            finally:
                copies.put(root)
            print(
                "caught  " if result else "SURVIVED",
                f"{fault.file}: {fault.before}  →  {fault.after}",
                flush=True,
            )
            return result

        with ThreadPoolExecutor(arguments.workers) as pool:
            results = list(pool.map(run, chosen))
    print(f"\n{sum(results)} of {len(results)} faults caught")
    return 0 if results and sum(results) >= TARGET * len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
