"""Talks, opened from disk at 1920 × 1080 with the network cut: every slide can be read from the last row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browser.accessibility import violations
from browser.lab_server import ROOT
from browser.talk_page import each_slide, open_talk
from nbformat import v4
from playwright.sync_api import Browser, Page, expect

from rnncourse import data, in_numpy, widgets
from rnncourse.building import live, slides

SMALLEST = 24 - 0.1
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))


def attention() -> widgets.AttentionLab:
    words, tokens = ["the", "first", "of", "september", "ninety", "eight"], list("1998-09-01")
    weights = np.random.default_rng(0).dirichlet(np.full(len(words), 0.4), size=len(tokens))
    return widgets.attention_lab([(weights, words, tokens)])


def credit() -> widgets.CreditLab:
    rng = np.random.default_rng(0)
    shapes = {"W_xh": (2, 5), "W_hh": (5, 5), "b_h": (5,), "W_hy": (5, 6), "b_y": (6,), "h0": (3, 5)}
    p = {name: rng.normal(scale=0.7, size=shape) for name, shape in shapes.items()}
    return widgets.credit_lab(p, rng.normal(size=(8, 3, 2)), rng.integers(6, size=(8, 3)))


def state() -> widgets.StateLab:
    names = ["bread", "rice", "pizza"]
    rnn = in_numpy.RNN(3, 2, rng=np.random.default_rng(0), dtype="float64")
    return widgets.state_lab(rnn, names, ["bread", "rice", None, "bread"])


def window() -> widgets.WindowLab:
    years, series = np.arange(1700, 1800), 50 + 40 * np.sin(np.arange(100) / 1.7)
    net = in_numpy.MLP((3, 8, 1), rng=np.random.default_rng(0), dtype="float64")
    return widgets.window_lab(years, series, net, data.Scaler.fit(series), tested_from=1780)


def drift() -> widgets.DriftLab:
    paths = np.random.default_rng(0).normal(size=(5, 4, 3, 2)).cumsum(axis=1)
    return widgets.drift_lab(paths, ["Doug", "Jane", "period"], [0, 1, 5, 20], ["Doug", "Jane"])


def sentence() -> widgets.SentenceLab:
    words = data.Vocabulary(["Doug", "saw", "Jane", "."])
    return widgets.sentence_lab(words, np.random.default_rng(0).normal(size=(4, 3)))


def writer() -> tuple[in_numpy.RecurrentNet, data.Vocabulary]:
    rng, letters = np.random.default_rng(0), data.Vocabulary(list(' "abcdefgABCDEFG.'))
    return in_numpy.RecurrentNet(in_numpy.LSTM(len(letters), 6, rng=rng), len(letters), rng=rng), letters


def network() -> widgets.GateLab:
    net, letters = writer()
    lab = widgets.gate_lab(network=net, vocabulary=letters, prompt='abba cede. "ABBA FA', unit=2)
    lab.unit_holds = {"f": 1.0, "i": 0.0}
    return lab


LABS = {
    "gates": lambda: widgets.gate_lab("remember"),
    "gradient": lambda: widgets.gradient_lab(T=50),
    "network": network,
    "sampler": lambda: widgets.sampler(*writer(), "abba cede. "),
    "jar": widgets.jar_lab,
    "memory": widgets.memory_lab,
    "wiring": widgets.wiring_lab,
    "attention": attention,
    "credit": credit,
    "state": state,
    "window": window,
    "drift": drift,
    "sentence": sentence,
}
QUIZ = """quiz([
    Question(
        "Left or right?",
        [("left", "Look again."), ("right", "Yes.")],
        answer="right",
        because="It is on the right.",
        key="side",
    )
])"""


def write_talk(folder: Path) -> Path:
    """Write a talk with a fragment, notes, a question and every lab, and return its page."""
    cells = [
        v4.new_markdown_cell("# Talk\n\nHello.", metadata=kind("slide")),
        v4.new_markdown_cell("Said.", metadata=kind("notes")),
        v4.new_markdown_cell("## Steps\n\nOne.", metadata=kind("slide")),
        v4.new_markdown_cell("Two.", metadata=kind("fragment")),
        v4.new_code_cell(QUIZ, metadata=kind("subslide")),
        *(lab_cell(number, name) for number, name in enumerate(LABS)),
    ]
    notebook = v4.new_notebook(cells=cells)
    states = {str(number): {"state": dict(make().get_state())} for number, make in enumerate(LABS.values())}
    notebook.metadata["widgets"] = {live.WIDGET_STATE: {"state": states}}
    live.store(notebook)
    file = folder / "talk.slides.html"
    file.write_text(slides.as_slides(notebook, folder / "talk.ipynb"), encoding="utf-8")
    return file


def kind(name: str) -> dict:
    return {"slideshow": {"slide_type": name}}


def lab_cell(number: int, name: str):
    view = v4.new_output("display_data", data={live.WIDGET_VIEW: {"model_id": str(number)}})
    return v4.new_code_cell(name, outputs=[view], metadata=kind("slide"))


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    return write_talk(tmp_path_factory.mktemp("talk"))


@pytest.fixture
def talk(browser: Browser, file: Path) -> Iterator[Page]:
    """Return the talk; the test fails if it asked the network for anything, or said something on the console."""
    page = open_talk(browser, file)
    yield page
    page.context.close()
    assert page.said == []


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem[:2])
def test_every_slide_of_a_chapter_can_be_read_from_the_last_row(browser, tmp_path, chapter):
    page = open_talk(browser, slides.export(chapter, tmp_path))
    found = list(each_slide(page))
    page.context.close()
    assert page.said == []
    assert len(found) > 12
    assert [(one["title"], one["hidden"]) for one in found if one["hidden"]] == []
    small = [(one["title"], one["smallest"]) for one in found if one["smallest"]["size"] < SMALLEST]
    assert small == []
    assert [one["title"] for one in found if not one["title"] and not one["isLab"]] == []


def test_every_lab_fills_its_slide_and_can_be_read(talk):
    labs = [one for one in each_slide(talk) if one["isLab"]]
    assert len(labs) == len(LABS)
    assert [one["hidden"] for one in labs] == [[]] * len(LABS)
    assert [one["smallest"] for one in labs if one["smallest"]["size"] < SMALLEST] == []
    assert min(one["filled"] for one in labs) > 0.9


def test_what_would_be_cut_off_or_too_small_is_noticed(browser, tmp_path):
    cells = [v4.new_markdown_cell("# T\n\nx"), v4.new_code_cell("x", metadata=kind("slide"))]
    cells[0].metadata = kind("slide")
    cells[1].outputs = [
        v4.new_output("display_data", data={"text/html": "<p style='height: 2000px'>low</p>"})
    ]
    high = v4.new_markdown_cell('<span style="font-size: 20px">small</span>', metadata=kind("slide"))
    (tmp_path / "x.html").write_text(
        slides.as_slides(v4.new_notebook(cells=[*cells, high]), tmp_path / "x.ipynb")
    )
    page = open_talk(browser, tmp_path / "x.html")
    first, second, third = each_slide(page)
    page.context.close()
    assert (first["hidden"], second["hidden"]) == ([], ["DIV.slide has-html scrolls", "DIV.body scrolls"])
    assert third["smallest"] == {"size": 20, "text": "small"}


def test_the_keys_step_through_everything_and_the_answer_is_one_step_away(talk):
    shown = lambda: talk.evaluate("Reveal.getCurrentSlide().innerText").split("\n")  # noqa: E731
    assert shown()[0] == "Talk"
    talk.keyboard.press("PageDown")
    two = talk.locator(".text.fragment")
    expect(two).to_have_css("opacity", "0")
    talk.keyboard.press("Space")
    expect(two).to_have_css("opacity", "1")
    talk.keyboard.press("ArrowRight")
    right = talk.locator("li.right")
    expect(right).to_be_visible()
    assert (
        talk.evaluate("getComputedStyle(document.querySelector('li.right'), '::after').visibility")
        == "hidden"
    )
    expect(talk.locator(".because")).to_be_hidden()
    talk.keyboard.press("ArrowRight")
    expect(talk.locator(".because")).to_be_visible()
    assert (
        talk.evaluate("getComputedStyle(document.querySelector('li.right'), '::after').visibility")
        == "visible"
    )


def test_a_lab_is_alive_and_a_clicker_leads_out_of_it(talk):
    talk.evaluate("Reveal.slide(2, 0)")
    slider = talk.locator("[data-slider=f]").first
    before = talk.locator("[data-row=f] text").all_text_contents()
    slider.focus()
    talk.keyboard.press("ArrowLeft")
    assert talk.evaluate("Reveal.getIndices().h") == 2, "an arrow in a lab moves its slider, not the talk"
    assert talk.locator("[data-row=f] text").all_text_contents() != before
    talk.keyboard.press("PageDown")
    assert talk.evaluate("Reveal.getIndices().h") == 3


def test_a_valve_is_dragged_where_the_pointer_is(talk):
    talk.evaluate("Reveal.slide(2, 0)")
    grip = talk.locator("[data-valve=f] .grip").first.bounding_box()
    x, y = grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2
    talk.mouse.move(x, y)
    talk.mouse.down()
    talk.mouse.move(x, y + 40, steps=4)
    moved = talk.locator("[data-valve=f] .grip").first.bounding_box()
    talk.mouse.up()
    # A plate moves three fifths of what the pointer does: there are two of them.
    assert moved["y"] - grip["y"] == pytest.approx(24, abs=2)


def test_notes_are_in_the_speakers_view_only(talk):
    assert not talk.get_by_text("Said.").is_visible()
    with talk.expect_popup() as opened:
        talk.keyboard.press("s")
    expect(opened.value.locator(".speaker-controls-notes .value")).to_have_text("Said.", timeout=15000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_talk_is_light_or_dark_as_the_system_is_and_d_changes_it(browser, file, scheme):
    page = open_talk(browser, file, color_scheme=scheme)
    background = "getComputedStyle(document.querySelector('.reveal-viewport')).backgroundColor"
    pages = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 26)"}
    assert page.evaluate(background) == pages[scheme]
    for h, v in ((0, 0), (1, 0), (1, 1), (2, 0)):
        page.evaluate("([h, v]) => Reveal.slide(h, v, 9)", [h, v])
        assert violations(page) == []
    page.keyboard.press("d")
    assert page.evaluate(background) == pages["dark" if scheme == "light" else "light"]
    page.context.close()


@pytest.mark.parametrize("size", [(1280, 720), (1024, 768), (3840, 2160)])
def test_slides_are_scaled_to_the_screen(browser, file, size):
    page = open_talk(browser, file, viewport=dict(zip(("width", "height"), size, strict=True)))
    assert [one["hidden"] for one in each_slide(page)] == [[]] * (3 + len(LABS))
    page.context.close()
