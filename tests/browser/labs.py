"""Every lab of the course, as large as the chapters show it, with networks that need not be trained."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rnncourse import data, in_numpy
from rnncourse.data import Vocabulary
from rnncourse.widgets import (
    attention_lab,
    credit_lab,
    drift_lab,
    gate_lab,
    gradient_lab,
    jar_lab,
    memory_lab,
    memory_stepper,
    sampler,
    sentence_lab,
    state_lab,
    window_lab,
    wiring_lab,
)
from rnncourse.widgets._fallback import ReadableWidget

WORDS = ["saturday", "the", "twenty", "first", "of", "september", "ninety", "eight"]
LETTERS = Vocabulary(list("\n !,-.;?ABCDEabcdefghijklmnoprstuvwy"))


def window() -> ReadableWidget:
    """Return the window on a network that forecasts what it saw in the last year, more or less."""
    years, series = data.sunspots()
    scaler = data.Scaler.fit(series[years < 1900])
    x, y = (
        np.lib.stride_tricks.sliding_window_view(scaler.apply(series), 3)[:-1],
        scaler.apply(series)[3:, None],
    )
    net = in_numpy.MLP((3, 8, 1), rng=np.random.default_rng(0), dtype="float64")
    in_numpy.fit(net, x.copy(), y, loss=in_numpy.mse, optimizer=in_numpy.Adam(0.05), steps=60)
    return window_lab(years, series, net, scaler)


def drift() -> ReadableWidget:
    """Return five words that begin near 0 and end in five places, with each of five seeds."""
    rng = np.random.default_rng(4)
    starts, ends = 0.3 * rng.normal(size=(5, 1, 5, 2)), 2 * rng.normal(size=(5, 1, 5, 2))
    share = np.linspace(0, 1, 92)[None, :, None, None]
    updates = [*range(60), *range(60, 300, 10), *range(300, 1001, 100)]
    words = ["Doug", "saw", "Jane", "period", "Spot"]
    return drift_lab(starts + share * (ends - starts), words, updates, together=["Doug", "Jane", "Spot"])


def dinners(net: bool) -> ReadableWidget:
    """Return a cell over four days, or a network with an answer for each of 61."""
    rnn = in_numpy.RNN(3, 2, rng=np.random.default_rng(5), dtype="float64")
    rnn.params["b_h"][:] = [0.25, -0.5]
    if not net:
        return state_lab(rnn, data.DINNERS, ["bread", "rice", None, "bread"])
    answers = [data.DINNERS[k % 3] for k in range(1, 62)]
    whole = in_numpy.RecurrentNet(rnn, 3, rng=np.random.default_rng(1))
    return state_lab(whole, data.DINNERS, ["bread"] + [None] * 60, answers)


def credit() -> ReadableWidget:
    """Return eight steps with their paths, cut after four."""
    rng = np.random.default_rng(3)
    shapes = {"W_xh": (2, 5), "W_hh": (5, 5), "b_h": (5,), "W_hy": (5, 6), "b_y": (6,), "h0": (3, 5)}
    p = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    lab = credit_lab(p, rng.normal(size=(8, 3, 2)), rng.integers(6, size=(8, 3)))
    lab.k2 = 4
    return lab


def attention() -> ReadableWidget:
    """Return the dates of chapter 07, one of them with eight words."""
    rng = np.random.default_rng(2)
    shown = [WORDS, WORDS[3:6] + WORDS[6:], ["may", "2", "03"]]
    return attention_lab(
        [(rng.dirichlet(np.full(len(read), 0.4), size=10), read, list("1998-09-21")) for read in shown]
    )


def writer() -> in_numpy.RecurrentNet:
    """Return a network that writes letters in no order."""
    rng = np.random.default_rng(3)
    net = in_numpy.RecurrentNet(in_numpy.LSTM(len(LETTERS), 16, rng=rng), len(LETTERS), rng=rng)
    for name in net.params:
        net.params[name] = 4 * net.params[name]
    return net


def book() -> Vocabulary:
    """Return the vocabulary of the children's book."""
    return Vocabulary.from_tokens(data.tokenize(data.CHILDRENS_BOOK))


LABS: dict[str, Callable[[], ReadableWidget]] = {
    "jar": lambda: jar_lab(keep=0.8),
    "window": window,
    "memory": lambda: memory_lab(remembered=4),
    "memory stepper": lambda: memory_stepper(data.memory_game(4, 3, np.random.default_rng(3))),
    "sentence": lambda: sentence_lab(book(), text=data.CHILDRENS_BOOK),
    "sentence, matrix": lambda: sentence_lab(book(), np.ones((5, 3)), text="Spot saw Jane."),
    "drift": drift,
    "state": lambda: dinners(net=False),
    "state, answers": lambda: dinners(net=True),
    "credit": credit,
    "gradient": lambda: gradient_lab("tanh", T=100),
    "gate": lambda: gate_lab(preset="remember"),
    "network": lambda: gate_lab(network=writer(), vocabulary=LETTERS, prompt="Dear Alice, ", unit=3),
    "wiring": lambda: wiring_lab("many-to-one"),
    "attention": attention,
    "sampler": lambda: sampler(writer(), LETTERS, "Alice ", temperature=0.5),
}
