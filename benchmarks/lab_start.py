"""How long `rnncourse lab` takes until chapter 00 stands on the screen, from a warm install.

    python benchmarks/lab_start.py

From starting the command to the moment at which Chromium shows the chapter's heading, in an empty profile
and with Jupyter's own files in a scratch folder. Prints one table: three rounds, their median, the target.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT / "tests"))

from browser.lab_browser import CHROMIUM, FLAGS  # noqa: E402
from browser.lab_server import TOKEN, course_command, running_lab  # noqa: E402

TARGET_SECONDS = 5
ROUNDS = 3
GIVE_UP_SECONDS = 120
HEADING = ".jp-NotebookPanel .jp-RenderedMarkdown h1"


def one_round(browser: Browser) -> tuple[float, float]:
    """Return the seconds until the server answers and until the heading is visible."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        start = time.perf_counter()
        with running_lab(course_command(), CHECKOUT, Path(scratch)) as lab:
            answered = time.perf_counter() - start
            page = browser.new_page()
            page.goto(f"{lab.url}/?token={TOKEN}")
            page.locator(HEADING).first.wait_for(state="visible", timeout=1000 * GIVE_UP_SECONDS)
            shown = time.perf_counter() - start
            page.close()
    return answered, shown


def main() -> None:
    if CHROMIUM is None:
        sys.exit("no Chromium was found; Debian's package is called chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        one_round(browser)  # the first one warms the disk
        rounds = [one_round(browser) for _ in range(ROUNDS)]
        browser.close()
    print(f"{'seconds until':<12} {'server answers':>16} {'chapter 00 is shown':>20} {'target':>8}")
    for number, (answered, shown) in enumerate(rounds, start=1):
        print(f"{f'round {number}':<13} {answered:>16.1f} {shown:>20.1f}")
    answered, shown = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"{'median':<13} {answered:>16.1f} {shown:>20.1f} {f'< {TARGET_SECONDS}':>8}")


if __name__ == "__main__":
    main()
