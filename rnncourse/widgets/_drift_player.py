"""Watch the rows of an embedding move while it is trained."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnncourse.arguments import require_array, require_count
from rnncourse.errors import InputError
from rnncourse.viz import drift_picture
from rnncourse.widgets._player import Frame, FramePlayer


def drift_player(path: np.ndarray, labels: Sequence[str], updates: Sequence[int]) -> FramePlayer:
    """Return a widget that steps through a path (S, n, 2): n labeled points after each number of `updates` (S,).

    Raises InputError where path, labels and updates do not agree.
    """
    title = "Five words on the move" if len(labels) == 5 else f"{len(labels)} words on the move"
    return FramePlayer(drift_frames(path, labels, updates), title=title, step_name="Update")


def drift_frames(path: np.ndarray, labels: Sequence[str], updates: Sequence[int]) -> list[Frame]:
    """Return a frame for each number of updates. Arguments and errors are those of drift_player."""
    require_array("path", path, axes=("S", "n", "2"))
    if not np.isfinite(path).all() or not np.any(path):
        raise InputError("path must hold finite numbers that are not all 0; got others")
    if len(updates) != len(path):
        raise InputError(f"updates must have one number for each of {len(path)} moments; got {len(updates)}")
    reach = float(np.abs(path).max())
    frames = []
    for t, count in enumerate(updates):
        picture = drift_picture(path[: t + 1], labels, reach=reach)
        places = ", ".join(
            f"{label} at ({x:.1f}, {y:.1f})" for label, (x, y) in zip(labels, path[t], strict=True)
        )
        when = f"{require_count('updates', count, least=0):,} updates"
        frames.append(Frame(picture, when, f"After {when}: {places}."))
    return frames
