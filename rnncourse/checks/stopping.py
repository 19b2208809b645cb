"""A time limit for code that is not ours. This file stands alone: the grader's worker stops cells and calls with it.

The limit is a signal where there is one and this is the main thread. That stops every Python loop, but one long call
into NumPy only when it comes back. Elsewhere (Windows, other threads) a trace function looks at the clock at every
line of Python: it needs no thread, slows the code down, and stops the same loops, except one that swallows every
exception.

Nothing is stopped while a module is being loaded: it would stay half loaded, and PyTorch ends the process the next
time.
"""

from __future__ import annotations

import itertools
import signal
import sys
import threading
import time
import traceback

LOADING_SECONDS = 20
"""For how long loading modules may put off the limit."""


class TimeUp(BaseException):
    """Not an Exception: `except Exception` in a learner's loop must not hold it back."""


class TimeLimit:
    """A context in which `TimeUp` is raised once its time is over.

    seconds: of the clock on the wall, or, where `wall` gives a longer time for that, of this process's processors: then
    a computer that is busy with other things costs nothing.
    """

    def __init__(self, seconds, wall=None):
        self._seconds, self._wall = seconds, seconds if wall is None else wall

    def __enter__(self):
        self._outer = sys._getframe(1)
        self._trace_before = sys.gettrace()
        self._loading_end = time.monotonic() + LOADING_SECONDS
        main = threading.current_thread() is threading.main_thread()
        self._by_signal = main and hasattr(signal, "setitimer")
        if self._by_signal:
            self._signal_before = signal.signal(signal.SIGALRM, self._stop)
        self._begin()
        if not self._by_signal:
            sys.settrace(self._look)
        return self

    def _begin(self):
        self._wall_end = time.monotonic() + self._wall
        self._processor_end = time.process_time() + self._seconds
        if self._by_signal:
            signal.setitimer(signal.ITIMER_REAL, self._seconds, 0.1)

    def __exit__(self, *_):
        try:
            if self._by_signal:
                signal.setitimer(signal.ITIMER_REAL, 0)
            sys.settrace(self._trace_before)
        finally:
            if self._by_signal:
                signal.signal(signal.SIGALRM, self._signal_before)

    def _over(self):
        used_up = self._wall == self._seconds or time.process_time() >= self._processor_end
        return used_up or time.monotonic() >= self._wall_end

    def _stop(self, _, frame):
        if not self._over():
            return
        if self._loads(frame):
            self._begin()
            return
        # A bare `except:` in a loop swallows what is raised here. The frames' next lines then raise it again,
        # the line of that `except` among them, and a tenth of a second later the signal is sent again.
        sys.settrace(lambda *_: None)
        while frame is not None and frame is not self._outer:
            frame.f_trace, frame = _raise_at_once, frame.f_back
        raise TimeUp

    def _look(self, frame, *_):
        if time.monotonic() > self._wall_end:
            if not self._loads(frame):
                raise TimeUp
            self._begin()
        return self._look

    def _loads(self, frame):
        """Say whether a module is being loaded."""
        inside = itertools.takewhile(lambda one: one[0] is not self._outer, traceback.walk_stack(frame))
        loads = any(one.f_code.co_filename.startswith("<frozen importlib") for one, _ in inside)
        return loads and time.monotonic() < self._loading_end


def _raise_at_once(_, event, __):
    if event == "line":
        raise TimeUp
    return _raise_at_once
