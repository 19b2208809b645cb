"""The widgets' scripts in an empty page, with no kernel and no JupyterLab behind them."""

from __future__ import annotations

import pytest
from browser.widget_page import start

from rnncourse.widgets import Frame, FramePlayer, Question, quiz

REST_MS = 600  # how long a widget rests before a screen reader is told


def player(**options) -> FramePlayer:
    frames = [Frame(f"<p>picture {n}</p>", f"n = {n}", f"Now {n}.") for n in (3, 4, 5)]
    return FramePlayer(frames, title="Three pictures", first=3, **options)


def test_player_goes_on_without_a_kernel(page):
    start(page, player())
    assert page.locator(".rnncourse-frame:visible").all_inner_texts() == ["picture 3"]
    page.get_by_role("button", name="Next").click()
    assert page.locator(".rnncourse-frame:visible").all_inner_texts() == ["picture 4"]
    assert page.evaluate("state.t") == 4
    page.get_by_role("slider").press("End")
    page.get_by_role("slider").press("ArrowRight")
    assert page.evaluate("state.t") == 5
    page.evaluate("window.close()")
    assert page.evaluate("window.listening()") == 0


def test_only_a_change_is_announced_once_it_rests(page):
    page.clock.install(time=0)
    page.clock.pause_at(1000)  # from here on time passes only when it is told to
    start(page, player())
    heard = page.locator("[aria-live=polite]")
    page.clock.run_for(1000)
    assert heard.inner_text() == ""
    page.get_by_role("button", name="Next").click()
    page.clock.run_for(REST_MS - 50)
    page.get_by_role("button", name="Next").click()
    page.clock.run_for(REST_MS - 50)
    assert heard.inner_text() == ""
    page.clock.run_for(100)
    assert heard.inner_text() == "Now 5."


def test_nothing_is_said_while_it_plays_and_the_last_words_when_it_pauses(page):
    page.emulate_media(reduced_motion="reduce")
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    start(page, player())
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(2500 + REST_MS + 100)  # a step, and long enough for it to be said
    assert page.evaluate("state.t") == 4
    heard = page.locator("[aria-live=polite]")
    assert heard.inner_text() == ""
    page.get_by_role("button", name="Pause").click()
    page.clock.run_for(REST_MS + 50)
    assert heard.inner_text() == "Now 4."


def test_play_ends_with_the_view(page):
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    start(page, player())
    page.get_by_role("button", name="Play").click()
    page.evaluate("window.close()")
    page.clock.run_for(10_000)
    assert page.evaluate("state.t") == 3
    assert page.inner_text("[aria-live=polite]") == ""


@pytest.mark.parametrize(("motion", "wait"), [("no-preference", 1000), ("reduce", 2500)])
def test_play_is_slower_for_readers_who_want_less_motion(page, motion, wait):
    page.emulate_media(reduced_motion=motion)
    page.clock.install(time=0)
    page.clock.pause_at(1000)  # from here on time passes only when it is told to
    start(page, player())
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(wait - 100)
    assert page.evaluate("state.t") == 3
    page.clock.run_for(200)
    assert page.evaluate("state.t") == 4
    page.get_by_role("button", name="Pause").click()
    page.clock.run_for(2 * wait)
    assert page.evaluate("state.t") == 4


def test_answer_is_stored_before_anything_is_revealed(page):
    question = Question(
        "Which?", [("<left>", "That is the other hand."), "right"], "right", "Read it.", "which"
    )
    start(page, quiz([question]))
    page.get_by_label("<left>").check()
    assert "Read it." not in page.inner_text("body")
    page.get_by_role("button", name="Commit to this answer").click()
    [(name, said)] = page.evaluate("window.seen")
    assert name == "history"
    assert not any(word in said for word in ("You said", "Read it.", "other hand", "right answer"))
    assert page.evaluate("state.history") == [{"key": "which", "chosen": 0, "sure": ""}]
    verdict = page.inner_text(".rnncourse-verdict")
    assert verdict.startswith("You said “<left>”. The answer is “right”.")
    assert "That is the other hand." in verdict
    assert verdict.endswith("Read it.")


def test_marks_are_below_their_options_on_a_narrow_screen(page):
    option = "They still have the same contents"
    widget = quiz([Question("What then?", [option, "They differ"], option, "Same state.", "which")])
    widget.history = [{"key": "which", "chosen": 0}]
    page.set_viewport_size({"width": 300, "height": 844})
    start(page, widget)
    text, mark = (
        page.locator(f".rnncourse-option span{kind}").first.bounding_box() for kind in ("", ".rnncourse-mark")
    )
    assert mark["y"] >= text["y"] + text["height"] - 1 and abs(mark["x"] - text["x"]) <= 1
    assert text["height"] <= 50, "the option has a word a line"
    assert page.evaluate("document.documentElement.scrollWidth") == 300


def test_stored_answer_is_shown_at_once_and_stays(page):
    widget = quiz([Question("Which?", ["left", "right"], "right", "Read it.", "which")])
    widget.history = [{"key": "which", "chosen": 1}]
    start(page, widget)
    assert page.inner_text(".rnncourse-verdict").startswith("Right: you said “right”.")
    assert page.get_by_role("radio", disabled=True).count() == 2
    assert not page.get_by_role("button").is_visible()
