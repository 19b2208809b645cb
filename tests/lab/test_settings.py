"""What the course tells the Jupyter server, whatever starts it."""

from __future__ import annotations

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from browser.lab_server import ROOT
from ipykernel.ipkernel import IPythonKernel
from jupyter_server.services.contents.filemanager import AsyncFileContentsManager, FileContentsManager
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.utils import ensure_async
from nbformat.v4 import new_code_cell, new_notebook
from traitlets.config.loader import PyFileConfigLoader

from rnncourse.building.mathml import COLORED, GRADIENT
from rnncourse.building.outputs import METADATA
from rnncourse.lab import server
from rnncourse.lab.workspace import LAB_SETTINGS
from rnncourse.notation import ink
from rnncourse.question_cells import as_text


class OwnConnection(ZMQChannelsWebsocketConnection):
    pass


def server_with(connection: type, manager: FileContentsManager | None = None) -> SimpleNamespace:
    settings = {
        "kernel_websocket_connection_class": connection,
        "contents_manager": manager or FileContentsManager(),
    }
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


@pytest.fixture(params=[FileContentsManager, AsyncFileContentsManager])
def manager(request, tmp_path) -> FileContentsManager:
    """Return what reads and writes notebooks in a folder, with the course's extension loaded."""
    manager = request.param(root_dir=str(tmp_path))
    server._load_jupyter_server_extension(server_with(OwnConnection, manager))
    return manager


def write_notebook(file: Path, language: dict) -> bytes:
    metadata = {"kernelspec": METADATA["kernelspec"], "language_info": language}
    notebook = new_notebook(cells=[new_code_cell("x = 1", id="one")], metadata=metadata)
    file.write_text(as_text(notebook), encoding="utf-8")
    return file.read_bytes()


def wait_for(answer):
    """Return what a server's method answers; in a thread of its own, for a browser's loop may run in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(ensure_async(answer))).result()


@pytest.mark.parametrize("path", ["page.ipynb", "/page.ipynb"])
def test_a_source_is_served_with_what_its_kernel_tells_and_saved_as_it_was(manager, tmp_path, path):
    before = write_notebook(tmp_path / "page.ipynb", METADATA["language_info"])
    read = wait_for(manager.get(path))
    assert read["content"]["metadata"]["language_info"] == IPythonKernel.language_info
    wait_for(manager.save({"type": "notebook", "content": read["content"]}, "page.ipynb"))
    assert (tmp_path / "page.ipynb").read_bytes() == before
    assert wait_for(manager.get(path, content=False))["content"] is None


def test_notebooks_that_store_all_of_their_language_stay_as_they_are(manager, tmp_path):
    language = {"name": "python", "version": "3.0"}
    write_notebook(tmp_path / "mine.ipynb", language)
    read = wait_for(manager.get("mine.ipynb"))
    assert read["content"]["metadata"]["language_info"] == language
    read["content"]["metadata"]["language_info"] = dict(IPythonKernel.language_info)
    wait_for(manager.save({"type": "notebook", "content": read["content"]}, "mine.ipynb"))
    stored = json.loads((tmp_path / "mine.ipynb").read_text(encoding="utf-8"))
    assert stored["metadata"]["language_info"] == IPythonKernel.language_info


def test_folders_and_texts_are_served_as_before(manager, tmp_path):
    (tmp_path / "notes.md").write_text("x", encoding="utf-8")
    assert wait_for(manager.get("notes.md"))["content"] == "x"
    assert [one["name"] for one in wait_for(manager.get(""))["content"]] == ["notes.md"]


def test_the_extension_is_switched_on_for_rnncourse_lab_and_for_every_other_server():
    file = LAB_SETTINGS / "jupyter_server_config.d" / "rnncourse.json"
    assert json.loads(file.read_text()) == {"ServerApp": {"jpserver_extensions": {server.__name__: True}}}
    shared = f'"{file.relative_to(ROOT).as_posix()}" = "etc/jupyter/jupyter_server_config.d/rnncourse.json"'
    assert shared in (ROOT / "pyproject.toml").read_text()


RULE = re.compile(
    r"/\* ([a-z](?:, [a-z])*) \*/\s+:is\(mjx-msub, mjx-msubsup\):has\(> mjx-mi > (.+?)\) \{\s+color: (.+?);"
)


def class_of(letter: str) -> str:
    """Return the class that MathJax gives an italic letter."""
    return ".mjx-c210E" if letter == "h" else f".mjx-c{0x1D44E + ord(letter) - ord('a'):X}"


def test_the_style_sheet_colors_the_letters_of_formulas_as_notation_does():
    sheet = (LAB_SETTINGS / "custom" / "custom.css").read_text(encoding="utf-8")
    colored = {}
    for letters, classes, color in RULE.findall(sheet):
        named = letters.split(", ")
        assert re.findall(r"\.mjx-c\w+", classes) == [class_of(letter) for letter in named]
        colored |= dict.fromkeys(named, color)
    expected = {letter: "light-dark({}, {})".format(*ink(name)).lower() for letter, name in COLORED.items()}
    assert colored == expected
    gradient = sheet[sheet.index("/* Gradients of the loss") :]
    assert re.search("color: (.+?);", gradient)[1] == "light-dark({}, {})".format(*ink(GRADIENT)).lower()


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
