"""The window on the Sun without a browser: its forecasts, what can be set, what is shown before it runs."""

from __future__ import annotations

import re

import numpy as np
import pytest

from rnncourse.data import Scaler
from rnncourse.errors import InputError
from rnncourse.in_numpy import MLP
from rnncourse.widgets import window_lab
from rnncourse.widgets._window_lab import forecast_ahead
from rnncourse.widgets._window_picture import picture

YEARS = np.arange(1880, 1940)
SERIES = 60 + 50 * np.sin(np.arange(60.0))
SCALER = Scaler.fit(SERIES[:20])


def net(sizes=(3, 5, 4, 1), **options) -> MLP:
    return MLP(sizes, rng=np.random.default_rng(6), dtype="float64", **options)


def lab():
    return window_lab(YEARS, SERIES, net(), SCALER)


def test_forecasts_are_fed_back_year_by_year():
    dense = net()
    window = np.array([30.0, 80.0, 55.0])
    by_hand = []
    z = SCALER.apply(window)
    for _ in range(5):
        [[said]] = dense.forward(z[None])
        by_hand.append(SCALER.undo(said))
        z = np.append(z[1:], said)
    assert np.allclose(forecast_ahead(dense, SCALER, window, 5), by_hand, rtol=0, atol=1e-12)
    assert len(set(np.round(by_hand, 6))) == 5


def test_a_year_is_set_and_its_window_lies_before_it():
    one = lab()
    one.year = 1925
    assert (one.year, one.start) == (1925, 42)
    assert np.array_equal(one.window, SERIES[42:45])
    one.pulled = [None, 120.0, None]
    assert np.array_equal(one.window, [SERIES[42], 120.0, SERIES[44]])
    one.ahead = 4
    assert np.array_equal(one.forecast, forecast_ahead(one.net, SCALER, one.window, 4))


def test_the_lab_begins_among_the_test_years():
    assert lab().fixed["tested"] == 20
    assert lab().year == 1910
    late = window_lab(YEARS, SERIES, net(), SCALER, tested_from=1990)
    assert late.year == YEARS[-1]


def test_the_picture_has_a_dot_for_each_year_of_window_and_forecast():
    forecast = np.linspace(20, 90, 16)
    drawn = picture(YEARS, SERIES, 30, SERIES[30:33], forecast)
    assert drawn.count("<circle") == 3 + 16
    heights = [float(y) for y in re.findall(r'cy="([\d.]+)" r="4"', drawn)]
    wanted = 250 - 30 - (250 - 16 - 30) * forecast / 200
    assert np.allclose(heights, wanted, atol=0.06)
    assert re.findall(r">(\d{4})<", drawn) == ["1900", "1910", "1920", "1930"]


def test_it_reads_without_a_kernel():
    one = lab()
    assert (
        f"For 1910, the network forecasts {one.forecast[0]:.0f}, and it was {SERIES[30]:.0f}."
        in one.static_text()
    )
    assert re.search(r'<img src="data:image/svg[^>]*alt="A window of 3 years', one.static_html())
    assert one.tasks == {"miss": False, "five": False, "turn": False}


def test_halves_are_rounded_up_as_in_the_browser():
    one = lab()
    one.pulled = [48.5, 49.5, 0.5]
    assert "(49, 50, 1)" in one.static_text()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda: window_lab(YEARS, SERIES, net(phi="tanh"), SCALER),
            "net must be an MLP with relu and one output",
        ),
        (
            lambda: window_lab(YEARS, SERIES, net((3, 2)), SCALER),
            "net must be an MLP with relu and one output",
        ),
        (lambda: window_lab(YEARS, SERIES, net(), 3.0), "scaler must be the Scaler of a series"),
        (lambda: window_lab(YEARS[:9], SERIES, net(), SCALER), "years must hold 60 values, but got 9"),
        (lambda: window_lab(YEARS[::-1], SERIES, net(), SCALER), "years must be more than 3 years in a row"),
        (lambda: setattr(lab(), "year", 1882), "year must be a whole number from 1883 to 1939"),
        (lambda: setattr(lab(), "ahead", 17), "ahead must be a whole number from 1 to 16"),
        (lambda: setattr(lab(), "pulled", [1, 2]), "pulled must be a list of 3 numbers or None"),
        (lambda: setattr(lab(), "pulled", [1, 2, 201]), "pulled must be a number from 0 to 200"),
    ],
)
def test_refuses(change, said):
    with pytest.raises(InputError, match=said):
        change()
