"""How long a panel in JupyterLab takes from a key press to the changed picture on the screen.

    python benchmarks/panel_response.py

Panels moved by arrow keys in Chromium: the unroll stepper, whose frames are swapped in the browser; a slider
whose every change is drawn as SVG by the kernel and sent to an ipywidgets HTML; the Gate lab, the memory game, the
jar, the window, the state lab, the Wiring lab, the Attention lab, the Credit lab, the sampler and the Gradient lab,
which are computed and drawn in the browser. For the sampler it is the time until the old text is gone and the first
characters of the next one are there.
Measured inside the page, from the time stamp of the key: to the animation frame that follows the change
("drawn"), and to the end of that frame, when it is painted as well. Chromium paints in software here, which
takes its share. Prints one table.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from nbformat.v4 import new_code_cell
from playwright.sync_api import Page, sync_playwright

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT / "tests"))

from browser.lab_browser import CHROMIUM, FLAGS, Lab, Server  # noqa: E402
from browser.lab_server import course_command, running_lab  # noqa: E402

TARGET_MS = 40
PRESSES = 60
WARM_UP = 5
GIVE_UP_MS = 10_000

SETUP = """
import ipywidgets
import numpy as np
from rnncourse import data, in_numpy, viz
from rnncourse.widgets import attention_lab, credit_lab, gate_lab, gradient_lab, jar_lab, memory_lab
from rnncourse.widgets import sampler, state_lab, unroll_stepper, window_lab, wiring_lab
rng = np.random.default_rng(2)
rnn = in_numpy.RNN(3, 4, rng=np.random.default_rng(0))
x = np.random.default_rng(1).normal(size=(8, 1, 3)).astype(np.float32)
dense = in_numpy.MLP((3, 16, 16, 1), dtype="float64")
dishes = in_numpy.RNN(3, 2, rng=np.random.default_rng(5), dtype="float64")
dishes.params["W_hh"] *= 2
"""
KERNEL_PANEL = """
def draw(t):
    h, _ = rnn.forward(x)
    return viz.unrolled_network(8, states=list(h[:, 0, 0]), highlight=t)

slider = ipywidgets.IntSlider(value=1, min=1, max=8, description="t")
picture = ipywidgets.HTML(draw(1))
slider.observe(lambda change: setattr(picture, "value", draw(change.new)), "value")
ipywidgets.VBox([slider, picture])
"""
ATTENTION_LAB = """
weights = rng.dirichlet(np.full(8, 0.4), size=10)
attention_lab([(weights, list("abcdefgh"), list("0123456789"))])
"""
CREDIT_LAB = """
shapes = {"W_xh": (2, 5), "W_hh": (5, 5), "b_h": (5,), "W_hy": (5, 6), "b_y": (6,), "h0": (3, 5)}
p = {name: rng.normal(scale=0.6, size=shape) for name, shape in shapes.items()}
lab = credit_lab(p, rng.normal(size=(8, 3, 2)), rng.integers(6, size=(8, 3)))
lab.k2 = 1
lab
"""
SAMPLER = """
tokens, params = data.alice_writer()
net = in_numpy.RecurrentNet(in_numpy.LSTM(len(tokens), 192), len(tokens))
net.params.update(params)
sampler(net, data.Vocabulary(list(tokens)), "Alice ")
"""
PANELS = {  # name: (code of its cell, what takes the keys, what changes)
    "unroll stepper, frames swapped in the browser": (
        "unroll_stepper(rnn, x)",
        ".rnncourse-player input[type=range]",
        ".rnncourse-stage",
    ),
    "SVG drawn by the kernel, sent to widgets.HTML": (
        KERNEL_PANEL.strip(),
        ".noUi-handle",
        ".widget-html-content",
    ),
    "Gate lab, T = 8, computed in the browser": (
        "lab = gate_lab()\nlab.f = 0.5  # room for the slider on both sides\nlab",
        ".rnncourse-gate-lab [data-slider=f]",
        ".rnncourse-over-time",
    ),
    "Memory game, a player's memory": (
        "memory_lab()",
        ".rnncourse-memory-lab [data-setting=remembered]",
        ".rnncourse-memory-lab .rnncourse-slots",
    ),
    "Jar lab, the fraction": (
        "jar_lab(0.5)",
        ".rnncourse-jar-lab [data-setting=keep]",
        ".rnncourse-jar-lab .rnncourse-chart",
    ),
    "Window lab, 16 years ahead": (
        "lab = window_lab(*data.sunspots(), dense, data.Scaler(50.0, 40.0))\nlab.ahead = 16\nlab",
        ".rnncourse-window-lab [data-slider=step]",
        ".rnncourse-window-lab .rnncourse-near",
    ),
    "State lab, turning W_hh, T = 61": (
        "state_lab(dishes, data.DINNERS, ['bread'] + [None] * 60)",
        ".rnncourse-state-lab [data-setting=turn]",
        ".rnncourse-state-lab .rnncourse-plane",
    ),
    "Wiring lab, another output looked at": (
        "wiring_lab()",
        ".rnncourse-wiring-lab [data-row=counted] .switch",
        ".rnncourse-wiring-lab .rnncourse-says",
    ),
    "Attention lab, 10 tokens, 8 words": (
        ATTENTION_LAB.strip(),
        ".rnncourse-attention-lab [data-slider=step]",
        ".rnncourse-links svg",
    ),
    "Credit lab, T = 8, the window moved": (
        CREDIT_LAB.strip(),
        ".rnncourse-credit-lab [data-setting=k2]",
        ".rnncourse-graph svg",
    ),
    "Sampler, LSTM, H = 192, first characters": (
        SAMPLER.strip(),
        ".rnncourse-sampler [data-setting=temperature]",
        ".rnncourse-sampler .rnncourse-text",
    ),
    "Gradient lab, tanh, T = 100, H = 32": (
        "gradient_lab('tanh', T=100)",
        ".rnncourse-gradient-lab [data-setting=scale]",
        ".rnncourse-gradient-lab .curve",
    ),
    "Gradient lab, LSTM, T = 100, H = 32": (
        "gradient_lab('lstm', T=100)",
        ".rnncourse-gradient-lab [data-setting=scale]",
        ".rnncourse-gradient-lab .curve",
    ),
}

# The message comes after the frame that follows the change: by then it is painted.
WATCH = """selector => {
    const times = (window.panelTimes = []);
    let pressed = null;
    addEventListener('keydown', (event) => (pressed = event.timeStamp), true);
    new MutationObserver(() => {
        if (pressed === null) return;
        const start = pressed;
        pressed = null;
        requestAnimationFrame(() => {
            const { port1, port2 } = new MessageChannel();
            const drawn = performance.now() - start;
            port1.onmessage = () => times.push([drawn, performance.now() - start]);
            port2.postMessage(null);
        });
    }).observe(document.querySelector(selector), { subtree: true, childList: true, attributes: true });
}"""


def response_ms(page: Page, takes_keys: str, changes: str) -> list[list[float]]:
    """Return the milliseconds from key press to drawn and to painted, for each press after the warm-up."""
    page.locator(takes_keys).first.scroll_into_view_if_needed()
    page.locator(takes_keys).first.focus()
    page.evaluate(WATCH, changes)
    for press in range(WARM_UP + PRESSES):
        page.keyboard.press("ArrowRight" if press // 7 % 2 == 0 else "ArrowLeft")  # 8 steps: there and back
        page.wait_for_timeout(100)  # asking the page sooner would slow down what is measured
        page.wait_for_function("n => window.panelTimes.length > n", arg=press, timeout=GIVE_UP_MS)
    return page.evaluate("window.panelTimes")[WARM_UP:]


def measure(server: Server, browser) -> dict[str, list[list[float]]]:
    """Return the times of every panel, each in a notebook and a browser context of its own."""
    found = {}
    for k, (name, (code, takes_keys, changes)) in enumerate(PANELS.items()):
        server.write(f"panel_{k}.ipynb", [new_code_cell(SETUP.strip()), new_code_cell(code)])
        lab = Lab(browser.new_context(viewport={"width": 1280, "height": 900}).new_page(), server)
        page = lab.open(f"panel_{k}.ipynb")
        lab.run_all()
        page.wait_for_selector(takes_keys)
        found[name] = response_ms(page, takes_keys, changes)
        page.context.close()
    return found


def main() -> None:
    if CHROMIUM is None:
        sys.exit("This benchmark needs Chromium on the PATH (Debian: apt-get install chromium).")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        root, scratch = Path(folder, "course"), Path(folder, "jupyter")
        (root / "chapters").mkdir(parents=True)
        scratch.mkdir()
        shutil.copy(CHECKOUT / "pyproject.toml", root)
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with running_lab(course_command(), root, scratch, edit=True) as running:
            found = measure(Server(root, running.url), browser)
        browser.close()
    print(f"{f'median ms of {PRESSES} presses':<46} {'drawn':>7} {'painted':>8} {'90 %':>7} {'target':>8}")
    for name, times in found.items():
        drawn, painted = zip(*times, strict=True)
        medians = f"{statistics.median(drawn):>7.1f} {statistics.median(painted):>8.1f}"
        ninety = f"{statistics.quantiles(painted, n=10)[-1]:>7.1f}"
        verdict = "" if statistics.median(painted) <= TARGET_MS else "  too slow"
        print(f"{name:<46} {medians} {ninety} {f'<= {TARGET_MS}':>8}{verdict}")


if __name__ == "__main__":
    main()
