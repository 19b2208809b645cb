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
    # files
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
