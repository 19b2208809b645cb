"""Does an answer share memory with an argument? This file stands alone: the grader's worker asks it, too."""

from __future__ import annotations

import numpy as np


def share_memory(one, other):
    """Say whether an array in one value, which may be nested plain data, shares memory with an array in the other."""
    theirs = list(_arrays(other))
    return any(np.may_share_memory(mine, array) for mine in _arrays(one) for array in theirs)


def _arrays(value):
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (dict, list, tuple)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _arrays(one)
