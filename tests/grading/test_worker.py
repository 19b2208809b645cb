"""A worker by itself, in a process of its own but without a sandbox: what it runs, leaves out and tells."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from rnncourse.checks.failure import Absent, Forbidden, Raised
from rnncourse.grading.sandbox.bubblewrap import Sandbox, Shared
from rnncourse.grading.sandbox.limits import Limits
from rnncourse.grading.sandbox.process import Worker

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no workers on Windows")


@pytest.fixture
def worker(tmp_path):
    (tmp_path / "empty").mkdir()
    started = Worker(Sandbox("", Limits(), Shared(tmp_path / "empty", tmp_path, None)))
    yield started
    started.close()


def run(worker: Worker, source: str):
    """Return how a cell failed, None if it did not."""
    return worker.run("mine", source, 5.0, 10.0).failure


def call(worker: Worker, function: str, *args, withheld=()):
    """Return the reply to a call of one of the notebook's functions."""
    return worker.call(args, {}, 5.0, 10.0, function=function, withheld=withheld, forbidden=())


def test_what_needs_an_absent_module_is_left_out_and_the_rest_runs(worker):
    said = run(
        worker, "import nowhere\nfrom nowhere import thing\nmade = thing(1)\ndef one():\n    return 1\n"
    )
    assert said == Absent("nowhere")
    assert call(worker, "one").value[0] == 1
    assert run(worker, "thing") == Raised("NameError", "name 'thing' is not defined", 1)


def test_a_cell_that_fails_for_another_reason_stops_there(worker):
    said = run(worker, "one = 1\none / 0\none = 2")
    assert said == Raised("ZeroDivisionError", "division by zero", 2)
    assert run(worker, "assert one == 1") is None


@pytest.mark.parametrize("source", ["In = 3", "del In, Out", "In.clear()", "globals().clear()"])
def test_what_a_cell_does_to_jupyters_names_costs_no_other_cell(worker, source):
    assert run(worker, source) is None
    assert run(worker, "def one():\n    return 1\nassert one() == 1") is None
    assert call(worker, "one").value[0] == 1


def test_what_cells_print_to_has_an_encoding(worker):
    assert (
        run(worker, "import sys\nassert sys.stdout.encoding.lower() == sys.stderr.encoding == 'utf-8'")
        is None
    )


@pytest.mark.parametrize(("withheld", "failure"), [((), Absent), (("nowhere",), Forbidden)])
def test_a_function_that_lacks_an_absent_module_says_which(worker, withheld, failure):
    run(worker, "from nowhere import thing\ndef f():\n    return thing()\n")
    assert call(worker, "f", withheld=withheld).failure == failure("nowhere")


@pytest.mark.parametrize(
    ("returned", "shared"),
    [
        ("x", True),
        ("x[1:]", True),
        ("{'a': x.T}", True),
        ("[p['w']]", True),
        ("x.copy()", False),
        ("x + 0", False),
        ("{'a': p['w'] * 1}", False),
    ],
)
def test_an_answer_that_shares_memory_with_an_argument_is_told(worker, returned, shared):
    assert run(worker, f"def f(x, p):\n    return {returned}") is None
    _, after, told = call(worker, "f", np.arange(6.0).reshape(2, 3), {"w": np.ones(2)}).value
    assert told is shared
    assert np.array_equal(after[0], np.arange(6.0).reshape(2, 3))
