"""How long `rnncourse lab` takes until chapter 00 stands on the screen, from a warm install.

    python benchmarks/lab_start.py

From starting the command to the moment at which Chromium shows the chapter's heading, in an empty profile
and with Jupyter's own files in a scratch folder. Prints one table: three rounds, their median, the target.
"""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from rnncourse.environment import checkout_above

TARGET_SECONDS = 5
ROUNDS = 3
GIVE_UP_SECONDS = 120
TOKEN = "benchmark"
HEADING = ".jp-NotebookPanel .jp-RenderedMarkdown h1"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def free_port() -> int:
    """Return a port on which nothing listens at the moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def start_lab(root: Path, scratch: Path, port: int) -> subprocess.Popen:
    """Start `rnncourse lab` in `root`, its own files in `scratch`."""
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR")
    environ = {**os.environ, **{name: str(scratch / name) for name in names}}
    environ["JUPYTERLAB_WORKSPACES_DIR"] = str(scratch / "workspaces")
    command = shutil.which("rnncourse", path=str(Path(sys.executable).parent))
    options = ["--no-browser", f"--port={port}", f"--IdentityProvider.token={TOKEN}"]
    quiet = subprocess.DEVNULL
    return subprocess.Popen([command, "lab", *options], cwd=root, env=environ, stdout=quiet, stderr=quiet)


def wait_for_server(address: str, process: subprocess.Popen) -> None:
    """Return once the server answers; raise RuntimeError if it ends or is silent for too long."""
    deadline = time.monotonic() + GIVE_UP_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/api?token={TOKEN}", timeout=5).close()
        except OSError:  # refused, reset or timed out
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("rnncourse lab does not answer")


def stop(process: subprocess.Popen) -> None:
    """End JupyterLab, gently at first."""
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()


def one_round(root: Path, browser: Browser) -> tuple[float, float]:
    """Return the seconds until the server answers and until the heading is visible."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        port = free_port()
        start = time.perf_counter()
        process = start_lab(root, Path(scratch), port)
        try:
            wait_for_server(f"http://localhost:{port}", process)
            answered = time.perf_counter() - start
            page = browser.new_page()
            page.goto(f"http://localhost:{port}/?token={TOKEN}")
            page.locator(HEADING).first.wait_for(state="visible", timeout=1000 * GIVE_UP_SECONDS)
            shown = time.perf_counter() - start
            page.close()
        finally:
            stop(process)
    return answered, shown


def main() -> None:
    chromium = next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)
    if chromium is None:
        sys.exit("no Chromium was found; Debian's package is called chromium")
    root = checkout_above(Path(__file__))
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=CHROMIUM_OPTIONS)
        one_round(root, browser)  # the first one warms the disk
        rounds = [one_round(root, browser) for _ in range(ROUNDS)]
        browser.close()
    print(f"{'seconds until':<12} {'server answers':>16} {'chapter 00 is shown':>20} {'target':>8}")
    for number, (answered, shown) in enumerate(rounds, start=1):
        print(f"{f'round {number}':<13} {answered:>16.1f} {shown:>20.1f}")
    answered, shown = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"{'median':<13} {answered:>16.1f} {shown:>20.1f} {f'< {TARGET_SECONDS}':>8}")


if __name__ == "__main__":
    main()
