"""The prose that the writer of chapter 08 learns from: plain sentences of the chapters before it, the same every time.

The stored text is a snapshot, so that nobody who edits a chapter has to train a net. What is tested is the way it
is made, on notebooks written here, and that the stored one is such a snapshot of this course: it would fail only
when more than half of the chapters' paragraphs have become others.
"""

from __future__ import annotations

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from rnncourse import data
from rnncourse.building import prose
from rnncourse.environment import shipped
from rnncourse.errors import InputError

LONG = "You eat bread on Monday, rice on Tuesday, pizza on Wednesday."


def write(folder, name: str, *texts: str) -> None:
    cells = [new_markdown_cell(text) for text in texts] + [new_code_cell(f"print({LONG!r})")]
    nbformat.write(new_notebook(cells=cells), folder / name)


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        (LONG, LONG),
        (
            "**What you saw.** The *state* `h` is [kept](03_x.ipynb), “as it was”\nat 5 % – or so.",
            'What you saw. The state h is kept, "as it was" at 5 % - or so.',
        ),
        ("# A heading that is as long as a sentence would be, or longer", ""),
        ("| a table | with cells | that are long enough to be a sentence |", ""),
        ("- a list whose points are long enough to be sentences of their own", ""),
        ("<details><summary>An answer that is folded away until you ask</summary>", ""),
        ("The state $h_t$ is an activation and not a weight, whatever you read.", ""),
        ("Too short to be kept.", ""),
        ("Characters that come once, such as ∂ or ≈, would only confuse a writer.", ""),
        ("", ""),
    ],
)
def test_only_plain_sentences_are_kept(markdown, plain):
    assert prose.plain_text(markdown) == plain


def test_chapters_come_in_reading_order_up_to_their_summaries(tmp_path):
    write(tmp_path, "02_b.ipynb", f"## Second\n\n{LONG} Two.\n\n{LONG} Two again.")
    write(tmp_path, "01_a.ipynb", f"{LONG} One.", f"## Summary\n\n{LONG} Left out.", f"{LONG} After it.")
    write(tmp_path, "08_c.ipynb", f"{LONG} It quotes the writer.")
    write(tmp_path, "notes.ipynb", f"{LONG} No chapter.")
    assert prose.prose_of(tmp_path).splitlines() == [f"{LONG} One.", f"{LONG} Two.", f"{LONG} Two again."]


def test_main_writes_the_same_file_again(tmp_path, capsys):
    write(tmp_path, "01_a.ipynb", LONG)
    file = tmp_path / "prose.txt"
    prose.main(tmp_path, file)
    first = file.read_bytes()
    prose.main(tmp_path, file)
    assert file.read_bytes() == first == f"{LONG}\n".encode()
    assert f"{len(LONG) + 1} characters" in capsys.readouterr().err


def test_a_folder_without_chapters_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no chapters"):
        prose.prose_of(tmp_path)


def test_the_stored_text_is_a_snapshot_of_this_course():
    stored = data.course_prose()
    assert stored.endswith("\n") and len(stored) > 50_000
    lines = stored.splitlines()
    assert all(prose.plain_text(line) == line for line in lines)
    now = prose.prose_of(shipped() / "chapters").splitlines()
    assert now == prose.prose_of(shipped() / "chapters").splitlines()
    assert sum(line in set(now) for line in lines) > len(lines) / 2, (
        "take a new snapshot: see rnncourse.building.prose"
    )
