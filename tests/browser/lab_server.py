"""Start `rnncourse lab` in a process of its own, ask it things, and stop it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from servers import free_ports, running

ROOT = Path(__file__).parents[2]
START_SECONDS = 90
TOKEN = "test"


@dataclass
class Lab:
    """A running JupyterLab: its address, and where it writes what it says."""

    url: str
    process: subprocess.Popen
    log: Path

    def get(self, path: str) -> dict:
        """Return the JSON that the server answers for `path`."""
        address = f"{self.url}{path}{'&' if '?' in path else '?'}token={TOKEN}"
        with urllib.request.urlopen(address, timeout=30) as reply:
            return json.load(reply)

    def landing(self) -> str:
        """Return the path to which the server's front door leads."""
        with urllib.request.urlopen(f"{self.url}/?token={TOKEN}", timeout=30) as reply:
            return reply.geturl().removeprefix(self.url).split("?")[0]


def jupyter_scratch(folder: Path) -> dict[str, str]:
    """Return the variables that keep Jupyter's configuration and traces inside `folder`."""
    names = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    return {name: str(folder / below) for name, below in names.items()}


def course_command() -> str:
    """Return the `rnncourse` command of the environment that runs the tests."""
    return shutil.which("rnncourse", path=str(Path(sys.executable).parent)) or "rnncourse"


@contextmanager
def running_lab(
    command: str, folder: Path, scratch: Path, environ: Mapping[str, str] = os.environ, *, edit: bool = False
) -> Iterator[Lab]:
    """Run `COMMAND lab` in `folder`, yield it once it answers, and stop it.

    scratch: an empty folder for Jupyter's own files. edit: whether a checkout's own notebooks are opened. Raises
    AssertionError with the log if it does not start.
    """
    [port] = free_ports(1)
    options = [
        "--no-browser",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={TOKEN}",
        *(["--edit"] if edit else []),
    ]
    url, log = f"http://localhost:{port}", scratch / "lab.log"
    environ = {**environ, **jupyter_scratch(scratch)}
    status = f"{url}/api/status?token={TOKEN}"
    with running([command, "lab", *options], folder, log, status, START_SECONDS, environ) as process:
        yield Lab(url, process, log)
