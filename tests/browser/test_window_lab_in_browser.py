"""The window on the Sun in a browser: its forecasts are those of in_numpy; it is dragged by mouse, keys and touch."""

from __future__ import annotations

import numpy as np
import pytest
from browser.accessibility import dress, violations
from browser.widget_page import start
from playwright.sync_api import Page

from rnncourse.data import Scaler, sunspots
from rnncourse.in_numpy import MLP, Adam, fit, mse
from rnncourse.widgets import WindowLab, window_lab
from rnncourse.widgets._fallback import read_front_end
from rnncourse.widgets._window_lab import forecast_ahead

ROOT = ".rnncourse-window-lab"


@pytest.fixture(scope="module")
def trained() -> tuple:
    """Return the years, the sunspots, a network that was trained before 1900, and its scaler."""
    years, series = sunspots()
    scaler = Scaler.fit(series[years < 1900])
    z = scaler.apply(series)
    x, y = np.lib.stride_tricks.sliding_window_view(z, 3)[:-1], z[3:, None]
    net = MLP((3, 16, 16, 1), rng=np.random.default_rng(0), dtype="float64")
    known = years[3:] < 1900
    fit(net, x[known].copy(), y[known], loss=mse, optimizer=Adam(0.01), steps=300)
    return years, series, net, scaler


@pytest.fixture
def lab(trained) -> WindowLab:
    return window_lab(*trained)


def in_python(page: Page, lab: WindowLab) -> WindowLab:
    """Give the lab of Python the state that the page holds."""
    state = page.evaluate("state")
    for name in ("start", "ahead", "pulled"):
        setattr(lab, name, state[name])
    return lab


def drawn_forecast(page: Page) -> np.ndarray:
    """Return the forecasts as the heights of their dots say."""
    heights = page.locator(f"{ROOT} .rnncourse-near .said circle").evaluate_all(
        "all => all.map((one) => Number(one.getAttribute('cy')))"
    )
    return 200 * (250 - 26 - np.array(heights)) / (250 - 26 - 14)


def assert_shows(page: Page, lab: WindowLab) -> None:
    assert np.allclose(drawn_forecast(page), np.clip(lab.forecast, 0, 200), atol=1e-6)
    said = page.inner_text(f"{ROOT} .rnncourse-readout")
    assert f"{lab.year}: forecast {lab.forecast[0]:.0f}" in said


def test_mathematics_of_the_browser_is_that_of_in_numpy(page):
    rng = np.random.default_rng(2)
    script = f"""([net, values, ahead]) => {{ {read_front_end("window_math.js")};
        return forecastAhead(net, values, ahead); }}"""
    for _ in range(200):
        sizes = (int(rng.integers(1, 6)), *rng.integers(1, 9, size=rng.integers(0, 4)).tolist(), 1)
        net = MLP(sizes, rng=rng, dtype="float64")
        for name, array in net.params.items():
            array[:] = rng.normal(size=array.shape) * (0.5 if name[0] == "b" else 1 / np.sqrt(len(array)))
        scaler = Scaler(float(rng.normal()), float(rng.uniform(0.5, 50)))
        values, ahead = rng.normal(size=sizes[0]) * 30, int(rng.integers(1, 17))
        layers = [
            {"W": net.params[f"W_{k}"].tolist(), "b": net.params[f"b_{k}"].tolist()}
            for k in range(1, net.depth + 1)
        ]
        handed = {"layers": layers, "mean": scaler.mean, "std": scaler.std}
        found = page.evaluate(script, [handed, values.tolist(), ahead])
        wanted = forecast_ahead(net, scaler, values, ahead)
        assert np.allclose(found, wanted, rtol=1e-12, atol=1e-12)


def test_window_is_moved_by_keys_and_the_forecast_follows(page, lab):
    start(page, lab)
    assert_shows(page, lab)
    slider = page.locator(f"{ROOT} [data-slider=step]")
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowRight"):
        slider.press(key)
    page.locator(f"{ROOT} [data-setting=ahead]").fill("16")
    in_python(page, lab)
    assert (lab.year, lab.ahead) == (1912, 16)
    assert_shows(page, lab)
    slider.press("End")
    assert_shows(page, in_python(page, lab))
    assert "not measured yet" in page.inner_text(f"{ROOT} .rnncourse-readout")
    assert page.locator(f"{ROOT} .rnncourse-near .known circle").count() == 1
    page.evaluate("window.close()")
    assert page.evaluate("window.listening()") == 0


def test_series_is_pulled_along_with_the_mouse_and_the_window_on_the_overview(page, lab):
    start(page, lab)
    box = page.locator(f"{ROOT} .rnncourse-near").bounding_box()
    year_wide = (box["width"] - 44 - 12) / (14 + 3 + 20)
    page.mouse.move(box["x"] + 600, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 600 - 4 * year_wide, box["y"] + 60, steps=4)
    page.mouse.up()
    assert in_python(page, lab).year == 1914
    far = page.locator(f"{ROOT} .rnncourse-far").bounding_box()
    share = (1800 - 1700) / (len(lab.years) - 1)
    page.mouse.click(far["x"] + 10 + share * (far["width"] - 20), far["y"] + 20)
    assert abs(in_python(page, lab).year - 1802) <= 1
    assert_shows(page, lab)


def test_years_are_pulled_by_mouse_and_keys_and_given_back(page, lab):
    start(page, lab)
    dot = page.locator(f"{ROOT} [data-pull='2']")
    box = dot.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 3, y - 80, steps=3)
    page.mouse.up()
    pulled = page.evaluate("state.pulled")
    assert pulled[:2] == [None, None] and pulled[2] > lab.window[2] + 50
    assert in_python(page, lab).year == 1910, "pulling a value does not move the window"
    assert_shows(page, lab)
    dot.press("ArrowUp")
    dot.press("PageDown")
    assert page.evaluate("state.pulled[2]") == pytest.approx(pulled[2] - 9)
    assert dot.get_attribute("aria-valuetext") == f"1909: {pulled[2] - 9:.1f}"
    page.get_by_role("button", name="Values as measured").click()
    assert page.evaluate("state.pulled") == [None, None, None]
    dot.press("ArrowUp")
    page.locator(f"{ROOT} [data-slider=step]").press("ArrowRight")
    assert page.evaluate("state.pulled") == [None, None, None]


def test_tasks_tick_themselves_off(page, lab):
    start(page, lab)
    errors = {
        year: forecast_ahead(lab.net, lab.scaler, lab.series[k - 3 : k], 5) - lab.series[k : k + 5]
        for k, year in enumerate(lab.years[:-5])
        if k >= 3
    }
    slider = page.locator(f"{ROOT} [data-slider=step]")

    def go(year: int) -> list[str]:
        slider.fill(str(year - 1703))
        return page.evaluate("state.done")

    early = next(year for year, off in errors.items() if year < 1900 and abs(off[0]) > 40)
    assert go(early) == [], "years that the network was trained on do not count"
    assert go(next(year for year, off in errors.items() if year >= 1900 and abs(off[0]) > 40)) == ["miss"]
    close = next(year for year, off in errors.items() if year >= 1900 and np.all(np.abs(off) <= 10))
    assert go(close) == ["miss"], "one year ahead are not five in a row"
    page.locator(f"{ROOT} [data-setting=ahead]").fill("5")
    assert page.evaluate("state.done") == ["miss", "five"]
    go(1922)
    lab.year = 1922
    assert lab.forecast[0] < lab.window[-1]
    for _ in range(20):
        page.locator(f"{ROOT} [data-pull='0']").press("PageDown")
        page.locator(f"{ROOT} [data-pull='1']").press("PageDown")
    assert page.evaluate("state.done") == ["miss", "five", "turn"]
    assert page.inner_text(f"{ROOT} .rnncourse-says") == "All tasks are done."
    assert page.inner_text(f"{ROOT} .rnncourse-tasks") == "✓ ✓ ✓"


def test_window_is_moved_by_touch_on_a_phone(browser, lab):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    start(page, lab)
    far = page.locator(f"{ROOT} .rnncourse-far").bounding_box()
    page.touchscreen.tap(far["x"] + far["width"] / 2, far["y"] + 20)
    assert abs(in_python(page, lab).year - 1856) <= 2
    assert_shows(page, lab)
    near = page.locator(f"{ROOT} .rnncourse-near").bounding_box()
    dots = [page.locator(f"{ROOT} [data-pull='{k}'] .dot").bounding_box() for k in range(3)]
    assert dots[1]["x"] - dots[0]["x"] >= 20 and dots[2]["x"] - dots[1]["x"] >= 20, "a finger finds each year"
    last = page.locator(f"{ROOT} [data-setting=ahead]").bounding_box()
    assert last["y"] + last["height"] - near["y"] < 664
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [900, 390])
def test_axe_finds_nothing_and_the_lab_fits(page, lab, width, theme):
    dress(page, width, theme)
    start(page, lab)
    assert violations(page, "[data-widget='0']") == []
    box = page.locator(ROOT).bounding_box()
    assert box["width"] <= 900 and (width < 900 or box["height"] <= 620)
