"""The Gate lab's second tab in a browser, without a kernel: it writes and shows what in_numpy does, held or free."""

from __future__ import annotations

import numpy as np
import pytest
from browser.accessibility import dress, violations
from browser.widget_page import in_page, start
from playwright.sync_api import Page, expect

from rnncourse import in_numpy
from rnncourse.data import Vocabulary
from rnncourse.viz._lstm_cell import written
from rnncourse.widgets import GateLab, gate_lab
from rnncourse.widgets._fallback import read_front_end
from rnncourse.widgets._network_tab import HELD_GATES, TRACED
from rnncourse.widgets._unit_ranking import correlations, signal

ROOT = ".rnncourse-gate-lab"
TAB = f"{ROOT} [data-panel=network]"
FREE, HELD = f"{TAB} [data-text=free]", f"{TAB} [data-text=held]"
CHARACTERS, PROMPT, UNIT = '\n "abT.', 'ab "T', 3
FROZEN = {"f": 1.0, "i": 0.0}


def net_of(seed: int = 3, scale: float = 4.0) -> in_numpy.RecurrentNet:
    """Return a net with opinions: large weights, and biases that are not 0."""
    rng = np.random.default_rng(seed)
    V, H = len(CHARACTERS), 6
    net = in_numpy.RecurrentNet(in_numpy.LSTM(V, H, rng=rng, dtype="float64"), V, rng=rng)
    for name, array in net.params.items():
        net.params[name] = scale * array + 0.3 * rng.normal(size=array.shape)
    return net


def made(**settings) -> GateLab:
    first = {"network": net_of(), "vocabulary": Vocabulary(list(CHARACTERS)), "prompt": PROMPT, "unit": UNIT}
    return gate_lab(**first | settings)


def finished(page: Page, lab: GateLab) -> None:
    """Wait until the page shows what Python writes with the same settings."""
    prompt = lab.prompt or "\n"
    wanted = [prompt + lab.free_text, prompt + lab.text if lab.unit_holds else ""]
    page.wait_for_function(
        "([boxes, wanted]) => boxes.every((one, k) => document.querySelector(one).textContent === wanted[k])",
        arg=[[FREE, HELD], wanted],
    )


def on_lines(page: Page) -> dict[str, str]:
    """Return the numbers of the cell's picture by name."""
    return page.locator(f"{TAB} .rnncourse-diagram [data-value]").evaluate_all(
        "all => Object.fromEntries(all.map((one) => [one.dataset.value, one.textContent]))"
    )


def assert_shows(page: Page, lab: GateLab, place: int) -> None:
    """Compare the numbers at a character, counted from 1, with the lab's in Python."""
    trace = {name: values[place - 1] for name, values in lab.unit_trace.items()}
    before = lab.unit_trace["c"][place - 2]
    lines = trace | {"c_prev": before, "kept": trace["f"] * before, "forgotten": (1 - trace["f"]) * before}
    lines |= {"added": trace["i"] * trace["g"], "tanh_c": np.tanh(trace["c"])}
    assert on_lines(page) == {name: written(value) for name, value in lines.items()}
    for gate in HELD_GATES:
        assert float(page.locator(f"{TAB} [data-slider={gate}]").input_value()) == pytest.approx(
            trace[gate], abs=0.006
        )
    said = ", ".join(f"{name} {written(trace[name])}" for name in "figoch").replace(",", " ·")
    assert said in page.inner_text(f"{TAB} .rnncourse-readout")


TRACES = """([about, start, seed, holds, n, unit]) => {
    const net = netOf(about, about.weights);
    const next = writerOf(net, start, { temperature: 1, random: generator(net.generators[seed]), holds });
    const said = Array.from({ length: n }, next);
    return { said: said.map(({ index }) => index), ...traceOf(said, unit) };
}"""


def test_the_numbers_of_the_browser_are_those_of_in_numpy(page):
    rng, worst = np.random.default_rng(5), 0.0
    scripts = read_front_end(
        "activations.js", "gate_math.js", "gate_diagram.js", "writer_math.js", "gate_network.js"
    )
    page.evaluate(f"window.traces = (() => {{ {scripts}; return {TRACES}; }})(); 0")
    for k in range(100):
        lab = made(network=net_of(k, scale=1.5), unit=int(rng.integers(6)))
        lab.seed = int(rng.integers(100))
        held = {g: float(rng.uniform(*HELD_GATES[g])) for g in HELD_GATES if rng.random() < 0.4}
        lab.unit_holds = held
        holds = [
            {"part": gate, "value": value, "unit": lab.unit, "from": len(PROMPT)}
            for gate, value in lab.unit_holds.items()
        ]
        ids = [CHARACTERS.index(one) for one in PROMPT]
        asked = [lab.network, ids, lab.seed, holds, len(ids) + 100, lab.unit]
        found = in_page(page, "window.traces", asked)
        assert "".join(CHARACTERS[k] for k in found["said"]) == PROMPT + lab.text
        trace = lab.unit_trace
        for name in TRACED:
            wanted = trace[name]
            worst = max(worst, (np.abs(np.array(found[name]) - wanted) / np.maximum(1, np.abs(wanted))).max())
    assert worst < 1e-12


def test_freezing_a_unit_rewrites_the_text_and_letting_go_gives_it_back(page):
    lab = made()
    start(page, lab)
    finished(page, lab)
    page.get_by_role("button", name="Freeze").click()
    lab.unit_holds = FROZEN
    finished(page, lab)
    assert lab.text != lab.free_text
    assert page.evaluate("state.unit_holds") == FROZEN
    assert_shows(page, lab, len(PROMPT) + 1)
    assert page.locator(f"{TAB} [data-hold=f]").is_checked()
    assert not page.locator(f"{TAB} [data-hold=o]").is_checked()
    page.get_by_role("button", name="Let go").click()
    lab.unit_holds = {}
    finished(page, lab)
    assert page.evaluate("state.unit_holds") == {}


def test_the_text_comes_token_by_token_and_its_traces_with_it(page):
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    start(page, made())
    n = len(PROMPT)
    count = f"document.querySelector('{FREE}').children.length"
    letters = f"document.querySelector('{TAB} .letters').textContent.length"
    assert page.evaluate(count) == n + 1, "the prompt and one more in the first frame"
    seen = []
    while page.evaluate(count) < n + 100:
        page.clock.run_for(50)
        seen.append(page.evaluate(count))
        assert page.evaluate(letters) == seen[-1]
        assert len(seen) < 50
    assert len(seen) > 5 and seen == sorted(seen)


def test_who_wants_less_motion_sees_the_text_at_once(page):
    page.emulate_media(reduced_motion="reduce")
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    lab = made()
    start(page, lab)
    for _ in range(20):  # frames, each with as much as there is time for
        page.clock.run_for(17)
    assert page.inner_text(FREE).strip() == (PROMPT + lab.free_text).strip()


def test_a_slider_holds_its_gate_after_the_prompt(page):
    lab = made()
    lab.character = 2  # in the prompt, where nothing is held
    start(page, lab)
    finished(page, lab)
    slider = page.locator(f"{TAB} [data-slider=o]")
    assert "computed" in slider.get_attribute("aria-valuetext")
    slider.fill("0.3")
    assert page.evaluate("[state.unit_holds, state.character]") == [{"o": 0.3}, len(PROMPT) + 1]
    lab.unit_holds = {"o": 0.3}
    finished(page, lab)
    assert slider.get_attribute("aria-valuetext") == "0.30"
    assert_shows(page, lab, len(PROMPT) + 1)
    slider.press("ArrowRight")
    assert page.evaluate("state.unit_holds.o") == 0.31
    page.locator(TAB).get_by_label("hold output gate o").uncheck()
    assert page.evaluate("state.unit_holds") == {}
    page.locator(TAB).get_by_label("hold candidate g").check()
    lab.unit_holds = {}
    at = lab.unit_trace["g"][len(PROMPT)]
    assert page.evaluate("state.unit_holds.g") == pytest.approx(at, abs=0.006)


def test_a_valve_is_pulled(page):
    lab = made()
    lab.unit_holds = {"f": 1.0}
    start(page, lab)
    box = page.locator(f"{TAB} [data-valve=f] .field").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 0.08 * box["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 20)
    page.mouse.up()
    f = page.evaluate("state.unit_holds.f")
    assert 0.4 < f < 0.75
    lab.unit_holds = {"f": f}
    finished(page, lab)


def test_prompt_unit_and_draws_are_changed(page):
    lab = made()
    start(page, lab)
    page.get_by_label("Prompt").fill("T.")
    lab.prompt = "T."
    finished(page, lab)
    assert page.evaluate("state.character") == 3
    page.get_by_role("button", name="Write again").click()
    lab.seed = 1
    finished(page, lab)
    page.get_by_role("button", name="Freeze").click()
    page.get_by_label("Unit, of 6").select_option("5")
    lab.unit_holds, lab.unit = FROZEN, 5
    finished(page, lab)
    assert_shows(page, lab, 3)
    page.get_by_label("Prompt").fill("")
    lab.prompt = ""
    finished(page, lab)
    page.get_by_label("Prompt").fill("T€")
    alert = page.locator(f"{TAB} [role=alert]")
    assert alert.inner_text() == "The net has never met “€”. Take it out of the prompt."
    assert page.inner_text(FREE) == page.inner_text(HELD) == ""
    page.get_by_label("Prompt").fill("T")
    lab.prompt = "T"
    finished(page, lab)
    expect(alert).to_be_hidden()


def test_write_again_begins_anew_after_the_last_draws(page):
    lab = made()
    lab.seed = 99
    start(page, lab)
    page.get_by_role("button", name="Write again").click()
    assert page.evaluate("state.seed") == 0


def test_units_come_in_the_order_in_which_they_follow_capital_letters(page):
    lab = made()
    start(page, lab)
    finished(page, lab)
    text = PROMPT + lab.free_text
    ids = np.array([CHARACTERS.index(one) for one in text])
    net = net_of()
    net.forward(np.eye(len(CHARACTERS))[ids][:, None])
    r = correlations(net.layer.trace["c"][:, 0], signal("capitals", text))
    options = page.locator(f"{TAB} option").all_inner_texts()
    order = np.argsort(-np.abs(r).round(9), kind="stable")
    assert [int(one.partition(",")[0]) for one in options] == order.tolist()
    assert options[0] == f"{order[0]}, capital letters {written(r[order[0]])}"
    assert page.locator(f"{TAB} [data-writing=unit]").input_value() == str(UNIT)


def test_a_character_is_chosen_by_key_by_press_and_by_hovering(page):
    lab = made()
    start(page, lab)
    finished(page, lab)
    page.locator(f"{TAB} [data-slider=step]").press("ArrowRight")
    assert page.evaluate("state.character") == len(PROMPT) + 2
    assert_shows(page, lab, len(PROMPT) + 2)
    page.locator(f"{FREE} > *").nth(30).click()
    assert page.evaluate("state.character") == 31
    page.locator(f"{FREE} > *").nth(40).hover()
    assert_shows(page, lab, 41)
    assert page.evaluate("state.character") == 31
    page.mouse.move(5, 5)
    assert_shows(page, lab, 31)
    box = page.locator(f"{TAB} .rnncourse-traces").bounding_box()
    wide = (box["width"] - 48) / 105
    page.mouse.click(box["x"] + 46 + 60.5 * wide, box["y"] + 80)
    assert page.evaluate("state.character") == 61


def test_play_walks_over_the_text_and_carries_a_number_along_the_belt(page):
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    lab = made()
    start(page, lab)
    page.clock.run_for(2000)
    page.locator(TAB).get_by_role("button", name="Play").click()
    page.clock.run_for(600)
    assert page.evaluate("state.character") == len(PROMPT) + 2
    page.clock.run_for(300)
    assert float(page.locator(f"{TAB} .packet").get_attribute("r")) > 2
    page.clock.run_for(120 * 500)
    assert page.evaluate("state.character") == len(PROMPT) + 100
    assert page.locator(TAB).get_by_role("button", name="Play").is_visible()


def outlines(page: Page) -> dict[str, bool]:
    return page.locator(f"{TAB} [data-held]").evaluate_all(
        "all => Object.fromEntries(all.map((one) => [one.dataset.held, one.getAttribute('visibility') === 'visible']))"
    )


def test_traces_are_as_long_as_the_values_and_what_is_held_has_an_outline(page):
    lab = made()
    lab.unit_holds = FROZEN
    start(page, lab)
    finished(page, lab)
    assert outlines(page) == {"f": True, "i": True, "g": False, "o": False}
    path = page.locator(f"{TAB} [data-trace=o]").get_attribute("d")
    tall = [-float(part.split("v")[1].split("h")[0]) for part in path.split("z")[:-1]]
    assert np.allclose(tall, 14 * lab.unit_trace["o"], atol=0.06)
    plus = page.locator(f"{TAB} .belt [data-sign=plus]").get_attribute("d").count("M")
    assert plus == (lab.unit_trace["c"] >= 0).sum()
    shown = page.locator(f"{TAB} .letters").text_content()
    assert shown == (PROMPT + lab.text).replace(" ", "·").replace("\n", "↵")


def test_the_share_of_capitals_is_told(page):
    lab = made()
    lab.unit_holds = FROZEN
    start(page, lab)
    finished(page, lab)
    for name, text in (("free", lab.free_text), ("held", lab.text)):
        letters = [one for one in text if one.isalpha()]
        share = round(100 * sum(one.isupper() for one in letters) / len(letters))
        assert f"{share} % capitals" in page.inner_text(f"{TAB} [data-part={name}-title]")


def selected(page: Page) -> list[str]:
    return page.locator(f"{ROOT} [role=tab][aria-selected=true]").all_inner_texts()


def test_tabs_are_tabs(page):
    start(page, made())
    tabs = page.get_by_role("tablist", name="Gate lab").get_by_role("tab")
    assert tabs.all_inner_texts() == ["One unit alone", "One unit of your network"]
    assert selected(page) == ["One unit of your network"]
    assert page.get_by_role("tabpanel", name="One unit of your network").is_visible()
    tabs.nth(1).focus()
    for key, name in (("ArrowRight", 0), ("ArrowLeft", 1), ("Home", 0), ("End", 1), ("ArrowLeft", 0)):
        page.keyboard.press(key)
        assert page.evaluate("state.tab") == ("cell", "network")[name]
        assert [one.get_attribute("tabindex") for one in tabs.all()] == [["0", "-1"], ["-1", "0"]][name]
        assert page.evaluate("document.activeElement.dataset.tab") == ("cell", "network")[name]
    panel = page.get_by_role("tabpanel", name="One unit alone")
    assert panel.is_visible() and not page.locator(TAB).is_visible()
    assert tabs.first.get_attribute("aria-controls") == panel.get_attribute("id")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.hasAttribute('data-preset')")
    page.locator(f"{ROOT} [data-panel=cell] [data-slider=f]").fill("0.5")
    assert page.evaluate("[state.holds.f[0], state.unit_holds]") == [0.5, {}]
    tabs.nth(1).click()
    assert page.locator(TAB).is_visible()
    page.evaluate("window.close()")
    assert page.evaluate("window.listening()") == 0


def test_a_lab_without_a_network_has_no_tabs(page):
    start(page, gate_lab())
    assert page.get_by_role("tab").count() == page.get_by_role("tabpanel").count() == 0


def test_only_the_finished_text_is_announced(page):
    lab = made()
    start(page, lab)
    page.get_by_role("button", name="Freeze").click()
    lab.unit_holds = FROZEN
    finished(page, lab)
    heard = f"{ROOT} [aria-live=polite]"
    page.wait_for_function(f"document.querySelector('{heard}').textContent !== ''")
    words = f"Unit 3 is held from the end of the prompt on: f = 1.00, i = 0.00. The network writes: {PROMPT}{lab.text}"
    assert page.text_content(heard) == words


def test_lab_works_by_touch(browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.set_content('<meta name="viewport" content="width=device-width">')
    lab = made()
    start(page, lab)
    finished(page, lab)
    page.get_by_role("button", name="Freeze").tap()
    lab.unit_holds = FROZEN
    finished(page, lab)
    page.locator(f"{HELD} > *").nth(50).tap()
    assert page.evaluate("state.character") == 51
    assert_shows(page, lab, 51)
    text, cell = (
        page.locator(f"{TAB} {one}").bounding_box() for one in (".rnncourse-texts", ".rnncourse-hands")
    )
    first, last = min(text["y"], cell["y"]), max(text["y"] + text["height"], cell["y"] + cell["height"])
    assert last - first < 664, "a valve and the text that it changes are on one screen"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


@pytest.mark.parametrize(("width", "theme"), [(900, "light"), (900, "dark"), (390, "light")])
def test_axe_finds_nothing_and_both_tabs_fit(page, width, theme):
    dress(page, width, theme)
    lab = made()
    lab.unit_holds = FROZEN
    start(page, lab)
    finished(page, lab)
    for tab in ("network", "cell"):
        page.locator(f"{ROOT} [data-tab={tab}]").click()
        assert violations(page, ROOT) == []
        box = page.locator(ROOT).bounding_box()
        assert box["width"] <= 900 and (width < 900 or box["height"] <= 620), box
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        sizes = page.locator(
            f"{ROOT} [data-panel={tab}] :is(text, tspan, span, p, button, option)"
        ).evaluate_all(
            """all => all.filter((one) => one.textContent.trim()).map((one) => {
                const scale = one instanceof SVGElement ? one.getScreenCTM().a : 1;
                return scale * parseFloat(getComputedStyle(one).fontSize);
            })"""
        )
        assert min(sizes) >= 10.99
