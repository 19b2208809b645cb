"""Inputs that give nothing away: no answer can be guessed, and none is had by measuring instead of deriving."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pytest

from rnncourse.checks import examine, registry
from rnncourse.checks.judging import outcome
from rnncourse.checks.task import Case, Task, Value
from rnncourse.in_numpy import rnn_step

TASKS = [task for task in registry.tasks() if task.checked]
GUESSED = range(1000)
"""Seeds that somebody sees who wants to know the answer that comes most."""

TRIED = range(1000, 5000)
"""Seeds on which it is then tried."""


def plain(value: Value) -> object:
    """Return a value as what equal answers have in common."""
    if isinstance(value, dict):
        return tuple((key, plain(one)) for key, one in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(map(plain, value))
    array = np.asarray(value)
    return array.shape, (np.round(array, 6) + 0.0 if array.dtype.kind in "fc" else array).tobytes()


def draws(task: Task, seeds: Iterable[int]) -> Iterator[list[Case]]:
    """Yield the inputs, by seed."""
    return (task.cases(np.random.default_rng(seed)) for seed in seeds)


def answer(task: Task, case: Case) -> object:
    """Return the right answer to a case."""
    return plain(outcome(task.reference, case).value)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_no_answer_is_right_often_enough_to_be_guessed(task):
    """The answers to all cases together: those to the others count only where those to the first are the same."""
    same_first = defaultdict(list)
    for first, *others in draws(task, GUESSED):
        same_first[answer(task, first)].append(others)
    seen = Counter(
        (first, *(answer(task, case) for case in others))
        for first, several in same_first.items()
        if len(several) > 1
        for others in several
    )
    for best, times in seen.most_common(1):
        if times > 1:
            right = sum(
                all(answer(task, case) == one for case, one in zip(cases, best, strict=True))
                for cases in draws(task, TRIED)
            )
            assert right < len(TRIED) / 1000, f"{right} of {len(TRIED)}"


def test_where_the_tones_of_a_recording_begin_cannot_be_known_either():
    """Nor can the right labels be picked out by their places, without a look at what they are."""
    task, seen = registry.task("read_labels"), Counter()
    for cases in draws(task, GUESSED):
        seen[tuple(tuple(np.flatnonzero(np.diff(case.args[0]))) for case in cases)] += 1
    assert seen.most_common(1)[0][1] <= 2


# Numerical ways to a gradient, for whoever has not derived it


def nudged(f: Callable[[np.ndarray], np.ndarray], at: np.ndarray, d: np.ndarray, eps: complex) -> np.ndarray:
    """Return the gradient of sum(f(at) * d) by nudging each entry: exactly for an imaginary nudge, else nearly."""
    slopes = np.zeros(at.shape)
    for where in np.ndindex(at.shape):
        up = at.astype(complex)
        up[where] += eps
        change = (f(up) - (0 if isinstance(eps, complex) else f(at))) * d
        slopes[where] = change.sum().imag / eps.imag if isinstance(eps, complex) else change.sum().real / eps
    return slopes


def forward(x_t, h_prev, p):
    return np.tanh(x_t @ p["W_xh"] + h_prev @ p["W_hh"] + p["b_h"])


def measured_step(eps, dtype=np.float64):
    def rnn_step_backward(dh_t, x_t, h_prev, h_t, p):
        grads = {
            name: nudged(lambda a, name=name: forward(x_t, h_prev, {**p, name: a}), p[name], dh_t, eps)
            for name in p
        }
        dx_t = nudged(lambda a: forward(a, h_prev, p), x_t, dh_t, eps)
        dh_prev = nudged(lambda a: forward(x_t, a, p), h_prev, dh_t, eps)
        return dx_t.astype(dtype), dh_prev.astype(dtype), {name: g.astype(dtype) for name, g in grads.items()}

    return rnn_step_backward


def states_of(x, h0, p):
    h = []
    for x_t in x:
        h.append(forward(x_t, h[-1] if h else h0, p))
    return np.stack(h)


def measured_sequence(eps):
    def rnn_backward(dh, x, h0, h, p):
        dx = nudged(lambda a: states_of(a, h0, p), x, dh, eps)
        dh0 = nudged(lambda a: states_of(x, a, p), h0, dh, eps)
        return (
            dx,
            dh0,
            {
                name: nudged(lambda a, name=name: states_of(x, h0, {**p, name: a}), p[name], dh, eps)
                for name in p
            },
        )

    return rnn_backward


def measured_undo(eps):
    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    def shown(a, c_prev, which):
        i, f, g, o = np.split(a, 4, axis=1)
        c = sigmoid(f) * c_prev + sigmoid(i) * np.tanh(g)
        return c if which == "c" else sigmoid(o) * np.tanh(c)

    def undo_step(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
        logit = [np.log(gate / (1 - gate)) for gate in (i_t, f_t, o_t)]
        a = np.concatenate([*logit[:2], np.arctanh(g_t), logit[2]], axis=1)
        da = nudged(lambda one: shown(one, c_prev, "h"), a, dh_t, eps)
        da += nudged(lambda one: shown(one, c_prev, "c"), a, dc_t, eps)
        dc = nudged(lambda one: shown(a, one, "h"), c_prev, dh_t, eps)
        return da, dc + nudged(lambda one: shown(a, one, "c"), c_prev, dc_t, eps)

    return undo_step


@pytest.mark.parametrize("eps", [1e-20j, 1e-5], ids=["complex step", "one-sided difference"])
@pytest.mark.parametrize(
    ("name", "measured"),
    [("rnn_step_backward", measured_step), ("rnn_backward", measured_sequence), ("undo_step", measured_undo)],
)
def test_measuring_does_not_replace_the_derivation(name, measured, eps):
    assert examine(registry.task(name), measured(eps), np.random.default_rng(0)).status == "wrong"


def test_single_precision_buys_no_tolerance_for_a_measured_gradient():
    task = registry.task("rnn_step_backward")
    assert examine(task, measured_step(1e-5, np.float32), np.random.default_rng(0)).status == "wrong"


def test_the_measuring_itself_is_right_where_the_states_are_the_nets_own():
    """Otherwise the tests above could not fail."""
    rng = np.random.default_rng(0)
    task = registry.task("rnn_step_backward")
    [case, *_] = task.cases(rng)
    dh_t, x_t, h_prev, _, p = case.args
    h_t = rnn_step(x_t, h_prev, p)
    for one, other in zip(task.reference(dh_t, x_t, h_prev, h_t, p), measured_step(1e-20j)(dh_t, x_t, h_prev, h_t, p),
                          strict=True):  # fmt: skip
        assert plain(one) == plain(other)
