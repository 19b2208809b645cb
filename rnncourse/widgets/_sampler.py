"""The sampler: a trained net writes, character by character, while you change what it draws with and what it holds."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import traitlets

from rnncourse.analysis import gates
from rnncourse.arguments import require_choice, require_count, require_number
from rnncourse.data.encoding import Vocabulary
from rnncourse.errors import InputError
from rnncourse.in_both import sampling as decoding
from rnncourse.in_numpy.nets import RecurrentNet
from rnncourse.notation import colour
from rnncourse.viz._show import figure_html
from rnncourse.widgets._fallback import ReadableWidget, Setting, read_front_end
from rnncourse.widgets._unit_ranking import SIGNALS, correlations, signal
from rnncourse.widgets._writer_picture import picture
from rnncourse.widgets._writing_net import (
    SEEDS,
    Net,
    check_prompt,
    checked_prompt,
    description,
    numpy_copy,
    packed,
    require_own_tokens,
    start_of,
)

RIVALS = 3  # how many of the likeliest characters are told for each place
RANGES = {  # of the controls: first, last, step
    "temperature": (0.1, 2.0, 0.05),
    "characters": (20, 400, 20),
    "seed": (0, SEEDS - 1, 1),
    "value": (-1.0, 1.0, 0.1),
}
PARTS = {
    "nothing": "nothing",
    "frozen": "memory, frozen after the prompt",
    "h": "state h",
    "c": "cell c",
    "f": "forget gate f",
    "i": "input gate i",
    "o": "output gate o",
    "g": "candidate g",
    "r": "reset gate r",
    "z": "update gate z",
    "n": "candidate n",
}
GATES = ("f", "i", "o", "r", "z")
FROZEN = {"LSTM": {"f": 1.0, "i": 0.0}, "GRU": {"z": 1.0}}  # what keeps a unit as it is
COLORED = ("surprise", "unit", "nothing")


@dataclass(frozen=True, eq=False)
class Written:
    """n characters and how they came about.

    indices, p, drawn (n,): each token, its probability by the net, and the probability that it was drawn with,
    which depends on the temperature. likeliest: for each place its RIVALS likeliest tokens as (index, p). memory
    (tokens read, H): what the units keep, c of an LSTM and h of other nets, after each token of the start and all
    but the last of the tokens written.
    """

    indices: np.ndarray
    p: np.ndarray
    drawn: np.ndarray
    likeliest: list[list[tuple[int, float]]]
    memory: np.ndarray


def write_characters(
    net: Net,
    start: np.ndarray,
    n: int,
    rng: np.random.Generator,
    temperature: float,
    holds: Sequence[gates.Hold] = (),
) -> Written:
    """Return n tokens that follow the indices `start`, drawn as in_numpy.sample draws them, with probabilities.

    net: a RecurrentNet with an RNN, LSTM or GRU that reads and scores the same tokens. holds: what is held, at
    the steps that each one names. Raises InputError for other nets and for what the net does not have.
    """
    net = numpy_copy(net)
    for held in holds:
        check_hold(net, held)
    made: list[dict[str, np.ndarray]] = []
    read = gates.read_with_holds(net, list(holds), made)
    scored = []  # log p after each token that was read

    def step(indices: np.ndarray, state: Any) -> tuple[np.ndarray, Any]:
        log_p, state = read(indices, state)
        scored.append(log_p[0])
        return log_p, state

    indices = decoding.sample(step, start, n, net.layer.D, rng, temperature, end=None)
    log_p, places = np.stack(scored[-n:]), np.arange(n)
    by_net, by_temperature = np.exp(log_p).astype(float), decoding.with_temperature(log_p, temperature)
    best = np.argsort(-by_net, axis=1, kind="stable")[:, :RIVALS]
    likeliest = [[(int(k), float(p[k])) for k in row] for row, p in zip(best, by_net, strict=True)]
    memory = np.concatenate([step["c" if "c" in step else "h"] for step in made])
    return Written(indices, by_net[places, indices], by_temperature[places, indices], likeliest, memory)


def check_hold(net: RecurrentNet, held: gates.Hold) -> None:
    """Raise InputError, with a reason, for a hold that the net does not have."""
    part, value, kind = require_choice("part", held.gate, tuple(PARTS)), held.value, net.layer.kind
    if part not in gates.PARTS[kind]:
        owners = " or ".join(f"{name}" for name, parts in gates.PARTS.items() if part in parts)
        raise InputError(
            f"only an {owners} has the part {PARTS[part]!r}; this net is a {kind}: hold its state h"
        )
    if held.units is not None and not 0 <= held.units < net.layer.H:
        H = net.layer.H
        raise InputError(f"unit must be from 0 to {H - 1}, since there are {H} units, but got {held.units}")
    if part in GATES and not 0 <= value <= 1:
        raise InputError(f"a gate lies between 0 (closed) and 1 (open), but got {value:g}")


def sampler(
    net: Net,
    vocabulary: Vocabulary,
    prompt: str = "",
    temperature: float = 0.7,
    characters: int = 200,
    seed: int = 0,
) -> Sampler:
    """Return the sampler for a net that writes the characters of `vocabulary`.

    Raises InputError for a net of another size and for numbers outside the controls: temperature 0.1 … 2,
    characters 20 … 400, seed 0 … 99. A prompt with characters that the net never met is answered with a hint.
    """
    return Sampler(net, vocabulary, prompt=prompt, temperature=temperature, characters=characters, seed=seed)


def _setting(name: str, default: Any) -> Setting:
    return Setting(lambda widget, value: _checked(name, value, widget.units), default)


class Sampler(ReadableWidget):
    """Controls, the text that a net writes with them, how surprising each character was, and what its units keep.

    Every setting can be read and set from Python. hold: a key of PARTS; unit: a number, or -1 for all units;
    value: what the part is held at. follows: a key of SIGNALS, by which `ranking` and the lab order the units.
    colored: "surprise", "unit" or "nothing". `text` is what the net wrote, `written` how each character came about
    (see Written), None where `problem` says why not.

    The net is computed in the browser, which draws the same characters as Python, so the sampler also answers in
    a saved page.
    """

    _esm = read_front_end(
        "panel.js", "vendor/d3.js", "activations.js", "writer_math.js", "writing.js", "sampler.js"
    )
    _css = read_front_end("theme.css", "sampler.css")

    _settings = ("prompt", "temperature", "characters", "seed", "hold", "unit", "value", "follows", "colored")

    prompt = _setting("prompt", "")
    temperature = _setting("temperature", 0.7)
    characters = _setting("characters", 200)
    seed = _setting("seed", 0)
    hold = _setting("hold", "nothing")
    unit = _setting("unit", -1)
    value = _setting("value", 0.0)
    follows = _setting("follows", "word")
    colored = _setting("colored", "surprise")
    weights = traitlets.Unicode().tag(sync=True)  # all parameters, as `packed` puts them into a text
    fixed = traitlets.Dict().tag(sync=True)

    def __init__(self, net: Net, vocabulary: Vocabulary, **settings: Any):
        copy = numpy_copy(net)
        require_own_tokens(copy, vocabulary)
        self.net, self.vocabulary, self.units = net, vocabulary, copy.layer.H
        checked = {name: _checked(name, given, self.units) for name, given in settings.items()}
        super().__init__(fixed=_fixed(net, vocabulary), weights=packed(net), **checked)
        self.observe(self._send_weights, names=list(self._settings))

    @property
    def problem(self) -> str:
        """Why nothing can be written, "" where nothing is in the way."""
        try:
            check_prompt(self.prompt, self.vocabulary)
            for held in self._holds(1):
                check_hold(numpy_copy(self.net), held)
        except InputError as error:
            return f"{error}"
        return ""

    @property
    def written(self) -> Written | None:
        """What the net writes with these settings, None where there is a problem."""
        if self.problem:
            return None
        start = start_of(self.prompt, self.vocabulary)
        rng = np.random.default_rng(self.seed)
        holds = self._holds(len(start))
        return write_characters(self.net, start, self.characters, rng, self.temperature, holds)

    @property
    def text(self) -> str:
        """What the net writes after the prompt, "" where there is a problem."""
        written = self.written
        return "".join(self.vocabulary.decode(written.indices)) if written else ""

    def ranking(self) -> list[tuple[int, float]]:
        """Return all units as (unit, correlation with what they are to follow), the closest first."""
        written = self.written
        if written is None:
            return []
        read = "".join(self.vocabulary.decode([*start_of(self.prompt, self.vocabulary), *written.indices]))
        found = correlations(written.memory, signal(self.follows, read)[: len(written.memory)])
        order = np.argsort(-np.abs(found).round(9), kind="stable")
        return [(int(k), float(found[k])) for k in order]

    def _holds(self, start: int) -> list[gates.Hold]:
        """Return what is held; start: how many tokens are read before the first one is written."""
        unit = None if self.unit < 0 else self.unit
        if self.hold == "nothing":
            return []
        if self.hold == "frozen":
            kept = FROZEN.get(numpy_copy(self.net).layer.kind)
            if kept is None:
                raise InputError("an RNN has no gate that keeps a unit as it is: hold its state h")
            late = range(start, start + self.characters)
            return [gates.Hold(gate, value, unit, late) for gate, value in kept.items()]
        return [gates.Hold(self.hold, self.value, unit)]

    def _send_weights(self, _: traitlets.Bunch) -> None:
        """Parameters may have been changed in place since they were sent."""
        self.weights = packed(self.net)

    def _caption(self) -> str:
        at = "" if self.hold == "frozen" else f" held at {self.value:g}"
        held = "" if self.hold == "nothing" else f", {PARTS[self.hold]}{at}"
        return f"temperature {self.temperature:g}, seed {self.seed}{held}"

    def __repr__(self) -> str:
        return f"Sampler({self._caption()})"

    def static_html(self) -> str:
        """Return the settings, the text with its surprises underlined, and a picture of what some units keep."""
        written = self.written
        if written is None:
            return f"<p><strong>Sampler</strong> ({self._caption()}): {html.escape(self.problem)}</p>"
        ranked = self.ranking()[:4]
        shown = {f"unit {k}": written.memory[:, k] for k, _ in ranked}
        alt = f"Bars of surprise for each character, and the memory of units {', '.join(str(k) for k, _ in ranked)}."
        line = (
            "Sampler. Watch the text being written, see what surprised the network, and take hold of a unit."
        )
        drawn = picture(
            -np.log2(written.p), shown, len(start_of(self.prompt, self.vocabulary)), colour("c_t")
        )
        letters = zip(self.vocabulary.decode(written.indices), written.p, strict=True)
        text = "".join(_underlined(html.escape(one), p) for one, p in letters).replace("\n", "<br>")
        return (
            f"<p><strong>Sampler</strong> ({self._caption()}; underlined: less than 5 % likely)</p>"
            f"<blockquote><strong>{html.escape(self.prompt)}</strong>{text}</blockquote>"
            f"{figure_html(drawn, alt=alt, caption=line)}"
        )

    def static_text(self) -> str:
        """Return the settings and the text as plain text."""
        return f"Sampler ({self._caption()})\n{self.problem or self.prompt + self.text}"

    def invitation(self) -> str:
        """Return one line that says what you get by running the cell."""
        return "Run this cell (Shift + Enter) to let the network write here, and to take hold of its units."


def _underlined(character: str, p: float) -> str:
    return f"<u>{character}</u>" if p < 0.05 else character


def _fixed(net: Net, vocabulary: Vocabulary) -> dict[str, Any]:
    """Return what the front end needs once: the net, but for its parameters, and the choices and ranges of controls."""
    net = numpy_copy(net)
    kind = net.layer.kind
    parts = [
        name
        for name in PARTS
        if name == "nothing" or name in gates.PARTS[kind] or (name == "frozen" and kind in FROZEN)
    ]
    return description(net, vocabulary) | {
        "ranges": RANGES,
        "parts": {name: PARTS[name] for name in parts},
        "gates": GATES,
        "frozen": FROZEN.get(kind, {}),
        "signals": SIGNALS,
        "tone": colour("c_t" if kind == "LSTM" else "h_t"),
    }


def _checked(name: str, given: object, H: int) -> Any:
    """Return a setting if the controls have it; raise InputError otherwise."""
    choices = {"hold": tuple(PARTS), "follows": tuple(SIGNALS), "colored": COLORED}
    if name in choices:
        return require_choice(name, given, choices[name])
    if name == "prompt":
        return checked_prompt(given)
    first, last, _ = (-1, H - 1, 1) if name == "unit" else RANGES[name]
    require = require_count if name in ("characters", "seed", "unit") else require_number
    return require(name, given, least=first, most=last)
