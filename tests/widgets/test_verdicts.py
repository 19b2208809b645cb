"""When the verdict on a prediction is shown: after the cell that decides it, and after no other."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rnncourse.markup import Card
from rnncourse.widgets import _verdicts
from rnncourse.widgets._verdicts import UNCOMMITTED, Watch, shows_something


class Shell:
    """A shell that runs nothing: `run` says that a cell has run."""

    def __init__(self):
        self.events, self._callbacks = self, []
        self.cell = None

    def register(self, _: str, callback) -> None:
        self._callbacks.append(callback)

    def get_parent(self) -> dict:
        return {"metadata": {"cellId": self.cell}}

    def run(self, source: str, cell=None, *, value=None, success=True, store_history=True) -> None:
        info = SimpleNamespace(raw_cell=source, cell_id=cell, store_history=store_history)
        for callback in self._callbacks:
            callback(SimpleNamespace(info=info, result=value, success=success))


class Asked:
    """A prediction that was committed to, or not."""

    def __init__(self, key: str, *results: str, committed: bool = True):
        self.key, self.results, self.committed = key, results, committed

    def decided(self) -> Card | None:
        return Card("right", self.key) if self.committed else None


@pytest.fixture
def shown(monkeypatch, tmp_path) -> list[str]:
    """Return the titles of the cards that are shown, for a learner whose predictions are kept."""
    titles: list[str] = []
    monkeypatch.setattr(Card, "show", lambda card: titles.append(card.title))
    monkeypatch.setenv("RNNCOURSE_PROGRESS", str(tmp_path / "progress.json"))
    return titles


@pytest.fixture
def shell() -> Shell:
    return Shell()


@pytest.fixture
def watch(shell) -> Watch:
    return Watch(shell)


def ask(shell: Shell, watch: Watch, *asked: Asked) -> None:
    """Run one cell for each prediction, as the learner does."""
    for one in asked:
        watch.expect(one)
        shell.run("predict()", f"{one.key}-ask", value=one)


def test_it_comes_after_the_first_cell_that_shows_something(shell, watch, shown):
    ask(shell, watch, Asked("jar"))
    shell.run("h = 0.5")
    assert shown == []
    shell.run("print(h)")
    assert shown == ["jar"]
    shell.run("print(h)")
    assert shown == ["jar"], "a second cell showed it again"


def test_the_value_of_a_cell_is_shown_too(shell, watch, shown):
    ask(shell, watch, Asked("jar"))
    shell.run("h", value=1.75)
    assert shown == ["jar"]


def test_a_question_decides_none_before_it(shell, watch, shown):
    ask(shell, watch, Asked("jar"), Asked("way"))
    assert shown == []
    shell.run("print(h)")
    assert shown == ["jar", "way"]


@pytest.mark.parametrize("how", [{"success": False}, {"store_history": False}])
def test_a_cell_that_fails_or_is_not_the_learners_decides_nothing(shell, watch, shown, how):
    ask(shell, watch, Asked("jar"))
    shell.run("print(h)", **how)
    assert shown == []
    shell.run("print(h)")
    assert shown == ["jar"]


def test_where_the_result_is_known_it_comes_after_its_last_cell_each_time(shell, watch, shown):
    ask(shell, watch, Asked("jar", "train", "run"))
    shell.run("print('learning')", "train")
    shell.run("print('scratch')", "elsewhere")
    assert shown == []
    shell.run("x = 1", "run")
    shell.run("print('scratch')", "elsewhere")
    assert shown == ["jar"]
    shell.run("x = 1", "run")
    assert shown == ["jar", "jar"]


def test_asking_again_waits_again(shell, watch, shown):
    ask(shell, watch, Asked("jar", "run"))
    shell.run("print(1)", "run")
    ask(shell, watch, Asked("jar", "run"))
    shell.run("print(1)", "run")
    assert shown == ["jar", "jar"]


def test_who_did_not_commit_is_told_once(shell, watch, shown):
    ask(shell, watch, Asked("jar", committed=False))
    shell.run("print(1)")
    ask(shell, watch, Asked("way", committed=False))
    shell.run("print(1)")
    assert shown == [UNCOMMITTED.title]


def test_where_nothing_is_kept_nobody_is_told(shell, watch, shown, monkeypatch):
    monkeypatch.setenv("RNNCOURSE_PROGRESS", "")
    ask(shell, watch, Asked("jar", committed=False))
    shell.run("print(1)")
    assert shown == []


def test_the_id_of_the_asking_cell_is_known_where_the_front_end_tells_it(shell, watch):
    shell.cell = "jar-ask"
    assert watch.asking_cell() == "jar-ask"
    shell.get_parent = dict
    assert watch.asking_cell() is None


def test_outside_of_ipython_nothing_is_watched():
    assert _verdicts.watch() is None


@pytest.mark.parametrize(
    ("source", "shows"),
    [
        ("print(1)", True),
        ("for k in range(3):\n    print(k)", True),
        ("viz.show(figure)", True),
        ("%timeit f()", True),
        ("x = 1", False),
        ("def f():\n    print(1)", False),
        ("fit(net, x)", False),
    ],
)
def test_what_shows_something(source, shows):
    assert shows_something(source) is shows
