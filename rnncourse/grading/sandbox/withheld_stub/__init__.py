"""What lies in place of a module that an exercise is there to do without: it can be imported, and not be used.

All names and submodules seem to be there. Whoever calls one or computes with it gets `NotAvailable`. What only
mentions a name (printing it, comparing it, a key of a dictionary, a type hint such as `Tensor | None`) is let through.
"""

import sys
from functools import cache
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec


class NotAvailable(ModuleNotFoundError):
    """Something of a module that is withheld was used."""


class Withheld:
    """A name in the module. Its attributes are names again; every other use is refused."""

    def __init__(self, name):
        self.__name__ = self.__qualname__ = name

    def __getattr__(self, name):
        return _found(f"{self.__name__}.{name}")

    def __instancecheck__(self, value):
        return False

    def __subclasscheck__(self, kind):
        return False

    def __repr__(self):
        return f"<{self.__name__}, which is not available>"

    def __bool__(self):
        return True

    def __or__(self, other):
        return self

    __ror__ = __or__


def _refused(self, *_, **__):
    said = f"{__name__} is not available: this task is to write it yourself"
    raise NotAvailable(said, name=__name__)


_USES = (
    "call", "iter", "next", "len", "int", "float", "complex", "index", "bytes",
    "contains", "getitem", "setitem", "delitem", "enter", "exit", "array", "array_ufunc", "array_function", "add",
    "radd", "sub", "rsub", "mul", "rmul", "matmul", "rmatmul", "truediv", "rtruediv", "floordiv", "rfloordiv",
    "mod", "rmod", "pow", "rpow", "neg", "pos", "abs", "invert", "and", "rand", "xor", "rxor",
    "lshift", "rlshift", "rshift", "rrshift", "lt", "le", "gt", "ge", "mro_entries", "await", "aiter",
)  # fmt: skip
for _use in _USES:
    setattr(Withheld, f"__{_use}__", _refused)


@cache
def _found(name):
    last = name.rpartition(".")[2]
    if last == "__version__":
        return "0"
    if last.startswith("__"):
        raise AttributeError(last)
    return Withheld(name)


class _Submodules(MetaPathFinder, Loader):
    """Finds a module of any name below this one."""

    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, self, is_package=True) if name.startswith(f"{__name__}.") else None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        module.__all__ = []
        module.__getattr__ = lambda name: _found(f"{module.__name__}.{name}")


__all__ = []
__path__ = []
sys.meta_path.insert(0, _Submodules())


def __getattr__(name):
    return _found(f"{__name__}.{name}")
