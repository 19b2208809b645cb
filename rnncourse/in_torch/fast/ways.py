"""Which way an LSTM's loop over steps runs: whether there is Triton, and room for the weights on the chip."""

from __future__ import annotations

import warnings
from functools import cache
from importlib.util import find_spec

import torch

from rnncourse.in_torch.device import products_are_exact

LSTM_WAYS = ("plain", "step", "sequence")
KERNEL_DTYPES = (torch.float32, torch.float16, torch.bfloat16)
ROOM = 24 * 1024  # bytes that a kernel for all steps needs on the chip besides the weights


def lstm_way(wish: str, H: int, dtype: torch.dtype, device: torch.device) -> str:
    """Return how an LSTM's loop runs: what was wished for, or the nearest one available.

    "sequence" needs room for the weights on the chip; both "sequence" and "step" need Triton and a floating-point
    type of at most 32 bits. Everything else is "plain".
    """
    if wish == "plain" or dtype not in KERNEL_DTYPES or not triton_runs(device, dtype):
        return "plain"
    if wish == "sequence" and not weights_fit(H, products_are_exact(dtype), memory_on_chip(device)):
        return "step"
    return wish


def weights_fit(H: int, exact: bool, on_chip: int) -> bool:
    """Say whether an LSTM's W_h fits into that many bytes: four blocks, H rounded up to a power of 2."""
    padded = max(16, 1 << (H - 1).bit_length())
    return 4 * padded**2 * (4 if exact else 2) + ROOM <= on_chip


@cache
def triton_runs(device: torch.device, dtype: torch.dtype) -> bool:
    """Say whether Triton is installed, can build a kernel for the device, and gets its numbers right.

    It needs a C compiler and a recent GPU.
    """
    if device.type != "cuda" or find_spec("triton") is None:
        return False
    try:
        from rnncourse.in_torch.fast import kernels

        with torch.cuda.device(device):
            kernels.try_out(device, dtype)
        return True
    except Exception as error:  # whatever is wrong with the installation: PyTorch's own operations will do
        warnings.warn(f"Triton does not run here, so the LSTM runs without it: {error}", stacklevel=2)
        return False


def memory_on_chip(device: torch.device) -> int:
    """Return the bytes of shared memory that one block of threads may use: 48 KiB where PyTorch does not tell."""
    return getattr(torch.cuda.get_device_properties(device), "shared_memory_per_block_optin", 48 * 1024)
