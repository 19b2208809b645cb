"""Write notebooks as pages that need nothing: no kernel, no network, no file beside them.

nbconvert makes the page, with a template of the course's own. Mathematics becomes MathML, which every current
browser sets by itself and screen readers read: no script, no fonts to carry. Widgets that compute in the browser
are in the page with their scripts and states; others leave their stand-in.
"""

from __future__ import annotations

import json
import re
import warnings
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from html import unescape
from mimetypes import guess_type
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from jinja2 import pass_context
from jupyter_core.paths import jupyter_path
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode, v4

from rnncourse.building import live
from rnncourse.building.live import WIDGET_VIEW, LiveWidget, live_in, live_widgets
from rnncourse.building.mathml import mathml
from rnncourse.building.outputs import NotebookFailed, merge_streams, read, run
from rnncourse.errors import InputError
from rnncourse.files import write_whole
from rnncourse.question_cells import QuestionCell, is_explanation, question_cells, split_explanation

TEMPLATES = Path(__file__).parent / "templates"
ELSEWHERE = "In JupyterLab this is a panel that answers: open the course with the command rnncourse lab."
INVITATION = "Run this cell (Shift + Enter)"
_EMPTY_HEADER = re.compile(r"<th([^>]*)>\s*</th>")
_PICTURE = re.compile(
    r"""(?P<before><img\b[^>]*?\ssrc=)(?P<quote>["'])(?P<address>.*?)(?P=quote)""", re.DOTALL
)
_ADDRESS_ELSEWHERE = re.compile(r"(?:[a-z][a-z0-9+.-]*:|//|#)", re.IGNORECASE)
_SIBLING = re.compile(r'(<a [^>]*href="[^"/:#]+)\.ipynb(#[^"]*)?"')


class MissingPicture(UserWarning):
    """A page shows a picture that does not lie beside its notebook."""


def export(path: Path, folder: Path, timeout: int = 180, *, stored: bool = False) -> Path:
    """Run the notebook at `path` and write it as `folder`/NAME.html; return the page's path.

    The notebook's file stays as it is. timeout: seconds one cell may take. stored: nothing is run, the page has the
    outputs and the states of widgets that the notebook holds. Raises NotebookFailed when a cell raises, and InputError
    when `folder` cannot be one, or when stored outputs are wanted and there are none; warns of pictures that are not
    there.
    """
    notebook = read(path.read_text(encoding="utf-8"), path)
    if not stored:
        run(notebook, path, timeout, keep_widgets=True)
        live.store(notebook)
    elif not any(cell.get("outputs") for cell in notebook.cells):
        raise InputError(f"{path} holds no outputs; leave out --stored, so that it is run")
    return write_page(folder, f"{path.stem}.html", with_pictures(as_page(notebook, path.stem), path))


def write_page(folder: Path, name: str, page: str) -> Path:
    """Write a page into `folder`, made if need be, and return its path; InputError when that cannot be a folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"out must be a folder that can be written to, but {folder} is not: {error}"
        ) from error
    write_whole(folder / name, page.encode())
    return folder / name


def as_page(notebook: NotebookNode, name: str) -> str:
    """Return a notebook with its outputs, and the states of its widgets beside them, as one HTML page."""
    widgets = live_widgets(notebook)
    leave_places(notebook)
    cover_results(notebook)
    for cell in notebook.cells:
        cell.metadata["rnncourse_folded"] = is_folded(cell)
    exporter = CourseExporter(template_name="rnncourse", extra_template_basedirs=[str(TEMPLATES)])
    notebook.metadata["title"] = notebook_title(notebook) or name
    folder = TEMPLATES / "rnncourse"
    course = {
        "dark": _theme("dark"),
        "style": (folder / "page.css").read_text(encoding="utf-8"),
        "loader": "".join((folder / name).read_text(encoding="utf-8") for name in ("model.js", "loader.js")),
        "front_ends": live.front_ends(widgets.values()),
        "widgets": for_script(page_data(widgets.values())),
    }
    page, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": name}, "course": course})
    return _SIBLING.sub(r'\1.html\2"', page)


def _theme(name: str) -> str:
    """Return the colors of one of JupyterLab's themes, which nbconvert brings along."""
    file = Path("nbconvert", "templates", "lab", "static", f"theme-{name}.css")
    return next(path / file for path in map(Path, jupyter_path()) if (path / file).is_file()).read_text(
        "utf-8"
    )


def with_pictures(page: str, path: Path) -> str:
    """Return a page with the pictures that lie beside the notebook at `path` inside it; warn of each that does not."""
    missing: dict[str, None] = {}

    def embedded(found: re.Match[str]) -> str:
        address = unescape(found["address"])
        if _ADDRESS_ELSEWHERE.match(address):
            return found[0]
        data = _picture(path.parent / unquote(address.partition("?")[0].partition("#")[0]))
        if data is None:
            missing[address] = None
            return found[0]
        return f'{found["before"]}"{data}"'

    page = _PICTURE.sub(embedded, page)
    for address in missing:
        warnings.warn(f"{path}: the picture {address} is not there", MissingPicture, stacklevel=2)
    return page


def _with_attachments(page: str, attachments: Mapping[str, Mapping[str, str]]) -> str:
    """Return a cell's HTML with its attachments inside, those that are named in HTML included."""

    def embedded(found: re.Match[str]) -> str:
        name = unquote(unescape(found["address"])).removeprefix("attachment:")
        kinds = attachments.get(name, {})
        data = next((f"data:{kind};base64,{content}" for kind, content in kinds.items()), found["address"])
        return f'{found["before"]}"{data}"'

    return _PICTURE.sub(embedded, page) if attachments else page


def _picture(file: Path) -> str | None:
    """Return a picture as an address that holds all of it, None where there is none."""
    kind = guess_type(file.name)[0] or ""
    try:
        return (
            f"data:{kind};base64,{b64encode(file.read_bytes()).decode()}"
            if kind.startswith("image/")
            else None
        )
    except (OSError, ValueError):  # a name with a zero byte is no file's
        return None


class MathRenderer(IPythonRenderer):
    """Markdown to HTML, with LaTeX as MathML."""

    def block_math(self, body: str) -> str:
        return _display(body)

    def inline_math(self, body: str) -> str:
        return mathml(body, "inline")

    def latex_environment(self, name: str, body: str) -> str:
        return _display(rf"\begin{{{name}}}{body}\end{{{name}}}")


def _display(latex: str) -> str:
    """Return a formula of its own, in a box that scrolls where the page is narrow."""
    return f'<div class="rnncourse-formula">{mathml(latex, "block")}</div>'


class CourseExporter(HTMLExporter):
    """nbconvert's HTML exporter, whose mathematics needs no script."""

    @pass_context
    def markdown2html(self, context: Mapping[str, Any], source: str) -> str:
        """Return Markdown as HTML."""
        attachments = context.get("cell", {}).get("attachments", {})
        renderer = MathRenderer(escape=False, attachments=attachments, anchor_link_text=self.anchor_link_text)
        page = MarkdownWithMath(renderer=renderer).render(source)
        # A corner of a table that heads nothing is no header.
        return _EMPTY_HEADER.sub(r"<td\1></td>", _with_attachments(page, attachments))

    def default_filters(self):
        yield from super().default_filters()
        yield "markdown2html", self.markdown2html
        yield "latex2html", lambda source: _display(source.strip().strip("$"))


def leave_places(notebook: NotebookNode) -> None:
    """Leave a place for each view that lives without a kernel, and take the others out."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [_with_place(output) for output in merge_streams(cell.outputs)]
    notebook.metadata.pop("widgets", None)


def _with_place(output: NotebookNode) -> NotebookNode:
    """Return an output with a place for its widget, or without its view where nothing could bring it to life."""
    if widget := live_in(output):
        output.data = NotebookNode({"text/html": f'<div data-rnncourse-model="{widget.model}"></div>'})
        output.metadata = NotebookNode()
    elif WIDGET_VIEW in output.get("data", {}) or only_invites(output):
        output.data = _without_view(output.data)
    return output


def only_invites(output: NotebookNode) -> bool:
    """Say whether an output is what is stored of a widget without its state: an invitation to run its cell."""
    data = output.get("data", {})
    return set(data) == {"text/plain"} and data["text/plain"].startswith(INVITATION)


def is_folded(cell: NotebookNode) -> bool:
    """Say whether the code of a cell is folded in JupyterLab, as that of questions and of figures is."""
    tags = cell.metadata.get("tags", [])
    return "hide-input" in tags or cell.metadata.get("jupyter", {}).get("source_hidden", False)


def cover_results(notebook: NotebookNode) -> None:
    """Note in each cell that tells the result of a prediction, or explains it, which predictions those are.

    The page's script covers it until the reader has committed; without scripts everything can be read.
    """
    for cell in [cell for cell in notebook.cells if is_explanation(cell)]:
        explanation, rest = split_explanation(cell.source)
        if explanation and rest:
            cell.source = explanation
            following = v4.new_markdown_cell(rest, id=f"{cell.id}-rest"[-64:])
            notebook.cells.insert(notebook.cells.index(cell) + 1, following)
    for asked in question_cells(notebook.cells):
        for cell in _telling_cells(notebook.cells[asked.place + 1 :], asked):
            cell.metadata.setdefault("rnncourse_tells", []).extend(asked.keys)


def _telling_cells(following: list[NotebookNode], asked: QuestionCell) -> Iterator[NotebookNode]:
    """Yield the cells that show an answer and, where there is an explanation, the text that explains it."""
    if asked.kind != "predict":
        return
    yield from (cell for cell in following if cell.id in asked.results)
    if asked.explained:
        yield next(cell for cell in following if is_explanation(cell))


def _without_view(data: NotebookNode) -> NotebookNode:
    """Return what replaces a widget whose state is not stored: where to find it."""
    others = {mime: content for mime, content in data.items() if mime not in (WIDGET_VIEW, "text/plain")}
    return NotebookNode(others or {"text/html": f"<p>{ELSEWHERE}</p>"})


def page_data(widgets: Iterable[LiveWidget]) -> dict[str, Any]:
    """Return what a page's loader reads: for each model, the name of its front end and its state."""
    return {
        widget.model: {"frontEnd": live.front_end(widget.name).script_name, "state": widget.state}
        for widget in widgets
    }


def for_script(value: Any) -> str:
    """Return JSON that can stand in a script element: nothing in it ends the element."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")


def notebook_title(notebook: NotebookNode) -> str:
    """Return the notebook's first heading, without Markdown's and LaTeX's signs."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (heading := re.search(r"^# +(.+)$", cell.source, re.MULTILINE)):
            return re.sub(r"[$`*\\{}]", "", heading[1]).strip()
    return ""


__all__ = ["NotebookFailed", "as_page", "export"]
