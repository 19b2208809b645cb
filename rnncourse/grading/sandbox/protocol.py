"""Messages between the grader and a worker, as the grader sees them: strict, since the other side may lie.

The layout is described in worker.py, which is the other side. A reply is taken only if it carries the random
nonce of its request, has the fields that it must have, and no array or text larger than allowed.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnncourse.checks.failure import (
    Absent,
    Failure,
    Forbidden,
    Missing,
    NotWritten,
    Raised,
    TimedOut,
    Unusable,
)
from rnncourse.checks.task import Named, Value
from rnncourse.grading.sandbox.worker import DTYPES, HEAD, LARGEST, LONGEST, MAGIC, encode
from rnncourse.grading.untrusted_text import shown

LARGEST_HEADER = 2 << 20
MOST_NODES = 20_000
MOST_ROOM = 1 << 24
"""Characters that an answer's values may take when they become one array, each as wide as the longest text."""

DEEPEST = 24
_TEXTS = re.compile(r"<U[1-9][0-9]{0,3}", re.ASCII)


class ProtocolError(Exception):
    """What came back is no reply; the text says why, in words for a log."""


@dataclass(frozen=True)
class Reply:
    """An answer of a worker: a failure, or the value that it sent. cell: where the failure arose."""

    failure: Failure | None
    value: Value
    cell: str = ""


def message(nonce: str, do: str, raw: bytes = b"", **fields: Any) -> bytes:
    """Return the bytes of a request."""
    header = json.dumps({"nonce": nonce, "do": do, **fields}).encode()
    return HEAD.pack(MAGIC, len(header), len(raw)) + header + raw


def call_message(nonce: str, args: tuple, kwargs: dict, **fields: Any) -> bytes:
    """Return the bytes of the request to call a function with plain data and functions of the notebook."""
    tree, raw = encode_arguments((args, kwargs))
    return message(nonce, "call", raw, arguments=tree, **fields)


def encode_arguments(value: Any) -> tuple[list, bytes]:
    """Return the tree and raw bytes of arguments, in which a Named is a name to be looked up on the other side."""
    if isinstance(value, Named):
        return ["named", value.name], b""
    if isinstance(value, (list, tuple)):
        pairs = [encode_arguments(one) for one in value]
        kind = "list" if isinstance(value, list) else "tuple"
        return [kind, [tree for tree, _ in pairs]], b"".join(raw for _, raw in pairs)
    if isinstance(value, dict):
        pairs = [(encode(key)[0], *encode_arguments(one)) for key, one in value.items()]
        return ["dict", [[key, tree] for key, tree, _ in pairs]], b"".join(raw for *_, raw in pairs)
    return encode(value)


def lengths(head: bytes) -> tuple[int, int]:
    """Return the lengths of header and raw bytes that the head of a reply announces; ProtocolError if too long."""
    magic, header, raw = HEAD.unpack(head)
    if magic != MAGIC:
        raise ProtocolError("it does not begin as a reply does")
    if header > LARGEST_HEADER or raw > 2 * LARGEST:  # an answer, and the arguments after the call
        raise ProtocolError(f"it announces {header} + {raw} bytes")
    return header, raw


def read_reply(nonce: str, header: bytes, raw: bytes) -> Reply:
    """Return the reply to the request with that nonce; ProtocolError for anything that is none."""
    try:
        fields = json.loads(header.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ProtocolError("its header is not JSON") from error
    if not isinstance(fields, dict) or fields.keys() != {"nonce", "failure", "value"}:
        raise ProtocolError("its header has other fields")
    if fields["nonce"] != nonce:
        raise ProtocolError("it answers another request")
    if fields["failure"] is not None:
        failure, cell = _failure(fields["failure"])
        return Reply(failure, None, cell)
    return Reply(None, decode(fields["value"], raw) if fields["value"] is not None else None)


def decode(tree: Any, raw: bytes) -> Value:
    """Return the plain data of a tree and its raw bytes; ProtocolError where they do not fit together."""
    reader = _Reader(raw)
    value = reader.take(tree, 0)
    if reader.count * reader.widest > MOST_ROOM:
        raise ProtocolError("its texts are too long for so many values")
    if reader.at != len(raw):
        raise ProtocolError("bytes are left over")
    return value


class _Reader:
    def __init__(self, raw: bytes):
        self.raw, self.at, self.nodes = raw, 0, 0
        self.count, self.widest = 0, 0  # of all values; characters of the longest text

    def take(self, node: Any, depth: int) -> Value:
        self.nodes += 1
        if self.nodes > MOST_NODES or depth > DEEPEST:
            raise ProtocolError("it has too many parts")
        if not isinstance(node, list) or not node or not isinstance(node[0], str):
            raise ProtocolError("a node is malformed")
        kind, *rest = node
        if kind == "none" and not rest:
            return None
        if kind == "bool" and len(rest) == 1 and isinstance(rest[0], bool):
            return rest[0]
        self.count += 1
        if kind == "str" and len(rest) == 1 and isinstance(rest[0], str):
            text = shown(rest[0])  # which may be ten times as long
            self.widest = max(self.widest, len(text))
            return text
        if kind in ("int", "float", "complex"):
            return _number(kind, rest)
        if kind == "array" and len(rest) == 2:
            return self._array(*rest)
        if kind in ("list", "tuple") and len(rest) == 1 and isinstance(rest[0], list):
            parts = [self.take(one, depth + 1) for one in rest[0]]
            return parts if kind == "list" else tuple(parts)
        if kind == "dict" and len(rest) == 1 and isinstance(rest[0], list):
            return dict(self._entry(entry, depth) for entry in rest[0])
        raise ProtocolError("a node is malformed")

    def _entry(self, entry: Any, depth: int) -> tuple[str | int, Value]:
        if not isinstance(entry, list) or len(entry) != 2:
            raise ProtocolError("an entry of a dictionary is malformed")
        key = self.take(entry[0], depth + 1)
        if not isinstance(key, (str, int)):
            raise ProtocolError("a key of a dictionary is malformed")
        return key, self.take(entry[1], depth + 1)

    def _array(self, dtype: Any, shape: Any) -> np.ndarray:
        kind = _dtype(dtype)
        whole = isinstance(shape, list) and len(shape) <= 8 and all(type(n) is int and n >= 0 for n in shape)
        if not whole or any(n > 1 << 31 for n in shape):
            raise ProtocolError("the shape of an array is malformed")
        count = math.prod(shape)
        size = count * kind.itemsize
        if size > len(self.raw) - self.at:
            raise ProtocolError("an array is longer than its bytes")
        if not size:
            return _empty(shape, kind)
        self.count += count
        if kind.kind == "U":
            self.widest = max(self.widest, kind.itemsize // 4)
        flat = np.frombuffer(self.raw, dtype=kind, count=count, offset=self.at)
        self.at += size
        return _safe(flat).reshape(shape)


def _dtype(text: Any) -> np.dtype:
    if isinstance(text, str) and (text in DTYPES or _TEXTS.fullmatch(text)):
        return np.dtype(text)
    raise ProtocolError("the dtype of an array is not allowed")


def _empty(shape: list[int], kind: np.dtype) -> np.ndarray:
    """Return an array without entries; NumPy has none where the lengths that are not 0 are too large together."""
    try:
        return np.zeros(shape, kind)
    except ValueError as error:
        raise ProtocolError("the shape of an array is malformed") from error


def _safe(flat: np.ndarray) -> np.ndarray:
    """Return a copy in which every entry is one that NumPy itself would have made."""
    if flat.dtype.kind == "b":  # any other byte than 0 and 1 would be a bool that is equal to neither
        return flat.view(np.uint8) != 0
    if flat.dtype.kind == "U":
        codes = flat.view("<u4")
        if ((codes > 0x10FFFF) | ((codes >= 0xD800) & (codes < 0xE000))).any():
            raise ProtocolError("a text holds what is no character")
    return flat.copy()


def _number(kind: str, texts: list) -> int | float | complex:
    if len(texts) != (2 if kind == "complex" else 1) or not all(
        isinstance(t, str) and len(t) <= 48 for t in texts
    ):
        raise ProtocolError("a number is malformed")
    try:
        if kind == "int":
            return int(texts[0])
        parts = [float.fromhex(text) for text in texts]
    except (ValueError, OverflowError) as error:
        raise ProtocolError("a number is malformed") from error
    return complex(*parts) if kind == "complex" else parts[0]


def _failure(fields: Any) -> tuple[Failure, str]:
    """Return a failure as the grader tells it, and the name of the cell where it arose."""
    if not isinstance(fields, dict) or not fields.keys() <= {"kind", "text", "line", "cell"}:
        raise ProtocolError("a failure is malformed")
    kind, text, line, cell = (fields.get(name) for name in ("kind", "text", "line", "cell"))
    known = isinstance(kind, str) and kind in _FAILURES
    if not known or not isinstance(text, str) or len(text) > LONGEST + 100:
        raise ProtocolError("a failure is malformed")
    if not (line is None or (type(line) is int and 0 <= line < 1 << 31)) or not isinstance(cell, str | None):
        raise ProtocolError("a failure is malformed")
    return _FAILURES[kind](shown(text), line), (cell or "")[:220]


def _timed_out(text: str, _: int | None) -> TimedOut:
    try:
        seconds = float(text)
    except ValueError as error:
        raise ProtocolError("a failure is malformed") from error
    if not 0 <= seconds < math.inf:
        raise ProtocolError("a failure is malformed")
    return TimedOut(seconds)


def _raised(text: str, line: int | None) -> Raised:
    error, _, said = text.partition(": ")
    return Raised(error, said, line)


_FAILURES: dict[str, Callable[[str, int | None], Failure]] = {
    Absent.name: lambda text, _: Absent(text),
    Forbidden.name: lambda text, _: Forbidden(text),
    Missing.name: lambda text, _: Missing(),
    NotWritten.name: lambda text, _: NotWritten(text),
    Raised.name: _raised,
    TimedOut.name: _timed_out,
    Unusable.name: lambda text, _: Unusable(text),
}
"""By name, what makes a failure of a worker's text and line."""
