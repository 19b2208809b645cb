"""Call a learner's function in this process: with a time limit, its printing caught, its errors explained."""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import linecache
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from rnncourse.checks.failure import (
    Failure,
    Forbidden,
    NotWritten,
    Raised,
    TimedOut,
    Unusable,
    of_a_product,
    plainly,
    steady,
)
from rnncourse.checks.forbidden import files
from rnncourse.checks.outcomes import fresh, quiet
from rnncourse.checks.sharing import share_memory
from rnncourse.checks.stopping import TimeLimit, TimeUp
from rnncourse.checks.task import Case, Named, Value
from rnncourse.checks.watching import Watch

PRINTED = 1000
"""Characters of a function's printing that are kept, of which steady() shows the first."""

LINES = 12
"""Lines of it that are shown."""

ENTRIES = 10_000_000
"""An array with more entries is not looked at: no task asks for that many, and a broadcast one takes no memory."""


@dataclass(frozen=True)
class Answer:
    """What one call brought: a value or a Failure, the arguments after it, and what was printed.

    shared: whether the value shares memory with an argument.
    """

    value: Value | Failure
    after: tuple | None
    printed: str
    shared: bool = False


def call(function: Callable, case: Case, seconds: float, withheld: Sequence[str] = ()) -> Answer:
    """Call `function` on fresh copies of a case's arguments; whatever it does, return an Answer.

    withheld: modules of which no code may run in the call.
    """
    sink, watch = _Cut(PRINTED), Watch(withheld, files(withheld), _given(case.args))
    value, after, shared = _outcome(function, case, seconds, sink, watch)
    if watch.used:
        value, after = Forbidden(next(iter(watch.used))), None
    return Answer(value, after, sink.text(), shared)


def _given(value: Any) -> list[Callable]:
    """Return the functions among a case's arguments."""
    if isinstance(value, Named):
        return [value.function]
    return [one for part in value for one in _given(part)] if isinstance(value, (list, tuple)) else []


def _outcome(
    function: Callable, case: Case, seconds: float, sink: _Cut, watch: Watch
) -> tuple[Value | Failure, tuple | None, bool]:
    """Return what a call gave back, or a Failure, the arguments after it, and whether they share memory."""
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
            _close(returned)
        return as_plain(returned), args, share_memory(returned, args)
    except TimeUp:
        return TimedOut(seconds), None, False
    except NotImplementedError as error:
        return _unwritten(error, function), None, False
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit among them: exit() must not end the kernel
        return _told(error, function), None, False


def _close(value: Any) -> None:
    """End a coroutine that nobody will await: Python would warn of it above the verdict."""
    if inspect.iscoroutine(value):
        value.close()
    elif isinstance(value, (list, tuple)):
        for one in value:
            _close(one)


def as_plain(value: Any) -> Value | Unusable:
    """Return `value` if it is plain data, views and NumPy numbers as arrays; else say what it is, as Unusable."""
    found = _foreign(value)
    return Unusable(found) if found else _plain(value)


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
        if value.size > ENTRIES:
            return f"an array of shape {value.shape}"
        return "an array of Python objects" if value.dtype == object else _strange(value)
    if isinstance(value, np.generic):
        return _strange(value)
    if value is None or isinstance(value, (bool, int, float, complex, str)):
        return ""
    if type(value).__module__.partition(".")[0] == "torch":
        return "a torch tensor" if type(value).__name__ in ("Tensor", "Parameter") else "a torch object"
    if isinstance(value, types.GeneratorType):
        return "a generator"
    if callable(value):
        return "a function"
    return f"an object of type {type(value).__name__}"


def _strange(value: np.ndarray | np.generic) -> str:
    """Return what an array holds that is neither numbers nor texts, such as dates; "" if it holds those."""
    return "" if value.dtype.kind in "biufcU" else f"an array of type {value.dtype.type.__name__}"


def _plain(value: Any) -> Value:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, tuple):
        return tuple(_plain(one) for one in value)
    return np.asarray(value) if isinstance(value, (np.ndarray, np.generic)) else value


def _unwritten(error: NotImplementedError, function: Callable) -> NotWritten:
    """Return the failure, with the function that is not written if it is one that the learner's function calls."""
    *_, innermost = _entries(error.__traceback__)
    inside = innermost.tb_frame.f_code.co_name
    own = getattr(function, "__name__", inside)
    return NotWritten("" if inside in (own, "<lambda>") else inside)


def _told(error: BaseException, function: Callable) -> Raised:
    """Return the failure, with the line and the expression of the learner's own cell at which it stopped."""
    said, trace = _said(error), [*_entries(error.__traceback__)]
    shapes = _shapes(trace[-1]) if of_a_product(said) else ""
    raised = Raised(type(error).__name__, steady(plainly(said, shapes)))
    own = getattr(getattr(function, "__code__", None), "co_filename", None)
    inside = [entry for entry in trace if entry.tb_frame.f_code.co_filename == own]
    if not inside:
        return raised
    return replace(raised, line=inside[-1].tb_lineno, source=steady(_expression(inside[-1])))


def _entries(trace: types.TracebackType | None) -> Iterator[types.TracebackType]:
    """Yield a traceback's entries, the innermost last."""
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _spot(entry: types.TracebackType) -> slice | None:
    """Return where in the bytes of its line the expression is at which it stopped; None if it is not in one line.

    Python lists the places of a whole function for that, so it is asked for one entry only.
    """
    positions = entry.tb_frame.f_code.co_positions()
    first, last, start, end = next(islice(positions, entry.tb_lasti // 2, None), (None,) * 4)
    return slice(start, end) if first == last and None not in (first, start, end) else None


def _expression(entry: types.TracebackType) -> str:
    """Return the expression of a line at which it stopped, as far as Python knows it; else the whole line."""
    line, spot = linecache.getline(entry.tb_frame.f_code.co_filename, entry.tb_lineno), _spot(entry)
    return (spot and line.encode()[spot].decode(errors="replace").strip()) or line.strip()


def _shapes(entry: types.TracebackType) -> str:
    """Return the shapes of the product that did not fit, "(3, 5) @ (3, 4)"; "" where they are not easily had.

    Only names and their `.T` are looked up, so that nothing of the learner's runs again.
    """
    frame = entry.tb_frame
    line = linecache.getline(frame.f_code.co_filename, entry.tb_lineno)
    spot = _spot(entry) if line else None
    if spot is None:
        return ""
    try:
        product = ast.parse(line.encode()[spot].decode(), mode="eval").body
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
    """Return what an error says; "" where it cannot even say that."""
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
