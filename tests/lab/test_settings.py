"""What the course tells the Jupyter server, whatever starts it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from browser.lab_server import ROOT
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from traitlets.config.loader import PyFileConfigLoader

from rnncourse.lab import server
from rnncourse.lab.workspace import LAB_SETTINGS


class OwnConnection(ZMQChannelsWebsocketConnection):
    pass


def server_with(connection: type) -> SimpleNamespace:
    settings = {"kernel_websocket_connection_class": connection}
    return SimpleNamespace(web_app=SimpleNamespace(settings=settings))


def test_kernel_messages_go_to_the_page_at_once(monkeypatch):
    monkeypatch.setattr(ZMQChannelsWebsocketConnection, "connect", lambda self: "connected")
    asked = []

    class Connection(server.PromptConnection):
        websocket_handler = SimpleNamespace(set_nodelay=asked.append)

    assert Connection().connect() == "connected"
    assert asked == [True]


@pytest.mark.parametrize(
    ("before", "after"),
    [(ZMQChannelsWebsocketConnection, server.PromptConnection), (OwnConnection, OwnConnection)],
)
def test_the_extension_changes_the_usual_connection_and_no_other(before, after):
    app = server_with(before)
    [point] = server._jupyter_server_extension_points()
    assert point["module"] == server.__name__
    server._load_jupyter_server_extension(app)
    assert app.web_app.settings["kernel_websocket_connection_class"] is after


def test_the_extension_is_switched_on_for_rnncourse_lab_and_for_every_other_server():
    file = LAB_SETTINGS / "jupyter_server_config.d" / "rnncourse.json"
    assert json.loads(file.read_text()) == {"ServerApp": {"jpserver_extensions": {server.__name__: True}}}
    shared = f'"{file.relative_to(ROOT).as_posix()}" = "etc/jupyter/jupyter_server_config.d/rnncourse.json"'
    assert shared in (ROOT / "pyproject.toml").read_text()


def test_the_style_sheet_is_where_jupyterlab_and_notebook_look_for_it(monkeypatch, tmp_path):
    monkeypatch.setenv("RNNCOURSE_ROOT", str(tmp_path))
    config = PyFileConfigLoader("jupyter_server_config.py", str(LAB_SETTINGS)).load_config()
    settings: dict = {}
    settings.update(config.ServerApp.tornado_settings)
    assert config.LabApp.custom_css is True
    [folder] = settings["static_custom_path"]
    notebook = Path(settings["page_config_data"]["jupyterConfigDir"])
    assert Path(folder, "custom.css") == notebook / "custom" / "custom.css"
    assert ".rnncourse-figure" in Path(folder, "custom.css").read_text(encoding="utf-8")
