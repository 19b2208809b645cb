"""The widgets in JupyterLab, moved by keyboard only, with and without a kernel behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from playwright.sync_api import expect

from rnncourse.building.outputs import refresh
from rnncourse.in_numpy import RNN

NAMES, INPUTS = ["dog", "shirt", "pie"], ["dog", "shirt", None, "pie"]
ROOT = ".rnncourse-state-lab"
SLIDER = f"{ROOT} [data-slider=step]"
SETUP = """
import numpy as np
from rnncourse.in_numpy import RNN
from rnncourse.widgets import Question, predict, quiz, state_lab
rnn = RNN(3, 2, rng=np.random.default_rng(5))
rnn.params["b_h"][:] = [0.25, -0.5]
"""
PREDICT = 'predict("How many?", [("`14`", "That counts arrows."), "60"], "60", "15 + 25 + 20.", "how-many")'
QUIZ = """q = quiz([
    Question("First?", ["yes", "no"], "yes", "Because.", "first"),
    Question("Second?", ["left", "right"], "right", "Because.", "second"),
])"""
STEPPER, READ_STEP, SET_STEP, PREDICTION, READ_CHOSEN, QUESTIONS, READ_SCORE = 3, 5, 6, 8, 9, 10, 11


def cells() -> list:
    """Return the cells of the notebook that these tests drive; the constants above are their places."""
    return [
        new_markdown_cell("# Scratch\n\nA heading that the arrow keys could fold."),
        new_code_cell(SETUP.strip()),
        new_markdown_cell("## Stepper"),
        new_code_cell(f"stepper = state_lab(rnn, {NAMES}, {INPUTS})\nstepper"),
        new_markdown_cell("Text."),
        new_code_cell("print(stepper.step)"),
        new_code_cell("stepper.step = 4"),
        new_markdown_cell("## Questions"),
        new_code_cell(f"p = {PREDICT}\np"),
        new_code_cell("print(p.chosen, p.history)"),
        new_code_cell(f"{QUIZ}\nq"),
        new_code_cell("print(q.score, q.chosen)"),
    ]


@pytest.fixture(scope="module")
def notebook(server, any_lab) -> Iterator:
    """Return JupyterLab with the notebook open and all its cells run once."""
    server.write("widgets.ipynb", cells())
    with any_lab() as lab:
        lab.open("widgets.ipynb")
        lab.run_all()
        lab.page.wait_for_selector(".rnncourse-quiz")
        assert lab.errors() == []
        yield lab


def states() -> np.ndarray:
    """Return h (T, H) of the sequence that the lab shows, computed here."""
    rnn = RNN(3, 2, rng=np.random.default_rng(5))
    rnn.params["b_h"][:] = [0.25, -0.5]
    x = [[float(name == one) for name in NAMES] for one in INPUTS]
    h, _ = rnn.forward(np.array(x, dtype=np.float32)[:, None])
    return h[:, 0]


def numbers(texts: list[str]) -> list[float]:
    return [float(text.replace("\N{MINUS SIGN}", "-")) for text in texts]


def shown(lab) -> list[float]:
    """Return the state on screen."""
    return numbers(lab.page.locator(f"{ROOT} [data-cell^='h ']").all_inner_texts())


def before(lab) -> list[float]:
    """Return the previous state on screen."""
    return [float(one.input_value()) for one in lab.page.locator(f"{ROOT} [data-note]").all()]


def close(written: list[float], computed: np.ndarray) -> bool:
    """Say whether the numbers written with two decimals are those computed."""
    return np.shape(written) == computed.shape and np.allclose(written, computed, rtol=0, atol=0.005001)


def test_arrow_keys_step_through_time_and_leave_the_notebook_alone(notebook):
    h = states()
    assert len({tuple(row.round(2)) for row in h}) == 4, "the states must differ, or nothing is tested"
    notebook.activate(STEPPER)
    shape = notebook.shape()
    notebook.tab_to(SLIDER)
    notebook.page.keyboard.press("Home")
    assert close(shown(notebook), h[0])
    for key, t in [("ArrowRight", 2), ("ArrowRight", 3), ("ArrowLeft", 2), ("End", 4), ("ArrowRight", 4)]:
        notebook.page.keyboard.press(key)
        assert close(shown(notebook), h[t - 1]), key
        assert close(before(notebook), h[t - 2]), key
        assert notebook.page.inner_text(f"{ROOT} .rnncourse-walk output") == f"{t} of 4"
    notebook.page.keyboard.press("Home")
    assert close(shown(notebook), h[0])
    for key in ("ArrowUp", "ArrowDown", "ArrowLeft", "a", "d", "d"):
        notebook.page.keyboard.press(key)
    notebook.page.wait_for_timeout(300)
    assert notebook.shape() == shape, "a key reached the notebook"


def test_escape_leads_back_to_the_notebook(notebook):
    notebook.activate(STEPPER)
    notebook.tab_to(SLIDER)
    notebook.page.keyboard.press("Escape")
    notebook.page.keyboard.press("ArrowDown")
    notebook.page.wait_for_timeout(300)
    assert notebook.shape()[0] == STEPPER + 1


def test_buttons_have_names_and_work_by_keyboard(notebook):
    notebook.activate(STEPPER)
    notebook.tab_to(SLIDER)
    notebook.page.keyboard.press("Home")
    notebook.page.keyboard.press("Shift+Tab")
    notebook.tab_to("[data-do=next]")
    notebook.page.keyboard.press("Enter")
    assert close(shown(notebook), states()[1])
    heard = notebook.page.locator(f"{ROOT} [aria-live]")
    expect(heard).to_have_text(re.compile(r"^Step 2, input shirt: state "))
    names = notebook.page.get_by_role("group", name="The state on the move")
    assert [names.get_by_role("button", name=name).count() for name in ("Back", "Next", "Play")] == [1, 1, 1]
    assert names.get_by_role("slider", name="Step t").get_attribute("aria-valuetext") == "2 of 4"


def wait_for_step(lab, step: int) -> None:
    expect(lab.page.locator(f"{ROOT} .rnncourse-walk output")).to_have_text(f"{step} of 4")


def test_play_steps_by_itself_and_stops_at_the_end(notebook):
    notebook.activate(STEPPER)
    notebook.tab_to(SLIDER)
    notebook.page.keyboard.press("End")
    notebook.page.keyboard.press("Shift+Tab")
    notebook.page.keyboard.press("Space")
    wait_for_step(notebook, 2)
    assert notebook.page.inner_text("[data-do=play]") == "Pause"
    notebook.page.wait_for_function("document.querySelector('[data-do=play]').innerText === 'Play'")
    assert close(shown(notebook), states()[3])


def test_python_reads_and_sets_the_step(notebook):
    notebook.activate(STEPPER)
    notebook.tab_to(SLIDER)
    notebook.page.keyboard.press("Home")
    notebook.page.keyboard.press("ArrowRight")
    # While the kernel answers to the first key, the second waits in the page; a cell run at once overtakes it.
    notebook._until(
        lambda: notebook.run_and_read(READ_STEP).strip() == "2", 30, "Python did not read the step"
    )
    notebook.run(SET_STEP)
    wait_for_step(notebook, 4)
    assert close(shown(notebook), states()[3])


def choose(notebook, key: str, label: str) -> None:
    """Select an option by keyboard; each learner sees the options in an order of their own."""
    notebook.tab_to(f"form[data-key={key}] [name=option]")
    notebook.page.keyboard.press("Space")
    wanted = notebook.page.locator(f"form[data-key={key}]").get_by_label(label)
    for _ in range(2):
        if not wanted.is_checked():
            notebook.page.keyboard.press("ArrowDown")
    expect(wanted).to_be_checked()


def test_prediction_by_keyboard_is_recorded_and_kept(notebook):
    form = notebook.page.locator("form[data-key=how-many]")
    assert notebook.run_and_read(READ_CHOSEN).strip() == "None []"
    notebook.run(PREDICTION)
    before = notebook.shape()
    notebook.tab_to("form[data-key=how-many] button")
    notebook.page.keyboard.press("Enter")
    assert form.get_by_role("status").inner_text() == "Choose an answer first."
    assert form.locator(".rnncourse-verdict").inner_text() == ""
    choose(notebook, "how-many", "14")
    notebook.tab_to("form[data-key=how-many] button")
    notebook.page.keyboard.press("Enter")
    locked = form.locator(".rnncourse-verdict")
    expect(locked).to_have_text("Locked in. Now run the next cell.")
    assert form.locator("input:enabled").count() == 0
    assert form.locator("button").is_hidden()
    assert notebook.page.evaluate("document.activeElement.className") == "rnncourse-verdict"
    notebook.page.keyboard.press("ArrowLeft")
    notebook.page.wait_for_timeout(300)
    assert notebook.shape() == before, "a key reached the notebook"
    notebook.run(READ_CHOSEN)
    cell = notebook.page.locator(".jp-Notebook .jp-Cell").nth(READ_CHOSEN)
    said = cell.locator(".rnncourse-check > div").all_inner_texts()
    assert said == ["You said “14”. The answer is “60”.", "That counts arrows.", "15 + 25 + 20."]
    assert cell.locator(".jp-OutputArea-output").first.inner_text().startswith("`14` [{'key': 'how-many'")
    expect(locked).to_have_text("Locked in. The verdict is below the result.")
    notebook.run(PREDICTION)
    expect(form.get_by_label("14")).to_be_checked()
    assert form.locator("input:enabled").count() == 0, "running the cell again lost the answer"


def test_quiz_counts_and_its_questions_do_not_share_radio_buttons(notebook):
    notebook.activate(QUESTIONS)
    choose(notebook, "first", "yes")
    # Enter in a form commits, too.
    notebook.page.keyboard.press("Enter")
    choose(notebook, "second", "left")
    notebook.tab_to("form[data-key=second] button")
    notebook.page.keyboard.press("Enter")
    first, second = (notebook.page.locator(f"form[data-key={key}]") for key in ("first", "second"))
    assert first.get_by_label("yes").is_checked()
    assert second.get_by_label("left").is_checked()
    assert first.locator(".rnncourse-verdict").inner_text().startswith("Right: you said “yes”.")
    assert (
        second.locator(".rnncourse-verdict")
        .inner_text()
        .startswith("You said “left”. The answer is “right”.")
    )
    expect(notebook.page.locator(".rnncourse-score")).to_have_text("1 of 2 right.")
    assert notebook.run_and_read(READ_SCORE).strip() == "1 {'first': 'yes', 'second': 'left'}"


def test_live_widget_hides_its_stand_in(notebook):
    assert notebook.page.locator(".rnncourse-fallback").count() == 3
    assert not any(one.is_visible() for one in notebook.page.locator(".rnncourse-fallback").all())


def test_stored_notebook_can_be_read_without_running_it(server, lab):
    refresh(server.write("stored.ipynb", cells()))
    page = lab.open("stored.ipynb")
    stand_ins = page.locator(".rnncourse-fallback")
    expect(stand_ins).to_have_count(3, timeout=60_000)
    for one in stand_ins.all():
        expect(one).to_be_visible(timeout=60_000)
    assert page.locator(".rnncourse-live").count() == 0
    assert "Error" not in page.inner_text(".jp-Notebook")
    assert page.inner_text(".jp-Notebook").count("Run this cell (Shift + Enter)") == 3
    said = stand_ins.nth(0).locator("img").get_attribute("alt")
    pairs = re.findall(r"\(([^,]+), ([^)]+)\)", said)
    assert close([numbers(pair) for pair in pairs], states())
    question = stand_ins.nth(1)
    assert question.locator("li").all_inner_texts()[:2] == ["14", "60"]
    assert not question.get_by_text("15 + 25 + 20.").is_visible()
    question.locator("summary").click()
    assert question.get_by_text("15 + 25 + 20.").is_visible()
    lab.run_all()
    page.wait_for_selector(".rnncourse-quiz")
    assert not any(one.is_visible() for one in stand_ins.all())


def test_learners_saved_notebook_shows_no_widget_error(server, new_lab):
    server.write("saved.ipynb", cells())
    with new_lab() as lab:
        lab.open("saved.ipynb")
        lab.run_all()
        lab.save_and_stop()
    with new_lab() as lab:
        page = lab.open("saved.ipynb")
        stand_ins = page.locator(".rnncourse-fallback")
        expect(stand_ins).to_have_count(3, timeout=60_000)
        # where JupyterLab writes its error
        expect(page.locator(".jupyter-widgets")).to_have_count(3, timeout=60_000)
        assert lab.errors() == []
        for one in stand_ins.all():
            expect(one).to_be_visible(timeout=60_000)
        assert page.locator(".rnncourse-live").count() == 0
