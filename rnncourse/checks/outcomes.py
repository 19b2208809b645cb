"""Functions of the course's own, called silently on copies of the inputs: what came back, and what it left behind."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnncourse.checks.failure import Failure, Raised
from rnncourse.checks.task import Case, Named, Value


@dataclass(frozen=True)
class Outcome:
    """What one call gave back, and its arguments afterward (None where they are not known)."""

    value: Value | Failure
    after: tuple | None


def outcome(function: Callable, case: Case) -> Outcome:
    """Call a function of the course's own, silently, on fresh copies of a case's arguments."""
    with quiet(), contextlib.redirect_stdout(io.StringIO()):
        return bare_outcome(function, case)


def bare_outcome(function: Callable, case: Case) -> Outcome:
    """Do the same where it is quiet already: for many calls in a row."""
    args, kwargs = fresh(case.args), fresh(case.kwargs)
    try:
        value = function(*args, **kwargs)
    except Exception as error:
        return Outcome(Raised(type(error).__name__, str(error)), None)
    return Outcome(value, args)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep NumPy's warnings off the page: what they warn of is found in the answer."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def fresh(value: Any) -> Any:
    """Return a deep copy of plain data in which every Named stands as its function."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, dict):
        return {key: fresh(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(fresh, value))
    return value.function if isinstance(value, Named) else value
