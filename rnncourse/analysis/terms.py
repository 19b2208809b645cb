"""Whether two networks were compared on equal terms: initialization, parameters, training steps and tuning."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rnncourse.arguments import require_count, require_that
from rnncourse.errors import InputError

CLOSE = 0.05
"""Parameter counts within 5 % of the largest are equal."""


@dataclass(frozen=True)
class Terms:
    """The terms of one comparison, a row for each network; print it next to the comparison."""

    parameters: Mapping[str, int]
    initialization: Mapping[str, str]
    steps: Mapping[str, int]
    tuning: Mapping[str, str]

    @property
    def differences(self) -> list[str]:
        """What is not equal, such as "parameters"; empty if the comparison is fair."""
        counts = self.parameters.values()
        unequal = {
            "parameters": min(counts) < (1 - CLOSE) * max(counts),
            "initialization": len(set(self.initialization.values())) > 1,
            "training steps": len(set(self.steps.values())) > 1,
            "tuning": len(set(self.tuning.values())) > 1,
        }
        return [term for term, differs in unequal.items() if differs]

    def __str__(self) -> str:
        head = ("network", "parameters", "initialization", "steps", "tuning")
        rows = [
            (name, f"{count:,}", self.initialization[name], f"{self.steps[name]:,}", self.tuning[name])
            for name, count in self.parameters.items()
        ]
        widths = [max(len(row[k]) for row in [head, *rows]) for k in range(len(head))]
        lines = [_line(row, widths) for row in [head, *rows]]
        return "\n".join([*lines, self._verdict()])

    def _verdict(self) -> str:
        if not self.differences:
            return "Equal terms."
        listed = " and ".join([", ".join(self.differences[:-1]), self.differences[-1]]).removeprefix(" and ")
        return f"Not equal: {listed}."


def equal_terms(
    networks: Mapping[str, Any],
    *,
    initialization: str | Mapping[str, str],
    steps: int | Mapping[str, int],
    tuning: str | Mapping[str, str],
) -> Terms:
    """Return the terms on which the networks were compared.

    networks: name -> network of either engine, or its number of parameters. initialization, steps (training
    steps), tuning (such as "learning rate from 0.003, 0.01"): one value for all networks, or name -> value.
    Raises InputError.
    """
    require_that(
        "networks",
        networks,
        isinstance(networks, Mapping) and len(networks) >= 2,
        "a dict of at least two named networks",
    )
    return Terms(
        {name: _parameters(name, network) for name, network in networks.items()},
        _for_each("initialization", initialization, networks),
        {name: require_count("steps", n) for name, n in _for_each("steps", steps, networks).items()},
        _for_each("tuning", tuning, networks),
    )


def _parameters(name: str, network: Any) -> int:
    if isinstance(network, int):
        return require_count(name, network)
    params = getattr(network, "params", None)
    require_that(name, network, isinstance(params, Mapping), "a network with params, or their number")
    return sum(math.prod(array.shape) for array in params.values())


def _for_each(term: str, value: Any, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return a term's value for each network: the same for all, or read from a dict with the same names."""
    if not isinstance(value, Mapping):
        return dict.fromkeys(names, value)
    if set(value) != set(names):
        raise InputError(f"{term} must have one value for each of {', '.join(names)}; got {', '.join(value)}")
    return {name: value[name] for name in names}


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    """Return a table row: names to the left, numbers to the right."""
    return "  ".join(
        cell.rjust(width) if k in (1, 3) else cell.ljust(width)
        for k, (cell, width) in enumerate(zip(row, widths, strict=True))
    ).rstrip()
