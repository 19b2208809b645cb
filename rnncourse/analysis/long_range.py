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
    forget_bias,
    glorot,
    identity,
    mse,
    orthogonal,
    softmax_cross_entropy,
    uniform,
)

B = 32
SOLVED = 0.95
CHECK_EVERY, CHECK_SIZE = 25, 256
CLIP = 1.0
UNITS = {"RNN": 66, "LSTM": 32}
"""Hidden sizes with which both networks have the same number of parameters, within 5 %, on every task."""
LEARNING_RATES = (1e-3, 3e-3, 1e-2)
T_MAX = 500
"""The longest memory that chrono is told about: the same for every delay, so no network is told the delay."""

_INITIALIZATIONS = {"uniform": uniform, "glorot": glorot, "orthogonal": orthogonal, "identity": identity}


@dataclass(frozen=True)
class Recipe:
    """How a network is built and trained: its activation or "lstm", its initialization, its learning rate.

    forget_bias: a number, or "chrono" for one of each unit's own; for an LSTM only.
    """

    cell: str
    initialization: str
    lr: float
    forget_bias: float | str | None = None

    @property
    def described(self) -> str:
        """The initialization in words, with the forget bias where there is one."""
        name = "Glorot" if self.initialization == "glorot" else self.initialization
        if self.forget_bias is None:
            return name
        bias = f"chrono {T_MAX}" if self.forget_bias == "chrono" else f"bias {self.forget_bias:g}"
        return f"{name}, {bias}"


RECIPES = {
    "sigmoid": Recipe("sigmoid", "uniform", 1e-2),
    "tanh": Recipe("tanh", "uniform", 1e-3),
    "tanh, orthogonal": Recipe("tanh", "orthogonal", 1e-3),
    "ReLU": Recipe("relu", "uniform", 1e-2),
    "leaky ReLU": Recipe("leaky_relu", "uniform", 1e-2),
    "ReLU, identity": Recipe("relu", "identity", 3e-3),
    "LSTM, bias 0": Recipe("lstm", "glorot", 3e-3, 0.0),
    "LSTM, bias 1": Recipe("lstm", "glorot", 1e-2, 1.0),
    "LSTM, bias 3": Recipe("lstm", "glorot", 1e-2, 3.0),
    "LSTM, chrono": Recipe("lstm", "glorot", 1e-2, "chrono"),
}
"""Ten networks of equal size. Each learning rate is the best of LEARNING_RATES: benchmarks/delay_curves.py."""


@dataclass(frozen=True)
class Run:
    """One training run: the score on fresh sequences at the end, 1 at best, and the steps it took."""

    score: float
    steps: int

    @property
    def solved(self) -> bool:
        """Whether the score is at least 0.95."""
        return self.score >= SOLVED


def net_for(recipe: str, D: int, K: int, rng: np.random.Generator) -> RecurrentNet:
    """Return an untrained network of a recipe with D inputs and K answers; recipe is a key of RECIPES."""
    chosen = RECIPES[require_choice("recipe", recipe, tuple(RECIPES))]
    gated = chosen.cell == "lstm"
    layer = LSTM(D, UNITS["LSTM"], rng=rng) if gated else RNN(D, UNITS["RNN"], chosen.cell, rng=rng)
    _INITIALIZATIONS[chosen.initialization](layer, rng)
    if chosen.forget_bias == "chrono":
        chrono(layer, T_max=T_MAX, rng=rng)
    elif chosen.forget_bias is not None:
        forget_bias(layer, chosen.forget_bias)
    return RecurrentNet(layer, K, rng=rng)


def learn_task(
    recipe: str, task: str, delay: int, seed: int, steps: int = 600, lr: float | None = None
) -> Run:
    """Train a network of a recipe on fresh batches of a task until it is solved, or for `steps` steps.

    task: copy, adding or recall. Adam, batches of 32, gradients clipped at 1. Every 25 steps the network answers
    256 sequences that it has not seen. lr: None for the recipe's own learning rate.
    """
    require_count("steps", steps)
    rng = np.random.default_rng([require_count("seed", seed, least=0), require_count("delay", delay)])
    net = net_for(recipe, *tasks.SIZES[require_choice("task", task, tuple(tasks.SIZES))], rng)
    lr = RECIPES[recipe].lr if lr is None else lr
    return learn(net, lambda n: tasks.draw(task, delay, n, rng), lr, steps)


def learn(net: RecurrentNet, draw: Callable[[int], tasks.TaskBatch], lr: float, steps: int) -> Run:
    """Train `net` on batches from draw(B) until its score on fresh ones is 0.95; return how far it came.

    A run whose outputs overflow has blown up: it ends there, with a score of 0.
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

    Guessing scores 1/4 where the answer is one of four symbols, and 0 where it is a number. A net whose outputs
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
    """Return what net.forward returns, or None where states or outputs are too large for their squares."""
    h, _ = net.layer.forward(x)
    if not np.isfinite(h).all():
        return None
    s = net.readout.forward(h)
    return s if np.isfinite(s**2).all() else None
