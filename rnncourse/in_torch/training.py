"""Training with autograd's gradients; the loop itself is shared with in_numpy."""

from rnncourse.loop import History, fit

__all__ = ["History", "fit"]
