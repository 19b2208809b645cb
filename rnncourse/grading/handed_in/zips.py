"""The names in a zip, as the program that packed it meant them."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath

_UTF8 = 0x800
_UNICODE_PATH = 0x7075


def path_of(entry: zipfile.ZipInfo) -> PurePosixPath:
    """Return the path of an entry: UTF-8 whatever the flag says, with the separators of any system."""
    return PurePosixPath(name_of(entry).replace("\\", "/"))


def name_of(entry: zipfile.ZipInfo) -> str:
    """Return the name of an entry: that of the Unicode path field, else the bytes as UTF-8, else as Python reads them.

    Python takes the bytes for code page 437 unless a flag says UTF-8; macOS, Moodle and many others leave it out.
    """
    if entry.flag_bits & _UTF8:
        return entry.filename
    try:
        raw = entry.orig_filename.encode("cp437")
        name = _unicode_path(entry.extra, raw) or raw.decode("utf-8")
    except UnicodeError:
        return entry.filename
    return name


def _unicode_path(extra: bytes, raw: bytes) -> str:
    """Return the name in Info-ZIP's Unicode path field, "" where there is none that belongs to these bytes."""
    for kind, field in _fields(extra):
        # A version, a checksum of the name that this one replaces, and the name.
        if kind == _UNICODE_PATH and field[:5] == struct.pack("<BL", 1, zlib.crc32(raw)):
            return field[5:].decode("utf-8")
    return ""


def _fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        yield kind, extra[4 : 4 + length]
        extra = extra[4 + length :]
