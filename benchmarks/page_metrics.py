"""How the chapters look in JupyterLab on a laptop (1366 × 768): a row for each chapter.

line: characters in a full line of text. plumbing: the share of visible code lines that only show a figure, with its
caption and alternative text. figures: how many there are of each width in CSS pixels. screens: the height of the page
by the height of the window.

    python benchmarks/page_metrics.py [--root CHECKOUT]

It opens the chapters as they are stored, without running them, with the settings of `rnncourse lab --edit`. Needs
JupyterLab, playwright and a Chromium. --root measures another checkout, such as an earlier version, which then runs
its own `rnncourse lab`.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from browser.lab_browser import CHROMIUM, FLAGS  # noqa: E402
from browser.lab_server import TOKEN, course_command, running_lab  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402

SHOWS = ("show", "show_architecture", "moving_clip", "sound_player")
LINES = """() => [...document.querySelectorAll('.jp-Notebook .jp-MarkdownCell p')].flatMap((paragraph) => {
  const counts = [];
  let top = null;
  const walker = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (let k = 0; k < node.length; k += 1) {
      range.setStart(node, k);
      range.setEnd(node, k + 1);
      const { top: y, width } = range.getBoundingClientRect();
      if (!width) continue;
      if (top === null || y > top + 12) { counts.push(0); top = y; }
      counts[counts.length - 1] += 1;
    }
  }
  return counts.slice(0, -1);
})"""


def plumbing(notebook: dict) -> tuple[int, int]:
    """Return how many visible code lines belong to a call that shows a figure, and how many there are in all."""
    shown = total = 0
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code" or cell["metadata"].get("jupyter", {}).get("source_hidden"):
            continue
        source = "".join(cell["source"])
        total += sum(bool(line.strip()) for line in source.splitlines())
        shown += sum(_showing_lines(source))
    return shown, total


def _showing_lines(source: str) -> list[int]:
    try:
        statements = ast.parse(source).body
    except SyntaxError:  # a cell that the reader completes
        return []
    calls = [one for one in statements if isinstance(one, ast.Expr) and isinstance(one.value, ast.Call)]
    return [one.end_lineno - one.lineno + 1 for one in calls if getattr(one.value.func, "attr", "") in SHOWS]


def measure(page: Page, url: str, name: str) -> tuple[float, Counter, float]:
    """Return characters in a line, figures by width, and screens."""
    page.goto(f"{url}/lab/workspaces/{name}/tree/chapters/{name}.ipynb?token={TOKEN}")
    page.wait_for_selector(".jp-Notebook .jp-MarkdownCell h1", timeout=120_000)
    page.wait_for_timeout(3000)
    widths = page.locator(".jp-Notebook .rnncourse-figure img").evaluate_all(
        "images => images.map((image) => Math.round(image.getBoundingClientRect().width))"
    )
    scroller = page.locator(".jp-WindowedPanel-outer").first
    screens = scroller.evaluate("one => one.scrollHeight / one.clientHeight")
    return median(page.evaluate(LINES) or [0]), Counter(widths), screens


def draw_all_cells(scratch: Path) -> None:
    """Let JupyterLab draw cells outside the window as well, which not every version of the course asks it to do."""
    file = scratch / "settings" / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
    file.parent.mkdir(parents=True)
    file.write_text('{"windowingMode": "none"}', encoding="utf-8")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--root", type=Path, default=ROOT)
    root = options.parse_args().root
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        course, scratch = Path(folder, "course"), Path(folder, "jupyter")
        draw_all_cells(scratch)
        shutil.copytree(root / "chapters", course / "chapters")
        shutil.copy(root / "pyproject.toml", course)
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        environ = {**os.environ, "PYTHONPATH": str(root.resolve())}
        # Version 0.1 opened a checkout's own notebooks without being asked to.
        edit = (root / "rnncourse" / "lab").is_dir()
        with running_lab(course_command(), course, scratch, environ, edit=edit) as lab:
            print(f"{'chapter':<40}{'line':>5}{'plumbing':>14}{'screens':>9}  figures")
            for file in sorted((course / "chapters").glob("*.ipynb")):
                page = chromium.new_context(viewport={"width": 1366, "height": 768}).new_page()
                line, widths, screens = measure(page, lab.url, file.stem)
                page.context.close()
                shown, total = plumbing(json.loads(file.read_text(encoding="utf-8")))
                figures = ", ".join(f"{count} × {width}" for width, count in sorted(widths.items()))
                code = f"{shown} of {total}"
                print(f"{file.stem:<40}{line:>5.0f}{code:>14}{screens:>9.0f}  {figures}", flush=True)


if __name__ == "__main__":
    main()
