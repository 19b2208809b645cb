"""Right answers to the tasks, written in other ways: VARIANTS of each chapter, by the name of the task."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path


def all_variants() -> dict[str, tuple[Callable, ...]]:
    """Return the variants of every task that has some."""
    files = sorted(Path(__file__).parent.glob("ch[0-9][0-9].py"))
    banks = [import_module(f"checks.variants.{file.stem}").VARIANTS for file in files]
    return {name: functions for bank in banks for name, functions in bank.items()}
