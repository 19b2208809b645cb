"""The cookie jar: a state of one number, the fraction of it that is kept, and its curve over twenty days."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from rnncourse.arguments import require_count, require_items, require_number, require_numbers, require_that
from rnncourse.notation import colour
from rnncourse.viz._lstm_cell import written
from rnncourse.viz._show import figure_html
from rnncourse.widgets._fallback import ReadableWidget, Setting, read_front_end
from rnncourse.widgets._jar_picture import picture

DAYS = 20
MOST_KEPT = 1.2
MOST_ADDED = 3
MOST_PINNED = 4
TASKS = ("level", "remember", "overflow")


def jar_lab(keep: float = 0.5) -> JarLab:
    """Return a jar of which a fraction `keep`, 0 to 1.2, is kept every day before something is added.

    Raises InputError for another fraction.
    """
    return JarLab(keep)


def jar_levels(keep: float, x: ArrayLike) -> np.ndarray:
    """Return h (T,) of h_t = keep * h_{t-1} + x_t for x (T,), from an empty jar."""
    h, levels = 0.0, []
    for x_t in np.asarray(x, dtype=float):
        h = keep * h + x_t
        levels.append(h)
    return np.array(levels)


class JarLab(ReadableWidget):
    """A cookie jar over twenty days: h_t = keep * h_{t-1} + x_t.

    `lab.keep` is the fraction that is kept, 0 to 1.2, and `lab.x` (20,) is what is added each day, 0 to 3; both can
    be set. `lab.h` (20,) is what is in the jar, `lab.day` the day on screen. `lab.pin()` leaves the curve in the
    chart, so that the next one can be compared with it. `lab.tasks` tells which of the lab's tasks are done.
    """

    _esm = read_front_end("panel.js", "vendor/d3.js", "jar_lab.js")
    _css = read_front_end("theme.css", "jar_lab.css")

    keep = Setting(lambda lab, value: require_number("keep", value, least=0, most=MOST_KEPT), 0.5)
    added = Setting(lambda lab, value: _checked_inputs(value), [1.0] * DAYS)
    day = Setting(lambda lab, value: require_count("day", value, most=DAYS), 6)
    pinned = Setting(lambda lab, value: _checked_pins(value), [])
    done = traitlets.List(traitlets.Unicode()).tag(sync=True)
    fixed = traitlets.Dict().tag(sync=True)

    def __init__(self, keep: float):
        super().__init__(keep=keep, fixed=_fixed())

    @property
    def x(self) -> np.ndarray:
        """What is added on each day (20,); can be set."""
        return np.array(self.added)

    @x.setter
    def x(self, value: ArrayLike) -> None:
        self.added = require_numbers("x", value, n=DAYS).tolist()

    @property
    def h(self) -> np.ndarray:
        """What is in the jar on each day (20,), after something was added."""
        return jar_levels(self.keep, self.added)

    @property
    def tasks(self) -> dict[str, bool]:
        """The lab's tasks by name, and whether each is done."""
        return {name: name in self.done for name in TASKS}

    def pin(self) -> None:
        """Leave the curve in the chart; of more than four, the oldest goes."""
        pin = {"keep": self.keep, "added": list(self.added)}
        self.pinned = [*(one for one in self.pinned if one != pin), pin][-MOST_PINNED:]

    def __repr__(self) -> str:
        return f"JarLab(keep={self.keep:g}, day={self.day})"

    def static_html(self) -> str:
        """Return a picture of the lab: yesterday's jar, today's jar, and the curve over twenty days."""
        pins = {f"keep {one['keep']:g}": jar_levels(one["keep"], one["added"]) for one in self.pinned}
        drawn = picture(self.keep, self.x, self.h, self.day, pins)
        line = (
            "A jar with a memory. Drag the fraction that is kept from day to day, "
            "and see how long the jar remembers."
        )
        return figure_html(drawn, alt=self.static_text(), caption=line)

    def static_text(self) -> str:
        """Return the fraction and the contents on some days as a sentence."""
        days = ", ".join(f"day {t}: {written(self.h[t - 1])}" for t in (1, 2, 3, 10, DAYS))
        others = "".join(
            f" With {one['keep']:g}, {written(jar_levels(one['keep'], one['added'])[-1])} on day {DAYS}."
            for one in self.pinned
        )
        return f"A jar of which {self.keep:g} is kept every day. Cookies in it on {days}.{others}"

    def invitation(self) -> str:
        """Return one line that says what you get by running the cell."""
        return "Run this cell (Shift + Enter) to drag the fraction here."


def _fixed() -> dict[str, Any]:
    """Return what the front end needs once: limits and colors."""
    return {
        "mostKept": MOST_KEPT,
        "mostAdded": MOST_ADDED,
        "mostPinned": MOST_PINNED,
        "colours": {"x": colour("x_t"), "h": colour("h_t")},
    }


def _checked_inputs(value: object) -> list[float]:
    """Return what is added on each day as a list of DAYS numbers from 0 to MOST_ADDED."""
    listed = require_items("added", value, DAYS, "numbers")
    return [require_number("added", one, least=0, most=MOST_ADDED) for one in listed]


def _checked_pins(value: object) -> list[dict[str, Any]]:
    """Return the pinned curves, each a dict of keep and added."""
    few = isinstance(value, (list, tuple)) and len(value) <= MOST_PINNED
    require_that("pinned", value, few, f"a list of at most {MOST_PINNED} curves")
    for pin in value:
        complete = isinstance(pin, dict) and set(pin) == {"keep", "added"}
        require_that("a pinned curve", pin, complete, "a dict of keep and added")
    return [
        {
            "keep": require_number("keep", pin["keep"], least=0, most=MOST_KEPT),
            "added": _checked_inputs(pin["added"]),
        }
        for pin in value
    ]
