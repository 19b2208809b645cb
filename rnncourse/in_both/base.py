"""A net is made of parts, and all of them keep their numbers in one dictionary."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from itertools import pairwise
from typing import Any

from rnncourse.arguments import require_that
from rnncourse.errors import InputError


class View(MutableMapping):
    """Some entries of a dictionary, under a part's own names for them; writing here writes there."""

    def __init__(self, whole: MutableMapping[str, Any], names: Mapping[str, str]):
        """names: what an entry is called here, and what it is called in the whole."""
        if isinstance(whole, View):  # a part of a part looks straight into the whole
            whole, names = whole.whole, {here: whole.names[there] for here, there in names.items()}
        self.whole, self.names = whole, names

    def __getitem__(self, name: str) -> Any:
        return self.whole[self.names[name]]

    def __setitem__(self, name: str, value: Any) -> None:
        self.whole[self.names[name]] = value

    def __delitem__(self, name: str) -> None:
        del self.whole[self.names[name]]

    def __iter__(self) -> Iterator[str]:
        return (name for name, there in self.names.items() if there in self.whole)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return repr(dict(self))


def share(part: Any, params: MutableMapping, grads: MutableMapping, suffix: str = "") -> None:
    """Let a layer keep its numbers in a net's dictionaries, its names followed by `suffix`, and see only those."""
    names = {name: name + suffix for name in part.params}
    part.share(View(params, names), View(grads, names))


def inside(layer: Any) -> Iterator[Any]:
    """Yield a layer and every layer that it is made of."""
    yield layer
    for part in getattr(layer, "parts", {}).values():
        yield from inside(part)


def check_layers(*layers: Any) -> None:
    """Raise InputError unless all of these are recurrent layers, and none is there twice."""
    for layer in layers:
        require_that(
            "layer",
            layer,
            all(hasattr(layer, name) for name in ("D", "H", "params")),
            "an RNN, LSTM, GRU, Stack or Bidirectional",
        )
    singles = [single for layer in layers for single in inside(layer)]
    if len({id(single) for single in singles}) < len(singles):
        raise InputError(
            "the same layer is there twice, but it can store only one forward pass: make a second layer"
        )


def check_stack(*layers: Any) -> None:
    """Raise InputError unless there are layers, and each reads as many features as the one below returns."""
    if not layers:
        raise InputError("Stack needs at least one layer")
    check_layers(*layers)
    for k, (lower, upper) in enumerate(pairwise(layers), start=1):
        if upper.D != lower.H:
            raise InputError(f"layer {k + 1} reads {upper.D} features, but layer {k} gives {lower.H}")


def check_directions(fwd: Any, bwd: Any) -> None:
    """Raise InputError unless both are layers that can read the same x."""
    check_layers(fwd, bwd)
    if fwd.D != bwd.D:
        raise InputError(f"both directions read the same x, but they expect {fwd.D} and {bwd.D} features")


def check_features(name: str, x: Any, n: int, weights: str, what: str = "features", hint: str = "") -> None:
    """Raise InputError unless the last axis of x is as long as `weights` expects."""
    if x.shape[-1] != n:
        raise InputError(f"{name} has {x.shape[-1]} {what} but {weights} expects {n}{hint}")


def check_gradients(params: Mapping[str, Any], grads: Mapping[str, Any]) -> None:
    """Raise InputError unless every parameter has a gradient of its shape."""
    if set(params) != set(grads):
        raise InputError(
            f"grads must have the keys of params, {', '.join(sorted(params))}, "
            f"but got {', '.join(sorted(grads)) or 'none'}; was backward called?"
        )
    for name, parameter in params.items():
        if grads[name].shape != parameter.shape:
            raise InputError(
                f"the gradient of {name} must have the shape of the parameter, {tuple(parameter.shape)}, "
                f"but got {tuple(grads[name].shape)}"
            )


def need_forward(done: Any) -> Any:
    """Return what the last forward pass left; raise InputError if there was none."""
    if done is None:
        raise InputError(
            "backward needs a forward pass first: call forward on the inputs whose gradient you want"
        )
    return done


def with_suffix(entries: MutableMapping[str, Any], suffix: str) -> dict[str, Any]:
    """Return a copy of a dictionary with `suffix` after every name."""
    return {name + suffix: value for name, value in entries.items()}


def map_state(change: Callable[[Any], Any], state: Any) -> Any:
    """Return a state with `change` applied to each of its arrays; a state is an array or a tuple of states."""
    if isinstance(state, tuple):
        return tuple(map_state(change, part) for part in state)
    return change(state)


def flatten(state: Any) -> Iterator[Any]:
    """Yield the arrays of a state, one after the other."""
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
    require_that(name, state, isinstance(state, (tuple, list)) and len(state) == count, meaning)
    return tuple(state)
