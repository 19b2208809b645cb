"""The Gradient lab in a browser: its numbers are those of NumPy and of analysis; keys, mouse and touch move it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from browser.accessibility import dress, violations
from browser.widget_page import in_page, start
from nbformat.v4 import new_code_cell, new_markdown_cell
from playwright.sync_api import Page

from rnncourse.analysis.gradient_flow import GradientFlow, gradient_flow
from rnncourse.building.outputs import refresh
from rnncourse.in_numpy import LSTM, RNN, orthogonal
from rnncourse.viz._flow import survival_colours
from rnncourse.widgets import GradientLab, gradient_lab
from rnncourse.widgets._fallback import read_front_end
from rnncourse.widgets._gradient_lab import CELLS, RANGES, STARTS, STREAMS, UNITS, power_text, verdict

ROOT = ".rnncourse-gradient-lab"
MATH = read_front_end("vendor/ml_matrix.js", "vendor/ziggurat.js", "numpy_random.js", "gradient_math.js")
WORDS = read_front_end("gradient_chart.js")
SETTINGS = GradientLab._settings
LAB, READ, SET = 1, 3, 4


def computed(page: Page, code: str, argument: object = None) -> object:
    """Return what JavaScript returns that knows the lab's mathematics; `given` is the argument."""
    return in_page(page, f"(given) => {{ {MATH}; {code} }}", argument)


def number(value: float | None) -> float:
    """Return a logarithm that crossed from the page: there is no infinity in JSON."""
    return -np.inf if value is None else value


def test_draws_are_numpys_bit_for_bit(page):
    code = """return given.map((seed) => {
        const random = numpyRandom(seed);
        const uniform = random.uniform(0.7, 500);
        random.skip(3);
        return [[...uniform], [...random.normal(3000)]];
    });"""
    seeds = [[k] for k in range(30)] + [[k, 1] for k in range(5)] + [[2**31 + 5], [0, 2**32 - 1]]
    for seed, (uniform, normal) in zip(seeds, computed(page, code, seeds), strict=True):
        rng = np.random.default_rng(seed)
        assert np.array_equal(uniform, rng.uniform(-0.7, 0.7, 500))
        rng.random(3)
        assert np.array_equal(normal, rng.normal(size=3000)), "bit for bit, the tail as well"
    assert max(abs(one) for one in normal) > 3
    one = np.random.default_rng(0)
    assert (
        computed(page, "return [...numpyRandom([0]).uniform(0.5, 3)]") == one.uniform(-0.5, 0.5, 3).tolist()
    )


def random_settings(rng: np.random.Generator) -> dict:
    """Return settings that the controls have, all of them with some chance."""
    chosen = {
        name: str(rng.choice([*ways]))
        for name, ways in (("cell", CELLS), ("init", STARTS), ("inputs", STREAMS))
    }
    for name, (first, last, step) in RANGES.items():
        chosen[name] = round(first + step * int(rng.integers(round((last - first) / step) + 1)), 6)
    return chosen | {"T": int(chosen["T"]), "seed": int(chosen["seed"])}


FLOW = """const { cell, init, scale, T, seed, forget_bias, inputs, H } = given;
    const flow = gradientFlow(cell, init, scale, T, seed, forget_bias, inputs, H);
    const finite = (all) => Array.from(all, (one) => (one === -Infinity ? null : one));
    return { norms: finite(flow.norms), sizes: finite(flow.sizes), dead: flow.dead,
        f: flow.f && flow.f.map((one) => [...one]), reach: reachOf(flow), fate: fateOf(flow) };"""


def test_flows_are_those_of_analysis_in_200_random_settings(page):
    """Relative to 1e-12; to less where the run itself magnifies what is rounded differently in a last bit.

    A tanh RNN or an LSTM with an exploding gradient is chaotic: the last bit of an early state is in the third digit of
    a late one, and the largest gain of the run says how much. In a saturated unit, 1 - h² cancels digits of the slope;
    the smallest factor of a step says how many. The slopes of ReLU have no digits to lose.
    """
    rng = np.random.default_rng(3)
    exact = 0
    for _ in range(200):
        chosen = random_settings(rng)
        run, flow = computed(page, FLOW, chosen | {"H": UNITS}), gradient_flow(**chosen, H=UNITS)
        smooth = chosen["cell"] not in ("relu", "leaky_relu")
        magnified = max(flow.norms.max(), 1 / flow.factors.min()) if smooth else 1.0
        norms = np.array([number(one) for one in run["norms"]])[::-1]
        assert np.array_equal(np.isinf(norms), np.isinf(flow.log10_norms)), chosen
        left = np.isfinite(norms)
        off = np.abs(np.expm1(np.log(10) * (norms[left] - flow.log10_norms[left]))).max()
        assert off < 1e-12 * magnified, (chosen, off)
        exact += off < 1e-12
        assert run["dead"] == flow.dead_units.sum(), chosen
        if flow.mean_forget is not None:
            assert np.mean(run["f"]) == pytest.approx(flow.mean_forget, abs=1e-12 * magnified)
        # a single unit's gradient is a sum of numbers of both signs: what cancels leaves its rounding behind
        sizes = np.array([number(one) for one in run["sizes"]]).reshape(-1, UNITS)
        large = flow.log10_gradients > flow.log10_norms[::-1, None] - 2
        apart = np.expm1(np.log(10) * (sizes[large] - flow.log10_gradients[large]))
        assert np.abs(apart).max() < 1e-10 * magnified, chosen
    assert exact >= 180, "most settings, those with up to 200 steps included, agree to 1e-12 itself"


@pytest.mark.parametrize("H", [4, 12, 64])
def test_flows_of_other_sizes_are_those_of_analysis(page, H):
    """Four units may cancel what the steps before them left, so that the last digits differ."""
    rng = np.random.default_rng(H)
    for _ in range(10):
        chosen = random_settings(rng) | {"scale": 0.9, "T": 30}
        run, flow = computed(page, FLOW, chosen | {"H": H}), gradient_flow(**chosen, H=H)
        assert 10 ** np.array([number(one) for one in run["norms"]])[::-1] == pytest.approx(
            flow.norms, rel=1e-10
        )


def test_reach_and_fate_are_those_of_analysis(page):
    for chosen in ({"cell": "tanh"}, {"cell": "relu", "scale": 3.0}, {"cell": "lstm", "forget_bias": 3.0}):
        given = {
            "init": "uniform",
            "scale": 1.0,
            "T": 50,
            "seed": 1,
            "forget_bias": 0.0,
            "inputs": "noise",
        } | chosen
        run, flow = computed(page, FLOW, given | {"H": 16}), gradient_flow(**given, H=16)
        assert run["reach"] == flow.reach(1e-3)
        last = flow.log10_norms[-1]
        assert run["fate"] == ("dies" if last < -3 else "explodes" if last > 3 else "survives")


@pytest.mark.parametrize("init", STARTS)
def test_eigenvalues_singular_value_and_ellipses_are_numpys(page, init):
    code = """const { init, seed, H } = given;
        const { values, radius, stretch } = spectrumOf(init, seed, H);
        return { values, radius, stretch, ellipses: ellipsesOfMatrix(init, seed, 30, H) };"""
    for seed in range(3):
        W = gradient_flow("tanh", init, seed=seed, T=5, H=32).W_hh
        found = computed(page, code, {"init": init, "seed": seed, "H": 32})
        wanted = np.linalg.eigvals(W)
        here = np.array(found["values"]) @ [1, 1j]
        apart = np.abs(here[:, None] - wanted)
        assert apart.min(axis=0).max() < 1e-10 and apart.min(axis=1).max() < 1e-10
        assert found["radius"] == pytest.approx(np.abs(wanted).max(), rel=1e-12)
        _, s, directions = np.linalg.svd(W)
        assert found["stretch"] == pytest.approx(s[0], rel=1e-12)
        if init in ("orthogonal", "identity"):  # every plane is stretched alike
            assert all(
                abs(one["long"]) < 1e-12 and one["short"] == pytest.approx(1) for one in found["ellipses"]
            )
            continue
        rows = directions[:2]  # a gradient is a row, and one step back multiplies it by W_hh transposed
        for one in found["ellipses"]:
            long, short = np.linalg.svd(rows, compute_uv=False)
            assert 10 ** one["long"] == pytest.approx(long, rel=1e-9)
            assert one["short"] == pytest.approx(short / long, rel=1e-9)
            rows = rows @ W.T


def test_ellipses_of_an_lstm_are_products_of_its_forget_gates(page):
    code = """const flow = gradientFlow("lstm", "glorot", 1, 20, 4, 1, "noise", 8);
        return [flow.f.map((one) => [...one]), ellipsesOfGates(flow.f, 20, 8)];"""
    f, ellipses = computed(page, code)
    f = np.array(f)
    units = np.argsort(-f[-1])[:2]
    for k, one in enumerate(ellipses):
        axes = sorted(f[20 - k :, units].prod(axis=0))
        assert 10 ** one["long"] == pytest.approx(axes[1], rel=1e-12)
        assert one["short"] == pytest.approx(axes[0] / axes[1], rel=1e-12)


def test_draws_of_a_layer_are_those_of_in_numpy(page):
    layer = orthogonal(LSTM(2, 8, np.random.default_rng(5), dtype="float64"), np.random.default_rng(5))
    rng = np.random.default_rng(5)
    orthogonal(LSTM(2, 8, rng, dtype="float64"), rng)  # what gradient_flow does: one generator for both
    rng = np.random.default_rng(5)
    layer = orthogonal(LSTM(2, 8, rng, dtype="float64"), rng)
    code = """const p = drawnParameters("lstm", "orthogonal", 5, 8);
        return { W_x: [...p.W_x], W_h: p.W_h.map((one) => [...one]), b: [...p.b] };"""
    p = computed(page, code)
    assert np.array_equal(np.reshape(p["W_x"], (2, 32)), layer.params["W_x"])
    blocks = np.hstack([np.reshape(one, (8, 8)) for one in p["W_h"]])
    assert np.allclose(blocks, layer.params["W_h"], rtol=0, atol=1e-14)
    rng = np.random.default_rng(6)
    rnn = RNN(2, 8, "tanh", rng, dtype="float64")
    rnn.params = {
        name: rng.uniform(-1 / np.sqrt(8), 1 / np.sqrt(8), shape) for name, shape in rnn.shapes.items()
    }
    p = computed(page, 'const p = drawnParameters("rnn", "uniform", 6, 8); return [[...p.W_h[0]], [...p.b]];')
    assert np.array_equal(np.reshape(p[0], (8, 8)), rnn.params["W_hh"]) and np.array_equal(
        p[1], rnn.params["b_h"]
    )


def test_numbers_are_written_as_python_writes_them(page):
    rng = np.random.default_rng(0)
    values = [
        *rng.uniform(-30, 30, 200),
        *rng.uniform(-2.2, 3.2, 200),
        0.0,
        np.log10(99.7),
        np.log10(9.96e-8),
    ]
    found = page.evaluate(f"(values) => {{ {WORDS}; return values.map(powerText); }}", values)
    assert found == [power_text(one) for one in values]
    assert page.evaluate(f"() => {{ {WORDS}; return powerText(-Infinity); }}") == "0"


@pytest.mark.parametrize(
    ("log10", "words"),
    [
        (0.0, "its length is the same"),
        (np.log10(0.5), "50 % of its length is left"),
        (np.log10(0.012), "1.2 % of its length is left"),
        (np.log10(1 / 450), "one part in 450 is left"),
        (np.log10(1 / 4200), "one part in 4.2 thousand is left"),
        (-8.5, "one part in 320 million is left"),
        (-40.2, "one part in 10 to the power of 40 is left"),
        (np.log10(3.2), "it is 3.2 times as long"),
        (4.0, "it is 10 thousand times as long"),
    ],
)
def test_a_gain_is_said_in_words(page, log10, words):
    assert page.evaluate(f"(value) => {{ {WORDS}; return gainWords(value); }}", log10) == words


def shown(page: Page) -> dict[str, str]:
    tiles = page.locator(f"{ROOT} [data-number]").all()
    return {one.get_attribute("data-number"): one.inner_text() for one in tiles}


def assert_shows(page: Page, flow: GradientFlow) -> None:
    """Compare the verdict, the tiles, the curve and the colours of the heat map with a GradientFlow."""
    assert page.inner_text(f"{ROOT} .rnncourse-fate").startswith(verdict(flow))
    reach = flow.reach()
    wanted = {"factor": f"{flow.factor:.2f}", "reach": "never" if reach is None else f"{reach} steps"}
    if flow.mean_forget is None:
        wanted["dead"] = f"{flow.dead_units.sum()} of {flow.H}"
    else:
        wanted["forget"] = f"{flow.mean_forget:.2f}"
    assert shown(page) == wanted
    path = page.locator(f"{ROOT} .curve").get_attribute("d")
    x, y = np.array([point.split() for point in path[1:].split("L")], dtype=float).T
    fit = np.polyfit(flow.log10_norms[::-1], y, 1)
    assert fit[0] < 0 and np.allclose(np.polyval(fit, flow.log10_norms[::-1]), y, atol=0.1)
    assert np.allclose(np.diff(x), np.diff(x)[0], atol=0.11)
    assert np.abs(painted(page) - survival_colours(flow.log10_gradients.T).astype(int)).max() <= 1


def painted(page: Page) -> np.ndarray:
    """Return the colours of the heat map (units, steps, 3) as they are in the canvas."""
    wide, tall, data = page.evaluate(
        """root => {
            const canvas = document.querySelector(`${root} canvas`);
            const { width, height } = canvas;
            return [width, height, [...canvas.getContext('2d').getImageData(0, 0, width, height).data]];
        }""",
        ROOT,
    )
    return np.array(data).reshape(tall, wide, 4)[:, :, :3]


def test_every_control_changes_the_picture(page):
    start(page, gradient_lab("tanh", T=20, H=16))
    chosen = {
        "cell": "tanh",
        "init": "uniform",
        "scale": 1.0,
        "T": 20,
        "seed": 0,
        "inputs": "noise",
        "forget_bias": 0.0,
    }
    assert_shows(page, gradient_flow(**chosen, H=16))
    presses = [
        ("cell", "lstm"),
        ("init", "orthogonal"),
        ("inputs", "pulse"),
        ("scale", 1.05),
        ("T", 25),
        ("seed", 1),
    ]
    for name, value in [*presses, ("forget_bias", 0.5)]:
        control = page.locator(f"{ROOT} [data-setting={name}]")
        if isinstance(value, str):
            control.select_option(value)
        else:
            control.press("ArrowRight")
        chosen[name] = value
        assert page.evaluate(f"state.{name}") == value
        assert_shows(page, gradient_flow(**chosen, H=16))
    page.get_by_role("button", name="Reset everything").click()
    assert_shows(page, gradient_flow("tanh", T=20, H=16))
    page.evaluate("window.close()")
    assert page.evaluate("window.listening()") == 0


def test_the_forget_bias_is_for_the_lstm(page):
    start(page, gradient_lab("tanh", T=20, H=16))
    bias = page.locator(f"{ROOT} [data-setting=forget_bias]")
    assert bias.is_disabled()
    page.locator(f"{ROOT} [data-setting=cell]").select_option("lstm")
    assert bias.is_enabled()
    labels = page.locator(f"{ROOT} .rnncourse-numbers dt").all_inner_texts()
    assert labels[-1] == "forget gate ft, mean of all steps and units"
    assert "forget gates f" in page.locator(f"{ROOT} figcaption").first.inner_text()
    assert "An LSTM has no single W" in page.inner_text(f"{ROOT} .rnncourse-note")


def place(page: Page, pad: str, flow: GradientFlow, step: int, unit: int = 0) -> tuple[float, float]:
    """Return where a step is on the page, and in the heat map a unit."""
    box = page.locator(f"{ROOT} [data-pad={pad}]").bounding_box()
    y = (unit + 0.5) / flow.H if pad == "heat" else 0.5
    return box["x"] + box["width"] * (step + 0.5) / (flow.T + 1), box["y"] + y * box["height"]


def readout(page: Page) -> str:
    return page.inner_text(f"{ROOT} .rnncourse-readout")


def test_the_mouse_reads_the_curve_and_the_heat_map(page):
    flow = gradient_flow("tanh", T=50, H=16)
    start(page, gradient_lab("tanh", T=50, H=16))
    assert readout(page).endswith("the gradient starts here.")
    page.mouse.move(*place(page, "curve", flow, 30))
    assert readout(page).startswith(
        f"Step 30, 20 steps back: ‖∂h50/∂h30‖ = {power_text(flow.log10_norms[20])}, one part in "
    )
    page.mouse.move(*place(page, "heat", flow, 41, 7))
    wanted = power_text(flow.log10_gradients[41, 7])
    assert readout(page).endswith(f"Unit 7: |∂L/∂h41| = {wanted}.")
    cell = page.locator(f"{ROOT} .unit")
    assert cell.get_attribute("visibility") == "visible"
    page.mouse.move(5, 5)
    assert readout(page).startswith("Step 50, 0 steps back") and page.evaluate("state.step") == 50
    page.mouse.click(*place(page, "curve", flow, 12))
    page.mouse.move(5, 5)
    assert readout(page).startswith("Step 12, 38 steps back") and page.evaluate("state.step") == 12
    page.mouse.move(*place(page, "heat", flow, 20, 3))
    page.mouse.down()
    page.mouse.move(*place(page, "heat", flow, 33, 3), steps=4)
    page.mouse.up()
    assert page.evaluate("state.step") == 33


def test_keys_read_the_curve_and_the_heat_map(page):
    flow = gradient_flow("tanh", T=50, H=16)
    start(page, gradient_lab("tanh", T=50, H=16))
    curve = page.locator(f"{ROOT} [data-pad=curve]")
    for key in ("ArrowLeft", "ArrowLeft", "PageDown", "ArrowRight"):
        curve.press(key)
    assert page.evaluate("state.step") == 39
    assert curve.get_attribute("aria-valuenow") == "39"
    assert power_text(flow.log10_norms[11]) in curve.get_attribute("aria-valuetext")
    heat = page.locator(f"{ROOT} [data-pad=heat]")
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowDown"):
        heat.press(key)
    assert readout(page).endswith(f"Unit 2: |∂L/∂h38| = {power_text(flow.log10_gradients[38, 2])}.")
    heat.press("Home")
    assert page.evaluate("state.step") == 0
    heat.press("End")
    assert page.evaluate("state.step") == 50
    page.locator(f"{ROOT} [data-slider=step]").focus()
    assert "Unit" not in readout(page)


def test_limits_are_where_they_say(page):
    start(page, gradient_lab("tanh", T=50, H=16))
    path = page.locator(f"{ROOT} .curve").get_attribute("d")
    y = np.array([point.split() for point in path[1:].split("L")], dtype=float)[:, 1]
    fit = np.polyfit(gradient_flow("tanh", T=50, H=16).log10_norms[::-1], y, 1)
    for fate, power in (("explodes", 3), ("dies", -3)):
        line = page.locator(f"{ROOT} .limit[data-fate={fate}]").get_attribute("d")
        assert float(re.match(r"M\d+ ([\d.]+)H", line)[1]) == pytest.approx(np.polyval(fit, power), abs=0.1)
    words = page.inner_html(f"{ROOT} .frame")
    assert "above 1,000: explodes" in words and "below 1/1000: dies" in words


def test_eigenvalues_are_drawn_beside_the_unit_circle(page):
    start(page, gradient_lab("tanh", scale=1.5, seed=2))
    W = gradient_flow("tanh", scale=1.5, seed=2, H=32).W_hh
    unit, radius = (
        float(page.locator(f"{ROOT} .eigenvalues .{name}").get_attribute("r"))
        for name in ("unit-circle", "radius")
    )
    wanted = np.linalg.eigvals(W)
    assert radius / unit == pytest.approx(np.abs(wanted).max(), rel=1e-6)
    dots = page.locator(f"{ROOT} .dots circle").evaluate_all(
        "all => all.map((one) => [one.cx.baseVal.value, one.cy.baseVal.value])"
    )
    found = (np.array(dots) - 80) @ [1, -1j] / unit
    assert np.abs(found[:, None] - wanted).min(axis=1).max() < 1e-4
    words = page.locator(f"{ROOT} figcaption").first.inner_text()
    assert f"spectral radius {np.abs(wanted).max():.2f}" in words
    assert f"largest singular value {np.linalg.norm(W, 2):.2f}" in words


def test_the_circle_becomes_an_ellipse_step_by_step(page):
    start(page, gradient_lab("tanh", scale=0.9, T=40))
    W = gradient_flow("tanh", scale=0.9, H=32).W_hh
    rows = np.linalg.svd(W)[2][:2]
    ellipse, circle = page.locator(f"{ROOT} .now"), page.locator(f"{ROOT} .ellipses .unit-circle")
    assert ellipse.get_attribute("rx") == ellipse.get_attribute("ry")
    for back in range(1, 5):
        page.get_by_role("button", name="Back").click()
        rows = rows @ W.T
        axes = np.linalg.svd(rows, compute_uv=False)
        drawn = [float(ellipse.get_attribute(name)) for name in ("rx", "ry")]
        assert np.allclose(drawn, axes * float(circle.get_attribute("r")), atol=0.01)
        assert page.locator(f"{ROOT} figcaption").nth(1).inner_text().startswith(f"{back} step")
        assert page.locator(f"{ROOT} .trail ellipse").count() == back
    page.locator(f"{ROOT} [data-slider=step]").fill("10")
    assert "magnified" in page.locator(f"{ROOT} .zoom").text_content()


def test_play_walks_back_and_less_motion_is_slower(page):
    start(page, gradient_lab("tanh", T=5, H=8))
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("state.step === 0", timeout=5000)
    assert page.get_by_role("button", name="Play").count() == 1
    page.emulate_media(reduced_motion="reduce")
    duration = page.locator(f"{ROOT} .now").evaluate("one => getComputedStyle(one).transitionDuration")
    assert duration == "0s"
    page.get_by_role("button", name="Play").click()
    page.wait_for_timeout(500)
    assert page.evaluate("state.step") == 5, "the first of its calm steps comes later"
    page.wait_for_function("state.step < 5", timeout=3000)


def test_a_curve_is_kept_and_dropped(page):
    start(page, gradient_lab("tanh", T=20, H=16))
    kept, curve = page.locator(f"{ROOT} .kept"), page.locator(f"{ROOT} .curve")
    page.get_by_role("button", name="Keep this curve").click()
    assert kept.get_attribute("d") == curve.get_attribute("d")
    page.locator(f"{ROOT} [data-setting=cell]").select_option("sigmoid")
    assert curve.get_attribute("d") != kept.get_attribute("d")
    assert page.inner_text(f"{ROOT} .kept-name") == "dashed: RNN with tanh, uniform, scale 1"
    page.locator(f"{ROOT} [data-setting=T]").press("ArrowRight")
    points = kept.get_attribute("d")[1:].split("L")
    assert len(points) == 21 and points[-1].split()[0] == curve.get_attribute("d").split("L")[-1].split()[0]
    page.get_by_role("button", name="Drop it").click()
    assert kept.get_attribute("d") == "" and page.locator(f"{ROOT} .kept-name").count() == 0


def test_tasks_tick_themselves_off(page):
    start(page, gradient_lab("tanh", T=100))
    step, scale = (page.locator(f"{ROOT} [data-{kind}]") for kind in ("slider=step", "setting=scale"))
    reach = gradient_flow("tanh", T=100, H=32).reach()
    step.fill(str(100 - reach + 1))
    assert page.evaluate("state.done") == []
    step.press("ArrowLeft")
    done = ["read"]
    assert page.evaluate("state.done") == done
    assert page.inner_text(f"{ROOT} .rnncourse-says").startswith("Task: RNN with tanh, uniform weights")
    cell, init = (page.locator(f"{ROOT} [data-setting={name}]") for name in ("cell", "init"))
    tasks = [
        ("tanh", lambda: scale.fill("2.1")),
        ("sigmoid", lambda: (cell.select_option("sigmoid"), scale.fill("3"))),
        ("relu", lambda: cell.select_option("relu")),
        ("identity", lambda: (init.select_option("identity"), scale.fill("1"))),
        ("lstm", lambda: (cell.select_option("lstm"), init.select_option("uniform"))),
    ]
    for name, act in tasks:
        act()
        if name == "identity":
            assert page.evaluate("state.done") == done, "with seed 0 nothing is left"
            page.locator(f"{ROOT} [data-setting=seed]").fill("1")
        if name == "lstm":
            assert page.evaluate("state.done") == done, "without a bias it dies"
            page.locator(f"{ROOT} [data-setting=forget_bias]").fill("2")
        done = [*done, name]
        assert page.evaluate("state.done") == done
    assert page.inner_text(f"{ROOT} .rnncourse-says") == "All tasks are done."
    assert page.inner_text(f"{ROOT} .rnncourse-tasks") == "✓ ✓ ✓ ✓ ✓ ✓"


def test_controls_have_names_and_the_words_are_heard(page):
    start(page, gradient_lab("tanh", T=20, H=16))
    group = page.get_by_role("group", name="Gradient lab")
    for name in ("Cell", "Initialization", "Input"):
        assert group.get_by_role("combobox", name=name).count() == 1
    for name in ("Weight scale", "Steps T", "Seed", "Forget bias", "Step t", "Curve, step t"):
        assert group.get_by_role("slider", name=name, exact=True).count() == 1
    assert group.locator("[data-setting=cell] option").all_inner_texts() == [*CELLS.values()]
    page.locator(f"{ROOT} [data-setting=scale]").press("ArrowRight")
    flow = gradient_flow("tanh", scale=1.05, T=20, H=16)
    heard = page.locator(f"{ROOT} [aria-live=polite]")
    page.wait_for_function("one => one.textContent !== ''", arg=heard.element_handle(), timeout=3000)
    for words in (verdict(flow), f"{flow.factor:.2f}", f"spectral radius {flow.spectral_radius:.2f}"):
        assert words in heard.text_content()
    assert verdict(flow) in page.locator(f"{ROOT} .rnncourse-chart svg").get_attribute("aria-label")


def test_touch_chooses_a_step_and_control_and_effect_share_a_phone_screen(browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    flow = gradient_flow("tanh", T=50, H=16)
    start(page, gradient_lab("tanh", T=50, H=16))
    page.touchscreen.tap(*place(page, "curve", flow, 25))
    assert page.evaluate("state.step") == 25
    tops = {
        name: page.locator(f"{ROOT} {name}").bounding_box()
        for name in (".rnncourse-settings", ".rnncourse-chart", ".rnncourse-side")
    }
    chart = tops[".rnncourse-chart"]
    assert chart["y"] + chart["height"] - tops[".rnncourse-settings"]["y"] < 664, (
        "all settings, the verdict and the chart"
    )
    assert tops[".rnncourse-side"]["height"] < 664, "the planes and their buttons"
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [900, 390])
@pytest.mark.parametrize("cell", ["tanh", "lstm"])
def test_axe_finds_nothing_and_the_lab_fits(page, cell, width, theme):
    dress(page, width, theme)
    start(page, gradient_lab(cell, forget_bias=1.0))
    page.get_by_role("button", name="Keep this curve").click()
    page.locator(f"{ROOT} [data-slider=step]").fill("90")
    assert violations(page, "[data-widget='0']") == []
    box = page.locator(ROOT).bounding_box()
    assert box["width"] <= 900 and (width < 900 or box["height"] <= 620)
    sizes = page.locator(f"{ROOT} :not(sub, tspan)").evaluate_all(
        "all => all.filter((one) => one.textContent.trim()).map((one) => parseFloat(getComputedStyle(one).fontSize))"
    )
    assert min(sizes) >= 11


# In JupyterLab


def cells() -> list:
    """Return the cells of the notebook that these tests drive; the constants above are their places."""
    code = "from rnncourse.widgets import gradient_lab\nlab = gradient_lab('tanh', T=20, H=16)\nlab"
    return [
        new_markdown_cell("# Scratch\n\nA heading that the arrow keys could fold."),
        new_code_cell(code),
        new_markdown_cell("## Below"),
        new_code_cell(
            "print(lab.cell, lab.scale, lab.T, lab.step, round(lab.flow.log10_norms[-1], 6), lab.kept is None)"
        ),
        new_code_cell("lab.cell, lab.scale, lab.T = 'tanh', 1.0, 20\nlab.drop()"),
    ]


@pytest.fixture(scope="module")
def notebook(server, any_lab) -> Iterator:
    """Return JupyterLab with the notebook open and all its cells run once."""
    server.write("gradient_lab.ipynb", cells())
    with any_lab() as lab:
        lab.open("gradient_lab.ipynb")
        lab.run_all()
        lab.page.wait_for_selector(f"{ROOT} canvas")
        assert lab.errors() == []
        yield lab


@pytest.fixture
def lab(notebook):
    """Return the notebook with the Gradient lab's cell active and the lab set as at first."""
    notebook.run(SET)
    wait_for(notebook, gradient_flow("tanh", T=20, H=16))
    notebook.activate(LAB)
    return notebook


def wait_for(lab, flow: GradientFlow) -> None:
    """Wait until the page shows the verdict and the factor of `flow`; fail where it never does."""
    lab.page.wait_for_function(
        """([root, words, factor]) => document.querySelector(`${root} .rnncourse-fate`).textContent.startsWith(words)
            && document.querySelector(`${root} [data-number=factor]`).textContent === factor""",
        arg=[ROOT, verdict(flow), f"{flow.factor:.2f}"],
        timeout=10_000,
    )


def press(lab, setting: str, *keys: str) -> None:
    lab.tab_to(f"{ROOT} [data-setting={setting}]")
    for key in keys:
        lab.page.keyboard.press(key)


def test_keys_change_the_settings_and_leave_the_notebook_alone(lab):
    before = lab.shape()
    press(lab, "cell", "ArrowDown")  # tanh -> ReLU
    press(lab, "init", "ArrowDown")
    press(lab, "scale", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowUp")
    press(lab, "T", "ArrowRight")
    press(lab, "seed", "ArrowRight", "ArrowRight")
    wait_for(lab, gradient_flow("relu", "glorot", 1.1, T=25, seed=2, H=16))
    press(lab, "seed", "Home", "a", "d", "d")  # letters that would add and delete cells
    press(lab, "init", "ArrowUp")
    wait_for(lab, gradient_flow("relu", "uniform", 1.1, T=25, seed=0, H=16))
    lab.tab_to(f"{ROOT} [data-pad=heat]")
    lab.page.keyboard.press("ArrowDown")
    assert "Unit 1" in lab.page.inner_text(f"{ROOT} .rnncourse-readout")
    lab.page.wait_for_timeout(300)
    assert lab.shape() == before, "a key reached the notebook"


def test_python_reads_what_the_keys_set_and_sets_what_is_shown(lab):
    press(lab, "T", "ArrowRight")
    lab.tab_to(f"{ROOT} [data-pad=curve]")
    lab.page.keyboard.press("ArrowLeft")
    lab.tab_to(f"{ROOT} [data-do=keep]")
    lab.page.keyboard.press("Enter")
    flow = gradient_flow("tanh", T=25, H=16)
    assert lab.run_and_read(READ).split() == [
        "tanh",
        "1.0",
        "25",
        "24",
        str(round(flow.log10_norms[-1], 6)),
        "False",
    ]
    lab.run(SET)
    wait_for(lab, gradient_flow("tanh", T=20, H=16))
    assert lab.page.inner_text(f"{ROOT} .rnncourse-readout").startswith("Step 20, 0 steps back")
    assert lab.page.locator(f"{ROOT} .kept-name").count() == 0


def test_escape_leads_back_to_the_notebook(lab):
    press(lab, "scale", "Escape", "ArrowDown")
    lab.page.wait_for_timeout(300)
    assert lab.shape()[0] == LAB + 1


def test_stored_notebook_shows_a_picture(server, any_lab):
    refresh(server.write("stored_lab.ipynb", cells()))
    with any_lab() as lab:
        page = lab.open("stored_lab.ipynb")
        picture = page.locator(".rnncourse-fallback img")
        assert picture.is_visible()
        assert verdict(gradient_flow("tanh", T=20, H=16)) in picture.get_attribute("alt")
        assert page.locator(ROOT).count() == 0
        assert "Run this cell (Shift + Enter)" in page.inner_text(".jp-Notebook")
        assert lab.errors() == []
