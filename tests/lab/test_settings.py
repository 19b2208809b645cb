"""What `rnncourse lab` tells the Jupyter server."""

from __future__ import annotations

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
