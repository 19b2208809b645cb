"""The learner's copy of the notebooks, and JupyterLab opened on it."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rnncourse import __version__
from rnncourse.environment import (
    NOTEBOOK_FOLDERS,
    ONE_THREAD,
    checkout_above,
    own_jupyter_first,
    shipped,
)
from rnncourse.errors import InputError
from rnncourse.files import why_not_writable, write_whole
from rnncourse.lab.edition import learners_edition, with_language
from rnncourse.lab.links import link_by_cells, without_links_to
from rnncourse.question_cells import QUESTIONS_FILE, as_text, questions_of

COPY = "rnn-course"
"""The folder that `rnncourse lab` makes in a checkout, or in the working directory outside of one."""

MANIFEST = ".rnncourse.json"
Made = bytes | dict[str, Any]
"""A file of the course as a learner gets it: a notebook, or the bytes of any other file."""

LAB_SETTINGS = Path(__file__).parent / "settings"
QUICK_SETTINGS = Path(__file__).parent / "quick_settings"
"""Settings that leave out what takes long to load and what nobody who learns alone uses: nbgrader, language servers."""


@dataclass
class Report:
    """What was done with each file, by its path inside the copy."""

    new: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """Changed by the learner while the release has another version of it: left alone."""
    renamed: list[str] = field(default_factory=list)
    """New names of files that the course has renamed since, the learner's changes included."""
    beside: list[str] = field(default_factory=list)
    """Old names of files whose new name was taken: left alone."""

    def lines(self) -> list[str]:
        """Return the report in words; empty when nothing had to be done."""
        said = [f"copied {_count(self.new)}"] if self.new else []
        said += [f"updated {_count(self.updated)} that you had not changed"] if self.updated else []
        said += [f"renamed {_count(self.renamed)}, with what you wrote"] if self.renamed else []
        said += [f"kept {name} beside its successor; what you wrote is still there" for name in self.beside]
        said += [
            f"kept your version of {name}; to get the new one, rename yours and start again"
            for name in self.kept
        ]
        return said


def course_root(
    working_directory: Path, edit: bool = False, without: Collection[str] | None = None
) -> tuple[Path, Report]:
    """Return the folder to open, the learner's copy, and what was copied into it.

    edit: open the checkout's own notebooks instead. without: see `copy_notebooks`. Raises InputError where there is no
    checkout to edit, and where the copy's place is taken by a file or cannot be written.
    """
    checkout = checkout_above(working_directory)
    if edit:
        if checkout is None:
            raise InputError(
                f"--edit opens the notebooks of a checkout, but {working_directory} is not in one"
            )
        return checkout, Report()
    target = copy_above(working_directory) or (checkout or working_directory.resolve()) / COPY
    return target, copy_course(checkout or shipped(), target, without)


def copy_course(source: Path, target: Path, without: Collection[str] | None = None) -> Report:
    """Do what `copy_notebooks` does; InputError, with what to do, also where `target` cannot be written."""
    try:
        return copy_notebooks(source, target, without)
    except OSError as error:
        raise InputError(_cannot_copy(target, error)) from error


def _cannot_copy(target: Path, error: OSError) -> str:
    """Return in one sentence why the course could not be copied, and what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The course cannot be copied to {target} because the disk is full; free some space and start again."
    return (
        f"The course cannot be copied to {target} ({error.strerror or error}); "
        "change to a folder that you can write to, such as your home, and start again."
    )


def hub_address(root: Path, environ: Mapping[str, str]) -> str:
    """Return where a JupyterHub that runs this terminal shows the course, "" where there is no hub.

    The hub's server begins in the learner's home unless JUPYTERHUB_ROOT_DIR says otherwise.
    """
    prefix = environ.get("JUPYTERHUB_SERVICE_PREFIX", "")
    if not prefix:
        return ""
    above = Path(environ.get("JUPYTERHUB_ROOT_DIR") or Path.home()).expanduser().resolve()
    if not root.resolve().is_relative_to(above):
        return f"{prefix}lab, and the folder {root} there"
    below = root.resolve().relative_to(above) / "chapters" / "00_start_here.ipynb"
    return f"{prefix}lab/tree/{quote(below.as_posix())}"


def require_startable() -> None:
    """Raise InputError, in one sentence, where JupyterLab is missing or cannot write what it needs to start."""
    if find_spec("jupyterlab") is None:
        raise InputError('JupyterLab is not installed; run: python -m pip install "rnncourse[lab]"')
    from jupyter_core.paths import jupyter_runtime_dir

    folder = Path(jupyter_runtime_dir())
    if why := why_not_writable(folder):
        raise InputError(
            f"JupyterLab cannot write to {folder} ({why}), which it needs to start; fix that, or set "
            "JUPYTER_RUNTIME_DIR to a folder that you can write to."
        )


def copy_above(start: Path) -> Path | None:
    """Return the nearest folder at or above `start` that is a learner's copy of the course, or None."""
    start = start.resolve()
    return next((folder for folder in (start, *start.parents) if (folder / MANIFEST).is_file()), None)


def copy_of_the_course(start: Path) -> Path | None:
    """Return the learner's copy that `rnncourse lab` would open from `start`; None where there is none yet."""
    copy = copy_above(start) or (checkout_above(start) or start.resolve()) / COPY
    return copy if (copy / MANIFEST).is_file() else None


def copy_notebooks(source: Path, target: Path, without: Collection[str] | None = None) -> Report:
    """Bring `target` up to date with the notebooks in `source`; what the learner changed stays theirs.

    The manifest in `target` holds the fingerprint of every file as it was copied. A file that is missing
    comes back, one that still has its fingerprint follows the release, any other is left alone.
    without: folders to leave out, from then on; None leaves out those of the time before. What is there already stays.
    Raises InputError if `target` is a file, or for a folder that the course does not have.
    """
    if unknown := sorted(set(without or ()) - set(NOTEBOOK_FOLDERS)):
        raise InputError(f"without must be among {', '.join(NOTEBOOK_FOLDERS)}, but got {', '.join(unknown)}")
    if target.exists() and not target.is_dir():
        raise InputError(f"{target} is a file, but the course needs a folder of that name; rename the file")
    copied, left_out = _read_manifest(target)
    left_out = left_out if without is None else sorted(without)
    files = course_files(source, [name for name in NOTEBOOK_FOLDERS if name not in left_out])
    if not files:
        raise InputError(f"{source} holds no notebooks; install the course again")
    report = Report()
    _follow_new_names({file.relative_to(source).as_posix() for file in files}, target, copied, report)
    manifest, questions = {}, {}
    for file in files:
        name = file.relative_to(source).as_posix()
        made, asked = _learners_own(file, name, left_out)
        questions |= asked
        manifest[name] = _bring_up_to_date(target / name, name, made, copied, report)
    _write_questions(target, questions)
    _write_manifest(target, manifest, left_out)
    return report


def learners_file(file: Path, name: str, left_out: Iterable[str] = ()) -> tuple[bytes, dict[str, dict]]:
    """Return what a learner gets for a file of the course called `name`, and the questions in it by key.

    left_out: folders that the learner's copy does not have; links to them become plain words.
    """
    made, questions = _learners_own(file, name, left_out)
    return _as_bytes(made), questions


def _learners_own(file: Path, name: str, left_out: Iterable[str]) -> tuple[Made, dict[str, dict]]:
    """Return what `learners_file` does, a notebook not yet written out: that takes most of the time."""
    content = file.read_bytes()
    if file.suffix != ".ipynb":
        return content, {}
    notebook = without_links_to(left_out, link_by_cells(json.loads(content), file.parent))
    if not name.startswith("chapters/"):
        return with_language(notebook), {}
    return learners_edition(notebook)


def _as_bytes(made: Made) -> bytes:
    return made if isinstance(made, bytes) else as_text(made).encode()


def _bring_up_to_date(mine: Path, name: str, made: Made, copied: Mapping[str, str], report: Report) -> str:
    """Write what was made unless the learner changed the file; return what the manifest notes."""
    theirs = _hash(made if isinstance(made, bytes) else _cells_of(made))
    present = fingerprint(mine) if mine.exists() else None
    if present is None:
        _write(mine, _as_bytes(made))
        report.new.append(name)
    elif present == theirs:
        _tell_language(mine)
    elif present == copied.get(name):
        _write(mine, _as_bytes(made))
        report.updated.append(name)
    else:
        _tell_language(mine)
        report.kept.append(name)
        return copied.get(name, "")
    return theirs


def _follow_new_names(names: set[str], target: Path, copied: dict[str, str], report: Report) -> None:
    """Give the exercises of a copy made by version 0.1 the names that they have now."""
    for folder in ("exercises", "solutions"):
        for old in sorted((target / folder).glob("*.ipynb")):
            was = old.relative_to(target).as_posix()
            new = re.sub(r"\.ipynb$", "_exercises.ipynb", was)
            if was in names or new not in names:
                continue
            if (target / new).exists():
                report.beside.append(was)
                continue
            old.rename(target / new)
            copied[new] = copied.get(was, "")
            report.renamed.append(new)


def _tell_language(mine: Path) -> None:
    """Bring the language in a notebook's metadata up to date: a front end would, and call the page changed."""
    try:
        notebook = json.loads(mine.read_bytes())
        before = notebook["metadata"].get("language_info")
        if before != with_language(notebook)["metadata"]["language_info"]:
            _write(mine, (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode())
    except (ValueError, KeyError, TypeError, AttributeError, OSError):
        # Not a notebook, or one that cannot be written: it stays as it is.
        pass


def course_files(source: Path, folders: Iterable[str] = NOTEBOOK_FOLDERS) -> list[Path]:
    """Return the files of the course below `source`, in reading order, without editors' hidden folders."""
    return [
        file
        for folder in folders
        for file in sorted((source / folder).rglob("*"))
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(source).parts)
    ]


def fingerprint(file: Path) -> str:
    """Return a hash of what a learner can change in `file`.

    Of a notebook that is its cells' text: one that was only run, which stores new outputs, still counts as
    unchanged. Of any other file it is every byte.
    """
    return _fingerprint(file.read_bytes(), file.suffix)


def _fingerprint(content: bytes, suffix: str) -> str:
    if suffix == ".ipynb":
        # What is no notebook after all is taken byte for byte.
        with contextlib.suppress(ValueError, KeyError, TypeError):
            content = _cells_of(json.loads(content))
    return _hash(content)


def _cells_of(notebook: Mapping[str, Any]) -> bytes:
    """Return what a learner can change in a notebook."""
    cells = notebook["cells"]
    written = [[c["cell_type"], "".join(c["source"]), c.get("attachments", {})] for c in cells]
    return json.dumps(written, sort_keys=True).encode()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def lab_command(arguments: Sequence[str]) -> list[str]:
    """Return the command that starts this environment's JupyterLab with the learner's own `arguments`."""
    # -P: a file of the learner's called random.py must not be imported in place of the real one.
    return [sys.executable, "-P", "-m", "jupyterlab", *arguments]


def lab_environment(root: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` with what lets JupyterLab open `root` beside the user's own configuration.

    Kernels run on one thread, and begin with a file of the course's own, unless `environ` says otherwise.
    """
    paths = [str(LAB_SETTINGS), environ.get("JUPYTER_CONFIG_PATH", "")]
    return {
        **ONE_THREAD,
        "PYTHONSTARTUP": str(LAB_SETTINGS / "kernel_startup.py"),
        **own_jupyter_first(environ),
        "JUPYTER_CONFIG_PATH": os.pathsep.join(path for path in paths if path),
        "RNNCOURSE_ROOT": str(root),
        "RNNCOURSE_SOURCES": "" if (root / MANIFEST).is_file() else "1",
    }


def quick_environment(root: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return `lab_environment`, for a learner's copy with the settings that let JupyterLab start quickly."""
    ours = lab_environment(root, environ)
    if not ours["RNNCOURSE_SOURCES"]:
        ours["JUPYTER_CONFIG_PATH"] = os.pathsep.join([str(QUICK_SETTINGS), ours["JUPYTER_CONFIG_PATH"]])
    return ours


def open_lab(root: Path, arguments: Sequence[str]) -> int:
    """Start JupyterLab on `root`; return its exit status, where this process does not become JupyterLab."""
    command, environ = lab_command(arguments), quick_environment(root, os.environ)
    if os.name == "nt":  # Windows would start another process and let this one end
        return wait_for_lab(command, environ)
    sys.stdout.flush()
    os.execve(command[0], command, environ)  # Ctrl-C and signals then go to JupyterLab itself


def wait_for_lab(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run JupyterLab to its end and return its exit status; Ctrl-C is left to JupyterLab."""
    with subprocess.Popen(command, env=environ) as lab:
        while True:
            try:
                return lab.wait()
            except KeyboardInterrupt:  # JupyterLab got it too, asks its question and ends by itself
                continue


def _write(to: Path, content: bytes) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    write_whole(to, content)


def _write_questions(target: Path, questions: Mapping[str, dict]) -> None:
    """Add questions to those of the copy: a notebook that the learner kept may still ask old ones."""
    known = questions_of(target)
    if known | questions != known:
        text = json.dumps(known | questions, indent=1, sort_keys=True, ensure_ascii=False)
        _write(target / QUESTIONS_FILE, f"{text}\n".encode())


def _read_manifest(target: Path) -> tuple[dict[str, str], list[str]]:
    """Return the fingerprints by file name, and the folders left out; none where the manifest is missing or damaged."""
    try:
        kept = json.loads((target / MANIFEST).read_text(encoding="utf-8"))
        return dict(kept["files"]), list(kept.get("without", ()))
    except (OSError, ValueError, KeyError, TypeError):
        return {}, []


def _write_manifest(target: Path, files: Mapping[str, str], left_out: Sequence[str]) -> None:
    kept = {"rnncourse": __version__, "files": files} | ({"without": left_out} if left_out else {})
    text = json.dumps(kept, indent=1, sort_keys=True)
    write_whole(target / MANIFEST, f"{text}\n".encode())


def _count(names: Sequence[str]) -> str:
    return "1 file" if len(names) == 1 else f"{len(names)} files"
