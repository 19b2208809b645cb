"""A notebook as a talk: which cell is on which slide, and what is left to the speaker.

Two ways lead there. Where the notebook's cells have slide types (JupyterLab: the property inspector), these decide.
Where none has, rules do: a heading begins a slide, a figure or a lab has one to itself, of a text one sentence is
shown, and all of it is in the notes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from nbformat import NotebookNode

from rnncourse.building.navigation import BOTTOM, TOP
from rnncourse.building.slides import prose
from rnncourse.building.slides.parts import (
    MOST_ROWS,
    Part,
    Slide,
    answer,
    caption_words,
    code_parts,
    question_parts,
    verdict,
    without_answer,
)
from rnncourse.question_cells import QuestionCell, question_cells, source_of

LEFT_OUT = ("Further reading", "Glossary", "Where to go next")
"""Sections that are for reading."""

MOST_HEIGHT = 17.0
"""Lines of a slide, as `_height` counts them."""

_LONGEST_TITLE = 110
_WIDTH = 64
_SIGNS = re.compile(r"([\\*_$`<\[])")
_MONOSPACED_WIDTH = 100
_MOST_ITEMS = 6


def as_talk(notebook: NotebookNode, *, code: bool = True) -> list[Slide]:
    """Return the slides of a notebook. code: whether code that is the point is shown."""
    talk = (_ByHand if has_slide_types(notebook) else _ByRule)(notebook.cells, code)
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type in ("markdown", "code"):
            talk.take(place, cell)
    return [_finished(slide) for slide in talk.slides if slide.parts or slide.notes or slide.is_title]


def has_slide_types(notebook: NotebookNode) -> bool:
    """Say whether somebody has set slide types in this notebook."""
    return any(slide_type(cell) for cell in notebook.cells)


def slide_type(cell: NotebookNode) -> str:
    """Return slide, subslide, fragment, skip or notes as it is set in JupyterLab; "" where nothing is."""
    kind = cell.metadata.get("slideshow", {}).get("slide_type", "")
    return "" if kind == "-" else str(kind)


class _Talk:
    """The slides so far, and the questions whose verdict is still to come."""

    def __init__(self, cells: Sequence[NotebookNode], code: bool) -> None:
        self.cells, self.code = cells, code
        self.slides: list[Slide] = []
        self.section = ""
        self.asked = {asked.place: asked for asked in question_cells(cells)}
        self._open: dict[str, list[Part]] = {}

    @property
    def slide(self) -> Slide:
        """The current slide."""
        if not self.slides:
            self.begin()
        return self.slides[-1]

    def begin(self, title: str = "", *, below: bool = False, kicker: str = "") -> None:
        """Begin a slide."""
        self.slides.append(Slide(title, kicker, below and bool(self.slides)))

    def ask(self, asked: QuestionCell, *, below: bool = True) -> None:
        """Give each question of a cell a slide; the answer of a prediction follows its result."""
        results = [cell_id for cell_id in asked.results if self._is_shown(cell_id)]
        for k, question in enumerate(question_parts(asked)):
            self.begin(below=below or k > 0, kicker="Question")
            self.slide.parts.append(without_answer(question) if results else question)
            self.slide.notes += question.notes
            if results:
                self._open.setdefault(results[-1], []).append(question)

    def answer(self, cell: NotebookNode) -> None:
        """Tell the answer to a prediction after the last cell that shows its result: below it, or on a slide."""
        for question in self._open.pop(cell.id, []):
            if any(one.kind in ("figure", "lab", "html", "verdict", "answer") for one in self.slide.parts):
                self.begin(below=True, kicker="Answer")
                self.slide.parts.append(answer(question))
            else:
                self.slide.parts.append(verdict(question))

    def _is_shown(self, cell_id: str) -> bool:
        return any(
            cell.id == cell_id and slide_type(cell) not in ("skip", "notes") and code_parts(cell)
            for cell in self.cells
        )


class _ByHand(_Talk):
    """Slides where the cells' slide types begin them; a cell without one continues the slide before it."""

    def __init__(self, cells: Sequence[NotebookNode], code: bool) -> None:
        super().__init__(cells, code)
        self._announced: list[str] = []

    def take(self, place: int, cell: NotebookNode) -> None:
        kind = slide_type(cell)
        if kind == "skip":
            return
        if kind == "notes":
            self._note(source_of(cell))
        elif place in self.asked:
            self.ask(self.asked[place], below=kind != "slide")
        else:
            self._show(cell, kind)
            self.answer(cell)

    def _show(self, cell: NotebookNode, kind: str) -> None:
        is_first = kind in ("slide", "subslide") or not self.slides
        own_words = cell.metadata.get("slideshow", {}).get("text", "")
        if is_first:
            self.begin(below=kind == "subslide")
        parts = self._parts(cell, own_words)
        if is_first:
            self._entitle(parts)
        for part in parts:
            part.fragment = part.fragment or kind == "fragment"
        self.slide.parts += [part for part in parts if part.content]
        if own_words and cell.cell_type == "markdown":
            self._announced.append(source_of(cell))
        self._tell()

    def _parts(self, cell: NotebookNode, own_words: str) -> list[Part]:
        """Return what a cell shows; `own_words` take the place of a text, or are added to what code gave."""
        if cell.cell_type == "markdown":
            return [Part("text", own_words or prose.unlinked(source_of(cell)))]
        parts = code_parts(cell, code=self.code)
        return _with_words(parts, own_words) if own_words else parts

    def _entitle(self, parts: list[Part]) -> None:
        """Make the heading that a slide begins with its title."""
        self.slide.kicker = self.section if self.slide.below else ""
        if not parts:
            return
        first = parts[0]
        heading, *others = prose.pieces(first.words or first.content) or [prose.Piece("paragraph", "")]
        if heading.kind != "heading" or not (first.words or first.kind == "text"):
            return
        self.slide.title, self.slide.is_title = heading.text, heading.level == 1
        rest = "\n\n".join(_as_markdown(piece) for piece in others)
        first.content, first.words = (first.content, rest) if first.words else (rest, "")
        self.section = self.section if self.slide.below else heading.text

    def _note(self, text: str) -> None:
        """Leave a text to the speaker, at the fragment that is being shown; one with a heading at what comes next."""
        if text.startswith("#"):
            self._announced.append(text)
        else:
            self._tell([text])

    def _tell(self, notes: Sequence[str] = ()) -> None:
        """Put notes, and those that were left for now, at the fragment or the slide that is being shown."""
        last = self.slide.parts[-1] if self.slide.parts else None
        place = last.notes if last and last.fragment else self.slide.notes
        place += [*self._announced, *notes]
        self._announced.clear()


class _ByRule(_Talk):
    """Slides where nobody has set slide types."""

    def __init__(self, cells: Sequence[NotebookNode], code: bool) -> None:
        super().__init__(cells, code)
        self._left_out = False
        self._awaits_output = False

    def take(self, place: int, cell: NotebookNode) -> None:
        if cell.id in (TOP, BOTTOM):
            return
        if cell.cell_type == "markdown":
            text = prose.without_turns(source_of(cell)) if self._is_for_readers(place) else source_of(cell)
            *others, last = prose.sections(text) or [None]
            for section in others:
                self._say(section, False)
            if last:
                self._say(last, self._shows_next(place))
        elif not self._left_out and place in self.asked:
            self.ask(self.asked[place])
            self._awaits_output = False
        elif not self._left_out and not _is_exercise(cell):
            for part in code_parts(cell, code=self.code):
                self._show(part)
            self.answer(cell)

    def _say(self, section: prose.Section, shows_next: bool) -> None:
        if section.heading:
            self._left_out = section.heading in LEFT_OUT
        if self._left_out:
            return
        if section.heading:
            self._head(section, shows_next)
        elif not self._continue(section, shows_next):
            self.slide.notes.append(section.text)
            self._awaits_output = False
            return
        self.slide.notes += [section.text] if section.text else []
        for part in _shown(section):
            self._add(part)
        self._awaits_output = True

    def _head(self, section: prose.Section, shows_next: bool) -> None:
        is_below = section.level > 2
        self.begin(section.heading, below=is_below, kicker=self.section if is_below else "")
        self.slide.is_title = section.level == 1
        self.section = self.section if is_below else section.heading
        self.slide.parts += [Part("lead", words) for words in self._words_below(section, shows_next)]

    def _words_below(self, section: prose.Section, shows_next: bool) -> list[str]:
        """Return what is said below a heading: one sentence, or more where there is nothing else to see."""
        truth = prose.truth(section.pieces)
        if truth or self.slide.is_title or _shown(section) or shows_next:
            return [words] if (words := truth or prose.statement(section.pieces)) else []
        return prose.beginning(section.pieces)

    def _continue(self, section: prose.Section, shows_next: bool) -> bool:
        """Begin a slide with a text that has no heading, if it has something to show; say whether it has."""
        truth = prose.truth(section.pieces)
        said = prose.statement(section.pieces)
        if not (truth or _shown(section) or (said and shows_next)):
            return False
        title = said if not truth and len(said) <= prose.LONGEST else ""
        self.begin(title.removesuffix(".") or self.section, below=True, kicker=self.section)
        self.slide.parts += [Part("lead", truth)] if truth else []
        return True

    def _show(self, part: Part) -> None:
        """Put what a cell shows on a slide: figures and labs on their own, printed text with what announced it."""
        if part.kind in ("figure", "lab", "sound", "html"):
            if not self._is_bare():
                self.begin(below=True, kicker=self.section)
            self.slide.parts.append(part)
            self._awaits_output = False
        else:
            is_announced = self._awaits_output and not self.slide.is_title
            if not is_announced and not _only(self.slide, ("code", "output")):
                self.begin(self.section, below=True)
            self._add(part)

    def _add(self, part: Part) -> None:
        """Add a part, on a slide of its own where the current one is full."""
        if self.slide.parts and sum(map(_height, [*self.slide.parts, part])) > MOST_HEIGHT:
            self.begin(self.slide.title or self.section, below=True, kicker=self.slide.kicker)
        self.slide.parts.append(part)

    def _is_bare(self) -> bool:
        """Say whether the current slide is a heading with nothing below it."""
        return (
            bool(self.slides) and bool(self.slide.title) and not self.slide.parts and not self.slide.is_title
        )

    def _following(self, place: int) -> NotebookNode | None:
        """Return the code cell after this one, None where there is none."""
        following = self.cells[place + 1] if place + 1 < len(self.cells) else None
        return following if following is not None and following.cell_type == "code" else None

    def _is_for_readers(self, place: int) -> bool:
        """Say whether the cell after this one is a line to complete."""
        following = self._following(place)
        return following is not None and _is_exercise(following)

    def _shows_next(self, place: int) -> bool:
        """Say whether the cell after this one shows something printed."""
        following = self._following(place)
        if following is None or place + 1 in self.asked:
            return False
        shown = [] if _is_exercise(following) else code_parts(following, code=self.code)
        return any(part.kind in ("code", "output") for part in shown)


def _shown(section: prose.Section) -> list[Part]:
    """Return what of a text is shown beside its statement: formulas, tables, and lists that are short."""
    parts = []
    for piece in section.pieces:
        text = prose.shortened(piece.text) if piece.kind == "list" else prose.unlinked(piece.text)
        is_short = piece.kind != "list" or len(text.splitlines()) <= _MOST_ITEMS
        if piece.kind == "table":
            parts += [Part("text", one) for one in prose.table_pages(text, MOST_ROWS)]
        elif piece.kind in ("formula", "list", "code") and is_short:
            parts.append(Part("text", text))
    return parts


def _with_words(parts: list[Part], words: str) -> list[Part]:
    """Return parts with a line of Markdown: in the place of a figure's caption, above anything else."""
    if parts and parts[-1].kind == "figure":
        parts[-1].caption, parts[-1].words = "", words
        return parts
    return [Part("text", words), *parts]


def _as_markdown(piece: prose.Piece) -> str:
    return f"{'#' * piece.level} {piece.text}" if piece.kind == "heading" else piece.text


def _is_exercise(cell: NotebookNode) -> bool:
    """Say whether a cell is for a reader at a computer: a line to complete, or its check."""
    return "your-turn" in cell.metadata.get("tags", []) or source_of(cell).startswith("your_turn(")


def _only(slide: Slide, kinds: Sequence[str]) -> bool:
    return bool(slide.parts) and all(part.kind in kinds for part in slide.parts)


def _height(part: Part) -> float:
    """Return about how many lines of a slide a part takes."""
    lines = part.content.splitlines()
    if part.kind in ("code", "output"):
        return 0.9 * sum(1 + len(line) // _MONOSPACED_WIDTH for line in lines) + 1
    if part.content.lstrip().startswith("$$"):
        return 1.6 * (1 + part.content.count(r"\\"))
    if part.content.lstrip().startswith("|"):
        return 1.2 * (len(lines) - 1)
    return 1.3 * sum(1 + len(line) // _WIDTH for line in lines)


def _finished(slide: Slide) -> Slide:
    """Return a slide with a title: a figure's caption where there is no heading."""
    if not slide.title and slide.parts and slide.parts[0].caption:
        first = slide.parts[0]
        title, rest = _first_sentence(caption_words(first))
        slide.title, first.caption = _SIGNS.sub(r"\\\1", title), ""
        slide.notes += [rest] if rest else []
    if not slide.title and not any(part.kind in ("question", "answer", "lab") for part in slide.parts):
        slide.title = slide.kicker
    if slide.kicker == slide.title:
        slide.kicker = ""
    return slide


def _first_sentence(caption: str) -> tuple[str, str]:
    """Return a caption as a title: all of it if it is short, else its first sentence; and the rest."""
    if len(caption) <= _LONGEST_TITLE:
        return caption.removesuffix("."), ""
    first, *others = prose.sentences(caption)
    return first.removesuffix("."), " ".join(others)
