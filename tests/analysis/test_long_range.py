"""The long-range test: its recipes, its training, the stored grid, and the claims of chapter 05 about it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from rnncourse import data
from rnncourse.analysis import equal_terms, long_range
from rnncourse.analysis.gradient_flow import measure_flow
from rnncourse.data import stored_results, tasks
from rnncourse.errors import InputError
from rnncourse.in_numpy import RNN, RecurrentNet

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "delay_curves.py"


@pytest.fixture(scope="module")
def benchmark():
    """Return benchmarks/delay_curves.py as a module; importing it runs nothing."""
    spec = importlib.util.spec_from_file_location("delay_curves_benchmark", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def remembering_net(delay: int) -> RecurrentNet:
    """Return a net that solves recall by hand: each of four units keeps its symbol."""
    net = RecurrentNet(RNN(5, 4, "relu", rng=np.random.default_rng(0)), 4, rng=np.random.default_rng(0))
    for array in net.params.values():
        array[...] = 0
    net.params["W_xh"][:4] = np.eye(4)
    net.params["W_hh"][...] = net.params["W_hy"][...] = np.eye(4)
    return net


def test_score_is_1_for_one_who_knows_and_a_quarter_for_one_who_guesses():
    rng = np.random.default_rng()
    net = remembering_net(30)
    assert long_range.score(net, data.recall_task(30, 200, rng)) == 1.0
    net.params["W_hy"][...] = 0
    assert long_range.score(net, data.recall_task(30, 4000, rng)) == pytest.approx(1 / 4, abs=0.04)


def test_score_of_adding_is_the_share_of_the_variance_that_is_explained():
    rng = np.random.default_rng()
    net = RecurrentNet(RNN(2, 3, "relu", rng=rng), 1, rng=rng)
    for array in net.params.values():
        array[...] = 0
    net.params["b_y"][...] = 1  # always answers 1
    batch = data.adding_task(12, 4000, rng)
    assert long_range.score(net, batch) == pytest.approx(0, abs=0.002)
    net.params["b_y"][...] = 5
    assert long_range.score(net, batch) == 0.0
    # A unit that is the last step's number plus 1 explains half of the sum of two numbers, both marked.
    for name, value in (("W_xh", 0), ("b_h", 1), ("W_hh", 0), ("b_y", -0.5), ("W_hy", 0)):
        net.params[name][...] = value
    net.params["W_xh"][0] = net.params["W_hy"][0] = 1
    assert long_range.score(net, data.adding_task(2, 4000, rng)) == pytest.approx(1 / 2, abs=0.05)


def test_a_net_that_knows_needs_no_step_and_one_that_overflows_is_given_up():
    rng = np.random.default_rng(0)
    run = long_range.learn(remembering_net(9), lambda B: data.recall_task(9, B, rng), lr=0.01, steps=50)
    assert (run.score, run.steps, run.solved) == (1.0, 0, True)
    net = remembering_net(300)
    net.params["W_hh"] *= 4
    net.params["W_hy"][...] = -np.eye(4)
    blown = long_range.learn(net, lambda B: data.recall_task(300, B, rng), lr=0.01, steps=50)
    assert (blown.score, blown.steps, blown.solved) == (0.0, 0, False)


def test_recipes_are_initialized_as_they_are_described():
    rng = np.random.default_rng(0)
    bound = 1 / np.sqrt(long_range.UNITS["RNN"])
    for recipe, phi in {
        "sigmoid": "sigmoid",
        "tanh": "tanh",
        "ReLU": "relu",
        "leaky ReLU": "leaky_relu",
    }.items():
        net = long_range.net_for(recipe, 5, 4, rng)
        assert net.layer.phi == phi
        assert 0.9 * bound < np.abs(net.params["W_hh"]).max() <= bound
    W_hh = long_range.net_for("tanh, orthogonal", 5, 4, rng).params["W_hh"]
    assert np.allclose(W_hh @ W_hh.T, np.eye(len(W_hh)), atol=1e-5)
    net = long_range.net_for("ReLU, identity", 5, 4, rng)
    assert net.layer.phi == "relu" and np.array_equal(net.params["W_hh"], np.eye(long_range.UNITS["RNN"]))
    for bias in (0, 1, 3):
        i, f = np.split(long_range.net_for(f"LSTM, bias {bias}", 5, 4, rng).params["b"], 4)[:2]
        assert (f == bias).all() and (i == 0).all()
    i, f = np.split(long_range.net_for("LSTM, chrono", 5, 4, rng).params["b"], 4)[:2]
    assert np.array_equal(i, -f) and f.min() >= 0 and 4 < f.max() <= np.log(long_range.T_MAX - 1)
    assert long_range.RECIPES["LSTM, bias 3"].described == "Glorot, bias 3"
    assert long_range.RECIPES["tanh"].described == "uniform"
    with pytest.raises(InputError, match="recipe must be"):
        long_range.net_for("gru", 5, 4, rng)


@pytest.mark.parametrize("task", tasks.TASKS)
def test_all_recipes_have_equally_many_parameters(task):
    rng = np.random.default_rng(0)
    nets = {name: long_range.net_for(name, *tasks.SIZES[task], rng) for name in long_range.RECIPES}
    terms = equal_terms(nets, initialization="same", steps=1, tuning="same")
    assert terms.differences == []


def test_an_open_forget_gate_and_an_orthogonal_matrix_keep_a_gradient_and_the_others_lose_it():
    x = data.recall_task(50, 1, np.random.default_rng(0)).x
    left = {}
    for name in ("tanh", "tanh, orthogonal", "LSTM, bias 0", "LSTM, bias 3"):
        layer = long_range.net_for(name, 5, 4, np.random.default_rng(0)).layer
        left[name] = measure_flow(layer, x).log10_norms[-1]
    assert left["tanh"] < -6 and left["LSTM, bias 0"] < -6
    assert left["tanh, orthogonal"] > -2 and left["LSTM, bias 3"] > -2


@pytest.mark.parametrize("seed", [0, 1])
def test_the_lstm_learns_adding_across_20_steps(seed):
    run = long_range.learn_task("LSTM, bias 3", "adding", 20, seed, steps=1000)
    assert run.solved or run.steps < 1000


def test_identity_weights_learn_across_100_steps_what_uniform_weights_do_not():
    assert long_range.learn_task("ReLU, identity", "recall", 100, 0, steps=100).score > 0.9
    assert long_range.learn_task("tanh", "recall", 100, 0, steps=100).score < 0.5


def test_wrong_arguments_are_named():
    with pytest.raises(InputError, match="task must be"):
        long_range.learn_task("tanh", "parity", 5, 0)
    with pytest.raises(InputError, match="steps must be"):
        long_range.learn_task("tanh", "copy", 5, 0, steps=0)
    with pytest.raises(InputError, match="delay must be"):
        long_range.learn_task("tanh", "copy", -1, 0, steps=1)
    with pytest.raises(InputError, match="seed must be"):
        long_range.learn_task("tanh", "copy", 5, None, steps=1)


def test_the_stored_grid_is_complete(benchmark):
    rows = benchmark.read(stored_results.DELAY_CURVES)
    stored = [
        (row["task"], row["recipe"], int(row["delay"]), int(row["seed"]), float(row["lr"])) for row in rows
    ]
    assert stored == list(benchmark.grid())
    assert stored_results.DELAY_CURVES.read_text(encoding="utf-8").startswith(benchmark.HEADER)
    grid = data.delay_curves()
    assert {task: list(recipes) for task, recipes in grid.items()} == {
        task: list(long_range.RECIPES) for task in tasks.TASKS
    }
    for curve in (curve for recipes in grid.values() for curve in recipes.values()):
        assert np.array_equal(curve.delays, benchmark.DELAYS)
        assert curve.scores.shape == curve.steps.shape == (4, 3)
        assert curve.scores.min() >= 0 and curve.scores.max() <= 1 and curve.steps.max() <= benchmark.STEPS


def test_every_learning_rate_is_the_best_of_the_same_list(benchmark):
    file = stored_results.DELAY_CURVES.with_name("delay_tuning.csv")
    tried = {}
    for row in benchmark.read(file):
        tried.setdefault(row["recipe"], set()).add((row["task"], row["seed"], float(row["lr"])))
    assert {name: len(runs) for name, runs in tried.items()} == dict.fromkeys(long_range.RECIPES, 3 * 2 * 3)
    assert not {int(row["seed"]) for row in benchmark.read(file)} & set(benchmark.SEEDS)
    assert benchmark.best_rates(file) == {name: recipe.lr for name, recipe in long_range.RECIPES.items()}


@pytest.mark.parametrize(
    ("recipe", "task", "delay", "seed"),
    [
        ("ReLU, identity", "recall", 50, 1),
        ("LSTM, bias 3", "recall", 20, 2),
        ("LSTM, bias 3", "adding", 10, 0),
    ],
)
def test_a_cell_of_the_stored_grid_can_be_computed_again(benchmark, recipe, task, delay, seed):
    curve = data.delay_curves()[task][recipe]
    row = list(curve.delays).index(delay)
    run = long_range.learn_task(recipe, task, delay, seed, benchmark.STEPS)
    assert run.score == pytest.approx(curve.scores[row, seed], abs=0.03)
    assert abs(run.steps - curve.steps[row, seed]) <= long_range.CHECK_EVERY


def test_the_script_writes_what_is_missing_and_nothing_else(benchmark, tmp_path):
    cells = [
        ("recall", name, 10, 0, long_range.RECIPES[name].lr) for name in ("ReLU, identity", "LSTM, bias 3")
    ]
    file = tmp_path / "grid.csv"
    benchmark.fill(file, cells)
    whole = file.read_text()
    assert whole.startswith(benchmark.HEADER) and whole.count("\n") == benchmark.HEADER.count("\n") + 2
    marked = whole.replace(",0.01,1.000,", ",0.01,0.123,")
    assert marked != whole
    file.write_text(marked)
    benchmark.fill(file, cells)
    assert file.read_text() == marked  # rows that are there are not run again
    file.write_text("\n".join(marked.splitlines()[:-1]) + "\n")
    benchmark.fill(file, cells)
    assert file.read_text() == whole


def test_the_claims_of_chapter_05_about_the_grid():
    grid = data.delay_curves()
    learned = {t: {r: (c.scores >= 0.9).sum(axis=1) for r, c in rs.items()} for t, rs in grid.items()}
    for recipe in ("tanh, orthogonal", "ReLU, identity", "LSTM, chrono"):
        assert (learned["recall"][recipe] == 3).all()
    for recipe in ("tanh", "LSTM, bias 0"):
        assert learned["recall"][recipe][-1] == 0
    assert learned["recall"]["LSTM, bias 3"][-1] == 1
    for recipe in ("ReLU, identity", "LSTM, bias 1", "LSTM, bias 3"):
        assert (learned["adding"][recipe] == 3).all()
    assert not learned["adding"]["tanh, orthogonal"].any()
    assert (learned["copy"]["tanh, orthogonal"] == 3).all()
    assert not any(counts[-1] for recipe, counts in learned["copy"].items() if recipe != "tanh, orthogonal")
