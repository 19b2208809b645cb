"""A widget that steps through frames which Python has prepared.

Everything that is computed is in the frames, so the pictures can be tested without a browser; the front end
swaps them and handles slider, buttons and keys. It also works in a saved page, with no kernel behind it.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import traitlets

from rnncourse.arguments import require_count, require_text, require_that
from rnncourse.errors import InputError
from rnncourse.widgets._fallback import ReadableWidget, read_front_end


@dataclass(frozen=True)
class Frame:
    """One picture: its HTML (or SVG), a short label such as "t = 2", and what it shows as a sentence."""

    html: str
    label: str
    summary: str


class FramePlayer(ReadableWidget):
    """Step through frames with a slider, with buttons or with the keys ← → Home End.

    `t` is the number of the frame on screen, counted from `first`; it can be read and set from Python.
    Raises InputError for no frames, and for a t that has none.
    """

    _esm = read_front_end("panel.js", "player.js")
    _css = read_front_end("theme.css", "player.css")

    frames = traitlets.List(traitlets.Dict()).tag(sync=True)
    first = traitlets.Int(0).tag(sync=True)
    t = traitlets.Int(0).tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    step_name = traitlets.Unicode().tag(sync=True)

    def __init__(self, frames: Sequence[Frame], *, title: str, step_name: str = "frame", first: int = 0):
        whole = isinstance(frames, Sequence) and all(isinstance(frame, Frame) for frame in frames)
        require_that("frames", frames, whole and frames, "a list of at least one Frame")
        for name, text in (("title", title), ("step_name", step_name)):
            require_text(name, text)
        first = require_count("first", first, least=0)
        super().__init__(
            frames=[asdict(frame) for frame in frames], first=first, t=first, title=title, step_name=step_name
        )

    @traitlets.validate("t")
    def _check_t(self, proposal: traitlets.Bunch) -> int:
        last = self.first + len(self.frames) - 1
        if not self.first <= proposal.value <= last:
            raise InputError(f"t must be a frame from {self.first} to {last}, but got {proposal.value}")
        return proposal.value

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.frames)} frames, t={self.t})"

    def static_html(self) -> str:
        """Return the title and the sentence of every frame."""
        items = "".join(f"<li>{html.escape(frame['summary'])}</li>" for frame in self.frames)
        return f"<p><strong>{html.escape(self.title)}</strong></p><ul>{items}</ul>"

    def static_text(self) -> str:
        """Return the title and the sentence of every frame, line by line."""
        return "\n".join([self.title, *(frame["summary"] for frame in self.frames)])

    def invitation(self) -> str:
        """Return one line that says what you get by running the cell."""
        return "Run this cell (Shift + Enter) to step through it with the arrow keys."
