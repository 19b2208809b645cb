"""Where students' code runs: bubblewrap and prlimit on Linux, without network, home, references or rights.

Inside there is a read-only system, this Python, the course without its answers, and a small private /tmp. It is
tried out before anybody's code is started; where it is not available, grading refuses and says how to fix it.
"""

from __future__ import annotations

import itertools
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
from rnncourse.grading.sandbox import cgroup
from rnncourse.grading.sandbox.limits import Limits
from rnncourse.grading.sandbox.seccomp import filter_program

_HERE = Path(__file__).parent
WORKER = _HERE / "worker.py"
STUB = _HERE / "checks_stub"
WITHHELD = _HERE / "withheld_stub"
PACKAGE = Path(rnncourse.__file__).resolve().parent
_TOOLS = tuple(PACKAGE / "checks" / f"{name}.py" for name in ("forbidden", "sharing", "stopping", "watching"))
"""What the worker has in common with `check`."""

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
Students' code is run only in a sandbox, and none is available here: {reason}

To fix it:
- Debian, Ubuntu, WSL2:  sudo apt install bubblewrap util-linux
- Fedora:                sudo dnf install bubblewrap util-linux
- Ubuntu 23.10 or newer forbids user namespaces to programs without an AppArmor profile. Allow them to bubblewrap:
    echo 'abi <abi/4.0>, include <tunables/global> profile bwrap /usr/bin/bwrap flags=(unconfined) {{ userns, }}' \\
      | sudo tee /etc/apparmor.d/bwrap && sudo apparmor_parser -r /etc/apparmor.d/bwrap
- Elsewhere, if "sysctl kernel.unprivileged_userns_clone" says 0:  sudo sysctl -w kernel.unprivileged_userns_clone=1
- In a container: it must be allowed to make user namespaces (docker run --security-opt seccomp=unconfined
  --security-opt systempaths=unconfined), or grade on the host.
macOS has no such sandbox: grade on a Linux machine. `check` in the notebooks works everywhere.

The option --unsafe-no-sandbox runs the code with your own rights: it can read and delete your files and the answers.
"""
_ON_WINDOWS = """\
Students' code is run only in a sandbox, and Windows itself has none; nor can --unsafe-no-sandbox start workers here.

Grade in WSL2: run "wsl --install" once, then install and start the course inside it as on Linux, with
  sudo apt install bubblewrap util-linux
`check` in the notebooks works everywhere.
"""


class NoSandbox(InputError):
    """Student code cannot be run safely here; the message says why and how to fix it."""


@dataclass(frozen=True)
class Shared:
    """What all sandboxes of a run share. empty: an empty folder. filter: of system calls, None where there is none.

    scratch: where each sandbox mounts a file system of its own. group: the process group in which sandboxes start,
    None outside of Linux.
    """

    empty: Path
    scratch: Path
    filter: Path | None
    group: int | None = None


@contextmanager
def shared() -> Iterator[Shared]:
    """Make what sandboxes share, and remove it at the end, however that comes."""
    with tempfile.TemporaryDirectory(prefix="rnncourse-grade-") as name, _guard(name) as group:
        folder, program = Path(name), filter_program()
        made = Shared(folder / "empty", folder / "scratch", folder / "filter" if program else None, group)
        folder.chmod(0o755)
        made.empty.mkdir(mode=0o755)
        made.scratch.mkdir(mode=0o755)
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
    """How to start a worker.

    shape: how the sandbox gives up its rights; "" for none at all (unsafe). bounded: whether the
    number of files in its /tmp is limited as well. withheld: modules that cannot be used.
    """

    shape: str
    limits: Limits
    shared: Shared
    bounded: bool = False
    withheld: tuple[str, ...] = ()

    def command(self, slot: int, descriptors: Sequence[int], group: Path | None = None) -> list[str]:
        """Return the command that starts the worker number `slot`.

        descriptors: open files for bubblewrap's information and, where there is one, with the filter. group: the
        folder of its control group, None without one.
        """
        return [*_in_group(group), *_on_one_core(slot), *self._command(slot, descriptors)]

    def _command(self, slot: int, descriptors: Sequence[int]) -> list[str]:
        python = [sys.executable, "-I", "-B"]
        if not self.shape:
            stubs = [str(stub / "__init__.py") for stub in (STUB, WITHHELD)]
            return [*self._limited(), *python, str(WORKER), *map(str, _TOOLS), *stubs, *self.withheld]
        info, *seccomp = descriptors
        return [
            *(self._scratch() if self.bounded else ()),
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
            *(*python, "/worker.py", *(f"/{tool.name}" for tool in _TOOLS)),
        ]

    def environment(self) -> dict[str, str]:
        """Return the environment of the command: nothing of the grader's own, for /proc shows it inside."""
        if self.shape:
            return {"PATH": "/usr/bin:/bin"}
        return {**_ENVIRONMENT, "HOME": str(self.shared.empty), "TMPDIR": str(self.shared.empty)}

    def _scratch(self) -> list[str]:
        """Return what mounts a small file system for /tmp; the mount is gone with the command."""
        limits = self.limits
        user = () if self.shape == "other user" else ("--user", "--map-root-user")
        options = f"mode=1777,nosuid,nodev,size={limits.scratch},nr_inodes={limits.scratch_files}"
        mount = f'mount -t tmpfs -o {options} tmpfs "$0" && exec "$@"'
        return [_tool("unshare"), *user, "--mount", "--", "sh", "-c", mount, str(self.shared.scratch)]

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
        if self.bounded:
            words += ["--bind", str(self.shared.scratch), _INSIDE]
        else:
            words += ["--perms", "1777", "--size", str(self.limits.scratch), "--tmpfs", _INSIDE]
        for folder in visible():  # after /tmp, for an environment may lie there
            if not folder.is_relative_to("/usr"):
                # Made by itself, a folder on the way would be closed to other users.
                words += [word for above in list(folder.parents)[-2::-1] for word in ("--dir", str(above))]
                words += ["--ro-bind", str(folder), str(folder)]
        words += ["--ro-bind", str(STUB), str(PACKAGE / "checks")]
        hidden = [PACKAGE / name for name in HIDDEN]
        hidden += [root / PACKAGE.name for root in _roots() if root / PACKAGE.name != PACKAGE]  # other copies
        for folder in hidden:
            if folder.is_dir():
                words += ["--ro-bind", str(self.shared.empty), str(folder)]
        for name in self.withheld:
            words += [word for place in _places(name) for word in self._stub(place)]
        for file in (WORKER, *_TOOLS):
            words += ["--ro-bind", str(file), f"/{file.name}"]
        return [*words, "--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev", "--remount-ro", "/"]

    def _stub(self, place: Path) -> list[str]:
        """Return what lays the stub over a module's folder, or over its file and what Python has compiled of it."""
        if place.is_dir():
            return ["--ro-bind", str(WITHHELD), str(place)]
        compiled = place.parent.glob(f"__pycache__/{place.stem}.*.pyc")
        empty = [word for file in compiled for word in ("--ro-bind", "/dev/null", str(file))]
        return ["--ro-bind", str(WITHHELD / "__init__.py"), str(place), *empty]


def visible() -> list[Path]:
    """Return what students' code can read besides the system: this Python and the course's package.

    Of an environment that is what Python needs of it, for somebody may have made one in a folder with other things.
    """
    roots = {Path(sys.base_prefix).resolve(), Path(sys.prefix), Path(sys.executable).resolve().parent.parent}
    folders = {PACKAGE, *(root / part for root in roots for part in _PARTS if (root / part).exists())}
    return sorted(
        folder for folder in folders if not any(folder.is_relative_to(o) for o in folders - {folder})
    )


_PARTS = ("bin", "lib", "lib64", "pyvenv.cfg")


def _places(module: str) -> list[Path]:
    """Return the folders and files of a module wherever Python could find it in the sandbox."""
    name = module.replace(".", "/")
    found = [place for root in _roots() for place in (root / name, *root.glob(f"{name}.*"))]
    return [place for place in found if place.is_dir() or place.suffix in (".py", ".so")]


def _roots() -> list[Path]:
    """Return the folders in the sandbox from which modules can be imported, the course's own first."""
    folders = [folder for folder in visible() if folder.name in _PARTS]
    folders += [Path(above, part) for above in ("/usr", "/usr/local") for part in ("lib", "lib64")]
    return [PACKAGE.parent, *(root for folder in folders for root in folder.glob("python3*/*-packages"))]


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
    """Return a sandbox that `probe` found to work; NoSandbox, with the remedy, where none does.

    probe: starts a worker and returns None, or why it does not work. unsafe: take no sandbox at all, which is refused
    to root, and on Windows, where a worker's pipes and processes are different.
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
        raise NoSandbox(_MEND.format(reason=f"it needs Linux's namespaces, and this is {sys.platform}."))
    for tool in ("bwrap", "prlimit"):
        if shutil.which(tool) is None:
            raise NoSandbox(_MEND.format(reason=f"the program {tool} is not installed."))
    reasons = []
    for shape, bounded in itertools.product(_shapes(), _bounds()):
        sandbox = Sandbox(shape, limits, shared, bounded)
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


def _bounds() -> list[bool]:
    """Return whether the number of files in /tmp is limited, the better way first."""
    return [True, False] if all(map(shutil.which, ("unshare", "mount"))) else [False]


def _in_group(group: Path | None) -> list[str]:
    return [] if group is None else ["sh", "-c", cgroup.JOIN, str(group)]


def _on_one_core(slot: int) -> list[str]:
    """Return what keeps a worker on a core, so that the threads of one take no time from the others."""
    if not hasattr(os, "sched_getaffinity") or shutil.which("taskset") is None:
        return []
    cores = sorted(os.sched_getaffinity(0))
    return [_tool("taskset"), "--cpu-list", str(cores[slot % len(cores)])]


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
