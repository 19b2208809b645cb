"""A call that returned no answer, and a helpful sentence about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

_LONGEST = 300


def steady(text: str) -> str:
    """Return `text` without what changes from run to run (addresses), not longer than is read, and fit for a file."""
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", text).strip()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


# (pattern found in "Type: message", what to say). The first that fits is used, and the last always fits.
_KIND_WORDS = (
    (
        r"matmul|not aligned|mismatch in its core dimension|columns? and the right one \d+ row",
        "Two arrays do not fit together in a product: `a @ b` needs as many columns in `a` as rows in `b`. "
        "Print both shapes just before that line.",
    ),
    (
        r"inhomogeneous shape|setting an array element with a sequence",
        "NumPy cannot make one array out of pieces of different shapes. Print the shape of each piece: is the last "
        "one cut off, or does a function in that line return several things?",
    ),
    (
        r"all input arrays must have the same shape",
        "`np.stack` needs arrays of one shape. Print their shapes.",
    ),
    (
        r"all the input (array dimensions|arrays must have)|zero-dimensional arrays cannot be concatenated",
        "`np.concatenate` joins arrays along one axis; along the others they must have the same lengths. "
        "Print their shapes and check `axis`.",
    ),
    (r"need at least one array", "The list of arrays is empty. Does the loop that fills it run at all?"),
    (
        r"could not be broadcast|broadcast input array|shape mismatch|non-broadcastable",
        "Two arrays have shapes that cannot be combined entry by entry. Print both shapes before that line.",
    ),
    (
        r"array split does not result in an equal division",
        "`np.split` cuts into parts of equal length, so the length along that axis must be a multiple of their "
        "number. Check the number of parts and `axis`.",
    ),
    (
        r"Incompatible dimensions",
        "The table and the targets need the same number of rows. Print both shapes.",
    ),
    (
        r"cannot reshape",
        "`reshape` keeps all numbers, so the new shape must have room for exactly as many as there are.",
    ),
    (
        r"takes \d+ positional|takes from \d+|missing \d+ required|unexpected keyword",
        "A function was called with too many or too few arguments. Compare the call with what that function takes, and "
        "leave the first line of your function as it was given.",
    ),
    (r"^KeyError", "The dictionary has no such key. `print(list(d))` shows which keys a dictionary `d` has."),
    (
        r"^UnboundLocalError",
        "A name is used before the function has given it a value. Does every path set it before that line?",
    ),
    (
        r"^NameError",
        "This name has not been defined. Is it spelled the same everywhere, and was the cell that defines or "
        "imports it run?",
    ),
    (
        r"only integer|must be integers|must be of integer|arrays used as indices"
        r"|cannot be interpreted as an integer|valid indices",
        "Something that must be a whole number is not: an index, or the number of steps of a `range`, is a float "
        "or an array here. For whole numbers divide with `//`, or choose the dtype `int`.",
    ),
    (
        r"^IndexError: too many indices|invalid index to scalar",
        "That line uses more indices than the array has axes. Print its shape.",
    ),
    (
        r"^IndexError: boolean index",
        "A mask must have the shape of the array that it selects from. Print both shapes.",
    ),
    (
        r"^IndexError: pop from empty|^IndexError: .*from an? empty",
        "Something is taken out of an empty list.",
    ),
    (
        r"^IndexError: index -?\d+ is out of bounds for axis \d",
        "An index points outside of its array. With T steps, the first has index 0 and the last T − 1. Does "
        "an index or a loop go one step too far, or are two indices in the wrong order?",
    ),
    (
        r"^IndexError",
        "An index points outside of its list. Does a loop run one step too far?",
    ),
    (
        r"AxisError|axis \d+ is out of bounds",
        "The array has fewer axes than that line expects. Print its shape.",
    ),
    (r"^RecursionError", "The function calls itself again and again. What ends it?"),
    (r"^ZeroDivisionError", "Something is divided by zero. For which input can the divisor become 0?"),
    (
        r"truth value of an (empty )?array",
        "`if`, `and` and `or` need a single True or False, but an array holds many. Use `np.where`, `&`, or `.any()`.",
    ),
    (
        r"ufunc '\w+' (output|not supported)|Cannot cast|same_kind",
        "The dtypes do not match: a float cannot be put into an array of ints, and `|` and `&` need bools. "
        "Put parentheses around comparisons, and choose the dtype where the array is made.",
    ),
    (
        r"zero-size array to reduction|attempt to get argm|iterable argument is empty|arg is an empty sequence",
        "The array or list is empty here, so it has no largest or smallest entry. Print its shape.",
    ),
    (
        r"arrays can be converted to (Python )?scalar|must be real number",
        "A single number is needed here, but an array was given. The functions of `math`, `int` and `float` take "
        "single numbers, those of `np` take arrays.",
    ),
    (
        r"assignment destination is read-only",
        "This array must not be changed. Make a copy first, or compute a new array.",
    ),
    (r"does not support item assignment", "A tuple, a string or a number cannot be changed in place."),
    (
        r"object is not callable",
        "Parentheses call a function, but this is not one. Did you mean square brackets, or has a name of yours "
        "replaced the function?",
    ),
    (r"is not subscriptable", "Square brackets were put after something that has no entries."),
    (
        r"'NoneType' is not iterable|'NoneType' has no len",
        "Something is None here. Did a function in between forget its `return`? `append` and `sort` return None.",
    ),
    (r"is not iterable|has no len\(\)", "A single number was used where a list or an array is needed."),
    (
        r"not enough values to unpack|too many values to unpack|cannot unpack",
        "The number of names on the left of `=` does not match the number of values on the right.",
    ),
    (
        r"unsupported operand type|can only concatenate|can't multiply sequence|bad operand",
        "These two things cannot be combined. A list is not an array: `np.array` makes one out of it.",
    ),
    (r"unhashable type", "A list or an array cannot be a key of a dictionary or a member of a set."),
    (r"changed size during iteration", "A dictionary must not grow or shrink while a loop runs over it."),
    (
        r"invalid literal|could not convert string",
        "A string is converted to a number, but it does not contain one.",
    ),
    (r"Singular matrix|^LinAlgError", "The matrix cannot be inverted, or is not square. Print it."),
    (r"is not in list|x not in", "The value that you look for is not in the list."),
    (
        r"^AttributeError: 'NoneType'|'NoneType' object",
        "Something is None here. Did a function in between forget its `return`? `append` and `sort` return None.",
    ),
    (
        r"^AttributeError: 'list'",
        "A list has no such method. `np.array` makes an array out of it.",
    ),
    (r"^AttributeError", "That kind of object has no such attribute or method. Is it spelled correctly?"),
    (
        r"^(ModuleNotFoundError|ImportError)",
        "That package or name cannot be imported. The tasks need NumPy only.",
    ),
    (r"^MemoryError|Unable to allocate", "An array became far too large. Print its shape along the way."),
    (r"^AssertionError", "One of your `assert` statements failed: something is not as expected."),
    (r"^StopIteration", "`next` asked for one more value than there is."),
    (r"^OverflowError", "A number became too large. The exponential of a large number does that."),
    (r"math domain error", "`math.log` and `math.sqrt` do not take this number. Is it negative or zero?"),
    (r"^SystemExit", "`exit()` ends a program; a function returns its answer with `return`."),
    (
        r"backward through the graph a second time",
        "This backward pass tries to go on into an earlier window, whose graph has been freed. What carries the "
        "history from one window to the next, and which method of a tensor cuts it off?",
    ),
    (
        r"modified by an inplace operation",
        "This backward pass goes back into an earlier window, but the update has changed the parameters since. "
        "What carries the history from one window to the next?",
    ),
    (
        r"does not require grad|requires grad",
        "PyTorch tracks this tensor for the backward pass. `.detach()` gives its numbers without the history.",
    ),
    (
        r"Tensor|tensor",
        "A torch tensor was combined with something that does not go with it. Print the types of both.",
    ),
    (
        r"^TypeError",
        "An operation or a function got something of the wrong type. Print `type(...)` of what goes in.",
    ),
    (r"^ValueError", "A function got a value that it cannot work with. Print what goes into it."),
    (r"", "Print what goes into that line, just before it."),
)

_GUFUNC = re.compile(
    r"(?:matmul|dot|vecmat|matvec): Input operand \d has a mismatch in its core dimension \d, with gufunc signature "
    r"\S+ \(size (\d+) is different from (\d+)\)"
)


def of_a_product(said: str) -> bool:
    """Say whether NumPy complains of a product whose sides do not fit."""
    return bool(_GUFUNC.search(said))


def plainly(said: str, shapes: str = "") -> str:
    """Return NumPy's sentence about a product that does not fit in plain words.

    shapes: "(3, 5) @ (3, 4)" where they are known.
    """
    found = _GUFUNC.search(said)
    if not found:
        return said
    columns, rows = (
        f"{n} {word}{'' if n == '1' else 's'}" for n, word in ((found[2], "column"), (found[1], "row"))
    )
    sizes = f"the left array has {columns} and the right one {rows}"
    return _GUFUNC.sub(f"{shapes} does not fit: {sizes}" if shapes else sizes, said)


@dataclass(frozen=True)
class Failure:
    """Why there is no answer to judge.

    name: what the gradebook and the worker call it. final: whether the other calls would say the same, or only take
    as long again.
    """

    name: ClassVar[str]
    final: ClassVar[bool] = False

    @property
    def text(self) -> str:
        """What happened, in a line."""
        return self.name

    def in_words(self, called: str) -> tuple[str, ...]:
        """Return what is said about a failure of the function `called`, in paragraphs."""
        raise NotImplementedError


@dataclass(frozen=True)
class NotWritten(Failure):
    """The function still raises NotImplementedError. function: the unwritten one, "" if it is the one called."""

    name: ClassVar[str] = "not written"
    final: ClassVar[bool] = True
    function: str = ""

    @property
    def text(self) -> str:
        return "NotImplementedError"

    def in_words(self, called: str) -> tuple[str, ...]:
        if self.function:
            return (f"`{called}` calls `{self.function}`, which is not written yet. Begin with that one.",)
        return (
            f"`{called}` still holds its `raise NotImplementedError`. Put your own lines in its place, "
            "run that cell, then run this one again.",
        )


@dataclass(frozen=True)
class Missing(Failure):
    """The function does not exist."""

    name: ClassVar[str] = "missing"
    final: ClassVar[bool] = True

    def in_words(self, called: str) -> tuple[str, ...]:
        return (f"There is no function `{called}`. Run the cell that defines it first.",)


@dataclass(frozen=True)
class Forbidden(Failure):
    """The task is to be done without what was used: a module, or a function of NumPy."""

    name: ClassVar[str] = "forbidden"
    final: ClassVar[bool] = True
    used: str

    def in_words(self, called: str) -> tuple[str, ...]:
        return (f"`{self.used}` is not available: this task is to write it yourself.",)


@dataclass(frozen=True)
class Absent(Failure):
    """A module is needed that is not installed."""

    name: ClassVar[str] = "absent"
    module: str

    def in_words(self, called: str) -> tuple[str, ...]:
        return (
            f"`{called}` needs `{self.module}`, which is not installed where this was run. "
            "The tasks need NumPy only.",
        )


@dataclass(frozen=True)
class TimedOut(Failure):
    """The call took longer than `seconds` and was stopped."""

    name: ClassVar[str] = "timeout"
    final: ClassVar[bool] = True
    seconds: float

    def in_words(self, called: str) -> tuple[str, ...]:
        many = "second" if self.seconds == 1 else "seconds"
        return (
            f"`{called}` had not finished after {self.seconds:g} {many} and was stopped. Is there a `while` loop "
            "that never ends, or a loop over far more steps than there are? The inputs are tiny here.",
        )


@dataclass(frozen=True)
class Unusable(Failure):
    """What came back is not plain data. what: "a torch tensor" and the like."""

    name: ClassVar[str] = "unusable"
    what: str

    def in_words(self, called: str) -> tuple[str, ...]:
        returned = f"`{called}` returned {self.what}"
        if "tensor" in self.what:
            return (
                f"{returned}. This task asks for NumPy arrays. Work with `np` throughout, "
                "or turn the tensor into an array with `.detach().numpy()` at the end.",
            )
        if "generator" in self.what:
            return (f"{returned}. `yield` makes one; return the whole answer with `return`.",)
        return (f"{returned}, which cannot be compared. Return numbers, arrays or plain lists.",)


@dataclass(frozen=True)
class Raised(Failure):
    """The call raised an exception.

    error: its type. line, source: where in the learner's own cell, if known, and the expression there.
    """

    name: ClassVar[str] = "raised"
    error: str
    said: str = ""
    line: int | None = None
    source: str = ""

    @property
    def text(self) -> str:
        """The exception as Python prints it: "ValueError: what it said"."""
        return f"{self.error}: {self.said}" if self.said else self.error

    def in_words(self, called: str) -> tuple[str, ...]:
        error, _, said = steady(self.text).partition(": ")
        where = f" in line {self.line} of its cell, at `{self.source}`" if self.line and self.source else ""
        told = f": {plainly(said)}" if said else ""
        meaning = next(words for pattern, words in _KIND_WORDS if re.search(pattern, self.text))
        return f"`{called}` stopped with `{error}`{where}{told}", meaning
