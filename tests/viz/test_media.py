"""What is heard and what moves: the files hold the numbers that they are given, and words go with them."""

from __future__ import annotations

import base64
import io
import re
import wave

import numpy as np
import pytest
from PIL import Image

from rnncourse import viz
from rnncourse.errors import InputError
from rnncourse.viz._media import gif_bytes, wav_bytes


def shown(monkeypatch, call) -> dict[str, str]:
    bundles: list[dict[str, str]] = []
    monkeypatch.setattr("rnncourse.viz._media.display", lambda bundle, raw: bundles.append(bundle))
    call()
    return bundles[0]


def test_a_sound_is_a_wav_file_of_its_samples():
    with wave.open(io.BytesIO(wav_bytes(np.array([0.0, 0.5, -1.0]), 8000))) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getnframes()) == (1, 8000, 3)
        assert np.frombuffer(sound.readframes(3), "<i2").tolist() == [0, 16384, -32767]


def test_the_player_holds_the_file_and_says_what_is_heard(monkeypatch):
    bundle = shown(monkeypatch, lambda: viz.sound_player(np.ones(4), 8000, label="Four <samples>"))
    page = bundle["text/html"]
    assert 'aria-label="Four &lt;samples&gt;"' in page and bundle["text/plain"] == "Four <samples>"
    content = re.search(r"base64,([^\"]+)", page)[1]
    assert base64.b64decode(content) == wav_bytes(np.ones(4), 8000)


def test_a_clip_has_all_frames_dark_where_the_video_is_1():
    video = np.zeros((3, 2, 4))
    video[1, 0, 2] = 1
    with Image.open(io.BytesIO(gif_bytes(video, 0.5))) as clip:
        assert clip.n_frames == 3 and clip.size == (4, 2)
        clip.seek(1)
        frame = np.asarray(clip.convert("L"))
        assert frame[0, 2] == 0 and np.delete(frame.ravel(), 2).min() == 255
        assert clip.info["duration"] == 500


def test_a_clip_plays_when_it_is_opened_and_pauses_when_it_is_closed(monkeypatch):
    video = np.eye(4)[None].repeat(2, 0)
    video[1] = 1 - video[1]
    page = shown(monkeypatch, lambda: viz.moving_clip(video, alt="A line"))["text/html"]
    assert '<details class="rnncourse-clip"><summary><img' in page, "it is closed at first"
    assert page.count('alt="A line"') == 2
    files = re.findall(r'src="data:image/gif;base64,([^"]+)', page)
    frames = []
    for file in files:
        with Image.open(io.BytesIO(base64.b64decode(file))) as picture:
            frames.append(getattr(picture, "n_frames", 1))
    assert frames == [1, 2]
    summary, rest = page.split("</summary>")
    assert files[0] in summary and files[1] in rest


@pytest.mark.parametrize("label", ["", " ", None])
def test_a_sound_without_words_is_refused(label):
    with pytest.raises(InputError, match="label must be a text"):
        viz.sound_player(np.ones(4), 8000, label=label)
