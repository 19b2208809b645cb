"""Dropout and layer normalization in an LSTM step: without them it is the LSTM step, with them what is said."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from rnncourse import in_torch  # noqa: E402
from rnncourse.errors import InputError  # noqa: E402
from rnncourse.in_torch.regularization import dropout_mask, layer_norm, regularized_step  # noqa: E402

B, D, H = 4, 3, 5


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


@pytest.fixture
def p():
    return {"W_x": drawn(D, 4 * H, seed=1), "W_h": drawn(H, 4 * H, seed=2), "b": drawn(4 * H, seed=3)}


def test_without_a_mask_and_a_gain_it_is_the_lstm_step(p):
    x_t, h, c = drawn(B, D, seed=4), drawn(B, H, seed=5), drawn(B, H, seed=6)
    wanted = in_torch.lstm_step(x_t, h, c, p)
    found = regularized_step(x_t @ p["W_x"] + p["b"], (h, c), p)
    for mine, theirs in zip(found, wanted, strict=True):
        assert torch.allclose(mine, theirs, rtol=0, atol=1e-12)


def test_the_mask_hides_units_of_the_previous_state_only(p):
    x_t, h, c = drawn(B, D, seed=4), drawn(B, H, seed=5), drawn(B, H, seed=6)
    mask = torch.ones(B, H, dtype=torch.float64)
    mask[:, 2] = 0
    hidden = h.clone()
    hidden[:, 2] = 0
    a_x = x_t @ p["W_x"] + p["b"]
    for mine, theirs in zip(
        regularized_step(a_x, (h, c), p, mask), regularized_step(a_x, (hidden, c), p), strict=True
    ):
        assert torch.equal(mine, theirs)


def test_layer_norm_is_pytorchs():
    a, gain = drawn(B, 7), drawn(7, seed=1)
    theirs = torch.nn.functional.layer_norm(a, (7,), weight=gain, eps=1e-10)
    assert torch.allclose(layer_norm(a, gain), theirs, rtol=0, atol=1e-4)


def test_the_gain_normalizes_the_pre_activations(p):
    p |= {"gain": torch.ones(4 * H, dtype=torch.float64), "b_norm": torch.zeros(4 * H, dtype=torch.float64)}
    a_x, state = drawn(B, 4 * H, seed=7), (drawn(B, H, seed=5), drawn(B, H, seed=6))
    ten_times = {**p, "W_h": 10 * p["W_h"]}
    for mine, theirs in zip(
        regularized_step(a_x, state, p), regularized_step(10 * a_x, state, ten_times), strict=True
    ):
        assert torch.allclose(mine, theirs, rtol=0, atol=1e-4)


def test_a_dropout_mask_has_mean_1_and_is_drawn_by_its_generator():
    mask = dropout_mask((200, 100), 0.3, torch.Generator().manual_seed(0))
    assert set(mask.unique().tolist()) == {0.0, float(torch.tensor(1) / 0.7)}
    assert abs(float(mask.mean()) - 1) < 0.02
    assert torch.equal(mask, dropout_mask((200, 100), 0.3, torch.Generator().manual_seed(0)))
    with pytest.raises(InputError, match="rate must be a number of at least 0 and below 1"):
        dropout_mask((2, 2), 1.0)
