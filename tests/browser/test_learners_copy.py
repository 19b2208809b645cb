"""Predict, run, explain in the learner's copy: in JupyterLab, with a restart, a next day and an update between."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from browser.lab_browser import Lab, Server
from browser.lab_server import ROOT, TOKEN, course_command, running_lab
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import Browser, expect

from rnncourse import predictions
from rnncourse.building.outputs import tidy
from rnncourse.lab import workspace
from rnncourse.question_cells import as_text
from rnncourse.widgets import predict

CHAPTER = "chapters/00_start_here.ipynb"
QUESTION = """predict(
    "How many cookies?",
    [("3", "Half is eaten."), ("1.75", "1, then 1.5, then 1.75."), ("1", "Some is left over.")],
    answer="1.75",
    because="One comes on top.",
    key="jar",
)"""
OTHER = 'predict("Up or down?", ["up", "down"], answer="up", because="It grows.", key="way")'
ASK, TRAIN, RUN, WAY, WAY_RUN = 2, 3, 4, 7, 8


def question_cell(source: str, name: str):
    """Return a question's cell with the output that is stored in the repository."""
    html = eval(source, {"predict": predict}).static_html()
    output = new_output("display_data", {"text/html": html, "text/plain": "?"})
    metadata = {"tags": ["hide-input"], "jupyter": {"source_hidden": True}}
    return new_code_cell(source, id=name, outputs=[output], metadata=metadata)


def write_chapter(root: Path, title: str = "Start here") -> None:
    """Write a chapter as the repository stores it: with its outputs, and with its explanations open."""
    cells = [
        new_markdown_cell(f"# {title}", id="title"),
        new_code_cell("import math", id="setup"),
        question_cell(QUESTION, "jar-predict"),
        new_code_cell('print("filling")', id="jar-fill", outputs=[new_output("stream", text="filling\n")]),
        new_code_cell("print(7 / 4)", id="jar-run", outputs=[new_output("stream", text="1.75\n")]),
        new_markdown_cell(
            "**What you saw.** It fills.\n\n## The way", id="saw", metadata={"tags": ["explanation"]}
        ),
        question_cell(OTHER, "way-predict"),
        new_code_cell(
            'print("it went up")', id="way-run", outputs=[new_output("stream", text="it went up\n")]
        ),
        new_markdown_cell("It went up.", id="way-saw", metadata={"tags": ["explanation"]}),
    ]
    file = root / CHAPTER
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(as_text(tidy(new_notebook(cells=cells))), encoding="utf-8")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("checkout")
    (root / "chapters").mkdir()
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


@pytest.fixture(scope="module")
def progress(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("own") / "progress.json"


@pytest.fixture(autouse=True)
def _first_day(checkout: Path, progress: Path) -> None:
    """Begin each test with an untouched copy and no predictions."""
    write_chapter(checkout)
    shutil.rmtree(checkout / workspace.COPY, ignore_errors=True)
    workspace.course_root(checkout)
    progress.with_name("predictions.json").unlink(missing_ok=True)


@pytest.fixture(scope="module")
def fresh_lab(checkout, progress, browser: Browser, tmp_path_factory) -> Iterator[Callable]:
    """Return a context manager: `rnncourse lab` of the checkout in a fresh page."""
    environ = {**os.environ, "RNNCOURSE_PROGRESS": str(progress)}
    write_chapter(checkout)
    with running_lab(course_command(), checkout, tmp_path_factory.mktemp("jupyter"), environ) as running:
        server = Server(checkout / workspace.COPY, running.url)
        context = browser.new_context(viewport={"width": 1280, "height": 900})

        @contextmanager
        def fresh(path: str = CHAPTER) -> Iterator[Lab]:
            lab = Lab(context.new_page(), server)
            lab.open(path)
            try:
                yield lab
            finally:
                lab.stop()
                lab.page.close()

        yield fresh
        context.close()


FreshLab = Callable[..., AbstractContextManager[Lab]]


def form(lab: Lab, key: str = "jar"):
    return lab.page.locator(f"form[data-key={key}]")


def outputs(lab: Lab, cell: int) -> str:
    return lab.page.locator(".jp-Notebook .jp-Cell").nth(cell).inner_text()


def kept(progress: Path) -> dict:
    return json.loads(progress.with_name("predictions.json").read_text())["answers"]


def ask(lab: Lab, cell: int = ASK, key: str = "jar") -> None:
    """Reach a question the way a reader does, with Shift + Enter from the cell above, and run it."""
    lab.activate(cell - 1)
    lab.page.keyboard.press("Shift+Enter")
    lab._until(lambda: lab.shape()[0] == cell, 10, "the question was not reached")
    lab.page.wait_for_timeout(500)
    lab.page.keyboard.press("Shift+Enter")
    form(lab, key).wait_for()


def run(lab: Lab, cell: int) -> None:
    """Run a cell that shows its code, and wait until the kernel has done so."""
    prompt = lab.page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".jp-InputPrompt")
    lab.activate(cell)
    lab.page.keyboard.press("Control+Enter")
    # A restarted kernel may give the number that is there already.
    lab.page.wait_for_timeout(700)
    lab._until(
        lambda: prompt.inner_text()[1:-2].isdigit() and lab._kernel_idle(), 30, f"cell {cell} did not run"
    )


def commit(lab: Lab, option: str, key: str = "jar") -> None:
    form(lab, key).get_by_label(option, exact=True).check()
    form(lab, key).get_by_role("button").click()


def restart(lab: Lab) -> None:
    """Give the notebook a new kernel, with the keys of command mode."""
    lab.page.locator(".jp-Notebook .jp-MarkdownCell").first.click()
    for key in ("Escape", "0", "0"):
        lab.page.keyboard.press(key)
    lab.page.locator(".jp-Dialog .jp-mod-accept").click()
    lab.page.wait_for_timeout(1000)
    lab._until(lab._kernel_idle, 60, "the kernel did not restart")
    lab.page.wait_for_timeout(1000)


def test_a_page_that_is_only_looked_at_does_not_change(fresh_lab: FreshLab, checkout):
    file = checkout / workspace.COPY / CHAPTER
    before = file.read_bytes()
    with fresh_lab() as lab:
        lab.page.wait_for_timeout(8000)
        assert lab.page.locator(".lm-TabBar-tab.jp-mod-dirty").count() == 0
        lab.page.locator("#jp-main-dock-panel .lm-TabBar-tabCloseIcon").first.click()
        lab.page.wait_for_timeout(1000)
        assert lab.page.locator(".jp-Dialog").count() == 0
        assert lab.page.locator(".jp-NotebookPanel").count() == 0
    assert file.read_bytes() == before


def test_nothing_tells_the_result_before_the_run(fresh_lab: FreshLab, progress):
    with fresh_lab() as lab:
        text = lab.page.inner_text(".jp-Notebook")
        assert "How many cookies?" in text
        assert lab.page.locator(".jp-Notebook .jp-OutputArea-output:visible").all_inner_texts()[2:] == []
        assert not any(words in text for words in ("One comes on top", "Half is eaten", "It fills", "Answer"))
        assert lab.page.locator("summary").first.inner_text() == "What happened, and why"
        lab.page.locator("summary").first.click()
        expect(lab.page.locator("details p").first).to_be_visible()


def test_the_first_question_works_in_a_fresh_kernel_and_its_verdict_follows_the_result(fresh_lab, progress):
    with fresh_lab() as lab:
        ask(lab)
        assert lab.errors() == []
        form(lab).get_by_label("3", exact=True).check()
        form(lab).get_by_label("fairly sure").check()
        # The key that the course asks for again and again must not wipe the choice out.
        form(lab).get_by_label("3", exact=True).press("Shift+Enter")
        lab.page.wait_for_timeout(1500)
        expect(form(lab).get_by_label("3", exact=True)).to_be_checked()
        expect(form(lab).get_by_label("fairly sure")).to_be_checked()
        form(lab).get_by_role("button").click()
        expect(form(lab).locator(".rnncourse-verdict")).to_have_text("Locked in. Now run the next cell.")
        assert "One comes on top" not in lab.page.inner_text(".jp-Notebook")
        run(lab, TRAIN)
        assert "You said" not in lab.page.inner_text(".jp-Notebook"), "the verdict came before the result"
        run(lab, RUN)
        expect(lab.page.get_by_text("You said “3”. The answer is “1.75”.")).to_be_visible()
        said = outputs(lab, RUN)
        expect(lab.page.locator("details p").first).to_be_visible()  # the explanation opens by itself
        expect(lab.page.locator("details p").last).to_be_hidden()  # but not that of the next question
        order = ["1.75", "You said “3”", "Half is eaten.", "1, then 1.5, then 1.75.", "One comes on top."]
        assert sorted(order, key=said.index) == order
        expect(form(lab).locator(".rnncourse-verdict")).to_have_text(
            "Locked in. The verdict is below the result."
        )
    assert kept(progress) == {"jar": {"chosen": "3", "right": False, "sure": "fairly"}}


def test_a_prediction_survives_a_restart_and_the_next_day(fresh_lab: FreshLab, progress):
    predictions_file = progress.with_name("predictions.json")
    with fresh_lab() as lab:
        ask(lab)
        commit(lab, "1.75")
        run(lab, RUN)
        expect(lab.page.get_by_text("Right: you said “1.75”.")).to_be_visible()
        shown = form(lab).locator(".rnncourse-option > span:nth-of-type(1)").all_inner_texts()
        restart(lab)
        ask(lab)
        expect(form(lab).get_by_label("1.75")).to_be_checked()
        expect(form(lab).locator(".rnncourse-verdict")).to_have_text("Locked in. Now run the next cell.")
        run(lab, RUN)
        expect(lab.page.get_by_text("Right: you said “1.75”.")).to_be_visible()
        lab.save_and_stop()
    seed = json.loads(predictions_file.read_text())["seed"]
    texts = ["3", "1.75", "1"]
    assert shown == [texts[k] for k in predictions.shuffled("jar", texts, seed)]
    with fresh_lab() as lab:
        assert "Right: you said “1.75”." in outputs(lab, RUN), "the saved page has lost its verdict"
        ask(lab)
        expect(form(lab).get_by_label("1.75")).to_be_checked()
        assert form(lab).locator("input:enabled").count() == 0
        assert form(lab).locator(".rnncourse-option > span:nth-of-type(1)").all_inner_texts() == shown


def test_who_runs_before_committing_is_told_once_and_may_still_commit(fresh_lab: FreshLab, progress):
    with fresh_lab() as lab:
        ask(lab)
        run(lab, RUN)
        ask(lab, WAY, "way")
        run(lab, WAY_RUN)
        assert lab.page.inner_text(".jp-Notebook").count("You looked before you committed") == 1
        commit(lab, "down", "way")
        expect(form(lab, "way").locator(".rnncourse-verdict")).to_contain_text("The answer is “up”.")
        # The page knows the verdict by itself; the kernel is still to hear of the answer.
        lab._until(lambda: "way" in kept(progress), 30, "the answer was not kept")
    assert kept(progress)["way"]["chosen"] == "down"


def test_an_update_leaves_an_edited_page_and_its_predictions(fresh_lab: FreshLab, checkout, progress):
    copy = checkout / workspace.COPY
    with fresh_lab() as lab:
        ask(lab)
        commit(lab, "3")
        lab.activate(RUN)
        lab.page.keyboard.press("Enter")
        lab.page.keyboard.press("Control+End")
        lab.page.keyboard.type("  # my own note")
        lab.page.keyboard.press("Escape")
        lab.save_and_stop()
    answers = kept(progress)
    write_chapter(checkout, "Start here, second edition")
    report = workspace.course_root(checkout)[1]
    assert report.kept == [CHAPTER]
    stored = json.loads((copy / CHAPTER).read_text())["cells"]
    assert "".join(stored[0]["source"]) == "# Start here"
    assert "my own note" in "".join(stored[RUN]["source"])
    assert kept(progress) == answers
    with fresh_lab() as lab:
        ask(lab)
        assert lab.errors() == []
        assert form(lab).count() == 1


def test_notebook_7_tells_the_verdict_after_the_result_as_well(fresh_lab: FreshLab, checkout, progress):
    pytest.importorskip("notebook", reason="Notebook 7 is not installed")
    file = checkout / workspace.COPY / CHAPTER
    before = file.read_bytes()
    with fresh_lab() as lab:
        address = f"{lab.server.url}/notebooks/{CHAPTER}?token={TOKEN}"
        lab.page.goto(address)
        lab.page.wait_for_selector(".jp-NotebookPanel .jp-Notebook-ExecutionIndicator", state="attached")
        lab._until(lab._kernel_idle, 60, "no kernel in Notebook 7")
        lab.page.wait_for_timeout(3000)
        assert file.read_bytes() == before
        lab.page.locator(".jp-Notebook .jp-MarkdownCell").first.click()
        ask(lab)
        commit(lab, "3")
        expect(form(lab).locator(".rnncourse-verdict")).to_have_text("Locked in. Now run the next cell.")
        run(lab, TRAIN)
        assert "You said" not in lab.page.inner_text(".jp-Notebook")
        run(lab, RUN)
        expect(lab.page.get_by_text("You said “3”. The answer is “1.75”.")).to_be_visible()
    assert kept(progress)["jar"]["chosen"] == "3"
