"""What the rule about forbidden names sees, and what it lets pass. Nothing is run."""

from __future__ import annotations

import time

import pytest

from rnncourse.checks.task import ENGINES
from rnncourse.grading import rules

FORBIDDEN = ("numpy.cumsum", "torch.nn", "rnncourse.in_numpy")
LOCKED = ["import numpy as np"]
RIGHT = "def f(x):\n    return x\n"


def used(f, **others):
    return rules.used({"f": f, **others}, "f", FORBIDDEN, LOCKED, "f")


@pytest.mark.parametrize(
    "source",
    [
        "def f(x):\n    print(locals().keys())\n    print(vars())\n    return x",
        "def f(x):\n    vars = [x]\n    return vars[0]",
        "import sys\ndef f(x):\n    print(sys.float_info.epsilon, file=sys.stderr)\n    return x",
        "import operator\nfrom functools import reduce\ndef f(x):\n    return reduce(operator.mul, x)",
        f"{RIGHT}import inspect, pickle\nprint(inspect.signature(f), pickle.dumps(f))",
        f"import torch\nimport torch.nn as nn\n{RIGHT}",
        "import torch as t\ndef f(x):\n    return [x[t] for t in range(3)]",
        "def f(x):\n    h = getattr(x, 'ndim')\n    return h",
    ],
)
def test_honest_answers_lose_nothing(source):
    assert used(source) == []


@pytest.mark.parametrize(
    "other",
    [
        "import torch\nrnn = torch.nn.RNN(4, 5)\nx = torch.randn(3)\nh, x = rnn(x)",
        "import os, torch\nos.environ['A'] = 'TRUE'\nrnn = torch.nn.RNN(4, 5)",
        "import torch\ndef g(): ...\ng.tried = torch.nn.RNN(4, 5)",
        "from rnncourse.in_numpy import greedy as x\nprint(globals(), eval('1'))",
    ],
)
def test_trial_code_in_another_cell_takes_no_points(other):
    source = "def f(x):\n    h = np.tanh(x)\n    for x_t in x:\n        h = h + x_t\n    return h"
    assert used(source, other=other) == []


@pytest.mark.parametrize(
    "other",
    [
        "from rnncourse.in_numpy import RNN\ndef f(x):\n    return RNN(x)",
        "from rnncourse.in_numpy import RNN\nf = RNN",
        "def g(x):\n    global f\n    f = np.cumsum",
    ],
)
def test_a_function_that_another_cell_defines_counts(other):
    [found] = used("# see below", other=other)
    assert "of the cell other" in found


@pytest.mark.parametrize(
    ("source", "other"),
    [
        ("def f(x):\n    return q(x)", "import builtins\nbuiltins.q = np.cumsum"),
        ("def f(x):\n    return np.q(x)", "np.q = np.cumsum"),
        ("def f(x):\n    return np.d['q'](x)", "np.d.update(q=np.cumsum)"),
        ("def f(x):\n    return q.cumsum(x)", "match np:\n    case q: pass"),
        ("def f(x):\n    return (a,)[0].in_numpy.step(x)", "import rnncourse as a"),
        ("import os\ndef f(x):\n    return os.sys.modules['a'](x)", ""),
        ("from pydoc import locate\ndef f(x):\n    return locate('a')(x)", ""),
        ("def f(x):\n    m = np\n    return m.cumsum(x)", ""),
        ("def f(x):\n    d = vars()\n    return d", ""),
        ("def f(x):\n    return eval('x')", ""),
        ("def f(x):\n    print(q := globals()['np'])\n    return q", ""),
        ("def f(x):\n    print(h.append(globals().get('np')))\n    return h", ""),
    ],
)
def test_ways_round_the_rule_are_found(source, other):
    assert used(source, other=other)


def test_the_line_and_the_cell_are_said():
    assert used("\ndef f(x):\n    return np.cumsum(x)") == ["np.cumsum (line 3)"]
    assert used("def f(x):\n    return g(x)", other="\ndef g(x):\n    return np.cumsum(x)") == [
        "np.cumsum (line 3 of the cell other)"
    ]


def test_a_long_cell_takes_no_longer_than_its_length():
    lines = "def f(x):\n" + "    getattr(x, 'a')\n" * 2000 + "    return x\n"
    began = time.perf_counter()
    assert used(lines, other="np.waits = 0\n" + "a = b\nb = a\n" * 2000) == []
    doubled = "".join(f"a{n} = b{n + 1}.x\na{n} = b{n + 1}.y\nb{n} = a{n}\n" for n in range(30))
    assert used("def f(x):\n    return a0(x)", other=doubled) == ["code nested too deeply to be read"]
    assert time.perf_counter() - began < 3


def test_what_a_cell_calls_outside_of_its_function_belongs_to_it():
    cells = {
        "shown": "print(helper(1))\ndef shown(x):\n    return x",
        "helper": "def helper(x):\n    return x\nfar_away(2)",
        "far": "far_away = print",
        "other": "def other(x):\n    return shown(x)",
    }
    assert rules.parts_of(cells, "shown") == {"shown", "helper", "far"}
    assert rules.parts_of(cells, "other") == {"shown", "helper", "far", "other"}
    assert rules.parts_of(cells, "far") == {"far"}


@pytest.mark.parametrize("tool", ["torch.rnn_tanh_cell", "torch.nn.RNN", "rnncourse.analysis.gates.RNN"])
def test_a_ready_made_step_is_not_a_step_by_hand(tool):
    module = tool.rpartition(".")[0]
    source = f"import {module}\ndef rnn_step(x_t, h_prev, p):\n    return {tool}(x_t, h_prev)"
    [found] = rules.used({"rnn-step": source}, "rnn-step", ENGINES, called="rnn_step")
    assert found == f"{tool} (line 3)"
