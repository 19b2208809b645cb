"""Save a model's parameters to a file and load them back."""

from __future__ import annotations

import os

import torch

from rnncourse.in_both.storage import load_arrays, save_arrays
from rnncourse.in_torch.base import Layer


def save_parameters(model: Layer, path: str | os.PathLike) -> None:
    """Write every parameter to `path`, an .npz file; a file that is there is replaced all at once."""
    save_arrays(path, {name: t.detach().cpu().numpy() for name, t in model.params.items()})


def load_parameters(model: Layer, path: str | os.PathLike) -> None:
    """Set every parameter, in place, to what `save_parameters` wrote from a model of the same kind and sizes.

    Raises InputError for a missing, damaged or foreign file; the model is then as it was.
    """
    arrays = load_arrays(path, {name: tuple(t.shape) for name, t in model.params.items()})
    for name, array in arrays.items():
        model.params[name].detach().copy_(torch.from_numpy(array))
