"""Every submission is matched to its student or, with an explanation, to nobody: rosters and platforms at random."""

from __future__ import annotations

import csv
import io
import re
import struct
import unicodedata
import zipfile
import zlib
from pathlib import Path

import pytest
from grading.classroom import STEM
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.errors import InputError
from rnncourse.grading.handed_in import names, zips
from rnncourse.grading.handed_in.assignment import Assignment, Item
from rnncourse.grading.handed_in.collect import Unreadable, collect
from rnncourse.grading.handed_in.platforms import of_gradescope
from rnncourse.grading.handed_in.roster import Known, Named, Student, named, read_roster
from rnncourse.grading.results import gradebook
from rnncourse.grading.results.results import StudentResult
from rnncourse.grading.results.store import file_name

FIRST = [
    "Ana",
    "Ben",
    "Zoë",
    "Jörg",
    "Anne Marie",
    "Jean-Luc",
    "José",
    "Łukasz",
    "Ana Maria",
    "美玲",
    "Ольга",
    "Søren",
]
LAST = [
    "Bo", "Cho", "O'Brien", "O’Neil", "D'Arc", "van der Berg", "García López", "Müller-Lüdenscheidt", "Mueller",
    "de la Cruz", "Nguyễn", "Bo Cho", "王", "Иванова", "Ångström", "Brien",
]  # fmt: skip
people = st.lists(
    st.tuples(st.sampled_from(FIRST), st.sampled_from(LAST)), min_size=1, max_size=8, unique=True
)


def moodle_cleaned(name: str) -> str:
    """Return a name as Moodle's clean_filename leaves it."""
    return re.sub(r"[&<>\"`|':\\/]", "", name.replace("_", " "))


def canvas_cleaned(first: str, last: str) -> str:
    """Return a sortable name as Canvas's sanitize_user_name and sanitize_file_name leave it."""
    return re.sub(r"[^\w]", "", f"{last}, {first}".lower())


def moodle_folders(first: str, last: str, number: int) -> str:
    return f"{moodle_cleaned(f'{first} {last}')}_{number}_assignsubmission_file_/{STEM}.ipynb"


def moodle_flat(first: str, last: str, number: int) -> str:
    return f"{moodle_cleaned(f'{first} {last}')}_{number}_assignsubmission_file_my work.ipynb"


def canvas(first: str, last: str, number: int) -> str:
    return f"{canvas_cleaned(first, last)}_{500 + number}_{9000 + number}_{STEM}-1.ipynb"


def canvas_late(first: str, last: str, number: int) -> str:
    return f"{canvas_cleaned(first, last)}_LATE_{500 + number}_{9000 + number}_Copy of {STEM}.ipynb"


def nbgrader(first: str, last: str, number: int) -> str:
    return f"submitted/{500 + number:06}/week04/{STEM}.ipynb"


def autolab(first: str, last: str, number: int) -> str:
    return f"s{number}@example.org_3_handin.ipynb"


def first_last(first: str, last: str, number: int) -> str:
    return f"{first} {last}/{STEM}.ipynb"


def last_first(first: str, last: str, number: int) -> str:
    return f"{last}, {first}/{STEM}.ipynb"


def shouted(first: str, last: str, number: int) -> str:
    return f"{first} {last}".upper() + f"/{STEM}.ipynb"


def number_without_zeros(first: str, last: str, number: int) -> str:
    return f"{500 + number}/{STEM}.ipynb"


def file_after_the_name(first: str, last: str, number: int) -> str:
    return f"{first} {last}_{STEM} (1).ipynb"


RULES = [
    moodle_folders, moodle_flat, canvas, canvas_late, nbgrader, autolab, first_last, last_first, shouted,
    number_without_zeros, file_after_the_name,
]  # fmt: skip


def own_roster(who) -> dict[str, Student]:
    rows = {}
    for number, (first, last) in enumerate(who):
        columns = {"id": f"{500 + number:06}", "email": f"s{number}@example.org", "name": f"{last}, {first}"}
        rows[f"student{number}"] = Student(f"student{number}", columns)
    return rows


def two_columns(who) -> dict[str, Student]:
    rows = {}
    for number, (first, last) in enumerate(who):
        columns = {"id number": f"{500 + number:06}", "email address": f"s{number}@example.org"}
        columns |= {"first name": first, "last name": last}
        rows[f"s{number}@example.org"] = Student(f"s{number}@example.org", columns)
    return rows


def matched(tmp: Path, files: dict[str, str], roster: dict[str, Student]) -> tuple[dict[str, str], Named]:
    """Return the text that each student is marked for, and all that matching found."""
    archive = tmp / "Week 4.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for name, text in files.items():
            out.writestr(name, text)
    found = named(collect(archive, STEM, is_student=Known(roster).has).submissions, roster)
    marked = {}
    for one in found.submissions:
        try:
            marked[one.student] = one.notebook(STEM)[1].decode()
        except Unreadable:
            marked[one.student] = ""
    assert len(marked) == len(found.submissions), "nobody is there twice"
    return marked, found


def canvas_numbers(results, roster) -> list[str]:
    assignment = Assignment("04", (), {}, (Item("a", "code", 1.0),), {}, frozenset(), "")
    rows = csv.DictReader(io.StringIO(gradebook.canvas_table(results, assignment, roster)))
    return [row["ID"] for row in rows if row["ID"]]


@pytest.mark.parametrize("listed", [own_roster, two_columns], ids=lambda f: f.__name__)
@pytest.mark.parametrize("rule", RULES, ids=lambda f: f.__name__)
@settings(max_examples=25, deadline=None)
@given(who=people, absent=st.integers(0, 3), around=st.sampled_from(["", "Week 4/", "CS1/Exercise 4 - 77/"]))
def test_nobodys_points_go_astray(tmp_path_factory, rule, listed, who, absent, around):
    roster = listed(who)
    handed_in = {
        around + rule(first, last, number): list(roster)[number]
        for number, (first, last) in enumerate(who)
        if len(who) <= 3 or number != absent
    }
    marked, found = matched(tmp_path_factory.mktemp("class"), handed_in, roster)
    for student, text in marked.items():
        assert not text or text == student, "nobody is marked for another's work"
    owners = set(handed_in.values())
    astray = {student for student in owners if marked.get(student) != student}
    if astray:
        assert found.unmatched, "what is nobody's is explained"
        assert astray <= marked.keys(), "nobody's work that is there is called missing"
    doubted = {form for student in roster.values() for form in _doubtful(student, roster)}
    assert all(_forms(roster[student]) & doubted for student in astray), "only namesakes are in doubt"
    results = [StudentResult(one.student, "", (), aliases=one.aliases) for one in found.submissions]
    numbers = canvas_numbers(results, roster)
    assert len(numbers) == len(set(numbers))
    assert set(numbers) <= {one.get("id") for one in roster.values()}


def _forms(student: Student) -> set:
    return {form for name in student.names[1:] for kind in names.KINDS for form in kind(name)}


def _doubtful(student: Student, roster: dict[str, Student]) -> set:
    """Return the spellings that a student shares with another."""
    others = set().union(*(_forms(one) for one in roster.values() if one is not student), set())
    return _forms(student) & others


@settings(max_examples=40, deadline=None)
@given(who=people, group=st.sampled_from(["Red", "Team Red", "Grün-Weiß", "Group 1"]))
@pytest.mark.parametrize("form", ["{0}_7_assignsubmission_file_/x.ipynb", "{0}/x.ipynb"])
def test_a_groups_work_is_every_members(tmp_path_factory, form, who, group):
    roster = {
        key: Student(key, {**one.columns, "group": group if number % 2 == 0 else "Blue"})
        for number, (key, one) in enumerate(own_roster(who).items())
    }
    marked, found = matched(tmp_path_factory.mktemp("class"), {form.format(group): "ours"}, roster)
    members = {key for key, one in roster.items() if group in one.groups}
    assert marked == dict.fromkeys(members, "ours")
    assert found.unmatched == ()


@settings(max_examples=40, deadline=None)
@given(who=people)
def test_strangers_are_listed_and_take_no_line_of_a_students(tmp_path_factory, who):
    roster = own_roster(who)
    file = f"xaverquist_500_9000_{STEM}.ipynb"
    marked, found = matched(tmp_path_factory.mktemp("class"), {file: "theirs"}, roster)
    assert marked["xaverquist"] == "theirs"
    assert [one.submission for one in found.unmatched] == ["xaverquist"]
    results = [StudentResult("xaverquist", "", (), aliases=("xaverquist", "500"))]
    assert canvas_numbers(results, roster) == []
    assert not gradebook.importable(results, roster), "what is imported is the roster's only"


def test_sections_around_students_are_taken_off_and_a_person_is_not(tmp_path):
    roster = roster_of("student,group\nana,Red\nbo,Blue\ncy,Blue", tmp_path)
    sections = {f"Red/ana/{STEM}.ipynb": "a", f"Blue/bo/{STEM}.ipynb": "b", f"Blue/cy/{STEM}.ipynb": "c"}
    marked, found = matched(tmp_path, sections, roster)
    assert (marked, found.unmatched) == ({"ana": "a", "bo": "b", "cy": "c"}, ())
    marked, _ = matched(tmp_path, {f"ana/bo/{STEM}.ipynb": "a"}, roster)
    assert marked == {"ana": "a"}
    eve = {f"ana/{STEM}.ipynb": "a", f"eve/bo/{STEM}.ipynb": "e", f"cy/{STEM}.ipynb": "c"}
    marked, found = matched(tmp_path, eve, roster)
    assert marked == {"ana": "a", "cy": "c", "eve": "e"}, (
        "a folder inside a stranger's is nobody's submission"
    )
    assert [one.submission for one in found.unmatched] == ["eve"]


def test_canvas_numbers_are_no_other_numbers(tmp_path):
    roster = roster_of("student,name,id,sis user id\na,Ana Bo,501,777\nb,Ben Cho,502,501", tmp_path)
    marked, found = matched(tmp_path, {f"boana_501_9_{STEM}.ipynb": "a"}, roster)
    assert (marked, found.unmatched) == ({"a": "a"}, ())


def roster_of(text: str, tmp_path: Path) -> dict[str, Student]:
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding="utf-8")
    return read_roster(path)


@pytest.mark.parametrize(
    ("lines", "folder", "student"),
    [
        ("student,name\nzd,Zoë D'Arc", "Zoë DArc_102_assignsubmission_file_", "zd"),
        ("student,name\nzd,Zoë D'Arc", "Zoe D’Arc", "zd"),
        ("student,name\njm,Jörg Müller", "Joerg Mueller", "jm"),
        ("student,name\njm,Jörg Müller", "MULLER JORG", "jm"),
        ("student,name\nls,Łukasz Søby", "Lukasz Soby", "ls"),
        ("student,first name,surname\nag,Ana,García López", "García López Ana_7_assignsubmission_file", "ag"),
        ("student,id\nab,00123", "123", "ab"),
        ("student\n00123\n00124", "124", "00124"),
        ("student\n123", "000123", "123"),
        ("email\nab@example.org", "ab", "ab@example.org"),
        ("Student,ID,SIS User ID\n    Points Possible,,\n\"Bo, Ana\",501,\n\"Student, Test\",9,", "Ana Bo", "Bo, Ana"),
        ("Identifier,Full name,Email address\nParticipant 7,Ana Bo,a@x\nParticipant 8,Ana Bo,b@x",
         "Ana Bo_8_assignsubmission_file_", "b@x"),
        ("Identifier,Full name,Email address\nParticipant 7,,a@x", "Participant_7_assignsubmission_file_", "a@x"),
        ("Name,SID,Email,Role\nAna Bo,1,a@x,Student\nTeacher,2,t@x,Instructor", "Ana Bo", "a@x"),
        ("student,group\nab,Red\nbc,Blue", "Red-ab", "ab"),
        ("student,name\nab,Anna-Lena Bo\nlb,Lena Bo", "Anna-Lena Bo_3_assignsubmission_file_", "ab"),
    ],
)  # fmt: skip
def test_a_roster_knows_its_student(tmp_path, lines, folder, student):
    roster = roster_of(lines, tmp_path)
    path = f"{folder}/{STEM}.ipynb"
    if folder == "Red-ab":
        path = f"Red-ab_4_assignsubmission_file_/{STEM}.ipynb"
    marked, found = matched(tmp_path, {path: "right"}, roster)
    assert {one for one, text in marked.items() if text} == {student}
    assert found.unmatched == ()


@pytest.mark.parametrize(
    ("lines", "folder", "why"),
    [
        ("student,name\na,Rik O'Neil\nb,Rik ONeil", "Rik ONeil_1_assignsubmission_file_", "may be a or b"),
        ("student,name\na,Zoë Arc\nb,Zoé Arc", "Zoe Arc", "may be a or b"),
        (
            "student,name\nlb,Lena Bo",
            "Anna-Lena Bo_3_assignsubmission_file_",
            "may be lb, if Anna is a group",
        ),
        ("student,name\nab,Ana Maria Bo", "Ana Bo_3_assignsubmission_file_", "it may be ab"),
        ("student,name\nab,Ana Bo", "Zed_3_assignsubmission_file_", "nobody on the roster"),
        ("student,name\nab,Ana Bo", "Participant_3_assignsubmission_file_", "nobody on the roster"),
        ("student,id\n00123,1\n0123,2", "123", "may be 00123 or 0123"),
    ],
)
def test_what_may_be_anothers_is_nobodys(tmp_path, lines, folder, why):
    marked, found = matched(tmp_path, {f"{folder}/{STEM}.ipynb": "x"}, roster_of(lines, tmp_path))
    assert not [one for one, text in marked.items() if text and one in roster_of(lines, tmp_path)]
    [one] = found.unmatched
    assert why in one.why


@pytest.mark.parametrize("lines", ["student,id\na,1\nb,1", "student,email\na,x@y\nb,X@Y", "name\nA\nA"])
def test_a_roster_that_tells_nobody_apart_is_refused(tmp_path, lines):
    with pytest.raises(InputError, match=r"also|different for everybody"):
        roster_of(lines, tmp_path)


def test_gradescopes_table_says_whose_a_folder_is(tmp_path):
    table = (
        "submission_11:\n  :submitters:\n  - :name: Ana Bo\n    :sid: '00501'\n    :email: a@x\n"
        "submission_12:\n  :submitters:\n  - :name: Ben Cho\n    :sid: '502'\n    :email: b@x\n"
        "  - :name: Cy Di\n    :sid: '503'\n    :email: c@x\n"
    )
    files = {
        "assignment_9_export/submission_metadata.yml": table,
        f"assignment_9_export/submission_11/{STEM}.ipynb": "one",
        f"assignment_9_export/submission_12/{STEM}.ipynb": "two",
    }
    roster = roster_of("student,sid\nab,501\nbc,502\ncd,503", tmp_path)
    marked, found = matched(tmp_path, files, roster)
    assert (marked, found.unmatched) == ({"ab": "one", "bc": "two", "cd": "two"}, ())


GRADESCOPES = """\
submission_11:
  :submitters:
  - :name: &1 Ana Bo
    :sid: '00501'
    :email:
  :created_at: 2023-09-10 04:22:07.516190000 Z
  :score: 10.0
  :results: !ruby/hash:ActiveSupport::HashWithIndifferentAccess
    tests:
    - name: *1
      output: |
        ":submitters: nobody"
  :history:
  - :id: 4
    :created_at: 2023-09-09 04:22:07.516190000 Z
submission_12:
  :submitters:
  - :name:
    :sid:
    :email: b@x
"""


def test_gradescopes_table_may_hold_results_and_tags_of_ruby(tmp_path):
    files = {
        "assignment_9_export/submission_metadata.yml": GRADESCOPES,
        f"assignment_9_export/submission_11/{STEM}.ipynb": "one",
        f"assignment_9_export/submission_12/{STEM}.ipynb": "two",
    }
    roster = roster_of("student,sid,email\nab,501,a@x\nbc,502,b@x", tmp_path)
    marked, found = matched(tmp_path, files, roster)
    assert (marked, found.unmatched) == ({"ab": "one", "bc": "two"}, ())


def test_gradescopes_table_may_be_megabytes_of_outputs():
    outputs = "  :results:\n    tests:\n" + "    - output: one line of what an autograder printed\n" * 100_000
    table = GRADESCOPES.replace("  :history:", outputs + "  :history:").encode()
    assert len(table) > 4 << 20
    assert [claim.called for claim in of_gradescope(table).values()] == ["Ana Bo", "b@x"]


@pytest.mark.parametrize(
    "table",
    [
        "",
        "a",
        "- a",
        "a: b",
        "a: {}",
        "a:\n  :submitters: []",
        "a:\n  :submitters:\n  - :name:",
        "a: [",
        "\t",
    ],
)
def test_a_table_that_is_not_gradescopes_is_refused(table):
    with pytest.raises(ValueError, match=r"submission_metadata\.yml"):
        of_gradescope(table.encode())


def test_a_broken_table_of_gradescopes_is_reported(tmp_path):
    files = {
        "export/submission_metadata.yml": "submission_11: [",
        f"export/submission_11/{STEM}.ipynb": "one",
    }
    roster = roster_of("student,sid\nab,501", tmp_path)
    _, found = matched(tmp_path, files, roster)
    assert len(found.unmatched) == 1
    notes = collect(tmp_path / "Week 4.zip", STEM, is_student=Known(roster).has).notes
    assert any("submission_metadata.yml is not as Gradescope writes it" in note for note in notes)


@pytest.mark.parametrize("name", [f"{STEM} (1)", f"Copy of {STEM}", f"{STEM}-Copy1", f"{STEM}_2", STEM])
def test_the_number_of_a_copy_is_no_name(tmp_path, name):
    marked, _ = matched(tmp_path, {f"{name}.ipynb": "x"}, {})
    assert marked == {name: "x"}


@pytest.mark.parametrize("name", [f"ana_{STEM} (1)", f"Copy of ana-{STEM}", f"{STEM}_ana-Copy1", "ana (2)"])
def test_a_copy_keeps_the_name_of_its_author(tmp_path, name):
    marked, _ = matched(tmp_path, {f"{name}.ipynb": "x"}, {})
    assert marked == {"ana": "x"}


# Zips


def packed(tmp_path: Path, name: str, raw: bytes, extra: bytes = b"") -> Path:
    """Write a zip with one entry whose name is those bytes, without the flag for UTF-8."""
    path = tmp_path / "class.zip"
    stand_in = "x" * len(raw)
    entry = zipfile.ZipInfo(stand_in)
    entry.extra = extra
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, "right")
    path.write_bytes(path.read_bytes().replace(stand_in.encode(), raw))
    return path


LETTERS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00/\\", exclude_categories=["C", "Z"]), min_size=1
)


@settings(max_examples=60, deadline=None)
@given(name=LETTERS, mark=st.sampled_from("/\\"))
def test_a_name_in_utf8_needs_no_flag(tmp_path_factory, name, mark):
    tmp_path = tmp_path_factory.mktemp("zip")
    path = packed(tmp_path, name, f"{name}_1{mark}{STEM}.ipynb".encode())
    with zipfile.ZipFile(path) as archive:
        [entry] = archive.infolist()
        assert zips.path_of(entry).parts == (f"{name}_1", f"{STEM}.ipynb")
        assert archive.read(entry) == b"right"


def test_the_unicode_path_field_counts_only_for_its_own_name(tmp_path):
    raw, real = b"M\x81ller/a.ipynb", "Мюллер/a.ipynb".encode()
    for checksum, name in ((zlib.crc32(raw), real.decode()), (1, "Müller/a.ipynb")):
        field = struct.pack("<HHBL", 0x7075, 5 + len(real), 1, checksum) + real
        with zipfile.ZipFile(packed(tmp_path, name, raw, field)) as archive:
            [entry] = archive.infolist()
            assert zips.name_of(entry) == name
            assert archive.read(entry) == b"right"


# Names of pages


@given(st.text(max_size=300))
def test_the_name_of_a_page_is_a_file_name(name):
    page = file_name(name)
    assert len(page.encode()) <= 200
    assert not page.startswith(("-", ".")) and not re.search(r"[/\\\0:\s]", page)


@pytest.mark.parametrize("name", ["王美玲", "Ольга Иванова", "-rf", "José"])
def test_letters_of_any_script_stay_in_the_name_of_a_page(name):
    letters = unicodedata.normalize("NFC", name).lstrip("-").replace(" ", "_")
    assert file_name(name).startswith(f"{letters}-")
