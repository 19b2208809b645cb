"""A server in a process of its own: start it, wait until it answers, stop it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


def free_ports(number: int) -> list[int]:
    """Return ports that nobody listens on."""
    sockets = [socket.socket() for _ in range(number)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@contextmanager
def running(
    command: Sequence[str],
    folder: Path,
    log: Path,
    address: str,
    seconds: float,
    environ: Mapping[str, str] = os.environ,
) -> Iterator[subprocess.Popen]:
    """Run a server in `folder`, yield its process once `address` answers, and stop it.

    log: the file for what it says. seconds: how long it may take to answer. Raises AssertionError with the log if it
    does not.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + seconds
        while not _answers(address):
            in_time = time.monotonic() < deadline and process.poll() is None
            assert in_time, f"{command[0]} does not answer:\n{log.read_text(errors='replace')}"
            time.sleep(0.05)
        yield process
    finally:
        stop(process)


def _answers(address: str) -> bool:
    """Say whether the server does what is asked for there; not that it refuses, resets or takes long."""
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except OSError:
        return False


def stop(process: subprocess.Popen) -> None:
    """End the process, gently at first."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
