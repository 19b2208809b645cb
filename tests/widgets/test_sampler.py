"""The sampler without a browser: what it writes, with which probabilities, what it holds, and what it refuses."""

from __future__ import annotations

import base64
import importlib
import re
from string import ascii_lowercase, ascii_uppercase
from string import digits as decimal_digits

import numpy as np
import pytest

from rnncourse import in_numpy
from rnncourse.analysis import gates
from rnncourse.analysis.gates import Hold
from rnncourse.data import Vocabulary
from rnncourse.errors import InputError
from rnncourse.widgets import Sampler, sampler
from rnncourse.widgets._sampler import write_characters
from rnncourse.widgets._unit_ranking import correlations, signal
from rnncourse.widgets._writing_net import numpy_copy

CHARACTERS = "\n abT."
V, H = len(CHARACTERS), 5
START = np.array([2, 3])
fallback = importlib.import_module("rnncourse.widgets._fallback")


def net_of(kind: str = "LSTM", seed: int = 0) -> in_numpy.RecurrentNet:
    """Return a net with large weights and biases, so that it has opinions."""
    rng = np.random.default_rng(seed)
    net = in_numpy.RecurrentNet(getattr(in_numpy, kind)(V, H, rng=rng), V, rng=rng)
    for name, array in net.params.items():
        net.params[name] = (3 * array + 0.3 * rng.normal(size=array.shape)).astype(np.float32)
    return net


def made(kind: str = "LSTM", **settings) -> Sampler:
    return sampler(
        net_of(kind), Vocabulary(list(CHARACTERS)), **{"characters": 20, "prompt": "ab", **settings}
    )


def probabilities(net: in_numpy.RecurrentNet, indices: np.ndarray) -> np.ndarray:
    """Return p (T, V) after each of the indices."""
    s = net.forward(np.eye(V, dtype=np.float32)[indices][:, None])
    return in_numpy.softmax(s[:, 0])


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.7])
def test_it_writes_what_sample_writes(kind, temperature):
    net = net_of(kind)
    written = write_characters(net, START, 30, np.random.default_rng(4), temperature)
    wanted = in_numpy.sample(net, START, 30, np.random.default_rng(4), temperature)
    assert np.array_equal(written.indices, wanted)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_the_probabilities_are_those_of_the_net(kind):
    net = net_of(kind)
    written = write_characters(net, START, 12, np.random.default_rng(1), 0.5)
    p = probabilities(net, np.concatenate([START, written.indices[:-1]]))[len(START) - 1 :]
    places = np.arange(12)
    assert np.allclose(written.p, p[places, written.indices], rtol=0, atol=1e-6)
    cold = p**2 / (p**2).sum(axis=1, keepdims=True)  # p^(1/0.5)
    assert np.allclose(written.drawn, cold[places, written.indices], rtol=0, atol=1e-6)
    for row, best in zip(p, written.likeliest, strict=True):
        assert [k for k, _ in best] == list(np.argsort(-row)[:3])
        assert np.allclose([q for _, q in best], np.sort(row)[::-1][:3], rtol=0, atol=1e-6)


@pytest.mark.parametrize(("gate", "value"), [("f", 0.0), ("f", 1.0), ("i", 0.3), ("o", 0.5), ("g", -0.7)])
@pytest.mark.parametrize("unit", [None, 3])
def test_a_held_gate_is_the_one_of_the_analysis(gate, value, unit):
    net = net_of()
    written = write_characters(net, START, 15, np.random.default_rng(2), 1.0, [Hold(gate, value, unit)])
    wanted, _ = gates.write(net, START, 15, np.random.default_rng(2), holds=[gates.Hold(gate, value, unit)])
    assert np.array_equal(written.indices, wanted)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_a_state_held_at_zero_leaves_the_bias_only(kind):
    net = net_of(kind)
    written = write_characters(net, START, 10, np.random.default_rng(3), 1.0, [Hold("h", 0.0, None)])
    bias = in_numpy.softmax(net.params["b_y"][None])[0]
    assert np.allclose(written.p, bias[written.indices], rtol=0, atol=1e-6)


def step_by_step(net: in_numpy.RecurrentNet, indices: list[int], held: Hold) -> np.ndarray:
    """Return p (V,) after all of the indices, the cell or state held, from in_numpy's single step."""
    h, c = np.zeros((1, H), np.float32), np.zeros((1, H), np.float32)
    for index in indices:
        a = np.eye(V, dtype=np.float32)[[index]] @ net.params["W_x"] + h @ net.params["W_h"] + net.params["b"]
        i, f, g, o = np.split(a, 4, axis=1)
        sigmoid = in_numpy.sigmoid
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        if held.gate == "c":
            c[:, held.units] = held.value
        h = sigmoid(o) * np.tanh(c)
        if held.gate == "h":
            h[:, held.units] = held.value
    return in_numpy.softmax(h @ net.params["W_hy"] + net.params["b_y"])[0]


@pytest.mark.parametrize("held", [Hold("c", 0.9, 2), Hold("h", -0.6, 4)])
def test_a_held_unit_is_held_at_every_step(held):
    net = net_of()
    written = write_characters(net, START, 8, np.random.default_rng(6), 1.0, [held])
    for k, index in enumerate(written.indices):
        p = step_by_step(net, [*START, *written.indices[:k]], held)
        assert abs(p[index] - written.p[k]) < 1e-6


def test_the_net_stays_as_it_is():
    net = net_of()
    before = {name: array.copy() for name, array in net.params.items()}
    write_characters(net, START, 5, np.random.default_rng(0), 1.0, [Hold("f", 0.0, None)])
    assert all(np.array_equal(before[name], net.params[name]) for name in before)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_a_torch_net_writes_the_same(kind):
    in_torch = pytest.importorskip("rnncourse.in_torch")
    net, rng = net_of(kind), np.random.default_rng(0)
    twin = in_torch.RecurrentNet(getattr(in_torch, kind)(V, H, rng=rng), V, rng=rng)
    torch = pytest.importorskip("torch")
    for name, array in net.params.items():
        twin.params[name] = torch.from_numpy(array.copy()).requires_grad_()
    one, other = (write_characters(which, START, 25, np.random.default_rng(8), 0.8) for which in (net, twin))
    assert np.array_equal(one.indices, other.indices) and np.allclose(one.p, other.p, atol=1e-6)


def test_other_nets_and_holds_are_refused():
    with pytest.raises(InputError, match="net must be a RecurrentNet"):
        numpy_copy(in_numpy.MLP((3, 4, 2)))
    with pytest.raises(InputError, match="reads 6 and scores 4"):
        numpy_copy(in_numpy.RecurrentNet(in_numpy.RNN(V, H), 4))
    both = in_numpy.Bidirectional(in_numpy.GRU(V, H), in_numpy.GRU(V, H))
    with pytest.raises(InputError, match="net must be a RecurrentNet with"):
        numpy_copy(in_numpy.RecurrentNet(both, V))
    write = lambda net, held: write_characters(net, START, 2, np.random.default_rng(0), 1.0, [held])  # noqa: E731
    with pytest.raises(InputError, match="only an LSTM has the part 'forget gate f'"):
        write(net_of("GRU"), Hold("f", 0.0))
    with pytest.raises(InputError, match="unit must be from 0 to 4"):
        write(net_of(), Hold("h", 0.0, 5))
    with pytest.raises(InputError, match="a gate lies between 0"):
        write(net_of(), Hold("i", -0.2, None))
    with pytest.raises(InputError, match="part must be"):
        write(net_of(), Hold("w", 0.0))


# --- The widget -----------------------------------------------------------------------------------------


def test_text_is_what_was_written():
    widget = made(temperature=0.8, seed=3)
    written = write_characters(widget.net, START, 20, np.random.default_rng(3), 0.8)
    assert widget.text == "".join(CHARACTERS[k] for k in written.indices)
    assert np.array_equal(widget.written.p, written.p)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_memory_is_that_of_the_tokens_read(kind):
    net = net_of(kind)
    written = write_characters(net, START, 9, np.random.default_rng(5), 1.0)
    net.forward(np.eye(V, dtype=np.float32)[[*START, *written.indices[:-1]]][:, None])
    state = net.layer.trace["c" if kind == "LSTM" else "h"][:, 0]
    assert np.allclose(written.memory, state, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("prompt", "T"), ("temperature", 1.9), ("characters", 40), ("seed", 7)],
)
def test_every_setting_changes_the_text(setting, value):
    widget = made(temperature=1.0)
    before = widget.text
    setattr(widget, setting, value)
    assert widget.text != before
    assert widget.text == made(**{"temperature": 1.0, setting: value}).text


def test_holding_and_letting_go():
    widget = made(temperature=1.0)
    free = widget.text
    widget.unit, widget.value, widget.hold = 2, 0.9, "c"
    written = write_characters(widget.net, START, 20, np.random.default_rng(0), 1.0, [Hold("c", 0.9, 2)])
    assert widget.text == "".join(CHARACTERS[k] for k in written.indices) != free
    widget.unit = -1
    all_held = write_characters(widget.net, START, 20, np.random.default_rng(0), 1.0, [Hold("c", 0.9, None)])
    assert widget.text == "".join(CHARACTERS[k] for k in all_held.indices)
    widget.hold = "nothing"
    assert widget.text == free


def test_parameters_changed_in_place_are_used():
    widget = made()
    before = widget.text
    widget.net.params["b_y"][:] = [-9, -9, 9, -9, -9, -9]
    widget.seed = 1
    assert widget.text == "a" * 20 != before


def test_an_empty_prompt_is_the_beginning_of_a_line():
    widget = made(prompt="")
    written = write_characters(widget.net, np.array([0]), 20, np.random.default_rng(0), 0.7)
    assert widget.text == "".join(CHARACTERS[k] for k in written.indices)


def test_strange_characters_are_named_and_nothing_is_written():
    widget = made(prompt="a?b!")
    assert widget.text == "" and widget.written is None and widget.ranking() == []
    assert widget.problem == "The net has never met “!”, “?”. Take them out of the prompt."
    widget.prompt = "aba"
    assert widget.problem == "" and len(widget.text) == 20


def test_a_gate_below_zero_is_a_problem_that_is_said():
    widget = made()
    widget.value, widget.hold = -0.5, "f"
    assert "a gate lies between 0" in widget.problem
    widget.value = 0.5
    assert widget.problem == ""


def test_each_kind_offers_its_own_parts():
    assert set(made().fixed["parts"]) == {"nothing", "frozen", "h", "c", "f", "i", "o", "g"}
    assert set(made("GRU").fixed["parts"]) == {"nothing", "frozen", "h", "r", "z", "n"}
    assert set(made("RNN").fixed["parts"]) == {"nothing", "h"}
    widget = made("GRU")
    widget.hold, widget.value = "z", 1.0
    assert widget.problem == ""
    wanted = write_characters(widget.net, START, 20, np.random.default_rng(0), 0.7, [Hold("z", 1.0)])
    assert np.array_equal(widget.written.indices, wanted.indices)
    assert made().fixed["units"] == H


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("temperature", 0.05),
        ("temperature", 2.5),
        ("temperature", "hot"),
        ("characters", 401),
        ("characters", 30.5),
        ("seed", -1),
        ("seed", True),
        ("prompt", 3),
        ("prompt", "a" * 201),
        ("prompt", None),
        ("temperature", None),
        ("characters", None),
        ("seed", None),
    ],
)
def test_settings_outside_the_controls_are_refused(setting, value):
    with pytest.raises(InputError, match=f"{setting} must be"):
        made(**{setting: value})
    widget = made()
    with pytest.raises(InputError, match=f"{setting} must be"):
        setattr(widget, setting, value)
    assert [getattr(widget, one) for one in Sampler._settings] == [
        getattr(made(), one) for one in Sampler._settings
    ]


@pytest.mark.parametrize("setting", Sampler._settings)
def test_none_is_no_setting_and_the_sampler_goes_on(setting):
    widget = made()
    with pytest.raises(InputError, match=f"{setting} must be"):
        setattr(widget, setting, None)
    widget.seed = 3
    assert widget.text == made(seed=3).text


def test_holds_and_units_outside_the_net_are_refused():
    widget = made()
    with pytest.raises(InputError, match="unit must be a whole number from -1 to 4"):
        widget.unit = 5
    with pytest.raises(InputError, match="hold must be"):
        widget.hold = "x"
    with pytest.raises(InputError, match="value must be"):
        widget.value = 1.5


def test_a_vocabulary_of_another_size_is_refused():
    with pytest.raises(InputError, match="the net reads 6 tokens, but the vocabulary has 2"):
        sampler(net_of(), Vocabulary(["a", "b"]))
    with pytest.raises(InputError, match="vocabulary must be a Vocabulary"):
        sampler(net_of(), list(CHARACTERS))


def test_it_can_be_read_without_a_kernel(monkeypatch):
    shown: list[dict] = []
    monkeypatch.setattr(fallback, "display", lambda bundle, **_: shown.append(bundle))
    widget = sampler(net_of(), Vocabulary([*CHARACTERS[:-1], "<"]), prompt="a<b", characters=20)
    widget._ipython_display_()
    html = shown[0]["text/html"]
    assert "<strong>a&lt;b</strong>" in html and "<img" in html
    text = re.search(r"a&lt;b</strong>(.*)</blockquote>", html)[1]
    underlined = len(re.findall("<u>", text))
    assert underlined == (widget.written.p < 0.05).sum()
    plain = re.sub("</?u>", "", text).replace("<br>", "\n").replace("&lt;", "<")
    assert plain == widget.text
    assert shown[0]["text/plain"] == f"Sampler (temperature 0.7, seed 0)\na<b{widget.text}"
    assert repr(widget) == "Sampler(temperature 0.7, seed 0)"
    widget.hold = "h"
    assert repr(widget) == "Sampler(temperature 0.7, seed 0, state h held at 0)"
    widget.prompt = "?"
    assert "never met" in widget.static_html() and "never met" in widget.static_text()


@pytest.mark.parametrize(
    ("numbers", "bits"), [([0.25, 1e-6], 32), ([0.25, 6e-8], 16), ([1 / 3, 7e4], 64), ([7e4, 0.5], 32)]
)
def test_the_browser_gets_every_digit_of_the_parameters_in_the_fewest_bits(numbers, bits):
    """Half precision ends at 65,504 above and has steps of 6e-8 around 0."""
    net = net_of()
    kind = {16: np.float16, 32: np.float32, 64: np.float64}[bits]
    for name, array in net.params.items():
        net.params[name] = array.astype(np.float16).astype(np.float64)
    net.params["b_y"][:2] = np.array(numbers, dtype=kind)
    widget = sampler(net, Vocabulary(list(CHARACTERS)))
    assert widget.fixed["bits"] == bits
    sent = np.frombuffer(base64.b64decode(widget.weights), f"<f{bits // 8}")
    assert np.array_equal(sent, np.concatenate([np.ravel(array) for _, array in sorted(net.params.items())]))


def test_whole_steps_of_a_64th_are_written_as_digits():
    net = net_of()
    for name, array in net.params.items():
        net.params[name] = np.rint(64 * array) / 64
    net.params["W_x"][0, :5] = 0, 1 / 64, -1 / 64, 8, -8
    widget = sampler(net, Vocabulary(list(CHARACTERS)))
    assert widget.fixed["bits"] == 6
    digits = f"{ascii_uppercase}{ascii_lowercase}{decimal_digits}+"
    counts = [63 * one.count("/") + digits.index(one[-1]) for one in re.findall("/*[^/]", widget.weights)]
    sent = [(count + 1) / 128 if count % 2 else -count / 128 for count in counts]
    assert sent == np.concatenate([np.ravel(array) for _, array in sorted(net.params.items())]).tolist()
    net.params["W_x"][0, 4] = -8 - 1 / 64
    assert sampler(net, Vocabulary(list(CHARACTERS))).fixed["bits"] == 16


def test_parameters_changed_in_place_are_sent_again():
    widget = made()
    before = widget.weights
    widget.net.params["b_y"] += 1
    widget.seed = 5
    assert widget.weights != before


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("unit", [-1, 3])
def test_a_frozen_unit_stays_what_it_was_after_the_prompt(kind, unit):
    widget = made(kind, temperature=1.0)
    widget.unit, widget.hold = unit, "frozen"
    memory, free = widget.written.memory, made(kind, temperature=1.0).written.memory
    n = len(START)
    assert np.array_equal(memory[:n], free[:n])
    frozen = slice(None) if unit < 0 else unit
    assert np.ptp(memory[n - 1 :, frozen], axis=0).max() < 1e-12
    assert np.ptp(memory[n - 1 :, (unit + 1) % H]) > 1e-3 or unit < 0
    assert repr(widget).endswith("memory, frozen after the prompt)")


def test_an_rnn_has_nothing_to_freeze():
    widget = made("RNN")
    widget.hold = "frozen"
    assert "no gate that keeps a unit" in widget.problem and widget.text == ""


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("capitals", "aB Cd!", "010100"),
        ("quotes", 'a "bc" d', "00111000"),
        ("quotes", "I can't, 'no' x", "000000000111000"),
        ("word", "ab cde.", "1201230"),
        ("vowels", "Oxen a", "101001"),
    ],
)
def test_signals_of_a_text(name, text, wanted):
    assert signal(name, text).tolist() == [float(one) for one in wanted]


def test_ranking_is_numpys_correlation_and_a_constant_unit_comes_last():
    rng = np.random.default_rng(1)
    memory, wanted = rng.normal(size=(30, 4)), rng.normal(size=30)
    memory[:, 2] = 0.7
    found = correlations(memory, wanted)
    assert np.allclose(np.delete(found, 2), [np.corrcoef(memory[:, k], wanted)[0, 1] for k in (0, 1, 3)])
    assert found[2] == 0
    widget = made(temperature=1.0, characters=80)
    widget.follows = "vowels"
    ranked = widget.ranking()
    sizes = [abs(r) for _, r in ranked]
    assert sizes == sorted(sizes, reverse=True) and sorted(k for k, _ in ranked) == list(range(H))
    read = ("ab" + widget.text)[:-1]
    best, r = ranked[0]
    aim = [one in "aeiouAEIOU" for one in read]
    assert r == pytest.approx(np.corrcoef(widget.written.memory[:, best], aim)[0, 1])
