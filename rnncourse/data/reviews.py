"""Labeled texts: one class for those that the course makes, and a reader for files of your own."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnncourse.arguments import require_that
from rnncourse.data.encoding import tokenize
from rnncourse.errors import InputError

TEXT_COLUMNS = ("text", "review", "sentence", "comment")
LABEL_COLUMNS = ("label", "sentiment", "class", "rating", "stars")
SEPARATORS = (",", ";", "\t", "|")
NEGATIVE_FIRST = ("negative", "neg", "bad", "0", "no")  # so that class 1 is the positive one

_NAMED = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}

Item = tuple[str, str, str]  # where it stands, its text, its label


@dataclass(frozen=True, eq=False)
class Reviews:
    """n labeled texts as lists of words.

    label (n,) int64: the class of each text, an index into `classes`, the names of the classes.
    """

    texts: tuple[list[str], ...]
    label: np.ndarray
    classes: tuple[str, ...] = ("negative", "positive")

    def __len__(self) -> int:
        return len(self.texts)

    def part(self, chosen: Iterable[int] | Iterable[bool]) -> Reviews:
        """Return the texts with the indices `chosen`, in that order, or those for which a mask (n,) is true.

        reviews.part(range(100)) and reviews.part(reviews.label == 1) are both understood. InputError for no
        texts, and for indices that do not exist.
        """
        listed = list(chosen) if isinstance(chosen, Iterable) else []
        if len(listed) == len(self) and all(isinstance(k, (bool, np.bool_)) for k in listed):
            listed = np.flatnonzero(listed).tolist()
        indices = [k for k in listed if isinstance(k, (int, np.integer)) and not isinstance(k, bool)]
        require_that(
            "chosen",
            chosen,
            listed and len(indices) >= len(listed) and min(indices) >= 0 and max(indices) < len(self),
            f"at least one index from 0 to {len(self) - 1}, or a mask with {len(self)} truth values of which one "
            "is true",
        )
        return Reviews(tuple(self.texts[k] for k in indices), self.label[indices], self.classes)

    def __repr__(self) -> str:
        counts = ", ".join(f"{int((self.label == k).sum())} {name}" for k, name in enumerate(self.classes))
        return f"{len(self)} reviews: {counts}"


def load_reviews(path: str | Path, encoding: str = "utf-8") -> Reviews:
    """Return the labeled texts of a CSV file or of a folder, in lower case and cut into words.

    A CSV file has a first row with the names of its columns: one called text (or review, sentence, comment) and
    one called label (or sentiment, class, rating, stars). Commas, semicolons, tabs or bars are between them.
    A folder has a folder for each class, with one .txt file for each text: pos/1.txt, neg/1.txt, … Two classes or
    more; their names are sorted, numbers as numbers and a negative one first. More than two are printed, so that
    nobody trains on classes that nobody meant.
    InputError, with the line or the file, for bytes of another encoding, empty texts, missing labels, a missing
    column, and for texts that are all of one class.
    """
    require_that("path", path, isinstance(path, (str, Path)), "the name of a CSV file or a folder")
    require_that("encoding", encoding, isinstance(encoding, str), "a name such as 'utf-8'")
    path = Path(path)
    if path.is_dir():
        items = list(_from_folder(path, encoding))
    elif path.is_file():
        items = list(_from_csv(path, encoding))
    else:
        raise InputError(f"path is {str(path)!r}, and there is no such file or folder")
    return _reviews(path, items)


def _reviews(path: Path, items: list[Item]) -> Reviews:
    if not items:
        raise InputError(f"{path.name} holds no texts")
    texts = []
    for where, text, label in items:
        if not text.strip():
            raise InputError(f"{where}: the text is empty; write a text or remove it")
        if not label.strip():
            raise InputError(f"{where}: the label is missing; every text needs one")
        texts.append(tokenize(text.lower()))
    names = [label.strip().lower() for _, _, label in items]
    classes = _in_order(set(names))
    if len(classes) < 2:
        raise InputError(
            f"{path.name}: all {len(items)} texts have the label {classes[0]!r}, "
            "and a net can only learn to tell at least two classes apart"
        )
    label = np.array([classes.index(name) for name in names], dtype=np.int64)
    found = Reviews(tuple(texts), label, tuple(classes))
    if len(classes) > 2:
        print(f"{path.name}: {len(classes)} classes, {found}")
    return found


def _in_order(names: set[str]) -> list[str]:
    """Return the names of classes sorted, numbers as numbers, and a negative one first."""
    try:
        return sorted(names, key=lambda name: (float(name.replace(",", ".")), name))
    except ValueError:
        return sorted(names, key=lambda name: (name not in NEGATIVE_FIRST, name))


def _from_csv(path: Path, encoding: str) -> Iterable[Item]:
    # newline="": only \n and \r end a row; str.splitlines would also cut at a form feed or U+2028 in a text.
    text = _read(path, encoding, path.name)
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=_separator(text))
    try:
        yield from _rows(path, rows)
    except csv.Error as error:
        raise InputError(
            f"{path.name}, line {rows.line_num}: {error}; is a quote opened and never closed? "
            "Texts that really are that long belong in a folder of .txt files"
        ) from error


def _separator(text: str) -> str:
    """Return what separates the columns: of comma, semicolon, tab and bar the one with which the first row is known."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    found = {mark: _names(first, mark) for mark in SEPARATORS}
    known = [mark for mark, names in found.items() if _knows(names, TEXT_COLUMNS, LABEL_COLUMNS)]
    return known[0] if known else max(SEPARATORS, key=lambda mark: len(found[mark]))


def _names(first: str, mark: str) -> set[str]:
    try:
        return {name.strip().lower() for name in next(csv.reader([first], delimiter=mark), ())}
    except csv.Error:
        return set()


def _knows(names: set[str], *kinds: tuple[str, ...]) -> bool:
    return all(names.intersection(kind) for kind in kinds)


def _rows(path: Path, rows: csv.DictReader) -> Iterable[Item]:
    columns = {(name or "").strip().lower(): name for name in rows.fieldnames or ()}
    text, label = (_column(path, columns, known) for known in (TEXT_COLUMNS, LABEL_COLUMNS))
    for row in rows:
        where = f"{path.name}, line {rows.line_num}"
        if None in row:
            marks = _NAMED[rows.reader.dialect.delimiter]
            raise InputError(
                f"{where}: more columns than the first row names; put quotes around a text with {marks}"
            )
        yield where, row[text] or "", row[label] or ""


def _column(path: Path, columns: dict[str, str], known: tuple[str, ...]) -> str:
    found = [columns[name] for name in known if name in columns]
    if not found:
        named = ", ".join(repr(name) for name in columns) or "nothing"
        raise InputError(
            f"{path.name}: no column is called {' or '.join(known)}; its first row names {named}"
        )
    return found[0]


def _from_folder(path: Path, encoding: str) -> Iterable[Item]:
    classes = sorted(folder for folder in path.iterdir() if folder.is_dir() and folder.name[0] != ".")
    if not classes:
        raise InputError(
            f"{path.name} holds no folders; a folder for each class was expected, such as pos and neg"
        )
    for folder in classes:
        files = sorted(folder.glob("*.txt"))
        if not files:
            raise InputError(f"{path.name}/{folder.name} holds no .txt files; one for each text was expected")
        for file in files:
            where = f"{path.name}/{folder.name}/{file.name}"
            yield where, _read(file, encoding, where), folder.name


def _read(path: Path, encoding: str, where: str) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
    except LookupError as unknown:
        raise InputError(f"encoding is {encoding!r}, which Python does not know; try 'utf-8'") from unknown
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{where}, line {line}: the byte 0x{error.object[error.start]:02x} is not {encoding}; "
            "save the file as UTF-8, or name its encoding: load_reviews(path, encoding='cp1252')"
        ) from error
