"""The unrolled graph on which gradients travel back, as SVG. Nothing here computes a gradient."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from rnncourse.arguments import require_count, require_list, require_texts
from rnncourse.errors import InputError
from rnncourse.notation import PALETTE
from rnncourse.viz._diagrams import BOX, TALL, Point, arrow, arrowhead, line, svg, symbol, text

LIT = PALETTE["vermillion"]  # where the gradient travels now
GREY = PALETTE["grey"]
PITCH = 186  # from one step's column to the next
ROWS = {"L": 30, "s": 174, "h": 262, "a": 350, "x": 438}  # heights of the rows; L is the whole loss
EACH_LOSS = 98  # height of the row of the steps' losses
LONGEST = 6  # more steps do not fit side by side

Chain = str  # nodes with spaces between them, such as "L L_3 s_3"


class SweepStep(NamedTuple):
    """One picture of the backward sweep: its SVG, a short label, the line of code it shows, and words."""

    svg: str
    label: str
    code: str
    words: str


def gradient_graph(
    T: int = 3,
    *,
    paths: Sequence[Chain] = (),
    known: Sequence[str] = (),
    weights: Sequence[str] = (),
) -> str:
    """Return an RNN unrolled over T steps, with its losses, as SVG; the gradient's way back is lit.

    paths: ways the gradient goes now, each a text of nodes such as "L L_3 s_3" (from the loss to the logits
    of step 3); every pair must be an arrow of the graph, taken backwards. Nodes are L, L_t, s_t, h_t, a_t,
    x_t with t from 1 to T, and h_0. A node's gradient is written beside it once all paths to it are lit.
    known: nodes whose gradient was found before. weights: places at which a weight collects gradient now,
    such as "W_hh_2". Raises InputError for names that the graph has not.
    """
    require_count("T", T, most=LONGEST)
    places = _places(T)
    steps_back = [pair for chain in _texts("paths", paths) for pair in _pairs(chain, places)]
    for node in _texts("known", known):
        _require_node(node, places)
    reached = {*known, *(node for _, node in steps_back if _all_paths_lit(node, steps_back, T))}
    lit_weights = set(_texts("weights", weights))
    lit_nodes = {node for pair in steps_back for node in pair}

    parts = []
    for start, end in _edges(T):
        if (end, start) not in steps_back:
            parts.append(arrow(*_between(places[start], places[end]), GREY))
    for later, earlier in steps_back:
        parts.append(_lit_arrow(*_between(places[later], places[earlier])))
    pills = _weight_places(T, places)
    unknown = sorted(lit_weights - set(pills))
    if unknown:
        raise InputError(f"weights must be among {', '.join(sorted(pills))}, but got {', '.join(unknown)}")
    for name, (place, _) in pills.items():
        parts.append(_weight(place, name, lit=name in lit_weights))
    for t in range(1, T + 1):
        x = places[f"a_{t}"][0]
        parts.append(text((x + 8, (ROWS["h"] + ROWS["a"]) / 2), "tanh", size=13, anchor="start"))
    for name, middle in places.items():
        parts.append(_node(middle, name, lit=name in lit_nodes, reached=name in reached))
    width = places[f"h_{T}"][0] + BOX / 2 + 76
    label = _spoken(T, steps_back, sorted(reached), sorted(lit_weights))
    return svg(width, ROWS["x"] + TALL / 2 + 8, parts, label)


def backprop_sweep(T: int = 3) -> list[SweepStep]:
    """Return the pictures of one whole backward sweep over T steps, from the loss to h_0 and the weights."""
    require_count("T", T)
    return list(_sweep(T))


def _sweep(T: int) -> Iterator[SweepStep]:
    steps = range(1, T + 1)
    known = [f"s_{t}" for t in steps]
    yield SweepStep(
        gradient_graph(T), "forward", "h, s = forward(p, x)", "Every step has a loss, and L is their mean."
    )
    yield SweepStep(
        gradient_graph(T, paths=[f"L L_{t} s_{t}" for t in steps]),
        "the logits of all steps",
        "ds = (softmax(s) - one_hot(y)) / (T * B)",
        "The gradient goes from the loss to the logits of every step.",
    )
    for t in reversed(steps):
        yield from _sweep_step(t, T, known)
        known += [f"h_{t}", f"a_{t}"]
    yield SweepStep(
        gradient_graph(T, paths=["a_1 h_0"], known=known),
        "the initial state",
        'grads["h0"] = carry',
        "What is left in carry after the loop has reached the initial state.",
    )


def _sweep_step(t: int, T: int, known: list[str]) -> Iterator[SweepStep]:
    """Yield the pictures of one turn of the loop: known are the gradients found before it."""
    yield SweepStep(
        gradient_graph(T, known=known, weights=[f"W_hy_{t}"]),
        f"step {t}: W_hy",
        'grads["W_hy"] += h[t].T @ ds[t]',
        f"W_hy collects its share from step {t}.",
    )
    paths = [f"s_{t} h_{t}", f"a_{t + 1} h_{t}"]
    words = f"Two paths meet at h_{t}, and what they bring is added."
    if t == T:
        paths = paths[:1]
        words = f"One path leads to h_{t}: nothing comes after the last step, so carry is 0."
    yield SweepStep(
        gradient_graph(T, paths=paths, known=known),
        f"step {t}: dh_t",
        'dh_t = ds[t] @ p["W_hy"].T + carry',
        words,
    )
    known = [*known, f"h_{t}"]
    yield SweepStep(
        gradient_graph(T, paths=[f"h_{t} a_{t}"], known=known),
        f"step {t}: da_t",
        "da_t = dh_t * (1 - h[t] ** 2)",
        f"Through tanh, from h_{t} to a_{t}.",
    )
    yield SweepStep(
        gradient_graph(T, known=[*known, f"a_{t}"], weights=[f"W_xh_{t}", f"W_hh_{t}"]),
        f"step {t}: W_xh, W_hh",
        'grads["W_xh"] += x[t].T @ da_t<br>grads["W_hh"] += h_prev.T @ da_t',
        f"W_xh and W_hh collect their shares of step {t}.",
    )


def _places(T: int) -> dict[str, Point]:
    """Return where every node of the graph stands."""
    columns = {t: 46 + PITCH * t for t in range(T + 1)}
    places = {"L": ((columns[1] + columns[T]) / 2, ROWS["L"]), "h_0": (columns[0], ROWS["h"])}
    for t in range(1, T + 1):
        places[f"L_{t}"] = (columns[t], EACH_LOSS)
        places |= {f"{letter}_{t}": (columns[t], ROWS[letter]) for letter in "shax"}
    return places


def _edges(T: int) -> list[tuple[str, str]]:
    """Return the arrows of the forward pass."""
    edges = []
    for t in range(1, T + 1):
        edges += [(f"x_{t}", f"a_{t}"), (f"h_{t - 1}", f"a_{t}"), (f"a_{t}", f"h_{t}")]
        edges += [(f"h_{t}", f"s_{t}"), (f"s_{t}", f"L_{t}"), (f"L_{t}", "L")]
    return edges


def _pairs(chain: Chain, places: dict[str, Point]) -> list[tuple[str, str]]:
    """Return a way back as pairs (later, earlier), each of them an arrow of the graph taken backwards."""
    nodes = chain.split()
    for node in nodes:
        _require_node(node, places)
    T = sum(name.startswith("x_") for name in places)
    edges = _edges(T)
    pairs = list(pairwise(nodes))
    if not pairs:
        raise InputError(f'paths must go from node to node, such as "L L_1 s_1", but got {chain!r}')
    for later, earlier in pairs:
        if (earlier, later) not in edges:
            before = ", ".join(start for start, end in edges if end == later) or "nothing"
            raise InputError(f"paths: no arrow leads from {earlier} to {later}, which is made from {before}")
    return pairs


def _all_paths_lit(node: str, steps_back: list[tuple[str, str]], T: int) -> bool:
    """Say whether gradient comes home from everything that was made from this node."""
    return all((end, start) in steps_back for start, end in _edges(T) if start == node)


def _weight_places(T: int, places: dict[str, Point]) -> dict[str, tuple[Point, str]]:
    """Return where each weight is written at each step."""
    found = {}
    for t in range(1, T + 1):
        x = places[f"h_{t}"][0]
        found[f"W_hy_{t}"] = ((x + 30, (ROWS["h"] + ROWS["s"]) / 2), "W_hy")
        found[f"W_xh_{t}"] = ((x + 30, (ROWS["a"] + ROWS["x"]) / 2), "W_xh")
        found[f"W_hh_{t}"] = ((x - PITCH / 2 - 26, (ROWS["h"] + ROWS["a"]) / 2 + 18), "W_hh")
    return found


def _between(start: Point, end: Point) -> tuple[Point, Point]:
    """Return where an arrow from one box to another leaves the first and meets the second."""
    (x1, y1), (x2, y2) = start, end
    if x1 == x2 or ROWS["L"] in (y1, y2):  # in one column, or to and from the whole loss: top to bottom
        side = math.copysign(TALL / 2, y2 - y1)
        return (x1, y1 + side), (x2, y2 - side)
    side = math.copysign(BOX / 2, x2 - x1)
    return (x1 + side, y1), (x2 - side, y2)


def _lit_arrow(start: Point, end: Point) -> str:
    angle = math.atan2(end[1] - start[1], end[0] - start[0])
    neck = (end[0] - 8 * math.cos(angle), end[1] - 8 * math.sin(angle))
    return line(start, neck, LIT, 5) + arrowhead(end, angle, LIT)


def _node(middle: Point, name: str, *, lit: bool, reached: bool) -> str:
    """Return a box with its letter; beside it the gradient, once that is known."""
    x, y = middle
    letter, _, index = name.partition("_")
    parts = [
        f'<rect x="{x - BOX / 2:g}" y="{y - TALL / 2:g}" width="{BOX}" height="{TALL}" rx="8" '
        f'fill="{LIT if reached else GREY}" fill-opacity="{0.3 if reached else 0.1}" '
        f'stroke="{LIT if lit else GREY}" stroke-width="{4 if lit else 1.5}"/>',
        symbol(middle, letter, index) if index else _letter(middle, letter),
    ]
    if reached:
        left = letter == "h"  # right of a state the way to the next step begins
        beside = (x - BOX / 2 - 6, y) if left else (x + BOX / 2 + 6, y)
        if name == "h_0":
            beside = (x, y + TALL / 2 + 16)
        anchor = "middle" if name == "h_0" else "end" if left else "start"
        parts.append(_bold(symbol(beside, f"d{letter}", index, size=16, anchor=anchor)))
    return "".join(parts)


def _weight(place: Point, name: str, *, lit: bool) -> str:
    """Return a weight's name at its arrow, framed where it collects gradient now."""
    _, index, _ = name.split("_")
    x, y = place
    if not lit:
        return symbol(place, "W", index, size=13)
    frame = (
        f'<rect x="{x - 25:g}" y="{y - 14:g}" width="50" height="28" rx="14" fill="{LIT}" fill-opacity="0.3" '
        f'stroke="{LIT}" stroke-width="3"/>'
    )
    return frame + _bold(symbol(place, "dW", index, size=13))


def _letter(middle: Point, letter: str) -> str:
    return text(middle, letter, size=17).replace("<text ", '<text font-style="italic" ', 1)


def _bold(drawn: str) -> str:
    return drawn.replace("<text ", '<text font-weight="bold" ', 1)


def _spoken(T: int, steps_back: list[tuple[str, str]], reached: list[str], weights: list[str]) -> str:
    """Return the picture in words."""
    said = f"A recurrent network unrolled over {T} steps with its losses"
    if steps_back:
        said += "; gradient goes from " + ", ".join(f"{later} to {earlier}" for later, earlier in steps_back)
    if reached:
        said += "; gradients known at " + ", ".join(reached)
    if weights:
        said += "; gradient collected by " + ", ".join(weights)
    return said


def _require_node(node: str, places: dict[str, Point]) -> None:
    if node not in places:
        raise InputError(f"{node!r} is not a node of the graph; its nodes are {', '.join(places)}")


def _texts(name: str, values: Sequence[str]) -> list[str]:
    return require_texts(name, values) if require_list(name, values, "texts") else []
