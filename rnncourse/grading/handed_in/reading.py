"""Read a notebook's file; a large one in a process of its own, with limits on memory and time."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from rnncourse.grading.handed_in import notebook_file
from rnncourse.grading.handed_in.collect import Unreadable
from rnncourse.grading.handed_in.notebook_file import NoNotebook

LARGE = 4 << 20
"""Bytes from which on a file is not read in this process."""

_MEMORY, _SECONDS = 3 << 30, 60


def read(data: bytes) -> tuple[dict[str, Any], list[str]]:
    """Return the notebook in a file's bytes, as notebook_file.py reduces it, and what was odd; Unreadable for none."""
    try:
        return notebook_file.read(data) if len(data) <= LARGE else _apart(data)
    except NoNotebook as error:
        raise Unreadable(str(error)) from error


def _apart(data: bytes) -> tuple[dict[str, Any], list[str]]:
    command = [sys.executable, "-I", "-S", notebook_file.__file__, str(_MEMORY), str(_SECONDS)]
    too_large = (
        f"a file of {len(data) >> 20} MB takes too long or too much memory to be read; clear its outputs"
    )
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=3 * _SECONDS)
    except subprocess.TimeoutExpired:
        raise NoNotebook(too_large) from None
    if done.returncode:
        raise NoNotebook(too_large)
    said = json.loads(done.stdout.decode("utf-8", "surrogatepass"))
    if said["why"]:
        raise NoNotebook(said["why"])
    notebook, notes = said["read"]
    return notebook, notes
