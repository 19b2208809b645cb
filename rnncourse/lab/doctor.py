"""Examine the installation: one line per part, each saying that it works or how to fix it.

A version other than the tested one is merely different and no fault; one that the course cannot use is. Whatever is
broken, no check ends the examination: each package is imported in a process of its own, as a notebook would.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import re
import shutil
import site
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from rnncourse.environment import (
    NOTEBOOK_FOLDERS,
    OWN_JUPYTER,
    checkout_above,
    kernels_can_encrypt,
    shipped,
)
from rnncourse.files import why_not_writable
from rnncourse.lab.workspace import COPY, copy_above

OLDEST_PYTHON = (3, 11)
LAB_EXTENSIONS = ("@jupyter-widgets/jupyterlab-manager", "anywidget")
"""The folders, below share/jupyter/labextensions, of the front ends that draw the course's widgets."""

CHROMIUM_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chromium-headless-shell",
)
KERNEL_SECONDS = 60
IMPORT_SECONDS = 120
FALLBACK = ["anywidget", "ipykernel", "loky", "matplotlib", "nbformat", "numpy", "torch", "tqdm"]
"""What is examined where the course's own list of packages cannot be read."""

LAB = "lab"
"""The extra with JupyterLab; where JupyterLab is there, all of it is expected."""

SERVER_EXTENSION = Path("jupyter_server_config.d") / "rnncourse.json"
"""The file, below one of Jupyter's folders of settings, by which every Jupyter server loads rnncourse.lab.server."""

_AGAIN = "install the course again in a new virtual environment"
_IMPORT = """
import importlib, json, sys
sys.path[0] = ""  # the folder of the notebook, as in a kernel
for name in sys.argv[1:]:
    print(name, flush=True)
    try:
        print(json.dumps({"file": getattr(importlib.import_module(name), "__file__", None) or ""}), flush=True)
    except BaseException as error:
        lines = str(error).strip().splitlines() or [""]
        print(json.dumps({"error": f"{type(error).__name__}: {lines[0]}"}), flush=True)
"""


@dataclass(frozen=True)
class Check:
    """What was found about one part of the installation; `fix` says what to do where it is not ok.

    differs: it works, but is not the tested version.
    """

    name: str
    ok: bool
    detail: str
    fix: str = ""
    differs: bool = False

    def line(self) -> str:
        """Return the check as a line of the report."""
        state = "FIX " if not self.ok else "note" if self.differs else "ok  "
        said = f"{state}  {self.name:<18} {self.detail}"
        return said if self.ok else f"{said}\n      {'':<18} -> {self.fix}"


def judged(name: str, ok: bool, detail: str, fix: str) -> Check:
    """Return the Check; how to fix it is said only where that is needed."""
    return Check(name, ok, detail, "" if ok else fix)


def examine() -> list[Check]:
    """Return all checks, in the order in which a fault in one explains faults in the next."""
    here = Path.cwd()
    extras = ("",) if installed_version("jupyterlab") is None else ("", LAB)
    needs = _survived("rnncourse", lambda: requirements(metadata.requires("rnncourse") or [], extras))
    needs, broken = (dict.fromkeys(FALLBACK, ""), [needs]) if isinstance(needs, Check) else (needs, [])
    needed = sorted(needs)
    tested = _survived("constraints.txt", lambda: read_constraints(shipped() / "constraints.txt"))
    tested = {} if isinstance(tested, Check) else tested
    return [
        *broken,
        _survived("Python", lambda: check_python(sys.version_info[:3])),
        _survived("rnncourse", lambda: check_course(shipped())),
        *_all_survived("hidden modules", lambda: check_hidden(notebook_folders(here), needed)),
        *(
            _survived(
                name, lambda name=name: check_package(name, installed_version(name), tested, needs.get(name))
            )
            for name in needed
        ),
        _survived("extra [lab]", lambda: check_lab_extra(installed_version("jupyterlab"))),
        *_all_survived("imports", lambda: check_imports(needed)),
        _survived("matrix products", check_blas),
        _survived("PyTorch device", check_torch_device),
        _survived("widgets", lambda: check_widgets(jupyter_folders("labextensions"))),
        _survived("quick messages", lambda: check_quick_messages(server_settings())),
        *_all_survived("writing", lambda: check_writing(folders_written(here))),
        _survived("kernel", lambda: check_kernel(jupyter_folders("kernels"))),
        _survived("Chromium", lambda: check_chromium([shutil.which(name) for name in CHROMIUM_NAMES])),
    ]


def _survived(name: str, examined: Callable[[], Any]) -> Any:
    """Return what is found, or that it could not be found out: no fault ends the examination."""
    try:
        return examined()
    except Exception as error:
        return Check(name, False, f"could not be examined: {_first_line(error)}", _AGAIN)


def _all_survived(name: str, examined: Callable[[], list[Check]]) -> list[Check]:
    found = _survived(name, examined)
    return [found] if isinstance(found, Check) else found


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
    found = sum(1 for folder in NOTEBOOK_FOLDERS for _ in (root / folder).rglob("*.ipynb"))
    return judged("rnncourse", found > 0, f"{found} notebooks in {root}", "install the course again")


def read_constraints(path: Path) -> dict[str, str]:
    """Return the tested version of each package by its normalized name; none where the file is missing."""
    if not path.is_file():
        return {}
    pairs = (line.split("#")[0].strip().split("==") for line in path.read_text(encoding="utf-8").splitlines())
    return {_normalized(pair[0]): pair[1] for pair in pairs if len(pair) == 2}


def installed_version(name: str) -> str | None:
    """Return the installed version of the package, None if it is not there, "" if what says so is damaged."""
    try:
        return metadata.version(name) or ""
    except metadata.PackageNotFoundError:
        return None
    except Exception:  # a file that is cut off, or binary
        return ""


def requirements(lines: Iterable[str], extras: Collection[str] = ("",)) -> dict[str, str]:
    """Return by name the versions that the course can use, as its own package says: {"numpy": ">=2.0"}.

    extras: whose packages count; "" stands for a plain install.
    """
    found = {}
    for line in lines:
        package, _, marker = line.partition(";")
        extra = re.search(r"""extra == ["']([^"']+)""", marker)
        if (extra[1] if extra else "") in extras:
            name, versions = re.match(r"([A-Za-z0-9._-]+)(.*)", package.strip()).groups()
            found[name] = versions.strip()
    return found


def check_lab_extra(jupyterlab: str | None) -> Check:
    """Whether JupyterLab is there, in a version or None; on Colab, in VS Code or in another Jupyter it need not be."""
    if jupyterlab is not None:
        return Check("extra [lab]", True, "installed, for rnncourse lab and rnncourse build")
    detail = (
        'not installed; rnncourse lab and rnncourse build need it: python -m pip install "rnncourse[lab]"'
    )
    return Check("extra [lab]", True, detail, differs=True)


def check_package(
    name: str, installed: str | None, tested: Mapping[str, str], usable: str | None = None
) -> Check:
    """A package's version against what the course can use and the one in constraints.txt, build tags left out."""
    wanted = tested.get(_normalized(name))
    fix = f'python -m pip install "{name}=={wanted}"' if wanted else f"python -m pip install {name}"
    if installed is None:
        return Check(name, False, "is not installed", fix)
    if not installed:
        again = fix.replace("install ", "install --force-reinstall ", 1)
        return Check(name, False, "is installed, but its version information is damaged", again)
    if usable and not _within(installed, usable):
        return Check(name, False, f"{installed}, but the course needs {usable}", fix)
    differs = wanted is not None and installed.split("+")[0] != wanted
    return Check(name, True, f"{installed} (tested with {wanted})" if differs else installed, differs=differs)


def _within(version: str, usable: str) -> bool:
    """Say whether a version is one of those; also where that cannot be told."""
    try:
        from packaging.specifiers import SpecifierSet

        return SpecifierSet(usable).contains(version, prereleases=True)
    except Exception:  # the package that compares versions may be what is broken
        return True


def notebook_folders(here: Path) -> list[Path]:
    """Return the folders whose modules come before all others in notebooks: this one and those of the course."""
    roots = filter(None, (_copy_of_the_course(here), checkout_above(here)))
    folders = [here, *(root / name for root in roots for name in NOTEBOOK_FOLDERS)]
    return [folder for folder in dict.fromkeys(map(Path.resolve, folders)) if folder.is_dir()]


def check_hidden(folders: Sequence[Path], needed: Iterable[str]) -> list[Check]:
    """Files beside notebooks that have the name of a module that the course imports, and are taken in its place."""
    names = {_module(name) for name in needed} | set(sys.stdlib_module_names)
    found = [
        entry
        for folder in folders
        for entry in sorted(folder.iterdir())
        if entry.stem in names
        and (entry.suffix == ".py" or (entry.name in names and (entry / "__init__.py").is_file()))
    ]
    if not found:
        return [Check("hidden modules", True, "no file beside the notebooks hides a module")]
    return [
        Check(
            "hidden modules",
            False,
            f"{entry} is imported in place of the real {entry.stem}",
            f"rename {entry}, and delete __pycache__ beside it",
        )
        for entry in found
    ]


def check_imports(needed: Sequence[str]) -> list[Check]:
    """Where each package comes from when a notebook imports it; one line if all come from this environment."""
    with tempfile.TemporaryDirectory() as empty:
        found = imported_from([_module(name) for name in needed], Path(empty))
    checks = []
    for name in needed:
        said = found[_module(name)]
        if "error" in said:
            fix = f"python -m pip install --force-reinstall {name}"
            if outside := _outside(said.get("file", "")):
                fix = outside
            checks.append(Check("imports", False, f"import {_module(name)} fails: {said['error']}", fix))
        elif fix := _outside(said["file"]):
            checks.append(Check("imports", False, f"{_module(name)} comes from {said['file']}", fix))
    return checks or [Check("imports", True, f"all come from {sysconfig.get_path('purelib')}")]


def imported_from(modules: Sequence[str], folder: Path) -> dict[str, dict[str, str]]:
    """Return by module {"file": where it comes from} or {"error": why it cannot be imported}.

    They are imported in another process in `folder`, so that a crash costs one module and not the examination.
    """
    found: dict[str, dict[str, str]] = {}
    while left := [module for module in modules if module not in found]:
        command = [sys.executable, "-c", _IMPORT, *left]
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=IMPORT_SECONDS
            )
            printed, why = done.stdout, f"the process ended with status {done.returncode}"
        except subprocess.TimeoutExpired as error:
            printed, why = (
                (error.stdout or b"").decode(errors="replace"),
                f"still running after {IMPORT_SECONDS} s",
            )
        last = ""
        for line in printed.splitlines():
            if line in left:
                last = line
            elif last and line.startswith(('{"file"', '{"error"')):
                found[last] = json.loads(line)
        unfinished = last if last and last not in found else next((m for m in left if m not in found), "")
        if unfinished:
            found[unfinished] = {"error": why}
    for module, said in found.items():
        if "error" in said:
            said["file"] = _origin(module)
    return found


def _origin(module: str) -> str:
    """Return where a module would be imported from, "" where that is nowhere."""
    try:
        spec = importlib.util.find_spec(module)
    except Exception:  # whatever a damaged module does
        return ""
    return (spec.origin or "") if spec else ""


def _outside(file: str) -> str:
    """Return what to do about a module from outside this environment; "" where it comes from inside."""
    if not file:
        return ""
    path = Path(file).resolve()
    for entry in filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)):
        if path.is_relative_to(Path(entry).resolve()) and not _in_environment(path):
            return f"take {entry} out of the variable PYTHONPATH, or unset it"
    if site.ENABLE_USER_SITE and path.is_relative_to(Path(site.getusersitepackages()).resolve()):
        return "" if sys.prefix == sys.base_prefix else "set the variable PYTHONNOUSERSITE=1"
    return ""


def _in_environment(path: Path) -> bool:
    """Say whether a file is in this environment's own folders of packages."""
    own = (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
    return any(path.is_relative_to(Path(folder).resolve()) for folder in own)


def folders_written(here: Path) -> dict[str, Path]:
    """Return the folders into which `rnncourse lab`, JupyterLab and `check` write, by what is written."""
    from jupyter_core.paths import jupyter_config_dir, jupyter_runtime_dir

    from rnncourse.checks import progress_file

    folders = {
        "the course": _copy_of_the_course(here),
        "JupyterLab's settings": Path(jupyter_config_dir()) / "lab",
        "JupyterLab's connections": Path(jupyter_runtime_dir()),
    }
    kept = progress_file.file()
    return folders if kept is None else {**folders, "your progress": kept.parent}


def _copy_of_the_course(here: Path) -> Path:
    """Return the folder that `rnncourse lab` opens, whether it is there already or not."""
    return copy_above(here) or (checkout_above(here) or here) / COPY


def check_writing(folders: Mapping[str, Path]) -> list[Check]:
    """Whether files can be written where they will be; it is tried out, and nothing stays."""
    checks = [
        Check("writing", False, f"{what}: {folder} cannot be written to ({why})", _how_to_write(what))
        for what, folder in folders.items()
        if (why := why_not_writable(folder))
    ]
    return checks or [Check("writing", True, f"in {', '.join(str(one) for one in folders.values())}")]


def _how_to_write(what: str) -> str:
    if what == "the course":
        return "start rnncourse lab in a folder that you can write to and that has space"
    return "free some space and fix its permissions, or set HOME to a folder in which you may write"


def _module(package: str) -> str:
    """Return under what name a package is imported."""
    return package.replace("-", "_")


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


def server_settings() -> list[Path]:
    """Return where a Jupyter server looks for its settings, however it is started."""
    from jupyter_core.paths import jupyter_config_path

    return [Path(path) for path in jupyter_config_path()]


def check_quick_messages(folders: Sequence[Path]) -> Check:
    """Whether widgets that ask the kernel are quick outside of `rnncourse lab`, too: in jupyter lab and Notebook 7."""
    if any((folder / SERVER_EXTENSION).is_file() for folder in folders):
        return Check("quick messages", True, "rnncourse lab, jupyter lab and Notebook 7 send them at once")
    return Check(
        "quick messages",
        True,
        "only rnncourse lab sends them at once; in jupyter lab and Notebook 7 widgets that ask the kernel are slower "
        "until you install the course again",
        differs=True,
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
