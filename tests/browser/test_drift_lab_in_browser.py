"""The drift lab in a browser: its neighbors are those of Python; mouse, keys and touch move it."""

from __future__ import annotations

import re

import numpy as np
import pytest
from browser.accessibility import dress, violations
from browser.widget_page import start
from playwright.sync_api import Page, expect

from rnncourse.viz._lstm_cell import written
from rnncourse.widgets import DriftLab, drift_lab
from rnncourse.widgets._drift_lab import first_together, nearest_neighbors
from rnncourse.widgets._fallback import read_front_end

ROOT = ".rnncourse-drift-lab"
MATH = read_front_end("drift_math.js")
PLANE = read_front_end("vendor/d3.js", "drift_math.js", "drift_plane.js")
LABELS = ["Doug", "saw", "Jane", "period", "Spot"]
UPDATES = [0, 1, 2, 3, 10, 1000]
SIDE, PAD = 430, 26


def paths() -> np.ndarray:
    """Return (3, 6, 5, 2): words that begin near 0 and end in three places, elsewhere with each seed."""
    rng = np.random.default_rng(4)
    ends = rng.normal(size=(3, 3, 2)) * 2
    ends = ends[:, [0, 1, 0, 2, 0]] + rng.normal(size=(3, 5, 2)) * 0.1
    starts = rng.normal(size=(3, 5, 2)) * 0.3
    share = np.array([0, 0.05, 0.1, 0.2, 0.6, 1])[:, None, None]
    return starts[:, None] * (1 - share) + ends[:, None] * share


def lab() -> DriftLab:
    return drift_lab(paths(), LABELS, UPDATES, together=["Doug", "Jane", "Spot"])


def in_python(page: Page) -> DriftLab:
    """Return a lab of Python with the state that the page holds."""
    made, state = lab(), page.evaluate("state")
    for name in ("seed", "step", "word"):
        setattr(made, name, state[name])
    return made


def places(page: Page, selector: str) -> np.ndarray:
    """Return where marks or labels are, (n, 2), in the units of their drawing."""
    texts = page.locator(f"{ROOT} {selector}").evaluate_all(
        "all => all.map((one) => one.getAttribute('transform'))"
    )
    return np.array([[float(n) for n in re.findall(r"-?[\d.]+", text)[:2]] for text in texts])


def assert_shows(page: Page) -> None:
    """Compare the table with Python's numbers, and wait until the marks are where the rows are."""
    made = in_python(page)
    nearest = nearest_neighbors(made.points)
    for k, cells in enumerate(page.locator(f"{ROOT} tbody tr").all()):
        row, other = made.points[k], made.points[nearest[k]]
        lengths = np.linalg.norm(row) * np.linalg.norm(other)
        wanted = [
            f"({written(float(row[0]))}, {written(float(row[1]))})",
            LABELS[nearest[k]],
            written(float(np.linalg.norm(row - other))),
            written(float(row @ other / lengths)),
        ]
        assert cells.locator("td").all_inner_texts() == wanted, LABELS[k]
    scale = (SIDE / 2 - PAD) / np.abs(paths()).max()
    wanted = SIDE / 2 + scale * made.points * (1, -1)
    page.wait_for_function(
        """([root, wanted]) => [...document.querySelectorAll(`${root} .dots path`)].every((dot, k) => {
            const [x, y] = dot.getAttribute('transform').match(/-?[\\d.]+/g).map(Number);
            return Math.hypot(x - wanted[k][0], y - wanted[k][1]) < 0.2;
        })""",
        arg=[ROOT, wanted.tolist()],
        timeout=5000,
    )


def slider(page: Page):
    return page.locator(f"{ROOT} [data-slider=step]")


def test_mathematics_of_the_browser_is_that_of_python(page):
    rng = np.random.default_rng(2)
    script = f"""([path, group]) => {{ {MATH};
        return {{ near: path[0].map((_, k) => neighborOf(path[0], k)), first: firstTogether(path, group),
                  between: atMoment(path, 0.25), again: pathFrom(path.flat(2).join(" "), path[0].length) }}; }}"""
    for _ in range(200):
        S, n = int(rng.integers(2, 6)), int(rng.integers(2, 7))
        path, group = rng.normal(size=(S, n, 2)), [0, n - 1]
        found = page.evaluate(script, [path.tolist(), group])
        nearest = nearest_neighbors(path[0])
        assert [one["index"] for one in found["near"]] == nearest.tolist()
        other, lengths = path[0][nearest], np.linalg.norm(path[0], axis=1)
        distances = np.linalg.norm(path[0] - other, axis=1)
        similarities = (path[0] * other).sum(axis=1) / lengths / np.linalg.norm(other, axis=1)
        assert np.allclose([one["distance"] for one in found["near"]], distances, atol=1e-12)
        assert np.allclose([one["similarity"] for one in found["near"]], similarities, atol=1e-12)
        assert found["again"] == path.tolist()
        first = first_together(path, group)
        assert found["first"] == (-1 if first is None else first)
        assert np.allclose(found["between"], 0.75 * path[0] + 0.25 * path[1], atol=1e-12)


def test_labels_are_beside_their_dots_and_on_no_other_label(page):
    rng = np.random.default_rng(3)
    script = f"([dots, wide]) => {{ {PLANE}; return labelPlaces(dots, wide, 430); }}"
    for spread in (8, 25, 60, 180):
        for _ in range(25):
            dots = np.clip(215 + spread * rng.normal(size=(5, 2)), 8, 422)
            wide = rng.uniform(25, 60, size=5)
            labels = np.array(page.evaluate(script, [dots.tolist(), wide.tolist()]))
            assert (labels[:, 0] >= 0).all() and (labels[:, 0] + wide <= 430).all()
            for j in range(5):
                for k in range(j):
                    beside = labels[j, 0] > labels[k, 0] + wide[k] or labels[k, 0] > labels[j, 0] + wide[j]
                    assert beside or abs(labels[j, 1] - labels[k, 1]) > 12, (spread, labels, wide)


def test_updates_are_stepped_by_keys_and_show_pythons_numbers(page):
    start(page, lab())
    assert_shows(page)
    for step in (1, 2, 3):
        slider(page).press("ArrowRight")
        assert page.evaluate("state.step") == step
        assert_shows(page)
    slider(page).press("End")
    assert_shows(page)
    assert page.inner_text(f"{ROOT} .rnncourse-walk output") == "1,000 of 1,000"
    trail = page.locator(f"{ROOT} .trails path").first.get_attribute("d")
    assert trail.count("L") >= len(UPDATES) - 1
    page.evaluate("window.close()")
    assert page.evaluate("window.listening()") == 0


def test_words_fly_along_their_trails_and_jump_for_readers_who_want_no_motion(page):
    start(page, lab())
    before = places(page, ".dots path")
    slider(page).press("End")
    assert np.allclose(places(page, ".dots path"), before, atol=40), "it has only begun to move"
    assert_shows(page)
    page.emulate_media(reduced_motion="reduce")
    slider(page).press("Home")
    assert np.allclose(places(page, ".dots path"), before, atol=0.11)


def test_seeds_are_radio_buttons(page):
    start(page, lab())
    slider(page).press("End")
    assert_shows(page)
    seeds = page.get_by_role("radiogroup", name="Seed").get_by_role("radio")
    assert [one.get_attribute("tabindex") for one in seeds.all()] == ["0", "-1", "-1"]
    seeds.nth(0).press("ArrowRight")
    assert page.evaluate("state.seed") == 1
    assert_shows(page)
    expect(seeds.nth(1)).to_be_focused()
    expect(seeds.nth(1)).to_have_attribute("aria-checked", "true")
    seeds.nth(1).press("ArrowLeft")
    seeds.nth(0).press("ArrowLeft")
    assert page.evaluate("state.seed") == 2
    seeds.nth(1).click()
    assert page.evaluate("state.seed") == 1
    assert_shows(page)


def test_miniatures_show_every_seed_at_the_same_update(page):
    start(page, lab())
    page.emulate_media(reduced_motion="reduce")
    slider(page).press("End")
    ends = paths()[:, -1]
    scale = (40 - 8) / np.abs(paths()).max()
    for seed in range(3):
        found = places(page, f"[data-seed='{seed}'] .mark")
        assert np.allclose(found, 40 + scale * ends[seed] * (1, -1), atol=0.1)


def test_a_word_is_chosen_by_row_button_and_mark(page):
    start(page, lab())
    slider(page).press("End")
    assert_shows(page)
    page.get_by_role("button", name="saw").focus()
    assert page.evaluate("state.word") == 1
    page.locator(f"{ROOT} tbody tr").nth(3).hover()
    assert page.evaluate("state.word") == 3
    expect(page.get_by_role("button", name="period")).to_have_attribute("aria-pressed", "true")
    box = page.locator(f"{ROOT} .dots path").nth(1).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2 + 3, box["y"] + box["height"] / 2)
    assert page.evaluate("state.word") == 1
    pair = page.locator(f"{ROOT} .pair").get_attribute("d")
    corners = np.array([float(n) for n in re.findall(r"-?[\d.]+", pair)]).reshape(2, 2)
    nearest = int(nearest_neighbors(in_python(page).points)[1])
    assert np.allclose(corners, places(page, ".dots path")[[1, nearest]], atol=0.11)


def rest(page: Page) -> list[str]:
    page.wait_for_timeout(750)
    return page.evaluate("state.done")


def test_tasks_tick_themselves_off_once_the_reader_rests(page):
    start(page, lab())
    firsts = [first_together(path, [0, 2, 4]) for path in paths()]
    assert firsts[0] not in (None, 0, len(UPDATES) - 1), "the task must not be done by an end of the slider"
    slider(page).press("End")
    slider(page).press("Home")
    assert rest(page) == [], "what only flew past does not count"
    slider(page).fill(str(firsts[0]))
    assert rest(page) == ["meet"]
    slider(page).press("End")
    for seed in (0, 1, 2):
        page.get_by_role("radio", name=f"seed {seed}").click()
        assert rest(page) == (["meet"] if seed < 2 else ["meet", "seeds"])
    for step in range(len(UPDATES)):
        for word, row in enumerate(page.locator(f"{ROOT} tbody button").all()):
            points = lab().paths[2][step]
            nearest = nearest_neighbors(points)[word]
            if points[word] @ points[nearest] < 0:
                slider(page).fill(str(step))
                row.focus()
                assert rest(page) == ["meet", "seeds", "opposite"]
                assert page.inner_text(f"{ROOT} .rnncourse-tasks") == "✓ ✓ ✓"
                assert page.inner_text(f"{ROOT} .rnncourse-says") == "All tasks are done."
                return
    raise AssertionError("no word has a neighbor in another direction: choose other paths")


def test_playing_ends_at_the_last_update_and_counts_there(page):
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    start(page, lab())
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(400)
    assert page.evaluate("state.step") == 2
    page.clock.run_for(2000)
    assert page.evaluate("state.step") == len(UPDATES) - 1
    assert page.evaluate("state.ends") == [0]
    assert page.inner_text(f"{ROOT} [aria-live]").startswith("After 1,000 updates, seed 0: Spot at (")


def test_words_are_chosen_by_touch_and_control_and_effect_share_a_phone_screen(browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    start(page, lab())
    page.locator(f"{ROOT} .rnncourse-walk").get_by_role("button", name="Next").tap()
    page.get_by_role("radio", name="seed 1").tap()
    assert page.evaluate("[state.step, state.seed]") == [1, 1]
    slider(page).fill("5")
    assert_shows(page)
    box = page.locator(f"{ROOT} .dots path").nth(3).bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert page.evaluate("state.word") == 3
    first = page.locator(f"{ROOT} [role=radiogroup]").bounding_box()
    last = page.locator(f"{ROOT} .rnncourse-walk").bounding_box()
    assert last["y"] + last["height"] - first["y"] < 664, "seeds, plane and updates"
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [900, 390])
def test_axe_finds_nothing_and_the_lab_fits(page, width, theme):
    dress(page, width, theme)
    start(page, lab())
    slider(page).fill("4")
    page.wait_for_timeout(500)
    assert violations(page, "[data-widget='0']") == []
    box = page.locator(ROOT).bounding_box()
    assert box["width"] <= 900 and (width < 900 or box["height"] <= 620)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shrunk = page.locator(f"{ROOT} .rnncourse-plane").bounding_box()["width"] / SIDE
    sizes = page.locator(f"{ROOT} text").evaluate_all(
        "all => all.map((one) => parseFloat(getComputedStyle(one).fontSize))"
    )
    assert min(sizes) * min(1, shrunk) >= 11
