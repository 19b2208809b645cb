"""The one source of the course's symbols (LaTeX, code name, shape, meaning, color) and of the looks of its networks.

Prose, code and figures all take their letters and colors from here, so that h_t looks the same everywhere.
Colors are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), which color-blind readers can tell
apart; every color comes with a dash pattern, so that no figure depends on color alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rnncourse.errors import InputError

PALETTE = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
    "grey": "#767676",
}

INKS = {
    PALETTE["blue"]: ("#0062B0", "#74B2FF"),
    PALETTE["vermillion"]: ("#BF4A00", "#FF8A47"),
    PALETTE["purple"]: ("#A83A7B", "#EE9CC8"),
    PALETTE["green"]: ("#007A58", "#35C797"),
    PALETTE["orange"]: ("#8F6000", "#F2B134"),
    PALETTE["sky"]: ("#00788F", "#7AD7F0"),
    PALETTE["yellow"]: ("#6A6400", "#E6DC4A"),
}
"""For each color of letters in formulas: a darker shade for a white page, a lighter one for a dark page.

Lines and areas need a contrast of 3:1, letters 4.5:1, and no single tone reaches that on both pages: 4.3:1 is the most.
"""

SOLID, DASHED, DOTTED, DASHDOT = "solid", "dashed", "dotted", "dashdot"


@dataclass(frozen=True)
class Symbol:
    """A letter of the course: how it is written, what shape it has, what it means, how it is drawn."""

    name: str
    latex: str
    code: str
    shape: str
    meaning: str
    colour: str
    dash: str = SOLID


def _symbols() -> Iterator[Symbol]:
    grey, blue, vermillion, green = (PALETTE[c] for c in ("grey", "blue", "vermillion", "green"))
    orange, sky, purple, yellow = (PALETTE[c] for c in ("orange", "sky", "purple", "yellow"))
    yield Symbol("T", "T", "T", "", "number of time steps", grey)
    yield Symbol("B", "B", "B", "", "batch size: sequences handled at once", grey)
    yield Symbol("V", "V", "V", "", "size of the vocabulary", grey)
    yield Symbol("K", "K", "K", "", "number of classes, where the targets are not tokens", grey)
    yield Symbol("D", "D", "D", "", "input size; D = V when one-hot", grey)
    yield Symbol("H", "H", "H", "", "hidden size", grey)
    yield Symbol("x_t", "x_t", "x_t", "(B, D)", "input at step t", blue)
    yield Symbol("x", "x", "x", "(T, B, D)", "all inputs, one slice a step", blue)
    yield Symbol("h_t", "h_t", "h_t", "(B, H)", "hidden state after step t", vermillion)
    yield Symbol("h_prev", "h_{t-1}", "h_prev", "(B, H)", "hidden state before step t", vermillion, DASHED)
    yield Symbol("h", "h", "h", "(T, B, H)", "all hidden states", vermillion)
    yield Symbol("c_t", "c_t", "c_t", "(B, H)", "cell state after step t", purple, DASHDOT)
    yield Symbol(
        "a_t", "a_t", "a_t", "(B, H)", "pre-activation: what the activation is applied to", sky, DOTTED
    )
    yield Symbol("W_xh", "W_{xh}", "W_xh", "(D, H)", "weights from the input to the state", blue, DASHED)
    yield Symbol(
        "W_hh", "W_{hh}", "W_hh", "(H, H)", "weights from the previous state to the next", vermillion, DASHDOT
    )
    yield Symbol("b_h", "b_h", "b_h", "(H,)", "bias of the state", grey, DASHED)
    yield Symbol("W_hy", "W_{hy}", "W_hy", "(H, V)", "weights from the state to the logits", green, DASHED)
    yield Symbol("b_y", "b_y", "b_y", "(V,)", "bias of the logits", grey, DOTTED)
    yield Symbol("s_t", "s_t", "s_t", "(B, V)", "logits: what goes into the softmax", green)
    yield Symbol("p_t", "p_t", "p_t", "(B, V)", "softmax of the logits: probabilities", green, DOTTED)
    yield Symbol("y_t", "y_t", "y_t", "(B,)", "target: the right answer at step t", orange, DASHED)
    yield Symbol("phi", r"\varphi", "phi", "", "activation function", sky)
    yield Symbol(
        "phi_prime", r"\varphi'", "phi_prime", "", "derivative of the activation function", sky, DASHED
    )
    yield Symbol("i_t", "i_t", "i_t", "(B, H)", "input gate", green, DASHED)
    yield Symbol("f_t", "f_t", "f_t", "(B, H)", "forget gate", blue, DOTTED)
    yield Symbol("o_t", "o_t", "o_t", "(B, H)", "output gate", orange, DASHDOT)
    yield Symbol("g_t", "g_t", "g_t", "(B, H)", "candidate (not a gate)", sky, SOLID)
    yield Symbol("r_t", "r_t", "r_t", "(B, H)", "reset gate of a GRU", orange, DASHDOT)
    yield Symbol("z_t", "z_t", "z_t", "(B, H)", "update gate of a GRU", blue, DOTTED)
    yield Symbol("n_t", "n_t", "n_t", "(B, H)", "candidate of a GRU", sky, SOLID)
    yield Symbol(
        "dh_t",
        r"\partial L/\partial h_t",
        "dh_t",
        "(B, H)",
        "gradient of the loss with respect to h_t",
        yellow,
        DASHDOT,
    )


SYMBOLS: dict[str, Symbol] = {symbol.name: symbol for symbol in _symbols()}


@dataclass(frozen=True)
class Network:
    """A network as it is drawn in every figure: spelling, color, dash pattern and marker.

    dash: a line style or a pattern of lengths, as Matplotlib knows them.
    """

    name: str
    colour: str
    dash: str | tuple
    marker: str


NETWORKS = {
    network.name: network
    for network in (
        Network("RNN", PALETTE["blue"], "-", "o"),
        Network("tanh", PALETTE["blue"], "-", "o"),  # what an RNN is unless something else is said
        Network("LSTM", PALETTE["vermillion"], "--", "s"),
        Network("GRU", PALETTE["green"], "-.", "^"),
        Network("dense", PALETTE["purple"], ":", "D"),
        Network("leaky ReLU", PALETTE["sky"], (0, (1, 1)), "X"),
        Network("ReLU", PALETTE["orange"], (0, (3, 1)), "P"),
        Network("sigmoid", PALETTE["black"], (0, (6, 2, 1, 2, 1, 2)), "v"),
    )
}
"""The networks that keep their looks from the first chapter to the last, by name."""

_NETWORK_WORD = re.compile(rf"(?<!\w)({'|'.join(NETWORKS)})(?!\w)")
_MISSPELLED = re.compile(
    r"(?<!\w)(?:vanilla|mlp|fully connected|leakyrelu|leaky_relu|leaky-relu|leaky relu|rnn|lstm|gru|relu|tanh"
    r"|dense|sigmoid)(?!\w)",
    re.IGNORECASE,
)


def network(series: str) -> Network | None:
    """Return the network that a series is about, such as "LSTM, bias 3"; None where it is about none."""
    found = _NETWORK_WORD.search(series)
    return NETWORKS[found[1]] if found else None


def misspelled_networks(series: str) -> list[str]:
    """Return what a series calls a network by any other name than the course's."""
    return [word for word in _MISSPELLED.findall(series) if word not in NETWORKS]


def symbol(name: str) -> Symbol:
    """Return the symbol called `name`; raise InputError with the known names otherwise."""
    if name not in SYMBOLS:
        raise InputError(f"name {name!r} is not a symbol of the course; the symbols are {', '.join(SYMBOLS)}")
    return SYMBOLS[name]


def colour(name: str) -> str:
    """Return the color of a symbol as #RRGGBB."""
    return symbol(name).colour


def ink(name: str) -> tuple[str, str]:
    """Return the shades of a symbol's color for letters on a white page and on a dark one, each as #RRGGBB.

    Raises InputError for a symbol that is unknown, or gray because no formula sets it off.
    """
    tone = colour(name)
    if tone not in INKS:
        raise InputError(f"name {name!r} is a symbol that formulas leave in the color of the text")
    return INKS[tone]


def dash(name: str) -> str:
    """Return the dash pattern of a symbol, a line style that Matplotlib knows."""
    return symbol(name).dash


def latex(name: str) -> str:
    """Return a symbol in LaTeX, without dollar signs."""
    return symbol(name).latex


class NotationTable:
    """Some symbols as a table; the last expression of a cell shows it."""

    def __init__(self, symbols: list[Symbol]):
        self.symbols = symbols

    def _repr_markdown_(self) -> str:
        rows = ["| symbol | in code | shape | meaning |", "|:--|:--|:--|:--|"]
        rows += [f"| ${s.latex}$ | `{s.code}` | {s.shape} | {s.meaning} |" for s in self.symbols]
        return "\n".join(rows)

    def __repr__(self) -> str:
        return "\n".join(f"{s.code:<10}{s.shape:<12}{s.meaning}" for s in self.symbols)


def table(*names: str) -> NotationTable:
    """Return the named symbols as a table, in the order given; all of them if no name is given."""
    return NotationTable([symbol(name) for name in names or SYMBOLS])
