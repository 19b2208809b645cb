"""Wirings of one unrolled network: which steps read an input, which outputs count, and what that is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

STEPS = 8


@dataclass(frozen=True)
class Pattern:
    """A wiring that has a name: what it says, a task that needs it, its shapes, and where it is wrong."""

    says: str
    task: str
    shapes: str
    wrong: str


_SEQUENCE = "x (T, B, D) · h (T, B, H)"

PATTERNS: dict[str, Pattern] = {
    "one-to-one": Pattern(
        "One input, one output, no time.",
        "Say which digit is in a picture.",
        "x (B, D) · h (B, H) · s (B, K)",
        "If the order of things matters, there is nothing here that could see it.",
    ),
    "one-to-many": Pattern(
        "One input, then a sequence is written. Each step reads what the previous step wrote.",
        "Spell the name of the digit in a picture; caption a photograph.",
        "x (1, B, D) · h (T′, B, H) · s (T′, B, K)",
        "If the answer is one of a few names, one-to-one is enough: a net that spells can misspell.",
    ),
    "many-to-one": Pattern(
        "A sequence is read, and one output at its end counts.",
        "Say whether a review is a good one.",
        f"{_SEQUENCE} · s (B, K)",
        "If the order does not matter, a bag of words is faster and needs less data.",
    ),
    "many-to-many aligned": Pattern(
        "One output for each input, at the same step.",
        "Mark people and places in a sentence, word by word.",
        f"{_SEQUENCE} · s (T, B, K)",
        "If the output has a different length or a different order, no step has its own answer.",
    ),
    "many-to-many delayed": Pattern(
        "Reading and writing overlap, but every answer comes a few steps late.",
        "Interpret while somebody is still speaking.",
        f"{_SEQUENCE} · s (T, B, K)",
        "If an answer is due with its input, it is too late here.",
    ),
    "many-to-many unaligned": Pattern(
        "An encoder–decoder: one net reads a sequence, a second net writes one of a different length.",
        "Write a date in words as digits; translate.",
        "x (T, B, D) · e (T, B, H) · d (T′, B, H) · s (T′, B, K)",
        "If every input has its own output, aligned is easier to learn; one vector must hold everything here.",
    ),
}
WITHOUT_NAME = {
    "nothing is read": "No input is switched on, so no answer can depend on one.",
    "nothing counts": "No output counts. Without a loss, there is nothing to learn from.",
    "speaks too early": "An output counts before anything has been read. That answer can only be a guess.",
    "reads too late": "Inputs are read after the last output that counts. Nothing hears them.",
    "no usual name": "It can be trained, but no common pattern is wired like this.",
}
MORE_LAYERS = {
    "says": "Stacked: the second layer reads the states of the first.",
    "wrong": "Two layers cost twice the steps, and see no input that one layer would not see.",
}
BOTH_WAYS = {
    "says": "Bidirectional: a second reader starts from the end, and each output sees both.",
    "wrong": "For a forecast, the second reader would need the future.",
}


@dataclass(frozen=True)
class Job:
    """Something to wire a network for: the words at the inputs, those wanted at the outputs, and what it takes.

    whole: the inputs that each output has to hear; "so far" are those up to its own step, "all" are all. layers:
    2 where what is heard from both sides has to be combined.
    """

    title: str
    goal: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    whole: str = "so far"
    layers: int = 1

    def reads(self) -> list[bool]:
        return [bool(word) for word in self.inputs]

    def counts(self) -> list[bool]:
        return [bool(word) for word in self.outputs]

    def hears(self, t: int) -> list[int]:
        """Return the steps that the output at step t (from 0) has to hear."""
        return [k for k, word in enumerate(self.inputs) if word and (self.whole == "all" or k <= t)]


def _steps(words: str) -> tuple[str, ...]:
    """Return the words of the steps; _ is a step without one."""
    listed = ["" if word == "_" else word for word in words.split()]
    return tuple(listed + [""] * (STEPS - len(listed)))


JOBS: dict[str, Job] = {
    "digit": Job(
        "Name a digit",
        "One picture comes in, and the network says at once which digit it is.",
        _steps("image"),
        _steps("three"),
    ),
    "spell": Job(
        "Spell it",
        "The same picture, but now the network writes the name letter by letter. The dot is the end mark.",
        _steps("image"),
        _steps("t h r e e ."),
    ),
    "review": Job(
        "Judge a review",
        "One verdict, as soon as the whole review has been read.",
        _steps("not bad but good"),
        _steps("_ _ _ like"),
    ),
    "names": Job(
        "Mark names",
        "Every word is marked at the moment it is read: a person, a place, or neither.",
        _steps("in paris tom sang"),
        _steps("– place person –"),
    ),
    "date": Job(
        "Rewrite a date",
        "First listen to the whole date, then write it in digits.",
        _steps("june first"),
        _steps("_ _ 0 6 - 0 1"),
    ),
    "later": Job(
        "Hear what follows",
        "Is Paris a place? Here only the words after it can tell. Every word is marked at its own step, "
        "and each mark must have heard the whole sentence.",
        _steps("paris sang a song"),
        _steps("person – – –"),
        whole="all",
    ),
    "gap": Job(
        "Fill the gap",
        "One word is missing, and the answer is due at its step. Whether it is “like” or “dislike” depends "
        "on both sides, and on how the two combine.",
        _steps("did not ___ it was bad"),
        _steps("_ _ like"),
        whole="all",
        layers=2,
    ),
}


def pattern_of(reads: Sequence[bool], counts: Sequence[bool], both_ways: bool = False) -> str:
    """Return the name of a wiring, a key of PATTERNS, or of WITHOUT_NAME if it has none."""
    R, C = ([t for t, on in enumerate(row) if on] for row in (reads, counts))
    if not R:
        return "nothing is read"
    if not C:
        return "nothing counts"
    if C[0] < R[0] and not both_ways:
        return "speaks too early"
    if R[-1] > C[-1] and not both_ways:
        return "reads too late"
    if not _is_run(C) or not _is_run(R):
        return "no usual name"
    if len(C) == 1:
        return "one-to-one" if R == C else "many-to-one" if len(R) > 1 else "no usual name"
    if len(R) == 1:
        return "one-to-many" if C[0] in (R[0], R[0] + 1) else "no usual name"
    if R == C:
        return "many-to-many aligned"
    if C[0] > R[-1]:
        return "many-to-many unaligned"
    return "many-to-many delayed" if R[0] < C[0] and R[-1] < C[-1] else "no usual name"


def _is_run(steps: list[int]) -> bool:
    return steps[-1] - steps[0] + 1 == len(steps)


def hears(t: int, reads: Sequence[bool], both_ways: bool = False) -> list[int]:
    """Return the steps (from 0) whose input reaches the output at step t."""
    return [k for k, on in enumerate(reads) if on and (both_ways or k <= t)]


def lacks(
    job: Job, reads: Sequence[bool], counts: Sequence[bool], both_ways: bool, layers: int
) -> list[object]:
    """Return what keeps a wiring from doing a job, as [reason, steps…] with steps from 0; [] if nothing does."""
    for t in range(len(reads)):
        if job.reads()[t] != reads[t]:
            return ["read" if job.reads()[t] else "do not read", t]
    for t in range(len(counts)):
        if job.counts()[t] != counts[t]:
            return ["count" if job.counts()[t] else "do not count", t]
    for t, on in enumerate(counts):
        missing = [k for k in job.hears(t) if on and k not in hears(t, reads, both_ways)]
        if missing:
            return ["hear", t, missing[0]]
    return ["combine"] if layers < job.layers else []
