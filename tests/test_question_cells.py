"""Which cells of a notebook ask, tell and explain."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from rnncourse.question_cells import entries, question_cells, result_keys, split_explanation

PREDICT = 'predict("Which?", [("a", "No."), "b"], answer="b", because="So.", key="{}")'
QUIZ = (
    'quiz([Question("One?", ["a", "b"], "a", "So.", "one"), Question("Two?", ["a", "b"], "b", "So.", "two")])'
)


def ask(name: str) -> dict:
    return new_code_cell(PREDICT.format(name), id=f"{name}-ask")


def code(name: str, shows: bool = True) -> dict:
    outputs = [new_output("stream", text=name)] if shows else []
    return new_code_cell(f"print({name!r})", id=name, outputs=outputs)


def explain(text: str = "**What you saw.**") -> dict:
    return new_markdown_cell(text, id="explain", metadata={"tags": ["explanation"]})


TEXT, HEADING = new_markdown_cell("Look:", id="text"), new_markdown_cell("## Next", id="heading")


@pytest.mark.parametrize(
    ("cells", "results", "explained"),
    [
        ([ask("q"), code("run"), explain(), code("later")], ["run"], True),
        ([ask("q"), TEXT, code("train", False), TEXT, code("run"), explain()], ["train", "run"], True),
        ([ask("q"), ask("r"), code("run"), explain()], ["run"], True),
        ([ask("q"), explain(), code("later")], [], True),
        ([ask("q"), code("train", False), code("run"), HEADING, code("later"), explain()], ["run"], False),
        ([ask("q"), HEADING, code("later"), explain()], ["later"], False),
        ([ask("q"), HEADING], [], False),
        ([ask("q"), code("run"), ask("r"), code("later"), explain()], ["run"], False),
    ],
)
def test_results_are_what_runs_before_the_explanation(cells, results, explained):
    first = question_cells(cells)[0]
    assert (first.kind, first.keys, first.place) == ("predict", ["q"], 0)
    assert (first.results, first.explained) == (results, explained)


def test_a_cell_may_tell_two_predictions():
    assert result_keys([ask("q"), ask("r"), code("run"), explain()]) == {"run": ["q", "r"]}


def test_a_quiz_has_no_result_and_all_its_questions_are_read():
    [asked] = question_cells([new_code_cell(QUIZ, id="quiz"), code("run"), explain()])
    assert (asked.kind, asked.keys, asked.results) == ("quiz", ["one", "two"], [])
    assert asked.questions[1]["answer"] == "b"


@pytest.mark.parametrize(
    "source",
    [
        f"x = 1\n{PREDICT.format('q')}",
        "predict(question, options, answer, because, key)",
        'predict("Which?")',
        "quiz(questions)",
        "quiz([other(1)])",
        "predict(",
        "net.predict(x)",
        "predict = 3",
    ],
)
def test_what_cannot_be_read_as_text_is_left_alone(source):
    assert question_cells([new_code_cell(source, id="cell")]) == []


def test_entries_hold_all_that_a_copy_needs():
    cells = [ask("q"), code("run"), explain(), new_code_cell(QUIZ, id="quiz")]
    found = entries(cells)
    assert found["q"] == {
        "arguments": {
            "question": "Which?",
            "options": [("a", "No."), "b"],
            "answer": "b",
            "because": "So.",
            "key": "q",
            "confidence": True,
        },
        "cell": "q-ask",
        "results": ["run"],
    }
    assert set(found) == {"q", "one", "two"}
    assert found["one"]["arguments"]["confidence"] is False


@pytest.mark.parametrize(
    ("markdown", "parts"),
    [
        ("It rises.", ("It rises.", "")),
        ("It rises.\n\n## Next\n\nText.", ("It rises.", "## Next\n\nText.")),
        ("## Next\n\nText.", ("", "## Next\n\nText.")),
    ],
)
def test_a_heading_ends_an_explanation(markdown, parts):
    assert split_explanation(markdown) == parts
