"""Where tensors live."""

from __future__ import annotations

import torch


def best_device() -> torch.device:
    """Return the first CUDA GPU if there is one, the CPU otherwise."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
