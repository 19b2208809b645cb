"""The addresses that the site can link to. What is not set is left out of the pages."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from rnncourse.errors import InputError, describe


@dataclass(frozen=True)
class Settings:
    """Addresses, "" where there is none.

    address: where the site is published, such as https://rnn.example.org/. repository: OWNER/NAME on GitHub.
    branch: its main branch. site_branch: the branch that the site is published from, whose notebooks Colab and Kaggle
    open. jupyterlab: an address to which the path of a notebook is appended, such as https://hub.example.org/hub/lab/tree/.
    """

    address: str = ""
    repository: str = ""
    branch: str = "main"
    site_branch: str = "gh-pages"
    jupyterlab: str = ""

    def __post_init__(self) -> None:
        for one in fields(self):
            if not isinstance(getattr(self, one.name), str):
                raise InputError(f"{one.name} must be a text, but got {describe(getattr(self, one.name))}")
        for name in ("address", "jupyterlab"):
            value = getattr(self, name)
            if value and not re.match(r"https?://\w", value):
                raise InputError(f"{name} must begin with https://, but got {value!r}")
        if self.address and not self.address.endswith("/"):
            object.__setattr__(self, "address", f"{self.address}/")
        if self.repository and not re.fullmatch(r"[\w.-]+/[\w.-]+", self.repository):
            raise InputError(f"repository must be OWNER/NAME, but got {self.repository!r}")

    def source(self, path: str) -> str:
        """Return the address of a file of the repository, "" where the repository is not known."""
        return f"https://github.com/{self.repository}/blob/{self.branch}/{path}" if self.repository else ""


def read_settings(file: Path, **given: str | None) -> Settings:
    """Return the settings in a TOML file; what is given, and is not None, goes before them."""
    stored: dict[str, Any] = {}
    if file.is_file():
        try:
            stored = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{file} is not TOML: {error}") from error
    known = {one.name for one in fields(Settings)}
    if strange := set(stored) - known:
        raise InputError(
            f"{file} may set {', '.join(sorted(known))}, but it sets {', '.join(sorted(strange))}"
        )
    return Settings(**stored | {name: value for name, value in given.items() if value is not None})
