"""The five broken backward passes of chapter 04: each is found, and exactly the promised gradients are wrong."""

from __future__ import annotations

from pathlib import Path

import nbformat
import numpy as np
import pytest

from rnncourse import in_numpy
from rnncourse.analysis import bug_hunt
from rnncourse.errors import InputError

CHAPTER = Path(__file__).parents[2] / "chapters" / "04_backpropagation_through_time.ipynb"
ALL_FOUR = {"W_xh", "W_hh", "b_h", "h0"}
WRONG = {  # the wrong gradients with four steps, and with one
    "patient_a": (ALL_FOUR, set()),
    "patient_b": (ALL_FOUR, ALL_FOUR),
    "patient_c": ({"W_skip"}, {"W_skip"}),
    "patient_d": ({"W_hh"}, {"W_hh"}),
    "patient_e": (ALL_FOUR, {"h0"}),
}


def _from_the_chapter() -> dict:
    """Return the backward passes as they stand in the chapter, by their names."""
    names = {"np": np, "in_numpy": in_numpy}
    for cell in nbformat.read(CHAPTER, as_version=4).cells:
        if cell.id == "hunt-healthy" or (cell.id.startswith("hunt-") and cell.id.endswith("-code")):
            exec(cell.source, names)
    return {name: names[name] for name in ("healthy", *WRONG)}


BACKWARDS = _from_the_chapter()


def check(name: str, T: int, seed: int):
    return in_numpy.gradcheck(*bug_hunt.patient(BACKWARDS[name], T, seed), in_numpy.softmax_cross_entropy)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("T", [1, 4])
def test_the_healthy_one_passes(T, seed):
    report = check("healthy", T, seed)
    assert report.ok, report
    assert max(abs(entry.by_hand) for entry in report.entries) > 0.01  # not all zero, which would pass too


@pytest.mark.parametrize("seed", [bug_hunt.SEED, 1, 2])
@pytest.mark.parametrize("name", WRONG)
def test_a_bug_spoils_these_gradients_and_no_others(name, seed):
    for T, wrong in zip((4, 1), WRONG[name], strict=True):
        assert bug_hunt.wrong_names(check(name, T, seed)) == wrong, T


def test_the_errors_are_large_and_not_a_matter_of_rounding():
    for name in WRONG:
        report = check(name, 4, bug_hunt.SEED)
        for entry in report.entries:
            wrong = entry.name in bug_hunt.wrong_names(report)
            assert entry.relative_error > 0.1 if wrong else entry.relative_error <= 1e-7, (name, entry)


def test_the_report_names_the_worst_entry_with_both_numbers():
    net, x, y = bug_hunt.patient(BACKWARDS["patient_d"])
    _, ds = in_numpy.softmax_cross_entropy(net.forward(x), y)
    net.backward(ds)
    broken = net.grads["W_hh"].copy()
    net, x, y = bug_hunt.patient(BACKWARDS["healthy"])
    _, ds = in_numpy.softmax_cross_entropy(net.forward(x), y)
    net.backward(ds)
    right = net.grads["W_hh"]
    entry = check("patient_d", 4, bug_hunt.SEED).entries[0]
    error = np.abs(broken - right) / np.maximum(np.abs(broken), np.abs(right))
    assert entry.name == "W_hh"
    assert entry.where == np.unravel_index(error.argmax(), error.shape)
    assert entry.by_hand == broken[entry.where]
    assert entry.by_differences == pytest.approx(right[entry.where], rel=1e-6)
    assert entry.relative_error == pytest.approx(error.max(), rel=1e-6)


@pytest.mark.parametrize("name", BACKWARDS)
def test_only_patient_c_writes_into_the_array_that_it_is_given(name):
    net, x, y = bug_hunt.patient(BACKWARDS["healthy"])
    _, ds = in_numpy.softmax_cross_entropy(net.forward(x), y)
    dh = ds @ net.params["W_hy"].T
    kept, trace = dh.copy(), {key: array.copy() for key, array in net.trace.items()}
    found = BACKWARDS[name](net.params, net.trace, dh)
    assert np.array_equal(dh, kept) == (name != "patient_c")
    assert all(np.array_equal(net.trace[key], trace[key]) for key in trace)
    if name == "patient_c":  # what it returns is right all the same
        right = BACKWARDS["healthy"](net.params, net.trace, kept)
        assert all(np.array_equal(found[key], right[key]) for key in right)


def test_each_patient_differs_from_the_healthy_one_in_one_place():
    cells = {cell.id: cell.source for cell in nbformat.read(CHAPTER, as_version=4).cells}
    healthy = set(cells["hunt-healthy"].splitlines()[1:])
    missing = {name: healthy - set(cells[f"hunt-{name[-1]}-code"].splitlines()) for name in WRONG}
    assert {
        name: len(lines) for name, lines in missing.items() if name in ("patient_b", "patient_d", "patient_e")
    } == {
        "patient_b": 1,
        "patient_d": 1,
        "patient_e": 1,
    }
    assert {line.strip() for line in missing["patient_a"]} >= {"dh_t = dh[t] + carry"}
    assert {line.strip() for line in missing["patient_c"]} >= {"dh_t = dh[t] + carry"}


def test_nothing_about_the_case_can_hide_a_bug():
    net, x, y = bug_hunt.patient(BACKWARDS["healthy"])
    T, B, D = x.shape
    H, V = net.params["W_hy"].shape
    assert len({T, B, D, H, V}) == 5
    assert y.shape == (T, B) and y.max() < V
    assert all(np.abs(array).min() > 0 for array in net.params.values())


def test_forward_is_the_equation_of_the_chapter():
    net, x, _ = bug_hunt.patient(BACKWARDS["healthy"], T=3)
    p, h_t = net.params, net.params["h0"]
    for t, s_t in enumerate(net.forward(x)):
        h_t = 1 / (1 + np.exp(-(x[t] @ p["W_xh"] + h_t @ p["W_hh"] + p["b_h"])))
        assert np.allclose(s_t, (h_t + x[t] @ p["W_skip"]) @ p["W_hy"] + p["b_y"], rtol=1e-12)
        assert np.allclose(net.trace["h"][t], h_t, rtol=1e-12)


def test_fingerprints_tell_all_patients_apart():
    table = bug_hunt.fingerprints(BACKWARDS)
    lines = table.splitlines()
    assert lines[0].split() == ["T", "W_xh", "W_hh", "b_h", "h0", "W_skip", "W_hy", "b_y"]
    marks = [line.split()[-7:] for line in lines[1:]]
    prints = {name: (*marks[2 * k], *marks[2 * k + 1]) for k, name in enumerate(BACKWARDS)}
    assert set(prints["healthy"]) == {"·"}
    assert len(set(prints.values())) == 6
    assert prints["patient_e"] == (*"✗✗✗✗···", *"···✗···")


def test_the_columns_of_fingerprints_stand_below_their_names():
    healthy = BACKWARDS["healthy"]
    lines = bug_hunt.fingerprints({"a": healthy, "a longer name": healthy}).splitlines()
    assert {line.index("·") for line in lines[1:]} == {lines[0].index("W_xh")}


def test_wrong_use_is_named():
    with pytest.raises(InputError, match="backward must be a function"):
        bug_hunt.patient("healthy")
    with pytest.raises(InputError, match="T must be a whole number of at least 1"):
        bug_hunt.patient(BACKWARDS["healthy"], T=0)
    with pytest.raises(InputError, match="seed must be a whole number of at least 0"):
        bug_hunt.patient(BACKWARDS["healthy"], seed=-1)
    net, x, y = bug_hunt.patient(lambda p, trace, dh: {"W_xh": p["W_xh"], "b_h": p["b_h"]})
    _, ds = in_numpy.softmax_cross_entropy(net.forward(x), y)
    with pytest.raises(InputError, match=r"backward must return .* but it lacks W_hh, h0"):
        net.backward(ds)
