"""Validation of arguments: each `require_*` returns the value it accepts, or raises InputError.

Every message names the argument, what was received and what was expected. Validate at public entry points only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rnncourse.errors import InputError, NotFiniteError, describe


def require_that(name: str, value: object, holds: object, wanted: str) -> None:
    """Raise InputError, which says that `name` must be what is `wanted`, unless that `holds`."""
    if not holds:
        raise InputError(f"{name} must be {wanted}, but got {describe(value)}")


def require_shape(name: str, array: Any, shape: Sequence[int], why: str = "") -> None:
    """Raise InputError unless an array or tensor has this shape. why: such as "(B, H) to go with x"."""
    found = np.shape(array)
    if found != tuple(shape):
        told = f" {why}" if why else ""
        raise InputError(f"{name} must have shape {tuple(shape)}{told}, but got {tuple(found)}")


def require_axes(name: str, array: Any, axes: Sequence[str], hint: str = "") -> None:
    """Raise InputError unless an array or tensor has as many axes as are named."""
    if array.ndim != len(axes):
        many = "1 axis" if len(axes) == 1 else f"{len(axes)} axes"
        raise InputError(
            f"{name} needs {many} ({', '.join(axes)}), but got shape {tuple(array.shape)}{_and(hint)}"
        )


def require_length(name: str, values: Any, n: int, why: str = "") -> None:
    """Raise InputError unless there are n values. why: such as "for the preset blank"."""
    if len(values) != n:
        told = f" {why}" if why else ""
        raise InputError(f"{name} must hold {n} value{'s' * (n != 1)}{told}, but got {len(values)}")


def require_within(name: str, array: Any, low: float, high: float, what: str = "numbers") -> None:
    """Raise InputError unless all entries of an array or tensor lie from `low` to `high`."""
    smallest, largest = array.min().item(), array.max().item()
    if smallest < low or largest > high:
        raise InputError(
            f"{name} must hold {what} from {low} to {high}, but it holds {smallest} to {largest}"
        )


def require_mask_values(mask: Any, one: str = "a real step") -> None:
    """Raise InputError unless an array or tensor holds zeros and ones only. one: what a 1 stands for."""
    strange = (mask != 0) & (mask != 1)
    if strange.any():
        raise InputError(f"mask must hold only 0 (padding) and 1 ({one}), but got {mask[strange][0].item()}")


def require_text(name: str, value: object, hint: str = "") -> str:
    """Return `value` if it is a text that does not consist of blanks alone, else raise InputError."""
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{name} must be a text that is not empty, but got {describe(value)}{_and(hint)}")
    return value


def require_array(
    name: str,
    value: object,
    *,
    axes: Sequence[str] | None = None,
    kind: str = "f",
    hint: str = "",
) -> np.ndarray:
    """Return `value` as it is if it is a non-empty NumPy array of the wanted kind, else raise InputError.

    axes: the names of its axes, such as ("T", "B", "D"); their number is checked, and none may be empty.
    kind: "f" floating point and finite, "i" integer, "any".
    """
    if not isinstance(value, np.ndarray):
        raise InputError(f"{name} must be a NumPy array, but got {describe(value)}{_and(hint)}")
    if isinstance(value, (np.ma.MaskedArray, np.matrix)):
        raise InputError(
            f"{name} must be a plain NumPy array, but got {describe(value)}; np.asarray(...) makes it one, "
            f"and forgets what was masked{_and(hint)}"
        )
    if kind == "f" and value.dtype.kind != "f":
        raise InputError(
            f"{name} must hold floating-point numbers, but got {describe(value)}; "
            f"write {name}.astype(np.float32){_and(hint)}"
        )
    if kind == "i" and value.dtype.kind not in "iu":
        raise InputError(f"{name} must hold whole numbers, but got {describe(value)}{_and(hint)}")
    if axes is not None:
        require_axes(name, value, axes, hint)
    if value.size == 0:
        raise InputError(f"{name} is empty: got shape {value.shape}, and every axis needs at least one entry")
    if kind == "f":
        require_finite(name, value)
    return value


def require_finite(name: str, value: np.ndarray) -> None:
    """Raise NotFiniteError if `value` holds NaN or infinity, saying how many and where the first one is."""
    if math.isfinite(np.vdot(value, value)):  # one quick pass; an overflow in it proves nothing yet
        return
    finite = np.isfinite(value)
    if finite.all():
        return
    first = tuple(int(i) for i in np.argwhere(~finite)[0])
    raise NotFiniteError(
        f"{name} must hold finite numbers, but {int((~finite).sum())} of its {value.size} entries "
        f"are NaN or infinite, the first at {first}"
    )


def require_count(name: str, value: object, least: int = 1, most: int | None = None) -> int:
    """Return `value` as int if it is a whole number from `least` to `most`, else raise InputError."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, (bool, np.timedelta64))
    if not whole or value < least or (most is not None and value > most):
        wanted = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise InputError(f"{name} must be a whole number {wanted}, but got {describe(value)}")
    return int(value)


def require_number(
    name: str,
    value: object,
    *,
    above: float | None = None,
    least: float | None = None,
    most: float | None = None,
    below: float | None = None,
) -> float:
    """Return `value` as float if it is one finite number within the bounds, else raise InputError.

    above, below: bounds that it may not touch. least, most: bounds that it may. Python's and NumPy's numbers count.
    """
    number = _as_float(value)
    fits = (
        math.isfinite(number)
        and (above is None or number > above)
        and (least is None or number >= least)
        and (most is None or number <= most)
        and (below is None or number < below)
    )
    if not fits:
        raise InputError(
            f"{name} must be a number{_bounds(above, least, most, below)}, but got {describe(value)}"
        )
    return number


def require_generator(name: str, value: object) -> np.random.Generator:
    """Return `value` if it is a NumPy random Generator, else raise InputError."""
    if not isinstance(value, np.random.Generator):
        raise InputError(
            f"{name} must be a NumPy random generator such as np.random.default_rng(0), but got {describe(value)}"
        )
    return value


def require_choice(name: str, value: object, choices: Sequence[str]) -> str:
    """Return `value` if it is one of `choices`, else raise InputError that lists them."""
    if not isinstance(value, str) or value not in choices:
        raise InputError(f"{name} must be one of {', '.join(choices)}, but got {describe(value)}")
    return value


def require_numbers(
    name: str, values: ArrayLike, axes: Sequence[str] = ("n",), n: int | None = None
) -> np.ndarray:
    """Return `values` as finite floats with these axes, n along the first, or raise InputError."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be numbers, but got {describe(values)}") from None
    require_array(name, array, axes=axes)
    if n is not None:
        require_length(name, array, n)
    return array


def require_list(name: str, values: Sequence, of: str) -> list:
    """Return what `values` holds as a list, or raise InputError for a text and for what is no list."""
    try:
        if not isinstance(values, (str, Mapping)):
            return list(values)
    except TypeError:
        pass
    raise InputError(f"{name} must be a list of {of}, but got {describe(values)}")


def require_items(name: str, value: object, n: int, of: str) -> Sequence:
    """Return `value` if it is a list or tuple of n entries, else raise InputError. of: what they are, "numbers"."""
    fits = isinstance(value, (list, tuple)) and len(value) == n
    require_that(name, value, fits, f"a list of {n} {of}")
    return value


def require_texts(name: str, values: Sequence[str], n: int | None = None) -> list[str]:
    """Return `values` as a list of n texts, one or more if n is None, or raise InputError."""
    of = "texts" if n is None else f"{n} texts"
    listed = require_list(name, values, of)
    if not listed or n not in (None, len(listed)) or not all(isinstance(one, str) for one in listed):
        raise InputError(f"{name} must be a list of {of}, but got {describe(values)}")
    return listed


def require_named(name: str, items: Mapping[str, Any], most: int = 7) -> Mapping[str, Any]:
    """Return `items` if it is a dict of 1 to `most` named things, else raise InputError."""
    if not isinstance(items, Mapping) or not 1 <= len(items) <= most:
        raise InputError(f"{name} must be a dict of 1 to {most} named entries, but got {describe(items)}")
    return items


def require_pair(name: str, value: Sequence, meaning: str) -> Sequence:
    """Return `value` if it is a tuple or list of two, else raise InputError; meaning: such as "(times, values)"."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise InputError(f"{name} must be a pair {meaning}, but got {describe(value)}")
    return value


def _as_float(value: object) -> float:
    """Return one number as float; what is none, or is too large for a float, becomes NaN."""
    if isinstance(value, (bool, np.timedelta64)) or not isinstance(
        value, (int, float, np.integer, np.floating)
    ):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan


def _bounds(above: float | None, least: float | None, most: float | None, below: float | None = None) -> str:
    words = {"above": above, "of at least": least, "of at most": most, "below": below}
    if least is not None and most is not None:
        return f" from {least:g} to {most:g}"
    given = [f"{word} {bound:g}" for word, bound in words.items() if bound is not None]
    return f" {' and '.join(given)}" if given else ""


def _and(hint: str) -> str:
    return f"; {hint}" if hint else ""
