"""Showing a picture on the page, with words for those who cannot see it.

Everything becomes an HTML figure with an `<img alt>`: that element survives when JupyterLab cleans the output
of a notebook that has not been run yet, while inline SVG and style sheets are thrown away.
"""

from __future__ import annotations

import base64
import html
import io
import re
import sys

from IPython.display import display
from matplotlib.figure import Figure

from rnncourse.arguments import require_text
from rnncourse.errors import InputError, describe
from rnncourse.markup import rich_text
from rnncourse.viz._style import CSS_DPI

_CARD = "background-color: #ffffff; border-radius: 8px; max-width: 100%"
_SVG_WIDTH = re.compile(r'<svg[^>]*?\bwidth="(\d+)"')


def show(figure_or_svg: Figure | str, *, alt: str, caption: str | None = None) -> None:
    """Display a Matplotlib figure or an SVG string as a picture with a text alternative.

    alt: what the picture shows, for readers who do not see it. caption: a line below it; `code` in backticks.
    Raises InputError for an empty alt or something that is no picture.
    """
    bundle = {"text/html": figure_html(figure_or_svg, alt=alt, caption=caption), "text/plain": alt}
    display(bundle, raw=True)
    if isinstance(figure_or_svg, Figure):
        _close(figure_or_svg)


def figure_html(figure_or_svg: Figure | str, *, alt: str, caption: str | None = None) -> str:
    """Return the HTML that `show` displays: a `<figure>` on a white card, readable in every theme."""
    require_text("alt", alt, "say what the picture shows")
    if caption is not None:
        require_text("caption", caption, "leave it out if there is nothing to say")
    if isinstance(figure_or_svg, Figure):
        source, width = _png(figure_or_svg)
    elif isinstance(figure_or_svg, str) and (match := _SVG_WIDTH.search(figure_or_svg)):
        source, width = _data_url("image/svg+xml", figure_or_svg.encode()), int(match[1])
    else:
        raise InputError(
            "figure_or_svg must be a Matplotlib figure or an SVG string with a width, "
            f"but {describe(figure_or_svg)} came; hand over the figure, not its axes"
        )
    image = f'<img src="{source}" alt="{html.escape(alt)}" width="{width}" style="{_CARD}">'
    below = f"\n<figcaption>{rich_text(caption)}</figcaption>" if caption else ""
    return f'<figure class="rnncourse-figure" style="margin: 8px 0">\n{image}{below}\n</figure>'


def _png(figure: Figure) -> tuple[str, int]:
    """Return a figure as a data URL at twice the resolution shown, and the width to show it at in pixels."""
    file = io.BytesIO()
    # No metadata: Matplotlib would store its own version, and the file would change with it.
    figure.savefig(file, format="png", dpi=2 * CSS_DPI, facecolor="white", metadata={"Software": None})
    png = file.getvalue()
    width = int.from_bytes(png[16:20], "big")  # the header of a PNG file starts with its width
    return _data_url("image/png", png), round(width / 2)


def _data_url(mime: str, content: bytes) -> str:
    return f"data:{mime};base64,{base64.b64encode(content).decode()}"


def _close(figure: Figure) -> None:
    """Close a figure made with pyplot, so that JupyterLab does not show it a second time."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)
