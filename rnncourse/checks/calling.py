"""Call a learner's function in this process: with a time limit, its printing caught, its errors told kindly."""

from __future__ import annotations

import ast
import contextlib
import io
import linecache
import signal
import sys
import threading
import time
import traceback
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from rnncourse.checks.failure import Failure, plainly, steady
from rnncourse.checks.outcomes import fresh, quiet
from rnncourse.checks.task import Case, Value

PRINTED = 1000
"""Characters of a function's printing that are kept, of which steady() shows the first."""

LINES = 12
"""Lines of it that are shown."""


class _TimeUp(BaseException):
    """Not an Exception: `except Exception` in a learner's loop must not hold it back."""


@dataclass(frozen=True)
class Answer:
    """What one call brought: a value or a Failure, the arguments after it, and what was printed.

    shared: whether the value shares memory with an argument.
    """

    value: Value | Failure
    after: tuple | None
    printed: str
    shared: bool = False


def call(function: Callable, case: Case, seconds: float) -> Answer:
    """Call `function` on fresh copies of a case's arguments; whatever it does, return an Answer.

    The time limit is a signal where there is one and this is the main thread. That stops every Python loop, but
    one long call into NumPy only when it comes back. Elsewhere (Windows, other threads) a trace function looks at
    the clock at every line of Python: it needs no thread, slows the function down, and stops the same loops,
    except one that swallows every exception.
    """
    args, kwargs = fresh(case.args), fresh(case.kwargs)
    sink = _Cut(PRINTED)
    try:
        with (
            contextlib.redirect_stdout(sink),
            contextlib.redirect_stderr(sink),
            quiet(),
            time_limit(seconds),
        ):
            returned = function(*args, **kwargs)
        return Answer(as_plain(returned), args, sink.text(), _share_memory(returned, args))
    except _TimeUp:
        return Answer(Failure("timeout", f"{seconds:g}"), None, sink.text())
    except NotImplementedError as error:
        return Answer(_unwritten(error, function), None, sink.text())
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit among them: exit() must not end the kernel
        return Answer(_told(error, function), None, sink.text())


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise an exception of its own in the block once `seconds` have passed."""
    main = threading.current_thread() is threading.main_thread()
    limit = _by_signal if hasattr(signal, "setitimer") and main else _by_tracing
    with limit(seconds):
        yield


@contextlib.contextmanager
def _by_signal(seconds: float) -> Iterator[None]:
    def stop(_: int, frame: types.FrameType | None) -> None:
        # A bare `except:` in a loop swallows what is raised here. The frames' next lines then raise it again,
        # the line of that `except` among them, and a tenth of a second later the signal comes once more.
        sys.settrace(lambda *_: None)
        while frame is not None and frame.f_code.co_filename != __file__:
            frame.f_trace, frame = _raise_at_once, frame.f_back
        raise _TimeUp

    signal_before, trace_before = signal.signal(signal.SIGALRM, stop), sys.gettrace()
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.1)
    try:
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            sys.settrace(trace_before)
    finally:
        signal.signal(signal.SIGALRM, signal_before)


def _raise_at_once(_: types.FrameType, event: str, __: object) -> Callable:
    if event == "line":
        raise _TimeUp
    return _raise_at_once


@contextlib.contextmanager
def _by_tracing(seconds: float) -> Iterator[None]:
    deadline = time.perf_counter() + seconds

    def look(*_: object) -> Callable:
        if time.perf_counter() > deadline:
            raise _TimeUp
        return look

    before = sys.gettrace()
    sys.settrace(look)
    try:
        yield
    finally:
        sys.settrace(before)


def _share_memory(one: Any, other: Any) -> bool:
    """Say whether an array in one value shares memory with an array in the other."""
    theirs = list(_arrays(other))
    return any(np.may_share_memory(mine, array) for mine in _arrays(one) for array in theirs)


def _arrays(value: Any) -> Iterator[np.ndarray]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (dict, list, tuple)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _arrays(one)


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
    said = plainly(_said(error), _shapes(error))
    text = steady(f"{type(error).__name__}: {said}" if said else type(error).__name__)
    own = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == own]
    if not frames:
        return Failure("raised", text)
    last = frames[-1]
    source = linecache.getline(last.filename, last.lineno).strip()
    return Failure("raised", text, last.lineno, steady(source))


def _shapes(error: BaseException) -> str:
    """Return the shapes of the product that did not fit, "(3, 5) @ (3, 4)"; "" where they are not easily had.

    Only names and their `.T` are looked up, so that nothing of the learner's runs again.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    frame, code = trace.tb_frame, trace.tb_frame.f_code
    spot = next(islice(code.co_positions(), trace.tb_lasti // 2, None), None)
    line = linecache.getline(code.co_filename, trace.tb_lineno)
    if not spot or None in spot or spot[0] != spot[1]:
        return ""
    try:
        product = ast.parse(line.encode()[spot[2] : spot[3]].decode(), mode="eval").body
        sides = [_looked_up(side, {**frame.f_globals, **frame.f_locals}).shape for side in _sides(product)]
    except (SyntaxError, LookupError, TypeError, AttributeError, UnicodeError):
        return ""
    return f"{sides[0]} @ {sides[1]}"


def _sides(product: ast.expr) -> tuple[ast.expr, ast.expr]:
    if isinstance(product, ast.BinOp) and isinstance(product.op, ast.MatMult):
        return product.left, product.right
    raise TypeError


def _looked_up(side: ast.expr, names: dict[str, Any]) -> np.ndarray:
    """Return the array that a name, its transpose, or an entry of a dictionary stands for."""
    if isinstance(side, ast.Name):
        found = names[side.id]
    elif isinstance(side, ast.Attribute) and side.attr == "T":
        found = _looked_up(side.value, names).T
    elif isinstance(side, ast.Subscript) and isinstance(side.slice, ast.Constant):
        found = names[side.value.id][side.slice.value]
    else:
        raise TypeError
    if type(found) is not np.ndarray:
        raise TypeError
    return found


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
