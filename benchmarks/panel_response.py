"""How long a panel in JupyterLab takes from a key press to the changed picture on the screen.

    python benchmarks/panel_response.py [WORD …]

Words choose the panels whose names contain one of them, such as "sampler"; without any, all are measured.

Panels moved by arrow keys in Chromium: the memory stepper, whose frames are swapped in the browser; a slider
whose every change is drawn as SVG by the kernel and sent to an ipywidgets HTML; and the labs that are computed and
drawn in the browser. The sentence lab hears another token typed and deleted. For the sampler and the Gate lab's network
it is the time until the old text is gone and the first characters of the next one are there. What is computed in the
browser is to be drawn within a frame at 60 a second, all else painted in 40 ms.
Measured inside the page, from the time stamp of the key: to the animation frame that follows the change
("drawn"), and to the end of that frame, when it is painted as well. Chromium paints in software here, which
takes its share. Prints one table.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

from nbformat.v4 import new_code_cell
from playwright.sync_api import Page, sync_playwright

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT / "tests"))

from browser.lab_browser import CHROMIUM, FLAGS, Lab, Server  # noqa: E402
from browser.lab_server import course_command, running_lab  # noqa: E402

DRAWN_MS = 16  # what is computed in the browser
PAINTED_MS = 40  # what the kernel computes, and frames that are swapped
PRESSES = 60
WARM_UP = 5
GIVE_UP_MS = 10_000

SETUP = """
import ipywidgets
import numpy as np
from rnncourse import data, in_numpy, viz
from rnncourse.widgets import *
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
NETWORK = """
rng = np.random.default_rng(0)
letters = data.Vocabulary(list('\\n "ADEGJNOPSTWaegnopstuw.'))
net = in_numpy.RecurrentNet(in_numpy.LSTM(len(letters), 16, rng=rng, dtype="float64"), len(letters), rng=rng)
lab = gate_lab(network=net, vocabulary=letters, prompt='Spot saw Jane. "SPOT')
lab.unit_holds = {"o": 0.5}
lab
"""


DRIFT_LAB = """
paths = rng.normal(scale=0.3, size=(5, 90, 5, 2)).cumsum(axis=1)
drift_lab(paths, ["Doug", "saw", "Jane", "period", "Spot"], range(90), ["Doug", "Jane", "Spot"])
"""


class Panel(NamedTuple):
    """What is measured: the code of its cell, what takes the keys, what changes, and the keys there and back.

    in_browser: whether it is computed and drawn in the browser; its target is the time to "drawn" then.
    """

    code: str
    takes_keys: str
    changes: str
    keys: tuple[str, str] = ("ArrowRight", "ArrowLeft")
    in_browser: bool = True


PANELS = {
    "Memory stepper, frames swapped in the browser": Panel(
        "memory_stepper(data.memory_game(4, 3, rng))",
        ".rnncourse-player input[type=range]",
        ".rnncourse-stage",
        in_browser=False,
    ),
    "SVG drawn by the kernel, sent to widgets.HTML": Panel(
        KERNEL_PANEL.strip(),
        ".noUi-handle",
        ".widget-html-content",
        in_browser=False,
    ),
    "Gate lab, T = 8, computed in the browser": Panel(
        "lab = gate_lab()\nlab.f = 0.5  # room for the slider on both sides\nlab",
        ".rnncourse-gate-lab [data-slider=f]",
        ".rnncourse-over-time",
    ),
    "Memory game, a player's memory": Panel(
        "memory_lab()",
        ".rnncourse-memory-lab [data-setting=remembered]",
        ".rnncourse-memory-lab .rnncourse-slots",
    ),
    "Jar lab, the fraction": Panel(
        "jar_lab(0.5)",
        ".rnncourse-jar-lab [data-setting=keep]",
        ".rnncourse-jar-lab .rnncourse-chart",
    ),
    "Window lab, 16 years ahead": Panel(
        "lab = window_lab(*data.sunspots(), dense, data.Scaler(50.0, 40.0))\nlab.ahead = 16\nlab",
        ".rnncourse-window-lab [data-slider=step]",
        ".rnncourse-window-lab .rnncourse-near",
    ),
    "Sentence lab, a letter typed or deleted": Panel(
        "sentence_lab(data.Vocabulary(['Doug', 'saw', 'Jane', '.']), rng.normal(size=(4, 3)))",
        ".rnncourse-sentence-lab input",
        ".rnncourse-sentence-lab .grid",
        keys=("a", "Backspace"),
    ),
    "Drift lab, 5 seeds, 90 updates": Panel(
        DRIFT_LAB.strip(), ".rnncourse-drift-lab [data-slider=step]", ".rnncourse-drift-lab .rnncourse-plane"
    ),
    "State lab, turning W_hh, T = 61": Panel(
        "state_lab(dishes, data.DINNERS, ['bread'] + [None] * 60)",
        ".rnncourse-state-lab [data-setting=turn]",
        ".rnncourse-state-lab .rnncourse-plane",
    ),
    "Wiring lab, another output looked at": Panel(
        "wiring_lab()",
        ".rnncourse-wiring-lab [data-row=counted] .switch",
        ".rnncourse-wiring-lab .rnncourse-says",
    ),
    "Attention lab, 10 tokens, 8 words": Panel(
        ATTENTION_LAB.strip(),
        ".rnncourse-attention-lab [data-slider=step]",
        ".rnncourse-links svg",
    ),
    "Credit lab, T = 8, the window moved": Panel(
        CREDIT_LAB.strip(),
        ".rnncourse-credit-lab [data-setting=k2]",
        ".rnncourse-graph svg",
    ),
    "Sampler, LSTM, H = 192, first characters": Panel(
        SAMPLER.strip(),
        ".rnncourse-sampler [data-setting=temperature]",
        ".rnncourse-sampler .rnncourse-text",
    ),
    "Gate lab, a network of 16 units, first characters": Panel(
        NETWORK.strip(),
        "[data-panel=network] [data-slider=o]",
        "[data-panel=network] [data-text=held]",
    ),
    "Gradient lab, tanh, T = 100, H = 32": Panel(
        "gradient_lab('tanh', T=100)",
        ".rnncourse-gradient-lab [data-setting=scale]",
        ".rnncourse-gradient-lab .curve",
    ),
    "Gradient lab, LSTM, T = 100, H = 32": Panel(
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


def response_ms(page: Page, panel: Panel) -> list[list[float]]:
    """Return the milliseconds from key press to drawn and to painted, for each press after the warm-up."""
    page.locator(panel.takes_keys).first.scroll_into_view_if_needed()
    page.locator(panel.takes_keys).first.focus()
    page.evaluate(WATCH, panel.changes)
    for press in range(WARM_UP + PRESSES):
        page.keyboard.press(panel.keys[press // 7 % 2])  # 8 steps: there and back
        page.wait_for_timeout(100)  # asking the page sooner would slow down what is measured
        page.wait_for_function("n => window.panelTimes.length > n", arg=press, timeout=GIVE_UP_MS)
    return page.evaluate("window.panelTimes")[WARM_UP:]


def measure(server: Server, browser, words: Sequence[str]) -> dict[str, list[list[float]]]:
    """Return the times of the panels that `words` choose, each in a notebook and a browser context of its own."""
    found = {}
    for k, (name, panel) in enumerate(PANELS.items()):
        if words and not any(word.lower() in name.lower() for word in words):
            continue
        server.write(f"panel_{k}.ipynb", [new_code_cell(SETUP.strip()), new_code_cell(panel.code)])
        lab = Lab(browser.new_context(viewport={"width": 1280, "height": 900}).new_page(), server)
        page = lab.open(f"panel_{k}.ipynb")
        lab.run_all()
        page.wait_for_selector(panel.takes_keys)
        found[name] = response_ms(page, panel)
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
            found = measure(Server(root, running.url), browser, sys.argv[1:])
        browser.close()
    print(
        f"{f'median ms of {PRESSES} presses':<50} {'drawn':>7} {'90 %':>7} {'painted':>8} {'90 %':>7}  target"
    )
    for name, times in found.items():
        print(f"{name:<50} {row(times, PANELS[name].in_browser)}")


def row(times: list[list[float]], in_browser: bool) -> str:
    """Return medians and nineties of the times to drawn and to painted, the target, and whether it is missed."""
    drawn, painted = zip(*times, strict=True)
    numbers = f"{median(drawn):>7.1f} {ninety(drawn):>7.1f} {median(painted):>8.1f} {ninety(painted):>7.1f}"
    target = f"drawn <= {DRAWN_MS}" if in_browser else f"painted <= {PAINTED_MS}"
    met = median(drawn) <= DRAWN_MS if in_browser else median(painted) <= PAINTED_MS
    return f"{numbers}  {target}{'' if met else ', missed'}"


def ninety(times: Sequence[float]) -> float:
    """Return the milliseconds within which nine in ten presses were answered."""
    return quantiles(times, n=10)[-1]


if __name__ == "__main__":
    main()
