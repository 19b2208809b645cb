"""The widgets' scripts in an empty page, with no kernel and no JupyterLab behind them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from rnncourse.widgets import Frame, FramePlayer, Question, quiz

# What a saved page gives a script: the state, and nobody who answers. `seen` notes what the page says at the
# moment in which the script stores something.
START = """async ([script, state]) => {
    const module = await import(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })));
    const listeners = [];
    window.state = state;
    window.seen = [];
    const model = {
        get: (name) => state[name],
        set: (name, value) => {
            window.seen.push([name, document.body.innerText]);
            state[name] = value;
            listeners.filter((one) => one[0] === `change:${name}`).forEach((one) => one[1]());
        },
        save_changes: () => {},
        on: (event, listener) => listeners.push([event, listener]),
        off: (event, listener) => listeners.splice(listeners.findIndex((one) => one[1] === listener), 1),
    };
    window.close = module.default.render({ model, el: document.body });
    window.listening = () => listeners.length;
}"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def start(page: Page, widget) -> None:
    """Run the script of `widget` in the page, with its style and the state that a saved notebook holds."""
    page.add_style_tag(content=widget._css)
    page.evaluate(START, [widget._esm, widget.get_state()])


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


def test_only_a_change_is_announced(page):
    start(page, player())
    heard = page.locator("[aria-live=polite]")
    assert heard.inner_text() == ""
    page.get_by_role("button", name="Next").click()
    assert heard.inner_text() == "Now 4."


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
    assert not any(word in said for word in ("Not yet", "Read it.", "other hand", "right answer"))
    assert page.evaluate("state.history") == [{"key": "which", "chosen": 0}]
    verdict = page.inner_text(".rnncourse-verdict")
    assert verdict.startswith("Not yet. You said “<left>”. The answer is “right”.")
    assert "That is the other hand." in verdict
    assert verdict.endswith("Read it.")


def test_stored_answer_is_shown_at_once_and_stays(page):
    widget = quiz([Question("Which?", ["left", "right"], "right", "Read it.", "which")])
    widget.history = [{"key": "which", "chosen": 1}]
    start(page, widget)
    assert page.inner_text(".rnncourse-verdict").startswith("Right. You said “right”.")
    assert page.get_by_role("radio", disabled=True).count() == 2
    assert not page.get_by_role("button").is_visible()
