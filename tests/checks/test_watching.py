"""What a call is seen to use, and what it is not."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest
import torch

from rnncourse import in_numpy
from rnncourse.checks import forbidden
from rnncourse.checks.bank.inputs import rnn_parameters
from rnncourse.checks.calling import call
from rnncourse.checks.failure import Forbidden
from rnncourse.checks.task import Case, Named
from rnncourse.checks.watching import Watch

MODULES = ("rnncourse.in_numpy", "torch")
RNG = np.random.default_rng(0)
P = rnn_parameters(RNG, 2, 3)
X, H = RNG.normal(size=(4, 2)), RNG.normal(size=(4, 3))


def step():
    return in_numpy.rnn_step(X, H, P)


def in_a_thread():
    thread = threading.Thread(target=step)
    thread.start()
    thread.join()


def caught():
    try:
        in_numpy.rnn_step(X, H, {})
    except Exception:
        return None


USES = {
    "direct": (step, "rnncourse.in_numpy"),
    "eval": (lambda: eval("in_numpy.rnn_step")(X, H, P), "rnncourse.in_numpy"),
    "map": (lambda: list(map(in_numpy.sigmoid, [X])), "rnncourse.in_numpy"),
    "thread": (in_a_thread, "rnncourse.in_numpy"),
    "caught": (caught, "rnncourse.in_numpy"),
    "class": (lambda: in_numpy.RNN(2, 3, rng=RNG), "rnncourse.in_numpy"),
    "torch function": (lambda: torch.tanh(torch.ones(2)), "torch"),
    "torch method": (lambda: torch.ones(2).tanh(), "torch"),
    "torch to NumPy": (lambda: np.asarray(TENSOR), "torch"),
    "torch from NumPy": (lambda: torch.from_numpy(X), "torch"),
}
TENSOR = torch.ones(2)
LOOKS = {
    "NumPy": lambda: np.tanh(X @ P["W_xh"] + H @ P["W_hh"] + P["b_h"]),
    "attribute": lambda: (torch.float32, in_numpy.rnn_step),
    "isinstance": lambda: isinstance(X, (torch.Tensor, torch.nn.Parameter)),
    "import": lambda: __import__("rnncourse.in_numpy.cells"),
    "stack": lambda: __import__("inspect").stack(),
    "repr": lambda: repr(in_numpy.rnn_step),
}


@pytest.mark.parametrize("name", USES)
def test_what_runs_is_seen(name):
    function, module = USES[name]
    with Watch(MODULES) as watch:
        function()
    assert list(watch.used) == [module]


@pytest.mark.parametrize("name", LOOKS)
def test_looking_is_not_using(name):
    with Watch(MODULES, forbidden.files(MODULES)) as watch:
        LOOKS[name]()
    assert not watch.used


def test_a_module_loaded_under_another_name_is_known_by_its_file():
    from importlib.util import module_from_spec, spec_from_file_location

    from rnncourse.in_numpy import activations

    spec = spec_from_file_location("mine", activations.__file__)
    mine = module_from_spec(spec)
    spec.loader.exec_module(mine)
    with Watch(MODULES, forbidden.files(MODULES)) as watch:
        mine.tanh_prime(X)
    assert list(watch.used) == ["rnncourse.in_numpy"]


def test_a_hook_that_was_there_before_is_put_back():
    def hook(*_):
        return None

    sys.setprofile(hook)
    try:
        with Watch(MODULES):
            pass
        assert sys.getprofile() is hook
    finally:
        sys.setprofile(None)


def test_a_first_import_in_the_call_is_no_use():
    """In a process of its own, in which the module has not been loaded."""
    code = (
        "from rnncourse.checks.watching import Watch\nwith Watch(['rnncourse.in_numpy', 'torch']) as w:\n"
        "    import rnncourse.in_numpy, torch\nprint(w.used)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{}"


def test_a_function_that_the_task_hands_over_may_use_what_it_likes():
    case = Case((Named("read", in_numpy.rnn_step), X, H, P))
    answer = call(lambda read, x, h, p: read(x, h, p), case, 5.0, MODULES)
    assert np.allclose(answer.value, step())
    used = call(lambda read, x, h, p: in_numpy.sigmoid(read(x, h, p)), case, 5.0, MODULES)
    assert used.value == Forbidden("rnncourse.in_numpy")


@pytest.mark.parametrize(
    ("names", "modules", "functions"),
    [
        (("rnncourse.in_numpy", "torch.nn"), ("rnncourse.in_numpy", "torch"), ()),
        (("numpy.cumsum", "numpy.linalg"), (), ("numpy.cumsum", "numpy.linalg")),
        (("rnncourse.in_numpy.rnn_step",), (), ("rnncourse.in_numpy.rnn_step",)),
        (("not_here", "not_here.signal"), ("not_here", "not_here.signal"), ()),
        (("json.decoder", "json.loads"), ("json.decoder",), ("json.loads",)),
    ],
)
def test_modules_are_withheld_and_functions_looked_for_by_name(names, modules, functions):
    withheld = forbidden.withheld(names)
    assert (withheld, forbidden.single_functions(names, withheld)) == (modules, functions)


def test_what_locked_cells_import_is_there_for_everybody():
    assert forbidden.withheld(("torch.nn", "rnncourse.data"), {"torch", "numpy"}) == ("rnncourse.data",)
