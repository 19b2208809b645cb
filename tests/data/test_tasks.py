"""Tasks with a known delay: the answer is where it is said to be, and nowhere else; guessing scores what is said."""

from __future__ import annotations

import numpy as np
import pytest

from rnncourse import data
from rnncourse.data import tasks
from rnncourse.errors import InputError
from rnncourse.in_numpy import LSTM, Adam, RecurrentNet, fit, mse, softmax_cross_entropy


@pytest.fixture
def rng():
    return np.random.default_rng()  # fresh draws: what is promised holds for all of them


def test_recall_asks_at_the_last_step_for_the_symbol_of_the_first(rng):
    x, y, mask = data.recall_task(7, 500, rng)
    assert x.shape == (8, 500, 5) and y.shape == mask.shape == (8, 500)
    assert (x.dtype, y.dtype, mask.dtype) == (np.float32, np.int64, np.float32)
    assert np.array_equal(np.flatnonzero(mask.any(axis=1)), [7]) and mask[7].all()
    assert np.array_equal(x[0, :, :4].argmax(axis=1), y[7])
    assert np.array_equal(x[0].sum(axis=1), np.ones(500))
    assert not x[1:, :, :4].any()  # the answer is at step 0 and nowhere else
    noise = x[1:, :, 4]
    assert np.abs(noise).max() <= 0.2 and abs(noise.std() - 0.2 / 3**0.5) < 0.01
    for symbol in range(4):  # … and the noise knows nothing about it
        assert abs(noise[:, y[7] == symbol].mean()) < 0.02
    assert np.abs(np.bincount(y[7], minlength=4) / 500 - 1 / 4).max() < 0.12


def test_recall_noise_can_be_set(rng):
    assert not data.recall_task(3, 6, rng, noise=0).x[1:].any()
    assert 1 < np.abs(data.recall_task(30, 60, rng, noise=2).x[1:]).max() <= 2
    assert not data.recall_task(3, 6, rng, noise=np.float32(0)).x[1:].any()
    for wrong in (-0.1, np.inf, "much", True):
        with pytest.raises(InputError, match="noise must be a number of at least 0"):
            data.recall_task(3, 6, rng, noise=wrong)


def test_copy_asks_for_the_three_symbols_in_order(rng):
    x, y, mask = data.copy_task(5, 400, rng)
    assert x.shape == (11, 400, 5)
    assert np.array_equal(mask.any(axis=1), [0] * 8 + [1] * 3) and mask[-3:].all()
    assert np.array_equal(x[:3, :, :4].argmax(axis=2), y[-3:])
    assert not x[3:, :, :4].any() and np.array_equal(x[:, :, 4], mask)  # the last row is the signal to answer
    # Each answer lies delay + 3 steps back, and the symbols are independent of one another.
    pairs = np.bincount(4 * y[-3] + y[-2], minlength=16) / 400
    assert np.abs(pairs - 1 / 16).max() < 0.06


def test_adding_is_the_sum_of_the_two_marked_numbers(rng):
    x, y, mask = data.adding_task(9, 300, rng)
    assert x.shape == (9, 300, 2) and y.shape == (9, 300, 1) and mask[:-1].sum() == 0 and mask[-1].all()
    numbers, marks = x[..., 0], x[..., 1]
    assert np.array_equal(np.unique(marks), [0, 1])
    assert np.array_equal(marks[:4].sum(axis=0), np.ones(300))  # one in the first half,
    assert np.array_equal(marks[4:].sum(axis=0), np.ones(300))  # one in the second
    assert np.allclose(y[-1, :, 0], (numbers * marks).sum(axis=0))
    assert numbers.min() >= 0 and numbers.max() < 1
    assert len(np.unique(marks.argmax(axis=0))) == 4


def test_the_baselines_are_those_that_are_stated(rng):
    _, sums, mask = data.adding_task(20, 20_000, rng)
    always_one, _ = mse(np.ones_like(sums), sums, mask)
    assert always_one == pytest.approx(1 / 6, abs=0.006)
    others = [mse(np.full_like(sums, guess), sums, mask)[0] for guess in (0.8, 1.2)]
    assert min(others) > always_one
    for make in (data.recall_task, data.copy_task):
        _, y, asked = make(4, 5_000, rng)
        guesses = [(y[asked > 0] == symbol).mean() for symbol in range(4)]
        assert np.allclose(guesses, 1 / 4, atol=0.03)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("task", ["recall", "copy", "adding"])
def test_batches_fit_the_nets_and_every_draw_is_new(task, seed):
    rng = np.random.default_rng(seed)  # a fresh one learns too slowly now and then
    D, K = tasks.SIZES[task]
    first, second = tasks.draw(task, 6, 8, rng), tasks.draw(task, 6, 8, rng)
    assert not np.array_equal(first.x, second.x)
    same = [tasks.draw(task, 6, 8, np.random.default_rng(3)).x for _ in range(2)]
    assert np.array_equal(*same)
    net = RecurrentNet(LSTM(D, 12, rng=rng), K, rng=rng)
    x, y, mask = first
    loss = mse if task == "adding" else softmax_cross_entropy
    history = fit(net, x, y, mask=mask, loss=loss, optimizer=Adam(0.02, clip=1.0), steps=80)
    assert history.loss[-1] < 0.7 * history.loss[0]


@pytest.mark.parametrize("make", [data.recall_task, data.copy_task, data.adding_task])
def test_wrong_arguments_are_named(make, rng):
    for delay, B, name in ((0, 3, "delay"), (2.5, 3, "delay"), (4, 0, "B")):
        with pytest.raises(InputError, match=f"{name} must be a whole number of at least 1"):
            make(delay, B, rng)
    with pytest.raises(InputError, match="rng must be a NumPy random generator"):
        make(4, 3, 0)


def test_adding_needs_room_for_two_marks(rng):
    with pytest.raises(InputError, match="delay must be a whole number of at least 2"):
        data.adding_task(1, 3, rng)
    assert data.adding_task(2, 3, rng).x[..., 1].all()
    with pytest.raises(InputError, match="task must be"):
        tasks.draw("recal", 3, 3, rng)


def test_texts_ask_for_the_place_of_the_thing_and_the_language_of_the_country(rng):
    for clauses in (0, 1, 4):
        for text in data.context_texts(clauses, 30, rng):
            assert text[:4] == ["I", "grew", "up", "in"] and text[-4:-1] == ["I", "speak", "fluent"]
            assert {"France": "French", "Spain": "Spanish", "Italy": "Italian", "Poland": "Polish"}[
                text[4]
            ] == text[-1]
            assert len(text) - 2 - 4 == data.far_gap(clauses)  # from reading the country to reading "fluent"
            for k in range(clauses):
                clause = text[6 + 7 * k : 13 + 7 * k]
                assert clause[0] == "the" and clause[2:5] == ["are", "in", "the"] and clause[6] == "."
                assert {"clouds": "sky", "fish": "sea", "cows": "field", "cars": "street"}[
                    clause[1]
                ] == clause[5]


def test_texts_as_arrays_say_what_the_words_say(rng):
    seed = int(rng.integers(1000))
    x, y, near, far = data.contexts(3, 20, np.random.default_rng(seed))
    texts = data.context_texts(3, 20, np.random.default_rng(seed))
    assert x.shape == (30, 20, len(data.CONTEXT_WORDS)) and y.shape == near.shape == far.shape == (30, 20)
    for b, text in enumerate(texts):
        assert data.CONTEXT_WORDS.decode(x[:, b].argmax(axis=1)) == text[:-1]
        assert data.CONTEXT_WORDS.decode(y[:, b]) == text[1:]
        asked = [text[t + 1] for t in np.flatnonzero(near[:, b])]
        assert len(asked) == 3 and set(asked) <= {"sky", "sea", "field", "street"}
        assert np.array_equal(np.flatnonzero(far[:, b]), [29])


def test_languages_and_places_are_equally_frequent_and_independent(rng):
    texts = data.context_texts(1, 4000, rng)
    languages = [text[-1] for text in texts]
    places = [text[11] for text in texts]
    for answers in (languages, places):
        shares = np.unique(answers, return_counts=True)[1] / 4000
        assert len(shares) == 4 and np.abs(shares - 1 / 4).max() < 0.04
    both = np.unique([f"{a} {b}" for a, b in zip(languages, places, strict=True)], return_counts=True)[1]
    assert len(both) == 16 and np.abs(both / 4000 - 1 / 16).max() < 0.02


def test_wrong_arguments_of_texts_are_named(rng):
    with pytest.raises(InputError, match="clauses must be a whole number of at least 0"):
        data.context_texts(-1, 3, rng)
    with pytest.raises(InputError, match="B must be"):
        data.contexts(1, 0, rng)
    with pytest.raises(InputError, match="rng must be a NumPy random generator"):
        data.contexts(1, 2, 7)
