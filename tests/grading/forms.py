"""Right answers in unusual but honest forms: what `check` calls right, the grader must call right too."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from grading.exercise import Filled, cell_of, model, own_cell

RESULT = 'np.tanh(x_t @ p["W_xh"] + h_prev @ p["W_hh"] + p["b_h"])'
STEP = f"def rnn_step(x_t, h_prev, p):\n    return {RESULT}\n"
HELPED = "def rnn_step(x_t, h_prev, p):\n    return helper(x_t, h_prev, p)\n"
HELPER = f"def helper(x_t, h_prev, p):\n    return {RESULT}\n"
Book = dict[str, Any]


def step(source: str = STEP, **more: Any) -> Filled:
    """Return exercise 03 with an answer to `rnn_step`."""
    return Filled("03", "rnn_step", {"rnn_step": source}, **more)


def above(lines: str) -> Filled:
    return step(f"{lines}\n{STEP}")


def below(lines: str) -> Filled:
    return step(f"{STEP}\n{lines}\n")


def inside(lines: str, result: str = RESULT) -> Filled:
    indented = "".join(f"    {line}\n" for line in lines.splitlines())
    return step(f"def rnn_step(x_t, h_prev, p):\n{indented}    return {result}\n")


def with_own(source: str, answer: str = STEP) -> Filled:
    """Return exercise 03 with a cell of the student's own above the answer."""
    return step(answer, own=[("rnn_step", source)])


def changed(change: Callable[[Book], None], source: str = STEP, **more: Any) -> Filled:
    return step(source, change=change, **more)


def split(book: Book) -> None:
    """Put what is below the first definition of the answer into a second cell with the same mark."""
    cell = cell_of(book, "rnn_step")
    first, _, second = cell["source"].partition("\n\n")
    cell["source"] = first
    book["cells"].insert(
        book["cells"].index(cell) + 1, copy.deepcopy(cell) | {"source": second, "id": "second"}
    )


def older_copy_above(book: Book) -> None:
    cell = cell_of(book, "rnn_step")
    older = copy.deepcopy(cell) | {
        "source": "def rnn_step(x_t, h_prev, p):\n    return h_prev",
        "id": "older",
    }
    book["cells"].insert(book["cells"].index(cell), older)


def same_copy_below(book: Book) -> None:
    cell = cell_of(book, "rnn_step")
    book["cells"].insert(book["cells"].index(cell) + 1, copy.deepcopy(cell) | {"id": "copy"})


def without_marks(book: Book) -> None:
    for cell in book["cells"]:
        cell["metadata"] = {}


def other_marks(book: Book) -> None:
    for cell in book["cells"]:
        cell["metadata"] |= {
            "collapsed": True,
            "tags": ["x"],
            "jp-MarkdownHeadingCollapsed": True,
            "vscode": {},
        }


def from_colab(book: Book) -> None:
    book["nbformat_minor"] = 0
    kernel = {"display_name": "Python 3", "name": "python3"}
    book["metadata"] = {"accelerator": "GPU", "colab": {"provenance": []}, "kernelspec": kernel}
    for cell in book["cells"]:
        cell.pop("id", None)
        cell["metadata"] |= {"id": "Ab3_x", "outputId": "7f-12", "colab": {"base_uri": "x", "height": 35}}


def from_vs_code(book: Book) -> None:
    kernel = {"display_name": ".venv (3.99.0rc1)", "language": "python", "name": "conda-env-rnn-py"}
    book["metadata"] = {"kernelspec": kernel, "language_info": {"name": "python", "version": "3.99.0rc1+"}}
    for cell in book["cells"]:
        cell["metadata"] |= {"vscode": {"languageId": "python"}, "notebookRunGroups": {"groupValue": "1"}}
        cell["attachments"] = {"image.png": {"image/png": "iVBORw0KGgo="}}


def without_ids(book: Book) -> None:
    book["nbformat_minor"] = 4
    for cell in book["cells"]:
        cell.pop("id", None)


def in_lines(book: Book) -> None:
    for cell in book["cells"]:
        cell["source"] = "".join(cell["source"]).splitlines(True)


def blanks_at_line_ends(book: Book) -> None:
    for cell in book["cells"]:
        cell["source"] = "\n".join(f"{line}   " for line in "".join(cell["source"]).splitlines()) + "\n\n"


def windows_line_ends(book: Book) -> None:
    for cell in book["cells"]:
        cell["source"] = "".join(cell["source"]).replace("\n", "\r\n")


def many_brackets(book: Book) -> None:
    """Print an array (N, 1) of 2 million entries."""
    text = ["[[0.1]\n", *[" [0.1]\n"] * 1_000_000]
    outputs = [{"output_type": "stream", "name": "stdout", "text": text}]
    cell_of(book, "rnn_step")["outputs"] = outputs * 2


def large_picture(book: Book) -> None:
    data = {"image/png": "A" * (60 << 20)}
    picture = {"output_type": "display_data", "data": data, "metadata": {}}
    cell_of(book, "rnn_step")["outputs"] = [picture]


def odd_cells(book: Book) -> None:
    book["cells"].append({"cell_type": "raw", "id": "raw", "metadata": {}, "source": "def rnn_step(:"})
    book["cells"].append(
        {"cell_type": "markdown", "id": "md", "metadata": {}, "source": "```\ndef rnn_step\n```"}
    )
    book["cells"].append(own_cell("   \n# nothing\n"))


def without_setup(book: Book) -> None:
    """Delete the locked cell with the imports and put an own one in its place."""
    place = next(i for i, cell in enumerate(book["cells"]) if "import numpy" in "".join(cell["source"]))
    book["cells"][place] = own_cell("import numpy as np\nfrom rnncourse.checks import check, hint, progress")


def marks_of_the_answer_alone(book: Book) -> None:
    """Leave the hidden marks on answers and locked cells, and drop everything else that can be dropped."""
    book["metadata"] = {}
    for cell in book["cells"]:
        cell["metadata"] = {key: value for key, value in cell["metadata"].items() if key == "nbgrader"}
        if cell["cell_type"] == "code":
            cell |= {"execution_count": 4711, "outputs": []}


def ends_with_an_error(book: Book) -> None:
    error = {
        "output_type": "error",
        "ename": "NameError",
        "evalue": "name 'x'",
        "traceback": ["\x1b[31mx\x1b[0m"],
    }
    cell_of(book, "rnn_step")["outputs"] = [error]
    book["cells"].append(own_cell("raise SystemExit"))


def notes_between(book: Book) -> None:
    """Put a text and a trial of one's own between all cells."""
    cells = []
    for number, cell in enumerate(book["cells"]):
        note = {"cell_type": "markdown", "id": f"note{number}", "metadata": {}, "source": f"## note {number}"}
        cells += [cell, note, own_cell(f"note_{number} = {number}") | {"id": f"own{number}"}]
    book["cells"] = cells


def copy_of(name: str, source: str, below: str) -> Callable[[Book], None]:
    """Return what puts a copy of a cell of the course below another, with something else in it."""

    def change(book: Book) -> None:
        cell = copy.deepcopy(cell_of(book, name)) | {"source": source, "id": "copied"}
        book["cells"].insert(book["cells"].index(cell_of(book, below)) + 1, cell)

    return change


def answer_to(assignment: str, task: str, source: str, **more: Any) -> Filled:
    """Return an exercise with one answer."""
    return Filled(assignment, task, {task: source}, **more)


FORMS: dict[str, Filled] = {
    # cells
    "split_in_two": changed(split, f"{HELPER}\n\n{HELPED}"),
    "split_with_a_trial": changed(split, f"{STEP}\n\nprint(rnn_step.__name__)"),
    "older_copy_above": changed(older_copy_above),
    "same_copy_below": changed(same_copy_below),
    "fails_below": below("assert False, 'a trial'"),
    "asks_below": below("print(rnn_step(np.ones((1, 2)), np.ones((1, 3)), {}))"),
    "helper_in_own_cell": with_own(HELPER, HELPED),
    "constant_in_own_cell": with_own("ONE = 1.0", STEP.replace("np.tanh(", "ONE * np.tanh(")),
    "import_in_own_cell": with_own("from numpy import tanh as t", STEP.replace("np.tanh", "t")),
    "own_cell_that_fails": with_own("1 / 0"),
    "own_cell_that_is_no_python": with_own("def f(:"),
    "own_cell_with_magic": with_own(
        "%time x = [1]\nx.append(2)", inside("", f"{RESULT} * len(x) / 2").answers["rnn_step"]
    ),
    "own_cell_with_a_plot": with_own("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"),
    "own_cell_that_forgets": with_own("import math\nFACTOR = 3\ndel FACTOR"),
    "own_cell_with_await": with_own(
        "import asyncio\nasync def one():\n    return 1\nONE = await one()",
        STEP.replace("np.tanh(", "ONE * np.tanh("),
    ),
    "helper_in_later_own_cell": Filled(
        "03",
        "rnn_forward",
        {"rnn_step": STEP, "rnn_forward": model("03", "rnn_forward")},
        [
            (
                "rnn_forward",
                "tried = rnn_step(np.ones((1, 1)), np.ones((1, 1)), {k: np.ones((1, 1)) for k in "
                "('W_xh', 'W_hh', 'b_h')})",
            )
        ],
    ),
    "odd_cells": changed(odd_cells),
    "helper_in_a_copy_of_the_setup": changed(
        copy_of("setup", f"import numpy as np\n{HELPER}", "setup"), HELPED
    ),
    "helper_split_off_a_check": Filled(
        "03",
        "rnn_forward",
        {"rnn_step": STEP, "rnn_forward": model("03", "rnn_forward").replace("rnn_step(", "my_step(")},
        change=copy_of("rnn_step-check", HELPER.replace("helper", "my_step"), "rnn_step-check"),
    ),
    "matrix_called_In": with_own("In, Out, _ = np.eye(3), {}, 0"),
    "clears_names": with_own(
        "kept = ('np', 'check', 'hint', 'progress', 'get_ipython', 'exit', 'quit', 'open', 'kept', 'name')\n"
        "for name in dir():\n    if not name.startswith('_') and name not in kept:\n        del globals()[name]"
    ),
    "without_the_setup": changed(without_setup),
    # what Jupyter understands
    "line_magic": above("%precision 4"),
    "timed_line": above("%time two = 1 + 1"),
    "timed_cell": above("%%time"),
    "captured_cell": above("%%capture"),
    "shell": above("!ls"),
    "shell_kept": above("files = !ls\nn = len(files)"),
    "help": above("np.tanh?"),
    "help_before": above("?np.tanh"),
    "timeit": below("%timeit -n1 -r1 sum(range(3))"),
    "await": above("import asyncio\nawait asyncio.sleep(0)"),
    "async_for": above(
        "async def some():\n    yield 1\nasync for one in some():\n    pass\nlast = [i async for i in some()]"
    ),
    "get_ipython": above("get_ipython().run_line_magic('precision', '4')"),
    "get_ipython_imported": above(
        "from IPython import get_ipython\nshell = get_ipython()\nshell.run_line_magic('time', '1')"
    ),
    "get_ipython_asked": above(
        "from IPython import get_ipython\nif get_ipython() is not None:\n    ready = True"
    ),
    "display": above(
        "display(np.ones(2))\nfrom IPython.display import HTML, display as show\nshow(HTML('<b>x</b>'))"
    ),
    "clear_output": inside("from IPython.display import clear_output\nclear_output(wait=True)"),
    "last_value": Filled("03", "rnn_step", {"rnn_step": STEP + "_ = _\nfirst = In[0]\nOut"}),
    "last_value_used": step(STEP, own=[("rnn_step", "3 + 4"), ("rnn_step", "seven = _\nassert seven == 7")]),
    "history": above("earlier = len(In)\nassert earlier >= 1"),
    "colab": with_own(
        "try:\n    import google.colab\n    COLAB = True\nexcept ImportError:\n    COLAB = False"
    ),
    "colab_mounted": with_own("from google.colab import drive\ndrive.mount('/content/drive')"),
    "semicolon": below("rnn_step;"),
    # what Python offers
    "lambda": step(f"rnn_step = lambda x_t, h_prev, p: {RESULT}"),
    "partial": step(f"from functools import partial\n{HELPER}rnn_step = partial(helper)"),
    "callable_object": step(
        f"class Step:\n    def __call__(self, x_t, h_prev, p):\n        return {RESULT}\nrnn_step = Step()"
    ),
    "bound_method": step(
        f"class Step:\n    def go(self, x_t, h_prev, p):\n        return {RESULT}\nrnn_step = Step().go"
    ),
    "decorated": step(
        "from functools import wraps\ndef logged(f):\n    @wraps(f)\n    def g(*a, **k):\n"
        "        return f(*a, **k)\n    return g\n"
        f"@logged\n{STEP}"
    ),
    "annotated": step("from __future__ import annotations\n" + STEP.replace("(x_t,", "(x_t: Array,", 1)),
    "star_arguments": step("def rnn_step(*args):\n    x_t, h_prev, p = args\n    return " + RESULT),
    "default_arguments": step(
        STEP.replace("p):", "p, squash=np.tanh):").replace("return np.tanh", "return squash")
    ),
    "walrus": inside(
        "if (a := x_t @ p['W_xh'] + h_prev @ p['W_hh']) is None:\n    pass", 'np.tanh(a + p["b_h"])'
    ),
    "match": inside(
        "match p:\n    case {'W_xh': w, **rest}:\n        pass", RESULT.replace('p["W_xh"]', "w")
    ),
    "nested": inside(f"def inner():\n    return {RESULT}", "inner()"),
    "slow_loops": inside(
        "h = np.zeros_like(h_prev)\nfor b in range(len(h)):\n    for j in range(h.shape[1]):\n"
        '        h[b, j] = np.tanh(sum(x_t[b] * p["W_xh"][:, j]) + sum(h_prev[b] * p["W_hh"][:, j]) + p["b_h"][j])',
        "h",
    ),
    "star_import": above("from numpy import *"),
    "prints_much": inside("for i in range(200):\n    print(x_t)"),
    "warns": inside("import warnings\nwarnings.warn('careful')"),
    "logs": inside("import logging\nlogging.warning('step')"),
    "sleeps": inside("import time\ntime.sleep(0.2)"),
    "writes_a_file": inside("import tempfile\nwith tempfile.TemporaryFile() as file:\n    file.write(b'x')"),
    "thread": inside(
        f"import threading\nfound = []\nt = threading.Thread(target=lambda: found.append({RESULT}))\n"
        "t.start()\nt.join()",
        "found[0]",
    ),
    "letters": step(STEP.replace("x_t", "вход").replace("h_prev", "прошлое")),
    "strict_numpy": above("np.seterr(all='raise')"),
    "seeded": above("import random\nrandom.seed(0)\nnp.random.seed(0)"),
    "tabs": step(STEP.replace("    ", "\t")),
    "keeps_what_it_saw": step("seen = []\n" + inside("seen.append(x_t.copy())").answers["rnn_step"]),
    "writes_files": above(
        "import logging, os\nfrom pathlib import Path\nos.makedirs('logs', exist_ok=True)\n"
        "logging.basicConfig(filename='logs/run.log', level='INFO', force=True)\nlogging.info('begin')\n"
        "np.savez('a.npz', a=np.ones(3))\nassert np.load('a.npz')['a'].sum() == 3\n"
        "DATA = Path.home() / 'data'\nUSER = os.environ.get('USER', 'me')"
    ),
    "saves_a_figure": above(
        "import matplotlib.pyplot as plt\nplt.style.use('ggplot')\nfig, ax = plt.subplots(figsize=(9, 5))\n"
        "ax.plot([1, 2], label='$h_t$')\nax.set_title('größe ∂L/∂W')\nax.legend()\nfig.savefig('step.png', dpi=150)"
    ),
    "plots_in_the_function": step(
        "import matplotlib.pyplot as plt\ndef rnn_step(x_t, h_prev, p):\n    fig = plt.figure()\n"
        f"    plt.imshow(p['W_xh'])\n    plt.close(fig)\n    return {RESULT}"
    ),
    "writes_a_module": with_own(
        f"%%writefile step_helper.py\nimport numpy as np\n{HELPER}",
        f"import os, sys\nsys.path.insert(0, os.getcwd())\nfrom step_helper import helper\n{HELPED}",
    ),
    "progress_bar": step(
        "from tqdm.auto import tqdm\ndef rnn_step(x_t, h_prev, p):\n    rows = tqdm(range(len(x_t)), desc='batch')\n"
        "    return np.array([np.tanh(x_t[b] @ p['W_xh'] + h_prev[b] @ p['W_hh'] + p['b_h']) for b in rows])"
    ),
    "dataclass": step(
        "from dataclasses import dataclass, field\n@dataclass(frozen=True, slots=True)\nclass Net:\n"
        "    W_xh: np.ndarray\n    W_hh: np.ndarray\n    b_h: np.ndarray = field(repr=False)\n"
        "def rnn_step(x_t, h_prev, p):\n    net = Net(**p)\n"
        "    return np.tanh(x_t @ net.W_xh + h_prev @ net.W_hh + net.b_h)"
    ),
    "kinds_of_typing": step(
        "from __future__ import annotations\nfrom typing import NamedTuple, Protocol, TypedDict, get_type_hints\n"
        "class Both(NamedTuple):\n    x: np.ndarray\n    h: np.ndarray\nclass Net(TypedDict, total=False):\n"
        "    W_xh: np.ndarray\nclass Squash(Protocol):\n    def __call__(self, a: np.ndarray) -> np.ndarray: ...\n"
        "get_type_hints(Both)\n" + STEP
    ),
    "dispatched": step(
        "from functools import singledispatch\n@singledispatch\ndef squash(a):\n    raise TypeError\n"
        "@squash.register\ndef _(a: np.ndarray):\n    return np.tanh(a)\n" + STEP.replace("np.tanh", "squash")
    ),
    "generator": step(
        "def states(x_t, h_prev, p):\n    for x, h in zip(x_t, h_prev, strict=True):\n"
        "        yield np.tanh(x @ p['W_xh'] + h @ p['W_hh'] + p['b_h'])\n"
        "def rnn_step(x_t, h_prev, p):\n    return np.stack([*states(x_t, h_prev, p)])"
    ),
    "timed_and_silenced": step(
        "import functools, time\ndef timed(f):\n    @functools.wraps(f)\n    def g(*a, **k):\n"
        "        begin = time.perf_counter()\n        try:\n            return f(*a, **k)\n        finally:\n"
        "            print(f'{f.__name__}: {time.perf_counter() - begin:.3f} s')\n    return g\n"
        f"@timed\n@np.errstate(all='ignore')\n{STEP}"
    ),
    "compiled_if_it_can_be": step(
        "try:\n    from numba import njit\nexcept ImportError:\n    def njit(**_):\n        return lambda f: f\n"
        f"@njit(cache=True)\n{STEP}"
    ),
    "profiled_inside": inside("import cProfile\nwith cProfile.Profile():\n    sum(range(9))"),
    "memory_traced": inside("import gc, tracemalloc\ntracemalloc.start()\ngc.collect()\ntracemalloc.stop()"),
    "loop_of_its_own": inside(
        "import asyncio\nasync def one():\n    await asyncio.sleep(0)\n    return 1\n"
        "assert asyncio.new_event_loop().run_until_complete(one()) == 1"
    ),
    "gathered": above(
        "import asyncio\nasync def one(i):\n    return i\nassert await asyncio.gather(one(1), one(2)) == [1, 2]\n"
        "async with asyncio.timeout(5):\n    pass"
    ),
    "net_above": above(
        "import torch\nfrom torch import nn\ndevice = torch.device('cuda' if torch.cuda.is_available() else 'cpu')\n"
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.rnn = nn.RNN(3, 4)\n"
        "net = Net().to(device)\nprint(sum(w.numel() for w in net.parameters()))"
    ),
    "tested_with_doctest_and_unittest": below(
        "import doctest, unittest\ndoctest.testmod()\nclass Test(unittest.TestCase):\n    def test_it(self):\n"
        "        self.assertTrue(callable(rnn_step))\nunittest.main(argv=[''], exit=False)"
    ),
    "looks_at_itself": below(
        "import dis, inspect\nprint(inspect.getsource(rnn_step), inspect.signature(rnn_step))\ndis.dis(rnn_step)"
    ),
    "main_guard": step("if __name__ == '__main__':\n    " + STEP.replace("\n    ", "\n        ")),
    "exits_below": below("import sys\nsys.exit(0)"),
    "widgets_below": below(
        "from ipywidgets import interact\n@interact(g=(0.0, 2.0))\ndef show(g):\n    print(g)"
    ),
    "magic_in_a_branch": above(
        "import sys\nif 'google.colab' in sys.modules:\n    %cd /content\nelse:\n    %time pass"
    ),
    "other_languages": step(
        own=[("rnn_step", "%%bash\nls"), ("rnn_step", "%%html\n<b>h</b>"), ("rnn_step", "%%latex\n$h$")]
    ),
    "colab_form": above('# @title Step\nhidden = 4 # @param {type:"integer"}'),
    "matrix": inside("", f"np.asmatrix({RESULT})"),
    "big_endian": inside("", f"({RESULT}).astype('>f8')"),
    "long_double": inside("", f"({RESULT}).astype(np.longdouble)"),
    "full_width_letters": step(STEP.replace("np.tanh", "np.ｔａｎｈ")),
    "many_own_cells": step(own=[("rnn_step", f"v{i} = {i}") for i in range(60)]),
    "other_argument_names": step(
        "def rnn_step(inputs, hidden, weights):\n    W, U, b = (weights[k] for k in ('W_xh', 'W_hh', 'b_h'))\n"
        "    return np.tanh(inputs @ W + hidden @ U + b)"
    ),
    "typed": step(
        "import numpy.typing as npt\nfrom collections.abc import Mapping\nArray = npt.NDArray[np.floating]\n"
        "def rnn_step(x_t: Array, h_prev: Array, p: Mapping[str, Array]) -> Array:\n"
        f"    h_t: Array = {RESULT}\n    return h_t"
    ),
    "positional_only": step(STEP.replace("p):", "p, /, *, check_shapes: bool = False) -> 'np.ndarray':")),
    "constants_of_a_class": with_own(
        "from enum import Enum\nclass Name(str, Enum):\n    X = 'W_xh'\n    H = 'W_hh'\n    B = 'b_h'",
        "def rnn_step(x_t, h_prev, p):\n    return np.tanh(x_t @ p[Name.X] + h_prev @ p[Name.H] + p[Name.B])",
    ),
    "settings_in_a_dictionary": with_own(
        "CONFIG = {'squash': np.tanh, 'bias': True}",
        "def rnn_step(x_t, h_prev, p):\n    a = x_t @ p['W_xh'] + h_prev @ p['W_hh']\n"
        "    return CONFIG['squash'](a + p['b_h'] if CONFIG['bias'] else a)",
    ),
    "counts_its_calls": step("CALLS = 0\n" + inside("global CALLS\nCALLS += 1").answers["rnn_step"]),
    "keeps_a_state_in_a_closure": step(
        f"def made():\n    calls = 0\n    def step(x_t, h_prev, p):\n        nonlocal calls\n"
        f"        calls += 1\n        return {RESULT}\n    return step\nrnn_step = made()"
    ),
    "in_place_on_its_own": inside(
        "a = np.matmul(x_t, p['W_xh'])\nnp.add(a, h_prev.dot(p['W_hh']), out=a)\na += p['b_h']",
        "np.tanh(a, out=a)",
    ),
    "einsum_and_tensordot": inside(
        "a = np.einsum('bd,dh->bh', x_t, p['W_xh'], optimize=True)\n"
        "a = a + np.tensordot(h_prev, p['W_hh'], axes=(1, 0))",
        "np.tanh(a + p['b_h'][None])",
    ),
    "one_product": inside(
        "both = np.hstack([x_t, h_prev, np.ones((len(x_t), 1))])\n"
        "W = np.vstack([p['W_xh'], p['W_hh'], p['b_h'][None]])",
        "np.tanh(both @ W)",
    ),
    "columns_first": inside("", f"np.asfortranarray({RESULT})"),
    "transposed_throughout": inside(
        "", "np.tanh(p['W_xh'].T @ x_t.T + p['W_hh'].T @ h_prev.T + p['b_h'][:, None]).T"
    ),
    "exponentials": inside("e = np.exp(-2 * (" + RESULT[8:-1] + "))", "(1 - e) / (1 + e)"),
    "in_single_precision": inside("", f"({RESULT}).astype(np.float32)"),
    "checks_its_input": inside(
        "assert x_t.ndim == 2 and h_prev.shape[0] == x_t.shape[0], 'batch'\n"
        "if not isinstance(p, dict):\n    raise TypeError(f'p is {type(p)!r}')"
    ),
    "tries_and_cleans_up": inside(
        "try:\n    a = x_t @ p['W_xh']\nexcept ValueError:\n    raise\nelse:\n    a = a + h_prev @ p['W_hh']\n"
        "finally:\n    done = True",
        "np.tanh(a + p['b_h'])",
    ),
    "while_with_else": inside(
        "total, names = p['b_h'], [('W_xh', x_t), ('W_hh', h_prev)]\nwhile names:\n    name, value = names.pop()\n"
        "    total = total + value @ p[name]\nelse:\n    names = None",
        "np.tanh(total)",
    ),
    "reduced_with_operators": inside(
        "from functools import reduce\nimport operator\n"
        "terms = [operator.matmul(x_t, p['W_xh']), operator.matmul(h_prev, p['W_hh']), p['b_h']]",
        "np.tanh(reduce(operator.add, terms))",
    ),
    "context_manager": step(
        "from contextlib import contextmanager\n@contextmanager\ndef parameters(p):\n"
        "    yield p['W_xh'], p['W_hh'], p['b_h']\n"
        "def rnn_step(x_t, h_prev, p):\n    with parameters(p) as (W, U, b):\n"
        "        return np.tanh(x_t @ W + h_prev @ U + b)"
    ),
    "class_with_operators": step(
        "class Affine:\n    def __init__(self, *pairs):\n        self.pairs = pairs\n"
        "    def __add__(self, other):\n        return Affine(*self.pairs, *other.pairs)\n"
        "    def __array__(self, dtype=None, copy=None):\n        return sum(a @ W for a, W in self.pairs)\n"
        "def rnn_step(x_t, h_prev, p):\n    a = Affine((x_t, p['W_xh'])) + Affine((h_prev, p['W_hh']))\n"
        "    return np.tanh(np.asarray(a) + p['b_h'])"
    ),
    "emoji_and_other_letters": step(
        '"""Mein Schritt 🚀: h_t = tanh(…) — 你好"""\n'
        'σ = np.tanh  # ∂L/∂h\ndef rnn_step(x_t, h_prev, p):\n    """größer ✓"""\n'
        "    α = x_t @ p['W_xh'] + h_prev @ p['W_hh'] + p['b_h']\n    return σ(α)"
    ),
    "defined_in_a_loop": step(
        f"for squash in (np.sin, np.tanh):\n    def rnn_step(x_t, h_prev, p, squash=squash):\n"
        f"        return squash({RESULT[8:-1]})"
    ),
    "more_magics": step(
        "%load_ext autoreload\n%autoreload 2\n%config InlineBackend.figure_format = 'retina'\n%env N=1\n"
        f"%pip install -q numpy\n%who\n{STEP}\nrnn_step?\n"
    ),
    "magics_in_own_cells": step(
        own=[
            ("rnn_step", "%%timeit -n1 -r1\nsum(range(9))"),
            ("rnn_step", "%%javascript\nalert(1)"),
            ("rnn_step", "%%capture out\nprint(1)"),
            ("rnn_step", "%%prun\nsum(range(9))"),
        ]
    ),
    "awaited_helper": step(
        own=[
            (
                "rnn_step",
                "import asyncio\nasync def made():\n    await asyncio.sleep(0)\n    return np.tanh\n"
                "squash, *_ = await asyncio.gather(made(), made())",
            )
        ],
        source=STEP.replace("np.tanh", "squash"),
    ),
    "recursive_forward": answer_to(
        "03",
        "rnn_forward",
        "def rnn_forward(x, h0, p):\n    if len(x) == 0:\n        return np.zeros((0, *h0.shape))\n"
        "    h = np.tanh(x[0] @ p['W_xh'] + h0 @ p['W_hh'] + p['b_h'])\n"
        "    return np.concatenate([h[None], rnn_forward(x[1:], h, p)])",
    ),
    "accumulated_forward": answer_to(
        "03",
        "rnn_forward",
        "from itertools import accumulate, islice\ndef rnn_forward(x, h0, p):\n"
        "    step = lambda h, x_t: np.tanh(x_t @ p['W_xh'] + h @ p['W_hh'] + p['b_h'])\n"
        "    return np.array([*islice(accumulate(x, step, initial=h0), 1, None)])",
    ),
    "filled_forward": answer_to(
        "03",
        "rnn_forward",
        "def rnn_forward(x, h0, p):\n    h = np.empty((len(x) + 1, *h0.shape))\n    h[0] = h0\n"
        "    for t in range(len(x)):\n        h[t + 1] = np.tanh(x[t] @ p['W_xh'] + h[t] @ p['W_hh'] + p['b_h'])\n"
        "    return h[1:]",
    ),
    "windows_of_views": answer_to(
        "01",
        "cut_windows",
        "from numpy.lib.stride_tricks import sliding_window_view\ndef cut_windows(series, width, horizon):\n"
        "    both = sliding_window_view(series, width + horizon)\n    return both[:, :width], both[:, width:]",
    ),
    "padded_by_zip": answer_to(
        "02",
        "pad_batch",
        "from itertools import zip_longest\ndef pad_batch(sequences, padding):\n"
        "    rows = list(zip_longest(*sequences, fillvalue=None))\n"
        "    indices = np.array([[padding if k is None else k for k in row] for row in rows])\n"
        "    return indices, np.array([[k is not None for k in row] for row in rows]).astype(float)",
    ),
    "vocabulary_of_a_dictionary": answer_to(
        "02", "build_vocabulary", "build_vocabulary = lambda tokens: [*dict.fromkeys(tokens)]"
    ),
    "gates_by_slices": answer_to(
        "06",
        "lstm_step",
        "def lstm_step(x_t, h_prev, c_prev, p):\n    H = c_prev.shape[1]\n"
        "    a = np.einsum('bd,dk->bk', x_t, p['W_x']) + h_prev @ p['W_h'] + p['b']\n"
        "    i, f, g, o = (a[:, k * H : (k + 1) * H] for k in range(4))\n"
        "    logistic = lambda v: 0.5 * (1 + np.tanh(v / 2))\n"
        "    c = logistic(f) * c_prev + logistic(i) * np.tanh(g)\n    return [logistic(o) * np.tanh(c), c]",
    ),
    "beams_on_a_heap": answer_to(
        "07",
        "beam_search",
        "import heapq\nfrom dataclasses import dataclass, field\n@dataclass(order=True)\nclass Beam:\n"
        "    total: float\n    tokens: list = field(compare=False)\n"
        "def beam_search(log_p, start, n, width):\n    beams = [Beam(0.0, [])]\n    for _ in range(n):\n"
        "        longer = (Beam(b.total + v, b.tokens + [k]) for b in beams\n"
        "                  for k, v in enumerate(log_p[b.tokens[-1] if b.tokens else start]))\n"
        "        beams = heapq.nlargest(width, longer)\n    return beams[0].tokens, beams[0].total",
    ),
    "attention_by_einsum": answer_to(
        "07",
        "attention",
        "def attention(q, k, v, mask):\n    e = np.exp(np.einsum('nh,th->nt', q, k) / k.shape[-1] ** 0.5) * mask\n"
        "    w = e / e.sum(-1, keepdims=True)\n    return np.einsum('nt,td->nd', w, v), w",
    ),
    "new_arrays_by_copies": answer_to(
        "04",
        "clip_gradients",
        "def clip_gradients(grads, max_norm):\n"
        "    flat = np.concatenate([g.ravel() for g in grads.values()])\n"
        "    norm = np.linalg.norm(flat)\n    made = {k: g.copy() for k, g in grads.items()}\n"
        "    if norm > max_norm:\n        for g in made.values():\n            g *= max_norm / norm\n    return made",
    ),
    # files
    "marks_of_the_answer_alone": changed(marks_of_the_answer_alone),
    "ends_with_an_error": changed(ends_with_an_error),
    "notes_between": changed(notes_between),
    "without_marks": changed(without_marks),
    "other_marks": changed(other_marks),
    "without_ids": changed(without_ids),
    "sources_in_lines": changed(in_lines),
    "blanks_at_line_ends": changed(blanks_at_line_ends),
    "windows_line_ends": changed(windows_line_ends),
    "byte_order_mark": step(written=lambda text: b"\xef\xbb\xbf" + text.encode()),
    "utf_16": step(written=lambda text: text.encode("utf-16")),
    "from_colab": changed(from_colab),
    "from_vs_code": changed(from_vs_code),
    "old_name": step(file="03_recurrence"),
    "own_name": step(file="homework (1)"),
    "many_brackets": changed(many_brackets),
    "large_picture": changed(large_picture),
}
