"""Do two answers agree? Nested answers are taken apart into named leaves, and numbers compared by their dtype."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rnncourse.checks.failure import steady
from rnncourse.checks.task import Value

_SCALARS = (bool, int, float, complex, str, np.generic)
_ROUNDING = {"e": 2e-2, "f": 2e-4, "F": 2e-4}
"""What rounding alone may do to numbers of few digits, by NumPy's letter for their dtype."""


@dataclass(frozen=True)
class Finding:
    """Something that can be said about a wrong answer. key: which kind; the same key, the same kind."""

    key: str
    text: str


@dataclass(frozen=True)
class Leaf:
    """One part of an answer that is compared as a whole: an array, a number, a text, a flat list."""

    name: str
    expected: Value
    answer: Value


class WrongStructure(Exception):
    """The answer cannot be taken apart as the expected one can; holds the finding."""

    def __init__(self, finding: Finding):
        super().__init__(finding.text)
        self.finding = finding


def leaves(expected: Value, answer: Value, outputs: tuple[str, ...] = ("result",)) -> list[Leaf]:
    """Return the leaves of `expected`, each with its counterpart in `answer`; WrongStructure where one is missing."""
    return list(_one_by_one(expected, answer, outputs))


def _one_by_one(expected: Value, answer: Value, outputs: tuple[str, ...]) -> Iterator[Leaf]:
    if isinstance(expected, tuple) and len(expected) == len(outputs) > 1:
        for name, e, a in _parts(expected, answer, outputs):
            yield from _leaves(name, e, a)
    else:
        yield from _leaves("", expected, answer)


def equal(expected: Value, answer: Value, tolerance: float, outputs: tuple[str, ...] = ("result",)) -> bool:
    """Say whether `answer` counts as equal to `expected`: the same shapes and kinds everywhere, and close numbers."""
    try:
        return all(_equal_leaf(leaf, tolerance) for leaf in _one_by_one(expected, answer, outputs))
    except WrongStructure:
        return False


def _equal_leaf(leaf: Leaf, tolerance: float) -> bool:
    e, a = as_array(leaf.expected), as_array(leaf.answer)
    if e is None or a is None:
        return leaf.expected is None and leaf.answer is None
    if e.shape != a.shape or not (e.size == 0 or kinds_fit(e, a)):
        return False
    return bool((close(e, a, tolerance) if e.dtype.kind in "fc" else e == a).all())


def close(e: np.ndarray, a: np.ndarray, tolerance: float, scale: float | None = None) -> np.ndarray:
    """Return where two arrays of numbers agree, real or complex: within a share `tolerance` of `scale`.

    scale: the largest finite entry that is expected, if None. Expected numbers of few digits, such as float32 from
    inputs in float32, may be off by what rounding alone does. How many digits the answer keeps changes nothing.
    """
    e, a = np.asarray(e), np.asarray(a)
    if e.shape != a.shape:
        e, a = np.broadcast_arrays(e, a)
    wide = e.astype(np.complex128 if "c" in (e.dtype.kind, a.dtype.kind) else np.float64, copy=False)
    if scale is None:
        scale = float(np.abs(wide).max(initial=0, where=np.isfinite(wide))) or 1.0
    allowed = max(tolerance, _ROUNDING.get(e.dtype.char, 0)) * scale
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.abs(wide - a) <= allowed
    if near.all():
        return near
    return near | (e == a) | (np.isnan(e) & np.isnan(a) if e.dtype.kind == a.dtype.kind == "f" else False)


def kinds_fit(e: np.ndarray, a: np.ndarray) -> bool:
    """Say whether the dtype of `a` will do where that of `e` is expected."""
    if e.dtype.kind == "f":  # a single number may be whole; float16 keeps too few digits
        return (a.dtype.kind == "f" and a.dtype.itemsize > 2) or (a.dtype.kind in "iu" and a.ndim == 0)
    if e.dtype.kind in "iu":
        return a.dtype.kind in "iu"
    return e.dtype.kind == a.dtype.kind


def as_array(value: Value) -> np.ndarray | None:
    """Return an array of a leaf's value; None for what holds no numbers or texts."""
    if value is None or isinstance(value, dict):
        return None
    if isinstance(value, str):
        return np.asarray(value)
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        return None
    return None if array.dtype == object else array


def said_of(name: str) -> str:
    """Return what a part of the answer is called in a sentence."""
    return f"`{name}`" if name else "your result"


def start(name: str) -> str:
    """Return `said_of` for the start of a sentence."""
    return f"`{name}`" if name else "Your result"


def what(value: Value) -> str:
    """Return in a few words what a value is."""
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}" if value.ndim else "a single number"
    if isinstance(value, (bool, np.bool_)):
        return "a bool"
    if isinstance(value, (int, float, complex, np.number)):
        return "a single number"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, dict):
        return "a dictionary"
    if not isinstance(value, (list, tuple)):
        return f"an object of type {type(value).__name__}"
    size, thing = len(value), "number" if value and _numbers(value) else "thing"
    return f"a {type(value).__name__} of {size} {thing}{'s' if size != 1 else ''}"


def _numbers(value: list | tuple) -> bool:
    """Say whether all entries are single numbers."""
    return all(_single(one) and np.asarray(one).dtype.kind in "iuf" for one in value)


def _leaves(name: str, expected: Value, answer: Value) -> Iterator[Leaf]:
    if isinstance(expected, dict):
        for key, e, a in _entries(name, expected, answer):
            yield from _leaves(f"{name}[{key!r}]" if name else str(key), e, a)
    elif isinstance(expected, (list, tuple)) and not _flat(expected):
        names = tuple(f"{name or 'result'}[{i}]" for i in range(len(expected)))
        for part, e, a in _parts(expected, answer, names, name):
            yield from _leaves(part, e, a)
    else:
        _require_kind(name, expected, answer)
        yield Leaf(name, expected, answer)


def _flat(value: list | tuple) -> bool:
    """Say whether a list holds single values only, so that it is compared as one thing."""
    return all(_single(one) for one in value)


def _single(value: Value) -> bool:
    """Say whether a value is a single one; NumPy's own come as arrays without axes."""
    return isinstance(value, _SCALARS) or (isinstance(value, np.ndarray) and not value.ndim)


def _parts(expected: Value, answer: Value, names: tuple[str, ...], name: str = "") -> Iterator[tuple]:
    """Yield (name, expected, answer) of the parts of a tuple or list; a list will do for a tuple.

    So will one array of all parts, where they have the same shape.
    """
    if _stacked(expected, answer):
        answer = list(answer)
    wanted = f"{len(expected)} things" if name else f"{len(expected)} things ({', '.join(names)})"
    if not isinstance(answer, (list, tuple)):
        _stop(
            "none" if answer is None else "structure",
            f"{start(name)} should be {wanted}, but is {what(answer)}.",
            answer,
        )
    if len(answer) != len(expected):
        _stop("structure", f"{start(name)} should be {wanted}, but holds {len(answer)}.", answer)
    yield from zip(names, expected, answer, strict=True)


def _stacked(expected: list | tuple, answer: Value) -> bool:
    """Say whether an array holds all parts one after the other: unpacked, it gives them."""
    shapes = {np.shape(part) for part in expected if isinstance(part, (*_SCALARS, np.ndarray))}
    return (
        isinstance(answer, np.ndarray) and len(shapes) == 1 and answer.shape == (len(expected), *shapes.pop())
    )


def _entries(name: str, expected: dict, answer: Value) -> Iterator[tuple]:
    if not isinstance(answer, dict):
        keys = ", ".join(map(str, expected))
        text = f"{start(name)} should be a dictionary with the keys {keys}, but is {what(answer)}."
        _stop("none" if answer is None else "structure", text, answer)
    missing = [str(key) for key in expected if key not in answer]
    if missing:
        _stop(
            "structure",
            f"{start(name)} lacks the key{'s' * (len(missing) > 1)} {', '.join(missing)}.",
            answer,
        )
    extra = [steady(str(key)) for key in answer if key not in expected]
    if extra:
        keys = "an extra key" if len(extra) == 1 else "extra keys"
        _stop("structure", f"{start(name)} has {keys}: {', '.join(extra)}.", answer)
    yield from ((key, e, answer[key]) for key, e in expected.items())


def _require_kind(name: str, expected: Value, answer: Value) -> None:
    """Raise WrongStructure where not even the kind of thing is right: None, a list for an array, a text."""
    if answer is None and expected is not None:
        _stop("none", f"{start(name)} is None.", answer)
    if isinstance(answer, (dict, str)) and type(answer) is not type(expected):
        _stop("structure", f"{start(name)} should be {what(expected)}, but is {what(answer)}.", answer)
    if isinstance(expected, np.ndarray) and isinstance(answer, (list, tuple)):
        if expected.ndim == 1 and isinstance(answer, list) and _flat(answer):
            return
        if expected.ndim:
            _stop(
                "list",
                f"{start(name)} is {what(answer)}, but should be a NumPy array. {_to_array(answer)}",
                answer,
            )
    if not isinstance(expected, np.ndarray) and isinstance(expected, (list, tuple)):
        if isinstance(answer, (list, tuple)) and not _flat(answer):
            inside = next(one for one in answer if not _single(one))
            text = (
                f"{start(name)} should be {what(expected)}, but is {what(answer)}, and holds {what(inside)}."
            )
            _stop("structure", text, answer)
        if not isinstance(answer, (list, tuple, np.ndarray)):
            _stop("structure", f"{start(name)} should be {what(expected)}, but is {what(answer)}.", answer)
    elif isinstance(answer, (list, tuple)):
        _stop("structure", f"{start(name)} should be {what(expected)}, but is {what(answer)}.", answer)


def _to_array(answer: list | tuple) -> str:
    """Say how to get from a list or tuple to the array, or where a tuple may come from."""
    if isinstance(answer, tuple):
        return "A comma at the end of a line makes a tuple, and some functions return several things at once."
    return "`np.stack` makes one out of arrays of the same shape, `np.array` out of numbers."


def _stop(key: str, text: str, answer: Value) -> None:
    if answer is None:
        text += " A function without `return` returns None. Does every path end in `return`?"
    raise WrongStructure(Finding(key, text))
