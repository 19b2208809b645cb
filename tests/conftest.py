"""What tests of several folders share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def built_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the site, which is built once."""
    for name in ("sphinx", "myst_nb", "sphinx_book_theme"):
        pytest.importorskip(name, reason="the site needs the extra [site]")
    from browser import site_pages

    made, warnings = site_pages.build(tmp_path_factory.mktemp("site"))
    assert warnings == [], "Sphinx has nothing to warn of"
    return made
