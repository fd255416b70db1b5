"""Makes synthetic clips with PyAV: moving texture of known motion, any codec, container, rate, depth and sound.

    path = make_clip(tmp_path / "shot.mp4", frames=30, width=128, height=72, motion=(3, -1), audio=("aac", "aac"))

Every setting is a field of `ClipRecipe`; the defaults give 12 small H.264 frames with one AAC track.
"""

from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

SOUND_RATE = 48_000


@dataclass(frozen=True)
class ClipRecipe:
    """What `make_clip` writes.

    motion      (dx, dy) whole pixels per frame that the content moves: right and down are positive
    cuts        frame numbers at which another texture begins
    pts         presentation times in ticks of `time_base`; None: constant `rate`, from `start` seconds on
    matrix ...  H.273 code points, 2 = untagged; full_range None = untagged
    audio       one encoder name a track: aac, pcm_s16le, libopus, flac, libmp3lame, ac3 ...
    """

    frames: int = 12
    width: int = 96
    height: int = 64
    rate: Fraction = Fraction(25)
    codec: str = "libx264"
    pix_fmt: str = "yuv420p"
    options: dict[str, str] = field(default_factory=dict)
    motion: tuple[int, int] = (2, 1)
    cuts: tuple[int, ...] = ()
    seed: int = 0
    pts: tuple[int, ...] | None = None
    time_base: Fraction = Fraction(1, 12800)
    start: Fraction = Fraction(0)
    matrix: int = 2
    primaries: int = 2
    transfer: int = 2
    full_range: bool | None = None
    chroma_location: str = ""
    sample_aspect_ratio: Fraction | None = None
    rotation: int = 0
    mirror: bool = False
    audio: tuple[str, ...] = ("aac",)
    audio_languages: tuple[str, ...] = ()
    audio_seconds: float | None = None
    audio_start: Fraction = Fraction(0)
    metadata: dict[str, str] = field(default_factory=dict)
    timecode: str = ""
    container: str = ""

    @property
    def ticks(self) -> tuple[int, ...]:
        if self.pts is not None:
            return self.pts
        return tuple(round((self.start + n / self.rate) / self.time_base) for n in range(self.frames))


def make_clip(path: Path, recipe: ClipRecipe | None = None, **settings: Any) -> Path:
    """Write the clip that `recipe` (changed by `settings`) describes to `path` and return the path."""
    recipe = replace(recipe or ClipRecipe(), **settings)
    with av.open(f"file:{path}", "w", format=recipe.container or None) as container:
        container.metadata.update(recipe.metadata)
        video = _video_stream(container, recipe)
        sounds = [_sound_stream(container, codec, n, recipe) for n, codec in enumerate(recipe.audio)]
        packets = [packet for n, sound in enumerate(sounds) for packet in _sound_packets(sound, n, recipe)]
        packets += _video_packets(video, recipe)
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            container.mux(packet)
    return path


def moving_texture(recipe: ClipRecipe) -> np.ndarray:
    """The frames of `recipe` as (n, h, w, 3) RGB bytes: smooth texture that moves by whole pixels, new at each cut."""
    frames = np.empty((len(recipe.ticks), recipe.height, recipe.width, 3), np.uint8)
    shot, texture = 0, texture_tile(recipe.seed)
    dx, dy = recipe.motion
    for n in range(len(frames)):
        if n in recipe.cuts:
            shot += 1
            texture = texture_tile(recipe.seed + shot)
        rows = (np.arange(recipe.height) - dy * n) % len(texture)
        columns = (np.arange(recipe.width) - dx * n) % len(texture)
        frames[n] = texture[rows[:, None], columns[None, :]]
    return frames


def texture_tile(seed: int, size: int = 512) -> np.ndarray:
    """A tile of (size, size, 3) RGB bytes that repeats without a seam: band-limited noise, strong enough for flow."""
    random = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.fftfreq(size)[None, :]) * size
    shape = np.maximum(frequency, 2) ** -0.8 * np.exp(-((frequency / 60) ** 2)) * (frequency > 0)
    waves = np.fft.fft2(random.standard_normal((3, size, size))) * shape
    layers = np.fft.ifft2(waves).real
    layers /= layers.std(axis=(1, 2), keepdims=True)
    luminance, tint = layers[:1], layers[[1, 2, 0]]
    return np.clip(128 + 40 * luminance + 18 * tint, 8, 247).astype(np.uint8).transpose(1, 2, 0)


def _video_stream(container: Any, recipe: ClipRecipe) -> Any:
    options = dict(recipe.options)
    if recipe.chroma_location:
        options["chroma_sample_location"] = recipe.chroma_location
    stream = container.add_stream(recipe.codec, rate=recipe.rate, options=options)
    stream.width, stream.height, stream.pix_fmt = recipe.width, recipe.height, recipe.pix_fmt
    context = stream.codec_context
    context.time_base = recipe.time_base
    context.colorspace, context.color_primaries, context.color_trc = recipe.matrix, recipe.primaries, recipe.transfer
    context.color_range = {None: 0, False: 1, True: 2}[recipe.full_range]
    if recipe.sample_aspect_ratio:
        context.sample_aspect_ratio = recipe.sample_aspect_ratio
    if recipe.timecode:
        stream.metadata["timecode"] = recipe.timecode
    if recipe.rotation or recipe.mirror:
        stream.set_display_rotation(recipe.rotation, hflip=recipe.mirror)
    return stream


def _video_packets(stream: Any, recipe: ClipRecipe) -> list[Any]:
    packets = []
    for pixels, tick in zip(moving_texture(recipe), recipe.ticks, strict=True):
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(
            format=recipe.pix_fmt,
            dst_colorspace=recipe.matrix if recipe.matrix in (1, 5, 6, 9) else 5,
            dst_color_range=2 if recipe.full_range else 1,
        )
        frame.pts, frame.time_base = tick, recipe.time_base
        frame.colorspace, frame.color_primaries, frame.color_trc = recipe.matrix, recipe.primaries, recipe.transfer
        packets += stream.encode(frame)
    return packets + stream.encode(None)


def _sound_stream(container: Any, codec: str, number: int, recipe: ClipRecipe) -> Any:
    stream = container.add_stream(codec, rate=SOUND_RATE, layout="stereo")
    if number < len(recipe.audio_languages):
        stream.metadata["language"] = recipe.audio_languages[number]
    return stream


def _sound_packets(stream: Any, number: int, recipe: ClipRecipe) -> list[Any]:
    """A sine of 220 Hz for the first track, 330 Hz for the second, and so on."""
    seconds = recipe.audio_seconds
    if seconds is None:
        ticks = recipe.ticks
        seconds = float((ticks[-1] - ticks[0]) * recipe.time_base + 1 / recipe.rate)
    count = max(round(seconds * SOUND_RATE), 1)
    wave = 0.2 * np.sin(2 * np.pi * 110 * (number + 2) * np.arange(count) / SOUND_RATE)
    samples = np.repeat((wave * 32767).astype(np.int16), 2)[None]
    packets, step = [], 1024
    resampler = av.AudioResampler(stream.codec_context.format, "stereo", SOUND_RATE)
    for first in range(0, count, step):
        frame = av.AudioFrame.from_ndarray(samples[:, 2 * first : 2 * (first + step)], format="s16", layout="stereo")
        frame.rate, frame.time_base = SOUND_RATE, Fraction(1, SOUND_RATE)
        frame.pts = first + round(recipe.audio_start * SOUND_RATE)
        for converted in resampler.resample(frame):
            packets += stream.encode(converted)
    return packets + stream.encode(None)
