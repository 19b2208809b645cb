"""The torch engine on a CUDA GPU: the CPU's numbers, through CUDA graphs; and how graphs are done without."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from engines import MAKERS, B, T, furthest, make, padding_mask, state_like, to_tensors

from rnncourse import in_torch
from rnncourse.common.parts import map_state
from rnncourse.in_torch import device

on_gpu = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU")]


def results(layer, x, h0, weights, mask, where):
    """Return outputs and gradients of a layer on a device."""
    layer.to(where)
    x, h0, weights = (map_state(lambda t: t.to(where), to_tensors(part)) for part in (x, h0, weights))
    mask = None if mask is None else torch.from_numpy(mask).to(where)
    outputs = layer.forward(x, h0, mask)
    gradients = layer.backward(*weights)
    return map_state(torch.Tensor.cpu, (outputs, gradients)), {n: g.cpu() for n, g in layer.grads.items()}


def setting(layer, seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((T, B, layer.D))
    return x, state_like(layer, B, rng), (rng.standard_normal((T, B, layer.H)), state_like(layer, B, rng))


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "padded"])
@pytest.mark.parametrize(
    ("kind", "where"), [pytest.param(kind, "cuda", marks=on_gpu) for kind in MAKERS] + [("LSTM", "cpu")]
)
def test_a_device_gives_the_cpus_numbers_again_and_again(kind, where, masked):
    mask = padding_mask(T, B) if masked else None
    layer, judge = make(kind, in_torch), make(kind, in_torch)
    for seed in range(3):  # the first forward records, the others replay with other numbers
        expected = results(judge, *setting(judge, seed), mask, "cpu")
        found = results(layer, *setting(layer, seed), mask, where)
        assert furthest(found[0], expected[0]) <= 1e-10
        assert furthest(found[1], expected[1]) <= 1e-10


@pytest.mark.parametrize("where", [pytest.param("cuda", marks=on_gpu)])
def test_a_graph_is_recorded_once_for_each_shape(where):
    device._captured.clear()
    layer = make("LSTM", in_torch)
    for _ in range(3):
        results(layer, *setting(layer, 0), None, where)
    assert len(device._captured) == 2  # forward and backward
    assert all(captured is not None for captured in device._captured.values())


def test_without_a_gpu_the_function_runs_as_it_is():
    device._captured.clear()
    x = torch.ones(3)
    assert device.run("double", lambda t: {"y": 2 * t["x"]}, {"x": x})["y"].tolist() == [2, 2, 2]
    assert not device._captured
    assert in_torch.best_device().type == ("cuda" if torch.cuda.is_available() else "cpu")
