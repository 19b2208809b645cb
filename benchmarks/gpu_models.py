"""The course's larger models on a CUDA GPU: time and memory of a training step, and the same step on the CPU.

    python benchmarks/gpu_models.py [--json FILE]

A step is what in_torch.fit does: forward pass, loss, backward pass, clipping, Adam. The models are those of chapters
07 and 08 in a size that is worth a GPU. Memory is the most that PyTorch held at once, parameters and data included.
Without a CUDA GPU it says so and measures nothing. About a minute.
"""

from __future__ import annotations

import argparse
import json
import runpy
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from rnncourse import in_torch
from rnncourse.in_torch.text_nets import text_net

ON_LAYERS = runpy.run_path(str(Path(__file__).with_name("gpu_layers.py")))
STEPS, CPU_STEPS = 20, 2
WAYS = ("plain", "step")
Step = Callable[[], float]


def main() -> None:
    """Measure every model and print the table; store it in the file named by --json."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--json", type=Path, help="file for the numbers")
    into = arguments.parse_args().json
    if not torch.cuda.is_available():
        sys.exit("no CUDA GPU here: nothing measured")
    print(ON_LAYERS["machine"](), end="\n\n")
    print("| model | way | GPU, ms a step | GPU, MiB | CPU, ms a step | CPU / GPU | loss |")
    print("|:--|:--|--:|--:|--:|--:|--:|", flush=True)
    rows = [row for name, make in MODELS.items() for row in measured(name, make)]
    if into:
        numbers = {"machine": ON_LAYERS["machine"](), "rows": rows}
        into.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")


def measured(name: str, make: Callable[[str, str], Step]) -> list[dict]:
    """Time one model in every way that its loop over steps can run, print its rows and return them."""
    cpu, _ = time_of(make("cpu", "plain"), CPU_STEPS, warm_ups=1)
    rows = []
    for way in WAYS if "LSTM" in name else WAYS[:1]:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        gpu, loss = time_of(make("cuda", way), STEPS, warm_ups=4)
        mib = torch.cuda.max_memory_allocated() / 2**20
        print(
            f"| {name} | {way} | {gpu:.1f} | {mib:.0f} | {cpu:.0f} | {cpu / gpu:.0f} | {loss:.3f} |",
            flush=True,
        )
        rows.append({"model": name, "way": way, "ms": gpu, "MiB": mib, "cpu ms": cpu, "loss": loss})
    return rows


def time_of(step: Step, steps: int, warm_ups: int) -> tuple[float, float]:
    """Return the median milliseconds of a step, and the loss of the last one."""
    for _ in range(warm_ups):
        step()
    times = []
    for _ in range(steps):
        started = time.perf_counter()
        # a float, so the GPU has finished
        loss = step()
        times.append(1000 * (time.perf_counter() - started))
    return float(np.median(times)), loss


def trained(net: in_torch.base.Layer, x: np.ndarray, y: np.ndarray, device: str) -> Step:
    """Return the function that trains the net for one step on all of x and y and returns the loss."""
    optimizer = in_torch.Adam(0.001, clip=1.0)
    x, y = (torch.from_numpy(array).to(device) for array in (x, y))

    def step() -> float:
        value, ds = in_torch.softmax_cross_entropy(net.forward(x), y)
        net.backward(ds)
        optimizer.step(net.params, net.grads)
        return float(value.detach())

    return step


def writer(H: int, B: int, T: int = 96, V: int = 64) -> Callable[[str, str], Step]:
    """Chapter 08's writer: an LSTM that predicts the next of V characters."""

    def make(device: str, way: str) -> Step:
        rng = np.random.default_rng(0)
        net = in_torch.RecurrentNet(in_torch.LSTM(V, H, rng=rng), V, rng=rng).to(device)
        net.layer.way = way
        characters = rng.integers(V, size=(T + 1, B))
        return trained(net, np.eye(V, dtype=np.float32)[characters[:-1]], characters[1:], device)

    return make


def sentiment(kind: str, B: int = 512, T: int = 60, V: int = 2000) -> Callable[[str, str], Step]:
    """Chapter 08's benchmark: a text net that reads T words and answers once."""

    def make(device: str, way: str) -> Step:
        rng = np.random.default_rng(0)
        net = text_net(kind, V, T, budget=V * 64 + 300_000, E=64, rng=rng).to(device)
        if kind == "lstm":
            net.layer.way = way
        return trained(net, rng.integers(V, size=(T, B)), rng.integers(2, size=(1, B)), device)

    return make


def dates(
    B: int = 512, H: int = 256, K: int = 48, T: int = 30, T_out: int = 11
) -> Callable[[str, str], Step]:
    """Chapter 07's reader of dates: an encoder-decoder of two GRUs with attention."""

    def make(device: str, way: str) -> Step:
        rng = np.random.default_rng(0)
        net = in_torch.AttentionEncoderDecoder(K, K, H, rng=rng).to(device)
        one_hot = np.eye(K, dtype=np.float32)
        x, y = one_hot[rng.integers(K, size=(T, B))], rng.integers(K, size=(T_out, B))
        before = torch.from_numpy(np.concatenate([one_hot[np.zeros((1, B), int)], one_hot[y[:-1]]])).to(
            device
        )
        forward = net.forward
        net.forward = lambda x: forward(x, before)
        return trained(net, x, y, device)

    return make


MODELS = {
    "writer, LSTM H = 128, B = 64": writer(128, 64),
    "writer, LSTM H = 512, B = 32": writer(512, 32),
    "writer, LSTM H = 512, B = 256": writer(512, 256),
    "film notes, LSTM, B = 512": sentiment("lstm"),
    "film notes, attention, B = 512": sentiment("attention"),
    "dates, GRUs with attention, H = 256, B = 512": dates(),
}

if __name__ == "__main__":
    main()
