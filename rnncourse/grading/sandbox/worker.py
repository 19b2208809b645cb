"""The untrusted side: runs a notebook's cells and calls its functions. A single file that stands alone.

Nothing here is secret and nothing here is believed. The code that it runs may read all of it, change all of it and
write on the pipe in its stead: what that can forge is the value of its own function, which the grader compares with
the right one anyway. No input comes before its own call, and no expected value ever comes.

A message is a head of 16 bytes (b"RNG1", the length of a JSON header, the length of the raw bytes), the header, and
the raw bytes of its arrays, one after the other. Never pickle, never a zip.
"""

import __future__

import ast
import builtins
import inspect
import io
import json
import linecache
import os
import struct
import sys
import traceback
import types
import warnings
from importlib.abc import MetaPathFinder
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

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

_TOOLS = 4
"""How many files of rnncourse.checks the worker is given."""


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
    if array.ndim > 8:
        raise Unusable(f"an array with {array.ndim} axes")
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

    def __len__(self):
        return 0

    def __getitem__(self, key):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False


class Notebook:
    """The namespace that cells run in, and the functions that they define.

    tools: the modules `forbidden`, `sharing`, `stopping` and `watching` of rnncourse.checks, which `check` works with
    too.
    """

    def __init__(self, tools):
        self.tools = tools
        self.module = types.ModuleType("__main__")
        self.names = self.module.__dict__
        self.inputs = [""]  # under the name In, which a cell may use for something else
        self.names |= {"__builtins__": builtins, "In": self.inputs, "Out": {}, "_": "", "__": "", "___": ""}
        self.absent = {}
        """By name, the module for whose absence the name has no meaning."""

        self.futures = 0
        self.loop = None
        sys.modules["__main__"] = self.module
        sys.displayhook = self._shown
        _like_jupyter()

    def run(self, cell, source, seconds, wall):
        """Run a cell; return None, or what stopped it."""
        name = f"<cell {cell}>"
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        try:
            with self.tools["stopping"].TimeLimit(seconds, wall):
                return self._statements(source, name)
        except self.tools["stopping"].TimeUp:
            return {"kind": "timeout", "text": f"{seconds:g}"}
        except BaseException as error:
            return _told(error)

    def _statements(self, source, name):
        """Run a cell's statements; return what was left out, as a failure, since it needs a module that is absent.

        Below such a statement others may fail for its sake, and the cell goes on all the same.
        """
        self._compiled(source, name, "exec")  # whatever is no Python is found before anything runs
        self.inputs.append(source)
        left_out = None
        statements = self._compiled(source, name, "exec", ast.PyCF_ONLY_AST).body
        for statement in statements:
            try:
                self._execute(statement, name, last=statement is statements[-1])
            except Exception as error:
                module = _absent(error)
                if module is None and left_out is None:
                    raise
                left_out = left_out or {"kind": "absent", "text": module}
                self.absent |= dict.fromkeys(_bound(statement), left_out["text"])
        return left_out

    def _execute(self, statement, name, last):
        if last and isinstance(statement, ast.Expr):  # its value is shown
            code = self._compiled(ast.Interactive([statement]), name, "single")
        else:
            code = self._compiled(ast.Module([statement], []), name, "exec")
        self.futures |= code.co_flags & FUTURES  # they hold on for the cells below, as in Jupyter
        if code.co_flags & inspect.CO_COROUTINE:
            self._await(eval(code, self.names))
        else:
            exec(code, self.names)

    def _await(self, coroutine):
        import asyncio  # which takes longer to load than most notebooks to run

        self.loop = self.loop or asyncio.new_event_loop()
        self.loop.run_until_complete(coroutine)

    def _compiled(self, source, name, mode, flags=0):
        flags |= self.futures | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        return compile(source, name, mode, flags=flags, dont_inherit=True)

    def _shown(self, value):
        if value is not None:
            self.names |= {"_": value, "__": self.names.get("_", ""), "___": self.names.get("__", "")}

    def call(self, message, raw):
        """Call a function; return what it gave back and its arguments afterward as one value, or a failure."""
        called = self.names.get(message["function"])
        if called is None:
            return self._undefined(message["function"], message["withheld"]), None
        named = self.tools["forbidden"].named_in(called, message["forbidden"])
        if named:
            return {"kind": "forbidden", "text": named[0][:LONGEST]}, None
        watch = self.tools["watching"].Watch(message["withheld"])
        failure, value = self._outcome(called, message, raw, watch)
        if watch.used:
            return {"kind": "forbidden", "text": next(iter(watch.used))}, None
        return failure, value

    def _outcome(self, called, message, raw, watch):
        stopping = self.tools["stopping"]
        try:
            args, kwargs = self._decode(message["arguments"], memoryview(raw))
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                with stopping.TimeLimit(message["seconds"], message["wall"]), watch:
                    value = called(*args, **kwargs)
            try:
                return None, _with_arguments(
                    encode(value), args, self.tools["sharing"].share_memory(value, args)
                )
            except RecursionError:
                return {"kind": "unusable", "text": "something that contains itself"}, None
        except stopping.TimeUp:
            return {"kind": "timeout", "text": f"{message['seconds']:g}"}, None
        except Unusable as error:
            return {"kind": "unusable", "text": str(error)}, None
        except NotImplementedError as error:
            return _unwritten(error, called), None
        except BaseException as error:
            return self._raised(error, message["withheld"]), None

    def _raised(self, error, withheld):
        """Return what is passed on about an error in a call: first of all which module was wanted and is absent."""
        wanted = isinstance(error, NameError) and isinstance(error.name, str)
        module = self.absent.get(error.name) if wanted else _absent(error)
        return _for_want_of(module, withheld) if module else _told(error)

    def _undefined(self, function, withheld):
        module = self.absent.get(function)
        return _for_want_of(module, withheld) if module else {"kind": "missing", "text": ""}

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
                return self.names[node[1]]
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


def _like_jupyter():
    """Put what Jupyter offers where cells look for it; IPython itself is loaded only if one imports it."""
    builtins.display = builtins.get_ipython = Nothing()
    getipython = types.ModuleType("IPython.core.getipython")
    getipython.get_ipython = builtins.get_ipython
    sys.modules[getipython.__name__] = getipython


def _unwritten(error, called):
    """Return the failure that names the function that is not written, if it is one that the student's calls."""
    inside = traceback.extract_tb(error.__traceback__)[-1].name
    own = (getattr(called, "__name__", inside), "<lambda>")
    return {"kind": "not written", "text": "" if inside in own else inside[:60]}


def _absent(error):
    """Return the name of the module that an error says is not there, or None for any other error."""
    known = isinstance(error, ModuleNotFoundError) and isinstance(error.name, str)
    return error.name[:100] or None if known else None


def _for_want_of(module, withheld):
    """Return the failure of what needed a module that is not there."""
    on_purpose = any(f"{module}.".startswith(f"{one}.") for one in withheld)
    return {"kind": "forbidden" if on_purpose else "absent", "text": module}


def _bound(statement):
    """Return the names that a statement would have given a meaning."""
    names = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.alias):
            names.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
    return names


def _with_arguments(answer, after, shared):
    """Return the encoded answer, the arguments after the call, and whether they share memory, as one value.

    A text stands for arguments that are no plain data.
    """
    tree, raw = answer
    try:
        arguments, more = encode([_without_functions(one) for one in after])
    except Unusable as error:
        arguments, more = ["str", str(error)], b""
    return ["list", [tree, arguments, ["bool", shared]]], raw + more


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
    text = _text(error)
    name = type(error).__name__[:60]
    told = {"kind": "raised", "text": f"{name}: {text}" if text else name}
    if isinstance(error, SyntaxError) and isinstance(error.lineno, int):
        line = error.lineno if 0 < error.lineno < 1 << 31 else None
        text = f"{name}: {_text(error.msg)}"[:LONGEST]
        return {**told, "text": text, "line": line, "cell": _text(error.filename)[:200]}
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith("<cell ")
    ]
    if frames:
        told |= {"line": frames[-1].lineno, "cell": frames[-1].filename[:200]}
    return told


def _text(value):
    """Return the beginning of a value's text; "" where it does not give even that."""
    try:
        return str(value)[:LONGEST]
    except BaseException:
        return ""


class _Nowhere(io.TextIOBase):
    """A stream for what cells print: nobody reads it."""

    encoding = "utf-8"

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


def _tools(files):
    """Return the modules in these files by name; rnncourse.checks, where they belong, is not available here."""
    return {Path(file).stem: _loaded(Path(file).stem, file) for file in files}


def _loaded(name, file):
    spec = spec_from_file_location(name, file)
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class _InPlace(MetaPathFinder):
    """Without a sandbox: finds the stub of a module in its place."""

    def __init__(self, stub, modules):
        self.stub, self.modules = stub, modules

    def find_spec(self, name, path=None, target=None):
        if name not in self.modules:
            return None
        return spec_from_file_location(name, self.stub, submodule_search_locations=[])


def _without_walls(checks, withheld, modules):
    """Put stubs where modules would be imported from; in a sandbox they lie there already."""
    _loaded("rnncourse.checks", checks)
    sys.meta_path.insert(0, _InPlace(withheld, modules))


def main(arguments):
    """Answer messages until the grader hangs up.

    arguments: the files of the tools; without a sandbox two stubs, and the names of the modules withheld.
    """
    pipe = _away_from_the_terminal()
    tools, (checks, withheld, *modules) = arguments[:_TOOLS], arguments[_TOOLS:] or ("", "")
    if checks:
        _without_walls(checks, withheld, modules)
    notebook = Notebook(_tools(tools))
    while True:
        try:
            message, raw = pipe.receive()
        except EOFError:
            os._exit(0)  # threads that a cell has left behind do not hold it up
        reply, answer = {"nonce": message["nonce"], "failure": None, "value": None}, b""
        if message["do"] == "run":
            reply["failure"] = notebook.run(
                message["cell"], message["source"], message["seconds"], message["wall"]
            )
        elif message["do"] == "call":
            reply["failure"], value = notebook.call(message, raw)
            if value is not None:
                reply["value"], answer = value
        pipe.send(reply, answer)


if __name__ == "__main__":
    main(sys.argv[1:])
