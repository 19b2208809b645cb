"""The untrusted side: runs a notebook's cells and calls its functions. A single file that stands alone.

Nothing here is secret and nothing here is believed. The code that it runs may read all of it, change all of it and
write on the pipe in its stead: what that can forge is the value of its own function, which the grader compares with
the right one anyway. No input comes before its own call, and no expected value ever comes.

A message is a head of 16 bytes (b"RNG1", the length of a JSON header, the length of the raw bytes), the header, and
the raw bytes of its arrays, one after the other. Never pickle, never a zip.
"""

import __future__

import builtins
import io
import json
import linecache
import os
import struct
import sys
import traceback
import types
import warnings

import numpy as np

HEAD = struct.Struct(">4sIQ")
MAGIC = b"RNG1"
DTYPES = frozenset(
    ["|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16"]
)
LARGEST = 8 << 20
"""Bytes that the arrays of one answer may have together."""

LONGEST = 500
"""Characters of an error's text that are passed on."""


FUTURES = 0
for _name in __future__.all_feature_names:
    FUTURES |= getattr(__future__, _name).compiler_flag


class Unusable(Exception):
    """A value is no plain data; the text says what it is."""


def encode(value):
    """Return plain data as a JSON tree and the raw bytes of its arrays; Unusable for anything else.

    A node is a list whose first entry names the kind: ["array", dtype, shape], ["float", "0x1.8p+1"] …
    """
    arrays = []
    tree = _encode(value, arrays, 0)
    return tree, b"".join(arrays)


def _encode(value, arrays, depth):
    if depth > 16:
        raise Unusable("lists within lists within lists")
    if value is None:
        return ["none"]
    if isinstance(value, (bool, np.bool_)) and not isinstance(value, np.generic):
        return ["bool", bool(value)]
    if isinstance(value, (np.ndarray, np.generic)):
        return _encode_array(np.asarray(value), arrays)
    if isinstance(value, int):
        return ["int", _int_text(value)]
    if isinstance(value, float):
        return ["float", float.hex(value)]
    if isinstance(value, complex):
        return ["complex", float.hex(value.real), float.hex(value.imag)]
    if isinstance(value, str):
        if len(value) > 100_000:
            raise Unusable("a text of many pages")
        return ["str", str(value).encode("utf-8", "replace").decode()]
    if isinstance(value, (list, tuple)):
        if len(value) > 10_000:
            raise Unusable(f"a {'list' if isinstance(value, list) else 'tuple'} of {len(value)} things")
        kind = "list" if isinstance(value, list) else "tuple"
        return [kind, [_encode_in(one, arrays, depth, f"a {kind} that holds ") for one in value]]
    if isinstance(value, dict):
        return ["dict", [_encode_entry(entry, arrays, depth) for entry in value.items()]]
    raise Unusable(_foreign(value))


def _encode_in(value, arrays, depth, around):
    try:
        return _encode(value, arrays, depth + 1)
    except Unusable as error:
        raise Unusable(str(error) if " that holds " in str(error) else around + str(error)) from None


def _encode_entry(entry, arrays, depth):
    key, value = entry
    if not isinstance(key, (str, int, np.integer)) or isinstance(key, bool):
        raise Unusable("a dictionary whose keys are neither texts nor whole numbers")
    key = str(key) if isinstance(key, str) else int(key)  # NumPy's own are equal to these
    return [_encode(key, arrays, depth + 1), _encode_in(value, arrays, depth, "a dictionary that holds ")]


def _encode_array(array, arrays):
    if array.dtype == object:
        raise Unusable("an array of Python objects")
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        array = array.astype(np.float64)
    dtype = array.dtype.newbyteorder("<") if array.dtype.itemsize > 1 else array.dtype
    if dtype.str not in DTYPES and dtype.kind != "U":
        raise Unusable(f"an array of {array.dtype}")
    if sum(map(len, arrays)) + array.nbytes > LARGEST:
        raise Unusable(f"more than {LARGEST >> 20} MB of data")
    arrays.append(np.ascontiguousarray(array, dtype=dtype).tobytes())
    return ["array", dtype.str, list(array.shape)]


def _int_text(value):
    if abs(int(value)) >= 1 << 128:
        raise Unusable("an enormous whole number")
    return str(int(value))


def _foreign(value):
    if type(value).__module__.partition(".")[0] == "torch":
        return "a torch tensor" if type(value).__name__ in ("Tensor", "Parameter") else "a torch object"
    if isinstance(value, types.GeneratorType):
        return "a generator"
    return "a function" if callable(value) else f"an object of type {type(value).__name__[:60]}"


class Pipe:
    """The two ends that lead to the grader."""

    def __init__(self, incoming, outgoing):
        self.incoming, self.outgoing = incoming, outgoing

    def receive(self):
        """Return the header and the raw bytes of the next message; EOFError when there is no more."""
        _, header, raw = HEAD.unpack(self._exactly(HEAD.size))
        return json.loads(self._exactly(header)), self._exactly(raw)

    def send(self, header, raw=b""):
        """Send a message."""
        text = json.dumps(header).encode()
        rest = memoryview(HEAD.pack(MAGIC, len(text), len(raw)) + text + raw)
        while rest:
            rest = rest[os.write(self.outgoing, rest) :]

    def _exactly(self, size):
        pieces = []
        while size:
            piece = os.read(self.incoming, min(size, 1 << 20))
            if not piece:
                raise EOFError
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)


class Nothing:
    """What stands for Jupyter's `display` and `get_ipython()`: whatever is asked of it, nothing comes of it."""

    def __call__(self, *args, **kwargs):
        return self

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __iter__(self):
        return iter(())


class Notebook:
    """The namespace that cells run in, and the functions that they define."""

    def __init__(self):
        self.module = types.ModuleType("__main__")
        self.module.__dict__["__builtins__"] = builtins
        builtins.display = builtins.get_ipython = Nothing()
        self.futures = 0
        sys.modules["__main__"] = self.module

    def run(self, cell, source):
        """Run a cell; return None, or what stopped it."""
        name = f"<cell {cell}>"
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        try:
            code = compile(source, name, "exec", flags=self.futures, dont_inherit=True)
            self.futures |= code.co_flags & FUTURES  # they hold on for the cells below, as in Jupyter
            exec(code, self.module.__dict__)
        except BaseException as error:
            return _told(error)

    def call(self, function, tree, raw):
        """Call a function; return what it gave back and its arguments afterwards as one value, or a failure."""
        called = self.module.__dict__.get(function)
        if called is None:
            return {"kind": "missing", "text": ""}, None
        try:
            args, kwargs = self._decode(tree, memoryview(raw))
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                value = called(*args, **kwargs)
            try:
                return None, _with_arguments(encode(value), args)
            except RecursionError:
                return {"kind": "unusable", "text": "something that contains itself"}, None
        except Unusable as error:
            return {"kind": "unusable", "text": str(error)}, None
        except NotImplementedError:
            return {"kind": "not written", "text": ""}, None
        except BaseException as error:
            return _told(error), None

    def _decode(self, node, raw):
        """Return the value of a node that the grader sent, taking the bytes of arrays in their order."""
        at = 0

        def take(node):
            nonlocal at
            kind = node[0]
            if kind == "array":
                dtype = np.dtype(node[1])
                size = dtype.itemsize * int(np.prod(node[2], dtype=np.int64))
                flat = np.frombuffer(raw[at : at + size], dtype=dtype) if size else np.zeros(0, dtype)
                at += size
                return flat.reshape(node[2]).copy()
            if kind in ("list", "tuple"):
                return (list if kind == "list" else tuple)(take(one) for one in node[1])
            if kind == "dict":
                return {take(key): take(one) for key, one in node[1]}
            if kind == "named":
                return self.module.__dict__[node[1]]
            return _SCALARS[kind](*node[1:])

        return take(node)


_SCALARS = {
    "none": lambda: None,
    "bool": bool,
    "int": int,
    "float": float.fromhex,
    "complex": lambda real, imag: complex(float.fromhex(real), float.fromhex(imag)),
    "str": str,
}


def _with_arguments(answer, after):
    """Return the encoded answer and the arguments after the call, as one value; a text for what is no plain data."""
    tree, raw = answer
    try:
        arguments, more = encode([_without_functions(one) for one in after])
    except Unusable as error:
        arguments, more = ["str", str(error)], b""
    return ["list", [tree, arguments]], raw + more


def _without_functions(value):
    """Return plain data with None in the place of functions, which are not compared."""
    if isinstance(value, (list, tuple)):
        return [_without_functions(one) for one in value]
    if isinstance(value, dict):
        return {key: _without_functions(one) for key, one in value.items()}
    return None if callable(value) else value


def _told(error):
    """Return what is passed on about an exception: its type, its text, and where in the notebook it arose."""
    if isinstance(error, NotImplementedError):
        return {"kind": "not written", "text": ""}
    try:
        text = str(error)[:LONGEST]
    except BaseException:
        text = ""
    name = type(error).__name__[:60]
    told = {"kind": "raised", "text": f"{name}: {text}" if text else name}
    if isinstance(error, SyntaxError) and isinstance(error.lineno, int):
        line = error.lineno if 0 < error.lineno < 1 << 31 else None
        text = f"{name}: {error.msg}"[:LONGEST]
        return {**told, "text": text, "line": line, "cell": str(error.filename)[:200]}
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith("<cell ")
    ]
    if frames:
        told |= {"line": frames[-1].lineno, "cell": frames[-1].filename[:200]}
    return told


class _Nowhere(io.TextIOBase):
    """A stream for what cells print: nobody reads it."""

    def writable(self):
        return True

    def write(self, text):
        return len(text)


def _away_from_the_terminal():
    """Move the pipe to other descriptors, and let 0, 1 and 2 lead nowhere, so that printing cannot disturb it."""
    pipe = Pipe(os.dup(0), os.dup(1))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = _Nowhere()
    sys.stdin = sys.__stdin__ = io.StringIO()
    return pipe


def _without_checks(stub):
    """Put the stub where rnncourse.checks would be imported from; in a sandbox it lies there already."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("rnncourse.checks", stub)
    sys.modules["rnncourse.checks"] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules["rnncourse.checks"])


def main(arguments):
    """Answer messages until the grader hangs up."""
    pipe = _away_from_the_terminal()
    if arguments:
        _without_checks(arguments[0])
    notebook = Notebook()
    while True:
        try:
            message, raw = pipe.receive()
        except EOFError:
            os._exit(0)  # threads that a cell has left behind do not hold it up
        reply, answer = {"nonce": message["nonce"], "failure": None, "value": None}, b""
        if message["do"] == "run":
            reply["failure"] = notebook.run(message["cell"], message["source"])
        elif message["do"] == "call":
            reply["failure"], value = notebook.call(message["function"], message["arguments"], raw)
            if value is not None:
                reply["value"], answer = value
        pipe.send(reply, answer)


if __name__ == "__main__":
    main(sys.argv[1:])
