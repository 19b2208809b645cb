"""The Wiring lab in a browser, without a kernel: its switches by keyboard, mouse and touch, and its verdicts."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from browser.accessibility import dress, violations
from browser.widget_page import start
from playwright.sync_api import Page

from rnncourse.widgets import wiring_lab
from rnncourse.widgets._fallback import read_front_end
from rnncourse.widgets._wiring import JOBS, PATTERNS, STEPS, hears, lacks, pattern_of

ROOT = ".rnncourse-wiring-lab"
NAME, SAYS, GOAL = (f"{ROOT} .rnncourse-{part}" for part in ("name", "says", "goal"))


def switch(page: Page, row: str, step: int):
    return page.locator(f"{ROOT} [data-row={row}] [data-step='{step - 1}']")


def on(page: Page, row: str) -> list[int]:
    """Return the steps, from 1, at which a row is switched on: in the state and on the screen."""
    stored = [t for t, one in enumerate(page.evaluate(f"state.{row}"), start=1) if one]
    shown = page.locator(f"{ROOT} [data-row={row}] .switch").evaluate_all(
        "all => all.flatMap((one, t) => one.getAttribute('aria-checked') === 'true' ? [t + 1] : [])"
    )
    assert stored == shown
    return stored


def test_browser_names_all_wirings_as_python_does(page):
    rows = [list(row) for row in itertools.product([False, True], repeat=6)]
    script = f"""rows => {{ {read_front_end("wiring_math.js")};
        const names = (reads, counts) => [false, true].map((both) => patternOf(reads, counts, both));
        return rows.map((reads) => rows.map((counts) => names(reads, counts))); }}"""
    found = page.evaluate(script, rows)
    for reads, names in zip(rows, found, strict=True):
        assert names == [[pattern_of(reads, counts, both) for both in (False, True)] for counts in rows]


def test_browser_judges_jobs_as_python_does(page):
    rng, seen = np.random.default_rng(5), set()
    script = f"""all => {{ {read_front_end("wiring_math.js")}; return all.map((one) => lacks(...one)); }}"""
    asked, wanted = [], []
    for given in wiring_lab().fixed["jobs"]:
        job = JOBS[given["name"]]
        for _ in range(80):
            rows = [np.array(row) for row in (job.reads(), job.counts())]
            reads, counts = ((row ^ (rng.random(STEPS) < 0.04)).tolist() for row in rows)
            both, layers = bool(rng.integers(2)), int(rng.integers(1, 3))
            asked.append([given, reads, counts, both, layers])
            wanted.append(lacks(job, reads, counts, both, layers))
            seen.add((wanted[-1] or ["nothing"])[0])
    assert page.evaluate(script, asked) == wanted
    assert seen == {"nothing", "read", "do not read", "count", "do not count", "hear", "combine"}


def test_lit_wires_are_those_on_a_path_from_an_input_to_an_output(page):
    """Count paths with a matrix of which state feeds which, and compare."""
    rng = np.random.default_rng(6)
    script = f"""([reads, asked, both]) => {{ {read_front_end("wiring_math.js")};
        return livePaths(reads, asked, both); }}"""
    for _ in range(60):
        reads, asked = (rng.random(6) < 0.4 for _ in range(2))
        both = bool(rng.integers(2))
        live = page.evaluate(script, [reads.tolist(), asked.tolist(), both])
        for t in range(6):
            later, earlier = asked[t:].any(), asked[: t + 1].any()
            assert live["into"][t] == bool(reads[t] and (later or (both and earlier)))
            assert live["onward"][t] == bool(t and reads[:t].any() and later)
            assert live["back"][t] == bool(t and both and reads[t:].any() and asked[:t].any())
            assert live["out"][t] == bool(asked[t] and hears(t, reads, both))
            forward = reads[: t + 1].any() and later
            assert live["state"][t] == bool(forward or (both and reads[t:].any() and earlier))


def test_switches_are_turned_with_the_mouse_and_dragged_over(page):
    start(page, wiring_lab("one-to-one"))
    switch(page, "counted", 1).click()
    first, last = (switch(page, "counted", t).locator(".box").bounding_box() for t in (4, 6))
    page.mouse.move(first["x"] + 5, first["y"] + 5)
    page.mouse.down()
    page.mouse.move(first["x"] + 100, first["y"] + 5)
    page.mouse.move(last["x"] + 5, last["y"] + 5)
    page.mouse.up()
    assert on(page, "counted") == [4, 5, 6]
    switch(page, "read", 2).click()
    switch(page, "read", 3).click()
    assert on(page, "read") == [1, 2, 3]
    assert page.inner_text(NAME) == "many-to-many unaligned"
    assert page.inner_text(f"{ROOT} .rnncourse-mask") == "counts = [0, 0, 0, 1, 1, 1, 0, 0]"
    states = page.locator(f"{ROOT} .states text").all_text_contents()
    assert states == ["e1", "e2", "e3", "d1", "d2", "d3", "d4", "d5"]
    assert page.locator(f"{ROOT} .wires .dashed").count() == 2
    page.evaluate("window.close()")
    assert page.evaluate("window.listening()") == 0


def test_switches_are_turned_with_keys(page):
    start(page, wiring_lab("one-to-one"))
    page.locator(f"{ROOT} .switch[tabindex='0']").focus()
    for key in ("ArrowRight", "Space", "ArrowRight", "Enter", "ArrowUp", "Space", "Home", " ", "End"):
        page.keyboard.press(key)
    assert on(page, "read") == [1, 2, 3] and on(page, "counted") == [3]
    assert page.inner_text(NAME) == "many-to-one"
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused == "output 8: does not count"
    assert page.locator(f"{ROOT} .switch[tabindex='0']").count() == 1
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.inner_text(NAME) == "many-to-one, bidirectional"


def test_lab_works_by_touch(browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.set_content('<meta name="viewport" content="width=device-width">')
    start(page, wiring_lab("one-to-one"))
    switch(page, "read", 2).tap()
    switch(page, "counted", 2).tap()
    assert on(page, "read") == on(page, "counted") == [1, 2]
    assert page.inner_text(NAME) == "many-to-many aligned"
    switches = page.locator(f"{ROOT} .field").evaluate_all(
        "all => all.map((one) => { const { width, height } = one.getBoundingClientRect(); return [width, height]; })"
    )
    assert min(width for width, _ in switches) >= 32 and min(height for _, height in switches) >= 44
    context.close()


def test_looking_at_an_output_says_and_rings_what_it_hears(page):
    start(page, wiring_lab("many-to-many aligned"))
    switch(page, "counted", 2).hover()
    assert page.inner_text(SAYS) == "Output 2 can hear input 1, input 2."
    assert page.locator(f"{ROOT} [data-heard]").count() == 2
    page.get_by_role("button", name="Reads both ways").click()
    switch(page, "counted", 2).hover()
    assert page.locator(f"{ROOT} [data-heard]").count() == 5
    switch(page, "counted", 7).hover()
    assert page.inner_text(SAYS) == "Output 7 does not count: nobody asks what it says."
    page.mouse.move(5, 890)
    assert page.inner_text(SAYS).startswith(PATTERNS["many-to-many aligned"].says)


def test_a_job_is_begun_judged_and_ticked_off(page):
    start(page, wiring_lab())
    page.get_by_role("button", name="Hear what follows").click()
    assert on(page, "read") == on(page, "counted") == []
    assert page.inner_text(GOAL).endswith("“paris” is not read yet.")
    for t in range(1, 5):
        switch(page, "read", t).click()
        switch(page, "counted", t).click()
    page.mouse.move(5, 890)
    assert page.inner_text(GOAL).endswith("Output 1 has to know “sang”, but has not heard it.")
    assert page.evaluate("state.done") == []
    page.get_by_role("button", name="Reads both ways").click()
    assert page.evaluate("state.done") == ["later"]
    assert page.inner_text(GOAL).startswith("Done: ")
    assert page.locator(f"{ROOT} [data-job=later][data-done] .tick").inner_text() == "✓"
    page.get_by_label("Show me").select_option("one-to-many")
    assert page.inner_text(NAME) == "one-to-many" and page.evaluate("state.job") == ""


def test_only_rest_is_announced(page):
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    start(page, wiring_lab("one-to-one"))
    page.locator(f"{ROOT} .switch[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.clock.run_for(400)
    assert page.inner_text(f"{ROOT} [aria-live]") == ""
    page.clock.run_for(300)
    assert page.inner_text(f"{ROOT} [aria-live]").startswith("reads too late")


def test_lab_fits_on_a_laptop_and_switches_and_name_on_a_phone(page):
    page.set_viewport_size({"width": 1366, "height": 768})
    start(page, wiring_lab("stacked"))
    for name in JOBS:
        page.locator(f"{ROOT} [data-job={name}]").click()
        box = page.locator(ROOT).bounding_box()
        assert box["width"] <= 900 and box["height"] <= 620, name
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(100)
    top, goal = page.locator(NAME).bounding_box(), page.locator(GOAL).bounding_box()
    assert goal["y"] + goal["height"] - top["y"] < 664
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("width", [900, 390])
def test_no_text_is_smaller_than_11_pixels(page, width):
    dress(page, width, "light")
    start(page, wiring_lab("stacked"))
    page.locator(f"{ROOT} [data-job=names]").click()
    sizes = page.locator(f"{ROOT} :is(text, tspan, p, button)").evaluate_all(
        "all => all.filter((one) => one.textContent.trim()).map((one) => parseFloat(getComputedStyle(one).fontSize))"
    )
    assert len(sizes) > 50 and min(sizes) >= 11


@pytest.mark.parametrize(("width", "theme"), [(900, "light"), (900, "dark"), (400, "light")])
def test_axe_finds_nothing(page, width, theme):
    dress(page, width, theme)
    start(page, wiring_lab("bidirectional"))
    page.locator(f"{ROOT} [data-job=gap]").click()
    page.wait_for_timeout(100)
    assert violations(page, ROOT) == []
