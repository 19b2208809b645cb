"""rnncourse.widgets without a browser: the numbers in the frames, what is stored, errors."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

from rnncourse.errors import InputError
from rnncourse.widgets import Frame, FramePlayer, Question, predict, quiz

fallback = importlib.import_module("rnncourse.widgets._fallback")
quiz_module = importlib.import_module("rnncourse.widgets._quiz")  # widgets.quiz itself is the function
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def says(call, *parts: str) -> None:
    """Assert that `call` raises InputError with every one of `parts` in its message."""
    with pytest.raises(InputError) as caught:
        call()
    assert all(part in str(caught.value) for part in parts), f"{parts} not all in: {caught.value}"


@pytest.fixture(autouse=True)
def _forget_answers(monkeypatch):
    monkeypatch.setattr(quiz_module, "_committed", {})
    monkeypatch.setattr(quiz_module, "_picked", {})


@pytest.fixture
def displayed(monkeypatch) -> list[dict]:
    """Return the list into which what is displayed goes."""
    shown: list[dict] = []
    monkeypatch.setattr(fallback, "display", lambda bundle, **_: shown.append(bundle))
    return shown


# --- what is displayed and stored ---------------------------------------------------------------------


def test_widget_displays_what_can_be_read_and_then_itself_alive(displayed):
    player = FramePlayer([Frame("<b>1</b>", "one", "First <thing>.")], title="One")
    player._ipython_display_()
    still, live = displayed
    assert '<div class="rnncourse-fallback"><p><strong>One</strong></p>' in still["text/html"]
    assert live[WIDGET_VIEW]["model_id"] == player.model_id
    assert live["text/plain"].startswith("Run this cell (Shift + Enter)")


def test_what_is_stored_is_the_same_twice_and_holds_no_address(displayed):
    def stored() -> list[dict]:
        displayed.clear()
        FramePlayer([Frame("<b>1</b>", "one", "First.")], title="One")._ipython_display_()
        predict("q?", ["a", "b"], "a", "because", "key")._ipython_display_()
        return [{mime: text for mime, text in bundle.items() if mime != WIDGET_VIEW} for bundle in displayed]

    assert stored() == stored()
    assert "0x" not in str(stored())


def test_closed_widget_displays_what_can_be_read(displayed):
    asked = predict("q?", ["a", "b"], "a", "because", "key")
    asked.close()
    asked._ipython_display_()
    assert len(displayed) == 1
    assert "q?" in displayed[0]["text/plain"]


# --- player -------------------------------------------------------------------------------------------


def test_player_reads_like_its_frames(displayed):
    frames = [Frame("<b>1</b>", "one", "First <thing>."), Frame("<b>2</b>", "two", "Second.")]
    player = FramePlayer(frames, title="Two & more", step_name="page")
    assert player.frames[1] == {"html": "<b>2</b>", "label": "two", "summary": "Second."}
    assert (player.first, player.t) == (0, 0)
    assert repr(player) == "FramePlayer(2 frames, t=0)"
    player._ipython_display_()
    assert "Two &amp; more" in displayed[0]["text/html"]
    assert "<li>First &lt;thing&gt;.</li><li>Second.</li>" in displayed[0]["text/html"]
    assert displayed[0]["text/plain"] == "Two & more\nFirst <thing>.\nSecond."


def test_player_counts_from_its_first_frame_and_can_be_read_and_set():
    player = FramePlayer([Frame("<p>", "a", "b")] * 4, title="Four", first=1)
    assert (player.first, player.t) == (1, 1)
    player.t = 4
    says(lambda: setattr(player, "t", 5), "t must be", "1 to 4", "5")
    says(lambda: setattr(player, "t", 0), "t must be", "1 to 4", "0")
    assert player.t == 4


def test_player_names_wrong_input():
    frame = Frame("<p>", "a", "b")
    says(lambda: FramePlayer([], title="x"), "frames", "at least one")
    says(lambda: FramePlayer(["<p>"], title="x"), "frames", "Frame")
    says(lambda: FramePlayer(frame, title="x"), "frames", "list")
    says(lambda: FramePlayer([frame], title=" "), "title")
    says(lambda: FramePlayer([frame], title="x", step_name=3), "step_name", "int 3")
    says(lambda: FramePlayer([frame], title="x", first=-1), "first", "at least 0")


# --- quiz ---------------------------------------------------------------------------------------------

WEIGHTS = (
    "How many in `W`?",
    [("14", "That counts `arrows`."), "60", "<12>"],
    "60",
    "15 + 25 + 20.",
    "weights",
)


def test_prediction_records_what_was_chosen():
    asked = predict(*WEIGHTS)
    assert (asked.chosen, asked.score, asked.history) == (None, 0, [])
    asked.history = [{"key": "weights", "chosen": 0}]
    assert (asked.chosen, asked.score) == ("14", 0)
    assert repr(asked) == "Prediction('weights', chosen='14')"


def test_running_a_cell_again_keeps_the_answer_unless_the_options_changed():
    predict(*WEIGHTS).history = [{"key": "weights", "chosen": 1}]
    again = predict(*WEIGHTS)
    assert again.history == [{"key": "weights", "chosen": 1, "sure": ""}]
    assert (again.chosen, again.score) == ("60", 1)
    reordered = predict("q?", ["60", "14"], "60", "because", "weights")
    assert reordered.history == [{"key": "weights", "chosen": 0, "sure": ""}]
    assert predict("q?", ["61", "14"], "61", "because", "weights").history == []


def test_quiz_counts_right_answers():
    asked = quiz([Question(*WEIGHTS), Question("Left?", ["yes", "no"], "no", "because", "left")])
    assert (asked.chosen, asked.score) == ({}, 0)
    asked.history = [{"key": "left", "chosen": 1}, {"key": "weights", "chosen": 2}]
    assert asked.chosen == {"left": "no", "weights": "<12>"}
    assert asked.score == 1
    assert repr(asked) == "Quiz(2 questions, 2 answered, 1 right)"


def test_front_end_gets_escaped_texts_and_the_place_of_the_answer():
    [question] = predict(*WEIGHTS).questions
    assert question["html"] == "How many in <code>W</code>?"
    assert [option["html"] for option in question["options"]] == ["14", "60", "&lt;12&gt;"]
    said = [option["verdict"] for option in question["options"]]
    assert "You said “14”. The answer is “60”." in said[0] and "That counts <code>arrows</code>." in said[0]
    assert "Right: you said “60”." in said[1] and "15 + 25 + 20." in said[1]
    assert "You said “&lt;12&gt;”." in said[2]
    assert question["answer"] == 1


def test_stored_question_hides_its_answer_and_its_text_has_none(displayed):
    predict(*WEIGHTS)._ipython_display_()
    html, text = displayed[0]["text/html"], displayed[0]["text/plain"]
    before, folded = html.split("<details>")
    assert all(f"<li>{option}</li>" in before for option in ("14", "60", "&lt;12&gt;"))
    assert "15 + 25 + 20." not in before
    assert folded.startswith("<summary>Answer</summary><p><strong>60</strong></p><p>15 + 25 + 20.</p>")
    assert "<li>14: That counts <code>arrows</code>.</li>" in folded
    assert text == "How many in `W`?\n( ) 14\n( ) 60\n( ) <12>"


@pytest.mark.parametrize(
    ("changed", "parts"),
    [
        ({"answer": "61"}, ["answer", "'61'", "'60'"]),
        ({"options": ["60"]}, ["options", "at least two"]),
        ({"options": "60"}, ["options", "at least two"]),
        ({"options": 60}, ["options", "at least two"]),
        ({"options": ["60", "60"]}, ["options", "differ"]),
        ({"options": ["60", ("a", "b", "c")]}, ["options", "pairs"]),
        ({"options": [("a",), "60"]}, ["options", "pairs", "('a',)"]),
        ({"options": [(), "60"]}, ["options", "pairs", "()"]),
        ({"options": ["60", 14]}, ["options", "14"]),
        ({"question": " "}, ["question"]),
        ({"because": ""}, ["because"]),
        ({"key": "My key"}, ["key", "'My key'"]),
        ({"question": None}, ["key", "'weights'", "this copy of the course"]),
    ],
)
def test_question_names_wrong_input(changed, parts):
    names = ("question", "options", "answer", "because", "key")
    says(lambda: predict(**dict(zip(names, WEIGHTS, strict=True)) | changed), *parts)


def test_a_wrong_answer_is_told_the_reasoning_of_the_right_one():
    options = [("14", "That counts arrows."), ("60", "15 + 25 + 20.")]
    card = Question("How many?", options, "60", "Each matrix is full.", "weights").verdict("14")
    assert card.title == "You said “14”. The answer is “60”."
    assert card.paragraphs == ("“14”: That counts arrows.", "“60”: 15 + 25 + 20.", "Each matrix is full.")


@pytest.fixture
def own(tmp_path, monkeypatch) -> Path:
    """Keep this learner's predictions in a folder of their own; return their file."""
    monkeypatch.setenv("RNNCOURSE_PROGRESS", str(tmp_path / "progress.json"))
    return tmp_path / "predictions.json"


def test_what_the_page_says_is_taken_as_commitment_and_kept(own, monkeypatch):
    asked = predict(*WEIGHTS)
    place = asked._shown["weights"].texts.index("60")
    asked._heard(asked, {"pick": {"key": "weights", "chosen": place, "sure": ""}}, [])
    assert asked.chosen is None and "weights" not in own.read_text()
    asked._heard(asked, {"commit": {"key": "weights", "chosen": place, "sure": "certain"}}, [])
    assert asked.chosen == "60"
    assert json.loads(own.read_text())["answers"] == {
        "weights": {"chosen": "60", "right": True, "sure": "certain"}
    }
    asked._heard(asked, {"commit": {"key": "weights", "chosen": 1 - place, "sure": ""}}, [])
    assert asked.chosen == "60", "a commitment is for good"
    monkeypatch.setattr(quiz_module, "_committed", {})
    assert predict(*WEIGHTS).chosen == "60", "a new kernel has forgotten it"


def test_a_choice_that_was_not_committed_to_survives_running_the_cell_again(own):
    asked = predict(*WEIGHTS)
    place = asked._shown["weights"].texts.index("14")
    asked._heard(asked, {"pick": {"key": "weights", "chosen": place, "sure": "guess"}}, [])
    again = predict(*WEIGHTS)
    assert again.picked == [{"key": "weights", "chosen": place, "sure": "guess"}]
    assert again.chosen is None


def test_options_are_shuffled_for_a_learner_and_the_answer_follows(own):
    texts = [str(number) for number in range(9)]
    own.write_text('{"version": 1, "seed": "s", "answers": {}}')
    [question] = predict("Which?", texts, "3", "It is.", "many").questions
    shown = [option["html"] for option in question["options"]]
    assert shown != texts and sorted(shown) == texts
    assert shown[question["answer"]] == "3"
    assert [
        option["html"] for option in predict("Which?", texts, "3", "It is.", "many").questions[0]["options"]
    ] == shown


def test_a_learners_stored_question_marks_their_answer_and_holds_no_other(own, displayed):
    asked = predict(*WEIGHTS)
    asked._ipython_display_()
    assert "15 + 25" not in displayed[0]["text/html"] and "answer" not in displayed[0]["text/html"]
    asked._heard(asked, {"commit": {"key": "weights", "chosen": 0, "sure": ""}}, [])
    displayed.clear()
    asked._ipython_display_()
    assert f"{asked.questions[0]['options'][0]['html']} <em>← your answer</em>" in displayed[0]["text/html"]
    assert "15 + 25" not in displayed[0]["text/html"]


def test_a_copys_question_is_found_by_its_key_from_any_folder_of_the_copy(tmp_path, monkeypatch):
    names = ("question", "options", "answer", "because", "key")
    arguments = dict(zip(names, WEIGHTS, strict=True)) | {"confidence": True}
    entry = {"arguments": arguments, "cell": "ask", "results": ["run"]}
    (tmp_path / ".questions.json").write_text(json.dumps({"weights": entry}))
    (tmp_path / "chapters/detours").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "chapters/detours")
    assert predict(key="weights").questions == predict(*WEIGHTS).questions
    assert quiz(["weights"]).questions == quiz([Question(*WEIGHTS, confidence=True)]).questions
    says(lambda: predict(key="other"), "key", "'other'", "copy of the course")


def test_quiz_names_wrong_input():
    says(lambda: quiz([]), "questions")
    says(lambda: quiz([3]), "questions", "Question")
    says(lambda: quiz(["q?"]), "key", "'q?'")
    says(lambda: quiz(Question(*WEIGHTS)), "questions", "list")
    says(lambda: quiz([Question(*WEIGHTS)] * 2), "key", "weights")
