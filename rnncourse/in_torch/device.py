"""Where tensors live."""

from __future__ import annotations

import torch


def best_device() -> torch.device:
    """Return the first CUDA GPU if there is one, the CPU otherwise."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def products_are_exact(dtype: torch.dtype) -> bool:
    """Say whether matrix products of the dtype are to keep all bits of float32: PyTorch's setting for TF32."""
    return dtype == torch.float32 and not torch.backends.cuda.matmul.allow_tf32


def multiprocessors(device: torch.device) -> int:
    """Return how many programs of one block each the device runs at once."""
    return torch.cuda.get_device_properties(device).multi_processor_count
