"""The Gate lab in a browser: its mathematics, its keys, what Python reads from it, and what axe-core says."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from browser.accessibility import dress, violations
from browser.widget_page import start
from nbformat.v4 import new_code_cell, new_markdown_cell
from playwright.sync_api import Page

from rnncourse.viz._lstm_cell import written
from rnncourse.widgets import GATE_PRESETS, GateLab, gate_lab
from rnncourse.widgets._fallback import read_front_end
from rnncourse.widgets._gate_lab import GATES, LIMITS, run_gates

ROOT = ".rnncourse-gate-lab"
LAB, READ, SET, RESET = 1, 3, 4, 5


def shown(page: Page, name: str) -> list[str]:
    """Return a row of numbers over time, or the survivors', as the picture writes it."""
    selector = "[data-survives]" if name == "survives" else f"[data-row={name}] text"
    return page.locator(f"{ROOT} {selector}").all_text_contents()


def in_formulas(page: Page, name: str) -> str:
    return page.locator(f"{ROOT} [data-number={name}]").first.text_content()


def on_lines(page: Page) -> dict[str, str]:
    """Return the numbers of the cell's picture by name."""
    return page.locator(f"{ROOT} .rnncourse-cell [data-value]").evaluate_all(
        "all => Object.fromEntries(all.map((one) => [one.dataset.value, one.textContent]))"
    )


def assert_shows(page: Page, lab: GateLab) -> None:
    """Compare every number on the page with the lab's in Python."""
    for name in ("x", "f", "i", "g", "o", "survives"):
        assert shown(page, name) == [written(one) for one in getattr(lab, name)], name
    t = lab.step - 1
    before = {f"{name}_prev": getattr(lab, name)[t - 1] if t else 0.0 for name in ("c", "h")}
    lines = {f"{name}_t": getattr(lab, name)[t] for name in ("x", *GATES, "c", "h")} | before
    lines |= {"kept": lab.f[t] * before["c_prev"], "added": lab.i[t] * lab.g[t], "tanh_c": np.tanh(lab.c[t])}
    assert on_lines(page) == {name: written(value) for name, value in lines.items()}
    for name in ("c", "h", "survives"):
        assert in_formulas(page, name) == written(getattr(lab, name)[t])
    assert in_formulas(page, "product") == written(np.prod(lab.f[t + 1 :]))


def in_python(page: Page, weights=None) -> GateLab:
    """Return a lab of Python in the state that the page holds."""
    state = page.evaluate("({ inputs: state.inputs, clamps: state.clamps, step: state.step })")
    lab = gate_lab(x=state["inputs"], weights=weights)
    lab.clamps, lab.step = state["clamps"], state["step"]
    return lab


def test_mathematics_of_the_browser_is_that_of_in_numpy(page):
    rng = np.random.default_rng(11)
    script = f"([x, clamps, weights]) => {{ {read_front_end('gate_math.js')}; return gateRun(x, clamps, weights); }}"
    worst = 0.0
    for _ in range(200):
        T = int(rng.integers(2, 13))
        p = {
            "W_x": 3 * rng.normal(size=(1, 4)),
            "W_h": 3 * rng.normal(size=(1, 4)),
            "b": 2 * rng.normal(size=4),
        }
        share, x = rng.choice([0.0, 0.3, 1.0]), rng.uniform(-2, 2, size=T).tolist()
        clamps = {
            gate: [float(rng.uniform(*LIMITS[gate])) if rng.random() < share else None for _ in range(T)]
            for gate in GATES
        }
        weights = {gate: [p["W_x"][0, k], p["W_h"][0, k], p["b"][k]] for k, gate in enumerate(GATES)}
        weights = {gate: [float(one) for one in three] for gate, three in weights.items()}
        run = page.evaluate(script, [x, clamps, weights])
        wanted = run_gates(x, clamps, p)
        assert set(run) == set(wanted)
        for name, values in wanted.items():
            difference = np.abs(np.array(run[name]) - values) / np.maximum(1, np.abs(values))
            worst = max(worst, difference.max())
    assert worst < 1e-6
    assert worst < 1e-12  # in fact the same but for the last bits


@pytest.mark.parametrize("preset", GATE_PRESETS)
def test_every_number_on_the_page_is_pythons(page, preset):
    lab = gate_lab(preset)
    start(page, lab)
    for step in (1, 2, 8):
        page.locator(f"{ROOT} [data-slider=step]").fill(str(step))
        lab.step = step
        assert_shows(page, lab)
    pressed = page.locator(f"{ROOT} [aria-pressed=true]")
    assert pressed.all_inner_texts() == [GATE_PRESETS[preset].title]
    assert page.inner_text(f"{ROOT} .rnncourse-says") == GATE_PRESETS[preset].says


def test_lab_answers_without_a_kernel(page):
    start(page, gate_lab())
    page.get_by_role("button", name="Latch").click()
    assert page.evaluate("state.inputs") == list(GATE_PRESETS["latch"].x)
    assert_shows(page, gate_lab("latch"))
    page.locator(f"{ROOT} [data-slider=step]").press("End")
    page.get_by_label("only step 8").check()
    page.locator(f"{ROOT} [data-slider=f]").press("Home")  # f_8 = 0
    assert page.evaluate("state.clamps.f") == [*GATE_PRESETS["latch"].f[:7], 0]
    page.get_by_label("all steps").check()
    page.locator(f"{ROOT} [data-slider=o]").press("ArrowLeft")
    assert page.evaluate("state.clamps.o") == [0.95] * 8
    page.locator(f"{ROOT} [data-slider=x]").press("ArrowRight")
    assert page.evaluate("state.inputs")[7] == pytest.approx(0.1)
    assert_shows(page, in_python(page))
    assert page.locator(f"{ROOT} [aria-pressed=true]").count() == 0
    page.evaluate("window.close()")
    assert page.evaluate("window.listening()") == 0


def test_clamping_holds_what_is_there_and_letting_go_gives_it_back(page):
    lab = gate_lab()
    start(page, lab)
    page.get_by_label("clamp forget gate f").check()
    assert np.allclose(page.evaluate("state.clamps.f"), lab.f, rtol=0, atol=1e-12)
    assert page.locator(f"{ROOT} [data-row=f] .clamped").count() == 8
    assert page.locator(f"{ROOT} [data-formula=f] .held").is_visible()
    assert in_formulas(page, "c") == written(lab.c[0])
    page.get_by_label("clamp forget gate f").uncheck()
    assert page.evaluate("state.clamps.f") == [None] * 8
    assert page.locator(f"{ROOT} [data-formula=f] .computed").is_visible()


def test_letting_go_of_one_step_leaves_the_others_clamped(page):
    lab = gate_lab("latch")
    start(page, lab)
    page.locator(f"{ROOT} [data-slider=step]").fill("3")
    page.get_by_label("only step 3").check()
    page.get_by_label("clamp forget gate f").uncheck()
    wanted = [*GATE_PRESETS["latch"].f]
    wanted[2] = None
    assert page.evaluate("state.clamps.f") == wanted
    assert_shows(page, in_python(page))


def test_a_slider_says_whether_its_gate_is_computed(page):
    lab = gate_lab()
    start(page, lab)
    slider = page.locator(f"{ROOT} [data-slider=f]")
    assert slider.get_attribute("aria-valuetext") == f"{written(lab.f[0])}, computed"
    page.get_by_label("clamp forget gate f").check()
    assert slider.get_attribute("aria-valuetext") == written(lab.f[0])
    assert page.locator(f"{ROOT} [data-slider=x]").get_attribute("aria-valuetext") == written(lab.x[0])


def test_own_weights_stand_in_the_formulas(page):
    weights = {
        "W_x": np.array([[1.5, 2, -3, 0.25]]),
        "W_h": np.array([[-0.5, 0, 1, 2]]),
        "b": np.array([0, -1.0, 0.1, 0]),
    }
    lab = gate_lab(x=[0.5, 1.0, -2.0], weights=weights)
    start(page, lab)
    line = page.inner_text(f"{ROOT} [data-formula=i]").replace("\n", "")
    assert "σ(1.5 · xt − 0.5 · ht−1 + 0) = σ(1.5 · 0.50 − 0.5 · 0.00 + 0)" in line
    assert "tanh(−3 · xt + 1 · ht−1 + 0.1)" in page.inner_text(f"{ROOT} [data-formula=g]").replace("\n", "")
    assert_shows(page, lab)


@pytest.mark.parametrize(("motion", "wait"), [("no-preference", 1000), ("reduce", 2500)])
def test_play_walks_to_the_end_and_is_slower_for_readers_who_want_less_motion(page, motion, wait):
    page.emulate_media(reduced_motion=motion)
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    start(page, gate_lab())
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(wait - 100)
    assert page.evaluate("state.step") == 1
    page.clock.run_for(200)
    assert page.evaluate("state.step") == 2
    page.clock.run_for(850)  # longer than a lab that rests waits before it speaks
    assert page.inner_text(f"{ROOT} [aria-live]") == ""
    page.clock.run_for(7 * wait - 850)
    assert page.evaluate("state.step") == 8
    assert page.get_by_role("button", name="Play").is_visible()
    page.clock.run_for(1000)
    assert page.inner_text(f"{ROOT} [aria-live]").startswith("Step 8 of 8")


def test_play_ends_with_the_view(page):
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    start(page, gate_lab())
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(1100)
    assert page.evaluate("state.step") == 2
    page.evaluate("window.close()")
    page.clock.run_for(10_000)
    assert page.evaluate("state.step") == 2
    assert page.evaluate("window.listening()") == 0


def test_only_rest_is_announced(page):
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    start(page, gate_lab())
    slider = page.locator(f"{ROOT} [data-slider=f]")
    for _ in range(5):
        slider.press("ArrowLeft")
        page.clock.run_for(100)
    assert page.inner_text(f"{ROOT} [aria-live]") == ""
    page.clock.run_for(700)
    lab = in_python(page)
    said = page.inner_text(f"{ROOT} [aria-live]")
    assert f"c is {written(lab.c[0])}. Output gate {written(lab.o[0])} shows h {written(lab.h[0])}." in said
    assert said in page.locator(f"{ROOT} .rnncourse-cell svg").get_attribute("aria-label")


@pytest.mark.parametrize(("width", "theme"), [(900, "light"), (900, "dark"), (400, "light")])
def test_axe_finds_nothing_in_the_markup(page, width, theme):
    dress(page, width, theme)
    start(page, gate_lab("remember"))
    page.wait_for_timeout(100)
    assert violations(page, ROOT) == []


def test_axe_would_find_a_slider_without_a_name(page):
    start(page, gate_lab())
    page.evaluate(
        "document.querySelector('[data-slider=f]').parentElement.replaceWith("
        "document.querySelector('[data-slider=f]'))"
    )
    assert any(line.startswith("label") for line in violations(page, ROOT))


@pytest.mark.parametrize("width", [1280, 400])
def test_no_text_is_smaller_than_12_pixels_and_nothing_sticks_out(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    start(page, gate_lab("remember"))
    sizes = page.locator(f"{ROOT} text, {ROOT} tspan").evaluate_all(
        """all => all.filter((one) => one.textContent.trim()).map((one) => {
            const { a } = one.getScreenCTM();
            return a * parseFloat(getComputedStyle(one).fontSize);
        })"""
    )
    assert len(sizes) > 60
    assert min(sizes) >= 11.99
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


# In JupyterLab.


def cells() -> list:
    """Return the cells of the notebook that these tests drive; the constants above are their places."""
    read = "print(lab.preset, lab.step, *lab.f.round(6), *lab.c.round(6), *lab.h.round(6))"
    return [
        new_markdown_cell("# Scratch\n\nA heading that the arrow keys could fold."),
        new_code_cell("from rnncourse.widgets import gate_lab\nlab = gate_lab()\nlab"),
        new_markdown_cell("## Below"),
        new_code_cell(read),
        new_code_cell("lab.f, lab.i, lab.x, lab.step = [1, None] * 4, 0.5, [0.25] * 8, 4"),
        new_code_cell("lab.preset, lab.step, lab.everywhere = 'cell', 1, True"),
    ]


@pytest.fixture(scope="module")
def notebook(server, new_lab) -> Iterator:
    """Return JupyterLab with the notebook open and all its cells run once."""
    server.write("gate_lab.ipynb", cells())
    with new_lab() as lab:
        lab.open("gate_lab.ipynb")
        lab.run_all()
        lab.page.wait_for_selector(ROOT)
        assert lab.errors() == []
        yield lab


@pytest.fixture
def lab(notebook):
    """Return the notebook with the Gate lab's cell active and the lab set as at first."""
    notebook.run(RESET)
    notebook.page.wait_for_selector(f"{ROOT} [data-preset=cell][aria-pressed=true]")
    notebook.activate(LAB)
    return notebook


def press(lab, selector: str, *keys: str) -> None:
    lab.tab_to(f"{ROOT} {selector}")
    for key in keys:
        lab.page.keyboard.press(key)


def expected(preset: str | None, lab: GateLab) -> list[str]:
    numbers = [*lab.f.round(6), *lab.c.round(6), *lab.h.round(6)]
    return [str(preset), str(lab.step), *map(str, numbers)]


def test_keys_move_everything_and_leave_the_notebook_alone(lab):
    page, before = lab.page, lab.shape()
    press(lab, "[data-preset=count]", "Enter")
    page.wait_for_selector(f"{ROOT} [data-preset=count][aria-pressed=true]")
    press(lab, "[data-do=next]", "Space", "Enter")
    press(lab, "[data-slider=step]", "ArrowRight", "ArrowRight", "ArrowLeft")
    press(lab, "[data-slider=f]", "ArrowLeft", "ArrowDown", "a", "d", "d")
    press(lab, "[data-clamp=o]", "Space")
    page.wait_for_timeout(300)
    assert lab.shape() == before, "a key reached the notebook"
    wanted = gate_lab("count")
    wanted.f, wanted.o, wanted.step = 0.9, None, 4
    assert lab.run_and_read(READ).split() == expected(None, wanted)
    assert_shows(page, wanted)


def test_python_moves_the_controls(lab):
    lab.run(SET)
    wanted = gate_lab(x=[0.25] * 8)
    wanted.f, wanted.i, wanted.step = [1, None] * 4, 0.5, 4
    lab.page.wait_for_function(
        "root => document.querySelector(`${root} [data-slider=step]`).value === '4'", arg=ROOT
    )
    assert_shows(lab.page, wanted)
    assert lab.page.locator(f"{ROOT} [data-clamp=f]").is_checked() is False  # step 4 is left to the cell
    assert lab.page.locator(f"{ROOT} [data-clamp=i]").is_checked()
    assert lab.page.locator(f"{ROOT} [data-row=f] .clamped").count() == 4


def test_focus_is_visible_and_escape_leads_back(lab):
    press(lab, "[data-slider=g]")
    style = lab.page.evaluate(
        "(({ outlineStyle, outlineWidth }) => [outlineStyle, outlineWidth])(getComputedStyle(document.activeElement))"
    )
    assert style == ["solid", "3px"]
    lab.page.keyboard.press("Escape")
    lab.page.keyboard.press("ArrowDown")
    lab.page.wait_for_timeout(300)
    assert lab.shape()[0] == LAB + 1


def test_every_control_has_a_name(lab):
    group = lab.page.get_by_role("group", name="Gate lab")
    for name in ("forget gate", "input gate", "candidate", "output gate", "input", "Step t"):
        assert group.get_by_role("slider", name=name).count() >= 1, name
    assert group.get_by_role("slider").count() == 6
    assert group.get_by_role("checkbox").count() == 4 and group.get_by_role("radio").count() == 2


def test_axe_finds_nothing_in_jupyterlab(lab):
    assert violations(lab.page, ROOT) == []
