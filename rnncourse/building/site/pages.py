"""A notebook as Sphinx gets it: places for live widgets, covers over results, links to pages, pictures in files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path

from nbformat import NotebookNode, v4

from rnncourse.building import live
from rnncourse.building.html import ELSEWHERE, cover_results, for_script, is_folded, only_invites
from rnncourse.building.live import LiveWidget, live_in
from rnncourse.building.navigation import BOTTOM, TOP
from rnncourse.building.outputs import merge_streams
from rnncourse.building.site.links import relink
from rnncourse.building.site.pictures import take_out
from rnncourse.building.site.states import take_long_texts_out
from rnncourse.question_cells import is_explanation, question_cells

_JUPYTERLABS_RULES = re.compile(r"(?s)<style>\s*\.jp-.*?</style>")
COVER = "Commit to your prediction above, or show the result."


@dataclass(frozen=True)
class Page:
    """Where a notebook's page is, and what it links to.

    place: the notebook's path in the course. change: where links lead, see links.relink. extra: the folder whose
    contents are copied to the top of the site. up: the way from the page to there, "" or "../".
    """

    place: str
    change: Callable[[str, str], str | None]
    extra: Path
    up: str


def prepare(notebook: NotebookNode, page: Page, bar: str) -> NotebookNode:
    """Return a notebook with stored outputs as the source of its page; `notebook` itself is changed.

    bar: the line of HTML below the title.
    """
    cover_results(notebook)
    _say_where_verdicts_come(notebook)
    for cell in notebook.cells:
        if is_folded(cell):
            _tag(cell, "hide-input")
    for asked in question_cells(notebook.cells):
        _tag(notebook.cells[asked.place], "remove-input")
    cells = [_with_outputs(cell, page) for cell in _without_navigation(notebook.cells)]
    notebook.cells = [part for cell in _below_title(cells, bar) for part in _covered(cell)]
    _button_once(notebook.cells)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = relink(cell.source, page.place, page.change)
    return notebook


def _without_navigation(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Return the cells without the generated lines of links, which the site has around the page; detours stay."""
    for cell in cells:
        if cell.id == BOTTOM:
            cell.source = cell.source.partition("\n\n")[2]
    return [cell for cell in cells if cell.id != TOP and (cell.source or cell.cell_type == "code")]


def _below_title(cells: list[NotebookNode], bar: str) -> list[NotebookNode]:
    """Return the cells with the bar below the title, which is the first line of the first cell."""
    first, *others = cells
    title, _, rest = first.source.partition("\n")
    first.source = f"{title}\n\n{bar}\n\n{rest.strip()}"
    return [first, *others]


def _say_where_verdicts_come(notebook: NotebookNode) -> None:
    """Store in each prediction's state whether its verdict comes below the result or in the question."""
    shows = {
        key
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.outputs
        for key in cell.metadata.get("rnncourse_tells", [])
    }
    for widget in live.live_widgets(notebook).values():
        if widget.name == "Prediction":
            key = widget.state["questions"][0]["key"]
            _update(notebook, widget.model, verdict="below" if key in shows else "here")


def _update(notebook: NotebookNode, model: str, **changes: str) -> None:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if (widget := live_in(output)) and widget.model == model:
                output.metadata[live.LIVE]["state"].update(changes)


def _with_outputs(cell: NotebookNode, page: Page) -> NotebookNode:
    """Return a cell whose outputs are what the page shows of them."""
    if cell.cell_type != "code":
        return cell
    shown: list[NotebookNode] = []
    for output in merge_streams(cell.outputs):
        if widget := live_in(output):
            stand_in = shown.pop().data["text/html"] if shown else ""
            shown.append(_html(place(widget, stand_in, page)))
        elif only_invites(output):
            shown.append(_html(f"<p>{ELSEWHERE}</p>"))
        else:
            shown.append(output)
    for output in shown:
        if html := output.get("data", {}).get("text/html"):
            taken = take_out(html, page.extra / "figures", f"{page.up}figures")
            output.data["text/html"] = _JUPYTERLABS_RULES.sub("", taken)
    cell.outputs = shown
    return cell


def place(widget: LiveWidget, stand_in: str, page: Page | None = None) -> str:
    """Return the HTML of a live widget: its stand-in, its state, and the call that replaces one by the other.

    page: where long texts of its state become files; None keeps them in the HTML.
    """
    name = live.front_end(widget.name).script_name
    state, apart = widget.state, ""
    if page:
        state, names = take_long_texts_out(widget.state, page.extra / "states")
        addresses = {trait: f"{page.up}states/{text}.js" for trait, text in names.items()}
        apart = f' data-apart="{escape(json.dumps(addresses))}"' if addresses else ""
    return (
        f'<div class="rnncourse-place" data-rnncourse-model="{escape(widget.model)}" data-widget="{widget.name}" '
        f'data-front-end="{name}"{apart}>'
        f"{stand_in}"
        f'<script type="application/json" class="rnncourse-state">{for_script(state)}</script></div>'
        "<script>window.rnncourseWake?.()</script>"
    )


def _covered(cell: NotebookNode) -> list[NotebookNode]:
    """Return a cell that tells the result of predictions inside an element that can be covered."""
    keys = cell.metadata.get("rnncourse_tells", [])
    if not keys or (cell.cell_type == "code" and not cell.outputs):
        return [cell]
    kind = "why" if is_explanation(cell) else "result"
    buttons = "".join(
        f'<button type="button" class="rnncourse-cover" data-covers="{key}">{COVER}</button>' for key in keys
    )
    opening = f'<div class="rnncourse-told rnncourse-{kind}" data-rnncourse-tells="{" ".join(keys)}">'
    before = v4.new_markdown_cell(f"{buttons}\n{opening}", id=f"{cell.id}-told"[-64:])
    return [before, cell, v4.new_markdown_cell("</div>", id=f"{cell.id}-end"[-64:])]


def _button_once(cells: list[NotebookNode]) -> None:
    """Keep the first button of each prediction: it uncovers all that tells its result."""
    seen: set[str] = set()

    def first(found: re.Match[str]) -> str:
        known = found[1] in seen
        seen.add(found[1])
        return "" if known else found[0]

    for cell in cells:
        if 'class="rnncourse-cover"' in cell.source and cell.cell_type == "markdown":
            cell.source = re.sub(
                r'<button[^>]*data-covers="([^"]*)">[^<]*</button>', first, cell.source
            ).strip()


def _html(text: str) -> NotebookNode:
    return v4.new_output("display_data", {"text/html": text})


def _tag(cell: NotebookNode, tag: str) -> None:
    cell.metadata["tags"] = [*(one for one in cell.metadata.get("tags", []) if one != "hide-input"), tag]
