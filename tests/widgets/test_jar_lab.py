"""The cookie jar without a browser: its levels, what can be set, what is shown before it runs."""

from __future__ import annotations

import re

import numpy as np
import pytest

from rnncourse.errors import InputError
from rnncourse.widgets import jar_lab
from rnncourse.widgets._jar_lab import DAYS, jar_levels
from rnncourse.widgets._jar_picture import COOKIE, picture


@pytest.mark.parametrize("keep", [0.0, 0.37, 0.9, 1.0, 1.13])
def test_levels_are_a_sum_over_all_that_was_added(keep):
    x = np.random.default_rng(8).uniform(0, 3, size=DAYS)
    by_sum = [sum(keep ** (t - s) * x[s] for s in range(t + 1)) for t in range(DAYS)]
    assert np.allclose(jar_levels(keep, x), by_sum, rtol=1e-12, atol=1e-12)


def test_settings_are_read_and_set():
    lab = jar_lab(0.9)
    assert np.allclose(lab.h[:3], [1, 1.9, 2.71])
    lab.x = [2] + [0] * 19
    assert lab.added[:2] == [2.0, 0.0]
    assert lab.h[3] == pytest.approx(2 * 0.9**3)
    lab.keep = 0.5
    assert lab.h[3] == pytest.approx(0.25)


def test_a_curve_is_pinned_once_and_the_oldest_goes():
    lab = jar_lab()
    for keep in (0.1, 0.2, 0.3, 0.2, 0.4, 0.5):
        lab.keep = keep
        lab.pin()
    assert [one["keep"] for one in lab.pinned] == [0.3, 0.2, 0.4, 0.5]


def widths(drawn: str, jar: str) -> float:
    """Return how wide the cookies of a color and strength are together, in cookies."""
    return (
        sum(float(one) for one in re.findall(rf'width="([\d.]+)" height="14" rx="5" {jar}', drawn)) / COOKIE
    )


def test_the_picture_holds_as_many_cookies_as_the_jars():
    lab = jar_lab(0.7)
    lab.day = 5
    drawn = picture(lab.keep, lab.x, lab.h, lab.day, {})
    before, now = lab.h[3], lab.h[4]
    kept = 0.7 * before
    assert widths(drawn, 'fill="#D55E00" fill-opacity="1"') == pytest.approx(2 * kept, abs=0.02)
    assert widths(drawn, 'fill="#D55E00" fill-opacity="0.2"') == pytest.approx(before - kept, abs=0.02)
    assert widths(drawn, 'fill="#0072B2" fill-opacity="1"') == pytest.approx(now - kept, abs=0.02)


def test_the_picture_names_every_curve_and_says_what_is_beyond_it():
    lab = jar_lab()
    for keep in (0.9, 1.1):
        lab.keep = keep
        lab.pin()
    drawn = picture(lab.keep, lab.x, lab.h, lab.day, {"keep 0.9": jar_levels(0.9, lab.x)})
    assert re.findall(r">(keep [^<]*)<", drawn) == ["keep 0.9", "keep 1.1: 57.27"]
    assert "With 0.9, 8.78 on day 20. With 1.1, 57.27 on day 20." in lab.static_text()


def test_it_reads_without_a_kernel():
    lab = jar_lab(0.5)
    assert "day 1: 1.00, day 2: 1.50, day 3: 1.75" in lab.static_text()
    assert re.search(r'<img src="data:image/svg[^>]*alt="A jar of which 0.5 is kept', lab.static_html())
    assert lab.tasks == {"level": False, "remember": False, "overflow": False}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda: jar_lab(1.3), "keep must be a number from 0 to 1.2"),
        (lambda: setattr(jar_lab(), "keep", None), "keep must be a number from 0 to 1.2"),
        (lambda: setattr(jar_lab(), "x", [1] * 19), "x must hold 20 values, but got 19"),
        (lambda: setattr(jar_lab(), "x", [4] + [1] * 19), "added must be a number from 0 to 3"),
        (lambda: setattr(jar_lab(), "added", [1]), "added must be a list of 20 numbers"),
        (lambda: setattr(jar_lab(), "day", 21), "day must be a whole number from 1 to 20"),
        (
            lambda: setattr(jar_lab(), "pinned", [{"keep": 1}]),
            "a pinned curve must be a dict of keep and added",
        ),
        (lambda: setattr(jar_lab(), "pinned", 3), "pinned must be a list of at most 4 curves"),
    ],
)
def test_refuses(change, said):
    with pytest.raises(InputError, match=said):
        change()
