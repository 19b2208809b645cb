"""The Credit lab: the paths from each loss back to each use of W_hh, and what truncation cuts off."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import traitlets

from rnncourse.arguments import require_array, require_count, require_shape, require_that, require_within
from rnncourse.errors import InputError
from rnncourse.viz._credit import credit_grid
from rnncourse.viz._show import figure_html
from rnncourse.widgets._credit import credit, kept, steps_back, truncation_error
from rnncourse.widgets._fallback import ReadableWidget, Setting, read_front_end

MOST_STEPS, MOST_UNITS = 10, 16


def credit_lab(p: Mapping[str, np.ndarray], x: np.ndarray, y: np.ndarray) -> CreditLab:
    """Return the Credit lab for a tanh RNN with parameters p, inputs x (T, B, D) and targets y (T, B).

    p: W_xh, W_hh, b_h, W_hy, b_y and the initial state h0 (B, H). T is 2 to 10, H at most 16. Raises InputError
    for anything else.
    """
    return CreditLab(p, x, y)


class CreditLab(ReadableWidget):
    """An unrolled network above its credit grid: a row for each loss, a column for each use of W_hh.

    `lab.loss` (1 to T, 0 for all) is the loss whose paths are lit; `lab.k2` is how far back a backward pass goes
    and `lab.k1` how often one is made (1 to k2). All three can be set. `lab.shares` (T, T) has the length of each
    share, `lab.kept` (T, T) says which ones truncation keeps, `lab.error` is how far the truncated gradient of W_hh
    is from the whole one, and `lab.steps_back` what all passes cost.

    Everything is computed in the browser, so the lab also answers in a saved page.
    """

    _esm = read_front_end("panel.js", "vendor/d3.js", "credit_math.js", "credit_lab.js")
    _css = read_front_end("theme.css", "credit_lab.css")

    loss = Setting(lambda lab, value: require_count("loss", value, least=0, most=lab.T), 0)
    k2 = Setting(lambda lab, value: require_count("k2", value, most=lab.T), 1)
    k1 = Setting(lambda lab, value: require_count("k1", value, most=lab.T), 1)
    network = traitlets.Dict().tag(sync=True)

    def __init__(self, p: Mapping[str, np.ndarray], x: np.ndarray, y: np.ndarray):
        p, x, y = _checked(p, x, y)
        self.T = len(x)
        self._credit, _ = credit(p, x, y)
        arrays = {**p, "x": x, "y": y}
        network = {name: array.tolist() for name, array in arrays.items()}
        super().__init__(network=network, loss=self.T, k1=self.T, k2=self.T)
        self.observe(self._keep_in_order, ["k1", "k2"])

    def _keep_in_order(self, change: traitlets.Bunch) -> None:
        """A pass reaches back at least to the one before: the other number is adjusted."""
        if self.k1 > self.k2:
            self.set_trait(*(("k1", self.k2) if change.name == "k2" else ("k2", self.k1)))

    @property
    def shares(self) -> np.ndarray:
        """The lengths of the shares (T, T): loss of a step, use at a step."""
        return np.sqrt((self._credit**2).sum(axis=(2, 3)))

    @property
    def kept(self) -> np.ndarray:
        """Which shares reach the weights, booleans (T, T)."""
        return kept(self.T, self.k1, self.k2)

    @property
    def error(self) -> float:
        """How far the truncated gradient of W_hh is from the whole one, relative to the whole one's length."""
        return truncation_error(self._credit, self.k1, self.k2)

    @property
    def steps_back(self) -> int:
        """How many steps all backward passes take together."""
        return steps_back(self.T, self.k1, self.k2)

    def __repr__(self) -> str:
        return f"CreditLab(T={self.T}, loss={self.loss}, k1={self.k1}, k2={self.k2})"

    def static_html(self) -> str:
        """Return a picture: the credit grid."""
        line = "Credit lab. Choose a loss to see its paths to every use of W_hh, and drag the edge of the window."
        drawn = credit_grid(100 * self.shares / self.shares.max())
        return figure_html(drawn, alt=f"A triangle of shares. {self._in_words()}", caption=line)

    def _in_words(self) -> str:
        return f"{self.T} losses in rows, {self.T} uses of W_hh in columns; no loss depends on a later use."

    def static_text(self) -> str:
        """Return the grid in plain text, the largest share as 100."""
        rows = np.round(100 * self.shares / self.shares.max()).astype(int)
        lines = [
            f"loss {t + 1:<3}" + "".join(f"{one:5}" for one in row[: t + 1]) for t, row in enumerate(rows)
        ]
        return "\n".join([f"Credit lab: {self._in_words()}", *lines])

    def invitation(self) -> str:
        """Return one line that says what you get by running the cell."""
        return "Run this cell (Shift + Enter) to light the paths of each loss here and to drag the window."


_AXES = {
    "W_xh": ("D", "H"),
    "W_hh": ("H", "H"),
    "b_h": ("H",),
    "W_hy": ("H", "V"),
    "b_y": ("V",),
    "h0": ("B", "H"),
}


def _checked(
    p: Mapping[str, np.ndarray], x: np.ndarray, y: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Return what the lab computes with as float64; raise InputError for sizes that do not fit together."""
    complete = isinstance(p, Mapping) and set(p) == set(_AXES)
    require_that("p", p, complete, f"a dict with the keys {', '.join(_AXES)}")
    x = require_array("x", x, axes=("T", "B", "D")).astype(np.float64)
    y = require_array("y", y, axes=("T", "B"), kind="i")
    sizes = {"T": len(x), "B": x.shape[1], "D": x.shape[2]}
    arrays = {name: require_array(f"p[{name!r}]", p[name], axes=axes) for name, axes in _AXES.items()}
    sizes |= {"H": len(arrays["b_h"]), "V": len(arrays["b_y"])}
    for name, array in {**arrays, "y": y}.items():
        wanted = tuple(sizes[axis] for axis in {**_AXES, "y": ("T", "B")}[name])
        require_shape(name, array, wanted)
    if not 2 <= sizes["T"] <= MOST_STEPS or sizes["H"] > MOST_UNITS:
        raise InputError(
            f"x must have 2 to {MOST_STEPS} steps and W_hh at most {MOST_UNITS} units, "
            f"but got {sizes['T']} steps and {sizes['H']} units"
        )
    require_within("y", y, 0, sizes["V"] - 1, "indices")
    return {name: array.astype(np.float64) for name, array in arrays.items()}, x, y.astype(int)
