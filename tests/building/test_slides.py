"""Slides: where they begin, what is on them, and that they need nothing from anywhere."""

from __future__ import annotations

import re

import pytest
from browser.lab_server import ROOT
from nbformat import v4
from typer.testing import CliRunner

from rnncourse.building import slides
from rnncourse.cli import app

runner = CliRunner()


def notebook(*cells):
    return v4.new_notebook(cells=list(cells))


def text(source: str, name: str = "t"):
    return v4.new_markdown_cell(source, id=name)


def code(source: str, printed: str = "", **metadata):
    outputs = [v4.new_output("stream", name="stdout", text=printed)] if printed else []
    return v4.new_code_cell(source, id="c", outputs=outputs, metadata=metadata)


def kinds(cut) -> list[str]:
    return [cell.metadata["slideshow"]["slide_type"] for cell in cut.cells]


def test_a_heading_begins_a_slide_and_a_full_screen_the_next_below_it():
    lines = "\n".join("a = 1" for _ in range(12))
    whole = notebook(
        text("# A"), text("short"), text("## B"), code(lines), code(lines), text("### C"), text("end")
    )
    cut = slides.cut_into_slides(whole)
    assert kinds(cut) == ["slide", "-", "slide", "-", "subslide", "subslide", "-"]
    assert "slideshow" not in whole.cells[0].metadata, "the notebook itself stays as it is"


def test_cells_without_anything_to_show_are_left_out():
    whole = notebook(text("# A"), code("x = 1"), code("x", "2\n"), v4.new_raw_cell("raw"))
    assert len(slides.cut_into_slides(whole, code=False).cells) == 2
    assert len(slides.cut_into_slides(whole).cells) == 3


def test_code_is_shown_or_hidden_and_questions_are_always_without():
    whole = notebook(
        text("# A $x_t$"), code("shown_code", "printed"), code("asked_code", "answer", tags=["hide-input"])
    )
    page = slides.as_slides(whole, "a")
    assert "shown_code" in page and "asked_code" not in page and "printed" in page
    bare = slides.as_slides(whole, "a", code=False)
    assert "shown_code" not in bare and "printed" in bare
    assert "<math" in page


def test_a_chapter_needs_nothing_from_anywhere(tmp_path):
    done = runner.invoke(
        app, ["build", "slides", str(ROOT / "chapters/02_one_hot_encoding.ipynb"), "--out", str(tmp_path)]
    )
    assert done.exit_code == 0, done.output
    page = (tmp_path / "02_one_hot_encoding.slides.html").read_text(encoding="utf-8")
    assert re.findall(r'<(?:script|link|img|iframe)[^>]*(?:src|href)="(?!data:|#|\$)[^"]*"', page) == []
    assert not re.search(r"(url\(|@import\s+)['\"]?(?!data:|#)[a-z.]", page)
    assert "Reveal.initialize" in page
    assert page.count("<section") > 20
    assert page.count("<section") == page.count("</section>")


def test_bad_paths_are_named(tmp_path):
    (tmp_path / "bad.ipynb").write_text("{")
    done = runner.invoke(app, ["build", "slides", str(tmp_path / "bad.ipynb"), "--out", str(tmp_path / "x")])
    assert (done.exit_code, "is not a notebook" in done.stderr) == (1, True)
    (tmp_path / "file").touch()
    good = ROOT / "chapters/02_one_hot_encoding.ipynb"
    done = runner.invoke(app, ["build", "slides", str(good), "--out", str(tmp_path / "file")])
    assert (done.exit_code, "out must be a folder" in done.stderr) == (1, True)


@pytest.mark.parametrize(("source", "lines"), [("a", 1), ("a\n\nb", 2), ("x" * 200, 3)])
def test_lines_are_counted_as_they_are_on_the_screen(source, lines):
    assert slides._lines(text(source), True) == lines
