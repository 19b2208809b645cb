"""Wrong input is answered with the argument's name, what came and what was expected."""

import math

import numpy as np
import pytest

from rnncourse.arguments import (
    require_array,
    require_choice,
    require_count,
    require_generator,
    require_number,
)
from rnncourse.errors import InputError, describe


def test_a_good_array_comes_back_as_it_is():
    x = np.arange(6.0).reshape(2, 3)
    assert require_array("x", x, axes=("N", "F")) is x


@pytest.mark.parametrize(
    ("value", "kwargs", "message"),
    [
        ([1.0, 2.0], {}, r"x must be a NumPy array, but got list \[1\.0, 2\.0\]"),
        (
            np.arange(3),
            {},
            r"x must hold floating-point numbers, but got an array of int64 with shape \(3,\)",
        ),
        (np.ones(3), {"kind": "i"}, r"x must hold whole numbers, but got an array of float64"),
        (np.ones((2, 3)), {"axes": ("T", "B", "D")}, r"x needs 3 axes \(T, B, D\), but got shape \(2, 3\)"),
        (np.ones((0, 3)), {}, r"x is empty: got shape \(0, 3\)"),
        (np.array([[1.0, np.nan], [np.inf, 0]]), {}, r"2 of its 4 entries.*first at \(0, 1\)"),
        (np.ones(3), {"axes": ("N", "F"), "hint": "use x[:, None]"}, r"use x\[:, None\]$"),
    ],
)
def test_bad_arrays(value, kwargs, message):
    with pytest.raises(InputError, match=message):
        require_array("x", value, **kwargs)


@pytest.mark.parametrize("value", [0, -3, 2.0, "4", True, np.True_, None, np.timedelta64(4)])
def test_bad_counts(value):
    with pytest.raises(InputError, match="steps must be a whole number of at least 1"):
        require_count("steps", value)


def test_numpy_integers_count():
    assert require_count("steps", np.int32(4)) == 4


def test_a_count_may_have_a_largest_value():
    assert [require_count("b", b, least=0, most=2) for b in (0, 1, 2)] == [0, 1, 2]
    for wrong in (-1, 3, "2"):
        with pytest.raises(
            InputError, match=f"b must be a whole number from 0 to 2, but got {type(wrong).__name__} .*"
        ):
            require_count("b", wrong, least=0, most=2)


@pytest.mark.parametrize("value", [0.5, 2, np.float32(0.5), np.float64(2.5), np.int64(3), np.uint8(7)])
def test_numbers_of_python_and_numpy_come_back_as_float(value):
    number = require_number("lr", value, above=0)
    assert type(number) is float and number == value


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        np.float32("inf"),
        10**400,
        True,
        np.True_,
        np.timedelta64(2),
        "2",
        None,
        1j,
        np.ones(1),
        [2.0],
        float,
    ],
)
def test_what_is_no_finite_number_is_refused(value):
    with pytest.raises(InputError, match=r"lr must be a number, but got .*"):
        require_number("lr", value)


def test_bounds_are_checked_and_named():
    assert require_number("share", 0, least=0, most=1) == 0
    assert require_number("share", 1, least=0, most=1) == 1
    for value in (-1e-9, 1 + 1e-9):
        with pytest.raises(InputError, match="share must be a number from 0 to 1, but"):
            require_number("share", value, least=0, most=1)
    with pytest.raises(InputError, match="beta must be a number of at least 0 and below 1, but got int 1"):
        require_number("beta", 1, least=0, below=1)
    with pytest.raises(InputError, match=r"lr must be a number above 0, but got int 0"):
        require_number("lr", 0, above=0)


@pytest.mark.parametrize("kind", [np.float64, np.ndarray, float])
def test_a_class_in_place_of_a_value_is_called_one(kind):
    assert describe(kind) == f"the class {kind.__name__}"
    with pytest.raises(InputError, match=f"phi must be one of tanh, but got the class {kind.__name__}"):
        require_choice("phi", kind, ("tanh",))


def test_a_seed_is_no_generator():
    with pytest.raises(InputError, match=r"rng must be a NumPy random generator.*got int 3"):
        require_generator("rng", 3)


def test_choices_are_listed():
    with pytest.raises(InputError, match="phi must be one of tanh, relu, but got str 'swish'"):
        require_choice("phi", "swish", ("tanh", "relu"))


def test_long_values_are_cut_short():
    assert len(describe("x" * 500)) < 80
