"""The cookie jar in a browser: its levels are those of Python; it is dragged by mouse, keys and touch."""

from __future__ import annotations

import numpy as np
import pytest
from browser.accessibility import dress, violations
from browser.widget_page import start
from playwright.sync_api import Page

from rnncourse.widgets import JarLab, jar_lab
from rnncourse.widgets._fallback import read_front_end
from rnncourse.widgets._jar_lab import DAYS, jar_levels

ROOT = ".rnncourse-jar-lab"


def in_python(page: Page) -> JarLab:
    """Return a lab of Python in the state that the page holds."""
    state, lab = page.evaluate("state"), jar_lab()
    for name in ("keep", "added", "day"):
        setattr(lab, name, state[name])
    return lab


def cookies(page: Page, stack: str) -> float:
    """Return how many cookies a stack holds."""
    widths = page.locator(f"{ROOT} .{stack} rect").evaluate_all(
        "all => all.map((one) => Number(one.getAttribute('width')))"
    )
    return sum(widths) / 84


def assert_shows(page: Page, lab: JarLab) -> None:
    """Compare the jars, the curve and the equation with the lab's numbers in Python."""
    t = lab.day - 1
    before = lab.h[t - 1] if t else 0.0
    assert cookies(page, "kept-before") + cookies(page, "eaten") == pytest.approx(min(before, 12), abs=1e-9)
    assert cookies(page, "kept") == pytest.approx(min(lab.keep * before, 12), abs=1e-9)
    assert cookies(page, "kept") + cookies(page, "new") == pytest.approx(min(lab.h[t], 12), abs=1e-9)
    heights = page.locator(f"{ROOT} .dots circle").evaluate_all(
        "all => all.map((one) => Number(one.getAttribute('cy')))"
    )
    assert np.allclose((254 - 32 - np.array(heights)) * 12 / (254 - 32 - 20), lab.h, atol=1e-9)
    said = page.locator(f"{ROOT} .rnncourse-equation b").all_inner_texts()
    assert said == [f"{before:.2f}", f"{lab.added[t]:g}", f"{lab.h[t]:.2f}"]


def test_mathematics_of_the_browser_is_that_of_python(page):
    rng = np.random.default_rng(5)
    script = read_front_end("jar_lab.js").split("export default")[0]
    page.add_script_tag(content=script)
    for _ in range(200):
        keep, x = float(rng.uniform(0, 1.2)), rng.uniform(0, 3, size=DAYS)
        found = page.evaluate("([keep, x]) => jarLevels(keep, x)", [keep, x.tolist()])
        assert np.allclose(found, jar_levels(keep, x), rtol=1e-12, atol=1e-12)


def test_fraction_is_moved_by_keys(page):
    start(page, jar_lab(0.5))
    slider = page.locator(f"{ROOT} [data-setting=keep]")
    for _ in range(3):
        slider.press("ArrowRight")
    assert page.evaluate("state.keep") == 0.53
    assert_shows(page, in_python(page))
    slider.press("End")
    assert page.evaluate("state.keep") == 1.2
    assert (
        page.locator(f"{ROOT} .beyond").text_content() == f"↑ {jar_levels(1.2, [1] * 20)[-1]:.1f} on day 20"
    )
    page.locator(f"{ROOT} [data-slider=step]").press("Home")
    assert_shows(page, in_python(page))
    page.locator(f"{ROOT} [data-slider=step]").press("End")
    assert_shows(page, in_python(page))
    page.evaluate("window.close()")
    assert page.evaluate("window.listening()") == 0


def drag(page: Page, selector: str, dy: float, at: tuple[float, float] = (0.5, 0.5)) -> None:
    box = page.locator(f"{ROOT} {selector}").bounding_box()
    x, y = box["x"] + at[0] * box["width"], box["y"] + at[1] * box["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + dy, steps=3)
    page.mouse.up()


def test_line_in_the_jar_is_dragged_to_what_is_kept(page):
    lab = jar_lab(0.9)
    start(page, lab)
    kept = lab.keep * lab.h[4]
    drag(page, ".cut rect", 32)  # two cookies lower
    lab = in_python(page)
    assert lab.keep * lab.h[4] == pytest.approx(kept - 2, abs=0.1)
    assert_shows(page, in_python(page))


def test_curve_is_dragged_to_a_level_at_a_day(page):
    start(page, jar_lab(0.5))
    box = page.locator(f"{ROOT} .dots circle").nth(14).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 3 * (254 - 52) / 12, steps=3)  # from 2 cookies to 5
    page.mouse.up()
    lab = in_python(page)
    assert lab.day == 15
    assert lab.h[14] == pytest.approx(5, abs=0.2)
    assert_shows(page, lab)


def test_what_is_added_is_set_by_mouse_and_keys(page):
    start(page, jar_lab(0.8))
    page.locator(f"{ROOT} [data-setting=added]").select_option("first")
    assert page.evaluate("state.added") == [1] + [0] * 19
    page.locator(f"{ROOT} [data-day='4']").click()
    page.locator(f"{ROOT} [data-day='4']").click()
    day = page.locator(f"{ROOT} [data-day='1']")
    day.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("state.added.slice(0, 5)") == [1, 1, 0, 2, 0]
    assert page.locator(f"{ROOT} [data-setting=added]").input_value() == "own"
    assert page.locator(f"{ROOT} [data-day='4']").get_attribute("aria-valuetext") == "day 4: 2"
    assert_shows(page, in_python(page))


def test_the_chosen_day_is_set_by_a_list_as_well(page):
    start(page, jar_lab(0.8))
    page.locator(f"{ROOT} [data-slider=step]").fill("3")
    today = page.get_by_label("Cookies added on this day")
    assert today.input_value() == "1"
    today.select_option("3")
    assert page.evaluate("state.added.slice(0, 5)") == [1, 1, 3, 1, 1]
    assert_shows(page, in_python(page))


def test_pinned_curves_stay_in_the_chart(page):
    start(page, jar_lab(0.5))
    page.get_by_role("button", name="Pin this curve").click()
    assert page.locator(f"{ROOT} .pins path").count() == 0, "the curve on screen is not drawn twice"
    page.locator(f"{ROOT} [data-setting=keep]").fill("0.9")
    assert page.locator(f"{ROOT} .pins text").all_text_contents() == ["0.50"]
    page.get_by_role("button", name="Unpin").click()
    assert page.locator(f"{ROOT} .pins path").count() == 0


def test_tasks_tick_themselves_off(page):
    start(page, jar_lab(0.5))
    keep = page.locator(f"{ROOT} [data-setting=keep]")
    for value, done in (
        ("0.79", []),
        ("0.8", ["level"]),
        ("1.1", ["level"]),
        ("0.97", ["level", "overflow"]),
    ):
        keep.fill(value)
        assert page.evaluate("state.done") == done, value
    page.locator(f"{ROOT} [data-setting=added]").select_option("first")
    assert page.evaluate("state.done") == ["level", "overflow", "remember"]
    assert page.inner_text(f"{ROOT} .rnncourse-tasks") == "✓ ✓ ✓"


def test_line_in_the_jar_is_dragged_by_touch(browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    start(page, jar_lab(0.8))
    box = page.locator(f"{ROOT} .cut rect").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = context.new_cdp_session(page)
    for kind, points in (
        ("touchStart", [{"x": x, "y": y}]),
        ("touchMove", [{"x": x, "y": y + 15}]),
        ("touchMove", [{"x": x, "y": y + 25}]),
        ("touchEnd", []),
    ):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    page.wait_for_function("state.keep < 0.6")
    assert_shows(page, in_python(page))
    jars = page.locator(f"{ROOT} .rnncourse-jars").bounding_box()
    slider = page.locator(f"{ROOT} [data-setting=keep]").bounding_box()
    assert slider["y"] + slider["height"] - jars["y"] < 664
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [900, 390])
def test_axe_finds_nothing_and_the_lab_fits(page, width, theme):
    dress(page, width, theme)
    start(page, jar_lab(1.1))
    page.get_by_role("button", name="Pin this curve").click()
    page.locator(f"{ROOT} [data-setting=keep]").fill("0.7")
    assert violations(page, "[data-widget='0']") == []
    box = page.locator(ROOT).bounding_box()
    assert box["width"] <= 900 and (width < 900 or box["height"] <= 620)
