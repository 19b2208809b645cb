"""What is said about wrong answers of tasks that name no mistake, and how answers are compared."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from checks.examples import ZIGZAG, one_array, simple, zigzag

from rnncourse.checks import examine, probing
from rnncourse.checks.comparing import WrongStructure, equal, leaves
from rnncourse.checks.failure import Missing, Raised, TimedOut
from rnncourse.checks.findings import _block
from rnncourse.checks.judging import judge
from rnncourse.checks.task import Case


@pytest.fixture(autouse=True)
def time_enough(monkeypatch):
    """Let a busy computer look as closely as an idle one."""
    monkeypatch.setattr(probing, "SECONDS", 20.0)


def said(task, function) -> tuple[str, str]:
    """Return the key of the finding and the text, which must be the same for all inputs."""
    verdicts = [examine(task, function, np.random.default_rng(seed)) for seed in range(4)]
    assert {verdict.status for verdict in verdicts} == {"wrong"}
    assert len({verdict.text() for verdict in verdicts}) == 1
    return verdicts[0].mistake, verdicts[0].text()


def without_last(x):
    return np.concatenate([x[1:], np.zeros_like(x[:1])])


def late(x):
    return np.concatenate([np.zeros_like(x[:1]), x[:-1]])


def right_until(k):
    return lambda x: np.concatenate([x[:k], x[k:] ** 2 + 1])


def right_from(k):
    return lambda x: np.concatenate([x[:k] ** 2 + 1, x[k:]])


def nan_from(k):
    def answer(x):
        x[k:, 0] = np.nan
        return x

    return answer


def inf_inside(x):
    x[2, 1, 0] = np.inf
    return x


def into_whole_numbers(x):
    a = np.zeros(x.shape, dtype=int)
    a[:] = x
    return a


SEQUENCE, MATRIX, LIST, SQUARE = (5, 3, 2), (4, 3), (6,), (3, 3)

FINDINGS = [
    (
        SEQUENCE,
        lambda x: x.transpose(1, 0, 2),
        "axes",
        r"shape \(3, 5, 2\), but the task asks for \(5, 3, 2\).*right.*transposed",
    ),
    (SEQUENCE, lambda x: (x**2).transpose(1, 0, 2), "axes", r"axes are in a different order"),
    (MATRIX, lambda x: x.T, "axes", r"shape \(3, 4\), but the task asks for \(4, 3\)"),
    (SQUARE, lambda x: x.T.copy(), "axes", r"rows and columns are swapped"),
    (MATRIX, lambda x: x[None], "shape", r"one axis of length 1 too many.*values are right"),
    (MATRIX, lambda x: x.sum(axis=0), "shape", r"first axis was summed away"),
    (MATRIX, lambda x: x.sum(axis=1), "shape", r"second axis was summed away"),
    (SEQUENCE, lambda x: x[-1], "shape", r"last step alone"),
    (SEQUENCE, lambda x: x[0], "shape", r"first step alone"),
    (
        SEQUENCE,
        lambda x: np.concatenate([x[:1], x]),
        "shape",
        r"one step too many\. The first step should not be there; the rest is right",
    ),
    (SEQUENCE, lambda x: x[:-1], "shape", r"one step too few\. The last step is missing; the rest is right"),
    (SEQUENCE, lambda x: np.zeros((7, 8, 2)), "shape", r"Write the letters"),
    (
        MATRIX,
        lambda x: x.mean(),
        "shape",
        r"is a single number, but the task asks for an array of shape \(4, 3\)",
    ),
    (SEQUENCE, late, "late", r"one step late"),
    (SEQUENCE, lambda x: late(late(x)), "late", r"two steps late"),
    (SEQUENCE, without_last, "early", r"one step early"),
    (LIST, without_last, "early", r"one entry early"),
    (
        SEQUENCE,
        right_until(1),
        "until 0",
        r"Only the first step is right in your result, and everything after that is wrong\.\nIf there is a single",
    ),
    (SEQUENCE, right_until(3), "until 0", r"The first 3 steps are right"),
    (SEQUENCE, right_from(4), "from the end 0", r"Only the last step is right.*everything before"),
    (MATRIX, right_until(2), "until 0", r"The first 2 rows are right"),
    (MATRIX, right_from(3), "from the end 0", r"Only the last row is right"),
    (LIST, right_until(2), "until 0", r"The first 2 entries are right"),
    (SEQUENCE, lambda x: x * 2, "factor twice", r"twice what it should be"),
    (SEQUENCE, lambda x: x / 2, "factor half of", r"half of what it should be"),
    (SEQUENCE, lambda x: x / 3.7, "factor", r"right up to a constant factor"),
    (SEQUENCE, lambda x: x + 0.25, "offset", r"same amount everywhere"),
    (SEQUENCE, lambda x: -x, "sign", r"wrong sign everywhere"),
    (SEQUENCE, lambda x: x[::-1], "reversed", r"wrong way around in time"),
    (MATRIX, lambda x: x[::-1], "reversed", r"wrong way around: the last row comes first"),
    (SEQUENCE, lambda x: 0 * x, "zero", r"zero everywhere"),
    (SEQUENCE, lambda x: np.repeat(x[:1], len(x), axis=0), "alike 0", r"All steps of your result"),
    (
        SEQUENCE,
        lambda x: np.repeat(x[:, :1] ** 2, x.shape[1], axis=1),
        "alike 1",
        r"All sequences of your result are the same",
    ),
    (
        SEQUENCE,
        lambda x: np.repeat(x[2:3] ** 2, len(x), axis=0),
        "alike 0",
        r"All steps of your result are the same",
    ),
    (SEQUENCE, lambda x: x * np.nan, "nan", r"NaN \(not a number\) in every entry"),
    (SEQUENCE, nan_from(2), "nan", r"NaN \(not a number\) from step 2 on"),
    (SEQUENCE, inf_inside, "nan", r"infinity in some entries.*np\.log"),
    (SEQUENCE, into_whole_numbers, "dtype", r"int64.*decimals were cut off"),
    (SEQUENCE, lambda x: x.astype(np.float16), "dtype", r"float16, which keeps only three digits"),
    (SEQUENCE, lambda x: x.astype(object), "unusable", r"array of Python objects"),
    (SEQUENCE, lambda x: x.astype(complex), "dtype", r"complex numbers, but the task asks for real numbers"),
    (SEQUENCE, lambda x: x > 0, "dtype", r"bool, but the task asks for floats"),
    (SEQUENCE, lambda x: x.round(3), "nearly", r"nearly right.*rounded"),
    (SEQUENCE, lambda x: None, "none", r"is None\. A function without return"),
    (SEQUENCE, lambda x: list(x), "list", r"a list of 5 things, but should be a NumPy array.*np\.stack"),
    (SEQUENCE, lambda x: x.tolist(), "list", r"a list of 5 things"),
    (SEQUENCE, lambda x: (x, x), "list", r"a tuple of 2 things"),
    (SEQUENCE, lambda x: {"x": x}, "structure", r"an array of shape \(5, 3, 2\), but is a dictionary"),
    (SEQUENCE, lambda x: "x", "structure", r"but is a text"),
    (SEQUENCE, lambda x: np.concatenate([x[:2], -x[2:]]), "until 0", r"There, the sign is wrong"),
    (
        SEQUENCE,
        lambda x: np.concatenate([x[:2], 5.5 * x[2:]]),
        "until 0",
        r"There, it is right up to a constant factor",
    ),
    (MATRIX, lambda x: np.full_like(x, 0.5), "constant", r"All entries of your result are the same"),
    (
        MATRIX,
        lambda x: x[:, :-1],
        "shape",
        r"one column too few\. The last column is missing; the rest is right",
    ),
    (SEQUENCE, lambda x: x.reshape(-1), "shape", r"right and in the right order, but axes were joined"),
    (SEQUENCE, lambda x: x.mean(axis=1), "shape", r"a mean was taken over the second axis"),
    (SEQUENCE, lambda x: x[:, 0], "shape", r"this is the first sequence alone"),
    (
        SEQUENCE,
        lambda x: np.cumsum(x, axis=0),
        "running sum 0",
        r"running sum of what it should be, along its first axis\.",
    ),
    (
        LIST,
        lambda x: np.cumsum(x[::-1])[::-1],
        "running sum 0, from the end",
        r"of its entries, from the end",
    ),
    (
        SEQUENCE,
        lambda x: np.cumprod(x, axis=1),
        "running product 1",
        r"running product.*along its second axis",
    ),
    (
        SEQUENCE,
        lambda x: np.diff(x, axis=0, prepend=0),
        "differences 0",
        r"holds differences, along its first",
    ),
    (SEQUENCE, lambda x: np.where(x > 0, x, x**2), "sign positive", r"should be positive, and wrong where"),
    (SEQUENCE, lambda x: np.minimum(x, -0.3), "same number", r"that are wrong hold the same number"),
    (
        SEQUENCE,
        lambda x: x - np.exp(x),
        "too small",
        r"Every entry of your result is too small, none too large",
    ),
    (
        SEQUENCE,
        lambda x: np.sin(7 * x),
        "values",
        r"has the right shape, but its values are wrong.*small input",
    ),
]


@pytest.mark.parametrize(
    ("shape", "answer", "key", "text"), FINDINGS, ids=[f"{f[2]}-{f[0]}-{i}" for i, f in enumerate(FINDINGS)]
)
def test_a_finding_is_told(shape, answer, key, text):
    found, told = said(one_array(*shape), answer)
    assert found == key, told
    assert re.search(text, told, re.DOTALL), told


def test_a_list_of_rows_with_different_lengths():
    found, told = said(one_array(4), lambda x: [[1.0], [1.0, 2.0]])
    assert found == "list", told


def test_an_argument_changed_in_place_is_told_even_if_the_answer_is_right():
    def answer(x):
        result = x.copy()
        x *= 2
        return result

    assert said(one_array(4, 3), answer)[0] == "modified"


def test_a_task_may_allow_changing_its_argument():
    def scaled(x):
        x *= 2
        return x

    task = simple(scaled, lambda rng: [Case((rng.normal(size=4),)) for _ in range(2)], may_modify=True)
    assert examine(task, scaled).status == "right"


def test_a_factor_that_is_the_batch_size_is_no_fixed_factor():
    task = simple(lambda x: x.mean(axis=0), lambda rng: [Case((rng.normal(size=(B, 4)),)) for B in (2, 3)])
    found, told = said(task, lambda x: x.sum(axis=0))
    assert found == "normalizer x 0/" and "twice" not in told and "sum where a mean" in told


def test_a_number_that_is_half_of_it():
    task = simple(lambda x: float(x.sum()), lambda rng: [Case((rng.normal(size=5),)) for _ in range(2)])
    assert said(task, lambda x: x.sum() / 2)[0] == "factor half of"
    assert examine(task, lambda x: np.float32(x.sum())).status == "right"
    assert said(task, lambda x: [x.sum()])[0] == "structure"
    assert said(task, lambda x: x.sum(keepdims=True))[0] == "shape"


def test_tokens_in_the_wrong_order():
    words = ["a", "b", "c", "d", "e"]
    task = simple(lambda n: words, lambda rng: [Case((1,)), Case((2,))])
    assert said(task, lambda n: words[::-1])[0] == "reversed"
    assert said(task, lambda n: ["x", *words[:-1]])[0] == "late"
    assert said(task, lambda n: words[:-1])[0] == "shape"
    assert said(task, lambda n: list(range(5)))[0] == "dtype"
    assert examine(task, lambda n: tuple(words)).status == "right"


def test_a_list_with_more_in_between_or_less_is_told():
    words = ["a", "b", "c", "d", "e", "f"]
    task = simple(lambda n: words, lambda rng: [Case((1,)), Case((2,))])
    assert (
        "in the right order, but with extra entries in between"
        in said(task, lambda n: ["a", "x", *words[1:]])[1]
    )
    assert "but some in between are missing" in said(task, lambda n: [*words[:2], *words[3:]])[1]
    assert "order" not in said(task, lambda n: ["b", "a", "x", *words[2:]])[1]
    assert said(task, lambda n: [*words[:4], "x", "x"])[0] == "until 0"
    assert said(task, lambda n: ["x"] * 6)[0] == "values"


def test_a_whole_number_that_is_off_by_a_size_or_a_product_of_two_is_told():
    task = simple(lambda n, m: n * m + n, lambda rng: [Case((3, 5)), Case((4, 7))])
    assert "is too large by n.\n" in said(task, lambda n, m: n * m + 2 * n)[1] + "\n"
    assert "is too small by n × m.\n" in said(task, lambda n, m: n)[1] + "\n"
    assert "too large by" not in said(task, lambda n, m: n * m + n + 1)[1]


def test_whole_numbers_are_asked_for():
    task = simple(lambda n: np.arange(n), lambda rng: [Case((4,)), Case((5,))])
    assert said(task, lambda n: np.arange(n) * 1.0)[0] == "dtype"
    assert examine(task, lambda n: np.arange(n, dtype=np.int32)).status == "right"


def test_parts_are_named_and_those_that_are_right_are_said_to_be():
    found, told = said(ZIGZAG, lambda x, start: (zigzag(x, start)[0], zigzag(x, start)[1].T))
    assert (
        found == "axes"
        and "total has shape (2, 3), but the task asks for (3, 2)" in told
        and "Right so far: states." in told
    )
    found, told = said(ZIGZAG, lambda x, start: zigzag(x, start)[0])
    assert found == "structure" and "2 things (states, total), but is an array" in told
    found, told = said(ZIGZAG, lambda x, start: (*zigzag(x, start), 1))
    assert "2 things (states, total), but holds 3" in told


def test_dictionaries_are_told_by_their_keys():
    task = one_array(4)
    task = simple(lambda x: {"W": x, "b": x + 1}, task.cases)
    assert "lacks the key b" in said(task, lambda x: {"W": x})[1]
    assert "an extra key: c" in said(task, lambda x: {"W": x, "b": x + 1, "c": 0})[1]
    assert "with the keys W, b, but is an array" in said(task, lambda x: x)[1]
    found, told = said(task, lambda x: {"W": -x, "b": x + 1})
    assert found == "sign" and "W has the right size" in told and "Right so far: b." in told


def test_a_mistake_is_matched_on_the_very_inputs():
    assert (
        said(ZIGZAG, lambda x, start: (np.square(zigzag(x, start)[0]), zigzag(x, start)[1]))[0] == "squared"
    )


def test_a_mistake_in_one_part_is_told_beside_another_mistake():
    def two(x, start):
        states, total = zigzag(x, start)
        return states**3, total / len(states)

    found, told = said(ZIGZAG, two)
    assert found == "cubed"
    assert "states: The states are cubed." in told and "total: This is the mean." in told


def test_a_mistake_that_raises_is_matched_by_its_error():
    assert said(ZIGZAG, lambda x, start: zigzag(x, np.transpose(start)))[0] == "crossed"


def test_inputs_that_alone_go_wrong_are_named():
    def answer(x, start):
        states, total = zigzag(x, start)
        return (states, total) if len(x) == 5 else (np.tan(states), total)

    _, told = said(ZIGZAG, answer)
    assert "It works with other inputs, but not with another batch." in told


def test_a_part_that_is_right_by_chance_in_one_case_is_still_wrong():
    def answer(x, start):
        states, total = zigzag(x, start)
        return states, total if len(x) == 5 else -total

    assert said(ZIGZAG, answer)[0] == "sign"


def test_judging_works_on_data_alone():
    """As in grading, where the answers come from another process and the arguments after the call are not known."""
    cases = ZIGZAG.cases(np.random.default_rng(1))
    right = [ZIGZAG.reference(*case.args) for case in cases]
    assert judge(ZIGZAG, cases, right).points == 2
    assert judge(ZIGZAG, cases, [list(one) for one in right]).status == "right"
    assert judge(ZIGZAG, cases, [right[0], TimedOut(2)]).mistake == "timeout"
    assert judge(ZIGZAG, cases, [Missing()] * 2).status == "not written"
    assert judge(ZIGZAG, cases, [right[0], Raised("ValueError", "no")]).mistake == "raised"


def test_tolerance_follows_the_dtype():
    e = np.linspace(-3, 5, 7)
    single = e.astype(np.float32)
    assert equal(e, e + 1e-7, 1e-6)
    assert not equal(e, e + 1e-4, 1e-6)
    assert equal(e, single, 1e-6)
    assert not equal(e, (e + 1e-4).astype(np.float32), 1e-6), (
        "float64 came in: float32 is held to its tolerance"
    )
    assert equal(single, (e + 1e-4).astype(np.float32), 1e-6) and equal(single, e + 1e-4, 1e-6)
    assert not equal(single, (e + 1e-2).astype(np.float32), 1e-6)
    assert equal(e, e + 1e-4, 1e-4)
    assert not equal(1e-9 * e, 1.1e-9 * e, 1e-6), "small numbers are compared by their own size"
    assert equal(np.array([0.0, -np.inf]), np.array([0.0, -np.inf]), 1e-6)


@pytest.mark.parametrize("whole", [np.array([1 + 2j, 3 - 1j]), 1 + 2j], ids=["array", "number"])
def test_complex_answers_are_compared_with_their_imaginary_part(whole):
    assert equal(whole, whole + 1e-8j, 1e-6)
    assert not equal(whole, whole + 0.1j, 1e-6)
    assert not equal(whole, whole.real + 0j, 1e-6)


def test_an_answer_that_lost_digits_in_float32_is_told_so():
    task = one_array(5, 3, 2)
    assert examine(task, lambda x: x.astype(np.float32)).status == "right"
    key, told = said(task, lambda x: (x + 3e-5).astype(np.float32))
    assert key == "float32" and "but float64 came in" in told


def test_nested_answers_are_taken_apart():
    expected = (np.zeros(2), {"W": np.zeros(3), "b": [1.0, 2.0]})
    names = [leaf.name for leaf in leaves(expected, expected, ("dx", "grads"))]
    assert names == ["dx", "grads['W']", "grads['b']"]
    beams = [(["a"], -1.0), (["b"], -2.0)]
    assert len(leaves(beams, beams)) == 4
    with pytest.raises(WrongStructure, match="holds 1"):
        leaves(beams, beams[:1])


ODD = {
    "an empty array": np.zeros((0, 3)),
    "a structured array": np.zeros(2, dtype="i4,f4"),
    "dates": np.array(["2020-01-01"], dtype="M8[D]"),
    "bytes": np.array([b"a", b"b"]),
    "a nested list": [[1, [2, 3]], []],
    "a dictionary with odd keys": {1: 2, None: 3, (1, 2): 4},
    "a matrix": np.eye(2).view(np.matrix),
    "a masked array": np.ma.masked_array([1.0, 2.0], [True, False]),
    "a huge number": 10**400,
    "infinity": float("inf"),
    "an array of NaN": np.full((5, 3, 2), np.nan),
    "a complex number": 1 + 2j,
    "a text": "zigzag",
    "an empty tuple": (),
    "nothing twice": (None, None),
    "texts": (["a", "b"], ["c"]),
    "a range": range(3),
    "bytes alone": b"abc",
    "many axes": np.zeros((1,) * 12),
    "True": True,
}
EXPECTED = {
    "two arrays": ZIGZAG,
    "an array": one_array(5, 3, 2),
    "a matrix": one_array(3, 3),
    "a number": simple(lambda x: float(x.sum()), one_array(4).cases),
    "a truth": simple(lambda x: bool(x[0] < 99), one_array(4).cases),
    "a text": simple(lambda x: "word", one_array(4).cases),
    "tokens": simple(lambda x: ["a", "b", "c", "d"], one_array(4).cases),
    "beams": simple(lambda x: [(["a", "b"], -1.5), (["c"], -2.0)], one_array(4).cases),
    "a dictionary": simple(lambda x: {"W": x, "n": 3}, one_array(4).cases),
    "indices": simple(lambda x: np.arange(6).reshape(2, 3), one_array(4).cases),
    "an empty list": simple(lambda x: [], one_array(4).cases),
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("expected", EXPECTED)
def test_no_answer_is_too_odd_for_a_verdict(expected, odd):
    verdict = examine(EXPECTED[expected], lambda *_: ODD[odd], np.random.default_rng(0))
    right = {("a truth", "True"), ("an empty list", "an empty tuple")}
    assert verdict.status == ("right" if (expected, odd) in right else "wrong"), verdict.text()
    assert verdict.html() and (verdict.details or verdict.status == "right")


@pytest.mark.parametrize(
    ("wrong", "block"),
    [
        ("001100", (1, 3)),
        ("110000", (0, 3)),
        ("00000011", (3, 4)),
        ("111010", None),
        ("111100", None),
        ("100000", None),
        ("000000", None),
        ("0110", None),
    ],
)
def test_a_block_is_named_where_it_is_the_only_one_with_wrong_entries(wrong, block):
    assert _block(np.array([letter == "1" for letter in wrong])) == block


def two_arrays(reference, *shape: int):
    return simple(
        reference, lambda rng: [Case((rng.normal(size=shape), rng.normal(size=shape))) for _ in range(2)]
    )


@pytest.mark.parametrize(
    ("answer", "key", "text"),
    [
        (lambda x, y: np.sin(x) + y, "sum y", "is right except for y, which is added once too often"),
        (lambda x, y: np.sin(x) - y, "sum y", "is right except for y, which is missing"),
        (lambda x, y: np.sin(x) * y, "times y", "multiplied by y once too often"),
        (lambda x, y: np.sin(x) / y, "over y", "is right except for y, a factor that is missing"),
    ],
    ids=["added", "missing", "multiplied", "divided"],
)
def test_an_argument_too_much_or_too_little_is_named(answer, key, text):
    found, told = said(two_arrays(lambda x, y: np.sin(x), 4, 3), answer)
    assert (found, text in told) == (key, True), told


def test_what_goes_into_the_last_tanh_is_told():
    found, told = said(two_arrays(lambda x, y: np.tanh(x + y), 4, 3), lambda x, y: np.tanh(x))
    assert (
        found == "inside `tanh` sum y"
        and "what goes into the last tanh is right except for y, which is missing" in told
    )


def test_entries_of_a_series_from_another_place_are_told():
    task = simple(lambda z: z[4:], lambda rng: [Case((rng.normal(size=n),)) for n in (12, 15)])
    found, told = said(task, lambda z: z[1:-3])
    assert found == "again of places -3" and "each is from 3 places too early in it" in told


def test_rows_that_should_sum_to_one_are_told():
    def shares(x):
        return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)

    task = simple(shares, lambda rng: [Case((rng.normal(size=(4, 3)),)) for _ in range(2)])
    assert said(task, lambda x: 1 / (1 + np.exp(-x)))[0] == "sums"


def test_a_count_that_is_off_by_one_is_told():
    task = simple(lambda x: x.mean(), lambda rng: [Case((rng.normal(size=n),)) for n in (5, 7)])
    found, told = said(task, lambda x: x.sum() / (len(x) - 1))
    assert found.startswith("again normalizer") and "Check the number that you divide by" in told


def test_a_flat_list_does_for_an_array_and_an_array_for_a_tuple():
    assert examine(one_array(4), lambda x: x.tolist()).status == "right"
    assert examine(one_array(4), list).status == "right"
    task = two_arrays(lambda x, y: (x, y), 4, 3)
    task = replace(task, outputs=("one", "other"))
    assert examine(task, lambda x, y: np.stack([x, y])).status == "right"
    assert "2 things (one, other), but is an array" in examine(task, lambda x, y: np.stack([x, y, x])).text()


def test_the_parts_that_are_wrong_in_the_same_way_are_listed():
    task = replace(two_arrays(lambda x, y: (x, y), 4, 3), outputs=("one", "other"))
    found, told = said(task, lambda x, y: (-x, -y))
    assert (
        found == "sign"
        and told.startswith("zigzag: Not yet.\none has the right size")
        and "same holds for other" in told
    )
