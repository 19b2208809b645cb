"""Slides as one HTML page with reveal.js inside."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from itertools import groupby
from pathlib import Path

from jinja2 import Environment
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import MarkdownWithMath

from rnncourse.building.html import MathRenderer, for_script, page_data
from rnncourse.building.live import LiveWidget, front_ends
from rnncourse.building.slides.parts import Part, Slide
from rnncourse.markup import rich_text

TEMPLATE = Path(__file__).parents[1] / "templates" / "slides"
LETTERS = "ABCDEFGH"
_MARKED = ' class="right fragment custom" data-fragment-index="0"'
_BECAUSE = ' class="because fragment" data-fragment-index="0"'


def as_page(slides: str, title: str, widgets: list[LiveWidget]) -> str:
    """Return slides in HTML as a page, with the scripts and states of the labs on them."""
    scripts = {
        name: _text(file).replace("</script", "<\\/script")
        for name, file in (
            ("reveal", "reveal/reveal.js"),
            ("notes", "reveal/notes.js"),
            ("start", "start.js"),
        )
    }
    return (
        Environment(autoescape=False)
        .from_string(_text("page.html.j2"))
        .render(
            title=escape(title),
            slides=slides,
            widgets=for_script(page_data(widgets)),
            front_ends=front_ends(widgets),
            model=_text("../rnncourse/model.js"),
            reveal_style=_text("reveal/reveal.css"),
            style=_text("slides.css") + _text("labs.css"),
            **scripts,
        )
    )


def sections(slides: Iterable[Slide]) -> str:
    """Return slides as HTML, those of a section one below the other."""
    return "".join(_stack(list(stack)) for stack in _stacks(slides))


def markdown(source: str) -> str:
    """Return Markdown as HTML, formulas as MathML."""
    return MarkdownWithMath(renderer=MathRenderer(escape=False, exclude_anchor_links=True)).render(source)


def _stacks(slides: Iterable[Slide]) -> Iterable[list[Slide]]:
    """Yield the slides that are one below the other."""
    stack = 0
    numbered = []
    for slide in slides:
        stack += not slide.below
        numbered.append((stack, slide))
    for _, group in groupby(numbered, key=lambda one: one[0]):
        yield [slide for _, slide in group]


def _stack(slides: list[Slide]) -> str:
    return f"<section>{''.join(map(_slide, slides))}</section>\n"


def _slide(slide: Slide) -> str:
    kinds = " ".join(sorted({f"has-{part.kind}" for part in slide.parts}))
    classes = f"slide {kinds}{' title' if slide.is_title else ''}{_shape(slide)}"
    return (
        f'<section><div class="{classes}">{_head(slide)}<div class="body">{_body(slide.parts)}</div></div>'
        f"{_aside(slide.notes)}</section>\n"
    )


def _shape(slide: Slide) -> str:
    """Return the class of a slide whose picture is rather high than wide: its title is beside it."""
    figures = [part for part in slide.parts if part.kind == "figure"]
    others = [part for part in slide.parts if part.kind not in ("figure", "lead")]
    return " beside" if figures and not others and figures[0].ratio < 1.3 else ""


def _head(slide: Slide) -> str:
    level = 1 if slide.is_title else 2
    kicker = f'<p class="kicker">{_inline(slide.kicker)}</p>' if slide.kicker else ""
    title = f"<h{level}>{_inline(slide.title)}</h{level}>" if slide.title else ""
    return f"<header>{kicker}{title}</header>" if kicker or title else ""


def _body(parts: list[Part]) -> str:
    """Return the parts; pictures that follow one another lie one on the other and take turns."""
    html = ""
    for is_figure, group in groupby(parts, key=lambda part: part.kind == "figure"):
        shown = list(group)
        html += _figures(shown) if is_figure else "".join(_MAKERS[part.kind](part) for part in shown)
    return html


def _figures(parts: list[Part]) -> str:
    if not any(part.fragment for part in parts[1:]):
        return "".join(_figure(part, "fragment" if part.fragment else "") for part in parts)
    last = len(parts) - 1
    turns = ["fragment fade-out" if k == 0 else "fragment fade-in-then-out" for k in range(last)]
    places = [0, *range(last)]
    shown = [
        _figure(part, turn, place)
        for part, turn, place in zip(parts, [*turns, "fragment"], places, strict=True)
    ]
    return f'<div class="turns">{"".join(shown)}</div>'


def _figure(part: Part, classes: str, place: int | None = None) -> str:
    words = part.caption or (_inline(part.words) if part.words else "")
    caption = f"<figcaption>{words}</figcaption>" if words else ""
    index = "" if place is None else f' data-fragment-index="{place}"'
    return (
        f'<figure class="{classes}"{index}><div class="frame" style="--ratio: {part.ratio:.4f}">'
        f"{part.content}</div>{caption}{_aside(part.notes)}</figure>"
    )


def _question(part: Part) -> str:
    """Return a question; where the answer is known, the next step marks it and says why."""
    told = any(is_right for _, is_right in part.options)
    options = "".join(
        f'<li{_MARKED if is_right else ""}><span class="letter">{LETTERS[k]}</span><span>{rich_text(text)}</span></li>'
        for k, (text, is_right) in enumerate(part.options)
    )
    because = f"<p{_BECAUSE}>{rich_text(part.because)}</p>" if told else ""
    return f'<h2 class="question">{rich_text(part.content)}</h2><ol class="options">{options}</ol>{because}'


def _answer(part: Part) -> str:
    """Return a question with the right option marked from the beginning."""
    return _question(part).replace(_MARKED, ' class="right visible"').replace(_BECAUSE, ' class="because"')


def _verdict(part: Part) -> str:
    return (
        f'<div class="verdict fragment"><p><strong>{rich_text(part.content)}</strong></p>'
        f"<p>{rich_text(part.because)}</p></div>"
    )


def _lab(part: Part) -> str:
    return (
        f'<div class="lab" data-prevent-swipe><div data-rnncourse-model="{escape(part.content)}"></div></div>'
    )


def _boxed(name: str, inner: Callable[[str], str]) -> Callable[[Part], str]:
    def make(part: Part) -> str:
        classes = f"{name} fragment" if part.fragment else name
        return f'<div class="{classes}">{inner(part.content)}{_aside(part.notes)}</div>'

    return make


def _aside(notes: list[str]) -> str:
    text = "\n\n".join(notes)
    return f'<aside class="notes">{markdown(text)}</aside>' if text else ""


def _inline(source: str) -> str:
    """Return one line of Markdown without a paragraph around it."""
    return markdown(source).strip().removeprefix("<p>").removesuffix("</p>")


def _code(source: str) -> str:
    return Highlight2HTML(pygments_lexer="python")(source)


def _text(name: str) -> str:
    return (TEMPLATE / name).read_text(encoding="utf-8")


_MAKERS: dict[str, Callable[[Part], str]] = {
    "text": _boxed("text", markdown),
    "lead": _boxed("lead", markdown),
    "code": _boxed("code", _code),
    "output": _boxed("output", lambda text: f"<pre>{escape(text)}</pre>"),
    "html": _boxed("html", lambda html: html),
    "sound": _boxed("sound", lambda html: html),
    "question": _question,
    "answer": _answer,
    "verdict": _verdict,
    "lab": _lab,
}
