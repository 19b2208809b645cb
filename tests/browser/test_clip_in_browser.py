"""A clip in a browser: it stands still until it is played, by mouse or keys, and can be paused."""

from __future__ import annotations

import numpy as np
import pytest
from browser.accessibility import violations

from rnncourse import viz
from rnncourse.viz import _media


@pytest.fixture
def clip(page, monkeypatch):
    """Return a page with a clip on it."""
    displayed = []
    monkeypatch.setattr(_media, "display", lambda bundle, **_: displayed.append(bundle["text/html"]))
    viz.moving_clip(np.eye(4)[None].repeat(3, 0), alt="A line", caption="A clip.")
    page.set_content(f'<html lang="en"><title>Clip</title><main><h1>Clip</h1>{displayed[0]}</main></html>')
    return page


def seen(page) -> list[bool]:
    """Return whether the still picture and the moving one can be seen."""
    return [page.locator(one).is_visible() for one in ("summary img", "details > img")]


def test_clip_is_played_and_paused_by_keys_and_mouse(clip):
    assert seen(clip) == [True, False]
    clip.keyboard.press("Tab")
    clip.keyboard.press("Enter")
    assert seen(clip) == [False, True]
    clip.keyboard.press("Space")
    assert seen(clip) == [True, False]
    clip.locator("summary").click()
    assert seen(clip) == [False, True]


def test_axe_finds_nothing_in_a_clip(clip):
    assert violations(clip) == []
