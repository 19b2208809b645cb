"""rnncourse.widgets without a browser: the numbers in the frames, what is stored, errors."""

from __future__ import annotations

import importlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from rnncourse.errors import InputError
from rnncourse.in_numpy import LSTM, RNN, RecurrentNet, Stack
from rnncourse.viz._diagrams import signed
from rnncourse.viz._style import diverging_colour
from rnncourse.widgets import Frame, FramePlayer, Question, predict, quiz, unroll_stepper

fallback = importlib.import_module("rnncourse.widgets._fallback")
quiz_module = importlib.import_module("rnncourse.widgets._quiz")  # widgets.quiz itself is the function
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
T, B, D, H = 4, 2, 3, 5


def says(call, *parts: str) -> None:
    """Assert that `call` raises InputError with every one of `parts` in its message."""
    with pytest.raises(InputError) as caught:
        call()
    assert all(part in str(caught.value) for part in parts), f"{parts} not all in: {caught.value}"


@pytest.fixture
def net() -> dict:
    """Return an RNN with biases, inputs and a start that are all non-zero, and no two sizes alike."""
    rng = np.random.default_rng(3)
    rnn = RNN(D, H, rng=rng)
    rnn.params["b_h"][:] = rng.normal(size=H)
    return {
        "rnn": rnn,
        "x": rng.normal(size=(T, B, D)).astype(np.float32),
        "h0": rng.normal(size=(B, H)).astype(np.float32),
    }


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


def cells(html: str, name: str) -> list[list[str]]:
    """Return the texts of the cells called `name`, row by row."""
    rows: dict[str, list[str]] = {}
    pattern = rf'data-name="{re.escape(name)}" data-row="(\d+)" data-unit="(\d+)"[^>]*>([^<]*)<'
    for row, unit, text in re.findall(pattern, html):
        assert int(unit) == len(rows.setdefault(row, []))
        rows[row].append(text)
    return list(rows.values())


def written(numbers: np.ndarray) -> list[list[str]]:
    """Return numbers as the frames write them, row by row."""
    return [[signed(float(value)) for value in row] for row in np.atleast_2d(numbers)]


def plain(html: str) -> str:
    """Return the text of some HTML without its tags."""
    pieces: list[str] = []
    reader = HTMLParser()
    reader.handle_data = pieces.append
    reader.feed(html)
    return "".join(pieces)


# --- unroll stepper -----------------------------------------------------------------------------------


def step_frames(rnn, x, **others) -> list[Frame]:
    """Return the frames of an unroll stepper."""
    return [Frame(**frame) for frame in unroll_stepper(rnn, x, **others).frames]


def test_frames_hold_the_numbers_of_every_step(net):
    rnn, x, h0 = net["rnn"], net["x"], net["h0"]
    frames = step_frames(rnn, x, h0=h0, b=1)
    h, _ = rnn.forward(x, h0)
    before = np.concatenate([h0[None], h[:-1]])
    p = rnn.params
    assert len(frames) == T
    for k, frame in enumerate(frames):
        expected = {
            "x_t": x[k, 1],
            "h_prev": before[k, 1],
            "W_xh": p["W_xh"],
            "W_hh": p["W_hh"],
            "b_h": p["b_h"],
            "x_t W_xh": x[k, 1] @ p["W_xh"],
            "h_prev W_hh": before[k, 1] @ p["W_hh"],
            "a_t": x[k, 1] @ p["W_xh"] + before[k, 1] @ p["W_hh"] + p["b_h"],
            "h_t": h[k, 1],
        }
        for name, numbers in expected.items():
            assert cells(frame.html, name) == written(numbers), (k, name)


def test_equation_is_filled_in_with_the_numbers_of_the_step():
    rnn = RNN(2, 1, phi="relu")
    rnn.params["W_xh"][:] = [[0.3], [-0.2]]
    rnn.params["W_hh"][:] = [[0.5]]
    rnn.params["b_h"][:] = [0.05]
    x = np.array([[[1.0, 2.0]], [[-1.0, 0.52]]], dtype=np.float32)
    h0 = np.array([[0.4]], dtype=np.float32)
    first, second = (plain(frame.html) for frame in step_frames(rnn, x, h0=h0))
    assert "a1[0]= 1.00·0.30 + 2.00·(−0.20)x1 Wxh" in first
    assert "+ 0.40·0.50h0 Whh" in first
    assert "+ 0.05 = 0.15bh" in first
    assert "h1[0]= relu(0.15) = 0.15" in first
    assert "h2 = relu( x2 Wxh + h1 Whh + bh )" in second
    assert "h2[0]= relu(−0.28) = 0.00" in second  # -0.3 - 0.104 + 0.15 * 0.5 + 0.05 = -0.279


def test_frames_mark_their_step_and_say_what_happens(net):
    labels = ["dog", "<pie>", "knee", "dark"]
    rnn, x = net["rnn"], net["x"]
    frames = step_frames(rnn, x, labels=labels)
    h, _ = rnn.forward(x)
    states = [", ".join(written(row)[0]) for row in np.concatenate([np.zeros((1, H)), h[:, 0]])]
    assert [frame.label for frame in frames] == [
        f"t = {k + 1} of 4: {label}" for k, label in enumerate(labels)
    ]
    assert (
        frames[1].summary == f"Step 2 of 4, input <pie>. State before: {states[1]}. State after: {states[2]}."
    )
    assert "step 2 marked" in frames[1].html
    assert "<pie>" not in frames[1].html
    assert "&lt;pie&gt;" in frames[1].html
    assert step_frames(rnn, x)[0].summary.startswith("Step 1 of 4. State before")


def test_cells_show_sign_and_size_in_colour(net):
    rnn, x = net["rnn"], net["x"]
    frame = step_frames(rnn, x)[2]
    h, _ = rnn.forward(x)
    limit = max(
        1.0, *(np.abs(a).max() for a in (*rnn.params.values(), x[:, 0], h[:, 0], rnn.trace["a"][:, 0]))
    )
    fills = re.findall(r'data-name="h_t"[^>]*style="background:(#\w{6})"', frame.html)
    assert fills == [diverging_colour(float(value), limit) for value in h[2, 0]]
    framed = re.findall(
        r'class="rnncourse-unit" data-name="([^"]+)" data-row="0" data-unit="(\d)"', frame.html
    )
    assert framed == [
        (name, "0") for name in ("W_xh", "x_t W_xh", "W_hh", "h_prev W_hh", "b_h", "a_t", "h_t")
    ]


def test_stepping_leaves_the_net_as_it_was(net):
    rnn, x = net["rnn"], net["x"]
    rnn.forward(x[:2])
    before = {name: array.copy() for name, array in rnn.trace.items()}
    unroll_stepper(rnn, x)
    assert before.keys() == rnn.trace.keys()
    assert all(np.array_equal(before[name], rnn.trace[name]) for name in before)


def test_net_with_a_readout_gives_the_frames_of_its_layer(net):
    whole = RecurrentNet(net["rnn"], 2, rng=np.random.default_rng(1))
    assert step_frames(whole, net["x"]) == step_frames(net["rnn"], net["x"])


def test_stepper_counts_steps_from_one_and_can_be_read_and_set(net):
    stepper = unroll_stepper(net["rnn"], net["x"])
    assert (stepper.first, stepper.t) == (1, 1)
    stepper.t = 4
    assert stepper.t == 4
    says(lambda: setattr(stepper, "t", 5), "t must be", "1 to 4", "5")
    says(lambda: setattr(stepper, "t", 0), "t must be", "1 to 4", "0")
    assert stepper.t == 4
    assert repr(stepper) == "UnrollStepper(4 frames, t=4)"


def test_stepper_names_wrong_input(net):
    rnn, x = net["rnn"], net["x"]
    says(lambda: unroll_stepper("net", x), "rnn", "RNN", "str came")
    lstm = LSTM(D, H)
    for other in (lstm, RecurrentNet(lstm, 2), Stack(lstm), RecurrentNet(Stack(lstm), 2)):
        says(lambda other=other: unroll_stepper(other, x), "rnn must be an RNN", "came")
    says(lambda: unroll_stepper(rnn, x[:, 0]), "x", "T, B, D")
    says(lambda: unroll_stepper(rnn, x[..., :2]), "2 features", "W_xh expects 3")
    says(lambda: unroll_stepper(rnn, x, labels=["a"]), "labels", "4 texts")
    says(lambda: unroll_stepper(rnn, x, labels=3), "labels", "4 texts", "int 3")
    says(lambda: unroll_stepper(rnn, x, labels="abcd"), "labels", "'abcd'")
    says(lambda: unroll_stepper(rnn, x, labels=[1, 2, 3, 4]), "labels", "texts")
    says(lambda: unroll_stepper(rnn, x, b=2), "b must be", "0 to 1", "2")
    says(lambda: unroll_stepper(rnn, x, b=-1), "b must be", "0 to 1", "-1")
    says(lambda: unroll_stepper(rnn, x, h0=np.zeros((B, H + 1), np.float32)), "h0")
    says(lambda: unroll_stepper(RNN(D, 6), x), "at most 6 inputs and 5 units", "H = 6")
    says(lambda: unroll_stepper(RNN(7, 2), x), "D = 7")
    says(lambda: unroll_stepper(rnn, np.tile(x, (4, 1, 1))), "at most 12 steps", "16")
    x[0, 0, 0] = np.nan
    says(lambda: unroll_stepper(rnn, x), "x", "NaN")


# --- what is displayed and stored ---------------------------------------------------------------------


def test_stepper_displays_a_table_to_read_and_then_the_live_widget(net, displayed):
    h, _ = net["rnn"].forward(net["x"])
    stepper = unroll_stepper(net["rnn"], net["x"], labels=["a", "b", "c", "<d>"])
    stepper._ipython_display_()
    still, live = displayed
    rows = re.findall(r"<tr>(.*?)</tr>", still["text/html"])[1:]
    states = [plain(row.split("<td>")[-1]) for row in rows]
    assert states == [", ".join(written(row)[0]) for row in h[:, 0]]
    assert "<td>&lt;d&gt;</td>" in still["text/html"]
    assert '<div class="rnncourse-fallback">' in still["text/html"]
    assert live[WIDGET_VIEW]["model_id"] == stepper.model_id
    assert live["text/plain"].startswith("Run this cell (Shift + Enter)")


def test_what_is_stored_is_the_same_twice_and_holds_no_address(net, displayed):
    def stored() -> list[dict]:
        displayed.clear()
        unroll_stepper(net["rnn"], net["x"])._ipython_display_()
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
    player._ipython_display_()
    assert "Two &amp; more" in displayed[0]["text/html"]
    assert "<li>First &lt;thing&gt;.</li><li>Second.</li>" in displayed[0]["text/html"]
    assert displayed[0]["text/plain"] == "Two & more\nFirst <thing>.\nSecond."


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
    assert card.paragraphs == ("That counts arrows.", "15 + 25 + 20.", "Each matrix is full.")


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
