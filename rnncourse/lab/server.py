"""A Jupyter server extension, for whatever starts the server: prompt kernels, and pages that stay as they are.

What a kernel says reaches the page at once. And a notebook that is only looked at does not change: the course's own
store the name of their language and nothing that differs between computers, so they are served with all that their
kernel will say of it. A front end stores that, and calls the notebook changed where it differs.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from jupyter_server.services.contents.manager import ContentsManager
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

from rnncourse.lab.edition import LANGUAGE

STORED = {"name": "python"}
"""What the course's own notebooks store of their language."""


class PromptConnection(ZMQChannelsWebsocketConnection):
    """Sends small messages to the page at once; the system would hold them back for up to 40 ms (Nagle)."""

    def connect(self):
        self.websocket_handler.set_nodelay(True)
        return super().connect()


class StoredLanguage:
    """Serves notebooks that store no more than their language's name with all of it, and stores the name again."""

    def __init__(self, manager: ContentsManager):
        self.read = manager.get
        self.names_only: set[str] = set()
        manager.get = self.get
        manager.register_pre_save_hook(self.before_saving)

    def get(self, path: str, *args: Any, **named: Any) -> Any:
        """Return what the manager finds at `path`, as its own method does: at once or to be awaited."""
        found = self.read(path, *args, **named)
        return self._later(path, found) if isinstance(found, Awaitable) else self._completed(path, found)

    async def _later(self, path: str, found: Awaitable) -> dict[str, Any]:
        return self._completed(path, await found)

    def _completed(self, path: str, model: dict[str, Any]) -> dict[str, Any]:
        if model["type"] == "notebook" and model["content"] is not None:
            metadata = model["content"]["metadata"]
            if metadata.get("language_info") == STORED:
                metadata["language_info"] = dict(LANGUAGE)
                self.names_only.add(path.strip("/"))
            else:
                self.names_only.discard(path.strip("/"))
        return model

    def before_saving(self, model: dict[str, Any], path: str, **_: Any) -> None:
        """Leave the name alone in the language of a notebook that was read so."""
        if model.get("type") == "notebook" and path.strip("/") in self.names_only:
            metadata = model["content"]["metadata"]
            if metadata.get("language_info") == LANGUAGE:
                metadata["language_info"] = dict(STORED)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "rnncourse.lab.server"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Let the server use PromptConnection, unless somebody has chosen a connection of their own."""
    settings = server.web_app.settings
    if settings["kernel_websocket_connection_class"] is ZMQChannelsWebsocketConnection:
        settings["kernel_websocket_connection_class"] = PromptConnection
    StoredLanguage(settings["contents_manager"])
