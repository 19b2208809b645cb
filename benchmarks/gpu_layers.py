"""LSTM on a CUDA GPU: python benchmarks/gpu_layers.py prints ours beside cuDNN's and beside an eager loop.

Forward, backward and all gradients. Without a CUDA GPU it says so and measures nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import torch

from rnncourse import in_torch

SHAPES = [(16, 1024, 64, 64), (64, 256, 128, 128), (32, 35, 28, 256), (16, 1024, 768, 768)]
ROUNDS = 15
AGAINST_CUDNN, AGAINST_EAGER = 3.0, 25.0


def main() -> None:
    """Measure and print."""
    if not torch.cuda.is_available():
        sys.exit("no CUDA GPU here: nothing measured")
    tf32 = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, CUDA {torch.version.cuda}, ", end="")
    print(f"cuDNN {torch.backends.cudnn.version()}; TF32 in products {tf32[0]}, in cuDNN {tf32[1]}\n")
    print("| dtype | B, T, D, H | ours, ms | ours / cuDNN (target ≤ 3) | eager loop / ours (target ≥ 25) |")
    print("|:--|:--|--:|:--|:--|")
    for dtype in (torch.float32, torch.bfloat16):
        for shape in SHAPES:
            taken = measure(contenders(*shape, dtype))
            ratio, gain = taken["ours"] / taken["cuDNN"], taken["eager loop"] / taken["ours"]
            figures = [
                f"{taken['ours']:.2f}",
                judge(ratio, ratio <= AGAINST_CUDNN),
                judge(gain, gain >= AGAINST_EAGER),
            ]
            print(f"| {str(dtype).removeprefix('torch.')} | {shape} | {' | '.join(figures)} |", flush=True)


def judge(ratio: float, met: bool) -> str:
    """Return a ratio, and whether its target was missed."""
    return f"{ratio:.2f}" + ("" if met else " (missed)")


def contenders(B: int, T: int, D: int, H: int, dtype: torch.dtype) -> dict[str, Callable[[], None]]:
    """Return what is timed, by name."""
    ours = in_torch.LSTM(D, H, rng=np.random.default_rng(0))
    for name, tensor in ours.params.items():
        ours.params[name] = tensor.detach().to("cuda", dtype).requires_grad_()
    module = torch.nn.LSTM(D, H, device="cuda", dtype=dtype)
    x = torch.randn(T, B, D, device="cuda", dtype=dtype, requires_grad=True)
    dh = torch.randn(T, B, H, device="cuda", dtype=dtype)

    def run_ours() -> None:
        ours.forward(x)
        ours.backward(dh)

    def run_cudnn() -> None:
        torch.autograd.grad(module(x)[0], [x, *module.parameters()], dh)

    def run_eager() -> None:
        h_t = c_t = torch.zeros(B, H, device="cuda", dtype=dtype)
        h = []
        for x_t in x:
            h_t, c_t = in_torch.lstm_step(x_t, h_t, c_t, ours.params)
            h.append(h_t)
        torch.autograd.grad(torch.stack(h), [x, *ours.params.values()], dh)

    return {"ours": run_ours, "cuDNN": run_cudnn, "eager loop": run_eager}


def measure(runs: dict[str, Callable[[], None]]) -> dict[str, float]:
    """Return each contender's median milliseconds, all of them in turn."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for round_ in range(ROUNDS + 3):
        for name, run in runs.items():
            start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            torch.cuda.synchronize()
            start.record()
            run()
            end.record()
            torch.cuda.synchronize()
            if round_ >= 3:  # the first rounds record graphs and warm up
                taken[name].append(start.elapsed_time(end))
    return {name: float(np.median(times)) for name, times in taken.items()}


if __name__ == "__main__":
    main()
