"""Whose code does a call run? One hook for `check` and for the grader's worker, where this file stands alone.

It asks what ran, not how a name was come by: a helper, `getattr`, an object from a list, `eval` and a default argument
all end in the same call. What only looks at a module (its import, `isinstance`) does not count as using it.
"""

from __future__ import annotations

import sys
import threading

_LOOKS = {
    "<module>",
    "__getattr__",
    "__instancecheck__",
    "__subclasscheck__",
    "__repr__",
    "__bool__",
    "__or__",
}
_LOOKS |= {"_patched_getfile"}
"""The last is what torch puts in place of `inspect.getfile`, so that asking Python for the stack runs it."""


class Watch:
    """A context that notes in `used` which of `modules` had code of theirs run, in this thread or one started in it.

    files: by the beginning of a file's path, the module that it belongs to under whatever name it is loaded.
    given: functions that are handed to the one that is watched; what they do is not its doing.
    """

    def __init__(self, modules, files=(), given=()):
        self.modules, self.files = tuple(modules), dict(files)
        self._given = {id(one.__code__) for one in given if hasattr(one, "__code__")}
        self._owners = {}  # by name and file, what was found out about them
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
        # This runs at every call in a learner's loops, so that each line of it counts.
        if self._looking and (thread := threading.get_ident()) in self._looking:
            self._see_in_a_look(thread, frame, event)
        elif event == "call":
            if id(frame.f_code) in self._given:
                self._looking[threading.get_ident()] = frame
            elif module := self._owner(frame.f_globals.get("__name__"), frame.f_code.co_filename):
                if _only_looks(frame):
                    self._looking[threading.get_ident()] = frame
                else:
                    self.used[module] = None
        elif event == "c_call":
            # A method of a tensor has no module of its own, but the tensor's class has.
            kind = type(getattr(called, "__self__", None))
            if module := self._owner(called.__module__) or self._owner(kind.__module__):
                self.used[module] = None

    def _see_in_a_look(self, thread, frame, event):
        # A notebook's own code that is called back, as `extra_repr` of a torch module is, does more than look.
        own = event == "call" and frame.f_globals.get("__name__") == "__main__"
        if own or (event == "return" and self._looking[thread] is frame):
            del self._looking[thread]

    def _owner(self, name, file=""):
        """Return the watched module that code belongs to, by its module's name and its file; None for other code."""
        if type(name) is not str:
            name = str.__str__(name) if isinstance(name, str) else ""
        if (name, file) not in self._owners:
            by_name = (module for module in self.modules if f"{name}.".startswith(f"{module}."))
            by_file = (module for beginning, module in self.files.items() if file.startswith(beginning))
            self._owners[name, file] = next(by_name, None) or next(by_file, None)
        return self._owners[name, file]


def _only_looks(frame):
    caller = frame.f_back.f_code.co_filename if frame.f_back else ""
    return frame.f_code.co_name in _LOOKS or caller.startswith("<frozen importlib")
