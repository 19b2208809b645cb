"""What a plain `pip install` brings is enough for chapters, widgets, check and grade: no front end is needed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import metadata

import pytest
from packaging.requirements import Requirement

FRONT_ENDS = {"jupyterlab", "notebook", "jupyter-server", "nbconvert", "nbclient", "latex2mathml", "nbgrader"}
BLOCKER = """
import sys
from importlib.machinery import PathFinder
blocked = set({blocked!r})
class Finder(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in blocked else super().find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(PathFinder)] = Finder
"""


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def brought_by(name: str, extras: tuple[str, ...] = ("",)) -> set[str]:
    """Return the names of all packages that installing `name` brings, those of its own packages included."""
    found, todo = set(), [(name, extras)]
    while todo:
        package, wanted = todo.pop()
        if (normalized(package), wanted) in found:
            continue
        found.add((normalized(package), wanted))
        for line in metadata.requires(package) or []:
            one = Requirement(line)
            if any(one.marker is None or one.marker.evaluate({"extra": extra}) for extra in wanted):
                todo.append((one.name, ("", *sorted(one.extras))))
    return {package for package, _ in found}


def run_with(packages: set[str], code: str) -> str:
    """Return what `code` prints in a Python that has only these packages, of those installed here."""
    tops = metadata.packages_distributions()
    blocked = sorted(top for top, names in tops.items() if not {*map(normalized, names)} & packages)
    blocker = BLOCKER.format(blocked=blocked)
    done = subprocess.run([sys.executable, "-c", blocker + code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def core() -> set[str]:
    return brought_by("rnncourse")


def test_a_plain_install_brings_no_front_end(core):
    assert core & FRONT_ENDS == set()
    assert {"numpy", "torch", "anywidget", "ipywidgets", "ipykernel"} <= core


def test_the_extra_lab_brings_it():
    assert {"jupyterlab", "nbconvert", "latex2mathml", "ipywidgets"} <= brought_by("rnncourse", ("", "lab"))


def test_every_part_that_learners_use_works_with_a_plain_install(core):
    code = """
import json, runpy
import rnncourse.data, rnncourse.viz, rnncourse.analysis, rnncourse.bridge, rnncourse.in_torch, rnncourse.cli
import rnncourse.grading.run, rnncourse.lab.doctor, rnncourse.lab.workspace
from rnncourse import widgets
from rnncourse.checks import registry
from rnncourse.widgets import Question, quiz
lab = widgets.gate_lab()
asked = quiz([Question("2 + 2?", ["4", "5"], "4", "It is.", "sum")])
asked.send_state()
asked.history = [{"key": "sum", "chosen": 0, "sure": ""}]
print(json.dumps([asked.score in (0, 1), "<" in lab.static_html(), registry.task("rnn_step").name]))
"""
    assert json.loads(run_with(core, code)) == [True, True, "rnn_step"]


def test_the_blocker_blocks(core):
    code = """
found = []
for name in ("jupyterlab", "nbconvert", "numpy"):
    try:
        __import__(name)
        found.append(name)
    except ModuleNotFoundError:
        pass
print(found)
"""
    assert run_with(core, code).strip() == "['numpy']"


def test_building_says_which_extra_is_missing(core):
    code = """
from typer.testing import CliRunner
from rnncourse.cli import app
done = CliRunner().invoke(app, ["build", "html", "nothing.ipynb"])
print(done.exit_code, done.stderr)
"""
    assert run_with(core, code).strip() == (
        '1 This needs nbclient, nbconvert, latex2mathml; run: python -m pip install "rnncourse[lab]"'
    )
