"""rnncourse.data.encoding: the values, the laws, and what a learner is told about wrong input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rnncourse.data import (
    Scaler,
    Vocabulary,
    batches,
    one_hot,
    pad_sequences,
    sliding_windows,
    time_major,
    tokenize,
)
from rnncourse.errors import InputError

WORDS = st.text("abcXYZ019éß漢", min_size=1, max_size=6)
PROSE = st.text("abZ09é漢 \t\n.,;'’\"-_…°€", min_size=1)
TEXTS = st.lists(WORDS, min_size=1, max_size=20)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def message(call) -> str:
    """Return the message of the InputError that `call` raises."""
    with pytest.raises(InputError) as caught:
        call()
    return str(caught.value)


def says(call, *parts: str) -> None:
    """Assert that `call` raises InputError with every one of `parts` in its message."""
    text = message(call)
    assert all(part in text for part in parts), f"{parts} not all in: {text}"


# --- tokenize -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Doug saw Jane.", ["Doug", "saw", "Jane", "."]),
        ("Don't you?  No!", ["Don't", "you", "?", "No", "!"]),
        ("'Hush,' she said", ["'", "Hush", ",", "'", "she", "said"]),
        ("well-known 38 °C", ["well", "-", "known", "38", "°", "C"]),
        ("snake_case…", ["snake", "_", "case", "…"]),
        ("café\n\tnaïve", ["café", "naïve"]),
    ],
)
def test_tokenize_sets_words_and_marks_apart(text, tokens):
    assert tokenize(text) == tokens


def test_tokenize_by_character_keeps_spaces():
    assert tokenize("a b.", by="character") == ["a", " ", "b", "."]


@settings(deadline=None)
@given(PROSE)
def test_characters_join_to_the_text(text):
    assert "".join(tokenize(text, by="character")) == text


@settings(deadline=None)
@given(PROSE.filter(str.strip))
def test_words_lose_nothing_but_white_space(text):
    kept = "".join(c for c in text if not c.isspace())
    assert "".join(tokenize(text)) == kept


def test_tokenize_refuses():
    says(lambda: tokenize(["Doug"]), "text", "list ['Doug']", "string")
    says(lambda: tokenize(" \n"), "text", "at least one token")
    says(lambda: tokenize("", by="character"), "text", "at least one token")
    says(lambda: tokenize("Doug", by="letter"), "by", "'letter'", "character")


# --- Vocabulary ---------------------------------------------------------------------------------------


def test_vocabulary_numbers_the_tokens_in_order():
    words = Vocabulary(["Doug", "Jane", "Spot", "saw", "."])
    assert words.tokens == ("Doug", "Jane", "Spot", "saw", ".")
    assert len(words) == 5
    assert "Spot" in words and "spot" not in words and 2 not in words
    assert [words.index(token) for token in words.tokens] == [0, 1, 2, 3, 4]
    assert words.token(3) == "saw"
    codes = words.encode(["Doug", "saw", "Jane", "."])
    assert codes.dtype == np.int64
    assert codes.tolist() == [0, 3, 1, 4]
    assert words.decode([1, 3, 0]) == ["Jane", "saw", "Doug"]
    assert repr(words) == "Vocabulary of 5: 'Doug', 'Jane', 'Spot', 'saw', '.'"


def test_from_tokens_keeps_first_appearance():
    words = Vocabulary.from_tokens(["saw", "Doug", "saw", "Ann", "Doug"])
    assert words.tokens == ("saw", "Doug", "Ann")


def test_special_tokens_come_first_unless_they_have_a_place():
    words = Vocabulary(["a", "b"], unknown="<unknown>", padding="<pad>")
    assert words.tokens == ("<pad>", "<unknown>", "a", "b")
    assert words.encode(["b", "zebra", "<pad>"]).tolist() == [3, 1, 0]
    assert words.index("zebra") == 1
    again = Vocabulary(words.tokens, unknown="<unknown>", padding="<pad>")
    assert again.tokens == words.tokens
    assert Vocabulary(["a", "?"], unknown="?").encode(["x", "a"]).tolist() == [1, 0]


def test_an_array_of_words_can_be_encoded():
    assert Vocabulary(["bread", "rice"]).encode(np.array(["rice", "bread"])).tolist() == [1, 0]


@settings(deadline=None)
@given(TEXTS)
def test_decode_undoes_encode(tokens):
    words = Vocabulary.from_tokens(tokens)
    assert words.decode(words.encode(tokens)) == tokens
    assert set(words.tokens) == set(tokens)


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_unknown_takes_exactly_what_is_not_known(tokens, others):
    words = Vocabulary.from_tokens(tokens, unknown="<?>", padding="<pad>")
    decoded = words.decode(words.encode(others))
    assert decoded == [token if token in tokens else "<?>" for token in others]


def test_vocabulary_refuses_wrong_tokens():
    says(lambda: Vocabulary("Doug saw"), "tokens", "'Doug saw'", "list of tokens", "tokenize")
    says(lambda: Vocabulary([]), "tokens", "at least one")
    says(lambda: Vocabulary(["a", "b", "a"]), "tokens", "'a' occurs 2 times", "from_tokens")
    says(lambda: Vocabulary(["a", 7]), "tokens[1]", "int 7")
    says(lambda: Vocabulary(["a", ""]), "tokens[1]", "''")
    says(lambda: Vocabulary({"a", "b"}), "tokens", "set")
    says(lambda: Vocabulary(None), "tokens", "None")
    says(lambda: Vocabulary([["a"], ["b"]]), "tokens[0]", "['a']")
    says(lambda: Vocabulary(["a"], unknown=0), "unknown", "int 0")
    says(lambda: Vocabulary(["a"], padding=""), "padding", "''")
    says(lambda: Vocabulary(["a"], unknown="-", padding="-"), "unknown and padding", "'-'")
    says(lambda: Vocabulary.from_tokens("Doug"), "corpus_tokens", "'Doug'", "list of tokens")
    says(lambda: Vocabulary.from_tokens([]), "corpus_tokens", "at least one")


def test_unknown_token_is_named_with_the_nearest_one():
    words = Vocabulary(["Doug", "Jane", "saw"])
    says(lambda: words.encode(["Jane", "doug"]), "tokens[1]", "'doug'", "did you mean 'Doug'?", "3 tokens")
    says(lambda: words.encode(["SAW"]), "tokens[0]", "did you mean 'saw'?")
    says(lambda: words.index("Jnae"), "token is 'Jnae'", "did you mean 'Jane'?")
    far = message(lambda: words.index("xyz"))
    assert "did you mean" not in far and "'Doug', 'Jane', 'saw'" in far


def test_encode_and_decode_refuse():
    words = Vocabulary(["a", "b", "c"])
    says(lambda: words.encode("abc"), "tokens", "'abc'", "list of tokens")
    says(lambda: words.encode([]), "tokens", "at least one")
    says(lambda: words.encode([0]), "tokens[0]", "int 0")
    says(lambda: words.index(0), "token", "int 0")
    says(lambda: words.token(3), "index", "from 0 to 2", "3")
    says(lambda: words.token(-1), "index", "-1")
    says(lambda: words.token(1.0), "index", "1.0")
    says(lambda: words.decode([0, 3]), "indices", "3 at (1,)", "0 … 2")
    says(lambda: words.decode([-1]), "indices", "-1", "0 … 2")
    says(lambda: words.decode([0.0, 1.0]), "indices", "whole numbers", "float64")
    says(lambda: words.decode("ab"), "indices", "'ab'")
    says(lambda: words.decode([]), "indices", "at least one")
    says(lambda: words.decode([[0, 1]]), "indices", "1 axis", "(1, 2)")


# --- one_hot ------------------------------------------------------------------------------------------


def test_one_hot_values():
    vectors = one_hot([2, 0], 3)
    assert vectors.dtype == np.float32
    assert vectors.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert one_hot(1, 7).tolist() == [0, 1, 0, 0, 0, 0, 0]
    assert one_hot([1], 2, dtype=np.int64).dtype == np.int64


@settings(deadline=None)
@given(
    hnp.arrays(np.int64, hnp.array_shapes(max_dims=3, max_side=5), elements=st.integers(0, 6)),
    st.integers(7, 9),
)
def test_one_hot_rows_sum_to_one_and_argmax_recovers(indices, V):
    vectors = one_hot(indices, V)
    assert vectors.shape == (*indices.shape, V)
    assert np.array_equal(vectors.sum(axis=-1), np.ones(indices.shape))
    assert np.array_equal(vectors.argmax(axis=-1), indices)


def test_one_hot_refuses():
    says(lambda: one_hot([0, 5], 5), "indices", "5 at (1,)", "V = 5", "0 … 4")
    says(lambda: one_hot([[0, 1], [-2, 1]], 5), "indices", "-2 at (1, 0)", "0 … 4")
    says(lambda: one_hot(9, 5), "indices", "holds 9,", "0 … 4")
    says(lambda: one_hot(np.array([1.0]), 5), "indices", "whole numbers", "float64")
    says(lambda: one_hot([np.nan], 5), "indices", "whole numbers", "nan")
    says(lambda: one_hot([True, False], 5), "indices", "numbers", "True")
    says(lambda: one_hot(["rice"], 5), "indices", "numbers", "rice")
    says(lambda: one_hot("rice", 5), "indices", "numbers", "rice")
    says(lambda: one_hot([], 5), "indices", "at least one")
    says(lambda: one_hot([[1, 2], [3]], 5), "indices", "one length", "pad_sequences")
    says(lambda: one_hot([1], 0), "V", "int 0", "at least 1")
    says(lambda: one_hot([1], 2.0), "V", "2.0")
    says(lambda: one_hot([1], 2, dtype="words"), "dtype", "'words'")
    says(lambda: one_hot([1], 2, dtype=object), "dtype", "object")


# --- sliding_windows ----------------------------------------------------------------------------------


def test_windows_values():
    x, y = sliding_windows([10.0, 20.0, 30.0, 40.0, 50.0, 60.0], width=3, horizon=2)
    assert x.tolist() == [[10, 20, 30], [20, 30, 40]]
    assert y.tolist() == [[40, 50], [50, 60]]
    assert x.dtype == y.dtype == np.float32


def test_windows_are_copies_and_keep_the_dtype():
    series = np.arange(6)
    x, y = sliding_windows(series, 2)
    assert x.dtype == np.int64
    x[:] = y[:] = -1
    assert series.tolist() == [0, 1, 2, 3, 4, 5]
    assert sliding_windows(np.arange(6.0), 2)[0].dtype == np.float64


@settings(deadline=None)
@given(st.integers(2, 30), st.data())
def test_windows_reconstruct_the_series(n, data):
    width = data.draw(st.integers(1, n - 1))
    horizon = data.draw(st.integers(1, n - width))
    series = rng(n).normal(size=n).astype(np.float32)
    x, y = sliding_windows(series, width, horizon)
    N = n - width - horizon + 1
    assert x.shape == (N, width) and y.shape == (N, horizon)
    runs = np.concatenate([x, y], axis=1)
    assert np.array_equal(np.concatenate([runs[:, 0], runs[-1, 1:]]), series)
    assert all(np.array_equal(runs[i], series[i : i + width + horizon]) for i in range(N))


def test_windows_refuse():
    says(lambda: sliding_windows([1.0, 2.0, 3.0], 3), "series has 3", "width 3", "horizon 1", "at least 4")
    says(lambda: sliding_windows([1.0, 2.0, 3.0], 1, 3), "series has 3", "horizon 3", "at least 4")
    says(lambda: sliding_windows([], 1), "series", "at least one")
    says(lambda: sliding_windows([1.0, np.nan, 3.0], 1), "series", "NaN", "(1,)")
    says(lambda: sliding_windows([1.0, np.inf, 3.0], 1), "series", "infinite", "(1,)")
    says(lambda: sliding_windows(np.ones((4, 1)), 1), "series", "1 axis", "(4, 1)")
    says(lambda: sliding_windows([1.0, -1e300], 1), "series", "-1e+300", "float32")
    says(lambda: sliding_windows("12345", 2), "series", "'12345'")
    says(lambda: sliding_windows([1.0, 2.0], 0), "width", "int 0")
    says(lambda: sliding_windows([1.0, 2.0], 1.0), "width", "1.0")
    says(lambda: sliding_windows([1.0, 2.0], 1, 0), "horizon", "int 0")


# --- pad_sequences and time_major ---------------------------------------------------------------------


def test_padding_values():
    indices, mask = pad_sequences([[5, 6, 7], [8], [9, 3]], padding=1)
    assert indices.tolist() == [[5, 8, 9], [6, 1, 3], [7, 1, 1]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 1], [1, 0, 0]]
    assert indices.dtype == np.int64 and mask.dtype == np.float32


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=7), min_size=1, max_size=5))
def test_the_mask_undoes_the_padding(sequences):
    indices, mask = pad_sequences(sequences)
    assert indices.shape == mask.shape == (max(map(len, sequences)), len(sequences))
    assert [indices[mask[:, b] == 1, b].tolist() for b in range(len(sequences))] == sequences
    assert not indices[mask == 0].any()


def test_padding_refuses():
    says(lambda: pad_sequences("abc"), "sequences", "'abc'", "encode")
    says(lambda: pad_sequences(["abc"]), "sequences[0]", "'abc'", "encode")
    says(lambda: pad_sequences([["a", "b"]]), "sequences[0]", "numbers", "'a'")
    says(lambda: pad_sequences([]), "sequences", "at least one")
    says(lambda: pad_sequences([[1], []]), "sequences[1]", "at least one")
    says(lambda: pad_sequences([[1], [0.5]]), "sequences[1]", "whole numbers", "0.5")
    says(lambda: pad_sequences([[1], [2, -3]]), "sequences[1]", "-3", "at least 0")
    says(lambda: pad_sequences([[[1, 2]]]), "sequences[0]", "1 axis", "(1, 2)")
    says(lambda: pad_sequences([1, 2]), "sequences[0]", "1 axis", "()")
    says(lambda: pad_sequences(7), "sequences", "int 7")
    says(lambda: pad_sequences([[1]], padding=-1), "padding", "-1")
    says(lambda: pad_sequences([[1]], padding="<pad>"), "padding", "'<pad>'")


def test_time_major_swaps_the_first_two_axes():
    batch_first = np.arange(2 * 3 * 4).reshape(2, 3, 4)
    x = time_major(batch_first)
    assert x.shape == (3, 2, 4)
    assert all(np.array_equal(x[t, b], batch_first[b, t]) for t in range(3) for b in range(2))
    assert x[1].flags.c_contiguous
    assert np.array_equal(time_major(x), batch_first)
    says(lambda: time_major(np.arange(3)), "batch_first", "2 axes", "(3,)")


# --- batches ------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(1, 14), st.integers(0, 99))
def test_batches_cover_every_column_once_and_keep_them_together(B, batch_size, seed):
    T, D = 3, 2
    column = np.arange(B)
    x = np.broadcast_to(column[None, :, None], (T, B, D)).astype(np.float32)
    y = np.broadcast_to(column * 10, (T, B)).copy()
    mask = np.broadcast_to(column % 2, (T, B)).astype(np.float32)
    parts = list(batches(x, y, mask, batch_size=batch_size, rng=rng(seed)))
    assert [part[0].shape[1] for part in parts[:-1]] == [batch_size] * (len(parts) - 1)
    assert len(parts) == -(-B // batch_size)
    drawn = np.concatenate([part[0][0, :, 0] for part in parts])
    assert sorted(drawn.tolist()) == column.tolist()
    for x_part, y_part, mask_part in parts:
        assert x_part.shape[0] == T and x_part.shape[2] == D
        assert np.array_equal(y_part, x_part[..., 0] * 10)
        assert np.array_equal(mask_part, x_part[..., 0] % 2)


def test_batches_shuffle_by_the_generator_and_leave_out_a_missing_mask():
    x = np.arange(20).reshape(1, 20)
    orders = [next(batches(x, x, batch_size=20, rng=rng(seed)))[0].ravel().tolist() for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
    assert orders[0] != list(range(20))
    assert next(batches(x, x, batch_size=4, rng=rng()))[2] is None


def test_batches_refuse_at_the_call_not_at_the_first_batch():
    x, y = np.ones((4, 3, 2), np.float32), np.zeros((4, 3), np.int64)
    good = {"batch_size": 2, "rng": rng()}
    says(lambda: batches(x, y[:, :2], **good), "y has 2 columns", "x has 3", "time-major")
    says(lambda: batches(x, y, np.ones((3, 4)), **good), "mask", "(3, 4)", "(4, 3)")
    says(lambda: batches(x, y, np.full((4, 3), 0.5), **good), "mask", "0.5")
    says(lambda: batches(x, y, [[1, 1, 1]] * 4, **good), "mask", "NumPy array", "list")
    says(lambda: batches(x.tolist(), y, **good), "x", "NumPy array", "list")
    says(lambda: batches(x[0, 0], y, **good), "x", "2 axes", "(2,)")
    says(lambda: batches(x, y[0], **good), "y", "2 axes", "(3,)")
    says(lambda: batches(x[:0], y, **good), "x", "empty", "(0, 3, 2)")
    says(lambda: batches(x * np.nan, y, **good), "x", "NaN")
    says(lambda: batches(x, y, batch_size=0, rng=rng()), "batch_size", "int 0")
    says(lambda: batches(x, y, batch_size=2, rng=7), "rng", "int 7", "default_rng")


# --- Scaler -------------------------------------------------------------------------------------------


def test_scaler_values():
    scaler = Scaler.fit([1.0, 3.0, 5.0, 7.0])
    assert scaler.mean == 4 and scaler.std == pytest.approx(5**0.5)
    assert scaler.apply([4.0, 9.0]) == pytest.approx([0, 5**0.5])
    assert scaler.undo([0.0, 5**0.5]) == pytest.approx([4, 9])
    assert scaler.apply([4]).dtype == np.float32
    assert scaler.apply(np.array([4.0])).dtype == np.float64


def test_scaler_of_a_table_scales_each_column():
    table = np.array([[1, 100, -1], [3, 300, 0], [5, 200, 4]], np.float32)
    scaler = Scaler.fit(table)
    assert scaler.mean.tolist() == [3, 200, 1]
    scaled = scaler.apply(table)
    assert scaled.mean(axis=0) == pytest.approx(np.zeros(3), abs=1e-6)
    assert scaled.std(axis=0) == pytest.approx(np.ones(3))
    assert scaled.dtype == np.float32
    assert scaler.undo(scaled) == pytest.approx(table, abs=1e-4)


@settings(deadline=None)
@given(hnp.arrays(np.float64, st.integers(2, 20), elements=st.floats(-1e3, 1e3)), st.floats(1, 9))
def test_undo_undoes_apply_on_any_values(values, spread):
    scaler = Scaler.fit(np.array([2.0 - spread, 2.0 + spread]))
    assert scaler.undo(scaler.apply(values)) == pytest.approx(values, abs=1e-9)
    assert scaler.apply(values) == pytest.approx((values - 2) / spread, abs=1e-9)


def test_scaler_refuses():
    says(lambda: Scaler.fit([3.0, 3.0]), "series", "3.0", "constant")
    says(lambda: Scaler.fit(np.array([[1.0, 8.0], [2.0, 8.0]])), "series[:, 1]", "8.0")
    says(lambda: Scaler.fit([1.0, np.nan]), "series", "NaN")
    says(lambda: Scaler.fit([]), "series", "at least one")
    says(lambda: Scaler.fit("12"), "series", "'12'")
    says(lambda: Scaler.fit(np.ones((2, 2, 2))), "series", "(2, 2, 2)")
    says(lambda: Scaler(0.0, 0.0), "std", "above 0")
    says(lambda: Scaler(np.nan, 1.0), "mean", "NaN")
    says(lambda: Scaler(0.0, np.ones(2)), "std", "(2,)")
    table = Scaler(np.zeros(3), np.ones(3))
    says(lambda: table.apply(np.ones((4, 2))), "values", "(4, 2)", "3 columns")
    says(lambda: table.undo([np.inf, 0.0, 0.0]), "values", "infinite")
