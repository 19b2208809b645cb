"""in_parallel gives what the plain loop gives, wherever a run takes place."""

from __future__ import annotations

import os
import sys
import textwrap

import numpy as np
import pytest
from nbclient import NotebookClient
from nbformat import v4

from rnncourse import in_numpy
from rnncourse.analysis import in_parallel, parallel
from rnncourse.errors import InputError


@pytest.fixture(params=[1, 2, 3], ids=["one core", "two cores", "three cores"])
def cores(request, monkeypatch) -> int:
    monkeypatch.setattr(parallel, "_cores", lambda: request.param)
    return request.param


@pytest.fixture
def two_cores(monkeypatch) -> None:
    monkeypatch.setattr(parallel, "_cores", lambda: 2)


def trained(kind, seed):
    rng = np.random.default_rng(seed)
    net = in_numpy.RecurrentNet(getattr(in_numpy, kind)(3, 5, rng=rng), 2, rng=rng)
    x, y = rng.normal(size=(7, 4, 3)), rng.integers(2, size=(7, 4))
    adam = in_numpy.Adam(0.01)
    in_numpy.fit(net, x, y, loss=in_numpy.softmax_cross_entropy, optimizer=adam, steps=5, progress=False)
    return net


def test_numbers_and_their_order_are_those_of_the_loop(cores):
    by_loop = [[trained(kind, seed) for seed in range(3)] for kind in ("RNN", "LSTM")]
    shared_out = in_parallel(trained, ["RNN", "LSTM"], range(3))
    assert [len(row) for row in shared_out] == [3, 3]
    for row, expected_row in zip(shared_out, by_loop, strict=True):
        for net, expected in zip(row, expected_row, strict=True):
            assert net.params.keys() == expected.params.keys()
            assert all(np.array_equal(net.params[name], expected.params[name]) for name in net.params)


def test_one_list_gives_a_list_and_each_further_one_a_level(cores):
    assert in_parallel(str, range(4)) == ["0", "1", "2", "3"]
    assert in_parallel(pow, [2, 3], [4, 5]) == [[16, 32], [81, 243]]
    assert in_parallel(pow, [2, 3], [4], [5, 7]) == [[[1, 2]], [[1, 4]]]
    assert in_parallel(str, []) == []
    assert in_parallel(pow, [2, 3], []) == [[], []]
    assert in_parallel(str, (letter for letter in "ab")) == ["a", "b"]


def test_all_cores_work_at_the_same_time(two_cores, tmp_path):
    def meet(name, other):
        (tmp_path / name).touch()
        while not (tmp_path / other).exists():  # without a second process this would never end
            pass
        return os.getpid()

    one, two = in_parallel(lambda k: meet(*"ab") if k == 0 else meet(*"ba"), range(2))
    assert one != two
    assert os.getpid() in (one, two)
    with pytest.raises(ProcessLookupError):  # a helper that stayed would keep its memory
        os.kill(two if one == os.getpid() else one, 0)


def test_every_result_is_a_copy_so_that_it_does_not_matter_where_it_was_made(cores):
    def with_a_trace(seed):
        net = trained("LSTM", seed)
        net.forward(np.ones((2, 1, 3)))
        return net

    assert [net.layer.trace for net in in_parallel(with_a_trace, range(4))] == [{}] * 4


def test_what_goes_wrong_in_a_run_is_raised(cores):
    def fails(k):
        if k == 2:
            raise ZeroDivisionError(f"run {k}")
        return k

    with pytest.raises(ZeroDivisionError, match="run 2"):
        in_parallel(fails, range(4))
    assert in_parallel(str, range(3)) == ["0", "1", "2"]


def test_runs_of_a_helper_that_is_ended_are_done_here(two_cores):
    here = os.getpid()

    def ends_helpers(k):
        if os.getpid() != here:
            os._exit(1)
        return k

    assert in_parallel(ends_helpers, range(4)) == [0, 1, 2, 3]
    assert in_parallel(str, range(3)) == ["0", "1", "2"]


def test_functions_of_a_notebook_are_shared_out_without_a_word(monkeypatch):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "2")
    monkeypatch.delenv("TQDM_DISABLE")
    cells = """
        import os, time
        import numpy as np
        from tqdm.auto import tqdm
        from rnncourse.analysis import in_parallel
        offset = np.arange(5)
        class Pair:
            def __init__(self, one, two):
                self.one, self.two = one, two
        def work(k):
            if os.getpid() != here:
                for _ in tqdm(range(3)):
                    pass
            time.sleep(0.3)
            return Pair(os.getpid(), offset * k)
        here = os.getpid()
        pairs = in_parallel(work, range(4))
        print(len({pair.one for pair in pairs}), {type(pair) for pair in pairs} == {Pair})
        print(*(pair.two.sum() for pair in pairs))
    """
    notebook = v4.new_notebook(cells=[v4.new_code_cell(textwrap.dedent(cells))])
    NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    [output] = notebook.cells[0].outputs
    assert output.text == "2 True\n0 10 20 30\n"


def test_a_run_inside_a_run_stays_in_its_process(two_cores):
    def inner(k):
        return os.getpid()

    def outer(k):
        return os.getpid(), parallel._cores() if os.getpid() != here else 1, in_parallel(inner, range(2))

    here = os.getpid()
    for process, cores, inside in in_parallel(outer, range(4)):
        if process != here:
            assert cores == 1
            assert inside == [process, process]


def test_where_no_process_can_be_started_it_is_the_loop(monkeypatch):
    monkeypatch.setitem(sys.modules, "loky", None)
    assert parallel._cores() == 1
    assert in_parallel(lambda k: (os.getpid(), k), range(3)) == [(os.getpid(), k) for k in range(3)]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (([1], range(3)), "run must be a function, but got list .1."),
        ((str,), "what to call it with, such as range"),
    ],
)
def test_wrong_arguments_are_named(given, said):
    with pytest.raises(InputError, match=said):
        in_parallel(*given)
