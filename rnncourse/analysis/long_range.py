"""How far back a net can learn to look: training on tasks with a known delay, and on sentences with a gap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rnncourse.arguments import require_choice, require_count
from rnncourse.data import tasks
from rnncourse.in_numpy import (
    LSTM,
    RNN,
    Adam,
    RecurrentNet,
    chrono,
    glorot,
    identity,
    mse,
    softmax_cross_entropy,
)

H, B = 32, 32
SOLVED = 0.95
CHECK_EVERY, CHECK_SIZE = 25, 256
CLIP = 1.0
RECIPES = {  # name: learning rate
    "sigmoid": 3e-3,
    "tanh": 3e-3,
    "relu": 3e-3,
    "leaky_relu": 3e-3,
    "identity relu": 1e-3,
    "lstm": 1e-2,
}


@dataclass(frozen=True)
class Run:
    """One training run: the score on fresh sequences at the end, 1 at best, and the steps it took."""

    score: float
    steps: int

    @property
    def solved(self) -> bool:
        """Whether the score is at least 0.95."""
        return self.score >= SOLVED


def net_for(recipe: str, D: int, K: int, delay: int, rng: np.random.Generator) -> RecurrentNet:
    """Return an untrained net: U(±1/√H) for the four activations, the identity start, or the LSTM with chrono.

    recipe: sigmoid, tanh, relu, leaky_relu, "identity relu" or lstm. D, K: inputs and answers.
    """
    require_choice("recipe", recipe, tuple(RECIPES))
    require_count("delay", delay)
    if recipe == "lstm":
        layer = chrono(glorot(LSTM(D, H, rng=rng), rng), T_max=max(delay, 3), rng=rng)
    elif recipe == "identity relu":
        layer = identity(RNN(D, H, "relu", rng=rng), rng)
    else:
        layer = RNN(D, H, recipe, rng=rng)
    return RecurrentNet(layer, K, rng=rng)


def learn_task(recipe: str, task: str, delay: int, seed: int, steps: int = 600) -> Run:
    """Train a net of the recipe on fresh batches of a task until it is solved, or for `steps` steps.

    task: copy, adding or recall. Adam, batches of 32, gradients clipped at 1. Every 25 steps the net answers
    256 sequences that it has not seen.
    """
    require_count("steps", steps)
    rng = np.random.default_rng([require_count("seed", seed, least=0), require_count("delay", delay)])
    net = net_for(recipe, *tasks.SIZES[require_choice("task", task, tuple(tasks.SIZES))], delay, rng)
    return learn(net, lambda n: tasks.draw(task, delay, n, rng), RECIPES[recipe], steps)


def learn(net: RecurrentNet, draw: Callable[[int], tasks.TaskBatch], lr: float, steps: int) -> Run:
    """Train `net` on batches from draw(B) until its score on fresh ones is 0.95; return how far it came.

    A run whose scores overflow has blown up: it ends there, with a score of 0.
    """
    optimizer = Adam(lr=lr, clip=CLIP)
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(steps):
            if step % CHECK_EVERY == 0 and score(net, draw(CHECK_SIZE)) >= SOLVED:
                break
            x, y, mask = draw(B)
            s = _scores(net, x)
            if s is None:
                return Run(0.0, step)
            _, ds = (mse if y.ndim == 3 else softmax_cross_entropy)(s, y, mask)
            net.backward(ds)
            optimizer.step(net.params, net.grads)
        else:
            step = steps
        return Run(score(net, draw(CHECK_SIZE)), step)


def score(net: RecurrentNet, batch: tasks.TaskBatch) -> float:
    """Return the share of right answers; where answers are numbers, the share of their variance explained, at least 0.

    Guessing scores 1/4 where the answer is one of four symbols, and 0 where it is a number. A net whose scores
    overflow scores 0.
    """
    x, y, mask = batch
    s = _scores(net, x)
    asked = mask > 0
    if s is None:
        return 0.0
    if y.ndim == 3:
        return max(0.0, 1 - float(((s - y)[asked] ** 2).mean() / y[asked].var()))
    return float((s.argmax(axis=-1) == y)[asked].mean())


def _scores(net: RecurrentNet, x: np.ndarray) -> np.ndarray | None:
    """Return what net.forward returns, or None where states or scores are too large for their squares."""
    h, _ = net.layer.forward(x)
    if not np.isfinite(h).all():
        return None
    s = net.readout.forward(h)
    return s if np.isfinite(s**2).all() else None
