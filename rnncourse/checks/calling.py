"""Call a learner's function in this process: with a time limit, its printing caught, its errors told kindly."""

from __future__ import annotations

import contextlib
import io
import linecache
import traceback
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnncourse.checks.failure import Failure, steady
from rnncourse.checks.forbidden import files
from rnncourse.checks.judging import fresh, quiet
from rnncourse.checks.stopping import TimeLimit, TimeUp
from rnncourse.checks.task import Case, Named, Value
from rnncourse.checks.watching import Watch

PRINTED = 1000
"""Characters of a function's printing that are kept, of which steady() shows the first."""

LINES = 12
"""Lines of it that are shown."""


@dataclass(frozen=True)
class Answer:
    """What one call brought: a value or a Failure, the arguments after it, and what was printed."""

    value: Value | Failure
    after: tuple | None
    printed: str


def call(function: Callable, case: Case, seconds: float, withheld: Sequence[str] = ()) -> Answer:
    """Call `function` on fresh copies of a case's arguments; whatever it does, return an Answer.

    withheld: modules of which no code may run in the call.
    """
    sink, watch = _Cut(PRINTED), Watch(withheld, files(withheld), _given(case.args))
    value, after = _outcome(function, case, seconds, sink, watch)
    if watch.used:
        value, after = Failure("forbidden", next(iter(watch.used))), None
    return Answer(value, after, sink.text())


def _given(value: Any) -> list[Callable]:
    """Return the functions among a case's arguments."""
    if isinstance(value, Named):
        return [value.function]
    return [one for part in value for one in _given(part)] if isinstance(value, (list, tuple)) else []


def _outcome(
    function: Callable, case: Case, seconds: float, sink: _Cut, watch: Watch
) -> tuple[Value | Failure, tuple | None]:
    """Return what a call gave back, or a Failure, and the arguments after it."""
    args, kwargs = fresh(case.args), fresh(case.kwargs)
    try:
        with (
            contextlib.redirect_stdout(sink),
            contextlib.redirect_stderr(sink),
            quiet(),
            TimeLimit(seconds),
            watch,
        ):
            returned = function(*args, **kwargs)
        return as_plain(returned), args
    except TimeUp:
        return Failure("timeout", f"{seconds:g}"), None
    except NotImplementedError as error:
        return _unwritten(error, function), None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit among them: exit() must not end the kernel
        return _told(error, function), None


def as_plain(value: Any) -> Value | Failure:
    """Return `value` if it is plain data, views and NumPy numbers as arrays; else a Failure that says what it is."""
    found = _foreign(value)
    return Failure("unusable", found) if found else _plain(value)


def _foreign(value: Any) -> str:
    """Return what in `value` is not plain data, in words; "" if all is."""
    if isinstance(value, (list, tuple)):
        inside = next((found for one in value if (found := _foreign(one))), "")
        return inside and (
            inside if " that holds " in inside else f"a {type(value).__name__} that holds {inside}"
        )
    if isinstance(value, dict):
        inside = next((found for one in (*value, *value.values()) if (found := _foreign(one))), "")
        return inside and f"a dictionary that holds {inside}"
    if isinstance(value, np.ndarray):
        return "an array of Python objects" if value.dtype == object else ""
    if value is None or isinstance(value, (bool, int, float, complex, str, np.generic)):
        return ""
    if type(value).__module__.partition(".")[0] == "torch":
        return "a torch tensor" if type(value).__name__ in ("Tensor", "Parameter") else "a torch object"
    if isinstance(value, types.GeneratorType):
        return "a generator"
    if callable(value):
        return "a function"
    return f"an object of type {type(value).__name__}"


def _plain(value: Any) -> Value:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, tuple):
        return tuple(_plain(one) for one in value)
    return np.asarray(value) if isinstance(value, (np.ndarray, np.generic)) else value


def _unwritten(error: NotImplementedError, function: Callable) -> Failure:
    """Return a Failure that names the function that is not written, if it is one that the learner's function calls."""
    inside = traceback.extract_tb(error.__traceback__)[-1].name
    own = getattr(function, "__name__", inside)
    return Failure("not written", "" if inside in (own, "<lambda>") else inside)


def _told(error: BaseException, function: Callable) -> Failure:
    """Return a Failure that points to the last line of the learner's own cell that was running."""
    said = _said(error)
    text = steady(f"{type(error).__name__}: {said}" if said else type(error).__name__)
    own = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == own]
    if not frames:
        return Failure("raised", text)
    last = frames[-1]
    source = linecache.getline(last.filename, last.lineno).strip()
    return Failure("raised", text, last.lineno, steady(source))


def _said(error: BaseException) -> str:
    """Return what an error says; "" where not even that can be had from it."""
    try:
        return str(error)
    except Exception:
        return ""


class _Cut(io.TextIOBase):
    """A stream that keeps the first characters and only counts the rest, so that printing cannot fill the memory."""

    def __init__(self, most: int):
        self.most, self.kept, self.length = most, [], 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self.length < self.most:
            self.kept.append(text[: self.most - self.length])
        self.length += len(text)
        return len(text)

    def text(self) -> str:
        lines = "".join(self.kept).strip("\n").splitlines()
        shown = steady("\n".join(lines[:LINES]))
        return shown if self.length <= self.most and len(lines) <= LINES else f"{shown}\n… and more"
