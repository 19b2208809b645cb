"""Training on tensors; the loops themselves are shared with in_numpy."""

from rnncourse.in_both.training import History, fit, fit_truncated

__all__ = ["History", "fit", "fit_truncated"]
