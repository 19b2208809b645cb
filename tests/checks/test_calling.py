"""Learners' functions that misbehave: the kernel lives on, and a kind word is said."""

from __future__ import annotations

import gc
import math
import signal
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest
import torch
from checks.examples import ZIGZAG, zigzag

from rnncourse.checks import calling, examine
from rnncourse.checks.calling import PRINTED, as_plain, call
from rnncourse.checks.failure import Failure, TimedOut, Unusable
from rnncourse.checks.forbidden import forbidden_in, known_names
from rnncourse.checks.task import Case

NOTHING = Case(())


def forever():
    while True:
        pass


def forever_in_spite_of_errors():
    while True:
        try:  # noqa: SIM105
            time.sleep(0.001)
        except:  # noqa: E722 - a learner may write this
            pass


def prints_forever():
    while True:
        print("still here")


LOOPS = [forever, forever_in_spite_of_errors, prints_forever]


@pytest.mark.parametrize("loop", LOOPS, ids=lambda f: f.__name__)
def test_a_loop_without_end_is_stopped(loop, capsys):
    before = signal.getsignal(signal.SIGALRM)
    start = time.perf_counter()
    answer = call(loop, NOTHING, 0.2)
    assert answer.value == TimedOut(0.2)
    assert time.perf_counter() - start < 2
    assert len(answer.printed) < PRINTED + 50
    assert signal.getsignal(signal.SIGALRM) == before and signal.getitimer(signal.ITIMER_REAL)[0] == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("loop", [forever, prints_forever], ids=lambda f: f.__name__)
def test_without_signals_the_clock_is_watched(loop, monkeypatch):
    """As on Windows, where there is no setitimer."""
    monkeypatch.delattr(signal, "setitimer")
    assert call(loop, NOTHING, 0.2).value == TimedOut(0.2)
    assert sys.gettrace() is None or sys.gettrace().__module__ != calling.__name__
    assert call(lambda: 3, NOTHING, 0.2).value == 3


def test_another_thread_has_a_time_limit_too():
    answers = []
    thread = threading.Thread(target=lambda: answers.append(call(forever, NOTHING, 0.2)))
    thread.start()
    thread.join(5)
    assert answers[0].value == TimedOut(0.2)


SLOW_TO_LOAD = """
import time
end = time.perf_counter() + 0.5
while time.perf_counter() < end:
    pass
"""


@pytest.mark.parametrize("signals", [True, False])
def test_loading_a_module_does_not_count_and_is_not_stopped(signals, tmp_path, monkeypatch):
    """PyTorch, stopped halfway, would end the process when it is imported again."""
    name = f"slow_to_load_{signals}"
    (tmp_path / f"{name}.py").write_text(SLOW_TO_LOAD, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    if not signals:
        monkeypatch.delattr(signal, "setitimer")
    assert call(lambda: __import__(name).end > 0, NOTHING, 0.2).value is True
    assert call(lambda: (__import__(name), forever()), NOTHING, 0.2).value == TimedOut(0.2)


def told(function) -> str:
    return examine(ZIGZAG, function, np.random.default_rng(0)).text()


def test_the_verdict_on_a_loop_comes_after_one_time_limit_and_the_next_check_works():
    start = time.perf_counter()
    text = told(lambda x, s: forever())
    assert time.perf_counter() - start < 1.5 * ZIGZAG.seconds + 0.5
    assert "had not finished after 0.3 seconds and was stopped" in text and "while" in text
    assert told(zigzag).startswith("zigzag: Right.")


def test_printing_is_kept_from_the_page_and_cut(capsys):
    def chatty(x, start):
        print("state", x.shape)
        print("x" * 10**6)
        return None

    text = told(chatty)
    assert "It printed:\n    state (5, 3, 2)" in text and "… and more" in text
    assert len(text) < 1000 and text.count("\n") < 20
    assert capsys.readouterr().out == ""

    def chatty_and_right(x, start):
        print("state")
        return zigzag(x, start)

    assert "printed" not in told(chatty_and_right)


def helper(x):
    return x @ x


def test_an_error_is_told_with_the_learners_own_line():
    code = "def f(x, start):\n    y = 1\n    return helper(x) + undefined\n"
    import linecache

    linecache.cache["<cell 7>"] = (len(code), None, code.splitlines(keepends=True), "<cell 7>")
    namespace = {"helper": helper}
    exec(compile(code, "<cell 7>", "exec"), namespace)
    text = told(namespace["f"])
    assert "stopped with ValueError in line 3 of its cell, at helper(x): (5, 3, 2) @ (5, 3, 2)" in text
    assert "as many columns in a as rows in b" in text
    assert "Traceback" not in text and "test_checks" not in text


def raises(error):
    def answer(x, start):
        raise error

    return answer


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            ValueError("operands could not be broadcast together with shapes (3,) (4,)"),
            "combined entry by entry",
        ),
        (KeyError("W_hx"), "no such key"),
        (NameError("name 'hh' is not defined"), "has not been defined"),
        (IndexError("index 5 is out of bounds"), "one step too far"),
        (TypeError("f() takes 1 positional argument but 2 were given"), "first line of your function"),
        (
            TypeError("only integer scalar arrays can be converted to a scalar index"),
            "must be a whole number",
        ),
        (np.exceptions.AxisError("axis 2 is out of bounds for array of dimension 2"), "fewer axes"),
        (RecursionError("maximum recursion depth exceeded"), "again and again"),
        (ZeroDivisionError("division by zero"), "divided by zero"),
        (AttributeError("'NoneType' object has no attribute 'T'"), "forget its return"),
        (AttributeError("'list' object has no attribute 'T'"), "no such method"),
        (ModuleNotFoundError("No module named 'x'"), "NumPy only"),
        (SystemExit(1), "returns its answer with return"),
        (AssertionError(), "stopped with AssertionError"),
        (ValueError("The truth value of an array with more than one element is ambiguous"), "np.where"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_errors_are_explained(error, words):
    text = told(raises(error))
    assert words in text and text.startswith("zigzag: Not yet.\n")


def test_addresses_are_left_out():
    text = told(raises(ValueError("<object at 0x7f1234567890> is no array")))
    assert "<object> is no array" in text


def test_a_real_endless_recursion_is_survived():
    def f(x, start):
        return f(x, start)

    assert "calls itself again and again" in told(f)


def test_ctrl_c_still_gets_through():
    with pytest.raises(KeyboardInterrupt):
        told(raises(KeyboardInterrupt()))


def test_what_is_no_plain_data_is_named():
    assert "a torch tensor" in told(lambda x, start: torch.zeros(3)) and "detach" in told(
        lambda x, s: torch.ones(1)
    )
    assert "a tuple that holds a torch tensor" in told(lambda x, start: (torch.zeros(3), x))
    assert "a generator" in told(lambda x, start: (one for one in x))
    assert "a function" in told(lambda x, start: zigzag)
    assert "a object" not in told(lambda x, start: object())
    assert "an object of type set" in told(lambda x, start: {1})


def test_plain_data_passes_and_numpy_numbers_become_arrays():
    assert as_plain([1, "a", None, {"b": (2.0, True)}]) == [1, "a", None, {"b": (2.0, True)}]
    one = as_plain(np.float32(2))
    assert isinstance(one, np.ndarray) and one.dtype == np.float32
    assert as_plain(np.array([object()])) == Unusable("an array of Python objects")
    assert as_plain(np.zeros(3, dtype=[("a", int), ("b", float)])) == Unusable("an array of type void")
    assert as_plain(np.datetime64("2020-01-01")) == Unusable("an array of type datetime64")
    assert as_plain(np.broadcast_to(1.0, (10**6, 10**6))) == Unusable("an array of shape (1000000, 1000000)")


def test_the_function_gets_copies():
    case = Case((np.ones(3), {"W": np.ones(2)}, [np.ones(1)]))

    def spoil(a, p, several):
        a[:] = 0
        p["W"][:] = 0
        several[0][:] = 0
        p["new"] = 1

    answer = call(spoil, case, 1)
    assert (
        case.args[0].all() and case.args[1]["W"].all() and case.args[2][0].all() and "new" not in case.args[1]
    )
    assert not answer.after[0].any()


def unwritten(x):
    raise NotImplementedError


def test_an_unwritten_helper_is_named():
    text = told(lambda x, start: unwritten(x))
    assert "calls unwritten, which is not written yet. Begin with that one." in text


def test_a_result_in_place_of_the_function():
    text = examine(ZIGZAG, np.zeros(3)).text()
    assert 'check("zigzag", zigzag), without parentheses' in text


KNOWN = {"nn": "torch.nn", "in_numpy": "rnncourse.in_numpy", "np": "numpy"}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("h = nn.LSTM(3, 4)", ["nn.LSTM"]),
        ("import torch\nh = torch.nn.LSTM(3, 4)", ["torch.nn.LSTM"]),
        ("from torch.nn import LSTM as L\nh = L(3, 4)", ["L"]),
        ("import torch.nn as t\nt.LSTM", ["t.LSTM"]),
        ("in_numpy.rnn_step(x)", ["in_numpy.rnn_step"]),
        ("np.tanh(x)", []),
        ("LSTM = 3", []),
        ("[x[nn] for nn in range(3)]", []),
        ("def f(nn):\n    return nn.LSTM", []),
        ("def f(torch):\n    return torch.nn", []),
        ("import torch as np\ndef f(x, in_numpy):\n    return np.nn.LSTM(in_numpy)", ["np.nn.LSTM"]),
        ("m = nn\nm.LSTM(3, 4)", ["nn"]),
        ("'nn.LSTM'", []),
        ("def f(:", []),
    ],
)
def test_forbidden_names_are_found(source, found):
    assert forbidden_in(source, ("torch.nn", "rnncourse.in_numpy"), KNOWN) == found


def test_names_are_known_by_where_they_were_defined():
    from rnncourse.in_numpy import rnn_step

    known = known_names({"step": rnn_step, "t": torch.nn, "L": torch.nn.LSTM, "x": 3})
    assert known == {
        "step": "rnncourse.in_numpy.cells.rnn_step",
        "t": "torch.nn",
        "L": "torch.nn.modules.rnn.LSTM",
    }
    assert forbidden_in("step(x)", ("rnncourse.in_numpy",), known) == ["step"]
    assert forbidden_in("L(3)", ("torch.nn.LSTM",), known) == ["L"]


def test_the_checks_are_imported_without_torch_or_matplotlib():
    heavy = "{'torch', 'matplotlib', 'IPython'}"
    code = f"import sys, rnncourse.checks as c; c.registry.tasks(); print({heavy} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_warnings_stay_off_the_page():
    def warns():
        warnings.warn("odd", stacklevel=1)
        return float(np.log(np.zeros(1))[0])

    with warnings.catch_warnings(record=True) as seen, np.errstate(all="raise"):
        warnings.simplefilter("always")
        answer = call(warns, Case(()), 1.0)
    assert (answer.value, answer.printed, seen) == (-np.inf, "", [])


class Mute(Exception):
    def __str__(self):
        return 1 / 0


class Silent:
    def __str__(self):
        return 1 / 0


def test_an_error_that_cannot_say_what_it_is_gets_a_verdict():
    def answer(x, start):
        raise Mute

    assert "zigzag stopped with Mute in line" in told(answer)


@pytest.mark.parametrize("odd", ["\udc80", "before \ud800 after"])
def test_half_characters_do_not_get_onto_the_page(odd):
    def raises(x, start):
        raise ValueError(odd)

    def prints(x, start):
        print(odd)

    for verdict in (
        examine(ZIGZAG, raises),
        examine(ZIGZAG, prints),
        examine(ZIGZAG, lambda x, start: {odd: x}),
    ):
        assert verdict.status == "wrong"
        assert verdict.text().encode() and verdict.html().encode()
    assert odd.encode("utf-8", "backslashreplace").decode() in examine(ZIGZAG, raises).text()


def test_keys_that_are_no_plain_data_are_not_looked_at():
    verdict = examine(ZIGZAG, lambda x, start: {Silent(): x})
    assert verdict.mistake == "unusable"


def test_after_a_timeout_the_function_is_not_called_again():
    calls = []

    def slow(x, start):
        calls.append(1)
        forever()

    assert examine(ZIGZAG, slow).mistake == "timeout"
    assert len(calls) == 1 < len(ZIGZAG.cases(np.random.default_rng(0)))


def test_the_line_that_is_told_is_the_last_of_the_cell():
    def helper(x):
        return x["no such key"]

    def answer(x, start):
        return helper({"x": x})

    line = helper.__code__.co_firstlineno + 1
    assert f'in line {line} of its cell, at x["no such key"]' in told(answer)


def test_little_of_what_is_printed_is_kept():
    sink = calling._Cut(PRINTED)
    for _ in range(100):
        sink.write("x" * 1_000)
    assert sum(map(len, sink.kept)) == PRINTED and sink.text().endswith("… and more")


def test_a_product_that_does_not_fit_is_told_without_numpys_signature():
    text = told(lambda x, start: np.ones((3, 5)) @ np.ones((3, 4)))
    assert "the left array has 5 columns and the right one 3 rows" in text and "gufunc" not in text


@pytest.mark.parametrize(
    ("fails", "words"),
    [
        (lambda x, start: np.array([[1, 2], [3]]), "pieces of different shapes"),
        (lambda x, start: np.stack([np.ones(2), np.ones(3)]), "arrays of one shape"),
        (lambda x, start: np.concatenate([np.ones((2, 3)), np.ones((2, 4))]), "joins arrays along one axis"),
        (lambda x, start: math.exp(np.ones(3)), "A single number is needed"),
        (lambda x, start: np.ones(3) | np.ones(3) > 0, "parentheses around comparisons"),
        (
            lambda x, start: np.zeros(3, dtype=int).__iadd__(0.5),
            "a float cannot be put into an array of ints",
        ),
        (lambda x, start: np.ones(3)[1.5], "must be a whole number"),
        (lambda x, start: np.ones(3)[0, 0], "more indices than the array has axes"),
        (lambda x, start: np.ones(3)[7], "one step too far"),
        (lambda x, start: np.split(x, 4), "parts of equal length"),
        (
            lambda x, start: np.linalg.lstsq(np.ones((3, 2)), np.ones(4), rcond=None),
            "the same number of rows",
        ),
        (lambda x, start: 1 in None, "Something is None here"),
        (lambda x, start: [].pop(), "empty list"),
        (lambda x, start: np.ones(3)(1), "square brackets"),
        (lambda x, start: np.max([]), "no largest or smallest entry"),
        (lambda x, start: (lambda: undefined_name)(), "has not been defined"),  # noqa: F821
        (lambda x, start: int("x"), "does not contain one"),
    ],
)
def test_common_errors_have_a_line_of_help(fails, words):
    assert words in told(fails)


@pytest.mark.filterwarnings("error")
def test_nobody_is_warned_of_a_coroutine_that_is_not_awaited(recwarn):
    async def one(x):
        return x

    for function in (one, lambda x: [one(x), one(x)], lambda x: (1, (one(x),))):
        answer = call(function, Case((1.0,)), 5.0)
        assert isinstance(answer.value, Failure)
        del answer
        gc.collect()
    assert [str(warning.message) for warning in recwarn] == []
