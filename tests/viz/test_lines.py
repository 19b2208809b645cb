"""One color code: a network looks the same in every figure, and is spelled the same."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from matplotlib.colors import to_hex

from rnncourse import viz
from rnncourse.notation import NETWORKS, PALETTE, misspelled_networks, network
from rnncourse.viz._lines import bar_colours, line_styles, series_styles

LINES = np.array([[1.0, 2.0], [2.0, 3.0]])


def looks(styles: list[dict]) -> list[tuple]:
    return [(style["color"], style["linestyle"], style["marker"]) for style in styles]


@pytest.mark.parametrize("beside", [(), ("persistence",), ("GRU", "RNN"), ("LSTM", "dense", "bag of words")])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_looks_the_same_whatever_else_is_in_the_figure(name, beside):
    own = NETWORKS[name]
    if own.colour in {NETWORKS[other].colour for other in beside if other in NETWORKS}:
        return
    for names in ([name, *beside], [*beside, name]):
        [found] = [style for one, style in zip(names, series_styles(names), strict=True) if one == name]
        assert found == {"color": own.colour, "linestyle": own.dash, "marker": own.marker}


def test_several_series_of_one_network_share_its_color_and_differ_in_dash_and_marker():
    styles = series_styles(["LSTM, bias 0", "LSTM, bias 1", "tanh RNN", "LSTM, bias 3"])
    colours, dashes, markers = zip(*looks(styles), strict=True)
    lstm = PALETTE["vermillion"]
    assert colours == (lstm, lstm, PALETTE["blue"], lstm)
    assert len({dashes[k] for k in (0, 1, 3)}) == len({markers[k] for k in (0, 1, 3)}) == 3


def test_a_dash_means_the_same_for_each_network_with_equally_many_series():
    whole, far, lstm_whole, lstm_far = looks(
        series_styles(["tanh, whole", "tanh, lag 46", "LSTM, whole", "LSTM, lag 46"])
    )
    assert whole[1] == lstm_whole[1] == "-" and far[1] == lstm_far[1] == "--"
    assert (
        whole[0] == far[0] == NETWORKS["tanh"].colour
        and lstm_whole[0] == lstm_far[0] == NETWORKS["LSTM"].colour
    )
    assert whole[2] == far[2] == NETWORKS["tanh"].marker != lstm_whole[2] == lstm_far[2]
    assert looks(series_styles(["tanh", "LSTM"])) == [
        whole,
        (NETWORKS["LSTM"].colour, "--", NETWORKS["LSTM"].marker),
    ]


def test_what_is_no_network_never_has_the_color_of_one_in_the_same_figure():
    names = ["persistence", "linear, 9 years", "linear, 3 years", "dense, 3 years", "GRU"]
    colours = [style["color"] for style in series_styles(names)]
    assert colours[0] == PALETTE["grey"]
    assert len(set(colours)) == 5
    assert colours[3:] == [PALETTE["purple"], PALETTE["green"]]
    assert len(set(looks(line_styles(7)))) == 7


def test_networks_differ_in_color_dash_and_marker():
    for one, other in product(NETWORKS.values(), repeat=2):
        if {one.name, other.name} == {"RNN", "tanh"} or one is other:
            continue
        assert one.colour != other.colour and one.dash != other.dash and one.marker != other.marker


@pytest.mark.parametrize(
    ("series", "name"),
    [
        ("LSTM, bias 3", "LSTM"),
        ("bidirectional GRU", "GRU"),
        ("leaky ReLU", "leaky ReLU"),
        ("ReLU, identity", "ReLU"),
        ("dense, 3 years", "dense"),
        ("RNN, 1,000 steps", "RNN"),
        ("persistence", None),
        ("condensed", None),
    ],
)
def test_a_series_is_about_the_network_that_it_names(series, name):
    assert (network(series) and network(series).name) == name


def test_other_spellings_of_a_network_are_found():
    wrong = {
        "lstm, scale 1": ["lstm"],
        "leaky_relu": ["leaky_relu"],
        "Vanilla RNN": ["Vanilla"],
        "MLP": ["MLP"],
    }
    right = ("LSTM", "GRU, bias 1", "tanh RNN", "leaky ReLU", "dense, one frame", "lag 46", "condensed")
    assert {series: misspelled_networks(series) for series in wrong} == wrong
    assert not any(misspelled_networks(series) for series in right)


def test_bars_have_the_colors_of_their_networks_and_the_rest_is_gray():
    assert bar_colours(["last frame", "RNN", "GRU"]) == [PALETTE["grey"], PALETTE["blue"], PALETTE["green"]]
    assert bar_colours(["Y1", "Y2"]) == [PALETTE["blue"]] * 2


def _curves(**lines):
    return {"x": [0, 1], "xlabel": "t", "ylabel": "y"} | lines


@pytest.mark.parametrize(
    "draw",
    [
        lambda names: viz.line_plot(lines=dict.fromkeys(names, LINES[0]), **_curves()),
        lambda names: viz.loss_plot(dict.fromkeys(names, LINES[0])),
        lambda names: viz.curve_with_seeds(curves=dict.fromkeys(names, LINES), **_curves()),
        lambda names: viz.norm_curves(dict.fromkeys(names, LINES[0])),
        lambda names: viz.forecast_plot(
            [0, 1], LINES[0], dict.fromkeys(names, (LINES[0], LINES[1])), xlabel="t", ylabel="y"
        ),
        lambda names: viz.delay_curves({"task": dict.fromkeys(names, (LINES[0], LINES))}),
        lambda names: viz.activation_curves(
            LINES[0], dict.fromkeys(names, LINES[0]), dict.fromkeys(names, LINES[0])
        ),
    ],
    ids=["line", "loss", "seeds", "norms", "forecast", "delays", "activations"],
)
def test_every_figure_of_curves_looks_networks_up_by_name(draw):
    """The order is not that of the palette, and one of the three is no network."""
    [*axes] = draw(["GRU", "persistence", "LSTM"]).axes
    drawn = {line.get_label(): to_hex(line.get_color()) for ax in axes for line in ax.lines}
    wanted = {"GRU": PALETTE["green"], "persistence": PALETTE["grey"], "LSTM": PALETTE["vermillion"]}
    assert {name: drawn[name] for name in wanted} == {name: tone.lower() for name, tone in wanted.items()}
