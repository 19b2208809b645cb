"""The sampler: a trained net writes, character by character, while you change what it draws with and what it holds."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

import numpy as np
import traitlets

from rnncourse.analysis import gates
from rnncourse.arguments import require_choice
from rnncourse.data.encoding import Vocabulary
from rnncourse.errors import InputError, describe
from rnncourse.in_both import sampling as decoding
from rnncourse.in_numpy.layers import GRU, LSTM, RNN
from rnncourse.in_numpy.losses import log_softmax
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
}
GATES = ("f", "i", "o")
LONGEST_PROMPT = 200

Net = Any  # a RecurrentNet of either engine


@dataclass(frozen=True)
class Clamp:
    """A part of the net that is held at a value at every step: PARTS has its names. unit None means all units."""

    part: str = "nothing"
    unit: int | None = None
    value: float = 0.0


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
    net: Net, start: np.ndarray, n: int, rng: np.random.Generator, temperature: float, clamp: Clamp = Clamp()
) -> Written:
    """Return n tokens that follow the indices `start`, drawn as in_numpy.sample draws them, with probabilities.

    net: a RecurrentNet with an RNN, LSTM or GRU that reads and scores the same tokens. clamp: what is held from
    the first token on. Raises InputError for other nets and for clamps that the net does not have.
    """
    net = numpy_copy(net)
    check_clamp(net, clamp)
    if clamp.part in gates.BLOCKS:
        net = gates.hold(net, gates.Hold(clamp.part, clamp.value, clamp.unit))
    V, told = net.layer.D, []  # what the net says after each token it reads

    def step(indices: np.ndarray, state: Any) -> tuple[np.ndarray, Any]:
        log_p, state = _step(net, np.eye(V, dtype=np.float32)[indices], state, clamp)
        told.append(log_p[0])
        return log_p, state

    indices = decoding.sample(step, start, n, V, rng, temperature, end=None)
    log_p, places = np.stack(told[-n:]), np.arange(n)
    by_net, by_temperature = np.exp(log_p).astype(float), decoding.with_temperature(log_p, temperature)
    best = np.argsort(-by_net, axis=1, kind="stable")[:, :RIVALS]
    likeliest = [[(int(k), float(p[k])) for k in row] for row, p in zip(best, by_net, strict=True)]
    return Written(indices, by_net[places, indices], by_temperature[places, indices], likeliest)


def _step(net: RecurrentNet, tokens: np.ndarray, state: Any, clamp: Clamp) -> tuple[np.ndarray, Any]:
    """Read tokens (1, V); return the log-probabilities (1, V) of the next and the state, parts of it held."""
    layer = net.layer
    h, state = layer.forward(tokens[None], state)
    h, units = h[-1].copy(), slice(None) if clamp.unit is None else clamp.unit
    if clamp.part == "c":
        c = state[1].copy()
        c[:, units] = clamp.value
        h = layer.trace["o"][-1] * np.tanh(c)
        state = h, c
    elif clamp.part == "h":
        h[:, units] = clamp.value
        state = (h, state[1]) if isinstance(state, tuple) else h
    return log_softmax(net.readout.forward(h)), state


def numpy_copy(net: Net) -> RecurrentNet:
    """Return a RecurrentNet of in_numpy with the numbers of `net`, which may live on a GPU."""
    layer = getattr(net, "layer", None)
    kinds = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}
    if type(layer).__name__ not in kinds or not hasattr(net, "readout"):
        raise InputError(f"net must be a RecurrentNet with an RNN, LSTM or GRU, but {describe(net)} came")
    if net.readout.K != layer.D:
        raise InputError(
            f"a net that writes scores the tokens it reads, but it reads {layer.D} and scores {net.readout.K}"
        )
    extra = {"phi": layer.phi} if type(layer).__name__ == "RNN" else {}
    copy = RecurrentNet(kinds[type(layer).__name__](layer.D, layer.H, **extra), layer.D)
    for name, array in net.params.items():
        copy.params[name] = array.detach().cpu().numpy() if hasattr(array, "detach") else array
    return copy


def check_clamp(net: RecurrentNet, clamp: Clamp) -> None:
    """Raise InputError, with a reason, for a clamp that the net does not have."""
    require_choice("part", clamp.part, tuple(PARTS))
    kind, H = type(net.layer).__name__, net.layer.H
    if clamp.part not in ("nothing", "h") and kind != "LSTM":
        raise InputError(
            f"only an LSTM has the part {PARTS[clamp.part]!r}; this net is a {kind}: hold its state h"
        )
    if clamp.unit is not None and not 0 <= clamp.unit < H:
        raise InputError(f"unit must be from 0 to {H - 1}, for there are {H}, but {clamp.unit} came")
    if clamp.part in GATES and not 0 <= clamp.value <= 1:
        raise InputError(f"a gate lies between 0 (closed) and 1 (open), but {clamp.value:g} came")


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
        if not isinstance(vocabulary, Vocabulary):
            raise InputError(f"vocabulary must be a Vocabulary, but {describe(vocabulary)} came")
        layer = numpy_copy(net).layer
        if len(vocabulary) != layer.D:
            raise InputError(f"the net reads {layer.D} tokens, but the vocabulary has {len(vocabulary)}")
        self.net, self.vocabulary, self.units = net, vocabulary, layer.H
        self.written: Written | None = None
        self.problem = ""
        checked = {name: _checked(name, given, layer.H) for name, given in settings.items()}
        parts = [name for name in PARTS if name in ("nothing", "h") or type(layer).__name__ == "LSTM"]
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
            clamp = Clamp(self.hold, None if self.unit < 0 else self.unit, self.value)
            rng = np.random.default_rng(self.seed)
            self.written = write_characters(self.net, start, self.characters, rng, self.temperature, clamp)
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
        if not isinstance(given, str) or len(given) > LONGEST_PROMPT:
            raise InputError(
                f"prompt must be a text of at most {LONGEST_PROMPT} characters, but {describe(given)} came"
            )
        return given
    first, last, _ = (-1, H - 1, 1) if name == "unit" else RANGES[name]
    whole = name in ("characters", "seed", "unit")
    kinds = (int, np.integer) if whole else (int, float, np.number)
    if isinstance(given, bool) or not isinstance(given, kinds) or not first <= given <= last:
        number = "a whole number" if whole else "a number"
        raise InputError(f"{name} must be {number} from {first:g} to {last:g}, but {describe(given)} came")
    return int(given) if whole else float(given)
