"""Small pictures of handwritten digits, real ones: scikit-learn's bundled set, stored in the package."""

from __future__ import annotations

from importlib import resources

import numpy as np

DIGIT_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
DARKEST = 16  # the pixels were stored as counts from 0 to 16


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Return pictures (1797, 8, 8) float32 from 0 (paper) to 1 (ink), and their labels (1797,) int64, 0 to 9.

    Real digits, written by 13 people and scaled down to 8 × 8 pixels.
    Source: Alpaydin and Kaynak (1998), doi:10.24432/C50P49, CC BY 4.0; see SOURCES.md.
    """
    with (resources.files("rnncourse.data") / "digits.npz").open("rb") as file, np.load(file) as stored:
        pictures = stored["pictures"].astype(np.float32) / DARKEST
        return pictures, stored["labels"].astype(np.int64)
