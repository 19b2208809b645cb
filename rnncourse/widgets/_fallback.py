"""Widgets that can be read without a running kernel.

Each is displayed as two outputs: plain HTML that says the same as the widget, and the live widget. The script
of the live one hides the HTML before it. `rnncourse build outputs` removes the live view
from stored notebooks, so a reader who has run nothing sees the HTML and an invitation to run the cell.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from IPython.display import display

_FILES = Path(__file__).parent / "front_end"
FALLBACK_CLASS = "rnncourse-fallback"

# After a saved notebook is opened again its widgets' models are gone, and JupyterLab writes an error into an
# element without children. This rule puts the invitation in its place.
_INSTEAD_OF_ERROR = """<style>
.jp-OutputArea:has(.rnncourse-fallback) .jp-OutputArea-output.jupyter-widgets:not(:has(*)) {
  visibility: hidden;
  font-size: 0;
  &::after { content: "Run this cell (Shift + Enter) to use it here."; visibility: visible; font-size: 13px; }
}
</style>"""


def read_front_end(*names: str) -> str:
    """Return the texts of front-end files of this folder, one after the other."""
    return "\n".join((_FILES / name).read_text(encoding="utf-8") for name in names)


class Setting(traitlets.TraitType):
    """A value shared with the browser; the function `check` returns what is stored or raises InputError.

    check: takes the widget and the value. It is asked before anything changes, whoever sets the value, and for
    None as well. The browser is not told again what it has just said: that takes time.
    """

    def __init__(self, check: Callable[[Any, Any], Any], default: Any = traitlets.Undefined):
        super().__init__(default)
        self._check = check
        self.tag(sync=True, echo_update=False)

    def validate(self, obj: traitlets.HasTraits, value: Any) -> Any:
        return self._check(obj, value)


class ReadableWidget(anywidget.AnyWidget):
    """A widget with a static stand-in. A subclass says what it reads like and how to bring it to life."""

    def static_html(self) -> str:
        """Return what the widget shows as HTML without scripts."""
        raise NotImplementedError

    def static_text(self) -> str:
        """Return what the widget shows as plain text."""
        raise NotImplementedError

    def invitation(self) -> str:
        """Return one line that says what you get by running the cell."""
        raise NotImplementedError

    def _ipython_display_(self) -> None:
        stand_in = f'<div class="{FALLBACK_CLASS}">{self.static_html()}</div>'
        display({"text/html": _INSTEAD_OF_ERROR + stand_in, "text/plain": self.static_text()}, raw=True)
        if self.comm is not None:  # None once the widget is closed
            live, metadata = super()._repr_mimebundle_()
            display(live | {"text/plain": self.invitation()}, metadata=metadata, raw=True)
