"""What tests of several folders share."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock


@pytest.fixture(scope="session")
def built_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the site, which is built once for all workers."""
    for name in ("sphinx", "myst_nb", "sphinx_book_theme"):
        pytest.importorskip(name, reason="the site needs the extra [site]")
    from browser import site_pages

    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    known = shared / "site.json"
    with FileLock(shared / "site.lock"):
        if not known.exists():
            made, warnings = site_pages.build(tmp_path_factory.mktemp("site"))
            known.write_text(json.dumps([str(made), warnings]), encoding="utf-8")
    made, warnings = json.loads(known.read_text(encoding="utf-8"))
    assert warnings == [], "Sphinx has nothing to warn of"
    return Path(made)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Start the Chromium that is installed, once for each worker; Playwright's own is never downloaded."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright")
    from browser.lab_browser import FLAGS, PATIENCE_MS, SHELL

    if SHELL is None:
        pytest.skip("no Chromium on the PATH")
    playwright.expect.set_options(timeout=PATIENCE_MS)
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=SHELL, args=FLAGS)
        yield chromium
        chromium.close()
