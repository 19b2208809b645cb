"""What can be checked about a chapter without running it; each rule is shown to catch a planted violation."""

from __future__ import annotations

import ast
import copy
import re
import statistics
import warnings
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from nbformat import NotebookNode, v4

from rnncourse.building.outputs import METADATA, WIDGET_VIEW, tidy
from rnncourse.question_cells import ASKS, as_text

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(file for folder in ("chapters", "solutions") for file in (ROOT / folder).rglob("*.ipynb"))
EXEMPT = "nbval-ignore-output"
SLIDE_TYPES = ("slide", "subslide", "fragment", "skip", "notes", "-")
# Whatever else would keep nbval from comparing a cell.
WAYS_AROUND = r"(?i)#\s*(pytest_validate_ignore_output|nbval_\w+)"


def code_length(notebook: NotebookNode, path: Path) -> list[str]:
    """Code that is not folded: median at most 6 lines, nine in ten at most 15, none above 30."""
    lengths = {cell.id: _lines(cell.source) for cell in _code(notebook) if not _folded(cell)}
    if not lengths:
        return []
    found = [f"{name}: {n} lines of code; 30 are the most" for name, n in lengths.items() if n > 30]
    median = statistics.median(lengths.values())
    short = sum(n <= 15 for n in lengths.values()) / len(lengths)
    if median > 6:
        found.append(f"the median code cell has {median:g} lines; 6 are the most")
    if short < 0.9:
        found.append(f"{short:.0%} of the code cells have at most 15 lines; 90 % should")
    return found


def code_runs(notebook: NotebookNode, path: Path) -> list[str]:
    """At most two cells of code follow each other without prose or a picture; folded code is no code to the reader."""
    found, run = [], 0
    for cell in notebook.cells:
        run = run + 1 if cell.cell_type == "code" and not _folded(cell) else 0
        if run == 3:
            found.append(f"{cell.id}: the third code cell in a row without prose")
    return found


def alt_texts(notebook: NotebookNode, path: Path) -> list[str]:
    """Every picture says in words what it shows: <img alt>, or <svg role="img" aria-label>."""
    found = []
    for cell, html in _all_html(notebook):
        found += [f"{cell.id}: {silent}" for silent in _pictures(html).silent]
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and re.search(r"!\[\s*\]\(", _without_code(cell.source)):
            found.append(f"{cell.id}: a picture in the text without alt text")
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if any(mime.startswith("image/") for mime in data) and "text/html" not in data:
                found.append(f"{cell.id}: a picture without alt text; show it with viz.show")
    return found


def network_pictures(notebook: NotebookNode, path: Path) -> list[str]:
    """No picture, script or style sheet is fetched from the network."""
    found = [
        f"{cell.id}: fetches {source[:60]} from the network"
        for cell, html in _all_html(notebook)
        for source in _pictures(html).fetched
        if re.match(r"(https?:)?//", source)
    ]
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and re.search(r"!\[[^\]]*\]\((https?:)?//", cell.source):
            found.append(f"{cell.id}: links a picture from the network")
    return found


def outputs_sound(notebook: NotebookNode, path: Path) -> list[str]:
    """No error and nothing on stderr is stored."""
    found = []
    for cell in _code(notebook):
        for output in cell.outputs:
            if output.output_type == "error":
                found.append(f"{cell.id}: stores an error, {output.ename}")
            if output.get("name") == "stderr":
                found.append(f"{cell.id}: stores text from stderr: {output.text[:40]!r}")
    return found


def outputs_present(notebook: NotebookNode, path: Path) -> list[str]:
    """Every code cell was run, in order from 1, and what shows something has an output."""
    found = []
    for number, cell in enumerate(_code(notebook), start=1):
        if cell.execution_count != number:
            found.append(f"{cell.id}: execution count {cell.execution_count}; in order it is {number}")
        if not cell.outputs and _shows(cell.source):
            found.append(f"{cell.id}: shows something, but no output is stored")
    return found


def outputs_steady(notebook: NotebookNode, path: Path) -> list[str]:
    """Nothing is stored that is another on the next run or machine: addresses, folders."""
    found = []
    for cell in _code(notebook):
        for text in _texts(cell):
            if match := re.search(r"\bat 0x[0-9a-f]{6,}", text):
                found.append(f"{cell.id}: prints an address, {match[0]!r}")
            if EXEMPT not in cell.metadata.get("tags", []) and (
                match := re.search(r"(?<![\w/.])(/home/|/root/|/tmp/|/Users/|[A-Z]:\\\\?Users)\S*", text)
            ):
                found.append(f"{cell.id}: prints a folder of this computer, {match[0]!r}")
    return found


def headings(notebook: NotebookNode, path: Path) -> list[str]:
    """One heading of the first level, which comes first; below it no level is skipped."""
    levels = [
        (cell.id, len(match[1]))
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for match in re.finditer(r"(?m)^ {0,3}(#{1,6})\s", _without_code(cell.source))
    ]
    found = []
    if [level for _, level in levels].count(1) != 1:
        found.append(f"{sum(level == 1 for _, level in levels)} headings of the first level; there is one")
    last = 0
    for name, level in levels:
        if level > last + 1:
            found.append(f"{name}: a heading of level {level} after one of level {last}")
        last = level
    return found


def metadata(notebook: NotebookNode, path: Path) -> list[str]:
    """Kernel python3, and no metadata that changes by itself."""
    found = []
    if notebook.metadata != METADATA:
        found.append(f"the metadata is {dict(notebook.metadata)}; run `rnncourse build outputs`")
    if (notebook.nbformat, notebook.nbformat_minor) != (4, 5):
        found.append(f"the format is {notebook.nbformat}.{notebook.nbformat_minor}; 4.5 it should be")
    for cell in notebook.cells:
        stored = dict(cell.metadata)
        if stored.get("jupyter") == {"source_hidden": True}:
            del stored["jupyter"]  # the code of a question holds its answer, so it is folded away
        allowed = {"tags", "nbgrader"} if path.parent.name == "solutions" else {"tags", "slideshow"}
        if extra := set(stored) - allowed - {ASKS}:
            found.append(
                f"{cell.id}: metadata {', '.join(sorted(extra))}; only tags and slide types are stored"
            )
        slide = stored.get("slideshow", {})
        if set(slide) - {"slide_type", "text"} or slide.get("slide_type", "skip") not in SLIDE_TYPES:
            found.append(f"{cell.id}: slideshow {slide}; slide_type is one of {', '.join(SLIDE_TYPES)}")
    return found


def no_widget_state(notebook: NotebookNode, path: Path) -> list[str]:
    """A stored widget view points to a model that is gone; only what can be read without it is kept."""
    return [
        f"{cell.id}: stores a widget view; run `rnncourse build outputs`"
        for cell in _code(notebook)
        if any(WIDGET_VIEW in output.get("data", {}) for output in cell.outputs)
    ]


def ids(notebook: NotebookNode, path: Path) -> list[str]:
    """Cell ids are readable and unique."""
    found, seen = [], set()
    for cell in notebook.cells:
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", cell.id) or len(cell.id) > 64:
            found.append(f"{cell.id}: an id has lower-case letters, digits and single hyphens, 64 at most")
        elif re.fullmatch(r"(?=.*\d)[0-9a-f]{8}[0-9a-f-]*", cell.id):
            found.append(f"{cell.id}: a random id; name what the cell is about")
        if cell.id in seen:
            found.append(f"{cell.id}: the id of two cells")
        seen.add(cell.id)
    return found


def no_semicolon(notebook: NotebookNode, path: Path) -> list[str]:
    """No cell ends in a semicolon, which hides its output from the comparison."""
    return [
        f"{cell.id}: ends in a semicolon" for cell in _code(notebook) if cell.source.rstrip().endswith(";")
    ]


def exemptions(notebook: NotebookNode, path: Path) -> list[str]:
    """Only a cell that measures time is left out of the comparison, and only by the one tag."""
    found = []
    for cell in _code(notebook):
        tags = set(cell.metadata.get("tags", []))
        others = {tag for tag in tags if tag.startswith(("nbval", "raises-exception")) and tag != EXEMPT}
        if others or re.search(WAYS_AROUND, cell.source):
            found.append(f"{cell.id}: keeps nbval away in a way other than the tag {EXEMPT}")
        if EXEMPT in tags and not re.search(r"time|seconds|perf_counter", cell.source):
            found.append(f"{cell.id}: is not compared, but measures no time")
    return found


def links(notebook: NotebookNode, path: Path) -> list[str]:
    """Links to other files of the course lead somewhere."""
    found = []
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            continue
        text = _without_code(cell.source)
        targets = re.findall(r"\]\(\s*<?([^)\s>]+)", text) + re.findall(
            r"""(?:href|src)=["']([^"']+)""", text
        )
        for target in targets:
            file = unquote(target.split("#")[0])
            if re.match(r"[a-z][a-z0-9+.-]*:", file) or not file:
                continue  # a web address, an attachment, or a heading of the same page
            if not (path.parent / file).exists():
                found.append(f"{cell.id}: the link to {target} leads nowhere")
    return found


def canonical_file(notebook: NotebookNode, path: Path) -> list[str]:
    """The file is what `rnncourse build outputs` would write, so that a diff shows only what changed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", nbformat.warnings.DuplicateCellId)  # the rule `ids` says so
            nbformat.validate(copy.deepcopy(notebook))
    except nbformat.ValidationError as error:
        return [f"not a valid notebook: {error.message}"]
    same = as_text(tidy(copy.deepcopy(notebook))) == path.read_text(encoding="utf-8")
    return [] if same else ["the file is not as `rnncourse build outputs` writes it; run it"]


RULES = [
    code_length,
    code_runs,
    alt_texts,
    network_pictures,
    outputs_sound,
    outputs_present,
    outputs_steady,
    headings,
    metadata,
    no_widget_state,
    ids,
    no_semicolon,
    exemptions,
    links,
    canonical_file,
]


class _Pictures(HTMLParser):
    """Collects pictures that say nothing and what is fetched from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.silent: list[str] = []
        self.fetched: list[str] = []
        self.svg_depth = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: (value or "").strip() for name, value in attributes}
        if tag == "img" and not values.get("alt"):
            self.silent.append("<img> without alt text")
        if tag == "svg":
            self.svg_depth += 1
            named = values.get("role") == "img" and values.get("aria-label")
            if self.svg_depth == 1 and not named and values.get("aria-hidden") != "true":
                self.silent.append('<svg> without role="img" and aria-label')
        if tag in ("img", "script", "source", "video", "audio", "iframe", "image"):
            self.fetched += [values[name] for name in ("src", "href", "xlink:href") if name in values]
        if tag == "link":
            self.fetched.append(values.get("href", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "svg":
            self.svg_depth -= 1


def _pictures(html: str) -> _Pictures:
    parser = _Pictures()
    parser.feed(html)
    return parser


def _all_html(notebook: NotebookNode) -> Iterator[tuple[NotebookNode, str]]:
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            yield cell, _without_code(cell.source)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            yield from ((cell, data[mime]) for mime in ("text/html", "image/svg+xml") if mime in data)


def _texts(cell: NotebookNode) -> Iterator[str]:
    for output in cell.outputs:
        yield output.get("text", "")
        yield from (value for mime, value in output.get("data", {}).items() if mime.startswith("text/"))


def _code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _folded(cell: NotebookNode) -> bool:
    """Say whether the reader sees what the cell shows and not its code: questions and figures."""
    return cell.metadata.get("jupyter", {}).get("source_hidden", False)


def _lines(source: str) -> int:
    return sum(1 for line in source.splitlines() if line.strip() and not line.strip().startswith("#"))


def _without_code(markdown: str) -> str:
    """Return the text without fenced blocks and inline code, in which nothing is a heading or a link."""
    unfenced = re.sub(r"(?ms)^ {0,3}(```+|~~~+).*?^ {0,3}\1\s*$", "", markdown)
    return re.sub(r"(`+)[^`\n]*\1", "", unfenced)


def _shows(source: str) -> bool:
    """Say whether the cell must have an output: it prints, or it ends in a value that is no call's result."""
    body = ast.parse(re.sub(r"(?m)^\s*[%!].*$", "", source)).body
    if body and isinstance(body[-1], ast.Expr) and not isinstance(body[-1].value, (ast.Call, ast.Await)):
        return True
    calls = [node.value for node in body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    return any(
        getattr(call.func, "id", getattr(call.func, "attr", "")) in ("print", "show") for call in calls
    )


def read_as_it_is(path: Path) -> NotebookNode:
    """Read a notebook as nbformat.read does, but leave faults, such as an id used twice, as they are."""
    return v4.reads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_keeps_the_rule(path, rule):
    notebook = read_as_it_is(path)
    assert rule(notebook, path) == []


def test_every_chapter_is_checked():
    """An empty list of notebooks would let all rules pass."""
    stems = [path.stem[:2] for path in NOTEBOOKS if path.parent.name == "chapters"]
    assert stems == [f"{number:02}" for number in range(9)]


def sound_notebook() -> NotebookNode:
    """A small notebook that keeps every rule."""
    picture = v4.new_output(
        "display_data", {"text/html": '<img src="data:image/png;base64,AA==" alt="A line rises.">'}
    )
    printed = v4.new_output("stream", name="stdout", text="0.25\n")
    notebook = v4.new_notebook(
        cells=[
            v4.new_markdown_cell("# Title\n\nSee [here](other.ipynb) and `[this](nowhere)`.", id="title"),
            v4.new_code_cell("print(1 / 4)", id="quarter", execution_count=1, outputs=[printed]),
            v4.new_code_cell("viz.show(fig, alt=text)", id="line", execution_count=2, outputs=[picture]),
            v4.new_markdown_cell("## Part\n\n```python\n# no heading\n```\n\n### Detail", id="part"),
        ]
    )
    return tidy(notebook)


def keeps_all(notebook: NotebookNode, folder: Path) -> list[str]:
    """Return what the rules say about `notebook` stored in `folder`."""
    (folder / "other.ipynb").touch()
    path = folder / "this.ipynb"
    path.write_text(as_text(notebook), encoding="utf-8")
    read = read_as_it_is(path)
    return [f"{rule.__name__}: {line}" for rule in RULES for line in rule(read, path)]


def test_a_sound_notebook_keeps_every_rule(tmp_path):
    assert keeps_all(sound_notebook(), tmp_path) == []


def _set_output(html: str):
    return lambda cells: cells[2].outputs[0].data.update({"text/html": html})


def _set_source(number: int, source: str):
    return lambda cells: cells[number].update(source=source)


def _tag(*tags: str):
    return lambda cells: cells[1].metadata.update(tags=list(tags))


def _folded_cell() -> NotebookNode:
    folded = {"jupyter": {"source_hidden": True}}
    return v4.new_code_cell("y = 1\n" * 20, id="folded", metadata=folded, execution_count=3)


PLANTED = {
    "a long cell": (_set_source(1, "x = 1\n" * 31 + "print(x)"), "code_length: quarter: 32 lines"),
    "long cells": (
        lambda cells: [_set_source(n, "x = 1\n" * 7)(cells) for n in (1, 2)],
        "code_length: the median",
    ),
    "a run of code": (
        lambda cells: cells.insert(3, v4.new_code_cell("x = 1", id="third", execution_count=3)),
        "code_runs: third: the third code cell",
    ),
    "an img without alt": (_set_output('<img src="data:image/png;base64,AA==">'), "alt_texts: line: <img>"),
    "an empty alt": (_set_output('<img alt=" " src="data:image/png;base64,AA==">'), "alt_texts: line: <img>"),
    "an svg without words": (_set_output("<svg><path/></svg>"), "alt_texts: line: <svg>"),
    "a bare picture": (
        lambda cells: cells[2].update(outputs=[v4.new_output("display_data", {"image/png": "AA=="})]),
        "alt_texts: line: a picture without alt text",
    ),
    "a picture in the text": (
        _set_source(0, "# Title\n\n![](other.ipynb)"),
        "alt_texts: title: a picture in",
    ),
    "a picture far away": (
        _set_output('<img alt="x" src="https://example.org/x.png">'),
        "network_pictures: line: fetches https",
    ),
    "a far picture in the text": (
        _set_source(0, "# Title\n\n![x](https://example.org/x.png)"),
        "network_pictures: title: links a picture",
    ),
    "an error": (
        lambda cells: cells[1].outputs.append(
            v4.new_output("error", ename="ValueError", evalue="", traceback=[])
        ),
        "outputs_sound: quarter: stores an error, ValueError",
    ),
    "a warning": (
        lambda cells: cells[1].outputs.append(v4.new_output("stream", name="stderr", text="careful")),
        "outputs_sound: quarter: stores text from stderr: 'careful'",
    ),
    "a cell never run": (
        lambda cells: cells[1].update(execution_count=None),
        "outputs_present: quarter: exec",
    ),
    "cells out of order": (
        lambda cells: cells[2].update(execution_count=5),
        "outputs_present: line: execution",
    ),
    "a stripped output": (
        lambda cells: cells[1].update(outputs=[]),
        "outputs_present: quarter: shows something",
    ),
    "a stripped value": (
        lambda cells: cells[1].update(outputs=[], source="y = 1\ny"),
        "outputs_present: quarter: shows something",
    ),
    "an address": (
        lambda cells: cells[1].outputs[0].update(text="<object at 0x7f1234567890>\n"),
        "outputs_steady: quarter: prints an address",
    ),
    "a folder": (
        lambda cells: cells[1].outputs[0].update(text="in /home/somebody/x\n"),
        "outputs_steady: quarter: prints a folder",
    ),
    "a skipped level": (
        _set_source(3, "### Detail"),
        "headings: part: a heading of level 3 after one of level 1",
    ),
    "two titles": (_set_source(3, "# Another"), "headings: 2 headings of the first level"),
    "no title": (_set_source(0, "Title"), "headings: 0 headings of the first level"),
    "timings": (
        lambda cells: cells[1].metadata.update(execution={"iopub.status.busy": "2026-01-01T00:00:00Z"}),
        "metadata: quarter: metadata execution",
    ),
    "slide type": (
        lambda cells: cells[1].metadata.update(slideshow={"slide_type": "Slide"}),
        "metadata: quarter: slideshow",
    ),
    "a widget view": (
        lambda cells: cells[2].outputs[0].data.update({WIDGET_VIEW: {"model_id": "1"}}),
        "no_widget_state: line: stores a widget view",
    ),
    "a random id": (lambda cells: cells[1].update(id="3f9a01bc"), "ids: 3f9a01bc: a random id"),
    "an untidy id": (lambda cells: cells[1].update(id="My_cell"), "ids: My_cell: an id has"),
    "one id twice": (lambda cells: cells[1].update(id="line"), "ids: line: the id of two cells"),
    "a semicolon": (_set_source(1, "print(1);"), "no_semicolon: quarter"),
    "an exemption without time": (_tag("nbval-ignore-output"), "exemptions: quarter: is not compared"),
    "a skipped cell": (_tag("nbval-skip"), "exemptions: quarter: keeps nbval away"),
    "an exemption by comment": (
        _set_source(1, "# NBVAL_IGNORE_OUTPUT\nprint(1)"),
        "exemptions: quarter: keeps nbval away",
    ),
    "a dead link": (
        _set_source(0, "# Title\n\n[x](../gone.ipynb#part)"),
        "links: title: the link to ../gone",
    ),
}


def test_a_folded_cell_counts_neither_as_long_nor_in_a_run(tmp_path):
    notebook = sound_notebook()
    notebook.cells.insert(3, _folded_cell())
    assert keeps_all(notebook, tmp_path) == []


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_violation_is_named(tmp_path, name):
    plant, said = PLANTED[name]
    notebook = sound_notebook()
    plant(notebook.cells)
    found = keeps_all(notebook, tmp_path)
    assert any(line.startswith(said) for line in found), found


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"language_info": {"name": "python", "version": "3.11.7"}}, "metadata: the metadata is"),
        ({"kernelspec": {"name": "conda", "display_name": "x"}}, "metadata: the metadata is"),
        ({"widgets": {}}, "metadata: the metadata is"),
    ],
)
def test_metadata_that_changes_by_itself_is_named(tmp_path, change, said):
    notebook = sound_notebook()
    notebook.metadata.update(change)
    found = keeps_all(notebook, tmp_path)
    assert any(line.startswith(said) for line in found), found


def test_a_file_in_another_form_is_named(tmp_path):
    path = tmp_path / "x.ipynb"
    path.write_text(as_text(sound_notebook()).replace('\n "', '\n  "'), encoding="utf-8")
    assert canonical_file(read_as_it_is(path), path) != []


def test_timings_may_be_exempt():
    notebook = sound_notebook()
    notebook.cells[1].update(source="print(time.perf_counter())", metadata={"tags": [EXEMPT]})
    assert exemptions(notebook, Path("x.ipynb")) == []


def test_the_rules_know_the_noise_that_building_removes(tmp_path):
    notebook = sound_notebook()
    noise = {"collapsed": True, "execution": {}, "scrolled": True, "trusted": True, "vscode": {}}
    notebook.cells[1].metadata.update(noise)
    assert len([line for line in keeps_all(notebook, tmp_path) if line.startswith("metadata: quarter")]) == 1
    assert keeps_all(tidy(notebook), tmp_path) == []
