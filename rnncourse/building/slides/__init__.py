"""A chapter as a talk: one page with reveal.js inside, which needs neither network nor kernel.

The stored outputs are shown and nothing is run. `talk` says what is on which slide, `page` writes it down.
"""

from __future__ import annotations

from pathlib import Path

from nbformat import NotebookNode

from rnncourse.building import html, live
from rnncourse.building.outputs import read
from rnncourse.building.slides.page import as_page, sections
from rnncourse.building.slides.talk import as_talk


def export(path: Path, folder: Path, *, code: bool = True) -> Path:
    """Write the notebook at `path` as `folder`/NAME.slides.html and return that page's path.

    code: whether code that is the point of a slide is shown. Raises NotebookFailed where `path` is no notebook, and
    InputError when `folder` cannot be one.
    """
    notebook = read(path.read_text(encoding="utf-8"), path)
    return html.write_page(folder, f"{path.stem}.slides.html", as_slides(notebook, path, code=code))


def as_slides(notebook: NotebookNode, path: Path, *, code: bool = True) -> str:
    """Return the notebook at `path`, with its outputs and the states of its labs if there are any, as one page."""
    widgets = live.live_widgets(notebook)
    _leave_places(notebook)
    talk = as_talk(notebook, code=code)
    labs = dict.fromkeys(part.content for slide in talk for part in slide.parts if part.kind == "lab")
    shown = html.with_pictures(sections(talk), path)
    return as_page(shown, html.notebook_title(notebook) or path.stem, [widgets[model] for model in labs])


def _leave_places(notebook: NotebookNode) -> None:
    """Leave a place for each widget that lives without a kernel; of the others the stand-in is shown."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if widget := live.live_in(output):
                output.data = NotebookNode(
                    {"text/html": f'<div data-rnncourse-model="{widget.model}"></div>'}
                )
