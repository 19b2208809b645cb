"""From things to arrays: tokens to indices to one-hot vectors, series to windows, sequences to batches.

Everything here returns NumPy arrays and knows nothing of models. Sequences are time-major, (T, B, …), so
that one slice along the first axis is one step in time.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, DTypeLike

from rnncourse.arguments import (
    require_array,
    require_axes,
    require_choice,
    require_count,
    require_finite,
    require_generator,
    require_mask_values,
    require_shape,
    require_that,
)
from rnncourse.errors import InputError, describe

# A word may hold apostrophes ("don't"); every other mark is a token of its own.
_WORD_OR_MARK = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[^\w\s]|_")


def tokenize(text: str, by: str = "word") -> list[str]:
    """Return the tokens of `text`: words and punctuation marks apart, or single characters.

    tokenize("Doug saw Jane.") gives ["Doug", "saw", "Jane", "."]; with by="character" the spaces are
    tokens too, so that joining the tokens gives the text back. InputError if there is no token.
    """
    require_that("text", text, isinstance(text, str), "a string")
    require_choice("by", by, ("word", "character"))
    tokens = list(text) if by == "character" else _WORD_OR_MARK.findall(text)
    require_that("text", text, tokens, "a text of at least one token")
    return tokens


class Vocabulary:
    """The tokens a model knows, each with its index: 0, 1, 2, … in the order given.

    padding, unknown: special tokens. One that is not among `tokens` is put in front (padding first, so
    that its index is 0); with `unknown` set, a token that is not in the vocabulary gets its index.
    InputError if a token is repeated, is not a string or is empty.
    """

    def __init__(self, tokens: Sequence[str], unknown: str | None = None, padding: str | None = None):
        known = _token_list("tokens", tokens)
        repeated = [token for token, count in Counter(known).items() if count > 1]
        if repeated:
            raise InputError(
                f"tokens must be unique, but {repeated[0]!r} occurs {known.count(repeated[0])} times; "
                "use Vocabulary.from_tokens for the tokens of a text"
            )
        _require_special("unknown", unknown)
        _require_special("padding", padding)
        if unknown is not None and unknown == padding:
            raise InputError(f"unknown and padding must be two different tokens, but both are {unknown!r}")
        front = [token for token in (padding, unknown) if token is not None and token not in known]
        self.tokens: tuple[str, ...] = (*front, *known)
        self.unknown = unknown
        self.padding = padding
        self._index = {token: i for i, token in enumerate(self.tokens)}

    @classmethod
    def from_tokens(
        cls, corpus_tokens: Sequence[str], unknown: str | None = None, padding: str | None = None
    ) -> Vocabulary:
        """Return the vocabulary of a text: each token once, in order of first appearance."""
        tokens = _token_list("corpus_tokens", corpus_tokens)
        return cls(list(dict.fromkeys(tokens)), unknown=unknown, padding=padding)

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: object) -> bool:
        return isinstance(token, str) and token in self._index

    def __repr__(self) -> str:
        shown = ", ".join(repr(token) for token in self.tokens[:6])
        return f"Vocabulary of {len(self)}: {shown}{', …' if len(self) > 6 else ''}"

    def index(self, token: str) -> int:
        """Return the index of `token`; InputError with the nearest known token if it is not known."""
        require_that("token", token, isinstance(token, str), "a string")
        found = self._index.get(token, self._index.get(self.unknown))
        if found is None:
            raise InputError(self._not_known("token", token))
        return found

    def token(self, index: int) -> str:
        """Return the token at `index`, 0 … V-1; negative indices are refused, not counted from the end."""
        return self.tokens[require_count("index", index, least=0, most=len(self) - 1)]

    def encode(self, tokens: Sequence[str]) -> np.ndarray:
        """Return the indices (n,) int64 of n tokens; InputError on a token that is not known."""
        listed = _token_list("tokens", tokens)
        if self.unknown is None:
            strange = next((i for i, token in enumerate(listed) if token not in self._index), None)
            if strange is not None:
                raise InputError(self._not_known(f"tokens[{strange}]", listed[strange]))
        fallback = self._index.get(self.unknown)
        return np.array([self._index.get(token, fallback) for token in listed], dtype=np.int64)

    def decode(self, indices: ArrayLike) -> list[str]:
        """Return the n tokens of indices (n,)."""
        checked = _index_array("indices", indices, len(self), "the vocabulary has V")
        require_axes("indices", checked, ("n",), "decode one sequence at a time")
        return [self.tokens[i] for i in checked]

    def _not_known(self, name: str, token: str) -> str:
        near = _nearest(token, self.tokens)
        hint = f"did you mean {near!r}?" if near else f"it knows {', '.join(map(repr, self.tokens[:6]))}"
        return (
            f"{name} is {token!r}, which is not in the vocabulary of {len(self)} tokens; {hint} "
            "(a Vocabulary with an `unknown` token takes any)"
        )


def one_hot(indices: ArrayLike, V: int, dtype: DTypeLike = np.float32) -> np.ndarray:
    """Return vectors (*indices.shape, V) that are 1 at each index and 0 elsewhere.

    InputError if an index is not a whole number in 0 … V-1.
    """
    V = require_count("V", V)
    checked = _index_array("indices", indices, V, "V")
    vectors = np.zeros((checked.size, V), dtype=_number_dtype(dtype))
    vectors[np.arange(checked.size), checked.ravel()] = 1
    return vectors.reshape(*checked.shape, V)


def sliding_windows(series: ArrayLike, width: int, horizon: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return x (N, width) and y (N, horizon): every run of `width` values of series (n,) and what follows it.

    N = n - width - horizon + 1. The dtype is the one of the series. InputError if not one window fits.
    """
    values = _number_array("series", series)
    require_axes("series", values, ("n",))
    width, horizon = require_count("width", width), require_count("horizon", horizon)
    if width + horizon > len(values):
        raise InputError(
            f"series has {len(values)} values, but width {width} + horizon {horizon} "
            f"needs at least {width + horizon}"
        )
    runs = sliding_window_view(values, width + horizon)
    return runs[:, :width].copy(), runs[:, width:].copy()


def pad_sequences(sequences: Sequence[ArrayLike], padding: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return indices (T, B) int64 and mask (T, B) float32 of B sequences of indices, T the longest length.

    Column b starts with sequence b and is filled up with `padding`; the mask is 1 at real steps and 0 at
    padding. InputError if a sequence is empty, is not of whole numbers, or holds a negative one.
    """
    if isinstance(sequences, str) or not isinstance(sequences, (Sequence, np.ndarray)):
        raise InputError(
            f"sequences must be a list of sequences of indices, but got {describe(sequences)}; "
            "encode each sequence with Vocabulary.encode first"
        )
    require_that("sequences", sequences, len(sequences), "a list of at least one sequence")
    padding = require_count("padding", padding, least=0)
    columns = [_sequence_of_indices(f"sequences[{b}]", sequence) for b, sequence in enumerate(sequences)]
    lengths = np.array([len(column) for column in columns])
    real = np.arange(lengths.max())[:, None] < lengths
    batch_first = np.full(real.T.shape, padding, dtype=np.int64)
    batch_first[real.T] = np.concatenate(columns)
    return time_major(batch_first), real.astype(np.float32)


def time_major(batch_first: ArrayLike) -> np.ndarray:
    """Return (T, B, …) from (B, T, …): a copy with the first two axes swapped, so that [t] is one step."""
    values = np.asarray(batch_first)
    if values.ndim < 2:
        raise InputError(f"batch_first needs at least 2 axes (B, T), but got shape {values.shape}")
    return np.swapaxes(values, 0, 1).copy()


def batches(
    x: np.ndarray,
    y: np.ndarray,
    mask: np.ndarray | None = None,
    *,
    batch_size: int,
    rng: np.random.Generator,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray | None]]:
    """Yield (x, y, mask) of at most `batch_size` columns each: one pass over x (T, B, …) and y (T', B, …).

    The columns (axis 1) come in an order drawn from `rng`, each exactly once; the last batch may be
    smaller. mask has the shape of y's first two axes and holds 0 and 1; without one, None is yielded.
    InputError, before the first batch, if the shapes do not agree.
    """
    for name, array in (("x", x), ("y", y)):
        require_array(name, array, kind="any")
        if array.ndim < 2:
            raise InputError(f"{name} needs at least 2 axes, time and batch, but got shape {array.shape}")
        if array.dtype.kind == "f":
            require_finite(name, array)
    B = x.shape[1]
    if y.shape[1] != B:
        raise InputError(f"y has {y.shape[1]} columns (axis 1) but x has {B}; are both time-major?")
    if mask is not None:
        _require_mask(mask, y.shape[:2])
    batch_size = require_count("batch_size", batch_size)
    order = require_generator("rng", rng).permutation(B)
    # A generator of its own, so that the checks above run at the call and not at the first batch.
    return (
        (x[:, columns], y[:, columns], None if mask is None else mask[:, columns])
        for columns in np.split(order, range(batch_size, B, batch_size))
    )


@dataclass(frozen=True, eq=False)
class Scaler:
    """Mean and standard deviation of a training series, to bring numbers to a common scale and back.

    Both are floats for a series (n,), arrays (D,) for a table (n, D). Fit on the training part only:
    statistics of the test part would tell the model about the future.
    """

    mean: float | np.ndarray
    std: float | np.ndarray

    def __post_init__(self) -> None:
        require_shape("std", self.std, np.shape(self.mean), "like mean")
        require_finite("mean", np.asarray(self.mean))
        require_finite("std", np.asarray(self.std))
        require_that("std", self.std, np.all(np.asarray(self.std) > 0), "above 0 everywhere")

    @classmethod
    def fit(cls, series: ArrayLike) -> Scaler:
        """Return the scaler of a series (n,) or of the columns of a table (n, D).

        InputError if the series, or a column, is constant.
        """
        values = _number_array("series", series)
        if values.ndim not in (1, 2):
            raise InputError(f"series needs 1 axis (n,) or 2 (n, D), but got shape {values.shape}")
        constant = np.flatnonzero(np.ptp(values.reshape(len(values), -1), axis=0) == 0)
        if constant.size:
            where = "series" if values.ndim == 1 else f"series[:, {constant[0]}]"
            raise InputError(
                f"{where} is {values.flat[constant[0]]} throughout: a constant has no spread to scale by, "
                "and at least two different values were expected"
            )
        mean, std = values.mean(axis=0, dtype=np.float64), values.std(axis=0, dtype=np.float64)
        return cls(float(mean), float(std)) if values.ndim == 1 else cls(mean, std)

    def apply(self, values: ArrayLike) -> np.ndarray:
        """Return (values - mean) / std, of the shape of `values`; floats keep their dtype."""
        checked = self._matching(values)
        return ((checked - self.mean) / self.std).astype(_float_dtype(checked))

    def undo(self, values: ArrayLike) -> np.ndarray:
        """Return values * std + mean: back in the units the series came in."""
        checked = self._matching(values)
        return (checked * self.std + self.mean).astype(_float_dtype(checked))

    def _matching(self, values: ArrayLike) -> np.ndarray:
        checked = _number_array("values", values)
        columns = np.shape(self.mean)
        if columns and checked.shape[-1:] != columns:
            raise InputError(
                f"values has shape {checked.shape}, but the scaler was fitted on {columns[0]} columns: "
                f"(…, {columns[0]}) expected"
            )
        return checked


def _token_list(name: str, tokens: Sequence[str]) -> list[str]:
    """Return `tokens` as a list of str; InputError if it is one string, is empty or holds anything else."""
    if isinstance(tokens, str):
        raise InputError(f"{name} must be a list of tokens, but got {describe(tokens)}; tokenize it first")
    if isinstance(tokens, np.ndarray) and tokens.ndim == 1:
        tokens = tokens.tolist()
    require_that(name, tokens, isinstance(tokens, (list, tuple)), "a list of tokens")
    require_that(name, tokens, tokens, "a list of at least one token")
    for i, token in enumerate(tokens):
        require_that(
            f"{name}[{i}]", token, isinstance(token, str) and token, "a token, a string that is not empty"
        )
    return list(tokens)


def _require_special(name: str, token: str | None) -> None:
    require_that(
        name,
        token,
        token is None or (isinstance(token, str) and token),
        f"a token such as '<{name}>' or None",
    )


def _nearest(token: str, known: Sequence[str]) -> str | None:
    """Return the known token most like `token`, ignoring case, or None."""
    by_folded = {candidate.casefold(): candidate for candidate in reversed(known)}
    near = difflib.get_close_matches(token.casefold(), by_folded, n=1)
    return by_folded[near[0]] if near else None


def _plain_array(name: str, value: ArrayLike) -> np.ndarray:
    """Return `value` as an array; InputError if it is text, ragged, not numeric or empty."""
    try:
        array = np.asarray(value)
    except ValueError as ragged:
        raise InputError(
            f"{name} must be an array with rows of one length, but got {describe(value)}; see pad_sequences"
        ) from ragged
    require_that(name, value, array.dtype.kind in "iuf" or not array.size, "made of numbers")
    require_that(name, value, array.size, "an array of at least one entry")
    return array


def _number_array(name: str, value: ArrayLike) -> np.ndarray:
    """Return `value` as an array of finite numbers; a list of floats becomes float32."""
    array = _plain_array(name, value)
    if array.dtype.kind != "f":
        return array
    require_finite(name, array)
    if isinstance(value, (np.ndarray, np.generic)):
        return array
    largest = np.finfo(np.float32).max
    if np.abs(array).max() > largest:
        raise InputError(
            f"{name} holds {array.flat[np.abs(array).argmax()]:g}, more than float32 can ({largest:g}); "
            "pass an array of float64"
        )
    return array.astype(np.float32)


def _index_array(name: str, value: ArrayLike, V: int, size: str) -> np.ndarray:
    """Return `value` as an array of whole numbers in 0 … V-1; `size` names where V came from."""
    array = _whole_numbers(name, value)
    outside = (array < 0) | (array >= V)
    if outside.any():
        first = tuple(int(i) for i in np.argwhere(outside)[0])
        at = f" at {first}" if first else ""
        raise InputError(f"{name} holds {array[first]}{at}, but {size} = {V}: 0 … {V - 1} expected")
    return array


def _whole_numbers(name: str, value: ArrayLike) -> np.ndarray:
    array = _plain_array(name, value)
    require_that(name, value, array.dtype.kind != "f", f"made of whole numbers, not of {array.dtype}")
    return array


def _sequence_of_indices(name: str, sequence: ArrayLike) -> np.ndarray:
    if isinstance(sequence, str):
        raise InputError(
            f"{name} must be a sequence of indices, but got {describe(sequence)}; encode it first"
        )
    array = _whole_numbers(name, sequence)
    require_axes(name, array, ("T",))
    if (array < 0).any():
        raise InputError(f"{name} holds {array[array < 0][0]}, and indices of at least 0 were expected")
    return array


def _require_mask(mask: np.ndarray, shape: tuple[int, int]) -> None:
    require_array("mask", mask, kind="any")
    require_shape("mask", mask, shape, "like the first two axes of y")
    require_mask_values(mask)


def _number_dtype(dtype: DTypeLike) -> np.dtype:
    """Return `dtype` as a NumPy dtype; InputError if it is none, or not one for numbers."""
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = None
    require_that(
        "dtype", dtype, found is not None and found.kind in "biuf", "a number type such as np.float32"
    )
    return found


def _float_dtype(array: np.ndarray) -> np.dtype:
    """Return the dtype to compute in: the array's own if it is a float, else float32."""
    return array.dtype if array.dtype.kind == "f" else np.dtype(np.float32)
