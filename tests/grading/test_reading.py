"""What a student's file needs to be read is no other student's: memory, the processor, the interpreter's lock."""

from __future__ import annotations

import json
import time
import tracemalloc

import pytest
from grading.classroom import ANSWERS, cell_of, notebook, write_spec

from rnncourse.grading.handed_in import reading
from rnncourse.grading.handed_in.assignment import load
from rnncourse.grading.handed_in.collect import Unreadable
from rnncourse.grading.handed_in.notebook_file import MOST_TEXT
from rnncourse.grading.handed_in.submission import read_notebook

WHOLE = json.dumps(notebook()).encode()
NUMBERS = b"0.1," * 2_000_000 + b"0"


@pytest.fixture
def trial(tmp_path):
    return load("04", write_spec(tmp_path / "spec"))


def peak(data: bytes, trial) -> float:
    """Return the memory that reading a notebook takes here at most, in its own size; Unreadable is no answer."""
    tracemalloc.start()
    try:
        read_notebook(data, trial)
    except Unreadable:
        pass
    finally:
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return most / len(data)


@pytest.mark.parametrize(
    "data",
    [
        WHOLE[:-1] + b', "x": [' + NUMBERS + b"]}",
        WHOLE.replace(b'"metadata": {}', b'"metadata": {"x": [' + NUMBERS + b"]}", 1),
        b'{"nbformat": 4, "cells": 5, "x": [' + NUMBERS + b"]}",
        WHOLE[:-1] + b', "x": [' + NUMBERS + b"]",
        WHOLE[:-1] + b', "x": [' + b"[]," * 3_000_000 + b"[]]}",
        WHOLE[:-1] + b', "x": "' + b"\xe9" * 8_000_000 + b'"}',
    ],
    ids=["beside the cells", "in a cell", "without cells", "broken at the end", "lists", "Latin-1"],
)
def test_a_large_file_takes_no_more_memory_here_than_its_bytes(trial, data):
    assert peak(data, trial) < 1.5


def test_a_large_file_is_read_as_a_small_one(trial):
    large = notebook() | {"metadata": {"language_info": {"version": "3.11.4"}}}
    cell_of(large, "setup")["outputs"] = [{"text": "é\ud800" * reading.LARGE}]
    small = json.loads(json.dumps(large))
    cell_of(small, "setup")["outputs"] = []
    one, other = (read_notebook(json.dumps(book).encode(), trial) for book in (large, small))
    assert one == other
    assert one.sources["scaled"] == ANSWERS["scaled"] and one.python == "3.11"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"cells": [', "not JSON, as a notebook must be \\(line 1\\)"),
        (b"[" * 200_000, "nested too deeply"),
        (json.dumps([1]).encode(), "JSON, but not a notebook"),
        (b'{"nbformat": 4, "cells": {"a": 1}}', "no list of cells"),
        (b'{"nbformat": [[1]], "cells": []}', "its nbformat is 'a list', not 4"),
        (
            json.dumps({"nbformat": 4, "cells": [{"source": "x" * (MOST_TEXT + 1)}]}).encode(),
            f"its cells have {MOST_TEXT + 1} characters, more than {MOST_TEXT}",
        ),
    ],
)
@pytest.mark.parametrize("blanks", [0, reading.LARGE], ids=["small", "large"])
def test_why_a_file_is_no_notebook_is_said_whatever_its_size(trial, data, said, blanks):
    with pytest.raises(Unreadable, match=said):
        read_notebook(b" " * blanks + data, trial)


def test_a_text_over_which_python_takes_its_square_is_not_compiled_here(trial):
    book = notebook()
    source = "x = f'" + "{1}" * 95_000 + "'"
    book["cells"].insert(3, {"cell_type": "code", "metadata": {}, "source": source})
    began = time.process_time()
    found = read_notebook(json.dumps(book).encode(), trial)
    assert time.process_time() - began < 2
    assert list(found.own.values()) == [source]


def test_magics_do_nothing_in_a_long_cell_either(trial):
    book = notebook()
    source = "%matplotlib inline\n" + "x = 1\n" * 20_000
    book["cells"].insert(3, {"cell_type": "code", "metadata": {}, "source": source})
    [own] = read_notebook(json.dumps(book).encode(), trial).own.values()
    compile(own, "", "exec")
