"""The Gradient lab in JupyterLab: moved by keyboard only, its numbers and picture read from the page."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from rnncourse.analysis.gradient_flow import GradientFlow, gradient_flow
from rnncourse.building.outputs import refresh
from rnncourse.viz._flow import SURVIVAL, gradient_levels
from rnncourse.widgets._gradient_lab import numbers

ROOT = ".rnncourse-gradient-lab"
LAB, READ, SET, BUSY = 1, 3, 4, 5
START = {"cell": "tanh", "T": 20, "H": 16}


def cells() -> list:
    """Return the cells of the notebook that these tests drive; the constants above are their places."""
    code = "import time\n\nfrom rnncourse.widgets import gradient_lab\nlab = gradient_lab('tanh', T=20, H=16)\nlab"
    return [
        new_markdown_cell("# Scratch\n\nA heading that the arrow keys could fold."),
        new_code_cell(code),
        new_markdown_cell("## Below"),
        new_code_cell("print(lab.cell, lab.scale, lab.T, lab.seed, round(lab.flow.log10_norms[-1], 6))"),
        new_code_cell("lab.cell, lab.scale, lab.T, lab.kept = 'tanh', 1.0, 20, None"),
        new_code_cell("time.sleep(0.1 if lab.scale == 1 else 5)"),
    ]


@pytest.fixture(scope="module")
def notebook(server, new_lab) -> Iterator:
    """Return JupyterLab with the notebook open and all its cells run once."""
    server.write("gradient_lab.ipynb", cells())
    with new_lab() as lab:
        lab.open("gradient_lab.ipynb")
        lab.run_all()
        lab.page.wait_for_selector(f"{ROOT} canvas")
        assert lab.errors() == []
        yield lab


@pytest.fixture
def lab(notebook):
    """Return the notebook with the Gradient lab's cell active and the lab set as at first."""
    notebook.run(SET)
    wait_for(notebook, gradient_flow(**START))
    notebook.activate(LAB)
    return notebook


def wait_for(lab, flow: GradientFlow) -> None:
    """Wait until the page shows the numbers of `flow`; fail where it never does."""
    wanted = {name: value for name, _, value in numbers(flow)}
    lab.page.wait_for_function(
        """wanted => {
            const shown = [...document.querySelectorAll('.rnncourse-numbers [data-number]')];
            return Object.entries(wanted).every(([name, value]) =>
                shown.some((one) => one.dataset.number === name && one.textContent === value));
        }""",
        arg=wanted,
        timeout=10_000,
    )


def press(lab, setting: str, *keys: str) -> None:
    lab.tab_to(f"{ROOT} [data-setting={setting}]")
    for key in keys:
        lab.page.keyboard.press(key)


def painted(lab) -> np.ndarray:
    """Return the colours of the heat map (units, steps, 3) as they stand in the canvas."""
    wide, tall, data = lab.page.evaluate(
        """root => {
            const { width, height } = document.querySelector(`${root} canvas`);
            const pixels = document.querySelector(`${root} canvas`).getContext('2d').getImageData(0, 0, width, height);
            return [width, height, [...pixels.data]];
        }""",
        ROOT,
    )
    return np.array(data).reshape(tall, wide, 4)[:, :, :3]


def test_keys_change_every_setting_and_leave_the_notebook_alone(lab):
    before = lab.shape()
    press(lab, "cell", "ArrowDown")  # tanh -> ReLU
    wait_for(lab, gradient_flow("relu", T=20, H=16))
    press(lab, "init", "ArrowDown")
    wait_for(lab, gradient_flow("relu", "glorot", T=20, H=16))
    press(lab, "scale", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowUp")
    wait_for(lab, gradient_flow("relu", "glorot", 1.1, T=20, H=16))
    press(lab, "T", "ArrowRight")
    wait_for(lab, gradient_flow("relu", "glorot", 1.1, T=25, H=16))
    press(lab, "seed", "ArrowRight", "ArrowRight")
    wait_for(lab, gradient_flow("relu", "glorot", 1.1, T=25, seed=2, H=16))
    press(lab, "seed", "Home", "a", "d", "d")  # letters that would add and delete cells
    press(lab, "init", "ArrowUp")
    lab.page.wait_for_timeout(300)
    assert lab.shape() == before, "a key reached the notebook"


def test_lstm_opens_the_forget_bias(lab):
    bias = lab.page.locator(f"{ROOT} [data-setting=forget_bias]")
    assert bias.is_disabled()
    press(lab, "cell", "ArrowDown", "ArrowDown", "ArrowDown")
    wait_for(lab, gradient_flow("lstm", T=20, H=16))
    assert bias.is_enabled()
    press(lab, "forget_bias", "ArrowRight", "ArrowRight")
    wait_for(lab, gradient_flow("lstm", T=20, H=16, forget_bias=1.0))
    press(lab, "forget_bias", "ArrowLeft", "ArrowLeft")
    wait_for(lab, gradient_flow("lstm", T=20, H=16))


def test_heat_map_and_curve_are_those_of_the_flow(lab):
    press(lab, "scale", "ArrowRight")
    flow = gradient_flow("tanh", scale=1.05, T=20, H=16)
    wait_for(lab, flow)
    levels = gradient_levels(flow.log10_gradients).T
    colours = np.round(255 * SURVIVAL(levels / 255.0)[:, :, :3])
    assert np.abs(painted(lab) - colours).max() <= 1
    path = lab.page.locator(f"{ROOT} .curve").get_attribute("d")
    points = np.array([point.split() for point in path[1:].split("L")], dtype=float)
    assert len(points) == 21
    # From left to right the steps, from top to bottom the logarithm: a straight line through all points.
    fit = np.polyfit(flow.log10_norms[::-1], points[:, 1], 1)
    assert fit[0] < 0
    assert np.allclose(np.polyval(fit, flow.log10_norms[::-1]), points[:, 1], atol=0.1)
    assert np.allclose(np.diff(points[:, 0]), np.diff(points[:, 0])[0], atol=0.11)


def test_python_reads_what_the_keys_set(lab):
    press(lab, "cell", "ArrowUp")
    flow = gradient_flow("sigmoid", T=20, H=16)
    wait_for(lab, flow)
    assert lab.run_and_read(READ).split() == [
        "sigmoid",
        "1.0",
        "20",
        "0",
        str(round(flow.log10_norms[-1], 6)),
    ]


def test_a_curve_is_kept_and_dropped_by_keyboard(lab):
    kept = lab.page.locator(f"{ROOT} .kept[d]:not([d=''])")
    assert kept.count() == 0
    lab.tab_to(f"{ROOT} [data-do=keep]")
    lab.page.keyboard.press("Enter")
    kept.wait_for(state="attached")
    path = kept.get_attribute("d")
    assert path == lab.page.locator(f"{ROOT} .curve").get_attribute("d")
    lab.activate(LAB)
    press(lab, "cell", "ArrowUp")
    wait_for(lab, gradient_flow("sigmoid", T=20, H=16))
    assert lab.page.inner_text(f"{ROOT} .rnncourse-keeping span") == "Dashed: tanh, uniform, scale 1"
    assert lab.page.locator(f"{ROOT} .curve").get_attribute("d") != kept.get_attribute("d")
    lab.tab_to(f"{ROOT} [data-do=drop]")
    lab.page.keyboard.press("Space")
    kept.wait_for(state="detached")


def test_the_next_press_is_answered_while_the_kernel_is_busy(lab):
    press(lab, "scale", "ArrowRight")
    wait_for(lab, gradient_flow("tanh", scale=1.05, T=20, H=16))
    lab.page.wait_for_timeout(500)  # the neighbours are on their way
    lab.activate(BUSY)
    lab.page.keyboard.press("Control+Enter")
    lab.activate(LAB)
    press(lab, "scale", "ArrowRight")
    wait_for(lab, gradient_flow("tanh", scale=1.1, T=20, H=16))
    assert "[*]:" in lab.prompts(), "the kernel was idle: nothing was tested"
    lab.page.wait_for_function("() => !document.querySelector('.jp-Notebook').innerText.includes('[*]:')")
    wait_for(lab, gradient_flow("tanh", scale=1.1, T=20, H=16))
    assert lab.run_and_read(READ).split()[1] == "1.1"


def test_every_control_has_a_name_and_the_words_are_heard(lab):
    group = lab.page.get_by_role("group", name="Gradient lab")
    for name in ("Cell", "Initialization", "Input"):
        assert group.get_by_role("combobox", name=name).count() == 1
    for name in ("Weight scale", "Steps T", "Seed", "Forget bias"):
        assert group.get_by_role("slider", name=name).count() == 1
    press(lab, "scale", "ArrowRight")
    flow = gradient_flow("tanh", scale=1.05, T=20, H=16)
    wait_for(lab, flow)
    words = f"Factor per step {flow.factor:.2f}. Spectral radius {flow.spectral_radius:.2f}."
    heard = f"{ROOT} [aria-live=polite]"
    lab.page.wait_for_function(
        "([heard, words]) => document.querySelector(heard).textContent.includes(words)", arg=[heard, words]
    )
    assert words in group.get_by_role("img").get_attribute("aria-label")
    assert lab.page.inner_text(f"{ROOT} .rnncourse-fate") in lab.page.inner_text(heard)


def test_escape_leads_back_to_the_notebook(lab):
    press(lab, "scale", "Escape", "ArrowDown")
    lab.page.wait_for_timeout(300)
    assert lab.shape()[0] == LAB + 1


def test_stored_notebook_shows_the_table(server, new_lab):
    refresh(server.write("stored_lab.ipynb", cells()))
    with new_lab() as lab:
        page = lab.open("stored_lab.ipynb")
        stand_in = page.locator(".rnncourse-fallback")
        assert stand_in.is_visible()
        assert page.locator(ROOT).count() == 0
        first = stand_in.locator("tbody tr").first.locator("td").all_inner_texts()
        assert first[1:] == [value for _, _, value in numbers(gradient_flow(**START))]
        assert "Run this cell (Shift + Enter)" in page.inner_text(".jp-Notebook")
        assert lab.errors() == []
