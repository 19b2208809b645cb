"""What can be heard and what moves: a sound player and a clip, as HTML without any network."""

from __future__ import annotations

import base64
import html
import io
import wave

import numpy as np
from IPython.display import display
from PIL import Image

from rnncourse.arguments import (
    require_count,
    require_numbers,
    require_text,
)
from rnncourse.markup import rich_text
from rnncourse.viz._captions import texts

PIXEL = 14  # CSS pixels for each pixel of a clip


def sound_player(samples: np.ndarray, rate: int, *, label: str) -> None:
    """Display a player for samples (N,) at `rate` samples a second; label: what is heard, shown above the player."""
    source = data_url("audio/wav", wav_bytes(samples, rate))
    words = html.escape(require_text("label", label))
    page = (
        f'<figure class="rnncourse-figure" style="margin: 8px 0">\n<figcaption>{words}</figcaption>\n'
        f'<audio controls preload="auto" aria-label="{words}" src="{source}"></audio>\n</figure>'
    )
    display({"text/html": page, "text/plain": label}, raw=True)


# The still picture gives way to the moving one; where a page has removed the style, both are seen.
_PLAY_OR_PAUSE = """<style>
.rnncourse-clip > summary { cursor: pointer; width: max-content; }
.rnncourse-clip > summary::after { content: "Play"; }
.rnncourse-clip[open] > summary::after { content: "Pause"; }
.rnncourse-clip > summary > img { display: block; margin-bottom: 4px; }
.rnncourse-clip[open] > summary > img { display: none; }
</style>"""


def moving_clip(
    video: np.ndarray,
    words: str | None = None,
    *,
    alt: str | None = None,
    caption: str | None = None,
    seconds: float = 0.35,
) -> None:
    """Display video (T, rows, columns), gray 0 to 1, as a clip that plays again and again until it is paused.

    words, alt, caption: as in `show`. seconds: how long a frame is shown. At first its first frame is seen: nothing
    moves unasked.
    """
    video = require_numbers("video", video, ("T", "rows", "columns"))
    alt, caption = texts(words, alt, caption, {})
    spoken = html.escape(require_text("alt", alt))
    still, moving = (_clip_image(part, seconds, spoken) for part in (video[:1], video))
    below = f"\n<figcaption>{rich_text(caption)}</figcaption>" if caption else ""
    page = (
        f'{_PLAY_OR_PAUSE}<figure class="rnncourse-figure" style="margin: 8px 0">\n'
        f'<details class="rnncourse-clip"><summary>{still}</summary>{moving}</details>{below}\n</figure>'
    )
    display({"text/html": page, "text/plain": alt}, raw=True)


def _clip_image(video: np.ndarray, seconds: float, words: str) -> str:
    source = data_url("image/gif", gif_bytes(video, seconds))
    width = PIXEL * video.shape[2]
    # On a white page a clip without a border has no edge.
    style = "image-rendering: pixelated; border: 1px solid #888"
    return f'<img src="{source}" alt="{words}" width="{width}" style="{style}">'


def wav_bytes(samples: np.ndarray, rate: int) -> bytes:
    """Return samples (N,) as a mono WAV file of 16 bits, as loud as it can be without clipping."""
    samples = require_numbers("samples", samples)
    loudest = max(float(np.abs(samples).max()), 1e-12)
    numbers = np.round(samples / loudest * 32767).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(require_count("rate", rate))
        sound.writeframes(numbers.tobytes())
    return file.getvalue()


def gif_bytes(video: np.ndarray, seconds: float) -> bytes:
    """Return video (T, rows, columns), from 0 (white) to 1 (black), as a GIF that repeats."""
    grey = np.round(255 * (1 - np.clip(video, 0, 1))).astype(np.uint8)
    frames = [Image.fromarray(frame).convert("P") for frame in grey]
    file = io.BytesIO()
    frames[0].save(
        file, "GIF", save_all=True, append_images=frames[1:], duration=round(1000 * seconds), loop=0
    )
    return file.getvalue()


def data_url(mime: str, content: bytes) -> str:
    """Return the content as a URL that needs no file."""
    return f"data:{mime};base64,{base64.b64encode(content).decode()}"
