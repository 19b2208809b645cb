"""What axe-core finds in a page. Its script comes inside axe-playwright-python, so no network is needed."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def violations(page: Page, within: str | None = None) -> list[str]:
    """Return what axe-core objects to in the elements that `within` selects (None: the page), one line each.

    All its rules are asked, those for WCAG and its best practices.
    """
    found = Axe().run(page, context=within and {"include": [[within]]}).response
    assert found["passes"], "axe-core looked at nothing"
    return [
        f"{rule['id']} ({rule['impact']}): {node['target']}: {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
