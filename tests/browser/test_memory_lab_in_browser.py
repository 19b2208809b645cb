"""The memory game in a browser: its rules are those of data.memory_game, and it is played by mouse, keys and touch."""

from __future__ import annotations

import numpy as np
import pytest
from browser.accessibility import dress, violations
from browser.widget_page import in_page, start

from rnncourse.data import memory_game
from rnncourse.widgets import memory_lab
from rnncourse.widgets._fallback import read_front_end

ROOT = ".rnncourse-memory-lab"
MATH = read_front_end("memory_math.js")


class Dealt(np.random.Generator):
    """A generator whose permutations and draws are known beforehand."""

    def __init__(self, deck: np.ndarray, draws: np.ndarray):
        super().__init__(np.random.PCG64(0))
        self.deck, self.draws = deck, iter(draws)

    def permutation(self, x):
        return self.deck

    def integers(self, high):
        return int(next(self.draws) * high)


def test_rules_in_the_browser_are_those_of_python(page):
    rng = np.random.default_rng(4)
    script = f"""([deck, remembered, draws]) => {{ {MATH};
        return playGame(deck, remembered, () => draws.shift()); }}"""
    for trial in range(200):
        pairs = int(rng.integers(1, 9))
        remembered = int(rng.integers(0, 2 * pairs + 1))
        deck = rng.permutation(np.repeat(np.arange(pairs), 2))
        draws = rng.random(4000)
        wanted = memory_game(pairs, remembered, Dealt(deck, draws))
        game = in_page(page, script, [deck.tolist(), remembered, draws.tolist()])
        assert game["places"] == wanted.turned.tolist(), trial
        assert game["states"] == [[card.position for card in state] for state in wanted.states]
        assert game["taken"] == wanted.taken.tolist()
        before, removed = [()] + [set(one) for one in game["states"]], wanted.gone
        for t, dropped in enumerate(game["dropped"]):
            lost = set(before[t]) - set(game["states"][t])
            assert set(dropped) == {one for one in lost if not removed[t][one]}


def test_players_of_the_browser_need_as_many_moves_as_those_of_python(page):
    script = f"""() => {{ {MATH}; const deck = [...Array(16).keys()].map((k) => Math.floor(k / 2));
        return [0, 2, 4, 16].map((size) => meanOf(movesOverDeals(deck, size, 400, size))); }}"""
    means = page.evaluate(script)
    for size, mean in zip((0, 2, 4, 16), means, strict=True):
        moves = [memory_game(8, size, np.random.default_rng(deal)).moves for deal in range(400)]
        assert mean == pytest.approx(np.mean(moves), abs=4 * np.std(moves) * (2 / 400) ** 0.5)


def perfect_order(deck: list[int]) -> list[int]:
    """Return the places in an order that takes a pair with each move."""
    return sorted(range(len(deck)), key=lambda place: (deck[place], place))


def test_a_game_is_played_by_mouse_and_compared_with_the_players(page):
    lab = memory_lab()
    start(page, lab)
    order = perfect_order(lab.deck)
    page.locator(f"{ROOT} .rnncourse-yours [data-place='{order[0]}']").click()
    page.locator(f"{ROOT} .rnncourse-yours [data-place='{order[2]}']").click()  # no pair
    assert page.locator(f"{ROOT} .rnncourse-yours [data-state=up]").count() == 2
    for place in order:
        page.locator(f"{ROOT} .rnncourse-yours [data-place='{place}']").click()
    assert page.evaluate("state.results") == [[-1, 9]]
    assert "You needed 9 moves" in page.inner_text(f"{ROOT} .rnncourse-says")
    assert page.inner_text(f"{ROOT} [data-part=mine]") == "9 moves"
    assert page.locator(f"{ROOT} .rnncourse-chart .own text").text_content() == "you: 9"
    turned = page.evaluate("state.turned.length")
    empty = page.locator(f"{ROOT} .rnncourse-yours [data-place='{order[4]}']")
    empty.click(force=True)
    assert page.evaluate("state.turned.length") == turned


def test_cards_are_reached_and_turned_by_keys(page):
    lab = memory_lab()
    start(page, lab)
    first = page.locator(f"{ROOT} .rnncourse-yours [data-place='0']")
    first.focus()
    for key in ("ArrowLeft", "ArrowDown", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    assert page.evaluate("state.turned") == [6]
    page.keyboard.press("Enter")  # the same card a second time
    assert page.evaluate("state.turned") == [6]
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    assert page.evaluate("state.turned") == [6, 2]
    name = lab.fixed["pictures"][lab.deck[2]]["name"]
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == f"Place 3: {name}"


def test_her_memory_is_set_by_keys_and_what_drops_out_is_shown(page):
    lab = memory_lab(2)
    start(page, lab)
    script = (
        f"""([deck, remembered, seed]) => {{ {MATH}; return playGame(deck, remembered, luckOf(seed)); }}"""
    )
    game = page.evaluate(script, [lab.deck, 2, 1])
    drops = next(t for t, dropped in enumerate(game["dropped"]) if dropped)
    page.locator(f"{ROOT} [data-slider=step]").fill(str(drops + 1))
    names = [one["name"] for one in lab.fixed["pictures"]]
    listed = ", ".join(f"{names[lab.deck[place]]} at place {place + 1}" for place in game["states"][drops])
    assert page.locator(f"{ROOT} .rnncourse-slots").get_attribute("aria-label") == f"She remembers {listed}."
    assert page.inner_text(f"{ROOT} .rnncourse-lost small") == str(game["dropped"][drops][0] + 1)
    page.locator(f"{ROOT} [data-setting=remembered]").press("ArrowLeft")
    assert page.evaluate("[state.remembered, state.card]") == [1, 0]
    assert page.locator(f"{ROOT} .slot").count() == 1


def test_her_games_become_dots_and_tasks_tick_themselves_off(page):
    lab = memory_lab(0)
    start(page, lab)
    page.locator(f"{ROOT} [data-slider=step]").press("End")
    [[player, moves]] = page.evaluate("state.results")
    assert (player, moves) == (0, page.evaluate("state.steps") / 2)
    page.locator(f"{ROOT} [data-slider=step]").press("Home")
    page.locator(f"{ROOT} [data-slider=step]").press("End")
    assert len(page.evaluate("state.results")) == 1, "a game watched twice is one game"
    page.get_by_role("button", name="Let her play 20 more deals").click()
    assert page.locator(f"{ROOT} .dots circle").count() == 21
    assert page.locator(f"{ROOT} .rnncourse-tasks").inner_text() == "○ ✓ ○"
    mean = np.mean([one for _, one in page.evaluate("state.results")])
    assert page.inner_text(f"{ROOT} .rnncourse-reads") == f"21 games, {mean:.1f} moves on average"
    page.get_by_role("button", name="New deal").click()
    assert page.evaluate("[state.turned, state.card]") == [[], 0]
    assert page.evaluate("state.deck") != lab.deck
    assert sorted(page.evaluate("state.deck")) == sorted(lab.deck)
    page.evaluate("window.close()")
    assert page.evaluate("window.listening()") == 0


def test_cards_are_turned_by_touch_on_a_phone(browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    start(page, memory_lab())
    page.locator(f"{ROOT} .rnncourse-yours [data-place='9']").tap()
    assert page.evaluate("state.turned") == [9]
    control = page.locator(f"{ROOT} [data-setting=remembered]").bounding_box()
    chart = page.locator(f"{ROOT} .rnncourse-chart").bounding_box()
    hers = page.locator(f"{ROOT} .rnncourse-hers").bounding_box()
    assert chart["y"] + chart["height"] - min(hers["y"], control["y"]) < 664
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [900, 390])
def test_axe_finds_nothing_and_the_lab_fits(page, width, theme):
    dress(page, width, theme)
    start(page, memory_lab(16))
    page.locator(f"{ROOT} [data-slider=step]").fill("15")
    page.locator(f"{ROOT} .rnncourse-yours [data-place='3']").click()
    assert violations(page, "[data-widget='0']") == []
    box = page.locator(ROOT).bounding_box()
    assert box["width"] <= 900 and (width < 900 or box["height"] <= 620)
