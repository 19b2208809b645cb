"""A call that brought no answer, and a kind sentence for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LONGEST = 300


@dataclass(frozen=True)
class Failure:
    """Why there is no answer to judge.

    kind and text: "not written", the name of the unwritten function if it is another one; "raised",
    "ValueError: what it said"; "timeout", the seconds as text; "unusable", what came back instead of plain data,
    such as "a torch tensor"; "missing", the function does not exist; "forbidden", what was used though the task
    is to do without it; "absent", a module that is not installed. line, source: where in the learner's own
    cell it happened, if that is known.
    """

    kind: str
    text: str = ""
    line: int | None = None
    source: str = ""


def steady(text: str) -> str:
    """Return `text` without what changes from run to run (addresses), not longer than is read, and fit for a file."""
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", text).strip()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


# (pattern found in "Type: message", what to say). The first that fits is told.
_KIND_WORDS = (
    (
        r"matmul|not aligned|mismatch in its core dimension",
        "Two arrays do not fit together in a product: `a @ b` needs as many columns in `a` as rows in `b`. "
        "Print both shapes just before that line, and write the letters (B, D, H) beside them.",
    ),
    (
        r"could not be broadcast|broadcast input array|shape mismatch",
        "Two arrays have shapes that cannot be combined entry by entry. Print both shapes before that line.",
    ),
    (
        r"takes \d+ positional|takes from \d+|missing \d+ required|unexpected keyword",
        "A function was called with other arguments than its first line asks for. "
        "Leave the first line of your function as it was given.",
    ),
    (r"^KeyError", "The dictionary has no such name. `print(list(p))` shows which names it has."),
    (
        r"^(NameError|UnboundLocalError)",
        "A name is used before it has been given a value. Is it spelt the same everywhere, "
        "and was the cell that defines or imports it run?",
    ),
    (
        r"^IndexError",
        "An index points outside of its array. Does a loop run one step too far, or is an axis missing?",
    ),
    (
        r"only (integer|length-1)|must be integers|cannot be interpreted as an integer",
        "An index must be a whole number, but a number with decimals or an array came.",
    ),
    (r"AxisError|axis \d+ is out of bounds", "The array has fewer axes than that line thinks."),
    (r"^RecursionError", "The function calls itself again and again. What ends it?"),
    (r"^ZeroDivisionError", "Something is divided by zero. How large is the divisor at the first step?"),
    (
        r"truth value of an array",
        "`if` needs one yes or no, but an array holds many. Use `np.where`, or `.any()`.",
    ),
    (
        r"^AttributeError: 'NoneType'",
        "Something is None here. Did a function in between forget its `return`?",
    ),
    (r"^AttributeError", "That kind of object has no such attribute or method."),
    (
        r"^(ModuleNotFoundError|ImportError)",
        "That package or name cannot be imported. The tasks need NumPy only.",
    ),
    (r"^MemoryError", "An array became far too large. Print its shape on the way."),
    (r"^AssertionError", "An `assert` of yours says that something is not as expected."),
    (r"^SystemExit", "`exit()` ends a program; a function gives its answer back with `return`."),
    (r"torch|Tensor", "A torch tensor and a NumPy array met. This task needs NumPy only."),
)


def in_words(failure: Failure, called: str) -> tuple[str, ...]:
    """Return what is said about a failure of the function `called`, in paragraphs."""
    if failure.kind == "not written" and failure.text:
        return (f"`{called}` calls `{failure.text}`, which is not written yet. Begin with that one.",)
    if failure.kind == "not written":
        return (
            f"`{called}` still holds its `raise NotImplementedError`. Put your own lines in its place, "
            "run that cell, then run this one again.",
        )
    if failure.kind == "missing":
        return (f"There is no function `{called}`. Run the cell that defines it first.",)
    if failure.kind == "forbidden":
        return (f"`{failure.text}` is not available: this task is to write it yourself.",)
    if failure.kind == "absent":
        return (
            f"`{called}` needs `{failure.text}`, which is not installed where this was run. "
            "The tasks need NumPy only.",
        )
    if failure.kind == "timeout":
        return (
            f"`{called}` was not done after {failure.text} seconds and was stopped. Is there a `while` loop "
            "that never ends, or a loop over far more steps than there are? The inputs are tiny here.",
        )
    if failure.kind == "unusable":
        return _unusable(failure.text, called)
    name, _, said = steady(failure.text).partition(": ")
    where = (
        f" in line {failure.line} of its cell, `{failure.source}`" if failure.line and failure.source else ""
    )
    told = f": {said}" if said else ""
    sentences = [f"`{called}` stopped with `{name}`{where}{told}"]
    sentences += [words for pattern, words in _KIND_WORDS if re.search(pattern, failure.text)][:1]
    return tuple(sentences)


def _unusable(what: str, called: str) -> tuple[str, ...]:
    if "tensor" in what:
        return (
            f"`{called}` returned {what}. This task asks for NumPy arrays. Work with `np` throughout, "
            "or turn the tensor into an array with `.detach().numpy()` at the end.",
        )
    if "generator" in what:
        return (f"`{called}` returned {what}. `yield` makes one; give the whole answer back with `return`.",)
    return (f"`{called}` returned {what}, which cannot be compared. Return numbers, arrays or plain lists.",)
