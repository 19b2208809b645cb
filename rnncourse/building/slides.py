"""A chapter as slides for the lecture: one page with reveal.js inside, which needs neither network nor kernel.

The stored outputs are shown; nothing is run. A heading begins a slide, and what belongs under it follows below it
(arrow down), cut where a screen is full.
"""

from __future__ import annotations

import copy
from pathlib import Path

from nbconvert.exporters import SlidesExporter
from nbformat import NotebookNode
from traitlets.config import Config

from rnncourse.building.html import CourseExporter, notebook_title, with_pictures, write_page
from rnncourse.building.outputs import read

TEMPLATE = Path(__file__).parent / "templates" / "slides"
LINES = 17
"""About as many lines as a slide holds; a picture counts as ten."""

_WIDTH = 95


class CourseSlides(CourseExporter, SlidesExporter):
    """nbconvert's exporter of slides, with the course's own template and mathematics that needs no script."""


def export(path: Path, folder: Path, *, code: bool = True) -> Path:
    """Write the notebook at `path` as `folder`/NAME.slides.html and return that page's path.

    code: whether the cells' code is shown, or only what it gave. Raises NotebookFailed where `path` is no notebook,
    and InputError when `folder` cannot be one.
    """
    notebook = read(path.read_text(encoding="utf-8"), path)
    page = with_pictures(as_slides(notebook, path.stem, code=code), path)
    return write_page(folder, f"{path.stem}.slides.html", page)


def as_slides(notebook: NotebookNode, name: str, *, code: bool = True) -> str:
    """Return a notebook with stored outputs as one page of slides."""
    cut = cut_into_slides(notebook, code=code)
    cut.metadata["title"] = notebook_title(notebook) or name
    config = Config()
    config.TemplateExporter.exclude_input = not code
    config.TemplateExporter.exclude_input_prompt = config.TemplateExporter.exclude_output_prompt = True
    config.TagRemovePreprocessor.enabled = True
    config.TagRemovePreprocessor.remove_input_tags = {"hide-input"}
    exporter = CourseSlides(
        template_name="slides", extra_template_basedirs=[str(TEMPLATE.parent)], config=config
    )
    course = {
        "reveal": _text("reveal/reveal.js").replace("</script", "<\\/script"),
        "reveal_style": _text("reveal/reveal.css"),
        "style": _text("slides.css"),
        "start": _text("start.js"),
    }
    page, _ = exporter.from_notebook_node(cut, {"metadata": {"name": name}, "course": course})
    return page


def cut_into_slides(notebook: NotebookNode, *, code: bool = True) -> NotebookNode:
    """Return a copy whose cells say where a slide begins, and where the next one below it."""
    cut = copy.deepcopy(notebook)
    cut.cells = [cell for cell in cut.cells if cell.cell_type != "raw" and _lines(cell, code)]
    full = 0
    for cell in cut.cells:
        lines = _lines(cell, code)
        if cell.cell_type == "markdown" and cell.source.startswith(("# ", "## ")):
            kind, full = "slide", lines
        elif full and (full + lines > LINES or cell.source.startswith("### ")):
            kind, full = "subslide", lines
        else:
            kind, full = "-", full + lines
        cell.metadata["slideshow"] = {"slide_type": kind}
    return cut


def _lines(cell: NotebookNode, code: bool) -> int:
    """Return about how many lines a cell takes on the screen."""
    if cell.cell_type == "markdown":
        return sum(1 + len(line) // _WIDTH for line in cell.source.splitlines() if line.strip())
    hidden = not code or "hide-input" in cell.metadata.get("tags", [])
    lines = 0 if hidden else len(cell.source.splitlines())
    return lines + sum(_output_lines(output) for output in cell.outputs)


def _output_lines(output: NotebookNode) -> int:
    if output.output_type == "stream":
        return len(output.text.splitlines())
    data = output.get("data", {})
    html = data.get("text/html", "")
    if "image/png" in data or "<img" in html or "<svg" in html:
        return 10
    plain = str(data.get("text/plain", ""))
    return max(len(plain.splitlines()), html.count("<li") + html.count("<tr") + bool(html))


def _text(name: str) -> str:
    return (TEMPLATE / name).read_text(encoding="utf-8")
