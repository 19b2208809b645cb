"""What has been graded so far, a file for each student, so that a run can be killed and taken up again."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rnncourse.errors import InputError
from rnncourse.files import clear_parts, write_whole
from rnncourse.grading.results.results import StudentResult, as_record, from_record

_TAKEN = ("run", "con", "nul", "aux", "prn")
_LONGEST_NAME = 100
"""Bytes of a student's name in the name of a file, of the 255 that a file system allows."""


class Store:
    """The folder `state` below the results. A student's file is there whole or not at all."""

    def __init__(self, out: Path, settings: Mapping[str, Any]):
        """Take up the run in `out`, or begin one, and clear away what a run that was killed has left half written.

        InputError if the run there had other settings.
        """
        self.folder = out / "state"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"out must be a folder that can be written to, but {out} is not: {error}"
            ) from error
        self.seed = self._take_up(out, dict(settings))
        for folder in (out, self.folder, out / "feedback"):
            clear_parts(folder)

    def _take_up(self, out: Path, settings: dict[str, Any]) -> str:
        path = self.folder / "run.json"
        if not path.exists():
            write(path, json.dumps({"settings": settings, "seed": secrets.token_hex(16)}, indent=1))
        try:
            run = json.loads(path.read_text(encoding="utf-8"))
            then, seed = dict(run["settings"]), str(run["seed"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise InputError(f"{path} is damaged ({error}); delete {self.folder} to start over") from error
        changed = [name for name in settings if then.get(name) != settings[name]]
        if changed:
            raise InputError(
                f"{out} holds a run with other settings ({', '.join(changed)}); choose another --out, "
                f"or delete {self.folder} to grade everybody again"
            )
        return seed

    def get(self, student: str) -> StudentResult | None:
        """Return a student's result, None if there is none yet or its file is damaged."""
        try:
            result = from_record(json.loads(self._path(student).read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        return result if result.student == student else None

    def put(self, result: StudentResult) -> None:
        """Keep a student's result."""
        write(self._path(result.student), json.dumps(as_record(result), ensure_ascii=False))

    def put_table(self, path: Path, text: str) -> bool:
        """Write a table that people fill in; False, the file left alone, if it is not as this run wrote it last."""
        mark, ours = self.folder / f"{path.name}.sha256", hashlib.sha256(_bytes(text)).hexdigest()
        try:
            there = hashlib.sha256(path.read_bytes()).hexdigest()
            untouched = there == ours or there == mark.read_text(encoding="ascii")
        except FileNotFoundError:
            untouched = not path.exists()
        except (OSError, UnicodeDecodeError):
            untouched = False
        if untouched:
            write(path, text)
            write(mark, ours)
        return untouched

    def _path(self, student: str) -> Path:
        return self.folder / f"{file_name(student)}.json"


def file_name(student: str) -> str:
    """Return a name for a student's files that every file system takes; different for different students.

    Letters of any script stay, so that pages can be told apart; it never begins like an option.
    """
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,59}", student) and student not in _TAKEN:
        return student
    letters = unicodedata.normalize("NFC", student)
    plain = _cut(re.sub(r"[^\w-]+", "_", letters).strip("_-"), _LONGEST_NAME).strip("_-") or "student"
    return f"{plain}-{hashlib.sha256(student.encode('utf-8', 'surrogatepass')).hexdigest()[:10]}"


def _cut(text: str, size: int) -> str:
    """Return as much of a text as fits into that many bytes, without cutting a letter in half."""
    return text.encode("utf-8", "ignore")[:size].decode("utf-8", "ignore")


def write(path: Path, text: str) -> None:
    """Write a file, and the folder around it, so that whatever happens there is the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, _bytes(text))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
