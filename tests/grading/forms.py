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
    # files
    "without_marks": changed(without_marks),
    "other_marks": changed(other_marks),
    "without_ids": changed(without_ids),
    "sources_in_lines": changed(in_lines),
    "blanks_at_line_ends": changed(blanks_at_line_ends),
    "windows_line_ends": changed(windows_line_ends),
    "byte_order_mark": step(written=lambda text: b"\xef\xbb\xbf" + text.encode()),
    "utf_16": step(written=lambda text: text.encode("utf-16")),
    "old_name": step(file="03_recurrence"),
    "own_name": step(file="homework (1)"),
    "many_brackets": changed(many_brackets),
    "large_picture": changed(large_picture),
}
