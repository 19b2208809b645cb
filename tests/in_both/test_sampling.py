"""Letting a net write: greedy, by temperature, by beam; both engines alike."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from in_both.engines import furthest, make

from rnncourse import in_numpy, in_torch
from rnncourse.errors import InputError
from rnncourse.in_both import sampling

V = 4


def net(engine=in_numpy, kind="LSTM", sharp=4.0):
    rng = np.random.default_rng(1)
    layer = make(kind, engine, D=V, H=6)
    model = engine.RecurrentNet(layer, V, rng=rng)
    for name, tensor in model.params.items():
        model.params[name] = (
            (tensor * sharp).detach().requires_grad_() if engine is in_torch else tensor * sharp
        )
    return model


def log_p(model, tokens):
    """Return the log-probability of what comes after each token."""
    return in_numpy.log_softmax(model.forward(np.eye(V)[np.array(tokens)][:, None])[:, 0])


def score(model, start, continuation):
    tokens = [*start, *continuation]
    found = log_p(model, tokens[:-1])
    return sum(found[k, tokens[k + 1]] for k in range(len(start) - 1, len(tokens) - 1))


def test_greedy_takes_the_likeliest():
    model, tokens = net(), [2, 0]
    for _ in range(6):
        tokens.append(int(log_p(model, tokens)[-1].argmax()))
    assert in_numpy.greedy(model, [2, 0], 6).tolist() == tokens[2:]
    assert len(set(tokens[2:])) > 1


def test_a_wide_beam_finds_the_likeliest_of_all():
    model, n = net(sharp=2.0), 4
    all_of_them = {c: score(model, [1, 3], c) for c in itertools.product(range(V), repeat=n)}
    ranked = sorted(all_of_them, key=all_of_them.get, reverse=True)
    beams = in_numpy.beam_search(model, [1, 3], n, width=V**n)
    assert [tuple(beam.indices) for beam in beams] == ranked
    assert [beam.log_p for beam in beams] == pytest.approx([all_of_them[c] for c in ranked])


def test_a_beam_of_one_is_greedy_and_width_never_hurts():
    model = net()
    one = in_numpy.beam_search(model, [1], 8, width=1)[0]
    assert one.indices.tolist() == in_numpy.greedy(model, [1], 8).tolist()
    assert one.log_p == pytest.approx(score(model, [1], one.indices))
    assert in_numpy.beam_search(model, [1], 8, width=5)[0].log_p >= one.log_p


@pytest.mark.parametrize(("end", "asked"), [(None, 2 + 3 - 1), (1, 2)])
def test_beams_ask_the_model_no_more_than_they_need(end, asked):
    """Once for each token read and written but the last; not again where all beams have ended."""
    tokens_read = []

    def step(indices, state):
        tokens_read.append(indices)
        return np.log([[0.1, 0.8, 0.1]]).repeat(len(indices), axis=0), None

    beams = sampling.beam_search(step, [0, 2], 3, 3, 1, end, lambda state, rows: state)
    assert len(tokens_read) == asked
    assert [beam.indices.tolist() for beam in beams] == [[1, 1, 1] if end is None else [1]]


def test_end_ends():
    model, n = net(sharp=2.0), 5
    greedy = in_numpy.greedy(model, [1], 12)
    end = int(greedy[3])
    assert (
        in_numpy.greedy(model, [1], 12, end=end).tolist() == greedy[: greedy.tolist().index(end) + 1].tolist()
    )
    beams = in_numpy.beam_search(model, [1], n, width=6, end=2)
    for beam in beams:
        assert 2 not in beam.indices[:-1] and (len(beam.indices) == n or beam.indices[-1] == 2)
        assert beam.log_p == pytest.approx(score(model, [1], beam.indices))
    assert min(len(beam.indices) for beam in beams) < n


def test_temperature_sharpens_and_flattens():
    p = np.array([0.5, 0.3, 0.2])
    assert furthest(in_numpy.with_temperature(np.log(p), 1.0), p) <= 1e-12
    assert furthest(in_numpy.with_temperature(np.log(p), 0.5), p**2 / (p**2).sum()) <= 1e-12
    assert in_numpy.with_temperature(np.log(p), 1e-3)[0] == pytest.approx(1)
    assert np.ptp(in_numpy.with_temperature(np.log(p), 1e3)) < 1e-3


def test_samples_have_the_models_frequencies():
    model, rng = net(sharp=2.0), np.random.default_rng(0)
    first = [int(in_numpy.sample(model, [2], 1, rng, temperature=0.7)[0]) for _ in range(2000)]
    expected = in_numpy.with_temperature(log_p(model, [2])[-1], 0.7)
    assert furthest(np.bincount(first, minlength=V) / 2000, expected) < 0.04
    again = [in_numpy.sample(model, [2], 9, np.random.default_rng(3)).tolist() for _ in range(2)]
    assert again[0] == again[1]


@pytest.mark.parametrize("kind", ["RNN tanh", "LSTM", "Stack"])
def test_both_engines_write_the_same(kind):
    ours, twin = net(in_numpy, kind), net(in_torch, kind)
    for name in ("greedy", "beam_search"):
        a, b = (getattr(e, name)(m, [1, 2], 7) for e, m in ((in_numpy, ours), (in_torch, twin)))
        if name == "beam_search":
            assert [beam.indices.tolist() for beam in a] == [beam.indices.tolist() for beam in b]
        else:
            assert a.tolist() == b.tolist()
    a, b = (e.sample(m, [1], 9, np.random.default_rng(0)) for e, m in ((in_numpy, ours), (in_torch, twin)))
    assert a.tolist() == b.tolist()


def test_a_temperature_may_be_a_number_of_numpy():
    log_p = np.log(np.array([0.2, 0.5, 0.3]))
    expected = in_numpy.with_temperature(log_p, 0.5)
    for one in (np.float32(0.5), np.float64(0.5)):
        assert np.array_equal(in_numpy.with_temperature(log_p, one), expected)
    assert np.allclose(expected, np.array([4, 25, 9]) / 38)
    for bad in (np.nan, np.inf, np.float32(0), True, "warm", None):
        with pytest.raises(InputError, match="temperature must be a number above 0"):
            in_numpy.with_temperature(log_p, bad)


@pytest.mark.parametrize("engine", [in_numpy, in_torch], ids=["numpy", "torch"])
def test_a_reader_of_the_future_cannot_write_wherever_it_is(engine):
    two_ways = engine.Bidirectional(engine.GRU(V, 3), engine.GRU(V, 2))
    stack = engine.Stack(engine.Stack(two_ways, engine.LSTM(5, 3)), engine.GRU(3, 2))
    for layer in (two_ways, stack):
        model = engine.RecurrentNet(layer, V)
        for write in (
            lambda model=model: engine.greedy(model, [1], 3),
            lambda model=model: engine.sample(model, [1], 3, np.random.default_rng(0)),
            lambda model=model: engine.beam_search(model, [1], 3),
        ):
            with pytest.raises(InputError, match="reads backward cannot write"):
                write()


def test_wrong_input_is_named():
    model, rng = net(), np.random.default_rng(0)
    for call, said in [
        (lambda: in_numpy.greedy(model, [], 3), "start must be a list of at least one token"),
        (lambda: in_numpy.greedy(model, [9], 3), "indices from 0 to 3"),
        (lambda: in_numpy.greedy(model, [1], 0), "n must be"),
        (lambda: in_numpy.sample(model, [1], 3, rng, temperature=0), "temperature must be a number above 0"),
        (lambda: in_numpy.beam_search(model, [1], 3, width=0), "width must be"),
        (lambda: in_numpy.greedy(in_numpy.RecurrentNet(make("LSTM"), 7), [1], 3), "it reads 4 and scores 7"),
    ]:
        with pytest.raises(InputError, match=said):
            call()
