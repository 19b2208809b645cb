"""rnncourse.lab.links: where headings begin, and which links lead nowhere."""

from __future__ import annotations

import json

from nbformat.v4 import new_markdown_cell, new_notebook

from rnncourse.lab.links import dead_links, split_at_headings

TEXT = """Before.

## Open

```
## code
```

<details><summary>x</summary>

## Folded

</details>

## Last"""


def test_cells_are_split_at_headings_that_are_neither_code_nor_folded_away():
    parts = split_at_headings(
        [new_markdown_cell(TEXT, id="a"), {"cell_type": "code", "source": "## no", "id": "b"}]
    )
    assert [part["id"] for part in parts] == ["a", "a-1", "a-2", "b"]
    assert [part["source"].splitlines()[0] for part in parts] == ["Before.", "## Open", "## Last", "## no"]


def test_links_to_missing_sections_are_dead_and_others_are_not(tmp_path):
    (tmp_path / "other.ipynb").write_text(json.dumps(new_notebook(cells=[new_markdown_cell(TEXT, id="a")])))
    here = new_notebook(cells=[new_markdown_cell("[one](other.ipynb#Open) and [two](other.ipynb#Gone)")])
    [dead] = dead_links(here, tmp_path)
    assert "other.ipynb#Gone" in dead and "Open" not in dead
