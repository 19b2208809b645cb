"""The states of widgets: stored in a notebook when its outputs are built, and read without running anything."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from browser import page_notebook
from browser.lab_server import ROOT
from nbformat import NotebookNode, from_dict

from rnncourse import widgets
from rnncourse.building import live, outputs
from rnncourse.question_cells import LIVE

STORED = sorted(path.relative_to(ROOT) for path in (ROOT / "chapters").rglob("[0-9]*.ipynb"))


@pytest.fixture(scope="module")
def refreshed(tmp_path_factory) -> NotebookNode:
    path = page_notebook.write(tmp_path_factory.mktemp("live"))
    assert outputs.refresh(path)
    assert not outputs.refresh(path), "the same states give the same bytes"
    return read(path)


def read(path: Path) -> NotebookNode:
    return outputs.read(path.read_text(encoding="utf-8"), path)


def views(notebook: NotebookNode) -> dict[str, live.LiveWidget]:
    """Return the stored widgets by the cell that shows them."""
    shown = ((cell.id, map(live.live_in, cell.get("outputs", []))) for cell in notebook.cells)
    return {name: widget for name, found in shown for widget in found if widget}


def test_the_state_of_each_widget_that_computes_in_the_browser_is_stored(refreshed):
    found = views(refreshed)
    assert {cell: (view.name, view.model) for cell, view in found.items()} == {
        "lab": ("GateLab", "1"),
        "question": ("Prediction", "2"),
        "player": ("FramePlayer", "3"),
        "writes": ("Sampler", "4"),
        "lab-again": ("GateLab", "1"),
    }
    assert found["lab"].state == found["lab-again"].state
    latch = list(widgets.GATE_PRESETS["latch"].x)
    assert found["lab"].state["inputs"][: len(latch)] == latch
    assert found["lab"].state["step"] == 4
    assert [frame["label"] for frame in found["player"].state["frames"]] == ["1", "2"]
    assert found["question"].state["questions"][0]["key"] == "which"


def test_nothing_of_the_manager_and_no_script_is_stored(refreshed):
    text = json.dumps([cell.get("outputs") for cell in refreshed.cells])
    assert "_esm" not in text and "_model_module" not in text and "model_id" not in text
    assert "widgets" not in refreshed.metadata


def test_widgets_are_found_by_their_models(refreshed):
    assert {model: one.name for model, one in live.live_widgets(refreshed).items()} == {
        "1": "GateLab",
        "2": "Prediction",
        "3": "FramePlayer",
        "4": "Sampler",
    }


def test_the_weights_of_a_network_are_stored_with_every_digit(refreshed):
    state = views(refreshed)["writes"].state
    wanted = page_notebook.sampler_of_the_page()
    assert state["weights"] == wanted.weights
    assert (state["fixed"]["bits"], state["prompt"]) == (32, "ab")
    size = sum(array.size for array in wanted.net.params.values())
    assert len(base64.b64decode(state["weights"])) == 4 * size


def test_front_ends_are_shared():
    quiz, prediction = live.front_end("Quiz"), live.front_end("Prediction")
    assert quiz == prediction
    assert (quiz.script_name, quiz.style_name) == ("quiz", "quiz")
    shown = [live.LiveWidget(name, str(k), {}) for k, name in enumerate(["Quiz", "Prediction", "GateLab"])]
    assert [one.script_name for one in live.front_ends(shown)] == ["quiz", "gate_lab"]


def test_a_widget_that_the_course_does_not_have_is_passed_over():
    stranger = {"widget": "Stranger", "model": "1", "state": {}}
    assert live.live_in(from_dict({"metadata": {LIVE: stranger}})) is None
    assert live.live_in(from_dict({"metadata": {}})) is None
    assert live.live_in(from_dict({"output_type": "stream"})) is None


@pytest.mark.parametrize("path", STORED, ids=str)
def test_what_a_chapter_stores_is_what_the_widgets_have_today(path):
    for cell, view in views(read(ROOT / path)).items():
        kind = getattr(widgets, view.name)
        expected = {name for name in kind.class_traits(sync=True) if not live.OF_THE_MANAGER.fullmatch(name)}
        assert set(view.state) == expected, f"{cell}: run rnncourse build outputs {path}"
