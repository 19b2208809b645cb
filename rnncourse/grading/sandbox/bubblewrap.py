"""Where students' code runs: bubblewrap and prlimit on Linux, without network, home, references or rights.

Inside there is a read-only system, this Python, the course without its answers, and a small private /tmp. It is
tried out before anybody's code is started; where it cannot be had, grading refuses and says how to mend it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import rnncourse
from rnncourse.environment import REPRODUCIBLE
from rnncourse.errors import InputError
from rnncourse.grading.sandbox.limits import Limits
from rnncourse.grading.sandbox.seccomp import filter_program

_HERE = Path(__file__).parent
WORKER = _HERE / "worker.py"
STUB = _HERE / "checks_stub"
PACKAGE = Path(rnncourse.__file__).resolve().parent
HIDDEN = ("_shipped", "grading")
"""Parts of the package that hold answers; `checks` is replaced by the stub."""

_INSIDE = "/tmp"
_ENVIRONMENT = {
    **REPRODUCIBLE,
    "PATH": "/usr/bin",
    "HOME": _INSIDE,
    "TMPDIR": _INSIDE,
    "USER": "student",
    "LANG": "C.UTF-8",
    "MPLBACKEND": "Agg",
    "RNNCOURSE_PROGRESS": "",
}
_FIRST_USER = 64_200
"""The kernel counts processes by user: each worker that runs at a time gets a user id that nobody has."""
_MEND = """\
Students' code is run in a sandbox only, and here it cannot be had: {reason}

To mend it:
- Debian, Ubuntu, WSL2:  sudo apt install bubblewrap util-linux
- Fedora:                sudo dnf install bubblewrap util-linux
- Ubuntu 23.10 or newer forbids user namespaces to programs without an AppArmor profile. Allow them to bubblewrap:
    echo 'abi <abi/4.0>, include <tunables/global> profile bwrap /usr/bin/bwrap flags=(unconfined) {{ userns, }}' \\
      | sudo tee /etc/apparmor.d/bwrap && sudo apparmor_parser -r /etc/apparmor.d/bwrap
- Elsewhere, if "sysctl kernel.unprivileged_userns_clone" says 0:  sudo sysctl -w kernel.unprivileged_userns_clone=1
- In a container: it must be allowed to make user namespaces (docker run --security-opt seccomp=unconfined
  --security-opt systempaths=unconfined), or grade on the host.
macOS has no such sandbox: grade in a Linux machine. `check` in the notebooks works everywhere.

The option --unsafe-no-sandbox runs the code with your own rights: it can read and delete your files and the answers.
"""
_ON_WINDOWS = """\
Students' code is run in a sandbox only, and Windows itself has none; nor can --unsafe-no-sandbox start workers here.

Grade in WSL2: run "wsl --install" once, then install and start the course inside it as on Linux, with
  sudo apt install bubblewrap util-linux
`check` in the notebooks works everywhere.
"""


class NoSandbox(InputError):
    """Student code cannot be run safely here; the message says why and how to mend it."""


@dataclass(frozen=True)
class Shared:
    """What all sandboxes of a run share. empty: an empty folder. filter: of system calls, None where there is none.

    group: the process group in which sandboxes start, None outside of Linux.
    """

    empty: Path
    filter: Path | None
    group: int | None = None


@contextmanager
def shared() -> Iterator[Shared]:
    """Make what sandboxes share, and remove it at the end, however that comes."""
    with tempfile.TemporaryDirectory(prefix="rnncourse-grade-") as name, _guard(name) as group:
        folder, program = Path(name), filter_program()
        made = Shared(folder / "empty", folder / "filter" if program else None, group)
        folder.chmod(0o755)
        made.empty.mkdir(mode=0o755)
        if made.filter:
            made.filter.write_bytes(program)
        yield made


_GUARD = """
import os, shutil, signal, sys
sys.stdin.buffer.read()
shutil.rmtree(sys.argv[1], ignore_errors=True)
os.killpg(0, signal.SIGKILL)
"""


@contextmanager
def _guard(folder: str) -> Iterator[int | None]:
    """Yield the group of a process that ends its group and removes the folder when this process is gone.

    bubblewrap ends what is inside when its parent dies, but not if that happens in the moment of its own start:
    then a process waits for ever, and the grader that was killed cannot see to it.
    """
    if sys.platform != "linux":
        yield None
        return
    command = [sys.executable, "-I", "-S", "-c", _GUARD, folder]
    with subprocess.Popen(command, stdin=subprocess.PIPE, process_group=0) as guard:
        yield guard.pid  # leaving the block closes the pipe, and waits


@dataclass(frozen=True)
class Sandbox:
    """How to start a worker. shape: how the sandbox gives up its rights; "" for none at all (unsafe)."""

    shape: str
    limits: Limits
    shared: Shared

    def command(self, slot: int, descriptors: Sequence[int]) -> list[str]:
        """Return the command that starts the worker number `slot`.

        descriptors: open files for bubblewrap's information and, where there is one, with the filter.
        """
        python = [sys.executable, "-I", "-B"]
        if not self.shape:
            return [*self._limited(), *python, str(WORKER), str(STUB / "__init__.py")]
        info, *seccomp = descriptors
        return [
            _tool("bwrap"),
            *_RIGHTS[self.shape],
            *("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"),
            *("--die-with-parent", "--new-session", "--clearenv", "--hostname", "sandbox"),
            *self._mounts(),
            *(word for name, value in _ENVIRONMENT.items() for word in ("--setenv", name, value)),
            *("--chdir", _INSIDE, "--info-fd", str(info)),
            *(word for one in seccomp for word in ("--seccomp", str(one))),
            "--",
            *_drop(self.shape, slot),
            *self._limited(),
            *(*python, "/worker.py"),
        ]

    def environment(self) -> dict[str, str]:
        """Return the environment of the command: nothing of the grader's own, for /proc shows it inside."""
        if self.shape:
            return {"PATH": "/usr/bin:/bin"}
        return {**_ENVIRONMENT, "HOME": str(self.shared.empty), "TMPDIR": str(self.shared.empty)}

    def _limited(self) -> list[str]:
        limits = self.limits
        prlimit = shutil.which("prlimit")
        if prlimit is None:
            return []
        return [
            prlimit,
            f"--as={limits.memory}",
            f"--cpu={limits.cpu}",
            f"--nproc={_processes(limits.processes)}",
            f"--fsize={limits.file_size}",
            f"--nofile={limits.open_files}",
            "--core=0",
            "--",
        ]

    def _mounts(self) -> list[str]:
        """Return what lies inside: later mounts cover earlier ones."""
        words = ["--ro-bind", "/usr", "/usr"]
        for name in ("bin", "sbin", "lib", "lib32", "lib64"):
            folder = Path("/", name)
            if folder.is_symlink():
                words += ["--symlink", os.readlink(folder).lstrip("/"), str(folder)]
            elif folder.is_dir():
                words += ["--ro-bind", str(folder), str(folder)]
        for file in ("/etc/ld.so.cache", "/etc/alternatives"):
            words += ["--ro-bind-try", file, file]
        words += ["--perms", "1777", "--size", str(self.limits.scratch), "--tmpfs", _INSIDE]
        for folder in visible():  # after /tmp, for an environment may lie there
            if not folder.is_relative_to("/usr"):
                # Made by itself, a folder on the way would be closed to other users.
                words += [word for above in list(folder.parents)[-2::-1] for word in ("--dir", str(above))]
                words += ["--ro-bind", str(folder), str(folder)]
        words += ["--ro-bind", str(STUB), str(PACKAGE / "checks")]
        for name in HIDDEN:
            if (PACKAGE / name).is_dir():
                words += ["--ro-bind", str(self.shared.empty), str(PACKAGE / name)]
        words += ["--ro-bind", str(WORKER), "/worker.py"]
        return [*words, "--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev", "--remount-ro", "/"]


def visible() -> list[Path]:
    """Return the folders that students' code can read besides the system: this Python and the course's package."""
    folders = {Path(sys.base_prefix).resolve(), Path(sys.prefix), PACKAGE}
    folders |= {Path(sys.executable).resolve().parent.parent}
    return sorted(
        folder for folder in folders if not any(folder.is_relative_to(o) for o in folders - {folder})
    )


def require_hidden(name: str, path: Path) -> None:
    """Raise InputError if `path` lies where students' code can read it."""
    path = path.resolve()
    for folder in (Path("/usr"), *visible()):
        hidden = any(path.is_relative_to(PACKAGE / part) for part in (*HIDDEN, "checks"))
        if path.is_relative_to(folder.resolve()) and not hidden:
            raise InputError(
                f"{name} must not lie in {folder}, which students' code can read, but {path} does"
            )


def find_sandbox(
    limits: Limits, shared: Shared, probe: Callable[[Sandbox], str | None], unsafe: bool = False
) -> Sandbox:
    """Return a sandbox that `probe` found to work; NoSandbox, with the mend, where none does.

    probe: starts a worker and returns None, or why it does not work. unsafe: take no sandbox at all, which is refused
    to root, and on Windows, where a worker's pipes and processes are other ones.
    """
    if sys.platform == "win32":
        raise NoSandbox(_ON_WINDOWS)
    if unsafe:
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            raise NoSandbox(
                "--unsafe-no-sandbox is refused to root: students' code could do anything to this machine"
            )
        return Sandbox("", limits, shared)
    if sys.platform != "linux":
        raise NoSandbox(_MEND.format(reason=f"this is {sys.platform}, and it is made of Linux's namespaces."))
    for tool in ("bwrap", "prlimit"):
        if shutil.which(tool) is None:
            raise NoSandbox(_MEND.format(reason=f"the program {tool} is not installed."))
    reasons = []
    for shape in _shapes():
        sandbox = Sandbox(shape, limits, shared)
        reason = probe(sandbox)
        if reason is None:
            return sandbox
        reasons.append(reason)
    raise NoSandbox(_MEND.format(reason="; ".join(dict.fromkeys(reasons))))


def _shapes() -> list[str]:
    """Return the ways to give up rights, the best first."""
    if os.geteuid() != 0:
        return ["namespace"]
    # Root inside a namespace is root for the kernel's counts: only the filter of system calls stops a fork bomb.
    fallback = ["namespace"] if filter_program() else []
    return ["other user", *fallback] if shutil.which("setpriv") else fallback


_RIGHTS = {
    "namespace": ("--unshare-user", "--uid", "65534", "--gid", "65534"),
    "other user": ("--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"),
}


def _drop(shape: str, slot: int) -> list[str]:
    """Return the command before the worker's: where root started it, become a user who owns nothing."""
    if shape != "other user":
        return []
    user = str(_FIRST_USER + os.getpid() % 80 * 16 + slot)  # another run at the same time has others
    return [_tool("setpriv"), "--reuid", user, "--regid", user, "--clear-groups", "--inh-caps=-all", "--"]


def _tool(name: str) -> str:
    return shutil.which(name) or name


def _processes(limit: int) -> int:
    """Return the limit on processes, which kernels before 5.14 count for the whole user and not for a namespace."""
    release = tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2] if part.isdigit())
    if release >= (5, 14) or os.geteuid() == 0:
        return limit
    return limit + 4096
