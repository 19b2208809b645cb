"""rnncourse.data.stories: each world does what its chapter says of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.data import (
    CHILDRENS_BOOK,
    CHILDRENS_NAMES,
    DINNERS,
    RAIN_EVIDENCE,
    Card,
    childrens_sentences,
    dinner_diary,
    is_possible,
    loud_book,
    memory_game,
    pronoun_texts,
    rain_days,
    shouted,
    weather_day,
    weather_week,
)
from rnncourse.errors import InputError


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def says(call, *parts: str) -> None:
    """Assert that `call` raises InputError with every one of `parts` in its message."""
    with pytest.raises(InputError) as caught:
        call()
    assert all(part in str(caught.value) for part in parts), f"{parts} not all in: {caught.value}"


# --- dinner -------------------------------------------------------------------------------------------


def test_dinner_follows_dinner():
    diary = dinner_diary(8, rng())
    assert len(diary) == 8
    assert diary.dinner_names.tolist() == ["bread", "rice", "pizza"] * 2 + ["bread", "rice"]
    assert diary.weekday.tolist() == [0, 1, 2, 3, 4, 5, 6, 0]
    assert np.array_equal(diary.dinner[1:], (diary.dinner[:-1] + 1) % 3)
    assert DINNERS[diary.dinner[2]] == "pizza" and DINNERS[diary.dinner[4]] == "rice"


def test_weekday_says_nothing_about_dinner():
    diary = dinner_diary(21, rng())
    pairs = set(zip(diary.weekday.tolist(), diary.dinner.tolist(), strict=True))
    assert len(pairs) == 21


def test_mood_energy_and_sleep_are_random_and_say_nothing_about_dinner():
    diary = dinner_diary(9000, rng(1))
    for values, low, high in ((diary.mood, -1, 1), (diary.energy, -1, 1), (diary.sleep, 5, 10)):
        assert values.dtype == np.float32 and values.shape == (9000,)
        assert low <= values.min() < low + 0.01 and high - 0.01 < values.max() <= high
        of_dinner = [values[diary.dinner == d].mean() for d in range(3)]
        # The standard error of a mean over 3000 days is (high - low) / sqrt(12 * 3000).
        assert of_dinner == pytest.approx([(low + high) / 2] * 3, abs=4 * (high - low) / 36000**0.5)
    fields = np.corrcoef([diary.mood, diary.energy, diary.sleep])
    assert fields[~np.eye(3, dtype=bool)] == pytest.approx(0, abs=4 / 9000**0.5)


def test_same_generator_same_diary():
    first, again, other = (dinner_diary(5, rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(first.mood, again.mood) and np.array_equal(first.sleep, again.sleep)
    assert not np.array_equal(first.mood, other.mood)


def test_diary_refuses():
    says(lambda: dinner_diary(0, rng()), "n", "int 0", "at least 1")
    says(lambda: dinner_diary(2.5, rng()), "n", "2.5")
    says(lambda: dinner_diary(7, 0), "rng", "int 0", "default_rng")


# --- the children's book and the pronoun --------------------------------------------------------------


def test_only_an_earlier_word_resolves_the_pronoun():
    texts = pronoun_texts(400, rng(2))
    assert texts.tokens.shape == (400, 16) and len(texts) == 400
    assert texts.pronoun == 11
    last_sentences = {tuple(text[texts.pronoun :]) for text in texts.tokens.tolist()}
    assert last_sentences == {("It", "is", "empty", "now", ".")}
    for text, answer in zip(texts.tokens.tolist(), texts.answer.tolist(), strict=True):
        assert text[text.index("from") + 2] == answer != text[text.index("to") + 2]
    places = {text.index(answer) for text, answer in zip(texts.tokens.tolist(), texts.answer, strict=True)}
    assert places == {6, 9}


def test_the_set_of_words_does_not_resolve_the_pronoun():
    texts = pronoun_texts(4000, rng(3))
    answers = {}
    for text, answer in zip(texts.tokens.tolist(), texts.answer.tolist(), strict=True):
        answers.setdefault(frozenset(text), set()).add(answer)
    assert all(len(found) == 2 for found in answers.values())


def test_pronoun_refuses():
    says(lambda: pronoun_texts(0, rng()), "n", "int 0")
    says(lambda: pronoun_texts(3, None), "rng", "None")


# --- more sentences for the children's book -------------------------------------------------------------


def test_sentences_follow_the_grammar_of_the_book():
    sentences = childrens_sentences(6000, rng())
    assert len({tuple(sentence) for sentence in sentences}) == 12
    assert all(is_possible(sentence) for sentence in sentences)
    assert 0.47 < np.mean([len(sentence) == 4 for sentence in sentences]) < 0.53
    for name in CHILDRENS_NAMES:
        assert 0.30 < np.mean([sentence[0] == name for sentence in sentences]) < 0.37
        assert 0.30 < np.mean([sentence[-2] == name for sentence in sentences]) < 0.37
    assert all(is_possible([*sentence.split(), "."]) for sentence in CHILDRENS_BOOK.split(".")[:-1])


@pytest.mark.parametrize(
    "words",
    [
        "Doug saw Doug .",
        "Doug and Jane saw Doug .",
        "Doug and Doug saw Jane .",
        "Doug saw Jane saw Spot .",
        "Doug and Jane saw Spot",
        "Doug or Jane saw Spot .",
        "Doug and Jane ate Spot .",
        "saw saw Jane .",
        "and saw Jane .",
        "Doug saw Rex .",
        "Doug and Jane and Spot saw .",
        "Doug .",
        ".",
        "",
    ],
)
def test_sentences_that_the_book_cannot_hold(words):
    assert not is_possible(words.split())


def test_what_is_no_sentence_or_no_text_is_refused():
    says(lambda: is_possible("Doug saw Jane ."), "sentence", "list of tokens", "'Doug saw Jane .'")
    says(lambda: is_possible(None), "sentence", "None")
    says(lambda: shouted(3), "text must be a string", "int 3")
    says(lambda: shouted(None), "text must be a string", "None")


def test_loud_book_shouts_between_quotation_marks_and_nowhere_else():
    text = loud_book(5000, rng(2))
    assert len(text) == 5000
    inside = shouted(text)
    for character, loud in zip(text, inside, strict=True):
        if character.isalpha():
            assert character.isupper() or not loud
    quiet = "".join(c for c, loud in zip(text, inside, strict=True) if not loud).replace('"', "")
    sentences = [part.split() for part in quiet.split(".")[:-1]]
    assert all(is_possible([*words, "."]) for words in sentences)
    # a shout has 2 sentences on average, and half of the pieces are shouts
    assert 0.55 < inside.mean() < 0.75


def test_shouted_counts_the_marks():
    assert shouted('a "B." c').tolist() == [False, False, True, True, True, False, False, False]


def test_more_sentences_refuse():
    says(lambda: childrens_sentences(0, rng()), "n", "int 0")
    says(lambda: childrens_sentences(3, 1), "rng", "int 1")
    says(lambda: loud_book(0, rng()), "n", "int 0")
    says(lambda: loud_book(3, None), "rng", "None")


# --- rain and weather ---------------------------------------------------------------------------------


def test_rain_evidence_and_its_arrays():
    assert [piece.probability for piece in RAIN_EVIDENCE] == [0.3, 0.1, 0.1, 0.6, 0.9]
    assert "dog" in RAIN_EVIDENCE[0].text and "dark" in RAIN_EVIDENCE[4].text
    x, y = rain_days()
    assert x.shape == (5, 1, 5) and y.shape == (5, 1, 1)
    assert x.dtype == y.dtype == np.float32
    assert np.array_equal(x[:, 0], np.eye(5))
    assert y[:, 0, 0] == pytest.approx([0.3, 0.1, 0.1, 0.6, 0.9])


def test_weather_day_has_units():
    shown = [f"{m.value:g} {m.unit}" for m in weather_day()]
    assert shown == ["38 °C", "24 °C", "13 km/h", "0.15 mm", "84 %"]
    assert weather_day()[1].name == "lowest temperature"


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_weather_week_could_be_weather(seed):
    week, units = weather_week(rng(seed))
    assert week.shape == (7, 5) and week.dtype == np.float32
    assert units == ("°C", "°C", "km/h", "mm", "%")
    highest, lowest, wind, rain, humidity = week.T
    assert (lowest < highest).all() and (highest < 60).all()
    assert (wind >= 0).all() and (rain >= 0).all()
    assert ((humidity >= 45) & (humidity <= 95)).all()
    assert (np.ptp(week, axis=0) > 0).all(), "a column without spread could not be scaled"


def test_weather_week_takes_its_generator():
    assert np.array_equal(weather_week(rng(5))[0], weather_week(rng(5))[0])
    says(lambda: weather_week(5), "rng", "int 5")


# --- the memory game ----------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.integers(1, 7), st.data())
def test_every_game_obeys_the_rules(pairs, data):
    remembered = data.draw(st.integers(0, 2 * pairs))
    game = memory_game(pairs, remembered, rng(data.draw(st.integers(0, 999))))
    assert len(game.cards) == len(game.states) == len(game.taken) == 2 * game.moves
    assert sorted(game.deck.tolist()) == sorted([*range(pairs)] * 2)
    assert game.taken.sum() == pairs and game.taken[-1] and not game.taken[::2].any()
    assert game.states[-1] == ()

    table = {Card(position, int(picture)) for position, picture in enumerate(game.deck)}
    before: tuple = ()
    for t in range(0, 2 * game.moves, 2):
        first, second = game.cards[t], game.cards[t + 1]
        assert first != second and {first, second} <= table
        pictures = [card.picture for card in before]
        known_pair = len(set(pictures)) < len(pictures)
        assert (first in before) == known_pair, "a known pair is taken first, else a card not remembered"
        if known_pair or first.picture in pictures:
            assert game.taken[t + 1] and second in before
        else:
            assert second not in before
        assert game.taken[t + 1] == (first.picture == second.picture)
        taken = {first, second} if game.taken[t + 1] else set()
        expected = before
        for card, state in ((first, game.states[t]), (second, game.states[t + 1])):
            seen = expected if card in expected else (*expected, card)
            expected = seen[len(seen) - remembered :] if len(seen) > remembered else seen
            if card is second:
                expected = tuple(kept for kept in expected if kept not in taken)
            assert state == expected and len(state) <= remembered
        table -= taken
        before = game.states[t + 1]
    assert not table


def test_same_generator_same_game():
    first, again, other = (memory_game(6, 3, rng(seed)) for seed in (8, 8, 9))
    assert first.cards == again.cards and first.states == again.states
    assert first.cards != other.cards


def test_more_memory_never_needs_more_moves_on_average():
    games = 200
    by_memory = np.array(
        [[memory_game(6, m, rng(seed)).moves for seed in range(games)] for m in range(0, 13, 2)]
    )
    mean = by_memory.mean(axis=1)
    error = by_memory.std(axis=1) / games**0.5
    assert (np.diff(mean) <= 2 * np.hypot(error[1:], error[:-1])).all(), mean
    assert mean[0] > 2 * mean[-1]


def test_moves_agree_with_theory_at_both_ends():
    pairs, games = 6, 600
    guessing = np.array([memory_game(pairs, 0, rng(seed)).moves for seed in range(games)])
    # With k pairs left a guess succeeds with probability 1 / (2k - 1): the mean is 1 + 3 + … = pairs².
    assert guessing.mean() == pytest.approx(pairs**2, abs=4 * guessing.std() / games**0.5)
    perfect = np.array([memory_game(pairs, 2 * pairs, rng(seed)).moves for seed in range(games)])
    # Velleman & Warrington (2013), doi:10.4169/amer.math.monthly.120.09.787; exact as pairs grows.
    theory = (3 - 2 * np.log(2)) * pairs + 7 / 8 - 2 * np.log(2)
    assert perfect.mean() == pytest.approx(theory, abs=0.15)


def test_one_pair_needs_one_move():
    game = memory_game(1, 0, rng())
    assert game.moves == 1 and game.states == ((), ())


def test_game_log_as_arrays():
    game = memory_game(5, 3, rng(4))
    n = len(game.cards)
    assert game.turned.tolist() == [card.position for card in game.cards]
    assert game.remembered.shape == game.gone.shape == (n, 10)
    for t in range(n):
        assert set(np.flatnonzero(game.remembered[t])) == {card.position for card in game.states[t]}
        taken_before = np.flatnonzero(game.taken[: t + 1])
        assert set(np.flatnonzero(game.gone[t])) == {game.turned[k] for s in taken_before for k in (s - 1, s)}
    assert game.gone[-1].all() and not game.gone[0].any()
    assert not (game.remembered & game.gone).any()
    assert not memory_game(5, 0, rng(4)).remembered.any()


def test_memory_game_refuses():
    says(lambda: memory_game(0, 0, rng()), "pairs", "int 0")
    says(lambda: memory_game(3, -1, rng()), "remembered", "-1")
    says(lambda: memory_game(3, 1.5, rng()), "remembered", "1.5")
    says(lambda: memory_game(3, 7, rng()), "remembered", "from 0 to 6", "7")
    says(lambda: memory_game(3, 2, "dice"), "rng", "'dice'")
