"""`rnncourse build site`: what is prepared for Sphinx, and what is in the built pages, read as text."""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64encode
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from browser.lab_server import ROOT
from browser.site_pages import PAGE
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, writes
from typer.testing import CliRunner

from rnncourse import data, in_numpy
from rnncourse.building import site
from rnncourse.building.live import LIVE
from rnncourse.building.site import links, pages, pictures, states, styles
from rnncourse.building.site.build import MARK, Course, online_copy
from rnncourse.cli import app
from rnncourse.errors import InputError
from rnncourse.widgets import sampler

CHAPTERS = sorted(path.stem for path in (ROOT / "chapters").glob("[0-9]*.ipynb"))
WEIGHT = 400_000


class Addresses(HTMLParser):
    """The ids of a page and the addresses it names."""

    def __init__(self, text: str):
        super().__init__()
        self.ids: set[str] = set()
        self.named: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.add(value or "")
            elif name in ("href", "src") and value:
                self.named.append((tag, value))


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def pages_of(built: Path) -> list[Path]:
    return [page for page in built.rglob("*.html") if "_static" not in page.parts]


def addresses(page: Path) -> Addresses:
    return Addresses(text_of(page))


def elsewhere(address: str) -> bool:
    return re.match(r"[a-z]+:|//", address) is not None


# The built site


def test_every_chapter_detour_and_exercise_has_a_page(built_site):
    for folder in ("chapters", "chapters/detours", "exercises"):
        wanted = {path.stem for path in (ROOT / folder).glob("[0-9]*.ipynb")}
        made = {path.stem for path in (built_site / folder).glob("*.html")}
        assert made - {Path(PAGE).name} == wanted
    others = {path.name for path in built_site.glob("*.html")}
    assert others == {"index.html", "glossary.html", "instructor_guide.html", "search.html"}
    assert not (built_site / "solutions").exists()


def test_every_link_of_the_site_leads_somewhere(built_site):
    found = {page: addresses(page) for page in pages_of(built_site)}
    dead = []
    for page, here in found.items():
        for _, address in here.named:
            path, fragment = urldefrag(address)
            if elsewhere(address) or address == "#":
                continue
            target = (page.parent / unquote(path.partition("?")[0])).resolve() if path else page
            known = found[target].ids if target in found else set()
            if not target.is_file() or (fragment and target in found and unquote(fragment) not in known):
                dead.append(f"{page.relative_to(built_site)}: {address}")
    assert dead == []


def test_nothing_is_fetched_from_elsewhere(built_site):
    for page in pages_of(built_site):
        fetched = [
            value for tag, value in addresses(page).named if tag in ("script", "img", "source", "audio")
        ]
        assert [value for value in fetched if elsewhere(value) and not value.startswith("data:")] == []
        sheets = re.findall(r'<link[^>]*rel="stylesheet"[^>]*href="([^"]*)"', text_of(page))
        assert sheets and not any(map(elsewhere, sheets))


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_is_light_before_its_pictures(built_site, name):
    page = built_site / "chapters" / f"{name}.html"
    files = {page}
    for tag, value in addresses(page).named:
        if (
            tag in ("script", "link")
            and not elsewhere(value)
            and value.partition("?")[0].endswith((".js", ".css"))
        ):
            files.add((page.parent / value.partition("?")[0]).resolve())
    assert len(files) > 5
    for apart in re.findall(r' data-apart="([^"]*)"', text_of(page)):
        files |= {(page.parent / address).resolve() for address in json.loads(unescape(apart)).values()}
    weight = sum(len(gzip.compress(file.read_bytes())) for file in files)
    assert weight <= WEIGHT, f"{weight} bytes in {len(files)} files"


def test_pages_share_one_style_sheet_that_holds_what_is_used(built_site):
    sheet = built_site / "_static" / "book.css"
    assert sorted(path.name for path in built_site.rglob("*.css") if "rnncourse" not in path.parts) == [
        "book.css"
    ]
    for page in pages_of(built_site):
        listed = [value for tag, value in addresses(page).named if tag == "link" and ".css" in value]
        assert (page.parent / listed[0]).resolve() == sheet
        assert all("rnncourse/" in one for one in listed[1:])
    style = text_of(sheet)
    assert len(gzip.compress(style.encode())) < 30_000
    assert (
        "@font-face" not in style
        and "@import" not in style
        and ".accordion-flush" not in style
        and ".fa-github" not in style
    )
    for used in (".bd-article", ".rnncourse-result", ".highlight .k ", "details.hide", ".bs-tooltip-auto"):
        assert used in style
    pages = "".join(map(text_of, pages_of(built_site)))
    icons = set(re.findall(r"\bfa-(?!solid|lg|fw)[a-z0-9-]+", pages))
    assert len(icons) > 5 and {one for one in icons if f".{one}::before" not in style} == set()


@pytest.mark.parametrize(
    ("style", "left"),
    [
        (".a{x:1}.b{x:2}", ".a{x:1}"),
        (".a,.b,p{x:1}", ".a,p{x:1}"),
        (".a .b{x:1}.a.c{x:2}", ".a.c{x:2}"),
        (".a:not(.b){x:1}", ".a:not(.b){x:1}"),
        (":is(.b,.a) p{x:1}", ":is(.b,.a) p{x:1}"),
        ("@media print{.b{x:1}}.a{x:1}", ".a{x:1}"),
        ("@media print{.b{x:1}.a{x:1}}", "@media print{.a{x:1}}"),
        ("@keyframes k{0%{x:0.5}to{x:1}}", "@keyframes k{0%{x:0.5}to{x:1}}"),
        ("/* .b{ */.a{x:url('data:,.b')}", ".a{x:url('data:,.b')}"),
        ("@font-face{src:url(a.woff2)}.bs-b{x:1}", ".bs-b{x:1}"),
    ],
)
def test_rules_of_classes_that_nothing_has_are_left_out(style, left):
    assert styles.without_unused(style, {"a", "c"}) == left


def test_scripts_of_labs_come_just_before_the_first_lab_that_needs_them(built_site):
    body = text_of(built_site / f"{PAGE}.html")
    for name, script in (("GateLab", "gate_lab"), ("Prediction", "quiz"), ("Sampler", "sampler")):
        loading = f'<script src="../../_static/rnncourse/{script}.js"></script>'
        assert body.count(loading) == 1
        place = re.search(rf'<div class="rnncourse-place" [^>]*data-widget="{name}"', body).start()
        assert body[:place].endswith(loading)


def test_a_networks_weights_are_a_file_that_loads_late(built_site):
    page = built_site / "chapters" / "08_putting_it_to_work.html"
    [apart] = re.findall(r'data-widget="Sampler"[^>]* data-apart="([^"]*)"', text_of(page))
    [(trait, address)] = json.loads(unescape(apart)).items()
    file = page.parent / address
    assert trait == "weights" and len(gzip.compress(file.read_bytes())) < 190_000
    name, text = re.fullmatch(
        r'\(window\.rnncourseTexts \?\?= \{\}\)\.(\w+) = "([\w+/=]+)";\n', text_of(file)
    ).groups()
    assert name == file.stem and text not in text_of(page)
    characters, params = data.alice_writer()
    net = in_numpy.RecurrentNet(in_numpy.LSTM(len(characters), 192), len(characters))
    net.params.update(params)
    assert text == sampler(net, data.Vocabulary(list(characters))).weights


def test_only_long_texts_of_a_state_are_taken_out(tmp_path):
    state = {
        "weights": "a" * states.LONG,
        "prompt": "b",
        "frames": ["c" * states.LONG],
        "again": "a" * states.LONG,
    }
    left, names = states.take_long_texts_out(state, tmp_path / "states")
    assert left == {"prompt": "b", "frames": state["frames"]}
    assert set(names) == {"weights", "again"} and names["weights"] == names["again"]
    [file] = (tmp_path / "states").iterdir()
    assert file.name == f"{names['weights']}.js" and "a" * states.LONG in file.read_text()


def test_pictures_are_files_that_load_late_and_keep_their_place(built_site):
    pictures = 0
    for name in CHAPTERS:
        body = text_of(built_site / "chapters" / f"{name}.html")
        assert 'src="data:image' not in body
        for picture in re.findall(r"<img[^>]*figures/[^>]*>", body):
            assert 'loading="lazy"' in picture and re.search(r'height="\d+"', picture), picture[:200]
            assert re.search(r'alt="[^"]+"', picture)
            pictures += 1
    assert pictures > 50


def test_front_ends_are_files_that_pages_share(built_site):
    body = text_of(built_site / f"{PAGE}.html")
    scripts = re.findall(r'<script src="[./]*_static/rnncourse/([^"]*)"', body)
    assert sorted(scripts) == ["frame_player.js", "gate_lab.js", "quiz.js", "sampler.js", "site.js"]
    assert "gateRun" not in body
    assert "gateRun" in text_of(built_site / "_static" / "rnncourse" / "gate_lab.js")
    assert '_static/rnncourse/gate_lab.js"' in text_of(built_site / "index.html")


def test_states_of_widgets_are_in_the_page_and_kernels_are_not_needed(built_site):
    body = text_of(built_site / f"{PAGE}.html")
    places = re.findall(
        r'<div class="rnncourse-place" data-rnncourse-model="(\w+)" data-widget="(\w+)"', body
    )
    assert places == [
        ("1", "GateLab"),
        ("2", "Prediction"),
        ("3", "FramePlayer"),
        ("4", "Sampler"),
        ("1", "GateLab"),
    ]
    states = re.findall(r'(?s)<script type="application/json" class="rnncourse-state">(.*?)</script>', body)
    assert [json.loads(state).get("step") for state in states] == [4, None, None, None, 4]
    assert json.loads(states[1])["verdict"] == "below"
    assert "Run this cell" not in body


def test_the_source_of_a_question_is_not_shown(built_site):
    article = re.search(r"(?s)<article.*</article>", text_of(built_site / f"{PAGE}.html"))[0]
    assert "Which &lt;/script&gt; gate?" in article
    assert ">print</span>" in article
    assert ">predict</span>" not in article


def test_code_that_jupyterlab_folds_is_folded(built_site):
    body = text_of(built_site / "chapters" / "06_lstm_gates.html")
    stored = json.loads((ROOT / "chapters" / "06_lstm_gates.ipynb").read_text(encoding="utf-8"))
    hidden = [
        cell["id"]
        for cell in stored["cells"]
        if cell["metadata"].get("jupyter", {}).get("source_hidden")
        and "rnncourse_asks" not in cell["metadata"]
    ]
    assert "setup" in hidden and len(hidden) > 3
    assert body.count('<details class="admonition hide above-input"') == len(hidden)
    before_imports = body[: body.index("gate_lab</span>")]
    assert before_imports.rindex("<details") > before_imports.rindex("</h1>")


def test_mathematics_is_mathml(built_site):
    body = text_of(built_site / "chapters" / "06_lstm_gates.html")
    assert body.count("<math") > 100
    assert not re.search(r"<script[^>]*mathjax", body, re.IGNORECASE)
    assert not re.search(r"\$[^$<>]*\\[a-z]+[^$<>]*\$", re.sub(r"(?s)<(script|pre).*?</\1>", "", body))


def test_pages_tell_search_engines_and_previews_where_they_are(built_site):
    body = text_of(built_site / "chapters" / "06_lstm_gates.html")
    base = "https://rnn.example.org/book"
    assert f'<link rel="canonical" href="{base}/chapters/06_lstm_gates.html"' in body
    assert f'<meta property="og:image" content="{base}/_static/preview.png">' in body
    assert (built_site / "_static" / "preview.png").read_bytes()[:4] == b"\x89PNG"
    places = re.findall("<loc>(.*?)</loc>", text_of(built_site / "sitemap.xml"))
    made = {page.relative_to(built_site).as_posix() for page in pages_of(built_site)} - {"search.html"}
    assert set(places) == {f"{base}/{page}" for page in made}


def test_pages_link_to_their_notebooks_and_to_services(built_site):
    named = {value for _, value in addresses(built_site / "chapters" / "06_lstm_gates.html").named}
    place = "chapters/06_lstm_gates.ipynb"
    assert f"../notebooks/{place}" in named
    colab = f"https://colab.research.google.com/github/owner/name/blob/gh-pages/online/{place}"
    kaggle = (
        f"https://kaggle.com/kernels/welcome?src=https://github.com/owner/name/blob/gh-pages/online/{place}"
    )
    assert {colab, kaggle} <= named
    assert (built_site / "notebooks" / place).read_bytes() == (ROOT / place).read_bytes()
    copy = json.loads(text_of(built_site / "online" / place))
    setup = "".join(copy["cells"][0]["source"])
    assert "%pip install" in setup and "owner/name@main" in setup
    assert "https://rnn.example.org/book/chapters/07_architectures.html" in json.dumps(copy)
    assert "](07_architectures.ipynb" not in json.dumps(copy)


def test_the_page_says_which_version_it_was_built_from(built_site):
    from rnncourse import __version__

    assert f"rnncourse {__version__}" in text_of(built_site / "chapters" / "00_start_here.html")
    assert (built_site / MARK).read_text().startswith(__version__)


def test_the_glossary_is_a_page(built_site):
    body = text_of(built_site / "glossary.html")
    assert re.search("<h1>Glossary<", body)
    assert 'href="chapters/06_lstm_gates.html"' in body


# What is prepared


def test_without_addresses_there_are_no_buttons_and_no_copies(tmp_path):
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "00_a.ipynb").write_text(
        json.dumps(new_notebook(cells=[new_markdown_cell("# 00 A")]))
    )
    course = Course(tmp_path, site.Settings())
    site.build.__globals__["_write_notebook"](course, "chapters/00_a.ipynb", tmp_path / "source")
    written = text_of(tmp_path / "source" / "chapters" / "00_a.ipynb")
    assert "Download notebook" in written and "colab" not in written and "JupyterLab" not in written
    assert not (tmp_path / "source" / "extra" / "online").exists()


def test_an_address_of_a_hub_gives_a_button(tmp_path):
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "00_a.ipynb").write_text(
        json.dumps(new_notebook(cells=[new_markdown_cell("# 00 A")]))
    )
    course = Course(tmp_path, site.Settings(jupyterlab="https://hub.example.org/lab/tree/"))
    site.build.__globals__["_write_notebook"](course, "chapters/00_a.ipynb", tmp_path / "source")
    written = text_of(tmp_path / "source" / "chapters" / "00_a.ipynb")
    assert "https://hub.example.org/lab/tree/chapters/00_a.ipynb" in written


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"address": "rnn.example.org"}, "address must begin with https://"),
        ({"jupyterlab": "/lab"}, "jupyterlab must begin with https://"),
        ({"repository": "https://github.com/a/b"}, "repository must be OWNER/NAME"),
        ({"branch": 3}, "branch must be a text"),
    ],
)
def test_settings_that_cannot_be_addresses_are_refused(given, said):
    with pytest.raises(InputError, match=said):
        site.Settings(**given)


def test_settings_are_read_from_a_file_and_options_go_first(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text('address = "https://a.example"\nrepository = "a/b"\n')
    read = site.read_settings(file, repository="c/d", jupyterlab=None)
    assert (read.address, read.repository, read.jupyterlab) == ("https://a.example/", "c/d", "")
    file.write_text('adress = "https://a.example"')
    with pytest.raises(InputError, match="but it sets adress"):
        site.read_settings(file)
    assert site.read_settings(ROOT / "docs" / "site" / "settings.toml") == site.Settings()


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("[on](07_b.ipynb)", "[on](07_b.ipynb)"),
        ("[on](07_b.ipynb#Term-5%3A-it)", "[on](07_b.ipynb#Term-5:-it)"),
        ("[ex](../exercises/06_a.ipynb)", "[ex](../exercises/06_a.ipynb)"),
        (
            "[gone](../solutions/06_a.ipynb), [web](https://x.org/a.ipynb#b)",
            "gone, [web](https://x.org/a.ipynb#b)",
        ),
        ("[here](#part) ![a picture](p.png)", "[here](#part) ![a picture](p.png)"),
        ("[$x_{[t]}$](07_b.ipynb)", "[$x_{[t]}$](07_b.ipynb)"),
    ],
)
def test_links_lead_to_pages_or_are_only_words(markdown, expected):
    known = ["chapters/06_a.ipynb", "chapters/07_b.ipynb", "exercises/06_a.ipynb"]
    change = links.to_pages("chapters/06_a.ipynb", known, site.Settings().source)
    assert links.relink(markdown, "chapters/06_a.ipynb", change) == expected


def test_links_to_files_that_are_no_pages_lead_to_the_repository():
    change = links.to_pages("glossary.md", [], site.Settings(repository="a/b").source)
    linked = links.relink("[it](../README.md#Start)", "docs/guide.md", change)
    assert linked == "[it](https://github.com/a/b/blob/main/README.md)"


def test_copies_for_other_services_have_no_answers_in_their_metadata():
    output = new_output("display_data", {"text/html": "<p>Which?</p>"})
    output.metadata[LIVE] = {"widget": "Prediction", "model": "1", "state": {}}
    notebook = new_notebook(cells=[new_code_cell("1", outputs=[output])])
    [written] = json.loads(writes(notebook))["cells"][0]["outputs"]
    course = Course(ROOT, site.Settings(repository="a/b"))
    copy = json.loads(online_copy(course, "chapters/00_start_here.ipynb", json.dumps(notebook)))
    assert [cell["outputs"] for cell in copy["cells"]] == [[], [{**written, "metadata": {}}]]


# Two pixels wide and one high, as far as its header is read.
HEADER = b"\x89PNG" + bytes(12) + bytes([0, 0, 0, 2, 0, 0, 0, 1])
PNG = f"data:image/png;base64,{b64encode(HEADER).decode()}"


def test_pictures_are_taken_out_with_their_heights(tmp_path):
    html = f'<p><img src="{PNG}" alt="A > B" width="300"><img src="{PNG}" alt=""></p>'
    taken = pictures.take_out(html, tmp_path, "../figures")
    [file] = tmp_path.iterdir()
    assert file.suffix == ".png" and file.read_bytes().startswith(b"\x89PNG")
    late = (
        f'loading="lazy" decoding="async" height="150" src="../figures/{file.name}" alt="A > B" width="300">'
    )
    assert late in taken
    assert taken.count(file.name) == 2 and "base64" not in taken


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (b'<svg xmlns="x" viewBox="0 0 300 150" width="3">', (300, 150)),
        (b'<svg width="12.5" height="5" xmlns="x">', (12.5, 5)),
        (b"<svg>", None),
        (b"\xff\xd8", None),
    ],
)
def test_the_size_of_a_picture(data, size):
    assert pictures.size_of(data) == size


def test_a_bar_comes_below_the_title():
    notebook = new_notebook(cells=[new_markdown_cell("# 06 A\n\n**Why?**"), new_code_cell("1")])
    page = pages.Page("chapters/06_a.ipynb", lambda target, fragment: target, Path("x"), "../")
    prepared = pages.prepare(notebook, page, "<p>bar</p>")
    assert prepared.cells[0].source == "# 06 A\n\n<p>bar</p>\n\n**Why?**"


# The command


def test_a_folder_with_other_files_is_never_replaced(tmp_path):
    (tmp_path / "mine.txt").write_text("a year of work")
    with pytest.raises(InputError, match="holds other files"):
        site.build(ROOT, tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "a year of work"


def test_without_sphinx_the_command_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    monkeypatch.setitem(site.build.__globals__, "find_spec", lambda name: None)
    done = CliRunner().invoke(app, ["build", "site", "--out", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert "pip install -c constraints.txt -e '.[site]'" in done.output
    assert not (tmp_path / "out").exists()
