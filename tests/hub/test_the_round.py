"""A class of two on a real JupyterHub: an assignment goes out, is solved, comes back, is graded and returned."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.lab_server import ROOT, course_command
from grading.classroom import require_sandbox
from nbformat.v4 import new_code_cell, new_notebook

pytest.importorskip("jupyterhub", reason='no JupyterHub (pip install "rnncourse[hub]")')
pytest.importorskip("nbgrader", reason="no nbgrader")
pytest.importorskip("playwright", reason="the browser tests need playwright")

from hub.class_hub import COURSE, PASSWORD, Hub, Learner, hub_environment, missing, running_hub
from nbgrader.api import Gradebook

ASSIGNMENT, STEM = "week01", "01_sequences_exercises"
MASTER = json.loads((ROOT / "solutions" / f"{STEM}.ipynb").read_text(encoding="utf-8"))
KERNEL = {"name": "python3", "display_name": "Python 3"}
LAST_WINDOW_LOST = """def cut_windows(series, width, horizon):
    starts = range(len(series) - width - horizon)
    x = np.stack([series[k : k + width] for k in starts])
    return x, np.stack([series[k + width : k + width + horizon] for k in starts])
"""

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "a hub can run here")


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> Iterator[Hub]:
    # Below the home or /tmp: the sandbox hides what is there, so an instructor may grade there.
    with running_hub(tmp_path_factory.mktemp("hub")) as running:
        yield running


@pytest.fixture(scope="module")
def learners(hub) -> list[Learner]:
    return hub.start(["ana", "ben"])


def answers() -> dict[str, str]:
    """Return the master's answers by the name of the task."""
    named = {cell["metadata"].get("nbgrader", {}).get("grade_id"): cell for cell in MASTER["cells"]}
    return {name: "".join(cell["source"]) for name, cell in named.items() if name}


def solve(learner: Learner, path: str, written: dict[str, str]) -> dict[str, str]:
    """Write answers into a notebook, run all of it, save it; return what each cell shows."""
    notebook, said = learner.read(path), {}
    for cell in notebook["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if marks.get("solution") and marks["grade_id"] in written:
            cell["source"] = written[marks["grade_id"]]
    with learner.kernel(path) as kernel:
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                said[cell["metadata"]["nbgrader"]["grade_id"]] = kernel.run(cell["source"])
    learner.save(path, notebook)
    return said


def nbgrader(hub: Hub, *arguments: str) -> str:
    """Run one of nbgrader's commands as the teacher, in the course's folder."""
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=hub.folder / "homes" / "teacher" / COURSE,
        env={**os.environ, **hub_environment(hub.folder), "HOME": str(hub.folder / "homes" / "teacher")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr


def test_the_first_page_is_chapter_00_of_ones_own_copy_without_solutions(learners):
    for learner in learners:
        landed = learner.ask("GET", "/").url
        assert landed.endswith(f"/user/{learner.name}/lab/tree/chapters/00_start_here.ipynb")
        entries = {one["name"] for one in learner.ask("GET", "/api/contents").json()["content"]}
        assert {"chapters", "exercises"} <= entries and "solutions" not in entries
        assert (learner.home / "rnn-course" / "chapters" / "00_start_here.ipynb").is_file()


def test_the_courses_settings_are_kept(learners):
    [ana, _] = learners
    page = ana.ask("GET", "/lab").text
    config = json.loads(re.search(r'(?s)<script id="jupyter-config-data"[^>]*>(.*?)</script>', page)[1])
    switched_off = set(config["disabledExtensions"])
    authors = {f"@jupyter/nbgrader:{name}" for name in ("formgrader", "create-assignment", "course-list")}
    assert authors <= switched_off and "@jupyter/nbgrader:assignment-list" not in switched_off
    schema = ana.ask("GET", "/lab/api/settings/@jupyterlab/apputils-extension:notification").json()["schema"]
    assert schema["properties"]["fetchNews"]["default"] == "false"
    with pytest.raises(AssertionError, match="404"):
        ana.ask("GET", "/formgrader")
    with ana.kernel("chapters/00_start_here.ipynb") as kernel:
        assert kernel.run("import os; print(os.environ['OMP_NUM_THREADS'])") == "1\n"
        assert "There is no nothing_like_it yet." in kernel.run("nothing_like_it")
    assert "rnncourse.lab.server | extension was successfully loaded" in ana.hub.said_all()


def test_an_assignment_goes_out_and_comes_back_with_feedback(hub, learners, tmp_path):
    require_sandbox()
    [ana, ben] = learners
    course = hub.folder / "homes" / "teacher" / COURSE
    (course / "release" / ASSIGNMENT).mkdir(parents=True)
    shutil.copy(ROOT / "exercises" / f"{STEM}.ipynb", course / "release" / ASSIGNMENT)
    nbgrader(hub, "release_assignment", ASSIGNMENT)

    path = f"{ASSIGNMENT}/{STEM}.ipynb"
    explained = {
        "why_mixing_is_harmless": "Each window is whole.",
        "deep_against_shallow": "Depth is not time.",
    }
    for learner, written, verdict in (
        (ana, answers() | explained, "cut_windows: Right"),
        (ben, {"cut_windows": LAST_WINDOW_LOST}, "One window is missing, the last."),
    ):
        learner.assignment("fetch", ASSIGNMENT)
        said = solve(learner, path, written)
        assert verdict in said["cut_windows-check"]
        assert (learner.home / ".rnncourse" / "progress.json").is_file()
        learner.assignment("submit", ASSIGNMENT)
    nbgrader(hub, "collect", ASSIGNMENT)

    graded = subprocess.run(
        [
            course_command(),
            "grade",
            "--nbgrader-course",
            course,
            "--assignment",
            "01",
            "--out",
            tmp_path / "results",
        ],
        capture_output=True,
        text=True,
    )
    assert graded.returncode == 0, graded.stdout + graded.stderr
    assert points(course / "gradebook.db") == {"ana": 14, "ben": 0}
    assert "nbgrader cannot release" not in graded.stdout
    nbgrader(hub, "release_feedback", ASSIGNMENT)

    for learner, said, not_said in (
        (ana, "14 of 20 points so far", "One window is missing"),
        (ben, "One window is missing, the last.", "14 of 20"),
    ):
        listed = learner.assignment("fetch_feedback", ASSIGNMENT)
        [submission] = next(one for one in listed["value"] if one["status"] == "submitted")["submissions"]
        page = learner.ask("GET", f"/files/{submission['local_feedback_path']}/{STEM}.html").text
        assert said in page and not_said not in page


def points(book: Path) -> dict[str, float]:
    """Return the points of the assignment in nbgrader's gradebook, by student."""
    with Gradebook(f"sqlite:///{book}") as records:
        return {one.student.id: one.score for one in records.find_assignment(ASSIGNMENT).submissions}


def test_widgets_work_under_the_learners_address(hub, learners, browser):
    """Log in as a learner does, run a lab in JupyterLab, and use it with the keyboard."""
    [ana, _] = learners
    cell = new_code_cell("from rnncourse.widgets import gate_lab\n\ngate_lab()", id="lab")
    ana.save("lab.ipynb", new_notebook(cells=[cell], metadata={"kernelspec": KERNEL}))
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(60_000)
    strangers = []
    page.on(
        "request",
        lambda one: None if one.url.startswith((hub.url, "data:", "blob:")) else strangers.append(one.url),
    )
    page.goto(f"{hub.url}/hub/login?next=%2Fuser%2Fana%2Flab%2Ftree%2Flab.ipynb")
    page.get_by_label("Username").fill("ana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector(
        ".jp-NotebookPanel .jp-Notebook-ExecutionIndicator[data-status=idle]", state="attached"
    )
    page.wait_for_timeout(1000)
    page.locator(".jp-Notebook .jp-Cell").first.click()
    page.keyboard.press("Shift+Enter")
    slider = page.locator(".rnncourse-gate-lab input[type=range]").first
    slider.wait_for()
    assert "/user/ana/" in page.url
    before = slider.input_value()
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("([node, before]) => node.value !== before", arg=[slider.element_handle(), before])
    context.close()
    assert strangers == []
