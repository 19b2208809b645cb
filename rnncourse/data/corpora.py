"""Real series and texts, and two generated signals, each as arrays the reader can inspect.

SOURCES.md beside this file says where the real ones come from.
"""

from __future__ import annotations

import re
from importlib import resources

import numpy as np

from rnncourse.arguments import require_count, require_number
from rnncourse.errors import InputError


def sunspots() -> tuple[np.ndarray, np.ndarray]:
    """Return years (309,) int64, 1700 … 2008, and the yearly mean sunspot numbers (309,) float32.

    Real: version 1.0 of the international sunspot number, WDC-SILSO, Royal Observatory of Belgium,
    Brussels; described by Clette et al. (2014), doi:10.1007/s11214-014-0074-2.
    """
    lines = [line for line in _read("sunspots.csv").splitlines() if not line.startswith("#")]
    years, numbers = np.loadtxt(lines, delimiter=",", skiprows=1, unpack=True)
    return years.astype(np.int64), numbers.astype(np.float32)


def stock_price() -> tuple[np.ndarray, np.ndarray]:
    """Return dates (1047,) datetime64[D] and closing prices (1047,) float32 of Google's share, in US dollars.

    Real: every trading day from 19 August 2004, its first, to 14 October 2008. It is a sample file that
    comes with Matplotlib, which is imported here and not with the package.
    """
    from matplotlib.cbook import get_sample_data

    with np.load(get_sample_data("goog.npz", asfileobj=False)) as archive:
        days = archive["price_data"]
    return days["date"].astype("datetime64[D]"), days["close"].astype(np.float32)


def alice() -> str:
    """Return the whole text of Lewis Carroll's "Alice's Adventures in Wonderland" (1865), public domain."""
    return _read("alice.txt")


def alice_paragraphs() -> str:
    """Return Alice with the lines of every paragraph joined: a line break then means that a paragraph ends."""
    paragraphs = re.split(r"\n\s*\n", alice().strip())
    return "\n".join(" ".join(paragraph.split()) for paragraph in paragraphs) + "\n"


def sound_wave(
    pitch: float = 220.0,
    seconds: float = 0.5,
    sample_rate: int = 8000,
    harmonics: int = 8,
    decay: float = 6.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Return times (n,) in seconds and sound (n,) of a plucked string, float32; n = seconds * sample_rate.

    The sum over k = 1 … harmonics of sin(kπ/5) / k² * exp(-decay √k t) * sin(2π k pitch t): a string
    plucked at a fifth of its length, whose high partials die away first; the loudest sample is ±1.
    InputError if a partial is too high for the sample rate (k * pitch at or above half of it).
    """
    pitch, seconds = require_number("pitch", pitch, above=0), require_number("seconds", seconds, above=0)
    decay = require_number("decay", decay, above=0)
    sample_rate, harmonics = require_count("sample_rate", sample_rate), require_count("harmonics", harmonics)
    if 2 * harmonics * pitch >= sample_rate:
        raise InputError(
            f"harmonics is {harmonics}, whose highest partial, {harmonics * pitch:g} Hz, needs a "
            f"sample_rate above {2 * harmonics * pitch:g}, but got {sample_rate}"
        )
    n = round(seconds * sample_rate)
    if n < 2:
        raise InputError(
            f"seconds is {seconds:g}, which is {n} samples at {sample_rate} a second: at least 2 expected"
        )
    t = np.arange(n) / sample_rate
    k = np.arange(1, harmonics + 1)[:, None]
    loudness = np.sin(k * np.pi / 5) / k**2 * np.exp(-decay * np.sqrt(k) * t)
    wave = (loudness * np.sin(2 * np.pi * k * pitch * t)).sum(axis=0)
    peak = np.abs(wave).max()
    if peak == 0:
        raise InputError(f"decay is {decay:g}, so fast that only silence is left; try 6")
    return t.astype(np.float32), (wave / peak).astype(np.float32)


def bouncing_ball(
    T: int = 24, height: int = 16, width: int = 24, radius: float = 2.5, bounces: int = 2
) -> np.ndarray:
    """Return T video frames (T, height, width) float32, 0 = background and 1 = ball.

    The ball starts at the top left, crosses the picture at constant speed and falls and bounces without
    loss, touching the floor `bounces` times and ending at the top right. Pixels on its edge have values
    in between, the share that it covers (nearly), so that it moves smoothly. Row 0 is the top.
    InputError if the ball does not fit into the picture.
    """
    T, height, width = require_count("T", T), require_count("height", height), require_count("width", width)
    radius, bounces = require_number("radius", radius, above=0), require_count("bounces", bounces)
    if 2 * radius >= min(height, width):
        raise InputError(
            f"radius is {radius:g}, but a ball in a picture of height {height} and width {width} "
            f"needs one below {min(height, width) / 2:g}"
        )
    progress = np.linspace(0, 1, T)
    since_floor = (bounces * progress + 0.5) % 1  # 0 and 1: on the floor, 1/2: at the top
    centre_row = radius + (height - 2 * radius) * (2 * since_floor - 1) ** 2
    centre_column = radius + (width - 2 * radius) * progress
    down = np.arange(height)[:, None] + 0.5 - centre_row[:, None, None]
    across = np.arange(width) + 0.5 - centre_column[:, None, None]
    return np.clip(radius + 0.5 - np.hypot(down, across), 0, 1).astype(np.float32)


def _read(name: str) -> str:
    return (resources.files("rnncourse.data") / name).read_text(encoding="utf-8")
