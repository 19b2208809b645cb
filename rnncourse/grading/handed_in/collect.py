"""Find what each student handed in: a folder for each, a flat folder, a platform's zip, nbgrader's submitted/ tree.

Nothing is unpacked and no link is followed: a zip is read in memory, one notebook at a time and never more of it
than a notebook may have. What cannot be read is told with its reason; it never stops the rest of the class.
"""

from __future__ import annotations

import itertools
import os
import stat
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from rnncourse.errors import InputError
from rnncourse.grading.handed_in import platforms, zips
from rnncourse.grading.untrusted_text import one_line

LARGEST_NOTEBOOK = 128 << 20
"""Bytes that a notebook may have, most of them outputs."""

MOST_FILES = 2000
"""Files of one student that are looked at, and as many folders below the student's own, those at the top first."""

_SKIPPED = {"__MACOSX", ".ipynb_checkpoints", "Thumbs.db"}
_WRAPPERS = {"submitted", "submissions"}
_NBGRADERS = {"source", "release", "autograded", "feedback", "header.ipynb"}
_GRADESCOPES = "submission_metadata.yml"


class Unreadable(Exception):
    """A submission cannot be read; the text says why, in words for its author."""

    def __init__(self, why: str):
        super().__init__(one_line(why))


@dataclass(frozen=True)
class File:
    """A file that was handed in. path: below the student's own folder. refused: why it is not opened, or ""."""

    path: PurePosixPath
    read: Callable[[], bytes]
    refused: str = ""


@dataclass(frozen=True)
class HandedIn:
    """What one student handed in. claim: whose it is, as told by the folder or the file; two may have the same name.

    unclear: why it cannot be told what this student handed in, or "".
    """

    student: str
    files: tuple[File, ...]
    claim: platforms.Claim = platforms.NOBODY
    unclear: str = ""

    @property
    def name(self) -> str:
        """The name in the folder's or the file's."""
        return self.claim.name

    @property
    def number(self) -> str:
        """The student's number in Canvas, or ""."""
        return self.claim.number

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other names by which a table may know the student."""
        return tuple(one for one in (self.name, self.number) if one)

    def notebook(self, stem: str) -> tuple[str, bytes]:
        """Return name and bytes of the notebook of the assignment with that stem; Unreadable where there is none."""
        if self.unclear:
            raise Unreadable(self.unclear)
        chosen = _choose(self.files, stem)
        if chosen.refused:
            raise Unreadable(f"{chosen.path.name} {chosen.refused}")
        return one_line(chosen.path.name), chosen.read()


@dataclass(frozen=True)
class Collected:
    """All submissions by student, and what was passed over, in words for the instructor."""

    submissions: tuple[HandedIn, ...]
    notes: tuple[str, ...] = ()


def collect(
    path: Path,
    stem: str,
    results: Path | None = None,
    is_student: Callable[[str], bool] = lambda name: False,
) -> Collected:
    """Return what lies in a folder or zip for the assignment whose notebook is called `stem`.ipynb.

    results: a folder that is no student's though it may lie among theirs, like that of any earlier run. is_student:
    whether the roster knows a name. Raises InputError where `path` is neither, or holds no submission at all.
    """
    if path.is_dir():
        files, notes = _folder_files(path, results)
    elif path.is_file() and zipfile.is_zipfile(path):
        files, notes = _zip_files(path)
    else:
        raise InputError(f"submissions must be a folder or a zip that exists, but {path} is neither")
    files, passed_over = _unwrapped(files, path.stem, stem, is_student)
    students, unclear = _by_student(files, stem, is_student)
    if not students:
        raise InputError(f"{path} holds no submission: no folder of a student and no notebook (.ipynb)")
    return Collected(tuple(students), tuple(one_line(note) for note in (*notes, *passed_over, *unclear)))


class _Looked:
    """How many files and folders of each student were looked at; one with too many costs nobody else the marks."""

    def __init__(self, tops: Iterable[str]):
        tops = set(tops)
        self._around = tops if len(tops) == 1 else {top for top in tops if top.lower() in _WRAPPERS}
        self._counts: Counter[tuple[PurePosixPath, str]] = Counter()

    def enough(self, below: PurePosixPath, folder: bool) -> bool:
        """Count one more, and return whether the student has too many of its kind; the own folder is none of them."""
        owner = self._owner(below)
        if folder and below == owner:
            return False
        one = owner, "folders" if folder else "files"
        self._counts[one] += 1
        return self._counts[one] > MOST_FILES

    def notes(self) -> list[str]:
        """Return who has too many, and of what."""
        many = [one for one, n in self._counts.items() if n > MOST_FILES]
        return [
            f"{who} has more than {MOST_FILES} {kind}; only that many were looked at" for who, kind in many
        ]

    def _owner(self, below: PurePosixPath) -> PurePosixPath:
        return PurePosixPath(*below.parts[: 2 if below.parts[0] in self._around else 1])


def _folder_files(root: Path, results: Path | None) -> tuple[list[File], list[str]]:
    """Return the files below a folder; links and devices are listed, so that they can be told, but never opened."""
    files, notes, waiting, looked = [], [], [root], None
    ours = _identity(results, follow=True) if results else None
    for folder in waiting:
        try:
            entries = sorted(
                folder.iterdir(), key=lambda entry: (entry.suffix.lower() != ".ipynb", entry.name)
            )
        except OSError as error:
            notes.append(_not_read(folder.relative_to(root), error))
            continue
        if folder == root:
            notes += [_hidden(entry.name) for entry in entries if _is_hidden(entry)]
        entries = [entry for entry in entries if not _skipped(entry.name) and not _is(entry, ours)]
        earlier = [entry for entry in entries if _holds_results(entry)]
        notes += [f"{one.relative_to(root)} holds results of grading and was skipped" for one in earlier]
        entries = [entry for entry in entries if entry not in earlier]
        looked = looked or _Looked(entry.name for entry in entries)
        for entry in entries:
            below = PurePosixPath(entry.relative_to(root).as_posix())
            try:
                mode, why = entry.lstat().st_mode, ""
            except OSError as error:
                mode, why = 0, _not_read(below, error)
            if looked.enough(below, stat.S_ISDIR(mode)):
                break
            if why:
                notes.append(why)
            elif stat.S_ISDIR(mode):
                waiting.append(entry)
                files.append(File(below / ".", bytes, "is a folder"))
            elif stat.S_ISREG(mode):
                files.append(File(below, lambda below=below: _read_file(root, below)))
            else:
                what = "is a link, which is not followed" if stat.S_ISLNK(mode) else "is not an ordinary file"
                notes.append(f"{below} {what}")
                files.append(File(below, bytes, what))
    return files, notes + (looked.notes() if looked else [])


def _identity(path: Path, follow: bool = False) -> tuple[int, int] | None:
    """Return what is one file's or folder's alone, None where there is none. follow: what a link leads to."""
    try:
        found = path.stat(follow_symlinks=follow)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _is(entry: Path, identity: tuple[int, int] | None) -> bool:
    return identity is not None and _identity(entry) == identity


def _is_folder_itself(entry: Path) -> bool:
    """Say whether this is a folder, and not a link to one."""
    try:
        return stat.S_ISDIR(entry.lstat().st_mode)
    except OSError:  # a path that is too long for the system
        return False


def _holds_results(folder: Path) -> bool:
    """Say whether a folder is one in which grading leaves its results: there is no notebook among them."""
    try:
        marked = _is_folder_itself(folder / "state") and (folder / "state" / "run.json").is_file()
    except OSError:
        return False
    return marked and _is_folder_itself(folder) and not _has_notebook(folder)


def _is_hidden(entry: Path) -> bool:
    """Say whether this may be a student's folder that is passed over for its name."""
    return entry.name.startswith(".") and _is_folder_itself(entry) and _has_notebook(entry)


def _has_notebook(folder: Path) -> bool:
    """Say whether a notebook lies in a folder or below, as far as one need look; no link is followed."""
    waiting = [os.fspath(folder)]
    for here in waiting:
        try:
            with os.scandir(here) as entries:
                for entry in itertools.islice(entries, MOST_FILES):
                    if entry.name.lower().endswith(".ipynb"):
                        return True
                    if len(waiting) < MOST_FILES and entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError:
            continue
    return False


def _hidden(name: str) -> str:
    return f"{name} begins with a dot and was skipped; rename it if it is a student's"


def _not_read(path: PurePosixPath, error: OSError) -> str:
    return f"{str(path)[:200]} cannot be read: {error.strerror}"


def _read_file(root: Path, below: PurePosixPath) -> bytes:
    """Return a file's bytes. It may have been exchanged since it was found: no link is followed, no pipe waited for."""
    try:
        descriptor = _opened(root, below)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise Unreadable(f"{below.name} is not an ordinary file")
            with open(descriptor, "rb", closefd=False) as file:
                return _within(file.read(LARGEST_NOTEBOOK + 1), below.name)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise Unreadable(f"{below.name} cannot be read: {error.strerror}") from error


def _opened(root: Path, below: PurePosixPath) -> int:
    """Open a file folder by folder, so that none on the way is a link either; return its descriptor."""
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    ways = [os.O_DIRECTORY] * (len(below.parts) - 1) + [os.O_NONBLOCK]
    for part, way in zip(below.parts, ways, strict=True):
        try:
            there = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | way, dir_fd=here)
        finally:
            os.close(here)
        here = there
    return here


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
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
        raise InputError(f"{path} is a damaged zip: {error}") from error
    files, notes = [], []
    told = [(entry, zips.path_of(entry)) for entry in entries]
    looked = _Looked(below.parts[0] for _, below in told if below.parts and not _skipped(below.parts[0]))
    for entry, below in sorted(told, key=lambda one: len(one[1].parts)):
        drive = below.parts and below.parts[0].endswith(":")
        if below.is_absolute() or drive or ".." in below.parts or "\x00" in str(below):
            notes.append(f"{str(below)!r} leads out of the zip and was left out")
            continue
        folder = entry.is_dir() or zips.name_of(entry).endswith("\\")
        if not below.parts or any(_skipped(part) for part in below.parts) or looked.enough(below, folder):
            continue
        mode = entry.external_attr >> 16
        if folder:
            files.append(File(below / ".", bytes, "is a folder"))
        elif stat.S_ISLNK(mode):
            notes.append(f"{below} is a link, which is not followed")
            files.append(File(below, bytes, "is a link, which is not followed"))
        else:
            files.append(File(below, lambda entry=entry: _read_entry(path, entry)))
    return files, notes + looked.notes()


def _read_entry(path: Path, entry: zipfile.ZipInfo) -> bytes:
    """Return an entry's bytes, reading no further than a notebook may reach, whatever its header says."""
    name = zips.path_of(entry).name
    try:
        with zipfile.ZipFile(path) as archive, archive.open(entry) as file:
            return _within(file.read(LARGEST_NOTEBOOK + 1), name)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise Unreadable(f"{name} in the zip cannot be read: {error}") from error
    except Exception as error:  # zlib, lzma and bz2 raise errors of their own
        raise Unreadable(f"{name} in the zip is damaged: {error}") from error


def _skipped(name: str) -> bool:
    return name in _SKIPPED or name.startswith(".")


def _is_notebook(file: File) -> bool:
    return file.path.suffix.lower() == ".ipynb"


def _is_folder(file: File) -> bool:
    return len(file.path.parts) > 1 or file.refused == "is a folder"


def _unwrapped(
    files: list[File], name: str, stem: str, is_student: Callable[[str], bool]
) -> tuple[list[File], list[str]]:
    """Return the files without the folders around all students, and what was taken off or passed over, as notes."""
    notes = []
    while True:
        wrapper = _wrapper(files, stem)
        if wrapper and not is_student(wrapper):
            notes += _beside(files, wrapper)
            return _without(files, {wrapper}), notes
        around = set() if name.lower() in _WRAPPERS else _around(files, stem, is_student)
        if not around:
            return files, notes
        notes += [f"the folder {folder} around the submissions was stripped off" for folder in sorted(around)]
        files = _without(files, around)


def _without(files: Iterable[File], folders: set[str]) -> list[File]:
    """Return what lies in those folders, as if they were not there."""
    inside = [file for file in files if file.path.parts[0] in folders and len(file.path.parts) > 1]
    return [replace(file, path=PurePosixPath(*file.path.parts[1:])) for file in inside]


def _wrapper(files: Sequence[File], stem: str) -> str:
    """Return a folder called `submitted` or `submissions` beside which nobody's notebook lies, or ""."""
    for wrapper in sorted({file.path.parts[0] for file in files if file.path.parts[0].lower() in _WRAPPERS}):
        beside = [file for file in files if file.path.parts[0] not in {wrapper, *_NBGRADERS}]
        inside = [file for file in files if file.path.parts[0] == wrapper and _is_notebook(file)]
        own = [file.path.parts[1:] for file in inside] in [[(f"{known}.ipynb",)] for known in _stems(stem)]
        if not any(map(_is_notebook, beside)) and not own and any(len(f.path.parts) > 1 for f in inside):
            return wrapper
    return ""


def _beside(files: Iterable[File], wrapper: str) -> list[str]:
    beside = [file for file in files if file.path.parts[0] not in {wrapper, *_NBGRADERS}]
    folders = sorted({file.path.parts[0] for file in beside if _is_folder(file) or file.refused})
    return [f"{folder} is beside {wrapper} and was skipped" for folder in folders]


def _around(files: Sequence[File], stem: str, is_student: Callable[[str], bool]) -> set[str]:
    """Return the folders at the top that are around students instead of being one.

    What the roster or a platform's pattern knows is a student. Where nothing at the top is, a single folder goes, and
    several go where each has students inside that are known.
    """
    tops = {file.path.parts[0] for file in files if _is_folder(file)}
    known = [top for top in tops if _is_known(top, is_student)]
    loose = [f for f in files if len(f.path.parts) == 1 and f.refused != "is a folder"]
    if not tops or known or any(_is_notebook(f) or platforms.of_file(f.path.name) for f in loose):
        return set()
    inside = {top: [f for f in _without(files, {top})] for top in tops}
    if all(_holds_known(theirs, stem, is_student) for theirs in inside.values()):
        return tops
    [(only, theirs), *more] = inside.items()
    return {only} if not more and _holds_many(theirs, stem) else set()


def _is_known(name: str, is_student: Callable[[str], bool]) -> bool:
    return bool(platforms.of_folder(name).platform) or is_student(name)


def _holds_known(files: Sequence[File], stem: str, is_student: Callable[[str], bool]) -> bool:
    """Say whether a folder holds students that are known, or folders around them."""
    for file in files:
        *folders, last = file.path.parts
        if any(_is_known(folder, is_student) for folder in folders):
            return True
        flat = not folders and file.refused != "is a folder"
        if flat and (
            platforms.of_file(last) or (_is_notebook(file) and is_student(_author(file, stem).name))
        ):
            return True
    return False


def _author(file: File, stem: str) -> platforms.Claim:
    """Return whose a notebook in a flat folder is by its own name."""
    return platforms.of_plain_file(file.path.stem, (*_stems(stem), stem.partition("_")[0]))


def _holds_many(files: Sequence[File], stem: str) -> bool:
    """Say whether a folder that nobody knows holds folders with notebooks, or several notebooks, but no one's own."""
    flat = [file for file in files if _is_notebook(file) and len(file.path.parts) == 1]
    deep = [file for file in files if _is_notebook(file) and len(file.path.parts) > 1]
    if any(file.path.stem.lower() in _stems(stem.lower()) for file in flat):
        return False
    return len(flat) > 1 or bool(deep and not flat)


def _by_student(
    files: Iterable[File], stem: str, is_student: Callable[[str], bool]
) -> tuple[list[HandedIn], list[str]]:
    """Return the files by student, and whose cannot be told, as notes.

    Who handed in is told by the folder's name or, in a flat folder, by the file's.
    """
    files = list(files)
    exported, notes = _gradescopes(files)
    found: dict[tuple[str, str, str], list[File]] = {}
    claims: dict[tuple[str, str, str], list[platforms.Claim]] = {}
    for file in files:
        top, *rest = file.path.parts
        if rest or file.refused == "is a folder":
            claim = exported.get(top) or platforms.of_folder(top)
            inside = [replace(file, path=PurePosixPath(*rest))] if rest else []
        elif (told := platforms.of_file(file.path.name)) and not is_student(file.path.stem):
            claim, inside = told, [replace(file, path=PurePosixPath(told.file))]
        elif _is_notebook(file):
            name = file.path.stem
            claim = platforms.of_folder(name) if is_student(name) else _author(file, stem)
            inside = [file]
        else:
            continue
        found.setdefault(claim.who, []).extend(inside)
        claims.setdefault(claim.who, []).append(claim)
    names = Counter(name for name, *_ in found)
    students = []
    for who, inside in sorted(found.items()):
        first, unclear = claims[who][0], ""
        raw = {claim.called for claim in claims[who]}
        if len(raw) > 1 and not first.told_apart:
            unclear = "there are several submissions under this name"
            notes.append(f"{first.name}: {unclear} ({', '.join(map(ascii, sorted(raw)))}); none was graded")
        apart = names[first.name] > 1 and first.told_apart
        student = f"{first.name} ({first.told_apart})" if apart else first.name
        students.append(HandedIn(student, tuple(inside), first, unclear))
    return students, notes


def _gradescopes(files: Iterable[File]) -> tuple[dict[str, platforms.Claim], list[str]]:
    """Return whose each folder of an export of Gradescope's is, as the table beside them says, and what is wrong there.

    Nothing is known, and nothing is wrong, where there is no table.
    """
    table = next((file for file in files if str(file.path) == _GRADESCOPES and not file.refused), None)
    if table is None:
        return {}, []
    try:
        return platforms.of_gradescope(table.read()), []
    except (Unreadable, ValueError) as error:
        return {}, [f"{error}; its folders are matched by their names"]


def _choose(files: tuple[File, ...], stem: str) -> File:
    """Return the one notebook that is meant; Unreadable where that cannot be told."""
    notebooks = [file for file in files if _is_notebook(file)]
    exact = _first(lambda name: [file for file in notebooks if file.path.stem.lower() == name], stem)
    if len(exact) > 1:  # nbgrader keeps an assignment's notebook in a folder of its own
        exact = [file for file in exact if stem.partition("_")[0] in str(file.path.parent)] or exact
    close = _first(lambda name: [file for file in notebooks if name in file.path.stem.lower()], stem)
    named = exact or close or notebooks
    if len(named) == 1:
        return named[0]
    if named:
        names = ", ".join(sorted(str(file.path) for file in named)[:5])
        raise Unreadable(f"there are {len(named)} notebooks, and it is unclear which one counts: {names}")
    others = sorted(file.path.name for file in files if file.refused != "is a folder")[:5]
    inside = f"only {', '.join(others)}" if others else "nothing"
    raise Unreadable(f"there is no notebook (.ipynb), {inside}")


def _stems(stem: str) -> tuple[str, ...]:
    """Return the names that the notebook of an assignment may have: its own, and that of the course's version 0.1."""
    return tuple(dict.fromkeys((stem, stem.removesuffix("_exercises"))))


def _first(found: Callable[[str], list[File]], stem: str) -> list[File]:
    """Return what is found under the first name of an assignment under which anything is."""
    return next((files for name in _stems(stem.lower()) if (files := found(name))), [])
