"""The sampler: a trained net writes, character by character, while you change what it draws with and what it holds."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

import numpy as np
import traitlets

from rnncourse.analysis import gates
from rnncourse.arguments import require_choice, require_count, require_number, require_that
from rnncourse.data.encoding import Vocabulary
from rnncourse.errors import InputError
from rnncourse.in_both import sampling as decoding
from rnncourse.in_both.sampling import tokens_of_writer
from rnncourse.in_numpy.layers import GRU, LSTM, RNN
from rnncourse.in_numpy.nets import RecurrentNet
from rnncourse.widgets._fallback import ReadableWidget, Setting, read_front_end

RIVALS = 3  # how many of the likeliest characters are told for each place
RANGES = {  # of the controls: first, last, step
    "temperature": (0.1, 2.0, 0.05),
    "characters": (20, 400, 20),
    "seed": (0, 99, 1),
    "value": (-1.0, 1.0, 0.1),
}
PARTS = {
    "nothing": "nothing",
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
LONGEST_PROMPT = 200

Net = Any  # a RecurrentNet of either engine


@dataclass(frozen=True, eq=False)
class Written:
    """n characters and how they came about.

    indices, p, drawn (n,): each token, its probability by the net, and the probability that it was drawn with,
    which depends on the temperature. likeliest: for each place its RIVALS likeliest tokens as (index, p).
    """

    indices: np.ndarray
    p: np.ndarray
    drawn: np.ndarray
    likeliest: list[list[tuple[int, float]]]


def write_characters(
    net: Net,
    start: np.ndarray,
    n: int,
    rng: np.random.Generator,
    temperature: float,
    held: gates.Hold | None = None,
) -> Written:
    """Return n tokens that follow the indices `start`, drawn as in_numpy.sample draws them, with probabilities.

    net: a RecurrentNet with an RNN, LSTM or GRU that reads and scores the same tokens. held: what is held from
    the first token on. Raises InputError for other nets and for what the net does not have.
    """
    net = numpy_copy(net)
    if held is not None:
        check_hold(net, held)
    read = gates.read_with_holds(net, [] if held is None else [held], [])
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
    return Written(indices, by_net[places, indices], by_temperature[places, indices], likeliest)


def numpy_copy(net: Net) -> RecurrentNet:
    """Return a RecurrentNet of in_numpy with the numbers of `net`, which may live on a GPU."""
    layer = getattr(net, "layer", None)
    kinds = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}
    kind = getattr(layer, "kind", None)
    require_that(
        "net", net, kind in kinds and hasattr(net, "readout"), "a RecurrentNet with an RNN, LSTM or GRU"
    )
    tokens_of_writer(net)
    extra = {"phi": layer.phi} if kind == "RNN" else {}
    copy = RecurrentNet(kinds[kind](layer.D, layer.H, **extra), layer.D)
    for name, array in net.params.items():
        copy.params[name] = array.detach().cpu().numpy() if hasattr(array, "detach") else array
    return copy


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
        raise InputError(f"unit must be from 0 to {H - 1}, for there are {H}, but {held.units} came")
    if part in GATES and not 0 <= value <= 1:
        raise InputError(f"a gate lies between 0 (closed) and 1 (open), but {value:g} came")


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
    """Controls and the text that a net writes with them. Every setting can be read and set from Python.

    hold: a key of PARTS; unit: a number, or -1 for all units; value: what the part is held at. `text` is what
    the net wrote, `written` how each character came about (see Written), None where `problem` says why not.
    """

    _esm = read_front_end("panel.js", "sampler.js")
    _css = read_front_end("theme.css", "sampler.css")

    works_without_kernel = traitlets.Bool(False).tag(sync=True)  # the net lives in Python

    _settings = ("prompt", "temperature", "characters", "seed", "hold", "unit", "value")

    prompt = _setting("prompt", "")
    temperature = _setting("temperature", 0.7)
    characters = _setting("characters", 200)
    seed = _setting("seed", 0)
    hold = _setting("hold", "nothing")
    unit = _setting("unit", -1)
    value = _setting("value", 0.0)
    view = traitlets.Dict().tag(sync=True)
    fixed = traitlets.Dict().tag(sync=True)

    def __init__(self, net: Net, vocabulary: Vocabulary, **settings: Any):
        require_that("vocabulary", vocabulary, isinstance(vocabulary, Vocabulary), "a Vocabulary")
        layer = numpy_copy(net).layer
        if len(vocabulary) != layer.D:
            raise InputError(f"the net reads {layer.D} tokens, but the vocabulary has {len(vocabulary)}")
        self.net, self.vocabulary, self.units = net, vocabulary, layer.H
        self.written: Written | None = None
        self.problem = ""
        checked = {name: _checked(name, given, layer.H) for name, given in settings.items()}
        parts = [name for name in PARTS if name == "nothing" or name in gates.PARTS[layer.kind]]
        fixed = {
            "ranges": RANGES,
            "parts": {name: PARTS[name] for name in parts},
            "gates": GATES,
            "units": self.units,
        }
        super().__init__(fixed=fixed, **checked)
        self._write()
        self.observe(self._write, names=list(self._settings))

    @property
    def text(self) -> str:
        """What the net wrote after the prompt, "" where there is a problem."""
        return "".join(self.vocabulary.decode(self.written.indices)) if self.written else ""

    def _write(self, _: traitlets.Bunch | None = None) -> None:
        """Let the net write, and show it; what cannot be done is said in the widget."""
        self.written, self.problem = None, ""
        try:
            start = self._start()
            unit = None if self.unit < 0 else self.unit
            held = None if self.hold == "nothing" else gates.Hold(self.hold, self.value, unit)
            rng = np.random.default_rng(self.seed)
            self.written = write_characters(self.net, start, self.characters, rng, self.temperature, held)
        except InputError as error:
            self.problem = f"{error}"
        self.view = self._picture()

    def _start(self) -> np.ndarray:
        """Return the prompt's indices; an empty one stands for the beginning of a line."""
        strange = sorted({character for character in self.prompt if character not in self.vocabulary})
        if strange:
            named = ", ".join(f"“{character}”" for character in strange[:5])
            raise InputError(
                f"The net has never met {named}. Take {'it' if len(strange) == 1 else 'them'} out of the prompt."
            )
        first = "\n" if "\n" in self.vocabulary else self.vocabulary.token(0)
        return self.vocabulary.encode(list(self.prompt or first))

    def _picture(self) -> dict:
        """Return all that the front end writes."""
        settings = {name: getattr(self, name) for name in self._settings}
        if self.written is None:
            return {"settings": settings, "problem": self.problem, "characters": [], "heard": self.problem}
        token = self.vocabulary.token
        rows = zip(
            self.written.indices, self.written.p, self.written.drawn, self.written.likeliest, strict=True
        )
        told = [
            [token(int(k)), round(p, 3), round(drawn, 3), [[token(j), round(q, 3)] for j, q in best]]
            for k, p, drawn, best in rows
        ]
        heard = f"{len(told)} characters: {self.prompt}{self.text}"
        return {"settings": settings, "problem": "", "characters": told, "heard": heard}

    def _caption(self) -> str:
        held = "" if self.hold == "nothing" else f", {PARTS[self.hold]} held at {self.value:g}"
        return f"temperature {self.temperature:g}, seed {self.seed}{held}"

    def __repr__(self) -> str:
        return f"Sampler({self._caption()})"

    def static_html(self) -> str:
        """Return the settings and the text."""
        if self.problem:
            return f"<p><strong>Sampler</strong> ({self._caption()}): {html.escape(self.problem)}</p>"
        text = html.escape(self.text).replace("\n", "<br>")
        return (
            f"<p><strong>Sampler</strong> ({self._caption()})</p>"
            f"<blockquote><strong>{html.escape(self.prompt)}</strong>{text}</blockquote>"
        )

    def static_text(self) -> str:
        """Return the settings and the text as plain text."""
        return f"Sampler ({self._caption()})\n{self.problem or self.prompt + self.text}"

    def invitation(self) -> str:
        """Return one line that says what running the cell brings."""
        return "Run this cell (Shift + Enter) to change prompt and temperature here and see each probability."


def _checked(name: str, given: object, H: int) -> Any:
    """Return a setting if the controls have it; raise InputError otherwise."""
    if name == "hold":
        return require_choice("hold", given, tuple(PARTS))
    if name == "prompt":
        require_that(
            "prompt",
            given,
            isinstance(given, str) and len(given) <= LONGEST_PROMPT,
            f"a text of at most {LONGEST_PROMPT} characters",
        )
        return given
    first, last, _ = (-1, H - 1, 1) if name == "unit" else RANGES[name]
    require = require_count if name in ("characters", "seed", "unit") else require_number
    return require(name, given, least=first, most=last)
