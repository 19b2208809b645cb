"""A Jupyter server extension: what a kernel says reaches the page at once, whatever starts the server."""

from __future__ import annotations

from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class PromptConnection(ZMQChannelsWebsocketConnection):
    """Sends small messages to the page at once; the system would hold them back for up to 40 ms (Nagle)."""

    def connect(self):
        self.websocket_handler.set_nodelay(True)
        return super().connect()


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "rnncourse.lab.server"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Let the server use PromptConnection, unless somebody has chosen a connection of their own."""
    settings = server.web_app.settings
    if settings["kernel_websocket_connection_class"] is ZMQChannelsWebsocketConnection:
        settings["kernel_websocket_connection_class"] = PromptConnection
