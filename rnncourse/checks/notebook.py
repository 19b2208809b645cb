"""The notebook around `check`: the functions defined in it, and whether the cell that defines one has run."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from typing import Any


def shell() -> Any:
    """Return the running IPython shell, None outside of one."""
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def defined(name: str) -> Any:
    """Return what the notebook calls `name`, None where there is no such name or no notebook."""
    running = shell()
    return None if running is None else running.user_ns.get(name)


def did_not_run(name: str, answer: Callable) -> str:
    """Return why `answer` is not what the newest cell with `def name` says; "" where it is, or nobody knows."""
    cell = _newest_cell(name)
    if cell is None or getattr(answer, "__name__", name) != name:
        return ""
    if why := unreadable(name):
        return f"{why} An older version of your function is still in use."
    source = source_of(answer)
    if source and source.strip() not in textwrap.dedent(cell):
        return (
            f"The cell that defines `{name}` stopped with an error before it had defined your new function. "
            "Look at the message below that cell. An older version of your function is still in use."
        )
    return ""


def unreadable(name: str) -> str:
    """Return why Python could not read the newest cell with `def name`; "" where it could."""
    cell = _newest_cell(name)
    try:
        ast.parse(_as_python(cell or ""))
    except SyntaxError as error:
        where = f" in line {error.lineno}" if error.lineno else ""
        said = f"Python could not read it{where}: {error.msg}"
        return f"The cell that defines `{name}` did not run, because {said}. Fix that first, then run the cell again."
    return ""


def source_of(function: Callable) -> str:
    """Return the source of a function, "" where Python does not know it."""
    try:
        return textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        return ""


def _newest_cell(name: str) -> str | None:
    """Return the cell that was last run, or was to be run, and that defines a function of that name."""
    history = getattr(getattr(shell(), "history_manager", None), "input_hist_raw", ())
    pattern = re.compile(rf"(?m)^def {re.escape(name)}\s*\(")
    return next((cell for cell in reversed(history) if pattern.search(cell)), None)


def _as_python(cell: str) -> str:
    """Return a cell's Python, with magics and shell commands turned into calls."""
    return shell().input_transformer_manager.transform_cell(cell) if cell else ""
