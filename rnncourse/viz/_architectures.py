"""All the ways to wire a recurrent net, by one drawing function; and pictures with what a net said about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from rnncourse.arguments import (
    require_choice,
    require_count,
    require_length,
    require_list,
    require_numbers,
    require_texts,
    require_that,
)
from rnncourse.notation import PALETTE, colour
from rnncourse.viz._diagrams import BOX, CHARACTER, TALL, arrow, box, line, svg, symbol, text
from rnncourse.viz._show import show
from rnncourse.viz._style import AXIS, course_style, figure

MOST_STEPS = 10  # columns: more do not fit on the page
STEP = 84  # from one row to the next
BESIDE = 20.0  # how far the two directions stand from the middle of their column


@dataclass(frozen=True)
class Wiring:
    """What is drawn for a pattern: which steps read and write, and in which ways the states are connected."""

    reads: str  # "one", "all", or "first" for an encoder's half
    writes: str  # "one", "all", "last", or "second" for a decoder's half
    layers: int = 1
    both_ways: bool = False
    feeds_back: bool = False
    says: str = ""


ARCHITECTURES: dict[str, Wiring] = {
    "one-to-one": Wiring("one", "one", says="one input, one output, no time"),
    "one-to-many": Wiring(
        "one", "all", feeds_back=True, says="one input, then a sequence is written, each token read back in"
    ),
    "many-to-one": Wiring("all", "last", says="a sequence is read, one output at its end"),
    "many-to-many aligned": Wiring("all", "all", says="one output for each input, at the same step"),
    "many-to-many unaligned": Wiring(
        "first",
        "second",
        feeds_back=True,
        says="one net reads a sequence, a second net writes one of a different length",
    ),
    "stacked": Wiring("all", "all", layers=2, says="a second layer reads the states of the first"),
    "bidirectional": Wiring(
        "all", "all", both_ways=True, says="one layer reads forward, one backward, and each output sees both"
    ),
}
_DEFAULTS = {"one": 1, "first": 4, "all": 4, "second": 3, "last": 1}


def show_architecture(
    pattern: str,
    inputs: Sequence[str] | int | None = None,
    outputs: Sequence[str] | int | None = None,
    *,
    words: str | None = None,
    looks_back: int | None = None,
) -> None:
    """Display the drawing with its text alternative; words: as in `show`, the others as in `architecture`."""
    drawing = architecture(pattern, inputs, outputs, looks_back=looks_back)
    alt = architecture_text(pattern, inputs, outputs)
    if looks_back is not None:
        alt += f" Output {looks_back} also receives a line from every state of the encoder."
    show(drawing, words, alt=alt)


def architecture(
    pattern: str,
    inputs: Sequence[str] | int | None = None,
    outputs: Sequence[str] | int | None = None,
    *,
    looks_back: int | None = None,
) -> str:
    """Return one of ARCHITECTURES as SVG: inputs at the bottom, states in the middle, scores on top.

    inputs, outputs: texts to write at the inputs and outputs, or how many there are; None is a small example.
    looks_back: a step of the decoder; a line is drawn to its scores from every state of the encoder (attention).
    Raises InputError for other patterns, and for numbers that do not go with the pattern.
    """
    wiring, below, above = _checked(pattern, inputs, outputs)
    if looks_back is not None:
        require_choice("pattern", pattern, ("many-to-many unaligned",))
        require_count("looks_back", looks_back, most=len(above))
    columns = _columns(wiring, len(below), len(above))
    longest = max((len(one) for one in (*below, *above)), default=0)
    pitch = max(BOX + (64 if wiring.both_ways else 52), CHARACTER * longest + 14)
    x_of = [
        max(BOX, CHARACTER * longest) / 2 + 14 + 30 * wiring.both_ways + pitch * k for k in range(columns)
    ]
    rows = wiring.layers + wiring.both_ways
    y_out = 34 + TALL / 2
    y_states = [y_out + STEP * (rows - k) for k in range(rows)]  # the lowest first
    y_in = y_out + STEP * (rows + 1)
    read, written = _steps(wiring, len(below), len(above))
    place = _Places(wiring, x_of, y_states, y_in, y_out, read, written)
    parts = [*_connections(place), *_boxes(place)]
    if looks_back is not None:
        parts += _attention_lines(place, looks_back)
    elif wiring.reads == "first":
        parts += _vector_at_every_step(place)
    parts += [
        text((x_of[k], y_in + TALL / 2 + 14), word) for k, word in zip(read, below, strict=True) if word
    ]
    parts += [
        text((x_of[k], y_out - TALL / 2 - 14), word) for k, word in zip(written, above, strict=True) if word
    ]
    if pattern == "many-to-many unaligned":
        parts += _halves(place, len(below))
    width = x_of[-1] + max(BOX, CHARACTER * longest) / 2 + 16 + 22 * wiring.both_ways
    return svg(max(width, 130), y_in + TALL / 2 + 34, parts, architecture_text(pattern, inputs, outputs))


def architecture_text(
    pattern: str, inputs: Sequence[str] | int | None = None, outputs: Sequence[str] | int | None = None
) -> str:
    """Return what the drawing shows, in words: its text alternative. Arguments and errors are those of architecture."""
    wiring, below, above = _checked(pattern, inputs, outputs)
    read, written = (_listed(words, noun) for words, noun in ((below, "input"), (above, "output")))
    name = pattern[0].upper() + pattern[1:]
    return f"{name}: {wiring.says}. Drawn with {read} and {written}."


def picture_grid(
    pictures: np.ndarray, captions: Sequence[str], marked: Sequence[bool] | None = None
) -> Figure:
    """Return up to 16 gray pictures (n, rows, columns) in rows of 8 with a caption each; marked ones have a frame.

    captions: n short texts. marked: n truth values. Raises InputError for other numbers of them.
    """
    pictures = require_numbers("pictures", pictures, ("n", "rows", "columns"))
    n = require_count("the number of pictures", len(pictures), most=16)
    captions = require_texts("captions", captions, n)
    framed = np.zeros(n) if marked is None else require_numbers("marked", marked, n=n)
    rows = -(-n // 8)
    fig, axes = figure(width=8.2, height=1.5 * rows, rows=rows, cols=8)
    with course_style():
        for k, ax in enumerate(np.ravel(axes)):
            ax.set_xticks([])
            ax.set_yticks([])
            ax.spines[:].set_visible(k < n and bool(framed[k]))
            if k < n:
                ax.imshow(pictures[k], cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
                ax.set_xlabel(captions[k])
                for spine in ax.spines.values():
                    spine.set(color=colour("h_t"), linewidth=3)
    return fig


def answer_table(rows: Sequence[tuple[str, str, str]], answerer: str = "the net") -> Figure:
    """Return examples as lines of a table: what was read, the right answer, the answer given, and ✓ or ✗.

    rows: up to 12 triples (read, right, answer). Raises InputError for none, for more, and for other things.
    """
    given = require_list("rows", rows, "1 to 12 triples of texts (read, right, answer)")
    (answerer,) = require_texts("answerer", [answerer])
    whole = all(
        isinstance(row, tuple) and len(row) == 3 and all(isinstance(w, str) for w in row) for row in given
    )
    require_that(
        "rows", rows, 1 <= len(given) <= 12 and whole, "1 to 12 triples of texts (read, right, answer)"
    )
    head = [("read", "right", answerer), *given]
    widths = [0.085 * max(len(row[k]) for row in head) + 0.25 for k in range(3)]
    fig, ax = figure(width=sum(widths) + 0.5, height=0.28 * len(head) + 0.2)
    with course_style():
        ax.set_axis_off()
        ax.set(xlim=(0, sum(widths) + 0.4), ylim=(len(head) - 0.4, -0.6))
        for y, row in enumerate(head):
            wrong = y > 0 and row[1] != row[2]
            for k, word in enumerate(row):
                ax.text(
                    sum(widths[:k]),
                    y,
                    word,
                    va="center",
                    weight="bold" if y == 0 or (wrong and k == 2) else None,
                )
            if y:
                mark, tone = ("✗", PALETTE["vermillion"]) if wrong else ("✓", PALETTE["green"])
                ax.text(sum(widths), y, mark, va="center", color=tone, weight="bold", size=13)
        ax.axhline(0.5, color=AXIS, linewidth=1)
    return fig


@dataclass(frozen=True)
class _Places:
    """Where everything stands: columns, rows, and the columns that read and write."""

    wiring: Wiring
    x_of: list[float]
    y_states: list[float]
    y_in: float
    y_out: float
    read: list[int]
    written: list[int]

    def state(self, row: int, k: int) -> tuple[float, float]:
        """Return the middle of a state box; the backward reader's stands to the right of the forward reader's."""
        shift = 0.0 if not self.wiring.both_ways else (BESIDE if row else -BESIDE)
        return self.x_of[k] + shift, self.y_states[row]


def _checked(
    pattern: str, inputs: Sequence[str] | int | None, outputs: Sequence[str] | int | None
) -> tuple[Wiring, list[str], list[str]]:
    wiring = ARCHITECTURES[require_choice("pattern", pattern, tuple(ARCHITECTURES))]
    below = _words("inputs", inputs, _DEFAULTS[wiring.reads])
    default = len(below) if (wiring.reads, wiring.writes) == ("all", "all") else _DEFAULTS[wiring.writes]
    above = _words("outputs", outputs, default)
    if wiring.reads == "one":
        require_length("inputs", below, 1, f"for {pattern}")
    if wiring.writes in ("one", "last"):
        require_length("outputs", above, 1, f"for {pattern}")
    if (wiring.reads, wiring.writes) == ("all", "all"):
        require_length("outputs", above, len(below), f"for {pattern}, as many as inputs")
    require_count("the number of steps", _columns(wiring, len(below), len(above)), most=MOST_STEPS)
    return wiring, below, above


def _words(name: str, given: Sequence[str] | int | None, default: int) -> list[str]:
    if given is None or (isinstance(given, int) and not isinstance(given, bool)):
        return [""] * (default if given is None else require_count(name, given))
    return require_texts(name, given)


def _columns(wiring: Wiring, n_in: int, n_out: int) -> int:
    return n_in + n_out if wiring.reads == "first" else max(n_in, n_out)


def _steps(wiring: Wiring, n_in: int, n_out: int) -> tuple[list[int], list[int]]:
    """Return the columns that read and those that write."""
    read = list(range(n_in))
    start = {"second": n_in, "last": n_in - 1}.get(wiring.writes, 0)
    return read, [start + k for k in range(n_out)]


def _listed(words: list[str], noun: str) -> str:
    count = f"{len(words)} {noun}{'s' if len(words) != 1 else ''}"
    return f"{count} ({', '.join(words)})" if any(words) else count


def _connections(place: _Places) -> list[str]:
    """Return the arrows: from inputs to states, along the states, between layers and up to the scores."""
    wiring, half, parts = place.wiring, TALL / 2, []
    rows, columns = len(place.y_states), range(len(place.x_of))
    for k in columns:
        if k in place.read:
            for row in range(rows if wiring.both_ways else 1):
                x, y = place.state(row, k)
                parts.append(arrow((x, place.y_in - half), (x, y + half), colour("W_xh")))
        if wiring.layers > 1:
            for row in range(1, rows):
                (x, lower), (_, upper) = place.state(row - 1, k), place.state(row, k)
                parts.append(arrow((x, lower - half), (x, upper + half), colour("W_xh")))
        if k in place.written:
            for row in range(rows) if wiring.both_ways else [rows - 1]:
                x, y = place.state(row, k)
                parts.append(arrow((x, y - half), (x, place.y_out + half), colour("W_hy")))
        if k:
            for row in range(rows):
                back = wiring.both_ways and row == 1
                (x1, y), (x2, _) = place.state(row, k - 1), place.state(row, k)
                ends = (
                    ((x2 - BOX / 2, y), (x1 + BOX / 2, y)) if back else ((x1 + BOX / 2, y), (x2 - BOX / 2, y))
                )
                parts.append(arrow(*ends, colour("W_hh")))
    if wiring.feeds_back:
        for k in place.written[:-1]:
            parts += _fed_back(place, k)
    return parts


def _fed_back(place: _Places, k: int) -> list[str]:
    """Return the way of a written token into the next step: out to the right, down, and in from the upper left."""
    start = (place.x_of[k] + BOX / 2, place.y_out)
    x, y = place.state(0, k + 1)
    bend = (place.x_of[k] + place.x_of[k + 1]) / 2
    dashed = colour("y_t")
    down = (bend, y - TALL / 2 - 20)
    legs = line(start, (bend, place.y_out), dashed, 2) + line((bend, place.y_out), down, dashed, 2)
    into = arrow(down, (x - BOX / 2 + 12, y - TALL / 2), dashed)
    return [f'<g stroke-dasharray="5 4">{legs}{into}</g>']


def _vector_at_every_step(place: _Places) -> list[str]:
    """Return the way of the encoder's last state to every step of the decoder, below its states."""
    tone, (x, y) = colour("W_hh"), place.state(0, len(place.read) - 1)
    low, steps = y + TALL / 2 + 18, [place.x_of[k] for k in place.written]
    start = (x + BOX / 4, y + TALL / 2)
    parts = [line(start, (x + BOX / 4, low), tone, 2), line((x + BOX / 4, low), (steps[-1], low), tone, 2)]
    return parts + [arrow((step, low), (step, y + TALL / 2), tone) for step in steps]


def _attention_lines(place: _Places, step: int) -> list[str]:
    """Return a line from every state of the encoder to the scores of one step of the decoder."""
    to = (place.x_of[place.written[step - 1]] - BOX / 2, place.y_out)
    return [arrow((x, y - TALL / 2), to, colour("W_hh")) for x, y in (place.state(0, k) for k in place.read)]


def _boxes(place: _Places) -> list[str]:
    parts = []
    for number, k in enumerate(place.read, start=1):
        parts += [
            box((place.x_of[k], place.y_in), colour("x_t")),
            _named("x", number, place.read, place, k, False),
        ]
    for row in range(len(place.y_states)):
        for k in range(len(place.x_of)):
            at = place.state(row, k)
            decoder = place.wiring.reads == "first" and k >= len(place.read)
            parts.append(box(at, colour("c_t" if decoder else "h_t")))
            step = k + 1 - len(place.read) if decoder else k + 1
            index = "" if len(place.x_of) == 1 else str(step)
            if place.wiring.both_ways:
                index += "←" if row else "→"
            parts.append(symbol(at, _state_letter(place.wiring, decoder, row), index))
    for number, k in enumerate(place.written, start=1):
        parts += [
            box((place.x_of[k], place.y_out), colour("s_t")),
            _named("s", number, place.written, place, k, True),
        ]
    return parts


def _state_letter(wiring: Wiring, decoder: bool, row: int) -> str:
    """Return the letter that the chapter's equations use: e and d for encoder and decoder, h′ for a second layer."""
    if wiring.reads == "first":
        return "d" if decoder else "e"
    return "h′" if wiring.layers > 1 and row else "h"


def _named(letter: str, number: int, steps: list[int], place: _Places, k: int, top: bool) -> str:
    """Return the letter of an input or output with its step; a lone input, or a lone output without time, has none."""
    alone = len(steps) == 1 and (not top or len(place.x_of) == 1)
    index = "" if alone else str(k + 1 if place.wiring.reads != "first" else number)
    return symbol((place.x_of[k], place.y_out if top else place.y_in), letter, index)


def _halves(place: _Places, n_in: int) -> list[str]:
    """Return the names of encoder and decoder, beside the rows where nothing else stands."""
    left = (place.x_of[0] + place.x_of[n_in - 1]) / 2
    right = (place.x_of[n_in] + place.x_of[-1]) / 2
    return [
        text((left, place.y_out), "encoder", size=14),
        text((right, place.y_states[0] + TALL / 2 + 34), "decoder", size=14),
    ]
