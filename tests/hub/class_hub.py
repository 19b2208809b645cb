"""A JupyterHub on this machine with the course's own configuration, and learners who use it as JupyterLab does.

Each learner's server runs in a name space of its own, as the user jovyan that containers have, so that nothing but
bubblewrap is needed to tell accounts apart.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import websocket
from browser.lab_server import ROOT
from servers import free_ports, running

PROXY = shutil.which("configurable-http-proxy")
COURSE = "rnn101"
PASSWORD = "only-here"
TOKEN = "1f" * 16
START_SECONDS = 200
ANSWER_SECONDS = 60
REQUEST_SECONDS = 60

_CONFIG = """
load_subconfig({hub_config!r})
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api_port}"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = {password!r}
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r} + "/{{username}}"
c.Spawner.cmd = {wrapper!r} + c.Spawner.cmd
c.Spawner.environment = {environment!r}
c.JupyterHub.services = [{{"name": "class", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [
    {{"name": "class", "services": ["class"], "scopes": ["admin:users", "admin:servers", "access:servers"]}}
]
"""


def missing() -> str:
    """Return what a hub needs and this machine lacks, "" if nothing."""
    if PROXY is None:
        return "no configurable-http-proxy on the PATH (npm install -g configurable-http-proxy)"
    if sys.platform != "linux" or shutil.which("bwrap") is None:
        return "no bubblewrap"
    tried = subprocess.run([*_as_jovyan(Path(os.devnull)), "true"], capture_output=True)
    return "" if tried.returncode == 0 else "bubblewrap cannot make a name space here"


def _as_jovyan(passwd: Path) -> list[str]:
    """Return the beginning of a command that runs the rest of it as the user jovyan."""
    known = ["--ro-bind", str(passwd), "/etc/passwd"] if passwd.is_file() else []
    return [
        *("bwrap", "--unshare-user", "--uid", "1000", "--gid", "1000", "--die-with-parent"),
        *("--bind", "/", "/", "--dev-bind", "/dev", "/dev", *known, "--"),
    ]


@dataclass
class Hub:
    """A running hub. folder: homes, exchange, and what the hub writes are below it."""

    url: str
    folder: Path
    process: subprocess.Popen

    def api(self, method: str, path: str, **more: Any) -> requests.Response:
        """Ask the hub's own interface, as an administrator."""
        return self.ask(method, f"/hub/api{path}", **more)

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """Return the answer to a request; AssertionError with its text for any other than a good one."""
        reply = self._send(method, path, **more)
        assert reply.ok, f"{method} {path}: {reply.status_code} {reply.text[:2000]}\n{self.said()}"
        return reply

    def _send(self, method: str, path: str, **more: Any) -> requests.Response:
        headers = {"Authorization": f"token {TOKEN}"}
        return requests.request(method, f"{self.url}{path}", headers=headers, timeout=REQUEST_SECONDS, **more)

    def said(self) -> str:
        """Return the end of what hub, proxy and servers have said."""
        return self.said_all()[-6000:]

    def said_all(self) -> str:
        """Return all that hub, proxy and servers have said."""
        return (self.folder / "hub.log").read_text(errors="replace")

    def start(self, names: Sequence[str], seconds: float = START_SECONDS) -> list[Learner]:
        """Start the servers of these accounts, made where they are missing, and wait until all are ready."""
        deadline = time.monotonic() + seconds
        for name in names:
            self.api("POST", f"/users/{name}")
            self._spawn(name, deadline)
        for name in names:
            while not self.api("GET", f"/users/{name}").json()["servers"].get("", {}).get("ready"):
                assert time.monotonic() < deadline, f"no server for {name}\n{self.said()}"
                time.sleep(1)
        return [Learner(self, name) for name in names]

    def _spawn(self, name: str, deadline: float) -> None:
        """Start a server; while the hub is busy with others, come back when it says so, as a person would."""
        path = f"/hub/api/users/{name}/server"
        while (reply := self._send("POST", path)).status_code == requests.codes.too_many_requests:
            wait = float(reply.headers.get("Retry-After", 10))
            assert time.monotonic() + wait < deadline, f"no turn for {name}\n{self.said()}"
            time.sleep(wait)
        assert reply.ok, f"{path}: {reply.status_code} {reply.text[:2000]}\n{self.said()}"


@dataclass
class Learner:
    """Somebody with a server on the hub."""

    hub: Hub
    name: str

    @property
    def home(self) -> Path:
        return self.hub.folder / "homes" / self.name

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """Ask this learner's server."""
        return self.hub.ask(method, f"/user/{self.name}{path}", **more)

    def read(self, path: str) -> dict[str, Any]:
        """Return a notebook of the learner's as JupyterLab gets it."""
        return self.ask("GET", f"/api/contents/{path}").json()["content"]

    def save(self, path: str, notebook: dict[str, Any]) -> None:
        """Save a notebook as Ctrl + S does."""
        body = {"type": "notebook", "format": "json", "content": notebook}
        self.ask("PUT", f"/api/contents/{path}", json=body)

    def assignment(self, what: str, name: str) -> dict[str, Any]:
        """Press a button of nbgrader's panel: fetch, submit or fetch_feedback."""
        said = self.ask(
            "POST",
            f"/assignments/{what}",
            data={"course_id": COURSE, "assignment_id": name, "_xsrf": ""},
        ).json()
        assert said["success"], said["value"]
        return said

    @contextmanager
    def kernel(self, path: str) -> Iterator[Kernel]:
        """Yield the kernel of a notebook, and end it."""
        body = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
        session = self.ask("POST", "/api/sessions", json=body).json()
        channels = f"/user/{self.name}/api/kernels/{session['kernel']['id']}/channels"
        socket_ = websocket.create_connection(
            f"{self.hub.url.replace('http', 'ws', 1)}{channels}",
            header=[f"Authorization: token {TOKEN}"],
            timeout=ANSWER_SECONDS,
        )
        try:
            yield Kernel(socket_)
        finally:
            socket_.close()
            self.ask("DELETE", f"/api/sessions/{session['id']}")


@dataclass
class Kernel:
    """A kernel behind the hub's proxy."""

    socket: websocket.WebSocket

    def run(self, code: str) -> str:
        """Run code as a cell and return what it shows as plain text, errors included."""
        number = uuid.uuid4().hex
        header = {"msg_id": number, "msg_type": "execute_request", "username": "", "session": "s", "date": "",
                  "version": "5.3"}  # fmt: skip
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
        }
        message = {
            "header": header,
            "parent_header": {},
            "metadata": {},
            "content": content,
            "channel": "shell",
        }
        self.socket.send(json.dumps(message))
        shown, idle, replied = [], False, False
        while not (idle and replied):
            got = self.socket.recv()
            # States of widgets with buffers are binary.
            message = json.loads(got) if isinstance(got, str) else {}
            if message.get("parent_header", {}).get("msg_id") != number:
                continue
            kind, content = message["header"]["msg_type"], message["content"]
            replied |= kind == "execute_reply"
            idle |= kind == "status" and content["execution_state"] == "idle"
            shown.append(_as_text(kind, content))
        return "".join(shown)


def _as_text(kind: str, content: dict[str, Any]) -> str:
    if kind == "error":
        return f"{content['ename']}: {content['evalue']}\n"
    if kind == "stream":
        return content["text"]
    return content["data"].get("text/plain", "") + "\n" if "data" in content else ""


def hub_environment(folder: Path) -> dict[str, str]:
    """Return the variables by which nbgrader finds its configuration and this class's exchange."""
    return {
        "JUPYTER_CONFIG_PATH": str(folder / "etc"),
        "NBGRADER_COURSE": COURSE,
        "NBGRADER_EXCHANGE": str(folder / "exchange"),
    }


@contextmanager
def running_hub(folder: Path, **settings: Any) -> Iterator[Hub]:
    """Run a hub with docs/hub/jupyterhub_config.py in an empty folder, and stop it with all its servers.

    settings: more of JupyterHub's, such as concurrent_spawn_limit.
    """
    port, hub_port, api_port = free_ports(3)
    for name in ("homes", "exchange", "etc"):
        (folder / name).mkdir()
    (folder / "exchange").chmod(0o777)
    shutil.copy(ROOT / "docs/hub/nbgrader_config.py", folder / "etc")
    passwd = folder / "passwd"
    passwd.write_text(f"root:x:0:0:root:/root:/bin/sh\njovyan:x:1000:1000::{folder}/homes:/bin/sh\n")
    config = _CONFIG.format(
        hub_config=str(ROOT / "docs/hub/jupyterhub_config.py"),
        port=port,
        hub_port=hub_port,
        api_port=api_port,
        proxy=PROXY,
        password=PASSWORD,
        homes=str(folder / "homes"),
        wrapper=_as_jovyan(passwd),
        environment=hub_environment(folder),
        token=TOKEN,
    )
    config += "".join(f"c.JupyterHub.{name} = {value!r}\n" for name, value in settings.items())
    (folder / "config.py").write_text(config)
    command = [sys.executable, "-m", "jupyterhub", "--config", str(folder / "config.py")]
    url = f"http://127.0.0.1:{port}"
    with running(command, folder, folder / "hub.log", f"{url}/hub/api", START_SECONDS) as process:
        yield Hub(url, folder, process)
