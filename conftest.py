"""For tests and notebooks alike: the variables under which a notebook gives the same output twice.

They are set before NumPy loads, here and so in the workers and kernels that inherit them.
"""

import atexit
import contextlib
import os

import pytest

from rnncourse.environment import REPRODUCIBLE, empty_profile

_until_the_end = contextlib.ExitStack()
atexit.register(_until_the_end.close)
os.environ.update(REPRODUCIBLE | _until_the_end.enter_context(empty_profile()))

SLOW = (
    "tests/hub/test_the_round.py",
    "tests/test_wheel.py",
    "tests/browser",
    "chapters",
    "tests/grading",
    "tests/checks/test_mutants.py",
    "tests/lab/test_doctor.py",
    "solutions",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give the workers what takes long first, so that none has much left to do when the others are done."""
    if hasattr(config, "workerinput"):
        places = {path: place for place, path in enumerate(SLOW)}
        items.sort(key=lambda item: _place(item.nodeid.partition("::")[0], places))


def _place(file: str, places: dict[str, int]) -> int:
    """Return the place of a file, or of the nearest folder above it; the end for what is quick."""
    while file and file not in places:
        file = file.rpartition("/")[0]
    return places.get(file, len(places))
