"""The Wiring lab: one unrolled network with a switch at each input and output, which names its architecture."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import traitlets

from rnncourse.arguments import require_choice, require_count, require_that
from rnncourse.notation import colour
from rnncourse.viz._diagrams import arrow, svg, symbol, text
from rnncourse.viz._show import figure_html
from rnncourse.widgets._fallback import ReadableWidget, Setting, read_front_end
from rnncourse.widgets._wiring import (
    BOTH_WAYS,
    JOBS,
    MORE_LAYERS,
    PATTERNS,
    STEPS,
    WITHOUT_NAME,
    hears,
    lacks,
    pattern_of,
)


def _on(first: int, last: int) -> list[bool]:
    """Return the switches of a row that is on from step `first` to step `last`."""
    return [first <= t <= last for t in range(1, STEPS + 1)]


_ALIGNED = {"reads": _on(1, 5), "counts": _on(1, 5)}

WIRINGS: dict[str, dict] = {
    "one-to-one": {"reads": _on(1, 1), "counts": _on(1, 1)},
    "one-to-many": {"reads": _on(1, 1), "counts": _on(1, 6)},
    "many-to-one": {"reads": _on(1, 6), "counts": _on(6, 6)},
    "many-to-many aligned": _ALIGNED,
    "many-to-many delayed": {"reads": _on(1, 5), "counts": _on(3, 7)},
    "many-to-many unaligned": {"reads": _on(1, 3), "counts": _on(4, 8)},
    "stacked": _ALIGNED | {"layers": 2},
    "bidirectional": _ALIGNED | {"both_ways": True},
}


def wiring_lab(pattern: str = "many-to-one") -> WiringLab:
    """Return the Wiring lab with its switches set to `pattern`, one of WIRINGS; raise InputError for another."""
    return WiringLab(pattern)


class WiringLab(ReadableWidget):
    """One recurrent network over 8 steps: which of them read an input, and which outputs count?

    `lab.reads` and `lab.counts` are the switches, arrays (8,) of 0 and 1; `lab.layers` (1 or 2) and
    `lab.both_ways` belong to the network. All four can be set. `lab.pattern` is the name of the wiring, None if it
    has none, and setting it sets the switches. `lab.hears(t)` lists the steps whose inputs reach the output of step
    t, `lab.start("review")` begins a job, and `lab.jobs` says which ones are done.

    Everything is computed in the browser, so the lab also answers in a saved page.
    """

    _esm = read_front_end("panel.js", "vendor/d3.js", "wiring_math.js", "wiring_lab.js")
    _css = read_front_end("theme.css", "wiring_lab.css")

    read = Setting(lambda lab, value: _switches("reads", value))
    counted = Setting(lambda lab, value: _switches("counts", value))
    layers = Setting(lambda lab, value: require_count("layers", value, most=2), 1)
    both_ways = traitlets.Bool(False).tag(sync=True, echo_update=False)
    job = Setting(lambda lab, value: value if value == "" else require_choice("job", value, tuple(JOBS)), "")
    done = Setting(lambda lab, value: [require_choice("job", one, tuple(JOBS)) for one in value], [])
    fixed = traitlets.Dict().tag(sync=True)

    def __init__(self, pattern: str = "many-to-one"):
        wiring = WIRINGS[require_choice("pattern", pattern, tuple(WIRINGS))]
        more = {name: value for name, value in wiring.items() if name in ("layers", "both_ways")}
        super().__init__(read=wiring["reads"], counted=wiring["counts"], fixed=_fixed(), **more)
        self.observe(self._note_job, ["read", "counted", "layers", "both_ways", "job"])

    @property
    def reads(self) -> np.ndarray:
        """Which steps read an input, 1 or 0 (8,); can be set."""
        return np.array(self.read, dtype=int)

    @reads.setter
    def reads(self, value: Sequence[int]) -> None:
        self.read = value

    @property
    def counts(self) -> np.ndarray:
        """Which outputs count, 1 or 0 (8,): the mask of the loss; can be set."""
        return np.array(self.counted, dtype=int)

    @counts.setter
    def counts(self, value: Sequence[int]) -> None:
        self.counted = value

    @property
    def pattern(self) -> str | None:
        """The name of the wiring, None if it has none; can be set to one of WIRINGS."""
        name = pattern_of(self.read, self.counted, self.both_ways)
        return None if name in WITHOUT_NAME else name

    @pattern.setter
    def pattern(self, name: str) -> None:
        wiring = WIRINGS[require_choice("pattern", name, tuple(WIRINGS))]
        with self.hold_sync(), self.hold_trait_notifications():  # the browser gets all at once
            self.job, self.read, self.counted = "", wiring["reads"], wiring["counts"]
            self.layers, self.both_ways = wiring.get("layers", 1), wiring.get("both_ways", False)

    @property
    def jobs(self) -> dict[str, bool]:
        """The jobs by name, and whether the network has been wired for each."""
        return {name: name in self.done for name in JOBS}

    def start(self, job: str) -> None:
        """Begin a job: all switches are off, and the lab ticks the job off once they are set for it."""
        job = require_choice("job", job, tuple(JOBS))
        with self.hold_sync(), self.hold_trait_notifications():
            self.job, self.layers, self.both_ways = job, 1, False
            self.read = self.counted = [False] * STEPS

    def hears(self, t: int) -> list[int]:
        """Return the steps, from 1, whose inputs reach the output of step t."""
        step = require_count("t", t, most=STEPS) - 1
        return [k + 1 for k in hears(step, self.read, self.both_ways)]

    def _note_job(self, change: object) -> None:
        if self.job and self.job not in self.done:
            wiring = (self.read, self.counted, self.both_ways, self.layers)
            if not lacks(JOBS[self.job], *wiring):
                self.done = [*self.done, self.job]

    def __repr__(self) -> str:
        return f"WiringLab({self._title()})"

    def _title(self) -> str:
        more = ["bidirectional"] * self.both_ways + ["stacked"] * (self.layers == 2)
        return ", ".join([pattern_of(self.read, self.counted, self.both_ways), *more])

    def _in_words(self) -> str:
        read, counted = (_listed(row) for row in (self.read, self.counted))
        return f"{STEPS} steps of one recurrent network. Read at {read}; outputs count at {counted}: {self._title()}."

    def static_html(self) -> str:
        """Return a picture of the network with its switches."""
        line = "Wiring lab. Switch inputs and outputs on and off: which architecture is it, and which job can it do?"
        return figure_html(_picture(self.read, self.counted), alt=self._in_words(), caption=line)

    def static_text(self) -> str:
        """Return the wiring and the patterns in plain text, one to a line."""
        lines = [f"{name}: {one.says} {one.task} {one.shapes}" for name, one in PATTERNS.items()]
        return "\n".join([f"Wiring lab: {html.unescape(self._in_words())}", *lines])

    def invitation(self) -> str:
        """Return one line that says what you get by running the cell."""
        return "Run this cell (Shift + Enter) to set the switches here and wire the network for seven jobs."


def _switches(name: str, value: object) -> list[bool]:
    """Return the switches of a row as truth values; raise InputError for anything else."""
    listed = isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim == 1)
    switches = listed and len(value) == STEPS and all(one in (0, 1) for one in value)
    require_that(name, value, switches, f"{STEPS} numbers, each 0 or 1")
    return [bool(one) for one in value]


def _listed(row: Sequence[bool]) -> str:
    steps = [str(t) for t, on in enumerate(row, start=1) if on]
    return f"step{'s' * (len(steps) > 1)} {', '.join(steps)}" if steps else "no step"


def _fixed() -> dict[str, object]:
    """Return what the front end needs once: patterns, jobs, settings and colors."""
    return {
        "patterns": {name: vars(one) for name, one in PATTERNS.items()},
        "without": WITHOUT_NAME,
        "layers": MORE_LAYERS,
        "both_ways": BOTH_WAYS,
        "wirings": WIRINGS,
        "jobs": [
            {"name": name, "needs": [one.hears(t) for t in range(STEPS)], **vars(one)}
            for name, one in JOBS.items()
        ],
        "colours": {name: colour(symbol) for name, symbol in _COLOURS.items()},
    }


_COLOURS = {"x": "x_t", "h": "h_t", "d": "c_t", "s": "s_t", "y": "y_t"}


def _picture(reads: Sequence[bool], counts: Sequence[bool]) -> str:
    """Return the stand-in: the unrolled network, with what is switched on in color."""
    parts = [text((40, 50), "counts?"), text((40, 210), "reads?")]
    for t in range(STEPS):
        x = 115 + 84 * t
        for y, letter, on in ((210, "x", reads[t]), (130, "h", True), (50, "s", counts[t])):
            tone = colour(f"{letter}_t") if on else "#767676"
            look = 'fill-opacity="0.18"' if on else 'fill-opacity="0" stroke-dasharray="4 4"'
            box = f'x="{x - 24}" y="{y - 17}" width="48" height="34" rx="8"'
            parts += [f'<rect {box} fill="{tone}" stroke="{tone}" stroke-width="2" {look}/>']
            parts += [symbol((x, y), letter, str(t + 1))]
        parts += [arrow((x, 192), (x, 149), colour("x_t"))] * reads[t]
        parts += [arrow((x, 112), (x, 69), colour("s_t"))] * counts[t]
        parts += [arrow((x - 60, 130), (x - 25, 130), colour("h_t"))] * (t > 0)
    return svg(760, 244, parts, "an unrolled network")
