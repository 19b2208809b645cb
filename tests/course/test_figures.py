"""Every figure that is stored in a chapter: its size, its text, and the names and colors of its networks."""

from __future__ import annotations

import base64
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rnncourse import viz
from rnncourse.notation import misspelled_networks, network
from rnncourse.viz._style import WIDTHS

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"
MOST_BYTES = 150_000
SMALLEST_TEXT = 11  # CSS pixels, as it is shown
_FIGURE = re.compile(
    r'<figure class="rnncourse-figure rnncourse-(?:small|column|wide)".*?</figure>', re.DOTALL
)


def chapters() -> list[Path]:
    return sorted((ROOT / "chapters").rglob("*.ipynb"))


def figures(file: Path) -> Iterator[tuple[str, bytes, str]]:
    """Yield the cell's id, the SVG and the alternative text of each figure of a notebook."""
    for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            for figure in _FIGURE.findall("".join(output.get("data", {}).get("text/html", ""))):
                yield cell["id"], *picture(figure)


def picture(figure: str) -> tuple[bytes, str]:
    """Return the SVG and the alternative text of a figure element."""
    return base64.b64decode(re.search(r'base64,([^"]+)"', figure)[1]), re.search(r' alt="([^"]*)"', figure)[1]


def faults(svg: bytes, alt: str) -> list[str]:
    """Return what is wrong with a figure, a line each."""
    root = ET.fromstring(svg)
    found = [] if len(svg) <= MOST_BYTES else [f"{len(svg)} bytes"]
    found += [] if int(root.get("width")) in WIDTHS else [f"{root.get('width')} pixels wide"]
    found += [] if alt.strip() else ["no alternative text"]
    if (size := smallest_text(root)) < SMALLEST_TEXT:
        found.append(f"text of {size:.1f} pixels")
    for words in texts(root):
        found += [f"{word!r} in {words!r}" for word in misspelled_networks(words)]
    for name, colour in legend(root):
        if (one := network(name)) and colour.lower() not in (one.colour.lower(), "currentcolor"):
            found.append(f"{name!r} in {colour}")
    return found


def texts(root: ET.Element) -> list[str]:
    return ["".join(node.itertext()).strip() for node in root.iter(f"{SVG}text")]


def smallest_text(root: ET.Element) -> float:
    """Return the size of the smallest text, in CSS pixels as it is shown."""
    drawn = root.find(f"{SVG}svg")
    box = drawn.get("viewBox") or f"0 0 {drawn.get('width')} 0"
    scale = float(drawn.get("width")) / float(box.split()[2])
    sizes = [
        float(size)
        for node in drawn.iter()
        for size in (
            node.get("font-size"),
            *re.findall(r"font(?:-size)?:[^;]*?([\d.]+)px", node.get("style", "")),
        )
        if size
    ]
    return round(min(sizes, default=SMALLEST_TEXT) * scale, 1)


def legend(root: ET.Element) -> Iterator[tuple[str, str]]:
    """Yield each name in the legends of a Matplotlib figure with the color of its line."""
    for group in root.iter(f"{SVG}g"):
        if group.get("id", "").startswith("legend"):
            colour = ""
            for node in group.iter():
                if stroke := re.search(r"stroke: ([^;]+)", node.get("style", "")):
                    colour = stroke[1]
                if node.tag == f"{SVG}text" and colour:
                    yield "".join(node.itertext()).strip(), colour


@pytest.mark.parametrize("file", chapters(), ids=lambda file: file.stem)
def test_figures_have_one_size_readable_text_and_the_networks_own_names_and_colors(file):
    found = {cell: wrong for cell, svg, alt in figures(file) if (wrong := faults(svg, alt))}
    assert not found


def test_a_figure_that_breaks_every_rule_is_noticed():
    fig, ax = viz.figure(height=2)
    ax.plot([0, 1], color="#123456", label="LSTM, bias 1")
    ax.plot([1, 0], color="#0072B2", label="vanilla rnn")
    ax.set_xlabel("tiny", fontsize=8)
    ax.legend()
    svg, alt = picture(viz.figure_html(fig, alt="two lines"))
    assert faults(svg, " ") == [
        "no alternative text",
        "text of 10.7 pixels",
        "'vanilla' in 'vanilla rnn'",
        "'rnn' in 'vanilla rnn'",
        "'LSTM, bias 1' in #123456",
    ]
    assert faults(svg.replace(b'width="680"', b'width="650"', 1), alt)[0] == "650 pixels wide"
    fig, ax = viz.figure(height=2)
    ax.plot(np.random.default_rng(0).random(9000), ".")
    assert re.fullmatch(r"\d{6} bytes", faults(*picture(viz.figure_html(fig, alt="dots")))[0])
