"""Whose a submission is, and what names and files may look like: no marks go astray, a file costs only its owner."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import threading
import unicodedata
import zipfile
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from grading.classroom import STEM, hand_in, notebook, write_spec

from rnncourse.errors import InputError
from rnncourse.grading import by_hand, run, tables
from rnncourse.grading.handed_in import collect as collecting
from rnncourse.grading.handed_in.assignment import load
from rnncourse.grading.handed_in.collect import HandedIn, Unreadable, collect
from rnncourse.grading.handed_in.roster import UNCLEAR, Known, Student, named, read_roster
from rnncourse.grading.marking import unreadable
from rnncourse.grading.results import gradebook, pages
from rnncourse.grading.results import nbgrader as nbgrader_gradebook
from rnncourse.grading.results.results import StudentResult, TaskResult
from rnncourse.grading.results.store import Store
from rnncourse.grading.untrusted_text import one_line, plain_name, shown

JOSE = unicodedata.normalize("NFC", "José")
ESCAPES = "x\x1b]0;owned\x07\x1b[2J\nnote: all fine\u202e"


def roster(*rows: str) -> dict[str, Student]:
    """Return a roster of lines like "ana name=Ana Bo, id=101"."""
    students = {}
    for row in rows:
        key, _, rest = row.partition(" ")
        columns = dict(one.split("=") for one in rest.split(", ") if one)
        students[key] = Student(key, columns)
    return students


def whose(folder: Path, students: dict[str, Student]) -> tuple[dict[str, str], str]:
    """Return who handed in which text, or the reason why that is not read, and all notes."""
    collected = collect(folder, STEM, is_student=Known(students).has)
    matched = named(collected.submissions, students)
    found, notes = matched.submissions, matched.notes
    said = {}
    for one in found:
        try:
            said[one.student] = one.notebook(STEM)[1].decode()
        except Unreadable as error:
            said[one.student] = str(error)
    assert len(said) == len(found), "nobody is there twice"
    return said, "; ".join((*collected.notes, *notes))


@pytest.fixture
def trial(tmp_path):
    return load("04", write_spec(tmp_path / "spec"))


# Whose it is


def test_moodles_participant_number_is_nobodys_number_on_a_roster(tmp_path):
    hand_in(tmp_path, "Ana Bo_102_assignsubmission_file_", b"Ana's")
    hand_in(tmp_path, "Cy Di_101_assignsubmission_file_", b"Cy's")
    with_names = roster("ana name=Ana Bo, id=101", "cy name=Cy Di, id=102")
    assert whose(tmp_path, with_names) == ({"ana": "Ana's", "cy": "Cy's"}, "")
    numbers = roster("s1 id=101", "s2 id=102")
    assert whose(tmp_path, numbers) == ({"Ana Bo": "Ana's", "Cy Di": "Cy's"}, "")
    assert all(not one.number for one in collect(tmp_path, STEM).submissions)


def test_moodles_namesakes_are_given_to_nobody_of_a_roster(tmp_path):
    for number in ("1", "2"):
        hand_in(tmp_path, f"Ana Bo_{number}_assignsubmission_file_", number.encode())
    said, notes = whose(tmp_path, roster("ana name=Ana Bo"))
    assert said == {"ana": UNCLEAR}
    assert "several submissions of ana (Ana Bo (1), Ana Bo (2))" in notes
    said, notes = whose(tmp_path, roster("ana name=Ana Bo", "bo name=Ana Bo"))
    assert said == {"ana": UNCLEAR, "bo": UNCLEAR}
    assert "Ana Bo (1) may be ana or bo" in notes


def test_a_name_made_like_that_of_a_namesake_is_no_other_student(tmp_path):
    for number in ("1", "2"):
        hand_in(tmp_path, f"Ana Bo_{number}_assignsubmission_file_", number.encode())
    hand_in(tmp_path, "Ana Bo (2)", b"eve")
    said, notes = whose(tmp_path, {})
    assert said == {"Ana Bo (1)": "1", "Ana Bo (2)": UNCLEAR}
    assert "several submissions of Ana Bo (2)" in notes


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ana id=10234", {"ana": "A"}),
        ("ana name=Ana Li, id=10234", {"ana": "A"}),
        ("cy name=Cy Di, id=10234", {"liana": "A"}),
        ("cy name=liana", {"cy": "A"}),
    ],
)
def test_canvas_gives_a_number_that_a_roster_knows(tmp_path, line, said):
    (tmp_path / f"liana_10234_998877_{STEM}.ipynb").write_bytes(b"A")
    assert whose(tmp_path, roster(line))[0] == said


def test_a_name_and_a_number_of_two_students_are_nobodys(tmp_path):
    (tmp_path / f"liana_10234_998877_{STEM}.ipynb").write_bytes(b"A")
    said, notes = whose(tmp_path, roster("liana id=1", "cy id=10234"))
    assert said == {"cy": UNCLEAR, "liana": UNCLEAR}
    assert "liana may be cy or liana" in notes
    namesakes = roster("one name=liana, id=10234", "two name=liana, id=2")
    assert whose(tmp_path, namesakes) == ({"one": "A"}, "")


def test_a_name_of_one_that_is_the_key_of_another_is_nobodys(tmp_path):
    hand_in(tmp_path, "ana", b"A")
    assert whose(tmp_path, roster("ana name=X", "bo name=ana"))[0] == {"ana": UNCLEAR, "bo": UNCLEAR}


def test_capitals_tell_students_apart_where_both_are_on_the_roster(tmp_path):
    hand_in(tmp_path, "Ana", b"big")
    hand_in(tmp_path, "ana", b"small")
    assert whose(tmp_path, roster("Ana", "ana", "bo")) == ({"Ana": "big", "ana": "small"}, "")
    (tmp_path / "Ana").rename(tmp_path / "ANA")
    said, notes = whose(tmp_path, roster("Ana", "ana"))
    assert (said, "ANA may be Ana or ana" in notes) == ({"Ana": UNCLEAR, "ana": "small"}, True)


def test_two_submissions_of_one_student_cost_only_that_student(tmp_path):
    for name in ("ana", "101", "bo"):
        hand_in(tmp_path, name, name.encode())
    said, notes = whose(tmp_path, roster("ana id=101", "bo"))
    assert said == {"ana": UNCLEAR, "bo": "bo"}
    assert "several submissions of ana (101, ana)" in notes


def test_a_roster_knows_students_under_other_names(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_bytes("\ufeffStudent;Name;Email;ID\ns1;Ana Bo;ana@x;101\ns2;Cy;cy@x;102\n".encode())
    for name in ("ana bo", "101", "cy@x", "s2"):
        hand_in(tmp_path / name, name, b"A")
        assert list(whose(tmp_path / name, read_roster(path))[0]) == [
            "s1" if name in ("ana bo", "101") else "s2"
        ]


def test_accents_may_be_composed_or_not(tmp_path):
    hand_in(tmp_path / "class", unicodedata.normalize("NFD", JOSE), b"A")
    path = tmp_path / "roster.csv"
    for form in ("NFC", "NFD"):
        path.write_text(f"student\n{unicodedata.normalize(form, JOSE)}\n", encoding="utf-8")
        assert list(read_roster(path)) == [JOSE]
        assert whose(tmp_path / "class", read_roster(path)) == ({JOSE: "A"}, "")
        path.write_text(f"student,name\nj,{unicodedata.normalize(form, JOSE)}\n", encoding="utf-8")
        assert whose(tmp_path / "class", read_roster(path)) == ({"j": "A"}, "")


@pytest.mark.parametrize("other", ["ana ", "ana\xa0", "\nana"])
def test_folders_whose_names_look_alike_are_nobodys(tmp_path, other):
    for name in ("ana", other, "bo"):
        hand_in(tmp_path, name, name.encode())
    said, notes = whose(tmp_path, {})
    assert said == {"ana": "there are several submissions under this name", "bo": "bo"}
    assert ascii(other) in notes


# Which folders are students


def test_a_student_called_submitted_hides_nobody(tmp_path):
    for name in ("ana", "bo", "Submitted"):
        hand_in(tmp_path, name, name.encode())
    assert whose(tmp_path, {}) == ({"ana": "ana", "bo": "bo", "Submitted": "Submitted"}, "")
    hand_in(tmp_path / "Submissions", "week04", b"another")
    said, _ = whose(tmp_path, {})
    assert said == {"ana": "ana", "bo": "bo", "Submitted": "Submitted", "Submissions": "another"}
    hand_in(tmp_path, "Submitted", b"").rename(tmp_path / "Submitted" / "mine.ipynb")
    assert list(whose(tmp_path, {})[0]) == ["Submissions", "Submitted", "ana", "bo"]


def test_what_lies_beside_the_folder_of_all_is_told(tmp_path):
    hand_in(tmp_path / "submitted", "ana", b"A")
    (tmp_path / "bo").mkdir()
    (tmp_path / "bo" / "answer.pdf").write_bytes(b"%PDF")
    (tmp_path / "source").mkdir()
    assert whose(tmp_path, {}) == ({"ana": "A"}, "bo is beside submitted and was skipped")


def test_a_zip_called_as_the_one_student_in_it_keeps_the_name(tmp_path):
    with zipfile.ZipFile(tmp_path / "ana.zip", "w") as archive:
        archive.writestr(f"ana/{STEM}.ipynb", "A")
    assert whose(tmp_path / "ana.zip", {}) == ({"ana": "A"}, "")


def test_a_master_beside_the_folders_of_the_students_hides_nobody(tmp_path):
    (tmp_path / "submissions").mkdir()
    (tmp_path / "submissions" / f"{STEM}.ipynb").write_bytes(b"master")
    for name in ("ana", "bo"):
        hand_in(tmp_path / "submissions", name, name.encode())
    assert whose(tmp_path, {})[0] == {"ana": "ana", "bo": "bo", STEM: "master"}


# Files that are exchanged, many or far down


def read_in_time(handed_in: HandedIn) -> str:
    """Return what a submission holds, or why not; fail where that takes longer than any file does."""
    said = []

    def read() -> None:
        try:
            said.append(handed_in.notebook(STEM)[1].decode())
        except Unreadable as error:
            said.append(str(error))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(5)
    assert said, "reading does not end"
    return said[0]


def test_a_file_exchanged_for_a_link_is_not_followed(tmp_path):
    file = hand_in(tmp_path / "class", "eve", b"{}")
    (tmp_path / "secret").write_text("secret")
    [eve] = collect(tmp_path / "class", STEM).submissions
    file.unlink()
    file.symlink_to(tmp_path / "secret")
    assert "cannot be read" in read_in_time(eve)


def test_a_folder_exchanged_for_a_link_is_not_followed(tmp_path):
    hand_in(tmp_path / "class", "ana", b"Ana's")
    file = hand_in(tmp_path / "class", "eve", b"{}")
    eve = collect(tmp_path / "class", STEM).submissions[1]
    file.unlink()
    file.parent.rmdir()
    file.parent.symlink_to(tmp_path / "class" / "ana")
    assert "cannot be read" in read_in_time(eve)


@pytest.mark.parametrize(
    ("make", "why"), [(os.mkfifo, "not an ordinary file"), (os.mkdir, "not an ordinary file")]
)
def test_a_file_exchanged_for_a_pipe_or_a_folder_stops_nobody(tmp_path, make, why):
    file = hand_in(tmp_path, "eve", b"{}")
    [eve] = collect(tmp_path, STEM).submissions
    file.unlink()
    make(file)
    before = len(os.listdir("/proc/self/fd"))
    assert why in read_in_time(eve)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("kind", ["folder", "submitted", "zip"])
def test_too_many_files_of_one_cost_nobody_else(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(collecting, "MOST_FILES", 20)
    root = tmp_path / "submitted" if kind == "submitted" else tmp_path / "class"
    for name in ("ana", "bo"):
        hand_in(root, name, name.encode())
    (root / "bo" / "a" / "venv").mkdir(parents=True)
    for i in range(60):
        (root / "bo" / "a" / "venv" / f"{i}").touch()
    path = root
    if kind == "zip":
        path = tmp_path / "class.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for file in sorted(root.rglob("*")):
                archive.write(file, file.relative_to(root))
    said, notes = whose(tmp_path if kind == "submitted" else path, {})
    assert said == {"ana": "ana", "bo": "bo"}
    assert "bo has more than 20 files" in notes
    files = collect(path, STEM).submissions[1].files
    assert len([file for file in files if not file.refused]) == 20


@pytest.mark.parametrize("kind", ["files", "folders"])
@pytest.mark.parametrize("packed", ["folder", "submitted", "zip"])
def test_files_and_folders_are_counted_apart_up_to_the_limit_itself(tmp_path, monkeypatch, kind, packed):
    """Neither a student's own folder nor the folders in it are files: with as many as allowed nothing is said."""
    monkeypatch.setattr(collecting, "MOST_FILES", 3)
    root = tmp_path / "submitted" if packed == "submitted" else tmp_path / "class"
    for name in ("ana", "bo"):
        hand_in(root, name, name.encode())
        (root / name / "deep" / "er").mkdir(parents=True)
        (root / name / "deep" / "data.txt").touch()
        (root / name / "deep" / "more.txt").touch()
        (root / name / "other").mkdir()
    one_more = root / "bo" / "zz"
    one_more.mkdir() if kind == "folders" else one_more.touch()
    path = tmp_path if packed == "submitted" else root
    if packed == "zip":
        path = tmp_path / "class.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for file in sorted(root.rglob("*")):
                archive.write(file, file.relative_to(root))
    said, notes = whose(path, {})
    assert said == {"ana": "ana", "bo": "bo"}
    whole = "submitted/bo" if packed == "submitted" else "bo"
    assert notes == f"{whole} has more than 3 {kind}; only that many were looked at"


@pytest.mark.parametrize(
    ("names", "many"),
    [
        (["notes/picture.png"], False),
        (["ana/04.ipynb", "bo/04.ipynb"], True),
        (["one.ipynb", "two.ipynb"], True),
        (["one.ipynb", "extra/picture.png"], False),
    ],
)
def test_a_folder_holds_many_if_notebooks_are_in_it_or_below(names, many):
    files = [collecting.File(PurePosixPath(name), bytes) for name in names]
    assert collecting._holds_many(files, STEM) == many


def test_a_path_that_is_too_long_for_the_system_is_told(tmp_path):
    hand_in(tmp_path, "ana", b"A")
    (tmp_path / "bo").mkdir()
    here = os.getcwd()
    try:
        os.chdir(tmp_path / "bo")
        for _ in range(24):
            os.mkdir("d" * 170)
            os.chdir("d" * 170)
        Path("f" * 200).touch()
        for depth in range(4):
            os.mkdir("e" * (100 + depth))
    finally:
        os.chdir(here)
    said, notes = whose(tmp_path, {})
    assert said["ana"] == "A"
    assert "File name too long" in notes and len(notes) < 2000


# What names look like


def test_what_cannot_be_seen_is_written_out():
    assert shown("\x1b[2J\u202ea\ud800\x00") == r"\x1b[2J\u202ea\ud800\x00"
    assert shown("a\tb\nü\xa0漢") == "a\tb\nü\xa0漢"
    assert shown("ana\u3164\u2800\u115f\uffa0") == r"ana\u3164\u2800\u115f\uffa0", "letters without ink"
    assert one_line(ESCAPES) == r"x\x1b]0;owned\x07\x1b[2J note: all fine\u202e"
    assert [plain_name(name) for name in (" ana\xa0", "a\nb", " ", "Bo  Li")] == [
        "ana",
        "a b",
        "' '",
        "Bo Li",
    ]
    assert shown(shown(ESCAPES)) == shown(ESCAPES), "so that what is kept is known again"


def test_no_name_writes_into_the_terminal(tmp_path):
    hand_in(tmp_path, f"eve{ESCAPES}", b"E")
    (tmp_path / "ana").mkdir()
    (tmp_path / "ana" / f"{ESCAPES}.ipynb").symlink_to("/etc/passwd")
    (tmp_path / "bo").mkdir()
    (tmp_path / "bo" / f"{ESCAPES}.txt").touch()
    said, notes = whose(tmp_path, {})
    assert len(said) == 3 and "is a link" in notes
    for text in (*said, *said.values(), notes):
        assert text.isprintable(), text


def test_the_name_of_a_notebook_is_as_harmless(tmp_path):
    hand_in(tmp_path, "eve", b"E").rename(tmp_path / "eve" / f"{ESCAPES}.ipynb")
    [eve] = collect(tmp_path, STEM).submissions
    assert eve.notebook(STEM) == (one_line(f"{ESCAPES}.ipynb"), b"E")


def test_a_zip_with_such_names_is_as_harmless(tmp_path):
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        archive.writestr(f"{ESCAPES}/{STEM}.ipynb", "E")
        archive.writestr(f"bo/{ESCAPES}.txt", "")
    said, _ = whose(tmp_path / "class.zip", {})
    assert len(said) == 2 and all(text.isprintable() for text in (*said, *said.values()))


def result(student: str, **fields) -> StudentResult:
    """Return a result whose every text is hostile."""
    code = TaskResult(
        "scaled", "Scaled", "code", 0.0, 2.0, "graded", 0.5, ESCAPES, ESCAPES, (ESCAPES,), ESCAPES
    )
    why = TaskResult(
        "why", "Why", "explanation", None, 3.0, "missing", 0.0, "Not graded yet.", code="Because."
    )
    return replace(StudentResult(plain_name(student), one_line(ESCAPES), (code, why), (ESCAPES,)), **fields)


def test_no_table_and_no_page_hides_anything(trial):
    results = [result("ana")]
    texts = [
        gradebook.gradebook(results),
        gradebook.moodle_table(results, trial, {}),
        gradebook.canvas_table(results, trial, {}),
        pages.feedback_page(results[0], trial),
        pages.class_page(results, trial),
        pages.reading_page(results, trial),
    ]
    for text in texts:
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert r"\x1b[2J" in texts[3]


def test_code_with_the_line_ends_of_windows_is_shown_as_it_is(trial):
    [code, why] = result("ana").tasks
    page = pages.feedback_page(result("ana", tasks=(replace(code, code="a\r\nb"), why)), trial)
    assert "<pre>a\nb</pre>" in page


NAMES = [
    "ana ",
    "ana\xa0",
    "a\nb",
    "'=x",
    "=x",
    "''=x",
    "-ana",
    "a;=1+1",
    "a;'=1+1",
    '"=x',
    "'\"=x",
    JOSE,
    ";",
    " ",
]


@pytest.mark.parametrize("name", NAMES)
def test_points_by_hand_come_back_for_every_name(tmp_path, name):
    path, one = tmp_path / "points.csv", result(name)
    table = gradebook.by_hand_table([one])
    path.write_text(table.replace(",why,,3,", ",why,2,3,"), encoding="utf-8")
    [merged], _ = by_hand.merge([one], path, by_hand.read(path))
    assert merged.tasks[1].points == 2
    assert by_hand.lacking(path, [one]) == []
    path.write_text(unicodedata.normalize("NFD", path.read_text(encoding="utf-8")), encoding="utf-8")
    assert by_hand.merge([one], path, by_hand.read(path)) == ([merged], [])


def test_no_two_names_are_one_in_a_table():
    plain = {plain_name(name) for name in NAMES}
    assert len({tables.neutral(name) for name in plain}) == len(plain)


@pytest.mark.parametrize(
    "text", ["x;=1+1;=HYPERLINK('http://a','b');y", 'x;"=1+1"', "x; +1", "x;\t@a", ';"";=1', "x;\n-1"]
)
def test_no_cell_is_a_formula_where_semicolons_divide(text):
    [code, why] = result("ana").tasks
    table = gradebook.gradebook([result("ana", tasks=(replace(code, mistake="", details=(text,)), why))])
    for mark in ",;":
        for row in csv.reader(io.StringIO(table), delimiter=mark):
            assert not [cell for cell in row if re.match(r"\s*[=+\-@]", cell)]


# What is kept


def test_why_nothing_could_be_read_is_looked_at_again(tmp_path, trial):
    store, empty = Store(tmp_path / "out", {}), HandedIn("ana", ())
    store.put(unreadable(empty, trial, "there is no notebook (.ipynb), nothing"))
    assert run._finished([empty], trial, store) == ({}, [empty])


def test_who_has_a_strange_name_is_graded_once(tmp_path, trial):
    hand_in(tmp_path / "class", f"eve{ESCAPES}", json.dumps(notebook()).encode())
    [eve] = collect(tmp_path / "class", STEM).submissions
    store = Store(tmp_path / "out", {})
    digest = run._digest(eve, trial)
    store.put(result(eve.student, digest=digest))
    results, todo = run._finished([eve], trial, store)
    assert (list(results), todo) == ([eve.student], [])


@pytest.mark.parametrize(
    "text", ['{"settings": [1], "seed": "x"}', '{"settings": 3, "seed": "x"}', "[]", "null"]
)
def test_a_broken_run_is_said(tmp_path, text):
    Store(tmp_path, {"assignment": STEM})
    (tmp_path / "state" / "run.json").write_text(text)
    with pytest.raises(InputError, match=r"run\.json is damaged"):
        Store(tmp_path, {"assignment": STEM})


def test_an_empty_list_of_settings_is_other_settings(tmp_path):
    Store(tmp_path, {"assignment": STEM})
    (tmp_path / "state" / "run.json").write_text('{"settings": [], "seed": "x"}')
    with pytest.raises(InputError, match="other settings"):
        Store(tmp_path, {"assignment": STEM})


def test_nbgraders_gradebook_takes_a_name_that_is_no_text(tmp_path, trial):
    api = pytest.importorskip("nbgrader.api")
    folder = os.fsencode(tmp_path / "class") + b"/jos\xe9"
    os.makedirs(folder)
    Path(os.fsdecode(folder), f"{STEM}.ipynb").write_bytes(b"A")
    [jose] = collect(tmp_path / "class", STEM).submissions
    assert jose.student == r"jos\udce9"
    book = tmp_path / "gradebook.db"
    nbgrader_gradebook.put(book, [unreadable(jose, trial, "x")], trial, {})
    with api.Gradebook(f"sqlite:///{book}") as records:
        assert [student.id for student in records.students] == [jose.student]
