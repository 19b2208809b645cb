"""Every picture says by name which argument it cannot draw; no error of NumPy's or Python's own comes through."""

from __future__ import annotations

import numpy as np
import pytest

from rnncourse import viz
from rnncourse.errors import InputError

LINE = np.linspace(0.1, 0.9, 4)
GRID = np.arange(12.0).reshape(3, 4) / 12
SQUARE = np.eye(2)

# what a picture takes, and which of it are texts, numbers and things with a name
PICTURES = {
    "answer_table": ({"rows": [("a", "b", "c")], "answerer": "net"}, "rows", "", ""),
    "architecture": ({"pattern": "stacked", "inputs": ["a"], "outputs": ["b"]}, "", "inputs outputs", ""),
    "band_plot": (
        {"t": LINE, "actual": LINE, "middle": LINE, "bands": {"b": [LINE, LINE]}, "xlabel": "", "ylabel": ""},
        "",
        "t actual middle",
        "bands",
    ),
    "bars_with_seeds": (
        {"groups": {"a": [1, 2]}, "ylabel": "", "reference": ("r", 1.5), "digits": 2},
        "reference",
        "digits",
        "groups",
    ),
    "circles_to_ellipses": ({"matrices": {"a": SQUARE}, "steps": [1, 2]}, "", "", "matrices"),
    "delay_curves": (
        {"panels": {"p": {"a": ([1, 2, 3], GRID)}}, "chance": {"p": 0.2}},
        "",
        "",
        "panels chance",
    ),
    "distance_matrices": ({"matrices": {"a": SQUARE}, "labels": ["a", "b"]}, "labels", "", "matrices"),
    "eigenvalue_planes": ({"matrices": {"a": SQUARE}}, "", "", "matrices"),
    "evidence_plot": (
        {"labels": ["a", "b", "c"], "answers": {"n": GRID}, "ylabel": "", "wanted": [0, 1, 0]},
        "labels",
        "wanted",
        "answers",
    ),
    "forecast_plot": (
        {
            "t": LINE,
            "actual": LINE,
            "forecasts": {"a": (LINE, LINE)},
            "xlabel": "",
            "ylabel": "",
            "split": 0.5,
        },
        "",
        "t actual split",
        "forecasts",
    ),
    "frames_strip": ({"video": np.zeros((3, 4, 4)), "times": [0, 1, 2]}, "", "video times", ""),
    "gate_curve": ({"marks": {"a": 1.0}}, "", "", "marks"),
    "gate_heat_map": ({"written": "abc", "values": GRID.tolist(), "label": "v"}, "written", "values", ""),
    "gate_lines": ({"written": "abcd", "gates": {"f": LINE}}, "written", "", "gates"),
    "gradient_graph": (
        {"T": 3, "paths": ["L L_3"], "known": ["s_1"], "weights": []},
        "paths known weights",
        "T",
        "",
    ),
    "gradient_heat_maps": ({"runs": {"a": GRID}}, "", "", "runs"),
    "heard_plot": (
        {
            "spectrogram": GRID,
            "strips": {"s": [0, 1, 1]},
            "names": ["-", "C"],
            "top": 3.0,
            "words": {"s": "C"},
        },
        "names",
        "spectrogram top",
        "strips words",
    ),
    "labelled_points": (
        {"panels": {"a": SQUARE}, "labels": ["a", "b"], "groups": [0, 1]},
        "labels",
        "groups",
        "panels",
    ),
    "lstm_cell": ({"parts": ["belt"], "highlight": ["belt"]}, "parts", "", ""),
    "memory_order": ({"layouts": {"a": [0, 1]}, "highlight": 1}, "", "highlight", "layouts"),
    "memory_strip": (
        {"deck": ["a", "b"], "turned": np.array([0]), "remembered": SQUARE[:1], "gone": SQUARE[:1]},
        "deck",
        "turned",
        "",
    ),
    "memory_table": (
        {"deck": ["a", "b"], "face_up": {0}, "gone": np.zeros(2, bool), "state": [1], "slots": 2},
        "deck",
        "face_up state slots",
        "",
    ),
    "norm_curves": ({"curves": {"a": -LINE}, "floor": -8}, "", "floor", "curves"),
    "one_hot_grid": (
        {"x": SQUARE, "row_labels": ["a", "b"], "col_labels": ["a", "b"]},
        "row_labels col_labels",
        "x",
        "",
    ),
    "padding_grid": ({"tokens": [["a"]], "mask": [[1]]}, "tokens", "mask", ""),
    "picture_grid": (
        {"pictures": GRID[None], "captions": ["a"], "marked": [True]},
        "captions",
        "pictures marked",
        "",
    ),
    "probability_bars": (
        {"tokens": ["a", "b"], "shares": {"s": [0.1, 0.2]}, "ylabel": ""},
        "tokens",
        "",
        "shares",
    ),
    "rank_frequency": ({"counts": [3, 2], "named": [(1, "a")]}, "named", "counts", ""),
    "share_curve": (
        {"sizes": [1, 2], "shares": [0.1, 0.2], "xlabel": "", "ylabel": ""},
        "",
        "sizes shares",
        "",
    ),
    "share_grid": (
        {"shares": GRID, "row_labels": [*"abc"], "col_labels": [*"abcd"]},
        "row_labels col_labels",
        "shares",
        "",
    ),
    "state_heat_map": (
        {"h": GRID, "step_labels": [*"abc"], "unit_labels": [*"abcd"]},
        "step_labels unit_labels",
        "h",
        "",
    ),
    "state_heat_maps": ({"runs": {"a": GRID}, "step_labels": {"a": [*"abc"]}}, "", "", "runs step_labels"),
    "state_planes": (
        {"runs": {"a": (SQUARE, SQUARE, LINE[:2])}, "names": ["a", "b"], "truth": np.array([0, 1])},
        "names",
        "truth",
        "runs",
    ),
    "sum_of_matrices": (
        {"parts": [GRID, GRID], "titles": [*"abc"], "digits": 0},
        "parts titles",
        "digits",
        "",
    ),
    "text_trace": (
        {"written": "abcd", "values": LINE, "limit": 1.0, "per_line": 4},
        "",
        "values limit per_line",
        "",
    ),
    "token_strip": ({"tokens": ["a"], "marked": {1}}, "tokens marked", "", ""),
    "training_curves": ({"runs": {"a": (LINE, LINE[:1])}, "every": 2}, "", "every", "runs"),
    "unrolled_network": ({"T": 2, "inputs": ["a", 1], "states": [1, 2]}, "", "T inputs states", ""),
    "value_strips": ({"tables": {"a": GRID}, "labels": [*"abcd"]}, "labels", "", "tables"),
    "windows_picture": ({"series": LINE, "width": 2, "windows": 2}, "", "series width windows", ""),
}
CASES = [
    pytest.param(picture, argument, wrong, id=f"{picture}-{argument}-{wrong!r}")
    for picture, (_, *arguments) in PICTURES.items()
    for names, wrongs in zip(arguments, ((3, ""), ("many", {"a": 1}), (3, ["a"])), strict=True)
    for argument in names.split()
    for wrong in wrongs
]


@pytest.mark.parametrize("picture", PICTURES)
def test_what_fits_is_drawn(picture):
    assert getattr(viz, picture)(**PICTURES[picture][0])


@pytest.mark.parametrize(("picture", "argument", "wrong"), CASES)
def test_what_does_not_fit_is_named(picture, argument, wrong):
    with pytest.raises(InputError, match=rf"\b{argument}\b"):
        getattr(viz, picture)(**{**PICTURES[picture][0], argument: wrong})
