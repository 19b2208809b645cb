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


def test_the_first_fold_holds_the_next():
    html = Card("note", "Stuck?", folds=(("A hint", ("Count.",)), ("The answer", ("It is", "3.")))).html()
    places = [html.index(words) for words in ("A hint", "Count.", "<details", "The answer", "3.</div>")]
    inner = html.index("<details", places[2] + 1)
    assert places[2] < places[0] < places[1] < inner < places[3] < places[4]
    assert html.rindex("</details></details>") > places[4]


def test_showing_a_card_hands_its_bundle_over_as_it_is(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append((bundle, raw)))
    CARD.show()
    assert shown == [({"text/html": CARD.html(), "text/plain": CARD.text()}, True)]
