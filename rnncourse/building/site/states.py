"""Long texts of a widget's state, such as a network's weights: files that a page loads when its reader gets there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from rnncourse.files import write_whole

LONG = 50_000
"""So many characters of text are a file of their own. A script, for pages on a disk may load nothing else."""


def take_long_texts_out(state: Mapping[str, Any], folder: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the state without its long texts, and by trait the names of those, each a script in `folder`.

    NAME.js puts the text into rnncourseTexts.NAME.
    """
    long = {trait: text for trait, text in state.items() if isinstance(text, str) and len(text) >= LONG}
    names = {trait: f"t{sha256(text.encode()).hexdigest()[:16]}" for trait, text in long.items()}
    for trait, name in names.items():
        folder.mkdir(parents=True, exist_ok=True)
        script = f"(window.rnncourseTexts ??= {{}}).{name} = {json.dumps(long[trait])};\n"
        write_whole(folder / f"{name}.js", script.encode())
    return {trait: value for trait, value in state.items() if trait not in long}, names
