"""The state lab in a browser: its states are those of in_numpy; mouse, keys and touch move them."""

from __future__ import annotations

import numpy as np
import pytest
from browser.accessibility import dress, violations
from browser.widget_page import in_page, start
from playwright.sync_api import Page

from rnncourse.in_numpy import RNN, RecurrentNet
from rnncourse.viz._areas import area
from rnncourse.viz._lstm_cell import written
from rnncourse.widgets import StateLab, state_lab
from rnncourse.widgets._fallback import read_front_end
from rnncourse.widgets._state_lab import run_states, turned_further

ROOT = ".rnncourse-state-lab"
MATH = read_front_end("state_math.js")
NAMES = ["bread", "rice", "pizza"]


def by_hand() -> StateLab:
    """Return a lab with four steps and weights for paper."""
    rnn = RNN(3, 2, dtype="float64")
    rnn.params["W_xh"][:] = [[1.0, -0.5], [0.5, 1.0], [-1.0, 0.5]]
    rnn.params["W_hh"][:] = [[0.5, -1.0], [1.0, 0.5]]
    rnn.params["b_h"][:] = [0.5, 0.0]
    return state_lab(rnn, NAMES, ["bread", "rice", None, "bread"])


def counter(steps: int = 31) -> StateLab:
    """Return a lab with a network that was trained to count dinners; left alone it loses count."""
    net = RecurrentNet(RNN(3, 2, dtype="float64"), 3)
    net.params["W_xh"][:] = [[1.64, -1.29], [1.23, 1.95], [-2.09, -0.92]]
    net.params["W_hh"][:] = [[-0.98, 1.7], [-1.82, -0.44]]
    net.params["b_h"][:] = [0.54, -0.35]
    net.params["W_hy"][:] = [[-2.35, 2.69, 2.74], [0.16, -2.45, 2.75]]
    net.params["b_y"][:] = [0.95, -0.56, -0.4]
    answers = [NAMES[(t + 1) % 3] for t in range(steps)]
    return state_lab(net, NAMES, ["bread"] + [None] * (steps - 1), answers)


def in_python(page: Page, lab: StateLab) -> StateLab:
    """Give the lab of Python the state that the page holds."""
    state = page.evaluate("state")
    for name in ("parameters", "turn", "inputs", "notes", "step"):
        setattr(lab, name, state[name])
    return lab


def shown(page: Page, name: str) -> list[str]:
    return page.locator(f"{ROOT} [data-cell^='{name} ']").all_inner_texts()


def assert_shows(page: Page, lab: StateLab) -> None:
    """Compare the step's numbers and the place of the dot with those of Python."""
    t, p = lab.step - 1, lab.params
    x_t = np.zeros(len(NAMES))
    if lab.inputs[t] is not None:
        x_t[lab.inputs[t]] = 1
    before = lab.notes[t] or (lab.h[t - 1] if t else [0.0, 0.0])
    a = x_t @ p["W_xh"] + before @ p["W_hh"] + p["b_h"]
    wanted = {"fromX": x_t @ p["W_xh"], "fromH": before @ p["W_hh"], "a": a, "h": np.tanh(a)}
    for name, values in wanted.items():
        assert shown(page, name) == [written(float(one)) for one in values], name
    dot = page.locator(f"{ROOT} .now")
    x, y = (165 * (1 + side * one / 1.12) for side, one in zip((1, -1), lab.h[t], strict=True))
    page.wait_for_function(
        "([dot, x, y]) => Math.hypot(dot.getAttribute('cx') - x, dot.getAttribute('cy') - y) < 0.01",
        arg=[dot.element_handle(), x, y],
        timeout=5000,
    )


def test_mathematics_of_the_browser_is_that_of_in_numpy(page):
    rng = np.random.default_rng(9)
    script = f"""([p, turn, inputs, notes]) => {{ {MATH};
        const W_hh = turnedFurther(p.W_hh, turn);
        return {{ W_hh, h: stateRun({{ ...p, W_hh }}, inputs, notes).map((one) => one.h), turn: turnOf(W_hh) }}; }}"""
    for _ in range(200):
        D, T = int(rng.integers(1, 5)), int(rng.integers(1, 30))
        p = {
            "W_xh": rng.normal(size=(D, 2)),
            "W_hh": 1.5 * rng.normal(size=(2, 2)),
            "b_h": rng.normal(size=2),
        }
        inputs = [None if rng.random() < 0.4 else int(rng.integers(D)) for _ in range(T)]
        notes = [rng.uniform(-1, 1, size=2).tolist() if rng.random() < 0.1 else None for _ in range(T)]
        turn = float(rng.uniform(-40, 40))
        run = in_page(page, script, [{name: one.tolist() for name, one in p.items()}, turn, inputs, notes])
        W_hh = turned_further(p["W_hh"], turn)
        assert np.allclose(run["W_hh"], W_hh, rtol=1e-12, atol=1e-12)
        # a state that is pushed apart at every step would magnify the last bit beyond any bound
        first = 12
        h = run_states(p | {"W_hh": np.array(run["W_hh"])}, inputs, notes)
        assert np.allclose(run["h"][:first], h[:first], rtol=0, atol=1e-12)
        wanted = np.degrees(np.abs(np.angle(np.linalg.eigvals(W_hh))).max())
        real = np.isreal(np.linalg.eigvals(W_hh)).all()
        assert real or run["turn"] == pytest.approx(wanted, abs=1e-6)


def test_long_run_finds_cycles_and_their_turn(page):
    script = f"([p, h]) => {{ {MATH}; const {{ points, turn }} = longRun(p, h); return [points, turn]; }}"
    lab = counter()
    for further, degrees, points in ((10, 120, 3), (-20, 90, 4)):
        lab.turn = further
        p = {name: one.tolist() for name, one in lab.params.items()}
        assert page.evaluate(script, [p, [0.4, 0.1]]) == [points, pytest.approx(degrees, abs=0.05)]
    shrinking = {"W_xh": [[0, 0]], "W_hh": [[0.5, 0.2], [-0.2, 0.5]], "b_h": [0.1, 0.2]}
    assert page.evaluate(script, [shrinking, [0.4, 0.1]]) == [1, None]
    drifting = counter().params
    found, turn = page.evaluate(script, [{name: one.tolist() for name, one in drifting.items()}, [0.4, 0.1]])
    assert found is None
    h = run_states(drifting, [None] * 20_000, [[0.4, 0.1]] + [None] * 19_999)[700:]
    arrow = (h - h.mean(axis=0)) @ [1, 1j]
    assert turn == pytest.approx(np.degrees(np.abs(np.angle(arrow[1:] / arrow[:-1]))).mean(), abs=0.01)


def test_areas_are_those_of_the_readout(page):
    rng = np.random.default_rng(1)
    script = f"([readout, k]) => {{ {MATH}; return areaOf(readout, k, 1.12); }}"
    for _ in range(20):
        W, b = rng.normal(size=(2, 3)), 0.3 * rng.normal(size=3)
        for k in range(3):
            corners = page.evaluate(script, [{"W": W.tolist(), "b": b.tolist()}, k])
            assert np.allclose(np.array(corners).reshape(-1, 2), area(W, b, k), atol=1e-9)


def test_steps_are_taken_by_keys_and_show_pythons_numbers(page):
    lab = by_hand()
    start(page, lab)
    assert_shows(page, lab)
    slider = page.locator(f"{ROOT} [data-slider=step]")
    for step in (2, 3, 4):
        slider.press("ArrowRight")
        assert page.evaluate("state.step") == step
        assert_shows(page, in_python(page, lab))
    page.evaluate("window.close()")
    assert page.evaluate("window.listening()") == 0


def test_weights_inputs_and_states_are_typed(page):
    lab = by_hand()
    start(page, lab)
    page.locator(f"{ROOT} [data-slider=step]").fill("2")
    page.get_by_label("W hh, unit 2 to unit 1").fill("-0.75")
    page.get_by_label("W xh, rice to unit 2").fill("0.2")
    page.get_by_label("b h, unit 2").fill("0.4")
    assert in_python(page, lab).params["W_hh"].tolist() == [[0.5, -1.0], [-0.75, 0.5]]
    assert lab.params["W_xh"][1].tolist() == [0.5, 0.2] and lab.params["b_h"].tolist() == [0.5, 0.4]
    assert_shows(page, lab)
    page.get_by_label("Input of this step").select_option("pizza")
    page.get_by_label("Previous state, unit 1").fill("-0.3")
    assert in_python(page, lab).inputs == [0, 2, None, 0]
    assert lab.notes[1][0] == -0.3
    assert_shows(page, lab)
    page.get_by_label("W hh, unit 1 to unit 1").fill("")
    assert in_python(page, lab).params["W_hh"][0, 0] == 0.5, "an empty field is no number"
    page.get_by_role("button", name="as computed").click()
    assert in_python(page, lab).notes == [None] * 4
    page.get_by_role("button", name="Reset everything").click()
    fresh = by_hand()
    fresh.step = 2
    assert_shows(page, fresh)


def test_typing_into_a_turned_matrix_keeps_what_is_on_screen(page):
    lab = by_hand()
    start(page, lab)
    page.locator(f"{ROOT} [data-setting=turn]").fill("10")
    before = in_python(page, lab).params["W_hh"].copy()
    page.get_by_label("W hh, unit 1 to unit 2").fill("0.5")
    after = in_python(page, lab).params["W_hh"]
    assert page.evaluate("state.turn") == 0
    before[0, 1] = 0.5
    assert np.allclose(after, before, atol=1e-12)


def test_previous_state_is_dragged_by_mouse_and_moved_by_keys(page):
    lab = by_hand()
    start(page, lab)
    page.locator(f"{ROOT} [data-slider=step]").fill("3")
    dot = page.locator(f"{ROOT} .before")
    box = dot.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = lab.h[1]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y - 40, steps=3)
    page.mouse.up()
    note = in_python(page, lab).notes[2]
    scale = page.locator(f"{ROOT} .rnncourse-plane").bounding_box()["width"] / 2.24
    assert np.allclose(note, before + np.array([-60, 40]) / scale, atol=0.02)
    assert_shows(page, lab)
    dot.press("ArrowUp")
    dot.press("ArrowRight")
    assert in_python(page, lab).notes[2] == pytest.approx([note[0] + 0.05, note[1] + 0.05])
    assert_shows(page, lab)


def test_turning_the_matrix_catches_the_state(page):
    lab = counter()
    start(page, lab)
    verdict = page.locator(f"{ROOT} .rnncourse-verdict")
    assert "Not caught" in verdict.inner_text() and "First wrong at step" in verdict.inner_text()
    dots = page.locator(f"{ROOT} .long-run")
    assert dots.get_attribute("d").count("M") == 300
    turn = page.locator(f"{ROOT} [data-setting=turn]")
    turn.fill("7.5")
    turn.press("ArrowRight")
    assert page.evaluate("state.turn") == 8
    assert (
        "Caught: without input, the state goes around 3 points. It turns by 120.0° a step."
        in verdict.inner_text()
    )
    assert page.locator(f"{ROOT} .stops circle").count() == 3 and dots.get_attribute("d") == ""
    assert page.locator(f"{ROOT} .verdict[data-right]").count() == 31
    assert page.evaluate("state.done") == ["caught"]
    page.locator(f"{ROOT} [data-slider=step]").fill("9")
    page.locator(f"{ROOT} .before").press("ArrowUp")
    assert page.evaluate("state.done") == ["caught", "pushed"]
    turn.fill("-20")
    assert page.evaluate("state.done") == ["caught", "pushed", "four"]
    assert page.inner_text(f"{ROOT} .rnncourse-tasks") == "✓ ✓ ✓"
    assert_shows(page, in_python(page, lab))


def test_tasks_of_the_steps_tick_themselves_off(page):
    start(page, by_hand())
    page.locator(f"{ROOT} [data-slider=step]").fill("3")
    page.get_by_label("Previous state, unit 1").fill("0.2")
    assert page.evaluate("state.done") == []
    page.get_by_label("Previous state, unit 2").fill("-0.9")
    assert page.evaluate("state.done") == ["steer"]
    for one in page.locator(f"{ROOT} [data-weight^='W_hh']").all():
        assert "forget" not in page.evaluate("state.done")
        one.fill("0")
    assert page.evaluate("state.done") == ["steer", "forget"]


def test_steps_are_chosen_by_touch_and_control_and_effect_share_a_phone_screen(browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    lab = counter()
    start(page, lab)
    strip = page.locator(f"{ROOT} .rnncourse-strip").bounding_box()
    page.touchscreen.tap(strip["x"] + 10.5 / 31 * strip["width"], strip["y"] + 20)
    assert page.evaluate("state.step") == 11
    assert_shows(page, in_python(page, lab))
    plane = page.locator(f"{ROOT} .rnncourse-plane").bounding_box()
    assert strip["y"] + strip["height"] - plane["y"] < 664, "plane, turn and answers"
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [900, 390])
@pytest.mark.parametrize("kind", [by_hand, lambda: counter()], ids=["steps", "long run"])
def test_axe_finds_nothing_and_the_lab_fits(page, kind, width, theme):
    dress(page, width, theme)
    start(page, kind())
    page.locator(f"{ROOT} [data-slider=step]").fill("3")
    assert violations(page, "[data-widget='0']") == []
    box = page.locator(ROOT).bounding_box()
    assert box["width"] <= 900 and (width < 900 or box["height"] <= 620)
