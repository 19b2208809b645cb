"""Where the course's files lie, and the environment variables its kernels and tests run with.

Only the standard library is imported here: tests read `REPRODUCIBLE` before NumPy loads.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

NOTEBOOK_FOLDERS = ("chapters", "exercises", "solutions")
"""The folders of notebooks, as they lie in a checkout, in the wheel and in a learner's copy."""

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # Threads that only wait need no heaps of their own, from which the others could take nothing (glibc).
    "MALLOC_ARENA_MAX": "1",
}
"""Variables that keep NumPy and PyTorch to one thread: the products here are too small to be worth sharing."""

REPRODUCIBLE = {
    **ONE_THREAD,  # the order of a sum depends on how many threads share it
    "TQDM_DISABLE": "1",  # a progress bar would print other times on every run
    "RNNCOURSE_PROGRESS": "",  # exercises neither show nor change what this computer's learner has done
}
"""Variables under which a notebook prints the same numbers on every run and, as far as can be, machine."""

if platform.machine().lower() in ("x86_64", "amd64"):
    # Each library picks the widest instructions that the processor has, and they round differently in the
    # last digit, which training magnifies. AVX2 is what nearly all have in common.
    REPRODUCIBLE |= {
        "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_CBWR": "AVX2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
    }

OWN_JUPYTER = Path(sys.prefix) / "share" / "jupyter"
"""Where this Python environment keeps its kernels and JupyterLab extensions."""


def checkout_above(start: Path) -> Path | None:
    """Return the nearest folder at or above `start` that is a checkout of the course, or None."""
    start = start.resolve()
    return next((folder for folder in (start, *start.parents) if is_checkout(folder)), None)


def is_checkout(folder: Path) -> bool:
    """Say whether `folder` holds the course's own pyproject.toml and its chapters."""
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False
    return project.get("project", {}).get("name") == "rnncourse" and (folder / "chapters").is_dir()


def shipped(package: Path = Path(__file__).parent) -> Path:
    """Return the folder that holds the chapters and constraints.txt that belong to the installed package.

    A wheel carries them in rnncourse/_shipped; with an editable install they lie in the checkout.
    """
    inside_wheel = package / "_shipped"
    return inside_wheel if inside_wheel.is_dir() else package.parent


@contextmanager
def empty_profile() -> Iterator[dict[str, str]]:
    """Yield the variables that give kernels the course's settings and nobody's own, while the profile lasts."""
    with tempfile.TemporaryDirectory(prefix="rnncourse-", ignore_cleanup_errors=True) as folder:
        yield {
            "IPYTHONDIR": folder,
            "MATPLOTLIBRC": str(Path(__file__).parent / "building" / "matplotlibrc"),
            "PYTHONSTARTUP": "",
        }


def own_jupyter_first(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` with this Python environment's Jupyter files searched before all others.

    Without it a `python3` kernel that some other environment registered for the whole user account can
    be the one that runs the notebooks, and the course is then "not installed".
    """
    own = str(OWN_JUPYTER)
    others = [path for path in environ.get("JUPYTER_PATH", "").split(os.pathsep) if path and path != own]
    return {**environ, "JUPYTER_PATH": os.pathsep.join([own, *others])}


def kernels_can_encrypt() -> bool:
    """Say whether the traffic between notebooks and kernels can be encrypted; newer kernels warn when it is not."""
    import zmq
    from jupyter_client import KernelManager

    return "transport_encryption" in KernelManager.class_trait_names() and zmq.has("curve")
