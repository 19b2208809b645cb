"""A closer look at a function that is wrong: call it again on changed inputs and see what its answer depends on.

Only after an answer whose mistake has no name, and only for a limited time. The inputs are always the
same, so that the same mistake is described in the same words.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import combinations, product
from typing import Any

import numpy as np

from rnncourse.checks import model
from rnncourse.checks.comparing import Finding, WrongStructure, as_array, equal, leaves, said_of
from rnncourse.checks.failure import Failure
from rnncourse.checks.findings import ORDER
from rnncourse.checks.outcomes import outcome
from rnncourse.checks.setting import sizes
from rnncourse.checks.task import Case, Named, Task, Value

SECONDS = 0.06
"""How much of the processor's time a closer look may take; of time by the clock, a few times as much."""

_SEED = 20
_TRIES, _MOVES, _SLICES = 12, 3, 16
"""How often a slice is changed, how often that must change the right answer, and of how many slices at most."""
_LONGEST = 220
"""Characters of an example that are still read."""

Ask = Callable[[Case], "Value | Failure"]


class _NoTime(Exception):
    """The closer look has taken long enough."""


@dataclass(frozen=True)
class _Change:
    """A case with one thing changed.

    about: what was changed, in words. argument: which argument that belongs to. many: whether it is a plural.
    """

    case: Case
    about: str
    argument: str
    many: bool = False


class _Probe:
    """One wrong function, one case, and the names of the outputs that are wrong in it."""

    def __init__(self, task: Task, ask: Ask, source: str, seconds: float):
        self.task, self._ask, self._words = task, ask, _words(source)
        self._end, self._late = time.thread_time() + seconds, time.perf_counter() + 4 * seconds
        self.cases = _drawn(task.cases, _SEED)
        self.which, self.expected, self.answer = self._first_wrong()

    def ask(self, case: Case) -> Value | Failure:
        """Call the learner's function, unless the time is over."""
        if time.thread_time() > self._end or time.perf_counter() > self._late:
            raise _NoTime
        return self._ask(case)

    @property
    def case(self) -> Case:
        """The first case that goes wrong."""
        return self.cases[self.which]

    def _first_wrong(self) -> tuple[int | None, Value, Value]:
        for i, case in enumerate(self.cases):
            expected, answer = _reference(self.task, case), self.ask(case)
            if not self.same(expected, answer):
                return i, expected, answer
        return None, None, None

    def certain(self, argument: str, output: str) -> bool:
        """Say whether an output that did not change with an argument really does not depend on it.

        Floats move with every array of floats that they depend on. A single number may only matter beyond a limit,
        and whole numbers, masks, bools and texts may stay the same by chance: there the source must not mention the
        argument again.
        """
        if self._words.get(argument, 0) == 1:
            return True
        if self.single(argument) or self.discrete(argument):
            return False
        return self.float(output)

    def float(self, output: str) -> bool:
        """Say whether an output holds floats."""
        parts = leaves(self.expected, self.expected, self.task.outputs)
        array = as_array(next(leaf for leaf in parts if leaf.name == output).expected)
        return array is not None and array.dtype.kind == "f"

    def blocks(self, n: int) -> int:
        """Return of how many blocks of H an axis of length n consists, 0 if it is not three or four."""
        count = n / (sizes(self.task, self.case).get("H") or n)
        return int(count) if count in (3, 4) else 0

    def single(self, argument: str) -> bool:
        """Say whether an argument is a single number or text."""
        value = self.case.args[model.arguments(self.task).index(argument)]
        return not isinstance(value, (np.ndarray, dict, list, tuple))

    def discrete(self, argument: str) -> bool:
        """Say whether an argument holds whole numbers, bools or a mask."""
        value = self.case.args[model.arguments(self.task).index(argument)]
        return isinstance(value, np.ndarray) and (value.dtype.kind != "f" or _is_mask(value))

    def same(self, one: Value | Failure, other: Value | Failure) -> bool:
        """Say whether two answers agree."""
        if isinstance(one, Failure) or isinstance(other, Failure):
            return False
        return equal(one, other, self.task.tolerance, self.task.outputs)

    def moved(self, before: Value, after: Value) -> dict[str, np.ndarray] | None:
        """Return by output where an answer has changed; None where that cannot be told."""
        if isinstance(before, Failure) or isinstance(after, Failure):
            return None
        try:
            parts = leaves(before, after, self.task.outputs)
        except WrongStructure:
            return None
        found = {}
        for leaf in parts:
            e, a = as_array(leaf.expected), as_array(leaf.answer)
            if e is None or a is None:
                return None
            found[leaf.name] = _changed(e, a)
        return found


def _words(source: str) -> dict[str, int]:
    """Return how often each name stands in a source."""
    return Counter(re.findall(r"[^\W\d]\w*", re.sub(r'""".*?"""|#.*', "", source, flags=re.DOTALL)))


def _changed(e: np.ndarray, a: np.ndarray) -> np.ndarray:
    if e.shape != a.shape:
        return np.ones(e.shape, dtype=bool)
    if e.dtype.kind == "f" and a.dtype.kind == "f":
        return ~((np.abs(e - a) <= 1e-12 * (np.abs(e) + np.abs(a))) | (np.isnan(e) & np.isnan(a)))
    return e != a


@cache
def _drawn(cases: Callable[[np.random.Generator], list[Case]], seed: int) -> tuple[Case, ...]:
    return tuple(cases(np.random.default_rng(seed)))


def _others(task: Task) -> list[tuple[Case, ...]]:
    """Return the same cases with other random values in them."""
    return [_drawn(task.cases, _SEED + k) for k in (1, 2, 3)]


def _reference(task: Task, case: Case) -> Value | Failure:
    return outcome(task.reference, case).value


def look_closer(task: Task, ask: Ask, source: str = "") -> list[Finding]:
    """Return what a closer look at a wrong function finds, the most telling first; [] where there is nothing.

    source: the function's, as far as it is known.
    """
    try:
        probe = _Probe(task, ask, source, SECONDS)
        if probe.which is None or isinstance(probe.answer, Failure):
            return []
        for look in (_another_answer, _influences, _carried_on, _right_without, _right_if):
            found = next(look(probe), None)
            if found is not None:
                return [_more_said(probe, found)]
        return list(_example(probe))
    except _NoTime:
        return []
    except Exception:
        # Changed inputs can bring a function to return anything. A verdict must not depend on a closer look.
        return []


def _more_said(probe: _Probe, found: Finding) -> Finding:
    """Return a finding with what else is known, if it is about what the answer is right without and there is time."""
    if found.key != "right without":
        return found
    try:
        also = next(_right_if(probe), None)
    except _NoTime:
        return found
    clear = also and ", or if " not in also.text
    return replace(found, text=f"{found.text} {also.text}") if clear else found


# ---------------------------------------------------------------- the same input twice


def _another_answer(probe: _Probe) -> Iterator[Finding]:
    again = probe.ask(probe.case)
    if not isinstance(again, Failure) and not equal(probe.answer, again, 1e-12, probe.task.outputs):
        text = (
            f"Called twice with the same input, `{probe.task.called}` gives two different answers. Does it keep "
            "something from one call to the next, draw random numbers, or use an `np.empty` that is not filled?"
        )
        yield Finding("twice", text)


# ---------------------------------------------------------------- what the answer depends on


def _influences(probe: _Probe) -> Iterator[Finding]:
    """Say what the answer depends on and should not, or does not depend on and should: whole arguments first."""
    names = model.arguments(probe.task)
    for i, name in enumerate(names[: len(probe.case.args)]):
        for changes in _whole(probe, i, name):
            found = _compare(probe, changes)
            if found:
                yield found
    yield from _padding(probe, names)
    yield from _mixed(probe)
    for i, name in enumerate(names[: len(probe.case.args)]):
        yield from _parts(probe, i, name)
    for i, name in enumerate(names[: len(probe.case.args)]):
        yield from _never(probe, i, name)


def _whole(probe: _Probe, i: int, name: str) -> Iterator[list[_Change]]:
    """Yield changes of one argument: some of each of its entries if it is a dictionary."""
    old = probe.case.args[i]
    if isinstance(old, Named):
        return
    if isinstance(old, dict):
        for key in old:
            about = f"`{name}[{key!r}]`"
            news = [{**old, key: _other(probe, k, i)[key]} for k in range(3)]
            yield [_Change(_put(probe.case, i, new), about, name) for new in news]
        return
    news = [_other(probe, k, i) for k in range(3)]
    if isinstance(old, np.ndarray) and old.dtype.kind == "f" and not _is_mask(old):
        # What is cut off at a limit moves only below it.
        news += [0.05 * old, 4.0 * old]
    if isinstance(old, (int, float, str, np.generic)) and not isinstance(old, bool):
        news = [new for new in _scalars(probe, i, old) if new != old]
    yield [_Change(_put(probe.case, i, new), f"`{name}`", name) for new in news]


def _other(probe: _Probe, k: int, i: int) -> Any:
    return _others(probe.task)[k][probe.which].args[i]


def _scalars(probe: _Probe, i: int, old: Any) -> list[Any]:
    """Return other values of a single number or text: those of other cases, and numbers near by."""
    theirs = [case.args[i] for some in (probe.cases, *_others(probe.task)) for case in some]
    if isinstance(old, str):
        return list(dict.fromkeys(theirs))
    if isinstance(old, (int, np.integer)):
        return [old + 1, old - 1, *dict.fromkeys(theirs)][:4]
    return [1.3 * old, 0.7 * old]


def _put(case: Case, i: int, new: Any) -> Case:
    return replace(case, args=(*case.args[:i], new, *case.args[i + 1 :]))


def _compare(probe: _Probe, changes: Sequence[_Change]) -> Finding | None:
    """Return a finding if the changes move the right answer and not the learner's, or the other way around."""
    should: dict[str, bool] = {}
    does: dict[str, bool] = {}
    seen = 0
    for change in changes:
        expected = probe.moved(probe.expected, _reference(probe.task, change.case))
        answer = probe.moved(probe.answer, probe.ask(change.case)) if expected is not None else None
        if expected is None or answer is None:
            continue
        seen += 1
        for name in expected:
            should[name] = should.get(name, False) or bool(expected[name].any())
            does[name] = does.get(name, False) or bool(answer[name].any())
    if not seen:
        return None
    about, many = changes[0].about, changes[0].many
    argument = changes[0].argument
    idle = [name for name in should if should[name] and not does[name] and probe.certain(argument, name)]
    busy = [name for name in should if does[name] and not should[name]]
    if idle:
        where = said_of(idle[0]) if idle[0] else "your result"
        has = "have no influence on {}, but they" if many else "has no influence on {}, but it"
        return Finding("unused", f"{_capital(about)} {has.format(where)} should.")
    if busy and not probe.single(argument) and (_floats(probe) or changes[0].many):
        where = f"{said_of(busy[0])} depends" if busy[0] else "Your result depends"
        return Finding("depends", f"{where} on {about}. The right answer does not.")
    return None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _parts(probe: _Probe, i: int, name: str) -> Iterator[Finding]:
    """Look at the slices of an argument, or of each array in it, along each axis."""
    old = probe.case.args[i]
    if isinstance(old, dict):
        for key, array in old.items():
            if isinstance(array, np.ndarray):
                yield from _slices(probe, array, f"`{name}[{key!r}]`", partial(_put_entry, i, key))
    elif isinstance(old, np.ndarray):
        yield from _slices(probe, old, f"`{name}`", partial(_put_changed, i))


def _put_entry(i: int, key: str, case: Case, change: Callable[[np.ndarray], np.ndarray]) -> Case:
    return _put(case, i, {**case.args[i], key: change(case.args[i][key])})


def _put_changed(i: int, case: Case, change: Callable[[np.ndarray], np.ndarray]) -> Case:
    return _put(case, i, change(case.args[i]))


def _slices(
    probe: _Probe, array: np.ndarray, about: str, put: Callable[[Case, Callable], Case | None]
) -> Iterator[Finding]:
    """Say which slices of an array along one axis matter and should not, or should and do not."""
    if array.dtype.kind != "f" or set(np.unique(array).tolist()) <= {0.0, 1.0}:
        return
    for axis, n in enumerate(array.shape):
        if not 2 <= n <= 48:
            continue
        does = _pattern(probe, probe.case, put, axis, n, probe.ask, probe.answer)
        now = _right_pattern(probe, about, put, axis, n) if does is not None else None
        if now is None or does == now:
            continue
        should = _ever(probe, about, put, axis, n)
        if should is None:
            continue
        word = _axis_word(array, axis)
        always = _always(probe, about, put, axis, n, should)
        for name in filter(probe.float, _names(probe)):
            idle = [k for k in range(n) if name in should[k] - does[k]]
            busy = [k for k in range(n) if name in does[k] - should[k]]
            blocks = probe.blocks(n)
            if idle and len(idle) < n and _stay_idle(probe, put, axis, idle, name):
                which, many = _which(idle, n, word, blocks)
                has = f"have no influence on {said_of(name)}, but they" if many else ""
                has = has or f"has no influence on {said_of(name)}, but it"
                yield Finding("unused", f"{_capital(which)} of {about} {has} should.")
            if busy and always:
                where = f"{said_of(name)} depends" if name else "Your result depends"
                which = f"{_which(busy, n, word, blocks)[0]} of {about}"
                yield Finding("depends", f"{where} on {which}. The right answer does not.")


def _never(probe: _Probe, i: int, name: str) -> Iterator[Finding]:
    """Say which slices of an array never moved an output that is not of floats, in many tries, and should have.

    That is what was seen, and no more: for other values they may matter.
    """
    old = probe.case.args[i]
    outputs = [one for one in _names(probe) if not probe.float(one)]
    if not isinstance(old, np.ndarray) or not old.ndim or not outputs:
        return
    for axis, n in enumerate(old.shape):
        if not 2 <= n <= _SLICES:
            continue
        moved = [_tries(probe, i, axis, k) for k in range(n)]
        for output in outputs:
            idle = [k for k in range(n) if moved[k][0][output] >= _MOVES and not moved[k][1][output]]
            if idle and len(idle) < n:
                which = _which(idle, n, _axis_word(old, axis))[0]
                text = f"Whatever {which} of `{name}` held, {said_of(output)} stayed the same, but should have changed."
                yield Finding("never", text)


def _tries(probe: _Probe, i: int, axis: int, k: int) -> tuple[Counter, Counter]:
    """Return how often each right output moved, and each of the learner's, when a slice was taken from other cases."""
    should, does = Counter(), Counter()
    for seed in range(1, _TRIES + 1):
        other = _drawn(probe.task.cases, _SEED + seed)[probe.which].args[i]
        if np.shape(other) != probe.case.args[i].shape:
            continue
        new, where = probe.case.args[i].copy(), (slice(None),) * axis + (k,)
        new[where] = other[where]
        case = _put(probe.case, i, new)
        expected = probe.moved(probe.expected, _reference(probe.task, case))
        answer = probe.moved(probe.answer, probe.ask(case)) if expected is not None else None
        for name in expected or () if answer is not None else ():
            should[name] += bool(expected[name].any())
            does[name] += bool(answer[name].any())
    return should, does


def _stay_idle(probe: _Probe, put: Callable, axis: int, idle: Sequence[int], name: str) -> bool:
    """Say whether slices that do not matter do not matter for large changes and for other values either."""
    for case in _like(probe):
        before = probe.ask(case)
        for k in idle:
            where = (slice(None),) * axis + (k,)
            moved = probe.moved(
                before, probe.ask(put(case, lambda array, w=where: _nudged(array, w, -3.0, 2.3)))
            )
            if moved is None or moved[name].any():
                return False
    return True


_Pattern = list[frozenset[str]]


def _pattern(
    probe: _Probe, case: Case, put: Callable, axis: int, n: int, ask: Ask, before: Value | Failure
) -> _Pattern | None:
    """Return for each slice along an axis which outputs move when it is changed; None where that cannot be told."""
    found = []
    for k in range(n):
        changed = put(case, lambda array, k=k: _nudged(array, (slice(None),) * axis + (k,)))
        moved = probe.moved(before, ask(changed))
        if moved is None:
            return None
        found.append(frozenset(name for name, where in moved.items() if where.any()))
    return found


_RIGHT: dict[tuple, _Pattern | None] = {}
"""By task, case, argument, axis and values, what `_right_pattern` found: a closer look always takes the same inputs."""


def _right_pattern(
    probe: _Probe, about: str, put: Callable, axis: int, n: int, values: int = 0
) -> _Pattern | None:
    """Return the pattern of the right answer for the case looked at, or for one with other random values."""
    key = (probe.task.reference, probe.task.cases, probe.which, about, axis, values)
    if key not in _RIGHT:
        ask = partial(_reference, probe.task)
        case = _like(probe)[values]
        _RIGHT[key] = _pattern(probe, case, put, axis, n, ask, ask(case))
    return _RIGHT[key]


def _right_patterns(probe: _Probe, about: str, put: Callable, axis: int, n: int) -> Iterator[_Pattern | None]:
    """Yield the patterns of the right answer for all the random values that are tried."""
    return (_right_pattern(probe, about, put, axis, n, values) for values in range(len(_like(probe))))


def _ever(probe: _Probe, about: str, put: Callable, axis: int, n: int) -> _Pattern | None:
    """Return for each slice along an axis which outputs of the right answer move with it, for some values at least."""
    found = [frozenset()] * n
    for pattern in _right_patterns(probe, about, put, axis, n):
        if pattern is None:
            return None
        found = [one | other for one, other in zip(found, pattern, strict=True)]
    return found


def _always(probe: _Probe, about: str, put: Callable, axis: int, n: int, should: _Pattern) -> bool:
    """Say whether the right answer depends on the same slices whatever the values are."""
    return all(pattern == should for pattern in _right_patterns(probe, about, put, axis, n))


def _names(probe: _Probe) -> list[str]:
    """Return the names of the outputs."""
    return [leaf.name for leaf in leaves(probe.expected, probe.expected, probe.task.outputs)]


def _like(probe: _Probe) -> list[Case]:
    """Return the case that is looked at, and the same with other random values."""
    return [probe.case, *(some[probe.which] for some in _others(probe.task)[:2])]


def _floats(probe: _Probe) -> bool:
    """Say whether all outputs are floats, which move with everything that they depend on."""
    parts = leaves(probe.expected, probe.expected, probe.task.outputs)
    return all((a := as_array(leaf.expected)) is not None and a.dtype.kind == "f" for leaf in parts)


def _nudged(array: np.ndarray, where: tuple, times: float = 0.6, plus: float = 0.17) -> np.ndarray:
    new = array.copy()
    new[where] = times * new[where] + plus
    return new


def _axis_word(array: np.ndarray, axis: int) -> str:
    if array.ndim == 3:
        return ("step", "sequence", "entry of the last axis")[axis]
    return "entry" if array.ndim == 1 else ("row", "column")[axis]


def _which(some: Sequence[int], n: int, word: str, blocks: int = 0) -> tuple[str, bool]:
    """Return in words which slices are meant, and whether that is a plural: the first, the last, one block, or some."""
    many = {"entry": "entries", "entry of the last axis": "entries of the last axis"}.get(word, f"{word}s")
    size, run = n // blocks if blocks else 0, list(range(some[0], some[0] + len(some)))
    if size > 1 and len(some) == size and some[0] % size == 0 and list(some) == run:
        return f"the {ORDER[some[0] // size + 1]} of the {blocks} blocks of {many}", False
    if len(some) == n:
        return f"every {word}", False
    if list(some) == [0]:
        return f"the first {word}", False
    if list(some) == [n - 1]:
        return f"the last {word}", False
    if len(some) == 1:
        return f"{word} {some[0]} (counting from 0)", False
    if list(some) == run and some[0] == 0:
        return f"the first {len(some)} {many}", True
    if list(some) == run and some[-1] == n - 1:
        return f"the last {len(some)} {many}", True
    return f"{len(some)} of the {n} {many}", True


def _padding(probe: _Probe, names: Sequence[str]) -> Iterator[Finding]:
    """Look at entries of an array where a mask of the same leading axes is 0."""
    for (i, mask), (j, array) in product(enumerate(probe.case.args), repeat=2):
        if not _is_mask(mask) or not isinstance(array, np.ndarray) or i == j:
            continue
        if array.shape[: mask.ndim] != mask.shape:
            continue
        for value in (0, 1):
            there, new = mask == value, array.copy()
            new[there] = _other(probe, 0, j)[there] if array.dtype.kind in "iu" else 0.6 * new[there] + 0.17
            about = f"the entries of `{names[j]}` where `{names[i]}` is {value}"
            found = _compare(probe, [_Change(_put(probe.case, j, new), about, names[j], many=True)])
            if found:
                yield found


def _is_mask(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim > 0 and set(np.unique(value).tolist()) == {0, 1}


# ---------------------------------------------------------------- how far a change reaches


def _mixed(probe: _Probe) -> Iterator[Finding]:
    """Say where one sequence of an input reaches another one's part of the answer."""
    yield from _reach(probe, 1)
    for i, array in enumerate(probe.case.args):
        if (
            isinstance(array, np.ndarray)
            and array.ndim == 2
            and array.dtype.kind == "f"
            and not _is_mask(array)
        ):
            case = _put(probe.case, i, _nudged(array, (0,)))
            expected = probe.moved(probe.expected, _reference(probe.task, case))
            answer = probe.moved(probe.answer, probe.ask(case)) if expected is not None else None
            for name in expected or () if answer is not None else ():
                if _beyond(expected[name], answer[name], len(array)):
                    text = f"In {said_of(name)}, the rows influence one another. Each should depend on one row only."
                    yield Finding("reach", text)


def _beyond(expected: np.ndarray, answer: np.ndarray, n: int) -> bool:
    """Say whether a change of the first row moves other rows of an answer, and none but that of the right one."""
    if expected.ndim != 2 or expected.shape != answer.shape or len(expected) != n:
        return False
    should, does = expected.any(axis=1), answer.any(axis=1)
    return bool(should[0] and should.sum() == 1 and does[1:].any())


def _carried_on(probe: _Probe) -> Iterator[Finding]:
    """Say where one step of an input reaches a part of the answer that it should not, or misses one."""
    yield from _reach(probe, 0)


def _reach(probe: _Probe, axis: int) -> Iterator[Finding]:
    for i, array in enumerate(probe.case.args):
        if not isinstance(array, np.ndarray) or array.dtype.kind != "f" or array.ndim < 2 or _is_mask(array):
            continue
        if axis > array.ndim - 2:
            continue
        n = array.shape[axis]
        found: list[set[Finding]] = []
        for k in dict.fromkeys((n // 2, 1, n - 2)):
            case = _put(probe.case, i, _nudged(array, (slice(None),) * axis + (k,)))
            expected = probe.moved(probe.expected, _reference(probe.task, case))
            answer = probe.moved(probe.answer, probe.ask(case)) if expected is not None else None
            names = expected or () if answer is not None else ()
            found.append(
                {
                    f
                    for name in names
                    for f in _reached(name, expected[name], answer[name], axis, k, n, array.ndim)
                }
            )
        yield from sorted(set.intersection(*found), key=lambda one: one.text)


def _reached(
    name: str, expected: np.ndarray, answer: np.ndarray, axis: int, k: int, n: int, axes: int
) -> Iterator[Finding]:
    if expected.ndim <= axis or expected.shape[axis] != n or expected.shape != answer.shape or axes != 3:
        return
    others = tuple(j for j in range(expected.ndim) if j != axis)
    should, does = expected.any(axis=others), answer.any(axis=others)
    where = said_of(name)
    if axis == 0 and does[:k].any() and not should[:k].any():
        yield Finding("reach", f"In {where}, a step depends on inputs that come only after it.")
    elif axis == 0 and should[k + 1 :].any() and not does[k + 1 :].any():
        yield Finding(
            "reach", f"In {where}, a step has no influence on the steps after it: nothing is carried forward."
        )
    elif axis == 0 and should[:k].any() and not does[:k].any():
        yield Finding("reach", f"In {where}, nothing comes back from a step to the steps before it.")
    elif axis == 1 and does.sum() > should.sum() == 1:
        yield Finding(
            "reach",
            f"In {where}, the sequences of a batch influence one another. They should be independent.",
        )


# ---------------------------------------------------------------- what must be gone for the answer to be right


def _right_without(probe: _Probe) -> Iterator[Finding]:
    """Say which arguments the answer is right without: what is done with them is wrong."""
    names: dict[str, list[tuple[str, str]]] = {}
    wrong = {
        name: where
        for name in filter(probe.float, _names(probe))
        if (where := _wrong_at(probe, name)) is not None
    }
    for i, about, how, change in _neutral(probe):
        for name, where in wrong.items():
            cases = [_put(case, i, change(case.args[i])) for case in _like(probe)[:2]]
            if all(_right_there(probe, case, name, where) for case in cases):
                names.setdefault(name, []).append((about, how))
    for name, some in names.items():
        if len(some) <= 2:
            told = " or with ".join(f"{about} {how}" for about, how in some)
            look = " and ".join(about for about, _ in some)
            text = f"With {told}, {said_of(name)} is right. So look at what you do with {look}."
            yield Finding("right without", text)


def _neutral(probe: _Probe) -> Iterator[tuple[int, str, str, Callable[[Any], Any]]]:
    """Yield what takes an argument, or one array of a dictionary, out of play: zeros, or a mask of ones."""
    for i, (name, value) in enumerate(zip(model.arguments(probe.task), probe.case.args, strict=False)):
        if isinstance(value, dict):
            for key, array in value.items():
                if isinstance(array, np.ndarray) and array.dtype.kind == "f":
                    yield i, f"`{name}[{key!r}]`", "set to 0", lambda d, key=key: {**d, key: 0 * d[key]}
        elif _is_mask(value):
            yield i, f"`{name}`", "1 everywhere", np.ones_like
        elif isinstance(value, float) or (isinstance(value, np.ndarray) and value.dtype.kind == "f"):
            yield i, f"`{name}`", "set to 0", lambda old: 0 * old


# ---------------------------------------------------------------- for which simpler inputs the answer is right


@dataclass(frozen=True)
class _Simpler:
    """A simpler input.

    told: goes into the sentence "If …, it is right". look: what that says of the mistake. smaller: whether the answer
    has another shape, too.
    """

    told: str
    look: str
    change: Callable[[Case], Case]
    smaller: bool = False


def _right_if(probe: _Probe) -> Iterator[Finding]:
    """Say for which simpler inputs the answer is right: what they lack is what goes wrong."""
    wrong = {
        name: where
        for name in filter(probe.float, _names(probe))
        if (where := _wrong_at(probe, name)) is not None
    }
    found: dict[str, list[_Simpler]] = {}
    for one in _simpler(probe):
        for name, where in wrong.items():
            cases = [one.change(case) for case in _like(probe)[:2]]
            right = all(_right_there(probe, case, name, None if one.smaller else where) for case in cases)
            if right and (one.smaller or _all_matters(probe, cases[0], name)):
                found.setdefault(name, []).append(one)
    for name, some in found.items():
        some = [one for one in some if not any(one.told.startswith(other) for other in _weaker(some))]
        if len(some) <= 3:
            told = ", or if ".join(one.told for one in some)
            look = f" {some[0].look}" if len(some) == 1 else ""
            yield Finding("right if", f"If {told}, {said_of(name)} is right.{look}")


def _weaker(some: Sequence[_Simpler]) -> list[str]:
    """Return how the remark about ones begins for arrays about which more is known: an axis with equal entries."""
    constant = (one.told.partition(" of ") for one in some if one.told.startswith("all "))
    return [f"{rest.removesuffix(' are the same')} is 1 everywhere" for _, _, rest in constant]


def _all_matters(probe: _Probe, case: Case, name: str) -> bool:
    """Say whether one output of the right answer still depends on all arrays on which it depends otherwise.

    If not, an input is so simple that it says nothing: with equal logits, for example, the state makes no difference.
    """
    for _, get, put in _arrays(probe):
        moves = []
        for one in (probe.case, case):
            new = put(one, _nudged(get(one), (...,)))
            moved = probe.moved(_reference(probe.task, one), _reference(probe.task, new))
            moves.append(moved is None or bool(moved[name].any()))
        if moves == [True, False]:
            return False
    return True


def _simpler(probe: _Probe) -> Iterator[_Simpler]:
    arrays = list(_arrays(probe))
    yield from _only_one(probe, arrays)
    yield from _blocks_alike(probe, arrays)
    for (one, get, _), (other, of, put) in combinations(arrays, 2):
        if get(probe.case).shape == of(probe.case).shape:
            told = f"{one} and {other} are the same"
            change = partial(_set, put, lambda case, get=get: get(case))
            yield _Simpler(told, "So look at where you use which of the two.", change)
    for about, get, put in arrays:
        old = get(probe.case)
        if old.ndim == 2 and old.shape[0] == old.shape[1] > 1:
            change = partial(_set, put, lambda case, get=get: (get(case) + get(case).T) / 2)
            yield _Simpler(
                f"{about} is symmetric",
                "Is it transposed where it should not be, or not where it should be?",
                change,
            )
        for axis, n in enumerate(old.shape):
            if n > 1:
                word = _axis_word(old, axis)
                many = {"entry": "entries", "entry of the last axis": "entries of the last axis"}.get(
                    word, f"{word}s"
                )
                told = f"all {many} of {about} are the same"
                yield _Simpler(
                    told,
                    f"So look at which {word} of {about} you use where.",
                    partial(_set, put, partial(_constant, get, axis)),
                )
        if (old < 0).any():
            change = partial(_set, put, lambda case, get=get: np.abs(get(case)))
            yield _Simpler(
                f"{about} holds no negative numbers", f"So look at what you do with signs in {about}.", change
            )
        if old.ndim == 2 and old.shape[0] == old.shape[1]:
            continue
        change = partial(_set, put, lambda case, get=get: np.ones_like(get(case)))
        yield _Simpler(f"{about} is 1 everywhere", f"So look at what you do with {about}.", change)
    for i, name in enumerate(model.arguments(probe.task)[: len(probe.case.args)]):
        old = probe.case.args[i]
        if isinstance(old, (int, float)) and not isinstance(old, bool) and old != 1:
            change = partial(_put, i=i, new=type(old)(1))
            yield _Simpler(f"`{name}` is 1", f"So look at what you do with `{name}`.", change)


def _only_one(probe: _Probe, arrays: Sequence[tuple[str, Callable, Callable]]) -> Iterator[_Simpler]:
    """Yield inputs of a single step, and of a single sequence."""
    long = next((get for _, get, _ in arrays if get(probe.case).ndim == 3), None)
    if long is None:
        return
    shape = long(probe.case).shape
    for axis, told, look in (
        (
            0,
            "there is a single step",
            "So look at what is handed from step to step, or added up over the steps.",
        ),
        (
            1,
            "there is a single sequence",
            "So look at how the sequences of a batch are kept apart, or put together.",
        ),
    ):
        size = shape[axis]
        if size > 1 and shape.count(size) == 1:
            yield _Simpler(told, look, partial(_shorter, long, axis), smaller=True)


def _shorter(get: Callable, axis: int, case: Case) -> Case:
    return replace(case, args=_cut(case.args, get(case).shape[axis], 1))


def _set(put: Callable, new: Callable[[Case], np.ndarray], case: Case) -> Case:
    return put(case, new(case))


def _constant(get: Callable, axis: int, case: Case) -> np.ndarray:
    array = get(case)
    return np.repeat(array.take([0], axis=axis), array.shape[axis], axis=axis)


def _arrays(probe: _Probe) -> Iterator[tuple[str, Callable, Callable]]:
    """Yield the arrays of floats among the arguments: what they are called, and how they are read and put in place."""
    for i, (name, value) in enumerate(zip(model.arguments(probe.task), probe.case.args, strict=False)):
        if isinstance(value, dict):
            for key, array in value.items():
                if isinstance(array, np.ndarray) and array.dtype.kind == "f" and array.ndim:
                    yield (
                        f"`{name}[{key!r}]`",
                        lambda case, i=i, key=key: case.args[i][key],
                        lambda case, new, i=i, key=key: _put(case, i, {**case.args[i], key: new}),
                    )
        elif isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.ndim and not _is_mask(value):
            yield (
                f"`{name}`",
                lambda case, i=i: case.args[i],
                lambda case, new, i=i: _put(case, i, new),
            )


def _blocks_alike(probe: _Probe, arrays: Sequence[tuple[str, Callable, Callable]]) -> Iterator[_Simpler]:
    """Yield inputs in which two blocks of the last axis are the same, in every array that has such blocks."""
    blocked = [(get, put, n) for _, get, put in arrays if (n := probe.blocks(get(probe.case).shape[-1]))]
    for count in {n for _, _, n in blocked}:
        for i, j in combinations(range(count), 2):
            told = f"the {ORDER[i + 1]} and the {ORDER[j + 1]} of the {count} blocks are the same"
            look = "So look at what you do with these two blocks: are they mixed up?"
            yield _Simpler(told, look, partial(_copied_block, blocked, i, j))


def _copied_block(blocked: Sequence[tuple], i: int, j: int, case: Case) -> Case:
    for get, put, count in blocked:
        new = get(case).copy()
        H = new.shape[-1] // count
        new[..., j * H : (j + 1) * H] = new[..., i * H : (i + 1) * H]
        case = put(case, new)
    return case


def _wrong_at(probe: _Probe, name: str) -> np.ndarray | None:
    """Return where one output is wrong; None where it is right, or of another shape."""
    e, a = _one_output(probe, probe.expected, probe.answer, name)
    if a is None or e.shape != a.shape or equal(e, a, probe.task.tolerance):
        return None
    return ~np.isclose(e, a, rtol=1e-9, atol=1e-12)


def _right_there(probe: _Probe, case: Case, name: str, where: np.ndarray | None) -> bool:
    """Say whether one output is right for a case, and not the same number everywhere where it was wrong.

    where: where it was wrong; None if the answer to the case has another shape.
    """
    expected, answer = _reference(probe.task, case), probe.ask(case)
    if isinstance(expected, Failure) or isinstance(answer, Failure):
        return False
    e, a = _one_output(probe, expected, answer, name)
    if (
        a is None
        or (where is not None and e.shape != where.shape)
        or not e.size
        or not np.isfinite(e).all()
        or not equal(e, a, probe.task.tolerance)
    ):
        return False
    there = e[where] if e.ndim and where is not None else e.reshape(-1)
    return bool(np.ptp(there) > 0 or (there.size == 1 and there[0] != 0))


def _one_output(
    probe: _Probe, expected: Value, answer: Value, name: str
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return one output of the right answer and of the learner's, None for one that is no array."""
    try:
        parts = leaves(expected, answer, probe.task.outputs)
    except WrongStructure:
        parts = leaves(expected, expected, probe.task.outputs)
        return as_array(next(one for one in parts if one.name == name).expected), None
    leaf = next(one for one in parts if one.name == name)
    return as_array(leaf.expected), as_array(leaf.answer)


# ---------------------------------------------------------------- the smallest input that fails


def _example(probe: _Probe) -> Iterator[Finding]:
    """Show the smallest input that can be found for which the answer is wrong, and where it is wrong."""
    case = probe.case
    for size in sorted(_lengths(case.args), reverse=True):
        for smaller in (1, 2, 4, 8):
            made = replace(case, args=_cut(case.args, size, smaller))
            if smaller < size and _still_wrong(probe, made):
                case = made
                break
    case, least = _thinned(probe, case)
    rounded = replace(case, args=_rounded(case.args))
    if not _still_wrong(probe, rounded) or any(isinstance(one, Named) for one in case.args):
        return
    call = f"{probe.task.called}({', '.join(map(_written, rounded.args))})"
    if len(call) > _LONGEST:
        return
    text = f"Here is a small input for which it is wrong: ```{call}``` {_where_wrong(probe, rounded)}"
    text = f"{text.strip()} {least}"
    yield Finding("example", text.strip())


def _thinned(probe: _Probe, case: Case) -> tuple[Case, str]:
    """Leave out what the mistake does not need, from the one list or row of whole numbers among the arguments.

    Its first entry stays, for some tasks ask for a certain one. Return the case, and what can be said of any smaller.
    """
    rows = [i for i, one in enumerate(case.args) if _is_row(one)]
    if len(rows) != 1 or any(isinstance(one, np.ndarray) and one.ndim > 1 for one in case.args):
        return case, ""
    [i], left = rows, True
    while left:
        left = False
        for k in reversed(range(1, len(case.args[i]))):
            made = _put(case, i, _without(case.args[i], k))
            if _still_wrong(probe, made):
                case, left = made, True
    smaller = [_put(case, i, _without(case.args[i], k)) for k in range(1, len(case.args[i]))]
    right = [probe.same(_reference(probe.task, one), probe.ask(one)) for one in smaller]
    least = "Leave out any single entry after the first, and the answer is right."
    return case, least if len(right) > 1 and all(right) else ""


def _is_row(value: Any) -> bool:
    """Say whether a value is a row of whole numbers, or a list."""
    return isinstance(value, list) or (
        isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "iu"
    )


def _without(value: Any, k: int) -> Any:
    return np.delete(value, k) if isinstance(value, np.ndarray) else value[:k] + value[k + 1 :]


def _lengths(value: Any) -> set[int]:
    if isinstance(value, np.ndarray):
        return set(value.shape)
    if isinstance(value, (dict, list, tuple)):
        inner = value.values() if isinstance(value, dict) else value
        return set().union(*map(_lengths, inner)) if inner else set()
    return set()


def _cut(value: Any, size: int, smaller: int) -> Any:
    """Return a value whose axes of one length are shorter; a whole number of that size is, too."""
    if isinstance(value, np.ndarray):
        return value[tuple(slice(smaller if n == size else None) for n in value.shape)]
    if isinstance(value, dict):
        return {key: _cut(one, size, smaller) for key, one in value.items()}
    if isinstance(value, tuple):
        return tuple(_cut(one, size, smaller) for one in value)
    if isinstance(value, int) and not isinstance(value, bool) and value == size:
        return smaller
    return value


def _rounded(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return np.round(value, 1)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, tuple):
        return tuple(_rounded(one) for one in value)
    return round(value, 2) if isinstance(value, float) else value


def _still_wrong(probe: _Probe, case: Case) -> bool:
    expected = _reference(probe.task, case)
    if isinstance(expected, Failure) or not _finite(probe.task, expected):
        return False
    answer = probe.ask(case)
    return not isinstance(answer, Failure) and not probe.same(expected, answer)


def _finite(task: Task, value: Value) -> bool:
    arrays = [as_array(leaf.expected) for leaf in leaves(value, value, task.outputs)]
    return all(a is not None and a.size and (a.dtype.kind != "f" or np.isfinite(a).all()) for a in arrays)


def _written(value: Any) -> str:
    """Return a value as a learner would type it."""
    if isinstance(value, np.ndarray):
        numbers = np.where(value == 0, 0.0, value) if value.dtype.kind == "f" else value
        return f"np.array({numbers.tolist()})"
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}": {_written(one)}' for key, one in value.items()) + "}"
    return repr(value.item() if isinstance(value, np.generic) else value)


def _where_wrong(probe: _Probe, case: Case) -> str:
    """Say which entries differ, without the values that are expected."""
    try:
        parts = leaves(_reference(probe.task, case), probe.ask(case), probe.task.outputs)
    except WrongStructure:
        return ""
    for leaf in parts:
        e, a = as_array(leaf.expected), as_array(leaf.answer)
        if a is None or e.shape != a.shape or not e.ndim or equal(e, a, probe.task.tolerance):
            continue
        wrong = [
            list(map(int, one)) for one in np.argwhere(~np.isclose(e, a) if e.dtype.kind == "f" else e != a)
        ]
        if 0 < len(wrong) < e.size:
            return f"In {said_of(leaf.name)}, the entry {wrong[0]} is wrong."
    return ""
