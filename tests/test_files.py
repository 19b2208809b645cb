"""Files that are written whole or not at all, by the package and by the benchmarks that may be stopped."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

import pytest

from rnncourse.files import clear_parts, write_whole

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def full(monkeypatch):
    """A disk that is full when a file is to be moved to its place."""

    def no(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", no)


def test_the_bytes_are_written_as_they_are(tmp_path):
    write_whole(tmp_path / "x", b"a\n\xff\r\n")
    write_whole(tmp_path / "x", b"b\n")
    assert (tmp_path / "x").read_bytes() == b"b\n"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_rights_are_kept_and_those_of_a_new_file_are_as_usual(tmp_path):
    (tmp_path / "usual").touch()
    write_whole(tmp_path / "new", b"")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode
    (tmp_path / "new").chmod(0o640)
    write_whole(tmp_path / "new", b"again")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o640


def test_a_file_that_cannot_be_replaced_stays_and_nothing_is_left_beside_it(tmp_path, full):
    (tmp_path / "x").write_text("old")
    with pytest.raises(OSError, match="disk full"):
        write_whole(tmp_path / "x", b"new")
    assert (tmp_path / "x").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_what_a_killed_process_has_left_is_cleared_away_and_nothing_else(tmp_path):
    """A part that may still be written stays, and so do files that only look like one."""
    names = (".0123456789abcdef.part", ".fedcba9876543210.part", ".notes.part", "0123456789abcdef.part", "x")
    for name in names:
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (0, 0))
    os.utime(tmp_path / names[1])
    clear_parts(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names[1:])
    clear_parts(tmp_path / "none")


def test_where_there_is_no_folder_that_is_said(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "none" / "x", b"")
    (tmp_path / "file").touch()
    with pytest.raises(OSError):
        write_whole(tmp_path / "file" / "x", b"")


def benchmark(name: str, monkeypatch):
    """Return a benchmark as a module; it sets the number of threads, which is undone."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(variable, "1")
    specification = importlib.util.spec_from_file_location(f"stopped_{name}", BENCHMARKS / f"{name}.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_runs_of_the_applications_survive_a_stop(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    script = benchmark("applications", monkeypatch)
    monkeypatch.setattr(script, "RESULTS", tmp_path / "results.json")
    script.store("one", {"test": 0.5})
    script.store("two", {"test": 0.75})
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        script.store("three", {"test": 1.0})
    assert script.load() == {"one": {"test": 0.5}, "two": {"test": 0.75}}


def test_runs_of_the_ablation_survive_a_stop(tmp_path, monkeypatch):
    script = benchmark("gate_ablation", monkeypatch)
    monkeypatch.setattr(script, "LOUD_SEEDS", ())
    monkeypatch.setattr(script, "grid", lambda: iter([("intact", "3", 5, 0), ("intact", "3", 5, 1)]))
    scores = iter([0.5, 0.75])
    monkeypatch.setattr(script, "score", lambda *_: next(scores))
    move, moved = os.replace, []

    def once(*where):
        if moved:
            raise KeyboardInterrupt
        moved.append(where)
        move(*where)

    monkeypatch.setattr(os, "replace", once)
    with pytest.raises(KeyboardInterrupt):
        script.main([str(tmp_path / "results.json")])
    assert json.loads((tmp_path / "results.json").read_text()) == {script.key("intact", "3", 5, 0): 0.5}
