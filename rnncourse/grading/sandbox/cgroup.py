"""A control group for each worker where Linux lets us make one: it counts memory that no other limit sees.

The address space of a process says nothing of what the kernel holds for it, such as the names of a million empty files.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
JOIN = 'echo $$ >"$0/cgroup.procs"; exec "$@"'
"""What a shell runs to enter a group and become the command after it."""


def make(slot: int, memory: int) -> Path | None:
    """Return the folder of a group for the worker in a slot, None where none can be made."""
    parent = _parent()
    if parent is None:
        return None
    _clear(parent)
    folder = parent / f"rnncourse-{os.getpid()}-{slot}"
    try:
        folder.mkdir(exist_ok=True)
        (folder / "memory.max").write_text(str(memory))
    except OSError:
        remove(folder)
        return None
    return folder


def remove(folder: Path | None) -> None:
    """Remove a group that nobody is in anymore."""
    if folder is not None:
        with contextlib.suppress(OSError):
            folder.rmdir()


def _parent() -> Path | None:
    """Return the group in which one can be made: the one around this process's own, if memory is counted there."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
        own = _ROOT / next(line[4:] for line in lines if line.startswith("0::/"))
        parent = own if own == _ROOT else own.parent
        counted = (parent / "cgroup.subtree_control").read_text().split()
    except (OSError, StopIteration):
        return None
    return parent if "memory" in counted and os.access(parent, os.W_OK) else None


def _clear(parent: Path) -> None:
    """Remove the groups of graders that were killed."""
    for folder in parent.glob("rnncourse-*-*"):
        found = re.fullmatch(r"rnncourse-(\d+)-\d+", folder.name)
        if found and not Path("/proc", found[1]).exists():
            remove(folder)
