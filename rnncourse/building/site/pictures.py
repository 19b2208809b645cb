"""Pictures and sounds taken out of a page into files of their own, so that browsers load them late and once."""

from __future__ import annotations

import re
from base64 import b64decode
from hashlib import sha256
from mimetypes import guess_extension
from pathlib import Path

from rnncourse.files import write_whole

_ATTRIBUTES = r'(?:[^<>"]|"[^"]*")*'
_INSIDE = re.compile(
    rf'<(?P<tag>\w+)(?P<before>{_ATTRIBUTES}?)\ssrc="data:(?P<kind>[\w.+/-]+);base64,(?P<data>[^"]*)"'
    rf"(?P<after>{_ATTRIBUTES})>"
)
_WIDTH = re.compile(r'\bwidth="(\d+)"')


def take_out(html: str, folder: Path, address: str) -> str:
    """Return HTML whose embedded pictures are files of `folder`, which the page knows as `address`.

    Each picture gets its height, so that nothing moves when it arrives.
    """

    def taken(found: re.Match[str]) -> str:
        data = b64decode(found["data"])
        name = f"{sha256(data).hexdigest()[:16]}{guess_extension(found['kind']) or ''}"
        if not (folder / name).exists():
            write_whole(folder / name, data)
        extra = _for_picture(data, found["before"] + found["after"]) if found["tag"] == "img" else ""
        return f'<{found["tag"]}{found["before"]}{extra} src="{address}/{name}"{found["after"]}>'

    folder.mkdir(parents=True, exist_ok=True)
    return _INSIDE.sub(taken, html)


def _for_picture(data: bytes, attributes: str) -> str:
    """Return the attributes that let a picture load late, and its height where its width is given."""
    late = ' loading="lazy" decoding="async"'
    size, width = size_of(data), _WIDTH.search(attributes)
    if size is None or width is None or "height=" in attributes:
        return late
    return f'{late} height="{round(int(width[1]) * size[1] / size[0])}"'


def size_of(data: bytes) -> tuple[float, float] | None:
    """Return the width and height of a PNG, GIF or SVG picture, None where they are not told."""
    if data.startswith(b"\x89PNG"):
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if data.startswith(b"GIF8"):
        return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    head = data[:2000].decode("utf-8", errors="replace")
    found = re.search(r'<svg[^>]*\bviewBox="[\d.-]+[ ,]+[\d.-]+[ ,]+([\d.]+)[ ,]+([\d.]+)"', head)
    if found is None:
        found = re.search(r'<svg(?=[^>]*\bwidth="([\d.]+))(?=[^>]*\bheight="([\d.]+))', head)
    return (float(found[1]), float(found[2])) if found and float(found[1]) else None
