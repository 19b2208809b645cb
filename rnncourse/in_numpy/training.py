"""Training by hand-written gradients; the loops themselves are shared with in_torch."""

from rnncourse.in_both.training import History, fit, fit_truncated

__all__ = ["History", "fit", "fit_truncated"]
