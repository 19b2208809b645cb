"""Grading without a sandbox: what is found and read, what the rules see, what tables and pages say."""

from __future__ import annotations

import json
import math
import os
import struct
import subprocess
import sys
import time
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import SimpleNamespace

import numpy as np
import pytest
from grading.classroom import ANSWERS, SECRET, STEM, WHY, cell_of, hand_in, notebook, twice, write_spec

from rnncourse.checks.failure import Missing, Raised, TimedOut
from rnncourse.checks.judging import judge
from rnncourse.checks.task import Case
from rnncourse.errors import InputError
from rnncourse.grading import by_hand, marking, run, tables
from rnncourse.grading.handed_in import assignment, platforms
from rnncourse.grading.handed_in.assignment import load
from rnncourse.grading.handed_in.collect import LARGEST_NOTEBOOK, File, HandedIn, Unreadable, collect
from rnncourse.grading.handed_in.roster import Student, read_roster
from rnncourse.grading.handed_in.submission import Answers, read_notebook, without_magics
from rnncourse.grading.marking import Marker, ReferenceFailed, defining, missing
from rnncourse.grading.results import gradebook, nbgrader, pages
from rnncourse.grading.results.results import StudentResult, TaskResult, as_record, from_record
from rnncourse.grading.results.store import Store, file_name
from rnncourse.grading.sandbox import bubblewrap as sandbox
from rnncourse.grading.sandbox import protocol, worker
from rnncourse.grading.sandbox.limits import Limits
from rnncourse.grading.sandbox.process import WorkerDied, WorkerNotStarted, WorkerTimeout
from rnncourse.grading.sandbox.protocol import ProtocolError
from rnncourse.grading.sandbox.session import MasterFailed


@pytest.fixture
def trial(tmp_path):
    return load("04", write_spec(tmp_path / "spec"))


def zipped(path: Path, entries: dict[str, bytes], links: tuple[str, ...] = ()) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            if name in links:
                entry.external_attr = 0o120777 << 16
            archive.writestr(entry, data)
    return path


def names(collected) -> list[str]:
    return [one.student for one in collected.submissions]


# What was handed in


def test_a_folder_for_each_student(tmp_path):
    hand_in(tmp_path, "ana", b"A")
    hand_in(tmp_path, "Bo Li", b"B")
    (tmp_path / "ana" / ".ipynb_checkpoints").mkdir()
    (tmp_path / "ana" / ".ipynb_checkpoints" / f"{STEM}-checkpoint.ipynb").write_bytes(b"old")
    (tmp_path / "empty").mkdir()
    collected = collect(tmp_path, STEM)
    assert names(collected) == ["Bo Li", "ana", "empty"]
    assert [one.notebook(STEM)[1] for one in collected.submissions[:2]] == [b"B", b"A"]
    with pytest.raises(Unreadable, match="no notebook"):
        collected.submissions[2].notebook(STEM)


@pytest.mark.parametrize(
    ("file", "student", "aliases"),
    [
        ("ana.ipynb", "ana", ("ana",)),
        (f"ana_{STEM}.ipynb", "ana", ("ana",)),
        (f"{STEM}-ana.ipynb", "ana", ("ana",)),
        ("ana_04.ipynb", "ana", ("ana",)),
        (f"lianabo_10234_998877_{STEM}-1.ipynb", "lianabo", ("lianabo", "10234")),
        (f"lianabo_LATE_10234_998877_{STEM}.ipynb", "lianabo", ("lianabo", "10234")),
    ],
)
def test_a_flat_folder_with_names(tmp_path, file, student, aliases):
    (tmp_path / file).write_bytes(b"A")
    [found] = collect(tmp_path, STEM).submissions
    assert (found.student, found.aliases, found.notebook(STEM)[1]) == (student, aliases, b"A")


def test_a_zip_from_moodle(tmp_path):
    path = zipped(
        tmp_path / "download.zip",
        {
            f"Ana Bo_101_assignsubmission_file_/{STEM}.ipynb": b"A",
            f"Ana Bo_102_assignsubmission_file_/{STEM}.ipynb": b"B",
            f"Cy_103_assignsubmission_file_/{STEM}.ipynb": b"C",
            "__MACOSX/Cy_103_assignsubmission_file_/._x.ipynb": b"junk",
        },
    )
    found = {one.student: one.notebook(STEM)[1] for one in collect(path, STEM).submissions}
    assert found == {"Ana Bo (101)": b"A", "Ana Bo (102)": b"B", "Cy": b"C"}


@pytest.mark.parametrize("start", ["submitted", "."])
def test_nbgraders_tree(tmp_path, start):
    for student in ("ana", "bo"):
        for week in ("week03", "week04"):
            path = tmp_path / "submitted" / student / week / f"{STEM}.ipynb"
            path.parent.mkdir(parents=True)
            path.write_bytes(f"{student} {week}".encode())
    found = {one.student: one.notebook(STEM)[1] for one in collect(tmp_path / start, STEM).submissions}
    assert found == {"ana": b"ana week04", "bo": b"bo week04"}


def test_which_of_several_notebooks_counts(tmp_path):
    hand_in(tmp_path, "ana", b"exact")
    (tmp_path / "ana" / "scratch.ipynb").write_bytes(b"other")
    hand_in(tmp_path, "bo", b"x").rename(tmp_path / "bo" / "one.ipynb")
    (tmp_path / "bo" / "two.ipynb").write_bytes(b"y")
    ana, bo = collect(tmp_path, STEM).submissions
    assert ana.notebook(STEM)[1] == b"exact"
    with pytest.raises(
        Unreadable, match=r"2 notebooks, and it is unclear which one counts: one\.ipynb, two\.ipynb"
    ):
        bo.notebook(STEM)


def test_archives_cannot_lead_out(tmp_path):
    outside = tmp_path / "outside.ipynb"
    outside.write_bytes(b"secret")
    path = zipped(
        tmp_path / "class.zip",
        {
            f"ana/{STEM}.ipynb": b"A",
            "../../evil.ipynb": b"E",
            "/etc/evil.ipynb": b"E",
            "bo\\..\\..\\evil.ipynb": b"E",
            f"cy/{STEM}.ipynb": str(outside).encode(),
        },
        links=(f"cy/{STEM}.ipynb",),
    )
    before = sorted(tmp_path.rglob("*"))
    collected = collect(path, STEM)
    assert names(collected) == ["ana", "cy"]
    assert len([note for note in collected.notes if "leads out of the zip" in note]) == 3
    with pytest.raises(Unreadable, match="is a link, which is not followed"):
        collected.submissions[1].notebook(STEM)
    assert collected.submissions[0].notebook(STEM)[1] == b"A"
    assert sorted(tmp_path.rglob("*")) == before, "nothing is unpacked"


def test_a_zip_bomb_is_not_read_to_its_end(tmp_path):
    path = zipped(tmp_path / "class.zip", {f"ana/{STEM}.ipynb": bytes(300 << 20), f"bo/{STEM}.ipynb": b"B"})
    ana, bo = collect(path, STEM).submissions
    with pytest.raises(Unreadable, match="larger than 128 MB"):
        ana.notebook(STEM)
    assert bo.notebook(STEM)[1] == b"B"


def test_a_damaged_entry_costs_only_itself(tmp_path):
    path = zipped(tmp_path / "class.zip", {f"ana/{STEM}.ipynb": os.urandom(999), f"bo/{STEM}.ipynb": b"B"})
    data = bytearray(path.read_bytes())
    data[200:240] = bytes(40)
    path.write_bytes(data)
    ana, bo = collect(path, STEM).submissions
    with pytest.raises(Unreadable, match="in the zip"):
        ana.notebook(STEM)
    assert bo.notebook(STEM)[1] == b"B"


def test_links_and_pipes_are_not_opened(tmp_path):
    outside = tmp_path / "outside"
    hand_in(outside, "x", b"secret")
    inside = tmp_path / "class"
    for name in ("ana", "bo"):
        (inside / name).mkdir(parents=True)
    (inside / "ana" / f"{STEM}.ipynb").symlink_to(outside / "x" / f"{STEM}.ipynb")
    os.mkfifo(inside / "bo" / f"{STEM}.ipynb")
    (inside / "cy").symlink_to(outside / "x")
    collected = collect(inside, STEM)
    assert names(collected) == ["ana", "bo"]
    for one, why in zip(collected.submissions, ("is a link", "not an ordinary file"), strict=True):
        with pytest.raises(Unreadable, match=why):
            one.notebook(STEM)
    assert any("cy is a link" in note for note in collected.notes)


def test_a_file_larger_than_a_notebook_is_not_held_in_memory(tmp_path):
    path = hand_in(tmp_path, "ana", b"")
    with open(path, "wb") as file:
        file.truncate(LARGEST_NOTEBOOK + 1)
    with pytest.raises(Unreadable, match="larger than 128 MB"):
        collect(tmp_path, STEM).submissions[0].notebook(STEM)


@pytest.mark.parametrize("kind", ["nothing", "no zip", "empty"])
def test_what_cannot_be_submissions_is_said(tmp_path, kind):
    path = tmp_path / "x"
    if kind == "no zip":
        path.write_bytes(b"PK\x03\x04 or so")
    elif kind == "empty":
        path.mkdir()
    with pytest.raises(InputError, match="holds no submission" if kind == "empty" else "a folder or a zip"):
        collect(path, STEM)


# The notebook


def test_the_master_gives_cells_tasks_and_points(trial):
    assert trial.steps == tuple(
        (
            ("locked", "setup"),
            ("locked", "given"),
            ("answer", "scaled"),
            ("check", "scaled-check"),
            ("answer", "running"),
            ("check", "running-check"),
            ("answer", "largest"),
            ("check", "largest-check"),
        )
    )
    assert [(item.name, item.kind, item.points) for item in trial.items] == [
        ("scaled", "code", 2),
        ("running", "code", 3),
        ("largest", "code", 4),
        ("why", "explanation", 3),
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda whole: cell_of(whole, "scaled-check")["metadata"].clear(), "scaled has no check cell"),
        (lambda whole: whole["cells"].append(cell_of(whole, "given")), "two cells of the master"),
        (
            lambda whole: cell_of(whole, "scaled")["metadata"]["nbgrader"].update(grade_id="no_such"),
            "no task",
        ),
        (lambda whole: whole.update(cells=whole["cells"][:1]), "no answer cells"),
        (lambda whole: whole.update(cells=3), "04_trial.ipynb is not a notebook"),
        (
            lambda whole: whole["cells"].insert(2, "text"),
            "04_trial.ipynb, cell 3: this is not a notebook's cell",
        ),
        (lambda whole: whole["cells"][0].pop("metadata"), "04_trial.ipynb, cell 1: this is not"),
        (lambda whole: cell_of(whole, "given").pop("source"), "04_trial.ipynb, cell 3: this is not"),
        (lambda whole: cell_of(whole, "given").pop("cell_type"), "04_trial.ipynb, cell 3: this is not"),
        (
            lambda whole: cell_of(whole, "given")["metadata"]["nbgrader"].pop("grade_id"),
            "04_trial.ipynb, cell 3: nbgrader's metadata have no grade_id",
        ),
        (
            lambda whole: cell_of(whole, "scaled-check")["metadata"]["nbgrader"].pop("points"),
            "04_trial.ipynb, cell scaled-check: points must be a number from 0 to 1000000, but there are none",
        ),
        (
            lambda whole: cell_of(whole, "why")["metadata"]["nbgrader"].update(points="three"),
            "04_trial.ipynb, cell why: points must be a number from 0 to 1000000, but 'three' was given",
        ),
        (
            lambda whole: cell_of(whole, "why")["metadata"]["nbgrader"].update(points=-1),
            "but -1 was given",
        ),
        (
            lambda whole: cell_of(whole, "why")["metadata"]["nbgrader"].update(points=float("nan")),
            "but nan was given",
        ),
    ],
)
def test_a_master_that_cannot_be_graded_is_refused(tmp_path, change, said):
    spec = write_spec(tmp_path / "spec")
    whole = notebook()
    change(whole)
    (spec / f"{STEM}.ipynb").write_text(json.dumps(whole))
    with pytest.raises(InputError, match=said):
        load("04", spec)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("TASKS = (", r"SyntaxError: .*\(tasks.py, line 1\)"),
        (
            "import numpy\n\nimport no_such_package\n",
            "tasks.py cannot be run, line 3: ModuleNotFoundError: No module",
        ),
        ("\nTASKS = (task,)", "tasks.py cannot be run, line 2: NameError: name 'task'"),
        ("TASK = ()", "must define TASKS"),
        ("TASKS = (3,)", "must define TASKS"),
    ],
)
def test_tasks_that_cannot_be_read_are_refused(tmp_path, source, said):
    spec = write_spec(tmp_path / "spec")
    (spec / "tasks.py").write_text(source)
    with pytest.raises(InputError, match=said) as refusal:
        load("04", spec)
    assert str(spec / "tasks.py") in str(refusal.value)


def test_a_master_that_is_no_file_is_refused(tmp_path):
    spec = write_spec(tmp_path / "spec")
    (spec / f"{STEM}.ipynb").unlink()
    (spec / f"{STEM}.ipynb").mkdir()
    with pytest.raises(InputError, match=f"{STEM}.ipynb is not a notebook"):
        load("04", spec)


def _none_made(rng):
    raise KeyError("W_h")


@pytest.mark.parametrize(
    ("cases", "said"),
    [
        (_none_made, "the inputs of scaled cannot be made: KeyError: 'W_h'"),
        (lambda rng: [], "the inputs of scaled must be a list of Case"),
        (lambda rng: [(1, 2)], "the inputs of scaled must be a list of Case"),
        (lambda rng: None, "the inputs of scaled cannot be made: TypeError"),
    ],
)
def test_inputs_that_cannot_be_made_are_the_tasks_fault(trial, cases, said):
    scaled = replace(trial.items[0], task=replace(trial.items[0].task, cases=cases))
    with pytest.raises(ReferenceFailed, match=said):
        marked(replace(trial, items=(scaled,)), Limits())


@pytest.mark.parametrize(
    ("name", "said"), [("4", None), (STEM, None), ("05", "is not one of them"), ("trial", "none")]
)
def test_an_assignment_is_named_by_number_or_name(tmp_path, name, said, monkeypatch):
    spec = write_spec(tmp_path / "spec")
    (spec / "tasks.py").rename(tmp_path / "tasks.py") if said else None
    if said:
        with pytest.raises(InputError):
            load(name, spec)
    else:
        assert load(name, spec).stem == STEM


def test_magics_become_comments_only_where_the_code_is_no_python():
    assert without_magics("%%time\ny = 1") == "pass  # %%time\ny = 1"
    assert without_magics("%time x = 2\n!ls\ny = 1").splitlines() == [
        "x = 2",
        "get_ipython().system('ls')",
        "y = 1",
    ]
    assert without_magics('x = """\n%d\n"""') == 'x = """\n%d\n"""'
    inside_of_brackets = "%matplotlib inline\nx = (17\n     % 5)\n"
    assert "\n     % 5)\n" in without_magics(inside_of_brackets)


@pytest.mark.parametrize(
    "source",
    [
        "\n" * 49_000 + "x y",
        "%a\n" * 50 + "x = 1\n" * 8000 + "x y",
        "%%time\n" * 7000,
        "/a\n" * 16_000,
        "x y\n" + "a" * 49_000 + " ?",
    ],
)
def test_magics_are_found_in_no_time(source):
    began = time.process_time()
    without_magics(source)
    assert time.process_time() - began < 3


def test_a_split_answer_is_put_together_and_of_two_whole_ones_the_last_counts(trial):
    helper, rest = (
        "def twice(x):\n    return 2 * x\n",
        "def scaled(x, factor):\n    return twice(x) * factor / 2\n",
    )
    for parts, together in (
        ((helper, rest), True),
        ((rest, "print(1)"), True),
        ((ANSWERS["scaled"], rest), False),
    ):
        whole = twice("scaled", parts[1])
        cell_of(whole, "scaled")["source"] = parts[0]
        answers = read_notebook(json.dumps(whole).encode(), trial)
        assert (parts[0] in answers.sources["scaled"]) == together
        assert parts[1] in answers.sources["scaled"]
        [note] = answers.notes["scaled"]
        assert ("all were run" in note) == together
    answers = read_notebook(json.dumps(twice("why", "Second half.")).encode(), trial)
    assert answers.sources["why"] == f"{WHY}\n\nSecond half."


def test_a_whole_notebook_of_the_wrong_chapter(trial):
    whole = notebook()
    for cell in whole["cells"]:
        if cell["metadata"]:
            cell["metadata"]["nbgrader"]["grade_id"] += "_x"
    found = read_notebook(json.dumps(whole).encode(), trial)
    assert found.sources == {}
    assert sorted(found.problems) == ["largest", "running", "scaled", "why"]
    assert any("another notebook" in note for note in found.notes[""])


# What may not be used


@pytest.mark.parametrize(
    "value",
    [
        None, True, -3, 2.5, float("inf"), 1 + 2j, "ü", [], (1, [2.0, None]), {"a": np.arange(3), 4: ("x",)},
        np.zeros((0, 3)), np.float32(2), np.array(["ab", "c"]), np.arange(6).reshape(2, 3).T, np.array(True),
        np.arange(3, dtype=">f8"),
    ],
)  # fmt: skip
def test_plain_data_survives_the_pipe(value):
    tree, raw = worker.encode(value)
    back = protocol.decode(json.loads(json.dumps(tree)), raw)
    native = np.asarray(value) if isinstance(value, np.generic) else value
    assert repr(back) == repr(native).replace(", dtype='>f8'", "")


@pytest.mark.parametrize(
    ("tree", "raw"),
    [
        (["array", "|O", [1]], bytes(8)),
        (["array", "<f8", [1 << 40]], b""),
        (["array", "<f8", [-1]], b""),
        (["array", "<f8", [True]], bytes(8)),
        (["array", "<f8", [2]], bytes(8)),
        (["array", "<f8", [1]], bytes(16)),
        (["array", "<f8", [1] * 9], bytes(8)),
        (["array", "<f8", [0, 1 << 31, 1 << 31, 1 << 31]], b""),
        (["array", "<U99999", [1]], bytes(8)),
        (["array", "<U1", [1]], struct.pack("<I", 0x110000)),
        (["array", "<U1", [1]], struct.pack("<I", 0xD800)),
        (["array", ["<f8"], [1]], bytes(8)),
        (["array", "<M8[s]", [1]], bytes(8)),
        (["int", "9" * 5000], b""),
        (["int", 3], b""),
        (["float", "0x1p99999999999"], b""),
        (["float", "1e5; import os"], b""),
        (["dict", [[["list", []], ["none"]]]], b""),
        (["named", "scaled"], b""),
        (["list", [["none"]] * 30_000], b""),
        (["str", 3], b""),
        ("none", b""),
        ([], b""),
        ([["none"]], b""),
        (["none", 1], b""),
    ],
)
def test_what_is_no_plain_data_is_refused(tree, raw):
    with pytest.raises(ProtocolError):
        protocol.decode(tree, raw)


def test_deep_nesting_is_refused():
    tree = ["none"]
    for _ in range(100):
        tree = ["list", [tree]]
    with pytest.raises(ProtocolError, match="too many parts"):
        protocol.decode(tree, b"")


def test_texts_that_would_take_the_graders_memory_are_refused():
    long = [["str", "x" * 100_000], *[["str", ""]] * 9_999]
    one, rest = ["array", "<U9999", [1]], [["array", "<f8", [200]]] * 1000
    for tree, raw in ((["list", long], b""), (["list", [one, *rest]], b"x\0\0\0" * 9999 + bytes(1_600_000))):
        with pytest.raises(ProtocolError, match="too long for so many"):
            protocol.decode(tree, raw)
    assert len(protocol.decode(["list", long[:100]], b"")) == 100


def test_texts_that_are_long_once_everything_is_to_be_seen_are_refused():
    """What is written out as `\\U0010ffff` takes ten characters for one, in every entry of the array they become."""
    texts = [["str", "\U0010ffff" * 1600], *[["str", "a"]] * 9000]
    assert protocol.MOST_ROOM > 9001 * 1600
    with pytest.raises(protocol.ProtocolError, match="too long"):
        protocol.decode(["list", texts], b"")
    assert np.shape(protocol.decode(["list", texts[1:]], b"")) == (9000,)


def test_an_enormous_line_number_is_left_out():
    source = "error = SyntaxError('x' * 5000)\nerror.lineno = 2**40\nerror.filename = 'c'\nraise error"
    with pytest.raises(SyntaxError) as raised:
        exec(source)
    told = worker._told(raised.value)
    protocol.read_reply("n", json.dumps({"nonce": "n", "failure": told, "value": None}).encode(), b"")


def test_arguments_that_are_plain_data_no_longer_count_as_changed(trial):
    case = Case((np.ones(2), {"seen": 1}))
    given = protocol.Reply(None, [1.0, "a function", False])
    _, after, _ = marking._answer(given, case, {})
    assert after == ("changed", "changed")


@pytest.mark.parametrize(("told", "shared"), [(True, True), (False, False), (1.0, False)])
def test_whether_an_answer_shares_memory_is_taken_from_the_worker(told, shared):
    given = protocol.Reply(None, [1.0, [np.ones(2)], told])
    assert marking._answer(given, Case((np.ones(2),)), {})[2] is shared


def test_a_bool_that_is_neither_true_nor_false_becomes_true():
    [odd] = protocol.decode(["array", "|b1", [1]], b"\x02")
    assert odd.tobytes() == b"\x01"


@pytest.mark.parametrize(
    "fields",
    [
        {"nonce": "other", "failure": None, "value": None},
        {"nonce": "n", "failure": None},
        {"nonce": "n", "failure": None, "value": None, "points": 9},
        {"nonce": "n", "failure": {"kind": "right", "text": ""}, "value": None},
        {"nonce": "n", "failure": {"kind": ["raised"], "text": ""}, "value": None},
        {"nonce": "n", "failure": {"kind": "raised", "text": "x" * 9999}, "value": None},
        {"nonce": "n", "failure": {"kind": "raised", "text": "x", "line": "1"}, "value": None},
        {"nonce": "n", "failure": {"kind": "raised", "text": "x", "points": 1}, "value": None},
        [],
    ],
)
def test_a_forged_header_is_refused(fields):
    with pytest.raises(ProtocolError):
        protocol.read_reply("n", json.dumps(fields).encode(), b"")


def test_a_reply_is_read():
    reply = protocol.read_reply("n", b'{"nonce": "n", "failure": null, "value": ["int", "3"]}', b"")
    assert (reply.failure, reply.value) == (None, 3)


@pytest.mark.parametrize("head", [b"PK\x03\x04" + bytes(12), b"RNG1" + b"\xff" * 12])
def test_a_strange_or_enormous_frame_is_refused(head):
    with pytest.raises(ProtocolError):
        protocol.lengths(head)


# A submission's time, with workers that are made up


class Slow:
    """A worker that says nothing in time to those cells and calls, and None at once to all others."""

    def __init__(self, cells: tuple[str, ...], calls: tuple[str, ...]):
        self.cells, self.calls = cells, calls

    def run(self, cell: str, source: str, seconds: float, wall: float) -> protocol.Reply:
        return self._reply(cell in self.cells, wall)

    def call(
        self, args: tuple, kwargs: dict, seconds: float, wall: float, function: str, **_
    ) -> protocol.Reply:
        return self._reply(function in self.calls, wall)

    def _reply(self, slow: bool, seconds: float) -> protocol.Reply:
        if slow:
            time.sleep(seconds)
            raise WorkerTimeout
        return protocol.Reply(None, None)

    def close(self) -> None:
        pass


def marked(trial, limits: Limits, cells: tuple[str, ...] = (), calls: tuple[str, ...] = ()):
    """Return (status, mistake, what is said) by task, for right answers of which some cells or calls never end."""
    marker = Marker(trial, lambda: Slow(cells, calls), limits)
    tasks = marker.mark_answers(Answers({**ANSWERS, "why": "Because."}), "seed")
    return {task.task: (task.status, task.mistake, " ".join(task.details)) for task in tasks}


NO_TIME = (
    "timeout",
    "no time left",
    "The time for your whole notebook was used up before this answer was done, which may not be its fault. "
    "Look first at the answers that were stopped or took a long time.",
)


def test_who_is_never_run_is_not_told_of_a_loop(trial):
    found = marked(trial, Limits(submission=-1.0))
    assert [found[name] for name in ANSWERS] == [NO_TIME] * 3


def test_what_uses_up_the_time_in_a_call_costs_the_others_no_blame(trial):
    found = marked(trial, Limits(submission=0.3), calls=("running",))
    assert found["scaled"][0] == "graded"
    assert (found["running"], found["largest"]) == (NO_TIME, NO_TIME)


def test_what_uses_up_the_time_in_a_cell_costs_the_others_no_blame(trial):
    found = marked(trial, Limits(submission=0.3), cells=("running",))
    assert found["scaled"][0] == "graded"
    assert (found["running"], found["largest"]) == (NO_TIME, NO_TIME)


def test_an_answer_that_had_its_own_time_is_told_of_a_loop(trial):
    found = marked(trial, Limits(cell=0.05), cells=("running",))
    assert (found["scaled"][0], found["largest"][0]) == ("graded", "graded")
    assert found["running"][:2] == ("timeout", "timeout")
    assert "Your cell had not finished after 0.05 seconds" in found["running"][2]
    found = marked(trial, Limits(call=0.01), calls=("running",))
    assert "`running` had not finished after 0.02 seconds" in found["running"][2]


def test_a_cell_that_was_stopped_is_not_run_again_to_look_for_a_name(trial):
    begun = []

    class Lacking(Slow):
        def run(self, cell: str, source: str, seconds: float, wall: float) -> protocol.Reply:
            begun.append(cell)
            return super().run(cell, source, seconds, wall)

        def call(self, *_: object, **__: object) -> protocol.Reply:
            return protocol.Reply(Raised("NameError", "name 'x' is not defined"), None)

    marker = Marker(trial, lambda: Lacking(("scaled",), ()), Limits(cell=0.05))
    marker.mark_answers(Answers({**ANSWERS, "why": "Because."}), "seed")
    assert begun.count("scaled") == 1
    assert begun.count("running") == 3, "in its turn, and to look for a name for each of two tasks"


def test_time_that_ends_in_a_locked_cell_does_not_stop_the_class(trial):
    found = marked(trial, Limits(submission=0.05), cells=("setup",))
    assert [found[name] for name in ANSWERS] == [NO_TIME] * 3
    with pytest.raises(MasterFailed, match="locked cells"):
        marked(trial, Limits(locked=0.05), cells=("setup",))


def test_nor_does_a_locked_cell_that_its_worker_stops_at_that_time(trial):
    """An answer may end its worker just before the time is over: the setup cell of the next has what is left."""

    class Stopping(Slow):
        def _reply(self, slow: bool, seconds: float) -> protocol.Reply:
            time.sleep(seconds if slow else 0)
            return protocol.Reply(TimedOut(seconds) if slow else None, None)

    def mark(limits: Limits):
        answers = Answers({**ANSWERS, "why": "Because."})
        return Marker(trial, lambda: Stopping(("setup",), ()), limits).mark_answers(answers, "seed")

    assert [task.mistake for task in mark(Limits(submission=0.1))[:3]] == ["no time left"] * 3
    with pytest.raises(MasterFailed, match="setup"):
        mark(Limits(locked=0.05))


def test_a_name_is_looked_for_in_a_time_that_grows_with_the_text():
    """The text is the student's, and all submissions share the process that searches it."""
    long = "# " + "import " * 40_000
    began = time.process_time()
    assert defining({"own": long, "first": f"{long}\nzzz = 1"}, "zzz") == {"first"}
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as zzz",
        "x = 1\nfrom y import zzz",
        "async def zzz(): ...",
        "class zzz:",
        "zzz, y = 1, 2",
        "zzz: int = 1",
    ],
)
def test_lines_that_give_a_name_a_meaning_are_found(source):
    assert defining({"a": source, "b": source.replace("zzz", "zz"), "c": "  zzz = 1\nprint(zzz)"}, "zzz") == {
        "a"
    }


@pytest.mark.parametrize("where", ["own", "locked", "unmarked"])
def test_a_cell_of_millions_of_lines_takes_little_memory(trial, where):
    """All submissions share the grader's memory."""
    source = "# \n" * 3_000_000
    whole = notebook()
    if where == "own":
        whole["cells"].insert(2, {"cell_type": "code", "metadata": {}, "source": source})
    else:
        cell_of(whole, "setup")["source"] = source
    if where == "unmarked":
        for cell in whole["cells"]:
            cell["metadata"] = {}
    data = json.dumps(whole).encode()
    tracemalloc.start()
    read_notebook(data, trial)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 * len(data)


# The sandbox, without starting it


def sandbox_for(tmp_path, shape="namespace"):
    return sandbox.Sandbox(shape, Limits(), sandbox.Shared(tmp_path / "empty", tmp_path / "scratch", None))


def test_the_sandbox_shows_nothing_of_home_and_no_answers(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADERS_SECRET", SECRET)
    words = sandbox_for(tmp_path).command(0, [3])
    assert SECRET not in str(words) and SECRET not in str(sandbox_for(tmp_path).environment())
    assert "--unshare-net" in words and "--clearenv" in words and "--die-with-parent" in words
    binds = {words[i + 2]: words[i + 1] for i, word in enumerate(words) if word == "--ro-bind"}
    assert binds[str(sandbox.PACKAGE / "checks")] == str(sandbox.STUB)
    assert binds[str(sandbox.PACKAGE / "grading")] == str(tmp_path / "empty")
    assert "--bind" not in words
    assert str(Path.home()) not in binds


def test_an_environment_in_tmp_is_not_covered_by_the_private_tmp(tmp_path, monkeypatch):
    library = tmp_path / "environment" / "lib"  # pytest's own folder lies in /tmp
    library.mkdir(parents=True)
    monkeypatch.setattr(sandbox.sys, "prefix", str(library.parent))
    words = sandbox_for(tmp_path).command(0, [3])
    private = words.index("--tmpfs") + 1
    assert words[private] == "/tmp" and private < words.index(str(library))


def test_an_environment_made_in_the_checkout_shows_none_of_its_solutions(tmp_path, monkeypatch):
    for name in ("lib", "bin", "solutions", ".git"):
        (tmp_path / name).mkdir()
    (tmp_path / "pyvenv.cfg").touch()
    monkeypatch.setattr(sandbox.sys, "prefix", str(tmp_path))
    seen = {path.name for path in sandbox.visible() if path.is_relative_to(tmp_path)}
    assert seen == {"lib", "bin", "pyvenv.cfg"}
    words = sandbox_for(tmp_path).command(0, [3])
    seen = {words[i + 2] for i, word in enumerate(words) if word == "--ro-bind"}
    assert str(tmp_path / "lib") in seen and not seen & {str(tmp_path), str(tmp_path / "solutions")}


def test_what_is_withheld_is_covered_wherever_python_could_find_it(tmp_path, monkeypatch):
    root = tmp_path / "lib" / "python3.11" / "site-packages"
    for name in ("torch", "rnncourse/checks", "scipy/signal"):
        (root / name).mkdir(parents=True)
    (root / "single.py").touch()
    (root / "__pycache__").mkdir()
    (root / "__pycache__" / "single.cpython-311.pyc").touch()
    monkeypatch.setattr(sandbox.sys, "prefix", str(tmp_path))
    names = ("torch", "scipy.signal", "single", "rnncourse.in_numpy")
    words = replace(sandbox_for(tmp_path), withheld=names).command(0, [3])
    binds = {words[i + 2]: words[i + 1] for i, word in enumerate(words) if word == "--ro-bind"}
    for folder in (root / "torch", root / "scipy" / "signal", sandbox.PACKAGE / "in_numpy"):
        assert binds[str(folder)] == str(sandbox.WITHHELD)
    assert binds[str(root / "single.py")] == str(sandbox.WITHHELD / "__init__.py")
    assert binds[str(root / "__pycache__" / "single.cpython-311.pyc")] == "/dev/null"
    assert binds[str(root / "rnncourse")] == str(tmp_path / "empty"), "another copy of the course"


@pytest.mark.parametrize("lacking", ["bwrap", "prlimit"])
def test_without_its_programs_grading_refuses_and_says_how_to_mend_it(tmp_path, monkeypatch, lacking):
    which = sandbox.shutil.which
    monkeypatch.setattr(
        sandbox.shutil, "which", lambda name: None if name == lacking else which(name) or name
    )
    with pytest.raises(sandbox.NoSandbox) as refusal:
        sandbox.find_sandbox(Limits(), sandbox_for(tmp_path).shared, lambda one: None)
    said = str(refusal.value)
    assert f"{lacking} is not installed" in said
    assert (
        "apt install bubblewrap util-linux" in said and "apparmor" in said and "--unsafe-no-sandbox" in said
    )


def test_a_sandbox_that_does_not_hold_is_refused_with_its_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(sandbox.NoSandbox, match="No permissions to create new namespace"):
        sandbox.find_sandbox(
            Limits(),
            sandbox_for(tmp_path).shared,
            lambda one: "bwrap: No permissions to create new namespace",
        )


def test_root_never_runs_students_code_without_a_sandbox(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(sandbox.NoSandbox, match="refused to root"):
        sandbox.find_sandbox(Limits(), sandbox_for(tmp_path).shared, lambda one: None, unsafe=True)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    found = sandbox.find_sandbox(
        Limits(), sandbox_for(tmp_path).shared, lambda one: "never asked", unsafe=True
    )
    assert found.shape == "" and "bwrap" not in str(found.command(0, []))


def test_elsewhere_the_refusal_says_that_check_still_works(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox.sys, "platform", "darwin")
    with pytest.raises(sandbox.NoSandbox, match="`check` in the notebooks works everywhere"):
        sandbox.find_sandbox(Limits(), sandbox_for(tmp_path).shared, lambda one: None)


@pytest.mark.parametrize("unsafe", [False, True])
def test_on_windows_nothing_is_offered_that_cannot_work(tmp_path, monkeypatch, unsafe):
    monkeypatch.setattr(sandbox.sys, "platform", "win32")
    monkeypatch.delattr(os, "geteuid")
    with pytest.raises(sandbox.NoSandbox) as refusal:
        sandbox.find_sandbox(Limits(), sandbox_for(tmp_path).shared, lambda one: None, unsafe)
    said = str(refusal.value)
    assert "Grade in WSL2" in said and "nor can --unsafe-no-sandbox start workers here" in said
    assert "with your own rights" not in said


def test_nothing_of_the_graders_may_lie_where_students_code_can_read(tmp_path):
    with pytest.raises(InputError, match="must not lie in"):
        sandbox.require_hidden("spec", sandbox.PACKAGE / "data")
    with pytest.raises(InputError, match="/usr"):
        sandbox.require_hidden("out", Path("/usr/local/results"))
    sandbox.require_hidden("out", tmp_path)


# What is written


def result(**fields) -> StudentResult:
    task = TaskResult(
        "scaled", "Scaled", "code", 0.0, 2.0, "graded", 0.5, "Not yet.", "added", ("You add.",), "x = 1"
    )
    why = TaskResult(
        "why", "Why", "explanation", None, 3.0, "missing", 0.0, "Not graded yet.", code="Because."
    )
    return replace(StudentResult("ana", "04.ipynb", (task, why)), **fields)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", " =1", "\t=1", "＝1", "\n=1"])
def test_no_cell_is_a_formula(text):
    assert tables.neutral(text).startswith("'")
    assert "\n" not in tables.neutral(text)


def test_harmless_cells_stay():
    assert [tables.neutral(text) for text in ("ana", "a=1", "3", "")] == ["ana", "a=1", "3", ""]


def test_the_gradebook_has_its_columns():
    table = gradebook.gradebook([result(student="=ana")]).splitlines()
    assert table[0] == "student,task,points,max,status,seconds,summary"
    assert table[1] == "'=ana,scaled,0,2,graded,0.50,added: You add."
    assert table[2] == "'=ana,why,,3,missing,0.00,Not graded yet."


def test_points_by_hand_go_out_and_come_back(tmp_path):
    path = tmp_path / "points.csv"
    table = gradebook.by_hand_table([result(student="-ana")])
    assert table.splitlines()[1] == f"'-ana,why,,3,,{by_hand.digest('Because.')}"
    path.write_text(table.replace("why,,3,", 'why,"2,5",3,Nearly.'), encoding="utf-8")
    [merged], _ = by_hand.merge([result(student="-ana")], path, by_hand.read(path))
    assert merged.tasks[1].points == 2.5
    assert (merged.tasks[1].status, merged.tasks[1].details) == ("graded", ("Nearly.",))
    assert (
        gradebook.by_hand_table([merged]).splitlines()[1]
        == f"'-ana,why,2.5,3,Nearly.,{by_hand.digest('Because.')}"
    )


def test_points_are_not_kept_for_a_text_that_nobody_has_read(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text(gradebook.by_hand_table([result()]).replace("why,,3,", "why,3,3,"))
    other = result(tasks=(result().tasks[0], replace(result().tasks[1], code="Another text.")))
    [kept], none = by_hand.merge([result()], path, by_hand.read(path))
    [merged], notes = by_hand.merge([other], path, by_hand.read(path))
    assert (kept.tasks[1].points, none, merged.tasks[1].points) == (3, [], None)
    assert notes == [
        "ana has handed in a different text for why since points were given to it; read it again"
    ]
    assert by_hand.lacking(path, [other]) == ["ana (why)"] and by_hand.lacking(path, [result()]) == []


SAVED_BY_EXCEL = "student;task;points;max;comment\r\nana;why;2,5;3;sch\u00f6n\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_table_is_read_as_excel_saves_it(tmp_path, encoding):
    path = tmp_path / "points.csv"
    path.write_bytes(SAVED_BY_EXCEL.encode(encoding))
    assert by_hand.read(path) == {("ana", "why"): by_hand.Given(2.5, "sch\u00f6n", 2)}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"x" * 200_000, "after line 0: this is no longer CSV"),
        (b"\xff\xfes", "save it as CSV UTF-8"),
        (b"student,task,points\nana,why,\x81", "save it as CSV UTF-8"),
        (b"student,task,points\n" + b"x" * 200_000, "after line 1: this is no longer CSV"),
    ],
)
def test_what_is_no_table_is_refused_with_its_name(tmp_path, data, said):
    path = tmp_path / "points.csv"
    path.write_bytes(data)
    with pytest.raises(InputError, match=said) as refusal:
        by_hand.read(path)
    assert str(path) in str(refusal.value)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("ana,why,,3,", "ana,why,,3,Read again."),
        lambda text: text.replace("ana,why,,3,", "ana,why,2,3,"),
        lambda text: text.replace("ana,why,,3,", "ana,why,3/4,3,"),
        lambda text: text.replace(",", ";"),
        lambda text: text.replace("comment", "comment,me"),
        lambda text: text.replace(f"ana,why,,3,,{by_hand.digest('Because.')}\n", "", 1),
        lambda text: "\x81",
    ],
)
def test_a_table_in_which_somebody_has_worked_is_left_alone(tmp_path, change):
    store, path = Store(tmp_path, {}), tmp_path / "points_by_hand.csv"
    both = gradebook.by_hand_table([result(), result(student="bo")])
    assert store.put_table(path, both)
    changed = change(both)
    path.write_bytes(changed.encode("latin-1"))
    assert not store.put_table(path, both) and not Store(tmp_path, {}).put_table(path, both)
    assert path.read_bytes() == changed.encode("latin-1")


def test_a_table_in_which_nobody_has_worked_is_renewed(tmp_path):
    path = tmp_path / "points_by_hand.csv"
    for names in (["ana"], ["ana", "bo"], ["ana", "bo"], ["cy"]):
        table = gradebook.by_hand_table([result(student=name) for name in names])
        assert Store(tmp_path, {}).put_table(path, table)
        assert path.read_text() == table


@pytest.mark.parametrize("names", [["ana"], ["an\udcff"]])
def test_a_table_is_known_as_this_runs_own_after_a_stop(tmp_path, names):
    store, path = Store(tmp_path, {}), tmp_path / "points_by_hand.csv"
    first, second = (
        gradebook.by_hand_table([result(student=name) for name in [*names, *more]]) for more in ([], ["bo"])
    )
    assert store.put_table(path, first)
    (store.folder / "points_by_hand.csv.sha256").unlink()  # stopped between the two files
    assert store.put_table(path, first) and store.put_table(path, second)
    (store.folder / "points_by_hand.csv.sha256").unlink()
    assert not store.put_table(path, first), "whose it is cannot be told any more"


def test_a_table_that_cannot_be_looked_at_is_left_alone(tmp_path, monkeypatch):
    store, path = Store(tmp_path, {}), tmp_path / "points_by_hand.csv"
    path.write_text("ana,why,2")

    def no(*_):
        raise PermissionError("the file is used by another process")

    monkeypatch.setattr(Path, "read_bytes", no)
    assert not store.put_table(path, "new")
    assert path.read_text() == "ana,why,2"


def test_what_a_table_lacks_is_said(tmp_path):
    path = tmp_path / "points_by_hand.csv"
    path.write_text(gradebook.by_hand_table([result(student="-ana")]))
    assert by_hand.lacking(path, [result(student="-ana"), result(student="bo")]) == ["bo (why)"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("bo,why,1", "line 2: there is no student bo with a task why"),
        ("ana,scaled,1", "line 2: scaled is not graded by hand"),
        ("ana,why,4", "line 2: points must be from 0 to 3, but got 4"),
        ("ana,why,-1", "from 0 to 3"),
        ("ana,why,nan", "from 0 to 3"),
        ("ana,why,many", "must be a number"),
        ("ana,why,1\nana,why,2", "line 3: ana, why appears twice"),
    ],
)
def test_points_by_hand_that_do_not_fit_are_named(tmp_path, line, said):
    path = tmp_path / "points.csv"
    path.write_text(f"student,task,points\n{line}\n")
    with pytest.raises(InputError, match=said):
        by_hand.merge([result()], path, by_hand.read(path))


@pytest.mark.parametrize(
    ("text", "said"), [("name\nana\nana\n", "column student"), ("student\nana\nana\n", "twice")]
)
def test_a_roster_that_does_not_fit_is_named(tmp_path, text, said):
    path = tmp_path / "roster.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_roster(path)


def test_exports_have_the_columns_of_the_platforms(trial):
    roster = {"ana": Student("ana", {"id": "7", "email": "ana@x", "first_name": "Ana", "section": "B"})}
    moodle = gradebook.moodle_table([result()], trial, roster).splitlines()
    assert moodle[0] == f"Email address,ID number,Full name,{STEM},Feedback comments"
    assert moodle[1] == "ana@x,7,ana,0,scaled: 0/2; why: to come/3"
    canvas = gradebook.canvas_table([result()], trial, roster).splitlines()
    assert canvas == [
        f"Student,ID,SIS User ID,SIS Login ID,Section,{STEM}",
        "    Points Possible,,,,,12",
        "ana,7,,,B,0",
    ]
    nbgrader = gradebook.nbgrader_table([result()], trial, roster).splitlines()
    assert nbgrader[1] == f"{STEM},,,ana,,Ana,ana@x,0,0,0,5"


def test_pages_escape_everything(trial):
    evil = "<script>alert(1)</script>"
    task = TaskResult("scaled", evil, "code", 0.0, 2.0, "graded", 0.5, evil, evil, (evil,), evil, (evil,))
    one = StudentResult(evil, evil, (task,), (evil,))
    for page in (
        pages.feedback_page(one, trial),
        pages.class_page([one], trial),
        pages.reading_page([one], trial),
    ):
        assert "<script" not in page
        assert "default-src 'none'" in page
        assert "http" not in page.replace("http-equiv", "")


def test_the_class_page_counts_and_names_nobody(trial):
    page = pages.class_page([result(), result(student="bo"), result(student="cy")], trial)
    assert "3 students, 3 of whom handed something in." in page
    assert (
        "<td class='number'>3</td><td>Scaled</td><td><code>added</code></td><td>You add where you should multiply"
        in page
    )
    assert "aria-label='3 with 0 to 10 %'" in page
    assert "multiply by <code>factor</code>." in page
    assert "ana" not in page.replace("an&#x27;a", "")


def test_a_record_comes_back_as_it_was_with_everything_to_be_seen():
    one = result(notes=("a\ud800b\x00",))
    assert from_record(json.loads(json.dumps(as_record(one)))) == replace(one, notes=("a\\ud800b\\x00",))


@pytest.mark.parametrize(
    "student", ["ana", "Ana", "../../x", "a/b", "con", "ü" * 300, ".hidden", "", "run", "a\x00b"]
)
def test_file_names_are_safe_and_different(student):
    name = file_name(student)
    assert len(name.encode()) < 120 and "/" not in name and not name.startswith(".")
    assert name.casefold() != file_name(student + "x").casefold()
    assert student == "ana" or name.casefold() != "ana"


def test_a_run_is_taken_up_only_with_the_same_settings(tmp_path):
    store = Store(tmp_path, {"assignment": STEM})
    store.put(result())
    assert Store(tmp_path, {"assignment": STEM}).get("ana") == result()
    assert Store(tmp_path, {"assignment": STEM}).seed == store.seed
    with pytest.raises(InputError, match="other settings"):
        Store(tmp_path, {"assignment": "05_x"})


@pytest.mark.parametrize(
    "fields",
    [
        {"points": "2"},
        {"points": math.nan},
        {"possible": None},
        {"seconds": []},
        {"details": "text"},
        {"details": [1]},
        {"code": None},
        {"mistake": ["x"]},
        {"more": 1},
    ],
    ids=str,
)
def test_a_record_of_another_kind_is_no_record(tmp_path, trial, fields):
    store = Store(tmp_path, {})
    store.put(missing("ana", trial))
    path = store.folder / "ana.json"
    record = json.loads(path.read_text())
    assert store.get("ana") == missing("ana", trial)
    record["tasks"][0] |= fields
    path.write_text(json.dumps(record))
    assert store.get("ana") is None
    path.write_text("[" * 100_000)
    assert store.get("ana") is None


def test_half_a_record_is_no_record(tmp_path):
    store = Store(tmp_path, {})
    store.put(result())
    path = store.folder / "ana.json"
    path.write_text(path.read_text()[:100])
    assert store.get("ana") is None


def test_the_answers_of_the_trial_are_right():
    space = {"np": np}
    for source in ANSWERS.values():
        exec(source, space)
    x = np.arange(6.0).reshape(3, 1, 2)
    assert np.array_equal(space["running"](x), np.cumsum(x, axis=0))
    assert space["largest"](x, 0.5) == 5.5


# What no test noticed


def test_a_model_answer_in_words_is_for_the_reader_and_is_not_sent_back():
    course = load("01")
    [item, *_] = [one for one in course.items if one.kind == "explanation"]
    first = item.model.partition(".")[0]
    why = replace(result().tasks[1], task=item.name, code="I do not know.")
    one = result(tasks=(why,))
    assert first in pages.reading_page([one], course) and item.task.criteria[0] in item.model
    for page in (pages.feedback_page(one, course), pages.class_page([one], course)):
        assert first not in page and item.task.criteria[0] not in page


def test_a_reading_page_escapes_the_texts(trial):
    why = replace(result().tasks[1], code="<script>alert(1)</script>")
    page = pages.reading_page([result(tasks=(result().tasks[0], why))], trial)
    assert "&lt;script&gt;alert(1)" in page and "<script" not in page


@pytest.mark.parametrize(("points", "middle"), [((0, 2), "1"), ((0, 1, 2), "1"), ((0, 0, 1, 2), "0.5")])
def test_the_class_page_gives_the_median(trial, points, middle):
    one = result().tasks[0]
    results = [result(student=str(n), tasks=(replace(one, points=float(p)),)) for n, p in enumerate(points)]
    assert f"Half have {middle} or more" in pages.class_page(results, trial)


def test_the_class_page_says_of_each_task_its_mean_and_how_many_have_all_points(trial):
    scaled, why = result().tasks
    results = [
        result(student=f"{k}", tasks=(replace(scaled, points=points), replace(why, points=3.0)))
        for k, points in enumerate((2.0, 2.0, 0.5))
    ]
    page = pages.class_page(results, trial)
    assert "<td class='number'>1.5 / 2</td><td class='number'>67 %</td>" in page
    assert "<td class='number'>3.0 / 3</td><td class='number'>100 %</td>" in page


@pytest.mark.parametrize(
    ("release", "user", "more"),
    [("6.1.0-13-amd64", 1000, 0), ("5.14.2", 1000, 0), ("5.10.0-28-amd64", 1000, 4096), ("5.10.0", 0, 0)],
)
def test_where_the_kernel_counts_a_users_processes_the_others_have_room(monkeypatch, release, user, more):
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(release=release))
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert sandbox._processes(64) == 64 + more


def test_a_tool_is_found_on_the_path_or_left_to_the_system(monkeypatch):
    monkeypatch.setattr(sandbox.shutil, "which", {"setpriv": "/usr/bin/setpriv"}.get)
    assert [sandbox._tool(name) for name in ("setpriv", "bwrap")] == ["/usr/bin/setpriv", "bwrap"]


def test_a_stub_is_found_in_place_of_what_is_withheld_and_of_nothing_else(tmp_path):
    finder = worker._InPlace(str(tmp_path / "stub.py"), ["rnncourse.in_numpy"])
    assert finder.find_spec("rnncourse.in_numpy").origin == str(tmp_path / "stub.py")
    assert finder.find_spec("numpy") is None


def test_a_notebook_has_a_limited_number_of_cells(trial):
    empty = {"cell_type": "markdown", "id": "x", "metadata": {}, "source": ""}
    book = notebook()
    room = 2000 - len(book["cells"])
    read_notebook(json.dumps(book | {"cells": book["cells"] + [empty] * room}).encode(), trial)
    with pytest.raises(Unreadable, match="2001 cells, more than 2000"):
        read_notebook(json.dumps(book | {"cells": book["cells"] + [empty] * (room + 1)}).encode(), trial)


def test_a_record_of_somebody_else_is_not_taken(tmp_path, monkeypatch):
    monkeypatch.setattr("rnncourse.grading.results.store.file_name", lambda student: "the-same")
    store = Store(tmp_path, {})
    store.put(result(student="ana"))
    assert store.get("ana").student == "ana" and store.get("bo") is None


def test_the_limits_are_those_that_the_guide_promises():
    limits = Limits()
    assert (limits.cell, limits.call, limits.submission, limits.cpu) == (20, 3, 180, 120)
    assert (limits.memory, limits.scratch, limits.file_size, limits.own) == (3 << 30, 16 << 20, 1 << 20, 40)


@pytest.mark.parametrize("name", ["submissions", "out", "spec"])
def test_nothing_private_may_lie_where_students_code_can_read_it(tmp_path, name):
    here = {"submissions": tmp_path, "out": tmp_path, "spec": None} | {name: sandbox.PACKAGE / "data"}
    if name != "spec":
        here["spec"] = write_spec(tmp_path / "spec")
    request = run.Request(here["submissions"], "04", here["out"], spec=here["spec"])
    with pytest.raises(InputError, match=f"{name} must not lie in"):
        run._require_private(request)
    run._require_private(replace(request, unsafe=True))


def test_a_session_is_its_own_so_that_no_terminal_can_be_reached(tmp_path):
    assert "--new-session" in sandbox_for(tmp_path).command(0, [3])


class Right:
    """A worker that gives back what the reference would; `seen` keeps the arguments."""

    def __init__(self, seen: list):
        self.seen = seen

    def run(self, *_: object, **__: object) -> protocol.Reply:
        return protocol.Reply(None, None)

    def call(
        self, args: tuple, kwargs: dict, seconds: float, wall: float, function: str, **_
    ) -> protocol.Reply:
        self.seen.append(args)
        value = {"scaled": lambda x, f: x * f, "running": lambda x: x.cumsum(axis=0)}.get(
            function, lambda x, offset: float(x.max()) + offset
        )(*args)
        return protocol.Reply(None, [value, list(args), False])

    def close(self) -> None:
        pass


def handed_in_by(student: str) -> HandedIn:
    file = File(PurePosixPath(f"{STEM}.ipynb"), lambda: json.dumps(notebook()).encode())
    return HandedIn(student, (file,), platforms.Claim(student, student))


def test_seeds_by_student_give_other_inputs_to_the_same_notebook(trial):
    for by_student in (False, True):
        drawn = {}
        for student in ("ana", "bo"):
            drawn[student] = seen = []
            workers = SimpleNamespace(start=lambda seen=seen: Right(seen), jobs=2, stop=lambda: None)
            request = run.Request(Path("."), "04", Path("."), seed_by_student=by_student)
            [marks] = run._mark_all([handed_in_by(student)], trial, workers, request, "seed")
            assert [task.points for task in marks.tasks] == [2, 3, 4, None]
        assert np.array_equal(drawn["ana"][0][0], drawn["bo"][0][0]) == (not by_student)


def test_a_second_try_does_not_get_the_whole_time_again(trial):
    starts = []

    class Lost(Slow):
        def call(self, *_: object, **__: object) -> protocol.Reply:
            return protocol.Reply(Raised("NameError", "name 'x' is not defined"), None)

        def run(self, cell: str, *_: object, **__: object) -> protocol.Reply:
            time.sleep(0.05)
            return protocol.Reply(None, None)

    def start():
        starts.append(time.monotonic())
        return Lost((), ())

    began = time.monotonic()
    Marker(trial, start, Limits(submission=0.4)).mark_answers(Answers({**ANSWERS, "why": "x"}), "seed")
    assert len(starts) > 1 and time.monotonic() - began < 2


@pytest.mark.parametrize("lacking", [False, True])
def test_an_answer_that_crashes_is_run_alone_once_and_with_what_it_lacks(trial, lacking):
    """At first with nothing else, and then with the answers that define a name it lacks, but not for ever."""
    starts = []

    class Crashing(Slow):
        def __init__(self):
            super().__init__((), ())
            self.cells = []
            starts.append(self.cells)
            assert len(starts) < 5, "no end"

        def run(self, cell: str, *_: object, **__: object) -> protocol.Reply:
            self.cells.append(cell)
            return protocol.Reply(None, None)

        def call(self, *_: object, function: str, **__: object) -> protocol.Reply:
            if len(starts) == 1 and function == "largest":
                raise WorkerDied("it was ended by the signal SIGKILL")
            if function == "largest" and lacking and "scaled" not in self.cells:
                return protocol.Reply(Raised("NameError", "name 'scaled' is not defined"), None)
            return protocol.Reply(None, [0.0, [], False])

    marker = Marker(trial, Crashing, Limits())
    tasks = marker.mark_answers(Answers({**ANSWERS, "why": "x"}), "seed")
    answers = [[cell for cell in cells if cell in ANSWERS] for cells in starts[1:]]
    assert answers == ([["largest"], ["scaled", "largest"]] if lacking else [["largest"]])
    assert [task.status for task in tasks[:3]] == ["graded"] * 3


def test_a_submission_over_which_the_grader_fails_is_not_kept(trial, tmp_path, monkeypatch):
    marker = Marker(trial, lambda: Right([]), Limits())

    def fails(*_):
        raise TypeError("odd")

    monkeypatch.setattr(Marker, "mark_answers", fails)
    lost = run._mark(marker, handed_in_by("ana"), "seed")
    assert lost.digest == marking.UNGRADED and lost.points == 0
    assert "TypeError: odd" in lost.notes[0] and "not the student's fault" in lost.notes[0]


def test_an_answer_over_which_the_comparison_stumbles_costs_its_own_points(trial, monkeypatch):
    def stumbles(task, *answers, **more):
        if task.name == "scaled":
            raise TypeError("odd")
        return judge(task, *answers, **more)

    monkeypatch.setattr(marking, "judge", stumbles)
    tasks = Marker(trial, lambda: Right([]), Limits()).mark_answers(Answers({**ANSWERS, "why": "x"}), "seed")
    assert [task.points for task in tasks] == [0, 3, 4, None]
    assert "cannot be compared (TypeError)" in tasks[0].details[0]


def test_a_reference_that_fails_is_no_students_fault(trial):
    def fails(x, factor):
        raise ZeroDivisionError("for this student only")

    [scaled, *others] = trial.items
    broken = replace(trial, items=(replace(scaled, task=replace(scaled.task, reference=fails)), *others))
    with pytest.raises(ReferenceFailed, match="ZeroDivisionError"):
        Marker(broken, lambda: Right([]), Limits()).mark_answers(Answers(dict(ANSWERS)), "seed")


def test_a_worker_that_does_not_start_gets_a_second_try(monkeypatch, tmp_path):
    tries = []

    def worker_(*_):
        tries.append(1)
        if len(tries) == 1:
            raise WorkerNotStarted("busy")
        return Right([])

    monkeypatch.setattr(run, "Worker", worker_)
    assert isinstance(run._Workers(sandbox_for(tmp_path), 1).start(), Right) and len(tries) == 2


def test_the_path_is_left_alone_by_nbgraders_gradebook(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin")
    with pytest.raises(ZeroDivisionError), nbgrader._commands_found():
        assert os.environ["PATH"] != "/usr/bin"
        raise ZeroDivisionError
    assert os.environ["PATH"] == "/usr/bin"


# Notebooks as editors and people leave them


def test_marks_that_an_editor_dropped_are_found_again(trial):
    book = notebook()
    for cell in book["cells"]:
        cell["metadata"] = {}
    found = read_notebook(json.dumps(book).encode(), trial)
    assert found.sources == {**ANSWERS, "why": WHY} and not found.problems and not found.own
    assert "dropped the marks" in found.oddities[0] and "found by the names" in found.notes[""][0]


def test_a_single_mark_that_is_lost_is_not_replaced_by_a_guess(trial):
    book = notebook()
    cell_of(book, "running")["metadata"] = {}
    found = read_notebook(json.dumps(book).encode(), trial)
    assert (
        "running" not in found.sources and "A cell of your own defines running" in found.problems["running"]
    )


@pytest.mark.parametrize("change", ["taken out", "edited", "without marks"])
def test_a_cell_that_compares_a_text_is_not_run_and_nobody_misses_it(trial, change):
    """Exercises of an earlier edition have none."""
    book = notebook()
    compares = cell_of(book, "why-check")
    if change == "taken out":
        book["cells"].remove(compares)
    elif change == "edited":
        compares["source"] = "1 / 0"
    else:
        for cell in book["cells"]:
            cell["metadata"] = {}
    found = read_notebook(json.dumps(book).encode(), trial)
    assert found.sources["why"] == WHY and not found.own
    assert "why-check" not in [name for _, name in found.steps]
    assert not any("locked cell" in note or "of your own" in note for note in found.notes[""])


def test_own_cells_stand_where_they_were(trial):
    book = notebook()
    for number, before in enumerate(("setup", "scaled", "running-check")):
        cell = {"cell_type": "code", "id": "o", "metadata": {}, "source": f"own = {number}"}
        book["cells"].insert(book["cells"].index(cell_of(book, before)), cell)
    found = read_notebook(json.dumps(book).encode(), trial)
    order = [found.own.get(name, name) for kind, name in found.steps if kind != "check"]
    assert order == ["own = 0", "setup", "given", "own = 1", "scaled", "running", "own = 2", "largest"]
    names = [name for _, name in found.steps]
    own = next(name for name, source in found.own.items() if source == "own = 2")
    assert names.index("running") < names.index(own) < names.index("running-check")


@pytest.mark.parametrize(
    "version", ["3.99.1", "3.9", "2.7", "4.0", "3.١٢", 3, None, {"x": 1}, "3." + "9" * 99]
)
def test_the_version_of_python_is_read(trial, version):
    book = notebook() | {"metadata": {"language_info": {"version": version}}}
    found = read_notebook(json.dumps(book).encode(), trial)
    assert (
        found.python == {"3.99.1": "3.99", "3.9": "3.9"}.get(version, "")
        if isinstance(version, str)
        else True
    )
    assert bool(found.oddities) == (version == "3.99.1")


def test_an_answer_that_times_out_at_its_last_input_is_stopped(trial):
    replies = iter([protocol.Reply(None, [1.0, []]), protocol.Reply(TimedOut(2.0), None)])
    worker_ = SimpleNamespace(
        run=lambda *_, **__: protocol.Reply(None, None),
        call=lambda *_, **__: next(replies),
        close=lambda: None,
    )
    answers = Answers(dict(ANSWERS), {}, {"why": "-"})
    [first, *_] = [item for item in trial.items if item.kind == "code"]
    one = replace(trial, items=(first,))
    marked = Marker(one, lambda: worker_, Limits()).mark_answers(answers, "s")
    assert (marked[0].status, marked[0].headline) == ("timeout", "Stopped: it took too long.")


def test_a_newer_python_is_said_where_an_answer_is_no_python_here(trial):
    reply = protocol.Reply(Raised("SyntaxError", "invalid syntax", 1), None)
    worker_ = SimpleNamespace(
        run=lambda *_, **__: reply,
        call=lambda *_, **__: protocol.Reply(Missing(), None),
        close=lambda: None,
    )
    for python, said in (("3.99", True), (".".join(map(str, sys.version_info[:2])), False)):
        answers = Answers(dict(ANSWERS), {}, {"why": "-"}, python=python)
        limits = Limits()
        marked = Marker(replace(trial, steps=trial.steps[2:]), lambda: worker_, limits).mark_answers(
            answers, "s"
        )
        assert ("Your notebook was written with Python 3.99" in " ".join(marked[0].details)) == said


@pytest.mark.parametrize("name", ["04_trial", "04_trial_exercises"])
def test_the_name_of_the_first_version_is_found_too(tmp_path, name):
    for other in ("notes", "05_other"):
        (tmp_path / "ana").mkdir(exist_ok=True)
        (tmp_path / "ana" / f"{other}.ipynb").write_text("{}")
    (tmp_path / "ana" / f"{name}.ipynb").write_text("mine")
    [ana] = collect(tmp_path, "04_trial_exercises").submissions
    assert ana.notebook("04_trial_exercises") == (f"{name}.ipynb", b"mine")


def test_results_are_no_students(tmp_path):
    hand_in(tmp_path, "ana", b"A")
    for name in ("results", "earlier"):
        (tmp_path / name / "state").mkdir(parents=True)
    (tmp_path / "earlier" / "state" / "run.json").write_text("{}")
    assert names(collect(tmp_path, STEM, tmp_path / "results")) == ["ana"]


def test_a_folder_of_results_is_not_passed_over_without_a_word(tmp_path):
    hand_in(tmp_path, "ana", b"A")
    (tmp_path / "earlier" / "state").mkdir(parents=True)
    (tmp_path / "earlier" / "state" / "run.json").write_text("{}")
    assert collect(tmp_path, STEM).notes == ("earlier holds results of grading and was skipped",)


@pytest.mark.parametrize("around", ["", "submitted"])
def test_nobody_looks_like_results_who_handed_in_a_notebook(tmp_path, around):
    """A student may be called state, or hand in a file of that name: neither hides anybody."""
    for who in ("ana", "state"):
        hand_in(tmp_path / around, who, b"A")
        (tmp_path / around / who / "state").mkdir()
        for folder in (who, f"{who}/state"):
            (tmp_path / around / folder / "run.json").write_text("{}")
    assert names(collect(tmp_path, STEM)) == ["ana", "state"]


def test_no_link_and_no_depth_stops_the_class(tmp_path):
    hand_in(tmp_path, "ana", b"A")
    for place in (tmp_path, tmp_path / "ana"):
        (place / "loop").symlink_to("loop")
        (place / "up").symlink_to(tmp_path, target_is_directory=True)
        (place / ".hidden").symlink_to("/", target_is_directory=True)
    (tmp_path / ".deep").mkdir()
    here = os.open(tmp_path / ".deep", os.O_RDONLY)
    for _ in range(120):
        os.mkdir("d" * 60, dir_fd=here)
        here, above = os.open("d" * 60, os.O_RDONLY, dir_fd=here), here
        os.close(above)
    os.close(here)
    try:
        assert names(collect(tmp_path, STEM, tmp_path / "loop")) == ["ana"]
    finally:  # pytest's own way of removing it does not reach so deep
        subprocess.run(["rm", "-rf", str(tmp_path / ".deep")], check=True)


def test_a_hidden_folder_is_not_passed_over_without_a_word(tmp_path):
    hand_in(tmp_path, "ana", b"A")
    hand_in(tmp_path, ".bo", b"B")
    (tmp_path / ".git").mkdir()
    collected = collect(tmp_path, STEM)
    assert names(collected) == ["ana"]
    assert collected.notes == (".bo begins with a dot and was skipped; rename it if it is a student's",)


def test_a_zip_with_the_separators_of_windows_is_read(tmp_path):
    entries = {
        f"ana\\{STEM}.ipynb": b"A",
        f"bo\\deep\\{STEM}.ipynb": b"B",
        "..\\x.ipynb": b"C",
        "C:\\y.ipynb": b"D",
    }
    collected = collect(zipped(tmp_path / "class.zip", entries), STEM)
    assert {one.student: one.notebook(STEM)[1] for one in collected.submissions} == {"ana": b"A", "bo": b"B"}
    assert len([note for note in collected.notes if "leads out of the zip" in note]) == 2


def test_a_zip_whose_names_are_no_text_is_refused_in_words(tmp_path):
    path = zipped(tmp_path / "class.zip", {"an\u00e1/x.ipynb": b"A"})
    path.write_bytes(path.read_bytes().replace("\u00e1".encode(), b"\xff\xfe"))
    with pytest.raises(InputError, match="is a damaged zip"):
        collect(path, STEM)


def test_tasks_that_were_edited_change_the_fingerprint(tmp_path, monkeypatch):
    course = tmp_path / "rnncourse"
    for name in ("checks", "in_both", "in_numpy"):
        (course / name / "bank").mkdir(parents=True)
    bank = course / "checks" / "bank" / "ch04.py"
    bank.write_text("TASKS = ()")
    monkeypatch.setattr(assignment, "_PACKAGE", course)
    before = load("04").fingerprint
    assert load("04").fingerprint == before
    bank.write_text("TASKS = (1,)")
    assert load("04").fingerprint != before
