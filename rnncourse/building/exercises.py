"""Make the exercise notebooks from their masters, with nbgrader's own preprocessors and without its database."""

from __future__ import annotations

import copy
import logging
from collections.abc import Sequence
from pathlib import Path

from nbformat import NotebookNode

from rnncourse.building.outputs import read, tidy
from rnncourse.building.statements import is_hints
from rnncourse.checks.written import TEXT_STUB
from rnncourse.errors import InputError
from rnncourse.files import write_whole
from rnncourse.question_cells import as_text

CODE_STUB = "raise NotImplementedError  # your lines go here"


def find_masters(folder: Path, chapters: Sequence[str]) -> list[Path]:
    """Return the masters in `folder`, those of the given chapters or all; InputError for a chapter without one."""
    found = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    lacking = [name for name in chapters if not any(file.name[:2] == name.zfill(2) for file in found)]
    if lacking or not found:
        raise InputError(f"{folder} holds no master{' of chapter ' + ', '.join(lacking) if lacking else ''}")
    wanted = {name.zfill(2) for name in chapters}
    return [file for file in found if not wanted or file.name[:2] in wanted]


def read_masters(folder: Path) -> dict[Path, NotebookNode]:
    """Return all masters in `folder` by their paths; NotebookFailed for one that is no notebook."""
    return {path: read(path.read_text(encoding="utf-8"), path) for path in find_masters(folder, ())}


def release(master: NotebookNode, path: Path, exercise: Path) -> bool:
    """Write the exercise that belongs to the master at `path` and say whether the file changed.

    Raises InputError where nbgrader finds the master's cells unsound, or nbgrader is not installed.
    """
    text = as_text(without_solutions(master, path))
    if exercise.exists() and exercise.read_text(encoding="utf-8") == text:
        return False
    exercise.parent.mkdir(parents=True, exist_ok=True)
    write_whole(exercise, text.encode())
    return True


def without_solutions(master: NotebookNode, path: Path) -> NotebookNode:
    """Return the learner's version of `master`, without answers and hints; graded cells are named by grade_id."""
    notebook = tidy(copy.deepcopy(master))
    notebook.cells = [cell for cell in notebook.cells if not is_hints(cell)]
    for preprocessor in _preprocessors():
        try:
            notebook, _ = preprocessor.preprocess(notebook, {})
        except Exception as error:  # nbgrader raises RuntimeError, ValueError and errors of its own
            raise InputError(f"{path}: {error}") from error
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.id = cell_id(cell.metadata.nbgrader.grade_id)
    return notebook


def cell_id(grade_id: str) -> str:
    """Return the id of the cell with this grade_id, such as "rnn-step" for "rnn_step"."""
    return grade_id.replace("_", "-").lower()


def _preprocessors() -> list:
    """Return nbgrader's preprocessors in the order of its own `generate_assignment`, without its database."""
    try:
        from nbgrader import preprocessors as nbgrader
    except ImportError as error:
        raise InputError('this needs nbgrader; install it with pip install "rnncourse[authors]"') from error
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)  # what is wrong is said in the exception
    return [
        nbgrader.ClearSolutions(code_stub={"python": CODE_STUB}, text_stub=TEXT_STUB),
        nbgrader.LockCells(),
        nbgrader.ClearOutput(),
        nbgrader.ClearHiddenTests(),
        nbgrader.ClearMarkScheme(),
        nbgrader.ComputeChecksums(),
        nbgrader.CheckCellMetadata(),
    ]
