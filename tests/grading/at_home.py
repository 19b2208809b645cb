"""Run notebooks as learners do, in IPython and with `check`: python at_home.py < notebooks.json > verdicts.json.

Each notebook runs in a process of its own, so that none sees what another has changed. The verdicts of a notebook are
by task "right", "wrong" or "not written", with the name of the mistake behind it if there is one: "wrong: forbidden".
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import sys
from importlib import import_module
from typing import Any


def verdicts(notebook: dict[str, Any]) -> dict[str, str]:
    """Run a notebook's code cells in order, going on after those that fail, and return what `check` said last."""
    from IPython.core.interactiveshell import InteractiveShell

    from rnncourse import checks
    from rnncourse.checks import registry

    said: dict[str, str] = {}

    def check(name: str, answer: Any = None) -> None:
        task = registry.task(name)
        if not task.checked:
            return
        task.seconds = 60.0  # a computer that is busy with other tests must not decide
        verdict = checks.examine(task, answer, withheld=registry.withheld(task))
        said[name] = f"{verdict.status}: {verdict.mistake}".removesuffix(": ")

    checks.check = check
    shell = InteractiveShell.instance()
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            shell.run_cell("".join(cell["source"]), store_history=True)
    return said


def in_a_process_of_its_own(notebook: dict[str, Any]) -> dict[str, str]:
    """Return the verdicts on a notebook, {} if its process ends before they are there."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a notebook's commands print is no verdict
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            os.write(writing, json.dumps(verdicts(notebook)).encode())
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text or b"{}")


if __name__ == "__main__":
    notebooks = json.load(sys.stdin)
    # What takes long to load is loaded once for all.
    for module in ("torch", "rnncourse.in_numpy"):
        import_module(module)
    import_module("rnncourse.checks.registry").tasks()
    import_module("IPython.core.interactiveshell").InteractiveShell.instance()
    gc.disable()  # a child that looks for garbage among all of that would copy it
    json.dump({name: in_a_process_of_its_own(one) for name, one in notebooks.items()}, sys.stdout)
