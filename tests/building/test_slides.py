"""Slides: which cell is on which slide, what is left to the speaker, and that a talk needs nothing from anywhere."""

from __future__ import annotations

import base64
import re

import pytest
from browser.lab_server import ROOT
from nbformat import v4
from typer.testing import CliRunner

from rnncourse.building import slides
from rnncourse.building.live import LIVE, WIDGET_VIEW
from rnncourse.building.slides import page, parts, prose
from rnncourse.building.slides.talk import as_talk
from rnncourse.cli import app
from rnncourse.viz import lstm_cell
from rnncourse.viz._show import figure_html
from rnncourse.widgets import gate_lab

runner = CliRunner()
QUESTION = """predict(
    "Left or right?",
    [("left", "Look again."), ("right", "Yes.")],
    answer="right",
    because="It says so in `a_1`.",
    key="side",
)"""


def notebook(*cells):
    """Return a notebook of these cells; those without a name of their own are numbered."""
    for k, cell in enumerate(cells):
        cell.id = cell.id if len(cell.id) > 1 else f"{cell.id}{k}"
    return v4.new_notebook(cells=list(cells))


def text(source: str, slide: str = "", name: str = "t", words: str = "", **metadata):
    kinds = {key: value for key, value in (("slide_type", slide), ("text", words)) if value}
    return v4.new_markdown_cell(
        source, id=name, metadata={**metadata, **({"slideshow": kinds} if kinds else {})}
    )


def code(source: str, printed: str = "", slide: str = "", name: str = "c", words: str = "", **metadata):
    outputs = [v4.new_output("stream", name="stdout", text=printed)] if printed else []
    kinds = {key: value for key, value in (("slide_type", slide), ("text", words)) if value}
    metadata |= {"slideshow": kinds} if kinds else {}
    return v4.new_code_cell(source, id=name, outputs=outputs, metadata=metadata)


def figure(
    caption: str = "A caption.", slide: str = "", name: str = "f", words: str = "", ratio: float = 2.0
):
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" width="{300 * ratio:g}" height="300"></svg>'
    cell = code("viz.show(x)", slide=slide, name=name, words=words)
    shown = figure_html(drawing, alt="Words for those who do not see it.", caption=caption)
    cell.outputs = [v4.new_output("display_data", data={"text/html": shown, "text/plain": "Words for those"})]
    return cell


def outline(*cells, **options) -> list[tuple]:
    """Return title and contents of each slide, with > before the title of one that is below another."""
    return [
        (
            (">" if slide.below else "") + slide.title,
            *((part.kind + ("+" if part.fragment else ""), part.content) for part in slide.parts),
        )
        for slide in as_talk(notebook(*cells), **options)
    ]


# Where slide types are set


def test_slide_types_decide_what_is_on_which_slide():
    assert outline(
        text("# Talk\n\nHello.", "slide"),
        text("## First\n\nOne.", "slide"),
        text("Two."),
        text("Three.", "fragment"),
        text("## Second", "subslide"),
        code("x", "4\n"),
        text("not this", "skip"),
        text("nor this", "notes"),
    ) == [
        ("Talk", ("text", "Hello.")),
        ("First", ("text", "One."), ("text", "Two."), ("text+", "Three.")),
        (">Second", ("output", "4")),
    ]


def test_notes_go_to_the_speaker_at_the_slide_or_the_fragment_that_is_shown():
    [slide] = as_talk(
        notebook(
            text("## A\n\nSeen.", "slide"),
            text("Said first.", "notes"),
            text("Later.", "fragment"),
            text("Said then.", "notes"),
        )
    )
    assert slide.notes == ["Said first."]
    assert [part.notes for part in slide.parts] == [[], ["Said then."]]
    shown = page.sections([slide])
    assert shown.count('<aside class="notes">') == 2
    assert shown.index("Later.") < shown.index("Said then.") < shown.index("Said first.")


def test_notes_with_a_heading_belong_to_what_follows_them():
    first, second = as_talk(
        notebook(
            text("## A\n\nOne.", "slide"),
            text("### Next\n\nSaid of two.", "notes"),
            text("Two.", "fragment"),
            text("### Last\n\nSaid of B.", "notes"),
            text("## B", "slide"),
        )
    )
    assert [part.notes for part in first.parts] == [[], ["### Next\n\nSaid of two."]]
    assert (first.notes, second.notes) == ([], ["### Last\n\nSaid of B."])
    assert "<h3" in page.sections([first]) and "<a " not in page.sections([first])


def test_a_heading_in_a_figures_own_words_is_its_title():
    [slide] = as_talk(notebook(figure("A caption.", "slide", words="## Title\n\nBelow.")))
    assert (slide.title, slide.parts[0].words, slide.parts[0].caption) == ("Title", "Below.", "")


def test_a_slide_can_have_words_of_its_own_and_its_cell_becomes_the_notes():
    [slide] = as_talk(notebook(text("## Long\n\nA lot of prose.", "slide", words="## Short\n\n$$x$$")))
    assert (slide.title, [part.content for part in slide.parts]) == ("Short", ["$$x$$"])
    assert slide.notes == ["## Long\n\nA lot of prose."]


def test_words_of_its_own_replace_the_caption_of_a_figure_and_announce_what_is_printed():
    [first, second] = as_talk(
        notebook(
            figure(slide="slide", words="Look at $x$."), code("x", "1\n", slide="subslide", words="Count.")
        )
    )
    assert [(part.caption, part.words) for part in first.parts] == [("", "Look at $x$.")]
    assert [(part.kind, part.content) for part in second.parts] == [("text", "Count."), ("output", "1")]


def test_figures_that_come_as_fragments_take_turns():
    slide = as_talk(
        notebook(
            text("## Growing", "slide"),
            figure("One."),
            figure("Two.", "fragment"),
            figure("Three.", "fragment"),
        )
    )
    shown = page.sections(slide)
    turns = re.findall(r'<figure class="([^"]*)" data-fragment-index="(\d)">.*?<figcaption>(.*?)<', shown)
    assert turns == [
        ("fragment fade-out", "0", "One."),
        ("fragment fade-in-then-out", "0", "Two."),
        ("fragment", "1", "Three."),
    ]
    assert '<div class="turns">' in shown


def test_a_skipped_result_does_not_keep_the_answer():
    cells = text("## A", "slide"), code(QUESTION, slide="subslide"), code("1", "1\n", "skip", "result")
    *_, asked = as_talk(notebook(*cells))
    assert asked.parts[0].options == [("left", False), ("right", True)]


# Rules for chapters without slide types


def test_a_heading_begins_a_slide_with_one_sentence_and_the_prose_is_for_the_speaker():
    whole = "One thing counts. Then there is much more to say.\n\nAnd more."
    [first, second] = as_talk(notebook(text(f"## A\n\n{whole}\n\n### B\n\nIs it so, or is it different?")))
    assert (first.title, first.below, [part.content for part in first.parts]) == (
        "A",
        False,
        ["One thing counts. Then there is much more to say."],
    )
    assert first.notes == [whole]
    assert (second.title, second.kicker, second.below) == ("B", "A", True)
    assert second.parts[0].content == "Is it so, or is it different?"


def test_formulas_and_tables_are_shown_and_long_lists_are_not():
    source = (
        "## A\n\nThis is the whole of the matter.\n\n$$x\n= 1$$\n\n| a |\n|--|\n| b |\n\n" + "- item\n" * 9
    )
    assert outline(text(source)) == [
        (
            "A",
            ("lead", "This is the whole of the matter."),
            ("text", "$$x\n= 1$$"),
            ("text", "| a |\n|--|\n| b |"),
        )
    ]


def test_a_figure_has_a_slide_to_itself_and_its_caption_is_the_title():
    shown = outline(text("## A\n\nA sentence that says enough."), figure("Costs $5 *each*."), figure("Two."))
    assert [title for title, *_ in shown] == ["A", r">Costs \$5 \*each\*", ">Two"]
    bare = as_talk(notebook(text("## A"), figure("Two.")))
    assert [(slide.title, slide.parts[0].caption) for slide in bare] == [("A", "Two.")]


def test_the_rest_of_a_long_caption_is_for_the_speaker():
    first = "The first sentence says what there is to be seen in this picture"
    [_, slide] = as_talk(
        notebook(text("# T\n\nHello."), figure(f"{first}. {'The rest goes on and on. ' * 5}"))
    )
    assert slide.title == first
    assert slide.notes == [("The rest goes on and on. " * 5).strip()]


def test_what_is_printed_joins_the_text_that_announces_it():
    assert outline(
        text("## A\n\nWhat comes out of this cell?"),
        code("print(1)", "1\n"),
        code("print(2)", "2\n", name="d"),
        text("Only " + "talk " * 50),
        code("print(3)", "3\n", name="e"),
        text("And how many are left over?"),
        code("print(4)", "4\n", name="g"),
    ) == [
        ("A", ("lead", "What comes out of this cell?"), ("output", "1"), ("output", "2")),
        (">A", ("output", "3")),
        (">And how many are left over?", ("output", "4")),
    ]


def test_code_is_shown_where_it_is_the_point():
    cells = (
        text("## A\n\nThis line is the equation."),
        code("a = 1", "1\n"),
        code("b = 2", name="d", tags=["slide-code"]),
    )
    assert outline(*cells)[-1][-1] == ("code", "b = 2")
    assert not any(kind == "code" for slide in outline(*cells, code=False) for kind, *_ in slide[1:])
    assert "a = 1" not in str(outline(*cells))


def test_a_question_comes_before_its_result_and_the_verdict_after_it():
    asked, result = as_talk(
        notebook(text("# T"), code(QUESTION), code("1", "It is right.\n", name="result"))
    )[1:]
    [question] = asked.parts
    assert (question.kind, question.content) == ("question", "Left or right?")
    assert question.options == [("left", False), ("right", False)], "the answer is not given away"
    assert asked.notes == ["*left*: Look again.", "*right*: Yes."]
    printed, verdict = result.parts
    assert (printed.content, verdict.kind, verdict.content, verdict.fragment) == (
        "It is right.",
        "verdict",
        "right",
        True,
    )
    assert "<code>a_1</code>" in page.sections([result])


def test_the_answer_to_a_prediction_about_a_figure_is_a_slide_with_the_question_on_it():
    cells = text("# T"), code(QUESTION), figure(name="result"), text("## On\n\nThen it goes on from here.")
    _, asked, seen, told, _ = as_talk(notebook(*cells))
    assert [part.kind for slide in (asked, seen) for part in slide.parts] == ["question", "figure"]
    [part] = told.parts
    assert (told.kicker, part.kind, part.content) == ("Answer", "answer", "Left or right?")
    assert (told.below, told.notes) == (True, [])
    shown = page.sections([told])
    assert re.findall(r'<li( class="right visible")?><span class="letter">(.)</span>', shown) == [
        ("", "A"),
        (' class="right visible"', "B"),
    ]
    assert '<p class="because">It says so in <code>a_1</code>.</p>' in shown and "fragment" not in shown


def test_a_quiz_gives_each_question_a_slide_whose_answer_is_one_step_away():
    quiz = f"quiz([{QUESTION.replace('predict', 'Question')}, {QUESTION.replace('predict', 'Question')}])"
    first, second = as_talk(notebook(text("# T"), code(quiz)))[1:]
    assert [one.parts[0].options for one in (first, second)] == [[("left", False), ("right", True)]] * 2
    shown = page.sections([first])
    assert re.findall(r'<li class="right fragment custom"[^>]*><span class="letter">(.)</span>', shown) == [
        "B"
    ]
    assert "It says so" in shown


def test_exercises_links_and_reading_lists_are_left_out():
    assert outline(
        text("# T\n\nHello there, everybody who has come."),
        text("[Contents](x.ipynb)", name="navigation-top"),
        code("a = ...", name="y", tags=["your-turn"]),
        code("your_turn(a, 1)", "Your turn\n", name="z"),
        text(
            "## Further reading\n\nA book that is worth it.\n\n## End\n\nRead [chapter 2](2.ipynb) again, all of it."
        ),
    ) == [
        ("T", ("lead", "Hello there, everybody who has come.")),
        ("End", ("lead", "Read chapter 2 again, all of it.")),
    ]


def test_what_a_reader_is_to_complete_is_left_out_and_the_rest_of_its_cell_is_shown():
    exercise = code("a = ...", name="y", tags=["your-turn"])
    turn = "**Your turn.** Complete the line below."
    shown = outline(text(f"## A\n\nThis much can be said in public.\n\n{turn}"), exercise)
    assert shown == [("A", ("lead", "This much can be said in public."))]
    assert outline(text(f"## Your turn\n\n{turn}"), exercise) == []
    [(_, (_, asked))] = outline(text("## A\n\n**Your turn.** What is two and two?"))
    assert asked == "**Your turn.** What is two and two?", "nothing to complete: a question for the room"


def test_a_text_ahead_of_the_next_heading_in_its_cell_is_for_the_speaker():
    both = "It was a good run, and it will be a better one.\n\n## B\n\nAnd what does this cell print?"
    first, second = as_talk(
        notebook(text("## A\n\nThe run begins here and now."), text(both), code("", "1\n"))
    )
    assert [(slide.title, [part.kind for part in slide.parts]) for slide in (first, second)] == [
        ("A", ["lead"]),
        ("B", ["lead", "output"]),
    ]
    assert first.notes[-1] == "It was a good run, and it will be a better one."


def test_a_heading_alone_on_its_slide_says_enough_to_be_understood():
    story = "You copy a page. The copy is paler than the page. You copy the copy."
    far = f"{'Then you copy that one as well, and so on. ' * 5}How pale is the last of all these copies?"
    assert prose.beginning(prose.pieces(f"{story}\n\n{far}")) == [
        story,
        "How pale is the last of all these copies?",
    ]
    assert prose.beginning(prose.pieces(f"{story} {far}"))[0].startswith(f"{story} Then you copy")
    assert len(prose.beginning(prose.pieces(f"{story} {far}"))[0]) <= prose.MOST
    assert prose.beginning(prose.pieces("One is near. Look at the cell below. Two is far.")) == [
        "One is near."
    ]
    [(_, *parts)] = outline(text(f"## A\n\n{story}\n\n$$x$$"))
    assert parts == [("lead", "You copy a page. The copy is paler than the page."), ("text", "$$x$$")]


def test_a_full_slide_is_continued():
    long = "\n".join("a = 1" for _ in range(12))
    titles = [
        title
        for title, *_ in outline(
            text("## A\n\nTwo listings follow here."), code("", long), code("", long, name="d")
        )
    ]
    assert titles == ["A", ">A"]


def test_more_lines_than_can_be_read_are_counted():
    [_, (_, (_, shown))] = outline(text("# T"), code("", "\n".join(map(str, range(100)))))
    assert shown.splitlines()[-2:] == ["21", "… 78 more lines"]


def test_a_lab_has_a_slide_and_takes_the_place_of_its_stand_in():
    lab = gate_lab("remember")
    cell = code("lab", name="lab")
    state = {"widget": "GateLab", "model": "1", "state": {"preset": "remember"}}
    cell.outputs = [
        v4.new_output(
            "display_data", data={"text/html": f'<div class="rnncourse-fallback">{lab.static_html()}</div>'}
        ),
        v4.new_output("display_data", data={"text/plain": "Run this cell"}, metadata={LIVE: state}),
    ]
    whole = notebook(text("## A\n\nHere you can try it out."), cell)
    made = slides.as_slides(whole, ROOT / "x.ipynb")
    assert made.count('data-rnncourse-model="1"') == 1
    assert "rnncourse-fallback" not in re.sub(
        r"<style>.*?</style>|<script>.*?</script>", "", made, flags=re.DOTALL
    )
    assert '"frontEnd"' in made and "rnncourseFrontEnds" in made


def test_a_stand_in_shows_its_picture_and_no_words_for_those_who_do_not_see_it():
    cell = code("lab", name="lab")
    stand_in = f'<div class="rnncourse-fallback">{gate_lab("remember").static_html()}</div>'
    cell.outputs = [
        v4.new_output("display_data", data={"text/html": stand_in, "text/plain": "step t 1 2"}),
        v4.new_output("display_data", data={"text/plain": "Run this cell", WIDGET_VIEW: {"model_id": "1"}}),
    ]
    [slide] = as_talk(notebook(text("## A"), cell))
    assert [part.kind for part in slide.parts] == ["figure"]
    shown = slides.as_slides(notebook(text("## A"), cell), ROOT / "x.ipynb")
    assert shown.count("<figure") == 1 and "this is a panel" not in shown


# Pieces of Markdown and of outputs


@pytest.mark.parametrize(
    ("paragraph", "said"),
    [
        ("One. Two $a. B$ and `c. D`. Three?", ["One.", "Two $a. B$ and `c. D`.", "Three?"]),
        ("He said “Stop. Now.” and left.", ["He said “Stop.”", "Now.” and left."]),
        (
            "A value of 0.5 stays. See [the. Paper](http://a.b/C. D).",
            ["A value of 0.5 stays.", "See [the. Paper](http://a.b/C. D)."],
        ),
        ("1. **First.** Then.", ["1. **First.**", "Then."]),
    ],
)
def test_sentences_end_where_they_end(paragraph, said):
    assert prose.sentences(paragraph) == said


@pytest.mark.parametrize(
    ("markdown", "said"),
    [
        (
            "Nothing special happens here today. So **this is the thing to remember.** End.",
            "this is the thing to remember.",
        ),
        (
            "Nothing special happens here today. But why does it never happen?",
            "But why does it never happen?",
        ),
        ("Run it and look at the cell below, please. More.", ""),
        ("x" * 200 + ". Short one.", ""),
    ],
    ids=["bold", "question", "points elsewhere", "long"],
)
def test_one_sentence_is_picked(markdown, said):
    assert prose.statement(prose.pieces(markdown)) == said


def test_what_is_true_of_a_myth_is_found():
    assert prose.truth(prose.pieces("**What is true.** A gate is a vector of numbers. It is new.")) == (
        "**What is true.** A gate is a vector of numbers."
    )


def test_markdown_is_taken_apart():
    source = "# T\ntext\n\n$$\na\n\nb\n$$\n\n- x\n- y\n\n<details>no</details>\n\n```\n# c\n\n```"
    assert [(piece.kind, piece.text) for piece in prose.pieces(source)] == [
        ("heading", "T"),
        ("paragraph", "text"),
        ("formula", "$$\na\n\nb\n$$"),
        ("list", "- x\n- y"),
        ("code", "```\n# c\n\n```"),
    ]


def test_pictures_know_their_shape():
    assert parts.ratio(figure_html(lstm_cell(), alt="x")) == pytest.approx(900 / 336)
    header = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (300).to_bytes(4, "big") + (200).to_bytes(4, "big")
    assert parts.ratio(f'<img src="data:image/png;base64,{base64.b64encode(header).decode()}">') == 1.5
    gif = b"GIF89a" + (40).to_bytes(2, "little") + (10).to_bytes(2, "little")
    assert parts.ratio(f'<img src="data:image/gif;base64,{base64.b64encode(gif).decode()}">') == 4.0


def test_a_drawing_is_projected_without_margins_and_without_paper():
    cell = figure()
    drawn = figure_html(lstm_cell(), alt="x")
    cell.outputs[0]["data"]["text/html"] = drawn
    [[part]] = [slide.parts for slide in as_talk(notebook(cell))]
    assert part.ratio == pytest.approx(720 / 336)
    assert part.content.startswith('<img class="follows-theme" src="data:image/svg+xml;base64,')
    before, after = (
        base64.b64decode(re.search('base64,([^"]+)', one)[1]).decode() for one in (drawn, part.content)
    )
    assert 'width="720" height="336" viewBox="90 0 720 336"' in after
    assert ("#paper{fill:#111}" in before, "#paper{fill:#111}" in after) == (True, False)
    texts = [re.findall(r"<text.*?</text>", one) for one in (before, after)]
    assert texts[0] == texts[1]


def test_a_high_picture_has_its_title_beside_it():
    shapes = [page.sections(as_talk(notebook(figure(ratio=ratio)))) for ratio in (0.8, 2.0)]
    assert ["beside" in shape for shape in shapes] == [True, False]


# The page


def test_a_chapter_needs_nothing_from_anywhere(tmp_path):
    done = runner.invoke(
        app, ["build", "slides", str(ROOT / "chapters/02_one_hot_encoding.ipynb"), "--out", str(tmp_path)]
    )
    assert done.exit_code == 0, done.output
    made = (tmp_path / "02_one_hot_encoding.slides.html").read_text(encoding="utf-8")
    shown = re.sub(r"<script>.*?</script>", "", made, flags=re.DOTALL)
    assert re.findall(r'<(?:script|link|img|iframe)[^>]*(?:src|href)="(?!data:|#)[^"]*"', shown) == []
    styles = "".join(re.findall(r"<style>.*?</style>", made, flags=re.DOTALL))
    assert not re.search(r"(url\(|@import\s+)['\"]?(?!data:|#)[a-z.]", styles)
    assert "Reveal.initialize" in made and "<math" in made
    assert shown.count("<section") == shown.count("</section>") > 40
    assert "rnncourse-fallback" not in shown


def test_the_notebook_stays_as_it_is(tmp_path):
    file = ROOT / "chapters/02_one_hot_encoding.ipynb"
    before = file.read_bytes()
    slides.export(file, tmp_path)
    assert file.read_bytes() == before


def test_bad_paths_are_named(tmp_path):
    (tmp_path / "bad.ipynb").write_text("{")
    done = runner.invoke(app, ["build", "slides", str(tmp_path / "bad.ipynb"), "--out", str(tmp_path / "x")])
    assert (done.exit_code, "is not a notebook" in done.stderr) == (1, True)
    (tmp_path / "file").touch()
    good = ROOT / "chapters/02_one_hot_encoding.ipynb"
    done = runner.invoke(app, ["build", "slides", str(good), "--out", str(tmp_path / "file")])
    assert (done.exit_code, "out must be a folder" in done.stderr) == (1, True)
