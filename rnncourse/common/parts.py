"""A net is made of parts, and all of them keep their numbers in one dictionary."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping, Sequence
from typing import Any

from rnncourse.errors import InputError, describe


class Suffixed(MutableMapping):
    """The entries of a dictionary whose names end in `suffix`, seen without it; writing here writes there."""

    def __init__(self, whole: MutableMapping[str, Any], suffix: str):
        self.whole, self.suffix = whole, suffix

    def __getitem__(self, name: str) -> Any:
        return self.whole[name + self.suffix]

    def __setitem__(self, name: str, value: Any) -> None:
        self.whole[name + self.suffix] = value

    def __delitem__(self, name: str) -> None:
        del self.whole[name + self.suffix]

    def __iter__(self) -> Iterator[str]:
        return (name.removesuffix(self.suffix) for name in self.whole if name.endswith(self.suffix))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def with_suffix(entries: MutableMapping[str, Any], suffix: str) -> dict[str, Any]:
    """Return a copy of a dictionary with `suffix` after every name."""
    return {name + suffix: value for name, value in entries.items()}


def map_state(change: Callable[[Any], Any], state: Any) -> Any:
    """Return a state with `change` applied to each of its arrays; a state is an array or a tuple of states."""
    if isinstance(state, tuple):
        return tuple(map_state(change, part) for part in state)
    return change(state)


def flatten(state: Any) -> Iterator[Any]:
    """Give the arrays of a state, one after the other."""
    if isinstance(state, tuple):
        for part in state:
            yield from flatten(part)
    else:
        yield state


def unflatten(like: Any, flat: Iterator[Any]) -> Any:
    """Return tuples nested as those of `like`, filled with the next arrays of `flat`."""
    if isinstance(like, tuple):
        return tuple(unflatten(part, flat) for part in like)
    return next(flat)


def as_parts(name: str, state: Sequence | None, count: int, meaning: str) -> tuple:
    """Return the parts of a composed state, as many as wanted; None stands for all of them."""
    if state is None:
        return (None,) * count
    if not isinstance(state, (tuple, list)) or len(state) != count:
        raise InputError(f"{name} must be {meaning}, but {describe(state)} came")
    return tuple(state)
