"""The tables of RESULTS.md that come from stored runs are what these runs say."""

from __future__ import annotations

import importlib.util
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_results_has_every_table_of_the_stored_runs():
    specification = importlib.util.spec_from_file_location("stored_tables", BENCHMARKS / "stored_tables.py")
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    results = (BENCHMARKS / "RESULTS.md").read_text(encoding="utf-8")
    tables = list(script.tables())
    assert len(tables) == 7
    assert [table for table in tables if table not in results] == []
