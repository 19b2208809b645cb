"""Tones and moving digits: what is heard is what is labelled, and a single frame of a video says nothing."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest

from rnncourse import data
from rnncourse.data import generated_signals as signals
from rnncourse.errors import InputError

LETTERS = "".join(data.TONES)


@pytest.fixture
def rng():
    return np.random.default_rng()  # fresh draws: what is promised holds for all of them


def clean(n: int, seed: int, T: int = 40) -> data.ToneRecordings:
    return data.tone_recordings(n, np.random.default_rng(seed), T=T, noise=0, knocks=0)


def test_labels_collapse_to_the_transcript(rng):
    recordings = data.tone_recordings(60, rng, T=37)
    assert recordings.sound.shape == (60, 37 * signals.FRAME) and recordings.sound.dtype == np.float32
    assert recordings.labels.shape == recordings.knocked.shape == (37, 60)
    for row, transcript in zip(recordings.labels.T, recordings.transcripts, strict=True):
        assert "".join(LETTERS[label - 1] for label, _ in groupby(row) if label) == transcript
    assert all(recordings.transcripts), "a recording without a tone"
    assert not recordings.labels[-1].any()  # so that the last tone ends within the recording


def test_a_label_names_the_pitch_that_sounds():
    recordings = clean(30, seed=int(np.random.default_rng().integers(1000)))
    frames = recordings.sound.reshape(30, -1, signals.FRAME)
    pitches = np.array(list(data.TONES.values()))
    checked = 0
    for k, t in zip(*np.nonzero(recordings.labels.T), strict=True):
        if not (0 < t < 39) or len(set(recordings.labels[t - 1 : t + 2, k])) > 1:
            continue  # the tone does not fill the frame
        spectrum = np.abs(np.fft.rfft(frames[k, t] * np.hanning(signals.FRAME), 8000))
        loudest = spectrum[:1000].argmax()  # bins of 1 Hz; below 1,000 Hz there are no overtones
        assert abs(loudest / pitches[recordings.labels[t, k] - 1] - 1) < 0.035
        checked += 1
    assert checked > 100


def test_silence_is_silent_and_tones_are_as_loud_as_promised():
    recordings = clean(40, seed=3)
    frames = np.abs(recordings.sound.reshape(40, -1, signals.FRAME))
    assert not frames[:, :, signals.FRAME // 2][recordings.labels.T == 0].any()
    assert frames.max() < 1.3 * (1 + 0.4 + 0.4)


def test_tones_come_softly():
    """The first samples after a silence rise from 0, no faster than to full loudness in FADE samples."""
    sound = clean(40, seed=3).sound
    begins = [
        (k, at) for k, one in enumerate(sound) for at in np.flatnonzero((one[1:] != 0) & (one[:-1] == 0)) + 1
    ]
    begins = [
        (k, at) for k, at in begins if at >= signals.FRAME and not sound[k, at - signals.FADE : at].any()
    ]
    loudest = 1.3 * (1 + 0.4 + 0.4)
    rising = np.array([np.abs(sound[k, at : at + signals.FADE // 2]) for k, at in begins])
    assert len(rising) > 40
    assert (rising <= loudest * np.arange(1, signals.FADE // 2 + 1) / signals.FADE + 1e-6).all()
    assert rising.max() > 0.2 * loudest


def test_noise_and_knocks_come_on_top():
    without, noisy = clean(5, 8), data.tone_recordings(5, np.random.default_rng(8), T=40, noise=0.5, knocks=0)
    assert np.array_equal(without.labels, noisy.labels)
    assert abs((noisy.sound - without.sound).std() - 0.5) < 0.01
    knocked = data.tone_recordings(5, np.random.default_rng(8), T=40, noise=0, knocks=3)
    assert not without.knocked.any()
    frames = lambda one: one.sound.reshape(5, 40, signals.FRAME)  # noqa: E731
    hit = knocked.knocked.T
    assert np.array_equal(frames(knocked)[~hit], frames(without)[~hit])
    assert abs(frames(knocked)[hit].std() - signals.KNOCK_LOUDNESS) < 0.1
    # three knocks of two frames, maybe overlapping
    assert np.all((hit.sum(axis=1) >= 2) & (hit.sum(axis=1) <= 6))
    # Under a knock nothing of the tone is left: the sound there has nothing to do with it.
    tone, heard = frames(without)[hit].ravel(), frames(knocked)[hit].ravel()
    assert abs(np.corrcoef(tone, heard)[0, 1]) < 0.06


def test_most_tones_outlast_a_knock(rng):
    """Memory can help only if what was before a knock says something about what is during it."""
    recordings = data.tone_recordings(200, rng)
    before, during = (
        recordings.labels[:-1][recordings.knocked[1:]],
        recordings.labels[1:][recordings.knocked[1:]],
    )
    assert 0.6 < np.mean(before == during) < 0.95


def test_the_seed_decides():
    first, second, other = (data.tone_recordings(3, np.random.default_rng(k)) for k in (5, 5, 6))
    assert np.array_equal(first.sound, second.sound) and first.transcripts == second.transcripts
    assert not np.array_equal(first.sound, other.sound)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": 0}, "n must be"),
        ({"T": 15}, "T must be a whole number of at least 16"),
        ({"noise": -1}, "noise must be"),
        ({"noise": True}, "noise must be"),
        ({"knocks": -1}, "knocks must be"),
        ({"rng": 3}, "rng must be"),
    ],
)
def test_wrong_recordings_are_refused(change, message):
    asked = {"n": 2, "rng": np.random.default_rng(0), **change}
    with pytest.raises(InputError, match=message):
        data.tone_recordings(asked.pop("n"), asked.pop("rng"), **asked)


# --- Video ----------------------------------------------------------------------------------------------


def all_starts(picture: np.ndarray, step: tuple[int, int], T: int, size: int) -> np.ndarray:
    """Return the videos (T, size * size, size, size) of one picture from every place."""
    start = np.array([(row, column) for row in range(size) for column in range(size)])
    steps = np.tile(step, (len(start), 1))
    return signals.moved(np.tile(picture, (len(start), 1, 1)), start, steps, T, size)


def as_set(frames: np.ndarray) -> set[bytes]:
    return {frame.tobytes() for frame in np.ascontiguousarray(frames)}


def test_each_frame_is_the_one_before_moved_by_one_pixel(rng):
    clips = data.moving_digits(rng.random((9, 4, 3)), 50, rng, directions=8, T=5, size=7)
    assert clips.video.shape == (5, 50, 7, 7) and clips.video.dtype == np.float32
    for k, direction in enumerate(clips.direction):
        step = data.DIRECTIONS[clips.names[direction]]
        for t in range(4):
            assert np.array_equal(clips.video[t + 1, k], np.roll(clips.video[t, k], step, axis=(0, 1)))


def test_names_say_where_it_goes():
    picture = np.ones((1, 1, 1))
    for seed in range(30):
        clips = data.moving_digits(picture, 1, np.random.default_rng(seed), T=2, size=9)
        (row, column), (later_row, later_column) = (np.argwhere(frame[0])[0] for frame in clips.video)
        name = clips.names[clips.direction[0]]
        if {row, column, later_row, later_column} & {0, 8}:
            continue  # it may have gone over the edge
        moved = {"right": later_column > column, "left": later_column < column}
        moved |= {"down": later_row > row, "up": later_row < row}
        assert [one for one, yes in moved.items() if yes] == [name]


def test_a_single_frame_fits_every_direction_equally(rng):
    """The ceiling of one in four: over all starts, each frame shows the same set of pictures whichever way it goes."""
    picture = rng.random((3, 2))
    shown = [
        [as_set(frames) for frames in all_starts(picture, step, 4, 5)] for step in data.DIRECTIONS.values()
    ]
    for t in range(4):
        assert len(shown[0][t]) == 25
        assert all(way[t] == shown[0][t] for way in shown)


def test_the_mean_frame_shows_the_axis_and_not_the_sense(rng):
    """The ceiling of one in two for the smear: there and back leave the same set of means, other axes another."""
    # whole numbers: their sums are exact in any order
    picture = rng.integers(1, 9, size=(3, 2)).astype(float)
    smears = {
        name: as_set(all_starts(picture, data.DIRECTIONS[name], 4, 9).sum(axis=0))
        for name in ("right", "left", "down", "up")
    }
    assert smears["right"] == smears["left"] and smears["down"] == smears["up"]
    assert not smears["right"] & smears["down"]


def test_two_frames_are_enough(rng):
    """With both frames at hand the direction is certain: no pair of frames belongs to two directions."""
    picture = rng.random((3, 2))
    pairs = [as_set(all_starts(picture, step, 2, 5).swapaxes(0, 1)) for step in data.DIRECTIONS.values()]
    assert len(set.union(*pairs)) == sum(map(len, pairs)) == 8 * 25


def test_directions_starts_and_pictures_are_drawn_evenly(rng):
    pictures = np.stack([np.full((1, 1), 1.0 + k) for k in range(5)])
    clips = data.moving_digits(pictures, 6000, rng, T=1, size=3)
    assert np.abs(np.bincount(clips.direction, minlength=4) / 6000 - 1 / 4).max() < 0.03
    place = clips.video[0].reshape(6000, 9).argmax(axis=1)
    brightness = clips.video[0].max(axis=(1, 2)).astype(int) - 1
    both = np.bincount(place * 4 + clips.direction, minlength=36) / 6000
    assert np.abs(both - 1 / 36).max() < 0.012  # independent: each pair as often
    assert np.abs(np.bincount(brightness, minlength=5) / 6000 - 1 / 5).max() < 0.03


def test_noise_changes_every_pixel(rng):
    clips = data.moving_digits(np.zeros((2, 3, 3)), 40, rng, noise=0.5)
    assert abs(clips.video.std() - 0.5) < 0.02


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pictures": np.ones((3, 3))}, "pictures"),
        ({"n": 0}, "n must be"),
        ({"pictures": "digits"}, "pictures must be a NumPy array, but got str 'digits'"),
        ({"directions": 6}, "directions must be 4 or 8"),
        ({"directions": np.zeros(0)}, "directions must be a whole number"),
        ({"noise": float("nan")}, "noise must be a number of at least 0, but got float nan"),
        ({"noise": -0.1}, "noise must be a number of at least 0"),
        ({"noise": "much"}, "noise must be a number of at least 0"),
        ({"noise": None}, "noise must be a number of at least 0"),
        ({"size": 2}, "size is 2, but a picture has 3 x 3 pixels"),
        ({"T": 0}, "T must be"),
        ({"rng": None}, "rng must be"),
    ],
)
def test_wrong_videos_are_refused(change, message):
    asked = {"pictures": np.ones((2, 3, 3)), "n": 2, "rng": np.random.default_rng(0), **change}
    with pytest.raises(InputError, match=message):
        data.moving_digits(asked.pop("pictures"), asked.pop("n"), asked.pop("rng"), **asked)
