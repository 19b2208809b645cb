"""Who of the roster handed in what. A name or number that could mean several students means none of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rnncourse.errors import InputError
from rnncourse.grading import tables
from rnncourse.grading.handed_in.collect import HandedIn
from rnncourse.grading.untrusted_text import one_line, plain_name

UNCLEAR = "it cannot be told which of several submissions is yours"
_NAMES = ("name", "full name", "student name")
_COLUMNS = ("email", "email address", "id", "idnumber", "id number")


@dataclass(frozen=True)
class Student:
    """A line of the roster: the name under which submissions are looked for, and all its columns."""

    student: str
    columns: Mapping[str, str] = field(default_factory=dict)

    def get(self, *names: str) -> str:
        """Return the first of those columns that is filled, or ""."""
        return next((self.columns[name] for name in names if self.columns.get(name)), "")


def read_roster(path: Path) -> dict[str, Student]:
    """Return the students of a CSV by name; its column `student` says who, other columns go into the exports."""
    lines = tables.rows(path, "students", ("student",))
    roster: dict[str, Student] = {}
    for line, row in lines:
        if not row["student"]:
            raise InputError(f"{path}, line {line}: the column student is empty")
        name = plain_name(row["student"])
        if name in roster:
            raise InputError(f"{path}, line {line}: {name} is there twice")
        columns = {column: one_line(unicodedata.normalize("NFC", cell)) for column, cell in row.items()}
        roster[name] = Student(name, columns)
    return roster


def named(
    submissions: Sequence[HandedIn], roster: Mapping[str, Student]
) -> tuple[list[HandedIn], tuple[str, ...]]:
    """Return the submissions under the roster's names, one for each student, and what cannot be told, as notes.

    A student for whom there is only a submission that may be another's gets one that is not read, with the reason.
    """
    known = _Known(roster)
    claims: dict[str, list[HandedIn]] = {}
    doubted: set[str] = set()
    notes = []
    for handed_in in submissions:
        who = known.who(handed_in)
        if len(who) > 1:
            doubted |= who
            notes.append(f"{handed_in.student} may be {' or '.join(sorted(who))}; it was given to nobody")
        else:
            claims.setdefault(next(iter(who), handed_in.student), []).append(handed_in)
    found = []
    for student, own in claims.items():
        if len(own) == 1:
            found.append(replace(own[0], student=student))
        else:
            which = ", ".join(sorted(one.student for one in own)[:5])
            notes.append(f"there are several submissions of {student} ({which}); none was graded, keep one")
            found.append(HandedIn(student, (), unclear=UNCLEAR))
    found += [HandedIn(student, (), unclear=UNCLEAR) for student in sorted(doubted - claims.keys())]
    return found, tuple(notes)


class _Known:
    """The names of a roster: letter by letter, in small letters, and the numbers that Canvas gives."""

    def __init__(self, roster: Mapping[str, Student]):
        self.roster = roster
        self.exact: dict[str, set[str]] = {}
        self.folded: dict[str, set[str]] = {}
        self.numbers: dict[str, set[str]] = {}
        for key, student in roster.items():
            self.numbers.setdefault(student.get("id"), set()).add(key)
            for name in _names(student):
                self.exact.setdefault(name, set()).add(key)
                self.folded.setdefault(name.casefold(), set()).add(key)

    def who(self, handed_in: HandedIn) -> set[str]:
        """Return all students who may have handed this in; none for a stranger."""
        by_name = self._called(handed_in.student) or self._called(handed_in.name)
        by_number = self.numbers.get(handed_in.number, set()) if handed_in.number else set()
        if by_name:
            return by_name & by_number or by_name | by_number
        return {key for key in by_number if _fits(handed_in.name, self.roster[key])}

    def _called(self, name: str) -> set[str]:
        return self.exact.get(name) or self.folded.get(name.casefold(), set())


def _names(student: Student) -> Iterable[str]:
    return (student.student, *filter(None, (student.get(column) for column in (*_NAMES, *_COLUMNS))))


def _fits(name: str, student: Student) -> bool:
    """Return whether a name as Canvas writes it, without blanks, has every word of the roster's name."""
    words = student.get(*_NAMES).replace(",", " ").split()
    return all(word.casefold() in name.casefold() for word in words)
