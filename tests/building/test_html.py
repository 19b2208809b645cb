"""`rnncourse build html`: what is in the page, read as text. tests/browser/test_html_offline.py opens it."""

from __future__ import annotations

import json
import re
import shutil
from base64 import b64encode
from pathlib import Path

import nbformat
import pytest
from browser import page_notebook
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from typer.testing import CliRunner

from rnncourse.building import html, outputs
from rnncourse.cli import app
from rnncourse.errors import InputError
from rnncourse.question_cells import as_text
from rnncourse.widgets import GATE_PRESETS

CASES = Path(__file__).parent / "cases"
WIDGETS = r'<script[^>]*id="rnncourse-widgets"[^>]*>(.*?)</script>'


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    notebook = page_notebook.write(folder)
    before = notebook.read_bytes()
    page = html.export(notebook, folder / "out" / "deep", timeout=60)
    assert notebook.read_bytes() == before, "the notebook itself is not to be touched"
    return page


@pytest.fixture(scope="module")
def page(written) -> str:
    return written.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def bundle(page) -> dict:
    return json.loads(re.search(WIDGETS, page, re.DOTALL)[1])


def test_one_file_is_written(written):
    assert written.name == "06_page.html"
    assert list(written.parent.iterdir()) == [written]


def test_nothing_in_the_page_is_fetched(page):
    fetched = re.findall(r'<(?:script|img|link|iframe|source)[^>]*(?:src|href)="(?!data:)([^"]*)"', page)
    assert fetched == []
    assert not re.search(r"@import|url\((?!['\"]?(?:data:|#))", page)
    assert "cdn" not in page.lower() and "requirejs" not in page.lower()


def test_mathematics_is_mathml(page):
    assert page.count("<math") == 5 + 1  # and one in the table of symbols
    assert "<msub><mi>f</mi><mi>t</mi></msub>" in re.search(r"<h1.*?</h1>", page, re.DOTALL)[0]
    assert len(re.findall('<math[^>]*display="block"', page)) == 2
    assert "<code>$x$</code>" in page
    formulas = "".join(re.findall(r"<math.*?</math>", page, re.DOTALL))
    assert "\\" not in formulas and "$" not in formulas and "<mi>&" not in formulas.replace("<mi>&#", "")
    aligned = re.search(r"<mtable.*?</mtable>", formulas, re.DOTALL)[0]
    assert aligned.count("<mtr>") == 2 and aligned.count("<mtd") == 4


def test_html_in_a_text_stays_html():
    """Explanations are folded with it."""
    source = "<details>\n<summary>Why</summary>\n\nBecause *f* is <kbd>1</kbd>.\n\n</details>"
    text = html.CourseExporter().markdown2html({"cell": {}}, source)
    assert "<summary>Why</summary>" in text and "<em>f</em> is <kbd>1</kbd>" in text and "&lt;" not in text


def test_widgets_that_compute_in_the_browser_are_in_the_page_each_script_once(page, bundle):
    places = re.findall(r'data-rnncourse-model="(\w+)"', page)
    assert places == ["1", "2", "3", "4", "1"]  # the lab is shown twice
    assert {model: bundle[model]["frontEnd"] for model in bundle} == {
        "1": "gate_lab",
        "2": "quiz",
        "3": "frame_player",
        "4": "sampler",
    }
    defined = re.findall(r"\(window\.rnncourseFrontEnds \?\?= \{\}\)\.(\w+) =", page)
    assert sorted(defined) == ["frame_player", "gate_lab", "quiz", "sampler"]
    assert not re.search(r"(?m)^export ", page)
    state = bundle["1"]["state"]
    latch = list(GATE_PRESETS["latch"].x)
    assert state["inputs"][: len(latch)] == latch
    assert state["step"] == 4
    assert not any(name.startswith("_") for name in state)


def test_what_a_widget_says_cannot_end_its_script(page, bundle):
    assert "Which &lt;/script&gt; gate?" in json.dumps(bundle)
    assert "<" not in re.search(WIDGETS, page, re.DOTALL)[1]


def test_widgets_of_others_leave_their_stand_in(page, bundle):
    assert page.count("open the course with the command rnncourse lab") == 1, "that of ipywidgets' slider"
    assert any("weights" in model["state"] for model in bundle.values()), "that of the sampler"
    assert "widget-view" not in page and "Shift + Enter) to change" not in page


def test_outputs_code_and_title_are_in_the_page(page):
    assert "said aloud" in page
    picture = re.search(r'<img [^>]*alt="The cell."[^>]*>', page)[0]
    assert 'src="data:image/svg+xml;base64,' in picture
    assert "<title>Gates $f_t$ in a page</title>" not in page
    assert "<title>Gates f_t in a page</title>" in page
    assert page.count('<details class="rnncourse-code">') == 1
    assert 'lang="en"' in page


def test_links_between_chapters_lead_to_pages(page):
    assert 'href="07_next.html#here"' in page
    assert 'href="../exercises/06.ipynb"' in page


def test_page_is_the_same_when_it_is_made_again(written, tmp_path):
    def without_ids(text: str) -> str:
        ids = dict.fromkeys(re.findall(r"\b[0-9a-f]{32}\b", text))
        for k, one in enumerate(sorted(ids, key=text.index)):
            text = text.replace(one, f"model-{k}")
        return text.split('id="rnncourse-widgets"')[0]

    again = html.export(page_notebook.write(tmp_path), tmp_path, timeout=60)
    assert without_ids(again.read_text()) == without_ids(written.read_text())


def test_stored_outputs_are_taken_as_they_are(tmp_path):
    output = nbformat.v4.new_output("stream", text="printed on another day\n")
    cell = new_code_cell("1 / 0", id="wrong", outputs=[output], execution_count=1)
    notebook = tmp_path / "stored.ipynb"
    notebook.write_text(as_text(new_notebook(cells=[cell])))
    page = html.export(notebook, tmp_path / "out", stored=True).read_text(encoding="utf-8")
    assert "printed on another day" in page and "ZeroDivisionError" not in page
    done = CliRunner().invoke(
        app, ["build", "html", str(notebook), "--stored", "--out", str(tmp_path / "by")]
    )
    assert done.exit_code == 0 and "printed on another day" in (tmp_path / "by" / "stored.html").read_text()


def test_a_live_widget_that_is_stored_is_in_the_page(tmp_path):
    chapter = Path(__file__).parents[2] / "chapters" / "00_start_here.ipynb"
    page = html.export(chapter, tmp_path, stored=True).read_text(encoding="utf-8")
    states = json.loads(re.search(WIDGETS, page, re.DOTALL)[1])
    assert states and "jar" in json.dumps(states)


def test_stored_outputs_that_are_not_there_are_no_page(tmp_path):
    notebook = tmp_path / "fresh.ipynb"
    notebook.write_text(as_text(new_notebook(cells=[new_code_cell("1", id="one")])))
    with pytest.raises(InputError, match=r"fresh\.ipynb holds no outputs; leave out --stored"):
        html.export(notebook, tmp_path / "out", stored=True)
    assert not (tmp_path / "out").exists()


def test_a_notebook_that_fails_leaves_no_page(tmp_path):
    notebook = tmp_path / "broken.ipynb"
    notebook.write_text(as_text(new_notebook(cells=[new_code_cell("1 / 0", id="wrong")])))
    with pytest.raises(outputs.NotebookFailed, match="cell wrong: ZeroDivisionError"):
        html.export(notebook, tmp_path / "out", timeout=60)
    assert not (tmp_path / "out").exists()
    done = CliRunner().invoke(app, ["build", "html", str(notebook), "--out", str(tmp_path / "out")])
    assert done.exit_code == 1 and "cell wrong" in done.output


def test_out_must_be_a_folder(tmp_path):
    (tmp_path / "file").write_text("")
    notebook = tmp_path / "empty.ipynb"
    notebook.write_text(as_text(new_notebook()))
    with pytest.raises(InputError, match="out must be a folder that can be written to"):
        html.export(notebook, tmp_path / "file")


def test_command_writes_pages(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.ipynb").write_text(as_text(new_notebook()))
    done = CliRunner().invoke(app, ["build", "html", str(tmp_path), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert {page.name for page in (tmp_path / "out").iterdir()} == {"one.html", "two.html"}


# Pictures beside the notebook


def test_pictures_beside_a_notebook_are_in_its_page_and_missing_ones_are_named(tmp_path):
    folder = tmp_path / "own lesson"
    shutil.copytree(CASES, folder)
    path = folder / "own lesson.ipynb"
    shutil.move(folder / "own_lesson.json", path)
    done = CliRunner().invoke(app, ["build", "html", str(path), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert f"note: {path}: the picture missing.png is not there" in done.output
    assert done.output.count("is not there") == 1
    page = (tmp_path / "out" / "own lesson.html").read_text(encoding="utf-8")
    sources = re.findall(r'<img[^>]*\ssrc="([^"]*)"', page)
    assert [source for source in sources if not source.startswith("data:image/")] == ["missing.png"]
    drawing = f"data:image/svg+xml;base64,{b64encode((folder / 'drawing.svg').read_bytes()).decode()}"
    assert drawing in sources
    picture = f"data:image/png;base64,{b64encode((folder / 'plain.png').read_bytes()).decode()}"
    assert sources.count(picture) >= 2, "from Markdown and from HTML"


def test_pictures_are_in_slides_too(tmp_path):
    (tmp_path / "a b.png").write_bytes(b"png")
    notebook = new_notebook(cells=[new_markdown_cell("# Title\n\n![a](a%20b.png) ![b](https://x/y.png)")])
    nbformat.write(notebook, tmp_path / "own.ipynb")
    done = CliRunner().invoke(app, ["build", "slides", str(tmp_path / "own.ipynb"), "--out", str(tmp_path)])
    assert (done.exit_code, "is not there" in done.output) == (0, False)
    page = (tmp_path / "own.slides.html").read_text(encoding="utf-8")
    assert f"data:image/png;base64,{b64encode(b'png').decode()}" in page
    assert 'src="https://x/y.png"' in page


@pytest.mark.parametrize("address", ["..", "", "notes.txt", "a\0b.png", "/dev/full", "folder"])
def test_what_is_no_picture_is_left_and_named(tmp_path, address):
    (tmp_path / "notes.txt").touch()
    (tmp_path / "folder").mkdir()
    page = f'<img alt="x" src="{address}">'
    with pytest.warns(html.MissingPicture, match="is not there"):
        assert html.with_pictures(page, tmp_path / "own.ipynb") == page
