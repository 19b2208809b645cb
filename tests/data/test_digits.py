"""The digits are those of scikit-learn's bundled set."""

from __future__ import annotations

import numpy as np
import pytest

from rnncourse.data.digits import DIGIT_NAMES, digits


def test_shapes_ranges_and_counts():
    pictures, labels = digits()
    assert pictures.shape == (1797, 8, 8) and pictures.dtype == np.float32
    assert labels.shape == (1797,) and labels.dtype == np.int64
    assert pictures.min() == 0 and pictures.max() == 1
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert len(DIGIT_NAMES) == 10 and DIGIT_NAMES[7] == "seven"


def test_first_picture_is_the_well_known_zero():
    pictures, labels = digits()
    assert labels[:10].tolist() == list(range(10))
    assert (pictures[0] * 16).astype(int)[0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
    assert (pictures[0] * 16).astype(int)[3].tolist() == [0, 4, 12, 0, 0, 8, 8, 0]
    assert float((pictures * 16).sum()) == 561718.0


def test_values_are_those_of_scikit_learn_where_it_is_installed():
    sklearn = pytest.importorskip("sklearn.datasets")
    bundled = sklearn.load_digits()
    pictures, labels = digits()
    assert np.array_equal(pictures * 16, bundled.images)
    assert np.array_equal(labels, bundled.target)


def test_each_call_gives_arrays_of_its_own():
    digits()[0][...] = 7
    assert digits()[0].max() == 1
