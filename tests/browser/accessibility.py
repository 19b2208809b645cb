"""What axe-core finds in a page, and how a page is dressed for it.

The script of axe-core comes inside axe-playwright-python, so no network is needed.
"""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

DARK = """body { background: #111; --jp-content-font-color0: #fff; --jp-content-font-color1: #ddd;
  --jp-layout-color0: #111; --jp-layout-color2: #333; --jp-border-color1: #616161; --jp-brand-color1: #2196f3; }"""

REMEMBER = """
(() => {
  const {Color} = axe.commons.color, parse = Color.prototype.parseString, known = new Map();
  Color.prototype.parseString = function (text) {
    if (!known.has(text)) known.set(text, parse.call(new Color(), text));
    const {r, g, b, alpha} = known.get(text);
    return Object.assign(this, {r, g, b, alpha});
  };
})();
"""
"""axe-core reads every element's colors with a large library. A page has few, so they are kept: a third of the time."""

AXE = Axe(Axe().axe_script + REMEMBER)

VIOLATIONS = {"resultTypes": ["violations"]}
"""All rules are asked, but only those that are broken name all of their elements: that halves the time."""


def dress(page: Page, width: int, theme: str) -> None:
    """Give a page a width and the colours of JupyterLab's light or dark theme."""
    page.set_viewport_size({"width": width, "height": 900})
    if theme == "dark":
        page.add_style_tag(content=DARK)
        page.evaluate("document.body.dataset.jpThemeLight = 'false'")


def violations(page: Page, within: str | None = None) -> list[str]:
    """Return what axe-core objects to in the elements that `within` selects (None: the page), one line each.

    All its rules are asked, those for WCAG and its best practices.
    """
    found = AXE.run(page, context=within and {"include": [[within]]}, options=VIOLATIONS).response
    assert found["passes"], "axe-core looked at nothing"
    return [
        f"{rule['id']} ({rule['impact']}): {node['target']}: {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
