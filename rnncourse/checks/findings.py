"""What can be said about a wrong array without knowing the task: shape, dtype, NaN, order, factor, which part is right.

Each finding looks at one expected array and one answer and says nothing where it does not fit. A text never
holds a value that was computed from the random inputs: the same mistake is described in the same words every time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import permutations

import numpy as np

from rnncourse.checks.comparing import Finding, Leaf, as_array, close, kinds_fit, start

_FACTORS = {2.0: "twice", 0.5: "half of", 3.0: "three times", 4.0: "four times", 0.25: "a quarter of"}
_FACTORS |= {100.0: "100 times", 0.01: "a hundredth of"}
_SINGLE = 2e-4
"""How exact a finding about an answer in float32 can be."""
CARRIED = {
    "forward": " Look at what a step gets from the step before it.",
    "backward": " Look at what a step gets back from the step after it.",
}
"""Where to look if everything is wrong after a step, or before it: a first guess, while nothing else is known."""
ORDER = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth"}
AGAIN = "again "
"""The prefix of a finding's key if the finding counts only when several inputs produce it."""
_BITS = 9.0
"""How unlikely it must be that whole numbers agree by chance before we conclude anything: one in 2 to this power."""


@dataclass(frozen=True)
class Setting:
    """What a finding may know about the task: whether the first axis is time, what is carried along it, and sizes.

    carries: "forward", "backward", or "". sizes: by name, the sizes and counts in the arguments of this case.
    arrays: by name, the arrays of floats among the arguments.
    """

    timed: bool = False
    carries: str = ""
    sizes: Mapping[str, float] = field(default_factory=dict)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Pair:
    """The expected array e and the answer a of one leaf. step: what one slice along the first axis is called."""

    name: str
    e: np.ndarray
    a: np.ndarray
    step: str
    tolerance: float
    setting: Setting = Setting()

    def equal(self, e: np.ndarray, a: np.ndarray) -> bool:
        """Say whether two pieces agree everywhere: as numbers, on the scale of the whole, or else exactly."""
        return e.shape == a.shape and bool(self.near(e, a).all())

    def near(self, e: np.ndarray, a: np.ndarray) -> np.ndarray:
        """Return where two pieces of the same shape agree."""
        if e.dtype.kind in "fiub" and a.dtype.kind in "fiub":
            return close(e, a, self.tolerance, self.scale)
        return e == a if e.dtype.kind == a.dtype.kind else np.zeros(e.shape, dtype=bool)

    def telling(self, piece: np.ndarray) -> bool:
        """Say whether it means anything that an answer agrees with this piece of what is expected."""
        if self.e.dtype.kind == "f":
            return bool(piece.any())
        values, counts = np.unique(self.e, return_counts=True)
        share = dict(zip(values.tolist(), (counts / counts.sum()).tolist(), strict=True))
        return -sum(np.log2(share.get(one, 1.0)) for one in piece.ravel().tolist()) >= _BITS

    @property
    def scale(self) -> float:
        """The largest expected entry."""
        if self.e.dtype.kind not in "fiub":
            return 1.0
        return float(np.abs(self.e.astype(np.float64)).max(initial=0)) or 1.0

    def word(self, axis: int) -> str:
        """Return what one slice along an axis is called."""
        if axis == 0:
            return self.step
        if self.e.ndim == 3:
            return "sequence" if axis == 1 else "entry of the last axis"
        return "column"

    def words(self, axis: int) -> str:
        """Return what several slices along an axis are called."""
        plural = {"entry": "entries", "entry of the last axis": "entries of the last axis"}
        return plural.get(self.word(axis), f"{self.word(axis)}s")


def _unreadable(leaf: Leaf) -> Finding:
    """Return why NumPy cannot make an array of numbers from an answer."""
    given = leaf.answer if isinstance(leaf.answer, (list, tuple)) else [leaf.answer]
    if all(isinstance(one, int) for one in given):
        return Finding("huge", f"{start(leaf.name)} holds a whole number that is far too large.")
    return Finding("ragged", f"{start(leaf.name)} holds rows of different lengths.")


def findings(leaf: Leaf, setting: Setting, tolerance: float) -> tuple[list[Finding], list[Finding]]:
    """Return what can be said about a leaf that is wrong, the most telling first.

    First what explains the whole leaf, then which part of it is right.
    """
    e, a = as_array(leaf.expected), as_array(leaf.answer)
    if e is None or a is None:
        return ([_unreadable(leaf)] if e is not None else []), []
    step = "step" if setting.timed or e.ndim == 3 else "entry" if e.ndim == 1 else "row"
    exact = max(tolerance, _SINGLE) if a.dtype == np.float32 else tolerance
    pair = Pair(leaf.name, e, a, step, exact, setting)
    first = [found for look in _BEFORE_VALUES for found in look(pair)]
    if e.shape != a.shape:
        return first, []
    numbers = e.dtype.kind in "fiub" and a.dtype.kind in "fiub"
    looks = _VALUES if numbers else _ANY if e.dtype.kind == a.dtype.kind and e.dtype.kind in "US" else ()
    parts = _PARTS if looks else ()
    with np.errstate(all="ignore"):
        whole = first + [found for look in looks for found in look(pair)]
        return whole, [found for look in parts for found in look(pair)]


# ---------------------------------------------------------------- before the values


def _no_array(p: Pair) -> Iterator[Finding]:
    if bool(p.a.ndim) != bool(p.e.ndim):
        yield from _shape(p)


def _dtype(p: Pair) -> Iterator[Finding]:
    if kinds_fit(p.e, p.a):
        return
    kind, wanted = p.a.dtype.kind, p.e.dtype.kind
    if kind == "f" and p.a.dtype.itemsize <= 2:
        yield Finding(
            "dtype", f"{start(p.name)} is {p.a.dtype}, which keeps only three digits. Use float32 or float64."
        )
    elif wanted == "f" and kind in "iub":
        cut = kind != "b" and p.e.shape == p.a.shape and np.array_equal(np.trunc(p.e), p.a)
        lost = " Networks compute with decimals"
        if cut and not np.array_equal(p.e, p.a):
            lost = " The decimals were cut off"
        yield Finding(
            "dtype",
            f"{start(p.name)} is an array of {p.a.dtype}, but the task asks for floats.{lost}: give the array "
            "`dtype=float` where it is made.",
        )
    elif wanted in "iu" and kind == "f":
        yield Finding(
            "dtype",
            f"{start(p.name)} holds {p.a.dtype}, but the task asks for integers: they count or serve as an index.",
        )
    elif wanted == "b":
        yield Finding("dtype", f"{start(p.name)} should hold True and False, but holds {_kind_word(kind)}.")
    else:
        more = " The absolute value of a complex number is `np.abs`." if kind == "c" else ""
        text = f"{start(p.name)} holds {_kind_word(kind)}, but the task asks for {_kind_word(wanted)}.{more}"
        yield Finding("dtype", text)


def _kind_word(kind: str) -> str:
    words = {"U": "strings", "S": "strings", "b": "True and False", "c": "complex numbers"}
    words |= {"i": "whole numbers", "u": "whole numbers"}
    return words.get(kind, "real numbers")


def _not_finite(p: Pair) -> Iterator[Finding]:
    if p.a.dtype.kind != "f" or (p.e.dtype.kind == "f" and not np.isfinite(p.e).all()):
        return
    bad = ~np.isfinite(p.a)
    if not bad.any():
        return
    nan = bool(np.isnan(p.a).any())
    where = "in some entries"
    if bad.all():
        where = "in every entry" if p.a.ndim else ""
    elif p.a.ndim:
        rows = bad.reshape(len(bad), -1).any(axis=1)
        if p.step == "step" and rows.any() and rows[rows.argmax() :].all() and rows.argmax() > 0:
            where = f"from step {int(rows.argmax())} on (counting from 0)"
    source = (
        "NaN comes from 0/0, the logarithm of a negative number, infinity minus infinity, or another NaN."
        if nan
        else "Infinity comes from a division by zero, `np.log(0)`, or `np.exp` of a large number."
    )
    word = "NaN (not a number)" if nan else "infinity"
    said = f"holds {word} {where}" if p.a.ndim else f"is {word}"
    yield Finding("nan", f"{start(p.name)} {said}. {source}")


def _shape(p: Pair) -> Iterator[Finding]:
    e, a = p.e, p.a
    if e.shape == a.shape:
        return
    if not a.ndim or not e.ndim:
        yield Finding("shape", f"{start(p.name)} is {_size(a)}, but the task asks for {_size(e)}.")
        return
    both = f"{start(p.name)} has shape {a.shape}, but the task asks for {e.shape}"
    if a.ndim == e.ndim == 1:
        both = f"{start(p.name)} has {_count(a)}, but the task asks for {len(e)}"
    if a.ndim == e.ndim and sorted(a.shape) == sorted(e.shape):
        order = next((order for order in permutations(range(e.ndim)) if p.equal(e.transpose(order), a)), None)
        values = "The values are right, but the axes" if order else "The axes"
        yield Finding("axes", f"{both}. {values} are in a different order. Was something transposed?")
    elif [n for n in a.shape if n != 1] == [n for n in e.shape if n != 1]:
        right = "The values are right. " if p.equal(e.reshape(a.shape), a) else ""
        more = "one axis of length 1 too many" if a.ndim > e.ndim else "an axis of length 1 is missing"
        yield Finding(
            "shape", f"{both}: {more}. {right}Indexing with `[0]` drops an axis, `[None]` adds one."
        )
    elif a.ndim == e.ndim and sum(n != m for n, m in zip(a.shape, e.shape, strict=True)) == 1:
        axis = next(i for i in range(e.ndim) if a.shape[i] != e.shape[i])
        turned = replace(p, e=np.moveaxis(e, axis, 0), a=np.moveaxis(a, axis, 0), step=p.word(axis))
        yield from _more_or_less(turned, both)
    elif a.size == e.size and p.telling(e) and p.equal(e.reshape(a.shape), a):
        what = "axes were joined" if a.ndim < e.ndim else "an axis was split"
        yield Finding(
            "shape", f"{both}. The values are right and in the right order, but {what} along the way."
        )
    elif a.ndim == e.ndim - 1:
        yield Finding("shape", f"{both}: {_axis_lost(p)}")
    else:
        letters = " Write the letters (T, B, H) beside every array along the way." if e.ndim == 3 else ""
        yield Finding("shape", f"{both}.{letters}")


def _axis_lost(p: Pair) -> str:
    """Say where an axis has gone: summed, averaged, or all but one place of it left out."""
    e, a = p.e, p.a
    for axis in (i for i in range(e.ndim) if e.shape[:i] + e.shape[i + 1 :] == a.shape):
        if e.dtype.kind in "fiub" and p.equal(e.sum(axis=axis), a):
            return f"the {ORDER[axis + 1]} axis was summed away."
        if e.dtype.kind in "fiub" and p.equal(e.mean(axis=axis), a):
            return f"a mean was taken over the {ORDER[axis + 1]} axis."
        places = [k for k in range(e.shape[axis]) if p.equal(e.take(k, axis=axis), a)]
        if places and p.telling(a):
            which = {0: "first", e.shape[axis] - 1: "last"}.get(places[0], "only one")
            return f"this is the {which} {p.word(axis)} alone. Are all of them collected?"
    return "an axis is missing."


def _count(a: np.ndarray) -> str:
    return f"{len(a)} entr{'y' if len(a) == 1 else 'ies'}"


def _more_or_less(p: Pair, both: str) -> Iterator[Finding]:
    """Say which part of an answer is right if it is longer or shorter along the first axis."""
    e, a = p.e, p.a
    by, long = abs(len(a) - len(e)), len(a) > len(e)
    full, part = (a, e) if long else (e, a)
    n, some = len(part), p.step if by == 1 else f"{by} {p.words(0)}"
    at_end = n > 0 and p.telling(part) and p.equal(full[by:], part)
    at_start = n > 0 and p.telling(part) and p.equal(full[:n], part)
    many = f"one {p.step} too {'many' if long else 'few'}" if by == 1 else ""
    said = ""
    if at_end or at_start:
        place = "first" if at_end else "last"
        said = f" The {place} {some} should not be there; the rest is right."
        if not long:
            said = f" The {place} {some} {'is' if by == 1 else 'are'} missing; the rest is right."
    elif n > 1 and e.ndim == 1 and p.telling(part) and _in_order(part, full):
        said = " What you have is right and in the right order, but some in between are missing."
        if long:
            said = " Everything that should be there is there, in the right order, but with extra entries in between."
    yield Finding("shape", f"{both}{': ' if many else ''}{many}.{said}")


def _in_order(part: np.ndarray, full: np.ndarray) -> bool:
    """Say whether all entries of one list occur in another, in the same order."""
    left = iter(full.tolist())
    return all(one in left for one in part.tolist())


def _size(a: np.ndarray) -> str:
    if a.ndim == 1:
        return f"a list or array of {_count(a)}"
    return f"an array of shape {a.shape}" if a.ndim else "a single number"


# ---------------------------------------------------------------- what explains all values


def _float32(p: Pair) -> Iterator[Finding]:
    if p.a.dtype == np.float32 and p.e.dtype == np.float64 and close(p.e, p.a, _SINGLE).all():
        yield Finding(
            "float32",
            f"{start(p.name)} is right as far as float32 goes, but float64 came in, and digits were lost along "
            "the way. Leave the dtype as it is.",
        )


def _all_zero(p: Pair) -> Iterator[Finding]:
    if not p.a.size or p.a.any() or not p.e.any():
        return
    if p.e.dtype.kind == "b":
        if p.e.ndim:
            yield Finding("zero", f"{start(p.name)} is False everywhere, but should be True in some places.")
        return
    stored = " Is what you compute ever stored in it?" if p.e.ndim and p.e.dtype.kind == "f" else ""
    yield Finding("zero", f"{start(p.name)} is zero{' everywhere' if p.e.ndim else ''}.{stored}")


def _opposite(p: Pair) -> Iterator[Finding]:
    if p.e.dtype.kind == p.a.dtype.kind == "b" and p.e.size >= 3 and np.array_equal(~p.e, p.a):
        yield Finding(
            "opposite", f"{start(p.name)} is True where it should be False, and the other way around."
        )


def _sign(p: Pair) -> Iterator[Finding]:
    if p.e.dtype.kind in "fiu" and p.e.any() and p.equal(-p.e.astype(np.float64), p.a):
        everywhere = " everywhere" if p.e.ndim else ""
        yield Finding("sign", f"{start(p.name)} has the right size but the wrong sign{everywhere}.")


def _transposed(p: Pair) -> Iterator[Finding]:
    if p.e.ndim == 2 and p.e.shape[0] == p.e.shape[1] > 1 and p.equal(p.e.T, p.a):
        yield Finding(
            "axes", f"{start(p.name)} is the transpose of what it should be: rows and columns are swapped."
        )


def _reversed(p: Pair) -> Iterator[Finding]:
    if p.e.ndim and len(p.e) >= 3 and p.telling(p.e) and p.equal(p.e[::-1], p.a):
        where = " in time" if p.step == "step" else ""
        yield Finding(
            "reversed",
            f"{start(p.name)} is right, but the wrong way around{where}: the last {p.step} comes first.",
        )


def _shifted(p: Pair) -> Iterator[Finding]:
    if not p.e.ndim or len(p.e) < 4:
        return
    for by in (1, 2):
        many = f"one {p.step}" if by == 1 else f"two {p.words(0)}"
        if p.telling(p.e[:-by]) and p.equal(p.e[:-by], p.a[by:]):
            text = f"is right, but {many} late: what belongs to {p.step} t is found at t + {by}."
            yield Finding("late", f"{start(p.name)} {text}")
        elif p.telling(p.e[by:]) and p.equal(p.e[by:], p.a[:-by]):
            text = f"is right, but {many} early: what belongs to {p.step} t is found at t − {by}."
            yield Finding("early", f"{start(p.name)} {text}")


def _another_order(p: Pair) -> Iterator[Finding]:
    """The right slices along one axis, or the right entries, in another order."""
    if p.e.size < 3 or not p.telling(p.e):
        return
    for axis in range(p.e.ndim):
        if p.e.ndim > 1 and 1 < p.e.shape[axis] <= 64 and _is_permuted(p, axis):
            yield Finding(
                f"order {axis}", f"The {p.words(axis)} of {_of(p)} are right, but in a different order."
            )
            return
    if p.e.ndim > 1 and p.equal(np.moveaxis(p.e, 0, -1).reshape(p.e.shape), p.a):
        text = "holds the right values in a different order: `reshape` was used where `transpose` is meant."
        yield Finding("reshape", f"{start(p.name)} {text}")
    elif p.equal(np.sort(p.e, axis=None), np.sort(p.a, axis=None)):
        yield Finding("order", f"{start(p.name)} holds the right values, but in a different order.")


def _is_permuted(p: Pair, axis: int) -> bool:
    e, a = (np.moveaxis(one, axis, 0) for one in (p.e, p.a))
    free = list(range(len(e)))
    for row in a:
        match = next((i for i in free if p.equal(e[i], row)), None)
        if match is None:
            return False
        free.remove(match)
    return True


_FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "the square of": np.square,
    "the square root of": np.sqrt,
    "the logarithm of": np.log,
    "minus the logarithm of": lambda e: -np.log(e),
    "the exponential of": np.exp,
    "1 minus": lambda e: 1 - e,
    "1 divided by": lambda e: 1 / e,
    "the absolute value of": np.abs,
    "`tanh` of": np.tanh,
    "the sigmoid of": lambda e: 1 / (1 + np.exp(-e)),
}


def _function_of_it(p: Pair) -> Iterator[Finding]:
    if p.e.dtype.kind != "f" or p.a.dtype.kind != "f":
        return
    for words, function in _FUNCTIONS.items():
        made = function(p.e)
        if np.isfinite(made).all() and close(made, p.a, p.tolerance).all():
            yield Finding(f"function {words}", f"{start(p.name)} is {words} what the task asks for.")
    for words, function in (("tanh", np.tanh), ("the sigmoid", lambda a: 1 / (1 + np.exp(-a)))):
        if p.equal(p.e, function(p.a)):
            name = f"`{words}`" if words == "tanh" else words
            yield Finding(
                f"before {words}", f"{start(p.name)} is what goes into {name}, not what comes out of it."
            )


def _inside(p: Pair) -> Iterator[Finding]:
    """What goes into a `tanh` or a sigmoid at the end is wrong in a simple way."""
    if p.e.dtype.kind != "f" or p.a.dtype.kind != "f" or p.e.size < 4:
        return
    for words, undo in (("`tanh`", np.arctanh), ("sigmoid", lambda e: np.log(e / (1 - e)))):
        e, a = undo(p.e), undo(p.a)
        if not (np.isfinite(e).all() and np.isfinite(a).all()):
            continue
        inner = replace(p, name="", e=e, a=a, tolerance=max(p.tolerance, 1e-6))
        for look in (_argument, _factor, _offset):
            found = next(look(inner), None)
            if found is not None:
                said = found.text.removeprefix("Your result ")
                yield Finding(
                    f"inside {words} {found.key}", f"In {_of(p)}, what goes into the last {words} {said}"
                )
                return


def _all_rows_alike(p: Pair) -> Iterator[Finding]:
    if p.e.size >= 3 and np.ptp(p.a.astype(np.float64)) == 0 != np.ptp(p.e.astype(np.float64)):
        yield Finding("constant", f"All entries of {_of(p)} are the same.")
    if p.e.ndim < 2:
        return
    for axis in range(p.e.ndim):
        if _alike_along(p, p.a, axis) and not _alike_along(p, p.e, axis):
            text = (
                f"All {p.words(axis)} of {_of(p)} are the same. Was only one of them computed, and repeated?"
            )
            yield Finding(f"alike {axis}", text)


def _alike_along(p: Pair, array: np.ndarray, axis: int) -> bool:
    first = np.take(array, [0], axis=axis)
    return array.shape[axis] > 1 and p.equal(np.repeat(first, array.shape[axis], axis=axis), array)


def _factor(p: Pair) -> Iterator[Finding]:
    e, a = p.e.astype(np.float64), p.a.astype(np.float64)
    large = np.abs(e) > 1e-3 * np.abs(e).max(initial=0)
    if not large.any() or p.e.dtype.kind == "b":
        return
    ratio = float(np.median(a[large] / e[large]))
    if ratio == 0 or not np.isfinite(ratio) or abs(ratio - 1) < 1e-3 or not p.equal(ratio * e, a):
        return
    known = next((words for factor, words in _FACTORS.items() if abs(ratio / factor - 1) < 1e-3), None)
    everywhere = ", everywhere" if e.ndim else ""
    if known:
        yield Finding(f"factor {known}", f"{start(p.name)} is {known} what it should be{everywhere}.")
    yield from _normalizer(p, ratio)
    if e.size >= 3:
        yield Finding("factor", f"{start(p.name)} is right up to a constant factor.")


def _normalizer(p: Pair, ratio: float) -> Iterator[Finding]:
    """The factor is a size or a count of this case, or one of them divided by another."""
    plain = {**p.setting.sizes, "": 1.0}
    sizes = plain | (_differences(p.setting.sizes) if p.e.dtype.kind == "f" else {})
    for top, n in sizes.items():
        for bottom, m in sizes.items():
            if n != m and abs(ratio * m / n - 1) < 1e-6:
                sure = top in plain and bottom in plain
                text = "Is there a sum where a mean is meant, or the other way around?"
                text = text if sure and "" in (top, bottom) else ""
                text = text or "Check the number that you divide by: it should count something else."
                key = f"{'' if sure else AGAIN}normalizer {top}/{bottom}"
                yield Finding(key, f"{start(p.name)} is right up to a constant factor. {text}")


def _differences(sizes: Mapping[str, float]) -> dict[str, float]:
    """Return the differences of the sizes, and every size and difference plus 1 and minus 1."""
    rest = {f"{a} - {b}": n - m for a, n in sizes.items() for b, m in sizes.items() if n > m}
    by_one = {f"{a} {s:+d}": n + s for a, n in {**sizes, **rest}.items() for s in (1, -1) if n + s > 1}
    return rest | by_one


def _counted(p: Pair) -> Iterator[Finding]:
    """A whole number is off by one of the numbers among the arguments, or by the product of two of them."""
    if p.e.ndim or p.e.dtype.kind not in "iu" or p.a.dtype.kind not in "iu":
        return
    off, plain = int(p.a) - int(p.e), {name: int(n) for name, n in p.setting.sizes.items() if " " not in name}
    names = list(plain)
    for some in [(name,) for name in names] + [(a, b) for i, a in enumerate(names) for b in names[i:]]:
        if off and abs(off) == np.prod([plain[name] for name in some]):
            way, product = "large" if off > 0 else "small", " × ".join(f"`{name}`" for name in some)
            yield Finding(f"{AGAIN}off by {way} {some}", f"{start(p.name)} is too {way} by {product}.")


def _alongside(p: Pair) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the arrays among the arguments that fit the answer's last axes and are not the same number everywhere."""
    for name, array in p.setting.arrays.items():
        if array.shape == p.e.shape[p.e.ndim - array.ndim :] and np.ptp(array) != 0:
            yield name, array


def _argument(p: Pair) -> Iterator[Finding]:
    """The difference, or the factor, is one of the arguments."""
    if p.e.dtype.kind != "f" or p.a.dtype.kind != "f" or p.e.size < 3:
        return
    difference = p.a - p.e
    for name, array in _alongside(p):
        whole = np.broadcast_to(array, p.e.shape)
        for times, said in ((1, "is added once too often"), (-1, "is missing"), (-2, "has the wrong sign")):
            if p.equal(times * whole, difference):
                yield Finding(f"sum {name}", f"{start(p.name)} is right except for `{name}`, which {said}.")
        if p.equal(p.e * whole, p.a):
            yield Finding(
                f"times {name}", f"{start(p.name)} is right, but multiplied by `{name}` once too often."
            )
        elif whole.all() and p.equal(p.e, p.a * whole):
            yield Finding(
                f"over {name}", f"{start(p.name)} is right except for `{name}`, a factor that is missing."
            )


def _multiple(p: Pair) -> Iterator[Finding]:
    """What is off is a multiple of an argument, or the answer is an argument itself."""
    if p.e.dtype.kind != "f" or p.a.dtype.kind != "f" or p.e.size < 4:
        return
    difference = p.a - p.e
    for name, array in _alongside(p):
        if array.shape == p.e.shape and p.equal(array, p.a):
            yield Finding(f"itself {name}", f"{start(p.name)} is `{name}` itself, unchanged.")
        whole = np.broadcast_to(array, p.e.shape)
        times = float((difference * whole).sum() / (whole * whole).sum())
        if abs(times) > 1e-3 and p.equal(times * whole, difference):
            text = (
                f"is off by a multiple of `{name}`. Check how many times it is added, and with which factor."
            )
            yield Finding(f"multiple {name}", f"{start(p.name)} {text}")


def _running(p: Pair) -> Iterator[Finding]:
    """One is the running sum, product or mean of the other along an axis, from either end."""
    numbers = p.e.dtype.kind in "fiu" and p.a.dtype.kind in "fiu"
    if not numbers or p.e.size < 4 or set(np.unique(p.e).tolist()) <= {0, 1}:
        return
    e, a = p.e.astype(np.float64), p.a.astype(np.float64)
    for axis in (i for i in range(e.ndim) if e.shape[i] >= 3):
        for flip, end in ((False, ""), (True, ", from the end")):
            x, y = (np.flip(e, axis), np.flip(a, axis)) if flip else (e, a)
            counts = np.arange(1, e.shape[axis] + 1).reshape(-1, *[1] * (e.ndim - 1 - axis))
            along = f"along its {ORDER[axis + 1]} axis{end}" if e.ndim > 1 else f"of its entries{end}"
            for what, made in (
                ("sum", np.cumsum(x, axis)),
                ("product", np.cumprod(x, axis)),
                ("mean", np.cumsum(x, axis) / counts),
            ):
                if p.equal(made, y):
                    yield Finding(
                        f"running {what} {axis}{end}",
                        f"{start(p.name)} is a running {what} of what it should be, {along}.",
                    )
            if p.equal(x, np.cumsum(y, axis)):
                text = f"holds differences, {along}: their running sum is what the task asks for."
                yield Finding(f"differences {axis}{end}", f"{start(p.name)} {text}")


def _moved(p: Pair) -> Iterator[Finding]:
    """Both hold entries of one series among the arguments, but from different places."""
    if p.e.dtype.kind != "f" or p.a.dtype.kind != "f" or p.e.size < 3:
        return
    for name, series in p.setting.arrays.items():
        if series.ndim != 1 or len(series) < 5 or len(np.unique(series)) < len(series):
            continue
        places = {value: i for i, value in enumerate(series.tolist())}
        by = {
            places.get(a, -1) - places.get(e, -1)
            for e, a in zip(p.e.ravel().tolist(), p.a.ravel().tolist(), strict=True)
        }
        if len(by) == 1 and p.e.flat[0] in places and p.a.flat[0] in places and by != {0}:
            n = by.pop()
            way, many = "late" if n > 0 else "early", f"{abs(n)} place{'s' if abs(n) > 1 else ''}"
            text = f"{start(p.name)} holds entries of `{name}`, as it should, but each is from {{}} too {way} in it."
            yield Finding(f"{AGAIN}of places {n}", text.format(many))
            yield Finding(f"moved {way}", text.format("a place"))


def _offset(p: Pair) -> Iterator[Finding]:
    if p.e.dtype.kind == "b" or p.a.dtype.kind == "b":
        return
    difference = p.a.astype(np.float64) - p.e
    if p.e.size >= 3 and p.equal(np.full(p.e.shape, difference.mean()), difference):
        text = "is off by the same amount everywhere. Is something added that should not be, or left out?"
        yield Finding("offset", f"{start(p.name)} {text}")


def _per_slice(p: Pair) -> Iterator[Finding]:
    """A separate factor or offset for each slice along one axis, the same all along the others."""
    if p.e.ndim < 2 or p.e.dtype.kind != "f" or p.a.dtype.kind != "f":
        return
    for axis in range(p.e.ndim):
        others = tuple(i for i in range(p.e.ndim) if i != axis)
        if np.prod([p.e.shape[i] for i in others]) < 2:
            continue
        difference = p.a - p.e
        if p.near(p.e, p.a).all(axis=others).any():
            # Some slices are right: that says more.
            continue
        mean = np.broadcast_to(difference.mean(axis=others, keepdims=True), p.e.shape)
        if p.equal(mean, difference):
            text = f"is off by a different amount in each {p.word(axis)}, the same all along it."
            yield Finding(f"offset {axis}", f"{start(p.name)} {text} Is something added or left out?")
        factor = (p.a * p.e).sum(axis=others, keepdims=True) / (p.e**2).sum(axis=others, keepdims=True)
        if np.isfinite(factor).all() and p.equal(factor * p.e, p.a):
            text = f"is right up to a different factor in each {p.word(axis)}, the same all along it."
            yield Finding(f"factor {axis}", f"{start(p.name)} {text}")


def _nearly(p: Pair) -> Iterator[Finding]:
    # Where many entries are exactly right and a few are off, something else is wrong.
    if p.e.dtype.kind == "f" and close(p.e, p.a, 2e-3).all() and p.near(p.e, p.a).mean() < 0.2:
        text = "is nearly right: the first digits agree, the later ones do not."
        yield Finding("nearly", f"{start(p.name)} {text} Is something rounded, or only an approximation?")


def _sums(p: Pair) -> Iterator[Finding]:
    """What should sum to 1 does not."""
    if p.e.dtype.kind != "f" or not p.e.ndim or (p.e < 0).any() or p.e.shape[-1] < 2:
        return
    if close(1.0, p.e.sum(axis=-1), 1e-6).all() and not close(1.0, p.a.sum(axis=-1), 1e-6).all():
        where = "in each row" if p.e.ndim == 2 else "along the last axis"
        text = f"{start(p.name)} should sum to 1 {where}, but does not."
        yield Finding("sums", text)


def _negative(p: Pair) -> Iterator[Finding]:
    """Negative values where there should be none."""
    if p.e.dtype.kind != "f" or p.a.dtype.kind != "f" or p.e.size < 6:
        return
    if (p.e >= 0).all() and (p.a < -p.tolerance).any():
        yield Finding(
            "negative", f"{start(p.name)} is negative in some places, but should not be negative anywhere."
        )


def _one_number(p: Pair) -> Iterator[Finding]:
    """All wrong entries are the same, and should not be."""
    numbers = p.e.dtype.kind in "fiu" and p.a.dtype.kind in "fiu"
    if not numbers or p.e.size < 6:
        return
    wrong = ~p.near(p.e, p.a)
    e, a = p.e[wrong], p.a[wrong]
    if not 3 <= wrong.sum() < wrong.size or np.ptp(a) > 0 or np.ptp(e) == 0:
        return
    held = "0" if not a.any() else "the same number"
    asked = "Are they ever computed?" if not a.any() else "Is something cut off there, or never computed?"
    yield Finding("same number", f"All entries of {_of(p)} that are wrong hold {held}. {asked}")


def _by_sign(p: Pair) -> Iterator[Finding]:
    """Right exactly where the right answer has one sign."""
    if p.e.dtype.kind != "f" or p.a.dtype.kind != "f" or p.e.size < 6 or (p.e == 0).any():
        return
    right = p.near(p.e, p.a)
    for where, one, other in ((p.e > 0, "positive", "negative"), (p.e < 0, "negative", "positive")):
        if 2 <= where.sum() <= where.size - 2 and np.array_equal(right, where):
            text = f"{start(p.name)} is right where it should be {one}, and wrong where it should be {other}."
            yield Finding(f"sign {one}", text)


def _one_sided(p: Pair) -> Iterator[Finding]:
    """Nowhere too small, or nowhere too large."""
    if p.e.dtype.kind not in "fiu" or p.a.dtype.kind not in "fiu" or not np.isfinite(p.a).all():
        return
    wrong = ~p.near(p.e, p.a)
    for way, other in (("large", "small"), ("small", "large")):
        off = p.a > p.e if way == "large" else p.a < p.e
        if not p.e.ndim:
            if off:
                yield Finding(
                    f"too {way}",
                    f"{start(p.name)} is too {way} for every tested input for which it is wrong.",
                )
        elif wrong.sum() >= 6 and off[wrong].all():
            everywhere = "Every entry" if wrong.all() else "Every wrong entry"
            yield Finding(f"too {way}", f"{everywhere} of {_of(p)} is too {way}, none too {other}.")


# ---------------------------------------------------------------- which part is right


def _of(p: Pair) -> str:
    return f"`{p.name}`" if p.name else "your result"


def _blocks(p: Pair) -> Iterator[Finding]:
    """Which of the three or four blocks of the last axis are right, where it has a multiple of a size H."""
    H = p.setting.sizes.get("H", 0)
    count = p.e.shape[-1] / H if p.e.ndim and H else 0
    if count not in (3, 4):
        return
    size = int(H)
    right = [
        p.equal(p.e[..., k * size : (k + 1) * size], p.a[..., k * size : (k + 1) * size])
        for k in range(int(count))
    ]
    wrong = [ORDER[k + 1] for k, fine in enumerate(right) if not fine]
    if any(right) and wrong:
        many = f"blocks {'is' if len(wrong) == 1 else 'are'}"
        listed = " and the ".join(wrong)
        text = (
            f"Of the {int(count)} blocks in {_of(p)}, only the {listed} {many.removeprefix('blocks ')} wrong."
        )
        bad = np.repeat(~np.array(right), size)
        yield Finding(f"blocks {wrong}", f"{text}{_there(p, -1, bad)}")


def _there(p: Pair, axis: int, wrong: np.ndarray) -> str:
    """Say what is wrong with the slices that are wrong, where that is easily said; "" elsewhere."""
    e, a = p.e.compress(wrong, axis=axis), p.a.compress(wrong, axis=axis)
    piece = replace(p, e=e, a=a)
    if e.dtype.kind != "f" or a.dtype.kind != "f" or not e.any():
        return ""
    if not a.any():
        return " The wrong part is still zero."
    if np.ptp(e) == 0:
        return ""
    if piece.equal(-e, a):
        return " There, the sign is wrong."
    if next(_factor(piece), None):
        return " There, it is right up to a constant factor."
    return " There, it is off by the same amount everywhere." if next(_offset(piece), None) else ""


def _slices(p: Pair) -> Iterator[Finding]:
    """Which slices are right, along each axis, that first along which most are."""
    right, found = p.near(p.e, p.a), []
    for axis in range(p.e.ndim):
        others = tuple(i for i in range(p.e.ndim) if i != axis)
        fine, n = right.all(axis=others), p.e.shape[axis]
        k = int(fine.sum())
        if not 0 < k < n or (n < 3 and p.e.ndim == 1) or not p.telling(p.e.compress(fine, axis=axis)):
            continue
        found.append((-k / n, axis, fine, k))
    for _, axis, fine, k in sorted(found, key=lambda one: one[:2]):
        yield from _which(p, axis, fine, k)


def _which(p: Pair, axis: int, fine: np.ndarray, k: int) -> Iterator[Finding]:
    n, wrong = len(fine), ~fine
    one, many = p.word(axis), p.words(axis)
    filled = _there(p, axis, wrong)
    if k == n - 1 and wrong[-1] and n > 2:
        text = f"Only the last {one} of {_of(p)} is wrong; the others are right.{filled}"
        yield Finding(f"all but the last {axis}", text)
    elif k == n - 1 and wrong[0] and n > 2:
        text = f"Only the first {one} of {_of(p)} is wrong; the others are right.{filled}"
        yield Finding(f"all but the first {axis}", text)
    if fine[:k].all():
        which = f"Only the first {one} is" if k == 1 else f"The first {k} {many} are"
        asked = filled or _carried(p, axis, "forward")
        yield Finding(
            f"until {axis}", f"{which} right in {_of(p)}, and everything after that is wrong.{asked}"
        )
    elif fine[-k:].all():
        which = f"Only the last {one} is" if k == 1 else f"The last {k} {many} are"
        asked = filled or _carried(p, axis, "backward")
        text = f"{which} right in {_of(p)}, and everything before that is wrong.{asked}"
        yield Finding(f"from the end {axis}", text)
    elif block := _block(wrong):
        text = f"Of the {block[1]} blocks of {many} in {_of(p)}, only the {ORDER[block[0] + 1]} is wrong.{filled}"
        yield Finding(f"block {block} {axis}", text)
    else:
        which = f"One {one} is" if k == 1 else f"{k} of the {n} {many} are"
        yield Finding(f"some {axis}", f"{which} right in {_of(p)}; the others are wrong.{filled}")


def _block(wrong: np.ndarray) -> tuple[int, int] | None:
    """Return which of three or four equal blocks is wrong, and how many there are, where exactly one is."""
    for blocks in (3, 4):
        size = len(wrong) // blocks
        if size >= 2 and len(wrong) % blocks == 0:
            bad = wrong.reshape(blocks, size)
            if bad.any(axis=1).sum() == 1 and bad.all(axis=1).any():
                return int(bad.all(axis=1).argmax()), blocks
    return None


def _carried(p: Pair, axis: int, way: str) -> str:
    """Return where to look: at what one step hands to the next, where the task hands something on that way."""
    if axis or p.step != "step" or p.setting.carries != way:
        return ""
    return CARRIED[way]


def _diagonal(p: Pair) -> Iterator[Finding]:
    if p.e.ndim != 2 or p.e.shape[0] != p.e.shape[1] or len(p.e) < 2:
        return
    right, diagonal = p.near(p.e, p.a), np.eye(len(p.e), dtype=bool)
    if right[diagonal].all() and not right[~diagonal].any():
        yield Finding("diagonal", f"Only the diagonal of {_of(p)} is right.")
    elif right[~diagonal].all() and not right[diagonal].any():
        yield Finding("off diagonal", f"Only the diagonal of {_of(p)} is wrong.")


_Look = Callable[[Pair], Iterator[Finding]]
_BEFORE_VALUES: tuple[_Look, ...] = (_not_finite, _no_array, _dtype, _shape)
_VALUES: tuple[_Look, ...] = (
    _float32,
    _all_zero,
    _opposite,
    _sign,
    _transposed,
    _reversed,
    _factor,
    _offset,
    _function_of_it,
    _counted,
    _argument,
    _multiple,
    _running,
    _inside,
    _all_rows_alike,
    _shifted,
    _moved,
    _another_order,
    _per_slice,
)
_ANY: tuple[_Look, ...] = (_reversed, _shifted, _another_order)
"""Those that also make sense for texts, such as tokens."""
_PARTS: tuple[_Look, ...] = (
    _nearly,
    _blocks,
    _diagonal,
    _slices,
    _by_sign,
    _one_number,
    _sums,
    _negative,
    _one_sided,
)
