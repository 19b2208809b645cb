"""What a slide is made of, and how the cells of a notebook become parts of slides."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html import escape, unescape
from typing import Any

from nbformat import NotebookNode

from rnncourse.building.outputs import WIDGET_VIEW, merge_streams
from rnncourse.building.slides import prose
from rnncourse.question_cells import QuestionCell

CODE_TAG = "slide-code"
"""The tag of a cell whose code is the point: only its code is shown."""

MOST_LINES = 22
"""More lines of printed text cannot be read from the last row."""

MOST_ROWS = 14
"""The same for a table, below its header."""

_FIGURE = re.compile(r"<figure\b.*?</figure>", re.DOTALL)
_CAPTION = re.compile(r"<figcaption>(.*?)</figcaption>", re.DOTALL)
_SHOWN = re.compile(r"<picture\b.*?</picture>|<audio\b.*?</audio>|<img\b[^>]*>", re.DOTALL)
_SIZE_AND_STYLE = re.compile(r'(<img\b[^>]*?)\s(?:width|style)="[^"]*"')
_DATA = re.compile(r'<img\b[^>]*?\ssrc="data:image/([a-z+]+);base64,([^"]+)"')
# A picture of the course: its drawing in the middle of one of three widths, and a dark sheet below it in the dark.
_IN_THE_MIDDLE = re.compile(
    r"<svg[^>]*>(?P<theme><style>[^<]*</style>)<rect[^>]*/>"
    r'(?P<inner><svg[^>]*?\sx="(?P<x>\d+)" width="(?P<width>\d+)" height="(?P<height>\d+)")'
)
_PAPER = "#paper{fill:#111}"
_MARKUP = re.compile(r"<[^>]+>")


@dataclass
class Part:
    """One thing on a slide.

    kind: "text" and "lead" hold Markdown, "code" and "output" plain text, "figure", "sound" and "html" HTML, "lab"
    the id of a widget's model, "question", "answer" and "verdict" plain text. caption: HTML below a figure; words:
    Markdown in its place. options: of a question or an answer, each with whether it is right. because: of these and of
    a verdict. ratio: width by height of a figure.
    """

    kind: str
    content: str
    fragment: bool = False
    caption: str = ""
    words: str = ""
    options: list[tuple[str, bool]] = field(default_factory=list)
    because: str = ""
    ratio: float = 1.6
    notes: list[str] = field(default_factory=list)


@dataclass
class Slide:
    """A slide: its title (Markdown), a smaller line above it, its parts, and notes (Markdown) for the speaker."""

    title: str = ""
    kicker: str = ""
    below: bool = False
    parts: list[Part] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_title: bool = False


def code_parts(cell: NotebookNode, *, code: bool = True) -> list[Part]:
    """Return what a code cell shows: its code if it is tagged as the point, and its outputs."""
    tags = cell.metadata.get("tags", [])
    shown = [Part("code", cell.source)] if code and CODE_TAG in tags else []
    return shown + [part for output in _visible(cell) for part in _output_parts(output)]


def question_parts(asked: QuestionCell) -> list[Part]:
    """Return the questions of a cell; what is wrong with the wrong options is in their notes."""
    return [_question(one) for one in asked.questions]


def verdict(question: Part) -> Part:
    """Return the part that tells the answer once the result has been seen."""
    right = next(text for text, is_right in question.options if is_right)
    return Part("verdict", right, fragment=True, because=question.because)


def answer(question: Part) -> Part:
    """Return the part that repeats a question with the right option marked, for a slide of its own."""
    return replace(question, kind="answer", notes=[])


def without_answer(question: Part) -> Part:
    """Return a question whose answer comes later."""
    return replace(question, because="", options=[(text, False) for text, _ in question.options])


def caption_words(part: Part) -> str:
    """Return a figure's caption as text without markup."""
    return unescape(_MARKUP.sub("", part.caption)).strip()


def _question(asked: dict[str, Any]) -> Part:
    pairs = [(option, "") if isinstance(option, str) else tuple(option) for option in asked["options"]]
    notes = [f"*{text}*: {remark}" for text, remark in pairs if remark]
    options = [(text, text == asked["answer"]) for text, _ in pairs]
    return Part("question", asked["question"], options=options, because=asked["because"], notes=notes)


def _visible(cell: NotebookNode) -> Iterator[NotebookNode]:
    """Yield a cell's outputs without what a live widget replaces: its stand-in, and the invitation to run the cell."""
    outputs = merge_streams(cell.outputs)
    live = any("data-rnncourse-model" in _html(output) for output in outputs)
    stands_in = any("rnncourse-fallback" in _html(output) for output in outputs)
    for output in outputs:
        data = output.get("data", {})
        is_invitation = stands_in and "text/html" not in data and output.output_type == "display_data"
        if is_invitation or WIDGET_VIEW in data or (live and "rnncourse-fallback" in _html(output)):
            continue
        yield output


def _output_parts(output: NotebookNode) -> list[Part]:
    if output.output_type == "stream":
        return [Part("output", _cut(output.text))] if output.text.strip() else []
    data = output.get("data", {})
    for mime, make in _MAKERS.items():
        if mime in data:
            return make(data[mime], data)
    return []


def _html(output: NotebookNode) -> str:
    return output.get("data", {}).get("text/html", "")


def _html_parts(html: str, _: Any) -> list[Part]:
    if model := re.search(r'data-rnncourse-model="([^"]+)"', html):
        return [Part("lab", model[1])]
    figures = _FIGURE.findall(html)
    if figures:
        return [_figure(one) for one in figures]
    if "rnncourse-check" in html or "rnncourse-fallback" in html:
        return []
    return [Part("html", html)]


def _figure(html: str) -> Part:
    """Return a figure without the size that it has on a page."""
    caption = _CAPTION.search(html)
    found = _SHOWN.search(html)
    shown = found[0] if found else html
    shown = _DATA.sub(_as_projected, shown)
    kind = "sound" if shown.startswith("<audio") else "figure"
    while _SIZE_AND_STYLE.search(shown) and "pixelated" not in shown:
        shown = _SIZE_AND_STYLE.sub(r"\1", shown)
    return Part(kind, shown, caption=caption[1].strip() if caption else "", ratio=ratio(shown))


def _as_projected(image: re.Match[str]) -> str:
    """Return the start of an img element whose drawing has no margin, and no paper of its own."""
    if image[1] != "svg+xml":
        return image[0]
    drawing = b64decode(image[2]).decode()
    if found := _IN_THE_MIDDLE.match(drawing):
        x, width, height = (found[name] for name in ("x", "width", "height"))
        names = 'xmlns="http://www.w3.org/2000/svg" fill="currentColor"'
        opening = f'<svg {names} width="{width}" height="{height}" viewBox="{x} 0 {width} {height}">'
        drawing = opening + found["theme"].replace(_PAPER, "") + drawing[found.start("inner") :]
    follows = ' class="follows-theme"' if "prefers-color-scheme" in drawing else ""
    encoded = b64encode(drawing.encode()).decode()
    return f'<img{follows} src="data:image/svg+xml;base64,{encoded}"'


def ratio(html: str) -> float:
    """Return width by height of the picture that an img element holds; 1.6 where that cannot be told."""
    if not (found := _DATA.search(html)):
        return 1.6
    width, height = _size(found[1], b64decode(found[2]))
    return width / height if width and height else 1.6


def _size(kind: str, content: bytes) -> tuple[float, float]:
    """Return the size of a picture, as its first bytes tell it."""
    if kind == "png":
        return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    if kind == "gif":
        return int.from_bytes(content[6:8], "little"), int.from_bytes(content[8:10], "little")
    if kind == "svg+xml":
        opening = content.decode(errors="replace").partition(">")[0]
        found = [re.search(rf'\s{name}="([\d.]+)', opening) for name in ("width", "height")]
        return tuple(float(one[1]) if one else 0.0 for one in found)
    return 0.0, 0.0


def _picture(kind: str):
    def make(content: str, data: dict[str, Any]) -> list[Part]:
        words = escape(str(data.get("text/plain", "")), quote=True)
        encoded = content.replace("\n", "")
        shown = f'<img src="data:{kind};base64,{encoded}" alt="{words}">'
        return [Part("figure", shown, ratio=ratio(shown))]

    return make


def _drawing(content: str, data: dict[str, Any]) -> list[Part]:
    return [Part("html", content)]


def _markdown(content: str, _: Any) -> list[Part]:
    is_table = content.lstrip().startswith("|")
    pages = prose.table_pages(content.strip(), MOST_ROWS) if is_table else [content]
    return [Part("text", one) for one in pages]


def _plain(content: str, _: Any) -> list[Part]:
    return [Part("output", _cut(content))] if content.strip() else []


def _cut(text: str) -> str:
    """Return printed text as far as a slide can hold it."""
    lines = text.rstrip().splitlines()
    more = len(lines) - MOST_LINES
    return "\n".join([*lines[:MOST_LINES], f"… {more} more lines" if more > 1 else lines[-1]][: len(lines)])


_MAKERS = {
    "text/html": _html_parts,
    "image/svg+xml": _drawing,
    "image/png": _picture("image/png"),
    "image/jpeg": _picture("image/jpeg"),
    "text/markdown": _markdown,
    "text/latex": lambda content, _: [Part("text", content)],
    "text/plain": _plain,
}
