"""The graph on which gradients travel back, and the pictures of who gets how much credit."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from itertools import pairwise
from pathlib import Path

import nbformat
import numpy as np
import pytest

from rnncourse import viz
from rnncourse.errors import InputError
from rnncourse.viz._graphs import LIT

CHAPTER = Path(__file__).parents[2] / "chapters" / "04_backpropagation_through_time.ipynb"
SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter(f"{SVG}text")]


def lit_lines(svg: str) -> list[tuple[float, ...]]:
    lines = ET.fromstring(svg).iter(f"{SVG}line")
    return [
        tuple(float(one.get(k)) for k in ("x1", "y1", "x2", "y2"))
        for one in lines
        if one.get("stroke") == LIT
    ]


def boxes(svg: str) -> dict[str, tuple[float, float, float, float]]:
    """Return the corner and the size of the box of every node, by what is written in it."""
    found, corner = {}, None
    for node in ET.fromstring(svg):
        if node.tag == f"{SVG}rect" and node.get("rx") == "8":
            corner = tuple(float(node.get(k)) for k in ("x", "y", "width", "height"))
        elif node.tag == f"{SVG}text" and corner is not None:
            found["".join(node.itertext())] = corner
            corner = None
    return found


def touches(point: tuple[float, float], box: tuple[float, float, float, float], slack: float = 9) -> bool:
    (px, py), (x, y, w, h) = point, box
    return x - slack <= px <= x + w + slack and y - slack <= py <= y + h + slack


@pytest.mark.parametrize("T", [1, 2, 6])
def test_every_node_and_every_arrow_is_drawn(T):
    svg = viz.gradient_graph(T)
    nodes = {"L", "h0"} | {f"{letter}{t}" for letter in "Lshax" for t in range(1, T + 1)}
    assert set(boxes(svg)) == nodes
    assert len(list(ET.fromstring(svg).iter(f"{SVG}line"))) == 6 * T
    assert lit_lines(svg) == []
    assert [texts(svg).count(name) for name in ("Why", "Wxh", "Whh", "tanh")] == [T] * 4


def test_a_path_is_lit_backwards_from_node_to_node():
    svg = viz.gradient_graph(3, paths=["s_2 h_2", "a_3 h_2"], known=["s_2", "a_3"])
    place = boxes(svg)
    ends = [((x1, y1), (x2, y2)) for x1, y1, x2, y2 in lit_lines(svg)]
    assert len(ends) == 2
    for (start, end), (later, earlier) in zip(ends, [("s2", "h2"), ("a3", "h2")], strict=True):
        assert touches(start, place[later], slack=0.1)
        assert touches(end, place[earlier])
        assert not touches(end, place[later], slack=0)
    assert len(list(ET.fromstring(svg).iter(f"{SVG}line"))) == 18  # lit in place of the plain arrow


def test_known_gradients_are_written_beside_their_nodes():
    svg = viz.gradient_graph(2, paths=["L L_1 s_1"], known=["h_2"])
    assert {text for text in texts(svg) if text.startswith("d")} == {"dL1", "ds1", "dh2"}
    assert "dL" not in texts(svg)  # where the path begins nothing new is known


def test_a_gradient_is_known_once_all_paths_are_lit():
    one_path = viz.gradient_graph(3, paths=["a_3 h_2"])
    assert "dh2" not in texts(one_path)
    both = viz.gradient_graph(3, paths=["a_3 h_2", "s_2 h_2"])
    assert "dh2" in texts(both)
    assert "dh3" in texts(viz.gradient_graph(3, paths=["s_3 h_3"]))  # the last state has one path


def test_weights_are_framed_where_they_collect():
    svg = viz.gradient_graph(3, weights=["W_hh_2", "W_xh_2"])
    assert [texts(svg).count(name) for name in ("dWhh", "Whh", "dWxh", "Wxh", "Why")] == [1, 2, 1, 2, 3]


def test_the_label_says_in_words_what_is_lit():
    root = ET.fromstring(viz.gradient_graph(2, paths=["a_2 h_1"], known=["a_2"], weights=["W_xh_2"]))
    assert root.get("role") == "img"
    said = root.get("aria-label")
    assert "unrolled over 2 steps" in said and "from a_2 to h_1" in said
    assert "known at a_2;" in said and "collected by W_xh_2" in said


def test_text_takes_the_colour_of_the_page():
    root = ET.fromstring(viz.gradient_graph(2, paths=["a_2 h_1"]))
    assert root.get("fill") == "currentColor"
    assert all(node.get("fill") is None for node in root.iter(f"{SVG}text"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"T": 0}, "T must be a whole number"),
        ({"T": 7}, "T must be a whole number from 1 to 6, but got int 7"),
        ({"paths": ["h_1 h_2"]}, "no arrow leads from h_2 to h_1, which is made from a_1"),
        ({"paths": ["h_1 s_1"]}, "no arrow leads from s_1 to h_1"),
        ({"paths": ["x_1 a_1"]}, "x_1, which is made from nothing"),
        ({"paths": ["s_1"]}, "paths must go from node to node"),
        ({"paths": ["q_1 s_1"]}, "'q_1' is not a node of the graph; its nodes are L, "),
        ({"known": ["h_4"]}, "'h_4' is not a node"),
        ({"known": "h_1"}, "known must be a list of texts"),
        ({"weights": ["W_hh"]}, "weights must be among .*but got W_hh"),
    ],
)
def test_wrong_names_are_answered_with_the_right_ones(arguments, message):
    with pytest.raises(InputError, match=message):
        viz.gradient_graph(**{"T": 3, **arguments})


@pytest.mark.parametrize("T", [1, 3])
def test_the_sweep_goes_from_the_loss_to_the_first_state(T):
    steps = viz.backprop_sweep(T)
    assert len(steps) == 3 + 4 * T
    assert [step.label for step in steps[:3]] == ["forward", "the logits of all steps", f"step {T}: W_hy"]
    assert len(lit_lines(steps[1].svg)) == 2 * T
    paths = [len(lit_lines(step.svg)) for step in steps if "dh_t" in step.label]
    assert paths == [1] + [2] * (T - 1)
    last = texts(steps[-1].svg)
    assert {"dh0", *(f"d{letter}{t}" for letter in "sha" for t in range(1, T + 1))} <= set(last)


def test_nothing_is_known_before_it_was_reached():
    known = [
        {text for text in texts(step.svg) if re.fullmatch(r"d[sha]\d", text)}
        for step in viz.backprop_sweep(3)
    ]
    assert known[0] == set()
    for before, after in pairwise(known[1:]):
        assert before <= after and len(after - before) <= 1


def test_the_sweep_shows_lines_of_the_chapters_function():
    cells = {cell.id: cell.source for cell in nbformat.read(CHAPTER, as_version=4).cells}
    lines = {line.split("  #")[0].strip() for line in cells["bptt"].splitlines()}
    shown = [line for step in viz.backprop_sweep(3)[2:] for line in step.code.split("<br>")]
    assert shown and set(shown) <= lines


def test_shares_are_written():
    shares = np.tril(np.arange(16.0).reshape(4, 4)) * 100 / 15
    svg = viz.credit_grid(shares)
    columns = ["1", "2", "3", "4"]
    numbers = [f"{shares[t, tau]:.0f}" for t in range(4) for tau in range(t + 1)]
    assert Counter(text for text in texts(svg) if text.isdigit()) == Counter(columns + numbers)


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        (np.ones((2, 3)), r"shares must have shape \(2, 2\)"),
        (np.ones((2, 2)), "0 above the diagonal"),
        (np.array([[101.0, 0], [1, 1]]), "from 0 to 100"),
        (np.array([[-1.0, 0], [1, 1]]), "from 0 to 100"),
        (np.eye(2) * np.nan, "finite"),
    ],
)
def test_wrong_shares_are_named(shares, message):
    with pytest.raises(InputError, match=message):
        viz.credit_grid(shares)


def test_the_sum_is_the_sum_of_its_parts():
    parts = [np.array([[0.5, -1.25]]), np.array([[0.25, 1.0]])]
    written = texts(viz.sum_of_matrices(parts, ["one", "two", "both"], digits=2))
    assert written == ["one", "+0.50", "−1.25", "two", "+0.25", "+1.00", "+", "both", "+0.75", "−0.25", "="]


def test_colours_share_one_scale():
    parts = [np.array([[1.0]]), np.array([[1.0]])]
    root = ET.fromstring(viz.sum_of_matrices(parts, ["one", "two", "both"]))
    first, second, both = (node.get("fill") for node in root.iter(f"{SVG}rect"))
    assert first == second != both


@pytest.mark.parametrize(
    ("parts", "titles", "message"),
    [
        ([], ["sum"], "parts must be matrices of one shape"),
        ([np.ones((2, 2)), np.ones((2, 3))], ["a", "b", "c"], "parts must be matrices of one shape"),
        ([np.ones((2, 2))], ["a"], "titles must be a list of 2 texts"),
        ([np.ones(2)], ["a", "b"], r"parts\[0\] needs 2 axes"),
    ],
)
def test_wrong_matrices_are_named(parts, titles, message):
    with pytest.raises(InputError, match=message):
        viz.sum_of_matrices(parts, titles)
