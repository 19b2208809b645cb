"""A net is made of parts, and all of them keep their numbers in one dictionary."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from typing import Any


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
