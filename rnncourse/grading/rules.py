"""What an answer may not use, found by following its names through the notebook, as far as it can reach.

Each statement at the top of a cell is a piece: it gives names a meaning, and reads others. From the function of a
task, the pieces that it reads are followed, and those that they read; only these count. Nobody can decide from its
text what a program does, so this is a rule and not a wall: the wall is that a forbidden shortcut still has to give
the right answers in a sandbox that holds no answers.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rnncourse.checks.forbidden import dotted

_DOORS = (
    "builtins.__import__", "builtins.eval", "builtins.exec", "builtins.compile", "builtins.breakpoint",
    "builtins.__builtins__", "builtins.__loader__", "builtins.__spec__", "sys.modules", "sys._getframe",
    "sys._current_frames", "os.sys", "importlib", "imp", "runpy", "pkgutil", "ctypes", "gc", "code", "codeop",
    "marshal", "pickle.load", "pickle.loads", "pickle.Unpickler", "operator.attrgetter", "operator.methodcaller",
    "inspect.currentframe", "inspect.stack", "inspect.getmodule", "inspect.getmembers", "inspect.getattr_static",
    "pydoc", "timeit.timeit", "timeit.repeat", "timeit.Timer", "typing.get_type_hints", "string.Formatter",
)  # fmt: skip
_TABLES = frozenset({"globals", "locals", "vars"})
_HIDDEN_ATTRIBUTES = frozenset({
    "__dict__", "__globals__", "__builtins__", "__subclasses__", "__mro__", "__bases__", "__base__", "__code__",
    "__closure__", "__loader__", "__getattribute__", "__getattr__", "__import__", "f_globals", "f_locals",
    "f_builtins", "tb_frame", "gi_frame",
})  # fmt: skip
_ENGINES = frozenset({"in_numpy", "in_torch"})
_CHANGERS = frozenset(
    {"update", "append", "insert", "extend", "setdefault", "add", "__setitem__", "__setattr__"}
)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp,
           ast.GeneratorExp)  # fmt: skip
_MOST_MEANINGS = 50
_DEEPEST = 300


@dataclass
class _Piece:
    """A statement at the top of a cell. reads: dotted names with lines, local ones only where `aliases` has them."""

    cell: str
    binds: set[str] = field(default_factory=set)
    reads: dict[str, int] = field(default_factory=dict)
    aliases: dict[str, list[str]] = field(default_factory=dict)
    """What names stand for by import or plain assignment: as absolute names (":numpy") or as written."""

    dynamic: dict[str, int] = field(default_factory=dict)
    """What fetches or may fetch anything by a text, and everything forbidden whatever it belongs to."""


def used(
    sources: Mapping[str, str],
    name: str,
    forbidden: Sequence[str],
    locked: Sequence[str] = (),
    called: str | None = None,
) -> list[str]:
    """Return what the answer `name` can reach that it may not use, with its line, and its cell if that is another.

    sources: all answers of the student. locked: the cells of the master, which may use what they like.
    called: the function of the task, where it has another name.
    """
    if not forbidden:
        return []
    try:
        notebook = _Notebook(sources, locked, forbidden)
        return notebook.found(called or name, name)
    except (RecursionError, MemoryError):
        return ["code nested too deeply to be read"]


def parts_of(sources: Mapping[str, str], name: str) -> set[str]:
    """Return the answers that must run for the cell `name` to run: itself, and what these cells define or read."""
    try:
        notebook = _Notebook(sources, (), ())
        parts, new = set(), {name}
        while new:
            parts |= new
            said = [
                one for piece in notebook.pieces if piece.cell in new for one in (*piece.binds, *piece.reads)
            ]
            new = {piece.cell for piece in notebook.reached([name, *said])} - parts
        return parts
    except (RecursionError, MemoryError):
        return set(sources)


class _Notebook:
    """The pieces of all cells, and which of them give a meaning to a name."""

    def __init__(self, sources: Mapping[str, str], locked: Sequence[str], forbidden: Sequence[str]):
        self.forbidden = forbidden
        self.ends = {one.rpartition(".")[2] for one in forbidden}
        cells = [("", source) for source in locked] + list(sources.items())
        self.pieces = [
            _Reader(cell, self.ends).read(node) for cell, source in cells for node in _statements(source)
        ]
        self.binders: dict[str, list[_Piece]] = {}
        self._meanings: dict[tuple[int, str], tuple[str, ...]] = {}
        for piece in self.pieces:
            for bound in piece.binds:
                if "." not in bound:
                    self.binders.setdefault(bound, []).append(piece)
        changes = [(full, piece) for piece in self.pieces for bound in piece.binds if "." in bound
                   for full in self.full(bound, piece)]  # fmt: skip
        for full, piece in changes:
            self.binders.setdefault(full, []).append(piece)

    def found(self, called: str, own: str) -> list[str]:
        """Return what the function `called` reaches that is forbidden."""
        found: dict[str, None] = {}
        for piece in self.reached([called]):
            if not piece.cell:
                continue
            where = "" if piece.cell == own else f" of the cell {piece.cell}"
            seen = {read: line for read, line in piece.reads.items() if self._refused(read, piece)}
            for read, line in (seen | piece.dynamic).items():
                found[f"{read} (line {line}{where})"] = None
        return list(found)

    def _refused(self, read: str, piece: _Piece) -> bool:
        if read.endswith(".*"):
            return any(one.startswith(read[:-1]) for one in self.forbidden)
        wanted = (*self.forbidden, *_DOORS)
        return any(
            full == one or full.startswith(f"{one}.") for full in self.full(read, piece) for one in wanted
        )

    def reached(self, names: Sequence[str]) -> list[_Piece]:
        """Return the pieces that give a meaning to these names, and to what those read, and so on."""
        pieces: dict[int, _Piece] = {}
        waiting, known = list(names), set(names)
        while waiting:
            for piece in self.binders.get(waiting.pop(), ()):
                if id(piece) in pieces:
                    continue
                pieces[id(piece)] = piece
                new = {one for read in piece.reads for one in self._leads(read, piece)} - known
                known |= new
                waiting += new
        return list(pieces.values())

    def _leads(self, read: str, piece: _Piece) -> Iterator[str]:
        """Yield under what names a piece may have given a meaning to what is read."""
        first = read.partition(".")[0]
        yield first
        if first not in self.binders and first not in piece.aliases:
            yield "*"
        for full in self.full(read, piece):
            parts = full.split(".")
            yield from (".".join(parts[:n]) for n in range(1, len(parts) + 1))

    def full(self, written: str, piece: _Piece) -> list[str]:
        """Return what a dotted name may stand for, from the module on: "torch.nn.LSTM" for "nn.LSTM"."""
        first, dot, rest = written.partition(".")
        return [one + dot + rest for one in self._meaning(first, piece, ())]

    def _meaning(self, name: str, piece: _Piece, behind: tuple[str, ...]) -> tuple[str, ...]:
        if name in behind:
            return (name,)
        if len(behind) > 100:
            raise RecursionError
        key = (id(piece) if name in piece.aliases else 0, name)
        if key in self._meanings:
            return self._meanings[key]
        aliases = [(piece, one) for one in piece.aliases.get(name, ())]
        if not aliases:
            bound = self.binders.get(name, ())
            aliases = [(one, alias) for one in bound for alias in one.aliases.get(name, ())]
            if not bound:
                return (f"builtins.{name}",)
        found: dict[str, None] = {} if aliases else {name: None}
        for where, alias in aliases:
            first, dot, rest = alias.lstrip(":").partition(".")
            first_is = (first,) if alias[0] == ":" else self._meaning(first, where, (*behind, name))
            found |= dict.fromkeys(one + dot + rest for one in first_is)
            if len(found) > _MOST_MEANINGS:
                raise RecursionError
        self._meanings[key] = tuple(found)
        return self._meanings[key]


def _statements(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError):
        return []


class _Reader:
    """Reads one piece, with regard to which names are local."""

    def __init__(self, cell: str, ends: set[str]):
        self.piece = _Piece(cell)
        self.ends = ends
        self.depth = 0

    def read(self, node: ast.stmt) -> _Piece:
        """Return the piece that a statement is."""
        self._see(node, frozenset())
        return self.piece

    def _see(self, node: ast.AST, local: frozenset[str], printed: bool = False) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise RecursionError
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            self._bind(node.name, local)
        if isinstance(node, _SCOPES):
            local = local - _declared(node) | _locals(node)
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            self._import(node)
        elif isinstance(node, (ast.Name, ast.Attribute)):
            self._name(node, local, printed)
        self._alias(node)
        self._match(node, local)
        if isinstance(node, ast.Call):
            self._call(node, local)
            printed = printed or getattr(node.func, "id", "") == "print"
        elif isinstance(node, (ast.Subscript, ast.NamedExpr)) or getattr(node, "attr", "keys") != "keys":
            printed = False
        for child in _inside(node):
            self._see(child, local, printed)
        self.depth -= 1

    def _bind(self, name: str, local: frozenset[str]) -> None:
        if name.partition(".")[0] not in local:
            self.piece.binds.add(name)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                name, full = alias.asname or alias.name, f"{node.module}.{alias.name}"
            else:
                name = alias.asname or alias.name.partition(".")[0]
                full = alias.name if alias.asname else name
            self.piece.binds.add(name)
            self.piece.aliases.setdefault(name, []).append(f":{full}")
            if name == "*":
                self.piece.reads[full] = node.lineno

    def _name(self, node: ast.Name | ast.Attribute, local: frozenset[str], printed: bool) -> None:
        written = dotted(node)
        first = written.partition(".")[0]
        if isinstance(node, ast.Attribute) and (
            node.attr in _HIDDEN_ATTRIBUTES or node.attr in _ENGINES & self.ends
        ):
            self.piece.dynamic[written or node.attr] = node.lineno
        if isinstance(node.ctx, ast.Store) and written:
            self._bind(written, local)
        elif written and (first not in local or first in self.piece.aliases):
            self.piece.reads.setdefault(written, node.lineno)
            if (written in _TABLES and not printed) or written == "getattr":
                self.piece.dynamic.setdefault(written, node.lineno)

    def _alias(self, node: ast.AST) -> None:
        if not isinstance(node, (ast.Assign, ast.NamedExpr, ast.AnnAssign)) or node.value is None:
            return
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if isinstance(target, ast.Name) and (written := dotted(node.value)):
                self.piece.aliases.setdefault(target.id, []).append(written)

    def _match(self, node: ast.AST, local: frozenset[str]) -> None:
        if isinstance(node, ast.Match) and (written := dotted(node.subject)):
            for inner in ast.walk(node):
                if isinstance(inner, ast.MatchAs) and inner.name:
                    self.piece.aliases.setdefault(inner.name, []).append(written)
        if isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
            self._bind(node.name, local)
        if isinstance(node, ast.MatchClass):
            self.piece.dynamic |= dict.fromkeys({*node.kwd_attrs} & self.ends, node.lineno)

    def _call(self, node: ast.Call, local: frozenset[str]) -> None:
        if isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGERS:
            changed = dotted(node.func.value)
        else:
            changed = dotted(node.args[0]) if getattr(node.func, "id", "") == "setattr" and node.args else ""
        if changed:
            self._bind(changed, local)


def _inside(node: ast.AST) -> list[ast.AST]:
    """Return the parts of a node to be looked at: of a dotted name none, of getattr with a plain text not its name."""
    if isinstance(node, ast.Attribute) and dotted(node):
        return []
    parts = list(ast.iter_child_nodes(node))
    if not isinstance(node, ast.Call) or getattr(node.func, "id", "") != "getattr":
        return parts
    name = node.args[1] if len(node.args) > 1 else None
    if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
        return parts
    plain = ast.Attribute(node.args[0], name.value, ast.Load(), lineno=node.lineno)
    return [plain, *node.args[2:]]


def _locals(scope: ast.AST) -> set[str]:
    """Return the names that are local in a function or a comprehension, for those inside of it too."""
    names, waiting = set(), list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.arg):
            names.add(node.arg)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif not isinstance(node, _SCOPES):
            waiting += ast.iter_child_nodes(node)
    return names - _declared(scope)


def _declared(scope: ast.AST) -> set[str]:
    """Return the names that a function declares to be global."""
    body = scope.body if isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef)) else []
    return {one for node in body if isinstance(node, ast.Global) for one in node.names}
