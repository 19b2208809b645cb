"""Sound and video made by the course, in which single moments are not enough: memory decides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnncourse.arguments import require_array, require_count, require_generator, require_number, require_that
from rnncourse.errors import InputError

TONES = {"C": 523.25, "D": 587.33, "E": 659.26, "G": 783.99, "A": 880.0}
"""The five tones of the recordings and their pitches in Hz (twelve-tone scale, A = 880 Hz)."""

SAMPLE_RATE = 8000
FRAME = 200  # samples, 25 ms

TONE_SAMPLES = (700, 2000)  # shortest and longest tone
PAUSE_SAMPLES = (250, 900)
NO_PAUSE = 0.4  # how often one tone follows another, different one without a pause
PITCH_JITTER = 0.02  # a tone is at most this much too high or too low, as a share of its pitch
FADE = 80  # samples over which a tone comes and goes
KNOCK_FRAMES = 2  # how long a knock on the microphone lasts
KNOCK_LOUDNESS = 4.0

DIRECTIONS = {
    "right": (0, 1),
    "left": (0, -1),
    "down": (1, 0),
    "up": (-1, 0),
    "down right": (1, 1),
    "up left": (-1, -1),
    "down left": (1, -1),
    "up right": (-1, 1),
}
"""Name -> (rows, columns) that a picture moves from frame to frame. Row 0 is the top."""


@dataclass(frozen=True, eq=False)
class ToneRecordings:
    """n recordings of T frames with what was played in each.

    sound (n, T * FRAME) float32; labels (T, n) int64, time-major: what sounds in the middle of each frame,
    0 for silence and k for the k-th of TONES; transcripts: n texts such as "CGA", the tones in their order;
    knocked (T, n) bool: the frames in which something hit the microphone.
    """

    sound: np.ndarray
    labels: np.ndarray
    transcripts: tuple[str, ...]
    knocked: np.ndarray


@dataclass(frozen=True, eq=False)
class MovingDigits:
    """n videos of T frames: video (T, n, size, size) float32 and direction (n,) int64, an index into `names`."""

    video: np.ndarray
    direction: np.ndarray
    names: tuple[str, ...]


def tone_recordings(
    n: int, rng: np.random.Generator, *, T: int = 48, noise: float = 1.0, knocks: int = 4
) -> ToneRecordings:
    """Return n recordings of T frames in which tones follow one another, drawn by rng.

    Each tone has its own length, loudness, overtones and a pitch that is up to 2 % off. The same tone twice
    always has a pause between. noise: standard deviation of the noise, where a tone's loudness is 0.7 to 1.3.
    knocks: how many times something louder than any tone hits the microphone, for two frames each.
    Raises InputError for sizes that do not fit.
    """
    require_count("n", n)
    require_count("T", T, least=16)
    require_generator("rng", rng)
    noise = require_number("noise", noise, least=0)
    require_count("knocks", knocks, least=0)
    sound, labels = np.empty((n, T * FRAME)), np.empty((T, n), dtype=np.int64)
    transcripts = []
    for k in range(n):
        sound[k], labels[:, k], transcript = _recording(T, rng)
        transcripts.append(transcript)
    for one in sound:  # one at a time: the noise of all would take as much memory as the sound
        one += noise * rng.normal(size=one.size)
    knocked = _knock(sound, knocks, rng)
    return ToneRecordings(sound.astype(np.float32), labels, tuple(transcripts), knocked)


def moving_digits(
    pictures: np.ndarray,
    n: int,
    rng: np.random.Generator,
    *,
    directions: int = 4,
    T: int = 6,
    size: int = 14,
    noise: float = 0.0,
) -> MovingDigits:
    """Return n videos in which a picture moves one pixel a frame; what leaves on one side enters on the other.

    pictures (N, rows, columns), such as data.digits() has. Picture, direction and start are drawn by rng,
    each place as likely as any other, and independently. So a single frame says nothing about the direction: its
    picture may be anywhere whichever way it moves. directions: 4, or 8 with the diagonals. noise: standard
    deviation of what is added to every pixel. Raises InputError where a picture does not fit into size x size.
    """
    pictures = require_array("pictures", pictures, axes=("N", "rows", "columns")).astype(np.float32)
    require_count("n", n)
    require_generator("rng", rng)
    noise = require_number("noise", noise, least=0)
    require_that("directions", directions, require_count("directions", directions) in (4, 8), "4 or 8")
    if max(pictures.shape[1:]) > require_count("size", size):
        raise InputError(
            f"size is {size}, but a picture has {' x '.join(map(str, pictures.shape[1:]))} pixels"
        )
    names = tuple(DIRECTIONS)[:directions]
    chosen = rng.integers(len(pictures), size=n)
    direction = rng.integers(directions, size=n)
    start = rng.integers(size, size=(n, 2))
    steps = np.array([DIRECTIONS[name] for name in names])[direction]
    video = moved(pictures[chosen], start, steps, require_count("T", T), size)
    if noise:
        video = video + noise * rng.normal(size=video.shape).astype(np.float32)
    return MovingDigits(video, direction, names)


def moved(pictures: np.ndarray, start: np.ndarray, steps: np.ndarray, T: int, size: int) -> np.ndarray:
    """Return videos (T, n, size, size) of pictures (n, rows, columns) that start at (n, 2) and move by steps (n, 2)."""
    n, rows, columns = pictures.shape
    frames = np.zeros((T, n, size, size), dtype=np.float32)
    for t in range(T):
        top, left = (start + t * steps).T[:, :, None]
        row, column = (top + np.arange(rows)) % size, (left + np.arange(columns)) % size
        frames[t, np.arange(n)[:, None, None], row[:, :, None], column[:, None, :]] = pictures
    return frames


def _recording(T: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, str]:
    """Return sound (T * FRAME,) without noise, labels (T,) and the transcript."""
    samples = T * FRAME
    sound, playing = np.zeros(samples), np.zeros(samples, dtype=np.int64)
    transcript, last = "", 0
    at = int(rng.integers(*PAUSE_SAMPLES))
    while True:
        tone = int(rng.integers(1, len(TONES) + 1))
        if transcript and (tone == last or rng.random() > NO_PAUSE):
            at += int(rng.integers(*PAUSE_SAMPLES))
        length = int(rng.integers(*TONE_SAMPLES))
        if at + length > samples - FRAME:  # the last frame is silent
            break
        sound[at : at + length] = _tone(list(TONES.values())[tone - 1], length, rng)
        playing[at : at + length] = tone
        transcript, last, at = transcript + list(TONES)[tone - 1], tone, at + length
    return sound, playing.reshape(T, FRAME)[:, FRAME // 2], transcript


def _tone(pitch: float, length: int, rng: np.random.Generator) -> np.ndarray:
    """Return a tone (length,) with two overtones that comes and goes softly."""
    pitch *= 1 + PITCH_JITTER * rng.uniform(-1, 1)
    loudness = rng.uniform(0.7, 1.3) * np.array([1, *rng.uniform(0, 0.4, size=2)])
    phase = rng.uniform(0, 2 * np.pi, size=3)
    t = np.arange(length) / SAMPLE_RATE
    waves = np.sin(2 * np.pi * pitch * np.arange(1, 4)[:, None] * t + phase[:, None])
    fade = np.minimum(1, np.minimum(np.arange(length), np.arange(length)[::-1]) / FADE)
    return fade * (loudness @ waves)


def _knock(sound: np.ndarray, knocks: int, rng: np.random.Generator) -> np.ndarray:
    """Put loud noise over some frames of every recording, in place; return which frames (T, n)."""
    n, T = len(sound), sound.shape[1] // FRAME
    knocked = np.zeros((T, n), dtype=bool)
    for k in range(n):
        for first in rng.integers(T - KNOCK_FRAMES + 1, size=knocks):
            knocked[first : first + KNOCK_FRAMES, k] = True
            place = slice(first * FRAME, (first + KNOCK_FRAMES) * FRAME)
            sound[k, place] = KNOCK_LOUDNESS * rng.normal(size=KNOCK_FRAMES * FRAME)
    return knocked
