"""The site that the tests look at: the course's own notebooks, and one with everything that a page has to bring."""

from __future__ import annotations

import shutil
from pathlib import Path

from browser import page_notebook
from browser.lab_server import ROOT

from rnncourse.building import outputs, site

PAGE = "chapters/detours/06_page"
SETTINGS = site.Settings(address="https://rnn.example.org/book", repository="owner/name")


def build(scratch: Path) -> tuple[Path, list[str]]:
    """Build the site below `scratch`; return its folder, and what Sphinx warned of."""
    root = scratch / "course"
    for name in ("chapters", "exercises", "solutions", "docs"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    for name in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, root)
    own = page_notebook.write(scratch)
    outputs.refresh(own)
    shutil.move(own, root / f"{PAGE}.ipynb")
    return scratch / "made", site.build(root, scratch / "made", SETTINGS)
