"""Whose code does a call run? One hook for `check` and for the grader's worker, where this file stands alone.

It asks what ran, not how a name was come by: a helper, `getattr`, an object from a list, `eval` and a default argument
all end in the same call. What only looks at a module (its import, `isinstance`) does not count as using it.
"""

from __future__ import annotations

import sys
import threading

_LOOKS = frozenset(
    {"<module>", "__getattr__", "__instancecheck__", "__subclasscheck__", "__repr__", "_patched_getfile"}
)
"""The last is what torch puts in place of `inspect.getfile`, so that asking Python for the stack runs it."""


class Watch:
    """A context that notes in `used` which of `modules` had code of theirs run, in this thread or one started in it.

    files: by the beginning of a file's path, the module that it belongs to under whatever name it is loaded.
    given: functions that are handed to the one that is watched; what they do is not its doing.
    """

    def __init__(self, modules, files=(), given=()):
        self.modules, self.files = tuple(modules), dict(files)
        self._given = {getattr(one, "__code__", None) for one in given}
        self.used = {}
        self._looking = {}  # by thread, the frame that only looks or is given, with all that is called from there

    def __enter__(self):
        self._before = sys.getprofile(), threading.getprofile()
        if self.modules:
            threading.setprofile(self._see)
            sys.setprofile(self._see)
        return self

    def __exit__(self, *_):
        if self.modules:
            sys.setprofile(self._before[0])
            threading.setprofile(self._before[1])

    def _see(self, frame, event, called):
        thread = threading.get_ident()
        if thread in self._looking:
            if event == "return" and self._looking[thread] is frame:
                del self._looking[thread]
        elif event == "call" and frame.f_code in self._given:
            self._looking[thread] = frame
        elif event in ("call", "c_call") and (module := self._withheld(frame, event, called)):
            if event == "call" and _only_looks(frame):
                self._looking[thread] = frame
            else:
                self.used[module] = None

    def _withheld(self, frame, event, called):
        """Return the watched module that the code which is about to run belongs to, or None."""
        if event == "call":
            owners = (frame.f_globals.get("__name__"),)
        else:  # a function written in C; a method of a tensor has no module of its own, but the tensor's class has
            owners = (called.__module__, type(getattr(called, "__self__", None)).__module__)
        for owner in owners:
            for module in self.modules:
                if isinstance(owner, str) and f"{owner}.".startswith(f"{module}."):
                    return module
        file = frame.f_code.co_filename if event == "call" else ""
        return next((module for beginning, module in self.files.items() if file.startswith(beginning)), None)


def _only_looks(frame):
    caller = frame.f_back.f_code.co_filename if frame.f_back else ""
    return frame.f_code.co_name in _LOOKS or caller.startswith("<frozen importlib")
