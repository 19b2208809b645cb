"""What the README promises is what is there, and what CI runs is what it says."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from rnncourse import __version__

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def command(name: str, text: str = README) -> str:
    """Return the fenced block below the marker of that name."""
    return re.search(rf"<!-- command: {name} -->\n```sh\n(.*?)```", text, flags=re.DOTALL).group(1)


@pytest.mark.parametrize("name", ["lab", "tests"])
def test_each_command_is_one_line_that_installs_the_tested_versions(name):
    lines = command(name).splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("pip install -c constraints.txt -e ")


def test_the_commands_do_what_they_are_for():
    assert command("lab").strip().endswith("&& rnncourse lab")
    assert command("tests").strip().endswith('-e ".[test]" && pytest')


@pytest.mark.skipif(os.name == "nt", reason=".ci/run is a shell script")
def test_ci_runs_the_readmes_test_command(tmp_path):
    shown = subprocess.run(
        [ROOT / ".ci/run", "--show"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert shown.stdout == command("tests")


@pytest.mark.skipif(os.name == "nt", reason=".ci/run is a shell script")
@pytest.mark.parametrize(
    ("readme", "said", "status"),
    [
        (
            "<!-- command: lab -->\n```sh\nno\n```\n<!-- command: tests -->\n\n```sh\nyes && y\n```\n",
            "yes && y\n",
            0,
        ),
        ("<!-- command: tests -->\r\n```sh\r\nyes\r\n```\r\n```sh\r\nno\r\n```\r\n", "yes\n", 0),
        ("```sh\npytest\n```\n", "", 2),
    ],
)
def test_ci_takes_the_marked_block_and_no_other(tmp_path, readme, said, status):
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci/run").write_bytes((ROOT / ".ci/run").read_bytes())
    (tmp_path / "README.md").write_text(readme, newline="")
    shown = subprocess.run(["bash", tmp_path / ".ci/run", "--show"], capture_output=True, text=True)
    assert (shown.stdout, shown.returncode) == (said, status)


def test_the_chapter_table_lists_every_chapter_and_no_other():
    rows = re.findall(r"^\| (\d\d) \| \[.*?\]\((.*?)\) \| \S.* \|$", README, flags=re.MULTILINE)
    assert [number for number, _ in rows] == [f"{number:02}" for number in range(9)]
    assert [target for _, target in rows] == sorted(
        path.relative_to(ROOT).as_posix() for path in (ROOT / "chapters").glob("*.ipynb")
    )


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_and_pictures_lead_somewhere(page):
    text = re.sub(r"```.*?```|`[^`]*`", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)#]+)", text)
    assert [target for target in targets if "://" not in target and not (ROOT / target).exists()] == []
    assert all(words.strip() for words in re.findall(r"!\[(.*?)\]\(", text))


def test_the_changelog_knows_this_version():
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_version_stands_in_one_place():
    configuration = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert not re.search(r'^version\s*=\s*"', configuration, re.MULTILINE)
    assert re.search(r'^dynamic = \["version"\]$', configuration, re.MULTILINE)


def test_constraints_are_exact_and_name_no_place():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line) for line in lines)
    assert "torch==2.13.0" in lines
    assert not re.search(r"://|@|^-", text, re.MULTILINE)
    assert not any(line.lower().startswith(("rnncourse==", "pip==")) for line in lines)
