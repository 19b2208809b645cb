"""ruff finds nothing to say, in Python files and in notebooks, and comments are where they can be read."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_is_content(arguments):
    command = [sys.executable, "-m", "ruff", *arguments, "--no-cache", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


# a formatter moves a long line's comment there, away from what it is about
BEHIND_A_BRACKET = re.compile(r"^\s*[)\]}]+\s+#(?! fmt: skip)")


def comments_behind_brackets(text: str) -> list[str]:
    return [line for line in text.splitlines() if BEHIND_A_BRACKET.match(line)]


def test_no_comment_stands_behind_a_closing_bracket_alone():
    files = [path for path in ROOT.rglob("*.py") if not any(part.startswith(".") for part in path.parts)]
    assert len(files) > 100
    found = {
        f"{path.relative_to(ROOT)}: {line}"
        for path in files
        for line in comments_behind_brackets(path.read_text())
    }
    assert not found


def test_such_a_comment_is_seen():
    assert comments_behind_brackets("f(\n    x\n)  # why\n") == [")  # why"]
    assert comments_behind_brackets("f(x)  # why\nf(\n    x\n)  # fmt: skip\n# why\n") == []
