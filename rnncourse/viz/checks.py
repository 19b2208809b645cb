"""What pictures ask of what they are given: numbers, texts, lists, pairs, and things with a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rnncourse.errors import InputError, describe, require_array


def require_numbers(
    name: str, values: ArrayLike, axes: Sequence[str] = ("n",), n: int | None = None
) -> np.ndarray:
    """Return `values` as finite floats with these axes, n along the first, or raise InputError."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be numbers, but {describe(values)} came") from None
    require_array(name, array, axes=axes)
    if n is not None and len(array) != n:
        raise InputError(f"{name} must hold {n} values, but {len(array)} came")
    return array


def require_list(name: str, values: Sequence, of: str) -> list:
    """Return what `values` holds as a list, or raise InputError for a text and for what is no list."""
    try:
        if not isinstance(values, (str, Mapping)):
            return list(values)
    except TypeError:
        pass
    raise InputError(f"{name} must be a list of {of}, but {describe(values)} came")


def require_texts(name: str, values: Sequence[str], n: int | None = None) -> list[str]:
    """Return `values` as a list of n texts, one or more if n is None, or raise InputError."""
    of = "texts" if n is None else f"{n} texts"
    listed = require_list(name, values, of)
    if not listed or n not in (None, len(listed)) or not all(isinstance(one, str) for one in listed):
        raise InputError(f"{name} must be a list of {of}, but {describe(values)} came")
    return listed


def require_named(name: str, items: Mapping[str, Any], most: int = 7) -> Mapping[str, Any]:
    """Return `items` if it is a dict of 1 to `most` named things, else raise InputError."""
    if not isinstance(items, Mapping) or not 1 <= len(items) <= most:
        raise InputError(f"{name} must be a dict of 1 to {most} named entries, but {describe(items)} came")
    return items


def require_pair(name: str, value: Sequence, meaning: str) -> Sequence:
    """Return `value` if it is a tuple or list of two, else raise InputError; meaning: such as "(times, values)"."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise InputError(f"{name} must be a pair {meaning}, but {describe(value)} came")
    return value
