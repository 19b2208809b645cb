"""The sampler in a browser, without a kernel: it writes what in_numpy writes, by keyboard, mouse and touch."""

from __future__ import annotations

import numpy as np
import pytest
from browser.accessibility import dress, violations
from browser.widget_page import in_page, start
from playwright.sync_api import Page

from rnncourse import in_numpy
from rnncourse.data import Vocabulary
from rnncourse.widgets import Sampler, sampler
from rnncourse.widgets._fallback import read_front_end
from rnncourse.widgets._unit_ranking import SIGNALS, correlations, signal
from rnncourse.widgets._writing_net import packed, start_of

ROOT = ".rnncourse-sampler"
TEXT, READOUT = f"{ROOT} .rnncourse-text", f"{ROOT} .rnncourse-readout"
CHARACTERS = "\n abT."
MATHEMATICS = read_front_end("activations.js", "writer_math.js")


def net_of(kind: str = "LSTM", seed: int = 3, phi: str = "tanh", scale: float = 4.0) -> in_numpy.RecurrentNet:
    """Return a net with opinions: large weights, and biases that are not 0."""
    rng = np.random.default_rng(seed)
    extra = {"phi": phi} if kind == "RNN" else {}
    V, H = len(CHARACTERS), 7
    net = in_numpy.RecurrentNet(getattr(in_numpy, kind)(V, H, rng=rng, dtype="float64", **extra), V, rng=rng)
    for name, array in net.params.items():
        net.params[name] = scale * array + 0.3 * rng.normal(size=array.shape)
    return net


def made(kind: str = "LSTM", **settings) -> Sampler:
    return sampler(
        net_of(kind), Vocabulary(list(CHARACTERS)), **{"prompt": "ab", "characters": 60, **settings}
    )


def finished(page: Page, widget: Sampler) -> None:
    """Wait until the page shows what Python writes with the same settings."""
    page.wait_for_function(
        "([text, wanted]) => document.querySelector(text).textContent === wanted",
        arg=[TEXT, (widget.prompt or "\n") + widget.text],
    )


WRITE = """([weights, fixed, start, settings]) => {
    const net = netOf(fixed, weights);
    const next = writerOf(net, start, { ...settings, random: generator(fixed.generators[settings.seed]) });
    return Array.from({ length: start.length + settings.n }, () => {
        const { memory, made, ...one } = next();
        return { ...one, memory: [...memory] };
    });
}"""


def test_browser_draws_from_pcg64_as_numpy_does(page):
    script = f"""([pairs, n]) => {{ {MATHEMATICS};
        return pairs.map((pair) => {{ const draw = generator(pair); return Array.from({{ length: n }}, draw); }}); }}"""
    found = page.evaluate(script, [made().fixed["generators"], 50])
    assert found == [np.random.default_rng(seed).random(50).tolist() for seed in range(100)]


EDGES = [2.0**-24, -(2.0**-14), 0.0, -1.0, 65504.0, 1023 * 2.0**-24]
STEPS = [0.0, 1 / 64, -1 / 64, 8.0, -8.0, 32 / 64]


@pytest.mark.parametrize(
    ("bits", "kind", "edges"),
    [(6, "float32", STEPS), (16, "float16", EDGES), (32, "float32", EDGES), (64, "float64", EDGES)],
)
def test_browser_unpacks_every_parameter_exactly(page, bits, kind, edges):
    net = net_of()
    for name, array in net.params.items():
        net.params[name] = (np.rint(64 * array) / 64 if bits == 6 else array).astype(kind)
    net.params["b_y"] = np.array(edges, dtype=kind)
    widget = sampler(net, Vocabulary(list(CHARACTERS)))
    assert widget.fixed["bits"] == bits
    script = f"""([weights, {{ shapes, bits }}]) => {{ {MATHEMATICS};
        const all = Object.entries(unpack(weights, shapes, bits));
        return Object.fromEntries(all.map(([name, numbers]) => [name, [...numbers]])); }}"""
    found = page.evaluate(script, [packed(net), widget.fixed])
    assert found == {name: array.astype(float).ravel().tolist() for name, array in net.params.items()}


def random_holds(rng: np.random.Generator, widget: Sampler) -> None:
    parts = [name for name in widget.fixed["parts"] if rng.random() < 0.9 or name == "nothing"]
    hold = str(rng.choice(parts))
    low = 0.0 if hold in widget.fixed["gates"] else -1.0
    widget.unit, widget.value = int(rng.integers(-1, 7)), float(rng.uniform(low, 1))
    widget.hold = hold


def test_mathematics_of_the_browser_is_that_of_in_numpy(page):
    rng, worst = np.random.default_rng(8), 0.0
    page.evaluate(f"window.write = (() => {{ {MATHEMATICS}; return {WRITE}; }})(); 0")
    for k in range(200):
        kind = ("RNN", "LSTM", "GRU")[k % 3]
        phi = ("tanh", "sigmoid", "relu", "leaky_relu")[k % 4]
        widget = sampler(
            net_of(kind, seed=k, phi=phi, scale=1.5), Vocabulary(list(CHARACTERS)), prompt="ab T"
        )
        widget.characters, widget.seed = 40, int(rng.integers(100))
        widget.temperature = float(rng.uniform(0.3, 2))
        random_holds(rng, widget)
        holds = [
            {
                "part": one.gate,
                "value": one.value,
                "unit": -1 if one.units is None else one.units,
                "from": 0 if one.steps is None else min(one.steps),
            }
            for one in widget._holds(4)
        ]
        settings = {"temperature": widget.temperature, "seed": widget.seed, "holds": holds, "n": 40}
        start_ = start_of(widget.prompt, widget.vocabulary).tolist()
        asked = [widget.weights, widget.fixed, start_, settings]
        found = in_page(page, "window.write", asked)
        wanted = widget.written
        assert [one["index"] for one in found] == [*start_, *wanted.indices]
        for name, values in (("p", wanted.p), ("drawn", wanted.drawn)):
            worst = max(worst, np.abs(np.array([one[name] for one in found[4:]]) - values).max())
        memory = np.array([one["memory"] for one in found[:-1]])
        worst = max(worst, (np.abs(memory - wanted.memory) / np.maximum(1, np.abs(wanted.memory))).max())
        for one, best in zip(found[4:], wanted.likeliest, strict=True):
            pairs = zip(one["likeliest"], best, strict=True)
            worst = max(worst, *(abs(q - wanted_q) for (_, q), (_, wanted_q) in pairs))
    assert worst < 1e-12


def test_browser_ranks_units_as_python_does(page):
    rng = np.random.default_rng(2)
    script = f"""([text, name, memory]) => {{ {MATHEMATICS};
        const wanted = SIGNAL_OF[name](text);
        return [wanted, correlationsOf(memory, wanted)]; }}"""
    for name in SIGNALS:
        for _ in range(20):
            text = "".join(rng.choice(list("aBcde 'x\".É"), size=50))
            memory = rng.normal(size=(50, 6))
            memory[:, 1] = 0.25
            found, r = page.evaluate(script, [list(text), name, memory.tolist()])
            assert found == signal(name, text).tolist()
            assert np.allclose(r, correlations(memory, signal(name, text)), rtol=0, atol=1e-12)


def test_text_is_written_again_whenever_a_setting_changes(page):
    widget = made()
    start(page, widget)
    finished(page, widget)
    page.locator(f"{ROOT} [data-setting=temperature]").press("ArrowRight")
    widget.temperature = 0.75
    finished(page, widget)
    page.locator(f"{ROOT} [data-setting=prompt]").fill("baT")
    widget.prompt = "baT"
    finished(page, widget)
    page.locator(f"{ROOT} [data-setting=hold]").select_option("f")
    widget.hold = "f"
    finished(page, widget)
    assert page.locator(f"{TEXT} b").count() == 3
    page.evaluate("window.close()")
    assert page.evaluate("window.listening()") == 0


def test_surprise_is_marked_and_read_out(page):
    widget = made(temperature=1.5)
    start(page, widget)
    finished(page, widget)
    written = widget.written
    levels = page.locator(f"{TEXT} span").evaluate_all("all => all.map((one) => Number(one.dataset.p))")
    assert levels == [sum(p < limit for limit in (0.5, 0.2, 0.05)) for p in written.p]
    assert len(set(levels)) == 4
    k = int(np.argmin([1 if one == "\n" else p for one, p in zip(widget.text, written.p, strict=True)]))
    page.locator(f"{TEXT} span").nth(k).hover()
    said = page.inner_text(READOUT)
    assert f"to which it gave {100 * written.p[k]:.0f} %: {-np.log2(written.p[k]):.1f} bits" in said
    page.mouse.move(5, 890)
    look = page.get_by_label("Look at character")
    for _ in range(2):
        look.press("ArrowRight")
    assert page.inner_text(READOUT).startswith("The network expected ")
    assert page.locator(f"{ROOT} .rnncourse-now").get_attribute("data-k") == "4"
    assert "bits" in look.get_attribute("aria-valuetext")


def first_unit(page: Page) -> int:
    return int(page.locator(f"{ROOT} .take").first.get_attribute("data-unit"))


def test_units_are_ranked_taken_hold_of_and_let_go(page):
    widget = made(temperature=1.0)
    start(page, widget)
    finished(page, widget)
    page.get_by_label("Units that follow").select_option("vowels")
    widget.follows = "vowels"
    ranked = widget.ranking()[:5]
    shown = page.locator(f"{ROOT} .take").evaluate_all("all => all.map((one) => Number(one.dataset.unit))")
    assert shown == [k for k, _ in ranked]
    numbers = page.locator(f"{ROOT} .number").all_text_contents()
    assert numbers == [f"{r:.2f}".replace("-", "\N{MINUS SIGN}") for _, r in ranked]
    page.locator(f"{ROOT} .take").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("[state.hold, state.unit]") == ["frozen", ranked[0][0]]
    widget.unit, widget.hold = ranked[0][0], "frozen"
    finished(page, widget)
    page.wait_for_function(f"document.querySelector('{ROOT} .take').getAttribute('aria-pressed') === 'true'")
    assert first_unit(page) == ranked[0][0]
    page.locator(f"{ROOT} .take").first.click()
    widget.hold = "nothing"
    finished(page, widget)
    assert page.evaluate("state.hold") == "nothing"


def test_text_takes_the_color_of_a_unit(page):
    widget = made()
    start(page, widget)
    finished(page, widget)
    page.get_by_label("Color the text by").select_option("unit")
    unit = first_unit(page)
    signs = page.locator(f"{TEXT} > *").evaluate_all("all => all.map((one) => one.dataset.sign)")
    assert signs[:-1] == ["minus" if one < 0 else "plus" for one in widget.written.memory[:, unit]]


def test_a_strange_character_is_explained_and_an_rnn_has_nothing_to_freeze(page):
    start(page, made("RNN"))
    page.locator(f"{ROOT} [data-setting=prompt]").fill("a?b!")
    alert = page.get_by_role("alert")
    page.wait_for_function(f"document.querySelector('{TEXT}').textContent === ''")
    assert alert.inner_text() == "The net has never met “!”, “?”. Take them out of the prompt."
    page.locator(f"{ROOT} [data-setting=prompt]").fill("ab")
    alert.wait_for(state="hidden")
    assert "frozen" not in page.locator(f"{ROOT} [data-setting=hold]").inner_text()


@pytest.mark.parametrize(("seed", "following"), [(0, 1), (98, 99), (99, 0)])
def test_write_again_takes_the_next_seed_and_begins_anew_after_the_last(page, seed, following):
    start(page, made(seed=seed))
    page.get_by_role("button", name="Write again").click()
    assert page.evaluate("state.seed") == following


def test_a_gate_is_never_held_at_less_than_0(page):
    widget = made()
    widget.hold, widget.value = "c", -0.5
    start(page, widget)
    page.locator(f"{ROOT} [data-setting=hold]").select_option("f")
    assert page.evaluate("[state.hold, state.value]") == ["f", 0]
    assert page.get_by_label("at value").get_attribute("min") == "0"
    page.locator(f"{ROOT} [data-setting=hold]").select_option("c")
    assert page.get_by_label("at value").get_attribute("min") == "-1"


def test_a_unit_is_stored_once_it_is_one(page):
    widget = made()
    widget.hold = "c"
    start(page, widget)
    unit = page.get_by_role("spinbutton", name="Unit")
    for typed, stored in (("4", 4), ("7", 4), ("", 4), ("-1", -1), ("0", 0)):
        unit.fill(typed)
        assert page.evaluate("state.unit") == stored


def test_lab_works_by_touch(browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.set_content('<meta name="viewport" content="width=device-width">')
    widget = made()
    start(page, widget)
    finished(page, widget)
    page.locator(f"{TEXT} span").nth(4).tap()
    assert page.get_by_label("Look at character").input_value() == "7"
    page.locator(f"{ROOT} .take").nth(1).tap()
    assert page.evaluate("state.hold") == "frozen"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


def test_only_the_finished_text_is_announced(page):
    widget = made()
    start(page, widget)
    finished(page, widget)
    heard = f"{ROOT} [aria-live=polite]"
    page.wait_for_function(f"document.querySelector('{heard}').textContent !== ''")
    assert page.text_content(heard) == f"60 characters: ab{widget.text}"


@pytest.mark.parametrize(("width", "theme"), [(900, "light"), (900, "dark"), (400, "light")])
def test_axe_finds_nothing_and_the_lab_fits(page, width, theme):
    dress(page, width, theme)
    widget = made(characters=400)
    start(page, widget)
    finished(page, widget)
    assert violations(page, ROOT) == []
    box = page.locator(ROOT).bounding_box()
    assert box["width"] <= 900 and (width < 900 or box["height"] <= 620)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    sizes = page.locator(f"{ROOT} :is(text, span, small, p)").evaluate_all(
        "all => all.filter((one) => one.textContent).map((one) => parseFloat(getComputedStyle(one).fontSize))"
    )
    assert min(sizes) >= 11
