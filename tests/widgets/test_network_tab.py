"""The Gate lab's second tab without a browser: what the network writes, what its unit does, what is refused."""

from __future__ import annotations

import re

import numpy as np
import pytest

from rnncourse import in_numpy
from rnncourse.analysis import gates
from rnncourse.data import Vocabulary
from rnncourse.errors import InputError
from rnncourse.widgets import GateLab, gate_lab

CHARACTERS = '\n <"aB.'
V, H, UNIT = len(CHARACTERS), 5, 3
PROMPT = "aB a"


def net_of(kind: str = "LSTM", seed: int = 2) -> in_numpy.RecurrentNet:
    """Return a net with opinions: large weights, and biases that are not 0."""
    rng = np.random.default_rng(seed)
    net = in_numpy.RecurrentNet(getattr(in_numpy, kind)(V, H, rng=rng, dtype="float64"), V, rng=rng)
    for name, array in net.params.items():
        net.params[name] = 3 * array + 0.3 * rng.normal(size=array.shape)
    return net


def made(**settings) -> GateLab:
    return gate_lab(
        **{"network": net_of(), "vocabulary": Vocabulary(list(CHARACTERS)), "prompt": PROMPT, "unit": UNIT}
        | settings
    )


def read(text: str) -> gates.GateTrace:
    """Return the gates of the net over a text, nothing held."""
    x = np.eye(V)[[CHARACTERS.index(one) for one in text]][:, None]
    return gates.trace_gates(net_of(), x)


def test_a_lab_with_a_network_opens_at_its_tab_and_looks_at_the_first_character_written():
    lab = made()
    assert (lab.tab, lab.unit, lab.unit_holds, lab.character) == ("network", UNIT, {}, 5)
    assert made(prompt="").character == 2, "a blank line is read instead"
    assert gate_lab().tab == "cell"


def test_left_free_the_network_writes_what_sample_writes():
    lab = made()
    for seed in (0, 7):
        lab.seed = seed
        start = [CHARACTERS.index(one) for one in PROMPT]
        wanted = in_numpy.sample(net_of(), start, 100, np.random.default_rng(seed), 1.0)
        assert lab.text == lab.free_text == "".join(CHARACTERS[k] for k in wanted)


def test_the_trace_is_that_of_the_unit_over_prompt_and_text():
    lab = made()
    trace = read(PROMPT + lab.text)
    assert set(lab.unit_trace) == set("ifgoch")
    for name, values in lab.unit_trace.items():
        assert np.allclose(values, trace[name][:, 0, UNIT], rtol=0, atol=1e-12), name


def test_what_is_held_is_held_from_the_end_of_the_prompt_on():
    lab = made()
    lab.unit_holds = {"o": 0.25, "f": 1, "i": 0.0}
    trace, free = lab.unit_trace, read(PROMPT)
    n = len(PROMPT)
    for name in "ifgoch":
        assert np.allclose(trace[name][:n], free[name][:, 0, UNIT], rtol=0, atol=1e-12)
    assert np.ptp(trace["c"][n - 1 :]) < 1e-12, "frozen"
    assert set(trace["o"][n:]) == {0.25} and set(trace["f"][n:]) == {1.0} and set(trace["i"][n:]) == {0.0}
    late = range(n, 1000)
    holds = [gates.Hold(gate, value, UNIT, late) for gate, value in lab.unit_holds.items()]
    start = [CHARACTERS.index(one) for one in PROMPT]
    wanted, _ = gates.write(net_of(), start, 100, np.random.default_rng(0), holds=holds)
    assert lab.text == "".join(CHARACTERS[k] for k in wanted) != lab.free_text
    lab.unit_holds = {}
    assert lab.text == lab.free_text


def test_the_lab_keeps_a_copy_of_the_network():
    net = net_of()
    lab = made(network=net)
    before = lab.text
    net.params["b_y"][:] = [9, -9, -9, -9, -9, -9, -9]
    assert lab.text == before


def test_the_cell_of_the_first_tab_stays_what_it_was():
    lab, plain = made(), gate_lab()
    assert np.array_equal(lab.c, plain.c) and lab.missions == plain.missions
    lab.f = 0.5
    lab.start("keep")
    assert lab.mission == "keep" and lab.tab == "network"


def test_strange_characters_are_a_problem_that_is_said():
    lab = made(prompt="a?")
    assert lab.problem == "The net has never met “?”. Take it out of the prompt."
    assert lab.text == lab.free_text == "" and lab.unit_trace["c"].shape == (0,)
    assert "never met" in lab.static_html() and "never met" in lab.static_text()


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("tab", "other", "tab must be one of cell, network"),
        ("prompt", "a" * 201, "prompt must be a text of at most 200 characters"),
        ("prompt", None, "prompt must be a text"),
        ("seed", 100, "seed must be a whole number from 0 to 99"),
        ("seed", None, "seed must be"),
        ("unit", H, "unit must be a whole number from 0 to 4"),
        ("unit", -1, "unit must be"),
        ("unit", None, "unit must be"),
        ("unit_holds", {"c": 1.0}, "unit_holds must have no keys but f, i, g and o, but got str 'c'"),
        ("unit_holds", {"f": 1.5}, r"unit_holds\['f'\] must be a number from 0 to 1"),
        ("unit_holds", {"g": -1.5}, r"unit_holds\['g'\] must be a number from -1 to 1"),
        ("unit_holds", None, "unit_holds must be a dict"),
        ("character", 0, "character must be a whole number from 1 to 300"),
        ("character", None, "character must be"),
    ],
)
def test_what_the_tab_does_not_have_is_refused_and_nothing_changes(setting, value, words):
    lab = made()
    before = lab.text, getattr(lab, setting)
    with pytest.raises(InputError, match=words):
        setattr(lab, setting, value)
    assert (lab.text, getattr(lab, setting)) == before


@pytest.mark.parametrize(("setting", "value"), [("tab", "network"), ("unit", 1), ("unit_holds", {"f": 1.0})])
def test_a_lab_without_a_network_says_how_to_get_one(setting, value):
    with pytest.raises(InputError, match=f"{setting} belongs to a network, but this lab has none"):
        setattr(gate_lab(), setting, value)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"network": 3}, "network must be a RecurrentNet with an RNN, LSTM or GRU, but got int 3"),
        ({"network": net_of("GRU")}, "network must be a RecurrentNet with an LSTM, but its layer is: GRU"),
        ({"vocabulary": None}, "vocabulary must be a Vocabulary"),
        ({"vocabulary": Vocabulary(["a"])}, "the net reads 7 tokens, but the vocabulary has 1"),
        ({"unit": H}, "unit must be"),
        ({"prompt": 4}, "prompt must be"),
        ({"network": None}, "vocabulary, prompt and unit belong to a network, but network is None"),
    ],
)
def test_other_networks_are_refused(settings, words):
    with pytest.raises(InputError, match=words):
        made(**settings)


def test_a_network_of_torch_writes_the_same():
    in_torch, torch = pytest.importorskip("rnncourse.in_torch"), pytest.importorskip("torch")
    net = net_of()
    twin = in_torch.RecurrentNet(in_torch.LSTM(V, H), V)
    for name, array in net.params.items():
        twin.params[name] = torch.from_numpy(array.copy()).requires_grad_()
    assert made(network=twin).text == made().text


def test_it_can_be_read_without_a_kernel():
    lab = made(prompt='<a"')
    html = lab.static_html()
    assert html.count("<blockquote>") == 1 and "<strong>&lt;a&quot;</strong>" in html and "<img" in html
    told = re.search(r"left free: <strong>.*?</strong>(.*?)</blockquote>", html)[1]
    plain = told.replace("<br>", "\n").replace("&lt;", "<").replace("&quot;", '"')
    assert plain == lab.free_text
    assert lab.static_text() == f'Gate lab (unit 3 of 5, nothing held)\nleft free: <a"{lab.text}'
    lab.unit_holds = {"f": 1, "i": 0}
    assert lab.static_html().count("<blockquote>") == 2
    assert lab.static_text().endswith(f'held: <a"{lab.text}')
    assert repr(lab) == "GateLab(unit 3 of 5, f = 1, i = 0 held after the prompt)"
    lab.tab = "cell"
    assert repr(lab) == "GateLab(cell, T=8, step=1)" and "left free" not in lab.static_html()
