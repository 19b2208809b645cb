"""The control group of a worker, in a made-up tree of groups: where there is none, nothing is asked of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rnncourse.grading.sandbox import cgroup

real = Path.read_text


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """The tree as systemd makes it for a user: this process is in a group beside which others may be made."""
    own = tmp_path / "user" / "session"
    own.mkdir(parents=True)
    (own.parent / "cgroup.subtree_control").write_text("cpu memory pids\n")
    monkeypatch.setattr(cgroup, "_ROOT", tmp_path)
    lines = "4:memory:/old\n0::/user/session\n"
    monkeypatch.setattr(
        Path,
        "read_text",
        lambda self, *a, **k: lines if str(self) == "/proc/self/cgroup" else real(self, *a, **k),
    )
    return own.parent


def test_a_worker_gets_a_group_with_a_limit_beside_the_graders_own(tree):
    folder = cgroup.make(3, 1 << 30)
    assert folder == tree / f"rnncourse-{os.getpid()}-3"
    assert (folder / "memory.max").read_text() == str(1 << 30)


def test_the_group_goes_with_its_worker(tree):
    folder = cgroup.make(0, 1)
    (folder / "memory.max").unlink()  # which the kernel does by itself
    cgroup.remove(folder)
    assert not folder.exists()
    cgroup.remove(None)


def test_groups_of_graders_that_were_killed_are_cleared_away(tree):
    left, other = tree / "rnncourse-4194305-0", tree / "rnncourse-mine"  # no process has a number as large
    left.mkdir()
    other.mkdir()
    alive = cgroup.make(1, 1)
    assert not left.exists() and other.exists() and alive.exists()


@pytest.mark.parametrize("control", ["cpu pids\n", None])
def test_where_memory_is_not_counted_there_is_no_group(tree, control):
    (tree / "cgroup.subtree_control").unlink()
    if control:
        (tree / "cgroup.subtree_control").write_text(control)
    assert cgroup.make(0, 1) is None
    assert not list(tree.glob("rnncourse-*"))


def test_a_limit_that_cannot_be_set_leaves_nothing_behind(tree, monkeypatch):
    def refused(*_):
        raise PermissionError

    monkeypatch.setattr(Path, "write_text", refused)
    assert cgroup.make(0, 1) is None
    assert not list(tree.glob("rnncourse-*"))
