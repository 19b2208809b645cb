"""The course's widgets on a page without a kernel: their states stored in the notebook, and their scripts.

`store` runs once, when a notebook's outputs are built. Whatever shows the notebook later (a page, a site, slides) asks
`live_in` for each output and `front_end` for the script and the style sheet; nothing has to be run again.

    for output in cell.outputs:
        if widget := live_in(output):
            place(widget.model, front_end(widget.name), widget.state)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode

from rnncourse import widgets
from rnncourse.question_cells import LIVE as LIVE

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
OF_THE_MANAGER = re.compile(r"_.*|layout|tabbable|tooltip")


@dataclass(frozen=True)
class LiveWidget:
    """One view of a widget.

    name: its class in rnncourse.widgets. model: views that move together share it, such as "2" for the second widget
    of the notebook. state: its traits, as the front end reads them.
    """

    name: str
    model: str
    state: dict[str, Any]


@dataclass(frozen=True)
class FrontEnd:
    """A script and a style sheet, with the names under which pages share them.

    script: an ES module whose default export is {render({ model, el })}.
    """

    script_name: str
    script: str
    style_name: str
    style: str

    @property
    def classic_script(self) -> str:
        """The script for a script element: rnncourseFrontEnds.NAME. Modules do not load from a file on disk."""
        body = re.sub(r"(?m)^export default ", "return ", self.script).replace("</script", "<\\/script")
        return f'(window.rnncourseFrontEnds ??= {{}}).{self.script_name} = (() => {{\n"use strict";\n{body}}})();\n'


def store(notebook: NotebookNode) -> None:
    """Put the state of each of the course's widgets beside its view, in the metadata of that output.

    The notebook has been run, and its metadata hold the states of all widgets. Views of other widgets are left alone.
    """
    states = notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    numbers: dict[str, str] = {}
    for output in _outputs(notebook):
        output.get("metadata", {}).pop(LIVE, None)
        model_id = output.get("data", {}).get(WIDGET_VIEW, {}).get("model_id")
        state = states.get(model_id, {}).get("state", {})
        if name := _class_of_the_course(state):
            number = numbers.setdefault(model_id, str(len(numbers) + 1))
            kept = {key: value for key, value in state.items() if not OF_THE_MANAGER.fullmatch(key)}
            output.metadata[LIVE] = {"widget": name, "model": number, "state": kept}


def live_in(output: Mapping[str, Any]) -> LiveWidget | None:
    """Return the widget whose state is stored in an output, None where there is none."""
    stored = output.get("metadata", {}).get(LIVE)
    if not stored or stored["widget"] not in widgets.__all__:
        return None
    return LiveWidget(stored["widget"], stored["model"], dict(stored["state"]))


def live_widgets(notebook: NotebookNode) -> dict[str, LiveWidget]:
    """Return the widgets whose states are stored in a notebook, by their models."""
    found = filter(None, map(live_in, _outputs(notebook)))
    return {widget.model: widget for widget in found}


def front_end(name: str) -> FrontEnd:
    """Return the front end of a class in rnncourse.widgets; classes with the same script get the same name for it."""
    kind = getattr(widgets, name)
    script, style = _owner(kind, "_esm"), _owner(kind, "_css")
    return FrontEnd(_snake(script), script._esm, _snake(style), style._css)


def front_ends(widgets: Iterable[LiveWidget]) -> list[FrontEnd]:
    """Return the front ends that these widgets need, each once."""
    return list({found.style_name: found for widget in widgets if (found := front_end(widget.name))}.values())


def _outputs(notebook: NotebookNode) -> list[NotebookNode]:
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def _class_of_the_course(state: Mapping[str, Any]) -> str:
    """Return the class of a widget of the course, "" for all others."""
    name = state.get("_anywidget_id", "").rpartition(".")[2]
    return name if name in widgets.__all__ else ""


def _owner(kind: type, attribute: str) -> type:
    """Return the class that brings an attribute, of those that `kind` inherits from."""
    return next(one for one in kind.__mro__ if attribute in vars(one))


def _snake(kind: type) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
