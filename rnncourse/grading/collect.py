"""Find what each student handed in: a folder for each, a flat folder, a platform's zip, nbgrader's submitted/ tree.

Nothing is unpacked and no link is followed: a zip is read in memory, one notebook at a time and never more of it
than a notebook may have. What cannot be read is told with its reason; it never stops the rest of the class.
"""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from rnncourse.errors import InputError

LARGEST_NOTEBOOK = 20 << 20
"""Bytes that a notebook may have; outputs rarely fill one."""

MOST_ENTRIES = 50_000
_SKIPPED = {"__MACOSX", ".ipynb_checkpoints", "Thumbs.db"}
_WRAPPERS = {"submitted", "submissions"}
_MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)_?")
_CANVAS = re.compile(r"(?P<name>[^_]+)_(?:LATE_)?(?P<id>\d+)_(?P<attempt>\d+)_(?P<file>.+)")


class Unreadable(Exception):
    """A submission cannot be read; the text says why, in words for its author."""


@dataclass(frozen=True)
class File:
    """A file that was handed in. path: below the student's own folder. refused: why it is not opened, or ""."""

    path: PurePosixPath
    read: Callable[[], bytes]
    refused: str = ""


@dataclass(frozen=True)
class HandedIn:
    """What one student handed in. aliases: other names by which a roster may know the student."""

    student: str
    files: tuple[File, ...]
    aliases: tuple[str, ...] = ()

    def notebook(self, stem: str) -> tuple[str, bytes]:
        """Return name and bytes of the notebook of the assignment with that stem; Unreadable where there is none."""
        chosen = _choose(self.files, stem)
        if chosen.refused:
            raise Unreadable(f"{chosen.path.name} {chosen.refused}")
        return chosen.path.name, chosen.read()


@dataclass(frozen=True)
class Collected:
    """All submissions by student, and what was passed over, in words for the instructor."""

    submissions: tuple[HandedIn, ...]
    notes: tuple[str, ...] = ()


def collect(path: Path, stem: str) -> Collected:
    """Return what lies in a folder or zip for the assignment whose notebook is called `stem`.ipynb.

    Raises InputError where `path` is neither, or holds no submission at all.
    """
    if path.is_dir():
        files, notes = _folder_files(path)
    elif path.is_file() and zipfile.is_zipfile(path):
        files, notes = _zip_files(path)
    else:
        raise InputError(f"submissions must be a folder or a zip that exists, but {path} is neither")
    files = _unwrapped(files, path.stem)
    students = _by_student(files, stem)
    if not students:
        raise InputError(f"{path} holds no submission: no folder of a student and no notebook (.ipynb)")
    return Collected(tuple(students), tuple(notes))


def _folder_files(root: Path) -> tuple[list[File], list[str]]:
    """Return the files below a folder; links and devices are listed, so that they can be told, but never opened."""
    files, notes, waiting = [], [], [root]
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(folder.iterdir())
        except OSError as error:
            notes.append(f"{folder.relative_to(root)} cannot be read: {error.strerror}")
            continue
        for entry in entries:
            below = PurePosixPath(entry.relative_to(root).as_posix())
            if _skipped(entry.name):
                continue
            mode = entry.lstat().st_mode
            if stat.S_ISDIR(mode):
                waiting.append(entry)
                files.append(File(below / ".", bytes, "is a folder"))
            elif stat.S_ISREG(mode):
                files.append(File(below, lambda entry=entry: _read_file(entry)))
            else:
                what = "is a link, which is not followed" if stat.S_ISLNK(mode) else "is no ordinary file"
                notes.append(f"{below} {what}")
                files.append(File(below, bytes, what))
        if len(files) > MOST_ENTRIES:
            raise InputError(f"submissions hold more than {MOST_ENTRIES} files; is {root} the right folder?")
    return files, notes


def _read_file(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return _within(file.read(LARGEST_NOTEBOOK + 1), path.name)
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read: {error.strerror}") from error


def _within(data: bytes, name: str) -> bytes:
    if len(data) > LARGEST_NOTEBOOK:
        limit = LARGEST_NOTEBOOK >> 20
        raise Unreadable(
            f"{name} is larger than {limit} MB; clear its outputs (Edit, Clear Outputs of All Cells)"
        )
    return data


def _zip_files(path: Path) -> tuple[list[File], list[str]]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise InputError(f"{path} is a damaged zip: {error}") from error
    if len(entries) > MOST_ENTRIES:
        raise InputError(
            f"{path} holds {len(entries)} files, more than the {MOST_ENTRIES} that a class may have"
        )
    files, notes = [], []
    for entry in entries:
        below = PurePosixPath(entry.filename)
        if below.is_absolute() or ".." in below.parts or "\\" in entry.filename or "\x00" in entry.filename:
            notes.append(f"{entry.filename!r} leads out of the zip and was left out")
            continue
        if not below.parts or any(_skipped(part) for part in below.parts):
            continue
        mode = entry.external_attr >> 16
        if entry.is_dir():
            files.append(File(below / ".", bytes, "is a folder"))
        elif stat.S_ISLNK(mode):
            notes.append(f"{below} is a link, which is not followed")
            files.append(File(below, bytes, "is a link, which is not followed"))
        else:
            files.append(File(below, lambda entry=entry: _read_entry(path, entry)))
    return files, notes


def _read_entry(path: Path, entry: zipfile.ZipInfo) -> bytes:
    """Return an entry's bytes, reading no further than a notebook may reach, whatever its header says."""
    name = PurePosixPath(entry.filename).name
    try:
        with zipfile.ZipFile(path) as archive, archive.open(entry) as file:
            return _within(file.read(LARGEST_NOTEBOOK + 1), name)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise Unreadable(f"{name} in the zip cannot be read: {error}") from error
    except Exception as error:  # zlib, lzma and bz2 raise errors of their own
        raise Unreadable(f"{name} in the zip is damaged: {error}") from error


def _skipped(name: str) -> bool:
    return name in _SKIPPED or name.startswith(".")


def _unwrapped(files: list[File], name: str) -> list[File]:
    """Return the files without a folder around all of them that is no student's."""
    tops = {file.path.parts[0] for file in files}
    for wrapper in sorted(tops):
        alone = len(tops) == 1 and wrapper == name
        if wrapper.lower() in _WRAPPERS or alone:
            inside = [file for file in files if file.path.parts[0] == wrapper and len(file.path.parts) > 1]
            return [replace(file, path=PurePosixPath(*file.path.parts[1:])) for file in inside]
    return files


def _by_student(files: Iterable[File], stem: str) -> list[HandedIn]:
    """Return the files by student; who handed in is told by the folder's name or, in a flat folder, by the file's."""
    found: dict[tuple[str, str], list[File]] = {}
    for file in files:
        top, *rest = file.path.parts
        if rest:
            name, alias = _folder_student(top)
            found.setdefault((name, alias), []).append(replace(file, path=PurePosixPath(*rest)))
        elif file.path.suffix.lower() == ".ipynb":
            name, alias = _file_student(file.path.stem, stem)
            found.setdefault((name, alias), []).append(file)
        elif file.path.name and file.refused == "is a folder":
            found.setdefault(_folder_student(top), [])
    names = [name for name, _ in found]
    return [
        HandedIn(
            f"{name} ({alias})" if names.count(name) > 1 and alias else name,
            tuple(inside),
            _aliases(name, alias),
        )
        for (name, alias), inside in sorted(found.items())
    ]


def _aliases(name: str, alias: str) -> tuple[str, ...]:
    return tuple(one for one in (name, alias) if one)


def _folder_student(folder: str) -> tuple[str, str]:
    moodle = _MOODLE.fullmatch(folder)
    return (moodle["name"], moodle["id"]) if moodle else (folder, "")


def _file_student(name: str, stem: str) -> tuple[str, str]:
    """Return the student's name and number from the name of a file in a flat folder."""
    canvas = _CANVAS.fullmatch(name)
    if canvas:
        return canvas["name"], canvas["id"]
    number = stem.partition("_")[0]
    for known in (stem, number):
        bare = re.sub(rf"(^|[-_ .]+){re.escape(known)}(?=$|[-_ .(])", "", name, count=1, flags=re.IGNORECASE)
        bare = bare.strip("-_ .")
        if bare and bare != name:
            return bare, ""
    return name, ""


def _choose(files: tuple[File, ...], stem: str) -> File:
    """Return the one notebook that is meant; Unreadable where that cannot be told."""
    notebooks = [file for file in files if file.path.suffix.lower() == ".ipynb"]
    exact = [file for file in notebooks if file.path.stem.lower() == stem.lower()]
    if len(exact) > 1:  # nbgrader keeps an assignment's notebook in a folder of its own
        exact = [file for file in exact if stem.partition("_")[0] in str(file.path.parent)] or exact
    named = exact or [file for file in notebooks if stem.lower() in file.path.stem.lower()] or notebooks
    if len(named) == 1:
        return named[0]
    if named:
        names = ", ".join(sorted(str(file.path) for file in named)[:5])
        raise Unreadable(f"there are {len(named)} notebooks, and which one counts cannot be told: {names}")
    others = sorted(file.path.name for file in files if file.refused != "is a folder")[:5]
    inside = f"only {', '.join(others)}" if others else "nothing"
    raise Unreadable(f"there is no notebook (.ipynb), {inside}")
