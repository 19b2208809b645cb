"""The Gate lab's second tab: one unit of a trained network, held by the reader while the network writes."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

import numpy as np
import traitlets

from rnncourse.analysis import gates
from rnncourse.arguments import require_choice, require_count, require_number, require_that
from rnncourse.data.encoding import Vocabulary
from rnncourse.errors import InputError, describe
from rnncourse.notation import colour
from rnncourse.viz._show import figure_html
from rnncourse.widgets._fallback import ReadableWidget, Setting
from rnncourse.widgets._writer_picture import Row, rows_picture
from rnncourse.widgets._writing_net import (
    LONGEST_PROMPT,
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

TABS = {"cell": "One unit alone", "network": "One unit of your network"}
WRITTEN = 100  # characters after the prompt
MOST_CHARACTERS = LONGEST_PROMPT + WRITTEN
HELD_GATES = {"f": (0.0, 1.0), "i": (0.0, 1.0), "g": (-1.0, 1.0), "o": (0.0, 1.0)}
TRACED = ("i", "f", "g", "o", "c", "h")
_FIRST = {"tab": "cell", "prompt": "", "seed": 0, "unit": 0, "unit_holds": {}, "character": 1}


class NetworkTab(ReadableWidget):
    """What the Gate lab knows of a network: a copy of its parameters, and the settings with which it writes.

    prompt, seed (0 to 99): what the network reads first, and the random draws with which it goes on. unit: the one
    that is looked at. unit_holds: its gates that are held from the end of the prompt on, such as {"f": 1, "i": 0}.
    character (from 1): the place in prompt and text that is looked at; the last place stands for all beyond it.
    tab: "cell" or "network".
    """

    tab = Setting(lambda lab, value: lab._checked("tab", value), "cell")
    prompt = Setting(lambda lab, value: lab._checked("prompt", value), "")
    seed = Setting(lambda lab, value: lab._checked("seed", value), 0)
    unit = Setting(lambda lab, value: lab._checked("unit", value), 0)
    unit_holds = Setting(lambda lab, value: lab._checked("unit_holds", value), {})
    character = Setting(lambda lab, value: lab._checked("character", value), 1)
    network = traitlets.Dict().tag(sync=True)  # empty: there is none

    _net: Any = None
    _vocabulary: Any = None

    def _with_network(self, network: Net, vocabulary: Vocabulary, prompt: str, unit: int) -> dict[str, Any]:
        """Copy a network into the lab and return the settings that open its tab."""
        net = numpy_copy(network, "network")
        if net.layer.kind != "LSTM":
            raise InputError(
                f"network must be a RecurrentNet with an LSTM, but its layer is: {net.layer.kind}"
            )
        require_own_tokens(net, vocabulary)
        self._net, self._vocabulary = net, vocabulary
        about = {"weights": packed(net), "written": WRITTEN, "tabs": TABS}
        return {
            "network": description(net, vocabulary) | about,
            "tab": "network",
            "prompt": self._checked("prompt", prompt),
            "unit": self._checked("unit", unit),
            "character": max(1, len(prompt)) + 1,
        }

    @property
    def problem(self) -> str:
        """Why the network cannot write, "" where nothing is in the way."""
        try:
            self._require_network("prompt")
            check_prompt(self.prompt, self._vocabulary)
        except InputError as error:
            return f"{error}"
        return ""

    @property
    def text(self) -> str:
        """What the network writes after the prompt with the unit held, "" where there is a problem."""
        return self._written(self._holds())[0]

    @property
    def free_text(self) -> str:
        """What the network writes after the prompt when it is left alone, "" where there is a problem."""
        return self._written([])[0]

    @property
    def unit_trace(self) -> dict[str, np.ndarray]:
        """The unit's i, f, g, o, c and h (n,) after each character of the prompt and the text."""
        return self._written(self._holds())[1]

    def _written(self, holds: list[gates.Hold]) -> tuple[str, dict[str, np.ndarray]]:
        if self.problem:
            return "", {name: np.zeros(0) for name in TRACED}
        rng = np.random.default_rng(self.seed)
        # One more than is shown: the trace ends with the last token that was read.
        ids, trace = gates.write(self._net, self._start(), WRITTEN + 1, rng, holds=holds)
        return "".join(self._vocabulary.decode(ids[:-1])), {
            name: trace[name][:, 0, self.unit] for name in TRACED
        }

    def _start(self) -> np.ndarray:
        return start_of(self.prompt, self._vocabulary)

    def _holds(self) -> list[gates.Hold]:
        if self.problem:
            return []
        n = len(self._start())
        late = range(n, n + WRITTEN)
        return [gates.Hold(gate, value, self.unit, late) for gate, value in self.unit_holds.items()]

    def _checked(self, name: str, value: Any) -> Any:
        """Return a setting of the tab; raise InputError for one that it does not have."""
        if self._net is None and value == _FIRST[name]:
            return value
        if name == "tab":
            require_choice("tab", value, tuple(TABS))
        self._require_network(name)
        counts = {
            "seed": (0, SEEDS - 1),
            "unit": (0, self._net.layer.H - 1),
            "character": (1, MOST_CHARACTERS),
        }
        if name in counts:
            least, most = counts[name]
            return require_count(name, value, least=least, most=most)
        return {"tab": str, "prompt": checked_prompt, "unit_holds": _checked_unit_holds}[name](value)

    def _require_network(self, name: str) -> None:
        if self._net is None:
            raise InputError(
                f"{name} belongs to a network, but this lab has none; make it with gate_lab(network=…, vocabulary=…)"
            )

    def _network_caption(self) -> str:
        held = ", ".join(f"{gate} = {value:g}" for gate, value in self.unit_holds.items())
        return f"unit {self.unit} of {self._net.layer.H}, {f'{held} held after the prompt' if held else 'nothing held'}"

    def _network_html(self) -> str:
        """Return both texts and a picture of the unit's gates and cell over the text."""
        if self.problem:
            return (
                f"<p><strong>Gate lab</strong> ({self._network_caption()}): {html.escape(self.problem)}</p>"
            )
        trace = self.unit_trace
        rows = [
            Row(name, trace[name], colour(f"{name}_t"), floor=name in "fio") for name in ("c", "f", "i", "o")
        ]
        told = f"The Gate lab, {self._network_caption()}: bars over the text for its c, f, i and o."
        line = (
            "Gate lab. Hold one unit of the network by its valves, and see it write differently while the unit's "
            "gates and cell run along below the text."
        )
        texts = {"left free": self.free_text} | ({"held": self.text} if self.unit_holds else {})
        quoted = "".join(
            f"<blockquote>{name}: <strong>{html.escape(self.prompt)}</strong>{html.escape(text)}</blockquote>"
            for name, text in texts.items()
        ).replace("\n", "<br>")
        return (
            f"<p><strong>Gate lab</strong> ({self._network_caption()})</p>{quoted}"
            f"{figure_html(rows_picture(rows, 'one unit over the text'), alt=told, caption=line)}"
        )

    def _network_text(self) -> str:
        """Return both texts as plain text."""
        about = f"Gate lab ({self._network_caption()})"
        if self.problem:
            return f"{about}\n{self.problem}"
        held = [f"held: {self.prompt}{self.text}"] if self.unit_holds else []
        return "\n".join([about, f"left free: {self.prompt}{self.free_text}", *held])


def _checked_unit_holds(value: object) -> dict[str, float]:
    """Return which gates are held at which values; raise InputError for others."""
    require_that("unit_holds", value, isinstance(value, Mapping), 'a dict such as {"f": 1.0, "i": 0.0}')
    for gate in value:
        if gate not in HELD_GATES:
            raise InputError(f"unit_holds must have no keys but f, i, g and o, but got {describe(gate)}")
    return {
        gate: require_number(f"unit_holds[{gate!r}]", value[gate], least=low, most=high)
        for gate, (low, high) in HELD_GATES.items()
        if gate in value
    }
