"""In JupyterLab, Shift + Enter runs the cell whose widget has the focus, and goes on to the next one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from nbformat.v4 import new_code_cell

SETUP = """
import numpy as np
from rnncourse.data import Scaler, Vocabulary, memory_game, sunspots
from rnncourse.in_numpy import LSTM, MLP, RNN, RecurrentNet
from rnncourse.widgets import *
rng = np.random.default_rng(0)
net = RecurrentNet(LSTM(3, 4, rng=rng), 3, rng=rng)
"""
WIDGETS = {  # code of the cell: a control of the widget
    'drift_lab([rng.normal(size=(4, 3, 2))], list("abc"), range(4), ["a", "b"])': ".rnncourse-drift-lab tbody button",
    "memory_stepper(memory_game(2, 2, rng))": ".rnncourse-player [data-slider=step]",
    'predict("Which?", ["a", "b"], "a", "Read it.", "which")': ".rnncourse-quiz input",
    "wiring_lab()": ".rnncourse-wiring-lab .switch[tabindex='0']",
    "gate_lab()": ".rnncourse-gate-lab [data-slider=f]",
    "jar_lab()": ".rnncourse-jar-lab [data-setting=keep]",
    "memory_lab()": ".rnncourse-memory-lab [data-setting=remembered]",
    'state_lab(RNN(3, 2, rng=rng), list("abc"), ["a", None])': ".rnncourse-state-lab [data-setting=turn]",
    'sentence_lab(Vocabulary(["saw", "Doug"]))': ".rnncourse-sentence-lab .tokens button",
    "window_lab(*sunspots(), MLP((3, 1), rng=rng), Scaler(50.0, 40.0))": ".rnncourse-window-lab [data-setting=ahead]",
    "gradient_lab(T=10, H=8)": ".rnncourse-gradient-lab [data-setting=scale]",
    'sampler(net, Vocabulary(list("abc")), prompt="a", characters=20)': ".rnncourse-sampler [data-setting=seed]",
}


@pytest.fixture(scope="module")
def notebook(server, any_lab) -> Iterator:
    """Return JupyterLab with a widget in each cell after the first, all run once."""
    cells = [new_code_cell(code) for code in (SETUP.strip(), *WIDGETS, "print('the end')")]
    server.write("keys_of_the_notebook.ipynb", cells)
    with any_lab() as lab:
        lab.open("keys_of_the_notebook.ipynb")
        lab.run_all()
        assert lab.errors() == []
        yield lab


@pytest.mark.parametrize("selector", WIDGETS.values())
def test_shift_enter_runs_the_cell_of_the_widget_and_goes_on(notebook, selector):
    cell = notebook.place_of(selector)
    before = notebook.prompts()[cell]
    notebook.activate(cell)
    notebook.tab_to(selector)
    notebook.page.keyboard.press("Shift+Enter")
    notebook.page.wait_for_function(
        """([cell, before]) => {
            const now = document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')[cell].textContent;
            return /\\d/.test(now) && now !== before;
        }""",
        arg=[cell, before],
        timeout=15_000,
    )
    assert notebook.shape()[0] == cell + 1
