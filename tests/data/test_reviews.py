"""load_reviews reads files of one's own, and says what is wrong with those it cannot use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rnncourse.data.reviews import load_reviews
from rnncourse.errors import InputError

CASES = Path(__file__).parent / "cases"


def csv_file(tmp_path, content: str | bytes):
    path = tmp_path / "films.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_csv_file(tmp_path):
    path = csv_file(
        tmp_path,
        'text,label\n"Good, really good.",positive\nNot good,negative\n"Two\nlines ""quoted""",negative\n',
    )
    reviews = load_reviews(path)
    assert reviews.texts == (
        ["good", ",", "really", "good", "."],
        ["not", "good"],
        ["two", "lines", '"', "quoted", '"'],
    )
    assert reviews.classes == ("negative", "positive")
    assert reviews.label.tolist() == [1, 0, 0] and reviews.label.dtype == np.int64
    assert repr(reviews) == "3 reviews: 2 negative, 1 positive"


@pytest.mark.parametrize(
    ("head", "classes", "label"),
    [
        ("Review,Sentiment", ("bad", "fine"), [1, 0]),
        ("stars,text,label", ("fine", "poor"), [0, 1]),
        ("\ufeffsentence,class", ("0", "1"), [1, 0]),
    ],
)
def test_other_names_of_columns_and_classes(tmp_path, head, classes, label):
    values = [classes[k] for k in label]
    rows = [f"5,well,{one}" if head.startswith("stars") else f"well,{one}" for one in values]
    reviews = load_reviews(str(csv_file(tmp_path, "\n".join([head, *rows]))))
    assert reviews.classes == classes
    assert reviews.label.tolist() == label


def test_a_spreadsheets_mark_and_line_ends_do_no_harm(tmp_path):
    content = b"\xef\xbb\xbftext,label\r\nGood,POS\r\n\r\nBad, pos \r\nDull,neg\r\n"
    reviews = load_reviews(csv_file(tmp_path, content))
    assert reviews.classes == ("neg", "pos")
    assert reviews.label.tolist() == [1, 1, 0]


def test_only_line_ends_end_a_row(tmp_path):
    content = "text,label\ngood film\u2028really good,pos\nso\x0cso,neg\nwell\x85well,neg\n"
    reviews = load_reviews(csv_file(tmp_path, content))
    assert reviews.texts == (["good", "film", "really", "good"], ["so", "so"], ["well", "well"])
    assert reviews.label.tolist() == [1, 0, 0]
    latin = load_reviews(
        csv_file(tmp_path, "text,label\nwell\x85well,b\ndull,a\n".encode("latin-1")), "latin-1"
    )
    assert latin.texts == (["well", "well"], ["dull"])
    with pytest.raises(InputError, match=r"films.csv, line 3: the text is empty"):
        load_reviews(csv_file(tmp_path, "text,label\nso\u2028so,neg\n,pos\n"))


def test_a_quote_that_never_closes(tmp_path):
    lines = 'a,x\n"b,y\n' + "long,x\n" * 20_000
    with pytest.raises(
        InputError, match=r"films.csv, line \d+: field larger .* quote opened and never closed"
    ):
        load_reviews(csv_file(tmp_path, "text,label\n" + lines))


def test_folder(tmp_path):
    for name, text in (("pos/b", "Sehr schön"), ("pos/a", "Fine."), ("neg/c", "Dull")):
        (tmp_path / "films" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "films" / f"{name}.txt").write_text(text, encoding="utf-8")
    (tmp_path / "films" / "README").write_text("not a review")
    reviews = load_reviews(tmp_path / "films")
    assert reviews.texts == (["dull"], ["fine", "."], ["sehr", "schön"])
    assert reviews.label.tolist() == [0, 1, 1]
    assert reviews.classes == ("neg", "pos")


def test_another_encoding_is_read_when_it_is_named(tmp_path):
    path = csv_file(tmp_path, "text,label\nschön,gut\nüble Kost,übel\n".encode("cp1252"))
    with pytest.raises(
        InputError, match=r"films.csv, line 2: the byte 0xf6 is not utf-8; .*encoding='cp1252'"
    ):
        load_reviews(path)
    assert load_reviews(path, encoding="cp1252").texts[0] == ["schön"]
    with pytest.raises(InputError, match="encoding is 'klingon', which Python does not know"):
        load_reviews(path, encoding="klingon")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("text,label\nfine,pos\n  ,neg\n", "films.csv, line 3: the text is empty"),
        ("text,label\nfine,pos\ndull,\n", "films.csv, line 3: the label is missing"),
        ("text,label\nfine,pos\ndull\n", "films.csv, line 3: the label is missing"),
        ("text,label\nfine,pos\nlovely,pos\n", "all 2 texts have the label 'pos'"),
        (
            "text,mark\nfine,pos\n",
            "no column is called label or sentiment .*; its first row names 'text', 'mark'",
        ),
        ("fine,pos\ndull,neg\n", "no column is called text or review"),
        ("", "its first row names nothing"),
        ("text,label\n", "films.csv holds no texts"),
        ("text,label\ngood, really,pos\n", "line 2: more columns than the first row names; put quotes"),
    ],
)
def test_faulty_csv_files(tmp_path, content, said):
    with pytest.raises(InputError, match=said):
        load_reviews(csv_file(tmp_path, content))


def test_faulty_folders(tmp_path):
    folder = tmp_path / "films"
    with pytest.raises(InputError, match="there is no such file or folder"):
        load_reviews(folder)
    (folder / "pos").mkdir(parents=True)
    with pytest.raises(InputError, match=r"films/pos holds no .txt files"):
        load_reviews(folder)
    (folder / "pos" / "a.txt").write_text("fine")
    with pytest.raises(InputError, match="all 1 texts have the label 'pos'"):
        load_reviews(folder)
    (folder / "neg").mkdir()
    (folder / "neg" / "b.txt").write_bytes(b"dull\n\xff")
    with pytest.raises(InputError, match=r"films/neg/b.txt, line 2: the byte 0xff is not utf-8"):
        load_reviews(folder)
    (folder / "neg" / "b.txt").write_text(" ")
    with pytest.raises(InputError, match=r"films/neg/b.txt: the text is empty"):
        load_reviews(folder)
    with pytest.raises(InputError, match=r"films holds no folders"):
        (tmp_path / "empty" / "films").mkdir(parents=True)
        load_reviews(tmp_path / "empty" / "films")
    with pytest.raises(InputError, match="path must be the name of a CSV file or a folder, but got int 3"):
        load_reviews(3)
    with pytest.raises(InputError, match="encoding must be a name such as 'utf-8', but got None"):
        load_reviews(folder, None)


def test_a_part_keeps_texts_and_labels_together(tmp_path):
    reviews = load_reviews(csv_file(tmp_path, "text,label\na,x\nb,y\nc,x\nd,y\n"))
    part = reviews.part(np.array([3, 0]))
    assert part.texts == (["d"], ["a"])
    assert part.label.tolist() == [1, 0] and part.classes == ("x", "y")
    for mask in (reviews.label == 1, [False, True, False, True]):
        assert reviews.part(mask).texts == (["b"], ["d"])
    expected = "chosen must be at least one index from 0 to 3, or a mask with 4 truth values"
    for chosen in (
        [4],
        [-1],
        [],
        [1.0, 2.0],
        [0.7],
        np.zeros(4, bool),
        [True, False],
        [True, 0, 1, 2],
        "ab",
        2,
        None,
    ):
        with pytest.raises(InputError, match=expected):
            reviews.part(chosen)


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_columns_may_be_separated_by_other_marks(tmp_path, mark):
    lines = [("review", "note", "sentiment"), ("'so, so; well'", "x", "negative"), ("fine", "y", "positive")]
    text = "\n".join(mark.join(cells) for cells in lines).replace("'", '"')
    reviews = load_reviews(csv_file(tmp_path, text))
    assert reviews.texts[1] == ["fine"]
    assert (reviews.classes, list(reviews.label)) == (("negative", "positive"), [0, 1])


def test_a_file_with_semicolons_is_read():
    assert str(load_reviews(CASES / "semicolon.csv")) == "4 reviews: 2 negative, 2 positive"


def test_a_text_with_too_many_semicolons_is_named(tmp_path):
    with pytest.raises(InputError, match="put quotes around a text with semicolons"):
        load_reviews(csv_file(tmp_path, "text;label\na;b;c\n"))


def test_classes_that_are_numbers_sort_as_numbers_and_are_said(capsys):
    reviews = load_reviews(CASES / "stars_10.csv")
    assert reviews.classes == ("1", "2", "5", "9", "10")
    assert list(reviews.label) == [0, 1, 4, 3, 2]
    assert capsys.readouterr().out == "stars_10.csv: 5 classes, 5 reviews: 1 1, 1 2, 1 5, 1 9, 1 10\n"


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ("0.5 10 2", ("0.5", "2", "10")),
        ("-1 1 0", ("-1", "0", "1")),
        ("1,5 0,5 10", ("0,5", "1,5", "10")),
        ("10 two 9", ("10", "9", "two")),
        ("1 0 1", ("0", "1")),
    ],
)
def test_what_is_a_number_and_what_is_a_name(tmp_path, labels, classes):
    rows = [f"word;{label}" for label in labels.split()]
    assert load_reviews(csv_file(tmp_path, "\n".join(["text;label", *rows]))).classes == classes
