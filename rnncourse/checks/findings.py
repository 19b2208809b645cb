"""What can be said about a wrong array without knowing the task: shape, dtype, NaN, time, sign, factor.

Each finding looks at one expected array and one answer and says nothing where it does not fit. A text never
holds a value that was computed from the random inputs: the same mistake is told in the same words every time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from rnncourse.checks.comparing import Finding, Leaf, as_array, close, kinds_fit, start

_FACTORS = {2.0: "twice", 0.5: "half of", 3.0: "three times", 4.0: "four times", 0.25: "a quarter of"}
_SINGLE = 2e-4
"""How exact a finding about an answer in float32 can be."""
_ORDER = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth"}


@dataclass(frozen=True)
class Pair:
    """The expected array e and the answer a of one leaf. step: what one slice along the first axis is called."""

    name: str
    e: np.ndarray
    a: np.ndarray
    step: str
    tolerance: float

    def equal(self, e: np.ndarray, a: np.ndarray) -> bool:
        """Say whether two pieces agree everywhere: as numbers, on the scale of the whole, or else exactly."""
        if e.shape != a.shape:
            return False
        if e.dtype.kind in "fiub" and a.dtype.kind in "fiub":
            return bool(close(e, a, self.tolerance, self.scale).all())
        return e.dtype.kind == a.dtype.kind and np.array_equal(e, a)

    @property
    def scale(self) -> float:
        """The largest expected entry."""
        return float(np.abs(self.e.astype(np.float64)).max(initial=0)) or 1.0


def findings(leaf: Leaf, timed: bool, tolerance: float) -> list[Finding]:
    """Return everything that can be said about a leaf that is wrong, the most telling first."""
    e, a = as_array(leaf.expected), as_array(leaf.answer)
    if e is None or a is None:
        return (
            [Finding("ragged", f"{start(leaf.name)} holds rows of different lengths.")]
            if e is not None
            else []
        )
    step = "step" if timed or e.ndim == 3 else "entry" if e.ndim == 1 else "row"
    pair = Pair(leaf.name, e, a, step, max(tolerance, _SINGLE) if a.dtype == np.float32 else tolerance)
    first = [found for look in _BEFORE_VALUES for found in look(pair)]
    if e.shape != a.shape or not (e.dtype.kind in "fiub" and a.dtype.kind in "fiub"):
        return first + _texts(pair)
    return first + [found for look in _VALUES for found in look(pair)]


def _texts(p: Pair) -> list[Finding]:
    """The findings about order that also make sense for texts, such as tokens."""
    if p.e.dtype.kind != p.a.dtype.kind or p.e.dtype.kind not in "US" or p.e.shape != p.a.shape:
        return []
    return [found for look in (_reversed, _shifted, _until_a_step) for found in look(p)]


def _dtype(p: Pair) -> Iterator[Finding]:
    if kinds_fit(p.e, p.a):
        return
    kind, wanted = p.a.dtype.kind, p.e.dtype.kind
    if kind == "f" and p.a.dtype.itemsize <= 2:
        yield Finding(
            "dtype", f"{start(p.name)} is {p.a.dtype}, which keeps three digits only. Use float32 or float64."
        )
    elif wanted == "f" and kind in "iub":
        cut = kind != "b" and p.e.shape == p.a.shape and np.array_equal(np.trunc(p.e), p.a)
        lost = (
            " The decimals were cut off"
            if cut and not np.array_equal(p.e, p.a)
            else " Nets compute with decimals"
        )
        yield Finding(
            "dtype",
            f"{start(p.name)} is an array of {p.a.dtype}, but floats are asked for.{lost}: give the array "
            "`dtype=float` where it is made.",
        )
    elif wanted in "iu" and kind == "f":
        yield Finding(
            "dtype",
            f"{start(p.name)} holds {p.a.dtype}, but whole numbers are asked for: they count or point.",
        )
    elif wanted == "b":
        yield Finding("dtype", f"{start(p.name)} should hold True and False, but holds {p.a.dtype}.")
    else:
        yield Finding(
            "dtype", f"{start(p.name)} holds {_kind_word(kind)}, but {_kind_word(wanted)} are asked for."
        )


def _kind_word(kind: str) -> str:
    return {"U": "texts", "S": "texts", "b": "True and False", "c": "complex numbers"}.get(kind, "numbers")


def _not_finite(p: Pair) -> Iterator[Finding]:
    if p.a.dtype.kind != "f" or (p.e.dtype.kind == "f" and not np.isfinite(p.e).all()):
        return
    bad = ~np.isfinite(p.a)
    if not bad.any():
        return
    nan = bool(np.isnan(p.a).any())
    where = "in some entries"
    if bad.all():
        where = "in every entry"
    elif p.a.ndim:
        rows = bad.reshape(len(bad), -1).any(axis=1)
        if p.step == "step" and rows.any() and rows[rows.argmax() :].all() and rows.argmax() > 0:
            where = f"from step {int(rows.argmax())} on (counting from 0)"
    source = (
        "NaN comes from 0/0, the logarithm of a negative number, or infinity minus infinity."
        if nan
        else "Infinity comes from a division by zero, `np.log(0)`, or `np.exp` of a large number."
    )
    word = "NaN (not a number)" if nan else "infinity"
    yield Finding("nan", f"{start(p.name)} holds {word} {where}. {source}")


def _shape(p: Pair) -> Iterator[Finding]:
    e, a = p.e, p.a
    if e.shape == a.shape:
        return
    both = f"{start(p.name)} has shape {a.shape}, but {e.shape} is asked for"
    if not a.ndim or not e.ndim:
        yield Finding("shape", f"{start(p.name)} is {_size(a)}, but {_size(e)} is asked for.")
        return
    if a.ndim == e.ndim and sorted(a.shape) == sorted(e.shape):
        order = next((order for order in permutations(range(e.ndim)) if p.equal(e.transpose(order), a)), None)
        values = "the numbers are right, but the axes are" if order else "the axes look"
        yield Finding("axes", f"{both}: {values} in another order. Was something transposed?")
    elif [n for n in a.shape if n != 1] == [n for n in e.shape if n != 1]:
        right = "The numbers are right. " if p.equal(e.reshape(a.shape), a) else ""
        more = "an axis of length 1 too many" if a.ndim > e.ndim else "an axis of length 1 missing"
        yield Finding(
            "shape", f"{both}: {more}. {right}Indexing with `[0]` drops an axis, `[None]` adds one."
        )
    elif a.ndim == e.ndim and a.shape[1:] == e.shape[1:] and abs(len(a) - len(e)) == 1:
        yield from _one_more_or_less(p, both)
    elif a.ndim == e.ndim - 1:
        axis = next((i for i in range(e.ndim) if e.shape[:i] + e.shape[i + 1 :] == a.shape), None)
        if axis is not None and p.equal(e.sum(axis=axis), a):
            yield Finding("shape", f"{both}: the {_ORDER[axis + 1]} axis was summed away.")
        elif axis == 0 and any(p.equal(row, a) for row in e):
            which = "last" if p.equal(e[-1], a) else "first" if p.equal(e[0], a) else "only one"
            yield Finding("shape", f"{both}: this is the {which} {p.step} alone. Are all of them collected?")
        else:
            yield Finding("shape", f"{both}: an axis is missing.")
    else:
        yield Finding("shape", f"{both}. Write the letters (T, B, D, H) beside every array on the way.")


def _one_more_or_less(p: Pair, both: str) -> Iterator[Finding]:
    e, a = p.e, p.a
    if len(a) > len(e):
        extra = "first" if p.equal(e, a[1:]) else "last" if p.equal(e, a[:-1]) else ""
        right = f" Without the {extra} one it is right." if extra else ""
        yield Finding("shape", f"{both}: one {p.step} too many.{right}")
    else:
        lost = "first" if p.equal(e[1:], a) else "last" if p.equal(e[:-1], a) else ""
        right = f" The {lost} one is missing, the others are right." if lost else ""
        yield Finding("shape", f"{both}: one {p.step} too few.{right}")


def _size(a: np.ndarray) -> str:
    return f"an array of shape {a.shape}" if a.ndim else "a single number"


def _float32(p: Pair) -> Iterator[Finding]:
    if p.a.dtype == np.float32 and p.e.dtype == np.float64 and close(p.e, p.a, _SINGLE).all():
        yield Finding(
            "float32",
            f"{start(p.name)} is right as far as float32 goes, but float64 came in, and digits were lost on the way. "
            "Leave the dtype as it is.",
        )


def _all_zero(p: Pair) -> Iterator[Finding]:
    if p.a.size and not p.a.any() and p.e.any():
        yield Finding("zero", f"{start(p.name)} is zero everywhere. Is what you compute ever stored in it?")


def _sign(p: Pair) -> Iterator[Finding]:
    if p.e.any() and p.equal(-p.e.astype(np.float64), p.a):
        yield Finding("sign", f"{start(p.name)} has the right size and the wrong sign everywhere.")


def _reversed(p: Pair) -> Iterator[Finding]:
    if p.e.ndim and len(p.e) >= 3 and p.equal(p.e[::-1], p.a):
        last = (
            "in time: the last step comes first" if p.step == "step" else f": the last {p.step} comes first"
        )
        yield Finding(
            "reversed", f"{start(p.name)} is right, but the wrong way round {last}.".replace(" :", ":")
        )


def _shifted(p: Pair) -> Iterator[Finding]:
    if not p.e.ndim or len(p.e) < 4:
        return
    for by in (1, 2):
        if len(p.e) - by < 2:
            continue
        many = f"one {p.step}" if by == 1 else f"two {p.step}s"
        if p.equal(p.e[:-by], p.a[by:]):
            yield Finding(
                "late",
                f"{start(p.name)} is right, but {many} late: what belongs to {p.step} t is found at t + {by}.",
            )
        elif p.equal(p.e[by:], p.a[:-by]):
            yield Finding(
                "early",
                f"{start(p.name)} is right, but {many} early: what belongs to {p.step} t is found at t − {by}.",
            )


def _until_a_step(p: Pair) -> Iterator[Finding]:
    if not p.e.ndim or len(p.e) < 3:
        return
    right = [p.equal(e, a) for e, a in zip(p.e, p.a, strict=True)]
    n = sum(right)
    if not 0 < n < len(right):
        return
    if all(right[:n]) and p.step == "step":
        which = "Only the first step is" if n == 1 else f"The first {n} steps are"
        yield Finding(
            "until",
            f"{which} right in {_of(p)}, and all are wrong after. Is the state carried from step to step?",
        )
    elif all(right[-n:]) and p.step == "step":
        which = "Only the last step is" if n == 1 else f"The last {n} steps are"
        yield Finding(
            "from the end",
            f"{which} right in {_of(p)}, and all are wrong before. Is what comes back from the later steps added?",
        )
    elif all(right[:n]):
        which = f"Only the first {p.step} is" if n == 1 else f"The first {n} {_many(p)} are"
        yield Finding(
            "first rows", f"{which} right in {_of(p)}, and the others are wrong. Does a loop end too soon?"
        )
    elif all(right[-n:]):
        which = f"Only the last {p.step} is" if n == 1 else f"The last {n} {_many(p)} are"
        yield Finding(
            "last rows",
            f"{which} right in {_of(p)}, and the others are wrong. Does something overwrite them?",
        )


def _many(p: Pair) -> str:
    return "entries" if p.step == "entry" else f"{p.step}s"


def _of(p: Pair) -> str:
    return f"`{p.name}`" if p.name else "your result"


def _all_rows_alike(p: Pair) -> Iterator[Finding]:
    if p.e.ndim < 2:
        return
    for axis, word in ((0, f"{p.step}s"), (1, "rows of a step" if p.e.ndim == 3 else "columns")):
        if _alike_along(p, p.a, axis) and not _alike_along(p, p.e, axis):
            text = f"All {word} of {_of(p)} are the same. Was only one of them computed, and repeated?"
            yield Finding("alike", text)


def _alike_along(p: Pair, array: np.ndarray, axis: int) -> bool:
    first = np.take(array, [0], axis=axis)
    return array.shape[axis] > 1 and p.equal(np.repeat(first, array.shape[axis], axis=axis), array)


def _factor(p: Pair) -> Iterator[Finding]:
    e, a = p.e.astype(np.float64), p.a.astype(np.float64)
    large = np.abs(e) > 1e-3 * np.abs(e).max(initial=0)
    if not large.any():
        return
    ratio = float(np.median(a[large] / e[large]))
    if ratio == 0 or not np.isfinite(ratio) or abs(ratio - 1) < 1e-3 or not p.equal(ratio * e, a):
        return
    known = next((words for factor, words in _FACTORS.items() if abs(ratio / factor - 1) < 1e-3), None)
    if known:
        yield Finding(
            f"factor {known}",
            f"{start(p.name)} is {known} what it should be{'' if e.ndim == 0 else ', everywhere'}.",
        )
    if e.size >= 3:
        yield Finding(
            "factor",
            f"{start(p.name)} is off by one factor, the same everywhere. Is there a sum where a mean is meant, "
            "or the other way round?",
        )


def _offset(p: Pair) -> Iterator[Finding]:
    difference = p.a.astype(np.float64) - p.e
    if p.e.size >= 3 and p.equal(np.full(p.e.shape, difference.mean()), difference):
        yield Finding(
            "offset", f"{start(p.name)} is off by the same amount everywhere. Is something added or left out?"
        )


def _nearly(p: Pair) -> Iterator[Finding]:
    if close(p.e, p.a, 2e-3).all():
        yield Finding(
            "nearly",
            f"{start(p.name)} is nearly right: the first digits agree, the later ones do not. Is something rounded?",
        )


def _transposed(p: Pair) -> Iterator[Finding]:
    if p.e.ndim == 2 and p.e.shape[0] == p.e.shape[1] > 1 and p.equal(p.e.T, p.a):
        yield Finding(
            "transposed",
            f"{start(p.name)} is the transpose of what it should be: rows and columns are swapped.",
        )


_Look = Callable[[Pair], Iterator[Finding]]
_BEFORE_VALUES: tuple[_Look, ...] = (_not_finite, _dtype, _shape)
_VALUES: tuple[_Look, ...] = (
    _float32,
    _all_zero,
    _sign,
    _transposed,
    _reversed,
    _shifted,
    _until_a_step,
    _all_rows_alike,
    _factor,
    _offset,
    _nearly,
)
