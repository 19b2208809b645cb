"""The sampler's controls in a browser, without a kernel: what they store."""

from __future__ import annotations

import numpy as np
import pytest
from browser.widget_page import start

from rnncourse.data import Vocabulary
from rnncourse.in_numpy import LSTM, RecurrentNet
from rnncourse.widgets import Sampler, sampler

CHARACTERS = "\n abT."


def made(**settings) -> Sampler:
    rng = np.random.default_rng(3)
    net = RecurrentNet(LSTM(len(CHARACTERS), 5, rng=rng), len(CHARACTERS), rng=rng)
    return sampler(net, Vocabulary(list(CHARACTERS)), prompt="ab", characters=20, **settings)


@pytest.mark.parametrize(("seed", "following"), [(0, 1), (98, 99), (99, 0)])
def test_write_again_takes_the_next_seed_and_begins_anew_after_the_last(page, seed, following):
    start(page, made(seed=seed))
    page.get_by_role("button", name="Write again").click()
    assert page.evaluate("state.seed") == following


def test_a_gate_is_never_held_at_less_than_0(page):
    widget = made()
    widget.hold, widget.value = "c", -0.5
    start(page, widget)
    page.get_by_label("Hold").select_option("f")
    assert page.evaluate("[state.hold, state.value]") == ["f", 0]
    assert page.get_by_label("at value").get_attribute("min") == "0"
    page.get_by_label("Hold").select_option("c")
    assert page.get_by_label("at value").get_attribute("min") == "-1"


def test_a_unit_is_stored_once_it_is_one(page):
    widget = made()
    widget.hold = "c"
    start(page, widget)
    unit = page.get_by_label("Unit")
    for typed, stored in (("4", 4), ("5", 4), ("", 4), ("-1", -1), ("0", 0)):
        unit.fill(typed)
        assert page.evaluate("state.unit") == stored
