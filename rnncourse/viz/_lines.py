"""How the lines of a figure look: a network as in every other figure, anything else by what is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import cycle, islice

from rnncourse.arguments import require_count
from rnncourse.notation import NETWORKS, PALETTE, Network, network

Look = tuple[str, "str | tuple", str]
"""Color, dash pattern and marker: they change together, so that no line is told apart by color alone."""

_IN_ORDER = ("tanh", "LSTM", "GRU", "dense", "sigmoid", "ReLU", "leaky ReLU")
LOOKS: list[Look] = [(one.colour, one.dash, one.marker) for one in map(NETWORKS.__getitem__, _IN_ORDER)]
# What is no network steps back behind the networks in the same figure: first gray, then the rarest colors.
_BESIDE_NETWORKS: list[Look] = [(PALETTE["grey"], (0, (4, 2)), "p"), *LOOKS[4:], *LOOKS[:4]]


def line_styles(n: int) -> list[dict]:
    """Return n sets of line properties, each with its own color, dash and marker."""
    return [_properties(look) for look in islice(cycle(LOOKS), require_count("n", n))]


def series_styles(names: Sequence[str]) -> list[dict]:
    """Return the line properties of each series: those of the network that its name begins with or contains.

    Several series of one network share its color, and each has its own dash and marker. Where several networks have
    equally many series, the first of each is solid, the second dashed, and so on; its marker is the network's own.
    """
    networks = [network(name) for name in names]
    variants = _same_dashes if _have_equally_many(networks) else _variants
    taken = {one.colour for one in networks if one}
    free = [look for look in (_BESIDE_NETWORKS if taken else LOOKS) if look[0] not in taken]
    others = cycle(free)
    own = {one.colour: variants(one) for one in networks if one}
    return [_properties(next(own[one.colour] if one else others)) for one in networks]


def bar_colours(names: Sequence[str]) -> list[str]:
    """Return the color of each bar: a network's own, gray beside networks, and one for all where there are none."""
    networks = [network(name) for name in names]
    other = PALETTE["grey"] if any(networks) else PALETTE["blue"]
    return [one.colour if one else other for one in networks]


def _variants(one: Network) -> Iterator[Look]:
    """Yield the looks of a network, its own first, then the same color with other dashes and markers."""
    yield one.colour, one.dash, one.marker
    yield from cycle([(one.colour, dash, marker) for _, dash, marker in LOOKS if marker != one.marker])


def _have_equally_many(networks: Sequence[Network | None]) -> bool:
    """Say whether two or more networks, and nothing else, have the same number of series, at least two each."""
    counts = Counter(one.colour for one in networks if one)
    return None not in networks and len(counts) > 1 and min(counts.values()) == max(counts.values()) > 1


def _same_dashes(one: Network) -> Iterator[Look]:
    """Yield the looks of a network whose dash tells what a series is about."""
    yield from cycle([(one.colour, dash, one.marker) for _, dash, _ in LOOKS])


def _properties(look: Look) -> dict:
    colour, dash, marker = look
    return {"color": colour, "linestyle": dash, "marker": marker}
