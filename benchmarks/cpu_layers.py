"""Layers on one CPU core: python benchmarks/cpu_layers.py prints the tables, with the targets beside the figures.

Forward, backward and all gradients, float32. A ratio below 1 means that ours is faster.
"""

from __future__ import annotations

import argparse
import platform
import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # timing first: it limits the threads before NumPy is loaded
from timing import geometric_mean, medians, pin  # isort: skip

import numpy as np
import torch
from contenders import TEXTBOOK, Floor, by_gate, packed_lstm, torch_loop

from rnncourse import in_numpy

SHAPES = [
    (32, 35, 28, 256),
    (1, 25, 65, 100),
    (64, 100, 64, 128),
    (16, 50, 32, 64),
    (32, 100, 1, 128),
    (64, 100, 10, 64),
    (32, 50, 2, 32),
    (128, 256, 512, 512),
]
# The targets for ours / torch.nn: at each shape, and for the geometric mean.
WORST = {"LSTM": 1.3, "RNN": 1.0, "GRU": None}
MEAN = {"LSTM": 1.15, "RNN": None, "GRU": None}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=6, help="for each shape and layer")
    parser.add_argument(
        "--shapes", type=int, nargs="*", default=range(len(SHAPES)), help="which, by number from 0"
    )
    parser.add_argument("--tables", nargs="*", default=["LSTM", "RNN", "GRU", "last", "characters"])
    options = parser.parse_args()
    pin()
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}, torch {torch.__version__}"
    print(f"{versions}; one core, one thread; medians of processor time\n")
    for kind in ("LSTM", "RNN", "GRU"):
        if kind in options.tables:
            table(kind, [SHAPES[k] for k in options.shapes], options.seconds)
    if "last" in options.tables:
        last_step(options.seconds)
    if "characters" in options.tables:
        characters(options.seconds)


def table(kind: str, shapes: list[tuple[int, int, int, int]], seconds: float) -> None:
    """Print ours against each contender, shape by shape."""
    print(f"### {kind}\n")
    rivals = ["textbook", "readable loop", *(["packed loop"] if kind == "LSTM" else []), "torch loop"]
    heads = [
        "B, T, D, H",
        "ours, ms",
        "ours / torch.nn",
        "ours / floor",
        *(f"{name} / ours" for name in rivals),
    ]
    print(f"| {' | '.join(heads)} |\n|:--|--:|:--|:--|:--|{'--:|' * (len(rivals) - 1)}")
    ratios = []
    for shape in shapes:
        B, _, _, H = shape
        taken = medians(contenders(kind, *shape), seconds)
        ours = taken["ours"]
        ratios.append(ours / taken["torch.nn"])
        judged = [
            judge(ratios[-1], "<", WORST[kind]),
            judge(ours / taken["floor"], *against_floor(kind, B, H)),
            judge(taken["textbook"] / ours, ">", 2.8 if kind == "LSTM" else None),
        ]
        figures = [f"{1000 * ours:.2f}", *judged, *(f"{taken[name] / ours:.1f}" for name in rivals[1:])]
        print(f"| {shape} | {' | '.join(figures)} |", flush=True)
    mean = judge(geometric_mean(ratios), "<", MEAN[kind])
    print(f"\ngeometric mean of ours / torch.nn: {mean}\n")


def against_floor(kind: str, B: int, H: int) -> tuple[str, float | None]:
    """Return the target for ours / floor."""
    targets = {"LSTM": 1.4 if B * H >= 8192 else 2.0, "RNN": 1.3 if H >= 128 else 1.6, "GRU": None}
    return "<", targets[kind]


def judge(ratio: float, side: str, target: float | None) -> str:
    """Return a figure with its target, and whether it is met."""
    if target is None:
        return f"{ratio:.2f}"
    met = ratio <= target if side == "<" else ratio >= target
    return f"{ratio:.2f} (target {'≤' if side == '<' else '≥'} {target:g}{'' if met else ', missed'})"


def contenders(kind: str, B: int, T: int, D: int, H: int) -> dict:
    """Return what is timed, by name: the same layer with the same numbers, again and again, and the floor."""
    rng = np.random.default_rng(0)
    ours = getattr(in_numpy, kind)(D, H, rng=rng)
    x = rng.standard_normal((T, B, D)).astype(np.float32)
    dh = rng.standard_normal((T, B, H)).astype(np.float32)
    module = getattr(torch.nn, kind)(D, H)
    x_t, dh_t = torch.from_numpy(x).requires_grad_(), torch.from_numpy(dh)
    p = {name: torch.tensor(array, requires_grad=True) for name, array in ours.params.items()}

    def run_ours() -> None:
        ours.forward(x)
        ours.backward(dh)

    def run_torch_nn() -> None:
        module.zero_grad()
        x_t.grad = None
        module(x_t)[0].backward(dh_t)

    def run_torch_loop() -> None:
        for tensor in (x_t, *p.values()):
            tensor.grad = None
        torch_loop(kind, p, x_t, dh_t)

    as_written = by_gate(ours.params) if kind == "LSTM" else ours.params
    readable = getattr(in_numpy, kind)(D, H, rng=np.random.default_rng(0))
    readable.cell = type("ReadableCell", (type(ours.cell),), {})()  # a cell that fast.py does not know

    def run_readable() -> None:
        readable.forward(x)
        readable.backward(dh)

    runs = {
        "ours": run_ours,
        "readable loop": run_readable,
        "torch.nn": run_torch_nn,
        "floor": Floor(kind, B, T, D, H).run,
        "textbook": lambda: TEXTBOOK[kind](as_written, x, dh),
        "torch loop": run_torch_loop,
    }
    if kind == "LSTM":
        runs["packed loop"] = lambda: packed_lstm(ours.params, x, dh)
    return runs


def last_step(seconds: float) -> None:
    """Print what a loss on the last step costs, compared with a loss on every step."""
    print(
        "### Loss on the last step only, T = 300\n\n| layer | B, D, H | last / dense (target ≤ 1) |\n|:--|:--|--:|"
    )
    for kind in ("RNN", "LSTM", "GRU"):
        for B, D, H in ((32, 8, 64), (64, 2, 128)):
            rng = np.random.default_rng(0)
            layer = getattr(in_numpy, kind)(D, H, rng=rng)
            x = rng.standard_normal((300, B, D)).astype(np.float32)
            dense = rng.standard_normal((300, B, H)).astype(np.float32)
            last = np.zeros_like(dense)
            last[-1] = dense[-1]
            layer.forward(x)
            losses = {"dense": dense, "last": last}
            taken = medians({name: partial(layer.backward, d) for name, d in losses.items()}, seconds / 4)
            print(f"| {kind} | {(B, D, H)} | {judge(taken['last'] / taken['dense'], '<', 1.0)} |")
    print()


def characters(seconds: float) -> None:
    """Print how many characters per second a character model learns from, against the textbook's loop."""
    V, H, T = 65, 100, 25
    print("### Character model, H = 100, T = 25, V = 65, Adagrad with clipping\n")
    print("| streams | textbook characters / s | ours / textbook |\n|--:|--:|:--|")
    base = None
    for B, target in ((1, 6.0), (64, 18.0)):
        rng = np.random.default_rng(0)
        tokens = rng.integers(0, V, (T + 1, B))
        net = in_numpy.RecurrentNet(in_numpy.RNN(V, H, rng=rng), V, rng=rng)
        runs = {"ours": our_training(net, tokens, V)}
        if base is None:
            runs["textbook"] = textbook_training(
                {k: a.copy() for k, a in net.params.items()}, tokens[:, 0], V
            )
        taken = medians(runs, seconds)
        base = base or T / taken["textbook"]
        print(f"| {B} | {base:.0f} | {judge(T * B / taken['ours'] / base, '>', target)} |")
    print("\nThe textbook's loop has one stream, so both rows are measured against the same loop.")


def our_training(net: in_numpy.RecurrentNet, tokens: np.ndarray, V: int):
    """Return a function that trains on one window, the state carried over."""
    optimizer, state = in_numpy.Adagrad(lr=0.1, clip=5.0), [None]
    one_hot = np.eye(V, dtype=np.float32)

    def step() -> None:
        s = net.forward(one_hot[tokens[:-1]], state[0])
        state[0] = net.state_T
        _, ds = in_numpy.softmax_cross_entropy(s, tokens[1:])
        net.backward(ds)
        optimizer.step(net.params, net.grads)

    return step


def textbook_training(p: dict, tokens: np.ndarray, V: int):
    """Return the same as a loop over columns, as the well-known short programs for character models have it."""
    p = {name: (a.T.copy() if a.ndim == 2 else a[:, None].copy()) for name, a in p.items()}
    memory = {name: np.zeros_like(a) for name, a in p.items()}
    carried = [np.zeros((len(p["b_h"]), 1), np.float32)]

    def step() -> None:
        xs, hs, ps = {}, {-1: carried[0]}, {}
        T = len(tokens) - 1
        for t in range(T):
            xs[t] = np.zeros((V, 1), np.float32)
            xs[t][tokens[t]] = 1
            hs[t] = np.tanh(p["W_xh"] @ xs[t] + p["W_hh"] @ hs[t - 1] + p["b_h"])
            s = p["W_hy"] @ hs[t] + p["b_y"]
            e = np.exp(s - s.max())
            ps[t] = e / e.sum()
        grads = {name: np.zeros_like(a) for name, a in p.items()}
        dh_next = np.zeros_like(hs[0])
        for t in reversed(range(T)):
            ds = ps[t].copy()
            ds[tokens[t + 1]] -= 1
            ds /= T
            grads["W_hy"] += ds @ hs[t].T
            grads["b_y"] += ds
            da = (p["W_hy"].T @ ds + dh_next) * (1 - hs[t] ** 2)
            grads["b_h"] += da
            grads["W_xh"] += da @ xs[t].T
            grads["W_hh"] += da @ hs[t - 1].T
            dh_next = p["W_hh"].T @ da
        carried[0] = hs[T - 1]
        norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
        for name, g in grads.items():
            g *= min(1, 5.0 / norm)
            memory[name] += g**2
            p[name] -= 0.1 * g / (np.sqrt(memory[name]) + 1e-10)

    return step


if __name__ == "__main__":
    main()
