"""The Gate lab in a browser: its mathematics, its keys, what Python reads from it, and what axe-core says."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from browser.accessibility import dress, violations
from browser.widget_page import in_page, start
from nbformat.v4 import new_code_cell, new_markdown_cell
from playwright.sync_api import Page

from rnncourse.viz._lstm_cell import written
from rnncourse.widgets import GATE_PRESETS, GateLab, gate_lab
from rnncourse.widgets._fallback import read_front_end
from rnncourse.widgets._gate_lab import (
    GATE_MISSIONS,
    GATES,
    LIMITS,
    LONGEST,
    mission_met,
    rnn_survives,
    run_gates,
)

ROOT = ".rnncourse-gate-lab"
MATHEMATICS = read_front_end("activations.js", "gate_math.js")
LAB, READ, SET, RESET = 1, 3, 4, 5
IS = "([selector, value]) => document.querySelector(selector).value === value"


def shown(page: Page, name: str) -> list[str]:
    """Return a row of numbers over time as the timeline writes it."""
    selector = {"c": ".rnncourse-over-time .belt", "h": ".rnncourse-over-time .home"}.get(name)
    return page.locator(f"{ROOT} {selector or f'[data-row={name}]'} text").all_text_contents()


def in_formulas(page: Page, name: str) -> str:
    return page.locator(f"{ROOT} [data-number={name}]").first.text_content()


def on_lines(page: Page) -> dict[str, str]:
    """Return the numbers of the cell's picture by name."""
    return page.locator(f"{ROOT} .rnncourse-diagram [data-value]").evaluate_all(
        "all => Object.fromEntries(all.map((one) => [one.dataset.value, one.textContent]))"
    )


def assert_shows(page: Page, lab: GateLab) -> None:
    """Compare every number on the page with the lab's in Python."""
    for name in ("x", "f", "i", "g", "o", "c", "h"):
        assert shown(page, name) == [written(one) for one in getattr(lab, name)], name
    t = lab.step - 1
    c_prev = lab.c[t - 1] if t else 0.0
    lines = {name: getattr(lab, name)[t] for name in (*GATES, "c", "h")}
    lines |= {"c_prev": c_prev, "kept": lab.f[t] * c_prev, "forgotten": (1 - lab.f[t]) * c_prev}
    lines |= {"added": lab.i[t] * lab.g[t], "tanh_c": np.tanh(lab.c[t])}
    assert on_lines(page) == {name: written(value) for name, value in lines.items()}
    for name in (*GATES, "c", "h", "survives"):
        assert in_formulas(page, name) == written(getattr(lab, name)[t]), name


def in_python(page: Page, weights=None) -> GateLab:
    """Return a lab of Python in the state that the page holds."""
    state = page.evaluate("state")
    lab = gate_lab(weights=weights)
    for name in ("steps", "inputs", "holds", "step", "parameters", "w_hh"):
        setattr(lab, name, state[name])
    return lab


def row(page: Page, name: str) -> list[float | None]:
    """Return what a gate is held at, over the steps that are on screen."""
    return page.evaluate(f"state.holds.{name}.slice(0, state.steps)")


def test_mathematics_of_the_browser_is_that_of_in_numpy(page):
    rng = np.random.default_rng(11)
    script = f"""([x, holds, weights, w]) => {{ {MATHEMATICS};
        return {{ ...gateRun(x, holds, weights), rnn: rnnSurvives(x, w) }}; }}"""
    worst = 0.0
    for _ in range(200):
        T = int(rng.integers(2, LONGEST + 1))
        p = {
            "W_x": 3 * rng.normal(size=(1, 4)),
            "W_h": 3 * rng.normal(size=(1, 4)),
            "b": 2 * rng.normal(size=4),
        }
        share, x = rng.choice([0.0, 0.3, 1.0]), rng.uniform(-2, 2, size=T).tolist()
        w = float(rng.normal())
        holds = {
            gate: [float(rng.uniform(*LIMITS[gate])) if rng.random() < share else None for _ in range(T)]
            for gate in GATES
        }
        weights = {gate: [p["W_x"][0, k], p["W_h"][0, k], p["b"][k]] for k, gate in enumerate(GATES)}
        weights = {gate: [float(one) for one in three] for gate, three in weights.items()}
        run = in_page(page, script, [x, holds, weights, w])
        wanted = run_gates(x, holds, p) | {"rnn": rnn_survives(x, w)}
        assert set(run) == set(wanted)
        for name, values in wanted.items():
            difference = np.abs(np.array(run[name]) - values) / np.maximum(1, np.abs(values))
            worst = max(worst, difference.max())
    assert worst < 1e-12


def random_attempts(rng: np.random.Generator, name: str) -> dict:
    """Return settings near a mission's solution, some of which reach its goal."""
    lab = gate_lab()
    lab.start(name)
    gates = {
        "remember": {"i": [1] + [0] * 7, "f": 1.0},
        "forget": {"f": [1] * 4 + [0] + [1] * 3},
        "count": {"i": 0.5},
        "latch": {"i": np.abs(lab.x), "f": 1 - np.abs(lab.x)},
        "keep": {"f": 0.99},
        "gradient": {},
    }[name]
    for gate, value in gates.items():
        setattr(lab, gate, value)
        if rng.random() < 0.6:
            noisy = getattr(lab, gate) + rng.choice([0.01, -0.3, 0.3]) * (rng.random(lab.T) < 0.4)
            setattr(lab, gate, np.clip(noisy, *LIMITS[gate]))
    p = lab.weights
    p["b"] = p["b"] + np.array([0, rng.choice([0.0, 2.0, 4.0]), 0, 0])
    lab.weights = p
    return {"lab": lab, "x": lab.x.tolist(), "holds": {gate: lab.holds[gate][: lab.T] for gate in GATES}}


def test_browser_and_python_agree_about_missions(page):
    rng, verdicts = np.random.default_rng(3), set()
    starts = gate_lab().fixed["missions"]
    script = f"""([start, x, holds, weights]) => {{ {MATHEMATICS};
        return missionMet(start, x, holds, gateRun(x, holds, weights)); }}"""
    for start_of in starts:
        for _ in range(20):
            one = random_attempts(rng, start_of["name"])
            lab = one["lab"]
            in_browser = page.evaluate(script, [start_of, one["x"], one["holds"], lab.parameters])
            assert in_browser == mission_met(start_of["name"], lab.x, one["holds"], lab.run())
            verdicts.add((start_of["name"], in_browser))
    assert verdicts == {(name, met) for name in GATE_MISSIONS for met in (True, False)}


@pytest.mark.parametrize("preset", GATE_PRESETS)
def test_every_number_on_the_page_is_pythons(page, preset):
    lab = gate_lab(preset)
    start(page, lab)
    for step in (1, 2, 8):
        page.locator(f"{ROOT} [data-slider=step]").fill(str(step))
        lab.step = step
        assert_shows(page, lab)
    assert page.locator(f"{ROOT} [data-preset]").input_value() == preset
    assert page.inner_text(f"{ROOT} .rnncourse-says") == GATE_PRESETS[preset].says


def test_lab_answers_without_a_kernel(page):
    start(page, gate_lab())
    page.locator(f"{ROOT} [data-preset]").select_option("latch")
    assert page.evaluate("state.inputs.slice(0, 8)") == list(GATE_PRESETS["latch"].x)
    assert_shows(page, gate_lab("latch"))
    page.locator(f"{ROOT} [data-slider=step]").press("End")
    page.get_by_label("only step 8").check()
    page.locator(f"{ROOT} [data-slider=f]").press("Home")  # f_8 = 0
    assert row(page, "f") == [*GATE_PRESETS["latch"].f[:7], 0]
    page.get_by_label("all steps").check()
    page.locator(f"{ROOT} [data-slider=o]").press("ArrowLeft")
    assert row(page, "o") == [0.99] * 8
    page.locator(f"{ROOT} [data-slider=x]").press("ArrowRight")
    assert page.evaluate("state.inputs")[7] == pytest.approx(0.01)
    assert_shows(page, in_python(page))
    assert page.locator(f"{ROOT} [data-preset]").input_value() == ""
    page.evaluate("window.close()")
    assert page.evaluate("window.listening()") == 0


def test_holding_keeps_what_is_there_and_letting_go_gives_it_back(page):
    lab = gate_lab()
    start(page, lab)
    page.get_by_label("hold forget gate f").check()
    assert np.allclose(row(page, "f"), lab.f, rtol=0, atol=1e-12)
    assert page.locator(f"{ROOT} [data-row=f] .held").count() == 8
    assert page.locator(f"{ROOT} [data-formula=f] .held").is_visible()
    assert in_formulas(page, "c") == written(lab.c[0])
    page.get_by_label("hold forget gate f").uncheck()
    assert row(page, "f") == [None] * 8
    assert page.locator(f"{ROOT} [data-formula=f] .computed").first.is_visible()


def test_letting_go_of_one_step_leaves_the_others_held(page):
    start(page, gate_lab("latch"))
    page.locator(f"{ROOT} [data-slider=step]").fill("3")
    page.get_by_label("only step 3").check()
    page.get_by_label("hold forget gate f").uncheck()
    wanted = [*GATE_PRESETS["latch"].f]
    wanted[2] = None
    assert row(page, "f") == wanted
    assert_shows(page, in_python(page))


def test_a_slider_says_whether_its_gate_is_computed(page):
    lab = gate_lab()
    start(page, lab)
    slider = page.locator(f"{ROOT} [data-slider=f]")
    assert slider.get_attribute("aria-valuetext") == f"{written(lab.f[0])}, computed"
    page.get_by_label("hold forget gate f").check()
    assert slider.get_attribute("aria-valuetext") == written(lab.f[0])
    assert page.locator(f"{ROOT} [data-slider=x]").get_attribute("aria-valuetext") == written(lab.x[0])


def drag(page: Page, selector: str, dx: float, dy: float, at=(0.5, 0.5)) -> None:
    box = page.locator(f"{ROOT} {selector}").bounding_box()
    x, y = box["x"] + at[0] * box["width"], box["y"] + at[1] * box["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx / 2, y + dy / 2)
    page.mouse.move(x + dx, y + dy)
    page.mouse.up()


def plates(page: Page, gate: str) -> float:
    """Return how far the plates of a valve stand apart, in the units of the picture."""
    first, second = page.locator(f"{ROOT} [data-valve={gate}] .plate").all()
    start_, length = ("y", "height") if gate == "f" else ("x", "width")
    return (
        float(second.get_attribute(start_))
        - float(first.get_attribute(start_))
        - float(first.get_attribute(length))
    )


def test_valves_are_dragged_and_their_plates_stand_apart_by_the_gate(page):
    lab = gate_lab("remember")
    start(page, lab)
    assert plates(page, "f") == pytest.approx(60, abs=0.2) and plates(page, "i") == pytest.approx(48, abs=0.2)
    drag(page, "[data-valve=f] .field", 0, 20, at=(0.5, 0.08))  # the upper plate down
    f = row(page, "f")[0]
    assert 0.4 < f < 0.75 and row(page, "f") == [f] * 8
    assert plates(page, "f") == pytest.approx(60 * f, abs=0.2)
    drag(page, "[data-valve=i] .field", 15, 0, at=(0.1, 0.5))  # the left plate to the right
    assert row(page, "i")[0] < 0.9
    drag(page, "[data-valve=g] .field", 0, 10)
    assert row(page, "g")[0] < lab.g[0]
    assert_shows(page, in_python(page))


def belt_width(page: Page, name: str) -> float:
    return page.locator(f"{ROOT} .{name}").evaluate("one => one.getBBox().height")


def test_belt_is_as_wide_as_c_and_hatched_where_it_is_negative(page):
    lab = gate_lab("latch")
    lab.step = 5
    lab.f = 0.5
    start(page, lab)
    c = np.abs(lab.c)
    largest = max(1.0, c.max())
    t = lab.step - 1
    widest_before = 60 * c[t - 1] / largest
    assert belt_width(page, "belt-before") == pytest.approx(widest_before, abs=0.3)
    drained = page.locator(f"{ROOT} .drain").evaluate("one => one.getBBox().width")
    assert drained == pytest.approx(60 * 0.5 * c[t - 1] / largest, abs=0.3)
    fill = "one => getComputedStyle(one).fill"
    assert lab.c[t - 1] > 0 > lab.c[t]
    assert "url" in page.locator(f"{ROOT} .belt-after").evaluate(fill)
    assert "url" not in page.locator(f"{ROOT} .belt-before").evaluate(fill)


def test_gates_are_painted_on_the_timeline_with_the_mouse(page):
    start(page, gate_lab("count"))
    box = page.locator(f"{ROOT} [data-strip=f] .ground").bounding_box()
    bottom, wide = box["y"] + box["height"] - 1, box["width"] / 8
    page.mouse.move(box["x"] + 2.5 * wide, bottom)
    page.mouse.down()
    page.mouse.move(box["x"] + 3.5 * wide, bottom)
    page.mouse.move(box["x"] + 4.5 * wide, bottom)
    page.mouse.up()
    assert row(page, "f") == [1, 1, 0, 0, 0, 1, 1, 1]
    assert page.evaluate("state.step") == 5
    assert_shows(page, in_python(page))


def test_gates_are_painted_with_keys(page):
    start(page, gate_lab("count"))
    strip = page.locator(f"{ROOT} [data-strip=f]")
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "PageDown"):
        strip.press(key)
    assert row(page, "f") == [1, 1, 0.89, 1, 1, 1, 1, 1]
    assert strip.get_attribute("aria-valuetext") == "step 3: 0.89"
    strip.press("Home")
    strip.press("ArrowRight")
    strip.press("Delete")
    assert row(page, "f") == [1, 1, 0, None, 1, 1, 1, 1]
    assert_shows(page, in_python(page))


def test_lab_works_by_touch(browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    start(page, gate_lab("count"))
    box = page.locator(f"{ROOT} [data-strip=f] .ground").bounding_box()
    page.touchscreen.tap(box["x"] + 4.5 * box["width"] / 8, box["y"] + box["height"] - 1)
    assert row(page, "f") == [1, 1, 1, 1, 0, 1, 1, 1]
    page.locator(f"{ROOT} [data-mission=keep]").tap()
    assert page.evaluate("state.mission") == "keep"
    context.close()


def test_control_and_effect_are_on_one_phone_screen(page):
    page.set_viewport_size({"width": 390, "height": 844})
    start(page, gate_lab())
    top = page.locator(f"{ROOT} .rnncourse-diagram").bounding_box()["y"]
    strips = page.locator(f"{ROOT} .rnncourse-strips").bounding_box()
    assert strips["y"] + strips["height"] - top < 664  # what a phone shows below the bars of its browser


def test_lab_fits_on_a_laptop(page):
    page.set_viewport_size({"width": 1366, "height": 768})
    lab = gate_lab()
    start(page, lab)
    for name in GATE_MISSIONS:
        page.locator(f"{ROOT} [data-mission={name}]").click()
        for side in ("weights", "formulas"):
            page.locator(f"{ROOT} [data-side={side}]").click()
            box = page.locator(ROOT).bounding_box()
            assert box["width"] <= 900 and box["height"] <= 620, (name, side)


def test_hovering_reads_out_a_step(page):
    lab = gate_lab("latch")
    start(page, lab)
    box = page.locator(f"{ROOT} [data-strip=f] .ground").bounding_box()
    page.mouse.move(box["x"] + 5.5 * box["width"] / 8, box["y"] - 20)
    said = page.inner_text(f"{ROOT} .rnncourse-readout")
    assert said.startswith("Step 6: ") and f"c {written(lab.c[5])} · h {written(lab.h[5])}" in said
    assert page.evaluate("state.step") == 1


def test_a_mission_is_begun_solved_and_ticked_off(page):
    start(page, gate_lab())
    page.locator(f"{ROOT} [data-mission=keep]").click()
    assert page.inner_text(f"{ROOT} .rnncourse-says") == GATE_MISSIONS["keep"].goal
    slider = page.locator(f"{ROOT} [data-slider=f]")
    for k in range(9):
        assert page.evaluate("state.done") == [], k
        slider.press("ArrowRight")
    assert page.evaluate("state.done") == ["keep"]
    assert page.locator(f"{ROOT} [data-mission=keep][data-done] .tick").inner_text() == "✓"
    assert page.inner_text(f"{ROOT} .rnncourse-says").startswith("Done.")


def test_weights_are_typed_and_bring_the_gradient_home(page):
    start(page, gate_lab())
    page.locator(f"{ROOT} [data-mission=gradient]").click()
    page.locator(f"{ROOT} [data-side=weights]").click()
    page.get_by_label("forget gate f: bias").fill("5")
    assert page.evaluate("state.parameters.f") == [0, 1, 5]
    assert page.evaluate("state.done") == ["gradient"]
    page.get_by_role("button", name="Reset the weights").click()
    assert page.evaluate("state.parameters.f") == [0, 1, 2]


def test_gradient_home_shows_both_networks_and_plays_backward(page):
    lab = gate_lab()
    lab.step = 8
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    start(page, lab)
    page.get_by_role("button", name="Gradient back").click()
    assert shown(page, "c") == [written(one) for one in lab.survives]
    assert shown(page, "h") == [written(one) for one in lab.rnn_survives]
    lines = on_lines(page)
    assert (lines["c"], lines["c_prev"]) == (written(lab.survives[7]), written(lab.survives[6]))
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(1100)
    assert page.evaluate("state.step") == 7
    page.clock.run_for(8000)
    assert page.evaluate("state.step") == 1
    assert page.get_by_role("button", name="Play").is_visible()


def test_steps_are_added_and_taken_away(page):
    start(page, gate_lab("remember"))
    length = page.get_by_label("Number of steps T")
    length.fill("30")
    page.locator(f"{ROOT} [data-slider=step]").press("End")
    assert page.evaluate("state.step") == 30
    assert page.locator(f"{ROOT} [data-row=f] rect").count() == 30
    length.fill("5")
    assert (page.evaluate("state.steps"), page.evaluate("state.step")) == (5, 5)
    assert_shows(page, in_python(page))


def printed(page: Page, formula: str) -> list[float]:
    texts = page.locator(f"{ROOT} [data-formula={formula}] [data-number]").all_text_contents()
    return [float(one.replace("\N{MINUS SIGN}", "-")) for one in texts]


@pytest.mark.parametrize("preset", ["cell", "count"])
def test_who_calculates_with_the_printed_numbers_gets_the_printed_result(page, preset):
    start(page, gate_lab(preset))
    for step in range(1, 9):
        page.locator(f"{ROOT} [data-slider=step]").fill(str(step))
        f, before, i, g, c = printed(page, "c")
        assert round(f * before + i * g, 2) == pytest.approx(c, abs=1e-9), step
        o, inside, h = printed(page, "h")
        assert round(o * np.tanh(inside), 2) == pytest.approx(h, abs=1e-9), step
        along, through_h, survives = printed(page, "survives")
        assert round(along + through_h, 2) == pytest.approx(survives, abs=1e-9), step


def test_play_carries_a_number_along_the_belt(page):
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    start(page, gate_lab("remember"))
    page.get_by_role("button", name="Play").click()
    for _ in range(100):
        if page.evaluate("state.step > 1"):
            break
        page.clock.run_for(50)
    places = []
    for _ in range(2):
        page.clock.run_for(150)
        packet = page.locator(f"{ROOT} .packet")
        places.append([float(packet.get_attribute(name)) for name in ("cx", "r")])
    (first, size), (second, _) = places
    assert 8 < first < second <= 532 and size > 3


def test_the_picture_flows_once_the_hand_rests_and_not_for_readers_who_want_less_motion(page):
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    page.emulate_media(reduced_motion="reduce")
    start(page, gate_lab())
    moving = f"document.querySelector('{ROOT} [data-panel=cell]').hasAttribute('data-moving')"
    for _ in range(3):
        page.locator(f"{ROOT} [data-do=next]").click()
        page.clock.run_for(150)
        assert not page.evaluate(moving), "the hand does not rest yet"
    page.clock.run_for(100)
    assert page.evaluate(moving)
    animation = "one => getComputedStyle(one).animationName"
    assert page.locator(f"{ROOT} [data-flow=belt]").evaluate(animation) == "none"
    page.emulate_media(reduced_motion="no-preference")
    assert page.locator(f"{ROOT} [data-flow=belt]").evaluate(animation) == "rnncourse-flow"
    page.clock.run_for(1600)
    assert not page.evaluate(moving)


def test_own_weights_stand_in_the_formulas(page):
    weights = {
        "W_x": np.array([[1.5, 2, -3, 0.25]]),
        "W_h": np.array([[-0.5, 0, 1, 2]]),
        "b": np.array([0, -1.0, 0.1, 0]),
    }
    lab = gate_lab(x=[0.5, 1.0, -2.0], weights=weights)
    start(page, lab)
    line = page.inner_text(f"{ROOT} [data-formula=i]").replace("\n", "")
    assert "σ(1.5 · xt − 0.5 · ht−1 + 0)" in line and "= σ(1.5 · 0.50 − 0.5 · 0.00 + 0)" in line
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
    assert said in page.locator(f"{ROOT} .rnncourse-diagram").get_attribute("aria-label")


@pytest.mark.parametrize(("width", "theme"), [(900, "light"), (900, "dark"), (400, "light")])
def test_axe_finds_nothing_in_the_markup(page, width, theme):
    dress(page, width, theme)
    start(page, gate_lab("remember"))
    page.wait_for_timeout(100)
    assert violations(page, ROOT) == []


def test_axe_would_find_a_slider_without_a_name(page):
    start(page, gate_lab())
    page.evaluate(
        "document.querySelector('[data-slider=f]').removeAttribute('aria-label');"
        "document.querySelector('[data-slider=f]').parentElement.replaceWith("
        "document.querySelector('[data-slider=f]'))"
    )
    assert any(line.startswith("label") for line in violations(page, ROOT))


@pytest.mark.parametrize("width", [1280, 390])
def test_no_text_is_smaller_than_11_pixels_and_nothing_sticks_out(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    start(page, gate_lab("remember"))
    sizes = page.locator(f"{ROOT} text, {ROOT} tspan").evaluate_all(
        """all => all.filter((one) => one.textContent.trim()).map((one) => {
            const { a } = one.getScreenCTM();
            return a * parseFloat(getComputedStyle(one).fontSize);
        })"""
    )
    assert len(sizes) > 60
    assert min(sizes) >= 10.99
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
def notebook(server, any_lab) -> Iterator:
    """Return JupyterLab with the notebook open and all its cells run once."""
    server.write("gate_lab.ipynb", cells())
    with any_lab() as lab:
        lab.open("gate_lab.ipynb")
        lab.run_all()
        lab.page.wait_for_selector(ROOT)
        assert lab.errors() == []
        yield lab


@pytest.fixture
def lab(notebook):
    """Return the notebook with the Gate lab's cell active and the lab set as at first."""
    notebook.run(RESET)
    notebook.page.wait_for_function(IS, arg=[f"{ROOT} [data-preset]", "cell"])
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
    press(lab, "[data-preset]", "C", "o", "u")
    page.wait_for_function(IS, arg=[f"{ROOT} [data-preset]", "count"])
    press(lab, "[data-do=next]", "Space", "Enter")
    press(lab, "[data-slider=step]", "ArrowRight", "ArrowRight", "ArrowLeft")
    press(lab, "[data-slider=f]", "ArrowLeft", "ArrowDown", "a", "d", "d")
    press(lab, "[data-hold=o]", "Space")
    page.wait_for_timeout(300)
    assert lab.shape() == before, "a key reached the notebook"
    wanted = gate_lab("count")
    wanted.f, wanted.o, wanted.step = 0.98, None, 4
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
    assert lab.page.locator(f"{ROOT} [data-hold=f]").is_checked() is False  # step 4 is left to the cell
    assert lab.page.locator(f"{ROOT} [data-hold=i]").is_checked()
    assert lab.page.locator(f"{ROOT} [data-row=f] .held").count() == 4


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
    for name in ("f forget gate", "i input gate", "g candidate", "o output gate", "x input", "Step t"):
        assert group.get_by_role("slider", name=name).count() == 1, name
    for name in ("forget gate f over time", "input x over time"):
        assert group.get_by_role("slider", name=name).count() == 1, name
    assert group.get_by_role("checkbox").count() == 4 and group.get_by_role("radio").count() == 2


def test_axe_finds_nothing_in_jupyterlab(lab):
    assert violations(lab.page, ROOT) == []
