"""Training on tensors; the loops themselves are shared with in_numpy."""

from rnncourse.in_both.training import History, Training, progress
from rnncourse.in_torch.base import copy_of, detached, number, placed_for

__all__ = ["History", "fit", "fit_truncated", "progress"]

_training = Training(number, detached, copy_of, placed_for)
fit, fit_truncated = _training.fit, _training.fit_truncated
