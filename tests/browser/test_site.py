"""The built site in a browser: opened from disk with the network cut, by mouse, by keyboard, and without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.accessibility import violations
from browser.page_notebook import reopen
from browser.site_pages import PAGE
from playwright.sync_api import Browser, BrowserContext, Page, expect

from rnncourse import data, in_numpy
from rnncourse.analysis.gradient_flow import gradient_flow
from rnncourse.widgets import gate_lab, sampler
from rnncourse.widgets._gradient_lab import verdict

HOME, CHAPTER, OWN = "index.html", "chapters/06_lstm_gates.html", f"{PAGE}.html"
COVER = "Commit to your prediction above, or show the result."


class Reader:
    """Opens pages of the site offline, and notes what they ask the network for and complain about."""

    def __init__(self, browser: Browser, built: Path):
        self.browser, self.built = browser, built
        self.contexts: list[BrowserContext] = []
        self.asked: list[str] = []
        self.said: list[str] = []

    def open(self, page: str, width: int = 1366, height: int = 768, **settings: object) -> Page:
        context = self.browser.new_context(
            offline=True, viewport={"width": width, "height": height}, **settings
        )
        self.contexts.append(context)
        opened = context.new_page()
        opened.on("request", lambda request: self.asked.append(request.url))
        opened.on("pageerror", lambda error: self.said.append(str(error)))
        opened.goto((self.built / page).as_uri())
        return opened


@pytest.fixture
def reader(browser: Browser, built_site: Path) -> Iterator[Reader]:
    """Return a reader; the test fails if a page asked for anything outside of the site."""
    one = Reader(browser, built_site)
    yield one
    for context in one.contexts:
        context.close()
    inside = (built_site.as_uri(), "data:")
    assert [url for url in one.asked if not url.startswith(inside)] == []
    assert one.said == []


def test_the_gate_lab_is_live_on_the_first_screen(reader):
    page, lab = reader.open(HOME), gate_lab()
    box = page.locator(".rnncourse-gate-lab").bounding_box()
    assert box["y"] < 200
    shut = page.locator(".rnncourse-gate-lab [data-slider=f]")
    assert shut.bounding_box()["y"] < 768
    shut.focus()
    page.keyboard.press("Home")
    lab.f = 0.0
    assert float(page.locator("[data-number=f]").first.text_content()) == lab.f[0] == 0


def test_a_lab_of_a_chapter_reacts_to_keys(reader):
    page = reader.open(OWN)
    labs = page.locator(".rnncourse-gate-lab")
    expect(labs).to_have_count(2)
    labs.first.locator("[data-preset]").select_option("forget")
    assert labs.nth(1).locator("[data-preset]").input_value() == "forget", "two views of one lab"
    page.locator(".rnncourse-player").get_by_role("slider").press("ArrowRight")
    assert page.locator(".rnncourse-frame:visible").all_inner_texts() == ["two"]
    expect(page.locator(".rnncourse-fallback:visible")).to_have_count(0)


def test_the_gradient_lab_computes_on_the_page_of_its_chapter(reader):
    lab = reader.open("chapters/05_vanishing_and_exploding_gradients.html").locator(".rnncourse-gradient-lab")
    fate, cell = lab.locator(".rnncourse-fate"), lab.locator("[data-setting=cell]")
    assert fate.inner_text() == verdict(gradient_flow("tanh", T=100, H=32))
    cell.select_option("lstm")
    lab.locator("[data-setting=forget_bias]").press("End")
    assert fate.inner_text() == verdict(gradient_flow("lstm", T=100, H=32, forget_bias=6.0))


def test_the_weights_of_the_sampler_are_loaded_when_the_reader_gets_there(reader):
    page = reader.open("chapters/08_putting_it_to_work.html")
    characters, params = data.alice_writer()
    net = in_numpy.RecurrentNet(in_numpy.LSTM(len(characters), 192), len(characters))
    net.params.update(params)
    wanted = sampler(net, data.Vocabulary(list(characters)), "Alice ", temperature=0.5)
    place = page.locator("[data-widget=Sampler]")
    assert place.locator(".rnncourse-fallback").count() == 1
    assert not any("/states/" in url for url in reader.asked)
    page.locator("[data-covers=sampler-forget]").press("Enter")
    place.scroll_into_view_if_needed()
    text = page.locator(".rnncourse-sampler .rnncourse-text")
    expect(text).to_have_text("Alice " + wanted.text)
    assert sum("/states/" in url for url in reader.asked) == 1
    page.locator(".rnncourse-sampler [data-setting=prompt]").fill("The Queen ")
    wanted.prompt = "The Queen "
    expect(text).to_have_text("The Queen " + wanted.text)


def test_a_unit_of_the_network_of_chapter_06_is_frozen_and_its_text_rewritten(reader):
    page = reader.open(CHAPTER)
    tab = page.locator(".rnncourse-gate-lab [data-panel=network]")
    free, held = tab.locator("[data-text=free]"), tab.locator("[data-text=held]")
    prompt = tab.get_by_label("Prompt").input_value()
    tab.get_by_role("button", name="Freeze").click()
    expect(tab.locator("[data-part=held-title]")).to_contain_text("100 % capitals")
    page.wait_for_function("text => text.textContent.length === 120", arg=held.element_handle())
    written = held.inner_text().removeprefix(prompt)
    assert written == written.upper() != free.inner_text().removeprefix(prompt)


def test_a_result_is_covered_until_the_reader_commits_and_the_answer_stays(reader):
    page = reader.open(OWN)
    result, why = page.get_by_text("The right one.", exact=True), page.get_by_text("It is read.")
    assert not result.is_visible() and not why.is_visible()
    expect(page.get_by_role("heading", name="Two frames")).to_be_visible()
    page.get_by_label("left").check()
    page.get_by_role("button", name="Commit to this answer").click()
    expect(result).to_be_visible()
    expect(why).to_be_visible()
    assert page.locator(".rnncourse-cover").count() == 0
    verdict = page.locator(".rnncourse-page-verdict")
    assert "You said “left”. The answer is “right”." in verdict.inner_text()
    assert result.bounding_box()["y"] < verdict.bounding_box()["y"] < why.bounding_box()["y"]
    reopen(page)
    expect(page.locator(".rnncourse-page-verdict")).to_contain_text("You said “left”.")
    expect(result).to_be_visible()
    assert page.get_by_label("left").is_disabled()


def test_one_click_shows_a_result(reader):
    page = reader.open(OWN)
    page.get_by_role("button", name=COVER).press("Enter")
    expect(page.get_by_text("The right one.", exact=True)).to_be_visible()
    assert page.evaluate("document.activeElement.className").startswith("rnncourse-told")


@pytest.mark.parametrize("place", [HOME, OWN, CHAPTER])
def test_without_scripts_everything_can_be_read(reader, place):
    page = reader.open(place, java_script_enabled=False)
    assert page.locator(".rnncourse-cover:visible").count() == 0
    assert page.locator("h1:visible").count() == 1
    if place != CHAPTER:
        assert page.locator(".rnncourse-fallback").first.is_visible()
    if place == OWN:
        assert page.get_by_text("The right one.", exact=True).is_visible()
        assert page.get_by_text("It is read.").is_visible()


def test_search_finds_a_word(reader):
    page = reader.open(HOME)
    page.get_by_role("searchbox", name="Search the book").fill("peephole")
    page.keyboard.press("Enter")
    expect(page.locator("#search-results a").first).to_be_visible(timeout=15_000)
    addresses = page.locator("#search-results a").evaluate_all("all => all.map((one) => one.href)")
    assert any("06_lstm_gates.html" in address for address in addresses)


def test_a_new_reader_gets_from_the_home_page_through_the_book(reader):
    page = reader.open(HOME)
    page.get_by_role("link", name="Start with chapter 00").click()
    expect(page.locator("h1")).to_contain_text("00 Start here")
    page.locator("a.right-next").click()
    expect(page.locator("h1")).to_contain_text("01 Sequences")
    page.locator(".rnncourse-bar").get_by_role("link", name="Exercises").click()
    expect(page.locator("h1")).to_contain_text("01")
    assert page.url.endswith("exercises/01_sequences_exercises.html")


@pytest.mark.parametrize("place", [HOME, CHAPTER, OWN])
@pytest.mark.parametrize(
    ("width", "scheme"), [(1366, "light"), (1366, "dark"), (390, "light"), (390, "dark")]
)
def test_axe_finds_nothing_and_nothing_overflows(reader, place, width, scheme):
    page = reader.open(place, width, color_scheme=scheme)
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert violations(page) == []


@pytest.mark.parametrize("place", [HOME, CHAPTER])
@pytest.mark.parametrize("width", [1366, 390])
def test_the_page_does_not_shift_while_it_loads(reader, place, width):
    page = reader.open(place, width)
    shift = """() => new Promise((done) => {
      const seen = ({ value }) => value;
      const sum = (list) => list.getEntries().map(seen).reduce((all, one) => all + one, 0);
      new PerformanceObserver((list) => done(sum(list))).observe({ type: "layout-shift", buffered: true });
      setTimeout(() => done(0), 1500);
    })"""
    assert page.evaluate(shift) < 0.05


def test_no_page_is_wider_than_a_phone(reader, built_site):
    page = reader.open(HOME, 390)
    wide = {}
    for file in sorted(built_site.rglob("*.html")):
        name = file.relative_to(built_site)
        if name.parts[0] not in ("_static", "online"):
            page.goto(file.as_uri())
            wide[str(name)] = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert len(wide) >= 34
    assert {name: by for name, by in wide.items() if by > 0} == {}


def test_display_formulas_can_be_read_to_their_end_on_a_phone(reader):
    page = reader.open(CHAPTER, 390)
    for box in page.locator(".rnncourse-formula").all():
        wide = box.evaluate("one => one.querySelector('math').scrollWidth > one.clientWidth")
        can_scroll = box.evaluate("one => (one.scrollLeft = 1e6, one.scrollLeft > 0)")
        assert not wide or can_scroll


def test_formulas_in_lines_fit_their_lines_where_these_are_short(reader):
    page = reader.open(CHAPTER, 300)
    page.wait_for_function("document.querySelectorAll('math[style*=font-size]').length > 0")
    longer = page.locator("p > math").evaluate_all(
        "all => all.filter((one) => one.getBoundingClientRect().width > one.parentElement.clientWidth + 1).length"
    )
    assert longer == 0
    page.set_viewport_size({"width": 1366, "height": 768})
    page.wait_for_function("document.querySelectorAll('math[style*=font-size]').length === 0")


def test_a_chapter_prints_with_everything_and_without_the_frame(reader):
    page = reader.open(OWN)
    page.emulate_media(media="print")
    assert page.get_by_text("The right one.", exact=True).is_visible()
    hidden = (
        ".rnncourse-cover, .bd-sidebar-primary, .prev-next-area, .rnncourse-live, details.hide:not([open])"
    )
    assert page.locator(f":is({hidden}):visible").count() == 0
    assert page.locator("h1:visible").count() == 1
    stand_ins = page.locator(".rnncourse-fallback")
    assert stand_ins.count() > 3 and all(one.is_visible() for one in stand_ins.all())
    assert len(page.pdf()) > 10_000


def test_formulas_fit_the_paper(reader):
    page = reader.open(CHAPTER)
    page.set_viewport_size({"width": 680, "height": 900})
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    widths = page.locator(".rnncourse-formula > math").evaluate_all(
        "all => all.map((one) => [one.scrollWidth, one.parentElement.clientWidth])"
    )
    assert len(widths) > 5
    assert [pair for pair in widths if pair[0] > pair[1]] == []
