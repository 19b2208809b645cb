"""Examine the installation: one line per part, each saying that it is well or how to fix it."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from types import ModuleType

from rnncourse.environment import NOTEBOOK_FOLDERS, OWN_JUPYTER, kernels_can_encrypt, shipped

OLDEST_PYTHON = (3, 11)
LAB_EXTENSIONS = ("@jupyter-widgets/jupyterlab-manager", "anywidget")
"""The folders, below share/jupyter/labextensions, of the front ends that draw the course's widgets."""

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
KERNEL_SECONDS = 60


@dataclass(frozen=True)
class Check:
    """What was found about one part of the installation; `fix` says what to do where it is not ok."""

    name: str
    ok: bool
    detail: str
    fix: str = ""

    def line(self) -> str:
        """Return the check as a line of the report."""
        said = f"{'ok  ' if self.ok else 'MEND'}  {self.name:<18} {self.detail}"
        return said if self.ok else f"{said}\n      {'':<18} -> {self.fix}"


def judged(name: str, ok: bool, detail: str, fix: str) -> Check:
    """Return the Check; how to fix it is said only where that is needed."""
    return Check(name, ok, detail, "" if ok else fix)


def examine() -> list[Check]:
    """Return all checks, in the order in which a fault in one explains faults in the next."""
    needed = core_packages(metadata.requires("rnncourse") or [])
    tested = read_constraints(shipped() / "constraints.txt")
    return [
        check_python(sys.version_info[:3]),
        check_course(shipped()),
        *(check_package(name, installed_version(name), tested) for name in needed),
        check_blas(),
        check_torch_device(),
        check_widgets(jupyter_folders("labextensions")),
        check_kernel(jupyter_folders("kernels")),
        check_chromium([shutil.which(name) for name in CHROMIUM_NAMES]),
    ]


def report(checks: Sequence[Check], as_json: bool = False) -> str:
    """Return the checks as text: one line each and a closing line, or as a JSON list."""
    if as_json:
        return json.dumps([asdict(check) for check in checks], indent=1)
    broken = [check.name for check in checks if not check.ok]
    closing = f"To fix: {', '.join(broken)}." if broken else "Everything the course needs is in place."
    return "\n".join([*(check.line() for check in checks), "", closing])


def check_python(version: Sequence[int]) -> Check:
    """Python itself, against the oldest version that the course runs on."""
    wanted = ".".join(map(str, OLDEST_PYTHON))
    return judged(
        "Python",
        tuple(version[:2]) >= OLDEST_PYTHON,
        f"{'.'.join(map(str, version))} at {sys.executable}",
        f"make a new virtual environment with Python {wanted} or newer",
    )


def check_course(root: Path) -> Check:
    """The notebooks that belong to the installed package."""
    found = sum(1 for folder in NOTEBOOK_FOLDERS for _ in (root / folder).glob("*.ipynb"))
    return judged("rnncourse", found > 0, f"{found} notebooks in {root}", "install the course again")


def core_packages(requirements: Iterable[str]) -> list[str]:
    """Return the names in `requirements` that a plain install brings, and the kernel's package."""
    plain = [line for line in requirements if "extra ==" not in line]
    names = [re.match(r"[A-Za-z0-9._-]+", line).group() for line in plain]
    return sorted({*names, "ipykernel"})


def read_constraints(path: Path) -> dict[str, str]:
    """Return the tested version of each package by its normalized name; none where the file is missing."""
    if not path.is_file():
        return {}
    pairs = (line.split("#")[0].strip().split("==") for line in path.read_text(encoding="utf-8").splitlines())
    return {_normalized(pair[0]): pair[1] for pair in pairs if len(pair) == 2}


def installed_version(name: str) -> str | None:
    """Return the installed version of the package, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def check_package(name: str, installed: str | None, tested: Mapping[str, str]) -> Check:
    """A package's version against the one in constraints.txt; a build tag such as +cpu does not count."""
    wanted = tested.get(_normalized(name))
    fix = f'python -m pip install "{name}=={wanted}"' if wanted else f"python -m pip install {name}"
    if installed is None:
        return Check(name, False, "is not installed", fix)
    same = wanted is None or installed.split("+")[0] == wanted
    return judged(
        name, same, installed if same else f"{installed}, but the course was tested with {wanted}", fix
    )


def check_blas() -> Check:
    """The library behind NumPy's matrix products."""
    numpy = _imported("numpy")
    if isinstance(numpy, str):
        return Check("matrix products", False, numpy, "python -m pip install --force-reinstall numpy")
    blas = numpy.show_config(mode="dicts")["Build Dependencies"].get("blas", {})
    name = " ".join(str(blas[key]) for key in ("name", "version") if blas.get(key))
    return Check("matrix products", True, f"{name or 'NumPy without a BLAS library: slow'}{_threads()}")


def check_torch_device() -> Check:
    """Whether PyTorch loads, and on what it can compute; the CPU is enough."""
    torch = _imported("torch")
    if isinstance(torch, str):
        return Check("PyTorch device", False, torch, "python -m pip install --force-reinstall torch")
    if torch.cuda.is_available():
        return Check("PyTorch device", True, f"GPU found: {torch.cuda.get_device_name(0)}")
    if torch.backends.mps.is_available():
        return Check("PyTorch device", True, "GPU found: Apple Metal")
    return Check("PyTorch device", True, "CPU; no GPU was found, and the course needs none")


def jupyter_folders(kind: str) -> list[Path]:
    """Return where JupyterLab, started by `rnncourse lab`, looks for "kernels" or "labextensions"."""
    own = OWN_JUPYTER / kind
    try:
        from jupyter_core.paths import jupyter_path
    except ImportError:
        return [own]
    return [own, *(Path(path) for path in jupyter_path(kind) if Path(path) != own)]


def check_widgets(folders: Sequence[Path]) -> Check:
    """Whether JupyterLab can draw widgets: the Python packages and their front ends in `folders`."""
    missing = [name for name in ("ipywidgets", "anywidget") if installed_version(name) is None]
    missing += [
        f"JupyterLab extension {name}"
        for name in LAB_EXTENSIONS
        if not any((folder / name / "package.json").is_file() for folder in folders)
    ]
    return judged(
        "widgets",
        not missing,
        f"missing: {', '.join(missing)}" if missing else "ipywidgets and anywidget with their front ends",
        "python -m pip install --force-reinstall --no-deps ipywidgets jupyterlab_widgets anywidget",
    )


def check_kernel(folders: Sequence[Path]) -> Check:
    """Whether a notebook's `python3` kernel starts, computes, and is the Python of this environment."""
    fix = "python -m pip install --force-reinstall --no-deps ipykernel"
    try:
        answer = ask_kernel("import sys; print(1 + 1, sys.prefix)", folders)
    except Exception as error:  # whatever keeps a kernel from starting is the finding
        place = next((f / "python3" for f in folders if (f / "python3" / "kernel.json").is_file()), "nowhere")
        return Check("kernel", False, f"python3 ({place}) does not start: {_first_line(error)}", fix)
    result, _, prefix = answer.strip().partition(" ")
    if result != "2":
        return Check("kernel", False, f"python3 said that 1 + 1 is {result!r}", fix)
    if Path(prefix).resolve() != Path(sys.prefix).resolve():
        return Check("kernel", False, f"python3 runs another Python, in {prefix}", fix)
    return Check("kernel", True, f"python3 starts and runs the Python in {prefix}")


def ask_kernel(code: str, folders: Sequence[Path]) -> str:
    """Return what `code` prints in a fresh python3 kernel, its specification looked up in `folders`.

    Raises what the start of the kernel raises, and RuntimeError if the code raises.
    """
    from jupyter_client import KernelManager
    from jupyter_client.kernelspec import KernelSpecManager

    specs = KernelSpecManager(kernel_dirs=[str(folder) for folder in folders])
    manager = KernelManager(kernel_name="python3", kernel_spec_manager=specs)
    if kernels_can_encrypt():
        manager.transport_encryption = "auto"
    manager.start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=KERNEL_SECONDS)
        printed: list[str] = []
        reply = client.execute_interactive(
            code,
            timeout=KERNEL_SECONDS,
            output_hook=lambda message: printed.append(message["content"].get("text", "")),
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    if reply["content"]["status"] != "ok":
        raise RuntimeError(f"{reply['content'].get('ename')}: {reply['content'].get('evalue')}")
    return "".join(printed)


def check_chromium(found: Sequence[str | None]) -> Check:
    """Chromium, which only the browser tests need."""
    path = next((path for path in found if path), None)
    return Check("Chromium", True, path or "not found; only the browser tests need it, and they are skipped")


def _imported(name: str) -> ModuleType | str:
    """Return the module, or one line that says why it cannot be imported."""
    try:
        return importlib.import_module(name)
    except Exception as error:  # a broken shared library raises OSError, a broken package anything
        return f"import {name} fails: {_first_line(error)}"


def _threads() -> str:
    """Return on how many threads the loaded BLAS runs, where threadpoolctl happens to be installed."""
    if installed_version("threadpoolctl") is None:
        return ""
    from threadpoolctl import threadpool_info

    counts = {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
    return f", {max(counts)} threads" if counts else ""


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
