"""rnncourse.markup: one card, shown as HTML and as plain text, in which no text is code."""

from rnncourse.markup import Card

CARD = Card("wrong", "`h`: <not> yet.", ("Print `h`.", "It printed: ```python\n0.5\n1 < 2\n``` twice."))


def test_the_plain_text_has_code_without_backticks_and_indented_blocks():
    assert CARD.text() == "h: <not> yet.\nPrint h.\nIt printed:\n    0.5\n    1 < 2\ntwice."


def test_the_html_escapes_text_and_marks_code():
    html = CARD.html()
    assert "<strong><code>h</code>: &lt;not&gt; yet.</strong>" in html
    assert "<code>h</code>." in html and "0.5\n1 &lt; 2</pre>" in html and "<not>" not in html


def test_each_status_has_its_own_color():
    assert len({Card(status, "a").html() for status in ("right", "wrong", "note")}) == 3
