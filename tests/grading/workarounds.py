"""Ways to use what an exercise withholds, and honest answers that look like one; for `check` and for `grade`."""

from __future__ import annotations

from grading.exercise import Filled, model

READY = "from rnncourse.in_numpy import rnn_step as ready\n"
TORCH = """
import torch
def autograd(dh_t, x_t, h_prev, h_t, p):
    x, h, w = (torch.from_numpy(a).requires_grad_() for a in (x_t, h_prev, p["W_xh"]))
    v, b = (torch.from_numpy(p[n]).requires_grad_() for n in ("W_hh", "b_h"))
    torch.tanh(x @ w + h @ v + b).backward(torch.from_numpy(dh_t))
    return x.grad.numpy(), h.grad.numpy(), {"W_xh": w.grad.numpy(), "W_hh": v.grad.numpy(), "b_h": b.grad.numpy()}
"""


def step(source: str, home: str = "", **more: object) -> Filled:
    """Return exercise 03 with an answer to `rnn_step`."""
    return Filled("03", "rnn_step", {"rnn_step": source}, home=home, **more)


def calling(expression: str, before: str = READY, home: str = "") -> Filled:
    """Return exercise 03 with a step that gives back an expression."""
    return step(f"{before}def rnn_step(x_t, h_prev, p):\n    return {expression}\n", home)


def back(source: str) -> Filled:
    """Return exercise 04 with an answer to `rnn_step_backward`."""
    return Filled("04", "rnn_step_backward", {"rnn_step_backward": source})


def other(assignment: str, task: str, source: str, **more: object) -> Filled:
    return Filled(assignment, task, {task: source}, **more)


ELSEWHERE = "right"
"""What `check` says where only absence helps: what it does not see, or what changes `check` in its own process."""

FIND = """
import glob, os, sys
def search(pattern, what):
    import rnncourse
    here = os.path.dirname(os.path.dirname(rnncourse.__file__))
    for root in sorted({here, *sys.path, sys.prefix, sys.base_prefix, "/usr/lib", "/usr/local/lib"}):
        for path in [path for deep in range(4) for path in glob.glob(os.path.join(root, "*/" * deep, pattern))]:
            try:
                with open(path, "rb") as file:
                    if what in (data := file.read()):
                        return data
            except OSError:
                pass
"""

WAYS: dict[str, Filled] = {
    # a ready-made step under any name
    "import": step("from rnncourse.in_numpy import rnn_step"),
    "import_lstm": other("06", "lstm_step", "from rnncourse.in_numpy import lstm_step"),
    "import_gru": other("06", "gru_step", "from rnncourse.in_numpy import gru_step"),
    "import_windows": other(
        "01", "cut_windows", "from rnncourse.data.encoding import sliding_windows as cut_windows"
    ),
    "import_one_hot": other("02", "one_hot_vectors", "from rnncourse.data import one_hot as one_hot_vectors"),
    "import_padding": other("02", "pad_batch", "from rnncourse.data import pad_sequences as pad_batch"),
    "import_star": step("from rnncourse.in_numpy import *"),
    "import_submodule": step("from rnncourse.in_numpy.cells import rnn_step"),
    "import_of_package": calling(
        "rnncourse.in_numpy.rnn_step(x_t, h_prev, p)", "import rnncourse.in_numpy\n"
    ),
    "import_in_function": step(
        "def rnn_step(x_t, h_prev, p):\n    from rnncourse.in_numpy import rnn_step\n"
        "    return rnn_step(x_t, h_prev, p)"
    ),
    "import_module": calling(
        "import_module('rnncourse.in_' + 'numpy').rnn_step(x_t, h_prev, p)",
        "from importlib import import_module\n",
    ),
    "import_dunder": calling("__import__('rnncourse.in_numpy', fromlist='x').rnn_step(x_t, h_prev, p)", ""),
    "import_in_torch": step(
        "import torch\nfrom rnncourse.in_torch import rnn_step as t\ndef rnn_step(x_t, h_prev, p):\n"
        "    to = torch.from_numpy\n"
        "    return t(to(x_t), to(h_prev), {k: to(v) for k, v in p.items()}).numpy()"
    ),
    "import_through_another_module": calling(
        "bridge.in_numpy.rnn_step(x_t, h_prev, p)",
        "from rnncourse import bridge\n",
    ),
    "exec": step('exec("from rnncourse.in_numpy import rnn_step")'),
    "alias": step(f"{READY}rnn_step = ready"),
    "global_table": step(f'{READY}globals()["rnn_step"] = ready'),
    "update": step(f"{READY}globals().update(rnn_step=ready)"),
    "setattr_main": step(f"{READY}import sys\nsetattr(sys.modules['__main__'], 'rnn_step', ready)"),
    "builtins": calling("quiet_one(x_t, h_prev, p)", f"{READY}import builtins\nbuiltins.quiet_one = ready\n"),
    # handed on in every way that Python has
    "call": calling("ready(x_t, h_prev, p)"),
    "default": step(f"{READY}def rnn_step(x_t, h_prev, p, ready=ready):\n    return ready(x_t, h_prev, p)"),
    "dictionary": calling('tools["step"](x_t, h_prev, p)', f'{READY}tools = {{}}\ntools["step"] = ready\n'),
    "list": calling("tools[0](x_t, h_prev, p)", f"{READY}tools = [ready]\n"),
    "comprehension": calling("[f(x_t, h_prev, p) for f in [ready]][0]"),
    "lambda": step(f"{READY}rnn_step = lambda x_t, h_prev, p: ready(x_t, h_prev, p)"),
    "partial": step(f"{READY}from functools import partial\nrnn_step = partial(ready)"),
    "closure": step(
        f"{READY}def made(f):\n    def rnn_step(x_t, h_prev, p):\n        return f(x_t, h_prev, p)\n"
        "    return rnn_step\n"
        "rnn_step = made(ready)"
    ),
    "decorator": step(
        f"{READY}def better(f):\n    return ready\n@better\ndef rnn_step(x_t, h_prev, p):\n    return None"
    ),
    "method": calling("Step().go(x_t, h_prev, p)", f"{READY}class Step:\n    go = staticmethod(ready)\n"),
    "instance": step(
        f"{READY}class Step:\n    def __call__(self, x_t, h_prev, p):\n        return ready(x_t, h_prev, p)\n"
        "rnn_step = Step()"
    ),
    "property": calling(
        "Step().go(x_t, h_prev, p)",
        f"{READY}class Step:\n    @property\n    def go(self):\n        return ready\n",
    ),
    "attribute_of_array": calling("np.quiet_one(x_t, h_prev, p)", f"{READY}np.quiet_one = ready\n"),
    "numpy_table": calling('np.__dict__["q"](x_t, h_prev, p)', f'{READY}np.__dict__["q"] = ready\n'),
    "eval": calling("eval('re' + 'ady')(x_t, h_prev, p)"),
    "getattr": calling(
        "getattr(getattr(rnncourse, 'in_numpy'), 'rnn_step')(x_t, h_prev, p)", "import rnncourse.in_numpy\n"
    ),
    "attrgetter": calling(
        "attrgetter('in_numpy.rnn_step')(rnncourse)(x_t, h_prev, p)",
        "import rnncourse.in_numpy\nfrom operator import attrgetter\n",
    ),
    "methodcaller": calling(
        "methodcaller('rnn_step', x_t, h_prev, p)(rnncourse.in_numpy)",
        "import rnncourse.in_numpy\nfrom operator import methodcaller\n",
    ),
    "map": calling("next(map(ready, [x_t], [h_prev], [p]))"),
    "starmap": calling("next(starmap(ready, [(x_t, h_prev, p)]))", f"{READY}from itertools import starmap\n"),
    "match": step(
        f"{READY}def rnn_step(x_t, h_prev, p):\n    match ready:\n        case q: return q(x_t, h_prev, p)"
    ),
    "walrus": calling("(q := ready)(x_t, h_prev, p)"),
    "generator": calling("next(ready(x_t, h_prev, p) for _ in [0])"),
    "thread": calling(
        "ThreadPoolExecutor(1).submit(ready, x_t, h_prev, p).result()",
        f"{READY}from concurrent.futures import ThreadPoolExecutor\n",
    ),
    "coroutine": step(
        f"{READY}async def go(*args):\n    return ready(*args)\ndef rnn_step(x_t, h_prev, p):\n    try:\n"
        "        go(x_t, h_prev, p).send(None)\n    except StopIteration as done:\n        return done.value"
    ),
    "cached": calling(
        "q()(x_t, h_prev, p)", f"{READY}from functools import cache\n@cache\ndef q():\n    return ready\n"
    ),
    "exception": step(
        f"{READY}class Carries(Exception):\n    step = ready\ndef rnn_step(x_t, h_prev, p):\n    try:\n"
        "        raise Carries\n    except Carries as e:\n        return type(e).step(x_t, h_prev, p)"
    ),
    "swallowed": step(
        f"{READY}def rnn_step(x_t, h_prev, p):\n    try:\n        return ready(x_t, h_prev, p)\n    except Exception:\n"
        '        return np.tanh(x_t @ p["W_xh"] + h_prev @ p["W_hh"] + p["b_h"])'
    ),
    "layer": other(
        "03",
        "rnn_forward",
        "from rnncourse.in_numpy import RNN\ndef rnn_forward(x, h0, p):\n"
        "    rnn = RNN(x.shape[2], h0.shape[1], rng=np.random.default_rng(0))\n"
        "    for name in p:\n        rnn.params[name] = p[name]\n    return rnn.forward(x, h0)[0]",
    ),
    "modules_table": calling(
        "sys.modules['rnncourse.in_numpy'].rnn_step(x_t, h_prev, p)", f"import sys\n{READY}"
    ),
    "modules_of_warnings": calling(
        "warnings.sys.modules['rnncourse.in_numpy'].rnn_step(x_t, h_prev, p)", f"import warnings\n{READY}"
    ),
    "garbage": calling(
        "next(o for o in gc.get_objects() if getattr(o, '__qualname__', '') == 'rnn_step' and callable(o)"
        " and 'cells' in str(o.__module__))(x_t, h_prev, p)",
        f"import gc\n{READY}",
    ),
    "pickle": calling(
        "pickle.loads(b'crnncourse.in_numpy\\nrnn_step\\n.')(x_t, h_prev, p)", "import pickle\n"
    ),
    "array_of_objects": calling("np.array([ready], dtype=object)[0](x_t, h_prev, p)"),
    "function_type": calling(
        "FunctionType(ready.__code__, {**vars(cells), '__name__': 'mine'}, '', ready.__defaults__)(x_t, h_prev, p)",
        f"{READY}from types import FunctionType\nfrom rnncourse.in_numpy import cells\n",
    ),
    "loaded_under_another_name": calling(
        "mine.rnn_step(x_t, h_prev, p)",
        "import importlib.util as u, rnncourse.in_numpy.cells as c\n"
        "spec = u.spec_from_file_location('mine', c.__file__)\nmine = u.module_from_spec(spec)\n"
        "spec.loader.exec_module(mine)\n",
    ),
    "futures_that_hide_the_text": Filled(
        "03",
        "rnn_forward",
        {
            "rnn_step": "from __future__ import barry_as_FLUFL\n" + model("03", "rnn_step"),
            "rnn_forward": f"{READY}def rnn_forward(x, h0, p):\n    h = []\n    for x_t in x:\n"
            "        if 1 <> 2:\n            h.append(ready(x_t, h[-1] if h else h0, p))\n    return np.stack(h)",
        },
    ),
    "helper_in_another_answer": Filled(
        "03",
        "rnn_forward",
        {
            "rnn_step": f"{READY}def quiet_one(*args):\n    return ready(*args)\n" + model("03", "rnn_step"),
            "rnn_forward": "def rnn_forward(x, h0, p):\n    h = []\n    for x_t in x:\n"
            "        h.append(quiet_one(x_t, h[-1] if h else h0, p))\n    return np.stack(h)",
        },
    ),
    "helper_in_a_cell_of_its_own": Filled(
        "03",
        "rnn_step",
        {"rnn_step": "def rnn_step(x_t, h_prev, p):\n    return quiet_one(x_t, h_prev, p)"},
        [("rnn_step", f"{READY}def quiet_one(*args):\n    return ready(*args)")],
    ),
    # torch
    "torch_cell": step(
        "import torch\ndef rnn_step(x_t, h_prev, p):\n    to = torch.from_numpy\n"
        "    w, v = to(p['W_xh'].T), to(p['W_hh'].T)\n"
        "    b = to(p['b_h'])\n    return torch.rnn_tanh_cell(to(x_t), to(h_prev), w, v, b, b * 0).numpy()"
    ),
    "torch_tanh": calling(
        "torch.tanh(torch.tensor(x_t @ p['W_xh'] + h_prev @ p['W_hh'] + p['b_h'])).numpy()", "import torch\n"
    ),
    "torch_autograd": back(f"{TORCH}rnn_step_backward = autograd"),
    "torch_star": back(f"from torch import *\n{TORCH}rnn_step_backward = autograd"),
    "torch_function": back(
        "from torch.func import vjp\nimport torch\ndef rnn_step_backward(dh_t, x_t, h_prev, h_t, p):\n"
        "    to = torch.from_numpy\n    f = lambda x, h, q: torch.tanh(x @ q['W_xh'] + h @ q['W_hh'] + q['b_h'])\n"
        "    dx, dh, dq = vjp(f, to(x_t), to(h_prev), {k: to(v) for k, v in p.items()})[1](to(dh_t))\n"
        "    return dx.numpy(), dh.numpy(), {k: v.numpy() for k, v in dq.items()}"
    ),
    "engine_backward": back(
        "from rnncourse.in_numpy import rnn_step_backward as b\n"
        "def rnn_step_backward(dh_t, x_t, h_prev, h_t, p):\n    return b(dh_t, x_t, h_prev, p)"
    ),
    # called by something that is not the answer, or in an unusual way
    "timer": step(
        f"{READY}import threading\ndef rnn_step(x_t, h_prev, p):\n    found = []\n"
        "    timer = threading.Timer(0.01, lambda: found.append(ready(x_t, h_prev, p)))\n"
        "    timer.start()\n    timer.join()\n    return found[0]"
    ),
    "signal_handler": step(
        f"{READY}import signal\ndef rnn_step(x_t, h_prev, p):\n    found = []\n"
        "    signal.signal(signal.SIGUSR1, lambda *_: found.append(ready(x_t, h_prev, p)))\n"
        "    signal.raise_signal(signal.SIGUSR1)\n    return found[0]"
    ),
    "finalizer": step(
        f"{READY}def rnn_step(x_t, h_prev, p):\n    found = []\n    class Gone:\n"
        "        def __del__(self):\n            found.append(ready(x_t, h_prev, p))\n    Gone()\n    return found[0]"
    ),
    "suspended_generator": step(
        f"{READY}def steps():\n    given = yield\n    while True:\n        given = yield ready(*given)\n"
        "machine = steps()\nnext(machine)\ndef rnn_step(*args):\n    return machine.send(args)"
    ),
    "universal_function": calling("np.frompyfunc(lambda _: ready(x_t, h_prev, p), 1, 1)(0)"),
    "called_in_c": step(
        f"{READY}import ctypes\ncall = ctypes.pythonapi.PyObject_CallObject\n"
        "call.restype, call.argtypes = ctypes.py_object, [ctypes.py_object] * 2\n"
        "def rnn_step(*args):\n    return call(ready, args)"
    ),
    "instance_check": step(
        f"{READY}class Kind(type):\n    def __instancecheck__(cls, given):\n        cls.found = ready(*given)\n"
        "class Step(metaclass=Kind):\n    pass\n"
        "def rnn_step(*args):\n    isinstance(args, Step)\n    return Step.found"
    ),
    "called_back_by_what_only_looks": step(
        f"{READY}import torch\nclass Net(torch.nn.Module):\n    def extra_repr(self):\n"
        "        seen['found'] = ready(*seen['given'])\n        return ''\nseen, net = {}, Net()\n"
        "def rnn_step(*args):\n    seen['given'] = args\n    repr(net)\n    return seen['found']"
    ),
    "loaded_anew": step(
        "import importlib\ndef rnn_step(x_t, h_prev, p):\n    import rnncourse.in_numpy.cells as cells\n"
        "    return importlib.reload(cells).rnn_step(x_t, h_prev, p)"
    ),
    "copied_as_a_package": step(
        "import os, shutil, sys, tempfile, rnncourse\nfolder = tempfile.mkdtemp()\n"
        "shutil.copytree(os.path.join(os.path.dirname(rnncourse.__file__), 'in_numpy'), f'{folder}/mine')\n"
        "sys.path.insert(0, folder)\nimport mine\nrnn_step = mine.rnn_step"
    ),
    "tensors_made_before": step(
        "import torch\nfrom torch import tanh\nroom = torch.zeros(64, 64, dtype=torch.float64)\nseen = room.numpy()\n"
        "def rnn_step(x_t, h_prev, p):\n    a = x_t @ p['W_xh'] + h_prev @ p['W_hh'] + p['b_h']\n"
        "    here = seen[: a.shape[0], : a.shape[1]]\n    here[:] = a\n    tanh(room, out=room)\n"
        "    return here.copy()"
    ),
    "torch_scripted": step(
        "import torch\n@torch.jit.script\ndef cell(a):\n    return torch.tanh(a)\n"
        "def rnn_step(x_t, h_prev, p):\n"
        "    return np.asarray(cell(torch.as_tensor(x_t @ p['W_xh'] + h_prev @ p['W_hh'] + p['b_h'])))"
    ),
    "named_in_a_missing_key": calling(
        "Tools()['ready'](x_t, h_prev, p)",
        f"{READY}class Tools(dict):\n    def __missing__(self, key):\n        return globals()[key]\n",
    ),
    "star_of_the_shared_cells": other("06", "lstm_step", "from rnncourse.in_numpy.cells import *"),
    "thread_started_before": step(
        f"{READY}from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1)\n"
        "pool.submit(len, []).result()\n"
        "def rnn_step(*args):\n    return pool.submit(ready, *args).result(timeout=5)",
        ELSEWHERE,
    ),
    # found as a file, or run elsewhere: only absence stops these
    "source_of_it": step(
        f"import inspect\n{READY}from rnncourse.in_numpy import cells\nspace = {{**vars(cells), '__name__': 'mine'}}\n"
        "space |= {'tanh': np.tanh, 'check_step': lambda *a, **k: a}\n"
        "exec(inspect.getsource(ready), space)\nrnn_step = space['rnn_step']",
        ELSEWHERE,
    ),
    "searched_for": step(
        f"{FIND}text = search('cells.py', b'def rnn_step').decode()\nexec(text, space := {{'__name__': 'mine'}})\n"
        "rnn_step = space['rnn_step']",
    ),
    "another_process": step(
        "import pickle, subprocess, sys\ndef rnn_step(*args):\n"
        "    code = 'import pickle, sys; from rnncourse.in_numpy import rnn_step; '\n"
        "    code += 'sys.stdout.buffer.write(pickle.dumps(rnn_step(*pickle.load(sys.stdin.buffer))))'\n"
        "    done = subprocess.run([sys.executable, '-c', code], input=pickle.dumps(args), capture_output=True)\n"
        "    return pickle.loads(done.stdout)",
        ELSEWHERE,
    ),
    "hook_taken_off": step(
        f"import sys\n{READY}def rnn_step(x_t, h_prev, p):\n    sys.setprofile(None)\n    return ready(x_t, h_prev, p)",
        ELSEWHERE,
    ),
    "hook_replaced": step(
        f"import sys\nsys.setprofile = lambda f: None\n{READY}"
        "def rnn_step(x_t, h_prev, p):\n    return ready(x_t, h_prev, p)",
        ELSEWHERE,
    ),
    "stub_opened": step(
        f"import sys\n{READY}try:\n    type(ready).__call__ = lambda self, x, h, p: np.tanh(h)\n"
        "except TypeError:\n    pass\n"
        "def rnn_step(x_t, h_prev, p):\n    sys.setprofile(None)\n    return ready(x_t, h_prev, p)",
        ELSEWHERE,
    ),
    # by other doors into the same room
    "layer_through_the_bridge": step(
        "from rnncourse import bridge\ndef rnn_step(x_t, h_prev, p):\n"
        "    layer = bridge.in_numpy.RNN(*p['W_xh'].shape)\n    layer.params.update(p)\n"
        "    return layer.forward(x_t[None], h_prev)[1]"
    ),
    "widget": step(
        "import rnncourse.widgets._state_lab as lab\ndef rnn_step(x_t, h_prev, p):\n"
        "    return lab.rnn_step(x_t, h_prev, p)"
    ),
    "attention_of_the_engine": other(
        "07",
        "attention",
        "from rnncourse.in_numpy import attention as ready\ndef attention(q, k, v, mask):\n"
        "    return ready(q, k, v, mask)",
    ),
    "softmax_of_torch": other(
        "07",
        "attention",
        "import torch\ndef attention(q, k, v, mask):\n"
        "    s = np.where(mask > 0, q @ k.T / k.shape[1] ** 0.5, -np.inf)\n"
        "    w = torch.softmax(torch.from_numpy(s), -1).numpy()\n    return w @ v, w",
    ),
    "padding_of_torch": other(
        "02",
        "pad_batch",
        "import torch\ndef pad_batch(sequences, padding):\n"
        "    rows = [torch.tensor(s) for s in sequences]\n"
        "    made = torch.nn.utils.rnn.pad_sequence(rows, padding_value=padding).numpy()\n"
        "    mask = np.arange(len(made))[:, None] < np.array([len(s) for s in sequences])\n"
        "    return made, mask.astype(float)",
    ),
    "jacobian_of_torch": other(
        "05",
        "step_jacobian",
        "import torch\ndef step_jacobian(W_hh, a_t):\n    W = torch.from_numpy(W_hh)\n"
        "    return torch.diag(1 - torch.tanh(torch.from_numpy(a_t)) ** 2).T.matmul(W.T).T.numpy()",
    ),
    "run_as_a_module": calling(
        "ready(x_t, h_prev, p)", "import runpy\nready = runpy.run_module('rnncourse.in_numpy.cells')['rnn_step']\n"
    ),
    "interpreter_of_its_own": step(
        "import code\ninner = code.InteractiveInterpreter()\n"
        "inner.runsource('from rnncourse.in_numpy import rnn_step as ready')\n"
        "def rnn_step(x_t, h_prev, p):\n    inner.locals |= {'given': (x_t, h_prev, p)}\n"
        "    inner.runsource('made = ready(*given)')\n    return inner.locals['made']"
    ),
    "imported_in_c": step(
        "import ctypes\nload = ctypes.pythonapi.PyImport_ImportModule\nload.restype = ctypes.py_object\n"
        "def rnn_step(*args):\n    return load(b'rnncourse.in_numpy').rnn_step(*args)"
    ),
    "found_by_its_address": step(
        f"import ctypes\n{READY}address = id(ready)\n"
        "def rnn_step(*args):\n    return ctypes.cast(address, ctypes.py_object).value(*args)"
    ),
    "operators": step(
        f"{READY}class Net:\n    def __matmul__(self, other):\n        return ready(*other)\n"
        "    __class_getitem__ = __matmul__\ndef rnn_step(*args):\n    return Net() @ args"
    ),
    "sorted_by_it": step(
        f"{READY}def rnn_step(*args):\n    found = []\n"
        "    sorted([0], key=lambda _: found.append(ready(*args)) or 0)\n    return found[0]"
    ),
    "vectorized": step(
        f"{READY}def rnn_step(x_t, h_prev, p):\n"
        "    rows = np.vectorize(lambda x, h: ready(x[None], h[None], p)[0], signature='(d),(h)->(h)')\n"
        "    return rows(x_t, h_prev)"
    ),
    "traced": step(
        f"{READY}import sys\ndef rnn_step(x_t, h_prev, p):\n    found = []\n"
        "    def look(frame, event, _):\n        found or found.append(ready(x_t, h_prev, p))\n"
        "    sys.settrace(look)\n    try:\n        (lambda: 0)()\n    finally:\n        sys.settrace(None)\n"
        "    return found[0]",
        ELSEWHERE,
    ),
    "to_a_thread_by_asyncio": step(
        f"{READY}import asyncio\ndef rnn_step(*args):\n    loop = asyncio.new_event_loop()\n"
        "    return loop.run_until_complete(asyncio.to_thread(ready, *args))"
    ),
    "thread_below_threading": step(
        f"{READY}import _thread\ndef rnn_step(*args):\n    found, done = [], _thread.allocate_lock()\n"
        "    done.acquire()\n    def work():\n        try:\n            found.append(ready(*args))\n"
        "        finally:\n            done.release()\n"
        "    _thread.start_new_thread(work, ())\n    done.acquire(timeout=5)\n    return found[0]",
        ELSEWHERE,
    ),
    "thread_that_waits_for_the_call": step(
        f"{READY}import queue, threading\nasked, told = queue.Queue(), queue.Queue()\ndef serve():\n"
        "    while True:\n        told.put(ready(*asked.get()))\n"
        "threading.Thread(target=serve, daemon=True).start()\n"
        "def rnn_step(*args):\n    asked.put(args)\n    return told.get(timeout=1)",
        ELSEWHERE,
    ),
    "finders_taken_off": step(
        "import sys\nfor name in [n for n in sys.modules if n.startswith('rnncourse.in_')]:\n"
        "    del sys.modules[name]\nfinders, sys.meta_path[:] = sys.meta_path[:], sys.meta_path[-1:]\n"
        "import rnncourse\nvars(rnncourse).pop('in_numpy', None)\n"
        f"{READY}sys.meta_path[:] = finders\ndef rnn_step(x_t, h_prev, p):\n    return ready(x_t, h_prev, p)"
    ),
    "code_under_another_file": step(
        f"{READY}import types\ncode = ready.__code__.replace(co_filename='<mine>')\n"
        "space = {'__name__': 'mine', 'np': np, 'tanh': np.tanh, 'check_step': lambda *a, **k: a}\n"
        "rnn_step = types.FunctionType(code, space, 'rnn_step', ready.__defaults__)",
    ),
    "read_as_data": step(
        "import pkgutil\ntext = pkgutil.get_data('rnncourse', 'in_numpy/cells.py').decode()\n"
        "space = {'__name__': 'mine', '__builtins__': __builtins__}\nexec(text, space)\n"
        "space |= {'tanh': np.tanh, 'check_step': lambda *a, **k: a}\nrnn_step = space['rnn_step']",
    ),
    # the answers of `check` itself: they are there at home, and nowhere in the sandbox
    "reference_of_the_bank": other(
        "03",
        "from_pytorch",
        "from rnncourse.checks import model, registry\n"
        "from_pytorch = model.function(registry.task('from_pytorch'))",
        home=ELSEWHERE,
    ),
    "reference_in_a_frame": step(
        "import sys\ndef rnn_step(*args):\n    frame = sys._getframe()\n    while frame:\n"
        "        for found in frame.f_locals.values():\n            if hasattr(found, 'reference'):\n"
        "                return found.reference(*args)\n        frame = frame.f_back",
        "wrong: forbidden",
    ),
    "reference_in_the_garbage": other(
        "03",
        "from_pytorch",
        "import gc\ndef from_pytorch(*args):\n    for found in gc.get_objects():\n"
        "        if type(found).__name__ == 'Task' and found.name == 'from_pytorch':\n"
        "            return found.reference(*args)",
        home=ELSEWHERE,
    ),
    "comparison_patched_in_a_cell_of_its_own": Filled(
        "03",
        "rnn_step",
        {"rnn_step": "def rnn_step(x_t, h_prev, p):\n    return h_prev"},
        [
            (
                "rnn_step",
                "import rnncourse.checks.judging as judging\njudging.alike = judging.equal = lambda *a, **k: True",
            )
        ],
        ELSEWHERE,
    ),
    "numpy_patched_in_a_cell_of_its_own": Filled(
        "03",
        "rnn_step",
        {"rnn_step": "def rnn_step(x_t, h_prev, p):\n    return h_prev"},
        [("rnn_step", "same = np.tanh\nnp.tanh = lambda a, *_, **__: np.zeros_like(a)\nnp.abs = np.tanh")],
        ELSEWHERE,
    ),
    "reference_patched_in_a_cell_of_its_own": Filled(
        "03",
        "rnn_step",
        {"rnn_step": "def rnn_step(x_t, h_prev, p):\n    return h_prev"},
        [
            (
                "rnn_step",
                "import rnncourse.in_numpy as engine\nimport rnncourse.in_numpy.cells as cells\n"
                "for module in (engine, cells):\n    module.rnn_step = lambda x_t, h_prev, p, **_: h_prev",
            )
        ],
        "wrong",
    ),
    "stub_patched_in_a_cell_of_its_own": Filled(
        "03",
        "rnn_step",
        {"rnn_step": "from rnncourse.in_numpy import rnn_step as ready\n"
                     "def rnn_step(*args):\n    return ready(*args)"},
        [
            (
                "rnn_step",
                "import rnncourse.in_numpy as engine\nengine.NotAvailable = ValueError\n"
                "vars(type(engine.rnn_step)).get('x')",
            )
        ],
    ),
}  # fmt: skip

# What check calls wrong although its values are right, and the grader must, too.
SHARED: dict[str, Filled] = {
    "as_it_is": other(
        "04",
        "clip_gradients",
        "def clip_gradients(grads, max_norm):\n"
        "    norm = np.sqrt(sum((g**2).sum() for g in grads.values()))\n"
        "    return grads if norm <= max_norm else {name: g * (max_norm / norm) for name, g in grads.items()}",
    ),
    "in_a_new_dictionary": other(
        "04",
        "clip_gradients",
        "def clip_gradients(grads, max_norm):\n"
        "    norm = np.sqrt(sum((g**2).sum() for g in grads.values()))\n"
        "    return {k: g if norm <= max_norm else g * (max_norm / norm) for k, g in grads.items()}",
    ),
    "views": other(
        "04",
        "clip_gradients",
        "def clip_gradients(grads, max_norm):\n"
        "    norm = np.sqrt(sum((g**2).sum() for g in grads.values()))\n"
        "    return {k: g[:] if norm <= max_norm else g * (max_norm / norm) for k, g in grads.items()}",
    ),
}

# Right at the first call with an input, and wrong at the next one with the same.
KEPT: dict[str, Filled] = {
    "gradient_added_up": other(
        "02",
        "embedding_gradient",
        "def embedding_gradient(indices, da, V, kept={}):\n"
        "    dW = kept.setdefault(indices.tobytes(), np.zeros((V, da.shape[2])))\n"
        "    np.add.at(dW, indices, da)\n"
        "    return dW",
    ),
    "states_seen_before": other(
        "04",
        "clip_gradients",
        "seen = set()\n"
        "def clip_gradients(grads, max_norm):\n"
        "    norm = np.sqrt(sum((g**2).sum() for g in grads.values()))\n"
        "    known = norm in seen\n"
        "    seen.add(norm)\n"
        "    scale = 1.0 if norm <= max_norm and not known else min(1.0, max_norm / norm) * (0.5 if known else 1.0)\n"
        "    return {name: g * scale for name, g in grads.items()}",
    ),
}

PLAIN = 'np.tanh(x_t @ p["W_xh"] + h_prev @ p["W_hh"] + p["b_h"])'


def plain(before: str = "", first: str = "", result: str = PLAIN, after: str = "") -> Filled:
    """Return exercise 03 with a right step and something odd around or in it."""
    body = f"    {first}\n" if first else ""
    return step(f"{before}\ndef rnn_step(x_t, h_prev, p):\n{body}    return {result}\n{after}")


HONEST: dict[str, Filled] = {
    "plain": plain(),
    "getattr_of_numpy": plain(
        first='kind = "tanh"', result='getattr(np, kind)(x_t @ p["W_xh"] + h_prev @ p["W_hh"] + p["b_h"])'
    ),
    "locals": plain(first='carry = locals() if "carry" not in locals() else None'),
    "vars_of_namespace": plain("from types import SimpleNamespace", "p = vars(SimpleNamespace(**p))"),
    "collects_garbage": plain("import gc", "gc.collect()"),
    "timed": plain("import timeit", "timeit.timeit(lambda: np.tanh(x_t), number=3)"),
    "type_hints": plain("import typing\ndef hinted(f):\n    typing.get_type_hints(f)\n    return f\n@hinted"),
    "attrgetter_of_shape": plain("import operator", 'B, D = operator.attrgetter("shape")(x_t)'),
    "frame": plain("import inspect", "line = inspect.currentframe().f_lineno"),
    "stack": plain("import inspect", "who = inspect.stack()[0].function"),
    "traceback": plain("import traceback", "traceback.format_stack()"),
    "eval_of_arithmetic": plain(first='one = eval("1 + 0")', result=f"{PLAIN} * one"),
    "exec_of_own_helper": plain(
        'exec("def helper(a):\\n    return np.tanh(a)")', result=PLAIN.replace("np.tanh", "helper")
    ),
    "globals_looked_at": plain(first='debug = globals().get("DEBUG", False)'),
    "importlib_of_numpy": plain("import importlib\nnumpy = importlib.import_module('numpy')"),
    "sys_modules_printed": plain("import sys", "print(len(sys.modules))"),
    "pickled_copy": plain("import pickle", "p = pickle.loads(pickle.dumps(p))"),
    "deep_copy": plain("import copy", "p = copy.deepcopy(p)"),
    "cached_shape": plain(
        "from functools import lru_cache\n@lru_cache\ndef ones(n):\n    return np.ones(n)\n"
    ),
    "reduce": plain(
        "import operator\nfrom functools import reduce",
        'terms = [x_t @ p["W_xh"], h_prev @ p["W_hh"], p["b_h"]]',
        "np.tanh(reduce(operator.add, terms))",
    ),
    "einsum": plain(result='np.tanh(np.einsum("bd,dh->bh", x_t, p["W_xh"]) + h_prev @ p["W_hh"] + p["b_h"])'),
    "thread": plain(
        "from concurrent.futures import ThreadPoolExecutor",
        "pool = ThreadPoolExecutor(2)",
        f"pool.submit(lambda: {PLAIN}).result()",
    ),
    "own_class": plain(
        "class Cell:\n    def __init__(self, p):\n        self.__dict__.update(p)\n    def __call__(self, x, h):\n"
        "        return np.tanh(x @ self.W_xh + h @ self.W_hh + self.b_h)",
        result="Cell(p)(x_t, h_prev)",
    ),
    "profiled_outside": plain(after="import cProfile\ncProfile.run('1 + 1')"),
    "weakref": plain("import weakref", "seen = weakref.WeakValueDictionary()"),
    # what is withheld is looked at, tried or imported, and not used in the answer
    "imported_unused": plain("import torch\nfrom rnncourse.in_numpy import RNN, rnn_step as theirs"),
    "imported_in_function": plain(first="import torch, rnncourse.in_numpy"),
    "torch_seeded_above": plain("import torch\ntorch.manual_seed(0)\nnp.random.seed(0)"),
    "torch_tried_above": plain(
        "import torch\nrnn = torch.nn.RNN(4, 5)\nh, h_T = rnn(torch.zeros(1, 1, 4))\nprint(h.shape)"
    ),
    "torch_tried_below": plain(after="import torch\nprint(torch.tanh(torch.ones(3)))"),
    "compared_with_theirs_below": plain(
        after="from rnncourse.in_numpy import rnn_step as theirs\nz = np.ones((1, 1))\n"
        'q = {"W_xh": z, "W_hh": z, "b_h": z[0]}\nassert np.allclose(rnn_step(z, z, q), theirs(z, z, q))'
    ),
    "annotated": step(
        "import torch\ndef rnn_step(x_t: torch.Tensor, h_prev: torch.nn.Module, p) -> torch.Tensor:\n"
        f"    return {PLAIN}"
    ),
    "hinted_with_tensors": step(
        "import torch\nfrom typing import Optional, Union\nArray = Union[np.ndarray, torch.Tensor]\n"
        f"def rnn_step(x_t: Array, h_prev: Optional[torch.Tensor], p) -> np.ndarray | torch.Tensor:\n    return {PLAIN}"
    ),
    "mentions_tensors": plain(
        "import torch\nfrom rnncourse.in_numpy import RNN",
        "print(torch.float32, f'{RNN}', {torch.float32: 4}[torch.float32], x_t.dtype == torch.float32)\n"
        "    if not (RNN and torch.nn.RNN is not None):\n        return None",
    ),
    "asks_for_a_tensor": plain(
        "import torch", "assert not isinstance(x_t, (torch.Tensor, torch.nn.Parameter))"
    ),
    "falls_back_on_numpy": plain("try:\n    import torch\nexcept ImportError:\n    torch = None"),
    "knows_the_version": plain("import torch\nprint(torch.__version__)\nVERSION = str(torch.__version__)"),
    "name_like_torch": step(
        "import torch as h_prev_kind\ndef rnn_step(torch, in_numpy, p):\n"
        '    return np.tanh(torch @ p["W_xh"] + in_numpy @ p["W_hh"] + p["b_h"])'
    ),
    "torch_in_an_own_cell": Filled(
        "03",
        "rnn_step",
        {"rnn_step": model("03", "rnn_step")},
        [("rnn_step", "import torch\nnet = torch.nn.RNN(3, 4)\nout, _ = net(torch.zeros(2, 1, 3))")],
    ),
    "shapes_from_data": other(
        "03",
        "rnn_step",
        "from rnncourse.data import one_hot\nprint(one_hot([1], 3))\n" + model("03", "rnn_step"),
    ),
    "draws_with_viz": plain(
        after="from rnncourse import viz\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])"
    ),
    "central_differences": other("04", "central_differences", model("04", "central_differences")),
    "lstm_with_own_sigmoid": Filled(
        "06",
        "lstm_step",
        {"lstm_step": "def sigmoid(a):\n    return 1 / (1 + np.exp(-a))\n" + model("06", "lstm_step")},
    ),
}
