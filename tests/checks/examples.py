"""A task of no chapter, for tests of the framework: s_t = 2 x_t - s_prev over time, and a sum."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnncourse.checks.task import Case, Mistake, Task


def zigzag(x, start):
    """Return all states (T, B, H) and their sum (B, H)."""
    s, states = start, []
    for x_t in x:
        s = 2 * x_t - s
        states.append(s)
    return np.stack(states), np.sum(states, axis=0)


def cases(rng):
    return [
        Case((rng.normal(size=(5, 3, 2)), rng.normal(size=(3, 2)))),
        Case((rng.normal(size=(4, 2, 3)), rng.normal(size=(2, 3))), about="with another batch"),
    ]


ZIGZAG = Task(
    name="zigzag",
    title="Zigzag",
    points=2,
    minutes=5,
    section="None",
    reference=zigzag,
    cases=cases,
    outputs=("states", "total"),
    hints=("Look at the states.", "Look at the sum.", "Look at both."),
    praise="It may be done without a loop.",
    seconds=0.3,
)


@ZIGZAG.mistake
def squared(x, start):
    """The states are squared."""
    states, total = zigzag(x, start)
    return states**2, total


@ZIGZAG.mistake
def cubed(x, start):
    """The states are cubed."""
    states, total = zigzag(x, start)
    return states**3, total


@ZIGZAG.mistake
def mean(x, start):
    """This is the mean."""
    states, total = zigzag(x, start)
    return states, total / len(states)


@ZIGZAG.mistake
def no_start(x, start):
    """It starts from zero."""
    return zigzag(x, 0 * start)


@ZIGZAG.mistake
def crossed(x, start):
    """The start is turned over."""
    return zigzag(x, start.T)


def simple(reference, cases, **changed) -> Task:
    """Return a task with one result and mistakes that nobody makes."""
    unlikely = tuple(
        Mistake(f"unlikely_{n}", lambda *args, n=n: {"never": n}, f"Never {n}.") for n in range(3)
    )
    base = replace(
        ZIGZAG, reference=reference, cases=cases, outputs=("result",), mistakes=unlikely, praise=""
    )
    return replace(base, **changed)


def one_array(*shape: int, count: int = 2, **changed) -> Task:
    """Return the task to give back its argument as it is, an array of random numbers."""

    def same(x):
        return x.copy()

    return simple(same, lambda rng: [Case((rng.normal(size=shape),)) for _ in range(count)], **changed)
