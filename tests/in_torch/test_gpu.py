"""The torch engine on a CUDA GPU: the CPU's numbers, through CUDA graphs and Triton; and how it does without.

Tests marked `gpu` need one. Where Triton is installed but there is no GPU, its interpreter runs the kernels on
the CPU: the same lines of code, their values, none of their speed.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import runpy
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from in_both.engines import MAKERS, B, T, furthest, make, padding_mask, state_like, to_tensors

from rnncourse import in_torch
from rnncourse.errors import InputError
from rnncourse.in_both.base import map_state
from rnncourse.in_torch.fast import graphs, ways
from rnncourse.in_torch.fast.sweeps import GRU_SWEEPS, LSTM_SWEEPS, RNN_SWEEPS

GPU = torch.cuda.is_available()
if not GPU:
    # Triton reads it when it is loaded, which only tests do here
    os.environ.setdefault("TRITON_INTERPRET", "1")

on_gpu = [pytest.mark.gpu, pytest.mark.skipif(not GPU, reason="no CUDA GPU")]
TRITON = tuple(map(int, version("triton").split(".")[:2])) if find_spec("triton") else (0, 0)
interpreted = [
    pytest.mark.skipif(GPU, reason="the GPU runs the kernels themselves"),
    pytest.mark.skipif(TRITON < (3, 7), reason="no Triton 3.7: pip install triton (older interpreters fail)"),
]
WHERE = pytest.mark.parametrize(
    "where", [pytest.param("cuda", marks=on_gpu), pytest.param("cpu", marks=interpreted)]
)
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
# T, B, D, H
SHAPES = [(5, 3, 4, 6), (1, 17, 3, 20), (7, 1, 2, 33), (3, 18, 5, 16), (3, 2, 6, 128), (2, 2, 3, 90)]


@pytest.fixture(autouse=True)
def clean_slate():
    graphs._recordings.made.clear()
    yield
    torch.backends.cuda.matmul.allow_tf32 = False


@pytest.fixture
def kernels(monkeypatch):
    """Let the CPU run kernels, in Triton's interpreter, with an H200's memory; on a GPU change nothing."""
    if GPU:
        return
    monkeypatch.setattr(ways, "triton_runs", lambda *_: True)
    monkeypatch.setattr(ways, "memory_on_chip", lambda _: 227 * 1024)
    with contextlib.suppress(ImportError):
        loaded = importlib.import_module("rnncourse.in_torch.fast.kernels")
        monkeypatch.setattr(loaded, "multiprocessors", lambda _: 132)


@pytest.fixture(params=["step", "sequence", "sequence, rows together"])
def way(request, kernels, monkeypatch):
    """The ways that need Triton; `sequence` takes rows alone, where their weights fit in registers, or 16 at a time."""
    if request.param.endswith("together"):
        loaded = pytest.importorskip("rnncourse.in_torch.fast.kernels")
        monkeypatch.setattr(loaded, "multiprocessors", lambda _: 0)
    return request.param.split(",")[0]


def results(layer, x, h0, weights, mask, where, dtype=torch.float64):
    """Return outputs and gradients of a layer on a device."""
    for name, tensor in layer.params.items():
        layer.params[name] = tensor.detach().to(where, dtype).requires_grad_()
    x, h0, weights = (map_state(lambda t: t.to(where, dtype), to_tensors(part)) for part in (x, h0, weights))
    mask = None if mask is None else torch.from_numpy(mask).to(where)
    outputs = layer.forward(x, h0, mask)
    gradients = layer.backward(*weights)
    grads = {name: g.cpu().double() for name, g in layer.grads.items()}
    return map_state(lambda t: t.detach().cpu().double(), (outputs, gradients)), grads


def setting(layer, seed, T=T, B=B):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((T, B, layer.D))
    return x, state_like(layer, B, rng), (rng.standard_normal((T, B, layer.H)), state_like(layer, B, rng))


def same(found, expected, within):
    assert furthest(found[0], expected[0]) <= within
    assert furthest(found[1], expected[1]) <= within


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "padded"])
@pytest.mark.parametrize(
    ("kind", "where"), [pytest.param(kind, "cuda", marks=on_gpu) for kind in MAKERS] + [("LSTM", "cpu")]
)
def test_a_device_gives_the_cpus_numbers_again_and_again(kind, where, masked):
    mask = padding_mask(T, B) if masked else None
    layer, judge = make(kind, in_torch), make(kind, in_torch)
    for seed in range(4):  # the second forward records, the others replay with other numbers
        expected = results(judge, *setting(judge, seed), mask, "cpu")
        same(results(layer, *setting(layer, seed), mask, where), expected, within=1e-10)


@WHERE
@pytest.mark.parametrize("masked", [False, True], ids=["whole", "padded"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(
    ("dtype", "tf32", "within"),
    [(torch.float32, False, 1e-5), (torch.float32, True, 5e-3), (torch.bfloat16, False, 0.1)],
    ids=["float32", "TF32", "bfloat16"],
)
def test_every_way_gives_the_same_numbers(way, shape, masked, where, dtype, tf32, within):
    """Forward and all gradients, against PyTorch's operations in float64 and, in float32, against NumPy."""
    T, B, D, H = shape
    mask = padding_mask(T, B) if masked else None
    layer, judge = make("LSTM", in_torch, D=D, H=H), make("LSTM", in_torch, D=D, H=H)
    layer.way, judge.way = way, "plain"
    torch.backends.cuda.matmul.allow_tf32 = tf32
    for name, tensor in judge.params.items():  # what bfloat16 can't hold is no error of the kernels
        judge.params[name] = tensor.detach().to(dtype).double().requires_grad_()
    for seed in range(3 if GPU else 1):  # on a GPU the second run records, the third replays
        given = map_state(
            lambda a: torch.from_numpy(a).to(dtype).double().numpy(), setting(layer, seed, T, B)
        )
        found = results(layer, *given, mask, where, dtype)
        same(found, results(judge, *given, mask, "cpu"), within)
    if within == 1e-5:
        by_numpy = make("LSTM", D=D, H=H)
        expected = (by_numpy.forward(*given[:2], mask), by_numpy.backward(*given[2]))
        same(found, (expected, by_numpy.grads), within)


@WHERE
def test_the_way_asked_for_is_the_way_taken(kernels, where, monkeypatch):
    loaded = pytest.importorskip("rnncourse.in_torch.fast.kernels")
    taken = []
    for way, loops in loaded.LOOPS.items():
        watched = [lambda *a, way=way, loop=loop: (taken.append(way), loop(*a))[1] for loop in loops]
        monkeypatch.setitem(loaded.LOOPS, way, tuple(watched))
    for way in ways.LSTM_WAYS:
        layer = make("LSTM", in_torch)
        layer.way = way
        results(layer, *setting(layer, 0), None, where, torch.float32)
    assert taken == ["step", "step", "sequence", "sequence"]


@WHERE
def test_tiny_gradients_do_not_underflow(way, where):
    """`sequence` multiplies in float16, whose smallest number is 6e-8; rows may differ by more than its range."""
    torch.backends.cuda.matmul.allow_tf32 = True
    layer, judge = make("LSTM", in_torch), make("LSTM", in_torch)
    layer.way = way
    x, h0, (dh, dstates) = setting(layer, 0)
    scale = np.array([1e-12, 1, 1e12])[:, None]  # one for each of the B rows
    outcome = []
    for net, where_, dtype in ((layer, where, torch.float32), (judge, "cpu", torch.float64)):
        _, gradients = results(
            net, x, h0, (dh * scale, tuple(d * scale for d in dstates)), None, where_, dtype
        )[0]
        outcome.append(map_state(lambda g: g / torch.from_numpy(scale), gradients))
    assert furthest(*outcome) <= 5e-3


@pytest.mark.parametrize(
    ("wish", "H", "dtype", "tf32", "expected"),
    [
        ("step", 500, torch.bfloat16, False, "step"),
        ("sequence", 64, torch.float32, False, "sequence"),
        ("sequence", 65, torch.float32, False, "step"),
        ("sequence", 128, torch.float32, True, "sequence"),
        ("sequence", 128, torch.bfloat16, False, "sequence"),
        ("sequence", 129, torch.bfloat16, False, "step"),
        ("sequence", 8, torch.float64, False, "plain"),
        ("plain", 8, torch.float32, False, "plain"),
    ],
)
def test_the_nearest_way_that_can_be_had(monkeypatch, wish, H, dtype, tf32, expected):
    monkeypatch.setattr(ways, "triton_runs", lambda *_: True)
    monkeypatch.setattr(ways, "memory_on_chip", lambda _: 227 * 1024)  # an H200's
    torch.backends.cuda.matmul.allow_tf32 = tf32
    assert ways.lstm_way(wish, H, dtype, torch.device("cuda")) == expected
    monkeypatch.setattr(ways, "triton_runs", lambda *_: False)
    assert ways.lstm_way(wish, H, dtype, torch.device("cuda")) == "plain"


def test_memory_on_the_chip(monkeypatch):
    for properties, expected in (({"shared_memory_per_block_optin": 99 * 1024}, 99 * 1024), ({}, 48 * 1024)):
        monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _, p=properties: SimpleNamespace(**p))
        assert ways.memory_on_chip(torch.device("cuda")) == expected  # PyTorch 2.6 does not tell


def test_without_a_gpu_no_way_needs_triton():
    assert not ways.triton_runs(torch.device("cpu"), torch.float32)
    layer = make("LSTM", in_torch)
    layer.way = "sequence"
    judge = make("LSTM", in_torch)
    same(
        results(layer, *setting(layer, 0), None, "cpu"),
        results(judge, *setting(judge, 0), None, "cpu"),
        within=0,
    )
    layer.way = "fastest"
    with pytest.raises(InputError, match="way"):
        layer.forward(torch.ones(T, B, layer.D))


def test_what_comes_twice_is_made_once():
    made, shelf = [], graphs.Twice(kept=2)
    for key in ("a", "a", "a", "b", "c", "b", "a", "d", "a"):
        shelf.meet(key, lambda key=key: made.append(key) or f"made for {key}")
    # c and d came once; a had been forgotten when it came again, and came once more
    assert made == ["a", "b", "a"]
    assert shelf.meet("a", made.clear) == "made for a" and len(shelf.made) == 2
    assert [shelf.meet("e", lambda: None) for _ in range(3)] == [None] * 3


def test_the_key_that_was_unused_for_longest_is_forgotten():
    shelf = graphs.Twice(kept=2)
    found = [shelf.meet(key, lambda: "made") for key in "aabaca"]
    # b had to go when c came, for a was used after it: a is still there at the end
    assert found == [None, "made", None, "made", None, "made"] and list(shelf.made) == ["c", "a"]


def test_a_recording_belongs_to_all_but_the_numbers():
    x = {"x": torch.ones(2, 3)}
    keys = {graphs.key_of("f", given) for given in (x, {"x": torch.zeros(2, 3)})}
    assert len(keys) == 1
    keys |= {graphs.key_of("g", x), graphs.key_of("f", {"y": x["x"]})}
    keys |= {graphs.key_of("f", {"x": t}) for t in (torch.ones(3, 2), torch.ones(2, 3).bfloat16())}
    torch.backends.cuda.matmul.allow_tf32 = True
    assert len(keys | {graphs.key_of("f", x)}) == 6


def test_inputs_of_a_recording_can_be_overwritten_wherever_they_were_made():
    with torch.inference_mode():
        given = torch.arange(6.0).view(2, 3).T
        own = graphs.own_copies({"x": given})["x"]
        assert own.is_contiguous() and torch.equal(own, given)
    own.copy_(torch.ones(3, 2))  # an inference tensor would refuse
    assert not own.requires_grad and given.sum() == 15


def test_a_replay_fills_its_own_inputs_and_hands_out_copies(monkeypatch):
    log = []

    class Fake:  # graph, event and stream in one
        def replay(self):
            log.append("replay")
            torch.mul(recording.inputs["x"], 2, out=recording.outputs["y"])

        def wait_event(self, event):
            log.append("wait")

        def record(self, stream):
            log.append("free")

    recording = graphs._Recording(Fake(), {"x": torch.empty(3)}, {"y": torch.empty(3)}, Fake())
    monkeypatch.setattr(torch.cuda, "current_stream", Fake)
    first = recording.replay({"x": torch.ones(3)})
    second = recording.replay({"x": torch.ones(1).expand(3) * 3})
    assert first["y"].tolist() == [2, 2, 2] and second["y"].tolist() == [6, 6, 6]
    assert log == ["wait", "replay", "free"] * 2


@pytest.mark.skipif(GPU, reason="there is a GPU")
def test_what_fails_is_said_once_and_done_without(monkeypatch):
    with pytest.warns(UserWarning, match="no CUDA graph could be recorded, so steps run one by one: "):
        assert graphs._record(lambda t: t, {"x": torch.ones(3)}) is None
    monkeypatch.setattr(ways, "find_spec", lambda name: name)
    ways.triton_runs.cache_clear()
    with pytest.warns(UserWarning, match="Triton does not run here, so the LSTM runs without it: ") as warned:
        for _ in range(2):
            assert not ways.triton_runs(torch.device("cuda"), torch.float32)
    assert len(warned) == 1
    ways.triton_runs.cache_clear()


@WHERE
@pytest.mark.parametrize("dtype", ways.KERNEL_DTYPES, ids=str)
def test_a_wrong_number_is_noticed(where, dtype, monkeypatch):
    kernels = pytest.importorskip("rnncourse.in_torch.fast.kernels")
    kernels.try_out(torch.device(where), dtype)
    monkeypatch.setattr(kernels, "steps", lambda *_: None)
    with pytest.raises(ArithmeticError, match=r"instead of 0\.369"):
        kernels.try_out(torch.device(where), dtype)


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "padded"])
@pytest.mark.parametrize("kind", ["RNN tanh", "RNN sigmoid", "RNN relu", "RNN leaky_relu", "LSTM", "GRU"])
def test_sweeps_look_at_no_numbers(kind, masked):
    """As a recording demands. Tensors on torch's device `meta` have no numbers and go with no others."""
    layer = make(kind, in_torch)
    p = {name: torch.empty(shape, device="meta") for name, shape in layer.shapes.items()}
    x, real = torch.empty(T, B, layer.D, device="meta"), torch.empty(T, B, 1, device="meta").bool()
    states = [torch.empty(B, layer.H, device="meta")] * (2 if kind == "LSTM" else 1)
    sweeps = {"LSTM": LSTM_SWEEPS["plain"], "GRU": GRU_SWEEPS} | {
        f"RNN {k}": v for k, v in RNN_SWEEPS.items()
    }
    trace = sweeps[kind].forward(x, *states, p, real if masked else None)
    dh = torch.empty(T, B, layer.H, device="meta")
    *gradients, grads = sweeps[kind].backward(trace, dh, *states, p, real if masked else None)
    assert all(t.device.type == "meta" for t in (*trace.values(), *gradients, *grads.values()))
    assert {name: t.shape for name, t in grads.items()} == layer.shapes


@pytest.mark.parametrize("where", [pytest.param("cuda", marks=on_gpu)])
def test_a_graph_is_recorded_once_for_each_shape(where):
    layer = make("LSTM", in_torch)
    for seed in range(4):
        results(layer, *setting(layer, seed), None, where)
    made = graphs._recordings.made.values()
    assert len(made) == 2 and all(isinstance(recording, graphs._Recording) for recording in made)


@pytest.mark.parametrize("where", [pytest.param("cuda", marks=on_gpu), "cpu"])
def test_results_outlive_the_next_replay(where):
    layer = make("GRU", in_torch).to(where)
    outcomes = []
    for seed in range(4):
        x, h0, weights = (map_state(lambda t: t.to(where), to_tensors(part)) for part in setting(layer, seed))
        now = (layer.forward(x, h0), layer.backward(*weights), layer.grads["W_h"])
        outcomes.append((now, map_state(torch.clone, now)))
    assert all(furthest(now, copy) == 0 for now, copy in outcomes)


@pytest.mark.parametrize("where", [pytest.param("cuda", marks=on_gpu), "cpu"])
@pytest.mark.parametrize("kind", ["RNN tanh", "LSTM", "GRU"])
def test_autocast_leaves_the_numbers_alone(kind, where):
    layer = make(kind, in_torch, dtype="float32").to(where)
    x = torch.randn(T, B, layer.D, device=where)
    expected = layer.forward(x)[0]
    d_expected = layer.backward(torch.ones_like(expected))[0]
    with torch.autocast(where, dtype=torch.bfloat16):
        found = layer.forward(x)[0]
        d_found = layer.backward(torch.ones_like(found))[0]
    assert found.dtype == torch.float32 and furthest((found, d_found), (expected, d_expected)) <= 1e-5


@pytest.mark.parametrize("where", [pytest.param("cuda", marks=on_gpu), "cpu"])
def test_a_second_derivative_is_refused(where):
    layer = make("LSTM", in_torch).to(where)
    x = torch.randn(T, B, layer.D, dtype=torch.float64, device=where, requires_grad=True)
    h, _ = layer.forward(x)
    (dx,) = torch.autograd.grad((h**2).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        dx.sum().backward()


@pytest.mark.parametrize("where", [pytest.param("cuda", marks=on_gpu), "cpu"])
def test_inputs_need_not_be_contiguous_nor_the_mask_on_the_gpu(where):
    layer = make("LSTM", in_torch).to(where)
    x, h0, _ = (map_state(lambda t: t.to(where), to_tensors(part)) for part in setting(layer, 0))
    mask = torch.from_numpy(padding_mask(T, B))
    for _ in range(3):
        expected, _ = layer.forward(x, h0, mask)
        apart = x.transpose(0, 1).contiguous().transpose(0, 1)
        found, _ = layer.forward(apart, tuple(s.T.contiguous().T for s in h0), mask.T.contiguous().T)
        assert furthest(found, expected) <= 1e-12
        found.sum().backward()  # the gradient that comes back is one number, expanded


@pytest.mark.parametrize("where", [pytest.param("cuda", marks=on_gpu), "cpu"])
def test_no_graph_of_autograd_is_needed(where):
    layer = make("LSTM", in_torch).to(where)
    x = torch.randn(T, B, layer.D, dtype=torch.float64, device=where)
    expected = layer.forward(x)[0].detach()
    for quiet in (torch.inference_mode, torch.no_grad, torch.inference_mode):
        with quiet():
            assert furthest(layer.forward(x)[0], expected) <= 1e-12
    assert furthest(layer.forward(x)[0], expected) <= 1e-12


def test_without_a_gpu_the_function_runs_as_it_is():
    x = torch.ones(3)
    for _ in range(3):
        assert graphs.run("double", lambda t: {"y": 2 * t["x"]}, {"x": x})["y"].tolist() == [2, 2, 2]
    assert not graphs._recordings.made
    assert in_torch.best_device().type == ("cuda" if GPU else "cpu")


def test_the_benchmark_judges_what_it_measured():
    bench = runpy.run_path(str(BENCHMARKS / "gpu_layers.py"))
    ms = {"cuDNN": 2.0, "graph": 5.0, "eager loop": 100.0, "one launch": 2.6}
    assert bench["row"]("bfloat16", (16, 8, 4, 2), ms, []) == (
        "| bfloat16 | 16, 8, 4, 2 | 2.00 | 5.00 | 2.50 | 20.00 (missed) | 2.60 | 1.30 (missed) |"
    )
    del ms["one launch"]
    said = bench["row"]("float32", (1, 1, 1, 1), ms, ["graph is 1.0e+00 from cuDNN"])
    assert said.endswith("| – | – | WRONG NUMBERS: graph is 1.0e+00 from cuDNN")
    assert said.count("|") == len(bench["HEAD"]) + 1
    h = torch.ones(3)
    runs = {"cuDNN": lambda: (h, 2 * h), "graph": lambda: (h, 2 * h + 0.1)}
    assert bench["distance"]("graph", runs) == pytest.approx(0.05)
    runs["graph"] = lambda: (h, h * torch.nan)
    assert np.isnan(bench["distance"]("graph", runs))


@pytest.mark.skipif(GPU, reason="there is a GPU")
@pytest.mark.parametrize("script", ["gpu_layers.py", "gpu_models.py"])
def test_without_a_gpu_nothing_is_measured(script, monkeypatch):
    monkeypatch.setattr("sys.argv", [script])
    with pytest.raises(SystemExit, match="no CUDA GPU here"):
        runpy.run_path(str(BENCHMARKS / script), run_name="__main__")
