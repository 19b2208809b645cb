"""The Credit lab in a browser, without a kernel: its mathematics, and its window by keyboard, mouse and touch."""

from __future__ import annotations

import numpy as np
import pytest
from browser.accessibility import dress, violations
from browser.widget_page import in_page, start
from playwright.sync_api import Page

from rnncourse.widgets import CreditLab, credit_lab
from rnncourse.widgets._credit import credit, first_step, kept, steps_back, truncation_error
from rnncourse.widgets._fallback import read_front_end

ROOT = ".rnncourse-credit-lab"
READOUT, COST = f"{ROOT} .rnncourse-readout", f"{ROOT} .rnncourse-cost"


def network(seed: int = 0, T: int = 8, B: int = 3, D: int = 2, H: int = 5, V: int = 6):
    rng = np.random.default_rng(seed)
    shapes = {"W_xh": (D, H), "W_hh": (H, H), "b_h": (H,), "W_hy": (H, V), "b_y": (V,), "h0": (B, H)}
    p = {name: rng.normal(scale=0.7, size=shape) for name, shape in shapes.items()}
    return p, rng.normal(size=(T, B, D)), rng.integers(V, size=(T, B))


def lab(k1: int = 8, k2: int = 8) -> CreditLab:
    made = credit_lab(*network())
    made.k2, made.k1 = k2, k1
    return made


def test_mathematics_of_the_browser_is_that_of_in_numpy(page):
    rng, worst = np.random.default_rng(1), 0.0
    script = f"""([p, x, y, pairs]) => {{ {read_front_end("credit_math.js")};
        const {{ shares, reaches }} = creditOf(p, x, y);
        return {{ shares, reaches, errors: pairs.map(([k1, k2]) => truncationError(shares, k1, k2)) }}; }}"""
    for seed in range(200):
        T, B, D, H, V = (
            int(rng.integers(low, high)) for low, high in ((2, 9), (1, 4), (1, 4), (1, 6), (2, 6))
        )
        p, x, y = network(seed, T, B, D, H, V)
        pairs = [(k1, k2) for k2 in range(1, T + 1) for k1 in range(1, k2 + 1)]
        plain = {name: array.tolist() for name, array in p.items()}
        found = in_page(page, script, [plain, x.tolist(), y.tolist(), pairs])
        shares, reaches = credit(p, x, y)
        for t in range(T):
            for k in range(t + 1):
                worst = max(worst, np.abs(np.array(found["shares"][t][k]) - shares[t, k]).max())
                worst = max(worst, abs(found["reaches"][t][k] - reaches[t, k]))
            assert found["shares"][t][t + 1 :] == [None] * (T - t - 1)
        wanted = [truncation_error(shares, k1, k2) for k1, k2 in pairs]
        worst = max(worst, np.abs(np.array(found["errors"]) - wanted).max())
    assert worst < 1e-12


def test_browser_cuts_where_python_cuts(page):
    script = f"""T => {{ {read_front_end("credit_math.js")};
        const steps = Array.from({{ length: T }}, (_, t) => t + 1);
        return steps.flatMap((k2) => steps.slice(0, k2).map((k1) => [
            steps.map((t) => firstStep(t, k1, k2)), steps.map((t) => steps.map((k) => isKept(t, k, k1, k2))),
            stepsBack(T, k1, k2)])); }}"""
    for T in (2, 5, 8):
        pairs = [(k1, k2) for k2 in range(1, T + 1) for k1 in range(1, k2 + 1)]
        wanted = [
            [
                [first_step(t, k1, k2) for t in range(1, T + 1)],
                kept(T, k1, k2).tolist(),
                steps_back(T, k1, k2),
            ]
            for k1, k2 in pairs
        ]
        assert page.evaluate(script, T) == wanted


def assert_shows(page: Page) -> None:
    """Compare the grid, its cuts and the verdict below it with Python's."""
    made = lab(page.evaluate("state.k1"), page.evaluate("state.k2"))
    shares = 100 * made.shares / made.shares.max()
    below = np.tril_indices(8)
    shown = page.locator(f"{ROOT} .numbers text").all_text_contents()
    assert shown == [f"{one:.0f}" for one in shares[below]]
    cut = page.locator(f"{ROOT} .grid rect").evaluate_all(
        "all => all.map((one) => one.classList.contains('kept'))"
    )
    assert cut == made.kept[below].tolist()
    said = page.inner_text(COST)
    assert f", {made.steps_back} steps back in all." in said
    wanted = f"off by {100 * made.error:.0f} %" if made.error > 1e-9 else "is whole"
    assert wanted in said


def lit(page: Page, which: str) -> int:
    return page.locator(f"{ROOT} .lit .{which}").count()


def test_a_loss_is_chosen_with_keys_and_its_paths_are_lit(page):
    start(page, lab(4, 4))
    page.locator(f"{ROOT} [data-loss='8']").focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("state.loss") == 7
    assert page.inner_text(READOUT).startswith("The loss of step 7 reaches 7 uses of W_hh")
    assert page.inner_text(READOUT).endswith("4 of them are cut.")
    assert (lit(page, "kept"), lit(page, "cut")) == (1 + 3, 4)
    page.keyboard.press("Home")
    assert page.evaluate("state.loss") == 0
    assert (lit(page, "kept"), lit(page, "cut")) == (8 + 20, 16)
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("state.loss") == 8
    assert page.evaluate("document.activeElement.dataset.loss") == "8"
    page.evaluate("window.close()")
    assert page.evaluate("window.listening()") == 0


def test_a_path_thins_with_the_gradient_that_it_carries(page):
    start(page, lab())
    _, reaches = credit(*network())
    widths = page.locator(f"{ROOT} .lit path").evaluate_all(
        "all => all.map((one) => Number(one.getAttribute('stroke-width')))"
    )
    sizes = np.array([reaches[7, 7], *reaches[7, ::-1]]) / reaches[7, 7]
    assert np.allclose(widths, 1.5 + 10 * sizes, atol=0.006)


def test_sliders_set_the_window_and_side_by_side_stays_so(page):
    start(page, lab())
    far, often = (page.locator(f"{ROOT} [data-setting={name}]") for name in ("k2", "k1"))
    for _ in range(4):
        far.press("ArrowLeft")
    assert page.evaluate("[state.k1, state.k2]") == [4, 4]
    assert_shows(page)
    often.press("Home")
    assert page.evaluate("[state.k1, state.k2]") == [1, 4]
    assert_shows(page)
    far.press("ArrowRight")
    assert page.evaluate("[state.k1, state.k2]") == [1, 5]
    often.press("End")
    assert page.evaluate("[state.k1, state.k2]") == [8, 8]
    assert_shows(page)


def center(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(f"{ROOT} {selector}").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Page, selector: str, columns: float) -> None:
    x, y = center(page, selector)
    wide = page.locator(f"{ROOT} .grid rect").first.bounding_box()["width"] + 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + columns * wide / 2, y)
    page.mouse.move(x + columns * wide, y)
    page.mouse.up()


def test_the_edge_of_the_window_is_dragged(page):
    start(page, lab())
    drag(page, ".edge", 3)
    assert page.evaluate("[state.k1, state.k2]") == [5, 5]
    assert_shows(page)
    drag(page, ".edge", 1)  # now at step 6, where the last window begins
    assert page.evaluate("state.k2") == 2
    drag(page, ".grid rect[data-t='6'][data-k='6']", -2.5)
    assert page.evaluate("[state.k1, state.k2]") == [3, 3]
    page.get_by_role("button", name="No truncation").click()
    assert page.evaluate("[state.k1, state.k2]") == [8, 8]
    assert_shows(page)


def test_pointing_at_a_share_spells_out_its_path(page):
    start(page, lab(4, 4))
    page.locator(f"{ROOT} .grid rect[data-t='6'][data-k='5']").hover()
    shares = lab().shares
    length = 100 * shares[5, 4] / shares.max()
    assert page.inner_text(READOUT) == f"L6 → h6 → h5 → W_hh at step 5: a share of length {length:.0f}."
    page.locator(f"{ROOT} .grid rect[data-t='6'][data-k='3']").hover()
    assert page.inner_text(READOUT).endswith("Truncation cuts this path.")
    page.locator(f"{ROOT} .grid rect[data-t='3'][data-k='2']").click()
    assert page.evaluate("[state.loss, state.k2]") == [3, 4]


def test_lab_works_by_touch(browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.set_content('<meta name="viewport" content="width=device-width">')
    start(page, lab())
    page.locator(f"{ROOT} [data-loss='3'] .box").tap()
    assert page.evaluate("state.loss") == 3
    page.locator(f"{ROOT} .grid rect[data-t='5'][data-k='2']").tap()
    assert page.evaluate("[state.loss, state.k2]") == [5, 8]
    session = context.new_cdp_session(page)
    x, y = center(page, ".edge")
    for kind, to in (("touchStart", 0), ("touchMove", 60), ("touchMove", 130)):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x + to, "y": y}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert page.evaluate("state.k2") == 4
    assert page.locator(ROOT).bounding_box()["height"] < 664
    context.close()


def test_only_rest_is_announced(page):
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    start(page, lab())
    page.locator(f"{ROOT} [data-setting=k2]").press("ArrowLeft")
    page.clock.run_for(400)
    assert page.inner_text(f"{ROOT} [aria-live]") == ""
    page.clock.run_for(300)
    said = page.inner_text(f"{ROOT} [aria-live]")
    assert said.startswith("The loss of step 8 reaches 8 uses") and "2 backward passes, 8 steps back" in said


@pytest.mark.parametrize(("width", "theme"), [(900, "light"), (900, "dark"), (400, "light")])
def test_axe_finds_nothing_and_the_lab_fits(page, width, theme):
    dress(page, width, theme)
    start(page, lab(2, 5))
    page.wait_for_timeout(100)
    assert violations(page, ROOT) == []
    box = page.locator(ROOT).bounding_box()
    assert box["width"] <= 900 and box["height"] <= 620
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    sizes = page.locator(f"{ROOT} text").evaluate_all(
        "all => all.filter((one) => one.textContent).map((one) => parseFloat(getComputedStyle(one).fontSize))"
    )
    assert min(sizes) >= 11
