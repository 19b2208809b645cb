"""Who of the roster handed in what. A name or number that could mean several students means none of them."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from rnncourse.errors import InputError
from rnncourse.grading import tables
from rnncourse.grading.handed_in import names
from rnncourse.grading.handed_in.collect import HandedIn
from rnncourse.grading.untrusted_text import one_line, plain_name

UNCLEAR = "it is unclear which of several submissions is yours"
FULL_NAMES = ("name", "full name", "student name", "display name")
FIRST_NAMES = ("first name", "first_name", "firstname", "given name", "forename")
LAST_NAMES = ("last name", "last_name", "lastname", "surname", "family name")
IDS = (
    "id", "id number", "idnumber", "student id", "student_id", "sid", "sis user id", "sis_user_id",
)  # fmt: skip
LOGINS = ("username", "login", "login id", "sis login id", "sis_login_id")
EMAILS = ("email", "email address", "e-mail")
GROUPS = ("group", "groups")
_KEYS = ("student", "student_id", *LOGINS, *EMAILS, *IDS, *FULL_NAMES)
_IDENTIFIER = "identifier"
_NO_STUDENTS = ("points possible", "student, test", "test student")


@dataclass(frozen=True)
class Student:
    """A line of the roster: the name under which results are kept, and all its columns."""

    student: str
    columns: Mapping[str, str] = field(default_factory=dict)

    def get(self, *names: str) -> str:
        """Return the first of those columns that is filled, or ""."""
        return next((self.columns[name] for name in names if self.columns.get(name)), "")

    @property
    def full_name(self) -> str:
        """The name as people say it, or ""."""
        first, last = self.get(*FIRST_NAMES), self.get(*LAST_NAMES)
        return self.get(*FULL_NAMES) or (f"{first} {last}" if first and last else "")

    @property
    def names(self) -> list[str]:
        """All that may be a name of this student's."""
        first, last = self.get(*FIRST_NAMES), self.get(*LAST_NAMES)
        both = f"{first} {last}" if first and last else ""
        return [one for one in (self.student, *(self.columns.get(one) for one in FULL_NAMES), both) if one]

    @property
    def ids(self) -> list[str]:
        """All numbers, logins and addresses of this student."""
        columns = (*IDS, *LOGINS, *EMAILS)
        return [self.columns[one] for one in columns if self.columns.get(one)]

    @property
    def groups(self) -> list[str]:
        """The groups that this student is in."""
        return [group for column in GROUPS for group in names.groups(self.columns.get(column, ""))]


class Unmatched(NamedTuple):
    """A submission that was given to nobody, and why."""

    submission: str
    why: str


@dataclass(frozen=True)
class Named:
    """Submissions under the roster's names, what could not be matched, and notes for the instructor."""

    submissions: list[HandedIn]
    unmatched: tuple[Unmatched, ...] = ()
    notes: tuple[str, ...] = ()


def read_roster(path: Path) -> dict[str, Student]:
    """Return the students of a CSV by name: a roster of one's own, or a platform's gradebook or list of participants.

    The column `student` says under which name results are kept. Without it, the first that is filled for everybody
    and different for everybody: a login, an address, a number, a name. No number or address may be there twice.
    """
    lines = [
        (line, {column: one_line(unicodedata.normalize("NFC", cell)) for column, cell in row.items()})
        for line, row in tables.rows(path, "students", ())
    ]
    lines = [(line, row) for line, row in lines if _is_student(row)]
    if not lines:
        raise InputError(f"{path} lists no students")
    key = _key(path, lines)
    _require_own_ids(path, lines)
    roster: dict[str, Student] = {}
    for line, row in lines:
        name = plain_name(key(row))
        if name in roster:
            raise InputError(f"{path}, line {line}: {name} appears twice")
        roster[name] = Student(name, row)
    return roster


def _is_student(row: Mapping[str, str]) -> bool:
    """Say whether a line is a student's: not Canvas's line of points, its test student, or one of the staff."""
    said = (row.get("student") or row.get("name") or "").casefold()
    role = row.get("role", "").casefold()
    return any(row.values()) and said not in _NO_STUDENTS and role in ("", "student", "learner")


def _key(path: Path, lines: Sequence[tuple[int, Mapping[str, str]]]) -> Callable[[Mapping[str, str]], str]:
    """Return what reads from a line the name under which its student is known."""
    rows = [row for _, row in lines]
    if "student" in rows[0]:
        empty = [line for line, row in lines if not row["student"]]
        if empty:
            raise InputError(f"{path}, line {empty[0]}: the column student is empty")
        number = next((one for one in IDS if _tells_apart(one, rows)), "")
        twice = {name for name, n in Counter(row["student"] for row in rows).items() if n > 1}
        if number and twice:
            return lambda row: (
                f"{row['student']} ({row[number]})" if row["student"] in twice else row["student"]
            )
        return lambda row: row["student"]
    column = next((one for one in _KEYS if _tells_apart(one, rows)), "")
    if column:
        return lambda row: row[column]
    known = ", ".join(rows[0])
    raise InputError(
        f"{path} must have the column student, or another that is different for everybody, such as email; "
        f"it has {known or 'none'}"
    )


def _tells_apart(column: str, rows: Sequence[Mapping[str, str]]) -> bool:
    cells = [row.get(column, "") for row in rows]
    return all(cells) and len(set(cells)) == len(cells)


def _require_own_ids(path: Path, lines: Sequence[tuple[int, Mapping[str, str]]]) -> None:
    """Raise InputError if two students have one number or address: no export could tell them apart."""
    for column in (*IDS, *LOGINS, *EMAILS):
        seen: dict[str, int] = {}
        for line, row in lines:
            cell = row.get(column, "").casefold()
            if cell in seen:
                raise InputError(
                    f"{path}, line {line}: {column} {row[column]} is also that of line {seen[cell]}"
                )
            if cell:
                seen[cell] = line


def named(submissions: Sequence[HandedIn], roster: Mapping[str, Student]) -> Named:
    """Return the submissions under the roster's names, one for each student, and what is nobody's.

    A student for whom there is only a submission that may be another's gets one that is not read, with the reason.
    """
    known = Known(roster, submissions)
    claims: dict[str, list[HandedIn]] = {}
    doubted: dict[str, str] = {}
    unmatched, notes, strangers = [], [], []
    for handed_in in submissions:
        who, why = known.whose(handed_in)
        if handed_in.unclear:
            unmatched.append(Unmatched(handed_in.student, handed_in.unclear))
        elif why:
            unmatched.append(Unmatched(handed_in.student, why))
            notes.append(f"{handed_in.student} {why}; it was given to nobody")
            doubted |= dict.fromkeys(who, UNCLEAR)
            continue
        elif len(who) > 1:
            notes.append(f"{handed_in.student} was given to all members: {', '.join(sorted(who))}")
        elif roster and not who:
            strangers.append(handed_in)
        for student in who or {handed_in.student}:
            claims.setdefault(student, []).append(handed_in)
    found = []
    for student, own in sorted(claims.items()):
        if len(own) == 1:
            found.append(replace(own[0], student=student))
        else:
            which = ", ".join(sorted(one.student for one in own)[:5])
            why = f"there are several submissions of {student} ({which}); none was graded, keep one"
            unmatched += [Unmatched(one.student, why) for one in own]
            notes.append(why)
            found.append(HandedIn(student, (), unclear=UNCLEAR))
    absent = [student for student in roster if student not in claims and student not in doubted]
    for stranger in strangers:
        like = [student for student in absent if known.akin(stranger, student)]
        unmatched.append(Unmatched(stranger.student, _why_stranger(stranger, like)))
        doubted |= {one: f"a submission called {stranger.student} may be yours" for one in like}
    found += [
        HandedIn(student, (), unclear=why)
        for student, why in sorted(doubted.items())
        if student not in claims
    ]
    return Named(found, tuple(unmatched), tuple(notes))


def _why_stranger(stranger: HandedIn, like: Sequence[str]) -> str:
    if like:
        return f"nobody on the roster is called that; it may be {' or '.join(sorted(like)[:5])}"
    return "nobody on the roster has that name or number"


class Known:
    """The names, numbers and groups of a roster, to be looked up."""

    def __init__(self, roster: Mapping[str, Student], submissions: Sequence[HandedIn] = ()):
        self.roster = roster
        self.kinds: list[dict[object, set[str]]] = [{} for _ in names.KINDS]
        self.ids: dict[str, set[str]] = {}
        self.numbers: dict[str, set[str]] = {}
        self.canvas: dict[str, set[str]] = {}
        self.groups: dict[tuple[str, ...], set[str]] = {}
        self.participants: dict[str, str] = {}
        for key, student in roster.items():
            self._add(key, student)
        before = Counter(
            head for one in submissions if one.claim.platform == "moodle" for head, _ in _heads(one.name)
        )
        self.shared = {head for head, n in before.items() if n > 1}

    def _add(self, key: str, student: Student) -> None:
        for name in student.names:
            for found, kind in zip(self.kinds, names.KINDS, strict=True):
                for form in kind(name):
                    found.setdefault(form, set()).add(key)
        for one in student.ids:
            self.ids.setdefault(one.casefold(), set()).add(key)
        for one in (student.student, *student.ids):
            if plain := names.number(one):
                self.numbers.setdefault(plain, set()).add(key)
        for group in student.groups:
            self.groups.setdefault(tuple(names.words(group)), set()).add(key)
        if canvas := names.number(student.get("id")):
            self.canvas.setdefault(canvas, set()).add(key)
        if participant := names.number(student.get(_IDENTIFIER).rpartition(" ")[2]):
            self.participants[participant] = key

    def has(self, name: str) -> bool:
        """Say whether a folder of that name is a student's."""
        whole = plain_name(name)
        return bool(self._called(whole) or self._numbered(whole))

    def whose(self, handed_in: HandedIn) -> tuple[set[str], str]:
        """Return whose this is, nobody for a stranger; where that is in doubt, who it may be, and why."""
        claim = handed_in.claim
        if claim.members:
            return self._members(claim.members)
        if claim.platform == "moodle":
            return self._moodles(handed_in)
        if claim.platform == "canvas":
            return self._canvas(handed_in)
        name = handed_in.name or handed_in.student
        by_name, by_id = self._exactly(handed_in.student) or self._exactly(name), self._numbered(name)
        if not by_name and not by_id:
            by_name = self._called(name)
        return self._agreed(by_name, by_id) if by_name or by_id else self._grouped(name)

    def akin(self, stranger: HandedIn, student: str) -> bool:
        """Say whether a stranger's submission may be this student's, under a name that is written otherwise."""
        return any(names.akin(stranger.name or stranger.student, one) for one in self.roster[student].names)

    def _exactly(self, name: str) -> set[str]:
        return self.kinds[0].get(name) or self.kinds[1].get(name.casefold(), set())

    def _called(self, name: str, strictest: int = 0) -> set[str]:
        """Return who is called that, by the strictest way of comparing in which anybody is."""
        kinds = list(zip(self.kinds, names.KINDS, strict=True))[strictest:]
        for found, kind in kinds:
            if who := set().union(*(found.get(form, set()) for form in kind(name))):
                return who
        return set()

    def _numbered(self, name: str) -> set[str]:
        """Return who has that number, login or address; a login may stand for the address that begins with it."""
        if found := self.ids.get(name.casefold()) or self.numbers.get(names.number(name)):
            return found
        local = f"{name.casefold()}@"
        return set().union(*(who for one, who in self.ids.items() if one.startswith(local)))

    def _agreed(self, by_name: set[str], by_id: set[str]) -> tuple[set[str], str]:
        """Return whom name and number agree on: of namesakes the one with the number, and nobody for two students."""
        who = by_name & by_id or by_name | by_id
        return (who, f"may be {' or '.join(sorted(who))}") if len(who) > 1 else (who, "")

    def _moodles(self, handed_in: HandedIn) -> tuple[set[str], str]:
        """Return whose a folder of Moodle's is: by a name, a group, or both, and a number of Moodle's own."""
        claim = handed_in.claim
        participant = self.participants.get(claim.told_apart)
        by_name = self._called(claim.name, strictest=2)
        if participant:
            strange = by_name and participant not in by_name
            return self._agreed({participant}, by_name if strange else set())
        if by_name:
            return self._agreed(by_name, set())
        grouped = self._grouped(claim.name)
        return grouped if grouped[0] else self._behind_a_group(claim.name)

    def _behind_a_group(self, name: str) -> tuple[set[str], str]:
        """Return who is named after a group: "Red-Ana Bo". What is before the name must be a group, or be shared."""
        for head, tail in _heads(name):
            who = self._called(tail, strictest=2)
            if not who:
                continue
            mine = {
                key
                for key in who
                if any(set(names.words(one)) <= set(names.words(head)) for one in self.roster[key].groups)
            }
            if mine or head in self.shared:
                return self._agreed(mine or who, set())
            return who, f"may be {' or '.join(sorted(who))}, if {head} is a group"
        return set(), ""

    def _canvas(self, handed_in: HandedIn) -> tuple[set[str], str]:
        """Return whose a file of Canvas's is: the number counts where the name is not another student's."""
        claim = handed_in.claim
        by_name = self._called(claim.name)
        by_number = self.canvas.get(names.number(claim.number), set())
        if by_name:
            return self._agreed(by_name, by_number)
        grouped = self.groups.get(tuple(names.words(claim.name)), set())
        if grouped & by_number:
            return grouped, ""
        fitting = {key for key in by_number if self._fits(claim.name, self.roster[key])}
        return (fitting, "") if fitting else self._grouped(claim.name)

    def _fits(self, name: str, student: Student) -> bool:
        """Say whether a name as Canvas writes it, without blanks, has every word of the roster's name."""
        letters = "".join(names.words(names.without_accents(name)))
        return all(word in letters for word in names.words(names.without_accents(student.full_name)))

    def _members(self, members: Iterable[tuple[str, str]]) -> tuple[set[str], str]:
        who: set[str] = set()
        for name, number in members:
            by_id = self._numbered(number) if number else set()
            one, why = self._agreed(self._called(name), by_id)
            if why:
                return one, why
            who |= one
        return who, ""

    def _grouped(self, name: str) -> tuple[set[str], str]:
        """Return the members of a group of that name."""
        return self.groups.get(tuple(names.words(name)), set()), ""


def _heads(name: str) -> list[tuple[str, str]]:
    """Return, for each hyphen, what is before and behind it, the longest name first."""
    parts = name.split("-")
    return [("-".join(parts[:k]).strip(), "-".join(parts[k:]).strip()) for k in range(1, len(parts))]
