"""All widgets on one page: no style sheet changes another widget, and no key of one moves another."""

from __future__ import annotations

import numpy as np
import pytest
from browser.accessibility import violations
from browser.widget_page import start_all
from playwright.sync_api import Page

from rnncourse.data import Scaler, Vocabulary, memory_game, sunspots
from rnncourse.in_numpy import LSTM, MLP, RNN, RecurrentNet
from rnncourse.widgets import (
    Question,
    attention_lab,
    credit_lab,
    drift_lab,
    gate_lab,
    gradient_lab,
    jar_lab,
    memory_lab,
    memory_stepper,
    quiz,
    sampler,
    sentence_lab,
    state_lab,
    window_lab,
    wiring_lab,
)
from rnncourse.widgets._fallback import ReadableWidget

CHARACTERS = "\n abT."

# `look(k)` notes the computed style of every element of widget k; `changes(k)` says what differs from that now.
# Identifiers drawn by chance, such as those of gradients, are left out.
WATCH = """() => {
    const sheets = [...document.querySelectorAll('style')];
    const noted = [];
    const styles = (k) => [...document.querySelectorAll(`[data-widget="${k}"] *`)].map((one) => {
        const style = getComputedStyle(one);
        return [one, Object.fromEntries([...style].map((name) => [name, style.getPropertyValue(name)]))];
    });
    window.only = (k) => sheets.forEach((one, other) => (one.disabled = other !== k));
    window.all = (order) => order.forEach((k) => {
        document.head.append(sheets[k]);
        sheets[k].disabled = false;
    });
    window.look = (k) => (noted[k] = styles(k)).length;
    window.changes = (k) => styles(k).flatMap(([one, style], n) => Object.keys(style)
        .filter((name) => style[name] !== noted[k][n][1][name])
        .map((name) => `${one.tagName}.${one.getAttribute('class')} ${name}: `
            + `${noted[k][n][1][name]} -> ${style[name]}`));
}"""


def all_widgets() -> list[ReadableWidget]:
    rng = np.random.default_rng(3)
    shapes = {"W_xh": (2, 3), "W_hh": (3, 3), "b_h": (3,), "W_hy": (3, 4), "b_y": (4,), "h0": (1, 3)}
    p = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    net = RecurrentNet(LSTM(len(CHARACTERS), 5, rng=rng), len(CHARACTERS), rng=rng)
    question = Question("Which `gate`?", ["left", "right"], "right", "Read it.", "which")
    answered = quiz([question, Question("And?", ["one", "two"], "one", "So it is.", "and")])
    answered.history = [{"key": "which", "chosen": 0}]
    return [
        drift_lab(rng.normal(size=(2, 4, 3, 2)), ["a", "b", "c"], [0, 1, 5, 20], ["a", "b"]),
        memory_stepper(memory_game(2, 2, rng)),
        answered,
        wiring_lab("stacked"),
        gate_lab("latch"),
        gradient_lab("lstm", T=10, H=8),
        sampler(net, Vocabulary(list(CHARACTERS)), prompt="ab", characters=40),
        memory_lab(),
        jar_lab(),
        sentence_lab(Vocabulary(["saw", "Doug"]), np.ones((2, 3))),
        state_lab(RNN(3, 2, rng=rng), ["a", "b", "c"], ["a", None]),
        window_lab(*sunspots(), MLP((3, 4, 1), rng=rng), Scaler(50.0, 40.0)),
        credit_lab(p, rng.normal(size=(3, 1, 2)), rng.integers(4, size=(3, 1))),
        attention_lab([(rng.dirichlet(np.ones(3), size=2), ["x", "y", "z"], ["1", "2"])]),
    ]


@pytest.fixture
def full(page: Page) -> Page:
    """Return a page with all widgets; it always has a scroll bar, so that nothing depends on its length."""
    page.evaluate("document.documentElement.style.overflowY = 'scroll'")
    start_all(page, all_widgets())
    page.evaluate(WATCH)
    return page


def names() -> list[str]:
    return [type(one).__name__ for one in all_widgets()]


def settle(page: Page) -> None:
    """Wait until widgets that measure their own width have drawn themselves again."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.wait_for_timeout(200)


def test_no_style_sheet_changes_another_widget(full):
    widgets = list(enumerate(names()))
    for k, name in widgets:
        full.evaluate("k => only(k)", k)
        settle(full)
        assert full.evaluate("k => look(k)", k) > 10, name
    for order in ([k for k, _ in widgets], [k for k, _ in reversed(widgets)]):
        full.evaluate("order => all(order)", order)
        settle(full)
        assert {name: full.evaluate("k => changes(k).slice(0, 5)", k) for k, name in widgets} == {
            name: [] for _, name in widgets
        }


def test_a_rule_that_is_not_about_one_widget_is_noticed(full):
    for k in range(len(names())):
        full.evaluate("k => look(k)", k)
    full.add_style_tag(content=".rnncourse-live.rnncourse-live .rnncourse-walk { display: grid }")
    changed = [full.evaluate("k => changes(k)", k) for k in range(len(names()))]
    walked = [
        "DriftLab",
        "FramePlayer",
        "GateLab",
        "GradientLab",
        "MemoryLab",
        "JarLab",
        "StateLab",
        "WindowLab",
        "AttentionLab",
    ]
    assert [any("display: flex -> grid" in line for line in lines) for lines in changed] == [
        name in walked for name in names()
    ]


def test_keys_reach_only_the_widget_with_the_focus(full):
    def traits() -> list:
        return full.evaluate(
            "() => [models[0].get('seed'), models[1].get('t'), models[3].get('pattern'), models[4].get('step')]"
        )

    first = traits()
    full.locator("[data-widget='1'] [data-slider=step]").press("ArrowRight")
    assert traits() == [first[0], first[1] + 1, *first[2:]]
    full.locator("[data-widget='4'] [data-slider=step]").press("ArrowRight")
    assert traits() == [first[0], first[1] + 1, first[2], first[3] + 1]


def test_axe_finds_nothing_on_the_page_of_all_widgets(full):
    for k in range(len(all_widgets())):
        assert violations(full, f"[data-widget='{k}']") == []
