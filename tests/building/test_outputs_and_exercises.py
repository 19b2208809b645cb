"""Refreshing stored outputs, and what pytest then compares with them."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from browser.lab_server import course_command
from nbformat import NotebookNode, v4
from typer.testing import CliRunner

from rnncourse.building import outputs
from rnncourse.cli import app
from rnncourse.environment import REPRODUCIBLE
from rnncourse.errors import InputError
from rnncourse.question_cells import as_text

ROOT = Path(__file__).parents[2]
PICTURE = """
from IPython.display import HTML
import os, base64
data = base64.b64encode(os.urandom(60)).decode()  # other bytes every time
HTML(f'<figure><img src="data:image/png;base64,{data}" alt="A line rises." width="200"></figure>')
"""
WIDGET = """
import ipywidgets
class Named(ipywidgets.IntSlider):
    def _repr_mimebundle_(self, **kwargs):
        return {**super()._repr_mimebundle_(**kwargs), "text/html": "<p>Question?</p>"}
Named()
"""
PROGRESS = """
import numpy as np
from rnncourse import in_numpy
from rnncourse.in_both import training as loop
loop.BAR_AFTER_SECONDS = 0
net = in_numpy.MLP([2, 1], rng=np.random.default_rng(0))
x, y = np.ones((3, 2), np.float32), np.zeros((3, 1), np.float32)
len(in_numpy.fit(net, x, y, loss=in_numpy.mse, optimizer=in_numpy.SGD(0.1), steps=7).loss)
"""


def notebook_of(**cells: str) -> NotebookNode:
    """Return a notebook with one code cell for each keyword, its id."""
    heading = v4.new_markdown_cell("# Scratch", id="title")
    return v4.new_notebook(
        cells=[heading, *(v4.new_code_cell(code.strip(), id=i) for i, code in cells.items())]
    )


def store(notebook: NotebookNode, path: Path) -> Path:
    path.write_text(as_text(notebook), encoding="utf-8")
    return path


def load(path: Path) -> NotebookNode:
    return v4.reads(path.read_text(encoding="utf-8"))


def cell(notebook: NotebookNode, name: str) -> NotebookNode:
    return next(cell for cell in notebook.cells if cell.id == name)


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> Path:
    """A notebook whose outputs were stored by `refresh`."""
    notebook = notebook_of(
        printed="print('one'); print('two', flush=True); print('three')\n2 / 8",
        picture=PICTURE,
        widget=WIDGET,
        timed="import time\nprint(time.perf_counter())",
        folder="import os\nos.path.basename(os.getcwd())",
    )
    cell(notebook, "timed").metadata["tags"] = ["nbval-ignore-output"]
    cell(notebook, "printed").metadata.update(execution={"iopub.execute_input": "2020-01-01T00:00:00Z"})
    notebook.metadata.update(language_info={"name": "python", "version": "2.7"}, widgets={"state": {}})
    path = store(notebook, tmp_path_factory.mktemp("stored") / "stored.ipynb")
    assert outputs.refresh(path, timeout=60)
    return path


def test_outputs_are_stored_and_streams_joined(stored):
    printed = cell(load(stored), "printed").outputs
    assert [output.output_type for output in printed] == ["stream", "execute_result"]
    assert printed[0].text == "one\ntwo\nthree\n"
    assert printed[1].data["text/plain"] == "0.25"


def test_the_notebook_runs_in_its_own_folder(stored):
    assert cell(load(stored), "folder").outputs[0].data["text/plain"] == repr(stored.parent.name)


def test_a_widget_keeps_what_can_be_read_without_a_kernel(stored):
    data = cell(load(stored), "widget").outputs[0].data
    assert data["text/html"] == "<p>Question?</p>"
    assert data["text/plain"].startswith("Named(")
    assert set(data) == {"text/html", "text/plain"}


def test_metadata_is_minimal_and_ids_and_tags_stay(stored):
    notebook = load(stored)
    assert notebook.metadata == outputs.METADATA
    assert [cell.id for cell in notebook.cells] == [
        "title",
        "printed",
        "picture",
        "widget",
        "timed",
        "folder",
    ]
    tags = ["nbval-ignore-output"]
    assert [dict(cell.metadata) for cell in notebook.cells] == [{}, {}, {}, {}, {"tags": tags}, {}]
    assert [cell.execution_count for cell in notebook.cells[1:]] == [1, 2, 3, 4, 5]


def test_the_same_results_give_the_same_bytes(tmp_path):
    notebook = notebook_of(a="print(sum(range(10)))", b="{'b': 1, 'a': 'é'}", progress=PROGRESS)
    path = store(notebook, tmp_path / "x.ipynb")
    path.chmod(0o640)
    assert outputs.refresh(path, timeout=60)
    first, when = path.read_bytes(), path.stat().st_mtime_ns
    assert not outputs.refresh(path, timeout=60)
    assert path.read_bytes() == first
    assert path.stat().st_mtime_ns == when
    assert path.stat().st_mode & 0o777 == 0o640
    assert [output.data["text/plain"] for output in cell(load(path), "progress").outputs] == ["7"]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (
            {"fine": "x = 1", "broken": "y = x / 0", "later": "y"},
            "cell broken: ZeroDivisionError: division by",
        ),
        ({"slow": "import time\ntime.sleep(30)"}, "cell slow: took more than 3 s"),
        (
            {"dead": "import os, sys\nprint('no memory', file=sys.__stderr__, flush=True)\nos._exit(1)"},
            "cell dead: Kernel died",
        ),
    ],
)
def test_a_failing_notebook_is_left_as_it_was(tmp_path, cells, said):
    notebook = notebook_of(**cells)
    for code_cell in notebook.cells[1:]:
        code_cell.metadata["tags"] = ["raises-exception"]  # no way around it
    path = store(notebook, tmp_path / "x.ipynb")
    before = path.read_bytes()
    with pytest.raises(outputs.NotebookFailed, match=re.escape(f"{path}: {said}")):
        outputs.refresh(path, timeout=3)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_kernel_said_before_it_died_is_told():
    with tempfile.TemporaryFile() as last_words:
        assert outputs._said(last_words) == ""
        last_words.write(b"Traceback:\nZMQError: Address already in use\n\n")
        assert outputs._said(last_words) == " (ZMQError: Address already in use)"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send")
def test_an_interrupt_is_told_in_one_sentence_and_ends_the_command(tmp_path):
    stop = "import os, signal, time\nos.kill(os.getppid(), signal.SIGTERM)\ntime.sleep(60)"
    path = store(notebook_of(fine="x = 1", stopped=stop), tmp_path / "x.ipynb")
    later = store(notebook_of(fine="x = 1"), tmp_path / "y.ipynb")
    before = [file.read_bytes() for file in (path, later)]
    command = [course_command(), "build", "outputs", str(path), str(later)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1] == f"{path}: cell stopped: interrupted"
    assert "Traceback" not in done.stderr
    assert [file.read_bytes() for file in (path, later)] == before


def test_what_is_no_notebook_is_refused(tmp_path):
    path = tmp_path / "x.ipynb"
    path.write_text("<<<<<<< HEAD")
    with pytest.raises(outputs.NotebookFailed, match="is not a notebook"):
        outputs.refresh(path)
    twice = notebook_of(a="1", b="2")
    twice.cells[2].id = "a"
    with pytest.raises(outputs.NotebookFailed, match="two cells have the id a"):
        outputs.refresh(store(twice, path))


def test_notebooks_are_found_in_folders_and_wrong_names_refused(tmp_path):
    for name in ("b.ipynb", "a.ipynb", ".ipynb_checkpoints/a.ipynb", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [path.name for path in outputs.find_notebooks([tmp_path])] == ["a.ipynb", "b.ipynb"]
    for wrong in ("notes.txt", "missing.ipynb"):
        with pytest.raises(InputError, match=f"{wrong} is neither a folder nor a notebook"):
            outputs.find_notebooks([tmp_path / wrong])


@pytest.mark.parametrize("inside", ["", ".ipynb_checkpoints/a.ipynb", "notes.txt"])
def test_a_folder_without_notebooks_is_refused(tmp_path, inside):
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "a.ipynb").touch()
    empty = tmp_path / "empty"
    empty.mkdir()
    if inside:
        (empty / inside).parent.mkdir(exist_ok=True)
        (empty / inside).touch()
    with pytest.raises(InputError, match=re.escape(f"{empty} is a folder without a notebook")):
        outputs.find_notebooks([tmp_path / "some", empty])
    done = CliRunner().invoke(app, ["build", "outputs", str(empty)])
    assert (done.exit_code, "is a folder without a notebook" in done.stderr) == (1, True)


@pytest.mark.parametrize("kind", ["html", "slides"])
def test_two_notebooks_whose_pages_have_one_name_are_refused(tmp_path, kind):
    paths = [
        tmp_path / folder / name for folder, name in (("chapters", "01_x.ipynb"), ("exercises", "01_X.ipynb"))
    ]
    for path in paths:
        path.parent.mkdir()
        store(v4.new_notebook(), path)
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["build", kind, *map(str, paths), "--out", str(out)])
    said = f"{paths[0]} and {paths[1]} would have the same page"
    assert (done.exit_code, said in done.stderr) == (1, True), done.output
    assert not out.exists()


def test_a_notebook_that_is_named_twice_has_one_page(tmp_path):
    path = store(v4.new_notebook(), tmp_path / "x.ipynb")
    outputs.require_apart([path, tmp_path / "y.ipynb", tmp_path / "." / "sub" / ".." / "x.ipynb"])


@pytest.mark.parametrize("change", ["saved", "deleted", "half"])
def test_a_notebook_that_changes_while_it_runs_is_left_as_it_is(tmp_path, monkeypatch, change):
    path = store(notebook_of(a="1 + 1"), tmp_path / "x.ipynb")

    def run(notebook, *_, **__):
        notebook.cells[1].outputs = [v4.new_output("stream", text="2")]
        if change == "saved":
            store(notebook_of(a="1 + 1", mine="# an hour of work"), path)
        elif change == "half":
            path.write_bytes(b"\xff")
        else:
            path.unlink()

    monkeypatch.setattr(outputs, "run", run)
    with pytest.raises(outputs.NotebookFailed, match=re.escape(f"{path}: was changed while it ran")):
        outputs.refresh(path)
    assert [file.name for file in tmp_path.iterdir()] == ([] if change == "deleted" else ["x.ipynb"])
    assert change == "deleted" or b'2"' not in path.read_bytes()
    assert change != "saved" or "an hour of work" in path.read_text()


def test_streams_are_joined_only_with_neighbours_of_the_same_name():
    pieces = [("stdout", "a"), ("stdout", "b"), ("stderr", "c"), ("stdout", "d")]
    merged = outputs.merge_streams([v4.new_output("stream", name=name, text=text) for name, text in pieces])
    assert [(piece.name, piece.text) for piece in merged] == [
        ("stdout", "ab"),
        ("stderr", "c"),
        ("stdout", "d"),
    ]


@pytest.mark.tested_versions  # NumPy 2.0 has other names for what a processor can do
@pytest.mark.skipif(
    platform.machine().lower() not in ("x86_64", "amd64"), reason="pins x86 instructions only"
)
def test_kernels_compute_with_instructions_that_other_machines_have_too():
    code = (
        "import numpy, torch; from numpy._core._multiarray_umath import __cpu_features__ as found; "
        "print(found['X86_V4'], torch.backends.cpu.get_cpu_capability(), torch.get_num_threads())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **REPRODUCIBLE}, capture_output=True, text=True
    )
    assert done.stdout.split() == ["False", "AVX2", "1"], done.stderr


# What pytest compares: copies of one stored notebook with some cells changed.


def _change_text(notebook):
    cell(notebook, "printed").outputs[0].text = "one\ntwo\nthree!\n"


def _change_value(notebook):
    cell(notebook, "printed").outputs[1].data["text/plain"] = "0.26"


def _change_alt(notebook):
    data = cell(notebook, "picture").outputs[0].data
    data["text/html"] = data["text/html"].replace("A line rises.", "A line falls.")


def _change_png(notebook):
    data = cell(notebook, "picture").outputs[0].data
    data["text/html"] = re.sub(r"base64,[^\"]+", "base64,AAAA", data["text/html"])


def _change_fallback(notebook):
    cell(notebook, "widget").outputs[0].data["text/html"] = "<p>Another question?</p>"


def _change_exempt(notebook):
    cell(notebook, "timed").outputs[0].text = "12.5\n"


def _drop_output(notebook):
    cell(notebook, "printed").outputs = []


def _fail(notebook):
    cell(notebook, "folder").source = "1 / 0"


# By notebook: the changes in it, no two in one cell, and the cells that must be found wrong.
VARIANTS: dict[str, tuple[tuple[Callable[[NotebookNode], object], ...], set[str]]] = {
    "unchanged": ((), set()),
    "text": (
        (_change_text, _change_alt, _change_fallback, _fail),
        {"printed", "picture", "widget", "folder"},
    ),
    "value": ((_change_value, _change_png, _change_exempt), {"printed"}),
    "dropped": ((_drop_output,), {"printed"}),
}


@pytest.fixture(scope="module")
def compared(stored, tmp_path_factory) -> dict[str, set[str]]:
    """The ids of the cells that pytest, as the project configures it, finds wrong in each variant."""
    folder = tmp_path_factory.mktemp("compared") / stored.parent.name  # one cell prints this name
    folder.mkdir()
    for name, (changes, _) in VARIANTS.items():
        notebook = load(stored)
        for change in changes:
            change(notebook)
        store(notebook, folder / f"{name}.ipynb")
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-c", "pyproject.toml", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, f"--junitxml={report}", str(folder)],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
        capture_output=True,
        text=True,
    )
    assert report.exists(), done.stdout + done.stderr
    code_cells = [cell.id for cell in load(stored).cells if cell.cell_type == "code"]
    wrong: dict[str, set[str]] = {name: set() for name in VARIANTS}
    for case in ElementTree.parse(report).iter("testcase"):
        variant = re.search(r"(\w+)(\.ipynb)?$", case.get("classname")).group(1)
        if case.find("failure") is not None or case.find("error") is not None:
            number = int(re.search(r"Cell (\d+)", case.get("name")).group(1))
            wrong[variant].add(code_cells[number])
    assert len(list(ElementTree.parse(report).iter("testcase"))) == len(VARIANTS) * len(code_cells), (
        done.stdout
    )
    return wrong


@pytest.mark.parametrize("name", VARIANTS)
def test_pytest_compares_stored_outputs(compared, name):
    assert compared[name] == VARIANTS[name][1]


def test_all_notebooks_are_compared_in_full():
    """A cell without an execution count would never be compared; the rules forbid it, this shows why."""
    config = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert '"--nbval",' in config
    assert "nbval-lax" not in config


def test_the_sanitiser_touches_pictures_only():
    config = (ROOT / "tests" / "nbval_sanitize.cfg").read_text(encoding="utf-8")
    (regex, replacement), *others = re.findall(r"^regex: (.*)$\n^replace: (.*)$", config, flags=re.MULTILINE)
    assert not others
    for kind in ("png", "jpeg", "svg+xml"):
        html = f'<img src="data:image/{kind};base64,iVBO+/0K==" alt="x 12"> base64 0.25 data'
        wanted = f'<img src="data:image/{kind};base64,PICTURE" alt="x 12"> base64 0.25 data'
        assert re.sub(regex, replacement, html) == wanted
    assert re.sub(regex, replacement, "data:image/gif;base64,AAAA") == "data:image/gif;base64,AAAA"


def test_stored_text_is_what_nbformat_writes(stored):
    notebook = nbformat.read(stored, as_version=4)
    assert nbformat.writes(notebook) + "\n" == stored.read_text(encoding="utf-8")
    assert json.loads(stored.read_text(encoding="utf-8"))["nbformat_minor"] == 5


def test_the_settings_of_whoever_builds_change_nothing(tmp_path, monkeypatch):
    profile = tmp_path / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_config.py").write_text(
        'c = get_config(); c.InteractiveShell.ast_node_interactivity = "all"\n'
    )
    (profile / "startup").mkdir()
    (profile / "startup" / "00.py").write_text("mine = 1\n")
    (tmp_path / "start.py").write_text("started = 1\n")
    (tmp_path / "mpl").mkdir()
    (tmp_path / "mpl" / "matplotlibrc").write_text("lines.linewidth: 42\n")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path / "mpl"))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "start.py"))
    monkeypatch.delenv("MATPLOTLIBRC")
    path = tmp_path / "own.ipynb"
    shown = "matplotlib.rcParams['lines.linewidth'], 'mine' in globals(), 'started' in globals()"
    code = f"1\n2\nimport matplotlib\nprint({shown})"
    nbformat.write(v4.new_notebook(cells=[v4.new_code_cell(code)]), path)
    outputs.refresh(path, timeout=60)
    [cell] = nbformat.read(path, as_version=4).cells
    assert [output.get("text") for output in cell.outputs] == ["1.5 False False\n"]
