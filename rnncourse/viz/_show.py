"""Showing a picture on the page, with words for those who cannot see it.

Everything becomes an HTML figure with an `<img alt>`: that element survives when JupyterLab cleans the output
of a notebook that has not been run yet, while inline SVG and style sheets are thrown away. What the
picture looks like is the matter of _picture.py.
"""

from __future__ import annotations

import base64
import html
import re
import sys

from IPython.display import display
from matplotlib.figure import Figure

from rnncourse.arguments import require_text
from rnncourse.errors import InputError, describe
from rnncourse.markup import rich_text
from rnncourse.viz._captions import texts
from rnncourse.viz._picture import SVG_SIZE, matplotlib_svg, on_the_page
from rnncourse.viz._style import WIDTHS

# Dark ink needs a light page. The course's own pages take this away, because there the picture follows the theme.
_CARD = "background-color: #ffffff; max-width: 100%"
_LABEL = re.compile(r'<svg[^>]*? aria-label="([^"]*)"')
WIDTH_NAMES = dict(zip(WIDTHS, ("small", "column", "wide"), strict=True))


def show(
    figure_or_svg: Figure | str,
    words: str | None = None,
    *,
    alt: str | None = None,
    caption: str | None = None,
    **numbers: object,
) -> None:
    """Display a Matplotlib figure or an SVG string as a picture with a text alternative.

    words: the name of a figure of the course, such as "01/windows-picture", whose alt and caption are stored in
    _captions.py; numbers: what is put into them. For any other figure, alt: what it shows, for readers who do not see
    it. caption: a line below it; `code` in backticks. Raises InputError for an empty alt or what is no picture.
    """
    if words is not None:
        alt = alt or _says_itself(figure_or_svg)
    alt, caption = texts(words, alt, caption, numbers)
    bundle = {"text/html": figure_html(figure_or_svg, alt=alt, caption=caption), "text/plain": alt}
    display(bundle, raw=True)
    if isinstance(figure_or_svg, Figure):
        _close(figure_or_svg)


def figure_html(figure_or_svg: Figure | str, *, alt: str, caption: str | None = None) -> str:
    """Return the HTML that `show` displays: a `<figure>` whose picture can be read in every theme."""
    require_text("alt", alt, "say what the picture shows")
    if caption is not None:
        require_text("caption", caption, "leave it out if there is nothing to say")
    if isinstance(figure_or_svg, Figure):
        drawn = matplotlib_svg(figure_or_svg)
    elif isinstance(figure_or_svg, str) and SVG_SIZE.search(figure_or_svg):
        drawn = figure_or_svg
    else:
        raise InputError(
            "figure_or_svg must be a Matplotlib figure or an SVG string with a width, "
            f"but got {describe(figure_or_svg)}; hand over the figure, not its axes"
        )
    picture, width = on_the_page(drawn)
    source = _data_url("image/svg+xml", picture.encode())
    image = f'<img src="{source}" alt="{html.escape(alt)}" width="{width}" style="{_CARD}">'
    below = f"\n<figcaption>{rich_text(caption)}</figcaption>" if caption else ""
    kind = f"rnncourse-figure rnncourse-{WIDTH_NAMES[width]}"
    return f'<figure class="{kind}" style="margin: 8px 0">\n{image}{below}\n</figure>'


def _says_itself(figure_or_svg: Figure | str) -> str | None:
    """Return the label that a drawing of the course carries, None where there is none."""
    label = _LABEL.search(figure_or_svg) if isinstance(figure_or_svg, str) else None
    return html.unescape(label[1]) if label else None


def _data_url(mime: str, content: bytes) -> str:
    return f"data:{mime};base64,{base64.b64encode(content).decode()}"


def _close(figure: Figure) -> None:
    """Close a figure made with pyplot, so that JupyterLab does not show it a second time."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)
