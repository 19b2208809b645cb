"""Read and write tables. What a spreadsheet would take for a formula gets an apostrophe in front when it is written.

Also after a semicolon, at which Excel divides cells in half of Europe: names and error texts come from students.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rnncourse.errors import InputError
from rnncourse.grading.untrusted_text import one_line

_FORMULA = re.compile(r"""(^|;)([\s"']*[=+\-@＝＋－＠])""")
_NEUTRAL = re.compile(r"""(^|;)'([\s"']*[=+\-@＝＋－＠])""")


def neutral(text: str) -> str:
    """Return `text` as a cell that no spreadsheet runs: on one line, with an apostrophe before each formula."""
    return _FORMULA.sub(r"\1'\2", one_line(text))


def as_it_was(cell: str) -> str:
    """Undo `neutral` for a cell on one line."""
    return _NEUTRAL.sub(r"\1\2", cell)


def number(points: float | None) -> str:
    """Return points without needless decimals; nothing for points that are still to come."""
    return "" if points is None else f"{points:g}"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


def rows(path: Path, argument: str, wanted: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """Return the lines of a CSV with their numbers, by column in small letters; commas, semicolons or tabs."""
    text = _text(path, argument)
    mark = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=mark)
    try:
        columns = [(name or "").strip().lower() for name in reader.fieldnames or []]
        missing = [name for name in wanted if name not in columns]
        if missing:
            raise InputError(
                f"{path} must have the column {', '.join(missing)}; it has {', '.join(columns) or 'none'}"
            )
        reader.fieldnames = columns
        return [(reader.line_num, _stripped(row)) for row in reader]
    except csv.Error as error:
        raise InputError(f"{path}, after line {reader.line_num}: this is no longer CSV ({error})") from None


def _stripped(row: Mapping[str | None, str | None]) -> dict[str, str]:
    """Return a line without the spaces around its cells, and without cells that no column is named for."""
    return {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}


def _text(path: Path, argument: str) -> str:
    """Return what is in a CSV: in UTF-8, as Excel's "Unicode text", or as Excel saves it on Windows."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{argument} must be a CSV file, but {path} cannot be read: {error.strerror}"
        ) from error
    encodings = ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(
        f"{argument} must be a CSV file, but the bytes of {path} are not text; save it as CSV UTF-8"
    )
