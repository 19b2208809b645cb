"""A page of `rnncourse build html`, opened from disk with the network cut: nothing is fetched, the lab is alive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import page_notebook
from browser.accessibility import violations
from playwright.sync_api import Browser, Page, expect

from rnncourse.building import html
from rnncourse.viz._lstm_cell import written
from rnncourse.widgets import gate_lab

LAB = ".rnncourse-gate-lab >> nth=0"


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("offline")
    return html.export(page_notebook.write(folder), folder, timeout=60)


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    """Return the page; the test fails if it asked the network for anything, or said so on the console."""
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    asked, said = [], []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.goto(file.as_uri())
    expect(opened.locator(".rnncourse-live")).to_have_count(5)
    yield opened
    context.close()
    assert [url for url in asked if not url.startswith(("data:", file.as_uri()))] == []
    assert said == []


def test_lab_reacts_to_keys_and_its_numbers_change(page):
    lab, wanted = page.locator(LAB), gate_lab("latch")
    wanted.step = 4

    def shown() -> list[list[str]]:
        rows = [f"[data-row={name}]" for name in "xfigo"] + [".rnncourse-over-time .belt"]
        return [lab.locator(f"{row} text").all_text_contents() for row in rows]

    def expected() -> list[list[str]]:
        return [[written(one) for one in getattr(wanted, name)] for name in "xfigoc"]

    assert shown() == expected()
    slider = lab.locator("[data-slider=f]")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    wanted.f = 0.98
    assert shown() == expected()
    assert lab.locator("[data-number=c]").first.text_content() == written(wanted.c[3])
    lab.locator("[data-preset]").select_option("count")
    wanted.preset = "count"
    assert shown() == expected()


def test_two_views_of_one_lab_move_together(page):
    page.locator(LAB).locator("[data-preset]").select_option("forget")
    chosen = page.locator(".rnncourse-gate-lab [data-preset]").evaluate_all(
        "all => all.map((one) => one.value)"
    )
    assert chosen == ["forget", "forget"]


def test_a_network_writes_in_the_page(page):
    wanted, text = page_notebook.sampler_of_the_page(), page.locator(".rnncourse-sampler .rnncourse-text")
    page.locator(".rnncourse-sampler [data-setting=prompt]").fill("b. a")
    wanted.prompt = "b. a"
    expect(text).to_have_text("b. a" + wanted.text)
    page.locator(".rnncourse-sampler [data-setting=hold]").select_option("f")
    wanted.hold = "f"
    expect(text).to_have_text("b. a" + wanted.text)


def test_a_player_is_alive(page):
    player = page.locator(".rnncourse-player")
    assert player.locator(".rnncourse-frame:visible").all_inner_texts() == ["one"]
    player.get_by_role("slider").press("ArrowRight")
    assert player.locator(".rnncourse-frame:visible").all_inner_texts() == ["two"]


def test_a_result_is_covered_until_the_reader_commits(page):
    result, why = (
        page.locator(".jp-OutputArea pre", has_text="The right one."),
        page.get_by_text("It is read."),
    )
    assert not result.is_visible() and not why.is_visible()
    expect(page.get_by_role("heading", name="Two frames")).to_be_visible()
    page.get_by_label("left").check()
    assert not result.is_visible()
    page.get_by_role("button", name="Commit to this answer").click()
    expect(result).to_be_visible()
    expect(why).to_be_visible()
    assert page.locator(".rnncourse-cover").count() == 0
    assert page.inner_text(".rnncourse-verdict") == "Locked in. The verdict is below the result."
    verdict = page.locator(".rnncourse-page-verdict")
    assert verdict.inner_text().split("\n") == ["You said “left”. The answer is “right”.", "Read it."]
    tops = [one.bounding_box()["y"] for one in (result, verdict, why)]
    assert tops == sorted(tops)


def test_one_click_shows_a_result_without_a_prediction(page):
    page.get_by_role("button", name="Commit to your prediction above, or show the result.").press("Enter")
    expect(page.locator(".jp-OutputArea pre", has_text="The right one.")).to_be_visible()
    expect(page.get_by_text("It is read.")).to_be_visible()
    page.get_by_label("right").check()
    page.get_by_role("button", name="Commit to this answer").click()
    expect(page.locator(".rnncourse-page-verdict")).to_contain_text("Right: you said “right”.")


def test_an_answer_is_still_there_when_the_page_is_opened_again(page):
    page.get_by_label("left").check()
    page.get_by_role("button", name="Commit to this answer").click()
    page_notebook.reopen(page)
    expect(page.locator(".rnncourse-page-verdict")).to_contain_text("You said “left”.")
    expect(page.locator(".jp-OutputArea pre", has_text="The right one.")).to_be_visible()
    assert page.get_by_label("left").is_disabled()
    assert page.locator(".rnncourse-cover").count() == 0


def test_every_stand_in_gives_way_to_what_is_alive(page):
    expect(page.locator(".rnncourse-sampler")).to_have_count(1)
    expect(page.locator(".rnncourse-fallback:visible")).to_have_count(0)


def test_mathematics_is_set(page):
    formulas = page.locator("math").all()
    assert len(formulas) == 6
    for formula in formulas:
        box = formula.bounding_box()
        assert box["width"] > 5 and box["height"] > 5
    # It is set, not written in a row: an index stands lower than its letter and is smaller.
    letter, index = page.locator("math msub").nth(1).locator("mi").all()[:2]
    sizes = [one.evaluate("one => parseFloat(getComputedStyle(one).fontSize)") for one in (letter, index)]
    assert sizes[1] < sizes[0]
    bottoms = [one.evaluate("one => one.getBoundingClientRect().bottom") for one in (letter, index)]
    assert bottoms[1] > bottoms[0]
    assert "$" not in page.locator("h1").inner_text()


def test_without_scripts_everything_can_be_read(browser, file):
    context = browser.new_context(offline=True, java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.locator(".rnncourse-fallback:visible").count() == 5
    assert page.locator(".jp-OutputArea pre", has_text="The right one.").is_visible()
    assert page.get_by_text("It is read.").is_visible()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_in_the_page(page, width, scheme):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_timeout(200)
    back = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (back == "rgb(255, 255, 255)") == (scheme == "light")
    assert violations(page) == []


def test_formulas_and_code_can_be_read_to_their_end_on_a_phone(page):
    page.set_viewport_size({"width": 390, "height": 900})
    page.locator(".rnncourse-formula").first.evaluate(
        "one => one.querySelector('mrow').append('x'.repeat(200))"
    )
    for box in page.locator(".rnncourse-formula").all():
        hidden = box.evaluate("one => one.scrollWidth - one.clientWidth")
        assert box.evaluate("one => (one.scrollLeft = 1e6, Math.round(one.scrollLeft))") == hidden
    for code in page.locator(".jp-InputArea pre:visible").all():
        assert code.evaluate("one => one.scrollWidth <= one.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
