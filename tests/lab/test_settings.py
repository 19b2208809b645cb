"""What `rnncourse lab` tells the Jupyter server."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from traitlets.config.loader import PyFileConfigLoader

from rnncourse.lab.workspace import LAB_SETTINGS


def test_kernel_messages_go_to_the_page_at_once(monkeypatch, tmp_path):
    monkeypatch.setenv("RNNCOURSE_ROOT", str(tmp_path))
    monkeypatch.setattr(ZMQChannelsWebsocketConnection, "connect", lambda self: "connected")
    config = PyFileConfigLoader("jupyter_server_config.py", str(LAB_SETTINGS)).load_config()
    asked = []

    class Connection(config.ServerApp.kernel_websocket_connection_class):
        websocket_handler = SimpleNamespace(set_nodelay=asked.append)

    assert Connection().connect() == "connected"
    assert asked == [True]


def test_the_style_sheet_is_where_jupyterlab_and_notebook_look_for_it(monkeypatch, tmp_path):
    monkeypatch.setenv("RNNCOURSE_ROOT", str(tmp_path))
    config = PyFileConfigLoader("jupyter_server_config.py", str(LAB_SETTINGS)).load_config()
    settings: dict = {}
    settings.update(config.ServerApp.tornado_settings.to_dict()["update"])
    assert config.LabApp.custom_css is True
    [folder] = settings["static_custom_path"]
    notebook = Path(settings["page_config_data"]["jupyterConfigDir"])
    assert Path(folder, "custom.css") == notebook / "custom" / "custom.css"
    assert ".rnncourse-figure" in Path(folder, "custom.css").read_text(encoding="utf-8")
