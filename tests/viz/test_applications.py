"""The pictures of chapter 08 show the numbers they are given, and refuse what does not fit."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from rnncourse import viz
from rnncourse.errors import InputError

NAMES = ("silence", "C", "D", "E")
SOUND = np.arange(35.0).reshape(7, 5)
PLAYED = np.array([0, 1, 1, 0, 3, 2, 2])


def test_heard_plot_draws_a_box_for_each_stretch():
    heard = np.array([1, 1, 1, 0, 0, 0, 1])
    fig = viz.heard_plot(SOUND, {"played": PLAYED, "heard": heard}, NAMES, top=900, words={"heard": "CC"})
    above, below = fig.axes
    image = above.images[0]
    assert np.array_equal(image.get_array(), SOUND.T)
    assert image.get_extent() == [0, 7, 0, 900] and image.origin == "lower"
    boxes = [
        (p.get_x(), p.get_width(), round(p.get_y() + 0.4)) for p in below.patches if isinstance(p, Rectangle)
    ]
    assert boxes == [(1, 2, 0), (4, 1, 0), (5, 2, 0), (0, 3, 1), (6, 1, 1)]
    assert [text.get_text() for text in below.texts] == ["C", "E", "D", "C", "C", "CC"]
    assert [label.get_text() for label in below.get_yticklabels()] == ["played", "heard"]
    colours = {p.get_facecolor() for p in below.patches[:3]}
    assert len(colours) == 3  # a colour for each letter


@pytest.mark.parametrize(
    ("strips", "message"),
    [
        ({}, "strips must be a dict"),
        ({"played": PLAYED[:3]}, "must hold 7 values"),
        ({"played": PLAYED.astype(float)}, "must hold whole numbers"),
        ({"played": PLAYED + 1}, "indices of names from 0 to 3"),
        ({"played": PLAYED - 1}, "indices of names from 0 to 3"),
    ],
)
def test_heard_plot_refuses_other_labels(strips, message):
    with pytest.raises(InputError, match=message):
        viz.heard_plot(SOUND, strips, NAMES, top=900)


def test_band_plot_draws_forecast_measurements_and_bands():
    t, actual, middle = np.arange(4) + 1900, np.array([3.0, 5, 4, 8]), np.array([2.0, 4, 5, 6])
    bands = {"wide": (middle - 3, middle + 3), "narrow": (middle - 1, middle + 0.5)}
    ax = viz.band_plot(t, actual, middle, bands, xlabel="year", ylabel="spots").axes[0]
    lines = {line.get_label(): line.get_xydata() for line in ax.lines}
    assert np.array_equal(lines["forecast"], np.column_stack([t, middle]))
    assert np.array_equal(lines["measured"], np.column_stack([t, actual]))
    for drawn, (name, (low, high)) in zip(ax.collections, bands.items(), strict=True):
        assert drawn.get_label() == name
        edge = drawn.get_paths()[0].vertices
        for year, bottom, top in zip(t, low, high, strict=True):
            at = edge[edge[:, 0] == year, 1]
            assert (at.min(), at.max()) == (bottom, top)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("year", "spots")


def test_band_plot_refuses_bands_that_are_none():
    t = np.arange(3.0)
    draw = lambda bands: viz.band_plot(t, t, t, bands, xlabel="", ylabel="")  # noqa: E731
    with pytest.raises(InputError, match="dict of 1 to 2"):
        draw({})
    with pytest.raises(InputError, match="dict of 1 to 2"):
        draw({name: (t, t) for name in "abc"})
    with pytest.raises(InputError, match="low is above high"):
        draw({"a": (t + 1, t)})
    with pytest.raises(InputError, match="low of 'a' must hold 3 values"):
        draw({"a": (t[:2], t)})
    with pytest.raises(InputError, match="middle must be numbers"):
        viz.band_plot(t, t, "much", {"a": (t, t)}, xlabel="", ylabel="")


def test_probability_bars_stand_side_by_side():
    shares = {"cold": [0.7, 0.2, 0.1], "hot": [0.4, 0.35, 0.25]}
    ax = viz.probability_bars(["e", " ", "a"], shares, ylabel="p").axes[0]
    bars = ax.patches
    assert [bar.get_height() for bar in bars] == [*shares["cold"], *shares["hot"]]
    centres = np.array([bar.get_x() + bar.get_width() / 2 for bar in bars]).reshape(2, 3)
    assert np.allclose(centres.mean(axis=0), range(3)) and np.all(centres[0] < centres[1])
    assert len({bar.get_hatch() for bar in bars}) == 2  # not by colour alone
    assert [label.get_text() for label in ax.get_xticklabels()] == ["e", " ", "a"]


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({}, "dict of 1 to 4"),
        ({str(k): [0.5, 0.5] for k in range(5)}, "dict of 1 to 4"),
        ({"a": [0.5]}, "must hold 2 values"),
        ({"a": [0.5, 1.5]}, "probabilities from 0 to 1"),
        ({"a": [-0.5, 0.5]}, "probabilities from 0 to 1"),
    ],
)
def test_probability_bars_refuse_what_is_no_probability(shares, message):
    with pytest.raises(InputError, match=message):
        viz.probability_bars(["a", "b"], shares, ylabel="p")
