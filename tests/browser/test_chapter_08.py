"""Chapter 08 as a learner meets it: run its widgets, play the sampler by keyboard, read it in the next cell."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from browser.accessibility import violations

from rnncourse import data, in_numpy
from rnncourse.widgets import Sampler, sampler

CHAPTER = "chapters/08_putting_it_to_work.ipynb"
SAMPLER = ".rnncourse-sampler"
PROMPT, TEMPERATURE = "Alice ", 0.5  # as the chapter begins


@pytest.fixture(scope="module")
def chapter(server, any_lab) -> Iterator:
    """Return JupyterLab with the widgets of chapter 08 open, all cells run."""
    with any_lab() as lab:
        # The cell of the sampler also trains a network that the sampler does not play.
        name = server.excerpt_of(CHAPTER, "chapters/widgets_08.ipynb", ["sampler-hold"], {"writer-train": 4})
        lab.open(name)
        lab.run_all()
        lab.page.wait_for_selector(SAMPLER)
        yield lab


@pytest.fixture(scope="module")
def twin() -> Sampler:
    """Return a sampler of the same writer, to say what the page must show."""
    characters, params = data.alice_writer()
    vocabulary = data.Vocabulary(list(characters))
    net = in_numpy.RecurrentNet(in_numpy.LSTM(len(vocabulary), 192), len(vocabulary))
    net.params.update(params)
    return sampler(net, vocabulary, PROMPT, temperature=TEMPERATURE)


@pytest.fixture
def played(chapter):
    """Return the chapter with the sampler's cell active and the sampler set as at first."""
    place = chapter.place_of(SAMPLER)
    chapter.run(place)
    chapter.page.wait_for_selector(f"{SAMPLER} .rnncourse-text b")
    chapter.activate(place)
    chapter.place = place
    return chapter


def set_to(chapter, setting: str, *keys: str) -> None:
    chapter.tab_to(f"{SAMPLER} [data-setting={setting}]")
    for key in keys:
        chapter.page.keyboard.press(key)


def wait_for_text(chapter, widget: Sampler, **settings) -> None:
    """Wait until the page shows the prompt and the text that `widget` writes with these settings."""
    first = {"prompt": PROMPT, "temperature": TEMPERATURE, "characters": 200, "seed": 0}
    for name, value in {**first, "hold": "nothing", "unit": -1, "value": 0.0, **settings}.items():
        setattr(widget, name, value)
    assert not widget.problem
    chapter.page.wait_for_function(
        "([root, text]) => document.querySelector(`${root} .rnncourse-text`).textContent === text",
        arg=[SAMPLER, widget.prompt + widget.text],
        timeout=15_000,
    )


def test_every_widget_appears_without_an_error(chapter):
    assert chapter.errors() == []
    assert all(prompt != "[ ]:" for prompt in chapter.prompts())


def test_keys_change_what_is_written_and_leave_the_notebook_alone(played, twin):
    before = played.shape()
    wait_for_text(played, twin)
    set_to(played, "temperature", "ArrowRight", "ArrowRight")
    wait_for_text(played, twin, temperature=0.6)
    set_to(played, "characters", "ArrowLeft")
    wait_for_text(played, twin, temperature=0.6, characters=180)
    set_to(played, "seed", "ArrowUp", "ArrowRight")
    wait_for_text(played, twin, temperature=0.6, characters=180, seed=2)
    for key in ("a", "d", "d"):  # letters that would add and delete cells
        played.page.keyboard.press(key)
    played.page.wait_for_timeout(300)
    assert played.shape() == before, "a key reached the notebook"


def test_a_prompt_is_typed_and_a_strange_character_is_explained(played, twin):
    set_to(played, "prompt", "Control+a")
    played.page.keyboard.type("The gate ")
    wait_for_text(played, twin, prompt="The gate ")
    played.page.keyboard.type("€")
    alert = played.page.get_by_role("alert").filter(has_text="never met “€”")
    alert.wait_for()
    played.page.keyboard.press("Backspace")
    wait_for_text(played, twin, prompt="The gate ")
    alert.wait_for(state="hidden")


def test_a_gate_is_held_by_keyboard(played, twin):
    unit = played.page.locator(f"{SAMPLER} [data-setting=unit]")
    assert unit.is_disabled()
    set_to(played, "hold", "f")  # typing selects "forget gate f"
    wait_for_text(played, twin, hold="f", value=0.0)
    assert unit.is_enabled()
    assert played.page.locator(f"{SAMPLER} [data-setting=value]").get_attribute("min") == "0"
    set_to(played, "unit", "ArrowUp", "ArrowUp")
    wait_for_text(played, twin, hold="f", value=0.0, unit=1)
    set_to(played, "value", "End")
    wait_for_text(played, twin, hold="f", value=1.0, unit=1)


def test_write_again_takes_the_next_seed(played, twin):
    played.tab_to(f"{SAMPLER} [data-do=again]")
    played.page.keyboard.press("Enter")
    wait_for_text(played, twin, seed=1)


def test_surprise_is_read_one_by_one(played, twin):
    wait_for_text(played, twin)
    played.tab_to(f"{SAMPLER} [data-do=look]")
    for _ in range(2):  # from the first character that was written
        played.page.keyboard.press("ArrowRight")
    written = twin.written
    said = played.page.inner_text(f"{SAMPLER} .rnncourse-readout")
    assert f": {-np.log2(written.p[2]):.1f} bits of surprise." in said
    assert played.page.locator(f"{SAMPLER} .rnncourse-now").text_content() == twin.text[2]
    levels = played.page.locator(f"{SAMPLER} .rnncourse-text span").evaluate_all(
        "spans => spans.map((span) => Number(span.dataset.p))"
    )
    assert levels == [sum(p < limit for limit in (0.5, 0.2, 0.05)) for p in written.p]


def test_next_cell_reads_and_writes_the_sampler(played, twin):
    printed = played.run_and_read(played.place + 1)
    wait_for_text(played, twin)  # the cell lets go in the end
    assert repr(twin.text[:68]) in printed
    twin.value, twin.hold = 1.0, "f"
    assert repr(twin.text[:68]) in printed


def test_the_sampler_is_named_and_heard(played, twin):
    group = played.page.get_by_role("group", name="Sampler")
    for role, names in (
        ("slider", ("Temperature", "Characters", "Seed", "at value")),
        ("combobox", ("Hold",)),
        ("spinbutton", ("Unit",)),
        ("textbox", ("Prompt",)),
    ):
        for name in names:
            assert group.get_by_role(role, name=name).count() == 1, name
    wait_for_text(played, twin)
    heard = f"{SAMPLER} [aria-live=polite]"
    played.page.wait_for_function(
        "([heard, words]) => document.querySelector(heard).textContent === words",
        arg=[heard, f"200 characters: {PROMPT}{twin.text}"],
    )
    assert violations(played.page, SAMPLER) == []
    set_to(played, "hold", "f")
    assert violations(played.page, SAMPLER) == []


def test_escape_leads_back_to_the_notebook(played):
    set_to(played, "temperature", "Escape", "ArrowDown")
    played.page.wait_for_timeout(300)
    assert played.shape()[0] == played.place + 1
