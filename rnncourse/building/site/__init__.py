"""The book as a website, from stored outputs: Sphinx sets the pages, the labs are live, nothing is run.

`build` prepares the sources (`pages`, `links`, `pictures`), lets Sphinx make the site with the configuration in
docs/site, and adds what belongs beside the pages: notebooks to download, and a sitemap where the address is known.
"""

from rnncourse.building.site.build import build
from rnncourse.building.site.settings import Settings, read_settings

__all__ = ["Settings", "build", "read_settings"]
