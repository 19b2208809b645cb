"""Delayed recall, and what chapter 04 says about cutting the gradient."""

from __future__ import annotations

from pathlib import Path

import nbformat
import numpy as np
import pytest

from rnncourse import in_numpy
from rnncourse.analysis import truncation
from rnncourse.errors import InputError

CHAPTER = Path(__file__).parents[2] / "chapters" / "04_backpropagation_through_time.ipynb"
CELLS = {cell.id: cell.source for cell in nbformat.read(CHAPTER, as_version=4).cells}


def from_the_chapter(*cells: str) -> dict:
    """Return the names that these cells of the chapter define."""
    names = {"np": np, "in_numpy": in_numpy}
    for cell in cells:
        exec(CELLS[cell], names)
    return names


def test_the_target_is_the_symbol_of_lag_steps_ago():
    x, y = truncation.recall_stream(50, 3, lag=7, rng=np.random.default_rng(0))
    assert x.shape == (50, 3, 2) and y.shape == (50, 3) and x.dtype == np.float32
    assert np.array_equal(x.sum(axis=-1), np.ones((50, 3)))
    assert np.array_equal(y[7:], x.argmax(axis=-1)[:-7])
    assert 0.35 < y.mean() < 0.65


def test_the_first_targets_are_in_no_input():
    """Streams that begin alike differ in their first targets, so nothing in them can tell what those are."""
    seeds = range(40)
    firsts = {tuple(truncation.recall_stream(3, 1, 2, np.random.default_rng(s))[1][:2, 0]) for s in seeds}
    assert firsts == {(0, 0), (0, 1), (1, 0), (1, 1)}


@pytest.mark.parametrize(("T", "B", "lag", "name"), [(0, 2, 3, "T"), (5, 0, 3, "B"), (5, 2, 0, "lag")])
def test_sizes_are_checked(T, B, lag, name):
    with pytest.raises(InputError, match=f"{name} must be a whole number of at least 1"):
        truncation.recall_stream(T, B, lag, np.random.default_rng(0))


def test_only_a_net_can_recall():
    with pytest.raises(InputError, match=r"net must be a RecurrentNet .*, but got None"):
        truncation.recall_accuracy(None, 3, np.random.default_rng(0))


def test_a_seed_is_no_generator():
    with pytest.raises(InputError, match="rng must be a NumPy random generator"):
        truncation.recall_stream(5, 2, 3, 0)


def shift_register(lag: int) -> in_numpy.RecurrentNet:
    """Return a net whose unit k holds the symbol of k steps ago, and whose readout looks at unit `lag`."""
    net = truncation.recall_net(lag + 1, np.random.default_rng(0))
    for array in net.params.values():
        array[...] = 0
    net.params["W_xh"][:, 0] = (-1, 1)
    net.params["W_hh"][...] = np.eye(lag + 1, k=1)
    net.params["W_hy"][lag] = (-1, 1)
    return net


def test_accuracy_of_a_net_that_remembers_and_of_one_that_guesses():
    rng = np.random.default_rng(0)
    assert truncation.recall_accuracy(shift_register(4), 4, rng) == 1.0
    assert truncation.recall_accuracy(shift_register(4), 3, rng) == pytest.approx(0.5, abs=0.02)


def test_the_chapters_training_is_that_of_the_package():
    """Windows side by side, carried state, cut gradient: fit_truncated ends at the same numbers."""
    train_truncated = from_the_chapter("recall-train")["train_truncated"]
    x, y = truncation.recall_stream(60, 3, 2, np.random.default_rng(1))
    by_chapter, by_package = (truncation.recall_net(5, np.random.default_rng(2)) for _ in range(2))
    train_truncated(by_chapter, x, y, k1=4, k2=4)
    in_numpy.fit_truncated(
        by_package,
        x,
        y,
        loss=in_numpy.softmax_cross_entropy,
        optimizer=in_numpy.Adam(0.02, clip=1.0),
        window=4,
    )
    for name in by_package.params:
        assert np.allclose(by_chapter.params[name], by_package.params[name], atol=1e-6), name


def test_overlapping_windows_go_back_k2_steps_for_the_newest_k1_losses():
    """With a learning rate near 0 the states are those of one pass, so each update can be recomputed."""
    T, B, k1, k2 = 11, 3, 2, 5
    x, y = truncation.recall_stream(T, B, 2, np.random.default_rng(1))
    net = truncation.recall_net(4, np.random.default_rng(2))
    before = {name: array.copy() for name, array in net.params.items()}
    seen = []

    class Recorder:
        def __init__(self, lr, clip):
            assert clip == 1.0

        def step(self, params, grads):
            seen.append({name: g.copy() for name, g in grads.items()})

    names = from_the_chapter("recall-train")
    names["in_numpy"] = type("engine", (), {**vars(in_numpy), "Adam": Recorder})
    names["train_truncated"](net, x, y, k1, k2)
    assert len(seen) == len(range(k2, T + 1, k1)) == 4
    for end, grads in zip(range(k2, T + 1, k1), seen, strict=True):
        start = end - k2
        state = None if start == 0 else (net.forward(x[:start]), net.state_T)[1]
        newest = np.repeat(np.arange(k2)[:, None] >= k2 - k1, B, axis=1)
        _, ds = in_numpy.softmax_cross_entropy(net.forward(x[start:end], state), y[start:end], newest)
        net.backward(ds)
        for name in before:
            assert np.allclose(grads[name], net.grads[name], rtol=1e-4, atol=1e-7), (end, name)


def test_a_cut_leaves_the_shares_inside_the_windows():
    """The gradients of windows of 3, states carried, are the block diagonal of the chapter's credit table."""
    rng = np.random.default_rng(0)
    T, B, D, H, V, window = 6, 3, 2, 5, 4, 3
    sizes = {"W_xh": (D, H), "W_hh": (H, H), "b_h": (H,), "W_hy": (H, V), "b_y": (V,), "h0": (B, H)}
    p = {name: rng.normal(scale=0.6, size=size) for name, size in sizes.items()}
    x, y = rng.normal(size=(T, B, D)), rng.integers(V, size=(T, B))
    names = from_the_chapter("forward", "bptt", "shares")
    names["H"] = H
    h, s = names["forward"](p, x)
    _, ds = in_numpy.softmax_cross_entropy(s, y)

    credit = np.stack(
        [names["shares_of_W_hh"](p, h, np.where(np.arange(T)[:, None, None] == t, ds, 0)) for t in range(T)]
    )
    assert np.allclose(credit.sum(axis=(0, 1)), names["bptt"](p, x, h, ds)["W_hh"], rtol=1e-10)

    in_windows = 0
    for start in range(0, T, window):
        now = slice(start, start + window)
        q = {**p, "h0": h[start - 1] if start else p["h0"]}
        in_windows = in_windows + names["bptt"](q, x[now], h[now], ds[now])["W_hh"]
    same_window = np.arange(T)[:, None] // window == np.arange(T) // window
    assert np.allclose(in_windows, (credit * same_window[..., None, None]).sum(axis=(0, 1)), rtol=1e-10)
    assert not np.allclose(in_windows, credit.sum(axis=(0, 1)), rtol=1e-2)


@pytest.mark.parametrize(("k1", "k2", "learns"), [(2, 2, False), (1, 2, False), (3, 3, True), (3, 5, True)])
def test_a_window_must_be_longer_than_the_lag(k1, k2, learns):
    train_truncated = from_the_chapter("recall-train")["train_truncated"]
    for seed in range(2):
        rng = np.random.default_rng(seed)
        net = truncation.recall_net(8, rng)
        net.params["W_hh"] *= 0.1
        train_truncated(net, *truncation.recall_stream(1500, 16, 2, rng), k1, k2)
        accuracy = truncation.recall_accuracy(net, 2, rng)
        assert accuracy > 0.9 if learns else accuracy < 0.75, (seed, accuracy)


def test_the_chapters_bptt_is_that_of_the_engine():
    rng = np.random.default_rng(5)
    T, B, D, H, V = 7, 2, 3, 5, 4
    net = in_numpy.RecurrentNet(in_numpy.RNN(D, H, rng=rng, dtype="float64"), V, rng=rng)
    p = {**net.params, "h0": rng.normal(size=(B, H))}
    x, y = rng.normal(size=(T, B, D)), rng.integers(V, size=(T, B))
    names = from_the_chapter("forward", "bptt")
    h, s = names["forward"](p, x)
    _, ds = in_numpy.softmax_cross_entropy(net.forward(x, p["h0"]), y)
    _, dh0 = net.backward(ds)
    grads = names["bptt"](p, x, h, ds)
    assert np.allclose(s, net.forward(x, p["h0"]), rtol=1e-12)
    for name, wanted in {**net.grads, "h0": dh0}.items():
        assert np.abs(wanted).max() > 1e-3
        assert np.allclose(grads[name], wanted, rtol=1e-10, atol=1e-14), name
