"""`check` in a notebook: the function it finds, a cell that did not run, and nbgrader's validate."""

from __future__ import annotations

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from rnncourse.checks import hints, progress_file

RIGHT = "def apply_gate(a, values):\n    return sigmoid(a) * values"
WRONG = "def apply_gate(a, values):\n    return a"
BOTH = ("check('apply_gate')", "check('apply_gate', apply_gate)")


@pytest.fixture
def run(monkeypatch):
    """Run a cell; return what it displayed as plain text, or the error that it ended with."""
    monkeypatch.setenv(progress_file.VARIABLE, "")
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = True
    hints.forget()

    def cell(source: str) -> str:
        with capture_output() as captured:
            result = shell.run_cell(source, store_history=True)
        if result.error_in_exec is not None:
            return repr(result.error_in_exec)
        return "\n".join(one.data["text/plain"] for one in captured.outputs)

    cell("import numpy as np\nfrom rnncourse.checks import check, hint")
    cell("def sigmoid(a):\n    return 1 / (1 + np.exp(-a))")
    yield cell
    InteractiveShell.clear_instance()


def test_without_its_cell_the_function_is_missing(run):
    assert "There is no function apply_gate yet. Run the cell" in run("check('apply_gate')")


@pytest.mark.parametrize("check", BOTH)
def test_the_function_is_found_or_given(run, check):
    run(RIGHT)
    assert run(check).startswith("apply_gate: Right. 2 of 2 points.")
    run(WRONG)
    assert run(check).startswith("apply_gate: Not yet.")


@pytest.mark.parametrize("check", BOTH)
def test_a_cell_that_python_cannot_read_is_not_judged(run, check):
    run(RIGHT)
    run(RIGHT.replace("values)", "values", 1))
    text = run(check)
    assert text.startswith("apply_gate: Your cell did not run.\n") and "could not read it in line 1" in text
    run(RIGHT)
    assert run(check).startswith("apply_gate: Right.")


def test_a_cell_that_stopped_before_the_function_is_not_judged(run):
    run(RIGHT)
    run(f"1 / 0\n{WRONG}")
    assert "stopped with an error before it had defined your new function" in run("check('apply_gate')")


def test_a_cell_with_magics_is_read(run):
    run(f"%%time\n{RIGHT}")
    assert run("check('apply_gate')").startswith("apply_gate: Right.")


@pytest.mark.parametrize("mode", ["validate", "autograde"])
def test_nbgrader_gets_an_exception(run, monkeypatch, mode):
    monkeypatch.setenv("NBGRADER_EXECUTION", mode)
    run(RIGHT)
    assert run("check('apply_gate')").startswith("apply_gate: Right.")
    run(WRONG)
    assert run("check('apply_gate')").startswith("AssertionError('apply_gate: Not yet.")
    run("def apply_gate(a, values):\n    raise NotImplementedError")
    assert run("check('apply_gate')").startswith("AssertionError('apply_gate: Not written yet.")


def test_after_the_third_hint_comes_the_model_answer(run):
    shown = [run("hint('apply_gate')") for _ in range(5)]
    assert [text.count("hint:") for text in shown] == [1, 2, 3, 3, 3]
    assert "return sigmoid(a) * values" not in shown[2]
    assert "return sigmoid(a) * values" in shown[3] == shown[4] and "practice only" in shown[3]
