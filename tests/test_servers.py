"""A test's own server is there once it answers, and gone afterward; one that cannot start says why."""

from __future__ import annotations

import sys
import urllib.request

import pytest
from servers import free_ports, running


def test_a_server_answers_and_is_stopped(tmp_path):
    [port] = free_ports(1)
    (tmp_path / "page.txt").write_text("hello")
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    address = f"http://127.0.0.1:{port}/page.txt"
    with running(command, tmp_path, tmp_path / "log", address, seconds=60) as process:
        assert urllib.request.urlopen(address).read() == b"hello"
        assert process.poll() is None
    assert process.poll() is not None


def test_a_server_that_ends_at_once_is_quoted(tmp_path):
    command = [sys.executable, "-c", "import sys; sys.exit('no such port')"]
    [port] = free_ports(1)
    with (
        pytest.raises(AssertionError, match="does not answer:\nno such port"),
        running(command, tmp_path, tmp_path / "log", f"http://127.0.0.1:{port}", seconds=60),
    ):
        pass


def test_ports_differ():
    assert len(set(free_ports(3))) == 3
