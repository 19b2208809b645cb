"""The training loop, written once for NumPy arrays and for torch tensors."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from rnncourse.errors import InputError, TrainingError, require_count, require_generator

BAR_AFTER_SECONDS = 2.0


@dataclass
class History:
    """What happened during training: the loss before each step."""

    loss: list[float] = field(default_factory=list)


def fit(
    model: Any,
    x: Any,
    y: Any,
    *,
    loss: Any,
    optimizer: Any,
    steps: int,
    mask: Any = None,
    batch_size: int | None = None,
    rng: np.random.Generator | None = None,
    progress: bool = True,
) -> History:
    """Train `model` in place for `steps` steps and return the History.

    x, y, mask: as the model and the loss take them; the axis that counts the examples is model.batch_axis.
    batch_size: how many examples a step sees, drawn by rng without replacement; None means all of them.
    A progress bar appears when training takes longer than two seconds.
    Raises InputError for arguments that do not fit, TrainingError when the loss stops being finite.
    """
    require_count("steps", steps)
    axis = model.batch_axis
    n = _count_examples(axis, x=x, y=y, mask=mask)
    if batch_size is not None:
        require_count("batch_size", batch_size)
        require_generator("rng", rng)
        if batch_size > n:
            raise InputError(f"batch_size is {batch_size}, but there are only {n} examples")
    history = History()
    for step in tqdm(range(steps), disable=_disabled(progress), delay=BAR_AFTER_SECONDS, leave=False):
        chosen = slice(None) if batch_size is None else rng.choice(n, batch_size, replace=False)
        x_now, y_now, mask_now = (_take(a, chosen, axis) for a in (x, y, mask))
        value, ds = loss(model.forward(x_now), y_now, mask_now)
        history.loss.append(_finite_loss(value, step))
        model.backward(ds)
        optimizer.step(model.params, model.grads)
    return history


def _disabled(progress: bool) -> bool | None:
    """None leaves the decision to tqdm, whose bar in notebooks overrules its own TQDM_DISABLE variable."""
    return True if not progress or os.environ.get("TQDM_DISABLE") else None


def _take(array: Any, chosen: Any, axis: int) -> Any:
    if array is None:
        return None
    return array[chosen] if axis == 0 else array[:, chosen]


def _count_examples(axis: int, **arrays: Any) -> int:
    counts = {name: a.shape[axis] for name, a in arrays.items() if a is not None}
    if len(set(counts.values())) != 1:
        listed = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise InputError(f"x, y and mask must hold the same number of examples on axis {axis}, but: {listed}")
    return counts["x"]


def _finite_loss(value: Any, step: int) -> float:
    value = value.item() if hasattr(value, "item") else value  # torch's losses are tensors on the graph
    if not math.isfinite(value):
        raise TrainingError(
            f"the loss became {value} at step {step}; try a smaller learning rate or clip=1.0 in the optimizer"
        )
    return value
