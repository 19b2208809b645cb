"""Writing a file so that nobody ever meets half of one."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from pathlib import Path

_STALE = 60.0
"""Seconds after which nobody is writing a part of a file anymore."""


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` so that, whatever happens, the file at `path` is the old one or the new one.

    An existing file keeps its permissions; a new one gets those of any new file. Raises OSError where it cannot be
    written, and then nothing is left beside it.
    """
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with open(part, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            part.chmod(path.stat().st_mode & 0o777)
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):  # where there is no folder, there is no part either
            part.unlink()
        raise


def clear_parts(folder: Path) -> None:
    """Remove what `write_whole` left in a folder when its process was killed; what may still be written stays."""
    with contextlib.suppress(OSError):
        for part in folder.glob(".*.part"):
            if re.fullmatch(r"\.[0-9a-f]{16}\.part", part.name):
                with contextlib.suppress(OSError):
                    if time.time() - part.stat().st_mtime > _STALE:
                        part.unlink()


def why_not_writable(folder: Path) -> str:
    """Return why no file can be written into `folder`, "" where one can; what was made to find out is removed."""
    made = [one for one in (folder, *folder.parents) if not os.path.lexists(one)]
    probe = folder / f".{secrets.token_hex(8)}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(bytes(4096))
        return ""
    except OSError as error:
        return error.strerror or type(error).__name__
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()
        for one in made:
            with contextlib.suppress(OSError):
                one.rmdir()
