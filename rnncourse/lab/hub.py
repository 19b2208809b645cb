"""A learner's server on a JupyterHub: the course copied, with its settings, and open on chapter 00.

The hub's spawner runs `rnncourse singleuser` as the learner, so any spawner will do.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from rnncourse.errors import InputError
from rnncourse.lab.workspace import COPY, lab_environment

FIRST_PAGE = "/lab/tree/chapters/00_start_here.ipynb"
LEARNER_SETTINGS = Path(__file__).parent / "learner_settings"
"""Settings that take nbgrader's menus for instructors out of a learner's JupyterLab."""


def require_singleuser() -> None:
    """Raise InputError where JupyterHub's own part is missing from this environment."""
    if find_spec("jupyterhub") is None:
        raise InputError('JupyterHub is not installed; run: python -m pip install "rnncourse[hub]"')


def copy_of(home: Path) -> Path:
    """Return the folder of the course in a learner's home."""
    return home / COPY


def singleuser_environment(
    root: Path, environ: Mapping[str, str], instructor: bool = False
) -> dict[str, str]:
    """Return `environ` with the course's settings; the hub may choose another first page.

    The root is the course, so the hub's own (`c.Spawner.notebook_dir`) does not count.
    """
    hub = {name: value for name, value in environ.items() if name != "JUPYTERHUB_ROOT_DIR"}
    ours = lab_environment(root, {"JUPYTERHUB_DEFAULT_URL": FIRST_PAGE, **hub})
    if not instructor:
        ours["JUPYTER_CONFIG_PATH"] = os.pathsep.join([str(LEARNER_SETTINGS), ours["JUPYTER_CONFIG_PATH"]])
    return ours


def singleuser_command(arguments: Sequence[str]) -> list[str]:
    """Return the command that starts this environment's part of the hub, with the spawner's own arguments."""
    return [sys.executable, "-P", "-m", "jupyterhub.singleuser", *arguments]


def become_singleuser(folder: Path, environ: Mapping[str, str], arguments: Sequence[str]) -> None:
    """Let this process become the learner's server, working in `folder`.

    nbgrader fetches assignments into the working directory, and what is above the root cannot be opened.
    """
    os.chdir(folder)
    sys.stdout.flush()
    command = singleuser_command(arguments)
    os.execve(command[0], command, dict(environ))
