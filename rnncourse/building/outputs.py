"""Run notebooks in place and store what they print, the same bytes for the same results."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from nbformat import NotebookNode

from rnncourse.building import live
from rnncourse.building.live import WIDGET_VIEW
from rnncourse.environment import OWN_JUPYTER, REPRODUCIBLE, empty_profile, kernels_can_encrypt
from rnncourse.errors import InputError
from rnncourse.files import write_whole
from rnncourse.question_cells import as_text

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# What editors and kernels leave behind in a cell's metadata; it changes without the cell changing.
CELL_NOISE = ("ExecuteTime", "collapsed", "colab", "execution", "pycharm", "scrolled", "trusted", "vscode")


class NotebookFailed(RuntimeError):
    """A notebook could not be run to its end, or not be stored; the message names the notebook and says why."""


class Interrupted(NotebookFailed):
    """Ctrl-C or SIGTERM came while a notebook ran."""


def find_notebooks(paths: Iterable[Path]) -> list[Path]:
    """Return the notebooks among `paths`, folders searched through; InputError for a path without any."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [
                file for file in sorted(path.rglob("*.ipynb")) if ".ipynb_checkpoints" not in file.parts
            ]
            if not inside:
                raise InputError(f"{path} is a folder without a notebook (.ipynb)")
            found += inside
        elif path.suffix == ".ipynb" and path.is_file():
            found.append(path)
        else:
            raise InputError(f"{path} is neither a folder nor a notebook (.ipynb) that exists")
    return found


def require_apart(paths: Iterable[Path]) -> None:
    """Raise InputError if two notebooks have the same name, so that one's page would replace the other's."""
    first: dict[str, Path] = {}
    for path in paths:
        other = first.setdefault(path.stem.casefold(), path)
        if path.resolve() != other.resolve():
            raise InputError(f"{other} and {path} would have the same page; give each its own run and --out")


def refresh(path: Path, timeout: int = 180) -> bool:
    """Run the notebook at `path`, store its outputs in it and say whether the file changed.

    timeout: seconds one cell may take. Raises NotebookFailed, the file left as it was, when a cell raises, and when
    the file was changed while its cells ran.
    """
    before = path.read_text(encoding="utf-8")
    notebook = read(before, path)
    run(notebook, path, timeout, keep_widgets=True)
    live.store(notebook)
    after = as_text(tidy(notebook))
    if after == before:
        return False
    if not _is_still(path, before):
        raise NotebookFailed(
            f"{path}: was changed while it ran, so it was left as it is; run the command again"
        )
    write_whole(path, after.encode())
    return True


def rewrite(path: Path, change: Callable[[list[NotebookNode]], None]) -> bool:
    """Let `change` edit the cells of the notebook at `path` and say whether the file changed; nothing is run."""
    before = path.read_text(encoding="utf-8")
    notebook = read(before, path)
    change(notebook.cells)
    after = as_text(notebook)
    if after == before:
        return False
    write_whole(path, after.encode())
    return True


def read(text: str, path: Path) -> NotebookNode:
    """Return the notebook that `text` holds; NotebookFailed where it is none or gives an id twice."""
    try:
        given = [cell["id"] for cell in json.loads(text)["cells"] if "id" in cell]
    except (ValueError, KeyError, TypeError) as error:
        raise NotebookFailed(f"{path}: is not a notebook: {error}") from error
    twice = sorted({name for name in given if given.count(name) > 1})
    if twice:  # nbformat would give the second one a random id
        raise NotebookFailed(f"{path}: two cells have the id {twice[0]}")
    return nbformat.reads(text, as_version=4)


def run(
    notebook: NotebookNode, path: Path, timeout: int, *, keep_widgets: bool = False, keep_times: bool = False
) -> None:
    """Run `notebook` in place, in a fresh kernel in the folder of `path`.

    Raises NotebookFailed if a cell raises or takes too long, or the kernel dies, and Interrupted at Ctrl-C.
    keep_widgets: whether the states of its widgets are put into its metadata.
    keep_times: whether each cell's metadata says when it started and ended.
    """
    started: list[NotebookNode] = []
    client = _Client(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        record_timing=keep_times,
        store_widget_state=keep_widgets,
        force_raise_errors=True,  # also for a cell tagged raises-exception: a notebook stores no errors
        on_cell_start=lambda cell, cell_index: started.append(cell),
        resources={"metadata": {"path": str(path.resolve().parent)}},
    )
    # Only this environment's kernels: a python3 registered by another one would run without the course.
    own_kernels = KernelSpecManager(kernel_dirs=[str(OWN_JUPYTER / "kernels")])
    client.create_kernel_manager().kernel_spec_manager = own_kernels
    if kernels_can_encrypt():
        client.km.transport_encryption = "auto"
    with empty_profile() as profile, tempfile.TemporaryFile() as last_words:
        try:
            client.execute(env={**os.environ, **REPRODUCIBLE, **profile}, stderr=last_words)
        except CellExecutionError as error:
            raise NotebookFailed(_failure(path, started, f"{error.ename}: {error.evalue}")) from error
        except CellTimeoutError as error:
            raise NotebookFailed(_failure(path, started, f"took more than {timeout} s")) from error
        except RuntimeError as error:  # the kernel did not start, or died
            if client.interrupted:
                raise Interrupted(_failure(path, started, "interrupted")) from error
            raise NotebookFailed(_failure(path, started, f"{error}{_said(last_words)}")) from error


class _Client(NotebookClient):
    """A client that nbclient itself may tell to stop the kernel twice: at a signal, and at the end."""

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C or SIGTERM came while the cells ran."""
        return hasattr(self, "_async_cleanup_kernel_future")

    async def _async_cleanup_kernel(self) -> None:
        if self.km is not None:
            await super()._async_cleanup_kernel()


def _said(last_words: IO[bytes]) -> str:
    """Return the last line that a kernel wrote to its standard error, in brackets; "" if there is none."""
    last_words.seek(0)
    lines = last_words.read().decode(errors="replace").split("\n")
    said = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return said and f" ({said})"


def tidy(notebook: NotebookNode) -> NotebookNode:
    """Return `notebook` with everything removed that changes from run to run or needs a live kernel."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        for key in CELL_NOISE:
            cell.metadata.pop(key, None)
        if cell.cell_type == "code":
            cell.outputs = merge_streams(cell.outputs)
            for output in cell.outputs:
                output.get("data", {}).pop(WIDGET_VIEW, None)
    return notebook


def merge_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Return `outputs` with adjacent pieces of one stream joined: where they break is chance."""
    merged: list[NotebookNode] = []
    for output in outputs:
        last = merged[-1] if merged else None
        if last and last.output_type == output.output_type == "stream" and last.name == output.name:
            last.text += output.text
        else:
            merged.append(output)
    return merged


def _is_still(path: Path, text: str) -> bool:
    """Say whether the file still holds `text`."""
    try:
        return path.read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False


def _failure(path: Path, started: list[NotebookNode], what: str) -> str:
    """Return the line that says in which cell `what` happened."""
    where = f"cell {started[-1].get('id', len(started))}" if started else "before its first cell"
    return f"{path}: {where}: {what}"
