"""The training loops, written once for NumPy arrays and for torch tensors.

Each engine's training.py makes a `Training` of the few functions in which the engines differ.
"""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import length_hint
from typing import Any

import numpy as np

from rnncourse.arguments import require_count, require_generator, require_that
from rnncourse.errors import InputError, NotFiniteError, TrainingError, describe
from rnncourse.in_both.base import map_state

BAR_AFTER_SECONDS = 2.0
# in steps
VALIDATE_EVERY = 10


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


@dataclass(frozen=True)
class Training:
    """The loops of one engine.

    number: the float that a loss holds. detached: an array that autograd does not follow. copy_of: a copy of a
    parameter. placed_for: (model, array) -> the array where the model is, in its dtype.
    """

    number: Callable[[Any], float]
    detached: Callable[[Any], Any]
    copy_of: Callable[[Any], Any]
    placed_for: Callable[[Any, Any], Any]

    def fit(
        self,
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

        x, y, mask: as the model and the loss take them, NumPy arrays for either engine; the axis that counts the
        examples is model.batch_axis. mask says which positions the loss counts, padding (T, B) which steps the model
        reads (1) or skips (0). batch_size: how many examples a step sees, drawn by rng without replacement; None
        means all of them. validation: (x, y), (x, y, mask) or (x, y, mask, padding) that is never trained on,
        measured before every tenth step; where there is padding it needs all four, None where one does not apply.
        patience: stop after this many steps without a new lowest loss, and put the best parameters back.
        A progress bar appears when training takes longer than two seconds.
        Raises InputError for arguments that do not fit, and TrainingError when the loss or a gradient stops being
        finite; the model then holds the best parameters so far, and the error holds the `history`.
        """
        require_count("steps", steps)
        data = [self.placed_for(model, array) for array in (x, y, mask, padding)]
        draw = self._batches(model.batch_axis, data, batch_size, rng)
        if patience is not None:
            require_count("patience", patience)
        validation_loss = None
        if validation is not None:
            validation_loss = self._loss_on(model, loss, validation, padding is not None)
        monitor = Monitor(self, model, validation_loss, patience)
        for step in _with_bar(range(steps), progress):
            monitor.validate(step)
            x_now, y_now, mask_now, padding_now = draw()
            with monitor.watching(step):
                s = _scores(model, x_now, padding_now)
                value, ds = loss(s, y_now, mask_now)
            if monitor.stops_at(step, value):
                break
            model.backward(ds)
            monitor.require_finite_gradients(step)
            optimizer.step(model.params, model.grads)
        return monitor.history

    def fit_truncated(
        self,
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
        x, y, mask = (self.placed_for(model, array) if encode is None else array for array in (x, y, mask))
        T = self._count_examples(0, x=x, y=y, mask=mask)
        monitor = Monitor(self, model)
        starts = [start for _ in range(passes) for start in range(0, T, window)]
        for step, start in enumerate(_with_bar(starts, progress)):
            x_now, y_now, mask_now = (_take(array, slice(start, start + window), 0) for array in (x, y, mask))
            state = None if start == 0 else map_state(self.detached, model.state_T)
            with monitor.watching(step):
                s = model.forward(x_now if encode is None else encode(x_now), state)
                value, ds = loss(s, y_now, mask_now)
            monitor.stops_at(step, value)
            model.backward(ds)
            monitor.require_finite_gradients(step)
            optimizer.step(model.params, model.grads)
        return monitor.history

    def _batches(
        self, axis: int, data: list, batch_size: int | None, rng: np.random.Generator | None
    ) -> Callable[[], list]:
        """Return the function that draws a batch of x, y, mask and padding: all of them if batch_size is None."""
        n = self._count_examples(axis, **dict(zip(("x", "y", "mask", "padding"), data, strict=True)))
        if batch_size is None:
            return lambda: data
        require_count("batch_size", batch_size)
        require_generator("rng", rng)
        if batch_size > n:
            raise InputError(f"batch_size is {batch_size}, but there are only {n} examples")

        def draw() -> list:
            chosen = rng.choice(n, batch_size, replace=False)
            return [_take(array, chosen, axis) for array in data]

        return draw

    def _count_examples(self, axis: int, **arrays: Any) -> int:
        """Return how many examples there are; raise InputError unless all arrays have as many and are finite."""
        for name, array in arrays.items():
            require_that(
                name,
                array,
                len(getattr(array, "shape", ())) > axis or (array is None and name not in ("x", "y")),
                f"an array with an axis {axis}",
            )
        counts = {name: array.shape[axis] for name, array in arrays.items() if array is not None}
        if len(set(counts.values())) != 1:
            listed = ", ".join(f"{name} {count}" for name, count in counts.items())
            *most, last = counts
            raise InputError(
                f"{', '.join(most)} and {last} must be equally long on axis {axis}, but: {listed}"
            )
        self._require_data(x=arrays["x"], y=arrays["y"])
        return counts["x"]

    def _require_data(self, **arrays: Any) -> None:
        for name, array in arrays.items():
            if 0 in array.shape:
                raise InputError(f"{name} is empty: got shape {tuple(array.shape)}")
            if not self.is_finite(array * 1):  # times 1, for torch has no abs of booleans
                raise NotFiniteError(f"{name} must hold finite numbers, but some of it is NaN or infinite")

    def is_finite(self, array: Any) -> bool:
        """Say whether all entries are finite numbers; NaN and infinity both survive abs and max."""
        return math.isfinite(self.number(abs(array).max()))

    def _loss_on(self, model: Any, loss: Any, validation: tuple, padded: bool) -> Callable[[], float]:
        """Return the function that measures the loss on the validation data."""
        known = "(x, y, mask, padding)" if padded else "(x, y), (x, y, mask) or (x, y, mask, padding)"
        if not isinstance(validation, tuple) or len(validation) not in ((4,) if padded else (2, 3, 4)):
            got = f"{len(validation)} of them" if isinstance(validation, tuple) else describe(validation)
            why = ", because padding was given" if padded else ""
            raise InputError(f"validation must be {known}{why}, but got {got}")
        x, y, mask, padding = (self.placed_for(model, array) for array in (*validation, None, None)[:4])
        self._require_data(**{"x of validation": x, "y of validation": y})
        return lambda: self.number(loss(_scores(model, x, padding), y, mask)[0])


class Monitor:
    """What is watched while a model trains: the history, the best parameters, and whether to stop."""

    def __init__(
        self,
        training: Training,
        model: Any,
        validation_loss: Callable[[], float] | None = None,
        patience: int | None = None,
    ):
        self.training, self.model = training, model
        self.validation_loss, self.patience = validation_loss, patience
        self.history = History()
        self.lowest = math.inf
        self.best = {name: training.copy_of(array) for name, array in model.params.items()}

    def validate(self, step: int) -> None:
        """Measure the loss on the validation data, every tenth step."""
        if self.validation_loss is not None and step % VALIDATE_EVERY == 0:
            with self.watching(step):
                self.history.validation.append(self.validation_loss())
            self._offer(step, self.history.validation[-1])

    def stops_at(self, step: int, loss: Any) -> bool:
        """Note a step's loss and say whether patience has run out; the model then has its best parameters back."""
        value = self.training.number(loss)
        self.history.loss.append(value)
        if self.validation_loss is None:
            self._offer(step, value)
        if self.patience is not None and step - self.history.best_step >= self.patience:
            self._put_back()
            self.history.stopped_early = True
        elif not math.isfinite(value):
            self._give_up(f"the loss became {value} at step {step}")
        return self.history.stopped_early

    def require_finite_gradients(self, step: int) -> None:
        """Give up if a gradient holds NaN or infinity."""
        for name, gradient in self.model.grads.items():
            if not self.training.is_finite(gradient):
                self._give_up(f"the gradient of {name} holds NaN or infinity at step {step}")

    @contextmanager
    def watching(self, step: int) -> Iterator[None]:
        """Give up where a layer or loss refuses NaN: the data have been checked, so it came from training."""
        try:
            yield
        except NotFiniteError as error:
            self._give_up(f"the net's numbers stopped being finite at step {step} ({error})")

    def _offer(self, step: int, loss: float) -> None:
        """Keep the parameters if their loss is the lowest so far."""
        if loss < self.lowest:
            self.lowest, self.history.best_step = loss, step
            _fill(self.best, self.model.params, self.training.detached)

    def _put_back(self) -> None:
        _fill(self.model.params, self.best, self.training.detached)

    def _give_up(self, what: str) -> None:
        self._put_back()
        raise TrainingError(
            f"{what}; try a smaller learning rate or clip=1.0 in the optimizer. "
            f"The model holds its best parameters, those of step {self.history.best_step}",
            self.history,
        )


def progress(items: Iterable, what: str) -> Iterable:
    """Return `items` with a progress bar for a loop that trains several models; it appears after two seconds."""
    return _with_bar(items, True, desc=what)


def _with_bar(items: Iterable, shown: bool, **more: Any) -> Iterable:
    """Return the items, behind a bar once they take long; without one if TQDM_DISABLE is set."""
    return items if not shown or os.environ.get("TQDM_DISABLE") else _behind_a_late_bar(items, **more)


def _behind_a_late_bar(items: Iterable, **more: Any) -> Iterator:
    """Yield the items, with a bar from BAR_AFTER_SECONDS on.

    tqdm's own `delay` only hides the bar, which costs more than many a short training.
    """
    began, bar = time.monotonic(), None
    try:
        for done, item in enumerate(items):
            if bar is None and time.monotonic() - began >= BAR_AFTER_SECONDS:
                # Training itself needs no bar, so a machine that only computes, such as a server with a GPU, needs no
                # tqdm.
                from tqdm import tqdm

                if _in_a_notebook():  # each bar has a line of its own, so none has to move to its place
                    more |= {"file": _Line(), "position": 0}
                bar = tqdm(total=length_hint(items) or None, initial=done, leave=False, **more)
            yield item
            if bar is not None:
                bar.update()
    finally:
        if bar is not None:
            bar.close()


class _Line:
    """A file whose latest content the notebook shows, always in the same place.

    tqdm's own bar for notebooks consists of ten widgets. A cell that trains hundreds of times hands thousands of them
    to the page, and a notebook that was saved says "Error displaying widget" where they had been.
    """

    encoding = "utf-8"

    def __init__(self):
        from IPython.display import display

        self._shown = display({"text/plain": ""}, raw=True, display_id=True)

    def write(self, text: str) -> None:
        if text.strip("\n"):
            self._shown.update({"text/plain": text.strip()}, raw=True)

    def flush(self) -> None:
        """Do nothing: what is written is shown at once."""


def _in_a_notebook() -> bool:
    """Say whether a Jupyter kernel runs the code, without importing IPython where it is not there."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return hasattr(shell, "kernel")


def _scores(model: Any, x: Any, padding: Any) -> Any:
    return model.forward(x) if padding is None else model.forward(x, mask=padding)


def _take(array: Any, chosen: Any, axis: int) -> Any:
    if array is None:
        return None
    return array[chosen] if axis == 0 else array[:, chosen]


def _fill(into: Any, arrays: Any, detached: Callable[[Any], Any]) -> None:
    """Copy numbers into arrays that stay where they are."""
    for name, array in arrays.items():
        detached(into[name])[...] = detached(array)
