"""Hostile and broken submissions, each with the status and points that it must get, and why.

An attack stands in the answer to `scaled`; `running` and `largest` are right and must earn their points all the same
(`largest` calls `scaled`, so an attack inside the function costs it too).
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from grading.classroom import ANSWERS, WHY, cell_of, changed, notebook, twice, without

RIGHT = ("graded", "right")


@dataclass(frozen=True)
class Trial:
    """What is handed in, and what must come of it: by task a status and "right", "wrong" or "none" for the points."""

    what: Callable[[str], dict[str, Any] | bytes]
    """Given the folder that holds the graders' secrets."""

    scaled: tuple[str, str] = ("graded", "wrong")
    running: tuple[str, str] = RIGHT
    largest: tuple[str, str] = RIGHT
    why: tuple[str, str] = ("missing", "none")
    said: tuple[str, ...] = ()
    """What the feedback must say."""

    unsaid: tuple[str, ...] = field(default=())


def answer(source: str, **expected: Any) -> Trial:
    """Return a trial in which `source` is the answer to `scaled`; SECRETS stands for the folder of secrets."""
    return Trial(lambda secrets: notebook(scaled=source.replace("SECRETS", secrets)), **expected)


def inside(body: str, before: str = "", **expected: Any) -> Trial:
    """Return a trial whose function never comes back with a value, so that `largest`, which calls it, fails too."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    expected.setdefault("largest", expected.get("scaled", ("graded", "wrong")))
    return answer(f"{before}\ndef scaled(x, factor):\n{lines}\n", **expected)


def returning(body: str, before: str = "", **expected: Any) -> Trial:
    """Return a trial whose function comes back with something, so that `largest` can call it."""
    return inside(body, before, **{"largest": RIGHT, **expected})


def telling(body: str, before: str = "import os, sys", **expected: Any) -> Trial:
    """Return a trial that tries to read something into `found` and to carry it out in an error's text."""
    lines = "\n".join(f"        {line}" for line in body.splitlines())
    source = (
        f"{before}\ndef scaled(x, factor):\n    found = 'nothing'\n    try:\n{lines}\n"
        "    except BaseException as error:\n        found = type(error).__name__\n"
        "    raise ValueError('found ' + str(found)[-400:])\n"
    )
    expected.setdefault("largest", ("graded", "wrong"))
    return answer(source, **expected)


def wholly(status: str, what: Callable[[str], dict[str, Any] | bytes] | bytes, *said: str) -> Trial:
    """Return a trial that gets the same status, and nothing, in all tasks."""
    given = what if callable(what) else lambda secrets: what
    result = (status, "wrong")
    return Trial(given, result, result, result, result, said)


TIMEOUT, CRASHED, FORBIDDEN, MISSING = (
    (status, "wrong") for status in ("timeout", "crashed", "forbidden", "missing")
)
HONEST = ANSWERS["scaled"]
ALL_RIGHT = {"scaled": RIGHT}

FIND_PIPE = """
import os, sys, json, struct
def forged(frame, fields):
    header = json.dumps(fields).encode()
    return b"RNG1" + struct.pack(">IQ", len(header), 0) + header
def nonce():
    frame = sys._getframe()
    while frame is not None:
        if isinstance(frame.f_locals.get("message"), dict):
            return frame.f_locals["message"]["nonce"]
        frame = frame.f_back
"""

BANK: dict[str, Trial] = {
    # time
    "endless_loop": inside("while True: pass", scaled=TIMEOUT, largest=TIMEOUT),
    "endless_cell": answer(f"while True: pass\n{HONEST}", scaled=TIMEOUT, largest=("graded", "wrong")),
    "endless_below": answer(
        f"{HONEST}\nwhile True: pass", scaled=RIGHT, said=("it had defined scaled by then",)
    ),
    "endless_below_that_catches": answer(
        f"{HONEST}\nwhile True:\n    try:\n        while True: pass\n    except BaseException: pass",
        scaled=RIGHT,
    ),
    "timer_taken_away": answer(
        "import signal\nsignal.setitimer = lambda *a: None\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\n"
        "def scaled(x, factor):\n    while True: pass",
        scaled=TIMEOUT,
        largest=TIMEOUT,
    ),
    "endless_that_catches": inside(
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass", scaled=TIMEOUT
    ),
    "sleeper": inside("import time\ntime.sleep(1e6)", scaled=TIMEOUT),
    "input_waits": inside("return float(input('factor?')) * x", said=("EOFError",)),
    # processes, signals, threads
    "fork_bomb": inside("import os\nwhile True: os.fork()", said=("PermissionError",)),
    "fork_bomb_at_once": answer(f"import os\n{HONEST}\nwhile True:\n    os.fork()", scaled=RIGHT),
    "subprocess": inside("import subprocess\nreturn subprocess.run(['id'])", said=("PermissionError",)),
    "shell": returning("import os\nreturn os.system('id') * 0 * x", said=("zero",)),
    "killed_kernel": inside("import os\nos.kill(os.getpid(), 9)", scaled=CRASHED, said=("SIGKILL",)),
    "kills_everybody": inside("import os\nos.kill(-1, 9)\nos.kill(1, 9)\nos.kill(os.getppid(), 9)\nreturn x"),
    "os_exit": inside("import os\nos._exit(0)", scaled=CRASHED),
    "os_exit_in_cell": answer(
        f"{HONEST}\nimport os\nos._exit(0)", scaled=CRASHED, largest=("graded", "wrong")
    ),
    "sys_exit": inside("import sys\nsys.exit('bye')", said=("SystemExit",)),
    "segmentation_fault": inside("import ctypes\nctypes.string_at(0)", scaled=CRASHED, said=("SIGSEGV",)),
    "signals": answer(
        "import signal, os\nfor s in (signal.SIGTERM, signal.SIGINT, signal.SIGPIPE, signal.SIGHUP, signal.SIGALRM):\n"
        "    signal.signal(s, signal.SIG_IGN)\nsignal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)\n"
        "os.setpgid(0, 0) if os.getpgid(0) != os.getpid() else None\n"
        "def scaled(x, factor):\n    while True: pass",
        scaled=TIMEOUT,
        largest=TIMEOUT,
    ),
    "threads_outlive_the_cell": answer(
        "import threading\ndef spin():\n    while True: pass\n"
        f"for _ in range(3): threading.Thread(target=spin).start()\n{HONEST}",
        scaled=RIGHT,
    ),
    "thread_bomb": answer(
        "import threading, time\ntry:\n    while True: threading.Thread(target=time.sleep, args=(1e6,)).start()\n"
        f"except BaseException: pass\n{HONEST}",
        scaled=RIGHT,
    ),
    "thread_that_ends_it": answer(
        "import threading, os, time\ndef later():\n    time.sleep(0.02)\n    os._exit(3)\n"
        "threading.Thread(target=later).start()\ntime.sleep(0.5)\n" + HONEST,
        scaled=CRASHED,
        largest=("graded", "wrong"),
    ),
    "daemon_below_init": inside(
        "import os\nos.setsid()\nos.execv('/usr/bin/sleep', ['sleep', '1e6'])",
        scaled=("timeout|crashed", "wrong"),
    ),
    # memory, disk, output
    "memory_hog": inside("held = []\nwhile True: held.append(np.empty(1 << 22))", said=("Memory",)),
    "memory_at_once": inside("return np.ones((1 << 18, 1 << 18))", said=("Memory",)),
    "deep_recursion": inside("return scaled(x, factor) + 1", said=("RecursionError",)),
    "deep_recursion_in_c": inside(
        "import sys\nsys.setrecursionlimit(1 << 30)\nx = []\nfor _ in range(2000000): x = [x]\nreturn repr(x)",
        scaled=("graded|crashed|timeout", "wrong"),
    ),
    "disk_filler": inside(
        "n = 0\nwhile True:\n    open(f'/tmp/{n}', 'wb').write(bytes(1 << 20))\n    n += 1", said=("OSError",)
    ),
    "disk_filler_elsewhere": telling(
        "for folder in ('/', '/dev', '/dev/shm', '/usr', '/proc'):\n"
        "    try:\n        open(folder + '/x', 'w').write('x')\n        found += ' wrote in ' + folder\n"
        "    except OSError: pass",
        said=("found nothing",),
    ),
    "one_large_file": inside("open('/tmp/large', 'wb').write(bytes(8 << 20))\nreturn x", said=("OSError",)),
    "files_without_end": inside(
        "held = []\nwhile True: held.append(open('/tmp/x', 'w'))", said=("Too many open files",)
    ),
    "output_flood": inside(
        "for _ in range(300): print('x' * 100_000)\nimport os\nfor _ in range(300): os.write(1, bytes(100_000))\n"
        "return x * factor",
        scaled=RIGHT,
        largest=RIGHT,
    ),
    "enormous_answer": returning("return np.zeros((2000, 2000))", said=("more than 8 MB",)),
    "enormous_text": inside("raise ValueError('x' * 10_000_000)", said=("ValueError",)),
    # tampering with the grader in its own process
    "monkeypatched_numpy": answer(
        "import numpy.testing\nfor name in ('allclose', 'isclose', 'array_equal', 'array_equiv'):\n"
        "    setattr(np, name, lambda *a, **k: True)\nnp.testing.assert_allclose = lambda *a, **k: None\n"
        "np.abs = lambda a: np.zeros(())\ndef scaled(x, factor):\n    return x",
    ),
    "patched_builtins": answer(
        "import builtins\nbuiltins.all = lambda *a: True\nbuiltins.len = lambda a: 2\nbuiltins.max = lambda *a: 0\n"
        "def scaled(x, factor):\n    return x",
        scaled=("graded|crashed", "wrong"),
        largest=("graded|crashed", "right|wrong"),
    ),
    "equal_to_everything": returning(
        "return Same(x)",
        before="class Same(np.ndarray):\n    def __new__(cls, x): return np.asarray(x).view(cls)\n"
        "    def __eq__(self, other): return np.ones(self.shape, bool)\n"
        "    __sub__ = __rsub__ = lambda self, o: 0 * self\n"
        "    def __array__(self, *a, **k): return np.zeros(1)",
    ),
    "tampered_check": answer(
        "import rnncourse.checks, rnncourse.checks as c\nc.check = c.judge = lambda *a, **k: 'right'\n"
        "check = lambda *a: True\ndef scaled(x, factor):\n    return x"
    ),
    "object_answer": returning("return lambda: x", said=("a function",)),
    "cyclic_answer": returning("x = []\nx.append(x)\nreturn x"),
    "nan_and_inf": returning("return x * np.nan"),
    "changes_its_input": returning("x *= factor\nreturn x", said=("changes",)),
    "pickle_bomb": returning(
        "return Bomb()",
        before="class Bomb:\n    def __reduce__(self):\n        import os\n        return os.system, ('touch /tmp/x',)",
        said=("an object of type Bomb",),
    ),
    # values and errors that deceive whoever looks at them
    "many_axes": returning("return x.reshape((1,) * 20 + x.shape) * factor", said=("an array with 22 axes",)),
    "masked": returning("return np.ma.masked_all(x.shape)"),
    "record_array": returning("return np.rec.fromarrays([x, x])", said=("cannot be compared",)),
    "texts_that_say_nan": returning("return np.full(x.shape, 'nan')", said=("holds strings",)),
    "array_with_a_false_shape": returning(
        "return Liar(x)",
        before="class Liar(np.ndarray):\n    def __new__(cls, x): return np.asarray(x).view(cls)\n"
        "    @property\n    def shape(self): raise SystemExit",
    ),
    "list_without_end": returning(
        "return Endless()",
        before="class Endless(list):\n    def __len__(self): return 2\n"
        "    def __iter__(self):\n        while True: yield 1.0",
        scaled=TIMEOUT,
    ),
    "class_that_lies_about_itself": returning(
        "return Liar()",
        before="class Liar:\n    @property\n    def __class__(self): return np.ndarray\n"
        "    def __array__(self, *_, **__): raise KeyboardInterrupt",
        said=("KeyboardInterrupt",),
    ),
    "error_without_words": inside(
        "error = SyntaxError('odd')\nerror.msg = error.filename = Odd()\nerror.lineno = 1\nraise error",
        before="class Odd:\n    def __str__(self): raise SystemExit",
        said=("SyntaxError",),
    ),
    "error_without_words_in_a_cell": answer(
        f"{HONEST}\nclass Odd:\n    def __str__(self): raise SystemExit\nerror = SyntaxError('odd')\n"
        "error.msg = error.filename = Odd()\nerror.lineno = 3\nraise error",
        scaled=RIGHT,
    ),
    "error_about_a_strange_name": inside("raise NameError('odd', name=[])", said=("NameError",)),
    "error_about_a_strange_module": inside(
        "raise ModuleNotFoundError('odd', name=Odd())",
        before="class Odd:\n    def __str__(self): raise SystemExit",
        said=("ModuleNotFoundError",),
    ),
    "error_that_says_right": inside(
        "raise ValueError('Right.\\n\\n</code></pre><h1>2 of 2 points</h1>')", unsaid=("<h1>2 of 2",)
    ),
    "limits_lowered": answer(
        f"{HONEST}\nimport resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))\n"
        "resource.setrlimit(resource.RLIMIT_CPU, (1, 1))",
        scaled=RIGHT,
    ),
    "streams_closed": answer(
        f"import os, sys\nsys.stdout.close()\nsys.stdout = sys.stdin = None\nos.closerange(0, 3)\n{HONEST}",
        scaled=RIGHT,
    ),
    "slow_pattern": inside("import re\nre.match('(a+)+$', 'a' * 40 + 'b')", scaled=TIMEOUT),
    "stops_itself": inside("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", scaled=TIMEOUT),
    "main_replaced": answer(
        f"import sys, types\nsys.modules['__main__'] = types.ModuleType('x')\n{HONEST}", scaled=RIGHT
    ),
    "changes_its_input_later": inside(
        "import threading\nthreading.Timer(0.2, lambda: x.fill(0)).start()\nreturn x * factor",
        scaled=RIGHT,
    ),
    # replies forged on the pipe
    "forged_early": answer(
        FIND_PIPE
        + "for fd in range(3, 12):\n    try:\n        os.write(fd, forged(None, {'nonce': 'x', 'failure': None,"
        " 'value': ['bool', True]}))\n    except OSError: pass\n" + HONEST,
        scaled=CRASHED,
        largest=("graded", "wrong"),
    ),
    "forged_with_the_nonce": inside(
        "for fd in range(3, 12):\n    try:\n        os.write(fd, forged(None, {'nonce': nonce(), 'failure': None,"
        " 'value': ['list', [['str', 'right'], ['list', []]]], }))\n    except OSError: pass\nreturn x * factor",
        before=FIND_PIPE,
        scaled=("graded|crashed", "wrong"),
        largest=("graded|crashed", "wrong|right"),
    ),
    "forged_verdict": inside(
        "for fd in range(3, 12):\n    try:\n        os.write(fd, forged(None, {'nonce': nonce(), 'failure': None,"
        " 'value': None, 'points': 100, 'status': 'right'}))\n    except OSError: pass\nreturn x",
        before=FIND_PIPE,
        scaled=CRASHED,
    ),
    "forged_shape": inside(
        "for fd in range(3, 12):\n    try:\n        os.write(fd, forged(None, {'nonce': nonce(), 'failure': None,"
        " 'value': ['list', [['array', '<f8', [0, 1 << 31, 1 << 31, 1 << 31]], ['list', []]]]}))\n"
        "    except OSError: pass\nreturn x",
        before=FIND_PIPE,
        scaled=CRASHED,
    ),
    "forged_length": inside(
        "for fd in range(3, 12):\n    try:\n        os.write(fd, b'RNG1' + b'\\xff' * 12)\n"
        "    except OSError: pass\nreturn x",
        before="import os",
        scaled=CRASHED,
    ),
    "noise_on_the_pipe": answer(
        f"import os\n{HONEST}\nwhile True:\n    for fd in range(3, 12):\n        try: os.write(fd, os.urandom(4096))\n"
        "        except OSError: pass",
        scaled=CRASHED,
        largest=("graded", "wrong"),
    ),
    "closed_pipe": inside("import os\nos.closerange(0, 64)\nreturn x * factor", scaled=CRASHED),
    "reads_the_pipe": returning(
        "import os\nfor fd in range(3, 12):\n    try:\n        os.set_blocking(fd, False)\n"
        "        os.read(fd, 1 << 20)\n"
        "    except OSError: pass\nreturn x",
        scaled=("graded|crashed", "wrong"),
        largest=("graded|crashed", "right|wrong"),
    ),
    # reading what is not theirs
    "reads_home": telling(
        "found = [os.listdir(p) for p in (os.path.expanduser('~'), '/root', '/home') if os.path.exists(p)]",
        unsaid=(".bashrc", ".ssh", ".cache", ".config"),
    ),
    "reads_environment": telling(
        "found = str(dict(os.environ))\nfor one in os.listdir('/proc'):\n    if one.isdigit():\n"
        "        try: found += open(f'/proc/{one}/environ').read()\n        except OSError: pass"
    ),
    "reads_secrets": telling("found = open('SECRETS/tasks.py').read()", said=("FileNotFoundError",)),
    "reads_other_students": telling(
        "found = os.listdir('SECRETS/../submissions')", said=("FileNotFoundError",)
    ),
    "reads_references": telling(
        "import rnncourse, rnncourse.checks as c\nhere = os.path.dirname(rnncourse.__file__)\n"
        "found = [os.listdir(here + '/' + part) for part in ('checks', 'grading', '_shipped', '../solutions')"
        " if os.path.exists(here + '/' + part)]",
        unsaid=("registry", "judging", "marking", "03_"),
    ),
    "imports_references": telling("from rnncourse.checks import registry\nfound = registry.task('rnn_step')"),
    "looks_for_references": telling(
        "import gc\nfound = [k for k in sys.modules if 'judg' in k or 'registry' in k or 'tasks' == k]"
        "\nfound += [o for o in gc.get_objects() if isinstance(o, str) and 'canary' in o and 'in o' not in o][:3]",
    ),
    "network": telling(
        "import socket\nfound = socket.create_connection(('127.0.0.1', PORT), 1).recv(99)",
        said=("found OSError",),
    ),
    "name_lookup": telling("import socket\nfound = socket.gethostbyname('example.org')", said=("gaierror",)),
    "escapes_the_namespace": telling(
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "found = [libc.unshare(0x10000000), libc.setns(0, 0), libc.mount(b'/', b'/tmp', b'', 4096, 0)]\n"
        "found.append(libc.ptrace(16, 1, 0, 0))",
        said=("[-1, -1, -1, -1]",),
    ),
    "many_empty_files": telling(
        "n = 0\nwhile True:\n    open(f'/tmp/{n}', 'w').close()\n    n += 1",
        before="import os, sys",
        said=("found OSError",),
    ),
    "virtual_machines_socket": telling(
        "import socket\nfound = socket.socket(40, socket.SOCK_STREAM)", said=("found OSError",)
    ),
    "secret_memory": telling(
        "import ctypes\nfound = [ctypes.CDLL(None).syscall(n, 0, 0, 0, 0, 0) for n in (319, 447, 425, 29)]"
        if platform.machine() == "x86_64"
        else "found = [-1, -1, -1, -1]",
        said=("[-1, -1, -1, -1]",),
    ),
    "leaves_its_core": telling("os.sched_setaffinity(0, range(64))", said=("found PermissionError",)),
    "steals_its_own_reply": returning(
        "for n in range(3, 12):\n    try:\n        held = os.open(f'/proc/self/fd/{n}', os.O_RDWR | os.O_NONBLOCK)\n"
        "        os.read(held, 1 << 20)\n    except OSError: pass\nreturn x * factor",
        before="import os",
        scaled=RIGHT,
    ),
    "sees_what_the_grader_forbids_from_files": telling(
        "import glob\nroot = os.path.dirname(np.__file__) + '/../torch'\nfound = sorted(os.listdir(root))[:3]",
        unsaid=("_C.", "autograd", "functional"),
    ),
    "becomes_root": telling("os.setuid(0)\nfound = 'root'", said=("found PermissionError",)),
    "reads_through_proc": telling(
        "found = []\nfor way in ('self/root', '1/root', f'{os.getppid()}/root', 'self/cwd/..', 'thread-self/root'):\n"
        "    for folder in ('/', '/root', '/home', '/var', '/etc', '/work', '/srv'):\n"
        "        try: there = set(os.listdir(f'/proc/{way}{folder}'))\n        except OSError: continue\n"
        "        found += there - set(os.listdir(folder) if os.path.exists(folder) else ())",
        said=("found []",),
    ),
    "writes_through_proc": telling(
        "for path in ('/proc/1/mem', '/proc/self/oom_score_adj', '/proc/sys/kernel/core_pattern',\n"
        "             '/proc/sysrq-trigger', '/sys/fs/cgroup/cgroup.procs', '/dev/mem', '/dev/kmsg'):\n"
        "    try:\n        with open(path, 'r+b', buffering=0) as file:\n            file.write(b'-1000')\n"
        "        found += ' wrote ' + path\n    except OSError: pass",
        said=("found nothing",),
    ),
    "spawns_without_fork": telling(
        "found = os.posix_spawn('/usr/bin/id', ['id'], {})", said=("found PermissionError",)
    ),
    "looks_for_answers_in_every_file": telling(
        # The environment may be below /tmp, as in CI, and has more files than a call has time to list.
        "import rnncourse\nhere = os.path.dirname(rnncourse.__file__)\nfound = []\n"
        "for root in (here, here + '/../solutions', here + '/../exercises', '/tmp', '/dev/shm'):\n"
        "    for folder, below, names in os.walk(root):\n"
        "        below[:] = [n for n in below if os.path.join(folder, n) != sys.prefix]\n"
        "        found += [n for n in names if n.endswith('_exercises.ipynb') or n in\n"
        "                  ('answers.json', 'statements.json', 'run.json', 'judging.py', 'ch03.py')]",
        said=("found []",),
    ),
    # threads that a cell has started, while later cells run and later functions are called
    "thread_reads_frames_later": answer(
        "import sys, threading, time\nfound = set()\ndef look():\n    while True:\n"
        "        for frame in [*sys._current_frames().values()]:\n            while frame:\n"
        "                found.update(k for k in [*frame.f_locals, *frame.f_globals]\n"
        "                             if k in ('expected', 'reference', 'verdict', 'outcome', 'judge', 'Task'))\n"
        "                frame = frame.f_back\n        time.sleep(0.001)\n"
        "threading.Thread(target=look, daemon=True).start()\n"
        "def scaled(x, factor):\n    time.sleep(0.2)\n    raise ValueError(f'found {sorted(found)}')",
        largest=("graded", "wrong"),
        said=("found []",),
    ),
    "thread_changes_another_answer": answer(
        "import threading, time\ndef change():\n    while 'running' not in globals():\n        time.sleep(0.001)\n"
        "    globals()['running'] = lambda x: x\n"
        f"threading.Thread(target=change, daemon=True).start()\n{HONEST}",
        scaled=RIGHT,
        running=("graded", "right|wrong"),
    ),
    "thread_patches_the_worker_later": answer(
        "import gc, sys, threading, time\ndef patch():\n    time.sleep(0.05)\n"
        "    for one in gc.get_objects():\n        if type(one).__name__ == 'Pipe':\n"
        "            type(one).send = lambda self, header, raw=b'': old(self, {**header, 'value': ['bool', True]})\n"
        "old = next(type(o).send for o in gc.get_objects() if type(o).__name__ == 'Pipe')\n"
        "threading.Thread(target=patch, daemon=True).start()\n"
        "def scaled(x, factor):\n    time.sleep(0.2)\n    return x",
        scaled=("graded|crashed", "wrong"),
        running=("graded|crashed", "right|wrong"),
        largest=("graded|crashed", "right|wrong"),
    ),
    "thread_that_keeps_the_lock": answer(
        "import re, threading, time\nslow = '(a+)+$', 'a' * 40 + 'b'\n"
        f"threading.Thread(target=re.match, args=slow, daemon=True).start()\ntime.sleep(0.1)\n{HONEST}",
        scaled=("timeout|crashed", "wrong"),
        largest=("graded|timeout", "wrong"),
    ),
    "ended_by_a_watchdog": answer(
        f"import faulthandler\n{HONEST}\n"
        "faulthandler.dump_traceback_later(0.01, exit=True, file=open('/tmp/x', 'w'))\n"
        "import time\ntime.sleep(0.5)",
        scaled=CRASHED,
        largest=("graded", "wrong"),
    ),
    "tools_of_check_patched": Trial(
        lambda _: notebook(
            running="import sys, torch\nsys.modules['watching'].Watch.__enter__ = lambda self: self\n"
            "sys.modules['watching'].Watch.__exit__ = lambda *_: None\n"
            "def running(x):\n    return torch.cumsum(torch.from_numpy(x), 0).numpy()"
        ),
        RIGHT,
        FORBIDDEN,
    ),
    "time_limit_patched": answer(
        "import sys\nfor name in ('__enter__', '__exit__', '_stop', '_look', '_over'):\n"
        "    setattr(sys.modules['stopping'].TimeLimit, name, lambda self, *_: None)\n"
        "def scaled(x, factor):\n    while True: pass",
        scaled=TIMEOUT,
        largest=TIMEOUT,
    ),
    "clock_patched": inside(
        "while True: pass",
        before="import time\ntime.monotonic = time.process_time = time.perf_counter = lambda: 0.0",
        scaled=TIMEOUT,
        largest=TIMEOUT,
    ),
    "json_patched": answer(
        'import json\njson.dumps = lambda *_, **__: \'{"nonce": "x", "failure": null, "value": ["bool", true]}\'\n'
        "def scaled(x, factor):\n    return x",
        scaled=CRASHED,
        largest=("graded", "wrong"),
    ),
    "hash_that_never_ends": inside(
        "return {Slow(): 1}",
        before="class Slow(str):\n    def __hash__(self):\n        while True: pass",
        scaled=TIMEOUT,
    ),
    "key_whose_text_never_ends": returning(
        "return {Slow('a'): x}",
        before="class Slow(str):\n    def __str__(self):\n        while True: pass",
        scaled=TIMEOUT,
    ),
    "collector_that_ends_it": answer(
        f"import gc, os\n{HONEST}\ngc.callbacks.append(lambda phase, _: os._exit(0))\ngc.collect()",
        scaled=CRASHED,
        largest=("graded", "wrong"),
    ),
    "hides_that_it_shares_memory": answer(
        f"import sys\nsys.modules['sharing'].share_memory = lambda *_: 'no'\n{HONEST}",
        scaled=("graded|crashed", "wrong|right"),
        largest=("graded|crashed", "wrong|right"),
        running=("graded|crashed", "wrong|right"),
    ),
    # what may not be used
    "forbidden_name": Trial(
        lambda _: notebook(running="def running(x):\n    return np.cumsum(x, axis=0)"),
        RIGHT,
        FORBIDDEN,
        said=("np.cumsum",),
    ),
    "forbidden_import": Trial(
        lambda _: notebook(running="from numpy import cumsum as c\ndef running(x):\n    return c(x, axis=0)"),
        RIGHT,
        FORBIDDEN,
    ),
    "forbidden_alias": Trial(
        lambda _: notebook(running="n = np\nf = n.cumsum\ndef running(x):\n    return f(x, axis=0)"),
        RIGHT,
        FORBIDDEN,
    ),
    # torch.nn.LSTM is forbidden, so that torch is withheld
    "withheld_getattr": Trial(
        lambda _: notebook(
            running="import torch\ndef running(x):\n"
            "    return getattr(torch, 'cum' + 'sum')(torch.from_numpy(x), 0).numpy()"
        ),
        RIGHT,
        FORBIDDEN,
        said=("is not available: this task is to write it yourself",),
    ),
    "withheld_in_another_answer": Trial(
        lambda _: notebook(
            scaled=HONEST
            + "import torch\ndef helper(x):\n    return torch.cumsum(torch.from_numpy(x), 0).numpy()",
            running="def running(x):\n    return helper(x)",
        ),
        RIGHT,
        FORBIDDEN,
    ),
    "withheld_and_caught": Trial(
        lambda _: notebook(
            running="import torch\ndef running(x):\n    try:\n        return torch.cumsum(x, 0)\n"
            "    except ImportError:\n        return np.stack([x[:t + 1].sum(axis=0) for t in range(len(x))])"
        ),
        RIGHT,
        FORBIDDEN,
    ),
    "withheld_and_unused": Trial(
        lambda _: notebook(running=f"import torch\ntorch.manual_seed(0)\n{ANSWERS['running']}"),
        RIGHT,
        said=("`torch` is not available here; the lines of your cell that need it were left out.",),
    ),
    # of a function that only its name forbids, another name is not looked through, and the guide says so
    "function_by_another_name": Trial(
        lambda _: notebook(running="def running(x):\n    return getattr(np, 'cum' + 'sum')(x, axis=0)"), RIGHT
    ),
    "a_very_long_answer": Trial(
        lambda _: notebook(running="#" * 60_000), RIGHT, MISSING, said=("60000 characters",)
    ),
    # notebooks that were changed
    "edited_checks": Trial(
        lambda _: _with(
            notebook(scaled="def scaled(x, factor):\n    return x"), "scaled-check", "print('right')"
        )
    ),
    "edited_checksums_and_points": Trial(
        lambda _: changed("scaled-check", points=1000, checksum="0" * 32),
        RIGHT,
        said=("Points were changed",),
    ),
    "points_of_a_strange_kind": Trial(lambda _: changed("scaled-check", points="=1e999"), RIGHT),
    "edited_locked_cell": Trial(
        lambda _: _with(notebook(), "given", "def given(x):\n    raise SystemExit"),
        RIGHT,
        said=("given differs from this edition's",),
    ),
    "deleted_locked_cell": Trial(lambda _: without("setup"), RIGHT, said=("setup was deleted",)),
    "duplicated_cell": Trial(
        lambda _: twice("scaled", "def scaled(x, factor):\n    return x + factor"),
        said=("2 times; the last one counts", "You add where you should multiply"),
    ),
    "duplicated_alike": Trial(lambda _: twice("scaled", HONEST), RIGHT, said=("they are alike",)),
    "deleted_cell": Trial(lambda _: without("running"), RIGHT, MISSING, said=("was deleted",)),
    "lost_mark": Trial(
        lambda _: _without_marks(notebook(), "running"),
        RIGHT,
        MISSING,
        said=("A cell of your own defines running",),
    ),
    "turned_to_markdown": Trial(
        lambda _: _with(notebook(), "running", ANSWERS["running"], cell_type="markdown"), RIGHT, MISSING
    ),
    "wrong_metadata": Trial(
        lambda _: changed("running", solution=False, grade=True, locked="yes"), RIGHT, said=("metadata",)
    ),
    "grade_id_no_text": Trial(lambda _: changed("running", grade_id=["running"]), RIGHT, MISSING),
    "swapped_ids": Trial(lambda _: _swapped(notebook(), "scaled", "running"), RIGHT),
    "own_cells": Trial(
        lambda _: _extra(
            notebook(running="def running(x):\n    return mine(x)"),
            ANSWERS["running"].replace("running", "mine"),
        ),
        RIGHT,
        said=("A code cell of your own was run as well",),
    ),
    "not_written": Trial(
        lambda _: notebook(
            scaled="def scaled(x, factor):\n    raise NotImplementedError  # your lines go here",
            why="YOUR ANSWER HERE",
        ),
        largest=("graded", "wrong"),
        why=MISSING,
        said=("Not written",),
    ),
    "syntax_error": answer(
        "def scaled(x, factor)\n    return x",
        largest=("graded", "wrong"),
        said=("SyntaxError", "def scaled(x, factor)"),
    ),
    "null_bytes": answer("def scaled(x, factor):\n    return x\x00", largest=("graded", "wrong")),
    "magics": answer(
        f"%matplotlib inline\n!pip install torch\n{HONEST}", scaled=RIGHT, said=("were not run",)
    ),
    "error_after_the_function": answer(
        f"{HONEST}\nassert False, 'a trial of my own'", scaled=RIGHT, said=("stopped after",)
    ),
    # injection
    "html_injection": inside(
        "raise ValueError('<script>alert(1)</script><img src=x onerror=alert(2)>')",
        before="# </pre><script>alert(3)</script>",
        unsaid=("<script>alert", "<img src=x"),
    ),
    "formula_injection": inside(
        "raise E('=1+1')", before="class E(ValueError): pass\nE.__name__ = '=HYPERLINK(\"x\")'"
    ),
    "control_characters": inside(
        r"raise ValueError('\x1b[31m\x00\ud800\u202e' + 'x')", unsaid=("\x1b", "\x00")
    ),
    # files that are no notebooks
    "invalid_json": wholly("unreadable", b'{"cells": [', "not JSON"),
    "empty_file": wholly("unreadable", b"", "is empty"),
    "binary_file": wholly("unreadable", bytes(range(256)) * 10, "not JSON"),
    "json_but_no_notebook": wholly("unreadable", b"[1, 2, 3]", "not a notebook"),
    "wrong_nbformat": wholly("unreadable", lambda _: notebook() | {"nbformat": 3}, "nbformat is 3"),
    "cells_of_a_wrong_kind": wholly(
        "unreadable", lambda _: notebook() | {"cells": {"a": 1}}, "no list of cells"
    ),
    "deep_json": wholly("unreadable", b"[" * 200_000 + b"]" * 200_000, "nested too deeply"),
    "enormous_number": wholly("unreadable", b'{"nbformat": ' + b"9" * 10_000 + b"}", "not JSON"),
    "too_many_megabytes": wholly("unreadable", b" " * (129 << 20), "larger than 128 MB"),
    "strange_cells": Trial(
        lambda _: notebook() | {"cells": [None, 7, {}, {"metadata": 3, "source": 4}, *notebook()["cells"]]},
        RIGHT,
    ),
    "byte_order_mark": Trial(
        lambda _: b"\xef\xbb\xbf" + _bytes(notebook()), RIGHT, said=("byte order mark",)
    ),
    "utf_16": Trial(lambda _: _bytes(notebook()).decode().encode("utf-16"), RIGHT, said=("UTF-16",)),
    "latin_1": Trial(
        lambda _: json.dumps(notebook(scaled=f"# größer\n{HONEST}"), ensure_ascii=False).encode("latin-1"),
        RIGHT,
        said=("Latin-1",),
    ),
    # honest ones, so that the others can be told from them
    "honest": Trial(lambda _: notebook(), RIGHT),
    "named_mistake": Trial(
        lambda _: notebook(scaled="def scaled(x, factor):\n    return x / factor"), said=("You divide",)
    ),
    "lists_of_lines": Trial(lambda _: _in_lines(notebook()), RIGHT),
    "explained": Trial(lambda _: notebook(why=WHY + " <b>Really</b>"), RIGHT, unsaid=("<b>Really",)),
}


def _bytes(whole: dict[str, Any]) -> bytes:
    return json.dumps(whole).encode()


def _with(whole: dict[str, Any], name: str, source: str, **fields: Any) -> dict[str, Any]:
    cell_of(whole, name).update(source=source, **fields)
    return whole


def _without_marks(whole: dict[str, Any], name: str) -> dict[str, Any]:
    cell_of(whole, name)["metadata"] = {}
    return whole


def _swapped(whole: dict[str, Any], one: str, other: str) -> dict[str, Any]:
    a, b = cell_of(whole, one), cell_of(whole, other)
    a["source"], b["source"] = b["source"], a["source"]
    return whole


def _extra(whole: dict[str, Any], source: str) -> dict[str, Any]:
    cell = {
        "cell_type": "code",
        "id": "x",
        "metadata": {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }
    whole["cells"].insert(2, cell)
    return whole


def _in_lines(whole: dict[str, Any]) -> dict[str, Any]:
    for cell in whole["cells"]:
        cell["source"] = cell["source"].splitlines(True)
    return whole
