"""Wrong answers that were written without a look at the banks, from the exercises alone: one file for each chapter.

A task begins with `=== its_name` and an answer that is right; each bank of answers has its own. Below it,
`--- title | class key` begins a wrong answer and `+++ title` a right one. It is either a whole function, or the lines
`~ old ==> new` that turn that answer into it.

key: what `Verdict.mistake` is. class: how a learner would read the verdict.
"""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rnncourse.checks import model

CLASSES = {
    "named": "a mistake of the bank, with its own words",
    "pointed": "not named, but the words lead to the place or the quantity that is wrong",
    "narrowed": "true, and less is left to search: a shape, the first wrong step, Python's own error",
    "generic": "the values are wrong",
}


@dataclass(frozen=True)
class Answer:
    """One answer to a task. expected: the key of its verdict, "" for a right one. kind: its class."""

    task: str
    title: str
    kind: str
    expected: str
    code: str

    def function(self) -> Callable:
        """Return the function, in a notebook in which the cells above the task have run."""
        file = f"<{self.task}: {self.title}>"
        linecache.cache[file] = (len(self.code), None, self.code.splitlines(keepends=True), file)
        names = dict(model.names(self.task))
        exec(compile(self.code, file, "exec"), names)
        return names[self.task]


@cache
def answers() -> tuple[Answer, ...]:
    """Return all answers, in the order of the files."""
    files = sorted(Path(__file__).parent.glob("ch[0-9][0-9].txt"))
    return tuple(one for file in files for one in _read(file.read_text(encoding="utf-8")))


def _read(text: str) -> Iterator[Answer]:
    for task in re.split(r"^=== ", text, flags=re.MULTILINE)[1:]:
        name, _, rest = task.partition("\n")
        first, *others = re.split(r"^(?=--- |\+\+\+ )", rest, flags=re.MULTILINE)
        yield Answer(name, "the first answer", "right", "", first)
        for one in others:
            head, _, body = one.partition("\n")
            title, _, told = head[4:].partition(" | ")
            kind, _, key = told.partition(" ") if head.startswith("---") else ("right", "", "")
            yield Answer(name, title, kind, key, _changed(first, body) if body.startswith("~ ") else body)


def _changed(code: str, changes: str) -> str:
    for change in re.split(r"^~ ", changes, flags=re.MULTILINE)[1:]:
        old, _, new = change.rstrip("\n").partition(" ==>")
        if old not in code:
            raise ValueError(f"{old!r} is not in the answer that it should change")
        code = code.replace(old, new.removeprefix(" "))
    return code
