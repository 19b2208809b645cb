"""A window to be dragged along a series, with the forecast of a dense network that is fed back on itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from rnncourse.arguments import require_count, require_items, require_number, require_numbers, require_that
from rnncourse.data import Scaler
from rnncourse.in_numpy import MLP
from rnncourse.notation import colour
from rnncourse.viz._show import figure_html
from rnncourse.widgets._fallback import ReadableWidget, Setting, read_front_end
from rnncourse.widgets._window_picture import picture

FURTHEST = 16  # years ahead
HIGHEST = 200.0  # what a value of the window can be pulled up to
TASKS = ("miss", "five", "turn")


def window_lab(
    years: ArrayLike, series: ArrayLike, net: MLP, scaler: Scaler, tested_from: int = 1900
) -> WindowLab:
    """Return a window to be dragged along a series (n,) of yearly values, and the forecast of `net` for it.

    net: an MLP with ReLU that maps a window, scaled by `scaler`, to the next value. tested_from: the first year that
    it was not trained on. Raises InputError for arguments that do not fit together.
    """
    return WindowLab(years, series, net, scaler, tested_from)


class WindowLab(ReadableWidget):
    """A window over a yearly series, and what a network says about the years after it.

    `lab.year` is the year after the window and can be set; `lab.window` (width,) are its values, `lab.forecast`
    (ahead,) is what the network says, one year after the other, each fed back into the window for the next.
    `lab.ahead` is how many, 1 to 16. `lab.pulled` holds the values that replace those of the window, None where the
    series' own is used. `lab.tasks` tells which of the lab's tasks are done. Everything is computed in the browser.
    """

    _esm = read_front_end("panel.js", "vendor/d3.js", "window_math.js", "window_lab.js")
    _css = read_front_end("theme.css", "window_lab.css")

    start = Setting(lambda lab, value: require_count("start", value, least=0, most=lab.steps), 0)
    ahead = Setting(lambda lab, value: require_count("ahead", value, most=FURTHEST), 1)
    pulled = Setting(lambda lab, value: _checked_pulled(value, lab.net.sizes[0]))
    done = traitlets.List(traitlets.Unicode()).tag(sync=True)
    fixed = traitlets.Dict().tag(sync=True)

    def __init__(self, years: ArrayLike, series: ArrayLike, net: MLP, scaler: Scaler, tested_from: int):
        self.net, self.scaler = _checked_net(net), _checked_scaler(scaler)
        self.series = require_numbers("series", series)
        self.years = require_numbers("years", years, n=len(self.series)).astype(int)
        width = self.net.sizes[0]
        in_a_row = len(self.series) > width and np.all(np.diff(self.years) == 1)
        require_that("years", years, in_a_row, f"more than {width} years in a row")
        tested = int(np.clip(tested_from - self.years[0], width, len(self.series) - 1))
        self.steps = len(self.series) - width - 1
        super().__init__(
            pulled=[None] * width, fixed=self._fixed(tested), start=min(tested + 10 - width, self.steps)
        )

    def _fixed(self, tested: int) -> dict[str, Any]:
        """Return what the front end needs once: the series, the network and colors."""
        layers = [
            {"W": self.net.params[f"W_{k}"].tolist(), "b": self.net.params[f"b_{k}"].tolist()}
            for k in range(1, self.net.depth + 1)
        ]
        return {
            "years": self.years.tolist(),
            "series": self.series.tolist(),
            "net": {"layers": layers, "mean": float(self.scaler.mean), "std": float(self.scaler.std)},
            "tested": tested,
            "furthest": FURTHEST,
            "highest": HIGHEST,
            "colours": {"x": colour("x_t"), "s": colour("s_t"), "y": colour("y_t")},
        }

    @property
    def year(self) -> int:
        """The year after the window, the first that is forecast; can be set."""
        return int(self.years[self.start + self.net.sizes[0]])

    @year.setter
    def year(self, value: int) -> None:
        first, last = int(self.years[self.net.sizes[0]]), int(self.years[-1])
        self.start = require_count("year", value, least=first, most=last) - first

    @property
    def window(self) -> np.ndarray:
        """The values (width,) that the network sees, those that were pulled included."""
        own = self.series[self.start : self.start + self.net.sizes[0]]
        return np.array([one if new is None else new for one, new in zip(own, self.pulled, strict=True)])

    @property
    def forecast(self) -> np.ndarray:
        """What the network says (ahead,), each year fed back into the window for the next."""
        return forecast_ahead(self.net, self.scaler, self.window, self.ahead)

    @property
    def tasks(self) -> dict[str, bool]:
        """The lab's tasks by name, and whether each is done."""
        return {name: name in self.done for name in TASKS}

    def __repr__(self) -> str:
        return f"WindowLab(year={self.year}, ahead={self.ahead})"

    def static_html(self) -> str:
        """Return a picture of the lab: the series around the window, and a forecast of 16 years."""
        forecast = forecast_ahead(self.net, self.scaler, self.window, FURTHEST)
        drawn = picture(self.years, self.series, self.start, self.window, forecast)
        line = (
            "A window on the Sun. Drag it along the years, pull its values up or down, "
            "and see how the network continues them."
        )
        return figure_html(drawn, alt=self.static_text(), caption=line)

    def static_text(self) -> str:
        """Return the window and the forecast as a sentence."""
        seen = ", ".join(map(_whole, self.window))
        truth = self.series[self.year - self.years[0]]
        says = f"the network forecasts {_whole(self.forecast[0])}, and it was {_whole(truth)}"
        return f"A window of {len(self.window)} years ({seen}) on the series. For {self.year}, {says}."

    def invitation(self) -> str:
        """Return one line that says what you get by running the cell."""
        return "Run this cell (Shift + Enter) to drag the window here and see the network's forecast."


def forecast_ahead(net: MLP, scaler: Scaler, window: np.ndarray, ahead: int) -> np.ndarray:
    """Return the forecasts (ahead,) for the years after a window (width,), each fed back for the next."""
    z, forecasts = scaler.apply(window)[None], []
    for _ in range(ahead):
        said = net.forward(z)
        forecasts.append(float(scaler.undo(said[0, 0])))
        z = np.hstack([z[:, 1:], said])
    return np.array(forecasts)


def _whole(value: float) -> str:
    """Return a value without decimals, rounded as the script does: a half goes up."""
    return f"{np.floor(value + 0.5):.0f}"


def _checked_net(net: object) -> MLP:
    known = isinstance(net, MLP) and net.phi == "relu" and net.sizes[-1] == 1
    require_that("net", net, known, "an MLP with relu and one output")
    return net


def _checked_scaler(scaler: object) -> Scaler:
    known = isinstance(scaler, Scaler) and np.shape(scaler.mean) == ()
    require_that("scaler", scaler, known, "the Scaler of a series")
    return scaler


def _checked_pulled(value: object, width: int) -> list[float | None]:
    listed = require_items("pulled", value, width, "numbers or None")
    return [None if one is None else require_number("pulled", one, least=0, most=HIGHEST) for one in listed]
