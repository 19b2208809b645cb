"""From answers to a verdict. Never calls a learner's function: it sees what came back, and the task."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from inspect import signature

import numpy as np

from rnncourse.checks import model
from rnncourse.checks.comparing import Finding, Leaf, WrongStructure, as_array, close, equal, leaves, start
from rnncourse.checks.failure import Failure, Missing, NotWritten, Raised, TimedOut, Unusable, steady
from rnncourse.checks.findings import AGAIN, CARRIED, findings
from rnncourse.checks.outcomes import Outcome, bare_outcome, fresh, outcome, quiet
from rnncourse.checks.setting import setting
from rnncourse.checks.stopping import TimeLimit, TimeUp
from rnncourse.checks.task import Case, Mistake, Named, Task, Value
from rnncourse.checks.variations import VAGUE, Variation, pairs, variations
from rnncourse.checks.verdict import Verdict

__all__ = ["ReferenceFailed", "alike", "fresh", "judge", "outcome"]

_SECONDS_OF_VARIATIONS = 0.06
"""Seconds of processor time for which the variations of a model answer are tried."""

_SECONDS_OF_PAIRS = 0.03
"""Seconds of it for which two variations at once are tried."""

_SECONDS_AT_MOST = 0.5
"""Seconds that all of this together may take, on the processor and, below, by the clock."""

_SECONDS_BY_THE_CLOCK = 2.0

_SHARED = (
    "The values are right, but what you return shares memory with an argument: changing one changes the other. "
    "The task asks for new arrays. `.copy()` makes one."
)

_KEPT = (
    "All values are right at first, but called again with the same input, `{}` gives a different answer. Does it keep "
    "something from one call to the next?"
)

_PARTS_TOLD = 3
"""At most this many wrong parts get a remark of their own."""

_WEAK = ("factor", "offset")
"""Findings that hold for all values and still say little."""

_SOME = "some parts: "
"""The prefix of the key of a finding that says nothing about some of the wrong parts."""

_BESIDE = ("right without", "right if", "never")
"""Findings of a closer look that are reported together with the part that is right."""

_PLAIN = ("unused", "twice")
"""Findings of a closer look that say more than those do."""

_OTHER_SEEDS = (101, 102)
"""Seeds of other inputs on which a mistake must agree with the learner, too, if agreement could be chance."""

_ONE_THING = "Your answers are exactly those of a function that is right except for one thing."
_TWO_THINGS = "Your answers are exactly those of a function that is right except for two things."


Ask = Callable[[Case], Outcome]


class ReferenceFailed(RuntimeError):
    """A task's own code cannot be run: the task is at fault, not the answer."""


def judge(
    task: Task,
    cases: Sequence[Case],
    answers: Sequence[Value | Failure],
    after: Sequence[tuple | None] | None = None,
    look_closer: Callable[[], Sequence[Finding]] = tuple,
    shared: Sequence[bool] = (),
    ask: Ask | None = None,
    again: Callable[[], Value | Failure] | None = None,
) -> Verdict:
    """Return the verdict on what a learner's function gave back for `cases`.

    answers: for each case the value returned, plain data, or a Failure. after: for each case its arguments as
    they were after the call, or None where that is not known. look_closer: finds out more about the function by
    calling it again; asked only about an answer whose mistake has no name. shared: for each case whether the value
    shares memory with an argument. ask: calls it once more, to rule out that an agreement with a mistake is chance.
    again: returns what the function gives for the first case when it is called with it once more.
    ReferenceFailed where the task's own answer fails.
    """
    given = [Outcome(a, b) for a, b in zip(answers, after or [None] * len(cases), strict=True)]
    failure = next((one.value for one in given if _needs_no_comparison(one.value)), None)
    if failure is not None:
        status = "not written" if isinstance(failure, (NotWritten, Missing)) else "wrong"
        return _verdict(task, status, failure.in_words(task.called), failure.name)
    expected = [outcome(task.reference, case) for case in cases]
    broken = [one for one in expected if _failed(one)]
    if broken:
        raise ReferenceFailed(f"the reference of {task.name} failed: {broken[0].value.text}")
    right = [alike(task, e, g) for e, g in zip(expected, given, strict=True)]
    if all(right) and task.new_arrays and any(shared):
        return _verdict(task, "wrong", (_SHARED,), "shared")
    if all(right) and again is not None and not _same_again(task, expected[0].value, again()):
        return _verdict(task, "wrong", (_KEPT.format(task.called),), "twice")
    if all(right):
        return _praise(task, expected, given)
    kept = _worth_telling(cases, right)
    cases, expected, given, right = ([some[k] for k in kept] for some in (cases, expected, given, right))
    return _named(task, cases, expected, given, ask) or _generic(
        task, cases, expected, given, right, look_closer, ask
    )


def _worth_telling(cases: Sequence[Case], right: Sequence[bool]) -> list[int]:
    """Return which cases the verdict is about: the ordinary ones if one of them is wrong, else all but later edges.

    In an edge two mistakes may look the same, and one may look like nothing that has a name. Of several edges that are
    wrong, only the first is kept: what they have in common says less than one of them.
    """
    ordinary = [k for k, case in enumerate(cases) if not case.edge]
    if not all(right[k] for k in ordinary):
        return ordinary
    first = right.index(False)
    return [k for k, fine in enumerate(right) if fine or k == first]


def _more_cases(task: Task) -> list[Case]:
    """Return ordinary cases with other random values, for what may agree by chance."""
    drawn = (task.cases(np.random.default_rng(seed)) for seed in _OTHER_SEEDS)
    return [case for cases in drawn for case in cases if not case.edge]


def _same_again(task: Task, expected: Value, answer: Value | Failure) -> bool:
    return not isinstance(answer, Failure) and equal(expected, answer, task.tolerance, task.outputs)


def _needs_no_comparison(value: Value | Failure) -> bool:
    return isinstance(value, Failure) and (value.final or isinstance(value, Unusable))


def _failed(one: Outcome) -> bool:
    return isinstance(one.value, Failure)


def alike(task: Task, one: Outcome, other: Outcome) -> bool:
    """Say whether two outcomes cannot be told apart: same value, or same error, and same traces in the arguments."""
    if _failed(one) or _failed(other):
        both = isinstance(one.value, Raised) and isinstance(other.value, Raised)
        return both and steady(one.value.text) == steady(other.value.text)
    if not equal(one.value, other.value, task.tolerance, task.outputs):
        return False
    return one.after is None or other.after is None or _same_data(one.after, other.after)


def _same_data(one: Value, other: Value) -> bool:
    """Say whether arguments are the same after two calls; functions among them are passed over."""
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and one.keys() == other.keys()
            and all(_same_data(one[key], other[key]) for key in one)
        )
    if isinstance(one, (list, tuple)):
        return (
            isinstance(other, (list, tuple)) and len(one) == len(other) and all(map(_same_data, one, other))
        )
    if callable(one) or callable(other) or isinstance(one, Named) or isinstance(other, Named):
        return True
    return _identical(one, other) or equal(one, other, 1e-6)


def _identical(one: Value, other: Value) -> bool:
    """Say whether two arrays are the same to the last bit, as most arguments are after a call."""
    arrays = isinstance(one, np.ndarray) and isinstance(other, np.ndarray) and one.dtype == other.dtype
    return arrays and one.shape == other.shape and bool((one == other).all())


def _praise(task: Task, expected: Sequence[Outcome], given: Sequence[Outcome]) -> Verdict:
    details = [task.praise] if task.praise else []
    if any(_lost_digits(task, e, g) for e, g in zip(expected, given, strict=True)):
        details.append(
            "Your answer is float32, although float64 came in. That is exact enough to train with; to check "
            "gradients, keep float64."
        )
    return _verdict(task, "right", tuple(details))


def _lost_digits(task: Task, expected: Outcome, given: Outcome) -> bool:
    pairs = [
        (as_array(leaf.expected), as_array(leaf.answer))
        for leaf in leaves(expected.value, given.value, task.outputs)
    ]
    return any(a is not None and e.dtype == np.float64 and a.dtype == np.float32 for e, a in pairs)


def _named(
    task: Task,
    cases: Sequence[Case],
    expected: Sequence[Outcome],
    given: Sequence[Outcome],
    ask: Ask | None,
) -> Verdict | None:
    """Return the verdict of the mistake that gives these very answers, as a whole or in one part; or None."""
    known = [(mistake, _Made(mistake.answer, cases)) for mistake in task.mistakes]
    for mistake, outcomes in known:
        if all(alike(task, made, one) for made, one in zip(outcomes, given, strict=True)) and _again(
            task, mistake.answer, expected, ask
        ):
            return _verdict(task, "wrong", (mistake.message,), mistake.name)
    if any(map(_failed, given)):
        return None
    apart = _named_but_for_nan(task, cases, known, expected, given)
    if apart:
        return apart
    parts = _wrong_parts(task, expected, given)
    found: dict[str, tuple[Mistake, list[str]]] = {}
    for name in parts:
        explaining = [
            m
            for m, outcomes in known
            if _explains(task, name, outcomes, expected, given)
            and _again(task, m.answer, expected, ask, name)
        ]
        mistake = next((m for m in explaining if m.name in found), next(iter(explaining), None))
        if mistake is None:
            return None
        found.setdefault(mistake.name, (mistake, []))[1].append(name)
    return _partly_named(task, found, parts, expected) if found else None


def _named_but_for_nan(
    task: Task,
    cases: Sequence[Case],
    known: Sequence[tuple[Mistake, _Made]],
    expected: Sequence[Outcome],
    given: Sequence[Outcome],
) -> Verdict | None:
    """Return the verdict of the mistake that gives these answers wherever they are finite, and what holds elsewhere."""
    finite = [not _finite(task, e) or _finite(task, g) for e, g in zip(expected, given, strict=True)]
    if all(finite) or not any(finite):
        return None
    if all(alike(task, e, g) for e, g, fine in zip(expected, given, finite, strict=True) if fine):
        return None
    for mistake, outcomes in known:
        if all(
            alike(task, made, one) for made, one, fine in zip(outcomes, given, finite, strict=True) if fine
        ):
            about = dict.fromkeys(
                case.about or "with other inputs" for case, f in zip(cases, finite, strict=True) if not f
            )
            where = " and ".join(about)
            also = f"Also, {where} it holds NaN or infinity: is something divided by zero, or too large?"
            return _verdict(task, "wrong", (mistake.message, also), mistake.name)
    return None


def _finite(task: Task, one: Outcome) -> bool:
    """Say whether a value holds no NaN and no infinity."""
    try:
        arrays = [as_array(leaf.expected) for leaf in leaves(one.value, one.value, task.outputs)]
    except WrongStructure:
        return True
    return all(a is None or a.dtype.kind != "f" or bool(np.isfinite(a).all()) for a in arrays)


class _Made:
    """What a function gives for some cases, in order, computed only when somebody looks."""

    def __init__(self, function: Callable, cases: Sequence[Case], call: Callable = outcome):
        self._function, self._cases, self._call = function, cases, call
        self._outcomes: list[Outcome] = []

    def __iter__(self) -> Iterator[Outcome]:
        for k, case in enumerate(self._cases):
            if k == len(self._outcomes):
                self._outcomes.append(self._call(self._function, case))
            yield self._outcomes[k]


def _again(
    task: Task, mistake: Callable, expected: Sequence[Outcome], ask: Ask | None, part: str | None = None
) -> bool:
    """Say whether a function still agrees with the learner's on other inputs, as a whole or in one part.

    Only asked where they may agree by chance: where not all that is compared are arrays of floats.
    """
    if ask is None or not _by_chance(task, expected[0], part):
        return True
    for compared, case in enumerate(_more_cases(task)):
        given = ask(case)
        if isinstance(given.value, TimedOut):
            # A slow answer, or a busy computer: what has been compared so far must be enough.
            return compared > 0
        made = outcome(mistake, case)
        if part is None or _failed(made) or _failed(given):
            agree = alike(task, made, given)
        else:
            agree = _same_part(task, part, made, given)
        if not agree:
            return False
    return True


def _by_chance(task: Task, expected: Outcome, part: str | None) -> bool:
    """Say whether answers may agree by chance: numbers by themselves, whole numbers, bools or texts."""
    parts = leaves(expected.value, expected.value, task.outputs)
    arrays = [as_array(leaf.expected) for leaf in parts if part in (None, leaf.name)]
    return not all(a is not None and a.dtype.kind == "f" and a.ndim for a in arrays)


def _many_floats(task: Task, expected: Outcome) -> bool:
    """Say whether there are enough floats among the outputs that they do not agree by chance."""
    arrays = [as_array(leaf.expected) for leaf in leaves(expected.value, expected.value, task.outputs)]
    return sum(a.size for a in arrays if a is not None and a.dtype.kind == "f" and a.ndim) >= 4


def _whole_numbers(task: Task, expected: Outcome) -> bool:
    """Say whether all outputs are arrays or lists of whole numbers."""
    arrays = [as_array(leaf.expected) for leaf in leaves(expected.value, expected.value, task.outputs)]
    return all(a is not None and a.dtype.kind in "iu" and a.ndim for a in arrays)


def _same_part(task: Task, part: str, one: Outcome, other: Outcome) -> bool:
    try:
        leaf = _part(part, one.value, other.value, task)
    except WrongStructure:
        return False
    return leaf is not None and _right(leaf, task)


def _wrong_parts(task: Task, expected: Sequence[Outcome], given: Sequence[Outcome]) -> list[str]:
    """Return the names of the parts that are wrong in some case; none where the answer is built differently."""
    wrong: dict[str, None] = {}
    for e, g in zip(expected, given, strict=True):
        try:
            found = leaves(e.value, g.value, task.outputs)
        except WrongStructure:
            return []
        wrong |= {leaf.name: None for leaf in found if not _right(leaf, task)}
    return list(wrong)


def _explains(
    task: Task, name: str, made: Iterable[Outcome], expected: Sequence[Outcome], given: Sequence[Outcome]
) -> bool:
    """Say whether a mistake gives the learner's part `name` in every case, and a wrong one in at least one."""
    differs = False
    for m, e, g in zip(made, expected, given, strict=True):
        if _failed(m):
            return False
        try:
            by_mistake = _part(name, m.value, g.value, task)
            truth = _part(name, e.value, m.value, task)
        except WrongStructure:
            return False
        if by_mistake is None or truth is None or not _right(by_mistake, task):
            return False
        differs = differs or not _right(truth, task)
    return differs


def _right(leaf: Leaf, task: Task) -> bool:
    return equal(leaf.expected, leaf.answer, task.tolerance)


def _part(name: str, expected: Value, answer: Value, task: Task) -> Leaf | None:
    return next((leaf for leaf in leaves(expected, answer, task.outputs) if leaf.name == name), None)


def _partly_named(
    task: Task, found: dict[str, tuple[Mistake, list[str]]], wrong: list[str], expected: Sequence[Outcome]
) -> Verdict:
    several = len(_names(task, expected)) > 1
    details = []
    for mistake, names in list(found.values())[:2]:
        listed = ", ".join(f"`{name}`" for name in names)
        details.append(f"{listed}: {mistake.message}" if several else mistake.message)
    return _verdict(task, "wrong", (*details, *_standing(task, wrong, expected)), next(iter(found)))


def _generic(
    task: Task,
    cases: Sequence[Case],
    expected: Sequence[Outcome],
    given: Sequence[Outcome],
    right: Sequence[bool],
    look_closer: Callable[[], Sequence[Finding]],
    ask: Ask | None,
) -> Verdict:
    raised = next((one.value for one in given if _failed(one)), None)
    if raised is not None:
        about = _where(cases, [not _failed(one) for one in given])
        return _verdict(task, "wrong", (*raised.in_words(task.called), *about), "raised")
    changed = _changed(task, cases, given)
    if changed:
        # What a function that changes its arguments depends on is no simple matter.
        look_closer = tuple
    rights = [case for case, fine in zip(cases, right, strict=True) if fine]
    parts = _wrong_parts(task, expected, given)
    wrong = [
        (c, e, g)
        for c, e, g in zip(cases, expected, given, strict=True)
        if not equal(e.value, g.value, task.tolerance, task.outputs)
    ]
    if changed and not wrong:
        return _verdict(task, "wrong", (changed.text,), changed.key)
    found, more = _best(task, wrong, parts, rights, look_closer, ask)
    if changed and found.key == "values":
        return _verdict(task, "wrong", (changed.text,), changed.key)
    details = (found.text, *_standing(task, parts, expected), *_where(cases, right), *more)
    if changed:
        details = (changed.text, *details)
    return _verdict(task, "wrong", details, found.key)


_Wrong = Sequence[tuple[Case, Outcome, Outcome]]


def _best(
    task: Task,
    wrong: _Wrong,
    parts: Sequence[str],
    right: Sequence[Case],
    look_closer: Callable[[], Sequence[Finding]],
    ask: Ask | None,
) -> tuple[Finding, tuple[str, ...]]:
    """Return the finding that explains most, and what else is said.

    In this order: another structure; what explains every value; one change of the model answer, or one in each part
    that is wrong; what a closer look finds; two changes at once; which part is right, and for which inputs all is; and
    last that the values are wrong. Where a change says little of its place, a closer look comes before it.
    """
    for _, e, g in wrong:
        try:
            leaves(e.value, g.value, task.outputs)
        except WrongStructure as mismatch:
            return mismatch.finding, ()
    whole, part = _common(task, wrong, parts, ask)
    found = _swapped(task, wrong) or whole
    if found and _asks_why(found):
        # One change may explain all parts that are wrong, or why they are what they are.
        varied = _varied(task, wrong, ask)
        clear = varied and varied.key.removeprefix("one ") not in VAGUE
        found = varied if clear else replace(found, key=found.key.removeprefix(_SOME))
    only_if = _only_if(task, wrong, right)
    if found and found.key not in _WEAK:
        return found, (only_if.text,) if only_if else ()
    found = found or _varied(task, wrong, ask)
    if found and found.key.removeprefix("one ") not in VAGUE + _WEAK:
        return found, (only_if.text,) if only_if else ()
    special = found or _only_where(task, wrong, parts, ask) or only_if
    closer = list(look_closer())
    example = [one.text for one in closer if one.key == "example"]
    beside = [one for one in closer if one.key in _BESIDE]
    telling = [one for one in closer if one.key not in (*_BESIDE, "example")]
    if telling and not (special and telling[0].key not in _PLAIN):
        return telling[0], ()
    if special:
        return special, ()
    both = _varied(task, wrong, ask, twice=True)
    if both:
        return both, ()
    if beside and part:
        known = part.text.removesuffix(CARRIED["forward"]).removesuffix(CARRIED["backward"])
        return replace(part, text=known), (beside[0].text,)
    if beside:
        return beside[0], ()
    if part:
        vague = part.key.startswith(("some", "too")) or _by_chance(task, wrong[0][1], None)
        return part, tuple(example if vague else ())
    return Finding("values", _differs(task, wrong, parts)), tuple(example[:1])


def _asks_why(found: Finding) -> bool:
    """Say whether a finding leaves open why an answer is wrong, or why in some of its parts."""
    vague_shape = found.key == "shape" and "right" not in found.text
    some_nan = found.key == "nan" and ("in some entries" in found.text or "from step" in found.text)
    return vague_shape or some_nan or found.key.startswith((_SOME, "alike", "constant"))


def _common(
    task: Task, wrong: _Wrong, parts: Sequence[str], ask: Ask | None
) -> tuple[Finding | None, Finding | None]:
    """Return the first finding that holds in every case in which its part is wrong: about the whole, and about what
    is right of it.

    Shapes come first: where one is wrong in any case, that is the finding.
    """
    every: dict[str, list[tuple[list[Finding], list[Finding]]]] = {name: [] for name in parts}
    for case, e, g in wrong:
        for leaf in leaves(e.value, g.value, task.outputs):
            if not _right(leaf, task):
                every[leaf.name].append(_found(task, case, leaf))
    shapes = [
        f for found in every.values() for whole, _ in found for f in whole if f.key in ("shape", "axes")
    ]
    wholes = {name: _in_all([whole for whole, _ in found]) for name, found in every.items()}
    wholes = {name: _no_chance(task, name, some, wrong[0][1], ask) for name, some in wholes.items()}
    pieces = {name: _in_all([part for _, part in found]) for name, found in every.items()}
    if len(pieces) > 1:
        # Of one part among several that are wrong, this would say too little.
        pieces = {n: [one for one in some if not one.key.startswith("too ")] for n, some in pieces.items()}
    if not any(wholes.values()) and shapes:
        return Finding(shapes[0].key, f"{shapes[0].text} Other inputs give the right shape."), None
    whole = _first(wholes)
    if whole and not all(wholes.values()):
        whole = replace(whole, key=f"{_SOME}{whole.key}")
    return whole, _first(pieces)


def _found(task: Task, case: Case, leaf: Leaf) -> tuple[list[Finding], list[Finding]]:
    timed = leaf.name in task.timed or "result" in task.timed
    return findings(leaf, setting(task, case).of(timed), task.tolerance)


def _no_chance(
    task: Task, name: str, found: list[Finding], expected: Outcome, ask: Ask | None
) -> list[Finding]:
    """Return those of the findings about a part that hold on other inputs, too, if they may hold by chance."""
    if not found or ask is None or not _by_chance(task, expected, name):
        return found
    for case in _more_cases(task):
        made, given = outcome(task.reference, case), ask(case)
        try:
            leaf = None if _failed(given) else _part(name, made.value, given.value, task)
        except WrongStructure:
            return found
        if leaf is not None and not _right(leaf, task):
            keys = {one.key for one in _found(task, case, leaf)[0]}
            found = [one for one in found if one.key in keys]
    return found


def _first(found: Mapping[str, Sequence[Finding]]) -> Finding | None:
    """Return the first finding about any part, of which other parts the same can be said, and what of the others."""
    told, texts = [], []
    for name, some in found.items():
        if some and name not in told:
            too = [
                other
                for other, theirs in found.items()
                if other not in (name, *told)
                and _nameless(some[0], name) in [_nameless(f, other) for f in theirs]
            ]
            listed = [f"`{other}`" for other in too]
            listed = [", ".join(listed[:-1]), listed[-1]] if len(listed) > 1 else listed
            texts.append(
                f"{some[0].text} The same holds for {' and '.join(listed)}." if too else some[0].text
            )
            told += [name, *too]
    first = next((some[0] for some in found.values() if some), None)
    return first and replace(first, text=" ".join(texts[:_PARTS_TOLD]))


def _nameless(one: Finding, part: str) -> tuple[str, str]:
    """Return what a finding says, whatever part it is about and whatever its shape; and where there is NaN."""
    return one.key, one.text.replace(f"`{part}`", "") if one.key == "nan" else ""


def _in_all(found: Sequence[Sequence[Finding]]) -> list[Finding]:
    """Return the findings of the first case that every other case has, too; some count only in several cases."""
    keys = [{one.key for one in some} for some in found]
    common = [one for one in found[0] if all(one.key in some for some in keys)] if found else []
    return [one for one in common if len(found) > 1 or not one.key.startswith(AGAIN)]


def _swapped(task: Task, wrong: _Wrong) -> Finding | None:
    """Return a finding where two outputs have been taken for each other in every wrong case."""
    for i in range(len(task.outputs)):
        for j in range(i):
            if len(task.outputs) > 1 and all(
                _trade_places(task, e.value, g.value, i, j) for _, e, g in wrong
            ):
                one, other = task.outputs[j], task.outputs[i]
                return Finding("swapped", f"`{one}` and `{other}` are the wrong way around.")
    return None


def _trade_places(task: Task, expected: Value, answer: Value, i: int, j: int) -> bool:
    traded = list(answer)
    traded[i], traded[j] = traded[j], traded[i]
    return equal(expected, tuple(traded), task.tolerance, task.outputs)


def _only_where(task: Task, wrong: _Wrong, parts: Sequence[str], ask: Ask | None) -> Finding | None:
    """Return a finding where a part is wrong only at entries at which an argument has one particular value."""
    more: list[tuple[Case, Outcome, Outcome]] = []
    for name in parts:
        for i, argument in enumerate(model.arguments(task)[: len(wrong[0][0].args)]):
            first = wrong[0][0].args[i]
            if not isinstance(first, np.ndarray) or not first.ndim or len(values := np.unique(first)) > 6:
                continue
            for value in values.tolist():
                shown = int(value) if value == int(value) else value
                for said, place in _PLACES.items():
                    at = partial(_wrong_at, task, name, i, value, place)
                    if all(map(at, wrong)) and all(map(at, more := more or _others(task, ask))):
                        where = said.format(shown)
                        return Finding(
                            "only where", f"{start(name)} is right except where `{argument}` {where}."
                        )
    return None


def _others(task: Task, ask: Ask | None) -> list[tuple[Case, Outcome, Outcome]]:
    """Return what the learner's function gives for other inputs, where it can be asked and does not fail."""
    if ask is None:
        return []
    asked = [(case, outcome(task.reference, case), ask(case)) for case in _more_cases(task)]
    return [one for one in asked if not _failed(one[1]) and not _failed(one[2])]


def _before(there: np.ndarray) -> np.ndarray:
    """Return where a condition holds one place before along the first axis; not at the first place."""
    return np.concatenate([np.zeros_like(there[:1]), there[:-1]])


_PLACES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "is {0} and was also {0} one place before": lambda there: there & _before(there),
    "is {0} but was not {0} one place before": lambda there: there & ~_before(there),
    "is {}": lambda there: there,
    "was {} one place before": _before,
}
"""Where an argument has a particular value, or had it: the most informative first."""


def _wrong_at(
    task: Task,
    name: str,
    i: int,
    value: float,
    place: Callable[[np.ndarray], np.ndarray],
    one: tuple[Case, Outcome, Outcome],
) -> bool:
    """Say whether a part is right except, if at all, at places that have to do with one value of an argument."""
    case, expected, given = one
    try:
        leaf = _part(name, expected.value, given.value, task)
    except WrongStructure:
        return False
    if leaf is None or _right(leaf, task):
        return True
    e, a = as_array(leaf.expected), as_array(leaf.answer)
    there = place(case.args[i] == value)
    if a is None or e.shape != a.shape or e.shape[: there.ndim] != there.shape or there.all():
        return False
    bad = ~close(e, a, task.tolerance) if e.dtype.kind == "f" and a.dtype.kind in "fiu" else e != a
    return not bad.reshape(*there.shape, -1).any(axis=-1)[~there].any()


def _only_if(task: Task, wrong: _Wrong, right: Sequence[Case]) -> Finding | None:
    """Return a finding where only calls with one particular value of an argument go wrong."""
    for i, argument in enumerate(model.arguments(task)[: len(wrong[0][0].args)]):
        value = wrong[0][0].args[i]
        if not isinstance(value, str) or not right:
            continue
        if all(case.args[i] == value for case, _, _ in wrong) and all(
            case.args[i] != value for case in right
        ):
            return Finding("only if", f'Your answer is wrong only if `{argument}` is "{value}".')
    return None


def _varied(task: Task, wrong: _Wrong, ask: Ask | None, twice: bool = False) -> Finding | None:
    """Return what was changed in the model answer if the learner's answers are those of the changed one.

    Nothing where only edges are wrong: what explains those would make other answers wrong, too.
    """
    if all(case.edge for case, _, _ in wrong):
        return None
    changed = variations(task)  # made once, when a task is first wrong: that does not count
    try:
        # The time may be up just where a call of a variation gives the output stream or the warnings back.
        with (
            contextlib.redirect_stdout(io.StringIO()),
            quiet(),
            TimeLimit(_SECONDS_AT_MOST, _SECONDS_BY_THE_CLOCK),
        ):
            found = _matching_twice(task, wrong) if twice else _matching(task, changed, wrong, ask)
            return next(found, None)
    except TimeUp:
        return None


def _matching(task: Task, changed: Sequence[Variation], wrong: _Wrong, ask: Ask | None) -> Iterator[Finding]:
    """Yield what is said about the variations that give the learner's answer in every wrong case."""
    end = time.thread_time() + _SECONDS_OF_VARIATIONS
    answer = model.function(task)
    if answer is None or not all(_gives(task, answer, case, expected) for case, expected, _ in wrong):
        return  # a task with a reference of its own, under a name of the course
    wrong = sorted(wrong, key=lambda one: _room(one[0].args))  # most fail in the first, which should be small
    cases, expected, given = zip(*wrong, strict=True)
    whole_numbers = _whole_numbers(task, expected[0])
    names = _names(task, expected)
    parts: dict[str, str | None] = dict.fromkeys(
        _wrong_parts(task, expected, given) if len(names) > 1 else ()
    )
    for one in changed:
        if whole_numbers and one.kind in ("twice", "argument"):
            # Modulo a small number, many sums are alike.
            continue
        if time.thread_time() > end:
            return
        made = _Made(one.answer, cases, bare_outcome)
        if all(map(partial(_same_values, task), made, given)) and _again(task, one.answer, expected, ask):
            yield Finding(f"one {one.kind}", f"{_ONE_THING} {one.text}")
        for name in (name for name, said in parts.items() if said is None):
            if _explains(task, name, made, expected, given) and _again(task, one.answer, expected, ask, name):
                parts[name] = one.text
    if parts and all(parts.values()):
        yield Finding("one in each", _in_each(parts))


def _matching_twice(task: Task, wrong: _Wrong) -> Iterator[Finding]:
    """Yield what is said about pairs of variations that give the learner's answer in every wrong case.

    Only where that many tries cannot agree by chance.
    """
    wrong = sorted(wrong, key=lambda one: _room(one[0].args))
    cases, expected, given = zip(*wrong, strict=True)
    if not _many_floats(task, expected[0]):
        return
    end = time.thread_time() + _SECONDS_OF_PAIRS
    for one, other, answer in pairs(task):
        if time.thread_time() > end:
            return
        if all(map(partial(_same_values, task), _Made(answer, cases, bare_outcome), given)):
            yield Finding(f"two {one.kind} {other.kind}", f"{_TWO_THINGS} {one.text} {other.text}")


def _in_each(parts: Mapping[str, str]) -> str:
    """Return what is wrong with each part."""
    said = " ".join(f"`{name}`: {text}" for name, text in parts.items())
    what = f"The values of `{next(iter(parts))}`" if len(parts) == 1 else "The values of each wrong part"
    return f"{what} are exactly those of a function that is right except for one thing. {said}"


def _room(value: Value) -> int:
    """Return how many numbers a value holds."""
    if isinstance(value, dict):
        return sum(map(_room, value.values()))
    return sum(map(_room, value)) if isinstance(value, (list, tuple)) else np.size(value)


def _gives(task: Task, function: Callable, case: Case, given: Outcome) -> bool:
    return _same_values(task, outcome(function, case), given)


def _same_values(task: Task, made: Outcome, given: Outcome) -> bool:
    return not _failed(made) and equal(given.value, made.value, task.tolerance, task.outputs)


def _differs(task: Task, wrong: _Wrong, parts: Sequence[str]) -> str:
    """Say that the values are wrong. The shapes are right in every case, for `_common` has found no other."""
    name = parts[0] if parts else ""
    e = as_array(_part(name, wrong[0][1].value, wrong[0][1].value, task).expected) if parts else None
    if e is None or not e.ndim:
        return f"{start(name)} is not yet what the task asks for."
    fits = "the right shape" if e.dtype.kind in "fiub" and e.ndim > 1 else "the right length"
    return f"{start(name)} has {fits}, but its values are wrong."


def _changed(task: Task, cases: Sequence[Case], given: Sequence[Outcome]) -> Finding | None:
    """Return a finding if the learner's function changed an argument that it should leave alone."""
    if task.may_modify:
        return None
    names = list(signature(task.reference).parameters)
    for case, one in zip(cases, given, strict=True):
        for i, argument in enumerate(case.args):
            if one.after is not None and not _same_data(argument, one.after[i]):
                which = f"`{names[i]}`" if i < len(names) else "an argument"
                text = (
                    f"Your function changes {which}, which belongs to the caller. `+=`, `*=` and `a[...] = ...` "
                    "work in place; make a copy first, or compute a new array."
                )
                return Finding("modified", text)
    return None


def _standing(task: Task, wrong: Sequence[str], expected: Sequence[Outcome]) -> tuple[str, ...]:
    """Return a sentence on which parts are right already, where there are several."""
    names = _names(task, expected)
    right = [name for name in names if name not in wrong]
    if len(names) < 2 or not wrong or not right:
        return ()
    return (f"Right so far: {', '.join(f'`{name}`' for name in right)}.",)


def _names(task: Task, expected: Sequence[Outcome]) -> list[str]:
    return [leaf.name for leaf in leaves(expected[0].value, expected[0].value, task.outputs)]


def _where(cases: Sequence[Case], right: Sequence[bool]) -> tuple[str, ...]:
    """Return a sentence on the special inputs that alone went wrong, if the cases have names."""
    wrong = [case.about for case, fine in zip(cases, right, strict=True) if not fine]
    if not any(right) or not all(wrong) or len(set(wrong)) > 2:
        return ()
    return (f"It works with other inputs, but not {' or '.join(dict.fromkeys(wrong))}.",)


def _verdict(task: Task, status: str, details: tuple[str, ...], mistake: str = "") -> Verdict:
    earned = task.points if status == "right" else 0
    return Verdict(status, task.name, tuple(details), mistake, earned, task.points)
