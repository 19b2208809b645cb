"""LSTM on a CUDA GPU: python benchmarks/gpu_layers.py prints ours beside cuDNN's and beside an eager loop.

Forward, backward and all gradients, after a comparison of the numbers with cuDNN's. "graph": one kernel and one
product a step, recorded in a CUDA graph. "one launch": Triton takes all steps at once, where the weights fit on
the chip. Without a CUDA GPU it says so and measures nothing. About two minutes.

    python benchmarks/gpu_layers.py [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import torch

from rnncourse import in_torch
from rnncourse.bridge import to_torch
from rnncourse.in_torch.fast.ways import lstm_way

SHAPES = [(16, 1024, 64, 64), (64, 256, 128, 128), (32, 35, 28, 256), (16, 1024, 768, 768)]  # B, T, D, H
SETTINGS = {  # dtype, TF32 in our products and in cuDNN, how far numbers may be from cuDNN's
    "float32": (torch.float32, False, 1e-3),
    "float32, TF32": (torch.float32, True, 2e-2),
    "bfloat16": (torch.bfloat16, False, 1e-1),
}
# The second run records, so four are enough for everything to settle.
WARM_UPS, ROUNDS = 4, 15
# An eager loop takes a hundred times as long as the others: its median settles sooner.
SLOW_ROUNDS, SLOW_MS = 5, 100
HEAD = [
    "numbers",
    "B, T, D, H",
    "cuDNN, ms",
    "graph, ms",
    "graph / cuDNN (≤ 3)",
    "eager loop / graph (≥ 25)",
    "one launch, ms",
    "one launch / cuDNN (≤ 1.2)",
]
Runs = dict[str, Callable[[], tuple[torch.Tensor, ...]]]


def main() -> None:
    """Compare, measure and print; store everything in the file named by --json."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--json", type=Path, help="file for the numbers")
    into = arguments.parse_args().json
    if not torch.cuda.is_available():
        sys.exit("no CUDA GPU here: nothing measured")
    print(machine(), end="\n\n")
    print(f"| {' | '.join(HEAD)} |\n|:--|:--|{'--:|' * (len(HEAD) - 2)}", flush=True)
    found = [measured(name, shape) for name in SETTINGS for shape in SHAPES]
    if into:
        into.write_text(json.dumps({"machine": machine(), "rows": found}, indent=1) + "\n", encoding="utf-8")
    if any(row["wrong"] for row in found):
        sys.exit("some numbers are wrong: see the table")


def measured(name: str, shape: tuple[int, ...]) -> dict:
    """Compare and time all contenders at one setting and shape, print the row, and return its numbers."""
    dtype, tf32, within = SETTINGS[name]
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    runs = contenders(*shape, dtype)
    for run in runs.values():
        for _ in range(WARM_UPS):
            run()
    apart = {contender: distance(contender, runs) for contender in runs}
    wrong = [f"{contender} is {far:.1e} from cuDNN" for contender, far in apart.items() if not far <= within]
    ms = measure(runs)
    print(row(name, shape, ms, wrong), flush=True)
    return {"numbers": name, "B, T, D, H": shape, "ms": ms, "distance from cuDNN": apart, "wrong": wrong}


def machine() -> str:
    """Return what was measured on, and with what."""
    asked = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader", "--id=0"]
    try:
        driver = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        driver = "unknown"
    try:
        triton = version("triton")
    except PackageNotFoundError:
        triton = "absent"
    return (
        f"{torch.cuda.get_device_name()}, driver {driver}, torch {torch.__version__}, CUDA {torch.version.cuda}, "
        f"cuDNN {torch.backends.cudnn.version()}, Triton {triton}; median of {ROUNDS} rounds"
    )


def contenders(B: int, T: int, D: int, H: int, dtype: torch.dtype) -> Runs:
    """Return what is timed, by name; each returns h, dx and the gradients of the input's and state's weights."""
    ours = in_torch.LSTM(D, H, rng=np.random.default_rng(0))
    module = to_torch(ours).to("cuda", dtype)
    # Otherwise cuDNN copies the weights into one piece at every call.
    module.flatten_parameters()
    for name, tensor in ours.params.items():
        ours.params[name] = tensor.detach().to("cuda", dtype).requires_grad_()
    generator = torch.Generator("cuda").manual_seed(0)
    x, dh = (torch.randn(T, B, n, device="cuda", dtype=dtype, generator=generator) for n in (D, H))
    x.requires_grad_()

    def in_our_way(way: str) -> Callable[[], tuple[torch.Tensor, ...]]:
        def run() -> tuple[torch.Tensor, ...]:
            ours.way = way
            h, _ = ours.forward(x)
            dx, _ = ours.backward(dh)
            return h, dx, ours.grads["W_x"], ours.grads["W_h"]

        return run

    def cudnn() -> tuple[torch.Tensor, ...]:
        h, _ = module(x)
        dx, dW_x, dW_h, *_ = torch.autograd.grad(h, [x, *module.parameters()], dh)
        return h, dx, dW_x.T, dW_h.T

    def eager_loop() -> tuple[torch.Tensor, ...]:
        h_t = c_t = torch.zeros(B, H, device="cuda", dtype=dtype)
        states = []
        for x_t in x:
            h_t, c_t = in_torch.lstm_step(x_t, h_t, c_t, ours.params)
            states.append(h_t)
        h = torch.stack(states)
        dx, *grads = torch.autograd.grad(h, [x, *ours.params.values()], dh)
        of = dict(zip(ours.params, grads, strict=True))
        return h, dx, of["W_x"], of["W_h"]

    runs = {"cuDNN": cudnn, "graph": in_our_way("step"), "eager loop": eager_loop}
    if lstm_way("sequence", H, dtype, x.device) == "sequence":
        runs["one launch"] = in_our_way("sequence")
    return runs


def distance(name: str, runs: Runs) -> float:
    """Return how far a contender's numbers are from cuDNN's, relative to the largest of them; NaN stays NaN."""
    pairs = zip(runs[name](), runs["cuDNN"](), strict=True)
    apart = [((a - b).abs().max() / b.abs().max()).item() for a, b in pairs]
    return float(np.max(apart))


def measure(runs: Runs) -> dict[str, float]:
    """Return each contender's median milliseconds, all of them in turn."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(ROUNDS):
        for name, run in runs.items():
            if turn < SLOW_ROUNDS or np.median(taken[name]) < SLOW_MS:
                taken[name].append(milliseconds(run))
    return {name: float(np.median(times)) for name, times in taken.items()}


def milliseconds(run: Callable[[], object]) -> float:
    """Return how long a run takes, with the time that Python needs to ask for it."""
    torch.cuda.synchronize()
    started = time.perf_counter()
    run()
    torch.cuda.synchronize()
    return 1000 * (time.perf_counter() - started)


def row(name: str, shape: tuple[int, ...], ms: Mapping[str, float], complaints: Iterable[str]) -> str:
    """Return a row of the table: times, ratios, and whether a target was missed or numbers were wrong."""
    one, over = ms.get("one launch"), ms["cuDNN"]
    cells = [
        name,
        ", ".join(map(str, shape)),
        f"{over:.2f}",
        f"{ms['graph']:.2f}",
        judged(ms["graph"] / over, at_most=3),
        judged(ms["eager loop"] / ms["graph"], at_least=25),
        "–" if one is None else f"{one:.2f}",
        "–" if one is None else judged(one / over, at_most=1.2),
    ]
    return f"| {' | '.join(cells)} |" + "".join(f" WRONG NUMBERS: {complaint}" for complaint in complaints)


def judged(ratio: float, at_most: float = np.inf, at_least: float = 0) -> str:
    """Return a ratio, and whether its target was missed."""
    return f"{ratio:.2f}" + ("" if at_least <= ratio <= at_most else " (missed)")


if __name__ == "__main__":
    main()
