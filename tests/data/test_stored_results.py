"""What chapter 08 loads: the stored grid is whole and fair, the stored writer is the one described."""

from __future__ import annotations

import importlib.util
import itertools
import math
from pathlib import Path

import numpy as np
import pytest

from rnncourse import data, in_numpy

torch = pytest.importorskip("torch")

from rnncourse.in_torch.text_nets import KINDS, text_net  # noqa: E402

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "applications.py"
CEILING = 13 / 16  # of a bag of words, proven in test_film_notes.py


@pytest.fixture(scope="module")
def script():
    """Return benchmarks/applications.py as a module; it sets the number of threads before it imports NumPy."""
    specification = importlib.util.spec_from_file_location("benchmark_applications", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            patch.setenv(name, "1")
        specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def sets(script):
    return script.texts()


@pytest.fixture(scope="module")
def results() -> dict[str, dict]:
    return data.application_results()


def test_the_grid_is_whole(script, results):
    wanted = {
        script.name_of(kind, notes, lr, seed)
        for kind, notes, lr, seed in itertools.product(
            script.CONTENDERS, script.NOTES, script.RATES, script.SEEDS
        )
    }
    wanted |= {
        script.regularization_name(kind, seed)
        for kind, seed in itertools.product(script.REGULARIZED, script.SEEDS)
    }
    wanted |= {
        script.list_name(kind, lr, seed)
        for kind, lr, seed in itertools.product(script.LISTENERS, script.LIST_RATES, script.SEEDS)
    }
    assert set(results) - {"writer", "milliseconds a step"} == wanted
    assert set(KINDS) < set(script.CONTENDERS) and len(script.SEEDS) >= 3 and len(script.RATES) >= 2


def test_every_run_had_the_same_budget_and_is_a_share(script, results):
    for name, run in results.items():
        if not name.startswith("sentiment"):
            continue
        assert 0.94 * script.BUDGET <= run["parameters"] <= script.BUDGET, name
        assert 0 <= run["validation"] <= 1 and 0 <= run["test"] <= 1 and run["seconds"] > 0


def test_the_stored_sizes_are_those_of_the_nets(script, sets, results):
    V = len({word for text in sets[0].texts for word in text}) + 1  # and the padding
    T = max(len(text) for one in sets for text in one.texts)
    for kind in KINDS:
        net = text_net(kind, V, T, script.BUDGET)
        count = sum(tensor.numel() for tensor in net.params.values())
        assert results[script.name_of(kind, 1000, 0.003, 0)]["parameters"] == count


def test_no_bag_of_words_beats_its_ceiling(results):
    """2,000 test notes: their share strays by 0.9 % from what is expected, seldom by three times that."""
    bags = [run["test"] for name, run in results.items() if "| bag |" in name]
    assert max(bags) < CEILING + 3 * math.sqrt(CEILING * (1 - CEILING) / 2000)
    assert np.mean(bags) < CEILING + 0.01


def test_one_run_comes_out_as_it_is_stored(script, sets, results):
    """Another processor adds in another order, so not to the last digit."""
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        run = script.train_text(sets, "bag", 1000, 0.003, 0)
    finally:
        torch.set_num_threads(threads)
    stored = results[script.name_of("bag", 1000, 0.003, 0)]
    assert run["parameters"] == stored["parameters"]
    assert abs(run["test"] - stored["test"]) < 0.02 and abs(run["validation"] - stored["validation"]) < 0.02


def test_a_result_is_added_and_the_others_stay(script, tmp_path, monkeypatch):
    monkeypatch.setattr(script, "RESULTS", tmp_path / "results.json")
    assert script.load() == {}
    script.store("one", {"test": 0.5})
    script.store("two", {"test": 0.75})
    assert script.load() == {"one": {"test": 0.5}, "two": {"test": 0.75}}


def test_main_runs_only_what_is_not_stored(script, tmp_path, monkeypatch):
    monkeypatch.setattr(script, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(script, "train_writer", lambda: pytest.fail("the writer is stored"))
    monkeypatch.setattr(script, "REGULARIZED", {})
    monkeypatch.setattr(script, "LISTENERS", {})
    monkeypatch.setattr(script, "texts", lambda: ())
    monkeypatch.setattr(script, "NOTES", (1000,))
    asked = []
    monkeypatch.setattr(script, "train_text", lambda sets, *run: asked.append(run) or {"test": 0.5})
    script.store("writer", {})
    script.store("milliseconds a step", {})
    script.store(script.name_of("lstm", 1000, 0.003, 1), {"test": 0.9})
    script.main([])
    assert ("lstm", 1000, 0.003, 1) not in asked
    assert len(asked) == len(script.CONTENDERS) * len(script.RATES) * len(script.SEEDS) - 1
    assert script.load()[script.name_of("lstm", 1000, 0.003, 1)] == {"test": 0.9}


# --- The writer -----------------------------------------------------------------------------------------


def test_the_writer_is_as_good_as_its_results_say(script, results):
    text, run = data.alice_paragraphs(), results["writer"]
    characters, params = data.alice_writer()
    assert list(characters) == sorted(set(text)) and run["characters"] == len(text) * 9 // 10
    V, H = len(characters), run["hidden"]
    net = in_numpy.RecurrentNet(in_numpy.LSTM(V, H), V)
    assert {name: array.shape for name, array in params.items()} == {
        name: array.shape for name, array in net.params.items()
    }
    for name, array in params.items():
        assert array.dtype == np.float32
        assert not (64 * array % 1).any() and np.abs(array).max() < 4
        net.params[name] = array
    assert in_numpy.count_parameters(net) == run["parameters"]
    unseen = data.Vocabulary(list(characters)).encode(list(text))[run["characters"] :]
    x, y = script.windows(unseen, script.T, V)
    loss, _ = in_numpy.softmax_cross_entropy(net.forward(x), y)
    assert abs(loss - run["loss"]) < 0.01  # stored in steps of 1/64
    assert run["loss"] == min(run["curve"]) < 1.7


def words_of(text: str) -> list[str]:
    """Return what lies between spaces, in lower case and without the marks around it."""
    return [word.strip(".,:;!?'\"()-_") for word in text.lower().split()]


def test_the_writer_wrote_while_it_learned(script, results):
    samples = results["writer"]["samples"]
    assert [int(steps) for steps in samples][:4] == [0, 100, 400, 1000]
    assert all(text.startswith("Alice ") and len(text) == 126 for text in samples.values())
    book = set(words_of(data.alice_paragraphs()))
    shares = [np.mean([word in book for word in words_of(text)]) for text in samples.values()]
    assert shares[-1] > shares[1] > shares[0]


def test_dropout_on_the_state_overfits_less(script, results):
    def ends(kind):
        runs = [results[script.regularization_name(kind, seed)]["validation"] for seed in script.SEEDS]
        return np.array([(min(run), run[-1]) for run in runs])

    plain, dropped = ends("plain"), ends("dropout, also on the state")
    assert (plain[:, 1] > plain[:, 0] + 0.1).all()  # it rises again after its lowest point
    assert (dropped < plain).all()


def test_attention_is_ahead_of_one_vector_on_long_lists(script, results):
    def best(kind):
        runs = [
            [results[script.list_name(kind, lr, seed)]["test"] for seed in script.SEEDS]
            for lr in script.LIST_RATES
        ]
        return max((np.mean(three, axis=0) for three in runs), key=lambda mean: mean.mean())

    assert (best("attention")[1:] > best("one vector")[1:] + 0.1).all()
    counts = [results[script.list_name(kind, 0.01, 0)]["parameters"] for kind in script.LISTENERS]
    assert min(counts) > 0.95 * max(counts)


def test_windows_are_followed_by_what_follows(script):
    x, y = script.windows(np.arange(script.T + 40) % 7, 8, 7)
    assert x.shape == (script.T, 5, 7) and y.shape == (script.T, 5)
    assert np.array_equal((x.argmax(axis=2) + 1) % 7, y)
    assert np.array_equal(x[0].argmax(axis=1), np.arange(0, 40, 8) % 7)
