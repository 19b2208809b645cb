"""The Wiring lab without a browser: what a wiring is called, who hears what, the jobs, and what Python may set."""

from __future__ import annotations

import numpy as np
import pytest

from rnncourse.errors import InputError
from rnncourse.in_numpy import RNN, Bidirectional
from rnncourse.widgets import WiringLab, wiring_lab
from rnncourse.widgets._wiring import JOBS, PATTERNS, STEPS, WITHOUT_NAME, hears, lacks, pattern_of
from rnncourse.widgets._wiring_lab import WIRINGS


def row(text: str) -> list[bool]:
    return [one == "1" for one in text]


@pytest.mark.parametrize(
    ("reads", "counts", "both_ways", "wanted"),
    [
        ("0100", "0100", False, "one-to-one"),
        ("1000", "1111", False, "one-to-many"),
        ("1000", "0111", False, "one-to-many"),
        ("1000", "0011", False, "no usual name"),
        ("1000", "0010", False, "no usual name"),
        ("1110", "0010", False, "many-to-one"),
        ("1110", "0001", False, "many-to-one"),
        ("1111", "0100", False, "reads too late"),
        ("1111", "0100", True, "many-to-one"),
        ("0110", "0110", False, "many-to-many aligned"),
        ("1100", "0011", False, "many-to-many unaligned"),
        ("1110", "0111", False, "many-to-many delayed"),
        ("1110", "0110", False, "no usual name"),
        ("1010", "1010", False, "no usual name"),
        ("0110", "1110", False, "speaks too early"),
        ("0110", "1110", True, "no usual name"),
        ("0000", "1110", False, "nothing is read"),
        ("1110", "0000", True, "nothing counts"),
    ],
)
def test_a_wiring_is_called_by_its_name(reads, counts, both_ways, wanted):
    assert pattern_of(row(reads), row(counts), both_ways) == wanted


@pytest.mark.parametrize("both_ways", [False, True])
def test_an_output_hears_exactly_the_inputs_whose_nudge_changes_it(both_ways):
    rng = np.random.default_rng(4)
    layer = RNN(3, 5, rng=rng, dtype="float64")
    if both_ways:
        layer = Bidirectional(layer, RNN(3, 5, rng=rng, dtype="float64"))
    reads = row("1011010")
    x = rng.normal(size=(7, 1, 3)) * np.array(reads)[:, None, None]
    before = layer.forward(x)[0].copy()
    changed = np.zeros((7, 7), bool)  # output, input
    for k in range(7):
        nudged = x.copy()
        nudged[k] += 0.1
        changed[:, k] = np.abs(layer.forward(nudged)[0] - before).max(axis=(1, 2)) > 0
    for t in range(7):
        assert hears(t, reads, both_ways) == [k for k in range(7) if reads[k] and changed[t, k]]


def solution(name: str) -> tuple[list[bool], list[bool], bool, int]:
    job = JOBS[name]
    return job.reads(), job.counts(), job.whole == "all", job.layers


@pytest.mark.parametrize(
    ("name", "pattern"),
    {
        "digit": "one-to-one",
        "spell": "one-to-many",
        "review": "many-to-one",
        "names": "many-to-many aligned",
        "date": "many-to-many unaligned",
        "later": "many-to-many aligned",
        "gap": "many-to-one",
    }.items(),
)
def test_every_job_can_be_done_and_has_a_pattern_with_a_name(name, pattern):
    reads, counts, both_ways, layers = solution(name)
    assert lacks(JOBS[name], reads, counts, both_ways, layers) == []
    assert pattern_of(reads, counts, both_ways) == pattern


def test_what_a_job_lacks_is_named_in_the_order_of_the_work():
    gap = JOBS["gap"]
    reads, counts, both_ways, layers = solution("gap")
    blank = [False] * STEPS
    assert lacks(gap, blank, blank, False, 1) == ["read", 0]
    assert lacks(gap, [True] * STEPS, counts, both_ways, layers) == ["do not read", 6]
    assert lacks(gap, reads, blank, both_ways, layers) == ["count", 2]
    assert lacks(gap, reads, [True] * STEPS, both_ways, layers) == ["do not count", 0]
    assert lacks(gap, reads, counts, False, layers) == ["hear", 2, 3]
    assert lacks(gap, reads, counts, both_ways, 1) == ["combine"]


def test_words_fit_over_their_switches():
    for job in JOBS.values():
        assert len(job.inputs) == len(job.outputs) == STEPS
        assert max(map(len, job.inputs + job.outputs)) <= 6


@pytest.mark.parametrize("name", WIRINGS)
def test_a_wiring_that_is_shown_has_the_name_it_is_shown_for(name):
    lab = wiring_lab(name)
    wanted = {"stacked": "many-to-many aligned", "bidirectional": "many-to-many aligned"}.get(name, name)
    assert lab.pattern == wanted
    assert (lab.layers == 2, lab.both_ways) == (name == "stacked", name == "bidirectional")


def test_patterns_and_wirings_agree():
    assert set(PATTERNS) == set(WIRINGS) - {"stacked", "bidirectional"}
    assert not set(PATTERNS) & set(WITHOUT_NAME)


def test_switches_are_read_and_set_from_python():
    lab = wiring_lab("many-to-one")
    assert lab.counts.tolist() == [0, 0, 0, 0, 0, 1, 0, 0]
    lab.reads, lab.counts = [1, 1, 0, 0, 0, 0, 0, 0], np.array([0, 0, 1, 1, 1, 0, 0, 0])
    assert lab.pattern == "many-to-many unaligned"
    assert lab.hears(1) == [1] and lab.hears(5) == [1, 2]
    lab.both_ways = True
    assert lab.hears(1) == [1, 2]
    lab.pattern = "stacked"
    assert (lab.layers, lab.both_ways, lab.reads.sum()) == (2, False, 5)
    lab.counts = [0] * 8
    assert lab.pattern is None
    assert repr(lab) == "WiringLab(nothing counts, stacked)"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("reads", [1, 0], "reads must be 8 numbers, each 0 or 1"),
        ("counts", [2] * 8, "counts must be 8 numbers, each 0 or 1"),
        ("counts", "11110000", "counts must be 8 numbers"),
        ("layers", 3, "layers must be"),
        ("pattern", "few-to-few", "pattern must be one of one-to-one"),
    ],
)
def test_what_cannot_be_shown_changes_nothing(name, value, message):
    lab = wiring_lab("one-to-many")
    before = (lab.read, lab.counted, lab.layers)
    with pytest.raises(InputError, match=message):
        setattr(lab, name, value)
    assert (lab.read, lab.counted, lab.layers) == before
    with pytest.raises(InputError, match="pattern must be one of"):
        wiring_lab("few-to-few")


def test_a_job_is_begun_with_blank_switches_and_noted_when_done():
    lab = wiring_lab()
    assert isinstance(lab, WiringLab) and lab.jobs == dict.fromkeys(JOBS, False)
    lab.start("gap")
    assert lab.reads.sum() == lab.counts.sum() == 0
    reads, counts, *_ = solution("gap")
    lab.reads, lab.counts, lab.both_ways = reads, counts, True
    assert not any(lab.jobs.values())
    lab.layers = 2
    assert [name for name, done in lab.jobs.items() if done] == ["gap"]
    lab.start("digit")
    lab.counts = counts
    assert [name for name, done in lab.jobs.items() if done] == ["gap"]


def test_stand_in_shows_the_switches():
    page, text = wiring_lab("many-to-many unaligned").static_html(), wiring_lab().static_text()
    assert "Read at steps 1, 2, 3; outputs count at steps 4, 5, 6, 7, 8: many-to-many unaligned" in page
    assert "script" not in page and "<img" in page
    assert all(name in text for name in PATTERNS)
    assert "Shift + Enter" in wiring_lab().invitation()
