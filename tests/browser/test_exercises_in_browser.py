"""Exercises 03 as a learner meets them: three mistakes, each told for what it is, and then the right answer."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from browser.accessibility import violations
from browser.lab_browser import Lab

from rnncourse.markup import Card

EXERCISE = "exercises/03_recurrence_exercises.ipynb"

STEP = '''def rnn_step(x_t, h_prev, p):
    """Return h_t (B, H) from x_t (B, D) and h_prev (B, H)."""
    return {}'''
MISTAKES = {
    "np.tanh(x_t @ p['W_xh'] + h_prev @ p['W_hh'].T + p['b_h'])": "meets W_hh transposed",
    "np.tanh(x_t @ p['W_xh'] + h_prev @ p['W_hh'])": "one array of p is never used",
    "np.tanh(x_t @ p['W_hx'] + h_prev @ p['W_hh'] + p['b_h'])": "KeyError",
}
RIGHT = "np.tanh(x_t @ p['W_xh'] + h_prev @ p['W_hh'] + p['b_h'])"


@pytest.fixture(scope="module")
def exercise(any_lab) -> Iterator[Lab]:
    """Return JupyterLab with the exercises open and every cell run as it is."""
    with any_lab() as lab:
        lab.open(EXERCISE)
        lab.run_all()
        yield lab


def place(lab: Lab, source: str) -> int:
    """Return the place of the first code cell that holds `source`."""
    return lab.page.locator(".jp-Notebook .jp-Cell").evaluate_all(
        "(cells, source) => cells.findIndex((c) => c.matches('.jp-CodeCell') && c.textContent.includes(source))",
        source,
    )


def write(lab: Lab, cell: int, text: str) -> None:
    """Put `text` into a cell in place of what it holds, by keyboard."""
    lab.activate(cell)
    lab.page.keyboard.press("Enter")
    lab.page.keyboard.press("Control+a")
    lab.page.keyboard.insert_text(text)
    lab.page.keyboard.press("Escape")


def test_nothing_is_written_yet_and_nothing_fails(exercise):
    assert exercise.errors() == []
    cards = exercise.page.locator(".rnncourse-check").all_text_contents()
    assert cards[0].startswith("Chapter 03: 0 of")
    assert len(cards) > 5 and all("Not written yet." in card for card in cards[1:])


def test_the_cells_to_be_left_alone_cannot_be_changed(exercise):
    check = place(exercise, 'check("rnn_step"')
    write(exercise, check, "1 / 0")
    assert (
        'check("rnn_step", rnn_step)'
        in exercise.page.locator(".jp-Notebook .jp-Cell").nth(check).inner_text()
    )


def test_three_mistakes_are_told_and_the_right_answer_is_kept(exercise):
    answer, check = place(exercise, "def rnn_step"), place(exercise, 'check("rnn_step"')
    for line, told in MISTAKES.items():
        write(exercise, answer, STEP.format(line))
        exercise.run(answer)
        said = exercise.run_and_read(check)
        assert said.startswith("rnn_step: Not yet.") and told in said
        assert 'hint("rnn_step")' in said and "Traceback" not in said
    write(exercise, answer, STEP.format(RIGHT))
    exercise.run(answer)
    said = exercise.run_and_read(check)
    assert said.startswith("rnn_step: Right. 2 of 2 points.") and "Chapter 03: 1 of" in said
    kept = json.loads((exercise.server.root / "progress.json").read_text(encoding="utf-8"))
    assert kept["tasks"]["rnn_step"] == {"right": True, "checks": 4, "hints": 0}
    assert "Right so far: rnn_step." in exercise.run_and_read(place(exercise, 'progress("03")'))


def test_a_loop_without_end_is_stopped_and_the_kernel_lives(exercise):
    answer, check = place(exercise, "def rnn_forward"), place(exercise, 'check("rnn_forward"')
    write(exercise, answer, "def rnn_forward(x, h0, p):\n    while True:\n        print('on and on')")
    exercise.run(answer)
    said = exercise.run_and_read(check)
    assert "had not finished after 2 seconds and was stopped" in said and "on and on" in said
    right = "def rnn_forward(x, h0, p):\n    return np.stack([h0 := rnn_step(x_t, h0, p) for x_t in x])"
    write(exercise, answer, right)
    exercise.run(answer)
    assert "Right. 3 of 3 points." in exercise.run_and_read(check)


def test_a_model_answer_opens_below_a_text_once_that_is_written_and_saved(exercise):
    check = place(exercise, 'check("why_not_longer")')
    said = exercise.run_and_read(check)
    assert said.startswith("why_not_longer: Not written yet.") and "save the notebook" in said
    write(exercise, check - 1, "All ten copies share their weights.")
    exercise.save()
    said = exercise.run_and_read(check)
    assert said.startswith("why_not_longer: Written.")
    output = exercise.page.locator(".jp-Notebook .jp-Cell").nth(check).locator(".rnncourse-check")
    points, answer = output.locator("summary").all()
    point, sentence = (
        output.get_by_text(text) for text in ("3. Separate weights", "one network, used ten times")
    )
    assert [one.is_visible() for one in (points, point, answer, sentence)] == [True, False, False, False]
    points.click()
    assert [one.is_visible() for one in (point, answer, sentence)] == [True, True, False]
    answer.click()
    assert sentence.is_visible()
    assert "1 of 1 text written" in exercise.run_and_read(place(exercise, 'progress("03")'))


@pytest.mark.parametrize(("page_colour", "ink"), [("#ffffff", "#000000"), ("#111111", "#ffffff")])
@pytest.mark.parametrize("status", ["right", "wrong", "note"])
def test_verdicts_can_be_read_on_light_and_dark_pages(browser, page_colour, ink, status):
    card = Card(status, "`rnn_step`: Right.", ("Print `h`.", "It printed: ```0.5```")).html()
    page = browser.new_page()
    page.set_content(
        f'<html lang="en"><title>Verdict</title><body style="background: {page_colour}; color: {ink}">'
        f"<main><h1>Verdict</h1>{card}</main></body></html>"
    )
    assert violations(page) == []
    page.close()
