"""What is known about a task's inputs that helps to explain a wrong answer: sizes, names, and what time carries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from rnncourse.checks import model
from rnncourse.checks.comparing import as_array, leaves
from rnncourse.checks.failure import Failure
from rnncourse.checks.findings import Setting
from rnncourse.checks.outcomes import Outcome, outcome
from rnncourse.checks.task import Case, Task

_STATES = ("h_prev", "h0", "c_prev", "c0", "dh_t")
"""Arguments whose last axis is that of the units."""


@dataclass(frozen=True)
class About:
    """The setting of a case, to be told whether an output's first axis is time."""

    setting: Setting

    def of(self, timed: bool) -> Setting:
        """Return the setting for one output."""
        return replace(self.setting, timed=timed)


def setting(task: Task, case: Case) -> About:
    """Return the sizes and arrays of a case, and what its task carries along time."""
    return About(Setting(carries=carries(task), sizes=sizes(task, case), arrays=arrays(task, case)))


def arrays(task: Task, case: Case) -> dict[str, np.ndarray]:
    """Return the arrays of floats among the arguments, those in a dictionary included, by name."""
    found = {}
    for name, value in zip(model.arguments(task), case.args, strict=False):
        inner = (
            {f"{name}[{key!r}]": one for key, one in value.items()}
            if isinstance(value, dict)
            else {name: value}
        )
        found |= {
            k: v for k, v in inner.items() if isinstance(v, np.ndarray) and v.dtype.kind == "f" and v.ndim
        }
    return found


def sizes(task: Task, case: Case) -> dict[str, float]:
    """Return the lengths of all axes, the whole numbers, and the counts of masks among the arguments, by name."""
    found: dict[str, float] = {}
    for name, value in zip(model.arguments(task), case.args, strict=False):
        found |= _sizes(name, value)
        if name in _STATES:
            found["H"] = value.shape[-1]
        if isinstance(value, dict) and "W_h" in value:
            found["H"] = len(value["W_h"])
    return found


def _sizes(name: str, value: Any) -> dict[str, float]:
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value > 0:
        return {name: float(value)}
    if isinstance(value, np.ndarray) and value.ndim:
        found = {f"{name} {axis}": float(n) for axis, n in enumerate(value.shape)} | {
            f"{name} all": value.size
        }
        if value.dtype.kind in "fb" and set(np.unique(value).tolist()) == {0, 1}:
            found[f"{name} sum"] = float(value.sum())
        return found
    if isinstance(value, (list, tuple)) and value:
        return {f"{name} 0": float(len(value))}
    return {}


def carries(task: Task) -> str:
    """Return which way the task carries something along time: "forward", "backward", or "" for neither or both."""
    return _carries(task.reference, task.cases, task.outputs)


@cache
def _carries(reference: Callable, cases: Callable, outputs: tuple[str, ...]) -> str:
    case = cases(np.random.default_rng(0))[0]
    before = outcome(reference, case)
    if isinstance(before.value, Failure):
        return ""
    ways: set[str] = set()
    for i, value in enumerate(case.args):
        if isinstance(value, np.ndarray) and value.ndim >= 1 and value.dtype.kind == "f" and len(value) >= 4:
            ways |= _ways(reference, outputs, case, i, before)
    return ways.pop() if len(ways) == 1 else ""


def _ways(reference: Callable, outputs: tuple[str, ...], case: Case, i: int, before: Outcome) -> set[str]:
    """Return which steps of the answer the middle step of an argument reaches, beyond its neighbors."""
    changed, middle = case.args[i].copy(), len(case.args[i]) // 2
    changed[middle] = 0.5 * changed[middle] + 0.1
    after = outcome(reference, replace(case, args=(*case.args[:i], changed, *case.args[i + 1 :])))
    if isinstance(after.value, Failure):
        return set()
    ways = set()
    for leaf in leaves(before.value, after.value, outputs):
        e, a = as_array(leaf.expected), as_array(leaf.answer)
        if e is None or not e.ndim or e.dtype.kind != "f" or len(e) != len(changed) or e.shape != a.shape:
            continue
        moved = np.flatnonzero((e != a).reshape(len(e), -1).any(axis=1))
        ways |= {"forward"} if (moved >= middle + 2).any() else set()
        ways |= {"backward"} if (moved <= middle - 2).any() else set()
    return ways
