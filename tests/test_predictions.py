"""The learner's predictions: kept beside their progress, never lost, and told how they came out."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from rnncourse import predictions


@pytest.fixture
def own(tmp_path, monkeypatch) -> Path:
    """Return the file of predictions of a learner who has none so far."""
    monkeypatch.setenv("RNNCOURSE_PROGRESS", str(tmp_path / "own" / "progress.json"))
    return tmp_path / "own" / "predictions.json"


@pytest.mark.parametrize(
    ("named", "file"),
    [
        ("/x/progress.json", "/x/predictions.json"),
        ("/x/alice.json", "/x/alice-predictions.json"),
        ("", None),
    ],
)
def test_the_file_lies_beside_the_progress(monkeypatch, named, file):
    monkeypatch.setenv("RNNCOURSE_PROGRESS", named)
    assert predictions.file() == (Path(file) if file else None)


def test_without_the_variable_it_is_in_the_home(monkeypatch, tmp_path):
    monkeypatch.delenv("RNNCOURSE_PROGRESS", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert predictions.file() == tmp_path / ".rnncourse" / "predictions.json"


def test_answers_add_up(own):
    assert predictions.load() == predictions.Kept()
    assert predictions.record("jar", "1.75", True, "certain") == ""
    seed = predictions.seed()
    assert predictions.record("way", "down", False) == ""
    kept = predictions.load()
    assert kept.answers == {
        "jar": {"chosen": "1.75", "right": True, "sure": "certain"},
        "way": {"chosen": "down", "right": False, "sure": ""},
    }
    assert kept.seed == seed == predictions.seed() != ""
    assert [path.name for path in own.parent.iterdir()] == ["predictions.json"]


def test_nothing_is_kept_where_the_variable_is_empty(monkeypatch, tmp_path):
    monkeypatch.setenv("RNNCOURSE_PROGRESS", "")
    monkeypatch.chdir(tmp_path)
    assert predictions.record("jar", "3", False) == predictions.seed() == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b"\xff",
        b'{"seed": 1, "answers": {}}',
        b'{"seed": "", "answers": {"jar": {"chosen": "3"}}}',
    ],
)
def test_a_damaged_file_is_put_aside(own, content):
    own.parent.mkdir()
    own.write_bytes(content)
    assert "predictions.damaged-1.json" in predictions.record("jar", "3", False)
    assert own.with_name("predictions.damaged-1.json").read_bytes() == content
    assert set(json.loads(own.read_text())["answers"]) == {"jar"}


def test_a_file_that_cannot_be_read_is_never_written_over(own, monkeypatch):
    predictions.record("jar", "3", False)
    before = own.read_bytes()

    def refuse(_):
        raise PermissionError

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", refuse)
        assert "cannot be read" in predictions.record("way", "up", True)
        assert predictions.seed() == ""
    assert own.read_bytes() == before


def test_a_crash_while_writing_leaves_the_old_file(own, monkeypatch):
    predictions.record("jar", "3", False)

    def crash(*_):
        raise OSError

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", crash)
        assert predictions.record("way", "up", True) == (
            "Your predictions are not saved: predictions.json cannot be written."
        )
    assert set(predictions.load().answers) == {"jar"}
    assert [path.name for path in own.parent.iterdir()] == ["predictions.json"]


def test_the_order_is_a_learners_own_and_stays():
    texts = [f"option {k}" for k in range(5)]
    orders = {tuple(predictions.shuffled("jar", texts, f"learner {n}")) for n in range(40)}
    assert len(orders) > 25 and all(sorted(order) == list(range(5)) for order in orders)
    assert predictions.shuffled("jar", texts, "a") == predictions.shuffled("jar", texts, "a")
    assert predictions.shuffled("jar", texts, "a") != predictions.shuffled("way", texts, "a")
    assert predictions.shuffled("jar", texts, "") == [0, 1, 2, 3, 4]


def test_each_place_holds_the_right_option_equally_often():
    first = [predictions.shuffled(f"q-{k}", ["a", "b", "c"], "seed")[0] for k in range(600)]
    assert all(150 < first.count(option) < 250 for option in range(3))


def test_calibration_says_how_often_each_degree_was_right():
    def answers(sure: str, right: int, wrong: int) -> list[dict]:
        return [{"chosen": "", "sure": sure, "right": k < right} for k in range(right + wrong)]

    told = predictions.calibration([*answers("certain", 3, 1), *answers("guess", 1, 2), *answers("", 1, 0)])
    assert told == [
        "predictions 5 of 8 right (62%)",
        "  guessing    1 of 3 right (33%)",
        "  certain     3 of 4 right (75%)",
    ]
    assert predictions.calibration([]) == []
