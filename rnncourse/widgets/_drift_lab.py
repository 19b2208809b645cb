"""Watch the rows of an embedding while it is trained: words as points, with several seeds side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import traitlets

from rnncourse.arguments import require_array, require_count, require_list, require_texts
from rnncourse.errors import InputError, describe
from rnncourse.viz._lstm_cell import written
from rnncourse.viz._show import figure_html
from rnncourse.widgets._drift_picture import MARKS, TONES, picture
from rnncourse.widgets._fallback import ReadableWidget, Setting, read_front_end

MOST_WORDS, MOST_SEEDS, MOST_MOMENTS = len(MARKS), 6, 200
DECIMALS = 3  # of what is sent to the browser, and of what Python answers
WANTED_ENDS = 3  # seeds whose last update is to be looked at
TASKS = ("meet", "opposite", "seeds")


def drift_lab(
    paths: Sequence[np.ndarray], labels: Sequence[str], updates: Sequence[int], together: Sequence[str]
) -> DriftLab:
    """Return a lab in which the rows of an embedding move as it is trained, with one seed or several.

    paths: for each of at most 6 seeds an array (S, n, 2), the rows of n words after each of S numbers of updates.
    labels: n words, 2 to 6 of them. updates (S,): whole numbers that increase. together: at least 2 words; the
    first task asks when they become each other's nearest neighbors.
    Raises InputError for arguments that do not fit together.
    """
    return DriftLab(paths, labels, updates, together)


def nearest_neighbors(points: np.ndarray) -> np.ndarray:
    """Return for each of n points (n, 2) the index (n,) of the point with the smallest distance from it."""
    apart = np.linalg.norm(points[:, None] - points, axis=-1)
    np.fill_diagonal(apart, np.inf)
    return apart.argmin(axis=1)


def first_together(path: np.ndarray, group: Sequence[int]) -> int | None:
    """Return the first moment of a path (S, n, 2) at which each of a group has its nearest neighbor in the group."""
    for moment, points in enumerate(path):
        if np.isin(nearest_neighbors(points)[list(group)], group).all():
            return moment
    return None


class DriftLab(ReadableWidget):
    """The rows of an embedding on the move: words as points with trails, step by step, for each seed.

    `lab.seed` is the seed on screen, `lab.step` the place in `updates`, `lab.word` the index of the word that is
    looked at; all three can be set. `lab.update` is the number of updates, `lab.points` (n, 2) are the rows,
    `lab.neighbors` names each word's nearest neighbor. `lab.tasks` tells which of the lab's tasks are done.
    Everything is drawn in the browser.
    """

    _esm = read_front_end("panel.js", "vendor/d3.js", "drift_math.js", "drift_plane.js", "drift_lab.js")
    _css = read_front_end("theme.css", "drift_lab.css")

    seed = Setting(lambda lab, value: require_count("seed", value, least=0, most=len(lab.paths) - 1), 0)
    step = Setting(lambda lab, value: require_count("step", value, least=0, most=len(lab.updates) - 1), 0)
    word = Setting(lambda lab, value: require_count("word", value, least=0, most=len(lab.labels) - 1), 0)
    ends = traitlets.List(traitlets.Int()).tag(sync=True)
    done = traitlets.List(traitlets.Unicode()).tag(sync=True)
    fixed = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        paths: Sequence[np.ndarray],
        labels: Sequence[str],
        updates: Sequence[int],
        together: Sequence[str],
    ):
        self.labels = _checked_labels(labels)
        self.updates = _checked_updates(updates)
        self.paths = _checked_paths(paths, len(self.updates), len(self.labels))
        group = _checked_group(together, self.labels)
        super().__init__(word=group[-1], fixed=self._fixed(group))

    def _fixed(self, group: list[int]) -> dict[str, Any]:
        """Return what the front end needs once: the paths, what they are called, marks and colors."""
        return {
            "paths": [_as_text(path) for path in self.paths],
            "labels": self.labels,
            "updates": self.updates,
            "together": group,
            "wanted_ends": min(WANTED_ENDS, len(self.paths)),
            "reach": self._reach,
            "marks": list(MARKS),
            "tones": list(TONES),
        }

    @property
    def _reach(self) -> float:
        """The largest coordinate of any path: all seeds and moments share one scale."""
        return float(max(np.abs(path).max() for path in self.paths))

    @property
    def update(self) -> int:
        """The number of updates after which the rows on screen are taken."""
        return self.updates[self.step]

    @property
    def points(self) -> np.ndarray:
        """The rows (n, 2) on screen."""
        return self.paths[self.seed][self.step]

    @property
    def neighbors(self) -> dict[str, str]:
        """The nearest neighbor of each word, by the word."""
        nearest = nearest_neighbors(self.points)
        return {label: self.labels[k] for label, k in zip(self.labels, nearest, strict=True)}

    @property
    def tasks(self) -> dict[str, bool]:
        """The lab's tasks by name, and whether each is done."""
        names = TASKS if len(self.paths) > 1 else TASKS[:-1]
        return {name: name in self.done for name in names}

    def __repr__(self) -> str:
        return f"DriftLab({len(self.labels)} words, {len(self.paths)} seeds, seed={self.seed}, update={self.update})"

    def static_html(self) -> str:
        """Return a picture of the lab: trails and ends of the first seed, and the ends of all."""
        drawn = picture(self.paths, self.labels, self._reach)
        line = (
            "Words on the move: the rows of an embedding while it is trained, and where they end up with each seed. "
            "Play it and see who is near whom."
        )
        return figure_html(drawn, alt=self.static_text(), caption=line)

    def static_text(self) -> str:
        """Return where the words end and who is near whom, as a sentence."""
        points = self.paths[0][-1]
        listed = "; ".join(
            f"{label} at ({written(float(x))}, {written(float(y))}), nearest {self.labels[k]}"
            for label, (x, y), k in zip(self.labels, points, nearest_neighbors(points), strict=True)
        )
        return f"{len(self.labels)} words as points after {self.updates[-1]:,} updates, seed 0: {listed}."

    def invitation(self) -> str:
        """Return one line that says what you get by running the cell."""
        return "Run this cell (Shift + Enter) to watch the words move."


def _as_text(path: np.ndarray) -> str:
    """Return the numbers of a path, one after the other: as a list, each would take a line of a stored notebook."""
    return " ".join(f"{one:g}" for one in path.ravel())


def _checked_labels(labels: Sequence[str]) -> list[str]:
    listed = require_texts("labels", labels)
    if not 2 <= len(listed) <= MOST_WORDS or len(set(listed)) < len(listed):
        raise InputError(f"labels must be 2 to {MOST_WORDS} different words, but got {describe(labels)}")
    return listed


def _checked_updates(updates: Sequence[int]) -> list[int]:
    counts = [
        require_count("updates", one, least=0) for one in require_list("updates", updates, "whole numbers")
    ]
    if not 2 <= len(counts) <= MOST_MOMENTS or sorted(set(counts)) != counts:
        raise InputError(
            f"updates must be 2 to {MOST_MOMENTS} increasing numbers, but got {describe(updates)}"
        )
    return counts


def _checked_paths(paths: Sequence[np.ndarray], S: int, n: int) -> list[np.ndarray]:
    listed = require_list("paths", paths, "arrays (S, n, 2), one for each seed")
    if not 1 <= len(listed) <= MOST_SEEDS:
        raise InputError(
            f"paths must hold an array for each of 1 to {MOST_SEEDS} seeds, but got {len(listed)}"
        )
    for k, path in enumerate(listed):
        require_array(f"paths[{k}]", path, axes=("S", "n", "2"))
        if path.shape != (S, n, 2):
            raise InputError(
                f"paths[{k}] must have the shape {(S, n, 2)}, one point for each of {S} updates and {n} labels, "
                f"but got {path.shape}"
            )
    if not np.any(listed):
        raise InputError("paths must hold points that are not all 0, but got only zeros")
    return [np.round(path.astype(float), DECIMALS) for path in listed]


def _checked_group(together: Sequence[str], labels: list[str]) -> list[int]:
    words = require_texts("together", together)
    if len(set(words)) < 2 or not set(words) <= set(labels):
        raise InputError(
            f"together must name at least 2 of the labels {', '.join(labels)}, but got {describe(together)}"
        )
    return [labels.index(word) for word in words]
