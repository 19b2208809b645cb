"""The training loops, written once for NumPy arrays and for torch tensors."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from rnncourse.arguments import require_count, require_generator
from rnncourse.errors import InputError, NotFiniteError, TrainingError, describe

BAR_AFTER_SECONDS = 2.0
VALIDATE_EVERY = 10  # steps


@dataclass
class History:
    """What happened during training.

    loss: before each step. validation: the loss on the validation data, before step 0, 10, 20, …
    best_step: the step with the lowest validation loss, or training loss where there is no validation.
    stopped_early: True where `patience` ran out and the best parameters were put back.
    """

    loss: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    best_step: int = 0
    stopped_early: bool = False


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
    padding: Any = None,
    validation: tuple | None = None,
    patience: int | None = None,
) -> History:
    """Train `model` in place for `steps` steps and return the History.

    x, y, mask: as the model and the loss take them; the axis that counts the examples is model.batch_axis.
    mask says which positions the loss counts, padding (T, B) which steps the model reads (1) or skips (0).
    batch_size: how many examples a step sees, drawn by rng without replacement; None means all of them.
    validation: (x, y), (x, y, mask) or (x, y, mask, padding) that is never trained on, measured before every
    tenth step; where there is padding it needs all four, None where one does not apply.
    patience: stop after this many steps without a new lowest loss, and put the best parameters back.
    A progress bar appears when training takes longer than two seconds.
    Raises InputError for arguments that do not fit, and TrainingError when the loss or a gradient stops being
    finite; the model then holds the best parameters so far, and the error holds the `history`.
    """
    require_count("steps", steps)
    axis = model.batch_axis
    n = _count_examples(axis, x=x, y=y, mask=mask, padding=padding)
    _check_data(x=x, y=y)
    if batch_size is not None:
        require_count("batch_size", batch_size)
        require_generator("rng", rng)
        if batch_size > n:
            raise InputError(f"batch_size is {batch_size}, but there are only {n} examples")
    if patience is not None:
        require_count("patience", patience)
    judge = None if validation is None else _judge(model, loss, validation, padding is not None)
    best = _Best(model.params)
    history = History()
    for step in tqdm(range(steps), disable=_disabled(progress), delay=BAR_AFTER_SECONDS, leave=False):
        if judge is not None and step % VALIDATE_EVERY == 0:
            with _watched(step, model, history, best):
                history.validation.append(judge())
            best.offer(history.validation[-1], step)
        chosen = slice(None) if batch_size is None else rng.choice(n, batch_size, replace=False)
        x_now, y_now, mask_now, padding_now = (_take(a, chosen, axis) for a in (x, y, mask, padding))
        with _watched(step, model, history, best):
            value, ds = loss(_scores(model, x_now, padding_now), y_now, mask_now)
        history.loss.append(_number(value))
        if judge is None:
            best.offer(history.loss[-1], step)
        history.best_step = best.step
        if patience is not None and step - best.step >= patience:
            best.put_back(model.params)
            history.stopped_early = True
            break
        _learn(model, ds, optimizer, step, history, best)
    return history


def fit_truncated(
    model: Any,
    x: Any,
    y: Any,
    *,
    loss: Any,
    optimizer: Any,
    window: int,
    passes: int = 1,
    mask: Any = None,
    encode: Callable[[Any], Any] | None = None,
    progress: bool = True,
) -> History:
    """Train a RecurrentNet on long sequences, `window` steps at a time, and return the History.

    x (T, …), y and mask: time first. The state at the end of a window starts the next one, but no gradient
    flows back past the window's first step: truncated backpropagation through time. Each pass starts from
    zeros. encode: what turns a window of x into what the model reads, such as one_hot for token indices.
    Source: Williams and Peng (1990), doi:10.1162/neco.1990.2.4.490. Raises as `fit` does.
    """
    require_count("window", window)
    require_count("passes", passes)
    T = _count_examples(0, x=x, y=y, mask=mask)
    _check_data(x=x, y=y)
    starts = [start for _ in range(passes) for start in range(0, T, window)]
    best = _Best(model.params)
    history = History()
    state = None
    for step, start in enumerate(
        tqdm(starts, disable=_disabled(progress), delay=BAR_AFTER_SECONDS, leave=False)
    ):
        x_now, y_now, mask_now = (_take(a, slice(start, start + window), 0) for a in (x, y, mask))
        state = None if start == 0 else _cut(state)
        with _watched(step, model, history, best):
            s = model.forward(x_now if encode is None else encode(x_now), state)
            value, ds = loss(s, y_now, mask_now)
        state = model.state_T
        history.loss.append(_number(value))
        best.offer(history.loss[-1], step)
        history.best_step = best.step
        _learn(model, ds, optimizer, step, history, best)
    return history


def progress(items: Iterable, what: str) -> Iterable:
    """Return `items` with a progress bar for a loop that trains several models; it appears after two seconds."""
    return tqdm(items, desc=what, disable=_disabled(True), delay=BAR_AFTER_SECONDS, leave=False)


class _Best:
    """The parameters with the lowest loss so far."""

    def __init__(self, params: Any):
        self.params, self.value, self.step = params, math.inf, 0
        self.kept = {name: _copy(array) for name, array in params.items()}

    def offer(self, value: float, step: int) -> None:
        if value < self.value:
            self.value, self.step = value, step
            for name, array in self.params.items():
                _detached(self.kept[name])[...] = _detached(array)

    def put_back(self, params: Any) -> None:
        for name, array in params.items():
            _detached(array)[...] = self.kept[name]


def _learn(model: Any, ds: Any, optimizer: Any, step: int, history: History, best: _Best) -> None:
    """Go backward and change the parameters, unless something stopped being finite."""
    if not math.isfinite(history.loss[-1]):
        _give_up(f"the loss became {history.loss[-1]} at step {step}", model, history, best)
    model.backward(ds)
    for name, gradient in model.grads.items():
        if not math.isfinite(_number(abs(gradient).max())):  # NaN and infinity both survive abs and max
            _give_up(f"the gradient of {name} holds NaN or infinity at step {step}", model, history, best)
    optimizer.step(model.params, model.grads)


@contextmanager
def _watched(step: int, model: Any, history: History, best: _Best) -> Iterator[None]:
    """Give up where a layer or loss refuses NaN or infinity: the data have been looked at, so they came by training."""
    try:
        yield
    except NotFiniteError as error:
        _give_up(f"the net's numbers stopped being finite at step {step} ({error})", model, history, best)


def _give_up(what: str, model: Any, history: History, best: _Best) -> None:
    best.put_back(model.params)
    error = TrainingError(
        f"{what}; try a smaller learning rate or clip=1.0 in the optimizer. "
        f"The model holds its best parameters, those of step {best.step}"
    )
    error.history = history
    raise error


def _judge(model: Any, loss: Any, validation: tuple, padded: bool) -> Callable[[], float]:
    """Return the function that measures the loss on the validation data."""
    known = "(x, y, mask, padding)" if padded else "(x, y), (x, y, mask) or (x, y, mask, padding)"
    if not isinstance(validation, tuple) or len(validation) not in ((4,) if padded else (2, 3, 4)):
        came = f"{len(validation)} of them" if isinstance(validation, tuple) else describe(validation)
        why = ", because padding was given" if padded else ""
        raise InputError(f"validation must be {known}{why}, but {came} came")
    x, y, mask, padding = (*validation, None, None)[:4]
    _check_data(**{"x of validation": x, "y of validation": y})
    return lambda: _number(loss(_scores(model, x, padding), y, mask)[0])


def _scores(model: Any, x: Any, padding: Any) -> Any:
    return model.forward(x) if padding is None else model.forward(x, mask=padding)


def _disabled(progress: bool) -> bool | None:
    """None leaves the decision to tqdm, whose bar in notebooks overrules its own TQDM_DISABLE variable."""
    return True if not progress or os.environ.get("TQDM_DISABLE") else None


def _take(array: Any, chosen: Any, axis: int) -> Any:
    if array is None:
        return None
    return array[chosen] if axis == 0 else array[:, chosen]


def _count_examples(axis: int, **arrays: Any) -> int:
    for name, array in arrays.items():
        if len(getattr(array, "shape", ())) <= axis and (array is not None or name in ("x", "y")):
            raise InputError(f"{name} must be an array with an axis {axis}, but {describe(array)} came")
    counts = {name: a.shape[axis] for name, a in arrays.items() if a is not None}
    if len(set(counts.values())) != 1:
        listed = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise InputError(f"{_and(counts)} must be equally long on axis {axis}, but: {listed}")
    return counts["x"]


def _check_data(**arrays: Any) -> None:
    for name, array in arrays.items():
        if 0 in array.shape:
            raise InputError(f"{name} is empty: shape {tuple(array.shape)} came")
        if not math.isfinite(_number(abs(array * 1).max())):  # times 1, for torch has no abs of booleans
            raise NotFiniteError(f"{name} must hold finite numbers, but some of it is NaN or infinite")


def _and(names: Any) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}"


def _number(value: Any) -> float:
    return value.item() if hasattr(value, "item") else value  # torch's losses are tensors on the graph


def _detached(array: Any) -> Any:
    return array.detach() if hasattr(array, "detach") else array


def _copy(array: Any) -> Any:
    array = _detached(array)
    return array.clone() if hasattr(array, "clone") else array.copy()


def _cut(state: Any) -> Any:
    """Return a state, be it one array or tuples of them, that autograd does not follow back."""
    return tuple(_cut(part) for part in state) if isinstance(state, tuple) else _detached(state)
