"""Training by hand-written gradients; the loop itself is shared with in_torch."""

from rnncourse.loop import History, fit

__all__ = ["History", "fit"]
