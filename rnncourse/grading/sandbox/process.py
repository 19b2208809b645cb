"""One worker: started, asked, and gone when it is closed, whatever it does."""

from __future__ import annotations

import json
import os
import secrets
import selectors
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rnncourse.grading.sandbox import cgroup, protocol
from rnncourse.grading.sandbox.bubblewrap import Sandbox, visible
from rnncourse.grading.sandbox.protocol import ProtocolError, Reply
from rnncourse.grading.sandbox.worker import HEAD
from rnncourse.grading.untrusted_text import shown

_GRACE = 1.0
"""Seconds that a worker has for the answer that it was stopped in time."""


class WorkerTimeout(Exception):
    """No reply came in time."""


class WorkerDied(Exception):
    """The worker is gone, or sent what is no reply; the text says which."""


class WorkerNotStarted(RuntimeError):
    """The sandbox did not start, before any of a student's code ran: not the student's fault."""


class Worker:
    """A worker process. Nothing that its code does can outlive `close`."""

    def __init__(self, sandbox: Sandbox, slot: int = 0, errors: Any = subprocess.DEVNULL):
        """Start a worker in a slot that no other has at the same time; WorkerNotStarted if it does not say hello.

        errors: a file for what bubblewrap has to say.
        """
        self._sandboxed = bool(sandbox.shape)
        self._group = cgroup.make(slot, sandbox.limits.resident) if self._sandboxed else None
        self._process, self._first_inside, self._socket = _start(sandbox, slot, errors, self._group)
        self._socket.setblocking(False)
        try:
            self.ask("hello", sandbox.limits.start)
        except (WorkerTimeout, WorkerDied, ProtocolError) as error:
            self.close()
            raise WorkerNotStarted(str(error) or "it did not answer") from error

    def ask(self, do: str, seconds: float, /, **fields: Any) -> Reply:
        """Return the reply to a request; WorkerTimeout or WorkerDied, after which the worker can only be closed."""
        nonce = secrets.token_hex(16)
        return self._exchange(nonce, protocol.message(nonce, do, **fields), seconds)

    def run(self, cell: str, source: str, seconds: float, wall: float) -> Reply:
        """Return the reply to a cell, which the worker itself stops in time if it can; raises as `ask`.

        seconds: of processor time, and wall: of the clock, for a cell that only waits.
        """
        return self.ask("run", wall + _GRACE, cell=cell, source=source, seconds=seconds, wall=wall)

    def call(self, args: tuple, kwargs: dict, seconds: float, wall: float, **fields: Any) -> Reply:
        """Return the reply to a call of one of the notebook's functions; times and errors as for `run`.

        fields: `function`, its name; `withheld` and `forbidden`, what it may not use.
        """
        nonce = secrets.token_hex(16)
        request = protocol.call_message(nonce, args, kwargs, seconds=seconds, wall=wall, **fields)
        return self._exchange(nonce, request, wall + _GRACE)

    def close(self) -> None:
        """End the worker and everything in its sandbox, and wait until it is gone."""
        self.end()
        self._process.wait()
        self._socket.close()
        cgroup.remove(self._group)

    def end(self) -> None:
        """End the worker; whoever waits for an answer from it, even in another thread, gets WorkerDied."""
        if self._process.poll() is None:
            self._kill()

    def _exchange(self, nonce: str, request: bytes, seconds: float) -> Reply:
        deadline = time.monotonic() + seconds
        try:
            self._write(request, deadline)
            header, raw = protocol.lengths(self._read(HEAD.size, deadline))
            return protocol.read_reply(nonce, self._read(header, deadline), self._read(raw, deadline))
        except ProtocolError as error:
            raise WorkerDied(f"it sent something that is not an answer: {error}") from error
        except OSError as error:
            raise WorkerDied(self._end()) from error

    def _write(self, data: bytes, deadline: float) -> None:
        rest = memoryview(data)
        while rest:
            self._wait(selectors.EVENT_WRITE, deadline)
            rest = rest[self._socket.send(rest) :]

    def _read(self, size: int, deadline: float) -> bytes:
        pieces = []
        while size:
            self._wait(selectors.EVENT_READ, deadline)
            piece = self._socket.recv(min(size, 1 << 20))
            if not piece:
                raise WorkerDied(self._end())
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def _wait(self, event: int, deadline: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, event)
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise WorkerTimeout

    def _end(self) -> str:
        """Return how a worker that closed its pipe ended."""
        try:
            status = self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            return "it closed the connection to the grader"
        number = status - 128 if status > 128 else -status
        if number in signal.valid_signals():
            return f"it was ended by the signal {signal.Signals(number).name}"
        return f"it ended itself (status {status})"

    def _kill(self) -> None:
        """Kill the first process inside; with it the kernel ends all others, and bubblewrap clears up after it."""
        try:
            if not self._sandboxed:
                os.killpg(self._process.pid, signal.SIGKILL)  # the worker, and what it has started
            elif self._first_inside is not None:
                os.kill(self._first_inside, signal.SIGKILL)
                self._process.wait(5)
                return
        except (ProcessLookupError, subprocess.TimeoutExpired):
            pass
        self._process.kill()


def probe(sandbox: Sandbox) -> str | None:
    """Start a worker and let it do what it must be able to do and not be able to do; None, or what is wrong."""
    with tempfile.TemporaryFile() as errors:
        try:
            worker = Worker(sandbox, errors=errors)
        except WorkerNotStarted as error:
            errors.seek(0)
            said = shown(errors.read(1000).decode("utf-8", "replace")).strip()
            return f"it does not start ({said or error})"
    try:
        reply = worker.run("probe", _home() + _PROBE, sandbox.limits.start, sandbox.limits.start)
    except (WorkerTimeout, WorkerDied) as error:
        return f"it does not hold ({error or 'no answer'})"
    finally:
        worker.close()
    return None if reply.failure is None else f"it does not hold ({reply.failure.text})"


def _home() -> str:
    """Return the line that tells the probe where home is, and what of it is needed because Python lies there."""
    home = Path.home().resolve()
    needed = {folder.relative_to(home).parts[0] for folder in visible() if home in folder.parents}
    return f"HOME, NEEDED = {str(home)!r}, {needed or 'set()'}\n"


_PROBE = """
import os, socket, threading
assert os.getuid() != 0, "the code has the rights of root"
for folder in ("/var", "/srv", "/etc/passwd"):
    assert not os.path.exists(folder), f"{folder} can be seen"
seen = os.listdir(HOME) if os.path.isdir(HOME) else []
assert set(seen) <= NEEDED, f"{HOME} can be seen"
try:
    open("/usr/written", "w")
except OSError:
    pass
else:
    raise AssertionError("the system can be written to")
try:
    socket.create_connection(("192.0.2.1", 9), 1)
except OSError as error:
    assert error.errno in (97, 101), f"there is a network ({error})"
import rnncourse.checks as checks
assert not hasattr(checks, "registry"), "the answers can be read"
thread = threading.Thread(target=int)
thread.start()
thread.join()
open("/tmp/written", "w").close()
"""


def _start(
    sandbox: Sandbox, slot: int, errors: Any, group: Path | None
) -> tuple[subprocess.Popen, int | None, socket.socket]:
    """Return the process, of a sandbox the number of the first process inside, and our end of the way to the worker.

    A socket, for nobody can open one a second time through /proc, as they could a pipe.
    """
    ours, theirs = socket.socketpair()
    reading, writing = os.pipe()
    passed = [writing] if sandbox.shape else []
    try:
        if sandbox.shape and sandbox.shared.filter:
            passed.append(os.open(sandbox.shared.filter, os.O_RDONLY))
        process = _popen(sandbox, sandbox.command(slot, passed, group), theirs, passed, errors)
    except BaseException:
        ours.close()
        os.close(reading)
        raise
    finally:
        theirs.close()
        for descriptor in {writing, *passed}:
            os.close(descriptor)
    return process, _first_inside(reading), ours


def _popen(
    sandbox: Sandbox, command: Sequence[str], way: socket.socket, passed: Sequence[int], errors: Any
) -> subprocess.Popen:
    return subprocess.Popen(
        command,
        stdin=way,
        stdout=way,
        stderr=errors,
        env=sandbox.environment(),
        pass_fds=passed,
        cwd="/" if sandbox.shape else sandbox.shared.empty,
        start_new_session=not sandbox.shape,
        process_group=sandbox.shared.group if sandbox.shape else None,
        bufsize=0,
    )


def _first_inside(descriptor: int) -> int | None:
    """Return the process number that bubblewrap tells, None if it ended before."""
    with open(descriptor, "rb", buffering=0) as pipe:
        text = b""
        while b"}" not in text and (piece := pipe.read(4096)):
            text += piece
    try:
        return int(json.loads(text)["child-pid"])
    except (ValueError, KeyError, TypeError):
        return None
