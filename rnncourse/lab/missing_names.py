"""What a kernel of `rnncourse lab` adds to a NameError: mostly a cell above has not been run yet."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from IPython import get_ipython

from rnncourse.markup import Card


def install() -> None:
    """Let the running shell explain names that are missing; nothing happens outside of IPython."""
    shell = get_ipython()
    if shell is not None:
        shell.set_custom_exc((NameError,), explain)


def explain(
    shell: Any, kind: type, error: NameError, trace: TracebackType, tb_offset: int | None = None
) -> None:
    """Show the traceback, and below it what to do."""
    shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
    advice(error.name or "this name").show()


def advice(name: str) -> Card:
    """Return what to do about a name that is not defined."""
    return Card(
        "note",
        f"There is no `{name}` yet.",
        (
            "If a cell above makes it, run that cell first (menu Run, Run All Above Selected Cell), then this one. "
            "If none does, look at the spelling.",
        ),
    )
